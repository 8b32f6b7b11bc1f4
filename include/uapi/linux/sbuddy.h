/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
/*
 * sbuddy: the ABI between /dev/sbuddy and programs.
 *
 * Numbers of zones, migratetypes and gfp bits are this ABI's own.  They were
 * chosen equal to those of Linux 6.12 on amd64 and stay as they are; the
 * kernel's own numbers move with version and configuration and are
 * translated in one place, module/compat/gfp.c.
 *
 * Every structure handed to an ioctl begins with its size.  A shorter or
 * longer structure than the module's own is accepted as long as the part
 * that the module does not know is zero.  Unknown flags and non-zero reserved
 * fields are refused.  What an errno means, everywhere in this ABI:
 *
 *   ENOTTY      no such command
 *   E2BIG       the structure is newer than this module: its unknown tail is
 *               not zero
 *   EINVAL      a field has a value outside what its comment allows
 *   EOPNOTSUPP  a known field or flag asks for something that this module,
 *               kernel or machine cannot do
 *   ENOENT      no such machine, node, zone, slot or page frame
 *   EEXIST      the slot is taken
 *   ENOSPC      no free slot is left, no free number for a machine
 *   EDQUOT      machines would take more of the host than they may
 *   ENOMEM      the shadow allocator found no page: the request would have to
 *               reclaim or compact; or the host ran out of memory for
 *               book-keeping (then nothing was done)
 *   EALREADY    the page is free already (double free)
 *   EBUSY       the state of the object forbids the change now
 *   EOWNERDEAD  all that this open file had was taken when the machine ran out
 *               of memory
 *   EINTR       a signal ended a long run; the result says how far it came
 *   EUCLEAN     lists or descriptors are damaged; CHECK says more
 *   EFAULT      a pointer leads to memory that is not the caller's
 *   EPERM       CAP_SYS_ADMIN is missing
 */
#ifndef _UAPI_LINUX_SBUDDY_H
#define _UAPI_LINUX_SBUDDY_H

#include <linux/types.h>
#include <linux/ioctl.h>

#define SBUDDY_ABI_VERSION	1

/* Orders of a block, inclusive maximum; pages of a block = 1 << order. */
#define SBUDDY_MAX_PAGE_ORDER	10
#define SBUDDY_NR_PAGE_ORDERS	(SBUDDY_MAX_PAGE_ORDER + 1)
#define SBUDDY_PAGEBLOCK_ORDER	9

enum sbuddy_zone_type {
	SBUDDY_ZONE_DMA,
	SBUDDY_ZONE_DMA32,
	SBUDDY_ZONE_NORMAL,
	SBUDDY_ZONE_MOVABLE,
	SBUDDY_ZONE_DEVICE,		/* never populated; printed as the kernel does */
	SBUDDY_MAX_NR_ZONES,
};

enum sbuddy_migratetype {
	SBUDDY_MIGRATE_UNMOVABLE,
	SBUDDY_MIGRATE_MOVABLE,
	SBUDDY_MIGRATE_RECLAIMABLE,
	SBUDDY_MIGRATE_PCPTYPES,	/* number of types with per-CPU lists */
	SBUDDY_MIGRATE_HIGHATOMIC = SBUDDY_MIGRATE_PCPTYPES,
	SBUDDY_MIGRATE_ISOLATE,
	SBUDDY_MIGRATE_TYPES,
};

/*
 * Whose decisions a machine takes: those of a kernel series.  The default is
 * the first.
 */
enum sbuddy_rule_set {
	SBUDDY_RULES_6_12,
	SBUDDY_RULES_6_1,
	SBUDDY_NR_RULE_SETS,
};

