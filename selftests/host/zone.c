// SPDX-License-Identifier: GPL-2.0
/*
 * Zones, nodes and zonelists as a machine has them after boot, and what the
 * free counters count (reference parts 1 and 7.1, the items of CHECK 1 and of
 * CHECK 7 that need no policy).
 *
 * Sizing of ZONE_MOVABLE: layout_movable.c.  Not applicable: deferred
 * initialisation and shuffling.  Policies: mempolicy.c.
 */
#include "host_test.h"

HOST_FIXTURE(zone)

/* CHECK 1: order-10 list ascending, the first allocation returns its lowest pfn. */
TEST_F(zone, fresh_lists_ascend)
{
	BOOT("N0:DMA32=16M", 1);
	EXPECT_SANE();
	EXPECT_STREQ("0 1024 2048 3072", LIST(ZONE(DMA32), 10, MOV));
	EXPECT_EQ(0, ALLOC(GFP_UNM, 10));
	EXPECT_EQ(1024, ALLOC(GFP_MOV, 10));
}

TEST_F(zone, boot_leaves_smaller_blocks_at_range_ends_only)
{
	BOOT("N0:DMA32=6M,hole=4M,DMA32=8M", 1);
	EXPECT_SANE();
	EXPECT_STREQ("0 3072", LIST(ZONE(DMA32), 10, MOV));
	EXPECT_STREQ("1024 2560 4096", LIST(ZONE(DMA32), 9, MOV));
	EXPECT_EQ(3584, ZONE(DMA32)->present_pages);
	EXPECT_EQ(3584, ZONE(DMA32)->managed_pages);
	EXPECT_EQ(4608, ZONE(DMA32)->spanned_pages);
	EXPECT_FALSE(sbuddy_pageblock_present(self->h.m, ZONE(DMA32), self->h.m->base_pfn + 1536));
	EXPECT_EQ(NULL, sbuddy_pfn_zone(self->h.m, self->h.m->base_pfn + 2047));
	EXPECT_EQ(ZONE(DMA32), sbuddy_pfn_zone(self->h.m, self->h.m->base_pfn + 2560));
	for (long off = 0; off < 1536; off += 512)
		EXPECT_EQ(MOV, TYPE(off));
}

/* CHECK 1: `nr_free` counts ISOLATE blocks; NR_FREE_PAGES does not. */
TEST_F(zone, isolated_blocks_count_in_nr_free_only)
{
	struct sbuddy_zone *z;

	IMPORT(.zone = SBUDDY_ZONE_DMA32, .blocks = 4, .types = "1 4 1 1",
	       .free = { { 3, ISO, "512 528" }, { 3, MOV, "0" } });
	z = ZONE(DMA32);
	EXPECT_EQ(3, z->free_area[3].nr_free);
	EXPECT_EQ(8, sbuddy_zone_page_state(z));
	ASSERT_EQ(0, host_isolate(&self->h, 0, ISO));
	EXPECT_SANE();
	EXPECT_EQ(3, z->free_area[3].nr_free);
	EXPECT_EQ(0, sbuddy_zone_page_state(z));
}

/* CHECK 1: t allocations leave the atomic counter alone, the (t + 1)-th lowers it by t + 1. */
TEST_F(zone, free_counter_moves_beyond_the_threshold)
{
	struct sbuddy_zone *z;

	IMPORT(.zone = SBUDDY_ZONE_DMA32, .blocks = 4, .free = { { 10, MOV, "0 1024" } },
	       .threshold = 6);
	z = ZONE(DMA32);
	for (int i = 0; i < 6; i++) {
		ALLOC(GFP_MOV, 0);
		EXPECT_EQ(2048, z->nr_free_pages);
		EXPECT_EQ(-1 - i, z->zstat[0].free_diff);
	}
	ALLOC(GFP_MOV, 0);
	EXPECT_EQ(2041, z->nr_free_pages);
	EXPECT_EQ(0, z->zstat[0].free_diff);
	EXPECT_EQ(2041, sbuddy_zone_page_state_snapshot(z));
}

TEST_F(zone, negative_free_counter_reads_as_zero)
{
	struct sbuddy_zone *z;

	BOOT("N0:DMA32=16M", 2);
	z = ZONE(DMA32);
	z->nr_free_pages = -3;
	z->zstat[1].free_diff = 2;
	EXPECT_EQ(0, sbuddy_zone_page_state(z));
	EXPECT_EQ(0, sbuddy_zone_page_state_snapshot(z));
	z->zstat[0].free_diff = 2;
	EXPECT_EQ(1, sbuddy_zone_page_state_snapshot(z));
}

