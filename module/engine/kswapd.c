// SPDX-License-Identifier: GPL-2.0
/*
 * kswapd: reclaim that nobody waits for, until a zone of the node has free pages
 * up to its high watermark, and after fragmentation a little beyond.
 *
 * No thread runs here: sbuddy_kswapd_step() is what one would do between two
 * waits, for whoever drives the machine.  A step balances the node once, at most,
 * and tries to lie down: for a nap of 100 ms first, and if the node is still
 * balanced then, until it is woken.
 *
 * State: struct sbuddy_kswapd of each node and what was asked of it beside that;
 * only who steps it changes it, but for the request and the wake-up.
 */
#include "os.h"
#include "reclaim.h"

#define SBUDDY_NAP_TICKS	(SBUDDY_HZ / 10)

void sbuddy_kswapd_init(struct sbuddy_node *node)
{
	memset(&node->kswapd, 0, sizeof(node->kswapd));
	node->kswapd.highest_zoneidx = SBUDDY_MAX_NR_ZONES - 1;
	node->kswapd_order = 0;
	node->kswapd_highest_zoneidx = SBUDDY_MAX_NR_ZONES;
	node->kswapd_running = false;
}

/* ---- is it needed? ---- */

/* Does some zone of the node have what is wanted, with its high watermark on top? */
bool sbuddy_pgdat_balanced(const struct sbuddy_machine *m, int nid, int order,
			   int highest_zoneidx)
{
	bool managed = false;

	for (int i = 0; i <= highest_zoneidx; i++) {
		const struct sbuddy_zone *zone = sbuddy_managed_zone(&m->nodes[nid], i);

		if (!zone)
			continue;
		managed = true;
		if (sbuddy_zone_watermark_ok_safe(zone, order,
						  sbuddy_wmark_pages(zone, SBUDDY_WMARK_HIGH),
						  highest_zoneidx))
			return true;
	}
	return !managed;
}

static bool sbuddy_pgdat_watermark_boosted(const struct sbuddy_machine *m, int nid,
					   int highest_zoneidx)
{
	for (int i = 0; i <= highest_zoneidx; i++) {
		const struct sbuddy_zone *zone = sbuddy_managed_zone(&m->nodes[nid], i);

		if (zone && READ_ONCE(zone->watermark_boost))
			return true;
	}
	return false;
}

static int sbuddy_requested_zoneidx(const struct sbuddy_node *node, int previous)
{
	int idx = READ_ONCE(node->kswapd_highest_zoneidx);

	return idx == SBUDDY_MAX_NR_ZONES ? previous : idx;
}

static void sbuddy_raise_request(struct sbuddy_node *node, int order, int highest_zoneidx)
{
	int highest = READ_ONCE(node->kswapd_highest_zoneidx);

	if (highest == SBUDDY_MAX_NR_ZONES || highest < highest_zoneidx)
		WRITE_ONCE(node->kswapd_highest_zoneidx, highest_zoneidx);
	if (READ_ONCE(node->kswapd_order) < order)
		WRITE_ONCE(node->kswapd_order, order);
}

/* It lies down, and nobody has woken it yet. */
static bool sbuddy_kswapd_sleeps(const struct sbuddy_node *node)
{
	return READ_ONCE(node->kswapd.state) != SBUDDY_KSWAPD_AWAKE &&
	       !READ_ONCE(node->kswapd.woken);
}

/**
 * sbuddy_wakeup_kswapd() - ask a node's kswapd for free pages
 * @zone: zone that ran low
 * @gfp: SBUDDY_GFP_* of the request
 * @order: order wanted
 * @highest_zoneidx: highest zone wanted
 *
 * Raises what is pending on the node.  Where the machine does not reclaim that is
 * all; else kswapd is woken, unless it is hopeless or there is nothing to do, when
 * kcompactd may have something to do for those who cannot compact themselves.
 *
 * Context: Any.
 */
