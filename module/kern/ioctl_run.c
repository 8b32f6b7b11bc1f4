// SPDX-License-Identifier: GPL-2.0
/*
 * SBUDDY_IOC_RUN and what goes with it: operations on the slots of an open
 * file, and questions about them.
 *
 * An array is worked through in chunks.  Of a long one that is aligned, the
 * caller's pages are pinned and the operations performed where they are; else
 * they are copied in, performed, and the results copied out.  The locks
 * (sbuddy_machines_lock for read, the client's lock) are held while a chunk is
 * performed and not while user memory is touched or pinned, see ioctl_util.c.
 * So a reset, or another thread with the same file, can come in between two
 * chunks.  An operation that was performed stays performed even if its result
 * finds no way home: the slot still knows the page.
 *
 * This is the hot path, so nothing but a share of the pins and locks is added
 * to an operation of a long array.
 */
#include <linux/build_bug.h>
#include <linux/highmem.h>
#include <linux/mm.h>
#include <linux/sched/signal.h>
#include <linux/uaccess.h>

#include "ioctl.h"

#define COPY_OPS	16U	/* operations of a copied chunk, 512 bytes of stack */
#define PIN_PAGES	16U	/* pages pinned at a time */
#define PIN_FROM_OPS	64U	/* shorter arrays are not worth the pins */

/* Returns how many operations could be read. */
static unsigned int fetch_ops(struct sbuddy_op *chunk, const struct sbuddy_op __user *ops,
			      unsigned int nr)
{
	BUILD_BUG_ON(sizeof(*ops) != 32);
	return nr - DIV_ROUND_UP(copy_from_user(chunk, ops, nr * sizeof(*ops)), sizeof(*ops));
}

/* Returns how many results could be written. */
static unsigned int store_ops(struct sbuddy_op __user *ops, const struct sbuddy_op *chunk,
			      unsigned int nr)
{
	return nr - DIV_ROUND_UP(copy_to_user(ops, chunk, nr * sizeof(*ops)), sizeof(*ops));
}

/* Takes note of a failed operation; true if the run ends with it. */
static bool note_error(struct sbuddy_run *run, unsigned int index, int err)
{
	if (run->first_error == SBUDDY_NO_INDEX)
		run->first_error = index;
	if (!(run->flags & SBUDDY_RUN_STOP_ON_ERROR))
		return false;
	run->err = err;
	return true;
}

/*
 * The vcpu that stands for the present CPU is looked up once: whoever is moved
 * to another one in mid-chunk works on with the old vcpu's lists.
 */
static noinline unsigned int run_locked(struct sbuddy_client *c, struct sbuddy_run *run,
					struct sbuddy_op *ops, unsigned int nr)
{
	int cpu = sbuddy_current_vcpu(c->machine);
	unsigned int i = 0;

	for (;;) {
		i += sbuddy_run_ops(c->owner, ops + i, nr - i, cpu);
		if (i == nr)
			return nr;
		if (note_error(run, run->done + i, ops[i].err))
			return i + 1;
		i++;
	}
}

/* Returns how many operations were performed; run->err is set if that is the end. */
static unsigned int run_ops(struct sbuddy_client *c, struct sbuddy_run *run,
			    struct sbuddy_op *ops, unsigned int nr)
{
	unsigned int done;

	if (down_read_killable(&sbuddy_machines_lock)) {
		run->err = -EINTR;
		return 0;
	}
	mutex_lock(&c->lock);
	done = run_locked(c, run, ops, nr);
	mutex_unlock(&c->lock);
	up_read(&sbuddy_machines_lock);
	return done;
}

/* One chunk from memory to memory; run->err is set if the run ends here. */
static void run_copied(struct sbuddy_client *c, struct sbuddy_run *run)
{
	struct sbuddy_op __user *ops = u64_to_user_ptr(run->ops);
	struct sbuddy_op chunk[COPY_OPS] __uninitialized;
	unsigned int want = min(run->count - run->done, COPY_OPS);
	unsigned int nr, done, written;

	ops += run->done;
	nr = fetch_ops(chunk, ops, want);
	done = nr ? run_ops(c, run, chunk, nr) : 0;
	written = done ? store_ops(ops, chunk, done) : 0;
	run->done += done;
	run->written += written;
	if (written < done || (nr < want && done == nr && !run->err))
		run->err = -EFAULT;
}

/* The operations of one pinned page, from byte @offset of it on. */
static void run_page(struct sbuddy_client *c, struct sbuddy_run *run, struct page *page,
		     unsigned long offset)
{
	unsigned int nr = min_t(unsigned long, run->count - run->done,
				(PAGE_SIZE - offset) / sizeof(struct sbuddy_op));
	void *base = kmap_local_page(page);
	unsigned int done = run_ops(c, run, base + offset, nr);

	kunmap_local(base);
	run->done += done;
	run->written += done;
}

static bool run_goes_on(const struct sbuddy_run *run)
{
	return run->done < run->count && !run->err;
}

