// SPDX-License-Identifier: GPL-2.0
/*
 * Memory policies (reference 7.2 to 7.5 and the items of CHECK 7 that need
 * one), their text, and operations that name them.  Long random streams under
 * policies run beside the model in lockstep.
 */
#include "host_test.h"

HOST_FIXTURE(mempolicy)

#define NO_INDEX	SBUDDY_NO_INTERLEAVE_INDEX
#define THREE_NODES	"N0:Normal=16M;N1:Normal=16M;N2:Normal=16M"
#define GFP_WAIT	SBUDDY_GFP_HIGHUSER

static struct sbuddy_mempolicy policy(struct host *h, int mode, u64 nodes)
{
	struct sbuddy_mempolicy pol = { .mode = 99 };

	if (sbuddy_mpol_new(h->m, mode, nodes, -1, &pol))
		abort();
	return pol;
}

static int node_of(struct host *h, struct sbuddy_page *page)
{
	return page ? sbuddy_page_zone(h->m, page)->node : -1;
}

static int node_by(struct host *h, const struct sbuddy_mempolicy *pol, u32 gfp, int order,
		   unsigned long ilx)
{
	return node_of(h, sbuddy_alloc_pages_mpol(h->m, &h->task, gfp, order, pol, ilx, -1));
}

/* Nodes of @nr requests, a digit each. */
static const char *nodes_by(struct host *h, const struct sbuddy_mempolicy *pol, int nr)
{
	static char buf[64];
	int i;

	for (i = 0; i < nr; i++)
		buf[i] = '0' + node_by(h, pol, GFP_WAIT, 0, NO_INDEX);
	buf[i] = 0;
	return buf;
}

/* No page of the node is left for requests that may not dig into reserves. */
static void exhaust(struct host *h, int nid)
{
	for (int order = 10; order >= 0; order--)
		while (host_alloc_node(h, SBUDDY_GFP_NOWAIT | SBUDDY_GFP_THISNODE, order, nid) >= 0)
			;
}

TEST_F(mempolicy, modes_and_sets_that_go_together)
{
	struct sbuddy_mempolicy pol, before;
	const struct {
		int err, mode;
		u64 nodes;
		int home;
	} c[] = {
		{ 0, SBUDDY_MPOL_DEFAULT, 0, -1 },
		{ 0, SBUDDY_MPOL_LOCAL, 0, -1 },
		{ 0, SBUDDY_MPOL_BIND, 5, 2 },
		{ 0, SBUDDY_MPOL_PREFERRED_MANY, 1, 2 },
		{ -EINVAL, -1, 1, -1 },
		{ -EINVAL, SBUDDY_NR_MPOL_MODES, 1, -1 },
		{ -EINVAL, SBUDDY_MPOL_DEFAULT, 1, -1 },
		{ -EINVAL, SBUDDY_MPOL_LOCAL, 1, -1 },
		{ -EINVAL, SBUDDY_MPOL_BIND, 0, -1 },
		{ -EINVAL, SBUDDY_MPOL_INTERLEAVE, 0, -1 },
		{ -EINVAL, SBUDDY_MPOL_PREFERRED_MANY, 0, -1 },
		{ -EINVAL, SBUDDY_MPOL_WEIGHTED_INTERLEAVE, 0, -1 },
		{ -EINVAL, SBUDDY_MPOL_INTERLEAVE, 1, 0 },
		{ -EINVAL, SBUDDY_MPOL_PREFERRED, 1, 0 },
		{ -EINVAL, SBUDDY_MPOL_BIND, 1, -2 },
		{ -ENOENT, SBUDDY_MPOL_BIND, 2, -1 },
		{ -ENOENT, SBUDDY_MPOL_BIND, 1, 1 },
		{ -ENOENT, SBUDDY_MPOL_BIND, 1, 3 },
		{ -ENOENT, SBUDDY_MPOL_INTERLEAVE, 8, -1 },
		{ -ENOENT, SBUDDY_MPOL_INTERLEAVE, 1ULL << 63, -1 },
	};

	BOOT("N0:Normal=4M;N2:Normal=4M", 1);
	memset(&before, 0x5a, sizeof(before));
	for (size_t i = 0; i < ARRAY_SIZE(c); i++) {
		pol = before;
		EXPECT_EQ(c[i].err, sbuddy_mpol_new(self->h.m, c[i].mode, c[i].nodes, c[i].home,
						    &pol)) {
			TH_LOG("case %zu", i);
		}
		EXPECT_EQ(c[i].err != 0, !memcmp(&before, &pol, sizeof(pol)));
	}
	/* the kernel keeps one node of PREFERRED, and makes it LOCAL without any */
	EXPECT_EQ(1, policy(&self->h, SBUDDY_MPOL_PREFERRED, 5).nodes);
	EXPECT_EQ(SBUDDY_MPOL_LOCAL, policy(&self->h, SBUDDY_MPOL_PREFERRED, 0).mode);
}

