/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The tracepoints of compaction and migration, system "sbuddy".
 *
 * Fields, text and firing points are those of compaction:mm_* and
 * migrate:mm_* of 6.12, the names prefixed; behind the kernel's fields each
 * says which machine it is about and, where that is not said already, which
 * node and zone.  What sbuddy.h beside says of its events holds here too; it
 * must have been included before, for its words.
 */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM sbuddy

#if !defined(_TRACE_SBUDDY_COMPACTION_H) || defined(TRACE_HEADER_MULTI_READ)
#define _TRACE_SBUDDY_COMPACTION_H

#include <linux/tracepoint.h>

#define SBUDDY_TRACE_COMPACT_RESULTS						\
	EM(SBUDDY_COMPACT_SKIPPED,		"skipped")			\
	EM(SBUDDY_COMPACT_DEFERRED,		"deferred")			\
	EM(SBUDDY_COMPACT_CONTINUE,		"continue")			\
	EM(SBUDDY_COMPACT_SUCCESS,		"success")			\
	EM(SBUDDY_COMPACT_PARTIAL_SKIPPED,	"partial_skipped")		\
	EM(SBUDDY_COMPACT_COMPLETE,		"complete")			\
	EM(SBUDDY_COMPACT_NO_SUITABLE_PAGE,	"no_suitable_page")		\
	EM(SBUDDY_COMPACT_NOT_SUITABLE_ZONE,	"not_suitable_zone")		\
	EMe(SBUDDY_COMPACT_CONTENDED,		"contended")

#define SBUDDY_TRACE_MIGRATE_MODES						\
	EM(SBUDDY_MIGRATE_ASYNC,		"MIGRATE_ASYNC")		\
	EM(SBUDDY_MIGRATE_SYNC_LIGHT,		"MIGRATE_SYNC_LIGHT")		\
	EMe(SBUDDY_MIGRATE_SYNC,		"MIGRATE_SYNC")

#undef EM
#undef EMe
#define EM(a, b)	TRACE_DEFINE_ENUM(a);
#define EMe(a, b)	TRACE_DEFINE_ENUM(a);

SBUDDY_TRACE_COMPACT_RESULTS
SBUDDY_TRACE_MIGRATE_MODES

#undef EM
#undef EMe
#define EM(a, b)	{ a, b },
#define EMe(a, b)	{ a, b }

#define sbuddy_show_migrate_reason(reason)					\
	__print_symbolic(reason, { 0, "compaction" }, { 1, "memory_failure" },	\
			 { 2, "memory_hotplug" }, { 3, "syscall_or_cpuset" },	\
			 { 4, "mempolicy_mbind" }, { 5, "numa_misplaced" },	\
			 { 6, "contig_range" })

/* ---- compaction ---- */

DECLARE_EVENT_CLASS(sbuddy_mm_compaction_isolate_template,

	TP_PROTO(const struct sbuddy_zone *z, unsigned long start_pfn, unsigned long end_pfn,
		 unsigned long nr_scanned, unsigned long nr_taken),

	TP_ARGS(z, start_pfn, end_pfn, nr_scanned, nr_taken),

	TP_STRUCT__entry(
		__field(unsigned long,		start_pfn)
		__field(unsigned long,		end_pfn)
		__field(unsigned long,		nr_scanned)
		__field(unsigned long,		nr_taken)
		SBUDDY_WHERE_FIELDS
	),

	TP_fast_assign(
		__entry->start_pfn = start_pfn;
		__entry->end_pfn = end_pfn;
		__entry->nr_scanned = nr_scanned;
		__entry->nr_taken = nr_taken;
		SBUDDY_WHERE_ASSIGN(z->machine, z);
	),

	TP_printk("range=(0x%lx ~ 0x%lx) nr_scanned=%lu nr_taken=%lu " SBUDDY_WHERE_FMT,
		  __entry->start_pfn, __entry->end_pfn, __entry->nr_scanned,
		  __entry->nr_taken, SBUDDY_WHERE_ARGS)
);

DEFINE_EVENT(sbuddy_mm_compaction_isolate_template, sbuddy_mm_compaction_isolate_migratepages,

	TP_PROTO(const struct sbuddy_zone *z, unsigned long start_pfn, unsigned long end_pfn,
		 unsigned long nr_scanned, unsigned long nr_taken),

	TP_ARGS(z, start_pfn, end_pfn, nr_scanned, nr_taken)
);

