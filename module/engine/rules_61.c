// SPDX-License-Identifier: GPL-2.0
/*
 * The 6.1 rules at the buddy lists: taking blocks, falling back to other types,
 * the high-atomic reserve.
 *
 * The root of the differences: in 6.1 a free block may be on another list than
 * the type of its pageblock says.  A fallback moves free blocks to the wanted
 * type's lists first and asks afterwards whether the pageblock changes hands
 * too; then the ordinary search takes from those lists.  There is one pass and
 * no memory of how far the last one had to go.  Moving a block between lists
 * counts nothing; a refill is counted once, at its end.
 *
 * All under the zone lock.  No state of its own.
 */
#include "os.h"
#include "rules.h"

/*
 * Moves the free blocks of @pfn's pageblock to the tails of @mt's lists and says
 * in @scan what was found.  A pageblock that begins outside the zone is walked
 * from @pfn on, one that ends outside is left alone.
 */
static void sbuddy_move_freepages_block_61(struct sbuddy_zone *zone, unsigned long pfn, int mt,
					   struct sbuddy_block_scan *scan)
{
	unsigned long start = pfn & ~(SBUDDY_PAGEBLOCK_NR_PAGES - 1);
	unsigned long last = start + SBUDDY_PAGEBLOCK_NR_PAGES - 1;
	struct sbuddy_page *page, *end;

	if (!sbuddy_zone_spans_pfn(zone, start))
		start = pfn;
	*scan = (struct sbuddy_block_scan){ .start_pfn = start };
	if (!sbuddy_zone_spans_pfn(zone, last))
		return;

	page = sbuddy_page(zone->machine, start);
	for (end = sbuddy_page(zone->machine, last); page <= end;) {
		u32 tag = READ_ONCE(page->tag);
		unsigned int order = sbuddy_tag_order(tag);

		if (sbuddy_tag_state(tag) == SBUDDY_PAGE_BUDDY) {
			sbuddy_relist_free(page, zone, order, mt);
			scan->nr_free += 1 << order;
			page += 1UL << order;
			continue;
		}
		if (tag & (SBUDDY_TAG_LRU | SBUDDY_TAG_MOVABLE_OPS))
			scan->nr_movable++;
		page++;
	}
}

/*
 * The whole pageblock of @page to @start_mt's lists, and its type if at least
 * half of it is free or alike.  False if nothing could be moved.
 */
static bool sbuddy_steal_block(struct sbuddy_zone *zone, struct sbuddy_page *page,
			       unsigned int order, int start_mt, int block_mt)
{
	struct sbuddy_machine *m = zone->machine;
	unsigned long pfn = sbuddy_pfn(m, page);
	struct sbuddy_block_scan scan;
	int alike;
	bool claim;

	sbuddy_move_freepages_block_61(zone, pfn, start_mt, &scan);
	if (!scan.nr_free)
		return false;
	claim = sbuddy_claim_worthwhile(m, &scan, start_mt, block_mt, &alike);
	trace_sbuddy_steal_decision(zone, page, order, start_mt, block_mt, scan.nr_free, alike,
				    claim);
	if (claim)
		sbuddy_set_pageblock_migratetype(m, pfn, start_mt);
	zone->events[claim ? SBUDDY_CLAIM : SBUDDY_STEAL]++;
	return true;
}

/*
 * Brings the free block @page of @order, which is on a foreign list, to
 * @start_mt's, with all else of its pageblock if @whole_block.
 */
static void sbuddy_steal_suitable_fallback(struct sbuddy_zone *zone, struct sbuddy_page *page,
					   unsigned int order, unsigned int alloc_flags,
					   int start_mt, bool whole_block)
{
	struct sbuddy_machine *m = zone->machine;
	unsigned long pfn = sbuddy_pfn(m, page);
	int block_mt = sbuddy_pb_migratetype(m, pfn);
	enum sbuddy_zone_event event = SBUDDY_STEAL;

	if (block_mt != SBUDDY_MIGRATE_HIGHATOMIC) {
		if (order >= SBUDDY_PAGEBLOCK_ORDER) {
			sbuddy_change_pageblock_range(m, pfn, order, start_mt);
			event = SBUDDY_CLAIM;
		} else {
			sbuddy_boost_for_fallback(zone, alloc_flags);
			if (whole_block && sbuddy_steal_block(zone, page, order, start_mt,
							      block_mt))
				return;
		}
	}
	sbuddy_relist_free(page, zone, order, start_mt);
	zone->events[event]++;
}

/* Order of the smallest foreign block that fits; there is one. */
static int sbuddy_find_smallest_fallback(struct sbuddy_zone *zone, unsigned int order,
					 int start_mt, int *fallback_mt, bool *can_steal)
{
	unsigned int o;

	for (o = order; o < SBUDDY_MAX_PAGE_ORDER; o++) {
		*fallback_mt = sbuddy_find_suitable_fallback(zone, o, start_mt, false, can_steal);
		if (*fallback_mt >= 0)
			return o;
	}
	*fallback_mt = sbuddy_find_suitable_fallback(zone, o, start_mt, false, can_steal);
	return o;
}

/*
 * Stocks @start_mt's lists from another type's: from the largest block there
 * is; for movable requests, whose damage can be undone, from the smallest if
 * the pageblock is not to be had.  False if there is no block.
 */
