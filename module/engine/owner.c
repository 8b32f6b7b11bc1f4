// SPDX-License-Identifier: GPL-2.0
/*
 * Owners and their slots: who holds which block, under a number of the
 * holder's own choice.  A page knows its owner and slot through
 * sbuddy_page::private, so it can be found in both directions.
 *
 * An owner has no lock; whoever uses it serialises.
 */
#include "os.h"
#include "lru.h"
#include "owner.h"

/**
 * sbuddy_page_owner() - owner of an allocated block
 * @page: its first page
 *
 * Context: Any.
 * Return: Number of the owner, 0xffffffff if it has none.
 */
u32 sbuddy_page_owner(const struct sbuddy_page *page)
{
	return (u32)(READ_ONCE(page->private) >> 32) - 1;
}

/**
 * sbuddy_page_slot() - slot that holds an allocated block
 * @page: its first page
 *
 * Context: Any.
 * Return: Slot; meaningless without an owner.
 */
u32 sbuddy_page_slot(const struct sbuddy_page *page)
{
	return (u32)(READ_ONCE(page->private) & ~SBUDDY_PRIVATE_FLAGS);
}

/**
 * sbuddy_owner_create() - an owner that holds nothing
 * @m: machine; must outlive the owner
 * @id: number under which users know it, below 0xfffffffe
 *
 * Context: May sleep.
 * Return: The owner, or NULL without memory.
 */
struct sbuddy_owner *sbuddy_owner_create(struct sbuddy_machine *m, u32 id)
{
	struct sbuddy_owner *o = os_zalloc(sizeof(*o));

	if (!o)
		return NULL;
	o->m = m;
	o->id = id;
	o->handle = sbuddy_owner_handle(id);
	sbuddy_reset_rotor(&o->task);
	sbuddy_lru_add_owner(o);
	return o;
}

static int sbuddy_grow_directory(struct sbuddy_owner *o, u32 chunk)
{
	struct sbuddy_slot_chunk **bigger, **old = o->chunks;
	u32 nr = o->nr_chunks ? o->nr_chunks : 8;

	while (nr <= chunk)
		nr *= 2;
	bigger = os_zalloc(nr * sizeof(struct sbuddy_slot_chunk *));
	if (!bigger)
		return -ENOMEM;
	if (o->nr_chunks)
		memcpy(bigger, o->chunks, o->nr_chunks * sizeof(struct sbuddy_slot_chunk *));
	spin_lock(&o->m->lru->lock);
	o->chunks = bigger;
	o->nr_chunks = nr;
	spin_unlock(&o->m->lru->lock);
	os_free(old);
	return 0;
}

/* Makes room for @slot: 0, -EINVAL for a number too high, -ENOMEM. */
int sbuddy_slot_reserve(struct sbuddy_owner *o, u32 slot)
{
	u32 c = slot / SBUDDY_SLOTS_PER_CHUNK;
	int err;

	if (unlikely(slot >= SBUDDY_MAX_SLOTS))
		return -EINVAL;
	if (unlikely(c >= o->nr_chunks)) {
		err = sbuddy_grow_directory(o, c);
		if (err)
			return err;
	}
	if (unlikely(!o->chunks[c]))
		o->chunks[c] = os_zalloc(sizeof(struct sbuddy_slot_chunk));
	return o->chunks[c] ? 0 : -ENOMEM;
}

/* The lowest free slot.  0, or -ENOSPC. */
int sbuddy_slot_find_free(struct sbuddy_owner *o, u32 *slot)
{
	u32 s = o->free_hint;

	while (s < SBUDDY_MAX_SLOTS) {
		u32 c = s / SBUDDY_SLOTS_PER_CHUNK;

		if (c < o->nr_chunks && o->chunks[c] &&
		    o->chunks[c]->used == SBUDDY_SLOTS_PER_CHUNK) {
			s = (c + 1) * SBUDDY_SLOTS_PER_CHUNK;
			continue;
		}
		if (!sbuddy_slot_word(o, s)) {
			o->free_hint = s;
			*slot = s;
			return 0;
		}
		s++;
	}
	return -ENOSPC;
}

