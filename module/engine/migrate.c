// SPDX-License-Identifier: GPL-2.0
/*
 * Migration: isolated pages move to other frames, their slots follow.
 *
 * Each goes through two phases, as in the kernel: *unmap* finds a target and
 * looks whether the page is free to go, *move* copies it and switches its
 * owner over.  A batch first unmaps all it can and then moves them; a mode that
 * may wait does three passes without waiting and then takes the rest one by one.
 *
 * Owns no state.  The switch happens under sbuddy_lru.lock and only if every
 * reference is accounted for, so what an owner does in between is either seen
 * and makes the page stay, or finds the page in its new place.
 *
 * Left out: large folios are not split when there is no target for them, for a
 * slot holds one block.  Waiting takes no time: whoever is waited for is done.
 */
#include "os.h"
#include "compaction.h"

#define SBUDDY_NR_MAX_MIGRATE_PAGES_RETRY	10
#define SBUDDY_NR_MAX_MIGRATE_ASYNC_RETRY	3
#define SBUDDY_NR_MAX_MIGRATE_SYNC_RETRY	\
	(SBUDDY_NR_MAX_MIGRATE_PAGES_RETRY - SBUDDY_NR_MAX_MIGRATE_ASYNC_RETRY)
#define SBUDDY_NR_MAX_BATCHED_MIGRATION		512UL

#define SBUDDY_MIGRATEPAGE_SUCCESS	0
#define SBUDDY_MIGRATEPAGE_UNMAP	1

/* An isolated page with nobody else: its owner's reference and ours. */
#define SBUDDY_EXPECTED_REFS		2U

struct sbuddy_migrate_stats {
	unsigned int nr_succeeded;	/* pages */
	unsigned int nr_failed_pages;
	unsigned int nr_thp_succeeded;	/* folios */
	unsigned int nr_thp_failed;
};

/**
 * struct sbuddy_migrate_batch - one call of sbuddy_migrate_pages_batch()
 * @mc:	   what is asked for
 * @mode:  in force
 * @stats: counts so far
 * @nr_pass: passes of each phase
 * @from:  folios to be moved
 * @ret:   takes those that failed for good
 * @unmapped: folios whose target is at the same place of @dst
 * @dst:   targets
 */
struct sbuddy_migrate_batch {
	const struct sbuddy_migrate_control *mc;
	enum sbuddy_migrate_mode mode;
	struct sbuddy_migrate_stats *stats;
	int nr_pass;
	struct list_head *from;
	struct list_head *ret;
	struct list_head unmapped;
	struct list_head dst;
};

static bool sbuddy_folio_is_thp(const struct sbuddy_page *page)
{
	return sbuddy_tag_order(page->tag) >= SBUDDY_COMPACTION_HPAGE_ORDER;
}

static void sbuddy_list_splice_tail(struct list_head *list, struct list_head *to)
{
	while (!list_empty(list))
		list_move_tail(list->next, to);
}

/* ---- what became of it ---- */

static void sbuddy_migrate_note(const struct sbuddy_migrate_control *mc, unsigned long from,
				unsigned int order, u64 to, int err,
				enum sbuddy_migrate_outcome outcome)
{
	struct sbuddy_migrate_log *log = mc->log;

	if (!log)
		return;
	if (log->nr < log->cap)
		log->record[log->nr] = (struct sbuddy_migrate_record){
			.from = from,
			.to = to,
			.err = err,
			.outcome = outcome,
			.order = order,
		};
	log->nr++;
}

/* Has it been noted since the log had @first records? */
static bool sbuddy_migrate_noted(const struct sbuddy_migrate_log *log, u32 first, u64 from)
{
	for (u32 i = first; i < log->nr && i < log->cap; i++)
		if (log->record[i].from == from)
			return true;
	return false;
}

static enum sbuddy_migrate_outcome sbuddy_migrate_obstacle(const struct sbuddy_page *page, int err)
{
	switch (err) {
	case -ENOMEM:
		return SBUDDY_OUTCOME_NO_TARGET;
	case -EBUSY:
		return page->tag & SBUDDY_TAG_WRITEBACK ? SBUDDY_OUTCOME_WRITEBACK :
							  SBUDDY_OUTCOME_DIRTY;
	case -EOPNOTSUPP:
		return SBUDDY_OUTCOME_INACCESSIBLE;
	case -EAGAIN:
		return page->tag & SBUDDY_TAG_LOCKED ? SBUDDY_OUTCOME_LOCKED :
						       SBUDDY_OUTCOME_PINNED;
	default:
		return SBUDDY_OUTCOME_COPY;
	}
}

