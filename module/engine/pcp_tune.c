// SPDX-License-Identifier: GPL-2.0
/*
 * How much the per-CPU lists hold and move: limits from the zone's size, and
 * the tuning of refill and drain between them.
 *
 * A vcpu that allocates in a row gets ever larger refills and a higher mark
 * above which frees drain; one that frees in a row drains ever larger
 * batches; when the zone runs low or kswapd works on it the mark comes
 * down.  Each heuristic is one function here; pcp.c carries out what they say.
 * Of the 6.1 rules, which do not tune, only the limits are here.
 *
 * Lock: the pcp lock, but for the limits, which are written and read racily
 * and clamp sbuddy_pcp::high at its next use.
 */
#include "os.h"
#include "rules.h"

static int sbuddy_clamp_high(int v, int lo, int hi)
{
	if (v >= hi)
		return hi;
	return v <= lo ? lo : v;
}

static void sbuddy_set_high(struct sbuddy_zone *zone, struct sbuddy_pcp *pcp, int high,
			    enum sbuddy_tune_reason reason)
{
	trace_sbuddy_pcp_tuned(zone, (int)(pcp - zone->pcp), reason, pcp->high, high,
			       pcp->alloc_factor, pcp->free_count);
	pcp->high = high;
}

/**
 * sbuddy_nr_pcp_alloc() - blocks that a refill asks for
 * @zone: zone
 * @pcp: lists to refill; high and alloc_factor are tuned
 * @order: order of the blocks
 *
 * Context: pcp lock held.
 * Return: Number of blocks, at least 1.
 */
int sbuddy_nr_pcp_alloc(struct sbuddy_zone *zone, struct sbuddy_pcp *pcp, unsigned int order)
{
	int base = READ_ONCE(pcp->batch);
	int high_min = READ_ONCE(pcp->high_min), high_max = READ_ONCE(pcp->high_max);
	int high, batch, max_nr;

	high = sbuddy_clamp_high(pcp->high, high_min, high_max);
	pcp->high = high;
	if (high < base)
		return 1;

	batch = order ? base : base << pcp->alloc_factor;
	if (high_min != high_max && !test_bit(SBUDDY_ZONE_BELOW_HIGH, &zone->flags)) {
		high = min(high + batch, high_max);
		if (high != pcp->high)
			sbuddy_set_high(zone, pcp, high, SBUDDY_TUNE_REFILL_RAISE);
	}
	if (!order) {
		max_nr = max(high - pcp->count - base, base);
		if (batch <= max_nr && pcp->alloc_factor < SBUDDY_PCP_BATCH_SCALE_MAX)
			pcp->alloc_factor++;
		batch = min(batch, max_nr);
	}
	if (batch > 1)
		batch = max(batch >> order, 2);
	return batch;
}

static void sbuddy_lower_high(struct sbuddy_zone *zone, struct sbuddy_pcp *pcp, int by,
			      int high_min, enum sbuddy_tune_reason reason)
{
	sbuddy_set_high(zone, pcp, max(pcp->high - by, high_min), reason);
}

/**
 * sbuddy_nr_pcp_high() - pages from which on a free drains
 * @zone: zone
 * @pcp: lists that a block was just put on; high is tuned
 * @batch: sbuddy_pcp::batch as read by the caller
 * @free_high: high orders are freed in a row
 *
 * Context: pcp lock held.
 * Return: Threshold in pages; 0 drains at once.
 */
int sbuddy_nr_pcp_high(struct sbuddy_zone *zone, struct sbuddy_pcp *pcp, int batch, bool free_high)
{
	int high_min = READ_ONCE(pcp->high_min), high_max = READ_ONCE(pcp->high_max);
	int high = sbuddy_clamp_high(pcp->high, high_min, high_max);

	pcp->high = high;
	if (unlikely(!high))
		return 0;
	if (unlikely(free_high)) {
		sbuddy_lower_high(zone, pcp, batch << SBUDDY_PCP_BATCH_SCALE_MAX, high_min,
				  SBUDDY_TUNE_FREE_HIGH);
		return 0;
	}
	if (unlikely(test_bit(SBUDDY_ZONE_RECLAIM_ACTIVE, &zone->flags))) {
		sbuddy_lower_high(zone, pcp, max_t(int, pcp->free_count, batch), high_min,
				  SBUDDY_TUNE_RECLAIM);
		return min(batch << 2, pcp->high);
	}
	if (high_min == high_max)
		return high;
	if (unlikely(test_bit(SBUDDY_ZONE_BELOW_HIGH, &zone->flags))) {
		sbuddy_lower_high(zone, pcp, max_t(int, pcp->free_count, batch), high_min,
				  SBUDDY_TUNE_BELOW_HIGH);
		return max(pcp->count, high_min);
	}
	if (pcp->count >= high) {
		int need = pcp->free_count + batch;

		if (pcp->high < need)
			sbuddy_set_high(zone, pcp, sbuddy_clamp_high(need, high_min, high_max),
					SBUDDY_TUNE_FREE_RAISE);
	}
	return high;
}

