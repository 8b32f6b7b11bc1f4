// SPDX-License-Identifier: GPL-2.0
/*
 * Movable slots: what an owner does to a page that may move under its hands.
 *
 * The slot of a movable page has SBUDDY_SLOT_MOVABLE in its pointer.  The owner
 * sets and clears the mark, under sbuddy_lru.lock; while it is there the page is
 * looked up and used under the lock only, for migration may replace it.
 * Migration and reclaim find the slot by the owner's number in
 * sbuddy_page::private, so the machine knows its owners.
 */
#include "os.h"
#include "lru.h"
#include "owner.h"

static struct sbuddy_owner **sbuddy_owner_bucket(struct sbuddy_machine *m, u32 id)
{
	return &m->lru->owner[id % SBUDDY_LRU_OWNER_BUCKETS];
}

/* An owner by its number.  Lock held. */
struct sbuddy_owner *sbuddy_find_owner(struct sbuddy_machine *m, u32 id)
{
	struct sbuddy_owner *o = *sbuddy_owner_bucket(m, id);

	while (o && o->id != id)
		o = o->lru_next;
	return o;
}

/* The machine knows the owner from now on. */
void sbuddy_lru_add_owner(struct sbuddy_owner *o)
{
	struct sbuddy_owner **link = sbuddy_owner_bucket(o->m, o->id);

	spin_lock(&o->m->lru->lock);
	while (*link)
		link = &(*link)->lru_next;
	o->lru_next = NULL;
	*link = o;
	spin_unlock(&o->m->lru->lock);
}

/* And no longer. */
void sbuddy_lru_del_owner(struct sbuddy_owner *o)
{
	struct sbuddy_owner **link = sbuddy_owner_bucket(o->m, o->id);

	spin_lock(&o->m->lru->lock);
	while (*link && *link != o)
		link = &(*link)->lru_next;
	if (*link)
		*link = o->lru_next;
	spin_unlock(&o->m->lru->lock);
}

/* -EEXIST if another owner of the machine goes by the same number. */
static int sbuddy_register_owner(struct sbuddy_owner *o)
{
	if (sbuddy_find_owner(o->m, o->id) != o)
		return -EEXIST;
	o->lru_known = true;
	return 0;
}

/* References that the owner has on a movable page. */
u32 sbuddy_owner_refs(const struct sbuddy_page *page)
{
	return page->refcount - !!(page->tag & SBUDDY_TAG_PENDING) -
	       !!(page->tag & SBUDDY_TAG_ISOLATED);
}

/*
 * What is in a slot, or NULL, and how it is to be used; that processes have
 * seen it is still true.
 */
void sbuddy_slot_point(struct sbuddy_owner *o, u32 slot, struct sbuddy_page *page,
		       unsigned long mark)
{
	struct sbuddy_page **place = sbuddy_slot_place(o, slot);

	mark |= (unsigned long)*place & SBUDDY_SLOT_SHOWN;
	WRITE_ONCE(*place, (struct sbuddy_page *)((unsigned long)page | mark));
}

/* The page becomes one that cannot move, its owner's as before. */
static int sbuddy_lru_off(struct sbuddy_owner *o, u32 slot, struct sbuddy_page *page,
			  struct list_head *dead)
{
	struct sbuddy_machine *m = o->m;

	if (page->tag & SBUDDY_TAG_ISOLATED)
		return -EBUSY;
	sbuddy_lru_forget(m, page, dead);
	sbuddy_slot_point(o, slot, page, 0);
	return 0;
}

/* How the page was used, as the attributes say. */
static void sbuddy_lru_set_use(struct sbuddy_page *page, u32 attrs)
{
	sbuddy_clear_page_flag(page, SBUDDY_PRIVATE_YOUNG | SBUDDY_PRIVATE_REFERENCED);
	if (attrs & SBUDDY_LRU_YOUNG)
		sbuddy_set_page_flag(page, SBUDDY_PRIVATE_YOUNG);
	if (attrs & SBUDDY_LRU_REFERENCED)
		sbuddy_set_page_flag(page, SBUDDY_PRIVATE_REFERENCED);
}

static int sbuddy_lru_set_locked(struct sbuddy_owner *o, struct sbuddy_task *task, u32 slot,
				 u32 attrs, struct list_head *dead)
{
	struct sbuddy_page *page = sbuddy_slot_page(o, slot);
	int err;

	if (sbuddy_slot_movable(o, slot)) {
		if (attrs == SBUDDY_LRU_OFF)
			return sbuddy_lru_off(o, slot, page, dead);
		if ((page->tag & SBUDDY_TAG_MOVABLE_OPS) || attrs & SBUDDY_LRU_OPS)
			return page->tag & SBUDDY_TAG_MOVABLE_OPS && attrs == SBUDDY_LRU_OPS ?
			       0 : -EBUSY;
		sbuddy_lru_set_attrs(o->m, page, attrs);
		sbuddy_lru_set_use(page, attrs);
		return 0;
	}
	if (attrs == SBUDDY_LRU_OFF)
		return 0;
	err = sbuddy_register_owner(o);
	if (err)
		return err;
	if (attrs == SBUDDY_LRU_OPS) {
		if (!o->movable.ops)
			return -EOPNOTSUPP;
		WRITE_ONCE(page->tag, page->tag | SBUDDY_TAG_MOVABLE_OPS);
		sbuddy_slot_point(o, slot, page, SBUDDY_SLOT_MOVABLE);
		return 0;
	}
	page->tag |= SBUDDY_TAG_ATTR(attrs & SBUDDY_LRU_STATE);
	sbuddy_lru_set_use(page, attrs);
	sbuddy_slot_point(o, slot, page, SBUDDY_SLOT_MOVABLE);
	sbuddy_folio_add_lru(o->m, task, page, dead);
	return 0;
}

