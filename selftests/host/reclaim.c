// SPDX-License-Identifier: GPL-2.0
/*
 * Reclaim: how much is scanned, of which lists, what becomes of each kind of
 * page, when it ends, and how pages come back.
 */
#include "reclaim_test.h"

HOST_FIXTURE(reclaim)

/* What a run of priorities scans of one inactive list of which every page goes. */
static unsigned long expect_scan(unsigned long size, int from, unsigned long want)
{
	unsigned long total = 0;

	for (int prio = from; prio >= 0 && total < want; prio--) {
		unsigned long scan = size >> prio;

		size -= scan;
		total += scan;
	}
	return total;
}

/* ---- amounts ---- */

TEST_F(reclaim, clean_files_by_priority)
{
	unsigned long size, got;

	RECLAIM_BOOT("N0:Normal=64M");
	size = reclaim_fill(&self->h, 0, 20000, SBUDDY_LRU_FILE);
	ASSERT_LT(10000, size);
	EXPECT_EQ(size, NR(INACTIVE_FILE));
	host_trace(&self->h);
	got = direct_reclaim(&self->h, SBUDDY_GFP_KERNEL, 0);
	EXPECT_EQ(expect_scan(size, 12, 32), got);
	EXPECT_EQ(got, COUNT(PGSTEAL_DIRECT));
	EXPECT_EQ(got, COUNT(PGSTEAL_FILE));
	EXPECT_EQ(got, COUNT(PGSCAN_DIRECT));
	EXPECT_EQ(got, COUNT(PGSCAN_FILE));
	EXPECT_EQ(0, COUNT(PGSCAN_ANON));
	EXPECT_EQ(1, COUNT(ALLOCSTALL_NORMAL));
	EXPECT_EQ(got, nr_evicted(&self->h));
	EXPECT_EQ(size - got, NR(INACTIVE_FILE));
	EXPECT_EQ(size - got, sbuddy_owner_pages(self->h.o));
	/* the oldest go */
	for (u32 i = 0; i < size; i++)
		ASSERT_EQ(i < got, evicted(&self->h, i));
	EXPECT_EQ(1, host_count(SBUDDY_TRACE_MM_VMSCAN_DIRECT_RECLAIM_BEGIN));
	EXPECT_EQ(got, host_event(SBUDDY_TRACE_MM_VMSCAN_DIRECT_RECLAIM_END, 0)->arg[0]);
	EXPECT_SANE();
}

/* At the first priority a request scans all that it was to scan, whatever it has by then. */
TEST_F(reclaim, request_does_not_stop_early)
{
	u32 size;

	RECLAIM_BOOT("N0:Normal=1G");
	size = reclaim_fill(&self->h, 0, 262144, SBUDDY_LRU_FILE);
	ASSERT_LT(64 << 12, size + 16384);
	EXPECT_EQ(size >> 12, direct_reclaim(&self->h, SBUDDY_GFP_KERNEL, 0));
	EXPECT_LT(32, size >> 12);
}

TEST_F(reclaim, zones_above_are_skipped)
{
	u32 n;
	long nr;

	RECLAIM_BOOT("N0:DMA32=32M,Movable=32M");
	n = reclaim_fill(&self->h, 0, 8000, SBUDDY_LRU_FILE);
	for (u32 i = 0; i < n; i++)	/* Movable is filled first */
		ASSERT_EQ(SBUDDY_ZONE_MOVABLE,
			  sbuddy_zone_of(self->h.m, sbuddy_slot_page(self->h.o, i))->idx);
	n += reclaim_fill(&self->h, n, 4000, SBUDDY_LRU_FILE);
	nr = VEC->zone_nr[SBUDDY_ZONE_DMA32][SBUDDY_INACTIVE_FILE];
	ASSERT_LT(2000, nr);
	direct_reclaim(&self->h, SBUDDY_GFP_KERNEL | SBUDDY_GFP_DMA32, 0);
	EXPECT_LT(0, COUNT(PGSKIP_MOVABLE));
	EXPECT_EQ(0, COUNT(PGSKIP_DMA32));
	EXPECT_EQ(COUNT(PGSTEAL_FILE), COUNT(PGSCAN_FILE) - COUNT(PGSKIP_MOVABLE));
	EXPECT_EQ(nr - COUNT(PGSTEAL_FILE),
		  VEC->zone_nr[SBUDDY_ZONE_DMA32][SBUDDY_INACTIVE_FILE]);
	EXPECT_EQ(1, COUNT(ALLOCSTALL_DMA32));
	EXPECT_SANE();
}

