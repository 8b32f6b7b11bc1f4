// SPDX-License-Identifier: GPL-2.0
/*
 * The bulk API (reference 3.11 and its items of CHECK 3 and 9).
 */
#include "host_test.h"

HOST_FIXTURE(bulk)

static unsigned long bulk(struct host *h, u32 gfp, unsigned long nr, struct sbuddy_page **array)
{
	return sbuddy_alloc_pages_bulk(h->m, &h->task, gfp, SBUDDY_NID_ANY, nr, array);
}

/* CHECK 3: with enough above LOW + 2 on the preferred zone the pages come in list order. */
TEST_F(bulk, takes_pcp_pages_in_list_order)
{
	struct sbuddy_page *array[2] = { NULL };
	struct sbuddy_zone *z;

	IMPORT(.zone = SBUDDY_ZONE_DMA32, .blocks = 4, .low = 3, .high = 100, .high_min = 50,
	       .high_max = 50, .batch = 4, .free = { { 3, MOV, "8" } });
	z = ZONE(DMA32);
	host_trace(&self->h);
	EXPECT_EQ(2, bulk(&self->h, GFP_MOV, 2, array));
	EXPECT_SANE();
	EXPECT_EQ(8, host_off(&self->h, array[0]));
	EXPECT_EQ(9, host_off(&self->h, array[1]));
	EXPECT_STREQ("10 11", PCPLIST(z, MOV));
	/* CHECK 9: no mm_page_alloc for bulk pages */
	EXPECT_EQ(0, host_count(SBUDDY_TRACE_MM_PAGE_ALLOC));
	EXPECT_EQ(2, sbuddy_zone_event(z, SBUDDY_PGALLOC));
	EXPECT_EQ(2, sbuddy_zone_numa(z, SBUDDY_NUMA_HIT));
	EXPECT_EQ(2, sbuddy_zone_numa(z, SBUDDY_NUMA_LOCAL));
	/* BELOW_HIGH is neither tested nor set */
	EXPECT_FALSE(test_bit(SBUDDY_ZONE_BELOW_HIGH, &z->flags));
}

/* The mark is LOW plus all that is asked for; at equality one ordinary request is made. */
TEST_F(bulk, mark_is_low_plus_the_number)
{
	struct sbuddy_page *array[5] = { NULL };
	struct sbuddy_zone *z;

	IMPORT(.zone = SBUDDY_ZONE_DMA32, .blocks = 4, .low = 3, .high = 3, .high_min = 50,
	       .high_max = 50, .batch = 4, .free = { { 3, MOV, "8" } });
	z = ZONE(DMA32);
	host_trace(&self->h);
	EXPECT_EQ(1, bulk(&self->h, GFP_MOV, 5, array));
	EXPECT_EQ(1, host_count(SBUDDY_TRACE_MM_PAGE_ALLOC));
	EXPECT_EQ(8, host_off(&self->h, array[0]));
	EXPECT_EQ(NULL, array[1]);
	EXPECT_SANE();
	z->nr_free_pages += 5;
	array[0] = NULL;
	EXPECT_EQ(5, bulk(&self->h, GFP_MOV, 5, array));
	z->nr_free_pages -= 5;
	EXPECT_SANE();
}

/* The reserve is the preferred zone's, not the request's. */
TEST_F(bulk, reserve_of_the_preferred_zone)
{
	struct sbuddy_page *array[2] = { NULL };

	BOOT("N0:DMA32=16M", 1);
	ZONE(DMA32)->lowmem_reserve[SBUDDY_ZONE_NORMAL] = 100000;
	EXPECT_EQ(2, bulk(&self->h, GFP_MOV, 2, array));
	EXPECT_SANE();
}

TEST_F(bulk, next_zone_of_the_node)
{
	struct sbuddy_page *array[2] = { NULL };

	BOOT("N0:DMA32=16M,Normal=16M", 1);
	ZONE(NORMAL)->watermark[SBUDDY_WMARK_LOW] = 4095;
	EXPECT_EQ(2, bulk(&self->h, GFP_MOV, 2, array));
	EXPECT_EQ(ZONE(DMA32), sbuddy_page_zone(self->h.m, array[0]));
	EXPECT_SANE();
}

/* CHECK 3: bulk never crosses nodes. */
TEST_F(bulk, never_crosses_nodes)
{
	struct sbuddy_page *array[2] = { NULL };

	BOOT("N0:Normal=16M;N1:Normal=16M", 1);
	ZONE(NORMAL)->watermark[SBUDDY_WMARK_LOW] = 5000;
	ZONE(NORMAL)->watermark[SBUDDY_WMARK_HIGH] = 5000;
	host_trace(&self->h);
	EXPECT_EQ(1, bulk(&self->h, GFP_MOV, 2, array));
	EXPECT_EQ(1, host_count(SBUDDY_TRACE_MM_PAGE_ALLOC));
	EXPECT_EQ(1, sbuddy_page_zone(self->h.m, array[0])->node);
	EXPECT_SANE();
}