/* ---- one folio ---- */

/* Whoever is waited for has finished.  Lock of the lists not held. */
static void sbuddy_migrate_wait(const struct sbuddy_migrate_control *mc, struct sbuddy_page *src,
				u32 bit)
{
	spin_lock(&mc->m->lru->lock);
	WRITE_ONCE(src->tag, src->tag & ~bit);
	spin_unlock(&mc->m->lru->lock);
}

/* The isolation of @src is over and its reference dropped: the page is free, if all is well. */
static void sbuddy_migrate_folio_done(const struct sbuddy_migrate_control *mc,
				      struct sbuddy_page *src)
{
	struct list_head dead;

	sbuddy_lru_lock(mc->m, &dead);
	sbuddy_lru_end_isolation(mc->m, src);
	sbuddy_folio_put(mc->m, src, &dead);
	sbuddy_lru_unlock(mc->m, mc->task, &dead);
}

static void sbuddy_migrate_folio_undo_dst(const struct sbuddy_migrate_control *mc,
					  struct sbuddy_page *dst)
{
	if (mc->free)
		mc->free(dst, mc->private);
	else
		sbuddy_free_pages(mc->m, mc->task, dst, sbuddy_tag_order(dst->tag));
}

/* May a page that somebody has locked be waited for? */
static bool sbuddy_migrate_may_lock(const struct sbuddy_migrate_control *mc,
				    enum sbuddy_migrate_mode mode, u32 tag)
{
	if (mode == SBUDDY_MIGRATE_ASYNC || mc->task->flags & SBUDDY_PF_MEMALLOC)
		return false;
	return mode != SBUDDY_MIGRATE_SYNC_LIGHT || !(tag & SBUDDY_TAG_NOT_UPTODATE);
}

/*
 * Is @src free to go?  UNMAP: yes, and @dstp is where.  SUCCESS: it was freed
 * under us, and is gone.
 */
static int sbuddy_migrate_folio_unmap(struct sbuddy_migrate_batch *b, struct sbuddy_page *src,
				      struct sbuddy_page **dstp)
{
	const struct sbuddy_migrate_control *mc = b->mc;
	struct sbuddy_page *dst;
	int rc = -EAGAIN;

	if (READ_ONCE(src->refcount) == 1) {
		sbuddy_migrate_note(mc, sbuddy_pfn(mc->m, src), sbuddy_tag_order(src->tag),
				    SBUDDY_NO_PFN, 0, SBUDDY_OUTCOME_FREED);
		list_del(&src->lru);
		sbuddy_migrate_folio_done(mc, src);
		return SBUDDY_MIGRATEPAGE_SUCCESS;
	}
	dst = mc->alloc(src, mc->private);
	if (!dst)
		return -ENOMEM;
	if (READ_ONCE(src->tag) & SBUDDY_TAG_LOCKED) {
		if (!sbuddy_migrate_may_lock(mc, b->mode, src->tag))
			goto out;
		sbuddy_migrate_wait(mc, src, SBUDDY_TAG_LOCKED);
	}
	if (!sbuddy_try_to_migrate(mc->m, src, sbuddy_migrate_may_lock(mc, b->mode, src->tag)))
		goto out;
	if (READ_ONCE(src->tag) & SBUDDY_TAG_WRITEBACK) {
		if (b->mode != SBUDDY_MIGRATE_SYNC) {
			rc = -EBUSY;
			goto unlock;
		}
		sbuddy_migrate_wait(mc, src, SBUDDY_TAG_WRITEBACK);
	}
	*dstp = dst;
	return SBUDDY_MIGRATEPAGE_UNMAP;
unlock:
	sbuddy_migrate_unlock(mc->m, src);
out:
	if (rc != -EAGAIN)
		list_move_tail(&src->lru, b->ret);
	sbuddy_migrate_folio_undo_dst(mc, dst);
	return rc;
}

/*
 * What the file system has to say: 0, the page may be copied.  A dirty page of
 * one without migrate_folio is written first, which only SYNC waits for.
 */
