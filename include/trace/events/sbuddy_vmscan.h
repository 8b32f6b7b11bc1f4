/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The tracepoints of reclaim and of running out of memory, system "sbuddy".
 *
 * Fields, text and firing points are those of vmscan:mm_vmscan_* and of
 * oom:reclaim_retry_zone, compact_retry and mark_victim of 6.12, the names
 * prefixed; behind the kernel's fields each says which machine it is about.  A
 * victim here is an owner, by number.  The last ones are about what the kernel
 * only logs, or cannot tell: the declaration, what a victim gave back, that there
 * was none, and that a request was ended which would have gone on for ever.
 * What sbuddy.h beside says of its events holds here too; it must have been
 * included before, for its words.
 */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM sbuddy

#if !defined(_TRACE_SBUDDY_VMSCAN_H) || defined(TRACE_HEADER_MULTI_READ)
#define _TRACE_SBUDDY_VMSCAN_H

#include <linux/tracepoint.h>

struct sbuddy_reclaim_stat;

#define sbuddy_show_reclaim_flags(flags)				\
	(flags) ? __print_flags(flags, "|",				\
		{ 0x01, "RECLAIM_WB_ANON" },				\
		{ 0x02, "RECLAIM_WB_FILE" },				\
		{ 0x10, "RECLAIM_WB_MIXED" },				\
		{ 0x04, "RECLAIM_WB_SYNC" },				\
		{ 0x08, "RECLAIM_WB_ASYNC" }				\
		) : "RECLAIM_WB_NONE"

#define sbuddy_reclaim_flags(file) (((file) ? 0x02 : 0x01) | 0x08)

#define sbuddy_show_lru(lru)						\
	__print_symbolic(lru, { 0, "inactive_anon" }, { 1, "active_anon" },	\
			 { 2, "inactive_file" }, { 3, "active_file" },	\
			 { 4, "unevictable" })

#define sbuddy_show_throttle(flags)					\
	(flags) ? __print_flags(flags, "|",				\
		{ 1, "VMSCAN_THROTTLE_WRITEBACK" },			\
		{ 2, "VMSCAN_THROTTLE_ISOLATED" },			\
		{ 4, "VMSCAN_THROTTLE_NOPROGRESS" },			\
		{ 8, "VMSCAN_THROTTLE_CONGESTED" }			\
		) : "VMSCAN_THROTTLE_NONE"

#define sbuddy_show_compact_priority(prio)				\
	__print_symbolic(prio, { 0, "COMPACT_PRIO_SYNC_FULL" },		\
			 { 1, "COMPACT_PRIO_SYNC_LIGHT" }, { 2, "COMPACT_PRIO_ASYNC" })

/* What a result means for who asked: the kernel's three words. */
#define sbuddy_compact_feedback(result)					\
	((result) == SBUDDY_COMPACT_SUCCESS ? 3 :			\
	 (result) == SBUDDY_COMPACT_COMPLETE ||				\
	 (result) == SBUDDY_COMPACT_PARTIAL_SKIPPED ? 1 : 2)

#define sbuddy_show_compact_feedback(feedback)				\
	__print_symbolic(feedback, { 1, "failed" }, { 2, "withdrawn" }, { 3, "progress" })

#define sbuddy_show_oom_policy(policy)					\
	__print_symbolic(policy, { 0, "fail" }, { 1, "kill" }, { 2, "signal" }, { 3, "notify" })

/* ---- kswapd ---- */

TRACE_EVENT(sbuddy_mm_vmscan_kswapd_sleep,

	TP_PROTO(const struct sbuddy_machine *m, int nid),

	TP_ARGS(m, nid),

	TP_STRUCT__entry(
		__field(int, nid)
		__field(int, machine)
	),

	TP_fast_assign(
		__entry->nid = nid;
		__entry->machine = m->id;
	),

	TP_printk("nid=%d machine=%d",
		  __entry->nid, __entry->machine)
);

