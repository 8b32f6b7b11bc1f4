// SPDX-License-Identifier: GPL-2.0
/*
 * /dev/sbuddy: file operations and the gate that every ioctl passes.
 *
 * One table, indexed by command number, says for each command how long its
 * structure is, how long it was in the first version, which flags and which
 * reserved fields it has, and who serves it.  The gate checks all of that, so
 * a handler begins with trusted kernel memory; and the capabilities that
 * VERSION reports are read off the same table.
 *
 * An open file is a client (client.c).  This file owns nothing but the device;
 * it takes no lock.
 */
#include <linux/capability.h>
#include <linux/err.h>
#include <linux/fs.h>
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/nospec.h>
#include <linux/sched.h>
#include <linux/uaccess.h>
#include <linux/utsname.h>

#include "ioctl.h"
#include "usermap.h"

/**
 * struct sbuddy_ioctl - a command
 * @name:     what it is called
 * @fn:	      serves it
 * @size:     bytes of the structure as this module knows it
 * @min_size: bytes it had when the command first appeared
 * @flags:    bits of its flags field that have a meaning
 * @reserved: offset of its reserved __u32, 0 if it has none
 */
struct sbuddy_ioctl {
	const char *name;
	int (*fn)(struct sbuddy_client *c, void *arg);
	u16 size;
	u16 min_size;
	u32 flags;
	u16 reserved;
};

/* What every structure begins with. */
struct sbuddy_arg_head {
	u32 size;
	u32 flags;
};

/* Large enough for the structure of any command. */
union sbuddy_arg {
	struct sbuddy_arg_head head;
	struct sbuddy_version version;
	struct sbuddy_info info;
	struct sbuddy_owner_info owner;
	struct sbuddy_run run;
	struct sbuddy_query_slot query_slot;
	struct sbuddy_dump_pages dump_pages;
	struct sbuddy_dump_freelist dump_freelist;
	struct sbuddy_dump_pcp dump_pcp;
	struct sbuddy_dump_pageblocks dump_pageblocks;
	struct sbuddy_stats stats;
	struct sbuddy_snapshot snapshot;
	struct sbuddy_check_arg check;
	struct sbuddy_machine_create machine_create;
	struct sbuddy_machine_destroy machine_destroy;
	struct sbuddy_machine_use machine_use;
	struct sbuddy_machine_list machine_list;
	struct sbuddy_compact compact;
	struct sbuddy_reclaim_arg reclaim;
	struct sbuddy_policy policy;
	struct sbuddy_weights weights;
	struct sbuddy_machine_fork machine_fork;
	struct sbuddy_machine_diff machine_diff;
	struct sbuddy_machine_hash machine_hash;
	struct sbuddy_isolate isolate;
	struct sbuddy_contig contig;
	struct sbuddy_clone clone;
	struct sbuddy_knob knob;
	struct sbuddy_migrate migrate;
	struct sbuddy_movable movable;
};

static int sbuddy_ioctl_version(struct sbuddy_client *c, void *arg);

/* The last field of the first version decides the minimum. */
#define COMMAND(nr, func, type, last, ...)				\
	[SBUDDY_CMD_##nr] = {						\
		.name = #nr,						\
		.fn = func,						\
		.size = sizeof(type) +					\
			BUILD_BUG_ON_ZERO(sizeof(type) > sizeof(union sbuddy_arg)) + \
			BUILD_BUG_ON_ZERO(sizeof(type) % 8),		\
		.min_size = offsetofend(type, last),			\
		__VA_ARGS__						\
	}
#define RESERVED(type)	.reserved = offsetof(type, reserved)

