// SPDX-License-Identifier: GPL-2.0
/*
 * Fallback to other types: whom to take from, claiming whole pageblocks,
 * stealing single blocks, the remembered mode (reference 3.6 and 3.7, their
 * items of CHECK 3).
 */
#include "host_test.h"

HOST_FIXTURE(fallback)

/* Exactly @nr free order-0 blocks on @buf, every other page from @first on: no two are buddies. */
static const char *singles(char *buf, size_t size, long first, int nr)
{
	int n = 0;

	*buf = 0;
	for (int i = 0; i < nr; i++)
		n += scnprintf(buf + n, size - n, "%s%ld", i ? " " : "", first + 2 * i);
	return buf;
}

/* CHECK 3: only small foreign blocks: no claim, no boost, the smallest stolen, REC before UNM. */
TEST_F(fallback, movable_steals_the_smallest_reclaimable_first)
{
	struct sbuddy_zone *z;

	IMPORT(.zone = SBUDDY_ZONE_DMA32, .blocks = 8, .types = "0 2", .high = 4,
	       .free = { { 0, UNM, "1" }, { 1, REC, "516" }, { 3, UNM, "16" }, { 2, REC, "520" } });
	z = ZONE(DMA32);
	EXPECT_EQ(1, ALLOC(GFP_MOV, 0));	/* order 0 has only UNMOVABLE */
	EXPECT_EQ(516, ALLOC(GFP_MOV, 0));	/* order 1: RECLAIMABLE */
	EXPECT_STREQ("517", LIST(z, 0, REC));	/* the remainder stays foreign */
	EXPECT_EQ(517, ALLOC(GFP_MOV, 0));
	EXPECT_EQ(520, ALLOC(GFP_MOV, 0));
	EXPECT_STREQ("522", LIST(z, 1, REC));
	EXPECT_EQ(0, z->watermark_boost);
	EXPECT_EQ(0, TYPE(0));
	EXPECT_EQ(REC, TYPE(512));
	EXPECT_EQ(0, sbuddy_zone_event(z, SBUDDY_CLAIM));
	EXPECT_EQ(4, sbuddy_zone_event(z, SBUDDY_STEAL));
}

TEST_F(fallback, reclaimable_before_unmovable_at_the_same_order)
{
	IMPORT(.zone = SBUDDY_ZONE_DMA32, .blocks = 4, .types = "0 2",
	       .free = { { 2, UNM, "4" }, { 2, REC, "516" } });
	EXPECT_EQ(516, ALLOC(GFP_MOV, 2));
	EXPECT_EQ(4, ALLOC(GFP_MOV, 2));
}

TEST_F(fallback, unmovable_takes_reclaimable_then_movable)
{
	IMPORT(.zone = SBUDDY_ZONE_DMA32, .blocks = 4, .types = "1 2",
	       .free = { { 2, MOV, "4" }, { 2, REC, "516" } });
	EXPECT_EQ(516, ALLOC(GFP_UNM, 2));
	EXPECT_EQ(4, ALLOC(GFP_UNM, 2));
}

TEST_F(fallback, reclaimable_takes_unmovable_then_movable)
{
	IMPORT(.zone = SBUDDY_ZONE_DMA32, .blocks = 4, .types = "1 0",
	       .free = { { 2, MOV, "4" }, { 2, UNM, "516" } });
	EXPECT_EQ(516, ALLOC(GFP_REC, 2));
	EXPECT_EQ(4, ALLOC(GFP_REC, 2));
}

TEST_F(fallback, highatomic_and_isolated_are_never_fallbacks)
{
	IMPORT(.zone = SBUDDY_ZONE_DMA32, .blocks = 4, .types = "3 4", .highatomic = 512,
	       .free = { { 4, HAT, "0" }, { 4, ISO, "512" }, { 0, MOV, "1024" } });
	EXPECT_EQ(-1, ALLOC(GFP_UNM, 4));
	EXPECT_EQ(-1, ALLOC(GFP_MOV, 4));
	EXPECT_EQ(-1, ALLOC(GFP_REC, 4));
}

