// SPDX-License-Identifier: GPL-2.0
/*
 * The tables of state.h, and the walk over used blocks.  Owns no state.
 */
#include "os.h"
#include "state.h"
#include "compaction.h"

/* @at is a member of a structure at address 0.  All ones are below 1 if there is a sign. */
#define SBUDDY_NUMBER(name_, at) {					\
	.name = name_,							\
	.offset = (size_t)&(at),					\
	.size = sizeof(at),						\
	.count = 1,							\
	.is_signed = (__typeof__(at))~0ULL < 1,				\
}

#define SBUDDY_NUMBERS(name_, at) {					\
	.name = name_,							\
	.offset = (size_t)&(at),					\
	.size = sizeof((at)[0]),					\
	.count = sizeof(at) / sizeof((at)[0]),				\
	.is_signed = (__typeof__((at)[0]))~0ULL < 1,			\
}

#define FIELD(type, member)	SBUDDY_NUMBER(#member, ((struct type *)NULL)->member)
#define ARRAY(type, member)	SBUDDY_NUMBERS(#member, ((struct type *)NULL)->member)

const struct sbuddy_field sbuddy_knob_fields[] = {
	FIELD(sbuddy_knobs, min_free_kbytes),
	FIELD(sbuddy_knobs, user_min_free_kbytes),
	FIELD(sbuddy_knobs, watermark_scale_factor),
	FIELD(sbuddy_knobs, watermark_boost_factor),
	FIELD(sbuddy_knobs, percpu_pagelist_high_fraction),
	ARRAY(sbuddy_knobs, lowmem_reserve_ratio),
	FIELD(sbuddy_knobs, zone_reclaim_mode),
	FIELD(sbuddy_knobs, thp),
	FIELD(sbuddy_knobs, kdump),
	FIELD(sbuddy_knobs, group_by_mobility_disabled),
	FIELD(sbuddy_knobs, llc_pages_per_cpu),
	ARRAY(sbuddy_knobs, il_weight),
	FIELD(sbuddy_knobs, extfrag_threshold),
	FIELD(sbuddy_knobs, compaction_proactiveness),
	FIELD(sbuddy_knobs, compact_unevictable_allowed),
	FIELD(sbuddy_knobs, direct_compact),
	FIELD(sbuddy_knobs, lru_batch),
	FIELD(sbuddy_knobs, direct_reclaim),
	FIELD(sbuddy_knobs, swappiness),
	FIELD(sbuddy_knobs, swap_pages),
	FIELD(sbuddy_knobs, writeback_ticks),
	FIELD(sbuddy_knobs, oom_policy),
	FIELD(sbuddy_knobs, slowpath_loops),
	{ NULL }
};

const struct sbuddy_field sbuddy_machine_fields[] = {
	FIELD(sbuddy_machine, config.rules),
	FIELD(sbuddy_machine, nr_vcpus),
	FIELD(sbuddy_machine, nr_nodes),
	FIELD(sbuddy_machine, online_nodes),
	FIELD(sbuddy_machine, totalreserve_pages),
	{ NULL }
};

const struct sbuddy_field sbuddy_node_fields[] = {
	FIELD(sbuddy_node, nr_cpus),
	FIELD(sbuddy_node, totalreserve_pages),
	FIELD(sbuddy_node, kswapd_order),
	FIELD(sbuddy_node, kswapd_highest_zoneidx),
	FIELD(sbuddy_node, kswapd_running),
	FIELD(sbuddy_node, kcompactd.max_order),
	FIELD(sbuddy_node, kcompactd.highest_zoneidx),
	FIELD(sbuddy_node, kcompactd.woken),
	FIELD(sbuddy_node, kcompactd.proactive_trigger),
	FIELD(sbuddy_node, kswapd.state),
	FIELD(sbuddy_node, kswapd.woken),
	FIELD(sbuddy_node, kswapd.alloc_order),
	FIELD(sbuddy_node, kswapd.reclaim_order),
	FIELD(sbuddy_node, kswapd.highest_zoneidx),
	FIELD(sbuddy_node, kswapd.failures),
	FIELD(sbuddy_node, kswapd.nap_end),
	{ NULL }
};

const struct sbuddy_field sbuddy_zone_fields[] = {
	FIELD(sbuddy_zone, zone_start_pfn),
	FIELD(sbuddy_zone, spanned_pages),
	FIELD(sbuddy_zone, present_pages),
	FIELD(sbuddy_zone, managed_pages),
	ARRAY(sbuddy_zone, watermark),
	FIELD(sbuddy_zone, watermark_boost),
	ARRAY(sbuddy_zone, lowmem_reserve),
	FIELD(sbuddy_zone, nr_free_pages),
	FIELD(sbuddy_zone, nr_free_highatomic),
	FIELD(sbuddy_zone, flags),
	FIELD(sbuddy_zone, avoid_fragmentation),
	FIELD(sbuddy_zone, nr_reserved_highatomic),
	FIELD(sbuddy_zone, nr_isolate_pageblock),
	FIELD(sbuddy_zone, percpu_drift_mark),
	FIELD(sbuddy_zone, pcp_high_min),
	FIELD(sbuddy_zone, pcp_high_max),
	FIELD(sbuddy_zone, pcp_batch),
	ARRAY(sbuddy_zone, compact.cached_migrate_pfn),
	FIELD(sbuddy_zone, compact.cached_free_pfn),
	FIELD(sbuddy_zone, compact.init_migrate_pfn),
	FIELD(sbuddy_zone, compact.init_free_pfn),
	FIELD(sbuddy_zone, compact.considered),
	FIELD(sbuddy_zone, compact.defer_shift),
	FIELD(sbuddy_zone, compact.order_failed),
	FIELD(sbuddy_zone, compact.blockskip_flush),
	{ NULL }
};

