// SPDX-License-Identifier: GPL-2.0
/*
 * Snapshots, the lines about pages that can move, and about what compaction
 * remembers.  They stand behind the zone that they are about, and only where
 * there is something to tell.
 *
 *   compact migrate=PFN,PFN free=PFN init_migrate=PFN init_free=PFN
 *	     considered= shift= failed= flush=
 *   skip: PFN...			     pageblocks with the hint to skip them
 *   lru list=N: PFN:ORDER:ATTRS...	     pages on a list of the zone's node that
 *					     lie in the zone, head first; attributes
 *					     SBUDDY_LRU_* in hex
 *
 * Pages read in are nobody's, with one reference each, and can move.  Those on
 * their way to a list, isolated ones and a compaction in steps are not told.
 */
#include "os.h"
#include "compaction.h"
#include "snapshot.h"

/* ---- out ---- */

static void sbuddy_export_compact_state(const struct sbuddy_export *x,
					const struct sbuddy_compact_state *s)
{
	static const struct sbuddy_compact_state fresh;

	if (!memcmp(s, &fresh, sizeof(*s)))
		return;
	sbuddy_emit(x, "compact migrate=%lx,%lx free=%lx init_migrate=%lx init_free=%lx ",
		    s->cached_migrate_pfn[0], s->cached_migrate_pfn[1], s->cached_free_pfn,
		    s->init_migrate_pfn, s->init_free_pfn);
	sbuddy_emit(x, "considered=%u shift=%u failed=%d flush=%d\n", s->considered,
		    s->defer_shift, s->order_failed, s->blockskip_flush);
}

static void sbuddy_export_skip(const struct sbuddy_export *x, const struct sbuddy_zone *z)
{
	unsigned long end = z->zone_start_pfn + z->spanned_pages;
	bool any = false;

	for (unsigned long pfn = z->zone_start_pfn; pfn < end; pfn = sbuddy_next_block(pfn)) {
		if (!sbuddy_pageblock_present(x->m, z, pfn) ||
		    !sbuddy_get_pageblock_skip(x->m, pfn))
			continue;
		sbuddy_emit(x, any ? " %lx" : "skip: %lx", pfn);
		any = true;
	}
	if (any)
		sbuddy_emit(x, "\n");
}

static void sbuddy_export_lru_list(const struct sbuddy_export *x, const struct sbuddy_zone *z,
				   int list)
{
	const struct sbuddy_page *page;
	unsigned int n = 0;
	bool any = false;

	list_for_each_entry(page, &x->m->lru->node[z->node].list[list], lru) {
		if (sbuddy_zone_of(x->m, page) != z)
			continue;
		if (!any)
			sbuddy_emit(x, "lru list=%d:", list);
		any = true;
		sbuddy_emit(x, " %lx:%u:%x", sbuddy_pfn(x->m, page), sbuddy_tag_order(page->tag),
			    (page->tag & SBUDDY_TAG_ATTRS) >> SBUDDY_TAG_ATTR_SHIFT);
		if (!(++n % SBUDDY_RESCHED_EVERY))
			os_cond_resched();
	}
	if (any)
		sbuddy_emit(x, "\n");
}

/* Everything of a zone that is told here. */
void sbuddy_export_compact(const struct sbuddy_export *x, const struct sbuddy_zone *z)
{
	sbuddy_export_compact_state(x, &z->compact);
	sbuddy_export_skip(x, z);
	for (int list = 0; list < SBUDDY_NR_LRU_LISTS; list++)
		sbuddy_export_lru_list(x, z, list);
}

/* ---- in ---- */

