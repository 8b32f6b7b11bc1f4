// SPDX-License-Identifier: GPL-2.0
/*
 * Operations of struct sbuddy_op on the live kernel, with the results that
 * SBUDDY_IOC_RUN would give: the same errno for the same reason, the same
 * fields filled in.
 *
 * A request that may sleep or wake kswapd is refused with EPERM: what it does
 * beyond the allocator is not raced.
 *
 * State: race_held, what each slot holds, under the caller's lock.
 */
#include <linux/cpumask.h>
#include <linux/gfp.h>
#include <linux/kernel.h>
#include <linux/mm.h>
#include <linux/pagemap.h>
#include <linux/sched.h>
#include <linux/vmalloc.h>

#include "compat.h"
#include "kallsyms.h"
#include "live.h"

typedef void drain_fn(struct zone *zone);
typedef void refresh_fn(struct work_struct *work);
typedef void *exact_fn(int nid, size_t size, gfp_t gfp);

DEFINE_STATIC_CALL_NULL(race_drain_all, drain_fn);
DEFINE_STATIC_CALL_NULL(race_drain_local, drain_fn);
DEFINE_STATIC_CALL_NULL(race_refresh, refresh_fn);
DEFINE_STATIC_CALL_NULL(race_exact, exact_fn);

struct race_held *race_held;

static struct page *scratch[SBUDDY_MAX_BULK];

#define FIND(call, type, name) ({					\
	unsigned long addr = sbuddy_kallsyms_lookup_alloc(name);	\
									\
	if (addr)							\
		static_call_update(call, (type *)addr);			\
	else								\
		pr_err("no function %s\n", name);			\
	addr;								\
})

int race_ops_init(void)
{
	if (!FIND(race_drain_all, drain_fn, "drain_all_pages") ||
	    !FIND(race_drain_local, drain_fn, "drain_local_pages") ||
	    !FIND(race_refresh, refresh_fn, "refresh_vm_stats") ||
	    !FIND(race_exact, exact_fn, "alloc_pages_exact_nid"))
		return -ENOENT;
	return 0;
}

int race_move_to(int cpu)
{
	if (raw_smp_processor_id() == cpu && current->nr_cpus_allowed == 1)
		return 0;
	if ((unsigned int)cpu >= nr_cpu_ids || !cpu_online(cpu))
		return -EINVAL;
	return set_cpus_allowed_ptr(current, cpumask_of(cpu));
}

/* ---- what an operation says ---- */

static int gfp_of(const struct sbuddy_op *op, gfp_t *gfp)
{
	const u32 types = SBUDDY_GFP_MOVABLE | SBUDDY_GFP_RECLAIMABLE;
	u32 unknown;

	if (op->gfp & ~SBUDDY_GFP_ALL || (op->gfp & types) == types)
		return -EINVAL;
	if (op->gfp & (SBUDDY_GFP_RECLAIM | SBUDDY_GFP_ACCOUNT | SBUDDY_GFP_NOFAIL))
		return -EPERM;
	*gfp = sbuddy_gfp_to_host(op->gfp, &unknown);
	return unknown ? -EOPNOTSUPP : 0;
}

static int nid_of(const struct sbuddy_op *op, int *nid)
{
	*nid = op->nid;
	if (op->nid == SBUDDY_NID_ANY) {
		*nid = numa_mem_id();
		return 0;
	}
	if (op->nid < 0)
		return -EINVAL;
	return op->nid < MAX_NUMNODES && node_online(op->nid) ? 0 : -ENOENT;
}

static int request_of(const struct sbuddy_op *op, gfp_t *gfp, int *nid)
{
	int err = gfp_of(op, gfp);

	if (!err && !race_policy_exists(op))
		err = -ENOENT;
	return err ? err : nid_of(op, nid);
}

/* 0, or why the slots cannot be filled. */
int race_slots_empty(u32 first, u32 nr)
{
	if (first >= RACE_MAX_SLOTS || nr > RACE_MAX_SLOTS - first)
		return -EINVAL;
	for (u32 i = 0; i < nr; i++)
		if (race_held[first + i].page)
			return -EEXIST;
	return 0;
}

static struct race_held *held_in(u32 slot)
{
	return slot < RACE_MAX_SLOTS && race_held[slot].page ? &race_held[slot] : NULL;
}

/* ---- what became of it ---- */

