// SPDX-License-Identifier: GPL-2.0
/*
 * Movable pages and migration: LRU lists and batches, what an owner can do to a
 * page that is being moved, passes and counts, every reason for which a page
 * stays, contents.
 */
#include "host_test.h"

#include "compaction.h"

#define MAX_TARGETS	1200

/* ---- targets: frames that the test allocates, and what was asked for ---- */

static struct {
	struct host *h;
	int allocs, frees, fail_from;
	struct sbuddy_page *last;
	void (*on_alloc)(struct sbuddy_page *src);
} target;

static struct sbuddy_page *target_alloc(struct sbuddy_page *src, void *private)
{
	struct host *h = private;

	target.allocs++;
	if (target.on_alloc)
		target.on_alloc(src);
	if (target.fail_from && target.allocs >= target.fail_from)
		return NULL;
	target.last = sbuddy_alloc_pages(h->m, &h->task, GFP_MOV | SBUDDY_GFP_COMP,
					 sbuddy_page_order(src), -1);
	return target.last;
}

static void target_free(struct sbuddy_page *dst, void *private)
{
	struct host *h = private;

	target.frees++;
	sbuddy_free_pages(h->m, &h->task, dst, sbuddy_page_order(dst));
}

/* ---- contents: a word for each frame ---- */

static u64 content[65536];
static unsigned long content_base;
static int copy_err;

static int copy_content(unsigned long to, unsigned long from, unsigned long nr)
{
	if (copy_err)
		return copy_err;
	memcpy(&content[to - content_base], &content[from - content_base],
	       nr * sizeof(content[0]));
	return 0;
}

HOST_FIXTURE(migrate)

#define OWN(layout) do {						\
	BOOT(layout, 2);						\
	memset(&target, 0, sizeof(target));				\
	copy_err = 0;							\
	os_copy_hook = copy_content;					\
	content_base = self->h.m->base_pfn;				\
	self->h.m->backed = true;					\
	self->h.m->knobs.lru_batch = 0;					\
	self->h.o = sbuddy_owner_create(self->h.m, 7);			\
	ASSERT_TRUE(self->h.o);						\
} while (0)

#define RUN(...) __extension__ ({					\
	struct sbuddy_op _op = { .cpu = -1, .nid = -1, __VA_ARGS__ };	\
	int _err = sbuddy_run_op(self->h.o, &_op, 0);			\
	EXPECT_SANE();							\
	_err;								\
})

/* A movable page in slot @s, with contents of its own. */
#define PUT(s, attrs, ord) do {						\
	ASSERT_EQ(0, RUN(.opcode = SBUDDY_OP_ALLOC, .slot = s, .order = ord,		\
			 .gfp = GFP_MOV | SBUDDY_GFP_COMP));		\
	content[OFF(s)] = 0xc0de0000 + (s);				\
	ASSERT_EQ(0, RUN(.opcode = SBUDDY_OP_LRU, .slot = s, .gfp = attrs));	\
} while (0)

#define OFF(s)		host_off(&self->h, sbuddy_owner_slot(self->h.o, s))
#define COUNT(item)	((long)sbuddy_vm_event(self->h.m, SBUDDY_ ## item))
#define CONTENT_OK(s)	EXPECT_EQ(0xc0de0000UL + (s), content[OFF(s)])

/* Isolates what is in slots 0 to @n - 1. */
static void isolate(struct host *h, struct list_head *list, int n)
{
	struct list_head dead;

	INIT_LIST_HEAD(list);
	sbuddy_lru_lock(h->m, &dead);
	for (int i = 0; i < n; i++) {
		struct sbuddy_page *page = sbuddy_owner_slot(h->o, i);

		sbuddy_lru_isolate(h->m, page);
		list_add_tail(&page->lru, list);
	}
	sbuddy_lru_unlock(h->m, &h->task, &dead);
}

static struct sbuddy_migrate_record records[MAX_TARGETS];
static struct sbuddy_migrate_log mlog;

