// SPDX-License-Identifier: GPL-2.0
/*
 * Watermarks: how they are computed and how requests are tested against them;
 * the boost; the sticky BELOW_HIGH flag (reference 3.4 and part 6).
 *
 * Later: decay of the boost by kswapd, PROMO with memory tiering.
 */
#include "host_test.h"

HOST_FIXTURE(watermark)

static bool ok(const struct sbuddy_zone *z, unsigned int order, long mark, unsigned int flags)
{
	return sbuddy_zone_watermark_ok(z, order, mark, SBUDDY_ZONE_NORMAL, flags);
}

/* The largest mark at which a request still passes with 1000 pages free. */
static long limit_of(const struct sbuddy_zone *z, unsigned int flags)
{
	long mark = 0;

	while (mark < 100000 && ok(z, 0, mark + 1, flags))
		mark++;
	return mark;
}

/* ---- the tests ---- */

TEST_F(watermark, order_0_boundary_is_strict)
{
	struct sbuddy_zone *z;

	IMPORT(.zone = SBUDDY_ZONE_DMA32, .blocks = 4, .free = { { 3, MOV, "0 16" } });
	z = ZONE(DMA32);
	EXPECT_TRUE(ok(z, 0, 15, 0));
	EXPECT_FALSE(ok(z, 0, 16, 0));
	z->lowmem_reserve[SBUDDY_ZONE_NORMAL] = 5;
	EXPECT_TRUE(ok(z, 0, 10, 0));
	EXPECT_FALSE(ok(z, 0, 11, 0));
	EXPECT_TRUE(sbuddy_zone_watermark_fast(z, 0, 10, SBUDDY_ZONE_NORMAL, 0));
	EXPECT_FALSE(sbuddy_zone_watermark_fast(z, 0, 11, SBUDDY_ZONE_NORMAL, 0));
	EXPECT_TRUE(sbuddy_zone_watermark_fast(z, 0, 15, SBUDDY_ZONE_DMA32, 0));
}

/* The table of fractions, in C's integer division. */
TEST_F(watermark, fractions)
{
	struct sbuddy_zone *z;
	const unsigned int reserve = SBUDDY_ALLOC_MIN_RESERVE;

	IMPORT(.zone = SBUDDY_ZONE_DMA32, .blocks = 4, .free = { { 9, MOV, "0" } });
	z = ZONE(DMA32);
	z->nr_free_pages = 1000;
	EXPECT_EQ(999, limit_of(z, 0));
	EXPECT_EQ(999, limit_of(z, SBUDDY_ALLOC_NON_BLOCK));
	EXPECT_EQ(999, limit_of(z, SBUDDY_ALLOC_HIGHATOMIC));
	/* m - m / 2 <= 999 */
	EXPECT_EQ(1998, limit_of(z, reserve));
	/* h - h / 4 <= 999 with h = m - m / 2: h <= 1332 */
	EXPECT_EQ(2664, limit_of(z, reserve | SBUDDY_ALLOC_NON_BLOCK));
	EXPECT_EQ(1998, limit_of(z, SBUDDY_ALLOC_OOM));
	EXPECT_EQ(3996, limit_of(z, reserve | SBUDDY_ALLOC_OOM));
	z->nr_free_pages = 512;
}

TEST_F(watermark, free_highatomic_pages_do_not_count_without_reserve_rights)
{
	struct sbuddy_zone *z;

	IMPORT(.zone = SBUDDY_ZONE_DMA32, .blocks = 4, .types = "3", .highatomic = 512,
	       .free = { { 3, HAT, "0" }, { 3, MOV, "512" } });
	z = ZONE(DMA32);
	EXPECT_TRUE(ok(z, 0, 7, 0));
	EXPECT_FALSE(ok(z, 0, 8, 0));
	EXPECT_TRUE(ok(z, 0, 15, SBUDDY_ALLOC_NON_BLOCK));
	EXPECT_FALSE(ok(z, 0, 16, SBUDDY_ALLOC_NON_BLOCK));
	EXPECT_TRUE(sbuddy_zone_watermark_fast(z, 0, 7, 2, 0));
	EXPECT_FALSE(sbuddy_zone_watermark_fast(z, 0, 8, 2, 0));
}

