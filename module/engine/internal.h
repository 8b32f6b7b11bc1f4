/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the engine's files share.
 *
 * Lock order, outermost first:
 *   sbuddy_lru.lock   movable pages, see lru.h.  Taken and dropped before any of
 *                     the others; none is ever held with it.
 *   sbuddy_pcp.lock   one vcpu's lists in one zone.  The allocation and free
 *                     paths only try it and take the buddy path when it is
 *                     busy; drains wait for it.  Interrupts stay on.
 *   sbuddy_zone.lock  interrupts off.  Never two zones at a time.
 * Nothing sleeps under either.
 *
 * "task" is the explicit stand-in for the kernel's current and this_cpu: who
 * asks, and whose per-CPU counters take the blame.
 */
#ifndef _SBUDDY_INTERNAL_H
#define _SBUDDY_INTERNAL_H

#include "sbuddy/engine.h"
#include "sbuddy/reasons.h"

/* ---- page descriptors ----------------------------------------------------
 *
 * sbuddy_page::tag packs order, state and zone of a block so that the merge
 * test is one load and one compare.  It is meaningful in the first page of a
 * block; everywhere else it is 0.
 */
#define SBUDDY_TAG_ORDER	0x0000000fU
#define SBUDDY_TAG_STATE_SHIFT	4
#define SBUDDY_TAG_STATE	0x000000f0U
#define SBUDDY_TAG_ZONE_SHIFT	8
#define SBUDDY_TAG_ZONE		0x0000ff00U
#define SBUDDY_TAG_BLOCK	0x0000ffffU
#define SBUDDY_TAG_COMPOUND	0x00010000U
#define SBUDDY_TAG_PFMEMALLOC	0x00020000U
#define SBUDDY_TAG_LRU		0x00040000U
#define SBUDDY_TAG_MOVABLE_OPS	0x00080000U
#define SBUDDY_TAG_RESERVED	0x00100000U	/* in no block and never the allocator's */

/*
 * Rule sets whose per-CPU lists remember the type that a block goes back to:
 * here, from the moment the block is put on a list.  Of no meaning elsewhere.
 */
#define SBUDDY_TAG_PCP_MT_SHIFT	20
#define SBUDDY_TAG_PCP_MT	0x00700000U

static inline int sbuddy_pcp_mt(const struct sbuddy_page *page)
{
	return (page->tag & SBUDDY_TAG_PCP_MT) >> SBUDDY_TAG_PCP_MT_SHIFT;
}

static inline void sbuddy_set_pcp_mt(struct sbuddy_page *page, int mt)
{
	WRITE_ONCE(page->tag, (page->tag & ~SBUDDY_TAG_PCP_MT) |
			      (u32)mt << SBUDDY_TAG_PCP_MT_SHIFT);
}

static inline u32 sbuddy_tag(const struct sbuddy_zone *zone, enum sbuddy_page_state state,
			     unsigned int order)
{
	return (u32)zone->id << SBUDDY_TAG_ZONE_SHIFT |
	       (u32)state << SBUDDY_TAG_STATE_SHIFT | order;
}

static inline unsigned int sbuddy_tag_order(u32 tag)
{
	return tag & SBUDDY_TAG_ORDER;
}

static inline enum sbuddy_page_state sbuddy_tag_state(u32 tag)
{
	return (enum sbuddy_page_state)((tag & SBUDDY_TAG_STATE) >> SBUDDY_TAG_STATE_SHIFT);
}

static inline unsigned long sbuddy_pfn(const struct sbuddy_machine *m,
				       const struct sbuddy_page *page)
{
	return m->base_pfn + (unsigned long)(page - m->pages);
}

static inline struct sbuddy_page *sbuddy_page(const struct sbuddy_machine *m, unsigned long pfn)
{
	return m->pages + (pfn - m->base_pfn);
}

/* @page must be the first page of a block. */
static inline struct sbuddy_zone *sbuddy_zone_of(const struct sbuddy_machine *m,
						 const struct sbuddy_page *page)
{
	return m->zones[(page->tag & SBUDDY_TAG_ZONE) >> SBUDDY_TAG_ZONE_SHIFT];
}