static int migrate(struct host *h, struct list_head *list, enum sbuddy_migrate_mode mode,
		   unsigned int *moved)
{
	const struct sbuddy_migrate_control mc = {
		.m = h->m, .task = &h->task, .alloc = target_alloc, .free = target_free,
		.private = h, .mode = mode, .reason = SBUDDY_MR_SYSCALL, .log = &mlog,
	};
	int rc;

	target.h = h;
	target.allocs = 0;
	target.frees = 0;
	mlog = (struct sbuddy_migrate_log){ .record = records, .cap = MAX_TARGETS };
	rc = sbuddy_migrate_pages(&mc, list, moved);
	sbuddy_putback_movable_pages(h->m, &h->task, list);
	return rc;
}

#define MIGRATE(n, mode) __extension__ ({				\
	struct list_head _list;						\
	int _rc;							\
	isolate(&self->h, &_list, n);					\
	_rc = migrate(&self->h, &_list, SBUDDY_MIGRATE_ ## mode, &moved);	\
	EXPECT_SANE();							\
	_rc;								\
})

TEST_F(migrate, all_move_and_slots_follow)
{
	unsigned int moved;
	long before[40];

	OWN("N0:Normal=16M");
	for (int i = 0; i < 40; i++) {
		PUT(i, i % 2 ? SBUDDY_LRU_FILE : 0, 0);
		before[i] = OFF(i);
	}
	EXPECT_EQ(0, MIGRATE(40, ASYNC));
	EXPECT_EQ(40, moved);
	EXPECT_EQ(40, COUNT(PGMIGRATE_SUCCESS));
	EXPECT_EQ(0, COUNT(PGMIGRATE_FAIL));
	EXPECT_EQ(40, mlog.nr);
	for (int i = 0; i < 40; i++) {
		EXPECT_NE(before[i], OFF(i));
		CONTENT_OK(i);
		EXPECT_EQ(SBUDDY_OUTCOME_MOVED, records[i].outcome);
		EXPECT_EQ(self->h.m->base_pfn + OFF(i), records[i].to);
	}
	EXPECT_EQ(40, target.allocs);
	EXPECT_EQ(0, target.frees);
	for (int i = 0; i < 40; i++)
		EXPECT_EQ(0, RUN(.opcode = SBUDDY_OP_FREE, .slot = i));
	EXPECT_EQ(0, sbuddy_owner_pages(self->h.o));
}

/* Each way to fail: attempts, counts, outcome; and the page is where it was, as it was. */
static const struct {
	const char *name;
	u32 attrs;
	int pins;
	enum sbuddy_migrate_mode mode;
	int rc, allocs, frees;
	enum sbuddy_migrate_outcome outcome;
	int err;
} stays[] = {
	{ "locked, async", SBUDDY_LRU_LOCKED, 0, SBUDDY_MIGRATE_ASYNC,
	  1, 10, 10, SBUDDY_OUTCOME_LOCKED, -EAGAIN },
	{ "locked and not uptodate, sync light", SBUDDY_LRU_LOCKED | SBUDDY_LRU_NOT_UPTODATE, 0,
	  SBUDDY_MIGRATE_SYNC_LIGHT, 1, 10, 10, SBUDDY_OUTCOME_LOCKED, -EAGAIN },
	{ "writeback, async", SBUDDY_LRU_FILE | SBUDDY_LRU_WRITEBACK, 0, SBUDDY_MIGRATE_ASYNC,
	  1, 1, 1, SBUDDY_OUTCOME_WRITEBACK, -EBUSY },
	{ "writeback, sync light", SBUDDY_LRU_FILE | SBUDDY_LRU_WRITEBACK, 0,
	  SBUDDY_MIGRATE_SYNC_LIGHT, 1, 2, 2, SBUDDY_OUTCOME_WRITEBACK, -EBUSY },
	{ "pinned anon, async", 0, 1, SBUDDY_MIGRATE_ASYNC,
	  1, 1, 1, SBUDDY_OUTCOME_PINNED, -EAGAIN },
	{ "pinned file, sync", SBUDDY_LRU_FILE, 2, SBUDDY_MIGRATE_SYNC,
	  1, 2, 2, SBUDDY_OUTCOME_PINNED, -EAGAIN },
	{ "dirty without migrate_folio, async",
	  SBUDDY_LRU_FILE | SBUDDY_LRU_DIRTY | SBUDDY_LRU_NO_MIGRATE, 0, SBUDDY_MIGRATE_ASYNC,
	  1, 1, 1, SBUDDY_OUTCOME_DIRTY, -EBUSY },
	{ "dirty without migrate_folio, sync light",
	  SBUDDY_LRU_FILE | SBUDDY_LRU_DIRTY | SBUDDY_LRU_NO_MIGRATE, 0,
	  SBUDDY_MIGRATE_SYNC_LIGHT, 1, 2, 2, SBUDDY_OUTCOME_DIRTY, -EBUSY },
	{ "inaccessible, sync", SBUDDY_LRU_FILE | SBUDDY_LRU_INACCESSIBLE, 0,
	  SBUDDY_MIGRATE_SYNC, 1, 2, 2, SBUDDY_OUTCOME_INACCESSIBLE, -EOPNOTSUPP },
};

