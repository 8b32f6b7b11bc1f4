// SPDX-License-Identifier: GPL-2.0
/*
 * Reclaim through /dev/sbuddy: requests that wait, kswapd in steps and as a
 * thread, pages that come back, and files that lose all when there is nothing left.
 *
 * The module is loaded; machines of their own are used.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>

#include "kselftest_harness.h"
#include "test_util.h"

#define GFP_FILL	(SBUDDY_GFP_HIGHUSER_MOVABLE & ~SBUDDY_GFP_RECLAIM)
#define CHUNK		256U

FIXTURE(reclaim)
{
	int fd;
	uint32_t machine;
};

static int knob(int fd, uint32_t machine, uint32_t which, int64_t value)
{
	struct sbuddy_knob arg = { .size = sizeof(arg), .machine = machine, .knob = which,
				   .flags = SBUDDY_KNOB_SET, .value = value };

	return sbuddy_user_ioctl(fd, SBUDDY_IOC_KNOB, &arg);
}

FIXTURE_SETUP(reclaim)
{
	char message[128];

	self->fd = sbuddy_user_open();
	ASSERT_LE(0, self->fd);
	ASSERT_EQ(0, sbuddy_user_create(self->fd, "N0:Normal=64M", 2, &self->machine, message,
					sizeof(message)));
	ASSERT_EQ(0, sbuddy_user_use(self->fd, self->machine));
	ASSERT_EQ(0, knob(self->fd, self->machine, SBUDDY_KNOB_DIRECT_RECLAIM, 1));
	ASSERT_EQ(0, knob(self->fd, self->machine, SBUDDY_KNOB_DIRECT_COMPACT, 1));
}

FIXTURE_TEARDOWN(reclaim)
{
	char line[256];
	int fd = sbuddy_user_open();

	EXPECT_EQ(0, sbuddy_user_check(self->fd, self->machine, line, sizeof(line))) {
		TH_LOG("check: %s", line);
	}
	EXPECT_EQ(0, close(self->fd));
	EXPECT_EQ(0, sbuddy_user_destroy(fd, self->machine));
	EXPECT_EQ(0, close(fd));
}

static int act(int fd, uint32_t machine, struct sbuddy_reclaim_arg *a)
{
	a->size = sizeof(*a);
	a->machine = machine;
	return sbuddy_user_ioctl(fd, SBUDDY_IOC_RECLAIM, a);
}

/* Single pages into slots from @slot on until nothing is left or @max are; how many. */
static uint32_t fill(int fd, uint32_t slot, uint32_t max, uint32_t attrs)
{
	static struct sbuddy_op ops[2 * CHUNK];
	struct sbuddy_run run;
	uint32_t done = 0, i;

	for (; done < max; done += CHUNK) {
		for (i = 0; i < CHUNK; i++) {
			ops[2 * i] = sbuddy_user_alloc(slot + done + i, 0, GFP_FILL);
			ops[2 * i + 1] = sbuddy_user_op(SBUDDY_OP_LRU, slot + done + i);
			ops[2 * i + 1].gfp = attrs;
		}
		if (sbuddy_user_run(fd, ops, 2 * CHUNK, SBUDDY_RUN_STOP_ON_ERROR, &run) || run.err)
			return done + (run.done - 1) / 2;
	}
	return done;
}

static int64_t stat_of(int fd, uint32_t machine, const char *name)
{
	static struct sbuddy_user_stats stats;

	if (sbuddy_user_stats(fd, machine, SBUDDY_ALL_ZONES, SBUDDY_ALL_ZONES, &stats))
		return -1;
	return sbuddy_user_stat(&stats, name);
}

#define STAT(name) stat_of(self->fd, self->machine, name)

static int one(int fd, uint8_t opcode, uint32_t slot, uint32_t gfp)
{
	struct sbuddy_op op = sbuddy_user_op(opcode, slot);

	op.gfp = gfp;
	return sbuddy_user_do(fd, &op);
}

static struct sbuddy_reclaim_arg wake(void)
{
	return (struct sbuddy_reclaim_arg){ .action = SBUDDY_RECLAIM_WAKE,
					    .zone = SBUDDY_ZONE_NORMAL };
}

TEST_F(reclaim, requests_wait_and_get_pages)
{
	uint32_t n = fill(self->fd, 0, 1 << 20, SBUDDY_LRU_FILE), i;

	ASSERT_LT(10000, n);
	for (i = 0; i < 2000; i++)
		ASSERT_EQ(0, one(self->fd, SBUDDY_OP_ALLOC, 100000 + i, SBUDDY_GFP_KERNEL));
	EXPECT_LT(1000, STAT("pgsteal_direct"));
	EXPECT_LT(0, STAT("allocstall_normal"));
	EXPECT_EQ(STAT("pgsteal_direct"), STAT("pgsteal_file"));
	/* what went first comes back */
	EXPECT_EQ(0, one(self->fd, SBUDDY_OP_TOUCH, 0, SBUDDY_TOUCH_READ));
	EXPECT_EQ(1, STAT("workingset_refault_file"));
}