/*
 * A few pages of operations where they are.  False if these pages cannot be
 * pinned for writing; then nothing was done, and copying finds out why.
 */
static bool run_pinned(struct sbuddy_client *c, struct sbuddy_run *run)
{
	const unsigned long start = run->ops + run->done * sizeof(struct sbuddy_op);
	const unsigned long size = (run->count - run->done) * sizeof(struct sbuddy_op);
	unsigned long offset = offset_in_page(start);
	struct page *pages[PIN_PAGES] __uninitialized;
	int want = min_t(unsigned long, PIN_PAGES, DIV_ROUND_UP(offset + size, PAGE_SIZE));
	int nr = pin_user_pages_fast(start & PAGE_MASK, want, FOLL_WRITE, pages);

	if (nr <= 0)
		return false;
	for (int i = 0; i < nr && run_goes_on(run); i++, offset = 0)
		run_page(c, run, pages[i], offset);
	unpin_user_pages_dirty_lock(pages, nr, true);
	return true;
}

static bool run_can_pin(const struct sbuddy_run *run)
{
	return run->count >= PIN_FROM_OPS && IS_ALIGNED(run->ops, sizeof(struct sbuddy_op)) &&
	       access_ok(u64_to_user_ptr(run->ops), run->count * sizeof(struct sbuddy_op));
}

/**
 * sbuddy_ioctl_run - perform an array of operations
 * @c:	 the open file
 * @arg: struct sbuddy_run
 *
 * Context: May sleep and fault; no locks held.
 * Return: 0 once it has begun; -EINVAL for more than SBUDDY_MAX_RUN_OPS.
 */
int sbuddy_ioctl_run(struct sbuddy_client *c, void *arg)
{
	struct sbuddy_run *run = arg;
	bool pin;

	if (run->count > SBUDDY_MAX_RUN_OPS)
		return -EINVAL;
	run->done = 0;
	run->written = 0;
	run->first_error = SBUDDY_NO_INDEX;
	run->err = 0;
	pin = run_can_pin(run);
	while (run_goes_on(run)) {
		pin = pin && run_pinned(c, run);
		if (!pin)
			run_copied(c, run);
		if (run_goes_on(run) && signal_pending(current))
			run->err = -EINTR;
		cond_resched();
	}
	return 0;
}

static void fill_slot(const struct sbuddy_machine *m, struct sbuddy_query_slot *q,
		      const struct sbuddy_page *page)
{
	q->pfn = sbuddy_page_to_pfn(m, page);
	q->order = sbuddy_page_order(page);
	q->refcount = READ_ONCE(page->refcount);
	q->zone = sbuddy_zone_byte(sbuddy_page_zone(m, page));
	q->migratetype = sbuddy_get_pageblock_migratetype(m, q->pfn);
	q->compound = sbuddy_page_compound(page);
	q->reserved = 0;
}

static int query_locked(struct sbuddy_client *c, struct sbuddy_query_slot *q)
{
	struct sbuddy_page *page;

	if (q->flags & SBUDDY_QUERY_NEXT)
		page = sbuddy_owner_next(c->owner, &q->slot);
	else
		page = sbuddy_owner_slot(c->owner, q->slot);
	if (!page)
		return -ENOENT;
	fill_slot(c->machine, q, page);
	return 0;
}

/**
 * sbuddy_ioctl_query_slot - say what a slot holds
 * @c:	 the open file
 * @arg: struct sbuddy_query_slot
 *
 * Context: May sleep; no locks held.
 * Return: 0; -EINVAL for a number that no slot can have; -ENOENT for an empty
 * slot; -EINTR by a fatal signal.
 */
int sbuddy_ioctl_query_slot(struct sbuddy_client *c, void *arg)
{
	struct sbuddy_query_slot *q = arg;
	int err;

	if (q->slot >= SBUDDY_MAX_SLOTS)
		return -EINVAL;
	if (down_read_killable(&sbuddy_machines_lock))
		return -EINTR;
	mutex_lock(&c->lock);
	err = query_locked(c, q);
	mutex_unlock(&c->lock);
	up_read(&sbuddy_machines_lock);
	return err;
}

/**
 * sbuddy_ioctl_owner - say how much the open file holds
 * @c:	 the open file
 * @arg: struct sbuddy_owner_info
 *
 * Context: May sleep; no locks held.
 * Return: 0; -EINTR by a fatal signal.
 */
int sbuddy_ioctl_owner(struct sbuddy_client *c, void *arg)
{
	struct sbuddy_owner_info *o = arg;

	if (down_read_killable(&sbuddy_machines_lock))
		return -EINTR;
	mutex_lock(&c->lock);
	o->id = c->id;
	o->slots = sbuddy_owner_slots(c->owner);
	o->pages = sbuddy_owner_pages(c->owner);
	mutex_unlock(&c->lock);
	up_read(&sbuddy_machines_lock);
	return 0;
}
