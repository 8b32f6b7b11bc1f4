// SPDX-License-Identifier: GPL-2.0
/*
 * Reclaimed pages: what a slot remembers of one, the swap that anonymous ones
 * take up, and how they come back when their owner uses them.
 *
 * The slot of a reclaimed page has SBUDDY_SLOT_EVICTED and, instead of a pointer,
 * what the kernel keeps in a shadow entry: when that was, on which node, and
 * whether the page belonged to the working set.  Swap is only counted; which
 * place of it a page has decides nothing.
 *
 * State: the slots' words, the counters of owners about them and
 * sbuddy_reclaim::nr_swap, all under sbuddy_lru.lock.
 *
 * Left out: contents, and readahead: one page comes back at a time, a large one as
 * large as it was.
 */
#include "os.h"
#include "owner.h"
#include "reclaim.h"

/* The word, above the marks; the age is cut to what is left, as the kernel does. */
#define SBUDDY_EVICTED_ANON		0x8UL
#define SBUDDY_EVICTED_ORDER_SHIFT	4
#define SBUDDY_EVICTED_NODE_SHIFT	8
#define SBUDDY_EVICTED_WORKINGSET	0x1000UL
#define SBUDDY_EVICTED_ATTR_SHIFT	13
#define SBUDDY_EVICTED_AGE_SHIFT	22
#define SBUDDY_EVICTED_AGE		(~0UL >> SBUDDY_EVICTED_AGE_SHIFT)

/* Order of the page that a slot's word is about. */
unsigned int sbuddy_evicted_order(unsigned long word)
{
	return word >> SBUDDY_EVICTED_ORDER_SHIFT & SBUDDY_TAG_ORDER;
}

static u32 sbuddy_evicted_attrs(unsigned long word)
{
	return word >> SBUDDY_EVICTED_ATTR_SHIFT & SBUDDY_LRU_STATE;
}

/* ---- swap ---- */

/**
 * sbuddy_nr_free_swap() - room in swap
 * @m: machine
 *
 * Context: Any.
 * Return: Pages.
 */
unsigned long sbuddy_nr_free_swap(const struct sbuddy_machine *m)
{
	unsigned long total = READ_ONCE(m->knobs.swap_pages);
	unsigned long used = READ_ONCE(m->lru->reclaim.nr_swap);

	return total > used ? total - used : 0;
}

/* More than half of it is used: then it is not kept for pages that are back. */
static bool sbuddy_vm_swap_full(const struct sbuddy_machine *m)
{
	return sbuddy_nr_free_swap(m) * 2 < (unsigned long)READ_ONCE(m->knobs.swap_pages);
}

static void sbuddy_swap_use(struct sbuddy_machine *m, long pages)
{
	lockdep_assert_held(&m->lru->lock);
	WRITE_ONCE(m->lru->reclaim.nr_swap, m->lru->reclaim.nr_swap + pages);
}

/* An anonymous page gets its place in swap, and has to be written there: false if it is full. */
bool sbuddy_add_to_swap(struct sbuddy_machine *m, struct sbuddy_page *page)
{
	const unsigned long pages = sbuddy_block_pages(page->tag);

	if (sbuddy_nr_free_swap(m) < pages)
		return false;
	sbuddy_swap_use(m, pages);
	WRITE_ONCE(page->tag, page->tag | SBUDDY_TAG_SWAPCACHE | SBUDDY_TAG_DIRTY);
	return true;
}

/* The page gives its place in swap back, if it has one. */
void sbuddy_folio_free_swap(struct sbuddy_machine *m, struct sbuddy_page *page)
{
	if ((page->tag & (SBUDDY_TAG_FILE | SBUDDY_TAG_SWAPCACHE)) != SBUDDY_TAG_SWAPCACHE)
		return;
	sbuddy_swap_use(m, -(long)sbuddy_block_pages(page->tag));
	WRITE_ONCE(page->tag, page->tag & ~SBUDDY_TAG_SWAPCACHE);
}

/* ---- out ---- */

