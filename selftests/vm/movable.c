// SPDX-License-Identifier: GPL-2.0
/*
 * SBUDDY_IOC_MOVABLE: a program that is asked before its pages move.  It agrees,
 * refuses, puts it off, says nothing, is killed; and failures that were ordered.
 *
 * The module is loaded, and nobody else uses machine 0.
 */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>

#include "kselftest_harness.h"
#include "test_util.h"

#define PAGE		4096UL
#define WORDS		(PAGE / sizeof(uint64_t))
#define GFP_PAGE	(SBUDDY_GFP_HIGHUSER_MOVABLE & ~SBUDDY_GFP_RECLAIM)

static int put(int fd, uint32_t slot, unsigned int order)
{
	struct sbuddy_op op[2] = {
		sbuddy_user_alloc(slot, order, GFP_PAGE | (order ? SBUDDY_GFP_COMP : 0)),
		sbuddy_user_op(SBUDDY_OP_LRU, slot),
	};

	op[1].gfp = SBUDDY_LRU_OPS;
	return sbuddy_user_run_all(fd, op, 2) ?: op[0].err ?: op[1].err;
}

static uint64_t pfn_of(int fd, uint32_t slot)
{
	struct sbuddy_query_slot q;

	return sbuddy_user_slot(fd, slot, &q) ? SBUDDY_NO_PFN : q.pfn;
}

static int movable(int fd, struct sbuddy_movable *a)
{
	a->size = sizeof(*a);
	return sbuddy_user_ioctl(fd, SBUDDY_IOC_MOVABLE, a);
}

static int set(int fd, uint32_t action, uint32_t timeout_ms)
{
	struct sbuddy_movable a = { .action = action, .timeout_ms = timeout_ms };

	return movable(fd, &a);
}

static int migrate(int fd, uint32_t slot, uint32_t count, uint32_t mode, struct sbuddy_migrate *a)
{
	*a = (struct sbuddy_migrate){
		.size = sizeof(*a), .slot = slot, .count = count, .mode = mode, .node = -1,
	};
	return sbuddy_user_ioctl(fd, SBUDDY_IOC_MIGRATE, a);
}

/* ---- the thread that answers ---- */

struct agreer {
	int fd;
	int answer;		/* to all, after */
	int put_off;		/* as many that are answered EAGAIN */
	volatile int stop;
	volatile int asked;
	volatile int refused;
	struct sbuddy_movable last;
	pthread_t thread;
};

static void *answer(void *arg)
{
	struct agreer *g = arg;

	while (!g->stop) {
		struct sbuddy_movable a = { .action = SBUDDY_MOVABLE_NEXT, .timeout_ms = 50 };

		if (movable(g->fd, &a))
			continue;
		g->last = a;
		a.action = SBUDDY_MOVABLE_ANSWER;
		a.timeout_ms = 0;
		a.answer = g->asked++ < g->put_off ? -EAGAIN : g->answer;
		g->refused += movable(g->fd, &a) != 0;
	}
	return NULL;
}

FIXTURE(movable)
{
	struct agreer g;
	int fd;
};

FIXTURE_SETUP(movable)
{
	memset(&self->g, 0, sizeof(self->g));
	self->fd = sbuddy_user_open();
	ASSERT_LE(0, self->fd);
	self->g.fd = self->fd;
}

FIXTURE_TEARDOWN(movable)
{
	int other = sbuddy_user_open();

	EXPECT_CHECK(self->fd);
	EXPECT_EQ(0, close(self->fd));
	EXPECT_ALL_BACK(other);
	EXPECT_CHECK(other);
	EXPECT_EQ(0, close(other));
}

#define LISTEN() do {							\
	ASSERT_EQ(0, set(self->fd, SBUDDY_MOVABLE_ON, 5000));		\
	ASSERT_EQ(0, pthread_create(&self->g.thread, NULL, answer, &self->g));	\
} while (0)

#define SILENCE() do {							\
	self->g.stop = 1;						\
	pthread_join(self->g.thread, NULL);				\
	EXPECT_EQ(0, self->g.refused);					\
} while (0)