TEST_F(migrate, each_reason_to_stay)
{
	for (size_t i = 0; i < ARRAY_SIZE(stays); i++) {
		struct list_head list;
		unsigned int moved;
		long off;

		memset(&self->h, 0, sizeof(self->h));
		OWN("N0:Normal=16M");
		PUT(0, stays[i].attrs, 0);
		for (int p = 0; p < stays[i].pins; p++)
			EXPECT_EQ(0, RUN(.opcode = SBUDDY_OP_GET, .slot = 0));
		off = OFF(0);
		isolate(&self->h, &list, 1);
		EXPECT_EQ(stays[i].rc, migrate(&self->h, &list, stays[i].mode, &moved)) {
			TH_LOG("%s", stays[i].name);
		}
		EXPECT_SANE();
		EXPECT_EQ(0, moved);
		EXPECT_EQ(off, OFF(0));
		CONTENT_OK(0);
		EXPECT_EQ(stays[i].allocs, target.allocs) {
			TH_LOG("%s", stays[i].name);
		}
		EXPECT_EQ(stays[i].frees, target.frees);
		EXPECT_EQ(1, COUNT(PGMIGRATE_FAIL));
		ASSERT_EQ(1, mlog.nr);
		EXPECT_EQ(stays[i].outcome, records[0].outcome) {
			TH_LOG("%s", stays[i].name);
		}
		EXPECT_EQ(stays[i].err, records[0].err);
		EXPECT_EQ(SBUDDY_NO_PFN, records[0].to);
		host_exit(&self->h);
	}
}

/* What a mode that waits may wait for goes, and whoever was waited for is done. */
TEST_F(migrate, waiting_helps)
{
	static const struct {
		u32 attrs, gone;
		enum sbuddy_migrate_mode mode;
	} w[] = {
		{ SBUDDY_LRU_LOCKED, SBUDDY_TAG_LOCKED, SBUDDY_MIGRATE_SYNC_LIGHT },
		{ SBUDDY_LRU_LOCKED | SBUDDY_LRU_NOT_UPTODATE, SBUDDY_TAG_LOCKED,
		  SBUDDY_MIGRATE_SYNC },
		{ SBUDDY_LRU_FILE | SBUDDY_LRU_WRITEBACK, SBUDDY_TAG_WRITEBACK,
		  SBUDDY_MIGRATE_SYNC },
		{ SBUDDY_LRU_FILE | SBUDDY_LRU_DIRTY | SBUDDY_LRU_NO_MIGRATE, SBUDDY_TAG_DIRTY,
		  SBUDDY_MIGRATE_SYNC },
	};

	for (size_t i = 0; i < ARRAY_SIZE(w); i++) {
		struct list_head list;
		unsigned int moved;

		memset(&self->h, 0, sizeof(self->h));
		OWN("N0:Normal=16M");
		PUT(0, w[i].attrs, 0);
		isolate(&self->h, &list, 1);
		EXPECT_EQ(0, migrate(&self->h, &list, w[i].mode, &moved));
		EXPECT_SANE();
		EXPECT_EQ(1, moved);
		EXPECT_EQ(0, sbuddy_owner_slot(self->h.o, 0)->tag & w[i].gone);
		EXPECT_EQ(0, COUNT(PGMIGRATE_FAIL));
		CONTENT_OK(0);
		host_exit(&self->h);
	}
}

