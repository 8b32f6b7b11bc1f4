// SPDX-License-Identifier: GPL-2.0
/*
 * Isolation of pageblocks (reference 8.1 to 8.4 and CHECK 8): what moves where,
 * what is counted, what forbids it, and what an owner may undo.
 */
#include "host_test.h"

HOST_FIXTURE(isolation)

static struct sbuddy_range range(struct host *h)
{
	return (struct sbuddy_range){
		.m = h->m, .task = &h->task, .migratetype = MOV, .holder = 7,
	};
}

/* Results as offsets: what was in the way. */
#define WHY(r)	((long)((r).pfn - self->h.m->base_pfn))

#define SET(r, off, len) __extension__ ({				\
	unsigned long _s = self->h.m->base_pfn + (off);			\
	int _err = sbuddy_start_isolate_page_range(&(r), _s, _s + (len)); \
	EXPECT_SANE();							\
	_err;								\
})

#define SET_BLOCK(r, off) __extension__ ({				\
	unsigned long _s = self->h.m->base_pfn + (off);			\
	int _err = sbuddy_set_migratetype_isolate(&(r), _s, _s, _s + 512); \
	EXPECT_SANE();							\
	_err;								\
})

#define UNDO(r, off, len) __extension__ ({				\
	unsigned long _s = self->h.m->base_pfn + (off);			\
	unsigned long _n = sbuddy_undo_isolate_page_range(&(r), _s, _s + (len)); \
	EXPECT_SANE();							\
	_n;								\
})

static int run(struct host *h, struct sbuddy_owner *o, struct sbuddy_op op)
{
	return sbuddy_run_op(o ?: h->o, &op, 0);
}

/* CHECK 8: free pages of order <= 9 leave the count, nr_free stays; clearing restores. */
TEST_F(isolation, free_pages_are_not_counted)
{
	struct sbuddy_range r;
	struct sbuddy_zone *z;

	IMPORT(.zone = SBUDDY_ZONE_NORMAL, .blocks = 4, .threshold = 4,
	       .free = { { 3, MOV, "8 520" }, { 5, MOV, "64" }, { 8, MOV, "256" },
			 { 9, MOV, "1024" } });
	z = ZONE(NORMAL);
	r = range(&self->h);
	EXPECT_EQ(8 + 8 + 32 + 256 + 512, sbuddy_zone_page_state_snapshot(z));
	EXPECT_EQ(0, SET_BLOCK(r, 0));
	EXPECT_EQ(8 + 512, sbuddy_zone_page_state_snapshot(z));
	EXPECT_EQ(2, z->free_area[3].nr_free);
	EXPECT_EQ(1, z->free_area[5].nr_free);
	EXPECT_EQ(1, z->free_area[8].nr_free);
	EXPECT_EQ(1, z->nr_isolate_pageblock);
	EXPECT_STREQ("8", LIST(z, 3, ISO));
	EXPECT_STREQ("520", LIST(z, 3, MOV));
	EXPECT_EQ(ISO, TYPE(0));
	EXPECT_EQ(1, UNDO(r, 0, 512));
	EXPECT_EQ(8 + 8 + 32 + 256 + 512, sbuddy_zone_page_state_snapshot(z));
	EXPECT_EQ(0, z->nr_isolate_pageblock);
	EXPECT_STREQ("520 8", LIST(z, 3, MOV));	/* to the tail */
	EXPECT_EQ(MOV, TYPE(0));
}

/* CHECK 8: one half of a free order 10; each half in turn. */
TEST_F(isolation, half_of_the_largest_block)
{
	struct sbuddy_range r;
	struct sbuddy_zone *z;

	for (long off = 0; off <= 512; off += 512) {
		IMPORT(.zone = SBUDDY_ZONE_NORMAL, .blocks = 6,
		       .free = { { 9, MOV, "2048" }, { 10, MOV, "0 1024" } });
		z = ZONE(NORMAL);
		r = range(&self->h);
		EXPECT_EQ(0, SET_BLOCK(r, off));
		EXPECT_STREQ(off ? "0 2048" : "512 2048", LIST(z, 9, MOV));
		EXPECT_STREQ(off ? "512" : "0", LIST(z, 9, ISO));
		EXPECT_STREQ("1024", LIST(z, 10, MOV));
		EXPECT_EQ(2048, sbuddy_zone_page_state_snapshot(z));
		EXPECT_EQ(1, UNDO(r, off, 512));
		EXPECT_STREQ("1024 0", LIST(z, 10, MOV));
		EXPECT_STREQ("2048", LIST(z, 9, MOV));
		EXPECT_EQ(2560, sbuddy_zone_page_state_snapshot(z));
		host_exit(&self->h);
	}
}

