// SPDX-License-Identifier: GPL-2.0
/*
 * SBUDDY_IOC_RUN: what each operation does to slots and pages, which errors
 * it reports, and what becomes of a run that ends before its end: by an error,
 * a signal, or memory that is not there.
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

FIXTURE(run)
{
	int fd;
	int watch;		/* a second file: stays when fd is closed */
	uint64_t base, end;	/* frames of the machine */
	uint32_t nr_vcpus;
};

FIXTURE_SETUP(run)
{
	struct sbuddy_user_machine m;

	self->watch = sbuddy_user_open();
	ASSERT_LE(0, self->watch);
	self->fd = sbuddy_user_open();
	ASSERT_LE(0, self->fd);
	ASSERT_EQ(0, sbuddy_user_machine(self->fd, 0, &m));
	self->base = m.info.base_pfn;
	self->end = m.info.base_pfn + m.info.nr_pages;
	self->nr_vcpus = m.info.nr_vcpus;
	sbuddy_user_machine_free(&m);
}

FIXTURE_TEARDOWN(run)
{
	EXPECT_CHECK(self->watch);
	EXPECT_EQ(0, close(self->fd));
	EXPECT_CHECK(self->watch);
	EXPECT_ALL_BACK(self->watch);
	EXPECT_EQ(0, close(self->watch));
}

static uint64_t pages_held(int fd)
{
	struct sbuddy_owner_info owner;

	return sbuddy_user_owner(fd, &owner) ? UINT64_MAX : owner.pages;
}

static uint32_t slots_held(int fd)
{
	struct sbuddy_owner_info owner;

	return sbuddy_user_owner(fd, &owner) ? UINT32_MAX : owner.slots;
}

/* Each way to ask for the same wrong thing is one line. */
#define REFUSED(err, ...) do {					\
	struct sbuddy_op _op = __VA_ARGS__;			\
	EXPECT_EQ(err, sbuddy_user_do(self->fd, &_op));		\
	EXPECT_EQ(SBUDDY_NO_PFN, _op.pfn);			\
	EXPECT_EQ(0, pages_held(self->fd));			\
} while (0)

static struct sbuddy_op with_flags(struct sbuddy_op op, uint8_t flags)
{
	op.flags = flags;
	return op;
}

static struct sbuddy_op with_cpu(struct sbuddy_op op, int16_t cpu)
{
	op.cpu = cpu;
	return op;
}

static struct sbuddy_op with_nid(struct sbuddy_op op, int16_t nid)
{
	op.nid = nid;
	return op;
}

TEST_F(run, alloc_and_free)
{
	unsigned int order;

	for (order = 0; order < SBUDDY_NR_PAGE_ORDERS; order++) {
		struct sbuddy_op a = sbuddy_user_alloc(order, order, SBUDDY_GFP_KERNEL);
		struct sbuddy_op f = sbuddy_user_free(order);
		struct sbuddy_query_slot q;

		ASSERT_EQ(0, sbuddy_user_do(self->fd, &a));
		EXPECT_LE(self->base, a.pfn);
		EXPECT_GT(self->end, a.pfn);
		EXPECT_EQ(0, a.pfn & ((1UL << order) - 1));
		EXPECT_EQ(order, a.order);
		EXPECT_EQ(order, a.slot);
		EXPECT_EQ(1U << order, a.count);
		EXPECT_EQ(1U << order, pages_held(self->fd));
		EXPECT_EQ(1, slots_held(self->fd));

		ASSERT_EQ(0, sbuddy_user_slot(self->fd, order, &q));
		EXPECT_EQ(a.pfn, q.pfn);
		EXPECT_EQ(order, q.order);
		EXPECT_EQ(1, q.refcount);
		EXPECT_EQ(a.zone, q.zone);
		EXPECT_EQ(0, q.compound);

		ASSERT_EQ(0, sbuddy_user_do(self->fd, &f));
		EXPECT_EQ(a.pfn, f.pfn);
		EXPECT_EQ(order, f.order);
		EXPECT_EQ(1U << order, f.count);
		EXPECT_EQ(0, pages_held(self->fd));
		EXPECT_EQ(-ENOENT, sbuddy_user_slot(self->fd, order, &q));
	}
}

