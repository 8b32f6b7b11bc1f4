// SPDX-License-Identifier: GPL-2.0
/*
 * A consistent copy of a zone of the living kernel.
 *
 * The moment: all CPUs' pcp locks of the zone and then the zone lock, in the
 * kernel's own order, with interrupts off.  Nothing can be put on or taken off
 * any list then.  The pcp locks are only tried: if one is busy, all are let go,
 * interrupts come back, and it starts over, so there is nothing to deadlock
 * with and the kernel's paths, which only try these locks too, at worst
 * take their buddy path meanwhile.
 *
 * Interrupts are off for one step a block on the lists, one a CPU and one a
 * memory section (128 MiB); the caller limits the blocks.  Memory for the copy
 * is taken before, sized by a count without locks, and once more if the lists
 * have grown in between.
 *
 * All of it is read by the layouts of this kernel's headers and by exported
 * symbols.  Counters of other CPUs may be on their way from a CPU's difference
 * to the zone: the copy waits until the sum is what the lists hold.
 *
 * Owns no state.  The host is only read.
 */
#include <linux/cpumask.h>
#include <linux/cpu.h>
#include <linux/ktime.h>
#include <linux/list.h>
#include <linux/memory_hotplug.h>
#include <linux/mm.h>
#include <linux/mmzone.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/vmstat.h>

#include <trace/events/sbuddy.h>

#include "compat.h"
#include "live.h"

/*
 * Each held lock takes one of the 255 levels that preempt_count has for them,
 * and one of the 48 places that lockdep has for a task.
 */
#define MAX_LOCKED_CPUS		(IS_ENABLED(CONFIG_LOCKDEP) ? 40 : 200)

#define LOCK_SPINS		1000	/* tries of one pcp lock before all are let go */
#define LOCK_ROUNDS		100000	/* before giving up */
#define SETTLE_READS		100	/* of the counters, under the locks */
#define SETTLE_ROUNDS		20	/* of the whole copy */

/**
 * sbuddy_live_unsupported() - why the host's zones cannot be read
 *
 * Context: Any.
 * Return: NULL if they can; else what kind of kernel was expected.
 */
const char *sbuddy_live_unsupported(void)
{
	if (IS_ENABLED(CONFIG_PREEMPT_RT))
		return "a kernel whose zone locks are spinlocks, not PREEMPT_RT";
	if (!IS_ENABLED(CONFIG_SPARSEMEM))
		return "a kernel with SPARSEMEM";
	if (ARRAY_SIZE(((struct zone *)0)->free_area) != SBUDDY_NR_PAGE_ORDERS)
		return "a kernel with orders 0 to 10";
	if (ARRAY_SIZE(((struct per_cpu_pages *)0)->lists) != SBUDDY_NR_PCP_LISTS)
		return "a kernel with 14 per-CPU lists a zone";
	if (pageblock_order != SBUDDY_PAGEBLOCK_ORDER || PAGE_SIZE != SBUDDY_PAGE_SIZE)
		return "a kernel with pageblocks of 512 pages of 4 KiB";
	if (NR_PAGEBLOCK_BITS != 4)
		return "a kernel with four bits a pageblock";
	if ((int)MIGRATE_UNMOVABLE != (int)SBUDDY_MIGRATE_UNMOVABLE ||
	    (int)MIGRATE_MOVABLE != (int)SBUDDY_MIGRATE_MOVABLE ||
	    (int)MIGRATE_RECLAIMABLE != (int)SBUDDY_MIGRATE_RECLAIMABLE)
		return "a kernel that numbers Unmovable, Movable, Reclaimable so";
	return NULL;
}

/* ---- locks ---------------------------------------------------------------- */

/* Sparse cannot follow locks in a loop: it is told that nothing happened. */
static void unlock_pcps(struct zone *zone, int nr_cpus)
{
	int cpu;

	for_each_possible_cpu(cpu) {
		spinlock_t *lock = &per_cpu_ptr(zone->per_cpu_pageset, cpu)->lock;

		if (cpu >= nr_cpus)
			break;
		__acquire(lock);
		spin_unlock(lock);
	}
}

