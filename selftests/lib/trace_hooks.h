/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The engine's tracepoints in user space: one branch when nobody listens, one
 * call of the thread's hook when somebody does, set by sbuddy_trace_listen().  Names and
 * arguments are those of include/trace/events/sbuddy.h.
 */
#ifndef _SBUDDY_TRACE_HOOKS_H
#define _SBUDDY_TRACE_HOOKS_H

struct sbuddy_machine;
struct sbuddy_zone;
struct sbuddy_page;

enum sbuddy_trace_event {
	SBUDDY_TRACE_MM_PAGE_ALLOC,		/* order, gfp, migratetype */
	SBUDDY_TRACE_MM_PAGE_ALLOC_ZONE_LOCKED,	/* order, migratetype, percpu_refill */
	SBUDDY_TRACE_MM_PAGE_ALLOC_EXTFRAG,	/* alloc and fallback order and mt */
	SBUDDY_TRACE_MM_PAGE_FREE,		/* order */
	SBUDDY_TRACE_MM_PAGE_FREE_BATCHED,
	SBUDDY_TRACE_MM_PAGE_PCPU_DRAIN,	/* order, migratetype */
	SBUDDY_TRACE_MM_VMSCAN_WAKEUP_KSWAPD,	/* order, gfp */
	SBUDDY_TRACE_ZONE_SKIPPED,		/* order, alloc_flags, reason */
	SBUDDY_TRACE_WATERMARK_TEST,		/* order, mark, free, reserve, flags, passed */
	SBUDDY_TRACE_STEAL_DECISION,		/* order, types, free, alike, claimed */
	SBUDDY_TRACE_PCP_TUNED,			/* cpu, reason, old and new high, factor, freed */
	SBUDDY_TRACE_WOULD_BLOCK,		/* order, gfp, step */
	SBUDDY_TRACE_BAD_FREE,			/* pfn, order, err */
	SBUDDY_TRACE_MIGRATE_RANGE,		/* start, end, migrated, reclaimed, mapped, mt */
	SBUDDY_TRACE_TEST_ISOLATED,		/* start, end, fin */
	SBUDDY_TRACE_MM_COMPACTION_ISOLATE_MIGRATEPAGES, /* start, end, scanned, taken */
	SBUDDY_TRACE_MM_COMPACTION_ISOLATE_FREEPAGES, /* start, end, scanned, taken */
	SBUDDY_TRACE_MM_COMPACTION_FAST_ISOLATE_FREEPAGES, /* start, end, scanned, taken */
	SBUDDY_TRACE_MM_COMPACTION_MIGRATEPAGES, /* migrated, failed */
	SBUDDY_TRACE_MM_COMPACTION_BEGIN, /* migrate_pfn, free_pfn, sync */
	SBUDDY_TRACE_MM_COMPACTION_END, /* migrate_pfn, free_pfn, sync, status */
	SBUDDY_TRACE_MM_COMPACTION_TRY_TO_COMPACT_PAGES, /* order, gfp, prio */
	SBUDDY_TRACE_MM_COMPACTION_SUITABLE, /* order, ret */
	SBUDDY_TRACE_MM_COMPACTION_FINISHED, /* order, ret */
	SBUDDY_TRACE_MM_COMPACTION_DEFERRED, /* order */
	SBUDDY_TRACE_MM_COMPACTION_DEFER_COMPACTION, /* order */
	SBUDDY_TRACE_MM_COMPACTION_DEFER_RESET, /* order */
	SBUDDY_TRACE_MM_COMPACTION_KCOMPACTD_SLEEP, /* nid */
	SBUDDY_TRACE_MM_COMPACTION_WAKEUP_KCOMPACTD, /* nid, order, highest_zoneidx */
	SBUDDY_TRACE_MM_COMPACTION_KCOMPACTD_WAKE, /* nid, order, highest_zoneidx */
	SBUDDY_TRACE_MM_MIGRATE_PAGES, /* succeeded, failed, of huge ones both, mode, reason */
	SBUDDY_TRACE_MM_MIGRATE_PAGES_START, /* mode, reason */
	SBUDDY_TRACE_MM_VMSCAN_KSWAPD_SLEEP, /* nid */
	SBUDDY_TRACE_MM_VMSCAN_KSWAPD_WAKE, /* nid, zid, order */
	SBUDDY_TRACE_MM_VMSCAN_DIRECT_RECLAIM_BEGIN, /* order, gfp */
	SBUDDY_TRACE_MM_VMSCAN_DIRECT_RECLAIM_END, /* reclaimed */
	SBUDDY_TRACE_MM_VMSCAN_LRU_ISOLATE, /* nid, idx, order, want, seen, skipped, taken, lru */
	SBUDDY_TRACE_MM_VMSCAN_LRU_SHRINK_INACTIVE, /* nid, scanned, reclaimed, prio, file, dirty */
	SBUDDY_TRACE_MM_VMSCAN_LRU_SHRINK_ACTIVE, /* nid, taken, active, inactive, used, prio */
	SBUDDY_TRACE_MM_VMSCAN_WRITE_FOLIO, /* pfn, tag */
	SBUDDY_TRACE_MM_VMSCAN_THROTTLED, /* nid, timeout, delayed, reason */
	SBUDDY_TRACE_RECLAIM_RETRY_ZONE, /* order, reclaimable, available, min, no_progress, ok */
	SBUDDY_TRACE_COMPACT_RETRY, /* order, priority, result, retries, max, ret */
	SBUDDY_TRACE_MARK_VICTIM, /* owner, pages */
	SBUDDY_TRACE_OOM_DECLARE, /* seq, order, gfp, no_progress, compact_result, policy */
	SBUDDY_TRACE_OOM_REAPED, /* owner, pages, left */
	SBUDDY_TRACE_OOM_DEADLOCK, /* order, gfp */
	SBUDDY_TRACE_LIVELOCK, /* order, gfp, loops */
	SBUDDY_NR_TRACE_EVENTS,
};

