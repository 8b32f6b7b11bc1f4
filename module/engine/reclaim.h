/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Reclaim from the inside: what one run of it wants and has done, and what
 * reclaim*.c, kswapd.c, swap.c, clock.c and the slow path share.
 *
 * A run belongs to one task and takes no lock of its own.  It takes
 * sbuddy_lru.lock to isolate, judge, evict and put back a batch of pages, and
 * frees them without it.
 */
#ifndef _SBUDDY_RECLAIM_H
#define _SBUDDY_RECLAIM_H

#include "compaction.h"

#define SBUDDY_DEF_PRIORITY	12
#define SBUDDY_SWAP_CLUSTER_MAX	32UL
#define SBUDDY_MAX_SWAPPINESS	200
#define SBUDDY_FOLIO_BATCH	31U	/* pages freed at a time */
#define SBUDDY_ISOLATED_REFS	2U	/* the slot's and the isolation's */

/* sbuddy_scan_control::may_deactivate */
#define SBUDDY_DEACTIVATE_ANON	1U
#define SBUDDY_DEACTIVATE_FILE	2U

/* Why a reclaimer waits, as the kernel numbers it. */
enum sbuddy_throttle {
	SBUDDY_THROTTLE_WRITEBACK,
	SBUDDY_THROTTLE_ISOLATED,
	SBUDDY_THROTTLE_NOPROGRESS,
	SBUDDY_THROTTLE_CONGESTED,
};

/**
 * struct sbuddy_scan_control - one run of reclaim
 * @m:		    machine
 * @task:	    who reclaims
 * @gfp:	    SBUDDY_GFP_* of the request
 * @order:	    order wanted
 * @reclaim_idx:    highest zone whose pages are of use
 * @nodemask:	    bit n: node n may be reclaimed from
 * @priority:	    1 / 2^this of each list is scanned; falls
 * @nr_to_reclaim:  pages wanted
 * @nr_scanned:	    pages looked at, since @priority last changed
 * @nr_reclaimed:   pages freed
 * @total_scanned:  pages looked at, in all
 * @may_deactivate: SBUDDY_DEACTIVATE_*: types whose active lists are scanned
 * @force_deactivate: all of them are
 * @skipped_deactivate: some was not
 * @may_writepage:  dirty anonymous pages may be written
 * @may_swap:	    anonymous pages may be reclaimed
 * @cache_trim_mode: there are inactive pages of files enough: only these
 * @no_cache_trim_mode: not so
 * @cache_trim_mode_failed: that reclaimed nothing
 * @file_is_tiny:   there are too few pages of files to live on
 * @compaction_ready: compaction can do the rest
 * @full_walk:	    once more, as the kernel does for all control groups
 * @kswapd:	    kswapd's run; else a request's
 * @cost:	    of reclaiming anonymous pages, of reclaiming files' pages
 * @nr:		    pages met since the node was taken up, by what they were
 */
struct sbuddy_scan_control {
	struct sbuddy_machine *m;
	struct sbuddy_task *task;
	u32 gfp;
	int order;
	int reclaim_idx;
	u32 nodemask;
	int priority;
	unsigned long nr_to_reclaim;
	unsigned long nr_scanned;
	unsigned long nr_reclaimed;
	unsigned long total_scanned;
	unsigned int may_deactivate;
	bool force_deactivate;
	bool skipped_deactivate;
	bool may_writepage;
	bool may_swap;
	bool cache_trim_mode;
	bool no_cache_trim_mode;
	bool cache_trim_mode_failed;
	bool file_is_tiny;
	bool compaction_ready;
	bool full_walk;
	bool kswapd;
	unsigned long cost[2];
	struct {
		unsigned int dirty;
		unsigned int unqueued_dirty;
		unsigned int congested;
		unsigned int writeback;
		unsigned int immediate;
		unsigned int file_taken;
		unsigned int taken;
	} nr;
};

/* Somebody has something to do on a node. */
static inline void sbuddy_wake_daemons(struct sbuddy_machine *m, int nid)
{
	const struct sbuddy_hooks *hooks = READ_ONCE(m->hooks);

	if (hooks)
		hooks->wake(m, nid);
}

static inline bool sbuddy_daemons_should_stop(struct sbuddy_machine *m)
{
	const struct sbuddy_hooks *hooks = READ_ONCE(m->hooks);

	return hooks && hooks->should_stop(m);
}

/* A zone of the node that has pages, or NULL. */
static inline struct sbuddy_zone *sbuddy_managed_zone(const struct sbuddy_node *node, int idx)
{
	struct sbuddy_zone *zone = node->node_zones[idx];

	return zone && zone->managed_pages ? zone : NULL;
}

static inline bool sbuddy_reclaim_61(const struct sbuddy_machine *m)
{
	return m->config.rules == SBUDDY_RULES_6_1;
}

/* reclaim.c */
void sbuddy_shrink_node(struct sbuddy_scan_control *sc, int nid);
bool sbuddy_inactive_is_low(const struct sbuddy_lruvec *vec, enum sbuddy_lru_list inactive);
void sbuddy_kswapd_age_node(struct sbuddy_scan_control *sc, int nid);
long sbuddy_zone_reclaimable_pages(const struct sbuddy_zone *zone);
void sbuddy_snapshot_refaults(struct sbuddy_machine *m, int nid);
void sbuddy_reclaim_throttle(struct sbuddy_scan_control *sc, int nid, enum sbuddy_throttle why);

/* reclaim_list.c; lock held by who notes a cost */
unsigned long sbuddy_shrink_inactive_list(struct sbuddy_scan_control *sc, int nid,
					  unsigned long nr_to_scan, enum sbuddy_lru_list list);
void sbuddy_shrink_active_list(struct sbuddy_scan_control *sc, int nid,
			       unsigned long nr_to_scan, enum sbuddy_lru_list list);
void sbuddy_note_cost(struct sbuddy_lruvec *vec, bool file, unsigned long nr_io,
		      unsigned long nr_rotated);

/* reclaim_folio.c */

/* What becomes of an isolated page. */
enum sbuddy_fate {
	SBUDDY_FATE_KEEP,		/* back to its list */
	SBUDDY_FATE_FREE,		/* only the isolation holds it */
};

enum sbuddy_fate sbuddy_shrink_folio(struct sbuddy_scan_control *sc, int nid,
				     struct sbuddy_page *page,
				     struct sbuddy_reclaim_stat *stat);

/* reclaim_direct.c */
bool sbuddy_allow_direct_reclaim(struct sbuddy_machine *m, int nid);
unsigned long sbuddy_try_to_free_pages(const struct sbuddy_alloc_context *ac, u64 *scanned);

/* swap.c, clock.c; lock held, but for the last two */
bool sbuddy_add_to_swap(struct sbuddy_machine *m, struct sbuddy_page *page);
void sbuddy_start_writeback(struct sbuddy_machine *m, struct sbuddy_page *page);
unsigned long sbuddy_write_pending(struct sbuddy_machine *m, int nid);
void sbuddy_wait(struct sbuddy_machine *m, struct sbuddy_task *task, unsigned int ticks);

/* kswapd.c */
void sbuddy_kswapd_init(struct sbuddy_node *node);
bool sbuddy_pgdat_balanced(const struct sbuddy_machine *m, int nid, int order,
			   int highest_zoneidx);

#endif /* _SBUDDY_RECLAIM_H */