TEST_F(mempolicy, preferred_goes_there_and_falls_back)
{
	struct sbuddy_mempolicy pol;

	BOOT(THREE_NODES, 1);
	pol = policy(&self->h, SBUDDY_MPOL_PREFERRED, 4);
	EXPECT_EQ(2, node_by(&self->h, &pol, GFP_WAIT, 3, NO_INDEX));
	exhaust(&self->h, 2);
	EXPECT_EQ(0, node_by(&self->h, &pol, GFP_WAIT, 3, NO_INDEX));
	EXPECT_SANE();
}

/* CHECK 7: THISNODE: the policy is not heeded, and the node is not left. */
TEST_F(mempolicy, thisnode_overrides_a_tasks_policy)
{
	struct sbuddy_mempolicy pol;
	u32 gfp = GFP_WAIT | SBUDDY_GFP_THISNODE;

	BOOT(THREE_NODES, 1);
	pol = policy(&self->h, SBUDDY_MPOL_PREFERRED, 4);
	EXPECT_EQ(0, node_by(&self->h, &pol, gfp, 0, NO_INDEX));
	EXPECT_EQ(2, node_by(&self->h, &pol, gfp, 0, 7));
	exhaust(&self->h, 0);
	EXPECT_EQ(-1, node_by(&self->h, &pol, gfp, 0, NO_INDEX));
	EXPECT_SANE();
}

TEST_F(mempolicy, interrupts_have_no_policy)
{
	struct sbuddy_mempolicy pol;

	BOOT(THREE_NODES, 1);
	pol = policy(&self->h, SBUDDY_MPOL_INTERLEAVE, 6);
	self->h.task.flags = SBUDDY_PF_INTERRUPT;
	EXPECT_EQ(0, node_by(&self->h, &pol, SBUDDY_GFP_ATOMIC, 0, NO_INDEX));
	self->h.task.flags = SBUDDY_PF_SOFTIRQ;
	EXPECT_EQ(0, node_by(&self->h, &pol, SBUDDY_GFP_ATOMIC, 0, NO_INDEX));
	self->h.task.flags = 0;
	EXPECT_EQ(1, node_by(&self->h, &pol, SBUDDY_GFP_ATOMIC, 0, NO_INDEX));
}

TEST_F(mempolicy, bind_stays_in_the_set_in_order_of_distance)
{
	struct sbuddy_mempolicy pol;

	BOOT("N0:Normal=8M;N1:Normal=8M;N2:Normal=8M;D:10,40,20/40,10,30/20,30,10", 1);
	pol = policy(&self->h, SBUDDY_MPOL_BIND, 6);
	EXPECT_EQ(2, node_by(&self->h, &pol, GFP_WAIT, 0, NO_INDEX));
	exhaust(&self->h, 2);
	EXPECT_EQ(1, node_by(&self->h, &pol, GFP_WAIT, 0, NO_INDEX));
	exhaust(&self->h, 1);
	EXPECT_EQ(-1, node_by(&self->h, &pol, GFP_WAIT, 0, NO_INDEX));
	EXPECT_NE(0, sbuddy_zone_page_state(host_zone(&self->h, 0, SBUDDY_ZONE_NORMAL)));
	EXPECT_SANE();
}

/* Reserves are everybody's: an atomic request leaves the set on its last pass. */
TEST_F(mempolicy, atomic_requests_leave_the_set)
{
	struct sbuddy_mempolicy pol;
	int node = 1;

	BOOT(THREE_NODES, 1);
	pol = policy(&self->h, SBUDDY_MPOL_BIND, 2);
	while (node == 1)
		node = node_by(&self->h, &pol, SBUDDY_GFP_ATOMIC, 4, NO_INDEX);
	EXPECT_EQ(0, node);
	EXPECT_SANE();
}

/* CHECK 7: zone below policy_zone: the set is not heeded. */
TEST_F(mempolicy, bind_is_not_for_lower_zones)
{
	struct sbuddy_mempolicy pol;

	BOOT("N0:DMA=4M,DMA32=8M,Normal=8M;N1:Normal=8M", 1);
	pol = policy(&self->h, SBUDDY_MPOL_BIND, 2);
	EXPECT_EQ(1, node_by(&self->h, &pol, GFP_WAIT, 0, NO_INDEX));
	EXPECT_EQ(0, node_by(&self->h, &pol, SBUDDY_GFP_KERNEL | SBUDDY_GFP_DMA32, 0, NO_INDEX));
	EXPECT_EQ(0, node_by(&self->h, &pol, SBUDDY_GFP_KERNEL | SBUDDY_GFP_DMA, 0, NO_INDEX));
}

/* Where DMA32 is the highest ordinary zone, requests for it are bound too. */
TEST_F(mempolicy, policy_zone_is_the_highest_there_is)
{
	struct sbuddy_mempolicy pol;

	BOOT("N0:DMA=4M,DMA32=8M,Movable=8M;N1:DMA32=8M", 1);
	pol = policy(&self->h, SBUDDY_MPOL_BIND, 2);
	EXPECT_EQ(1, node_by(&self->h, &pol, SBUDDY_GFP_KERNEL | SBUDDY_GFP_DMA32, 0, NO_INDEX));
	EXPECT_EQ(0, node_by(&self->h, &pol, SBUDDY_GFP_KERNEL | SBUDDY_GFP_DMA, 0, NO_INDEX));
}

