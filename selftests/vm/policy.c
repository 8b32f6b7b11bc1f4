// SPDX-License-Identifier: GPL-2.0
/*
 * Memory policies through /dev/sbuddy: setting and telling them, weights,
 * operations under them.  Which page a policy leads to is tested natively; here
 * it is that what the program says arrives.
 *
 * The module is loaded; on a machine of one node everything is still set, told
 * and refused, only there is nowhere else to go.
 */
#include <errno.h>

#include "kselftest_harness.h"
#include "test_util.h"

#define GFP	SBUDDY_GFP_HIGHUSER

FIXTURE(policy)
{
	int fd;
	struct sbuddy_user_machine m;
	uint64_t all;		/* nodes */
};

FIXTURE_SETUP(policy)
{
	unsigned int i;

	self->fd = sbuddy_user_open();
	ASSERT_LE(0, self->fd);
	ASSERT_EQ(0, sbuddy_user_machine(self->fd, 0, &self->m));
	self->all = 0;
	for (i = 0; i < self->m.info.nr_zones; i++)
		self->all |= 1ULL << self->m.zones[i].node;
}

FIXTURE_TEARDOWN(policy)
{
	EXPECT_CHECK(self->fd);
	sbuddy_user_machine_free(&self->m);
	EXPECT_EQ(0, close(self->fd));
}

static int set(int fd, uint32_t index, uint32_t mode, uint64_t nodes, int home)
{
	struct sbuddy_policy p = {
		.size = sizeof(p), .index = index, .mode = mode, .nodes = nodes, .home_node = home,
	};

	return sbuddy_user_ioctl(fd, SBUDDY_IOC_SET_POLICY, &p);
}

static struct sbuddy_policy get(int fd, uint32_t index)
{
	struct sbuddy_policy p = { .size = sizeof(p), .index = index, .mode = 99 };
	int err = sbuddy_user_ioctl(fd, SBUDDY_IOC_GET_POLICY, &p);

	if (err)
		p.mode = -err;
	return p;
}

/* Node of one page, -errno if there is none. */
static int node_of(int fd, uint8_t flags, int nid, uint32_t index)
{
	struct sbuddy_op op = sbuddy_user_alloc(SBUDDY_SLOT_ANY, 0, GFP);

	op.flags = flags;
	op.nid = nid;
	op.count = index;
	sbuddy_user_do(fd, &op);
	return op.err ? op.err : op.zone >> 4;
}

static int nth_node(uint64_t nodes, int n)
{
	while (n--)
		nodes &= nodes - 1;
	return __builtin_ctzll(nodes);
}

TEST_F(policy, table)
{
	struct sbuddy_policy p;
	uint32_t i;

	for (i = 0; i < SBUDDY_NR_POLICIES; i++) {
		p = get(self->fd, i);
		EXPECT_EQ(SBUDDY_MPOL_DEFAULT, p.mode);
		EXPECT_EQ(0, p.nodes);
		EXPECT_EQ(-1, p.home_node);
	}
	EXPECT_EQ(EINVAL, get(self->fd, SBUDDY_NR_POLICIES).mode);
	EXPECT_EQ(-EINVAL, set(self->fd, SBUDDY_NR_POLICIES, SBUDDY_MPOL_LOCAL, 0, -1));
	EXPECT_EQ(-EINVAL, set(self->fd, 1, SBUDDY_NR_MPOL_MODES, self->all, -1));
	EXPECT_EQ(-EINVAL, set(self->fd, 1, UINT32_MAX, self->all, -1));
	EXPECT_EQ(-EINVAL, set(self->fd, 1, SBUDDY_MPOL_BIND, 0, -1));
	EXPECT_EQ(-EINVAL, set(self->fd, 1, SBUDDY_MPOL_LOCAL, 1, -1));
	EXPECT_EQ(-ENOENT, set(self->fd, 1, SBUDDY_MPOL_BIND, 1ULL << 40, -1));
	EXPECT_EQ(-ENOENT, set(self->fd, 1, SBUDDY_MPOL_BIND, self->all, 40));
	EXPECT_EQ(-EINVAL, set(self->fd, 0, SBUDDY_MPOL_BIND, self->all, nth_node(self->all, 0)));
	EXPECT_EQ(-ENOENT, node_of(self->fd, 1, -1, 0));
	EXPECT_EQ(0, set(self->fd, 1, SBUDDY_MPOL_BIND, self->all, nth_node(self->all, 0)));
	p = get(self->fd, 1);
	EXPECT_EQ(SBUDDY_MPOL_BIND, p.mode);
	EXPECT_EQ(self->all, p.nodes);
	EXPECT_EQ(nth_node(self->all, 0), p.home_node);
	EXPECT_EQ(nth_node(self->all, 0), node_of(self->fd, 1, -1, 0));
	EXPECT_EQ(0, set(self->fd, 1, SBUDDY_MPOL_DEFAULT, 0, -1));
	EXPECT_EQ(-ENOENT, node_of(self->fd, 1, -1, 0));
}

