// SPDX-License-Identifier: GPL-2.0
/*
 * The full walk: does everything that the allocator believes agree with what
 * is there?  Names the first thing wrong.
 *
 * A zone is looked at under its lock, pcp lists under theirs.  The zone lock is
 * let go every SBUDDY_CHECK_WORK descriptors, so that interrupts are off for some
 * 100 us at a time however large the zone: exact only while nobody allocates.
 */
#include "os.h"
#include "rules.h"
#include "lru.h"

#define SBUDDY_CHECK_WORK	16384UL

struct sbuddy_checker {
	struct sbuddy_machine *m;
	struct sbuddy_zone *zone;
	char *err;
	size_t err_size;
	unsigned long listed;		/* pages on the zone's lists so far */
	unsigned long work;		/* descriptors looked at in this hold of the zone lock */
	unsigned long flags;		/* of interrupts, before it was taken */
};

/*
 * Between two steps under the zone lock, of @n descriptors each.  The lock comes
 * and goes in one function and is held by another: sparse is told that nothing
 * happened.
 */
static void sbuddy_check_breathe(struct sbuddy_checker *c, unsigned long n)
{
	c->work += n;
	if (likely(c->work < SBUDDY_CHECK_WORK))
		return;
	c->work = 0;
	__acquire(&c->zone->lock);
	spin_unlock_irqrestore(&c->zone->lock, c->flags);
	os_cond_resched();
	spin_lock_irqsave(&c->zone->lock, c->flags);
	__release(&c->zone->lock);
}

static __printf(2, 3) int sbuddy_wrong(struct sbuddy_checker *c, const char *fmt, ...)
{
	int n = scnprintf(c->err, c->err_size, "node %d zone %s: ", c->zone->node,
			  sbuddy_zone_name(c->zone->idx));
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(c->err + n, c->err_size - n, fmt, ap);
	va_end(ap);
	return -EUCLEAN;
}

static const char *sbuddy_block_fault(const struct sbuddy_checker *c,
				      const struct sbuddy_page *page, enum sbuddy_page_state state,
				      unsigned int order)
{
	unsigned long pfn;

	if ((unsigned long)(page - c->m->pages) >= c->m->nr_pages)
		return "is no page";
	pfn = sbuddy_pfn(c->m, page);
	if ((page->tag & SBUDDY_TAG_BLOCK) != sbuddy_tag(c->zone, state, order))
		return "carries another order, state or zone";
	if (pfn & ((1UL << order) - 1))
		return "is not aligned to its order";
	if (sbuddy_pfn_zone(c->m, pfn) != c->zone)
		return "lies outside the zone";
	if (page->refcount)
		return "has references";
	for (unsigned long i = 1; i < 1UL << order; i++)
		if (page[i].tag)
			return "covers the first page of another block";
	return NULL;
}

/*
 * A free block and its buddy of the same size should be one, but for what keeps
 * types apart.  Where lists go their own way, blocks of pageblock size may have
 * come free by another type than their pageblock has.
 */
static bool sbuddy_unmerged(const struct sbuddy_checker *c, const struct sbuddy_page *page,
			    unsigned int order, int mt)
{
	unsigned long pfn = sbuddy_pfn(c->m, page) ^ (1UL << order);
	struct sbuddy_page *buddy = sbuddy_pfn_to_page(c->m, pfn);
	int buddy_mt;

	if (order >= SBUDDY_PAGEBLOCK_ORDER && !c->m->rules->lists_follow_blocks)
		return false;
	if (order == SBUDDY_MAX_PAGE_ORDER || !buddy ||
	    (buddy->tag & SBUDDY_TAG_BLOCK) != sbuddy_tag(c->zone, SBUDDY_PAGE_BUDDY, order))
		return false;
	buddy_mt = sbuddy_pb_migratetype(c->m, pfn);
	if (order >= SBUDDY_PAGEBLOCK_ORDER && mt == SBUDDY_MIGRATE_ISOLATE)
		return false;	/* isolated one after the other: moved, not freed */
	return buddy_mt == mt ||
	       (sbuddy_migratetype_mergeable(mt) && sbuddy_migratetype_mergeable(buddy_mt));
}

