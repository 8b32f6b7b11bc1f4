// SPDX-License-Identifier: GPL-2.0
/*
 * Fork, hash, diff: a copy is the same and stays the same under the same
 * operations; a change anywhere changes the hash, and diff names the place.
 */
#include <fcntl.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "host_test.h"
#include "compaction.h"
#include "known_hash.h"

#define LAYOUT	KNOWN_LAYOUT
#define SLOTS	512

#ifdef SBUDDY_SANITIZED
#define SANITIZED	true
#else
#define SANITIZED	false
#endif

FIXTURE(fork)
{
	struct host h;		/* the original */
	struct host copy;
	char text[1 << 16];	/* what diff says */
	size_t len;
};

FIXTURE_SETUP(fork)
{
	memset(self, 0, sizeof(*self));
}

FIXTURE_TEARDOWN(fork)
{
	host_exit(&self->copy);
	host_exit(&self->h);
	EXPECT_EQ(0, os_allocated);
}

static void keep(void *arg, const char *text, size_t len)
{
	FIXTURE_DATA(fork) *self = arg;

	if (self->len + len >= sizeof(self->text))
		return;
	memcpy(self->text + self->len, text, len);
	self->len += len;
	self->text[self->len] = '\0';
}

static u64 diff(FIXTURE_DATA(fork) *self)
{
	self->len = 0;
	self->text[0] = '\0';
	return sbuddy_machine_diff(self->h.m, self->copy.m, keep, self);
}

#define HASH(h)	sbuddy_machine_hash((h).m)

#define EXPECT_SAME() do {						\
	EXPECT_EQ(HASH(self->h), HASH(self->copy));			\
	EXPECT_EQ(0, diff(self)) {					\
		TH_LOG("%s", self->text);				\
	}								\
} while (0)

#define EXPECT_COPY_SANE() do {						\
	char _why[256];							\
	EXPECT_EQ(0, host_check(&self->copy, _why, sizeof(_why))) {	\
		TH_LOG("copy: %s", _why);				\
	}								\
} while (0)

static u64 rnd(u64 *state)
{
	u64 z = *state += 0x9e3779b97f4a7c15ULL;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ULL;
	z = (z ^ z >> 27) * 0x94d049bb133111ebULL;
	return z ^ z >> 31;
}

static struct sbuddy_op random_op(u64 *state, int vcpus)
{
	static const u32 gfp[] = {
		SBUDDY_GFP_KERNEL, SBUDDY_GFP_ATOMIC, SBUDDY_GFP_HIGHUSER_MOVABLE,
		SBUDDY_GFP_KERNEL | SBUDDY_GFP_RECLAIMABLE, SBUDDY_GFP_USER | SBUDDY_GFP_COMP,
		SBUDDY_GFP_TRANSHUGE_LIGHT, SBUDDY_GFP_KERNEL | SBUDDY_GFP_DMA32,
	};
	u64 dice = rnd(state) % 100;
	struct sbuddy_op op = { .slot = rnd(state) % SLOTS, .cpu = rnd(state) % vcpus,
				.nid = SBUDDY_NID_ANY, .pfn = SBUDDY_NO_PFN };

	if (dice < 48) {
		op.opcode = SBUDDY_OP_ALLOC;
		op.order = rnd(state) % 3 ? rnd(state) % 4 : rnd(state) % 11;
		op.gfp = gfp[rnd(state) % ARRAY_SIZE(gfp)];
		op.nid = (int)(rnd(state) % 3) - 1;
	} else if (dice < 88) {
		op.opcode = SBUDDY_OP_FREE;
	} else if (dice < 92) {
		op.opcode = SBUDDY_OP_BULK;
		op.gfp = SBUDDY_GFP_HIGHUSER_MOVABLE;
		op.count = 1 + rnd(state) % 40;
	} else if (dice < 95) {
		op.opcode = SBUDDY_OP_GET;
	} else if (dice < 97) {
		op.opcode = SBUDDY_OP_SPLIT;
	} else {
		op.opcode = dice < 99 ? SBUDDY_OP_DECAY : SBUDDY_OP_DRAIN;
		op.slot = 0;
	}
	return op;
}

