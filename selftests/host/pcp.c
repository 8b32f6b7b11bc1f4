// SPDX-License-Identifier: GPL-2.0
/*
 * Per-CPU lists: what is on them in which order, overflow, drains, decay
 * (reference 5.1, 5.4, 5.7, 5.8).  How much is moved is in pcp_tune.c.
 */
#include "host_test.h"

HOST_FIXTURE(pcp)

#define PCP(z)	(&(z)->pcp[0])

/* ---- order on the lists ---- */

/* CHECK 5: a freed page is the next allocated; refilled pages come in the order obtained. */
TEST_F(pcp, lifo_for_freed_fifo_for_refilled)
{
	struct sbuddy_zone *z;

	IMPORT(.zone = SBUDDY_ZONE_DMA32, .blocks = 4, .batch = 4, .high_min = 100,
	       .high_max = 100, .free = { { 2, MOV, "8" }, { 5, MOV, "64" } });
	z = ZONE(DMA32);
	EXPECT_EQ(8, ALLOC(GFP_MOV, 0));
	EXPECT_STREQ("9 10 11", PCPLIST(z, MOV));
	EXPECT_EQ(9, ALLOC(GFP_MOV, 0));
	FREE(8, 0);
	EXPECT_STREQ("8 10 11", PCPLIST(z, MOV));
	EXPECT_EQ(8, ALLOC(GFP_MOV, 0));
}

TEST_F(pcp, freed_block_goes_to_the_list_of_its_pageblock)
{
	struct sbuddy_zone *z;

	IMPORT(.zone = SBUDDY_ZONE_DMA32, .blocks = 4, .batch = 1, .high_min = 100, .types = "2 0",
	       .high_max = 100, .free = { { 1, REC, "8" }, { 0, UNM, "512" } });
	z = ZONE(DMA32);
	EXPECT_EQ(8, ALLOC(GFP_MOV, 1));	/* stolen: the type stays */
	FREE(8, 1);
	EXPECT_STREQ("8", PCPLIST(z, 3 + REC));
}

/* CHECK 5: one free halves alloc_factor; one pcp allocation halves free_count; bulk does not. */
TEST_F(pcp, factors_decay)
{
	struct sbuddy_zone *z;
	struct sbuddy_page *array[3] = { NULL };

	BOOT("N0:Normal=1G", 1);
	z = ZONE(NORMAL);
	ASSERT_NE(-1, ALLOC(GFP_MOV, 0));
	PCP(z)->alloc_factor = 5;
	FREE(0, 0);
	EXPECT_EQ(2, PCP(z)->alloc_factor);
	EXPECT_EQ(1, PCP(z)->free_count);
	PCP(z)->free_count = 9;
	ASSERT_EQ(0, ALLOC(GFP_MOV, 0));
	EXPECT_EQ(4, PCP(z)->free_count);
	EXPECT_EQ(3, sbuddy_alloc_pages_bulk(self->h.m, &self->h.task, GFP_MOV, -1, 3, array));
	EXPECT_EQ(4, PCP(z)->free_count);
	ASSERT_NE(-1, ALLOC(GFP_MOV, 4));
	EXPECT_EQ(4, PCP(z)->free_count);
}

/* CHECK 4: frees of orders 4 to 8 and 10 never change pcp state. */
TEST_F(pcp, orders_without_lists_leave_it_alone)
{
	struct sbuddy_zone *z;
	struct sbuddy_pcp before;

	BOOT("N0:Normal=64M", 1);
	z = ZONE(NORMAL);
	ALLOC(GFP_MOV, 0);
	for (unsigned int o = 4; o <= 10; o += o == 8 ? 2 : 1) {
		long off = ALLOC(GFP_MOV, o);

		ASSERT_NE(-1, off);
		PCP(z)->free_count = 7;
		PCP(z)->alloc_factor = 3;
		before = *PCP(z);
		FREE(off, o);
		EXPECT_EQ(before.count, PCP(z)->count);
		EXPECT_EQ(before.free_count, PCP(z)->free_count);
		EXPECT_EQ(before.alloc_factor, PCP(z)->alloc_factor);
		EXPECT_EQ(before.flags, PCP(z)->flags);
	}
}

