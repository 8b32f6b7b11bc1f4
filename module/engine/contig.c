// SPDX-License-Identifier: GPL-2.0
/*
 * Contiguous ranges: alloc_contig_range(), which empties and takes a given
 * range, and alloc_contig_pages(), which looks for one.
 *
 * A range is taken from a zone by isolating its pageblocks, draining the
 * per-CPU lists, moving out what is in use, and then taking every free block of
 * it off the isolated lists.  The third step is contig_migrate.c's.
 *
 * This file owns no state.  Each step takes the zone lock for itself; between
 * them the isolation keeps the range together.
 */
#include "os.h"
#include "compaction.h"

/* The bits that say where to look, or what the pages are for, mean nothing here. */
#define SBUDDY_CONTIG_IGNORED							\
	(SBUDDY_GFP_DMA | SBUDDY_GFP_HIGHMEM | SBUDDY_GFP_DMA32 | SBUDDY_GFP_MOVABLE |	\
	 SBUDDY_GFP_RECLAIMABLE | SBUDDY_GFP_WRITE | SBUDDY_GFP_HARDWALL | SBUDDY_GFP_THISNODE)
#define SBUDDY_CONTIG_ALLOWED							\
	(SBUDDY_GFP_IO | SBUDDY_GFP_FS | SBUDDY_GFP_RECLAIM | SBUDDY_GFP_COMP |	\
	 SBUDDY_GFP_RETRY_MAYFAIL | SBUDDY_GFP_NOWARN | SBUDDY_GFP_ZERO | SBUDDY_GFP_ZEROTAGS)

/**
 * sbuddy_contig_gfp_valid() - are these flags ones for a contiguous range
 * @gfp: SBUDDY_GFP_*
 *
 * Context: Any.
 * Return: True if so.
 */
bool sbuddy_contig_gfp_valid(u32 gfp)
{
	return !(gfp & ~(SBUDDY_CONTIG_IGNORED | SBUDDY_CONTIG_ALLOWED));
}

/*
 * Takes the free blocks from @pfn on until @end is reached, all of one
 * pageblock but for the last, which may reach further.  They are in use then,
 * each with one reference.  Returns the frame behind the last one taken.
 */
static unsigned long sbuddy_isolate_freepages_block(struct sbuddy_zone *zone,
						    struct sbuddy_task *task, unsigned long pfn,
						    unsigned long end)
{
	unsigned long flags;

	spin_lock_irqsave(&zone->lock, flags);
	while (pfn < end) {
		struct sbuddy_page *page = sbuddy_page(zone->machine, pfn);
		unsigned int order = sbuddy_tag_order(page->tag);

		if (sbuddy_page_state(page) != SBUDDY_PAGE_BUDDY ||
		    !sbuddy___isolate_free_page(zone, task, page, order))
			break;
		page->refcount = 1;
		page->private = 0;
		WRITE_ONCE(page->tag, sbuddy_tag(zone, SBUDDY_PAGE_USED, order));
		pfn += 1UL << order;
	}
	spin_unlock_irqrestore(&zone->lock, flags);
	return pfn;
}

/* Frees the blocks that begin in [@pfn, @end) the usual way, as they were taken. */
static void sbuddy_release_freepages(struct sbuddy_range *r, unsigned long pfn, unsigned long end)
{
	while (pfn < end) {
		struct sbuddy_page *page = sbuddy_page(r->m, pfn);
		unsigned int order = sbuddy_page_order(page);

		sbuddy_free_pages(r->m, r->task, page, order);
		pfn += 1UL << order;
	}
}

/*
 * Takes every free block of [@start, @end).  Returns the frame behind the last,
 * or 0 if there was something that is not free; then nothing is taken.
 */
static unsigned long sbuddy_isolate_freepages_range(struct sbuddy_range *r,
						    struct sbuddy_zone *zone, unsigned long start,
						    unsigned long end)
{
	unsigned long pfn = start;

	while (pfn < end) {
		unsigned long next = (pfn | (SBUDDY_PAGEBLOCK_NR_PAGES - 1)) + 1;
		unsigned long stop = min(next, end);

		pfn = sbuddy_isolate_freepages_block(zone, r->task, pfn, stop);
		if (pfn < stop) {
			sbuddy_range_refuse(r, SBUDDY_RANGE_IN_USE, pfn, 0);
			sbuddy_release_freepages(r, start, pfn);
			return 0;
		}
		os_cond_resched();
	}
	return pfn;
}

