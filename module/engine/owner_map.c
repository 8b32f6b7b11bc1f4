// SPDX-License-Identifier: GPL-2.0
/*
 * Slots that processes see: the frames of a slot are mapped by whoever has the
 * owner's file open.
 *
 * A slot that was ever looked at has SBUDDY_SLOT_SHOWN in its pointer.  The mark
 * says that its frames were cleared when the slot was first touched, and that
 * page tables may lead to them.  So a frame is seen only with what was written
 * through this very slot, and a slot without the mark costs its owner nothing.
 *
 * Whatever takes frames from such a slot evicts it first: page tables no longer
 * lead there (os_unmap), nobody is about to enter one (the frames' locks), and
 * nobody else has a reference on a frame, as for I/O.  Else the slot keeps them
 * and the operation is refused with EBUSY.  Owner's user and page faults exclude
 * each other, so none comes in between.
 *
 * Owns nothing but the mark, guarded by sbuddy_lru.lock as the rest of the slot
 * is.  Not part of a machine's state: no check, copy or snapshot knows of it.
 */
#include "os.h"
#include "lru.h"
#include "owner.h"

/**
 * sbuddy_owner_set_mapping() - processes are going to map an owner's slots
 * @o: owner
 * @mapping: what leads from a slot to the page tables; outlives the owner
 *
 * Context: Serialised with operations of the owner.
 */
void sbuddy_owner_set_mapping(struct sbuddy_owner *o, struct os_mapping *mapping)
{
	spin_lock(&o->m->lru->lock);
	o->mapping = mapping;
	spin_unlock(&o->m->lru->lock);
}

/**
 * sbuddy_owner_mapping() - what was set last
 * @o: owner
 *
 * Context: Serialised with operations of the owner.
 * Return: See sbuddy_owner_set_mapping(); NULL if never.
 */
struct os_mapping *sbuddy_owner_mapping(const struct sbuddy_owner *o)
{
	return o->mapping;
}

/**
 * sbuddy_owner_inherit() - an owner takes the place of another
 * @o: owner that holds nothing, perhaps on another machine
 * @from: owner that holds nothing any more
 *
 * Who maps its slots and how its pages move is the same from now on.
 *
 * Context: Serialised with operations of both.
 */
void sbuddy_owner_inherit(struct sbuddy_owner *o, struct sbuddy_owner *from)
{
	o->mapping = from->mapping;
	spin_lock(&from->m->lru->lock);
	o->movable = from->movable;
	spin_unlock(&from->m->lru->lock);
}

/**
 * sbuddy_owner_frame() - a frame of what a slot holds, for the moment
 * @o: owner
 * @slot: slot, any number
 * @index: page of the block
 * @pfn: out, its frame
 *
 * A page that can move is there for sure only as long as the frame's lock is
 * held, and if it was there after that was taken.
 *
 * Context: Serialised with operations of the owner.
 * Return: 0; -ENOENT if there is nothing; -EOPNOTSUPP if the machine is unbacked.
 */
int sbuddy_owner_frame(struct sbuddy_owner *o, u32 slot, unsigned long index, unsigned long *pfn)
{
	struct sbuddy_page *page;
	int err = -ENOENT;

	if (!o->m->backed)
		return -EOPNOTSUPP;
	if (slot >= SBUDDY_MAX_SLOTS)
		return -ENOENT;
	spin_lock(&o->m->lru->lock);
	page = sbuddy_slot_page(o, slot);
	if (page && index < sbuddy_block_pages(page->tag)) {
		*pfn = sbuddy_pfn(o->m, page) + index;
		err = 0;
	}
	spin_unlock(&o->m->lru->lock);
	return err;
}

/**
 * sbuddy_owner_show() - a process is about to see a slot's frames
 * @o: owner
 * @slot: slot, any number; the lock of one of its frames is held
 *
 * The first time they are cleared.  From then on the page is not reclaimed.
 *
 * Context: Serialised with operations of the owner.
 * Return: true; false if there is nothing any more, for the page was reclaimed.
 */
bool sbuddy_owner_show(struct sbuddy_owner *o, u32 slot)
{
	struct sbuddy_page **place = sbuddy_slot_place(o, slot), *page;
	bool shown;

	spin_lock(&o->m->lru->lock);
	page = sbuddy_slot_page(o, slot);
	shown = sbuddy_slot_shown(o, slot);
	if (page)
		WRITE_ONCE(*place, (struct sbuddy_page *)((unsigned long)*place |
							  SBUDDY_SLOT_SHOWN));
	spin_unlock(&o->m->lru->lock);
	if (page && !shown)
		os_clear_pages(sbuddy_pfn(o->m, page), sbuddy_block_pages(page->tag));
	return page;
}

/* The mark also of a slot that got a part of what had it. */
void sbuddy_slot_mark_shown(struct sbuddy_owner *o, u32 slot)
{
	struct sbuddy_page **place = sbuddy_slot_place(o, slot);

	spin_lock(&o->m->lru->lock);
	WRITE_ONCE(*place, (struct sbuddy_page *)((unsigned long)*place | SBUDDY_SLOT_SHOWN));
	spin_unlock(&o->m->lru->lock);
}

