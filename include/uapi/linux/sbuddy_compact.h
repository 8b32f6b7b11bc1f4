/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
/*
 * sbuddy: the part of the ABI that is about pages which move: what can be said
 * of a page on an LRU list, compaction, and what became of each page that was
 * to be migrated.  Included by linux/sbuddy.h, which says what holds for every
 * command.
 */
#ifndef _UAPI_LINUX_SBUDDY_COMPACT_H
#define _UAPI_LINUX_SBUDDY_COMPACT_H

#include "sbuddy.h"

/*
 * SBUDDY_OP_LRU: what is in the slot becomes a page as a process or a file has
 * it, which compaction may move; its attributes, sbuddy_op::gfp.  Said again of
 * the same slot they replace the former ones.  One reference of the slot is the
 * page's mapping or its place in the page cache; each SBUDDY_OP_GET on top of
 * it is a pin.
 */
#define SBUDDY_LRU_FILE		0x001U	/* of a file; else anonymous */
#define SBUDDY_LRU_ACTIVE	0x002U
#define SBUDDY_LRU_DIRTY	0x004U
#define SBUDDY_LRU_WRITEBACK	0x008U	/* until somebody waits for it */
#define SBUDDY_LRU_UNEVICTABLE	0x010U
#define SBUDDY_LRU_LOCKED	0x020U	/* until somebody waits for it */
#define SBUDDY_LRU_NOT_UPTODATE	0x040U
#define SBUDDY_LRU_NO_MIGRATE	0x080U	/* FILE: the file system has no migrate_folio */
#define SBUDDY_LRU_INACCESSIBLE	0x100U	/* FILE: the kernel may not look inside */
#define SBUDDY_LRU_STATE	0x1ffU	/* those above: how the page can be moved */
#define SBUDDY_LRU_YOUNG	0x200U	/* used through a page table since it was last looked at */
#define SBUDDY_LRU_OPS		0x400U	/* alone: on no list, see sbuddy_movable.h */
#define SBUDDY_LRU_OFF		0x800U	/* alone: a page that cannot move again */
#define SBUDDY_LRU_REFERENCED	0x1000U	/* used since it came */
#define SBUDDY_LRU_ALL		0x1fffU

/* Modes of migration, as in the kernel. */
enum sbuddy_migrate_mode {
	SBUDDY_MIGRATE_ASYNC,		/* never waits */
	SBUDDY_MIGRATE_SYNC_LIGHT,	/* waits, but not for I/O */
	SBUDDY_MIGRATE_SYNC,
	SBUDDY_NR_MIGRATE_MODES,
};

/* What compaction came to, as in the kernel. */
enum sbuddy_compact_result {
	SBUDDY_COMPACT_NOT_SUITABLE_ZONE,
	SBUDDY_COMPACT_SKIPPED,
	SBUDDY_COMPACT_DEFERRED,
	SBUDDY_COMPACT_NO_SUITABLE_PAGE,
	SBUDDY_COMPACT_CONTINUE,
	SBUDDY_COMPACT_COMPLETE,
	SBUDDY_COMPACT_PARTIAL_SKIPPED,
	SBUDDY_COMPACT_CONTENDED,
	SBUDDY_COMPACT_SUCCESS,
	SBUDDY_NR_COMPACT_RESULTS,
};

/* What became of a page that was to be migrated, and why. */
enum sbuddy_migrate_outcome {
	SBUDDY_OUTCOME_MOVED,		/* it lies elsewhere */
	SBUDDY_OUTCOME_FREED,		/* nobody wanted it any more */
	SBUDDY_OUTCOME_NO_TARGET,	/* ENOMEM: no free page for it, or for one before it */
	SBUDDY_OUTCOME_LOCKED,		/* EAGAIN: somebody works on it */
	SBUDDY_OUTCOME_WRITEBACK,		/* EBUSY: it is being written */
	SBUDDY_OUTCOME_DIRTY,		/* EBUSY: it has to be written first */
	SBUDDY_OUTCOME_PINNED,		/* EAGAIN: more references than can be explained */
	SBUDDY_OUTCOME_INACCESSIBLE,	/* EOPNOTSUPP: it must not be copied */
	SBUDDY_OUTCOME_COPY,		/* its memory could not be read */
	SBUDDY_NR_MIGRATE_OUTCOMES,
};

