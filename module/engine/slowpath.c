// SPDX-License-Identifier: GPL-2.0
/*
 * The slow path: what a request does that found nothing in its first pass.
 *
 * The steps are those of the kernel, in its order, each a function that says
 * whether the request is done, must try again or gives up.  Compaction is done
 * on behalf of a request if the direct_compact knob says so, reclaim if
 * direct_reclaim does; those steps, which may be repeated, are in
 * slowpath_retry.c and oom.c.  On a machine that does not reclaim a request that
 * would have to is counted, traced and fails; and so it does where it would
 * compact, while that is off.  A request that may not sleep does exactly what it
 * does in Linux: a pass down to MIN with its reserves, and one more with
 * overrides.
 */
#include "os.h"
#include "rules.h"
#include "slowpath.h"

/* One wake-up for each run of zones of the same node. */
static void sbuddy_wake_all_kswapds(const struct sbuddy_slowpath *s)
{
	const struct sbuddy_alloc_context *ac = s->ac;
	struct sbuddy_zoneref *z = ac->zonelist->ref;
	int last = -1;

	if (!(s->alloc_flags & SBUDDY_ALLOC_KSWAPD))
		return;
	for (;; z++) {
		z = sbuddy_next_zones_zonelist(z, ac->highest_zoneidx, ac->nodemask);
		if (!z->zone)
			return;
		if (!z->zone->managed_pages)
			continue;
		if (z->node != last)
			sbuddy_wakeup_kswapd(z->zone, ac->gfp, ac->order, ac->highest_zoneidx);
		last = z->node;
	}
}

/* DONE if there is a block with the present rights. */
enum sbuddy_step sbuddy_try_pass(struct sbuddy_slowpath *s)
{
	s->page = sbuddy_get_page_from_freelist(s->ac, s->alloc_flags);
	return s->page ? SBUDDY_STEP_DONE : SBUDDY_STEP_NEXT;
}

static enum sbuddy_step sbuddy_would_block(struct sbuddy_slowpath *s, enum sbuddy_block_step step)
{
	sbuddy_count_machine_event(s->ac->m, SBUDDY_WOULD_BLOCK);
	trace_sbuddy_would_block(s->ac->m, s->ac->order, s->ac->gfp, step);
	return SBUDDY_STEP_GIVE_UP;
}

/*
 * Is the request one for which 6.1 forgets a boost?  What had a flag of its own
 * there, __GFP_ATOMIC, is __GFP_HIGH without direct reclaim here.
 */
static unsigned int sbuddy_ignore_boost(const struct sbuddy_alloc_context *ac)
{
	if (ac->m->rules->boost_by_gfp &&
	    (ac->gfp & (SBUDDY_GFP_HIGH | SBUDDY_GFP_DIRECT_RECLAIM)) == SBUDDY_GFP_HIGH)
		return SBUDDY_ALLOC_IGNORE_BOOST;
	return 0;
}

/* From scratch: down to MIN, reserves as the flags allow, types may mix. */
static enum sbuddy_step sbuddy_step_first_pass(struct sbuddy_slowpath *s)
{
	s->alloc_flags = sbuddy_gfp_to_alloc_flags(s->ac->task, s->ac->gfp, s->ac->order) |
			 sbuddy_ignore_boost(s->ac);
	s->ac->preferred = sbuddy_next_zones_zonelist(s->ac->zonelist->ref,
						      s->ac->highest_zoneidx, s->ac->nodemask);
	if (!s->ac->preferred->zone)
		return SBUDDY_STEP_GIVE_UP;
	sbuddy_wake_all_kswapds(s);
	return sbuddy_try_pass(s);
}

/* The block that was captured, or one that a pass finds now. */
static struct sbuddy_page *sbuddy_compacted_page(struct sbuddy_slowpath *s,
						 struct sbuddy_page *captured)
{
	if (!captured)
		return sbuddy_get_page_from_freelist(s->ac, s->alloc_flags);
	sbuddy_prep_new_page(sbuddy_pfn_zone(s->ac->m, sbuddy_pfn(s->ac->m, captured)), captured,
			     s->ac->order, s->ac->gfp, s->alloc_flags);
	return captured;
}

/*
 * Compacts for the request at the present priority, as a task that frees
 * memory, and tries once more to get a block.
 */
