/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
/*
 * sbuddy: the part of the ABI about knobs, the numbers of /proc/sys/vm that
 * shape an allocator, of any machine.  Included by linux/sbuddy.h, which says
 * what holds for every command.
 */
#ifndef _UAPI_LINUX_SBUDDY_KNOB_H
#define _UAPI_LINUX_SBUDDY_KNOB_H

#include "sbuddy.h"

/* Names, units and limits as in /proc/sys/vm. */
enum sbuddy_knob_name {
	SBUDDY_KNOB_MIN_FREE_KBYTES,		/* KiB, from 0 */
	SBUDDY_KNOB_WATERMARK_SCALE_FACTOR,	/* 1/10000 of the zone, 1 to 3000 */
	SBUDDY_KNOB_WATERMARK_BOOST_FACTOR,	/* 1/10000 of the high mark, from 0 */
	SBUDDY_KNOB_PERCPU_PAGELIST_HIGH_FRACTION, /* 0, or from 8 */
	SBUDDY_KNOB_SWAPPINESS,			/* 0 to 200 */
	SBUDDY_KNOB_DIRECT_RECLAIM,		/* not the kernel's: 0 or 1, as in debugfs */
	SBUDDY_KNOB_DIRECT_COMPACT,		/* 0 or 1 */
	SBUDDY_KNOB_SWAP_PAGES,			/* pages, from 0 */
	SBUDDY_KNOB_WRITEBACK_TICKS,		/* 1/250 s, 0 to 15000 */
	SBUDDY_KNOB_OOM_POLICY,			/* enum sbuddy_oom_policy */
	SBUDDY_KNOB_SLOWPATH_LOOPS,		/* 20 to 1000000 */
	SBUDDY_KNOB_LRU_BATCH,			/* 0 to 31 */
	SBUDDY_KNOB_DAEMONS,			/* 0 or 1 */
	SBUDDY_NR_KNOBS,
};

#define SBUDDY_KNOB_SET		0x1U	/* set it; else only tell */

/**
 * struct sbuddy_knob - SBUDDY_IOC_KNOB: read or write a knob of a machine
 * @size:    in, bytes of this structure
 * @flags:   in, SBUDDY_KNOB_*
 * @machine: in, number of the machine
 * @knob:    in, enum sbuddy_knob_name
 * @value:   with SBUDDY_KNOB_SET in; out, what is in force
 *
 * Setting recomputes what the sysctl recomputes: watermarks, reserves, limits of
 * the per-CPU lists.  EINVAL: no such knob, or a value that the sysctl refuses.
 * EBUSY: more swap is in use.
 */
struct sbuddy_knob {
	__u32	size;
	__u32	flags;
	__u32	machine;
	__u32	knob;
	__s64	value;
};

#endif /* _UAPI_LINUX_SBUDDY_KNOB_H */
