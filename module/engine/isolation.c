// SPDX-License-Identifier: GPL-2.0
/*
 * Isolation: pageblocks from which nothing is allocated any more.  What is free
 * in them lies on lists of its own, what is freed goes there at once, and none
 * of it counts as free.
 *
 * State: the types of pageblocks, sbuddy_zone::nr_isolate_pageblock and
 * sbuddy_machine::isolated_by, all under the zone lock; each pageblock by
 * itself, so a range is isolated bit by bit and given back when one of its
 * pageblocks cannot be.  Blocks on per-CPU lists stay there until somebody
 * drains them (contig.c does).
 *
 * No page here is poisoned or offline, so SBUDDY_ISOLATE_OFFLINE finds nothing
 * more to tolerate than the usual mode.  Nothing is migrated here either: in-use
 * compound blocks across the border of a range make it fail.
 */
#include "os.h"
#include "rules.h"

static unsigned long sbuddy_pageblock_start(unsigned long pfn)
{
	return pfn & ~(SBUDDY_PAGEBLOCK_NR_PAGES - 1);
}

static unsigned long sbuddy_pageblock_end(unsigned long pfn)
{
	return sbuddy_pageblock_start(pfn) + SBUDDY_PAGEBLOCK_NR_PAGES;
}

/**
 * sbuddy_range_reason_name() - a word for why a range was refused
 * @reason: enum sbuddy_range_reason
 *
 * Context: Any.
 * Return: The word, "?" for a number without one.
 */
const char *sbuddy_range_reason_name(int reason)
{
	static const char * const names[SBUDDY_NR_RANGE_REASONS] = {
		[SBUDDY_RANGE_NONE]	    = "none",
		[SBUDDY_RANGE_HOLE]	    = "hole",
		[SBUDDY_RANGE_ZONES]	    = "other-zone",
		[SBUDDY_RANGE_RESERVED]	    = "reserved",
		[SBUDDY_RANGE_UNMOVABLE]    = "unmovable",
		[SBUDDY_RANGE_COMPOUND]	    = "compound",
		[SBUDDY_RANGE_STRADDLES]    = "straddles",
		[SBUDDY_RANGE_ISOLATED]	    = "isolated",
		[SBUDDY_RANGE_ZONE_EDGE]    = "zone-edge",
		[SBUDDY_RANGE_NOT_ISOLATED] = "not-isolated",
		[SBUDDY_RANGE_FOREIGN]	    = "foreign",
		[SBUDDY_RANGE_IN_USE]	    = "in-use",
		[SBUDDY_RANGE_SHAPE]	    = "shape",
		[SBUDDY_RANGE_NOWHERE]	    = "nowhere",
		[SBUDDY_RANGE_NO_TARGET]    = "no-target",
	};

	return (unsigned int)reason < SBUDDY_NR_RANGE_REASONS ? names[reason] : "?";
}

/* ---- what may be isolated ---- */

/*
 * Compound blocks have no mark in their tails: whether @pfn, which begins no
 * block, is one.  Returns the frame behind the block, 0 if it is none.
 */
static unsigned long sbuddy_compound_tail_end(const struct sbuddy_machine *m, unsigned long pfn,
					      u32 *head_tag)
{
	const struct sbuddy_page *head = sbuddy_covering_head(m, pfn);

	if (!head)
		return 0;
	*head_tag = READ_ONCE(head->tag);
	if (sbuddy_tag_state(*head_tag) != SBUDDY_PAGE_USED ||
	    !(*head_tag & SBUDDY_TAG_COMPOUND))
		return 0;
	return sbuddy_pfn(m, head) + (1UL << sbuddy_tag_order(*head_tag));
}

/*
 * The frame to look at after @pfn, or @pfn if what is there cannot be moved.
 * @pfn begins a block or lies in none, but for @first, which may lie in a
 * compound block.  Pages without a reference, on whatever list or tails of a
 * block that is not compound, are in nobody's way.
 */