static inline bool sbuddy_zone_spans_pfn(const struct sbuddy_zone *zone, unsigned long pfn)
{
	return pfn - zone->zone_start_pfn < zone->spanned_pages;
}

/* Steps of a walk over a whole machine, without a lock, between two os_cond_resched(). */
#define SBUDDY_RESCHED_EVERY	1024

/* page.c */
struct sbuddy_page *sbuddy_covering_head(const struct sbuddy_machine *m, unsigned long pfn);

/* ---- pageblocks: pageblock.c ---------------------------------------------
 *
 * Four bits a block: three of migratetype, one of compaction's skip hint.
 */
#define SBUDDY_PB_BITS		4
#define SBUDDY_PB_TYPE_MASK	7UL
#define SBUDDY_PB_SKIP		8UL
#define SBUDDY_PB_PER_LONG	(BITS_PER_LONG / SBUDDY_PB_BITS)

static inline unsigned long sbuddy_nr_pageblocks(const struct sbuddy_machine *m)
{
	return DIV_ROUND_UP(m->nr_pages, SBUDDY_PAGEBLOCK_NR_PAGES);
}

/* Descriptors from number @i on that lie in a hole and the same pageblock. */
static inline unsigned long sbuddy_hole_at(const struct sbuddy_machine *m, unsigned long i)
{
	if (m->pageblock_zone[i >> SBUDDY_PAGEBLOCK_ORDER] != SBUDDY_NO_ZONE)
		return 0;
	return SBUDDY_PAGEBLOCK_NR_PAGES - i % SBUDDY_PAGEBLOCK_NR_PAGES;
}

static inline size_t sbuddy_pageblock_flags_size(const struct sbuddy_machine *m)
{
	return DIV_ROUND_UP(sbuddy_nr_pageblocks(m), SBUDDY_PB_PER_LONG) * sizeof(long);
}

static inline unsigned long sbuddy_pb_index(const struct sbuddy_machine *m, unsigned long pfn)
{
	return (pfn - m->base_pfn) >> SBUDDY_PAGEBLOCK_ORDER;
}

/* Lockless: one word is read, and a type that changes under us is as good as one read before. */
static inline int sbuddy_pb_migratetype_at(const struct sbuddy_machine *m, unsigned long i)
{
	unsigned long word = READ_ONCE(m->pageblock_flags[i / SBUDDY_PB_PER_LONG]);

	return word >> (i % SBUDDY_PB_PER_LONG * SBUDDY_PB_BITS) & SBUDDY_PB_TYPE_MASK;
}

static inline int sbuddy_pb_migratetype(const struct sbuddy_machine *m, unsigned long pfn)
{
	return sbuddy_pb_migratetype_at(m, sbuddy_pb_index(m, pfn));
}

/* Place of @page in the machine's array, bytes; beyond its end for what is no page of it. */
static inline unsigned long sbuddy_page_offset(const struct sbuddy_machine *m,
					       const struct sbuddy_page *page)
{
	return (unsigned long)page - (unsigned long)m->pages;
}

static inline bool sbuddy_page_exists(const struct sbuddy_machine *m,
				      const struct sbuddy_page *page)
{
	return sbuddy_page_offset(m, page) < m->nr_pages * sizeof(struct sbuddy_page);
}

/* @page must exist. */
static inline int sbuddy_page_migratetype(const struct sbuddy_machine *m,
					  const struct sbuddy_page *page)
{
	const unsigned long block_size = SBUDDY_PAGEBLOCK_NR_PAGES * sizeof(struct sbuddy_page);

	return sbuddy_pb_migratetype_at(m, sbuddy_page_offset(m, page) / block_size);
}

static inline bool sbuddy_migratetype_mergeable(int mt)
{
	return mt < SBUDDY_MIGRATE_PCPTYPES;
}

bool sbuddy_get_pageblock_skip(const struct sbuddy_machine *m, unsigned long pfn);
void sbuddy_set_pageblock_skip(struct sbuddy_machine *m, unsigned long pfn, bool skip);
void sbuddy_set_pageblock_migratetype(struct sbuddy_machine *m, unsigned long pfn, int mt);
void sbuddy_change_pageblock_range(struct sbuddy_machine *m, unsigned long pfn,
				   unsigned int order, int mt);

