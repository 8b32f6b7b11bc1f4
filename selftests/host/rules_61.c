// SPDX-License-Identifier: GPL-2.0
/*
 * What the 6.1 rules decide otherwise, one test a difference: each shows the
 * 6.1 outcome where 6.12 would have another.
 */
#include "host_test.h"
#include "rules.h"

HOST_FIXTURE(rules_61)

#define OLD(...) IMPORT(.rules = "6.1", .zone = SBUDDY_ZONE_DMA32, __VA_ARGS__)
#define PCP(z)	(&(z)->pcp[0])

/* Too little free and alike: the free blocks move, the pageblock keeps its type. */
TEST_F(rules_61, fallback_moves_what_it_does_not_claim)
{
	struct sbuddy_zone *z;

	OLD(.blocks = 4, .types = "2 2 2 2", .free = { { 5, REC, "0" }, { 2, REC, "64 128" } });
	z = ZONE(DMA32);
	EXPECT_EQ(0, ALLOC(GFP_UNM, 4));
	EXPECT_EQ(REC, TYPE(0));
	EXPECT_STREQ("16", LIST(z, 4, UNM));
	EXPECT_STREQ("64 128", LIST(z, 2, UNM));
	EXPECT_STREQ("", LIST(z, 2, REC));
	EXPECT_EQ(1, sbuddy_zone_event(z, SBUDDY_STEAL));
}

/* Half free or alike: the pageblock changes hands. */
TEST_F(rules_61, fallback_claims)
{
	OLD(.blocks = 4, .types = "2 2 2 2", .free = { { 8, REC, "0" } });
	EXPECT_EQ(0, ALLOC(GFP_UNM, 4));
	EXPECT_EQ(UNM, TYPE(0));
	EXPECT_EQ(1, sbuddy_zone_event(ZONE(DMA32), SBUDDY_CLAIM));
}

/* A movable request that cannot have the pageblock takes the smallest; remainders are its own. */
TEST_F(rules_61, movable_takes_the_smallest)
{
	struct sbuddy_zone *z;

	OLD(.blocks = 4, .types = "0 0 0 0", .batch = 1,
	    .free = { { 3, UNM, "64" }, { 1, UNM, "128" } });
	z = ZONE(DMA32);
	EXPECT_EQ(128, ALLOC(GFP_MOV, 0));
	EXPECT_STREQ("129", LIST(z, 0, MOV));
	EXPECT_STREQ("64", LIST(z, 3, UNM));
	EXPECT_EQ(UNM, TYPE(128));
}

/* Every fallback below pageblock size boosts, even one that cannot have the pageblock. */
TEST_F(rules_61, each_fallback_boosts)
{
	OLD(.blocks = 4, .types = "0 0 0 0", .batch = 1, .free = { { 1, UNM, "512" } });
	ZONE(DMA32)->watermark[SBUDDY_WMARK_HIGH] = 100;
	EXPECT_EQ(512, ALLOC(SBUDDY_GFP_MOVABLE | SBUDDY_GFP_MEMALLOC, 0));
	EXPECT_EQ(512, ZONE(DMA32)->watermark_boost);
	EXPECT_EQ(UNM, TYPE(512));
}

/* Two free halves of different mergeable types join and keep their types. */
TEST_F(rules_61, merge_keeps_types)
{
	struct sbuddy_zone *z;
	long off;

	OLD(.blocks = 2, .types = "0 1", .free = { { 9, UNM, "0" }, { 9, MOV, "512" } });
	z = ZONE(DMA32);
	off = ALLOC(GFP_MOV, 8);
	EXPECT_EQ(512, off);
	FREE(off, 8);
	EXPECT_STREQ("0", LIST(z, 10, MOV));
	EXPECT_EQ(UNM, TYPE(0));
	EXPECT_EQ(MOV, TYPE(512));
}

/* A block goes back to the type that its pageblock had when it was freed. */
TEST_F(rules_61, pcp_block_remembers)
{
	struct sbuddy_zone *z;
	long off;

	OLD(.blocks = 2, .batch = 1, .high_max = 100, .free = { { 10, MOV, "0" } });
	z = ZONE(DMA32);
	off = ALLOC(GFP_MOV, 0);
	EXPECT_EQ(0, off);
	FREE(off, 0);
	EXPECT_STREQ("0", PCPLIST(z, 1));
	sbuddy_set_pageblock_migratetype(self->h.m, sbuddy_pfn(self->h.m, host_page(&self->h, 0)),
					 REC);
	sbuddy_drain_pages(self->h.m, &self->h.task, 0);
	EXPECT_STREQ("0", LIST(z, 10, MOV));
}

