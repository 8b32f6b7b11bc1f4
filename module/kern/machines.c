// SPDX-License-Identifier: GPL-2.0
/*
 * The machines: a table from number to machine, what may come into it, and how
 * one leaves it.
 *
 * Number 0 is the machine on the region, from load to unload.  The others are
 * unbacked; what they take from the host in all is limited by the module
 * parameter machines_max_bytes.  A machine is charged before it is made, for
 * making it is what takes the memory, and while it is being made nothing is
 * locked: others work on.
 *
 * State: the table, changed under sbuddy_machines_lock held for write (see
 * kern.h for the lock order); bytes charged, under quota_lock, which is
 * innermost.  Which file works on which machine is the clients' (client.c).
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/cpumask.h>
#include <linux/err.h>
#include <linux/mm.h>
#include <linux/moduleparam.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/xarray.h>

#include "kern.h"
#include "machines.h"
#include "reclaim.h"

DECLARE_RWSEM(sbuddy_machines_lock);

/**
 * struct entry - a machine and what belongs to it
 * @m:	     the machine
 * @builtin: its debugfs files and their owner
 * @spare:   slots that a fork brought along and no file has taken yet, or NULL
 * @charged: bytes of the quota that it uses
 * @pins:    reasons to stay while sbuddy_machines_lock is not held; changed under
 *	     it held for read
 */
struct entry {
	struct sbuddy_machine *m;
	struct sbuddy_builtin *builtin;
	struct sbuddy_owner *spare;
	size_t charged;
	atomic_t pins;
};

static DEFINE_XARRAY_ALLOC(machines);	/* struct entry; NULL while one comes or goes */

/* ---- what they may take from the host ---- */

static unsigned long machines_max_bytes;
static size_t charged_bytes;
static DEFINE_SPINLOCK(quota_lock);

module_param_cb(machines_max_bytes, &sbuddy_bytes_ops, &machines_max_bytes, 0644);
__MODULE_PARM_TYPE(machines_max_bytes, "bytes");
MODULE_PARM_DESC(machines_max_bytes,
		 "what all unbacked machines together may take from the host, bytes, suffix K, M, G or T, 0 for a quarter of its memory (default 0)");

/**
 * sbuddy_machines_max_bytes() - what all unbacked machines may take
 *
 * Context: Any.
 * Return: Bytes.
 */
size_t sbuddy_machines_max_bytes(void)
{
	return READ_ONCE(machines_max_bytes) ?: (totalram_pages() << PAGE_SHIFT) / 4;
}

/**
 * sbuddy_machines_used_bytes() - what they take
 *
 * Context: Any.
 * Return: Bytes, machines that are being made included.
 */
size_t sbuddy_machines_used_bytes(void)
{
	return READ_ONCE(charged_bytes);
}

/**
 * sbuddy_machines_charge() - may a machine be made?
 * @bytes: what it will take from the host
 *
 * Context: May sleep.
 * Return: 0, and @bytes are taken off until sbuddy_machines_uncharge(); -EDQUOT
 *	   beyond machines_max_bytes, with a line in the log.
 */
int sbuddy_machines_charge(size_t bytes)
{
	size_t max = sbuddy_machines_max_bytes();
	size_t used;
	bool fits;

	spin_lock(&quota_lock);
	used = charged_bytes;
	fits = used <= max && bytes <= max - used;
	if (fits)
		WRITE_ONCE(charged_bytes, used + bytes);
	spin_unlock(&quota_lock);
	if (fits)
		return 0;
	pr_notice_ratelimited("a machine of %zu KiB refused: unbacked machines take %zu KiB; expected at most machines_max_bytes=%zuK in all\n",
			      bytes >> 10, used >> 10, max >> 10);
	return -EDQUOT;
}

/**
 * sbuddy_machines_uncharge() - undo sbuddy_machines_charge()
 * @bytes: what was charged
 *
 * Context: Any.
 */
void sbuddy_machines_uncharge(size_t bytes)
{
	spin_lock(&quota_lock);
	WRITE_ONCE(charged_bytes, charged_bytes - bytes);
	spin_unlock(&quota_lock);
}

