// SPDX-License-Identifier: GPL-2.0
/*
 * The slow path of a machine that reclaims: reclaim, compaction, and the
 * questions whether to go round once more, in the kernel's order, each a step.
 *
 * Where the kernel goes round for ever, sbuddy_slowpath_round() ends it after as
 * many rounds as the knob slowpath_loops says, and says so.
 */
#include "os.h"
#include "slowpath.h"

#define SBUDDY_MAX_COMPACT_RETRIES	16

/* ---- the work ---- */

/* HighAtomic blocks and per-CPU lists may hold what was freed. */
static void sbuddy_release_hidden(struct sbuddy_slowpath *s)
{
	sbuddy_unreserve_highatomic_pageblock(s->ac, false);
	sbuddy_drain_all_pages(s->ac->m, s->ac->task);
}

/* Reclaims as a task that frees memory, and tries again if that freed something. */
static noinline enum sbuddy_step
sbuddy___alloc_pages_direct_reclaim(struct sbuddy_slowpath *s)
{
	struct sbuddy_task *task = s->ac->task;
	const unsigned int flags = task->flags;

	task->flags |= SBUDDY_PF_MEMALLOC;
	s->progress = sbuddy_try_to_free_pages(s->ac, NULL);
	task->flags = flags | (task->flags & SBUDDY_PF_OOM_VICTIM);
	if (!s->progress)
		return SBUDDY_STEP_NEXT;
	if (sbuddy_try_pass(s) == SBUDDY_STEP_DONE)
		return SBUDDY_STEP_DONE;
	sbuddy_release_hidden(s);
	return sbuddy_try_pass(s);
}

enum sbuddy_step sbuddy_step_reclaim(struct sbuddy_slowpath *s)
{
	return sbuddy___alloc_pages_direct_reclaim(s);
}

/* Where compaction is off nothing is suitable for it. */
enum sbuddy_step sbuddy_step_compact(struct sbuddy_slowpath *s)
{
	s->compact_result = SBUDDY_COMPACT_SKIPPED;
	if (!READ_ONCE(s->ac->m->knobs.direct_compact))
		return SBUDDY_STEP_NEXT;
	return sbuddy___alloc_pages_direct_compact(s);
}

/* ---- is it worth another round? ---- */

/* Who is content with one round, and big blocks unless they are asked for in earnest. */
enum sbuddy_step sbuddy_step_noretry(struct sbuddy_slowpath *s)
{
	const u32 gfp = s->ac->gfp;

	if (gfp & SBUDDY_GFP_NORETRY)
		return SBUDDY_STEP_GIVE_UP;
	if (s->ac->order > SBUDDY_COSTLY_ORDER &&
	    (!(gfp & SBUDDY_GFP_IO) || !(gfp & SBUDDY_GFP_RETRY_MAYFAIL)))
		return SBUDDY_STEP_GIVE_UP;
	return SBUDDY_STEP_NEXT;
}

/* Would the request be served if all that can be reclaimed were free? */
static bool sbuddy_retry_zone(const struct sbuddy_slowpath *s, struct sbuddy_zone *zone)
{
	const struct sbuddy_alloc_context *ac = s->ac;
	long reclaimable = sbuddy_zone_reclaimable_pages(zone);
	long available = reclaimable + sbuddy_zone_page_state_snapshot(zone);
	long mark = sbuddy_wmark_pages(zone, SBUDDY_WMARK_MIN);
	bool ok = sbuddy___zone_watermark_ok(zone, ac->order, mark, ac->highest_zoneidx,
					     s->alloc_flags, available);

	trace_sbuddy_reclaim_retry_zone(zone, ac->order, reclaimable, available, mark,
					s->no_progress_loops, ok);
	return ok;
}

static bool sbuddy_should_reclaim_retry(struct sbuddy_slowpath *s)
{
	struct sbuddy_zoneref *z = s->ac->zonelist->ref;

	if (s->progress && s->ac->order <= SBUDDY_COSTLY_ORDER)
		s->no_progress_loops = 0;
	else
		s->no_progress_loops++;
	for (; s->no_progress_loops <= SBUDDY_MAX_RECLAIM_RETRIES; z++) {
		z = sbuddy_next_zones_zonelist(z, s->ac->highest_zoneidx, s->ac->nodemask);
		if (!z->zone)
			break;
		if (sbuddy_retry_zone(s, z->zone))
			return true;
	}
	return sbuddy_unreserve_highatomic_pageblock(s->ac, true);
}

