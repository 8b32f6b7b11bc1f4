// SPDX-License-Identifier: GPL-2.0
/*
 * How much per-CPU lists move and when: limits, refill size, threshold, amount
 * (reference 5.2, 5.3, 5.5, 5.6).  The lists themselves are in pcp.c.
 *
 * Not applicable: CPU hot-plug, the boot pageset.  Later: kswapd, which is who
 * sets RECLAIM_ACTIVE in earnest.
 */
#include "host_test.h"

HOST_FIXTURE(pcp_tune)

#define PCP(z)	(&(z)->pcp[0])

static struct sbuddy_pcp tune(int batch, int high, int high_min, int high_max)
{
	return (struct sbuddy_pcp){ .batch = batch, .high = high, .high_min = high_min,
				    .high_max = high_max };
}

/* ---- limits ---- */

/* CHECK 5 and reference 5.2: 1 GiB gives 63, 464 MiB 31. */
TEST_F(pcp_tune, batch_size)
{
	static const struct { long managed; int batch; } sizes[] = {
		{ 512, 1 }, { 8191, 1 }, { 8192, 1 }, { 12288, 3 }, { 16384, 3 }, { 118784, 31 },
		{ 118877, 31 }, { 1 << 18, 63 }, { 1 << 22, 63 },
	};
	struct sbuddy_zone *z;

	BOOT("N0:DMA32=16M", 1);
	z = ZONE(DMA32);
	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
		z->managed_pages = sizes[i].managed;
		sbuddy_zone_set_pageset_high_and_batch(z, 0);
		EXPECT_EQ(sizes[i].batch, PCP(z)->batch) {
			TH_LOG("managed %ld", sizes[i].managed);
		}
	}
	z->managed_pages = 4096;
}

TEST_F(pcp_tune, limits_follow_low_and_an_eighth)
{
	struct sbuddy_zone *z;

	BOOT("N0:Normal=1G", 4);
	z = ZONE(NORMAL);
	EXPECT_EQ(z->watermark[SBUDDY_WMARK_LOW] / 4, PCP(z)->high_min);
	EXPECT_EQ((1 << 18) / 8 / 4, PCP(z)->high_max);
	EXPECT_EQ(0, PCP(z)->high);
	EXPECT_EQ(0, sbuddy_set_min_free_kbytes(self->h.m, 0));
	EXPECT_EQ(4 * 63, PCP(z)->high_min);
}

/* The boost counts: LOW is the effective one. */
TEST_F(pcp_tune, limits_use_the_boosted_low_mark)
{
	struct sbuddy_zone *z;

	BOOT("N0:Normal=64M", 1);
	z = ZONE(NORMAL);
	z->watermark_boost = 512;
	sbuddy_zone_set_pageset_high_and_batch(z, 0);
	EXPECT_EQ(z->watermark[SBUDDY_WMARK_LOW] + 512, PCP(z)->high_min);
}

/* The node's own vcpus share; a node without any is shared by all. */
TEST_F(pcp_tune, limits_share_by_the_nodes_vcpus)
{
	static const u8 cpus[] = { 0, 0, 0 };
	struct sbuddy_zone *z0, *z1;

	ASSERT_EQ(0, host_boot_nodes(&self->h, "N0:Normal=256M;N1:Normal=256M", 3, cpus));
	z0 = host_zone(&self->h, 0, SBUDDY_ZONE_NORMAL);
	z1 = host_zone(&self->h, 1, SBUDDY_ZONE_NORMAL);
	EXPECT_EQ(65536 / 8 / 3, z0->pcp[2].high_max);
	EXPECT_EQ(65536 / 8 / 3, z1->pcp[2].high_max);
}

TEST_F(pcp_tune, limits_on_a_node_with_one_vcpu)
{
	static const u8 cpus[] = { 0, 0, 1 };

	ASSERT_EQ(0, host_boot_nodes(&self->h, "N0:Normal=256M;N1:Normal=256M", 3, cpus));
	EXPECT_EQ(65536 / 8 / 2, host_zone(&self->h, 0, 2)->pcp[2].high_max);
	EXPECT_EQ(65536 / 8, host_zone(&self->h, 1, 2)->pcp[0].high_max);
}

