// SPDX-License-Identifier: GPL-2.0
/*
 * The knobs of reclaim: those of /proc/sys/vm, and those by which a machine says
 * what the host's hardware and administrator say in Linux.  Owns no state.
 */
#include "os.h"
#include "reclaim.h"

/**
 * sbuddy_set_swappiness() - write vm.swappiness
 * @m: machine
 * @value: 0 to 200
 *
 * Context: Serialised with other knobs.
 * Return: 0; -EINVAL.
 */
int sbuddy_set_swappiness(struct sbuddy_machine *m, int value)
{
	if (value < 0 || value > SBUDDY_MAX_SWAPPINESS)
		return -EINVAL;
	WRITE_ONCE(m->knobs.swappiness, value);
	return 0;
}

/**
 * sbuddy_set_swap_pages() - size of the swap
 * @m: machine
 * @value: pages; 0: anonymous pages are not reclaimed
 *
 * Context: Serialised with other knobs.
 * Return: 0; -EINVAL; -EBUSY for less than what is in use.
 */
int sbuddy_set_swap_pages(struct sbuddy_machine *m, int value)
{
	int err = 0;

	if (value < 0)
		return -EINVAL;
	spin_lock(&m->lru->lock);
	if (m->lru->reclaim.nr_swap > (unsigned long)value)
		err = -EBUSY;
	else
		WRITE_ONCE(m->knobs.swap_pages, value);
	spin_unlock(&m->lru->lock);
	return err;
}

/**
 * sbuddy_set_direct_reclaim() - does the machine reclaim?
 * @m: machine
 * @value: 1: requests that may sleep reclaim, and kswapd can be woken; 0: such
 *	   requests fail, and nobody is woken
 *
 * Context: Serialised with other knobs.
 * Return: 0; -EINVAL.
 */
int sbuddy_set_direct_reclaim(struct sbuddy_machine *m, int value)
{
	if (value != 0 && value != 1)
		return -EINVAL;
	WRITE_ONCE(m->knobs.direct_reclaim, value);
	return 0;
}

/**
 * sbuddy_set_writeback_ticks() - how long it takes to write a page
 * @m: machine
 * @value: ticks of 1/SBUDDY_HZ s, up to a minute; 0: no time
 *
 * Context: Serialised with other knobs.
 * Return: 0; -EINVAL.
 */
int sbuddy_set_writeback_ticks(struct sbuddy_machine *m, int value)
{
	if (value < 0 || value > 60 * SBUDDY_HZ)
		return -EINVAL;
	WRITE_ONCE(m->knobs.writeback_ticks, value);
	return 0;
}

/**
 * sbuddy_set_oom_policy() - what happens when the machine is out of memory
 * @m: machine
 * @value: enum sbuddy_oom_policy
 *
 * Context: Serialised with other knobs.
 * Return: 0; -EINVAL.
 */
int sbuddy_set_oom_policy(struct sbuddy_machine *m, int value)
{
	if (value < 0 || value >= SBUDDY_NR_OOM_POLICIES)
		return -EINVAL;
	WRITE_ONCE(m->knobs.oom_policy, value);
	return 0;
}

/**
 * sbuddy_set_slowpath_loops() - rounds until a request that would go on for ever fails
 * @m: machine
 * @value: 20 to 1000000
 *
 * Context: Serialised with other knobs.
 * Return: 0; -EINVAL.
 */
int sbuddy_set_slowpath_loops(struct sbuddy_machine *m, int value)
{
	if (value < 20 || value > 1000000)
		return -EINVAL;
	WRITE_ONCE(m->knobs.slowpath_loops, value);
	return 0;
}