/* The counter moves by one delta for the block taken and one for each half that counts. */
TEST_F(isolation, deltas_of_a_split)
{
	struct sbuddy_range r;
	struct sbuddy_zone *z;

	/* -1024 folds at once, +512 after it too; with one delta of -512 neither would differ */
	IMPORT(.zone = SBUDDY_ZONE_NORMAL, .blocks = 2, .threshold = 125,
	       .free = { { 10, MOV, "0" } });
	z = ZONE(NORMAL);
	z->zstat[0].free_diff = 100;
	z->nr_free_pages -= 100;
	r = range(&self->h);
	EXPECT_EQ(0, SET_BLOCK(r, 0));
	EXPECT_EQ(0, z->zstat[0].free_diff);
	EXPECT_EQ(512, z->nr_free_pages);
}

/* Both blocks of an isolated order 10: ending one splits it, ending both joins it again. */
TEST_F(isolation, undo_splits_an_isolated_pair)
{
	struct sbuddy_range r;
	struct sbuddy_zone *z;

	IMPORT(.zone = SBUDDY_ZONE_NORMAL, .blocks = 2);
	z = ZONE(NORMAL);
	r = range(&self->h);
	EXPECT_EQ(0, SET(r, 0, 1024));
	sbuddy___free_pages_core(z, &self->h.task, self->h.m->base_pfn, 10);
	EXPECT_SANE();
	EXPECT_STREQ("0", LIST(z, 10, ISO));
	EXPECT_EQ(1, UNDO(r, 512, 512));
	EXPECT_STREQ("0", LIST(z, 9, ISO));
	EXPECT_STREQ("512", LIST(z, 9, MOV));
	EXPECT_EQ(1, UNDO(r, 0, 512));
	EXPECT_STREQ("0", LIST(z, 10, MOV));
}

/* Isolated one after the other, halves are moved and not merged; nor at the undo of the first. */
TEST_F(isolation, moved_halves_stay_apart)
{
	struct sbuddy_range r;
	struct sbuddy_zone *z;

	IMPORT(.zone = SBUDDY_ZONE_NORMAL, .blocks = 2, .free = { { 10, MOV, "0" } });
	z = ZONE(NORMAL);
	r = range(&self->h);
	EXPECT_EQ(0, SET(r, 0, 1024));
	EXPECT_STREQ("0 512", LIST(z, 9, ISO));
	EXPECT_STREQ("", LIST(z, 10, ISO));
	EXPECT_EQ(2, UNDO(r, 0, 1024));
	EXPECT_STREQ("0", LIST(z, 10, MOV));
}

/* CHECK 8: a page freed into an isolated block goes to its list at once. */
TEST_F(isolation, frees_bypass_the_pcp)
{
	struct sbuddy_range r;
	struct sbuddy_zone *z;
	long off;

	IMPORT(.zone = SBUDDY_ZONE_MOVABLE, .blocks = 2, .batch = 4, .high_min = 100,
	       .high_max = 100, .free = { { 1, MOV, "4" }, { 0, MOV, "600" } });
	z = ZONE(MOVABLE);
	r = range(&self->h);
	off = ALLOC(GFP_MOV | SBUDDY_GFP_HIGHMEM, 1);
	EXPECT_EQ(4, off);
	EXPECT_EQ(0, SET_BLOCK(r, 0));
	FREE(off, 1);
	EXPECT_STREQ("4", LIST(z, 1, ISO));
	EXPECT_EQ(0, z->pcp[0].count);
}

/* CHECK 8: adjacent isolated blocks merge when freed; CHECK 4: others do not join them. */
TEST_F(isolation, isolated_blocks_merge)
{
	struct sbuddy_range r;
	struct sbuddy_zone *z;
	long a;

	BOOT("N0:Movable=16M", 1);
	host_no_watermarks(&self->h);
	z = ZONE(MOVABLE);
	r = range(&self->h);
	for (int i = 0; i < 4; i++)
		EXPECT_LE(0, ALLOC(SBUDDY_GFP_HIGHUSER_MOVABLE, 10));
	EXPECT_EQ(0, SET(r, 0, 1536));
	a = 0;
	FREE(a, 10);
	EXPECT_STREQ("0", LIST(z, 10, ISO));
	FREE(1024, 10);
	EXPECT_STREQ("1024", LIST(z, 9, ISO));
	EXPECT_STREQ("1536", LIST(z, 9, MOV));
	EXPECT_EQ(3, UNDO(r, 0, 4096));
	EXPECT_STREQ("0 1024", LIST(z, 10, MOV));
}