static unsigned long sbuddy_movable_step(const struct sbuddy_machine *m, unsigned long pfn,
					 bool first, enum sbuddy_range_reason *why)
{
	const struct sbuddy_page *page = sbuddy_page(m, pfn);
	u32 tag = READ_ONCE(page->tag);
	enum sbuddy_page_state state = sbuddy_tag_state(tag);
	unsigned long end = pfn + (1UL << sbuddy_tag_order(tag));

	if (state == SBUDDY_PAGE_NONE)
		end = first ? sbuddy_compound_tail_end(m, pfn, &tag) : 0;
	if (!end)
		return pfn + 1;
	if (state != SBUDDY_PAGE_NONE &&
	    (state != SBUDDY_PAGE_USED || !READ_ONCE(page->refcount)))
		return end;
	if (tag & (SBUDDY_TAG_LRU | SBUDDY_TAG_MOVABLE_OPS))
		return end;
	*why = tag & SBUDDY_TAG_COMPOUND ? SBUDDY_RANGE_COMPOUND : SBUDDY_RANGE_UNMOVABLE;
	return pfn;
}

/*
 * Is there a page in [@start, @end), of one pageblock, that can never be moved
 * out?  Then @r says which and why.  In the movable zone all but reserved pages
 * are taken to be movable.  Zone lock held.
 */
static bool sbuddy_has_unmovable_pages(struct sbuddy_range *r, const struct sbuddy_zone *zone,
				       unsigned long start, unsigned long end)
{
	enum sbuddy_range_reason why = SBUDDY_RANGE_RESERVED;
	unsigned long pfn = start;

	while (pfn < end) {
		unsigned long next = pfn;

		if (!(sbuddy_page(r->m, pfn)->tag & SBUDDY_TAG_RESERVED))
			next = zone->idx == SBUDDY_ZONE_MOVABLE ? pfn + 1 :
			       sbuddy_movable_step(r->m, pfn, pfn == start, &why);
		if (next == pfn) {
			sbuddy_range_refuse(r, why, pfn, 0);
			return true;
		}
		pfn = next;
	}
	return false;
}

/* ---- one pageblock ---- */

static int sbuddy_set_isolate_locked(struct sbuddy_range *r, struct sbuddy_zone *zone,
				     unsigned long pfn, unsigned long start, unsigned long end)
{
	struct sbuddy_machine *m = r->m;

	if (sbuddy_pb_migratetype(m, pfn) == SBUDDY_MIGRATE_ISOLATE)
		return sbuddy_range_refuse(r, SBUDDY_RANGE_ISOLATED, pfn, -EBUSY);
	end = min(min(sbuddy_pageblock_end(pfn), end), m->base_pfn + m->nr_pages);
	if (sbuddy_has_unmovable_pages(r, zone, max(pfn, start), end))
		return -EBUSY;
	if (!sbuddy_move_freepages_block_isolate(zone, r->task, pfn, SBUDDY_MIGRATE_ISOLATE))
		return sbuddy_range_refuse(r, SBUDDY_RANGE_ZONE_EDGE, pfn, -EBUSY);
	zone->nr_isolate_pageblock++;
	m->isolated_by[sbuddy_pb_index(m, pfn)] = r->holder;
	return 0;
}

/**
 * sbuddy_set_migratetype_isolate() - isolate one pageblock
 * @r: on whose behalf; @r->reason and @r->pfn are out
 * @pfn: first frame of the pageblock, in the machine
 * @start: only what lies in [@start, @end) has to be movable
 * @end: see @start
 *
 * Context: Any.  Takes the zone lock.
 * Return: 0; -EBUSY if it is no memory, is isolated already, holds a page that
 * cannot be moved, or reaches out of its zone.
 */
int sbuddy_set_migratetype_isolate(struct sbuddy_range *r, unsigned long pfn,
				   unsigned long start, unsigned long end)
{
	struct sbuddy_zone *zone = sbuddy_pfn_zone(r->m, pfn);
	unsigned long flags;
	int err;

	if (!zone)
		return sbuddy_range_refuse(r, SBUDDY_RANGE_HOLE, pfn, -EBUSY);
	spin_lock_irqsave(&zone->lock, flags);
	err = sbuddy_set_isolate_locked(r, zone, pfn, start, end);
	spin_unlock_irqrestore(&zone->lock, flags);
	if (err && r->flags & SBUDDY_ISOLATE_REPORT)
		os_warn("pageblock %lx cannot be isolated: %s at pfn %lx\n", pfn,
			sbuddy_range_reason_name(r->reason), r->pfn);
	return err;
}

/*
 * Takes a whole free block off its list.  One that is not isolated has to leave
 * the zone above its plain min watermark, else nothing is done; and if it is
 * half a pageblock or more, its pageblocks become Movable, as the block itself
 * will be filled by migration; where lists follow blocks, with what is left free
 * in them.  Zone lock held.
 */