/* A set with nothing but Movable binds what may be moved only. */
TEST_F(mempolicy, set_of_movable_memory)
{
	struct sbuddy_mempolicy pol;

	BOOT("N0:Normal=8M;N1:Movable=8M", 1);
	pol = policy(&self->h, SBUDDY_MPOL_BIND, 2);
	EXPECT_EQ(0, node_by(&self->h, &pol, GFP_WAIT, 0, NO_INDEX));
	EXPECT_EQ(1, node_by(&self->h, &pol, SBUDDY_GFP_HIGHUSER_MOVABLE, 0, NO_INDEX));
	/* long-term pins take no Movable: the zone is that of the task's scope */
	self->h.task.flags = SBUDDY_PF_MEMALLOC_PIN;
	EXPECT_EQ(0, node_by(&self->h, &pol, SBUDDY_GFP_HIGHUSER_MOVABLE, 0, NO_INDEX));
	EXPECT_SANE();
}

TEST_F(mempolicy, home_node)
{
	struct sbuddy_mempolicy pol;

	BOOT("N0:Normal=8M;N1:Normal=8M;N2:Normal=8M", 1);
	EXPECT_EQ(0, sbuddy_mpol_new(self->h.m, SBUDDY_MPOL_BIND, 7, 1, &pol));
	EXPECT_EQ(1, node_by(&self->h, &pol, GFP_WAIT, 0, 0));
	EXPECT_EQ(0, sbuddy_mpol_new(self->h.m, SBUDDY_MPOL_PREFERRED_MANY, 5, 1, &pol));
	EXPECT_EQ(2, node_by(&self->h, &pol, GFP_WAIT, 0, 0));	/* 1 is not in the set, 2 is next */
}

TEST_F(mempolicy, preferred_many_then_everywhere)
{
	struct sbuddy_mempolicy pol;

	BOOT(THREE_NODES, 1);
	pol = policy(&self->h, SBUDDY_MPOL_PREFERRED_MANY, 6);
	EXPECT_EQ(1, node_by(&self->h, &pol, GFP_WAIT, 0, NO_INDEX));
	exhaust(&self->h, 1);
	EXPECT_EQ(2, node_by(&self->h, &pol, GFP_WAIT, 0, NO_INDEX));
	exhaust(&self->h, 2);
	EXPECT_EQ(0, node_by(&self->h, &pol, GFP_WAIT, 0, NO_INDEX));
	EXPECT_SANE();
}

/* CHECK 7: the first pass never reclaims. */
TEST_F(mempolicy, preferred_many_does_not_wait_for_its_set)
{
	struct sbuddy_mempolicy pol;
	u64 waits;

	BOOT(THREE_NODES, 1);
	pol = policy(&self->h, SBUDDY_MPOL_PREFERRED_MANY, 2);
	exhaust(&self->h, 1);
	waits = sbuddy_machine_event(self->h.m, SBUDDY_WOULD_BLOCK);
	host_trace(&self->h);
	EXPECT_EQ(0, node_by(&self->h, &pol, GFP_WAIT | SBUDDY_GFP_NOFAIL, 2, NO_INDEX));
	EXPECT_EQ(waits, sbuddy_machine_event(self->h.m, SBUDDY_WOULD_BLOCK));
	ASSERT_EQ(2, host_count(SBUDDY_TRACE_MM_PAGE_ALLOC));
	exhaust(&self->h, 0);
	exhaust(&self->h, 2);
	EXPECT_EQ(-1, node_by(&self->h, &pol, GFP_WAIT, 2, NO_INDEX));
	EXPECT_EQ(waits + 1, sbuddy_machine_event(self->h.m, SBUDDY_WOULD_BLOCK));
}

/* CHECK 7: INTERLEAVE over {0, 2}, page p of a mapping; order 9 by p >> 9. */
TEST_F(mempolicy, interleave_by_index)
{
	struct sbuddy_mempolicy pol;

	BOOT(THREE_NODES, 1);
	pol = policy(&self->h, SBUDDY_MPOL_INTERLEAVE, 5);
	for (unsigned long p = 0; p < 9; p++)
		EXPECT_EQ(p % 2 * 2, node_by(&self->h, &pol, GFP_WAIT, 0, p));
	for (unsigned long p = 0; p < 2048; p += 512)
		EXPECT_EQ((p >> 9) % 2 * 2, node_by(&self->h, &pol, GFP_WAIT, 9, p >> 9));
	EXPECT_EQ(2, node_by(&self->h, &pol, GFP_WAIT, 0, 0x100000001UL));
	/* the index leaves the rotor alone */
	EXPECT_STREQ("2020", nodes_by(&self->h, &pol, 4));
	EXPECT_SANE();
}