TEST_F(watermark, high_orders_need_a_block)
{
	struct sbuddy_zone *z;

	IMPORT(.zone = SBUDDY_ZONE_DMA32, .blocks = 6, .types = "3 4 2", .highatomic = 512,
	       .free = { { 5, HAT, "0" }, { 6, ISO, "512" }, { 3, REC, "1024 1040 1056 1072" } });
	z = ZONE(DMA32);
	EXPECT_TRUE(ok(z, 3, 0, 0));
	EXPECT_FALSE(ok(z, 4, 0, 0));
	EXPECT_FALSE(ok(z, 4, 0, SBUDDY_ALLOC_NON_BLOCK));
	EXPECT_FALSE(ok(z, 4, 0, SBUDDY_ALLOC_MIN_RESERVE));
	EXPECT_TRUE(ok(z, 4, 0, SBUDDY_ALLOC_HIGHATOMIC));
	EXPECT_TRUE(ok(z, 4, 0, SBUDDY_ALLOC_OOM));
	EXPECT_FALSE(ok(z, 6, 0, SBUDDY_ALLOC_HIGHATOMIC));
}

/* Of an order-n request the last 2^n - 1 pages are unusable. */
TEST_F(watermark, unusable_part_of_high_orders)
{
	struct sbuddy_zone *z;

	IMPORT(.zone = SBUDDY_ZONE_DMA32, .blocks = 4, .free = { { 4, MOV, "0" } });
	z = ZONE(DMA32);
	EXPECT_TRUE(ok(z, 3, 8, 0));
	EXPECT_FALSE(ok(z, 3, 9, 0));
	EXPECT_TRUE(ok(z, 4, 0, 0));
	EXPECT_FALSE(ok(z, 4, 1, 0));
}

TEST_F(watermark, negative_remainder_fails)
{
	struct sbuddy_zone *z;

	IMPORT(.zone = SBUDDY_ZONE_DMA32, .blocks = 4, .types = "3", .highatomic = 512,
	       .free = { { 3, HAT, "0" } });
	z = ZONE(DMA32);
	z->nr_free_pages = 3;
	EXPECT_FALSE(ok(z, 0, 0, 0));
	EXPECT_FALSE(sbuddy_zone_watermark_fast(z, 0, 0, 2, 0));
	z->nr_free_pages = 8;
}

/* CHECK 3: GFP_ATOMIC order 2: one above m + reserve passes, equality fails. */
TEST_F(watermark, atomic_order_2_boundary)
{
	struct sbuddy_zone *z;
	/* h = 1001 - 500 = 501, m = 501 - 125 = 376; U = 3 */
	const long just_enough = 376 + 3 + 1;

	IMPORT(.zone = SBUDDY_ZONE_DMA32, .blocks = 8, .min = 1001, .low = 3000, .high = 3000,
	       .free = { { 9, MOV, "0" } });
	z = ZONE(DMA32);
	z->nr_free_pages = just_enough - 1;
	EXPECT_EQ(-1, host_alloc(&self->h, SBUDDY_GFP_ATOMIC, 2));
	z->nr_free_pages = just_enough;
	EXPECT_EQ(0, host_alloc(&self->h, SBUDDY_GFP_ATOMIC, 2));
	z->nr_free_pages = just_enough;
	EXPECT_EQ(-1, host_alloc(&self->h, SBUDDY_GFP_NOWAIT, 2));
	z->lowmem_reserve[SBUDDY_ZONE_NORMAL] = 1;
	EXPECT_EQ(-1, host_alloc(&self->h, SBUDDY_GFP_ATOMIC, 2));
	z->nr_free_pages = 512 - 4;
}

