// SPDX-License-Identifier: GPL-2.0
/*
 * Counters and indices (reference 9.4, 9.5 and CHECK 9).
 *
 * Byte-compatibility of the text files is tested where they exist: in the VM.
 */
#include "host_test.h"

HOST_FIXTURE(vmstat)

TEST_F(vmstat, text_files_equal_the_kernels)
{
	SKIP(return, "needs the module: selftests/vm/debugfs_format.py compares buddyinfo and kin");
}

/* CHECK 9: pgalloc - pgfree over a closed sequence equals the pages still held. */
TEST_F(vmstat, pgalloc_less_pgfree_is_what_is_held)
{
	struct { long off; unsigned int order; } held[200];
	struct sbuddy_page *array[20] = { NULL };
	u64 pages = 0, diff = 0;
	int nr = 0;

	BOOT("N0:DMA32=32M,Normal=32M,Movable=32M", 2);
	for (int i = 0; i < 200; i++) {
		self->h.task.cpu = i & 1;
		held[nr].order = i * 7 % 11;
		held[nr].off = ALLOC(i % 3 ? SBUDDY_GFP_HIGHUSER_MOVABLE : SBUDDY_GFP_ATOMIC,
				     held[nr].order);
		if (held[nr].off >= 0)
			pages += 1UL << held[nr++].order;
		if (nr && i % 4 == 3) {
			nr--;
			pages -= 1UL << held[nr].order;
			FREE(held[nr].off, held[nr].order);
		}
	}
	pages += sbuddy_alloc_pages_bulk(self->h.m, &self->h.task, GFP_MOV, -1, 20, array);
	sbuddy_drain_all_pages(self->h.m, &self->h.task);
	for (int i = 0; i < self->h.m->nr_zones; i++)
		diff += sbuddy_zone_event(self->h.m->zones[i], SBUDDY_PGALLOC) -
			sbuddy_zone_event(self->h.m->zones[i], SBUDDY_PGFREE);
	EXPECT_EQ(pages, diff);
}

/* Drains are not counted as frees, boot neither. */
TEST_F(vmstat, drains_are_no_frees)
{
	struct sbuddy_zone *z;

	BOOT("N0:DMA32=16M", 1);
	z = ZONE(DMA32);
	EXPECT_EQ(0, sbuddy_zone_event(z, SBUDDY_PGFREE));
	FREE(ALLOC(GFP_MOV, 2), 2);
	EXPECT_EQ(4, sbuddy_zone_event(z, SBUDDY_PGFREE));
	sbuddy_drain_all_pages(self->h.m, &self->h.task);
	EXPECT_EQ(4, sbuddy_zone_event(z, SBUDDY_PGFREE));
}

/* CHECK 9: sums over the types' lists are the buddyinfo column. */
TEST_F(vmstat, nr_free_is_the_sum_over_types)
{
	BOOT("N0:DMA32=16M", 1);
	for (int i = 0; i < 60; i++)
		ALLOC(i % 3 == 0 ? GFP_MOV : i % 3 == 1 ? GFP_UNM : GFP_REC, i % 9);
	for (int o = 0; o <= 10; o++) {
		unsigned long n = 0;
		struct sbuddy_page *page;

		for (int mt = 0; mt < SBUDDY_MIGRATE_TYPES; mt++)
			list_for_each_entry(page, &ZONE(DMA32)->free_area[o].free_list[mt], lru)
				n++;
		EXPECT_EQ(n, ZONE(DMA32)->free_area[o].nr_free);
	}
}

/* CHECK 9: one free order-0 page: -500 at order 1. */
TEST_F(vmstat, extfrag_index)
{
	struct sbuddy_zone *z;

	IMPORT(.zone = SBUDDY_ZONE_DMA32, .blocks = 4, .free = { { 0, MOV, "1" } });
	z = ZONE(DMA32);
	EXPECT_EQ(-1000, sbuddy_extfrag_index(z, 0));
	EXPECT_EQ(-500, sbuddy_extfrag_index(z, 1));
	EXPECT_EQ(1000 - (1000 + 250), sbuddy_extfrag_index(z, 2));
	EXPECT_EQ(0, sbuddy_unusable_index(z, 0));
	EXPECT_EQ(1000, sbuddy_unusable_index(z, 1));
}

TEST_F(vmstat, indices_of_nothing)
{
	struct sbuddy_zone *z;

	IMPORT(.zone = SBUDDY_ZONE_DMA32, .blocks = 4);
	z = ZONE(DMA32);
	for (int o = 0; o <= 10; o++) {
		EXPECT_EQ(0, sbuddy_extfrag_index(z, o));
		EXPECT_EQ(1000, sbuddy_unusable_index(z, o));
	}
}

TEST_F(vmstat, indices_of_a_mixture)
{
	struct sbuddy_zone *z;

	IMPORT(.zone = SBUDDY_ZONE_DMA32, .blocks = 4, .types = "1 4",
	       .free = { { 0, MOV, "1 3 5" }, { 2, MOV, "8 16" }, { 4, MOV, "32" },
			 { 1, ISO, "512" } });
	z = ZONE(DMA32);
	/* 7 blocks, 3 + 8 + 16 + 2 = 29 pages; isolated ones count */
	EXPECT_EQ(-1000, sbuddy_extfrag_index(z, 4));
	EXPECT_EQ(1000 - (1000 + 29000 / 32) / 7, sbuddy_extfrag_index(z, 5));
	EXPECT_EQ((29 - 24) * 1000 / 29, sbuddy_unusable_index(z, 2));
	EXPECT_EQ((29 - 16) * 1000 / 29, sbuddy_unusable_index(z, 4));
}

TEST_F(vmstat, every_counter_has_a_name)
{
	for (int i = 0; i < SBUDDY_NR_ZONE_EVENTS; i++)
		for (int j = 0; j < i; j++)
			EXPECT_STRNE(sbuddy_zone_event_name(i), sbuddy_zone_event_name(j));
	for (int i = 0; i < SBUDDY_NR_MACHINE_EVENTS; i++)
		for (int j = 0; j < i; j++)
			EXPECT_STRNE(sbuddy_machine_event_name(i), sbuddy_machine_event_name(j));
}

TEST_F(vmstat, numa_counters_on_both_paths)
{
	struct sbuddy_zone *z;

	BOOT("N0:DMA32=16M", 1);
	z = ZONE(DMA32);
	for (int i = 0; i < 10; i++)
		ALLOC(GFP_MOV, i);
	EXPECT_EQ(10, sbuddy_zone_numa(z, SBUDDY_NUMA_HIT));
	EXPECT_EQ(10, sbuddy_zone_numa(z, SBUDDY_NUMA_LOCAL));
	EXPECT_EQ(0, sbuddy_zone_numa(z, SBUDDY_NUMA_MISS));
	EXPECT_EQ(0, sbuddy_zone_numa(z, SBUDDY_NUMA_FOREIGN));
}

TEST_F(vmstat, metadata_is_at_most_32_bytes_a_page)
{
	size_t before;

	BOOT("N0:Normal=16M", 1);
	before = sbuddy_machine_metadata_bytes(self->h.m);
	EXPECT_EQ(32, sizeof(struct sbuddy_page));
	EXPECT_LT(4096 * 32, before);
	host_exit(&self->h);
	BOOT("N0:Normal=1G", 1);
	/* what grows with memory: descriptors, 4 bits and 5 bytes of each pageblock */
	EXPECT_LE(sbuddy_machine_metadata_bytes(self->h.m) - before, (262144 - 4096) * 32 + 3072);
}

TEST_HARNESS_MAIN
