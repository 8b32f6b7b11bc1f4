// SPDX-License-Identifier: GPL-2.0
/*
 * Freeing: references, what is refused, batches, splitting (reference 4.1 to
 * 4.5).
 */
#include "host_test.h"

HOST_FIXTURE(free)

/* Everything that is refused: an errno, a count, an event, no change. */
TEST_F(free, refused)
{
	static const struct { long off; unsigned int order; int err; } bad[] = {
		{ 0, 4, -EINVAL },	/* used, order 5 */
		{ 0, 6, -EINVAL },
		{ 1, 0, -EINVAL },	/* inside a used block */
		{ 16, 4, -EINVAL },
		{ 32, 5, -EALREADY },	/* on a buddy list */
		{ 33, 0, -EALREADY },
		{ 64, 3, -EALREADY },
		{ 1536, 0, -ENOENT },	/* in a hole */
		{ -1, 0, -ENOENT },	/* outside the machine */
		{ 1L << 40, 0, -ENOENT },
	};
	char *before, *after;

	BOOT("N0:DMA32=6M,hole=2M,DMA32=8M", 1);
	ASSERT_EQ(1024, ALLOC(GFP_MOV, 9));
	FREE(1024, 9);
	sbuddy_drain_all_pages(self->h.m, &self->h.task);
	while (ALLOC(GFP_MOV, 5) != 0)
		;
	self->h.m->zones[0]->pcp[0].alloc_factor = 0;
	EXPECT_EQ(32, ALLOC(GFP_MOV, 5));
	FREE(32, 5);
	before = host_snapshot(&self->h);
	host_trace(&self->h);
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		EXPECT_EQ(bad[i].err, host_free(&self->h, bad[i].off, bad[i].order)) {
			TH_LOG("offset %ld order %u", bad[i].off, bad[i].order);
		}
		EXPECT_SANE();
	}
	after = host_snapshot(&self->h);
	EXPECT_STREQ(before, after);
	EXPECT_EQ(ARRAY_SIZE(bad), sbuddy_machine_event(self->h.m, SBUDDY_BAD_FREE));
	EXPECT_EQ(ARRAY_SIZE(bad), host_count(SBUDDY_TRACE_BAD_FREE));
	EXPECT_EQ(0, host_count(SBUDDY_TRACE_MM_PAGE_FREE));
	EXPECT_EQ(-ENOENT, sbuddy_free_pages(self->h.m, &self->h.task, NULL, 0));
	free(before);
	free(after);
}

TEST_F(free, double_free_of_a_pcp_page)
{
	long off;

	BOOT("N0:DMA32=16M", 1);
	off = ALLOC(GFP_MOV, 0);
	FREE(off, 0);
	ASSERT_EQ(1, ZONE(DMA32)->pcp[0].count);
	EXPECT_EQ(-EALREADY, host_free(&self->h, off, 0));
	EXPECT_EQ(-EALREADY, sbuddy_split_page(self->h.m, host_page(&self->h, off), 0));
	EXPECT_EQ(-ENOENT, sbuddy_get_page(self->h.m, host_page(&self->h, off)));
	EXPECT_SANE();
}

TEST_F(free, frees_of_another_machine_are_refused)
{
	struct host other = { 0 };
	long off;

	BOOT("N0:DMA32=16M", 1);
	ASSERT_EQ(0, host_boot(&other, "N0:DMA32=16M", 1));
	off = ALLOC(GFP_MOV, 3);
	EXPECT_EQ(-ENOENT, sbuddy_free_pages(other.m, &other.task, host_page(&self->h, off), 3));
	FREE(off, 3);
	host_exit(&other);
}

/* CHECK 4: an extra reference on a non-compound order-3 block. */
TEST_F(free, extra_reference_frees_the_tail_part)
{
	struct sbuddy_zone *z;

	IMPORT(.zone = SBUDDY_ZONE_DMA32, .blocks = 4, .batch = 1, .high_min = 100,
	       .high_max = 100, .free = { { 3, MOV, "8" } });
	z = ZONE(DMA32);
	ASSERT_EQ(8, ALLOC(GFP_MOV, 3));
	EXPECT_EQ(0, sbuddy_get_page(self->h.m, host_page(&self->h, 8)));
	EXPECT_EQ(2, host_page(&self->h, 8)->refcount);
	host_trace(&self->h);
	z->pcp[0].flags = 0;
	z->pcp[0].batch = 50;		/* so that nothing drains */
	FREE(8, 3);
	ASSERT_EQ(3, host_count(SBUDDY_TRACE_MM_PAGE_FREE));
	for (int i = 0; i < 3; i++) {
		const struct host_event *e = host_event(SBUDDY_TRACE_MM_PAGE_FREE, i);

		EXPECT_EQ(8 + (4 >> i), e->off);
		EXPECT_EQ(2 - i, e->arg[0]);
	}
	EXPECT_STREQ("12", PCPLIST(z, 6 + MOV));
	EXPECT_STREQ("10", PCPLIST(z, 3 + MOV));
	EXPECT_STREQ("9", PCPLIST(z, MOV));
	EXPECT_EQ(1, host_page(&self->h, 8)->refcount);
	EXPECT_EQ(-EINVAL, host_free(&self->h, 8, 3));
	FREE(8, 0);
	EXPECT_STREQ("8 9", PCPLIST(z, MOV));
}