/*
 * Without mobility grouping a pageblock of any common type is stored as
 * Unmovable, but what is moved when its isolation ends goes to the type asked for.
 */
static bool sbuddy_right_list(const struct sbuddy_checker *c, int mt, int block_mt)
{
	return mt == block_mt ||
	       (c->m->knobs.group_by_mobility_disabled &&
		block_mt == SBUDDY_MIGRATE_UNMOVABLE && sbuddy_migratetype_mergeable(mt));
}

static int sbuddy_check_free_block(struct sbuddy_checker *c, const struct sbuddy_page *page,
				   unsigned int order, int mt)
{
	const char *fault = sbuddy_block_fault(c, page, SBUDDY_PAGE_BUDDY, order);
	unsigned long pfn = sbuddy_pfn(c->m, page);

	if (fault)
		return sbuddy_wrong(c, "free block %lx order %u type %s %s", pfn, order,
				    sbuddy_migratetype_name(mt), fault);
	for (unsigned long p = pfn; p < pfn + (1UL << order); p += SBUDDY_PAGEBLOCK_NR_PAGES) {
		int block_mt = sbuddy_pb_migratetype(c->m, p);

		if (!sbuddy_right_list(c, mt, block_mt) && c->m->rules->lists_follow_blocks)
			return sbuddy_wrong(c, "free block %lx order %u is on the %s list, its pageblock is %s",
					    pfn, order, sbuddy_migratetype_name(mt),
					    sbuddy_migratetype_name(block_mt));
	}
	if (sbuddy_unmerged(c, page, order, mt))
		return sbuddy_wrong(c, "free block %lx order %u was not merged with its buddy",
				    pfn, order);
	return 0;
}

/* One free list: links, blocks; counts pages and blocks. */
static int sbuddy_check_free_list(struct sbuddy_checker *c, unsigned int order, int mt,
				  unsigned long *blocks)
{
	const struct list_head *head = &c->zone->free_area[order].free_list[mt];
	unsigned long limit = c->zone->spanned_pages >> order;
	const struct list_head *prev = head;

	for (const struct list_head *l = head->next; l != head; prev = l, l = l->next) {
		int err;

		if (l->prev != prev || l->next->prev != l || (*blocks)++ > limit)
			return sbuddy_wrong(c, "list of order %u type %s is broken", order,
					    sbuddy_migratetype_name(mt));
		err = sbuddy_check_free_block(c, list_entry(l, struct sbuddy_page, lru), order,
					      mt);
		if (err)
			return err;
		sbuddy_check_breathe(c, 1UL << order);
	}
	return 0;
}

static int sbuddy_check_free_area(struct sbuddy_checker *c, unsigned long *free,
				  unsigned long *highatomic)
{
	for (unsigned int o = 0; o < SBUDDY_NR_PAGE_ORDERS; o++) {
		unsigned long all = 0;

		for (int mt = 0; mt < SBUDDY_MIGRATE_TYPES; mt++) {
			unsigned long blocks = 0;
			int err = sbuddy_check_free_list(c, o, mt, &blocks);

			if (err)
				return err;
			all += blocks;
			c->listed += blocks << o;
			if (mt != SBUDDY_MIGRATE_ISOLATE)
				*free += blocks << o;
			if (mt == SBUDDY_MIGRATE_HIGHATOMIC)
				*highatomic += blocks << o;
		}
		if (all != c->zone->free_area[o].nr_free)
			return sbuddy_wrong(c, "nr_free of order %u is %lu, %lu blocks listed", o,
					    c->zone->free_area[o].nr_free, all);
	}
	return 0;
}

