// SPDX-License-Identifier: GPL-2.0
/*
 * Snapshots: out, in and out again; texts that are refused.
 */
#include "host_test.h"

HOST_FIXTURE(snapshot)

static int import(struct host *h, const char *text, char *why, size_t size)
{
	return sbuddy_snapshot_import(text, strlen(text), &h->m, why, size);
}

/* @text with the first @from replaced by @to; the caller frees it. */
static char *replaced(const char *text, const char *from, const char *to)
{
	char *out = malloc(strlen(text) + strlen(to) + 1);
	const char *at = strstr(text, from);

	if (!at)
		abort();
	sprintf(out, "%.*s%s%s", (int)(at - text), text, to, at + strlen(from));
	return out;
}

static void churn(struct host *h, int n)
{
	static const u32 gfp[] = { GFP_MOV, GFP_UNM, GFP_REC, SBUDDY_GFP_ATOMIC,
				   SBUDDY_GFP_HIGHUSER_MOVABLE };

	for (int i = 0; i < n; i++) {
		long off;

		h->task.cpu = i % h->m->nr_vcpus;
		off = host_alloc(h, gfp[i % 5], i * 5 % 10);
		if (off >= 0 && i % 3)
			host_free(h, off, i * 5 % 10);
	}
}

TEST_F(snapshot, round_trip)
{
	struct host copy = { 0 };
	char *a, *b, why[200];

	BOOT("N0:DMA32=16M,hole=2M,Normal=16M;N1:Normal=16M,Movable=16M", 2);
	churn(&self->h, 300);
	a = host_snapshot(&self->h);
	ASSERT_EQ(0, import(&copy, a, why, sizeof(why))) {
		TH_LOG("%s", why);
	}
	EXPECT_EQ(0, host_check(&copy, why, sizeof(why)));
	b = host_snapshot(&copy);
	EXPECT_STREQ(a, b);
	host_exit(&copy);
	free(a);
	free(b);
}

/* The copy goes on as the original does. */
TEST_F(snapshot, a_copy_decides_as_the_original)
{
	struct host copy = { 0 };
	char *a, *b, why[200];

	BOOT("N0:DMA32=16M,Normal=16M", 2);
	churn(&self->h, 500);
	a = host_snapshot(&self->h);
	ASSERT_EQ(0, import(&copy, a, why, sizeof(why)));
	free(a);
	churn(&self->h, 500);
	churn(&copy, 500);
	a = host_snapshot(&self->h);
	b = host_snapshot(&copy);
	EXPECT_STREQ(a, b);
	host_exit(&copy);
	free(a);
	free(b);
}

TEST_F(snapshot, imported_machine_cannot_be_reset)
{
	IMPORT(.zone = SBUDDY_ZONE_DMA32, .blocks = 4);
	EXPECT_EQ(-EOPNOTSUPP, sbuddy_machine_reset(self->h.m));
}

/* The copy's knobs work as the original's: they start from the same values. */
TEST_F(snapshot, machine_lines)
{
	struct host copy = { 0 };
	char *a, *b, why[200];

	BOOT("N0:DMA32=16M,Normal=16M;N1:Normal=16M;D:10,17/17,10", 3);
	EXPECT_EQ(0, sbuddy_set_watermark_scale_factor(self->h.m, 300));
	EXPECT_EQ(0, sbuddy_set_min_free_kbytes(self->h.m, 777));
	EXPECT_EQ(0, sbuddy_set_watermark_boost_factor(self->h.m, 5000));
	a = host_snapshot(&self->h);
	ASSERT_EQ(0, import(&copy, a, why, sizeof(why))) {
		TH_LOG("%s", why);
	}
	EXPECT_EQ(300, copy.m->knobs.watermark_scale_factor);
	EXPECT_EQ(777, copy.m->knobs.user_min_free_kbytes);
	EXPECT_EQ(17, copy.m->config.layout.distance[1][0]);
	EXPECT_EQ(self->h.m->vcpu_node[1], copy.m->vcpu_node[1]);
	EXPECT_EQ(self->h.m->nodes[1].nr_cpus, copy.m->nodes[1].nr_cpus);
	EXPECT_EQ(self->h.m->totalreserve_pages, copy.m->totalreserve_pages);
	free(a);
	EXPECT_EQ(0, sbuddy_set_min_free_kbytes(self->h.m, 999));
	EXPECT_EQ(0, sbuddy_set_min_free_kbytes(copy.m, 999));
	EXPECT_EQ(0, sbuddy_set_percpu_pagelist_high_fraction(self->h.m, 8));
	EXPECT_EQ(0, sbuddy_set_percpu_pagelist_high_fraction(copy.m, 8));
	a = host_snapshot(&self->h);
	b = host_snapshot(&copy);
	EXPECT_STREQ(a, b);
	host_exit(&copy);
	free(a);
	free(b);
}

