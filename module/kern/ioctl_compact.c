// SPDX-License-Identifier: GPL-2.0
/*
 * SBUDDY_IOC_COMPACT: compaction from a program, all at once or in steps.
 *
 * Owns no state; records are gathered in memory of their own and copied out
 * without a lock.
 */
#include <linux/err.h>
#include <linux/slab.h>

#include "compact.h"
#include "ioctl.h"

#define MAX_RECORDS	65536U

static int perform(struct sbuddy_client *c, struct sbuddy_compact *a,
		   struct sbuddy_migrate_log *log)
{
	struct sbuddy_machine *m = sbuddy_lock_machine(a->machine);
	int err;

	if (IS_ERR(m))
		return PTR_ERR(m);
	err = sbuddy_compact_perform(m, a, c->id, log);
	sbuddy_unlock_machine();
	return err;
}

/**
 * sbuddy_ioctl_compact - compact, or make the next moves of a run in steps
 * @c:	 the open file
 * @arg: struct sbuddy_compact
 *
 * Context: May sleep and fault; no locks held.
 * Return: 0; the errors of sbuddy_compact_perform(); -ENOENT for an unknown
 * machine; -EFAULT for a bad array, though it has been done.
 */
int sbuddy_ioctl_compact(struct sbuddy_client *c, void *arg)
{
	struct sbuddy_compact *a = arg;
	struct sbuddy_migrate_log log = { .cap = min(a->records_cap, MAX_RECORDS) };
	int err;

	if (log.cap) {
		log.record = kvcalloc(log.cap, sizeof(*log.record), GFP_KERNEL_ACCOUNT);
		if (!log.record)
			return -ENOMEM;
	}
	err = perform(c, a, &log);
	if (!err)
		err = min(sbuddy_copy_array(a->records, log.cap, log.record, log.nr,
					    sizeof(*log.record)), 0);
	kvfree(log.record);
	return err;
}
