/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Compaction and migration from the inside: the control block of one run, and
 * what compaction*.c, kcompactd.c and migrate.c share.
 *
 * A run belongs to one task and takes no lock of its own.  It takes the zone
 * lock to isolate free pages and sbuddy_lru.lock to isolate, move and put back
 * movable ones, never both.  What it has isolated is on its private lists.
 */
#ifndef _SBUDDY_COMPACTION_H
#define _SBUDDY_COMPACTION_H

#include "lru.h"

#define SBUDDY_COMPACT_CLUSTER_MAX	32U
#define SBUDDY_COMPACTION_HPAGE_ORDER	9
#define SBUDDY_COMPACT_MAX_DEFER_SHIFT	6
#define SBUDDY_HPAGE_FRAG_CHECK_MSEC	500U
#define SBUDDY_VIA_COMPACT_MEMORY	(-1)	/* order of who wants everything compacted */

#define SBUDDY_ISOLATE_UNEVICTABLE	1U
#define SBUDDY_ISOLATE_ASYNC_MIGRATE	2U

/* How hard a direct compactor tries; lower is harder. */
enum sbuddy_compact_priority {
	SBUDDY_COMPACT_PRIO_SYNC_FULL,
	SBUDDY_COMPACT_PRIO_SYNC_LIGHT,
	SBUDDY_COMPACT_PRIO_ASYNC,
};

#define SBUDDY_MIN_COMPACT_PRIORITY	SBUDDY_COMPACT_PRIO_SYNC_FULL

/* Why pages are migrated, as the kernel numbers it. */
enum sbuddy_migrate_reason {
	SBUDDY_MR_COMPACTION,
	SBUDDY_MR_MEMORY_FAILURE,
	SBUDDY_MR_MEMORY_HOTPLUG,
	SBUDDY_MR_SYSCALL,
	SBUDDY_MR_MEMPOLICY_MBIND,
	SBUDDY_MR_NUMA_MISPLACED,
	SBUDDY_MR_CONTIG_RANGE,
};

/* Where a run is in sbuddy_compact_zone(). */
enum sbuddy_compact_phase {
	SBUDDY_PHASE_TEST,		/* is it finished? */
	SBUDDY_PHASE_ISOLATE,
	SBUDDY_PHASE_MIGRATE,
	SBUDDY_PHASE_DRAIN,
	SBUDDY_PHASE_END,		/* give back, count */
	SBUDDY_PHASE_DONE,
};

/**
 * struct sbuddy_compact_control - one run
 * @freepages:	      free blocks isolated, by order
 * @migratepages:     pages isolated to be moved, highest first
 * @nr_freepages:     pages in @freepages
 * @nr_migratepages:  pages in @migratepages, less those that have a target
 * @free_pfn:	      the free scanner's place; falls
 * @migrate_pfn:      the migrate scanner's place; rises
 * @fast_start_pfn:   lowest frame that the fast search found, ULONG_MAX when used
 * @m:		      machine
 * @zone:	      zone
 * @task:	      who compacts
 * @log:	      what became of pages, or NULL
 * @total_migrate_scanned: frames looked at
 * @total_free_scanned: frames looked at
 * @fast_search_fail: fast searches in vain; each halves the next one's limit
 * @search_order:     order at which the free lists are searched first
 * @gfp:	      SBUDDY_GFP_* of the request
 * @order:	      order wanted, or SBUDDY_VIA_COMPACT_MEMORY
 * @migratetype:      type of the request
 * @alloc_flags:      SBUDDY_ALLOC_* of the request
 * @highest_zoneidx:  zones above are not eligible for the request
 * @mode:	      enum sbuddy_migrate_mode
 * @ignore_skip_hint: scan blocks whatever their skip hint says
 * @no_set_skip_hint: leave skip hints and cached places alone
 * @ignore_block_suitable: move pages to blocks of any type
 * @direct_compaction: on behalf of a request that waits
 * @proactive_compaction: until the zone's score is low
 * @whole_zone:	      from the zone's ends
 * @contended:	      a lock was taken, or a signal came
 * @finish_pageblock: take all of the block, whatever the size of a batch
 * @alloc_contig:     take compound pages of any order
 * @phase:	      next step
 * @result:	      enum sbuddy_compact_result, so far
 * @last_migrated_pfn: block whose freed pages may wait on per-CPU lists, or 0
 * @update_cached:    nothing was isolated yet: keep both cached places equal
 * @nr_isolated:      pages isolated to be moved, in all
 * @nr_migrated:      pages moved, in all
 * @nr_failed:	      pages that could not be moved, in all
 */