typedef void (*sbuddy_trace_fn)(enum sbuddy_trace_event ev, const struct sbuddy_machine *m,
				const struct sbuddy_zone *zone, const struct sbuddy_page *page,
				const long *arg);

extern __thread sbuddy_trace_fn sbuddy_trace_hook;
extern int sbuddy_trace_listeners;	/* threads with a hook: the static key */

void sbuddy_trace_listen(sbuddy_trace_fn fn);

static inline bool os_tracing_alloc(void)
{
	return sbuddy_trace_listeners;
}

static inline bool os_tracing_free(void)
{
	return sbuddy_trace_listeners;
}

#define SBUDDY_HOOK(ev, m, zone, page, ...) \
	do { \
		if (unlikely(sbuddy_trace_listeners) && sbuddy_trace_hook) { \
			const long _arg[] = { __VA_ARGS__ }; \
			sbuddy_trace_hook(SBUDDY_TRACE_ ## ev, m, zone, page, _arg); \
		} \
	} while (0)

#define trace_sbuddy_mm_page_alloc(m, page, order, gfp, mt) \
	SBUDDY_HOOK(MM_PAGE_ALLOC, m, NULL, page, order, gfp, mt)
#define trace_sbuddy_mm_page_alloc_zone_locked(zone, page, order, mt, refill) \
	SBUDDY_HOOK(MM_PAGE_ALLOC_ZONE_LOCKED, NULL, zone, page, order, mt, refill)
#define trace_sbuddy_mm_page_alloc_extfrag(zone, page, ao, fo, amt, fmt) \
	SBUDDY_HOOK(MM_PAGE_ALLOC_EXTFRAG, NULL, zone, page, ao, fo, amt, fmt)
#define trace_sbuddy_mm_page_free(m, page, order) \
	SBUDDY_HOOK(MM_PAGE_FREE, m, NULL, page, order)
#define trace_sbuddy_mm_page_free_batched(m, page) \
	SBUDDY_HOOK(MM_PAGE_FREE_BATCHED, m, NULL, page, 0)
#define trace_sbuddy_mm_page_pcpu_drain(zone, page, order, mt) \
	SBUDDY_HOOK(MM_PAGE_PCPU_DRAIN, NULL, zone, page, order, mt)
#define trace_sbuddy_mm_vmscan_wakeup_kswapd(zone, order, gfp) \
	SBUDDY_HOOK(MM_VMSCAN_WAKEUP_KSWAPD, NULL, zone, NULL, order, gfp)
#define trace_sbuddy_zone_skipped(zone, order, flags, reason) \
	SBUDDY_HOOK(ZONE_SKIPPED, NULL, zone, NULL, order, flags, reason)
#define trace_sbuddy_watermark_test(zone, order, mark, free, reserve, flags, ok) \
	SBUDDY_HOOK(WATERMARK_TEST, NULL, zone, NULL, order, mark, free, reserve, flags, ok)
#define trace_sbuddy_steal_decision(zone, page, order, smt, bmt, free, alike, ok) \
	SBUDDY_HOOK(STEAL_DECISION, NULL, zone, page, order, smt, bmt, free, alike, ok)
#define trace_sbuddy_pcp_tuned(zone, cpu, reason, old, high, af, fc) \
	SBUDDY_HOOK(PCP_TUNED, NULL, zone, NULL, cpu, reason, old, high, af, fc)
#define trace_sbuddy_would_block(m, order, gfp, step) \
	SBUDDY_HOOK(WOULD_BLOCK, m, NULL, NULL, order, gfp, step)
#define trace_sbuddy_bad_free(m, pfn, order, err) \
	SBUDDY_HOOK(BAD_FREE, m, NULL, NULL, pfn, order, err)
#define trace_sbuddy_mm_alloc_contig_migrate_range_info(zone, start, end, nm, nr, nmap, mt) \
	SBUDDY_HOOK(MIGRATE_RANGE, NULL, zone, NULL, start, end, nm, nr, nmap, mt)
#define trace_sbuddy_test_pages_isolated(m, start, end, fin) \
	SBUDDY_HOOK(TEST_ISOLATED, m, NULL, NULL, start, end, fin)
#define trace_sbuddy_mm_compaction_isolate_migratepages(zone, start, end, seen, taken) \
	SBUDDY_HOOK(MM_COMPACTION_ISOLATE_MIGRATEPAGES, NULL, zone, NULL, start, end, seen, taken)
#define trace_sbuddy_mm_compaction_isolate_freepages(zone, start, end, seen, taken) \
	SBUDDY_HOOK(MM_COMPACTION_ISOLATE_FREEPAGES, NULL, zone, NULL, start, end, seen, taken)
#define trace_sbuddy_mm_compaction_fast_isolate_freepages(zone, start, end, seen, taken) \
	SBUDDY_HOOK(MM_COMPACTION_FAST_ISOLATE_FREEPAGES, NULL, zone, NULL, start, end, seen, taken)
#define trace_sbuddy_mm_compaction_migratepages(zone, migrated, failed) \
	SBUDDY_HOOK(MM_COMPACTION_MIGRATEPAGES, NULL, zone, NULL, migrated, failed)
#define trace_sbuddy_mm_compaction_begin(zone, mpfn, fpfn, sync) \
	SBUDDY_HOOK(MM_COMPACTION_BEGIN, NULL, zone, NULL, mpfn, fpfn, sync)
#define trace_sbuddy_mm_compaction_end(zone, mpfn, fpfn, sync, status) \
	SBUDDY_HOOK(MM_COMPACTION_END, NULL, zone, NULL, mpfn, fpfn, sync, status)
#define trace_sbuddy_mm_compaction_try_to_compact_pages(m, order, gfp, prio) \
	SBUDDY_HOOK(MM_COMPACTION_TRY_TO_COMPACT_PAGES, m, NULL, NULL, order, gfp, prio)
#define trace_sbuddy_mm_compaction_suitable(zone, order, ret) \
	SBUDDY_HOOK(MM_COMPACTION_SUITABLE, NULL, zone, NULL, order, ret)
#define trace_sbuddy_mm_compaction_finished(zone, order, ret) \
	SBUDDY_HOOK(MM_COMPACTION_FINISHED, NULL, zone, NULL, order, ret)
#define trace_sbuddy_mm_compaction_deferred(zone, order) \
	SBUDDY_HOOK(MM_COMPACTION_DEFERRED, NULL, zone, NULL, order)
#define trace_sbuddy_mm_compaction_defer_compaction(zone, order) \
	SBUDDY_HOOK(MM_COMPACTION_DEFER_COMPACTION, NULL, zone, NULL, order)
#define trace_sbuddy_mm_compaction_defer_reset(zone, order) \
	SBUDDY_HOOK(MM_COMPACTION_DEFER_RESET, NULL, zone, NULL, order)
#define trace_sbuddy_mm_compaction_kcompactd_sleep(m, nid) \
	SBUDDY_HOOK(MM_COMPACTION_KCOMPACTD_SLEEP, m, NULL, NULL, nid)
#define trace_sbuddy_mm_compaction_wakeup_kcompactd(m, nid, order, hzi) \
	SBUDDY_HOOK(MM_COMPACTION_WAKEUP_KCOMPACTD, m, NULL, NULL, nid, order, hzi)
#define trace_sbuddy_mm_compaction_kcompactd_wake(m, nid, order, hzi) \
	SBUDDY_HOOK(MM_COMPACTION_KCOMPACTD_WAKE, m, NULL, NULL, nid, order, hzi)
#define trace_sbuddy_mm_migrate_pages(m, ok, failed, thp_ok, thp_failed, mode, reason) \
	SBUDDY_HOOK(MM_MIGRATE_PAGES, m, NULL, NULL, ok, failed, thp_ok, thp_failed, mode, reason)
#define trace_sbuddy_mm_migrate_pages_start(m, mode, reason) \
	SBUDDY_HOOK(MM_MIGRATE_PAGES_START, m, NULL, NULL, mode, reason)

#define trace_sbuddy_mm_vmscan_kswapd_sleep(m, nid) \
	SBUDDY_HOOK(MM_VMSCAN_KSWAPD_SLEEP, m, NULL, NULL, nid)
#define trace_sbuddy_mm_vmscan_kswapd_wake(m, nid, zid, order) \
	SBUDDY_HOOK(MM_VMSCAN_KSWAPD_WAKE, m, NULL, NULL, nid, zid, order)
#define trace_sbuddy_mm_vmscan_direct_reclaim_begin(m, order, gfp) \
	SBUDDY_HOOK(MM_VMSCAN_DIRECT_RECLAIM_BEGIN, m, NULL, NULL, order, gfp)
#define trace_sbuddy_mm_vmscan_direct_reclaim_end(m, nr) \
	SBUDDY_HOOK(MM_VMSCAN_DIRECT_RECLAIM_END, m, NULL, NULL, nr)
#define trace_sbuddy_mm_vmscan_lru_isolate(m, nid, idx, order, want, seen, skipped, taken, lru) \
	SBUDDY_HOOK(MM_VMSCAN_LRU_ISOLATE, m, NULL, NULL, nid, idx, order, want, seen, skipped, \
		    taken, lru)
#define trace_sbuddy_mm_vmscan_lru_shrink_inactive(m, nid, seen, freed, stat, prio, file) \
	SBUDDY_HOOK(MM_VMSCAN_LRU_SHRINK_INACTIVE, m, NULL, NULL, nid, seen, freed, prio, file, \
		    (stat)->nr_dirty)
#define trace_sbuddy_mm_vmscan_lru_shrink_active(m, nid, taken, act, deact, ref, prio, file) \
	SBUDDY_HOOK(MM_VMSCAN_LRU_SHRINK_ACTIVE, m, NULL, NULL, nid, taken, act, deact, ref, \
		    prio, file)
#define trace_sbuddy_mm_vmscan_write_folio(m, pfn, tag) \
	SBUDDY_HOOK(MM_VMSCAN_WRITE_FOLIO, m, NULL, NULL, pfn, tag)
#define trace_sbuddy_mm_vmscan_throttled(m, nid, timeout, delayed, reason) \
	SBUDDY_HOOK(MM_VMSCAN_THROTTLED, m, NULL, NULL, nid, timeout, delayed, reason)
#define trace_sbuddy_reclaim_retry_zone(zone, order, reclaimable, available, min, loops, ok) \
	SBUDDY_HOOK(RECLAIM_RETRY_ZONE, NULL, zone, NULL, order, reclaimable, available, min, \
		    loops, ok)
#define trace_sbuddy_compact_retry(m, order, prio, result, retries, max, ret) \
	SBUDDY_HOOK(COMPACT_RETRY, m, NULL, NULL, order, prio, result, retries, max, ret)
#define trace_sbuddy_mark_victim(m, owner, pages) \
	SBUDDY_HOOK(MARK_VICTIM, m, NULL, NULL, owner, pages)
#define trace_sbuddy_oom_declare(m, seq, order, gfp, loops, result, policy) \
	SBUDDY_HOOK(OOM_DECLARE, m, NULL, NULL, seq, order, gfp, loops, result, policy)
#define trace_sbuddy_oom_reaped(m, owner, pages, left) \
	SBUDDY_HOOK(OOM_REAPED, m, NULL, NULL, owner, pages, left)
#define trace_sbuddy_oom_deadlock(m, order, gfp) \
	SBUDDY_HOOK(OOM_DEADLOCK, m, NULL, NULL, order, gfp)
#define trace_sbuddy_livelock(m, order, gfp, loops) \
	SBUDDY_HOOK(LIVELOCK, m, NULL, NULL, order, gfp, loops)

#endif /* _SBUDDY_TRACE_HOOKS_H */
