// SPDX-License-Identifier: GPL-2.0
/*
 * The twin without a kernel: another machine plays the kernel, and what it does
 * is told to the twin event by event.  Then the tale is made wrong in the ways
 * in which a kernel's is.
 */
#include <kselftest_harness.h>

#include "../../scripts/replay/twin_queue.h"
#include "../../scripts/replay/twin_state.h"
#include "host_machine.h"

#define MAX_HELD	512

FIXTURE(twin)
{
	struct host h;			/* plays the kernel */
	struct twin t;
	struct twin_queue q;
	struct { struct sbuddy_page *page; unsigned int order; } held[MAX_HELD];
	unsigned int seed;
	uint64_t now;
};

FIXTURE_SETUP(twin)
{
	memset(self, 0, sizeof(*self));
	self->seed = 1;
	ASSERT_EQ(0, host_boot(&self->h, "N0:DMA32=16M,Normal=16M", 2));
	ASSERT_EQ(0, twin_queue_init(&self->q, 2));
}

FIXTURE_TEARDOWN(twin)
{
	twin_destroy(&self->t);
	twin_queue_free(&self->q);
	host_exit(&self->h);
	EXPECT_EQ(0, os_allocated);
}

struct text {
	char buf[1 << 18];
	size_t len;
};

static void append(void *arg, const char *text, size_t len)
{
	struct text *t = arg;

	if (t->len + len <= sizeof(t->buf))
		memcpy(t->buf + t->len, text, len);
	t->len += len;
}

/* Everything that happened so far is in the clone. */
static int clone(struct _test_data_twin *self)
{
	static struct text text;
	char why[256];
	int err;

	text.len = 0;
	sbuddy_snapshot_export(self->h.m, append, &text);
	err = twin_clone(&self->t, text.buf, text.len, why, sizeof(why));
	for (int i = 0; !err && i < self->t.m->nr_zones; i++)
		twin_cut(&self->t, self->t.m->zones[i]->zone_start_pfn, self->now);
	return err;
}

static struct sbr_event event(struct _test_data_twin *self, unsigned int kind,
			      const struct sbuddy_page *page, unsigned int order)
{
	return (struct sbr_event){
		.time_ns = ++self->now * 1000, .kind = kind, .order = order, .type = SBR_NO_TYPE,
		.pfn = sbuddy_page_to_pfn(self->h.m, page), .gfp = SBUDDY_GFP_KERNEL,
	};
}

/* The kernel allocates or frees the block of a random place; what it would tell. */
static bool kernel_step(struct _test_data_twin *self, struct sbr_event *e)
{
	unsigned int at = rand_r(&self->seed) % MAX_HELD, cpu = rand_r(&self->seed) % 2;
	struct sbuddy_task task = { .cpu = cpu };
	u32 gfp = at % 3 ? SBUDDY_GFP_HIGHUSER_MOVABLE : SBUDDY_GFP_KERNEL;
	struct sbuddy_page *page = self->held[at].page;
	unsigned int order = self->held[at].order;

	if (!page) {
		order = rand_r(&self->seed) % 8 ? 0 : rand_r(&self->seed) % 5;
		page = sbuddy_alloc_pages(self->h.m, &task, gfp, order, -1);
		if (!page)
			return false;
		*e = event(self, SBR_ALLOC, page, order);
		self->held[at].page = page;
		self->held[at].order = order;
	} else {
		*e = event(self, SBR_FREE, page, order);
		if (sbuddy_free_pages(self->h.m, &task, page, order))
			return false;
		self->held[at].page = NULL;
	}
	e->gfp = gfp;
	e->cpu = cpu;
	return true;
}

static void tell(struct _test_data_twin *self, const struct sbr_event *e)
{
	if (e->kind == SBR_ALLOC)
		twin_alloc(&self->t, e);
	else
		twin_free(&self->t, e, false);
}

static void follow(struct _test_data_twin *self, unsigned int steps)
{
	struct sbr_event e;

	while (steps--)
		if (kernel_step(self, &e))
			tell(self, &e);
}

#define EXPECT_SANE() do {						\
	char _why[256] = "";						\
	EXPECT_EQ(0, sbuddy_check(self->t.m, _why, sizeof(_why))) {	\
		TH_LOG("%s", _why);					\
	}								\
} while (0)

TEST_F(twin, every_page_is_predicted)
{
	struct sbr_event e;

	for (int i = 0; i < 3000; i++)
		kernel_step(self, &e);
	ASSERT_EQ(0, clone(self));
	follow(self, 20000);
	EXPECT_LT(9000, self->t.stats.allocs);
	EXPECT_EQ(self->t.stats.allocs, self->t.stats.hits);
	EXPECT_LT(0, self->t.stats.adopted);
	EXPECT_EQ(0, self->t.stats.unseen_allocs);
	EXPECT_FALSE(twin_went_astray(&self->t));
	EXPECT_SANE();
}

