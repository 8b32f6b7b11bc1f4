/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
/*
 * sbuddy: the part of the ABI that shows what is there: pages, lists, blocks,
 * counters, the snapshot, the walk that looks for damage.  Included by
 * linux/sbuddy.h, which says what holds for every command.
 */
#ifndef _UAPI_LINUX_SBUDDY_DUMP_H
#define _UAPI_LINUX_SBUDDY_DUMP_H

#include "sbuddy.h"

/* What a frame is, sbuddy_page_record::state */
enum sbuddy_record_state {
	SBUDDY_RECORD_OTHER,		/* not the first page of anything, or a hole */
	SBUDDY_RECORD_BUDDY,		/* first page of a free block on a buddy list */
	SBUDDY_RECORD_PCP,		/* first page of a block on a per-CPU list */
	SBUDDY_RECORD_USED,		/* first page of an allocated block */
};

/**
 * struct sbuddy_page_record - one frame
 * @state:	 enum sbuddy_record_state
 * @order:	 of the block; 0 in SBUDDY_RECORD_OTHER
 * @migratetype: of its pageblock; SBUDDY_HOLE in a hole
 * @zone:	 as in struct sbuddy_op; SBUDDY_HOLE in a hole
 * @refcount:	 references; 0 unless SBUDDY_RECORD_USED
 * @owner:	 number of the open file that holds it, 0 is debugfs;
 *		 SBUDDY_NO_OWNER if it is not used, or in nobody's slot
 * @slot:	 its slot there; SBUDDY_SLOT_ANY without an owner
 */
struct sbuddy_page_record {
	__u8	state;
	__u8	order;
	__u8	migratetype;
	__u8	zone;
	__u32	refcount;
	__u32	owner;
	__u32	slot;
};

/**
 * struct sbuddy_dump_pages - SBUDDY_IOC_DUMP_PAGES: a range of frames
 * @size:     in, bytes of this structure
 * @flags:    in, must be zero
 * @machine:  in, number of the machine
 * @count:    in, frames, 0 to SBUDDY_MAX_DUMP_PAGES; out, records written
 * @pfn:      in, first frame
 * @records:  in, array of @count struct sbuddy_page_record, in pfn order
 *
 * Ends early, with a smaller @count, at the end of the machine or by a signal.
 * The zone is locked for one pageblock after the other: what the buddy lists
 * hold of a pageblock is exact at one moment; blocks between the lists, the
 * per-CPU lists and their users may be seen before or after a step, and two
 * pageblocks at different moments.  ENOENT: no such machine or frame.
 */
struct sbuddy_dump_pages {
	__u32	size;
	__u32	flags;
	__u32	machine;
	__u32	count;
	__u64	pfn;
	__u64	records;
};

#define SBUDDY_DUMP_MORE	0x1U	/* @more: the walk ended before the list did */

/**
 * struct sbuddy_dump_freelist - SBUDDY_IOC_DUMP_FREELIST: one buddy list
 * @size:	 in, bytes of this structure
 * @flags:	 in, must be zero
 * @machine:	 in, number of the machine
 * @node:	 in, node number
 * @zone:	 in, enum sbuddy_zone_type
 * @order:	 in, 0 to SBUDDY_MAX_PAGE_ORDER
 * @migratetype: in, enum sbuddy_migratetype
 * @capacity:	 in, elements of @pfns
 * @pfns:	 in, array of __u64: first frames, in list order
 * @after:	 in, begin behind this block; SBUDDY_NO_PFN begins at the head
 * @count:	 out, elements written
 * @total:	 out, blocks seen, which may be more than @capacity
 * @more:	 out, SBUDDY_DUMP_MORE or 0
 * @reserved:	 in, must be zero
 *
 * One call looks at no more than SBUDDY_MAX_LIST_WALK blocks, in one hold of
 * the zone lock: what it returns stood on the list in this order at one
 * moment.  Longer lists come in pieces, by @after the last block of the piece
 * before; the pieces are a picture of one moment only if nothing changed the
 * list in between, and ENOENT says that the block @after has left it.
 */
struct sbuddy_dump_freelist {
	__u32	size;
	__u32	flags;
	__u32	machine;
	__u32	node;
	__u32	zone;
	__u32	order;
	__u32	migratetype;
	__u32	capacity;
	__u64	pfns;
	__u64	after;
	__u32	count;
	__u32	total;
	__u32	more;
	__u32	reserved;
};

#define SBUDDY_PCP_LISTS	14

