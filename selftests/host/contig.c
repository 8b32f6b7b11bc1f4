// SPDX-License-Identifier: GPL-2.0
/*
 * Contiguous ranges (reference 8.5 and its items of CHECK 5 and 8): what is
 * taken, what goes back, what every pageblock is afterwards; and their slots.
 */
#include "host_test.h"

HOST_FIXTURE(contig)

#define GFP	SBUDDY_GFP_KERNEL

static struct sbuddy_range range(struct host *h)
{
	return (struct sbuddy_range){
		.m = h->m, .task = &h->task, .migratetype = MOV, .holder = 7,
	};
}

#define WHY(r)	((long)((r).pfn - self->h.m->base_pfn))

#define TAKE(r, off, len, gfp) __extension__ ({				\
	unsigned long _s = self->h.m->base_pfn + (off);			\
	int _err = sbuddy_alloc_contig_range(&(r), _s, _s + (len), gfp);	\
	EXPECT_SANE();							\
	EXPECT_EQ(7, (r).holder);					\
	_err;								\
})

#define GIVE(off, len) __extension__ ({					\
	int _err = sbuddy_free_contig_range(self->h.m, &self->h.task,	\
					    self->h.m->base_pfn + (off), len);	\
	EXPECT_SANE();							\
	_err;								\
})

#define ANYWHERE(r, nr, gfp, nid, mask) __extension__ ({		\
	struct sbuddy_page *_p = sbuddy_alloc_contig_pages(&(r), nr, gfp, nid, mask); \
	EXPECT_SANE();							\
	_p ? host_off(&self->h, _p) : -1;				\
})

/* Aligned to a pageblock: exactly that, as single pages. */
TEST_F(contig, one_pageblock)
{
	struct sbuddy_range r;
	struct sbuddy_zone *z;

	BOOT("N0:Normal=16M", 1);
	z = ZONE(NORMAL);
	r = range(&self->h);
	host_trace(&self->h);
	EXPECT_EQ(0, TAKE(r, 512, 512, GFP));
	EXPECT_STREQ("0", LIST(z, 9, MOV));
	EXPECT_STREQ("1024 2048 3072", LIST(z, 10, MOV));
	EXPECT_EQ(4096 - 512, sbuddy_zone_page_state_snapshot(z));
	EXPECT_EQ(0, z->nr_isolate_pageblock);
	EXPECT_EQ(0, sbuddy_zone_event(z, SBUDDY_PGALLOC));
	EXPECT_EQ(0, host_count(SBUDDY_TRACE_MM_PAGE_FREE));
	EXPECT_EQ(1, host_count(SBUDDY_TRACE_MIGRATE_RANGE));
	EXPECT_EQ(1, host_count(SBUDDY_TRACE_TEST_ISOLATED));
	for (long off = 512; off < 1024; off++) {
		EXPECT_EQ(SBUDDY_PAGE_USED, sbuddy_page_state(host_page(&self->h, off)));
		EXPECT_EQ(0, sbuddy_page_order(host_page(&self->h, off)));
		EXPECT_EQ(1, host_page(&self->h, off)->refcount);
	}
	EXPECT_EQ(0, GIVE(512, 512));
	EXPECT_EQ(512, host_count(SBUDDY_TRACE_MM_PAGE_FREE));
	EXPECT_EQ(512, sbuddy_zone_event(z, SBUDDY_PGFREE));
}

/* CHECK 8: an Unmovable, entirely free pageblock is Movable afterwards. */
TEST_F(contig, pageblock_becomes_movable)
{
	struct sbuddy_range r;
	struct sbuddy_zone *z;

	IMPORT(.zone = SBUDDY_ZONE_NORMAL, .blocks = 4, .types = "0000",
	       .free = { { 10, UNM, "0 1024" } });
	z = ZONE(NORMAL);
	r = range(&self->h);
	EXPECT_EQ(0, TAKE(r, 512, 512, GFP));
	EXPECT_EQ(0, GIVE(512, 512));
	sbuddy_drain_all_pages(self->h.m, &self->h.task);
	EXPECT_EQ(MOV, TYPE(512));
	EXPECT_EQ(MOV, TYPE(0));		/* joined by the last free of 512 */
	EXPECT_EQ(UNM, TYPE(1024));
	EXPECT_STREQ("0", LIST(z, 10, MOV));
}