/* What is in use forbids it, and is named; nothing changed. */
TEST_F(isolation, unmovable_page_is_named)
{
	struct sbuddy_range r;
	char *before, *after;

	BOOT("N0:Normal=16M", 1);
	r = range(&self->h);
	EXPECT_EQ(0, ALLOC(GFP_MOV, 10));	/* not compound: one page has a reference */
	EXPECT_EQ(1024, ALLOC(GFP_MOV | SBUDDY_GFP_COMP, 10));
	EXPECT_EQ(2048, ALLOC(GFP_MOV, 4));
	before = host_snapshot(&self->h);
	EXPECT_EQ(-EBUSY, SET_BLOCK(r, 0));
	EXPECT_EQ(SBUDDY_RANGE_UNMOVABLE, r.reason);
	EXPECT_EQ(0, WHY(r));
	EXPECT_EQ(-EBUSY, SET_BLOCK(r, 1024));
	EXPECT_EQ(SBUDDY_RANGE_COMPOUND, r.reason);
	EXPECT_EQ(1024, WHY(r));
	EXPECT_EQ(-EBUSY, SET_BLOCK(r, 1536));	/* only tails here */
	EXPECT_EQ(SBUDDY_RANGE_COMPOUND, r.reason);
	EXPECT_EQ(1536, WHY(r));
	EXPECT_EQ(-EBUSY, SET_BLOCK(r, 2048));
	EXPECT_EQ(2048, WHY(r));
	after = host_snapshot(&self->h);
	EXPECT_STREQ(before, after);
	free(before);
	free(after);
	EXPECT_EQ(0, SET_BLOCK(r, 512));	/* tails without a reference are nobody's */
	EXPECT_EQ(0, SET_BLOCK(r, 2560));
	EXPECT_EQ(-EBUSY, SET_BLOCK(r, 2560));
	EXPECT_EQ(SBUDDY_RANGE_ISOLATED, r.reason);
}

/* Only the part of the pageblock that is asked for has to be movable. */
TEST_F(isolation, part_of_a_block)
{
	struct sbuddy_range r;
	unsigned long base;

	BOOT("N0:Normal=16M", 1);
	r = range(&self->h);
	base = self->h.m->base_pfn;
	EXPECT_EQ(0, ALLOC(GFP_MOV, 4));
	EXPECT_EQ(-EBUSY, sbuddy_set_migratetype_isolate(&r, base, base, base + 512));
	EXPECT_EQ(-EBUSY, sbuddy_set_migratetype_isolate(&r, base, base, base + 1));
	EXPECT_EQ(0, sbuddy_set_migratetype_isolate(&r, base, base + 16, base + 512));
	EXPECT_SANE();
}

/* LRU and movable-ops pages are movable, compound ones by their head's mark. */
TEST_F(isolation, marked_pages_are_movable)
{
	struct sbuddy_range r;
	long single, block;

	BOOT("N0:Normal=16M", 1);
	r = range(&self->h);
	single = ALLOC(GFP_MOV, 0);
	block = ALLOC(GFP_MOV | SBUDDY_GFP_COMP, 10);
	host_page(&self->h, single)->tag |= SBUDDY_TAG_LRU;
	EXPECT_EQ(0, SET_BLOCK(r, single & ~511L));
	host_page(&self->h, block)->tag |= SBUDDY_TAG_MOVABLE_OPS;
	EXPECT_EQ(0, SET_BLOCK(r, block + 512));
	EXPECT_EQ(0, SET_BLOCK(r, block));
	UNDO(r, 0, 4096);
	host_page(&self->h, single)->tag |= SBUDDY_TAG_RESERVED;
	EXPECT_EQ(-EBUSY, SET_BLOCK(r, single & ~511L));
	EXPECT_EQ(SBUDDY_RANGE_RESERVED, r.reason);
	EXPECT_EQ(single, WHY(r));
	host_page(&self->h, single)->tag &= ~SBUDDY_TAG_RESERVED;
}