TRACE_EVENT(sbuddy_mm_vmscan_kswapd_wake,

	TP_PROTO(const struct sbuddy_machine *m, int nid, int zid, int order),

	TP_ARGS(m, nid, zid, order),

	TP_STRUCT__entry(
		__field(int, nid)
		__field(int, zid)
		__field(int, order)
		__field(int, machine)
	),

	TP_fast_assign(
		__entry->nid = nid;
		__entry->zid = zid;
		__entry->order = order;
		__entry->machine = m->id;
	),

	TP_printk("nid=%d order=%d machine=%d",
		  __entry->nid, __entry->order, __entry->machine)
);

/* ---- direct reclaim ---- */

TRACE_EVENT(sbuddy_mm_vmscan_direct_reclaim_begin,

	TP_PROTO(const struct sbuddy_machine *m, int order, u32 gfp_flags),

	TP_ARGS(m, order, gfp_flags),

	TP_STRUCT__entry(
		__field(int, order)
		__field(unsigned long, gfp_flags)
		__field(int, machine)
	),

	TP_fast_assign(
		__entry->order = order;
		__entry->gfp_flags = gfp_flags;
		__entry->machine = m->id;
	),

	TP_printk("order=%d gfp_flags=%s machine=%d",
		  __entry->order, sbuddy_show_gfp(__entry->gfp_flags), __entry->machine)
);

TRACE_EVENT(sbuddy_mm_vmscan_direct_reclaim_end,

	TP_PROTO(const struct sbuddy_machine *m, unsigned long nr_reclaimed),

	TP_ARGS(m, nr_reclaimed),

	TP_STRUCT__entry(
		__field(unsigned long, nr_reclaimed)
		__field(int, machine)
	),

	TP_fast_assign(
		__entry->nr_reclaimed = nr_reclaimed;
		__entry->machine = m->id;
	),

	TP_printk("nr_reclaimed=%lu machine=%d",
		  __entry->nr_reclaimed, __entry->machine)
);

TRACE_EVENT(sbuddy_mm_vmscan_throttled,

	TP_PROTO(const struct sbuddy_machine *m, int nid, int usec_timeout, int usec_delayed,
		 int reason),

	TP_ARGS(m, nid, usec_timeout, usec_delayed, reason),

	TP_STRUCT__entry(
		__field(int, nid)
		__field(int, usec_timeout)
		__field(int, usec_delayed)
		__field(int, reason)
		__field(int, machine)
	),

	TP_fast_assign(
		__entry->nid = nid;
		__entry->usec_timeout = usec_timeout;
		__entry->usec_delayed = usec_delayed;
		__entry->reason = 1U << reason;
		__entry->machine = m->id;
	),

	TP_printk("nid=%d usec_timeout=%d usect_delayed=%d reason=%s machine=%d",
		  __entry->nid, __entry->usec_timeout, __entry->usec_delayed,
		  sbuddy_show_throttle(__entry->reason), __entry->machine)
);

/* ---- lists ---- */

TRACE_EVENT(sbuddy_mm_vmscan_lru_isolate,

	TP_PROTO(const struct sbuddy_machine *m, int nid, int highest_zoneidx, int order,
		 unsigned long nr_requested, unsigned long nr_scanned, unsigned long nr_skipped,
		 unsigned long nr_taken, int lru),

	TP_ARGS(m, nid, highest_zoneidx, order, nr_requested, nr_scanned, nr_skipped, nr_taken,
		 lru),

	TP_STRUCT__entry(
		__field(int, highest_zoneidx)
		__field(int, order)
		__field(unsigned long, nr_requested)
		__field(unsigned long, nr_scanned)
		__field(unsigned long, nr_skipped)
		__field(unsigned long, nr_taken)
		__field(int, lru)
		__field(int, machine)
		__field(int, node)
	),

	TP_fast_assign(
		__entry->highest_zoneidx = highest_zoneidx;
		__entry->order = order;
		__entry->nr_requested = nr_requested;
		__entry->nr_scanned = nr_scanned;
		__entry->nr_skipped = nr_skipped;
		__entry->nr_taken = nr_taken;
		__entry->lru = lru;
		__entry->machine = m->id;
		__entry->node = nid;
	),

	TP_printk("classzone=%d order=%d nr_requested=%lu nr_scanned=%lu nr_skipped=%lu nr_taken=%lu lru=%s machine=%d node=%d",
		  __entry->highest_zoneidx, __entry->order, __entry->nr_requested,
		  __entry->nr_scanned, __entry->nr_skipped, __entry->nr_taken,
		  sbuddy_show_lru(__entry->lru), __entry->machine, __entry->node)
);