/* ---- what becomes of a page ---- */

/* One look at all of the inactive lists. */
static unsigned long look(struct host *h, u32 gfp)
{
	struct sbuddy_scan_control sc = {
		.m = h->m, .task = &h->task, .gfp = gfp, .priority = 0,
		.reclaim_idx = SBUDDY_MAX_NR_ZONES - 1, .may_swap = true, .may_writepage = true,
		.nr_to_reclaim = ~0UL,
	};
	unsigned long freed;

	freed = sbuddy_shrink_inactive_list(&sc, 0, 1000, SBUDDY_INACTIVE_ANON);
	return freed + sbuddy_shrink_inactive_list(&sc, 0, 1000, SBUDDY_INACTIVE_FILE);
}

TEST_F(reclaim, second_chance)
{
	RECLAIM_BOOT("N0:Normal=16M");
	ASSERT_EQ(3, reclaim_fill(&self->h, 0, 3, SBUDDY_LRU_FILE | SBUDDY_LRU_YOUNG));
	EXPECT_EQ(0, look(&self->h, SBUDDY_GFP_KERNEL));
	EXPECT_EQ(3, NR(INACTIVE_FILE));
	EXPECT_EQ(0, reclaim_op(&self->h, SBUDDY_OP_TOUCH, 1, 0));	/* used again */
	EXPECT_EQ(0, reclaim_op(&self->h, SBUDDY_OP_TOUCH, 2, SBUDDY_TOUCH_READ));
	EXPECT_EQ(1, NR(ACTIVE_FILE));		/* by read(), the second time */
	EXPECT_EQ(1, look(&self->h, SBUDDY_GFP_KERNEL));
	EXPECT_TRUE(evicted(&self->h, 0));
	EXPECT_EQ(2, NR(ACTIVE_FILE));
	EXPECT_EQ(2, COUNT(PGACTIVATE));
	sbuddy_age_node(self->h.m, &self->h.task, 0, 100);
	EXPECT_EQ(2, COUNT(PGDEACTIVATE));
	EXPECT_EQ(2, COUNT(PGREFILL));
	EXPECT_EQ(2, NR(INACTIVE_FILE));
	EXPECT_EQ(2, look(&self->h, SBUDDY_GFP_KERNEL));	/* marked, but clean */
	EXPECT_SANE();
}

