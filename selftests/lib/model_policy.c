// SPDX-License-Identifier: GPL-2.0
/*
 * The model's memory policies.  Interleaving is done page by page, by asking
 * whose turn it is; bulk requests count whose turn each of their pages would
 * be.  See model.h.
 */
#include "model.h"

static bool exists(const struct model *m, int node)
{
	return node >= 0 && node < m->nr_nodes && m->node[node].online;
}

static int count(const struct model_policy *p)
{
	int n = 0;

	for (int node = 0; node < MODEL_NODES; node++)
		n += p->member[node];
	return n;
}

/* The number @nth member, ascending from 0. */
static int member(const struct model_policy *p, int nth)
{
	for (int node = 0; node < MODEL_NODES; node++)
		if (p->member[node] && !nth--)
			return node;
	abort();
}

/* As the ABI header says of SBUDDY_IOC_SET_POLICY. */
int model_set_policy(struct model *m, unsigned int index, unsigned int mode, u64 nodes, int home)
{
	struct model_policy p = { .mode = mode, .home = home };
	bool many = mode == SBUDDY_MPOL_BIND || mode == SBUDDY_MPOL_PREFERRED_MANY;
	bool none = mode == SBUDDY_MPOL_DEFAULT || mode == SBUDDY_MPOL_LOCAL;

	if (index >= SBUDDY_NR_POLICIES || mode >= SBUDDY_NR_MPOL_MODES)
		return -EINVAL;
	if (mode == SBUDDY_MPOL_WEIGHTED_INTERLEAVE && m->old)
		return -EOPNOTSUPP;
	if (none ? nodes != 0 : !nodes && mode != SBUDDY_MPOL_PREFERRED)
		return -EINVAL;
	for (int node = 0; node < 64; node++) {
		if (!(nodes >> node & 1))
			continue;
		if (!exists(m, node))
			return -ENOENT;
		p.member[node] = true;
	}
	if (home != -1 && (home < 0 || !many))
		return -EINVAL;
	if (home != -1 && !exists(m, home))
		return -ENOENT;
	if (home != -1 && !index)
		return -EINVAL;
	if (mode == SBUDDY_MPOL_PREFERRED && !nodes)
		p.mode = SBUDDY_MPOL_LOCAL;
	m->policy[index] = p;
	if (!index && (mode == SBUDDY_MPOL_INTERLEAVE || mode == SBUDDY_MPOL_WEIGHTED_INTERLEAVE)) {
		m->il_prev = -1;
		m->il_weight = 0;
	}
	return 0;
}

int model_set_weight(struct model *m, int node, int weight)
{
	if (weight < 0 || weight > 255)
		return -EINVAL;
	if (!exists(m, node))
		return -ENOENT;
	if (m->old)
		return -EOPNOTSUPP;
	m->weight[node] = weight;
	return 0;
}

static int weight(const struct model *m, int node)
{
	return m->weight[node] ? m->weight[node] : 1;
}

/* ---- whose turn ---- */

static int next_member(const struct model_policy *p, int after)
{
	for (int node = after + 1; node < MODEL_NODES; node++)
		if (p->member[node])
			return node;
	return member(p, 0);
}

static int turn(struct model *m, const struct model_policy *p)
{
	m->il_prev = next_member(p, m->il_prev);
	return m->il_prev;
}

static int weighted_turn(struct model *m, const struct model_policy *p)
{
	if (!m->il_weight || m->il_prev < 0 || !p->member[m->il_prev]) {
		m->il_prev = next_member(p, m->il_prev);
		m->il_weight = weight(m, m->il_prev);
	}
	m->il_weight--;
	return m->il_prev;
}

/* A round written out, every node as often as it weighs; the index picks from it. */
static int weighted_by_index(const struct model *m, const struct model_policy *p,
			     unsigned long index)
{
	int round[MODEL_NODES * 255], n = 0;

	for (int node = 0; node < MODEL_NODES; node++)
		for (int i = 0; p->member[node] && i < weight(m, node); i++)
			round[n++] = node;
	return round[index % n];
}

/* ---- single blocks ---- */

