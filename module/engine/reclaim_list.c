// SPDX-License-Identifier: GPL-2.0
/*
 * One LRU list in reclaim: a batch of pages is taken from its end and either
 * looked at for freeing (the inactive lists) or sent to the inactive list (the
 * active ones).
 *
 * Pages are isolated, judged and put back under one hold of sbuddy_lru.lock,
 * which is let go only to free a batch.  Unlike in the kernel they leave the
 * count of isolated ones page by page.
 */
#include "os.h"
#include "rules.h"
#include "reclaim.h"

/* A batch at work. */
struct sbuddy_shrink {
	struct sbuddy_scan_control *sc;
	int nid;
	struct sbuddy_lruvec *vec;
	struct list_head folios;	/* isolated, oldest last; links are the pages' lru */
	struct list_head kept;
	struct list_head dead;		/* lost their last reference meanwhile */
	unsigned long nr_scanned;
	unsigned long nr_taken;
	unsigned int nr_free;
	struct sbuddy_page *free[SBUDDY_FOLIO_BATCH];
};

/**
 * sbuddy_note_cost() - reclaim of one type of pages cost something
 * @vec: lists of the node
 * @file: pages of files, else anonymous ones
 * @nr_io: pages written or read, each as dear as 32 looked at in vain
 * @nr_rotated: pages looked at in vain
 *
 * Context: sbuddy_lru.lock held.
 */
void sbuddy_note_cost(struct sbuddy_lruvec *vec, bool file, unsigned long nr_io,
		      unsigned long nr_rotated)
{
	unsigned long size = 0;

	vec->cost[file] += nr_io * SBUDDY_SWAP_CLUSTER_MAX + nr_rotated;
	for (int i = SBUDDY_INACTIVE_ANON; i <= SBUDDY_ACTIVE_FILE; i++)
		size += vec->nr[i];
	if (vec->cost[0] + vec->cost[1] <= size / 4)
		return;
	vec->cost[0] /= 2;
	vec->cost[1] /= 2;
}

/* ---- off the list ---- */

/* Pages of zones that are of no use go to the list's head, in order. */
static unsigned long sbuddy_put_skipped(struct sbuddy_shrink *s, struct list_head *skipped,
					struct list_head *list)
{
	unsigned long nr = 0;

	while (!list_empty(skipped)) {
		struct sbuddy_page *page = list_last_entry(skipped, struct sbuddy_page, lru);
		const unsigned long pages = sbuddy_block_pages(page->tag);

		list_del(&page->lru);
		list_add(&page->lru, list);
		sbuddy_count_vm_events(s->sc->m, SBUDDY_PGSKIP_DMA +
				       sbuddy_zone_of(s->sc->m, page)->idx, pages);
		nr += pages;
	}
	return nr;
}

/* Isolates pages from the list's end until @nr_to_scan were looked at. */
static void sbuddy_isolate_lru_folios(struct sbuddy_shrink *s, unsigned long nr_to_scan,
				      enum sbuddy_lru_list which)
{
	struct list_head *list = &s->vec->list[which], skipped;
	const struct sbuddy_scan_control *sc = s->sc;
	unsigned long scan = 0, nr_skipped;

	INIT_LIST_HEAD(&skipped);
	while (scan < nr_to_scan && !list_empty(list)) {
		struct sbuddy_page *page = list_last_entry(list, struct sbuddy_page, lru);
		const unsigned long pages = sbuddy_block_pages(page->tag);

		s->nr_scanned += pages;
		if (sbuddy_zone_of(sc->m, page)->idx > sc->reclaim_idx) {
			list_del(&page->lru);
			list_add(&page->lru, &skipped);
			continue;
		}
		scan += pages;
		s->nr_taken += pages;
		sbuddy_lru_isolate(sc->m, page);
		list_add(&page->lru, &s->folios);
	}
	nr_skipped = sbuddy_put_skipped(s, &skipped, list);
	trace_sbuddy_mm_vmscan_lru_isolate(sc->m, s->nid, sc->reclaim_idx, sc->order, nr_to_scan,
					   s->nr_scanned, nr_skipped, s->nr_taken, which);
}

static void sbuddy_shrink_begin(struct sbuddy_shrink *s, struct sbuddy_scan_control *sc, int nid)
	__acquires(&sc->m->lru->lock)
{
	s->sc = sc;
	s->nid = nid;
	s->vec = &sc->m->lru->node[nid];
	s->nr_scanned = 0;
	s->nr_taken = 0;
	s->nr_free = 0;
	INIT_LIST_HEAD(&s->folios);
	INIT_LIST_HEAD(&s->kept);
	sbuddy_lru_add_drain(sc->m, sc->task, sc->task->cpu);
	sbuddy_lru_lock(sc->m, &s->dead);
}

/* ---- back to lists ---- */

