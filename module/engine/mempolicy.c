// SPDX-License-Identifier: GPL-2.0
/*
 * NUMA memory policies: from a policy to the node that a request starts from
 * and the nodes that may serve it, for single blocks and for bulk.
 *
 * A policy is a small value of its owner's and never changes in use; what
 * moves while pages are handed round, the rotor, is the task's (il_prev,
 * il_weight), as in the kernel: all policies of a task turn the same rotor.
 * The weights are knobs of the machine, read without a lock.
 *
 * A request has an interleave index (which page of a mapping or file it is
 * for) or SBUDDY_NO_INTERLEAVE_INDEX.  The index decides instead of the rotor,
 * and it marks requests of a mapping, to which the rule for huge pages applies.
 *
 * Left out: cpusets, so nothing is ever rebound, and the mode flags that only
 * matter then.
 */
#include "os.h"
#include "rules.h"

/* Whoever may wait gets its turn in the second pass. */
#define SBUDDY_GFP_SECOND_PASS	(SBUDDY_GFP_DIRECT_RECLAIM | SBUDDY_GFP_NOFAIL)

static const struct sbuddy_mempolicy sbuddy_default_policy = {
	.mode = SBUDDY_MPOL_LOCAL,
	.home_node = SBUDDY_NID_ANY,
};

/* ---- making one ---------------------------------------------------------- */

/* Nodes with memory that is not only for what can be moved. */
static u32 sbuddy_ordinary_nodes(const struct sbuddy_machine *m)
{
	u32 nodes = 0;

	for (int i = 0; i < m->nr_zones; i++)
		if (m->zones[i]->idx <= SBUDDY_ZONE_NORMAL)
			nodes |= 1U << m->zones[i]->node;
	return nodes;
}

/* The highest zone that there is, Movable apart. */
static int sbuddy_policy_zone(const struct sbuddy_machine *m)
{
	int highest = 0;

	for (int i = 0; i < m->nr_zones; i++)
		if (m->zones[i]->idx != SBUDDY_ZONE_MOVABLE)
			highest = max(highest, m->zones[i]->idx);
	return highest;
}

/*
 * BIND leaves requests for lower zones alone: the nodes may not have them.
 * Nodes that have nothing but Movable are bound to by requests for it only.
 */
static int sbuddy_lowest_policy_zone(const struct sbuddy_machine *m, u32 nodes)
{
	return nodes & sbuddy_ordinary_nodes(m) ? sbuddy_policy_zone(m) : SBUDDY_ZONE_MOVABLE;
}

static bool sbuddy_node_exists(const struct sbuddy_machine *m, int nid)
{
	return nid < m->nr_nodes && m->nodes[nid].online;
}

static int sbuddy_mpol_check_nodes(const struct sbuddy_machine *m, int mode, u64 nodes)
{
	bool wants_none = mode == SBUDDY_MPOL_DEFAULT || mode == SBUDDY_MPOL_LOCAL;

	if (mode != SBUDDY_MPOL_PREFERRED && wants_none != !nodes)
		return -EINVAL;
	for (int nid = 0; nid < 64; nid++)
		if (nodes >> nid & 1 && !sbuddy_node_exists(m, nid))
			return -ENOENT;
	return 0;
}

static int sbuddy_mpol_check_home(const struct sbuddy_machine *m, int mode, int home_node)
{
	if (home_node == SBUDDY_NID_ANY)
		return 0;
	if (home_node < 0 || (mode != SBUDDY_MPOL_BIND && mode != SBUDDY_MPOL_PREFERRED_MANY))
		return -EINVAL;
	return sbuddy_node_exists(m, home_node) ? 0 : -ENOENT;
}

/**
 * sbuddy_mpol_new() - make a policy
 * @m: machine that it is for
 * @mode: enum sbuddy_mpol_mode
 * @nodes: bit n: node n belongs to it; none for DEFAULT and LOCAL.  PREFERRED
 *	   takes the lowest one, and without any is LOCAL
 * @home_node: where BIND and PREFERRED_MANY start from; SBUDDY_NID_ANY is the
 *	       vcpu's node
 * @pol: out, unchanged on error
 *
 * Context: Any.
 * Return: 0; -EINVAL for a mode that does not exist, or nodes or a home node
 * that do not go with it; -EOPNOTSUPP for a mode that the machine's rules lack;
 * -ENOENT for a node that does not exist.
 */
int sbuddy_mpol_new(const struct sbuddy_machine *m, int mode, u64 nodes, int home_node,
		    struct sbuddy_mempolicy *pol)
{
	int err;

