// SPDX-License-Identifier: GPL-2.0
/*
 * The allocation path: fast pass over the zonelist, slow path of requests that
 * may not sleep, preparing a block (reference 3.1, 3.3, 3.9, 3.10).
 *
 * Later: everything of the slow path that reclaims, compacts or kills.
 */
#include "host_test.h"

HOST_FIXTURE(alloc)

TEST_F(alloc, orders_above_the_maximum)
{
	BOOT("N0:Normal=16M", 1);
	host_trace(&self->h);
	EXPECT_EQ(-1, ALLOC(GFP_UNM, 11));
	EXPECT_EQ(-1, ALLOC(GFP_UNM, 99));
	EXPECT_EQ(0, host_nr_events);
	EXPECT_EQ(0, sbuddy_machine_event(self->h.m, SBUDDY_ALLOC_FAIL));
}

TEST_F(alloc, zones_from_the_highest_down)
{
	BOOT("N0:DMA=4M,DMA32=4M,Normal=4M,Movable=4M", 1);
	host_no_watermarks(&self->h);
	EXPECT_EQ(3072, ALLOC(SBUDDY_GFP_HIGHUSER_MOVABLE, 10));
	EXPECT_EQ(2048, ALLOC(SBUDDY_GFP_HIGHUSER_MOVABLE, 10));
	EXPECT_EQ(1024, ALLOC(SBUDDY_GFP_HIGHUSER_MOVABLE, 10));
	EXPECT_EQ(0, ALLOC(SBUDDY_GFP_HIGHUSER_MOVABLE, 10));
	EXPECT_EQ(-1, ALLOC(SBUDDY_GFP_HIGHUSER_MOVABLE, 10));
}

TEST_F(alloc, highest_zone_of_the_request)
{
	BOOT("N0:DMA=4M,DMA32=4M,Normal=4M,Movable=4M", 1);
	host_no_watermarks(&self->h);
	EXPECT_EQ(0, ALLOC(GFP_UNM | SBUDDY_GFP_DMA, 10));
	EXPECT_EQ(-1, ALLOC(GFP_UNM | SBUDDY_GFP_DMA, 0));
	EXPECT_EQ(1024, ALLOC(GFP_UNM | SBUDDY_GFP_DMA32, 10));
	EXPECT_EQ(-1, ALLOC(GFP_UNM | SBUDDY_GFP_DMA32, 0));
	EXPECT_EQ(2048, ALLOC(GFP_UNM, 10));
	EXPECT_EQ(-1, ALLOC(GFP_UNM, 0));
}

/* A machine without a zone that the request may use: nothing is eligible, nobody is woken. */
TEST_F(alloc, no_eligible_zone)
{
	BOOT("N0:Movable=16M", 1);
	host_trace(&self->h);
	EXPECT_EQ(-1, ALLOC(SBUDDY_GFP_ATOMIC, 0));
	EXPECT_EQ(0, host_count(SBUDDY_TRACE_WATERMARK_TEST));
	EXPECT_EQ(0, sbuddy_machine_event(self->h.m, SBUDDY_KSWAPD_WAKE));
	EXPECT_EQ(1, sbuddy_machine_event(self->h.m, SBUDDY_ALLOC_FAIL));
	EXPECT_EQ(1, host_count(SBUDDY_TRACE_MM_PAGE_ALLOC));
}

/* The lowmem reserve keeps a lower zone for those who need it. */
TEST_F(alloc, lowmem_reserve_of_the_requests_highest_zone)
{
	struct sbuddy_zone *dma;

	BOOT("N0:DMA=4M,Normal=4M", 1);
	host_no_watermarks(&self->h);
	dma = ZONE(DMA);
	dma->lowmem_reserve[SBUDDY_ZONE_NORMAL] = 1;
	EXPECT_EQ(1024, ALLOC(GFP_UNM, 10));
	EXPECT_EQ(-1, ALLOC(GFP_UNM, 10));	/* 1024 - 1023 is not above 1 */
	dma->lowmem_reserve[SBUDDY_ZONE_NORMAL] = 0;
	EXPECT_EQ(0, ALLOC(GFP_UNM, 10));
}

