/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Owners from the inside: what owner.c and run.c share.
 */
#ifndef _SBUDDY_OWNER_H
#define _SBUDDY_OWNER_H

#include "internal.h"
#include "sbuddy/movable.h"

#define SBUDDY_SLOTS_PER_CHUNK	4096U

/* In a slot's pointer: the page may move, see lru_owner.c; processes may see it, owner_map.c. */
#define SBUDDY_SLOT_MOVABLE	1UL
#define SBUDDY_SLOT_SHOWN	2UL
/* And: it is no pointer but says what page was reclaimed, see swap.c.  Never without the first. */
#define SBUDDY_SLOT_EVICTED	4UL
#define SBUDDY_SLOT_MARKS	7UL

/* Slots are kept in chunks, made when one of theirs is first used. */
struct sbuddy_slot_chunk {
	unsigned int used;
	struct sbuddy_page *page[SBUDDY_SLOTS_PER_CHUNK];
};

/**
 * struct sbuddy_mops - how an owner's pages move that are on no LRU list
 * @ops:     whom to ask, NULL: nobody
 * @private: for it
 * @faults:  failures ordered
 */
struct sbuddy_mops {
	const struct sbuddy_movable_operations *ops;
	void *private;
	struct sbuddy_movable_faults faults;
};

/**
 * struct sbuddy_owner - somebody who holds pages
 * @m:		machine
 * @task:	who carries out the current operation
 * @id:		number under which users know the owner
 * @handle:	what a page in slot 0 has in its private field
 * @nr_slots:	slots in use
 * @nr_pages:	pages in them
 * @free_hint:	no slot below this is free
 * @isolated:	it isolated pageblocks once; which, the machine knows
 * @nr_chunks:	entries of @chunks
 * @chunks:	directory, grown by doubling; sbuddy_lru.lock is held to replace it
 * @policy:	by number; 0 is the owner's own
 * @lru_known:	it has, or had, movable pages
 * @lru_next:	next owner that the machine knows, sbuddy_lru.lock
 * @evicted_slots: slots of reclaimed pages, sbuddy_lru.lock
 * @evicted_pages: of @nr_pages, those that were reclaimed, sbuddy_lru.lock
 * @swapped_pages: of these, those that are in swap, sbuddy_lru.lock
 * @killed:	it lost all that it had; nothing works any more
 * @held:	migrations that need it a little longer, sbuddy_lru.lock
 * @mapping:	what shows its slots to processes, NULL if nothing does
 * @movable:	see there, sbuddy_lru.lock
 * @scratch:	room for the pages of one bulk operation
 *
 * The owner's user serialises everything on it.
 */
struct sbuddy_owner {
	struct sbuddy_machine *m;
	struct sbuddy_task task;
	u64 handle;
	u64 nr_pages;
	u32 nr_slots;
	u32 id;
	u32 free_hint;
	bool isolated;
	u32 nr_chunks;
	struct sbuddy_slot_chunk **chunks;
	struct sbuddy_mempolicy policy[SBUDDY_NR_POLICIES];
	bool lru_known;
	struct sbuddy_owner *lru_next;
	u32 evicted_slots;
	u64 evicted_pages;
	u64 swapped_pages;
	bool killed;
	u32 held;
	struct os_mapping *mapping;
	struct sbuddy_mops movable;
	struct sbuddy_page *scratch[SBUDDY_MAX_BULK];
};

int sbuddy_slot_reserve(struct sbuddy_owner *o, u32 slot);
int sbuddy_slot_find_free(struct sbuddy_owner *o, u32 *slot);

void sbuddy_owner_drop_slots(struct sbuddy_owner *o, struct sbuddy_task *task);
unsigned long sbuddy_next_used_slot(const struct sbuddy_owner *o, u32 *slot);
/* owner.c */
void sbuddy_drop_slot(struct sbuddy_owner *o, struct sbuddy_task *task, u32 slot);

/* owner_map.c; what is for migration is in lru.h */
void sbuddy_slot_mark_shown(struct sbuddy_owner *o, u32 slot);
int sbuddy_slot_evict(struct sbuddy_owner *o, u32 slot);
int sbuddy_slots_evict(struct sbuddy_owner *o, u32 slot, u32 nr);
bool sbuddy_put_takes_frames(const struct sbuddy_page *page, u32 owner_refs);

/* movable.c */
void sbuddy_owner_wait_unheld(struct sbuddy_owner *o);

/* run.c, run_range.c */
int sbuddy_op_check_nid(const struct sbuddy_machine *m, int nid);
int sbuddy_op_empty_slots(struct sbuddy_owner *o, u32 first, u32 nr);
void sbuddy_op_range(struct sbuddy_owner *o, struct sbuddy_op *op);
void sbuddy_owner_unisolate(struct sbuddy_owner *o, struct sbuddy_task *task);