TEST_F(twin, decay_and_drains)
{
	struct sbuddy_task task = { 0 };

	ASSERT_EQ(0, clone(self));
	for (int i = 0; i < 200; i++) {
		follow(self, 50);
		task.cpu = i % 2;
		self->now++;
		if (i % 10) {
			sbuddy_refresh_cpu_vm_stats(self->h.m, &task, task.cpu);
			twin_step(&self->t, TWIN_DECAY, task.cpu, self->now * 1000);
		} else {
			sbuddy_drain_all_pages(self->h.m, &task);
			twin_step(&self->t, TWIN_DRAIN_ALL, task.cpu, self->now * 1000);
		}
	}
	EXPECT_EQ(self->t.stats.allocs, self->t.stats.hits);
	EXPECT_SANE();
}

TEST_F(twin, events_before_the_clone_do_not_count)
{
	struct sbr_event e[20];
	unsigned int allocs = 0;

	for (int i = 0; i < 20; i++) {
		ASSERT_TRUE(kernel_step(self, &e[i]));
		allocs += e[i].kind == SBR_ALLOC;
	}
	self->now *= 1000;
	ASSERT_EQ(0, clone(self));
	self->now /= 1000;
	for (int i = 0; i < 20; i++)
		tell(self, &e[i]);
	EXPECT_EQ(0, self->t.stats.allocs);
	EXPECT_EQ(0, self->t.stats.frees);
	EXPECT_EQ(allocs, self->t.stats.not_predicted);
	EXPECT_SANE();
}

/* Some events in a hundred are never told. */
TEST_F(twin, untold_events_are_mended)
{
	struct sbr_event e;
	uint64_t sum = 0;

	ASSERT_EQ(0, clone(self));
	for (int i = 0; i < 20000; i++) {
		if (!kernel_step(self, &e) || i % 100 == 99)
			continue;
		tell(self, &e);
		if (i % 1000 == 0)
			EXPECT_SANE();
	}
	EXPECT_SANE();
	for (int i = 0; i < TWIN_NR_MISSES; i++)
		sum += self->t.stats.misses[i];
	EXPECT_EQ(self->t.stats.allocs, self->t.stats.hits + sum);
	EXPECT_LT(0, sum);
	EXPECT_LT(0, self->t.stats.unseen_allocs);
	EXPECT_LT(0, self->t.stats.misses[TWIN_UNSEEN_FREE]);
	/* A clone sets everything right. */
	ASSERT_EQ(0, clone(self));
	self->t.stats = (struct twin_stats){ 0 };
	follow(self, 1000);
	EXPECT_EQ(self->t.stats.allocs, self->t.stats.hits);
}

static struct sbr_event kernel_alloc(struct _test_data_twin *self)
{
	struct sbuddy_task task = { 0 };

	return event(self, SBR_ALLOC,
		     sbuddy_alloc_pages(self->h.m, &task, SBUDDY_GFP_KERNEL, 0, -1), 0);
}

TEST_F(twin, two_told_in_the_other_order)
{
	struct sbr_event a, b;

	ASSERT_EQ(0, clone(self));
	a = kernel_alloc(self);
	b = kernel_alloc(self);
	twin_alloc(&self->t, &b);
	twin_alloc(&self->t, &a);
	EXPECT_EQ(1, self->t.stats.misses[TWIN_ORDER]);
	EXPECT_EQ(1, self->t.stats.hits);
	a = kernel_alloc(self);
	twin_alloc(&self->t, &a);
	EXPECT_EQ(2, self->t.stats.hits);
	EXPECT_SANE();
}

TEST_F(twin, reasons)
{
	struct sbr_event e;

	ASSERT_EQ(0, clone(self));
	kernel_alloc(self);
	twin_step(&self->t, TWIN_RECLAIMING, 0, self->now * 1000);
	e = kernel_alloc(self);
	twin_alloc(&self->t, &e);
	EXPECT_EQ(1, self->t.stats.misses[TWIN_RECLAIM]);
	ASSERT_EQ(0, clone(self));
	kernel_alloc(self);
	twin_step(&self->t, TWIN_COMPACTING, 0, self->now * 1000);
	e = kernel_alloc(self);
	twin_alloc(&self->t, &e);
	EXPECT_EQ(1, self->t.stats.misses[TWIN_COMPACTION]);
	ASSERT_EQ(0, clone(self));
	kernel_alloc(self);
	twin_lost(&self->t);
	EXPECT_TRUE(twin_went_astray(&self->t));
	e = kernel_alloc(self);
	twin_alloc(&self->t, &e);
	EXPECT_EQ(1, self->t.stats.misses[TWIN_LOST]);
	ASSERT_EQ(0, clone(self));
	EXPECT_FALSE(twin_went_astray(&self->t));
	kernel_alloc(self);
	e = kernel_alloc(self);
	twin_alloc(&self->t, &e);
	EXPECT_EQ(1, self->t.stats.misses[TWIN_OTHER]);
	EXPECT_EQ(4, self->t.stats.allocs);
}

