/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the files of sbuddy_race.ko share.
 *
 * One file at a time is open, and its ioctls are serialised by race_lock: the
 * task in one of them is the racer.  The probes of live_watch.c run in any context;
 * what they write is the racer's own (events), or behind watch_lock (the first
 * foreign event) or atomic (their number).
 */
#ifndef _RACE_LIVE_H
#define _RACE_LIVE_H

#include <linux/mm_types.h>
#include <linux/types.h>

#include "sbuddy_race.h"

/* A block that the racer holds; page NULL: none. */
struct race_held {
	struct page *page;
	unsigned int order;
};

extern struct race_held *race_held;

/* live_ops.c */
int race_ops_init(void);
void race_op(struct sbuddy_op *op);
bool race_op_sleeps(const struct sbuddy_op *op);
void race_free_all(void);
int race_slots_empty(u32 first, u32 nr);
int race_move_to(int cpu);

/* live_policy.c */
int race_policy_init(void);
void race_policy_forget(void);
int race_policy_keep(const struct race_policy *arg);
bool race_policy_heeded(const struct sbuddy_op *op);
bool race_policy_exists(const struct sbuddy_op *op);
struct page *race_policy_alloc(const struct sbuddy_op *op, gfp_t gfp);
unsigned long race_policy_bulk(const struct sbuddy_op *op, gfp_t gfp, unsigned long nr,
			       struct page **pages);
void *race_policy_exact(const struct sbuddy_op *op, gfp_t gfp, size_t size);

/* live_range.c */
int race_range_init(void);
bool race_op_is_range(const struct sbuddy_op *op);
void race_range_op(struct sbuddy_op *op);
void race_unisolate(u64 nodes);

/* live_dump.c */
int race_dump_init(void);
void race_dump_exit(void);
int race_dump(struct race_dump *arg);
int race_block_type(unsigned long pfn);
bool race_block_skip(unsigned long pfn);
__printf(1, 2) void race_emit(const char *fmt, ...);

/* live_movable.c */
struct zone;
void race_dump_movable(struct zone *zone);

/* live_watch.c */
int race_watch_init(void);
void race_watch_exit(void);
void race_watch_nodes(u64 nodes);
u64 race_watched_nodes(void);
void race_watch_op(u32 op);
void race_watch_begin(void);
void race_watch_end(void);
void race_watch_remote(bool on);
void race_watch_foreign(struct race_foreign *foreign);
int race_watch_events(struct race_events *arg);

#endif /* _RACE_LIVE_H */