static void run(struct sbuddy_owner *o, u64 seed, int n)
{
	while (n--) {
		struct sbuddy_op op = random_op(&seed, o->m->nr_vcpus);

		sbuddy_run_op(o, &op, 0);
	}
}

static int fork_machine(FIXTURE_DATA(fork) *self)
{
	int err = sbuddy_machine_fork(self->h.m, &self->copy.m);

	if (!err && self->h.o) {
		self->copy.o = sbuddy_owner_fork(self->h.o, self->copy.m, 5);
		err = self->copy.o ? 0 : -ENOMEM;
	}
	return err;
}

#define BUSY(seed, ops) do {						\
	BOOT(LAYOUT, 3);						\
	self->h.o = sbuddy_owner_create(self->h.m, 1);			\
	run(self->h.o, seed, ops);					\
} while (0)

/* Small pages with gaps between them. */
static void scatter(struct host *h, u64 seed)
{
	for (u32 slot = SLOTS; slot < 16 * SLOTS; slot++) {
		struct sbuddy_op op = { .opcode = SBUDDY_OP_ALLOC, .slot = slot,
					.gfp = SBUDDY_GFP_HIGHUSER_MOVABLE };

		sbuddy_run_op(h->o, &op, 0);
	}
	for (u32 slot = SLOTS; slot < 16 * SLOTS; slot++) {
		struct sbuddy_op op = { .opcode = SBUDDY_OP_FREE, .slot = slot, .nid = -1 };

		if (rnd(&seed) % 3)
			sbuddy_run_op(h->o, &op, 0);
	}
}

/* What is held can move; a compaction is half done. */
static int movable(struct host *h, u64 seed)
{
	struct sbuddy_compact_args args = {
		.zone = h->m->nodes[0].node_zones[SBUDDY_ZONE_NORMAL], .order = -1,
		.gfp = SBUDDY_GFP_KERNEL, .mode = SBUDDY_MIGRATE_SYNC, .holder = h->o->id,
	};
	struct sbuddy_compact_report r = { 0 };
	int err;

	for (u32 slot = 0; slot < 16 * SLOTS; slot++) {
		struct sbuddy_op op = { .opcode = SBUDDY_OP_LRU, .slot = slot, .nid = -1,
					.cpu = rnd(&seed) % h->m->nr_vcpus,
					.gfp = rnd(&seed) % 4 };

		sbuddy_run_op(h->o, &op, 0);
	}
	err = sbuddy_compact_start(&args, &h->task, &r);
	for (u64 i = 0; i < 1 + seed % 4 && !err; i++)
		err = sbuddy_compact_step(h->m, &h->task, 0, NULL, &r);
	return err;
}

#define SCATTERED(seed, ops) do {					\
	BOOT(LAYOUT, 3);						\
	self->h.o = sbuddy_owner_create(self->h.m, 1);			\
	scatter(&self->h, seed);					\
	run(self->h.o, seed, ops);					\
} while (0)

#define MOVABLE(seed) do {						\
	ASSERT_EQ(0, movable(&self->h, seed));				\
	ASSERT_TRUE(self->h.m->walk);					\
	EXPECT_SANE();							\
} while (0)

TEST_F(fork, fresh)
{
	BOOT(LAYOUT, 3);
	ASSERT_EQ(0, fork_machine(self));
	EXPECT_SAME();
	EXPECT_COPY_SANE();
}

TEST_F(fork, busy)
{
	BUSY(1, 5000);
	ASSERT_EQ(0, fork_machine(self));
	EXPECT_SAME();
	EXPECT_COPY_SANE();
	EXPECT_SANE();
}

