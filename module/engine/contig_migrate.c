// SPDX-License-Identifier: GPL-2.0
/*
 * Emptying a range: what can move in isolated pageblocks is moved elsewhere, a
 * batch at a time, for contiguous allocation and for offlining.
 *
 * State: sbuddy_lru::disabled, under sbuddy_lru.lock: how many are at it.  As
 * long as somebody is, no page waits in a vcpu's batch, where it could not be
 * isolated.
 *
 * Left out: clean pages of files are moved like the others, where the kernel
 * would drop them; nothing is known here of how to get them back.
 */
#include "os.h"
#include "compaction.h"

#define SBUDDY_CONTIG_MAX_TRIES	5	/* the last of which is not made */
#define SBUDDY_CONTIG_ACTIONS	(SBUDDY_GFP_RETRY_MAYFAIL | SBUDDY_GFP_NOWARN)

/* Where pages go: any free page of the node's zonelist, for a request like this. */
struct sbuddy_migration_target {
	struct sbuddy_machine *m;
	struct sbuddy_task *task;
	int nid;
	u32 gfp;
};

/* Nothing waits on any vcpu for its LRU list, from now on until it is enabled again. */
void sbuddy_lru_cache_disable(struct sbuddy_machine *m, struct sbuddy_task *task)
{
	spin_lock(&m->lru->lock);
	m->lru->disabled++;
	spin_unlock(&m->lru->lock);
	sbuddy_lru_add_drain_all(m, task);
}

void sbuddy_lru_cache_enable(struct sbuddy_machine *m)
{
	spin_lock(&m->lru->lock);
	m->lru->disabled--;
	spin_unlock(&m->lru->lock);
}

static struct sbuddy_page *sbuddy_alloc_migration_target(struct sbuddy_page *src, void *private)
{
	const struct sbuddy_migration_target *mt = private;
	const unsigned int order = sbuddy_tag_order(src->tag);
	u32 gfp = mt->gfp;

	if (order)
		gfp = (gfp & ~SBUDDY_GFP_RECLAIM) | SBUDDY_GFP_TRANSHUGE;
	if (sbuddy_zone_of(mt->m, src)->idx == SBUDDY_ZONE_MOVABLE)
		gfp |= SBUDDY_GFP_HIGHMEM;
	return sbuddy_alloc_pages(mt->m, mt->task, gfp | SBUDDY_GFP_COMP, order, mt->nid);
}

/* Pages of the batch that somebody has mapped: those of processes. */
static unsigned long sbuddy_batch_mapped(const struct sbuddy_compact_control *cc)
{
	const struct sbuddy_page *page;
	unsigned long nr = 0;

	list_for_each_entry(page, &cc->migratepages, lru)
		if (!(page->tag & SBUDDY_TAG_FILE))
			nr += sbuddy_block_pages(page->tag);
	return nr;
}

/* The next batch from @pfn on: 0, -EBUSY if it can never be had, -EINTR. */
static int sbuddy_contig_isolate(struct sbuddy_compact_control *cc, unsigned long *pfn,
				 unsigned long end)
{
	int err;

	cc->nr_migratepages = 0;
	err = sbuddy_isolate_migratepages_range(cc, *pfn, end);
	if (err && err != -EAGAIN)
		return err;
	if (err && list_empty(&cc->migratepages))
		return -EBUSY;
	*pfn = cc->migrate_pfn;
	return 0;
}

/* Batch after batch; what could not be moved is tried again before the next. */
static int sbuddy_contig_empty(struct sbuddy_compact_control *cc,
			       const struct sbuddy_migrate_control *mc, unsigned long pfn,
			       unsigned long end, unsigned long *migrated, unsigned long *mapped)
{
	unsigned int tries = 0;
	int ret = 0;

	while (pfn < end || !list_empty(&cc->migratepages)) {
		if (os_fatal_signal_pending())
			return -EINTR;
		if (list_empty(&cc->migratepages)) {
			ret = sbuddy_contig_isolate(cc, &pfn, end);
			if (ret)
				return ret;
			tries = 0;
		} else if (++tries == SBUDDY_CONTIG_MAX_TRIES) {
			return -EBUSY;
		}
		*mapped += sbuddy_batch_mapped(cc);
		ret = sbuddy_migrate_pages(mc, &cc->migratepages, NULL);
		if (!ret)
			*migrated += cc->nr_migratepages;
		if (ret == -ENOMEM)
			return ret;
	}
	return min(ret, 0);
}

/*
 * Moves out of [@start, @end), isolated, of @zone, what can move.  0; -EBUSY if
 * something did not after several attempts; -ENOMEM without a place for it; -EINTR.
 */
noinline int sbuddy___alloc_contig_migrate_range(struct sbuddy_range *r, struct sbuddy_zone *zone,
						 unsigned long start, unsigned long end, u32 gfp)
{
	struct sbuddy_compact_control cc = {
		.m = r->m, .task = r->task, .zone = zone, .order = SBUDDY_VIA_COMPACT_MEMORY,
		.mode = SBUDDY_MIGRATE_SYNC, .ignore_skip_hint = true,
		.no_set_skip_hint = true, .alloc_contig = true,
		.gfp = (gfp & (SBUDDY_GFP_IO | SBUDDY_GFP_FS | SBUDDY_GFP_RECLAIM |
			       SBUDDY_CONTIG_ACTIONS)) |
		       SBUDDY_GFP_HARDWALL | SBUDDY_GFP_MOVABLE | SBUDDY_GFP_RETRY_MAYFAIL,
	};
	struct sbuddy_migration_target mt = {
		.m = r->m, .task = r->task, .nid = zone->node, .gfp = cc.gfp,
	};
	const struct sbuddy_migrate_control mc = {
		.m = r->m, .task = r->task, .alloc = sbuddy_alloc_migration_target,
		.private = &mt, .mode = cc.mode, .reason = SBUDDY_MR_CONTIG_RANGE,
	};
	unsigned long migrated = 0, mapped = 0;
	int ret;

	INIT_LIST_HEAD(&cc.migratepages);
	sbuddy_lru_cache_disable(r->m, r->task);
	ret = sbuddy_contig_empty(&cc, &mc, start, end, &migrated, &mapped);
	sbuddy_lru_cache_enable(r->m);
	sbuddy_putback_movable_pages(r->m, r->task, &cc.migratepages);
	trace_sbuddy_mm_alloc_contig_migrate_range_info(zone, start, end, migrated, 0, mapped,
							r->migratetype);
	return ret;
}