/* Reference 6.5: 2 * fls(cpus) * (1 + fls(128 MiB units)), at most 125. */
TEST_F(zone, stat_threshold)
{
	BOOT("N0:DMA32=16M,Normal=512M", 3);
	EXPECT_EQ(4, ZONE(DMA32)->zstat[0].stat_threshold);
	EXPECT_EQ(2 * 2 * (1 + 3), ZONE(NORMAL)->zstat[2].stat_threshold);
}

TEST_F(zone, stat_threshold_is_capped)
{
	BOOT("N0:Normal=16G", 255);
	EXPECT_EQ(125, ZONE(NORMAL)->zstat[254].stat_threshold);
}

TEST_F(zone, first_block_of_a_zone_that_starts_unaligned_is_unmovable)
{
	SKIP(return, "not applicable: a zone starts on a pageblock boundary here");
}

/* CHECK 1: buddies on two sides of a zone or node boundary never merge. */
TEST_F(zone, buddies_do_not_merge_across_zones)
{
	BOOT("N0:DMA32=10M,Normal=10M", 1);
	EXPECT_SANE();
	EXPECT_STREQ("2048", LIST(ZONE(DMA32), 9, MOV));
	EXPECT_STREQ("2560", LIST(ZONE(NORMAL), 9, MOV));
	EXPECT_EQ(2048, ALLOC(GFP_MOV | SBUDDY_GFP_DMA32, 9));
	FREE(2048, 9);
	sbuddy_drain_all_pages(self->h.m, &self->h.task);
	EXPECT_SANE();
	EXPECT_STREQ("2048", LIST(ZONE(DMA32), 9, MOV));
	EXPECT_STREQ("2560", LIST(ZONE(NORMAL), 9, MOV));
}

TEST_F(zone, buddies_do_not_merge_across_nodes)
{
	struct sbuddy_zone *z0, *z1;

	BOOT("N0:Normal=10M;N1:Normal=10M", 1);
	EXPECT_SANE();
	z0 = host_zone(&self->h, 0, SBUDDY_ZONE_NORMAL);
	z1 = host_zone(&self->h, 1, SBUDDY_ZONE_NORMAL);
	EXPECT_STREQ("2048", LIST(z0, 9, MOV));
	EXPECT_STREQ("2560", LIST(z1, 9, MOV));
	EXPECT_EQ(2560, ALLOC_NODE(GFP_MOV | SBUDDY_GFP_THISNODE, 9, 1));
	FREE(2560, 9);
	sbuddy_drain_all_pages(self->h.m, &self->h.task);
	EXPECT_SANE();
	EXPECT_STREQ("2048", LIST(z0, 9, MOV));
	EXPECT_STREQ("2560", LIST(z1, 9, MOV));
}

/* CHECK 1: 2560 usable pages are enough to group; a layout allows no 2559, 2048 comes next. */
TEST_F(zone, grouping_needs_2560_pages)
{
	BOOT("N0:DMA32=10M", 1);
	EXPECT_FALSE(self->h.m->knobs.group_by_mobility_disabled);
	EXPECT_EQ(MOV, TYPE(0));
}

TEST_F(zone, no_grouping_below_2560_pages)
{
	long off;

	BOOT("N0:DMA32=8M", 1);
	EXPECT_SANE();
	EXPECT_TRUE(self->h.m->knobs.group_by_mobility_disabled);
	off = ALLOC(GFP_MOV, 0);
	ASSERT_NE(-1, off);
	FREE(off, 0);
	EXPECT_STREQ("0", PCPLIST(ZONE(DMA32), UNM));
}

/* All zones that the boot node reaches count, other nodes' too. */
TEST_F(zone, grouping_counts_every_zone_in_reach)
{
	BOOT("N0:DMA32=4M,Movable=2M;N1:Normal=4M", 1);
	EXPECT_FALSE(self->h.m->knobs.group_by_mobility_disabled);
}

/* Blocks that boot types Movable in a machine without grouping are Unmovable from then on. */
TEST_F(zone, types_of_a_machine_without_grouping_after_reset)
{
	long off;

	BOOT("N0:DMA32=8M", 1);
	off = ALLOC(GFP_MOV, 5);
	ASSERT_NE(-1, off);
	EXPECT_EQ(0, sbuddy_machine_reset(self->h.m));
	EXPECT_SANE();
	EXPECT_TRUE(self->h.m->knobs.group_by_mobility_disabled);
	EXPECT_EQ(off, ALLOC(GFP_MOV, 5));
}

