// SPDX-License-Identifier: GPL-2.0
/*
 * Buddy lists: splitting, merging, which end of a list a block goes to, and
 * what is counted (reference 1.5, 3.6 and 4.4, their items of CHECK 3 and 4).
 */
#include "host_test.h"

HOST_FIXTURE(buddy)

/* CHECK 3: order 10 at P split for order 0 leaves P + 1, P + 2, P + 4 ... at the heads. */
TEST_F(buddy, split_leaves_upper_halves_at_the_heads)
{
	struct sbuddy_zone *z;
	char want[16];

	BOOT("N0:DMA32=16M", 1);
	z = ZONE(DMA32);
	EXPECT_EQ(0, ALLOC(GFP_MOV, 0));
	for (int o = 0; o < 10; o++) {
		scnprintf(want, sizeof(want), "%d", 1 << o);
		EXPECT_STREQ(want, LIST(z, o, MOV));
	}
	EXPECT_STREQ("1024 2048 3072", LIST(z, 10, MOV));
}

/* The new halves go before what is on the lists already. */
TEST_F(buddy, split_prepends)
{
	struct sbuddy_zone *z;

	IMPORT(.zone = SBUDDY_ZONE_DMA32, .blocks = 2,
	       .free = { { 4, MOV, "512" }, { 6, MOV, "128 256" } });
	z = ZONE(DMA32);
	EXPECT_EQ(128, ALLOC(GFP_MOV, 5));
	EXPECT_STREQ("160", LIST(z, 5, MOV));
	EXPECT_STREQ("256", LIST(z, 6, MOV));
	EXPECT_EQ(160, ALLOC(GFP_MOV, 5));
	EXPECT_EQ(512, ALLOC(GFP_MOV, 4));
	EXPECT_EQ(256, ALLOC(GFP_MOV, 4));
	EXPECT_STREQ("272", LIST(z, 4, MOV));
	EXPECT_STREQ("288", LIST(z, 5, MOV));
}

TEST_F(buddy, smallest_sufficient_order_is_taken)
{
	IMPORT(.zone = SBUDDY_ZONE_DMA32, .blocks = 4,
	       .free = { { 7, MOV, "256" }, { 8, MOV, "512" }, { 10, MOV, "1024" } });
	EXPECT_EQ(256, ALLOC(GFP_MOV, 6));
	EXPECT_EQ(512, ALLOC(GFP_MOV, 8));
	EXPECT_EQ(1024, ALLOC(GFP_MOV, 8));
}

/* CHECK 4: free both halves of an order-3 pair. */
TEST_F(buddy, merging_a_pair_issues_two_deltas)
{
	struct sbuddy_zone *z;
	long a, b;

	IMPORT(.zone = SBUDDY_ZONE_DMA32, .blocks = 2, .free = { { 4, MOV, "32" } },
	       .threshold = 100, .batch = 1, .high_min = 0, .high_max = 0);
	z = ZONE(DMA32);
	a = ALLOC(GFP_MOV, 3);
	b = ALLOC(GFP_MOV, 3);
	EXPECT_EQ(32, a);
	EXPECT_EQ(40, b);
	EXPECT_EQ(-16, z->zstat[0].free_diff);
	FREE(a, 3);
	EXPECT_EQ(-8, z->zstat[0].free_diff);
	EXPECT_STREQ("32", LIST(z, 3, MOV));
	FREE(b, 3);
	EXPECT_EQ(0, z->zstat[0].free_diff);
	EXPECT_STREQ("", LIST(z, 3, MOV));
	EXPECT_STREQ("32", LIST(z, 4, MOV));
	EXPECT_EQ(1, z->free_area[4].nr_free);
}