TEST_F(mempolicy, interleave_by_rotor)
{
	struct sbuddy_mempolicy pol;

	BOOT(THREE_NODES, 1);
	pol = policy(&self->h, SBUDDY_MPOL_INTERLEAVE, 7);
	sbuddy_reset_rotor(&self->h.task);
	EXPECT_STREQ("0120120", nodes_by(&self->h, &pol, 7));
	/* any order takes a turn, another set goes on from the same node */
	EXPECT_EQ(1, node_by(&self->h, &pol, GFP_WAIT, 4, NO_INDEX));
	pol = policy(&self->h, SBUDDY_MPOL_INTERLEAVE, 3);
	EXPECT_STREQ("0101", nodes_by(&self->h, &pol, 4));
}

/* NUMA_INTERLEAVE_HIT: only when the node whose turn it is serves. */
TEST_F(mempolicy, interleave_hits)
{
	struct sbuddy_mempolicy pol;
	struct sbuddy_zone *z;

	BOOT(THREE_NODES, 1);
	pol = policy(&self->h, SBUDDY_MPOL_INTERLEAVE, 6);
	z = host_zone(&self->h, 1, SBUDDY_ZONE_NORMAL);
	EXPECT_STREQ("1212", nodes_by(&self->h, &pol, 4));
	EXPECT_EQ(2, sbuddy_zone_numa(z, SBUDDY_NUMA_INTERLEAVE_HIT));
	EXPECT_EQ(2, sbuddy_zone_numa(z, SBUDDY_NUMA_HIT));
	EXPECT_EQ(2, sbuddy_zone_numa(z, SBUDDY_NUMA_OTHER));
	exhaust(&self->h, 1);
	EXPECT_EQ(2, node_by(&self->h, &pol, GFP_WAIT, 0, NO_INDEX));
	EXPECT_EQ(2, sbuddy_zone_numa(z, SBUDDY_NUMA_INTERLEAVE_HIT));
	EXPECT_EQ(2, sbuddy_zone_numa(host_zone(&self->h, 2, SBUDDY_ZONE_NORMAL),
				      SBUDDY_NUMA_INTERLEAVE_HIT));
	EXPECT_EQ(1, sbuddy_zone_numa(z, SBUDDY_NUMA_FOREIGN));
	/* weighted interleaving does not count */
	pol = policy(&self->h, SBUDDY_MPOL_WEIGHTED_INTERLEAVE, 4);
	EXPECT_EQ(2, node_by(&self->h, &pol, GFP_WAIT, 0, NO_INDEX));
	EXPECT_EQ(2, sbuddy_zone_numa(host_zone(&self->h, 2, SBUDDY_ZONE_NORMAL),
				      SBUDDY_NUMA_INTERLEAVE_HIT));
	EXPECT_EQ(0, sbuddy_machine_reset(self->h.m));
	EXPECT_EQ(0, sbuddy_zone_numa(z, SBUDDY_NUMA_INTERLEAVE_HIT));
}

/* CHECK 7: WEIGHTED 3:1. */
TEST_F(mempolicy, weighted_by_rotor)
{
	struct sbuddy_mempolicy pol;

	BOOT(THREE_NODES, 1);
	pol = policy(&self->h, SBUDDY_MPOL_WEIGHTED_INTERLEAVE, 5);
	EXPECT_EQ(0, sbuddy_set_il_weight(self->h.m, 0, 3));
	sbuddy_reset_rotor(&self->h.task);
	EXPECT_STREQ("00020002", nodes_by(&self->h, &pol, 8));
	EXPECT_STREQ("0", nodes_by(&self->h, &pol, 1));
	/* a new weight counts from the next turn on */
	EXPECT_EQ(0, sbuddy_set_il_weight(self->h.m, 0, 1));
	EXPECT_STREQ("00202", nodes_by(&self->h, &pol, 5));
	/* a node that is not in the set any more loses what it had left */
	EXPECT_EQ(0, sbuddy_set_il_weight(self->h.m, 0, 5));
	EXPECT_STREQ("00", nodes_by(&self->h, &pol, 2));
	pol = policy(&self->h, SBUDDY_MPOL_WEIGHTED_INTERLEAVE, 6);
	EXPECT_STREQ("1212", nodes_by(&self->h, &pol, 4));
}

TEST_F(mempolicy, weighted_by_index)
{
	static const int want[] = { 0, 0, 0, 1, 2, 2, 0, 0, 0, 1, 2, 2, 0 };
	struct sbuddy_mempolicy pol;

	BOOT(THREE_NODES, 1);
	EXPECT_EQ(0, sbuddy_set_il_weight(self->h.m, 0, 3));
	EXPECT_EQ(0, sbuddy_set_il_weight(self->h.m, 2, 2));
	pol = policy(&self->h, SBUDDY_MPOL_WEIGHTED_INTERLEAVE, 7);
	for (size_t i = 0; i < ARRAY_SIZE(want); i++)
		EXPECT_EQ(want[i], node_by(&self->h, &pol, GFP_WAIT, 0, i));
	EXPECT_EQ(2, node_by(&self->h, &pol, GFP_WAIT, 0, 0x100000000UL));	/* mod 6 is 4 */
}

