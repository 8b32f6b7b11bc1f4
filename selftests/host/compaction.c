// SPDX-License-Identifier: GPL-2.0
/*
 * Compaction: results, positions, hints, deferral, capture, what is isolated
 * and what is not, the daemon, the manual triggers, steps.
 */
#include "host_test.h"

#include "compaction.h"

HOST_FIXTURE(compaction)

/* Zone with @blocks pageblocks, all of it allocated page by page into slots by frame. */
#define OWN(layout) do {						\
	BOOT(layout, 2);						\
	host_no_watermarks(&self->h);					\
	self->h.m->knobs.lru_batch = 0;					\
	self->h.m->knobs.watermark_boost_factor = 0;			\
	self->h.m->knobs.direct_compact = true;				\
	self->h.o = sbuddy_owner_create(self->h.m, 3);			\
	ASSERT_TRUE(self->h.o);						\
	Z = self->h.m->zones[0];					\
} while (0)

static struct sbuddy_zone *Z;

static int run(struct host *h, struct sbuddy_op op)
{
	op.cpu = -1;
	op.nid = -1;
	return sbuddy_run_op(h->o, &op, 0);
}

/* Fills the machine with single pages; the page at offset N is in slot N. */
static void fill(struct host *h, u32 attrs, u32 gfp)
{
	for (u32 slot = 0;; slot++) {
		struct sbuddy_op op = { .opcode = SBUDDY_OP_ALLOC, .cpu = -1, .nid = -1,
					.slot = 1 << 20, .gfp = gfp };
		struct sbuddy_op mark = { .opcode = SBUDDY_OP_LRU, .gfp = attrs };
		struct sbuddy_page *page;
		u32 to;

		if (sbuddy_run_op(h->o, &op, 0))
			break;
		page = sbuddy_owner_slot(h->o, 1 << 20);
		to = page - h->m->pages;
		sbuddy_slot_clear(h->o, 1 << 20, 0);
		sbuddy_slot_reserve(h->o, to);
		sbuddy_slot_fill(h->o, to, page);
		mark.slot = to;
		if (attrs != SBUDDY_LRU_OFF)
			run(h, mark);
	}
}

static void drop(struct host *h, u32 slot)
{
	run(h, (struct sbuddy_op){ .opcode = SBUDDY_OP_FREE, .slot = slot });
}

static void settle(struct host *h)
{
	sbuddy_lru_add_drain_all(h->m, &h->task);
	sbuddy_drain_all_pages(h->m, &h->task);
}

/* Every page of [@from, @to) but each @keep-th is freed. */
static void thin(struct host *h, u32 from, u32 to, u32 keep)
{
	for (u32 i = from; i < to; i++)
		if (i % keep)
			drop(h, i);
	settle(h);
}

#define ATTRS(s, a) ASSERT_EQ(0, run(&self->h, (struct sbuddy_op){	\
	.opcode = SBUDDY_OP_LRU, .slot = s, .gfp = a }))
#define PIN(s) ASSERT_EQ(0, run(&self->h, (struct sbuddy_op){		\
	.opcode = SBUDDY_OP_GET, .slot = s }))
#define OFF(s)		host_off(&self->h, sbuddy_owner_slot(self->h.o, s))
#define COUNT(item)	((long)sbuddy_vm_event(self->h.m, SBUDDY_ ## item))
#define BLOCK(n)	((n) * 512)

/* A request that sleeps and whose block is worth compacting for. */
#define GFP_THP		(SBUDDY_GFP_TRANSHUGE & ~(SBUDDY_GFP_HIGHMEM | SBUDDY_GFP_KSWAPD_RECLAIM))

static struct sbuddy_page *request(struct host *h, unsigned int order, u32 gfp)
{
	return sbuddy_alloc_pages(h->m, &h->task, gfp, order, -1);
}

/* One run by hand. */
static enum sbuddy_compact_result compact(struct host *h, int order,
					  enum sbuddy_migrate_mode mode, bool cached,
					  struct sbuddy_compact_report *r)
{
	const struct sbuddy_compact_args args = {
		.zone = Z, .order = order, .gfp = SBUDDY_GFP_KERNEL | SBUDDY_GFP_MOVABLE,
		.mode = mode, .cached = cached,
	};
	struct sbuddy_compact_report mine = { 0 };