TEST_F(twin, pages_in_bulk)
{
	struct sbuddy_page *pages[40] = { NULL };
	struct sbuddy_task task = { 0 };
	struct sbr_event e[40];
	unsigned int nr;

	ASSERT_EQ(0, clone(self));
	nr = sbuddy_alloc_pages_bulk(self->h.m, &task, SBUDDY_GFP_KERNEL, 0, 40, pages);
	ASSERT_LT(1, nr);
	for (unsigned int i = 0; i < nr; i++)
		e[i] = event(self, SBR_BULK, pages[i], 0);
	twin_bulk(&self->t, e, nr);
	EXPECT_EQ(nr, self->t.stats.hits);
	/* Told already. */
	twin_bulk(&self->t, e, nr);
	EXPECT_EQ(nr, self->t.stats.allocs);
	EXPECT_SANE();
}

TEST_F(twin, frames_that_it_has_not_got)
{
	struct sbr_event e = { .kind = SBR_FREE, .pfn = 77, .time_ns = 1 };

	twin_free(&self->t, &e, false);
	ASSERT_EQ(0, clone(self));
	e.time_ns = ++self->now * 1000;
	twin_free(&self->t, &e, false);
	e.kind = SBR_ALLOC;
	twin_alloc(&self->t, &e);
	EXPECT_EQ(2, self->t.stats.outside);
	EXPECT_EQ(1, self->t.stats.not_predicted);
}

/* ---- the queue ---- */

static void add(struct _test_data_twin *self, unsigned int cpu, uint64_t time, unsigned int kind,
		uint64_t pfn, unsigned int order)
{
	struct sbr_event e = { .time_ns = time, .cpu = cpu, .kind = kind, .pfn = pfn,
			       .order = order };

	twin_queue_add(&self->q, &e);
}

static const struct sbr_event *next(struct _test_data_twin *self, uint64_t horizon)
{
	const struct sbr_event *e;
	unsigned int nr;

	while ((e = twin_queue_next(&self->q, horizon, &nr)) && e->kind == EXTRA_NONE)
		;
	return e;
}

TEST_F(twin, queue_is_in_order_of_time)
{
	add(self, 0, 10, SBR_ALLOC, 1, 0);
	add(self, 0, 30, SBR_ALLOC, 3, 0);
	add(self, 1, 20, SBR_ALLOC, 2, 0);
	EXPECT_EQ(1, next(self, 25)->pfn);
	EXPECT_EQ(2, next(self, 25)->pfn);
	EXPECT_EQ(NULL, next(self, 25));
	twin_queue_shrink(&self->q);
	add(self, 1, 28, SBR_ALLOC, 4, 0);
	EXPECT_EQ(4, next(self, 99)->pfn);
	EXPECT_EQ(3, next(self, 99)->pfn);
	EXPECT_EQ(NULL, next(self, 99));
}

TEST_F(twin, queue_moves_batches_to_where_they_happen)
{
	const struct sbr_event *e;

	add(self, 0, 1, SBR_FREE, 8, 3);
	add(self, 0, 2, SBR_FREE, 5, 0);
	add(self, 0, 3, SBR_ALLOC, 7, 0);
	add(self, 0, 4, SBR_BATCHED, 8, 0);
	add(self, 0, 5, SBR_BATCHED, 99, 0);
	EXPECT_EQ(5, next(self, 99)->pfn);
	EXPECT_EQ(7, next(self, 99)->pfn);
	e = next(self, 99);
	ASSERT_NE(NULL, e);
	EXPECT_EQ(SBR_BATCHED, e->kind);
	EXPECT_EQ(8, e->pfn);
	EXPECT_EQ(3, e->order);
	EXPECT_EQ(NULL, next(self, 99));
}

TEST_F(twin, queue_keeps_a_bulk_together)
{
	unsigned int nr;

	add(self, 0, 1, SBR_BULK, 1, 0);
	add(self, 0, 1, SBR_BULK, 2, 0);
	add(self, 0, 2, SBR_BULK, 3, 0);
	EXPECT_EQ(1, twin_queue_next(&self->q, 9, &nr)->pfn);
	EXPECT_EQ(2, nr);
	EXPECT_EQ(3, twin_queue_next(&self->q, 9, &nr)->pfn);
	EXPECT_EQ(1, nr);
}

TEST_HARNESS_MAIN
