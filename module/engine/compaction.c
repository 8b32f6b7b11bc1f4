// SPDX-License-Identifier: GPL-2.0
/*
 * Compaction: the two scanners run towards each other, and what the one finds
 * movable at the bottom of the zone goes to what the other finds free at its
 * top, until a block of the order wanted is free or they meet.
 *
 * A run, sbuddy_compact_zone(), is a small machine of phases, so that it can be
 * carried out one move at a time (compaction_walk.c): it tests whether it is
 * finished, isolates, migrates, drains, and tests again.  Before it come the
 * questions whether it is worth while; around it is what a request that waits
 * does, zone after zone.
 *
 * The scanners are compaction_migrate.c and compaction_free.c, what is
 * remembered between runs compaction_skip.c.  Owns no state.
 */
#include "os.h"
#include "reclaim.h"

/* ---- is it worth while? ---- */

/*
 * Enough free pages to work with?  Targets are taken below the watermark of no
 * one, and the request must be able to use what is left.
 */
static bool sbuddy___compaction_suitable(const struct sbuddy_zone *zone, int order,
					 int highest_zoneidx, long free)
{
	const unsigned int wmark = order > SBUDDY_COSTLY_ORDER ? SBUDDY_WMARK_LOW :
								 SBUDDY_WMARK_MIN;
	long mark = sbuddy_wmark_pages(zone, wmark) + (long)sbuddy_compact_gap(order);

	return sbuddy___zone_watermark_ok(zone, 0, mark, highest_zoneidx, 0, free);
}

/* Could compaction help?  Not if memory is short, or, for a costly order, not fragmented. */
bool sbuddy_compaction_suitable(struct sbuddy_zone *zone, int order, int highest_zoneidx)
{
	bool suitable = sbuddy___compaction_suitable(zone, order, highest_zoneidx,
						     (long)sbuddy_zone_page_state(zone));
	enum sbuddy_compact_result result = suitable ? SBUDDY_COMPACT_CONTINUE :
						       SBUDDY_COMPACT_SKIPPED;

	if (suitable && order > SBUDDY_COSTLY_ORDER) {
		int index = sbuddy_extfrag_index(zone, order);

		if (index >= 0 && index <= zone->machine->knobs.extfrag_threshold) {
			suitable = false;
			result = SBUDDY_COMPACT_NOT_SUITABLE_ZONE;
		}
	}
	trace_sbuddy_mm_compaction_suitable(zone, order, result);
	return suitable;
}

/* Would compaction be worth while in some zone, if reclaim freed a part of what it can? */
bool sbuddy_compaction_zonelist_suitable(const struct sbuddy_alloc_context *ac, int order)
{
	struct sbuddy_zoneref *z = ac->zonelist->ref;

	for (;; z++) {
		long available;

		z = sbuddy_next_zones_zonelist(z, ac->highest_zoneidx, ac->nodemask);
		if (!z->zone)
			return false;
		available = sbuddy_zone_reclaimable_pages(z->zone) / order +
			    sbuddy_zone_page_state_snapshot(z->zone);
		if (sbuddy___compaction_suitable(z->zone, order, ac->highest_zoneidx, available))
			return true;
	}
}

/* SUCCESS: there is such a block already; SKIPPED: it is hopeless; CONTINUE: try. */
enum sbuddy_compact_result
sbuddy_compaction_suit_allocation_order(struct sbuddy_zone *zone, unsigned int order,
					int highest_zoneidx, unsigned int alloc_flags)
{
	long mark = sbuddy_wmark_pages(zone, alloc_flags & SBUDDY_ALLOC_WMARK_MASK);

	if (sbuddy_zone_watermark_ok(zone, order, mark, highest_zoneidx, alloc_flags))
		return SBUDDY_COMPACT_SUCCESS;
	return sbuddy_compaction_suitable(zone, order, highest_zoneidx) ?
	       SBUDDY_COMPACT_CONTINUE : SBUDDY_COMPACT_SKIPPED;
}

/* ---- is it finished? ---- */

/* A block as wanted on the request's own lists, or on lists that it could take over. */
static bool sbuddy_suitable_page_free(const struct sbuddy_compact_control *cc)
{
	for (int order = cc->order; order < SBUDDY_NR_PAGE_ORDERS; order++) {
		bool can_steal;

		if (!list_empty(&cc->zone->free_area[order].free_list[cc->migratetype]))
			return true;
		if (sbuddy_find_suitable_fallback(cc->zone, order, cc->migratetype, true,
						  &can_steal) >= 0)
			return true;
	}
	return false;
}

