// SPDX-License-Identifier: GPL-2.0
/* See twin_state.h.  This file looks into the engine: it moves single pages. */
#include "twin_state.h"
#include "internal.h"

#define MOMENT_NS	50000000ULL	/* how long reclaim and compaction excuse a miss */
#define OVERLAP_NS	100000ULL	/* CPUs whose events are that close overlap */
#define AFTER_ALLOCS	64		/* allocations that a miss is felt for */
#define ASTRAY_MISSES	(TWIN_RECENT / 16)

/* For a report. */
const char *twin_miss_name(enum twin_miss reason)
{
	static const char * const names[TWIN_NR_MISSES] = {
		[TWIN_LOST] = "lost events",
		[TWIN_UNSEEN_FREE] = "freed without an event",
		[TWIN_RECLAIM] = "reclaim",
		[TWIN_COMPACTION] = "compaction",
		[TWIN_ORDER] = "told in the other order",
		[TWIN_FOREIGN_CPU] = "another CPU at the same time",
		[TWIN_AFTER] = "after another miss",
		[TWIN_REFUSED] = "refused",
		[TWIN_OTHER] = "unexplained",
	};

	return names[reason];
}

/* ---- single pages ---- */

static struct sbuddy_zone *zone_at(const struct twin *t, uint64_t pfn)
{
	return t->m ? sbuddy_pfn_zone(t->m, pfn) : NULL;
}

static bool is_inside(const struct twin *t, uint64_t pfn, unsigned int order)
{
	return zone_at(t, pfn) && zone_at(t, pfn + (1UL << order) - 1);
}

/* Takes a free block off its list; the page is on no list and in nobody's hands then. */
static void unlink_free(struct twin *t, struct sbuddy_page *page, struct sbuddy_task *task)
{
	unsigned int order = sbuddy_tag_order(page->tag);
	struct sbuddy_zone *zone = sbuddy_zone_of(t->m, page);
	unsigned long flags;

	if (sbuddy_tag_state(page->tag) == SBUDDY_PAGE_BUDDY) {
		spin_lock_irqsave(&zone->lock, flags);
		sbuddy_del_page_from_free_list(page, zone, task, order,
					       sbuddy_page_migratetype(t->m, page));
		spin_unlock_irqrestore(&zone->lock, flags);
		return;
	}
	for (int cpu = 0; cpu < t->m->nr_vcpus; cpu++)
		for (int i = 0; i < SBUDDY_NR_PCP_LISTS; i++) {
			struct sbuddy_pcp *pcp = &zone->pcp[cpu];
			struct list_head *pos;

			for (pos = pcp->lists[i].next; pos != &pcp->lists[i]; pos = pos->next) {
				if (pos != &page->lru)
					continue;
				list_del(pos);
				pcp->count -= 1 << order;
				page->tag = 0;
				return;
			}
		}
}

/* Frees what of a block lies outside of [@pfn, @pfn + @nr). */
static void free_rest(struct twin *t, struct sbuddy_task *task, uint64_t head, unsigned int order,
		      uint64_t pfn, uint64_t nr)
{
	if (head >= pfn && head + (1UL << order) <= pfn + nr)
		return;
	if (head + (1UL << order) <= pfn || head >= pfn + nr) {
		sbuddy_free_one_page(zone_at(t, head), task, sbuddy_page(t->m, head), order,
				     SBUDDY_FPI_NONE);
		return;
	}
	order--;
	free_rest(t, task, head, order, pfn, nr);
	free_rest(t, task, head + (1UL << order), order, pfn, nr);
}

/*
 * Makes a range nobody's: off all lists, and not part of what is in use.
 * Returns how many blocks of it were free; @used says whether some was in use.
 */
