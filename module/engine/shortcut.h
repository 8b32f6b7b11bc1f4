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

#endif /* _SBUDDY_SHORTCUT_H */
