// SPDX-License-Identifier: GPL-2.0
/*
 * The free scanner: goes down through the zone and isolates free blocks as
 * targets, when migration asks for one and none is left.  First a quick look
 * through the free lists from their tails, then pageblock by pageblock.
 *
 * A block that was taken is held by the run, SBUDDY_PAGE_HELD, on a list of its
 * order; it counts neither as free nor as allocated.  Takes the zone lock, for
 * at most 32 frames.
 */
#include "os.h"
#include "compaction.h"

/**
 * struct sbuddy_block_free - the scan of a pageblock for free blocks
 * @cc:	      the run
 * @pfn:      frame being looked at
 * @end_pfn:  behind the last one
 * @nr_scanned: frames looked at or known without a look
 * @total_isolated: pages taken
 * @locked:   the zone lock is held
 * @flags:    of the zone lock
 */
struct sbuddy_block_free {
	struct sbuddy_compact_control *cc;
	unsigned long pfn;
	unsigned long end_pfn;
	unsigned long nr_scanned;
	unsigned long total_isolated;
	bool locked;
	unsigned long flags;
};

static void sbuddy_hold(struct sbuddy_compact_control *cc, struct sbuddy_page *page,
			unsigned int order)
{
	WRITE_ONCE(page->tag, sbuddy_tag(cc->zone, SBUDDY_PAGE_HELD, order));
}

/* Takes a free block for the run if the zone can spare it.  Zone lock held. */
static bool sbuddy_take_free_page(struct sbuddy_compact_control *cc, struct sbuddy_page *page,
				  unsigned int order)
{
	if (!sbuddy___isolate_free_page(cc->zone, cc->task, page, order))
		return false;
	sbuddy_hold(cc, page, order);
	list_add_tail(&page->lru, &cc->freepages[order]);
	cc->nr_freepages += 1U << order;
	return true;
}

/* ---- one pageblock ---- */

/* As for the migrate scanner's lock, sparse is told that nothing happened. */
static void sbuddy_free_scan_lock(struct sbuddy_block_free *s)
{
	spinlock_t *lock = &s->cc->zone->lock;

	s->locked = true;
	if (s->cc->mode == SBUDDY_MIGRATE_ASYNC && !s->cc->contended) {
		if (spin_trylock_irqsave(lock, s->flags)) {
			__release(lock);
			return;
		}
		s->cc->contended = true;
	}
	spin_lock_irqsave(lock, s->flags);
	__release(lock);
}

static void sbuddy_free_scan_unlock(struct sbuddy_block_free *s)
{
	spinlock_t *lock = &s->cc->zone->lock;

	if (s->locked) {
		__acquire(lock);
		spin_unlock_irqrestore(lock, s->flags);
	}
	s->locked = false;
}

/* Every 32 frames others get a chance.  False: a signal ends the run. */
static bool sbuddy_free_scan_breathe(struct sbuddy_block_free *s)
{
	if (s->pfn % SBUDDY_COMPACT_CLUSTER_MAX)
		return true;
	sbuddy_free_scan_unlock(s);
	if (os_fatal_signal_pending()) {
		s->cc->contended = true;
		return false;
	}
	os_cond_resched();
	return true;
}

/* No free block begins here; a compound one that ends in the block is passed at once. */
static void sbuddy_free_scan_pass(struct sbuddy_block_free *s, u32 tag)
{
	const unsigned long size = sbuddy_block_pages(tag);

	if (sbuddy_tag_state(tag) != SBUDDY_PAGE_USED || !(tag & SBUDDY_TAG_COMPOUND) ||
	    s->pfn + size > s->end_pfn)
		return;
	s->pfn += size - 1;
	s->nr_scanned += size - 1;
}