/* CHECK 8: in mid-block the surroundings come back in merged form. */
TEST_F(contig, unaligned_range)
{
	struct sbuddy_range r;
	struct sbuddy_zone *z;

	BOOT("N0:Normal=16M", 1);
	z = ZONE(NORMAL);
	r = range(&self->h);
	EXPECT_EQ(0, TAKE(r, 512 + 64, 32, GFP));
	/* [512, 576) and [608, 1024): 64 | 32 + 128 + 256 */
	EXPECT_STREQ("608", LIST(z, 5, MOV));
	EXPECT_STREQ("512", LIST(z, 6, MOV));
	EXPECT_STREQ("640", LIST(z, 7, MOV));
	EXPECT_STREQ("768", LIST(z, 8, MOV));
	EXPECT_STREQ("0", LIST(z, 9, MOV));
	EXPECT_EQ(4096 - 32, sbuddy_zone_page_state_snapshot(z));
	EXPECT_EQ(512 - 32, sbuddy_zone_event(z, SBUDDY_PGFREE));
}

/* Over several blocks, with both borders inside a free block. */
TEST_F(contig, range_over_pageblocks)
{
	struct sbuddy_range r;
	struct sbuddy_zone *z;

	BOOT("N0:Normal=16M", 1);
	z = ZONE(NORMAL);
	r = range(&self->h);
	EXPECT_EQ(0, TAKE(r, 256, 2048, GFP));
	EXPECT_STREQ("0 2304", LIST(z, 8, MOV));
	EXPECT_STREQ("2560", LIST(z, 9, MOV));
	EXPECT_STREQ("3072", LIST(z, 10, MOV));
	EXPECT_EQ(0, GIVE(256, 2048));
}

/* What waits on per-CPU lists of that zone is drained, on every vcpu, elsewhere not. */
TEST_F(contig, drains_the_zone)
{
	struct sbuddy_range r;

	BOOT("N0:DMA32=16M,Normal=16M", 2);
	r = range(&self->h);
	for (int cpu = 0; cpu < 2; cpu++) {
		long a, b;

		self->h.task.cpu = cpu;
		a = ALLOC(GFP_UNM, 0);
		b = ALLOC(GFP_UNM | SBUDDY_GFP_DMA32, 0);
		FREE(a, 0);
		FREE(b, 0);
		EXPECT_LT(0, ZONE(NORMAL)->pcp[cpu].count);
		EXPECT_LT(0, ZONE(DMA32)->pcp[cpu].count);
	}
	EXPECT_EQ(0, TAKE(r, 4096, 4096, GFP));
	for (int cpu = 0; cpu < 2; cpu++) {
		EXPECT_EQ(0, ZONE(NORMAL)->pcp[cpu].count);
		EXPECT_LT(0, ZONE(DMA32)->pcp[cpu].count);
	}
}

/* In use, and it could move if anything moved it: -EBUSY, with the page. */
TEST_F(contig, movable_page_in_use)
{
	struct sbuddy_range r;
	struct sbuddy_zone *z;

	BOOT("N0:Movable=16M", 1);
	z = ZONE(MOVABLE);
	r = range(&self->h);
	EXPECT_EQ(0, ALLOC(SBUDDY_GFP_HIGHUSER_MOVABLE, 4));
	EXPECT_EQ(16, ALLOC(SBUDDY_GFP_HIGHUSER_MOVABLE, 4));
	FREE(0, 4);
	EXPECT_EQ(-EBUSY, TAKE(r, 0, 512, GFP));
	EXPECT_EQ(SBUDDY_RANGE_IN_USE, r.reason);
	EXPECT_EQ(16, WHY(r));
	EXPECT_EQ(0, z->nr_isolate_pageblock);
	EXPECT_EQ(4096 - 16, sbuddy_zone_page_state_snapshot(z));
	EXPECT_EQ(0, TAKE(r, 0, 16, GFP));
	EXPECT_EQ(0, TAKE(r, 512, 1024, GFP));
}

