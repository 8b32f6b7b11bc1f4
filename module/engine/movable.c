// SPDX-License-Identifier: GPL-2.0
/*
 * Movable operations: pages on no LRU list that can move nevertheless, because
 * their owner knows how.  The contract is struct movable_operations of the
 * kernel, see sbuddy/movable.h; the page has SBUDDY_TAG_MOVABLE_OPS, while it is
 * isolated SBUDDY_TAG_ISOLATED and a reference, and it does not count as isolated.
 *
 * Failures can be ordered of an owner: refused isolations, failing migrations;
 * they come before the owner is asked.
 *
 * Owns struct sbuddy_mops of each owner, under sbuddy_lru.lock.  The owner is
 * called without a lock, and held meanwhile: it does not go before that is over.
 */
#include "os.h"
#include "lru.h"
#include "owner.h"

/**
 * sbuddy_owner_set_movable() - an owner says how its pages move
 * @o: owner
 * @ops: what to call, NULL: not any more
 * @private: passed to it
 *
 * Context: Serialised with operations of the owner.  May wait for an operation
 * that is being carried out.
 * Return: 0; -EBUSY if it has said so already.
 */
int sbuddy_owner_set_movable(struct sbuddy_owner *o, const struct sbuddy_movable_operations *ops,
			     void *private)
{
	bool held;

	spin_lock(&o->m->lru->lock);
	if (ops && o->movable.ops) {
		spin_unlock(&o->m->lru->lock);
		return -EBUSY;
	}
	o->movable.ops = ops;
	o->movable.private = private;
	held = o->held;
	spin_unlock(&o->m->lru->lock);
	if (!ops && held)
		sbuddy_owner_wait_unheld(o);
	return 0;
}

/**
 * sbuddy_owner_set_faults() - order failures
 * @o: owner
 * @faults: which; replaces what is left of former ones
 *
 * Context: Any.
 */
void sbuddy_owner_set_faults(struct sbuddy_owner *o, const struct sbuddy_movable_faults *faults)
{
	spin_lock(&o->m->lru->lock);
	o->movable.faults = *faults;
	spin_unlock(&o->m->lru->lock);
}

/* Whoever held the owner has let go of it; new ones may come if it is still registered. */
void sbuddy_owner_wait_unheld(struct sbuddy_owner *o)
{
	while (READ_ONCE(o->held))
		os_cond_resched();
}

static bool sbuddy_fault_refuse(struct sbuddy_mops *mv)
{
	if (!mv->faults.refuse)
		return false;
	mv->faults.refuse--;
	return true;
}

static int sbuddy_fault_fail(struct sbuddy_mops *mv)
{
	if (mv->faults.skip) {
		mv->faults.skip--;
		return 0;
	}
	if (!mv->faults.fail)
		return 0;
	mv->faults.fail--;
	return mv->faults.error;
}

static void sbuddy_movable_end(struct sbuddy_machine *m, struct sbuddy_task *task,
			       struct sbuddy_page *page)
{
	struct list_head dead;

	sbuddy_lru_lock(m, &dead);
	sbuddy_lru_end_isolation(m, page);
	sbuddy_folio_put(m, page, &dead);
	sbuddy_lru_unlock(m, task, &dead);
}

/* Marks the page and finds whom to ask.  NULL: it cannot be isolated. */
static struct sbuddy_owner *sbuddy_movable_begin(struct sbuddy_machine *m,
						 struct sbuddy_page *page, u32 *slot,
						 struct sbuddy_mops *mv)
{
	struct sbuddy_owner *o = NULL;

	spin_lock(&m->lru->lock);
	if ((page->tag & (SBUDDY_TAG_MOVABLE_OPS | SBUDDY_TAG_ISOLATED)) ==
	    SBUDDY_TAG_MOVABLE_OPS && page->private)
		o = sbuddy_find_owner(m, sbuddy_page_owner(page));
	if (o && (!o->movable.ops || sbuddy_fault_refuse(&o->movable)))
		o = NULL;
	if (o) {
		o->held++;
		*mv = o->movable;
		*slot = sbuddy_page_slot(page);
		WRITE_ONCE(page->refcount, page->refcount + 1);
		WRITE_ONCE(page->tag, page->tag | SBUDDY_TAG_ISOLATED);
	}
	spin_unlock(&m->lru->lock);
	return o;
}

/* Asks the owner of a page with movable operations for it.  True: it is isolated. */
bool sbuddy_isolate_movable_page(struct sbuddy_machine *m, struct sbuddy_task *task,
				 struct sbuddy_page *page, enum sbuddy_migrate_mode mode)
{
	struct sbuddy_mops mv;
	struct sbuddy_owner *o;
	u32 slot;
	bool ok;

	o = sbuddy_movable_begin(m, page, &slot, &mv);
	if (!o)
		return false;
	ok = mv.ops->isolate_page(mv.private, slot, sbuddy_pfn(m, page),
				  sbuddy_tag_order(page->tag), mode);
	if (!ok)
		sbuddy_movable_end(m, task, page);
	sbuddy_owner_unhold(o);
	return ok;
}

/* What to call for an isolated page, and whether it shall fail.  Lock taken and dropped. */
static int sbuddy_movable_call(struct sbuddy_owner *o, struct sbuddy_mops *mv, bool migrate)
{
	int err = 0;

	spin_lock(&o->m->lru->lock);
	*mv = o->movable;
	if (migrate)
		err = sbuddy_fault_fail(&o->movable);
	spin_unlock(&o->m->lru->lock);
	if (!err && !mv->ops)
		err = -EBUSY;
	return err;
}

/*
 * Lets the owner move an isolated page: 0, contents are at @dst.  Also if the
 * owner has freed it; -errno as the owner says, -EBUSY without operations.
 */
int sbuddy_move_movable_page(struct sbuddy_machine *m, struct sbuddy_page *dst,
			     struct sbuddy_page *src, enum sbuddy_migrate_mode mode)
{
	struct sbuddy_mops mv;
	struct sbuddy_owner *o;
	u32 slot;
	int err;

	o = sbuddy_page_hold_owner(m, src, &slot);
	if (!o)
		return 0;
	err = sbuddy_movable_call(o, &mv, true);
	if (!err)
		err = mv.ops->migrate_page(mv.private, slot, sbuddy_pfn(m, dst),
					   sbuddy_pfn(m, src), sbuddy_tag_order(src->tag), mode);
	if (!err && m->backed && mv.ops->copy)
		err = os_copy_pages(sbuddy_pfn(m, dst), sbuddy_pfn(m, src),
				    sbuddy_block_pages(src->tag));
	sbuddy_owner_unhold(o);
	return err;
}

/* Tells the owner that an isolated page stays where it is. */
void sbuddy_putback_movable_page(struct sbuddy_machine *m, struct sbuddy_page *page)
{
	struct sbuddy_mops mv;
	struct sbuddy_owner *o;
	u32 slot;

	o = sbuddy_page_hold_owner(m, page, &slot);
	if (!o)
		return;
	if (!sbuddy_movable_call(o, &mv, false))
		mv.ops->putback_page(mv.private, slot, sbuddy_pfn(m, page),
				     sbuddy_tag_order(page->tag));
	sbuddy_owner_unhold(o);
}
