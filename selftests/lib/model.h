/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A slow, obvious model of the allocator, written from the description of the
 * kernel's rules and not from the engine: arrays instead of lists, searches
 * instead of packed tags, one function a rule.  It runs beside the engine and
 * must agree with it after every operation.
 *
 * It has the rules of 6.12 and, where "old" is set, those of 6.1.  It shares
 * with the engine the ABI's operations and the layout; nothing else.
 * One thread; memory is never short, else it aborts.
 */
#ifndef _SBUDDY_MODEL_H
#define _SBUDDY_MODEL_H

#include "uapi/linux/sbuddy.h"

#define MODEL_ORDERS	11
#define MODEL_TYPES	5
#define MODEL_ZONES	5
#define MODEL_NODES	4
#define MODEL_VCPUS	4
#define MODEL_PCP_LISTS	14
#define MODEL_SLOTS	65536	/* a run of 4096 is taken above whatever is in use */
#define MODEL_BLOCK	512UL

enum model_kind {
	MODEL_HOLE,
	MODEL_NOTHING,			/* inside a block */
	MODEL_FREE,			/* first page of a block on a buddy list */
	MODEL_PCP,			/* ... on a pcp list */
	MODEL_USED,			/* ... that is allocated */
};

/* Frames in order, the head of the list first. */
struct model_list {
	unsigned long *pfn;
	int nr;
	int room;
};

struct model_pcp {
	struct model_list list[MODEL_PCP_LISTS];
	int count, high, high_min, high_max, batch;
	int flags, alloc_factor, free_count, expire;
};

struct model_zone {
	bool populated, old;
	int node, idx;
	unsigned long start, end, present, managed;
	long wmark[4], boost, reserve[MODEL_ZONES];
	long nr_free, free_highatomic, reserved_highatomic;
	long drift_mark, isolated;
	int flags;			/* 1 boosted, 2 reclaim active, 4 below high */
	struct model_list free[MODEL_ORDERS][MODEL_TYPES];
	struct model_pcp pcp[MODEL_VCPUS];
	int diff[MODEL_VCPUS], threshold[MODEL_VCPUS];
	u64 pgalloc, pgfree;
	u64 hit, miss, foreign, local, other, interleave_hit;
};

struct model_ref {
	int node, zone;
};

struct model_node {
	bool online;
	int cpus;
	struct model_ref fallback[MODEL_NODES * MODEL_ZONES];
	int nr_fallback;
	struct model_ref own[MODEL_ZONES];
	int nr_own;
	int kswapd_order, kswapd_highest;
	long totalreserve;
};

struct model_policy {
	int mode;
	bool member[MODEL_NODES];
	int home;			/* -1 if it has none */
};

struct model {
	unsigned long base, nr;
	u8 *kind, *order, *compound;		/* by frame */
	u8 *on;		/* type of a free block's list, or that a pcp block goes back to (old) */
	u8 *type, *owner;			/* by pageblock: type, node * MODEL_ZONES + zone */
	u32 *ref;
	struct model_zone zone[MODEL_NODES][MODEL_ZONES];
	struct model_node node[MODEL_NODES];
	int nr_nodes, online_nodes, vcpus, cpu_node[MODEL_VCPUS];
	bool no_grouping, old;
	long min_free_kbytes;
	int scale_factor, boost_factor, high_fraction, ratio[MODEL_ZONES];
	u64 fails, would_block, wakes;
	unsigned long slot[MODEL_SLOTS];	/* frame, 0 if empty */
	struct model_policy policy[SBUDDY_NR_POLICIES];
	int weight[MODEL_NODES];		/* 0 counts as 1 */
	int il_prev, il_weight;			/* the rotor; -1 before the first turn */
};

struct sbuddy_config;

/* model_boot.c */
struct model *model_boot(const struct sbuddy_config *cfg);
void model_free(struct model *m);
void model_set_min_free_kbytes(struct model *m, long v);
void model_set_scale_factor(struct model *m, int v);
void model_set_boost_factor(struct model *m, int v);
void model_set_high_fraction(struct model *m, int v);
void model_set_reserve_ratio(struct model *m, const int *ratio);
long model_mult_frac(long x, long n, long d);

/* model_text.c */
char *model_export(const struct model *m);

/* model_run.c, model_range.c */
int model_run(struct model *m, struct sbuddy_op *op);
int model_run_range(struct model *m, int cpu, struct sbuddy_op *op);
bool model_gfp_valid(u32 gfp);
int model_nid_error(const struct model *m, int nid);
int model_slots_empty(const struct model *m, u32 first, u32 nr);
u32 model_free_slots(const struct model *m, u32 nr);

