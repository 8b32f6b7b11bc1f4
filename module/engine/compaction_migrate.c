// SPDX-License-Identifier: GPL-2.0
/*
 * The migrate scanner: goes up through the zone and isolates pages that can
 * move, a batch at a time, never out of one pageblock.
 *
 * sbuddy_isolate_migratepages() chooses the block; a fast search of the free
 * lists may know one that is half empty already.  The scan of a block,
 * sbuddy_isolate_migratepages_block(), is cut into the steps that it takes for
 * each frame, in the kernel's order: each says how the scan goes on.
 *
 * Takes sbuddy_lru.lock, held over at most 32 frames, and the zone lock for
 * the fast search.  Owns nothing but what it puts into the control block.
 */
#include "os.h"
#include "compaction.h"

/* Times that a run in a mode which waits lets others finish with isolated pages. */
#define SBUDDY_MAX_ISOLATED_WAITS	5

enum sbuddy_scan {
	SBUDDY_SCAN_NEXT,		/* to the next frame */
	SBUDDY_SCAN_FAIL,		/* this frame is in the way */
	SBUDDY_SCAN_STOP,		/* the batch is full */
	SBUDDY_SCAN_ABORT,		/* leave the block */
};

/**
 * struct sbuddy_block_migrate - the scan of a pageblock
 * @cc:		     the run
 * @low_pfn:	     frame being looked at
 * @start_pfn:	     first one
 * @end_pfn:	     behind the last one
 * @isolate_mode:    SBUDDY_ISOLATE_*
 * @nr_scanned:	     frames looked at or known without a look
 * @nr_isolated:     pages isolated and not put back
 * @locked:	     sbuddy_lru.lock is held
 * @skip_on_failure: a window of the order wanted is moved whole or not at all
 * @next_skip_pfn:   end of that window
 * @valid_pfn:	     frame whose skip hint was looked at, 0 if none
 * @skip_updated:    the skip hint was set when the first page was taken
 */
struct sbuddy_block_migrate {
	struct sbuddy_compact_control *cc;
	unsigned long low_pfn;
	unsigned long start_pfn;
	unsigned long end_pfn;
	unsigned int isolate_mode;
	unsigned long nr_scanned;
	unsigned long nr_isolated;
	bool locked;
	bool skip_on_failure;
	unsigned long next_skip_pfn;
	unsigned long valid_pfn;
	bool skip_updated;
};

/*
 * Lock of the lists; ASYNC notes when somebody else has it.  Sparse, which
 * cannot follow a lock that is held from frame to frame, is told that nothing
 * happened.
 */
static void sbuddy_scan_lock(struct sbuddy_block_migrate *s)
{
	spinlock_t *lock = &s->cc->m->lru->lock;

	s->locked = true;
	if (s->cc->mode == SBUDDY_MIGRATE_ASYNC && !s->cc->contended) {
		if (spin_trylock(lock)) {
			__release(lock);
			return;
		}
		s->cc->contended = true;
	}
	spin_lock(lock);
	__release(lock);
}

static void sbuddy_scan_unlock(struct sbuddy_block_migrate *s)
{
	spinlock_t *lock = &s->cc->m->lru->lock;

	if (s->locked) {
		__acquire(lock);
		spin_unlock(lock);
	}
	s->locked = false;
}

/* Skips the rest of a block whose first frame is at @s->low_pfn. */
static void sbuddy_scan_jump(struct sbuddy_block_migrate *s, unsigned int order)
{
	s->low_pfn += (1UL << order) - 1;
	s->nr_scanned += (1UL << order) - 1;
}

/* Would moving a folio as large as that help to get @target_order? */
static bool sbuddy_skip_isolation_on_order(unsigned int order, int target_order)
{
	if (!sbuddy_is_via_compact_memory(target_order) && (int)order >= target_order)
		return true;
	return order >= SBUDDY_PAGEBLOCK_ORDER;
}

/* ---- one frame ---- */

/* Looks at the block's skip hint once, when its first frame is visited. */
static enum sbuddy_scan sbuddy_scan_hint(struct sbuddy_block_migrate *s)
{
	const struct sbuddy_compact_control *cc = s->cc;

