// SPDX-License-Identifier: GPL-2.0
/*
 * Allocation: one request from its flags to a page.
 *
 * sbuddy_alloc_pages() works out where the request may go, walks the zonelist
 * once with the fast path's flags (sbuddy_get_page_from_freelist()), and
 * leaves what fails there to slowpath.c.  sbuddy_rmqueue() takes the block,
 * from the vcpu's lists or from the buddy.
 */
#include "os.h"
#include "rules.h"
#include "shortcut.h"

/* From the buddy under the zone lock; atomic requests dig into HighAtomic blocks. */
static noinline struct sbuddy_page *sbuddy_rmqueue_buddy(struct sbuddy_zone *zone,
							 const struct sbuddy_alloc_context *ac,
							 unsigned int alloc_flags)
{
	enum sbuddy_rmqueue_mode mode = SBUDDY_RMQUEUE_NORMAL;
	const unsigned int order = ac->order;
	struct sbuddy_page *page = NULL;
	unsigned long flags;

	spin_lock_irqsave(&zone->lock, flags);
	if (alloc_flags & SBUDDY_ALLOC_HIGHATOMIC)
		page = sbuddy___rmqueue_smallest(zone, ac->task, order,
						 SBUDDY_MIGRATE_HIGHATOMIC);
	if (!page)
		page = ac->m->rules->rmqueue(zone, ac->task, order, ac->migratetype,
					     alloc_flags, &mode);
	if (!page && (alloc_flags & (SBUDDY_ALLOC_OOM | SBUDDY_ALLOC_NON_BLOCK)))
		page = sbuddy___rmqueue_smallest(zone, ac->task, order,
						 SBUDDY_MIGRATE_HIGHATOMIC);
	if (page) {
		zone->events[SBUDDY_PGALLOC] += 1UL << order;
		sbuddy_zone_statistics(zone, ac, zone->numa, 1);
	}
	spin_unlock_irqrestore(&zone->lock, flags);
	return page;
}

static noinline void sbuddy_wake_for_boost(struct sbuddy_zone *zone)
{
	clear_bit(SBUDDY_ZONE_BOOSTED_WATERMARK, &zone->flags);
	sbuddy_wakeup_kswapd(zone, 0, 0, zone->idx);
}

/**
 * sbuddy_rmqueue() - take a block from a zone
 * @zone: zone that passed the watermark test
 * @ac: the request
 * @alloc_flags: SBUDDY_ALLOC_*
 *
 * Context: Any; takes pcp and zone locks.
 * Return: First page of a block that is on no list, or NULL.
 */
noinline struct sbuddy_page *sbuddy_rmqueue(struct sbuddy_zone *zone,
					    const struct sbuddy_alloc_context *ac,
					    unsigned int alloc_flags)
{
	struct sbuddy_page *page = NULL;

	if (likely(sbuddy_pcp_allowed_order(ac->order)))
		page = sbuddy_rmqueue_pcplist(zone, ac, alloc_flags);
	if (unlikely(!page))
		page = sbuddy_rmqueue_buddy(zone, ac, alloc_flags);

	if (unlikely(test_bit(SBUDDY_ZONE_BOOSTED_WATERMARK, &zone->flags)) &&
	    ((alloc_flags & SBUDDY_ALLOC_KSWAPD) || ac->m->rules->boost_wakes_all))
		sbuddy_wake_for_boost(zone);
	return page;
}

/*
 * The zone's own high watermark is looked at first, only to remember that the
 * zone fell below it: then per-CPU lists stop growing.  Where they do not grow
 * anyway it is not looked at.
 */
static inline bool sbuddy_zone_may_serve(struct sbuddy_zone *zone, unsigned int order,
					 unsigned int alloc_flags, int highest_zoneidx)
{
	unsigned int wmark = alloc_flags & SBUDDY_ALLOC_WMARK_MASK;

	if (!test_bit(SBUDDY_ZONE_BELOW_HIGH, &zone->flags) &&
	    zone->machine->rules->watches_high) {
		if (likely(sbuddy_zone_watermark_fast(zone, order,
						      sbuddy_wmark_pages(zone, SBUDDY_WMARK_HIGH),
						      highest_zoneidx, alloc_flags)))
			return true;
		set_bit(SBUDDY_ZONE_BELOW_HIGH, &zone->flags);
	}
	return sbuddy_zone_watermark_fast(zone, order, sbuddy_wmark_pages(zone, wmark),
					  highest_zoneidx, alloc_flags) ||
	       (alloc_flags & SBUDDY_ALLOC_NO_WATERMARKS);
}

