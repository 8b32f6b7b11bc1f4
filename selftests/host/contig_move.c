// SPDX-License-Identifier: GPL-2.0
/*
 * Contiguous ranges over pages in use: what can move does, with its contents;
 * what cannot is named.  The movable zone's promise: among movable pages every
 * range can be had.
 */
#include "host_test.h"

#include "compaction.h"

#define SLOTS	3500U
#define FRAMES	16384

static u64 content[FRAMES];
static unsigned long base;

static int copy_content(unsigned long to, unsigned long from, unsigned long nr)
{
	memcpy(&content[to - base], &content[from - base], nr * sizeof(content[0]));
	return 0;
}

HOST_FIXTURE(contig_move)

#define OWN(layout) do {						\
	BOOT(layout, 2);						\
	os_copy_hook = copy_content;					\
	base = self->h.m->base_pfn;					\
	self->h.m->backed = true;					\
	self->h.o = sbuddy_owner_create(self->h.m, 3);			\
	ASSERT_TRUE(self->h.o);						\
	sbuddy_set_lru_batch(self->h.m, 0);				\
} while (0)

static int op(struct host *h, struct sbuddy_op o)
{
	o.nid = -1;
	return sbuddy_run_op(h->o, &o, 0);
}

static u64 word_of(u32 slot)
{
	return 0x5107000000000000ULL | slot;
}

#define PFN(slot)	sbuddy_pfn(self->h.m, sbuddy_owner_slot(self->h.o, slot))
#define OFF(slot)	((long)(PFN(slot) - self->h.m->base_pfn))

/* Pages with contents in @slots slots; with @lru those of such attributes, else plain ones. */
static void put(struct host *h, u32 first, u32 slots, unsigned int order, u32 gfp, u32 lru)
{
	for (u32 s = first; s < first + slots; s++) {
		struct sbuddy_op get = { .opcode = SBUDDY_OP_ALLOC, .slot = s, .order = order,
					 .gfp = gfp | SBUDDY_GFP_COMP };
		struct sbuddy_op mark = { .opcode = SBUDDY_OP_LRU, .slot = s, .gfp = lru };

		if (op(h, get))
			return;
		content[host_off(h, sbuddy_owner_slot(h->o, s))] = word_of(s);
		if (lru != SBUDDY_LRU_OFF)
			op(h, mark);
	}
}

static void drop(struct host *h, u32 slot)
{
	op(h, (struct sbuddy_op){ .opcode = SBUDDY_OP_FREE, .slot = slot });
}

static int wrong_contents(struct host *h, u32 slots)
{
	int wrong = 0;

	for (u32 s = 0; s < slots; s++) {
		const struct sbuddy_page *page = sbuddy_owner_slot(h->o, s);

		wrong += page && content[host_off(h, page)] != word_of(s);
	}
	return wrong;
}

static struct sbuddy_range range(struct host *h)
{
	return (struct sbuddy_range){
		.m = h->m, .task = &h->task, .migratetype = MOV, .holder = 9,
	};
}

#define TAKE(r, off, len) __extension__ ({				\
	unsigned long _s = self->h.m->base_pfn + (off);			\
	int _err = sbuddy_alloc_contig_range(&(r), _s, _s + (len), SBUDDY_GFP_KERNEL); \
	EXPECT_SANE();							\
	_err;								\
})

#define GIVE(off, len)							\
	EXPECT_EQ(0, sbuddy_free_contig_range(self->h.m, &self->h.task,	\
					      self->h.m->base_pfn + (off), len))

#define WHY(r)		((long)((r).pfn - self->h.m->base_pfn))
#define COUNT(item)	((long)sbuddy_vm_event(self->h.m, SBUDDY_ ## item))

/* Every page of the range is moved, none of those around it. */
TEST_F(contig_move, moves_the_range)
{
	struct sbuddy_range r;
	long before[1024];

	OWN("N0:Movable=16M");
	put(&self->h, 0, 1024, 0, SBUDDY_GFP_HIGHUSER_MOVABLE, 0);
	for (u32 s = 0; s < 1024; s++)
		before[s] = OFF(s);
	r = range(&self->h);
	host_trace(&self->h);
	ASSERT_EQ(0, TAKE(r, 100, 700));
	host_untrace();
	EXPECT_EQ(700, COUNT(PGMIGRATE_SUCCESS));
	EXPECT_EQ(0, COUNT(PGMIGRATE_FAIL));
	EXPECT_EQ(700, host_event(SBUDDY_TRACE_MIGRATE_RANGE, 0)->arg[2]);
	EXPECT_EQ(700, host_event(SBUDDY_TRACE_MIGRATE_RANGE, 0)->arg[4]);
	for (u32 s = 0; s < 1024; s++)
		EXPECT_EQ(before[s] < 100 || before[s] >= 800, OFF(s) == before[s]);
	EXPECT_EQ(0, wrong_contents(&self->h, 1024));
	GIVE(100, 700);
}