/* Oldest first, to the heads; those that are unevictable now by way of a batch. */
static unsigned long sbuddy_move_folios_to_lru(struct sbuddy_shrink *s, struct list_head *folios)
{
	struct sbuddy_machine *m = s->sc->m;
	unsigned long moved = 0;

	while (!list_empty(folios)) {
		struct sbuddy_page *page = list_last_entry(folios, struct sbuddy_page, lru);
		const unsigned long pages = sbuddy_block_pages(page->tag);
		const bool last = page->refcount == 1;
		const bool unevictable = page->tag & SBUDDY_TAG_UNEVICTABLE;
		const bool active = page->tag & SBUDDY_TAG_ACTIVE;

		list_del(&page->lru);
		sbuddy_lru_end_isolation(m, page);
		if (unevictable && !last)
			sbuddy_folio_add_lru(m, s->sc->task, page, &s->dead);
		else
			sbuddy_lruvec_add_folio(m, page);
		sbuddy_folio_put(m, page, &s->dead);
		if (last || unevictable)
			continue;
		moved += pages;
		if (active)
			s->vec->nonresident_age += pages;
	}
	return moved;
}

/* ---- the inactive lists ---- */

static void sbuddy_shrink_flush(struct sbuddy_shrink *s)
{
	struct sbuddy_machine *m = s->sc->m;

	if (!s->nr_free)
		return;
	spin_unlock(&m->lru->lock);
	m->rules->free_folios(m, s->sc->task, s->free, s->nr_free);
	s->nr_free = 0;
	os_cond_resched();
	spin_lock(&m->lru->lock);
}

/* The page is nobody's any more, and an ordinary one. */
static void sbuddy_shrink_free(struct sbuddy_shrink *s, struct sbuddy_page *page)
{
	sbuddy_lru_end_isolation(s->sc->m, page);
	page->tag &= SBUDDY_TAG_BLOCK | SBUDDY_TAG_COMPOUND;
	s->free[s->nr_free++] = page;
	if (s->nr_free == SBUDDY_FOLIO_BATCH)
		sbuddy_shrink_flush(s);
}

/* Returns the pages freed; the others are in @s->kept. */
static unsigned long sbuddy_shrink_folio_list(struct sbuddy_shrink *s,
					      struct sbuddy_reclaim_stat *stat)
{
	unsigned long nr_reclaimed = 0;

	while (!list_empty(&s->folios)) {
		struct sbuddy_page *page = list_last_entry(&s->folios, struct sbuddy_page, lru);

		list_del(&page->lru);
		if (sbuddy_shrink_folio(s->sc, s->nid, page, stat) == SBUDDY_FATE_KEEP) {
			list_add(&page->lru, &s->kept);
			continue;
		}
		nr_reclaimed += sbuddy_block_pages(page->tag);
		sbuddy_shrink_free(s, page);
	}
	sbuddy_shrink_flush(s);
	sbuddy_count_vm_events(s->sc->m, SBUDDY_PGACTIVATE,
			       stat->nr_activate[0] + stat->nr_activate[1]);
	return nr_reclaimed;
}

/* Others have isolated more than is left on the list. */
static bool sbuddy_reclaim_too_many_isolated(const struct sbuddy_scan_control *sc, int nid,
					     bool file)
{
	const struct sbuddy_lruvec *vec = &sc->m->lru->node[nid];
	const u32 io_fs = SBUDDY_GFP_IO | SBUDDY_GFP_FS;
	unsigned long inactive = READ_ONCE(vec->nr[file ? SBUDDY_INACTIVE_FILE :
							  SBUDDY_INACTIVE_ANON]);

	if (sc->kswapd)
		return false;
	if ((sc->gfp & io_fs) == io_fs)
		inactive >>= 3;
	return READ_ONCE(vec->nr_isolated[file]) > inactive;
}

static void sbuddy_add_stat(struct sbuddy_shrink *s, const struct sbuddy_reclaim_stat *stat,
			    bool file)
{
	struct sbuddy_scan_control *sc = s->sc;

	sc->nr.dirty += stat->nr_dirty;
	sc->nr.congested += stat->nr_congested;
	sc->nr.unqueued_dirty += stat->nr_unqueued_dirty;
	sc->nr.writeback += stat->nr_writeback;
	sc->nr.immediate += stat->nr_immediate;
	sc->nr.taken += s->nr_taken;
	if (file)
		sc->nr.file_taken += s->nr_taken;
}

static unsigned long sbuddy_shrink_taken(struct sbuddy_shrink *s,
					 struct sbuddy_reclaim_stat *stat, bool file)
{
	struct sbuddy_machine *m = s->sc->m;
	unsigned long nr_reclaimed;