static unsigned long sbuddy_evicted_word(struct sbuddy_lruvec *vec, const struct sbuddy_page *page,
					 int nid)
{
	unsigned long age = vec->nonresident_age & SBUDDY_EVICTED_AGE;
	unsigned long word = SBUDDY_SLOT_MOVABLE | SBUDDY_SLOT_EVICTED;
	u32 attrs = (page->tag & SBUDDY_TAG_ATTRS) >> SBUDDY_TAG_ATTR_SHIFT;

	attrs &= ~(SBUDDY_LRU_ACTIVE | SBUDDY_LRU_DIRTY);
	if (!(page->tag & SBUDDY_TAG_FILE)) {
		word |= SBUDDY_EVICTED_ANON;
		attrs &= ~SBUDDY_LRU_INACCESSIBLE;	/* of anonymous pages: in swap */
	}
	if (sbuddy_page_flag(page, SBUDDY_PRIVATE_WORKINGSET))
		word |= SBUDDY_EVICTED_WORKINGSET;
	return word | (unsigned long)sbuddy_tag_order(page->tag) << SBUDDY_EVICTED_ORDER_SHIFT |
	       (unsigned long)nid << SBUDDY_EVICTED_NODE_SHIFT |
	       (unsigned long)attrs << SBUDDY_EVICTED_ATTR_SHIFT | age << SBUDDY_EVICTED_AGE_SHIFT;
}

/* The slot remembers that there was @page, which is no longer the owner's.  Lock held. */
static void sbuddy_slot_remember(struct sbuddy_owner *o, u32 slot, struct sbuddy_page *page,
				 unsigned long word)
{
	const unsigned long pages = sbuddy_block_pages(page->tag);

	sbuddy_slot_point(o, slot, (struct sbuddy_page *)word, 0);
	o->evicted_slots++;
	WRITE_ONCE(o->evicted_pages, o->evicted_pages + pages);
	if (word & SBUDDY_EVICTED_ANON)
		WRITE_ONCE(o->swapped_pages, o->swapped_pages + pages);
	page->private = 0;
}

/*
 * A page is taken from an owner for good, who keeps the reference that the slot
 * had: the slot is in use and nothing is in it.  Lock held.
 */
void sbuddy_slot_lose(struct sbuddy_owner *o, u32 slot, struct sbuddy_page *page)
{
	unsigned long order = sbuddy_tag_order(page->tag);

	sbuddy_slot_remember(o, slot, page, SBUDDY_SLOT_MOVABLE | SBUDDY_SLOT_EVICTED |
					    order << SBUDDY_EVICTED_ORDER_SHIFT);
}

/*
 * An isolated page leaves its slot, which remembers it: then only the isolation
 * holds it.  An anonymous page leaves its place in swap to the slot.  False,
 * and nothing has changed, if somebody else has a reference, or if processes
 * have seen the page, for contents are not kept.  Lock held.
 */
bool sbuddy_folio_evict(struct sbuddy_machine *m, struct sbuddy_page *page)
{
	struct sbuddy_lruvec *vec = sbuddy_lruvec_of(m, page);
	const unsigned long pages = sbuddy_block_pages(page->tag);
	struct sbuddy_owner *o = sbuddy_find_owner(m, sbuddy_page_owner(page));
	unsigned long word;

	lockdep_assert_held(&m->lru->lock);
	if ((!o && !sbuddy_page_unowned(page)) || page->refcount != SBUDDY_ISOLATED_REFS)
		return false;
	if (o && sbuddy_slot_shown(o, sbuddy_page_slot(page)))
		return false;
	word = sbuddy_evicted_word(vec, page, sbuddy_zone_of(m, page)->node);
	vec->nonresident_age += pages;
	if (o)
		sbuddy_slot_remember(o, sbuddy_page_slot(page), page, word);
	page->private = 0;
	WRITE_ONCE(page->refcount, page->refcount - 1);
	return true;
}

static void sbuddy_uncount_evicted(struct sbuddy_owner *o, unsigned long word)
{
	const unsigned long pages = 1UL << sbuddy_evicted_order(word);

	o->evicted_slots--;
	WRITE_ONCE(o->evicted_pages, o->evicted_pages - pages);
	if (word & SBUDDY_EVICTED_ANON)
		WRITE_ONCE(o->swapped_pages, o->swapped_pages - pages);
}

/* What a slot has in swap goes; the slot stays in use.  Lock held. */
void sbuddy_slot_forget_swap(struct sbuddy_owner *o, u32 slot)
{
	unsigned long word = sbuddy_slot_word(o, slot);

	if (!(word & SBUDDY_SLOT_EVICTED) || !(word & SBUDDY_EVICTED_ANON))
		return;
	sbuddy_uncount_evicted(o, word);
	o->evicted_slots++;
	WRITE_ONCE(o->evicted_pages, o->evicted_pages + (1UL << sbuddy_evicted_order(word)));
	sbuddy_swap_use(o->m, -(1L << sbuddy_evicted_order(word)));
	sbuddy_slot_point(o, slot, (struct sbuddy_page *)(word & ~SBUDDY_EVICTED_ANON), 0);
}