/* Drains in a row double; an allocation halves. */
TEST_F(rules_61, drains_double)
{
	struct sbuddy_zone *z;
	long off[80];

	OLD(.blocks = 2, .batch = 2, .high_max = 16, .free = { { 10, MOV, "0" } });
	z = ZONE(DMA32);
	for (int i = 0; i < 80; i++)
		off[i] = ALLOC(GFP_MOV, 0);
	for (int i = 0; i < 15; i++)
		FREE(off[i], 0);
	EXPECT_EQ(15, PCP(z)->count);
	FREE(off[15], 0);
	EXPECT_EQ(14, PCP(z)->count);	/* a batch of 2 */
	EXPECT_EQ(1, PCP(z)->free_count);
	FREE(off[16], 0);
	FREE(off[17], 0);
	EXPECT_EQ(12, PCP(z)->count);	/* 4 */
	EXPECT_EQ(2, PCP(z)->free_count);
	ALLOC(GFP_MOV, 0);
	EXPECT_EQ(1, PCP(z)->free_count);
}

/* Once a drain has doubled, a free of order 1 to 3 empties the lists. */
TEST_F(rules_61, high_order_free_empties)
{
	struct sbuddy_zone *z;
	long a, b;

	OLD(.blocks = 2, .batch = 2, .high_max = 100, .free = { { 10, MOV, "0" } });
	z = ZONE(DMA32);
	a = ALLOC(GFP_MOV, 1);
	b = ALLOC(GFP_MOV, 1);
	FREE(a, 1);
	EXPECT_NE(0, PCP(z)->count);
	PCP(z)->free_count = 1;
	FREE(b, 1);
	EXPECT_EQ(0, PCP(z)->count);
}

/* A small zone reserves too, always one pageblock; all of it counts as unusable. */
TEST_F(rules_61, highatomic)
{
	struct sbuddy_zone *z;

	OLD(.blocks = 4, .min = 10, .low = 1900, .high = 2000, .free = { { 10, MOV, "0 1024" } });
	z = ZONE(DMA32);
	EXPECT_EQ(0, ALLOC(SBUDDY_GFP_ATOMIC, 10));
	EXPECT_EQ(512, z->nr_reserved_highatomic);
	EXPECT_EQ(512, z->nr_free_highatomic);
	EXPECT_EQ(HAT, TYPE(0));
	EXPECT_NE(HAT, TYPE(512));
}

TEST_F(rules_61, highatomic_limit)
{
	OLD(.blocks = 100);
	EXPECT_EQ(512 + 512, sbuddy_highatomic_limit_61(ZONE(DMA32)));
}

/* The Movable zone has its share of min_free_kbytes, and all zones share. */
TEST_F(rules_61, movable_zone_shares)
{
	struct sbuddy_config *cfg = calloc(1, sizeof(*cfg));
	const char *expected;

	sbuddy_config_init(cfg);
	cfg->rules = SBUDDY_RULES_6_1;
	ASSERT_EQ(0, sbuddy_layout_parse("N0:Normal=64M,Movable=64M", 0, &cfg->layout, &expected));
	ASSERT_EQ(0, sbuddy_machine_create(cfg, &self->h.m));
	sbuddy_set_min_free_kbytes(self->h.m, 4000);
	EXPECT_EQ(500, ZONE(NORMAL)->watermark[SBUDDY_WMARK_MIN]);
	EXPECT_EQ(500, ZONE(MOVABLE)->watermark[SBUDDY_WMARK_MIN]);
	EXPECT_EQ(PCP(ZONE(NORMAL))->high, ZONE(NORMAL)->watermark[SBUDDY_WMARK_LOW]);
	free(cfg);
}

/* Blocks as they come, then the single pages, the last first. */
TEST_F(rules_61, batch_backwards)
{
	struct sbuddy_page *batch[3];
	struct sbuddy_zone *z;

	OLD(.blocks = 2, .batch = 1, .high_max = 100, .free = { { 10, MOV, "0" } });
	z = ZONE(DMA32);
	for (int i = 0; i < 3; i++)
		batch[i] = host_page(&self->h, ALLOC(GFP_MOV, 0));
	EXPECT_EQ(0, sbuddy_folios_put(self->h.m, &self->h.task, batch, 3));
	EXPECT_STREQ("0 1 2", PCPLIST(z, 1));
}

