// SPDX-License-Identifier: GPL-2.0
/*
 * Counters: the free-page counter with each vcpu's pending part, the
 * thresholds at which that part is folded, and sums for display.
 *
 * The free counter is not mere statistics.  Watermark tests read only its
 * folded part, so when it is folded decides who gets a page.  Event counters
 * are kept under a lock that is held anyway, a pcp's or a zone's, and added
 * up here.
 */
#include "os.h"
#include "internal.h"

#define SBUDDY_MAX_STAT_THRESHOLD	125	/* fits a signed byte with room for one more */

/**
 * sbuddy_zone_page_state() - free pages as watermark tests see them
 * @zone: zone
 *
 * Context: Any.
 * Return: Pages, without what the vcpus have pending; 0 when that is negative.
 */
unsigned long sbuddy_zone_page_state(const struct sbuddy_zone *zone)
{
	long n = READ_ONCE(zone->nr_free_pages);

	return n < 0 ? 0 : n;
}

/**
 * sbuddy_zone_page_state_snapshot() - free pages with everything pending
 * @zone: zone
 *
 * Context: Any; exact while the zone lock is held.
 * Return: Pages, never negative.
 */
long sbuddy_zone_page_state_snapshot(const struct sbuddy_zone *zone)
{
	long n = READ_ONCE(zone->nr_free_pages);

	for (int cpu = 0; cpu < zone->machine->nr_vcpus; cpu++)
		n += READ_ONCE(zone->zstat[cpu].free_diff);
	return n < 0 ? 0 : n;
}

/* Zone lock held. */
void sbuddy_fold_zone_diff(struct sbuddy_zone *zone, int cpu)
{
	WRITE_ONCE(zone->nr_free_pages, zone->nr_free_pages + zone->zstat[cpu].free_diff);
	zone->zstat[cpu].free_diff = 0;
}

/*
 * More CPUs and more memory (in 128 MiB) mean rarer folding:
 * 2 * fls(cpus) * (1 + fls(mem)), at most 125.
 */
static int sbuddy_normal_threshold(const struct sbuddy_zone *zone)
{
	int mem = zone->managed_pages >> (27 - SBUDDY_PAGE_SHIFT);
	int threshold = 2 * fls(zone->machine->nr_vcpus) * (1 + fls(mem));

	return min(threshold, SBUDDY_MAX_STAT_THRESHOLD);
}

/* As many pages as the vcpus may have pending without hiding that a mark was passed. */
static int sbuddy_pressure_threshold(const struct sbuddy_zone *zone)
{
	long distance = sbuddy_wmark_pages(zone, SBUDDY_WMARK_LOW) -
			sbuddy_wmark_pages(zone, SBUDDY_WMARK_MIN);

	return min_t(long, max_t(long, 1, distance / zone->machine->nr_vcpus),
		     SBUDDY_MAX_STAT_THRESHOLD);
}

/* How much a vcpu may have pending, while kswapd works (@pressure) or not. */
int sbuddy_stat_threshold(const struct sbuddy_zone *zone, bool pressure)
{
	return pressure ? sbuddy_pressure_threshold(zone) : sbuddy_normal_threshold(zone);
}

/* Recomputes thresholds and drift marks; a mark once set is only ever replaced. */
void sbuddy_refresh_zone_stat_thresholds(struct sbuddy_machine *m)
{
	for (int i = 0; i < m->nr_zones; i++) {
		struct sbuddy_zone *zone = m->zones[i];
		int threshold = sbuddy_normal_threshold(zone);
		long max_drift = (long)m->nr_vcpus * threshold;

		for (int cpu = 0; cpu < m->nr_vcpus; cpu++)
			zone->zstat[cpu].stat_threshold = threshold;
		if (max_drift > sbuddy_wmark_pages(zone, SBUDDY_WMARK_LOW) -
				sbuddy_wmark_pages(zone, SBUDDY_WMARK_MIN))
			zone->percpu_drift_mark =
				sbuddy_wmark_pages(zone, SBUDDY_WMARK_HIGH) + max_drift;
	}
}