/* Every free block found by walking the frames must be on a list: the sums agree. */
static int sbuddy_check_frames(struct sbuddy_checker *c, unsigned long *used)
{
	unsigned long pfn = c->zone->zone_start_pfn, end = pfn + c->zone->spanned_pages;
	unsigned long free = 0;

	while (pfn < end) {
		u32 tag = sbuddy_page(c->m, pfn)->tag;
		unsigned long n = 1;

		if (sbuddy_pfn_zone(c->m, pfn) != c->zone) {
			pfn = ALIGN(pfn + 1, SBUDDY_PAGEBLOCK_NR_PAGES);
			continue;
		}
		if (sbuddy_tag_state(tag) != SBUDDY_PAGE_NONE)
			n = 1UL << sbuddy_tag_order(tag);
		if (n > end - pfn || pfn & (n - 1))
			return sbuddy_wrong(c, "block %lx is misplaced", pfn);
		if (sbuddy_tag_state(tag) == SBUDDY_PAGE_BUDDY)
			free += n;
		if (sbuddy_tag_state(tag) == SBUDDY_PAGE_USED ||
		    sbuddy_tag_state(tag) == SBUDDY_PAGE_HELD)
			*used += n;
		pfn += n;
		sbuddy_check_breathe(c, 1);
	}
	if (free != c->listed)
		return sbuddy_wrong(c, "%lu pages are in free blocks, %lu on the lists", free,
				    c->listed);
	return 0;
}

static int sbuddy_check_types(struct sbuddy_checker *c)
{
	struct sbuddy_zone *z = c->zone;
	unsigned long pfn = z->zone_start_pfn, end = pfn + z->spanned_pages;
	long isolated = 0;

	for (; pfn < end; pfn += SBUDDY_PAGEBLOCK_NR_PAGES) {
		int mt = sbuddy_pb_migratetype(c->m, pfn);

		if (!sbuddy_pageblock_present(c->m, z, pfn))
			continue;
		if (mt >= SBUDDY_MIGRATE_TYPES)
			return sbuddy_wrong(c, "pageblock %lx has type %d", pfn, mt);
		isolated += mt == SBUDDY_MIGRATE_ISOLATE;
		if (mt != SBUDDY_MIGRATE_ISOLATE && c->m->isolated_by[sbuddy_pb_index(c->m, pfn)])
			return sbuddy_wrong(c, "pageblock %lx is held isolated and is %s", pfn,
					    sbuddy_migratetype_name(mt));
		sbuddy_check_breathe(c, 1);
	}
	if (isolated != z->nr_isolate_pageblock)
		return sbuddy_wrong(c, "%ld isolated pageblocks, %ld counted", isolated,
				    z->nr_isolate_pageblock);
	return 0;
}

/* A threshold that kswapd has changed is for what comes, not for what is pending. */
static int sbuddy_pending_limit(const struct sbuddy_checker *c, const struct sbuddy_zonestat *zs)
{
	if (!sbuddy_vm_event(c->m, SBUDDY_PAGEOUTRUN))
		return zs->stat_threshold;
	return max3((int)zs->stat_threshold, sbuddy_stat_threshold(c->zone, false),
		    sbuddy_stat_threshold(c->zone, true));
}

static int sbuddy_check_counters(struct sbuddy_checker *c, unsigned long free,
				 unsigned long highatomic)
{
	struct sbuddy_zone *z = c->zone;
	long counted = z->nr_free_pages;

	for (int cpu = 0; cpu < c->m->nr_vcpus; cpu++) {
		const struct sbuddy_zonestat *zs = &z->zstat[cpu];

		counted += zs->free_diff;
		if (abs(zs->free_diff) > sbuddy_pending_limit(c, zs))
			return sbuddy_wrong(c, "vcpu %d has %d pages pending, more than %d", cpu,
					    zs->free_diff, zs->stat_threshold);
	}
	if (counted != (long)free)
		return sbuddy_wrong(c, "%ld free pages counted, %lu listed", counted, free);
	if (!c->m->rules->counts_highatomic)
		highatomic = z->nr_reserved_highatomic;
	if (z->nr_free_highatomic != (long)highatomic)
		return sbuddy_wrong(c, "%ld free HighAtomic pages counted, %lu listed",
				    z->nr_free_highatomic, highatomic);
	if (free > z->managed_pages)
		return sbuddy_wrong(c, "%lu pages free of %lu", free, z->managed_pages);
	return 0;
}