static bool trylock_pcp(struct zone *zone, int cpu)
{
	spinlock_t *lock = &per_cpu_ptr(zone->per_cpu_pageset, cpu)->lock;
	int spins;

	for (spins = 0; spins < LOCK_SPINS; spins++) {
		if (spin_trylock(lock)) {
			__release(lock);
			return true;
		}
		cpu_relax();
	}
	return false;
}

/* All or none. */
static bool trylock_pcps(struct zone *zone, int nr_cpus)
{
	int cpu;

	for_each_possible_cpu(cpu) {
		if (cpu >= nr_cpus)
			break;
		if (!trylock_pcp(zone, cpu)) {
			unlock_pcps(zone, cpu);
			return false;
		}
	}
	return true;
}

/* ---- what is copied under the locks --------------------------------------- */

static bool copy_list(struct sbuddy_live_zone *z, const struct list_head *head)
{
	const struct page *page;

	list_for_each_entry(page, head, lru) {
		if (z->nr_blocks == z->room)
			return false;
		z->block[z->nr_blocks++] = page_to_pfn(page) - z->start_pfn;
	}
	return true;
}

/* As copy_list(), with the type that each page remembers. */
static bool copy_pcp_list(struct sbuddy_live_zone *z, const struct list_head *head, int list_type)
{
	const struct page *page;
	u32 type;

	list_for_each_entry(page, head, lru) {
		if (z->nr_blocks == z->room)
			return false;
		type = sbuddy_host_pcp_page_type(page, list_type) & 7;
		z->block[z->nr_blocks++] = (u32)(page_to_pfn(page) - z->start_pfn) |
					   type << SBUDDY_LIVE_TYPE_SHIFT;
	}
	return true;
}

/* Adds the pages on the lists that the counter covers to @listed. */
static bool copy_free_lists(struct sbuddy_live_zone *z, struct zone *zone, long *listed)
{
	int order, mt, host;

	for (order = 0; order < SBUDDY_NR_PAGE_ORDERS; order++)
		for (mt = 0; mt < SBUDDY_MIGRATE_TYPES; mt++) {
			u32 before = z->nr_blocks;

			host = sbuddy_migratetype_to_host(mt);
			if (host >= 0 &&
			    !copy_list(z, &zone->free_area[order].free_list[host]))
				return false;
			z->free_end[order][mt] = z->nr_blocks;
			if (mt != SBUDDY_MIGRATE_ISOLATE)
				*listed += (long)(z->nr_blocks - before) << order;
		}
	return true;
}

static bool copy_pcp(struct sbuddy_live_zone *z, struct zone *zone, int cpu)
{
	const struct per_cpu_pages *pcp = per_cpu_ptr(zone->per_cpu_pageset, cpu);
	int i;

	sbuddy_host_pcp_read(pcp, &z->pcp[cpu].f);
	for (i = 0; i < SBUDDY_NR_PCP_LISTS; i++) {
		if (!copy_pcp_list(z, &pcp->lists[i], sbuddy_live_pindex_type(i)))
			return false;
		z->pcp[cpu].end[i] = z->nr_blocks;
	}
	return true;
}

/* The vmstat worker of another CPU takes no lock while it folds. */
static bool copy_counters(struct sbuddy_live_zone *z, struct zone *zone, long listed)
{
	int cpu, reads;

	for (reads = 0; reads < SETTLE_READS; reads++) {
		long before = atomic_long_read(&zone->vm_stat[NR_FREE_PAGES]), sum = before;

		for_each_possible_cpu(cpu) {
			const struct per_cpu_zonestat *zs;

			if (cpu >= z->nr_cpus)
				break;
			zs = per_cpu_ptr(zone->per_cpu_zonestats, cpu);
			z->pcp[cpu].free_diff = READ_ONCE(zs->vm_stat_diff[NR_FREE_PAGES]);
			z->pcp[cpu].stat_threshold = READ_ONCE(zs->stat_threshold);
			sum += z->pcp[cpu].free_diff;
		}
		z->nr_free = before;
		if (sum == listed && atomic_long_read(&zone->vm_stat[NR_FREE_PAGES]) == before)
			return true;
		cpu_relax();
	}
	return false;
}