void sbuddy_wakeup_kswapd(struct sbuddy_zone *zone, u32 gfp, unsigned int order,
			  int highest_zoneidx)
{
	struct sbuddy_machine *m = zone->machine;
	struct sbuddy_node *node = &m->nodes[zone->node];

	if (!zone->managed_pages)
		return;
	sbuddy_raise_request(node, order, highest_zoneidx);
	sbuddy_count_machine_event(m, SBUDDY_KSWAPD_WAKE);
	if (READ_ONCE(m->knobs.direct_reclaim)) {
		if (!sbuddy_kswapd_sleeps(node))
			return;
		if (READ_ONCE(node->kswapd.failures) >= SBUDDY_MAX_RECLAIM_RETRIES ||
		    (sbuddy_pgdat_balanced(m, node->id, order, highest_zoneidx) &&
		     !sbuddy_pgdat_watermark_boosted(m, node->id, highest_zoneidx))) {
			if (!(gfp & SBUDDY_GFP_DIRECT_RECLAIM))
				sbuddy_wakeup_kcompactd(m, node, order, highest_zoneidx);
			return;
		}
		WRITE_ONCE(node->kswapd.woken, true);
		sbuddy_wake_daemons(m, node->id);
	}
	trace_sbuddy_mm_vmscan_wakeup_kswapd(zone, order, gfp);
}

/* ---- a run ---- */

static void sbuddy_update_reclaim_active(struct sbuddy_node *node, int highest_zoneidx,
					 bool active)
{
	for (int i = 0; i <= highest_zoneidx; i++) {
		struct sbuddy_zone *zone = sbuddy_managed_zone(node, i);

		if (!zone)
			continue;
		if (active)
			set_bit(SBUDDY_ZONE_RECLAIM_ACTIVE, &zone->flags);
		else
			clear_bit(SBUDDY_ZONE_RECLAIM_ACTIVE, &zone->flags);
	}
}

/* Boosts when the run began: these, and no later ones, go when it ends. */
struct sbuddy_boosts {
	long zone[SBUDDY_MAX_NR_ZONES];
	long sum;
};

static struct sbuddy_boosts sbuddy_read_boosts(const struct sbuddy_node *node,
					       int highest_zoneidx)
{
	struct sbuddy_boosts b = { .sum = 0 };

	for (int i = 0; i <= highest_zoneidx; i++) {
		if (!sbuddy_managed_zone(node, i))
			continue;
		b.zone[i] = READ_ONCE(node->node_zones[i]->watermark_boost);
		b.sum += b.zone[i];
	}
	return b;
}

static void sbuddy_drop_boosts(struct sbuddy_node *node, const struct sbuddy_boosts *b)
{
	unsigned long flags;

	for (int i = 0; i < SBUDDY_MAX_NR_ZONES; i++) {
		struct sbuddy_zone *zone = node->node_zones[i];

		if (!b->zone[i])
			continue;
		spin_lock_irqsave(&zone->lock, flags);
		WRITE_ONCE(zone->watermark_boost,
			   zone->watermark_boost - min(zone->watermark_boost, b->zone[i]));
		spin_unlock_irqrestore(&zone->lock, flags);
	}
}

/*
 * One round over the node.  True if as much was scanned as would do if all of it
 * could be freed: then the next round need not try harder.
 */
static bool sbuddy_kswapd_shrink_node(struct sbuddy_scan_control *sc, struct sbuddy_node *node)
{
	const unsigned long before = sc->nr_reclaimed;

	sc->nr_to_reclaim = 0;
	for (int i = 0; i <= sc->reclaim_idx; i++)
		if (sbuddy_managed_zone(node, i))
			sc->nr_to_reclaim +=
				max_t(unsigned long, SBUDDY_SWAP_CLUSTER_MAX,
				      sbuddy_wmark_pages(node->node_zones[i],
							 SBUDDY_WMARK_HIGH));
	sbuddy_shrink_node(sc, node->id);
	if (sc->order && sc->nr_reclaimed >= sbuddy_compact_gap(sc->order))
		sc->order = 0;
	if (sbuddy_reclaim_61(sc->m))
		return sc->nr_scanned >= sc->nr_to_reclaim;
	return max(sc->nr_scanned, sc->nr_reclaimed - before) >= sc->nr_to_reclaim;
}

