/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
/*
 * sbuddy: the part of the ABI about the living kernel: copying its zones into
 * a machine.  Included by linux/sbuddy.h, which says what holds for every
 * command.
 */
#ifndef _UAPI_LINUX_SBUDDY_LIVE_H
#define _UAPI_LINUX_SBUDDY_LIVE_H

#include "sbuddy.h"

/*
 * What a clone lacks, because this kernel does not show it or because it was
 * not asked for.  Where the machine needs a value it has its own default.
 */
#define SBUDDY_MISSING_SETTLED	0x001U	/* the free counter never agreed with the lists */
#define SBUDDY_MISSING_SYSCTL	0x002U	/* a file of /proc/sys/vm could not be read */
#define SBUDDY_MISSING_USER_MIN	0x004U	/* whether somebody wrote min_free_kbytes */
#define SBUDDY_MISSING_THP	0x008U	/* whether khugepaged runs */
#define SBUDDY_MISSING_GROUPING	0x010U	/* whether mobility grouping is on */
#define SBUDDY_MISSING_MOVABLE	0x020U	/* which pages in use are movable */
#define SBUDDY_MISSING_OFFLINE	0x040U	/* a vcpu stands for a CPU that is offline */
#define SBUDDY_MISSING_ZONES	0x080U	/* zones in zonelists that were not cloned */
#define SBUDDY_MISSING_EVENTS	0x100U	/* event counters: they start at 0 */
#define SBUDDY_MISSING_HOLDERS	0x200U	/* who holds the pages in use, and in which blocks */

/* sbuddy_clone::fidelity */
#define SBUDDY_FIDELITY_UNVERIFIED	0U	/* nobody compared the rules with this kernel's */
#define SBUDDY_FIDELITY_RACED		1U	/* compared page by page on this very kernel */

/* Default and largest sbuddy_clone::max_blocks. */
#define SBUDDY_CLONE_BLOCKS	(1U << 18)
#define SBUDDY_CLONE_MAX_BLOCKS	(1U << 24)

/**
 * struct sbuddy_clone - SBUDDY_IOC_CLONE: a machine from the host's zones
 * @size:	 in, bytes of this structure
 * @flags:	 in, must be zero
 * @nodes:	 in, bit n: node n; 0 for all
 * @zones:	 in, bit n: zones of type n (enum sbuddy_zone_type); 0 for all
 * @max_blocks:	 in, most blocks on the lists of a zone, which bounds the time
 *		 with interrupts off; 0 for SBUDDY_CLONE_BLOCKS
 * @message:	 in, buffer for one line that says what was expected, terminated
 *		 by a zero, cut where it does not fit; empty on success
 * @message_cap: in, bytes of @message
 * @machine:	 out, number of the new machine
 * @missing:	 out, SBUDDY_MISSING_*
 * @blocks:	 out, blocks copied, of all zones
 * @irqs_off_ns: out, the longest time that interrupts were off, ns
 * @total_ns:	 out, from the beginning to the machine, ns
 * @most_blocks: out, blocks of the zone that has most
 * @nr_zones:	 out, zones copied
 * @tries:	 out, how often the zones' locks were taken, or tried in vain
 * @fidelity:	 out, SBUDDY_FIDELITY_*
 *
 * Each zone is copied at one moment: all of its per-CPU lists and its lock are
 * held.  The zones are copied one after the other.  Pages in use are held by
 * nobody that the machine knows: it never hands them out, and a free of one is
 * refused as a free of what is not allocated.
 *
 * ENOENT: no such node, or no such zone on it.  E2BIG: a zone has more than
 * @max_blocks blocks.  EBUSY: the locks were never free all at once.  EAGAIN:
 * memory came or went meanwhile.  EOPNOTSUPP: the kernel or the zone is of a
 * kind that is not understood, see @message.  EDQUOT, ENOSPC, ENOMEM, EINTR:
 * as MACHINE_CREATE.
 */
struct sbuddy_clone {
	__u32	size;
	__u32	flags;
	__u64	nodes;
	__u32	zones;
	__u32	max_blocks;
	__u64	message;
	__u32	message_cap;
	__u32	machine;
	__u64	missing;
	__u64	blocks;
	__u64	irqs_off_ns;
	__u64	total_ns;
	__u32	most_blocks;
	__u32	nr_zones;
	__u32	tries;
	__u32	fidelity;
};

#endif /* _UAPI_LINUX_SBUDDY_LIVE_H */