DEFINE_EVENT(sbuddy_mm_compaction_isolate_template, sbuddy_mm_compaction_isolate_freepages,

	TP_PROTO(const struct sbuddy_zone *z, unsigned long start_pfn, unsigned long end_pfn,
		 unsigned long nr_scanned, unsigned long nr_taken),

	TP_ARGS(z, start_pfn, end_pfn, nr_scanned, nr_taken)
);

DEFINE_EVENT(sbuddy_mm_compaction_isolate_template, sbuddy_mm_compaction_fast_isolate_freepages,

	TP_PROTO(const struct sbuddy_zone *z, unsigned long start_pfn, unsigned long end_pfn,
		 unsigned long nr_scanned, unsigned long nr_taken),

	TP_ARGS(z, start_pfn, end_pfn, nr_scanned, nr_taken)
);

TRACE_EVENT(sbuddy_mm_compaction_migratepages,

	TP_PROTO(const struct sbuddy_zone *z, unsigned long nr_migrated, unsigned long nr_failed),

	TP_ARGS(z, nr_migrated, nr_failed),

	TP_STRUCT__entry(
		__field(unsigned long,		nr_migrated)
		__field(unsigned long,		nr_failed)
		SBUDDY_WHERE_FIELDS
	),

	TP_fast_assign(
		__entry->nr_migrated = nr_migrated;
		__entry->nr_failed = nr_failed;
		SBUDDY_WHERE_ASSIGN(z->machine, z);
	),

	TP_printk("nr_migrated=%lu nr_failed=%lu " SBUDDY_WHERE_FMT,
		  __entry->nr_migrated, __entry->nr_failed, SBUDDY_WHERE_ARGS)
);

TRACE_EVENT(sbuddy_mm_compaction_begin,

	TP_PROTO(const struct sbuddy_zone *z, unsigned long migrate_pfn, unsigned long free_pfn,
		 bool sync),

	TP_ARGS(z, migrate_pfn, free_pfn, sync),

	TP_STRUCT__entry(
		__field(unsigned long,		zone_start)
		__field(unsigned long,		migrate_pfn)
		__field(unsigned long,		free_pfn)
		__field(unsigned long,		zone_end)
		__field(bool,			sync)
		SBUDDY_WHERE_FIELDS
	),

	TP_fast_assign(
		__entry->zone_start = z->zone_start_pfn;
		__entry->migrate_pfn = migrate_pfn;
		__entry->free_pfn = free_pfn;
		__entry->zone_end = z->zone_start_pfn + z->spanned_pages;
		__entry->sync = sync;
		SBUDDY_WHERE_ASSIGN(z->machine, z);
	),

	TP_printk("zone_start=0x%lx migrate_pfn=0x%lx free_pfn=0x%lx zone_end=0x%lx, mode=%s "
		  SBUDDY_WHERE_FMT,
		  __entry->zone_start, __entry->migrate_pfn, __entry->free_pfn,
		  __entry->zone_end, __entry->sync ? "sync" : "async", SBUDDY_WHERE_ARGS)
);

TRACE_EVENT(sbuddy_mm_compaction_end,

	TP_PROTO(const struct sbuddy_zone *z, unsigned long migrate_pfn, unsigned long free_pfn,
		 bool sync, int status),

	TP_ARGS(z, migrate_pfn, free_pfn, sync, status),

	TP_STRUCT__entry(
		__field(unsigned long,		zone_start)
		__field(unsigned long,		migrate_pfn)
		__field(unsigned long,		free_pfn)
		__field(unsigned long,		zone_end)
		__field(bool,			sync)
		__field(int,			status)
		SBUDDY_WHERE_FIELDS
	),

	TP_fast_assign(
		__entry->zone_start = z->zone_start_pfn;
		__entry->migrate_pfn = migrate_pfn;
		__entry->free_pfn = free_pfn;
		__entry->zone_end = z->zone_start_pfn + z->spanned_pages;
		__entry->sync = sync;
		__entry->status = status;
		SBUDDY_WHERE_ASSIGN(z->machine, z);
	),

	TP_printk("zone_start=0x%lx migrate_pfn=0x%lx free_pfn=0x%lx zone_end=0x%lx, mode=%s status=%s "
		  SBUDDY_WHERE_FMT,
		  __entry->zone_start, __entry->migrate_pfn, __entry->free_pfn,
		  __entry->zone_end, __entry->sync ? "sync" : "async",
		  __print_symbolic(__entry->status, SBUDDY_TRACE_COMPACT_RESULTS),
		  SBUDDY_WHERE_ARGS)
);

