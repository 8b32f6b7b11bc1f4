// SPDX-License-Identifier: GPL-2.0
/*
 * Where the watermarks come from: min_free_kbytes from the machine's size,
 * each zone's marks from that, the lowmem reserves from the zones' sizes, and
 * the knobs that change them.
 *
 * Nothing here runs on an allocation path.  Callers serialise changes; readers
 * of the marks see either value.
 */
#include "os.h"
#include "rules.h"

#define SBUDDY_MIN_FREE_KBYTES_FLOOR	128
#define SBUDDY_MIN_FREE_KBYTES_CEILING	262144
#define SBUDDY_KBYTES_SHIFT		(SBUDDY_PAGE_SHIFT - 10)
#define SBUDDY_MIN_HIGH_FRACTION	8

/*
 * Pages that a request for kernel memory could have, summed over the node
 * that the machine boots on and its fallbacks: managed less the high mark.
 */
static unsigned long sbuddy_nr_free_buffer_pages(struct sbuddy_machine *m)
{
	struct sbuddy_node *node = &m->nodes[m->vcpu_node[0]];
	struct sbuddy_zoneref *z = node->zonelists[SBUDDY_ZONELIST_FALLBACK].ref;
	unsigned long sum = 0;

	for (; z->zone; z++) {
		long high = sbuddy_wmark_pages(z->zone, SBUDDY_WMARK_HIGH);

		if (z->zone_idx <= SBUDDY_ZONE_NORMAL && (long)z->zone->managed_pages > high)
			sum += z->zone->managed_pages - high;
	}
	return sum;
}

/* sqrt(16 * lowmem in KiB), between 128 KiB and 256 MiB; a larger user value stays. */
static void sbuddy_calculate_min_free_kbytes(struct sbuddy_machine *m)
{
	unsigned long lowmem_kbytes = sbuddy_nr_free_buffer_pages(m) << SBUDDY_KBYTES_SHIFT;
	long kbytes = int_sqrt(lowmem_kbytes * 16);

	if (kbytes <= m->knobs.user_min_free_kbytes)
		return;
	kbytes = max_t(long, kbytes, SBUDDY_MIN_FREE_KBYTES_FLOOR);
	m->knobs.min_free_kbytes = min_t(long, kbytes, SBUDDY_MIN_FREE_KBYTES_CEILING);
}

/*
 * khugepaged wants two free pageblocks of each zone plus one for each pair of
 * types that may mix, (2 + 3 * 3) in all, but not above a twentieth of the
 * memory.
 */
static void sbuddy_khugepaged_min_free_kbytes_update(struct sbuddy_machine *m)
{
	unsigned long pages = 0, cap = sbuddy_nr_free_buffer_pages(m) / 20;

	for (int i = 0; i < m->nr_zones; i++)
		if (m->zones[i]->idx <= SBUDDY_ZONE_NORMAL)
			pages += SBUDDY_PAGEBLOCK_NR_PAGES * (2 + 9);
	pages = min(pages, cap);
	m->knobs.min_free_kbytes = max(m->knobs.min_free_kbytes,
				       (long)(pages << SBUDDY_KBYTES_SHIFT));
	sbuddy_setup_per_zone_wmarks(m);
}

/* Per zone the largest reserve of any request plus the high mark, at most all of it. */
static void sbuddy_calculate_totalreserve_pages(struct sbuddy_machine *m)
{
	m->totalreserve_pages = 0;
	for (int nid = 0; nid < m->nr_nodes; nid++)
		m->nodes[nid].totalreserve_pages = 0;

	for (int i = 0; i < m->nr_zones; i++) {
		struct sbuddy_zone *zone = m->zones[i];
		long reserve = 0;

		for (int j = zone->idx; j < SBUDDY_MAX_NR_ZONES; j++)
			reserve = max(reserve, zone->lowmem_reserve[j]);
		reserve += sbuddy_wmark_pages(zone, SBUDDY_WMARK_HIGH);
		reserve = min_t(long, reserve, zone->managed_pages);
		m->nodes[zone->node].totalreserve_pages += reserve;
		m->totalreserve_pages += reserve;
	}
}