static void copy_fields(struct sbuddy_live_zone *z, struct zone *zone)
{
	int i, host;

	z->present = zone->present_pages;
	z->managed = zone_managed_pages(zone);
	z->drift_mark = zone->percpu_drift_mark;
	z->isolated = zone->nr_isolate_pageblock;
	z->boost = zone->watermark_boost;
	z->reserved_highatomic = zone->nr_reserved_highatomic;
	z->wmark[SBUDDY_WMARK_MIN] = zone->_watermark[WMARK_MIN];
	z->wmark[SBUDDY_WMARK_LOW] = zone->_watermark[WMARK_LOW];
	z->wmark[SBUDDY_WMARK_HIGH] = zone->_watermark[WMARK_HIGH];
	z->wmark[SBUDDY_WMARK_PROMO] = zone->_watermark[WMARK_PROMO];
	for (i = 0; i < SBUDDY_MAX_NR_ZONES; i++) {
		host = sbuddy_zone_to_host(i);
		z->lowmem_reserve[i] = host < 0 ? 0 : zone->lowmem_reserve[host];
	}
	z->flags = 0;
	if (test_bit(ZONE_BOOSTED_WATERMARK, &zone->flags))
		z->flags |= BIT(SBUDDY_ZONE_BOOSTED_WATERMARK);
	if (test_bit(ZONE_RECLAIM_ACTIVE, &zone->flags))
		z->flags |= BIT(SBUDDY_ZONE_RECLAIM_ACTIVE);
	if (sbuddy_host_zone_below_high(zone))
		z->flags |= BIT(SBUDDY_ZONE_BELOW_HIGH);
}

#define USEMAP_LONGS	(SECTION_BLOCKFLAGS_BITS / BITS_PER_LONG)

/* Absent sections keep zeroes; they have no pageblock that is asked for. */
static void copy_usemap(struct sbuddy_live_zone *z)
{
	unsigned long section = pfn_to_section_nr(z->start_pfn), i;

	for (i = 0; i < z->nr_sections; i++) {
		struct mem_section *ms = __nr_to_section(section + i);

		if (valid_section(ms))
			memcpy(z->usemap + i * USEMAP_LONGS, section_to_usemap(ms),
			       USEMAP_LONGS * sizeof(long));
	}
}

enum copied { COPIED, NO_LOCK, NO_ROOM, UNSETTLED };

static enum copied copy_locked(struct sbuddy_live_zone *z, struct zone *zone)
{
	long listed = 0;
	int cpu;

	z->nr_blocks = 0;
	if (!copy_free_lists(z, zone, &listed))
		return NO_ROOM;
	for_each_possible_cpu(cpu)
		if (cpu < z->nr_cpus && !copy_pcp(z, zone, cpu))
			return NO_ROOM;
	copy_fields(z, zone);
	z->free_highatomic = sbuddy_host_zone_free_highatomic(zone);
	copy_usemap(z);
	trace_sbuddy_live_zone_copied(z->node, z->idx, z->start_pfn, z->spanned);
	return copy_counters(z, zone, listed) ? COPIED : UNSETTLED;
}

static enum copied copy_once(struct sbuddy_live_zone *z, struct zone *zone)
{
	enum copied how = NO_LOCK;
	unsigned long flags;
	u64 start;

	z->tries++;
	local_irq_save(flags);
	start = ktime_get_mono_fast_ns();
	if (trylock_pcps(zone, z->nr_cpus)) {
		spin_lock(&zone->lock);
		how = copy_locked(z, zone);
		spin_unlock(&zone->lock);
		unlock_pcps(zone, z->nr_cpus);
	}
	z->irqs_off_ns = max(z->irqs_off_ns, ktime_get_mono_fast_ns() - start);
	local_irq_restore(flags);
	return how;
}

