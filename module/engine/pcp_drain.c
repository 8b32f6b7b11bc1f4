// SPDX-License-Identifier: GPL-2.0
/*
 * Draining per-CPU lists from outside: on request, and the periodic step that
 * in the kernel the vmstat worker takes once a second on each CPU: fold the
 * pending counters, let the high mark decay, give remote lists back.
 *
 * Unlike the allocation paths these wait for the pcp lock.
 */
#include "os.h"
#include "rules.h"

/* Vmstat periods without a counter change until a remote zone's lists lose a batch. */
#define SBUDDY_PCP_EXPIRE	3

static void sbuddy_drain_pcp(struct sbuddy_zone *zone, struct sbuddy_task *task,
			     struct sbuddy_pcp *pcp, int count)
{
	spin_lock(&pcp->lock);
	zone->machine->rules->free_pcppages_bulk(zone, task, count, pcp, 0);
	spin_unlock(&pcp->lock);
}

/* All of a vcpu's lists of one zone, in pieces.  Process context. */
void sbuddy_drain_pages_zone(struct sbuddy_zone *zone, struct sbuddy_task *task, int cpu)
{
	struct sbuddy_pcp *pcp = &zone->pcp[cpu];
	int left;

	do {
		spin_lock(&pcp->lock);
		left = pcp->count;
		if (left) {
			int n = min(left, pcp->batch << SBUDDY_PCP_BATCH_SCALE_MAX);

			zone->machine->rules->free_pcppages_bulk(zone, task, n, pcp, 0);
			left -= n;
		}
		spin_unlock(&pcp->lock);
		os_cond_resched();
	} while (left > 0);
}

/**
 * sbuddy_drain_pages() - give one vcpu's lists back to the buddy, in every zone
 * @m: machine
 * @task: who drains; its vcpu's counters take the deltas
 * @cpu: vcpu whose lists are drained
 *
 * Context: Process context.  Takes pcp and zone locks.
 */
void sbuddy_drain_pages(struct sbuddy_machine *m, struct sbuddy_task *task, int cpu)
{
	for (int i = 0; i < m->nr_zones; i++)
		sbuddy_drain_pages_zone(m->zones[i], task, cpu);
}

static bool sbuddy_has_pcps(const struct sbuddy_machine *m, int cpu)
{
	for (int i = 0; i < m->nr_zones; i++)
		if (READ_ONCE(m->zones[i]->pcp[cpu].count))
			return true;
	return false;
}

/**
 * sbuddy_drain_all_pages() - give every vcpu's lists back to the buddy
 * @m: machine
 * @task: who drains; its vcpu's counters take the deltas
 *
 * Vcpus in ascending order; one whose lists look empty is left out.
 *
 * Context: Process context.  Takes pcp and zone locks.
 */
void sbuddy_drain_all_pages(struct sbuddy_machine *m, struct sbuddy_task *task)
{
	for (int cpu = 0; cpu < m->nr_vcpus; cpu++)
		if (sbuddy_has_pcps(m, cpu))
			sbuddy_drain_pages(m, task, cpu);
}

/**
 * sbuddy_drain_all_pages_zone() - give every vcpu's lists of a zone back to the buddy
 * @zone: zone
 * @task: who drains; its vcpu's counters take the deltas
 *
 * Context: Process context.  Takes pcp and zone locks.
 */
void sbuddy_drain_all_pages_zone(struct sbuddy_zone *zone, struct sbuddy_task *task)
{
	for (int cpu = 0; cpu < zone->machine->nr_vcpus; cpu++)
		if (READ_ONCE(zone->pcp[cpu].count))
			sbuddy_drain_pages_zone(zone, task, cpu);
}

/**
 * sbuddy_zone_pcp_disable() - keep pages of a zone off the per-CPU lists
 * @zone: zone
 * @task: who drains
 *
 * The limits become zero, so that each free drains at once and each refill
 * asks for one block, and every vcpu's lists are drained.
 *
 * Context: Process context.  Takes pcp and zone locks.  Serialised with changes
 * of knobs by the caller, until sbuddy_zone_pcp_enable().
 */
