// SPDX-License-Identifier: GPL-2.0
/*
 * SBUDDY_IOC_RUN on memory that is not the caller's alone: results in a mapped
 * file, arrays that are aligned or not, and arrays that somebody scribbles on
 * while they are run.  Whatever is read there twice could be two things.
 *
 * SBUDDY_SEED repeats the scribbles, not their moments; SBUDDY_SCRIBBLE_SECONDS
 * is how long they go on.
 */
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <sys/mman.h>

#include "kselftest_harness.h"
#include "test_util.h"

#define NR_OPS		512U
#define BYTES		(NR_OPS * sizeof(struct sbuddy_op))
#define NR_SLOTS	256U
#define SCRIBBLERS	2

FIXTURE(run_shared)
{
	int fd;
	int watch;		/* a second file: stays when fd is closed */
};

FIXTURE_SETUP(run_shared)
{
	self->watch = sbuddy_user_open();
	ASSERT_LE(0, self->watch);
	self->fd = sbuddy_user_open();
	ASSERT_LE(0, self->fd);
}

FIXTURE_TEARDOWN(run_shared)
{
	EXPECT_CHECK(self->watch);
	EXPECT_EQ(0, close(self->fd));
	EXPECT_CHECK(self->watch);
	EXPECT_ALL_BACK(self->watch);
	EXPECT_EQ(0, close(self->watch));
}

/* A slot is taken, and given back by the next operation. */
static void fill(struct sbuddy_op *op, unsigned int nr)
{
	unsigned int i;

	for (i = 0; i < nr; i++) {
		struct sbuddy_op o = i % 2 ? sbuddy_user_free(i / 2) :
			sbuddy_user_alloc(i / 2, i % 5, SBUDDY_GFP_KERNEL);

		memcpy(&op[i], &o, sizeof(o));
	}
}

static int same_result(const struct sbuddy_op *a, const struct sbuddy_op *b)
{
	return a->err == b->err && a->order == b->order && a->count == b->count &&
	       a->zone == b->zone && a->slot == b->slot;
}

/* How an array lies makes no difference to what it does. */
TEST_F(run_shared, unaligned)
{
	static struct sbuddy_op aligned[NR_OPS];
	static uint8_t bytes[BYTES + 64];
	struct sbuddy_run run;
	unsigned int skew, i;

	for (skew = 0; skew < 64; skew += 7) {
		struct sbuddy_op *op = (void *)(bytes + skew), one;

		fill(aligned, NR_OPS);
		fill(op, NR_OPS);
		ASSERT_EQ(0, sbuddy_user_run(self->fd, aligned, NR_OPS, 0, &run));
		ASSERT_EQ(NR_OPS, run.written);
		ASSERT_EQ(0, sbuddy_user_run(self->fd, op, NR_OPS, 0, &run));
		ASSERT_EQ(NR_OPS, run.written);
		for (i = 0; i < NR_OPS; i++) {
			memcpy(&one, &op[i], sizeof(one));
			ASSERT_TRUE(same_result(&aligned[i], &one));
		}
	}
}

/* Results reach a file that is mapped shared, and stay out of one that is private. */
TEST_F(run_shared, mapped_file)
{
	int fd = open("/tmp", O_TMPFILE | O_RDWR, 0600);
	static struct sbuddy_op in[NR_OPS], out[NR_OPS];
	struct sbuddy_run run;
	unsigned int i, shared;

	ASSERT_LE(0, fd);
	for (shared = 0; shared < 2; shared++) {
		struct sbuddy_op *map;

		fill(in, NR_OPS);
		ASSERT_EQ((ssize_t)BYTES, pwrite(fd, in, BYTES, 0));
		map = mmap(NULL, BYTES, PROT_READ | PROT_WRITE, shared ? MAP_SHARED : MAP_PRIVATE,
			   fd, 0);
		ASSERT_NE(MAP_FAILED, map);
		ASSERT_EQ(0, sbuddy_user_run(self->fd, map, NR_OPS, 0, &run));
		ASSERT_EQ(NR_OPS, run.written);
		for (i = 0; i < NR_OPS; i++)
			ASSERT_EQ(0, map[i].err);
		ASSERT_NE(SBUDDY_NO_PFN, map[0].pfn);
		ASSERT_EQ(0, munmap(map, BYTES));
		ASSERT_EQ((ssize_t)BYTES, pread(fd, out, BYTES, 0));
		for (i = 0; i < NR_OPS; i++)
			ASSERT_EQ(shared, out[i].pfn != in[i].pfn);
	}
	EXPECT_EQ(0, close(fd));
}