TEST_F(movable, agrees)
{
	struct sbuddy_migrate a;
	uint64_t *p, from, i;

	LISTEN();
	ASSERT_EQ(0, put(self->fd, 3, 0));
	ASSERT_EQ(0, put(self->fd, 4, 2));
	p = mmap(NULL, 4 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, self->fd, 4 * PAGE);
	ASSERT_NE(MAP_FAILED, (void *)p);
	for (i = 0; i < 4; i++)
		p[i * WORDS] = 50 + i;
	from = pfn_of(self->fd, 3);
	ASSERT_EQ(0, migrate(self->fd, 3, 1, SBUDDY_MIGRATE_SYNC_LIGHT, &a));
	EXPECT_EQ(1, a.migrated);
	EXPECT_EQ(1, self->g.asked);
	EXPECT_EQ(3, self->g.last.slot);
	EXPECT_EQ(from, self->g.last.from);
	EXPECT_EQ(pfn_of(self->fd, 3), self->g.last.to);
	EXPECT_NE(from, self->g.last.to);
	ASSERT_EQ(0, migrate(self->fd, 4, 1, SBUDDY_MIGRATE_SYNC, &a));
	EXPECT_EQ(4, a.migrated);
	EXPECT_EQ(2, self->g.last.order);
	for (i = 0; i < 4; i++)
		EXPECT_EQ(50 + i, p[i * WORDS]);
	SILENCE();
	munmap(p, 4 * PAGE);
}

TEST_F(movable, refuses_and_puts_off)
{
	struct sbuddy_migrate a;
	uint64_t from;

	self->g.answer = -EBUSY;
	LISTEN();
	ASSERT_EQ(0, put(self->fd, 0, 0));
	from = pfn_of(self->fd, 0);
	ASSERT_EQ(0, migrate(self->fd, 0, 1, SBUDDY_MIGRATE_SYNC, &a));
	EXPECT_EQ(1, a.failed);
	EXPECT_EQ(1, self->g.asked);
	EXPECT_EQ(from, pfn_of(self->fd, 0));
	self->g.asked = 0;
	self->g.put_off = 6;		/* seven passes are for those who wait */
	self->g.answer = 0;
	ASSERT_EQ(0, migrate(self->fd, 0, 1, SBUDDY_MIGRATE_SYNC, &a));
	EXPECT_EQ(1, a.migrated);
	EXPECT_EQ(7, self->g.asked);
	self->g.asked = 0;
	self->g.put_off = 7;
	ASSERT_EQ(0, migrate(self->fd, 0, 1, SBUDDY_MIGRATE_SYNC, &a));
	EXPECT_EQ(1, a.failed);
	EXPECT_EQ(7, self->g.asked);
	SILENCE();
}

/* Nobody is asked in the mode that does not wait. */
TEST_F(movable, does_not_wait)
{
	struct sbuddy_migrate a;

	LISTEN();
	ASSERT_EQ(0, put(self->fd, 0, 0));
	ASSERT_EQ(0, migrate(self->fd, 0, 1, SBUDDY_MIGRATE_ASYNC, &a));
	EXPECT_EQ(1, a.failed);
	EXPECT_EQ(0, self->g.asked);
	SILENCE();
}

TEST_F(movable, says_nothing)
{
	struct sbuddy_movable next = { .action = SBUDDY_MOVABLE_NEXT };
	struct sbuddy_migrate a;
	struct timespec from, to;
	int64_t ms;

	ASSERT_EQ(0, set(self->fd, SBUDDY_MOVABLE_ON, 100));
	ASSERT_EQ(0, put(self->fd, 0, 0));
	clock_gettime(CLOCK_MONOTONIC, &from);
	ASSERT_EQ(0, migrate(self->fd, 0, 1, SBUDDY_MIGRATE_SYNC, &a));
	clock_gettime(CLOCK_MONOTONIC, &to);
	ms = (to.tv_sec - from.tv_sec) * 1000 + (to.tv_nsec - from.tv_nsec) / 1000000;
	EXPECT_EQ(1, a.failed);
	EXPECT_LE(90, ms);		/* once, not in every pass */
	EXPECT_EQ(-ENOENT, movable(self->fd, &next));
	EXPECT_EQ(0, set(self->fd, SBUDDY_MOVABLE_OFF, 0));
	ASSERT_EQ(0, migrate(self->fd, 0, 1, SBUDDY_MIGRATE_SYNC, &a));
	EXPECT_EQ(1, a.busy);
}

TEST_F(movable, failures_on_demand)
{
	struct sbuddy_movable f = {
		.action = SBUDDY_MOVABLE_FAULTS, .refuse = 1, .skip = 1, .fail = 2, .error = -EBUSY,
	};
	struct sbuddy_migrate a;

	LISTEN();
	ASSERT_EQ(0, put(self->fd, 0, 0));
	ASSERT_EQ(0, movable(self->fd, &f));
	ASSERT_EQ(0, migrate(self->fd, 0, 1, SBUDDY_MIGRATE_ASYNC, &a));
	EXPECT_EQ(1, a.busy);
	ASSERT_EQ(0, migrate(self->fd, 0, 1, SBUDDY_MIGRATE_SYNC, &a));
	EXPECT_EQ(1, a.failed);		/* after one good pass: without waiting, then with */
	EXPECT_EQ(0, self->g.asked);
	ASSERT_EQ(0, migrate(self->fd, 0, 1, SBUDDY_MIGRATE_SYNC, &a));
	EXPECT_EQ(1, a.migrated);
	SILENCE();
}

