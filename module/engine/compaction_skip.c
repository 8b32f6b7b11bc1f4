// SPDX-License-Identifier: GPL-2.0
/*
 * What compaction remembers from one run to the next: the skip hint of each
 * pageblock, where the scanners were, and how often it failed of late.
 *
 * State: the skip bits in sbuddy_machine::pageblock_flags and struct
 * sbuddy_compact_state of each zone.  All are hints: two runs at once may see
 * each other's, and nothing but the amount of work depends on them.
 */
#include "os.h"
#include "compaction.h"

/* ---- skip hints ---- */

bool sbuddy_isolation_suitable(const struct sbuddy_compact_control *cc, unsigned long pfn)
{
	return cc->ignore_skip_hint || !sbuddy_get_pageblock_skip(cc->m, pfn);
}

/* Marks a block of which pages are being taken; true if another run had done so. */
bool sbuddy_test_and_set_skip(const struct sbuddy_compact_control *cc, unsigned long pfn)
{
	bool skip;

	if (cc->ignore_skip_hint)
		return false;
	skip = sbuddy_get_pageblock_skip(cc->m, pfn);
	if (!skip && !cc->no_set_skip_hint)
		sbuddy_set_pageblock_skip(cc->m, pfn, true);
	return skip;
}

/*
 * The next run's migrate scanner goes on behind the pageblock of @pfn.  All
 * callers pass the end of a block, so one more is left out; so does the kernel.
 */
void sbuddy_update_cached_migrate(const struct sbuddy_compact_control *cc, unsigned long pfn)
{
	struct sbuddy_compact_state *s = &cc->zone->compact;

	if (cc->no_set_skip_hint)
		return;
	pfn = sbuddy_pageblock_end_pfn(pfn);
	if (pfn > s->cached_migrate_pfn[0])
		s->cached_migrate_pfn[0] = pfn;
	if (cc->mode != SBUDDY_MIGRATE_ASYNC && pfn > s->cached_migrate_pfn[1])
		s->cached_migrate_pfn[1] = pfn;
}

/* The free scanner has seen all of the pageblock at @block; the next run starts at @pfn. */
void sbuddy_update_pageblock_skip(const struct sbuddy_compact_control *cc, unsigned long block,
				  unsigned long pfn)
{
	struct sbuddy_compact_state *s = &cc->zone->compact;

	if (cc->no_set_skip_hint)
		return;
	sbuddy_set_pageblock_skip(cc->m, block, true);
	if (pfn < s->cached_free_pfn)
		s->cached_free_pfn = pfn;
}

/* Part of a compound page as large as a pageblock: nothing to be had, ever. */
bool sbuddy_pageblock_skip_persistent(const struct sbuddy_machine *m, unsigned long pfn)
{
	const struct sbuddy_page *head = sbuddy_covering_head(m, pfn);
	u32 tag = head ? READ_ONCE(head->tag) : 0;

	return sbuddy_tag_state(tag) == SBUDDY_PAGE_USED && tag & SBUDDY_TAG_COMPOUND &&
	       sbuddy_tag_order(tag) >= SBUDDY_PAGEBLOCK_ORDER;
}

/* ---- starting anew ---- */

void sbuddy_reset_cached_positions(struct sbuddy_zone *zone)
{
	zone->compact.cached_migrate_pfn[0] = zone->zone_start_pfn;
	zone->compact.cached_migrate_pfn[1] = zone->zone_start_pfn;
	zone->compact.cached_free_pfn = sbuddy_pageblock_start_pfn(sbuddy_zone_end_pfn(zone) - 1);
}

/* A sample of a pageblock: does it hold what makes it a source, or a target? */
static bool sbuddy_block_sample(struct sbuddy_zone *zone, unsigned long pfn, bool source,
				bool target)
{
	const struct sbuddy_machine *m = zone->machine;
	unsigned long end = min(sbuddy_pageblock_end_pfn(pfn), sbuddy_zone_end_pfn(zone));

	pfn = max(sbuddy_pageblock_start_pfn(pfn), zone->zone_start_pfn);
	for (; pfn < end; pfn += 1UL << SBUDDY_COSTLY_ORDER) {
		u32 tag = READ_ONCE(sbuddy_page(m, pfn)->tag);

		if (source && tag & SBUDDY_TAG_LRU)
			return true;
		if (target && sbuddy_tag_state(tag) == SBUDDY_PAGE_BUDDY)
			return true;
	}
	return false;
}

