// SPDX-License-Identifier: GPL-2.0
/*
 * LRU lists: where pages are that can move.  A page gets there by way of its
 * vcpu's batch, as in the kernel, and is taken off to be worked on (isolated);
 * until it is put back or has moved, only a reference and a flag tell of it.
 *
 * State: struct sbuddy_lru, under its one lock.  Ageing and reclaim are not
 * done here but in reclaim*.c.  A reference of a page is its
 * owner's, a batch's or of who isolated it; the last one frees it, which
 * happens after the lock is gone.
 */
#include "os.h"
#include "lru.h"

/* Empty lists: at boot and after a reset, which owners survive. */
void sbuddy_lru_init(struct sbuddy_machine *m)
{
	struct sbuddy_lru *lru = m->lru;

	memset(lru->node, 0, sizeof(lru->node));
	memset(&lru->reclaim, 0, sizeof(lru->reclaim));
	memset(lru->batch, 0, m->nr_vcpus * sizeof(lru->batch[0]));
	spin_lock_init(&lru->lock);
	for (int nid = 0; nid < SBUDDY_MAX_NODES; nid++)
		for (int i = 0; i < SBUDDY_NR_LRU_LISTS; i++)
			INIT_LIST_HEAD(&lru->node[nid].list[i]);
}

static void sbuddy_lru_fork_batch(const struct sbuddy_machine *src, struct sbuddy_machine *dst,
				  int cpu)
{
	const struct sbuddy_lru_batch *from = &src->lru->batch[cpu];
	struct sbuddy_lru_batch *to = &dst->lru->batch[cpu];

	to->nr = from->nr;
	for (unsigned int i = 0; i < from->nr; i++)
		to->page[i] = dst->pages + (from->page[i] - src->pages);
}

/* Lists and batches as those of @src, without its owners.  Links of pages are the caller's. */
int sbuddy_lru_fork(const struct sbuddy_machine *src, struct sbuddy_machine *dst)
{
	const struct sbuddy_fork_part part = { src->lru, dst->lru,
					       sbuddy_lru_size(src->nr_vcpus) };
	int err = 0;

	memcpy(dst->lru->node, src->lru->node, sizeof(dst->lru->node));
	dst->lru->reclaim = src->lru->reclaim;
	dst->lru->reclaim.oom_busy = 0;
	dst->lru->reclaim.oom_victim = 0;
	for (int nid = 0; nid < SBUDDY_MAX_NODES && !err; nid++)
		for (int i = 0; i < SBUDDY_NR_LRU_LISTS && !err; i++)
			err = sbuddy_fork_turn(src, dst, &part, &dst->lru->node[nid].list[i]);
	for (int cpu = 0; cpu < src->nr_vcpus; cpu++)
		sbuddy_lru_fork_batch(src, dst, cpu);
	return err;
}

/* @dead takes what loses its last reference until the unlock. */
void sbuddy_lru_lock(struct sbuddy_machine *m, struct list_head *dead)
	__acquires(&m->lru->lock)
{
	INIT_LIST_HEAD(dead);
	spin_lock(&m->lru->lock);
}

void sbuddy_lru_unlock(struct sbuddy_machine *m, struct sbuddy_task *task,
		       struct list_head *dead)
	__releases(&m->lru->lock)
{
	spin_unlock(&m->lru->lock);
	while (!list_empty(dead)) {
		struct sbuddy_page *page = list_first_entry(dead, struct sbuddy_page, lru);

		list_del(&page->lru);
		sbuddy_free_unref_page(m, task, page, sbuddy_tag_order(page->tag));
	}
}

/* ---- lists ---- */

/* Where a page with @tag belongs. */
enum sbuddy_lru_list sbuddy_folio_lru_list(u32 tag)
{
	if (tag & SBUDDY_TAG_UNEVICTABLE)
		return SBUDDY_UNEVICTABLE;
	return (tag & SBUDDY_TAG_FILE ? SBUDDY_INACTIVE_FILE : SBUDDY_INACTIVE_ANON) +
	       !!(tag & SBUDDY_TAG_ACTIVE);
}

static void sbuddy_lruvec_count(struct sbuddy_machine *m, struct sbuddy_page *page, long sign)
{
	struct sbuddy_lruvec *vec = sbuddy_lruvec_of(m, page);
	enum sbuddy_lru_list list = sbuddy_folio_lru_list(page->tag);
	long pages = sign * (long)sbuddy_block_pages(page->tag);

	WRITE_ONCE(vec->nr[list], vec->nr[list] + pages);
	vec->zone_nr[sbuddy_zone_of(m, page)->idx][list] += pages;
}

