/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
/*
 * sbuddy: the part of the ABI about ranges of frames: isolating pageblocks, so
 * that nothing free in them is handed out, and allocating contiguous ranges.
 * Included by linux/sbuddy.h, which says what holds for every command.
 *
 * Each step can be had in two ways.  As operations of SBUDDY_IOC_RUN, so that
 * streams may contain them; and as commands of their own, which also say why a
 * range was refused, and take a mask of nodes.
 *
 * Isolated pageblocks belong to the open file that isolated them: only that
 * file can undo it, and closing the file does, after it has freed what the file
 * holds; the pageblocks are Movable then.  Blocks that were isolated by
 * nobody, in an imported machine, anybody may undo.
 *
 * No page is moved here: what is in use in a range stays where it is and makes
 * the range fail with EBUSY.
 *
 * EBUSY means that something is in the way, named by reason and frame.  By then
 * pageblocks may have been isolated and given back: as in the kernel, they have
 * the type of the request then, and their free blocks are at the ends of the
 * lists.
 *
 * A machine of the 6.1 rules has none of this: EOPNOTSUPP, and nothing is done.
 */
#ifndef _UAPI_LINUX_SBUDDY_RANGE_H
#define _UAPI_LINUX_SBUDDY_RANGE_H

#include "sbuddy.h"

#define SBUDDY_MAX_CONTIG	(1U << 18)	/* pages of one contiguous range, 1 GiB */
#define SBUDDY_MAX_ISOLATE	(1U << 24)	/* frames of one isolated range, 64 GiB */

/* sbuddy_op::flags of ISOLATE, UNISOLATE, TEST_ISOLATED; sbuddy_isolate::mode */
#define SBUDDY_ISOLATE_OFFLINE	0x1U	/* MEMORY_OFFLINE: as before memory is taken away */
#define SBUDDY_ISOLATE_REPORT	0x2U	/* REPORT_FAILURE: what is in the way goes to the log */
#define SBUDDY_ISOLATE_SINGLE	0x4U	/* one pageblock, without a look across its borders */
#define SBUDDY_ISOLATE_MODES	0x7U

/*
 * The range operations of enum sbuddy_opcode and the fields of struct sbuddy_op
 * that they use beside cpu.  Of the others nid does not matter, the rest must
 * be zero.
 *
 * ISOLATE	 start_isolate_page_range().  @pfn and @count: the range, which is
 *		 rounded out to pageblocks; in one zone.  @order: type that
 *		 the pageblocks get back if it fails, below
 *		 SBUDDY_MIGRATE_PCPTYPES.  @flags: SBUDDY_ISOLATE_*.  With SINGLE
 *		 the range lies in one pageblock, of which only the range is
 *		 looked at: set_migratetype_isolate().
 * UNISOLATE	 undo_isolate_page_range(): isolated pageblocks of the range get
 *		 type @order, the others stay.  EBUSY, and nothing is done,
 *		 if another file isolated one of them.
 * TEST_ISOLATED test_pages_isolated(): is each pageblock isolated and every
 *		 page free?  EBUSY if not.
 * CONTIG_ALLOC	 alloc_contig_range() for the range at @pfn, alloc_contig_pages()
 *		 if that is SBUDDY_NO_PFN, on @nid.  @count: pages, 1 to
 *		 SBUDDY_MAX_CONTIG.  @gfp: IO, FS, RECLAIM, COMP, RETRY_MAYFAIL,
 *		 NOWARN, ZERO, ZEROTAGS; zone and placement bits only choose
 *		 where to look.  The pages come into @slot, @slot + 1, ..., one
 *		 each; with COMP one block into @slot.  @order: out, its order.
 * CONTIG_FREE	 free_contig_range(): @count consecutive pages from @slot on,
 *		 or the compound block of @count pages in @slot.
 *
 * Out: @pfn is the first frame isolated, given back or obtained; or what was in
 * the way, SBUDDY_NO_PFN if nothing in particular.  @count: frames; 0 on error.
 */