TEST_F(reclaim, anonymous_pages_need_swap)
{
	unsigned long free;

	RECLAIM_BOOT("N0:Normal=16M");
	ASSERT_EQ(100, reclaim_fill(&self->h, 0, 100, 0));
	EXPECT_EQ(0, direct_reclaim(&self->h, SBUDDY_GFP_KERNEL, 0));
	EXPECT_EQ(0, COUNT(PGSCAN_ANON));
	EXPECT_EQ(0, sbuddy_set_swap_pages(self->h.m, 60));
	free = FREE_PAGES();
	EXPECT_EQ(60, look(&self->h, SBUDDY_GFP_KERNEL));
	EXPECT_EQ(40, NR(ACTIVE_ANON));		/* there was no room for these */
	EXPECT_EQ(0, sbuddy_nr_free_swap(self->h.m));
	EXPECT_EQ(60, COUNT(PSWPOUT));
	EXPECT_EQ(60, COUNT(NR_VMSCAN_WRITE));
	EXPECT_EQ(60, self->h.o->swapped_pages);
	sbuddy_drain_all_pages(self->h.m, &self->h.task);
	EXPECT_EQ(free + 60, FREE_PAGES());
	EXPECT_EQ(-EBUSY, sbuddy_set_swap_pages(self->h.m, 59));
	EXPECT_EQ(-EBUSY, reclaim_op(&self->h, SBUDDY_OP_GET, 0, 0));
	EXPECT_EQ(-EBUSY, reclaim_op(&self->h, SBUDDY_OP_LRU, 0, 0));
	EXPECT_EQ(-EEXIST, reclaim_op(&self->h, SBUDDY_OP_ALLOC, 0, GFP_FILL));
	EXPECT_EQ(0, reclaim_op(&self->h, SBUDDY_OP_TOUCH, 0, 0));
	EXPECT_EQ(1, COUNT(PSWPIN));
	EXPECT_FALSE(evicted(&self->h, 0));
	EXPECT_EQ(1, sbuddy_nr_free_swap(self->h.m));
	EXPECT_EQ(0, reclaim_op(&self->h, SBUDDY_OP_FREE, 1, 0));	/* from swap */
	EXPECT_EQ(2, sbuddy_nr_free_swap(self->h.m));
	EXPECT_EQ(-ENOENT, reclaim_op(&self->h, SBUDDY_OP_FREE, 1, 0));
	EXPECT_SANE();
	sbuddy_owner_destroy(self->h.o, &self->h.task);
	self->h.o = NULL;
	EXPECT_EQ(60, sbuddy_nr_free_swap(self->h.m));
	EXPECT_SANE();
}

TEST_F(reclaim, who_may_not_do_io_leaves_anonymous_pages)
{
	RECLAIM_BOOT("N0:Normal=16M");
	sbuddy_set_swap_pages(self->h.m, 1000);
	ASSERT_EQ(50, reclaim_fill(&self->h, 0, 50, 0));
	EXPECT_EQ(0, look(&self->h, SBUDDY_GFP_NOIO));
	EXPECT_EQ(50, NR(INACTIVE_ANON));
	EXPECT_EQ(1000, sbuddy_nr_free_swap(self->h.m));
	EXPECT_EQ(50, look(&self->h, SBUDDY_GFP_NOFS));
}

TEST_F(reclaim, pinned_locked_unevictable)
{
	RECLAIM_BOOT("N0:Normal=16M");
	sbuddy_set_swap_pages(self->h.m, 1000);
	ASSERT_EQ(1, reclaim_fill(&self->h, 0, 1, 0));
	ASSERT_EQ(1, reclaim_fill(&self->h, 1, 1, SBUDDY_LRU_FILE));
	ASSERT_EQ(1, reclaim_fill(&self->h, 2, 1, SBUDDY_LRU_FILE | SBUDDY_LRU_LOCKED));
	ASSERT_EQ(1, reclaim_fill(&self->h, 3, 1, SBUDDY_LRU_UNEVICTABLE));
	EXPECT_EQ(0, reclaim_op(&self->h, SBUDDY_OP_GET, 0, 0));
	EXPECT_EQ(0, reclaim_op(&self->h, SBUDDY_OP_GET, 1, 0));
	EXPECT_EQ(0, look(&self->h, SBUDDY_GFP_KERNEL));
	EXPECT_EQ(1, NR(INACTIVE_ANON));	/* pinned, anonymous: stays */
	EXPECT_EQ(1, NR(ACTIVE_FILE));		/* pinned, of a file: active */
	EXPECT_EQ(1, NR(INACTIVE_FILE));	/* locked: stays */
	EXPECT_EQ(1, NR(UNEVICTABLE));
	EXPECT_EQ(1000, sbuddy_nr_free_swap(self->h.m));
	EXPECT_EQ(0, reclaim_op(&self->h, SBUDDY_OP_FREE, 0, 0));	/* the pin */
	EXPECT_EQ(1, look(&self->h, SBUDDY_GFP_KERNEL));
	EXPECT_SANE();
}

