// SPDX-License-Identifier: GPL-2.0
/*
 * The high-atomic reserve: pageblocks set aside, up to one percent of a zone,
 * once a high-order request that may not sleep had to go to the slow path.
 * Only such requests, and in need others that may not sleep, take from them.
 *
 * State: sbuddy_zone::nr_reserved_highatomic and the HighAtomic type of
 * pageblocks, under the zone lock.
 */
#include "os.h"
#include "rules.h"

/* Pages of HighAtomic blocks came free or were taken.  Zone lock held. */
void sbuddy_account_highatomic(struct sbuddy_zone *zone, long n)
{
	if (zone->machine->rules->counts_highatomic)
		WRITE_ONCE(zone->nr_free_highatomic, zone->nr_free_highatomic + n);
}

/* Pages that may be reserved, 0 if the zone is too small to bother. */
long sbuddy_highatomic_limit(const struct sbuddy_zone *zone)
{
	long percent = zone->managed_pages / 100;

	if (percent < (long)SBUDDY_PAGEBLOCK_NR_PAGES)
		return 0;
	return ALIGN(percent, (long)SBUDDY_PAGEBLOCK_NR_PAGES);
}

/* Zone lock held. */
void sbuddy_reserve_block(struct sbuddy_zone *zone, struct sbuddy_task *task, unsigned long pfn,
			  unsigned int order)
{
	struct sbuddy_machine *m = zone->machine;
	int mt = sbuddy_pb_migratetype(m, pfn);
	struct sbuddy_block_scan scan;

	if (!sbuddy_migratetype_mergeable(mt))
		return;
	if (order < SBUDDY_PAGEBLOCK_ORDER) {
		if (!sbuddy_prep_move_freepages_block(zone, pfn, &scan))
			return;
		sbuddy_move_freepages_block(zone, task, scan.start_pfn, mt,
					    SBUDDY_MIGRATE_HIGHATOMIC);
		zone->nr_reserved_highatomic += SBUDDY_PAGEBLOCK_NR_PAGES;
	} else {
		sbuddy_change_pageblock_range(m, pfn, order, SBUDDY_MIGRATE_HIGHATOMIC);
		zone->nr_reserved_highatomic += 1L << order;
	}
	zone->events[SBUDDY_HIGHATOMIC_RESERVE]++;
}

/* Sets the pageblocks of @page, just allocated, aside.  Takes the zone lock. */
void sbuddy_reserve_highatomic_pageblock(struct sbuddy_zone *zone, struct sbuddy_task *task,
					 struct sbuddy_page *page, unsigned int order)
{
	const struct sbuddy_rules *rules = zone->machine->rules;
	long limit = rules->highatomic_limit(zone);
	unsigned long flags;

	if (READ_ONCE(zone->nr_reserved_highatomic) >= limit)
		return;
	spin_lock_irqsave(&zone->lock, flags);
	if (zone->nr_reserved_highatomic < limit)
		rules->reserve_highatomic(zone, task, sbuddy_pfn(zone->machine, page), order);
	spin_unlock_irqrestore(&zone->lock, flags);
}

/*
 * Returns the pageblocks of the free HighAtomic block @page to ordinary use by
 * @mt.  More may be subtracted than was reserved: pageblocks change type behind
 * the counter's back.  True if any free page changed lists.  Zone lock held.
 */
bool sbuddy_unreserve_block(struct sbuddy_zone *zone, struct sbuddy_task *task,
			    struct sbuddy_page *page, unsigned int order, int mt)
{
	struct sbuddy_machine *m = zone->machine;
	unsigned long pfn = sbuddy_pfn(m, page);
	struct sbuddy_block_scan scan;
	bool moved;

	if (sbuddy_pb_migratetype(m, pfn) == SBUDDY_MIGRATE_HIGHATOMIC) {
		long size = max(1L << order, (long)SBUDDY_PAGEBLOCK_NR_PAGES);

		zone->nr_reserved_highatomic -= min(size, zone->nr_reserved_highatomic);
	}
	if (order < SBUDDY_PAGEBLOCK_ORDER) {
		if (!sbuddy_prep_move_freepages_block(zone, pfn, &scan))
			return false;
		moved = sbuddy_move_freepages_block(zone, task, scan.start_pfn,
						    SBUDDY_MIGRATE_HIGHATOMIC, mt);
	} else {
		sbuddy_move_to_free_list(page, zone, task, order, SBUDDY_MIGRATE_HIGHATOMIC, mt);
		sbuddy_change_pageblock_range(m, pfn, order, mt);
		moved = true;
	}
	zone->events[SBUDDY_HIGHATOMIC_UNRESERVE]++;
	return moved;
}

static bool sbuddy_unreserve_zone(struct sbuddy_zone *zone, struct sbuddy_task *task, int mt)
{
	bool moved = false;
	unsigned long flags;

	spin_lock_irqsave(&zone->lock, flags);
	for (unsigned int o = 0; o <= SBUDDY_MAX_PAGE_ORDER && !moved; o++) {
		struct sbuddy_page *page = sbuddy_free_area_head(&zone->free_area[o],
								 SBUDDY_MIGRATE_HIGHATOMIC);

		if (page)
			moved = zone->machine->rules->unreserve_highatomic(zone, task, page, o,
									   mt);
	}
	spin_unlock_irqrestore(&zone->lock, flags);
	return moved;
}

/*
 * Before a request that may sleep fails, reserved pageblocks with free pages
 * go back to ordinary use; the last one of a zone only when @force.  Returns
 * true after the first that helped.  Takes zone locks.
 */
bool sbuddy_unreserve_highatomic_pageblock(const struct sbuddy_alloc_context *ac, bool force)
{
	struct sbuddy_zoneref *z = ac->zonelist->ref;

	for (;; z++) {
		z = sbuddy_next_zones_zonelist(z, ac->highest_zoneidx, ac->nodemask);
		if (!z->zone)
			return false;
		if (!force && READ_ONCE(z->zone->nr_reserved_highatomic) <=
			      (long)SBUDDY_PAGEBLOCK_NR_PAGES)
			continue;
		if (sbuddy_unreserve_zone(z->zone, ac->task, ac->migratetype))
			return true;
	}
}
