// SPDX-License-Identifier: GPL-2.0
/*
 * The slow path of a machine that reclaims: which request does what before it
 * gives up, and what happens when there is nothing left.
 */
#include "reclaim_test.h"

HOST_FIXTURE(slowpath)

/* Full of clean pages of files, and the rest is gone for good. */
#define FULL_OF_FILES(layout) do {					\
	RECLAIM_BOOT(layout);						\
	reclaim_fill(&self->h, 0, 1 << 20, SBUDDY_LRU_FILE);		\
	eat(&self->h, WMARK(MIN) - 20);					\
} while (0)

/* Full of what cannot be reclaimed. */
#define EXHAUSTED(layout) do {						\
	RECLAIM_BOOT(layout);						\
	eat(&self->h, WMARK(MIN) - 20);					\
} while (0)

static int count(enum sbuddy_trace_event ev)
{
	return host_count(ev);
}

/* ---- progress ---- */

TEST_F(slowpath, reclaims_and_gets_a_page)
{
	u64 failed;

	FULL_OF_FILES("N0:Normal=64M");
	failed = sbuddy_machine_event(self->h.m, SBUDDY_ALLOC_FAIL);
	host_trace(&self->h);
	EXPECT_NE(NULL, request(&self->h, 0, SBUDDY_GFP_KERNEL));
	EXPECT_EQ(1, count(SBUDDY_TRACE_MM_VMSCAN_DIRECT_RECLAIM_BEGIN));
	EXPECT_EQ(1, COUNT(ALLOCSTALL_NORMAL));
	EXPECT_LE(32, COUNT(PGSTEAL_DIRECT));
	EXPECT_EQ(failed, sbuddy_machine_event(self->h.m, SBUDDY_ALLOC_FAIL));
	EXPECT_TRUE(KSWAPD->woken);
	EXPECT_EQ(0, self->h.task.flags);
	EXPECT_SANE();
}

/* All of memory can be taken from files, page by page, and then it is over. */
TEST_F(slowpath, takes_all_there_is)
{
	long pages = 0, files;

	FULL_OF_FILES("N0:Normal=16M");
	files = NR(INACTIVE_FILE);
	while (request(&self->h, 0, SBUDDY_GFP_KERNEL))
		pages++;
	EXPECT_LE(files - 40, pages);
	EXPECT_EQ(0, NR(INACTIVE_FILE));
	EXPECT_EQ(1, COUNT(OOM_DECLARED));
	EXPECT_SANE();
}

TEST_F(slowpath, order_three_by_reclaim_and_compaction)
{
	FULL_OF_FILES("N0:Normal=64M");
	for (u32 i = 0; sbuddy_slot_word(self->h.o, i); i += 3)
		reclaim_op(&self->h, SBUDDY_OP_TOUCH, i, 0);
	for (int i = 0; i < 20; i++)
		EXPECT_NE(NULL, request(&self->h, 3, SBUDDY_GFP_KERNEL));
	EXPECT_SANE();
}

/* ---- requests that give up ---- */

TEST_F(slowpath, who_frees_memory_does_not_reclaim)
{
	FULL_OF_FILES("N0:Normal=16M");
	self->h.task.flags = SBUDDY_PF_MEMALLOC;
	eat(&self->h, 0);
	EXPECT_EQ(NULL, request(&self->h, 0, SBUDDY_GFP_KERNEL | SBUDDY_GFP_NOMEMALLOC));
	EXPECT_EQ(0, COUNT(ALLOCSTALL_NORMAL));
}

TEST_F(slowpath, noretry_goes_round_once)
{
	EXHAUSTED("N0:Normal=16M");
	EXPECT_EQ(NULL, request(&self->h, 0, SBUDDY_GFP_KERNEL | SBUDDY_GFP_NORETRY));
	EXPECT_EQ(2, COUNT(ALLOCSTALL_NORMAL));	/* one reclaim, of two passes */
	EXPECT_EQ(0, COUNT(OOM_DECLARED));
}