/* A request that may not block: fast pass, wake, slow pass, wake, one more pass, fail. */
TEST_F(alloc, nonblocking_failure_makes_three_passes)
{
	const struct host_event *e;
	unsigned int flags[3];

	IMPORT(.zone = SBUDDY_ZONE_DMA32, .blocks = 4, .min = 100, .low = 200, .high = 300,
	       .flags = 1 << SBUDDY_ZONE_BELOW_HIGH, .free = { { 3, MOV, "0" } });
	host_trace(&self->h);
	EXPECT_EQ(-1, ALLOC(SBUDDY_GFP_ATOMIC, 1));
	ASSERT_EQ(3, host_count(SBUDDY_TRACE_WATERMARK_TEST));
	for (int i = 0; i < 3; i++) {
		e = host_event(SBUDDY_TRACE_WATERMARK_TEST, i);
		EXPECT_EQ(i ? 100 : 200, e->arg[1]);
		flags[i] = e->arg[4];
	}
	EXPECT_EQ(SBUDDY_WMARK_LOW | SBUDDY_ALLOC_KSWAPD, flags[0]);
	EXPECT_EQ(SBUDDY_ALLOC_KSWAPD | SBUDDY_ALLOC_MIN_RESERVE | SBUDDY_ALLOC_NON_BLOCK |
		  SBUDDY_ALLOC_HIGHATOMIC, flags[1]);
	EXPECT_EQ(flags[1], flags[2]);
	EXPECT_EQ(2, sbuddy_machine_event(self->h.m, SBUDDY_KSWAPD_WAKE));
	EXPECT_EQ(1, sbuddy_machine_event(self->h.m, SBUDDY_ALLOC_FAIL));
	EXPECT_EQ(0, sbuddy_machine_event(self->h.m, SBUDDY_WOULD_BLOCK));
	EXPECT_EQ(1, self->h.m->nodes[0].kswapd_order);
	EXPECT_EQ(SBUDDY_ZONE_NORMAL, self->h.m->nodes[0].kswapd_highest_zoneidx);
}

TEST_F(alloc, without_kswapd_flag_nobody_is_woken)
{
	IMPORT(.zone = SBUDDY_ZONE_DMA32, .blocks = 4, .min = 100, .low = 200, .high = 300,
	       .free = { { 3, MOV, "0" } });
	EXPECT_EQ(-1, ALLOC(SBUDDY_GFP_HIGH, 0));
	EXPECT_EQ(0, sbuddy_machine_event(self->h.m, SBUDDY_KSWAPD_WAKE));
	EXPECT_EQ(SBUDDY_MAX_NR_ZONES, self->h.m->nodes[0].kswapd_highest_zoneidx);
}

/* Each node is woken once for a run of its zones. */
TEST_F(alloc, kswapd_is_woken_once_a_node)
{
	BOOT("N0:DMA32=8M,Normal=8M;N1:DMA32=8M,Normal=8M", 1);
	for (int i = 0; i < self->h.m->nr_zones; i++) {
		self->h.m->zones[i]->watermark[SBUDDY_WMARK_LOW] = 100000;
		self->h.m->zones[i]->watermark[SBUDDY_WMARK_HIGH] = 100000;
	}
	EXPECT_NE(-1, ALLOC(SBUDDY_GFP_NOWAIT, 0));
	EXPECT_EQ(2, sbuddy_machine_event(self->h.m, SBUDDY_KSWAPD_WAKE));
}

/* Would have to reclaim: counted, traced with the step, failed. */
TEST_F(alloc, blocking_request_reports_direct_reclaim)
{
	const struct host_event *e;

	IMPORT(.zone = SBUDDY_ZONE_DMA32, .blocks = 4, .min = 100, .low = 200, .high = 300,
	       .free = { { 3, MOV, "0" } });
	host_trace(&self->h);
	EXPECT_EQ(-1, ALLOC(SBUDDY_GFP_KERNEL, 0));
	EXPECT_EQ(1, sbuddy_machine_event(self->h.m, SBUDDY_WOULD_BLOCK));
	e = host_event(SBUDDY_TRACE_WOULD_BLOCK, 0);
	ASSERT_TRUE(e);
	EXPECT_EQ(SBUDDY_STEP_DIRECT_RECLAIM, e->arg[2]);
	EXPECT_EQ(2, sbuddy_machine_event(self->h.m, SBUDDY_KSWAPD_WAKE));
}