/* Puts a page on the list where it belongs.  Lock held. */
void sbuddy_lruvec_add_folio(struct sbuddy_machine *m, struct sbuddy_page *page)
{
	list_add(&page->lru, &sbuddy_lruvec_of(m, page)->list[sbuddy_folio_lru_list(page->tag)]);
	sbuddy_lruvec_count(m, page, 1);
	WRITE_ONCE(page->tag, page->tag | SBUDDY_TAG_LRU);
}

/* The same, to be looked at next.  Lock held. */
void sbuddy_lruvec_add_folio_tail(struct sbuddy_machine *m, struct sbuddy_page *page)
{
	sbuddy_lruvec_add_folio(m, page);
	list_move_tail(&page->lru,
		       &sbuddy_lruvec_of(m, page)->list[sbuddy_folio_lru_list(page->tag)]);
}

/* A page of a machine that is being made, to the tail of its list.  Returns which. */
int sbuddy_lru_append(struct sbuddy_machine *m, struct sbuddy_page *page)
{
	sbuddy_lruvec_add_folio_tail(m, page);
	return sbuddy_folio_lru_list(page->tag);
}

/* Off its list.  Lock held. */
void sbuddy_lruvec_del_folio(struct sbuddy_machine *m, struct sbuddy_page *page)
{
	list_del(&page->lru);
	sbuddy_lruvec_count(m, page, -1);
	WRITE_ONCE(page->tag, page->tag & ~SBUDDY_TAG_LRU);
}

/* Drops a reference; the last one takes the page off its list and to the dead. */
void sbuddy_folio_put(struct sbuddy_machine *m, struct sbuddy_page *page,
		      struct list_head *dead)
{
	lockdep_assert_held(&m->lru->lock);
	WRITE_ONCE(page->refcount, page->refcount - 1);
	if (page->refcount)
		return;
	if (page->tag & SBUDDY_TAG_LRU)
		sbuddy_lruvec_del_folio(m, page);
	page->tag &= SBUDDY_TAG_BLOCK | SBUDDY_TAG_COMPOUND;
	list_add_tail(&page->lru, dead);
}

/* Other attributes: another list, perhaps.  Lock held. */
void sbuddy_lru_set_attrs(struct sbuddy_machine *m, struct sbuddy_page *page, u32 attrs)
{
	const bool listed = page->tag & SBUDDY_TAG_LRU;
	const bool file = page->tag & SBUDDY_TAG_FILE;
	struct sbuddy_lruvec *vec = sbuddy_lruvec_of(m, page);

	if (listed)
		sbuddy_lruvec_del_folio(m, page);
	sbuddy_folio_free_swap(m, page);
	WRITE_ONCE(page->tag, (page->tag & ~SBUDDY_TAG_ATTRS) |
			      SBUDDY_TAG_ATTR(attrs & SBUDDY_LRU_STATE));
	if (listed)
		sbuddy_lruvec_add_folio(m, page);
	if (!(page->tag & SBUDDY_TAG_ISOLATED))
		return;
	vec->nr_isolated[file] -= sbuddy_block_pages(page->tag);
	vec->nr_isolated[!!(page->tag & SBUDDY_TAG_FILE)] += sbuddy_block_pages(page->tag);
}

/* ---- batches ---- */

static void sbuddy_batch_move_lru(struct sbuddy_machine *m, struct sbuddy_lru_batch *b,
				  struct list_head *dead)
{
	for (unsigned int i = 0; i < b->nr; i++) {
		WRITE_ONCE(b->page[i]->tag, b->page[i]->tag & ~SBUDDY_TAG_PENDING);
		sbuddy_lruvec_add_folio(m, b->page[i]);
	}
	for (unsigned int i = 0; i < b->nr; i++)
		sbuddy_folio_put(m, b->page[i], dead);
	b->nr = 0;
}

/*
 * A page in no list or batch is to be on its LRU list: when the vcpu's batch is
 * full, at once if the page is a large one.  Until then it cannot be isolated.
 */
void sbuddy_folio_add_lru(struct sbuddy_machine *m, struct sbuddy_task *task,
			  struct sbuddy_page *page, struct list_head *dead)
{
	struct sbuddy_lru_batch *b = &m->lru->batch[task->cpu];

	lockdep_assert_held(&m->lru->lock);
	WRITE_ONCE(page->refcount, page->refcount + 1);
	WRITE_ONCE(page->tag, page->tag | SBUDDY_TAG_PENDING);
	b->page[b->nr++] = page;
	if (b->nr >= (unsigned int)m->knobs.lru_batch || sbuddy_tag_order(page->tag) ||
	    m->lru->disabled)
		sbuddy_batch_move_lru(m, b, dead);
}

