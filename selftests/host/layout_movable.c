// SPDX-License-Identifier: GPL-2.0
/*
 * ZONE_MOVABLE by kernelcore= and movablecore= (reference 1.7): known cases, and
 * random layouts beside a model that hands memory to the kernel page by page.
 */
#include "host_test.h"

HOST_FIXTURE(layout_movable)

static struct sbuddy_layout parsed;
static const char *expected;

/* The layout that a text leads to, as text, without distances. */
static const char *placed(const char *text, u64 nr_pages)
{
	static char buf[4096];
	char *distances;

	if (sbuddy_layout_parse(text, nr_pages, &parsed, &expected))
		return expected;
	sbuddy_layout_format(&parsed, buf, sizeof(buf));
	distances = strstr(buf, ";D:");
	if (distances)
		*distances = 0;
	return buf;
}

/* CHECK 1: kernelcore = total/2 on two equal nodes gives equal Movable zones. */
TEST_F(layout_movable, half_of_two_equal_nodes)
{
	const char *want = "N0:Normal=128M,Movable=128M;N1:Normal=128M,Movable=128M";

	EXPECT_STREQ(want, placed("N0:Normal=256M;N1:Normal=256M;kernelcore=256M", 0));
	EXPECT_STREQ(want, placed("N0:Normal=256M;N1:Normal=256M;kernelcore=50%", 0));
	EXPECT_STREQ(want, placed("N0:Normal=256M;N1:Normal=256M;movablecore=50%", 0));
	EXPECT_STREQ(want, placed("N0:Normal=256M;N1:Normal=256M;movablecore=262144K", 0));
	BOOT("N0:Normal=16M;N1:Normal=16M;kernelcore=16M", 1);
	EXPECT_SANE();
	for (int nid = 0; nid < 2; nid++) {
		struct sbuddy_zone *z = host_zone(&self->h, nid, SBUDDY_ZONE_MOVABLE);

		EXPECT_EQ(2048, z->present_pages);
		EXPECT_EQ(0, z->zone_start_pfn % 1024);
	}
}

/* What a small node cannot give comes from the others in the next round. */
TEST_F(layout_movable, unequal_nodes)
{
	EXPECT_STREQ("N0:Normal=64M;N1:Normal=192M,Movable=256M",
		     placed("N0:Normal=64M;N1:Normal=448M;kernelcore=256M", 0));
}

/* Zones below the highest count as the kernel's share, and are never Movable. */
TEST_F(layout_movable, lower_zones)
{
	EXPECT_STREQ("N0:DMA32=64M,Normal=64M,Movable=128M;N1:Normal=128M,Movable=128M",
		     placed("N0:DMA32=64M,Normal=192M;N1:Normal=256M;kernelcore=256M", 0));
	EXPECT_STREQ("N0:DMA32=64M,Movable=64M",
		     placed("N0:DMA32=64M,Normal=64M;kernelcore=16M", 0));
	EXPECT_STREQ("N0:DMA=4M,DMA32=8M,Movable=56M",
		     placed("N0:DMA=4M,DMA32=64M;kernelcore=12M", 0));
}

TEST_F(layout_movable, starts_on_the_largest_block)
{
	EXPECT_STREQ("N0:Normal=8M,Movable=8M", placed("N0:Normal=16M;kernelcore=5M", 0));
	EXPECT_STREQ("N0:Normal=6M", placed("N0:Normal=6M;kernelcore=5M", 0));
	EXPECT_STREQ("N0:Normal=12M,Movable=4M", placed("N0:Normal=16M;movablecore=1M", 0));
}

TEST_F(layout_movable, nothing_to_place)
{
	EXPECT_STREQ("N0:Normal=16M", placed("N0:Normal=16M;kernelcore=16M", 0));
	EXPECT_STREQ("N0:Normal=16M", placed("N0:Normal=16M;kernelcore=100%", 0));
	EXPECT_STREQ("N0:Normal=16M", placed("N0:Normal=16M;kernelcore=0", 0));
	EXPECT_STREQ("N0:Normal=16M", placed("N0:Normal=16M;movablecore=0%", 0));
	/* all of it to what can be moved: then the kernel wants none, and there is no Movable */
	EXPECT_STREQ("N0:Normal=16M", placed("N0:Normal=16M;movablecore=100%", 0));
}