/* Single pages of what was taken; those outside [@start, @end) go back, ascending. */
static void sbuddy_contig_split(struct sbuddy_range *r, unsigned long outer_start,
				unsigned long start, unsigned long end, unsigned long outer_end)
{
	unsigned long pfn = outer_start;

	while (pfn < outer_end) {
		struct sbuddy_page *page = sbuddy_page(r->m, pfn);
		unsigned int order = sbuddy_page_order(page);

		sbuddy_split_page(r->m, page, order);
		pfn += 1UL << order;
	}
	sbuddy_release_freepages(r, outer_start, start);
	sbuddy_release_freepages(r, end, outer_end);
}

/* One compound block of all that was taken. */
static void sbuddy_contig_prep_compound(struct sbuddy_range *r, struct sbuddy_zone *zone,
					unsigned long start, unsigned long end)
{
	struct sbuddy_page *head = sbuddy_page(r->m, start);
	unsigned int order = __ffs(end - start);

	for (unsigned long i = 1; i < end - start; i++) {
		head[i].tag = 0;
		head[i].refcount = 0;
	}
	sbuddy_prep_new_page(zone, head, order, SBUDDY_GFP_COMP, 0);
}

/*
 * Makes of the blocks taken what was asked for.  The kernel warns and loses
 * them when they do not fit a compound request; here they go back.  It also
 * makes blocks that are not aligned to their size; here there are none.
 */
static int sbuddy_contig_prep(struct sbuddy_range *r, struct sbuddy_zone *zone,
			      unsigned long start, unsigned long end, unsigned long outer_start,
			      unsigned long outer_end, u32 gfp)
{
	const unsigned long nr = end - start;

	if (!(gfp & SBUDDY_GFP_COMP)) {
		sbuddy_contig_split(r, outer_start, start, end, outer_end);
	} else if (start == outer_start && end == outer_end && !((nr | start) & (nr - 1))) {
		sbuddy_contig_prep_compound(r, zone, start, end);
	} else {
		sbuddy_release_freepages(r, outer_start, outer_end);
		return sbuddy_range_refuse(r, SBUDDY_RANGE_SHAPE, outer_start, -EINVAL);
	}
	if ((gfp & SBUDDY_GFP_ZERO) && r->m->backed)
		os_clear_pages(start, nr);
	return 0;
}

/* The range is isolated: empty it and take it. */
static int sbuddy_contig_take(struct sbuddy_range *r, struct sbuddy_zone *zone,
			      unsigned long start, unsigned long end, u32 gfp)
{
	unsigned long outer_start, outer_end;
	int err;

	sbuddy_drain_all_pages_zone(zone, r->task);
	err = sbuddy___alloc_contig_migrate_range(r, zone, start, end, gfp);
	if (err && err != -EBUSY)
		return sbuddy_range_refuse(r, SBUDDY_RANGE_NO_TARGET, start, err);
	outer_start = sbuddy_find_large_buddy(r->m, start);
	err = sbuddy_test_pages_isolated(r, outer_start, end);
	if (err)
		return err;
	outer_end = sbuddy_isolate_freepages_range(r, zone, outer_start, end);
	if (!outer_end)
		return -EBUSY;
	return sbuddy_contig_prep(r, zone, start, end, outer_start, outer_end, gfp);
}

/**
 * sbuddy_alloc_contig_range() - allocate a given range of frames
 * @r: on whose behalf; @r->reason and @r->pfn are out.  The pageblocks that the
 *     range touches have type @r->migratetype afterwards, whatever it was and
 *     whether it worked or not
 * @start: first frame, in the machine
 * @end: first frame behind; all of one zone
 * @gfp: see sbuddy_contig_gfp_valid(); with COMP a compound block, else single pages
 *
 * Context: Process context.  Takes pcp and zone locks and sbuddy_lru.lock.
 * Return: 0; -EINVAL for other flags, or with COMP for a range that is not a
 * power of two, not aligned to it or shares a free block with its surroundings; -EOPNOTSUPP with
 * COMP for more than 1024 pages; -EBUSY if something is in the way that did not
 * move; -ENOMEM if there was no other place for it; -EINTR by a signal.
 */
int sbuddy_alloc_contig_range(struct sbuddy_range *r, unsigned long start, unsigned long end,
			      u32 gfp)
{
	const u32 holder = r->holder;
	struct sbuddy_zone *zone;
	int err;

	gfp = sbuddy_current_gfp_context(r->task, gfp);
	if (!sbuddy_contig_gfp_valid(gfp))
		return sbuddy_range_refuse(r, SBUDDY_RANGE_NONE, start, -EINVAL);
	if ((gfp & SBUDDY_GFP_COMP) && end - start > SBUDDY_MAX_ORDER_NR_PAGES)
		return sbuddy_range_refuse(r, SBUDDY_RANGE_SHAPE, start, -EOPNOTSUPP);
	zone = sbuddy_pfn_zone(r->m, start);
	if (!zone)
		return sbuddy_range_refuse(r, SBUDDY_RANGE_HOLE, start, -EBUSY);
	r->holder = SBUDDY_HOLDER_CONTIG;
	err = sbuddy_start_isolate_page_range(r, start, end);
	if (!err) {
		err = sbuddy_contig_take(r, zone, start, end, gfp);
		sbuddy_undo_isolate_page_range(r, start, end);
		r->holder = holder;
		return err;
	}
	/* The kernel gives back the whole range, what was isolated before included. */
	r->holder = holder;
	sbuddy_undo_isolate_page_range(r, start, end);
	return err;
}