	if (s->valid_pfn || (!sbuddy_pageblock_aligned(s->low_pfn) &&
			     s->low_pfn != cc->zone->zone_start_pfn))
		return SBUDDY_SCAN_NEXT;
	if (!sbuddy_isolation_suitable(cc, s->low_pfn)) {
		s->low_pfn = s->end_pfn;
		return SBUDDY_SCAN_ABORT;
	}
	s->valid_pfn = s->low_pfn;
	return SBUDDY_SCAN_NEXT;
}

/* Anonymous pages with unexplained references stay; files only when the request may use them. */
static bool sbuddy_scan_references_ok(const struct sbuddy_compact_control *cc,
				      const struct sbuddy_page *page, u32 tag)
{
	if (!(tag & SBUDDY_TAG_FILE))
		return page->refcount == 1 && !sbuddy_frames_maybe_pinned(cc->m, page);
	return cc->gfp & SBUDDY_GFP_FS;
}

/* May this page be moved by a run that isolates in this mode? */
static bool sbuddy_scan_page_ok(const struct sbuddy_block_migrate *s,
				const struct sbuddy_page *page)
{
	const bool async = s->isolate_mode & SBUDDY_ISOLATE_ASYNC_MIGRATE;
	const u32 tag = page->tag;
	const bool file = tag & SBUDDY_TAG_FILE, dirty = tag & SBUDDY_TAG_DIRTY;
	const bool unevictable = tag & SBUDDY_TAG_UNEVICTABLE;

	if (!sbuddy_scan_references_ok(s->cc, page, tag))
		return false;
	if (unevictable && !(s->isolate_mode & SBUDDY_ISOLATE_UNEVICTABLE))
		return false;
	if (async && tag & SBUDDY_TAG_WRITEBACK)
		return false;
	if (!(async && dirty) && !(file && unevictable))
		return true;
	if (tag & SBUDDY_TAG_LOCKED)
		return false;
	if (async && dirty && file && tag & SBUDDY_TAG_NO_MIGRATE)
		return false;
	return !(file && tag & SBUDDY_TAG_INACCESSIBLE);
}

/* What is done once the lock has been taken anew, before a page is taken off its list. */
static enum sbuddy_scan sbuddy_scan_first_locked(struct sbuddy_block_migrate *s, u32 tag)
{
	struct sbuddy_compact_control *cc = s->cc;

	if (!s->skip_updated && s->valid_pfn) {
		s->skip_updated = true;
		if (sbuddy_test_and_set_skip(cc, s->valid_pfn) && !cc->finish_pageblock) {
			s->low_pfn = s->end_pfn;
			return SBUDDY_SCAN_ABORT;
		}
	}
	if (sbuddy_skip_isolation_on_order(sbuddy_tag_order(tag), cc->order) &&
	    !cc->alloc_contig) {
		sbuddy_scan_jump(s, sbuddy_tag_order(tag));
		return SBUDDY_SCAN_FAIL;
	}
	return SBUDDY_SCAN_NEXT;
}

/* It is isolated: to the head of the run's list, for they are moved in falling order. */
static enum sbuddy_scan sbuddy_scan_take(struct sbuddy_block_migrate *s, struct sbuddy_page *page)
{
	struct sbuddy_compact_control *cc = s->cc;
	const unsigned long nr = sbuddy_block_pages(page->tag);

	list_add(&page->lru, &cc->migratepages);
	cc->nr_migratepages += nr;
	s->nr_isolated += nr;
	s->low_pfn += nr - 1;
	s->nr_scanned += nr - 1;
	if (cc->nr_migratepages >= SBUDDY_COMPACT_CLUSTER_MAX && !cc->finish_pageblock &&
	    !cc->contended) {
		s->low_pfn++;
		return SBUDDY_SCAN_STOP;
	}
	return SBUDDY_SCAN_NEXT;
}

/* A page on an LRU list, or one that was a moment ago.  A failure drops the lock. */
static enum sbuddy_scan sbuddy_scan_lru_page(struct sbuddy_block_migrate *s,
					     struct sbuddy_page *page)
{
	const bool was_locked = s->locked;
	enum sbuddy_scan next = SBUDDY_SCAN_FAIL;