/* gfp bits */
#define SBUDDY_GFP_DMA			0x00000001U
#define SBUDDY_GFP_HIGHMEM		0x00000002U
#define SBUDDY_GFP_DMA32		0x00000004U
#define SBUDDY_GFP_MOVABLE		0x00000008U
#define SBUDDY_GFP_RECLAIMABLE		0x00000010U
#define SBUDDY_GFP_HIGH			0x00000020U
#define SBUDDY_GFP_IO			0x00000040U
#define SBUDDY_GFP_FS			0x00000080U
#define SBUDDY_GFP_ZERO			0x00000100U
#define SBUDDY_GFP_DIRECT_RECLAIM	0x00000400U
#define SBUDDY_GFP_KSWAPD_RECLAIM	0x00000800U
#define SBUDDY_GFP_WRITE		0x00001000U
#define SBUDDY_GFP_NOWARN		0x00002000U
#define SBUDDY_GFP_RETRY_MAYFAIL	0x00004000U
#define SBUDDY_GFP_NOFAIL		0x00008000U
#define SBUDDY_GFP_NORETRY		0x00010000U
#define SBUDDY_GFP_MEMALLOC		0x00020000U
#define SBUDDY_GFP_COMP			0x00040000U
#define SBUDDY_GFP_NOMEMALLOC		0x00080000U
#define SBUDDY_GFP_HARDWALL		0x00100000U
#define SBUDDY_GFP_THISNODE		0x00200000U
#define SBUDDY_GFP_ACCOUNT		0x00400000U
#define SBUDDY_GFP_ZEROTAGS		0x00800000U
#define SBUDDY_GFP_NO_OBJ_EXT		0x01000000U
#define SBUDDY_GFP_ALL			0x01fffdffU

#define SBUDDY_GFP_RECLAIM \
	(SBUDDY_GFP_DIRECT_RECLAIM | SBUDDY_GFP_KSWAPD_RECLAIM)
#define SBUDDY_GFP_ATOMIC	(SBUDDY_GFP_HIGH | SBUDDY_GFP_KSWAPD_RECLAIM)
#define SBUDDY_GFP_NOIO		SBUDDY_GFP_RECLAIM
#define SBUDDY_GFP_NOFS		(SBUDDY_GFP_RECLAIM | SBUDDY_GFP_IO)
#define SBUDDY_GFP_KERNEL	(SBUDDY_GFP_NOFS | SBUDDY_GFP_FS)
#define SBUDDY_GFP_KERNEL_ACCOUNT (SBUDDY_GFP_KERNEL | SBUDDY_GFP_ACCOUNT)
#define SBUDDY_GFP_NOWAIT	(SBUDDY_GFP_KSWAPD_RECLAIM | SBUDDY_GFP_NOWARN)
#define SBUDDY_GFP_USER		(SBUDDY_GFP_KERNEL | SBUDDY_GFP_HARDWALL)
#define SBUDDY_GFP_HIGHUSER	(SBUDDY_GFP_USER | SBUDDY_GFP_HIGHMEM)
#define SBUDDY_GFP_HIGHUSER_MOVABLE (SBUDDY_GFP_HIGHUSER | SBUDDY_GFP_MOVABLE)
#define SBUDDY_GFP_TRANSHUGE_LIGHT \
	((SBUDDY_GFP_HIGHUSER_MOVABLE | SBUDDY_GFP_COMP | \
	  SBUDDY_GFP_NOMEMALLOC | SBUDDY_GFP_NOWARN) & ~SBUDDY_GFP_RECLAIM)
#define SBUDDY_GFP_TRANSHUGE \
	(SBUDDY_GFP_TRANSHUGE_LIGHT | SBUDDY_GFP_DIRECT_RECLAIM)

/*
 * Operations of SBUDDY_IOC_RUN.  A slot is the caller's own number for what
 * it holds, private to the open file.
 */