/*
 * Makes what a slot holds, a single page or a compound block, movable; gives it
 * other attributes; or, with SBUDDY_LRU_OFF, makes it an ordinary page again.
 * With SBUDDY_LRU_OPS its owner's movable operations are going to move it.
 * 0; -EINVAL for another block; -EBUSY if it is being moved or was reclaimed, or is
 * moved in the other way; -EOPNOTSUPP without such operations; -EEXIST, see above.
 */
int sbuddy_lru_set_slot(struct sbuddy_owner *o, struct sbuddy_task *task, u32 slot, u32 attrs)
{
	struct list_head dead;
	struct sbuddy_page *page;
	int err;

	sbuddy_lru_lock(o->m, &dead);
	page = sbuddy_slot_page(o, slot);
	if (!page)
		err = -EBUSY;
	else if (sbuddy_tag_order(page->tag) && !(page->tag & SBUDDY_TAG_COMPOUND))
		err = -EINVAL;
	else
		err = sbuddy_lru_set_locked(o, task, slot, attrs, &dead);
	sbuddy_lru_unlock(o->m, task, &dead);
	return err;
}

/*
 * Drops a reference of a movable slot; the slot is empty after the last.
 * Returns the pages that the owner no longer has, none for one that was
 * reclaimed.  They may be free somewhat later: a batch or a compaction at work
 * can still hold them.
 */
u32 sbuddy_lru_free_slot(struct sbuddy_owner *o, struct sbuddy_task *task, u32 slot)
{
	struct sbuddy_page *page;
	struct list_head dead;
	u32 freed = 0;

	sbuddy_lru_lock(o->m, &dead);
	page = sbuddy_slot_page(o, slot);
	if (page && sbuddy_owner_refs(page) == 1) {
		freed = sbuddy_block_pages(page->tag);
		sbuddy_folio_free_swap(o->m, page);
		page->private = 0;
		sbuddy_slot_clear(o, slot, sbuddy_tag_order(page->tag));
	}
	if (page)
		sbuddy_folio_put(o->m, page, &dead);
	else
		sbuddy_slot_forget_evicted(o, slot);
	sbuddy_lru_unlock(o->m, task, &dead);
	return freed;
}

/* Takes the page of a movable slot off its list if nobody else holds it: true, and it is plain. */
bool sbuddy_lru_detach_slot(struct sbuddy_owner *o, u32 slot)
{
	struct sbuddy_page *page;
	struct list_head dead;
	bool alone;

	INIT_LIST_HEAD(&dead);
	spin_lock(&o->m->lru->lock);
	page = sbuddy_slot_page(o, slot);
	alone = page && page->refcount == 1;
	if (alone)
		sbuddy_lru_off(o, slot, page, &dead);
	spin_unlock(&o->m->lru->lock);
	return alone;
}

/*
 * One more reference, a pin, on what a movable slot holds: 0, or -EBUSY beyond
 * all counting or if it was reclaimed.
 */
int sbuddy_lru_get_slot(struct sbuddy_owner *o, u32 slot)
{
	struct sbuddy_page *page;
	int err = -EBUSY;

	spin_lock(&o->m->lru->lock);
	page = sbuddy_slot_page(o, slot);
	if (page && page->refcount < INT_MAX - 2) {
		WRITE_ONCE(page->refcount, page->refcount + 1);
		err = 0;
	}
	spin_unlock(&o->m->lru->lock);
	return err;
}

/* A slot of a copied owner, just filled, holds a page that can move. */
void sbuddy_lru_adopt_slot(struct sbuddy_owner *o, u32 slot)
{
	spin_lock(&o->m->lru->lock);
	if (sbuddy_register_owner(o))
		os_warn("two owners of a machine go by the number %u\n", o->id);
	sbuddy_slot_point(o, slot, sbuddy_slot_page(o, slot), SBUDDY_SLOT_MOVABLE);
	spin_unlock(&o->m->lru->lock);
}

/* Another number for the owner; what it holds is not told yet. */
void sbuddy_lru_rename_owner(struct sbuddy_owner *o, u32 id)
{
	sbuddy_lru_del_owner(o);
	o->id = id;
	o->handle = sbuddy_owner_handle(id);
	sbuddy_lru_add_owner(o);
}

/*
 * What an owner gave back that holds nothing any more is really given back, for
 * whoever closes a file expects that.
 */
void sbuddy_lru_drop_owner(struct sbuddy_owner *o, struct sbuddy_task *task)
{
	if (!o->lru_known)
		return;
	sbuddy_lru_add_drain_all(o->m, task);
	sbuddy_owner_wait_unheld(o);
}

/* Lets the slot of @src, if it is still in one, find @dst instead.  Lock held. */
bool sbuddy_lru_move_slot(struct sbuddy_machine *m, struct sbuddy_page *src,
			  struct sbuddy_page *dst)
{
	struct sbuddy_owner *o;

	lockdep_assert_held(&m->lru->lock);
	if (!src->private)
		return false;
	if (sbuddy_page_unowned(src)) {
		dst->private = src->private;
		return true;
	}
	o = sbuddy_find_owner(m, sbuddy_page_owner(src));
	if (!o) {
		os_warn("page %lx can move and its owner is unknown\n", sbuddy_pfn(m, src));
		return false;
	}
	dst->private = src->private;
	sbuddy_slot_point(o, sbuddy_page_slot(src), dst, SBUDDY_SLOT_MOVABLE);
	return true;
}