/* The upper half freed last merges downwards too. */
TEST_F(buddy, merge_finds_the_lower_buddy)
{
	BOOT("N0:DMA32=16M", 1);
	for (int i = 0; i < 16; i++)
		EXPECT_EQ(64 * i, ALLOC(GFP_MOV, 6));
	for (int i = 15; i >= 0; i--)
		FREE(64L * i, 6);
	EXPECT_STREQ("0 1024 2048 3072", LIST(ZONE(DMA32), 10, MOV));
	for (int i = 0; i < 16; i++)
		EXPECT_EQ(64 * i, ALLOC(GFP_MOV, 6));
	for (int i = 0; i < 16; i++)
		FREE(64L * (i * 5 % 16), 6);
	EXPECT_STREQ("0 1024 2048 3072", LIST(ZONE(DMA32), 10, MOV));
}

TEST_F(buddy, buddies_of_different_order_stay_apart)
{
	BOOT("N0:DMA32=16M", 1);
	EXPECT_EQ(0, ALLOC(GFP_MOV, 5));
	EXPECT_EQ(32, ALLOC(GFP_MOV, 4));
	EXPECT_EQ(48, ALLOC(GFP_MOV, 4));
	FREE(32, 4);
	FREE(0, 5);
	EXPECT_STREQ("0", LIST(ZONE(DMA32), 5, MOV));
	EXPECT_STREQ("32", LIST(ZONE(DMA32), 4, MOV));
}

/* CHECK 4: appended if the order-(n+1) buddy of the would-be parent is free, else prepended. */
TEST_F(buddy, likely_merge_goes_to_the_tail)
{
	struct sbuddy_zone *z;

	IMPORT(.zone = SBUDDY_ZONE_DMA32, .blocks = 2,
	       .free = { { 4, MOV, "512" }, { 7, MOV, "0" } });
	z = ZONE(DMA32);
	EXPECT_EQ(512, ALLOC(GFP_MOV, 4));
	for (int i = 0; i < 8; i++)
		EXPECT_EQ(16 * i, ALLOC(GFP_MOV, 4));
	FREE(512, 4);
	FREE(96, 4);			/* parent's buddy 64 in use: head */
	EXPECT_STREQ("96 512", LIST(z, 4, MOV));
	FREE(32, 4);
	FREE(48, 4);			/* order 5 at 32; 64, of order 6, is not free */
	EXPECT_STREQ("96 512", LIST(z, 4, MOV));
	EXPECT_STREQ("32", LIST(z, 5, MOV));
	FREE(0, 4);			/* parent 0..31, its buddy is 32, order 5: tail */
	EXPECT_STREQ("96 512 0", LIST(z, 4, MOV));
}

/* The same with the upper half: the would-be parent begins below. */
TEST_F(buddy, likely_merge_of_an_upper_half)
{
	struct sbuddy_zone *z;

	IMPORT(.zone = SBUDDY_ZONE_DMA32, .blocks = 2,
	       .free = { { 4, MOV, "512" }, { 6, MOV, "0" } });
	z = ZONE(DMA32);
	EXPECT_EQ(512, ALLOC(GFP_MOV, 4));
	EXPECT_EQ(0, ALLOC(GFP_MOV, 5));
	EXPECT_EQ(32, ALLOC(GFP_MOV, 4));
	EXPECT_EQ(48, ALLOC(GFP_MOV, 4));
	FREE(0, 5);
	FREE(512, 4);
	FREE(48, 4);
	EXPECT_STREQ("512 48", LIST(z, 4, MOV));
}