#define REST_OF_ZONE	"managed=2000 nr_free=5 drift_mark=0 isolated_blocks=0 flags=0\n"
#define REST_OF_PCP	"flags=0 alloc_factor=0 free_count=0 expire=0\n"

/* A zone that begins and ends inside a pageblock, as firmware may leave them. */
TEST_F(snapshot, zone_with_ragged_ends)
{
	static const char text[] =
		"node nid=0 online_nodes=1\n"
		"zonelist fallback: 0:1\n"
		"zonelist nofallback: 0:1\n"
		"zone node=0 idx=1 name=DMA32 start=8101 end=8905 present=2000 " REST_OF_ZONE
		"wmark min=0 low=0 high=0 promo=0 boost=0 highatomic=0 highatomic_free=0\n"
		"lowmem_reserve 0 0 0 0 0\n"
		"free order=0 mt=0: 8101\n"
		"free order=2 mt=1: 8900\n"
		"blocks 0 1 1 1 1\n"
		"zonestat cpu=0 free_diff=0 threshold=0\n"
		"pcp cpu=0 count=0 high=0 high_min=0 high_max=0 batch=1 " REST_OF_PCP;
	struct host copy = { 0 };
	char *a, why[200];

	ASSERT_EQ(0, import(&copy, text, why, sizeof(why))) {
		TH_LOG("%s", why);
	}
	EXPECT_EQ(0, host_check(&copy, why, sizeof(why))) {
		TH_LOG("%s", why);
	}
	a = host_snapshot(&copy);
	EXPECT_NE(NULL, strstr(a, "\nblocks 0 1 1 1 1\n"));
	EXPECT_STREQ(text, strstr(a, "node nid="));
	free(a);
	host_exit(&copy);
}

/* A zone that a list names but the text does not describe is left out. */
TEST_F(snapshot, zones_of_other_nodes_are_left_out)
{
	struct host copy = { 0 };
	char *a, *b, why[200];

	IMPORT(.zone = SBUDDY_ZONE_DMA32, .blocks = 4, .free = { { 0, MOV, "1" } });
	a = host_snapshot(&self->h);
	b = replaced(a, "fallback: 0:1", "fallback: 1:2 0:1 2:0");
	ASSERT_EQ(0, import(&copy, b, why, sizeof(why))) {
		TH_LOG("%s", why);
	}
	free(b);
	b = host_snapshot(&copy);
	EXPECT_STREQ(a, b);
	host_exit(&copy);
	free(a);
	free(b);
}