TRACE_EVENT(sbuddy_mm_vmscan_write_folio,

	TP_PROTO(const struct sbuddy_machine *m, unsigned long pfn, u32 file),

	TP_ARGS(m, pfn, file),

	TP_STRUCT__entry(
		__field(unsigned long, pfn)
		__field(int, reclaim_flags)
		__field(int, machine)
	),

	TP_fast_assign(
		__entry->pfn = pfn;
		__entry->reclaim_flags = sbuddy_reclaim_flags(file);
		__entry->machine = m->id;
	),

	TP_printk("pfn=0x%lx flags=%s machine=%d",
		  __entry->pfn, sbuddy_show_reclaim_flags(__entry->reclaim_flags),
		  __entry->machine)
);

TRACE_EVENT(sbuddy_mm_vmscan_lru_shrink_inactive,

	TP_PROTO(const struct sbuddy_machine *m, int nid, unsigned long nr_scanned,
		 unsigned long nr_reclaimed, const struct sbuddy_reclaim_stat *stat, int priority,
		 int file),

	TP_ARGS(m, nid, nr_scanned, nr_reclaimed, stat, priority, file),

	TP_STRUCT__entry(
		__field(int, nid)
		__field(unsigned long, nr_scanned)
		__field(unsigned long, nr_reclaimed)
		__field(unsigned long, nr_dirty)
		__field(unsigned long, nr_writeback)
		__field(unsigned long, nr_congested)
		__field(unsigned long, nr_immediate)
		__field(unsigned int, nr_activate0)
		__field(unsigned int, nr_activate1)
		__field(unsigned long, nr_ref_keep)
		__field(unsigned long, nr_unmap_fail)
		__field(int, priority)
		__field(int, reclaim_flags)
		__field(int, machine)
	),

	TP_fast_assign(
		__entry->nid = nid;
		__entry->nr_scanned = nr_scanned;
		__entry->nr_reclaimed = nr_reclaimed;
		__entry->nr_dirty = stat->nr_dirty;
		__entry->nr_writeback = stat->nr_writeback;
		__entry->nr_congested = stat->nr_congested;
		__entry->nr_immediate = stat->nr_immediate;
		__entry->nr_activate0 = stat->nr_activate[0];
		__entry->nr_activate1 = stat->nr_activate[1];
		__entry->nr_ref_keep = stat->nr_ref_keep;
		__entry->nr_unmap_fail = stat->nr_unmap_fail;
		__entry->priority = priority;
		__entry->reclaim_flags = sbuddy_reclaim_flags(file);
		__entry->machine = m->id;
	),

	TP_printk("nid=%d nr_scanned=%ld nr_reclaimed=%ld nr_dirty=%ld nr_writeback=%ld nr_congested=%ld nr_immediate=%ld nr_activate_anon=%d nr_activate_file=%d nr_ref_keep=%ld nr_unmap_fail=%ld priority=%d flags=%s machine=%d",
		  __entry->nid, __entry->nr_scanned, __entry->nr_reclaimed, __entry->nr_dirty,
		  __entry->nr_writeback, __entry->nr_congested, __entry->nr_immediate,
		  __entry->nr_activate0, __entry->nr_activate1, __entry->nr_ref_keep,
		  __entry->nr_unmap_fail, __entry->priority,
		  sbuddy_show_reclaim_flags(__entry->reclaim_flags), __entry->machine)
);

