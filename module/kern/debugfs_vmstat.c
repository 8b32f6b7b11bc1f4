// SPDX-License-Identifier: GPL-2.0
/*
 * zoneinfo and vmstat: the machine's counters, in the formats of the kernel's
 * files of these names.
 *
 * Every item of a 6.12 kernel configured as Debian's amd64 one is there, at its
 * place, so that a parser which looks for a name or counts lines finds what it
 * expects.  What a machine has not got (slab, swap, ...), or does not count by
 * zone (LRU lists), is 0.  After
 * the kernel's items vmstat prints the module's own, prefixed "sbuddy_".
 *
 * Owns nothing.  zoneinfo takes the zone lock for each zone.  Nothing of that
 * makes the counters of one file a snapshot: they are read one after another.
 */
#include "debugfs.h"

/* What the watermarks of a movable zone never fall below, pages. */
#define MOVABLE_MIN_WMARK	32

static const char * const zone_items[] = {
	"nr_free_pages",		/* the only one that is counted */
	"nr_zone_inactive_anon",
	"nr_zone_active_anon",
	"nr_zone_inactive_file",
	"nr_zone_active_file",
	"nr_zone_unevictable",
	"nr_zone_write_pending",
	"nr_mlock",
	"nr_bounce",
	"nr_zspages",
	"nr_free_cma",
	"nr_unaccepted",
};

static const char * const numa_items[SBUDDY_NR_NUMA_ITEMS] = {
	[SBUDDY_NUMA_HIT] = "numa_hit",
	[SBUDDY_NUMA_MISS] = "numa_miss",
	[SBUDDY_NUMA_FOREIGN] = "numa_foreign",
	[SBUDDY_NUMA_INTERLEAVE_HIT] = "numa_interleave",
	[SBUDDY_NUMA_LOCAL] = "numa_local",
	[SBUDDY_NUMA_OTHER] = "numa_other",
};

static const char * const node_items[] = {
	"nr_inactive_anon",
	"nr_active_anon",
	"nr_inactive_file",
	"nr_active_file",
	"nr_unevictable",
	"nr_slab_reclaimable",
	"nr_slab_unreclaimable",
	"nr_isolated_anon",
	"nr_isolated_file",
	"workingset_nodes",
	"workingset_refault_anon",
	"workingset_refault_file",
	"workingset_activate_anon",
	"workingset_activate_file",
	"workingset_restore_anon",
	"workingset_restore_file",
	"workingset_nodereclaim",
	"nr_anon_pages",
	"nr_mapped",
	"nr_file_pages",
	"nr_dirty",
	"nr_writeback",
	"nr_writeback_temp",
	"nr_shmem",
	"nr_shmem_hugepages",
	"nr_shmem_pmdmapped",
	"nr_file_hugepages",
	"nr_file_pmdmapped",
	"nr_anon_transparent_hugepages",
	"nr_vmscan_write",
	"nr_vmscan_immediate_reclaim",
	"nr_dirtied",
	"nr_written",
	"nr_throttled_written",
	"nr_kernel_misc_reclaimable",
	"nr_foll_pin_acquired",
	"nr_foll_pin_released",
	"nr_kernel_stack",
	"nr_page_table_pages",
	"nr_sec_page_table_pages",
	"nr_iommu_pages",
	"nr_swapcached",
	"pgpromote_success",
	"pgpromote_candidate",
	"pgdemote_kswapd",
	"pgdemote_direct",
	"pgdemote_khugepaged",
};

/* vmstat, between the node items and pgalloc_* */
static const char * const items_before_pgalloc[] = {
	"nr_dirty_threshold",
	"nr_dirty_background_threshold",
	"nr_memmap_pages",
	"nr_memmap_boot_pages",
	"pgpgin",
	"pgpgout",
	"pswpin",
	"pswpout",
};

