// SPDX-License-Identifier: GPL-2.0
/*
 * Clients: an open file of /dev/sbuddy each, and one a machine for debugfs.
 *
 * A client is an owner (the engine's: slots and pages) plus who it belongs to.
 * This file owns the list of clients, guarded by sbuddy_clients_lock, and the
 * numbers, which are given again after a client is gone.  It leaves operations
 * to ioctl_run.c, and what becomes of owners when a machine is reset to main.c.
 */
#include <linux/idr.h>
#include <linux/pid.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "kern.h"
#include "usermap.h"

LIST_HEAD(sbuddy_clients);
DEFINE_MUTEX(sbuddy_clients_lock);	/* see kern.h */

static DEFINE_IDA(sbuddy_client_ids);

/* Number 0 is the client without a process, debugfs, of which each machine has one. */
static int sbuddy_client_id(pid_t pid)
{
	if (!pid)
		return 0;
	return ida_alloc_min(&sbuddy_client_ids, 1, GFP_KERNEL);
}

static void sbuddy_client_free_id(int id)
{
	if (id)
		ida_free(&sbuddy_client_ids, id);
}

/**
 * sbuddy_client_create - make a client that holds nothing
 * @m:	  machine on which it will work
 * @comm: name of the process
 * @pid:  of the process; 0 is debugfs
 *
 * Context: May sleep.  Caller holds sbuddy_machines_lock, or nobody else can
 * know @m yet.  Takes sbuddy_clients_lock.
 * Return: the client, or NULL without memory.
 */
struct sbuddy_client *sbuddy_client_create(struct sbuddy_machine *m, const char *comm, pid_t pid)
{
	struct sbuddy_client *c = kzalloc(sizeof(*c), GFP_KERNEL);
	int id;

	if (!c)
		return NULL;
	id = sbuddy_client_id(pid);
	if (id < 0)
		goto free_client;
	c->owner = sbuddy_owner_create(m, id);
	if (!c->owner)
		goto free_id;
	mutex_init(&c->lock);
	c->machine = m;
	c->id = id;
	c->pid = pid;
	c->process = pid ? get_task_pid(current, PIDTYPE_TGID) : NULL;
	strscpy(c->comm, comm, sizeof(c->comm));
	mutex_lock(&sbuddy_clients_lock);
	list_add_tail(&c->link, &sbuddy_clients);
	mutex_unlock(&sbuddy_clients_lock);
	return c;

free_id:
	sbuddy_client_free_id(id);
free_client:
	kfree(c);
	return NULL;
}

/**
 * sbuddy_client_take - become the owner that somebody made ready
 * @c:	   client
 * @m:	   machine that it works on from now on
 * @owner: owner on @m, of the client's number; on error it stays the caller's
 *
 * Context: May sleep.  Caller holds sbuddy_machines_lock.  Takes the client's lock.
 * Return: 0; -EBUSY if the client holds something.
 */
int sbuddy_client_take(struct sbuddy_client *c, struct sbuddy_machine *m,
		       struct sbuddy_owner *owner)
{
	bool busy;

	mutex_lock(&c->lock);
	busy = sbuddy_owner_holds(c->owner);
	if (!busy) {
		sbuddy_owner_inherit(owner, c->owner);
		swap(c->owner, owner);
		WRITE_ONCE(c->machine, m);
	}
	mutex_unlock(&c->lock);
	if (busy)
		return -EBUSY;
	sbuddy_owner_release(owner);	/* the empty one */
	return 0;
}

/**
 * sbuddy_client_use - work on another machine from now on
 * @c: client
 * @m: the machine; may be the one that it works on already
 *
 * Context: As sbuddy_client_take().
 * Return: 0; -EBUSY if it holds something; -ENOMEM.
 */
int sbuddy_client_use(struct sbuddy_client *c, struct sbuddy_machine *m)
{
	struct sbuddy_owner *owner = sbuddy_owner_create(m, c->id);
	int err;

	if (!owner)
		return -ENOMEM;
	err = sbuddy_client_take(c, m, owner);
	if (err)
		sbuddy_owner_release(owner);
	return err;
}

/**
 * sbuddy_clients_using - open files that work on a machine
 * @m: machine
 *
 * Context: May sleep.  Caller holds sbuddy_machines_lock; for write, if the
 * number is to stay right.  Takes sbuddy_clients_lock.
 * Return: how many, the built-in owners not counted.
 */
unsigned int sbuddy_clients_using(const struct sbuddy_machine *m)
{
	struct sbuddy_client *c;
	unsigned int nr = 0;

	mutex_lock(&sbuddy_clients_lock);
	list_for_each_entry(c, &sbuddy_clients, link)
		nr += c->id && READ_ONCE(c->machine) == m;
	mutex_unlock(&sbuddy_clients_lock);
	return nr;
}

/**
 * sbuddy_client_destroy - free all that a client holds, and the client
 * @c: client, which nobody uses any more
 *
 * Context: May sleep.  Caller holds sbuddy_machines_lock for read, which
 * waits for a reset that is under way: after it the client holds nothing.
 * Nothing maps its slots any more, and the kernel uses none of its frames.
 * Takes sbuddy_clients_lock and the client's lock; ends the compaction that it
 * carried out in steps.
 */
void sbuddy_client_destroy(struct sbuddy_client *c)
{
	struct sbuddy_task task = { .cpu = sbuddy_current_vcpu(c->machine) };

	sbuddy_compact_release(c->id);
	mutex_lock(&sbuddy_clients_lock);
	list_del(&c->link);
	mutex_unlock(&sbuddy_clients_lock);
	mutex_lock(&c->lock);
	sbuddy_owner_destroy(c->owner, &task);
	mutex_unlock(&c->lock);
	sbuddy_usermap_release(c);
	sbuddy_movable_release(c);
	sbuddy_client_free_id(c->id);
	put_pid(c->process);
	kfree(c);
}