bool sbuddy___isolate_free_page(struct sbuddy_zone *zone, struct sbuddy_task *task,
				struct sbuddy_page *page, unsigned int order)
{
	struct sbuddy_machine *m = zone->machine;
	unsigned long pfn = sbuddy_pfn(m, page), end = pfn + (1UL << order) - 1;
	int mt = sbuddy_pb_migratetype(m, pfn);
	struct sbuddy_block_scan scan;

	if (mt != SBUDDY_MIGRATE_ISOLATE &&
	    !sbuddy_zone_watermark_ok(zone, 0, zone->watermark[SBUDDY_WMARK_MIN] + (1L << order),
				      0, 0))
		return false;
	sbuddy_del_page_from_free_list(page, zone, task, order, mt);
	if (order < SBUDDY_PAGEBLOCK_ORDER - 1)
		return true;
	for (; pfn < end; pfn += SBUDDY_PAGEBLOCK_NR_PAGES) {
		mt = sbuddy_pb_migratetype(m, pfn);
		if (!sbuddy_migratetype_mergeable(mt))
			continue;
		if (!m->rules->lists_follow_blocks)
			sbuddy_set_pageblock_migratetype(m, pfn, SBUDDY_MIGRATE_MOVABLE);
		else if (sbuddy_prep_move_freepages_block(zone, pfn, &scan))
			sbuddy_move_freepages_block(zone, task, scan.start_pfn, mt,
						    SBUDDY_MIGRATE_MOVABLE);
	}
	return true;
}

/* Gives back what sbuddy___isolate_free_page() took, to be used last.  Zone lock held. */
void sbuddy___putback_isolated_page(struct sbuddy_zone *zone, struct sbuddy_task *task,
				    struct sbuddy_page *page, unsigned int order, int mt)
{
	sbuddy___free_one_page(zone, task, page, order, mt,
			       SBUDDY_FPI_SKIP_REPORT_NOTIFY | SBUDDY_FPI_TO_TAIL);
}

/*
 * A free block of one whole pageblock was kept from merging with its buddy by
 * the isolation.  Moving it to another list would not merge it; taking it off
 * and freeing it does.
 */
static bool sbuddy_unset_by_merging(struct sbuddy_range *r, struct sbuddy_zone *zone,
				    unsigned long pfn)
{
	struct sbuddy_page *page = sbuddy_page(r->m, pfn), *buddy;
	const unsigned int order = SBUDDY_PAGEBLOCK_ORDER;

	if (sbuddy_page_state(page) != SBUDDY_PAGE_BUDDY || sbuddy_page_order(page) != order)
		return false;
	buddy = sbuddy_find_buddy_page(zone, page, order);
	if (!buddy || sbuddy_page_migratetype(r->m, buddy) == SBUDDY_MIGRATE_ISOLATE)
		return false;
	sbuddy___isolate_free_page(zone, r->task, page, order);
	sbuddy_set_pageblock_migratetype(r->m, pfn, r->migratetype);
	sbuddy___putback_isolated_page(zone, r->task, page, order, r->migratetype);
	return true;
}

/* An isolated pageblock that is @r's to give back: it or nobody isolated it. */
static bool sbuddy_may_unset(struct sbuddy_range *r, unsigned long pfn)
{
	u32 holder = r->m->isolated_by[sbuddy_pb_index(r->m, pfn)];

	if (sbuddy_pb_migratetype(r->m, pfn) != SBUDDY_MIGRATE_ISOLATE)
		return false;
	return holder == r->holder || holder == SBUDDY_HOLDER_NOBODY;
}

/**
 * sbuddy_unset_migratetype_isolate() - end the isolation of one pageblock
 * @r: on whose behalf
 * @pfn: first frame of the pageblock, in the machine
 *
 * It gets type @r->migratetype, whatever it was before.  Nothing happens to a
 * pageblock that is not isolated, or by somebody else.
 *
 * Context: Any.  Takes the zone lock.
 */
