// SPDX-License-Identifier: GPL-2.0
/*
 * Owners: whatever a file holds comes back when its last user is gone, however
 * he went: by close, by exit, by kill -9 in the middle of a run, with threads
 * and with children that share the file.
 *
 * Nobody else works on machine 0.  After each step the whole machine is
 * checked, and in the end every page must be back on a free list.
 */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/wait.h>

#include "kselftest_harness.h"
#include "test_util.h"

#define NR_SLOTS	4096
#define NR_KILLED	6

FIXTURE(owner)
{
	int watch;
	uint32_t nr_vcpus;
};

FIXTURE_SETUP(owner)
{
	struct sbuddy_user_machine m;

	self->watch = sbuddy_user_open();
	ASSERT_LE(0, self->watch);
	ASSERT_EQ(0, sbuddy_user_machine(self->watch, 0, &m));
	self->nr_vcpus = m.info.nr_vcpus;
	sbuddy_user_machine_free(&m);
	EXPECT_ALL_BACK(self->watch);
}

FIXTURE_TEARDOWN(owner)
{
	EXPECT_CHECK(self->watch);
	EXPECT_ALL_BACK(self->watch);
	EXPECT_EQ(0, close(self->watch));
}

/* Random operations; returns how many pages are held after. */
static uint64_t fill(int fd, struct test_random *r, unsigned int nr, uint32_t nr_vcpus)
{
	struct sbuddy_op *op = malloc(nr * sizeof(*op));
	struct sbuddy_owner_info owner;
	unsigned int i;

	if (!op)
		return 0;
	for (i = 0; i < nr; i++)
		op[i] = test_random_op(r, NR_SLOTS, nr_vcpus);
	sbuddy_user_run_all(fd, op, nr);
	free(op);
	return sbuddy_user_owner(fd, &owner) ? 0 : owner.pages;
}

TEST_F_TIMEOUT(owner, close_frees, 120)
{
	struct test_random r = { .state = test_seed() };
	unsigned int round;

	TH_LOG("SBUDDY_SEED=%llu", (unsigned long long)r.state);
	for (round = 0; round < 10; round++) {
		int fd = sbuddy_user_open();

		ASSERT_LE(0, fd);
		EXPECT_LT(0, fill(fd, &r, 4000, self->nr_vcpus));
		EXPECT_CHECK(self->watch);
		ASSERT_EQ(0, close(fd));
		EXPECT_CHECK(self->watch);
		EXPECT_ALL_BACK(self->watch);
	}
}

/* Two references by GET: the close drops all of them. */
TEST_F(owner, close_frees_references)
{
	struct sbuddy_op op[3] = {
		sbuddy_user_alloc(0, 5, SBUDDY_GFP_KERNEL),
		sbuddy_user_op(SBUDDY_OP_GET, 0),
		sbuddy_user_op(SBUDDY_OP_GET, 0),
	};
	int fd = sbuddy_user_open();

	ASSERT_LE(0, fd);
	ASSERT_EQ(0, sbuddy_user_run_all(fd, op, 3));
	EXPECT_EQ(0, op[2].err);
	ASSERT_EQ(0, close(fd));
}

TEST_F(owner, files_are_apart)
{
	struct sbuddy_op a = sbuddy_user_alloc(1, 0, SBUDDY_GFP_KERNEL), b = a;
	struct sbuddy_op f = sbuddy_user_free(1);
	struct sbuddy_owner_info oa, ob;
	struct sbuddy_query_slot q;
	int fd = sbuddy_user_open();

	ASSERT_LE(0, fd);
	ASSERT_EQ(0, sbuddy_user_do(fd, &a));
	ASSERT_EQ(0, sbuddy_user_do(self->watch, &b));
	EXPECT_NE(a.pfn, b.pfn);
	ASSERT_EQ(0, sbuddy_user_owner(fd, &oa));
	ASSERT_EQ(0, sbuddy_user_owner(self->watch, &ob));
	EXPECT_NE(oa.id, ob.id);
	EXPECT_LT(0, oa.id);
	ASSERT_EQ(0, close(fd));
	ASSERT_EQ(0, sbuddy_user_slot(self->watch, 1, &q));
	EXPECT_EQ(b.pfn, q.pfn);
	ASSERT_EQ(0, sbuddy_user_do(self->watch, &f));
}

