// SPDX-License-Identifier: GPL-2.0
/*
 * What of a live zone concerns pages that can move, as lines of a snapshot:
 * what compaction remembers, skip hints, and the pages on LRU lists.
 *
 * The latter in order of frames: the order on the lists decides nothing in
 * compaction, and under the generational LRU there are no such lists.
 *
 * Owns no state.  Nobody else moves pages of the node meanwhile.
 */
#include <linux/mm.h>
#include <linux/mm_inline.h>
#include <linux/mmzone.h>
#include <linux/pageblock-flags.h>

#include "live.h"

#define NR_LISTS	5

static void emit_compact(struct zone *z)
{
	const unsigned long *m = z->compact_cached_migrate_pfn;

	if (!m[0] && !m[1] && !z->compact_cached_free_pfn && !z->compact_init_migrate_pfn &&
	    !z->compact_init_free_pfn && !z->compact_considered && !z->compact_defer_shift &&
	    !z->compact_order_failed && !z->compact_blockskip_flush)
		return;
	race_emit("compact migrate=%lx,%lx free=%lx init_migrate=%lx init_free=%lx ", m[0], m[1],
		  z->compact_cached_free_pfn, z->compact_init_migrate_pfn,
		  z->compact_init_free_pfn);
	race_emit("considered=%u shift=%u failed=%d flush=%d\n", z->compact_considered,
		  z->compact_defer_shift, z->compact_order_failed, z->compact_blockskip_flush);
}

static void emit_skip(struct zone *zone)
{
	unsigned long pfn = zone->zone_start_pfn;
	bool any = false;

	for (; pfn < zone_end_pfn(zone); pfn = ALIGN(pfn + 1, pageblock_nr_pages)) {
		struct page *page = pfn_to_online_page(pfn);

		if (!page || page_zone(page) != zone || !race_block_skip(pfn))
			continue;
		race_emit(any ? " %lx" : "skip: %lx", pfn);
		any = true;
	}
	if (any)
		race_emit("\n");
}

/* The list that the engine has a page like this on; -1: it is on none. */
static int list_of(struct page *page)
{
	struct folio *folio = page_folio(page);

	if (PageTail(page) || !PageLRU(page))
		return -1;
	if (folio_test_unevictable(folio))
		return 4;
	return 2 * folio_is_file_lru(folio) + folio_test_active(folio);
}

static u32 attrs_of(struct folio *folio)
{
	return (folio_is_file_lru(folio) ? SBUDDY_LRU_FILE : 0) |
	       (folio_test_active(folio) ? SBUDDY_LRU_ACTIVE : 0) |
	       (folio_test_dirty(folio) ? SBUDDY_LRU_DIRTY : 0) |
	       (folio_test_writeback(folio) ? SBUDDY_LRU_WRITEBACK : 0) |
	       (folio_test_unevictable(folio) ? SBUDDY_LRU_UNEVICTABLE : 0);
}

static void emit_lru(struct zone *zone, int list)
{
	bool any = false;

	for (unsigned long pfn = zone->zone_start_pfn; pfn < zone_end_pfn(zone); pfn++) {
		struct page *page = pfn_to_online_page(pfn);

		if (!page || page_zone(page) != zone || list_of(page) != list)
			continue;
		if (!any)
			race_emit("lru list=%d:", list);
		any = true;
		race_emit(" %lx:%u:%x", pfn, folio_order(page_folio(page)),
			  attrs_of(page_folio(page)));
	}
	if (any)
		race_emit("\n");
}

void race_dump_movable(struct zone *zone)
{
	emit_compact(zone);
	emit_skip(zone);
	for (int list = 0; list < NR_LISTS; list++)
		emit_lru(zone, list);
}
