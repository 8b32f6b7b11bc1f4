// SPDX-License-Identifier: GPL-2.0
/*
 * Pageblocks: the migratetype of each 512 pages, and moving the free blocks of
 * one pageblock from one type's lists to another's.
 *
 * The bits live in one array of words, sixteen blocks a word.  Writers hold
 * the lock of the block's zone; as a word may cover blocks of two zones they
 * still change it by compare-and-exchange.  Readers take no lock.
 */
#include "os.h"
#include "internal.h"

static void sbuddy_set_pfnblock_flags(struct sbuddy_machine *m, unsigned long pfn,
				      unsigned long flags, unsigned long mask)
{
	unsigned long i = sbuddy_pb_index(m, pfn);
	unsigned long *word = &m->pageblock_flags[i / SBUDDY_PB_PER_LONG];
	unsigned int shift = i % SBUDDY_PB_PER_LONG * SBUDDY_PB_BITS;
	unsigned long old = READ_ONCE(*word), seen, new;

	for (;;) {
		new = (old & ~(mask << shift)) | flags << shift;
		seen = cmpxchg(word, old, new);
		if (seen == old)
			return;
		old = seen;
	}
}

/* Without mobility grouping all free pages share the Unmovable lists. */
void sbuddy_set_pageblock_migratetype(struct sbuddy_machine *m, unsigned long pfn, int mt)
{
	if (unlikely(m->knobs.group_by_mobility_disabled && mt < SBUDDY_MIGRATE_PCPTYPES))
		mt = SBUDDY_MIGRATE_UNMOVABLE;
	sbuddy_set_pfnblock_flags(m, pfn, mt, SBUDDY_PB_TYPE_MASK);
}

/* Sets the type of every pageblock in a block of @order >= SBUDDY_PAGEBLOCK_ORDER. */
void sbuddy_change_pageblock_range(struct sbuddy_machine *m, unsigned long pfn,
				   unsigned int order, int mt)
{
	unsigned long end = pfn + (1UL << order);

	for (; pfn < end; pfn += SBUDDY_PAGEBLOCK_NR_PAGES)
		sbuddy_set_pageblock_migratetype(m, pfn, mt);
}

/**
 * sbuddy_get_pageblock_migratetype() - type of the pageblock that holds a frame
 * @m: machine
 * @pfn: a frame of the machine's span
 *
 * Context: Any, lockless.
 * Return: enum sbuddy_migratetype.
 */
int sbuddy_get_pageblock_migratetype(const struct sbuddy_machine *m, unsigned long pfn)
{
	return sbuddy_pb_migratetype(m, pfn);
}

/**
 * sbuddy_pageblock_present() - does a pageblock hold memory of a zone
 * @m: machine
 * @zone: zone whose span covers @pfn
 * @pfn: a frame of the pageblock
 *
 * Context: Any.
 * Return: False for a hole in the zone's span.
 */
bool sbuddy_pageblock_present(const struct sbuddy_machine *m, const struct sbuddy_zone *zone,
			      unsigned long pfn)
{
	return m->pageblock_zone[sbuddy_pb_index(m, pfn)] == zone->id;
}

/* Zone lock held or not: spans do not change. */
static bool sbuddy_pageblock_in_zone(const struct sbuddy_zone *zone, unsigned long start)
{
	return sbuddy_zone_spans_pfn(zone, start) &&
	       sbuddy_zone_spans_pfn(zone, start + SBUDDY_PAGEBLOCK_NR_PAGES - 1);
}

/*
 * Looks at the pageblock of @pfn as a whole: where it starts, how much is free,
 * how much of the rest is known to be movable.  Pages on pcp lists count as
 * neither.  False if the block reaches out of the zone.  Zone lock held.
 */
bool sbuddy_prep_move_freepages_block(struct sbuddy_zone *zone, unsigned long pfn,
				      struct sbuddy_block_scan *scan)
{
	unsigned long start = pfn & ~(SBUDDY_PAGEBLOCK_NR_PAGES - 1);
	struct sbuddy_page *page, *end;

	lockdep_assert_held(&zone->lock);
	if (!sbuddy_pageblock_in_zone(zone, start))
		return false;

	*scan = (struct sbuddy_block_scan){ .start_pfn = start };
	page = sbuddy_page(zone->machine, start);
	for (end = page + SBUDDY_PAGEBLOCK_NR_PAGES; page < end;) {
		u32 tag = READ_ONCE(page->tag);

		if (sbuddy_tag_state(tag) == SBUDDY_PAGE_BUDDY) {
			scan->nr_free += 1 << sbuddy_tag_order(tag);
			page += 1UL << sbuddy_tag_order(tag);
			continue;
		}
		if (tag & (SBUDDY_TAG_LRU | SBUDDY_TAG_MOVABLE_OPS))
			scan->nr_movable++;
		page++;
	}
	return true;
}