/* Takes a page out of whatever batch holds it. */
static void sbuddy_lru_unbatch(struct sbuddy_machine *m, struct sbuddy_page *page,
			       struct list_head *dead)
{
	for (int cpu = 0; cpu < m->nr_vcpus; cpu++) {
		struct sbuddy_lru_batch *b = &m->lru->batch[cpu];

		for (unsigned int i = 0; i < b->nr; i++) {
			if (b->page[i] != page)
				continue;
			memmove(&b->page[i], &b->page[i + 1],
				(--b->nr - i) * sizeof(b->page[0]));
			WRITE_ONCE(page->tag, page->tag & ~SBUDDY_TAG_PENDING);
			sbuddy_folio_put(m, page, dead);
			return;
		}
	}
}

/* Off its list or out of its batch, an ordinary page of the same holder.  Lock held. */
void sbuddy_lru_forget(struct sbuddy_machine *m, struct sbuddy_page *page,
		       struct list_head *dead)
{
	lockdep_assert_held(&m->lru->lock);
	if (page->tag & SBUDDY_TAG_PENDING)
		sbuddy_lru_unbatch(m, page, dead);
	else if (!(page->tag & SBUDDY_TAG_MOVABLE_OPS))
		sbuddy_lruvec_del_folio(m, page);
	sbuddy_folio_free_swap(m, page);
	sbuddy_clear_page_flag(page, SBUDDY_PRIVATE_FLAGS);
	WRITE_ONCE(page->tag, page->tag & ~(SBUDDY_TAG_ATTRS | SBUDDY_TAG_MOVABLE_OPS));
}

/* What waits on a vcpu goes to the lists now. */
void sbuddy_lru_add_drain(struct sbuddy_machine *m, struct sbuddy_task *task, int cpu)
{
	struct list_head dead;

	sbuddy_lru_lock(m, &dead);
	sbuddy_batch_move_lru(m, &m->lru->batch[cpu], &dead);
	sbuddy_lru_unlock(m, task, &dead);
}

/* The same on every vcpu, in ascending order. */
void sbuddy_lru_add_drain_all(struct sbuddy_machine *m, struct sbuddy_task *task)
{
	for (int cpu = 0; cpu < m->nr_vcpus; cpu++)
		sbuddy_lru_add_drain(m, task, cpu);
}

/**
 * sbuddy_lru_drain() - what waits on any vcpu goes to its LRU list
 * @m: machine
 * @task: who does it
 *
 * Context: Process context.
 */
void sbuddy_lru_drain(struct sbuddy_machine *m, struct sbuddy_task *task)
{
	sbuddy_lru_add_drain_all(m, task);
}

/* ---- isolation ---- */

/* Takes a page off its list, with a reference; its link is the caller's.  Lock held. */
void sbuddy_lru_isolate(struct sbuddy_machine *m, struct sbuddy_page *page)
{
	lockdep_assert_held(&m->lru->lock);
	sbuddy_lruvec_del_folio(m, page);
	WRITE_ONCE(page->refcount, page->refcount + 1);
	WRITE_ONCE(page->tag, page->tag | SBUDDY_TAG_ISOLATED);
	sbuddy_lruvec_of(m, page)->nr_isolated[!!(page->tag & SBUDDY_TAG_FILE)] +=
		sbuddy_block_pages(page->tag);
}

/* The work on it is over; the reference is still there.  Lock held. */
void sbuddy_lru_end_isolation(struct sbuddy_machine *m, struct sbuddy_page *page)
{
	lockdep_assert_held(&m->lru->lock);
	WRITE_ONCE(page->tag, page->tag & ~SBUDDY_TAG_ISOLATED);
	if (page->tag & SBUDDY_TAG_MOVABLE_OPS)
		return;
	sbuddy_lruvec_of(m, page)->nr_isolated[!!(page->tag & SBUDDY_TAG_FILE)] -=
		sbuddy_block_pages(page->tag);
}

/* Isolated pages that nobody will move after all go back, in list order. */
void sbuddy_putback_movable_pages(struct sbuddy_machine *m, struct sbuddy_task *task,
				  struct list_head *pages)
{
	struct sbuddy_page *page;
	struct list_head dead;

