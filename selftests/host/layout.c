// SPDX-License-Identifier: GPL-2.0
/*
 * The layout string: what it accepts, what it refuses and that the text of a
 * layout leads back to it.
 * Movable by kernelcore= and movablecore= (reference 1.7) is in
 * layout_movable.c.
 */
#include "host_test.h"

HOST_FIXTURE(layout)

static struct sbuddy_layout parsed;
static const char *expected;

static int parse(const char *text)
{
	expected = NULL;
	return sbuddy_layout_parse(text, 0, &parsed, &expected);
}

TEST_F(layout, default_is_three_quarters_normal)
{
	ASSERT_EQ(0, sbuddy_layout_parse(NULL, 65536, &parsed, &expected));
	ASSERT_EQ(2, parsed.nr_extents);
	EXPECT_EQ(SBUDDY_ZONE_NORMAL, parsed.extent[0].zone);
	EXPECT_EQ(49152, parsed.extent[0].nr_pages);
	EXPECT_EQ(SBUDDY_ZONE_MOVABLE, parsed.extent[1].zone);
	EXPECT_EQ(16384, parsed.extent[1].nr_pages);
	EXPECT_EQ(65536, parsed.nr_pages);
	EXPECT_EQ(1, parsed.nr_nodes);
}

/* As the kernel rounds the start of ZONE_MOVABLE (reference 1.7-5). */
TEST_F(layout, default_movable_zone_starts_on_1024_pages)
{
	ASSERT_EQ(0, sbuddy_layout_parse("", 512 * 10, &parsed, &expected));
	ASSERT_EQ(2, parsed.nr_extents);
	EXPECT_EQ(4096, parsed.extent[0].nr_pages);
	EXPECT_EQ(1024, parsed.extent[1].nr_pages);
	ASSERT_EQ(0, sbuddy_layout_parse("", 512, &parsed, &expected));
	EXPECT_EQ(1, parsed.nr_extents);
	EXPECT_EQ(512, parsed.extent[0].nr_pages);
}

TEST_F(layout, default_refuses_part_of_a_pageblock)
{
	EXPECT_EQ(-EINVAL, sbuddy_layout_parse(NULL, 0, &parsed, &expected));
	EXPECT_EQ(-EINVAL, sbuddy_layout_parse(NULL, 513, &parsed, &expected));
	EXPECT_EQ(-EINVAL, sbuddy_layout_parse(NULL, SBUDDY_MAX_PAGES + 512, &parsed, &expected));
}

TEST_F(layout, zones_of_two_nodes)
{
	ASSERT_EQ(0, parse("N0:DMA=16M,DMA32=64M,Normal=128M,Movable=48M;"
			   "N1:Normal=128M,Movable=128M"));
	EXPECT_EQ(2, parsed.nr_nodes);
	ASSERT_EQ(6, parsed.nr_extents);
	EXPECT_EQ(4096, parsed.extent[0].nr_pages);
	EXPECT_EQ(SBUDDY_ZONE_DMA, parsed.extent[0].zone);
	EXPECT_EQ(SBUDDY_ZONE_DMA32, parsed.extent[1].zone);
	EXPECT_EQ(SBUDDY_ZONE_NORMAL, parsed.extent[4].zone);
	EXPECT_EQ(1, parsed.extent[4].node);
	EXPECT_EQ(512 * 256, parsed.nr_pages);
	EXPECT_EQ(10, parsed.distance[0][0]);
	EXPECT_EQ(20, parsed.distance[0][1]);
}

TEST_F(layout, holes_interleaved_nodes_and_distances)
{
	ASSERT_EQ(0, parse("N0:Normal=4M,hole=2M,Normal=4M;N1:Normal=4M;N0:Movable=1G;"
			   "D:10,21/17,10"));
	EXPECT_EQ(5, parsed.nr_extents);
	EXPECT_EQ(-1, parsed.extent[1].zone);
	EXPECT_EQ(21, parsed.distance[0][1]);
	EXPECT_EQ(17, parsed.distance[1][0]);
	EXPECT_EQ(0, parse("N0:Normal=2048K"));
	EXPECT_EQ(0, parse("N0:Normal=2097152"));
	EXPECT_EQ(0, parse("N15:Normal=1T"));
	EXPECT_EQ(SBUDDY_MAX_PAGES, parsed.nr_pages);
	EXPECT_EQ(0, parse("N0:Normal=4M\n"));
}

