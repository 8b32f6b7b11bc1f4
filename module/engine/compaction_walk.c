// SPDX-License-Identifier: GPL-2.0
/*
 * Compaction by hand: of a zone, with a budget, or in steps, one scanner move at
 * a time, so that one can look at the machine in between.
 *
 * A machine has at most one run in steps, sbuddy_machine::walk, which keeps
 * what it has isolated from one step to the next.  Whoever uses these
 * functions serialises them and sees to it that the machine is not reset
 * meanwhile; allocation may go on.
 */
#include "os.h"
#include "compaction.h"

/* The machine is made anew: pages and lists are gone already. */
void sbuddy_compact_walk_forget(struct sbuddy_machine *m)
{
	os_free(m->walk);
	m->walk = NULL;
}

/*
 * The run in steps of @src, if there is one, with what it has isolated, for @dst,
 * which has room for it.  Nobody holds it.  Links of pages are the caller's.
 */
int sbuddy_compact_walk_fork(const struct sbuddy_machine *src, struct sbuddy_machine *dst)
{
	const struct sbuddy_fork_part part = { src->walk, dst->walk, sizeof(*dst->walk) };
	struct sbuddy_compact_walk *w = dst->walk;
	int err;

	if (!src->walk)
		return 0;
	*w = *src->walk;
	w->holder = SBUDDY_NO_OWNER;
	w->cc.m = dst;
	w->cc.zone = dst->zones[src->walk->cc.zone->id];
	w->cc.task = &w->task;
	err = sbuddy_fork_turn(src, dst, &part, &w->cc.migratepages);
	for (int order = 0; order < SBUDDY_NR_PAGE_ORDERS && !err; order++)
		err = sbuddy_fork_turn(src, dst, &part, &w->cc.freepages[order]);
	return err;
}

/* A control block for what is asked for. */
static void sbuddy_compact_request(const struct sbuddy_compact_args *args,
				   struct sbuddy_compact_control *cc)
{
	*cc = (struct sbuddy_compact_control){
		.m = args->zone->machine, .zone = args->zone, .order = args->order,
		.search_order = args->order, .gfp = args->gfp, .mode = args->mode,
		.highest_zoneidx = args->zone->idx, .alloc_flags = SBUDDY_WMARK_MIN,
		.whole_zone = !args->cached, .ignore_skip_hint = !args->cached,
	};
}

static enum sbuddy_compact_move sbuddy_phase_move(enum sbuddy_compact_phase phase)
{
	switch (phase) {
	case SBUDDY_PHASE_ISOLATE:
		return SBUDDY_MOVE_ISOLATE;
	case SBUDDY_PHASE_MIGRATE:
		return SBUDDY_MOVE_MIGRATE;
	case SBUDDY_PHASE_DRAIN:
		return SBUDDY_MOVE_DRAIN;
	default:
		return SBUDDY_MOVE_NONE;
	}
}

/* Adds what @cc did since it was as @before. */
static void sbuddy_compact_report_add(struct sbuddy_compact_report *r,
				      const struct sbuddy_compact_control *before,
				      const struct sbuddy_compact_control *cc)
{
	r->result = cc->result;
	r->migrate_pfn = cc->migrate_pfn;
	r->free_pfn = cc->free_pfn;
	r->migrate_scanned += cc->total_migrate_scanned - before->total_migrate_scanned;
	r->free_scanned += cc->total_free_scanned - before->total_free_scanned;
	r->isolated += cc->nr_isolated - before->nr_isolated;
	r->migrated += cc->nr_migrated - before->nr_migrated;
	r->failed += cc->nr_failed - before->nr_failed;
	r->free_held = cc->nr_freepages;
}

/*
 * Goes on with a run until it is over or as many pages have been tried as
 * @budget says; with a budget of 0 until something was isolated, or migrated.
 */