TEST_F(mempolicy, weights)
{
	BOOT("N0:Normal=4M;N2:Normal=4M", 1);
	EXPECT_EQ(1, sbuddy_get_il_weight(self->h.m, 2));
	EXPECT_EQ(0, sbuddy_set_il_weight(self->h.m, 2, 255));
	EXPECT_EQ(255, sbuddy_get_il_weight(self->h.m, 2));
	EXPECT_EQ(-EINVAL, sbuddy_set_il_weight(self->h.m, 2, 256));
	EXPECT_EQ(-EINVAL, sbuddy_set_il_weight(self->h.m, 2, -1));
	EXPECT_EQ(-ENOENT, sbuddy_set_il_weight(self->h.m, 1, 1));
	EXPECT_EQ(-ENOENT, sbuddy_set_il_weight(self->h.m, 3, 1));
	EXPECT_EQ(-ENOENT, sbuddy_set_il_weight(self->h.m, -1, 1));
	EXPECT_EQ(255, sbuddy_get_il_weight(self->h.m, 2));
	EXPECT_EQ(0, sbuddy_set_il_weight(self->h.m, 2, 0));
	EXPECT_EQ(1, sbuddy_get_il_weight(self->h.m, 2));
}

/* ---- the rule for huge pages ---- */

/* Of a mapping: on the node, or not at all for who may not wait. */
TEST_F(mempolicy, huge_page_of_a_mapping_stays_near)
{
	const u32 light = SBUDDY_GFP_TRANSHUGE_LIGHT, wait = SBUDDY_GFP_TRANSHUGE;

	BOOT("N0:Normal=8M;N1:Normal=8M", 1);
	EXPECT_EQ(0, node_by(&self->h, NULL, light, 9, 0));
	exhaust(&self->h, 0);
	EXPECT_EQ(-1, node_by(&self->h, NULL, light, 9, 0));
	EXPECT_EQ(1, node_by(&self->h, NULL, wait, 9, 0));
	EXPECT_EQ(1, node_by(&self->h, NULL, light, 8, 0));
	/* alloc_pages() knows no such rule */
	EXPECT_EQ(1, node_by(&self->h, NULL, light, 9, NO_INDEX));
	EXPECT_SANE();
}

TEST_F(mempolicy, huge_page_rule_by_policy)
{
	const u32 light = SBUDDY_GFP_TRANSHUGE_LIGHT;
	struct sbuddy_mempolicy pol;

	BOOT(THREE_NODES, 1);
	exhaust(&self->h, 0);
	/* the node is in the set: only there */
	pol = policy(&self->h, SBUDDY_MPOL_BIND, 7);
	EXPECT_EQ(-1, node_by(&self->h, &pol, light, 9, 0));
	/* it is not: the standard way */
	pol = policy(&self->h, SBUDDY_MPOL_BIND, 6);
	EXPECT_EQ(1, node_by(&self->h, &pol, light, 9, 0));
	/* PREFERRED names the node */
	pol = policy(&self->h, SBUDDY_MPOL_PREFERRED, 4);
	EXPECT_EQ(2, node_by(&self->h, &pol, light, 9, 0));
	/* interleaving and PREFERRED_MANY are outside the rule */
	pol = policy(&self->h, SBUDDY_MPOL_INTERLEAVE, 1);
	EXPECT_EQ(1, node_by(&self->h, &pol, light, 9, 0));
	pol = policy(&self->h, SBUDDY_MPOL_WEIGHTED_INTERLEAVE, 1);
	EXPECT_EQ(1, node_by(&self->h, &pol, light, 9, 0));
	pol = policy(&self->h, SBUDDY_MPOL_PREFERRED_MANY, 1);
	EXPECT_EQ(1, node_by(&self->h, &pol, light, 9, 0));
	EXPECT_SANE();
}

/* ---- bulk ---- */

/* Pages of each node, as "n0 n1 n2". */
static const char *bulk_by(struct host *h, const struct sbuddy_mempolicy *pol, unsigned long nr)
{
	static struct sbuddy_page *array[512];
	static char buf[64];
	int count[3] = { 0 };
	unsigned long got;

	memset(array, 0, sizeof(array));
	got = sbuddy_alloc_pages_bulk_array_mempolicy(h->m, &h->task, GFP_WAIT, pol, nr, array);
	for (unsigned long i = 0; i < got; i++)
		count[node_of(h, array[i])]++;
	snprintf(buf, sizeof(buf), "%d %d %d", count[0], count[1], count[2]);
	return buf;
}

