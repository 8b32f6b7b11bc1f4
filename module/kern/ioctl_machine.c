// SPDX-License-Identifier: GPL-2.0
/*
 * SBUDDY_IOC_MACHINE_*: making machines, taking them down, and which of them an
 * open file works on.
 *
 * Owns no state.  Texts are copied in before and out after the work, without a
 * lock.
 */
#include <linux/err.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/uaccess.h>
#include <linux/vmalloc.h>

#include "ioctl.h"
#include "machines.h"

#define MESSAGE_LINE	256U		/* longest complaint, bytes */

/* A copy of @len bytes of user memory, terminated by a zero. */
static char *fetch_text(u64 from, u64 len)
{
	const gfp_t gfp = GFP_KERNEL_ACCOUNT | __GFP_NOWARN;
	char *text = len < KMALLOC_MAX_SIZE ? kvmalloc(len + 1, gfp) : __vmalloc(len + 1, gfp);

	if (!text)
		return ERR_PTR(-ENOMEM);
	if (copy_from_user(text, u64_to_user_ptr(from), len)) {
		kvfree(text);
		return ERR_PTR(-EFAULT);
	}
	text[len] = '\0';
	return text;
}

static int import(const char *text, struct sbuddy_machine_create *a, char *line)
{
	if (a->flags & (SBUDDY_CREATE_NO_THP | SBUDDY_CREATE_RULES) || a->base_pfn ||
	    a->vcpu_nodes || a->vcpus || a->llc_kib) {
		strscpy(line, "nothing but the text of a snapshot", MESSAGE_LINE);
		return -EINVAL;
	}
	return sbuddy_machines_import(text, a->text_len, &a->machine, line, MESSAGE_LINE);
}

static int create(const char *text, struct sbuddy_machine_create *a, char *line)
{
	u8 nodes[SBUDDY_MAX_VCPUS] = { 0 };
	struct sbuddy_machine_spec spec = {
		.layout = text,
		.base_pfn = a->base_pfn,
		.vcpus = a->vcpus,
		.vcpu_nodes = a->vcpu_nodes ? nodes : NULL,
		.llc_kib = a->llc_kib,
		.no_thp = a->flags & SBUDDY_CREATE_NO_THP,
		.rules = (a->flags & SBUDDY_CREATE_RULES) >> SBUDDY_CREATE_RULES_SHIFT,
	};
	const char *expected;
	int err;

	if (a->vcpu_nodes && (!a->vcpus || a->vcpus > SBUDDY_MAX_VCPUS)) {
		strscpy(line, "vcpus from 1 to 256 with vcpu_nodes", MESSAGE_LINE);
		return -EINVAL;
	}
	if (a->vcpu_nodes && copy_from_user(nodes, u64_to_user_ptr(a->vcpu_nodes), a->vcpus))
		return -EFAULT;
	if (strlen(text) != a->text_len) {
		strscpy(line, "a layout without NUL bytes", MESSAGE_LINE);
		return -EINVAL;
	}
	err = sbuddy_machines_create(&spec, &a->machine, &expected);
	if (err)
		strscpy(line, expected, MESSAGE_LINE);
	return err;
}

/* The line for the user, whatever became of the machine. */
static int store_message(const struct sbuddy_machine_create *a, char *line)
{
	size_t room;

	if (!a->message_cap)
		return 0;
	room = min_t(size_t, strlen(line), a->message_cap - 1);
	line[room] = '\0';
	return copy_to_user(u64_to_user_ptr(a->message), line, room + 1) ? -EFAULT : 0;
}

/**
 * sbuddy_ioctl_machine_create - make an unbacked machine
 * @c:	 the open file
 * @arg: struct sbuddy_machine_create
 *
 * Context: May sleep and fault; no locks held.
 * Return: 0; -EINVAL, and the message says what was expected; -EDQUOT beyond
 * machines_max_bytes; -ENOSPC if all numbers are taken; -EFAULT for a bad
 * pointer; -ENOMEM; -EINTR by a fatal signal.
 */
int sbuddy_ioctl_machine_create(struct sbuddy_client *c, void *arg)
{
	struct sbuddy_machine_create *a = arg;
	bool snapshot = a->flags & SBUDDY_CREATE_SNAPSHOT;
	u32 longest = snapshot ? SBUDDY_MAX_SNAPSHOT_TEXT : SBUDDY_MAX_LAYOUT_TEXT;
	char line[MESSAGE_LINE] = "";
	char *text;
	int err;

	if (!a->text_len || a->text_len > longest) {
		snprintf(line, sizeof(line), "a text of 1 to %u bytes", longest);
		return store_message(a, line) ?: -EINVAL;
	}
	text = fetch_text(a->text, a->text_len);
	if (IS_ERR(text))
		return PTR_ERR(text);
	err = snapshot ? import(text, a, line) : create(text, a, line);
	kvfree(text);
	if (!store_message(a, line))
		return err;
	if (!err)
		sbuddy_machines_remove(a->machine);	/* nobody was told of it */
	return -EFAULT;
}

