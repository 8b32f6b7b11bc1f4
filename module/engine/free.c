// SPDX-License-Identifier: GPL-2.0
/*
 * Freeing: dropping references, checking that what is freed may be freed, and
 * choosing between the vcpu's lists and the buddy.
 *
 * What the kernel would report as a bad page is refused here with an errno, a
 * counter and a tracepoint, before anything changes.
 */
#include "os.h"
#include "rules.h"
#include "shortcut.h"

#define SBUDDY_FOLIO_BATCH	31	/* folios that the kernel frees in one go */

static noinline int sbuddy_refuse_free(struct sbuddy_machine *m, unsigned long pfn,
				       unsigned int order, int err)
{
	sbuddy_count_machine_event(m, SBUDDY_BAD_FREE);
	trace_sbuddy_bad_free(m, pfn, order, err);
	return err;
}

/* What is wrong with freeing @page as a block of @order? */
static noinline int sbuddy_bad_free(struct sbuddy_machine *m, const struct sbuddy_page *page,
				    unsigned int order)
{
	struct sbuddy_page *head;
	unsigned long pfn;
	int err = -ENOENT;

	if (!page || !sbuddy_page_exists(m, page))
		return sbuddy_refuse_free(m, 0, order, -ENOENT);
	pfn = sbuddy_pfn(m, page);
	head = sbuddy_covering_head(m, pfn);
	if (head)
		err = sbuddy_page_state(head) == SBUDDY_PAGE_USED ? -EINVAL : -EALREADY;
	return sbuddy_refuse_free(m, pfn, order, err);
}

/* May @page be freed as a block of @order: is it the start of such a one, and in use? */
static inline bool sbuddy_free_allowed(const struct sbuddy_machine *m,
				       const struct sbuddy_page *page, unsigned int order)
{
	const u32 want = SBUDDY_PAGE_USED << SBUDDY_TAG_STATE_SHIFT | order;

	return likely(sbuddy_page_exists(m, page)) &&
	       likely((page->tag & (SBUDDY_TAG_STATE | SBUDDY_TAG_ORDER)) == want);
}

/* The only reference needs no atomic: nobody can add to it who does not have it. */
static inline bool sbuddy_put_page_testzero(struct sbuddy_page *page)
{
	u32 old = READ_ONCE(page->refcount), seen;

	if (likely(old == 1)) {
		WRITE_ONCE(page->refcount, 0);
		return true;
	}
	for (;; old = seen) {
		seen = cmpxchg(&page->refcount, old, old - 1);
		if (seen == old)
			return old == 1;
	}
}

/* The block is nobody's from here on. */
static inline void sbuddy_free_pages_prepare(struct sbuddy_machine *m, struct sbuddy_page *page,
					     unsigned int order)
{
	trace_sbuddy_mm_page_free(m, page, order);
	page->private = 0;
}

/* To the buddy, past the pcp lists.  Takes the zone lock. */
void sbuddy_free_one_page(struct sbuddy_zone *zone, struct sbuddy_task *task,
			  struct sbuddy_page *page, unsigned int order, sbuddy_fpi_t fpi)
{
	unsigned long flags;

	spin_lock_irqsave(&zone->lock, flags);
	sbuddy_split_large_buddy(zone, task, page, order, fpi);
	zone->events[SBUDDY_PGFREE] += 1UL << order;
	spin_unlock_irqrestore(&zone->lock, flags);
}

/*
 * List of the pcp for a block whose pageblock has type @mt: HighAtomic ones
 * wait among the movable ones, isolated ones (-1) must not wait at all.
 */
static inline int sbuddy_pcp_migratetype(int mt)
{
	if (likely(mt < SBUDDY_MIGRATE_PCPTYPES))
		return mt;
	return mt == SBUDDY_MIGRATE_ISOLATE ? -1 : SBUDDY_MIGRATE_MOVABLE;
}

/* To the vcpu's list.  False if the pageblock is isolated or the list is busy. */
static bool sbuddy_free_to_pcp(struct sbuddy_zone *zone, struct sbuddy_task *task,
			       struct sbuddy_page *page, unsigned int order)
{
	struct sbuddy_machine *m = zone->machine;
	struct sbuddy_pcp *pcp = &zone->pcp[task->cpu];
	int mt = sbuddy_pcp_migratetype(sbuddy_page_migratetype(m, page));

	if (unlikely(mt < 0))
		return false;
	if (unlikely(!sbuddy_pcp_trylock(pcp))) {
		sbuddy_count_machine_event(m, SBUDDY_PCP_BUSY);
		return false;
	}
	sbuddy_free_unref_page_commit(zone, task, pcp, page, mt, order);
	sbuddy_pcp_unlock(pcp);
	return true;
}