TEST_F(run, bad_operations)
{
	struct sbuddy_op good = sbuddy_user_alloc(0, 0, SBUDDY_GFP_KERNEL);
	unsigned int i;

	REFUSED(-EINVAL, sbuddy_user_op(SBUDDY_OP_NONE, 0));
	for (i = SBUDDY_NR_OPS; i < 256; i++)
		REFUSED(-EINVAL, sbuddy_user_op(i, 0));
	for (i = 0; i < 8; i++)
		REFUSED(-EINVAL, with_flags(good, 1U << i));
	for (i = SBUDDY_NR_PAGE_ORDERS; i < 256; i++)
		REFUSED(-EINVAL, sbuddy_user_alloc(0, i, SBUDDY_GFP_KERNEL));
	for (i = 0; i < 32; i++)
		if (!(SBUDDY_GFP_ALL >> i & 1))
			REFUSED(-EINVAL, sbuddy_user_alloc(0, 0, SBUDDY_GFP_KERNEL | 1U << i));
	REFUSED(-EINVAL, sbuddy_user_alloc(SBUDDY_MAX_SLOTS, 0, SBUDDY_GFP_KERNEL));
	REFUSED(-EINVAL, sbuddy_user_alloc(SBUDDY_SLOT_ANY - 1, 0, SBUDDY_GFP_KERNEL));
	REFUSED(-EINVAL, with_cpu(good, self->nr_vcpus));
	REFUSED(-EINVAL, with_cpu(good, INT16_MAX));
	REFUSED(-EINVAL, with_cpu(good, -2));
	REFUSED(-EINVAL, with_cpu(good, INT16_MIN));
}

TEST_F(run, no_such_thing)
{
	struct sbuddy_op good = sbuddy_user_alloc(0, 0, SBUDDY_GFP_KERNEL);

	REFUSED(-ENOENT, with_nid(good, 15));
	REFUSED(-ENOENT, with_nid(good, INT16_MAX));
	REFUSED(-ENOENT, sbuddy_user_free(0));
	REFUSED(-ENOENT, sbuddy_user_free(SBUDDY_MAX_SLOTS - 1));
	REFUSED(-ENOENT, sbuddy_user_op(SBUDDY_OP_GET, 0));
	REFUSED(-ENOENT, sbuddy_user_op(SBUDDY_OP_SPLIT, 0));
	REFUSED(-ENOENT, sbuddy_user_many(SBUDDY_OP_FREE_BATCH, 0, 4, 0));
}

TEST_F(run, slot_taken)
{
	struct sbuddy_op a = sbuddy_user_alloc(5, 2, SBUDDY_GFP_KERNEL), b = a;
	struct sbuddy_query_slot q;

	ASSERT_EQ(0, sbuddy_user_do(self->fd, &a));
	EXPECT_EQ(-EEXIST, sbuddy_user_do(self->fd, &b));
	EXPECT_EQ(SBUDDY_NO_PFN, b.pfn);
	ASSERT_EQ(0, sbuddy_user_slot(self->fd, 5, &q));
	EXPECT_EQ(a.pfn, q.pfn);
	EXPECT_EQ(4, pages_held(self->fd));
}

TEST_F(run, any_slot)
{
	struct sbuddy_op op[100];
	uint8_t seen[100] = {};
	unsigned int i;

	for (i = 0; i < 100; i++)
		op[i] = sbuddy_user_alloc(SBUDDY_SLOT_ANY, 0, SBUDDY_GFP_KERNEL);
	ASSERT_EQ(0, sbuddy_user_run_all(self->fd, op, 100));
	for (i = 0; i < 100; i++) {
		struct sbuddy_query_slot q;

		ASSERT_EQ(0, op[i].err);
		ASSERT_EQ(0, sbuddy_user_slot(self->fd, op[i].slot, &q));
		EXPECT_EQ(op[i].pfn, q.pfn);
		ASSERT_GT(100, op[i].slot);	/* the lowest that is free */
		EXPECT_EQ(0, seen[op[i].slot]++);
	}
	EXPECT_EQ(100, slots_held(self->fd));
}