/* Costly or unmovable high-order requests would compact first, before the last pass. */
TEST_F(alloc, blocking_request_reports_direct_compaction)
{
	const struct host_event *e;

	IMPORT(.zone = SBUDDY_ZONE_DMA32, .blocks = 4, .min = 100, .low = 200, .high = 300,
	       .free = { { 3, MOV, "0" } });
	host_trace(&self->h);
	EXPECT_EQ(-1, ALLOC(SBUDDY_GFP_KERNEL, 1));
	e = host_event(SBUDDY_TRACE_WOULD_BLOCK, 0);
	ASSERT_TRUE(e);
	EXPECT_EQ(SBUDDY_STEP_DIRECT_COMPACT, e->arg[2]);
	EXPECT_EQ(1, sbuddy_machine_event(self->h.m, SBUDDY_KSWAPD_WAKE));

	host_trace(&self->h);
	EXPECT_EQ(-1, ALLOC(SBUDDY_GFP_HIGHUSER_MOVABLE, 3));
	EXPECT_EQ(SBUDDY_STEP_DIRECT_RECLAIM, host_event(SBUDDY_TRACE_WOULD_BLOCK, 0)->arg[2]);
	host_trace(&self->h);
	EXPECT_EQ(-1, ALLOC(SBUDDY_GFP_HIGHUSER_MOVABLE, 4));
	EXPECT_EQ(SBUDDY_STEP_DIRECT_COMPACT, host_event(SBUDDY_TRACE_WOULD_BLOCK, 0)->arg[2]);
	host_trace(&self->h);
	EXPECT_EQ(-1, ALLOC(SBUDDY_GFP_NOIO, 4));
	EXPECT_EQ(SBUDDY_STEP_DIRECT_RECLAIM, host_event(SBUDDY_TRACE_WOULD_BLOCK, 0)->arg[2]);
}

/* Who frees memory does not wait for memory. */
TEST_F(alloc, memalloc_task_ignores_watermarks_and_gives_up)
{
	IMPORT(.zone = SBUDDY_ZONE_DMA32, .blocks = 4, .min = 100, .low = 200, .high = 300,
	       .free = { { 3, MOV, "0" } });
	self->h.task.flags = SBUDDY_PF_MEMALLOC;
	EXPECT_EQ(0, ALLOC(SBUDDY_GFP_KERNEL, 3));
	EXPECT_TRUE(host_page(&self->h, 0)->tag & SBUDDY_TAG_PFMEMALLOC);
	EXPECT_EQ(-1, ALLOC(SBUDDY_GFP_KERNEL, 3));
	EXPECT_EQ(0, sbuddy_machine_event(self->h.m, SBUDDY_WOULD_BLOCK));
	EXPECT_EQ(-1, ALLOC(SBUDDY_GFP_KERNEL | SBUDDY_GFP_NOMEMALLOC, 0));
}

TEST_F(alloc, memalloc_request_ignores_watermarks)
{
	IMPORT(.zone = SBUDDY_ZONE_DMA32, .blocks = 4, .min = 100, .low = 200, .high = 300,
	       .free = { { 3, MOV, "0" } });
	EXPECT_EQ(-1, ALLOC(SBUDDY_GFP_MEMALLOC | SBUDDY_GFP_NOMEMALLOC, 0));
	EXPECT_EQ(0, ALLOC(SBUDDY_GFP_MEMALLOC, 0));
	EXPECT_TRUE(host_page(&self->h, 0)->tag & SBUDDY_TAG_PFMEMALLOC);
	FREE(0, 0);
}

TEST_F(alloc, oom_victim_may_go_to_half_of_min)
{
	struct sbuddy_zone *z;

	IMPORT(.zone = SBUDDY_ZONE_DMA32, .blocks = 4, .min = 100, .low = 200, .high = 300,
	       .free = { { 6, MOV, "0" } });
	z = ZONE(DMA32);
	self->h.task.flags = SBUDDY_PF_OOM_VICTIM;
	EXPECT_NE(-1, ALLOC(SBUDDY_GFP_KERNEL, 0));
	z->nr_free_pages = 50;
	EXPECT_EQ(-1, host_alloc(&self->h, SBUDDY_GFP_KERNEL, 0));
	z->nr_free_pages = 63;
}