/* A slot of a copied owner remembers what that of the original does.  Nobody else uses it. */
void sbuddy_slot_copy_evicted(struct sbuddy_owner *o, u32 slot, unsigned long word)
{
	const unsigned int order = sbuddy_evicted_order(word);

	o->chunks[slot / SBUDDY_SLOTS_PER_CHUNK]->used++;
	o->nr_slots++;
	o->nr_pages += 1UL << order;
	o->evicted_slots++;
	o->evicted_pages += 1UL << order;
	if (word & SBUDDY_EVICTED_ANON)
		o->swapped_pages += 1UL << order;
	sbuddy_slot_point(o, slot, (struct sbuddy_page *)word, 0);
}

/* The owner no longer wants a page that was reclaimed.  Lock held. */
void sbuddy_slot_forget_evicted(struct sbuddy_owner *o, u32 slot)
{
	unsigned long word = sbuddy_slot_word(o, slot);

	lockdep_assert_held(&o->m->lru->lock);
	if (!(word & SBUDDY_SLOT_EVICTED))
		return;
	sbuddy_uncount_evicted(o, word);
	if (word & SBUDDY_EVICTED_ANON)
		sbuddy_swap_use(o->m, -(1L << sbuddy_evicted_order(word)));
	sbuddy_slot_clear(o, slot, sbuddy_evicted_order(word));
}

/* ---- back ---- */

/* Pages that a working set could have kept if all memory were its. */
static unsigned long sbuddy_workingset_size(const struct sbuddy_machine *m,
					    const struct sbuddy_lruvec *vec, bool file)
{
	unsigned long size = vec->nr[SBUDDY_ACTIVE_FILE];

	if (!file)
		size += vec->nr[SBUDDY_INACTIVE_FILE];
	if (!sbuddy_nr_free_swap(m))
		return size;
	size += vec->nr[SBUDDY_ACTIVE_ANON];
	if (file)
		size += vec->nr[SBUDDY_INACTIVE_ANON];
	return size;
}

/*
 * A page is back.  If it was away for less than what other pages of its node
 * would fill, it should not have gone: it is active at once.
 */
static void sbuddy_workingset_refault(struct sbuddy_machine *m, struct sbuddy_page *page,
				      unsigned long word)
{
	struct sbuddy_lruvec *vec = sbuddy_lruvec_of(m, page);
	struct sbuddy_lruvec *old = &m->lru->node[word >> SBUDDY_EVICTED_NODE_SHIFT & 0xf];
	const bool file = !(word & SBUDDY_EVICTED_ANON);
	const unsigned long pages = sbuddy_block_pages(page->tag);
	unsigned long distance = (old->nonresident_age - (word >> SBUDDY_EVICTED_AGE_SHIFT)) &
				 SBUDDY_EVICTED_AGE;

	sbuddy_count_vm_events(m, SBUDDY_WORKINGSET_REFAULT_ANON + file, pages);
	if (distance > sbuddy_workingset_size(m, old, file))
		return;
	page->tag |= SBUDDY_TAG_ACTIVE;
	vec->nonresident_age += pages;
	vec->activated[file] += pages;
	sbuddy_count_vm_events(m, SBUDDY_WORKINGSET_ACTIVATE_ANON + file, pages);
	if (!(word & SBUDDY_EVICTED_WORKINGSET))
		return;
	sbuddy_set_page_flag(page, SBUDDY_PRIVATE_WORKINGSET);
	sbuddy_note_cost(vec, file, pages, 0);
	sbuddy_count_vm_events(m, SBUDDY_WORKINGSET_RESTORE_ANON + file, pages);
}

/* Where swap is as fast as memory, or nearly full, a page that is back gives it up. */
static void sbuddy_swap_read(struct sbuddy_machine *m, struct sbuddy_page *page)
{
	sbuddy_count_vm_events(m, SBUDDY_PSWPIN, sbuddy_block_pages(page->tag));
	page->tag |= SBUDDY_TAG_SWAPCACHE;
	if (READ_ONCE(m->knobs.writeback_ticks) && !sbuddy_vm_swap_full(m))
		return;
	sbuddy_folio_free_swap(m, page);
	page->tag |= SBUDDY_TAG_DIRTY;
}