	if (mode < 0 || mode >= SBUDDY_NR_MPOL_MODES)
		return -EINVAL;
	if (mode == SBUDDY_MPOL_WEIGHTED_INTERLEAVE && !m->rules->weighted_interleave)
		return -EOPNOTSUPP;
	err = sbuddy_mpol_check_nodes(m, mode, nodes);
	if (!err)
		err = sbuddy_mpol_check_home(m, mode, home_node);
	if (err)
		return err;
	if (mode == SBUDDY_MPOL_PREFERRED) {
		nodes &= -nodes;
		mode = nodes ? mode : SBUDDY_MPOL_LOCAL;
	}
	*pol = (struct sbuddy_mempolicy){
		.mode = mode,
		.home_node = home_node,
		.lowest_zone = sbuddy_lowest_policy_zone(m, nodes),
		.nodes = nodes,
	};
	return 0;
}

/**
 * sbuddy_set_il_weight() - share of a node in weighted interleaving
 * @m: machine
 * @nid: node
 * @weight: pages in a row, 1 to 255; 0 is the default, 1
 *
 * Context: Any.
 * Return: 0; -EINVAL for another weight; -ENOENT for a node that does not exist;
 * -EOPNOTSUPP if the machine's rules have no weighted interleaving.
 */
int sbuddy_set_il_weight(struct sbuddy_machine *m, int nid, int weight)
{
	if (weight < 0 || weight > 255)
		return -EINVAL;
	if (nid < 0 || !sbuddy_node_exists(m, nid))
		return -ENOENT;
	if (!m->rules->weighted_interleave)
		return -EOPNOTSUPP;
	WRITE_ONCE(m->knobs.il_weight[nid], weight);
	return 0;
}

/**
 * sbuddy_get_il_weight() - share of a node in weighted interleaving
 * @m: machine
 * @nid: node, below SBUDDY_MAX_NODES
 *
 * Context: Any.
 * Return: 1 to 255.
 */
unsigned int sbuddy_get_il_weight(const struct sbuddy_machine *m, int nid)
{
	unsigned int weight = READ_ONCE(m->knobs.il_weight[nid]);

	return weight ? weight : 1;
}

/**
 * sbuddy_reset_rotor() - start handing round anew
 * @task: whose; its next page comes from the lowest node of the policy
 *
 * Context: Serialised with requests of @task.
 */
void sbuddy_reset_rotor(struct sbuddy_task *task)
{
	task->il_prev = SBUDDY_MAX_NODES - 1;
	task->il_weight = 0;
}

/* ---- which node ---------------------------------------------------------- */

/* The next node of @nodes, not empty, behind @nid; round to the lowest. */
static int sbuddy_next_node_in(int nid, u32 nodes)
{
	u32 above = nodes & -2U << nid;

	return __ffs(above ? above : nodes);
}

static int sbuddy_interleave_nodes(struct sbuddy_task *task, const struct sbuddy_mempolicy *pol)
{
	task->il_prev = sbuddy_next_node_in(task->il_prev, pol->nodes);
	return task->il_prev;
}

static int sbuddy_weighted_interleave_nodes(const struct sbuddy_machine *m,
					    struct sbuddy_task *task,
					    const struct sbuddy_mempolicy *pol)
{
	if (!task->il_weight || !(pol->nodes >> task->il_prev & 1)) {
		task->il_prev = sbuddy_next_node_in(task->il_prev, pol->nodes);
		task->il_weight = sbuddy_get_il_weight(m, task->il_prev);
	}
	task->il_weight--;
	return task->il_prev;
}

static int sbuddy_interleave_nid(const struct sbuddy_mempolicy *pol, unsigned long ilx)
{
	unsigned int target = ilx % hweight32(pol->nodes);
	u32 nodes = pol->nodes;

	while (target--)
		nodes &= nodes - 1;
	return __ffs(nodes);
}

static unsigned int sbuddy_total_weight(const struct sbuddy_machine *m, u32 nodes)
{
	unsigned int total = 0;

	for (; nodes; nodes &= nodes - 1)
		total += sbuddy_get_il_weight(m, __ffs(nodes));
	return total;
}

static int sbuddy_weighted_interleave_nid(const struct sbuddy_machine *m,
					  const struct sbuddy_mempolicy *pol,
					  unsigned long ilx)
{
	unsigned int target = ilx % sbuddy_total_weight(m, pol->nodes);
	u32 nodes = pol->nodes;

	/* a weight that changes meanwhile may send us past the last node */
	for (; nodes & (nodes - 1); nodes &= nodes - 1) {
		unsigned int weight = sbuddy_get_il_weight(m, __ffs(nodes));

		if (target < weight)
			break;
		target -= weight;
	}
	return __ffs(nodes);
}

