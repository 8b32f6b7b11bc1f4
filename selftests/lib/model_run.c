// SPDX-License-Identifier: GPL-2.0
/*
 * The model's operations on slots, as the ABI header promises them.  See
 * model.h.
 */
#include "model.h"

bool model_gfp_valid(u32 gfp)
{
	return !(gfp & ~SBUDDY_GFP_ALL) &&
	       (gfp & (SBUDDY_GFP_MOVABLE | SBUDDY_GFP_RECLAIMABLE)) !=
	       (SBUDDY_GFP_MOVABLE | SBUDDY_GFP_RECLAIMABLE);
}

int model_nid_error(const struct model *m, int nid)
{
	if (nid == SBUDDY_NID_ANY)
		return 0;
	if (nid < 0)
		return -EINVAL;
	return nid < m->nr_nodes && m->node[nid].online ? 0 : -ENOENT;
}

static void tell(struct model *m, struct sbuddy_op *op, unsigned long pfn, u32 count)
{
	struct model_zone *z = model_zone_of(m, pfn);

	op->pfn = pfn;
	op->zone = z->node * 16 + z->idx;
	op->count = count;
}

int model_slots_empty(const struct model *m, u32 first, u32 nr)
{
	if (first >= SBUDDY_MAX_SLOTS || nr > SBUDDY_MAX_SLOTS - first)
		return -EINVAL;
	for (u32 i = first; i < first + nr; i++) {
		if (i >= MODEL_SLOTS)
			abort();	/* the driver stays below */
		if (m->slot[i])
			return -EEXIST;
	}
	return 0;
}

/* First of the lowest @nr free slots in a row. */
u32 model_free_slots(const struct model *m, u32 nr)
{
	u32 first = 0;

	for (u32 i = 0; i < MODEL_SLOTS && i - first < nr; i++)
		if (m->slot[i])
			first = i + 1;
	return first;
}

static unsigned long slot(const struct model *m, u32 s)
{
	return s < MODEL_SLOTS ? m->slot[s] : 0;
}

/* Does the operation go by a policy?  -ENOENT for one that was never set. */
static int policy_error(const struct model *m, const struct sbuddy_op *op)
{
	unsigned int which = op->flags & 15;

	return which && m->policy[which].mode == SBUDDY_MPOL_DEFAULT ? -ENOENT : 0;
}

/* Who names a node and nothing else heeds no policy. */
static bool names_node_only(const struct sbuddy_op *op)
{
	return !op->flags && op->nid >= 0;
}

static unsigned long alloc_block(struct model *m, int cpu, const struct sbuddy_op *op, int order)
{
	if (names_node_only(op))
		return model_alloc(m, cpu, op->gfp, order, op->nid);
	return model_alloc_policy(m, cpu, op->gfp, order, op->flags & 15,
				  op->flags & 16 ? (long)op->count : -1, op->nid);
}

static int run_alloc(struct model *m, int cpu, struct sbuddy_op *op)
{
	unsigned long pfn;
	int err;

	if (op->flags & ~31 || op->order > 10 || (op->count && !(op->flags & 16)) ||
	    !model_gfp_valid(op->gfp))
		return -EINVAL;
	err = policy_error(m, op);
	if (!err)
		err = model_nid_error(m, op->nid);
	if (err)
		return err;
	if (op->slot == SBUDDY_SLOT_ANY)
		for (op->slot = 0; m->slot[op->slot]; op->slot++)
			;
	err = model_slots_empty(m, op->slot, 1);
	if (err)
		return err;
	pfn = alloc_block(m, cpu, op, op->order);
	if (!pfn)
		return -ENOMEM;
	m->slot[op->slot] = pfn;
	tell(m, op, pfn, 1U << op->order);
	return 0;
}