	if (!was_locked)
		sbuddy_scan_lock(s);
	if (page->tag & SBUDDY_TAG_LRU && sbuddy_scan_page_ok(s, page))
		next = was_locked ? SBUDDY_SCAN_NEXT : sbuddy_scan_first_locked(s, page->tag);
	if (next == SBUDDY_SCAN_NEXT) {
		sbuddy_lru_isolate(s->cc->m, page);
		return sbuddy_scan_take(s, page);
	}
	sbuddy_scan_unlock(s);
	return next;
}

/* A page on no LRU list, which its owner may be able to move. */
static enum sbuddy_scan sbuddy_scan_movable_page(struct sbuddy_block_migrate *s,
						 struct sbuddy_page *page)
{
	const struct sbuddy_compact_control *cc = s->cc;

	sbuddy_scan_unlock(s);
	if (!sbuddy_isolate_movable_page(cc->m, cc->task, page, cc->mode))
		return SBUDDY_SCAN_FAIL;
	return sbuddy_scan_take(s, page);
}

static enum sbuddy_scan sbuddy_scan_frame(struct sbuddy_block_migrate *s)
{
	const struct sbuddy_compact_control *cc = s->cc;
	struct sbuddy_page *page = sbuddy_page(cc->m, s->low_pfn);
	const u32 tag = READ_ONCE(page->tag);
	const unsigned int order = sbuddy_tag_order(tag);

	if (sbuddy_scan_hint(s) == SBUDDY_SCAN_ABORT)
		return SBUDDY_SCAN_ABORT;
	if (sbuddy_tag_state(tag) == SBUDDY_PAGE_BUDDY) {
		sbuddy_scan_jump(s, order);
		return SBUDDY_SCAN_NEXT;
	}
	if (sbuddy_tag_state(tag) == SBUDDY_PAGE_USED && tag & SBUDDY_TAG_COMPOUND &&
	    !cc->alloc_contig && sbuddy_skip_isolation_on_order(order, cc->order)) {
		sbuddy_scan_jump(s, order);
		return SBUDDY_SCAN_FAIL;
	}
	if (tag & SBUDDY_TAG_MOVABLE_OPS)
		return sbuddy_scan_movable_page(s, page);
	if (!(tag & SBUDDY_TAG_LRU))
		return SBUDDY_SCAN_FAIL;
	return sbuddy_scan_lru_page(s, page);
}

/* ---- one block ---- */

/* The window cannot become free as a whole: what was taken of it goes back, on to the next. */
static void sbuddy_scan_give_up_window(struct sbuddy_block_migrate *s)
{
	struct sbuddy_compact_control *cc = s->cc;

	if (s->nr_isolated) {
		sbuddy_scan_unlock(s);
		sbuddy_putback_movable_pages(cc->m, cc->task, &cc->migratepages);
		cc->nr_migratepages = 0;
		s->nr_isolated = 0;
	}
	if (s->low_pfn < s->next_skip_pfn) {
		s->low_pfn = s->next_skip_pfn - 1;
		s->next_skip_pfn += 1UL << cc->order;
	}
}

/* Every 32 frames others get a chance.  False: a signal ends the run. */
static bool sbuddy_scan_breathe(struct sbuddy_block_migrate *s)
{
	if (s->low_pfn % SBUDDY_COMPACT_CLUSTER_MAX)
		return true;
	sbuddy_scan_unlock(s);
	if (os_fatal_signal_pending()) {
		s->cc->contended = true;
		return false;
	}
	os_cond_resched();
	return true;
}

/* Visits the frames.  False: a signal ended it. */
static bool sbuddy_scan_frames(struct sbuddy_block_migrate *s)
{
	enum sbuddy_scan next;

	for (; s->low_pfn < s->end_pfn; s->low_pfn++) {
		if (s->skip_on_failure && s->low_pfn >= s->next_skip_pfn) {
			if (s->nr_isolated)
				break;
			s->next_skip_pfn = sbuddy_block_end_pfn(s->low_pfn, s->cc->order);
		}
		if (!sbuddy_scan_breathe(s))
			return false;
		s->nr_scanned++;
		next = sbuddy_scan_frame(s);
		if (next == SBUDDY_SCAN_STOP || next == SBUDDY_SCAN_ABORT)
			break;
		if (next == SBUDDY_SCAN_FAIL && s->skip_on_failure)
			sbuddy_scan_give_up_window(s);
	}
	s->low_pfn = min(s->low_pfn, s->end_pfn);
	return true;
}