/*
 * The nodes that may serve, and in @nid the one to start from: on entry the
 * caller's choice, which some policies override.
 */
static u32 sbuddy_policy_nodemask(const struct sbuddy_machine *m, struct sbuddy_task *task,
				  u32 gfp, const struct sbuddy_mempolicy *pol, unsigned long ilx,
				  int *nid)
{
	bool indexed = ilx != SBUDDY_NO_INTERLEAVE_INDEX;

	switch (pol->mode) {
	case SBUDDY_MPOL_PREFERRED:
		*nid = __ffs(pol->nodes);
		break;
	case SBUDDY_MPOL_PREFERRED_MANY:
		if (pol->home_node != SBUDDY_NID_ANY)
			*nid = pol->home_node;
		return pol->nodes;
	case SBUDDY_MPOL_BIND:
		if (pol->home_node != SBUDDY_NID_ANY)
			*nid = pol->home_node;
		gfp = sbuddy_current_gfp_context(task, gfp);
		if (sbuddy_gfp_zoneidx(gfp) >= pol->lowest_zone)
			return pol->nodes;
		break;
	case SBUDDY_MPOL_INTERLEAVE:
		*nid = indexed ? sbuddy_interleave_nid(pol, ilx) :
				 sbuddy_interleave_nodes(task, pol);
		break;
	case SBUDDY_MPOL_WEIGHTED_INTERLEAVE:
		*nid = indexed ? sbuddy_weighted_interleave_nid(m, pol, ilx) :
				 sbuddy_weighted_interleave_nodes(m, task, pol);
		break;
	}
	return SBUDDY_ALL_NODES;
}

/* A task's policy is not for interrupts, and gives way to THISNODE. */
static const struct sbuddy_mempolicy *sbuddy_effective_policy(const struct sbuddy_task *task,
							      u32 gfp,
							      const struct sbuddy_mempolicy *pol,
							      unsigned long ilx)
{
	bool heeded = ilx != SBUDDY_NO_INTERLEAVE_INDEX ||
		      (!(task->flags & (SBUDDY_PF_INTERRUPT | SBUDDY_PF_SOFTIRQ)) &&
		       !(gfp & SBUDDY_GFP_THISNODE));

	return pol && heeded && pol->mode ? pol : &sbuddy_default_policy;
}

/* ---- single blocks ------------------------------------------------------- */

static struct sbuddy_page *sbuddy_alloc_pages_nodemask(struct sbuddy_machine *m,
						       struct sbuddy_task *task, u32 gfp,
						       unsigned int order, int nid, u32 nodemask)
{
	if (nodemask == SBUDDY_ALL_NODES)
		return sbuddy_alloc_pages(m, task, gfp, order, nid);
	return sbuddy___alloc_pages(m, task, gfp, order, nid, nodemask);
}

/* The nodes of the set without waiting, then all. */
static struct sbuddy_page *sbuddy_alloc_pages_preferred_many(struct sbuddy_machine *m,
							     struct sbuddy_task *task, u32 gfp,
							     unsigned int order, int nid,
							     u32 nodemask)
{
	u32 preferred_gfp = (gfp | SBUDDY_GFP_NOWARN) & ~SBUDDY_GFP_SECOND_PASS;
	struct sbuddy_page *page;

	page = sbuddy___alloc_pages(m, task, preferred_gfp, order, nid, nodemask);
	return page ? page : sbuddy_alloc_pages(m, task, gfp, order, nid);
}

static bool sbuddy_mpol_interleaves(const struct sbuddy_mempolicy *pol)
{
	return pol->mode == SBUDDY_MPOL_INTERLEAVE || pol->mode == SBUDDY_MPOL_WEIGHTED_INTERLEAVE;
}

/*
 * A huge page of a mapping is worth most nearby: the node itself is tried
 * first, and who may not wait gets it there or not at all.
 */
static bool sbuddy_wants_near_huge_page(unsigned int order, const struct sbuddy_mempolicy *pol,
					unsigned long ilx, int nid, u32 nodemask)
{
	return order == SBUDDY_PAGEBLOCK_ORDER && ilx != SBUDDY_NO_INTERLEAVE_INDEX &&
	       !sbuddy_mpol_interleaves(pol) && nodemask >> nid & 1;
}