/**
 * struct sbuddy_block_scan - what a pageblock holds
 * @start_pfn: first frame of the block
 * @nr_free:   pages on buddy lists
 * @nr_movable: pages in use that are known to be movable
 */
struct sbuddy_block_scan {
	unsigned long start_pfn;
	int nr_free;
	int nr_movable;
};

bool sbuddy_prep_move_freepages_block(struct sbuddy_zone *zone, unsigned long pfn,
				      struct sbuddy_block_scan *scan);
bool sbuddy_move_freepages_block_isolate(struct sbuddy_zone *zone, struct sbuddy_task *task,
					 unsigned long pfn, int mt);
unsigned long sbuddy_find_large_buddy(const struct sbuddy_machine *m, unsigned long start);
int sbuddy_move_freepages_block(struct sbuddy_zone *zone, struct sbuddy_task *task,
				unsigned long start_pfn, int old_mt, int new_mt);

/* ---- gfp and allocation flags: gfp.c ------------------------------------ */
#define SBUDDY_ALLOC_WMARK_MASK		0x003U
#define SBUDDY_ALLOC_NO_WATERMARKS	0x004U
#define SBUDDY_ALLOC_OOM		0x008U
#define SBUDDY_ALLOC_NON_BLOCK		0x010U
#define SBUDDY_ALLOC_MIN_RESERVE	0x020U
#define SBUDDY_ALLOC_CPUSET		0x040U
#define SBUDDY_ALLOC_NOFRAGMENT		0x100U
#define SBUDDY_ALLOC_HIGHATOMIC		0x200U
#define SBUDDY_ALLOC_KSWAPD		0x800U
#define SBUDDY_ALLOC_IGNORE_BOOST	0x1000U	/* our own: see sbuddy_rules::boost_by_gfp */
#define SBUDDY_ALLOC_RESERVES \
	(SBUDDY_ALLOC_NON_BLOCK | SBUDDY_ALLOC_MIN_RESERVE | \
	 SBUDDY_ALLOC_HIGHATOMIC | SBUDDY_ALLOC_OOM)

/* Two bits for each combination of the four lowest gfp bits. */
#define SBUDDY_GFP_ZONE_TABLE	0x1320122U

static inline int sbuddy_gfp_zoneidx(u32 gfp)
{
	return SBUDDY_GFP_ZONE_TABLE >> ((gfp & 0xf) * 2) & 3;
}

static inline int sbuddy_gfp_mt(const struct sbuddy_machine *m, u32 gfp)
{
	if (unlikely(m->knobs.group_by_mobility_disabled))
		return SBUDDY_MIGRATE_UNMOVABLE;
	return (gfp & (SBUDDY_GFP_MOVABLE | SBUDDY_GFP_RECLAIMABLE)) >> 3;
}

u32 sbuddy_current_gfp_context(const struct sbuddy_task *task, u32 gfp);
unsigned int sbuddy_gfp_to_alloc_flags(const struct sbuddy_task *task, u32 gfp,
				       unsigned int order);
unsigned int sbuddy_gfp_pfmemalloc_flags(const struct sbuddy_task *task, u32 gfp);

/* ---- layout.c, layout_movable.c ------------------------------------------- */

/* What kernelcore= or movablecore= says: frames, or percent if that is not -1. */
struct sbuddy_layout_core {
	u64 pages;
	int percent;
};

/* layout_pieces.c */
bool sbuddy_layout_sparse(const struct sbuddy_layout *l);
size_t sbuddy_layout_sparse_bytes(const struct sbuddy_layout *l);
bool sbuddy_layout_describes(const void *layout, size_t start, size_t end);

const char *sbuddy_layout_place_movable(struct sbuddy_layout *l,
					const struct sbuddy_layout_core *kernelcore,
					const struct sbuddy_layout_core *movablecore);

/* ---- zonelists: zonelist.c ---------------------------------------------- */
#define SBUDDY_ALL_NODES	0xffffffffU

void sbuddy_build_all_zonelists(struct sbuddy_machine *m, bool boot);
void sbuddy_zonelist_index(struct sbuddy_zonelist *list);
void sbuddy_index_near(struct sbuddy_machine *m);
void sbuddy_zone_set_avoid_fragmentation(struct sbuddy_zone *zone);