/* A direct compactor never waits for a locked page. */
TEST_F(migrate, memalloc_does_not_wait)
{
	unsigned int moved;

	OWN("N0:Normal=16M");
	PUT(0, SBUDDY_LRU_LOCKED, 0);
	self->h.task.flags = SBUDDY_PF_MEMALLOC;
	EXPECT_EQ(1, MIGRATE(1, SYNC));
	EXPECT_EQ(10, target.allocs);
	self->h.task.flags = 0;
}

/* The return value counts folios, the counters pages. */
TEST_F(migrate, folios_and_pages)
{
	unsigned int moved;

	OWN("N0:Normal=16M");
	PUT(0, SBUDDY_LRU_LOCKED, 3);
	PUT(1, 0, 2);
	EXPECT_EQ(1, MIGRATE(2, ASYNC));
	EXPECT_EQ(4, moved);
	EXPECT_EQ(4, COUNT(PGMIGRATE_SUCCESS));
	EXPECT_EQ(8, COUNT(PGMIGRATE_FAIL));
	CONTENT_OK(0);
	CONTENT_OK(1);
}

static struct host *pin_host;

static void pin_first(struct sbuddy_page *src)
{
	struct sbuddy_op op = { .opcode = SBUDDY_OP_GET, .cpu = -1, .nid = -1, .slot = 0 };

	(void)src;
	if (target.allocs == 1)
		sbuddy_run_op(pin_host->o, &op, 0);
}

/* A pin between isolation and move: the page stays, nothing else changes. */
TEST_F(migrate, pin_in_between)
{
	unsigned int moved;
	long off;

	OWN("N0:Normal=16M");
	PUT(0, 0, 0);
	off = OFF(0);
	pin_host = &self->h;
	target.on_alloc = pin_first;
	EXPECT_EQ(1, MIGRATE(1, ASYNC));
	EXPECT_EQ(off, OFF(0));
	CONTENT_OK(0);
	target.on_alloc = NULL;
	EXPECT_EQ(0, RUN(.opcode = SBUDDY_OP_FREE, .slot = 0));
	EXPECT_EQ(off, OFF(0));
	EXPECT_EQ(0, MIGRATE(1, ASYNC));
	EXPECT_NE(off, OFF(0));
}

/* Freed while isolated: that counts as success, and no target is used. */
TEST_F(migrate, freed_while_isolated)
{
	struct list_head list;
	unsigned int moved;

	OWN("N0:Normal=16M");
	PUT(0, SBUDDY_LRU_FILE, 0);
	isolate(&self->h, &list, 1);
	EXPECT_EQ(0, RUN(.opcode = SBUDDY_OP_FREE, .slot = 0));
	EXPECT_EQ(0, sbuddy_owner_slots(self->h.o));
	EXPECT_EQ(0, migrate(&self->h, &list, SBUDDY_MIGRATE_ASYNC, &moved));
	EXPECT_SANE();
	EXPECT_EQ(1, moved);
	EXPECT_EQ(0, target.allocs);
	EXPECT_EQ(SBUDDY_OUTCOME_FREED, records[0].outcome);
}

