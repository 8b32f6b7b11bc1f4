// SPDX-License-Identifier: GPL-2.0
/*
 * Out of memory: what happens when nothing is left to reclaim.
 *
 * One task at a time looks once more, above the HIGH watermark, so that what
 * another has just freed is seen; then it declares the machine out of memory and
 * does what the knob oom_policy says.  Who loses is the owner that has most
 * pages, swapped ones included: its movable pages are freed here and now, as the
 * kernel's reaper does, the rest by who drives the machine (sbuddy_hooks), which
 * is also who ends its process.  Pinned pages go when they are unpinned.
 *
 * State: sbuddy_reclaim::oom_*; sbuddy_owner::killed, once set for good.
 */
#include "os.h"
#include "owner.h"
#include "slowpath.h"

#define SBUDDY_OOM_NOTIFY_TICKS	SBUDDY_HZ

/**
 * sbuddy_oom_policy_name() - name of a policy
 * @policy: enum sbuddy_oom_policy
 *
 * Context: Any.
 * Return: Constant string.
 */
const char *sbuddy_oom_policy_name(int policy)
{
	static const char * const names[SBUDDY_NR_OOM_POLICIES] = {
		[SBUDDY_OOM_FAIL]   = "fail",
		[SBUDDY_OOM_KILL]   = "kill",
		[SBUDDY_OOM_SIGNAL] = "signal",
		[SBUDDY_OOM_NOTIFY] = "notify",
	};

	return names[policy];
}

/* ---- the victim ---- */

static u64 sbuddy_oom_badness(const struct sbuddy_owner *o)
{
	return sbuddy_owner_pages(o) + READ_ONCE(o->swapped_pages);
}

/* The owner that has most; of equals the one with the lowest number.  Lock held. */
static struct sbuddy_owner *sbuddy_select_bad_owner(struct sbuddy_machine *m)
{
	struct sbuddy_owner *worst = NULL;
	u64 most = 0;

	for (int i = 0; i < SBUDDY_LRU_OWNER_BUCKETS; i++)
		for (struct sbuddy_owner *o = m->lru->owner[i]; o; o = o->lru_next) {
			u64 points = o->killed ? 0 : sbuddy_oom_badness(o);

			if (points > most || (points && points == most && o->id < worst->id)) {
				worst = o;
				most = points;
			}
		}
	return worst;
}

/*
 * A reclaimed page of one who is dead is wanted by nobody.  What processes have
 * seen must be unmapped first, which sbuddy_owner_reap() can.  Lock held.
 */
static void sbuddy_reap_slot(struct sbuddy_owner *o, u32 slot, struct list_head *dead,
			     u64 *pages)
{
	struct sbuddy_page *page = sbuddy_slot_page(o, slot);

	if (!page) {
		sbuddy_slot_forget_swap(o, slot);
		return;
	}
	if (page->tag & SBUDDY_TAG_MOVABLE_OPS || sbuddy_slot_shown(o, slot) ||
	    sbuddy_owner_refs(page) != 1)
		return;
	*pages += sbuddy_block_pages(page->tag);
	sbuddy_folio_free_swap(o->m, page);
	sbuddy_slot_lose(o, slot, page);
	sbuddy_folio_put(o->m, page, dead);
}

/* Frees the movable pages of a victim, whatever else its user is doing; returns pages. */
static u64 sbuddy_oom_reap(struct sbuddy_machine *m, struct sbuddy_task *task, u32 id)
{
	struct sbuddy_owner *o;
	struct list_head dead;
	u64 pages = 0;
	u32 chunk = 0;
	bool more;

	do {
		sbuddy_lru_lock(m, &dead);
		o = sbuddy_find_owner(m, id);
		more = o && chunk < o->nr_chunks;
		for (u32 i = 0; more && o->chunks[chunk] && i < SBUDDY_SLOTS_PER_CHUNK; i++) {
			u32 slot = chunk * SBUDDY_SLOTS_PER_CHUNK + i;

			if (sbuddy_slot_movable(o, slot))
				sbuddy_reap_slot(o, slot, &dead, &pages);
		}
		sbuddy_lru_unlock(m, task, &dead);
		os_cond_resched();
		chunk++;
	} while (more);
	sbuddy_lru_add_drain_all(m, task);
	return pages;
}