/* Every operation has the same result on both, and ends in the same state. */
TEST_F(fork, goes_on_as_the_original)
{
	for (u64 seed = 1; seed <= 20; seed++) {
		u64 s = seed * 1000;

		BUSY(seed, 300 * seed);
		ASSERT_EQ(0, fork_machine(self));
		for (int i = 0; i < 3000; i++) {
			struct sbuddy_op a = random_op(&s, 3), b = a;

			sbuddy_run_op(self->h.o, &a, 0);
			sbuddy_run_op(self->copy.o, &b, 0);
			ASSERT_EQ(0, memcmp(&a, &b, sizeof(a))) {
				TH_LOG("seed %llu operation %d: %llx, %llx",
				       (unsigned long long)seed, i, (unsigned long long)a.pfn,
				       (unsigned long long)b.pfn);
			}
		}
		EXPECT_SAME();
		EXPECT_COPY_SANE();
		EXPECT_SANE();
		host_exit(&self->copy);
		host_exit(&self->h);
	}
}

/* One more move of the compaction in steps: what it did, and where it stands. */
static int step(struct host *h, struct sbuddy_compact_report *r)
{
	memset(r, 0, sizeof(*r));
	return sbuddy_compact_step(h->m, &h->task, 0, NULL, r);
}

/* Copied in the middle of a compaction, both end it in the same way, slots and all. */
TEST_F(fork, half_compacted)
{
	for (u64 seed = 1; seed <= 12; seed++) {
		struct sbuddy_compact_report a, b;
		int err, steps = 0;

		SCATTERED(seed, 500);
		MOVABLE(seed);
		ASSERT_EQ(0, fork_machine(self));
		EXPECT_EQ(5, sbuddy_compact_holder(self->copy.m));
		EXPECT_SAME();
		EXPECT_COPY_SANE();
		do {
			err = step(&self->h, &a);
			ASSERT_EQ(err, step(&self->copy, &b));
			ASSERT_EQ(0, memcmp(&a, &b, sizeof(a)));
			EXPECT_SAME();
			EXPECT_COPY_SANE();
			steps++;
		} while (!err);
		EXPECT_LT(2, steps);
		run(self->h.o, seed + 100, 1000);
		run(self->copy.o, seed + 100, 1000);
		EXPECT_SAME();
		EXPECT_COPY_SANE();
		EXPECT_SANE();
		host_exit(&self->copy);
		host_exit(&self->h);
	}
}

/* Pages of owners that did not come along move all the same. */
TEST_F(fork, half_compacted_and_nobodys)
{
	struct sbuddy_compact_report a, b;
	u64 moved;

	SCATTERED(3, 500);
	MOVABLE(3);
	ASSERT_EQ(0, sbuddy_machine_fork(self->h.m, &self->copy.m));
	EXPECT_EQ(SBUDDY_NO_OWNER, sbuddy_compact_holder(self->copy.m));
	moved = sbuddy_vm_event(self->copy.m, SBUDDY_PGMIGRATE_SUCCESS);
	while (!step(&self->h, &a)) {
		ASSERT_EQ(0, step(&self->copy, &b));
		ASSERT_EQ(0, memcmp(&a, &b, sizeof(a)));
	}
	EXPECT_LT(moved, sbuddy_vm_event(self->copy.m, SBUDDY_PGMIGRATE_SUCCESS));
	EXPECT_SAME();
	EXPECT_COPY_SANE();
}

/* Under another number an owner's pages are found, and move, as before. */
TEST_F(fork, renamed_and_compacted)
{
	struct sbuddy_compact_report r;
	struct sbuddy_page *page;
	u32 slot = 0;

	SCATTERED(5, 500);
	MOVABLE(5);
	ASSERT_EQ(0, fork_machine(self));
	sbuddy_owner_rename(self->copy.o, 99);
	EXPECT_EQ(99, sbuddy_compact_holder(self->copy.m));
	for (; (page = sbuddy_owner_next(self->copy.o, &slot)); slot++)
		EXPECT_EQ(99, sbuddy_page_owner(page));
	while (!step(&self->copy, &r))
		;
	EXPECT_COPY_SANE();
	EXPECT_EQ(0, os_warnings);
}

/* The original does not notice. */
TEST_F(fork, apart)
{
	u64 before;

	BUSY(7, 3000);
	before = HASH(self->h);
	ASSERT_EQ(0, fork_machine(self));
	run(self->copy.o, 8, 3000);
	EXPECT_EQ(before, HASH(self->h));
	EXPECT_NE(before, HASH(self->copy));
	EXPECT_LT(0, diff(self));
	EXPECT_SANE();
	host_exit(&self->copy);
	EXPECT_SANE();
}