TEST_F(reclaim, kswapd_in_steps)
{
	struct sbuddy_reclaim_arg a = wake();
	int steps = 0;

	fill(self->fd, 0, 1 << 20, SBUDDY_LRU_FILE);
	ASSERT_EQ(0, act(self->fd, self->machine, &a));
	EXPECT_EQ(1, a.woken);
	a = (struct sbuddy_reclaim_arg){ .action = SBUDDY_RECLAIM_KSWAPD };
	ASSERT_EQ(0, act(self->fd, self->machine, &a));
	EXPECT_LT(0, a.reclaimed);
	EXPECT_EQ(SBUDDY_KSWAPD_NAP, a.kswapd);
	EXPECT_EQ(a.reclaimed, STAT("pgsteal_kswapd"));
	a = (struct sbuddy_reclaim_arg){ .action = SBUDDY_RECLAIM_TICK, .ticks = 25 };
	ASSERT_EQ(0, act(self->fd, self->machine, &a));
	EXPECT_EQ(25, a.clock);
	do {
		a = (struct sbuddy_reclaim_arg){ .action = SBUDDY_RECLAIM_KSWAPD };
		ASSERT_EQ(0, act(self->fd, self->machine, &a));
	} while (a.kswapd != SBUDDY_KSWAPD_ASLEEP && ++steps < 100);
	EXPECT_GT(100, steps);
}

TEST_F(reclaim, kswapd_as_a_thread)
{
	struct sbuddy_reclaim_arg a = wake();
	int i;

	ASSERT_EQ(0, knob(self->fd, self->machine, SBUDDY_KNOB_DAEMONS, 1));
	fill(self->fd, 0, 1 << 20, SBUDDY_LRU_FILE);
	ASSERT_EQ(0, act(self->fd, self->machine, &a));
	for (i = 0; i < 200 && !STAT("pgsteal_kswapd"); i++)
		poll(NULL, 0, 50);
	EXPECT_LT(0, STAT("pgsteal_kswapd"));
	EXPECT_LT(0, STAT("pageoutrun"));
	ASSERT_EQ(0, knob(self->fd, self->machine, SBUDDY_KNOB_DAEMONS, 0));
	ASSERT_EQ(0, knob(self->fd, self->machine, SBUDDY_KNOB_DAEMONS, 1));
	/* and goes with the machine, still at work */
}

TEST_F(reclaim, refused)
{
	struct sbuddy_reclaim_arg a = { .action = SBUDDY_NR_RECLAIM_ACTIONS };

	EXPECT_EQ(-EINVAL, act(self->fd, self->machine, &a));
	a = (struct sbuddy_reclaim_arg){ .node = 5 };
	EXPECT_EQ(-ENOENT, act(self->fd, self->machine, &a));
	a = (struct sbuddy_reclaim_arg){ .order = 11 };
	EXPECT_EQ(-EINVAL, act(self->fd, self->machine, &a));
	a = (struct sbuddy_reclaim_arg){ .action = SBUDDY_RECLAIM_WAKE, .zone = -1 };
	EXPECT_EQ(-EINVAL, act(self->fd, self->machine, &a));
	a = (struct sbuddy_reclaim_arg){ .action = SBUDDY_RECLAIM_TICK, .ticks = ~0ULL };
	EXPECT_EQ(-EINVAL, act(self->fd, self->machine, &a));
	a = (struct sbuddy_reclaim_arg){ .reserved = 1 };
	EXPECT_EQ(-EINVAL, act(self->fd, self->machine, &a));
	a = (struct sbuddy_reclaim_arg){ .action = SBUDDY_RECLAIM_KSWAPD };
	EXPECT_EQ(-ENOENT, act(self->fd, 12345, &a));
}

/* The other file has more: it loses all, pages that cannot move included. */
TEST_F(reclaim, largest_file_loses_all)
{
	int fd = sbuddy_user_open(), i;
	struct sbuddy_owner_info owner = { .size = sizeof(owner) };

	ASSERT_LE(0, fd);
	ASSERT_EQ(0, sbuddy_user_use(fd, self->machine));
	ASSERT_EQ(0, knob(self->fd, self->machine, SBUDDY_KNOB_OOM_POLICY, SBUDDY_OOM_KILL));
	ASSERT_LT(10000, fill(fd, 0, 12000, 0));
	for (i = 0; i < 12000; i += 2)
		one(fd, SBUDDY_OP_LRU, i, SBUDDY_LRU_OFF);
	for (i = 0; i < 8000 && !STAT("oom_kill"); i++)
		ASSERT_EQ(0, one(self->fd, SBUDDY_OP_ALLOC, i, SBUDDY_GFP_KERNEL));
	EXPECT_EQ(1, STAT("oom_kill"));
	EXPECT_EQ(-EOWNERDEAD, one(fd, SBUDDY_OP_ALLOC, 50000, SBUDDY_GFP_KERNEL));
	for (i = 0; i < 600; i++) {
		ASSERT_EQ(0, sbuddy_user_owner(fd, &owner));
		if (!owner.pages)
			break;
		poll(NULL, 0, 50);
	}
	EXPECT_EQ(0, owner.pages);
	EXPECT_EQ(0, close(fd));
}

TEST_F(reclaim, process_of_the_victim_is_killed)
{
	int status = 0, i;
	pid_t pid;

	ASSERT_EQ(0, knob(self->fd, self->machine, SBUDDY_KNOB_OOM_POLICY, SBUDDY_OOM_SIGNAL));
	pid = fork();
	ASSERT_LE(0, pid);
	if (!pid) {
		int fd = sbuddy_user_open();

		if (fd < 0 || sbuddy_user_use(fd, self->machine) || fill(fd, 0, 12000, 0) < 10000)
			_exit(1);
		for (;;)
			pause();
	}
	for (i = 0; i < 600 && STAT("pgalloc") < 11000; i++)
		poll(NULL, 0, 50);
	for (i = 0; i < 16000 && !STAT("oom_kill"); i++)
		if (one(self->fd, SBUDDY_OP_ALLOC, i, SBUDDY_GFP_KERNEL))
			break;
	EXPECT_EQ(1, STAT("oom_kill"));
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
}

TEST_HARNESS_MAIN
