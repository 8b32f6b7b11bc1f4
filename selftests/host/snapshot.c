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