TRACE_EVENT(sbuddy_mm_vmscan_lru_shrink_active,

	TP_PROTO(const struct sbuddy_machine *m, int nid, unsigned long nr_taken,
		 unsigned long nr_active, unsigned long nr_deactivated,
		 unsigned long nr_referenced, int priority, int file),

	TP_ARGS(m, nid, nr_taken, nr_active, nr_deactivated, nr_referenced, priority, file),

	TP_STRUCT__entry(
		__field(int, nid)
		__field(unsigned long, nr_taken)
		__field(unsigned long, nr_active)
		__field(unsigned long, nr_deactivated)
		__field(unsigned long, nr_referenced)
		__field(int, priority)
		__field(int, reclaim_flags)
		__field(int, machine)
	),

	TP_fast_assign(
		__entry->nid = nid;
		__entry->nr_taken = nr_taken;
		__entry->nr_active = nr_active;
		__entry->nr_deactivated = nr_deactivated;
		__entry->nr_referenced = nr_referenced;
		__entry->priority = priority;
		__entry->reclaim_flags = sbuddy_reclaim_flags(file);
		__entry->machine = m->id;
	),

	TP_printk("nid=%d nr_taken=%ld nr_active=%ld nr_deactivated=%ld nr_referenced=%ld priority=%d flags=%s machine=%d",
		  __entry->nid, __entry->nr_taken, __entry->nr_active, __entry->nr_deactivated,
		  __entry->nr_referenced, __entry->priority,
		  sbuddy_show_reclaim_flags(__entry->reclaim_flags), __entry->machine)
);

/* ---- another round? ---- */

TRACE_EVENT(sbuddy_reclaim_retry_zone,

	TP_PROTO(const struct sbuddy_zone *z, int order, unsigned long reclaimable,
		 unsigned long available, unsigned long min_wmark, int no_progress_loops,
		 bool wmark_check),

	TP_ARGS(z, order, reclaimable, available, min_wmark, no_progress_loops, wmark_check),

	TP_STRUCT__entry(
		__field(int, node)
		__field(int, zone_idx)
		__field(int, order)
		__field(unsigned long, reclaimable)
		__field(unsigned long, available)
		__field(unsigned long, min_wmark)
		__field(int, no_progress_loops)
		__field(bool, wmark_check)
		__field(int, machine)
	),

	TP_fast_assign(
		__entry->node = z->node;
		__entry->zone_idx = z->idx;
		__entry->order = order;
		__entry->reclaimable = reclaimable;
		__entry->available = available;
		__entry->min_wmark = min_wmark;
		__entry->no_progress_loops = no_progress_loops;
		__entry->wmark_check = wmark_check;
		__entry->machine = z->machine->id;
	),

	TP_printk("node=%d zone=%-8s order=%d reclaimable=%lu available=%lu min_wmark=%lu no_progress_loops=%d wmark_check=%d machine=%d",
		  __entry->node, __print_symbolic(__entry->zone_idx, SBUDDY_TRACE_ZONES),
		  __entry->order, __entry->reclaimable, __entry->available, __entry->min_wmark,
		  __entry->no_progress_loops, __entry->wmark_check, __entry->machine)
);

TRACE_EVENT(sbuddy_compact_retry,

	TP_PROTO(const struct sbuddy_machine *m, int order, int priority, int result, int retries,
		 int max_retries, bool ret),

	TP_ARGS(m, order, priority, result, retries, max_retries, ret),

	TP_STRUCT__entry(
		__field(int, order)
		__field(int, priority)
		__field(int, result)
		__field(int, retries)
		__field(int, max_retries)
		__field(bool, ret)
		__field(int, machine)
	),

	TP_fast_assign(
		__entry->order = order;
		__entry->priority = priority;
		__entry->result = sbuddy_compact_feedback(result);
		__entry->retries = retries;
		__entry->max_retries = max_retries;
		__entry->ret = ret;
		__entry->machine = m->id;
	),

	TP_printk("order=%d priority=%s compaction_result=%s retries=%d max_retries=%d should_retry=%d machine=%d",
		  __entry->order, sbuddy_show_compact_priority(__entry->priority),
		  sbuddy_show_compact_feedback(__entry->result), __entry->retries,
		  __entry->max_retries, __entry->ret, __entry->machine)
);

/* ---- out of memory ---- */