TEST_F(layout_movable, both_words)
{
	EXPECT_STREQ("N0:Normal=384M,Movable=128M",
		     placed("N0:Normal=512M;kernelcore=384M;movablecore=256M", 0));
	EXPECT_STREQ("N0:Normal=256M,Movable=256M",
		     placed("N0:Normal=512M;movablecore=256M;kernelcore=1%", 0));
}

TEST_F(layout_movable, default_node)
{
	EXPECT_STREQ("N0:Normal=64M,Movable=192M", placed("kernelcore=25%", 65536));
	EXPECT_STREQ("N0:Normal=192M,Movable=64M", placed("movablecore=64M", 65536));
	EXPECT_STREQ("N0:Normal=256M", placed("kernelcore=100%", 65536));
}

TEST_F(layout_movable, with_distances)
{
	EXPECT_STREQ("N0:Normal=8M,Movable=8M;N1:Normal=8M,Movable=8M",
		     placed("N0:Normal=16M;N1:Normal=16M;D:10,30/40,10;kernelcore=50%", 0));
	EXPECT_EQ(40, parsed.distance[1][0]);
	EXPECT_STREQ("N0:Normal=8M,Movable=8M;N1:Normal=8M,Movable=8M",
		     placed("N0:Normal=16M;N1:Normal=16M;kernelcore=50%;D:10,30/40,10", 0));
	EXPECT_EQ(30, parsed.distance[0][1]);
}

TEST_F(layout_movable, refuses_with_a_reason)
{
	static const char * const bad[] = {
		"N0:Normal=16M;kernelcore=", "N0:Normal=16M;kernelcore=x", "kernelcore",
		"N0:Normal=16M;kernelcore=101%", "N0:Normal=16M;kernelcore=50%%",
		"N0:Normal=16M;kernelcore=mirror", "N0:Normal=16M;kernelcore=4M;kernelcore=4M",
		"N0:Normal=16M;movablecore=1%;movablecore=1%", "kernelcore=4M;N0:Normal=16M",
		"N0:Normal=8M;kernelcore=4M;N1:Normal=8M", "N0:Normal=8M,Movable=8M;kernelcore=4M",
		"N0:Normal=16M;N1:DMA32=16M;kernelcore=4M", "N0:Normal=16M;kernelcore=-1",
		"N0:Normal=16M;kernelcore=4M,", "N0:Normal=16M;kernelcore=9999999999T",
		"N0:Normal=16M;corekernel=4M", "N0:hole=16M;kernelcore=4M",
		"N0:Normal=16M;kernelcore=4MM",
		"N0:Normal=16M;D:10;N1:Normal=2M",
	};

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		expected = NULL;
		EXPECT_EQ(-EINVAL, sbuddy_layout_parse(bad[i], 4096, &parsed, &expected)) {
			TH_LOG("accepted: '%s'", bad[i]);
		}
		EXPECT_TRUE(expected && *expected);
	}
}

/* ---- beside a model ---- */

#define FRAMES	(40 * 512)
#define BASE	1024		/* a multiple of the largest block; 0 is "no Movable" */

struct frames {
	signed char node[FRAMES], zone[FRAMES];		/* node -1: hole */
	long nr, usable;
};

static unsigned int rnd(unsigned int n)
{
	return (unsigned int)random() % n;
}