/* The scanners met: the next run starts from the ends, and a request's run clears hints. */
static enum sbuddy_compact_result sbuddy_compact_met(struct sbuddy_compact_control *cc)
{
	sbuddy_reset_cached_positions(cc->zone);
	if (cc->direct_compaction)
		cc->zone->compact.blockskip_flush = true;
	return cc->whole_zone ? SBUDDY_COMPACT_COMPLETE : SBUDDY_COMPACT_PARTIAL_SKIPPED;
}

static enum sbuddy_compact_result sbuddy___compact_finished(struct sbuddy_compact_control *cc)
{
	enum sbuddy_compact_result ret = SBUDDY_COMPACT_NO_SUITABLE_PAGE;

	if (sbuddy_compact_scanners_met(cc))
		return sbuddy_compact_met(cc);
	if (cc->proactive_compaction) {
		if (READ_ONCE(cc->m->nodes[cc->zone->node].kswapd_running))
			return SBUDDY_COMPACT_PARTIAL_SKIPPED;
		ret = sbuddy_fragmentation_score_zone(cc->zone) >
		      sbuddy_fragmentation_score_wmark(cc->m, true) ?
		      SBUDDY_COMPACT_CONTINUE : SBUDDY_COMPACT_SUCCESS;
	} else if (sbuddy_is_via_compact_memory(cc->order) ||
		   !sbuddy_pageblock_aligned(cc->migrate_pfn)) {
		return SBUDDY_COMPACT_CONTINUE;
	} else if (sbuddy_suitable_page_free(cc)) {
		return SBUDDY_COMPACT_SUCCESS;
	}
	if (cc->contended || os_fatal_signal_pending())
		ret = SBUDDY_COMPACT_CONTENDED;
	return ret;
}

static noinline enum sbuddy_compact_result
sbuddy_compact_finished(struct sbuddy_compact_control *cc)
{
	enum sbuddy_compact_result ret = sbuddy___compact_finished(cc);

	trace_sbuddy_mm_compaction_finished(cc->zone, cc->order, ret);
	return ret == SBUDDY_COMPACT_NO_SUITABLE_PAGE ? SBUDDY_COMPACT_CONTINUE : ret;
}

/* ---- the run ---- */

/* Scanners to the zone's ends, or to where the last run left them. */
static void sbuddy_compact_start_positions(struct sbuddy_compact_control *cc)
{
	const unsigned long start = cc->zone->zone_start_pfn;
	const unsigned long end = sbuddy_zone_end_pfn(cc->zone);
	struct sbuddy_compact_state *z = &cc->zone->compact;

	cc->migrate_pfn = start;
	cc->free_pfn = sbuddy_pageblock_start_pfn(end - 1);
	if (cc->whole_zone)
		return;
	if (z->cached_free_pfn >= start && z->cached_free_pfn < end)
		cc->free_pfn = z->cached_free_pfn;
	else
		z->cached_free_pfn = cc->free_pfn;
	if (z->cached_migrate_pfn[cc->mode != SBUDDY_MIGRATE_ASYNC] >= start &&
	    z->cached_migrate_pfn[cc->mode != SBUDDY_MIGRATE_ASYNC] < end) {
		cc->migrate_pfn = z->cached_migrate_pfn[cc->mode != SBUDDY_MIGRATE_ASYNC];
	} else {
		z->cached_migrate_pfn[0] = start;
		z->cached_migrate_pfn[1] = start;
	}
	if (cc->migrate_pfn <= z->init_migrate_pfn)
		cc->whole_zone = true;
}

static void sbuddy_compact_clear(struct sbuddy_compact_control *cc)
{
	cc->total_migrate_scanned = 0;
	cc->total_free_scanned = 0;
	cc->nr_migratepages = 0;
	cc->nr_freepages = 0;
	for (int order = 0; order < SBUDDY_NR_PAGE_ORDERS; order++)
		INIT_LIST_HEAD(&cc->freepages[order]);
	INIT_LIST_HEAD(&cc->migratepages);
	cc->migratetype = sbuddy_gfp_mt(cc->m, cc->gfp);
	cc->phase = SBUDDY_PHASE_DONE;
}

/*
 * Begins a run of @cc->zone.  CONTINUE: it is on, to be carried out by
 * sbuddy_compact_zone_step(); anything else is its result already.
 */
enum sbuddy_compact_result sbuddy_compact_zone_begin(struct sbuddy_compact_control *cc)
{
	struct sbuddy_compact_state *z = &cc->zone->compact;