/**
 * sbuddy_alloc_pages_mpol() - allocate a block under a policy
 * @m: machine
 * @task: who asks; its rotor turns if the policy interleaves without an index
 * @gfp: SBUDDY_GFP_*, as for sbuddy_alloc_pages()
 * @order: 0 to SBUDDY_MAX_PAGE_ORDER
 * @pol: policy, NULL is the node's own
 * @ilx: interleave index, SBUDDY_NO_INTERLEAVE_INDEX if there is none
 * @nid: node to start from unless the policy knows better, an online one; -1
 *	 is the vcpu's
 *
 * Without an index a policy is that of a task: requests with THISNODE, or from
 * an interrupt, do not heed it.
 *
 * Context: As sbuddy_alloc_pages().
 * Return: First page of the block, or NULL.
 */
struct sbuddy_page *sbuddy_alloc_pages_mpol(struct sbuddy_machine *m, struct sbuddy_task *task,
					    u32 gfp, unsigned int order,
					    const struct sbuddy_mempolicy *pol, unsigned long ilx,
					    int nid)
{
	struct sbuddy_page *page;
	u32 nodemask;
	int near;

	pol = sbuddy_effective_policy(task, gfp, pol, ilx);
	nid = nid < 0 ? m->vcpu_node[task->cpu] : nid;
	near = nid;
	nodemask = sbuddy_policy_nodemask(m, task, gfp, pol, ilx, &nid);
	if (pol->mode == SBUDDY_MPOL_PREFERRED_MANY)
		return sbuddy_alloc_pages_preferred_many(m, task, gfp, order, nid, nodemask);
	if (pol->mode != SBUDDY_MPOL_BIND || m->rules->huge_by_home)
		near = nid;
	if (sbuddy_wants_near_huge_page(order, pol, ilx, near, nodemask)) {
		u32 near_gfp = gfp | SBUDDY_GFP_THISNODE | SBUDDY_GFP_NORETRY;

		page = sbuddy_alloc_pages(m, task, near_gfp, order, near);
		if (page || !(gfp & SBUDDY_GFP_DIRECT_RECLAIM))
			return page;
		nid = near;
	}
	page = sbuddy_alloc_pages_nodemask(m, task, gfp, order, nid, nodemask);
	if (page && pol->mode == SBUDDY_MPOL_INTERLEAVE && sbuddy_zone_of(m, page)->node == nid)
		atomic_long_inc(&sbuddy_zone_of(m, page)->numa_interleave_hit);
	return page;
}

/* ---- bulk ---------------------------------------------------------------- */

/* An equal share from each node; what is left over, one each from the first ones. */
static unsigned long sbuddy_alloc_pages_bulk_array_interleave(struct sbuddy_machine *m,
							      struct sbuddy_task *task, u32 gfp,
							      const struct sbuddy_mempolicy *pol,
							      unsigned long nr,
							      struct sbuddy_page **array)
{
	unsigned long nodes = hweight32(pol->nodes);
	unsigned long total = 0;

	for (unsigned long i = 0; i < nodes; i++) {
		unsigned long share = nr / nodes + (i < nr % nodes);
		int nid = sbuddy_interleave_nodes(task, pol);

		total += sbuddy_alloc_pages_bulk(m, task, gfp, nid, share, array + total);
	}
	return total;
}

/**
 * struct sbuddy_il_round - bulk under weighted interleaving
 * @rounds: whole rounds over all nodes
 * @delta: pages of the last, incomplete round still to be given out
 * @resume_node: where the rotor stands afterwards
 * @resume_weight: pages that it still has there
 */
struct sbuddy_il_round {
	unsigned long rounds;
	unsigned long delta;
	int resume_node;
	unsigned int resume_weight;
};

/* Pages that come from @node; who gets the last of an incomplete round may have more to give. */
static unsigned long sbuddy_il_share(struct sbuddy_il_round *r, int node, unsigned int weight)
{
	unsigned long pages = weight * r->rounds;

	if (r->delta > weight) {
		pages += weight;
		r->delta -= weight;
	} else if (r->delta) {
		pages += r->delta;
		r->resume_node = node;
		r->resume_weight = weight - r->delta;
		r->delta = 0;
	}
	return pages;
}