TEST_F(run, far_slot)
{
	struct sbuddy_op a = sbuddy_user_alloc(SBUDDY_MAX_SLOTS - 1, 0, SBUDDY_GFP_KERNEL);
	struct sbuddy_query_slot q;
	int err = sbuddy_user_do(self->fd, &a);

	/* Book-keeping for it may be more than the host has; then nothing was done. */
	if (err == -ENOMEM) {
		EXPECT_EQ(0, pages_held(self->fd));
		return;
	}
	ASSERT_EQ(0, err);
	ASSERT_EQ(0, sbuddy_user_slot(self->fd, SBUDDY_MAX_SLOTS - 1, &q));
	EXPECT_EQ(a.pfn, q.pfn);
}

TEST_F(run, query_next)
{
	static const uint32_t slots[] = { 3, 4, 70, 5000 };
	struct sbuddy_query_slot q = { .size = sizeof(q), .flags = SBUDDY_QUERY_NEXT };
	struct sbuddy_op op[4];
	unsigned int i;

	for (i = 0; i < 4; i++)
		op[i] = sbuddy_user_alloc(slots[i], 0, SBUDDY_GFP_KERNEL);
	ASSERT_EQ(0, sbuddy_user_run_all(self->fd, op, 4));
	for (i = 0; i < 4; i++, q.slot++) {
		ASSERT_EQ(0, sbuddy_user_ioctl(self->fd, SBUDDY_IOC_QUERY_SLOT, &q));
		EXPECT_EQ(slots[i], q.slot);
		EXPECT_EQ(op[i].pfn, q.pfn);
	}
	EXPECT_EQ(-ENOENT, sbuddy_user_ioctl(self->fd, SBUDDY_IOC_QUERY_SLOT, &q));
	q.slot = SBUDDY_MAX_SLOTS;
	EXPECT_EQ(-EINVAL, sbuddy_user_ioctl(self->fd, SBUDDY_IOC_QUERY_SLOT, &q));
}

/* A compound block stays whole until the last reference is dropped. */
TEST_F(run, references_compound)
{
	struct sbuddy_op a = sbuddy_user_alloc(0, 2, SBUDDY_GFP_KERNEL | SBUDDY_GFP_COMP);
	struct sbuddy_op get = sbuddy_user_op(SBUDDY_OP_GET, 0), f = sbuddy_user_free(0);
	struct sbuddy_query_slot q;

	ASSERT_EQ(0, sbuddy_user_do(self->fd, &a));
	ASSERT_EQ(0, sbuddy_user_do(self->fd, &get));
	EXPECT_EQ(a.pfn, get.pfn);
	ASSERT_EQ(0, sbuddy_user_slot(self->fd, 0, &q));
	EXPECT_EQ(2, q.refcount);
	ASSERT_EQ(0, sbuddy_user_do(self->fd, &f));
	EXPECT_EQ(0, f.count);
	ASSERT_EQ(0, sbuddy_user_slot(self->fd, 0, &q));
	EXPECT_EQ(1, q.refcount);
	EXPECT_EQ(2, q.order);
	f = sbuddy_user_free(0);
	ASSERT_EQ(0, sbuddy_user_do(self->fd, &f));
	EXPECT_EQ(4, f.count);
	EXPECT_EQ(0, slots_held(self->fd));
}

/*
 * Of a block that is not compound, dropping the first of two references frees
 * all but the first page: that is what __free_pages() does.
 */
TEST_F(run, references_single_pages)
{
	struct sbuddy_op a = sbuddy_user_alloc(0, 2, SBUDDY_GFP_KERNEL);
	struct sbuddy_op get = sbuddy_user_op(SBUDDY_OP_GET, 0), f = sbuddy_user_free(0);
	struct sbuddy_query_slot q;

	ASSERT_EQ(0, sbuddy_user_do(self->fd, &a));
	ASSERT_EQ(0, sbuddy_user_do(self->fd, &get));
	ASSERT_EQ(0, sbuddy_user_do(self->fd, &f));
	EXPECT_EQ(3, f.count);
	ASSERT_EQ(0, sbuddy_user_slot(self->fd, 0, &q));
	EXPECT_EQ(a.pfn, q.pfn);
	EXPECT_EQ(1, q.refcount);
	EXPECT_EQ(0, q.order);
	EXPECT_EQ(1, pages_held(self->fd));
	EXPECT_CHECK(self->fd);
	f = sbuddy_user_free(0);
	ASSERT_EQ(0, sbuddy_user_do(self->fd, &f));
	EXPECT_EQ(1, f.count);
	EXPECT_EQ(0, slots_held(self->fd));
}