static bool sbuddy___rmqueue_fallback_61(struct sbuddy_zone *zone, unsigned int order,
					 int start_mt, unsigned int alloc_flags)
{
	int o, min_order = order, mt = -1;
	struct sbuddy_page *page;
	bool can_steal = false;

	if (order < SBUDDY_PAGEBLOCK_ORDER && (alloc_flags & SBUDDY_ALLOC_NOFRAGMENT))
		min_order = SBUDDY_PAGEBLOCK_ORDER;
	for (o = SBUDDY_MAX_PAGE_ORDER; o >= min_order; o--) {
		mt = sbuddy_find_suitable_fallback(zone, o, start_mt, false, &can_steal);
		if (mt >= 0)
			break;
	}
	if (mt < 0)
		return false;
	if (!can_steal && start_mt == SBUDDY_MIGRATE_MOVABLE && o > (int)order)
		o = sbuddy_find_smallest_fallback(zone, order, start_mt, &mt, &can_steal);

	page = sbuddy_free_area_head(&zone->free_area[o], mt);
	sbuddy_steal_suitable_fallback(zone, page, o, alloc_flags, start_mt, can_steal);
	trace_sbuddy_mm_page_alloc_extfrag(zone, page, order, o, start_mt, mt);
	return true;
}

/* One block, not yet counted as taken. */
static struct sbuddy_page *sbuddy_rmqueue_uncounted(struct sbuddy_zone *zone, unsigned int order,
						    int mt, unsigned int alloc_flags)
{
	struct sbuddy_page *page = sbuddy_take_smallest(zone, order, mt);

	if (unlikely(!page) && sbuddy___rmqueue_fallback_61(zone, order, mt, alloc_flags))
		page = sbuddy_take_smallest(zone, order, mt);
	return page;
}

struct sbuddy_page *sbuddy___rmqueue_61(struct sbuddy_zone *zone, struct sbuddy_task *task,
					unsigned int order, int mt, unsigned int alloc_flags,
					enum sbuddy_rmqueue_mode *mode __maybe_unused)
{
	struct sbuddy_page *page = sbuddy_rmqueue_uncounted(zone, order, mt, alloc_flags);

	if (page)
		sbuddy_mod_zone_free(zone, task, -(1L << order));
	return page;
}

/* Each block remembers the list that it came from: there it goes back to. */
int sbuddy_rmqueue_bulk_61(struct sbuddy_zone *zone, struct sbuddy_task *task,
			   unsigned int order, int nr, struct list_head *list, int mt,
			   unsigned int alloc_flags)
{
	const u32 tag = sbuddy_tag(zone, SBUDDY_PAGE_PCP, order);
	unsigned long flags;
	int i;

	spin_lock_irqsave(&zone->lock, flags);
	for (i = 0; i < nr; i++) {
		struct sbuddy_page *page = sbuddy_rmqueue_uncounted(zone, order, mt, alloc_flags);

		if (unlikely(!page))
			break;
		WRITE_ONCE(page->tag, tag);
		sbuddy_set_pcp_mt(page, mt);
		list_add_tail(&page->lru, list);
	}
	sbuddy_mod_zone_free(zone, task, -((long)i << order));
	zone->events[SBUDDY_PCP_REFILL]++;
	zone->events[SBUDDY_PCP_REFILL_PAGES] += (u64)i << order;
	spin_unlock_irqrestore(&zone->lock, flags);
	return i;
}

/* A percent of the zone and one pageblock, however small the zone. */
long sbuddy_highatomic_limit_61(const struct sbuddy_zone *zone)
{
	return zone->managed_pages / 100 + SBUDDY_PAGEBLOCK_NR_PAGES;
}

/* What watermark tests subtract follows what is reserved. */
static void sbuddy_set_reserved_61(struct sbuddy_zone *zone, long pages)
{
	WRITE_ONCE(zone->nr_reserved_highatomic, pages);
	WRITE_ONCE(zone->nr_free_highatomic, pages);
}

/* One pageblock, that of the first page, whatever the order. */
void sbuddy_reserve_block_61(struct sbuddy_zone *zone, struct sbuddy_task *task __maybe_unused,
			     unsigned long pfn, unsigned int order __maybe_unused)
{
	struct sbuddy_machine *m = zone->machine;
	struct sbuddy_block_scan scan;

	if (!sbuddy_migratetype_mergeable(sbuddy_pb_migratetype(m, pfn)))
		return;
	sbuddy_set_reserved_61(zone, zone->nr_reserved_highatomic + SBUDDY_PAGEBLOCK_NR_PAGES);
	sbuddy_set_pageblock_migratetype(m, pfn, SBUDDY_MIGRATE_HIGHATOMIC);
	sbuddy_move_freepages_block_61(zone, pfn, SBUDDY_MIGRATE_HIGHATOMIC, &scan);
	zone->events[SBUDDY_HIGHATOMIC_RESERVE]++;
}

bool sbuddy_unreserve_block_61(struct sbuddy_zone *zone, struct sbuddy_task *task __maybe_unused,
			       struct sbuddy_page *page, unsigned int order __maybe_unused, int mt)
{
	const long size = SBUDDY_PAGEBLOCK_NR_PAGES;
	struct sbuddy_machine *m = zone->machine;
	unsigned long pfn = sbuddy_pfn(m, page);
	struct sbuddy_block_scan scan;

	if (sbuddy_pb_migratetype(m, pfn) == SBUDDY_MIGRATE_HIGHATOMIC)
		sbuddy_set_reserved_61(zone, zone->nr_reserved_highatomic -
					     min(size, zone->nr_reserved_highatomic));
	sbuddy_set_pageblock_migratetype(m, pfn, mt);
	sbuddy_move_freepages_block_61(zone, pfn, mt, &scan);
	zone->events[SBUDDY_HIGHATOMIC_UNRESERVE]++;
	return scan.nr_free;
}
