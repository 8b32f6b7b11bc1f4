// SPDX-License-Identifier: GPL-2.0
/*
 * Operations on ranges of frames, for an owner: isolating pageblocks and giving
 * them back, contiguous allocations into slots.  Each comes as an operation of
 * a stream and as a structure of its own, which also says why a range was
 * refused; both are checked here, and both end in the same few functions.
 *
 * Owns nothing.  An operation is checked before it changes anything.
 */
#include "os.h"
#include "owner.h"
#include "rules.h"

/**
 * struct sbuddy_range_args - a range operation, whoever asked
 * @action:   enum sbuddy_isolate_action or enum sbuddy_contig_action
 * @start:    first frame; SBUDDY_NO_PFN of a contiguous allocation: anywhere
 * @count:    frames or pages; out, those done
 * @nodemask: bit n: node n may serve
 * @slot:     first slot; out, the one used
 * @gfp:      of a contiguous allocation
 * @nid:      node, SBUDDY_NID_ANY
 * @page:     out, first page obtained or freed, NULL if there is none
 */
struct sbuddy_range_args {
	unsigned int action;
	u64 start;
	u64 count;
	u32 nodemask;
	u32 slot;
	u32 gfp;
	int nid;
	struct sbuddy_page *page;
};

/* ---- isolation ---- */

/* Is all that is isolated in the range @r's, or nobody's? */
static int sbuddy_range_unclaimed(struct sbuddy_range *r, unsigned long start, unsigned long end)
{
	const unsigned long last = sbuddy_pb_index(r->m, end - 1);

	for (unsigned long i = sbuddy_pb_index(r->m, start); i <= last; i++) {
		u32 holder = READ_ONCE(r->m->isolated_by[i]);

		if (holder != SBUDDY_HOLDER_NOBODY && holder != r->holder)
			return sbuddy_range_refuse(r, SBUDDY_RANGE_FOREIGN,
						   r->m->base_pfn + i * SBUDDY_PAGEBLOCK_NR_PAGES,
						   -EBUSY);
	}
	return 0;
}

/* The frames of all pageblocks of [@start, @end) become @a's range. */
static void sbuddy_range_round_out(struct sbuddy_range_args *a, unsigned long start,
				   unsigned long end)
{
	a->start = start & ~(SBUDDY_PAGEBLOCK_NR_PAGES - 1);
	a->count = ALIGN(end, SBUDDY_PAGEBLOCK_NR_PAGES) - a->start;
}

static int sbuddy_range_set(struct sbuddy_owner *o, struct sbuddy_range *r,
			    struct sbuddy_range_args *a)
{
	unsigned long start = a->start, end = start + a->count;
	int err;

	sbuddy_range_round_out(a, start, end);
	if (r->flags & SBUDDY_ISOLATE_SINGLE) {
		if (a->count != SBUDDY_PAGEBLOCK_NR_PAGES)
			return -EINVAL;
		err = sbuddy_set_migratetype_isolate(r, a->start, start, end);
	} else {
		err = sbuddy_start_isolate_page_range(r, start, end);
	}
	if (!err)
		o->isolated = true;
	return err;
}

static int sbuddy_range_undo(struct sbuddy_range *r, struct sbuddy_range_args *a)
{
	unsigned long start = a->start, end = start + a->count;
	int err = sbuddy_range_unclaimed(r, start, end);

	if (err)
		return err;
	sbuddy_range_round_out(a, start, end);
	a->count = sbuddy_undo_isolate_page_range(r, start, end) * SBUDDY_PAGEBLOCK_NR_PAGES;
	return 0;
}

static int sbuddy_range_isolate(struct sbuddy_owner *o, struct sbuddy_range *r,
				struct sbuddy_range_args *a)
{
	static const unsigned int modes[SBUDDY_NR_ISOLATE_ACTIONS] = {
		[SBUDDY_ISOLATE_SET]  = SBUDDY_ISOLATE_MODES,
		[SBUDDY_ISOLATE_TEST] = SBUDDY_ISOLATE_OFFLINE,
	};
	int err;

