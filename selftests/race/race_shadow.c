// SPDX-License-Identifier: GPL-2.0
/*
 * Our side: a machine cloned from the live nodes, an open file that works on
 * it, and the operations through SBUDDY_IOC_RUN.
 *
 * A clone is of all nodes: what a sysctl computes for one zone depends on all.
 */
#include <errno.h>
#include <stdio.h>

#include "race.h"

static int clone_all(int fd, uint32_t *machine)
{
	char message[128] = "";
	struct sbuddy_clone arg = {
		.size = sizeof(arg),
		.message = (uintptr_t)message,
		.message_cap = sizeof(message),
	};
	int err = sbuddy_user_ioctl(fd, SBUDDY_IOC_CLONE, &arg);

	*machine = arg.machine;
	if (message[0])
		fprintf(stderr, "race: the clone: %s\n", message);
	return err;
}

/* A fresh clone of what the live kernel has now. */
int race_shadow_clone(struct race_shadow *shadow)
{
	int err;

	shadow->fd = sbuddy_user_open();
	if (shadow->fd < 0)
		return shadow->fd;
	err = clone_all(shadow->fd, &shadow->machine);
	if (!err) {
		err = sbuddy_user_use(shadow->fd, shadow->machine);
		if (!err)
			return 0;
		sbuddy_user_destroy(shadow->fd, shadow->machine);
	}
	close(shadow->fd);
	shadow->fd = -1;
	return err;
}

/* The machine goes, and what is held on it. */
void race_shadow_drop(struct race_shadow *shadow)
{
	int fd;

	if (shadow->fd < 0)
		return;
	close(shadow->fd);
	shadow->fd = -1;
	fd = sbuddy_user_open();
	if (fd < 0)
		return;
	sbuddy_user_destroy(fd, shadow->machine);
	close(fd);
}

/* Whether a clone of this kernel knows what to do with a range. */
bool race_shadow_has_ranges(struct race_shadow *shadow)
{
	struct sbuddy_op op = sbuddy_user_op(SBUDDY_OP_TEST_ISOLATED, 0);
	bool has;

	if (race_shadow_clone(shadow))
		return true;		/* the first leg says why */
	has = race_shadow_run(shadow, &op, 1) || op.err != -EOPNOTSUPP;
	race_shadow_drop(shadow);
	return has;
}

int race_shadow_run(struct race_shadow *shadow, struct sbuddy_op *ops, unsigned int nr)
{
	return sbuddy_user_run_all(shadow->fd, ops, nr);
}

int race_shadow_sysctl(struct race_shadow *shadow, enum race_sysctl which, long value)
{
	static const uint32_t knobs[RACE_NR_SYSCTLS] = {
		[RACE_MIN_FREE_KBYTES]	= SBUDDY_KNOB_MIN_FREE_KBYTES,
		[RACE_SCALE_FACTOR]	= SBUDDY_KNOB_WATERMARK_SCALE_FACTOR,
		[RACE_BOOST_FACTOR]	= SBUDDY_KNOB_WATERMARK_BOOST_FACTOR,
		[RACE_HIGH_FRACTION]	= SBUDDY_KNOB_PERCPU_PAGELIST_HIGH_FRACTION,
	};
	struct sbuddy_knob arg = {
		.size = sizeof(arg),
		.flags = SBUDDY_KNOB_SET,
		.machine = shadow->machine,
		.knob = knobs[which],
		.value = value,
	};

	return sbuddy_user_ioctl(shadow->fd, SBUDDY_IOC_KNOB, &arg);
}

int race_shadow_policy(struct race_shadow *shadow, const struct sbuddy_op *op)
{
	struct sbuddy_policy arg = {
		.size = sizeof(arg),
		.index = op->slot,
		.mode = op->order,
		.nodes = op->pfn,
		.home_node = op->nid,
	};

	return sbuddy_user_ioctl(shadow->fd, SBUDDY_IOC_SET_POLICY, &arg);
}

int race_shadow_weight(struct race_shadow *shadow, int node, int weight)
{
	struct sbuddy_weights arg = { .size = sizeof(arg), .machine = shadow->machine };
	int err = sbuddy_user_ioctl(shadow->fd, SBUDDY_IOC_WEIGHTS, &arg);

	arg.flags = SBUDDY_WEIGHTS_SET;
	arg.weight[node] = weight;
	return err ? err : sbuddy_user_ioctl(shadow->fd, SBUDDY_IOC_WEIGHTS, &arg);
}

int race_shadow_slot(struct race_shadow *shadow, uint32_t slot, struct race_slot *held)
{
	struct sbuddy_query_slot query;
	int err = sbuddy_user_slot(shadow->fd, slot, &query);

	*held = (struct race_slot) { .pfn = SBUDDY_NO_PFN };
	if (err == -ENOENT)
		return 0;
	held->pfn = query.pfn;
	held->order = query.order;
	held->refs = query.refcount;
	return err;
}

/* The complete state, to be freed; NULL on an error. */
char *race_shadow_text(struct race_shadow *shadow, size_t *len)
{
	return sbuddy_user_snapshot(shadow->fd, shadow->machine, len);
}