/* Gives back what a slot holds, with all references. */
void sbuddy_drop_slot(struct sbuddy_owner *o, struct sbuddy_task *task, u32 slot)
{
	struct sbuddy_page *page = sbuddy_slot_page(o, slot);
	unsigned int order;
	u32 refs;

	if (sbuddy_slot_movable(o, slot)) {
		do {
			sbuddy_lru_free_slot(o, task, slot);
			os_cond_resched();
		} while (sbuddy_slot_word(o, slot));
		return;
	}
	order = sbuddy_tag_order(page->tag);
	sbuddy_slot_clear(o, slot, order);
	do {
		refs = READ_ONCE(page->refcount);
		order = sbuddy_tag_order(page->tag);
	} while (!sbuddy_free_pages(o->m, task, page, order) && refs > 1);
}

/* Whatever the slots hold is given back, in ascending order. */
void sbuddy_owner_drop_slots(struct sbuddy_owner *o, struct sbuddy_task *task)
{
	u32 slot = 0;

	for (; sbuddy_next_used_slot(o, &slot); slot++) {
		sbuddy_drop_slot(o, task, slot);
		os_cond_resched();
	}
}

/**
 * sbuddy_owner_release() - take an owner down without freeing what it holds
 * @o: owner, NULL is allowed; its machine goes as well, but not before
 *
 * Context: May sleep.
 */
void sbuddy_owner_release(struct sbuddy_owner *o)
{
	if (!o)
		return;
	sbuddy_lru_del_owner(o);
	for (u32 c = 0; c < o->nr_chunks; c++)
		os_free(o->chunks[c]);
	os_free(o->chunks);
	os_free(o);
}

/**
 * sbuddy_owner_destroy() - give everything back and take the owner down
 * @o: owner, NULL is allowed
 * @task: who frees
 *
 * Slots are freed in ascending order, with all references that the owner took;
 * then the pageblocks that it isolated become Movable, ascending.
 *
 * Context: May sleep.
 */
void sbuddy_owner_destroy(struct sbuddy_owner *o, struct sbuddy_task *task)
{
	if (!o)
		return;
	sbuddy_owner_drop_slots(o, task);
	sbuddy_owner_unisolate(o, task);
	sbuddy_lru_drop_owner(o, task);
	sbuddy_owner_release(o);
}

/**
 * sbuddy_owner_set_policy() - set one of an owner's policies
 * @o: owner
 * @index: its number, 0 is the owner's own
 * @pol: from sbuddy_mpol_new() for the owner's machine; copied
 *
 * The owner's own policy starts the rotor anew if it interleaves.
 *
 * Context: Serialised with operations of the owner.
 * Return: 0; -EINVAL for a number that no policy has, or a home node in the
 * owner's own.
 */
int sbuddy_owner_set_policy(struct sbuddy_owner *o, unsigned int index,
			    const struct sbuddy_mempolicy *pol)
{
	if (index >= SBUDDY_NR_POLICIES || (!index && pol->home_node != SBUDDY_NID_ANY))
		return -EINVAL;
	o->policy[index] = *pol;
	if (!index && (pol->mode == SBUDDY_MPOL_INTERLEAVE ||
		       pol->mode == SBUDDY_MPOL_WEIGHTED_INTERLEAVE))
		sbuddy_reset_rotor(&o->task);
	return 0;
}

/**
 * sbuddy_owner_policy() - one of an owner's policies
 * @o: owner
 * @index: its number, below SBUDDY_NR_POLICIES
 *
 * Context: Serialised with operations of the owner.
 * Return: The policy; its mode is SBUDDY_MPOL_DEFAULT if it was never set.
 */
const struct sbuddy_mempolicy *sbuddy_owner_policy(const struct sbuddy_owner *o,
						   unsigned int index)
{
	return &o->policy[index];
}

/**
 * sbuddy_owner_task() - who carries out an owner's operations
 * @o: owner
 *
 * Context: Serialised with operations of the owner.
 * Return: The task, for a look at its rotor.
 */
const struct sbuddy_task *sbuddy_owner_task(const struct sbuddy_owner *o)
{
	return &o->task;
}

/**
 * sbuddy_owner_pages() - pages that an owner holds
 * @o: owner
 *
 * Context: Any.
 * Return: Pages.
 */
u64 sbuddy_owner_pages(const struct sbuddy_owner *o)
{
	return READ_ONCE(o->nr_pages) - READ_ONCE(o->evicted_pages);
}

/**
 * sbuddy_owner_slots() - slots in use
 * @o: owner
 *
 * Context: Any.
 * Return: Number of slots.
 */