/* O1 */
TEST_F(slowpath, who_declares_oom)
{
	EXHAUSTED("N0:Normal=16M");
	host_trace(&self->h);
	EXPECT_EQ(NULL, request(&self->h, 4, SBUDDY_GFP_KERNEL));
	EXPECT_EQ(0, COUNT(OOM_DECLARED));
	EXPECT_EQ(0, count(SBUDDY_TRACE_RECLAIM_RETRY_ZONE));
	EXPECT_EQ(NULL, request(&self->h, 3, SBUDDY_GFP_KERNEL | SBUDDY_GFP_RETRY_MAYFAIL));
	EXPECT_EQ(0, COUNT(OOM_DECLARED));
	EXPECT_LT(0, count(SBUDDY_TRACE_RECLAIM_RETRY_ZONE));
	EXPECT_EQ(NULL, request(&self->h, 0, SBUDDY_GFP_KERNEL | SBUDDY_GFP_THISNODE));
	EXPECT_EQ(0, COUNT(OOM_DECLARED));
	EXPECT_EQ(NULL, request(&self->h, 0, SBUDDY_GFP_KERNEL | SBUDDY_GFP_DMA32));
	EXPECT_EQ(0, COUNT(OOM_DECLARED));
	EXPECT_EQ(NULL, request(&self->h, 3, SBUDDY_GFP_KERNEL));
	EXPECT_EQ(1, COUNT(OOM_DECLARED));
	EXPECT_EQ(1, count(SBUDDY_TRACE_OOM_DECLARE));
	EXPECT_EQ(3, host_event(SBUDDY_TRACE_OOM_DECLARE, 0)->arg[1]);
	EXPECT_EQ(SBUDDY_OOM_FAIL, host_event(SBUDDY_TRACE_OOM_DECLARE, 0)->arg[5]);
	EXPECT_SANE();
}

/* ---- loops ---- */

/* Without FS nobody is killed: in Linux it would go round for ever. */
TEST_F(slowpath, livelock_is_bounded)
{
	EXHAUSTED("N0:Normal=16M");
	EXPECT_EQ(0, sbuddy_set_slowpath_loops(self->h.m, 30));
	host_trace(&self->h);
	EXPECT_EQ(NULL, request(&self->h, 0, SBUDDY_GFP_NOFS));
	EXPECT_EQ(1, COUNT(SLOWPATH_LIVELOCK));
	EXPECT_EQ(1, count(SBUDDY_TRACE_LIVELOCK));
	EXPECT_EQ(30, host_event(SBUDDY_TRACE_LIVELOCK, 0)->arg[2]);
	EXPECT_EQ(0, COUNT(OOM_DECLARED));
	EXPECT_EQ(-EINVAL, sbuddy_set_slowpath_loops(self->h.m, 19));
}

TEST_F(slowpath, nofail_digs_into_the_reserves)
{
	EXHAUSTED("N0:Normal=16M");
	sbuddy_set_slowpath_loops(self->h.m, 30);
	EXPECT_NE(NULL, request(&self->h, 0, SBUDDY_GFP_NOFS | SBUDDY_GFP_NOFAIL |
						     SBUDDY_GFP_NORETRY));
	EXPECT_EQ(0, COUNT(SLOWPATH_LIVELOCK));
	eat(&self->h, 0);
	EXPECT_EQ(NULL, request(&self->h, 0, SBUDDY_GFP_KERNEL | SBUDDY_GFP_NOFAIL |
						  SBUDDY_GFP_NORETRY));
	EXPECT_EQ(1, COUNT(SLOWPATH_LIVELOCK));
}