	if (a->action >= SBUDDY_NR_ISOLATE_ACTIONS || r->flags & ~modes[a->action] ||
	    (unsigned int)r->migratetype >= SBUDDY_MIGRATE_PCPTYPES ||
	    !a->count || a->count > SBUDDY_MAX_ISOLATE)
		return -EINVAL;
	err = sbuddy_range_in_one_zone(r, a->start, a->start + a->count);
	if (err)
		return err;
	if (a->action == SBUDDY_ISOLATE_SET)
		return sbuddy_range_set(o, r, a);
	if (a->action == SBUDDY_ISOLATE_UNDO)
		return sbuddy_range_undo(r, a);
	return sbuddy_test_pages_isolated(r, a->start, a->start + a->count);
}

/* Ends every isolation that the owner leaves behind: the pageblocks become Movable. */
void sbuddy_owner_unisolate(struct sbuddy_owner *o, struct sbuddy_task *task)
{
	struct sbuddy_range r = {
		.m = o->m, .task = task, .migratetype = SBUDDY_MIGRATE_MOVABLE,
		.holder = sbuddy_owner_holder(o),
	};

	if (!o->isolated)
		return;
	for (unsigned long pfn = o->m->base_pfn; pfn - o->m->base_pfn < o->m->nr_pages;
	     pfn += SBUDDY_PAGEBLOCK_NR_PAGES) {
		if (READ_ONCE(o->m->isolated_by[sbuddy_pb_index(o->m, pfn)]) == r.holder)
			sbuddy_unset_migratetype_isolate(&r, pfn);
		if (!(pfn % SBUDDY_PAGES_PER_SECTION))
			os_cond_resched();
	}
	o->isolated = false;
}

/* ---- contiguous ranges ---- */

/* First of the lowest @nr free slots in a row. */
static u32 sbuddy_find_free_slots(const struct sbuddy_owner *o, u32 nr)
{
	u32 first = 0, used = 0;

	while (sbuddy_next_used_slot(o, &used) && used - first < nr) {
		first = used + 1;
		used = first;
	}
	return first;
}

static struct sbuddy_page *sbuddy_contig_obtain(struct sbuddy_range *r,
						const struct sbuddy_range_args *a, int *err)
{
	struct sbuddy_page *page;

	if (a->start == SBUDDY_NO_PFN) {
		page = sbuddy_alloc_contig_pages(r, a->count, a->gfp, a->nid, a->nodemask);
		*err = page ? 0 : -ENOMEM;
		return page;
	}
	*err = sbuddy_range_in_one_zone(r, a->start, a->start + a->count);
	if (!*err)
		*err = sbuddy_alloc_contig_range(r, a->start, a->start + a->count, a->gfp);
	return *err ? NULL : sbuddy_page(r->m, a->start);
}

static int sbuddy_contig_alloc(struct sbuddy_owner *o, struct sbuddy_range *r,
			       struct sbuddy_range_args *a)
{
	u32 nr = a->gfp & SBUDDY_GFP_COMP ? 1 : a->count;
	int err;

	if (!sbuddy_op_gfp_valid(a->gfp) || !sbuddy_contig_gfp_valid(a->gfp))
		return -EINVAL;
	err = sbuddy_op_check_nid(o->m, a->nid);
	if (err)
		return err;
	if (a->slot == SBUDDY_SLOT_ANY)
		a->slot = sbuddy_find_free_slots(o, nr);
	err = sbuddy_op_empty_slots(o, a->slot, nr);
	if (err)
		return err;
	a->page = sbuddy_contig_obtain(r, a, &err);
	for (u32 i = 0; a->page && i < nr; i++)
		sbuddy_slot_fill(o, a->slot + i, a->page + i);
	return err;
}

/* Do the slots hold what one contiguous allocation could have given? */
static int sbuddy_contig_check_slots(const struct sbuddy_owner *o,
				     const struct sbuddy_range_args *a)
{
	const struct sbuddy_page *first = sbuddy_owner_slot(o, a->slot);

	if (!first)
		return -ENOENT;
	if (sbuddy_slot_movable(o, a->slot))
		return -EBUSY;
	if (sbuddy_page_compound(first))
		return a->count == 1UL << sbuddy_page_order(first) ? 0 : -EINVAL;
	if (a->slot > SBUDDY_MAX_SLOTS - a->count)
		return -EINVAL;
	for (u32 i = 0; i < a->count; i++) {
		const struct sbuddy_page *page = sbuddy_slot_page(o, a->slot + i);

		if (!page)
			return -ENOENT;
		if (page != first + i || sbuddy_page_order(page))
			return -EINVAL;
		if (sbuddy_slot_movable(o, a->slot + i))
			return -EBUSY;
	}
	return 0;
}

