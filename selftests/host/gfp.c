// SPDX-License-Identifier: GPL-2.0
/*
 * Request flags: zone, type and watermark rights that follow from them, and
 * their text form (reference part 2).
 *
 * Not here: DIRECT_RECLAIM's retry rules and the THP masks by defrag setting,
 * which need reclaim; cpusets, which the engine has none of.
 */
#include "host_test.h"

HOST_FIXTURE(gfp)

TEST_F(gfp, zone_of_all_sixteen_low_bit_combinations)
{
	static const int zone[16] = {
		2, 0, 2, 0, 1, 0, 0, 0,		/* 3, 5, 6, 7 make no sense: 0 */
		2, 0, 3, 0, 1, 0, 0, 0,		/* b, d, e, f neither */
	};

	for (u32 low = 0; low < 16; low++) {
		EXPECT_EQ(zone[low], sbuddy_gfp_zone(low));
		EXPECT_EQ(zone[low], sbuddy_gfp_zone(low | SBUDDY_GFP_KERNEL));
	}
}

TEST_F(gfp, values_of_documented_combinations)
{
	EXPECT_EQ(0x820, SBUDDY_GFP_ATOMIC);
	EXPECT_EQ(0xcc0, SBUDDY_GFP_KERNEL);
	EXPECT_EQ(0x400cc0, SBUDDY_GFP_KERNEL_ACCOUNT);
	EXPECT_EQ(0x2800, SBUDDY_GFP_NOWAIT);
	EXPECT_EQ(0xc00, SBUDDY_GFP_NOIO);
	EXPECT_EQ(0xc40, SBUDDY_GFP_NOFS);
	EXPECT_EQ(0x100cc0, SBUDDY_GFP_USER);
	EXPECT_EQ(0x100cc2, SBUDDY_GFP_HIGHUSER);
	EXPECT_EQ(0x100cca, SBUDDY_GFP_HIGHUSER_MOVABLE);
	EXPECT_EQ(0x1c20ca, SBUDDY_GFP_TRANSHUGE_LIGHT);
	EXPECT_EQ(0x1c24ca, SBUDDY_GFP_TRANSHUGE);
	EXPECT_EQ(0x1ffffff & ~0x200, SBUDDY_GFP_ALL);
}

TEST_F(gfp, migratetype)
{
	BOOT("N0:Normal=16M", 1);
	EXPECT_EQ(UNM, sbuddy_gfp_migratetype(self->h.m, SBUDDY_GFP_KERNEL));
	EXPECT_EQ(MOV, sbuddy_gfp_migratetype(self->h.m, SBUDDY_GFP_MOVABLE));
	EXPECT_EQ(MOV, sbuddy_gfp_migratetype(self->h.m, SBUDDY_GFP_HIGHUSER_MOVABLE));
	EXPECT_EQ(REC, sbuddy_gfp_migratetype(self->h.m, SBUDDY_GFP_KERNEL | 0x10));
	self->h.m->knobs.group_by_mobility_disabled = true;
	EXPECT_EQ(UNM, sbuddy_gfp_migratetype(self->h.m, SBUDDY_GFP_MOVABLE));
	EXPECT_EQ(UNM, sbuddy_gfp_migratetype(self->h.m, SBUDDY_GFP_RECLAIMABLE));
}

TEST_F(gfp, movable_without_highmem_never_enters_zone_movable)
{
	struct sbuddy_zone *movable;
	long off;

	BOOT("N0:Normal=8M,Movable=16M", 1);
	sbuddy_set_min_free_kbytes(self->h.m, 0);
	movable = ZONE(MOVABLE);
	while ((off = host_alloc(&self->h, GFP_MOV, 4)) >= 0)
		EXPECT_NE(movable, sbuddy_page_zone(self->h.m, host_page(&self->h, off)));
	EXPECT_SANE();
	off = ALLOC(GFP_MOV | SBUDDY_GFP_HIGHMEM, 4);
	ASSERT_NE(-1, off);
	EXPECT_EQ(movable, sbuddy_page_zone(self->h.m, host_page(&self->h, off)));
}