/* Knobs, in both directions of time: a fork after, a fork before. */
TEST_F(fork, knobs)
{
	static const int ratio[SBUDDY_MAX_NR_ZONES] = { 100, 50, 20, 0, 0 };

	BUSY(3, 1000);
	sbuddy_set_watermark_scale_factor(self->h.m, 200);
	sbuddy_set_percpu_pagelist_high_fraction(self->h.m, 16);
	ASSERT_EQ(0, fork_machine(self));
	EXPECT_SAME();
	sbuddy_set_lowmem_reserve_ratio(self->h.m, ratio);
	sbuddy_set_min_free_kbytes(self->h.m, 2000);
	EXPECT_NE(HASH(self->h), HASH(self->copy));
	sbuddy_set_lowmem_reserve_ratio(self->copy.m, ratio);
	sbuddy_set_min_free_kbytes(self->copy.m, 2000);
	EXPECT_SAME();
}

/* Whether steps are shortcut or not is no state: it decides nothing. */
TEST_F(fork, shortcut_is_no_state)
{
	BUSY(3, 1000);
	ASSERT_EQ(0, fork_machine(self));
	sbuddy_set_shortcut(self->copy.m, false);
	EXPECT_SAME();
	run(self->h.o, 9, 5000);
	run(self->copy.o, 9, 5000);
	EXPECT_SAME();
}

TEST_F(fork, reset)
{
	u64 fresh;

	BOOT(LAYOUT, 3);
	fresh = HASH(self->h);
	self->h.o = sbuddy_owner_create(self->h.m, 1);
	run(self->h.o, 1, 2000);
	ASSERT_EQ(0, sbuddy_machine_fork(self->h.m, &self->copy.m));
	EXPECT_NE(fresh, HASH(self->copy));
	ASSERT_EQ(0, sbuddy_machine_reset(self->copy.m));
	EXPECT_EQ(fresh, HASH(self->copy));
	EXPECT_COPY_SANE();
}

/* A fork of a fork, while the one in the middle is gone. */
TEST_F(fork, chain)
{
	struct sbuddy_machine *middle;

	BUSY(11, 2000);
	ASSERT_EQ(0, sbuddy_machine_fork(self->h.m, &middle));
	ASSERT_EQ(0, sbuddy_machine_fork(middle, &self->copy.m));
	sbuddy_machine_destroy(middle);
	EXPECT_SAME();
	EXPECT_COPY_SANE();
}

/* Without the slots the blocks are used, and nobody's. */
TEST_F(fork, blocks_are_nobodys)
{
	struct sbuddy_page *page;
	u32 slot = 0;

	BUSY(2, 2000);
	ASSERT_EQ(0, sbuddy_machine_fork(self->h.m, &self->copy.m));
	for (; (page = sbuddy_owner_next(self->h.o, &slot)); slot++) {
		const struct sbuddy_page *c = self->copy.m->pages + (page - self->h.m->pages);

		EXPECT_EQ(SBUDDY_PAGE_USED, sbuddy_page_state(c));
		EXPECT_EQ(0xffffffff, sbuddy_page_owner(c));
		EXPECT_EQ(1, sbuddy_page_owner(page));
	}
	EXPECT_SAME();
}

TEST_F(fork, slots)
{
	BUSY(2, 2000);
	ASSERT_EQ(0, fork_machine(self));
	EXPECT_LT(0, sbuddy_owner_slots(self->h.o));
	EXPECT_EQ(sbuddy_owner_slots(self->h.o), sbuddy_owner_slots(self->copy.o));
	EXPECT_EQ(sbuddy_owner_pages(self->h.o), sbuddy_owner_pages(self->copy.o));
	sbuddy_owner_rename(self->copy.o, 9);
	EXPECT_EQ(0, sbuddy_owner_check(self->copy.o, self->text, sizeof(self->text)));
	EXPECT_EQ(0, sbuddy_owner_check(self->h.o, self->text, sizeof(self->text)));
	EXPECT_SAME();
}

