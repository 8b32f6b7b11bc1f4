// SPDX-License-Identifier: GPL-2.0
/*
 * SBUDDY_IOC_DUMP_FREELIST and SBUDDY_IOC_DUMP_PCP: lists, in order.
 *
 * The lock that guards a list (zone lock, pcp lock) is held while the list is
 * walked into a kernel buffer, and the walk is bounded: SBUDDY_MAX_LIST_WALK
 * blocks are what interrupts can bear to wait for.  The buffer is taken before
 * and copied out after.
 */
#include <linux/err.h>
#include <linux/mm.h>
#include <linux/slab.h>

#include "ioctl.h"

/**
 * struct walk - blocks of one or more lists, in order
 * @m:	   machine
 * @total: blocks seen
 * @more:  SBUDDY_DUMP_MORE if the bound ended the walk
 * @pfns:  first frames, SBUDDY_MAX_LIST_WALK elements
 */
struct walk {
	const struct sbuddy_machine *m;
	u32 total;
	u32 more;
	u64 *pfns;
};

/*
 * Notes what follows @from on the list of @head; the list's lock is held.
 * Returns blocks noted.
 */
static u32 walk_list(struct walk *w, const struct list_head *head, const struct list_head *from)
{
	const struct list_head *pos;
	u32 start = w->total;

	for (pos = from->next; pos != head; pos = pos->next) {
		const struct sbuddy_page *page = list_entry(pos, struct sbuddy_page, lru);

		if (w->total == SBUDDY_MAX_LIST_WALK) {
			w->more = SBUDDY_DUMP_MORE;
			break;
		}
		w->pfns[w->total++] = sbuddy_page_to_pfn(w->m, page);
	}
	return w->total - start;
}

/*
 * Where a walk of the list begins: the head, or the block that ended the piece
 * before.  A free block is on the list of its order and of its first
 * pageblock's type.  Zone lock held; NULL if the block is not on this list.
 */
static const struct list_head *list_start(const struct sbuddy_zone *zone,
					  const struct sbuddy_dump_freelist *f)
{
	const struct sbuddy_machine *m = zone->machine;
	const struct sbuddy_page *page;

	if (f->after == SBUDDY_NO_PFN)
		return &zone->free_area[f->order].free_list[f->migratetype];
	if (sbuddy_pfn_zone(m, f->after) != zone)
		return NULL;
	page = sbuddy_pfn_to_page(m, f->after);
	if (sbuddy_page_state(page) != SBUDDY_PAGE_BUDDY ||
	    sbuddy_page_order(page) != f->order ||
	    sbuddy_get_pageblock_migratetype(m, f->after) != f->migratetype)
		return NULL;
	return &page->lru;
}

static int walk_freelist(struct sbuddy_zone *zone, const struct sbuddy_dump_freelist *f,
			 struct walk *w)
{
	const struct list_head *start;
	unsigned long flags;

	spin_lock_irqsave(&zone->lock, flags);
	start = list_start(zone, f);
	if (start)
		walk_list(w, &zone->free_area[f->order].free_list[f->migratetype], start);
	spin_unlock_irqrestore(&zone->lock, flags);
	return start ? 0 : -ENOENT;
}

static int gather_freelist(const struct sbuddy_dump_freelist *f, struct walk *w)
{
	struct sbuddy_machine *m = sbuddy_lock_machine(f->machine);
	struct sbuddy_zone *zone;
	int err;

	if (IS_ERR(m))
		return PTR_ERR(m);
	w->m = m;
	zone = sbuddy_find_zone(m, f->node, f->zone);
	err = IS_ERR(zone) ? PTR_ERR(zone) : walk_freelist(zone, f, w);
	sbuddy_unlock_machine();
	return err;
}

static int alloc_walk(struct walk *w)
{
	*w = (struct walk){};
	w->pfns = kvmalloc_array(SBUDDY_MAX_LIST_WALK, sizeof(*w->pfns), GFP_KERNEL);
	return w->pfns ? 0 : -ENOMEM;
}