TEST_F(reclaim, dirty_files_wait_for_the_flushers)
{
	RECLAIM_BOOT("N0:Normal=16M");
	ASSERT_EQ(40, reclaim_fill(&self->h, 0, 40, SBUDDY_LRU_FILE | SBUDDY_LRU_DIRTY));
	EXPECT_EQ(0, look(&self->h, SBUDDY_GFP_KERNEL));
	EXPECT_EQ(40, COUNT(NR_VMSCAN_IMMEDIATE));
	EXPECT_EQ(40, NR(ACTIVE_FILE));
	EXPECT_TRUE(self->h.m->lru->reclaim.flush);
	sbuddy_set_writeback_ticks(self->h.m, 10);
	sbuddy_clock_advance(self->h.m, &self->h.task, 1);
	EXPECT_EQ(40, sbuddy_write_pending(self->h.m, 0));
	EXPECT_EQ(0, COUNT(PGROTATED));
	sbuddy_clock_advance(self->h.m, &self->h.task, 10);
	EXPECT_EQ(0, sbuddy_write_pending(self->h.m, 0));
	EXPECT_EQ(40, COUNT(PGROTATED));	/* next in turn, inactive */
	EXPECT_EQ(40, NR(INACTIVE_FILE));
	EXPECT_EQ(40, look(&self->h, SBUDDY_GFP_KERNEL));
	EXPECT_SANE();
}

TEST_F(reclaim, swap_that_takes_time)
{
	RECLAIM_BOOT("N0:Normal=16M");
	sbuddy_set_swap_pages(self->h.m, 1000);
	sbuddy_set_writeback_ticks(self->h.m, 5);
	ASSERT_EQ(20, reclaim_fill(&self->h, 0, 20, 0));
	EXPECT_EQ(0, look(&self->h, SBUDDY_GFP_KERNEL));
	EXPECT_EQ(20, COUNT(PSWPOUT));
	EXPECT_EQ(980, sbuddy_nr_free_swap(self->h.m));
	EXPECT_EQ(20, NR(INACTIVE_ANON));
	EXPECT_EQ(0, look(&self->h, SBUDDY_GFP_KERNEL));	/* still being written */
	EXPECT_EQ(20, NR(ACTIVE_ANON));
	EXPECT_EQ(0, reclaim_op(&self->h, SBUDDY_OP_TOUCH, 3, SBUDDY_TOUCH_WRITE));
	EXPECT_EQ(981, sbuddy_nr_free_swap(self->h.m));	/* what is there is old */
	EXPECT_EQ(0, reclaim_op(&self->h, SBUDDY_OP_FREE, 4, 0));
	EXPECT_EQ(982, sbuddy_nr_free_swap(self->h.m));
	sbuddy_clock_advance(self->h.m, &self->h.task, 5);
	EXPECT_EQ(18, look(&self->h, SBUDDY_GFP_KERNEL));
	EXPECT_EQ(20, COUNT(PSWPOUT));
	EXPECT_SANE();
}

