// SPDX-License-Identifier: GPL-2.0
/*
 * SBUDDY_IOC_RUN and what goes with it: operations on the slots of an open
 * file, and questions about them.
 *
 * Operations travel in chunks: copied in, performed, results copied out.  The
 * locks (sbuddy_machines_lock for read, the client's lock) are held while a
 * chunk is performed and not while user memory is touched, see ioctl_util.c.
 * So a reset, or another thread with the same file, can come in between two
 * chunks.  An operation that was performed stays performed even if its result
 * finds no way home: the slot still knows the page.
 *
 * This is the hot path: beside the engine's own work an operation costs three
 * words in, four words out, a call and a branch.
 */
#include <linux/build_bug.h>
#include <linux/sched/signal.h>
#include <linux/uaccess.h>

#include "ioctl.h"

/*
 * A chunk lives on the stack, 1 KiB.  Longer ones save nothing that can be
 * measured and keep the locks longer.
 */
#define CHUNK_OPS	32U
#define OP_WORDS	(sizeof(struct sbuddy_op) / sizeof(u64))

union op_words {
	struct sbuddy_op op;
	u64 word[OP_WORDS];
};

/*
 * Word by word and not by copy_from_user(): that one is a "rep movsb" on many
 * processors, good for pages, slow for a few cache lines.  The frame is only
 * a result.
 *
 * Returns how many operations could be read.
 */
static unsigned int fetch_ops(union op_words *chunk, const union op_words __user *ops,
			      unsigned int nr)
{
	unsigned int i = 0;

	BUILD_BUG_ON(sizeof(union op_words) != 32);
	if (!user_read_access_begin(ops, nr * sizeof(*ops)))
		return 0;
	for (; i < nr; i++) {
		unsafe_get_user(chunk[i].word[0], &ops[i].word[0], fault);
		unsafe_get_user(chunk[i].word[1], &ops[i].word[1], fault);
		chunk[i].op.pfn = SBUDDY_NO_PFN;
		unsafe_get_user(chunk[i].word[3], &ops[i].word[3], fault);
	}
fault:
	user_read_access_end();
	return i;
}

/* Returns how many results could be written. */
static unsigned int store_ops(union op_words __user *ops, const union op_words *chunk,
			      unsigned int nr)
{
	unsigned int i = 0;

	if (!user_write_access_begin(ops, nr * sizeof(*ops)))
		return 0;
	for (; i < nr; i++) {
		unsafe_put_user(chunk[i].word[0], &ops[i].word[0], fault);
		unsafe_put_user(chunk[i].word[1], &ops[i].word[1], fault);
		unsafe_put_user(chunk[i].word[2], &ops[i].word[2], fault);
		unsafe_put_user(chunk[i].word[3], &ops[i].word[3], fault);
	}
fault:
	user_write_access_end();
	return i;
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
					union op_words *chunk, unsigned int nr)
{
	struct sbuddy_owner *owner = c->owner;
	int cpu = sbuddy_current_vcpu(c->machine);
	unsigned int i = 0;

	for (;;) {
		i += sbuddy_run_ops(owner, &chunk[i].op, nr - i, cpu);
		if (i == nr)
			return nr;
		if (note_error(run, run->done + i, chunk[i].op.err))
			return i + 1;
		i++;
	}
}

/* Returns how many operations were performed; run->err is set if that is the end. */
static unsigned int run_chunk(struct sbuddy_client *c, struct sbuddy_run *run,
			      union op_words *chunk, unsigned int nr)
{
	unsigned int done;

	if (down_read_killable(&sbuddy_machines_lock)) {
		run->err = -EINTR;
		return 0;
	}
	mutex_lock(&c->lock);
	done = run_locked(c, run, chunk, nr);
	mutex_unlock(&c->lock);
	up_read(&sbuddy_machines_lock);
	return done;
}

/* One chunk from memory to memory; run->err is set if the run ends here. */
static void run_step(struct sbuddy_client *c, struct sbuddy_run *run)
{
	union op_words __user *ops = u64_to_user_ptr(run->ops);
	union op_words chunk[CHUNK_OPS] __uninitialized;
	unsigned int want = min(run->count - run->done, CHUNK_OPS);
	unsigned int nr, done, written;

	ops += run->done;
	nr = fetch_ops(chunk, ops, want);
	done = nr ? run_chunk(c, run, chunk, nr) : 0;
	written = done ? store_ops(ops, chunk, done) : 0;
	run->done += done;
	run->written += written;
	if (written < done || (nr < want && done == nr && !run->err))
		run->err = -EFAULT;
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

	if (run->count > SBUDDY_MAX_RUN_OPS)
		return -EINVAL;
	run->done = 0;
	run->written = 0;
	run->first_error = SBUDDY_NO_INDEX;
	run->err = 0;
	while (run->done < run->count) {
		run_step(c, run);
		if (run->err || run->done == run->count)
			break;
		if (signal_pending(current)) {
			run->err = -EINTR;
			break;
		}
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