/* CHECK 4: order 9 is prepended in the same situation; order 8 is not exempt. */
TEST_F(buddy, order_9_goes_to_the_head)
{
	struct sbuddy_zone *z;

	IMPORT(.zone = SBUDDY_ZONE_DMA32, .blocks = 8,
	       .free = { { 9, MOV, "3072" }, { 8, MOV, "3840" }, { 10, MOV, "0 1024" },
			 { 9, MOV, "2560" } });
	z = ZONE(DMA32);
	EXPECT_EQ(3840, ALLOC(GFP_MOV, 8));
	EXPECT_EQ(3072, ALLOC(GFP_MOV, 8));
	EXPECT_EQ(3328, ALLOC(GFP_MOV, 8));
	EXPECT_EQ(2560, ALLOC(GFP_MOV, 8));
	EXPECT_EQ(2816, ALLOC(GFP_MOV, 8));
	EXPECT_EQ(0, ALLOC(GFP_MOV, 8));
	EXPECT_EQ(256, ALLOC(GFP_MOV, 8));
	FREE(2560, 8);
	FREE(2816, 8);
	EXPECT_STREQ("2560 512", LIST(z, 9, MOV));
	FREE(3840, 8);
	FREE(0, 8);			/* parent 0..511, its buddy 512 of order 9 is free: tail */
	EXPECT_STREQ("3840 0", LIST(z, 8, MOV));
	FREE(3072, 8);			/* parent's buddy 3584 has only a half free: head */
	EXPECT_STREQ("3072 3840 0", LIST(z, 8, MOV));
	FREE(3328, 8);			/* order 9 at 3072 */
	EXPECT_STREQ("3072 2560 512", LIST(z, 9, MOV));
}

/* Four order-8 blocks of the first two pageblocks, which are given types. */
static void two_blocks(struct host *h, int mt0, int mt1)
{
	for (int i = 0; i < 4; i++)
		host_alloc(h, GFP_MOV, 8);
	sbuddy_set_pageblock_migratetype(h->m, h->m->base_pfn, mt0);
	sbuddy_set_pageblock_migratetype(h->m, h->m->base_pfn + 512, mt1);
	host_zone(h, 0, SBUDDY_ZONE_DMA32)->nr_isolate_pageblock = (mt0 == ISO) + (mt1 == ISO);
}

/* CHECK 4: two free order-9 halves merge, both take the type of the half freed last. */
TEST_F(buddy, halves_of_two_types_take_the_type_freed_last)
{
	BOOT("N0:DMA32=16M", 1);
	two_blocks(&self->h, UNM, MOV);
	for (long off = 0; off < 1024; off += 256)
		FREE(off, 8);
	EXPECT_STREQ("0 1024 2048 3072", LIST(ZONE(DMA32), 10, MOV));
	EXPECT_EQ(MOV, TYPE(0));
	two_blocks(&self->h, UNM, REC);
	for (long off = 768; off >= 0; off -= 256)
		FREE(off, 8);
	EXPECT_STREQ("0", LIST(ZONE(DMA32), 10, UNM));
	EXPECT_EQ(UNM, TYPE(512));
}

/* CHECK 4: ISOLATE or HIGHATOMIC on one side prevents the merge. */
TEST_F(buddy, halves_do_not_merge_with_isolated_or_highatomic)
{
	struct sbuddy_zone *z;

	BOOT("N0:DMA32=16M", 1);
	z = ZONE(DMA32);
	two_blocks(&self->h, MOV, ISO);
	for (long off = 0; off < 1024; off += 256)
		FREE(off, 8);
	EXPECT_STREQ("0", LIST(z, 9, MOV));
	EXPECT_STREQ("512", LIST(z, 9, ISO));
	EXPECT_EQ(2, z->free_area[9].nr_free);
	EXPECT_EQ(0, host_isolate(&self->h, 512, MOV));
}

TEST_F(buddy, halves_do_not_merge_with_highatomic_freed_last)
{
	struct sbuddy_zone *z;

	BOOT("N0:DMA32=16M", 1);
	z = ZONE(DMA32);
	two_blocks(&self->h, UNM, HAT);
	for (long off = 0; off < 1024; off += 256)
		FREE(off, 8);
	EXPECT_STREQ("0", LIST(z, 9, UNM));
	EXPECT_STREQ("512", LIST(z, 9, HAT));
	EXPECT_EQ(512, z->nr_free_highatomic);
}