/* In the movable zone everything goes, but what was never the allocator's. */
TEST_F(isolation, movable_zone)
{
	struct sbuddy_range r;

	BOOT("N0:Movable=16M", 1);
	r = range(&self->h);
	EXPECT_EQ(0, ALLOC(SBUDDY_GFP_HIGHUSER_MOVABLE, 10));
	EXPECT_EQ(0, SET(r, 0, 1024));
	EXPECT_EQ(2, UNDO(r, 0, 1024));
	host_page(&self->h, 100)->tag = SBUDDY_TAG_RESERVED;
	EXPECT_EQ(-EBUSY, SET_BLOCK(r, 0));
	EXPECT_EQ(SBUDDY_RANGE_RESERVED, r.reason);
	EXPECT_EQ(100, WHY(r));
	host_page(&self->h, 100)->tag = 0;
}

/* A compound block across the border: at the start, at the end, at a range's end. */
TEST_F(isolation, straddling_compound_block)
{
	const u32 gfp = SBUDDY_GFP_HIGHUSER_MOVABLE | SBUDDY_GFP_COMP;
	struct sbuddy_range r;
	struct sbuddy_zone *z;

	BOOT("N0:Movable=16M", 1);
	r = range(&self->h);
	z = ZONE(MOVABLE);
	EXPECT_EQ(0, ALLOC(gfp, 10));
	EXPECT_EQ(-EBUSY, SET(r, 512, 512));
	EXPECT_EQ(SBUDDY_RANGE_STRADDLES, r.reason);
	EXPECT_EQ(0, WHY(r));
	EXPECT_EQ(-EBUSY, SET(r, 0, 512));
	EXPECT_EQ(SBUDDY_RANGE_STRADDLES, r.reason);
	EXPECT_EQ(-EBUSY, SET(r, 512, 2048));
	EXPECT_EQ(0, z->nr_isolate_pageblock);
	EXPECT_EQ(0, SET(r, 0, 1024));
	EXPECT_EQ(2, UNDO(r, 0, 1024));
	/* not compound: nothing to keep together */
	EXPECT_EQ(1024, ALLOC(SBUDDY_GFP_HIGHUSER_MOVABLE, 10));
	EXPECT_EQ(0, SET(r, 1536, 512));
}

/* Straddles the end of a longer range: first and last are given back. */
TEST_F(isolation, straddler_at_the_end_of_a_range)
{
	const u32 gfp = SBUDDY_GFP_HIGHUSER_MOVABLE | SBUDDY_GFP_COMP;
	struct sbuddy_range r;

	BOOT("N0:Movable=16M", 1);
	r = range(&self->h);
	EXPECT_EQ(0, ALLOC(gfp, 10));
	EXPECT_EQ(1024, ALLOC(gfp, 10));
	FREE(0, 10);
	EXPECT_EQ(-EBUSY, SET(r, 0, 1536));
	EXPECT_EQ(SBUDDY_RANGE_STRADDLES, r.reason);
	EXPECT_EQ(1024, WHY(r));
	EXPECT_EQ(0, ZONE(MOVABLE)->nr_isolate_pageblock);
	EXPECT_EQ(MOV, TYPE(0));
	EXPECT_EQ(MOV, TYPE(1024));
}

/*
 * CHECK 8: a failure in the middle.  First, last, then the middle ascending; all are
 * given back, ascending, the last one last, and lie at the tails.
 */
TEST_F(isolation, failure_in_the_middle)
{
	struct sbuddy_range r;
	struct sbuddy_zone *z;

	IMPORT(.zone = SBUDDY_ZONE_NORMAL, .blocks = 8, .types = "11111111",
	       .free = { { 4, MOV, "3600 3088 2064 1552 1040 528 16" }, { 5, MOV, "2592" } });
	z = ZONE(NORMAL);
	r = range(&self->h);
	EXPECT_EQ(2592, ALLOC(GFP_MOV, 5));
	EXPECT_EQ(-EBUSY, SET(r, 512 + 5, 6 * 512));
	EXPECT_EQ(SBUDDY_RANGE_UNMOVABLE, r.reason);
	EXPECT_EQ(2592, WHY(r));
	EXPECT_STREQ("3088 16 528 1040 1552 2064 3600", LIST(z, 4, MOV));
	EXPECT_EQ(0, z->nr_isolate_pageblock);
}