enum sbuddy_balance_end {
	SBUDDY_BALANCE_BALANCED,	/* there was nothing more to do */
	SBUDDY_BALANCE_UNBALANCED,	/* nr_boost_reclaim is 0 now: start again */
	SBUDDY_BALANCE_STOPPED,
	SBUDDY_BALANCE_EXHAUSTED,	/* all priorities were tried */
};

/* Rounds of rising effort; @boost is what is wanted beyond balance, pages. */
static enum sbuddy_balance_end sbuddy_balance_rounds(struct sbuddy_scan_control *sc,
						     struct sbuddy_node *node, long *boost)
{
	sc->priority = SBUDDY_DEF_PRIORITY;
	do {
		bool raise = !(*boost && sc->priority == SBUDDY_DEF_PRIORITY - 2);
		bool balanced = sbuddy_pgdat_balanced(sc->m, node->id, sc->order,
						      sc->reclaim_idx);
		long reclaimed = sc->nr_reclaimed;

		if (!balanced && *boost)
			return SBUDDY_BALANCE_UNBALANCED;
		if (balanced && !*boost)
			return SBUDDY_BALANCE_BALANCED;
		sc->may_writepage = !*boost || sc->priority < SBUDDY_DEF_PRIORITY - 2;
		sc->may_swap = !*boost;
		sbuddy_kswapd_age_node(sc, node->id);
		sc->nr_scanned = 0;
		if (sbuddy_kswapd_shrink_node(sc, node))
			raise = false;
		if (sbuddy_daemons_should_stop(sc->m))
			return SBUDDY_BALANCE_STOPPED;
		reclaimed = sc->nr_reclaimed - reclaimed;
		*boost -= min(*boost, reclaimed);
		if (*boost && !reclaimed)
			return SBUDDY_BALANCE_STOPPED;
		if (raise || !reclaimed)
			sc->priority--;
	} while (sc->priority >= 1);
	return SBUDDY_BALANCE_EXHAUSTED;
}

static void sbuddy_balance_loop(struct sbuddy_scan_control *sc, struct sbuddy_node *node,
				long boost)
{
	enum sbuddy_balance_end end;

	for (;;) {
		sbuddy_update_reclaim_active(node, sc->reclaim_idx, true);
		end = sbuddy_balance_rounds(sc, node, &boost);
		if (end == SBUDDY_BALANCE_BALANCED)
			return;
		if (end == SBUDDY_BALANCE_UNBALANCED) {
			boost = 0;
			continue;
		}
		if (end != SBUDDY_BALANCE_EXHAUSTED || sc->nr_reclaimed ||
		    sc->no_cache_trim_mode || !sc->cache_trim_mode_failed ||
		    sbuddy_reclaim_61(sc->m))
			break;
		sc->no_cache_trim_mode = true;
	}
	if (!sc->nr_reclaimed)
		WRITE_ONCE(node->kswapd.failures, node->kswapd.failures + 1);
}

/* Returns the order down to which it reclaimed. */
static noinline int sbuddy_balance_pgdat(struct sbuddy_machine *m, struct sbuddy_task *task,
					 struct sbuddy_node *node, int order,
					 int highest_zoneidx, struct sbuddy_kswapd_report *r)
{
	struct sbuddy_boosts boosts = sbuddy_read_boosts(node, highest_zoneidx);
	struct sbuddy_scan_control sc = {
		.m = m, .task = task, .gfp = SBUDDY_GFP_KERNEL, .order = order,
		.reclaim_idx = highest_zoneidx, .nodemask = SBUDDY_ALL_NODES, .kswapd = true,
	};

	sbuddy_count_vm_events(m, SBUDDY_PAGEOUTRUN, 1);
	sbuddy_balance_loop(&sc, node, boosts.sum);
	sbuddy_update_reclaim_active(node, highest_zoneidx, false);
	if (boosts.sum) {
		sbuddy_drop_boosts(node, &boosts);
		sbuddy_wakeup_kcompactd(m, node, SBUDDY_PAGEBLOCK_ORDER, highest_zoneidx);
	}
	sbuddy_snapshot_refaults(m, node->id);
	r->scanned = sc.total_scanned;
	r->reclaimed = sc.nr_reclaimed;
	r->ran = true;
	return sc.order;
}