static inline struct sbuddy_zoneref *sbuddy_next_zones_zonelist(struct sbuddy_zoneref *z,
								int highest, u32 nodemask)
{
	while (z->zone && (z->zone_idx > highest || !(nodemask >> z->node & 1)))
		z++;
	return z;
}

/* ---- buddy lists: buddy.c ------------------------------------------------ */
typedef unsigned int sbuddy_fpi_t;	/* modifiers of one free */

#define SBUDDY_FPI_NONE			0U
#define SBUDDY_FPI_SKIP_REPORT_NOTIFY	1U
#define SBUDDY_FPI_TO_TAIL		2U

struct sbuddy_page *sbuddy___rmqueue_smallest(struct sbuddy_zone *zone, struct sbuddy_task *task,
					      unsigned int order, int mt);
struct sbuddy_page *sbuddy_take_smallest(struct sbuddy_zone *zone, unsigned int order, int mt);
void sbuddy_relist_free(struct sbuddy_page *page, struct sbuddy_zone *zone, unsigned int order,
			int new_mt);
void sbuddy_del_page_from_free_list(struct sbuddy_page *page, struct sbuddy_zone *zone,
				    struct sbuddy_task *task, unsigned int order, int mt);
void sbuddy_move_to_free_list(struct sbuddy_page *page, struct sbuddy_zone *zone,
			      struct sbuddy_task *task, unsigned int order, int old_mt,
			      int new_mt);
unsigned int sbuddy_expand(struct sbuddy_zone *zone, struct sbuddy_page *page, unsigned int low,
			   unsigned int high, int mt);
void sbuddy_page_del_and_expand(struct sbuddy_zone *zone, struct sbuddy_task *task,
				struct sbuddy_page *page, unsigned int low, unsigned int high,
				int mt);
void sbuddy___free_one_page(struct sbuddy_zone *zone, struct sbuddy_task *task,
			    struct sbuddy_page *page, unsigned int order, int mt,
			    sbuddy_fpi_t fpi);
void sbuddy_split_large_buddy(struct sbuddy_zone *zone, struct sbuddy_task *task,
			      struct sbuddy_page *page, unsigned int order, sbuddy_fpi_t fpi);

struct sbuddy_page *sbuddy_find_buddy_page(const struct sbuddy_zone *zone,
					   const struct sbuddy_page *page, unsigned int order);

static inline struct sbuddy_page *sbuddy_free_area_head(struct sbuddy_free_area *area, int mt)
{
	return list_first_entry_or_null(&area->free_list[mt], struct sbuddy_page, lru);
}

/* ---- fallback: fallback.c, highatomic.c --------------------------------- */

/* How far a run of __rmqueue() under one lock hold has come; never goes back but on a claim. */
enum sbuddy_rmqueue_mode {
	SBUDDY_RMQUEUE_NORMAL,
	SBUDDY_RMQUEUE_CMA,		/* kept for the numbering; there is no CMA */
	SBUDDY_RMQUEUE_CLAIM,
	SBUDDY_RMQUEUE_STEAL,
};

struct sbuddy_page *sbuddy___rmqueue(struct sbuddy_zone *zone, struct sbuddy_task *task,
				     unsigned int order, int mt, unsigned int alloc_flags,
				     enum sbuddy_rmqueue_mode *mode);
int sbuddy_find_suitable_fallback(const struct sbuddy_zone *zone, unsigned int order, int mt,
				  bool only_stealable, bool *can_steal);

/* ---- isolation: isolation.c ------------------------------------------------ */
bool sbuddy___isolate_free_page(struct sbuddy_zone *zone, struct sbuddy_task *task,
				struct sbuddy_page *page, unsigned int order);
void sbuddy___putback_isolated_page(struct sbuddy_zone *zone, struct sbuddy_task *task,
				    struct sbuddy_page *page, unsigned int order, int mt);

/* Notes what is in the way of @r and returns @err. */
static inline int sbuddy_range_refuse(struct sbuddy_range *r, enum sbuddy_range_reason reason,
				      unsigned long pfn, int err)
{
	r->reason = reason;
	r->pfn = pfn;
	return err;
}