TEST_F(reclaim, others_have_isolated_pages)
{
	struct sbuddy_compact_report r = { 0 };
	struct sbuddy_compact_args args;

	RECLAIM_BOOT("N0:Normal=16M");
	ASSERT_EQ(200, reclaim_fill(&self->h, 0, 200, SBUDDY_LRU_FILE));
	args = (struct sbuddy_compact_args){ .zone = Z, .order = -1, .gfp = SBUDDY_GFP_KERNEL,
					     .mode = SBUDDY_MIGRATE_SYNC };
	ASSERT_EQ(0, sbuddy_compact_start(&args, &self->h.task, &r));
	while (!VEC->nr_isolated[1])
		ASSERT_EQ(0, sbuddy_compact_step(self->h.m, &self->h.task, 0, NULL, &r));
	EXPECT_EQ(0, look(&self->h, SBUDDY_GFP_KERNEL));	/* too many */
	EXPECT_EQ(SBUDDY_HZ / 50, sbuddy_clock(self->h.m));
	EXPECT_EQ(200 - (long)VEC->nr_isolated[1], look(&self->h, SBUDDY_GFP_NOFS));
	sbuddy_compact_stop(self->h.m, &self->h.task, &r);
	EXPECT_EQ(0, VEC->nr_isolated[1]);
	EXPECT_SANE();
}

/* ---- balance ---- */

static void counts(struct host *h, int prio, unsigned long *anon, unsigned long *file)
{
	struct sbuddy_scan_control sc = {
		.m = h->m, .task = &h->task, .gfp = SBUDDY_GFP_KERNEL, .priority = prio,
		.reclaim_idx = SBUDDY_ZONE_NORMAL, .may_swap = true, .may_writepage = true,
		.nr_to_reclaim = ~0UL, .kswapd = true, .no_cache_trim_mode = true,
	};
	long a = sbuddy_vm_event(h->m, SBUDDY_PGSCAN_ANON);
	long f = sbuddy_vm_event(h->m, SBUDDY_PGSCAN_FILE);

	sbuddy_shrink_node(&sc, 0);
	*anon = sbuddy_vm_event(h->m, SBUDDY_PGSCAN_ANON) - a;
	*file = sbuddy_vm_event(h->m, SBUDDY_PGSCAN_FILE) - f;
}

TEST_F(reclaim, swappiness)
{
	static const int value[] = { 0, 60, 100, 200 };
	unsigned long anon, file;

	for (int i = 0; i < 4; i++) {
		RECLAIM_BOOT("N0:Normal=64M");
		sbuddy_set_swap_pages(self->h.m, 100000);
		EXPECT_EQ(0, sbuddy_set_swappiness(self->h.m, value[i]));
		ASSERT_EQ(4096, reclaim_fill(&self->h, 0, 4096, 0));
		ASSERT_EQ(4096, reclaim_fill(&self->h, 5000, 4096, SBUDDY_LRU_FILE));
		counts(&self->h, 4, &anon, &file);
		EXPECT_EQ(256 * value[i] / 200, anon);
		EXPECT_EQ(256 * (200 - value[i]) / 200, file);
		host_exit(&self->h);
	}
	RECLAIM_BOOT("N0:Normal=16M");
	EXPECT_EQ(-EINVAL, sbuddy_set_swappiness(self->h.m, 201));
}

/* Files first while there are inactive ones enough; only these when there is no swap. */
TEST_F(reclaim, cache_trim_mode)
{
	unsigned long got;

	RECLAIM_BOOT("N0:Normal=64M");
	sbuddy_set_swap_pages(self->h.m, 100000);
	ASSERT_EQ(5000, reclaim_fill(&self->h, 0, 5000, 0));
	ASSERT_EQ(5000, reclaim_fill(&self->h, 5000, 5000, SBUDDY_LRU_FILE));
	got = direct_reclaim(&self->h, SBUDDY_GFP_KERNEL, 0);
	EXPECT_EQ(0, COUNT(PGSCAN_ANON));
	EXPECT_EQ(expect_scan(5000, 12, 32), got);
}

/* What is reclaimed in vain is scanned less. */
TEST_F(reclaim, costs)
{
	unsigned long anon, file;

	RECLAIM_BOOT("N0:Normal=64M");
	sbuddy_set_swap_pages(self->h.m, 100000);
	sbuddy_set_swappiness(self->h.m, 100);
	ASSERT_EQ(4096, reclaim_fill(&self->h, 0, 4096, 0));
	ASSERT_EQ(4096, reclaim_fill(&self->h, 5000, 4096, SBUDDY_LRU_FILE));
	VEC->cost[1] = 1000;
	counts(&self->h, 4, &anon, &file);
	EXPECT_LT(file, anon);
	EXPECT_LE(256 / 3, file);		/* but a third, at least */
}