/* CHECK 3: UNMOVABLE tries order 10 downwards; each failed claim below order 9 boosts again. */
TEST_F(fallback, unmovable_claims_from_the_top_and_boosts_each_time)
{
	struct sbuddy_zone *z;
	const struct host_event *e;

	IMPORT(.zone = SBUDDY_ZONE_DMA32, .blocks = 8, .types = "2 2 2", .high = 1000,
	       .free = { { 6, REC, "64" }, { 4, REC, "512" }, { 2, REC, "1028" } });
	z = ZONE(DMA32);
	z->watermark[SBUDDY_WMARK_HIGH] = 4000;	/* only the limit of the boost */
	host_trace(&self->h);
	EXPECT_EQ(1028, ALLOC(GFP_UNM, 0));
	ASSERT_EQ(3, host_count(SBUDDY_TRACE_STEAL_DECISION));
	EXPECT_EQ(64, host_event(SBUDDY_TRACE_STEAL_DECISION, 0)->off);
	EXPECT_EQ(512, host_event(SBUDDY_TRACE_STEAL_DECISION, 1)->off);
	EXPECT_EQ(1028, host_event(SBUDDY_TRACE_STEAL_DECISION, 2)->off);
	EXPECT_EQ(3 * 512, z->watermark_boost);
	EXPECT_EQ(3, sbuddy_zone_event(z, SBUDDY_BOOST));
	e = host_event(SBUDDY_TRACE_MM_PAGE_ALLOC_EXTFRAG, 0);
	ASSERT_TRUE(e);
	EXPECT_EQ(2, e->arg[1]);
	EXPECT_EQ(REC, e->arg[3]);
}

/* The other fallback type at the same order is not tried after a failed claim. */
TEST_F(fallback, one_candidate_an_order)
{
	IMPORT(.zone = SBUDDY_ZONE_DMA32, .blocks = 8, .types = "2 1",
	       .free = { { 6, REC, "64" }, { 6, MOV, "512" } });
	host_trace(&self->h);
	/* 512 is in a MOVABLE block of which the rest counts as alike: would be claimed */
	EXPECT_EQ(64, ALLOC(GFP_UNM, 0));
	EXPECT_EQ(1, host_count(SBUDDY_TRACE_STEAL_DECISION));
	EXPECT_EQ(MOV, TYPE(512));
}

/* CHECK 3: F + alike = 255 fails, 256 succeeds. */
TEST_F(fallback, claim_threshold)
{
	char free0[8192];

	/* UNMOVABLE request on a RECLAIMABLE block: nothing is alike, only free pages count */
	IMPORT(.zone = SBUDDY_ZONE_DMA32, .blocks = 8, .types = "2",
	       .free = { { 7, REC, "0" }, { 6, REC, "192" }, { 5, REC, "288" },
			 { 0, REC, singles(free0, sizeof(free0), 400, 31) } });
	EXPECT_EQ(400, ALLOC(GFP_UNM, 0));
	EXPECT_EQ(REC, TYPE(0));
	EXPECT_EQ(1, sbuddy_zone_event(ZONE(DMA32), SBUDDY_STEAL));
}

TEST_F(fallback, claim_threshold_reached)
{
	char free0[8192];

	IMPORT(.zone = SBUDDY_ZONE_DMA32, .blocks = 8, .types = "2",
	       .free = { { 7, REC, "0" }, { 6, REC, "192" }, { 5, REC, "288" },
			 { 0, REC, singles(free0, sizeof(free0), 400, 32) } });
	EXPECT_EQ(400, ALLOC(GFP_UNM, 0));
	EXPECT_EQ(UNM, TYPE(0));
	EXPECT_EQ(0, sbuddy_zone_event(ZONE(DMA32), SBUDDY_STEAL));
	EXPECT_STREQ("0", LIST(ZONE(DMA32), 7, UNM));
}

/* In a MOVABLE block everything in use that is not known to be movable is alike. */
TEST_F(fallback, used_pages_of_a_movable_block_are_alike)
{
	IMPORT(.zone = SBUDDY_ZONE_DMA32, .blocks = 8, .free = { { 4, MOV, "0" } });
	EXPECT_EQ(0, ALLOC(GFP_UNM, 0));
	EXPECT_EQ(UNM, TYPE(0));
}

static void mark_movable(struct host *h, long first, long nr)
{
	for (long off = first; off < first + nr; off++)
		host_page(h, off)->tag |= SBUDDY_TAG_LRU;
}