/* A block that gave nothing, or all it had, is left out from now on. */
static void sbuddy_scan_end(struct sbuddy_block_migrate *s)
{
	const struct sbuddy_compact_control *cc = s->cc;

	sbuddy_scan_unlock(s);
	if (s->low_pfn == s->end_pfn && (!s->nr_isolated || cc->finish_pageblock)) {
		if (!cc->no_set_skip_hint && s->valid_pfn && !s->skip_updated)
			sbuddy_set_pageblock_skip(cc->m, s->valid_pfn, true);
		sbuddy_update_cached_migrate(cc, s->low_pfn);
	}
	trace_sbuddy_mm_compaction_isolate_migratepages(cc->zone, s->start_pfn, s->low_pfn,
							s->nr_scanned, s->nr_isolated);
}

/* More pages of the node taken off their lists than half of what is left on them? */
static bool sbuddy_too_many_isolated(const struct sbuddy_compact_control *cc)
{
	const struct sbuddy_lruvec *vec = &cc->m->lru->node[cc->zone->node];
	unsigned long inactive = READ_ONCE(vec->nr[SBUDDY_INACTIVE_FILE]) +
				 READ_ONCE(vec->nr[SBUDDY_INACTIVE_ANON]);
	unsigned long active = READ_ONCE(vec->nr[SBUDDY_ACTIVE_FILE]) +
			       READ_ONCE(vec->nr[SBUDDY_ACTIVE_ANON]);
	unsigned long isolated = READ_ONCE(vec->nr_isolated[0]) + READ_ONCE(vec->nr_isolated[1]);

	if (cc->gfp & SBUDDY_GFP_FS) {
		inactive >>= 3;
		active >>= 3;
	}
	return isolated > (inactive + active) / 2;
}

/*
 * Others have isolated enough: who has pages to move does so first, who may
 * not wait gives up.  The kernel waits until it is over, this here for a while.
 */
static int sbuddy_wait_isolated(struct sbuddy_compact_control *cc)
{
	for (int i = 0; sbuddy_too_many_isolated(cc); i++) {
		if (cc->nr_migratepages || cc->mode == SBUDDY_MIGRATE_ASYNC ||
		    i == SBUDDY_MAX_ISOLATED_WAITS)
			return -EAGAIN;
		os_cond_resched();
		if (os_fatal_signal_pending())
			return -EINTR;
	}
	return 0;
}

/*
 * Isolates pages of [@low_pfn, @end_pfn), of one pageblock, to the run's list;
 * sbuddy_compact_control::migrate_pfn is then where to go on.  0, -EAGAIN when
 * too many are isolated, -EINTR by a signal.
 */
static noinline int sbuddy_isolate_migratepages_block(struct sbuddy_compact_control *cc,
						      unsigned long low_pfn,
						      unsigned long end_pfn,
						      unsigned int isolate_mode)
{
	struct sbuddy_block_migrate s = {
		.cc = cc, .low_pfn = low_pfn, .start_pfn = low_pfn, .end_pfn = end_pfn,
		.isolate_mode = isolate_mode,
	};
	int err;

	cc->migrate_pfn = low_pfn;
	err = sbuddy_wait_isolated(cc);
	if (err)
		return err;
	os_cond_resched();
	if (cc->direct_compaction && cc->mode == SBUDDY_MIGRATE_ASYNC) {
		s.skip_on_failure = true;
		s.next_skip_pfn = sbuddy_block_end_pfn(low_pfn, cc->order);
	}
	if (sbuddy_scan_frames(&s))
		sbuddy_scan_end(&s);
	else
		err = -EINTR;
	cc->total_migrate_scanned += s.nr_scanned;
	cc->nr_isolated += s.nr_isolated;
	sbuddy_count_vm_events(cc->m, SBUDDY_COMPACTISOLATED, s.nr_isolated);
	cc->migrate_pfn = s.low_pfn;
	return err;
}

