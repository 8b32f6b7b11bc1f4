// SPDX-License-Identifier: GPL-2.0
/*
 * SBUDDY_IOC_MIGRATE: moves what is in slots.  SBUDDY_IOC_MOVABLE: a program as
 * the owner of pages that move only if it agrees.
 *
 * Of each file that ever said so there is a struct sbuddy_agreer: requests, on
 * the stacks of those who wait for an answer, under its spinlock, which is
 * innermost.  Nothing here that a program does to answer takes a lock which
 * somebody who waits for it may hold: neither the machines' nor the client's.
 */
#include <linux/err.h>
#include <linux/list.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/wait.h>

#include "ioctl.h"
#include "usermap.h"

#define MAX_RECORDS	65536U

/* ---- MIGRATE ---- */

/* Only to isolate takes the client's lock: faults must not wait for a long list. */
static int migrate_locked(struct sbuddy_client *c, struct sbuddy_migrate *a,
			  struct sbuddy_migrate_log *log)
{
	struct sbuddy_task task = { };
	struct sbuddy_machine *m;
	struct list_head list;
	int err;

	if (down_read_killable(&sbuddy_machines_lock))
		return -EINTR;
	mutex_lock(&c->lock);
	m = c->machine;
	task.cpu = sbuddy_current_vcpu(m);
	err = sbuddy_isolate_slots(c->owner, &task, a, &list);
	mutex_unlock(&c->lock);
	if (!err)
		sbuddy_migrate_slots(m, &task, a, &list, log);
	up_read(&sbuddy_machines_lock);
	return err;
}

/**
 * sbuddy_ioctl_migrate - move the pages in slots to other frames
 * @c:	 the open file
 * @arg: struct sbuddy_migrate
 *
 * Context: May sleep and fault; no locks held.
 * Return: 0; the errors of sbuddy_isolate_slots(); -ENOMEM for the records;
 * -EFAULT for a bad array, though it has been done; -EINTR by a fatal signal.
 */
int sbuddy_ioctl_migrate(struct sbuddy_client *c, void *arg)
{
	struct sbuddy_migrate *a = arg;
	struct sbuddy_migrate_log log = { .cap = min(a->records_cap, MAX_RECORDS) };
	int err;

	if (log.cap) {
		log.record = kvcalloc(log.cap, sizeof(*log.record), GFP_KERNEL_ACCOUNT);
		if (!log.record)
			return -ENOMEM;
	}
	err = migrate_locked(c, a, &log);
	a->nr_records = log.nr;
	if (!err)
		err = min(sbuddy_copy_array(a->records, log.cap, log.record, log.nr,
					    sizeof(*log.record)), 0);
	kvfree(log.record);
	return err;
}

/* ---- MOVABLE ---- */

/**
 * struct sbuddy_agreer - a program that is asked before its pages move
 * @lock:     guards the rest
 * @asked:    somebody asks, an answer has come, or it is over
 * @requests: struct request, without an answer
 * @cookie:   of the last request
 * @timeout:  for an answer, jiffies
 * @on:	      it wants to be asked
 */
struct sbuddy_agreer {
	spinlock_t lock;
	wait_queue_head_t asked;
	struct list_head requests;
	u64 cookie;
	unsigned long timeout;
	bool on;
};

/**
 * struct request - somebody waits for an answer
 * @link:   in @requests, while there is none
 * @cookie: number of the request
 * @slot:   whose page is to be moved
 * @order:  of the block
 * @from:   frame
 * @to:	    frame
 * @told:   the program knows
 * @answer: what it said
 */
struct request {
	struct list_head link;
	u64 cookie;
	u32 slot;
	u32 order;
	u64 from;
	u64 to;
	bool told;
	int answer;
};

static bool answered(struct sbuddy_agreer *g, const struct request *r)
{
	bool ret;

	spin_lock(&g->lock);
	ret = list_empty(&r->link);
	spin_unlock(&g->lock);
	return ret;
}

static bool agree_isolate(void *private, u32 slot, unsigned long pfn, unsigned int order,
			  enum sbuddy_migrate_mode mode)
{
	struct sbuddy_agreer *g = private;

	return READ_ONCE(g->on);
}

static void agree_putback(void *private, u32 slot, unsigned long pfn, unsigned int order)
{
}

static int agree_migrate(void *private, u32 slot, unsigned long dst, unsigned long src,
			 unsigned int order, enum sbuddy_migrate_mode mode)
{
	struct request r = {
		.slot = slot, .order = order, .from = src, .to = dst, .answer = -EBUSY,
	};
	struct sbuddy_agreer *g = private;

	if (mode == SBUDDY_MIGRATE_ASYNC)
		return -EAGAIN;
	INIT_LIST_HEAD(&r.link);
	spin_lock(&g->lock);
	if (g->on) {
		r.cookie = ++g->cookie;
		list_add_tail(&r.link, &g->requests);
	}
	spin_unlock(&g->lock);
	wake_up_all(&g->asked);
	wait_event_killable_timeout(g->asked, answered(g, &r), g->timeout);
	spin_lock(&g->lock);
	list_del_init(&r.link);
	spin_unlock(&g->lock);
	return r.answer;
}

static const struct sbuddy_movable_operations agree_ops = {
	.isolate_page = agree_isolate,
	.migrate_page = agree_migrate,
	.putback_page = agree_putback,
	.copy = true,
};