static const struct { const char *from, *to; } bad[] = {
	{ "machine vcpus: 0", "machine vcpus:" },
	{ "machine vcpus: 0", "machine vcpus: 0 0 0 0 0" },
	{ "machine vcpus: 0", "machine vcpus: 16" },
	{ "machine distance 0:", "machine distance 16:" },
	{ "machine distance 0:", "machine distance 0: 256" },
	{ "totalreserve=", "totalreserve=x" },
	{ "kswapd_order=0", "kswapd_order=11" },
	{ "watermark_scale_factor=10", "watermark_scale_factor=0" },
	{ "grouping=1", "grouping=2" },
	{ "lowmem_reserve_ratio: 256", "lowmem_reserve_ratio: x" },
	{ "machine knobs", "machine knob" },
	{ "node nid=0", "node nid=16" },
	{ "node nid=0", "node nid=" },
	{ "node nid=0", "nodes nid=0" },
	{ "online_nodes=1", "online_nodes=0" },
	{ "zonelist fallback:", "zonelist sideways:" },
	{ "fallback: 0:1", "fallback: 0-1" },
	{ "fallback: 0:1", "fallback: 0:5" },
	{ "fallback: 0:1", "fallback: 16:1" },
	{ "zone node=0", "zone node=1" },
	{ "zone node=0", "" },
	{ "idx=1", "idx=5" },
	{ "idx=1", "idx=2" },
	{ "name=DMA32", "name=DMA" },
	{ "start=100000", "start=0x100000" },
	{ "end=100800", "end=100000" },
	{ "end=100800", "end=ffffffffffffffff" },
	{ "end=100800", "end=20000000" },
	{ "present=2048", "present=2049" },
	{ "present=2048", "present=0" },
	{ "managed=2048", "managed=2049" },
	{ "managed=2048", "managed=-1" },
	{ "flags=0", "flags=8" },
	{ "wmark min=0", "wmark min=-1" },
	{ "wmark min=0", "wmark" },
	{ "boost=0", "boots=0" },
	{ "lowmem_reserve 0 0 0 0 0", "lowmem_reserve 0 0 0 0" },
	{ "lowmem_reserve 0 0 0 0 0", "lowmem_reserve 0 0 0 0 0 0" },
	{ "lowmem_reserve 0 0 0 0 0", "lowmem_reserve 0 0 0 0 -1" },
	{ "lowmem_reserve 0 0 0 0 0", "lowmem_reserve 99999999999999999999 0 0 0 0" },
	{ "free order=3", "free order=11" },
	{ "free order=3", "free order=-1" },
	{ "mt=1:", "mt=5:" },
	{ "mt=1:", "mt=1" },
	{ " 100010", " 100011" },	/* not aligned */
	{ " 100010", " 0" },
	{ " 100010", " ff000" },	/* outside the zone */
	{ " 100010", " 100800" },
	{ " 100010", " 100010 100010" },
	{ " 100010", " 100100" },	/* inside the order-8 block */
	{ " 100010", " 10001g" },
	{ "blocks 1 1 1 1", "blocks 1 1 1" },
	{ "blocks 1 1 1 1", "blocks 1 1 1 1 1" },
	{ "blocks 1 1 1 1", "blocks 1 1 1 5" },
	{ "zonestat cpu=0", "zonestat cpu=256" },
	{ "zonestat cpu=0", "zonestat cpu=-1" },
	{ "free_diff=0", "free_diff=128" },
	{ "threshold=0", "threshold=128" },
	{ "threshold=0", "threshold=-1" },
	{ "pcp cpu=0", "pcp cpu=1" },
	{ "batch=1", "batch=-1" },
	{ "alloc_factor=0", "alloc_factor=-1" },
	{ "alloc_factor=0", "alloc_factor=200" },
	{ "free_count=0", "free_count=40000" },
	{ "expire=0", "expire=256" },
	{ "expire=0", "expire=0 and more" },
};

TEST_F(snapshot, refuses_with_a_line_and_what_was_expected)
{
	char *good, *text, why[200];

	IMPORT(.zone = SBUDDY_ZONE_DMA32, .blocks = 4,
	       .free = { { 3, MOV, "16" }, { 8, MOV, "256" } });
	good = host_snapshot(&self->h);
	host_exit(&self->h);
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		text = replaced(good, bad[i].from, bad[i].to);
		why[0] = 0;
		EXPECT_EQ(-EINVAL, import(&self->h, text, why, sizeof(why))) {
			TH_LOG("accepted: '%s' for '%s'", bad[i].to, bad[i].from);
		}
		EXPECT_EQ(NULL, self->h.m);
		EXPECT_EQ(0, strncmp(why, "line ", 5));
		EXPECT_EQ(0, os_allocated);
		host_exit(&self->h);
		free(text);
	}
	free(good);
}

/* Wherever the text ends, it is refused or makes a machine that can be taken down. */
TEST_F(snapshot, cut_anywhere)
{
	char *good, why[200];
	size_t len;

	IMPORT(.zone = SBUDDY_ZONE_DMA32, .blocks = 4,
	       .free = { { 3, MOV, "16" }, { 8, MOV, "256" } });
	good = host_snapshot(&self->h);
	host_exit(&self->h);
	len = strlen(good);
	for (size_t n = 0; n < len; n++) {
		sbuddy_snapshot_import(good, n, &self->h.m, why, sizeof(why));
		host_exit(&self->h);
		EXPECT_EQ(0, os_allocated);
	}
	free(good);
}

TEST_F(snapshot, nothing_is_no_machine)
{
	char why[200];

	EXPECT_EQ(-EINVAL, import(&self->h, "", why, sizeof(why)));
	EXPECT_EQ(-EINVAL, import(&self->h, "# comment\n\n", why, sizeof(why)));
	EXPECT_EQ(-EINVAL, import(&self->h, "node nid=0 online_nodes=1\n", why, sizeof(why)));
}

/* Two zones in one pageblock, or a zone twice. */
TEST_F(snapshot, zones_that_overlap)
{
	char *good, *twice, why[200];

	IMPORT(.zone = SBUDDY_ZONE_DMA32, .blocks = 4);
	good = host_snapshot(&self->h);
	host_exit(&self->h);
	twice = malloc(2 * strlen(good) + 1);
	sprintf(twice, "%s%s", good, good);
	EXPECT_EQ(-EINVAL, import(&self->h, twice, why, sizeof(why)));
	free(twice);
	free(good);
	EXPECT_EQ(0, os_allocated);
}

TEST_HARNESS_MAIN