/*
 * Isolates up to a batch of pages of [@start_pfn, @end_pfn), for who wants the
 * range itself: alloc_contig_range().  Errors as above.
 */
int sbuddy_isolate_migratepages_range(struct sbuddy_compact_control *cc, unsigned long start_pfn,
				      unsigned long end_pfn)
{
	unsigned long pfn = start_pfn, next;
	int err = 0;

	for (; pfn < end_pfn && !err; pfn = next) {
		next = min(sbuddy_pageblock_end_pfn(pfn), end_pfn);
		if (!sbuddy_pageblock_pfn_to_page(cc, pfn))
			continue;
		err = sbuddy_isolate_migratepages_block(cc, pfn, next,
							SBUDDY_ISOLATE_UNEVICTABLE);
		if (cc->nr_migratepages >= SBUDDY_COMPACT_CLUSTER_MAX)
			break;
	}
	return err;
}

/* ---- choice of the block ---- */

/* ASYNC on behalf of a request keeps to blocks of the request's type. */
static bool sbuddy_suitable_migration_source(const struct sbuddy_compact_control *cc,
					     unsigned long pfn)
{
	if (sbuddy_pageblock_skip_persistent(cc->m, pfn))
		return false;
	if (cc->mode != SBUDDY_MIGRATE_ASYNC || !cc->direct_compaction)
		return true;
	return sbuddy_pb_migratetype(cc->m, pfn) == cc->migratetype;
}

/* Remembers the lowest frame that a fast search found, until it was used. */
static void sbuddy_update_fast_start_pfn(struct sbuddy_compact_control *cc, unsigned long pfn)
{
	if (cc->fast_start_pfn == ULONG_MAX)
		return;
	if (!cc->fast_start_pfn || pfn < cc->fast_start_pfn)
		cc->fast_start_pfn = pfn;
}

static unsigned long sbuddy_reinit_migrate_pfn(struct sbuddy_compact_control *cc)
{
	if (cc->fast_start_pfn && cc->fast_start_pfn != ULONG_MAX) {
		cc->migrate_pfn = cc->fast_start_pfn;
		cc->fast_start_pfn = ULONG_MAX;
	}
	return cc->migrate_pfn;
}

/* Turns a free list so that the block behind @page is its first. */
static void sbuddy_move_freelist_tail(struct list_head *freelist, struct sbuddy_page *page)
{
	list_del(freelist);
	list_add(freelist, &page->lru);
}

/*
 * Looks through one free list for a block below @high_pfn that is not to be
 * skipped.  Returns the start of its pageblock, 0 for none.
 */
static unsigned long sbuddy_fast_find_list(struct sbuddy_compact_control *cc, int order,
					   unsigned long high_pfn, unsigned int limit,
					   unsigned int *nr_scanned)
{
	struct list_head *freelist = &cc->zone->free_area[order].free_list[SBUDDY_MIGRATE_MOVABLE];
	unsigned long flags, found = 0;
	struct sbuddy_page *page;

	spin_lock_irqsave(&cc->zone->lock, flags);
	list_for_each_entry(page, freelist, lru) {
		unsigned long pfn = sbuddy_pfn(cc->m, page);

		if ((*nr_scanned)++ >= limit) {
			sbuddy_move_freelist_tail(freelist, page);
			break;
		}
		if (pfn >= high_pfn || sbuddy_get_pageblock_skip(cc->m, pfn))
			continue;
		sbuddy_move_freelist_tail(freelist, page);
		sbuddy_update_fast_start_pfn(cc, pfn);
		found = max(sbuddy_pageblock_start_pfn(pfn), cc->zone->zone_start_pfn);
		cc->fast_search_fail = 0;
		break;
	}
	spin_unlock_irqrestore(&cc->zone->lock, flags);
	return found;
}

/* Is a block with free pages in it to be preferred to the next one? */
static bool sbuddy_fast_find_wanted(const struct sbuddy_compact_control *cc)
{
	if (cc->ignore_skip_hint || cc->finish_pageblock)
		return false;
	if (cc->migrate_pfn != cc->zone->zone_start_pfn &&
	    !sbuddy_pageblock_aligned(cc->migrate_pfn))
		return false;
	if (cc->order <= SBUDDY_COSTLY_ORDER)
		return false;
	return !cc->direct_compaction || cc->migratetype == SBUDDY_MIGRATE_MOVABLE;
}