void sbuddy_zone_pcp_disable(struct sbuddy_zone *zone, struct sbuddy_task *task)
{
	sbuddy___zone_set_pageset_high_and_batch(zone, 0, 0, 1);
	for (int cpu = 0; cpu < zone->machine->nr_vcpus; cpu++)
		sbuddy_drain_pages_zone(zone, task, cpu);
}

/**
 * sbuddy_zone_pcp_enable() - undo sbuddy_zone_pcp_disable()
 * @zone: zone
 *
 * Context: As sbuddy_zone_pcp_disable().
 */
void sbuddy_zone_pcp_enable(struct sbuddy_zone *zone)
{
	sbuddy___zone_set_pageset_high_and_batch(zone, zone->pcp_high_min, zone->pcp_high_max,
						 zone->pcp_batch);
}

/* The high mark comes down by an eighth, and what is above it goes, batch by batch. */
static void sbuddy_decay_pcp_high(struct sbuddy_zone *zone, struct sbuddy_task *task,
				  struct sbuddy_pcp *pcp)
{
	int batch = READ_ONCE(pcp->batch), high_min = READ_ONCE(pcp->high_min);
	int old, excess, n;

	spin_lock(&pcp->lock);
	old = pcp->high;
	if (pcp->high > high_min) {
		int floor = pcp->count - (batch << SBUDDY_PCP_BATCH_SCALE_MAX);

		pcp->high = max(max(floor, pcp->high - (pcp->high >> 3)), high_min);
		trace_sbuddy_pcp_tuned(zone, (int)(pcp - zone->pcp), SBUDDY_TUNE_DECAY, old,
				       pcp->high, pcp->alloc_factor, pcp->free_count);
	}
	excess = pcp->count - pcp->high;
	spin_unlock(&pcp->lock);
	for (; excess > 0; excess -= n) {
		n = min(excess, batch);
		sbuddy_drain_pcp(zone, task, pcp, n);
	}
}

/*
 * Lists of a zone on another node are drained a batch at a time when nobody
 * uses them: @changed says that somebody did in the last period.  Under the pcp
 * lock, as two may step the same vcpu here.
 */
static void sbuddy_expire_remote(struct sbuddy_zone *zone, struct sbuddy_task *task,
				 struct sbuddy_pcp *pcp, int cpu, bool changed)
{
	spin_lock(&pcp->lock);
	if (changed)
		pcp->expire = SBUDDY_PCP_EXPIRE;
	if (pcp->expire && pcp->count) {
		if (zone->node == zone->machine->vcpu_node[cpu])
			pcp->expire = 0;
		else if (!--pcp->expire)
			zone->machine->rules->free_pcppages_bulk(zone, task,
								 READ_ONCE(pcp->batch), pcp, 0);
	}
	spin_unlock(&pcp->lock);
}

static bool sbuddy_fold_locked(struct sbuddy_zone *zone, int cpu)
{
	bool pending;
	unsigned long flags;

	spin_lock_irqsave(&zone->lock, flags);
	pending = zone->zstat[cpu].free_diff;
	sbuddy_fold_zone_diff(zone, cpu);
	spin_unlock_irqrestore(&zone->lock, flags);
	return pending;
}

/**
 * sbuddy_refresh_cpu_vm_stats() - one vmstat period of a vcpu
 * @m: machine
 * @task: who steps; normally runs on @cpu
 * @cpu: vcpu
 *
 * Folds the vcpu's pending counters, decays its high marks, expires its lists
 * of remote zones.
 *
 * Context: Process context.  Takes pcp and zone locks.
 */
void sbuddy_refresh_cpu_vm_stats(struct sbuddy_machine *m, struct sbuddy_task *task, int cpu)
{
	for (int i = 0; i < m->nr_zones; i++) {
		struct sbuddy_zone *zone = m->zones[i];
		struct sbuddy_pcp *pcp = &zone->pcp[cpu];
		bool changed = sbuddy_fold_locked(zone, cpu);

		if (m->rules->pcp_tunes)
			sbuddy_decay_pcp_high(zone, task, pcp);
		sbuddy_expire_remote(zone, task, pcp, cpu, changed);
	}
}