/* From text, then forked: what the text does not carry is lost once, not twice. */
TEST_F(fork, of_a_snapshot)
{
	struct host imported = { 0 };
	char *a, *b, why[200];

	BUSY(5, 4000);
	a = host_snapshot(&self->h);
	ASSERT_EQ(0, sbuddy_snapshot_import(a, strlen(a), &imported.m, why, sizeof(why)));
	ASSERT_EQ(0, sbuddy_machine_fork(imported.m, &self->copy.m));
	EXPECT_EQ(HASH(imported), HASH(self->copy));
	b = host_snapshot(&self->copy);
	EXPECT_STREQ(a, b);
	EXPECT_LT(0, diff(self));
	EXPECT_NE(NULL, strstr(self->text, "used block: yes, no"));
	EXPECT_NE(NULL, strstr(self->text, "pgalloc: "));
	EXPECT_EQ(NULL, strstr(self->text, " free order="));
	host_exit(&imported);
	free(a);
	free(b);
}

/* ---- one thing at a time ---- */

static struct sbuddy_zone *normal(struct sbuddy_machine *m)
{
	return m->nodes[0].node_zones[SBUDDY_ZONE_NORMAL];
}

static bool has_two(const struct list_head *l)
{
	return !list_empty(l) && l->next->next != l;
}

static struct list_head *free_list(struct sbuddy_machine *m)
{
	for (int i = 0; i < m->nr_zones * SBUDDY_NR_PAGE_ORDERS; i++)
		for (int mt = 0; mt < SBUDDY_MIGRATE_TYPES; mt++) {
			struct sbuddy_zone *z = m->zones[i / SBUDDY_NR_PAGE_ORDERS];
			struct list_head *l =
				&z->free_area[i % SBUDDY_NR_PAGE_ORDERS].free_list[mt];

			if (has_two(l))
				return l;
		}
	abort();
}

static struct list_head *pcp_list(struct sbuddy_machine *m)
{
	for (int i = 0; i < m->nr_zones * m->nr_vcpus; i++)
		for (int j = 0; j < SBUDDY_NR_PCP_LISTS; j++) {
			struct sbuddy_zone *z = m->zones[i / m->nr_vcpus];
			struct list_head *l = &z->pcp[i % m->nr_vcpus].lists[j];

			if (has_two(l))
				return l;
		}
	abort();
}

static void swap_first_two(struct list_head *head)
{
	struct list_head *first = head->next;

	list_del(first);
	list_add(first, head->next);
}

static struct sbuddy_page *used_page(struct sbuddy_machine *m)
{
	for (unsigned long i = 0; i < m->nr_pages; i++)
		if (sbuddy_page_state(&m->pages[i]) == SBUDDY_PAGE_USED)
			return &m->pages[i];
	abort();
}

#define CHANGE(name, statement) \
	static void change_##name(struct sbuddy_machine *m) { statement; }