/**
 * struct sbuddy_dump_pcp - SBUDDY_IOC_DUMP_PCP: per-CPU lists of a vcpu and zone
 * @size:	  in, bytes of this structure
 * @flags:	  in, must be zero
 * @machine:	  in, number of the machine
 * @node:	  in, node number
 * @zone:	  in, enum sbuddy_zone_type
 * @cpu:	  in, vcpu
 * @pfns:	  in, array of __u64: first frames, list after list, each in order
 * @capacity:	  in, elements of @pfns
 * @count:	  out, elements written
 * @total:	  out, blocks on all lists
 * @more:	  out, SBUDDY_DUMP_MORE if @total exceeds SBUDDY_MAX_LIST_WALK: the
 *		  lists are cut there, @total and @lists count up to it
 * @lists:	  out, blocks of each list: index 3 * order + type for orders 0 to
 *		  3, then order 9 not movable, order 9 movable
 * @pages:	  out, pages on all lists as the allocator counts them
 * @high:	  out, pages from which on a free drains
 * @high_min:	  out, lower limit of its tuning
 * @high_max:	  out, upper limit
 * @batch:	  out, pages of one trip to the buddy
 * @free_count:	  out, pages freed without an allocation in between, decaying
 * @pcp_flags:	  out, bit 0 the last free was of high order, bit 1 a large cache:
 *		  keep a batch
 * @alloc_factor: out, refills double while it grows
 * @expire:	  out, vmstat periods left before a remote zone's lists are drained
 * @free_diff:	  out, pages not yet in the zone's free counter
 * @stat_threshold: out, they are added when they exceed this
 * @reserved:	  in, must be zero
 *
 * Everything is of one moment but @free_diff and @stat_threshold, which are
 * the zone's.
 */
struct sbuddy_dump_pcp {
	__u32	size;
	__u32	flags;
	__u32	machine;
	__u32	node;
	__u32	zone;
	__u32	cpu;
	__u64	pfns;
	__u32	capacity;
	__u32	count;
	__u32	total;
	__u32	more;
	__u32	lists[SBUDDY_PCP_LISTS];
	__s32	pages;
	__s32	high;
	__s32	high_min;
	__s32	high_max;
	__s32	batch;
	__s32	free_count;
	__u32	pcp_flags;
	__u32	alloc_factor;
	__u32	expire;
	__s32	free_diff;
	__s32	stat_threshold;
	__u32	reserved;
};

/**
 * struct sbuddy_dump_pageblocks - SBUDDY_IOC_DUMP_PAGEBLOCKS: types of blocks
 * @size:    in, bytes of this structure
 * @flags:   in, must be zero
 * @machine: in, number of the machine
 * @count:   in, pageblocks, 0 to SBUDDY_MAX_DUMP_BLOCKS; out, bytes written
 * @pfn:     in, a frame of the first pageblock
 * @types:   in, array of @count __u8: enum sbuddy_migratetype, SBUDDY_HOLE
 *	     for a block in a hole
 *
 * Ends early as DUMP_PAGES does.  Each type is right at the moment it is read.
 */
struct sbuddy_dump_pageblocks {
	__u32	size;
	__u32	flags;
	__u32	machine;
	__u32	count;
	__u64	pfn;
	__u64	types;
};

/**
 * struct sbuddy_stat - a counter
 * @name:  a string; the kernel's name of it where the kernel has it
 * @value: of it; numbers of pages may be below zero for a moment, read as __s64
 */
struct sbuddy_stat {
	char	name[32];
	__u64	value;
};

/**
 * struct sbuddy_stats - SBUDDY_IOC_STATS: every counter, with its name
 * @size:     in, bytes of this structure
 * @flags:    in, must be zero
 * @machine:  in, number of the machine
 * @node:     in, node number; SBUDDY_ALL_ZONES for the sum over all zones and
 *	      what is counted for the machine as a whole
 * @zone:     in, enum sbuddy_zone_type; SBUDDY_ALL_ZONES if @node is
 * @capacity: in, elements of @stats
 * @stats:    in, array of struct sbuddy_stat
 * @count:    out, elements written
 * @total:    out, counters that there are
 *
 * Names and order are the same in all zones.  A newer module may have more of
 * them, at any place: look them up by name.
 */
struct sbuddy_stats {
	__u32	size;
	__u32	flags;
	__u32	machine;
	__s32	node;
	__s32	zone;
	__u32	capacity;
	__u64	stats;
	__u32	count;
	__u32	total;
};

/**
 * struct sbuddy_snapshot - SBUDDY_IOC_SNAPSHOT: the whole state, as text
 * @size:     in, bytes of this structure
 * @flags:    in, must be zero
 * @machine:  in, number of the machine
 * @reserved: in, must be zero
 * @text:     in, buffer
 * @capacity: in, its bytes
 * @len:      out, bytes of the text; if more than @capacity, it was cut there
 *
 * The machine stands still while the picture is taken.  There is no
 * terminating zero.
 */
struct sbuddy_snapshot {
	__u32	size;
	__u32	flags;
	__u32	machine;
	__u32	reserved;
	__u64	text;
	__u64	capacity;
	__u64	len;
};

/**
 * struct sbuddy_check_arg - SBUDDY_IOC_CHECK: is everything as it should be?
 * @size:     in, bytes of this structure
 * @flags:    in, must be zero
 * @machine:  in, number of the machine
 * @capacity: in, bytes of @text
 * @text:     in, buffer for one line that names the first thing wrong,
 *	      terminated by a zero, cut where it does not fit
 * @len:      out, bytes of the line without the zero; 0 if all is well
 * @result:   out, 0 all is well, else a negative errno
 *
 * Walks all lists, descriptors, counters and owners while the machine stands
 * still.  What it finds is no error of the command: that returns 0.
 */
struct sbuddy_check_arg {
	__u32	size;
	__u32	flags;
	__u32	machine;
	__u32	capacity;
	__u64	text;
	__u32	len;
	__s32	result;
};

#endif /* _UAPI_LINUX_SBUDDY_DUMP_H */