/* What GET tells cannot be set. */
TEST_F(policy, rotor_is_not_settable)
{
	struct sbuddy_policy p = {
		.size = sizeof(p), .mode = SBUDDY_MPOL_LOCAL, .home_node = -1, .il_prev = 1,
	};

	EXPECT_EQ(-EINVAL, sbuddy_user_ioctl(self->fd, SBUDDY_IOC_SET_POLICY, &p));
	p.il_prev = 0;
	p.il_weight = 1;
	EXPECT_EQ(-EINVAL, sbuddy_user_ioctl(self->fd, SBUDDY_IOC_SET_POLICY, &p));
}

/* A file's policy is its own. */
TEST_F(policy, of_one_file_only)
{
	int other = sbuddy_user_open();

	ASSERT_LE(0, other);
	EXPECT_EQ(0, set(self->fd, 0, SBUDDY_MPOL_INTERLEAVE, self->all, -1));
	EXPECT_EQ(SBUDDY_MPOL_DEFAULT, get(other, 0).mode);
	EXPECT_EQ(0, close(other));
}

TEST_F(policy, interleave)
{
	int nr = __builtin_popcountll(self->all), i;

	EXPECT_EQ(0, set(self->fd, 0, SBUDDY_MPOL_INTERLEAVE, self->all, -1));
	for (i = 0; i < 2 * nr; i++) {
		EXPECT_EQ(nth_node(self->all, i % nr), node_of(self->fd, 0, -1, 0));
		EXPECT_EQ(nth_node(self->all, i % nr), get(self->fd, 0).il_prev);
		EXPECT_EQ(nth_node(self->all, i % nr),
			  node_of(self->fd, SBUDDY_OP_INDEX, -1, i));
		EXPECT_EQ(nth_node(self->all, i % nr),
			  node_of(self->fd, 0, nth_node(self->all, i % nr), 0));
	}
	EXPECT_EQ(-EINVAL, node_of(self->fd, 0, -1, 1));
	EXPECT_EQ(-EINVAL, node_of(self->fd, 0x20, -1, 0));
}

TEST_F(policy, bulk_and_counters)
{
	struct sbuddy_op op = sbuddy_user_many(SBUDDY_OP_BULK, 0, 64, GFP);
	int nr = __builtin_popcountll(self->all), i;
	struct sbuddy_user_stats before, after;

	EXPECT_EQ(0, sbuddy_user_stats(self->fd, 0, -1, -1, &before));
	EXPECT_EQ(0, set(self->fd, 5, SBUDDY_MPOL_INTERLEAVE, self->all, -1));
	op.flags = 5;
	EXPECT_EQ(0, sbuddy_user_do(self->fd, &op));
	EXPECT_EQ(64, op.count);
	for (i = 0; i < nr; i++)
		EXPECT_LE(0, node_of(self->fd, 5, -1, 0));
	EXPECT_EQ(0, sbuddy_user_stats(self->fd, 0, -1, -1, &after));
	EXPECT_EQ(nr, sbuddy_user_stat(&after, "numa_interleave") -
		      sbuddy_user_stat(&before, "numa_interleave"));
}

TEST_F(policy, weights)
{
	struct sbuddy_weights w = { .size = sizeof(w), .flags = SBUDDY_WEIGHTS_SET }, told = w;
	int first = nth_node(self->all, 0), i;

	w.weight[first] = 3;
	EXPECT_EQ(0, sbuddy_user_ioctl(self->fd, SBUDDY_IOC_WEIGHTS, &w));
	told.flags = 0;
	EXPECT_EQ(0, sbuddy_user_ioctl(self->fd, SBUDDY_IOC_WEIGHTS, &told));
	for (i = 0; i < (int)SBUDDY_NR_WEIGHTS; i++)
		EXPECT_EQ(i == first ? 3 : self->all >> i & 1, told.weight[i]);
	EXPECT_EQ(0, set(self->fd, 0, SBUDDY_MPOL_WEIGHTED_INTERLEAVE, self->all, -1));
	for (i = 0; i < 3; i++) {
		EXPECT_EQ(first, node_of(self->fd, 0, -1, 0));
		EXPECT_EQ(2 - i, get(self->fd, 0).il_weight);
	}
	if (self->all & (self->all - 1))
		EXPECT_EQ(nth_node(self->all, 1), node_of(self->fd, 0, -1, 0));
	w.weight[first] = 1;
	w.weight[15] = 1;
	if (!(self->all >> 15 & 1))
		EXPECT_EQ(-ENOENT, sbuddy_user_ioctl(self->fd, SBUDDY_IOC_WEIGHTS, &w));
	EXPECT_EQ(0, sbuddy_user_ioctl(self->fd, SBUDDY_IOC_WEIGHTS, &told));
	EXPECT_EQ(3, told.weight[first]);
	memset(told.weight, 0, sizeof(told.weight));
	told.flags = SBUDDY_WEIGHTS_SET;
	EXPECT_EQ(0, sbuddy_user_ioctl(self->fd, SBUDDY_IOC_WEIGHTS, &told));
	EXPECT_EQ(1, told.weight[first]);
	told.machine = 1;
	EXPECT_EQ(-ENOENT, sbuddy_user_ioctl(self->fd, SBUDDY_IOC_WEIGHTS, &told));
}

TEST_HARNESS_MAIN