/* CHECK 5: fraction set: high constant, no tuning. */
TEST_F(pcp_tune, high_fraction)
{
	struct sbuddy_zone *z;
	int high;

	BOOT("N0:Normal=256M", 1);
	z = ZONE(NORMAL);
	EXPECT_EQ(0, sbuddy_set_percpu_pagelist_high_fraction(self->h.m, 64));
	high = 65536 / 64;
	EXPECT_EQ(high, PCP(z)->high_min);
	EXPECT_EQ(high, PCP(z)->high_max);
	for (int i = 0; i < 2000; i++) {
		ALLOC(GFP_MOV, 0);
		EXPECT_EQ(high, PCP(z)->high);
	}
	for (int v = -1; v < 8; v++)
		EXPECT_EQ(v ? -EINVAL : 0, sbuddy_set_percpu_pagelist_high_fraction(self->h.m, v));
	EXPECT_EQ(65536 / 8, PCP(z)->high_max);
	EXPECT_EQ(0, sbuddy_set_percpu_pagelist_high_fraction(self->h.m, 8));
	EXPECT_EQ(65536 / 8, PCP(z)->high_min);
}

TEST_F(pcp_tune, large_cache_flag)
{
	struct sbuddy_config *cfg = calloc(1, sizeof(*cfg));
	const char *expected;

	sbuddy_config_init(cfg);
	ASSERT_EQ(0, sbuddy_layout_parse("N0:DMA32=16M,Normal=1G", 0, &cfg->layout, &expected));
	cfg->llc_pages_per_cpu = 3 * 63;
	ASSERT_EQ(0, sbuddy_machine_create(cfg, &self->h.m));
	EXPECT_EQ(SBUDDY_PCPF_FREE_HIGH_BATCH, PCP(ZONE(DMA32))->flags);
	EXPECT_EQ(0, PCP(ZONE(NORMAL))->flags);
	self->h.m->config.llc_pages_per_cpu++;
	EXPECT_EQ(0, sbuddy_machine_reset(self->h.m));
	EXPECT_EQ(SBUDDY_PCPF_FREE_HIGH_BATCH, PCP(ZONE(NORMAL))->flags);
	free(cfg);
}

/* ---- refill ---- */

/* CHECK 5: first refill 63 pages; without frees 126, 252 ... */
TEST_F(pcp_tune, refills_double)
{
	struct sbuddy_zone *z;
	int want[] = { 63, 126, 252, 504, 1008, 2016 };
	u64 pages = 0;

	BOOT("N0:Normal=1G", 1);
	z = ZONE(NORMAL);
	for (size_t i = 0; i < ARRAY_SIZE(want); i++) {
		pages += want[i];
		ASSERT_NE(-1, ALLOC(GFP_MOV, 0));
		EXPECT_EQ(pages, sbuddy_zone_event(z, SBUDDY_PCP_REFILL_PAGES));
		for (int left = PCP(z)->count; left; left--)
			ASSERT_NE(-1, host_alloc(&self->h, GFP_MOV, 0));
	}
	EXPECT_EQ(5, PCP(z)->alloc_factor);
}

/* ... limited by high - count - batch. */
TEST_F(pcp_tune, refill_is_limited_by_the_room)
{
	struct sbuddy_zone *z;
	struct sbuddy_pcp p = tune(10, 100, 100, 100);

	BOOT("N0:DMA32=16M", 1);
	z = ZONE(DMA32);
	p.alloc_factor = 3;
	p.count = 30;
	EXPECT_EQ(60, sbuddy_nr_pcp_alloc(z, &p, 0));
	EXPECT_EQ(3, p.alloc_factor);		/* 80 did not fit: no growth */
	p.count = 85;
	EXPECT_EQ(10, sbuddy_nr_pcp_alloc(z, &p, 0));
	p.count = 10;
	EXPECT_EQ(80, sbuddy_nr_pcp_alloc(z, &p, 0));
	EXPECT_EQ(4, p.alloc_factor);
	p = tune(10, 1000, 1000, 1000);
	p.alloc_factor = 5;
	p.count = 10;
	EXPECT_EQ(320, sbuddy_nr_pcp_alloc(z, &p, 0));
	EXPECT_EQ(5, p.alloc_factor);
}