static void set_on(struct sbuddy_agreer *g, bool on, unsigned int timeout_ms)
{
	struct request *r, *next;

	spin_lock(&g->lock);
	WRITE_ONCE(g->on, on);
	if (on)
		g->timeout = msecs_to_jiffies(timeout_ms);
	else
		list_for_each_entry_safe(r, next, &g->requests, link)
			list_del_init(&r->link);
	spin_unlock(&g->lock);
	wake_up_all(&g->asked);
}

/* The file's, made the first time. */
static struct sbuddy_agreer *agreer_get(struct sbuddy_client *c)
{
	struct sbuddy_agreer *g = kzalloc(sizeof(*g), GFP_KERNEL_ACCOUNT), *was;

	if (!g)
		return NULL;
	spin_lock_init(&g->lock);
	init_waitqueue_head(&g->asked);
	INIT_LIST_HEAD(&g->requests);
	was = cmpxchg(&c->agreer, NULL, g);
	if (!was)
		return g;
	kfree(g);
	return was;
}

static int movable_on(struct sbuddy_client *c, const struct sbuddy_movable *a)
{
	struct sbuddy_agreer *g;
	int err;

	if (!a->timeout_ms)
		return -EINVAL;
	g = agreer_get(c);
	if (!g)
		return -ENOMEM;
	if (mutex_lock_killable(&c->lock))
		return -EINTR;
	err = sbuddy_owner_set_movable(c->owner, &agree_ops, g);
	if (!err)
		set_on(g, true, a->timeout_ms);
	mutex_unlock(&c->lock);
	return err;
}

/* Nobody waits for an answer when the lock is waited for. */
static int movable_off(struct sbuddy_client *c, struct sbuddy_agreer *g)
{
	set_on(g, false, 0);
	if (mutex_lock_killable(&c->lock))
		return -EINTR;
	sbuddy_owner_set_movable(c->owner, NULL, NULL);
	mutex_unlock(&c->lock);
	return 0;
}

/* The oldest request that the program does not know of yet. */
static bool tell(struct sbuddy_agreer *g, struct sbuddy_movable *a)
{
	struct request *r;
	bool found = false;

	spin_lock(&g->lock);
	list_for_each_entry(r, &g->requests, link) {
		if (r->told)
			continue;
		r->told = true;
		a->cookie = r->cookie;
		a->slot = r->slot;
		a->order = r->order;
		a->from = r->from;
		a->to = r->to;
		found = true;
		break;
	}
	spin_unlock(&g->lock);
	return found;
}

static int movable_next(struct sbuddy_agreer *g, struct sbuddy_movable *a)
{
	bool told = false;
	long left;

	left = wait_event_interruptible_timeout(g->asked, (told = tell(g, a)) || !READ_ONCE(g->on),
						msecs_to_jiffies(a->timeout_ms));
	if (told)
		return 0;
	return left < 0 ? -EINTR : -ENOENT;
}

static int movable_answer(struct sbuddy_agreer *g, const struct sbuddy_movable *a)
{
	struct request *r;
	int err = -ENOENT;

	if (a->answer > 0 || a->answer < -MAX_ERRNO)
		return -EINVAL;
	spin_lock(&g->lock);
	list_for_each_entry(r, &g->requests, link) {
		if (r->cookie != a->cookie || !r->told)
			continue;
		r->answer = a->answer;
		list_del_init(&r->link);
		err = 0;
		break;
	}
	spin_unlock(&g->lock);
	wake_up_all(&g->asked);
	return err;
}

static int movable_faults(struct sbuddy_client *c, const struct sbuddy_movable *a)
{
	const struct sbuddy_movable_faults faults = {
		.refuse = a->refuse, .fail = a->fail, .skip = a->skip, .error = a->error,
	};

	if (a->error > 0 || a->error < -MAX_ERRNO || (a->fail && !a->error))
		return -EINVAL;
	if (mutex_lock_killable(&c->lock))
		return -EINTR;
	sbuddy_owner_set_faults(c->owner, &faults);
	mutex_unlock(&c->lock);
	return 0;
}

/**
 * sbuddy_ioctl_movable - be asked before pages move
 * @c:	 the open file
 * @arg: struct sbuddy_movable
 *
 * Context: May sleep; no locks held.
 * Return: 0; -EINVAL, -EBUSY, -ENOENT, -EINTR as the ABI header says; -ENOMEM.
 */
int sbuddy_ioctl_movable(struct sbuddy_client *c, void *arg)
{
	struct sbuddy_movable *a = arg;
	struct sbuddy_agreer *g = READ_ONCE(c->agreer);

	if (a->action >= SBUDDY_NR_MOVABLE_ACTIONS || a->timeout_ms > SBUDDY_MAX_MOVABLE_MS)
		return -EINVAL;
	if (a->action == SBUDDY_MOVABLE_ON)
		return movable_on(c, a);
	if (!g || !READ_ONCE(g->on))
		return -ENOENT;
	switch (a->action) {
	case SBUDDY_MOVABLE_OFF:
		return movable_off(c, g);
	case SBUDDY_MOVABLE_NEXT:
		return movable_next(g, a);
	case SBUDDY_MOVABLE_ANSWER:
		return movable_answer(g, a);
	default:
		return movable_faults(c, a);
	}
}

/**
 * sbuddy_movable_stop - a file that is closed answers no more
 * @c: client
 *
 * Context: Any.
 */
void sbuddy_movable_stop(struct sbuddy_client *c)
{
	if (c->agreer)
		set_on(c->agreer, false, 0);
}

/**
 * sbuddy_movable_release - the file's requests go
 * @c: client; its owner is gone
 *
 * Context: Any.
 */
void sbuddy_movable_release(struct sbuddy_client *c)
{
	kfree(c->agreer);
	c->agreer = NULL;
}