/* One frame.  False ends the scan: the watermark, or enough has been taken. */
static bool sbuddy_free_scan_frame(struct sbuddy_block_free *s)
{
	struct sbuddy_compact_control *cc = s->cc;
	struct sbuddy_page *page = sbuddy_page(cc->m, s->pfn);
	u32 tag = READ_ONCE(page->tag);
	unsigned long size;

	if (sbuddy_tag_state(tag) == SBUDDY_PAGE_BUDDY && !s->locked) {
		sbuddy_free_scan_lock(s);
		tag = READ_ONCE(page->tag);
	}
	if (sbuddy_tag_state(tag) != SBUDDY_PAGE_BUDDY) {
		sbuddy_free_scan_pass(s, tag);
		return true;
	}
	size = sbuddy_block_pages(tag);
	if (!sbuddy_take_free_page(cc, page, sbuddy_tag_order(tag)))
		return false;
	s->nr_scanned += size - 1;
	s->total_isolated += size;
	if (cc->nr_migratepages <= cc->nr_freepages) {
		s->pfn += size;
		return false;
	}
	s->pfn += size - 1;
	return true;
}

/*
 * Takes free blocks of [*@start_pfn, @end_pfn), looking at every @stride-th
 * frame, until the run has a target for each page.  *@start_pfn is then where it
 * ended.  Returns pages taken.
 */
static noinline unsigned long sbuddy_isolate_freepages_block(struct sbuddy_compact_control *cc,
							     unsigned long *start_pfn,
							     unsigned long end_pfn,
							     unsigned int stride)
{
	struct sbuddy_block_free s = { .cc = cc, .pfn = *start_pfn, .end_pfn = end_pfn };

	for (; s.pfn < end_pfn; s.pfn += stride) {
		if (!sbuddy_free_scan_breathe(&s))
			break;
		s.nr_scanned++;
		if (!sbuddy_free_scan_frame(&s))
			break;
	}
	sbuddy_free_scan_unlock(&s);
	s.pfn = min(s.pfn, end_pfn);
	trace_sbuddy_mm_compaction_isolate_freepages(cc->zone, *start_pfn, s.pfn, s.nr_scanned,
						     s.total_isolated);
	*start_pfn = s.pfn;
	cc->total_free_scanned += s.nr_scanned;
	sbuddy_count_vm_events(cc->m, SBUDDY_COMPACTISOLATED, s.total_isolated);
	return s.total_isolated;
}

/* May pages be moved into this pageblock?  Not to where a block as wanted is free already. */
bool sbuddy_suitable_migration_target(const struct sbuddy_compact_control *cc, unsigned long pfn)
{
	u32 tag = READ_ONCE(sbuddy_page(cc->m, pfn)->tag);
	unsigned int order = cc->order > 0 ? cc->order : SBUDDY_PAGEBLOCK_ORDER;

	if (sbuddy_tag_state(tag) == SBUDDY_PAGE_BUDDY && sbuddy_tag_order(tag) >= order)
		return false;
	return cc->ignore_block_suitable ||
	       sbuddy_pb_migratetype(cc->m, pfn) == SBUDDY_MIGRATE_MOVABLE;
}

/* ---- the quick look ---- */

/**
 * struct sbuddy_fast_free - a search of the free lists from their tails
 * @low_pfn:  from here up a block is taken at once
 * @min_pfn:  from here up the highest one seen is good enough
 * @highest:  pageblock of the highest block seen, 0 if none
 * @limit:    blocks to look at on a list
 * @nr_scanned: blocks looked at, and pages taken
 * @total_isolated: pages taken
 * @scan_start: nothing is known of the zone yet: search longer
 */
struct sbuddy_fast_free {
	unsigned long low_pfn;
	unsigned long min_pfn;
	unsigned long highest;
	unsigned int limit;
	unsigned int nr_scanned;
	unsigned int total_isolated;
	bool scan_start;
};

/* The order to search after @order, -1 when all have been. */
static int sbuddy_next_search_order(struct sbuddy_compact_control *cc, int order)
{
	if (--order < 0)
		order = cc->order - 1;
	if (order != cc->search_order)
		return order;
	if (--cc->search_order < 0)
		cc->search_order = cc->order - 1;
	return -1;
}

/* Turns a free list so that @page is its first. */
static void sbuddy_move_freelist_head(struct list_head *freelist, struct sbuddy_page *page)
{
	list_del(freelist);
	list_add_tail(freelist, &page->lru);
}

