// SPDX-License-Identifier: GPL-2.0
/*
 * One page in reclaim: is it kept, made active, written or freed?  The order of
 * the questions is the kernel's, and each has its count.
 *
 * A page is judged under sbuddy_lru.lock while it is isolated.  Its mapping is
 * taken away by losing its place in the slot, which is the last step; so a page
 * that is kept is still mapped, and a reference that comes in between is one
 * that came before.
 *
 * Files have no writepage, as no file system of 6.12 that matters has: their
 * dirty pages wait for the flushers.  A page is executable for nobody.  Large
 * pages are not split: those for which swap has no room stay.
 */
#include "os.h"
#include "reclaim.h"

enum sbuddy_references {
	SBUDDY_REF_RECLAIM,
	SBUDDY_REF_RECLAIM_CLEAN,
	SBUDDY_REF_KEEP,
	SBUDDY_REF_ACTIVATE,
};

/* Used through a page table once: a second chance.  Twice: active. */
static enum sbuddy_references sbuddy_folio_check_references(struct sbuddy_page *page)
{
	bool referenced = sbuddy_page_flag(page, SBUDDY_PRIVATE_REFERENCED);
	bool young = sbuddy_page_flag(page, SBUDDY_PRIVATE_YOUNG);

	sbuddy_clear_page_flag(page, SBUDDY_PRIVATE_REFERENCED | SBUDDY_PRIVATE_YOUNG);
	if (young) {
		sbuddy_set_page_flag(page, SBUDDY_PRIVATE_REFERENCED);
		return referenced ? SBUDDY_REF_ACTIVATE : SBUDDY_REF_KEEP;
	}
	return referenced && page->tag & SBUDDY_TAG_FILE ? SBUDDY_REF_RECLAIM_CLEAN :
							   SBUDDY_REF_RECLAIM;
}

static enum sbuddy_fate sbuddy_activate(struct sbuddy_page *page, struct sbuddy_reclaim_stat *stat)
{
	if (page->tag & SBUDDY_TAG_UNEVICTABLE)
		return SBUDDY_FATE_KEEP;
	WRITE_ONCE(page->tag, page->tag | SBUDDY_TAG_ACTIVE);
	stat->nr_activate[!!(page->tag & SBUDDY_TAG_FILE)] += sbuddy_block_pages(page->tag);
	return SBUDDY_FATE_KEEP;
}

static bool sbuddy_pinned(const struct sbuddy_page *page)
{
	return sbuddy_owner_refs(page) > 1;
}

static bool sbuddy_may_enter_fs(const struct sbuddy_page *page, u32 gfp)
{
	return gfp & SBUDDY_GFP_FS ||
	       (!(page->tag & SBUDDY_TAG_FILE) && gfp & SBUDDY_GFP_IO);
}

/* Only what the flushers are there for counts. */
static void sbuddy_count_dirty(const struct sbuddy_page *page, struct sbuddy_reclaim_stat *stat)
{
	const unsigned long pages = sbuddy_block_pages(page->tag);
	const bool writeback = page->tag & SBUDDY_TAG_WRITEBACK;
	const bool dirty = page->tag & SBUDDY_TAG_DIRTY;

	if (!(page->tag & SBUDDY_TAG_FILE))
		return;
	if (dirty || writeback)
		stat->nr_dirty += pages;
	if (dirty && !writeback)
		stat->nr_unqueued_dirty += pages;
	if (writeback && sbuddy_page_flag(page, SBUDDY_PRIVATE_RECLAIM))
		stat->nr_congested += pages;
}

/* It is being written: out of the way with it, and kswapd hears of it the second time. */
static enum sbuddy_fate sbuddy_skip_writeback(struct sbuddy_scan_control *sc, int nid,
					      struct sbuddy_page *page,
					      struct sbuddy_reclaim_stat *stat)
{
	const unsigned long pages = sbuddy_block_pages(page->tag);

	if (sc->kswapd && sbuddy_page_flag(page, SBUDDY_PRIVATE_RECLAIM) &&
	    sc->m->lru->node[nid].writeback) {
		stat->nr_immediate += pages;
	} else {
		sbuddy_set_page_flag(page, SBUDDY_PRIVATE_RECLAIM);
		stat->nr_writeback += pages;
	}
	return sbuddy_activate(page, stat);
}

/*
 * An anonymous page needs a place in swap.  True: it has one; else @fate says
 * what becomes of it.
 */
static bool sbuddy_get_swap(struct sbuddy_scan_control *sc, struct sbuddy_page *page,
			    struct sbuddy_reclaim_stat *stat, enum sbuddy_fate *fate)
{
	*fate = SBUDDY_FATE_KEEP;
	if (page->tag & SBUDDY_TAG_SWAPCACHE)
		return true;
	if (!(sc->gfp & SBUDDY_GFP_IO) || sbuddy_pinned(page))
		return false;
	if (sbuddy_add_to_swap(sc->m, page))
		return true;
	sc->nr_scanned -= sbuddy_block_pages(page->tag) - 1;
	*fate = sbuddy_activate(page, stat);
	return false;
}