	sbuddy_compact_clear(cc);
	if (!sbuddy_is_via_compact_memory(cc->order)) {
		cc->result = sbuddy_compaction_suit_allocation_order(cc->zone, cc->order,
								     cc->highest_zoneidx,
								     cc->alloc_flags);
		if (cc->result != SBUDDY_COMPACT_CONTINUE)
			return cc->result;
	}
	if (sbuddy_compaction_restarting(cc->zone, cc->order))
		sbuddy___reset_isolation_suitable(cc->zone);
	cc->fast_start_pfn = 0;
	sbuddy_compact_start_positions(cc);
	cc->last_migrated_pfn = 0;
	cc->update_cached = cc->mode == SBUDDY_MIGRATE_ASYNC &&
			    z->cached_migrate_pfn[0] == z->cached_migrate_pfn[1];
	trace_sbuddy_mm_compaction_begin(cc->zone, cc->migrate_pfn, cc->free_pfn,
					 cc->mode != SBUDDY_MIGRATE_ASYNC);
	sbuddy_lru_add_drain(cc->m, cc->task, cc->task->cpu);
	cc->phase = SBUDDY_PHASE_TEST;
	cc->result = SBUDDY_COMPACT_CONTINUE;
	return SBUDDY_COMPACT_CONTINUE;
}

static void sbuddy_compact_over(struct sbuddy_compact_control *cc,
				enum sbuddy_compact_result result)
{
	cc->result = result;
	cc->phase = SBUDDY_PHASE_END;
}

/* A block in which pages were moved already is taken as a whole, so that it ends some time. */
static void sbuddy_compact_test(struct sbuddy_compact_control *cc)
{
	enum sbuddy_compact_result ret = sbuddy_compact_finished(cc);

	if (ret != SBUDDY_COMPACT_CONTINUE) {
		sbuddy_compact_over(cc, ret);
		return;
	}
	cc->finish_pageblock = sbuddy_pageblock_start_pfn(cc->last_migrated_pfn) ==
			       sbuddy_pageblock_start_pfn(cc->migrate_pfn);
	cc->phase = SBUDDY_PHASE_ISOLATE;
}

static void sbuddy_compact_isolate(struct sbuddy_compact_control *cc)
{
	struct sbuddy_compact_state *z = &cc->zone->compact;

	switch (sbuddy_isolate_migratepages(cc)) {
	case SBUDDY_ISOLATE_ABORT:
		sbuddy_putback_movable_pages(cc->m, cc->task, &cc->migratepages);
		cc->nr_migratepages = 0;
		sbuddy_compact_over(cc, SBUDDY_COMPACT_CONTENDED);
		break;
	case SBUDDY_ISOLATE_NONE:
		if (cc->update_cached)
			z->cached_migrate_pfn[1] = z->cached_migrate_pfn[0];
		cc->phase = SBUDDY_PHASE_DRAIN;
		break;
	case SBUDDY_ISOLATE_SUCCESS:
		cc->update_cached = false;
		cc->last_migrated_pfn = max(cc->zone->zone_start_pfn,
					    sbuddy_pageblock_start_pfn(cc->migrate_pfn - 1));
		cc->phase = SBUDDY_PHASE_MIGRATE;
		break;
	}
}

/* Pages stayed.  True if the rest of their block is to be taken at once. */
static bool sbuddy_compact_rescan(struct sbuddy_compact_control *cc)
{
	if (sbuddy_pageblock_aligned(cc->migrate_pfn) || cc->ignore_skip_hint ||
	    cc->finish_pageblock || cc->mode >= SBUDDY_MIGRATE_SYNC)
		return false;
	cc->finish_pageblock = true;
	if (cc->order == SBUDDY_COMPACTION_HPAGE_ORDER)
		cc->last_migrated_pfn = 0;
	return true;
}

static bool sbuddy_compact_captured(const struct sbuddy_compact_control *cc)
{
	const struct sbuddy_capture_control *capc = cc->task->capc;

	return capc && capc->cc == cc && capc->page;
}

/* Moves what was isolated.  Returns what migration returns. */
static int sbuddy_compact_move(struct sbuddy_compact_control *cc)
{
	const struct sbuddy_migrate_control mc = {
		.m = cc->m, .task = cc->task, .private = cc,
		.alloc = sbuddy_compaction_alloc, .free = sbuddy_compaction_free,
		.mode = cc->mode, .reason = SBUDDY_MR_COMPACTION, .log = cc->log,
	};
	unsigned int nr_migratepages = cc->nr_migratepages, nr_succeeded = 0;
	int err = sbuddy_migrate_pages(&mc, &cc->migratepages, &nr_succeeded);

	trace_sbuddy_mm_compaction_migratepages(cc->zone, nr_succeeded,
						nr_migratepages - nr_succeeded);
	cc->nr_migrated += nr_succeeded;
	cc->nr_failed += nr_migratepages - nr_succeeded;
	cc->nr_migratepages = 0;
	return err;
}

