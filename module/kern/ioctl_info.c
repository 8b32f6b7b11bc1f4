// SPDX-License-Identifier: GPL-2.0
/*
 * SBUDDY_IOC_INFO and SBUDDY_IOC_STATS: what a machine is made of and what it
 * has counted.
 *
 * Owns no state.  Values are gathered into kernel memory under
 * sbuddy_machines_lock and copied out after; they are read without the locks
 * that guard them, so they need not belong to one moment.
 */
#include <linux/err.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "ioctl.h"

static void fill_zone(struct sbuddy_zone_info *info, const struct sbuddy_zone *zone)
{
	unsigned int i;

	BUILD_BUG_ON(ARRAY_SIZE(info->watermark) != SBUDDY_NR_WMARK);
	BUILD_BUG_ON(ARRAY_SIZE(info->lowmem_reserve) != SBUDDY_MAX_NR_ZONES);
	strscpy(info->name, sbuddy_zone_name(zone->idx), sizeof(info->name));
	info->node = zone->node;
	info->zone = zone->idx;
	info->flags = READ_ONCE(zone->flags);
	info->pcp_batch = zone->pcp_batch;
	info->pcp_high_min = zone->pcp_high_min;
	info->pcp_high_max = zone->pcp_high_max;
	info->start_pfn = zone->zone_start_pfn;
	info->spanned = zone->spanned_pages;
	info->present = zone->present_pages;
	info->managed = zone->managed_pages;
	for (i = 0; i < SBUDDY_NR_WMARK; i++)
		info->watermark[i] = zone->watermark[i];
	for (i = 0; i < SBUDDY_MAX_NR_ZONES; i++)
		info->lowmem_reserve[i] = zone->lowmem_reserve[i];
	info->watermark_boost = READ_ONCE(zone->watermark_boost);
	info->nr_free = READ_ONCE(zone->nr_free_pages);
	info->nr_free_exact = sbuddy_zone_page_state_snapshot(zone);
	info->nr_free_highatomic = READ_ONCE(zone->nr_free_highatomic);
	info->nr_reserved_highatomic = READ_ONCE(zone->nr_reserved_highatomic);
	info->nr_isolate = READ_ONCE(zone->nr_isolate_pageblock);
}

static void fill_info(const struct sbuddy_machine *m, struct sbuddy_info *info)
{
	info->machine_flags = sbuddy_machine_flags(m);
	info->nr_zones = m->nr_zones;
	info->nr_vcpus = m->nr_vcpus;
	info->nr_nodes = m->nr_nodes;
	info->online_nodes = m->online_nodes;
	info->page_shift = SBUDDY_PAGE_SHIFT;
	info->base_pfn = m->base_pfn;
	info->nr_pages = m->nr_pages;
	info->metadata_bytes = sbuddy_machine_metadata_bytes(m);
	info->min_free_kbytes = m->knobs.min_free_kbytes;
	info->region_pfn = m->backed ? sbuddy_region.start_pfn : 0;
	info->region_pages = m->backed ? sbuddy_region.nr_pages : 0;
	info->region_node = m->backed ? sbuddy_region.piece[0].node : -1;
	info->nr_pieces = m->backed ? sbuddy_region.nr_pieces : 0;
}

/**
 * struct shape - arrays of an INFO on their way out
 * @vcpu_nodes: node of each vcpu
 * @distances:	nr_nodes rows of nr_nodes
 * @nr_zones:	elements of @zones
 * @zones:	populated zones
 */
struct shape {
	u8 vcpu_nodes[SBUDDY_MAX_VCPUS];
	u8 distances[SBUDDY_MAX_NODES * SBUDDY_MAX_NODES];
	int nr_zones;
	struct sbuddy_zone_info zones[];
};

static struct shape *gather_shape(const struct sbuddy_machine *m)
{
	struct shape *s = kvzalloc(struct_size(s, zones, m->nr_zones), GFP_KERNEL);
	int i;