/* ... compound: nothing is freed until the last reference. */
TEST_F(free, extra_reference_on_a_compound_block)
{
	BOOT("N0:DMA32=16M", 1);
	ASSERT_EQ(0, ALLOC(GFP_MOV | SBUDDY_GFP_COMP, 5));
	EXPECT_EQ(0, sbuddy_get_page(self->h.m, host_page(&self->h, 0)));
	EXPECT_EQ(0, sbuddy_get_page(self->h.m, host_page(&self->h, 0)));
	host_trace(&self->h);
	FREE(0, 5);
	FREE(0, 5);
	EXPECT_EQ(0, host_count(SBUDDY_TRACE_MM_PAGE_FREE));
	FREE(0, 5);
	EXPECT_EQ(1, host_count(SBUDDY_TRACE_MM_PAGE_FREE));
	EXPECT_STREQ("0 1024 2048 3072", LIST(ZONE(DMA32), 10, MOV));
	EXPECT_EQ(-EALREADY, host_free(&self->h, 0, 5));
}

TEST_F(free, references_are_bounded)
{
	struct sbuddy_page *page;

	BOOT("N0:DMA32=16M", 1);
	page = host_page(&self->h, ALLOC(GFP_MOV, 0));
	page->refcount = INT_MAX;
	EXPECT_EQ(-EBUSY, sbuddy_get_page(self->h.m, page));
	EXPECT_EQ(INT_MAX, page->refcount);
	page->refcount = 1;
	EXPECT_EQ(-ENOENT, sbuddy_get_page(self->h.m, self->h.m->pages + self->h.m->nr_pages));
}

/* ---- split ---- */

TEST_F(free, split_makes_single_pages)
{
	struct sbuddy_page *page;
	char *before, *after;

	BOOT("N0:DMA32=16M", 1);
	ASSERT_EQ(0, ALLOC(GFP_MOV, 4));
	before = host_snapshot(&self->h);
	page = host_page(&self->h, 0);
	EXPECT_EQ(-EINVAL, sbuddy_split_page(self->h.m, page, 3));
	EXPECT_EQ(0, sbuddy_split_page(self->h.m, page, 4));
	EXPECT_SANE();
	after = host_snapshot(&self->h);
	EXPECT_STREQ(before, after);
	for (int i = 0; i < 16; i++) {
		EXPECT_EQ(1, page[i].refcount);
		EXPECT_EQ(SBUDDY_PAGE_USED, sbuddy_page_state(page + i));
	}
	for (int i = 15; i >= 0; i--)
		FREE(i, 0);
	free(before);
	free(after);
}

TEST_F(free, split_refuses_compound_and_shared_blocks)
{
	struct sbuddy_page *page;

	BOOT("N0:DMA32=16M", 1);
	ASSERT_EQ(0, ALLOC(GFP_MOV | SBUDDY_GFP_COMP, 4));
	EXPECT_EQ(-EINVAL, sbuddy_split_page(self->h.m, host_page(&self->h, 0), 4));
	ASSERT_EQ(16, ALLOC(GFP_MOV, 4));
	page = host_page(&self->h, 16);
	sbuddy_get_page(self->h.m, page);
	EXPECT_EQ(-EBUSY, sbuddy_split_page(self->h.m, page, 4));
	EXPECT_EQ(4, sbuddy_page_order(page));
	EXPECT_EQ(-EALREADY, sbuddy_split_page(self->h.m, host_page(&self->h, 32), 5));
	EXPECT_EQ(-EINVAL, sbuddy_split_page(self->h.m, host_page(&self->h, 17), 0));
	EXPECT_SANE();
}

TEST_F(free, exact_is_all_or_nothing)
{
	struct sbuddy_page *page;

	BOOT("N0:DMA32=16M", 1);
	page = sbuddy_alloc_pages_exact(self->h.m, &self->h.task, GFP_MOV, 4, -1);
	ASSERT_TRUE(page);
	FREE(2, 0);
	host_trace(&self->h);
	EXPECT_EQ(-EALREADY, sbuddy_free_pages_exact(self->h.m, &self->h.task, page, 4));
	EXPECT_SANE();
	EXPECT_EQ(0, host_count(SBUDDY_TRACE_MM_PAGE_FREE));
	EXPECT_EQ(0, sbuddy_free_pages_exact(self->h.m, &self->h.task, page, 2));
	EXPECT_EQ(0, sbuddy_free_pages_exact(self->h.m, &self->h.task, page + 3, 1));
	EXPECT_SANE();
}