enum sbuddy_opcode {
	SBUDDY_OP_NONE,			/* not set: refused with EINVAL */
	SBUDDY_OP_ALLOC,		/* one block of 2^order pages into slot */
	SBUDDY_OP_FREE,			/* drop a reference of what slot holds */
	SBUDDY_OP_BULK,			/* count order-0 pages into slot, slot + 1, ... */
	SBUDDY_OP_FREE_BATCH,		/* free slot ... slot + count - 1 as one folio batch */
	SBUDDY_OP_GET,			/* one more reference on what slot holds */
	SBUDDY_OP_SPLIT,		/* split_page(): a page each in slot, slot + 1, ... */
	SBUDDY_OP_ALLOC_EXACT,		/* alloc_pages_exact(): count pages from slot on */
	SBUDDY_OP_DRAIN,		/* pcp lists of cpu (-1: of every vcpu) to the buddy */
	SBUDDY_OP_DECAY,		/* one vmstat period of cpu (-1: of every vcpu) */
	SBUDDY_OP_ISOLATE,		/* ranges of frames: see sbuddy_range.h */
	SBUDDY_OP_UNISOLATE,
	SBUDDY_OP_TEST_ISOLATED,
	SBUDDY_OP_CONTIG_ALLOC,
	SBUDDY_OP_CONTIG_FREE,
	SBUDDY_OP_LRU,			/* slot becomes movable, with the attributes in gfp */
	SBUDDY_OP_TOUCH,		/* what is in the slot is used, see sbuddy_reclaim.h */
	SBUDDY_OP_SCOPE,		/* task state of what follows, see there */
	SBUDDY_NR_OPS,
};

#define SBUDDY_SLOT_ANY		0xffffffffU	/* "any free slot" */
#define SBUDDY_MAX_SLOTS	0x10000000U	/* slots are numbered below this */
#define SBUDDY_MAX_BULK		4096U		/* largest count of an operation */
#define SBUDDY_CPU_CURRENT	(-1)
#define SBUDDY_NID_ANY		(-1)		/* the node of the vcpu */
#define SBUDDY_NO_PFN		(~(__u64)0)

/**
 * struct sbuddy_op - one operation and, in place, its result
 * @opcode: in, enum sbuddy_opcode
 * @order:  in, order of the block, 0 to SBUDDY_MAX_PAGE_ORDER (ALLOC); out,
 *	    order of what was allocated or freed
 * @flags:  in, policy and interleave index, see sbuddy_policy.h (ALLOC, BULK,
 *	    ALLOC_EXACT); SBUDDY_ISOLATE_* (ISOLATE, TEST_ISOLATED); else zero
 * @zone:   out, node in the high four bits, enum sbuddy_zone_type in the low
 * @cpu:    in, vcpu that performs the operation; SBUDDY_CPU_CURRENT
 * @nid:    in, preferred node; SBUDDY_NID_ANY
 * @gfp:    in, SBUDDY_GFP_* (ALLOC, BULK, ALLOC_EXACT, CONTIG_ALLOC), SBUDDY_LRU_*
 *	    (LRU), SBUDDY_TOUCH_* (TOUCH), SBUDDY_SCOPE_* (SCOPE), else zero
 * @slot:   in, slot number, or SBUDDY_SLOT_ANY (ALLOC): the lowest free one;
 *	    out, the slot used
 * @pfn:    out, first frame of the block, SBUDDY_NO_PFN if there is none; in,
 *	    first frame of the range (ISOLATE and its like, CONTIG_ALLOC)
 * @count:  in, number of slots or pages, 1 to SBUDDY_MAX_BULK (BULK,
 *	    FREE_BATCH) or 1024 (ALLOC_EXACT), with SBUDDY_OP_INDEX the interleave
 *	    index, else zero; out, pages obtained or given back
 * @err:    out, 0 or a negative errno
 *
 * What the operations on ranges make of the fields is said in sbuddy_range.h.
 */
struct sbuddy_op {
	__u8	opcode;
	__u8	order;
	__u8	flags;
	__u8	zone;
	__s16	cpu;
	__s16	nid;
	__u32	gfp;
	__u32	slot;
	__u64	pfn;
	__u32	count;
	__s32	err;
};

/*
 * Commands on /dev/sbuddy.  The argument is a pointer to the structure that
 * names the command; its size is in the structure, not in the number, so that
 * it may grow.  At most SBUDDY_MAX_ARG_SIZE bytes, else E2BIG.
 *
 * Common to all: @size and @flags come first and are in.  An in field keeps
 * its value, an out field's value on entry does not matter, and a reserved
 * one must be zero.  If the command returns an error, the structure is left
 * as it was.  Pointers are user addresses in a __u64.  Arrays are given by
 * pointer and capacity in elements; capacity 0 asks only how much there is.
 */