/*
 * Walks one list from its tail.  Returns the block to take, or NULL; the list is
 * turned so that what was looked at comes last the next time.
 */
static struct sbuddy_page *sbuddy_fast_walk(struct sbuddy_compact_control *cc,
					    struct sbuddy_fast_free *f, int order,
					    unsigned int *order_scanned)
{
	struct list_head *freelist = &cc->zone->free_area[order].free_list[SBUDDY_MIGRATE_MOVABLE];
	struct sbuddy_page *best = NULL, *last = NULL;
	struct list_head *l;

	for (l = freelist->prev; l != freelist; l = l->prev) {
		struct sbuddy_page *page = list_entry(l, struct sbuddy_page, lru);
		unsigned long pfn = sbuddy_pfn(cc->m, page);

		(*order_scanned)++;
		f->nr_scanned++;
		if (pfn >= f->highest)
			f->highest = max(sbuddy_pageblock_start_pfn(pfn),
					 cc->zone->zone_start_pfn);
		if (pfn >= f->low_pfn) {
			cc->fast_search_fail = 0;
			cc->search_order = order;
			best = page;
			last = page;
			break;
		}
		if (pfn >= f->min_pfn && (!best || page > best)) {
			best = page;
			f->limit >>= 1;
		}
		if (*order_scanned >= f->limit) {
			last = page;
			break;
		}
	}
	if (best)
		last = best;
	if (last)
		sbuddy_move_freelist_head(freelist, last);
	return best;
}

/* One order: takes a block of it, NULL if there is none or the zone cannot spare it. */
static struct sbuddy_page *sbuddy_fast_isolate_order(struct sbuddy_compact_control *cc,
						     struct sbuddy_fast_free *f, int *order)
{
	unsigned int order_scanned = 0;
	struct sbuddy_page *page;
	unsigned long flags;

	spin_lock_irqsave(&cc->zone->lock, flags);
	page = sbuddy_fast_walk(cc, f, *order, &order_scanned);
	if (page && sbuddy_take_free_page(cc, page, *order)) {
		f->nr_scanned += (1U << *order) - 1;
		f->total_isolated += 1U << *order;
		sbuddy_count_vm_events(cc->m, SBUDDY_COMPACTISOLATED, 1L << *order);
	} else if (page) {
		*order = cc->search_order + 1;	/* ends the search */
		page = NULL;
	}
	spin_unlock_irqrestore(&cc->zone->lock, flags);
	if (cc->nr_freepages < cc->nr_migratepages && order_scanned >= f->limit)
		f->limit = max(1U, f->limit >> 1);
	return page;
}

static struct sbuddy_page *sbuddy_fast_search(struct sbuddy_compact_control *cc,
					      struct sbuddy_fast_free *f)
{
	struct sbuddy_page *page = NULL;

	cc->search_order = min_t(int, cc->order - 1, cc->search_order);
	for (int order = cc->search_order; !page && order >= 0;
	     order = sbuddy_next_search_order(cc, order)) {
		if (!READ_ONCE(cc->zone->free_area[order].nr_free))
			continue;
		page = sbuddy_fast_isolate_order(cc, f, &order);
		if (cc->nr_freepages >= cc->nr_migratepages)
			break;
	}
	return page;
}

/*
 * Nothing found, and nothing known of the zone: where the free scanner had
 * better start.  Returns a frame of a block to look through, or 0.
 */
static unsigned long sbuddy_fast_start(struct sbuddy_compact_control *cc,
				       const struct sbuddy_fast_free *f)
{
	cc->fast_search_fail++;
	if (!f->scan_start)
		return 0;
	if (f->highest >= f->min_pfn) {
		cc->free_pfn = f->highest;
		return f->highest;
	}
	if (!cc->direct_compaction || !sbuddy_pfn_to_page(cc->m, f->min_pfn))
		return 0;
	cc->free_pfn = f->min_pfn;
	if (!sbuddy_pageblock_pfn_to_page(cc, f->min_pfn) ||
	    !sbuddy_suitable_migration_target(cc, f->min_pfn))
		return 0;
	return f->min_pfn;
}

