// SPDX-License-Identifier: GPL-2.0
/*
 * A layout on several pieces of memory: which part lies where, the holes between,
 * what is refused, and that a machine with a large hole works and says what it costs.
 */
#include "host_test.h"

HOST_FIXTURE(layout_pieces)

#define MIB	256UL	/* pages */

static struct sbuddy_layout layout;
static s8 piece_of[SBUDDY_MAX_NODES];
static unsigned long base;
static const char *expected;

static int fit(const char *text, const struct sbuddy_piece *piece, int nr)
{
	int err = sbuddy_layout_parse(text, 0, &layout, &expected);

	return err ? err : sbuddy_layout_fit_pieces(&layout, piece, nr, piece_of, &expected);
}

/* The layout where the pieces are, as text without distances; or what was expected. */
static const char *placed(const char *text, const struct sbuddy_piece *piece, int nr)
{
	static char buf[8192];
	char *distances;

	if (fit(text, piece, nr) ||
	    sbuddy_layout_place_pieces(&layout, piece, nr, &base, &expected))
		return expected;
	sbuddy_layout_format(&layout, buf, sizeof(buf));
	distances = strstr(buf, ";D:");
	if (distances)
		*distances = 0;
	return buf;
}

TEST_F(layout_pieces, ascending_descending_adjacent)
{
	const char *text = "N0:Normal=16M,Movable=8M;N1:Normal=8M";
	struct sbuddy_piece piece[2] = { { 1024, 24 * MIB }, { 64 * 1024, 8 * MIB } };

	EXPECT_STREQ("N0:Normal=16M,Movable=8M,hole=228M;N1:Normal=8M", placed(text, piece, 2));
	EXPECT_EQ(1024, base);
	EXPECT_EQ(64 * 1024 + 8 * MIB - 1024, layout.nr_pages);
	piece[0].start_pfn = 128 * 1024;
	EXPECT_STREQ("N1:Normal=8M;N0:hole=248M,Normal=16M,Movable=8M", placed(text, piece, 2));
	EXPECT_EQ(64 * 1024, base);
	piece[0].start_pfn = 64 * 1024 + 8 * MIB;
	EXPECT_STREQ("N1:Normal=8M;N0:Normal=16M,Movable=8M", placed(text, piece, 2));
	EXPECT_EQ(32 * MIB, layout.nr_pages);
}

TEST_F(layout_pieces, several_nodes_on_a_piece)
{
	struct sbuddy_piece piece[3] = {
		{ 9 * 1024, 16 * MIB }, { 1024, 8 * MIB }, { 5 * 1024, 4 * MIB } };

	EXPECT_STREQ("N3:Normal=4M,hole=4M;N0:hole=8M;N1:Normal=4M;N0:hole=12M,DMA=8M;N2:Normal=8M",
		     placed("N0:DMA=8M;N2:Normal=8M;N3:Normal=4M,hole=4M;N1:Normal=4M", piece, 3));
	EXPECT_EQ(0, piece_of[0]);
	EXPECT_EQ(2, piece_of[1]);
	EXPECT_EQ(0, piece_of[2]);
	EXPECT_EQ(1, piece_of[3]);
	EXPECT_EQ(-1, piece_of[4]);
}