TEST_F(mempolicy, bulk_interleave)
{
	struct sbuddy_mempolicy pol;

	BOOT(THREE_NODES, 1);
	sbuddy_reset_rotor(&self->h.task);
	pol = policy(&self->h, SBUDDY_MPOL_INTERLEAVE, 7);
	EXPECT_STREQ("4 3 3", bulk_by(&self->h, &pol, 10));
	EXPECT_EQ(2, self->h.task.il_prev);
	/* every node has a turn even when there is nothing for it */
	EXPECT_STREQ("1 0 0", bulk_by(&self->h, &pol, 1));
	EXPECT_EQ(2, self->h.task.il_prev);
	self->h.task.il_prev = 0;
	EXPECT_STREQ("0 1 1", bulk_by(&self->h, &pol, 2));
	EXPECT_EQ(0, self->h.task.il_prev);
	/* no interleave hits from bulk, as in the kernel */
	for (int nid = 0; nid < 3; nid++)
		EXPECT_EQ(0, sbuddy_zone_numa(host_zone(&self->h, nid, SBUDDY_ZONE_NORMAL),
					      SBUDDY_NUMA_INTERLEAVE_HIT));
	EXPECT_SANE();
}

TEST_F(mempolicy, bulk_weighted_resumes)
{
	struct sbuddy_mempolicy pol;

	BOOT(THREE_NODES, 1);
	EXPECT_EQ(0, sbuddy_set_il_weight(self->h.m, 0, 3));
	EXPECT_EQ(0, sbuddy_set_il_weight(self->h.m, 1, 2));
	sbuddy_reset_rotor(&self->h.task);
	pol = policy(&self->h, SBUDDY_MPOL_WEIGHTED_INTERLEAVE, 7);
	EXPECT_STREQ("6 3 1", bulk_by(&self->h, &pol, 10));	/* one round, 0 0 0 1 */
	EXPECT_EQ(1, self->h.task.il_prev);
	EXPECT_EQ(1, self->h.task.il_weight);
	EXPECT_STREQ("0 1 0", bulk_by(&self->h, &pol, 1));	/* the rest of the turn */
	EXPECT_EQ(1, self->h.task.il_prev);
	EXPECT_EQ(0, self->h.task.il_weight);
	EXPECT_STREQ("6 4 2", bulk_by(&self->h, &pol, 12));	/* two rounds from node 2 on */
	EXPECT_EQ(2, self->h.task.il_prev);			/* the turn is already begun */
	EXPECT_EQ(1, self->h.task.il_weight);
	EXPECT_STREQ("0 0 1", bulk_by(&self->h, &pol, 1));
	EXPECT_STREQ("3 0 0", bulk_by(&self->h, &pol, 3));
	EXPECT_EQ(0, self->h.task.il_weight);
	EXPECT_STREQ("1", nodes_by(&self->h, &pol, 1));
	EXPECT_STREQ("0 0 0", bulk_by(&self->h, &pol, 0));
	EXPECT_EQ(1, self->h.task.il_weight);
	EXPECT_SANE();
}

TEST_F(mempolicy, bulk_of_the_other_modes)
{
	struct sbuddy_mempolicy pol;

	BOOT(THREE_NODES, 1);
	pol = policy(&self->h, SBUDDY_MPOL_PREFERRED, 4);
	EXPECT_STREQ("0 0 20", bulk_by(&self->h, &pol, 20));
	pol = policy(&self->h, SBUDDY_MPOL_BIND, 6);
	EXPECT_STREQ("0 20 0", bulk_by(&self->h, &pol, 20));
	pol = policy(&self->h, SBUDDY_MPOL_PREFERRED_MANY, 6);
	EXPECT_STREQ("0 20 0", bulk_by(&self->h, &pol, 20));
	EXPECT_STREQ("20 0 0", bulk_by(&self->h, NULL, 20));
	/* the set gives one page by the ordinary way at most, the node the rest */
	exhaust(&self->h, 1);
	exhaust(&self->h, 2);
	EXPECT_STREQ("20 0 0", bulk_by(&self->h, &pol, 20));
	pol = policy(&self->h, SBUDDY_MPOL_BIND, 6);
	EXPECT_STREQ("0 0 0", bulk_by(&self->h, &pol, 20));
	EXPECT_SANE();
}

/* ---- text ---- */

TEST_F(mempolicy, text)
{
	static const char * const good[] = {
		"default", "local", "preferred:1", "bind:0", "bind:0-2@2", "interleave:0-1,3",
		"preferred-many:0,2@1", "weighted-interleave:0-3",
	};
	static const char * const bad[] = {
		"", "bound:0", "bind", "bind:", "bind:0,", "bind:2-1", "bind:-1", "bind:0-", "bind:x",
		"bind:0@", "bind:0@0@0", "bind:0 ", "interleave:0@1", "local:0", "default@0",
		"preferred:1@1", "bind:99999999999", ":0", "@0", "preferred-many", "interleave:16",
	};
	struct sbuddy_mempolicy pol;
	const char *expected;
	char buf[100];

	BOOT("N0:Normal=4M;N1:Normal=4M;N2:Normal=4M;N3:Normal=4M", 1);
	for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
		EXPECT_EQ(0, sbuddy_mpol_parse(self->h.m, good[i], &pol, &expected)) {
			TH_LOG("%s", good[i]);
		}
		EXPECT_EQ(strlen(good[i]), sbuddy_mpol_format(&pol, buf, sizeof(buf)));
		EXPECT_STREQ(good[i], buf);
	}
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		expected = NULL;
		EXPECT_EQ(-EINVAL, sbuddy_mpol_parse(self->h.m, bad[i], &pol, &expected)) {
			TH_LOG("%s", bad[i]);
		}
		EXPECT_NE(NULL, expected);
	}
	EXPECT_EQ(-ENOENT, sbuddy_mpol_parse(self->h.m, "bind:0,4", &pol, &expected));
	EXPECT_EQ(-ENOENT, sbuddy_mpol_parse(self->h.m, "bind:0@15", &pol, &expected));
}