TEST_F(gfp, pin_scope_changes_zone_and_type)
{
	struct sbuddy_zone *normal;
	const struct host_event *e;
	long off;

	BOOT("N0:Normal=16M,Movable=16M", 1);
	normal = ZONE(NORMAL);
	self->h.task.flags = SBUDDY_PF_MEMALLOC_PIN;
	host_trace(&self->h);
	off = ALLOC(SBUDDY_GFP_HIGHUSER_MOVABLE, 0);
	ASSERT_NE(-1, off);
	EXPECT_EQ(normal, sbuddy_page_zone(self->h.m, host_page(&self->h, off)));
	e = host_event(SBUDDY_TRACE_MM_PAGE_ALLOC, 0);
	ASSERT_TRUE(e);
	EXPECT_EQ(UNM, e->arg[2]);
	EXPECT_EQ(SBUDDY_GFP_HIGHUSER, e->arg[1]);
}

TEST_F(gfp, task_scopes)
{
	struct sbuddy_task t = { .flags = SBUDDY_PF_MEMALLOC_NOIO };

	EXPECT_EQ(SBUDDY_GFP_NOIO, sbuddy_current_gfp_context(&t, SBUDDY_GFP_KERNEL));
	t.flags = SBUDDY_PF_MEMALLOC_NOFS;
	EXPECT_EQ(SBUDDY_GFP_NOFS, sbuddy_current_gfp_context(&t, SBUDDY_GFP_KERNEL));
	t.flags = SBUDDY_PF_MEMALLOC_NOFS | SBUDDY_PF_MEMALLOC_NOIO | SBUDDY_PF_MEMALLOC_PIN;
	EXPECT_EQ(SBUDDY_GFP_NOIO | SBUDDY_GFP_HIGHMEM | SBUDDY_GFP_HARDWALL,
		  sbuddy_current_gfp_context(&t, SBUDDY_GFP_HIGHUSER_MOVABLE));
	t.flags = SBUDDY_PF_MEMALLOC | SBUDDY_PF_RT;
	EXPECT_EQ(SBUDDY_GFP_HIGHUSER_MOVABLE,
		  sbuddy_current_gfp_context(&t, SBUDDY_GFP_HIGHUSER_MOVABLE));
}

#define FLAGS(gfp, order) \
	(sbuddy_gfp_to_alloc_flags(&t, gfp, order) & ~(unsigned int)SBUDDY_ALLOC_KSWAPD)

/* The last column of the reference's table of documented combinations. */
TEST_F(gfp, slow_path_reserve_flags)
{
	const unsigned int cpuset = SBUDDY_ALLOC_CPUSET, nonblock = SBUDDY_ALLOC_NON_BLOCK;
	const unsigned int reserve = SBUDDY_ALLOC_MIN_RESERVE, hat = SBUDDY_ALLOC_HIGHATOMIC;
	struct sbuddy_task t = { 0 };

	EXPECT_EQ(reserve | nonblock, FLAGS(SBUDDY_GFP_ATOMIC, 0));
	EXPECT_EQ(reserve | nonblock | hat, FLAGS(SBUDDY_GFP_ATOMIC, 1));
	EXPECT_EQ(cpuset, FLAGS(SBUDDY_GFP_KERNEL, 3));
	EXPECT_EQ(cpuset | nonblock, FLAGS(SBUDDY_GFP_NOWAIT, 0));
	EXPECT_EQ(cpuset | nonblock, FLAGS(SBUDDY_GFP_NOWAIT, 1));
	EXPECT_EQ(cpuset | nonblock, FLAGS(SBUDDY_GFP_DMA, 0));
	EXPECT_EQ(cpuset, FLAGS(SBUDDY_GFP_TRANSHUGE_LIGHT, 9));
	EXPECT_EQ(cpuset, FLAGS(SBUDDY_GFP_TRANSHUGE, 9));
	EXPECT_EQ(cpuset | nonblock, FLAGS(0, 0));
	EXPECT_EQ(cpuset | reserve, FLAGS(SBUDDY_GFP_KERNEL | SBUDDY_GFP_HIGH, 1));
	EXPECT_EQ(SBUDDY_ALLOC_KSWAPD | cpuset,
		  sbuddy_gfp_to_alloc_flags(&t, SBUDDY_GFP_KERNEL, 0));
	EXPECT_EQ(nonblock | cpuset, sbuddy_gfp_to_alloc_flags(&t, 0, 0));
}