/* Where there is one free block there may be more: looks through its pageblock. */
static void sbuddy_fast_isolate_around(struct sbuddy_compact_control *cc, unsigned long pfn)
{
	unsigned long start = max(sbuddy_pageblock_start_pfn(pfn), cc->zone->zone_start_pfn);
	unsigned long end = min(sbuddy_pageblock_end_pfn(pfn), sbuddy_zone_end_pfn(cc->zone));
	unsigned long block = start;

	if (cc->nr_freepages >= cc->nr_migratepages)
		return;
	if (cc->direct_compaction && cc->mode == SBUDDY_MIGRATE_ASYNC)
		return;
	if (!sbuddy_pageblock_pfn_to_page(cc, block))
		return;
	sbuddy_isolate_freepages_block(cc, &start, end, 1);
	if (start == end && !cc->no_set_skip_hint)
		sbuddy_set_pageblock_skip(cc->m, block, true);
}

static noinline void sbuddy_fast_isolate_freepages(struct sbuddy_compact_control *cc)
{
	struct sbuddy_compact_state *z = &cc->zone->compact;
	unsigned long distance = cc->free_pfn - cc->migrate_pfn, around;
	struct sbuddy_fast_free f = {
		.limit = max(1U, sbuddy_freelist_scan_limit(cc) >> 1),
		.low_pfn = sbuddy_pageblock_start_pfn(cc->free_pfn - (distance >> 2)),
		.min_pfn = sbuddy_pageblock_start_pfn(cc->free_pfn - (distance >> 1)),
	};
	struct sbuddy_page *page;

	if (cc->order <= 0)
		return;
	if (cc->free_pfn >= z->init_free_pfn) {
		f.limit = SBUDDY_PAGEBLOCK_NR_PAGES >> 1;
		f.scan_start = true;
	}
	page = sbuddy_fast_search(cc, &f);
	trace_sbuddy_mm_compaction_fast_isolate_freepages(cc->zone, f.min_pfn, cc->free_pfn,
							  f.nr_scanned, f.total_isolated);
	around = page ? sbuddy_pfn(cc->m, page) : sbuddy_fast_start(cc, &f);
	if (f.highest && f.highest >= z->cached_free_pfn)
		z->cached_free_pfn = f.highest - SBUDDY_PAGEBLOCK_NR_PAGES;
	cc->total_free_scanned += f.nr_scanned;
	if (around)
		sbuddy_fast_isolate_around(cc, around);
}

/* ---- pageblock by pageblock ---- */

static bool sbuddy_free_block_ok(const struct sbuddy_compact_control *cc, unsigned long block)
{
	return sbuddy_pageblock_pfn_to_page(cc, block) &&
	       sbuddy_suitable_migration_target(cc, block) &&
	       sbuddy_isolation_suitable(cc, block);
}

/*
 * Scans from the free scanner's place down to the pageblock above the migrate
 * scanner's, until every page has a target; first with wide steps where little
 * is to be found, if the run is in a hurry.
 */