static unsigned int clear_range(struct twin *t, struct sbuddy_task *task, uint64_t pfn,
				unsigned int order, bool *used)
{
	uint64_t nr = 1UL << order, at = pfn;
	unsigned int found = 0;

	while (at < pfn + nr) {
		struct sbuddy_page *head = sbuddy_covering_head(t->m, at);
		unsigned int head_order;
		uint64_t start;

		if (!head) {
			at++;
			continue;
		}
		start = sbuddy_pfn(t->m, head);
		head_order = sbuddy_tag_order(head->tag);
		if (sbuddy_tag_state(head->tag) == SBUDDY_PAGE_USED) {
			*used = true;
			head->tag = 0;
			head->refcount = 0;
		} else {
			found++;
			unlink_free(t, head, task);
			free_rest(t, task, start, head_order, pfn, nr);
		}
		at = start + (1UL << head_order);
	}
	return found;
}

/* A range that is nobody's becomes a block in use. */
static struct sbuddy_page *adopt(struct twin *t, uint64_t pfn, unsigned int order, bool compound)
{
	struct sbuddy_page *page = sbuddy_page(t->m, pfn);

	page->tag = sbuddy_tag(zone_at(t, pfn), SBUDDY_PAGE_USED, order);
	if (order && compound)
		page->tag |= SBUDDY_TAG_COMPOUND;
	page->refcount = 1;
	page->private = 0;
	return page;
}

/* Undoes an allocation that the kernel did not do: back to the head of its list. */
static void put_back(struct twin *t, struct sbuddy_task *task, struct sbuddy_page *page,
		     unsigned int order, u32 gfp)
{
	struct sbuddy_zone *zone = sbuddy_zone_of(t->m, page);
	struct sbuddy_pcp *pcp = &zone->pcp[task->cpu];

	page->refcount = 0;
	if (!sbuddy_pcp_allowed_order(order)) {
		sbuddy_free_one_page(zone, task, page, order, SBUDDY_FPI_NONE);
		return;
	}
	page->tag = sbuddy_tag(zone, SBUDDY_PAGE_PCP, order);
	list_add(&page->lru, &pcp->lists[sbuddy_order_to_pindex(sbuddy_gfp_mt(t->m, gfp), order)]);
	pcp->count += 1 << order;
}

/* ---- time ---- */

static struct sbuddy_task task_of(const struct twin *t, const struct sbr_event *e)
{
	struct sbuddy_task task = { .cpu = e->cpu % t->m->nr_vcpus };

	if (e->context & (SBR_IN_HARDIRQ | SBR_IN_SOFTIRQ))
		task.flags |= SBUDDY_PF_INTERRUPT;
	if (e->context & SBR_IN_SOFTIRQ)
		task.flags |= SBUDDY_PF_SOFTIRQ;
	return task;
}

/* Whether the clone already knows of it. */
static bool is_past(const struct twin *t, uint64_t pfn, uint64_t time_ns)
{
	return time_ns <= t->cut_ns[zone_at(t, pfn)->id];
}

static bool follows(struct twin *t, const struct sbr_event *e)
{
	if (!t->m)
		return false;
	if (e->cpu != t->last_cpu)
		t->last_cpu_ns = e->time_ns;
	t->last_cpu = e->cpu;
	if (is_inside(t, e->pfn, e->order))
		return !is_past(t, e->pfn, e->time_ns);
	t->stats.outside++;
	return false;
}

/* ---- hits and misses ---- */

static bool is_after_miss(const struct twin *t)
{
	return t->last_miss && t->stats.allocs - t->last_miss < AFTER_ALLOCS;
}

/* What was predicted too early comes now: the miss was one of order only. */
static void forgive(struct twin *t, uint64_t pfn)
{
	if (!is_after_miss(t) || pfn != t->missed_pfn)
		return;
	t->stats.misses[t->missed_reason]--;
	t->stats.misses[TWIN_ORDER]++;
	t->missed_reason = TWIN_ORDER;
}

static enum twin_miss reason_of(struct twin *t, const struct sbr_event *e,
				const struct sbuddy_page *predicted, bool used)
{
	if (t->lost)
		return TWIN_LOST;
	if (t->last_reclaim && e->time_ns - t->last_reclaim < MOMENT_NS)
		return TWIN_RECLAIM;
	if (t->last_compaction && e->time_ns - t->last_compaction < MOMENT_NS)
		return TWIN_COMPACTION;
	if (used)
		return TWIN_UNSEEN_FREE;
	if (t->last_cpu_ns && e->time_ns - t->last_cpu_ns < OVERLAP_NS)
		return TWIN_FOREIGN_CPU;
	if (!predicted)
		return TWIN_REFUSED;
	return is_after_miss(t) ? TWIN_AFTER : TWIN_OTHER;
}