TEST_F(reclaim, inactive_is_low)
{
	struct sbuddy_lruvec vec = { .nr = { [SBUDDY_INACTIVE_FILE] = 100,
					     [SBUDDY_ACTIVE_FILE] = 100 } };

	EXPECT_FALSE(sbuddy_inactive_is_low(&vec, SBUDDY_INACTIVE_FILE));
	vec.nr[SBUDDY_ACTIVE_FILE] = 101;
	EXPECT_TRUE(sbuddy_inactive_is_low(&vec, SBUDDY_INACTIVE_FILE));
	vec.nr[SBUDDY_INACTIVE_FILE] = 100000;	/* 1 GiB: 3 to 1 */
	vec.nr[SBUDDY_ACTIVE_FILE] = 300000;
	EXPECT_FALSE(sbuddy_inactive_is_low(&vec, SBUDDY_INACTIVE_FILE));
	vec.nr[SBUDDY_ACTIVE_FILE] = 300001;
	EXPECT_TRUE(sbuddy_inactive_is_low(&vec, SBUDDY_INACTIVE_FILE));
}

/* ---- back ---- */

TEST_F(reclaim, refaults_of_the_working_set_are_active)
{
	RECLAIM_BOOT("N0:Normal=16M");
	ASSERT_EQ(64, reclaim_fill(&self->h, 0, 64, SBUDDY_LRU_FILE));
	EXPECT_EQ(64, look(&self->h, SBUDDY_GFP_KERNEL));
	EXPECT_EQ(64, VEC->nonresident_age);
	/* nothing is active: any distance is too far but none */
	EXPECT_EQ(0, reclaim_op(&self->h, SBUDDY_OP_TOUCH, 0, SBUDDY_TOUCH_READ));
	EXPECT_EQ(1, COUNT(WORKINGSET_REFAULT_FILE));
	EXPECT_EQ(0, COUNT(WORKINGSET_ACTIVATE_FILE));
	ASSERT_EQ(100, reclaim_fill(&self->h, 1000, 100, SBUDDY_LRU_FILE | SBUDDY_LRU_ACTIVE));
	EXPECT_EQ(0, reclaim_op(&self->h, SBUDDY_OP_TOUCH, 1, SBUDDY_TOUCH_READ));
	EXPECT_EQ(1, COUNT(WORKINGSET_ACTIVATE_FILE));
	EXPECT_EQ(101, NR(ACTIVE_FILE));
	EXPECT_EQ(65, VEC->nonresident_age);
	EXPECT_EQ(0, COUNT(WORKINGSET_RESTORE_FILE));
	EXPECT_EQ(1, VEC->activated[1]);
	/* one that was active once: its return has a cost */
	sbuddy_age_node(self->h.m, &self->h.task, 0, 200);
	look(&self->h, SBUDDY_GFP_KERNEL);
	EXPECT_TRUE(evicted(&self->h, 1000));
	ASSERT_EQ(300, reclaim_fill(&self->h, 2000, 300, SBUDDY_LRU_FILE | SBUDDY_LRU_ACTIVE));
	VEC->cost[1] = 0;
	EXPECT_EQ(0, reclaim_op(&self->h, SBUDDY_OP_TOUCH, 1000, SBUDDY_TOUCH_READ));
	EXPECT_EQ(1, COUNT(WORKINGSET_RESTORE_FILE));
	EXPECT_EQ(32, VEC->cost[1]);
	EXPECT_SANE();
}