/* A large page goes as one. */
TEST_F(contig_move, large_pages)
{
	struct sbuddy_range r;

	OWN("N0:Movable=16M");
	put(&self->h, 0, 2, 9, SBUDDY_GFP_HIGHUSER_MOVABLE, 0);
	r = range(&self->h);
	ASSERT_EQ(0, TAKE(r, 0, 1024));
	EXPECT_EQ(2, COUNT(THP_MIGRATION_SUCCESS));
	EXPECT_EQ(0, wrong_contents(&self->h, 2));
	GIVE(0, 1024);
}

/* A pin: a file's page is taken once and tried five times, ten passes each. */
TEST_F(contig_move, pinned)
{
	struct sbuddy_range r;

	OWN("N0:Movable=16M");
	put(&self->h, 0, 8, 0, SBUDDY_GFP_HIGHUSER_MOVABLE, SBUDDY_LRU_FILE);
	ASSERT_EQ(0, op(&self->h, (struct sbuddy_op){ .opcode = SBUDDY_OP_GET, .slot = 5 }));
	r = range(&self->h);
	EXPECT_EQ(-EBUSY, TAKE(r, 0, 512));
	EXPECT_EQ(SBUDDY_RANGE_IN_USE, r.reason);
	EXPECT_EQ(OFF(5), WHY(r));
	EXPECT_EQ(7, COUNT(PGMIGRATE_SUCCESS));
	EXPECT_EQ(5, COUNT(PGMIGRATE_FAIL));
	drop(&self->h, 5);
	EXPECT_EQ(0, TAKE(r, 0, 512));
	EXPECT_EQ(0, wrong_contents(&self->h, 8));
	GIVE(0, 512);
}

/* An anonymous page with a pin is not even isolated. */
TEST_F(contig_move, pinned_anon)
{
	struct sbuddy_range r;

	OWN("N0:Movable=16M");
	put(&self->h, 0, 8, 0, SBUDDY_GFP_HIGHUSER_MOVABLE, 0);
	ASSERT_EQ(0, op(&self->h, (struct sbuddy_op){ .opcode = SBUDDY_OP_GET, .slot = 2 }));
	r = range(&self->h);
	EXPECT_EQ(-EBUSY, TAKE(r, 0, 512));
	EXPECT_EQ(OFF(2), WHY(r));
	EXPECT_EQ(0, COUNT(PGMIGRATE_FAIL));
	drop(&self->h, 2);
}

/* Nowhere to go: ENOMEM at once, and everything as it was. */
TEST_F(contig_move, no_target)
{
	struct sbuddy_range r;
	u32 got;

	OWN("N0:Movable=8M");
	host_no_watermarks(&self->h);
	put(&self->h, 0, SLOTS, 0, SBUDDY_GFP_HIGHUSER_MOVABLE, 0);
	got = sbuddy_owner_slots(self->h.o);
	EXPECT_LT(2000, got);
	r = range(&self->h);
	EXPECT_EQ(-ENOMEM, TAKE(r, 512, 512));
	EXPECT_EQ(SBUDDY_RANGE_NO_TARGET, r.reason);
	EXPECT_EQ(got, sbuddy_owner_slots(self->h.o));
	EXPECT_EQ(0, wrong_contents(&self->h, SLOTS));
	EXPECT_EQ(0, ZONE(MOVABLE)->nr_isolate_pageblock);
}

/* One that waits for its LRU list is in the way in Normal, and not in Movable. */
TEST_F(contig_move, waits_for_its_list)
{
	struct sbuddy_range r;

	OWN("N0:Normal=8M,Movable=8M");
	sbuddy_set_lru_batch(self->h.m, 31);
	put(&self->h, 0, 4, 0, SBUDDY_GFP_HIGHUSER_MOVABLE, 0);
	put(&self->h, 4, 4, 0, SBUDDY_GFP_USER | SBUDDY_GFP_MOVABLE, 0);
	ASSERT_LE(2048, OFF(0));
	ASSERT_GT(2048, OFF(4));
	r = range(&self->h);
	EXPECT_EQ(-EBUSY, TAKE(r, 0, 512));
	EXPECT_EQ(SBUDDY_RANGE_UNMOVABLE, r.reason);
	EXPECT_EQ(0, TAKE(r, 2048, 512));
	EXPECT_EQ(4, COUNT(PGMIGRATE_SUCCESS));
	EXPECT_EQ(0, TAKE(r, 0, 512));
	GIVE(0, 512);
	GIVE(2048, 512);
	EXPECT_EQ(0, wrong_contents(&self->h, 8));
}

/* What another compaction holds isolated cannot be had, and is not waited for without end. */
TEST_F(contig_move, isolated_elsewhere)
{
	struct sbuddy_compact_args args;
	struct sbuddy_compact_report rep = { 0 };
	struct sbuddy_range r;

	OWN("N0:Movable=16M");
	put(&self->h, 0, 40, 0, SBUDDY_GFP_HIGHUSER_MOVABLE, 0);
	args = (struct sbuddy_compact_args){ .zone = ZONE(MOVABLE), .order = -1,
					     .mode = SBUDDY_MIGRATE_SYNC,
					     .gfp = SBUDDY_GFP_KERNEL };
	ASSERT_EQ(0, sbuddy_compact_start(&args, &self->h.task, &rep));
	ASSERT_EQ(0, sbuddy_compact_step(self->h.m, &self->h.task, 0, NULL, &rep));
	EXPECT_EQ(SBUDDY_MOVE_ISOLATE, rep.move);
	r = range(&self->h);
	EXPECT_EQ(-EBUSY, TAKE(r, 0, 512));
	sbuddy_compact_stop(self->h.m, &self->h.task, NULL);
	EXPECT_EQ(0, TAKE(r, 0, 512));
	GIVE(0, 512);
	EXPECT_EQ(0, wrong_contents(&self->h, 40));
}

