// SPDX-License-Identifier: GPL-2.0
/*
 * Per-CPU page lists: blocks of order 0 to 3 and 9 that a vcpu takes and puts
 * back without the zone lock, with refill from the buddy when a list is empty
 * and a drain when there are too many.
 *
 * State: struct sbuddy_pcp, under its lock, which the paths here only try: a
 * busy one means the buddy path, as in the kernel.  The lists remember no
 * type; it is read again from the pageblock when a block goes back.  By the 6.1
 * rules each block remembers its own.
 *
 * How much is moved is decided in pcp_tune.c; draining from outside is in
 * pcp_drain.c.
 */
#include "os.h"
#include "pcp.h"
#include "rules.h"

/*
 * Moves up to @nr blocks to the tail of @list under one hold of the zone lock.
 * Returns the number moved.
 */
noinline int sbuddy_rmqueue_bulk(struct sbuddy_zone *zone, struct sbuddy_task *task,
				 unsigned int order, int nr, struct list_head *list, int mt,
				 unsigned int alloc_flags)
{
	enum sbuddy_rmqueue_mode mode = SBUDDY_RMQUEUE_NORMAL;
	const u32 tag = sbuddy_tag(zone, SBUDDY_PAGE_PCP, order);
	unsigned long flags;
	int i;

	spin_lock_irqsave(&zone->lock, flags);
	for (i = 0; i < nr; i++) {
		struct sbuddy_page *page = sbuddy___rmqueue(zone, task, order, mt, alloc_flags,
							    &mode);

		if (unlikely(!page))
			break;
		WRITE_ONCE(page->tag, tag);
		list_add_tail(&page->lru, list);
	}
	zone->events[SBUDDY_PCP_REFILL]++;
	zone->events[SBUDDY_PCP_REFILL_PAGES] += (u64)i << order;
	spin_unlock_irqrestore(&zone->lock, flags);
	return i;
}

/*
 * Fills the empty list for @order and @mt.  False if the buddy has nothing.
 * Lock of @pcp held.
 */
noinline bool sbuddy_refill_pcplist(struct sbuddy_zone *zone, struct sbuddy_task *task,
				    unsigned int order, int mt, unsigned int alloc_flags,
				    struct sbuddy_pcp *pcp)
{
	const struct sbuddy_rules *rules = zone->machine->rules;
	struct list_head *list = &pcp->lists[sbuddy_order_to_pindex(mt, order)];
	int nr = rules->nr_pcp_alloc(zone, pcp, order);

	nr = rules->rmqueue_bulk(zone, task, order, nr, list, mt, alloc_flags);
	pcp->count += nr << order;
	return nr;
}

/**
 * sbuddy_rmqueue_pcplist() - allocate from the lists of the task's vcpu
 * @zone: zone to take from
 * @ac: the request, of an order with pcp lists
 * @alloc_flags: SBUDDY_ALLOC_*
 *
 * Context: Any; tries the pcp lock, takes the zone lock on a refill.
 * Return: A block, or NULL: the lock was busy or the refill got nothing.
 */
noinline struct sbuddy_page *sbuddy_rmqueue_pcplist(struct sbuddy_zone *zone,
						    const struct sbuddy_alloc_context *ac,
						    unsigned int alloc_flags)
{
	struct sbuddy_pcp *pcp = &zone->pcp[ac->task->cpu];
	struct sbuddy_page *page;

	if (unlikely(!sbuddy_pcp_trylock(pcp))) {
		sbuddy_count_machine_event(zone->machine, SBUDDY_PCP_BUSY);
		return NULL;
	}
	pcp->free_count >>= 1;
	page = sbuddy___rmqueue_pcplist(zone, ac->task, ac->order, ac->migratetype, alloc_flags,
					pcp);
	if (likely(page)) {
		pcp->pgalloc += 1UL << ac->order;
		if (likely(ac->preferred->zone == zone) &&
		    likely(zone->node == ac->m->vcpu_node[ac->task->cpu]))
			pcp->local_hits++;
		else
			sbuddy_zone_statistics(zone, ac, pcp->numa, 1);
	}
	sbuddy_pcp_unlock(pcp);
	return page;
}

/*
 * A block that will be freed next was put here long ago: fetch its descriptor
 * and the line beside it, where its buddies of order 1 and above begin.  A hint
 * only; the end of a list, which is no page, does no harm.
 */