static inline bool sbuddy_op_gfp_valid(u32 gfp)
{
	const u32 types = SBUDDY_GFP_MOVABLE | SBUDDY_GFP_RECLAIMABLE;

	return !(gfp & ~SBUDDY_GFP_ALL) && (gfp & types) != types;
}

/* What the owner isolates is marked with this, see struct sbuddy_range. */
static inline u32 sbuddy_owner_holder(const struct sbuddy_owner *o)
{
	return o->id + 1;
}

/* The chunk of a slot, NULL if none of it was ever used. */
static inline struct sbuddy_slot_chunk *sbuddy_slot_chunk(const struct sbuddy_owner *o, u32 slot)
{
	u32 c = slot / SBUDDY_SLOTS_PER_CHUNK;

	return likely(c < o->nr_chunks) ? o->chunks[c] : NULL;
}

/* A slot's pointer with its mark, NULL if it is empty. */
static inline unsigned long sbuddy_slot_word(const struct sbuddy_owner *o, u32 slot)
{
	const struct sbuddy_slot_chunk *chunk = sbuddy_slot_chunk(o, slot);

	return likely(chunk) ?
	       (unsigned long)READ_ONCE(chunk->page[slot % SBUDDY_SLOTS_PER_CHUNK]) : 0;
}

/* What a slot holds, NULL if nothing is there; a movable page may be gone at once. */
static inline struct sbuddy_page *sbuddy_slot_page(const struct sbuddy_owner *o, u32 slot)
{
	unsigned long word = sbuddy_slot_word(o, slot);

	if (unlikely(word & SBUDDY_SLOT_EVICTED))
		return NULL;
	return (struct sbuddy_page *)(word & ~SBUDDY_SLOT_MARKS);
}

/* Only the owner's user changes that. */
static inline bool sbuddy_slot_movable(const struct sbuddy_owner *o, u32 slot)
{
	return sbuddy_slot_word(o, slot) & SBUDDY_SLOT_MOVABLE;
}

static inline u64 sbuddy_owner_handle(u32 id)
{
	return (u64)(id + 1) << 32;
}

/* Set by its first use, cleared when it is emptied. */
static inline bool sbuddy_slot_shown(const struct sbuddy_owner *o, u32 slot)
{
	return sbuddy_slot_word(o, slot) & SBUDDY_SLOT_SHOWN;
}

/* Where the pointer of a slot with a chunk is. */
static inline struct sbuddy_page **sbuddy_slot_place(const struct sbuddy_owner *o, u32 slot)
{
	return &o->chunks[slot / SBUDDY_SLOTS_PER_CHUNK]->page[slot % SBUDDY_SLOTS_PER_CHUNK];
}

static inline u64 sbuddy_slot_handle(const struct sbuddy_owner *o, u32 slot)
{
	return o->handle + slot;
}

/* @slot, of @chunk, is empty and takes @page, of @nr pages. */
static inline void sbuddy_slot_take(struct sbuddy_owner *o, struct sbuddy_slot_chunk *chunk,
				    u32 slot, struct sbuddy_page *page, u32 nr)
{
	chunk->page[slot % SBUDDY_SLOTS_PER_CHUNK] = page;
	chunk->used++;
	o->nr_slots++;
	o->nr_pages += nr;
	page->private = sbuddy_slot_handle(o, slot);
}

/* @slot, of @chunk, held @nr pages, which are no longer the owner's. */
static inline void sbuddy_slot_drop(struct sbuddy_owner *o, struct sbuddy_slot_chunk *chunk,
				    u32 slot, u32 nr)
{
	chunk->page[slot % SBUDDY_SLOTS_PER_CHUNK] = NULL;
	chunk->used--;
	o->nr_slots--;
	o->nr_pages -= nr;
	if (slot < o->free_hint)
		o->free_hint = slot;
}

static inline void sbuddy_slot_fill(struct sbuddy_owner *o, u32 slot, struct sbuddy_page *page)
{
	sbuddy_slot_take(o, o->chunks[slot / SBUDDY_SLOTS_PER_CHUNK], slot, page,
			 1U << sbuddy_tag_order(page->tag));
}

static inline void sbuddy_slot_clear(struct sbuddy_owner *o, u32 slot, unsigned int order)
{
	sbuddy_slot_drop(o, o->chunks[slot / SBUDDY_SLOTS_PER_CHUNK], slot, 1U << order);
}

/* run.c */
void sbuddy_op_perform(struct sbuddy_owner *o, struct sbuddy_op *op);

static inline int sbuddy_op_result(const struct sbuddy_owner *o, struct sbuddy_op *op,
				   const struct sbuddy_page *page, u32 nr)
{
	op->pfn = sbuddy_pfn(o->m, page);
	op->zone = sbuddy_zone_of(o->m, page)->place;
	op->count = nr;
	return 0;
}

#endif /* _SBUDDY_OWNER_H */