/* Frees a block whose last reference is gone, to the vcpu's list if it can be. */
void sbuddy_free_unref_page(struct sbuddy_machine *m, struct sbuddy_task *task,
			    struct sbuddy_page *page, unsigned int order)
{
	struct sbuddy_zone *zone = sbuddy_zone_of(m, page);

	sbuddy_free_pages_prepare(m, page, order);
	if (!sbuddy_pcp_allowed_order(order) || !sbuddy_free_to_pcp(zone, task, page, order))
		sbuddy_free_one_page(zone, task, page, order, SBUDDY_FPI_NONE);
}

/*
 * Somebody else still holds @page.  Of a block that is not compound that can
 * only be its first page: the rest is freed now, in falling orders, and the
 * other holder frees the first page later as order 0.
 */
static noinline void sbuddy_free_tail_part(struct sbuddy_machine *m, struct sbuddy_task *task,
					   struct sbuddy_page *page, unsigned int order)
{
	struct sbuddy_zone *zone = sbuddy_zone_of(m, page);

	WRITE_ONCE(page->tag, page->tag & ~SBUDDY_TAG_ORDER);
	while (order--) {
		struct sbuddy_page *part = page + (1UL << order);

		WRITE_ONCE(part->tag, sbuddy_tag(zone, SBUDDY_PAGE_USED, order));
		part->refcount = 0;
		sbuddy_free_unref_page(m, task, part, order);
	}
}

/* The ordinary way of a free, for a page that may be freed. */
static noinline int sbuddy___free_pages(struct sbuddy_machine *m, struct sbuddy_task *task,
					struct sbuddy_page *page, unsigned int order)
{
	if (likely(sbuddy_put_page_testzero(page)))
		sbuddy_free_unref_page(m, task, page, order);
	else if (!(page->tag & SBUDDY_TAG_COMPOUND))
		sbuddy_free_tail_part(m, task, page, order);
	return 0;
}

static noinline int sbuddy_free_block(struct sbuddy_machine *m, struct sbuddy_task *task,
				      struct sbuddy_page *page, unsigned int order)
{
	if (unlikely(!sbuddy_pcp_allowed_order(order)) ||
	    unlikely(!sbuddy_free_near(m, task, page, order)))
		return sbuddy___free_pages(m, task, page, order);
	return 0;
}

/**
 * sbuddy_free_pages() - drop one reference of a block, free it with the last
 * @m: machine
 * @task: who frees, on which vcpu
 * @page: first page of the block
 * @order: order that the block has
 *
 * While others hold a block that is not compound, all but its first page is
 * freed; that one then has order 0.
 *
 * Context: Any.
 * Return: 0; -ENOENT if nothing was ever allocated there or the frame is not
 * of this machine; -EALREADY if it is free; -EINVAL for a wrong order or a
 * page that is not the first of its block.  Refused frees change nothing, are
 * counted and traced.
 */
noinline int sbuddy_free_pages(struct sbuddy_machine *m, struct sbuddy_task *task,
			       struct sbuddy_page *page, unsigned int order)
{
	if (unlikely(!sbuddy_free_allowed(m, page, order)))
		return sbuddy_bad_free(m, page, order);
	if (unlikely(os_tracing_free()))
		return sbuddy___free_pages(m, task, page, order);
	if (order)
		return sbuddy_free_block(m, task, page, order);
	if (unlikely(!sbuddy_free_near(m, task, page, 0)))
		return sbuddy___free_pages(m, task, page, 0);
	return 0;
}

/* One page that an exact allocation has too much: to the buddy, to the tail. */
void sbuddy_free_excess_page(struct sbuddy_machine *m, struct sbuddy_task *task,
			     struct sbuddy_page *page)
{
	struct sbuddy_zone *zone = sbuddy_zone_of(m, page);

	page->refcount = 0;
	sbuddy_free_pages_prepare(m, page, 0);
	sbuddy_free_one_page(zone, task, page, 0, SBUDDY_FPI_TO_TAIL);
}

/* Boot: frames that were never allocated, not counted as freed. */
void sbuddy___free_pages_core(struct sbuddy_zone *zone, struct sbuddy_task *task,
			      unsigned long pfn, unsigned int order)
{
	unsigned long flags;

	spin_lock_irqsave(&zone->lock, flags);
	sbuddy_split_large_buddy(zone, task, sbuddy_page(zone->machine, pfn), order,
				 SBUDDY_FPI_TO_TAIL);
	spin_unlock_irqrestore(&zone->lock, flags);
}

/**
 * sbuddy_free_pages_exact() - free what sbuddy_alloc_pages_exact() gave
 * @m: machine
 * @task: who frees
 * @page: first of @nr single pages
 * @nr: pages
 *
 * Context: Any.
 * Return: 0, or the error of the first page that may not be freed, as for
 * sbuddy_free_pages(); then nothing is freed.
 */