static unsigned int mask(const struct model_policy *p)
{
	unsigned int nodes = 0;

	for (int node = 0; node < MODEL_NODES; node++)
		nodes |= (unsigned int)p->member[node] << node;
	return nodes;
}

/* BIND is for requests that reach up to the highest ordinary zone there is. */
static bool binds(const struct model *m, const struct model_policy *p, u32 gfp)
{
	bool ordinary = false;
	int highest = 0;

	for (int node = 0; node < MODEL_NODES; node++)
		for (int i = 0; i < SBUDDY_ZONE_MOVABLE; i++) {
			if (!m->zone[node][i].populated)
				continue;
			highest = i > highest ? i : highest;
			ordinary |= p->member[node];
		}
	return model_zone_of_gfp(gfp) >= (ordinary ? highest : SBUDDY_ZONE_MOVABLE);
}

static unsigned long many_preferred(struct model *m, int cpu, u32 gfp, int order,
				    const struct model_policy *p, int nid)
{
	u32 first = gfp & ~(SBUDDY_GFP_DIRECT_RECLAIM | SBUDDY_GFP_NOFAIL);
	unsigned long pfn;

	pfn = model_alloc_on(m, cpu, first | SBUDDY_GFP_NOWARN, order, nid, mask(p));
	return pfn ? pfn : model_alloc(m, cpu, gfp, order, nid);
}

static unsigned long interleaved(struct model *m, int cpu, u32 gfp, int order,
				 const struct model_policy *p, long index)
{
	int node = index < 0 ? turn(m, p) : member(p, index % count(p));
	unsigned long pfn = model_alloc(m, cpu, gfp, order, node);

	if (pfn && model_zone_of(m, pfn)->node == node)
		model_zone_of(m, pfn)->interleave_hit++;
	return pfn;
}

static unsigned long weighted(struct model *m, int cpu, u32 gfp, int order,
			      const struct model_policy *p, long index)
{
	int node = index < 0 ? weighted_turn(m, p) : weighted_by_index(m, p, index);

	return model_alloc(m, cpu, gfp, order, node);
}

static unsigned long near_or_far(struct model *m, int cpu, u32 gfp, int order, int nid,
				 unsigned int nodes, bool mapping)
{
	unsigned long pfn;

	if (order == 9 && mapping && (nodes >> nid & 1)) {
		pfn = model_alloc(m, cpu, gfp | SBUDDY_GFP_THISNODE | SBUDDY_GFP_NORETRY, order,
				  nid);
		if (pfn || !(gfp & SBUDDY_GFP_DIRECT_RECLAIM))
			return pfn;
	}
	return model_alloc_on(m, cpu, gfp, order, nid, nodes);
}

/* @index is -1 for a request of a task and not of a mapping. */
unsigned long model_alloc_policy(struct model *m, int cpu, u32 gfp, int order, unsigned int which,
				 long index, int nid)
{
	const struct model_policy *p = &m->policy[which];
	unsigned int nodes = ~0U;
	int mode = p->mode;

	if (nid < 0)
		nid = m->cpu_node[cpu];
	if (index < 0 && (gfp & SBUDDY_GFP_THISNODE))
		mode = SBUDDY_MPOL_LOCAL;
	switch (mode) {
	case SBUDDY_MPOL_INTERLEAVE:
		return interleaved(m, cpu, gfp, order, p, index);
	case SBUDDY_MPOL_WEIGHTED_INTERLEAVE:
		return weighted(m, cpu, gfp, order, p, index);
	case SBUDDY_MPOL_PREFERRED_MANY:
		return many_preferred(m, cpu, gfp, order, p, p->home < 0 ? nid : p->home);
	case SBUDDY_MPOL_PREFERRED:
		nid = member(p, 0);
		break;
	case SBUDDY_MPOL_BIND:
		nodes = binds(m, p, gfp) ? mask(p) : ~0U;
		if (m->old && order == 9 && index >= 0 && (nodes >> nid & 1))
			break;	/* the home node is not for huge pages */
		nid = p->home < 0 ? nid : p->home;
		if (m->old)
			return model_alloc_on(m, cpu, gfp, order, nid, nodes);
		break;
	}
	return near_or_far(m, cpu, gfp, order, nid, nodes, index >= 0);
}