/* CHECK 2: the fast path of GFP_ATOMIC carries neither MIN_RESERVE nor HIGHATOMIC. */
TEST_F(watermark, atomic_fast_path_has_no_rights)
{
	const struct host_event *e;

	IMPORT(.zone = SBUDDY_ZONE_DMA32, .blocks = 4, .free = { { 4, MOV, "0" } });
	host_trace(&self->h);
	ALLOC(SBUDDY_GFP_ATOMIC, 1);
	e = host_event(SBUDDY_TRACE_WATERMARK_TEST, 0);
	ASSERT_TRUE(e);
	EXPECT_EQ(SBUDDY_WMARK_LOW | SBUDDY_ALLOC_KSWAPD, e->arg[4]);
}

/* A boost keeps pages from ordinary requests, not from atomic order-0 ones. */
TEST_F(watermark, unboosted_min_for_atomic_order_0)
{
	struct sbuddy_zone *z;
	const unsigned int atomic = SBUDDY_WMARK_MIN | SBUDDY_ALLOC_MIN_RESERVE;

	IMPORT(.zone = SBUDDY_ZONE_DMA32, .blocks = 4, .min = 10, .low = 20, .high = 30,
	       .boost = 512, .free = { { 4, MOV, "0" } });
	z = ZONE(DMA32);
	EXPECT_TRUE(sbuddy_zone_watermark_fast(z, 0, 522, 2, atomic));
	EXPECT_FALSE(sbuddy_zone_watermark_fast(z, 0, 522, 2, SBUDDY_WMARK_MIN));
	EXPECT_FALSE(sbuddy_zone_watermark_fast(z, 1, 522, 2, atomic));
	EXPECT_FALSE(sbuddy_zone_watermark_fast(z, 0, 532, 2,
						SBUDDY_WMARK_LOW | SBUDDY_ALLOC_MIN_RESERVE));
	z->watermark[SBUDDY_WMARK_MIN] = 32;	/* half of it is 16: 16 free is not above */
	EXPECT_FALSE(sbuddy_zone_watermark_fast(z, 0, 544, 2, atomic));
	z->watermark[SBUDDY_WMARK_MIN] = 10;
	EXPECT_EQ(0, ALLOC(SBUDDY_GFP_ATOMIC, 0));
}

/* The exemption looks at the flags: it fires in the HIGH pre-test too, BELOW_HIGH stays clear. */
TEST_F(watermark, exemption_in_the_high_pretest)
{
	struct sbuddy_zone *z;

	IMPORT(.zone = SBUDDY_ZONE_DMA32, .blocks = 4, .min = 10, .low = 20, .high = 30,
	       .boost = 512, .free = { { 4, MOV, "0" } });
	z = ZONE(DMA32);
	EXPECT_EQ(0, ALLOC(SBUDDY_GFP_ATOMIC, 0));
	/* the fast pass has set it, the slow pass would not have */
	EXPECT_TRUE(test_bit(SBUDDY_ZONE_BELOW_HIGH, &z->flags));
	clear_bit(SBUDDY_ZONE_BELOW_HIGH, &z->flags);
	z->watermark[SBUDDY_WMARK_LOW] = -600;
	EXPECT_TRUE(sbuddy_zone_watermark_fast(z, 0, 542, 2, SBUDDY_ALLOC_MIN_RESERVE));
}

/* kswapd's test sums exactly when it is close. */
TEST_F(watermark, safe_test_adds_what_is_pending)
{
	struct sbuddy_zone *z;

	IMPORT(.zone = SBUDDY_ZONE_DMA32, .blocks = 4, .vcpus = 2, .threshold = 50,
	       .free = { { 4, MOV, "0" } });
	z = ZONE(DMA32);
	z->nr_free_pages = 26;
	z->zstat[1].free_diff = -10;
	EXPECT_SANE();
	EXPECT_TRUE(sbuddy_zone_watermark_ok_safe(z, 0, 20, 2));
	z->percpu_drift_mark = 26;
	EXPECT_TRUE(sbuddy_zone_watermark_ok_safe(z, 0, 20, 2));
	z->percpu_drift_mark = 27;
	EXPECT_FALSE(sbuddy_zone_watermark_ok_safe(z, 0, 20, 2));
	EXPECT_TRUE(sbuddy_zone_watermark_ok_safe(z, 0, 15, 2));
}