int sbuddy_free_pages_exact(struct sbuddy_machine *m, struct sbuddy_task *task,
			    struct sbuddy_page *page, unsigned long nr)
{
	unsigned long i;

	for (i = 0; i < nr; i++)
		if (!sbuddy_free_allowed(m, page + i, 0))
			return sbuddy_bad_free(m, page + i, 0);
	for (i = 0; i < nr; i++)
		sbuddy_free_pages(m, task, page + i, 0);
	return 0;
}

/* A folio is a single page or a compound block. */
static bool sbuddy_is_folio(const struct sbuddy_machine *m, const struct sbuddy_page *page)
{
	unsigned int order;

	if (!sbuddy_page_exists(m, page))
		return false;
	order = sbuddy_tag_order(page->tag);
	return sbuddy_free_allowed(m, page, order) &&
	       (!order || page->tag & SBUDDY_TAG_COMPOUND);
}

/* pcp list of a batch that is being freed: locked while the zone stays the same. */
struct sbuddy_batch_pcp {
	struct sbuddy_zone *zone;
	struct sbuddy_pcp *pcp;
};

static void sbuddy_batch_unlock(struct sbuddy_batch_pcp *b)
{
	if (b->pcp)
		sbuddy_pcp_unlock(b->pcp);
	b->pcp = NULL;
	b->zone = NULL;
}

static bool sbuddy_batch_lock(struct sbuddy_batch_pcp *b, struct sbuddy_zone *zone,
			      struct sbuddy_task *task)
{
	struct sbuddy_pcp *pcp = &zone->pcp[task->cpu];

	if (b->zone == zone)
		return true;
	sbuddy_batch_unlock(b);
	if (!sbuddy_pcp_trylock(pcp)) {
		sbuddy_count_machine_event(zone->machine, SBUDDY_PCP_BUSY);
		return false;
	}
	b->pcp = pcp;
	b->zone = zone;
	return true;
}

static void sbuddy_batch_free_one(struct sbuddy_machine *m, struct sbuddy_task *task,
				  struct sbuddy_batch_pcp *b, struct sbuddy_page *page)
{
	struct sbuddy_zone *zone = sbuddy_zone_of(m, page);
	unsigned int order = sbuddy_tag_order(page->tag);
	int mt = sbuddy_pcp_migratetype(sbuddy_page_migratetype(m, page));

	if (mt < 0)
		sbuddy_batch_unlock(b);
	if (mt < 0 || !sbuddy_batch_lock(b, zone, task)) {
		sbuddy_free_one_page(zone, task, page, order, SBUDDY_FPI_NONE);
		return;
	}
	trace_sbuddy_mm_page_free_batched(m, page);
	sbuddy_free_unref_page_commit(zone, task, b->pcp, page, mt, order);
}

/* Folios without pcp lists go first, then the others under as few locks as possible. */
static void sbuddy_free_unref_folios(struct sbuddy_machine *m, struct sbuddy_task *task,
				     struct sbuddy_page **folios, unsigned int nr)
{
	struct sbuddy_batch_pcp b = { NULL, NULL };
	unsigned int i, kept = 0;

	for (i = 0; i < nr; i++) {
		struct sbuddy_page *page = folios[i];
		unsigned int order = sbuddy_tag_order(page->tag);

		sbuddy_free_pages_prepare(m, page, order);
		if (sbuddy_pcp_allowed_order(order))
			folios[kept++] = page;
		else
			sbuddy_free_one_page(sbuddy_zone_of(m, page), task, page, order,
					     SBUDDY_FPI_NONE);
	}
	for (i = 0; i < kept; i++)
		sbuddy_batch_free_one(m, task, &b, folios[i]);
	sbuddy_batch_unlock(&b);
}

/* Drops a reference of each; those that reach none come first in @folios.  Returns their number. */
static unsigned int sbuddy_put_folios(struct sbuddy_page **folios, unsigned int nr)
{
	unsigned int last = 0;

	for (unsigned int i = 0; i < nr; i++)
		if (sbuddy_put_page_testzero(folios[i]))
			folios[last++] = folios[i];
	return last;
}

/* 31 at a time, as many as a batch of the kernel holds. */
void sbuddy_folios_put_refs(struct sbuddy_machine *m, struct sbuddy_task *task,
			    struct sbuddy_page **folios, unsigned int nr)
{
	for (unsigned int i = 0; i < nr; i += SBUDDY_FOLIO_BATCH) {
		unsigned int n = min(nr - i, (unsigned int)SBUDDY_FOLIO_BATCH);

		n = sbuddy_put_folios(folios + i, n);
		sbuddy_free_unref_folios(m, task, folios + i, n);
	}
}

