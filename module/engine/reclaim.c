// SPDX-License-Identifier: GPL-2.0
/*
 * Reclaim of a node: how much of each LRU list is scanned at a priority, in
 * which turns, and when that is enough.  The amounts, the balance between
 * anonymous pages and those of files, and the stop rules are the kernel's; which
 * pages are taken is the business of reclaim_list.c and reclaim_folio.c.
 *
 * There are no control groups, no slab, and no laptop mode.  State: struct
 * sbuddy_lruvec of the node.
 */
#include "os.h"
#include "reclaim.h"

/* ---- sizes ---- */

/*
 * What reclaim could free in a zone.  As in the kernel, the free pages
 * themselves if that is nothing.
 */
long sbuddy_zone_reclaimable_pages(const struct sbuddy_zone *zone)
{
	const struct sbuddy_machine *m = zone->machine;
	const unsigned long *nr = m->lru->node[zone->node].zone_nr[zone->idx];
	long pages = READ_ONCE(nr[SBUDDY_INACTIVE_FILE]) + READ_ONCE(nr[SBUDDY_ACTIVE_FILE]);

	if (sbuddy_nr_free_swap(m))
		pages += READ_ONCE(nr[SBUDDY_INACTIVE_ANON]) + READ_ONCE(nr[SBUDDY_ACTIVE_ANON]);
	return pages ? pages : sbuddy_zone_page_state_snapshot(zone);
}

static unsigned long sbuddy_lruvec_lru_size(const struct sbuddy_lruvec *vec,
					    enum sbuddy_lru_list list, int zone_idx)
{
	unsigned long size = 0;

	for (int i = 0; i <= zone_idx; i++)
		size += READ_ONCE(vec->zone_nr[i][list]);
	return size;
}

/*
 * The inactive list is to be a share of both, the smaller the larger they are:
 * half below 1 GiB, then 1 / (sqrt(10 * GiB) + 1).
 */
bool sbuddy_inactive_is_low(const struct sbuddy_lruvec *vec, enum sbuddy_lru_list inactive_list)
{
	unsigned long inactive = READ_ONCE(vec->nr[inactive_list]);
	unsigned long active = READ_ONCE(vec->nr[inactive_list + 1]);
	unsigned long gb = (inactive + active) >> (30 - SBUDDY_PAGE_SHIFT);

	return inactive * (gb ? int_sqrt(10 * gb) : 1) < active;
}

static bool sbuddy_can_age_anon_pages(const struct sbuddy_scan_control *sc)
{
	return READ_ONCE(sc->m->knobs.swap_pages) > 0;
}

/* kswapd ages anonymous pages a little, whatever it is about to do. */
void sbuddy_kswapd_age_node(struct sbuddy_scan_control *sc, int nid)
{
	if (sbuddy_can_age_anon_pages(sc) &&
	    sbuddy_inactive_is_low(&sc->m->lru->node[nid], SBUDDY_INACTIVE_ANON))
		sbuddy_shrink_active_list(sc, nid, SBUDDY_SWAP_CLUSTER_MAX, SBUDDY_ACTIVE_ANON);
}

/* Reclaim ends: what comes back from now on is news to the next run. */
void sbuddy_snapshot_refaults(struct sbuddy_machine *m, int nid)
{
	struct sbuddy_lruvec *vec = &m->lru->node[nid];

	for (int file = 0; file < 2; file++)
		WRITE_ONCE(vec->refaults[file], READ_ONCE(vec->activated[file]));
}

/* ---- which lists ---- */

/* Pages come back, or too few are inactive: the active list has to give some. */
static bool sbuddy_must_deactivate(const struct sbuddy_lruvec *vec, bool file)
{
	return READ_ONCE(vec->activated[file]) != READ_ONCE(vec->refaults[file]) ||
	       sbuddy_inactive_is_low(vec, file ? SBUDDY_INACTIVE_FILE : SBUDDY_INACTIVE_ANON);
}

static unsigned long sbuddy_node_free(const struct sbuddy_node *node)
{
	unsigned long free = 0;

	for (int i = 0; i < SBUDDY_MAX_NR_ZONES; i++)
		if (node->node_zones[i])
			free += sbuddy_zone_page_state(node->node_zones[i]);
	return free;
}

