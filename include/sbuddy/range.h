/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The engine's part about ranges of frames: isolation and contiguous
 * allocation.  Included by engine.h.
 */
#ifndef _SBUDDY_RANGE_H
#define _SBUDDY_RANGE_H

struct sbuddy_machine;
struct sbuddy_page;
struct sbuddy_task;

/* sbuddy_range::holder */
#define SBUDDY_HOLDER_NOBODY	0U
#define SBUDDY_HOLDER_CONTIG	0xffffffffU	/* a contiguous allocation; owners lie between */

/**
 * struct sbuddy_range - work on a range of frames, and what was in its way
 * @m:		 machine
 * @task:	 who asks; its vcpu's counters take the deltas
 * @migratetype: type of pageblocks that cease to be isolated
 * @flags:	 SBUDDY_ISOLATE_*
 * @holder:	 whose the isolated pageblocks are; only the holder can undo it,
 *		 what is nobody's anybody
 * @reason:	 out, enum sbuddy_range_reason; SBUDDY_RANGE_NONE at the start
 * @pfn:	 out, the frame that @reason is about
 */
struct sbuddy_range {
	struct sbuddy_machine *m;
	struct sbuddy_task *task;
	int migratetype;
	unsigned int flags;
	u32 holder;
	enum sbuddy_range_reason reason;
	unsigned long pfn;
};

/* isolation.c: ranges are [start, end) */
int sbuddy_set_migratetype_isolate(struct sbuddy_range *r, unsigned long pfn,
				   unsigned long start, unsigned long end);
void sbuddy_unset_migratetype_isolate(struct sbuddy_range *r, unsigned long pfn);
int sbuddy_start_isolate_page_range(struct sbuddy_range *r, unsigned long start,
				    unsigned long end);
unsigned long sbuddy_undo_isolate_page_range(struct sbuddy_range *r, unsigned long start,
					     unsigned long end);
int sbuddy_test_pages_isolated(struct sbuddy_range *r, unsigned long start, unsigned long end);
int sbuddy_range_in_one_zone(struct sbuddy_range *r, unsigned long start, unsigned long end);
const char *sbuddy_range_reason_name(int reason);

/* contig.c */
int sbuddy_alloc_contig_range(struct sbuddy_range *r, unsigned long start, unsigned long end,
			      u32 gfp);
struct sbuddy_page *sbuddy_alloc_contig_pages(struct sbuddy_range *r, unsigned long nr, u32 gfp,
					      int nid, u32 nodemask);
int sbuddy_free_contig_range(struct sbuddy_machine *m, struct sbuddy_task *task,
			     unsigned long pfn, unsigned long nr);
bool sbuddy_contig_gfp_valid(u32 gfp);

#endif /* _SBUDDY_RANGE_H */