TEST_F(fallback, movable_pages_of_a_movable_block_are_not_alike)
{
	IMPORT(.zone = SBUDDY_ZONE_DMA32, .blocks = 8, .free = { { 4, MOV, "0" } });
	mark_movable(&self->h, 100, 257);	/* 16 free + 239 alike */
	EXPECT_EQ(0, host_alloc(&self->h, GFP_UNM, 0));
	EXPECT_EQ(MOV, TYPE(0));
}

TEST_F(fallback, movable_pages_leave_just_enough)
{
	IMPORT(.zone = SBUDDY_ZONE_DMA32, .blocks = 8, .free = { { 4, MOV, "0" } });
	mark_movable(&self->h, 100, 256);	/* 16 free + 240 alike */
	EXPECT_EQ(0, host_alloc(&self->h, GFP_UNM, 0));
	EXPECT_EQ(UNM, TYPE(0));
}

TEST_F(fallback, movable_request_counts_movable_pages)
{
	IMPORT(.zone = SBUDDY_ZONE_DMA32, .blocks = 8, .types = "0", .free = { { 4, UNM, "0" } });
	mark_movable(&self->h, 100, 239);
	EXPECT_EQ(0, host_alloc(&self->h, GFP_MOV, 0));
	EXPECT_EQ(UNM, TYPE(0));
	mark_movable(&self->h, 339, 2);		/* 15 left free */
	EXPECT_EQ(8, host_alloc(&self->h, GFP_MOV, 3));
	EXPECT_EQ(UNM, TYPE(0));
}

TEST_F(fallback, movable_request_claims_with_enough_movable_pages)
{
	IMPORT(.zone = SBUDDY_ZONE_DMA32, .blocks = 8, .types = "0", .free = { { 4, UNM, "0" } });
	mark_movable(&self->h, 100, 240);
	EXPECT_EQ(0, host_alloc(&self->h, GFP_MOV, 0));
	EXPECT_EQ(MOV, TYPE(0));
}

/* CHECK 3: for UNMOVABLE on a MOVABLE block, pages on pcp lists count as alike. */
TEST_F(fallback, pcp_pages_count_as_alike)
{
	IMPORT(.zone = SBUDDY_ZONE_DMA32, .blocks = 8,
	       .free = { { 4, MOV, "0" }, { 2, MOV, "32" } }, .batch = 1,
	       .high_min = 100, .high_max = 100);
	EXPECT_EQ(32, ALLOC(GFP_MOV, 2));
	FREE(32, 2);
	EXPECT_EQ(4, ZONE(DMA32)->pcp[0].count);
	mark_movable(&self->h, 100, 256);	/* 16 free, 4 on pcp, 236 unknown */
	EXPECT_EQ(0, host_alloc(&self->h, GFP_UNM, 0));
	EXPECT_EQ(UNM, TYPE(0));
}

/* CHECK 3: the page returned is the lowest of the smallest sufficient order in the pageblock. */
TEST_F(fallback, claim_returns_the_first_of_the_smallest_order)
{
	struct sbuddy_zone *z;

	IMPORT(.zone = SBUDDY_ZONE_DMA32, .blocks = 8,
	       .free = { { 8, MOV, "256" }, { 4, MOV, "96 1024 32" }, { 2, MOV, "4 12" },
			 { 5, MOV, "128" } });
	z = ZONE(DMA32);
	EXPECT_EQ(4, ALLOC(GFP_UNM, 2));
	EXPECT_STREQ("12", LIST(z, 2, UNM));
	EXPECT_STREQ("32 96", LIST(z, 4, UNM));		/* ascending, not in list order */
	EXPECT_STREQ("1024", LIST(z, 4, MOV));		/* another pageblock's */
	EXPECT_STREQ("128", LIST(z, 5, UNM));
	EXPECT_STREQ("256", LIST(z, 8, UNM));
	EXPECT_EQ(UNM, TYPE(0));
	EXPECT_EQ(MOV, TYPE(1024));
}

/* Moved blocks go behind those that are on the list. */
TEST_F(fallback, claim_appends)
{
	IMPORT(.zone = SBUDDY_ZONE_DMA32, .blocks = 8, .types = "0",
	       .free = { { 0, UNM, "7" }, { 3, MOV, "520" }, { 0, MOV, "512" } });
	EXPECT_EQ(520, ALLOC(GFP_UNM, 3));
	EXPECT_STREQ("7 512", LIST(ZONE(DMA32), 0, UNM));
}