TEST_F(bulk, filled_slots_are_left_alone)
{
	struct sbuddy_page *array[5] = { NULL }, *mine;

	IMPORT(.zone = SBUDDY_ZONE_DMA32, .blocks = 4, .high_min = 50, .high_max = 50,
	       .batch = 1, .free = { { 4, MOV, "0" } });
	mine = host_page(&self->h, ALLOC(GFP_MOV, 0));
	array[0] = mine;
	array[2] = mine;
	EXPECT_EQ(5, bulk(&self->h, GFP_MOV, 5, array));
	EXPECT_EQ(mine, array[0]);
	EXPECT_EQ(1, host_off(&self->h, array[1]));
	EXPECT_EQ(mine, array[2]);
	EXPECT_EQ(2, host_off(&self->h, array[3]));
	EXPECT_EQ(3, host_off(&self->h, array[4]));
	EXPECT_EQ(5, bulk(&self->h, GFP_MOV, 5, array));
	EXPECT_EQ(0, bulk(&self->h, GFP_MOV, 0, array));
	EXPECT_SANE();
}

/* One slot missing: an ordinary request. */
TEST_F(bulk, one_page_is_an_ordinary_request)
{
	struct sbuddy_page *array[1] = { NULL };

	BOOT("N0:DMA32=16M", 1);
	host_trace(&self->h);
	EXPECT_EQ(1, bulk(&self->h, GFP_MOV, 1, array));
	EXPECT_EQ(1, host_count(SBUDDY_TRACE_MM_PAGE_ALLOC));
	EXPECT_SANE();
}

TEST_F(bulk, account_is_an_ordinary_request)
{
	struct sbuddy_page *array[4] = { NULL };

	BOOT("N0:DMA32=16M", 1);
	host_trace(&self->h);
	EXPECT_EQ(1, bulk(&self->h, GFP_MOV | SBUDDY_GFP_ACCOUNT, 4, array));
	EXPECT_EQ(1, host_count(SBUDDY_TRACE_MM_PAGE_ALLOC));
	EXPECT_SANE();
}

/* The first take failing sends to the ordinary path, a later one stops. */
TEST_F(bulk, stops_when_the_zone_runs_dry)
{
	struct sbuddy_page *array[8] = { NULL };

	IMPORT(.zone = SBUDDY_ZONE_DMA32, .blocks = 4, .high_min = 50, .high_max = 50,
	       .batch = 1, .free = { { 1, MOV, "0" } });
	ZONE(DMA32)->nr_free_pages = 100;
	host_trace(&self->h);
	EXPECT_EQ(2, bulk(&self->h, GFP_MOV, 8, array));
	EXPECT_EQ(0, host_count(SBUDDY_TRACE_MM_PAGE_ALLOC));
	memset(array, 0, sizeof(array));
	EXPECT_EQ(0, bulk(&self->h, GFP_MOV, 8, array));
	EXPECT_EQ(1, host_count(SBUDDY_TRACE_MM_PAGE_ALLOC));
	ZONE(DMA32)->nr_free_pages = 0;
	EXPECT_SANE();
}

TEST_F(bulk, busy_lock_sends_to_the_ordinary_path)
{
	struct sbuddy_page *array[4] = { NULL };

	BOOT("N0:DMA32=16M", 1);
	spin_lock(&ZONE(DMA32)->pcp[0].lock);
	EXPECT_EQ(1, bulk(&self->h, GFP_MOV, 4, array));
	spin_unlock(&ZONE(DMA32)->pcp[0].lock);
	EXPECT_SANE();
	EXPECT_EQ(2, sbuddy_machine_event(self->h.m, SBUDDY_PCP_BUSY));
}

/* No task scope: PIN does not make the pages unmovable here. */
TEST_F(bulk, task_scopes_do_not_apply)
{
	struct sbuddy_page *array[2] = { NULL };

	BOOT("N0:Normal=16M,Movable=16M", 1);
	self->h.task.flags = SBUDDY_PF_MEMALLOC_PIN;
	EXPECT_EQ(2, bulk(&self->h, SBUDDY_GFP_HIGHUSER_MOVABLE, 2, array));
	EXPECT_EQ(ZONE(MOVABLE), sbuddy_page_zone(self->h.m, array[0]));
	EXPECT_SANE();
}

/* NOFRAGMENT is not set: a bulk request may break up a Normal zone. */
TEST_F(bulk, does_not_avoid_fragmentation)
{
	struct sbuddy_page *array[2] = { NULL };

	IMPORT(.zone = SBUDDY_ZONE_NORMAL, .blocks = 4, .high_min = 50, .high_max = 50,
	       .batch = 1, .types = "2", .free = { { 2, REC, "0" } });
	EXPECT_EQ(2, bulk(&self->h, GFP_MOV, 2, array));
	EXPECT_EQ(0, host_off(&self->h, array[0]));
	EXPECT_SANE();
}

TEST_F(bulk, no_eligible_zone)
{
	struct sbuddy_page *array[2] = { NULL };

	BOOT("N0:Movable=16M", 1);
	EXPECT_EQ(0, bulk(&self->h, GFP_MOV, 2, array));
	EXPECT_SANE();
}

TEST_HARNESS_MAIN