static int sbuddy_check_zone(struct sbuddy_checker *c, unsigned long *used)
{
	unsigned long free = 0, highatomic = 0;
	int err;

	c->listed = 0;
	c->work = 0;
	spin_lock_irqsave(&c->zone->lock, c->flags);
	err = sbuddy_check_free_area(c, &free, &highatomic);
	if (!err)
		err = sbuddy_check_counters(c, free, highatomic);
	if (!err)
		err = sbuddy_check_types(c);
	if (!err)
		err = sbuddy_check_frames(c, used);
	spin_unlock_irqrestore(&c->zone->lock, c->flags);
	return err;
}

static int sbuddy_check_pcp_list(struct sbuddy_checker *c, const struct sbuddy_pcp *pcp, int idx,
				 long *pages)
{
	unsigned int order = sbuddy_pindex_to_order(idx);
	const struct list_head *head = &pcp->lists[idx];
	const struct list_head *prev = head;

	for (const struct list_head *l = head->next; l != head; prev = l, l = l->next) {
		const struct sbuddy_page *page = list_entry(l, struct sbuddy_page, lru);
		const char *fault;

		if (l->prev != prev || l->next->prev != l || *pages > (long)c->zone->spanned_pages)
			return sbuddy_wrong(c, "pcp list %d is broken", idx);
		fault = sbuddy_block_fault(c, page, SBUDDY_PAGE_PCP, order);
		if (fault)
			return sbuddy_wrong(c, "pcp block %lx order %u %s",
					    sbuddy_pfn(c->m, page), order, fault);
		*pages += 1L << order;
	}
	return 0;
}

static int sbuddy_check_pcp(struct sbuddy_checker *c, int cpu, unsigned long *listed)
{
	struct sbuddy_pcp *pcp = &c->zone->pcp[cpu];
	long pages = 0;
	int err = 0;

	spin_lock(&pcp->lock);
	for (int i = 0; i < SBUDDY_NR_PCP_LISTS && !err; i++)
		err = sbuddy_check_pcp_list(c, pcp, i, &pages);
	if (!err && pages != pcp->count)
		err = sbuddy_wrong(c, "vcpu %d: pcp count is %d, %ld pages listed", cpu,
				   pcp->count, pages);
	spin_unlock(&pcp->lock);
	*listed += pages;
	return err;
}

/*
 * Nothing is lost: what is free, on pcp lists and allocated makes up the
 * zone.  An imported machine has pages that somebody unknown holds.
 */
static int sbuddy_check_sum(struct sbuddy_checker *c, unsigned long used, unsigned long pcp)
{
	unsigned long sum = c->listed + used + pcp;

	if (!c->m->config.layout.nr_extents || sum == c->zone->managed_pages)
		return 0;
	return sbuddy_wrong(c, "%lu free + %lu pcp + %lu allocated pages are not %lu managed",
			    c->listed, pcp, used, c->zone->managed_pages);
}

/**
 * sbuddy_check() - walk everything and name the first thing wrong
 * @m: machine; nobody allocates from it meanwhile
 * @err: out, what is wrong
 * @err_size: bytes of @err
 *
 * Lists and their links, blocks, alignment, pageblock types, counters, buddies
 * left unmerged, pages lost.
 *
 * Context: Process context.  Takes zone and pcp locks one at a time.
 * Return: 0, or -EUCLEAN.
 */
int sbuddy_check(struct sbuddy_machine *m, char *err, size_t err_size)
{
	struct sbuddy_checker c = { .m = m, .err = err, .err_size = err_size };

	for (int i = 0; i < m->nr_zones; i++) {
		unsigned long used = 0, pcp = 0;
		int ret;

		c.zone = m->zones[i];
		ret = sbuddy_check_zone(&c, &used);
		for (int cpu = 0; cpu < m->nr_vcpus && !ret; cpu++)
			ret = sbuddy_check_pcp(&c, cpu, &pcp);
		if (!ret)
			ret = sbuddy_check_sum(&c, used, pcp);
		if (ret)
			return ret;
		os_cond_resched();
	}
	return sbuddy_lru_check(m, err, err_size);
}