static inline void sbuddy_prefetch_block(const struct sbuddy_page *page)
{
	prefetchw(page);
	prefetchw((const void *)((unsigned long)page ^ 64));
}

/*
 * Gives at least @count pages back to the buddy, beginning with the list
 * @pindex and going round; from each list the oldest first, until it is empty.
 * A high-order block may take more than was asked for.  @remembers: each goes
 * to the type that it remembers, as long as nothing is isolated in the zone.
 * pcp lock held.
 */
static __always_inline void sbuddy_drain_lists(struct sbuddy_zone *zone, struct sbuddy_task *task,
					       int count, struct sbuddy_pcp *pcp,
					       unsigned int pindex, bool remembers)
{
	const struct sbuddy_machine *m = zone->machine;
	unsigned long flags;

	count = min(pcp->count, count);
	spin_lock_irqsave(&zone->lock, flags);
	remembers = remembers && !zone->nr_isolate_pageblock;
	zone->events[SBUDDY_PCP_DRAIN]++;
	while (count > 0) {
		struct list_head *list = &pcp->lists[pindex];
		unsigned int order = sbuddy_pindex_to_order(pindex);

		while (count > 0 && !list_empty(list)) {
			struct sbuddy_page *page = list_last_entry(list, struct sbuddy_page, lru);
			int mt = remembers ? sbuddy_pcp_mt(page) :
					     sbuddy_pb_migratetype(m, sbuddy_pfn(m, page));

			sbuddy_prefetch_block(list_entry(page->lru.prev, struct sbuddy_page, lru));
			list_del(&page->lru);
			count -= 1 << order;
			pcp->count -= 1 << order;
			zone->events[SBUDDY_PCP_DRAIN_PAGES] += 1UL << order;
			sbuddy___free_one_page(zone, task, page, order, mt, SBUDDY_FPI_NONE);
			trace_sbuddy_mm_page_pcpu_drain(zone, page, order, mt);
		}
		if (++pindex == SBUDDY_NR_PCP_LISTS)
			pindex = 0;
	}
	spin_unlock_irqrestore(&zone->lock, flags);
}

noinline void sbuddy_free_pcppages_bulk(struct sbuddy_zone *zone, struct sbuddy_task *task,
					int count, struct sbuddy_pcp *pcp, unsigned int pindex)
{
	sbuddy_drain_lists(zone, task, count, pcp, pindex, false);
}

noinline void sbuddy_free_pcppages_bulk_61(struct sbuddy_zone *zone, struct sbuddy_task *task,
					   int count, struct sbuddy_pcp *pcp,
					   unsigned int pindex)
{
	sbuddy_drain_lists(zone, task, count, pcp, pindex, true);
}

/* Only an overflow looks again whether the zone is above its high watermark. */
static void sbuddy_leave_below_high(struct sbuddy_zone *zone)
{
	if (test_bit(SBUDDY_ZONE_BELOW_HIGH, &zone->flags) &&
	    sbuddy_zone_watermark_ok(zone, 0, sbuddy_wmark_pages(zone, SBUDDY_WMARK_HIGH),
				     SBUDDY_ZONE_MOVABLE, 0))
		clear_bit(SBUDDY_ZONE_BELOW_HIGH, &zone->flags);
}

/*
 * After a free: adjusts the high mark and drains if there is too much.  Lock of
 * @pcp held.
 */
noinline void sbuddy_pcp_overflow(struct sbuddy_zone *zone, struct sbuddy_task *task,
				  struct sbuddy_pcp *pcp, unsigned int pindex, bool free_high)
{
	int batch = READ_ONCE(pcp->batch);
	int high;

	if (unlikely(pcp->flags & SBUDDY_PCPF_OTHER_RULES)) {
		zone->machine->rules->pcp_freed(zone, task, pcp, pindex);
		return;
	}
	high = sbuddy_nr_pcp_high(zone, pcp, batch, free_high);
	if (pcp->count < high)
		return;
	sbuddy_free_pcppages_bulk(zone, task, sbuddy_nr_pcp_free(pcp, batch, high, free_high),
				  pcp, pindex);
	sbuddy_leave_below_high(zone);
}

/* The same as the last act of a free. */
noinline void sbuddy_pcp_overflow_unlock(struct sbuddy_zone *zone, struct sbuddy_task *task,
					 struct sbuddy_pcp *pcp, unsigned int pindex,
					 bool free_high)
{
	sbuddy_pcp_overflow(zone, task, pcp, pindex, free_high);
	sbuddy_pcp_unlock(pcp);
}
