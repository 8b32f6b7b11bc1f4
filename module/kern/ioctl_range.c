// SPDX-License-Identifier: GPL-2.0
/*
 * SBUDDY_IOC_ISOLATE and SBUDDY_IOC_CONTIG: ranges of frames, for an open file.
 * The engine does all of it (run_range.c); this file takes the locks and owns
 * nothing.
 */
#include <linux/sched.h>

#include "ioctl.h"

/**
 * sbuddy_ioctl_isolate - isolate pageblocks, undo it, test it
 * @c:	 the open file
 * @arg: struct sbuddy_isolate
 *
 * Context: May sleep; no locks held.
 * Return: 0 if it was attempted, with the outcome in the structure; -EINVAL; -EINTR by
 * a fatal signal.
 */
int sbuddy_ioctl_isolate(struct sbuddy_client *c, void *arg)
{
	int err;

	if (down_read_killable(&sbuddy_machines_lock))
		return -EINTR;
	mutex_lock(&c->lock);
	err = sbuddy_run_isolate(c->owner, arg, sbuddy_current_vcpu(c->machine));
	mutex_unlock(&c->lock);
	up_read(&sbuddy_machines_lock);
	return err;
}

/**
 * sbuddy_ioctl_contig - allocate and free contiguous ranges
 * @c:	 the open file
 * @arg: struct sbuddy_contig
 *
 * Context: May sleep; no locks held.
 * Return: 0 if it was attempted, with the outcome in the structure; else as
 * sbuddy_run_contig(), or -EINTR by a fatal signal.
 */
int sbuddy_ioctl_contig(struct sbuddy_client *c, void *arg)
{
	int err;

	if (down_read_killable(&sbuddy_machines_lock))
		return -EINTR;
	mutex_lock(&c->lock);
	err = sbuddy_run_contig(c->owner, arg, sbuddy_current_vcpu(c->machine));
	mutex_unlock(&c->lock);
	up_read(&sbuddy_machines_lock);
	return err;
}
