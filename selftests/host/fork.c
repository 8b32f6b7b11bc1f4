// SPDX-License-Identifier: GPL-2.0
/*
 * Fork, hash, diff: a copy is the same and stays the same under the same
 * operations; a change anywhere changes the hash, and diff names the place.
 */
#include <fcntl.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "fork_test.h"

#ifdef SBUDDY_SANITIZED
#define SANITIZED	true
#else
#define SANITIZED	false
#endif

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

#define BUSY_61(seed, ops) do {						\
	ASSERT_EQ(0, host_boot_61(&self->h, LAYOUT, 3));		\
	self->h.o = sbuddy_owner_create(self->h.m, 1);			\
	run(self->h.o, seed, ops);					\
} while (0)

/* Every operation has the same result on both, and ends in the same state. */
TEST_F(fork, goes_on_as_the_original)
{
	for (u64 seed = 1; seed <= 20; seed++) {
		u64 s = seed * 1000;

		if (seed & 1)
			BUSY(seed, 300 * seed);
		else
			BUSY_61(seed, 300 * seed);
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

static struct sbuddy_page *used_page(struct sbuddy_machine *m)
{
	for (unsigned long i = 0; i < m->nr_pages; i++)
		if (sbuddy_page_state(&m->pages[i]) == SBUDDY_PAGE_USED)
			return &m->pages[i];
	abort();
}

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
CHANGE(zonelist, swap(m->nodes[1].zonelists[0].ref[0], m->nodes[1].zonelists[0].ref[1]))

static const struct fork_change changes[] = {
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
	{ change_zonelist, "node 1 zonelist 0 entry 0: " },
};

TEST_F(fork, each_change_is_seen)
{
	BUSY(4, 4000);
	EXPECT_SEEN(changes);
}

static struct list_head *used_pcp_list(struct sbuddy_machine *m)
{
	for (int i = 0; i < m->nr_zones * m->nr_vcpus; i++)
		for (int j = 0; j < SBUDDY_NR_PCP_LISTS; j++) {
			struct sbuddy_zone *z = m->zones[i / m->nr_vcpus];
			struct list_head *l = &z->pcp[i % m->nr_vcpus].lists[j];

			if (!list_empty(l))
				return l;
		}
	abort();
}

/* What a block on a per-CPU list remembers is state under the 6.1 rules, and only there. */
TEST_F(fork, remembered_type)
{
	struct sbuddy_page *page;

	BUSY_61(4, 4000);
	ASSERT_EQ(0, fork_machine(self));
	EXPECT_SAME();
	page = list_first_entry(used_pcp_list(self->copy.m), struct sbuddy_page, lru);
	sbuddy_set_pcp_mt(page, (sbuddy_pcp_mt(page) + 1) % SBUDDY_MIGRATE_PCPTYPES);
	EXPECT_NE(HASH(self->h), HASH(self->copy));
	EXPECT_EQ(1, diff(self)) {
		TH_LOG("%s", self->text);
	}
	EXPECT_NE(NULL, strstr(self->text, ": remembered type: "));
}

/* A fork obeys the rules of its original, and the rules are part of what it is. */
TEST_F(fork, rules)
{
	BOOT(LAYOUT, 3);
	ASSERT_EQ(0, host_boot_61(&self->copy, LAYOUT, 3));
	EXPECT_NE(HASH(self->h), HASH(self->copy));
	EXPECT_LT(0, diff(self));
	EXPECT_NE(NULL, strstr(self->text, "machine config.rules: 0, 1\n")) {
		TH_LOG("%s", self->text);
	}
	host_exit(&self->h);
	ASSERT_EQ(0, sbuddy_machine_fork(self->copy.m, &self->h.m));
	EXPECT_EQ(self->copy.m->rules, self->h.m->rules);
	EXPECT_EQ(SBUDDY_RULES_6_1, self->h.m->config.rules);
	EXPECT_SAME();
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