	r = r ? r : &mine;
	memset(r, 0, sizeof(*r));
	sbuddy_compact_one(&args, &h->task, 0, NULL, r);
	return r->result;
}

/* Direct compaction of the zone, without the allocation around it. */
static enum sbuddy_compact_result direct(struct host *h, unsigned int order, u32 gfp,
					 enum sbuddy_compact_priority prio,
					 struct sbuddy_page **captured)
{
	struct sbuddy_alloc_context ac;

	sbuddy_prepare_alloc_pages(h->m, &h->task, gfp, order, -1, &ac);
	return sbuddy_try_to_compact_pages(&ac, SBUDDY_WMARK_MIN, prio, captured);
}

/* ---- the whole of it ---- */

TEST_F(compaction, fragment_fail_compact_succeed)
{
	struct sbuddy_compact_report r;

	OWN("N0:Normal=16M");
	fill(&self->h, 0, GFP_MOV);
	thin(&self->h, 0, BLOCK(8), 2);
	EXPECT_SANE();
	EXPECT_EQ(NULL, request(&self->h, 9, GFP_MOV));
	EXPECT_EQ(SBUDDY_COMPACT_COMPLETE, compact(&self->h, -1, SBUDDY_MIGRATE_SYNC, false, &r));
	settle(&self->h);
	EXPECT_SANE();
	/* the batch that takes the migrate scanner to the free scanner's block finds no targets */
	EXPECT_EQ(3 * 256 + 32, r.migrated);
	EXPECT_EQ(224, r.failed);
	EXPECT_EQ(r.migrated, COUNT(PGMIGRATE_SUCCESS));
	EXPECT_EQ(r.migrate_scanned, COUNT(COMPACTMIGRATE_SCANNED));
	EXPECT_EQ(r.free_scanned, COUNT(COMPACTFREE_SCANNED));
	EXPECT_EQ(3, Z->free_area[10].nr_free * 2 + Z->free_area[9].nr_free);
	EXPECT_NE(NULL, request(&self->h, 9, GFP_MOV));
	/* what lay in the first blocks lies in the upper half now, and its slot knows */
	for (u32 i = 0; i < BLOCK(3); i += 2)
		ASSERT_LE(BLOCK(4), OFF(i));
}

TEST_F(compaction, manual_traces)
{
	OWN("N0:DMA32=16M,Normal=16M");
	fill(&self->h, 0, GFP_MOV);
	thin(&self->h, 0, BLOCK(16), 3);
	host_trace(&self->h);
	EXPECT_EQ(0, sbuddy_compact_nodes(self->h.m, &self->h.task));
	EXPECT_EQ(2, host_count(SBUDDY_TRACE_MM_COMPACTION_BEGIN));
	EXPECT_EQ(2, host_count(SBUDDY_TRACE_MM_COMPACTION_END));
	EXPECT_EQ(0, host_count(SBUDDY_TRACE_MM_COMPACTION_SUITABLE));
	for (int i = 0; i < 2; i++)
		EXPECT_EQ(SBUDDY_COMPACT_COMPLETE,
			  host_event(SBUDDY_TRACE_MM_COMPACTION_END, i)->arg[3]);
	EXPECT_SANE();
}

/* ---- C1: the first full sweep of an ordinary request, and one after a flush ---- */

TEST_F(compaction, partial_until_flushed)
{
	struct sbuddy_page *captured;

	OWN("N0:Normal=16M");
	fill(&self->h, 0, GFP_MOV);
	for (u32 b = 0; b < 8; b++) {		/* order 4 can never be had */
		for (u32 i = 4; i < 512; i += 8)
			ATTRS(BLOCK(b) + i, SBUDDY_LRU_OFF);
	}
	thin(&self->h, 0, BLOCK(8), 4);
	for (u32 i = 0; i < BLOCK(8); i += 16) {
		PIN(i);
		drop(&self->h, i + 8);
	}
	settle(&self->h);
	EXPECT_EQ(SBUDDY_COMPACT_PARTIAL_SKIPPED,
		  direct(&self->h, 4, GFP_THP, SBUDDY_COMPACT_PRIO_SYNC_LIGHT, &captured));
	EXPECT_TRUE(Z->compact.blockskip_flush);
	EXPECT_EQ(1, Z->compact.defer_shift);
	sbuddy_reset_isolation_suitable(&self->h.m->nodes[0]);
	EXPECT_FALSE(Z->compact.blockskip_flush);
	EXPECT_EQ(Z->zone_start_pfn, Z->compact.init_migrate_pfn);
	sbuddy_compaction_defer_reset(Z, 4, true);
	EXPECT_EQ(SBUDDY_COMPACT_COMPLETE,
		  direct(&self->h, 4, GFP_THP, SBUDDY_COMPACT_PRIO_SYNC_LIGHT, &captured));
	EXPECT_SANE();
}

