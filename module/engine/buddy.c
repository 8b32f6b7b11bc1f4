// SPDX-License-Identifier: GPL-2.0
/*
 * The buddy lists: taking the smallest block that fits and splitting it, and
 * freeing a block and merging it with its buddies.
 *
 * State: sbuddy_zone::free_area, the tags of free blocks, the free counters.
 * All under the zone lock.  Which type's list to look at is fallback.c's
 * business, which blocks wait on per-CPU lists is pcp.c's.
 *
 * A block is always on the list of its pageblock's type, unless the rule set
 * says that lists go their own way (sbuddy_rules::lists_follow_blocks).
 */
#include "os.h"
#include "rules.h"
#include "compaction.h"

static void sbuddy_add_to_free_list(struct sbuddy_page *page, struct sbuddy_zone *zone,
				    unsigned int order, int mt, bool tail)
{
	struct sbuddy_free_area *area = &zone->free_area[order];

	if (tail)
		list_add_tail(&page->lru, &area->free_list[mt]);
	else
		list_add(&page->lru, &area->free_list[mt]);
	WRITE_ONCE(area->nr_free, area->nr_free + 1);
	WRITE_ONCE(page->tag, sbuddy_tag(zone, SBUDDY_PAGE_BUDDY, order));
}

static void sbuddy_unlink_free(struct sbuddy_page *page, struct sbuddy_zone *zone,
			       unsigned int order)
{
	struct sbuddy_free_area *area = &zone->free_area[order];

	list_del(&page->lru);
	WRITE_ONCE(page->tag, 0);
	WRITE_ONCE(area->nr_free, area->nr_free - 1);
}

/* Takes a whole block off its list and out of the counters. */
void sbuddy_del_page_from_free_list(struct sbuddy_page *page, struct sbuddy_zone *zone,
				    struct sbuddy_task *task, unsigned int order, int mt)
{
	lockdep_assert_held(&zone->lock);
	sbuddy_unlink_free(page, zone, order);
	sbuddy_account_freepages(zone, task, -(1L << order), mt);
}

/* To the tail: what was free longest under another type is used last.  Counts nothing. */
void sbuddy_relist_free(struct sbuddy_page *page, struct sbuddy_zone *zone, unsigned int order,
			int new_mt)
{
	lockdep_assert_held(&zone->lock);
	list_move_tail(&page->lru, &zone->free_area[order].free_list[new_mt]);
}

void sbuddy_move_to_free_list(struct sbuddy_page *page, struct sbuddy_zone *zone,
			      struct sbuddy_task *task, unsigned int order, int old_mt,
			      int new_mt)
{
	sbuddy_relist_free(page, zone, order, new_mt);
	sbuddy_account_freepages(zone, task, -(1L << order), old_mt);
	sbuddy_account_freepages(zone, task, 1L << order, new_mt);
}

/*
 * Halves a block of order @high, which is on no list, until its first part has
 * order @low; the upper halves go to the heads of @mt's lists.  Returns the
 * pages put on lists, which the caller accounts for.
 */
noinline unsigned int sbuddy_expand(struct sbuddy_zone *zone, struct sbuddy_page *page,
				    unsigned int low, unsigned int high, int mt)
{
	unsigned int size = 1U << high, added = 0;

	while (high > low) {
		high--;
		size >>= 1;
		sbuddy_add_to_free_list(page + size, zone, high, mt, false);
		added += size;
	}
	return added;
}

/* One counter delta for both steps: how deltas are cut is visible in watermark tests. */
void sbuddy_page_del_and_expand(struct sbuddy_zone *zone, struct sbuddy_task *task,
				struct sbuddy_page *page, unsigned int low, unsigned int high,
				int mt)
{
	long taken = 1L << high;

	sbuddy_unlink_free(page, zone, high);
	taken -= sbuddy_expand(zone, page, low, high, mt);
	sbuddy_account_freepages(zone, task, -taken, mt);
}

/*
 * The head of the first non-empty list of @mt at @order or above, split down to
 * @order.  The caller counts it as taken.
 */
static __always_inline struct sbuddy_page *sbuddy_take(struct sbuddy_zone *zone,
						       unsigned int order, int mt)
{
	for (unsigned int o = order; o <= SBUDDY_MAX_PAGE_ORDER; o++) {
		struct sbuddy_page *page = sbuddy_free_area_head(&zone->free_area[o], mt);

		if (!page)
			continue;
		sbuddy_unlink_free(page, zone, o);
		sbuddy_expand(zone, page, order, o, mt);
		trace_sbuddy_mm_page_alloc_zone_locked(zone, page, order, mt,
						       sbuddy_pcp_allowed_order(order) &&
						       mt < SBUDDY_MIGRATE_PCPTYPES);
		return page;
	}
	return NULL;
}

/* The same for those who count many blocks at once. */
struct sbuddy_page *sbuddy_take_smallest(struct sbuddy_zone *zone, unsigned int order, int mt)
{
	return sbuddy_take(zone, order, mt);
}

noinline struct sbuddy_page *sbuddy___rmqueue_smallest(struct sbuddy_zone *zone,
						       struct sbuddy_task *task,
						       unsigned int order, int mt)
{
	struct sbuddy_page *page = sbuddy_take(zone, order, mt);

	if (likely(page))
		sbuddy_account_freepages(zone, task, -(1L << order), mt);
	return page;
}