/**
 * sbuddy_nr_pcp_free() - pages that an overflow drains
 * @pcp: lists
 * @batch: sbuddy_pcp::batch as read by the caller
 * @high: what sbuddy_nr_pcp_high() returned
 * @free_high: high orders are freed in a row
 *
 * Context: pcp lock held.
 * Return: Pages.
 */
int sbuddy_nr_pcp_free(const struct sbuddy_pcp *pcp, int batch, int high, bool free_high)
{
	if (unlikely(free_high))
		return min(pcp->count, batch << SBUDDY_PCP_BATCH_SCALE_MAX);
	if (unlikely(high < batch))
		return 1;
	return sbuddy_clamp_high(pcp->free_count, batch, high - batch);
}

/*
 * Pages a trip to the buddy moves: a quarter of 1/1024 of the zone, at most
 * 256 KiB, times 1.5 and rounded down to 2^n - 1, which keeps a batch from
 * falling into step with power-of-two users.
 */
static int sbuddy_zone_batchsize(const struct sbuddy_zone *zone)
{
	unsigned long batch = min(zone->managed_pages >> 10, 256UL) / 4;

	batch = max(batch, 1UL);
	batch = rounddown_pow_of_two(batch + batch / 2) - 1;
	return max_t(int, batch, 1);
}

/* A share of @total pages for each vcpu near the zone, at least four batches. */
static int sbuddy_zone_highsize(const struct sbuddy_zone *zone, int batch, int cpus_online,
				unsigned long total)
{
	int cpus = zone->machine->nodes[zone->node].nr_cpus + cpus_online;

	if (!cpus)
		cpus = zone->machine->nr_vcpus;
	return max((int)(total / cpus), batch << 2);
}

/* What every vcpu's lists may hold from now on; the zone remembers another set. */
void sbuddy___zone_set_pageset_high_and_batch(struct sbuddy_zone *zone, int high_min,
					      int high_max, int batch)
{
	for (int cpu = 0; cpu < zone->machine->nr_vcpus; cpu++) {
		struct sbuddy_pcp *pcp = &zone->pcp[cpu];

		WRITE_ONCE(pcp->batch, batch);
		WRITE_ONCE(pcp->high_min, high_min);
		WRITE_ONCE(pcp->high_max, high_max);
		if (!zone->machine->rules->pcp_tunes)
			WRITE_ONCE(pcp->high, high_max);
		trace_sbuddy_pcp_tuned(zone, cpu, SBUDDY_TUNE_LIMITS, pcp->high, pcp->high,
				       pcp->alloc_factor, pcp->free_count);
	}
}

/**
 * sbuddy_zone_set_pageset_high_and_batch() - recompute the limits of a zone's pcp lists
 * @zone: zone
 * @cpus_online: 1 while a vcpu comes online and is not yet counted, else 0
 *
 * high_min is the low watermark, high_max an eighth of the zone, both shared
 * among the node's vcpus; with percpu_pagelist_high_fraction both are that
 * fraction.  sbuddy_pcp::high follows at its next use.  Where nothing is tuned
 * both are the low watermark's share, and so is sbuddy_pcp::high at once.
 *
 * Context: Serialised with other changes of knobs by the caller.
 */
void sbuddy_zone_set_pageset_high_and_batch(struct sbuddy_zone *zone, int cpus_online)
{
	int fraction = zone->machine->knobs.percpu_pagelist_high_fraction;
	int batch = sbuddy_zone_batchsize(zone);
	int high_min, high_max;

	if (fraction) {
		high_min = sbuddy_zone_highsize(zone, batch, cpus_online,
						zone->managed_pages / fraction);
		high_max = high_min;
	} else {
		high_min = sbuddy_zone_highsize(zone, batch, cpus_online,
						sbuddy_wmark_pages(zone, SBUDDY_WMARK_LOW));
		high_max = high_min;
		if (zone->machine->rules->pcp_tunes)
			high_max = sbuddy_zone_highsize(zone, batch, cpus_online,
							zone->managed_pages / 8);
	}
	if (zone->pcp_high_min == high_min && zone->pcp_high_max == high_max &&
	    zone->pcp_batch == batch)
		return;
	zone->pcp_high_min = high_min;
	zone->pcp_high_max = high_max;
	zone->pcp_batch = batch;
	sbuddy___zone_set_pageset_high_and_batch(zone, high_min, high_max, batch);
}