static int run_free(struct model *m, int cpu, struct sbuddy_op *op)
{
	unsigned long pfn = slot(m, op->slot);
	u32 pages;

	if (op->gfp || op->count)
		return -EINVAL;
	if (!pfn)
		return -ENOENT;
	op->order = m->order[pfn - m->base];
	pages = 1U << op->order;
	if (m->ref[pfn - m->base] == 1)
		m->slot[op->slot] = 0;
	else
		pages = m->compound[pfn - m->base] ? 0 : pages - 1;
	tell(m, op, pfn, pages);
	model_put(m, cpu, pfn);
	return 0;
}

static int run_bulk(struct model *m, int cpu, struct sbuddy_op *op)
{
	unsigned long pfn[SBUDDY_MAX_BULK];
	int err, got;

	if (op->flags & ~15 || (op->flags && op->nid != SBUDDY_NID_ANY))
		return -EINVAL;
	if (op->order || !op->count || op->count > SBUDDY_MAX_BULK || !model_gfp_valid(op->gfp))
		return -EINVAL;
	err = policy_error(m, op);
	if (!err)
		err = model_nid_error(m, op->nid);
	if (!err)
		err = model_slots_empty(m, op->slot, op->count);
	if (err)
		return err;
	if (names_node_only(op))
		got = model_alloc_bulk(m, cpu, op->gfp, op->nid, op->count, pfn);
	else
		got = model_alloc_bulk_policy(m, cpu, op->gfp, op->flags & 15, op->count, pfn);
	if (!got)
		return -ENOMEM;
	for (int i = 0; i < got; i++)
		m->slot[op->slot + i] = pfn[i];
	tell(m, op, pfn[0], got);
	return 0;
}

static int run_free_batch(struct model *m, int cpu, struct sbuddy_op *op)
{
	unsigned long pfn[SBUDDY_MAX_BULK];
	u32 nr = op->count, pages = 0;

	if (op->gfp || !nr || nr > SBUDDY_MAX_BULK || op->slot >= SBUDDY_MAX_SLOTS ||
	    nr > SBUDDY_MAX_SLOTS - op->slot)
		return -EINVAL;
	for (u32 i = 0; i < nr; i++) {
		pfn[i] = slot(m, op->slot + i);
		if (!pfn[i])
			return -ENOENT;
		if (m->order[pfn[i] - m->base] && !m->compound[pfn[i] - m->base])
			return -EINVAL;
	}
	for (u32 i = 0; i < nr; i++) {
		if (m->ref[pfn[i] - m->base] > 1)
			continue;
		m->slot[op->slot + i] = 0;
		pages += 1U << m->order[pfn[i] - m->base];
	}
	model_put_batch(m, cpu, pfn, nr);
	op->count = pages;
	return 0;
}

static int run_get(struct model *m, int cpu, struct sbuddy_op *op)
{
	unsigned long pfn = slot(m, op->slot);

	(void)cpu;
	if (op->gfp || op->count)
		return -EINVAL;
	if (!pfn)
		return -ENOENT;
	op->order = m->order[pfn - m->base];
	m->ref[pfn - m->base]++;
	tell(m, op, pfn, 0);
	return 0;
}

static void single_pages(struct model *m, unsigned long pfn, u32 nr)
{
	for (unsigned long p = pfn; p < pfn + nr; p++) {
		m->kind[p - m->base] = MODEL_USED;
		m->order[p - m->base] = 0;
		m->compound[p - m->base] = 0;
		m->ref[p - m->base] = 1;
	}
}

static int run_split(struct model *m, int cpu, struct sbuddy_op *op)
{
	unsigned long pfn = slot(m, op->slot);
	u32 nr;
	int err;

	(void)cpu;
	if (op->gfp || op->count)
		return -EINVAL;
	if (!pfn)
		return -ENOENT;
	nr = 1U << m->order[pfn - m->base];
	err = model_slots_empty(m, op->slot + 1, nr - 1);
	if (err)
		return err;
	if (m->compound[pfn - m->base])
		return -EINVAL;
	if (m->ref[pfn - m->base] != 1)
		return -EBUSY;
	single_pages(m, pfn, nr);
	for (u32 i = 0; i < nr; i++)
		m->slot[op->slot + i] = pfn + i;
	op->order = 0;
	tell(m, op, pfn, nr);
	return 0;
}