static struct sbuddy_page *sbuddy_buddy_of(const struct sbuddy_zone *zone,
					   const struct sbuddy_page *page, unsigned int order)
{
	const struct sbuddy_machine *m = zone->machine;

	return sbuddy_pfn_to_page(m, sbuddy_pfn(m, page) ^ (1UL << order));
}

/* The tag holds zone, state and order: equal tags are mergeable, whatever else differs. */
static bool sbuddy_page_is_buddy(const struct sbuddy_zone *zone, const struct sbuddy_page *buddy,
				 unsigned int order)
{
	return buddy && (READ_ONCE(buddy->tag) & SBUDDY_TAG_BLOCK) ==
			sbuddy_tag(zone, SBUDDY_PAGE_BUDDY, order);
}

/* The buddy of a block, if it is free with the same order and in the same zone; else NULL. */
struct sbuddy_page *sbuddy_find_buddy_page(const struct sbuddy_zone *zone,
					   const struct sbuddy_page *page, unsigned int order)
{
	struct sbuddy_page *buddy = sbuddy_buddy_of(zone, page, order);

	return sbuddy_page_is_buddy(zone, buddy, order) ? buddy : NULL;
}

/*
 * May two free blocks of pageblock size or more join?  Below that size they
 * share a pageblock.  Isolated and HighAtomic blocks stay apart from others;
 * the rest take the type of the half freed last, where lists follow blocks.
 * That moves no counter: all mergeable types are counted alike.
 */
static bool sbuddy_merge_pageblocks(struct sbuddy_machine *m, struct sbuddy_page *buddy,
				    unsigned int order, int mt)
{
	unsigned long pfn = sbuddy_pfn(m, buddy);
	int buddy_mt = sbuddy_pb_migratetype(m, pfn);

	if (buddy_mt == mt)
		return true;
	if (!sbuddy_migratetype_mergeable(mt) || !sbuddy_migratetype_mergeable(buddy_mt))
		return false;
	if (m->rules->lists_follow_blocks)
		sbuddy_change_pageblock_range(m, pfn, order, mt);
	return true;
}

/*
 * Would the block one order up merge as well, if only its other half came
 * free?  Then this block is worth keeping: it goes to the tail, to be used
 * late.
 */
static bool sbuddy_buddy_merge_likely(const struct sbuddy_zone *zone,
				      const struct sbuddy_page *page, unsigned int order)
{
	const struct sbuddy_machine *m = zone->machine;
	unsigned long pfn;

	if (order >= SBUDDY_MAX_PAGE_ORDER - 1)
		return false;
	pfn = sbuddy_pfn(m, page) & ~(1UL << order);
	return sbuddy_page_is_buddy(zone, sbuddy_pfn_to_page(m, pfn ^ (2UL << order)), order + 1);
}

/*
 * Gives a block back to the lists, merged as far as it goes.  @mt is the type
 * of its pageblock.  Zone lock held.
 */
noinline void sbuddy___free_one_page(struct sbuddy_zone *zone, struct sbuddy_task *task,
				     struct sbuddy_page *page, unsigned int order, int mt,
				     sbuddy_fpi_t fpi)
{
	bool tail;

	lockdep_assert_held(&zone->lock);
	WRITE_ONCE(page->tag, 0);
	sbuddy_account_freepages(zone, task, 1L << order, mt);

	while (order < SBUDDY_MAX_PAGE_ORDER) {
		struct sbuddy_page *buddy = sbuddy_buddy_of(zone, page, order);

		if (unlikely(task->capc) &&
		    sbuddy_compaction_capture(zone, task, page, order, mt)) {
			sbuddy_account_freepages(zone, task, -(1L << order), mt);
			return;
		}
		if (!sbuddy_page_is_buddy(zone, buddy, order))
			break;
		if (unlikely(order >= SBUDDY_PAGEBLOCK_ORDER) &&
		    !sbuddy_merge_pageblocks(zone->machine, buddy, order, mt))
			break;
		sbuddy_unlink_free(buddy, zone, order);
		if (buddy < page)
			page = buddy;
		order++;
	}

	tail = (fpi & SBUDDY_FPI_TO_TAIL) || sbuddy_buddy_merge_likely(zone, page, order);
	sbuddy_add_to_free_list(page, zone, order, mt, tail);
}

/*
 * Where lists follow blocks, what is larger than a pageblock is freed pageblock
 * by pageblock, each with its own type, low half first.
 */
void sbuddy_split_large_buddy(struct sbuddy_zone *zone, struct sbuddy_task *task,
			      struct sbuddy_page *page, unsigned int order, sbuddy_fpi_t fpi)
{
	struct sbuddy_machine *m = zone->machine;
	struct sbuddy_page *end = page + (1UL << order);
	unsigned int piece = order;

	if (m->rules->lists_follow_blocks)
		piece = min_t(unsigned int, order, SBUDDY_PAGEBLOCK_ORDER);
	for (; page < end; page += 1UL << piece)
		sbuddy___free_one_page(zone, task, page, piece,
				       sbuddy_pb_migratetype(m, sbuddy_pfn(m, page)), fpi);
}
