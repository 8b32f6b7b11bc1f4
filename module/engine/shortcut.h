/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Shortcuts: requests and frees of orders with per-CPU lists that nothing stands
 * in the way of, in one go.  They take the same page, count the same and leave the same state as
 * the long way through alloc.c and free.c; whenever anything is out of the
 * ordinary they change nothing and say so, and the long way is gone.  It also
 * is while somebody traces, so that every event is seen, and when the shortcut
 * knob is off, so that a function trace shows every step.
 *
 * Written so that no value is needed after a call: then the compiler saves no
 * registers, which would cost as much as the work itself.
 */
#ifndef _SBUDDY_SHORTCUT_H
#define _SBUDDY_SHORTCUT_H

#include "pcp.h"

/*
 * The preferred zone is on the vcpu's own node, above its high watermark, none
 * of its flags is set, and the vcpu's list has a block: take it.  NULL
 * otherwise.  No task scope may be active.
 */
static __always_inline struct sbuddy_page *
sbuddy_alloc_near(struct sbuddy_machine *m, const struct sbuddy_task *task, u32 gfp,
		  unsigned int order, int nid)
{
	const long unusable = (1L << order) - 1;
	const unsigned int place = (gfp & SBUDDY_NEAR_PLACE) + (gfp / SBUDDY_GFP_THISNODE & 1) * 32;
	const struct sbuddy_near *near = &m->near[(long)task->cpu * SBUDDY_NR_NEAR + place];
	struct sbuddy_pcp *pcp = READ_ONCE(near->pcp);
	struct list_head *list, *first;
	struct sbuddy_zone *zone;

	if (unlikely(!pcp) || (nid >= 0 && unlikely(nid != m->vcpu_node[task->cpu])))
		return NULL;
	zone = pcp->zone;
	if (unlikely(READ_ONCE(zone->nr_free_pages) - READ_ONCE(zone->nr_free_highatomic) -
		     unusable <= sbuddy_wmark_pages(zone, SBUDDY_WMARK_HIGH) +
				 READ_ONCE(*near->reserve)) ||
	    unlikely(READ_ONCE(zone->flags)) ||
	    (order && unlikely(!sbuddy_block_available(zone, order, 0))) ||
	    unlikely(!sbuddy_pcp_trylock(pcp)))
		return NULL;
	list = order ? &pcp->lists[sbuddy_order_to_pindex(gfp >> 3 & 3, order)] : near->list;
	first = list->next;
	if (unlikely(first == list)) {
		sbuddy_pcp_unlock(pcp);
		return NULL;
	}
	list_del(first);
	pcp->count -= 1 << order;
	pcp->free_count >>= 1;
	pcp->pgalloc += 1UL << order;
	pcp->local_hits++;
	sbuddy_pcp_unlock(pcp);
	return list_entry(first, struct sbuddy_page, lru);
}

/*
 * The last reference of a block goes to the vcpu's list.  False if that
 * cannot be, for whatever reason.
 */
static __always_inline bool sbuddy_free_near(struct sbuddy_machine *m, struct sbuddy_task *task,
					     struct sbuddy_page *page, unsigned int order)
{
	unsigned int pindex;
	struct sbuddy_zone *zone;
	struct sbuddy_pcp *pcp;
	bool free_high;
	int mt;

	if (unlikely(page->refcount != 1))
		return false;
	mt = sbuddy_page_migratetype(m, page);
	if (unlikely(mt >= SBUDDY_MIGRATE_PCPTYPES))
		return false;
	zone = sbuddy_zone_of(m, page);
	pcp = &zone->pcp[task->cpu];
	if (unlikely(!sbuddy_pcp_trylock(pcp)))
		return false;
	page->refcount = 0;
	page->private = 0;
	pindex = sbuddy_order_to_pindex(mt, order);
	if (likely(sbuddy_pcp_put(zone, pcp, page, pindex, order, &free_high)))
		sbuddy_pcp_unlock(pcp);
	else
		sbuddy_pcp_overflow_unlock(zone, task, pcp, pindex, free_high);
	return true;
}

/* A block that sbuddy_alloc_near() took becomes the caller's. */
static __always_inline struct sbuddy_page *sbuddy_hand_out(struct sbuddy_machine *m,
							   struct sbuddy_page *page, u32 gfp,
							   unsigned int order)
{
	page->refcount = 1;
	WRITE_ONCE(page->tag, page->tag ^
			      ((SBUDDY_PAGE_PCP ^ SBUDDY_PAGE_USED) << SBUDDY_TAG_STATE_SHIFT |
			       (order ? gfp / SBUDDY_GFP_COMP % 2 * SBUDDY_TAG_COMPOUND : 0)));
	if (unlikely(gfp & SBUDDY_GFP_ZERO))
		return sbuddy_clear_pages(m, page, order);
	return page;
}

/* sbuddy_alloc_pages() on no particular node as far as it goes in one go, else NULL. */
static __always_inline struct sbuddy_page *
sbuddy_alloc_short(struct sbuddy_machine *m, const struct sbuddy_task *task, u32 gfp,
		   unsigned int order)
{
	struct sbuddy_page *page;

	if (unlikely(task->flags) || unlikely(os_tracing_alloc()) ||
	    unlikely(!sbuddy_pcp_allowed_order(order)))
		return NULL;
	page = sbuddy_alloc_near(m, task, gfp, order, SBUDDY_NID_ANY);
	return likely(page) ? sbuddy_hand_out(m, page, gfp, order) : NULL;
}

/* sbuddy_free_pages() of a block in use as far as it goes in one go, else false. */
static __always_inline bool sbuddy_free_short(struct sbuddy_machine *m, struct sbuddy_task *task,
					      struct sbuddy_page *page, unsigned int order)
{
	return !unlikely(os_tracing_free()) && likely(sbuddy_pcp_allowed_order(order)) &&
	       likely(sbuddy_free_near(m, task, page, order));
}

#endif /* _SBUDDY_SHORTCUT_H */