/* Whole pageblocks change type without a boost; remainders are prepended. */
TEST_F(fallback, large_blocks_are_taken_over)
{
	struct sbuddy_zone *z;

	IMPORT(.zone = SBUDDY_ZONE_DMA32, .blocks = 8, .types = "1 1 1 1 0", .high = 100,
	       .free = { { 10, MOV, "1024" }, { 9, MOV, "0" }, { 3, UNM, "2048" } });
	z = ZONE(DMA32);
	host_trace(&self->h);
	EXPECT_EQ(1024, ALLOC(GFP_UNM, 4));
	EXPECT_EQ(0, host_count(SBUDDY_TRACE_MM_PAGE_ALLOC_ZONE_LOCKED));
	ASSERT_EQ(1, host_count(SBUDDY_TRACE_MM_PAGE_ALLOC_EXTFRAG));
	EXPECT_EQ(10, host_event(SBUDDY_TRACE_MM_PAGE_ALLOC_EXTFRAG, 0)->arg[1]);
	EXPECT_EQ(UNM, TYPE(1024));
	EXPECT_EQ(UNM, TYPE(1536));
	EXPECT_EQ(MOV, TYPE(0));
	EXPECT_STREQ("1536", LIST(z, 9, UNM));
	EXPECT_STREQ("1040", LIST(z, 4, UNM));
	EXPECT_EQ(0, z->watermark_boost);
	EXPECT_EQ(1, sbuddy_zone_event(z, SBUDDY_CLAIM));
}

TEST_F(fallback, claim_of_a_large_block_issues_two_deltas)
{
	struct sbuddy_zone *z;

	IMPORT(.zone = SBUDDY_ZONE_DMA32, .blocks = 4, .free = { { 9, MOV, "0" } },
	       .threshold = 100);
	z = ZONE(DMA32);
	EXPECT_EQ(0, ALLOC(GFP_UNM, 4));
	/* -512, then +496, each beyond the threshold; one delta of -16 would stay pending */
	EXPECT_EQ(496, z->nr_free_pages);
	EXPECT_EQ(0, z->zstat[0].free_diff);
}

/* CHECK 3: in one refill, after a steal own-type pages are not looked at again. */
TEST_F(fallback, steal_is_remembered_within_a_refill)
{
	struct sbuddy_zone *z;

	IMPORT(.zone = SBUDDY_ZONE_DMA32, .blocks = 8, .types = "0 2", .batch = 4,
	       .high_min = 100, .high_max = 100,
	       .free = { { 0, MOV, "2048" }, { 1, UNM, "2" }, { 0, REC, "513" } });
	z = ZONE(DMA32);
	EXPECT_EQ(2048, ALLOC(GFP_MOV, 0));
	/* own page, then from the foreign lists by order: 513, 2, 3 */
	EXPECT_STREQ("513 2 3", PCPLIST(z, MOV));
	EXPECT_EQ(3, sbuddy_zone_event(z, SBUDDY_STEAL));
}

/* An own-type page that appears in the middle is what tells the modes apart. */
TEST_F(fallback, steal_mode_skips_the_own_list)
{
	struct sbuddy_zone *z;
	struct sbuddy_page *page[2];
	enum sbuddy_rmqueue_mode mode = SBUDDY_RMQUEUE_STEAL;

	IMPORT(.zone = SBUDDY_ZONE_DMA32, .blocks = 8, .types = "0 2",
	       .free = { { 4, MOV, "2048" }, { 4, UNM, "16" } });
	z = ZONE(DMA32);
	spin_lock(&z->lock);
	page[0] = sbuddy___rmqueue(z, &self->h.task, 4, MOV, 0, &mode);
	EXPECT_EQ(SBUDDY_RMQUEUE_STEAL, mode);
	page[1] = sbuddy___rmqueue(z, &self->h.task, 4, MOV, 0, &mode);
	spin_unlock(&z->lock);
	EXPECT_EQ(16, host_off(&self->h, page[0]));
	EXPECT_EQ(-1, host_off(&self->h, page[1]));
}

