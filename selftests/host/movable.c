// SPDX-License-Identifier: GPL-2.0
/*
 * Pages whose owner has a part in moving them: movable operations and failures on
 * demand, frames that processes see, and the migration that an owner asks for.
 */
#include "host_test.h"

#include "compaction.h"
#include "sbuddy/movable.h"

#define NO_FRAME	(~0UL)

/* ---- an owner that notes what it is asked ---- */

static struct {
	int isolated, migrated, put_back, asked;
	int eagain;		/* answers before a good one */
	int error;		/* or this, always */
	bool refuse;
	unsigned long src, dst;
	void (*meanwhile)(u32 slot);
} owner;

static bool note_isolate(void *private, u32 slot __maybe_unused, unsigned long pfn,
			 unsigned int order __maybe_unused,
			 enum sbuddy_migrate_mode mode __maybe_unused)
{
	if (private != &owner || owner.refuse)
		return false;
	owner.isolated++;
	owner.src = pfn;
	return true;
}

static int note_migrate(void *private __maybe_unused, u32 slot, unsigned long dst,
			unsigned long src, unsigned int order __maybe_unused,
			enum sbuddy_migrate_mode mode __maybe_unused)
{
	owner.asked++;
	if (owner.meanwhile)
		owner.meanwhile(slot);
	if (owner.error)
		return owner.error;
	if (owner.eagain) {
		owner.eagain--;
		return -EAGAIN;
	}
	owner.migrated++;
	owner.src = src;
	owner.dst = dst;
	return 0;
}

static void note_putback(void *private __maybe_unused, u32 slot __maybe_unused,
			 unsigned long pfn __maybe_unused, unsigned int order __maybe_unused)
{
	owner.put_back++;
}

static const struct sbuddy_movable_operations note_ops = {
	.isolate_page = note_isolate,
	.migrate_page = note_migrate,
	.putback_page = note_putback,
};

HOST_FIXTURE(movable)

#define OWN(layout) do {						\
	BOOT(layout, 2);						\
	memset(&owner, 0, sizeof(owner));				\
	os_pinned_pfn = NO_FRAME;					\
	os_held_pfn = NO_FRAME;						\
	os_frames_locked = 0;						\
	os_unmapped = 0;						\
	os_unmap_hook = NULL;						\
	self->h.m->backed = true;					\
	self->h.m->knobs.lru_batch = 0;					\
	self->h.o = sbuddy_owner_create(self->h.m, 7);			\
	ASSERT_TRUE(self->h.o);						\
	ASSERT_EQ(0, sbuddy_owner_set_movable(self->h.o, &note_ops, &owner));	\
} while (0)

#define RUN(...) __extension__ ({					\
	struct sbuddy_op _op = { .cpu = -1, .nid = -1, __VA_ARGS__ };	\
	int _err = sbuddy_run_op(self->h.o, &_op, 0);			\
	EXPECT_SANE();							\
	_err;								\
})

#define PUT(s, attrs, ord) do {						\
	ASSERT_EQ(0, RUN(.opcode = SBUDDY_OP_ALLOC, .slot = s, .order = ord,		\
			 .gfp = GFP_MOV | SBUDDY_GFP_COMP));		\
	ASSERT_EQ(0, RUN(.opcode = SBUDDY_OP_LRU, .slot = s, .gfp = attrs));	\
} while (0)

#define PFN(s)	sbuddy_pfn(self->h.m, sbuddy_owner_slot(self->h.o, s))

static struct sbuddy_migrate arg;

/* All that MIGRATE does. */
static int migrate(struct host *h, u32 slot, u32 count, enum sbuddy_migrate_mode mode)
{
	struct sbuddy_migrate_log log = { 0 };
	struct list_head list;
	int err;

	arg = (struct sbuddy_migrate){ .slot = slot, .count = count, .mode = mode, .node = -1 };
	err = sbuddy_isolate_slots(h->o, &h->task, &arg, &list);
	if (!err)
		sbuddy_migrate_slots(h->m, &h->task, &arg, &list, &log);
	return err;
}

#define MIGRATE(slot, n, mode) __extension__ ({				\
	int _err = migrate(&self->h, slot, n, SBUDDY_MIGRATE_ ## mode);	\
	EXPECT_SANE();							\
	EXPECT_EQ(0, os_frames_locked);					\
	_err;								\
})

