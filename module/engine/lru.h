/* SPDX-License-Identifier: GPL-2.0 */
/*
 * LRU lists: the pages that can move, and their owners.
 *
 * One lock for a machine, sbuddy_lru.lock, guards everything about a movable
 * page: which list or batch it is in, its attributes, its references, and the
 * slot that names it.  It is never held together with a zone or pcp lock: what
 * lost its last reference is collected and freed when the lock is gone.
 */
#ifndef _SBUDDY_LRU_H
#define _SBUDDY_LRU_H

#include "internal.h"

/* Of an allocated page, in sbuddy_page::tag: SBUDDY_LRU_* of the ABI and where it is. */
#define SBUDDY_TAG_ATTR_SHIFT	21
#define SBUDDY_TAG_ATTR(attr)	((u32)(attr) << SBUDDY_TAG_ATTR_SHIFT)
#define SBUDDY_TAG_ATTRS	SBUDDY_TAG_ATTR(0x1ffU)
#define SBUDDY_TAG_FILE		SBUDDY_TAG_ATTR(SBUDDY_LRU_FILE)
#define SBUDDY_TAG_ACTIVE	SBUDDY_TAG_ATTR(SBUDDY_LRU_ACTIVE)
#define SBUDDY_TAG_DIRTY	SBUDDY_TAG_ATTR(SBUDDY_LRU_DIRTY)
#define SBUDDY_TAG_WRITEBACK	SBUDDY_TAG_ATTR(SBUDDY_LRU_WRITEBACK)
#define SBUDDY_TAG_UNEVICTABLE	SBUDDY_TAG_ATTR(SBUDDY_LRU_UNEVICTABLE)
#define SBUDDY_TAG_LOCKED	SBUDDY_TAG_ATTR(SBUDDY_LRU_LOCKED)
#define SBUDDY_TAG_NOT_UPTODATE	SBUDDY_TAG_ATTR(SBUDDY_LRU_NOT_UPTODATE)
#define SBUDDY_TAG_NO_MIGRATE	SBUDDY_TAG_ATTR(SBUDDY_LRU_NO_MIGRATE)
#define SBUDDY_TAG_INACCESSIBLE	SBUDDY_TAG_ATTR(SBUDDY_LRU_INACCESSIBLE)
#define SBUDDY_TAG_SWAPCACHE	SBUDDY_TAG_INACCESSIBLE	/* anonymous: in swap as well, see swap.c */
#define SBUDDY_TAG_PENDING	0x40000000U	/* in a vcpu's batch, which has a reference */
#define SBUDDY_TAG_ISOLATED	0x80000000U	/* taken off, for a reference */

/* In one of the three states, or its owner's to move, its slot has SBUDDY_SLOT_MOVABLE. */
#define SBUDDY_TAG_MOVABLE	(SBUDDY_TAG_LRU | SBUDDY_TAG_PENDING | SBUDDY_TAG_ISOLATED | \
				 SBUDDY_TAG_MOVABLE_OPS)

/* sbuddy_page::private of a movable page that no owner here holds: no owner has number -1 */
#define SBUDDY_PRIVATE_UNOWNED	1ULL

/* Of a movable page that is in a slot, in sbuddy_page::private: what reclaim knows of it. */
#define SBUDDY_PRIVATE_YOUNG	0x10000000ULL	/* used through a page table */
#define SBUDDY_PRIVATE_REFERENCED 0x20000000ULL	/* used since it came, or seen as used */
#define SBUDDY_PRIVATE_RECLAIM	0x40000000ULL	/* to be freed when it has been written */
#define SBUDDY_PRIVATE_WORKINGSET 0x80000000ULL	/* was active */
#define SBUDDY_PRIVATE_FLAGS	0xf0000000ULL

#define SBUDDY_LRU_BATCH	31	/* pages that wait on a vcpu to be put on a list */
#define SBUDDY_LRU_OWNER_BUCKETS 64

enum sbuddy_lru_list {
	SBUDDY_INACTIVE_ANON,
	SBUDDY_ACTIVE_ANON,
	SBUDDY_INACTIVE_FILE,
	SBUDDY_ACTIVE_FILE,
	SBUDDY_UNEVICTABLE,
	SBUDDY_NR_LRU_LISTS,
};