/**
 * sbuddy_zone_event() - an event counter of a zone, all vcpus
 * @zone: zone
 * @item: which
 *
 * Context: Any; racy against running operations.
 * Return: Count since the machine was made or reset.
 */
u64 sbuddy_zone_event(const struct sbuddy_zone *zone, enum sbuddy_zone_event item)
{
	u64 n = READ_ONCE(zone->events[item]);

	for (int cpu = 0; cpu < zone->machine->nr_vcpus; cpu++) {
		if (item == SBUDDY_PGALLOC)
			n += READ_ONCE(zone->pcp[cpu].pgalloc);
		if (item == SBUDDY_PGFREE)
			n += READ_ONCE(zone->pcp[cpu].pgfree);
	}
	return n;
}

/**
 * sbuddy_zone_numa() - a NUMA counter of a zone, all vcpus
 * @zone: zone
 * @item: which
 *
 * Context: Any; racy against running operations.
 * Return: Count since the machine was made or reset.
 */
u64 sbuddy_zone_numa(const struct sbuddy_zone *zone, enum sbuddy_numa_item item)
{
	u64 n = READ_ONCE(zone->numa[item]);

	if (item == SBUDDY_NUMA_FOREIGN)
		return atomic_long_read(&zone->numa_foreign);
	if (item == SBUDDY_NUMA_INTERLEAVE_HIT)
		return atomic_long_read(&zone->numa_interleave_hit);
	for (int cpu = 0; cpu < zone->machine->nr_vcpus; cpu++) {
		n += READ_ONCE(zone->pcp[cpu].numa[item]);
		if (item == SBUDDY_NUMA_HIT || item == SBUDDY_NUMA_LOCAL)
			n += READ_ONCE(zone->pcp[cpu].local_hits);
	}
	return n;
}

/**
 * sbuddy_machine_event() - an event counter of a machine
 * @m: machine
 * @item: which
 *
 * Context: Any.
 * Return: Count since the machine was made or reset.
 */
u64 sbuddy_machine_event(const struct sbuddy_machine *m, enum sbuddy_machine_event item)
{
	return atomic_long_read(&m->events[item]);
}

/**
 * sbuddy_zone_event_name() - name of an event counter
 * @item: enum sbuddy_zone_event
 *
 * Context: Any.
 * Return: Constant string.
 */
const char *sbuddy_zone_event_name(int item)
{
	static const char * const names[SBUDDY_NR_ZONE_EVENTS] = {
		[SBUDDY_PGALLOC]		= "pgalloc",
		[SBUDDY_PGFREE]			= "pgfree",
		[SBUDDY_PCP_REFILL]		= "pcp_refill",
		[SBUDDY_PCP_REFILL_PAGES]	= "pcp_refill_pages",
		[SBUDDY_PCP_DRAIN]		= "pcp_drain",
		[SBUDDY_PCP_DRAIN_PAGES]	= "pcp_drain_pages",
		[SBUDDY_CLAIM]			= "fallback_claim",
		[SBUDDY_STEAL]			= "fallback_steal",
		[SBUDDY_BOOST]			= "watermark_boost",
		[SBUDDY_HIGHATOMIC_RESERVE]	= "highatomic_reserve",
		[SBUDDY_HIGHATOMIC_UNRESERVE]	= "highatomic_unreserve",
	};

	return names[item];
}

/**
 * sbuddy_machine_event_name() - name of an event counter
 * @item: enum sbuddy_machine_event
 *
 * Context: Any.
 * Return: Constant string.
 */
const char *sbuddy_machine_event_name(int item)
{
	static const char * const names[SBUDDY_NR_MACHINE_EVENTS] = {
		[SBUDDY_ALLOC_FAIL]	= "alloc_fail",
		[SBUDDY_WOULD_BLOCK]	= "would_block",
		[SBUDDY_BAD_FREE]	= "bad_free",
		[SBUDDY_KSWAPD_WAKE]	= "kswapd_wake",
		[SBUDDY_PCP_BUSY]	= "pcp_busy",
	};

	return names[item];
}

/**
 * sbuddy_vm_event() - a counter that the kernel has in vmstat
 * @m: machine
 * @item: which
 *
 * Context: Any.
 * Return: Count since the machine was made or reset.
 */