TEST_F(contig_move, killed)
{
	struct sbuddy_range r;

	OWN("N0:Movable=16M");
	put(&self->h, 0, 40, 0, SBUDDY_GFP_HIGHUSER_MOVABLE, 0);
	r = range(&self->h);
	os_killed = true;
	EXPECT_EQ(-EINTR, TAKE(r, 0, 512));
	os_killed = false;
	EXPECT_EQ(0, ZONE(MOVABLE)->nr_isolate_pageblock);
	EXPECT_EQ(0, wrong_contents(&self->h, 40));
}

/* The search takes the first place of its zone, whoever lives there. */
TEST_F(contig_move, search)
{
	struct sbuddy_range r;
	struct sbuddy_page *page;

	OWN("N0:Movable=16M");
	put(&self->h, 0, 1500, 0, SBUDDY_GFP_HIGHUSER_MOVABLE, 0);
	r = range(&self->h);
	page = sbuddy_alloc_contig_pages(&r, 1024, SBUDDY_GFP_HIGHUSER_MOVABLE, 0, 1);
	EXPECT_SANE();
	ASSERT_TRUE(page);
	EXPECT_EQ(0, host_off(&self->h, page));
	EXPECT_EQ(1024, COUNT(PGMIGRATE_SUCCESS));
	EXPECT_EQ(0, wrong_contents(&self->h, 1500));
	GIVE(0, 1024);
}

/* ---- the promise ---- */

static u64 state;

static u32 rnd(u32 n)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return (state >> 20) % n;
}

/* Small and large pages come and go in slots of which at most 3/5 are full. */
static void churn(struct host *h, u32 gfp, u32 unmovable)
{
	for (int i = 0; i < 4000; i++) {
		u32 slot = rnd(1200);
		bool plain = rnd(1000) < unmovable;

		if (sbuddy_owner_slot(h->o, slot))
			drop(h, slot);
		else
			put(h, slot, 1, rnd(8) ? 0 : rnd(4),
			    plain ? SBUDDY_GFP_KERNEL : gfp,
			    plain ? SBUDDY_LRU_OFF : rnd(2));
	}
}

/* As in Linux a range may end in the middle of a large page, but not begin there. */
TEST_F(contig_move, movable_zone_keeps_its_promise)
{
	OWN("N0:Normal=16M,Movable=16M");
	state = 20261124;
	for (int i = 0; i < 60; i++) {
		struct sbuddy_range r = range(&self->h);
		long len = 1 + rnd(2) * rnd(1023) + 512 * rnd(2);
		long off = 4096 + (rnd(4096 - len) & ~511L);

		churn(&self->h, SBUDDY_GFP_HIGHUSER_MOVABLE, 0);
		ASSERT_EQ(0, TAKE(r, off, len)) {
			TH_LOG("round %d: %s at %ld", i, sbuddy_range_reason_name(r.reason),
			       WHY(r));
		}
		ASSERT_EQ(0, wrong_contents(&self->h, 1200));
		GIVE(off, len);
	}
	EXPECT_LT(2000, COUNT(PGMIGRATE_SUCCESS));
}

/* In Normal, unmovable pages break it, and each is named. */
TEST_F(contig_move, normal_zone_promises_nothing)
{
	int failed = 0;

	OWN("N0:Normal=32M");
	state = 7;
	for (int i = 0; i < 60; i++) {
		struct sbuddy_range r = range(&self->h);
		long off = 512 * rnd(16);
		int err;

		churn(&self->h, SBUDDY_GFP_HIGHUSER_MOVABLE, 20);
		err = TAKE(r, off, 512);
		ASSERT_EQ(0, wrong_contents(&self->h, 1200));
		if (!err) {
			GIVE(off, 512);
			continue;
		}
		failed++;
		ASSERT_EQ(-EBUSY, err);
		EXPECT_TRUE(r.reason == SBUDDY_RANGE_UNMOVABLE ||
			    r.reason == SBUDDY_RANGE_COMPOUND);
		EXPECT_LE(off, WHY(r));
		EXPECT_GT(off + 512, WHY(r));
		EXPECT_EQ(SBUDDY_PAGE_USED, sbuddy_page_state(host_page(&self->h, WHY(r))));
		EXPECT_FALSE(host_page(&self->h, WHY(r))->tag & SBUDDY_TAG_LRU);
	}
	EXPECT_LT(0, failed);
	EXPECT_GT(60, failed);
}

TEST_HARNESS_MAIN