/*
 * Single pages, the last first: all are prepared and those of isolated blocks
 * go to the buddy, then the others to the vcpu's list.
 */
static void sbuddy_free_unref_page_list_61(struct sbuddy_machine *m, struct sbuddy_task *task,
					   struct sbuddy_page **pages, unsigned int nr)
{
	struct sbuddy_batch_pcp b = { NULL, NULL };
	unsigned int i = nr;

	while (i--) {
		struct sbuddy_page *page = pages[i];

		sbuddy_free_pages_prepare(m, page, 0);
		if (likely(sbuddy_page_migratetype(m, page) != SBUDDY_MIGRATE_ISOLATE))
			continue;
		sbuddy_free_one_page(sbuddy_zone_of(m, page), task, page, 0, SBUDDY_FPI_NONE);
		pages[i] = NULL;
	}
	for (i = nr; i--;)
		if (pages[i])
			sbuddy_batch_free_one(m, task, &b, pages[i]);
	sbuddy_batch_unlock(&b);
}

/*
 * 6.1 knows no batches of blocks: these go one by one as they come.  Single
 * pages are collected on a list, each at its head, and follow.
 */
void sbuddy_release_pages_61(struct sbuddy_machine *m, struct sbuddy_task *task,
			     struct sbuddy_page **folios, unsigned int nr)
{
	unsigned int kept = 0;

	for (unsigned int i = 0; i < nr; i++) {
		struct sbuddy_page *page = folios[i];
		unsigned int order = sbuddy_tag_order(page->tag);

		if (!sbuddy_put_page_testzero(page))
			continue;
		if (order)
			sbuddy_free_unref_page(m, task, page, order);
		else
			folios[kept++] = page;
	}
	sbuddy_free_unref_page_list_61(m, task, folios, kept);
}

/**
 * sbuddy_folios_put() - drop a reference of many folios in one go
 * @m: machine
 * @task: who frees
 * @folios: single pages or first pages of compound blocks, each at most once;
 *	    overwritten
 * @nr: entries of @folios
 *
 * Context: Any.
 * Return: 0, or the error of the first that may not be freed, as for
 * sbuddy_free_pages(); then nothing is freed.  -EINVAL also for a block of
 * order 1 or more that is not compound.
 */
int sbuddy_folios_put(struct sbuddy_machine *m, struct sbuddy_task *task,
		      struct sbuddy_page **folios, unsigned int nr)
{
	unsigned int i;

	for (i = 0; i < nr; i++)
		if (!sbuddy_is_folio(m, folios[i]))
			return sbuddy_bad_free(m, folios[i], 0);
	m->rules->free_folios(m, task, folios, nr);
	return 0;
}

/**
 * sbuddy_get_page() - one more reference on an allocated block
 * @m: machine
 * @page: first page of the block; the caller has a reference
 *
 * Context: Any.
 * Return: 0; -ENOENT if the page is not the first of an allocated block;
 * -EBUSY when no more can be counted.
 */
int sbuddy_get_page(struct sbuddy_machine *m, struct sbuddy_page *page)
{
	u32 old, seen;

	if (!sbuddy_page_exists(m, page) ||
	    sbuddy_page_state(page) != SBUDDY_PAGE_USED)
		return -ENOENT;
	for (old = READ_ONCE(page->refcount);; old = seen) {
		if (!old)
			return -ENOENT;
		if (old == INT_MAX)
			return -EBUSY;
		seen = cmpxchg(&page->refcount, old, old + 1);
		if (seen == old)
			return 0;
	}
}

/**
 * sbuddy_split_page() - make single pages of a block
 * @m: machine
 * @page: first page of an allocated block that is not compound, one reference
 * @order: its order
 *
 * No list changes; each page can be freed on its own afterwards.
 *
 * Context: Any; the block is the caller's.
 * Return: 0; -ENOENT, -EALREADY, -EINVAL as for sbuddy_free_pages(), -EINVAL
 * also for a compound block, -EBUSY if others hold it.
 */
int sbuddy_split_page(struct sbuddy_machine *m, struct sbuddy_page *page, unsigned int order)
{
	struct sbuddy_zone *zone;

	if (!sbuddy_free_allowed(m, page, order))
		return sbuddy_bad_free(m, page, order);
	if (page->tag & SBUDDY_TAG_COMPOUND)
		return -EINVAL;
	if (READ_ONCE(page->refcount) != 1)
		return -EBUSY;
	zone = sbuddy_zone_of(m, page);
	for (unsigned long i = 0; i < 1UL << order; i++) {
		page[i].tag = sbuddy_tag(zone, SBUDDY_PAGE_USED, 0);
		page[i].refcount = 1;
		page[i].private = 0;
	}
	return 0;
}