static void sbuddy_compact_migrate(struct sbuddy_compact_control *cc)
{
	int err = sbuddy_compact_move(cc);

	if (err) {
		sbuddy_putback_movable_pages(cc->m, cc->task, &cc->migratepages);
		if (err == -ENOMEM && !sbuddy_compact_scanners_met(cc)) {
			sbuddy_compact_over(cc, SBUDDY_COMPACT_CONTENDED);
			return;
		}
		if (sbuddy_compact_rescan(cc)) {
			cc->phase = SBUDDY_PHASE_ISOLATE;
			return;
		}
	}
	if (sbuddy_compact_captured(cc))
		sbuddy_compact_over(cc, SBUDDY_COMPACT_SUCCESS);
	else
		cc->phase = SBUDDY_PHASE_DRAIN;
}

/* What was freed behind the migrate scanner merges when it comes back from per-CPU lists. */
static void sbuddy_compact_check_drain(struct sbuddy_compact_control *cc)
{
	cc->phase = SBUDDY_PHASE_TEST;
	if (cc->order <= 0 || !cc->last_migrated_pfn ||
	    cc->last_migrated_pfn >= sbuddy_block_start_pfn(cc->migrate_pfn, cc->order))
		return;
	sbuddy_lru_add_drain(cc->m, cc->task, cc->task->cpu);
	sbuddy_drain_pages_zone(cc->zone, cc->task, cc->task->cpu);
	cc->last_migrated_pfn = 0;
}

/* Ends a run in whatever phase: nothing stays isolated, what it did is counted. */
void sbuddy_compact_zone_end(struct sbuddy_compact_control *cc)
{
	struct sbuddy_compact_state *z = &cc->zone->compact;
	unsigned long free_pfn;

	if (cc->phase == SBUDDY_PHASE_DONE)
		return;
	sbuddy_putback_movable_pages(cc->m, cc->task, &cc->migratepages);
	cc->nr_migratepages = 0;
	if (cc->nr_freepages) {
		free_pfn = sbuddy_pageblock_start_pfn(sbuddy_release_free_list(cc));
		cc->nr_freepages = 0;
		if (free_pfn > z->cached_free_pfn)
			z->cached_free_pfn = free_pfn;
	}
	sbuddy_count_vm_events(cc->m, SBUDDY_COMPACTMIGRATE_SCANNED, cc->total_migrate_scanned);
	sbuddy_count_vm_events(cc->m, SBUDDY_COMPACTFREE_SCANNED, cc->total_free_scanned);
	trace_sbuddy_mm_compaction_end(cc->zone, cc->migrate_pfn, cc->free_pfn,
				       cc->mode != SBUDDY_MIGRATE_ASYNC, cc->result);
	cc->phase = SBUDDY_PHASE_DONE;
}

/* Carries out the phase that is next. */
void sbuddy_compact_zone_step(struct sbuddy_compact_control *cc)
{
	static void (* const step[])(struct sbuddy_compact_control *cc) = {
		[SBUDDY_PHASE_TEST]    = sbuddy_compact_test,
		[SBUDDY_PHASE_ISOLATE] = sbuddy_compact_isolate,
		[SBUDDY_PHASE_MIGRATE] = sbuddy_compact_migrate,
		[SBUDDY_PHASE_DRAIN]   = sbuddy_compact_check_drain,
		[SBUDDY_PHASE_END]     = sbuddy_compact_zone_end,
		[SBUDDY_PHASE_DONE]    = sbuddy_compact_zone_end,
	};

	step[cc->phase](cc);
}

/**
 * sbuddy_compact_zone() - one run
 * @cc: what is wanted, and where; out, what was done
 *
 * Context: Process context.  Takes the zone lock and sbuddy_lru.lock in turn.
 * Return: enum sbuddy_compact_result.
 */
noinline enum sbuddy_compact_result sbuddy_compact_zone(struct sbuddy_compact_control *cc)
{
	enum sbuddy_compact_result ret = sbuddy_compact_zone_begin(cc);

	if (ret != SBUDDY_COMPACT_CONTINUE)
		return ret;
	while (cc->phase != SBUDDY_PHASE_DONE)
		sbuddy_compact_zone_step(cc);
	return cc->result;
}

/* ---- on behalf of a request ---- */