/* Hardly any pages of files are left: more of that would only thrash. */
static bool sbuddy_file_is_tiny(const struct sbuddy_scan_control *sc, int nid)
{
	const struct sbuddy_lruvec *vec = &sc->m->lru->node[nid];
	const struct sbuddy_node *node = &sc->m->nodes[nid];
	unsigned long file = vec->nr[SBUDDY_ACTIVE_FILE] + vec->nr[SBUDDY_INACTIVE_FILE];
	unsigned long high = 0;

	for (int i = 0; i < SBUDDY_MAX_NR_ZONES; i++)
		if (sbuddy_managed_zone(node, i))
			high += sbuddy_wmark_pages(node->node_zones[i], SBUDDY_WMARK_HIGH);
	return file + sbuddy_node_free(node) <= high &&
	       !(sc->may_deactivate & SBUDDY_DEACTIVATE_ANON) &&
	       vec->nr[SBUDDY_INACTIVE_ANON] >> sc->priority;
}

static void sbuddy_prepare_scan_control(struct sbuddy_scan_control *sc, int nid)
{
	const struct sbuddy_lruvec *vec = &sc->m->lru->node[nid];

	sc->cost[0] = READ_ONCE(vec->cost[0]);
	sc->cost[1] = READ_ONCE(vec->cost[1]);
	sc->may_deactivate = SBUDDY_DEACTIVATE_ANON | SBUDDY_DEACTIVATE_FILE;
	if (!sc->force_deactivate && !sbuddy_must_deactivate(vec, false))
		sc->may_deactivate &= ~SBUDDY_DEACTIVATE_ANON;
	if (!sc->force_deactivate && !sbuddy_must_deactivate(vec, true))
		sc->may_deactivate &= ~SBUDDY_DEACTIVATE_FILE;
	sc->cache_trim_mode = READ_ONCE(vec->nr[SBUDDY_INACTIVE_FILE]) >> sc->priority &&
			      !(sc->may_deactivate & SBUDDY_DEACTIVATE_FILE) &&
			      !sc->no_cache_trim_mode;
	sc->file_is_tiny = sbuddy_file_is_tiny(sc, nid);
}

/* Shares of anonymous pages and of files' in what is scanned. */
struct sbuddy_balance {
	u64 fraction[2];
	u64 denominator;
};

/*
 * The dearer a type has been, the less of it is scanned; swappiness weighs
 * that, and a third is scanned whatever it costs.
 */
static void sbuddy_scan_fractions(const struct sbuddy_scan_control *sc, u64 swappiness,
				  struct sbuddy_balance *b)
{
	u64 total = sc->cost[0] + sc->cost[1];
	u64 anon = total + sc->cost[0], file = total + sc->cost[1];

	total = anon + file;
	b->fraction[0] = swappiness * (total + 1) / (anon + 1);
	b->fraction[1] = (SBUDDY_MAX_SWAPPINESS - swappiness) * (total + 1) / (file + 1);
	b->denominator = b->fraction[0] + b->fraction[1];
}

/* One of three extremes, or shares. */
static void sbuddy_scan_balance(const struct sbuddy_scan_control *sc, struct sbuddy_balance *b)
{
	const u64 swappiness = READ_ONCE(sc->m->knobs.swappiness);

	b->denominator = 1;
	b->fraction[0] = 0;
	b->fraction[1] = 1;
	if (!sc->may_swap || !sbuddy_nr_free_swap(sc->m))
		return;
	b->fraction[0] = 1;
	if (!sc->priority && swappiness)
		return;
	b->fraction[1] = 0;
	if (sc->file_is_tiny)
		return;
	b->fraction[0] = 0;
	b->fraction[1] = 1;
	if (!sc->cache_trim_mode)
		sbuddy_scan_fractions(sc, swappiness, b);
}

