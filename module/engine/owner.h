/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Owners from the inside: what owner.c and run.c share.
 */
#ifndef _SBUDDY_OWNER_H
#define _SBUDDY_OWNER_H

#include "internal.h"

#define SBUDDY_SLOTS_PER_CHUNK	4096U

/* Slots are kept in chunks, made when one of theirs is first used. */
struct sbuddy_slot_chunk {
	unsigned int used;
	struct sbuddy_page *page[SBUDDY_SLOTS_PER_CHUNK];
};

/**
 * struct sbuddy_owner - somebody who holds pages
 * @m:		machine
 * @id:		number under which users know the owner
 * @nr_slots:	slots in use
 * @nr_pages:	pages in them
 * @free_hint:	no slot below this is free
 * @nr_chunks:	entries of @chunks
 * @chunks:	directory, grown by doubling
 * @scratch:	room for the pages of one bulk operation
 *
 * The owner's user serialises everything on it.
 */
struct sbuddy_owner {
	struct sbuddy_machine *m;
	u32 id;
	u32 nr_slots;
	u64 nr_pages;
	u32 free_hint;
	u32 nr_chunks;
	struct sbuddy_slot_chunk **chunks;
	struct sbuddy_page *scratch[SBUDDY_MAX_BULK];
};

int sbuddy_slot_reserve(struct sbuddy_owner *o, u32 slot);
int sbuddy_slot_find_free(struct sbuddy_owner *o, u32 *slot);
void sbuddy_slot_fill(struct sbuddy_owner *o, u32 slot, struct sbuddy_page *page);
void sbuddy_slot_clear(struct sbuddy_owner *o, u32 slot, unsigned int order);

/* What a slot holds, NULL if it is empty or was never used. */
static inline struct sbuddy_page *sbuddy_slot_page(const struct sbuddy_owner *o, u32 slot)
{
	u32 c = slot / SBUDDY_SLOTS_PER_CHUNK;

	if (unlikely(c >= o->nr_chunks) || unlikely(!o->chunks[c]))
		return NULL;
	return o->chunks[c]->page[slot % SBUDDY_SLOTS_PER_CHUNK];
}

#endif /* _SBUDDY_OWNER_H */
