/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Rule sets: the decisions in which kernels differ, each a named policy in one
 * table per kernel series.  A machine obeys one table from birth to death.
 * What is not in the table is the same in every series that has one.  To try a
 * heuristic, copy a table and change one entry.
 *
 * What the 6.1 table does differently, entry by entry, is told beside its
 * functions in rules_61.c and pcp_61.c and in README.
 *
 * Tables are constant; nothing here takes a lock.
 */
#ifndef _SBUDDY_RULES_H
#define _SBUDDY_RULES_H

#include "internal.h"

/**
 * struct sbuddy_rules - one kernel series' decisions where they differ
 * @name: the series, as in compat=
 * @rmqueue: one block for a request that goes past the per-CPU lists, counted
 *	     as taken; foreign types included.  Zone lock held
 * @rmqueue_bulk: fills a per-CPU list; takes the zone lock, returns blocks
 * @nr_pcp_alloc: blocks that a refill asks for.  pcp lock held
 * @pcp_freed: what follows when a block was put on the list at index pindex:
 *	       how much is too much and what then goes.  pcp lock held.  NULL is
 *	       the tuning of pcp_tune.c, which the short ends in pcp.h know
 * @free_pcppages_bulk: gives pages of the lists back.  pcp lock held
 * @free_folios: frees blocks whose last reference went in one batch
 * @highatomic_limit: pages that may be reserved for high-order atomic requests
 * @reserve_highatomic: sets a pageblock aside.  Zone lock held
 * @unreserve_highatomic: gives one back, says if a page moved.  Zone lock held
 * @lists_follow_blocks: a free block is always on the list of its pageblock's
 *			 type, and free pages are counted at each single step
 * @counts_highatomic: watermark tests subtract what is free in HighAtomic
 *		       blocks; otherwise all that was reserved
 * @pcp_tunes: the per-CPU high mark moves between limits and decays
 * @watches_high: a pass looks at the high mark first, and remembers a zone
 *		  below it
 * @boost_wakes_all: any request, not only one that may wake kswapd, wakes it
 *		     for a boosted zone
 * @boost_by_gfp: who is tested against the unboosted MIN mark is read from the
 *		  request's flags, not from those of the pass
 * @movable_token_min: the Movable zone gets a token MIN mark
 * @ranges: isolation and contiguous ranges have rules here
 * @weighted_interleave: that memory policy exists
 * @huge_by_home: a huge page under BIND is first sought at the home node, if
 *		  there is one; otherwise always at the task's own node
 */
struct sbuddy_rules {
	const char *name;

	struct sbuddy_page *(*rmqueue)(struct sbuddy_zone *zone, struct sbuddy_task *task,
				       unsigned int order, int mt, unsigned int alloc_flags,
				       enum sbuddy_rmqueue_mode *mode);
	int (*rmqueue_bulk)(struct sbuddy_zone *zone, struct sbuddy_task *task,
			    unsigned int order, int nr, struct list_head *list, int mt,
			    unsigned int alloc_flags);
	int (*nr_pcp_alloc)(struct sbuddy_zone *zone, struct sbuddy_pcp *pcp, unsigned int order);
	void (*pcp_freed)(struct sbuddy_zone *zone, struct sbuddy_task *task,
			  struct sbuddy_pcp *pcp, unsigned int pindex);
	void (*free_pcppages_bulk)(struct sbuddy_zone *zone, struct sbuddy_task *task, int count,
				   struct sbuddy_pcp *pcp, unsigned int pindex);
	void (*free_folios)(struct sbuddy_machine *m, struct sbuddy_task *task,
			    struct sbuddy_page **folios, unsigned int nr);
	long (*highatomic_limit)(const struct sbuddy_zone *zone);
	void (*reserve_highatomic)(struct sbuddy_zone *zone, struct sbuddy_task *task,
				   unsigned long pfn, unsigned int order);
	bool (*unreserve_highatomic)(struct sbuddy_zone *zone, struct sbuddy_task *task,
				     struct sbuddy_page *page, unsigned int order, int mt);

	bool lists_follow_blocks;
	bool counts_highatomic;
	bool pcp_tunes;
	bool watches_high;
	bool boost_wakes_all;
	bool boost_by_gfp;
	bool movable_token_min;
	bool ranges;
	bool weighted_interleave;
	bool huge_by_home;
};

extern const struct sbuddy_rules sbuddy_rules_6_12;
extern const struct sbuddy_rules sbuddy_rules_6_1;

const struct sbuddy_rules *sbuddy_rules_get(unsigned int set);

/* fallback.c, highatomic.c, free.c: what the 6.12 table is made of */
long sbuddy_highatomic_limit(const struct sbuddy_zone *zone);
void sbuddy_reserve_block(struct sbuddy_zone *zone, struct sbuddy_task *task, unsigned long pfn,
			  unsigned int order);
bool sbuddy_unreserve_block(struct sbuddy_zone *zone, struct sbuddy_task *task,
			    struct sbuddy_page *page, unsigned int order, int mt);
void sbuddy_folios_put_refs(struct sbuddy_machine *m, struct sbuddy_task *task,
			    struct sbuddy_page **folios, unsigned int nr);

/* fallback.c: steps that other tables share */
void sbuddy_boost_for_fallback(struct sbuddy_zone *zone, unsigned int alloc_flags);
bool sbuddy_claim_worthwhile(const struct sbuddy_machine *m, const struct sbuddy_block_scan *scan,
			     int start_mt, int block_mt, int *alike);

/* rules_61.c, pcp_61.c */
struct sbuddy_page *sbuddy___rmqueue_61(struct sbuddy_zone *zone, struct sbuddy_task *task,
					unsigned int order, int mt, unsigned int alloc_flags,
					enum sbuddy_rmqueue_mode *mode);
int sbuddy_rmqueue_bulk_61(struct sbuddy_zone *zone, struct sbuddy_task *task,
			   unsigned int order, int nr, struct list_head *list, int mt,
			   unsigned int alloc_flags);
long sbuddy_highatomic_limit_61(const struct sbuddy_zone *zone);
void sbuddy_reserve_block_61(struct sbuddy_zone *zone, struct sbuddy_task *task,
			     unsigned long pfn, unsigned int order);
bool sbuddy_unreserve_block_61(struct sbuddy_zone *zone, struct sbuddy_task *task,
			       struct sbuddy_page *page, unsigned int order, int mt);
int sbuddy_nr_pcp_alloc_61(struct sbuddy_zone *zone, struct sbuddy_pcp *pcp, unsigned int order);
void sbuddy_pcp_freed_61(struct sbuddy_zone *zone, struct sbuddy_task *task,
			 struct sbuddy_pcp *pcp, unsigned int pindex);
void sbuddy_free_pcppages_bulk_61(struct sbuddy_zone *zone, struct sbuddy_task *task, int count,
				  struct sbuddy_pcp *pcp, unsigned int pindex);
void sbuddy_release_pages_61(struct sbuddy_machine *m, struct sbuddy_task *task,
			     struct sbuddy_page **folios, unsigned int nr);

#endif /* _SBUDDY_RULES_H */
