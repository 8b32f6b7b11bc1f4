// SPDX-License-Identifier: GPL-2.0
/*
 * Direct reclaim: what a request does itself when there is not enough left.  It
 * waits first if the reserves are in danger, then takes 32 pages, trying harder
 * from round to round, unless compaction could do without.
 *
 * Who waits for kswapd waits for a second at most, for there may be no kswapd:
 * the kernel's wait without __GFP_FS; with it, the kernel would wait for as long
 * as it takes.  Owns no state.
 */
#include "os.h"
#include "reclaim.h"

/* ---- reserves ---- */

/* Are there free pages enough for those who free pages, or is it hopeless anyway? */
bool sbuddy_allow_direct_reclaim(struct sbuddy_machine *m, int nid)
{
	struct sbuddy_node *node = &m->nodes[nid];
	long reserve = 0, free = 0;

	if (READ_ONCE(node->kswapd.failures) >= SBUDDY_MAX_RECLAIM_RETRIES)
		return true;
	for (int i = 0; i <= SBUDDY_ZONE_NORMAL; i++) {
		struct sbuddy_zone *zone = sbuddy_managed_zone(node, i);

		if (!zone || !sbuddy_zone_reclaimable_pages(zone))
			continue;
		reserve += sbuddy_wmark_pages(zone, SBUDDY_WMARK_MIN);
		free += sbuddy_reclaim_61(m) ? (long)sbuddy_zone_page_state(zone) :
					       sbuddy_zone_page_state_snapshot(zone);
	}
	if (!reserve || free > reserve / 2)
		return true;
	if (node->kswapd.state != SBUDDY_KSWAPD_AWAKE && !READ_ONCE(node->kswapd.woken)) {
		if (READ_ONCE(node->kswapd_highest_zoneidx) > SBUDDY_ZONE_NORMAL)
			WRITE_ONCE(node->kswapd_highest_zoneidx, SBUDDY_ZONE_NORMAL);
		WRITE_ONCE(node->kswapd.woken, true);
		sbuddy_wake_daemons(m, nid);
	}
	return false;
}

/* The node whose reserves count: that of the first zone up to Normal; -1 if there is none. */
static int sbuddy_throttle_node(const struct sbuddy_alloc_context *ac)
{
	struct sbuddy_zoneref *z = ac->zonelist->ref;

	for (;; z++) {
		z = sbuddy_next_zones_zonelist(z, ac->highest_zoneidx, ac->nodemask);
		if (!z->zone)
			return -1;
		if (z->zone_idx <= SBUDDY_ZONE_NORMAL)
			return z->node;
	}
}

/* True if the task was killed while it waited. */
static bool sbuddy_throttle_direct_reclaim(const struct sbuddy_alloc_context *ac)
{
	int nid = sbuddy_throttle_node(ac);

	if (ac->task->flags & SBUDDY_PF_KTHREAD || os_fatal_signal_pending() || nid < 0 ||
	    sbuddy_allow_direct_reclaim(ac->m, nid))
		return false;
	sbuddy_count_vm_events(ac->m, SBUDDY_PGSCAN_DIRECT_THROTTLE, 1);
	for (int tick = 0; tick < SBUDDY_HZ && !os_fatal_signal_pending(); tick++) {
		sbuddy_wait(ac->m, ac->task, 1);
		if (sbuddy_allow_direct_reclaim(ac->m, nid))
			break;
	}
	return os_fatal_signal_pending();
}

/* ---- rounds ---- */

/* There is a block already, or compaction has more than it needs to make one. */
static bool sbuddy_compaction_ready(struct sbuddy_zone *zone, struct sbuddy_scan_control *sc)
{
	if (!(sc->gfp & SBUDDY_GFP_IO))
		return false;
	if (sbuddy_zone_watermark_ok(zone, sc->order,
				     sbuddy_wmark_pages(zone, SBUDDY_WMARK_MIN),
				     sc->reclaim_idx, 0))
		return true;
	if (!sbuddy_compaction_suitable(zone, sc->order, sc->reclaim_idx))
		return false;
	return sbuddy_zone_watermark_ok_safe(zone, 0,
					     sbuddy_wmark_pages(zone, SBUDDY_WMARK_HIGH) +
					     (long)sbuddy_compact_gap(sc->order),
					     sc->reclaim_idx);
}

/* Each node of the zonelist once, but for zones that compaction will see to. */
static void sbuddy_shrink_zones(const struct sbuddy_alloc_context *ac,
				struct sbuddy_scan_control *sc)
{
	struct sbuddy_zoneref *z = ac->zonelist->ref;
	int first = -1, last = -1;

	for (;; z++) {
		z = sbuddy_next_zones_zonelist(z, sc->reclaim_idx, sc->nodemask);
		if (!z->zone)
			break;
		if (sc->order > SBUDDY_COSTLY_ORDER && sbuddy_compaction_ready(z->zone, sc)) {
			sc->compaction_ready = true;
			continue;
		}
		if (z->node == last)
			continue;
		if (first < 0)
			first = z->node;
		last = z->node;
		sbuddy_shrink_node(sc, z->node);
	}
	if (first >= 0 && sc->nr_reclaimed <= sc->nr_scanned >> 3 && sc->priority == 1 &&
	    !sc->nr_reclaimed)
		sbuddy_reclaim_throttle(sc, first, SBUDDY_THROTTLE_NOPROGRESS);
}