/* vmstat, behind pgfree */
static const char * const items_after_pgfree[] = {
	"pgactivate",
	"pgdeactivate",
	"pglazyfree",
	"pgfault",
	"pgmajfault",
	"pglazyfreed",
	"pgrefill",
	"pgreuse",
	"pgsteal_kswapd",
	"pgsteal_direct",
	"pgsteal_khugepaged",
	"pgscan_kswapd",
	"pgscan_direct",
	"pgscan_khugepaged",
	"pgscan_direct_throttle",
	"pgscan_anon",
	"pgscan_file",
	"pgsteal_anon",
	"pgsteal_file",
	"zone_reclaim_success",
	"zone_reclaim_failed",
	"pginodesteal",
	"slabs_scanned",
	"kswapd_inodesteal",
	"kswapd_low_wmark_hit_quickly",
	"kswapd_high_wmark_hit_quickly",
	"pageoutrun",
	"pgrotated",
	"drop_pagecache",
	"drop_slab",
	"oom_kill",
	"numa_pte_updates",
	"numa_huge_pte_updates",
	"numa_hint_faults",
	"numa_hint_faults_local",
	"numa_pages_migrated",
	"pgmigrate_success",
	"pgmigrate_fail",
	"thp_migration_success",
	"thp_migration_fail",
	"thp_migration_split",
	"compact_migrate_scanned",
	"compact_free_scanned",
	"compact_isolated",
	"compact_stall",
	"compact_fail",
	"compact_success",
	"compact_daemon_wake",
	"compact_daemon_migrate_scanned",
	"compact_daemon_free_scanned",
	"htlb_buddy_alloc_success",
	"htlb_buddy_alloc_fail",
	"unevictable_pgs_culled",
	"unevictable_pgs_scanned",
	"unevictable_pgs_rescued",
	"unevictable_pgs_mlocked",
	"unevictable_pgs_munlocked",
	"unevictable_pgs_cleared",
	"unevictable_pgs_stranded",
	"thp_fault_alloc",
	"thp_fault_fallback",
	"thp_fault_fallback_charge",
	"thp_collapse_alloc",
	"thp_collapse_alloc_failed",
	"thp_file_alloc",
	"thp_file_fallback",
	"thp_file_fallback_charge",
	"thp_file_mapped",
	"thp_split_page",
	"thp_split_page_failed",
	"thp_deferred_split_page",
	"thp_underused_split_page",
	"thp_split_pmd",
	"thp_scan_exceed_none_pte",
	"thp_scan_exceed_swap_pte",
	"thp_scan_exceed_share_pte",
	"thp_split_pud",
	"thp_zero_page_alloc",
	"thp_zero_page_alloc_failed",
	"thp_swpout",
	"thp_swpout_fallback",
	"balloon_inflate",
	"balloon_deflate",
	"balloon_migrate",
	"swap_ra",
	"swap_ra_hit",
	"swpin_zero",
	"swpout_zero",
	"ksm_swpin_copy",
	"cow_ksm",
	"zswpin",
	"zswpout",
	"zswpwb",
	"direct_map_level2_splits",
	"direct_map_level3_splits",
};

/* Spelling of the zones in pgalloc_normal and its like. */
static const char * const zone_suffix[SBUDDY_MAX_NR_ZONES] = {
	[SBUDDY_ZONE_DMA] = "dma",
	[SBUDDY_ZONE_DMA32] = "dma32",
	[SBUDDY_ZONE_NORMAL] = "normal",
	[SBUDDY_ZONE_MOVABLE] = "movable",
	[SBUDDY_ZONE_DEVICE] = "device",
};

static bool zone_populated(const struct sbuddy_zone *zone)
{
	return zone && zone->present_pages;
}

static bool zone_is_first_populated(const struct sbuddy_node *node, int idx)
{
	int i;

	for (i = 0; i < idx; i++)
		if (zone_populated(node->node_zones[i]))
			return false;
	return zone_populated(node->node_zones[idx]);
}

static void zoneinfo_node_stats(struct seq_file *s)
{
	int i;

	seq_puts(s, "\n  per-node stats");
	for (i = 0; i < ARRAY_SIZE(node_items); i++)
		seq_printf(s, "\n      %-12s %lu", node_items[i], 0UL);
}

