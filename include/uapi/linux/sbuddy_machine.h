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

/**
 * struct sbuddy_machine_use - SBUDDY_IOC_MACHINE_USE: work on another machine
 * @size:     in, bytes of this structure
 * @flags:    in, must be zero
 * @machine:  in, number of the machine that this open file is to work on
 * @reserved: in, must be zero
 *
 * EBUSY: the file holds something.  ENOENT: no such machine.
 */
struct sbuddy_machine_use {
	__u32	size;
	__u32	flags;
	__u32	machine;
	__u32	reserved;
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