/* ---- sleep ---- */

/*
 * While kswapd is awake free pages are counted more exactly: a vcpu folds its part
 * as often as the gap between two watermarks demands, else as usual.
 */
static void sbuddy_set_pgdat_percpu_threshold(struct sbuddy_machine *m,
					      struct sbuddy_node *node, bool pressure)
{
	unsigned long flags;

	for (int i = 0; i < SBUDDY_MAX_NR_ZONES; i++) {
		struct sbuddy_zone *zone = node->node_zones[i];
		int threshold;

		if (!zone || !zone->percpu_drift_mark)
			continue;
		threshold = sbuddy_stat_threshold(zone, pressure);
		spin_lock_irqsave(&zone->lock, flags);
		for (int cpu = 0; cpu < m->nr_vcpus; cpu++)
			zone->zstat[cpu].stat_threshold = threshold;
		spin_unlock_irqrestore(&zone->lock, flags);
	}
}

/* Nothing to do, or nothing that could be done? */
static bool sbuddy_prepare_kswapd_sleep(struct sbuddy_machine *m, struct sbuddy_node *node)
{
	struct sbuddy_lruvec *vec = &m->lru->node[node->id];
	const struct sbuddy_kswapd *k = &node->kswapd;

	if (k->failures >= SBUDDY_MAX_RECLAIM_RETRIES)
		return true;
	if (!sbuddy_pgdat_balanced(m, node->id, k->reclaim_order, k->highest_zoneidx))
		return false;
	WRITE_ONCE(vec->congested, false);
	WRITE_ONCE(vec->dirty, false);
	WRITE_ONCE(vec->writeback, false);
	return true;
}

/* Lies down for a nap if it can; @node's compaction begins anew then. */
static void sbuddy_kswapd_try_nap(struct sbuddy_machine *m, struct sbuddy_node *node)
{
	struct sbuddy_kswapd *k = &node->kswapd;

	if (!sbuddy_prepare_kswapd_sleep(m, node)) {
		sbuddy_count_vm_events(m, SBUDDY_KSWAPD_HIGH_WMARK_HIT_QUICKLY, 1);
		return;
	}
	sbuddy_reset_isolation_suitable(node);
	sbuddy_wakeup_kcompactd(m, node, k->alloc_order, k->highest_zoneidx);
	k->nap_end = sbuddy_clock(m) + SBUDDY_NAP_TICKS;
	WRITE_ONCE(k->woken, false);
	WRITE_ONCE(k->state, SBUDDY_KSWAPD_NAP);
	WRITE_ONCE(node->kswapd_running, false);
}

/* The nap was cut short: what it was about is asked for again. */
static void sbuddy_kswapd_woken_early(struct sbuddy_machine *m, struct sbuddy_node *node)
{
	struct sbuddy_kswapd *k = &node->kswapd;

	WRITE_ONCE(node->kswapd_highest_zoneidx,
		   sbuddy_requested_zoneidx(node, k->highest_zoneidx));
	if (READ_ONCE(node->kswapd_order) < k->reclaim_order)
		WRITE_ONCE(node->kswapd_order, k->reclaim_order);
	sbuddy_count_vm_events(m, SBUDDY_KSWAPD_LOW_WMARK_HIT_QUICKLY, 1);
}

/* The nap is over.  True if it goes on sleeping, now for as long as it takes. */
static bool sbuddy_kswapd_sleep(struct sbuddy_machine *m, struct sbuddy_node *node)
{
	if (!sbuddy_prepare_kswapd_sleep(m, node)) {
		sbuddy_count_vm_events(m, SBUDDY_KSWAPD_HIGH_WMARK_HIT_QUICKLY, 1);
		return false;
	}
	trace_sbuddy_mm_vmscan_kswapd_sleep(m, node->id);
	sbuddy_set_pgdat_percpu_threshold(m, node, false);
	WRITE_ONCE(node->kswapd.state, SBUDDY_KSWAPD_ASLEEP);
	return true;
}