const struct sbuddy_field sbuddy_lruvec_fields[] = {
	ARRAY(sbuddy_lruvec, nr),
	ARRAY(sbuddy_lruvec, nr_isolated),
	ARRAY(sbuddy_lruvec, cost),
	ARRAY(sbuddy_lruvec, refaults),
	ARRAY(sbuddy_lruvec, activated),
	FIELD(sbuddy_lruvec, nonresident_age),
	FIELD(sbuddy_lruvec, writeback),
	FIELD(sbuddy_lruvec, dirty),
	FIELD(sbuddy_lruvec, congested),
	{ NULL }
};

const struct sbuddy_field sbuddy_reclaim_fields[] = {
	FIELD(sbuddy_reclaim, clock),
	FIELD(sbuddy_reclaim, nr_swap),
	FIELD(sbuddy_reclaim, written_at),
	FIELD(sbuddy_reclaim, flush),
	FIELD(sbuddy_reclaim, oom_seq),
	{ NULL }
};

/* Of a compaction in steps. */
const struct sbuddy_field sbuddy_walk_fields[] = {
	FIELD(sbuddy_compact_control, nr_freepages),
	FIELD(sbuddy_compact_control, nr_migratepages),
	FIELD(sbuddy_compact_control, free_pfn),
	FIELD(sbuddy_compact_control, migrate_pfn),
	FIELD(sbuddy_compact_control, fast_start_pfn),
	FIELD(sbuddy_compact_control, total_migrate_scanned),
	FIELD(sbuddy_compact_control, total_free_scanned),
	FIELD(sbuddy_compact_control, fast_search_fail),
	FIELD(sbuddy_compact_control, search_order),
	FIELD(sbuddy_compact_control, gfp),
	FIELD(sbuddy_compact_control, order),
	FIELD(sbuddy_compact_control, migratetype),
	FIELD(sbuddy_compact_control, alloc_flags),
	FIELD(sbuddy_compact_control, highest_zoneidx),
	FIELD(sbuddy_compact_control, mode),
	FIELD(sbuddy_compact_control, ignore_skip_hint),
	FIELD(sbuddy_compact_control, whole_zone),
	FIELD(sbuddy_compact_control, contended),
	FIELD(sbuddy_compact_control, finish_pageblock),
	FIELD(sbuddy_compact_control, phase),
	FIELD(sbuddy_compact_control, result),
	FIELD(sbuddy_compact_control, last_migrated_pfn),
	FIELD(sbuddy_compact_control, update_cached),
	FIELD(sbuddy_compact_control, nr_isolated),
	FIELD(sbuddy_compact_control, nr_migrated),
	FIELD(sbuddy_compact_control, nr_failed),
	{ NULL }
};

const struct sbuddy_field sbuddy_pcp_fields[] = {
	FIELD(sbuddy_pcp, count),
	FIELD(sbuddy_pcp, high),
	FIELD(sbuddy_pcp, high_min),
	FIELD(sbuddy_pcp, high_max),
	FIELD(sbuddy_pcp, batch),
	FIELD(sbuddy_pcp, free_count),
	FIELD(sbuddy_pcp, flags),
	FIELD(sbuddy_pcp, alloc_factor),
	FIELD(sbuddy_pcp, expire),
	{ NULL }
};

const struct sbuddy_field sbuddy_zonestat_fields[] = {
	FIELD(sbuddy_zonestat, free_diff),
	FIELD(sbuddy_zonestat, stat_threshold),
	{ NULL }
};

/* Number @i of the array @f in @object. */
s64 sbuddy_field_value(const struct sbuddy_field *f, const void *object, int i)
{
	const void *p = (const char *)object + f->offset + (size_t)i * f->size;

	switch (f->size) {
	case 1:
		return f->is_signed ? (s64)*(const s8 *)p : (s64)*(const u8 *)p;
	case 2:
		return f->is_signed ? (s64)*(const s16 *)p : (s64)*(const u16 *)p;
	case 4:
		return f->is_signed ? (s64)*(const s32 *)p : (s64)*(const u32 *)p;
	default:
		return *(const s64 *)p;
	}
}

unsigned long sbuddy_next_used(const struct sbuddy_machine *m, unsigned long i)
{
	while (i < m->nr_pages) {
		u32 tag = m->pages[i].tag;

		if (sbuddy_tag_state(tag) == SBUDDY_PAGE_USED)
			return i;
		i += tag ? 1UL << sbuddy_tag_order(tag) : sbuddy_hole_at(m, i) ?: 1;
		if (!(i % SBUDDY_MAX_ORDER_NR_PAGES))
			os_cond_resched();
	}
	return m->nr_pages;
}