/* ---- movable operations ---- */

TEST_F(movable, moves_and_does_not_count_as_isolated)
{
	unsigned long from;

	OWN("N0:Normal=16M");
	PUT(0, SBUDDY_LRU_OPS, 0);
	PUT(1, SBUDDY_LRU_OPS, 3);
	from = PFN(0);
	EXPECT_EQ(0, MIGRATE(0, 2, ASYNC));
	EXPECT_EQ(1 + 8, arg.migrated);
	EXPECT_EQ(0, arg.failed + arg.busy);
	EXPECT_EQ(2, owner.isolated);
	EXPECT_EQ(2, owner.migrated);
	EXPECT_EQ(0, owner.put_back);
	EXPECT_NE(from, PFN(0));
	EXPECT_EQ(0, self->h.m->lru->node[0].nr_isolated[0]);
	EXPECT_EQ(0, RUN(.opcode = SBUDDY_OP_FREE, .slot = 0));
	EXPECT_EQ(0, RUN(.opcode = SBUDDY_OP_LRU, .slot = 1, .gfp = SBUDDY_LRU_OFF));
	EXPECT_EQ(0, MIGRATE(1, 1, ASYNC));
	EXPECT_EQ(1, arg.busy);
}

/* Compaction takes them along, lists or not. */
TEST_F(movable, compaction_asks)
{
	struct sbuddy_compact_report r = { 0 };
	struct sbuddy_compact_args args = { .order = -1, .mode = SBUDDY_MIGRATE_SYNC };

	OWN("N0:Normal=16M");
	for (u32 i = 0; i < 2000; i++)
		PUT(i, i % 2 ? SBUDDY_LRU_OPS : 0, 0);
	for (u32 i = 0; i < 2000; i++)
		if (i % 4 > 1)
			ASSERT_EQ(0, RUN(.opcode = SBUDDY_OP_FREE, .slot = i));
	args.gfp = SBUDDY_GFP_KERNEL;
	args.zone = self->h.m->zones[0];
	sbuddy_drain_all_pages(self->h.m, &self->h.task);
	sbuddy_compact_one(&args, &self->h.task, 0, NULL, &r);
	EXPECT_SANE();
	EXPECT_EQ(0, os_frames_locked);
	EXPECT_EQ(owner.isolated, owner.migrated + owner.put_back);
	EXPECT_LT(0, owner.migrated);
	EXPECT_EQ(r.isolated, r.migrated + r.failed);
	EXPECT_LT(owner.migrated, (int)r.migrated);
}

TEST_F(movable, refused)
{
	unsigned long pfn;

	OWN("N0:Normal=16M");
	PUT(0, SBUDDY_LRU_OPS, 0);
	pfn = PFN(0);
	owner.refuse = true;
	EXPECT_EQ(0, MIGRATE(0, 1, SYNC));
	EXPECT_EQ(1, arg.busy);
	EXPECT_EQ(0, owner.put_back);
	EXPECT_EQ(pfn, PFN(0));
	EXPECT_EQ(1, sbuddy_owner_slot(self->h.o, 0)->refcount);
}

/* Ten passes without waiting, else three and seven. */
TEST_F(movable, eagain)
{
	OWN("N0:Normal=16M");
	PUT(0, SBUDDY_LRU_OPS, 0);
	owner.eagain = 9;
	EXPECT_EQ(0, MIGRATE(0, 1, ASYNC));
	EXPECT_EQ(1, arg.migrated);
	EXPECT_EQ(10, owner.asked);
	EXPECT_EQ(0, owner.put_back);
	owner.eagain = 10;
	EXPECT_EQ(0, MIGRATE(0, 1, ASYNC));
	EXPECT_EQ(1, arg.failed);
	EXPECT_EQ(1, owner.put_back);
	owner.eagain = 1000;
	owner.asked = 0;
	EXPECT_EQ(0, MIGRATE(0, 1, SYNC));
	EXPECT_EQ(10, owner.asked);
	EXPECT_EQ(2, owner.put_back);
	owner.eagain = 9;
	EXPECT_EQ(0, MIGRATE(0, 1, SYNC_LIGHT));
	EXPECT_EQ(1, arg.migrated);
	EXPECT_EQ(2, owner.put_back);
	EXPECT_EQ(owner.isolated, owner.migrated + owner.put_back);
}

