// SPDX-License-Identifier: GPL-2.0
/*
 * Compaction through /dev/sbuddy: fragment the backed machine, fail, compact,
 * succeed; in steps, with a budget, and with the file closed in mid-run.
 *
 * The module is loaded, and nobody else uses machine 0.
 */
#include <errno.h>
#include <stdlib.h>

#include "kselftest_harness.h"
#include "test_util.h"

/* Requests that take no reserves and wait for nobody. */
#define GFP_PAGE	(SBUDDY_GFP_HIGHUSER_MOVABLE & ~SBUDDY_GFP_RECLAIM)
#define GFP_HUGE	(GFP_PAGE | SBUDDY_GFP_COMP | SBUDDY_GFP_NOWARN)
#define KEEP		4U

FIXTURE(compact)
{
	int fd;
	struct sbuddy_user_machine m;
	uint32_t slots;		/* filled so far */
};

FIXTURE_SETUP(compact)
{
	self->fd = sbuddy_user_open();
	ASSERT_LE(0, self->fd);
	ASSERT_EQ(0, sbuddy_user_machine(self->fd, 0, &self->m));
	self->slots = 0;
}

FIXTURE_TEARDOWN(compact)
{
	EXPECT_CHECK(self->fd);
	sbuddy_user_machine_free(&self->m);
	EXPECT_EQ(0, close(self->fd));
}

#define CHUNK		512U

/* Single movable pages until nothing is left; returns how many. */
static uint32_t fill(int fd)
{
	static struct sbuddy_op ops[2 * CHUNK];
	struct sbuddy_run run;
	uint32_t slot = 0, i;

	for (;; slot += CHUNK) {
		for (i = 0; i < CHUNK; i++) {
			ops[2 * i] = sbuddy_user_alloc(slot + i, 0, GFP_PAGE);
			ops[2 * i + 1] = (struct sbuddy_op){
				.opcode = SBUDDY_OP_LRU, .cpu = -1, .nid = -1, .slot = slot + i,
			};
		}
		if (sbuddy_user_run(fd, ops, 2 * CHUNK, SBUDDY_RUN_STOP_ON_ERROR, &run) ||
		    run.err)
			return slot + (run.done - 1) / 2;
	}
}

/* Frees all but each KEEP-th. */
static int fragment(int fd, uint32_t slots)
{
	static struct sbuddy_op ops[CHUNK];
	uint32_t slot, nr = 0;
	int err = 0;

	for (slot = 0; slot < slots && !err; slot++) {
		if (slot % KEEP)
			ops[nr++] = (struct sbuddy_op){ .opcode = SBUDDY_OP_FREE, .cpu = -1,
							.nid = -1, .slot = slot };
		if (nr == CHUNK || (nr && slot + 1 == slots)) {
			err = sbuddy_user_run_all(fd, ops, nr);
			nr = 0;
		}
	}
	return err;
}

static int drain(int fd)
{
	struct sbuddy_op op = { .opcode = SBUDDY_OP_DRAIN, .cpu = -1, .nid = -1 };

	return sbuddy_user_do(fd, &op);
}

static int compact(int fd, struct sbuddy_compact *a)
{
	a->size = sizeof(*a);
	return sbuddy_user_ioctl(fd, SBUDDY_IOC_COMPACT, a);
}

static struct sbuddy_compact everything(void)
{
	return (struct sbuddy_compact){
		.node = SBUDDY_ALL_ZONES, .zone = SBUDDY_ALL_ZONES, .order = -1,
		.mode = SBUDDY_MIGRATE_SYNC,
	};
}

/* A huge page to keep. */
static int huge(int fd)
{
	struct sbuddy_op op = sbuddy_user_alloc(SBUDDY_SLOT_ANY, 9, GFP_HUGE);

	return sbuddy_user_do(fd, &op);
}

static int64_t stat_of(int fd, const char *name)
{
	static struct sbuddy_user_stats stats;

	if (sbuddy_user_stats(fd, 0, SBUDDY_ALL_ZONES, SBUDDY_ALL_ZONES, &stats))
		return -1;
	return sbuddy_user_stat(&stats, name);
}

#define FRAGMENT() do {							\
	self->slots = fill(self->fd);					\
	ASSERT_LT(4096, self->slots);					\
	ASSERT_EQ(0, fragment(self->fd, self->slots));			\
	ASSERT_EQ(0, drain(self->fd));					\
} while (0)

TEST_F(compact, fail_compact_succeed)
{
	struct sbuddy_compact a = everything();
	int64_t before = stat_of(self->fd, "pgmigrate_success");
	struct sbuddy_query_slot q;
	uint32_t slot;
	int err;

	FRAGMENT();
	while (!(err = huge(self->fd)))		/* what the watermarks had kept */
		;
	EXPECT_EQ(-ENOMEM, err);
	EXPECT_CHECK(self->fd);
	ASSERT_EQ(0, compact(self->fd, &a));
	EXPECT_EQ(SBUDDY_COMPACT_COMPLETE, a.result);
	EXPECT_LT(1000, a.migrated);
	EXPECT_EQ(a.migrated, stat_of(self->fd, "pgmigrate_success") - before);
	EXPECT_LT(0, stat_of(self->fd, "compact_migrate_scanned"));
	EXPECT_EQ(0, drain(self->fd));
	EXPECT_CHECK(self->fd);
	EXPECT_EQ(0, huge(self->fd));
	/* every slot still finds its page, and each page is in one slot only */
	for (slot = 0; slot < self->slots; slot += KEEP) {
		ASSERT_EQ(0, sbuddy_user_slot(self->fd, slot, &q));
		ASSERT_EQ(0, q.order);
	}
}