static int tell(struct sbuddy_op *op, struct page *page, u32 count)
{
	op->pfn = page_to_pfn(page);
	op->zone = page_to_nid(page) << 4 | sbuddy_zone_from_host(page_zonenum(page));
	op->count = count;
	return 0;
}

static int op_alloc(struct sbuddy_op *op)
{
	struct page *page;
	gfp_t gfp;
	int nid, err;

	if (op->order > SBUDDY_MAX_PAGE_ORDER || (op->count && !(op->flags & SBUDDY_OP_INDEX)))
		return -EINVAL;
	err = request_of(op, &gfp, &nid);
	if (!err)
		err = race_slots_empty(op->slot, 1);
	if (err)
		return err;
	if (race_policy_heeded(op))
		page = race_policy_alloc(op, gfp);
	else
		page = __alloc_pages(gfp, op->order, nid, NULL);
	if (!page)
		return -ENOMEM;
	race_held[op->slot] = (struct race_held) { page, op->order };
	return tell(op, page, 1U << op->order);
}

/* A block that is not compound and has users left keeps its first page only. */
static u32 put(struct race_held *held)
{
	struct page *page = held->page;
	unsigned int order = held->order;
	bool last = page_ref_count(page) == 1, compound = PageCompound(page);

	__free_pages(page, order);
	if (last)
		held->page = NULL;
	else if (!compound)
		held->order = 0;
	return last ? 1U << order : (1U << order) - (1U << held->order);
}

static int op_free(struct sbuddy_op *op)
{
	struct race_held *held = held_in(op->slot);

	if (op->gfp || op->count)
		return -EINVAL;
	if (!held)
		return -ENOENT;
	op->order = held->order;
	tell(op, held->page, 0);
	op->count = put(held);
	return 0;
}

static int op_bulk(struct sbuddy_op *op)
{
	u32 nr = op->count;
	gfp_t gfp;
	int nid, err;

	if (op->order || !nr || nr > SBUDDY_MAX_BULK)
		return -EINVAL;
	err = request_of(op, &gfp, &nid);
	if (!err)
		err = race_slots_empty(op->slot, nr);
	if (err)
		return err;
	memset(scratch, 0, nr * sizeof(scratch[0]));
	if (race_policy_heeded(op))
		nr = race_policy_bulk(op, gfp, nr, scratch);
	else
		nr = alloc_pages_bulk_array_node(gfp, nid, nr, scratch);
	op->count = 0;
	if (!nr)
		return -ENOMEM;
	for (u32 i = 0; i < nr; i++)
		race_held[op->slot + i] = (struct race_held) { scratch[i], 0 };
	return tell(op, scratch[0], nr);
}

static int check_batch(u32 first, u32 nr)
{
	if (!nr || nr > SBUDDY_MAX_BULK || first >= RACE_MAX_SLOTS || nr > RACE_MAX_SLOTS - first)
		return -EINVAL;
	for (u32 i = 0; i < nr; i++) {
		struct race_held *held = held_in(first + i);

		if (!held)
			return -ENOENT;
		if (held->order && !PageCompound(held->page))
			return -EINVAL;
	}
	return 0;
}

static int op_free_batch(struct sbuddy_op *op)
{
	u32 nr = op->count;
	int err = op->gfp ? -EINVAL : check_batch(op->slot, nr);

	if (err)
		return err;
	op->count = 0;
	for (u32 i = 0; i < nr; i++) {
		struct race_held *held = &race_held[op->slot + i];

		scratch[i] = held->page;
		if (page_ref_count(held->page) > 1)
			continue;
		op->count += 1U << held->order;
		held->page = NULL;
	}
	release_pages(scratch, nr);
	return 0;
}

static int op_get(struct sbuddy_op *op)
{
	struct race_held *held = held_in(op->slot);

	if (op->gfp || op->count)
		return -EINVAL;
	if (!held)
		return -ENOENT;
	op->order = held->order;
	tell(op, held->page, 0);
	get_page(held->page);
	return 0;
}

static int op_split(struct sbuddy_op *op)
{
	struct race_held *held = held_in(op->slot);
	struct page *page;
	u32 nr;
	int err;

	if (op->gfp || op->count)
		return -EINVAL;
	if (!held)
		return -ENOENT;
	page = held->page;
	nr = 1U << held->order;
	err = race_slots_empty(op->slot + 1, nr - 1);
	if (err)
		return err;
	if (PageCompound(page))
		return -EINVAL;
	if (page_ref_count(page) != 1)
		return -EBUSY;
	split_page(page, held->order);
	for (u32 i = 0; i < nr; i++)
		race_held[op->slot + i] = (struct race_held) { page + i, 0 };
	op->order = 0;
	return tell(op, page, nr);
}