TEST_F(movable, compaction_asks)
{
	struct sbuddy_compact c = {
		.size = sizeof(c), .node = SBUDDY_ALL_ZONES, .zone = SBUDDY_ALL_ZONES,
		.order = -1, .mode = SBUDDY_MIGRATE_SYNC,
	};
	uint32_t i, nr = 1024;

	LISTEN();
	for (i = 0; i < nr; i++)
		ASSERT_EQ(0, put(self->fd, i, 0));
	for (i = 0; i < nr; i++) {
		struct sbuddy_op op = sbuddy_user_free(i);

		if (i % 16)
			ASSERT_EQ(0, sbuddy_user_do(self->fd, &op));
	}
	ASSERT_EQ(0, sbuddy_user_ioctl(self->fd, SBUDDY_IOC_COMPACT, &c));
	EXPECT_LT(0, c.migrated);
	EXPECT_LE(c.migrated, self->g.asked);
	SILENCE();
}

TEST_F(movable, refused)
{
	struct sbuddy_movable a = { .action = SBUDDY_MOVABLE_ANSWER, .cookie = 1 };

	EXPECT_EQ(-EOPNOTSUPP, put(self->fd, 0, 0));
	EXPECT_EQ(-ENOENT, set(self->fd, SBUDDY_MOVABLE_OFF, 0));
	EXPECT_EQ(-ENOENT, set(self->fd, SBUDDY_MOVABLE_NEXT, 0));
	EXPECT_EQ(-ENOENT, movable(self->fd, &a));
	EXPECT_EQ(-EINVAL, set(self->fd, SBUDDY_MOVABLE_ON, 0));
	EXPECT_EQ(-EINVAL, set(self->fd, SBUDDY_MOVABLE_ON, SBUDDY_MAX_MOVABLE_MS + 1));
	EXPECT_EQ(-EINVAL, set(self->fd, SBUDDY_NR_MOVABLE_ACTIONS, 1));
	ASSERT_EQ(0, set(self->fd, SBUDDY_MOVABLE_ON, 1));
	EXPECT_EQ(-EBUSY, set(self->fd, SBUDDY_MOVABLE_ON, 1));
	EXPECT_EQ(-ENOENT, movable(self->fd, &a));
	a.answer = 1;
	EXPECT_EQ(-EINVAL, movable(self->fd, &a));
	a = (struct sbuddy_movable){ .action = SBUDDY_MOVABLE_FAULTS, .fail = 1 };
	EXPECT_EQ(-EINVAL, movable(self->fd, &a));
	EXPECT_EQ(0, set(self->fd, SBUDDY_MOVABLE_OFF, 0));
	EXPECT_EQ(0, set(self->fd, SBUDDY_MOVABLE_ON, 1));
}

/* A program is killed while somebody else waits for its answer, for ten seconds if need be. */
TEST_F(movable, killed_while_asked)
{
	struct sbuddy_compact c = {
		.size = sizeof(c), .node = SBUDDY_ALL_ZONES, .zone = SBUDDY_ALL_ZONES,
		.order = -1, .mode = SBUDDY_MIGRATE_SYNC,
	};
	int pipes[2], status;
	pid_t pid, killer;
	uint32_t i;

	ASSERT_EQ(0, pipe(pipes));
	pid = fork();
	if (!pid) {
		struct sbuddy_movable a = { .action = SBUDDY_MOVABLE_NEXT, .timeout_ms = 10000 };
		int fd = sbuddy_user_open();

		close(self->fd);
		status = set(fd, SBUDDY_MOVABLE_ON, 10000);
		for (i = 0; i < 64 && !status; i++)
			status = put(fd, i, 0);
		status = write(pipes[1], &status, sizeof(status));
		status = movable(fd, &a);
		status = write(pipes[1], &status, sizeof(status));
		for (;;)
			pause();
	}
	ASSERT_EQ(sizeof(status), read(pipes[0], &status, sizeof(status)));
	ASSERT_EQ(0, status);
	killer = fork();
	if (!killer) {
		close(self->fd);
		if (read(pipes[0], &status, sizeof(status)) == sizeof(status) && !status)
			kill(pid, SIGKILL);
		_exit(0);
	}
	ASSERT_EQ(0, sbuddy_user_ioctl(self->fd, SBUDDY_IOC_COMPACT, &c));
	kill(pid, SIGKILL);
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	kill(killer, SIGKILL);
	ASSERT_EQ(killer, waitpid(killer, &status, 0));
	EXPECT_EQ(c.isolated, c.migrated + c.failed);
	close(pipes[0]);
	close(pipes[1]);
}

TEST_HARNESS_MAIN