/* ---- C2: after k failures in a row 2^k - 1 attempts are left out ---- */

TEST_F(compaction, deferral)
{
	OWN("N0:Normal=16M");
	EXPECT_TRUE(!sbuddy_compaction_deferred(Z, 0));	/* order_failed is 0 at first */
	EXPECT_EQ(1, Z->compact.considered);
	sbuddy_compaction_defer_reset(Z, 4, true);
	for (int k = 1; k <= 8; k++) {
		int left_out = 0;

		sbuddy_defer_compaction(Z, 5);
		EXPECT_FALSE(sbuddy_compaction_deferred(Z, 4));
		EXPECT_FALSE(sbuddy_compaction_restarting(Z, 5));
		while (sbuddy_compaction_deferred(Z, 5))
			left_out++;
		EXPECT_EQ((1 << (k < 6 ? k : 6)) - 1, left_out);
		EXPECT_EQ(k >= 6, sbuddy_compaction_restarting(Z, 5));
	}
	sbuddy_compaction_defer_reset(Z, 5, false);
	EXPECT_EQ(6, Z->compact.order_failed);
	EXPECT_EQ(6, Z->compact.defer_shift);
	EXPECT_FALSE(sbuddy_compaction_deferred(Z, 5));
	sbuddy_compaction_defer_reset(Z, 5, true);
	EXPECT_EQ(0, Z->compact.defer_shift);
	sbuddy_defer_compaction(Z, 3);
	EXPECT_EQ(3, Z->compact.order_failed);
}

/* ---- C3: DEFERRED counts as a stall that failed, SKIPPED not at all ---- */

TEST_F(compaction, deferred_counts_skipped_does_not)
{
	OWN("N0:Normal=16M");
	fill(&self->h, SBUDDY_LRU_OFF, GFP_MOV);
	EXPECT_EQ(NULL, request(&self->h, 4, GFP_THP | SBUDDY_GFP_NORETRY));
	EXPECT_EQ(0, COUNT(COMPACTSTALL));
	EXPECT_EQ(0, COUNT(COMPACTFAIL));
	EXPECT_EQ(0, Z->compact.defer_shift);
	thin(&self->h, 0, BLOCK(8), 2);
	for (int i = 0; i < 3; i++)
		sbuddy_defer_compaction(Z, 4);
	EXPECT_EQ(NULL, request(&self->h, 4, GFP_THP | SBUDDY_GFP_NORETRY));
	EXPECT_EQ(1, COUNT(COMPACTSTALL));
	EXPECT_EQ(1, COUNT(COMPACTFAIL));
	EXPECT_EQ(0, COUNT(COMPACTMIGRATE_SCANNED) + COUNT(COMPACTFREE_SCANNED));
	EXPECT_EQ(0, COUNT(COMPACTSUCCESS));
}

/* ---- C4: pins ---- */

TEST_F(compaction, pins)
{
	struct sbuddy_compact_report r;

	OWN("N0:Normal=16M");
	fill(&self->h, 0, GFP_MOV);
	thin(&self->h, 0, BLOCK(8), 2);
	for (u32 i = 2; i < BLOCK(8); i += 2)
		drop(&self->h, i);
	settle(&self->h);
	PIN(0);
	EXPECT_EQ(SBUDDY_COMPACT_COMPLETE, compact(&self->h, -1, SBUDDY_MIGRATE_SYNC, false, &r));
	EXPECT_EQ(0, r.isolated);		/* anonymous: not even isolated */
	ATTRS(0, SBUDDY_LRU_FILE);
	host_trace(&self->h);
	EXPECT_EQ(SBUDDY_COMPACT_COMPLETE, compact(&self->h, -1, SBUDDY_MIGRATE_SYNC, false, &r));
	EXPECT_EQ(1, r.isolated);		/* of a file: tried in vain */
	EXPECT_EQ(1, r.failed);
	EXPECT_EQ(0, OFF(0));
	EXPECT_SANE();
}