/* @page takes the place of what was reclaimed from the slot.  Lock held. */
static void sbuddy_slot_refill(struct sbuddy_owner *o, struct sbuddy_task *task, u32 slot,
			       unsigned long word, struct sbuddy_page *page,
			       struct list_head *dead)
{
	struct sbuddy_machine *m = o->m;

	sbuddy_uncount_evicted(o, word);
	page->private = sbuddy_slot_handle(o, slot);
	page->tag |= SBUDDY_TAG_ATTR(sbuddy_evicted_attrs(word));
	sbuddy_slot_point(o, slot, page, SBUDDY_SLOT_MOVABLE);
	if (word & SBUDDY_EVICTED_ANON)
		sbuddy_swap_read(m, page);
	sbuddy_workingset_refault(m, page, word);
	sbuddy_folio_add_lru(m, task, page, dead);
}

/* ---- use ---- */

/* Read by a system call: what is used twice, on the inactive list, goes to the active one. */
static void sbuddy_mark_page_accessed(struct sbuddy_machine *m, struct sbuddy_page *page)
{
	const bool listed = page->tag & SBUDDY_TAG_LRU;

	if (!sbuddy_page_flag(page, SBUDDY_PRIVATE_REFERENCED)) {
		sbuddy_set_page_flag(page, SBUDDY_PRIVATE_REFERENCED);
		return;
	}
	if (page->tag & (SBUDDY_TAG_UNEVICTABLE | SBUDDY_TAG_ACTIVE | SBUDDY_TAG_ISOLATED))
		return;
	if (listed)
		sbuddy_lruvec_del_folio(m, page);
	WRITE_ONCE(page->tag, page->tag | SBUDDY_TAG_ACTIVE);
	if (listed) {
		sbuddy_lruvec_add_folio(m, page);
		sbuddy_count_vm_events(m, SBUDDY_PGACTIVATE, sbuddy_block_pages(page->tag));
	}
	sbuddy_clear_page_flag(page, SBUDDY_PRIVATE_REFERENCED);
	sbuddy_lruvec_of(m, page)->nonresident_age += sbuddy_block_pages(page->tag);
}

static void sbuddy_use_page(struct sbuddy_machine *m, struct sbuddy_page *page, u32 how)
{
	if (how & SBUDDY_TOUCH_READ && page->tag & SBUDDY_TAG_FILE)
		sbuddy_mark_page_accessed(m, page);
	else
		sbuddy_set_page_flag(page, SBUDDY_PRIVATE_YOUNG);
	if (!(how & SBUDDY_TOUCH_WRITE))
		return;
	sbuddy_folio_free_swap(m, page);
	WRITE_ONCE(page->tag, page->tag | SBUDDY_TAG_DIRTY);
}

/* Allocates for what was reclaimed from a slot, as a page fault does. */
static struct sbuddy_page *sbuddy_refault_page(struct sbuddy_owner *o, struct sbuddy_task *task,
					       unsigned long word)
{
	const unsigned int order = sbuddy_evicted_order(word);

	return sbuddy_alloc_pages(o->m, task,
				  SBUDDY_GFP_HIGHUSER_MOVABLE | (order ? SBUDDY_GFP_COMP : 0),
				  order, SBUDDY_NID_ANY);
}

/*
 * The owner uses what a movable slot holds, as SBUDDY_TOUCH_* says.  @came_back: 1
 * if that had to be brought back.  0; -ENOMEM; -EINVAL if its owner moves the page.
 */
int sbuddy_touch_slot(struct sbuddy_owner *o, struct sbuddy_task *task, u32 slot, u32 how,
		      u32 *came_back)
{
	struct sbuddy_page *page, *fresh = NULL;
	struct list_head dead;
	unsigned long word;
	int err = 0;

	*came_back = 0;
	for (;;) {
		sbuddy_lru_lock(o->m, &dead);
		word = sbuddy_slot_word(o, slot);
		if (!(word & SBUDDY_SLOT_EVICTED) || fresh)
			break;
		sbuddy_lru_unlock(o->m, task, &dead);
		fresh = sbuddy_refault_page(o, task, word);
		if (!fresh)
			return -ENOMEM;
	}
	if (fresh) {
		sbuddy_slot_refill(o, task, slot, word, fresh, &dead);
		*came_back = 1;
	}
	page = sbuddy_slot_page(o, slot);
	if (page->tag & SBUDDY_TAG_MOVABLE_OPS)
		err = -EINVAL;
	else
		sbuddy_use_page(o->m, page, how);
	sbuddy_lru_unlock(o->m, task, &dead);
	return err;
}