/* Somebody else holds the block: it cannot be cut. */
TEST_F(run, split_shared)
{
	struct sbuddy_op op[3] = {
		sbuddy_user_alloc(0, 2, SBUDDY_GFP_KERNEL),
		sbuddy_user_op(SBUDDY_OP_GET, 0),
		sbuddy_user_op(SBUDDY_OP_SPLIT, 0),
	};

	ASSERT_EQ(0, sbuddy_user_run_all(self->fd, op, 3));
	EXPECT_EQ(-EBUSY, op[2].err);
	EXPECT_EQ(1, slots_held(self->fd));
}

TEST_F(run, split)
{
	struct sbuddy_op a = sbuddy_user_alloc(8, 3, SBUDDY_GFP_KERNEL);
	struct sbuddy_op s = sbuddy_user_op(SBUDDY_OP_SPLIT, 8);
	struct sbuddy_query_slot q;
	unsigned int i;

	ASSERT_EQ(0, sbuddy_user_do(self->fd, &a));
	ASSERT_EQ(0, sbuddy_user_do(self->fd, &s));
	EXPECT_EQ(8, slots_held(self->fd));
	EXPECT_EQ(8, pages_held(self->fd));
	for (i = 0; i < 8; i++) {
		ASSERT_EQ(0, sbuddy_user_slot(self->fd, 8 + i, &q));
		EXPECT_EQ(a.pfn + i, q.pfn);
		EXPECT_EQ(0, q.order);
		EXPECT_EQ(1, q.refcount);
	}
}

/* All or nothing: a slot in the way leaves the block whole. */
TEST_F(run, split_blocked)
{
	struct sbuddy_op a = sbuddy_user_alloc(8, 3, SBUDDY_GFP_KERNEL);
	struct sbuddy_op b = sbuddy_user_alloc(12, 0, SBUDDY_GFP_KERNEL);
	struct sbuddy_op s = sbuddy_user_op(SBUDDY_OP_SPLIT, 8);
	struct sbuddy_query_slot q;

	ASSERT_EQ(0, sbuddy_user_do(self->fd, &a));
	ASSERT_EQ(0, sbuddy_user_do(self->fd, &b));
	EXPECT_EQ(-EEXIST, sbuddy_user_do(self->fd, &s));
	ASSERT_EQ(0, sbuddy_user_slot(self->fd, 8, &q));
	EXPECT_EQ(3, q.order);
	EXPECT_EQ(2, slots_held(self->fd));
}

/* split_page() is not for compound pages. */
TEST_F(run, split_compound)
{
	struct sbuddy_op a = sbuddy_user_alloc(0, 3, SBUDDY_GFP_KERNEL | SBUDDY_GFP_COMP);
	struct sbuddy_op s = sbuddy_user_op(SBUDDY_OP_SPLIT, 0);
	struct sbuddy_query_slot q;

	ASSERT_EQ(0, sbuddy_user_do(self->fd, &a));
	ASSERT_EQ(0, sbuddy_user_slot(self->fd, 0, &q));
	EXPECT_EQ(1, q.compound);
	EXPECT_EQ(-EINVAL, sbuddy_user_do(self->fd, &s));
	EXPECT_EQ(8, pages_held(self->fd));
	EXPECT_EQ(1, slots_held(self->fd));
}