/* ---- overflow ---- */

/* A list of each index of orders 0 and 1, MOVABLE and UNMOVABLE, of two blocks each. */
static void fill_lists(struct host *h)
{
	static const struct { int order; u32 gfp; } reqs[] = {
		{ 0, GFP_UNM }, { 0, GFP_MOV }, { 1, GFP_UNM }, { 1, GFP_MOV },
	};
	long off[8];

	for (int i = 0; i < 8; i++) {
		h->m->zones[0]->pcp[0].alloc_factor = 0;	/* one block a refill */
		off[i] = host_alloc(h, reqs[i / 2].gfp, reqs[i / 2].order);
	}
	for (int i = 0; i < 8; i++) {
		host_free(h, off[i], reqs[i / 2].order);
		h->m->zones[0]->pcp[0].flags = 0;	/* no row of high orders */
	}
}

/* CHECK 5: the drain starts at the freed index, oldest first, then index + 1 ... wrapping. */
TEST_F(pcp, overflow_drains_from_the_freed_index_round)
{
	struct sbuddy_zone *z;
	struct sbuddy_pcp *p;
	long off;

	IMPORT(.zone = SBUDDY_ZONE_DMA32, .blocks = 8, .types = "0 0", .batch = 1,
	       .high_min = 100, .high_max = 100, .free = { { 9, UNM, "512" }, { 9, MOV, "1024" } });
	z = ZONE(DMA32);
	p = PCP(z);
	fill_lists(&self->h);
	EXPECT_SANE();
	EXPECT_EQ(12, p->count);
	off = ALLOC(GFP_MOV, 3);
	FREE(off, 3);			/* not on the way: index 10 is behind 13 to 0 */
	EXPECT_EQ(20, p->count);
	p->flags = 0;
	p->high_min = 14;
	p->high_max = 14;
	p->high = 14;
	p->free_count = 13;
	off = ALLOC(GFP_MOV, 1);
	p->free_count = 13;
	host_trace(&self->h);
	FREE(off, 1);			/* count 20 >= 14: clamp(15, 1, 13) pages */
	ASSERT_LE(3, host_count(SBUDDY_TRACE_MM_PAGE_PCPU_DRAIN));
	/* order-1 movable twice (2 + 2), order 3 (8), then round to order 0 unmovable */
	EXPECT_EQ(1, host_event(SBUDDY_TRACE_MM_PAGE_PCPU_DRAIN, 0)->arg[0]);
	EXPECT_EQ(1, host_event(SBUDDY_TRACE_MM_PAGE_PCPU_DRAIN, 1)->arg[0]);
	EXPECT_NE(off, host_event(SBUDDY_TRACE_MM_PAGE_PCPU_DRAIN, 0)->off);
	EXPECT_EQ(off, host_event(SBUDDY_TRACE_MM_PAGE_PCPU_DRAIN, 1)->off);
	EXPECT_EQ(3, host_event(SBUDDY_TRACE_MM_PAGE_PCPU_DRAIN, 2)->arg[0]);
	ASSERT_EQ(4, host_count(SBUDDY_TRACE_MM_PAGE_PCPU_DRAIN));
	EXPECT_EQ(0, host_event(SBUDDY_TRACE_MM_PAGE_PCPU_DRAIN, 3)->arg[0]);
	EXPECT_EQ(UNM, host_event(SBUDDY_TRACE_MM_PAGE_PCPU_DRAIN, 3)->arg[1]);
	EXPECT_EQ(20 - 2 - 2 - 8 - 1, p->count);
}

/* A drain of one page frees a whole block. */
TEST_F(pcp, drain_may_overshoot)
{
	struct sbuddy_zone *z;
	struct sbuddy_pcp *p;

	BOOT("N0:DMA32=16M", 1);
	z = ZONE(DMA32);
	p = PCP(z);
	fill_lists(&self->h);
	spin_lock(&p->lock);
	sbuddy_free_pcppages_bulk(z, &self->h.task, 1, p, 3);
	spin_unlock(&p->lock);
	EXPECT_SANE();
	EXPECT_EQ(10, p->count);
	spin_lock(&p->lock);
	sbuddy_free_pcppages_bulk(z, &self->h.task, 1000, p, 13);
	spin_unlock(&p->lock);
	EXPECT_SANE();
	EXPECT_EQ(0, p->count);
}

