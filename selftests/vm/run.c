// SPDX-License-Identifier: GPL-2.0
/*
 * SBUDDY_IOC_RUN: what each operation does to slots and pages, and which errors
 * it reports.  What becomes of a run that ends early is in run_end.c.
 *
 * Nobody else works on machine 0.  Each test checks the machine when it is
 * done and that closing the file brings every page back.
 */
#include <errno.h>
#include <stdio.h>

#include "kselftest_harness.h"
#include "test_util.h"

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

/* Each way to ask for the same wrong thing is one line. */
#define REFUSED(err, ...) do {					\
	struct sbuddy_op _op = __VA_ARGS__;			\
	EXPECT_EQ(err, sbuddy_user_do(self->fd, &_op));		\
	EXPECT_EQ(SBUDDY_NO_PFN, _op.pfn);			\
	EXPECT_EQ(0, test_pages_held(self->fd));			\
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
		EXPECT_EQ(1U << order, test_pages_held(self->fd));
		EXPECT_EQ(1, test_slots_held(self->fd));

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
		EXPECT_EQ(0, test_pages_held(self->fd));
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
	for (i = 1; i <= SBUDDY_OP_POLICY; i++)
		REFUSED(-ENOENT, with_flags(good, i));
	for (i = SBUDDY_OP_INDEX << 1; i < 256; i <<= 1)
		REFUSED(-EINVAL, with_flags(good, i));
	REFUSED(-EINVAL, with_flags(sbuddy_user_op(SBUDDY_OP_DRAIN, 0), SBUDDY_OP_INDEX));
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
	EXPECT_EQ(4, test_pages_held(self->fd));
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
	EXPECT_EQ(100, test_slots_held(self->fd));
}

TEST_F(run, far_slot)
{
	struct sbuddy_op a = sbuddy_user_alloc(SBUDDY_MAX_SLOTS - 1, 0, SBUDDY_GFP_KERNEL);
	struct sbuddy_query_slot q;
	int err = sbuddy_user_do(self->fd, &a);

	/* Book-keeping for it may be more than the host has; then nothing was done. */
	if (err == -ENOMEM) {
		EXPECT_EQ(0, test_pages_held(self->fd));
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
	EXPECT_EQ(0, test_slots_held(self->fd));
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
	EXPECT_EQ(1, test_pages_held(self->fd));
	EXPECT_CHECK(self->fd);
	f = sbuddy_user_free(0);
	ASSERT_EQ(0, sbuddy_user_do(self->fd, &f));
	EXPECT_EQ(1, f.count);
	EXPECT_EQ(0, test_slots_held(self->fd));
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
	EXPECT_EQ(1, test_slots_held(self->fd));
}

TEST_F(run, split)
{
	struct sbuddy_op a = sbuddy_user_alloc(8, 3, SBUDDY_GFP_KERNEL);
	struct sbuddy_op s = sbuddy_user_op(SBUDDY_OP_SPLIT, 8);
	struct sbuddy_query_slot q;
	unsigned int i;

	ASSERT_EQ(0, sbuddy_user_do(self->fd, &a));
	ASSERT_EQ(0, sbuddy_user_do(self->fd, &s));
	EXPECT_EQ(8, test_slots_held(self->fd));
	EXPECT_EQ(8, test_pages_held(self->fd));
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
	EXPECT_EQ(2, test_slots_held(self->fd));
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
	EXPECT_EQ(8, test_pages_held(self->fd));
	EXPECT_EQ(1, test_slots_held(self->fd));
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
	EXPECT_EQ(b.count, test_pages_held(self->fd));
	for (i = 0; i < b.count; i++) {
		ASSERT_EQ(0, sbuddy_user_slot(self->fd, 100 + i, &q));
		EXPECT_EQ(0, q.order);
	}
	EXPECT_EQ(-ENOENT, sbuddy_user_slot(self->fd, 100 + b.count, &q));

	/* A folio batch is 15 or 31 long, by kernel; 15 fits in both. */
	f.count = 15;
	ASSERT_EQ(0, sbuddy_user_do(self->fd, &f));
	EXPECT_EQ(15, f.count);
	EXPECT_EQ(b.count - 15, test_pages_held(self->fd));
}

TEST_F(run, bulk_blocked)
{
	struct sbuddy_op a = sbuddy_user_alloc(105, 0, SBUDDY_GFP_KERNEL);
	struct sbuddy_op b = sbuddy_user_many(SBUDDY_OP_BULK, 100, 10, SBUDDY_GFP_KERNEL);

	ASSERT_EQ(0, sbuddy_user_do(self->fd, &a));
	EXPECT_EQ(-EEXIST, sbuddy_user_do(self->fd, &b));
	EXPECT_EQ(1, test_pages_held(self->fd));
}

TEST_F(run, exact)
{
	struct sbuddy_op e = sbuddy_user_many(SBUDDY_OP_ALLOC_EXACT, 0, 11, SBUDDY_GFP_KERNEL);
	struct sbuddy_query_slot q;
	unsigned int i;

	ASSERT_EQ(0, sbuddy_user_do(self->fd, &e));
	EXPECT_EQ(11, e.count);
	EXPECT_EQ(11, test_pages_held(self->fd));
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
	EXPECT_EQ(pages, test_pages_held(self->fd));
	EXPECT_LT(0, pages);
}

TEST_HARNESS_MAIN