CHANGE(free_list, swap_first_two(free_list(m)))
CHANGE(nr_free, normal(m)->free_area[4].nr_free++)
CHANGE(pcp_list, swap_first_two(pcp_list(m)))
CHANGE(pcp_count, normal(m)->pcp[1].count++)
CHANGE(pcp_high, normal(m)->pcp[1].high++)
CHANGE(pcp_free_count, normal(m)->pcp[2].free_count--)
CHANGE(pcp_flags, normal(m)->pcp[0].flags ^= 1)
CHANGE(pcp_alloc_factor, normal(m)->pcp[0].alloc_factor++)
CHANGE(pcp_expire, normal(m)->pcp[0].expire++)
CHANGE(free_diff, normal(m)->zstat[2].free_diff--)
CHANGE(threshold, normal(m)->zstat[2].stat_threshold++)
CHANGE(watermark, normal(m)->watermark[2]++)
CHANGE(boost, normal(m)->watermark_boost += 512)
CHANGE(reserve, normal(m)->lowmem_reserve[3]++)
CHANGE(nr_free_pages, normal(m)->nr_free_pages--)
CHANGE(flags, normal(m)->flags ^= 4)
CHANGE(drift, normal(m)->percpu_drift_mark++)
CHANGE(managed, normal(m)->managed_pages--)
CHANGE(highatomic, normal(m)->nr_reserved_highatomic += 512)
CHANGE(zone_event, normal(m)->events[SBUDDY_STEAL]++)
CHANGE(pcp_event, normal(m)->pcp[1].pgalloc++)
CHANGE(numa, normal(m)->numa[SBUDDY_NUMA_MISS]++)
CHANGE(local_hits, normal(m)->pcp[1].local_hits++)
CHANGE(foreign, atomic_long_inc(&normal(m)->numa_foreign))
CHANGE(machine_event, atomic_long_inc(&m->events[SBUDDY_WOULD_BLOCK]))
CHANGE(block_type, m->pageblock_flags[0] ^= 2)
CHANGE(block_skip, m->pageblock_flags[0] ^= 8)
CHANGE(used_refs, used_page(m)->refcount++)
CHANGE(used_flag, used_page(m)->tag ^= SBUDDY_TAG_PFMEMALLOC)
CHANGE(used_gone, used_page(m)->tag = 0)
CHANGE(vcpu_node, m->vcpu_node[2] ^= 1)
CHANGE(kswapd, m->nodes[1].kswapd_order++)
CHANGE(totalreserve, m->totalreserve_pages++)
CHANGE(knob, m->knobs.watermark_boost_factor++)
CHANGE(weight, m->knobs.il_weight[1]++)
CHANGE(ratio, m->knobs.lowmem_reserve_ratio[1]++)
CHANGE(cached_migrate, normal(m)->compact.cached_migrate_pfn[1] += 512)
CHANGE(cached_free, normal(m)->compact.cached_free_pfn -= 512)
CHANGE(init_migrate, normal(m)->compact.init_migrate_pfn += 512)
CHANGE(init_free, normal(m)->compact.init_free_pfn += 512)
CHANGE(considered, normal(m)->compact.considered++)
CHANGE(defer_shift, normal(m)->compact.defer_shift++)
CHANGE(order_failed, normal(m)->compact.order_failed++)
CHANGE(flush, normal(m)->compact.blockskip_flush ^= true)
CHANGE(kcompactd_order, m->nodes[0].kcompactd.max_order++)
CHANGE(kcompactd_zone, m->nodes[0].kcompactd.highest_zoneidx--)
CHANGE(kcompactd_woken, m->nodes[1].kcompactd.woken ^= true)
CHANGE(proactive, m->nodes[1].kcompactd.proactive_trigger ^= true)
CHANGE(vm_event, atomic_long_inc(&m->vm_events[SBUDDY_COMPACTSTALL]))
CHANGE(threshold_knob, m->knobs.extfrag_threshold++)
CHANGE(lru_order, swap_first_two(&m->lru->node[0].list[SBUDDY_INACTIVE_ANON]))
CHANGE(lru_count, m->lru->node[1].nr[SBUDDY_ACTIVE_FILE]++)
CHANGE(isolated, m->lru->node[0].nr_isolated[0]++)
CHANGE(batch, m->lru->batch[2].nr--)
CHANGE(walk, m->walk->cc.migrate_pfn++)
CHANGE(walk_held, m->walk->cc.nr_freepages++)
CHANGE(zonelist, swap(m->nodes[1].zonelists[0].ref[0], m->nodes[1].zonelists[0].ref[1]))

