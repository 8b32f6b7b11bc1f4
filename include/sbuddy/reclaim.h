/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The engine's part about running low: what reclaim remembers of nodes and
 * machines, and its functions for those who drive a machine.  Included by
 * engine.h.
 */
#ifndef _SBUDDY_RECLAIM_PUBLIC_H
#define _SBUDDY_RECLAIM_PUBLIC_H

struct sbuddy_machine;
struct sbuddy_owner;
struct sbuddy_task;
struct sbuddy_zone;

#define SBUDDY_MAX_RECLAIM_RETRIES	16
#define SBUDDY_MAX_SLOWPATH_LOOPS	1000

/**
 * struct sbuddy_kswapd - what a node's kswapd is about
 * @state:	  enum sbuddy_kswapd_state
 * @woken:	  it was woken since it lay down; nobody needs to wake it again
 * @kept_order:	  it goes on with @alloc_order instead of what was asked for since
 * @alloc_order:  order it was asked for
 * @reclaim_order: order down to which it reclaimed
 * @highest_zoneidx: highest zone it works on
 * @failures:	  runs in a row that reclaimed nothing; direct reclaim ends the row
 * @nap_end:	  machine's clock when the nap is over
 *
 * Written by who steps the node's kswapd, and by those who wake it.
 */
struct sbuddy_kswapd {
	u8 state;
	bool woken;
	bool kept_order;
	int alloc_order;
	int reclaim_order;
	int highest_zoneidx;
	int failures;
	u64 nap_end;
};

/**
 * struct sbuddy_reclaim - what reclaim knows of a machine
 * @clock:	   ticks of 1/SBUDDY_HZ s since the machine was made
 * @nr_swap:	   swap in use, pages
 * @written_at:	   clock when what is being written has been written, 0 if nothing is
 * @flush:	   the flushers were woken: dirty pages of files get written
 * @oom_busy:	   somebody declares the machine out of memory
 * @oom_seq:	   how often that was done
 * @oom_victim:	   number of the owner that lost all, of which pages are left, plus 1
 *
 * All but @clock and @oom_busy under sbuddy_lru.lock.
 */
struct sbuddy_reclaim {
	u64 clock;
	unsigned long nr_swap;
	u64 written_at;
	bool flush;
	unsigned int oom_busy;
	u32 oom_seq;
	u32 oom_victim;
};

/* What a batch of pages came to; the fields of the kernel's reclaim_stat. */
struct sbuddy_reclaim_stat {
	unsigned int nr_dirty;
	unsigned int nr_unqueued_dirty;
	unsigned int nr_congested;
	unsigned int nr_writeback;
	unsigned int nr_immediate;
	unsigned int nr_pageout;
	unsigned int nr_activate[2];
	unsigned int nr_ref_keep;
	unsigned int nr_unmap_fail;
};

/* What a step of kswapd did. */
struct sbuddy_kswapd_report {
	u64 scanned;		/* pages */
	u64 reclaimed;		/* pages */
	unsigned int wait;	/* ticks until its nap is over; 0: it does not nap */
	bool ran;		/* it balanced the node */
};

/**
 * struct sbuddy_hooks - who drives a machine's daemons
 * @wake:	 a daemon of the node has something to do.  Any context
 * @should_stop: a daemon's long run is to end now
 * @sleep:	 the task waits, milliseconds, as the machine's time is the host's; NULL:
 *		 the machine's time is its own
 * @oom_kill:	 an owner, by number, lost its movable pages and is to lose all else;
 *		 and its process, with @signal
 *
 * Nobody by default: then daemons are stepped, and who waits moves time on.
 */
struct sbuddy_hooks {
	void (*wake)(struct sbuddy_machine *m, int nid);
	bool (*should_stop)(struct sbuddy_machine *m);
	void (*sleep)(struct sbuddy_machine *m, unsigned int msec);
	void (*oom_kill)(struct sbuddy_machine *m, u32 owner, bool signal);
};

/* Pages on LRU lists, by enum sbuddy_lru_list; and taken off them. */
struct sbuddy_lru_stat {
	unsigned long nr[5];
	unsigned long isolated[2];
};

/* reclaim.c */
void sbuddy_lru_stat(const struct sbuddy_machine *m, int nid, int zone,
		     struct sbuddy_lru_stat *stat);

/* kswapd.c */
void sbuddy_wakeup_kswapd(struct sbuddy_zone *zone, u32 gfp, unsigned int order,
			  int highest_zoneidx);
struct sbuddy_kswapd_report sbuddy_kswapd_step(struct sbuddy_machine *m,
					       struct sbuddy_task *task, int nid);
bool sbuddy_kswapd_has_work(const struct sbuddy_machine *m, int nid);

/* reclaim_direct.c */
unsigned long sbuddy_reclaim_for(struct sbuddy_machine *m, struct sbuddy_task *task, u32 gfp,
				 unsigned int order, int nid, u64 *scanned);

void sbuddy_age_node(struct sbuddy_machine *m, struct sbuddy_task *task, int nid,
		     unsigned long nr);

/* swap.c, clock.c */
u64 sbuddy_clock(const struct sbuddy_machine *m);
void sbuddy_clock_advance(struct sbuddy_machine *m, struct sbuddy_task *task, u64 ticks);
unsigned long sbuddy_nr_free_swap(const struct sbuddy_machine *m);

/* oom.c */
const char *sbuddy_oom_policy_name(int policy);
bool sbuddy_owner_killed(const struct sbuddy_owner *o);
void sbuddy_owner_reap(struct sbuddy_owner *o, struct sbuddy_task *task);

/* reclaim_knobs.c */
int sbuddy_set_swappiness(struct sbuddy_machine *m, int value);
int sbuddy_set_swap_pages(struct sbuddy_machine *m, int value);
int sbuddy_set_direct_reclaim(struct sbuddy_machine *m, int value);
int sbuddy_set_writeback_ticks(struct sbuddy_machine *m, int value);
int sbuddy_set_oom_policy(struct sbuddy_machine *m, int value);
int sbuddy_set_slowpath_loops(struct sbuddy_machine *m, int value);

#endif /* _SBUDDY_RECLAIM_PUBLIC_H */