/* CHECK 3: a failed request leaves lists alone, but for claims and refills that succeeded. */
TEST_F(alloc, failure_changes_no_list)
{
	char *before, *after;

	IMPORT(.zone = SBUDDY_ZONE_DMA32, .blocks = 4, .types = "0 2 3", .highatomic = 512,
	       .min = 100, .low = 200, .high = 300, .flags = 1 << SBUDDY_ZONE_BELOW_HIGH,
	       .free = { { 3, UNM, "0" }, { 1, REC, "512 520" }, { 2, HAT, "1024" } });
	before = host_snapshot(&self->h);
	for (unsigned int o = 0; o <= 10; o++) {
		EXPECT_EQ(-1, ALLOC(GFP_UNM, o));
		EXPECT_EQ(-1, ALLOC(SBUDDY_GFP_ATOMIC, o));
		EXPECT_EQ(-1, ALLOC(SBUDDY_GFP_KERNEL | SBUDDY_GFP_MOVABLE, o));
	}
	after = host_snapshot(&self->h);
	/* That kswapd was woken is another matter: it stands in the lines before. */
	EXPECT_STREQ(strstr(before, "node nid="), strstr(after, "node nid="));
	free(before);
	free(after);
}

/* ---- preparing ---- */

TEST_F(alloc, prepared_block)
{
	struct sbuddy_page *page;

	BOOT("N0:DMA32=16M", 1);
	ASSERT_EQ(0, ALLOC(GFP_MOV | SBUDDY_GFP_COMP, 4));
	host_page(&self->h, 0)->private = 77;
	FREE(0, 4);
	ASSERT_EQ(0, ALLOC(GFP_MOV | SBUDDY_GFP_COMP, 4));
	page = host_page(&self->h, 0);
	EXPECT_EQ(0, page->private);
	EXPECT_EQ(1, page->refcount);
	EXPECT_TRUE(sbuddy_page_compound(page));
	EXPECT_EQ(4, sbuddy_page_order(page));
	EXPECT_EQ(SBUDDY_PAGE_USED, sbuddy_page_state(page));
	EXPECT_FALSE(page->tag & SBUDDY_TAG_PFMEMALLOC);
	for (int i = 1; i < 16; i++) {
		EXPECT_EQ(0, page[i].refcount);
		EXPECT_EQ(SBUDDY_PAGE_NONE, sbuddy_page_state(page + i));
	}
	FREE(0, 4);
	ASSERT_EQ(0, ALLOC(GFP_MOV | SBUDDY_GFP_COMP, 0));
	EXPECT_FALSE(sbuddy_page_compound(page));	/* COMP means nothing at order 0 */
}

/* CHECK 9: exactly one mm_page_alloc a request, also when it fails. */
TEST_F(alloc, one_event_a_request)
{
	BOOT("N0:DMA32=16M", 1);
	host_trace(&self->h);
	for (int i = 0; i < 50; i++)
		ALLOC(i & 1 ? GFP_MOV : SBUDDY_GFP_KERNEL, i % 11);
	EXPECT_EQ(50, host_count(SBUDDY_TRACE_MM_PAGE_ALLOC));
}

/* In a sub-pageblock claim zone_locked precedes extfrag; mm_page_alloc comes last. */
TEST_F(alloc, order_of_events)
{
	int locked = -1, extfrag = -1, alloc = -1;

	IMPORT(.zone = SBUDDY_ZONE_DMA32, .blocks = 4, .free = { { 8, MOV, "0" } });
	host_trace(&self->h);
	EXPECT_EQ(0, ALLOC(GFP_UNM, 4));
	for (int i = 0; i < host_nr_events; i++) {
		if (host_events[i].ev == SBUDDY_TRACE_MM_PAGE_ALLOC_ZONE_LOCKED)
			locked = i;
		if (host_events[i].ev == SBUDDY_TRACE_MM_PAGE_ALLOC_EXTFRAG)
			extfrag = i;
		if (host_events[i].ev == SBUDDY_TRACE_MM_PAGE_ALLOC)
			alloc = i;
	}
	EXPECT_LE(0, locked);
	EXPECT_LT(locked, extfrag);
	EXPECT_LT(extfrag, alloc);
}