/* ---- C5: ASYNC for a request moves windows of the order whole, or not at all ---- */

TEST_F(compaction, async_gives_up_a_window)
{
	struct sbuddy_page *captured;

	OWN("N0:Normal=16M");
	fill(&self->h, 0, GFP_MOV);
	thin(&self->h, BLOCK(4), BLOCK(8), 2);	/* targets: single pages */
	ATTRS(5, SBUDDY_LRU_OFF);		/* window 0 of order 4 has one that stays */
	drop(&self->h, 16 + 5);			/* window 1 has a free page */
	settle(&self->h);
	host_trace(&self->h);
	direct(&self->h, 4, GFP_THP, SBUDDY_COMPACT_PRIO_ASYNC, &captured);
	for (u32 i = 0; i < 16; i++)
		EXPECT_EQ(i, OFF(i));
	for (u32 i = 16; i < 32; i++) {
		if (i != 21)
			EXPECT_NE(i, OFF(i));
	}
	EXPECT_EQ(32, host_event(SBUDDY_TRACE_MM_COMPACTION_ISOLATE_MIGRATEPAGES, 0)->arg[1] -
		      (long)self->h.m->base_pfn);
	EXPECT_EQ(15, host_event(SBUDDY_TRACE_MM_COMPACTION_ISOLATE_MIGRATEPAGES, 0)->arg[3]);
	if (captured)
		captured->tag = sbuddy_tag(Z, SBUDDY_PAGE_USED, 4);
	EXPECT_SANE();
}

/* ---- C6: batches ---- */

TEST_F(compaction, batches_of_32)
{
	OWN("N0:Normal=16M");
	fill(&self->h, 0, GFP_MOV);
	thin(&self->h, 0, BLOCK(8), 2);
	host_trace(&self->h);
	compact(&self->h, -1, SBUDDY_MIGRATE_SYNC, false, NULL);
	EXPECT_EQ(8, host_count(SBUDDY_TRACE_MM_COMPACTION_ISOLATE_MIGRATEPAGES));
	for (int i = 1; i < host_count(SBUDDY_TRACE_MM_COMPACTION_ISOLATE_MIGRATEPAGES); i++) {
		const struct host_event *e =
			host_event(SBUDDY_TRACE_MM_COMPACTION_ISOLATE_MIGRATEPAGES, i);

		/* the rest of a block that was begun is taken at once */
		if (e->arg[3] > 32)
			EXPECT_NE(0, e->arg[0] % 512);
	}
	EXPECT_EQ(32, host_event(SBUDDY_TRACE_MM_COMPACTION_ISOLATE_MIGRATEPAGES, 0)->arg[3]);
}

/* ---- C7: the reserve is left alone ---- */

TEST_F(compaction, free_pages_above_min)
{
	OWN("N0:Normal=16M");
	fill(&self->h, 0, GFP_MOV);
	thin(&self->h, BLOCK(7), BLOCK(8), 2);
	settle(&self->h);
	Z->watermark[SBUDDY_WMARK_MIN] = 200;
	host_trace(&self->h);
	compact(&self->h, -1, SBUDDY_MIGRATE_SYNC, false, NULL);
	EXPECT_EQ(256 - 200 - 1, host_event(SBUDDY_TRACE_MM_COMPACTION_MIGRATEPAGES, 0)->arg[0] +
				 host_event(SBUDDY_TRACE_MM_COMPACTION_MIGRATEPAGES, 1)->arg[0]);
	EXPECT_EQ(SBUDDY_COMPACT_CONTENDED,
		  host_event(SBUDDY_TRACE_MM_COMPACTION_END, 0)->arg[3]);
	host_untrace();
	EXPECT_SANE();
}

/* ---- C8: what a request of a type may be content with ---- */

