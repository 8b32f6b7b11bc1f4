// SPDX-License-Identifier: GPL-2.0
/*
 * kswapd: who wakes it and who does not, what it aims at, boosts, the nap, the
 * counters, and what it leaves to kcompactd.
 */
#include "reclaim_test.h"

HOST_FIXTURE(kswapd)

/* A machine whose only zone is full of clean pages of files, down to the LOW mark. */
#define FULL(layout) do {						\
	RECLAIM_BOOT(layout);						\
	reclaim_fill(&self->h, 0, 1 << 20, SBUDDY_LRU_FILE);		\
	ASSERT_GE(WMARK(LOW) + 1, FREE_PAGES());			\
	ASSERT_EQ(SBUDDY_KSWAPD_ASLEEP, KSWAPD->state);			\
} while (0)

#define WAKE(order, idx) sbuddy_wakeup_kswapd(Z, SBUDDY_GFP_KERNEL, order, idx)
#define STEP()		 sbuddy_kswapd_step(self->h.m, &self->h.task, 0)
#define TICK(n)		 sbuddy_clock_advance(self->h.m, &self->h.task, n)

/* ---- R1 ---- */

TEST_F(kswapd, requests_merge)
{
	struct sbuddy_node *node;

	FULL("N0:Normal=32M");
	node = &self->h.m->nodes[0];
	WAKE(2, SBUDDY_ZONE_DMA32);
	EXPECT_FALSE(KSWAPD->woken);		/* no zone that low */
	EXPECT_EQ(2, node->kswapd_order);
	EXPECT_EQ(SBUDDY_ZONE_DMA32, node->kswapd_highest_zoneidx);
	WAKE(1, SBUDDY_ZONE_NORMAL);
	EXPECT_TRUE(KSWAPD->woken);
	EXPECT_EQ(2, node->kswapd_order);
	EXPECT_EQ(SBUDDY_ZONE_NORMAL, node->kswapd_highest_zoneidx);
	WAKE(5, SBUDDY_ZONE_DMA);
	EXPECT_EQ(5, node->kswapd_order);
	EXPECT_EQ(SBUDDY_ZONE_NORMAL, node->kswapd_highest_zoneidx);
}

TEST_F(kswapd, woken_if_asleep_and_needed)
{
	RECLAIM_BOOT("N0:Normal=32M");
	host_trace(&self->h);
	WAKE(0, SBUDDY_ZONE_NORMAL);		/* balanced */
	EXPECT_FALSE(KSWAPD->woken);
	Z->watermark_boost = 100;
	WAKE(0, SBUDDY_ZONE_NORMAL);		/* boosted */
	EXPECT_TRUE(KSWAPD->woken);
	EXPECT_EQ(1, host_count(SBUDDY_TRACE_MM_VMSCAN_WAKEUP_KSWAPD));
	WAKE(0, SBUDDY_ZONE_NORMAL);		/* not asleep any more */
	EXPECT_EQ(1, host_count(SBUDDY_TRACE_MM_VMSCAN_WAKEUP_KSWAPD));
	KSWAPD->woken = false;
	KSWAPD->failures = SBUDDY_MAX_RECLAIM_RETRIES;
	WAKE(0, SBUDDY_ZONE_NORMAL);		/* hopeless */
	EXPECT_FALSE(KSWAPD->woken);
}

/* Who cannot compact has kcompactd woken where kswapd has nothing to do. */
TEST_F(kswapd, kcompactd_instead)
{
	RECLAIM_BOOT("N0:Normal=32M");
	reclaim_fill(&self->h, 0, 20000, 0);
	eat(&self->h, 0);
	for (u32 i = 0; i < 7000; i += 2)
		reclaim_op(&self->h, SBUDDY_OP_FREE, i, 0);
	KSWAPD->failures = SBUDDY_MAX_RECLAIM_RETRIES;
	sbuddy_wakeup_kswapd(Z, SBUDDY_GFP_KERNEL, 4, SBUDDY_ZONE_NORMAL);
	EXPECT_FALSE(self->h.m->nodes[0].kcompactd.woken);
	sbuddy_wakeup_kswapd(Z, SBUDDY_GFP_NOWAIT, 4, SBUDDY_ZONE_NORMAL);
	EXPECT_TRUE(self->h.m->nodes[0].kcompactd.woken);
	EXPECT_EQ(4, self->h.m->nodes[0].kcompactd.max_order);
}