TEST_F(movable, permanent_error)
{
	OWN("N0:Normal=16M");
	PUT(0, SBUDDY_LRU_OPS, 0);
	owner.error = -EBUSY;
	EXPECT_EQ(0, MIGRATE(0, 1, ASYNC));
	EXPECT_EQ(1, owner.asked);
	EXPECT_EQ(1, owner.put_back);
	EXPECT_EQ(0, MIGRATE(0, 1, SYNC));
	EXPECT_EQ(3, owner.asked);
	EXPECT_EQ(2, owner.put_back);
}

static struct host *meanwhile_host;

static void free_meanwhile(u32 slot)
{
	struct sbuddy_op op = { .opcode = SBUDDY_OP_FREE, .cpu = -1, .nid = -1, .slot = slot };

	if (sbuddy_run_op(meanwhile_host->o, &op, 0))
		owner.error = -EIO;
}

/* Its owner gives the page up while it is being moved: whatever it answers, it is free. */
TEST_F(movable, freed_meanwhile)
{
	for (int answer = 0; answer < 2; answer++) {
		memset(&self->h, 0, sizeof(self->h));
		OWN("N0:Normal=16M");
		PUT(0, SBUDDY_LRU_OPS, 0);
		meanwhile_host = &self->h;
		owner.meanwhile = free_meanwhile;
		owner.eagain = answer;
		EXPECT_EQ(0, MIGRATE(0, 1, ASYNC));
		EXPECT_EQ(1, owner.asked);
		EXPECT_EQ(0, owner.put_back);
		EXPECT_EQ(0, owner.error);
		EXPECT_EQ(0, sbuddy_owner_pages(self->h.o));
		host_exit(&self->h);
	}
}

TEST_F(movable, failures_on_demand)
{
	const struct sbuddy_movable_faults faults = {
		.refuse = 2, .skip = 1, .fail = 2, .error = -EBUSY,
	};
	static const struct { int busy, migrated, failed; } want[] = {
		{ 1, 0, 0 }, { 1, 0, 0 }, { 0, 1, 0 }, { 0, 0, 1 }, { 0, 0, 1 }, { 0, 1, 0 },
	};

	OWN("N0:Normal=16M");
	PUT(0, SBUDDY_LRU_OPS, 0);
	sbuddy_owner_set_faults(self->h.o, &faults);
	for (size_t i = 0; i < ARRAY_SIZE(want); i++) {
		EXPECT_EQ(0, MIGRATE(0, 1, ASYNC));
		EXPECT_EQ(want[i].busy, (int)arg.busy);
		EXPECT_EQ(want[i].migrated, (int)arg.migrated);
		EXPECT_EQ(want[i].failed, (int)arg.failed);
	}
	EXPECT_EQ(2, owner.migrated);
	EXPECT_EQ(2, owner.asked);
	EXPECT_EQ(2, owner.put_back);
}

TEST_F(movable, who_may)
{
	OWN("N0:Normal=16M");
	EXPECT_EQ(-EBUSY, sbuddy_owner_set_movable(self->h.o, &note_ops, &owner));
	PUT(0, SBUDDY_LRU_OPS, 0);
	EXPECT_EQ(-EBUSY, RUN(.opcode = SBUDDY_OP_LRU, .slot = 0, .gfp = SBUDDY_LRU_FILE));
	EXPECT_EQ(0, RUN(.opcode = SBUDDY_OP_LRU, .slot = 0, .gfp = SBUDDY_LRU_OPS));
	EXPECT_EQ(-EINVAL, RUN(.opcode = SBUDDY_OP_LRU, .slot = 0,
			       .gfp = SBUDDY_LRU_OPS | SBUDDY_LRU_FILE));
	PUT(1, 0, 0);
	EXPECT_EQ(-EBUSY, RUN(.opcode = SBUDDY_OP_LRU, .slot = 1, .gfp = SBUDDY_LRU_OPS));
	EXPECT_EQ(0, sbuddy_owner_set_movable(self->h.o, NULL, NULL));
	EXPECT_EQ(0, MIGRATE(0, 1, SYNC));
	EXPECT_EQ(1, arg.busy);
	ASSERT_EQ(0, RUN(.opcode = SBUDDY_OP_ALLOC, .slot = 2, .gfp = GFP_MOV));
	EXPECT_EQ(-EOPNOTSUPP, RUN(.opcode = SBUDDY_OP_LRU, .slot = 2, .gfp = SBUDDY_LRU_OPS));
}

