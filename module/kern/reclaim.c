// SPDX-License-Identifier: GPL-2.0
/*
 * Reclaim by hand, for ioctl and debugfs: as for a request, kswapd in steps, time.
 *
 * A node's kswapd is one: whoever makes a step of it, a daemon or a program,
 * holds one of sbuddy_kswapd_locks.  They nest inside sbuddy_machines_lock and
 * outside everything of the engine.
 */
#include <linux/mutex.h>

#include "compact.h"
#include "ioctl.h"
#include "reclaim.h"

#define MAX_TICKS	(24ULL * 3600 * SBUDDY_HZ)	/* a day at a time */
#define MAX_AGE		(1ULL << 20)

static struct mutex kswapd_locks[64] = {
	[0 ... 63] = __MUTEX_INITIALIZER(kswapd_locks[0])
};

static struct mutex *kswapd_lock(const struct sbuddy_machine *m, int nid)
{
	return &kswapd_locks[(m->id * SBUDDY_MAX_NODES + nid) % ARRAY_SIZE(kswapd_locks)];
}

/**
 * sbuddy_reclaim_kswapd() - a node's kswapd does what it would do next
 * @m:	 machine
 * @nid: node that exists
 *
 * Context: May sleep.  Caller holds sbuddy_machines_lock for read.
 * Return: what it did; nothing if a fatal signal came first.
 */
struct sbuddy_kswapd_report sbuddy_reclaim_kswapd(struct sbuddy_machine *m, int nid)
{
	struct sbuddy_task task = { .cpu = sbuddy_current_vcpu(m) };
	struct sbuddy_kswapd_report r = { };

	if (mutex_lock_killable(kswapd_lock(m, nid)))
		return r;
	r = sbuddy_kswapd_step(m, &task, nid);
	mutex_unlock(kswapd_lock(m, nid));
	return r;
}

static bool request_valid(const struct sbuddy_reclaim_arg *a)
{
	const u32 types = SBUDDY_GFP_MOVABLE | SBUDDY_GFP_RECLAIMABLE;

	return a->action < SBUDDY_NR_RECLAIM_ACTIONS && a->order <= SBUDDY_MAX_PAGE_ORDER &&
	       !(a->gfp & ~SBUDDY_GFP_ALL) && (a->gfp & types) != types &&
	       a->ticks <= MAX_TICKS && a->nr <= MAX_AGE;
}

/* kswapd is asked as if the highest zone up to @zone had run low. */
static int wake(struct sbuddy_machine *m, const struct sbuddy_reclaim_arg *a, u32 gfp)
{
	int idx;

	if (a->zone < 0 || a->zone >= SBUDDY_MAX_NR_ZONES)
		return -EINVAL;
	for (idx = a->zone; idx >= 0; idx--) {
		struct sbuddy_zone *zone = m->nodes[a->node].node_zones[idx];

		if (!zone)
			continue;
		sbuddy_wakeup_kswapd(zone, gfp, a->order, a->zone);
		return 0;
	}
	return -ENOENT;
}

static int perform(struct sbuddy_machine *m, struct sbuddy_reclaim_arg *a)
{
	struct sbuddy_task task = { .cpu = sbuddy_current_vcpu(m) };
	u32 gfp = a->gfp ?: SBUDDY_GFP_KERNEL;
	struct sbuddy_kswapd_report r;
	int timeout;

	switch (a->action) {
	case SBUDDY_RECLAIM_DIRECT:
		a->reclaimed = sbuddy_reclaim_for(m, &task, gfp, a->order, a->node, &a->scanned);
		return 0;
	case SBUDDY_RECLAIM_KSWAPD:
		r = sbuddy_reclaim_kswapd(m, a->node);
		a->reclaimed = r.reclaimed;
		a->scanned = r.scanned;
		a->wait = r.wait;
		return 0;
	case SBUDDY_RECLAIM_KCOMPACTD:
		timeout = sbuddy_compact_kcompactd(m, a->node);
		a->wait = max(timeout, 0) * SBUDDY_HZ / 1000;
		return min(timeout, 0);
	case SBUDDY_RECLAIM_WAKE:
		return wake(m, a, gfp);
	case SBUDDY_RECLAIM_TICK:
		sbuddy_clock_advance(m, &task, a->ticks);
		return 0;
	default:
		sbuddy_age_node(m, &task, a->node, a->nr);
		return 0;
	}
}

/**
 * sbuddy_reclaim_perform() - reclaim as a request says
 * @m: machine
 * @a: request; out, what was done and how things stand
 *
 * Context: May sleep.  Caller holds sbuddy_machines_lock for read.
 * Return: 0; -EINVAL for a request that cannot be; -ENOENT for a node or zone
 * that the machine lacks; -EINTR by a fatal signal.
 */
int sbuddy_reclaim_perform(struct sbuddy_machine *m, struct sbuddy_reclaim_arg *a)
{
	const struct sbuddy_kswapd *k;
	int err;

	if (!request_valid(a))
		return -EINVAL;
	if (a->node < 0 || a->node >= m->nr_nodes || !m->nodes[a->node].online)
		return -ENOENT;
	a->reclaimed = 0;
	a->scanned = 0;
	a->wait = 0;
	err = perform(m, a);
	k = &m->nodes[a->node].kswapd;
	a->clock = sbuddy_clock(m);
	a->kswapd = READ_ONCE(k->state);
	a->woken = READ_ONCE(k->woken);
	a->failures = READ_ONCE(k->failures);
	a->free_swap = sbuddy_nr_free_swap(m);
	a->total_swap = READ_ONCE(m->knobs.swap_pages);
	return err;
}