/* Does [@start, @start + @nr) consist of memory of @zone that the allocator was given? */
static bool sbuddy_pfn_range_valid_contig(const struct sbuddy_machine *m,
					  const struct sbuddy_zone *zone, unsigned long start,
					  unsigned long nr)
{
	for (unsigned long pfn = start; pfn < start + nr; pfn++) {
		if ((pfn == start || !(pfn % SBUDDY_PAGEBLOCK_NR_PAGES)) &&
		    sbuddy_pfn_zone(m, pfn) != zone)
			return false;
		if (READ_ONCE(sbuddy_page(m, pfn)->tag) & SBUDDY_TAG_RESERVED)
			return false;
	}
	return true;
}

/* Tries every place of a zone, one after the other.  The first frame, or 0. */
static unsigned long sbuddy_contig_search_zone(struct sbuddy_range *r, struct sbuddy_zone *zone,
					       unsigned long nr, u32 gfp)
{
	/* Aligned to @nr if that is a power of two; else to nothing in particular, as in Linux. */
	unsigned long pfn = (zone->zone_start_pfn + nr - 1) & ~(nr - 1);

	for (; sbuddy_zone_spans_pfn(zone, pfn + nr - 1); pfn += nr) {
		if (sbuddy_pfn_range_valid_contig(r->m, zone, pfn, nr) &&
		    !sbuddy_alloc_contig_range(r, pfn, pfn + nr, gfp))
			return pfn;
		os_cond_resched();
	}
	return 0;
}

/**
 * sbuddy_alloc_contig_pages() - allocate contiguous pages wherever there are some
 * @r: on whose behalf; @r->reason and @r->pfn, out, are those of the last refusal
 * @nr: pages, not 0; a power of two also aligns the range
 * @gfp: as for sbuddy_alloc_contig_range(); zone and placement bits choose zones
 * @nid: online node whose zonelist is searched, -1 for the vcpu's
 * @nodemask: bit n: node n may serve
 *
 * Zone by zone of the zonelist, each in ascending order.
 *
 * Context: As sbuddy_alloc_contig_range().
 * Return: The first page, or NULL.
 */
struct sbuddy_page *sbuddy_alloc_contig_pages(struct sbuddy_range *r, unsigned long nr, u32 gfp,
					      int nid, u32 nodemask)
{
	struct sbuddy_alloc_context ac;
	struct sbuddy_zoneref *z;

	sbuddy_prepare_alloc_pages(r->m, r->task, gfp, 0, nid, &ac);
	sbuddy_range_refuse(r, SBUDDY_RANGE_NOWHERE, 0, 0);
	for (z = sbuddy_next_zones_zonelist(ac.preferred, ac.highest_zoneidx, nodemask); z->zone;
	     z = sbuddy_next_zones_zonelist(z + 1, ac.highest_zoneidx, nodemask)) {
		unsigned long pfn = sbuddy_contig_search_zone(r, z->zone, nr, gfp);

		if (pfn)
			return sbuddy_page(r->m, pfn);
	}
	return NULL;
}

/**
 * sbuddy_free_contig_range() - free what sbuddy_alloc_contig_range() gave, or a part of it
 * @m: machine
 * @task: who frees
 * @pfn: first frame
 * @nr: pages; of a compound block all that it has
 *
 * Context: Any.
 * Return: 0, or the error of the first page that may not be freed, as for
 * sbuddy_free_pages(); then nothing is freed.  -EINVAL also for a part of a
 * compound block.
 */
int sbuddy_free_contig_range(struct sbuddy_machine *m, struct sbuddy_task *task,
			     unsigned long pfn, unsigned long nr)
{
	struct sbuddy_page *page = sbuddy_pfn_to_page(m, pfn);

	if (!page || !nr || !sbuddy_pfn_to_page(m, pfn + nr - 1))
		return -ENOENT;
	if (!sbuddy_page_compound(page))
		return sbuddy_free_pages_exact(m, task, page, nr);
	if (nr != 1UL << sbuddy_page_order(page))
		return -EINVAL;
	return sbuddy_free_pages(m, task, page, sbuddy_page_order(page));
}
