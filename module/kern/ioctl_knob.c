// SPDX-License-Identifier: GPL-2.0
/*
 * SBUDDY_IOC_KNOB: the knobs of any machine; debugfs has those of machine 0.
 *
 * Owns no state.  sbuddy_knobs_lock serialises writers, within the table of
 * machines held for read.
 */
#include <linux/err.h>
#include <linux/kernel.h>
#include <linux/mutex.h>

#include "ioctl.h"
#include "reclaim.h"

static int set_min_free_kbytes(struct sbuddy_machine *m, int value)
{
	return value < 0 ? -EINVAL : sbuddy_set_min_free_kbytes(m, value);
}

static int set_scale_factor(struct sbuddy_machine *m, int value)
{
	return value < 1 || value > 3000 ? -EINVAL : sbuddy_set_watermark_scale_factor(m, value);
}

static int set_boost_factor(struct sbuddy_machine *m, int value)
{
	return value < 0 ? -EINVAL : sbuddy_set_watermark_boost_factor(m, value);
}

static int set_high_fraction(struct sbuddy_machine *m, int value)
{
	return value < 0 ? -EINVAL : sbuddy_set_percpu_pagelist_high_fraction(m, value);
}

static int set_knob(struct sbuddy_machine *m, const struct sbuddy_knob *knob)
{
	static int (* const set[SBUDDY_NR_KNOBS])(struct sbuddy_machine *m, int value) = {
		[SBUDDY_KNOB_MIN_FREE_KBYTES]		= set_min_free_kbytes,
		[SBUDDY_KNOB_WATERMARK_SCALE_FACTOR]	= set_scale_factor,
		[SBUDDY_KNOB_WATERMARK_BOOST_FACTOR]	= set_boost_factor,
		[SBUDDY_KNOB_PERCPU_PAGELIST_HIGH_FRACTION] = set_high_fraction,
		[SBUDDY_KNOB_SWAPPINESS]		= sbuddy_set_swappiness,
		[SBUDDY_KNOB_DIRECT_RECLAIM]		= sbuddy_set_direct_reclaim,
		[SBUDDY_KNOB_DIRECT_COMPACT]		= sbuddy_set_direct_compact,
		[SBUDDY_KNOB_SWAP_PAGES]		= sbuddy_set_swap_pages,
		[SBUDDY_KNOB_WRITEBACK_TICKS]		= sbuddy_set_writeback_ticks,
		[SBUDDY_KNOB_OOM_POLICY]		= sbuddy_set_oom_policy,
		[SBUDDY_KNOB_SLOWPATH_LOOPS]		= sbuddy_set_slowpath_loops,
		[SBUDDY_KNOB_LRU_BATCH]			= sbuddy_set_lru_batch,
		[SBUDDY_KNOB_DAEMONS]			= sbuddy_set_daemons,
	};
	int err;

	if (knob->value < 0 || knob->value > INT_MAX)
		return -EINVAL;
	mutex_lock(&sbuddy_knobs_lock);
	err = set[knob->knob](m, knob->value);
	mutex_unlock(&sbuddy_knobs_lock);
	return err;
}

static s64 get_reclaim_knob(const struct sbuddy_knobs *k, u32 knob)
{
	switch (knob) {
	case SBUDDY_KNOB_SWAPPINESS:
		return READ_ONCE(k->swappiness);
	case SBUDDY_KNOB_DIRECT_RECLAIM:
		return READ_ONCE(k->direct_reclaim);
	case SBUDDY_KNOB_DIRECT_COMPACT:
		return READ_ONCE(k->direct_compact);
	case SBUDDY_KNOB_SWAP_PAGES:
		return READ_ONCE(k->swap_pages);
	case SBUDDY_KNOB_WRITEBACK_TICKS:
		return READ_ONCE(k->writeback_ticks);
	case SBUDDY_KNOB_OOM_POLICY:
		return READ_ONCE(k->oom_policy);
	case SBUDDY_KNOB_SLOWPATH_LOOPS:
		return READ_ONCE(k->slowpath_loops);
	default:
		return READ_ONCE(k->lru_batch);
	}
}

static s64 get_knob(const struct sbuddy_machine *m, u32 knob)
{
	switch (knob) {
	case SBUDDY_KNOB_MIN_FREE_KBYTES:
		return READ_ONCE(m->knobs.min_free_kbytes);
	case SBUDDY_KNOB_WATERMARK_SCALE_FACTOR:
		return READ_ONCE(m->knobs.watermark_scale_factor);
	case SBUDDY_KNOB_WATERMARK_BOOST_FACTOR:
		return READ_ONCE(m->knobs.watermark_boost_factor);
	case SBUDDY_KNOB_PERCPU_PAGELIST_HIGH_FRACTION:
		return READ_ONCE(m->knobs.percpu_pagelist_high_fraction);
	case SBUDDY_KNOB_DAEMONS:
		return sbuddy_daemons_run(m);
	default:
		return get_reclaim_knob(&m->knobs, knob);
	}
}

/**
 * sbuddy_ioctl_knob() - serve SBUDDY_IOC_KNOB
 * @c: who asks
 * @arg: struct sbuddy_knob
 *
 * Context: May sleep.
 * Return: 0, or a negative errno as the ABI header says.
 */
int sbuddy_ioctl_knob(struct sbuddy_client *c, void *arg)
{
	struct sbuddy_knob *knob = arg;
	struct sbuddy_machine *m;
	int err = 0;

	if (knob->knob >= SBUDDY_NR_KNOBS)
		return -EINVAL;
	m = sbuddy_lock_machine(knob->machine);
	if (IS_ERR(m))
		return PTR_ERR(m);
	if (knob->flags & SBUDDY_KNOB_SET)
		err = set_knob(m, knob);
	knob->value = get_knob(m, knob->knob);
	sbuddy_unlock_machine();
	return err;
}