/**
 * struct zone_pages - what zoneinfo says of every zone, populated or not
 * @free:	pages, as watermark tests see them
 * @boost:	pages
 * @wmark:	pages, with the boost
 * @spanned:	pages
 * @present:	pages
 * @managed:	pages
 * @protection: pages, by the highest zone of a request
 */
struct zone_pages {
	unsigned long free;
	long boost;
	long wmark[SBUDDY_NR_WMARK];
	unsigned long spanned;
	unsigned long present;
	unsigned long managed;
	long protection[SBUDDY_MAX_NR_ZONES];
};

/* A machine keeps no zone that is not populated; a kernel does, and it looks like this. */
static void empty_zone_pages(struct zone_pages *p, int idx)
{
	int i;

	*p = (struct zone_pages) { };
	if (idx == SBUDDY_ZONE_MOVABLE)
		for (i = 0; i < SBUDDY_NR_WMARK; i++)
			p->wmark[i] = MOVABLE_MIN_WMARK;
}

static void get_zone_pages(struct zone_pages *p, const struct sbuddy_zone *zone)
{
	int i;

	*p = (struct zone_pages) {
		.free = sbuddy_zone_page_state(zone),
		.boost = zone->watermark_boost,
		.spanned = zone->spanned_pages,
		.present = zone->present_pages,
		.managed = zone->managed_pages,
	};
	for (i = 0; i < SBUDDY_NR_WMARK; i++)
		p->wmark[i] = zone->watermark[i] + zone->watermark_boost;
	memcpy(p->protection, zone->lowmem_reserve, sizeof(p->protection));
}

static void zoneinfo_pages(struct seq_file *s, const struct zone_pages *p)
{
	int i;

	seq_printf(s, "\n  pages free     %lu", p->free);
	seq_printf(s, "\n        boost    %ld", p->boost);
	seq_printf(s, "\n        min      %ld", p->wmark[SBUDDY_WMARK_MIN]);
	seq_printf(s, "\n        low      %ld", p->wmark[SBUDDY_WMARK_LOW]);
	seq_printf(s, "\n        high     %ld", p->wmark[SBUDDY_WMARK_HIGH]);
	seq_printf(s, "\n        promo    %ld", p->wmark[SBUDDY_WMARK_PROMO]);
	seq_printf(s, "\n        spanned  %lu", p->spanned);
	seq_printf(s, "\n        present  %lu", p->present);
	seq_printf(s, "\n        managed  %lu", p->managed);
	seq_printf(s, "\n        cma      %lu", 0UL);
	seq_printf(s, "\n        protection: (%ld", p->protection[0]);
	for (i = 1; i < SBUDDY_MAX_NR_ZONES; i++)
		seq_printf(s, ", %ld", p->protection[i]);
	seq_putc(s, ')');
}

static void zoneinfo_items(struct seq_file *s, const struct sbuddy_zone *zone)
{
	int i;

	seq_printf(s, "\n      %-12s %lu", zone_items[0], sbuddy_zone_page_state(zone));
	for (i = 1; i < ARRAY_SIZE(zone_items); i++)
		seq_printf(s, "\n      %-12s %lu", zone_items[i], 0UL);
	for (i = 0; i < SBUDDY_NR_NUMA_ITEMS; i++)
		seq_printf(s, "\n      %-12s %llu", numa_items[i], sbuddy_zone_numa(zone, i));
}

/* Racy without the pcp lock, as in the kernel's file. */
static void zoneinfo_pagesets(struct seq_file *s, const struct sbuddy_zone *zone)
{
	int cpu;

	seq_puts(s, "\n  pagesets");
	for (cpu = 0; cpu < zone->machine->nr_vcpus; cpu++) {
		const struct sbuddy_pcp *pcp = &zone->pcp[cpu];

		seq_printf(s, "\n    cpu: %i", cpu);
		seq_printf(s, "\n              count: %i", READ_ONCE(pcp->count));
		seq_printf(s, "\n              high:  %i", READ_ONCE(pcp->high));
		seq_printf(s, "\n              batch: %i", READ_ONCE(pcp->batch));
		seq_printf(s, "\n  vm stats threshold: %d", zone->zstat[cpu].stat_threshold);
	}
}

