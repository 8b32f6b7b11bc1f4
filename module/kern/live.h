/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the files that look at the living kernel share: live.c copies a zone,
 * live_text.c writes copies as a snapshot, live_knobs.c reads /proc/sys/vm,
 * clone.c makes machines of them.
 */
#ifndef _SBUDDY_LIVE_H
#define _SBUDDY_LIVE_H

#include <linux/types.h>

#include "sbuddy/engine.h"
#include "uapi/linux/sbuddy_live.h"
#include "live_compat.h"

struct zone;
struct pglist_data;

/**
 * struct sbuddy_live_pcp - what a CPU keeps of a zone
 * @f:		    fields
 * @free_diff:	    pages not yet in the zone's counter
 * @stat_threshold: limit of @free_diff
 * @end:	    index into sbuddy_live_zone::block behind each list's last
 */
struct sbuddy_live_pcp {
	struct sbuddy_host_pcp f;
	s8 free_diff;
	s8 stat_threshold;
	u32 end[SBUDDY_NR_PCP_LISTS];
};

/**
 * struct sbuddy_live_zone - copy of a zone of the host
 * @node:	      node
 * @idx:	      enum sbuddy_zone_type
 * @start_pfn:	      first frame
 * @spanned:	      frames
 * @present:	      pages
 * @managed:	      pages
 * @nr_free:	      the counter without the CPUs' differences
 * @free_highatomic:  pages
 * @reserved_highatomic: pages
 * @drift_mark:	      percpu_drift_mark
 * @isolated:	      pageblocks
 * @wmark:	      pages, by enum sbuddy_wmark
 * @boost:	      pages
 * @lowmem_reserve:   pages, by enum sbuddy_zone_type
 * @flags:	      as in enum sbuddy_zone_flag
 * @free_end:	      index into @block behind each free list's last
 * @block:	      first frames of the blocks on all lists, less @start_pfn; above
 *		      SBUDDY_LIVE_TYPE_SHIFT the type of those on per-CPU lists
 * @nr_blocks:	      of these
 * @room:	      elements that @block has
 * @types:	      by pageblock from @start_pfn; SBUDDY_LIVE_HOLE
 * @nr_types:	      of these
 * @usemap:	      the pageblock bits as copied, by section
 * @nr_sections:      memory sections that the zone spans
 * @nr_cpus:	      elements of @pcp: highest online CPU + 1
 * @pcp:	      by CPU
 * @irqs_off_ns:      how long the copy kept interrupts off, ns
 * @tries:	      how often the locks were taken or tried
 * @missing:	      SBUDDY_MISSING_*
 */
struct sbuddy_live_zone {
	int node;
	int idx;
	unsigned long start_pfn;
	unsigned long spanned;
	unsigned long present;
	unsigned long managed;
	long nr_free;
	long free_highatomic;
	long reserved_highatomic;
	long drift_mark;
	long isolated;
	long wmark[SBUDDY_NR_WMARK];
	long boost;
	long lowmem_reserve[SBUDDY_MAX_NR_ZONES];
	unsigned long flags;
	u32 free_end[SBUDDY_NR_PAGE_ORDERS][SBUDDY_MIGRATE_TYPES];
	u32 *block;
	u32 nr_blocks;
	u32 room;
	u8 *types;
	unsigned long nr_types;
	unsigned long *usemap;
	unsigned long nr_sections;
	int nr_cpus;
	struct sbuddy_live_pcp *pcp;
	u64 irqs_off_ns;
	u32 tries;
	u64 missing;
};

#define SBUDDY_LIVE_HOLE	0xff

/* A zone has fewer than 2^28 frames, as a machine has. */
#define SBUDDY_LIVE_TYPE_SHIFT	28

/* Type of the pcp list at an index; that of order 9 for all that is not Movable has the first. */
static inline int sbuddy_live_pindex_type(int idx)
{
	return idx >= 12 ? idx - 12 : idx % SBUDDY_MIGRATE_PCPTYPES;
}

/**
 * struct sbuddy_live_text - a growing text
 * @buf:  bytes, not terminated
 * @len:  used
 * @size: allocated
 * @err:  -ENOMEM once there was no memory
 */
struct sbuddy_live_text {
	char *buf;
	size_t len;
	size_t size;
	int err;
};

/**
 * struct sbuddy_live_knobs - what the host's /proc/sys/vm says
 * @knobs:   values, defaults where @missing says so
 * @missing: SBUDDY_MISSING_*
 */
struct sbuddy_live_knobs {
	struct sbuddy_knobs knobs;
	u64 missing;
};

/**
 * struct sbuddy_live_request - what to copy, and what came of it
 * @nodes:	 in, bit n: node n
 * @zones:	 in, bit n: zones of type n
 * @max_blocks:	 in, most blocks of a zone that are copied with interrupts off
 * @no_knobs:	 in, leave the knobs out: their files may be seq_files, and the
 *		 caller serves one
 * @irqs_off_ns: out, the longest of all zones, ns
 * @blocks:	 out, blocks copied
 * @most_blocks: out, in one zone
 * @nr_zones:	 out, zones copied
 * @tries:	 out, how often locks were taken or tried
 * @missing:	 out, SBUDDY_MISSING_*
 * @why:	 out, on error: what was expected
 */
struct sbuddy_live_request {
	u64 nodes;
	u32 zones;
	u32 max_blocks;
	bool no_knobs;
	u64 irqs_off_ns;
	u64 blocks;
	u32 most_blocks;
	u32 nr_zones;
	u32 tries;
	u64 missing;
	char why[160];
};

/* live.c */
const char *sbuddy_live_unsupported(void);
u32 sbuddy_live_zone_blocks(struct zone *zone);
int sbuddy_live_zone_read(struct zone *zone, u32 max_blocks, struct sbuddy_live_zone **out,
			  const char **expected);
void sbuddy_live_zone_free(struct sbuddy_live_zone *z);

/* live_text.c */
int sbuddy_live_snapshot(struct sbuddy_live_request *r, struct sbuddy_live_text *t);
void sbuddy_live_text_free(struct sbuddy_live_text *t);
__printf(2, 3) void sbuddy_live_printf(struct sbuddy_live_text *t, const char *fmt, ...);

/* live_knobs.c */
void sbuddy_live_knobs_read(struct sbuddy_live_knobs *k);

#endif /* _SBUDDY_LIVE_H */
