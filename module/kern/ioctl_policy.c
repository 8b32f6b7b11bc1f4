// SPDX-License-Identifier: GPL-2.0
/*
 * Policies of an open file and the weights of a machine's nodes.
 *
 * A file's policies are its owner's, under the client's lock; weights are
 * knobs of the machine, set while operations go on, each by itself.
 */
#include <linux/err.h>

#include "ioctl.h"

static int client_lock(struct sbuddy_client *c)
{
	if (down_read_killable(&sbuddy_machines_lock))
		return -EINTR;
	mutex_lock(&c->lock);
	return 0;
}

static void client_unlock(struct sbuddy_client *c)
{
	mutex_unlock(&c->lock);
	up_read(&sbuddy_machines_lock);
}

static int set_policy_locked(struct sbuddy_client *c, const struct sbuddy_policy *p)
{
	struct sbuddy_mempolicy pol;
	int err;

	if (p->mode >= SBUDDY_NR_MPOL_MODES)
		return -EINVAL;
	err = sbuddy_mpol_new(c->machine, p->mode, p->nodes, p->home_node, &pol);
	return err ? err : sbuddy_owner_set_policy(c->owner, p->index, &pol);
}

/**
 * sbuddy_ioctl_set_policy - set one of the file's policies
 * @c:	 the open file
 * @arg: struct sbuddy_policy
 *
 * Context: May sleep; no locks held.
 * Return: 0; -EINVAL for a number, mode, set or home node that cannot be;
 * -ENOENT for a node that the machine lacks; -EOPNOTSUPP for a mode that its
 * rules lack; -EINTR by a fatal signal.
 */
int sbuddy_ioctl_set_policy(struct sbuddy_client *c, void *arg)
{
	struct sbuddy_policy *p = arg;
	int err;

	if (p->il_prev || p->il_weight || p->index >= SBUDDY_NR_POLICIES)
		return -EINVAL;
	err = client_lock(c);
	if (err)
		return err;
	err = set_policy_locked(c, p);
	client_unlock(c);
	return err;
}

/**
 * sbuddy_ioctl_get_policy - tell one of the file's policies, and the rotor
 * @c:	 the open file
 * @arg: struct sbuddy_policy
 *
 * Context: May sleep; no locks held.
 * Return: 0; -EINVAL for a number that no policy has; -EINTR by a fatal signal.
 */
int sbuddy_ioctl_get_policy(struct sbuddy_client *c, void *arg)
{
	const struct sbuddy_mempolicy *pol;
	struct sbuddy_policy *p = arg;
	int err;

	if (p->index >= SBUDDY_NR_POLICIES)
		return -EINVAL;
	err = client_lock(c);
	if (err)
		return err;
	pol = sbuddy_owner_policy(c->owner, p->index);
	p->mode = pol->mode;
	p->nodes = pol->nodes;
	p->home_node = pol->mode ? pol->home_node : SBUDDY_NID_ANY;
	p->il_prev = sbuddy_owner_task(c->owner)->il_prev;
	p->il_weight = sbuddy_owner_task(c->owner)->il_weight;
	client_unlock(c);
	return 0;
}

static bool has_node(const struct sbuddy_machine *m, int nid)
{
	return nid < m->nr_nodes && m->nodes[nid].online;
}

/* A machine takes weights for all its nodes or for none. */
static int set_weights(struct sbuddy_machine *m, const struct sbuddy_weights *w)
{
	int nid, err = 0;

	for (nid = 0; nid < SBUDDY_NR_WEIGHTS; nid++)
		if (w->weight[nid] && !has_node(m, nid))
			return -ENOENT;
	for (nid = 0; nid < SBUDDY_NR_WEIGHTS && !err; nid++)
		if (has_node(m, nid))
			err = sbuddy_set_il_weight(m, nid, w->weight[nid]);
	return err;
}

/**
 * sbuddy_ioctl_weights - set or tell the shares in weighted interleaving
 * @c:	 the open file
 * @arg: struct sbuddy_weights
 *
 * Context: May sleep; no locks held.
 * Return: 0; -ENOENT for a machine, or a node with a weight, that does not
 * exist; -EOPNOTSUPP where the rules have no weights; -EINTR by a fatal signal.
 */
int sbuddy_ioctl_weights(struct sbuddy_client *c, void *arg)
{
	struct sbuddy_weights *w = arg;
	struct sbuddy_machine *m = sbuddy_lock_machine(w->machine);
	int nid, err = 0;

	BUILD_BUG_ON(SBUDDY_NR_WEIGHTS != SBUDDY_MAX_NODES);
	if (IS_ERR(m))
		return PTR_ERR(m);
	if (w->flags & SBUDDY_WEIGHTS_SET)
		err = set_weights(m, w);
	for (nid = 0; nid < SBUDDY_NR_WEIGHTS && !err; nid++)
		w->weight[nid] = has_node(m, nid) ? sbuddy_get_il_weight(m, nid) : 0;
	sbuddy_unlock_machine();
	return err;
}
