/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The engine's part about pages that move: what compaction remembers and
 * counts, and its functions for those who drive a machine.  Included by
 * engine.h.
 */
#ifndef _SBUDDY_COMPACT_H
#define _SBUDDY_COMPACT_H

struct sbuddy_machine;
struct sbuddy_task;
struct sbuddy_zone;

/* Counted with atomics, under the kernel's names in vmstat. */
enum sbuddy_vm_event {
	SBUDDY_PGMIGRATE_SUCCESS,	/* pages */
	SBUDDY_PGMIGRATE_FAIL,		/* pages */
	SBUDDY_THP_MIGRATION_SUCCESS,
	SBUDDY_THP_MIGRATION_FAIL,
	SBUDDY_COMPACTMIGRATE_SCANNED,	/* frames */
	SBUDDY_COMPACTFREE_SCANNED,	/* frames */
	SBUDDY_COMPACTISOLATED,		/* pages */
	SBUDDY_COMPACTSTALL,
	SBUDDY_COMPACTFAIL,
	SBUDDY_COMPACTSUCCESS,
	SBUDDY_KCOMPACTD_WAKE,
	SBUDDY_KCOMPACTD_MIGRATE_SCANNED, /* frames */
	SBUDDY_KCOMPACTD_FREE_SCANNED,	/* frames */
	SBUDDY_PSWPIN,
	SBUDDY_PSWPOUT,
	SBUDDY_ALLOCSTALL_DMA,
	SBUDDY_ALLOCSTALL_DMA32,
	SBUDDY_ALLOCSTALL_NORMAL,
	SBUDDY_ALLOCSTALL_MOVABLE,
	SBUDDY_ALLOCSTALL_DEVICE,
	SBUDDY_PGSKIP_DMA,
	SBUDDY_PGSKIP_DMA32,
	SBUDDY_PGSKIP_NORMAL,
	SBUDDY_PGSKIP_MOVABLE,
	SBUDDY_PGSKIP_DEVICE,
	SBUDDY_PGACTIVATE,
	SBUDDY_PGDEACTIVATE,
	SBUDDY_PGREFILL,
	SBUDDY_PGSTEAL_KSWAPD,
	SBUDDY_PGSTEAL_DIRECT,
	SBUDDY_PGSCAN_KSWAPD,
	SBUDDY_PGSCAN_DIRECT,
	SBUDDY_PGSCAN_DIRECT_THROTTLE,
	SBUDDY_PGSCAN_ANON,
	SBUDDY_PGSCAN_FILE,
	SBUDDY_PGSTEAL_ANON,
	SBUDDY_PGSTEAL_FILE,
	SBUDDY_PAGEOUTRUN,
	SBUDDY_PGROTATED,
	SBUDDY_OOM_KILLS,
	SBUDDY_KSWAPD_LOW_WMARK_HIT_QUICKLY,
	SBUDDY_KSWAPD_HIGH_WMARK_HIT_QUICKLY,
	SBUDDY_WORKINGSET_REFAULT_ANON,
	SBUDDY_WORKINGSET_REFAULT_FILE,
	SBUDDY_WORKINGSET_ACTIVATE_ANON,
	SBUDDY_WORKINGSET_ACTIVATE_FILE,
	SBUDDY_WORKINGSET_RESTORE_ANON,
	SBUDDY_WORKINGSET_RESTORE_FILE,
	SBUDDY_NR_VMSCAN_WRITE,
	SBUDDY_NR_VMSCAN_IMMEDIATE,
	SBUDDY_OOM_DECLARED,		/* not the kernel's: out of memory, whatever came of it */
	SBUDDY_SLOWPATH_LIVELOCK,	/* not the kernel's: in Linux the task would hang */
	SBUDDY_NR_VM_EVENTS,
};

/**
 * struct sbuddy_compact_state - what compaction remembers of a zone
 * @cached_migrate_pfn: where the migrate scanner goes on: ASYNC, other modes
 * @cached_free_pfn:	where the free scanner goes on
 * @init_migrate_pfn:	lowest block worth scanning at the last flush of skip hints
 * @init_free_pfn:	highest one worth searching
 * @considered:		attempts since the last failure
 * @defer_shift:	1 << this attempts are left out
 * @order_failed:	lowest order that failed
 * @blockskip_flush:	a full run ended: skip hints may be cleared
 *
 * Guarded by nothing, as in the kernel: hints.  All zero at boot.
 */
