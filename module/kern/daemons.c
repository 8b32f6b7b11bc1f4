// SPDX-License-Identifier: GPL-2.0
/*
 * The daemons of a machine: a kswapd and a kcompactd for each node, as kernel
 * threads that make the engine's steps, and its time, which is the host's then;
 * and the worker that takes from a victim of lack of memory what is left.
 *
 * Off by default: then steps are made from outside, and time goes by when
 * somebody waits.  A thread holds sbuddy_machines_lock for read while it makes a
 * step and never waits for it, so that it can be stopped by who holds it.  It
 * looks for the wish to stop between steps and, in a long run of kswapd, between
 * rounds.
 *
 * State: struct sbuddy_daemons of each machine, from when it is made known until
 * it is taken down.  daemons_lock, innermost but for what kthread_stop() waits
 * for, serialises starting and stopping.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/err.h>
#include <linux/jiffies.h>
#include <linux/kthread.h>
#include <linux/pid.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/wait.h>
#include <linux/workqueue.h>

#include "compact.h"
#include "reclaim.h"

#define TICK_MSEC	(1000 / SBUDDY_HZ)
#define IDLE_MSEC	100U		/* time moves on at least so often */

/* One thread. */
struct daemon {
	struct sbuddy_daemons *d;
	struct task_struct *thread;
	int nid;
};

/**
 * struct sbuddy_daemons - what drives a machine
 * @hooks:     how the engine reaches it
 * @m:	       the machine
 * @wait:      where threads wait for work
 * @stop:      they are to end
 * @running:   there are threads
 * @last:      jiffies up to which the machine's time was moved on, under @clock_lock
 * @clock_lock: guards @last
 * @kswapd:    of each node
 * @kcompactd: of each node
 * @victim:    owner that is to lose all, plus 1; 0 for none
 * @signal:    its process is to be killed, too
 * @oom_work:  does that
 */
struct sbuddy_daemons {
	struct sbuddy_hooks hooks;
	struct sbuddy_machine *m;
	wait_queue_head_t wait;
	bool stop;
	bool running;
	unsigned long last;
	spinlock_t clock_lock;
	struct daemon kswapd[SBUDDY_MAX_NODES];
	struct daemon kcompactd[SBUDDY_MAX_NODES];
	u32 victim;
	bool signal;
	struct work_struct oom_work;
};

static DEFINE_MUTEX(daemons_lock);

static struct sbuddy_daemons *daemons_of(const struct sbuddy_machine *m)
{
	return container_of(m->hooks, struct sbuddy_daemons, hooks);
}

/* ---- time ---- */

/* The machine's time is moved on by what has gone by on the host. */
static void update_clock(struct sbuddy_daemons *d)
{
	struct sbuddy_task task = { .cpu = sbuddy_current_vcpu(d->m) };
	unsigned int ticks;

	spin_lock(&d->clock_lock);
	ticks = jiffies_to_msecs(jiffies - d->last) / TICK_MSEC;
	d->last += msecs_to_jiffies(ticks * TICK_MSEC);
	spin_unlock(&d->clock_lock);
	sbuddy_clock_advance(d->m, &task, ticks);
}

static void sleep_hook(struct sbuddy_machine *m, unsigned int msec)
{
	schedule_timeout_killable(msecs_to_jiffies(msec));
	update_clock(daemons_of(m));
}

/* ---- other hooks ---- */

static void wake_hook(struct sbuddy_machine *m, int nid)
{
	struct sbuddy_daemons *d = daemons_of(m);

	if (READ_ONCE(d->running))
		wake_up_all(&d->wait);
}

static bool should_stop_hook(struct sbuddy_machine *m)
{
	return READ_ONCE(daemons_of(m)->stop) || fatal_signal_pending(current);
}

static void oom_kill_hook(struct sbuddy_machine *m, u32 owner, bool signal)
{
	struct sbuddy_daemons *d = daemons_of(m);

	WRITE_ONCE(d->signal, signal);
	WRITE_ONCE(d->victim, owner + 1);
	queue_work(system_unbound_wq, &d->oom_work);
}

/* ---- the victim ---- */

static void reap_client(struct sbuddy_client *c, bool signal)
{
	struct sbuddy_task task = { .cpu = sbuddy_current_vcpu(c->machine) };

	mutex_lock(&c->lock);
	sbuddy_owner_reap(c->owner, &task);
	mutex_unlock(&c->lock);
	if (signal && c->process) {
		pr_notice("process %d is killed: its file had most pages of a machine without memory\n",
			  c->pid);
		kill_pid(c->process, SIGKILL, 1);
	}
}

static void oom_work(struct work_struct *work)
{
	struct sbuddy_daemons *d = container_of(work, struct sbuddy_daemons, oom_work);
	u32 victim = xchg(&d->victim, 0);
	struct sbuddy_client *c;

	if (!victim)
		return;
	down_read(&sbuddy_machines_lock);
	mutex_lock(&sbuddy_clients_lock);
	list_for_each_entry(c, &sbuddy_clients, link)
		if (c->machine == d->m && c->id == victim - 1 && sbuddy_owner_killed(c->owner))
			reap_client(c, READ_ONCE(d->signal));
	mutex_unlock(&sbuddy_clients_lock);
	up_read(&sbuddy_machines_lock);
}

/* ---- threads ---- */

/* Between steps: false if the thread is to end. */
static bool may_step(struct sbuddy_daemons *d)
{
	while (!READ_ONCE(d->stop)) {
		if (down_read_trylock(&sbuddy_machines_lock))
			return true;
		schedule_timeout_interruptible(1);
	}
	return false;
}

static bool kswapd_wanted(const struct sbuddy_daemons *d, int nid)
{
	return READ_ONCE(d->stop) || sbuddy_kswapd_has_work(d->m, nid);
}