static noinline void sbuddy_isolate_freepages(struct sbuddy_compact_control *cc)
{
	unsigned int stride = cc->mode == SBUDDY_MIGRATE_ASYNC ? SBUDDY_COMPACT_CLUSTER_MAX : 1;
	unsigned long isolate_start, block, end, low;

	sbuddy_fast_isolate_freepages(cc);
	if (cc->nr_freepages)
		return;
	isolate_start = cc->free_pfn;
	block = sbuddy_pageblock_start_pfn(isolate_start);
	end = min(block + SBUDDY_PAGEBLOCK_NR_PAGES, sbuddy_zone_end_pfn(cc->zone));
	low = sbuddy_pageblock_end_pfn(cc->migrate_pfn);
	for (; block >= low;
	     end = block, block -= SBUDDY_PAGEBLOCK_NR_PAGES, isolate_start = block) {
		unsigned long nr;

		if (!(block % (SBUDDY_COMPACT_CLUSTER_MAX * SBUDDY_PAGEBLOCK_NR_PAGES)))
			os_cond_resched();
		if (!sbuddy_free_block_ok(cc, block))
			continue;
		nr = sbuddy_isolate_freepages_block(cc, &isolate_start, end, stride);
		if (isolate_start == end)
			sbuddy_update_pageblock_skip(cc, block,
						     block - SBUDDY_PAGEBLOCK_NR_PAGES);
		if (cc->nr_freepages >= cc->nr_migratepages) {
			if (isolate_start >= end)
				isolate_start = block - SBUDDY_PAGEBLOCK_NR_PAGES;
			break;
		}
		if (isolate_start < end)
			break;
		stride = nr ? 1 : min(SBUDDY_COMPACT_CLUSTER_MAX, stride << 1);
	}
	cc->free_pfn = isolate_start;
}

/* ---- targets for migration ---- */

/* The smallest order from @order up of which a block is held. */
static unsigned int sbuddy_held_order(const struct sbuddy_compact_control *cc, unsigned int order)
{
	while (order < SBUDDY_NR_PAGE_ORDERS && list_empty(&cc->freepages[order]))
		order++;
	return order;
}

/* A target for @src, cut from what is held; NULL when the free scanner finds no more. */
struct sbuddy_page *sbuddy_compaction_alloc(struct sbuddy_page *src, void *private)
{
	struct sbuddy_compact_control *cc = private;
	const unsigned int order = sbuddy_tag_order(src->tag);
	unsigned int have = sbuddy_held_order(cc, order);
	struct sbuddy_page *page;

	if (have == SBUDDY_NR_PAGE_ORDERS) {
		sbuddy_isolate_freepages(cc);
		have = sbuddy_held_order(cc, order);
		if (have == SBUDDY_NR_PAGE_ORDERS)
			return NULL;
	}
	page = list_first_entry(&cc->freepages[have], struct sbuddy_page, lru);
	list_del(&page->lru);
	while (have > order) {
		have--;
		sbuddy_hold(cc, page + (1UL << have), have);
		list_add(&page[1UL << have].lru, &cc->freepages[have]);
	}
	page->private = 0;
	page->refcount = 1;
	WRITE_ONCE(page->tag, sbuddy_tag(cc->zone, SBUDDY_PAGE_USED, order) |
			      (order ? SBUDDY_TAG_COMPOUND : 0));
	cc->nr_freepages -= 1U << order;
	cc->nr_migratepages -= 1U << order;
	return page;
}

/* A target that was not used is the next one. */
void sbuddy_compaction_free(struct sbuddy_page *dst, void *private)
{
	struct sbuddy_compact_control *cc = private;
	const unsigned int order = sbuddy_tag_order(dst->tag);

	trace_sbuddy_mm_page_free(cc->m, dst, order);
	dst->refcount = 0;
	dst->private = 0;
	sbuddy_hold(cc, dst, order);
	list_add(&dst->lru, &cc->freepages[order]);
	cc->nr_freepages += 1U << order;
	cc->nr_migratepages += 1U << order;
}

/* What is still held is freed as if it had been allocated.  Returns the highest frame. */
unsigned long sbuddy_release_free_list(struct sbuddy_compact_control *cc)
{
	unsigned long high_pfn = 0;

	for (unsigned int order = 0; order < SBUDDY_NR_PAGE_ORDERS; order++) {
		struct list_head *list = &cc->freepages[order];

		while (!list_empty(list)) {
			struct sbuddy_page *page = list_first_entry(list, struct sbuddy_page, lru);

			list_del(&page->lru);
			page->refcount = 1;
			WRITE_ONCE(page->tag, sbuddy_tag(cc->zone, SBUDDY_PAGE_USED, order));
			high_pfn = max(high_pfn, sbuddy_pfn(cc->m, page));
			sbuddy_free_pages(cc->m, cc->task, page, order);
		}
	}
	return high_pfn;
}
