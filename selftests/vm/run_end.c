// SPDX-License-Identifier: GPL-2.0
/*
 * SBUDDY_IOC_RUN as a whole: arrays of any length, and runs that end before
 * their end, by an error, a signal, or memory that is not there or slow to come.
 *
 * Nobody else works on machine 0.  Each test checks the machine when it is
 * done and that closing the file brings every page back.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <linux/userfaultfd.h>

#include "kselftest_harness.h"
#include "test_util.h"

#define PAGE		4096UL
#define OPS_PER_PAGE	(PAGE / sizeof(struct sbuddy_op))

FIXTURE(run_end)
{
	int fd;
	int watch;		/* a second file: stays when fd is closed */
};

FIXTURE_SETUP(run_end)
{
	self->watch = sbuddy_user_open();
	ASSERT_LE(0, self->watch);
	self->fd = sbuddy_user_open();
	ASSERT_LE(0, self->fd);
}

FIXTURE_TEARDOWN(run_end)
{
	EXPECT_CHECK(self->watch);
	EXPECT_EQ(0, close(self->fd));
	EXPECT_CHECK(self->watch);
	EXPECT_ALL_BACK(self->watch);
	EXPECT_EQ(0, close(self->watch));
}

TEST_F(run_end, stop_on_error)
{
	struct sbuddy_op op[5] = {
		sbuddy_user_alloc(0, 0, SBUDDY_GFP_KERNEL),
		sbuddy_user_alloc(1, 0, SBUDDY_GFP_KERNEL),
		sbuddy_user_free(7),
		sbuddy_user_alloc(2, 0, SBUDDY_GFP_KERNEL),
		sbuddy_user_free(8),
	};
	struct sbuddy_run run;

	op[3].err = 1234;
	ASSERT_EQ(0, sbuddy_user_run(self->fd, op, 5, SBUDDY_RUN_STOP_ON_ERROR, &run));
	EXPECT_EQ(3, run.done);
	EXPECT_EQ(3, run.written);
	EXPECT_EQ(2, run.first_error);
	EXPECT_EQ(-ENOENT, run.err);
	EXPECT_EQ(-ENOENT, op[2].err);
	EXPECT_EQ(1234, op[3].err);
	EXPECT_EQ(2, test_slots_held(self->fd));
}

TEST_F(run_end, go_on_after_error)
{
	struct sbuddy_op op[5] = {
		sbuddy_user_alloc(0, 0, SBUDDY_GFP_KERNEL),
		sbuddy_user_free(7),
		sbuddy_user_alloc(1, 0, SBUDDY_GFP_KERNEL),
		sbuddy_user_free(8),
		sbuddy_user_alloc(2, 0, SBUDDY_GFP_KERNEL),
	};
	struct sbuddy_run run;

	ASSERT_EQ(0, sbuddy_user_run(self->fd, op, 5, 0, &run));
	EXPECT_EQ(5, run.done);
	EXPECT_EQ(5, run.written);
	EXPECT_EQ(1, run.first_error);
	EXPECT_EQ(0, run.err);
	EXPECT_EQ(3, test_slots_held(self->fd));
}

TEST_F(run_end, counts)
{
	struct sbuddy_run run;
	struct sbuddy_op op;

	ASSERT_EQ(0, sbuddy_user_run(self->fd, NULL, 0, 0, &run));
	EXPECT_EQ(0, run.done);
	EXPECT_EQ(SBUDDY_NO_INDEX, run.first_error);
	EXPECT_EQ(0, run.err);
	EXPECT_EQ(-EINVAL, sbuddy_user_run(self->fd, &op, SBUDDY_MAX_RUN_OPS + 1, 0, &run));
	EXPECT_EQ(-EINVAL, sbuddy_user_run(self->fd, &op, UINT32_MAX, 0, &run));
}

/* Chunks must not show: every length around their borders. */
TEST_F(run_end, lengths)
{
	struct sbuddy_op op[300];
	struct sbuddy_run run;
	unsigned int nr, i;

	for (nr = 1; nr < 300; nr += nr < 140 ? 1 : 23) {
		for (i = 0; i < nr; i++)
			op[i] = i % 2 ? sbuddy_user_free(i - 1) :
				sbuddy_user_alloc(i, 0, SBUDDY_GFP_KERNEL);
		ASSERT_EQ(0, sbuddy_user_run(self->fd, op, nr, 0, &run));
		EXPECT_EQ(nr, run.done);
		EXPECT_EQ(nr, run.written);
		EXPECT_EQ(SBUDDY_NO_INDEX, run.first_error);
		for (i = 1; i < nr; i += 2) {
			EXPECT_EQ(op[i - 1].pfn, op[i].pfn);
		}
		if (nr % 2) {
			op[0] = sbuddy_user_free(nr - 1);
			EXPECT_EQ(0, sbuddy_user_do(self->fd, &op[0]));
		}
		EXPECT_EQ(0, test_pages_held(self->fd));
	}
}