/* ---- operations ---- */

#define RUN(op, ...) __extension__ ({					\
	op = (struct sbuddy_op){ .cpu = -1, .nid = -1, __VA_ARGS__ };	\
	int _err = sbuddy_run_op(self->h.o, &op, 0);			\
	EXPECT_EQ(_err, op.err);					\
	EXPECT_SANE();							\
	_err;								\
})

#define NODE_OF_ALLOC(...) __extension__ ({				\
	struct sbuddy_op _op;						\
	EXPECT_EQ(0, RUN(_op, .opcode = SBUDDY_OP_ALLOC, .slot = SBUDDY_SLOT_ANY, \
			 .gfp = GFP_WAIT, __VA_ARGS__));		\
	_op.zone >> 4;							\
})

#define OWN(layout) do {						\
	BOOT(layout, 2);						\
	self->h.o = sbuddy_owner_create(self->h.m, 0);			\
	ASSERT_TRUE(self->h.o);						\
} while (0)

static int set(struct host *h, int index, int mode, u64 nodes)
{
	struct sbuddy_mempolicy pol = policy(h, mode, nodes);

	return sbuddy_owner_set_policy(h->o, index, &pol);
}

TEST_F(mempolicy, operations_under_the_owners_policy)
{
	struct sbuddy_op op;

	OWN(THREE_NODES);
	EXPECT_EQ(0, set(&self->h, 0, SBUDDY_MPOL_INTERLEAVE, 6));
	EXPECT_EQ(1, NODE_OF_ALLOC(.order = 0));
	EXPECT_EQ(2, NODE_OF_ALLOC(.order = 3));
	EXPECT_EQ(0, NODE_OF_ALLOC(.nid = 0));		/* alloc_pages_node() */
	EXPECT_EQ(1, NODE_OF_ALLOC(.order = 10));
	EXPECT_EQ(2, NODE_OF_ALLOC(.flags = SBUDDY_OP_INDEX, .count = 3));
	EXPECT_EQ(0, RUN(op, .opcode = SBUDDY_OP_ALLOC_EXACT, .slot = 100, .count = 5,
			 .gfp = GFP_WAIT));
	EXPECT_EQ(2, op.zone >> 4);
	EXPECT_EQ(0, RUN(op, .opcode = SBUDDY_OP_BULK, .slot = 200, .count = 3, .gfp = GFP_WAIT));
	EXPECT_EQ(1, op.zone >> 4);
	EXPECT_EQ(0, RUN(op, .opcode = SBUDDY_OP_BULK, .slot = 300, .count = 3, .gfp = GFP_WAIT,
			 .nid = 0));
	EXPECT_EQ(0, op.zone >> 4);
	/* frees and errors go the same way as ever */
	EXPECT_EQ(0, RUN(op, .opcode = SBUDDY_OP_FREE, .slot = 200));
	EXPECT_EQ(-ENOENT, RUN(op, .opcode = SBUDDY_OP_FREE, .slot = 200));
	EXPECT_EQ(-EINVAL, RUN(op, .opcode = SBUDDY_OP_ALLOC, .slot = 200, .cpu = 2));
	/* set again: the rotor starts over, and DEFAULT is as if never set */
	EXPECT_EQ(0, set(&self->h, 0, SBUDDY_MPOL_INTERLEAVE, 7));
	EXPECT_EQ(0, NODE_OF_ALLOC(.order = 0));
	EXPECT_EQ(0, set(&self->h, 0, SBUDDY_MPOL_DEFAULT, 0));
	EXPECT_EQ(0, NODE_OF_ALLOC(.order = 0));
	EXPECT_EQ(0, NODE_OF_ALLOC(.order = 0));
}