/* ---- around the moment ----------------------------------------------------- */

/* The frames do not change under us: only memory hotplug moves them, and that is noticed. */
static void read_types(struct sbuddy_live_zone *z, struct zone *zone)
{
	unsigned long base = ALIGN_DOWN(z->start_pfn, PAGES_PER_SECTION);
	unsigned long pfn = z->start_pfn, i;

	for (i = 0; i < z->nr_types; i++, pfn = pageblock_end_pfn(pfn)) {
		unsigned long bit = (pfn - base) / pageblock_nr_pages * NR_PAGEBLOCK_BITS;
		struct page *page = pfn_to_online_page(pfn);
		int mt;

		z->types[i] = SBUDDY_LIVE_HOLE;
		if (!page || page_zone(page) != zone)
			continue;
		mt = z->usemap[bit / BITS_PER_LONG] >> bit % BITS_PER_LONG & MIGRATETYPE_MASK;
		mt = sbuddy_migratetype_from_host(mt);
		z->types[i] = mt < 0 ? SBUDDY_MIGRATE_MOVABLE : mt;
		cond_resched();
	}
}

static int alloc_blocks(struct sbuddy_live_zone *z, u32 room)
{
	kvfree(z->block);
	z->block = kvmalloc_array(room, sizeof(*z->block), GFP_KERNEL);
	z->room = z->block ? room : 0;
	return z->block ? 0 : -ENOMEM;
}

static int alloc_copy(struct sbuddy_live_zone *z, struct zone *zone)
{
	unsigned long end;

	z->start_pfn = zone->zone_start_pfn;
	z->spanned = zone->spanned_pages;
	end = z->start_pfn + z->spanned;
	z->nr_types = (pageblock_end_pfn(end - 1) - pageblock_start_pfn(z->start_pfn)) /
		      pageblock_nr_pages;
	z->nr_sections = pfn_to_section_nr(end - 1) - pfn_to_section_nr(z->start_pfn) + 1;
	z->pcp = kvcalloc(z->nr_cpus, sizeof(*z->pcp), GFP_KERNEL);
	z->types = kvmalloc(z->nr_types, GFP_KERNEL);
	z->usemap = kvcalloc(z->nr_sections * USEMAP_LONGS, sizeof(long), GFP_KERNEL);
	return z->pcp && z->types && z->usemap ? 0 : -ENOMEM;
}

/**
 * sbuddy_live_zone_free() - forget a copy
 * @z: the copy, NULL is allowed
 *
 * Context: May sleep.
 */
void sbuddy_live_zone_free(struct sbuddy_live_zone *z)
{
	if (!z)
		return;
	kvfree(z->usemap);
	kvfree(z->types);
	kvfree(z->block);
	kvfree(z->pcp);
	kfree(z);
}

/**
 * sbuddy_live_zone_blocks() - how many blocks are on a zone's lists
 * @zone: a zone of the host
 *
 * Read without locks: about right.
 *
 * Context: Any.
 * Return: blocks.
 */
u32 sbuddy_live_zone_blocks(struct zone *zone)
{
	unsigned long n = 0;
	int order, cpu;

	for (order = 0; order < SBUDDY_NR_PAGE_ORDERS; order++)
		n += READ_ONCE(zone->free_area[order].nr_free);
	for_each_possible_cpu(cpu)
		n += READ_ONCE(per_cpu_ptr(zone->per_cpu_pageset, cpu)->count);
	return min_t(unsigned long, n, U32_MAX / 4);
}

/* Room for what is there and some that comes. */
static int make_room(struct sbuddy_live_zone *z, struct zone *zone, u32 max_blocks,
		     const char **expected)
{
	u32 n = sbuddy_live_zone_blocks(zone);
	u32 room = min(n + n / 4 + 1024, max_blocks);

	*expected = "fewer blocks on the zone's lists, or a greater max_blocks";
	if (n > max_blocks || (z->room && z->room == max_blocks))
		return -E2BIG;
	return alloc_blocks(z, max(room, min(z->room * 2, max_blocks)));
}