static void note(struct twin *t, bool missed)
{
	bool *slot = &t->recent[t->stats.allocs++ % TWIN_RECENT];

	t->recent_misses += missed;
	t->recent_misses -= *slot;
	*slot = missed;
	t->stats.hits += !missed;
}

/* The machine took @predicted, the kernel what @e says. */
static void compare(struct twin *t, struct sbuddy_task *task, const struct sbr_event *e,
		    struct sbuddy_page *predicted)
{
	enum twin_miss reason;
	bool used = false;

	forgive(t, e->pfn);
	if (predicted && sbuddy_pfn(t->m, predicted) == e->pfn) {
		note(t, false);
		return;
	}
	if (predicted && sbuddy_pfn(t->m, predicted) == t->missed_pfn)
		predicted->tag = 0;
	else if (predicted)
		put_back(t, task, predicted, e->order, e->gfp & SBUDDY_GFP_ALL);
	clear_range(t, task, e->pfn, e->order, &used);
	adopt(t, e->pfn, e->order, e->gfp & SBUDDY_GFP_COMP);
	reason = reason_of(t, e, predicted, used);
	note(t, true);
	t->stats.misses[reason]++;
	t->last_miss = t->stats.allocs;
	t->missed_pfn = predicted ? sbuddy_pfn(t->m, predicted) : 0;
	t->missed_reason = reason;
}

/* Somebody got a page: what the kernel's watermarks let pass, ours have to. */
static struct sbuddy_page *predict(struct twin *t, struct sbuddy_task *task,
				   const struct sbr_event *e)
{
	u32 gfp = e->gfp & SBUDDY_GFP_ALL;
	struct sbuddy_page *page;

	page = sbuddy_alloc_pages(t->m, task, gfp, e->order, SBUDDY_NID_ANY);
	if (page)
		return page;
	task->flags |= SBUDDY_PF_MEMALLOC;
	return sbuddy_alloc_pages(t->m, task, gfp & ~SBUDDY_GFP_NOMEMALLOC, e->order,
				  SBUDDY_NID_ANY);
}

/* An allocation that got a page: do it, then look. */
void twin_alloc(struct twin *t, const struct sbr_event *e)
{
	struct sbuddy_task task;

	if (e->pfn == SBR_NO_PFN)
		return;
	if (!follows(t, e)) {
		t->stats.not_predicted++;
		return;
	}
	task = task_of(t, e);
	compare(t, &task, e, predict(t, &task, e));
}

/*
 * @nr pages of one bulk allocation, in order.  Those that came by an ordinary
 * allocation have been told before and are in use already.
 */
void twin_bulk(struct twin *t, const struct sbr_event *e, unsigned int nr)
{
	struct sbuddy_page *pages[256] = { NULL };
	struct sbuddy_task task;
	unsigned int i, done = 0;

	if (nr > ARRAY_SIZE(pages) || !follows(t, e)) {
		t->stats.not_predicted += nr;
		return;
	}
	for (i = 0; i < nr; i++) {
		struct sbuddy_page *head = is_inside(t, e[i].pfn, 0) ?
					   sbuddy_covering_head(t->m, e[i].pfn) : NULL;

		if (head && sbuddy_tag_state(head->tag) == SBUDDY_PAGE_USED)
			break;
	}
	nr = i;
	task = task_of(t, e);
	if (nr)
		done = sbuddy_alloc_pages_bulk(t->m, &task, e->gfp & SBUDDY_GFP_ALL,
					       t->m->vcpu_node[task.cpu], nr, pages);
	for (i = 0; i < nr; i++)
		compare(t, &task, &e[i], i < done ? pages[i] : NULL);
}