/* ---- bulk ---- */

/* @share[i] pages from @node[i], packed. */
static int shares(struct model *m, int cpu, u32 gfp, const int *node, const int *share, int nr,
		  unsigned long *pfn)
{
	int got = 0;

	for (int i = 0; i < nr; i++)
		if (share[i])
			got += model_alloc_bulk(m, cpu, gfp, node[i], share[i], pfn + got);
	return got;
}

/* One turn for each node, however few pages there are. */
static int bulk_interleaved(struct model *m, int cpu, u32 gfp, const struct model_policy *p, int n,
			    unsigned long *pfn)
{
	int node[MODEL_NODES], share[MODEL_NODES] = { 0 }, nr = count(p);

	for (int i = 0; i < nr; i++)
		node[i] = turn(m, p);
	for (int i = 0; i < n; i++)
		share[i % nr]++;
	return shares(m, cpu, gfp, node, share, nr, pfn);
}

/*
 * What is left of the present turn at once; then each page's turn is counted,
 * and every node asked once.  At the end of a round the next node's turn is
 * already begun.
 */
static int bulk_weighted(struct model *m, int cpu, u32 gfp, const struct model_policy *p, int n,
			 unsigned long *pfn)
{
	int node[MODEL_NODES], share[MODEL_NODES] = { 0 }, nr = count(p), got = 0, total = 0;

	if (m->il_weight && m->il_prev >= 0 && p->member[m->il_prev]) {
		int first = n < m->il_weight ? n : m->il_weight;

		got = model_alloc_bulk(m, cpu, gfp, m->il_prev, first, pfn);
		n -= first;
		m->il_weight -= first;
		if (!n)
			return got;
	}
	m->il_weight = 0;
	for (int i = 0, prev = m->il_prev; i < nr; i++, prev = node[i - 1]) {
		node[i] = next_member(p, prev);
		total += weight(m, node[i]);
	}
	for (int k = 0; k < n; k++) {
		int who = weighted_turn(m, p), i = 0;

		while (node[i] != who)
			i++;
		share[i]++;
	}
	if (n % total == 0) {
		m->il_prev = node[0];
		m->il_weight = weight(m, node[0]);
	}
	return got + shares(m, cpu, gfp, node, share, nr, pfn + got);
}

static int bulk_many_preferred(struct model *m, int cpu, u32 gfp, const struct model_policy *p,
			       int n, unsigned long *pfn)
{
	u32 first = gfp & ~(SBUDDY_GFP_DIRECT_RECLAIM | SBUDDY_GFP_NOFAIL);
	int nid = m->cpu_node[cpu];
	int got = model_alloc_bulk_on(m, cpu, first | SBUDDY_GFP_NOWARN, nid, mask(p), n, pfn);

	if (got < n)
		got += model_alloc_bulk(m, cpu, gfp, nid, n - got, pfn + got);
	return got;
}

int model_alloc_bulk_policy(struct model *m, int cpu, u32 gfp, unsigned int which, int n,
			    unsigned long *pfn)
{
	const struct model_policy *p = &m->policy[which];
	int nid = m->cpu_node[cpu];

	switch (gfp & SBUDDY_GFP_THISNODE ? SBUDDY_MPOL_LOCAL : p->mode) {
	case SBUDDY_MPOL_INTERLEAVE:
		return bulk_interleaved(m, cpu, gfp, p, n, pfn);
	case SBUDDY_MPOL_WEIGHTED_INTERLEAVE:
		return bulk_weighted(m, cpu, gfp, p, n, pfn);
	case SBUDDY_MPOL_PREFERRED_MANY:
		return bulk_many_preferred(m, cpu, gfp, p, n, pfn);
	case SBUDDY_MPOL_PREFERRED:
		return model_alloc_bulk(m, cpu, gfp, member(p, 0), n, pfn);
	case SBUDDY_MPOL_BIND:
		return model_alloc_bulk_on(m, cpu, gfp, p->home < 0 ? nid : p->home,
					   binds(m, p, gfp) ? mask(p) : ~0U, n, pfn);
	}
	return model_alloc_bulk(m, cpu, gfp, nid, n, pfn);
}