static int kswapd_thread(void *arg)
{
	struct daemon *self = arg;
	struct sbuddy_daemons *d = self->d;

	while (may_step(d)) {
		struct sbuddy_kswapd_report r;

		update_clock(d);
		r = sbuddy_reclaim_kswapd(d->m, self->nid);
		up_read(&sbuddy_machines_lock);
		wait_event_interruptible_timeout(d->wait, kswapd_wanted(d, self->nid),
						 msecs_to_jiffies(r.wait ? r.wait * TICK_MSEC :
									   IDLE_MSEC));
		cond_resched();
	}
	return 0;
}

static bool kcompactd_wanted(const struct sbuddy_daemons *d, int nid)
{
	return READ_ONCE(d->stop) || READ_ONCE(d->m->nodes[nid].kcompactd.woken);
}

static int kcompactd_thread(void *arg)
{
	struct daemon *self = arg;
	struct sbuddy_daemons *d = self->d;

	while (may_step(d)) {
		int msec = sbuddy_compact_kcompactd(d->m, self->nid);

		up_read(&sbuddy_machines_lock);
		wait_event_interruptible_timeout(d->wait, kcompactd_wanted(d, self->nid),
						 msec > 0 ? msecs_to_jiffies(msec) :
							    MAX_SCHEDULE_TIMEOUT);
		cond_resched();
	}
	return 0;
}

static int start_one(struct sbuddy_daemons *d, struct daemon *t, int nid, int (*fn)(void *),
		     const char *name)
{
	struct task_struct *thread;

	t->d = d;
	t->nid = nid;
	thread = kthread_create(fn, t, "sbuddy%d_%s%d", d->m->id, name, nid);
	if (IS_ERR(thread))
		return PTR_ERR(thread);
	t->thread = get_task_struct(thread);
	wake_up_process(thread);
	return 0;
}

static void stop_one(struct daemon *t)
{
	if (!t->thread)
		return;
	kthread_stop(t->thread);
	put_task_struct(t->thread);
	t->thread = NULL;
}

static void stop_all(struct sbuddy_daemons *d)
{
	int nid;

	WRITE_ONCE(d->stop, true);
	wake_up_all(&d->wait);
	for (nid = 0; nid < SBUDDY_MAX_NODES; nid++) {
		stop_one(&d->kswapd[nid]);
		stop_one(&d->kcompactd[nid]);
	}
	WRITE_ONCE(d->running, false);
	WRITE_ONCE(d->hooks.sleep, NULL);
	WRITE_ONCE(d->stop, false);
}

static int start_all(struct sbuddy_daemons *d)
{
	int nid, err = 0;

	d->last = jiffies;
	WRITE_ONCE(d->hooks.sleep, sleep_hook);
	WRITE_ONCE(d->running, true);
	for (nid = 0; nid < d->m->nr_nodes && !err; nid++) {
		if (!d->m->nodes[nid].online)
			continue;
		err = start_one(d, &d->kswapd[nid], nid, kswapd_thread, "kswapd");
		if (!err)
			err = start_one(d, &d->kcompactd[nid], nid, kcompactd_thread,
					"kcompactd");
	}
	if (err)
		stop_all(d);
	return err;
}

/**
 * sbuddy_set_daemons() - start or stop a machine's daemons
 * @m:	machine in the table
 * @on: 1 or 0
 *
 * Context: May sleep, as long as a round of a daemon takes.  Caller holds
 * sbuddy_machines_lock for read, or nobody else can know @m.
 * Return: 0; -EINVAL; -ENOMEM, -EINTR: they do not run.
 */
int sbuddy_set_daemons(struct sbuddy_machine *m, int on)
{
	struct sbuddy_daemons *d = daemons_of(m);
	int err = 0;

	if (on != 0 && on != 1)
		return -EINVAL;
	mutex_lock(&daemons_lock);
	if (on && !d->running)
		err = start_all(d);
	else if (!on && d->running)
		stop_all(d);
	mutex_unlock(&daemons_lock);
	return err;
}

/**
 * sbuddy_daemons_run() - do a machine's daemons run?
 * @m: machine in the table
 *
 * Context: Any.
 * Return: true if so.
 */
bool sbuddy_daemons_run(const struct sbuddy_machine *m)
{
	return READ_ONCE(daemons_of(m)->running);
}

/**
 * sbuddy_daemons_attach() - a machine gets somebody who drives it
 * @m: machine that nobody else can know yet
 *
 * Context: May sleep.
 * Return: 0; -ENOMEM.
 */
int sbuddy_daemons_attach(struct sbuddy_machine *m)
{
	struct sbuddy_daemons *d = kzalloc(sizeof(*d), GFP_KERNEL);

	if (!d)
		return -ENOMEM;
	d->m = m;
	d->hooks = (struct sbuddy_hooks) {
		.wake = wake_hook, .should_stop = should_stop_hook, .oom_kill = oom_kill_hook,
	};
	init_waitqueue_head(&d->wait);
	spin_lock_init(&d->clock_lock);
	INIT_WORK(&d->oom_work, oom_work);
	m->hooks = &d->hooks;
	return 0;
}

/**
 * sbuddy_daemons_detach() - and loses it
 * @m: machine that nobody uses any more
 *
 * Context: May sleep; sbuddy_machines_lock not held.
 */
void sbuddy_daemons_detach(struct sbuddy_machine *m)
{
	struct sbuddy_daemons *d;

	if (!m->hooks)
		return;
	d = daemons_of(m);
	sbuddy_set_daemons(m, 0);
	cancel_work_sync(&d->oom_work);
	m->hooks = NULL;
	kfree(d);
}