/* A machine that does not reclaim: asked, and nobody is there. */
TEST_F(kswapd, nobody_there)
{
	BOOT("N0:Normal=32M", 1);
	WAKE(3, SBUDDY_ZONE_NORMAL);
	EXPECT_EQ(3, self->h.m->nodes[0].kswapd_order);
	EXPECT_FALSE(KSWAPD->woken);
	EXPECT_FALSE(STEP().ran);
}

/* ---- R2 ---- */

TEST_F(kswapd, balances_and_lies_down)
{
	struct sbuddy_kswapd_report r;

	FULL("N0:Normal=64M");
	EXPECT_FALSE(STEP().ran);		/* asleep */
	host_trace(&self->h);
	WAKE(0, SBUDDY_ZONE_NORMAL);
	r = STEP();
	EXPECT_TRUE(r.ran);
	EXPECT_EQ(r.reclaimed, COUNT(PGSTEAL_KSWAPD));
	EXPECT_EQ(r.scanned, COUNT(PGSCAN_KSWAPD));
	EXPECT_EQ(1, COUNT(PAGEOUTRUN));
	EXPECT_LT(WMARK(HIGH), FREE_PAGES());
	EXPECT_EQ(SBUDDY_KSWAPD_NAP, KSWAPD->state);
	EXPECT_EQ(SBUDDY_HZ / 10, r.wait);
	EXPECT_EQ(0, self->h.m->nodes[0].kswapd_order);
	EXPECT_EQ(SBUDDY_MAX_NR_ZONES, self->h.m->nodes[0].kswapd_highest_zoneidx);
	EXPECT_EQ(0, COUNT(PGSTEAL_DIRECT));
	TICK(SBUDDY_HZ / 10);
	r = STEP();
	EXPECT_FALSE(r.ran);
	EXPECT_EQ(SBUDDY_KSWAPD_ASLEEP, KSWAPD->state);
	EXPECT_EQ(1, host_count(SBUDDY_TRACE_MM_VMSCAN_KSWAPD_WAKE));
	EXPECT_EQ(1, host_count(SBUDDY_TRACE_MM_VMSCAN_KSWAPD_SLEEP));
	EXPECT_FALSE(test_bit(SBUDDY_ZONE_RECLAIM_ACTIVE, &Z->flags));
	EXPECT_SANE();
}

TEST_F(kswapd, does_not_scan_what_is_balanced)
{
	RECLAIM_BOOT("N0:Normal=64M");
	reclaim_fill(&self->h, 0, 1000, SBUDDY_LRU_FILE);
	KSWAPD->woken = true;
	EXPECT_TRUE(STEP().ran);
	EXPECT_EQ(0, COUNT(PGSCAN_KSWAPD));
	EXPECT_EQ(0, KSWAPD->failures);
	EXPECT_EQ(1, COUNT(PAGEOUTRUN));
}

/* ---- R3 ---- */

TEST_F(kswapd, boost)
{
	unsigned long freed;

	RECLAIM_BOOT("N0:Normal=1G");
	sbuddy_set_swap_pages(self->h.m, 10000);
	reclaim_fill(&self->h, 0, 100000, SBUDDY_LRU_FILE);
	reclaim_fill(&self->h, 100000, 50000, 0);
	Z->watermark_boost = 200;
	KSWAPD->woken = true;
	freed = STEP().reclaimed;
	EXPECT_LE(200, freed);
	EXPECT_EQ(0, COUNT(PGSCAN_ANON));
	EXPECT_EQ(0, COUNT(PSWPOUT));
	EXPECT_EQ(0, Z->watermark_boost);
	EXPECT_EQ(freed, COUNT(PGSTEAL_FILE));
	EXPECT_EQ(0, KSWAPD->failures);
}

/* A boost for which nothing can be had ends the run, and goes all the same. */
TEST_F(kswapd, boost_in_vain)
{
	RECLAIM_BOOT("N0:Normal=64M");
	Z->watermark_boost = 200;
	KSWAPD->woken = true;
	EXPECT_EQ(0, STEP().reclaimed);
	EXPECT_EQ(0, Z->watermark_boost);
	EXPECT_EQ(1, KSWAPD->failures);
}

/* Only what there was when the run began. */
static void boost_more(enum sbuddy_trace_event ev, const struct sbuddy_machine *m,
		       const struct sbuddy_zone *zone, const struct sbuddy_page *page,
		       const long *arg)
{
	(void)zone;
	(void)page;
	(void)arg;
	if (ev == SBUDDY_TRACE_MM_VMSCAN_LRU_SHRINK_INACTIVE && m->zones[0]->watermark_boost == 50)
		m->zones[0]->watermark_boost += 30;
}