/* CHECK 5: a block whose pageblock changed type on the pcp drains to the new type's list. */
TEST_F(pcp, drain_goes_by_the_current_type)
{
	struct sbuddy_zone *z;
	const struct host_event *e;

	BOOT("N0:DMA32=16M", 1);
	z = ZONE(DMA32);
	EXPECT_EQ(0, ALLOC(GFP_MOV, 3));
	FREE(0, 3);
	EXPECT_STREQ("0", PCPLIST(z, 9 + MOV));
	ASSERT_EQ(0, host_isolate(&self->h, 0, REC));
	host_trace(&self->h);
	sbuddy_drain_all_pages(self->h.m, &self->h.task);
	EXPECT_SANE();
	EXPECT_STREQ("0", LIST(z, 10, REC));
	e = host_event(SBUDDY_TRACE_MM_PAGE_PCPU_DRAIN, 0);
	ASSERT_TRUE(e);
	EXPECT_EQ(REC, e->arg[1]);
}

/* CHECK 5: a freed page of an isolated block bypasses the lists. */
TEST_F(pcp, isolated_pages_bypass)
{
	struct sbuddy_zone *z;

	BOOT("N0:DMA32=16M", 1);
	z = ZONE(DMA32);
	EXPECT_EQ(0, ALLOC(GFP_MOV, 0));
	ASSERT_EQ(0, host_isolate(&self->h, 0, ISO));
	FREE(0, 0);
	EXPECT_EQ(0, PCP(z)->count);
	EXPECT_STREQ("0", LIST(z, 9, ISO));
	EXPECT_EQ(0, sbuddy_machine_event(self->h.m, SBUDDY_PCP_BUSY));
}

/* CHECK 5: two frees of orders 1 to 3 in a row, free_count >= batch: min(count, 32 * batch) go. */
TEST_F(pcp, high_order_frees_in_a_row_drain)
{
	struct sbuddy_zone *z;
	long off[3];

	IMPORT(.zone = SBUDDY_ZONE_DMA32, .blocks = 8, .batch = 2, .high_min = 1000,
	       .high_max = 1000, .free = { { 9, MOV, "0" } });
	z = ZONE(DMA32);
	for (int i = 0; i < 3; i++)
		off[i] = ALLOC(GFP_MOV, 2);
	FREE(off[0], 2);		/* flag was clear, free_count 0 */
	EXPECT_NE(0, PCP(z)->count);
	EXPECT_EQ(SBUDDY_PCPF_PREV_FREE_HIGH_ORDER, PCP(z)->flags);
	FREE(off[1], 2);		/* free_count 4 >= 2 and flag: all go */
	EXPECT_EQ(0, PCP(z)->count);
	PCP(z)->free_count = 1;
	FREE(off[2], 2);		/* 1 < batch */
	EXPECT_EQ(4, PCP(z)->count);
}

TEST_F(pcp, order_0_or_9_ends_the_row)
{
	struct sbuddy_zone *z;
	long a, b;

	IMPORT(.zone = SBUDDY_ZONE_DMA32, .blocks = 8, .batch = 2, .high_min = 3000,
	       .high_max = 3000, .free = { { 10, MOV, "0 1024" } });
	z = ZONE(DMA32);
	a = ALLOC(GFP_MOV, 3);
	b = ALLOC(GFP_MOV, 0);
	FREE(a, 3);
	FREE(b, 0);
	EXPECT_EQ(0, PCP(z)->flags);
	a = ALLOC(GFP_MOV, 9);
	PCP(z)->flags = SBUDDY_PCPF_PREV_FREE_HIGH_ORDER;
	PCP(z)->free_count = 100;
	FREE(a, 9);
	EXPECT_EQ(0, PCP(z)->flags);
	EXPECT_LT(511, PCP(z)->count);
}