/*
 * Moves every free block of a pageblock to the tail of @new_mt's lists and sets
 * the pageblock's type.  The block must lie in the zone.  Returns pages moved.
 */
int sbuddy_move_freepages_block(struct sbuddy_zone *zone, struct sbuddy_task *task,
				unsigned long start_pfn, int old_mt, int new_mt)
{
	struct sbuddy_page *page = sbuddy_page(zone->machine, start_pfn);
	struct sbuddy_page *end = page + SBUDDY_PAGEBLOCK_NR_PAGES;
	int moved = 0;

	while (page < end) {
		u32 tag = READ_ONCE(page->tag);
		unsigned int order = sbuddy_tag_order(tag);

		if (sbuddy_tag_state(tag) != SBUDDY_PAGE_BUDDY) {
			page++;
			continue;
		}
		sbuddy_move_to_free_list(page, zone, task, order, old_mt, new_mt);
		moved += 1 << order;
		page += 1UL << order;
	}
	sbuddy_set_pageblock_migratetype(zone->machine, start_pfn, new_mt);
	return moved;
}

/*
 * First frame of the free block that begins before @start and reaches over it;
 * @start if there is none.  Without the zone lock the answer holds only while
 * the blocks around are isolated.
 */
unsigned long sbuddy_find_large_buddy(const struct sbuddy_machine *m, unsigned long start)
{
	for (unsigned int order = 0; order <= SBUDDY_MAX_PAGE_ORDER; order++) {
		unsigned long pfn = start & ~((1UL << order) - 1);
		const struct sbuddy_page *page = sbuddy_pfn_to_page(m, pfn);
		u32 tag = page ? READ_ONCE(page->tag) : 0;

		if (sbuddy_tag_state(tag) != SBUDDY_PAGE_BUDDY)
			continue;
		return pfn + (1UL << sbuddy_tag_order(tag)) > start ? pfn : start;
	}
	return start;
}

/*
 * Sets the type of the pageblock of @pfn alone and moves what is free in it.
 * A free block that covers this pageblock and another is freed again in two
 * halves, each with its own type, low half first.  False, and nothing is done,
 * if the pageblock reaches out of the zone.  Zone lock held.
 */
bool sbuddy_move_freepages_block_isolate(struct sbuddy_zone *zone, struct sbuddy_task *task,
					 unsigned long pfn, int mt)
{
	struct sbuddy_machine *m = zone->machine;
	unsigned long start = pfn & ~(SBUDDY_PAGEBLOCK_NR_PAGES - 1), head;
	struct sbuddy_page *page;
	unsigned int order;

	lockdep_assert_held(&zone->lock);
	if (!sbuddy_pageblock_in_zone(zone, start))
		return false;
	head = sbuddy_find_large_buddy(m, start);
	page = sbuddy_page(m, head);
	order = sbuddy_tag_order(page->tag);
	if (sbuddy_page_state(page) == SBUDDY_PAGE_BUDDY && order > SBUDDY_PAGEBLOCK_ORDER) {
		sbuddy_del_page_from_free_list(page, zone, task, order,
					       sbuddy_pb_migratetype(m, head));
		sbuddy_set_pageblock_migratetype(m, start, mt);
		sbuddy_split_large_buddy(zone, task, page, order, SBUDDY_FPI_NONE);
		return true;
	}
	sbuddy_move_freepages_block(zone, task, start, sbuddy_pb_migratetype(m, start), mt);
	return true;
}

/* Compaction's hint that a pageblock is not worth scanning.  Lockless. */
bool sbuddy_get_pageblock_skip(const struct sbuddy_machine *m, unsigned long pfn)
{
	unsigned long i = sbuddy_pb_index(m, pfn);
	unsigned long word = READ_ONCE(m->pageblock_flags[i / SBUDDY_PB_PER_LONG]);

	return word >> (i % SBUDDY_PB_PER_LONG * SBUDDY_PB_BITS) & SBUDDY_PB_SKIP;
}

void sbuddy_set_pageblock_skip(struct sbuddy_machine *m, unsigned long pfn, bool skip)
{
	sbuddy_set_pfnblock_flags(m, pfn, skip ? SBUDDY_PB_SKIP : 0, SBUDDY_PB_SKIP);
}