/* What can be read but not written: operations are performed, results are lost. */
TEST_F(run_shared, read_only)
{
	struct sbuddy_op *op = mmap(NULL, BYTES, PROT_READ | PROT_WRITE,
				    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct sbuddy_run run;

	ASSERT_NE(MAP_FAILED, op);
	fill(op, NR_OPS);
	ASSERT_EQ(0, mprotect(op, BYTES, PROT_READ));
	ASSERT_EQ(0, sbuddy_user_run(self->fd, op, NR_OPS, 0, &run));
	EXPECT_EQ(-EFAULT, run.err);
	EXPECT_EQ(0, run.written);
	EXPECT_GT(NR_OPS, run.done);
	EXPECT_EQ(0, munmap(op, BYTES));
}

struct scribbler {
	volatile uint64_t *word;
	volatile int *stop;
	uint64_t seed;
	uint64_t writes;
};

/* A field that the other side has just looked at becomes another, valid or not. */
static void *scribble(void *arg)
{
	struct scribbler *s = arg;
	struct test_random r = { .state = s->seed };

	while (!*s->stop) {
		unsigned int at = test_random_below(&r, NR_OPS) * 4;
		struct sbuddy_op op = test_random_op(&r, NR_SLOTS, 64);
		uint64_t words[4];

		memcpy(words, &op, sizeof(words));
		switch (test_random_below(&r, 8)) {
		case 0:
			s->word[at + test_random_below(&r, 4)] = test_random64(&r);
			break;
		case 1:
			s->word[at + test_random_below(&r, 4)] ^= 1ULL << test_random_below(&r, 64);
			break;
		default:
			at += test_random_below(&r, 4);
			s->word[at] = words[at % 4];
			break;
		}
		s->writes++;
	}
	return NULL;
}

TEST_F_TIMEOUT(run_shared, scribbled_on, 300)
{
	uint64_t seed = test_seed(), seconds = test_param("SBUDDY_SCRIBBLE_SECONDS", 5);
	struct sbuddy_op *op = mmap(NULL, BYTES, PROT_READ | PROT_WRITE,
				    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	struct scribbler s[SCRIBBLERS];
	pthread_t thread[SCRIBBLERS];
	time_t end = time(NULL) + seconds;
	uint64_t done = 0, writes = 0;
	volatile int stop = 0;
	struct sbuddy_run run;
	unsigned int i;

	ASSERT_NE(MAP_FAILED, op);
	TH_LOG("seed %#llx", (unsigned long long)seed);
	for (i = 0; i < SCRIBBLERS; i++) {
		s[i] = (struct scribbler){ (void *)op, &stop, seed + i, 0 };
		ASSERT_EQ(0, pthread_create(&thread[i], NULL, scribble, &s[i]));
	}
	while (time(NULL) < end && sbuddy_user_run(self->fd, op, NR_OPS, 0, &run) == 0)
		done += run.done;
	stop = 1;
	for (i = 0; i < SCRIBBLERS; i++) {
		ASSERT_EQ(0, pthread_join(thread[i], NULL));
		writes += s[i].writes;
	}
	EXPECT_LE(end, time(NULL));
	EXPECT_LT(1000, done);
	EXPECT_LT(1000, writes);
	EXPECT_CHECK(self->watch);
}

TEST_HARNESS_MAIN