static int sbuddy_migrate_mapping(struct sbuddy_migrate_batch *b, struct sbuddy_page *src)
{
	const u32 tag = READ_ONCE(src->tag);

	if (!(tag & SBUDDY_TAG_FILE) || !src->private)
		return 0;
	if (tag & SBUDDY_TAG_INACCESSIBLE)
		return -EOPNOTSUPP;
	if (!(tag & SBUDDY_TAG_NO_MIGRATE) || !(tag & SBUDDY_TAG_DIRTY))
		return 0;
	if (b->mode != SBUDDY_MIGRATE_SYNC)
		return -EBUSY;
	sbuddy_migrate_wait(b->mc, src, SBUDDY_TAG_DIRTY);
	return -EAGAIN;
}

/* References that @src must have; one less if its owner has given it up. */
static u32 sbuddy_folio_expected_refs(const struct sbuddy_page *src)
{
	return SBUDDY_EXPECTED_REFS - !src->private;
}

/* @dst gets what @src was: attributes and a place on the lists, or its owner's movable page. */
static void sbuddy_migrate_flags(const struct sbuddy_migrate_control *mc, struct sbuddy_page *dst,
				 struct sbuddy_page *src, struct list_head *dead)
{
	const u32 kind = SBUDDY_TAG_ATTRS | SBUDDY_TAG_MOVABLE_OPS;

	WRITE_ONCE(dst->tag, dst->tag | (src->tag & kind));
	if (!(src->tag & SBUDDY_TAG_FILE))
		src->tag &= ~SBUDDY_TAG_SWAPCACHE;	/* it is @dst that is in swap now */
	if (!(src->tag & SBUDDY_TAG_MOVABLE_OPS))
		sbuddy_folio_add_lru(mc->m, mc->task, dst, dead);
}

/* @dst takes @src's place: flags, slot, lists.  False if somebody else holds @src. */
static bool sbuddy_migrate_switch(const struct sbuddy_migrate_control *mc,
				  struct sbuddy_page *dst, struct sbuddy_page *src)
{
	struct sbuddy_machine *m = mc->m;
	struct list_head dead;
	bool alone;

	sbuddy_lru_lock(m, &dead);
	alone = src->refcount == sbuddy_folio_expected_refs(src);
	if (alone) {
		bool held;

		held = sbuddy_lru_move_slot(m, src, dst);
		sbuddy_migrate_flags(mc, dst, src, &dead);
		if (held) {
			src->private = 0;
			sbuddy_folio_put(m, src, &dead);
		} else {
			sbuddy_folio_put(m, dst, &dead);
		}
	}
	sbuddy_lru_unlock(m, mc->task, &dead);
	return alone;
}

static int sbuddy_move_to_new_folio(struct sbuddy_migrate_batch *b, struct sbuddy_page *dst,
				    struct sbuddy_page *src)
{
	const struct sbuddy_migrate_control *mc = b->mc;
	int err = sbuddy_migrate_mapping(b, src);

	if (err)
		return err;
	if (READ_ONCE(src->refcount) != sbuddy_folio_expected_refs(src) ||
	    sbuddy_frames_pinned(mc->m, src))
		return -EAGAIN;
	if (src->tag & SBUDDY_TAG_MOVABLE_OPS) {
		err = sbuddy_move_movable_page(mc->m, dst, src, b->mode);
		if (err)
			return err;
	} else if (mc->m->backed) {
		err = os_copy_pages(sbuddy_pfn(mc->m, dst), sbuddy_pfn(mc->m, src),
				    sbuddy_block_pages(src->tag));
		if (err)
			return err;
	}
	return sbuddy_migrate_switch(mc, dst, src) ? 0 : -EAGAIN;
}

static int sbuddy_migrate_folio_move(struct sbuddy_migrate_batch *b, struct sbuddy_page *src,
				     struct sbuddy_page *dst)
{
	const struct sbuddy_migrate_control *mc = b->mc;
	struct list_head *prev = dst->lru.prev;
	int rc;