/* CHECK 3: BELOW_HIGH is set by a request that fails merely for lack of a big block. */
TEST_F(watermark, below_high_by_lack_of_a_big_block)
{
	struct sbuddy_zone *z;

	IMPORT(.zone = SBUDDY_ZONE_DMA32, .blocks = 8, .high = 30,
	       .free = { { 4, MOV, "0 32 64 96 128 160 192 224 256" } });
	z = ZONE(DMA32);
	EXPECT_NE(-1, ALLOC(GFP_MOV, 4));
	EXPECT_FALSE(test_bit(SBUDDY_ZONE_BELOW_HIGH, &z->flags));
	EXPECT_EQ(-1, ALLOC(GFP_MOV, 5));
	EXPECT_TRUE(test_bit(SBUDDY_ZONE_BELOW_HIGH, &z->flags));
	/* sticky: nothing but an overflowing free looks again */
	EXPECT_NE(-1, ALLOC(GFP_MOV, 4));
	EXPECT_TRUE(test_bit(SBUDDY_ZONE_BELOW_HIGH, &z->flags));
}

/* ---- how they come about ---- */

TEST_F(watermark, min_free_kbytes)
{
	BOOT("N0:DMA32=16M", 1);
	/* sqrt(16 * 16384) KiB, no mark yet */
	EXPECT_EQ(512, self->h.m->knobs.min_free_kbytes);
	EXPECT_EQ(128, ZONE(DMA32)->watermark[SBUDDY_WMARK_MIN]);
	EXPECT_EQ(160, ZONE(DMA32)->watermark[SBUDDY_WMARK_LOW]);
	EXPECT_EQ(192, ZONE(DMA32)->watermark[SBUDDY_WMARK_HIGH]);
	EXPECT_EQ(224, ZONE(DMA32)->watermark[SBUDDY_WMARK_PROMO]);
	EXPECT_EQ(192, self->h.m->totalreserve_pages);
}

TEST_F(watermark, min_free_kbytes_has_a_floor)
{
	BOOT("N0:Movable=16M", 1);	/* nothing for kernel requests */
	EXPECT_EQ(128, self->h.m->knobs.min_free_kbytes);
}

TEST_F(watermark, min_free_kbytes_has_a_ceiling)
{
	struct sbuddy_config *cfg = calloc(1, sizeof(*cfg));
	const char *expected;

	/* 256 MiB would be reached at 4 TiB only; a user's value passes it */
	sbuddy_config_init(cfg);
	cfg->thp = false;
	ASSERT_EQ(0, sbuddy_layout_parse("N0:Normal=16M", 0, &cfg->layout, &expected));
	ASSERT_EQ(0, sbuddy_machine_create(cfg, &self->h.m));
	ZONE(NORMAL)->managed_pages = 1L << 31;
	ZONE(NORMAL)->watermark[SBUDDY_WMARK_HIGH] = 0;
	sbuddy_init_per_zone_wmark_min(self->h.m);
	EXPECT_EQ(262144, self->h.m->knobs.min_free_kbytes);
	ZONE(NORMAL)->managed_pages = 4096;
	free(cfg);
}

TEST_F(watermark, a_larger_user_value_stays)
{
	BOOT("N0:DMA32=16M", 1);
	EXPECT_EQ(0, sbuddy_set_min_free_kbytes(self->h.m, 2000));
	sbuddy_init_per_zone_wmark_min(self->h.m);
	EXPECT_EQ(2000, self->h.m->knobs.min_free_kbytes);
	EXPECT_EQ(0, sbuddy_set_min_free_kbytes(self->h.m, 4));
	EXPECT_EQ(1, ZONE(DMA32)->watermark[SBUDDY_WMARK_MIN]);
	sbuddy_init_per_zone_wmark_min(self->h.m);
	EXPECT_LT(400, self->h.m->knobs.min_free_kbytes);
	EXPECT_EQ(-EINVAL, sbuddy_set_min_free_kbytes(self->h.m, -1));
	EXPECT_EQ(-EINVAL, sbuddy_set_min_free_kbytes(self->h.m, 1L + INT_MAX));
}