static void zoneinfo_label(struct seq_file *s, int nid, int idx)
{
	seq_printf(s, "Node %d, zone %8s", nid, sbuddy_zone_name(idx));
}

static void zoneinfo_empty_zone(struct seq_file *s, int nid, int idx)
{
	struct zone_pages pages;

	empty_zone_pages(&pages, idx);
	zoneinfo_label(s, nid, idx);
	zoneinfo_pages(s, &pages);
	seq_putc(s, '\n');
}

/* Zone lock held.  Nothing reclaims yet, so no node has ever given up on it. */
static void zoneinfo_zone(struct seq_file *s, const struct sbuddy_zone *zone, bool first)
{
	struct zone_pages pages;

	get_zone_pages(&pages, zone);
	zoneinfo_label(s, zone->node, zone->idx);
	if (first)
		zoneinfo_node_stats(s);
	zoneinfo_pages(s, &pages);
	zoneinfo_items(s, zone);
	zoneinfo_pagesets(s, zone);
	seq_printf(s, "\n  node_unreclaimable:  %u", 0);
	seq_printf(s, "\n  start_pfn:           %lu\n", zone->zone_start_pfn);
}

static void zoneinfo_node(struct seq_file *s, const struct sbuddy_node *node)
{
	struct sbuddy_zone *zone;
	unsigned long flags;
	int i;

	for (i = 0; i < SBUDDY_MAX_NR_ZONES; i++) {
		zone = node->node_zones[i];
		if (!zone_populated(zone)) {
			zoneinfo_empty_zone(s, node->id, i);
			continue;
		}
		spin_lock_irqsave(&zone->lock, flags);
		zoneinfo_zone(s, zone, zone_is_first_populated(node, i));
		spin_unlock_irqrestore(&zone->lock, flags);
	}
}

static int zoneinfo_show(struct seq_file *s, struct sbuddy_machine *m)
{
	int nid;

	for (nid = 0; nid < m->nr_nodes; nid++)
		if (m->nodes[nid].online)
			zoneinfo_node(s, &m->nodes[nid]);
	return 0;
}

static u64 sum_zone_event(const struct sbuddy_machine *m, enum sbuddy_zone_event item, int idx)
{
	u64 sum = 0;
	int i;

	for (i = 0; i < m->nr_zones; i++)
		if (idx < 0 || m->zones[i]->idx == idx)
			sum += sbuddy_zone_event(m->zones[i], item);
	return sum;
}

static u64 sum_numa(const struct sbuddy_machine *m, enum sbuddy_numa_item item)
{
	u64 sum = 0;
	int i;

	for (i = 0; i < m->nr_zones; i++)
		sum += sbuddy_zone_numa(m->zones[i], item);
	return sum;
}

/* Zones may be negative for a moment; only the sum is not shown so. */
static long sum_free_pages(const struct sbuddy_machine *m)
{
	long sum = 0;
	int i;

	for (i = 0; i < m->nr_zones; i++)
		sum += READ_ONCE(m->zones[i]->nr_free_pages);
	return max(sum, 0L);
}

static void vmstat_line(struct seq_file *s, const char *name, u64 value)
{
	seq_puts(s, name);
	seq_put_decimal_ull(s, " ", value);
	seq_putc(s, '\n');
}

static void vmstat_zeros(struct seq_file *s, const char * const *names, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		vmstat_line(s, names[i], 0);
}

/* An item that the engine counts, 0 for any other. */
static u64 vm_event(const struct sbuddy_machine *m, const char *name)
{
	int i;

	for (i = 0; i < SBUDDY_NR_VM_EVENTS; i++)
		if (!strcmp(name, sbuddy_vm_event_name(i)))
			return sbuddy_vm_event(m, i);
	return 0;
}

static void vmstat_vm_events(struct seq_file *s, const struct sbuddy_machine *m)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(items_after_pgfree); i++)
		vmstat_line(s, items_after_pgfree[i], vm_event(m, items_after_pgfree[i]));
}