int sbuddy_import_compact(struct sbuddy_import *im)
{
	struct sbuddy_compact_state *s = &im->zone->compact;
	long m0, m1, f, im_pfn, if_pfn, considered, shift, failed, flush;
	const long max = LONG_MAX / 64;

	if (!sbuddy_field(im, "migrate", 16, 0, max, &m0) || !sbuddy_eat(im, ",") ||
	    !sbuddy_number(im, 16, &m1) || m1 < 0 || m1 > max ||
	    !sbuddy_field(im, "free", 16, 0, max, &f) ||
	    !sbuddy_field(im, "init_migrate", 16, 0, max, &im_pfn) ||
	    !sbuddy_field(im, "init_free", 16, 0, max, &if_pfn) ||
	    !sbuddy_field(im, "considered", 10, 0, 64, &considered) ||
	    !sbuddy_field(im, "shift", 10, 0, SBUDDY_COMPACT_MAX_DEFER_SHIFT, &shift) ||
	    !sbuddy_field(im, "failed", 10, -1, SBUDDY_MAX_PAGE_ORDER + 1, &failed) ||
	    !sbuddy_field(im, "flush", 10, 0, 1, &flush))
		return sbuddy_import_fail(im, "compact migrate=PFN,PFN free= init_migrate= init_free= considered= shift= failed= flush=");
	s->cached_migrate_pfn[0] = m0;
	s->cached_migrate_pfn[1] = m1;
	s->cached_free_pfn = f;
	s->init_migrate_pfn = im_pfn;
	s->init_free_pfn = if_pfn;
	s->considered = considered;
	s->defer_shift = shift;
	s->order_failed = failed;
	s->blockskip_flush = flush;
	return 0;
}

int sbuddy_import_skip(struct sbuddy_import *im)
{
	long pfn;

	for (sbuddy_skip_blanks(im); !sbuddy_at_eol(im); sbuddy_skip_blanks(im)) {
		if (!sbuddy_number(im, 16, &pfn) || pfn < 0 ||
		    !sbuddy_zone_spans_pfn(im->zone, pfn) ||
		    !sbuddy_pageblock_present(im->m, im->zone, pfn))
			return sbuddy_import_fail(im, "frames of the zone, after its line of blocks");
		sbuddy_set_pageblock_skip(im->m, pfn, true);
	}
	return 0;
}

/* "PFN:ORDER:ATTRS" becomes a page in use, on the list that its attributes say. */
static int sbuddy_import_lru_page(struct sbuddy_import *im, long list)
{
	struct sbuddy_page *page;
	long pfn, order, attrs;

	if (!sbuddy_number(im, 16, &pfn) || !sbuddy_eat(im, ":") ||
	    !sbuddy_number(im, 10, &order) || order < 0 || order > SBUDDY_MAX_PAGE_ORDER ||
	    !sbuddy_eat(im, ":") || !sbuddy_number(im, 16, &attrs) || attrs < 0 ||
	    attrs & ~(long)(SBUDDY_LRU_ALL & ~SBUDDY_LRU_OFF) || pfn < 0 ||
	    !sbuddy_import_room(im, pfn, order))
		return sbuddy_import_fail(im, "PFN:ORDER:ATTRS of pages in the zone, each once");
	page = sbuddy_page(im->m, pfn);
	page->tag = sbuddy_tag(im->zone, SBUDDY_PAGE_USED, order) | SBUDDY_TAG_ATTR(attrs) |
		    (order ? SBUDDY_TAG_COMPOUND : 0);
	page->refcount = 1;
	page->private = SBUDDY_PRIVATE_UNOWNED;
	if (sbuddy_lru_append(im->m, page) != list)
		return sbuddy_import_fail(im, "attributes of pages on that list");
	return 0;
}

int sbuddy_import_lru(struct sbuddy_import *im)
{
	long list;
	int err = 0;

	if (!sbuddy_field(im, "list", 10, 0, SBUDDY_NR_LRU_LISTS - 1, &list) ||
	    !sbuddy_eat(im, ":"))
		return sbuddy_import_fail(im, "lru list=N:, 0 to 4");
	for (sbuddy_skip_blanks(im); !sbuddy_at_eol(im) && !err; sbuddy_skip_blanks(im))
		err = sbuddy_import_lru_page(im, list);
	return err;
}