/* A dirty page of a file: kswapd alone could write it, and no file system lets it. */
static enum sbuddy_fate sbuddy_dirty_file(struct sbuddy_scan_control *sc, int nid,
					  struct sbuddy_page *page, enum sbuddy_references ref,
					  struct sbuddy_reclaim_stat *stat)
{
	if (!sc->kswapd || !sbuddy_page_flag(page, SBUDDY_PRIVATE_RECLAIM) ||
	    !sc->m->lru->node[nid].dirty) {
		sbuddy_count_vm_events(sc->m, SBUDDY_NR_VMSCAN_IMMEDIATE,
				       sbuddy_block_pages(page->tag));
		sbuddy_set_page_flag(page, SBUDDY_PRIVATE_RECLAIM);
		return sbuddy_activate(page, stat);
	}
	if (ref == SBUDDY_REF_RECLAIM_CLEAN || !sbuddy_may_enter_fs(page, sc->gfp) ||
	    !sc->may_writepage)
		return SBUDDY_FATE_KEEP;
	return sbuddy_activate(page, stat);
}

/* Writes a page to swap.  True: that took no time, and it can go. */
static bool sbuddy_pageout(struct sbuddy_scan_control *sc, struct sbuddy_page *page,
			   struct sbuddy_reclaim_stat *stat)
{
	const unsigned long pages = sbuddy_block_pages(page->tag);

	if (!sbuddy_may_enter_fs(page, sc->gfp) || !sc->may_writepage)
		return false;
	if (page->refcount != SBUDDY_ISOLATED_REFS)
		return false;
	sbuddy_set_page_flag(page, SBUDDY_PRIVATE_RECLAIM);
	sbuddy_start_writeback(sc->m, page);
	trace_sbuddy_mm_vmscan_write_folio(sc->m, sbuddy_pfn(sc->m, page), 0);
	sbuddy_count_vm_events(sc->m, SBUDDY_NR_VMSCAN_WRITE, pages);
	sbuddy_count_vm_events(sc->m, SBUDDY_PSWPOUT, pages);
	stat->nr_pageout += pages;
	return !(page->tag & SBUDDY_TAG_WRITEBACK);
}

/* Nobody used it lately: can it go? */
static enum sbuddy_fate sbuddy_reclaim_folio(struct sbuddy_scan_control *sc, int nid,
					     struct sbuddy_page *page,
					     enum sbuddy_references ref,
					     struct sbuddy_reclaim_stat *stat)
{
	const bool file = page->tag & SBUDDY_TAG_FILE;
	enum sbuddy_fate fate;

	if (!page->private)
		return SBUDDY_FATE_KEEP;	/* the last reference goes with the isolation */
	if (!file && !sbuddy_get_swap(sc, page, stat, &fate))
		return fate;
	if (sbuddy_pinned(page))
		return sbuddy_activate(page, stat);
	if (page->tag & SBUDDY_TAG_DIRTY) {
		if (file)
			return sbuddy_dirty_file(sc, nid, page, ref, stat);
		if (ref == SBUDDY_REF_RECLAIM_CLEAN || !sbuddy_pageout(sc, page, stat))
			return SBUDDY_FATE_KEEP;
	}
	return sbuddy_folio_evict(sc->m, page) ? SBUDDY_FATE_FREE : SBUDDY_FATE_KEEP;
}

/*
 * What becomes of an isolated page of node @nid: KEEP, perhaps with another
 * list to go to, or FREE.  Lock held.
 */
enum sbuddy_fate sbuddy_shrink_folio(struct sbuddy_scan_control *sc, int nid,
				     struct sbuddy_page *page, struct sbuddy_reclaim_stat *stat)
{
	const unsigned long pages = sbuddy_block_pages(page->tag);
	enum sbuddy_references ref;

	lockdep_assert_held(&sc->m->lru->lock);
	if (page->tag & SBUDDY_TAG_LOCKED)
		return SBUDDY_FATE_KEEP;
	sc->nr_scanned += pages;
	if (page->tag & SBUDDY_TAG_UNEVICTABLE)
		return sbuddy_activate(page, stat);
	sbuddy_count_dirty(page, stat);
	if (page->tag & SBUDDY_TAG_WRITEBACK)
		return sbuddy_skip_writeback(sc, nid, page, stat);
	ref = sbuddy_folio_check_references(page);
	if (ref == SBUDDY_REF_ACTIVATE)
		return sbuddy_activate(page, stat);
	if (ref == SBUDDY_REF_KEEP) {
		stat->nr_ref_keep += pages;
		return SBUDDY_FATE_KEEP;
	}
	return sbuddy_reclaim_folio(sc, nid, page, ref, stat);
}