/* CHECK 8: an isolated block in the range: -EBUSY, and that block stays isolated. */
TEST_F(isolation, overlap)
{
	struct sbuddy_range r;

	BOOT("N0:Normal=16M", 1);
	r = range(&self->h);
	EXPECT_EQ(0, SET(r, 1024, 512));
	EXPECT_EQ(-EBUSY, SET(r, 0, 2048));
	EXPECT_EQ(SBUDDY_RANGE_ISOLATED, r.reason);
	EXPECT_EQ(1024, WHY(r));
	EXPECT_EQ(1, ZONE(NORMAL)->nr_isolate_pageblock);
	EXPECT_EQ(ISO, TYPE(1024));
	EXPECT_EQ(-EBUSY, SET(r, 1024, 1024));
	EXPECT_EQ(-EBUSY, SET(r, 512, 1024));
	EXPECT_EQ(1, ZONE(NORMAL)->nr_isolate_pageblock);
	EXPECT_EQ(1, UNDO(r, 0, 4096));
	EXPECT_STREQ("2048 3072 0 1024", LIST(ZONE(NORMAL), 10, MOV));
}

/* Of what a high-atomic block reserves nothing is known any more after its isolation. */
TEST_F(isolation, highatomic_block)
{
	struct sbuddy_range r;
	struct sbuddy_zone *z;

	IMPORT(.zone = SBUDDY_ZONE_NORMAL, .blocks = 4, .types = "13", .highatomic = 512,
	       .free = { { 5, HAT, "512" }, { 5, MOV, "64" } });
	z = ZONE(NORMAL);
	r = range(&self->h);
	EXPECT_EQ(32, z->nr_free_highatomic);
	EXPECT_EQ(0, SET_BLOCK(r, 512));
	EXPECT_EQ(0, z->nr_free_highatomic);
	EXPECT_EQ(512, z->nr_reserved_highatomic);
	EXPECT_EQ(1, UNDO(r, 512, 512));
	EXPECT_EQ(MOV, TYPE(512));
	EXPECT_EQ(0, z->nr_free_highatomic);
	EXPECT_EQ(512, z->nr_reserved_highatomic);
	EXPECT_STREQ("64 512", LIST(z, 5, MOV));
}

/* Next to a high-atomic block an ending isolation takes the block off and puts it back alone. */
TEST_F(isolation, undo_beside_highatomic)
{
	struct sbuddy_range r;
	struct sbuddy_zone *z;

	IMPORT(.zone = SBUDDY_ZONE_NORMAL, .blocks = 4, .types = "13", .highatomic = 512,
	       .free = { { 9, HAT, "512" }, { 9, MOV, "0 1024" } });
	z = ZONE(NORMAL);
	r = range(&self->h);
	EXPECT_EQ(0, SET_BLOCK(r, 0));
	EXPECT_EQ(1, UNDO(r, 0, 512));
	EXPECT_STREQ("1024 0", LIST(z, 9, MOV));
	EXPECT_STREQ("512", LIST(z, 9, HAT));
}

/* The type asked for decides at the undo, also that of the buddy that joins. */
TEST_F(isolation, undo_to_a_type)
{
	struct sbuddy_range r;
	struct sbuddy_zone *z;

	IMPORT(.zone = SBUDDY_ZONE_NORMAL, .blocks = 2, .free = { { 10, MOV, "0" } });
	z = ZONE(NORMAL);
	r = range(&self->h);
	EXPECT_EQ(0, SET_BLOCK(r, 512));
	r.migratetype = REC;
	EXPECT_EQ(1, UNDO(r, 512, 1));
	EXPECT_STREQ("0", LIST(z, 10, REC));
	EXPECT_EQ(REC, TYPE(0));
	EXPECT_EQ(REC, TYPE(512));
}