struct sbuddy_compact_control {
	struct list_head freepages[SBUDDY_NR_PAGE_ORDERS];
	struct list_head migratepages;
	unsigned int nr_freepages;
	unsigned int nr_migratepages;
	unsigned long free_pfn;
	unsigned long migrate_pfn;
	unsigned long fast_start_pfn;
	struct sbuddy_machine *m;
	struct sbuddy_zone *zone;
	struct sbuddy_task *task;
	struct sbuddy_migrate_log *log;
	unsigned long total_migrate_scanned;
	unsigned long total_free_scanned;
	unsigned short fast_search_fail;
	short search_order;
	u32 gfp;
	int order;
	int migratetype;
	unsigned int alloc_flags;
	int highest_zoneidx;
	enum sbuddy_migrate_mode mode;
	bool ignore_skip_hint;
	bool no_set_skip_hint;
	bool ignore_block_suitable;
	bool direct_compaction;
	bool proactive_compaction;
	bool whole_zone;
	bool contended;
	bool finish_pageblock;
	bool alloc_contig;

	enum sbuddy_compact_phase phase;
	enum sbuddy_compact_result result;
	unsigned long last_migrated_pfn;
	bool update_cached;
	unsigned long nr_isolated;
	unsigned long nr_migrated;
	unsigned long nr_failed;
};

/**
 * struct sbuddy_compact_walk - a run that is carried out in steps
 * @cc:	  the run
 * @task: who carries out the current step
 * @holder: see struct sbuddy_compact_args
 */
struct sbuddy_compact_walk {
	struct sbuddy_compact_control cc;
	struct sbuddy_task task;
	u32 holder;
};

/**
 * struct sbuddy_capture_control - a direct compactor waits for a block
 * @cc:	  its run: order, type, zone
 * @page: what was captured
 */
struct sbuddy_capture_control {
	struct sbuddy_compact_control *cc;
	struct sbuddy_page *page;
};

static inline unsigned long sbuddy_block_start_pfn(unsigned long pfn, unsigned int order)
{
	return pfn & ~((1UL << order) - 1);
}

static inline unsigned long sbuddy_block_end_pfn(unsigned long pfn, unsigned int order)
{
	return sbuddy_block_start_pfn(pfn, order) + (1UL << order);
}

static inline unsigned long sbuddy_pageblock_start_pfn(unsigned long pfn)
{
	return sbuddy_block_start_pfn(pfn, SBUDDY_PAGEBLOCK_ORDER);
}

static inline unsigned long sbuddy_pageblock_end_pfn(unsigned long pfn)
{
	return sbuddy_block_end_pfn(pfn, SBUDDY_PAGEBLOCK_ORDER);
}

static inline bool sbuddy_pageblock_aligned(unsigned long pfn)
{
	return !(pfn & (SBUDDY_PAGEBLOCK_NR_PAGES - 1));
}

static inline unsigned long sbuddy_zone_end_pfn(const struct sbuddy_zone *zone)
{
	return zone->zone_start_pfn + zone->spanned_pages;
}

static inline bool sbuddy_is_via_compact_memory(int order)
{
	return order == SBUDDY_VIA_COMPACT_MEMORY;
}

/* Free pages that compaction wants beyond a watermark, to work with. */
static inline unsigned long sbuddy_compact_gap(unsigned int order)
{
	return 2UL << order;
}

static inline void sbuddy_count_vm_events(struct sbuddy_machine *m, enum sbuddy_vm_event item,
					  long n)
{
	if (n)
		atomic_long_add(n, &m->vm_events[item]);
}

/* Is any of the pageblock at @pfn this zone's? */
static inline bool sbuddy_pageblock_pfn_to_page(const struct sbuddy_compact_control *cc,
						unsigned long pfn)
{
	return sbuddy_pageblock_present(cc->m, cc->zone, pfn);
}

/* Scanners at the same block, or past each other. */
static inline bool sbuddy_compact_scanners_met(const struct sbuddy_compact_control *cc)
{
	return cc->free_pfn >> SBUDDY_PAGEBLOCK_ORDER <= cc->migrate_pfn >> SBUDDY_PAGEBLOCK_ORDER;
}

/* Entries of a free list that a fast search may look at. */
static inline unsigned int sbuddy_freelist_scan_limit(const struct sbuddy_compact_control *cc)
{
	unsigned int shift = min_t(unsigned int, BITS_PER_LONG - 1, cc->fast_search_fail);

	return (shift < 6 ? SBUDDY_COMPACT_CLUSTER_MAX >> shift : 0) + 1;
}

/* compaction_skip.c */
bool sbuddy_isolation_suitable(const struct sbuddy_compact_control *cc, unsigned long pfn);
bool sbuddy_test_and_set_skip(const struct sbuddy_compact_control *cc, unsigned long pfn);
void sbuddy_update_cached_migrate(const struct sbuddy_compact_control *cc, unsigned long pfn);
void sbuddy_update_pageblock_skip(const struct sbuddy_compact_control *cc, unsigned long block,
				  unsigned long pfn);
bool sbuddy_pageblock_skip_persistent(const struct sbuddy_machine *m, unsigned long pfn);
void sbuddy_reset_cached_positions(struct sbuddy_zone *zone);
void sbuddy___reset_isolation_suitable(struct sbuddy_zone *zone);
void sbuddy_reset_isolation_suitable(struct sbuddy_node *node);
void sbuddy_defer_compaction(struct sbuddy_zone *zone, int order);
bool sbuddy_compaction_deferred(struct sbuddy_zone *zone, int order);
void sbuddy_compaction_defer_reset(struct sbuddy_zone *zone, int order, bool alloc_success);
bool sbuddy_compaction_restarting(const struct sbuddy_zone *zone, int order);