/*
 * A block of @order, on no list yet, is being freed by @task: is it what the
 * task compacts for?  Then it never gets to the lists.  Zone lock held.
 */
bool sbuddy_compaction_capture(struct sbuddy_zone *zone, struct sbuddy_task *task,
			       struct sbuddy_page *page, unsigned int order, int mt)
{
	struct sbuddy_capture_control *capc = task->capc;

	if (!capc || task->flags & SBUDDY_PF_KTHREAD || capc->page || capc->cc->zone != zone ||
	    (int)order != capc->cc->order)
		return false;
	if (mt == SBUDDY_MIGRATE_ISOLATE)
		return false;
	if (order < SBUDDY_PAGEBLOCK_ORDER && mt == SBUDDY_MIGRATE_MOVABLE &&
	    capc->cc->migratetype != SBUDDY_MIGRATE_MOVABLE)
		return false;
	capc->page = page;
	return true;
}

static enum sbuddy_compact_result
sbuddy_compact_zone_order(struct sbuddy_zone *zone, const struct sbuddy_alloc_context *ac,
			  unsigned int alloc_flags, enum sbuddy_compact_priority prio,
			  struct sbuddy_page **capture)
{
	const bool full = prio == SBUDDY_MIN_COMPACT_PRIORITY;
	struct sbuddy_compact_control cc = {
		.m = ac->m, .task = ac->task, .zone = zone,
		.order = ac->order, .search_order = ac->order, .gfp = ac->gfp,
		.mode = prio == SBUDDY_COMPACT_PRIO_ASYNC ? SBUDDY_MIGRATE_ASYNC :
							    SBUDDY_MIGRATE_SYNC_LIGHT,
		.alloc_flags = alloc_flags,
		.highest_zoneidx = ac->highest_zoneidx,
		.direct_compaction = true,
		.whole_zone = full, .ignore_skip_hint = full, .ignore_block_suitable = full,
	};
	struct sbuddy_capture_control capc = { .cc = &cc };
	enum sbuddy_compact_result ret;

	ac->task->capc = &capc;
	ret = sbuddy_compact_zone(&cc);
	ac->task->capc = NULL;
	*capture = capc.page;
	return capc.page ? SBUDDY_COMPACT_SUCCESS : ret;
}

/**
 * sbuddy_try_to_compact_pages() - compact for a request that waits
 * @ac: the request
 * @alloc_flags: SBUDDY_ALLOC_* of the pass that failed
 * @prio: how hard to try
 * @capture: out, a block of the order wanted that is on no list, or NULL
 *
 * Unlike the kernel's, an ASYNC run does not end because another task waits for
 * the CPU.
 *
 * Context: Process context.
 * Return: The largest enum sbuddy_compact_result of all zones.
 */
noinline enum sbuddy_compact_result
sbuddy_try_to_compact_pages(const struct sbuddy_alloc_context *ac, unsigned int alloc_flags,
			    enum sbuddy_compact_priority prio, struct sbuddy_page **capture)
{
	enum sbuddy_compact_result rc = SBUDDY_COMPACT_SKIPPED, status;
	struct sbuddy_zoneref *z = ac->zonelist->ref;

	*capture = NULL;
	if (!(ac->gfp & SBUDDY_GFP_IO))
		return SBUDDY_COMPACT_SKIPPED;
	trace_sbuddy_mm_compaction_try_to_compact_pages(ac->m, ac->order, ac->gfp, prio);
	for (;; z++) {
		z = sbuddy_next_zones_zonelist(z, ac->highest_zoneidx, ac->nodemask);
		if (!z->zone)
			return rc;
		if (prio > SBUDDY_MIN_COMPACT_PRIORITY &&
		    sbuddy_compaction_deferred(z->zone, ac->order)) {
			rc = max_t(enum sbuddy_compact_result, rc, SBUDDY_COMPACT_DEFERRED);
			continue;
		}
		status = sbuddy_compact_zone_order(z->zone, ac, alloc_flags, prio, capture);
		rc = max_t(enum sbuddy_compact_result, rc, status);
		if (status == SBUDDY_COMPACT_SUCCESS) {
			sbuddy_compaction_defer_reset(z->zone, ac->order, false);
			return rc;
		}
		if (prio != SBUDDY_COMPACT_PRIO_ASYNC &&
		    (status == SBUDDY_COMPACT_COMPLETE ||
		     status == SBUDDY_COMPACT_PARTIAL_SKIPPED))
			sbuddy_defer_compaction(z->zone, ac->order);
		if (os_fatal_signal_pending())
			return rc;
	}
}