/**
 * sbuddy_ioctl_machine_destroy - take an unbacked machine down
 * @c:	 the open file
 * @arg: struct sbuddy_machine_destroy
 *
 * Context: May sleep; no locks held.
 * Return: 0; -ENOENT for an unknown machine; -EOPNOTSUPP for machine 0; -EBUSY
 * if an open file works on it, this one included; -EINTR by a fatal signal.
 */
int sbuddy_ioctl_machine_destroy(struct sbuddy_client *c, void *arg)
{
	struct sbuddy_machine_destroy *a = arg;

	return sbuddy_machines_remove(a->machine);
}

/* The slots that came with a fork. */
static int use_spare(struct sbuddy_client *c, struct sbuddy_machine *m)
{
	struct sbuddy_owner *spare = sbuddy_machine_take_spare(m);
	int err;

	if (!spare)
		return -ENOENT;
	sbuddy_owner_rename(spare, c->id);
	err = sbuddy_client_take(c, m, spare);
	if (err)
		sbuddy_machine_put_spare(m, spare);
	return err;
}

/**
 * sbuddy_ioctl_machine_use - let the open file work on another machine
 * @c:	 the open file
 * @arg: struct sbuddy_machine_use
 *
 * Context: May sleep; no locks held.
 * Return: 0; -ENOENT for an unknown machine, or without slots to take over;
 * -EBUSY if the file holds something; -ENOMEM; -EINTR by a fatal signal.
 */
int sbuddy_ioctl_machine_use(struct sbuddy_client *c, void *arg)
{
	struct sbuddy_machine_use *a = arg;
	struct sbuddy_machine *m = sbuddy_lock_machine(a->machine);
	int err;

	if (IS_ERR(m))
		return PTR_ERR(m);
	err = a->flags & SBUDDY_USE_SLOTS ? use_spare(c, m) : sbuddy_client_use(c, m);
	sbuddy_unlock_machine();
	return err;
}

/**
 * sbuddy_ioctl_machine_fork - make an exact copy of a machine
 * @c:	 the open file
 * @arg: struct sbuddy_machine_fork
 *
 * Context: May sleep; no locks held.
 * Return: 0; -ENOENT for an unknown machine; -EINVAL if the file's slots are to
 * come along and it works on another; -EDQUOT beyond machines_max_bytes; -ENOSPC
 * if all numbers are taken; -EUCLEAN if lists are damaged; -ENOMEM; -EINTR by a
 * fatal signal.
 */
int sbuddy_ioctl_machine_fork(struct sbuddy_client *c, void *arg)
{
	struct sbuddy_machine_fork *a = arg;

	return sbuddy_machines_fork(a->source, a->flags & SBUDDY_FORK_SLOTS ? c : NULL,
				    &a->machine);
}

static struct sbuddy_machine_record record_of(const struct sbuddy_machine *m)
{
	return (struct sbuddy_machine_record) {
		.machine = m->id,
		.machine_flags = sbuddy_machine_flags(m),
		.files = sbuddy_clients_using(m),
		.nr_zones = m->nr_zones,
		.nr_vcpus = m->nr_vcpus,
		.online_nodes = m->online_nodes,
		.base_pfn = m->base_pfn,
		.nr_pages = m->nr_pages,
		.metadata_bytes = sbuddy_machine_metadata_bytes(m),
	};
}

/* sbuddy_machines_lock is held.  Returns how many there are, those without room included. */
static u32 gather_records(struct sbuddy_machine_record *records, u32 capacity)
{
	struct sbuddy_machine *m;
	u32 nr = 0;
	u32 id;

	for (id = 0; (m = sbuddy_machine_next(&id)); id++) {
		if (nr < capacity)
			records[nr] = record_of(m);
		nr++;
	}
	return nr;
}

/**
 * sbuddy_ioctl_machine_list - say which machines there are
 * @c:	 the open file
 * @arg: struct sbuddy_machine_list
 *
 * Context: May sleep and fault; no locks held.
 * Return: 0; -EFAULT for a bad array; -ENOMEM; -EINTR by a fatal signal.
 */
int sbuddy_ioctl_machine_list(struct sbuddy_client *c, void *arg)
{
	struct sbuddy_machine_list *a = arg;
	u32 capacity = min(a->capacity, SBUDDY_MAX_MACHINES);
	struct sbuddy_machine_record *records;
	int count = -EINTR;

	records = kvcalloc(capacity ?: 1, sizeof(*records), GFP_KERNEL);
	if (!records)
		return -ENOMEM;
	if (down_read_killable(&sbuddy_machines_lock))
		goto out;
	a->total = gather_records(records, capacity);
	mutex_lock(&c->lock);
	a->using = c->machine->id;
	mutex_unlock(&c->lock);
	up_read(&sbuddy_machines_lock);
	a->max_bytes = sbuddy_machines_max_bytes();
	a->used_bytes = sbuddy_machines_used_bytes();
	count = sbuddy_copy_array(a->records, capacity, records, a->total, sizeof(*records));
	a->count = max(count, 0);
out:
	kvfree(records);
	return min(count, 0);
}