/* A child works on the parent's slots; its end takes nothing away. */
TEST_F(owner, fork_shares)
{
	struct sbuddy_op f = sbuddy_user_free(2);
	struct sbuddy_query_slot q;
	int fd = sbuddy_user_open(), status;
	pid_t pid;

	ASSERT_LE(0, fd);
	pid = fork();
	ASSERT_LE(0, pid);
	if (!pid) {
		struct sbuddy_op a = sbuddy_user_alloc(2, 3, SBUDDY_GFP_KERNEL);

		_exit(sbuddy_user_do(fd, &a) ? 1 : 0);
	}
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	ASSERT_EQ(0, status);
	ASSERT_EQ(0, sbuddy_user_slot(fd, 2, &q));
	EXPECT_EQ(3, q.order);
	ASSERT_EQ(0, sbuddy_user_do(fd, &f));
	ASSERT_EQ(0, close(fd));
}

/* The last user counts, not the first: the child outlives the parent's close. */
TEST_F(owner, child_keeps_file)
{
	struct sbuddy_op a = sbuddy_user_alloc(0, 9, SBUDDY_GFP_KERNEL);
	struct test_sums sums;
	int fd = sbuddy_user_open(), go[2];
	char byte;
	pid_t pid;

	ASSERT_LE(0, fd);
	ASSERT_EQ(0, pipe(go));
	ASSERT_EQ(0, sbuddy_user_do(fd, &a));
	pid = fork();
	ASSERT_LE(0, pid);
	if (!pid) {
		close(go[1]);
		_exit(read(go[0], &byte, 1));
	}
	ASSERT_EQ(0, close(fd));
	ASSERT_EQ(0, test_sum(self->watch, &sums));
	EXPECT_EQ(sums.managed - 512, sums.free + sums.pcp);
	ASSERT_EQ(0, close(go[1]));
	ASSERT_EQ(pid, waitpid(pid, NULL, 0));
}

struct victim {
	int fd;
	uint64_t seed;
	uint32_t nr_vcpus;
};

/* Runs until it is killed. */
static void *work(void *arg)
{
	struct victim *v = arg;
	struct test_random r = { .state = v->seed };

	for (;;)
		fill(v->fd, &r, 1 << 14, v->nr_vcpus);
	return NULL;
}

/* Odd victims work with two threads on one file. */
static void be_killed(unsigned int i, uint64_t seed, uint32_t nr_vcpus)
{
	struct victim v = { sbuddy_user_open(), seed, nr_vcpus };
	struct victim w = { v.fd, ~seed, nr_vcpus };
	pthread_t thread;

	if (v.fd < 0)
		_exit(1);
	if (i % 2 && pthread_create(&thread, NULL, work, &w))
		_exit(1);
	work(&v);
}

TEST_F_TIMEOUT(owner, kill_storm, 300)
{
	struct test_random r = { .state = test_seed() };
	unsigned int i, round, rounds = test_param("SBUDDY_ROUNDS", 8);

	TH_LOG("SBUDDY_SEED=%llu", (unsigned long long)r.state);
	for (round = 0; round < rounds; round++) {
		pid_t pid[NR_KILLED];

		for (i = 0; i < NR_KILLED; i++) {
			uint64_t seed = test_random64(&r);

			pid[i] = fork();
			ASSERT_LE(0, pid[i]);
			if (!pid[i])
				be_killed(i, seed, self->nr_vcpus);
		}
		for (i = 0; i < NR_KILLED; i++) {
			usleep(20000 + test_random_below(&r, 100000));
			ASSERT_EQ(0, kill(pid[i], SIGKILL));
			if (i == NR_KILLED / 2) {
				EXPECT_CHECK(self->watch);
			}
		}
		for (i = 0; i < NR_KILLED; i++) {
			int status;

			ASSERT_EQ(pid[i], waitpid(pid[i], &status, 0));
			EXPECT_TRUE(WIFSIGNALED(status));
		}
		EXPECT_CHECK(self->watch);
		EXPECT_ALL_BACK(self->watch);
	}
}

/* Numbers of owners are given again, and never twice at a time. */
TEST_F(owner, numbers)
{
	int fd[100];
	uint32_t id[100];
	unsigned int i, j;

	for (i = 0; i < 100; i++) {
		struct sbuddy_owner_info owner;

		fd[i] = sbuddy_user_open();
		ASSERT_LE(0, fd[i]);
		ASSERT_EQ(0, sbuddy_user_owner(fd[i], &owner));
		id[i] = owner.id;
		for (j = 0; j < i; j++) {
			EXPECT_NE(id[j], id[i]);
		}
	}
	for (i = 0; i < 100; i++) {
		ASSERT_EQ(0, close(fd[i]));
	}
}

TEST_HARNESS_MAIN