TEST_F(compact, steps)
{
	struct sbuddy_migrate_record *records = calloc(1024, sizeof(*records));
	struct sbuddy_compact a = everything();
	uint64_t migrated = 0;
	unsigned int steps = 0;
	uint32_t i;

	ASSERT_TRUE(records);
	FRAGMENT();
	a.action = SBUDDY_COMPACT_STEP;
	EXPECT_EQ(-ENOENT, compact(self->fd, &a));
	a.action = SBUDDY_COMPACT_START;
	EXPECT_EQ(-EINVAL, compact(self->fd, &a));	/* of which zone? */
	a.node = self->m.zones[0].node;
	a.zone = self->m.zones[0].zone;
	ASSERT_EQ(0, compact(self->fd, &a));
	EXPECT_EQ(-EBUSY, compact(self->fd, &a));
	EXPECT_EQ(self->m.zones[0].start_pfn, a.migrate_pfn);
	do {
		uint64_t from = a.migrate_pfn, to = a.free_pfn;

		a = everything();
		a.action = SBUDDY_COMPACT_STEP;
		a.records = (uintptr_t)records;
		a.records_cap = 1024;
		ASSERT_EQ(0, compact(self->fd, &a));
		EXPECT_LE(from, a.migrate_pfn);
		EXPECT_GE(to >> 9, a.free_pfn >> 9);	/* within a block it rises */
		EXPECT_EQ(a.nr_records, a.migrated + a.failed);
		for (i = 0; i < a.nr_records && i < 1024; i++) {
			if (records[i].outcome == SBUDDY_OUTCOME_MOVED) {
				EXPECT_LT(records[i].from, records[i].to);
			} else {
				EXPECT_GT(0, records[i].err);
			}
		}
		migrated += a.migrated;
		if (!(steps++ % 50))
			EXPECT_CHECK(self->fd);
	} while (a.move != SBUDDY_MOVE_END && steps < 100000);
	EXPECT_EQ(SBUDDY_COMPACT_COMPLETE, a.result);
	EXPECT_LT(100, migrated);
	EXPECT_EQ(-ENOENT, compact(self->fd, &a));
	free(records);
}

TEST_F(compact, budget)
{
	struct sbuddy_compact a = everything();

	FRAGMENT();
	a.budget = 64;
	ASSERT_EQ(0, compact(self->fd, &a));
	EXPECT_EQ(SBUDDY_COMPACT_CONTINUE, a.result);
	EXPECT_LE(64, a.migrated + a.failed);
	EXPECT_GE(64 + 512, a.migrated + a.failed);
	EXPECT_EQ(0, a.free_held);
}

/* The run ends with the file that started it: another can begin. */
TEST_F(compact, closed_in_mid_run)
{
	struct sbuddy_compact a = everything();
	int other = sbuddy_user_open();

	ASSERT_LE(0, other);
	FRAGMENT();
	a.action = SBUDDY_COMPACT_START;
	a.node = self->m.zones[0].node;
	a.zone = self->m.zones[0].zone;
	ASSERT_EQ(0, compact(other, &a));
	a = everything();
	a.action = SBUDDY_COMPACT_STEP;
	ASSERT_EQ(0, compact(self->fd, &a));
	EXPECT_LT(0, a.isolated);
	EXPECT_EQ(0, close(other));
	EXPECT_CHECK(self->fd);
	EXPECT_EQ(-ENOENT, compact(self->fd, &a));
}

TEST_F(compact, refused)
{
	struct sbuddy_compact a = everything();

	a.mode = SBUDDY_NR_MIGRATE_MODES;
	EXPECT_EQ(-EINVAL, compact(self->fd, &a));
	a = everything();
	a.order = 0;
	EXPECT_EQ(-EINVAL, compact(self->fd, &a));
	a.order = SBUDDY_MAX_PAGE_ORDER + 1;
	EXPECT_EQ(-EINVAL, compact(self->fd, &a));
	a = everything();
	a.action = SBUDDY_NR_COMPACT_ACTIONS;
	EXPECT_EQ(-EINVAL, compact(self->fd, &a));
	a = everything();
	a.options = ~SBUDDY_COMPACT_OPTIONS;
	EXPECT_EQ(-EINVAL, compact(self->fd, &a));
	a = everything();
	a.reserved2 = 1;
	EXPECT_EQ(-EINVAL, compact(self->fd, &a));
	a = everything();
	a.node = 15;
	EXPECT_EQ(-ENOENT, compact(self->fd, &a));
	a.node = -2;
	EXPECT_EQ(-EINVAL, compact(self->fd, &a));
	a = everything();
	a.machine = 12345;
	EXPECT_EQ(-ENOENT, compact(self->fd, &a));
}

TEST_HARNESS_MAIN