TRACE_EVENT(sbuddy_mm_compaction_try_to_compact_pages,

	TP_PROTO(const struct sbuddy_machine *m, int order, u32 gfp_mask, int prio),

	TP_ARGS(m, order, gfp_mask, prio),

	TP_STRUCT__entry(
		__field(int,			order)
		__field(unsigned long,		gfp_mask)
		__field(int,			prio)
		__field(int,			machine)
	),

	TP_fast_assign(
		__entry->order = order;
		__entry->gfp_mask = gfp_mask;
		__entry->prio = prio;
		__entry->machine = m->id;
	),

	TP_printk("order=%d gfp_mask=%s priority=%d machine=%d",
		  __entry->order, sbuddy_show_gfp(__entry->gfp_mask), __entry->prio,
		  __entry->machine)
);

DECLARE_EVENT_CLASS(sbuddy_mm_compaction_suitable_template,

	TP_PROTO(const struct sbuddy_zone *z, int order, int ret),

	TP_ARGS(z, order, ret),

	TP_STRUCT__entry(
		__field(int,			nid)
		__field(int,			idx)
		__field(int,			order)
		__field(int,			ret)
		__field(int,			machine)
	),

	TP_fast_assign(
		__entry->nid = z->node;
		__entry->idx = z->idx;
		__entry->order = order;
		__entry->ret = ret;
		__entry->machine = z->machine->id;
	),

	TP_printk("node=%d zone=%-8s order=%d ret=%s machine=%d",
		  __entry->nid, __print_symbolic(__entry->idx, SBUDDY_TRACE_ZONES),
		  __entry->order,
		  __print_symbolic(__entry->ret, SBUDDY_TRACE_COMPACT_RESULTS),
		  __entry->machine)
);

DEFINE_EVENT(sbuddy_mm_compaction_suitable_template, sbuddy_mm_compaction_finished,

	TP_PROTO(const struct sbuddy_zone *z, int order, int ret),

	TP_ARGS(z, order, ret)
);

DEFINE_EVENT(sbuddy_mm_compaction_suitable_template, sbuddy_mm_compaction_suitable,

	TP_PROTO(const struct sbuddy_zone *z, int order, int ret),

	TP_ARGS(z, order, ret)
);

DECLARE_EVENT_CLASS(sbuddy_mm_compaction_defer_template,

	TP_PROTO(const struct sbuddy_zone *z, int order),

	TP_ARGS(z, order),

	TP_STRUCT__entry(
		__field(int,			nid)
		__field(int,			idx)
		__field(int,			order)
		__field(unsigned int,		considered)
		__field(unsigned int,		defer_shift)
		__field(int,			order_failed)
		__field(int,			machine)
	),

	TP_fast_assign(
		__entry->nid = z->node;
		__entry->idx = z->idx;
		__entry->order = order;
		__entry->considered = z->compact.considered;
		__entry->defer_shift = z->compact.defer_shift;
		__entry->order_failed = z->compact.order_failed;
		__entry->machine = z->machine->id;
	),

	TP_printk("node=%d zone=%-8s order=%d order_failed=%d consider=%u limit=%lu machine=%d",
		  __entry->nid, __print_symbolic(__entry->idx, SBUDDY_TRACE_ZONES),
		  __entry->order, __entry->order_failed, __entry->considered,
		  1UL << __entry->defer_shift, __entry->machine)
);

DEFINE_EVENT(sbuddy_mm_compaction_defer_template, sbuddy_mm_compaction_deferred,

	TP_PROTO(const struct sbuddy_zone *z, int order),

	TP_ARGS(z, order)
);

DEFINE_EVENT(sbuddy_mm_compaction_defer_template, sbuddy_mm_compaction_defer_compaction,

	TP_PROTO(const struct sbuddy_zone *z, int order),

	TP_ARGS(z, order)
);

DEFINE_EVENT(sbuddy_mm_compaction_defer_template, sbuddy_mm_compaction_defer_reset,

	TP_PROTO(const struct sbuddy_zone *z, int order),

	TP_ARGS(z, order)
);