/* Unmovable, straddling, isolated: as start_isolate_page_range() says. */
TEST_F(contig, refusals)
{
	struct sbuddy_range r;
	unsigned long base;

	BOOT("N0:Normal=16M", 1);
	r = range(&self->h);
	base = self->h.m->base_pfn;
	EXPECT_EQ(0, ALLOC(GFP_MOV, 4));
	EXPECT_EQ(-EBUSY, TAKE(r, 100, 8, GFP));	/* same pageblock, other frames */
	EXPECT_EQ(SBUDDY_RANGE_UNMOVABLE, r.reason);
	EXPECT_EQ(0, WHY(r));
	EXPECT_EQ(0, sbuddy_set_migratetype_isolate(&r, base + 1024, base + 1024, base + 1536));
	EXPECT_EQ(-EBUSY, TAKE(r, 512, 1024, GFP));
	EXPECT_EQ(SBUDDY_RANGE_ISOLATED, r.reason);
	/* the whole range is undone, whoever isolated it */
	EXPECT_EQ(0, ZONE(NORMAL)->nr_isolate_pageblock);
	EXPECT_NE(ISO, TYPE(1024));
}

TEST_F(contig, flags)
{
	static const u32 good[] = {
		0, SBUDDY_GFP_KERNEL, SBUDDY_GFP_HIGHUSER_MOVABLE, SBUDDY_GFP_DMA, SBUDDY_GFP_DMA32,
		SBUDDY_GFP_RECLAIMABLE, SBUDDY_GFP_WRITE, SBUDDY_GFP_THISNODE, SBUDDY_GFP_NOWARN,
		SBUDDY_GFP_RETRY_MAYFAIL, SBUDDY_GFP_ZERO, SBUDDY_GFP_ZEROTAGS, SBUDDY_GFP_NOWAIT,
	};
	static const u32 bad[] = {
		SBUDDY_GFP_HIGH, SBUDDY_GFP_NOFAIL, SBUDDY_GFP_NORETRY, SBUDDY_GFP_MEMALLOC,
		SBUDDY_GFP_NOMEMALLOC, SBUDDY_GFP_ACCOUNT, SBUDDY_GFP_NO_OBJ_EXT, SBUDDY_GFP_ATOMIC,
	};
	struct sbuddy_range r;

	BOOT("N0:Normal=16M", 1);
	r = range(&self->h);
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		EXPECT_EQ(-EINVAL, TAKE(r, 512, 512, bad[i]));
	for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
		EXPECT_EQ(0, TAKE(r, 512, 512, good[i]));
		EXPECT_EQ(0, GIVE(512, 512));
	}
}

/* COMP: one block, if it is a power of two and nothing more. */
TEST_F(contig, compound)
{
	struct sbuddy_range r;
	struct sbuddy_page *page;

	BOOT("N0:Normal=16M", 1);
	r = range(&self->h);
	EXPECT_EQ(0, TAKE(r, 1024, 1024, GFP | SBUDDY_GFP_COMP));
	page = host_page(&self->h, 1024);
	EXPECT_EQ(10, sbuddy_page_order(page));
	EXPECT_TRUE(sbuddy_page_compound(page));
	EXPECT_EQ(0, page[512].tag);
	EXPECT_EQ(-EINVAL, GIVE(1024, 512));
	EXPECT_EQ(0, GIVE(1024, 1024));
	EXPECT_STREQ("1024 0 2048 3072", LIST(ZONE(NORMAL), 10, MOV));
	EXPECT_EQ(-EOPNOTSUPP, TAKE(r, 0, 2048, GFP | SBUDDY_GFP_COMP));
	/* larger than asked for, or not a power of two: refused, nothing lost */
	EXPECT_EQ(-EINVAL, TAKE(r, 512, 256, GFP | SBUDDY_GFP_COMP));
	EXPECT_EQ(SBUDDY_RANGE_SHAPE, r.reason);
	EXPECT_EQ(-EINVAL, TAKE(r, 512, 768, GFP | SBUDDY_GFP_COMP));
	EXPECT_EQ(-EINVAL, TAKE(r, 512, 1024, GFP | SBUDDY_GFP_COMP));
	EXPECT_EQ(4096, sbuddy_zone_page_state_snapshot(ZONE(NORMAL)));
}