TEST_F(run, bulk)
{
	struct sbuddy_op b = sbuddy_user_many(SBUDDY_OP_BULK, 100, 50, SBUDDY_GFP_KERNEL);
	struct sbuddy_op f = sbuddy_user_many(SBUDDY_OP_FREE_BATCH, 100, 0, 0);
	struct sbuddy_query_slot q;
	unsigned int i;

	ASSERT_EQ(0, sbuddy_user_do(self->fd, &b));
	EXPECT_LT(0, b.count);
	EXPECT_GE(50, b.count);
	EXPECT_EQ(b.count, pages_held(self->fd));
	for (i = 0; i < b.count; i++) {
		ASSERT_EQ(0, sbuddy_user_slot(self->fd, 100 + i, &q));
		EXPECT_EQ(0, q.order);
	}
	EXPECT_EQ(-ENOENT, sbuddy_user_slot(self->fd, 100 + b.count, &q));

	/* A folio batch is 15 or 31 long, by kernel; 15 fits in both. */
	f.count = 15;
	ASSERT_EQ(0, sbuddy_user_do(self->fd, &f));
	EXPECT_EQ(15, f.count);
	EXPECT_EQ(b.count - 15, pages_held(self->fd));
}

TEST_F(run, bulk_blocked)
{
	struct sbuddy_op a = sbuddy_user_alloc(105, 0, SBUDDY_GFP_KERNEL);
	struct sbuddy_op b = sbuddy_user_many(SBUDDY_OP_BULK, 100, 10, SBUDDY_GFP_KERNEL);

	ASSERT_EQ(0, sbuddy_user_do(self->fd, &a));
	EXPECT_EQ(-EEXIST, sbuddy_user_do(self->fd, &b));
	EXPECT_EQ(1, pages_held(self->fd));
}

TEST_F(run, exact)
{
	struct sbuddy_op e = sbuddy_user_many(SBUDDY_OP_ALLOC_EXACT, 0, 11, SBUDDY_GFP_KERNEL);
	struct sbuddy_query_slot q;
	unsigned int i;

	ASSERT_EQ(0, sbuddy_user_do(self->fd, &e));
	EXPECT_EQ(11, e.count);
	EXPECT_EQ(11, pages_held(self->fd));
	for (i = 0; i < 11; i++) {
		ASSERT_EQ(0, sbuddy_user_slot(self->fd, i, &q));
		EXPECT_EQ(e.pfn + i, q.pfn);
		EXPECT_EQ(0, q.order);
	}
	EXPECT_EQ(-ENOENT, sbuddy_user_slot(self->fd, 11, &q));
}

TEST_F(run, zero_count)
{
	REFUSED(-EINVAL, sbuddy_user_many(SBUDDY_OP_BULK, 0, 0, SBUDDY_GFP_KERNEL));
	REFUSED(-EINVAL, sbuddy_user_many(SBUDDY_OP_ALLOC_EXACT, 0, 0, SBUDDY_GFP_KERNEL));
	REFUSED(-EINVAL, sbuddy_user_many(SBUDDY_OP_FREE_BATCH, 0, 0, 0));
	REFUSED(-EINVAL, sbuddy_user_many(SBUDDY_OP_ALLOC, 0, 1, SBUDDY_GFP_KERNEL));
	REFUSED(-EINVAL, sbuddy_user_many(SBUDDY_OP_FREE, 0, 1, 0));
}

TEST_F(run, drain_empties_pcp)
{
	struct sbuddy_op a = sbuddy_user_alloc(0, 0, SBUDDY_GFP_KERNEL);
	struct sbuddy_op f = sbuddy_user_free(0);
	struct sbuddy_op d = sbuddy_user_op(SBUDDY_OP_DRAIN, 0);
	struct test_sums sums;

	ASSERT_EQ(0, sbuddy_user_do(self->fd, &a));
	ASSERT_EQ(0, sbuddy_user_do(self->fd, &f));
	ASSERT_EQ(0, test_sum(self->fd, &sums));
	EXPECT_LT(0, sums.pcp);
	ASSERT_EQ(0, sbuddy_user_do(self->fd, &d));
	ASSERT_EQ(0, test_sum(self->fd, &sums));
	EXPECT_EQ(0, sums.pcp);
	EXPECT_EQ(sums.managed, sums.free);
}

TEST_F(run, decay_step)
{
	struct sbuddy_op op = sbuddy_user_op(SBUDDY_OP_DECAY, 0);
	unsigned int i;

	for (i = 0; i < 10; i++) {
		EXPECT_EQ(0, sbuddy_user_do(self->fd, &op));
	}
	op.cpu = 0;
	EXPECT_EQ(0, sbuddy_user_do(self->fd, &op));
	op.cpu = self->nr_vcpus;
	EXPECT_EQ(-EINVAL, sbuddy_user_do(self->fd, &op));
}