static const struct sbuddy_ioctl sbuddy_ioctls[SBUDDY_NR_COMMANDS] = {
	COMMAND(VERSION, sbuddy_ioctl_version, struct sbuddy_version, kernel_release),
	COMMAND(INFO, sbuddy_ioctl_info, struct sbuddy_info, reserved,
		RESERVED(struct sbuddy_info)),
	COMMAND(OWNER, sbuddy_ioctl_owner, struct sbuddy_owner_info, pages),
	COMMAND(RUN, sbuddy_ioctl_run, struct sbuddy_run, reserved,
		RESERVED(struct sbuddy_run), .flags = SBUDDY_RUN_STOP_ON_ERROR),
	COMMAND(QUERY_SLOT, sbuddy_ioctl_query_slot, struct sbuddy_query_slot, reserved,
		.flags = SBUDDY_QUERY_NEXT),
	COMMAND(DUMP_PAGES, sbuddy_ioctl_dump_pages, struct sbuddy_dump_pages, records),
	COMMAND(DUMP_FREELIST, sbuddy_ioctl_dump_freelist, struct sbuddy_dump_freelist, reserved,
		RESERVED(struct sbuddy_dump_freelist)),
	COMMAND(DUMP_PCP, sbuddy_ioctl_dump_pcp, struct sbuddy_dump_pcp, reserved,
		RESERVED(struct sbuddy_dump_pcp)),
	COMMAND(DUMP_PAGEBLOCKS, sbuddy_ioctl_dump_pageblocks, struct sbuddy_dump_pageblocks,
		types),
	COMMAND(STATS, sbuddy_ioctl_stats, struct sbuddy_stats, total),
	COMMAND(SNAPSHOT, sbuddy_ioctl_snapshot, struct sbuddy_snapshot, len,
		RESERVED(struct sbuddy_snapshot)),
	COMMAND(CHECK, sbuddy_ioctl_check, struct sbuddy_check_arg, result),
	COMMAND(MACHINE_CREATE, sbuddy_ioctl_machine_create, struct sbuddy_machine_create, machine,
		.flags = SBUDDY_CREATE_SNAPSHOT | SBUDDY_CREATE_NO_THP | SBUDDY_CREATE_RULES),
	COMMAND(MACHINE_DESTROY, sbuddy_ioctl_machine_destroy, struct sbuddy_machine_destroy,
		reserved, RESERVED(struct sbuddy_machine_destroy)),
	COMMAND(MACHINE_USE, sbuddy_ioctl_machine_use, struct sbuddy_machine_use, reserved,
		RESERVED(struct sbuddy_machine_use), .flags = SBUDDY_USE_SLOTS),
	COMMAND(MACHINE_LIST, sbuddy_ioctl_machine_list, struct sbuddy_machine_list, used_bytes),
	COMMAND(COMPACT, sbuddy_ioctl_compact, struct sbuddy_compact, reserved2,
		RESERVED(struct sbuddy_compact)),
	COMMAND(RECLAIM, sbuddy_ioctl_reclaim, struct sbuddy_reclaim_arg, reserved,
		RESERVED(struct sbuddy_reclaim_arg)),
	COMMAND(MIGRATE, sbuddy_ioctl_migrate, struct sbuddy_migrate, reserved,
		RESERVED(struct sbuddy_migrate)),
	COMMAND(MOVABLE, sbuddy_ioctl_movable, struct sbuddy_movable, reserved,
		RESERVED(struct sbuddy_movable)),
	COMMAND(SET_POLICY, sbuddy_ioctl_set_policy, struct sbuddy_policy, reserved,
		RESERVED(struct sbuddy_policy)),
	COMMAND(GET_POLICY, sbuddy_ioctl_get_policy, struct sbuddy_policy, reserved,
		RESERVED(struct sbuddy_policy)),
	COMMAND(WEIGHTS, sbuddy_ioctl_weights, struct sbuddy_weights, weight,
		RESERVED(struct sbuddy_weights), .flags = SBUDDY_WEIGHTS_SET),
	COMMAND(MACHINE_FORK, sbuddy_ioctl_machine_fork, struct sbuddy_machine_fork, machine,
		.flags = SBUDDY_FORK_SLOTS),
	COMMAND(MACHINE_DIFF, sbuddy_ioctl_machine_diff, struct sbuddy_machine_diff, differences),
	COMMAND(MACHINE_HASH, sbuddy_ioctl_machine_hash, struct sbuddy_machine_hash, hash,
		RESERVED(struct sbuddy_machine_hash)),
	COMMAND(ISOLATE, sbuddy_ioctl_isolate, struct sbuddy_isolate, reserved,
		RESERVED(struct sbuddy_isolate)),
	COMMAND(CONTIG, sbuddy_ioctl_contig, struct sbuddy_contig, result),
	COMMAND(CLONE, sbuddy_ioctl_clone, struct sbuddy_clone, fidelity),
	COMMAND(KNOB, sbuddy_ioctl_knob, struct sbuddy_knob, value, .flags = SBUDDY_KNOB_SET),
};

static u64 sbuddy_capabilities(void)
{
	u64 bits = 0;
	unsigned int i;

	BUILD_BUG_ON(SBUDDY_NR_COMMANDS > 64);
	for (i = 0; i < SBUDDY_NR_COMMANDS; i++)
		if (sbuddy_ioctls[i].fn)
			bits |= BIT_ULL(i);
	return bits;
}

static int sbuddy_ioctl_version(struct sbuddy_client *c, void *arg)
{
	struct sbuddy_version *v = arg;

	v->abi = SBUDDY_ABI_VERSION;
	v->nr_commands = SBUDDY_NR_COMMANDS;
	v->capabilities = sbuddy_capabilities();
	strscpy_pad(v->module_version, THIS_MODULE->version ?: "", sizeof(v->module_version));
	strscpy_pad(v->kernel_release, init_utsname()->release, sizeof(v->kernel_release));
	return 0;
}

