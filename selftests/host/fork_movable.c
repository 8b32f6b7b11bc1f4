// SPDX-License-Identifier: GPL-2.0
/*
 * Fork, hash and diff of machines with pages that can move, and in the middle of
 * a compaction.
 */
#include "fork_test.h"

#include "compaction.h"

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

/* As text and back: pages on LRU lists move as they would have, hints and places are known. */
TEST_F(fork, by_text)
{
	struct sbuddy_compact_args args = { .order = 9, .gfp = SBUDDY_GFP_KERNEL, .cached = true,
					    .mode = SBUDDY_MIGRATE_SYNC_LIGHT };
	struct sbuddy_compact_report a = { 0 }, b = { 0 };
	char *before, *text, *other, why[200];

	SCATTERED(6, 500);
	MOVABLE(6);
	sbuddy_compact_stop(self->h.m, &self->h.task, NULL);
	sbuddy_lru_drain(self->h.m, &self->h.task);
	normal(self->h.m)->compact.blockskip_flush = true;
	args.zone = normal(self->h.m);
	sbuddy_compact_one(&args, &self->h.task, 0, NULL, &a);
	sbuddy_lru_drain(self->h.m, &self->h.task);
	before = host_snapshot(&self->h);
	EXPECT_NE(NULL, strstr(before, "\nlru list=0: "));
	EXPECT_NE(NULL, strstr(before, "\nskip: "));
	EXPECT_NE(NULL, strstr(before, "\ncompact migrate="));
	ASSERT_EQ(0, sbuddy_snapshot_import(before, strlen(before), &self->copy.m, why,
					    sizeof(why))) {
		TH_LOG("%s", why);
	}
	other = host_snapshot(&self->copy);
	EXPECT_STREQ(before, other);
	EXPECT_COPY_SANE();
	memset(&a, 0, sizeof(a));
	args.cached = false;
	args.order = -1;
	args.mode = SBUDDY_MIGRATE_SYNC;
	sbuddy_compact_one(&args, &self->h.task, 0, NULL, &a);
	args.zone = normal(self->copy.m);
	sbuddy_compact_one(&args, &self->copy.task, 0, NULL, &b);
	EXPECT_EQ(0, memcmp(&a, &b, sizeof(a)));
	EXPECT_LT(0, a.migrated);
	free(other);
	text = host_snapshot(&self->h);
	other = host_snapshot(&self->copy);
	EXPECT_STREQ(text, other);
	EXPECT_COPY_SANE();
	free(before);
	free(text);
	free(other);
}

/* Text that contradicts itself is refused. */
TEST_F(fork, bad_text)
{
	static const char * const lines[] = {
		"lru list=0: 100000:0:1", "lru list=7: 100000:0:0", "lru list=0: ffffff:0:0",
		"lru list=0: 100000:11:0", "lru list=0: 100001:1:0", "lru list=0: 100000:0:800",
		"skip: 7", "compact migrate=1", "compact migrate=0,0 free=0 init_migrate=0 init_free=0 considered=65 shift=0 failed=0 flush=0",
	};
	char *text, *bad, why[200];

	ASSERT_EQ(0, host_boot(&self->h, "N0:Normal=4M", 1));
	text = host_snapshot(&self->h);
	for (size_t i = 0; i < ARRAY_SIZE(lines); i++) {
		ASSERT_LT(0, asprintf(&bad, "%s%s\n", text, lines[i]));
		EXPECT_EQ(-EINVAL, sbuddy_snapshot_import(bad, strlen(bad), &self->copy.m, why,
							  sizeof(why))) {
			TH_LOG("%s", lines[i]);
		}
		free(bad);
	}
	free(text);
}

static const struct fork_change changes[] = {
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
};

TEST_F(fork, each_change_is_seen)
{
	SCATTERED(4, 500);
	MOVABLE(4);
	EXPECT_SEEN(changes);
}

TEST_HARNESS_MAIN