/* With a large cache a batch is kept. */
TEST_F(pcp, large_cache_keeps_a_batch)
{
	struct sbuddy_zone *z;
	long a, b;

	IMPORT(.zone = SBUDDY_ZONE_DMA32, .blocks = 8, .batch = 20, .high_min = 3000,
	       .high_max = 3000, .free = { { 10, MOV, "0 1024" } });
	z = ZONE(DMA32);
	a = ALLOC(GFP_MOV, 3);
	b = ALLOC(GFP_MOV, 3);
	sbuddy_drain_all_pages(self->h.m, &self->h.task);
	PCP(z)->flags = SBUDDY_PCPF_PREV_FREE_HIGH_ORDER | SBUDDY_PCPF_FREE_HIGH_BATCH;
	PCP(z)->free_count = 50;
	FREE(a, 3);
	EXPECT_EQ(8, PCP(z)->count);
	PCP(z)->batch = 16;
	FREE(b, 3);
	EXPECT_EQ(0, PCP(z)->count);
}

/* free_count grows by the block's pages, to 32 batches and no further. */
TEST_F(pcp, free_count_is_capped)
{
	struct sbuddy_zone *z;
	long off;

	IMPORT(.zone = SBUDDY_ZONE_DMA32, .blocks = 8, .batch = 2, .high_min = 3000,
	       .high_max = 3000, .free = { { 10, MOV, "0 1024" } });
	z = ZONE(DMA32);
	off = ALLOC(GFP_MOV, 3);
	PCP(z)->free_count = 63;
	PCP(z)->flags = 0;
	FREE(off, 3);
	EXPECT_EQ(71, PCP(z)->free_count);
	off = ALLOC(GFP_MOV, 3);
	PCP(z)->free_count = 64;
	PCP(z)->flags = 0;
	FREE(off, 3);
	EXPECT_EQ(64, PCP(z)->free_count);
}

/* An overflow looks whether the zone is above HIGH again, and forgets BELOW_HIGH if so. */
TEST_F(pcp, overflow_clears_below_high)
{
	struct sbuddy_zone *z;
	long off;

	IMPORT(.zone = SBUDDY_ZONE_DMA32, .blocks = 8, .batch = 1, .high_min = 0, .high_max = 0,
	       .high = 511, .low = 5, .flags = 1 << SBUDDY_ZONE_BELOW_HIGH,
	       .free = { { 9, MOV, "0" } });
	z = ZONE(DMA32);
	off = ALLOC(GFP_MOV, 0);
	FREE(off, 0);
	EXPECT_FALSE(test_bit(SBUDDY_ZONE_BELOW_HIGH, &z->flags));
	z->watermark[SBUDDY_WMARK_HIGH] = 512;
	set_bit(SBUDDY_ZONE_BELOW_HIGH, &z->flags);
	off = ALLOC(GFP_MOV, 0);
	FREE(off, 0);
	EXPECT_TRUE(test_bit(SBUDDY_ZONE_BELOW_HIGH, &z->flags));
	z->watermark[SBUDDY_WMARK_HIGH] = 500;
	z->lowmem_reserve[SBUDDY_ZONE_MOVABLE] = 12;
	off = ALLOC(GFP_MOV, 0);
	FREE(off, 0);
	EXPECT_TRUE(test_bit(SBUDDY_ZONE_BELOW_HIGH, &z->flags));
}

/* CHECK 5: with the fields of a disabled pcp each free drains at once, each refill asks for 1. */
TEST_F(pcp, disabled)
{
	struct sbuddy_zone *z;

	IMPORT(.zone = SBUDDY_ZONE_DMA32, .blocks = 8, .batch = 1, .high_min = 0, .high_max = 0,
	       .free = { { 9, MOV, "0" } });
	z = ZONE(DMA32);
	for (int i = 0; i < 4; i++) {
		EXPECT_EQ(i, ALLOC(GFP_MOV, 0));
		EXPECT_EQ(0, PCP(z)->count);
	}
	for (int i = 0; i < 4; i++) {
		FREE(i, 0);
		EXPECT_EQ(0, PCP(z)->count);
	}
	EXPECT_STREQ("0", LIST(z, 9, MOV));
}