/* ---- the table ---- */

/**
 * sbuddy_machine_find() - machine by number
 * @id: its number
 *
 * Context: sbuddy_machines_lock is held, and the result is good until it is
 *	    dropped.
 * Return: the machine; NULL if there is none.
 */
struct sbuddy_machine *sbuddy_machine_find(u32 id)
{
	const struct entry *e;

	lockdep_assert_held(&sbuddy_machines_lock);
	e = xa_load(&machines, id);
	return e ? e->m : NULL;
}

/**
 * sbuddy_machine_builtin() - what a machine's debugfs files keep
 * @m: machine in the table
 *
 * Context: sbuddy_machines_lock is held.
 * Return: it; never NULL.
 */
struct sbuddy_builtin *sbuddy_machine_builtin(const struct sbuddy_machine *m)
{
	const struct entry *e = xa_load(&machines, m->id);

	lockdep_assert_held(&sbuddy_machines_lock);
	return e->builtin;
}

/**
 * sbuddy_machine_next() - walk the machines by ascending number
 * @id: in, where to start; out, the number found
 *
 * Context: sbuddy_machines_lock is held, and the result is good until it is
 *	    dropped.
 * Return: the machine; NULL at the end.
 */
struct sbuddy_machine *sbuddy_machine_next(u32 *id)
{
	unsigned long index = *id;
	const struct entry *e;

	lockdep_assert_held(&sbuddy_machines_lock);
	e = xa_find(&machines, &index, ULONG_MAX, XA_PRESENT);
	*id = index;
	return e ? e->m : NULL;
}

/* Takes over @m with its charge and @spare; on error they stay with the caller. */
static int publish(struct sbuddy_machine *m, struct sbuddy_owner *spare, size_t charged,
		   u32 min, u32 *id)
{
	struct entry *e = kzalloc(sizeof(*e), GFP_KERNEL);
	u32 nr;
	int err;

	if (!e)
		return -ENOMEM;
	e->m = m;
	e->spare = spare;
	e->charged = charged;
	err = xa_alloc(&machines, &nr, NULL, XA_LIMIT(min, SBUDDY_MAX_MACHINES - 1), GFP_KERNEL);
	if (err) {
		kfree(e);
		return err == -EBUSY ? -ENOSPC : err;
	}
	m->id = nr;
	err = sbuddy_daemons_attach(m);
	e->builtin = err ? NULL : sbuddy_builtin_create(m);
	if (!e->builtin) {
		sbuddy_daemons_detach(m);
		xa_erase(&machines, nr);
		kfree(e);
		return -ENOMEM;
	}
	down_write(&sbuddy_machines_lock);
	xa_store(&machines, nr, e, GFP_KERNEL);	/* the place is there: cannot fail */
	up_write(&sbuddy_machines_lock);
	*id = nr;
	return 0;
}

/* The entry is out of the table, its number still taken. */
static void take_down(struct entry *e)
{
	u32 id = e->m->id;

	sbuddy_daemons_detach(e->m);
	sbuddy_builtin_destroy(e->builtin);
	sbuddy_owner_release(e->spare);
	sbuddy_machine_destroy(e->m);
	sbuddy_machines_uncharge(e->charged);
	xa_erase(&machines, id);
	kfree(e);
}

/**
 * sbuddy_machines_add() - take over a machine that was made elsewhere
 * @m:	unbacked, complete, and known to nobody else; on error it stays the
 *	caller's
 * @id: out, its number
 *
 * Context: May sleep.  Takes sbuddy_machines_lock for write.
 * Return: 0; -EDQUOT beyond machines_max_bytes; -ENOSPC if all numbers are
 *	   taken; -ENOMEM.
 */
int sbuddy_machines_add(struct sbuddy_machine *m, u32 *id)
{
	size_t bytes = sbuddy_machine_metadata_bytes(m);
	int err;

	err = sbuddy_machines_charge(bytes);
	if (err)
		return err;
	err = publish(m, NULL, bytes, 1, id);
	if (err)
		sbuddy_machines_uncharge(bytes);
	return err;
}