static void sbuddy_get_scan_count(const struct sbuddy_scan_control *sc,
				  const struct sbuddy_lruvec *vec, unsigned long *nr)
{
	struct sbuddy_balance b;

	sbuddy_scan_balance(sc, &b);
	for (int list = SBUDDY_INACTIVE_ANON; list <= SBUDDY_ACTIVE_FILE; list++) {
		u64 scan = sbuddy_lruvec_lru_size(vec, list, sc->reclaim_idx) >> sc->priority;

		nr[list] = scan * b.fraction[list >= SBUDDY_INACTIVE_FILE] / b.denominator;
	}
}

/* ---- a node's lists ---- */

static unsigned long sbuddy_shrink_list(struct sbuddy_scan_control *sc, int nid,
					unsigned long nr, enum sbuddy_lru_list list)
{
	switch (list) {
	case SBUDDY_ACTIVE_ANON:
	case SBUDDY_ACTIVE_FILE:
		if (sc->may_deactivate & (list == SBUDDY_ACTIVE_FILE ? SBUDDY_DEACTIVATE_FILE :
								       SBUDDY_DEACTIVATE_ANON))
			sbuddy_shrink_active_list(sc, nid, nr, list);
		else
			sc->skipped_deactivate = true;
		return 0;
	default:
		return sbuddy_shrink_inactive_list(sc, nid, nr, list);
	}
}

/* The rest of @list, after @percentage of the other type was left: as much of its own. */
static void sbuddy_nudge_list(unsigned long *nr, const unsigned long *targets, int list,
			      unsigned long percentage)
{
	unsigned long scanned = targets[list] - nr[list];

	nr[list] = targets[list] * (100 - percentage) / 100;
	nr[list] -= min(nr[list], scanned);
}

/*
 * Enough is reclaimed: the type of which less is left is done with, and of the
 * other one as large a part is scanned.  False if one of them is done already.
 */
static bool sbuddy_nudge(unsigned long *nr, const unsigned long *targets)
{
	unsigned long file = nr[SBUDDY_INACTIVE_FILE] + nr[SBUDDY_ACTIVE_FILE];
	unsigned long anon = nr[SBUDDY_INACTIVE_ANON] + nr[SBUDDY_ACTIVE_ANON];
	int smaller = file > anon ? SBUDDY_INACTIVE_ANON : SBUDDY_INACTIVE_FILE;
	int other = file > anon ? SBUDDY_INACTIVE_FILE : SBUDDY_INACTIVE_ANON;
	unsigned long percentage;

	if (!file || !anon)
		return false;
	percentage = min(file, anon) * 100 / (targets[smaller] + targets[smaller + 1] + 1);
	nr[smaller] = 0;
	nr[smaller + 1] = 0;
	sbuddy_nudge_list(nr, targets, other, percentage);
	sbuddy_nudge_list(nr, targets, other + 1, percentage);
	return true;
}

static unsigned long sbuddy_shrink_turn(struct sbuddy_scan_control *sc, int nid,
					unsigned long *nr)
{
	unsigned long nr_reclaimed = 0;

	for (int list = SBUDDY_INACTIVE_ANON; list <= SBUDDY_ACTIVE_FILE; list++) {
		unsigned long nr_to_scan = min(nr[list], SBUDDY_SWAP_CLUSTER_MAX);

		if (!nr_to_scan)
			continue;
		nr[list] -= nr_to_scan;
		nr_reclaimed += sbuddy_shrink_list(sc, nid, nr_to_scan, list);
	}
	return nr_reclaimed;
}

/* 32 pages of each list in turn; a request at its first priority does not stop early. */
static noinline void sbuddy_shrink_lruvec(struct sbuddy_scan_control *sc, int nid)
{
	const bool all = !sc->kswapd && sc->priority == SBUDDY_DEF_PRIORITY;
	unsigned long nr[SBUDDY_NR_LRU_LISTS], targets[SBUDDY_NR_LRU_LISTS];
	struct sbuddy_lruvec *vec = &sc->m->lru->node[nid];
	unsigned long nr_reclaimed = 0;

	nr[SBUDDY_UNEVICTABLE] = 0;
	sbuddy_get_scan_count(sc, vec, nr);
	memcpy(targets, nr, sizeof(nr));
	while (nr[SBUDDY_INACTIVE_ANON] || nr[SBUDDY_ACTIVE_FILE] || nr[SBUDDY_INACTIVE_FILE]) {
		nr_reclaimed += sbuddy_shrink_turn(sc, nid, nr);
		os_cond_resched();
		if (nr_reclaimed < sc->nr_to_reclaim || all)
			continue;
		if (!sbuddy_nudge(nr, targets))
			break;
	}
	sc->nr_reclaimed += nr_reclaimed;
	sbuddy_kswapd_age_node(sc, nid);
}