/* Behind @prev, in rounds.  The rotor is left where the share of a node ended. */
static unsigned long sbuddy_bulk_rounds(struct sbuddy_machine *m, struct sbuddy_task *task,
					u32 gfp, u32 nodes, int prev, unsigned long rest,
					unsigned long nr, struct sbuddy_page **array)
{
	unsigned int total = sbuddy_total_weight(m, nodes);
	int resume = sbuddy_next_node_in(prev, nodes);
	struct sbuddy_il_round r = {
		.rounds = rest / total,
		.delta = rest % total,
		.resume_node = resume,
		.resume_weight = sbuddy_get_il_weight(m, resume),
	};
	unsigned long got = 0;

	for (unsigned int i = hweight32(nodes); i && got < nr; i--) {
		int node = sbuddy_next_node_in(prev, nodes);
		unsigned long pages = sbuddy_il_share(&r, node, sbuddy_get_il_weight(m, node));

		if (!pages)
			break;
		got += sbuddy_alloc_pages_bulk(m, task, gfp, node, pages, array + got);
		prev = node;
	}
	task->il_prev = r.resume_node;
	task->il_weight = r.resume_weight;
	return got;
}

/*
 * First what the rotor still has to give where it stands, then in rounds.  A
 * node that gives less than its share is not made up for.
 */
static unsigned long
sbuddy_alloc_pages_bulk_array_weighted_interleave(struct sbuddy_machine *m,
						  struct sbuddy_task *task, u32 gfp,
						  const struct sbuddy_mempolicy *pol,
						  unsigned long nr, struct sbuddy_page **array)
{
	unsigned long weight = task->il_weight, rest = nr, got = 0;
	int node = task->il_prev;

	if (!nr)
		return 0;
	if (weight && pol->nodes >> node & 1) {
		got = sbuddy_alloc_pages_bulk(m, task, gfp, node, min(rest, weight), array);
		if (rest <= weight) {
			task->il_weight -= rest;
			return got;
		}
		rest -= weight;
	}
	return got + sbuddy_bulk_rounds(m, task, gfp, pol->nodes, node, rest, nr - got,
					array + got);
}

static unsigned long
sbuddy_alloc_pages_bulk_array_preferred_many(struct sbuddy_machine *m, struct sbuddy_task *task,
					     u32 gfp, const struct sbuddy_mempolicy *pol,
					     unsigned long nr, struct sbuddy_page **array)
{
	u32 preferred_gfp = (gfp | SBUDDY_GFP_NOWARN) & ~SBUDDY_GFP_SECOND_PASS;
	int local = m->vcpu_node[task->cpu];
	unsigned long got;

	got = sbuddy_alloc_pages_bulk_nodemask(m, task, preferred_gfp, local, pol->nodes, nr,
					       array);
	if (got < nr)
		got += sbuddy_alloc_pages_bulk(m, task, gfp, local, nr - got, array + got);
	return got;
}

/**
 * sbuddy_alloc_pages_bulk_array_mempolicy() - allocate single pages under a task's policy
 * @m: machine
 * @task: who asks
 * @gfp: SBUDDY_GFP_*
 * @pol: policy, NULL is the node's own; as for sbuddy_alloc_pages_mpol()
 *	 without an index
 * @nr: entries of @array
 * @array: empty slots; pages are put at the front
 *
 * Context: Any; takes pcp and zone locks.
 * Return: Pages in @array; fewer than @nr is no error.
 */
unsigned long sbuddy_alloc_pages_bulk_array_mempolicy(struct sbuddy_machine *m,
						      struct sbuddy_task *task, u32 gfp,
						      const struct sbuddy_mempolicy *pol,
						      unsigned long nr,
						      struct sbuddy_page **array)
{
	int nid = m->vcpu_node[task->cpu];
	u32 nodemask;

	pol = sbuddy_effective_policy(task, gfp, pol, SBUDDY_NO_INTERLEAVE_INDEX);
	switch (pol->mode) {
	case SBUDDY_MPOL_INTERLEAVE:
		return sbuddy_alloc_pages_bulk_array_interleave(m, task, gfp, pol, nr, array);
	case SBUDDY_MPOL_WEIGHTED_INTERLEAVE:
		return sbuddy_alloc_pages_bulk_array_weighted_interleave(m, task, gfp, pol, nr,
									 array);
	case SBUDDY_MPOL_PREFERRED_MANY:
		return sbuddy_alloc_pages_bulk_array_preferred_many(m, task, gfp, pol, nr, array);
	}
	nodemask = sbuddy_policy_nodemask(m, task, gfp, pol, SBUDDY_NO_INTERLEAVE_INDEX, &nid);
	return sbuddy_alloc_pages_bulk_nodemask(m, task, gfp, nid, nodemask, nr, array);
}