static const struct {
	void (*change)(struct sbuddy_machine *m);
	const char *name;
} changes[] = {
	{ change_free_list, " free order=" },
	{ change_nr_free, "node 0 zone Normal nr_free order=4: " },
	{ change_pcp_list, "list idx=" },
	{ change_pcp_count, "node 0 zone Normal pcp cpu=1 count: " },
	{ change_pcp_high, "node 0 zone Normal pcp cpu=1 high: " },
	{ change_pcp_free_count, "node 0 zone Normal pcp cpu=2 free_count: " },
	{ change_pcp_flags, "node 0 zone Normal pcp cpu=0 flags: " },
	{ change_pcp_alloc_factor, "node 0 zone Normal pcp cpu=0 alloc_factor: " },
	{ change_pcp_expire, "node 0 zone Normal pcp cpu=0 expire: " },
	{ change_free_diff, "node 0 zone Normal pcp cpu=2 free_diff: " },
	{ change_threshold, "node 0 zone Normal pcp cpu=2 stat_threshold: " },
	{ change_watermark, "node 0 zone Normal watermark[2]: " },
	{ change_boost, "node 0 zone Normal watermark_boost: " },
	{ change_reserve, "node 0 zone Normal lowmem_reserve[3]: " },
	{ change_nr_free_pages, "node 0 zone Normal nr_free_pages: " },
	{ change_flags, "node 0 zone Normal flags: " },
	{ change_drift, "node 0 zone Normal percpu_drift_mark: " },
	{ change_managed, "node 0 zone Normal managed_pages: " },
	{ change_highatomic, "node 0 zone Normal nr_reserved_highatomic: " },
	{ change_zone_event, "node 0 zone Normal fallback_steal: " },
	{ change_pcp_event, "node 0 zone Normal pgalloc: " },
	{ change_numa, "node 0 zone Normal numa_miss: " },
	{ change_foreign, "node 0 zone Normal numa_foreign: " },
	{ change_machine_event, "machine would_block: " },
	{ change_block_type, "pageblock 100000 type: " },
	{ change_block_skip, "pageblock 100000 type: " },
	{ change_used_refs, "used block references: " },
	{ change_used_flag, "used block flags: " },
	{ change_used_gone, "used block: yes, no" },
	{ change_vcpu_node, "vcpu 2 node: " },
	{ change_kswapd, "node 1 kswapd_order: " },
	{ change_totalreserve, "machine totalreserve_pages: " },
	{ change_knob, "machine knob watermark_boost_factor: " },
	{ change_weight, "machine knob il_weight[1]: " },
	{ change_ratio, "machine knob lowmem_reserve_ratio[1]: " },
	{ change_cached_migrate, "node 0 zone Normal compact.cached_migrate_pfn[1]: " },
	{ change_cached_free, "node 0 zone Normal compact.cached_free_pfn: " },
	{ change_init_migrate, "node 0 zone Normal compact.init_migrate_pfn: " },
	{ change_init_free, "node 0 zone Normal compact.init_free_pfn: " },
	{ change_considered, "node 0 zone Normal compact.considered: " },
	{ change_defer_shift, "node 0 zone Normal compact.defer_shift: " },
	{ change_order_failed, "node 0 zone Normal compact.order_failed: " },
	{ change_flush, "node 0 zone Normal compact.blockskip_flush: " },
	{ change_kcompactd_order, "node 0 kcompactd.max_order: " },
	{ change_kcompactd_zone, "node 0 kcompactd.highest_zoneidx: " },
	{ change_kcompactd_woken, "node 1 kcompactd.woken: " },
	{ change_proactive, "node 1 kcompactd.proactive_trigger: " },
	{ change_vm_event, "machine compact_stall: " },
	{ change_threshold_knob, "machine knob extfrag_threshold: " },
	{ change_lru_order, "node 0 LRU list 0: " },
	{ change_lru_count, "node 1 LRU nr[3]: " },
	{ change_isolated, "node 0 LRU nr_isolated[0]: " },
	{ change_batch, "vcpu 2 LRU batch pages: " },
	{ change_walk, "compaction in steps migrate_pfn: " },
	{ change_walk_held, "compaction in steps nr_freepages: " },
	{ change_zonelist, "node 1 zonelist 0 entry 0: " },
};

/* The hash differs, and the one line of the diff names it. */
TEST_F(fork, each_change_is_seen)
{
	BUSY(4, 4000);
	MOVABLE(4);
	for (size_t i = 0; i < ARRAY_SIZE(changes); i++) {
		ASSERT_EQ(0, sbuddy_machine_fork(self->h.m, &self->copy.m));
		changes[i].change(self->copy.m);
		EXPECT_NE(HASH(self->h), HASH(self->copy)) {
			TH_LOG("%s", changes[i].name);
		}
		EXPECT_EQ(1, diff(self)) {
			TH_LOG("%s", self->text);
		}
		EXPECT_NE(NULL, strstr(self->text, changes[i].name)) {
			TH_LOG("wanted %s, got %s", changes[i].name, self->text);
		}
		sbuddy_machine_destroy(self->copy.m);
		self->copy.m = NULL;
	}
}