/* ---- a node ---- */

static bool sbuddy_in_reclaim_compaction(const struct sbuddy_scan_control *sc)
{
	return sc->gfp & SBUDDY_GFP_IO && sc->order &&
	       (sc->order > SBUDDY_COSTLY_ORDER || sc->priority < SBUDDY_DEF_PRIORITY - 2);
}

/* Is more wanted for compaction to work with, and is there more? */
static bool sbuddy_should_continue_reclaim(struct sbuddy_scan_control *sc, int nid,
					   unsigned long nr_reclaimed)
{
	const struct sbuddy_lruvec *vec = &sc->m->lru->node[nid];
	unsigned long inactive = READ_ONCE(vec->nr[SBUDDY_INACTIVE_FILE]);

	if (!sbuddy_in_reclaim_compaction(sc) || !nr_reclaimed)
		return false;
	for (int i = 0; i <= sc->reclaim_idx; i++) {
		struct sbuddy_zone *zone = sbuddy_managed_zone(&sc->m->nodes[nid], i);

		if (!zone)
			continue;
		if (sbuddy_zone_watermark_ok(zone, sc->order,
					     sbuddy_wmark_pages(zone, SBUDDY_WMARK_MIN),
					     sc->reclaim_idx, 0) ||
		    sbuddy_compaction_suitable(zone, sc->order, sc->reclaim_idx))
			return false;
	}
	if (sbuddy_nr_free_swap(sc->m))
		inactive += READ_ONCE(vec->nr[SBUDDY_INACTIVE_ANON]);
	return inactive > sbuddy_compact_gap(sc->order);
}

/* What the pages that were met say of the node; who has to wait for that, does. */
static void sbuddy_note_congestion(struct sbuddy_scan_control *sc, int nid)
{
	struct sbuddy_lruvec *vec = &sc->m->lru->node[nid];

	if (sc->kswapd) {
		if (sc->nr.writeback && sc->nr.writeback == sc->nr.taken)
			WRITE_ONCE(vec->writeback, true);
		if (sc->nr.unqueued_dirty == sc->nr.file_taken)
			WRITE_ONCE(vec->dirty, true);
		if (sc->nr.immediate)
			sbuddy_reclaim_throttle(sc, nid, SBUDDY_THROTTLE_WRITEBACK);
		if (sc->nr.dirty && sc->nr.dirty == sc->nr.congested)
			WRITE_ONCE(vec->congested, true);
	} else if (READ_ONCE(vec->congested)) {
		sbuddy_reclaim_throttle(sc, nid, SBUDDY_THROTTLE_CONGESTED);
	}
}

/**
 * sbuddy_shrink_node() - reclaim from a node, at the present priority
 * @sc: the run; nr_scanned and nr_reclaimed grow
 * @nid: node
 *
 * Context: Process context.
 */
noinline void sbuddy_shrink_node(struct sbuddy_scan_control *sc, int nid)
{
	unsigned long nr_reclaimed;
	bool reclaimable = false;

	do {
		memset(&sc->nr, 0, sizeof(sc->nr));
		nr_reclaimed = sc->nr_reclaimed;
		sbuddy_prepare_scan_control(sc, nid);
		sbuddy_shrink_lruvec(sc, nid);
		nr_reclaimed = sc->nr_reclaimed - nr_reclaimed;
		reclaimable |= nr_reclaimed != 0;
		sbuddy_note_congestion(sc, nid);
	} while (sbuddy_should_continue_reclaim(sc, nid, nr_reclaimed));
	if (reclaimable)
		WRITE_ONCE(sc->m->nodes[nid].kswapd.failures, 0);
	else if (sc->cache_trim_mode)
		sc->cache_trim_mode_failed = true;
}