noinline enum sbuddy_step sbuddy___alloc_pages_direct_compact(struct sbuddy_slowpath *s)
{
	struct sbuddy_machine *m = s->ac->m;
	struct sbuddy_task *task = s->ac->task;
	const unsigned int flags = task->flags;
	struct sbuddy_page *captured = NULL;
	struct sbuddy_zone *zone;

	s->compact_result = SBUDDY_COMPACT_SKIPPED;
	if (!s->ac->order)
		return SBUDDY_STEP_NEXT;
	task->flags |= SBUDDY_PF_MEMALLOC;
	s->compact_result = sbuddy_try_to_compact_pages(s->ac, s->alloc_flags, s->prio,
							&captured);
	task->flags = flags | (task->flags & SBUDDY_PF_OOM_VICTIM);
	if (s->compact_result == SBUDDY_COMPACT_SKIPPED)
		return SBUDDY_STEP_NEXT;
	sbuddy_count_vm_events(m, SBUDDY_COMPACTSTALL, 1);
	s->page = sbuddy_compacted_page(s, captured);
	if (!s->page) {
		sbuddy_count_vm_events(m, SBUDDY_COMPACTFAIL, 1);
		return SBUDDY_STEP_NEXT;
	}
	zone = sbuddy_zone_of(m, s->page);
	zone->compact.blockskip_flush = false;
	sbuddy_compaction_defer_reset(zone, s->ac->order, true);
	sbuddy_count_vm_events(m, SBUDDY_COMPACTSUCCESS, 1);
	return SBUDDY_STEP_DONE;
}

/*
 * The quick try came to nothing.  Who gives up soon, as a huge page fault does,
 * goes on only where there is hope, and in no greater haste.
 */
static enum sbuddy_step sbuddy_after_early_compact(struct sbuddy_slowpath *s)
{
	if (s->ac->order <= SBUDDY_COSTLY_ORDER || !(s->ac->gfp & SBUDDY_GFP_NORETRY))
		return SBUDDY_STEP_NEXT;
	if (s->compact_result == SBUDDY_COMPACT_SKIPPED ||
	    s->compact_result == SBUDDY_COMPACT_DEFERRED || s->ac->gfp & SBUDDY_GFP_THISNODE)
		return SBUDDY_STEP_GIVE_UP;
	s->prio = SBUDDY_COMPACT_PRIO_ASYNC;
	return SBUDDY_STEP_NEXT;
}

/*
 * A big block, or one that cannot be moved later, is worth compacting for
 * before anything is reclaimed.
 */
static enum sbuddy_step sbuddy_step_early_compact(struct sbuddy_slowpath *s)
{
	bool costly = s->ac->order > SBUDDY_COSTLY_ORDER;

	if (!(s->ac->gfp & SBUDDY_GFP_DIRECT_RECLAIM) || !(s->ac->gfp & SBUDDY_GFP_IO))
		return SBUDDY_STEP_NEXT;
	if (!costly && !(s->ac->order && s->ac->migratetype != SBUDDY_MIGRATE_MOVABLE))
		return SBUDDY_STEP_NEXT;
	if (sbuddy_gfp_pfmemalloc_flags(s->ac->task, s->ac->gfp))
		return SBUDDY_STEP_NEXT;
	if (!READ_ONCE(s->ac->m->knobs.direct_compact))
		return s->reclaims ? sbuddy_after_early_compact(s) :
				     sbuddy_would_block(s, SBUDDY_STEP_DIRECT_COMPACT);
	s->prio = SBUDDY_COMPACT_PRIO_ASYNC;
	if (sbuddy___alloc_pages_direct_compact(s) == SBUDDY_STEP_DONE)
		return SBUDDY_STEP_DONE;
	s->prio = SBUDDY_COMPACT_PRIO_SYNC_LIGHT;
	return sbuddy_after_early_compact(s);
}

/* Once more, with the rights of those who free memory and on all nodes. */
static enum sbuddy_step sbuddy_step_override_pass(struct sbuddy_slowpath *s)
{
	unsigned int reserve;

	sbuddy_wake_all_kswapds(s);
	reserve = sbuddy_gfp_pfmemalloc_flags(s->ac->task, s->ac->gfp);
	if (reserve)
		s->alloc_flags = reserve | (s->alloc_flags & (SBUDDY_ALLOC_KSWAPD |
							      SBUDDY_ALLOC_IGNORE_BOOST));
	if (!(s->alloc_flags & SBUDDY_ALLOC_CPUSET) || reserve) {
		s->ac->nodemask = SBUDDY_ALL_NODES;
		s->ac->preferred = sbuddy_next_zones_zonelist(s->ac->zonelist->ref,
							      s->ac->highest_zoneidx,
							      s->ac->nodemask);
	}
	return sbuddy_try_pass(s);
}