/* A busy lock sends both ways past the lists. */
TEST_F(pcp, busy_lock_means_buddy)
{
	struct sbuddy_zone *z;
	long off;

	IMPORT(.zone = SBUDDY_ZONE_DMA32, .blocks = 8, .batch = 1, .high_min = 50, .high_max = 50,
	       .free = { { 9, MOV, "0" } });
	z = ZONE(DMA32);
	spin_lock(&PCP(z)->lock);
	off = host_alloc(&self->h, GFP_MOV, 0);
	EXPECT_EQ(0, off);
	EXPECT_EQ(0, host_free(&self->h, off, 0));
	spin_unlock(&PCP(z)->lock);
	EXPECT_SANE();
	EXPECT_EQ(0, PCP(z)->count);
	EXPECT_STREQ("0", LIST(z, 9, MOV));
	EXPECT_EQ(2, sbuddy_machine_event(self->h.m, SBUDDY_PCP_BUSY));
	EXPECT_EQ(1, sbuddy_zone_event(z, SBUDDY_PGALLOC));
	EXPECT_EQ(1, sbuddy_zone_event(z, SBUDDY_PGFREE));
}

/* ---- drains from outside, decay ---- */

TEST_F(pcp, drain_of_one_vcpu_leaves_the_others)
{
	struct sbuddy_zone *z;

	BOOT("N0:DMA32=64M", 2);
	z = ZONE(DMA32);
	for (int cpu = 0; cpu < 2; cpu++) {
		self->h.task.cpu = cpu;
		ALLOC(GFP_MOV, 0);
		EXPECT_NE(0, z->pcp[cpu].count);
	}
	z->pcp[0].alloc_factor = 3;
	sbuddy_drain_pages(self->h.m, &self->h.task, 0);
	EXPECT_SANE();
	EXPECT_EQ(0, z->pcp[0].count);
	EXPECT_EQ(3, z->pcp[0].alloc_factor);
	EXPECT_NE(0, z->pcp[1].count);
	sbuddy_drain_all_pages(self->h.m, &self->h.task);
	EXPECT_EQ(0, z->pcp[1].count);
}

/* The whole list goes in pieces of 32 batches, each from index 0. */
TEST_F(pcp, drain_in_pieces)
{
	struct sbuddy_zone *z;
	long off[100];
	int count;

	IMPORT(.zone = SBUDDY_ZONE_DMA32, .blocks = 8, .batch = 1, .high_min = 500,
	       .high_max = 500, .free = { { 9, MOV, "0" } });
	z = ZONE(DMA32);
	for (int i = 0; i < 100; i++)
		off[i] = host_alloc(&self->h, GFP_MOV, 0);
	for (int i = 0; i < 100; i++)
		host_free(&self->h, off[i], 0);
	count = PCP(z)->count;
	EXPECT_LE(100, count);
	sbuddy_drain_all_pages(self->h.m, &self->h.task);
	EXPECT_SANE();
	EXPECT_EQ(DIV_ROUND_UP(count, 32), sbuddy_zone_event(z, SBUDDY_PCP_DRAIN));
	EXPECT_EQ(count, sbuddy_zone_event(z, SBUDDY_PCP_DRAIN_PAGES));
}

TEST_F(pcp, decay)
{
	struct sbuddy_zone *z;
	long off[200];

	IMPORT(.zone = SBUDDY_ZONE_DMA32, .blocks = 8, .batch = 4, .high_min = 20,
	       .high_max = 500, .threshold = 50, .free = { { 9, MOV, "0" } });
	z = ZONE(DMA32);
	for (int i = 0; i < 200; i++)
		off[i] = host_alloc(&self->h, GFP_MOV, 0);
	PCP(z)->high = 500;
	for (int i = 0; i < 200; i++)
		host_free(&self->h, off[i], 0);
	EXPECT_LE(200, PCP(z)->count);
	PCP(z)->high = 160;
	sbuddy_refresh_cpu_vm_stats(self->h.m, &self->h.task, 0);
	EXPECT_SANE();
	EXPECT_EQ(140, PCP(z)->high);
	EXPECT_GE(140, PCP(z)->count);
	EXPECT_LT(136, PCP(z)->count);
	PCP(z)->high = 22;
	sbuddy_refresh_cpu_vm_stats(self->h.m, &self->h.task, 0);
	EXPECT_EQ(20, PCP(z)->high);		/* 22 - 2; count - 128 is below */
	EXPECT_EQ(20, PCP(z)->count);
	sbuddy_refresh_cpu_vm_stats(self->h.m, &self->h.task, 0);
	EXPECT_EQ(20, PCP(z)->high);
}