void sbuddy_unset_migratetype_isolate(struct sbuddy_range *r, unsigned long pfn)
{
	struct sbuddy_zone *zone = sbuddy_pfn_zone(r->m, pfn);
	unsigned long flags;

	if (!zone)
		return;
	spin_lock_irqsave(&zone->lock, flags);
	if (sbuddy_may_unset(r, pfn)) {
		if (!sbuddy_unset_by_merging(r, zone, pfn))
			sbuddy_move_freepages_block_isolate(zone, r->task, pfn, r->migratetype);
		zone->nr_isolate_pageblock--;
		r->m->isolated_by[sbuddy_pb_index(r->m, pfn)] = SBUDDY_HOLDER_NOBODY;
	}
	spin_unlock_irqrestore(&zone->lock, flags);
}

/* ---- ranges ---- */

/*
 * The compound block in use that reaches over @boundary, looked for from the
 * start of the largest possible block around @block.  NULL if there is none.
 */
static struct sbuddy_page *sbuddy_find_straddler(const struct sbuddy_machine *m,
						 unsigned long block, unsigned long boundary)
{
	unsigned long start = max(block & ~(SBUDDY_MAX_ORDER_NR_PAGES - 1),
				  sbuddy_pfn_zone(m, block)->zone_start_pfn);

	for (unsigned long pfn = start; pfn < boundary;) {
		struct sbuddy_page *page = sbuddy_page(m, pfn);
		u32 tag = READ_ONCE(page->tag);
		bool used = sbuddy_tag_state(tag) == SBUDDY_PAGE_USED &&
			    (tag & SBUDDY_TAG_COMPOUND);

		if (used && pfn + (1UL << sbuddy_tag_order(tag)) > boundary)
			return page;
		if (used || sbuddy_tag_state(tag) == SBUDDY_PAGE_BUDDY)
			pfn += 1UL << sbuddy_tag_order(tag);
		else
			pfn++;
	}
	return NULL;
}

/*
 * The first or the last pageblock of a range: on the side of @boundary a block
 * may belong to the range and to what is outside.  Free ones are split; ones
 * in use cannot be.  @before: the pageblock lies before @boundary.  @skip: it
 * is isolated already, and whoever did that undoes it.
 */
static int sbuddy_isolate_single_pageblock(struct sbuddy_range *r, unsigned long boundary,
					   bool before, bool skip)
{
	unsigned long block = before ? boundary - SBUDDY_PAGEBLOCK_NR_PAGES : boundary;
	struct sbuddy_page *straddler;
	int err = 0;

	if (!skip)
		err = sbuddy_set_migratetype_isolate(r, block, block,
						     block + SBUDDY_PAGEBLOCK_NR_PAGES);
	if (err || !sbuddy_pfn_to_page(r->m, before ? boundary : boundary - 1))
		return err;
	straddler = sbuddy_find_straddler(r->m, block, boundary);
	if (!straddler)
		return 0;
	if (!skip)
		sbuddy_unset_migratetype_isolate(r, block);
	return sbuddy_range_refuse(r, SBUDDY_RANGE_STRADDLES, sbuddy_pfn(r->m, straddler),
				   -EBUSY);
}

/**
 * sbuddy_range_in_one_zone() - is a range one that can be worked on
 * @r: @r->reason and @r->pfn are out
 * @start: first frame
 * @end: first frame behind
 *
 * Context: Any.
 * Return: 0; -EINVAL for an empty range or one with frames of two zones;
 * -ENOENT for frames outside the machine.  Holes are left to be found.
 */
int sbuddy_range_in_one_zone(struct sbuddy_range *r, unsigned long start, unsigned long end)
{
	const struct sbuddy_zone *zone = NULL;

	if (start >= end)
		return sbuddy_range_refuse(r, SBUDDY_RANGE_NONE, start, -EINVAL);
	if (!sbuddy_pfn_to_page(r->m, start))
		return sbuddy_range_refuse(r, SBUDDY_RANGE_HOLE, start, -ENOENT);
	if (!sbuddy_pfn_to_page(r->m, end - 1))
		return sbuddy_range_refuse(r, SBUDDY_RANGE_HOLE, r->m->base_pfn + r->m->nr_pages,
					   -ENOENT);
	for (unsigned long pfn = start; pfn < end; pfn = sbuddy_pageblock_end(pfn)) {
		const struct sbuddy_zone *other = sbuddy_pfn_zone(r->m, pfn);

		if (zone && other && other != zone)
			return sbuddy_range_refuse(r, SBUDDY_RANGE_ZONES, pfn, -EINVAL);
		zone = other ?: zone;
	}
	return 0;
}