TEST_F(compaction, foreign_blocks_finish_large_requests_only)
{
	for (int order = 3; order <= 4; order++) {
		struct sbuddy_compact_control cc = { .order = order };

		memset(&self->h, 0, sizeof(self->h));
		OWN("N0:Normal=16M");
		fill(&self->h, 0, GFP_MOV);
		thin(&self->h, 0, BLOCK(7), 2);
		cc.m = self->h.m;
		cc.zone = Z;
		cc.task = &self->h.task;
		cc.gfp = SBUDDY_GFP_KERNEL | SBUDDY_GFP_MOVABLE;
		cc.highest_zoneidx = SBUDDY_ZONE_NORMAL;
		cc.mode = SBUDDY_MIGRATE_SYNC_LIGHT;
		ASSERT_EQ(SBUDDY_COMPACT_CONTINUE, sbuddy_compact_zone_begin(&cc));
		/* now a block of the order becomes free, of another type */
		sbuddy_set_pageblock_migratetype(self->h.m, Z->zone_start_pfn + BLOCK(7), UNM);
		for (u32 i = 0; i < 1U << order; i++)
			drop(&self->h, BLOCK(7) + i);
		settle(&self->h);
		EXPECT_FALSE(list_empty(&Z->free_area[order].free_list[UNM]));
		sbuddy_compact_zone_step(&cc);
		EXPECT_EQ(order == 4 ? SBUDDY_PHASE_END : SBUDDY_PHASE_ISOLATE, cc.phase);
		EXPECT_EQ(order == 4 ? SBUDDY_COMPACT_SUCCESS : SBUDDY_COMPACT_CONTINUE, cc.result);
		sbuddy_compact_zone_end(&cc);
		EXPECT_SANE();
		host_exit(&self->h);
	}
}

/* ---- C10: lack of memory or fragmentation ---- */

TEST_F(compaction, fragmentation_index_decides)
{
	OWN("N0:Normal=16M");
	fill(&self->h, 0, GFP_MOV);
	/* 384 free pages in three blocks of order 7: an order-8 failure is lack of memory */
	for (u32 i = 0; i < 128; i++) {
		drop(&self->h, i);
		drop(&self->h, BLOCK(2) + i);
		drop(&self->h, BLOCK(4) + i);
	}
	settle(&self->h);
	Z->compact.order_failed = 0;
	EXPECT_LE(sbuddy_extfrag_index(Z, 8), 500);
	EXPECT_LE(0, sbuddy_extfrag_index(Z, 8));
	self->h.m->zones[0]->watermark[SBUDDY_WMARK_LOW] = -2000;	/* headroom is there */
	host_trace(&self->h);
	EXPECT_EQ(SBUDDY_COMPACT_SKIPPED,
		  sbuddy_compaction_suit_allocation_order(Z, 8, SBUDDY_ZONE_NORMAL,
							  SBUDDY_WMARK_MIN));
	EXPECT_EQ(SBUDDY_COMPACT_NOT_SUITABLE_ZONE,
		  host_event(SBUDDY_TRACE_MM_COMPACTION_SUITABLE, 0)->arg[1]);
	EXPECT_EQ(167, sbuddy_extfrag_index(Z, 8));
	EXPECT_EQ(0, sbuddy_set_extfrag_threshold(self->h.m, 166));
	EXPECT_EQ(SBUDDY_COMPACT_CONTINUE,
		  sbuddy_compaction_suit_allocation_order(Z, 8, SBUDDY_ZONE_NORMAL,
							  SBUDDY_WMARK_MIN));
}

/* ---- C9: capture ---- */

TEST_F(compaction, request_gets_a_huge_page)
{
	struct sbuddy_page *page;

	OWN("N0:Normal=32M");
	fill(&self->h, 0, GFP_MOV);
	thin(&self->h, 0, BLOCK(16), 4);
	EXPECT_EQ(0, Z->free_area[9].nr_free + Z->free_area[10].nr_free);
	host_trace(&self->h);
	page = request(&self->h, 9, GFP_THP);
	ASSERT_TRUE(page);
	EXPECT_SANE();
	/* the quick try ends in vain on a zone whose hints were never reset */
	EXPECT_EQ(2, COUNT(COMPACTSTALL));
	EXPECT_EQ(1, COUNT(COMPACTFAIL));
	EXPECT_EQ(1, COUNT(COMPACTSUCCESS));
	EXPECT_EQ(SBUDDY_COMPACT_PARTIAL_SKIPPED,
		  host_event(SBUDDY_TRACE_MM_COMPACTION_END, 0)->arg[3]);
	EXPECT_EQ(SBUDDY_COMPACT_SUCCESS,
		  host_event(SBUDDY_TRACE_MM_COMPACTION_END, 1)->arg[3]);
	EXPECT_EQ(9, sbuddy_page_order(page));
	EXPECT_TRUE(sbuddy_page_compound(page));
	EXPECT_EQ(NULL, self->h.task.capc);
	EXPECT_EQ(0, self->h.task.flags);
	/* the captured block is on no list, and one batch was moved after the drain */
	EXPECT_EQ(0, Z->free_area[9].nr_free);
	EXPECT_NE(0, host_event(SBUDDY_TRACE_MM_COMPACTION_END, 1)->arg[0] % 512);
}