u64 sbuddy_vm_event(const struct sbuddy_machine *m, enum sbuddy_vm_event item)
{
	return atomic_long_read(&m->vm_events[item]);
}

/**
 * sbuddy_vm_event_name() - its name in vmstat
 * @item: enum sbuddy_vm_event
 *
 * Context: Any.
 * Return: Constant string.
 */
const char *sbuddy_vm_event_name(int item)
{
	static const char * const names[SBUDDY_NR_VM_EVENTS] = {
		[SBUDDY_PGMIGRATE_SUCCESS]	   = "pgmigrate_success",
		[SBUDDY_PGMIGRATE_FAIL]		   = "pgmigrate_fail",
		[SBUDDY_THP_MIGRATION_SUCCESS]	   = "thp_migration_success",
		[SBUDDY_THP_MIGRATION_FAIL]	   = "thp_migration_fail",
		[SBUDDY_COMPACTMIGRATE_SCANNED]	   = "compact_migrate_scanned",
		[SBUDDY_COMPACTFREE_SCANNED]	   = "compact_free_scanned",
		[SBUDDY_COMPACTISOLATED]	   = "compact_isolated",
		[SBUDDY_COMPACTSTALL]		   = "compact_stall",
		[SBUDDY_COMPACTFAIL]		   = "compact_fail",
		[SBUDDY_COMPACTSUCCESS]		   = "compact_success",
		[SBUDDY_KCOMPACTD_WAKE]		   = "compact_daemon_wake",
		[SBUDDY_KCOMPACTD_MIGRATE_SCANNED] = "compact_daemon_migrate_scanned",
		[SBUDDY_KCOMPACTD_FREE_SCANNED]	   = "compact_daemon_free_scanned",
		[SBUDDY_PSWPIN]			   = "pswpin",
		[SBUDDY_PSWPOUT]		   = "pswpout",
		[SBUDDY_ALLOCSTALL_DMA]		   = "allocstall_dma",
		[SBUDDY_ALLOCSTALL_DMA32]	   = "allocstall_dma32",
		[SBUDDY_ALLOCSTALL_NORMAL]	   = "allocstall_normal",
		[SBUDDY_ALLOCSTALL_MOVABLE]	   = "allocstall_movable",
		[SBUDDY_ALLOCSTALL_DEVICE]	   = "allocstall_device",
		[SBUDDY_PGSKIP_DMA]		   = "pgskip_dma",
		[SBUDDY_PGSKIP_DMA32]		   = "pgskip_dma32",
		[SBUDDY_PGSKIP_NORMAL]		   = "pgskip_normal",
		[SBUDDY_PGSKIP_MOVABLE]		   = "pgskip_movable",
		[SBUDDY_PGSKIP_DEVICE]		   = "pgskip_device",
		[SBUDDY_PGACTIVATE]		   = "pgactivate",
		[SBUDDY_PGDEACTIVATE]		   = "pgdeactivate",
		[SBUDDY_PGREFILL]		   = "pgrefill",
		[SBUDDY_PGSTEAL_KSWAPD]		   = "pgsteal_kswapd",
		[SBUDDY_PGSTEAL_DIRECT]		   = "pgsteal_direct",
		[SBUDDY_PGSCAN_KSWAPD]		   = "pgscan_kswapd",
		[SBUDDY_PGSCAN_DIRECT]		   = "pgscan_direct",
		[SBUDDY_PGSCAN_DIRECT_THROTTLE]	   = "pgscan_direct_throttle",
		[SBUDDY_PGSCAN_ANON]		   = "pgscan_anon",
		[SBUDDY_PGSCAN_FILE]		   = "pgscan_file",
		[SBUDDY_PGSTEAL_ANON]		   = "pgsteal_anon",
		[SBUDDY_PGSTEAL_FILE]		   = "pgsteal_file",
		[SBUDDY_PAGEOUTRUN]		   = "pageoutrun",
		[SBUDDY_PGROTATED]		   = "pgrotated",
		[SBUDDY_OOM_KILLS]		   = "oom_kill",
		[SBUDDY_KSWAPD_LOW_WMARK_HIT_QUICKLY] = "kswapd_low_wmark_hit_quickly",
		[SBUDDY_KSWAPD_HIGH_WMARK_HIT_QUICKLY] = "kswapd_high_wmark_hit_quickly",
		[SBUDDY_WORKINGSET_REFAULT_ANON]   = "workingset_refault_anon",
		[SBUDDY_WORKINGSET_REFAULT_FILE]   = "workingset_refault_file",
		[SBUDDY_WORKINGSET_ACTIVATE_ANON] = "workingset_activate_anon",
		[SBUDDY_WORKINGSET_ACTIVATE_FILE] = "workingset_activate_file",
		[SBUDDY_WORKINGSET_RESTORE_ANON]   = "workingset_restore_anon",
		[SBUDDY_WORKINGSET_RESTORE_FILE]   = "workingset_restore_file",
		[SBUDDY_NR_VMSCAN_WRITE]	   = "nr_vmscan_write",
		[SBUDDY_NR_VMSCAN_IMMEDIATE]	   = "nr_vmscan_immediate_reclaim",
		[SBUDDY_OOM_DECLARED]		   = "oom_declared",
		[SBUDDY_SLOWPATH_LIVELOCK]	   = "slowpath_livelock",
	};

	return names[item];
}