static int op_exact(struct sbuddy_op *op)
{
	u32 nr = op->count;
	struct page *page;
	void *addr;
	gfp_t gfp;
	int nid, err;

	if (op->order || !nr || nr > 1U << SBUDDY_MAX_PAGE_ORDER || op->gfp & SBUDDY_GFP_COMP)
		return -EINVAL;
	err = request_of(op, &gfp, &nid);
	if (!err)
		err = race_slots_empty(op->slot, nr);
	if (err)
		return err;
	op->count = 0;
	if (race_policy_heeded(op))
		addr = race_policy_exact(op, gfp, (size_t)nr << PAGE_SHIFT);
	else
		addr = static_call(race_exact)(nid, (size_t)nr << PAGE_SHIFT, gfp);
	if (!addr)
		return -ENOMEM;
	page = virt_to_page(addr);
	for (u32 i = 0; i < nr; i++)
		race_held[op->slot + i] = (struct race_held) { page + i, 0 };
	return tell(op, page, nr);
}

static int op_drain(struct sbuddy_op *op)
{
	if (op->gfp || op->count || op->slot || op->order)
		return -EINVAL;
	if (op->cpu == SBUDDY_CPU_CURRENT)
		static_call(race_drain_all)(NULL);
	else
		static_call(race_drain_local)(NULL);
	return 0;
}

static int op_decay(struct sbuddy_op *op)
{
	int cpu, err;

	if (op->gfp || op->count || op->slot || op->order)
		return -EINVAL;
	if (op->cpu != SBUDDY_CPU_CURRENT) {
		static_call(race_refresh)(NULL);
		return 0;
	}
	for_each_online_cpu(cpu) {
		err = race_move_to(cpu);
		if (err)
			return err;
		static_call(race_refresh)(NULL);
	}
	return 0;
}

/* Whether it must run in the racer's own context. */
bool race_op_sleeps(const struct sbuddy_op *op)
{
	const bool all = op->cpu == SBUDDY_CPU_CURRENT;

	return (all && (op->opcode == SBUDDY_OP_DRAIN || op->opcode == SBUDDY_OP_DECAY)) ||
	       race_policy_heeded(op) || race_op_is_range(op);
}

/* Only requests have flags, and only ALLOC an index. */
static bool flags_valid(const struct sbuddy_op *op)
{
	switch (op->opcode) {
	case SBUDDY_OP_ALLOC:
		return !(op->flags & ~(SBUDDY_OP_POLICY | SBUDDY_OP_INDEX));
	case SBUDDY_OP_BULK:
	case SBUDDY_OP_ALLOC_EXACT:
		return !(op->flags & ~SBUDDY_OP_POLICY);
	}
	return !op->flags;
}

/* Carries out one operation; the result is in it. */
void race_op(struct sbuddy_op *op)
{
	static int (* const ops[SBUDDY_NR_OPS])(struct sbuddy_op *op) = {
		[SBUDDY_OP_ALLOC]	= op_alloc,
		[SBUDDY_OP_FREE]	= op_free,
		[SBUDDY_OP_BULK]	= op_bulk,
		[SBUDDY_OP_FREE_BATCH]	= op_free_batch,
		[SBUDDY_OP_GET]		= op_get,
		[SBUDDY_OP_SPLIT]	= op_split,
		[SBUDDY_OP_ALLOC_EXACT]	= op_exact,
		[SBUDDY_OP_DRAIN]	= op_drain,
		[SBUDDY_OP_DECAY]	= op_decay,
	};

	if (race_op_is_range(op)) {
		race_range_op(op);
		return;
	}
	op->pfn = SBUDDY_NO_PFN;
	op->zone = 0;
	op->err = -EINVAL;
	if (flags_valid(op) && op->opcode < SBUDDY_NR_OPS && ops[op->opcode])
		op->err = ops[op->opcode](op);
	if (op->err)
		op->count = 0;
}

/* Gives back what the slots hold, whatever its references. */
void race_free_all(void)
{
	for (u32 slot = 0; slot < RACE_MAX_SLOTS; slot++) {
		while (race_held[slot].page)
			put(&race_held[slot]);
		if (!(slot % 4096))
			cond_resched();
	}
}