/* ---- frames that processes see ---- */

#define MAPPING		((struct os_mapping *)1)

static u32 unmapped_slot;
static bool unmap_frees;

static void unmap(u32 slot, unsigned long nr __maybe_unused)
{
	unmapped_slot = slot;
	if (unmap_frees)
		os_pinned_pfn = NO_FRAME;
}

#define SHOW(s) do {							\
	sbuddy_owner_set_mapping(self->h.o, MAPPING);			\
	os_unmap_hook = unmap;						\
	sbuddy_owner_show(self->h.o, s);				\
	EXPECT_SANE();							\
} while (0)

/* What only page tables keep goes with them; what somebody else keeps stays. */
TEST_F(movable, free_of_what_is_seen)
{
	for (int lru = 0; lru < 2; lru++) {
		memset(&self->h, 0, sizeof(self->h));
		OWN("N0:Normal=16M");
		ASSERT_EQ(0, RUN(.opcode = SBUDDY_OP_ALLOC, .slot = 4, .gfp = GFP_MOV));
		SHOW(4);
		if (lru)
			EXPECT_EQ(0, RUN(.opcode = SBUDDY_OP_LRU, .slot = 4));
		os_pinned_pfn = PFN(4);
		unmap_frees = false;
		EXPECT_EQ(-EBUSY, RUN(.opcode = SBUDDY_OP_FREE, .slot = 4));
		EXPECT_EQ(-EBUSY, RUN(.opcode = SBUDDY_OP_FREE_BATCH, .slot = 4, .count = 1));
		EXPECT_EQ(1, sbuddy_owner_pages(self->h.o));
		EXPECT_EQ(4, unmapped_slot);
		EXPECT_EQ(1, sbuddy_owner_drop_idle(self->h.o, &self->h.task));
		unmap_frees = true;
		EXPECT_EQ(0, RUN(.opcode = SBUDDY_OP_FREE, .slot = 4));
		EXPECT_EQ(0, sbuddy_owner_pages(self->h.o));
		EXPECT_EQ(4, os_unmapped);
		EXPECT_EQ(0, os_frames_locked);
		host_exit(&self->h);
	}
}

/* A slot that nobody ever saw costs nothing. */
TEST_F(movable, unseen_slots_are_not_unmapped)
{
	OWN("N0:Normal=16M");
	sbuddy_owner_set_mapping(self->h.o, MAPPING);
	ASSERT_EQ(0, RUN(.opcode = SBUDDY_OP_ALLOC, .slot = 0, .gfp = GFP_MOV));
	os_pinned_pfn = PFN(0);
	EXPECT_EQ(0, RUN(.opcode = SBUDDY_OP_FREE, .slot = 0));
	EXPECT_EQ(0, os_unmapped);
}

TEST_F(movable, seen_pages_move)
{
	unsigned long pfn;

	OWN("N0:Normal=16M");
	PUT(0, 0, 0);
	SHOW(0);
	pfn = PFN(0);
	os_pinned_pfn = pfn;
	unmap_frees = true;
	EXPECT_EQ(0, MIGRATE(0, 1, SYNC));
	EXPECT_EQ(1, arg.migrated);
	EXPECT_EQ(1, os_unmapped);
	EXPECT_NE(pfn, PFN(0));
	os_pinned_pfn = PFN(0);		/* the mark went with it */
	EXPECT_EQ(0, RUN(.opcode = SBUDDY_OP_FREE, .slot = 0));
	EXPECT_EQ(2, os_unmapped);
}