u32 sbuddy_owner_slots(const struct sbuddy_owner *o)
{
	return READ_ONCE(o->nr_slots);
}

/**
 * sbuddy_owner_holds() - would anything be left if the owner went now
 * @o: owner
 *
 * Context: Serialised with operations of the owner.
 * Return: true if a slot is in use or a pageblock is isolated by the owner.
 */
bool sbuddy_owner_holds(const struct sbuddy_owner *o)
{
	return o->nr_slots || o->isolated;
}

/**
 * sbuddy_owner_slot() - what a slot holds
 * @o: owner
 * @slot: slot number
 *
 * Context: Serialised with operations of the owner.
 * Return: First page of a block, or NULL.
 */
struct sbuddy_page *sbuddy_owner_slot(const struct sbuddy_owner *o, u32 slot)
{
	return slot < SBUDDY_MAX_SLOTS ? sbuddy_slot_page(o, slot) : NULL;
}

/*
 * The first slot in use from @slot on, whose number @slot becomes: its word, 0 at
 * the end.
 */
unsigned long sbuddy_next_used_slot(const struct sbuddy_owner *o, u32 *slot)
{
	u32 s = *slot;

	while (s / SBUDDY_SLOTS_PER_CHUNK < o->nr_chunks) {
		struct sbuddy_slot_chunk *chunk = o->chunks[s / SBUDDY_SLOTS_PER_CHUNK];
		unsigned long word;

		if (!chunk || !chunk->used) {
			s = (s / SBUDDY_SLOTS_PER_CHUNK + 1) * SBUDDY_SLOTS_PER_CHUNK;
			continue;
		}
		word = sbuddy_slot_word(o, s);
		if (word) {
			*slot = s;
			return word;
		}
		s++;
	}
	return 0;
}

/**
 * sbuddy_owner_next() - first slot from a number on that holds pages
 * @o: owner
 * @slot: in, where to start; out, the slot found
 *
 * Context: Serialised with operations of the owner.
 * Return: What the slot holds, or NULL at the end.
 */
struct sbuddy_page *sbuddy_owner_next(const struct sbuddy_owner *o, u32 *slot)
{
	struct sbuddy_page *page;

	for (; sbuddy_next_used_slot(o, slot); ++*slot) {
		page = sbuddy_slot_page(o, *slot);
		if (page)
			return page;
	}
	return NULL;
}

static const char *sbuddy_slot_fault(const struct sbuddy_owner *o, u32 slot,
				     const struct sbuddy_page *page)
{
	if (sbuddy_slot_movable(o, slot) != !!(page->tag & SBUDDY_TAG_MOVABLE))
		return "and its page do not agree on whether it may move";
	if (sbuddy_page_state(page) != SBUDDY_PAGE_USED)
		return "holds a page that is not allocated";
	if (!page->refcount)
		return "holds a page without a reference";
	if ((page->private & ~SBUDDY_PRIVATE_FLAGS) != sbuddy_slot_handle(o, slot))
		return "holds a page that names another slot";
	return NULL;
}

/**
 * sbuddy_owner_check() - do an owner's slots and pages agree
 * @o: owner
 * @err: out, the first thing wrong
 * @err_size: bytes of @err
 *
 * Context: Serialised with operations of the owner.
 * Return: 0, or -EUCLEAN.
 */
int sbuddy_owner_check(struct sbuddy_owner *o, char *err, size_t err_size)
{
	struct sbuddy_page *page;
	u32 slot = 0, slots = 0;
	u64 pages = 0;

	for (; (page = sbuddy_owner_next(o, &slot)); slot++) {
		const char *fault = sbuddy_slot_fault(o, slot, page);

		if (fault) {
			scnprintf(err, err_size, "owner %u slot %u pfn %lx: %s", o->id, slot,
				  sbuddy_pfn(o->m, page), fault);
			return -EUCLEAN;
		}
		slots++;
		pages += 1UL << sbuddy_page_order(page);
	}
	slots += o->evicted_slots;
	pages += o->evicted_pages;
	if (slots != o->nr_slots || pages != o->nr_pages) {
		scnprintf(err, err_size, "owner %u: %u slots, %llu pages counted, %u, %llu found",
			  o->id, o->nr_slots, (unsigned long long)o->nr_pages, slots,
			  (unsigned long long)pages);
		return -EUCLEAN;
	}
	return 0;
}