	list_del(&dst->lru);
	rc = sbuddy_move_to_new_folio(b, dst, src);
	if (!rc) {
		sbuddy_migrate_note(mc, sbuddy_pfn(mc->m, src), sbuddy_tag_order(src->tag),
				    sbuddy_pfn(mc->m, dst), 0, SBUDDY_OUTCOME_MOVED);
		list_del(&src->lru);
		sbuddy_migrate_unlock(mc->m, src);
		sbuddy_migrate_folio_done(mc, src);
		return SBUDDY_MIGRATEPAGE_SUCCESS;
	}
	if (rc == -EAGAIN) {
		list_add(&dst->lru, prev);
		return rc;
	}
	if (rc != -EBUSY && rc != -EOPNOTSUPP && mc->log &&
	    !sbuddy_migrate_noted(mc->log, 0, sbuddy_pfn(mc->m, src)))
		sbuddy_migrate_note(mc, sbuddy_pfn(mc->m, src), sbuddy_tag_order(src->tag),
				    SBUDDY_NO_PFN, rc, SBUDDY_OUTCOME_COPY);
	sbuddy_migrate_unlock(mc->m, src);
	list_move_tail(&src->lru, b->ret);
	sbuddy_migrate_folio_undo_dst(mc, dst);
	return rc;
}

/* ---- a batch ---- */

/* What one phase of a batch counts. */
struct sbuddy_migrate_pass {
	int retry;		/* folios to be tried again */
	int thp_retry;
	int nr_retry_pages;
	int nr_failed;		/* folios that failed for good */
};

static void sbuddy_pass_count(struct sbuddy_migrate_batch *b, struct sbuddy_migrate_pass *p,
			      int rc, unsigned int nr_pages, bool is_thp)
{
	switch (rc) {
	case -EAGAIN:
		p->retry++;
		p->thp_retry += is_thp;
		p->nr_retry_pages += nr_pages;
		break;
	case SBUDDY_MIGRATEPAGE_SUCCESS:
		b->stats->nr_succeeded += nr_pages;
		b->stats->nr_thp_succeeded += is_thp;
		break;
	case SBUDDY_MIGRATEPAGE_UNMAP:
		break;
	default:
		p->nr_failed++;
		b->stats->nr_thp_failed += is_thp;
		b->stats->nr_failed_pages += nr_pages;
		break;
	}
}

/* After the last pass what could still be tried has failed. */
static void sbuddy_pass_end(struct sbuddy_migrate_batch *b, struct sbuddy_migrate_pass *p)
{
	p->nr_failed += p->retry;
	b->stats->nr_thp_failed += p->thp_retry;
	b->stats->nr_failed_pages += p->nr_retry_pages;
}

/* Without memory: this folio, and those that would have been tried again, have failed. */
static int sbuddy_unmap_enomem(struct sbuddy_migrate_batch *b, struct sbuddy_migrate_pass *p,
			       struct sbuddy_page *src)
{
	p->nr_failed++;
	b->stats->nr_thp_failed += sbuddy_folio_is_thp(src) + p->thp_retry;
	b->stats->nr_failed_pages += sbuddy_block_pages(src->tag) + p->nr_retry_pages;
	return -ENOMEM;
}

/* One pass of the first phase: 0, or -ENOMEM. */
static int sbuddy_unmap_pass(struct sbuddy_migrate_batch *b, struct sbuddy_migrate_pass *p)
{
	struct list_head *l, *next;

	p->retry = 0;
	p->thp_retry = 0;
	p->nr_retry_pages = 0;
	for (l = b->from->next; l != b->from; l = next) {
		struct sbuddy_page *src = list_entry(l, struct sbuddy_page, lru), *dst = NULL;
		const unsigned int nr_pages = sbuddy_block_pages(src->tag);
		const bool is_thp = sbuddy_folio_is_thp(src);
		int rc;

		next = l->next;
		rc = sbuddy_migrate_folio_unmap(b, src, &dst);
		if (rc == -ENOMEM)
			return sbuddy_unmap_enomem(b, p, src);
		if (rc == SBUDDY_MIGRATEPAGE_UNMAP) {
			list_move_tail(&src->lru, &b->unmapped);
			list_add_tail(&dst->lru, &b->dst);
		}
		sbuddy_pass_count(b, p, rc, nr_pages, is_thp);
		os_cond_resched();
	}
	return 0;
}

/* One pass of the second phase. */
static void sbuddy_move_pass(struct sbuddy_migrate_batch *b, struct sbuddy_migrate_pass *p)
{
	struct list_head *s, *snext, *d = b->dst.next, *dnext;

	p->retry = 0;
	p->thp_retry = 0;
	p->nr_retry_pages = 0;
	for (s = b->unmapped.next; s != &b->unmapped; s = snext, d = dnext) {
		struct sbuddy_page *src = list_entry(s, struct sbuddy_page, lru);
		const unsigned int nr_pages = sbuddy_block_pages(src->tag);
		const bool is_thp = sbuddy_folio_is_thp(src);

		snext = s->next;
		dnext = d->next;
		sbuddy_pass_count(b, p,
				  sbuddy_migrate_folio_move(b, src,
							    list_entry(d, struct sbuddy_page,
								       lru)),
				  nr_pages, is_thp);
		os_cond_resched();
	}
}

