// SPDX-License-Identifier: GPL-2.0
/*
 * SBUDDY_IOC_SNAPSHOT and SBUDDY_IOC_CHECK: texts about the whole machine.
 *
 * Both hold sbuddy_machines_lock for write: everybody who works on a machine
 * holds it for read, so the machine stands still, and counters, lists and
 * owners can be compared with each other.  Text is built in kernel memory and
 * copied out without a lock.
 */
#include <linux/sched/signal.h>
#include <linux/string.h>
#include <linux/uaccess.h>
#include <linux/vmalloc.h>

#include "ioctl.h"

#define CHECK_LINE	256U		/* longest complaint, bytes */

/**
 * struct text - where a snapshot goes
 * @buf:  memory, NULL while the length is found out
 * @size: bytes of @buf
 * @len:  bytes emitted, which may exceed @size
 */
struct text {
	char *buf;
	size_t size;
	size_t len;
};

static void text_emit(void *arg, const char *s, size_t len)
{
	struct text *t = arg;

	if (t->len < t->size)
		memcpy(t->buf + t->len, s, min(len, t->size - t->len));
	t->len += len;
}

/* Once for the length, once for the text; nothing changes in between. */
static int text_export(struct sbuddy_machine *m, struct text *t, u64 capacity)
{
	int err = sbuddy_snapshot_export(m, text_emit, t);

	if (err || !capacity)
		return err;
	t->size = min_t(u64, t->len, capacity);
	t->buf = vmalloc(t->size);
	if (!t->buf)
		return -ENOMEM;
	t->len = 0;
	return sbuddy_snapshot_export(m, text_emit, t);
}

static int text_export_locked(const struct sbuddy_snapshot *s, struct text *t)
{
	struct sbuddy_machine *m;
	int err;

	if (down_write_killable(&sbuddy_machines_lock))
		return -EINTR;
	m = sbuddy_machine_find(s->machine);
	err = m ? text_export(m, t, s->capacity) : -ENOENT;
	up_write(&sbuddy_machines_lock);
	return err;
}

/**
 * sbuddy_ioctl_snapshot - write the state of a machine as text
 * @c:	 the open file
 * @arg: struct sbuddy_snapshot
 *
 * Context: May sleep and fault; no locks held.
 * Return: 0; -ENOENT for an unknown machine; -EFAULT for a bad buffer; -ENOMEM;
 * -EINTR by a fatal signal.
 */
int sbuddy_ioctl_snapshot(struct sbuddy_client *c, void *arg)
{
	struct sbuddy_snapshot *s = arg;
	struct text t = {};
	int err;

	err = text_export_locked(s, &t);
	if (!err && t.size && copy_to_user(u64_to_user_ptr(s->text), t.buf, t.size))
		err = -EFAULT;
	vfree(t.buf);
	s->len = t.len;
	return err;
}

/* The owners of one machine, each against its slots. */
static int check_owners(const struct sbuddy_machine *m, char *line)
{
	struct sbuddy_client *c;
	int err = 0;

	mutex_lock(&sbuddy_clients_lock);
	list_for_each_entry(c, &sbuddy_clients, link) {
		mutex_lock(&c->lock);
		if (c->machine == m)
			err = sbuddy_owner_check(c->owner, line, CHECK_LINE);
		mutex_unlock(&c->lock);
		if (err)
			break;
		cond_resched();
	}
	mutex_unlock(&sbuddy_clients_lock);
	return err;
}

/* Returns -ENOENT or -EINTR if there was nothing to check; else a->result says what was found. */
static int check_machine(struct sbuddy_check_arg *a, char *line)
{
	struct sbuddy_machine *m;

	if (down_write_killable(&sbuddy_machines_lock))
		return -EINTR;
	m = sbuddy_machine_find(a->machine);
	if (m) {
		a->result = sbuddy_check(m, line, CHECK_LINE);
		if (!a->result)
			a->result = check_owners(m, line);
	}
	up_write(&sbuddy_machines_lock);
	return m ? 0 : -ENOENT;
}

/**
 * sbuddy_ioctl_check - compare everything with everything
 * @c:	 the open file
 * @arg: struct sbuddy_check_arg
 *
 * Context: May sleep and fault; no locks held.
 * Return: 0 if the walk was made, whatever it found; -ENOENT for an unknown
 * machine; -EFAULT for a bad buffer; -EINTR by a fatal signal.
 */
int sbuddy_ioctl_check(struct sbuddy_client *c, void *arg)
{
	struct sbuddy_check_arg *a = arg;
	char line[CHECK_LINE] = "";
	size_t room;
	int err;

	err = check_machine(a, line);
	if (err)
		return err;
	a->len = strlen(line);
	if (!a->capacity)
		return 0;
	room = min_t(size_t, a->len, a->capacity - 1);
	line[room] = '\0';
	if (copy_to_user(u64_to_user_ptr(a->text), line, room + 1))
		return -EFAULT;
	return 0;
}