TEST_F(reclaim, no_page_to_come_back)
{
	RECLAIM_BOOT("N0:Normal=16M");
	self->h.m->knobs.direct_reclaim = false;
	ASSERT_EQ(1, reclaim_fill(&self->h, 0, 1, SBUDDY_LRU_FILE));
	EXPECT_EQ(1, look(&self->h, SBUDDY_GFP_KERNEL));
	eat(&self->h, 0);
	EXPECT_EQ(-ENOMEM, reclaim_op(&self->h, SBUDDY_OP_TOUCH, 0, 0));
	EXPECT_TRUE(evicted(&self->h, 0));
	EXPECT_SANE();
}

/* ---- reclaim for compaction ---- */

/* R8 */
TEST_F(reclaim, compaction_ready)
{
	RECLAIM_BOOT("N0:Normal=64M");
	ASSERT_EQ(1000, reclaim_fill(&self->h, 0, 1000, SBUDDY_LRU_FILE));
	EXPECT_EQ(1, direct_reclaim(&self->h, SBUDDY_GFP_KERNEL, 9));
	EXPECT_EQ(0, COUNT(PGSCAN_DIRECT));
	EXPECT_EQ(1, COUNT(ALLOCSTALL_NORMAL));
}

/* R8: what frees nothing is tried once more, and once more with all that is active. */
TEST_F(reclaim, passes)
{
	RECLAIM_BOOT("N0:Normal=16M");
	EXPECT_EQ(0, direct_reclaim(&self->h, SBUDDY_GFP_KERNEL, 0));
	EXPECT_EQ(2, COUNT(ALLOCSTALL_NORMAL));
	EXPECT_EQ(0, direct_reclaim(&self->h, SBUDDY_GFP_HIGHUSER_MOVABLE, 0));
	EXPECT_EQ(2, COUNT(ALLOCSTALL_MOVABLE));
	host_exit(&self->h);
	BOOT("N0:Normal=16M", 1);
	self->h.m->config.rules = SBUDDY_RULES_6_1;	/* of reclaim only */
	EXPECT_EQ(0, direct_reclaim(&self->h, SBUDDY_GFP_KERNEL, 0));
	EXPECT_EQ(1, COUNT(ALLOCSTALL_NORMAL));
}

/* A costly request goes on at one priority until compaction has enough to work with. */
TEST_F(reclaim, continues_for_compaction)
{
	struct sbuddy_scan_control sc;
	u32 n;

	RECLAIM_BOOT("N0:Normal=64M");
	n = reclaim_fill(&self->h, 0, 20000, SBUDDY_LRU_FILE);
	for (u32 i = 0; i < n; i += 8)		/* no block gets free */
		EXPECT_EQ(0, reclaim_op(&self->h, SBUDDY_OP_LRU, i, SBUDDY_LRU_UNEVICTABLE));
	eat(&self->h, WMARK(MIN));
	sc = (struct sbuddy_scan_control){
		.m = self->h.m, .task = &self->h.task, .gfp = SBUDDY_GFP_KERNEL, .order = 9,
		.priority = 12, .reclaim_idx = SBUDDY_ZONE_NORMAL, .nr_to_reclaim = 32,
		.may_swap = true, .may_writepage = true,
	};
	sbuddy_shrink_node(&sc, 0);
	EXPECT_LT(n >> 12, sc.nr_reclaimed);
	/* until order 0 has the LOW mark and the gap on top */
	EXPECT_LE(WMARK(LOW) + 1024 - WMARK(MIN), sc.nr_reclaimed + 8);
	EXPECT_GE(WMARK(LOW) + 1024 - WMARK(MIN) + 70, sc.nr_reclaimed);
	EXPECT_SANE();
}

/* R9 */
TEST_F(reclaim, nothing_reclaimable_counts_free_twice)
{
	RECLAIM_BOOT("N0:Normal=16M");
	EXPECT_EQ(FREE_PAGES(), sbuddy_zone_reclaimable_pages(Z));
	ASSERT_EQ(10, reclaim_fill(&self->h, 0, 10, 0));
	EXPECT_EQ(FREE_PAGES(), sbuddy_zone_reclaimable_pages(Z));
	sbuddy_set_swap_pages(self->h.m, 1);
	EXPECT_EQ(10, sbuddy_zone_reclaimable_pages(Z));
}