/* Rather a fragmented local zone than a remote one. */
static bool sbuddy_leaves_node(const struct sbuddy_alloc_context *ac,
			       const struct sbuddy_zone *zone)
{
	return ac->m->online_nodes > 1 && zone->node != ac->preferred->node;
}

/* A block of one zone, ready to be handed out, or NULL. */
static inline struct sbuddy_page *sbuddy_try_zone(struct sbuddy_zone *zone,
						  const struct sbuddy_alloc_context *ac,
						  unsigned int alloc_flags)
{
	struct sbuddy_page *page;

	if (unlikely(!sbuddy_zone_may_serve(zone, ac->order, alloc_flags, ac->highest_zoneidx))) {
		trace_sbuddy_zone_skipped(zone, ac->order, alloc_flags, SBUDDY_SKIP_WATERMARK);
		return NULL;
	}
	page = sbuddy_rmqueue(zone, ac, alloc_flags);
	if (unlikely(!page)) {
		trace_sbuddy_zone_skipped(zone, ac->order, alloc_flags, SBUDDY_SKIP_EMPTY);
		return NULL;
	}
	sbuddy_prep_new_page(zone, page, ac->order, ac->gfp, alloc_flags);
	if (unlikely(alloc_flags & SBUDDY_ALLOC_HIGHATOMIC))
		sbuddy_reserve_highatomic_pageblock(zone, ac->task, page, ac->order);
	return page;
}

/**
 * sbuddy_get_page_from_freelist() - one pass over the zonelist
 * @ac: the request
 * @alloc_flags: SBUDDY_ALLOC_*
 *
 * With NOFRAGMENT the pass starts over without it when it would leave the
 * node or ends empty-handed.
 *
 * Context: Any; takes pcp and zone locks.
 * Return: First page of an allocated block, or NULL.
 */
noinline struct sbuddy_page *sbuddy_get_page_from_freelist(const struct sbuddy_alloc_context *ac,
							   unsigned int alloc_flags)
{
	struct sbuddy_zoneref *z = ac->preferred;

	while (z->zone) {
		struct sbuddy_zone *zone = z->zone;
		struct sbuddy_page *page;

		if (unlikely(z != ac->preferred) && (alloc_flags & SBUDDY_ALLOC_NOFRAGMENT) &&
		    sbuddy_leaves_node(ac, zone)) {
			trace_sbuddy_zone_skipped(zone, ac->order, alloc_flags,
						  SBUDDY_SKIP_NOFRAGMENT_REMOTE);
			alloc_flags &= ~SBUDDY_ALLOC_NOFRAGMENT;
			z = ac->preferred;
			continue;
		}
		page = sbuddy_try_zone(zone, ac, alloc_flags);
		if (likely(page))
			return page;

		z = sbuddy_next_zones_zonelist(z + 1, ac->highest_zoneidx, ac->nodemask);
		if (!z->zone && (alloc_flags & SBUDDY_ALLOC_NOFRAGMENT)) {
			alloc_flags &= ~SBUDDY_ALLOC_NOFRAGMENT;
			z = ac->preferred;
		}
	}
	return NULL;
}

noinline struct sbuddy_page *sbuddy_clear_pages(struct sbuddy_machine *m,
						struct sbuddy_page *page, unsigned int order)
{
	if (m->backed)
		os_clear_pages(sbuddy_pfn(m, page), 1UL << order);
	return page;
}

/*
 * The ordinary way of a request, step by step.  Only nodes of @nodemask serve,
 * unless the request may dig into reserves.
 */