/* O3: a costly request counts rounds even if they free something. */
TEST_F(slowpath, no_progress_loops)
{
	const struct host_event *last;
	int n;

	FULL_OF_FILES("N0:Normal=64M");
	for (u32 i = 0; sbuddy_slot_word(self->h.o, i); i += 2)
		reclaim_op(&self->h, SBUDDY_OP_LRU, i, SBUDDY_LRU_OFF);
	eat(&self->h, 0);
	host_trace(&self->h);
	EXPECT_EQ(NULL, request(&self->h, 4, SBUDDY_GFP_KERNEL | SBUDDY_GFP_RETRY_MAYFAIL));
	n = count(SBUDDY_TRACE_RECLAIM_RETRY_ZONE);
	ASSERT_LT(0, n);
	last = host_event(SBUDDY_TRACE_RECLAIM_RETRY_ZONE, n - 1);
	EXPECT_EQ(n, last->arg[4]);
	EXPECT_LE(last->arg[4], SBUDDY_MAX_RECLAIM_RETRIES);
	EXPECT_SANE();
}

TEST_F(slowpath, compaction_priorities)
{
	int n;

	EXHAUSTED("N0:Normal=64M");
	host_trace(&self->h);
	sbuddy_set_slowpath_loops(self->h.m, 100);
	EXPECT_EQ(NULL, request(&self->h, 3, SBUDDY_GFP_KERNEL));
	n = count(SBUDDY_TRACE_COMPACT_RETRY);
	for (int i = 0; i < n; i++)
		EXPECT_LE(host_event(SBUDDY_TRACE_COMPACT_RETRY, i)->arg[1],
			  SBUDDY_COMPACT_PRIO_SYNC_LIGHT);
	EXPECT_LE(1, count(SBUDDY_TRACE_MM_COMPACTION_TRY_TO_COMPACT_PAGES));
	EXPECT_EQ(SBUDDY_COMPACT_PRIO_ASYNC,
		  host_event(SBUDDY_TRACE_MM_COMPACTION_TRY_TO_COMPACT_PAGES, 0)->arg[2]);
	EXPECT_EQ(SBUDDY_COMPACT_PRIO_SYNC_LIGHT,
		  host_event(SBUDDY_TRACE_MM_COMPACTION_TRY_TO_COMPACT_PAGES, 1)->arg[2]);
}

/* ---- HighAtomic: O6 ---- */

TEST_F(slowpath, highatomic_goes_before_oom)
{
	RECLAIM_BOOT("N0:Normal=256M");
	EXPECT_NE(NULL, request(&self->h, 3, SBUDDY_GFP_ATOMIC));
	eat(&self->h, WMARK(MIN) - 20);
	EXPECT_NE(NULL, request(&self->h, 3, SBUDDY_GFP_ATOMIC));
	ASSERT_LT(0, Z->nr_reserved_highatomic);
	EXPECT_EQ(NULL, request(&self->h, 0, SBUDDY_GFP_KERNEL));
	EXPECT_EQ(0, Z->nr_reserved_highatomic);
	EXPECT_EQ(1, COUNT(OOM_DECLARED));
}

/* ---- out of memory ---- */

/* O2: what was freed meanwhile is seen, above HIGH. */
static struct host *helped;

static void free_much(enum sbuddy_trace_event ev, const struct sbuddy_machine *m,
		      const struct sbuddy_zone *zone, const struct sbuddy_page *page,
		      const long *arg)
{
	(void)m;
	(void)zone;
	(void)page;
	(void)arg;
	if (ev != SBUDDY_TRACE_RECLAIM_RETRY_ZONE || !helped)
		return;
	for (u32 i = 0; i < 1000; i++)
		reclaim_op(helped, SBUDDY_OP_FREE, i, 0);
	helped = NULL;
}

TEST_F(slowpath, last_look)
{
	RECLAIM_BOOT("N0:Normal=64M");
	reclaim_fill(&self->h, 0, 1000, 0);
	eat(&self->h, 0);
	helped = &self->h;
	sbuddy_trace_listen(free_much);
	EXPECT_NE(NULL, request(&self->h, 0, SBUDDY_GFP_KERNEL));
	sbuddy_trace_listen(NULL);
	EXPECT_EQ(0, COUNT(OOM_DECLARED));
}