	if (!s)
		return NULL;
	s->nr_zones = m->nr_zones;
	for (i = 0; i < m->nr_zones; i++)
		fill_zone(&s->zones[i], m->zones[i]);
	memcpy(s->vcpu_nodes, m->vcpu_node, m->nr_vcpus);
	for (i = 0; i < m->nr_nodes; i++)
		memcpy(s->distances + i * m->nr_nodes, m->config.layout.distance[i],
		       m->nr_nodes);
	return s;
}

/* The region stays what it is as long as there is anybody to ask. */
static int copy_pieces(const struct sbuddy_info *info)
{
	struct sbuddy_piece_info piece[SBUDDY_MAX_NODES] = { };
	int i;

	for (i = 0; i < info->nr_pieces; i++) {
		const struct sbuddy_region_piece *p = &sbuddy_region.piece[i];

		piece[i].start_pfn = p->start_pfn;
		piece[i].nr_pages = p->nr_pages;
		piece[i].alloc_ns = p->alloc_ns;
		piece[i].node = p->node;
		piece[i].way = p->way;
	}
	return sbuddy_copy_array(info->pieces, info->pieces_cap, piece, info->nr_pieces,
				 sizeof(piece[0]));
}

static int copy_shape(const struct sbuddy_info *info, const struct shape *s)
{
	int err;

	err = sbuddy_copy_array(info->zones, info->zones_cap, s->zones, s->nr_zones,
				sizeof(s->zones[0]));
	if (err < 0)
		return err;
	err = sbuddy_copy_array(info->vcpu_nodes, info->vcpus_cap, s->vcpu_nodes,
				info->nr_vcpus, sizeof(s->vcpu_nodes[0]));
	if (err < 0)
		return err;
	err = sbuddy_copy_array(info->distances, info->distances_cap, s->distances,
				info->nr_nodes * info->nr_nodes, sizeof(s->distances[0]));
	if (err < 0)
		return err;
	return min(copy_pieces(info), 0);
}

/**
 * sbuddy_ioctl_info - say what a machine is made of
 * @c:	 the open file
 * @arg: struct sbuddy_info
 *
 * Context: May sleep and fault; no locks held.
 * Return: 0; -ENOENT for an unknown machine; -EFAULT for a bad array; -ENOMEM;
 * -EINTR by a fatal signal.
 */
int sbuddy_ioctl_info(struct sbuddy_client *c, void *arg)
{
	struct sbuddy_info *info = arg;
	struct sbuddy_machine *m = sbuddy_lock_machine(info->machine);
	struct shape *s;
	int err = -ENOMEM;

	if (IS_ERR(m))
		return PTR_ERR(m);
	fill_info(m, info);
	s = gather_shape(m);
	sbuddy_unlock_machine();
	if (s)
		err = copy_shape(info, s);
	kvfree(s);
	return err;
}

/* Gauges of a zone that are no events. */
enum { GAUGE_FREE, GAUGE_FREE_HIGHATOMIC, GAUGE_RESERVED_HIGHATOMIC, GAUGE_ISOLATE, NR_GAUGES };

#define NR_STATS (NR_GAUGES + SBUDDY_NR_NUMA_ITEMS + SBUDDY_NR_ZONE_EVENTS + \
		  SBUDDY_NR_MACHINE_EVENTS + SBUDDY_NR_VM_EVENTS)

static const char * const gauge_names[NR_GAUGES] = {
	[GAUGE_FREE]			= "nr_free_pages",
	[GAUGE_FREE_HIGHATOMIC]		= "nr_free_highatomic",
	[GAUGE_RESERVED_HIGHATOMIC]	= "nr_reserved_highatomic",
	[GAUGE_ISOLATE]			= "nr_isolate_pageblock",
};

static const char * const numa_names[SBUDDY_NR_NUMA_ITEMS] = {
	[SBUDDY_NUMA_HIT]		= "numa_hit",
	[SBUDDY_NUMA_MISS]		= "numa_miss",
	[SBUDDY_NUMA_FOREIGN]		= "numa_foreign",
	[SBUDDY_NUMA_INTERLEAVE_HIT]	= "numa_interleave",
	[SBUDDY_NUMA_LOCAL]		= "numa_local",
	[SBUDDY_NUMA_OTHER]		= "numa_other",
};

