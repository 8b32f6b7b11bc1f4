// SPDX-License-Identifier: GPL-2.0
/*
 * The live nodes as text, in the form of a snapshot: what the race compares
 * both its clones with.  Read here on its own account, from the kernel's own
 * structures, so that a mistake in cloning cannot cancel itself out.
 *
 * Only the nodes raced on, which stand still but for the racer: so the lists
 * are walked under the zone's lock, the rest just read.
 *
 * State: the text, under the caller's lock.
 */
#include <linux/kernel.h>
#include <linux/mm.h>
#include <linux/mmzone.h>
#include <linux/uaccess.h>
#include <linux/vmalloc.h>

#include "compat.h"
#include "kallsyms.h"
#include "live.h"

#define DUMP_SIZE	(32UL << 20)

typedef unsigned long block_flags_fn(const struct page *page, unsigned long pfn,
				     unsigned long mask);

DEFINE_STATIC_CALL_NULL(race_block_flags, block_flags_fn);

static char *dump;
static bool movable;		/* pages that can move are wanted, too */
static size_t dump_len;

static void emit_args(const char *fmt, va_list ap)
{
	dump_len += vscnprintf(dump + dump_len, DUMP_SIZE - dump_len, fmt, ap);
}

static __printf(1, 2) void emit(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	emit_args(fmt, ap);
	va_end(ap);
}

/* More of the text that is being made. */
void race_emit(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	emit_args(fmt, ap);
	va_end(ap);
}

static void emit_list(const struct list_head *list)
{
	struct page *page;

	list_for_each_entry(page, list, buddy_list)
		emit(" %lx", page_to_pfn(page));
	emit("\n");
}

/*
 * 6.7 "mm, pcp: reduce lock contention..." and its like: what a per-CPU list
 * knows of itself.  6.12 counts the free pages of the high-atomic reserve; in
 * 6.1 a page on a list remembers a type, which is shown if it is not the list's.
 * What a machine of the 6.1 rules shows instead of a field that is not there is
 * shown here as well.
 */
#ifdef PCPF_PREV_FREE_HIGH_ORDER
static void emit_highatomic_free(const struct zone *zone)
{
	emit(" highatomic_free=%lu", zone->nr_free_highatomic);
}

static void emit_pcp_fields(const struct per_cpu_pages *pcp)
{
	emit("high_min=%d high_max=%d batch=%d flags=%d alloc_factor=%d free_count=%d expire=%d\n",
	     pcp->high_min, pcp->high_max, pcp->batch, pcp->flags, pcp->alloc_factor,
	     pcp->free_count, pcp->expire);
}

static void emit_remembered(const struct page *page, int idx)
{
}
#else
static void emit_highatomic_free(const struct zone *zone)
{
	emit(" highatomic_free=%lu", zone->nr_reserved_highatomic);
}

static void emit_pcp_fields(const struct per_cpu_pages *pcp)
{
	emit("high_min=%d high_max=%d batch=%d flags=0 alloc_factor=0 free_count=%d expire=%d\n",
	     pcp->high, pcp->high, pcp->batch, pcp->free_factor, pcp->expire);
}

static void emit_remembered(const struct page *page, int idx)
{
	int usual = idx < 12 ? idx % 3 : idx - 12;
	int mt = sbuddy_migratetype_from_host(page->index);

	if (mt != usual)
		emit(":%d", mt);
}
#endif

static void emit_pcp_list(const struct list_head *list, int idx)
{
	struct page *page;

	list_for_each_entry(page, list, pcp_list) {
		emit(" %lx", page_to_pfn(page));
		emit_remembered(page, idx);
	}
	emit("\n");
}

static void emit_head(struct zone *zone, int nid, int idx)
{
	static const char * const names[] = { "DMA", "DMA32", "Normal", "Movable" };

	emit("zone node=%d idx=%d name=%s start=%lx end=%lx present=%lu managed=%lu ", nid, idx,
	     names[idx], zone->zone_start_pfn, zone_end_pfn(zone), zone->present_pages,
	     zone_managed_pages(zone));
	emit("nr_free=%ld drift_mark=%ld isolated_blocks=%lu flags=%lx\n",
	     atomic_long_read(&zone->vm_stat[NR_FREE_PAGES]), zone->percpu_drift_mark,
	     zone->nr_isolate_pageblock, zone->flags);
	emit("wmark min=%lu low=%lu high=%lu promo=%lu boost=%lu highatomic=%lu",
	     zone->_watermark[WMARK_MIN], zone->_watermark[WMARK_LOW],
	     zone->_watermark[WMARK_HIGH], zone->_watermark[WMARK_PROMO], zone->watermark_boost,
	     zone->nr_reserved_highatomic);
	emit_highatomic_free(zone);
	emit("\nlowmem_reserve");
	for (int i = 0; i < SBUDDY_MAX_NR_ZONES; i++)
		emit(" %ld", sbuddy_zone_to_host(i) < 0 ? 0 :
		     zone->lowmem_reserve[sbuddy_zone_to_host(i)]);
	emit("\n");
}