/**
 * sbuddy_start_isolate_page_range() - isolate every pageblock that a range touches
 * @r: on whose behalf; @r->reason and @r->pfn are out
 * @start: first frame, in the machine
 * @end: first frame behind; all of one zone
 *
 * The first pageblock, the last, then those between, ascending.  When one
 * cannot be isolated the others get type @r->migratetype.
 *
 * Context: Process context.  Takes the zone lock for each pageblock.
 * Return: 0; -EBUSY.
 */
int sbuddy_start_isolate_page_range(struct sbuddy_range *r, unsigned long start,
				    unsigned long end)
{
	unsigned long first = sbuddy_pageblock_start(start);
	unsigned long last = sbuddy_pageblock_start(end - 1), pfn;
	int err;

	err = sbuddy_isolate_single_pageblock(r, first, false, false);
	if (err)
		return err;
	err = sbuddy_isolate_single_pageblock(r, last + SBUDDY_PAGEBLOCK_NR_PAGES, true,
					      first == last);
	if (err) {
		sbuddy_unset_migratetype_isolate(r, first);
		return err;
	}
	for (pfn = first + SBUDDY_PAGEBLOCK_NR_PAGES; pfn < last;
	     pfn += SBUDDY_PAGEBLOCK_NR_PAGES) {
		err = sbuddy_set_migratetype_isolate(r, pfn, start, end);
		if (err) {
			sbuddy_undo_isolate_page_range(r, first, pfn);
			sbuddy_unset_migratetype_isolate(r, last);
			return err;
		}
		os_cond_resched();
	}
	return 0;
}

/**
 * sbuddy_undo_isolate_page_range() - end the isolation of every pageblock of a range
 * @r: on whose behalf; only what it or nobody isolated is given back
 * @start: first frame, in the machine
 * @end: first frame behind
 *
 * Ascending.  Each gets type @r->migratetype.
 *
 * Context: Process context.  Takes the zone lock for each pageblock.
 * Return: Pageblocks given back.
 */
unsigned long sbuddy_undo_isolate_page_range(struct sbuddy_range *r, unsigned long start,
					     unsigned long end)
{
	unsigned long nr = 0;

	for (unsigned long pfn = sbuddy_pageblock_start(start); pfn < end;
	     pfn += SBUDDY_PAGEBLOCK_NR_PAGES) {
		if (!sbuddy_may_unset(r, pfn))
			continue;
		sbuddy_unset_migratetype_isolate(r, pfn);
		nr++;
		os_cond_resched();
	}
	return nr;
}

/* The first frame from @pfn on that is not free; @end or more if all are.  Zone lock held. */
static unsigned long sbuddy_test_page_isolated_in_pageblock(const struct sbuddy_machine *m,
							    unsigned long pfn, unsigned long end)
{
	while (pfn < end) {
		u32 tag = sbuddy_page(m, pfn)->tag;

		if (sbuddy_tag_state(tag) != SBUDDY_PAGE_BUDDY)
			break;
		pfn += 1UL << sbuddy_tag_order(tag);
	}
	return pfn;
}

/**
 * sbuddy_test_pages_isolated() - is a range isolated and all of it free
 * @r: @r->reason and @r->pfn are out
 * @start: first frame; begins a block or is in use
 * @end: first frame behind; all of one zone
 *
 * Context: Process context.  Takes the zone lock.
 * Return: 0; -EBUSY.
 */
int sbuddy_test_pages_isolated(struct sbuddy_range *r, unsigned long start, unsigned long end)
{
	struct sbuddy_zone *zone = sbuddy_pfn_zone(r->m, start);
	unsigned long pfn, flags;
	int err = 0;

	for (pfn = start; pfn < end; pfn += SBUDDY_PAGEBLOCK_NR_PAGES)
		if (sbuddy_pb_migratetype(r->m, pfn) != SBUDDY_MIGRATE_ISOLATE)
			break;
	if (pfn < end || !zone) {
		err = sbuddy_range_refuse(r, SBUDDY_RANGE_NOT_ISOLATED, pfn, -EBUSY);
	} else {
		spin_lock_irqsave(&zone->lock, flags);
		pfn = sbuddy_test_page_isolated_in_pageblock(r->m, start, end);
		spin_unlock_irqrestore(&zone->lock, flags);
		if (pfn < end)
			err = sbuddy_range_refuse(r, SBUDDY_RANGE_IN_USE, pfn, -EBUSY);
	}
	trace_sbuddy_test_pages_isolated(r->m, start, end, pfn);
	return err;
}