/**
 * sbuddy_machines_add_charged() - take over a machine that was paid for
 * @m:	   as in sbuddy_machines_add(), but it goes on error
 * @spare: slots for the first file that asks for them, or NULL; goes on error
 * @bytes: what was charged for it; given back on error
 * @id:	   out, its number
 *
 * Context: May sleep.  Takes sbuddy_machines_lock for write.
 * Return: 0; -ENOSPC if all numbers are taken; -ENOMEM.
 */
int sbuddy_machines_add_charged(struct sbuddy_machine *m, struct sbuddy_owner *spare,
				size_t bytes, u32 *id)
{
	int err = publish(m, spare, bytes, 1, id);

	if (!err)
		return 0;
	sbuddy_owner_release(spare);
	sbuddy_machine_destroy(m);
	sbuddy_machines_uncharge(bytes);
	return err;
}

/**
 * sbuddy_machines_add_backed() - the machine on the region becomes number 0
 * @m: the machine
 *
 * Context: May sleep.  Module initialisation, before anything else here.
 * Return: 0; -ENOMEM, and @m stays the caller's.
 */
int sbuddy_machines_add_backed(struct sbuddy_machine *m)
{
	u32 id;

	return publish(m, NULL, 0, 0, &id);
}

/**
 * sbuddy_machine_pin() - find a machine and keep it without keeping the lock
 * @id: its number
 *
 * Its state may change, its shape does not.
 *
 * Context: May sleep.  Takes sbuddy_machines_lock for read.
 * Return: the machine, until sbuddy_machine_unpin(); ERR_PTR(-ENOENT) if there
 *	   is none, ERR_PTR(-EINTR) if a fatal signal came first.
 */
struct sbuddy_machine *sbuddy_machine_pin(u32 id)
{
	struct entry *e;

	if (down_read_killable(&sbuddy_machines_lock))
		return ERR_PTR(-EINTR);
	e = xa_load(&machines, id);
	if (e)
		atomic_inc(&e->pins);
	up_read(&sbuddy_machines_lock);
	return e ? e->m : ERR_PTR(-ENOENT);
}

/**
 * sbuddy_machine_unpin() - undo sbuddy_machine_pin()
 * @m: the machine
 *
 * Context: May sleep.  Takes sbuddy_machines_lock for read.
 */
void sbuddy_machine_unpin(struct sbuddy_machine *m)
{
	struct entry *e;

	down_read(&sbuddy_machines_lock);
	e = xa_load(&machines, m->id);
	atomic_dec(&e->pins);
	up_read(&sbuddy_machines_lock);
}

/**
 * sbuddy_machine_take_spare() - the slots that a fork brought along
 * @m: machine
 *
 * Context: sbuddy_machines_lock is held.
 * Return: an owner on @m, the caller's from now on; NULL if there are none.
 */
struct sbuddy_owner *sbuddy_machine_take_spare(const struct sbuddy_machine *m)
{
	struct entry *e = xa_load(&machines, m->id);

	lockdep_assert_held(&sbuddy_machines_lock);
	return xchg(&e->spare, NULL);
}

/**
 * sbuddy_machine_put_spare() - somebody else may take them
 * @m:	   machine
 * @owner: what sbuddy_machine_take_spare() returned
 *
 * Context: sbuddy_machines_lock is held since.
 */
void sbuddy_machine_put_spare(const struct sbuddy_machine *m, struct sbuddy_owner *owner)
{
	struct entry *e = xa_load(&machines, m->id);

	lockdep_assert_held(&sbuddy_machines_lock);
	xchg(&e->spare, owner);
}

/* ---- taking one down ---- */

/* sbuddy_machines_lock is held for write, so nobody comes to it meanwhile. */
static struct entry *remove_entry(u32 id)
{
	struct entry *e = xa_load(&machines, id);