#define SBUDDY_IOC_TYPE		0xd5
#define SBUDDY_IOC_BASE		0x40	/* first command number */

enum sbuddy_command {
	SBUDDY_CMD_VERSION,
	SBUDDY_CMD_INFO,
	SBUDDY_CMD_OWNER,
	SBUDDY_CMD_RUN,
	SBUDDY_CMD_QUERY_SLOT,
	SBUDDY_CMD_DUMP_PAGES,
	SBUDDY_CMD_DUMP_FREELIST,
	SBUDDY_CMD_DUMP_PCP,
	SBUDDY_CMD_DUMP_PAGEBLOCKS,
	SBUDDY_CMD_STATS,
	SBUDDY_CMD_SNAPSHOT,
	SBUDDY_CMD_CHECK,
	SBUDDY_CMD_MACHINE_CREATE,
	SBUDDY_CMD_MACHINE_DESTROY,
	SBUDDY_CMD_MACHINE_USE,
	SBUDDY_CMD_MACHINE_LIST,
	SBUDDY_CMD_SET_POLICY,
	SBUDDY_CMD_GET_POLICY,
	SBUDDY_CMD_WEIGHTS,
	SBUDDY_CMD_MACHINE_FORK,
	SBUDDY_CMD_MACHINE_DIFF,
	SBUDDY_CMD_MACHINE_HASH,
	SBUDDY_CMD_ISOLATE,
	SBUDDY_CMD_CONTIG,
	SBUDDY_CMD_CLONE,
	SBUDDY_CMD_KNOB,
	SBUDDY_CMD_COMPACT,
	SBUDDY_CMD_RECLAIM,
	SBUDDY_CMD_MIGRATE,
	SBUDDY_CMD_MOVABLE,
	SBUDDY_NR_COMMANDS,
};

#define _SBUDDY_IO(name)	_IO(SBUDDY_IOC_TYPE, SBUDDY_IOC_BASE + SBUDDY_CMD_##name)

#define SBUDDY_IOC_VERSION	_SBUDDY_IO(VERSION)
#define SBUDDY_IOC_INFO		_SBUDDY_IO(INFO)
#define SBUDDY_IOC_OWNER	_SBUDDY_IO(OWNER)
#define SBUDDY_IOC_RUN		_SBUDDY_IO(RUN)
#define SBUDDY_IOC_QUERY_SLOT	_SBUDDY_IO(QUERY_SLOT)
#define SBUDDY_IOC_DUMP_PAGES	_SBUDDY_IO(DUMP_PAGES)
#define SBUDDY_IOC_DUMP_FREELIST _SBUDDY_IO(DUMP_FREELIST)
#define SBUDDY_IOC_DUMP_PCP	_SBUDDY_IO(DUMP_PCP)
#define SBUDDY_IOC_DUMP_PAGEBLOCKS _SBUDDY_IO(DUMP_PAGEBLOCKS)
#define SBUDDY_IOC_STATS	_SBUDDY_IO(STATS)
#define SBUDDY_IOC_SNAPSHOT	_SBUDDY_IO(SNAPSHOT)
#define SBUDDY_IOC_CHECK	_SBUDDY_IO(CHECK)
#define SBUDDY_IOC_MACHINE_CREATE _SBUDDY_IO(MACHINE_CREATE)
#define SBUDDY_IOC_MACHINE_DESTROY _SBUDDY_IO(MACHINE_DESTROY)
#define SBUDDY_IOC_MACHINE_USE	_SBUDDY_IO(MACHINE_USE)
#define SBUDDY_IOC_MACHINE_LIST	_SBUDDY_IO(MACHINE_LIST)
#define SBUDDY_IOC_SET_POLICY	_SBUDDY_IO(SET_POLICY)
#define SBUDDY_IOC_GET_POLICY	_SBUDDY_IO(GET_POLICY)
#define SBUDDY_IOC_WEIGHTS	_SBUDDY_IO(WEIGHTS)
#define SBUDDY_IOC_MACHINE_FORK	_SBUDDY_IO(MACHINE_FORK)
#define SBUDDY_IOC_MACHINE_DIFF	_SBUDDY_IO(MACHINE_DIFF)
#define SBUDDY_IOC_MACHINE_HASH	_SBUDDY_IO(MACHINE_HASH)
#define SBUDDY_IOC_ISOLATE	_SBUDDY_IO(ISOLATE)
#define SBUDDY_IOC_CONTIG	_SBUDDY_IO(CONTIG)
#define SBUDDY_IOC_CLONE	_SBUDDY_IO(CLONE)
#define SBUDDY_IOC_KNOB		_SBUDDY_IO(KNOB)
#define SBUDDY_IOC_COMPACT	_SBUDDY_IO(COMPACT)
#define SBUDDY_IOC_RECLAIM	_SBUDDY_IO(RECLAIM)
#define SBUDDY_IOC_MIGRATE	_SBUDDY_IO(MIGRATE)
#define SBUDDY_IOC_MOVABLE	_SBUDDY_IO(MOVABLE)

