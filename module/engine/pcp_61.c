// SPDX-License-Identifier: GPL-2.0
/*
 * The 6.1 rules for per-CPU lists: how much a refill brings, how much a free
 * drains.
 *
 * There is one fixed mark, the low watermark's share of a vcpu, and nothing
 * tunes it.  A refill brings a batch.  Drains in a row take twice as much each
 * time; an allocation halves that again.  Once a drain has begun to grow, a
 * free of order 1 to 3 empties the lists.  Each block remembers the type of the
 * pageblock that it was freed in, however that changes while it waits.
 *
 * State: sbuddy_pcp::free_count, which by these rules is the number of times to
 * double; pcp lock held throughout.
 */
#include "os.h"
#include "rules.h"

int sbuddy_nr_pcp_alloc_61(struct sbuddy_zone *zone __maybe_unused, struct sbuddy_pcp *pcp,
			   unsigned int order)
{
	int batch = READ_ONCE(pcp->batch);

	return batch > 1 ? max(batch >> order, 2) : batch;
}

/* Pages that a drain takes; at least a batch, and a batch stays. */
static int sbuddy_nr_pcp_free_61(struct sbuddy_pcp *pcp, int high, int batch, bool free_high)
{
	int most = high - batch, n;

	if (unlikely(free_high))
		return pcp->count;
	if (unlikely(high < batch))
		return 1;
	n = batch << pcp->free_count;
	if (n < most && pcp->free_count < SBUDDY_PCP_BATCH_SCALE_MAX)
		pcp->free_count++;
	return min(max(n, batch), most);
}

/* Pages from which on a free drains: little while kswapd works on the zone. */
static int sbuddy_nr_pcp_high_61(const struct sbuddy_zone *zone, const struct sbuddy_pcp *pcp,
				 bool free_high)
{
	int high = READ_ONCE(pcp->high);

	if (unlikely(!high || free_high))
		return 0;
	if (likely(!test_bit(SBUDDY_ZONE_RECLAIM_ACTIVE, &zone->flags)))
		return high;
	return min(READ_ONCE(pcp->batch) << 2, high);
}

void sbuddy_pcp_freed_61(struct sbuddy_zone *zone, struct sbuddy_task *task,
			 struct sbuddy_pcp *pcp, unsigned int pindex)
{
	struct sbuddy_page *page = list_first_entry(&pcp->lists[pindex], struct sbuddy_page, lru);
	unsigned int order = sbuddy_pindex_to_order(pindex);
	bool free_high = pcp->free_count && order && order <= SBUDDY_COSTLY_ORDER;
	int high;

	sbuddy_set_pcp_mt(page, sbuddy_page_migratetype(zone->machine, page));
	high = sbuddy_nr_pcp_high_61(zone, pcp, free_high);
	if (pcp->count < high)
		return;
	sbuddy_free_pcppages_bulk_61(zone, task,
				     sbuddy_nr_pcp_free_61(pcp, high, READ_ONCE(pcp->batch),
							   free_high),
				     pcp, pindex);
}