/* Within one refill the claim is not tried again either: one boost for all its pages. */
TEST_F(fallback, claim_is_not_tried_again_after_a_steal)
{
	struct sbuddy_zone *z;

	IMPORT(.zone = SBUDDY_ZONE_DMA32, .blocks = 8, .types = "2", .batch = 4,
	       .high_min = 100, .high_max = 100, .free = { { 3, REC, "8" } });
	z = ZONE(DMA32);
	z->watermark[SBUDDY_WMARK_HIGH] = 4000;	/* only the limit of the boost */
	set_bit(SBUDDY_ZONE_BELOW_HIGH, &z->flags);
	EXPECT_EQ(8, ALLOC(GFP_UNM, 0));
	EXPECT_STREQ("9 10 11", PCPLIST(z, UNM));
	EXPECT_EQ(1, sbuddy_zone_event(z, SBUDDY_BOOST));
	EXPECT_EQ(4, sbuddy_zone_event(z, SBUDDY_STEAL));
}

/* ... after a claim they are: the claimed block's pages follow in order. */
TEST_F(fallback, claim_returns_to_the_own_list)
{
	struct sbuddy_zone *z;
	enum sbuddy_rmqueue_mode mode = SBUDDY_RMQUEUE_CLAIM;

	IMPORT(.zone = SBUDDY_ZONE_DMA32, .blocks = 8, .batch = 4, .high_min = 100,
	       .high_max = 100, .free = { { 4, MOV, "0" }, { 5, MOV, "512" } });
	z = ZONE(DMA32);
	EXPECT_EQ(512, ALLOC(GFP_UNM, 0));
	EXPECT_STREQ("513 514 515", PCPLIST(z, UNM));
	EXPECT_EQ(1, sbuddy_zone_event(z, SBUDDY_CLAIM));
	EXPECT_EQ(MOV, TYPE(0));
	spin_lock(&z->lock);
	EXPECT_NE(NULL, sbuddy___rmqueue(z, &self->h.task, 4, UNM, 0, &mode));
	spin_unlock(&z->lock);
	EXPECT_EQ(SBUDDY_RMQUEUE_NORMAL, mode);
}

/* CHECK 3: NOFRAGMENT on NORMAL never yields a page of a foreign block of order < 9. */
TEST_F(fallback, nofragment_goes_to_dma32_first)
{
	struct sbuddy_zone *dma32, *normal;
	long off = 0;

	BOOT("N0:DMA32=8M,Normal=8M", 1);
	host_no_watermarks(&self->h);
	dma32 = ZONE(DMA32);
	normal = ZONE(NORMAL);
	/* Normal: all MOVABLE, then one order-8 hole in each block */
	for (int i = 0; i < 8; i++)
		ASSERT_EQ(2048 + 256 * i, ALLOC(GFP_MOV, 8));
	for (int i = 0; i < 8; i += 2)
		FREE(2048L + 256 * i, 8);
	EXPECT_STREQ("3584 3072 2560 2048", LIST(normal, 8, MOV));
	off = ALLOC(GFP_UNM, 4);
	EXPECT_EQ(dma32, sbuddy_page_zone(self->h.m, host_page(&self->h, off)));
	while (off >= 0 && off < 2048)
		off = ALLOC(GFP_UNM, 4);
	/* only with DMA32 empty is NOFRAGMENT dropped, and a block of Normal claimed */
	EXPECT_EQ(3584, off);
	EXPECT_EQ(UNM, TYPE(3584));
	EXPECT_EQ(-1, ALLOC(GFP_UNM, 9));
}

/* Locality beats fragmentation avoidance: with a second node NORMAL is broken up, not left. */
TEST_F(fallback, nofragment_is_dropped_rather_than_leave_the_node)
{
	long off;

	BOOT("N0:DMA32=2M,Normal=8M;N1:Normal=8M", 1);
	host_no_watermarks(&self->h);
	for (int i = 0; i < 8; i++)
		ASSERT_LE(512, ALLOC(GFP_MOV, 8));
	for (int i = 0; i < 8; i += 2)
		FREE(512L + 256 * i, 8);
	while (host_alloc(&self->h, GFP_UNM | SBUDDY_GFP_DMA32 | SBUDDY_GFP_THISNODE, 0) >= 0)
		;
	host_trace(&self->h);
	off = ALLOC(GFP_UNM, 4);
	EXPECT_TRUE(off >= 512 && off < 2560);
	ASSERT_NE(0, host_count(SBUDDY_TRACE_ZONE_SKIPPED));
}