/* Holes, other zones, frames that are none. */
TEST_F(isolation, no_memory)
{
	struct sbuddy_range r;
	unsigned long base;

	BOOT("N0:DMA32=4M,hole=4M,Normal=8M", 1);
	base = self->h.m->base_pfn;
	r = range(&self->h);
	EXPECT_EQ(-EBUSY, SET_BLOCK(r, 1024));
	EXPECT_EQ(SBUDDY_RANGE_HOLE, r.reason);
	EXPECT_EQ(-EINVAL, sbuddy_range_in_one_zone(&r, base, base + 2049));
	EXPECT_EQ(SBUDDY_RANGE_ZONES, r.reason);
	EXPECT_EQ(2048, WHY(r));
	EXPECT_EQ(0, sbuddy_range_in_one_zone(&r, base, base + 2048));
	EXPECT_EQ(-ENOENT, sbuddy_range_in_one_zone(&r, base - 1, base + 1));
	EXPECT_EQ(-ENOENT, sbuddy_range_in_one_zone(&r, base, base + 4097));
	EXPECT_EQ(-EINVAL, sbuddy_range_in_one_zone(&r, base, base));
	EXPECT_EQ(-EBUSY, SET(r, 512, 1024));	/* the last block lies in the hole */
	EXPECT_EQ(SBUDDY_RANGE_HOLE, r.reason);
	EXPECT_EQ(0, ZONE(DMA32)->nr_isolate_pageblock);
	EXPECT_EQ(0, UNDO(r, 0, 4096));
}

/* A pageblock that the zone has only a part of. */
TEST_F(isolation, zone_edge)
{
	struct sbuddy_range r;

	IMPORT(.zone = SBUDDY_ZONE_NORMAL, .blocks = 2, .free = { { 3, MOV, "520" } });
	ZONE(NORMAL)->spanned_pages -= 8;
	r = range(&self->h);
	EXPECT_EQ(-EBUSY, sbuddy_set_migratetype_isolate(&r, self->h.m->base_pfn + 512, 0, ~0UL));
	EXPECT_EQ(SBUDDY_RANGE_ZONE_EDGE, r.reason);
	ZONE(NORMAL)->spanned_pages += 8;
}

/* test_pages_isolated(): isolated and free, seen by the tracepoint too. */
TEST_F(isolation, test_of_a_range)
{
	struct sbuddy_range r;
	unsigned long base;

	IMPORT(.zone = SBUDDY_ZONE_NORMAL, .blocks = 4,
	       .free = { { 9, MOV, "0" }, { 5, MOV, "512" } });
	base = self->h.m->base_pfn;
	r = range(&self->h);
	host_trace(&self->h);
	EXPECT_EQ(0, SET(r, 0, 1024));
	EXPECT_EQ(0, sbuddy_test_pages_isolated(&r, base, base + 544));
	EXPECT_EQ(base + 544, host_event(SBUDDY_TRACE_TEST_ISOLATED, 0)->arg[2]);
	EXPECT_EQ(-EBUSY, sbuddy_test_pages_isolated(&r, base, base + 545));
	EXPECT_EQ(SBUDDY_RANGE_IN_USE, r.reason);
	EXPECT_EQ(544, WHY(r));
	EXPECT_EQ(-EBUSY, sbuddy_test_pages_isolated(&r, base, base + 1025));
	EXPECT_EQ(SBUDDY_RANGE_NOT_ISOLATED, r.reason);
	EXPECT_EQ(1024, WHY(r));
	EXPECT_EQ(base + 1024, host_event(SBUDDY_TRACE_TEST_ISOLATED, 2)->arg[2]);
	EXPECT_EQ(3, host_count(SBUDDY_TRACE_TEST_ISOLATED));
}

TEST_F(isolation, report)
{
	struct sbuddy_range r;
	unsigned long lines = os_warnings;

	BOOT("N0:Normal=16M", 1);
	r = range(&self->h);
	EXPECT_EQ(0, ALLOC(GFP_MOV, 4));
	EXPECT_EQ(-EBUSY, SET_BLOCK(r, 0));
	EXPECT_EQ(lines, os_warnings);
	r.flags = SBUDDY_ISOLATE_REPORT;
	EXPECT_EQ(-EBUSY, SET_BLOCK(r, 0));
	EXPECT_EQ(lines + 1, os_warnings);
	for (int i = 0; i < SBUDDY_NR_RANGE_REASONS; i++)
		EXPECT_STRNE("?", sbuddy_range_reason_name(i));
	EXPECT_STREQ("?", sbuddy_range_reason_name(SBUDDY_NR_RANGE_REASONS));
}