/* Clears the skip hint of a block if it is worth it; true if it is clear. */
static bool sbuddy___reset_isolation_pfn(struct sbuddy_zone *zone, unsigned long pfn,
					 bool check_source, bool check_target)
{
	struct sbuddy_machine *m = zone->machine;

	if (!sbuddy_pageblock_present(m, zone, pfn) || sbuddy_pageblock_skip_persistent(m, pfn))
		return false;
	if (check_source && check_target && !sbuddy_get_pageblock_skip(m, pfn))
		return true;
	if (!check_source && check_target &&
	    sbuddy_pb_migratetype(m, pfn) != SBUDDY_MIGRATE_MOVABLE)
		return false;
	if (!sbuddy_block_sample(zone, pfn, check_source, check_target))
		return false;
	sbuddy_set_pageblock_skip(m, pfn, false);
	return true;
}

/* A new place for the migrate scanner of the next runs. */
static void sbuddy_reset_source(struct sbuddy_zone *zone, unsigned long pfn)
{
	zone->compact.init_migrate_pfn = pfn;
	zone->compact.cached_migrate_pfn[0] = pfn;
	zone->compact.cached_migrate_pfn[1] = pfn;
}

/*
 * Clears the skip hints of blocks that look useful, from both ends to the
 * middle, if a full run has ended since the last time; the outermost ones of
 * each kind are where the next runs start.
 */
void sbuddy___reset_isolation_suitable(struct sbuddy_zone *zone)
{
	struct sbuddy_compact_state *s = &zone->compact;
	unsigned long migrate_pfn = zone->zone_start_pfn;
	unsigned long free_pfn = sbuddy_zone_end_pfn(zone) - 1;
	unsigned long reset_migrate = free_pfn, reset_free = migrate_pfn;
	bool source_set = false, free_set = false;

	if (!s->blockskip_flush)
		return;
	s->blockskip_flush = false;
	for (; migrate_pfn < free_pfn;
	     migrate_pfn += SBUDDY_PAGEBLOCK_NR_PAGES, free_pfn -= SBUDDY_PAGEBLOCK_NR_PAGES) {
		os_cond_resched();
		if (sbuddy___reset_isolation_pfn(zone, migrate_pfn, true, source_set) &&
		    migrate_pfn < reset_migrate) {
			source_set = true;
			reset_migrate = migrate_pfn;
			sbuddy_reset_source(zone, migrate_pfn);
		}
		if (sbuddy___reset_isolation_pfn(zone, free_pfn, free_set, true) &&
		    free_pfn > reset_free) {
			free_set = true;
			reset_free = free_pfn;
			s->init_free_pfn = free_pfn;
			s->cached_free_pfn = free_pfn;
		}
	}
	if (reset_migrate >= reset_free) {
		s->cached_migrate_pfn[0] = migrate_pfn;
		s->cached_migrate_pfn[1] = migrate_pfn;
		s->cached_free_pfn = free_pfn;
	}
}

/* What kswapd does to its node before it goes to sleep. */
void sbuddy_reset_isolation_suitable(struct sbuddy_node *node)
{
	for (int i = 0; i < SBUDDY_MAX_NR_ZONES; i++)
		if (node->node_zones[i] && node->node_zones[i]->present_pages)
			sbuddy___reset_isolation_suitable(node->node_zones[i]);
}

/* ---- deferral ---- */

/* Compaction for @order failed: each failure in a row doubles the attempts left out. */
void sbuddy_defer_compaction(struct sbuddy_zone *zone, int order)
{
	struct sbuddy_compact_state *s = &zone->compact;

	s->considered = 0;
	s->defer_shift = min_t(unsigned int, s->defer_shift + 1, SBUDDY_COMPACT_MAX_DEFER_SHIFT);
	s->order_failed = min(s->order_failed, order);
	trace_sbuddy_mm_compaction_defer_compaction(zone, order);
}

/* Is this attempt one to be left out? */
bool sbuddy_compaction_deferred(struct sbuddy_zone *zone, int order)
{
	struct sbuddy_compact_state *s = &zone->compact;
	unsigned int limit = 1U << s->defer_shift;

	if (order < s->order_failed)
		return false;
	if (++s->considered >= limit) {
		s->considered = limit;
		return false;
	}
	trace_sbuddy_mm_compaction_deferred(zone, order);
	return true;
}

/* @order is there, or, with @alloc_success, was even allocated. */
void sbuddy_compaction_defer_reset(struct sbuddy_zone *zone, int order, bool alloc_success)
{
	struct sbuddy_compact_state *s = &zone->compact;

	if (alloc_success) {
		s->considered = 0;
		s->defer_shift = 0;
	}
	if (order >= s->order_failed)
		s->order_failed = order + 1;
	trace_sbuddy_mm_compaction_defer_reset(zone, order);
}

/* Is this the attempt after the longest row that was left out? */
bool sbuddy_compaction_restarting(const struct sbuddy_zone *zone, int order)
{
	const struct sbuddy_compact_state *s = &zone->compact;

	return order >= s->order_failed && s->defer_shift == SBUDDY_COMPACT_MAX_DEFER_SHIFT &&
	       s->considered >= 1U << s->defer_shift;
}