/* Until nothing is left: an error, and every page is accounted for. */
TEST_F_TIMEOUT(run, exhaust, 120)
{
	struct sbuddy_op op[256];
	uint64_t pages = 0;
	unsigned int i, failed = 0;

	while (!failed) {
		for (i = 0; i < 256; i++)
			op[i] = sbuddy_user_alloc(SBUDDY_SLOT_ANY, 4, SBUDDY_GFP_HIGHUSER_MOVABLE);
		ASSERT_EQ(0, sbuddy_user_run_all(self->fd, op, 256));
		for (i = 0; i < 256; i++) {
			pages += op[i].err ? 0 : 16;
			failed += op[i].err != 0;
			EXPECT_EQ(op[i].err ? -ENOMEM : 0, op[i].err);
		}
	}
	EXPECT_EQ(pages, pages_held(self->fd));
	EXPECT_LT(0, pages);
}

TEST_F(run, stop_on_error)
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
	EXPECT_EQ(2, slots_held(self->fd));
}

TEST_F(run, go_on_after_error)
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
	EXPECT_EQ(3, slots_held(self->fd));
}

TEST_F(run, counts)
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
TEST_F(run, lengths)
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
		EXPECT_EQ(0, pages_held(self->fd));
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

TEST_F(run, fault_reading)
{
	struct sbuddy_op *op = map_ops(0);
	struct sbuddy_run run;
	unsigned int start;

	ASSERT_NE(NULL, op);
	for (start = 2 * OPS_PER_PAGE - 70; start <= 2 * OPS_PER_PAGE; start++) {
		unsigned int nr = 2 * OPS_PER_PAGE - start, held = slots_held(self->fd);

		ASSERT_EQ(0, sbuddy_user_run(self->fd, op + start, nr + 40, 0, &run));
		EXPECT_EQ(nr, run.done);
		EXPECT_EQ(nr, run.written);
		EXPECT_EQ(-EFAULT, run.err);
		/* slots of the round before are taken: those operations failed */
		EXPECT_EQ(held ? held : nr, slots_held(self->fd));
	}
}

/* The last operation lies half on the page that is not there. */
TEST_F(run, fault_within_operation)
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
		EXPECT_EQ(nr, slots_held(self->fd));
		for (clean = 0; clean < nr; clean++) {
			struct sbuddy_op f = sbuddy_user_free(clean);

			ASSERT_EQ(0, sbuddy_user_do(self->fd, &f));
		}
	}
}

/* Results cannot be written: what was obtained is in the slots. */
TEST_F(run, fault_writing)
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
	EXPECT_EQ(run.done, slots_held(self->fd));
	EXPECT_EQ(run.done, pages_held(self->fd));
	for (i = 0; i < run.done; i++) {
		struct sbuddy_query_slot q;

		ASSERT_EQ(0, sbuddy_user_slot(self->fd, i, &q));
		EXPECT_EQ(i < run.written ? q.pfn : 0, op[i].pfn);
	}
}

/* Written results end between two words of an operation too. */
TEST_F(run, fault_writing_within_operation)
{
	struct sbuddy_op *op = map_ops(16);
	struct sbuddy_run run;

	ASSERT_NE(NULL, op);
	ASSERT_EQ(0, mprotect((void *)((uintptr_t)op - 16 + PAGE), PAGE, PROT_READ));
	ASSERT_EQ(0, sbuddy_user_run(self->fd, op, 2 * OPS_PER_PAGE - 1, 0, &run));
	EXPECT_EQ(-EFAULT, run.err);
	EXPECT_EQ(OPS_PER_PAGE - 1, run.written);
	EXPECT_EQ(run.done, slots_held(self->fd));
}

TEST_F(run, fault_pointers)
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
	EXPECT_EQ(0, slots_held(self->fd));
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
TEST_F(run, slow_page_blocks_nobody)
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
TEST_F_TIMEOUT(run, signals, 120)
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