enum sbuddy_step sbuddy_step_reclaim_retry(struct sbuddy_slowpath *s)
{
	return sbuddy_should_reclaim_retry(s) ? SBUDDY_STEP_RETRY : SBUDDY_STEP_NEXT;
}

/* Compaction tries harder from now on, if it can. */
static bool sbuddy_raise_compact_priority(struct sbuddy_slowpath *s)
{
	enum sbuddy_compact_priority least = s->ac->order > SBUDDY_COSTLY_ORDER ?
					     SBUDDY_COMPACT_PRIO_SYNC_LIGHT :
					     SBUDDY_COMPACT_PRIO_SYNC_FULL;

	if (s->prio <= least)
		return false;
	s->prio--;
	s->compaction_retries = 0;
	return true;
}

static bool sbuddy_should_compact_retry(struct sbuddy_slowpath *s)
{
	enum sbuddy_compact_priority prio = s->prio;
	int retries = s->compaction_retries, max = SBUDDY_MAX_COMPACT_RETRIES;
	bool ret;

	if (!s->ac->order || os_fatal_signal_pending())
		return false;
	if (s->compact_result == SBUDDY_COMPACT_SUCCESS && s->ac->order > SBUDDY_COSTLY_ORDER)
		max /= 4;
	if (s->compact_result == SBUDDY_COMPACT_SKIPPED)
		ret = sbuddy_compaction_zonelist_suitable(s->ac, s->ac->order);
	else if (s->compact_result == SBUDDY_COMPACT_SUCCESS && ++s->compaction_retries <= max)
		ret = true;
	else
		ret = sbuddy_raise_compact_priority(s);
	trace_sbuddy_compact_retry(s->ac->m, s->ac->order, prio, s->compact_result, retries, max,
				   ret);
	return ret;
}

enum sbuddy_step sbuddy_step_compact_retry(struct sbuddy_slowpath *s)
{
	if (!s->progress || !(s->ac->gfp & SBUDDY_GFP_IO) || !sbuddy_should_compact_retry(s))
		return SBUDDY_STEP_NEXT;
	return SBUDDY_STEP_RETRY;
}

/* ---- ends ---- */

/* Another round?  Not if there were so many that it would go on for ever. */
enum sbuddy_step sbuddy_slowpath_round(struct sbuddy_slowpath *s)
{
	struct sbuddy_machine *m = s->ac->m;

	if (os_fatal_signal_pending()) {
		s->hopeless = true;
		return SBUDDY_STEP_GIVE_UP;
	}
	os_cond_resched();
	if (++s->loops < READ_ONCE(m->knobs.slowpath_loops))
		return SBUDDY_STEP_RETRY;
	sbuddy_count_vm_events(m, SBUDDY_SLOWPATH_LIVELOCK, 1);
	trace_sbuddy_livelock(m, s->ac->order, s->ac->gfp, s->loops);
	s->hopeless = true;
	return SBUDDY_STEP_GIVE_UP;
}

/* A pass with other rights, which do not last: within the cpuset, then outside it. */
enum sbuddy_step sbuddy_cpuset_fallback(struct sbuddy_slowpath *s, unsigned int alloc_flags)
{
	s->page = sbuddy_get_page_from_freelist(s->ac, alloc_flags | SBUDDY_ALLOC_CPUSET);
	if (!s->page)
		s->page = sbuddy_get_page_from_freelist(s->ac, alloc_flags);
	return s->page ? SBUDDY_STEP_DONE : SBUDDY_STEP_NEXT;
}

/*
 * A request that must not fail goes round again, with a part of the reserves; if
 * it cannot wait for others to free something it fails all the same.
 */
enum sbuddy_step sbuddy_step_nofail(struct sbuddy_slowpath *s)
{
	if (!(s->ac->gfp & SBUDDY_GFP_NOFAIL) || s->hopeless ||
	    !(s->ac->gfp & SBUDDY_GFP_DIRECT_RECLAIM))
		return SBUDDY_STEP_GIVE_UP;
	if (sbuddy_cpuset_fallback(s, SBUDDY_ALLOC_MIN_RESERVE) == SBUDDY_STEP_DONE)
		return SBUDDY_STEP_DONE;
	return SBUDDY_STEP_RETRY;
}