static unsigned long sbuddy_lowmem_pages(const struct sbuddy_machine *m)
{
	unsigned long sum = 0;

	for (int i = 0; i < m->nr_zones; i++)
		if (m->zones[i]->idx != SBUDDY_ZONE_MOVABLE || !m->rules->movable_token_min)
			sum += m->zones[i]->managed_pages;
	return sum;
}

/*
 * MIN is the zone's share of min_free_kbytes.  The Movable zone does not have
 * to serve in need, so it gets a token one, yet the same gaps above it; 6.1 did
 * not see that and shares with it too.
 */
static void sbuddy_setup_zone_wmarks(struct sbuddy_zone *zone, long pages_min, long lowmem_pages)
{
	long scale = zone->machine->knobs.watermark_scale_factor;
	long managed = zone->managed_pages;
	long share = lowmem_pages ? pages_min * managed / lowmem_pages : 0;
	long gap = max(share >> 2, sbuddy_mult_frac(managed, scale, 10000));
	long min = share;
	unsigned long flags;

	if (zone->idx == SBUDDY_ZONE_MOVABLE && zone->machine->rules->movable_token_min)
		min = min(max(managed / 1024, 32L), 128L);

	spin_lock_irqsave(&zone->lock, flags);
	WRITE_ONCE(zone->watermark_boost, 0);
	for (int i = 0; i < SBUDDY_NR_WMARK; i++)
		WRITE_ONCE(zone->watermark[i], min + i * gap);
	spin_unlock_irqrestore(&zone->lock, flags);
}

/**
 * sbuddy_setup_per_zone_wmarks() - recompute all marks, drop all boosts
 * @m: machine
 *
 * Then what depends on them: the total reserve and the pcp limits.
 *
 * Context: Serialised by the caller; takes zone locks.
 */
void sbuddy_setup_per_zone_wmarks(struct sbuddy_machine *m)
{
	long pages_min = m->knobs.min_free_kbytes >> SBUDDY_KBYTES_SHIFT;
	long lowmem_pages = sbuddy_lowmem_pages(m);

	for (int i = 0; i < m->nr_zones; i++)
		sbuddy_setup_zone_wmarks(m->zones[i], pages_min, lowmem_pages);
	sbuddy_calculate_totalreserve_pages(m);
	for (int i = 0; i < m->nr_zones; i++)
		sbuddy_zone_set_pageset_high_and_batch(m->zones[i], 0);
}

/**
 * sbuddy_setup_per_zone_lowmem_reserve() - what lower zones keep from higher requests
 * @m: machine
 *
 * reserve[j] of zone i = managed pages of the node's zones i + 1 ... j over
 * lowmem_reserve_ratio[i].
 *
 * Context: Serialised by the caller.
 */
void sbuddy_setup_per_zone_lowmem_reserve(struct sbuddy_machine *m)
{
	for (int i = 0; i < m->nr_zones; i++) {
		struct sbuddy_zone *zone = m->zones[i];
		int ratio = m->knobs.lowmem_reserve_ratio[zone->idx];
		bool clear = !ratio || !zone->managed_pages;
		unsigned long above = 0;

		for (int j = zone->idx + 1; j < SBUDDY_MAX_NR_ZONES; j++) {
			struct sbuddy_zone *upper = m->nodes[zone->node].node_zones[j];

			above += upper ? upper->managed_pages : 0;
			WRITE_ONCE(zone->lowmem_reserve[j], clear ? 0 : (long)(above / ratio));
		}
	}
	sbuddy_calculate_totalreserve_pages(m);
}

/*
 * What boot does, in its order.  The thresholds are refreshed once before there
 * are any marks, as when the CPUs come online: that is why machines show a drift
 * mark of just cpus * threshold.
 */