static bool uses_nofragment(struct host *h, u32 gfp, int nid)
{
	host_trace(h);
	host_alloc_node(h, gfp, 4, nid);
	host_untrace();
	return host_event(SBUDDY_TRACE_WATERMARK_TEST, 0)->arg[4] & SBUDDY_ALLOC_NOFRAGMENT;
}

/* CHECK 2: NOFRAGMENT iff the preferred zone is NORMAL and (one node or its DMA32 is populated). */
TEST_F(fallback, nofragment_on_one_node)
{
	BOOT("N0:DMA32=4M,Normal=8M,Movable=8M", 1);
	EXPECT_TRUE(uses_nofragment(&self->h, GFP_UNM, 0));
	EXPECT_FALSE(uses_nofragment(&self->h, GFP_UNM | SBUDDY_GFP_DMA32, 0));
	EXPECT_FALSE(uses_nofragment(&self->h, GFP_MOV | SBUDDY_GFP_HIGHMEM, 0));
}

TEST_F(fallback, nofragment_on_one_node_without_dma32)
{
	BOOT("N0:Normal=16M", 1);
	EXPECT_TRUE(uses_nofragment(&self->h, GFP_UNM, 0));
}

TEST_F(fallback, nofragment_on_two_nodes)
{
	BOOT("N0:DMA32=4M,Normal=8M;N1:Normal=8M", 1);
	EXPECT_TRUE(uses_nofragment(&self->h, GFP_UNM, 0));
	EXPECT_FALSE(uses_nofragment(&self->h, GFP_UNM, 1));
}

/* The pageblock must lie in the zone; the boost has happened by then. */
TEST_F(fallback, block_that_leaves_the_zone_is_not_claimed)
{
	struct sbuddy_zone *z;

	IMPORT(.zone = SBUDDY_ZONE_DMA32, .blocks = 8, .high = 600, .free = { { 4, MOV, "3584" } });
	z = ZONE(DMA32);
	z->spanned_pages -= 8;
	z->watermark[SBUDDY_WMARK_HIGH] = 600;
	EXPECT_EQ(3584, host_alloc(&self->h, GFP_UNM, 0));
	EXPECT_EQ(MOV, TYPE(3584));
	EXPECT_EQ(512, z->watermark_boost);
	EXPECT_EQ(1, sbuddy_zone_event(z, SBUDDY_STEAL));
}

/* Without grouping any block can be claimed. */
TEST_F(fallback, no_grouping_claims_everything)
{
	IMPORT(.zone = SBUDDY_ZONE_DMA32, .blocks = 8, .types = "2", .free = { { 2, REC, "8" } });
	self->h.m->knobs.group_by_mobility_disabled = true;
	EXPECT_EQ(8, ALLOC(GFP_MOV, 1));	/* type UNMOVABLE */
	EXPECT_EQ(UNM, TYPE(0));
	EXPECT_STREQ("10", LIST(ZONE(DMA32), 1, UNM));
}

TEST_F(fallback, find_suitable_fallback)
{
	struct sbuddy_zone *z;
	bool can;

	IMPORT(.zone = SBUDDY_ZONE_DMA32, .blocks = 8, .types = "2 1 0",
	       .free = { { 3, REC, "0" }, { 4, UNM, "1024" }, { 2, MOV, "512" } });
	z = ZONE(DMA32);
	EXPECT_EQ(REC, sbuddy_find_suitable_fallback(z, 3, MOV, false, &can));
	EXPECT_FALSE(can);
	EXPECT_EQ(-1, sbuddy_find_suitable_fallback(z, 3, MOV, true, &can));
	EXPECT_EQ(UNM, sbuddy_find_suitable_fallback(z, 4, MOV, true, &can));
	EXPECT_TRUE(can);
	EXPECT_EQ(MOV, sbuddy_find_suitable_fallback(z, 2, REC, true, &can));
	EXPECT_TRUE(can);
	EXPECT_EQ(-1, sbuddy_find_suitable_fallback(z, 4, UNM, false, &can));
	EXPECT_EQ(-1, sbuddy_find_suitable_fallback(z, 9, UNM, false, &can));
}

TEST_HARNESS_MAIN