#define SBUDDY_MAX_ARG_SIZE	4096U		/* bytes of a command's structure */
#define SBUDDY_MAX_RUN_OPS	(1U << 20)	/* operations of one RUN */
#define SBUDDY_MAX_DUMP_PAGES	(1U << 20)	/* records of one DUMP_PAGES */
#define SBUDDY_MAX_DUMP_BLOCKS	(1U << 20)	/* bytes of one DUMP_PAGEBLOCKS */
#define SBUDDY_MAX_LIST_WALK	(1U << 16)	/* blocks that one dump of lists visits */

#define SBUDDY_NO_INDEX		0xffffffffU	/* "no operation of the array" */
#define SBUDDY_HOLE		0xff		/* zone or type of what has no frames */
#define SBUDDY_NO_OWNER		0xffffffffU
#define SBUDDY_ALL_ZONES	(-1)

/**
 * struct sbuddy_version - SBUDDY_IOC_VERSION: who is at the other end
 * @size:	    in, bytes of this structure
 * @flags:	    in, must be zero
 * @abi:	    out, SBUDDY_ABI_VERSION of the module
 * @nr_commands:    out, commands in the module's table
 * @capabilities:   out, bit n: command number n of enum sbuddy_command works
 * @module_version: out, version of the module, a string
 * @kernel_release: out, release of the host's kernel, a string
 */
struct sbuddy_version {
	__u32	size;
	__u32	flags;
	__u32	abi;
	__u32	nr_commands;
	__u64	capabilities;
	char	module_version[32];
	char	kernel_release[64];
};

/**
 * struct sbuddy_zone_info - one populated zone
 * @name:	      the kernel's name of it, a string
 * @node:	      node number
 * @zone:	      enum sbuddy_zone_type
 * @flags:	      bit 0 boosted since kswapd was woken, bit 1 kswapd works on
 *		      it, bit 2 found below the high watermark
 * @pcp_batch:	      pages of one trip between per-CPU lists and buddy
 * @pcp_high_min:     lower limit of the per-CPU lists' tuning, pages
 * @pcp_high_max:     upper limit, pages
 * @start_pfn:	      first frame of the span
 * @spanned:	      length of the span, pages
 * @present:	      @spanned less holes
 * @managed:	      @present less what the allocator never got
 * @watermark:	      min, low, high, promo without the boost, pages
 * @watermark_boost:  what is added to each at the moment, pages
 * @lowmem_reserve:   by highest zone of the request, pages
 * @nr_free:	      free pages outside isolated blocks; the vcpus' pending
 *		      parts are not added, so it may be off by some and below zero
 * @nr_free_exact:    the same with the pending parts
 * @nr_free_highatomic: free pages in HighAtomic blocks; by the 6.1 rules, which
 *		      do not count them, @nr_reserved_highatomic
 * @nr_reserved_highatomic: pages in HighAtomic blocks
 * @nr_isolate:	      isolated pageblocks
 * @reserved:	      out, zero
 */