/* A refill is counted once: the threshold is crossed by its sum or not at all. */
TEST_F(rules_61, refill_counts_once)
{
	struct sbuddy_zone *z;
	long before;

	OLD(.blocks = 2, .batch = 7, .high_max = 100, .threshold = 6, .free = { { 10, MOV, "0" } });
	z = ZONE(DMA32);
	before = z->nr_free_pages;
	ALLOC(GFP_MOV, 0);
	EXPECT_EQ(before - 7, z->nr_free_pages);
	EXPECT_EQ(0, z->zstat[0].free_diff);
}

static int node_of_huge_page(struct host *h, const struct sbuddy_mempolicy *pol)
{
	struct sbuddy_page *page;

	page = sbuddy_alloc_pages_mpol(h->m, &h->task, SBUDDY_GFP_TRANSHUGE_LIGHT, 9, pol, 0, -1);
	return page ? sbuddy_page_zone(h->m, page)->node : -1;
}

/* A huge page is sought where the task is, if the set allows it; only others go home. */
TEST_F(rules_61, huge_page_not_at_home)
{
	struct sbuddy_mempolicy pol;

	ASSERT_EQ(0, host_boot_61(&self->h, "N0:Normal=16M;N1:Normal=16M;N2:Normal=16M", 1));
	ASSERT_EQ(0, sbuddy_mpol_new(self->h.m, SBUDDY_MPOL_BIND, 3, 1, &pol));
	EXPECT_EQ(0, node_of_huge_page(&self->h, &pol));
	ASSERT_EQ(0, sbuddy_mpol_new(self->h.m, SBUDDY_MPOL_BIND, 6, 2, &pol));
	EXPECT_EQ(2, node_of_huge_page(&self->h, &pol));
	while (node_of_huge_page(&self->h, &pol) == 2)
		;
	/* the set's other node served; by home this would have been there or nowhere */
	EXPECT_EQ(1, node_of_huge_page(&self->h, &pol));
	EXPECT_SANE();
}

TEST_F(rules_61, no_weighted_interleave)
{
	struct sbuddy_mempolicy pol = { .mode = 99 };
	const char *expected = "";

	ASSERT_EQ(0, host_boot_61(&self->h, "N0:Normal=16M;N1:Normal=16M", 1));
	EXPECT_EQ(-EOPNOTSUPP, sbuddy_mpol_new(self->h.m, SBUDDY_MPOL_WEIGHTED_INTERLEAVE, 3, -1,
					       &pol));
	EXPECT_EQ(-EOPNOTSUPP, sbuddy_mpol_parse(self->h.m, "weighted-interleave:0-1", &pol,
						 &expected));
	EXPECT_NE(NULL, strstr(expected, "6.1"));
	EXPECT_EQ(99, pol.mode);
	EXPECT_EQ(-EOPNOTSUPP, sbuddy_set_il_weight(self->h.m, 0, 3));
	EXPECT_EQ(1, sbuddy_get_il_weight(self->h.m, 0));
}

/* Each operation on ranges, and the commands: refused, nothing changed. */
TEST_F(rules_61, no_ranges)
{
	struct sbuddy_isolate isolate = { .count = 512 };
	struct sbuddy_contig contig = { .count = 512 };
	u64 hash;

	ASSERT_EQ(0, host_boot_61(&self->h, "N0:Normal=16M", 1));
	self->h.o = sbuddy_owner_create(self->h.m, 1);
	ASSERT_NE(NULL, self->h.o);
	isolate.pfn = self->h.m->base_pfn;
	contig.pfn = self->h.m->base_pfn;
	hash = sbuddy_machine_hash(self->h.m);
	for (int i = SBUDDY_OP_ISOLATE; i <= SBUDDY_OP_CONTIG_FREE; i++) {
		struct sbuddy_op op = { .opcode = i, .pfn = self->h.m->base_pfn, .count = 512,
					.nid = SBUDDY_NID_ANY };

		sbuddy_run_op(self->h.o, &op, 0);
		EXPECT_EQ(-EOPNOTSUPP, op.err);
		EXPECT_EQ(0, op.count);
	}
	EXPECT_EQ(-EOPNOTSUPP, sbuddy_run_isolate(self->h.o, &isolate, 0));
	EXPECT_EQ(-EOPNOTSUPP, sbuddy_run_contig(self->h.o, &contig, 0));
	EXPECT_EQ(hash, sbuddy_machine_hash(self->h.m));
	EXPECT_SANE();
}

TEST_HARNESS_MAIN