/* ---- allocation context -------------------------------------------------- */

/**
 * struct sbuddy_alloc_context - one request on its way
 * @m:		 machine
 * @task:	 who asks
 * @zonelist:	 where to look, in order
 * @preferred:	 first eligible entry: start of every pass, reference of the
 *		 NUMA counters; its zone is NULL if nothing is eligible
 * @gfp:	 SBUDDY_GFP_*, task scopes applied
 * @order:	 order of the block
 * @nodemask:	 bit n: node n may serve
 * @migratetype: list that the request takes from
 * @highest_zoneidx: zones above are not eligible
 */
struct sbuddy_alloc_context {
	struct sbuddy_machine *m;
	struct sbuddy_task *task;
	struct sbuddy_zonelist *zonelist;
	struct sbuddy_zoneref *preferred;
	u32 gfp;
	unsigned int order;
	u32 nodemask;
	int migratetype;
	int highest_zoneidx;
};

void sbuddy_reserve_highatomic_pageblock(struct sbuddy_zone *zone, struct sbuddy_task *task,
					 struct sbuddy_page *page, unsigned int order);
bool sbuddy_unreserve_highatomic_pageblock(const struct sbuddy_alloc_context *ac, bool force);

/* alloc.c */
struct sbuddy_page *sbuddy_get_page_from_freelist(const struct sbuddy_alloc_context *ac,
						  unsigned int alloc_flags);
struct sbuddy_page *sbuddy_rmqueue(struct sbuddy_zone *zone, const struct sbuddy_alloc_context *ac,
				   unsigned int alloc_flags);
struct sbuddy_page *sbuddy_clear_pages(struct sbuddy_machine *m, struct sbuddy_page *page,
				       unsigned int order);

/*
 * Fills @ac with the zones that a request may use, and its type.  @nid is an
 * online node or -1 for the vcpu's.
 */
static inline void sbuddy_prepare_alloc_pages(struct sbuddy_machine *m, struct sbuddy_task *task,
					      u32 gfp, unsigned int order, int nid,
					      struct sbuddy_alloc_context *ac)
{
	struct sbuddy_node *node = &m->nodes[nid < 0 ? m->vcpu_node[task->cpu] : nid];
	unsigned int kind = gfp & SBUDDY_GFP_THISNODE ? SBUDDY_ZONELIST_NOFALLBACK
						      : SBUDDY_ZONELIST_FALLBACK;

	ac->m = m;
	ac->task = task;
	ac->gfp = gfp;
	ac->order = order;
	ac->highest_zoneidx = sbuddy_gfp_zoneidx(gfp);
	ac->migratetype = sbuddy_gfp_mt(m, gfp);
	ac->nodemask = SBUDDY_ALL_NODES;
	ac->zonelist = &node->zonelists[kind];
	ac->preferred = ac->zonelist->first[ac->highest_zoneidx];
}

/* Order of the smallest block that has @nr pages. */
static inline unsigned int sbuddy_get_order(unsigned long nr)
{
	return nr > 1 ? fls_long(nr - 1) : 0;
}

/* Only nodes of @nodemask may serve, from here on. */
static inline void sbuddy_restrict_nodes(struct sbuddy_alloc_context *ac, u32 nodemask)
{
	ac->nodemask = nodemask;
	ac->preferred = sbuddy_next_zones_zonelist(ac->preferred, ac->highest_zoneidx, nodemask);
}

struct sbuddy_page *sbuddy___alloc_pages(struct sbuddy_machine *m, struct sbuddy_task *task,
					 u32 gfp, unsigned int order, int nid, u32 nodemask);
struct sbuddy_page *sbuddy_make_alloc_exact(struct sbuddy_machine *m, struct sbuddy_task *task,
					    struct sbuddy_page *page, unsigned int order,
					    unsigned long nr);

/* bulk.c */
unsigned long sbuddy_alloc_pages_bulk_nodemask(struct sbuddy_machine *m, struct sbuddy_task *task,
					       u32 gfp, int nid, u32 nodemask, unsigned long nr,
					       struct sbuddy_page **array);