TEST_F(kswapd, later_boosts_stay)
{
	RECLAIM_BOOT("N0:Normal=1G");
	reclaim_fill(&self->h, 0, 100000, SBUDDY_LRU_FILE);
	Z->watermark_boost = 50;
	KSWAPD->woken = true;
	sbuddy_trace_listen(boost_more);
	STEP();
	sbuddy_trace_listen(NULL);
	EXPECT_EQ(30, Z->watermark_boost);
}

/* ---- R5 ---- */

TEST_F(kswapd, unbalanced_and_boosted)
{
	RECLAIM_BOOT("N0:Normal=64M");
	sbuddy_set_swap_pages(self->h.m, 100000);
	reclaim_fill(&self->h, 0, 20000, 0);
	Z->watermark_boost = 20;
	WAKE(0, SBUDDY_ZONE_NORMAL);
	EXPECT_LT(0, STEP().reclaimed);
	EXPECT_LT(0, COUNT(PSWPOUT));		/* not as for a boost */
	EXPECT_EQ(0, Z->watermark_boost);
	EXPECT_LT(WMARK(HIGH), FREE_PAGES());
}

/* ---- R6 ---- */

TEST_F(kswapd, high_order_drops_to_zero)
{
	RECLAIM_BOOT("N0:Normal=64M");
	reclaim_fill(&self->h, 0, 20000, SBUDDY_LRU_FILE);
	for (u32 i = 0; i < 20000 && sbuddy_slot_word(self->h.o, i); i += 4)
		reclaim_op(&self->h, SBUDDY_OP_LRU, i, SBUDDY_LRU_OFF);
	eat(&self->h, 0);
	for (u32 i = 1; FREE_PAGES() < WMARK(LOW) + 40; i += 4)
		reclaim_op(&self->h, SBUDDY_OP_FREE, i, 0);
	WAKE(4, SBUDDY_ZONE_NORMAL);
	EXPECT_LE(32, STEP().reclaimed);
	EXPECT_EQ(4, KSWAPD->alloc_order);
	EXPECT_EQ(0, KSWAPD->reclaim_order);
	EXPECT_EQ(SBUDDY_KSWAPD_NAP, KSWAPD->state);
	EXPECT_TRUE(self->h.m->nodes[0].kcompactd.woken);
	EXPECT_EQ(4, self->h.m->nodes[0].kcompactd.max_order);
	EXPECT_SANE();
}

/* ---- R7 ---- */

TEST_F(kswapd, woken_from_its_nap)
{
	FULL("N0:Normal=64M");
	WAKE(0, SBUDDY_ZONE_NORMAL);
	STEP();
	ASSERT_EQ(SBUDDY_KSWAPD_NAP, KSWAPD->state);
	eat(&self->h, WMARK(LOW) - 1);
	TICK(3);
	WAKE(0, SBUDDY_ZONE_NORMAL);
	EXPECT_TRUE(KSWAPD->woken);
	EXPECT_TRUE(STEP().ran);
	EXPECT_EQ(1, COUNT(KSWAPD_LOW_WMARK_HIT_QUICKLY));
	EXPECT_EQ(0, COUNT(KSWAPD_HIGH_WMARK_HIT_QUICKLY));
	EXPECT_EQ(2, COUNT(PAGEOUTRUN));
}

TEST_F(kswapd, unbalanced_after_its_nap)
{
	FULL("N0:Normal=64M");
	WAKE(0, SBUDDY_ZONE_NORMAL);
	STEP();
	eat(&self->h, WMARK(HIGH) - 100);	/* and nobody wakes it */
	TICK(SBUDDY_HZ / 10);
	EXPECT_TRUE(STEP().ran);
	EXPECT_EQ(0, COUNT(KSWAPD_LOW_WMARK_HIT_QUICKLY));
	EXPECT_EQ(1, COUNT(KSWAPD_HIGH_WMARK_HIT_QUICKLY));
}

/* ---- failures ---- */