static void sbuddy_mark_victim(struct sbuddy_owner *o)
{
	WRITE_ONCE(o->killed, true);
	WRITE_ONCE(o->task.flags, o->task.flags | SBUDDY_PF_OOM_VICTIM);
	o->m->lru->reclaim.oom_victim = o->id + 1;
}

/*
 * Kills the largest owner: false if there is none.  Who asked may be the victim;
 * then it goes on with the rights of one.
 */
static bool sbuddy_oom_kill_owner(struct sbuddy_slowpath *s, bool signal)
{
	struct sbuddy_machine *m = s->ac->m;
	struct sbuddy_owner *victim;
	u64 points, reaped;
	u32 id = 0;

	spin_lock(&m->lru->lock);
	victim = sbuddy_select_bad_owner(m);
	if (victim) {
		points = sbuddy_oom_badness(victim);
		id = victim->id;
		sbuddy_mark_victim(victim);
	}
	spin_unlock(&m->lru->lock);
	if (!victim) {
		trace_sbuddy_oom_deadlock(m, s->ac->order, s->ac->gfp);
		return false;
	}
	sbuddy_count_vm_events(m, SBUDDY_OOM_KILLS, 1);
	trace_sbuddy_mark_victim(m, id, points);
	reaped = sbuddy_oom_reap(m, s->ac->task, id);
	trace_sbuddy_oom_reaped(m, id, reaped, points - min(points, reaped));
	if (READ_ONCE(m->hooks))
		READ_ONCE(m->hooks)->oom_kill(m, id, signal);
	return true;
}

/* The last victim is still giving back what it had: wait for that. */
static bool sbuddy_victim_is_dying(struct sbuddy_machine *m)
{
	struct sbuddy_owner *o = NULL;
	bool dying;

	if (!READ_ONCE(m->hooks))
		return false;
	spin_lock(&m->lru->lock);
	if (m->lru->reclaim.oom_victim)
		o = sbuddy_find_owner(m, m->lru->reclaim.oom_victim - 1);
	dying = o && o->killed && sbuddy_owner_pages(o);
	if (!dying)
		m->lru->reclaim.oom_victim = 0;
	spin_unlock(&m->lru->lock);
	return dying;
}

/* ---- the declaration ---- */

static void sbuddy_oom_declare(struct sbuddy_slowpath *s)
{
	struct sbuddy_machine *m = s->ac->m;

	sbuddy_count_vm_events(m, SBUDDY_OOM_DECLARED, 1);
	trace_sbuddy_oom_declare(m, ++m->lru->reclaim.oom_seq, s->ac->order, s->ac->gfp,
				 s->no_progress_loops, s->compact_result,
				 READ_ONCE(m->knobs.oom_policy));
}

/* Who waits for the event has a second to free something. */
static bool sbuddy_oom_notify(struct sbuddy_slowpath *s)
{
	if (s->notified)
		return false;
	s->notified = true;
	for (int i = 0; i < SBUDDY_OOM_NOTIFY_TICKS && !os_fatal_signal_pending(); i++)
		sbuddy_wait(s->ac->m, s->ac->task, 1);
	return true;
}

/* True if it is worth another round. */
static bool sbuddy_out_of_memory(struct sbuddy_slowpath *s)
{
	struct sbuddy_machine *m = s->ac->m;
	const int policy = READ_ONCE(m->knobs.oom_policy);

	if (s->ac->task->flags & SBUDDY_PF_OOM_VICTIM || os_fatal_signal_pending())
		return true;
	if (!(s->ac->gfp & SBUDDY_GFP_FS))
		return true;
	if (sbuddy_victim_is_dying(m)) {
		sbuddy_wait(m, s->ac->task, 1);
		return true;
	}
	sbuddy_oom_declare(s);
	switch (policy) {
	case SBUDDY_OOM_KILL:
	case SBUDDY_OOM_SIGNAL:
		return sbuddy_oom_kill_owner(s, policy == SBUDDY_OOM_SIGNAL);
	case SBUDDY_OOM_NOTIFY:
		return sbuddy_oom_notify(s);
	default:
		return false;
	}
}