static void sbuddy_end_pass(const struct sbuddy_alloc_context *ac,
			    const struct sbuddy_scan_control *sc)
{
	struct sbuddy_zoneref *z = ac->zonelist->ref;
	int last = -1;

	for (;; z++) {
		z = sbuddy_next_zones_zonelist(z, sc->reclaim_idx, sc->nodemask);
		if (!z->zone)
			return;
		if (z->node != last)
			sbuddy_snapshot_refaults(ac->m, z->node);
		last = z->node;
	}
}

/* All priorities, until there is enough. */
static void sbuddy_reclaim_pass(const struct sbuddy_alloc_context *ac,
				struct sbuddy_scan_control *sc)
{
	sbuddy_count_vm_events(ac->m, SBUDDY_ALLOCSTALL_DMA + sc->reclaim_idx, 1);
	sc->priority = SBUDDY_DEF_PRIORITY;
	do {
		sc->nr_scanned = 0;
		sbuddy_shrink_zones(ac, sc);
		if (sc->nr_reclaimed >= sc->nr_to_reclaim || sc->compaction_ready)
			break;
		if (sc->priority < SBUDDY_DEF_PRIORITY - 2)
			sc->may_writepage = true;
	} while (--sc->priority >= 0);
	sbuddy_end_pass(ac, sc);
}

/*
 * What is left to try after a pass that freed nothing.  The first thing is of
 * use to control groups only; it costs a pass all the same.
 */
static bool sbuddy_another_pass(struct sbuddy_scan_control *sc)
{
	if (!sc->full_walk && !sbuddy_reclaim_61(sc->m)) {
		sc->full_walk = true;
		return true;
	}
	if (sc->skipped_deactivate) {
		sc->skipped_deactivate = false;
		sc->force_deactivate = true;
		return true;
	}
	return false;
}

static unsigned long sbuddy_do_try_to_free_pages(const struct sbuddy_alloc_context *ac,
						 struct sbuddy_scan_control *sc)
{
	do {
		sbuddy_reclaim_pass(ac, sc);
		if (sc->nr_reclaimed)
			return sc->nr_reclaimed;
		if (sc->compaction_ready)
			return 1;
	} while (sbuddy_another_pass(sc));
	return 0;
}

/**
 * sbuddy_try_to_free_pages() - reclaim for a request that waits
 * @ac: the request
 * @scanned: out, pages looked at, or NULL
 *
 * Context: Process context.
 * Return: Pages freed; 1 also if compaction is to go on instead, or a signal
 * ended it; 0 if there is nothing left to free.
 */
noinline unsigned long sbuddy_try_to_free_pages(const struct sbuddy_alloc_context *ac,
						u64 *scanned)
{
	struct sbuddy_scan_control sc = {
		.m = ac->m, .task = ac->task,
		.gfp = sbuddy_current_gfp_context(ac->task, ac->gfp),
		.order = ac->order, .reclaim_idx = sbuddy_gfp_zoneidx(ac->gfp),
		.nodemask = ac->nodemask, .nr_to_reclaim = SBUDDY_SWAP_CLUSTER_MAX,
		.may_writepage = true, .may_swap = true,
	};
	unsigned long nr_reclaimed;

	if (sbuddy_throttle_direct_reclaim(ac))
		return 1;
	trace_sbuddy_mm_vmscan_direct_reclaim_begin(ac->m, ac->order, sc.gfp);
	nr_reclaimed = sbuddy_do_try_to_free_pages(ac, &sc);
	trace_sbuddy_mm_vmscan_direct_reclaim_end(ac->m, nr_reclaimed);
	if (scanned)
		*scanned = sc.total_scanned;
	return nr_reclaimed;
}

/**
 * sbuddy_reclaim_for() - what a request would reclaim, by hand
 * @m: machine
 * @task: who reclaims
 * @gfp: SBUDDY_GFP_* of the request
 * @order: its order
 * @nid: its node, -1 for the vcpu's
 * @scanned: out, pages looked at
 *
 * Context: Process context.
 * Return: As sbuddy_try_to_free_pages().
 */
unsigned long sbuddy_reclaim_for(struct sbuddy_machine *m, struct sbuddy_task *task, u32 gfp,
				 unsigned int order, int nid, u64 *scanned)
{
	const unsigned int flags = task->flags;
	struct sbuddy_alloc_context ac;
	unsigned long nr;

	*scanned = 0;
	sbuddy_prepare_alloc_pages(m, task, gfp, order, nid, &ac);
	task->flags |= SBUDDY_PF_MEMALLOC;
	nr = sbuddy_try_to_free_pages(&ac, scanned);
	task->flags = flags | (task->flags & SBUDDY_PF_OOM_VICTIM);
	return nr;
}
