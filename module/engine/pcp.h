/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The short ends of the per-CPU lists: taking a block that is there, putting
 * one where there is room.  Everything longer is in pcp.c.
 */
#ifndef _SBUDDY_PCP_H
#define _SBUDDY_PCP_H

#include "internal.h"

/*
 * Takes the head of @pcp's list for @order and @mt, refilling it first when it
 * is empty.  Lock of @pcp held.
 */
static inline struct sbuddy_page *sbuddy___rmqueue_pcplist(struct sbuddy_zone *zone,
							   struct sbuddy_task *task,
							   unsigned int order, int mt,
							   unsigned int alloc_flags,
							   struct sbuddy_pcp *pcp)
{
	struct list_head *list = &pcp->lists[sbuddy_order_to_pindex(mt, order)];
	struct sbuddy_page *page;

	if (unlikely(list_empty(list)) &&
	    !sbuddy_refill_pcplist(zone, task, order, mt, alloc_flags, pcp))
		return NULL;
	page = list_first_entry(list, struct sbuddy_page, lru);
	list_del(&page->lru);
	pcp->count -= 1 << order;
	return page;
}

/*
 * Are high-order blocks being freed in a row?  Then they are worth more in
 * the buddy, where they merge, than here.  Order 0 and huge blocks end the row.
 */
static inline bool sbuddy_free_high(struct sbuddy_pcp *pcp, unsigned int order, int batch)
{
	bool free_high;

	if (likely(!order) || order > SBUDDY_COSTLY_ORDER)
		return false;
	free_high = pcp->free_count >= batch &&
		    (pcp->flags & SBUDDY_PCPF_PREV_FREE_HIGH_ORDER) &&
		    (!(pcp->flags & SBUDDY_PCPF_FREE_HIGH_BATCH) || pcp->count >= batch);
	pcp->flags |= SBUDDY_PCPF_PREV_FREE_HIGH_ORDER;
	return free_high;
}

/* Nothing to tune and nothing to drain: what sbuddy_pcp_overflow() would find, at a glance. */
static inline bool sbuddy_pcp_has_room(const struct sbuddy_zone *zone,
				       const struct sbuddy_pcp *pcp)
{
	const unsigned long low = BIT(SBUDDY_ZONE_RECLAIM_ACTIVE) | BIT(SBUDDY_ZONE_BELOW_HIGH);

	return pcp->count < pcp->high && pcp->high <= READ_ONCE(pcp->high_max) &&
	       pcp->high >= READ_ONCE(pcp->high_min) && !(READ_ONCE(zone->flags) & low);
}

/*
 * Puts a freed block on the vcpu's list for @mt, at the head: it is the one
 * most likely still in the cache.  False if sbuddy_pcp_overflow() has to look
 * whether that is too much, as it always has by other rules.  Lock of @pcp held.
 */
static __always_inline bool sbuddy_pcp_put(struct sbuddy_zone *zone, struct sbuddy_pcp *pcp,
					   struct sbuddy_page *page, unsigned int pindex,
					   unsigned int order, bool *free_high)
{
	int batch = READ_ONCE(pcp->batch);
	const int nr = 1 << order;
	const bool ends_row = !order || order > SBUDDY_COSTLY_ORDER;
	const u8 look = SBUDDY_PCPF_OTHER_RULES |
			(ends_row ? SBUDDY_PCPF_PREV_FREE_HIGH_ORDER : 0);

	pcp->alloc_factor >>= 1;
	pcp->pgfree += nr;
	WRITE_ONCE(page->tag, (page->tag & SBUDDY_TAG_ZONE) |
			      (u32)SBUDDY_PAGE_PCP << SBUDDY_TAG_STATE_SHIFT | order);
	list_add(&page->lru, &pcp->lists[pindex]);
	pcp->count += nr;

	if (unlikely(pcp->flags & look)) {
		*free_high = false;
		if (pcp->flags & SBUDDY_PCPF_OTHER_RULES)
			return false;
		pcp->flags &= ~SBUDDY_PCPF_PREV_FREE_HIGH_ORDER;
	}
	*free_high = sbuddy_free_high(pcp, order, batch);
	if (pcp->free_count < batch << SBUDDY_PCP_BATCH_SCALE_MAX)
		pcp->free_count += nr;
	return likely(sbuddy_pcp_has_room(zone, pcp)) && likely(!*free_high);
}

/* Puts a freed block on the vcpu's list for @mt and drains what is too much. */
static inline void sbuddy_free_unref_page_commit(struct sbuddy_zone *zone,
						 struct sbuddy_task *task, struct sbuddy_pcp *pcp,
						 struct sbuddy_page *page, int mt,
						 unsigned int order)
{
	unsigned int pindex = sbuddy_order_to_pindex(mt, order);
	bool free_high;

	if (!sbuddy_pcp_put(zone, pcp, page, pindex, order, &free_high))
		sbuddy_pcp_overflow(zone, task, pcp, pindex, free_high);
}

#endif /* _SBUDDY_PCP_H */