/* ---- batches ---- */

/* Large folios reach the buddy before the small ones of the same batch. */
TEST_F(free, batch_frees_large_folios_first)
{
	struct sbuddy_page *batch[4];
	static const int order[4] = { 0, 4, 1, 10 };
	static const enum sbuddy_trace_event want[] = {
		SBUDDY_TRACE_MM_PAGE_FREE, SBUDDY_TRACE_MM_PAGE_FREE, SBUDDY_TRACE_MM_PAGE_FREE,
		SBUDDY_TRACE_MM_PAGE_FREE, SBUDDY_TRACE_MM_PAGE_FREE_BATCHED,
		SBUDDY_TRACE_MM_PAGE_FREE_BATCHED,
	};
	struct sbuddy_zone *z;
	int n = 0;

	BOOT("N0:DMA32=16M", 1);
	z = ZONE(DMA32);
	for (int i = 0; i < 4; i++)
		batch[i] = host_page(&self->h, ALLOC(GFP_MOV | SBUDDY_GFP_COMP, order[i]));
	host_trace(&self->h);
	EXPECT_EQ(0, sbuddy_folios_put(self->h.m, &self->h.task, batch, 4));
	EXPECT_SANE();
	for (int i = 0; i < host_nr_events; i++)
		if (host_events[i].ev == SBUDDY_TRACE_MM_PAGE_FREE ||
		    host_events[i].ev == SBUDDY_TRACE_MM_PAGE_FREE_BATCHED)
			EXPECT_EQ(want[n++], host_events[i].ev);
	EXPECT_EQ(6, n);
	EXPECT_EQ(3, z->pcp[0].count);
}

TEST_F(free, batch_keeps_the_order_of_the_array)
{
	struct sbuddy_page *batch[3];
	struct sbuddy_zone *z;

	IMPORT(.zone = SBUDDY_ZONE_DMA32, .blocks = 4, .types = "1 0", .batch = 1,
	       .high_min = 100, .high_max = 100,
	       .free = { { 2, MOV, "8" }, { 0, UNM, "512" } });
	z = ZONE(DMA32);
	for (int i = 0; i < 3; i++) {
		z->pcp[0].alloc_factor = 0;	/* one page a refill */
		batch[i] = host_page(&self->h, ALLOC(i == 1 ? GFP_UNM : GFP_MOV, 0));
	}
	EXPECT_EQ(0, sbuddy_folios_put(self->h.m, &self->h.task, batch, 3));
	EXPECT_SANE();
	EXPECT_STREQ("9 8", PCPLIST(z, MOV));
	EXPECT_STREQ("512", PCPLIST(z, UNM));
}

/* An isolated page in the middle goes to the buddy, the others to the lists. */
TEST_F(free, batch_with_an_isolated_page)
{
	struct sbuddy_page *batch[3];
	struct sbuddy_zone *z;

	BOOT("N0:DMA32=16M", 1);
	z = ZONE(DMA32);
	ASSERT_EQ(0, ALLOC(GFP_MOV, 8));
	ASSERT_EQ(0, sbuddy_split_page(self->h.m, host_page(&self->h, 0), 8));
	ASSERT_EQ(256, ALLOC(GFP_MOV, 8));
	ASSERT_EQ(512, ALLOC(GFP_MOV, 8));
	ASSERT_EQ(0, sbuddy_split_page(self->h.m, host_page(&self->h, 512), 8));
	ASSERT_EQ(0, host_isolate(&self->h, 0, ISO));
	batch[0] = host_page(&self->h, 512);
	batch[1] = host_page(&self->h, 0);
	batch[2] = host_page(&self->h, 514);
	host_trace(&self->h);
	EXPECT_EQ(0, sbuddy_folios_put(self->h.m, &self->h.task, batch, 3));
	EXPECT_SANE();
	EXPECT_STREQ("0", LIST(z, 0, ISO));
	EXPECT_STREQ("514 512", PCPLIST(z, MOV));
	EXPECT_EQ(2, host_count(SBUDDY_TRACE_MM_PAGE_FREE_BATCHED));
}