/* Nodes in pieces and holes, all zones ascending; as frames and as text. */
static void random_frames(struct frames *f, int nodes, char *text, size_t size)
{
	static const char * const names[] = { "DMA", "DMA32", "Normal" };
	int top = rnd(3), zone = rnd(top + 1), n = 0;

	f->nr = 0;
	f->usable = -1;
	for (int piece = 0; piece < 8 || f->usable < 0; piece++) {
		int node = piece < nodes ? piece : (int)rnd(nodes), blocks = 1 + rnd(4);
		bool hole = rnd(6) == 0;

		if (piece > 2 && zone < top && rnd(2))
			zone++;
		if (zone == top && !hole && f->usable < 0)
			f->usable = f->nr;
		n += scnprintf(text + n, size - n, "%sN%d:%s=%dM", piece ? ";" : "", node,
			       hole ? "hole" : names[zone], blocks * 2);
		for (int i = 0; i < blocks * 512; i++) {
			f->node[f->nr] = hole ? -1 : node;
			f->zone[f->nr++] = zone;
		}
		if (f->nr > FRAMES - 4 * 512)
			return;
	}
}

/* One node of one round: page by page until the share is used up. */
static void model_node(const struct frames *f, int node, long share, long *required, long *start)
{
	for (long i = 0; i < f->nr; i++) {
		if (f->node[i] != node || BASE + i < *start)
			continue;
		if (i >= f->usable && !share) {
			*start = BASE + i;
			return;
		}
		share -= share > 0;
		*required -= *required > 0;
		*start = BASE + i + 1;
		if (i >= f->usable && !share)
			return;
	}
}

static void model_place(const struct frames *f, int nodes, long required, long *start)
{
	bool has[4] = { false };
	int usable = 0;

	for (long i = 0; i < f->nr; i++)
		if (f->node[i] >= 0)
			has[(int)f->node[i]] = true;
	for (int n = 0; n < nodes; n++) {
		usable += has[n];
		start[n] = 0;
	}
	do {
		long share = required / usable;

		for (int n = 0; n < nodes; n++) {
			if (!has[n])
				continue;
			if (required < share)
				share = required / usable;
			model_node(f, n, share, &required, &start[n]);
		}
		usable--;
	} while (usable && required > usable);
	for (int n = 0; n < nodes; n++)
		start[n] = (start[n] + 1023) / 1024 * 1024;
}

static bool same_as_model(const struct frames *f, const long *start)
{
	long at = 0;

	for (int i = 0; i < parsed.nr_extents; i++) {
		const struct sbuddy_layout_extent *e = &parsed.extent[i];

		for (u64 k = 0; k < e->nr_pages; k++, at++) {
			int node = f->node[at], zone = f->zone[at];

			if (node >= 0 && start[node] && BASE + at >= start[node])
				zone = SBUDDY_ZONE_MOVABLE;
			if (node < 0 ? e->zone >= 0 : e->zone != zone || e->node != node)
				return false;
		}
	}
	return at == f->nr;
}

TEST_F(layout_movable, random_layouts_as_the_model)
{
	static struct frames f;
	int tried = 0, movable = 0;
	char text[2048], words[2200];

	srandom(7);
	for (int round = 0; round < 1500; round++) {
		int nodes = 1 + rnd(4);
		long start[4] = { 0 }, core, total = 0;

		random_frames(&f, nodes, text, sizeof(text));
		if (f.usable < 0)
			continue;
		for (long i = 0; i < f.nr; i++)
			total += f.node[i] >= 0;
		core = rnd(5) ? rnd(total + 512) : rnd(2000);
		if (core && core < total)
			model_place(&f, nodes, core, start);
		snprintf(words, sizeof(words), "%s;kernelcore=%ldK", text, core * 4);
		ASSERT_EQ(0, sbuddy_layout_parse(words, 0, &parsed, &expected)) {
			TH_LOG("%s: %s", words, expected);
		}
		ASSERT_TRUE(same_as_model(&f, start)) {
			TH_LOG("%s", words);
		}
		tried++;
		for (int i = 0; i < parsed.nr_extents; i++)
			movable += parsed.extent[i].zone == SBUDDY_ZONE_MOVABLE;
	}
	EXPECT_LT(1000, tried);
	EXPECT_LT(1000, movable);
}

TEST_HARNESS_MAIN