TRACE_EVENT(sbuddy_mm_compaction_kcompactd_sleep,

	TP_PROTO(const struct sbuddy_machine *m, int nid),

	TP_ARGS(m, nid),

	TP_STRUCT__entry(
		__field(int,			nid)
		__field(int,			machine)
	),

	TP_fast_assign(
		__entry->nid = nid;
		__entry->machine = m->id;
	),

	TP_printk("nid=%d machine=%d", __entry->nid, __entry->machine)
);

DECLARE_EVENT_CLASS(sbuddy_kcompactd_wake_template,

	TP_PROTO(const struct sbuddy_machine *m, int nid, int order, int highest_zoneidx),

	TP_ARGS(m, nid, order, highest_zoneidx),

	TP_STRUCT__entry(
		__field(int,			nid)
		__field(int,			order)
		__field(int,			highest_zoneidx)
		__field(int,			machine)
	),

	TP_fast_assign(
		__entry->nid = nid;
		__entry->order = order;
		__entry->highest_zoneidx = highest_zoneidx;
		__entry->machine = m->id;
	),

	TP_printk("nid=%d order=%d classzone_idx=%-8s machine=%d",
		  __entry->nid, __entry->order,
		  __print_symbolic(__entry->highest_zoneidx, SBUDDY_TRACE_ZONES),
		  __entry->machine)
);

DEFINE_EVENT(sbuddy_kcompactd_wake_template, sbuddy_mm_compaction_wakeup_kcompactd,

	TP_PROTO(const struct sbuddy_machine *m, int nid, int order, int highest_zoneidx),

	TP_ARGS(m, nid, order, highest_zoneidx)
);

DEFINE_EVENT(sbuddy_kcompactd_wake_template, sbuddy_mm_compaction_kcompactd_wake,

	TP_PROTO(const struct sbuddy_machine *m, int nid, int order, int highest_zoneidx),

	TP_ARGS(m, nid, order, highest_zoneidx)
);

/* ---- migration ---- */

/* Large folios are never split: both fields that count that are 0. */
TRACE_EVENT(sbuddy_mm_migrate_pages,

	TP_PROTO(const struct sbuddy_machine *m, unsigned long succeeded, unsigned long failed,
		 unsigned long thp_succeeded, unsigned long thp_failed, int mode, int reason),

	TP_ARGS(m, succeeded, failed, thp_succeeded, thp_failed, mode, reason),

	TP_STRUCT__entry(
		__field(unsigned long,		succeeded)
		__field(unsigned long,		failed)
		__field(unsigned long,		thp_succeeded)
		__field(unsigned long,		thp_failed)
		__field(unsigned long,		thp_split)
		__field(unsigned long,		large_folio_split)
		__field(int,			mode)
		__field(int,			reason)
		__field(int,			machine)
	),

	TP_fast_assign(
		__entry->succeeded = succeeded;
		__entry->failed = failed;
		__entry->thp_succeeded = thp_succeeded;
		__entry->thp_failed = thp_failed;
		__entry->thp_split = 0;
		__entry->large_folio_split = 0;
		__entry->mode = mode;
		__entry->reason = reason;
		__entry->machine = m->id;
	),

	TP_printk("nr_succeeded=%lu nr_failed=%lu nr_thp_succeeded=%lu nr_thp_failed=%lu nr_thp_split=%lu nr_split=%lu mode=%s reason=%s machine=%d",
		  __entry->succeeded, __entry->failed, __entry->thp_succeeded,
		  __entry->thp_failed, __entry->thp_split, __entry->large_folio_split,
		  __print_symbolic(__entry->mode, SBUDDY_TRACE_MIGRATE_MODES),
		  sbuddy_show_migrate_reason(__entry->reason), __entry->machine)
);

TRACE_EVENT(sbuddy_mm_migrate_pages_start,

	TP_PROTO(const struct sbuddy_machine *m, int mode, int reason),

	TP_ARGS(m, mode, reason),

	TP_STRUCT__entry(
		__field(int,			mode)
		__field(int,			reason)
		__field(int,			machine)
	),

	TP_fast_assign(
		__entry->mode = mode;
		__entry->reason = reason;
		__entry->machine = m->id;
	),

	TP_printk("mode=%s reason=%s machine=%d",
		  __print_symbolic(__entry->mode, SBUDDY_TRACE_MIGRATE_MODES),
		  sbuddy_show_migrate_reason(__entry->reason), __entry->machine)
);

#endif /* _TRACE_SBUDDY_COMPACTION_H */

/* Outside the guard: reads this file, not that of the system's name, several times more. */
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_FILE sbuddy_compaction
#include <trace/define_trace.h>