struct sbuddy_zone_info {
	char	name[16];
	__u32	node;
	__u32	zone;
	__u32	flags;
	__s32	pcp_batch;
	__s32	pcp_high_min;
	__s32	pcp_high_max;
	__u64	start_pfn;
	__u64	spanned;
	__u64	present;
	__u64	managed;
	__s64	watermark[4];
	__s64	watermark_boost;
	__s64	lowmem_reserve[5];
	__s64	nr_free;
	__s64	nr_free_exact;
	__s64	nr_free_highatomic;
	__s64	nr_reserved_highatomic;
	__s64	nr_isolate;
	__u64	reserved[4];
};

/* sbuddy_info::machine_flags */
#define SBUDDY_INFO_BACKED	0x1U	/* its frames are real memory of the host */
#define SBUDDY_INFO_NO_GROUPING	0x2U	/* too small: one migratetype for all */
#define SBUDDY_INFO_UNVERIFIED	0x4U	/* its rules were never raced on this kernel */
#define SBUDDY_INFO_RULES	0xff00U	/* enum sbuddy_rule_set */
#define SBUDDY_INFO_RULES_SHIFT	8

/* sbuddy_piece_info::way: which of the ways to contiguous memory served. */
enum sbuddy_region_way {
	SBUDDY_REGION_NONE,
	SBUDDY_REGION_EXPORTED,		/* alloc_contig_pages(), linked */
	SBUDDY_REGION_LOOKED_UP,	/* alloc_contig_pages(), found by name */
	SBUDDY_REGION_SEARCHED,		/* a search over alloc_contig_range() */
};

/**
 * struct sbuddy_piece_info - a contiguous piece of the region
 * @start_pfn: first frame
 * @nr_pages:  length, pages
 * @alloc_ns:  how long it took to obtain, ns
 * @node:      the host's node that it lies on
 * @way:       enum sbuddy_region_way
 */
struct sbuddy_piece_info {
	__u64	start_pfn;
	__u64	nr_pages;
	__u64	alloc_ns;
	__s32	node;
	__u32	way;
};

/**
 * struct sbuddy_info - SBUDDY_IOC_INFO: what a machine is made of
 * @size:	   in, bytes of this structure
 * @flags:	   in, must be zero
 * @machine:	   in, number of the machine
 * @machine_flags: out, SBUDDY_INFO_*
 * @zones:	   in, array of struct sbuddy_zone_info, or 0
 * @vcpu_nodes:	   in, array of __u8: the node of each vcpu, or 0
 * @distances:	   in, array of __u8: nr_nodes rows of nr_nodes, 10 is local, or 0
 * @zones_cap:	   in, elements of @zones
 * @vcpus_cap:	   in, elements of @vcpu_nodes
 * @distances_cap: in, elements of @distances
 * @nr_zones:	   out, populated zones
 * @nr_vcpus:	   out, virtual CPUs
 * @nr_nodes:	   out, highest node number + 1
 * @online_nodes:  out, nodes that exist
 * @page_shift:	   out, log2 of the bytes of a page
 * @base_pfn:	   out, first frame of the machine
 * @nr_pages:	   out, length of its span, holes included, pages
 * @metadata_bytes: out, memory that describes it, bytes
 * @min_free_kbytes: out, in force, KiB
 * @region_pfn:	   out, first frame of the host's region, backed machines
 * @region_pages:  out, its length, all pieces together, pages; else 0
 * @region_node:   out, the host's node that its first piece lies on; else -1
 * @reserved:	   in, must be zero
 * @pieces:	   in, array of struct sbuddy_piece_info, or 0; they come in the
 *		   order in which the layout uses them
 * @pieces_cap:	   in, elements of @pieces
 * @nr_pieces:	   out, pieces of the region; else 0
 *
 * Each array gets as many elements as fit.
 */
struct sbuddy_info {
	__u32	size;
	__u32	flags;
	__u32	machine;
	__u32	machine_flags;
	__u64	zones;
	__u64	vcpu_nodes;
	__u64	distances;
	__u32	zones_cap;
	__u32	vcpus_cap;
	__u32	distances_cap;
	__u32	nr_zones;
	__u32	nr_vcpus;
	__u32	nr_nodes;
	__u32	online_nodes;
	__u32	page_shift;
	__u64	base_pfn;
	__u64	nr_pages;
	__u64	metadata_bytes;
	__s64	min_free_kbytes;
	__u64	region_pfn;
	__u64	region_pages;
	__s32	region_node;
	__u32	reserved;
	__u64	pieces;
	__u32	pieces_cap;
	__u32	nr_pieces;
};