TEST_F(contig, frees_that_are_refused)
{
	struct sbuddy_range r;

	BOOT("N0:Normal=16M", 1);
	r = range(&self->h);
	EXPECT_EQ(0, TAKE(r, 512, 512, GFP));
	EXPECT_EQ(-EALREADY, GIVE(511, 10));
	EXPECT_EQ(-EALREADY, GIVE(1020, 10));
	EXPECT_EQ(-ENOENT, GIVE(4096, 1));
	EXPECT_EQ(-ENOENT, GIVE(4000, 100));
	EXPECT_EQ(-ENOENT, GIVE(512, 0));
	EXPECT_EQ(0, GIVE(600, 100));
	EXPECT_EQ(0, GIVE(512, 88));
	EXPECT_EQ(0, GIVE(700, 324));
}

/* ---- anywhere ---- */

/* Ascending, aligned to the size, past what is not free; then the next zone. */
TEST_F(contig, search)
{
	struct sbuddy_range r;

	BOOT("N0:DMA32=16M,Normal=16M", 1);
	r = range(&self->h);
	EXPECT_EQ(4096, ALLOC(GFP_UNM | SBUDDY_GFP_COMP, 0));
	EXPECT_EQ(6144, ANYWHERE(r, 2048, GFP, -1, ~0U));
	EXPECT_EQ(4608, ANYWHERE(r, 512, GFP, -1, ~0U));
	EXPECT_EQ(0, ANYWHERE(r, 4096, GFP, -1, ~0U));
	EXPECT_EQ(-1, ANYWHERE(r, 4096, GFP, -1, ~0U));
	EXPECT_EQ(5120, ANYWHERE(r, 1024, GFP, -1, ~0U));
	EXPECT_EQ(-1, ANYWHERE(r, 1, GFP | SBUDDY_GFP_DMA32, -1, ~0U));
	EXPECT_EQ(SBUDDY_RANGE_UNMOVABLE, r.reason);
}

/* A number that is no power of two is "aligned" by the same formula: bits are cleared. */
TEST_F(contig, odd_sizes)
{
	struct sbuddy_range r;

	BOOT("N0:DMA32=6M,Normal=26M", 1);
	r = range(&self->h);
	/* base + 1536: (0x600 + 767) & ~767 = 0x8ff & ~0x2ff = 0x800 */
	EXPECT_EQ(0x800, ANYWHERE(r, 768, GFP, -1, ~0U));
	EXPECT_EQ(0x800 + 1536, ANYWHERE(r, 768, GFP, -1, ~0U));	/* shares a block */
}

/* Holes and other zones inside the span are passed over. */
TEST_F(contig, holes)
{
	struct sbuddy_range r;

	BOOT("N0:Normal=4M,hole=4M,Normal=4M;N1:Normal=4M;N0:Normal=12M", 1);
	r = range(&self->h);
	EXPECT_EQ(4096, ANYWHERE(r, 2048, GFP, -1, ~0U));
	EXPECT_EQ(0, ANYWHERE(r, 1024, GFP, -1, ~0U));
	EXPECT_EQ(2048, ANYWHERE(r, 1024, GFP, -1, ~0U));
	EXPECT_EQ(6144, ANYWHERE(r, 1024, GFP, -1, ~0U));
	EXPECT_EQ(3072, ANYWHERE(r, 1024, GFP, -1, ~0U));
	EXPECT_EQ(-1, ANYWHERE(r, 1, GFP, -1, ~0U));
}

TEST_F(contig, reserved_pages)
{
	struct sbuddy_range r;

	BOOT("N0:Movable=16M", 1);
	r = range(&self->h);
	EXPECT_EQ(0, ALLOC(SBUDDY_GFP_HIGHUSER_MOVABLE, 10));
	host_page(&self->h, 1)->tag = SBUDDY_TAG_RESERVED;
	EXPECT_EQ(1024, ANYWHERE(r, 2, SBUDDY_GFP_HIGHUSER_MOVABLE, -1, ~0U));
	EXPECT_EQ(SBUDDY_RANGE_RESERVED, (TAKE(r, 0, 4, GFP), r.reason)) {
		TH_LOG("%s", sbuddy_range_reason_name(r.reason));
	}
	host_page(&self->h, 1)->tag = 0;
}