/* Frames of a slot, locked: nothing moves, nobody enters a page table. */
static unsigned long sbuddy_lock_slot(struct sbuddy_owner *o, u32 slot, unsigned long *nr)
{
	for (;;) {
		struct sbuddy_page *page = sbuddy_slot_page(o, slot);
		unsigned long pfn = sbuddy_pfn(o->m, page);

		*nr = sbuddy_block_pages(READ_ONCE(page->tag));
		os_lock_frames(pfn, *nr, true);
		if (sbuddy_slot_page(o, slot) == page)
			return pfn;
		os_unlock_frames(pfn, *nr);
	}
}

/*
 * Nobody sees the frames of @slot any more: 0.  -EBUSY if somebody has other
 * means of access to one of them than the slot's mapping.
 */
int sbuddy_slot_evict(struct sbuddy_owner *o, u32 slot)
{
	unsigned long pfn, nr;
	int err = 0;

	if (!sbuddy_slot_shown(o, slot))
		return 0;
	pfn = sbuddy_lock_slot(o, slot, &nr);
	if (os_frames_used(pfn, nr)) {
		os_unmap(o->mapping, slot, nr);
		err = os_frames_used(pfn, nr) ? -EBUSY : 0;
	}
	os_unlock_frames(pfn, nr);
	return err;
}

/* As above for @nr slots; those before the one that is busy are unmapped, which nobody notices. */
int sbuddy_slots_evict(struct sbuddy_owner *o, u32 slot, u32 nr)
{
	int err = 0;

	for (u32 i = 0; i < nr && !err; i++)
		err = sbuddy_slot_evict(o, slot + i);
	return err;
}

/* Does the slot's last reference go with the next that is dropped, or part of what it holds? */
bool sbuddy_put_takes_frames(const struct sbuddy_page *page, u32 owner_refs)
{
	return owner_refs == 1 ||
	       (sbuddy_tag_order(page->tag) && !(page->tag & SBUDDY_TAG_COMPOUND));
}

/**
 * sbuddy_owner_drop_idle() - give back what nobody else has access to
 * @o: owner; nothing maps its slots any more
 * @task: who frees
 *
 * What stays is in use by somebody who got at the frames while they were
 * mapped, for I/O as a rule.
 *
 * Context: May sleep.  Serialised with operations of the owner.
 * Return: Slots that stay.
 */
u32 sbuddy_owner_drop_idle(struct sbuddy_owner *o, struct sbuddy_task *task)
{
	u32 slot = 0, busy = 0;

	for (; sbuddy_owner_next(o, &slot); slot++) {
		if (sbuddy_slot_evict(o, slot))
			busy++;
		else
			sbuddy_drop_slot(o, task, slot);
		os_cond_resched();
	}
	return busy;
}

/* ---- for migration ---- */

/*
 * The owner of a page, who cannot go until sbuddy_owner_unhold(): NULL if the
 * page is in no slot any more.
 */
struct sbuddy_owner *sbuddy_page_hold_owner(struct sbuddy_machine *m,
					    const struct sbuddy_page *page, u32 *slot)
{
	struct sbuddy_owner *o = NULL;

	spin_lock(&m->lru->lock);
	if (page->private)
		o = sbuddy_find_owner(m, sbuddy_page_owner(page));
	if (o) {
		*slot = sbuddy_page_slot(page);
		o->held++;
	}
	spin_unlock(&m->lru->lock);
	return o;
}

void sbuddy_owner_unhold(struct sbuddy_owner *o)
{
	struct sbuddy_machine *m = o->m;

	spin_lock(&m->lru->lock);
	o->held--;
	spin_unlock(&m->lru->lock);
}

/*
 * Locks the frames of an isolated page, so that no fault enters them into a
 * page table, and takes them out of all.  False if a lock is taken and must not
 * be waited for.
 */
bool sbuddy_try_to_migrate(struct sbuddy_machine *m, const struct sbuddy_page *page, bool wait)
{
	const unsigned long pfn = sbuddy_pfn(m, page), nr = sbuddy_block_pages(page->tag);
	struct sbuddy_owner *o;
	u32 slot;

	if (!m->backed)
		return true;
	if (!os_lock_frames(pfn, nr, wait))
		return false;
	if (!os_frames_used(pfn, nr))
		return true;
	o = sbuddy_page_hold_owner(m, page, &slot);
	if (!o)
		return true;
	if (o->mapping)
		os_unmap(o->mapping, slot, nr);
	sbuddy_owner_unhold(o);
	return true;
}

/* Undoes the locks; page tables fill again as the frames are used. */
void sbuddy_migrate_unlock(struct sbuddy_machine *m, const struct sbuddy_page *page)
{
	if (m->backed)
		os_unlock_frames(sbuddy_pfn(m, page), sbuddy_block_pages(page->tag));
}

/* Has somebody unknown a reference on a page that nothing maps? */
bool sbuddy_frames_pinned(const struct sbuddy_machine *m, const struct sbuddy_page *page)
{
	return m->backed && os_frames_used(sbuddy_pfn(m, page), sbuddy_block_pages(page->tag));
}

/* The same of one that may be mapped. */
bool sbuddy_frames_maybe_pinned(const struct sbuddy_machine *m, const struct sbuddy_page *page)
{
	return m->backed && os_frames_pinned(sbuddy_pfn(m, page), sbuddy_block_pages(page->tag));
}