/* khugepaged: 11 blocks for each zone up to NORMAL, at most a twentieth. */
TEST_F(watermark, khugepaged_raises_min_free_kbytes)
{
	struct sbuddy_config *cfg = calloc(1, sizeof(*cfg));
	const char *expected;

	sbuddy_config_init(cfg);
	ASSERT_TRUE(cfg->thp);
	ASSERT_EQ(0, sbuddy_layout_parse("N0:DMA32=1G,Normal=1G,Movable=64M", 0, &cfg->layout,
					 &expected));
	ASSERT_EQ(0, sbuddy_machine_create(cfg, &self->h.m));
	EXPECT_EQ(2 * 11 * 512 * 4, self->h.m->knobs.min_free_kbytes);
	free(cfg);
}

TEST_F(watermark, khugepaged_is_capped)
{
	struct sbuddy_config *cfg = calloc(1, sizeof(*cfg));
	const char *expected;

	sbuddy_config_init(cfg);
	ASSERT_EQ(0, sbuddy_layout_parse("N0:DMA32=32M", 0, &cfg->layout, &expected));
	ASSERT_EQ(0, sbuddy_machine_create(cfg, &self->h.m));
	/* HIGH of the first round: sqrt(16 * 32768) = 724 KiB = 181, + 2 * 45 */
	EXPECT_EQ((8192 - 271) / 20 * 4, self->h.m->knobs.min_free_kbytes);
	free(cfg);
}

/* CHECK 6: ZONE_MOVABLE gets MIN 32..128 but full-size gaps. */
TEST_F(watermark, movable_zone)
{
	struct sbuddy_zone *z;

	BOOT("N0:Normal=16M,Movable=16M", 1);
	z = ZONE(MOVABLE);
	EXPECT_EQ(32, z->watermark[SBUDDY_WMARK_MIN]);
	EXPECT_EQ(32 + 32, z->watermark[SBUDDY_WMARK_LOW]);
	EXPECT_EQ(32 + 64, z->watermark[SBUDDY_WMARK_HIGH]);
	z->managed_pages = 1024 * 64;
	sbuddy_setup_per_zone_wmarks(self->h.m);
	EXPECT_EQ(64, z->watermark[SBUDDY_WMARK_MIN]);
	z->managed_pages = 1024 * 200;
	sbuddy_setup_per_zone_wmarks(self->h.m);
	EXPECT_EQ(128, z->watermark[SBUDDY_WMARK_MIN]);
	z->managed_pages = 4096;
}

/* CHECK 6: 3840-page DMA of 1263080 low pages at P = 22528: 68/85/102/119. */
TEST_F(watermark, dma_zone_of_the_reference_machine)
{
	struct sbuddy_zone *z;

	BOOT("N0:DMA=16M,DMA32=16M", 1);
	z = ZONE(DMA);
	z->managed_pages = 3840;
	ZONE(DMA32)->managed_pages = 1263080 - 3840;
	EXPECT_EQ(0, sbuddy_set_min_free_kbytes(self->h.m, 90112));
	EXPECT_EQ(68, z->watermark[SBUDDY_WMARK_MIN]);
	EXPECT_EQ(85, z->watermark[SBUDDY_WMARK_LOW]);
	EXPECT_EQ(102, z->watermark[SBUDDY_WMARK_HIGH]);
	EXPECT_EQ(119, z->watermark[SBUDDY_WMARK_PROMO]);
	z->managed_pages = 4096;
	ZONE(DMA32)->managed_pages = 4096;
}