static void free_first(struct sbuddy_page *src)
{
	struct sbuddy_op op = { .opcode = SBUDDY_OP_FREE, .cpu = -1, .nid = -1, .slot = 0 };

	(void)src;
	if (target.allocs == 1)
		sbuddy_run_op(pin_host->o, &op, 0);
}

/* Freed between the phases: it is moved all the same, and the target is free then. */
TEST_F(migrate, freed_between_phases)
{
	unsigned int moved;

	OWN("N0:Normal=16M");
	PUT(0, 0, 0);
	pin_host = &self->h;
	target.on_alloc = free_first;
	EXPECT_EQ(0, MIGRATE(1, ASYNC));
	EXPECT_EQ(1, moved);
	EXPECT_EQ(0, sbuddy_owner_slots(self->h.o));
	EXPECT_EQ(SBUDDY_PAGE_PCP, sbuddy_page_state(target.last));
}

/* Without a target the rest is not tried; only what was tried counts as failed. */
TEST_F(migrate, no_target)
{
	unsigned int moved;

	OWN("N0:Normal=16M");
	for (int i = 0; i < 5; i++)
		PUT(i, 0, 0);
	target.fail_from = 3;
	EXPECT_EQ(-ENOMEM, MIGRATE(5, ASYNC));
	EXPECT_EQ(2, moved);
	EXPECT_EQ(1, COUNT(PGMIGRATE_FAIL));
	EXPECT_EQ(5, mlog.nr);
	EXPECT_EQ(SBUDDY_OUTCOME_NO_TARGET, records[4].outcome);
	for (int i = 0; i < 5; i++)
		CONTENT_OK(i);
}

/* Memory that cannot be read: the page stays, the error is told. */
TEST_F(migrate, copy_fails)
{
	unsigned int moved;
	long off;

	OWN("N0:Normal=16M");
	PUT(0, 0, 0);
	off = OFF(0);
	copy_err = -EHWPOISON;
	EXPECT_EQ(1, MIGRATE(1, ASYNC));
	EXPECT_EQ(off, OFF(0));
	ASSERT_EQ(1, mlog.nr);
	EXPECT_EQ(SBUDDY_OUTCOME_COPY, records[0].outcome);
	EXPECT_EQ(-EHWPOISON, records[0].err);
}

/* Attributes go with the page, and so does its list. */
TEST_F(migrate, attributes_move)
{
	const u32 attrs = SBUDDY_LRU_FILE | SBUDDY_LRU_ACTIVE | SBUDDY_LRU_DIRTY;
	const struct sbuddy_lruvec *vec;
	unsigned int moved;

	OWN("N0:Normal=16M");
	vec = &self->h.m->lru->node[0];
	PUT(0, attrs, 0);
	PUT(1, SBUDDY_LRU_UNEVICTABLE, 0);
	EXPECT_EQ(1, vec->nr[SBUDDY_ACTIVE_FILE]);
	EXPECT_EQ(1, vec->nr[SBUDDY_UNEVICTABLE]);
	EXPECT_EQ(0, MIGRATE(2, SYNC));
	EXPECT_EQ(1, vec->nr[SBUDDY_ACTIVE_FILE]);
	EXPECT_EQ(1, vec->nr[SBUDDY_UNEVICTABLE]);
	EXPECT_EQ(SBUDDY_TAG_ATTR(attrs),
		  sbuddy_owner_slot(self->h.o, 0)->tag & SBUDDY_TAG_ATTRS);
	EXPECT_EQ(0, vec->nr_isolated[0] + vec->nr_isolated[1]);
}

/* What was moved cannot be isolated again until its vcpu's batch goes to the lists. */
TEST_F(migrate, moved_pages_wait_in_the_batch)
{
	unsigned int moved;

	OWN("N0:Normal=16M");
	PUT(0, 0, 0);
	self->h.m->knobs.lru_batch = SBUDDY_LRU_BATCH;
	EXPECT_EQ(0, MIGRATE(1, ASYNC));
	EXPECT_EQ(SBUDDY_TAG_PENDING,
		  sbuddy_owner_slot(self->h.o, 0)->tag & SBUDDY_TAG_MOVABLE);
	sbuddy_lru_add_drain(self->h.m, &self->h.task, 0);
	EXPECT_EQ(SBUDDY_TAG_LRU, sbuddy_owner_slot(self->h.o, 0)->tag & SBUDDY_TAG_MOVABLE);
}