/* ---- memory that is not there ------------------------------------------- */

/* Two pages of operations that allocate, then one that is not mapped. */
static struct sbuddy_op *map_ops(unsigned int skew)
{
	uint8_t *map = mmap(NULL, 3 * PAGE, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct sbuddy_op *op;
	unsigned int i;

	if (map == MAP_FAILED || munmap(map + 2 * PAGE, PAGE))
		return NULL;
	op = (void *)(map + skew);
	for (i = 0; i < 2 * OPS_PER_PAGE - (skew ? 1 : 0); i++) {
		struct sbuddy_op a = sbuddy_user_alloc(i, 0, SBUDDY_GFP_KERNEL);

		memcpy(&op[i], &a, sizeof(a));
	}
	return op;
}

TEST_F(run_end, fault_reading)
{
	struct sbuddy_op *op = map_ops(0);
	struct sbuddy_run run;
	unsigned int start;

	ASSERT_NE(NULL, op);
	for (start = 2 * OPS_PER_PAGE - 70; start <= 2 * OPS_PER_PAGE; start++) {
		unsigned int nr = 2 * OPS_PER_PAGE - start, held = test_slots_held(self->fd);

		ASSERT_EQ(0, sbuddy_user_run(self->fd, op + start, nr + 40, 0, &run));
		EXPECT_EQ(nr, run.done);
		EXPECT_EQ(nr, run.written);
		EXPECT_EQ(-EFAULT, run.err);
		/* slots of the round before are taken: those operations failed */
		EXPECT_EQ(held ? held : nr, test_slots_held(self->fd));
	}
}

/* The last operation lies half on the page that is not there. */
TEST_F(run_end, fault_within_operation)
{
	static const unsigned int skews[] = { 8, 16, 24, 1, 31 };
	struct sbuddy_run run;
	unsigned int i, nr = 2 * OPS_PER_PAGE - 1, clean;

	for (i = 0; i < 5; i++) {
		struct sbuddy_op *op = map_ops(skews[i]);

		ASSERT_NE(NULL, op);
		ASSERT_EQ(0, sbuddy_user_run(self->fd, op, nr + 1, 0, &run));
		EXPECT_EQ(nr, run.done);
		EXPECT_EQ(nr, run.written);
		EXPECT_EQ(-EFAULT, run.err);
		EXPECT_EQ(nr, test_slots_held(self->fd));
		for (clean = 0; clean < nr; clean++) {
			struct sbuddy_op f = sbuddy_user_free(clean);

			ASSERT_EQ(0, sbuddy_user_do(self->fd, &f));
		}
	}
}

/* Results cannot be written: what was obtained is in the slots. */
TEST_F(run_end, fault_writing)
{
	struct sbuddy_op *op = map_ops(0);
	struct sbuddy_run run;
	unsigned int i;

	ASSERT_NE(NULL, op);
	ASSERT_EQ(0, mprotect((uint8_t *)op + PAGE, PAGE, PROT_READ));
	ASSERT_EQ(0, sbuddy_user_run(self->fd, op, 2 * OPS_PER_PAGE, 0, &run));
	EXPECT_EQ(-EFAULT, run.err);
	EXPECT_EQ(OPS_PER_PAGE, run.written);
	EXPECT_LE(run.written, run.done);
	EXPECT_GT(2 * OPS_PER_PAGE, run.done);
	EXPECT_EQ(run.done, test_slots_held(self->fd));
	EXPECT_EQ(run.done, test_pages_held(self->fd));
	for (i = 0; i < run.done; i++) {
		struct sbuddy_query_slot q;

		ASSERT_EQ(0, sbuddy_user_slot(self->fd, i, &q));
		EXPECT_EQ(i < run.written ? q.pfn : 0, op[i].pfn);
	}
}

/* Written results end between two words of an operation too. */
TEST_F(run_end, fault_writing_within_operation)
{
	struct sbuddy_op *op = map_ops(16);
	struct sbuddy_run run;

	ASSERT_NE(NULL, op);
	ASSERT_EQ(0, mprotect((void *)((uintptr_t)op - 16 + PAGE), PAGE, PROT_READ));
	ASSERT_EQ(0, sbuddy_user_run(self->fd, op, 2 * OPS_PER_PAGE - 1, 0, &run));
	EXPECT_EQ(-EFAULT, run.err);
	EXPECT_EQ(OPS_PER_PAGE - 1, run.written);
	EXPECT_EQ(run.done, test_slots_held(self->fd));
}

TEST_F(run_end, fault_pointers)
{
	static const uint64_t bad[] = {
		0, 8, 1ULL << 47, 1ULL << 63, ~0ULL - 31, ~0ULL, 0xffffffff80000000ULL,
	};
	struct sbuddy_run run;
	unsigned int i;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		ASSERT_EQ(0, sbuddy_user_run(self->fd, (void *)bad[i], 100, 0, &run));
		EXPECT_EQ(0, run.done);
		EXPECT_EQ(-EFAULT, run.err) {
			TH_LOG("pointer %#llx", (unsigned long long)bad[i]);
		}
	}
	EXPECT_EQ(0, test_slots_held(self->fd));
}