static int copy_zone(struct sbuddy_live_zone *z, struct zone *zone, u32 max_blocks,
		     const char **expected)
{
	int rounds = 0, unsettled = 0, err;

	err = make_room(z, zone, max_blocks, expected);
	while (!err) {
		switch (copy_once(z, zone)) {
		case COPIED:
			return 0;
		case NO_ROOM:
			err = make_room(z, zone, max_blocks, expected);
			break;
		case UNSETTLED:
			if (++unsettled < SETTLE_ROUNDS)
				break;
			z->missing |= SBUDDY_MISSING_SETTLED;
			return 0;
		case NO_LOCK:
			break;
		}
		*expected = "per-CPU lists that are let go now and then";
		if (++rounds > LOCK_ROUNDS)
			err = -EBUSY;
		if (fatal_signal_pending(current))
			err = -EINTR;
		cond_resched();
	}
	return err;
}

static int check_zone(struct zone *zone, const char **expected)
{
	*expected = "a zone without CMA";
	if (sbuddy_host_zone_cma_pages(zone))
		return -EOPNOTSUPP;
	*expected = "a zone without unaccepted memory";
	if (sbuddy_host_zone_unaccepted(zone))
		return -EOPNOTSUPP;
	*expected = "a zone of less than 1 TiB";
	if (zone->spanned_pages >= 1UL << SBUDDY_LIVE_TYPE_SHIFT)
		return -EOPNOTSUPP;
	*expected = "fewer CPUs: the per-CPU lists are locked all at once";
	if (cpumask_last(cpu_online_mask) >= MAX_LOCKED_CPUS)
		return -EOPNOTSUPP;
	return 0;
}

static int read_zone(struct sbuddy_live_zone *z, struct zone *zone, u32 max_blocks,
		     const char **expected)
{
	unsigned int seq = zone_span_seqbegin(zone);
	int err;

	z->nr_cpus = cpumask_last(cpu_online_mask) + 1;
	z->node = zone_to_nid(zone);
	z->idx = sbuddy_zone_from_host(zone_idx(zone));
	err = alloc_copy(z, zone);
	if (err)
		return err;
	err = copy_zone(z, zone, max_blocks, expected);
	if (err)
		return err;
	read_types(z, zone);
	*expected = "no memory hotplug meanwhile";
	return zone_span_seqretry(zone, seq) ? -EAGAIN : 0;
}

/**
 * sbuddy_live_zone_read() - copy a zone of the host
 * @zone: populated zone
 * @max_blocks: most blocks on its lists; bounds the time with interrupts off
 * @out: the copy, for sbuddy_live_zone_free(); unchanged on error
 * @expected: on error, what was expected
 *
 * Context: May sleep.  The caller holds cpus_read_lock().  Interrupts are off
 *	    for as long as sbuddy_live_zone::irqs_off_ns says.
 * Return: 0; -E2BIG for too many blocks; -EBUSY if the locks were never free
 *	   all at once; -EAGAIN after memory hotplug; -EINTR by a fatal signal;
 *	   -EOPNOTSUPP for a zone of a kind that is not understood; -ENOMEM.
 */
int sbuddy_live_zone_read(struct zone *zone, u32 max_blocks, struct sbuddy_live_zone **out,
			  const char **expected)
{
	struct sbuddy_live_zone *z;
	int err;

	err = check_zone(zone, expected);
	if (err)
		return err;
	*expected = "memory for the copy";
	z = kzalloc(sizeof(*z), GFP_KERNEL);
	if (!z)
		return -ENOMEM;
	err = read_zone(z, zone, max_blocks, expected);
	if (err) {
		sbuddy_live_zone_free(z);
		return err;
	}
	*out = z;
	return 0;
}