/* Requests that can do without, or that a victim would not help, just fail. */
static bool sbuddy_oom_may_help(const struct sbuddy_alloc_context *ac)
{
	return ac->order <= SBUDDY_COSTLY_ORDER &&
	       !(ac->gfp & (SBUDDY_GFP_RETRY_MAYFAIL | SBUDDY_GFP_THISNODE)) &&
	       ac->highest_zoneidx >= SBUDDY_ZONE_NORMAL;
}

/* Above the HIGH watermark: has somebody else freed a lot meanwhile? */
static enum sbuddy_step sbuddy_oom_last_look(struct sbuddy_slowpath *s)
{
	const u32 gfp = s->ac->gfp;

	s->ac->gfp = (gfp | SBUDDY_GFP_HARDWALL) & ~SBUDDY_GFP_DIRECT_RECLAIM;
	s->page = sbuddy_get_page_from_freelist(s->ac, SBUDDY_WMARK_HIGH | SBUDDY_ALLOC_CPUSET);
	s->ac->gfp = gfp;
	return s->page ? SBUDDY_STEP_DONE : SBUDDY_STEP_NEXT;
}

static enum sbuddy_step sbuddy_may_oom_locked(struct sbuddy_slowpath *s)
{
	if (sbuddy_oom_last_look(s) == SBUDDY_STEP_DONE)
		return SBUDDY_STEP_DONE;
	if (!sbuddy_oom_may_help(s->ac))
		return SBUDDY_STEP_NEXT;
	s->hopeless = !sbuddy_out_of_memory(s);
	s->progress = !s->hopeless;
	if (s->hopeless || !(s->ac->gfp & SBUDDY_GFP_NOFAIL))
		return SBUDDY_STEP_NEXT;
	return sbuddy_cpuset_fallback(s, SBUDDY_ALLOC_NO_WATERMARKS);
}

static bool sbuddy_oom_trylock(struct sbuddy_machine *m)
{
	return !cmpxchg(&m->lru->reclaim.oom_busy, 0, 1);
}

/*
 * Out of memory, perhaps.  Whoever finds another at it waits a moment and goes
 * round again; a victim that had its share of the reserves gives up.
 */
enum sbuddy_step sbuddy_step_oom(struct sbuddy_slowpath *s)
{
	struct sbuddy_machine *m = s->ac->m;
	enum sbuddy_step step = SBUDDY_STEP_NEXT;

	s->progress = 0;
	if (sbuddy_oom_trylock(m)) {
		step = sbuddy_may_oom_locked(s);
		WRITE_ONCE(m->lru->reclaim.oom_busy, 0);
	} else {
		s->progress = 1;
		sbuddy_wait(m, s->ac->task, 1);
	}
	if (step == SBUDDY_STEP_DONE)
		return step;
	if (s->ac->task->flags & SBUDDY_PF_OOM_VICTIM &&
	    (s->alloc_flags & SBUDDY_ALLOC_OOM || s->ac->gfp & SBUDDY_GFP_NOMEMALLOC))
		return SBUDDY_STEP_GIVE_UP;
	if (!s->progress)
		return SBUDDY_STEP_GIVE_UP;
	s->no_progress_loops = 0;
	return SBUDDY_STEP_RETRY;
}

/**
 * sbuddy_owner_killed() - did an owner lose all it had?
 * @o: owner
 *
 * Context: Any.
 * Return: True if so; then no operation of it works.
 */
bool sbuddy_owner_killed(const struct sbuddy_owner *o)
{
	return READ_ONCE(o->killed);
}

/**
 * sbuddy_owner_reap() - take from a killed owner all that is left
 * @o: owner that was killed
 * @task: who frees
 *
 * What the kernel has a reference on, as for I/O, stays until the file is closed.
 *
 * Context: May sleep; serialised with operations of the owner.
 */
void sbuddy_owner_reap(struct sbuddy_owner *o, struct sbuddy_task *task)
{
	u32 slot = 0;

	if (!sbuddy_owner_killed(o))
		return;
	for (; sbuddy_next_used_slot(o, &slot); slot++) {
		if (!sbuddy_slot_evict(o, slot))
			sbuddy_drop_slot(o, task, slot);
		os_cond_resched();
	}
}