/* What was unmapped and not moved stays where it is; targets go back, in order. */
static void sbuddy_batch_undo(struct sbuddy_migrate_batch *b)
{
	while (!list_empty(&b->unmapped)) {
		struct sbuddy_page *dst = list_first_entry(&b->dst, struct sbuddy_page, lru);

		sbuddy_migrate_unlock(b->mc->m, list_first_entry(&b->unmapped, struct sbuddy_page,
								 lru));
		list_move_tail(b->unmapped.next, b->ret);
		list_del(&dst->lru);
		sbuddy_migrate_folio_undo_dst(b->mc, dst);
	}
}

/*
 * Moves @b->from, with at most @b->nr_pass passes of each phase.  Folios that
 * failed for good go to @b->ret; those that might yet move stay on @b->from or,
 * if they had a target, go to @b->ret as well.  Returns folios that failed, or
 * -ENOMEM.
 */
static int sbuddy_migrate_pages_batch(struct sbuddy_migrate_batch *b)
{
	struct sbuddy_migrate_pass unmap = { .retry = 1 }, move = { .retry = 1 };
	int err = 0;

	INIT_LIST_HEAD(&b->unmapped);
	INIT_LIST_HEAD(&b->dst);
	for (int pass = 0; pass < b->nr_pass && unmap.retry && !err; pass++)
		err = sbuddy_unmap_pass(b, &unmap);
	if (!err)
		sbuddy_pass_end(b, &unmap);
	else if (list_empty(&b->unmapped))
		return err;
	for (int pass = 0; pass < b->nr_pass && move.retry; pass++)
		sbuddy_move_pass(b, &move);
	sbuddy_pass_end(b, &move);
	sbuddy_batch_undo(b);
	return err ? err : unmap.nr_failed + move.nr_failed;
}

/* Three passes without waiting for all, then the rest one by one with. */
static int sbuddy_migrate_pages_sync(struct sbuddy_migrate_batch *b)
{
	struct sbuddy_migrate_stats *stats = b->stats, astats = { 0 };
	const struct sbuddy_migrate_control *mc = b->mc;
	struct list_head *from = b->from, *ret = b->ret, folios;
	int rc, nr_failed = 0;

	INIT_LIST_HEAD(&folios);
	*b = (struct sbuddy_migrate_batch){
		.mc = mc, .mode = SBUDDY_MIGRATE_ASYNC, .stats = &astats, .from = from,
		.ret = &folios, .nr_pass = SBUDDY_NR_MAX_MIGRATE_ASYNC_RETRY,
	};
	rc = sbuddy_migrate_pages_batch(b);
	stats->nr_succeeded += astats.nr_succeeded;
	stats->nr_thp_succeeded += astats.nr_thp_succeeded;
	if (rc < 0) {
		stats->nr_failed_pages += astats.nr_failed_pages;
		stats->nr_thp_failed += astats.nr_thp_failed;
		sbuddy_list_splice_tail(&folios, ret);
		return rc;
	}
	sbuddy_list_splice_tail(&folios, from);
	while (!list_empty(from)) {
		list_move_tail(from->next, &folios);
		*b = (struct sbuddy_migrate_batch){
			.mc = mc, .mode = mc->mode, .stats = stats, .from = &folios,
			.ret = ret, .nr_pass = SBUDDY_NR_MAX_MIGRATE_SYNC_RETRY,
		};
		rc = sbuddy_migrate_pages_batch(b);
		sbuddy_list_splice_tail(&folios, ret);
		if (rc < 0)
			return rc;
		nr_failed += rc;
	}
	return nr_failed;
}

/* Takes folios from the front of @from until they make a batch. */
static void sbuddy_cut_batch(struct list_head *from, struct list_head *folios)
{
	unsigned long nr_pages = 0;

	while (!list_empty(from) && nr_pages < SBUDDY_NR_MAX_BATCHED_MIGRATION) {
		nr_pages += sbuddy_block_pages(list_first_entry(from, struct sbuddy_page,
								lru)->tag);
		list_move_tail(from->next, folios);
	}
}