/**
 * struct sbuddy_lruvec - LRU lists of a node
 * @list:	 by enum sbuddy_lru_list; new ones at the head
 * @nr:		 pages on each
 * @nr_isolated: pages taken off by somebody at work: anonymous, of files
 * @zone_nr:	 of @nr, by zone of the node
 * @cost:	 of reclaiming anonymous pages, of reclaiming files' pages
 * @refaults:	 @activated when reclaim last ended here
 * @activated:	 pages that came back soon enough to be active at once
 * @nonresident_age: evictions and activations so far, pages: the clock of refaults
 * @writeback:	 kswapd met only pages that are being written
 * @dirty:	 kswapd met only dirty pages of files
 * @congested:	 dirty pages come round before they are written
 */
struct sbuddy_lruvec {
	struct list_head list[SBUDDY_NR_LRU_LISTS];
	unsigned long nr[SBUDDY_NR_LRU_LISTS];
	unsigned long nr_isolated[2];
	unsigned long zone_nr[SBUDDY_MAX_NR_ZONES][SBUDDY_NR_LRU_LISTS];
	unsigned long cost[2];
	unsigned long refaults[2];
	unsigned long activated[2];
	unsigned long nonresident_age;
	bool writeback;
	bool dirty;
	bool congested;
};

/* Pages of a vcpu on their way to the lists; each is held by a reference. */
struct sbuddy_lru_batch {
	unsigned int nr;
	struct sbuddy_page *page[SBUDDY_LRU_BATCH];
};

/**
 * struct sbuddy_lru - the movable pages of a machine
 * @lock:  guards all of it, see the top of this file
 * @disabled: batches are not used, see contig_migrate.c; no state, for it is 0
 *	   between operations
 * @node:  lists of each node
 * @owner: those who hold pages of the machine, by number
 * @reclaim: what reclaim knows of the machine
 * @batch: of each vcpu
 */
struct sbuddy_lru {
	spinlock_t lock;
	unsigned int disabled;
	struct sbuddy_lruvec node[SBUDDY_MAX_NODES];
	struct sbuddy_owner *owner[SBUDDY_LRU_OWNER_BUCKETS];
	struct sbuddy_reclaim reclaim;
	struct sbuddy_lru_batch batch[];
};

static inline size_t sbuddy_lru_size(int nr_vcpus)
{
	return sizeof(struct sbuddy_lru) + nr_vcpus * sizeof(struct sbuddy_lru_batch);
}

static inline struct sbuddy_lruvec *sbuddy_lruvec_of(struct sbuddy_machine *m,
						     const struct sbuddy_page *page)
{
	return &m->lru->node[sbuddy_zone_of(m, page)->node];
}

static inline unsigned long sbuddy_block_pages(u32 tag)
{
	return 1UL << sbuddy_tag_order(tag);
}

static inline bool sbuddy_page_unowned(const struct sbuddy_page *page)
{
	return (page->private & ~SBUDDY_PRIVATE_FLAGS) == SBUDDY_PRIVATE_UNOWNED;
}

static inline bool sbuddy_page_flag(const struct sbuddy_page *page, u64 flag)
{
	return page->private & flag;
}

/* Lock held.  A page that is in no slot has none of the flags. */
static inline void sbuddy_set_page_flag(struct sbuddy_page *page, u64 flag)
{
	if (page->private)
		WRITE_ONCE(page->private, page->private | flag);
}

static inline void sbuddy_clear_page_flag(struct sbuddy_page *page, u64 flag)
{
	WRITE_ONCE(page->private, page->private & ~flag);
}

/* lru.c; those with a list of the dead: lock held, they are freed by sbuddy_lru_unlock() */
void sbuddy_lru_init(struct sbuddy_machine *m);
int sbuddy_lru_fork(const struct sbuddy_machine *src, struct sbuddy_machine *dst);
enum sbuddy_lru_list sbuddy_folio_lru_list(u32 tag);
void sbuddy_lruvec_add_folio(struct sbuddy_machine *m, struct sbuddy_page *page);
void sbuddy_lruvec_add_folio_tail(struct sbuddy_machine *m, struct sbuddy_page *page);
void sbuddy_lruvec_del_folio(struct sbuddy_machine *m, struct sbuddy_page *page);
void sbuddy_lru_lock(struct sbuddy_machine *m, struct list_head *dead)
	__acquires(&m->lru->lock);
void sbuddy_lru_unlock(struct sbuddy_machine *m, struct sbuddy_task *task, struct list_head *dead)
	__releases(&m->lru->lock);
void sbuddy_folio_add_lru(struct sbuddy_machine *m, struct sbuddy_task *task,
			  struct sbuddy_page *page, struct list_head *dead);
int sbuddy_lru_append(struct sbuddy_machine *m, struct sbuddy_page *page);
void sbuddy_folio_put(struct sbuddy_machine *m, struct sbuddy_page *page,
		      struct list_head *dead);