TEST_F(pcp_tune, refill_raises_high)
{
	struct sbuddy_zone *z;
	struct sbuddy_pcp p = tune(10, 0, 100, 250);

	BOOT("N0:DMA32=16M", 1);
	z = ZONE(DMA32);
	p.alloc_factor = 2;
	sbuddy_nr_pcp_alloc(z, &p, 0);
	EXPECT_EQ(140, p.high);
	sbuddy_nr_pcp_alloc(z, &p, 0);		/* factor 3 */
	EXPECT_EQ(220, p.high);
	sbuddy_nr_pcp_alloc(z, &p, 0);
	EXPECT_EQ(250, p.high);
	p.high = 100;
	sbuddy_nr_pcp_alloc(z, &p, 2);		/* high orders: one batch */
	EXPECT_EQ(110, p.high);
	set_bit(SBUDDY_ZONE_BELOW_HIGH, &z->flags);
	sbuddy_nr_pcp_alloc(z, &p, 0);
	EXPECT_EQ(110, p.high);
}

/* clamp() with limits that cross gives the upper one from there on. */
TEST_F(pcp_tune, limits_may_cross)
{
	struct sbuddy_zone *z;
	struct sbuddy_pcp p = tune(10, 0, 300, 200);

	BOOT("N0:DMA32=16M", 1);
	z = ZONE(DMA32);
	set_bit(SBUDDY_ZONE_BELOW_HIGH, &z->flags);
	sbuddy_nr_pcp_alloc(z, &p, 0);
	EXPECT_EQ(300, p.high);
	sbuddy_nr_pcp_alloc(z, &p, 0);
	EXPECT_EQ(200, p.high);
}

/* CHECK 5: an order-2 refill asks for 15 blocks, order 9 for 2. */
TEST_F(pcp_tune, refill_of_high_orders)
{
	struct sbuddy_zone *z;

	BOOT("N0:Normal=1G", 1);
	z = ZONE(NORMAL);
	ASSERT_NE(-1, ALLOC(GFP_MOV, 2));
	EXPECT_EQ(14 * 4, PCP(z)->count);
	EXPECT_EQ(0, PCP(z)->alloc_factor);
	ASSERT_NE(-1, ALLOC(GFP_MOV, 9));
	EXPECT_EQ(14 * 4 + 512, PCP(z)->count);
	ASSERT_NE(-1, ALLOC(GFP_UNM, 9));
	EXPECT_EQ(14 * 4 + 2 * 512, PCP(z)->count);
	EXPECT_STRNE("", PCPLIST(z, 12));
	EXPECT_STRNE("", PCPLIST(z, 13));
	ASSERT_NE(-1, ALLOC(GFP_REC, 9));	/* shares the list of what is not movable */
	EXPECT_STREQ("", PCPLIST(z, 12));
}

TEST_F(pcp_tune, index_of_order_and_type)
{
	unsigned int want = 0;

	for (unsigned int o = 0; o <= 3; o++)
		for (int mt = 0; mt < 3; mt++) {
			EXPECT_EQ(want, sbuddy_order_to_pindex(mt, o));
			EXPECT_EQ(o, sbuddy_pindex_to_order(want));
			want++;
		}
	EXPECT_EQ(12, sbuddy_order_to_pindex(UNM, 9));
	EXPECT_EQ(13, sbuddy_order_to_pindex(MOV, 9));
	EXPECT_EQ(12, sbuddy_order_to_pindex(REC, 9));
	EXPECT_EQ(9, sbuddy_pindex_to_order(12));
	EXPECT_EQ(9, sbuddy_pindex_to_order(13));
	for (unsigned int o = 0; o <= 10; o++)
		EXPECT_EQ(o <= 3 || o == 9, sbuddy_pcp_allowed_order(o));
}

/* ---- threshold ---- */