TEST_F(contig, nodes)
{
	static const u8 node[] = { 0, 1 };
	struct sbuddy_range r;

	ASSERT_EQ(0, host_boot_nodes(&self->h, "N0:Normal=16M;N1:Normal=16M", 2, node));
	r = range(&self->h);
	EXPECT_EQ(4096, ANYWHERE(r, 512, GFP, 1, ~0U));
	EXPECT_EQ(0, ANYWHERE(r, 512, GFP, 1, 1));
	EXPECT_EQ(512, ANYWHERE(r, 512, GFP, -1, ~0U));
	EXPECT_EQ(-1, ANYWHERE(r, 512, GFP | SBUDDY_GFP_THISNODE, 1, 1));
	EXPECT_EQ(SBUDDY_RANGE_NOWHERE, r.reason);
	EXPECT_EQ(-1, ANYWHERE(r, 8192, GFP, 1, ~0U));
	self->h.task.cpu = 1;
	EXPECT_EQ(4608, ANYWHERE(r, 512, GFP, -1, ~0U));
}

/* ---- removal helpers, per-CPU lists ---- */

/* 4.6: an unmixed pageblock becomes Movable, a watermark forbids it, an isolated one has none. */
TEST_F(contig, isolate_free_page)
{
	struct sbuddy_zone *z;
	struct sbuddy_page *page;

	IMPORT(.zone = SBUDDY_ZONE_NORMAL, .blocks = 4, .types = "0043", .min = 300, .boost = 4000,
	       .free = { { 8, UNM, "0" }, { 7, UNM, "512 256" }, { 8, ISO, "1024" },
			 { 8, HAT, "1536" } });
	z = ZONE(NORMAL);
	spin_lock(&z->lock);
	z->nr_free_pages = 556;
	EXPECT_FALSE(sbuddy___isolate_free_page(z, &self->h.task, host_page(&self->h, 0), 8));
	z->nr_free_pages = 768;
	EXPECT_FALSE(sbuddy___isolate_free_page(z, &self->h.task, host_page(&self->h, 0), 8));
	z->nr_free_highatomic = 0;	/* they do not count */
	EXPECT_TRUE(sbuddy___isolate_free_page(z, &self->h.task, host_page(&self->h, 0), 8));
	EXPECT_STREQ("512", LIST(z, 7, UNM));
	EXPECT_STREQ("256", LIST(z, 7, MOV));
	EXPECT_EQ(MOV, TYPE(0));
	page = host_page(&self->h, 1024);
	z->nr_free_pages = 0;
	EXPECT_TRUE(sbuddy___isolate_free_page(z, &self->h.task, page, 8));
	EXPECT_EQ(ISO, TYPE(1024));
	sbuddy___putback_isolated_page(z, &self->h.task, page, 8, ISO);
	EXPECT_STREQ("1024", LIST(z, 8, ISO));
	EXPECT_EQ(0, z->nr_free_pages);
	spin_unlock(&z->lock);
}

/* CHECK 5: after zone_pcp_disable() each free drains at once, each refill asks for one. */
TEST_F(contig, pcp_disable)
{
	struct sbuddy_zone *z;
	struct sbuddy_pcp *pcp;
	int high_max, batch;
	long a, b;

	BOOT("N0:Normal=256M", 2);
	z = ZONE(NORMAL);
	pcp = &z->pcp[0];
	high_max = pcp->high_max;
	batch = pcp->batch;
	a = ALLOC(GFP_MOV, 0);
	EXPECT_LT(0, pcp->count);
	sbuddy_zone_pcp_disable(z, &self->h.task);
	EXPECT_SANE();
	EXPECT_EQ(0, pcp->count);
	b = ALLOC(GFP_MOV, 0);
	EXPECT_EQ(0, pcp->count);
	FREE(b, 0);
	EXPECT_EQ(0, pcp->count);
	sbuddy_zone_pcp_enable(z);
	EXPECT_EQ(high_max, pcp->high_max);
	EXPECT_EQ(batch, pcp->batch);
	FREE(a, 0);
	EXPECT_EQ(1, pcp->count);
}

/* ---- slots ---- */

#define OWNER() do {							\
	self->h.o = sbuddy_owner_create(self->h.m, 3);			\
	ASSERT_NE(NULL, self->h.o);					\
} while (0)