/* Why a range was refused. */
enum sbuddy_range_reason {
	SBUDDY_RANGE_NONE,		/* it was not */
	SBUDDY_RANGE_HOLE,		/* a frame that is no memory */
	SBUDDY_RANGE_ZONES,		/* the range leaves its zone at this frame */
	SBUDDY_RANGE_RESERVED,		/* a page that was never the allocator's */
	SBUDDY_RANGE_UNMOVABLE,		/* a page in use that nothing tells to be movable */
	SBUDDY_RANGE_COMPOUND,		/* the same, part of a compound block */
	SBUDDY_RANGE_STRADDLES,		/* a compound block across the border of the range */
	SBUDDY_RANGE_ISOLATED,		/* a pageblock that is isolated already */
	SBUDDY_RANGE_ZONE_EDGE,		/* a pageblock that reaches out of its zone */
	SBUDDY_RANGE_NOT_ISOLATED,	/* a pageblock that should be isolated and is not */
	SBUDDY_RANGE_FOREIGN,		/* a pageblock that another file isolated */
	SBUDDY_RANGE_IN_USE,		/* a page that is not free; it would have to be moved */
	SBUDDY_RANGE_SHAPE,		/* COMP: no aligned power of two, or in a larger block */
	SBUDDY_RANGE_NOWHERE,		/* no zone has room for so many pages */
	SBUDDY_RANGE_NO_TARGET,		/* what is in use had no other place to go, or a signal */
	SBUDDY_NR_RANGE_REASONS,
};

enum sbuddy_isolate_action {
	SBUDDY_ISOLATE_SET,
	SBUDDY_ISOLATE_UNDO,
	SBUDDY_ISOLATE_TEST,
	SBUDDY_NR_ISOLATE_ACTIONS,
};

/**
 * struct sbuddy_isolate - SBUDDY_IOC_ISOLATE: isolate pageblocks, undo it, test it
 * @size:	 in, bytes of this structure
 * @flags:	 in, must be zero
 * @action:	 in, enum sbuddy_isolate_action
 * @mode:	 in, SBUDDY_ISOLATE_*
 * @migratetype: in, type of the pageblocks after an undo, and after a failure
 * @reason:	 out, enum sbuddy_range_reason
 * @pfn:	 in, first frame of the range
 * @count:	 in, frames, 1 to SBUDDY_MAX_ISOLATE; out, frames isolated, given back
 *		 or tested, unchanged on failure
 * @fault_pfn:	 out, what was in the way; SBUDDY_NO_PFN if nothing was
 * @result:	 out, 0 or the errno of the operation, negative
 * @reserved:	 in, must be zero
 *
 * As the operations above.  The command itself returns 0 once the structure
 * has been found good; @result tells.
 */
struct sbuddy_isolate {
	__u32	size;
	__u32	flags;
	__u32	action;
	__u32	mode;
	__u32	migratetype;
	__u32	reason;
	__u64	pfn;
	__u64	count;
	__u64	fault_pfn;
	__s32	result;
	__u32	reserved;
};

enum sbuddy_contig_action {
	SBUDDY_CONTIG_ALLOC,
	SBUDDY_CONTIG_FREE,
	SBUDDY_NR_CONTIG_ACTIONS,
};

/**
 * struct sbuddy_contig - SBUDDY_IOC_CONTIG: allocate and free contiguous ranges
 * @size:      in, bytes of this structure
 * @flags:     in, must be zero
 * @action:    in, enum sbuddy_contig_action
 * @gfp:       in, as of CONTIG_ALLOC; zero for FREE
 * @slot:      in, first slot
 * @nid:       in, whose zonelist is searched; SBUDDY_NID_ANY
 * @pfn:       in, ALLOC: first frame, SBUDDY_NO_PFN: anywhere; out, first frame
 * @count:     in, pages, 1 to SBUDDY_MAX_CONTIG
 * @nodemask:  in, ALLOC anywhere: bit n: node n may serve; 0: every node
 * @fault_pfn: out, what was in the way last; SBUDDY_NO_PFN if nothing was
 * @reason:    out, enum sbuddy_range_reason
 * @order:     out, with COMP the order of the block
 * @zone:      out, as in struct sbuddy_op
 * @result:    out, 0 or the errno of the operation, negative
 *
 * As the operations above.  The command itself returns 0 once the structure
 * has been found good; @result tells.
 */
struct sbuddy_contig {
	__u32	size;
	__u32	flags;
	__u32	action;
	__u32	gfp;
	__u32	slot;
	__s32	nid;
	__u64	pfn;
	__u64	count;
	__u64	nodemask;
	__u64	fault_pfn;
	__u32	reason;
	__u32	order;
	__u32	zone;
	__s32	result;
};

#endif /* _UAPI_LINUX_SBUDDY_RANGE_H */