/* high does not fall below what would leave more than 32 batches to drain. */
TEST_F(pcp, decay_leaves_32_batches_to_drain_at_most)
{
	struct sbuddy_zone *z;
	long off[100];
	int count;

	IMPORT(.zone = SBUDDY_ZONE_DMA32, .blocks = 8, .batch = 1, .high_min = 20,
	       .high_max = 500, .free = { { 9, MOV, "0" } });
	z = ZONE(DMA32);
	for (int i = 0; i < 100; i++)
		off[i] = host_alloc(&self->h, GFP_MOV, 0);
	PCP(z)->high = 500;
	for (int i = 0; i < 100; i++)
		host_free(&self->h, off[i], 0);
	count = PCP(z)->count;
	ASSERT_LE(100, count);
	PCP(z)->high = 40;
	sbuddy_refresh_cpu_vm_stats(self->h.m, &self->h.task, 0);
	EXPECT_SANE();
	EXPECT_EQ(count - 32, PCP(z)->high);
	EXPECT_EQ(count - 32, PCP(z)->count);
}

TEST_F(pcp, period_folds_the_pending_counter)
{
	struct sbuddy_zone *z;

	IMPORT(.zone = SBUDDY_ZONE_DMA32, .blocks = 8, .threshold = 50, .vcpus = 2,
	       .free = { { 9, MOV, "0" } });
	z = ZONE(DMA32);
	ALLOC(GFP_MOV, 4);
	EXPECT_EQ(512, z->nr_free_pages);
	sbuddy_refresh_cpu_vm_stats(self->h.m, &self->h.task, 1);
	EXPECT_EQ(512, z->nr_free_pages);
	sbuddy_refresh_cpu_vm_stats(self->h.m, &self->h.task, 0);
	EXPECT_EQ(496, z->nr_free_pages);
	EXPECT_EQ(0, z->zstat[0].free_diff);
}

/* A remote zone's lists lose one batch when three periods passed without a change. */
TEST_F(pcp, remote_lists_expire)
{
	struct sbuddy_zone *z1;
	int count;

	BOOT("N0:Normal=64M;N1:Normal=64M", 1);
	z1 = host_zone(&self->h, 1, SBUDDY_ZONE_NORMAL);
	z1->zstat[0].stat_threshold = 100;
	for (int i = 0; i < 4; i++)
		ALLOC_NODE(GFP_MOV, 0, 1);
	count = z1->pcp[0].count;
	ASSERT_LT(z1->pcp[0].batch, count);
	sbuddy_refresh_cpu_vm_stats(self->h.m, &self->h.task, 0);	/* 3, then down at once */
	EXPECT_EQ(2, z1->pcp[0].expire);
	sbuddy_refresh_cpu_vm_stats(self->h.m, &self->h.task, 0);
	EXPECT_EQ(1, z1->pcp[0].expire);
	EXPECT_EQ(count, z1->pcp[0].count);
	sbuddy_refresh_cpu_vm_stats(self->h.m, &self->h.task, 0);
	EXPECT_SANE();
	EXPECT_EQ(0, z1->pcp[0].expire);
	EXPECT_EQ(count - z1->pcp[0].batch, z1->pcp[0].count);
	EXPECT_NE(0, z1->zstat[0].free_diff);
	sbuddy_refresh_cpu_vm_stats(self->h.m, &self->h.task, 0);
	EXPECT_EQ(2, z1->pcp[0].expire);
}

TEST_F(pcp, local_lists_do_not_expire)
{
	struct sbuddy_zone *z;
	int count;

	BOOT("N0:Normal=64M;N1:Normal=64M", 1);
	z = ZONE(NORMAL);
	ALLOC(GFP_MOV, 0);
	count = PCP(z)->count;
	for (int i = 0; i < 6; i++) {
		sbuddy_refresh_cpu_vm_stats(self->h.m, &self->h.task, 0);
		EXPECT_EQ(0, PCP(z)->expire);
	}
	EXPECT_EQ(count, PCP(z)->count);
}

TEST_HARNESS_MAIN
