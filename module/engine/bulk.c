// SPDX-License-Identifier: GPL-2.0
/*
 * The bulk API: many order-0 pages from the vcpu's list of one zone under one
 * hold of the pcp lock.  A shortcut only: what it cannot do cheaply it leaves
 * to one ordinary request.  Pages are handed out in an array; the kernel's
 * list variant takes the same ones.
 */
#include "os.h"
#include "pcp.h"

static unsigned long sbuddy_skip_filled(struct sbuddy_page **array, unsigned long i,
					unsigned long nr)
{
	while (i < nr && array[i])
		i++;
	return i;
}

/*
 * The first zone of the preferred node that stays above LOW with @nr pages
 * less; NULL sends the request to the ordinary path.  The reserve is looked up
 * by the preferred zone's index, not the request's: so does the kernel.
 */
static struct sbuddy_zone *sbuddy_bulk_zone(const struct sbuddy_alloc_context *ac,
					    unsigned long nr)
{
	struct sbuddy_zoneref *z = ac->preferred;

	while (z->zone) {
		long mark = sbuddy_wmark_pages(z->zone, SBUDDY_WMARK_LOW) + (long)nr;

		if (ac->m->online_nodes > 1 && z->node != ac->preferred->node) {
			trace_sbuddy_zone_skipped(z->zone, 0, SBUDDY_WMARK_LOW, SBUDDY_SKIP_NODE);
			return NULL;
		}
		if (sbuddy_zone_watermark_fast(z->zone, 0, mark, ac->preferred->zone_idx,
					       SBUDDY_WMARK_LOW))
			return z->zone;
		trace_sbuddy_zone_skipped(z->zone, 0, SBUDDY_WMARK_LOW, SBUDDY_SKIP_WATERMARK);
		z = sbuddy_next_zones_zonelist(z + 1, ac->highest_zoneidx, ac->nodemask);
	}
	return NULL;
}

/* Fills what is empty of @array until the list and its refills run dry. */
static unsigned long sbuddy_bulk_from_pcp(struct sbuddy_zone *zone,
					  const struct sbuddy_alloc_context *ac,
					  unsigned long first, unsigned long nr,
					  struct sbuddy_page **array)
{
	struct sbuddy_task *task = ac->task;
	struct sbuddy_pcp *pcp = &zone->pcp[task->cpu];
	unsigned long i = first, got = 0;

	if (!sbuddy_pcp_trylock(pcp)) {
		sbuddy_count_machine_event(zone->machine, SBUDDY_PCP_BUSY);
		return 0;
	}
	for (i = first; i < nr; i++) {
		if (array[i])
			continue;
		array[i] = sbuddy___rmqueue_pcplist(zone, task, 0, ac->migratetype,
						    SBUDDY_WMARK_LOW, pcp);
		if (!array[i])
			break;
		sbuddy_prep_new_page(zone, array[i], 0, ac->gfp, 0);
		got++;
	}
	pcp->pgalloc += got;
	sbuddy_zone_statistics(zone, ac, pcp->numa, (long)got);
	sbuddy_pcp_unlock(pcp);
	return got;
}

static unsigned long sbuddy_count_filled(struct sbuddy_page **array, unsigned long nr)
{
	unsigned long filled = 0;

	while (filled < nr && array[filled])
		filled++;
	return filled;
}

/* As sbuddy_alloc_pages_bulk(); only nodes of @nodemask serve. */
unsigned long sbuddy_alloc_pages_bulk_nodemask(struct sbuddy_machine *m, struct sbuddy_task *task,
					       u32 gfp, int nid, u32 nodemask, unsigned long nr,
					       struct sbuddy_page **array)
{
	unsigned long first = sbuddy_skip_filled(array, 0, nr);
	struct sbuddy_alloc_context ac;
	struct sbuddy_zone *zone;

	if (first == nr)
		return nr;
	if (nr - first > 1 && !(gfp & SBUDDY_GFP_ACCOUNT)) {
		sbuddy_prepare_alloc_pages(m, task, gfp, 0, nid, &ac);
		sbuddy_restrict_nodes(&ac, nodemask);
		zone = sbuddy_bulk_zone(&ac, nr);
		if (zone && sbuddy_bulk_from_pcp(zone, &ac, first, nr, array))
			return sbuddy_count_filled(array, nr);
	}
	if (nodemask == SBUDDY_ALL_NODES)
		array[first] = sbuddy_alloc_pages(m, task, gfp, 0, nid);
	else
		array[first] = sbuddy___alloc_pages(m, task, gfp, 0, nid, nodemask);
	return first + !!array[first];
}

/**
 * sbuddy_alloc_pages_bulk() - allocate single pages into the empty slots of an array
 * @m: machine
 * @task: who asks; its memalloc scopes do not apply here, as in the kernel
 * @gfp: SBUDDY_GFP_*
 * @nid: as for sbuddy_alloc_pages()
 * @nr: entries of @array
 * @array: slots; filled ones are left alone
 *
 * Context: Any; takes pcp and zone locks.
 * Return: Filled slots at the front of @array; fewer than @nr is no error.
 */
unsigned long sbuddy_alloc_pages_bulk(struct sbuddy_machine *m, struct sbuddy_task *task,
				      u32 gfp, int nid, unsigned long nr,
				      struct sbuddy_page **array)
{
	return sbuddy_alloc_pages_bulk_nodemask(m, task, gfp, nid, SBUDDY_ALL_NODES, nr, array);
}