/* The gap is the larger of a quarter of MIN and the scale factor's share. */
TEST_F(watermark, scale_factor)
{
	struct sbuddy_zone *z;

	BOOT("N0:DMA32=16M", 1);
	z = ZONE(DMA32);
	EXPECT_EQ(0, sbuddy_set_watermark_scale_factor(self->h.m, 300));
	/* mult_frac(4096, 300, 10000) = 122 */
	EXPECT_EQ(128 + 122, z->watermark[SBUDDY_WMARK_LOW]);
	EXPECT_EQ(128 + 244, z->watermark[SBUDDY_WMARK_HIGH]);
	EXPECT_EQ(-EINVAL, sbuddy_set_watermark_scale_factor(self->h.m, 0));
	EXPECT_EQ(-EINVAL, sbuddy_set_watermark_scale_factor(self->h.m, 3001));
	EXPECT_EQ(0, sbuddy_set_watermark_scale_factor(self->h.m, 3000));
	EXPECT_EQ(0, sbuddy_set_watermark_scale_factor(self->h.m, 1));
}

TEST_F(watermark, mult_frac)
{
	EXPECT_EQ(122, sbuddy_mult_frac(4096, 300, 10000));
	EXPECT_EQ(15, sbuddy_mult_frac(10, 15000, 10000));
	EXPECT_EQ(1, sbuddy_mult_frac(1, 15000, 10000));
	EXPECT_EQ(3L << 50, sbuddy_mult_frac(2L << 50, 15000, 10000));
}

/* CHECK 6: a write of watermark_scale_factor resets the boost; so does min_free_kbytes. */
TEST_F(watermark, knobs_reset_the_boost)
{
	struct sbuddy_zone *z;

	BOOT("N0:DMA32=16M", 1);
	z = ZONE(DMA32);
	z->watermark_boost = 512;
	EXPECT_EQ(0, sbuddy_set_watermark_scale_factor(self->h.m, 20));
	EXPECT_EQ(0, z->watermark_boost);
	z->watermark_boost = 512;
	EXPECT_EQ(0, sbuddy_set_min_free_kbytes(self->h.m, 600));
	EXPECT_EQ(0, z->watermark_boost);
	z->watermark_boost = 512;
	EXPECT_EQ(0, sbuddy_set_watermark_boost_factor(self->h.m, 0));
	EXPECT_EQ(512, z->watermark_boost);
	EXPECT_EQ(-EINVAL, sbuddy_set_watermark_boost_factor(self->h.m, -1));
}

/* CHECK 6: lowmem reserve of DMA for a NORMAL request = (DMA32 + NORMAL managed) / 256. */
TEST_F(watermark, lowmem_reserve)
{
	static const int ratio[SBUDDY_MAX_NR_ZONES] = { 0, 128, -5, 0, 0 };

	BOOT("N0:DMA=16M,DMA32=64M,Normal=128M,Movable=32M;N1:Normal=32M", 1);
	EXPECT_EQ(0, ZONE(DMA)->lowmem_reserve[0]);
	EXPECT_EQ(16384 / 256, ZONE(DMA)->lowmem_reserve[1]);
	EXPECT_EQ((16384 + 32768) / 256, ZONE(DMA)->lowmem_reserve[2]);
	EXPECT_EQ((16384 + 32768 + 8192) / 256, ZONE(DMA)->lowmem_reserve[3]);
	EXPECT_EQ((16384 + 32768 + 8192) / 256, ZONE(DMA)->lowmem_reserve[4]);
	EXPECT_EQ(32768 / 256, ZONE(DMA32)->lowmem_reserve[2]);
	EXPECT_EQ(8192 / 32, ZONE(NORMAL)->lowmem_reserve[3]);
	EXPECT_EQ(0, ZONE(MOVABLE)->lowmem_reserve[4]);
	EXPECT_EQ(0, sbuddy_set_lowmem_reserve_ratio(self->h.m, ratio));
	EXPECT_EQ(0, ZONE(DMA)->lowmem_reserve[2]);
	EXPECT_EQ(32768 / 128, ZONE(DMA32)->lowmem_reserve[2]);
	EXPECT_EQ(0, ZONE(NORMAL)->lowmem_reserve[3]);
}

