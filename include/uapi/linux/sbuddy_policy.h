/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
/*
 * sbuddy: the part of the ABI about NUMA memory policies.  Included by
 * linux/sbuddy.h, which says what holds for every command.
 *
 * An open file has a table of policies.  Number 0 is its own policy, as
 * set_mempolicy(2) sets a task's; the others stand for those of mappings and
 * files, as mbind(2) sets them.  An operation names one of them in the low bits
 * of sbuddy_op::flags, and says with SBUDDY_OP_INDEX that it is for a page of a
 * mapping:
 *
 *   flags 0, nid -1        alloc_pages(): policy 0; interleaves by the rotor
 *   flags 0, nid n         alloc_pages_node(): node n first, no policy
 *   flags 1 to 15          alloc_pages() with that policy as the task's
 *   ... | SBUDDY_OP_INDEX  vma_alloc_folio() where that policy is the mapping's (0:
 *                          the mapping has none); interleaves by index, and huge
 *                          pages are first tried on the node alone
 *
 * With a policy or an index @nid is where to start from unless the policy
 * knows better.  Without an index a request with __GFP_THISNODE heeds no policy.
 * All policies of a file turn the one rotor that it has.  With another machine
 * (SBUDDY_IOC_MACHINE_USE) a file begins without policies.
 */
#ifndef _UAPI_LINUX_SBUDDY_POLICY_H
#define _UAPI_LINUX_SBUDDY_POLICY_H

#include "sbuddy.h"

/* Bits of sbuddy_op::flags, for ALLOC, BULK and ALLOC_EXACT. */
#define SBUDDY_OP_POLICY	0x0f	/* number of the policy */
#define SBUDDY_OP_INDEX		0x10	/* ALLOC: @count is, in, the interleave index */

#define SBUDDY_NR_POLICIES	16U	/* number 0 included */
#define SBUDDY_NR_WEIGHTS	16U	/* nodes that may have a weight */

/* Numbers as in the kernel's set_mempolicy(2). */
enum sbuddy_mpol_mode {
	SBUDDY_MPOL_DEFAULT,		/* none; number n > 0: not set, ENOENT when named */
	SBUDDY_MPOL_PREFERRED,		/* the lowest node of the set first */
	SBUDDY_MPOL_BIND,		/* only nodes of the set */
	SBUDDY_MPOL_INTERLEAVE,		/* nodes of the set in turn */
	SBUDDY_MPOL_LOCAL,		/* the vcpu's node first */
	SBUDDY_MPOL_PREFERRED_MANY,	/* nodes of the set first */
	SBUDDY_MPOL_WEIGHTED_INTERLEAVE, /* in turn, as many in a row as the weight says */
	SBUDDY_NR_MPOL_MODES,
};

/**
 * struct sbuddy_policy - SBUDDY_IOC_SET_POLICY, SBUDDY_IOC_GET_POLICY
 * @size:      in, bytes of this structure
 * @flags:     in, must be zero
 * @index:     in, number of the policy, below SBUDDY_NR_POLICIES
 * @mode:      enum sbuddy_mpol_mode
 * @nodes:     bit n: node n belongs to the set.  DEFAULT and LOCAL have none;
 *	       PREFERRED without any is LOCAL, and keeps only the lowest
 * @home_node: node to start from, or -1: the vcpu's.  Only BIND and
 *	       PREFERRED_MANY have one, and not number 0
 * @il_prev:   GET: node that the rotor stands at; SET: must be zero
 * @il_weight: GET: pages that it still gives there under WEIGHTED_INTERLEAVE;
 *	       SET: must be zero
 * @reserved:  in, must be zero
 *
 * @mode, @nodes and @home_node are in for SET, out for GET.  Setting number 0
 * to INTERLEAVE or WEIGHTED_INTERLEAVE starts the rotor anew, from the lowest
 * node.  ENOENT: a node that the machine does not have.  EOPNOTSUPP: under the
 * 6.1 rules there is no WEIGHTED_INTERLEAVE, nor are there weights to set.
 */
struct sbuddy_policy {
	__u32	size;
	__u32	flags;
	__u32	index;
	__u32	mode;
	__u64	nodes;
	__s32	home_node;
	__u32	il_prev;
	__u32	il_weight;
	__u32	reserved;
};

#define SBUDDY_WEIGHTS_SET	0x1U	/* set them; else only tell */

/**
 * struct sbuddy_weights - SBUDDY_IOC_WEIGHTS: shares in weighted interleaving
 * @size:     in, bytes of this structure
 * @flags:    in, SBUDDY_WEIGHTS_*
 * @machine:  in, number of the machine
 * @reserved: in, must be zero
 * @weight:   by node: with SBUDDY_WEIGHTS_SET in, 1 to 255, or 0 for the default,
 *	      which is 1; out, those in force, 0 where there is no node
 *
 * ENOENT: a weight for a node that the machine does not have; then none is set.
 */
struct sbuddy_weights {
	__u32	size;
	__u32	flags;
	__u32	machine;
	__u32	reserved;
	__u8	weight[SBUDDY_NR_WEIGHTS];
};

#endif /* _UAPI_LINUX_SBUDDY_POLICY_H */