void sbuddy_init_per_zone_wmark_min(struct sbuddy_machine *m)
{
	sbuddy_refresh_zone_stat_thresholds(m);
	sbuddy_calculate_min_free_kbytes(m);
	sbuddy_setup_per_zone_wmarks(m);
	sbuddy_refresh_zone_stat_thresholds(m);
	sbuddy_setup_per_zone_lowmem_reserve(m);
	if (m->knobs.thp)
		sbuddy_khugepaged_min_free_kbytes_update(m);
}

/**
 * sbuddy_set_min_free_kbytes() - vm.min_free_kbytes
 * @m: machine
 * @kbytes: KiB, 0 or more
 *
 * Context: Serialised by the caller.
 * Return: 0, or -EINVAL for a value out of range.
 */
int sbuddy_set_min_free_kbytes(struct sbuddy_machine *m, long kbytes)
{
	if (kbytes < 0 || kbytes > INT_MAX)
		return -EINVAL;
	m->knobs.min_free_kbytes = kbytes;
	m->knobs.user_min_free_kbytes = kbytes;
	sbuddy_setup_per_zone_wmarks(m);
	return 0;
}

/**
 * sbuddy_set_watermark_scale_factor() - vm.watermark_scale_factor
 * @m: machine
 * @factor: gap between marks in 1/10000 of the zone, 1 to 3000
 *
 * Context: Serialised by the caller.
 * Return: 0, or -EINVAL for a value out of range.
 */
int sbuddy_set_watermark_scale_factor(struct sbuddy_machine *m, int factor)
{
	if (factor < 1 || factor > 3000)
		return -EINVAL;
	m->knobs.watermark_scale_factor = factor;
	sbuddy_setup_per_zone_wmarks(m);
	return 0;
}

/**
 * sbuddy_set_watermark_boost_factor() - vm.watermark_boost_factor
 * @m: machine
 * @factor: limit of the boost in 1/10000 of the high mark, 0 = never boost
 *
 * Context: Serialised by the caller.
 * Return: 0, or -EINVAL for a negative value.
 */
int sbuddy_set_watermark_boost_factor(struct sbuddy_machine *m, int factor)
{
	if (factor < 0)
		return -EINVAL;
	m->knobs.watermark_boost_factor = factor;
	return 0;
}

/**
 * sbuddy_set_percpu_pagelist_high_fraction() - vm.percpu_pagelist_high_fraction
 * @m: machine
 * @fraction: 0 = tune between limits, else 8 or more: fixed at 1/fraction
 *
 * Context: Serialised by the caller.
 * Return: 0, or -EINVAL for 1 to 7 or a negative value.
 */
int sbuddy_set_percpu_pagelist_high_fraction(struct sbuddy_machine *m, int fraction)
{
	if (fraction < 0 || (fraction && fraction < SBUDDY_MIN_HIGH_FRACTION))
		return -EINVAL;
	if (fraction == m->knobs.percpu_pagelist_high_fraction)
		return 0;
	m->knobs.percpu_pagelist_high_fraction = fraction;
	for (int i = 0; i < m->nr_zones; i++)
		sbuddy_zone_set_pageset_high_and_batch(m->zones[i], 0);
	return 0;
}

/**
 * sbuddy_set_lowmem_reserve_ratio() - vm.lowmem_reserve_ratio
 * @m: machine
 * @ratio: SBUDDY_MAX_NR_ZONES numbers by zone; below 1 means no reserve
 *
 * Context: Serialised by the caller.
 * Return: 0.
 */
int sbuddy_set_lowmem_reserve_ratio(struct sbuddy_machine *m, const int *ratio)
{
	for (int i = 0; i < SBUDDY_MAX_NR_ZONES; i++)
		m->knobs.lowmem_reserve_ratio[i] = max(ratio[i], 0);
	sbuddy_setup_per_zone_lowmem_reserve(m);
	return 0;
}