TEST_F(watermark, totalreserve)
{
	long want = 0;

	BOOT("N0:DMA=16M,Normal=16M;N1:Normal=16M", 1);
	for (int i = 0; i < self->h.m->nr_zones; i++)
		want += self->h.m->zones[i]->watermark[SBUDDY_WMARK_HIGH];
	want += 4096 / 256;
	EXPECT_EQ(want, self->h.m->totalreserve_pages);
	EXPECT_EQ(want - host_zone(&self->h, 1, 2)->watermark[SBUDDY_WMARK_HIGH],
		  self->h.m->nodes[0].totalreserve_pages);
	sbuddy_set_min_free_kbytes(self->h.m, 1 << 20);	/* capped at managed */
	EXPECT_EQ(3 * 4096, self->h.m->totalreserve_pages);
}

/* A drift mark only where what may be pending exceeds LOW - MIN; never taken back. */
TEST_F(watermark, drift_mark)
{
	struct sbuddy_zone *z;

	BOOT("N0:DMA32=16M", 2);
	z = ZONE(DMA32);
	/* set before there are any marks: 2 vcpus * threshold 4 */
	EXPECT_EQ(8, z->percpu_drift_mark);
	sbuddy_set_min_free_kbytes(self->h.m, 0);	/* LOW - MIN is 4, 4 above */
	sbuddy_refresh_zone_stat_thresholds(self->h.m);
	EXPECT_EQ(8 + 8, z->percpu_drift_mark);
	sbuddy_set_min_free_kbytes(self->h.m, 1000);
	sbuddy_refresh_zone_stat_thresholds(self->h.m);
	EXPECT_EQ(16, z->percpu_drift_mark);
}

/* ---- boost ---- */

/* CHECK 6: the boost grows by 512 up to max(512, 1.5 * HIGH). */
TEST_F(watermark, boost_steps)
{
	struct sbuddy_zone *z;

	IMPORT(.zone = SBUDDY_ZONE_DMA32, .blocks = 8, .high = 1000);
	z = ZONE(DMA32);
	EXPECT_TRUE(sbuddy_boost_watermark(z));
	EXPECT_EQ(512, z->watermark_boost);
	EXPECT_TRUE(sbuddy_boost_watermark(z));
	EXPECT_TRUE(sbuddy_boost_watermark(z));
	EXPECT_EQ(1500, z->watermark_boost);
	EXPECT_TRUE(sbuddy_boost_watermark(z));
	EXPECT_EQ(1500, z->watermark_boost);
}

TEST_F(watermark, boost_reaches_512_at_least)
{
	struct sbuddy_zone *z;

	IMPORT(.zone = SBUDDY_ZONE_DMA32, .blocks = 8, .high = 10);
	z = ZONE(DMA32);
	EXPECT_TRUE(sbuddy_boost_watermark(z));
	EXPECT_TRUE(sbuddy_boost_watermark(z));
	EXPECT_EQ(512, z->watermark_boost);
	z->watermark[SBUDDY_WMARK_HIGH] = 0;
	EXPECT_FALSE(sbuddy_boost_watermark(z));
}

/* CHECK 6: managed 2047 is never boosted, 2048 is. */
TEST_F(watermark, boost_needs_four_pageblocks)
{
	struct sbuddy_zone *z;

	IMPORT(.zone = SBUDDY_ZONE_DMA32, .blocks = 8, .managed = 2047, .high = 100);
	z = ZONE(DMA32);
	EXPECT_FALSE(sbuddy_boost_watermark(z));
	EXPECT_EQ(0, z->watermark_boost);
	z->managed_pages = 2048;
	EXPECT_TRUE(sbuddy_boost_watermark(z));
}