#define RUN(op, code, ...) __extension__ ({				\
	op = (struct sbuddy_op){ .opcode = SBUDDY_OP_##code, .nid = -1,	\
				 .pfn = SBUDDY_NO_PFN, ##__VA_ARGS__ };	\
	int _err = sbuddy_run_op(self->h.o, &op, 0);			\
	EXPECT_EQ(_err, op.err);					\
	EXPECT_SANE();							\
	_err;								\
})

TEST_F(contig, slots)
{
	struct sbuddy_op op;
	unsigned long base;

	BOOT("N0:Normal=16M", 1);
	OWNER();
	base = self->h.m->base_pfn;
	EXPECT_EQ(0, RUN(op, ALLOC, .slot = 5, .gfp = GFP_MOV));
	EXPECT_EQ(-EEXIST, RUN(op, CONTIG_ALLOC, .slot = 3, .count = 512, .gfp = GFP));
	EXPECT_EQ(0, RUN(op, CONTIG_ALLOC, .slot = SBUDDY_SLOT_ANY, .count = 5, .gfp = GFP,
			 .pfn = base + 1024));
	EXPECT_EQ(0, op.slot);
	EXPECT_EQ(base + 1024, op.pfn);
	EXPECT_EQ(5, op.count);
	EXPECT_EQ(0, RUN(op, CONTIG_ALLOC, .slot = SBUDDY_SLOT_ANY, .count = 512, .gfp = GFP));
	EXPECT_EQ(6, op.slot);
	EXPECT_EQ(base + 512, op.pfn);
	EXPECT_EQ(0, RUN(op, CONTIG_ALLOC, .slot = SBUDDY_SLOT_ANY, .count = 1024,
			 .gfp = GFP | SBUDDY_GFP_COMP));
	EXPECT_EQ(518, op.slot);
	EXPECT_EQ(base + 2048, op.pfn);
	EXPECT_EQ(10, op.order);
	EXPECT_EQ(1 + 5 + 512 + 1024, sbuddy_owner_pages(self->h.o));
	EXPECT_EQ(0, RUN(op, FREE, .slot = 100));
	EXPECT_EQ(-ENOENT, RUN(op, CONTIG_FREE, .slot = 6, .count = 512));
	EXPECT_EQ(-EINVAL, RUN(op, CONTIG_FREE, .slot = 4, .count = 3));
	EXPECT_EQ(-EINVAL, RUN(op, CONTIG_FREE, .slot = 518, .count = 512));
	EXPECT_EQ(0, RUN(op, GET, .slot = 7));
	EXPECT_EQ(0, RUN(op, CONTIG_FREE, .slot = 6, .count = 94));
	EXPECT_EQ(93, op.count);
	EXPECT_EQ(base + 512, op.pfn);
	EXPECT_EQ(0, RUN(op, CONTIG_FREE, .slot = 7, .count = 1));
	EXPECT_EQ(0, RUN(op, CONTIG_FREE, .slot = 518, .count = 1024));
	EXPECT_EQ(1024, op.count);
	EXPECT_EQ(1 + 5 + 417, sbuddy_owner_pages(self->h.o));
}

TEST_F(contig, wrong_operations)
{
	struct sbuddy_op op;

	BOOT("N0:Normal=16M", 1);
	OWNER();
	EXPECT_EQ(-EINVAL, RUN(op, CONTIG_ALLOC, .count = 0));
	EXPECT_EQ(-EINVAL, RUN(op, CONTIG_ALLOC, .count = SBUDDY_MAX_CONTIG + 1));
	EXPECT_EQ(-EINVAL, RUN(op, CONTIG_ALLOC, .count = 1, .order = 1));
	EXPECT_EQ(-EINVAL, RUN(op, CONTIG_ALLOC, .count = 1, .flags = 1));
	EXPECT_EQ(-EINVAL, RUN(op, CONTIG_ALLOC, .count = 1, .gfp = SBUDDY_GFP_HIGH));
	EXPECT_EQ(-EINVAL, RUN(op, CONTIG_ALLOC, .count = 1, .gfp = 0x18));
	EXPECT_EQ(-EINVAL, RUN(op, CONTIG_ALLOC, .count = 1, .nid = -2));
	EXPECT_EQ(-ENOENT, RUN(op, CONTIG_ALLOC, .count = 1, .nid = 1));
	EXPECT_EQ(-EINVAL, RUN(op, CONTIG_ALLOC, .count = 2, .slot = SBUDDY_MAX_SLOTS - 1));
	EXPECT_EQ(-ENOENT, RUN(op, CONTIG_ALLOC, .count = 1, .pfn = 1));
	EXPECT_EQ(-ENOMEM, RUN(op, CONTIG_ALLOC, .count = 8192));
	EXPECT_EQ(-ENOENT, RUN(op, CONTIG_FREE, .count = 1));
	EXPECT_EQ(-ENOENT, RUN(op, CONTIG_FREE, .count = 1, .slot = SBUDDY_SLOT_ANY));
	EXPECT_EQ(-EINVAL, RUN(op, CONTIG_FREE, .count = 1, .gfp = 1));
	EXPECT_EQ(0, sbuddy_owner_slots(self->h.o));
}

