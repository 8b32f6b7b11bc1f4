// SPDX-License-Identifier: GPL-2.0
/*
 * High-atomic reserves: when a pageblock is set aside, who may use it, how it
 * is given up again (reference 3.8 and the items of CHECK 2 and 3 about it).
 */
#include "host_test.h"

HOST_FIXTURE(highatomic)

/* 200 MiB, the smallest zone that reserves; a watermark that only the slow path passes. */
#define BIG_ZONE							\
	.zone = SBUDDY_ZONE_DMA32, .min = 10, .low = 60000, .high = 60000

/* CHECK 3: an order-1 GFP_ATOMIC success in the fast path reserves nothing. */
TEST_F(highatomic, fast_path_reserves_nothing)
{
	IMPORT(.zone = SBUDDY_ZONE_DMA32, .blocks = 100, .free = { { 10, MOV, "0 1024" } });
	EXPECT_NE(-1, ALLOC(SBUDDY_GFP_ATOMIC, 1));
	EXPECT_EQ(0, ZONE(DMA32)->nr_reserved_highatomic);
}

/* ... in the slow path it reserves the page's block once managed >= 51200. */
TEST_F(highatomic, slow_path_reserves_the_block)
{
	struct sbuddy_zone *z;
	long off;

	IMPORT(BIG_ZONE, .blocks = 100, .free = { { 10, MOV, "0 1024" } });
	z = ZONE(DMA32);
	off = ALLOC(SBUDDY_GFP_ATOMIC, 1);
	EXPECT_EQ(0, off);
	EXPECT_EQ(HAT, TYPE(0));
	EXPECT_EQ(512, z->nr_reserved_highatomic);
	EXPECT_EQ(510, z->nr_free_highatomic);
	EXPECT_STREQ("2", LIST(z, 1, HAT));
	EXPECT_STREQ("256", LIST(z, 8, HAT));
	EXPECT_STREQ("512", LIST(z, 9, UNM));	/* claimed with block 0, not reserved */
	EXPECT_EQ(1, sbuddy_zone_event(z, SBUDDY_HIGHATOMIC_RESERVE));
}

TEST_F(highatomic, order_0_reserves_nothing)
{
	IMPORT(BIG_ZONE, .blocks = 100, .free = { { 10, MOV, "0 1024" } });
	EXPECT_NE(-1, ALLOC(SBUDDY_GFP_ATOMIC, 0));
	EXPECT_EQ(0, ZONE(DMA32)->nr_reserved_highatomic);
}

TEST_F(highatomic, without_high_reserves_nothing)
{
	IMPORT(BIG_ZONE, .blocks = 100, .free = { { 10, MOV, "0 1024" } });
	EXPECT_NE(-1, ALLOC(SBUDDY_GFP_NOWAIT, 1));
	EXPECT_EQ(0, ZONE(DMA32)->nr_reserved_highatomic);
}

TEST_F(highatomic, nomemalloc_reserves_nothing)
{
	IMPORT(BIG_ZONE, .blocks = 100, .free = { { 10, MOV, "0 1024" } });
	EXPECT_NE(-1, ALLOC(SBUDDY_GFP_ATOMIC | SBUDDY_GFP_NOMEMALLOC, 1));
	EXPECT_EQ(0, ZONE(DMA32)->nr_reserved_highatomic);
}

TEST_F(highatomic, zone_below_51200_pages_reserves_nothing)
{
	IMPORT(BIG_ZONE, .blocks = 100, .managed = 51199, .free = { { 10, MOV, "0 1024" } });
	EXPECT_NE(-1, ALLOC(SBUDDY_GFP_ATOMIC, 1));
	EXPECT_EQ(0, ZONE(DMA32)->nr_reserved_highatomic);
}

/* limit = ALIGN(managed / 100, 512): 512 at 51200 and 51299 pages, 1024 from 51300 on. */
TEST_F(highatomic, limit)
{
	struct sbuddy_zone *z;

	IMPORT(BIG_ZONE, .blocks = 100, .managed = 51200, .free = { { 10, MOV, "0 1024" } });
	z = ZONE(DMA32);
	EXPECT_EQ(0, ALLOC(SBUDDY_GFP_ATOMIC, 5));
	EXPECT_EQ(512, z->nr_reserved_highatomic);
	for (int i = 0; i < 16; i++)
		EXPECT_NE(-1, ALLOC(SBUDDY_GFP_ATOMIC, 5));
	EXPECT_EQ(512, z->nr_reserved_highatomic);
}

TEST_F(highatomic, limit_is_rounded_up)
{
	struct sbuddy_zone *z;

	IMPORT(BIG_ZONE, .blocks = 101, .managed = 51300, .free = { { 10, MOV, "0 1024" } });
	z = ZONE(DMA32);
	for (int i = 0; i < 33; i++)
		EXPECT_NE(-1, ALLOC(SBUDDY_GFP_ATOMIC, 5));
	EXPECT_EQ(1024, z->nr_reserved_highatomic);
	EXPECT_EQ(HAT, TYPE(0));
	EXPECT_EQ(HAT, TYPE(512));
}