/* ---- zonelists ---- */

static const char *order_of(const struct host *h, int nid, int kind)
{
	static char ring[4][256];
	static int next;
	char *buf = ring[next++ % 4];
	int n = 0;

	for (struct sbuddy_zoneref *z = h->m->nodes[nid].zonelists[kind].ref; z->zone; z++)
		n += scnprintf(buf + n, sizeof(ring[0]) - n, "%s%d:%d", n ? " " : "", z->node,
			       z->zone_idx);
	return buf;
}

static const char *fallback_order(const struct host *h, int nid)
{
	return order_of(h, nid, SBUDDY_ZONELIST_FALLBACK);
}

TEST_F(zone, zonelist_has_a_nodes_zones_from_the_highest_down)
{
	BOOT("N0:DMA=2M,DMA32=4M,Normal=4M,Movable=4M", 1);
	EXPECT_STREQ("0:3 0:2 0:1 0:0", fallback_order(&self->h, 0));
	EXPECT_STREQ("0:3 0:2 0:1 0:0", order_of(&self->h, 0, SBUDDY_ZONELIST_NOFALLBACK));
}

TEST_F(zone, zonelist_of_two_nodes)
{
	BOOT("N0:DMA32=4M,Normal=4M;N1:Normal=4M,Movable=4M", 1);
	EXPECT_STREQ("0:2 0:1 1:3 1:2", fallback_order(&self->h, 0));
	EXPECT_STREQ("1:3 1:2 0:2 0:1", fallback_order(&self->h, 1));
	EXPECT_STREQ("1:3 1:2", order_of(&self->h, 1, SBUDDY_ZONELIST_NOFALLBACK));
}

/* CHECK 7: orders at boot.  Three equal nodes, CPUs on 0 and 1. */
TEST_F(zone, fallback_order_of_three_equal_nodes)
{
	static const u8 cpus[] = { 0, 1 };

	ASSERT_EQ(0, host_boot_nodes(&self->h, "N0:Normal=4M;N1:Normal=4M;N2:Normal=4M", 2, cpus));
	EXPECT_STREQ("0:2 1:2 2:2", fallback_order(&self->h, 0));
	EXPECT_STREQ("1:2 2:2 0:2", fallback_order(&self->h, 1));
	EXPECT_STREQ("2:2 0:2 1:2", fallback_order(&self->h, 2));
}

TEST_F(zone, fallback_order_of_four_nodes)
{
	BOOT("N0:Normal=4M;N1:Normal=4M;N2:Normal=4M;N3:Normal=4M", 1);
	EXPECT_STREQ("3:2 0:2 1:2 2:2", fallback_order(&self->h, 3));
}

TEST_F(zone, fallback_order_follows_distance)
{
	BOOT("N0:Normal=4M;N1:Normal=4M;N2:Normal=4M;N3:Normal=4M;"
	     "D:10,21,17,28/21,10,28,17/17,28,10,28/28,17,28,10", 1);
	EXPECT_STREQ("0:2 2:2 1:2 3:2", fallback_order(&self->h, 0));
	EXPECT_STREQ("1:2 3:2 0:2 2:2", fallback_order(&self->h, 1));
	EXPECT_STREQ("2:2 0:2 3:2 1:2", fallback_order(&self->h, 2));
	EXPECT_STREQ("3:2 1:2 0:2 2:2", fallback_order(&self->h, 3));
}

/*
 * CHECK 7: what differs when lists are rebuilt: nodes with CPUs cost 1 more.
 * CPUs on 0 and 1 of three equal nodes: 2 now comes before 0 and 1 everywhere.
 */