void sbuddy_lru_set_attrs(struct sbuddy_machine *m, struct sbuddy_page *page, u32 attrs);
void sbuddy_lru_forget(struct sbuddy_machine *m, struct sbuddy_page *page,
		       struct list_head *dead);
void sbuddy_lru_isolate(struct sbuddy_machine *m, struct sbuddy_page *page);
void sbuddy_lru_end_isolation(struct sbuddy_machine *m, struct sbuddy_page *page);
void sbuddy_putback_movable_pages(struct sbuddy_machine *m, struct sbuddy_task *task,
				  struct list_head *pages);
void sbuddy_lru_add_drain(struct sbuddy_machine *m, struct sbuddy_task *task, int cpu);
void sbuddy_lru_add_drain_all(struct sbuddy_machine *m, struct sbuddy_task *task);
int sbuddy_lru_check(struct sbuddy_machine *m, char *err, size_t err_size);

/* swap.c; lock held */
void sbuddy_folio_free_swap(struct sbuddy_machine *m, struct sbuddy_page *page);
bool sbuddy_folio_evict(struct sbuddy_machine *m, struct sbuddy_page *page);
void sbuddy_slot_lose(struct sbuddy_owner *o, u32 slot, struct sbuddy_page *page);
void sbuddy_slot_forget_swap(struct sbuddy_owner *o, u32 slot);
void sbuddy_slot_copy_evicted(struct sbuddy_owner *o, u32 slot, unsigned long word);
void sbuddy_slot_forget_evicted(struct sbuddy_owner *o, u32 slot);
unsigned int sbuddy_evicted_order(unsigned long word);
int sbuddy_touch_slot(struct sbuddy_owner *o, struct sbuddy_task *task, u32 slot, u32 how,
		      u32 *came_back);

/* owner_map.c: frames that processes may see */
struct sbuddy_owner *sbuddy_page_hold_owner(struct sbuddy_machine *m,
					    const struct sbuddy_page *page, u32 *slot);
void sbuddy_owner_unhold(struct sbuddy_owner *o);
bool sbuddy_try_to_migrate(struct sbuddy_machine *m, const struct sbuddy_page *page, bool wait);
void sbuddy_migrate_unlock(struct sbuddy_machine *m, const struct sbuddy_page *page);
bool sbuddy_frames_pinned(const struct sbuddy_machine *m, const struct sbuddy_page *page);
bool sbuddy_frames_maybe_pinned(const struct sbuddy_machine *m, const struct sbuddy_page *page);

/* movable.c: pages that their owner moves */
bool sbuddy_isolate_movable_page(struct sbuddy_machine *m, struct sbuddy_task *task,
				 struct sbuddy_page *page, enum sbuddy_migrate_mode mode);
int sbuddy_move_movable_page(struct sbuddy_machine *m, struct sbuddy_page *dst,
			     struct sbuddy_page *src, enum sbuddy_migrate_mode mode);
void sbuddy_putback_movable_page(struct sbuddy_machine *m, struct sbuddy_page *page);

/* lru_owner.c: owners and their movable slots; sbuddy_lru.lock held where it says so */
void sbuddy_lru_add_owner(struct sbuddy_owner *o);
void sbuddy_lru_del_owner(struct sbuddy_owner *o);
struct sbuddy_owner *sbuddy_find_owner(struct sbuddy_machine *m, u32 id);
u32 sbuddy_owner_refs(const struct sbuddy_page *page);
int sbuddy_lru_set_slot(struct sbuddy_owner *o, struct sbuddy_task *task, u32 slot, u32 attrs);
u32 sbuddy_lru_free_slot(struct sbuddy_owner *o, struct sbuddy_task *task, u32 slot);
bool sbuddy_lru_detach_slot(struct sbuddy_owner *o, u32 slot);
int sbuddy_lru_get_slot(struct sbuddy_owner *o, u32 slot);
void sbuddy_lru_adopt_slot(struct sbuddy_owner *o, u32 slot);
void sbuddy_lru_rename_owner(struct sbuddy_owner *o, u32 id);
void sbuddy_lru_drop_owner(struct sbuddy_owner *o, struct sbuddy_task *task);
void sbuddy_slot_point(struct sbuddy_owner *o, u32 slot, struct sbuddy_page *page,
		       unsigned long mark);
bool sbuddy_lru_move_slot(struct sbuddy_machine *m, struct sbuddy_page *src,
			  struct sbuddy_page *dst);

#endif /* _SBUDDY_LRU_H */
