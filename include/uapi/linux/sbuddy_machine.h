/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
/*
 * sbuddy: the part of the ABI about machines: making, choosing, comparing and
 * taking them down.  Included by linux/sbuddy.h, which says what holds for
 * every command.
 *
 * Machine 0 sits on the host's region, from load to unload.  All others are
 * unbacked: descriptors without frames, so that a machine may be far larger
 * than the host.  They stay until destroyed, or until the module goes.
 *
 * An open file works on one machine: on machine 0 at first, on another after
 * MACHINE_USE.  RUN, QUERY_SLOT and OWNER mean that one.  Commands that have a
 * field "machine" name theirs, whichever the file works on.
 */
#ifndef _UAPI_LINUX_SBUDDY_MACHINE_H
#define _UAPI_LINUX_SBUDDY_MACHINE_H

#include "sbuddy.h"

#define SBUDDY_MAX_MACHINES	1024U		/* numbers are below this */
#define SBUDDY_MAX_LAYOUT_TEXT	4096U		/* bytes */
#define SBUDDY_MAX_SNAPSHOT_TEXT (1U << 30)	/* bytes */

/* sbuddy_machine_create::flags */
#define SBUDDY_CREATE_SNAPSHOT	0x1U	/* @text is a snapshot, not a layout */
#define SBUDDY_CREATE_NO_THP	0x2U	/* size min_free_kbytes as if khugepaged did not run */
#define SBUDDY_CREATE_RULES	0xff00U	/* enum sbuddy_rule_set */
#define SBUDDY_CREATE_RULES_SHIFT 8

/**
 * struct sbuddy_machine_create - SBUDDY_IOC_MACHINE_CREATE: an unbacked machine
 * @size:	 in, bytes of this structure
 * @flags:	 in, SBUDDY_CREATE_*
 * @text:	 in, the layout as in the module parameter, or a snapshot
 * @text_len:	 in, bytes of @text, from 1 to SBUDDY_MAX_LAYOUT_TEXT or
 *		 SBUDDY_MAX_SNAPSHOT_TEXT
 * @base_pfn:	 in, first frame, a multiple of 1024; 0 for 0x100000
 * @vcpu_nodes:	 in, array of @vcpus __u8: the node of each vcpu, or 0: they go
 *		 round over the nodes with memory
 * @message:	 in, buffer for one line that says what was expected, terminated
 *		 by a zero, cut where it does not fit; empty on success
 * @message_cap: in, bytes of @message
 * @vcpus:	 in, virtual CPUs, 1 to 256; 0 for as many as CPUs are online
 * @llc_kib:	 in, last-level cache of a vcpu, KiB; 0 for a host CPU's share
 * @machine:	 out, number of the new machine
 *
 * With SBUDDY_CREATE_SNAPSHOT the text tells all the rest: @base_pfn,
 * @vcpu_nodes, @vcpus, @llc_kib, SBUDDY_CREATE_NO_THP and SBUDDY_CREATE_RULES
 * must be zero.
 *
 * EINVAL: as @message says.  EDQUOT: with this machine the unbacked ones would
 * take more than the module parameter machines_max_bytes allows.  ENOSPC: all
 * numbers are taken.  ENOMEM: the host lacks the memory.  EINTR: a fatal signal.
 */
struct sbuddy_machine_create {
	__u32	size;
	__u32	flags;
	__u64	text;
	__u64	text_len;
	__u64	base_pfn;
	__u64	vcpu_nodes;
	__u64	message;
	__u32	message_cap;
	__u32	vcpus;
	__u32	llc_kib;
	__u32	machine;
};

/**
 * struct sbuddy_machine_destroy - SBUDDY_IOC_MACHINE_DESTROY: take one down
 * @size:     in, bytes of this structure
 * @flags:    in, must be zero
 * @machine:  in, its number
 * @reserved: in, must be zero
 *
 * What the built-in debugfs owner holds there goes with it.  EBUSY: an open
 * file works on it.  EOPNOTSUPP: machine 0.  ENOENT: no such machine.
 */
struct sbuddy_machine_destroy {
	__u32	size;
	__u32	flags;
	__u32	machine;
	__u32	reserved;
};

/* sbuddy_machine_use::flags */
#define SBUDDY_USE_SLOTS	0x1U	/* take over the slots that a fork brought along */

/**
 * struct sbuddy_machine_use - SBUDDY_IOC_MACHINE_USE: work on another machine
 * @size:     in, bytes of this structure
 * @flags:    in, SBUDDY_USE_*
 * @machine:  in, number of the machine that this open file is to work on
 * @reserved: in, must be zero
 *
 * Policies that the file has set are forgotten; with SBUDDY_USE_SLOTS they are
 * those that came along with the slots.
 *
 * EBUSY: the file holds something.  ENOENT: no such machine, or with
 * SBUDDY_USE_SLOTS no slots that nobody has taken yet.
 */
struct sbuddy_machine_use {
	__u32	size;
	__u32	flags;
	__u32	machine;
	__u32	reserved;
};

/* sbuddy_machine_fork::flags */
#define SBUDDY_FORK_SLOTS	0x1U	/* the slots of this open file come along */