/* ---- waits ---- */

/* Waiting is of no use: hopeless, or little is being written. */
static bool sbuddy_skip_throttle_noprogress(const struct sbuddy_scan_control *sc, int nid)
{
	const struct sbuddy_node *node = &sc->m->nodes[nid];
	long reclaimable = 0;

	if (READ_ONCE(node->kswapd.failures) >= SBUDDY_MAX_RECLAIM_RETRIES)
		return true;
	for (int i = 0; i < SBUDDY_MAX_NR_ZONES; i++)
		if (sbuddy_managed_zone(node, i))
			reclaimable += sbuddy_zone_reclaimable_pages(node->node_zones[i]);
	return 2 * (long)sbuddy_write_pending(sc->m, nid) <= reclaimable;
}

/* A reclaimer waits, for the reason and the time that the kernel has. */
void sbuddy_reclaim_throttle(struct sbuddy_scan_control *sc, int nid, enum sbuddy_throttle why)
{
	static const unsigned int ticks[] = {
		[SBUDDY_THROTTLE_WRITEBACK] = SBUDDY_HZ / 10,
		[SBUDDY_THROTTLE_ISOLATED] = SBUDDY_HZ / 50,
		[SBUDDY_THROTTLE_NOPROGRESS] = 1,
		[SBUDDY_THROTTLE_CONGESTED] = 1,
	};

	if (!sc->kswapd && sc->task->flags & SBUDDY_PF_KTHREAD)
		return;
	if ((why == SBUDDY_THROTTLE_NOPROGRESS || why == SBUDDY_THROTTLE_CONGESTED) &&
	    sbuddy_skip_throttle_noprogress(sc, nid))
		return;
	sbuddy_wait(sc->m, sc->task, ticks[why]);
	trace_sbuddy_mm_vmscan_throttled(sc->m, nid, ticks[why] * (1000000 / SBUDDY_HZ),
					 ticks[why] * (1000000 / SBUDDY_HZ), why);
}

/* ---- for display ---- */

/**
 * sbuddy_lru_stat() - pages on LRU lists
 * @m: machine
 * @nid: node that exists
 * @zone: enum sbuddy_zone_type, or -1 for all of the node
 * @stat: out; what is isolated is told of nodes only
 *
 * Context: Any; racy against running operations.
 */
void sbuddy_lru_stat(const struct sbuddy_machine *m, int nid, int zone,
		     struct sbuddy_lru_stat *stat)
{
	const struct sbuddy_lruvec *vec = &m->lru->node[nid];

	BUILD_BUG_ON(ARRAY_SIZE(stat->nr) != SBUDDY_NR_LRU_LISTS);
	for (int i = 0; i < SBUDDY_NR_LRU_LISTS; i++)
		stat->nr[i] = zone < 0 ? READ_ONCE(vec->nr[i]) :
					 READ_ONCE(vec->zone_nr[zone][i]);
	for (int i = 0; i < 2; i++)
		stat->isolated[i] = zone < 0 ? READ_ONCE(vec->nr_isolated[i]) : 0;
}

/* ---- by hand ---- */

/**
 * sbuddy_age_node() - look at active pages, whether or not there are enough inactive ones
 * @m: machine
 * @task: who does it
 * @nid: node that exists
 * @nr: pages of each active list
 *
 * Context: Process context.
 */
void sbuddy_age_node(struct sbuddy_machine *m, struct sbuddy_task *task, int nid,
		     unsigned long nr)
{
	struct sbuddy_scan_control sc = {
		.m = m, .task = task, .gfp = SBUDDY_GFP_KERNEL, .priority = SBUDDY_DEF_PRIORITY,
		.reclaim_idx = SBUDDY_MAX_NR_ZONES - 1,
	};

	while (nr && !os_fatal_signal_pending()) {
		unsigned long batch = min(nr, SBUDDY_SWAP_CLUSTER_MAX);

		sbuddy_shrink_active_list(&sc, nid, batch, SBUDDY_ACTIVE_ANON);
		sbuddy_shrink_active_list(&sc, nid, batch, SBUDDY_ACTIVE_FILE);
		nr -= batch;
	}
}