TEST_F(compaction, order_10_is_never_captured)
{
	struct sbuddy_page *captured = NULL;

	OWN("N0:Normal=32M");
	fill(&self->h, 0, GFP_MOV);
	thin(&self->h, 0, BLOCK(16), 4);
	direct(&self->h, 10, GFP_THP, SBUDDY_COMPACT_PRIO_SYNC_LIGHT, &captured);
	EXPECT_EQ(NULL, captured);
	EXPECT_SANE();
}

/* The knob is off: the request fails where it would sleep, as it did before. */
TEST_F(compaction, knob_off)
{
	OWN("N0:Normal=16M");
	fill(&self->h, 0, GFP_MOV);
	thin(&self->h, 0, BLOCK(8), 2);
	EXPECT_EQ(0, sbuddy_set_direct_compact(self->h.m, 0));
	EXPECT_EQ(NULL, request(&self->h, 9, GFP_THP));
	EXPECT_EQ(1, sbuddy_machine_event(self->h.m, SBUDDY_WOULD_BLOCK));
	EXPECT_EQ(0, COUNT(COMPACTSTALL));
}

/* ---- C12: proactive ---- */

TEST_F(compaction, proactive)
{
	struct sbuddy_node *node;

	OWN("N0:Normal=32M");
	node = &self->h.m->nodes[0];
	EXPECT_EQ(80, sbuddy_fragmentation_score_wmark(self->h.m, true));
	EXPECT_EQ(90, sbuddy_fragmentation_score_wmark(self->h.m, false));
	EXPECT_EQ(0, sbuddy_fragmentation_score_node(node));
	fill(&self->h, 0, GFP_MOV);
	thin(&self->h, 0, BLOCK(16), 2);
	EXPECT_EQ(100, sbuddy_fragmentation_score_zone(Z));
	EXPECT_EQ(99, sbuddy_fragmentation_score_node(node));
	node->kswapd_running = true;
	EXPECT_EQ(500, sbuddy_kcompactd_step(self->h.m, &self->h.task, 0));
	EXPECT_EQ(0, COUNT(KCOMPACTD_MIGRATE_SCANNED));
	node->kswapd_running = false;
	EXPECT_EQ(500, sbuddy_kcompactd_step(self->h.m, &self->h.task, 0));
	EXPECT_LE(sbuddy_fragmentation_score_zone(Z), 80);
	EXPECT_NE(0, COUNT(KCOMPACTD_MIGRATE_SCANNED));
	EXPECT_EQ(0, COUNT(KCOMPACTD_WAKE));
	EXPECT_SANE();
	/* below the high mark: nothing more to do */
	EXPECT_EQ(500, sbuddy_kcompactd_step(self->h.m, &self->h.task, 0));
	EXPECT_EQ(0, sbuddy_set_compaction_proactiveness(self->h.m, 0));
	EXPECT_EQ(0, sbuddy_kcompactd_step(self->h.m, &self->h.task, 0));
	EXPECT_EQ(-EINVAL, sbuddy_set_compaction_proactiveness(self->h.m, 101));
}

TEST_F(compaction, proactive_without_gain_waits_long)
{
	OWN("N0:Normal=32M");
	fill(&self->h, SBUDDY_LRU_OFF, GFP_MOV);
	thin(&self->h, 0, BLOCK(16), 2);
	EXPECT_EQ(32000, sbuddy_kcompactd_step(self->h.m, &self->h.task, 0));
}

TEST_F(compaction, kcompactd_for_an_order)
{
	struct sbuddy_node *node;

	OWN("N0:Normal=32M");
	node = &self->h.m->nodes[0];
	fill(&self->h, 0, GFP_MOV);
	thin(&self->h, 0, BLOCK(16), 2);
	sbuddy_wakeup_kcompactd(self->h.m, node, 0, SBUDDY_ZONE_NORMAL);
	EXPECT_FALSE(node->kcompactd.woken);
	sbuddy_wakeup_kcompactd(self->h.m, node, 9, SBUDDY_ZONE_NORMAL);
	EXPECT_TRUE(node->kcompactd.woken);
	sbuddy_kcompactd_step(self->h.m, &self->h.task, 0);
	EXPECT_EQ(1, COUNT(KCOMPACTD_WAKE));
	EXPECT_EQ(0, node->kcompactd.max_order);
	EXPECT_FALSE(node->kcompactd.woken);
	EXPECT_NE(0, Z->free_area[9].nr_free + Z->free_area[10].nr_free);
	EXPECT_EQ(COUNT(COMPACTMIGRATE_SCANNED), COUNT(KCOMPACTD_MIGRATE_SCANNED));
	EXPECT_SANE();
}

