// SPDX-License-Identifier: GPL-2.0
/*
 * SBUDDY_IOC_MACHINE_DIFF and SBUDDY_IOC_MACHINE_HASH: are two states the same,
 * and if not, what is not.
 *
 * Owns no state.  sbuddy_machines_lock is held for write meanwhile, so all
 * machines stand still; lines are gathered in kernel memory and copied out
 * without a lock.
 */
#include <linux/string.h>
#include <linux/uaccess.h>
#include <linux/vmalloc.h>

#include "ioctl.h"

/* Whole lines, from the first to the last one that fits. */
struct lines {
	char *buf;
	u32 size;
	u32 len;
	u32 nr;
	bool full;
};

static void lines_emit(void *arg, const char *text, size_t len)
{
	struct lines *l = arg;

	l->full |= len > l->size - l->len;
	if (l->full)
		return;
	memcpy(l->buf + l->len, text, len);
	l->len += len;
	l->nr++;
}

static int diff_locked(struct sbuddy_machine_diff *d, struct lines *l)
{
	const struct sbuddy_machine *a, *b;

	if (down_write_killable(&sbuddy_machines_lock))
		return -EINTR;
	a = sbuddy_machine_find(d->machine);
	b = sbuddy_machine_find(d->other);
	if (a && b)
		d->differences = sbuddy_machine_diff(a, b, lines_emit, l);
	up_write(&sbuddy_machines_lock);
	return a && b ? 0 : -ENOENT;
}

/**
 * sbuddy_ioctl_machine_diff - name what two machines differ in
 * @c:	 the open file
 * @arg: struct sbuddy_machine_diff
 *
 * Context: May sleep and fault; no locks held.
 * Return: 0; -ENOENT for an unknown machine; -EFAULT for a bad buffer; -ENOMEM;
 * -EINTR by a fatal signal.
 */
int sbuddy_ioctl_machine_diff(struct sbuddy_client *c, void *arg)
{
	struct sbuddy_machine_diff *d = arg;
	struct lines l = { .size = min(d->capacity, SBUDDY_MAX_DIFF_TEXT) };
	int err;

	if (l.size) {
		l.buf = kvmalloc(l.size, GFP_KERNEL_ACCOUNT);
		if (!l.buf)
			return -ENOMEM;
	}
	err = diff_locked(d, &l);
	if (!err && l.len && copy_to_user(u64_to_user_ptr(d->text), l.buf, l.len))
		err = -EFAULT;
	kvfree(l.buf);
	d->lines = l.nr;
	d->len = l.len;
	return err;
}

/**
 * sbuddy_ioctl_machine_hash - a number for the state of a machine
 * @c:	 the open file
 * @arg: struct sbuddy_machine_hash
 *
 * Context: May sleep; no locks held.
 * Return: 0; -ENOENT for an unknown machine; -EINTR by a fatal signal.
 */
int sbuddy_ioctl_machine_hash(struct sbuddy_client *c, void *arg)
{
	struct sbuddy_machine_hash *h = arg;
	const struct sbuddy_machine *m;

	if (down_write_killable(&sbuddy_machines_lock))
		return -EINTR;
	m = sbuddy_machine_find(h->machine);
	if (m)
		h->hash = sbuddy_machine_hash(m);
	up_write(&sbuddy_machines_lock);
	return m ? 0 : -ENOENT;
}