/* O4 */
TEST_F(slowpath, one_declares_at_a_time)
{
	EXHAUSTED("N0:Normal=16M");
	sbuddy_set_slowpath_loops(self->h.m, 25);
	self->h.m->lru->reclaim.oom_busy = 1;
	EXPECT_EQ(NULL, request(&self->h, 0, SBUDDY_GFP_KERNEL));
	EXPECT_EQ(0, COUNT(OOM_DECLARED));
	EXPECT_EQ(1, COUNT(SLOWPATH_LIVELOCK));
	EXPECT_LT(0, sbuddy_clock(self->h.m));
	self->h.m->lru->reclaim.oom_busy = 0;
}

/* O5 */
TEST_F(slowpath, largest_owner_loses_all)
{
	struct sbuddy_owner *small, *own;
	char why[200];

	RECLAIM_BOOT("N0:Normal=64M");
	small = sbuddy_owner_create(self->h.m, 4);
	ASSERT_TRUE(small);
	own = self->h.o;
	EXPECT_EQ(0, sbuddy_set_oom_policy(self->h.m, SBUDDY_OOM_KILL));
	self->h.o = small;
	EXPECT_EQ(100, reclaim_fill(&self->h, 0, 100, 0));
	self->h.o = own;
	EXPECT_EQ(5000, reclaim_fill(&self->h, 0, 5000, 0));
	EXPECT_EQ(0, reclaim_op(&self->h, SBUDDY_OP_GET, 7, 0));	/* pinned */
	eat(&self->h, WMARK(MIN) - 20);
	host_trace(&self->h);
	EXPECT_NE(NULL, request(&self->h, 0, SBUDDY_GFP_KERNEL));
	EXPECT_EQ(1, COUNT(OOM_KILLS));
	EXPECT_TRUE(sbuddy_owner_killed(own));
	EXPECT_FALSE(sbuddy_owner_killed(small));
	EXPECT_EQ(3, host_event(SBUDDY_TRACE_MARK_VICTIM, 0)->arg[0]);
	EXPECT_EQ(5000, host_event(SBUDDY_TRACE_MARK_VICTIM, 0)->arg[1]);
	EXPECT_EQ(1, sbuddy_owner_pages(own));
	EXPECT_EQ(100, sbuddy_owner_pages(small));
	EXPECT_EQ(-EOWNERDEAD, reclaim_op(&self->h, SBUDDY_OP_TOUCH, 3, 0));
	EXPECT_EQ(-EOWNERDEAD, reclaim_op(&self->h, SBUDDY_OP_ALLOC, 9000, GFP_FILL));
	EXPECT_SANE();
	EXPECT_EQ(0, sbuddy_owner_check(small, why, sizeof(why)));
	sbuddy_owner_reap(own, &self->h.task);
	EXPECT_EQ(0, sbuddy_owner_pages(own));
	EXPECT_EQ(0, sbuddy_owner_slots(own));
	sbuddy_owner_destroy(small, &self->h.task);
	EXPECT_SANE();
}

TEST_F(slowpath, nobody_to_kill)
{
	EXHAUSTED("N0:Normal=16M");
	sbuddy_set_oom_policy(self->h.m, SBUDDY_OOM_KILL);
	host_trace(&self->h);
	EXPECT_EQ(NULL, request(&self->h, 0, SBUDDY_GFP_KERNEL));
	EXPECT_EQ(1, count(SBUDDY_TRACE_OOM_DEADLOCK));
	EXPECT_EQ(0, COUNT(OOM_KILLS));
}