/* Slots of pages that others hold too keep them. */
static int sbuddy_contig_free(struct sbuddy_owner *o, struct sbuddy_range *r,
			      struct sbuddy_range_args *a)
{
	const unsigned long nr = a->count;
	unsigned int order;
	u32 slots;
	int err = sbuddy_contig_check_slots(o, a);

	if (err)
		return err;
	a->page = sbuddy_slot_page(o, a->slot);
	a->count = 0;
	order = sbuddy_page_order(a->page);
	slots = nr >> order;
	err = sbuddy_slots_evict(o, a->slot, slots);
	if (err)
		return err;
	for (u32 i = 0; i < slots; i++) {
		if (READ_ONCE(a->page[i].refcount) > 1)
			continue;
		sbuddy_slot_clear(o, a->slot + i, order);
		a->count += 1UL << order;
	}
	return sbuddy_free_contig_range(o->m, r->task, sbuddy_pfn(o->m, a->page), nr);
}

static int sbuddy_range_contig(struct sbuddy_owner *o, struct sbuddy_range *r,
			       struct sbuddy_range_args *a)
{
	if (a->action >= SBUDDY_NR_CONTIG_ACTIONS || !a->count || a->count > SBUDDY_MAX_CONTIG)
		return -EINVAL;
	if (a->action == SBUDDY_CONTIG_ALLOC)
		return sbuddy_contig_alloc(o, r, a);
	return a->gfp ? -EINVAL : sbuddy_contig_free(o, r, a);
}

/* ---- as operations of a stream ---- */

static int sbuddy_op_isolate(struct sbuddy_owner *o, struct sbuddy_op *op, struct sbuddy_range *r,
			     struct sbuddy_range_args *a)
{
	const struct sbuddy_zone *zone;
	int err;

	if (op->gfp || op->slot)
		return -EINVAL;
	a->action = op->opcode - SBUDDY_OP_ISOLATE + SBUDDY_ISOLATE_SET;
	r->migratetype = op->order;
	r->flags = op->flags;
	err = sbuddy_range_isolate(o, r, a);
	if (err)
		return err;
	op->pfn = a->start;
	op->count = a->count;
	zone = sbuddy_pfn_zone(o->m, a->start);
	op->zone = zone ? zone->place : 0;	/* an undo may begin in a hole */
	return 0;
}

static int sbuddy_op_contig(struct sbuddy_owner *o, struct sbuddy_op *op, struct sbuddy_range *r,
			    struct sbuddy_range_args *a)
{
	bool any = op->opcode == SBUDDY_OP_CONTIG_ALLOC && a->start == SBUDDY_NO_PFN;
	const struct sbuddy_zone *zone;
	int err;

	if (op->flags || op->order)
		return -EINVAL;
	a->action = op->opcode - SBUDDY_OP_CONTIG_ALLOC + SBUDDY_CONTIG_ALLOC;
	a->gfp = op->gfp;
	a->nid = op->nid;
	if (!any)
		a->nid = SBUDDY_NID_ANY;
	err = sbuddy_range_contig(o, r, a);
	op->slot = a->slot;
	if (err)
		return err;
	zone = sbuddy_pfn_zone(o->m, sbuddy_pfn(o->m, a->page));
	op->pfn = sbuddy_pfn(o->m, a->page);
	op->count = a->count;
	op->zone = zone->place;
	op->order = op->gfp & SBUDDY_GFP_COMP ? sbuddy_page_order(a->page) : 0;
	return 0;
}

/* What was in the way, as the ABI says it. */
static u64 sbuddy_range_fault(const struct sbuddy_range *r)
{
	if (r->reason == SBUDDY_RANGE_NONE || r->reason == SBUDDY_RANGE_NOWHERE)
		return SBUDDY_NO_PFN;
	return r->pfn;
}