static u64 zone_gauge(const struct sbuddy_zone *zone, int gauge)
{
	switch (gauge) {
	case GAUGE_FREE:
		return sbuddy_zone_page_state_snapshot(zone);
	case GAUGE_FREE_HIGHATOMIC:
		return READ_ONCE(zone->nr_free_highatomic);
	case GAUGE_RESERVED_HIGHATOMIC:
		return READ_ONCE(zone->nr_reserved_highatomic);
	default:
		return READ_ONCE(zone->nr_isolate_pageblock);
	}
}

static struct sbuddy_stat *add_stat(struct sbuddy_stat *stat, const char *name, u64 value)
{
	strscpy(stat->name, name, sizeof(stat->name));
	stat->value += value;
	return stat + 1;
}

/* Adds a zone's counters to @stat; returns the place behind them. */
static struct sbuddy_stat *add_zone(struct sbuddy_stat *stat, const struct sbuddy_zone *zone)
{
	int i;

	for (i = 0; i < NR_GAUGES; i++)
		stat = add_stat(stat, gauge_names[i], zone_gauge(zone, i));
	for (i = 0; i < SBUDDY_NR_NUMA_ITEMS; i++)
		stat = add_stat(stat, numa_names[i], sbuddy_zone_numa(zone, i));
	for (i = 0; i < SBUDDY_NR_ZONE_EVENTS; i++)
		stat = add_stat(stat, sbuddy_zone_event_name(i), sbuddy_zone_event(zone, i));
	return stat;
}

static struct sbuddy_stat *add_machine(struct sbuddy_stat *stats, const struct sbuddy_machine *m)
{
	struct sbuddy_stat *stat = stats;
	int i;

	for (i = 0; i < m->nr_zones; i++)
		stat = add_zone(stats, m->zones[i]);
	for (i = 0; i < SBUDDY_NR_MACHINE_EVENTS; i++)
		stat = add_stat(stat, sbuddy_machine_event_name(i), sbuddy_machine_event(m, i));
	for (i = 0; i < SBUDDY_NR_VM_EVENTS; i++)
		stat = add_stat(stat, sbuddy_vm_event_name(i), sbuddy_vm_event(m, i));
	return stat;
}

/* Returns how many counters there are, or an error. */
static int gather_stats(struct sbuddy_machine *m, const struct sbuddy_stats *arg,
			struct sbuddy_stat *stats)
{
	struct sbuddy_zone *zone;

	if (arg->node == SBUDDY_ALL_ZONES) {
		if (arg->zone != SBUDDY_ALL_ZONES)
			return -EINVAL;
		return add_machine(stats, m) - stats;
	}
	zone = sbuddy_find_zone(m, arg->node, arg->zone);
	if (IS_ERR(zone))
		return PTR_ERR(zone);
	return add_zone(stats, zone) - stats;
}

static int stats_into(struct sbuddy_stats *arg, struct sbuddy_stat *stats)
{
	struct sbuddy_machine *m = sbuddy_lock_machine(arg->machine);
	int total, count;

	if (IS_ERR(m))
		return PTR_ERR(m);
	total = gather_stats(m, arg, stats);
	sbuddy_unlock_machine();
	if (total < 0)
		return total;
	count = sbuddy_copy_array(arg->stats, arg->capacity, stats, total, sizeof(*stats));
	if (count < 0)
		return count;
	arg->count = count;
	arg->total = total;
	return 0;
}

/**
 * sbuddy_ioctl_stats - read every counter of a zone or a machine
 * @c:	 the open file
 * @arg: struct sbuddy_stats
 *
 * Context: May sleep and fault; no locks held.
 * Return: 0; -EINVAL for a zone that is no type of zone; -ENOENT for an unknown
 * machine, node or zone; -EFAULT for a bad array; -ENOMEM; -EINTR by a fatal
 * signal.
 */
int sbuddy_ioctl_stats(struct sbuddy_client *c, void *arg)
{
	struct sbuddy_stat *stats = kcalloc(NR_STATS, sizeof(*stats), GFP_KERNEL);
	int err;

	if (!stats)
		return -ENOMEM;
	err = stats_into(arg, stats);
	kfree(stats);
	return err;
}