/*
 * Hands a block out: @page is on no list and the caller's.  COMP makes it
 * compound, ZERO clears real frames, NO_WATERMARKS marks it as taken from
 * reserves.
 */
static inline void sbuddy_prep_new_page(struct sbuddy_zone *zone, struct sbuddy_page *page,
					unsigned int order, u32 gfp, unsigned int alloc_flags)
{
	u32 tag = sbuddy_tag(zone, SBUDDY_PAGE_USED, order);

	if (order && (gfp & SBUDDY_GFP_COMP))
		tag |= SBUDDY_TAG_COMPOUND;
	if (unlikely(alloc_flags & SBUDDY_ALLOC_NO_WATERMARKS))
		tag |= SBUDDY_TAG_PFMEMALLOC;
	page->refcount = 1;
	WRITE_ONCE(page->tag, tag);
	if (unlikely(gfp & SBUDDY_GFP_ZERO) && zone->machine->backed)
		os_clear_pages(sbuddy_pfn(zone->machine, page), 1UL << order);
}

/* slowpath.c */
struct sbuddy_page *sbuddy___alloc_pages_slowpath(struct sbuddy_alloc_context *ac);

/* ---- per-CPU lists: pcp.c, pcp_tune.c ------------------------------------ */
/*
 * The pcp lock is tried in one function and let go in another, which sparse
 * cannot follow: it is told that nothing happened.  Lockdep sees all of it.
 */
static inline bool sbuddy_pcp_trylock(struct sbuddy_pcp *pcp)
{
	if (unlikely(!spin_trylock(&pcp->lock)))
		return false;
	__release(&pcp->lock);
	return true;
}

static inline void sbuddy_pcp_unlock(struct sbuddy_pcp *pcp)
{
	__acquire(&pcp->lock);
	spin_unlock(&pcp->lock);
}

static inline bool sbuddy_pcp_allowed_order(unsigned int order)
{
	return order <= SBUDDY_COSTLY_ORDER || order == SBUDDY_PAGEBLOCK_ORDER;
}

static inline unsigned int sbuddy_order_to_pindex(int mt, unsigned int order)
{
	if (unlikely(order > SBUDDY_COSTLY_ORDER))
		return 12 + (mt == SBUDDY_MIGRATE_MOVABLE);
	return SBUDDY_MIGRATE_PCPTYPES * order + mt;
}

/* Type that blocks of a list have, unless they remember another. */
static inline int sbuddy_pindex_to_mt(unsigned int pindex)
{
	return pindex >= 12 ? pindex - 12 : pindex % SBUDDY_MIGRATE_PCPTYPES;
}

static inline unsigned int sbuddy_pindex_to_order(unsigned int pindex)
{
	return pindex >= 12 ? SBUDDY_PAGEBLOCK_ORDER : pindex / SBUDDY_MIGRATE_PCPTYPES;
}

struct sbuddy_page *sbuddy_rmqueue_pcplist(struct sbuddy_zone *zone,
					   const struct sbuddy_alloc_context *ac,
					   unsigned int alloc_flags);
bool sbuddy_refill_pcplist(struct sbuddy_zone *zone, struct sbuddy_task *task, unsigned int order,
			   int mt, unsigned int alloc_flags, struct sbuddy_pcp *pcp);
int sbuddy_rmqueue_bulk(struct sbuddy_zone *zone, struct sbuddy_task *task, unsigned int order,
			int nr, struct list_head *list, int mt, unsigned int alloc_flags);
void sbuddy_pcp_overflow(struct sbuddy_zone *zone, struct sbuddy_task *task,
			 struct sbuddy_pcp *pcp, unsigned int pindex, bool free_high);
void sbuddy_pcp_overflow_unlock(struct sbuddy_zone *zone, struct sbuddy_task *task,
				struct sbuddy_pcp *pcp, unsigned int pindex, bool free_high);
void sbuddy_free_pcppages_bulk(struct sbuddy_zone *zone, struct sbuddy_task *task, int count,
			       struct sbuddy_pcp *pcp, unsigned int pindex);