static void sbuddy_compact_go(struct sbuddy_compact_control *cc, u64 budget,
			      struct sbuddy_compact_report *r)
{
	const u64 tried = cc->nr_migrated + cc->nr_failed;

	while (cc->phase != SBUDDY_PHASE_DONE) {
		enum sbuddy_compact_move move = sbuddy_phase_move(cc->phase);

		sbuddy_compact_zone_step(cc);
		if (cc->phase == SBUDDY_PHASE_END)
			continue;
		if (move != SBUDDY_MOVE_NONE)
			r->move = move;
		if (budget ? cc->nr_migrated + cc->nr_failed - tried >= budget :
			     move == SBUDDY_MOVE_ISOLATE || move == SBUDDY_MOVE_MIGRATE)
			return;
	}
	r->move = SBUDDY_MOVE_END;
}

/**
 * sbuddy_compact_one() - compact a zone, up to a budget
 * @args: what is wanted
 * @task: who compacts
 * @budget: pages to try at most, a batch more or less; 0: no limit
 * @log: what became of pages, or NULL
 * @r: what was done is added
 *
 * A run that the budget ends has the result SBUDDY_COMPACT_CONTINUE.
 *
 * Context: Process context.
 */
void sbuddy_compact_one(const struct sbuddy_compact_args *args, struct sbuddy_task *task,
			u64 budget, struct sbuddy_migrate_log *log,
			struct sbuddy_compact_report *r)
{
	struct sbuddy_compact_control cc, before = { 0 };

	sbuddy_compact_request(args, &cc);
	cc.task = task;
	cc.log = log;
	r->move = SBUDDY_MOVE_END;
	if (sbuddy_compact_zone_begin(&cc) == SBUDDY_COMPACT_CONTINUE) {
		sbuddy_compact_go(&cc, budget ? budget : ULONG_MAX, r);
		sbuddy_compact_zone_end(&cc);
	}
	sbuddy_compact_report_add(r, &before, &cc);
}

/**
 * sbuddy_compact_start() - begin a run in steps
 * @args: what is wanted
 * @task: who compacts
 * @r: out, where it stands, and its result if it is over at once
 *
 * Context: Process context.
 * Return: 0; -EBUSY if there is one already; -ENOMEM.
 */
int sbuddy_compact_start(const struct sbuddy_compact_args *args, struct sbuddy_task *task,
			 struct sbuddy_compact_report *r)
{
	struct sbuddy_machine *m = args->zone->machine;
	struct sbuddy_compact_walk *w;

	if (m->walk)
		return -EBUSY;
	w = os_zalloc(sizeof(*w));
	if (!w)
		return -ENOMEM;
	sbuddy_compact_request(args, &w->cc);
	w->cc.task = &w->task;
	w->task = *task;
	w->holder = args->holder;
	sbuddy_compact_zone_begin(&w->cc);
	sbuddy_compact_report_add(r, &w->cc, &w->cc);
	if (w->cc.phase == SBUDDY_PHASE_DONE) {
		r->move = SBUDDY_MOVE_END;
		os_free(w);
	} else {
		m->walk = w;
	}
	return 0;
}

/**
 * sbuddy_compact_step() - the next moves of a run in steps
 * @m: machine
 * @task: who carries them out
 * @budget: pages to try, a batch more or less; 0: one move of a scanner
 * @log: what became of pages, or NULL
 * @r: out, what was done, and where it stands
 *
 * A run that is over is gone.
 *
 * Context: Process context.
 * Return: 0; -ENOENT without a run.
 */
int sbuddy_compact_step(struct sbuddy_machine *m, struct sbuddy_task *task, u64 budget,
			struct sbuddy_migrate_log *log, struct sbuddy_compact_report *r)
{
	struct sbuddy_compact_walk *w = m->walk;
	struct sbuddy_compact_control before;