/* A reference that unmapping does not end: EAGAIN in every pass, then it stays. */
TEST_F(movable, pinned_frames_stay)
{
	struct sbuddy_compact_report r = { 0 };
	struct sbuddy_compact_args args = { .order = -1, .mode = SBUDDY_MIGRATE_SYNC };
	unsigned long pfn;

	OWN("N0:Normal=16M");
	PUT(0, 0, 0);
	SHOW(0);
	pfn = PFN(0);
	os_pinned_pfn = pfn;
	unmap_frees = false;
	EXPECT_EQ(0, MIGRATE(0, 1, ASYNC));
	EXPECT_EQ(1, arg.failed);
	EXPECT_EQ(0, MIGRATE(0, 1, SYNC));
	EXPECT_EQ(1, arg.failed);
	EXPECT_EQ(2, (int)sbuddy_vm_event(self->h.m, SBUDDY_PGMIGRATE_FAIL));
	EXPECT_EQ(pfn, PFN(0));
	args.gfp = SBUDDY_GFP_KERNEL;
	args.zone = self->h.m->zones[0];
	sbuddy_compact_one(&args, &self->h.task, 0, NULL, &r);
	EXPECT_EQ(0, r.isolated);		/* compaction sees that before */
	EXPECT_SANE();
}

/* Somebody has the frame's lock: not waited for without waiting. */
TEST_F(movable, locked_frames)
{
	OWN("N0:Normal=16M");
	PUT(0, 0, 0);
	PUT(1, 0, 0);
	os_held_pfn = PFN(0);
	EXPECT_EQ(0, MIGRATE(0, 2, ASYNC));
	EXPECT_EQ(1, arg.migrated);
	EXPECT_EQ(1, arg.failed);
	os_held_pfn = PFN(0);
	EXPECT_EQ(0, MIGRATE(0, 1, SYNC));
	EXPECT_EQ(1, arg.migrated);
}

TEST_F(movable, split_and_contig_of_what_is_seen)
{
	OWN("N0:Normal=16M");
	ASSERT_EQ(0, RUN(.opcode = SBUDDY_OP_ALLOC, .slot = 0, .order = 2, .gfp = GFP_MOV));
	SHOW(0);
	os_pinned_pfn = PFN(0) + 3;
	unmap_frees = false;
	EXPECT_EQ(-EBUSY, RUN(.opcode = SBUDDY_OP_SPLIT, .slot = 0));
	os_pinned_pfn = NO_FRAME;
	EXPECT_EQ(0, RUN(.opcode = SBUDDY_OP_SPLIT, .slot = 0));
	os_pinned_pfn = PFN(2);			/* each piece is as seen as the whole was */
	EXPECT_EQ(-EBUSY, RUN(.opcode = SBUDDY_OP_FREE, .slot = 2));
	EXPECT_EQ(-EBUSY, RUN(.opcode = SBUDDY_OP_CONTIG_FREE, .slot = 0, .count = 4));
	EXPECT_EQ(4, sbuddy_owner_pages(self->h.o));
	os_pinned_pfn = NO_FRAME;
	EXPECT_EQ(0, RUN(.opcode = SBUDDY_OP_CONTIG_FREE, .slot = 0, .count = 4));
	PUT(8, 0, 0);
	EXPECT_EQ(-EBUSY, RUN(.opcode = SBUDDY_OP_CONTIG_FREE, .slot = 8, .count = 1));
}

TEST_F(movable, frames_of_slots)
{
	unsigned long pfn = 0;

	OWN("N0:Normal=16M");
	ASSERT_EQ(0, RUN(.opcode = SBUDDY_OP_ALLOC, .slot = 5, .order = 1, .gfp = GFP_MOV));
	EXPECT_EQ(0, sbuddy_owner_frame(self->h.o, 5, 1, &pfn));
	EXPECT_EQ(PFN(5) + 1, pfn);
	EXPECT_EQ(-ENOENT, sbuddy_owner_frame(self->h.o, 5, 2, &pfn));
	EXPECT_EQ(-ENOENT, sbuddy_owner_frame(self->h.o, 6, 0, &pfn));
	EXPECT_EQ(-ENOENT, sbuddy_owner_frame(self->h.o, SBUDDY_MAX_SLOTS, 0, &pfn));
	self->h.m->backed = false;
	EXPECT_EQ(-EOPNOTSUPP, sbuddy_owner_frame(self->h.o, 5, 0, &pfn));
}

TEST_HARNESS_MAIN