TEST_F(gfp, atomic_nomemalloc_order_1_has_min_reserve_only)
{
	struct sbuddy_task t = { 0 };

	EXPECT_EQ(SBUDDY_ALLOC_MIN_RESERVE,
		  FLAGS(SBUDDY_GFP_ATOMIC | SBUDDY_GFP_NOMEMALLOC, 1));
}

TEST_F(gfp, real_time_task_may_use_min_reserve_in_task_context_only)
{
	struct sbuddy_task t = { .flags = SBUDDY_PF_RT };

	EXPECT_EQ(SBUDDY_ALLOC_CPUSET | SBUDDY_ALLOC_MIN_RESERVE, FLAGS(SBUDDY_GFP_KERNEL, 0));
	EXPECT_EQ(SBUDDY_ALLOC_CPUSET | SBUDDY_ALLOC_NON_BLOCK, FLAGS(0, 0));
	t.flags |= SBUDDY_PF_INTERRUPT;
	EXPECT_EQ(SBUDDY_ALLOC_CPUSET, FLAGS(SBUDDY_GFP_KERNEL, 0));
}

TEST_F(gfp, nomemalloc_beats_memalloc)
{
	struct sbuddy_task t = { 0 };
	const u32 both = SBUDDY_GFP_MEMALLOC | SBUDDY_GFP_NOMEMALLOC;

	EXPECT_EQ(0, sbuddy_gfp_pfmemalloc_flags(&t, 0));
	EXPECT_EQ(SBUDDY_ALLOC_NO_WATERMARKS, sbuddy_gfp_pfmemalloc_flags(&t, SBUDDY_GFP_MEMALLOC));
	EXPECT_EQ(0, sbuddy_gfp_pfmemalloc_flags(&t, both));
	t.flags = SBUDDY_PF_MEMALLOC;
	EXPECT_EQ(SBUDDY_ALLOC_NO_WATERMARKS, sbuddy_gfp_pfmemalloc_flags(&t, 0));
	EXPECT_EQ(0, sbuddy_gfp_pfmemalloc_flags(&t, SBUDDY_GFP_NOMEMALLOC));
}

TEST_F(gfp, reserve_override_by_context)
{
	struct sbuddy_task t = { .flags = SBUDDY_PF_MEMALLOC | SBUDDY_PF_INTERRUPT };

	EXPECT_EQ(0, sbuddy_gfp_pfmemalloc_flags(&t, 0));
	t.flags |= SBUDDY_PF_SOFTIRQ;
	EXPECT_EQ(SBUDDY_ALLOC_NO_WATERMARKS, sbuddy_gfp_pfmemalloc_flags(&t, 0));
	t.flags = SBUDDY_PF_OOM_VICTIM;
	EXPECT_EQ(SBUDDY_ALLOC_OOM, sbuddy_gfp_pfmemalloc_flags(&t, 0));
	t.flags |= SBUDDY_PF_MEMALLOC;
	EXPECT_EQ(SBUDDY_ALLOC_NO_WATERMARKS, sbuddy_gfp_pfmemalloc_flags(&t, 0));
	t.flags = SBUDDY_PF_OOM_VICTIM | SBUDDY_PF_INTERRUPT;
	EXPECT_EQ(0, sbuddy_gfp_pfmemalloc_flags(&t, 0));
}

/* ---- text ---- */

static const char *text_of(u32 gfp)
{
	static char buf[600];

	sbuddy_gfp_format(gfp, buf, sizeof(buf));
	return buf;
}