struct sbuddy_contig_info {
	unsigned long free_pages;
	unsigned long free_blocks;
	unsigned long fit;		/* blocks of the order that could be cut */
};

static struct sbuddy_contig_info sbuddy_fill_contig_info(const struct sbuddy_zone *zone,
							 unsigned int order)
{
	struct sbuddy_contig_info info = { 0 };

	for (unsigned int o = 0; o <= SBUDDY_MAX_PAGE_ORDER; o++) {
		unsigned long blocks = READ_ONCE(zone->free_area[o].nr_free);

		info.free_blocks += blocks;
		info.free_pages += blocks << o;
		if (o >= order)
			info.fit += blocks << (o - order);
	}
	return info;
}

/**
 * sbuddy_extfrag_index() - would an order fail for fragmentation or lack of memory
 * @zone: zone
 * @order: 0 to SBUDDY_MAX_PAGE_ORDER
 *
 * 1000 - (1000 + pages * 1000 / size) / blocks: towards 1000 fragmentation is
 * to blame, towards 0 lack of memory.
 *
 * Context: Any.
 * Return: Thousandths; -1000 if a block is there; may be negative otherwise.
 */
int sbuddy_extfrag_index(const struct sbuddy_zone *zone, unsigned int order)
{
	struct sbuddy_contig_info info = sbuddy_fill_contig_info(zone, order);

	if (!info.free_blocks)
		return 0;
	if (info.fit)
		return -1000;
	return 1000 - (int)((1000 + info.free_pages * 1000 / (1UL << order)) / info.free_blocks);
}

/**
 * sbuddy_unusable_index() - share of free memory in blocks too small for an order
 * @zone: zone
 * @order: 0 to SBUDDY_MAX_PAGE_ORDER
 *
 * Context: Any.
 * Return: Thousandths; 1000 if nothing is free.
 */
int sbuddy_unusable_index(const struct sbuddy_zone *zone, unsigned int order)
{
	struct sbuddy_contig_info info = sbuddy_fill_contig_info(zone, order);

	if (!info.free_pages)
		return 1000;
	return (info.free_pages - (info.fit << order)) * 1000 / info.free_pages;
}

/**
 * sbuddy_extfrag_for_order() - the same in per cent, as proactive compaction counts
 * @zone: zone
 * @order: 0 to SBUDDY_MAX_PAGE_ORDER
 *
 * Context: Any.
 * Return: Per cent; 0 if nothing is free.
 */
unsigned int sbuddy_extfrag_for_order(const struct sbuddy_zone *zone, unsigned int order)
{
	struct sbuddy_contig_info info = sbuddy_fill_contig_info(zone, order);

	if (!info.free_pages)
		return 0;
	return (info.free_pages - (info.fit << order)) * 100 / info.free_pages;
}