/* An operation from SBUDDY_OP_ISOLATE to SBUDDY_OP_CONTIG_FREE.  sbuddy_task::cpu is set. */
void sbuddy_op_range(struct sbuddy_owner *o, struct sbuddy_op *op)
{
	struct sbuddy_range_args a = {
		.start = op->pfn, .count = op->count, .slot = op->slot,
		.nodemask = SBUDDY_ALL_NODES,
	};
	struct sbuddy_range r = {
		.m = o->m, .task = &o->task, .migratetype = SBUDDY_MIGRATE_MOVABLE,
		.holder = sbuddy_owner_holder(o),
	};

	op->pfn = SBUDDY_NO_PFN;
	op->zone = 0;
	if (!o->m->rules->ranges) {
		op->count = 0;
		op->err = -EOPNOTSUPP;
		return;
	}
	op->err = op->opcode < SBUDDY_OP_CONTIG_ALLOC ? sbuddy_op_isolate(o, op, &r, &a)
						      : sbuddy_op_contig(o, op, &r, &a);
	if (!op->err)
		return;
	op->count = 0;
	if (op->err == -EBUSY)
		op->pfn = sbuddy_range_fault(&r);
}

/* ---- as structures of their own ---- */

/**
 * sbuddy_run_isolate() - carry out SBUDDY_IOC_ISOLATE
 * @o: for whom
 * @arg: in, what to do; out, what became of it
 * @current_cpu: vcpu that does it
 *
 * Context: As sbuddy_run_ops().
 * Return: 0, with the outcome in @arg->result; -EINVAL for what the ABI header
 * does not allow, -EOPNOTSUPP where the machine's rules lack ranges, and @arg is
 * as it was.
 */
int sbuddy_run_isolate(struct sbuddy_owner *o, struct sbuddy_isolate *arg, int current_cpu)
{
	struct sbuddy_range_args a = {
		.action = arg->action, .start = arg->pfn, .count = arg->count,
	};
	struct sbuddy_range r = {
		.m = o->m, .task = &o->task, .migratetype = min(arg->migratetype, 255U),
		.flags = arg->mode, .holder = sbuddy_owner_holder(o),
	};
	int err;

	if (!o->m->rules->ranges)
		return -EOPNOTSUPP;
	o->task.cpu = current_cpu;
	err = sbuddy_range_isolate(o, &r, &a);
	if (err && r.reason == SBUDDY_RANGE_NONE)
		return err;
	if (!err)
		r.reason = SBUDDY_RANGE_NONE;
	arg->result = err;
	arg->reason = r.reason;
	arg->fault_pfn = sbuddy_range_fault(&r);
	if (!err)
		arg->count = a.count;
	return 0;
}

/**
 * sbuddy_run_contig() - carry out SBUDDY_IOC_CONTIG
 * @o: for whom
 * @arg: in, what to do; out, what became of it
 * @current_cpu: vcpu that does it
 *
 * Context: As sbuddy_run_ops().
 * Return: 0, with the outcome in @arg->result; -EINVAL for what the ABI header
 * does not allow, -ENOENT for a slot that is empty or a node that does not
 * exist, -EEXIST for one that is taken, -ENOMEM without memory for slots,
 * -EOPNOTSUPP where the machine's rules lack ranges: then
 * nothing was done and @arg is as it was.
 */
int sbuddy_run_contig(struct sbuddy_owner *o, struct sbuddy_contig *arg, int current_cpu)
{
	struct sbuddy_range_args a = {
		.action = arg->action, .start = arg->pfn, .count = arg->count, .slot = arg->slot,
		.gfp = arg->gfp, .nid = arg->nid,
		.nodemask = arg->nodemask ? arg->nodemask : SBUDDY_ALL_NODES,
	};
	struct sbuddy_range r = {
		.m = o->m, .task = &o->task, .migratetype = SBUDDY_MIGRATE_MOVABLE,
		.holder = sbuddy_owner_holder(o),
	};
	int err;

	if (!o->m->rules->ranges)
		return -EOPNOTSUPP;
	if (arg->nodemask >> SBUDDY_MAX_NODES)
		return -EINVAL;
	o->task.cpu = current_cpu;
	err = sbuddy_range_contig(o, &r, &a);
	if (err && r.reason == SBUDDY_RANGE_NONE)
		return err;
	if (!err)
		r.reason = SBUDDY_RANGE_NONE;
	arg->result = err;
	arg->reason = r.reason;
	arg->fault_pfn = sbuddy_range_fault(&r);
	if (!err)
		arg->count = a.count;
	arg->slot = a.slot;
	if (a.page) {
		arg->pfn = sbuddy_pfn(o->m, a.page);
		arg->zone = sbuddy_pfn_zone(o->m, arg->pfn)->place;
	}
	arg->order = a.page && arg->gfp & SBUDDY_GFP_COMP ? sbuddy_page_order(a.page) : 0;
	return 0;
}