/* ---- C13: compound pages below the order wanted, and below a pageblock ---- */

TEST_F(compaction, compound_pages)
{
	for (unsigned int k = 1; k <= 9; k++) {
		struct sbuddy_op op = { .opcode = SBUDDY_OP_ALLOC, .cpu = -1, .nid = -1,
					.slot = 0, .gfp = GFP_MOV | SBUDDY_GFP_COMP, .order = k };
		struct sbuddy_compact_report r;

		memset(&self->h, 0, sizeof(self->h));
		OWN("N0:Normal=32M");
		ASSERT_EQ(0, sbuddy_run_op(self->h.o, &op, 0));
		ATTRS(0, 0);
		ATTRS(0, SBUDDY_LRU_ACTIVE);
		compact(&self->h, -1, SBUDDY_MIGRATE_SYNC, false, &r);
		EXPECT_EQ(k < 9 ? 1 << k : 0, r.isolated);
		EXPECT_SANE();
		host_exit(&self->h);
	}
}

/* ---- C15: from where one run ended to where the next begins one block is left out ---- */

TEST_F(compaction, next_run_leaves_out_a_block)
{
	struct sbuddy_page *page[2];

	OWN("N0:Normal=64M");
	fill(&self->h, 0, GFP_MOV);
	thin(&self->h, BLOCK(16), BLOCK(32), 2);
	for (int i = 0; i < 2; i++) {
		page[i] = request(&self->h, 9, GFP_THP);
		ASSERT_TRUE(page[i]);
	}
	EXPECT_EQ(BLOCK(2), host_off(&self->h, page[1]) - host_off(&self->h, page[0]));
	EXPECT_SANE();
}

/* ---- steps ---- */

TEST_F(compaction, step_by_step_is_the_same_run)
{
	const struct sbuddy_compact_args args = {
		.order = -1, .gfp = SBUDDY_GFP_KERNEL, .mode = SBUDDY_MIGRATE_SYNC,
	};
	struct sbuddy_compact_report r = { 0 };
	struct sbuddy_compact_args a = args;
	char *once, *stepped;
	int steps = 0;

	OWN("N0:Normal=16M");
	fill(&self->h, 0, GFP_MOV);
	thin(&self->h, 0, BLOCK(8), 3);
	compact(&self->h, -1, SBUDDY_MIGRATE_SYNC, false, NULL);
	once = host_snapshot(&self->h);
	host_exit(&self->h);

	memset(&self->h, 0, sizeof(self->h));
	OWN("N0:Normal=16M");
	fill(&self->h, 0, GFP_MOV);
	thin(&self->h, 0, BLOCK(8), 3);
	a.zone = Z;
	EXPECT_EQ(-ENOENT, sbuddy_compact_step(self->h.m, &self->h.task, 0, NULL, &r));
	ASSERT_EQ(0, sbuddy_compact_start(&a, &self->h.task, &r));
	EXPECT_EQ(-EBUSY, sbuddy_compact_start(&a, &self->h.task, &r));
	EXPECT_SANE();
	while (r.move != SBUDDY_MOVE_END && steps++ < 10000) {
		memset(&r, 0, sizeof(r));
		ASSERT_EQ(0, sbuddy_compact_step(self->h.m, &self->h.task, 0, NULL, &r));
		EXPECT_SANE();
	}
	EXPECT_EQ(SBUDDY_COMPACT_COMPLETE, r.result);
	EXPECT_LT(20, steps);
	EXPECT_EQ(NULL, self->h.m->walk);
	stepped = host_snapshot(&self->h);
	EXPECT_STREQ(once, stepped);
	free(once);
	free(stepped);
}