void sbuddy_drain_pages_zone(struct sbuddy_zone *zone, struct sbuddy_task *task, int cpu);
int sbuddy_nr_pcp_alloc(struct sbuddy_zone *zone, struct sbuddy_pcp *pcp, unsigned int order);
int sbuddy_nr_pcp_high(struct sbuddy_zone *zone, struct sbuddy_pcp *pcp, int batch,
		       bool free_high);
int sbuddy_nr_pcp_free(const struct sbuddy_pcp *pcp, int batch, int high, bool free_high);
void sbuddy___zone_set_pageset_high_and_batch(struct sbuddy_zone *zone, int high_min,
					      int high_max, int batch);
void sbuddy_zone_set_pageset_high_and_batch(struct sbuddy_zone *zone, int cpus_online);

/* ---- watermarks: watermark.c, wmark_setup.c ------------------------------- */
static inline long sbuddy_wmark_pages(const struct sbuddy_zone *zone, unsigned int i)
{
	return READ_ONCE(zone->watermark[i]) + READ_ONCE(zone->watermark_boost);
}

bool sbuddy___zone_watermark_ok(const struct sbuddy_zone *zone, unsigned int order, long mark,
				int highest_zoneidx, unsigned int alloc_flags, long free);
bool sbuddy_zone_watermark_ok(const struct sbuddy_zone *zone, unsigned int order, long mark,
			      int highest_zoneidx, unsigned int alloc_flags);
bool sbuddy_zone_watermark_slow(const struct sbuddy_zone *zone, unsigned int order, long mark,
				int highest_zoneidx, unsigned int alloc_flags, long free);
/* Free pages that a request may not have. */
static inline long sbuddy_unusable_free(const struct sbuddy_zone *zone, unsigned int order,
					unsigned int alloc_flags)
{
	long unusable = (1L << order) - 1;

	if (likely(!(alloc_flags & SBUDDY_ALLOC_RESERVES)))
		unusable += READ_ONCE(zone->nr_free_highatomic);
	return unusable;
}

/* Is there a free block of @order or more that the request could be given? */
static inline bool sbuddy_block_available(const struct sbuddy_zone *zone, unsigned int order,
					  unsigned int alloc_flags)
{
	for (unsigned int o = order; o <= SBUDDY_MAX_PAGE_ORDER; o++) {
		const struct sbuddy_free_area *area = &zone->free_area[o];

		if (!READ_ONCE(area->nr_free))
			continue;
		for (int mt = 0; mt < SBUDDY_MIGRATE_PCPTYPES; mt++)
			if (!list_empty(&area->free_list[mt]))
				return true;
		if ((alloc_flags & (SBUDDY_ALLOC_HIGHATOMIC | SBUDDY_ALLOC_OOM)) &&
		    !list_empty(&area->free_list[SBUDDY_MIGRATE_HIGHATOMIC]))
			return true;
	}
	return false;
}

/*
 * The watermark test of the allocation path: enough for order 0 is seen at a
 * glance, the rest is looked at properly.  Lockless.
 */
static inline bool sbuddy_zone_watermark_fast(const struct sbuddy_zone *zone, unsigned int order,
					      long mark, int highest_zoneidx,
					      unsigned int alloc_flags)
{
	long reserve = READ_ONCE(zone->lowmem_reserve[highest_zoneidx]);
	long free = READ_ONCE(zone->nr_free_pages);

	if (likely(!order) &&
	    likely(free - sbuddy_unusable_free(zone, 0, alloc_flags) > mark + reserve)) {
		trace_sbuddy_watermark_test(zone, order, mark, free, reserve, alloc_flags, true);
		return true;
	}
	return sbuddy_zone_watermark_slow(zone, order, mark, highest_zoneidx, alloc_flags,
					  max(free, 0L));
}

bool sbuddy_zone_watermark_ok_safe(const struct sbuddy_zone *zone, unsigned int order, long mark,
				   int highest_zoneidx);
bool sbuddy_boost_watermark(struct sbuddy_zone *zone);
long sbuddy_mult_frac(long x, long n, long d);
void sbuddy_setup_per_zone_wmarks(struct sbuddy_machine *m);
void sbuddy_setup_per_zone_lowmem_reserve(struct sbuddy_machine *m);
void sbuddy_init_per_zone_wmark_min(struct sbuddy_machine *m);