/* compaction_migrate.c */
enum sbuddy_isolate_migrate {
	SBUDDY_ISOLATE_ABORT,
	SBUDDY_ISOLATE_NONE,
	SBUDDY_ISOLATE_SUCCESS,
};

enum sbuddy_isolate_migrate sbuddy_isolate_migratepages(struct sbuddy_compact_control *cc);
int sbuddy_isolate_migratepages_range(struct sbuddy_compact_control *cc, unsigned long start_pfn,
				      unsigned long end_pfn);

/* compaction_free.c */
struct sbuddy_page *sbuddy_compaction_alloc(struct sbuddy_page *src, void *private);
void sbuddy_compaction_free(struct sbuddy_page *dst, void *private);
unsigned long sbuddy_release_free_list(struct sbuddy_compact_control *cc);
bool sbuddy_suitable_migration_target(const struct sbuddy_compact_control *cc,
				      unsigned long pfn);

/* compaction.c */
bool sbuddy_compaction_suitable(struct sbuddy_zone *zone, int order, int highest_zoneidx);
bool sbuddy_compaction_zonelist_suitable(const struct sbuddy_alloc_context *ac, int order);
enum sbuddy_compact_result
sbuddy_compaction_suit_allocation_order(struct sbuddy_zone *zone, unsigned int order,
					int highest_zoneidx, unsigned int alloc_flags);
enum sbuddy_compact_result sbuddy_compact_zone_begin(struct sbuddy_compact_control *cc);
void sbuddy_compact_zone_step(struct sbuddy_compact_control *cc);
void sbuddy_compact_zone_end(struct sbuddy_compact_control *cc);
enum sbuddy_compact_result sbuddy_compact_zone(struct sbuddy_compact_control *cc);
enum sbuddy_compact_result
sbuddy_try_to_compact_pages(const struct sbuddy_alloc_context *ac, unsigned int alloc_flags,
			    enum sbuddy_compact_priority prio, struct sbuddy_page **capture);
bool sbuddy_compaction_capture(struct sbuddy_zone *zone, struct sbuddy_task *task,
			       struct sbuddy_page *page, unsigned int order, int mt);

/* kcompactd.c */
void sbuddy_kcompactd_init(struct sbuddy_node *node);
void sbuddy_wakeup_kcompactd(struct sbuddy_machine *m, struct sbuddy_node *node, int order,
			     int highest_zoneidx);
unsigned int sbuddy_fragmentation_score_zone(const struct sbuddy_zone *zone);
unsigned int sbuddy_fragmentation_score_node(const struct sbuddy_node *node);
unsigned int sbuddy_fragmentation_score_wmark(const struct sbuddy_machine *m, bool low);
int sbuddy_compact_node(struct sbuddy_machine *m, struct sbuddy_task *task, int nid,
			bool proactive);

/* contig_migrate.c */
void sbuddy_lru_cache_disable(struct sbuddy_machine *m, struct sbuddy_task *task);
void sbuddy_lru_cache_enable(struct sbuddy_machine *m);
int sbuddy___alloc_contig_migrate_range(struct sbuddy_range *r, struct sbuddy_zone *zone,
					unsigned long start, unsigned long end, u32 gfp);

/* compaction_walk.c */
void sbuddy_compact_walk_forget(struct sbuddy_machine *m);
int sbuddy_compact_walk_fork(const struct sbuddy_machine *src, struct sbuddy_machine *dst);

/* migrate.c */
typedef struct sbuddy_page *(*sbuddy_new_folio_fn)(struct sbuddy_page *src, void *private);
typedef void (*sbuddy_free_folio_fn)(struct sbuddy_page *dst, void *private);

/**
 * struct sbuddy_migrate_control - how pages are to be migrated
 * @m:	     machine
 * @task:    who migrates
 * @alloc:   gives a page of the source's order, not movable, one reference; NULL: none
 * @free:    takes it back; NULL: it is freed
 * @private: for both
 * @mode:    enum sbuddy_migrate_mode
 * @reason:  enum sbuddy_migrate_reason
 * @log:     what became of each page, or NULL
 */
struct sbuddy_migrate_control {
	struct sbuddy_machine *m;
	struct sbuddy_task *task;
	sbuddy_new_folio_fn alloc;
	sbuddy_free_folio_fn free;
	void *private;
	enum sbuddy_migrate_mode mode;
	enum sbuddy_migrate_reason reason;
	struct sbuddy_migrate_log *log;
};

int sbuddy_migrate_pages(const struct sbuddy_migrate_control *mc, struct list_head *from,
			 unsigned int *ret_succeeded);

#endif /* _SBUDDY_COMPACTION_H */
