/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
/*
 * /dev/sbuddy_race: operations on the live kernel's own page allocator, for
 * the race of sbuddy against it.  Between the module sbuddy_race.ko and the
 * program race, nothing else; never part of the product.
 *
 * Operations are struct sbuddy_op and mean, slot by slot and errno by errno,
 * what they mean to SBUDDY_IOC_RUN.  Only requests that may neither sleep nor
 * wake a daemon are carried out, and only where their pages come from nodes
 * that the program named.
 */
#ifndef _SBUDDY_RACE_H
#define _SBUDDY_RACE_H

#include <linux/ioctl.h>
#include <linux/types.h>

#include <linux/sbuddy.h>

#define RACE_DEVICE		"/dev/sbuddy_race"
#define RACE_MAX_SLOTS		(1U << 20)	/* slots are numbered below this */
#define RACE_MAX_OPS		(1U << 16)	/* operations of one RUN */
#define RACE_MAX_EVENTS		(1U << 20)	/* events kept between two WATCH */
#define RACE_MAX_NODES		64
#define RACE_DUMP_MOVABLE	(1ULL << 63)	/* no node: pages that can move as well */

/* What happened inside, as in the .events files of the vectors. */
enum race_what {
	RACE_LOCKED,		/* taken from the buddy: @a order, @b type, @c refill */
	RACE_DRAIN,		/* from a per-CPU list to the buddy: @a order, @b type */
	RACE_EXTFRAG,		/* @a alloc_order, @b fallback_order, @c alloc_mt, @d fallback_mt */
	RACE_NR_WHAT,
};

struct race_event {
	__u64	pfn;
	__u32	op;		/* operation since WATCH, from 0 */
	__u8	what;		/* enum race_what, low four bits; @d in the high ones */
	__u8	a;
	__u8	b;
	__u8	c;
};

/* Things that are not ours to happen on a watched node or to its counters. */
enum race_foreign_kind {
	RACE_FOREIGN_ALLOC,
	RACE_FOREIGN_FREE,
	RACE_FOREIGN_DRAIN,
	RACE_FOREIGN_LOCKED,
	RACE_FOREIGN_KSWAPD,	/* woken, or asked to wake */
	RACE_FOREIGN_KCOMPACTD,
	RACE_FOREIGN_VMSTAT,	/* a CPU's counters folded by the kernel's worker */
	RACE_NR_FOREIGN,
};

/**
 * struct race_watch - begin to watch; forgets all events and foreign ones
 * @nodes: in, bit mask of the nodes raced on
 */
struct race_watch {
	__u64	nodes;
};

/**
 * struct race_foreign - what others did since WATCH
 * @count: by enum race_foreign_kind
 * @pid:   of the first: who,
 * @cpu:   where,
 * @kind:  what,
 * @node:  on which node
 * @pfn:   and page, if any
 * @comm:  name of the task
 */
struct race_foreign {
	__u64	count[RACE_NR_FOREIGN];
	__s32	pid;
	__s32	cpu;
	__u32	kind;
	__s32	node;
	__u64	pfn;
	char	comm[16];
};

/**
 * struct race_run - operations, in order
 * @ops:   in, array of struct sbuddy_op; results in place
 * @count: in, operations
 * @done:  out, operations carried out, failed ones included
 *
 * sbuddy_op::cpu is an online CPU, or -1: the CPU that the program runs on
 * (DECAY: every CPU in turn).
 */
struct race_run {
	__u64	ops;
	__u32	count;
	__u32	done;
};

/**
 * struct race_slot - what a slot holds
 * @pfn:   first frame, SBUDDY_NO_PFN if it is empty
 * @order: of the block
 * @refs:  references on it
 */
struct race_slot {
	__u64	pfn;
	__u32	order;
	__u32	refs;
};

/* struct race_slots - slots @first on, @count of them, into @slots */
struct race_slots {
	__u64	slots;
	__u32	first;
	__u32	count;
};

/**
 * struct race_events - events since WATCH, from @first on
 * @events: in, array of struct race_event
 * @first:  in, number of the first event wanted
 * @count:  in, capacity; out, elements written
 * @total:  out, events there were, those for which there was no room included
 */
struct race_events {
	__u64	events;
	__u32	first;
	__u32	count;
	__u64	total;
};

/**
 * struct race_dump - zones as text
 * @nodes:    in, bit mask of nodes; RACE_DUMP_MOVABLE
 * @text:     in, buffer
 * @capacity: in, bytes of it
 * @len:      out, bytes of the whole text
 */
struct race_dump {
	__u64	nodes;
	__u64	text;
	__u64	capacity;
	__u64	len;
};

/**
 * struct race_policy - keep the policy that this task has by set_mempolicy(2)
 * @index:     in, under this number, as in sbuddy_op::flags
 * @home_node: in, with this home node; -1: none
 * @weighted:  in, 1 if it interleaves by weight
 * @reserved:  in
 */
struct race_policy {
	__u32	index;
	__s32	home_node;
	__u32	weighted;
	__u32	reserved;
};

#define RACE_IOC_WATCH		_IOW(0xd6, 1, struct race_watch)
#define RACE_IOC_FOREIGN	_IOR(0xd6, 2, struct race_foreign)
#define RACE_IOC_RUN		_IOWR(0xd6, 3, struct race_run)
#define RACE_IOC_SLOTS		_IOW(0xd6, 4, struct race_slots)
#define RACE_IOC_EVENTS		_IOWR(0xd6, 5, struct race_events)
#define RACE_IOC_RESET		_IO(0xd6, 6)	/* nothing held, isolated, or kept */
#define RACE_IOC_DUMP		_IOWR(0xd6, 7, struct race_dump)
#define RACE_IOC_POLICY		_IOW(0xd6, 8, struct race_policy)

#endif /* _SBUDDY_RACE_H */