/* model.c: the buddy and fallback */
void model_push(struct model_list *l, unsigned long pfn, bool tail);
bool model_remove(struct model_list *l, unsigned long pfn);
unsigned long model_pop_head(struct model_list *l);
unsigned long model_pop_tail(struct model_list *l);
struct model_zone *model_zone_of(struct model *m, unsigned long pfn);
int model_type(const struct model *m, unsigned long pfn);
void model_set_type(struct model *m, unsigned long pfn, int type);
bool model_is_free_block(struct model *m, const struct model_zone *z, unsigned long pfn,
			 int order);
void model_account(struct model_zone *z, int cpu, long n, int type);
void model_unlist_block(struct model *m, struct model_zone *z, unsigned long pfn, int order,
			int type);
void model_move_block(struct model *m, struct model_zone *z, int cpu, unsigned long start,
		      int from, int to);
void model_free_one(struct model *m, struct model_zone *z, int cpu, unsigned long pfn,
		    int order, int type, bool to_tail);
void model_free_to_buddy(struct model *m, int cpu, unsigned long pfn, int order, bool to_tail);
void model_list_block(struct model *m, struct model_zone *z, unsigned long pfn, int order,
		      int type, bool tail);
void model_unlist_block(struct model *m, struct model_zone *z, unsigned long pfn, int order,
			int type);
void model_account(struct model_zone *z, int cpu, long n, int type);
int model_fallback_type(const struct model_zone *z, int order, int type);
bool model_can_steal(const struct model *m, int order, int type);
bool model_boost(const struct model *m, struct model_zone *z);
unsigned long model_take(struct model *m, struct model_zone *z, int order, int type);
unsigned long model_smallest(struct model *m, struct model_zone *z, int cpu, int order, int type);
unsigned long model_rmqueue_one(struct model *m, struct model_zone *z, int cpu, int order,
				int type, unsigned int flags, int *mode);
void model_reserve_highatomic(struct model *m, struct model_zone *z, int cpu, unsigned long pfn,
			      int order);

/* model_pcp.c */
bool model_has_pcp(int order);
unsigned long model_pcp_take(struct model *m, struct model_zone *z, int cpu, int order, int type,
			     unsigned int flags);
void model_pcp_commit(struct model *m, struct model_zone *z, int cpu, unsigned long pfn,
		      int order, int type);
void model_drain_zone(struct model *m, struct model_zone *z, int task_cpu, int cpu);
void model_drain_cpu(struct model *m, int task_cpu, int cpu);
void model_drain_all(struct model *m, int task_cpu);
void model_period(struct model *m, int task_cpu, int cpu);
void model_pcp_limits(struct model *m, struct model_zone *z);

/* model_61.c */
unsigned long model_rmqueue_61(struct model *m, struct model_zone *z, int cpu, int order, int type,
			       unsigned int flags);
void model_reserve_highatomic_61(struct model *m, struct model_zone *z, unsigned long pfn);
void model_refill_61(struct model *m, struct model_zone *z, int cpu, int order, int type,
		     unsigned int flags, struct model_list *l);
int model_excess_61(const struct model_zone *z, struct model_pcp *p, int order);
void model_put_batch_61(struct model *m, int cpu, const unsigned long *pfn, int n);

/* model_alloc.c */
#define MODEL_NO_WATERMARKS	0x4
#define MODEL_OOM		0x8
#define MODEL_NON_BLOCK		0x10
#define MODEL_MIN_RESERVE	0x20
#define MODEL_NOFRAGMENT	0x100
#define MODEL_HIGHATOMIC	0x200
#define MODEL_KSWAPD		0x800
#define MODEL_UNBOOSTED		0x1000	/* MIN is tested without the boost in the end */

bool model_plain_ok(const struct model_zone *z, int order, long mark, int hz, unsigned int flags);
int model_zone_of_gfp(u32 gfp);
int model_zones_for(struct model *m, int cpu, u32 gfp, int nid, struct model_zone **zones);
unsigned long model_alloc(struct model *m, int cpu, u32 gfp, int order, int nid);
unsigned long model_alloc_on(struct model *m, int cpu, u32 gfp, int order, int nid,
			     unsigned int nodes);
int model_alloc_bulk(struct model *m, int cpu, u32 gfp, int nid, int n, unsigned long *pfn);
int model_alloc_bulk_on(struct model *m, int cpu, u32 gfp, int nid, unsigned int nodes, int n,
			unsigned long *pfn);
void model_free_block(struct model *m, int cpu, unsigned long pfn, int order);
void model_put(struct model *m, int cpu, unsigned long pfn);
void model_put_batch(struct model *m, int cpu, const unsigned long *pfn, int n);

/* model_policy.c */
int model_set_policy(struct model *m, unsigned int index, unsigned int mode, u64 nodes, int home);
int model_set_weight(struct model *m, int node, int weight);
unsigned long model_alloc_policy(struct model *m, int cpu, u32 gfp, int order, unsigned int which,
				 long index, int nid);
int model_alloc_bulk_policy(struct model *m, int cpu, u32 gfp, unsigned int which, int n,
			    unsigned long *pfn);

#endif /* _SBUDDY_MODEL_H */