	if (!w)
		return -ENOENT;
	before = w->cc;
	w->task = *task;
	w->cc.log = log;
	sbuddy_compact_go(&w->cc, budget, r);
	w->cc.log = NULL;
	sbuddy_compact_report_add(r, &before, &w->cc);
	if (w->cc.phase == SBUDDY_PHASE_DONE)
		sbuddy_compact_walk_forget(m);
	return 0;
}

/**
 * sbuddy_compact_stop() - end a run in steps wherever it is
 * @m: machine
 * @task: who gives back what it has isolated
 * @r: out, where it was; or NULL
 *
 * Context: Process context.
 * Return: 0; -ENOENT without a run.
 */
int sbuddy_compact_stop(struct sbuddy_machine *m, struct sbuddy_task *task,
			struct sbuddy_compact_report *r)
{
	struct sbuddy_compact_walk *w = m->walk;

	if (!w)
		return -ENOENT;
	w->task = *task;
	sbuddy_compact_zone_end(&w->cc);
	if (r) {
		sbuddy_compact_report_add(r, &w->cc, &w->cc);
		r->move = SBUDDY_MOVE_END;
	}
	sbuddy_compact_walk_forget(m);
	return 0;
}

/**
 * sbuddy_compact_holder() - who will end the run in steps
 * @m: machine
 *
 * Context: As the other functions here.
 * Return: sbuddy_compact_args::holder, SBUDDY_NO_OWNER without a run.
 */
u32 sbuddy_compact_holder(const struct sbuddy_machine *m)
{
	return m->walk ? m->walk->holder : SBUDDY_NO_OWNER;
}

/**
 * sbuddy_compact_result_name() - the kernel's word for a result
 * @result: enum sbuddy_compact_result
 *
 * Context: Any.
 * Return: The word, "?" for a number without one.
 */
const char *sbuddy_compact_result_name(int result)
{
	static const char * const names[SBUDDY_NR_COMPACT_RESULTS] = {
		[SBUDDY_COMPACT_NOT_SUITABLE_ZONE] = "not_suitable_zone",
		[SBUDDY_COMPACT_SKIPPED]	   = "skipped",
		[SBUDDY_COMPACT_DEFERRED]	   = "deferred",
		[SBUDDY_COMPACT_NO_SUITABLE_PAGE]  = "no_suitable_page",
		[SBUDDY_COMPACT_CONTINUE]	   = "continue",
		[SBUDDY_COMPACT_COMPLETE]	   = "complete",
		[SBUDDY_COMPACT_PARTIAL_SKIPPED]   = "partial_skipped",
		[SBUDDY_COMPACT_CONTENDED]	   = "contended",
		[SBUDDY_COMPACT_SUCCESS]	   = "success",
	};

	return (unsigned int)result < SBUDDY_NR_COMPACT_RESULTS ? names[result] : "?";
}

/**
 * sbuddy_migrate_outcome_name() - a word for what became of a page
 * @outcome: enum sbuddy_migrate_outcome
 *
 * Context: Any.
 * Return: The word, "?" for a number without one.
 */
const char *sbuddy_migrate_outcome_name(int outcome)
{
	static const char * const names[SBUDDY_NR_MIGRATE_OUTCOMES] = {
		[SBUDDY_OUTCOME_MOVED]	      = "moved",
		[SBUDDY_OUTCOME_FREED]	      = "freed",
		[SBUDDY_OUTCOME_NO_TARGET]    = "no-target",
		[SBUDDY_OUTCOME_LOCKED]	      = "locked",
		[SBUDDY_OUTCOME_WRITEBACK]    = "writeback",
		[SBUDDY_OUTCOME_DIRTY]	      = "dirty",
		[SBUDDY_OUTCOME_PINNED]	      = "pinned",
		[SBUDDY_OUTCOME_INACCESSIBLE] = "inaccessible",
		[SBUDDY_OUTCOME_COPY]	      = "copy",
	};

	return (unsigned int)outcome < SBUDDY_NR_MIGRATE_OUTCOMES ? names[outcome] : "?";
}