	list_for_each_entry(page, pages, lru)
		if (page->tag & SBUDDY_TAG_MOVABLE_OPS)
			sbuddy_putback_movable_page(m, page);
	sbuddy_lru_lock(m, &dead);
	while (!list_empty(pages)) {
		page = list_first_entry(pages, struct sbuddy_page, lru);
		list_del(&page->lru);
		sbuddy_lru_end_isolation(m, page);
		if (!(page->tag & SBUDDY_TAG_MOVABLE_OPS))
			sbuddy_folio_add_lru(m, task, page, &dead);
		sbuddy_folio_put(m, page, &dead);
	}
	sbuddy_lru_unlock(m, task, &dead);
}

/* ---- the walk for check.c ---- */

static const char *sbuddy_lru_page_fault(const struct sbuddy_machine *m,
					 const struct sbuddy_page *page, int nid,
					 enum sbuddy_lru_list list)
{
	if ((unsigned long)(page - m->pages) >= m->nr_pages)
		return "is no page";
	if (sbuddy_page_state(page) != SBUDDY_PAGE_USED)
		return "is not allocated";
	if ((page->tag & SBUDDY_TAG_MOVABLE) != SBUDDY_TAG_LRU)
		return "is not marked as listed, and nothing else";
	if (sbuddy_zone_of(m, page)->node != nid || sbuddy_folio_lru_list(page->tag) != list)
		return "belongs on another list";
	if (!page->refcount)
		return "has no references";
	return NULL;
}

static int sbuddy_lru_check_list(const struct sbuddy_machine *m, int nid,
				 enum sbuddy_lru_list list, char *err, size_t err_size)
{
	const struct sbuddy_lruvec *vec = &m->lru->node[nid];
	const struct list_head *head = &vec->list[list], *prev = head;
	unsigned long pages = 0, zone[SBUDDY_MAX_NR_ZONES] = { 0 };

	for (const struct list_head *l = head->next; l != head; prev = l, l = l->next) {
		const struct sbuddy_page *page = list_entry(l, struct sbuddy_page, lru);
		const char *fault = sbuddy_lru_page_fault(m, page, nid, list);

		if (l->prev != prev || pages > m->nr_pages)
			fault = "is linked wrongly";
		if (fault) {
			scnprintf(err, err_size, "node %d LRU list %d: page %lx %s", nid, list,
				  sbuddy_pfn(m, page), fault);
			return -EUCLEAN;
		}
		pages += sbuddy_block_pages(page->tag);
		zone[sbuddy_zone_of(m, page)->idx] += sbuddy_block_pages(page->tag);
	}
	for (int i = 0; i < SBUDDY_MAX_NR_ZONES; i++)
		if (zone[i] != vec->zone_nr[i][list]) {
			scnprintf(err, err_size,
				  "node %d LRU list %d: %lu pages of zone %d listed, %lu counted",
				  nid, list, zone[i], i, vec->zone_nr[i][list]);
			return -EUCLEAN;
		}
	if (pages == vec->nr[list])
		return 0;
	scnprintf(err, err_size, "node %d LRU list %d: %lu pages listed, %lu counted", nid, list,
		  pages, vec->nr[list]);
	return -EUCLEAN;
}

static int sbuddy_lru_check_batch(const struct sbuddy_machine *m, int cpu, char *err,
				  size_t err_size)
{
	const struct sbuddy_lru_batch *b = &m->lru->batch[cpu];

	for (unsigned int i = 0; i < b->nr; i++) {
		if ((b->page[i]->tag & SBUDDY_TAG_MOVABLE) == SBUDDY_TAG_PENDING &&
		    b->page[i]->refcount)
			continue;
		scnprintf(err, err_size, "vcpu %d: page %lx waits for its LRU list, unmarked", cpu,
			  sbuddy_pfn(m, b->page[i]));
		return -EUCLEAN;
	}
	return 0;
}

/* Lists, batches and counters of the machine: 0, or -EUCLEAN and the first thing wrong. */
int sbuddy_lru_check(struct sbuddy_machine *m, char *err, size_t err_size)
{
	int ret = 0;

	spin_lock(&m->lru->lock);
	if (m->lru->reclaim.nr_swap > (unsigned long)m->knobs.swap_pages) {
		scnprintf(err, err_size, "%lu pages in a swap of %ld", m->lru->reclaim.nr_swap,
			  m->knobs.swap_pages);
		ret = -EUCLEAN;
	}
	for (int nid = 0; nid < m->nr_nodes && !ret; nid++)
		for (int i = 0; i < SBUDDY_NR_LRU_LISTS && !ret; i++)
			ret = sbuddy_lru_check_list(m, nid, i, err, err_size);
	for (int cpu = 0; cpu < m->nr_vcpus && !ret; cpu++)
		ret = sbuddy_lru_check_batch(m, cpu, err, err_size);
	spin_unlock(&m->lru->lock);
	return ret;
}
