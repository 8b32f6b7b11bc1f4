/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Events of all CPUs that wait to be followed, to be taken in order of time.
 *
 * A batch of folios is told twice: each folio's free when it is looked at, then
 * each again when it goes to the lists.  The queue turns that into one event,
 * SBR_BATCHED, at the later place, with the order that only the first tells.
 */
#ifndef _REPLAY_TWIN_QUEUE_H
#define _REPLAY_TWIN_QUEUE_H

#include "sbr.h"

/* Kinds of events that no recording has. */
enum twin_extra {
	EXTRA_NONE = SBR_NR_KINDS,	/* dropped */
	EXTRA_LOST,
	EXTRA_CUT,
	EXTRA_DECAY,
	EXTRA_DRAIN_ALL,
	EXTRA_RECLAIM,
	EXTRA_COMPACTION,
	EXTRA_KSWAPD_WAKE,
	EXTRA_KSWAPD_SLEEP,
};

/* What one CPU told: events[first] is the next. */
struct twin_queue_cpu {
	struct sbr_event *events;
	size_t first, nr, room;
	uint64_t last_ns;
};

struct twin_queue {
	struct twin_queue_cpu *cpus;
	int nr_cpus;
};

int twin_queue_init(struct twin_queue *q, int nr_cpus);
int twin_queue_add(struct twin_queue *q, const struct sbr_event *e);
const struct sbr_event *twin_queue_next(struct twin_queue *q, uint64_t horizon,
					unsigned int *nr);
void twin_queue_shrink(struct twin_queue *q);
void twin_queue_free(struct twin_queue *q);

#endif /* _REPLAY_TWIN_QUEUE_H */