	nr_reclaimed = sbuddy_shrink_folio_list(s, stat);
	sbuddy_move_folios_to_lru(s, &s->kept);
	sbuddy_count_vm_events(m, s->sc->kswapd ? SBUDDY_PGSTEAL_KSWAPD : SBUDDY_PGSTEAL_DIRECT,
			       nr_reclaimed);
	sbuddy_count_vm_events(m, SBUDDY_PGSTEAL_ANON + file, nr_reclaimed);
	sbuddy_note_cost(s->vec, file, stat->nr_pageout, s->nr_scanned - nr_reclaimed);
	if (stat->nr_unqueued_dirty == s->nr_taken)
		m->lru->reclaim.flush = true;
	return nr_reclaimed;
}

/**
 * sbuddy_shrink_inactive_list() - look at a batch of an inactive list
 * @sc: the run
 * @nid: node
 * @nr_to_scan: pages to look at
 * @list: SBUDDY_INACTIVE_ANON or SBUDDY_INACTIVE_FILE
 *
 * Context: Process context.  Takes sbuddy_lru.lock; frees pages.
 * Return: Pages freed.
 */
noinline unsigned long sbuddy_shrink_inactive_list(struct sbuddy_scan_control *sc, int nid,
						   unsigned long nr_to_scan,
						   enum sbuddy_lru_list list)
{
	const bool file = list == SBUDDY_INACTIVE_FILE;
	struct sbuddy_reclaim_stat stat = { 0 };
	unsigned long nr_reclaimed = 0;
	struct sbuddy_shrink s;

	if (sbuddy_reclaim_too_many_isolated(sc, nid, file)) {
		sbuddy_reclaim_throttle(sc, nid, SBUDDY_THROTTLE_ISOLATED);
		if (os_fatal_signal_pending())
			return SBUDDY_SWAP_CLUSTER_MAX;
		if (sbuddy_reclaim_too_many_isolated(sc, nid, file))
			return 0;
	}
	sbuddy_shrink_begin(&s, sc, nid);
	sbuddy_isolate_lru_folios(&s, nr_to_scan, list);
	sc->total_scanned += s.nr_scanned;
	sbuddy_count_vm_events(sc->m, sc->kswapd ? SBUDDY_PGSCAN_KSWAPD : SBUDDY_PGSCAN_DIRECT,
			       s.nr_scanned);
	sbuddy_count_vm_events(sc->m, SBUDDY_PGSCAN_ANON + file, s.nr_scanned);
	if (s.nr_taken)
		nr_reclaimed = sbuddy_shrink_taken(&s, &stat, file);
	sbuddy_lru_unlock(sc->m, sc->task, &s.dead);
	if (!s.nr_taken)
		return 0;
	sbuddy_add_stat(&s, &stat, file);
	trace_sbuddy_mm_vmscan_lru_shrink_inactive(sc->m, nid, s.nr_scanned, nr_reclaimed, &stat,
						   sc->priority, file);
	return nr_reclaimed;
}

/* ---- the active lists ---- */

/* Use through page tables is forgotten; nothing is executable, so nothing stays for it. */
static void sbuddy_deactivate(struct sbuddy_page *page)
{
	sbuddy_clear_page_flag(page, SBUDDY_PRIVATE_YOUNG);
	if (page->tag & SBUDDY_TAG_UNEVICTABLE)
		return;
	WRITE_ONCE(page->tag, page->tag & ~SBUDDY_TAG_ACTIVE);
	sbuddy_set_page_flag(page, SBUDDY_PRIVATE_WORKINGSET);
}

/**
 * sbuddy_shrink_active_list() - send a batch of an active list to the inactive one
 * @sc: the run
 * @nid: node
 * @nr_to_scan: pages to look at
 * @list: SBUDDY_ACTIVE_ANON or SBUDDY_ACTIVE_FILE
 *
 * Context: Process context.  Takes sbuddy_lru.lock.
 */
noinline void sbuddy_shrink_active_list(struct sbuddy_scan_control *sc, int nid,
					unsigned long nr_to_scan, enum sbuddy_lru_list list)
{
	const bool file = list == SBUDDY_ACTIVE_FILE;
	struct sbuddy_page *page;
	unsigned long moved;
	struct sbuddy_shrink s;

	sbuddy_shrink_begin(&s, sc, nid);
	sbuddy_isolate_lru_folios(&s, nr_to_scan, list);
	sbuddy_count_vm_events(sc->m, SBUDDY_PGREFILL, s.nr_scanned);
	while (!list_empty(&s.folios)) {
		page = list_last_entry(&s.folios, struct sbuddy_page, lru);
		sbuddy_deactivate(page);
		list_del(&page->lru);
		list_add(&page->lru, &s.kept);
	}
	moved = sbuddy_move_folios_to_lru(&s, &s.kept);
	sbuddy_count_vm_events(sc->m, SBUDDY_PGDEACTIVATE, moved);
	sbuddy_lru_unlock(sc->m, sc->task, &s.dead);
	trace_sbuddy_mm_vmscan_lru_shrink_active(sc->m, nid, s.nr_taken, 0, moved, 0,
						 sc->priority, file);
}