/* Closing frees contiguous pages as it does any, then ends the isolation. */
TEST_F(contig, close)
{
	struct sbuddy_zone *z;
	struct sbuddy_op op;

	BOOT("N0:Normal=16M", 1);
	OWNER();
	z = ZONE(NORMAL);
	EXPECT_EQ(0, RUN(op, CONTIG_ALLOC, .count = 512, .gfp = GFP));
	EXPECT_EQ(0, RUN(op, ISOLATE, .pfn = self->h.m->base_pfn + 1024, .count = 1024,
			 .order = MOV));
	sbuddy_owner_destroy(self->h.o, &self->h.task);
	self->h.o = NULL;
	sbuddy_drain_all_pages(self->h.m, &self->h.task);
	EXPECT_SANE();
	EXPECT_EQ(0, z->nr_isolate_pageblock);
	EXPECT_EQ(4, z->free_area[10].nr_free);
}

TEST_F(contig, structure)
{
	struct sbuddy_contig arg = { .nid = -1, .count = 4096, .pfn = SBUDDY_NO_PFN };
	struct sbuddy_op op;
	unsigned long base;

	BOOT("N0:Normal=16M", 1);
	OWNER();
	base = self->h.m->base_pfn;
	EXPECT_EQ(0, RUN(op, ALLOC, .slot = 9, .gfp = GFP_MOV));
	EXPECT_EQ(-EEXIST, sbuddy_run_contig(self->h.o, &arg, 0));
	arg.slot = 10;
	EXPECT_EQ(0, sbuddy_run_contig(self->h.o, &arg, 0));
	EXPECT_EQ(-ENOMEM, arg.result);
	EXPECT_EQ(SBUDDY_RANGE_UNMOVABLE, arg.reason);
	EXPECT_EQ(base, arg.fault_pfn);
	EXPECT_EQ(4096, arg.count);
	EXPECT_EQ(SBUDDY_NO_PFN, arg.pfn);
	arg.count = 512;
	arg.nodemask = 1;
	EXPECT_EQ(0, sbuddy_run_contig(self->h.o, &arg, 0));
	EXPECT_EQ(0, arg.result);
	EXPECT_EQ(base + 512, arg.pfn);
	EXPECT_EQ(SBUDDY_RANGE_NONE, arg.reason);
	EXPECT_EQ(SBUDDY_NO_PFN, arg.fault_pfn);
	EXPECT_EQ(SBUDDY_ZONE_NORMAL, arg.zone);
	arg.action = SBUDDY_CONTIG_FREE;
	EXPECT_EQ(0, sbuddy_run_contig(self->h.o, &arg, 0));
	EXPECT_EQ(0, arg.result);
	EXPECT_EQ(512, arg.count);
	EXPECT_EQ(-ENOENT, sbuddy_run_contig(self->h.o, &arg, 0));
	arg.action = SBUDDY_NR_CONTIG_ACTIONS;
	EXPECT_EQ(-EINVAL, sbuddy_run_contig(self->h.o, &arg, 0));
	arg.action = SBUDDY_CONTIG_ALLOC;
	arg.nodemask = 1ULL << SBUDDY_MAX_NODES;
	EXPECT_EQ(-EINVAL, sbuddy_run_contig(self->h.o, &arg, 0));
}

TEST_HARNESS_MAIN