TEST_F(zone, fallback_order_when_rebuilt)
{
	static const u8 cpus[] = { 0, 1 };
	struct sbuddy_node_choice c[SBUDDY_MAX_NODES + 1];

	ASSERT_EQ(0, host_boot_nodes(&self->h, "N0:Normal=4M;N1:Normal=4M;N2:Normal=4M", 2, cpus));
	EXPECT_EQ(SBUDDY_ZONELISTS_BOOT, self->h.m->zonelist_rule);
	EXPECT_EQ(0, sbuddy_rebuild_zonelists(self->h.m, false));
	EXPECT_EQ(SBUDDY_ZONELISTS_REBUILT, self->h.m->zonelist_rule);
	EXPECT_STREQ("0:2 2:2 1:2", fallback_order(&self->h, 0));
	EXPECT_STREQ("1:2 2:2 0:2", fallback_order(&self->h, 1));
	EXPECT_STREQ("2:2 0:2 1:2", fallback_order(&self->h, 2));
	EXPECT_SANE();
	/* node 1's list: 0 is lower and has CPUs; 2 was first of its distance in node 0's */
	EXPECT_EQ(3, sbuddy_fallback_order(self->h.m, 1, false, c));
	EXPECT_EQ(1, c[0].node);
	EXPECT_EQ(2, c[1].node);
	EXPECT_EQ(1, c[1].load);
	EXPECT_EQ(20 * 1024 + 1, c[1].value);
	EXPECT_EQ(0, c[2].node);
	EXPECT_EQ(22 * 1024, c[2].value);
	EXPECT_EQ(0, sbuddy_rebuild_zonelists(self->h.m, true));
	EXPECT_STREQ("0:2 1:2 2:2", fallback_order(&self->h, 0));
}

/* An imported machine has lists, but nothing to build them from. */
TEST_F(zone, imported_zonelists_stay)
{
	IMPORT(.zone = SBUDDY_ZONE_DMA32, .blocks = 4, .free = { { 10, MOV, "0 1024" } });
	EXPECT_EQ(SBUDDY_ZONELISTS_IMPORTED, self->h.m->zonelist_rule);
	EXPECT_EQ(-EOPNOTSUPP, sbuddy_rebuild_zonelists(self->h.m, false));
}

/* CHECK 7: THISNODE on an exhausted node fails although others have memory. */
TEST_F(zone, thisnode_does_not_leave_the_node)
{
	BOOT("N0:Normal=8M;N1:Normal=8M", 1);
	sbuddy_set_min_free_kbytes(self->h.m, 0);
	while (host_alloc_node(&self->h, GFP_UNM | SBUDDY_GFP_THISNODE, 4, 1) >= 0)
		;
	EXPECT_SANE();
	EXPECT_EQ(-1, ALLOC_NODE(GFP_UNM | SBUDDY_GFP_THISNODE, 4, 1));
	EXPECT_NE(-1, ALLOC_NODE(GFP_UNM, 4, 1));
	EXPECT_EQ(1, sbuddy_zone_numa(ZONE(NORMAL), SBUDDY_NUMA_MISS));
	EXPECT_EQ(1, sbuddy_zone_numa(host_zone(&self->h, 1, SBUDDY_ZONE_NORMAL),
				      SBUDDY_NUMA_FOREIGN));
}

/* CHECK 7: a request for node 1 from a vcpu of node 0. */
TEST_F(zone, numa_counters_of_a_remote_request)
{
	struct sbuddy_zone *z1;

	BOOT("N0:Normal=8M;N1:Normal=8M", 1);
	z1 = host_zone(&self->h, 1, SBUDDY_ZONE_NORMAL);
	EXPECT_NE(-1, ALLOC_NODE(GFP_UNM, 0, 1));
	EXPECT_EQ(1, sbuddy_zone_numa(z1, SBUDDY_NUMA_HIT));
	EXPECT_EQ(1, sbuddy_zone_numa(z1, SBUDDY_NUMA_OTHER));
	EXPECT_EQ(0, sbuddy_zone_numa(z1, SBUDDY_NUMA_LOCAL));
	EXPECT_NE(-1, ALLOC_NODE(GFP_UNM, 5, 0));
	EXPECT_EQ(1, sbuddy_zone_numa(ZONE(NORMAL), SBUDDY_NUMA_LOCAL));
}

TEST_F(zone, reset_is_the_state_after_boot)
{
	char *before, *after;

	BOOT("N0:DMA32=8M,Normal=16M,Movable=8M", 2);
	before = host_snapshot(&self->h);
	for (int i = 0; i < 100; i++)
		host_alloc(&self->h, i & 1 ? GFP_UNM : SBUDDY_GFP_HIGHUSER_MOVABLE, i % 6);
	sbuddy_set_min_free_kbytes(self->h.m, 100);
	sbuddy_set_percpu_pagelist_high_fraction(self->h.m, 8);
	EXPECT_EQ(0, sbuddy_machine_reset(self->h.m));
	EXPECT_SANE();
	after = host_snapshot(&self->h);
	EXPECT_STREQ(before, after);
	free(before);
	free(after);
}

TEST_HARNESS_MAIN