TEST_F(mempolicy, operations_that_name_a_policy)
{
	struct sbuddy_op op;

	OWN(THREE_NODES);
	EXPECT_EQ(0, set(&self->h, 0, SBUDDY_MPOL_PREFERRED, 2));
	EXPECT_EQ(0, set(&self->h, 3, SBUDDY_MPOL_INTERLEAVE, 5));
	EXPECT_EQ(0, set(&self->h, 15, SBUDDY_MPOL_BIND, 6));
	EXPECT_EQ(1, NODE_OF_ALLOC(.flags = 0));
	EXPECT_EQ(0, NODE_OF_ALLOC(.flags = 3));
	EXPECT_EQ(2, NODE_OF_ALLOC(.flags = 3));
	EXPECT_EQ(2, NODE_OF_ALLOC(.flags = 3 | SBUDDY_OP_INDEX, .count = 0xffffffff));
	EXPECT_EQ(1, NODE_OF_ALLOC(.flags = 15));
	EXPECT_EQ(2, NODE_OF_ALLOC(.flags = 15, .nid = 2));
	EXPECT_EQ(1, NODE_OF_ALLOC(.flags = SBUDDY_OP_INDEX, .nid = 2));	/* PREFERRED wins */
	EXPECT_EQ(-ENOENT, RUN(op, .opcode = SBUDDY_OP_ALLOC, .flags = 4));
	EXPECT_EQ(-ENOENT, RUN(op, .opcode = SBUDDY_OP_BULK, .flags = 4, .count = 2));
	EXPECT_EQ(-ENOENT, RUN(op, .opcode = SBUDDY_OP_ALLOC_EXACT, .flags = 4, .count = 2));
	EXPECT_EQ(0, RUN(op, .opcode = SBUDDY_OP_BULK, .slot = 100, .flags = 3, .count = 2,
			 .gfp = GFP_WAIT));
	EXPECT_EQ(2, op.count);
	EXPECT_EQ(0, op.zone >> 4);
}

TEST_F(mempolicy, flags_that_do_not_go_together)
{
	struct sbuddy_op op;

	OWN(THREE_NODES);
	for (int index = 0; index < 16; index++)
		EXPECT_EQ(0, set(&self->h, index, SBUDDY_MPOL_LOCAL, 0));
	for (int flags = 0; flags < 256; flags++)
		for (int o = 1; o < SBUDDY_NR_OPS; o++) {
			int allowed = o == SBUDDY_OP_ALLOC ? 0x1f :
				      o == SBUDDY_OP_BULK || o == SBUDDY_OP_ALLOC_EXACT ? 0xf : 0;

			op = (struct sbuddy_op){ .opcode = o, .flags = flags, .cpu = -1, .nid = -1,
						 .slot = SBUDDY_MAX_SLOTS };
			sbuddy_run_op(self->h.o, &op, 0);
			if (flags & ~allowed)
				EXPECT_EQ(-EINVAL, op.err);
		}
	EXPECT_EQ(0, sbuddy_owner_slots(self->h.o));
	EXPECT_EQ(-EINVAL, RUN(op, .opcode = SBUDDY_OP_ALLOC, .count = 1));
	EXPECT_EQ(-EINVAL, RUN(op, .opcode = SBUDDY_OP_ALLOC, .count = 1, .flags = 1));
	EXPECT_EQ(-EINVAL, RUN(op, .opcode = SBUDDY_OP_BULK, .count = 2, .flags = 1, .nid = 0));
	EXPECT_EQ(-EINVAL, RUN(op, .opcode = SBUDDY_OP_FREE, .flags = 1));
	EXPECT_EQ(-ENOENT, RUN(op, .opcode = SBUDDY_OP_ALLOC, .flags = 1, .nid = 3));
}

TEST_F(mempolicy, policies_of_an_owner)
{
	struct sbuddy_mempolicy pol;

	OWN(THREE_NODES);
	pol = policy(&self->h, SBUDDY_MPOL_INTERLEAVE, 7);
	EXPECT_EQ(-EINVAL, sbuddy_owner_set_policy(self->h.o, 16, &pol));
	EXPECT_EQ(0, sbuddy_mpol_new(self->h.m, SBUDDY_MPOL_BIND, 7, 1, &pol));
	EXPECT_EQ(-EINVAL, sbuddy_owner_set_policy(self->h.o, 0, &pol));
	EXPECT_EQ(SBUDDY_MPOL_DEFAULT, sbuddy_owner_policy(self->h.o, 0)->mode);
	EXPECT_EQ(0, sbuddy_owner_set_policy(self->h.o, 7, &pol));
	EXPECT_EQ(1, sbuddy_owner_policy(self->h.o, 7)->home_node);
	/* only the owner's own policy starts the rotor anew */
	EXPECT_EQ(SBUDDY_MAX_NODES - 1, sbuddy_owner_task(self->h.o)->il_prev);
	EXPECT_EQ(0, set(&self->h, 1, SBUDDY_MPOL_INTERLEAVE, 7));
	EXPECT_EQ(0, NODE_OF_ALLOC(.flags = 1));
	EXPECT_EQ(0, set(&self->h, 2, SBUDDY_MPOL_INTERLEAVE, 7));
	EXPECT_EQ(1, NODE_OF_ALLOC(.flags = 2));
	EXPECT_EQ(0, set(&self->h, 0, SBUDDY_MPOL_PREFERRED, 4));
	EXPECT_EQ(2, NODE_OF_ALLOC(.flags = 1));
	EXPECT_EQ(0, set(&self->h, 0, SBUDDY_MPOL_WEIGHTED_INTERLEAVE, 7));
	EXPECT_EQ(0, NODE_OF_ALLOC(.flags = 1));
}

TEST_HARNESS_MAIN