/* ---- memory that lets one wait ------------------------------------------ */

struct waiting {
	int fd;
	struct sbuddy_op *op;
	struct sbuddy_run run;
	int err;
};

static void *run_waiting(void *arg)
{
	struct waiting *w = arg;

	w->err = sbuddy_user_run(w->fd, w->op, 10, 0, &w->run);
	return NULL;
}

static int uffd_of(void *addr, size_t len)
{
	struct uffdio_api api = { .api = UFFD_API };
	struct uffdio_register reg = {
		.range = { .start = (uintptr_t)addr, .len = len },
		.mode = UFFDIO_REGISTER_MODE_MISSING,
	};
	int uffd = syscall(SYS_userfaultfd, O_CLOEXEC);

	if (uffd < 0 || ioctl(uffd, UFFDIO_API, &api) || ioctl(uffd, UFFDIO_REGISTER, &reg))
		return -1;
	return uffd;
}

/*
 * The page of the array is missing and somebody takes his time to bring it.
 * Commands that stop the machine (CHECK) and others on the same file go on
 * meanwhile: no lock is held over a page fault.
 */
TEST_F(run_end, slow_page_blocks_nobody)
{
	struct waiting w = { .fd = self->fd };
	struct uffdio_zeropage zero = {};
	struct pollfd pfd;
	struct sbuddy_op f;
	pthread_t thread;
	int uffd;

	w.op = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, w.op);
	uffd = uffd_of(w.op, PAGE);
	if (uffd < 0)
		SKIP(return, "kernel without userfaultfd");
	ASSERT_EQ(0, pthread_create(&thread, NULL, run_waiting, &w));
	pfd = (struct pollfd){ .fd = uffd, .events = POLLIN };
	ASSERT_EQ(1, poll(&pfd, 1, 20000));

	EXPECT_CHECK(self->watch);
	f = sbuddy_user_alloc(0, 0, SBUDDY_GFP_KERNEL);
	EXPECT_EQ(0, sbuddy_user_do(self->fd, &f));

	zero.range = (struct uffdio_range){ .start = (uintptr_t)w.op, .len = PAGE };
	ASSERT_EQ(0, ioctl(uffd, UFFDIO_ZEROPAGE, &zero));
	ASSERT_EQ(0, pthread_join(thread, NULL));
	EXPECT_EQ(0, w.err);
	EXPECT_EQ(10, w.run.done);
	EXPECT_EQ(0, w.run.first_error);
	EXPECT_EQ(-EINVAL, w.op[9].err);
	close(uffd);
}

/* ---- signals ------------------------------------------------------------- */

static volatile sig_atomic_t alarms;

static void on_alarm(int sig)
{
	alarms++;
}

static void alarm_every(unsigned int usec)
{
	struct itimerval t = { { 0, usec }, { 0, usec } };
	struct sigaction sa = { .sa_handler = on_alarm, .sa_flags = SA_RESTART };

	sigaction(SIGALRM, &sa, NULL);
	setitimer(ITIMER_REAL, &t, NULL);
}

/* Interrupted runs come back with what was done and can be taken up again. */
TEST_F_TIMEOUT(run_end, signals, 120)
{
	unsigned int i, nr = 1 << 18, interrupted = 0, done = 0;
	struct sbuddy_op *op = malloc(nr * sizeof(*op));

	ASSERT_NE(NULL, op);
	for (i = 0; i < nr; i++)
		op[i] = i % 2 ? sbuddy_user_free(0) : sbuddy_user_alloc(0, 0, SBUDDY_GFP_KERNEL);
	alarm_every(5000);
	while (done < nr) {
		struct sbuddy_run run;

		ASSERT_EQ(0, sbuddy_user_run(self->fd, op + done, nr - done, 0, &run));
		EXPECT_EQ(run.done, run.written);
		EXPECT_EQ(SBUDDY_NO_INDEX, run.first_error);
		ASSERT_LT(0, run.done);
		EXPECT_EQ(done + run.done < nr ? -EINTR : 0, run.err);
		interrupted += run.err == -EINTR;
		done += run.done;
	}
	alarm_every(0);
	EXPECT_LT(0, interrupted);
	EXPECT_LT(0, alarms);
	for (i = 0; i < nr; i++)
		if (op[i].err)
			break;
	EXPECT_EQ(nr, i);
	free(op);
}

TEST_HARNESS_MAIN