/* LRU lists and what is isolated, over all nodes: the first items have the lists' order. */
static void vmstat_node_items(struct seq_file *s, const struct sbuddy_machine *m)
{
	struct sbuddy_lru_stat sum = { }, one;
	size_t i;
	int nid;

	for (nid = 0; nid < m->nr_nodes; nid++) {
		sbuddy_lru_stat(m, nid, -1, &one);
		for (i = 0; i < ARRAY_SIZE(sum.nr); i++)
			sum.nr[i] += one.nr[i];
		for (i = 0; i < ARRAY_SIZE(sum.isolated); i++)
			sum.isolated[i] += one.isolated[i];
	}
	for (i = 0; i < ARRAY_SIZE(node_items); i++) {
		if (i < ARRAY_SIZE(sum.nr))
			vmstat_line(s, node_items[i], sum.nr[i]);
		else if (!strcmp(node_items[i], "nr_isolated_anon"))
			vmstat_line(s, node_items[i], sum.isolated[0]);
		else if (!strcmp(node_items[i], "nr_isolated_file"))
			vmstat_line(s, node_items[i], sum.isolated[1]);
		else
			vmstat_line(s, node_items[i], vm_event(m, node_items[i]));
	}
}

static void vmstat_zone_events(struct seq_file *s, const struct sbuddy_machine *m)
{
	int i;

	for (i = 0; i < SBUDDY_MAX_NR_ZONES; i++)
		seq_printf(s, "pgalloc_%s %llu\n", zone_suffix[i],
			   sum_zone_event(m, SBUDDY_PGALLOC, i));
	for (i = 0; i < SBUDDY_MAX_NR_ZONES; i++)
		seq_printf(s, "allocstall_%s %llu\n", zone_suffix[i],
			   sbuddy_vm_event(m, SBUDDY_ALLOCSTALL_DMA + i));
	for (i = 0; i < SBUDDY_MAX_NR_ZONES; i++)
		seq_printf(s, "pgskip_%s %llu\n", zone_suffix[i],
			   sbuddy_vm_event(m, SBUDDY_PGSKIP_DMA + i));
	vmstat_line(s, "pgfree", sum_zone_event(m, SBUDDY_PGFREE, -1));
}

static void vmstat_own(struct seq_file *s, const struct sbuddy_machine *m)
{
	int i;

	for (i = 0; i < SBUDDY_NR_ZONE_EVENTS; i++) {
		if (i == SBUDDY_PGALLOC || i == SBUDDY_PGFREE)
			continue;
		seq_printf(s, "sbuddy_%s %llu\n", sbuddy_zone_event_name(i),
			   sum_zone_event(m, i, -1));
	}
	for (i = 0; i < SBUDDY_NR_MACHINE_EVENTS; i++)
		seq_printf(s, "sbuddy_%s %llu\n", sbuddy_machine_event_name(i),
			   sbuddy_machine_event(m, i));
}

static int vmstat_show(struct seq_file *s, struct sbuddy_machine *m)
{
	int i;

	vmstat_line(s, zone_items[0], sum_free_pages(m));
	vmstat_zeros(s, zone_items + 1, ARRAY_SIZE(zone_items) - 1);
	for (i = 0; i < SBUDDY_NR_NUMA_ITEMS; i++)
		vmstat_line(s, numa_items[i], sum_numa(m, i));
	vmstat_node_items(s, m);
	for (i = 0; i < (int)ARRAY_SIZE(items_before_pgalloc); i++)
		vmstat_line(s, items_before_pgalloc[i], vm_event(m, items_before_pgalloc[i]));
	vmstat_zone_events(s, m);
	vmstat_vm_events(s, m);
	vmstat_own(s, m);
	vmstat_line(s, "nr_unstable", 0);
	return 0;
}

static size_t two_pages(const struct sbuddy_machine *m)
{
	return 2 * PAGE_SIZE;
}

const struct sbuddy_debugfs_file sbuddy_debugfs_vmstat_files[] = {
	{ .name = "zoneinfo", .mode = 0444, .show = zoneinfo_show, .hint = two_pages },
	{ .name = "vmstat", .mode = 0444, .show = vmstat_show, .hint = two_pages },
	{ }
};