TEST_F(compaction, stop_gives_everything_back)
{
	struct sbuddy_compact_args a = {
		.order = -1, .gfp = SBUDDY_GFP_KERNEL, .mode = SBUDDY_MIGRATE_SYNC,
	};
	long free;

	OWN("N0:Normal=16M");
	fill(&self->h, 0, GFP_MOV);
	thin(&self->h, 0, BLOCK(8), 3);
	free = sbuddy_zone_page_state_snapshot(Z);
	for (int steps = 0; steps < 12; steps++) {
		struct sbuddy_compact_report r = { 0 };

		a.zone = Z;
		ASSERT_EQ(0, sbuddy_compact_start(&a, &self->h.task, &r));
		for (int i = 0; i < steps && self->h.m->walk; i++)
			ASSERT_EQ(0, sbuddy_compact_step(self->h.m, &self->h.task, 0, NULL, &r));
		ASSERT_EQ(r.move == SBUDDY_MOVE_END ? -ENOENT : 0,
			  sbuddy_compact_stop(self->h.m, &self->h.task, &r));
		settle(&self->h);
		EXPECT_SANE();
		EXPECT_EQ(free, sbuddy_zone_page_state_snapshot(Z));
	}
}

/* A machine that is reset, or destroyed, in the middle of a run. */
TEST_F(compaction, reset_in_mid_run)
{
	struct sbuddy_compact_args a = {
		.order = -1, .gfp = SBUDDY_GFP_KERNEL, .mode = SBUDDY_MIGRATE_SYNC,
	};
	struct sbuddy_compact_report r = { 0 };

	OWN("N0:Normal=16M");
	fill(&self->h, 0, GFP_MOV);
	thin(&self->h, 0, BLOCK(8), 3);
	sbuddy_owner_destroy(self->h.o, &self->h.task);
	self->h.o = NULL;
	a.zone = Z;
	ASSERT_EQ(0, sbuddy_compact_start(&a, &self->h.task, &r));
	EXPECT_EQ(0, sbuddy_machine_reset(self->h.m));
	EXPECT_SANE();
	EXPECT_EQ(-ENOENT, sbuddy_compact_stop(self->h.m, &self->h.task, NULL));
	ASSERT_EQ(0, sbuddy_compact_start(&a, &self->h.task, &r));
}

/* A signal ends a run; what it had is given back. */
TEST_F(compaction, fatal_signal)
{
	struct sbuddy_compact_report r;

	OWN("N0:Normal=16M");
	fill(&self->h, 0, GFP_MOV);
	thin(&self->h, 0, BLOCK(8), 2);
	os_killed = true;
	EXPECT_EQ(SBUDDY_COMPACT_CONTENDED,
		  compact(&self->h, -1, SBUDDY_MIGRATE_SYNC, false, &r));
	EXPECT_EQ(-EINTR, sbuddy_compact_node(self->h.m, &self->h.task, 0, false));
	os_killed = false;
	EXPECT_EQ(0, r.migrated);
	EXPECT_SANE();
}

/* ---- V1, V3, V4: counters and events agree ---- */

TEST_F(compaction, counters_agree_with_events)
{
	long scanned = 0, moved = 0, freed_scanned = 0;

	OWN("N0:Normal=32M");
	fill(&self->h, 0, GFP_MOV);
	thin(&self->h, 0, BLOCK(16), 3);
	host_trace(&self->h);
	compact(&self->h, -1, SBUDDY_MIGRATE_SYNC, false, NULL);
	for (int i = 0; i < host_nr_events; i++) {
		const struct host_event *e = &host_events[i];

		if (e->ev == SBUDDY_TRACE_MM_COMPACTION_ISOLATE_MIGRATEPAGES)
			scanned += e->arg[2];
		if (e->ev == SBUDDY_TRACE_MM_COMPACTION_ISOLATE_FREEPAGES)
			freed_scanned += e->arg[2];
		if (e->ev == SBUDDY_TRACE_MM_COMPACTION_MIGRATEPAGES)
			moved += e->arg[0];
	}
	ASSERT_LT(host_nr_events, HOST_MAX_EVENTS);
	EXPECT_EQ(scanned, COUNT(COMPACTMIGRATE_SCANNED));
	EXPECT_EQ(freed_scanned, COUNT(COMPACTFREE_SCANNED));
	EXPECT_EQ(moved, COUNT(PGMIGRATE_SUCCESS));
	EXPECT_EQ(COUNT(COMPACTSTALL), COUNT(COMPACTFAIL) + COUNT(COMPACTSUCCESS));
}

TEST_HARNESS_MAIN