/**
 * struct sbuddy_owner_info - SBUDDY_IOC_OWNER: what this open file holds
 * @size:  in, bytes of this structure
 * @flags: in, must be zero
 * @id:	   out, number of the owner, as in struct sbuddy_page_record
 * @slots: out, slots in use
 * @pages: out, pages in them
 */
struct sbuddy_owner_info {
	__u32	size;
	__u32	flags;
	__u32	id;
	__u32	slots;
	__u64	pages;
};

/* sbuddy_run::flags */
#define SBUDDY_RUN_STOP_ON_ERROR 0x1U	/* end after the first operation that fails */

/**
 * struct sbuddy_run - SBUDDY_IOC_RUN: operations, in order
 * @size:	 in, bytes of this structure
 * @flags:	 in, SBUDDY_RUN_*
 * @ops:	 in, array of struct sbuddy_op; results are written into it
 * @count:	 in, operations, 0 to SBUDDY_MAX_RUN_OPS
 * @done:	 out, operations performed, those that failed included
 * @written:	 out, of these, results written back
 * @first_error: out, index of the first that failed, SBUDDY_NO_INDEX if none
 * @err:	 out, why the run ended before @count: 0 it did not, -EINTR,
 *		 -EFAULT, with STOP_ON_ERROR the error of operation @done - 1
 * @reserved:	 in, must be zero
 *
 * Once the structure has been found good the command returns 0, whatever
 * becomes of the operations: @err and @done tell.  A signal ends a run after
 * a chunk of operations, never before the first chunk, so whoever calls again
 * with what is left gets on.
 *
 * Where the array cannot be read, the run ends before that operation.  Where
 * it cannot be written, it ends too, but the operations of the same chunk are
 * performed: then @written is less than @done, and what @done - @written
 * operations obtained is in their slots, to be found by SBUDDY_IOC_QUERY_SLOT.
 *
 * Operations of other files come in between at any point; those of other runs
 * on the same file between chunks only.
 */
struct sbuddy_run {
	__u32	size;
	__u32	flags;
	__u64	ops;
	__u32	count;
	__u32	done;
	__u32	written;
	__u32	first_error;
	__s32	err;
	__u32	reserved;
};

/* sbuddy_query_slot::flags */
#define SBUDDY_QUERY_NEXT	0x1U	/* first slot in use, from @slot on */

/**
 * struct sbuddy_query_slot - SBUDDY_IOC_QUERY_SLOT: what a slot holds
 * @size:	in, bytes of this structure
 * @flags:	in, SBUDDY_QUERY_*
 * @slot:	in, slot number; out with SBUDDY_QUERY_NEXT, the one found
 * @order:	out, order of the block
 * @pfn:	out, its first frame
 * @refcount:	out, references on it
 * @zone:	out, as in struct sbuddy_op
 * @migratetype: out, of its pageblock
 * @compound:	out, 1 if it was allocated with __GFP_COMP and order > 0
 * @reserved:	out, zero
 *
 * ENOENT: the slot is empty, or with SBUDDY_QUERY_NEXT it and all after it.
 */
struct sbuddy_query_slot {
	__u32	size;
	__u32	flags;
	__u32	slot;
	__u32	order;
	__u64	pfn;
	__u32	refcount;
	__u8	zone;
	__u8	migratetype;
	__u8	compound;
	__u8	reserved;
};

#include "sbuddy_dump.h"
#include "sbuddy_machine.h"
#include "sbuddy_policy.h"
#include "sbuddy_range.h"
#include "sbuddy_live.h"
#include "sbuddy_knob.h"
#include "sbuddy_compact.h"
#include "sbuddy_reclaim.h"
#include "sbuddy_movable.h"

#endif /* _UAPI_LINUX_SBUDDY_H */