TEST_F(watermark, boost_can_be_off)
{
	struct sbuddy_zone *z;

	IMPORT(.zone = SBUDDY_ZONE_DMA32, .blocks = 8, .high = 100);
	z = ZONE(DMA32);
	self->h.m->knobs.kdump = true;
	EXPECT_FALSE(sbuddy_boost_watermark(z));
	self->h.m->knobs.kdump = false;
	EXPECT_EQ(0, sbuddy_set_watermark_boost_factor(self->h.m, 0));
	EXPECT_FALSE(sbuddy_boost_watermark(z));
	EXPECT_EQ(0, z->watermark_boost);
}

/* A boosted request wakes kswapd once, on the zone's node, if it may. */
TEST_F(watermark, boost_wakes_kswapd)
{
	struct sbuddy_zone *z;
	const struct host_event *e;

	IMPORT(.zone = SBUDDY_ZONE_DMA32, .blocks = 8, .types = "2", .min = 0, .low = 0, .high = 5,
	       .free = { { 7, REC, "0" }, { 3, REC, "256 272 288" } });
	z = ZONE(DMA32);
	host_trace(&self->h);
	EXPECT_NE(-1, ALLOC(SBUDDY_GFP_KSWAPD_RECLAIM, 3));
	EXPECT_EQ(512, z->watermark_boost);
	EXPECT_FALSE(test_bit(SBUDDY_ZONE_BOOSTED_WATERMARK, &z->flags));
	ASSERT_EQ(1, host_count(SBUDDY_TRACE_MM_VMSCAN_WAKEUP_KSWAPD));
	e = host_event(SBUDDY_TRACE_MM_VMSCAN_WAKEUP_KSWAPD, 0);
	EXPECT_EQ(0, e->arg[0]);
	EXPECT_EQ(0, e->arg[1]);
	EXPECT_EQ(SBUDDY_ZONE_DMA32, self->h.m->nodes[0].kswapd_highest_zoneidx);
	EXPECT_EQ(1, sbuddy_machine_event(self->h.m, SBUDDY_KSWAPD_WAKE));
}

TEST_F(watermark, boost_without_kswapd_right_leaves_no_flag)
{
	struct sbuddy_zone *z;

	IMPORT(.zone = SBUDDY_ZONE_DMA32, .blocks = 8, .types = "2", .min = 0, .low = 0, .high = 5,
	       .free = { { 7, REC, "0" }, { 3, REC, "256 272 288" } });
	z = ZONE(DMA32);
	EXPECT_NE(-1, ALLOC(GFP_UNM, 3));
	EXPECT_EQ(512, z->watermark_boost);
	EXPECT_FALSE(test_bit(SBUDDY_ZONE_BOOSTED_WATERMARK, &z->flags));
	EXPECT_EQ(0, sbuddy_machine_event(self->h.m, SBUDDY_KSWAPD_WAKE));
}

TEST_F(watermark, a_pending_boost_wakes_even_without_a_page)
{
	struct sbuddy_zone *z;

	IMPORT(.zone = SBUDDY_ZONE_DMA32, .blocks = 8, .flags = 1 << SBUDDY_ZONE_BOOSTED_WATERMARK,
	       .types = "3", .highatomic = 512, .free = { { 4, HAT, "0" }, { 0, MOV, "512" } });
	z = ZONE(DMA32);
	z->nr_free_pages += 100;
	EXPECT_EQ(512, host_alloc(&self->h, GFP_MOV, 0));
	EXPECT_TRUE(test_bit(SBUDDY_ZONE_BOOSTED_WATERMARK, &z->flags));
	EXPECT_EQ(-1, host_alloc(&self->h, GFP_MOV | SBUDDY_GFP_KSWAPD_RECLAIM, 0));
	EXPECT_FALSE(test_bit(SBUDDY_ZONE_BOOSTED_WATERMARK, &z->flags));
	z->nr_free_pages -= 100;
}

TEST_HARNESS_MAIN