/* Equal types merge, whichever they are. */
TEST_F(buddy, two_highatomic_halves_merge)
{
	BOOT("N0:DMA32=16M", 1);
	two_blocks(&self->h, HAT, HAT);
	for (long off = 0; off < 1024; off += 256)
		FREE(off, 8);
	EXPECT_STREQ("0", LIST(ZONE(DMA32), 10, HAT));
	EXPECT_EQ(1024, ZONE(DMA32)->nr_free_highatomic);
}

TEST_F(buddy, two_isolated_halves_merge)
{
	BOOT("N0:DMA32=16M", 1);
	two_blocks(&self->h, ISO, ISO);
	for (long off = 0; off < 1024; off += 256)
		FREE(off, 8);
	EXPECT_STREQ("0", LIST(ZONE(DMA32), 10, ISO));
	EXPECT_EQ(3072, sbuddy_zone_page_state_snapshot(ZONE(DMA32)));
}

/* CHECK 4: inside an isolated block pairs merge as ever and nothing is counted. */
TEST_F(buddy, merging_inside_an_isolated_block)
{
	struct sbuddy_zone *z;
	long free;

	BOOT("N0:DMA32=16M", 1);
	z = ZONE(DMA32);
	EXPECT_EQ(0, ALLOC(GFP_MOV, 3));
	EXPECT_EQ(8, ALLOC(GFP_MOV, 3));
	sbuddy_drain_all_pages(self->h.m, &self->h.task);
	ASSERT_EQ(0, host_isolate(&self->h, 0, ISO));
	EXPECT_SANE();
	free = sbuddy_zone_page_state_snapshot(z);
	FREE(0, 3);
	EXPECT_STREQ("0", LIST(z, 3, ISO));
	FREE(8, 3);
	EXPECT_STREQ("0", LIST(z, 9, ISO));
	EXPECT_EQ(free, sbuddy_zone_page_state_snapshot(z));
	EXPECT_EQ(0, z->pcp[0].count);
	EXPECT_STREQ("512", LIST(z, 9, MOV));
}

/*
 * CHECK 4: with equal types one order-10 block at the head; each half has its
 * own block's type.  That the free counter moves twice by 512 cannot be told
 * from once by 1024: both are beyond any threshold.
 */
TEST_F(buddy, order_10_is_freed_as_two_halves)
{
	struct sbuddy_zone *z;

	BOOT("N0:DMA32=16M", 1);
	z = ZONE(DMA32);
	EXPECT_EQ(0, ALLOC(GFP_MOV, 10));
	EXPECT_EQ(1024, ALLOC(GFP_MOV, 10));
	FREE(1024, 10);
	EXPECT_STREQ("1024 2048 3072", LIST(z, 10, MOV));
	sbuddy_set_pageblock_migratetype(self->h.m, self->h.m->base_pfn, HAT);
	FREE(0, 10);
	EXPECT_STREQ("0", LIST(z, 9, HAT));
	EXPECT_STREQ("512", LIST(z, 9, MOV));
}

/* Taking a block issues one delta of what is not put back. */
TEST_F(buddy, split_issues_one_delta)
{
	struct sbuddy_zone *z;

	IMPORT(.zone = SBUDDY_ZONE_DMA32, .blocks = 2, .free = { { 10, MOV, "0" } },
	       .threshold = 20);
	z = ZONE(DMA32);
	EXPECT_EQ(0, ALLOC(GFP_MOV, 4));
	EXPECT_EQ(1024, z->nr_free_pages);
	EXPECT_EQ(-16, z->zstat[0].free_diff);
}

TEST_F(buddy, no_grouping_keeps_everything_unmovable)
{
	BOOT("N0:DMA32=4M", 1);
	sbuddy_set_min_free_kbytes(self->h.m, 0);
	EXPECT_SANE();
	for (int i = 0; i < 8; i++)
		ALLOC(i & 1 ? GFP_MOV : GFP_REC, 5);
	for (int i = 0; i < 8; i++)
		FREE(32L * i, 5);
	EXPECT_SANE();
}

TEST_HARNESS_MAIN