static const struct sbuddy_ioctl *sbuddy_find_ioctl(unsigned int cmd)
{
	unsigned int nr = _IOC_NR(cmd) - SBUDDY_IOC_BASE;

	if (nr >= SBUDDY_NR_COMMANDS || cmd != _IO(SBUDDY_IOC_TYPE, SBUDDY_IOC_BASE + nr))
		return NULL;
	nr = array_index_nospec(nr, SBUDDY_NR_COMMANDS);
	return sbuddy_ioctls[nr].fn ? &sbuddy_ioctls[nr] : NULL;
}

/* Returns the size that the caller's structure has, or an error. */
static int sbuddy_fetch_arg(const struct sbuddy_ioctl *io, union sbuddy_arg *arg,
			    const void __user *user)
{
	const u32 __user *user_size = user;
	u32 size;
	int err;

	if (get_user(size, user_size))
		return -EFAULT;
	if (size < io->min_size)
		return -EINVAL;
	if (size > SBUDDY_MAX_ARG_SIZE)
		return -E2BIG;
	err = copy_struct_from_user(arg, io->size, user, size);
	if (err)
		return err;
	arg->head.size = size;	/* user space may have changed its mind */
	return size;
}

static bool sbuddy_arg_known(const struct sbuddy_ioctl *io, const union sbuddy_arg *arg)
{
	const u32 *reserved = (const void *)arg + io->reserved;

	if (arg->head.flags & ~io->flags)
		return false;
	return !io->reserved || !*reserved;
}

static long sbuddy_ioctl(struct file *file, unsigned int cmd, unsigned long uarg)
{
	const struct sbuddy_ioctl *io = sbuddy_find_ioctl(cmd);
	void __user *user = (void __user *)uarg;
	union sbuddy_arg arg;
	int size, err;

	if (!io)
		return -ENOTTY;
	size = sbuddy_fetch_arg(io, &arg, user);
	if (size < 0)
		return size;
	if (!sbuddy_arg_known(io, &arg))
		return -EINVAL;
	err = io->fn(file->private_data, &arg);
	if (err)
		return err;
	if (copy_to_user(user, &arg, min_t(size_t, size, io->size)))
		return -EFAULT;
	return 0;
}

/* What the file holds is freed, but for frames that the kernel still uses. */
static void close_client(struct sbuddy_client *c)
{
	down_read(&sbuddy_machines_lock);
	sbuddy_movable_stop(c);
	if (!sbuddy_usermap_park(c))
		sbuddy_client_destroy(c);
	up_read(&sbuddy_machines_lock);
}

static int sbuddy_open(struct inode *inode, struct file *file)
{
	struct sbuddy_machine *m;
	struct sbuddy_client *c;
	int err;

	if (!capable(CAP_SYS_ADMIN))
		return -EPERM;
	m = sbuddy_lock_machine(0);
	if (IS_ERR(m))
		return PTR_ERR(m);
	c = sbuddy_client_create(m, current->comm, task_tgid_nr(current));
	sbuddy_unlock_machine();
	if (!c)
		return -ENOMEM;
	err = sbuddy_usermap_open(c, file);
	if (err) {
		close_client(c);
		return err;
	}
	file->private_data = c;
	return nonseekable_open(inode, file);
}

static int sbuddy_release(struct inode *inode, struct file *file)
{
	close_client(file->private_data);
	return 0;
}

static const struct file_operations sbuddy_fops = {
	.owner		= THIS_MODULE,
	.open		= sbuddy_open,
	.release	= sbuddy_release,
	.unlocked_ioctl	= sbuddy_ioctl,
	.compat_ioctl	= compat_ptr_ioctl,
	.mmap		= sbuddy_usermap_mmap,
};

static struct miscdevice sbuddy_miscdev = {
	.minor	= MISC_DYNAMIC_MINOR,
	.name	= "sbuddy",
	.fops	= &sbuddy_fops,
	.mode	= 0600,
};

/**
 * sbuddy_chardev_init - make /dev/sbuddy appear
 *
 * Context: May sleep.  Machine 0 exists: the device can be opened at once.
 * Return: 0; -ENOMEM if fail_init= names this step; or what misc_register() reports.
 */
int sbuddy_chardev_init(void)
{
	int err = sbuddy_init_step("chardev");

	return err ? err : misc_register(&sbuddy_miscdev);
}

/**
 * sbuddy_chardev_exit - make it disappear
 *
 * Context: May sleep.  No file is open, for each holds a reference on the module.
 */
void sbuddy_chardev_exit(void)
{
	misc_deregister(&sbuddy_miscdev);
}