/**
 * struct sbuddy_migrate_record - one page that was to be migrated
 * @from:    its frame
 * @to:	     frame where it is now; SBUDDY_NO_PFN if it did not move
 * @err:     0, or a negative errno
 * @outcome: enum sbuddy_migrate_outcome
 * @order:   of the block
 * @reserved: out, zero
 */
struct sbuddy_migrate_record {
	__u64	from;
	__u64	to;
	__s32	err;
	__u8	outcome;
	__u8	order;
	__u16	reserved;
};

/* sbuddy_compact::action */
enum sbuddy_compact_action {
	SBUDDY_COMPACT_RUN,		/* to the end, or until the budget is used up */
	SBUDDY_COMPACT_START,		/* begin a run in steps */
	SBUDDY_COMPACT_STEP,		/* its next moves */
	SBUDDY_COMPACT_STOP,		/* end it and give back what it has isolated */
	SBUDDY_NR_COMPACT_ACTIONS,
};

/* sbuddy_compact::options */
#define SBUDDY_COMPACT_CACHED	0x1U	/* from where the last run ended, with skip hints */
#define SBUDDY_COMPACT_OPTIONS	0x1U

/* sbuddy_compact::move: the last thing that the run did */
enum sbuddy_compact_move {
	SBUDDY_MOVE_NONE,
	SBUDDY_MOVE_ISOLATE,		/* the migrate scanner took pages */
	SBUDDY_MOVE_MIGRATE,		/* they were moved to what the free scanner took */
	SBUDDY_MOVE_DRAIN,		/* per-CPU lists went to the buddy */
	SBUDDY_MOVE_END,		/* the run is over: @result */
};

/**
 * struct sbuddy_compact - SBUDDY_IOC_COMPACT: compact, or one move of it
 * @size:	in, bytes of this structure
 * @flags:	in, must be zero
 * @machine:	in, number of the machine
 * @action:	in, enum sbuddy_compact_action
 * @node:	in, node number; SBUDDY_ALL_ZONES: of every node (RUN)
 * @zone:	in, enum sbuddy_zone_type; SBUDDY_ALL_ZONES: of every zone (RUN)
 * @order:	in, order that is wanted, 1 to SBUDDY_MAX_PAGE_ORDER; -1: compact
 *		everything, as /proc/sys/vm/compact_memory does
 * @mode:	in, enum sbuddy_migrate_mode
 * @gfp:	in, SBUDDY_GFP_* of the request; 0: GFP_KERNEL
 * @options:	in, SBUDDY_COMPACT_CACHED
 * @budget:	in, pages: end (RUN) or come back (STEP) when as many have been
 *		tried; 0: no end (RUN), one move (STEP)
 * @records:	in, array of struct sbuddy_migrate_record, or 0
 * @records_cap: in, elements of @records
 * @nr_records:	out, pages tried; those that fit are in @records
 * @result:	out, enum sbuddy_compact_result; SBUDDY_COMPACT_CONTINUE: there is
 *		more to do
 * @move:	out, enum sbuddy_compact_move, the last one
 * @migrate_pfn: out, where the migrate scanner is; of the last zone
 * @free_pfn:	out, where the free scanner is
 * @migrate_scanned: out, frames that the migrate scanner looked at
 * @free_scanned: out, frames that the free scanner looked at
 * @isolated:	out, pages taken to be migrated
 * @migrated:	out, pages moved
 * @failed:	out, pages that could not be moved
 * @free_held:	out, free pages that the run keeps for its next moves
 * @reserved:	in, must be zero
 * @reserved2:	in, must be zero
 *
 * There is at most one run in steps on a machine: EBUSY for another START, and
 * ENOENT for STEP and STOP without one.  It belongs to whoever has the number of
 * the machine, and ends with the file that started it.  STEP and STOP look at
 * @budget and @records alone; what they count is of this call.
 */
struct sbuddy_compact {
	__u32	size;
	__u32	flags;
	__u32	machine;
	__u32	action;
	__s32	node;
	__s32	zone;
	__s32	order;
	__u32	mode;
	__u32	gfp;
	__u32	options;
	__u64	budget;
	__u64	records;
	__u32	records_cap;
	__u32	nr_records;
	__u32	result;
	__u32	move;
	__u64	migrate_pfn;
	__u64	free_pfn;
	__u64	migrate_scanned;
	__u64	free_scanned;
	__u64	isolated;
	__u64	migrated;
	__u64	failed;
	__u64	free_held;
	__u32	reserved;
	__u32	reserved2;
};

#endif /* _UAPI_LINUX_SBUDDY_COMPACT_H */