TEST_F(gfp, format)
{
	EXPECT_STREQ("0", text_of(0));
	EXPECT_STREQ("GFP_NOWAIT", text_of(0x2800));
	EXPECT_STREQ("GFP_KERNEL|__GFP_COMP", text_of(SBUDDY_GFP_KERNEL | SBUDDY_GFP_COMP));
	EXPECT_STREQ("GFP_KERNEL_ACCOUNT", text_of(0x400cc0));
	EXPECT_STREQ("GFP_HIGHUSER_MOVABLE", text_of(0x100cca));
	EXPECT_STREQ("GFP_TRANSHUGE", text_of(0x1c24ca));
	EXPECT_STREQ("GFP_TRANSHUGE_LIGHT", text_of(0x1c20ca));
	EXPECT_STREQ("GFP_ATOMIC|__GFP_NOWARN", text_of(0x2820));
	EXPECT_STREQ("__GFP_HIGHMEM|__GFP_MOVABLE", text_of(0xa));
	EXPECT_STREQ("__GFP_KSWAPD_RECLAIM", text_of(0x800));
	EXPECT_STREQ("__GFP_NOWARN|__GFP_THISNODE", text_of(0x202000));
}

TEST_F(gfp, parse)
{
	const char *expected;
	u32 gfp;

	EXPECT_EQ(0, sbuddy_gfp_parse("GFP_KERNEL|__GFP_COMP", &gfp, &expected));
	EXPECT_EQ(0x40cc0, gfp);
	EXPECT_EQ(0, sbuddy_gfp_parse(" GFP_ATOMIC |\t0x2000\n", &gfp, &expected));
	EXPECT_EQ(0x2820, gfp);
	EXPECT_EQ(0, sbuddy_gfp_parse("0", &gfp, &expected));
	EXPECT_EQ(0, gfp);
	EXPECT_EQ(0, sbuddy_gfp_parse("__GFP_DMA32|__GFP_DMA", &gfp, &expected));
	EXPECT_EQ(5, gfp);
}

TEST_F(gfp, parse_refuses)
{
	static const char * const bad[] = {
		"", " ", "|", "GFP_KERNEL|", "|GFP_KERNEL", "GFP_KERNEL GFP_DMA", "gfp_kernel",
		"GFP_KERNE", "GFP_KERNELS", "0x", "0x200", "0x2000000", "0x100000000", "0xg", "1",
		"GFP_KERNEL||GFP_DMA", "GFP_KERNEL,GFP_DMA", "0x0000000001",
	};
	const char *expected = NULL;
	u32 gfp = 7;

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		EXPECT_EQ(-EINVAL, sbuddy_gfp_parse(bad[i], &gfp, &expected)) {
			TH_LOG("accepted: '%s'", bad[i]);
		}
	}
	EXPECT_EQ(7, gfp);
	ASSERT_TRUE(expected);
	EXPECT_NE(0, strlen(expected));
}

TEST_F(gfp, every_bit_survives_text)
{
	const char *expected;
	u32 seed = 1, back;

	for (int i = 0; i < 4000; i++) {
		u32 gfp = (seed = seed * 1664525 + 1013904223) & SBUDDY_GFP_ALL;

		if (i < 32)
			gfp = 1U << i & SBUDDY_GFP_ALL;
		EXPECT_EQ(0, sbuddy_gfp_parse(text_of(gfp), &back, &expected));
		EXPECT_EQ(gfp, back);
	}
}

TEST_F(gfp, names)
{
	EXPECT_STREQ("DMA", sbuddy_zone_name(0));
	EXPECT_STREQ("DMA32", sbuddy_zone_name(1));
	EXPECT_STREQ("Normal", sbuddy_zone_name(2));
	EXPECT_STREQ("Movable", sbuddy_zone_name(3));
	EXPECT_STREQ("Device", sbuddy_zone_name(4));
	EXPECT_STREQ("Unmovable", sbuddy_migratetype_name(UNM));
	EXPECT_STREQ("Movable", sbuddy_migratetype_name(MOV));
	EXPECT_STREQ("Reclaimable", sbuddy_migratetype_name(REC));
	EXPECT_STREQ("HighAtomic", sbuddy_migratetype_name(HAT));
	EXPECT_STREQ("Isolate", sbuddy_migratetype_name(ISO));
	EXPECT_STREQ("invalid", sbuddy_migratetype_name(7));
}

TEST_HARNESS_MAIN
