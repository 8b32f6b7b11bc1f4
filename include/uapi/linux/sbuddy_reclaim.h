/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
/*
 * sbuddy: the part of the ABI about reclaim: what can be said of the use of a
 * page, task state that operations carry, what a machine does when it runs out
 * of memory, and reclaim by hand.  Included by linux/sbuddy.h, which says what
 * holds for every command.
 */
#ifndef _UAPI_LINUX_SBUDDY_RECLAIM_H
#define _UAPI_LINUX_SBUDDY_RECLAIM_H

#include "sbuddy.h"

/*
 * SBUDDY_OP_TOUCH: what is in the slot, a page as a process or a file has it,
 * is used; how, sbuddy_op::gfp, 0 being a look through a page table.  A page that
 * was reclaimed comes back, in another frame: sbuddy_op::count is 1 then, else 0;
 * ENOMEM if there is none for it.  EINVAL: the slot's page cannot move.
 */
#define SBUDDY_TOUCH_READ	0x1U	/* FILE: by read(), not through a page table */
#define SBUDDY_TOUCH_WRITE	0x2U	/* it becomes dirty */
#define SBUDDY_TOUCH_ALL	0x3U

/*
 * SBUDDY_OP_SCOPE: the task state of the operations of this owner from now on, in
 * sbuddy_op::gfp: what memalloc_noio_save() and its like set in Linux.
 */
#define SBUDDY_SCOPE_MEMALLOC	0x01U	/* it frees memory: no reclaim, no watermarks */
#define SBUDDY_SCOPE_NOIO	0x02U
#define SBUDDY_SCOPE_NOFS	0x04U
#define SBUDDY_SCOPE_PIN	0x08U	/* pages will be pinned: none that can move */
#define SBUDDY_SCOPE_RT		0x10U	/* a task of the real-time class */
#define SBUDDY_SCOPE_INTERRUPT	0x40U	/* not in task context */
#define SBUDDY_SCOPE_SOFTIRQ	0x80U	/* serving a softirq */
#define SBUDDY_SCOPE_KTHREAD	0x100U
#define SBUDDY_SCOPE_ALL	0x1dfU

/* What happens when a request that may not fail finds nothing to reclaim. */
enum sbuddy_oom_policy {
	SBUDDY_OOM_FAIL,		/* it fails */
	SBUDDY_OOM_KILL,		/* the largest owner loses all that it has */
	SBUDDY_OOM_SIGNAL,		/* the same, and its process is killed */
	SBUDDY_OOM_NOTIFY,		/* who waits for it is told and may free; then it fails */
	SBUDDY_NR_OOM_POLICIES,
};

/* sbuddy_reclaim_arg::action */
enum sbuddy_reclaim_action {
	SBUDDY_RECLAIM_DIRECT,		/* what a request of the vcpu does: @gfp, @order */
	SBUDDY_RECLAIM_KSWAPD,		/* what the node's kswapd does next */
	SBUDDY_RECLAIM_KCOMPACTD,	/* what its kcompactd does next */
	SBUDDY_RECLAIM_WAKE,		/* ask kswapd for @order below @zone */
	SBUDDY_RECLAIM_TICK,		/* let @ticks of the machine's time go by */
	SBUDDY_RECLAIM_AGE,		/* look at @nr pages of each active list of the node */
	SBUDDY_NR_RECLAIM_ACTIONS,
};

/* sbuddy_reclaim_arg::kswapd */
enum sbuddy_kswapd_state {
	SBUDDY_KSWAPD_ASLEEP,		/* until it is woken */
	SBUDDY_KSWAPD_NAP,		/* for 100 ms, or until it is woken */
	SBUDDY_KSWAPD_AWAKE,		/* it has work */
	SBUDDY_NR_KSWAPD_STATES,
};

#define SBUDDY_HZ	250		/* ticks of a machine's second */

/**
 * struct sbuddy_reclaim_arg - SBUDDY_IOC_RECLAIM: reclaim by hand
 * @size:	in, bytes of this structure
 * @flags:	in, must be zero
 * @machine:	in, number of the machine
 * @action:	in, enum sbuddy_reclaim_action
 * @node:	in, node number
 * @zone:	in, enum sbuddy_zone_type: highest zone of the request (WAKE)
 * @order:	in, order of the request (DIRECT, WAKE)
 * @gfp:	in, SBUDDY_GFP_* of the request (DIRECT, WAKE); 0: GFP_KERNEL
 * @ticks:	in, of 1/SBUDDY_HZ second (TICK)
 * @nr:		in, pages (AGE)
 * @reclaimed:	out, what the kernel's function returns (DIRECT); pages freed
 *		(KSWAPD)
 * @scanned:	out, pages looked at
 * @clock:	out, ticks since the machine was made
 * @kswapd:	out, enum sbuddy_kswapd_state of the node
 * @woken:	out, 1 if it has been woken since
 * @failures:	out, its runs in a row that freed nothing
 * @wait:	out, ticks until it, or kcompactd, looks again by itself
 * @free_swap:	out, pages
 * @total_swap:	out, pages
 * @reserved:	in, must be zero
 */
struct sbuddy_reclaim_arg {
	__u32	size;
	__u32	flags;
	__u32	machine;
	__u32	action;
	__s32	node;
	__s32	zone;
	__u32	order;
	__u32	gfp;
	__u64	ticks;
	__u64	nr;
	__u64	reclaimed;
	__u64	scanned;
	__u64	clock;
	__u32	kswapd;
	__u32	woken;
	__u32	failures;
	__u32	wait;
	__u64	free_swap;
	__u64	total_swap;
	__u64	reserved;
};

#endif /* _UAPI_LINUX_SBUDDY_RECLAIM_H */