TEST_F(highatomic, order_9_and_10_reserve_all_their_blocks)
{
	struct sbuddy_zone *z;

	IMPORT(BIG_ZONE, .blocks = 101, .managed = 51300, .free = { { 10, MOV, "0 1024" } });
	z = ZONE(DMA32);
	EXPECT_EQ(0, ALLOC(SBUDDY_GFP_ATOMIC, 10));
	EXPECT_EQ(1024, z->nr_reserved_highatomic);
	EXPECT_EQ(HAT, TYPE(0));
	EXPECT_EQ(HAT, TYPE(512));
	EXPECT_EQ(0, z->nr_free_highatomic);
	FREE(0, 10);
	EXPECT_STREQ("0", LIST(z, 10, HAT));
}

TEST_F(highatomic, order_9_reserves_one_block)
{
	IMPORT(BIG_ZONE, .blocks = 100, .free = { { 10, MOV, "0 1024" } });
	EXPECT_EQ(0, ALLOC(SBUDDY_GFP_ATOMIC, 9));
	EXPECT_EQ(512, ZONE(DMA32)->nr_reserved_highatomic);
	EXPECT_EQ(UNM, TYPE(512));
}

/* A block that is reserved already is not reserved twice. */
TEST_F(highatomic, block_of_another_kind_is_not_reserved)
{
	struct sbuddy_zone *z;

	IMPORT(BIG_ZONE, .blocks = 101, .managed = 51300, .types = "3", .highatomic = 512,
	       .free = { { 5, HAT, "0 64" } });
	z = ZONE(DMA32);
	EXPECT_EQ(0, ALLOC(SBUDDY_GFP_ATOMIC, 5));
	EXPECT_EQ(512, z->nr_reserved_highatomic);
}

/* CHECK 2: GFP_NOWAIT at order 0 may take HIGHATOMIC pages but not go below MIN. */
TEST_F(highatomic, nowait_order_0_may_use_the_reserve)
{
	IMPORT(.zone = SBUDDY_ZONE_DMA32, .blocks = 4, .types = "3", .highatomic = 512,
	       .min = 10, .low = 2000, .high = 2000, .free = { { 3, HAT, "0 16" } });
	for (int i = 0; i < 6; i++)
		EXPECT_NE(-1, ALLOC(SBUDDY_GFP_NOWAIT, 0));	/* 16 - 6 left */
	EXPECT_EQ(-1, ALLOC(SBUDDY_GFP_NOWAIT, 0));
}

/* Who has no rights sees none of it, even where it is all there is. */
TEST_F(highatomic, ordinary_requests_may_not)
{
	IMPORT(.zone = SBUDDY_ZONE_DMA32, .blocks = 4, .types = "3", .highatomic = 512,
	       .free = { { 3, HAT, "0 16" } });
	EXPECT_EQ(-1, ALLOC(GFP_UNM, 0));
	EXPECT_EQ(-1, ALLOC(SBUDDY_GFP_KERNEL, 0));
	EXPECT_EQ(-1, ALLOC(SBUDDY_GFP_TRANSHUGE_LIGHT, 0));
}

/* The watermark test at higher orders does not take HIGHATOMIC blocks for NON_BLOCK alone. */
TEST_F(highatomic, nowait_order_3_may_not)
{
	IMPORT(.zone = SBUDDY_ZONE_DMA32, .blocks = 4, .types = "3", .highatomic = 512,
	       .free = { { 3, HAT, "0 16" }, { 0, MOV, "512 514 516" } });
	EXPECT_EQ(-1, ALLOC(SBUDDY_GFP_NOWAIT, 3));
	EXPECT_EQ(0, ALLOC(SBUDDY_GFP_ATOMIC, 3));
}

/* The HIGHATOMIC lists come first on the buddy path, last after an empty pcp refill. */
TEST_F(highatomic, atomic_orders_without_pcp_take_it_first)
{
	IMPORT(BIG_ZONE, .blocks = 100, .types = "3 0", .highatomic = 512,
	       .free = { { 4, HAT, "0" }, { 4, UNM, "512" }, { 5, MOV, "1024" } });
	EXPECT_EQ(0, ALLOC(SBUDDY_GFP_ATOMIC, 4));
	EXPECT_EQ(512, ALLOC(SBUDDY_GFP_ATOMIC, 4));
}

TEST_F(highatomic, atomic_orders_with_pcp_prefer_the_ordinary_list)
{
	IMPORT(BIG_ZONE, .blocks = 100, .types = "3 0", .highatomic = 512,
	       .free = { { 3, HAT, "0" }, { 3, UNM, "512" }, { 2, MOV, "1024 1032 1040" } });
	EXPECT_EQ(512, ALLOC(SBUDDY_GFP_ATOMIC, 3));
	EXPECT_EQ(0, ALLOC(SBUDDY_GFP_ATOMIC, 3));
}