static int sbuddy_migrate_some(const struct sbuddy_migrate_control *mc, struct list_head *from,
			       struct list_head *ret, struct sbuddy_migrate_stats *stats)
{
	struct sbuddy_migrate_batch b = {
		.mc = mc, .mode = mc->mode, .stats = stats, .from = from, .ret = ret,
		.nr_pass = SBUDDY_NR_MAX_MIGRATE_PAGES_RETRY,
	};

	if (mc->mode == SBUDDY_MIGRATE_ASYNC)
		return sbuddy_migrate_pages_batch(&b);
	return sbuddy_migrate_pages_sync(&b);
}

/* Why a page that is left over did not move, @rc being what the call returns. */
static int sbuddy_leftover_err(u32 tag, int rc)
{
	const bool file = tag & SBUDDY_TAG_FILE;

	if (tag & SBUDDY_TAG_WRITEBACK)
		return -EBUSY;
	if (file && tag & SBUDDY_TAG_INACCESSIBLE)
		return -EOPNOTSUPP;
	if (file && tag & SBUDDY_TAG_NO_MIGRATE && tag & SBUDDY_TAG_DIRTY)
		return -EBUSY;
	return rc < 0 ? rc : -EAGAIN;
}

static void sbuddy_note_leftovers(const struct sbuddy_migrate_control *mc,
				  const struct list_head *from, u32 first, int rc)
{
	const struct sbuddy_page *page;

	if (!mc->log)
		return;
	list_for_each_entry(page, from, lru) {
		unsigned long pfn = sbuddy_pfn(mc->m, page);
		int err = sbuddy_leftover_err(page->tag, rc);

		if (!sbuddy_migrate_noted(mc->log, first, pfn))
			sbuddy_migrate_note(mc, pfn, sbuddy_tag_order(page->tag), SBUDDY_NO_PFN,
					    err, sbuddy_migrate_obstacle(page, err));
	}
}

/**
 * sbuddy_migrate_pages() - move isolated pages to other frames
 * @mc: where to and how
 * @from: folios, linked by sbuddy_page::lru; those that could not be moved are
 *	  still there afterwards, for sbuddy_putback_movable_pages()
 * @ret_succeeded: out, pages moved; or NULL
 *
 * Context: Process context.  Takes sbuddy_lru.lock; frees pages.
 * Return: Folios that could not be moved, 0 if none is left, or -ENOMEM when
 * there was no target for one and the rest was not tried.
 */
noinline int sbuddy_migrate_pages(const struct sbuddy_migrate_control *mc, struct list_head *from,
				  unsigned int *ret_succeeded)
{
	struct sbuddy_migrate_stats stats = { 0 };
	const u32 first = mc->log ? mc->log->nr : 0;
	struct list_head folios, failed;
	int rc, rc_gather = 0;

	trace_sbuddy_mm_migrate_pages_start(mc->m, mc->mode, mc->reason);
	INIT_LIST_HEAD(&folios);
	INIT_LIST_HEAD(&failed);
	do {
		sbuddy_cut_batch(from, &folios);
		rc = sbuddy_migrate_some(mc, &folios, &failed, &stats);
		sbuddy_list_splice_tail(&folios, &failed);
		rc_gather = rc < 0 ? rc : rc_gather + rc;
	} while (rc >= 0 && !list_empty(from));
	sbuddy_list_splice_tail(from, &failed);
	sbuddy_list_splice_tail(&failed, from);
	if (list_empty(from))
		rc_gather = 0;
	sbuddy_note_leftovers(mc, from, first, rc_gather);

	sbuddy_count_vm_events(mc->m, SBUDDY_PGMIGRATE_SUCCESS, stats.nr_succeeded);
	sbuddy_count_vm_events(mc->m, SBUDDY_PGMIGRATE_FAIL, stats.nr_failed_pages);
	sbuddy_count_vm_events(mc->m, SBUDDY_THP_MIGRATION_SUCCESS, stats.nr_thp_succeeded);
	sbuddy_count_vm_events(mc->m, SBUDDY_THP_MIGRATION_FAIL, stats.nr_thp_failed);
	trace_sbuddy_mm_migrate_pages(mc->m, stats.nr_succeeded, stats.nr_failed_pages,
				      stats.nr_thp_succeeded, stats.nr_thp_failed, mc->mode,
				      mc->reason);
	if (ret_succeeded)
		*ret_succeeded = stats.nr_succeeded;
	return rc_gather;
}