/**
 * sbuddy_ioctl_dump_freelist - the blocks of one buddy list, in order
 * @c:	 the open file
 * @arg: struct sbuddy_dump_freelist
 *
 * Context: May sleep and fault; no locks held.
 * Return: 0; -EINVAL for a zone, order or migratetype that cannot be; -ENOENT
 * for an unknown machine, node or zone, or a start that has left the list;
 * -EFAULT for a bad array; -ENOMEM; -EINTR by a fatal signal.
 */
int sbuddy_ioctl_dump_freelist(struct sbuddy_client *c, void *arg)
{
	struct sbuddy_dump_freelist *f = arg;
	struct walk w;
	int err;

	if (f->order >= SBUDDY_NR_PAGE_ORDERS || f->migratetype >= SBUDDY_MIGRATE_TYPES)
		return -EINVAL;
	err = alloc_walk(&w);
	if (err)
		return err;
	err = gather_freelist(f, &w);
	if (!err)
		err = sbuddy_copy_array(f->pfns, f->capacity, w.pfns, w.total, sizeof(*w.pfns));
	kvfree(w.pfns);
	if (err < 0)
		return err;
	f->count = err;
	f->total = w.total;
	f->more = w.more;
	return 0;
}

static void fill_pcp(struct sbuddy_dump_pcp *d, const struct sbuddy_pcp *pcp)
{
	d->pages = pcp->count;
	d->high = pcp->high;
	d->high_min = pcp->high_min;
	d->high_max = pcp->high_max;
	d->batch = pcp->batch;
	d->free_count = pcp->free_count;
	d->pcp_flags = pcp->flags & SBUDDY_PCPF_KERNEL;
	d->alloc_factor = pcp->alloc_factor;
	d->expire = pcp->expire;
}

/* The lock is waited for, as a drain does. */
static void walk_pcp(struct sbuddy_zone *zone, struct sbuddy_dump_pcp *d, struct walk *w)
{
	struct sbuddy_pcp *pcp = &zone->pcp[d->cpu];
	unsigned int i;

	BUILD_BUG_ON(SBUDDY_PCP_LISTS != SBUDDY_NR_PCP_LISTS);
	spin_lock(&pcp->lock);
	fill_pcp(d, pcp);
	for (i = 0; i < SBUDDY_NR_PCP_LISTS; i++)
		d->lists[i] = walk_list(w, &pcp->lists[i], &pcp->lists[i]);
	spin_unlock(&pcp->lock);
	d->free_diff = READ_ONCE(zone->zstat[d->cpu].free_diff);
	d->stat_threshold = READ_ONCE(zone->zstat[d->cpu].stat_threshold);
}

static int gather_pcp(struct sbuddy_dump_pcp *d, struct walk *w)
{
	struct sbuddy_machine *m = sbuddy_lock_machine(d->machine);
	struct sbuddy_zone *zone;
	int err = 0;

	if (IS_ERR(m))
		return PTR_ERR(m);
	w->m = m;
	zone = sbuddy_find_zone(m, d->node, d->zone);
	if (IS_ERR(zone))
		err = PTR_ERR(zone);
	else if (d->cpu >= m->nr_vcpus)
		err = -EINVAL;
	else
		walk_pcp(zone, d, w);
	sbuddy_unlock_machine();
	return err;
}

/**
 * sbuddy_ioctl_dump_pcp - the per-CPU lists of a vcpu in a zone, in order
 * @c:	 the open file
 * @arg: struct sbuddy_dump_pcp
 *
 * Context: May sleep and fault; no locks held.
 * Return: 0; -EINVAL for a zone or vcpu that cannot be; -ENOENT for an unknown
 * machine, node or zone; -EFAULT for a bad array; -ENOMEM; -EINTR by a fatal signal.
 */
int sbuddy_ioctl_dump_pcp(struct sbuddy_client *c, void *arg)
{
	struct sbuddy_dump_pcp *d = arg;
	struct walk w;
	int err;

	err = alloc_walk(&w);
	if (err)
		return err;
	err = gather_pcp(d, &w);
	if (!err)
		err = sbuddy_copy_array(d->pfns, d->capacity, w.pfns, w.total, sizeof(*w.pfns));
	kvfree(w.pfns);
	if (err < 0)
		return err;
	d->count = err;
	d->total = w.total;
	d->more = w.more;
	return 0;
}