TEST_F(pcp_tune, threshold)
{
	struct sbuddy_zone *z;
	struct sbuddy_pcp p = tune(10, 0, 0, 0);

	BOOT("N0:DMA32=16M", 1);
	z = ZONE(DMA32);
	EXPECT_EQ(0, sbuddy_nr_pcp_high(z, &p, 10, true));

	p = tune(10, 700, 100, 1000);
	EXPECT_EQ(0, sbuddy_nr_pcp_high(z, &p, 10, true));
	EXPECT_EQ(700 - 320, p.high);
	sbuddy_nr_pcp_high(z, &p, 10, true);
	EXPECT_EQ(100, p.high);

	p = tune(10, 700, 700, 700);
	EXPECT_EQ(700, sbuddy_nr_pcp_high(z, &p, 10, false));

	/* above the threshold: grows to what was freed, returns the old */
	p = tune(10, 100, 50, 1000);
	p.count = 99;
	p.free_count = 200;
	EXPECT_EQ(100, sbuddy_nr_pcp_high(z, &p, 10, false));
	EXPECT_EQ(100, p.high);
	p.count = 100;
	EXPECT_EQ(100, sbuddy_nr_pcp_high(z, &p, 10, false));
	EXPECT_EQ(210, p.high);
	p.free_count = 2000;
	p.count = 2000;
	EXPECT_EQ(210, sbuddy_nr_pcp_high(z, &p, 10, false));
	EXPECT_EQ(1000, p.high);
}

/* CHECK 5: RECLAIM_ACTIVE: threshold min(4 * batch, high). */
TEST_F(pcp_tune, threshold_while_reclaim_is_active)
{
	struct sbuddy_zone *z;
	struct sbuddy_pcp p = tune(10, 700, 30, 1000);

	BOOT("N0:DMA32=16M", 1);
	z = ZONE(DMA32);
	set_bit(SBUDDY_ZONE_RECLAIM_ACTIVE, &z->flags);
	EXPECT_EQ(40, sbuddy_nr_pcp_high(z, &p, 10, false));
	EXPECT_EQ(690, p.high);
	p.free_count = 500;
	EXPECT_EQ(40, sbuddy_nr_pcp_high(z, &p, 10, false));
	EXPECT_EQ(190, p.high);
	EXPECT_EQ(30, sbuddy_nr_pcp_high(z, &p, 10, false));
	EXPECT_EQ(30, p.high);
	p = tune(10, 700, 700, 700);
	EXPECT_EQ(40, sbuddy_nr_pcp_high(z, &p, 10, false));
}

TEST_F(pcp_tune, threshold_below_the_high_mark)
{
	struct sbuddy_zone *z;
	struct sbuddy_pcp p = tune(10, 700, 30, 1000);

	BOOT("N0:DMA32=16M", 1);
	z = ZONE(DMA32);
	set_bit(SBUDDY_ZONE_BELOW_HIGH, &z->flags);
	p.count = 50;
	EXPECT_EQ(50, sbuddy_nr_pcp_high(z, &p, 10, false));
	EXPECT_EQ(690, p.high);
	p.count = 7;
	EXPECT_EQ(30, sbuddy_nr_pcp_high(z, &p, 10, false));
	p = tune(10, 700, 700, 700);
	EXPECT_EQ(700, sbuddy_nr_pcp_high(z, &p, 10, false));
}

TEST_F(pcp_tune, amount)
{
	struct sbuddy_pcp p = tune(10, 0, 0, 0);

	p.count = 500;
	p.free_count = 35;
	EXPECT_EQ(320, sbuddy_nr_pcp_free(&p, 10, 0, true));
	EXPECT_EQ(1, sbuddy_nr_pcp_free(&p, 10, 9, false));
	EXPECT_EQ(35, sbuddy_nr_pcp_free(&p, 10, 100, false));
	EXPECT_EQ(30, sbuddy_nr_pcp_free(&p, 10, 40, false));
	p.free_count = 3;
	EXPECT_EQ(10, sbuddy_nr_pcp_free(&p, 10, 100, false));
	EXPECT_EQ(0, sbuddy_nr_pcp_free(&p, 10, 10, false));
	p.count = 100;
	EXPECT_EQ(100, sbuddy_nr_pcp_free(&p, 10, 0, true));
}

TEST_HARNESS_MAIN