TEST_F(kswapd, gives_up_after_sixteen_runs)
{
	RECLAIM_BOOT("N0:Normal=64M");
	eat(&self->h, WMARK(MIN));
	WAKE(0, SBUDDY_ZONE_NORMAL);
	for (int i = 1; i <= SBUDDY_MAX_RECLAIM_RETRIES; i++) {
		EXPECT_TRUE(STEP().ran);
		EXPECT_EQ(i, KSWAPD->failures);
		EXPECT_EQ(i < SBUDDY_MAX_RECLAIM_RETRIES ? SBUDDY_KSWAPD_AWAKE :
							   SBUDDY_KSWAPD_NAP, KSWAPD->state);
	}
	EXPECT_EQ(15, COUNT(KSWAPD_HIGH_WMARK_HIT_QUICKLY));
	TICK(100);
	STEP();
	EXPECT_EQ(SBUDDY_KSWAPD_ASLEEP, KSWAPD->state);
	WAKE(0, SBUDDY_ZONE_NORMAL);
	EXPECT_FALSE(KSWAPD->woken);
	/* progress of another revives it */
	self->h.m->knobs.direct_reclaim = false;
	EXPECT_EQ(0, reclaim_op(&self->h, SBUDDY_OP_ALLOC, 0,
				SBUDDY_GFP_HIGHUSER_MOVABLE | SBUDDY_GFP_MEMALLOC));
	EXPECT_EQ(0, reclaim_op(&self->h, SBUDDY_OP_LRU, 0, SBUDDY_LRU_FILE));
	self->h.m->knobs.direct_reclaim = true;
	EXPECT_EQ(1, direct_reclaim(&self->h, SBUDDY_GFP_KERNEL, 0));
	EXPECT_EQ(0, KSWAPD->failures);
	WAKE(0, SBUDDY_ZONE_NORMAL);
	EXPECT_TRUE(KSWAPD->woken);
}

/* ---- R11 ---- */

TEST_F(kswapd, skip_hints_are_cleared_for_the_nap)
{
	FULL("N0:Normal=64M");
	Z->compact.blockskip_flush = true;
	WAKE(0, SBUDDY_ZONE_NORMAL);
	EXPECT_TRUE(Z->compact.blockskip_flush);
	STEP();
	EXPECT_EQ(SBUDDY_KSWAPD_NAP, KSWAPD->state);
	EXPECT_FALSE(Z->compact.blockskip_flush);
	Z->compact.blockskip_flush = true;
	TICK(100);
	STEP();
	EXPECT_TRUE(Z->compact.blockskip_flush);	/* not for the sleep after it */
}

/* ---- thresholds ---- */

TEST_F(kswapd, counts_exactly_while_awake)
{
	int normal;

	FULL("N0:Normal=64M");
	Z->percpu_drift_mark = WMARK(HIGH) + 100;
	normal = sbuddy_stat_threshold(Z, false);
	WAKE(0, SBUDDY_ZONE_NORMAL);
	STEP();
	EXPECT_EQ(sbuddy_stat_threshold(Z, true), Z->zstat[0].stat_threshold);
	TICK(100);
	STEP();
	EXPECT_EQ(SBUDDY_KSWAPD_ASLEEP, KSWAPD->state);
	EXPECT_EQ(normal, Z->zstat[0].stat_threshold);
}

/* What the pcp lists keep is less while it works. */
static bool was_active;

static void look_at_flag(enum sbuddy_trace_event ev, const struct sbuddy_machine *m,
			 const struct sbuddy_zone *zone, const struct sbuddy_page *page,
			 const long *arg)
{
	(void)zone;
	(void)page;
	(void)arg;
	if (ev == SBUDDY_TRACE_MM_VMSCAN_LRU_ISOLATE)
		was_active = test_bit(SBUDDY_ZONE_RECLAIM_ACTIVE, &m->zones[0]->flags);
}

TEST_F(kswapd, reclaim_active)
{
	FULL("N0:Normal=64M");
	WAKE(0, SBUDDY_ZONE_NORMAL);
	sbuddy_trace_listen(look_at_flag);
	STEP();
	sbuddy_trace_listen(NULL);
	EXPECT_TRUE(was_active);
	EXPECT_FALSE(test_bit(SBUDDY_ZONE_RECLAIM_ACTIVE, &Z->flags));
}

/* A request below the LOW mark wakes it; the boost by a fallback does, too. */
TEST_F(kswapd, requests_wake_it)
{
	RECLAIM_BOOT("N0:Normal=64M");
	self->h.m->knobs.direct_reclaim = false;
	reclaim_fill(&self->h, 0, 20000, SBUDDY_LRU_FILE);
	self->h.m->knobs.direct_reclaim = true;
	EXPECT_FALSE(KSWAPD->woken);
	WAKE(0, SBUDDY_ZONE_NORMAL);
	EXPECT_TRUE(KSWAPD->woken);
	EXPECT_LT(0, STEP().reclaimed);
	TICK(100);
	STEP();
	eat(&self->h, WMARK(LOW) - 10);
	KSWAPD->woken = false;
	EXPECT_NE(NULL, request(&self->h, 0, SBUDDY_GFP_NOWAIT));
	EXPECT_TRUE(KSWAPD->woken);
}

TEST_HARNESS_MAIN