/* Splitting a reserved block leaves the rest reserved. */
TEST_F(highatomic, remainders_stay_reserved)
{
	struct sbuddy_zone *z;

	IMPORT(.zone = SBUDDY_ZONE_DMA32, .blocks = 4, .types = "3", .highatomic = 512,
	       .free = { { 6, HAT, "0" } }, .threshold = 100);
	z = ZONE(DMA32);
	EXPECT_EQ(0, ALLOC(SBUDDY_GFP_ATOMIC, 4));
	EXPECT_STREQ("16", LIST(z, 4, HAT));
	EXPECT_STREQ("32", LIST(z, 5, HAT));
	EXPECT_EQ(48, z->nr_free_highatomic);
	EXPECT_EQ(-16, z->zstat[0].free_diff);
}

/* CHECK 5: a HIGHATOMIC page waits on the MOVABLE pcp list and may be handed out from there. */
TEST_F(highatomic, freed_pages_wait_among_the_movable)
{
	struct sbuddy_zone *z;

	IMPORT(.zone = SBUDDY_ZONE_DMA32, .blocks = 4, .types = "3", .highatomic = 512,
	       .free = { { 0, HAT, "7 9" } }, .batch = 1, .high_min = 10, .high_max = 10);
	z = ZONE(DMA32);
	EXPECT_EQ(7, ALLOC(SBUDDY_GFP_ATOMIC, 0));
	FREE(7, 0);
	EXPECT_STREQ("7", PCPLIST(z, MOV));
	sbuddy_drain_all_pages(self->h.m, &self->h.task);
	EXPECT_SANE();
	EXPECT_STREQ("7 9", LIST(z, 0, HAT));
	EXPECT_EQ(7, ALLOC(SBUDDY_GFP_ATOMIC, 0));
	FREE(7, 0);
	z->nr_free_pages += 10;			/* so that the test passes */
	EXPECT_EQ(7, host_alloc(&self->h, GFP_MOV, 0));
	z->nr_free_pages -= 10;
}

/* ---- giving up ---- */

static bool unreserve(struct host *h, bool force, int mt)
{
	struct sbuddy_alloc_context ac = {
		.task = &h->task,
		.zonelist = &h->m->nodes[0].zonelists[0],
		.nodemask = SBUDDY_ALL_NODES,
		.migratetype = mt,
		.highest_zoneidx = SBUDDY_ZONE_NORMAL,
	};

	ac.preferred = ac.zonelist->ref;
	return sbuddy_unreserve_highatomic_pageblock(&ac, force);
}

TEST_F(highatomic, last_block_is_given_up_by_force_only)
{
	struct sbuddy_zone *z;

	IMPORT(.zone = SBUDDY_ZONE_DMA32, .blocks = 4, .types = "3 0", .highatomic = 512,
	       .free = { { 3, HAT, "16" }, { 0, HAT, "7 9" }, { 0, UNM, "512" } });
	z = ZONE(DMA32);
	EXPECT_FALSE(unreserve(&self->h, false, UNM));
	EXPECT_EQ(512, z->nr_reserved_highatomic);
	EXPECT_TRUE(unreserve(&self->h, true, UNM));
	EXPECT_SANE();
	EXPECT_EQ(0, z->nr_reserved_highatomic);
	EXPECT_EQ(0, z->nr_free_highatomic);
	EXPECT_EQ(UNM, TYPE(0));
	EXPECT_STREQ("512 7 9", LIST(z, 0, UNM));
	EXPECT_STREQ("16", LIST(z, 3, UNM));
	EXPECT_FALSE(unreserve(&self->h, true, UNM));
}

TEST_F(highatomic, the_lowest_order_leads_to_the_block)
{
	struct sbuddy_zone *z;

	IMPORT(.zone = SBUDDY_ZONE_DMA32, .blocks = 4, .types = "3 3", .highatomic = 1024,
	       .free = { { 4, HAT, "512" }, { 3, HAT, "16" } });
	z = ZONE(DMA32);
	EXPECT_TRUE(unreserve(&self->h, false, MOV));
	EXPECT_SANE();
	EXPECT_EQ(512, z->nr_reserved_highatomic);
	EXPECT_EQ(MOV, TYPE(0));
	EXPECT_EQ(HAT, TYPE(512));
}

TEST_F(highatomic, whole_blocks_are_given_up_as_they_are)
{
	struct sbuddy_zone *z;

	IMPORT(.zone = SBUDDY_ZONE_DMA32, .blocks = 4, .types = "3 3 3", .highatomic = 1536,
	       .free = { { 10, HAT, "0" } });
	z = ZONE(DMA32);
	EXPECT_TRUE(unreserve(&self->h, false, REC));
	EXPECT_SANE();
	EXPECT_EQ(512, z->nr_reserved_highatomic);
	EXPECT_EQ(REC, TYPE(0));
	EXPECT_EQ(REC, TYPE(512));
	EXPECT_STREQ("0", LIST(z, 10, REC));
}

TEST_F(highatomic, nothing_free_nothing_given_up)
{
	IMPORT(.zone = SBUDDY_ZONE_DMA32, .blocks = 4, .types = "3 3", .highatomic = 1024);
	EXPECT_FALSE(unreserve(&self->h, true, UNM));
	EXPECT_EQ(1024, ZONE(DMA32)->nr_reserved_highatomic);
}

TEST_HARNESS_MAIN