/**
 * struct sbuddy_machine_fork - SBUDDY_IOC_MACHINE_FORK: an exact copy of a machine
 * @size:    in, bytes of this structure
 * @flags:   in, SBUDDY_FORK_*
 * @source:  in, number of the machine to be copied
 * @machine: out, number of the copy
 *
 * Lists in order, types, per-CPU lists, counters, tuning, knobs: the same
 * operations give the same frames and the same hash on both.  The copy is
 * unbacked.  What is allocated is allocated in the copy, and nobody's, but for
 * the slots that come along.  Those wait for the first file that comes by
 * MACHINE_USE with SBUDDY_USE_SLOTS; so a stream that one file has begun can
 * continue on both machines, by two files, with the same slot numbers.
 *
 * All machines stand still while the state is copied; a fatal signal ends that.
 * EINVAL: SBUDDY_FORK_SLOTS, and this file works on another machine.  EUCLEAN:
 * a list of the source is damaged.  EDQUOT, ENOSPC, ENOMEM: as MACHINE_CREATE.
 */
struct sbuddy_machine_fork {
	__u32	size;
	__u32	flags;
	__u32	source;
	__u32	machine;
};

/**
 * struct sbuddy_machine_diff - SBUDDY_IOC_MACHINE_DIFF: what two machines differ in
 * @size:     in, bytes of this structure
 * @flags:    in, must be zero
 * @machine:  in, number of the one machine
 * @other:    in, number of the other
 * @text:     in, buffer for the lines, a difference each, without a zero at the end
 * @capacity: in, its bytes; no more than SBUDDY_MAX_DIFF_TEXT are used
 * @lines:    out, lines that fitted, whole ones from the first on
 * @len:      out, bytes of these
 * @differences: out, how many there are; 0 for equal states
 *
 * A line names the place, then the value of the one and of the other:
 * "node 0 zone Normal watermark[2]: 1280, 1281".  What is compared is what
 * MACHINE_HASH describes; machines of different shape (zones, spans, vcpus) are
 * compared in that only.  A list counts once, by the first block that differs.
 * All machines stand still meanwhile.
 */
struct sbuddy_machine_diff {
	__u32	size;
	__u32	flags;
	__u32	machine;
	__u32	other;
	__u64	text;
	__u32	capacity;
	__u32	lines;
	__u64	len;
	__u64	differences;
};

#define SBUDDY_MAX_DIFF_TEXT	(1U << 20)	/* bytes */

/**
 * struct sbuddy_machine_hash - SBUDDY_IOC_MACHINE_HASH: a number for a state
 * @size:     in, bytes of this structure
 * @flags:    in, must be zero
 * @machine:  in, number of the machine
 * @reserved: in, must be zero
 * @hash:     out, the same for equal states, here and in sbuddy-replay, whatever
 *	      lies where in memory; for different ones the same once in 2^64
 *
 * In it are: vcpus and their nodes; knobs; zonelists; of each zone spans,
 * watermarks, reserves, flags, counters, free lists in order, type and skip hint
 * of each pageblock, per-CPU lists in order with their tuning; used blocks with
 * order, references and how they were allocated; event counters.  Not in it:
 * numbers of machine, owners and slots; whether it is backed; the knob shortcut.
 * Versions of the module may differ in it.  All machines stand still meanwhile.
 */
struct sbuddy_machine_hash {
	__u32	size;
	__u32	flags;
	__u32	machine;
	__u32	reserved;
	__u64	hash;
};

/**
 * struct sbuddy_machine_record - a machine, in short
 * @machine:	    its number
 * @machine_flags:  SBUDDY_INFO_*
 * @files:	    open files that work on it
 * @nr_zones:	    populated zones
 * @nr_vcpus:	    virtual CPUs
 * @online_nodes:   nodes that exist
 * @base_pfn:	    first frame
 * @nr_pages:	    length of its span, holes included, pages
 * @metadata_bytes: memory that describes it, bytes
 */
struct sbuddy_machine_record {
	__u32	machine;
	__u32	machine_flags;
	__u32	files;
	__u32	nr_zones;
	__u32	nr_vcpus;
	__u32	online_nodes;
	__u64	base_pfn;
	__u64	nr_pages;
	__u64	metadata_bytes;
};

/**
 * struct sbuddy_machine_list - SBUDDY_IOC_MACHINE_LIST: which machines there are
 * @size:      in, bytes of this structure
 * @flags:     in, must be zero
 * @records:   in, array of struct sbuddy_machine_record, by ascending number
 * @capacity:  in, elements of @records
 * @count:     out, elements written
 * @total:     out, machines that there are
 * @using:     out, number of the machine that this open file works on
 * @max_bytes: out, what unbacked machines may take in all, bytes
 * @used_bytes: out, what they take, those being made included, bytes
 */
struct sbuddy_machine_list {
	__u32	size;
	__u32	flags;
	__u64	records;
	__u32	capacity;
	__u32	count;
	__u32	total;
	__u32	using;
	__u64	max_bytes;
	__u64	used_bytes;
};

#endif /* _UAPI_LINUX_SBUDDY_MACHINE_H */
