// SPDX-License-Identifier: GPL-2.0
/*
 * Fallback: what to do when the lists of the wanted type are empty.
 *
 * First *claim*: take over a large foreign block, or a whole pageblock that is
 * mostly free or compatible, so that later requests of the type find room in
 * it.  Then *steal*: take the smallest foreign block and leave the pageblock
 * what it is.  A run of __rmqueue() under one lock hold remembers how far it
 * had to go and does not start over for each page.
 *
 * These are heuristics; each is one function: sbuddy_find_suitable_fallback()
 * says where to look, sbuddy_claim_worthwhile() when a pageblock changes hands.
 * rules_61.c uses both and does without the two passes.
 *
 * All under the zone lock.
 */
#include "os.h"
#include "rules.h"

#define SBUDDY_NR_FALLBACKS	2

static const u8 sbuddy_fallbacks[SBUDDY_MIGRATE_PCPTYPES][SBUDDY_NR_FALLBACKS] = {
	[SBUDDY_MIGRATE_UNMOVABLE]   = { SBUDDY_MIGRATE_RECLAIMABLE, SBUDDY_MIGRATE_MOVABLE },
	[SBUDDY_MIGRATE_MOVABLE]     = { SBUDDY_MIGRATE_RECLAIMABLE, SBUDDY_MIGRATE_UNMOVABLE },
	[SBUDDY_MIGRATE_RECLAIMABLE] = { SBUDDY_MIGRATE_UNMOVABLE, SBUDDY_MIGRATE_MOVABLE },
};

/*
 * May a request of @mt take over the pageblock of a foreign block of @order?
 * Unmovable and reclaimable pages cannot be moved out later, so they rather
 * get a block of their own; movable ones only where much is to be had.
 */
static bool sbuddy_can_steal_fallback(const struct sbuddy_machine *m, unsigned int order, int mt)
{
	return order >= SBUDDY_PAGEBLOCK_ORDER / 2 ||
	       mt == SBUDDY_MIGRATE_RECLAIMABLE ||
	       mt == SBUDDY_MIGRATE_UNMOVABLE ||
	       m->knobs.group_by_mobility_disabled;
}

/**
 * sbuddy_find_suitable_fallback() - foreign type with a free block of an order
 * @zone: zone, its lock held
 * @order: order of the free block
 * @mt: type of the request
 * @only_stealable: only types whose pageblock could be taken over
 * @can_steal: out, may the pageblock of the block found be taken over
 *
 * Context: Zone lock held.
 * Return: enum sbuddy_migratetype, or -1 if there is no such block.
 */
int sbuddy_find_suitable_fallback(const struct sbuddy_zone *zone, unsigned int order, int mt,
				  bool only_stealable, bool *can_steal)
{
	const struct sbuddy_free_area *area = &zone->free_area[order];

	*can_steal = false;
	if (!area->nr_free)
		return -1;
	for (int i = 0; i < SBUDDY_NR_FALLBACKS; i++) {
		int fallback_mt = sbuddy_fallbacks[mt][i];

		if (list_empty(&area->free_list[fallback_mt]))
			continue;
		*can_steal = sbuddy_can_steal_fallback(zone->machine, order, mt);
		if (!only_stealable || *can_steal)
			return fallback_mt;
	}
	return -1;
}

/*
 * Does a pageblock of type @block_mt, scanned as @scan, belong to @start_mt
 * from now on?  Yes if at least half of it is free or compatible.  Nothing
 * tells unmovable from reclaimable pages, so only what is not movable in a
 * movable block is taken to be like either.
 */
bool sbuddy_claim_worthwhile(const struct sbuddy_machine *m, const struct sbuddy_block_scan *scan,
			     int start_mt, int block_mt, int *alike)
{
	if (start_mt == SBUDDY_MIGRATE_MOVABLE)
		*alike = scan->nr_movable;
	else if (block_mt == SBUDDY_MIGRATE_MOVABLE)
		*alike = (int)SBUDDY_PAGEBLOCK_NR_PAGES - scan->nr_free - scan->nr_movable;
	else
		*alike = 0;
	return scan->nr_free + *alike >= 1 << (SBUDDY_PAGEBLOCK_ORDER - 1) ||
	       m->knobs.group_by_mobility_disabled;
}

/* A block of whole pageblocks: they change type and what is not needed goes to @start_mt. */
static struct sbuddy_page *sbuddy_claim_large(struct sbuddy_zone *zone, struct sbuddy_task *task,
					      struct sbuddy_page *page, unsigned int current_order,
					      unsigned int order, int start_mt, int block_mt)
{
	struct sbuddy_machine *m = zone->machine;
	unsigned int added;

	sbuddy_del_page_from_free_list(page, zone, task, current_order, block_mt);
	sbuddy_change_pageblock_range(m, sbuddy_pfn(m, page), current_order, start_mt);
	added = sbuddy_expand(zone, page, order, current_order, start_mt);
	sbuddy_account_freepages(zone, task, added, start_mt);
	return page;
}

/* Fragmentation is under way: ask kswapd for more room, at the caller's next unlock. */
void sbuddy_boost_for_fallback(struct sbuddy_zone *zone, unsigned int alloc_flags)
{
	if (sbuddy_boost_watermark(zone) && (alloc_flags & SBUDDY_ALLOC_KSWAPD))
		set_bit(SBUDDY_ZONE_BOOSTED_WATERMARK, &zone->flags);
}

