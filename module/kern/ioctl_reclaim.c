// SPDX-License-Identifier: GPL-2.0
/*
 * SBUDDY_IOC_RECLAIM: reclaim, kswapd and time from a program.  Owns no state.
 */
#include <linux/err.h>

#include "ioctl.h"
#include "reclaim.h"

/**
 * sbuddy_ioctl_reclaim() - serve SBUDDY_IOC_RECLAIM
 * @c:	 the open file
 * @arg: struct sbuddy_reclaim_arg
 *
 * Context: May sleep; no locks held.
 * Return: 0, or a negative errno as the ABI header says.
 */
int sbuddy_ioctl_reclaim(struct sbuddy_client *c, void *arg)
{
	struct sbuddy_reclaim_arg *a = arg;
	struct sbuddy_machine *m = sbuddy_lock_machine(a->machine);
	int err;

	if (IS_ERR(m))
		return PTR_ERR(m);
	err = sbuddy_reclaim_perform(m, a);
	sbuddy_unlock_machine();
	return err;
}