static void emit_free(struct zone *zone)
{
	for (int order = 0; order < SBUDDY_NR_PAGE_ORDERS; order++)
		for (int mt = 0; mt < SBUDDY_MIGRATE_TYPES; mt++) {
			int host = sbuddy_migratetype_to_host(mt);

			if (host < 0 || list_empty(&zone->free_area[order].free_list[host]))
				continue;
			emit("free order=%d mt=%d:", order, mt);
			emit_list(&zone->free_area[order].free_list[host]);
		}
}

/* Type of the pageblock of a frame that exists. */
int race_block_type(unsigned long pfn)
{
	unsigned long type;

	type = static_call(race_block_flags)(pfn_to_page(pfn), pfn, MIGRATETYPE_MASK);
	return sbuddy_migratetype_from_host(type);
}

/* Is its pageblock one that compaction leaves out? */
bool race_block_skip(unsigned long pfn)
{
	return static_call(race_block_flags)(pfn_to_page(pfn), pfn, BIT(PB_migrate_skip));
}

static void emit_blocks(struct zone *zone)
{
	unsigned long pfn = zone->zone_start_pfn;

	emit("blocks");
	for (; pfn < zone_end_pfn(zone); pfn = ALIGN(pfn + 1, pageblock_nr_pages)) {
		struct page *page = pfn_to_online_page(pfn);

		if (page && page_zone(page) == zone)
			emit(" %d", race_block_type(pfn));
		else
			emit(" -");
	}
	emit("\n");
}

static void emit_pcp(struct zone *zone, int cpu)
{
	const struct per_cpu_zonestat *stat = per_cpu_ptr(zone->per_cpu_zonestats, cpu);
	const struct per_cpu_pages *pcp = per_cpu_ptr(zone->per_cpu_pageset, cpu);

	emit("zonestat cpu=%d free_diff=%d threshold=%d\n", cpu, stat->vm_stat_diff[NR_FREE_PAGES],
	     stat->stat_threshold);
	emit("pcp cpu=%d count=%d high=%d ", cpu, pcp->count, pcp->high);
	emit_pcp_fields(pcp);
	for (int i = 0; i < NR_PCP_LISTS; i++) {
		if (list_empty(&pcp->lists[i]))
			continue;
		emit("pcplist cpu=%d idx=%d:", cpu, i);
		emit_pcp_list(&pcp->lists[i], i);
	}
}

static void emit_zone(int nid, int idx)
{
	struct zone *zone = &NODE_DATA(nid)->node_zones[sbuddy_zone_to_host(idx)];
	unsigned long flags;
	int cpu;

	if (!populated_zone(zone))
		return;
	emit_head(zone, nid, idx);
	spin_lock_irqsave(&zone->lock, flags);
	emit_free(zone);
	spin_unlock_irqrestore(&zone->lock, flags);
	emit_blocks(zone);
	for_each_online_cpu(cpu)
		emit_pcp(zone, cpu);
	if (movable)
		race_dump_movable(zone);
}

static void emit_zonelist(int nid, int which, const char *name)
{
	const struct zoneref *z = NODE_DATA(nid)->node_zonelists[which]._zonerefs;

	emit("zonelist %s:", name);
	for (; z->zone; z++)
		emit(" %d:%d", zone_to_nid(z->zone), sbuddy_zone_from_host(z->zone_idx));
	emit("\n");
}

static void emit_machine(int nid)
{
	const struct pglist_data *pgdat = NODE_DATA(nid);

	emit("machine node=%d totalreserve=%lu kswapd_order=%d kswapd_highest=%d\n", nid,
	     pgdat->totalreserve_pages, pgdat->kswapd_order, pgdat->kswapd_highest_zoneidx);
}

static void emit_node(int nid)
{
	emit("node nid=%d online_nodes=%d\n", nid, num_online_nodes());
	emit_zonelist(nid, ZONELIST_FALLBACK, "fallback");
	emit_zonelist(nid, ZONELIST_NOFALLBACK, "nofallback");
	for (int idx = 0; idx <= SBUDDY_ZONE_MOVABLE; idx++)
		emit_zone(nid, idx);
}

int race_dump_init(void)
{
	unsigned long addr = sbuddy_kallsyms_lookup("get_pfnblock_flags_mask");

	if (!addr) {
		pr_err("no function get_pfnblock_flags_mask\n");
		return -ENOENT;
	}
	static_call_update(race_block_flags, (block_flags_fn *)addr);
	dump = vmalloc_node(DUMP_SIZE, 0);
	return dump ? 0 : -ENOMEM;
}

void race_dump_exit(void)
{
	vfree(dump);
}

static bool dumped(const struct race_dump *arg, int nid)
{
	return arg->nodes >> nid & 1 && nid < MAX_NUMNODES && node_online(nid);
}

/* The text of the nodes in @arg, as far as it fits. */
int race_dump(struct race_dump *arg)
{
	dump_len = 0;
	movable = arg->nodes & RACE_DUMP_MOVABLE;
	for (int nid = 0; nid < RACE_MAX_NODES; nid++)
		if (dumped(arg, nid))
			emit_machine(nid);
	for (int nid = 0; nid < RACE_MAX_NODES; nid++)
		if (dumped(arg, nid))
			emit_node(nid);
	arg->len = dump_len;
	if (dump_len == DUMP_SIZE - 1)
		return -EFBIG;
	if (copy_to_user(u64_to_user_ptr(arg->text), dump, min_t(u64, dump_len, arg->capacity)))
		return -EFAULT;
	return 0;
}