/* Who may not sleep, or is itself freeing memory, ends here. */
static enum sbuddy_step sbuddy_step_may_reclaim(struct sbuddy_slowpath *s)
{
	if (!(s->ac->gfp & SBUDDY_GFP_DIRECT_RECLAIM) ||
	    (s->ac->task->flags & SBUDDY_PF_MEMALLOC))
		return SBUDDY_STEP_GIVE_UP;
	return SBUDDY_STEP_NEXT;
}

/* Without reclaim: what the kernel would do if that had freed nothing. */
static enum sbuddy_step sbuddy_step_last_compact(struct sbuddy_slowpath *s)
{
	if (!s->ac->order || !READ_ONCE(s->ac->m->knobs.direct_compact))
		return SBUDDY_STEP_NEXT;
	return sbuddy___alloc_pages_direct_compact(s);
}

static enum sbuddy_step sbuddy_step_no_reclaim(struct sbuddy_slowpath *s)
{
	return sbuddy_would_block(s, SBUDDY_STEP_DIRECT_RECLAIM);
}

typedef enum sbuddy_step (*sbuddy_step_fn)(struct sbuddy_slowpath *s);

/* Steps up to the first that does not go on to the next; behind the last is NULL. */
static enum sbuddy_step sbuddy_run_steps(struct sbuddy_slowpath *s, const sbuddy_step_fn *step)
{
	enum sbuddy_step next = SBUDDY_STEP_NEXT;

	for (; *step && next == SBUDDY_STEP_NEXT; step++)
		next = (*step)(s);
	return next;
}

/* Round after round, until there is a block or the request may fail. */
static void sbuddy_slowpath_loop(struct sbuddy_slowpath *s, enum sbuddy_step next)
{
	static const sbuddy_step_fn round[] = {
		sbuddy_step_override_pass,
		sbuddy_step_may_reclaim,
		sbuddy_step_reclaim,
		sbuddy_step_compact,
		sbuddy_step_noretry,
		sbuddy_step_reclaim_retry,
		sbuddy_step_compact_retry,
		sbuddy_step_oom,
		NULL
	};

	for (;;) {
		if (next == SBUDDY_STEP_GIVE_UP)
			next = sbuddy_step_nofail(s);
		if (next == SBUDDY_STEP_RETRY)
			next = sbuddy_slowpath_round(s);
		if (next == SBUDDY_STEP_GIVE_UP || next == SBUDDY_STEP_DONE)
			return;
		next = sbuddy_run_steps(s, round);
	}
}

/**
 * sbuddy___alloc_pages_slowpath() - the rest of a request whose first pass failed
 * @ac: the request
 *
 * Context: Any; sleeps only for a request that may, on a machine that reclaims.
 * Return: First page of an allocated block, or NULL.
 */
noinline struct sbuddy_page *sbuddy___alloc_pages_slowpath(struct sbuddy_alloc_context *ac)
{
	static const sbuddy_step_fn first[] = {
		sbuddy_step_first_pass,
		sbuddy_step_early_compact,
		NULL
	};
	static const sbuddy_step_fn rest[] = {
		sbuddy_step_override_pass,
		sbuddy_step_may_reclaim,
		sbuddy_step_last_compact,
		sbuddy_step_no_reclaim,
		NULL
	};
	struct sbuddy_slowpath s = {
		.ac = ac, .prio = SBUDDY_COMPACT_PRIO_SYNC_LIGHT,
		.compact_result = SBUDDY_COMPACT_SKIPPED,
		.reclaims = READ_ONCE(ac->m->knobs.direct_reclaim),
	};
	enum sbuddy_step next = sbuddy_run_steps(&s, first);

	if (s.reclaims)
		sbuddy_slowpath_loop(&s, next);
	else if (next == SBUDDY_STEP_NEXT)
		sbuddy_run_steps(&s, rest);
	if (!s.page)
		sbuddy_count_machine_event(ac->m, SBUDDY_ALLOC_FAIL);
	return s.page;
}