/* percpu_refill is 1 also on the buddy path, if the order has lists and the type is ordinary. */
TEST_F(alloc, percpu_refill_field)
{
	IMPORT(.zone = SBUDDY_ZONE_DMA32, .blocks = 4, .types = "1 3", .highatomic = 512,
	       .free = { { 8, MOV, "0" }, { 3, HAT, "512" } });
	host_trace(&self->h);
	ALLOC(GFP_MOV, 4);
	ALLOC(GFP_MOV, 0);
	EXPECT_EQ(0, host_event(SBUDDY_TRACE_MM_PAGE_ALLOC_ZONE_LOCKED, 0)->arg[2]);
	EXPECT_EQ(1, host_event(SBUDDY_TRACE_MM_PAGE_ALLOC_ZONE_LOCKED, 1)->arg[2]);
	spin_lock(&ZONE(DMA32)->lock);
	sbuddy___rmqueue_smallest(ZONE(DMA32), &self->h.task, 0, HAT);
	spin_unlock(&ZONE(DMA32)->lock);
	EXPECT_EQ(0, host_event(SBUDDY_TRACE_MM_PAGE_ALLOC_ZONE_LOCKED, 2)->arg[2]);
	EXPECT_EQ(HAT, host_event(SBUDDY_TRACE_MM_PAGE_ALLOC_ZONE_LOCKED, 2)->arg[1]);
}

/* ---- exact ---- */

/* CHECK 4: five pages: + 5, + 6, + 7 of the order-3 block go to the buddy by append. */
TEST_F(alloc, exact_gives_the_excess_back)
{
	struct sbuddy_zone *z;
	struct sbuddy_page *page;

	IMPORT(.zone = SBUDDY_ZONE_DMA32, .blocks = 4, .high_min = 50, .high_max = 50,
	       .free = { { 3, MOV, "8" }, { 0, MOV, "100" }, { 1, MOV, "200" } });
	z = ZONE(DMA32);
	page = sbuddy_alloc_pages_exact(self->h.m, &self->h.task, GFP_MOV, 5, -1);
	EXPECT_SANE();
	ASSERT_EQ(8, host_off(&self->h, page));
	EXPECT_STREQ("100 13", LIST(z, 0, MOV));
	EXPECT_STREQ("200 14", LIST(z, 1, MOV));
	EXPECT_EQ(0, z->pcp[0].count);
	for (int i = 0; i < 5; i++) {
		EXPECT_EQ(1, page[i].refcount);
		EXPECT_EQ(0, sbuddy_page_order(page + i));
	}
	EXPECT_EQ(0, sbuddy_free_pages_exact(self->h.m, &self->h.task, page, 5));
	EXPECT_SANE();
	EXPECT_EQ(5, z->pcp[0].count);
	EXPECT_STREQ("12 11 10 9 8", PCPLIST(z, MOV));
}

TEST_F(alloc, exact_powers_of_two_leave_nothing)
{
	struct sbuddy_page *page;

	BOOT("N0:DMA32=16M", 1);
	for (int nr = 1; nr <= 1024; nr *= 2) {
		page = sbuddy_alloc_pages_exact(self->h.m, &self->h.task,
						GFP_MOV | SBUDDY_GFP_COMP, nr, -1);
		EXPECT_SANE();
		ASSERT_TRUE(page);
		EXPECT_EQ(0, sbuddy_free_pages_exact(self->h.m, &self->h.task, page, nr));
		EXPECT_SANE();
	}
}

TEST_F(alloc, exact_failure)
{
	IMPORT(.zone = SBUDDY_ZONE_DMA32, .blocks = 4, .free = { { 3, MOV, "8" } });
	EXPECT_EQ(NULL, sbuddy_alloc_pages_exact(self->h.m, &self->h.task, GFP_MOV, 9, -1));
	EXPECT_SANE();
}

TEST_HARNESS_MAIN