/* True if it is up, with a run to do. */
static bool sbuddy_kswapd_get_up(struct sbuddy_machine *m, struct sbuddy_node *node)
{
	struct sbuddy_kswapd *k = &node->kswapd;

	switch (k->state) {
	case SBUDDY_KSWAPD_ASLEEP:
		if (!READ_ONCE(k->woken))
			return false;
		sbuddy_set_pgdat_percpu_threshold(m, node, true);
		break;
	case SBUDDY_KSWAPD_NAP:
		if (READ_ONCE(k->woken))
			sbuddy_kswapd_woken_early(m, node);
		else if (sbuddy_clock(m) < k->nap_end || sbuddy_kswapd_sleep(m, node))
			return false;
		break;
	}
	WRITE_ONCE(k->state, SBUDDY_KSWAPD_AWAKE);
	WRITE_ONCE(k->woken, false);
	WRITE_ONCE(node->kswapd_running, true);
	return true;
}

static void sbuddy_kswapd_run(struct sbuddy_machine *m, struct sbuddy_task *task,
			      struct sbuddy_node *node, struct sbuddy_kswapd_report *r)
{
	struct sbuddy_kswapd *k = &node->kswapd;

	k->alloc_order = READ_ONCE(node->kswapd_order);
	k->highest_zoneidx = sbuddy_requested_zoneidx(node, k->highest_zoneidx);
	WRITE_ONCE(node->kswapd_order, 0);
	WRITE_ONCE(node->kswapd_highest_zoneidx, SBUDDY_MAX_NR_ZONES);
	trace_sbuddy_mm_vmscan_kswapd_wake(m, node->id, k->highest_zoneidx, k->alloc_order);
	k->reclaim_order = sbuddy_balance_pgdat(m, task, node, k->alloc_order,
						k->highest_zoneidx, r);
	if (k->reclaim_order >= k->alloc_order) {
		k->alloc_order = READ_ONCE(node->kswapd_order);
		k->reclaim_order = k->alloc_order;
		k->highest_zoneidx = sbuddy_requested_zoneidx(node, k->highest_zoneidx);
	}
	sbuddy_kswapd_try_nap(m, node);
}

/**
 * sbuddy_kswapd_step() - what a node's kswapd does until it waits, or has balanced once
 * @m: machine
 * @task: as whom it works; it is one that frees memory, and a kernel thread
 * @nid: node that exists
 *
 * Nothing if it sleeps and was not woken, or its nap is not over.  Who wants it
 * to go on until it sleeps calls again while sbuddy_kswapd_has_work().
 *
 * Context: Process context.
 * Return: What it did.
 */
struct sbuddy_kswapd_report sbuddy_kswapd_step(struct sbuddy_machine *m,
					       struct sbuddy_task *task, int nid)
{
	struct sbuddy_task kswapd = {
		.cpu = task->cpu,
		.flags = SBUDDY_PF_KTHREAD | SBUDDY_PF_MEMALLOC,
	};
	struct sbuddy_kswapd_report r = { 0 };
	struct sbuddy_node *node = &m->nodes[nid];

	if (sbuddy_kswapd_get_up(m, node))
		sbuddy_kswapd_run(m, &kswapd, node, &r);
	if (node->kswapd.state == SBUDDY_KSWAPD_NAP && sbuddy_clock(m) < node->kswapd.nap_end)
		r.wait = node->kswapd.nap_end - sbuddy_clock(m);
	return r;
}

/**
 * sbuddy_kswapd_has_work() - would a step of a node's kswapd do something?
 * @m: machine
 * @nid: node that exists
 *
 * Context: Any.
 * Return: True if it is up, was woken, or its nap is over.
 */
bool sbuddy_kswapd_has_work(const struct sbuddy_machine *m, int nid)
{
	const struct sbuddy_kswapd *k = &m->nodes[nid].kswapd;
	u8 state = READ_ONCE(k->state);

	return state == SBUDDY_KSWAPD_AWAKE || READ_ONCE(k->woken) ||
	       (state == SBUDDY_KSWAPD_NAP && sbuddy_clock(m) >= READ_ONCE(k->nap_end));
}