/* ---- counters: vmstat.c --------------------------------------------------- */
void sbuddy_refresh_zone_stat_thresholds(struct sbuddy_machine *m);
int sbuddy_stat_threshold(const struct sbuddy_zone *zone, bool pressure);
void sbuddy_fold_zone_diff(struct sbuddy_zone *zone, int cpu);

void sbuddy_account_highatomic(struct sbuddy_zone *zone, long n);

/*
 * The chunks in which free pages are counted decide when the atomic value, the
 * only one that watermark tests read, moves; so every caller passes exactly the
 * deltas of the kernel.  Zone lock held.
 */
static inline void sbuddy_mod_zone_free(struct sbuddy_zone *zone, const struct sbuddy_task *task,
					long n)
{
	struct sbuddy_zonestat *zs = &zone->zstat[task->cpu];
	long x = zs->free_diff + n;

	if (x > zs->stat_threshold || x < -(long)zs->stat_threshold) {
		WRITE_ONCE(zone->nr_free_pages, zone->nr_free_pages + x);
		x = 0;
	}
	zs->free_diff = (s8)x;
}

static inline void sbuddy_account_freepages(struct sbuddy_zone *zone,
					    const struct sbuddy_task *task, long n, int mt)
{
	if (unlikely(mt == SBUDDY_MIGRATE_ISOLATE))
		return;
	sbuddy_mod_zone_free(zone, task, n);
	if (unlikely(mt == SBUDDY_MIGRATE_HIGHATOMIC))
		sbuddy_account_highatomic(zone, n);
}

static inline void sbuddy_count_machine_event(struct sbuddy_machine *m,
					      enum sbuddy_machine_event item)
{
	atomic_long_inc(&m->events[item]);
}

/* Counts @n allocations; @numa is a pcp's or a zone's array whose lock is held. */
static inline void sbuddy_zone_statistics(struct sbuddy_zone *zone,
					  const struct sbuddy_alloc_context *ac, u64 *numa, long n)
{
	struct sbuddy_zone *preferred = ac->preferred->zone;
	int local = ac->m->vcpu_node[ac->task->cpu];

	numa[zone->node == local ? SBUDDY_NUMA_LOCAL : SBUDDY_NUMA_OTHER] += n;
	if (likely(zone->node == preferred->node)) {
		numa[SBUDDY_NUMA_HIT] += n;
		return;
	}
	numa[SBUDDY_NUMA_MISS] += n;
	atomic_long_add(n, &preferred->numa_foreign);
}

/* ---- free.c --------------------------------------------------------------- */
void sbuddy_free_unref_page(struct sbuddy_machine *m, struct sbuddy_task *task,
			    struct sbuddy_page *page, unsigned int order);
void sbuddy_free_excess_page(struct sbuddy_machine *m, struct sbuddy_task *task,
			     struct sbuddy_page *page);
void sbuddy_free_one_page(struct sbuddy_zone *zone, struct sbuddy_task *task,
			  struct sbuddy_page *page, unsigned int order, sbuddy_fpi_t fpi);
void sbuddy___free_pages_core(struct sbuddy_zone *zone, struct sbuddy_task *task,
			      unsigned long pfn, unsigned int order);

/* ---- machine.c, shared with snapshot import and fork ---------------------- */
struct sbuddy_machine *sbuddy_machine_alloc(const struct sbuddy_config *cfg,
					    unsigned long base_pfn, unsigned long nr_pages);
struct sbuddy_zone *sbuddy_zone_create(struct sbuddy_machine *m, int node, int idx);
size_t sbuddy_metadata_bytes(unsigned long nr_pages, int nr_zones, int nr_vcpus);
void sbuddy_zone_init_lists(struct sbuddy_zone *zone);

/* ---- fork.c --------------------------------------------------------------- */

/* A piece of a machine that list heads lie in, and the same piece of its copy. */
struct sbuddy_fork_part {
	const void *from;
	void *to;
	size_t size;		/* bytes */
};

int sbuddy_fork_turn(const struct sbuddy_machine *src, struct sbuddy_machine *dst,
		     const struct sbuddy_fork_part *part, struct list_head *l);

#endif /* _SBUDDY_INTERNAL_H */