/* Without grouping pageblocks are Unmovable, what was isolated is listed as asked for. */
TEST_F(isolation, no_grouping)
{
	struct sbuddy_range r;
	struct sbuddy_zone *z;

	BOOT("N0:Normal=8M", 1);
	EXPECT_TRUE(self->h.m->knobs.group_by_mobility_disabled);
	z = ZONE(NORMAL);
	r = range(&self->h);
	EXPECT_EQ(0, SET_BLOCK(r, 0));
	EXPECT_EQ(ISO, TYPE(0));
	EXPECT_EQ(1, UNDO(r, 0, 512));
	EXPECT_EQ(UNM, TYPE(0));
	EXPECT_EQ(MOV, TYPE(512));
	EXPECT_STREQ("1024 0", LIST(z, 10, MOV));
}

/* ---- owners ---- */

#define OWNER() do {							\
	self->h.o = sbuddy_owner_create(self->h.m, 3);			\
	ASSERT_NE(NULL, self->h.o);					\
} while (0)

#define ISOLATE_OP(code, off, len, ...)					\
	(struct sbuddy_op){ .opcode = SBUDDY_OP_##code, .order = MOV,	\
			    .pfn = self->h.m->base_pfn + (off), .count = len, ##__VA_ARGS__ }

TEST_F(isolation, belongs_to_an_owner)
{
	struct sbuddy_owner *other;
	struct sbuddy_op op;

	BOOT("N0:Normal=16M", 1);
	OWNER();
	other = sbuddy_owner_create(self->h.m, 77);
	ASSERT_NE(NULL, other);
	EXPECT_EQ(0, run(&self->h, NULL, ISOLATE_OP(ISOLATE, 700, 512)));
	EXPECT_EQ(2, ZONE(NORMAL)->nr_isolate_pageblock);
	op = ISOLATE_OP(UNISOLATE, 0, 4096);
	EXPECT_EQ(-EBUSY, sbuddy_run_op(other, &op, 0));
	EXPECT_EQ(self->h.m->base_pfn + 512, op.pfn);
	EXPECT_EQ(0, run(&self->h, other, ISOLATE_OP(ISOLATE, 2048, 1)));
	EXPECT_EQ(-EBUSY, run(&self->h, NULL, ISOLATE_OP(UNISOLATE, 0, 4096)));
	op = ISOLATE_OP(UNISOLATE, 1000, 1048);
	EXPECT_EQ(0, sbuddy_run_op(self->h.o, &op, 0));
	EXPECT_EQ(1024, op.count);
	EXPECT_EQ(self->h.m->base_pfn + 512, op.pfn);
	EXPECT_EQ(1, ZONE(NORMAL)->nr_isolate_pageblock);
	sbuddy_owner_destroy(other, &self->h.task);
	EXPECT_SANE();
	EXPECT_EQ(0, ZONE(NORMAL)->nr_isolate_pageblock);
	EXPECT_EQ(MOV, TYPE(2048));
}

/* What nobody isolated, in an imported machine, anybody may undo. */
TEST_F(isolation, nobodys)
{
	struct sbuddy_op op;

	IMPORT(.zone = SBUDDY_ZONE_NORMAL, .blocks = 4, .types = "14",
	       .free = { { 5, ISO, "512" } });
	OWNER();
	EXPECT_EQ(1, ZONE(NORMAL)->nr_isolate_pageblock);
	op = ISOLATE_OP(UNISOLATE, 0, 2048);
	EXPECT_EQ(0, sbuddy_run_op(self->h.o, &op, 0));
	EXPECT_EQ(512, op.count);
	EXPECT_SANE();
	EXPECT_STREQ("512", LIST(ZONE(NORMAL), 5, MOV));
}

TEST_F(isolation, wrong_operations)
{
	struct sbuddy_isolate arg = { .pfn = 1, .count = 1 };

	BOOT("N0:Normal=16M", 1);
	OWNER();
	EXPECT_EQ(-EINVAL, run(&self->h, NULL, ISOLATE_OP(ISOLATE, 0, 0)));
	EXPECT_EQ(-EINVAL, run(&self->h, NULL, ISOLATE_OP(ISOLATE, 0, SBUDDY_MAX_ISOLATE + 1)));
	EXPECT_EQ(-EINVAL, run(&self->h, NULL, ISOLATE_OP(ISOLATE, 0, 1, .flags = 8)));
	EXPECT_EQ(-EINVAL, run(&self->h, NULL, ISOLATE_OP(UNISOLATE, 0, 1, .flags = 1)));
	EXPECT_EQ(-EINVAL, run(&self->h, NULL, ISOLATE_OP(TEST_ISOLATED, 0, 1, .flags = 2)));
	EXPECT_EQ(-EINVAL, run(&self->h, NULL, ISOLATE_OP(ISOLATE, 0, 1, .slot = 1)));
	EXPECT_EQ(-EINVAL, run(&self->h, NULL, ISOLATE_OP(ISOLATE, 0, 1, .gfp = 1)));
	EXPECT_EQ(-EINVAL, run(&self->h, NULL, ISOLATE_OP(ISOLATE, 0, 1, .cpu = 1)));
	EXPECT_EQ(-EINVAL, run(&self->h, NULL, ISOLATE_OP(ISOLATE, 0, 513,
							  .flags = SBUDDY_ISOLATE_SINGLE)));
	EXPECT_EQ(-ENOENT, run(&self->h, NULL, ISOLATE_OP(ISOLATE, 4096, 1)));
	EXPECT_EQ(0, run(&self->h, NULL, ISOLATE_OP(ISOLATE, 0, 1,
						    .flags = SBUDDY_ISOLATE_OFFLINE)));
	EXPECT_EQ(0, run(&self->h, NULL, ISOLATE_OP(TEST_ISOLATED, 0, 512,
						    .flags = SBUDDY_ISOLATE_OFFLINE)));
	EXPECT_EQ(0, sbuddy_run_isolate(self->h.o, &arg, 0));
	EXPECT_EQ(-ENOENT, arg.result);
	arg.action = SBUDDY_NR_ISOLATE_ACTIONS;
	EXPECT_EQ(-EINVAL, sbuddy_run_isolate(self->h.o, &arg, 0));
	arg.action = SBUDDY_ISOLATE_SET;
	arg.migratetype = HAT;
	EXPECT_EQ(-EINVAL, sbuddy_run_isolate(self->h.o, &arg, 0));
	arg.migratetype = 256;
	EXPECT_EQ(-EINVAL, sbuddy_run_isolate(self->h.o, &arg, 0));
}

/* The structure says why; a reset forgets all of it. */
TEST_F(isolation, structure_and_reset)
{
	struct sbuddy_isolate arg = { .migratetype = MOV, .count = 512 };

	BOOT("N0:Normal=16M", 1);
	OWNER();
	arg.pfn = self->h.m->base_pfn;
	EXPECT_EQ(0, sbuddy_run_isolate(self->h.o, &arg, 0));
	EXPECT_EQ(0, arg.result);
	EXPECT_EQ(512, arg.count);
	EXPECT_EQ(SBUDDY_NO_PFN, arg.fault_pfn);
	EXPECT_EQ(0, sbuddy_run_isolate(self->h.o, &arg, 0));
	EXPECT_EQ(-EBUSY, arg.result);
	EXPECT_EQ(SBUDDY_RANGE_ISOLATED, arg.reason);
	EXPECT_EQ(self->h.m->base_pfn, arg.fault_pfn);
	EXPECT_EQ(0, sbuddy_machine_reset(self->h.m));
	EXPECT_SANE();
	EXPECT_EQ(0, sbuddy_run_isolate(self->h.o, &arg, 0));
	EXPECT_EQ(0, arg.result);
	EXPECT_EQ(SBUDDY_RANGE_NONE, arg.reason);
}

/* An isolated zone in a snapshot: the same on both sides of an import. */
TEST_F(isolation, snapshot)
{
	struct sbuddy_machine *copy;
	struct sbuddy_range r;
	char *before, *after, err[128];
	struct host h2 = { 0 };

	BOOT("N0:Normal=16M,Movable=8M", 2);
	r = range(&self->h);
	EXPECT_EQ(0, ALLOC(GFP_MOV, 3));
	EXPECT_EQ(0, SET(r, 1000, 1024));
	before = host_snapshot(&self->h);
	ASSERT_EQ(0, sbuddy_snapshot_import(before, strlen(before), &copy, err, sizeof(err)));
	h2.m = copy;
	EXPECT_EQ(0, sbuddy_check(copy, err, sizeof(err))) {
		TH_LOG("%s", err);
	}
	after = host_snapshot(&h2);
	EXPECT_STREQ(before, after);
	EXPECT_EQ(3, copy->zones[0]->nr_isolate_pageblock);
	free(before);
	free(after);
	sbuddy_machine_destroy(copy);
}

TEST_HARNESS_MAIN