TRACE_EVENT(sbuddy_mark_victim,

	TP_PROTO(const struct sbuddy_machine *m, u32 owner, u64 pages),

	TP_ARGS(m, owner, pages),

	TP_STRUCT__entry(
		__field(u32, owner)
		__field(u64, pages)
		__field(int, machine)
	),

	TP_fast_assign(
		__entry->owner = owner;
		__entry->pages = pages;
		__entry->machine = m->id;
	),

	TP_printk("owner=%u pages=%llu machine=%d",
		  __entry->owner, __entry->pages, __entry->machine)
);

TRACE_EVENT(sbuddy_oom_declare,

	TP_PROTO(const struct sbuddy_machine *m, u32 seq, int order, u32 gfp_flags,
		 int no_progress_loops, int compact_result, int policy),

	TP_ARGS(m, seq, order, gfp_flags, no_progress_loops, compact_result, policy),

	TP_STRUCT__entry(
		__field(u32, seq)
		__field(int, order)
		__field(unsigned long, gfp_flags)
		__field(int, no_progress_loops)
		__field(int, compact_result)
		__field(int, policy)
		__field(int, machine)
	),

	TP_fast_assign(
		__entry->seq = seq;
		__entry->order = order;
		__entry->gfp_flags = gfp_flags;
		__entry->no_progress_loops = no_progress_loops;
		__entry->compact_result = compact_result;
		__entry->policy = policy;
		__entry->machine = m->id;
	),

	TP_printk("seq=%u order=%d gfp_flags=%s no_progress_loops=%d compact_result=%d policy=%s machine=%d",
		  __entry->seq, __entry->order, sbuddy_show_gfp(__entry->gfp_flags),
		  __entry->no_progress_loops, __entry->compact_result,
		  sbuddy_show_oom_policy(__entry->policy), __entry->machine)
);

TRACE_EVENT(sbuddy_oom_reaped,

	TP_PROTO(const struct sbuddy_machine *m, u32 owner, u64 pages, u64 left),

	TP_ARGS(m, owner, pages, left),

	TP_STRUCT__entry(
		__field(u32, owner)
		__field(u64, pages)
		__field(u64, left)
		__field(int, machine)
	),

	TP_fast_assign(
		__entry->owner = owner;
		__entry->pages = pages;
		__entry->left = left;
		__entry->machine = m->id;
	),

	TP_printk("owner=%u pages=%llu left=%llu machine=%d",
		  __entry->owner, __entry->pages, __entry->left, __entry->machine)
);

TRACE_EVENT(sbuddy_oom_deadlock,

	TP_PROTO(const struct sbuddy_machine *m, int order, u32 gfp_flags),

	TP_ARGS(m, order, gfp_flags),

	TP_STRUCT__entry(
		__field(int, order)
		__field(unsigned long, gfp_flags)
		__field(int, machine)
	),

	TP_fast_assign(
		__entry->order = order;
		__entry->gfp_flags = gfp_flags;
		__entry->machine = m->id;
	),

	TP_printk("order=%d gfp_flags=%s machine=%d",
		  __entry->order, sbuddy_show_gfp(__entry->gfp_flags), __entry->machine)
);

TRACE_EVENT(sbuddy_livelock,

	TP_PROTO(const struct sbuddy_machine *m, int order, u32 gfp_flags, int loops),

	TP_ARGS(m, order, gfp_flags, loops),

	TP_STRUCT__entry(
		__field(int, order)
		__field(unsigned long, gfp_flags)
		__field(int, loops)
		__field(int, machine)
	),

	TP_fast_assign(
		__entry->order = order;
		__entry->gfp_flags = gfp_flags;
		__entry->loops = loops;
		__entry->machine = m->id;
	),

	TP_printk("order=%d gfp_flags=%s loops=%d machine=%d",
		  __entry->order, sbuddy_show_gfp(__entry->gfp_flags), __entry->loops,
		  __entry->machine)
);

#endif /* _TRACE_SBUDDY_VMSCAN_H */

/* Outside the guard: reads this file, not that of the system's name, several times more. */
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_FILE sbuddy_vmscan
#include <trace/define_trace.h>