/* A free, as one of a batch of folios or alone. */
void twin_free(struct twin *t, const struct sbr_event *e, bool batched)
{
	struct sbuddy_page *page;
	struct sbuddy_task task;
	bool used = false;

	if (!follows(t, e))
		return;
	task = task_of(t, e);
	t->stats.frees++;
	page = sbuddy_page(t->m, e->pfn);
	if (sbuddy_tag_state(page->tag) != SBUDDY_PAGE_USED ||
	    sbuddy_tag_order(page->tag) != e->order) {
		if (clear_range(t, &task, e->pfn, e->order, &used))
			t->stats.unseen_allocs++;
		else if (!used)
			t->stats.adopted++;
		adopt(t, e->pfn, e->order, true);
	}
	if (batched && e->order)
		page->tag |= SBUDDY_TAG_COMPOUND;
	if (batched)
		sbuddy_folios_put(t->m, &task, &page, 1);
	else
		sbuddy_free_pages(t->m, &task, page, e->order);
}

/* While kswapd works on a zone its per-CPU lists are kept short. */
static void set_reclaim_active(struct twin *t, bool on)
{
	for (int i = 0; i < t->m->nr_zones; i++) {
		if (on)
			set_bit(SBUDDY_ZONE_RECLAIM_ACTIVE, &t->m->zones[i]->flags);
		else
			clear_bit(SBUDDY_ZONE_RECLAIM_ACTIVE, &t->m->zones[i]->flags);
	}
}

/* What is no allocation and no free. */
void twin_step(struct twin *t, enum twin_step step, int cpu, uint64_t time_ns)
{
	struct sbuddy_task task = { 0 };

	if (step == TWIN_RECLAIMING || step == TWIN_KSWAPD_WAKE)
		t->last_reclaim = time_ns;
	else if (step == TWIN_COMPACTING)
		t->last_compaction = time_ns;
	if (!t->m || time_ns <= t->cut_ns[0])
		return;
	task.cpu = cpu % t->m->nr_vcpus;
	if (step == TWIN_DECAY)
		sbuddy_refresh_cpu_vm_stats(t->m, &task, task.cpu);
	else if (step == TWIN_DRAIN_ALL)
		sbuddy_drain_all_pages(t->m, &task);
	else if (step == TWIN_KSWAPD_WAKE || step == TWIN_KSWAPD_SLEEP)
		set_reclaim_active(t, step == TWIN_KSWAPD_WAKE);
}

/* Events are missing: nothing is certain until the next clone. */
void twin_lost(struct twin *t)
{
	t->lost = true;
}

/* Whether a new clone is due: one in sixteen of the last predictions was wrong. */
bool twin_went_astray(const struct twin *t)
{
	return t->lost || t->recent_misses > ASTRAY_MISSES;
}

/* ---- clones ---- */

/*
 * Begins anew from a snapshot.  Until twin_cut() has said when it was taken,
 * no event counts.  Returns 0; -EINVAL with a line in @error; -ENOMEM.
 */
int twin_clone(struct twin *t, const char *snapshot, size_t len, char *error, size_t error_size)
{
	struct sbuddy_machine *m;
	int err = sbuddy_snapshot_import(snapshot, len, &m, error, error_size);

	if (err)
		return err;
	if (t->m)
		sbuddy_machine_destroy(t->m);
	t->m = m;
	t->stats.clones++;
	t->lost = false;
	t->last_miss = 0;
	t->missed_pfn = 0;
	t->last_reclaim = 0;
	t->last_compaction = 0;
	t->recent_misses = 0;
	memset(t->recent, 0, sizeof(t->recent));
	memset(t->cut_ns, 0xff, sizeof(t->cut_ns));
	return 0;
}

/* The zone that begins at @start_pfn was copied at @time_ns: what comes later counts. */
void twin_cut(struct twin *t, uint64_t start_pfn, uint64_t time_ns)
{
	for (int i = 0; t->m && i < t->m->nr_zones; i++)
		if (t->m->zones[i]->zone_start_pfn == start_pfn)
			t->cut_ns[i] = time_ns;
}

void twin_destroy(struct twin *t)
{
	if (t->m)
		sbuddy_machine_destroy(t->m);
	memset(t, 0, sizeof(*t));
}