/* R10 */
TEST_F(reclaim, throttle_when_reserves_are_low)
{
	RECLAIM_BOOT("N0:Normal=64M");
	reclaim_fill(&self->h, 0, 20000, SBUDDY_LRU_FILE);
	eat(&self->h, WMARK(MIN) / 2 + 1);
	EXPECT_TRUE(sbuddy_allow_direct_reclaim(self->h.m, 0));
	eat(&self->h, WMARK(MIN) / 2);
	EXPECT_FALSE(sbuddy_allow_direct_reclaim(self->h.m, 0));
	EXPECT_TRUE(KSWAPD->woken);		/* it is needed */
	EXPECT_LT(0, direct_reclaim(&self->h, SBUDDY_GFP_KERNEL, 0));
	EXPECT_EQ(1, COUNT(PGSCAN_DIRECT_THROTTLE));
	EXPECT_EQ(SBUDDY_HZ, sbuddy_clock(self->h.m));	/* nobody came */
	self->h.task.flags = SBUDDY_PF_KTHREAD;
	eat(&self->h, WMARK(MIN) / 2);
	EXPECT_LT(0, direct_reclaim(&self->h, SBUDDY_GFP_KERNEL, 0));
	EXPECT_EQ(1, COUNT(PGSCAN_DIRECT_THROTTLE));
	self->h.task.flags = 0;
	KSWAPD->failures = SBUDDY_MAX_RECLAIM_RETRIES;
	EXPECT_TRUE(sbuddy_allow_direct_reclaim(self->h.m, 0));
}

/* ---- copies ---- */

TEST_F(reclaim, a_copy_reclaims_alike)
{
	struct sbuddy_owner *copy;
	struct sbuddy_machine *m;

	RECLAIM_BOOT("N0:Normal=32M");
	sbuddy_set_swap_pages(self->h.m, 5000);
	reclaim_fill(&self->h, 0, 3000, SBUDDY_LRU_FILE | SBUDDY_LRU_YOUNG);
	reclaim_fill(&self->h, 3000, 3000, 0);
	direct_reclaim(&self->h, SBUDDY_GFP_KERNEL, 0);
	direct_reclaim(&self->h, SBUDDY_GFP_KERNEL, 0);
	ASSERT_LT(0, nr_evicted(&self->h));
	ASSERT_EQ(0, sbuddy_machine_fork(self->h.m, &m));
	copy = sbuddy_owner_fork(self->h.o, m, 3);
	ASSERT_TRUE(copy);
	EXPECT_EQ(sbuddy_machine_hash(self->h.m), sbuddy_machine_hash(m));
	for (u32 i = 0; i < 6000; i += 7) {
		struct sbuddy_op a = { .opcode = SBUDDY_OP_TOUCH, .slot = i, .cpu = -1, .nid = -1 };
		struct sbuddy_op b = a;

		EXPECT_EQ(sbuddy_run_op(self->h.o, &a, 0), sbuddy_run_op(copy, &b, 0));
		EXPECT_EQ(a.pfn, b.pfn);
		if (!(i % 100)) {
			u64 s;

			EXPECT_EQ(direct_reclaim(&self->h, SBUDDY_GFP_KERNEL, 0),
				  sbuddy_reclaim_for(m, &self->h.task, SBUDDY_GFP_KERNEL, 0, -1,
						     &s));
		}
	}
	EXPECT_EQ(sbuddy_machine_hash(self->h.m), sbuddy_machine_hash(m));
	EXPECT_SANE();
	sbuddy_owner_destroy(copy, &self->h.task);
	sbuddy_machine_destroy(m);
}

TEST_HARNESS_MAIN
