// SPDX-License-Identifier: GPL-2.0
/*
 * Compaction by hand, for ioctl and debugfs: which zones, in which order, and
 * the runs in steps.
 *
 * sbuddy_compact_lock serialises all of it, and guards sbuddy_machine::walk; it
 * nests inside sbuddy_machines_lock and outside everything of the engine.
 */
#include <linux/err.h>
#include <linux/mutex.h>

#include "ioctl.h"
#include "compact.h"

static DEFINE_MUTEX(sbuddy_compact_lock);

static bool request_valid(const struct sbuddy_compact *a)
{
	const u32 types = SBUDDY_GFP_MOVABLE | SBUDDY_GFP_RECLAIMABLE;

	return a->action < SBUDDY_NR_COMPACT_ACTIONS && a->mode < SBUDDY_NR_MIGRATE_MODES &&
	       !(a->options & ~SBUDDY_COMPACT_OPTIONS) && !a->reserved2 &&
	       (a->order == -1 || (a->order >= 1 && a->order <= SBUDDY_MAX_PAGE_ORDER)) &&
	       !(a->gfp & ~SBUDDY_GFP_ALL) && (a->gfp & types) != types;
}

static struct sbuddy_compact_args args_of(const struct sbuddy_compact *a,
					  struct sbuddy_zone *zone)
{
	return (struct sbuddy_compact_args) {
		.zone = zone,
		.order = a->order,
		.gfp = a->gfp ?: SBUDDY_GFP_KERNEL,
		.mode = a->mode,
		.cached = a->options & SBUDDY_COMPACT_CACHED,
	};
}

/* 0 if the request names a node, and a zone, that can be, or all of them. */
static int place_exists(struct sbuddy_machine *m, const struct sbuddy_compact *a)
{
	if (a->zone < SBUDDY_ALL_ZONES || a->zone >= SBUDDY_MAX_NR_ZONES ||
	    a->node < SBUDDY_ALL_ZONES)
		return -EINVAL;
	if (a->node != SBUDDY_ALL_ZONES &&
	    (a->node >= m->nr_nodes || !m->nodes[a->node].online))
		return -ENOENT;
	if (a->node != SBUDDY_ALL_ZONES && a->zone != SBUDDY_ALL_ZONES)
		return PTR_ERR_OR_ZERO(sbuddy_find_zone(m, a->node, a->zone));
	return 0;
}

static bool zone_wanted(const struct sbuddy_zone *zone, const struct sbuddy_compact *a)
{
	return (a->node == SBUDDY_ALL_ZONES || a->node == zone->node) &&
	       (a->zone == SBUDDY_ALL_ZONES || a->zone == zone->idx);
}

/* Zone after zone, in node and zone order, until the budget is used up. */
static int run_zones(struct sbuddy_machine *m, const struct sbuddy_compact *a,
		     struct sbuddy_task *task, struct sbuddy_migrate_log *log,
		     struct sbuddy_compact_report *r)
{
	int i, err = place_exists(m, a);

	if (err)
		return err;
	for (i = 0; i < m->nr_zones; i++) {
		struct sbuddy_compact_args args = args_of(a, m->zones[i]);
		u64 tried = r->migrated + r->failed;

		if (!zone_wanted(m->zones[i], a))
			continue;
		if (a->budget && tried >= a->budget)
			break;
		sbuddy_compact_one(&args, task, a->budget ? a->budget - tried : 0, log, r);
	}
	return 0;
}

static int start(struct sbuddy_machine *m, const struct sbuddy_compact *a,
		 struct sbuddy_task *task, u32 holder, struct sbuddy_compact_report *r)
{
	struct sbuddy_zone *zone = sbuddy_find_zone(m, a->node, a->zone);
	struct sbuddy_compact_args args;

	if (IS_ERR(zone))
		return PTR_ERR(zone);
	args = args_of(a, zone);
	args.holder = holder;
	return sbuddy_compact_start(&args, task, r);
}

static int perform(struct sbuddy_machine *m, const struct sbuddy_compact *a, u32 holder,
		   struct sbuddy_migrate_log *log, struct sbuddy_compact_report *r)
{
	struct sbuddy_task task = { .cpu = sbuddy_current_vcpu(m) };

	switch (a->action) {
	case SBUDDY_COMPACT_RUN:
		sbuddy_lru_drain(m, &task);
		return run_zones(m, a, &task, log, r);
	case SBUDDY_COMPACT_START:
		return start(m, a, &task, holder, r);
	case SBUDDY_COMPACT_STEP:
		return sbuddy_compact_step(m, &task, a->budget, log, r);
	default:
		return sbuddy_compact_stop(m, &task, r);
	}
}

/**
 * sbuddy_compact_perform - compact as a request says
 * @m:	    machine
 * @a:	    request; out, what was done, but for the records
 * @holder: number of the open file
 * @log:    what became of pages
 *
 * Context: May sleep.  Caller holds sbuddy_machines_lock for read.
 * Return: 0; -EINVAL for a request that cannot be; -ENOENT for a node or zone
 * that the machine lacks, or a step without a run; -EBUSY for a second run in
 * steps; -ENOMEM; -EINTR by a fatal signal.
 */
int sbuddy_compact_perform(struct sbuddy_machine *m, struct sbuddy_compact *a, u32 holder,
			   struct sbuddy_migrate_log *log)
{
	struct sbuddy_compact_report r = { };
	int err;

	if (!request_valid(a))
		return -EINVAL;
	if (mutex_lock_killable(&sbuddy_compact_lock))
		return -EINTR;
	err = perform(m, a, holder, log, &r);
	mutex_unlock(&sbuddy_compact_lock);
	a->result = r.result;
	a->move = r.move;
	a->migrate_pfn = r.migrate_pfn;
	a->free_pfn = r.free_pfn;
	a->migrate_scanned = r.migrate_scanned;
	a->free_scanned = r.free_scanned;
	a->isolated = r.isolated;
	a->migrated = r.migrated;
	a->failed = r.failed;
	a->free_held = r.free_held;
	a->nr_records = log->nr;
	return err;
}

/**
 * sbuddy_compact_kcompactd - let a node's kcompactd do what it would do next
 * @m:	 machine
 * @nid: node that exists
 *
 * Context: May sleep.  Caller holds sbuddy_machines_lock for read.
 * Return: milliseconds until it would look again by itself, 0 for never; -EINTR.
 */
int sbuddy_compact_kcompactd(struct sbuddy_machine *m, int nid)
{
	struct sbuddy_task task = { .cpu = sbuddy_current_vcpu(m) };
	int timeout;

	if (mutex_lock_killable(&sbuddy_compact_lock))
		return -EINTR;
	timeout = sbuddy_kcompactd_step(m, &task, nid);
	mutex_unlock(&sbuddy_compact_lock);
	return timeout;
}

/**
 * sbuddy_compact_release - end the runs that an open file started
 * @holder: its number
 *
 * Context: May sleep.  Caller holds sbuddy_machines_lock for read.
 */
void sbuddy_compact_release(u32 holder)
{
	struct sbuddy_machine *m;
	u32 id;

	mutex_lock(&sbuddy_compact_lock);
	for (id = 0; (m = sbuddy_machine_next(&id)); id++) {
		struct sbuddy_task task = { .cpu = sbuddy_current_vcpu(m) };

		if (sbuddy_compact_holder(m) == holder)
			sbuddy_compact_stop(m, &task, NULL);
	}
	mutex_unlock(&sbuddy_compact_lock);
}