/* The block is made single pages; what is too much goes to the buddy, ascending, to the tail. */
static int run_exact(struct model *m, int cpu, struct sbuddy_op *op)
{
	unsigned long pfn;
	u32 nr = op->count;
	int order = 0, err;

	if (op->flags & ~15 || op->order || !nr || nr > 1024 || !model_gfp_valid(op->gfp) ||
	    op->gfp & SBUDDY_GFP_COMP)
		return -EINVAL;
	err = policy_error(m, op);
	if (!err)
		err = model_nid_error(m, op->nid);
	if (!err)
		err = model_slots_empty(m, op->slot, nr);
	if (err)
		return err;
	while (1U << order < nr)
		order++;
	pfn = alloc_block(m, cpu, op, order);
	if (!pfn)
		return -ENOMEM;
	single_pages(m, pfn, 1U << order);
	for (u32 i = 0; i < nr; i++)
		m->slot[op->slot + i] = pfn + i;
	for (u32 i = nr; i < 1U << order; i++) {
		m->ref[pfn + i - m->base] = 0;
		model_zone_of(m, pfn)->pgfree++;
		model_free_to_buddy(m, cpu, pfn + i, 0, true);
	}
	tell(m, op, pfn, nr);
	return 0;
}

static int run_drain(struct model *m, int cpu, struct sbuddy_op *op)
{
	if (op->gfp || op->count || op->slot || op->order)
		return -EINVAL;
	if (op->cpu < 0)
		model_drain_all(m, cpu);
	else
		model_drain_cpu(m, cpu, op->cpu);
	return 0;
}

static int run_decay(struct model *m, int cpu, struct sbuddy_op *op)
{
	if (op->gfp || op->count || op->slot || op->order)
		return -EINVAL;
	for (int c = 0; c < m->vcpus; c++)
		if (op->cpu < 0 || c == cpu)
			model_period(m, c, c);
	return 0;
}

/* Vcpu 0 is the current one. */
int model_run(struct model *m, struct sbuddy_op *op)
{
	static int (* const run[SBUDDY_NR_OPS])(struct model *m, int cpu, struct sbuddy_op *op) = {
		[SBUDDY_OP_ALLOC] = run_alloc,
		[SBUDDY_OP_FREE] = run_free,
		[SBUDDY_OP_BULK] = run_bulk,
		[SBUDDY_OP_FREE_BATCH] = run_free_batch,
		[SBUDDY_OP_GET] = run_get,
		[SBUDDY_OP_SPLIT] = run_split,
		[SBUDDY_OP_ALLOC_EXACT] = run_exact,
		[SBUDDY_OP_DRAIN] = run_drain,
		[SBUDDY_OP_DECAY] = run_decay,
	};
	int cpu = op->cpu == SBUDDY_CPU_CURRENT ? 0 : op->cpu;

	if (cpu >= 0 && cpu < m->vcpus && op->opcode >= SBUDDY_OP_ISOLATE &&
	    op->opcode <= SBUDDY_OP_CONTIG_FREE) {
		op->err = model_run_range(m, cpu, op);
		if (op->err)
			op->count = 0;
		return op->err;
	}
	op->pfn = SBUDDY_NO_PFN;
	op->zone = 0;
	if (cpu < 0 || cpu >= m->vcpus || op->opcode >= SBUDDY_NR_OPS || !run[op->opcode] ||
	    (op->flags && op->opcode != SBUDDY_OP_ALLOC && op->opcode != SBUDDY_OP_BULK &&
	     op->opcode != SBUDDY_OP_ALLOC_EXACT))
		op->err = -EINVAL;
	else
		op->err = run[op->opcode](m, cpu, op);
	if (op->err)
		op->count = 0;
	return op->err;
}