/*
 * A quick look through the free lists for a pageblock that is partly free and
 * low in the zone.  Returns where to start scanning.
 */
static noinline unsigned long sbuddy_fast_find_migrateblock(struct sbuddy_compact_control *cc)
{
	unsigned int limit = sbuddy_freelist_scan_limit(cc), nr_scanned = 0;
	unsigned long distance = (cc->free_pfn - cc->migrate_pfn) >> 1;
	unsigned long high_pfn, pfn = 0;

	if (!sbuddy_fast_find_wanted(cc))
		return cc->migrate_pfn;
	if (cc->migrate_pfn != cc->zone->zone_start_pfn)
		distance >>= 2;
	high_pfn = sbuddy_pageblock_start_pfn(cc->migrate_pfn + distance);

	for (int order = cc->order - 1;
	     order >= SBUDDY_COSTLY_ORDER && !pfn && nr_scanned < limit; order--)
		if (READ_ONCE(cc->zone->free_area[order].nr_free))
			pfn = sbuddy_fast_find_list(cc, order, high_pfn, limit, &nr_scanned);

	cc->total_migrate_scanned += nr_scanned;
	if (!pfn) {
		cc->fast_search_fail++;
		pfn = sbuddy_reinit_migrate_pfn(cc);
	}
	return pfn;
}

/*
 * May the block of @low_pfn, which is in the zone, be scanned?  One whose hint
 * was looked at by a fast search need not be asked again.
 */
static bool sbuddy_migrate_block_ok(struct sbuddy_compact_control *cc, unsigned long low_pfn,
				    unsigned long block_start, bool fast_found)
{
	if ((sbuddy_pageblock_aligned(low_pfn) || low_pfn == cc->zone->zone_start_pfn) &&
	    !fast_found && !sbuddy_isolation_suitable(cc, block_start))
		return false;
	if (sbuddy_suitable_migration_source(cc, block_start))
		return true;
	sbuddy_update_cached_migrate(cc, sbuddy_pageblock_end_pfn(block_start));
	return false;
}

/* Isolates a batch of the first suitable block from the migrate scanner's place on. */
noinline enum sbuddy_isolate_migrate sbuddy_isolate_migratepages(struct sbuddy_compact_control *cc)
{
	const unsigned int isolate_mode =
		(cc->m->knobs.compact_unevictable_allowed ? SBUDDY_ISOLATE_UNEVICTABLE : 0) |
		(cc->mode != SBUDDY_MIGRATE_SYNC ? SBUDDY_ISOLATE_ASYNC_MIGRATE : 0);
	unsigned long low_pfn = sbuddy_fast_find_migrateblock(cc);
	unsigned long block_start = max(sbuddy_pageblock_start_pfn(low_pfn),
					cc->zone->zone_start_pfn);
	unsigned long block_end = sbuddy_pageblock_end_pfn(low_pfn);
	bool fast_found = low_pfn != cc->migrate_pfn && !cc->fast_search_fail;

	while (block_end <= cc->free_pfn) {
		if (sbuddy_pageblock_pfn_to_page(cc, block_start) &&
		    sbuddy_migrate_block_ok(cc, low_pfn, block_start, fast_found)) {
			if (sbuddy_isolate_migratepages_block(cc, low_pfn, block_end,
							      isolate_mode))
				return SBUDDY_ISOLATE_ABORT;
			break;
		}
		if (!(low_pfn % (SBUDDY_COMPACT_CLUSTER_MAX * SBUDDY_PAGEBLOCK_NR_PAGES)))
			os_cond_resched();
		fast_found = false;
		cc->migrate_pfn = block_end;
		low_pfn = block_end;
		block_start = block_end;
		block_end += SBUDDY_PAGEBLOCK_NR_PAGES;
	}
	return cc->nr_migratepages ? SBUDDY_ISOLATE_SUCCESS : SBUDDY_ISOLATE_NONE;
}
