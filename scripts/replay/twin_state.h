/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A machine that follows the living kernel, event by event: each allocation is
 * done on it first, then compared with what the kernel did.
 *
 * The machine begins as a clone (a snapshot of the kernel's zones).  Where it
 * erred it is put right at once, as far as one event tells: the page that the
 * kernel took is taken out of wherever the machine has it, the machine's own
 * goes back to where it came from; if it is wrong a second time the kernel has
 * not got it there, and it is taken for used.  What that cannot mend, the next
 * clone does.
 *
 * The machine does not reclaim or compact.  The events of the frees that these
 * lead to come before the allocation that waited for them; if that still finds
 * no page above the watermark, the reserves are opened, for the kernel had one.
 */
#ifndef _REPLAY_TWIN_STATE_H
#define _REPLAY_TWIN_STATE_H

#include "sbr.h"
#include "sbuddy/engine.h"

/* Why a prediction failed; the first that holds. */
enum twin_miss {
	TWIN_LOST,		/* events were lost since the clone */
	TWIN_UNSEEN_FREE,	/* the kernel's page was in use here: freed without an event */
	TWIN_RECLAIM,		/* the kernel reclaimed a moment before */
	TWIN_COMPACTION,	/* the kernel compacted a moment before */
	TWIN_ORDER,		/* two allocations told in the other order: an interrupt came
				 * between taking a page and telling of it
				 */
	TWIN_FOREIGN_CPU,	/* another CPU worked on the zone at the same time */
	TWIN_AFTER,		/* behind another miss, which had moved the lists */
	TWIN_REFUSED,		/* the machine found no page at all */
	TWIN_OTHER,
	TWIN_NR_MISSES,
};

/* Things that happen besides events of a recording. */
enum twin_step {
	TWIN_DECAY,		/* the vmstat period of a CPU */
	TWIN_DRAIN_ALL,		/* all per-CPU lists go to the buddy */
	TWIN_RECLAIMING,
	TWIN_COMPACTING,
	TWIN_KSWAPD_WAKE,	/* kswapd begins to work on the zones */
	TWIN_KSWAPD_SLEEP,
};

/**
 * struct twin_stats - what became of the events
 * @allocs:	  allocations that were predicted
 * @hits:	  of these, right ones
 * @misses:	  by reason
 * @not_predicted: allocations that came before a clone was there
 * @frees:	  frees that were followed
 * @unseen_allocs: of these, of pages that nobody was seen to allocate
 * @adopted:	  of these, of pages that were in use when the clone was made
 * @outside:	  events of frames that the machine has not got
 * @clones:	  how often the machine was made anew
 */
struct twin_stats {
	uint64_t allocs, hits, misses[TWIN_NR_MISSES];
	uint64_t not_predicted, frees, unseen_allocs, adopted, outside, clones;
};

#define TWIN_RECENT	256

/**
 * struct twin - the machine and what is known of the last events
 * @m:		 NULL before the first clone
 * @stats:	 see struct twin_stats
 * @cut_ns:	 by zone: when it was copied
 * @lost:	 events were lost since the clone
 * @last_reclaim: time of the last sign of it
 * @last_compaction: time of the last sign of it
 * @last_cpu:	 CPU of the event before
 * @last_cpu_ns: last time that it was another than now
 * @last_miss:	 number of the last allocation that missed, 0 for none
 * @missed_pfn:	 what was predicted then
 * @missed_reason: as which it was counted
 * @recent:	 of the last allocations: which missed
 * @recent_misses: how many
 */
struct twin {
	struct sbuddy_machine *m;
	struct twin_stats stats;
	uint64_t cut_ns[SBUDDY_MAX_NODES * SBUDDY_MAX_NR_ZONES];
	bool lost;
	uint64_t last_reclaim, last_compaction;
	int last_cpu;
	uint64_t last_cpu_ns;
	uint64_t last_miss, missed_pfn;
	enum twin_miss missed_reason;
	bool recent[TWIN_RECENT];
	unsigned int recent_misses;
};

int twin_clone(struct twin *t, const char *snapshot, size_t len, char *error, size_t error_size);
void twin_cut(struct twin *t, uint64_t start_pfn, uint64_t time_ns);
void twin_alloc(struct twin *t, const struct sbr_event *e);
void twin_bulk(struct twin *t, const struct sbr_event *e, unsigned int nr);
void twin_free(struct twin *t, const struct sbr_event *e, bool batched);
void twin_step(struct twin *t, enum twin_step step, int cpu, uint64_t time_ns);
void twin_lost(struct twin *t);
bool twin_went_astray(const struct twin *t);
const char *twin_miss_name(enum twin_miss reason);
void twin_destroy(struct twin *t);

#endif /* _REPLAY_TWIN_STATE_H */