TEST_F(free, batch_over_two_zones)
{
	struct sbuddy_page *batch[4];

	BOOT("N0:DMA32=16M,Normal=16M", 1);
	for (int i = 0; i < 4; i++)
		batch[i] = host_page(&self->h,
				     ALLOC(i & 1 ? GFP_MOV | SBUDDY_GFP_DMA32 : GFP_MOV, 0));
	EXPECT_EQ(0, sbuddy_folios_put(self->h.m, &self->h.task, batch, 4));
	EXPECT_SANE();
	EXPECT_EQ(2, sbuddy_zone_event(ZONE(DMA32), SBUDDY_PGFREE));
	EXPECT_EQ(2, sbuddy_zone_event(ZONE(NORMAL), SBUDDY_PGFREE));
	EXPECT_FALSE(ZONE(NORMAL)->pcp[0].lock.locked);
	EXPECT_FALSE(ZONE(DMA32)->pcp[0].lock.locked);
}

TEST_F(free, batch_falls_back_to_the_buddy)
{
	struct sbuddy_page *batch[2];

	BOOT("N0:DMA32=16M", 1);
	for (int i = 0; i < 2; i++)
		batch[i] = host_page(&self->h, ALLOC(GFP_MOV, 0));
	sbuddy_drain_all_pages(self->h.m, &self->h.task);
	spin_lock(&ZONE(DMA32)->pcp[0].lock);
	EXPECT_EQ(0, sbuddy_folios_put(self->h.m, &self->h.task, batch, 2));
	spin_unlock(&ZONE(DMA32)->pcp[0].lock);
	EXPECT_SANE();
	EXPECT_EQ(0, ZONE(DMA32)->pcp[0].count);
	EXPECT_EQ(2, sbuddy_zone_event(ZONE(DMA32), SBUDDY_PGFREE));
}

/* 31 at a time: the large folio of the second batch comes after the small ones of the first. */
TEST_F(free, batches_of_31)
{
	struct sbuddy_page *batch[33];
	int first_batched = -1, last_free = -1;

	BOOT("N0:DMA32=64M", 1);
	for (int i = 0; i < 33; i++)
		batch[i] = host_page(&self->h, ALLOC(GFP_MOV | SBUDDY_GFP_COMP, i == 31 ? 4 : 0));
	host_trace(&self->h);
	EXPECT_EQ(0, sbuddy_folios_put(self->h.m, &self->h.task, batch, 33));
	EXPECT_SANE();
	for (int i = 0; i < host_nr_events; i++) {
		if (host_events[i].ev == SBUDDY_TRACE_MM_PAGE_FREE)
			last_free = i;
		if (host_events[i].ev == SBUDDY_TRACE_MM_PAGE_FREE_BATCHED && first_batched < 0)
			first_batched = i;
	}
	EXPECT_EQ(31, first_batched);
	EXPECT_LT(first_batched, last_free);
	EXPECT_EQ(32, host_count(SBUDDY_TRACE_MM_PAGE_FREE_BATCHED));
}

TEST_F(free, batch_keeps_what_others_hold)
{
	struct sbuddy_page *batch[2], *page;

	BOOT("N0:DMA32=16M", 1);
	page = host_page(&self->h, ALLOC(GFP_MOV | SBUDDY_GFP_COMP, 2));
	batch[0] = page;
	batch[1] = host_page(&self->h, ALLOC(GFP_MOV, 0));
	sbuddy_get_page(self->h.m, page);
	EXPECT_EQ(0, sbuddy_folios_put(self->h.m, &self->h.task, batch, 2));
	EXPECT_SANE();
	EXPECT_EQ(SBUDDY_PAGE_USED, sbuddy_page_state(page));
	EXPECT_EQ(1, page->refcount);
	EXPECT_EQ(1, sbuddy_zone_event(ZONE(DMA32), SBUDDY_PGFREE));
}

TEST_F(free, batch_is_all_or_nothing)
{
	struct sbuddy_page *batch[3];

	BOOT("N0:DMA32=16M", 1);
	batch[0] = host_page(&self->h, ALLOC(GFP_MOV, 0));
	batch[1] = host_page(&self->h, ALLOC(GFP_MOV, 4));	/* no folio */
	host_trace(&self->h);
	EXPECT_EQ(-EINVAL, sbuddy_folios_put(self->h.m, &self->h.task, batch, 2));
	batch[1] = host_page(&self->h, 3000);
	EXPECT_EQ(-EALREADY, sbuddy_folios_put(self->h.m, &self->h.task, batch, 2));
	batch[1] = NULL;
	EXPECT_EQ(-ENOENT, sbuddy_folios_put(self->h.m, &self->h.task, batch, 2));
	EXPECT_EQ(0, host_count(SBUDDY_TRACE_MM_PAGE_FREE));
	EXPECT_EQ(1, host_page(&self->h, host_off(&self->h, batch[0]))->refcount);
	EXPECT_SANE();
}

TEST_HARNESS_MAIN