/*
 * Takes over the pageblock or blocks of the free block @page, which has
 * @current_order and is on @block_mt's list.  Returns a page of @order, or NULL
 * if the pageblock stays with its type; the boost remains in either case.
 */
static struct sbuddy_page *sbuddy_try_to_claim_block(struct sbuddy_zone *zone,
						     struct sbuddy_task *task,
						     struct sbuddy_page *page,
						     unsigned int current_order,
						     unsigned int order, int start_mt,
						     int block_mt, unsigned int alloc_flags)
{
	struct sbuddy_machine *m = zone->machine;
	struct sbuddy_block_scan scan;
	int alike;
	bool claim;

	if (current_order >= SBUDDY_PAGEBLOCK_ORDER)
		return sbuddy_claim_large(zone, task, page, current_order, order, start_mt,
					  block_mt);

	sbuddy_boost_for_fallback(zone, alloc_flags);
	if (!sbuddy_prep_move_freepages_block(zone, sbuddy_pfn(m, page), &scan))
		return NULL;
	claim = sbuddy_claim_worthwhile(m, &scan, start_mt, block_mt, &alike);
	trace_sbuddy_steal_decision(zone, page, current_order, start_mt, block_mt, scan.nr_free,
				    alike, claim);
	if (!claim)
		return NULL;
	sbuddy_move_freepages_block(zone, task, scan.start_pfn, block_mt, start_mt);
	return sbuddy___rmqueue_smallest(zone, task, order, start_mt);
}

/*
 * Claims from the largest foreign blocks down: one large invasion fragments
 * less than many small ones.  The first order whose pageblock may not be
 * taken over ends the search.
 */
static struct sbuddy_page *sbuddy___rmqueue_claim(struct sbuddy_zone *zone,
						  struct sbuddy_task *task, unsigned int order,
						  int start_mt, unsigned int alloc_flags)
{
	int min_order = order;

	if (order < SBUDDY_PAGEBLOCK_ORDER && (alloc_flags & SBUDDY_ALLOC_NOFRAGMENT))
		min_order = SBUDDY_PAGEBLOCK_ORDER;

	for (int o = SBUDDY_MAX_PAGE_ORDER; o >= min_order; o--) {
		struct sbuddy_page *page;
		bool can_steal;
		int mt = sbuddy_find_suitable_fallback(zone, o, start_mt, false, &can_steal);

		if (mt < 0)
			continue;
		if (!can_steal)
			break;
		page = sbuddy_free_area_head(&zone->free_area[o], mt);
		page = sbuddy_try_to_claim_block(zone, task, page, o, order, start_mt, mt,
						 alloc_flags);
		if (page) {
			zone->events[SBUDDY_CLAIM]++;
			trace_sbuddy_mm_page_alloc_extfrag(zone, page, order, o, start_mt, mt);
			return page;
		}
	}
	return NULL;
}

/* The smallest foreign block; its pageblock and its remainders stay foreign. */
static struct sbuddy_page *sbuddy___rmqueue_steal(struct sbuddy_zone *zone,
						  struct sbuddy_task *task, unsigned int order,
						  int start_mt)
{
	for (unsigned int o = order; o <= SBUDDY_MAX_PAGE_ORDER; o++) {
		struct sbuddy_page *page;
		bool can_steal;
		int mt = sbuddy_find_suitable_fallback(zone, o, start_mt, false, &can_steal);

		if (mt < 0)
			continue;
		page = sbuddy_free_area_head(&zone->free_area[o], mt);
		sbuddy_page_del_and_expand(zone, task, page, order, o, mt);
		zone->events[SBUDDY_STEAL]++;
		trace_sbuddy_mm_page_alloc_extfrag(zone, page, order, o, start_mt, mt);
		return page;
	}
	return NULL;
}

/*
 * One block for a request of @mt.  @mode is the caller's memory over one lock
 * hold, SBUDDY_RMQUEUE_NORMAL at first: after a steal the own lists and the
 * claim are known to be hopeless and are skipped; a claim fills them again.
 */
noinline struct sbuddy_page *sbuddy___rmqueue(struct sbuddy_zone *zone, struct sbuddy_task *task,
					      unsigned int order, int mt,
					      unsigned int alloc_flags,
					      enum sbuddy_rmqueue_mode *mode)
{
	struct sbuddy_page *page;

	if (*mode == SBUDDY_RMQUEUE_NORMAL) {
		page = sbuddy___rmqueue_smallest(zone, task, order, mt);
		if (likely(page))
			return page;
	}
	if (*mode <= SBUDDY_RMQUEUE_CLAIM) {
		page = sbuddy___rmqueue_claim(zone, task, order, mt, alloc_flags);
		if (page) {
			*mode = SBUDDY_RMQUEUE_NORMAL;
			return page;
		}
	}
	if (!(alloc_flags & SBUDDY_ALLOC_NOFRAGMENT)) {
		page = sbuddy___rmqueue_steal(zone, task, order, mt);
		if (page) {
			*mode = SBUDDY_RMQUEUE_STEAL;
			return page;
		}
	}
	return NULL;
}