TEST_F(layout, refuses_with_a_reason)
{
	static const char * const bad[] = {
		"N", "N0", "N0:", "N16:Normal=2M", "N0:Normal", "N0:Normal=", "N0:Normal=0",
		"N0:Normal=1M", "N0:Normal=3M", "N0:Normal=2Mx", "N0:Normal=2M,", "N0:Normal=2M;",
		"N0:Normal=2M;N0", "N0:Device=2M", "N0:normal=2M", "N0:Normal=2M,DMA=2M",
		"N0:Movable=2M,Normal=2M", "N0:hole=2M", "N0:Normal=2P", "N0:Normal=2T",
		"N0:Normal=1T,Movable=2M", "N0:Normal=99999999999999999999",
		"N0:Normal=18446744073709551616M", "N0:Normal=2M;D:", "N0:Normal=2M;D:11",
		"N0:Normal=2M;N1:Normal=2M;D:10,20", "N0:Normal=2M;N1:Normal=2M;D:10,20/20",
		"N0:Normal=2M;N1:Normal=2M;D:10,10/20,10", "N0:Normal=2M;N1:Normal=2M;D:10,255/20,10",
		"N0:Normal=2M;N1:Normal=2M;D:10,20/20,10;N2:Normal=2M",
		"N0:Normal=2M;N1:Normal=2M;D:10,9/20,10", " N0:Normal=2M", "D:10",
		"N0:Normal=2M;N1:Movable=2M;N0:DMA=2M", "N-1:Normal=2M", "N0:Normal=-2M",
	};

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		EXPECT_EQ(-EINVAL, parse(bad[i])) {
			TH_LOG("accepted: '%s'", bad[i]);
		}
		EXPECT_TRUE(expected && *expected);
	}
}

TEST_F(layout, at_most_128_pieces)
{
	char text[4096];
	int n = scnprintf(text, sizeof(text), "N0:Normal=2M");

	for (int i = 1; i < 128; i++)
		n += scnprintf(text + n, sizeof(text) - n, ",%s=2M", i & 1 ? "hole" : "Normal");
	EXPECT_EQ(0, parse(text));
	scnprintf(text + n, sizeof(text) - n, ",Normal=2M");
	EXPECT_EQ(-EINVAL, parse(text));
}

TEST_F(layout, text_leads_back)
{
	static const char * const text[] = {
		"N0:DMA=16M,DMA32=64M,Normal=128M,Movable=48M",
		"N0:Normal=4M,hole=2M,Normal=4M;N1:Normal=4M;N0:Movable=1024M;D:10,21/17,10",
	};
	char buf[512];

	for (size_t i = 0; i < ARRAY_SIZE(text); i++) {
		ASSERT_EQ(0, parse(text[i]));
		sbuddy_layout_format(&parsed, buf, sizeof(buf));
		EXPECT_STREQ(text[i], buf);
	}
}

TEST_F(layout, machine_refuses_impossible_configurations)
{
	struct sbuddy_config *cfg = calloc(1, sizeof(*cfg));
	struct sbuddy_machine *m = NULL;

	sbuddy_config_init(cfg);
	EXPECT_EQ(-EINVAL, sbuddy_machine_create(cfg, &m));	/* no layout */
	ASSERT_EQ(0, sbuddy_layout_parse("N0:Normal=4M", 0, &cfg->layout, &expected));
	cfg->base_pfn = 0;
	EXPECT_EQ(-EINVAL, sbuddy_machine_create(cfg, &m));
	cfg->base_pfn = 1024 + 512;
	EXPECT_EQ(-EINVAL, sbuddy_machine_create(cfg, &m));
	cfg->base_pfn = 1024;
	cfg->nr_vcpus = 0;
	EXPECT_EQ(-EINVAL, sbuddy_machine_create(cfg, &m));
	cfg->nr_vcpus = SBUDDY_MAX_VCPUS + 1;
	EXPECT_EQ(-EINVAL, sbuddy_machine_create(cfg, &m));
	cfg->nr_vcpus = 2;
	cfg->vcpu_node[1] = 1;
	EXPECT_EQ(-EINVAL, sbuddy_machine_create(cfg, &m));
	EXPECT_FALSE(m);
	cfg->vcpu_node[1] = 0;
	EXPECT_EQ(0, sbuddy_machine_create(cfg, &self->h.m));
	EXPECT_SANE();
	free(cfg);
}

TEST_HARNESS_MAIN