	if (!e)
		return ERR_PTR(-ENOENT);
	if (!id)
		return ERR_PTR(-EOPNOTSUPP);
	if (atomic_read(&e->pins) || sbuddy_clients_using(e->m))
		return ERR_PTR(-EBUSY);
	xa_store(&machines, id, NULL, GFP_KERNEL);
	return e;
}

/**
 * sbuddy_machines_remove() - take an unbacked machine down
 * @id: its number
 *
 * Context: May sleep.  Takes sbuddy_machines_lock for write, sbuddy_clients_lock.
 * Return: 0; -ENOENT if there is no such machine; -EOPNOTSUPP for machine 0;
 *	   -EBUSY if an open file works on it; -EINTR by a fatal signal.
 */
int sbuddy_machines_remove(u32 id)
{
	struct entry *e;

	if (down_write_killable(&sbuddy_machines_lock))
		return -EINTR;
	e = remove_entry(id);
	up_write(&sbuddy_machines_lock);
	if (IS_ERR(e))
		return PTR_ERR(e);
	take_down(e);
	return 0;
}

/**
 * sbuddy_machines_exit() - take all machines down
 *
 * Context: May sleep.  No open file is left.
 */
void sbuddy_machines_exit(void)
{
	unsigned long id;
	struct entry *e;

	xa_for_each(&machines, id, e) {
		down_write(&sbuddy_machines_lock);
		xa_store(&machines, id, NULL, GFP_KERNEL);
		up_write(&sbuddy_machines_lock);
		take_down(e);
	}
	xa_destroy(&machines);
}

/* ---- reset ---- */

/* A machine's debugfs client is nobody's: what it holds does not stand in the way. */
static bool clients_hold_pages(const struct sbuddy_machine *m)
{
	struct sbuddy_client *c;
	bool held = false;

	list_for_each_entry(c, &sbuddy_clients, link) {
		if (!c->id || c->machine != m)
			continue;
		mutex_lock(&c->lock);
		held |= sbuddy_owner_pages(c->owner) != 0;
		mutex_unlock(&c->lock);
	}
	return held;
}

/* A new owner before the old one goes: there is always one. */
static int drop_debugfs_pages(struct sbuddy_machine *m)
{
	struct sbuddy_task task = { .cpu = sbuddy_current_vcpu(m) };
	struct sbuddy_client *c;
	struct sbuddy_owner *fresh;

	list_for_each_entry(c, &sbuddy_clients, link) {
		if (c->id || c->machine != m)
			continue;
		fresh = sbuddy_owner_create(m, c->id);
		if (!fresh)
			return -ENOMEM;
		mutex_lock(&c->lock);
		swap(c->owner, fresh);
		mutex_unlock(&c->lock);
		sbuddy_owner_destroy(fresh, &task);
	}
	return 0;
}

/**
 * sbuddy_reset_machine() - machine as it was when it was made
 * @id: its number
 *
 * Free lists, counters, knobs and tuning start over.  What the debugfs client
 * holds is freed.
 *
 * Context: May sleep.  Takes sbuddy_machines_lock for write,
 *	    sbuddy_clients_lock and each client's lock.
 * Return: 0; -ENOENT if there is no such machine; -EBUSY if an open file holds
 *	   pages of it; -EOPNOTSUPP if it never booted, as made from a snapshot;
 *	   -ENOMEM.  Nothing has changed then.
 */
int sbuddy_reset_machine(u32 id)
{
	struct sbuddy_machine *m;
	int err = -ENOENT;

	down_write(&sbuddy_machines_lock);
	m = sbuddy_machine_find(id);
	if (!m)
		goto out;
	err = -EOPNOTSUPP;
	if (!m->config.layout.nr_extents)
		goto out;
	mutex_lock(&sbuddy_clients_lock);
	err = clients_hold_pages(m) ? -EBUSY : drop_debugfs_pages(m);
	mutex_unlock(&sbuddy_clients_lock);
	if (!err)
		err = sbuddy_machine_reset(m);
out:
	up_write(&sbuddy_machines_lock);
	return err;
}