TEST_F(migrate, batch_of_31)
{
	OWN("N0:Normal=16M");
	self->h.m->knobs.lru_batch = SBUDDY_LRU_BATCH;
	for (int i = 0; i < 30; i++)
		PUT(i, 0, 0);
	EXPECT_EQ(0, self->h.m->lru->node[0].nr[SBUDDY_INACTIVE_ANON]);
	PUT(30, 0, 0);
	EXPECT_EQ(31, self->h.m->lru->node[0].nr[SBUDDY_INACTIVE_ANON]);
	PUT(31, 0, 0);
	PUT(32, 0, 4);		/* a large one flushes */
	EXPECT_EQ(32 + 16, self->h.m->lru->node[0].nr[SBUDDY_INACTIVE_ANON]);
	/* freed in the batch: the owner is rid of it, the batch not yet */
	PUT(33, 0, 0);
	EXPECT_EQ(0, RUN(.opcode = SBUDDY_OP_FREE, .slot = 33));
	EXPECT_EQ(33, sbuddy_owner_slots(self->h.o));
	sbuddy_lru_add_drain_all(self->h.m, &self->h.task);
	EXPECT_SANE();
}

/* More than 512 pages are moved in several batches. */
TEST_F(migrate, batches_of_512)
{
	unsigned int moved;

	OWN("N0:Normal=32M");
	host_no_watermarks(&self->h);
	for (int i = 0; i < 1100; i++) {
		ASSERT_EQ(i, host_off(&self->h, NULL) + 1 + i);
		struct sbuddy_op op = { .opcode = SBUDDY_OP_ALLOC, .cpu = -1, .nid = -1,
					.slot = i, .gfp = GFP_MOV };

		ASSERT_EQ(0, sbuddy_run_op(self->h.o, &op, 0));
		op = (struct sbuddy_op){ .opcode = SBUDDY_OP_LRU, .cpu = -1, .nid = -1,
					 .slot = i };
		ASSERT_EQ(0, sbuddy_run_op(self->h.o, &op, 0));
	}
	host_trace(&self->h);
	EXPECT_EQ(0, MIGRATE(1100, SYNC_LIGHT));
	EXPECT_EQ(1100, moved);
	EXPECT_EQ(1, host_count(SBUDDY_TRACE_MM_MIGRATE_PAGES_START));
	EXPECT_EQ(1100, host_event(SBUDDY_TRACE_MM_MIGRATE_PAGES, 0)->arg[0]);
}

/* ---- the operation ---- */