struct sbuddy_compact_state {
	unsigned long cached_migrate_pfn[2];
	unsigned long cached_free_pfn;
	unsigned long init_migrate_pfn;
	unsigned long init_free_pfn;
	unsigned int considered;
	unsigned int defer_shift;
	int order_failed;
	bool blockskip_flush;
};

/**
 * struct sbuddy_kcompactd - what a node's kcompactd was asked for
 * @max_order: largest order
 * @highest_zoneidx: lowest of the highest zones
 * @woken: it was found worth waking since it last slept
 * @proactive_trigger: compaction_proactiveness was written
 */
struct sbuddy_kcompactd {
	int max_order;
	int highest_zoneidx;
	bool woken;
	bool proactive_trigger;
};

/**
 * struct sbuddy_compact_args - compaction by hand
 * @zone:   zone
 * @order:  order wanted, or -1: everything
 * @gfp:    SBUDDY_GFP_* of the request
 * @mode:   how
 * @cached: from where the last run ended, heeding skip hints; else all of it
 * @holder: who will end a run in steps, a number of the caller's
 */
struct sbuddy_compact_args {
	struct sbuddy_zone *zone;
	int order;
	u32 gfp;
	enum sbuddy_migrate_mode mode;
	bool cached;
	u32 holder;
};

/* What was done, see struct sbuddy_compact. */
struct sbuddy_compact_report {
	enum sbuddy_compact_result result;
	enum sbuddy_compact_move move;
	unsigned long migrate_pfn;
	unsigned long free_pfn;
	u64 migrate_scanned;
	u64 free_scanned;
	u64 isolated;
	u64 migrated;
	u64 failed;
	u64 free_held;
};

/**
 * struct sbuddy_migrate_log - what became of each page
 * @record: room for them, or NULL
 * @cap:    elements of @record
 * @nr:	    pages so far, those without room included
 */
struct sbuddy_migrate_log {
	struct sbuddy_migrate_record *record;
	u32 cap;
	u32 nr;
};

/* lru.c */
void sbuddy_lru_drain(struct sbuddy_machine *m, struct sbuddy_task *task);

/* kcompactd.c */
int sbuddy_compact_nodes(struct sbuddy_machine *m, struct sbuddy_task *task);
unsigned int sbuddy_kcompactd_step(struct sbuddy_machine *m, struct sbuddy_task *task, int nid);
int sbuddy_set_compaction_proactiveness(struct sbuddy_machine *m, int value);
int sbuddy_set_extfrag_threshold(struct sbuddy_machine *m, int value);
int sbuddy_set_compact_unevictable_allowed(struct sbuddy_machine *m, int value);
int sbuddy_set_direct_compact(struct sbuddy_machine *m, int value);
int sbuddy_set_lru_batch(struct sbuddy_machine *m, int value);

/* compaction_walk.c */
void sbuddy_compact_one(const struct sbuddy_compact_args *args, struct sbuddy_task *task,
			u64 budget, struct sbuddy_migrate_log *log,
			struct sbuddy_compact_report *r);
int sbuddy_compact_start(const struct sbuddy_compact_args *args, struct sbuddy_task *task,
			 struct sbuddy_compact_report *r);
int sbuddy_compact_step(struct sbuddy_machine *m, struct sbuddy_task *task, u64 budget,
			struct sbuddy_migrate_log *log, struct sbuddy_compact_report *r);
int sbuddy_compact_stop(struct sbuddy_machine *m, struct sbuddy_task *task,
			struct sbuddy_compact_report *r);
u32 sbuddy_compact_holder(const struct sbuddy_machine *m);
const char *sbuddy_compact_result_name(int result);
const char *sbuddy_migrate_outcome_name(int outcome);

/* vmstat.c */
u64 sbuddy_vm_event(const struct sbuddy_machine *m, enum sbuddy_vm_event item);
const char *sbuddy_vm_event_name(int item);

#endif /* _SBUDDY_COMPACT_H */