TEST_F(layout_pieces, refused)
{
	const struct sbuddy_piece piece[2] = { { 1024, 8 * MIB }, { 8 * 1024, 8 * MIB } };
	static const struct { const char *text, *expected; } cases[] = {
		{ "N0:Normal=12M;N1:Normal=4M", "a zone or hole to end" },
		{ "N0:Normal=4M,hole=8M;N1:Normal=4M", "a zone or hole to end" },
		{ "N0:Normal=8M;N1:Normal=4M;N0:Movable=4M", "each node inside one piece" },
		{ "N0:Normal=8M,Movable=8M", "each node inside one piece" },
		{ "N0:Normal=8M;N1:Normal=4M", "a layout of the length" },
		{ "N0:Normal=8M", "a layout of the length" },
		{ "N0:Normal=8M;N1:Normal=12M", "a zone or hole to end" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		EXPECT_EQ(-EINVAL, fit(cases[i].text, piece, 2));
		EXPECT_EQ(0, strncmp(expected, cases[i].expected, strlen(cases[i].expected))) {
			TH_LOG("%s: expected %s", cases[i].text, expected);
		}
	}
	EXPECT_EQ(0, fit("N0:Normal=8M;N1:hole=2M,Normal=6M", piece, 2));
}

TEST_F(layout_pieces, too_far_apart_and_too_many)
{
	struct sbuddy_piece piece[2] = { { 1024, 256 * MIB }, { 0, 8 * MIB } };
	char text[4096];
	int n;

	piece[1].start_pfn = 1024 + SBUDDY_MAX_PAGES - 8 * MIB;
	ASSERT_EQ(0, fit("N0:Normal=256M;N1:Normal=8M", piece, 2));
	EXPECT_EQ(0, sbuddy_layout_place_pieces(&layout, piece, 2, &base, &expected));
	EXPECT_EQ(SBUDDY_MAX_PAGES, layout.nr_pages);
	piece[1].start_pfn += 1024;
	ASSERT_EQ(0, fit("N0:Normal=256M;N1:Normal=8M", piece, 2));
	EXPECT_EQ(-ERANGE, sbuddy_layout_place_pieces(&layout, piece, 2, &base, &expected));
	EXPECT_STREQ("pieces that lie within 1 TiB", expected);

	n = sprintf(text, "N0:Normal=4M");
	for (int i = 1; i < 127; i++)
		n += sprintf(text + n, ",%s=2M", i & 1 ? "hole" : "Normal");
	sprintf(text + n, ";N1:Normal=8M");
	piece[1].start_pfn = 1024 * 1024;
	ASSERT_EQ(0, fit(text, piece, 2));
	EXPECT_EQ(-ERANGE, sbuddy_layout_place_pieces(&layout, piece, 2, &base, &expected));
}

/* Memory only where there are frames, and everything that walks frames gets across. */
TEST_F(layout_pieces, a_machine_with_a_large_hole)
{
	const struct sbuddy_piece piece[2] = { { 1 << 20, 16 * MIB }, { 1 << 26, 16 * MIB } };
	struct sbuddy_config cfg;
	struct sbuddy_machine *fork;
	size_t bytes;
	long off[3];

	sbuddy_config_init(&cfg);
	ASSERT_EQ(0, fit("N0:Normal=16M;N1:Normal=16M", piece, 2));
	ASSERT_EQ(0, sbuddy_layout_place_pieces(&layout, piece, 2, &base, &expected));
	cfg.layout = layout;
	cfg.base_pfn = base;
	bytes = sbuddy_config_metadata_bytes(&cfg);
	EXPECT_GT(60UL << 20, bytes);	/* 252 GiB of hole: 8 MiB for the tables of nothing */
	self->h.os_before = os_allocated;
	ASSERT_EQ(0, sbuddy_machine_create(&cfg, &self->h.m));
	self->h.o = sbuddy_owner_create(self->h.m, 1);
	EXPECT_EQ(bytes, sbuddy_machine_metadata_bytes(self->h.m));
	EXPECT_TRUE(self->h.m->sparse);
	off[0] = ALLOC_NODE(GFP_UNM, 3, 0);
	off[1] = ALLOC_NODE(GFP_MOV, 10, 1);
	EXPECT_GT(16 * MIB, off[0]);
	EXPECT_LE((1 << 26) - (1 << 20), off[1]);
	off[2] = ALLOC_NODE(GFP_UNM | SBUDDY_GFP_THISNODE, 0, 1);
	EXPECT_LE((1 << 26) - (1 << 20), off[2]);

	ASSERT_EQ(0, sbuddy_machine_fork(self->h.m, &fork));
	EXPECT_EQ(sbuddy_machine_hash(self->h.m), sbuddy_machine_hash(fork));
	EXPECT_EQ(bytes, sbuddy_machine_metadata_bytes(fork));
	sbuddy_machine_destroy(fork);
	FREE(off[0], 3);
	FREE(off[1], 10);
	FREE(off[2], 0);
	EXPECT_EQ(0, sbuddy_machine_reset(self->h.m));
	EXPECT_SANE();
}

TEST_HARNESS_MAIN