TEST_F(migrate, lru_operation)
{
	OWN("N0:Normal=16M");
	EXPECT_EQ(-ENOENT, RUN(.opcode = SBUDDY_OP_LRU, .slot = 0));
	EXPECT_EQ(0, RUN(.opcode = SBUDDY_OP_ALLOC, .slot = 0, .order = 2, .gfp = GFP_MOV));
	EXPECT_EQ(-EINVAL, RUN(.opcode = SBUDDY_OP_LRU, .slot = 0));	/* not compound */
	EXPECT_EQ(0, RUN(.opcode = SBUDDY_OP_ALLOC, .slot = 1, .gfp = GFP_MOV));
	EXPECT_EQ(-EINVAL, RUN(.opcode = SBUDDY_OP_LRU, .slot = 1, .gfp = 0x2000));
	EXPECT_EQ(-EINVAL, RUN(.opcode = SBUDDY_OP_LRU, .slot = 1, .count = 1));
	EXPECT_EQ(-EINVAL, RUN(.opcode = SBUDDY_OP_LRU, .slot = 1,
			       .gfp = SBUDDY_LRU_NO_MIGRATE));
	EXPECT_EQ(-EINVAL, RUN(.opcode = SBUDDY_OP_LRU, .slot = 1,
			       .gfp = SBUDDY_LRU_OFF | SBUDDY_LRU_FILE));
	EXPECT_EQ(0, RUN(.opcode = SBUDDY_OP_LRU, .slot = 1, .gfp = SBUDDY_LRU_OFF));
	EXPECT_EQ(0, RUN(.opcode = SBUDDY_OP_LRU, .slot = 1));
	EXPECT_EQ(-EBUSY, RUN(.opcode = SBUDDY_OP_SPLIT, .slot = 1));
	EXPECT_EQ(0, RUN(.opcode = SBUDDY_OP_LRU, .slot = 1, .gfp = SBUDDY_LRU_FILE));
	EXPECT_EQ(1, self->h.m->lru->node[0].nr[SBUDDY_INACTIVE_FILE]);
	EXPECT_EQ(0, RUN(.opcode = SBUDDY_OP_LRU, .slot = 1, .gfp = SBUDDY_LRU_OFF));
	EXPECT_EQ(0, self->h.m->lru->node[0].nr[SBUDDY_INACTIVE_FILE]);
	EXPECT_EQ(0, RUN(.opcode = SBUDDY_OP_SPLIT, .slot = 1));
	EXPECT_EQ(0, RUN(.opcode = SBUDDY_OP_LRU, .slot = 1));
	EXPECT_EQ(0, RUN(.opcode = SBUDDY_OP_GET, .slot = 1));
	EXPECT_EQ(0, RUN(.opcode = SBUDDY_OP_FREE, .slot = 1));
	EXPECT_TRUE(sbuddy_owner_slot(self->h.o, 1));
	EXPECT_EQ(0, RUN(.opcode = SBUDDY_OP_FREE_BATCH, .slot = 1, .count = 1));
	EXPECT_FALSE(sbuddy_owner_slot(self->h.o, 1));
}

/* Two owners of one number would be confused: the second is told so. */
TEST_F(migrate, same_number_twice)
{
	struct sbuddy_op op = { .opcode = SBUDDY_OP_ALLOC, .cpu = -1, .nid = -1 };
	struct sbuddy_owner *other;

	OWN("N0:Normal=16M");
	PUT(0, 0, 0);
	other = sbuddy_owner_create(self->h.m, 7);
	ASSERT_TRUE(other);
	EXPECT_EQ(0, sbuddy_run_op(other, &op, 0));
	op = (struct sbuddy_op){ .opcode = SBUDDY_OP_LRU, .cpu = -1, .nid = -1 };
	EXPECT_EQ(-EEXIST, sbuddy_run_op(other, &op, 0));
	sbuddy_owner_destroy(other, &self->h.task);
	EXPECT_SANE();
}

/* Whoever goes leaves nothing behind, wherever the pages are at that moment. */
TEST_F(migrate, owner_goes)
{
	struct list_head list;

	OWN("N0:Normal=16M");
	PUT(0, 0, 0);
	PUT(1, SBUDDY_LRU_FILE, 0);
	EXPECT_EQ(0, RUN(.opcode = SBUDDY_OP_GET, .slot = 1));
	isolate(&self->h, &list, 1);
	self->h.m->knobs.lru_batch = SBUDDY_LRU_BATCH;
	PUT(2, 0, 0);
	sbuddy_owner_destroy(self->h.o, &self->h.task);
	self->h.o = NULL;
	EXPECT_SANE();
	sbuddy_putback_movable_pages(self->h.m, &self->h.task, &list);
	sbuddy_lru_add_drain_all(self->h.m, &self->h.task);
	sbuddy_drain_all_pages(self->h.m, &self->h.task);
	EXPECT_SANE();
	EXPECT_EQ(self->h.m->zones[0]->managed_pages,
		  sbuddy_zone_page_state_snapshot(self->h.m->zones[0]));
}

TEST_HARNESS_MAIN