/* The one who asks is the largest. */
TEST_F(slowpath, kills_itself)
{
	RECLAIM_BOOT("N0:Normal=16M");
	sbuddy_set_oom_policy(self->h.m, SBUDDY_OOM_KILL);
	ASSERT_LT(1000, reclaim_fill(&self->h, 0, 20000, 0));
	EXPECT_EQ(0, reclaim_op(&self->h, SBUDDY_OP_ALLOC, 30000, SBUDDY_GFP_KERNEL));
	EXPECT_EQ(-EOWNERDEAD, reclaim_op(&self->h, SBUDDY_OP_ALLOC, 30001, SBUDDY_GFP_KERNEL));
	EXPECT_SANE();
}

TEST_F(slowpath, swapped_pages_count_and_go)
{
	RECLAIM_BOOT("N0:Normal=16M");
	sbuddy_set_swap_pages(self->h.m, 500);
	sbuddy_set_oom_policy(self->h.m, SBUDDY_OOM_KILL);
	ASSERT_LT(1000, reclaim_fill(&self->h, 0, 20000, 0));
	while (!COUNT(OOM_KILLS))
		ASSERT_NE(NULL, request(&self->h, 0, SBUDDY_GFP_KERNEL));
	EXPECT_EQ(500, COUNT(PSWPOUT));
	EXPECT_EQ(500, sbuddy_nr_free_swap(self->h.m));
	EXPECT_EQ(0, self->h.o->swapped_pages);
	EXPECT_SANE();
}

TEST_F(slowpath, notify_waits_a_second)
{
	EXHAUSTED("N0:Normal=16M");
	sbuddy_set_oom_policy(self->h.m, SBUDDY_OOM_NOTIFY);
	EXPECT_EQ(NULL, request(&self->h, 0, SBUDDY_GFP_KERNEL));
	EXPECT_LE(SBUDDY_HZ, sbuddy_clock(self->h.m));
	EXPECT_EQ(2, COUNT(OOM_DECLARED));
}

/* ---- task state ---- */

TEST_F(slowpath, scopes)
{
	RECLAIM_BOOT("N0:Normal=16M");
	sbuddy_set_swap_pages(self->h.m, 5000);
	sbuddy_set_slowpath_loops(self->h.m, 20);
	reclaim_fill(&self->h, 0, 20000, 0);
	EXPECT_EQ(-EINVAL, reclaim_op(&self->h, SBUDDY_OP_SCOPE, 0, SBUDDY_SCOPE_ALL + 1));
	EXPECT_EQ(0, reclaim_op(&self->h, SBUDDY_OP_SCOPE, 0, SBUDDY_SCOPE_NOIO));
	EXPECT_EQ(-ENOMEM, reclaim_op(&self->h, SBUDDY_OP_ALLOC, 30000, SBUDDY_GFP_KERNEL));
	EXPECT_EQ(0, COUNT(PSWPOUT));
	EXPECT_EQ(0, reclaim_op(&self->h, SBUDDY_OP_SCOPE, 0, SBUDDY_SCOPE_NOFS));
	EXPECT_EQ(0, reclaim_op(&self->h, SBUDDY_OP_ALLOC, 30000, SBUDDY_GFP_KERNEL));
	EXPECT_LT(0, COUNT(PSWPOUT));
	EXPECT_EQ(0, reclaim_op(&self->h, SBUDDY_OP_SCOPE, 0, 0));
	EXPECT_SANE();
}

/* A machine that does not reclaim fails as ever. */
TEST_F(slowpath, reclaim_off)
{
	FULL_OF_FILES("N0:Normal=16M");
	self->h.m->knobs.direct_reclaim = false;
	host_trace(&self->h);
	EXPECT_EQ(NULL, request(&self->h, 0, SBUDDY_GFP_KERNEL));
	EXPECT_EQ(1, count(SBUDDY_TRACE_WOULD_BLOCK));
	EXPECT_EQ(0, COUNT(PGSCAN_DIRECT));
}

TEST_HARNESS_MAIN