noinline struct sbuddy_page *sbuddy___alloc_pages(struct sbuddy_machine *m,
						  struct sbuddy_task *task, u32 gfp,
						  unsigned int order, int nid, u32 nodemask)
{
	struct sbuddy_alloc_context ac;
	unsigned int alloc_flags = SBUDDY_WMARK_LOW;
	struct sbuddy_page *page;

	if (unlikely(order > SBUDDY_MAX_PAGE_ORDER))
		return NULL;
	if (unlikely(task->flags))
		gfp = sbuddy_current_gfp_context(task, gfp);
	sbuddy_prepare_alloc_pages(m, task, gfp, order, nid, &ac);
	if (nodemask != SBUDDY_ALL_NODES)
		sbuddy_restrict_nodes(&ac, nodemask);
	alloc_flags |= gfp & SBUDDY_GFP_KSWAPD_RECLAIM;
	if (ac.preferred->zone && ac.preferred->zone->avoid_fragmentation)
		alloc_flags |= SBUDDY_ALLOC_NOFRAGMENT;

	page = sbuddy_get_page_from_freelist(&ac, alloc_flags);
	if (unlikely(!page))
		page = sbuddy___alloc_pages_slowpath(&ac);
	trace_sbuddy_mm_page_alloc(m, page, order, gfp, ac.migratetype);
	return page;
}

static noinline struct sbuddy_page *sbuddy_alloc_block(struct sbuddy_machine *m,
						       struct sbuddy_task *task, u32 gfp,
						       unsigned int order, int nid)
{
	struct sbuddy_page *page = NULL;

	if (likely(sbuddy_pcp_allowed_order(order)))
		page = sbuddy_alloc_near(m, task, gfp, order, nid);
	if (unlikely(!page))
		return sbuddy___alloc_pages(m, task, gfp, order, nid, SBUDDY_ALL_NODES);
	return sbuddy_hand_out(m, page, gfp, order);
}

/**
 * sbuddy_alloc_pages() - allocate a block
 * @m: machine
 * @task: who asks, on which vcpu
 * @gfp: SBUDDY_GFP_*; not both __GFP_MOVABLE and __GFP_RECLAIMABLE
 * @order: 0 to SBUDDY_MAX_PAGE_ORDER
 * @nid: node to start from, an online one; -1 is the vcpu's
 *
 * Context: Any, never sleeps: what would have to reclaim or compact fails.
 * Return: First page of the block, or NULL.
 */
noinline struct sbuddy_page *sbuddy_alloc_pages(struct sbuddy_machine *m, struct sbuddy_task *task,
						u32 gfp, unsigned int order, int nid)
{
	struct sbuddy_page *page;

	if (unlikely(task->flags) || unlikely(os_tracing_alloc()))
		return sbuddy___alloc_pages(m, task, gfp, order, nid, SBUDDY_ALL_NODES);
	if (order)
		return sbuddy_alloc_block(m, task, gfp, order, nid);
	page = sbuddy_alloc_near(m, task, gfp, 0, nid);
	if (unlikely(!page))
		return sbuddy___alloc_pages(m, task, gfp, 0, nid, SBUDDY_ALL_NODES);
	return sbuddy_hand_out(m, page, gfp, 0);
}

/*
 * @page, a block of @order, becomes single pages.  All but the first @nr go to
 * the buddy page by page, past the pcp lists.
 */
struct sbuddy_page *sbuddy_make_alloc_exact(struct sbuddy_machine *m, struct sbuddy_task *task,
					    struct sbuddy_page *page, unsigned int order,
					    unsigned long nr)
{
	if (!page || !order)
		return page;
	sbuddy_split_page(m, page, order);
	for (unsigned long i = nr; i < 1UL << order; i++)
		sbuddy_free_excess_page(m, task, page + i);
	return page;
}

/**
 * sbuddy_alloc_pages_exact() - allocate a number of adjacent pages
 * @m: machine
 * @task: who asks
 * @gfp: SBUDDY_GFP_* without COMP
 * @nr: pages, 1 to 1024
 * @nid: as for sbuddy_alloc_pages()
 *
 * What the block has too much goes to the buddy page by page, past the pcp
 * lists; the rest are single pages.
 *
 * Context: As sbuddy_alloc_pages().
 * Return: First page, or NULL.
 */
struct sbuddy_page *sbuddy_alloc_pages_exact(struct sbuddy_machine *m, struct sbuddy_task *task,
					     u32 gfp, unsigned long nr, int nid)
{
	unsigned int order = sbuddy_get_order(nr);
	struct sbuddy_page *page;

	page = sbuddy_alloc_pages(m, task, gfp & ~SBUDDY_GFP_COMP, order, nid);
	return sbuddy_make_alloc_exact(m, task, page, order, nr);
}