/* One hit that is local, too, is two counters. */
TEST_F(fork, local_hits)
{
	BUSY(4, 4000);
	ASSERT_EQ(0, sbuddy_machine_fork(self->h.m, &self->copy.m));
	change_local_hits(self->copy.m);
	EXPECT_NE(HASH(self->h), HASH(self->copy));
	EXPECT_EQ(2, diff(self));
	EXPECT_NE(NULL, strstr(self->text, "numa_hit: "));
	EXPECT_NE(NULL, strstr(self->text, "numa_local: "));
}

/* Where shapes differ, nothing else is compared. */
TEST_F(fork, shapes)
{
	BOOT(LAYOUT, 3);
	ASSERT_EQ(0, host_boot(&self->copy, "N0:DMA32=16M,Normal=34M", 2));
	EXPECT_EQ(4, diff(self)) {
		TH_LOG("%s", self->text);
	}
	EXPECT_NE(NULL, strstr(self->text, "machine nr_vcpus: 3, 2\n"));
	EXPECT_NE(NULL, strstr(self->text, "machine nr_zones: 4, 2\n"));
	EXPECT_NE(NULL, strstr(self->text, "zone 1 start: "));
	EXPECT_NE(HASH(self->h), HASH(self->copy));
}

/* A number that another build, in the kernel or on another day, gives as well. */
TEST_F(fork, hash_is_fixed)
{
	BOOT(LAYOUT, 3);
	EXPECT_EQ(KNOWN_HASH_FRESH, HASH(self->h));
	self->h.o = sbuddy_owner_create(self->h.m, 1);
	run(self->h.o, 1, 2000);
	EXPECT_EQ(KNOWN_HASH_BUSY, HASH(self->h));
}

TEST_F(fork, killed)
{
	int err;

	BUSY(4, 100);
	os_killed = true;
	err = sbuddy_machine_fork(self->h.m, &self->copy.m);
	os_killed = false;
	EXPECT_EQ(-EINTR, err);
	EXPECT_EQ(NULL, self->copy.m);
}

/* ---- 1 TiB ---- */

static long resident_kib(void)
{
	long size, rss = -1;
	FILE *f = fopen("/proc/self/statm", "r");

	if (!f || fscanf(f, "%ld %ld", &size, &rss) != 2)
		abort();
	fclose(f);
	return rss * 4;
}

static double seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec + t.tv_nsec / 1e9;
}

/* As large as they get: boots, works, is copied, and takes what was said. */
TEST_F_TIMEOUT(fork, one_tebibyte, 300)
{
	long before = resident_kib();
	double t[4] = { seconds() };
	size_t bytes;

	if (SANITIZED)
		SKIP(return, "too large for a sanitized build");
	ASSERT_EQ(0, host_boot(&self->h,
			       "N0:DMA=16M,DMA32=2032M,Normal=510G;N1:Normal=256G,Movable=256G",
			       8)) {
		TH_LOG("no memory for it");
	}
	t[1] = seconds();
	bytes = sbuddy_machine_metadata_bytes(self->h.m);
	EXPECT_GT(10UL << 30, bytes);
	EXPECT_EQ(1UL << 28, self->h.m->nr_pages);
	self->h.o = sbuddy_owner_create(self->h.m, 1);
	run(self->h.o, 1, 20000);
	t[2] = seconds();
	ASSERT_EQ(0, fork_machine(self));
	t[3] = seconds();
	EXPECT_EQ(HASH(self->h), HASH(self->copy));
	EXPECT_SANE();
	TH_LOG("metadata %zu MiB, resident %ld MiB for two; boot %.2f s, run %.2f s, fork %.2f s, hash and check %.2f s",
	       bytes >> 20, (resident_kib() - before) >> 10, t[1] - t[0], t[2] - t[1],
	       t[3] - t[2], seconds() - t[3]);
}

TEST_HARNESS_MAIN
