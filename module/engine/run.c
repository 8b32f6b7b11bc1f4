// SPDX-License-Identifier: GPL-2.0
/*
 * Operations: one struct sbuddy_op carried out on an owner's slots.  Streams of
 * them drive the allocator from ioctl, from recorded traces and from tests.
 *
 * An operation is checked before it changes anything: one that fails with
 * another errno than ENOMEM did nothing.  How arrays of them are run, and the
 * plain ones fast, is in run_stream.c.
 */
#include "os.h"
#include "lru.h"
#include "owner.h"

/* 0 for -1 or a node that exists. */
int sbuddy_op_check_nid(const struct sbuddy_machine *m, int nid)
{
	if (nid == SBUDDY_NID_ANY)
		return 0;
	if (nid < 0)
		return -EINVAL;
	return nid < m->nr_nodes && m->nodes[nid].online ? 0 : -ENOENT;
}

/* Makes room for slots @first ... @first + @nr - 1 and finds them empty. */
int sbuddy_op_empty_slots(struct sbuddy_owner *o, u32 first, u32 nr)
{
	if (first >= SBUDDY_MAX_SLOTS || nr > SBUDDY_MAX_SLOTS - first)
		return -EINVAL;
	for (u32 i = 0; i < nr; i++) {
		int err = sbuddy_slot_reserve(o, first + i);

		if (err)
			return err;
		if (sbuddy_slot_word(o, first + i))
			return -EEXIST;
	}
	return 0;
}

/* Only requests have flags, only ALLOC an index, and @count only for that. */
static bool sbuddy_op_flags_valid(const struct sbuddy_op *op)
{
	switch (op->opcode) {
	case SBUDDY_OP_ALLOC:
		return !(op->flags & ~(SBUDDY_OP_POLICY | SBUDDY_OP_INDEX));
	case SBUDDY_OP_BULK:
		return !(op->flags & ~SBUDDY_OP_POLICY) &&
		       (!op->flags || op->nid == SBUDDY_NID_ANY);
	case SBUDDY_OP_ALLOC_EXACT:
		return !(op->flags & ~SBUDDY_OP_POLICY);
	default:
		return !op->flags;
	}
}

/*
 * The policy of a request in @pol, NULL for none: who names a node and nothing
 * else heeds no policy.  -ENOENT for one that was never set.
 */
static int sbuddy_op_policy(const struct sbuddy_owner *o, const struct sbuddy_op *op,
			    const struct sbuddy_mempolicy **pol)
{
	unsigned int index = op->flags & SBUDDY_OP_POLICY;

	*pol = &o->policy[index];
	if (!op->flags && op->nid != SBUDDY_NID_ANY)
		*pol = NULL;
	return index && !o->policy[index].mode ? -ENOENT : 0;
}

static struct sbuddy_page *sbuddy_op_alloc_pages(struct sbuddy_owner *o, struct sbuddy_task *task,
						 const struct sbuddy_op *op, unsigned int order,
						 const struct sbuddy_mempolicy *pol)
{
	unsigned long ilx = SBUDDY_NO_INTERLEAVE_INDEX;

	if (op->flags & SBUDDY_OP_INDEX)
		ilx = op->count;
	else if (!pol || !pol->mode)
		return sbuddy_alloc_pages(o->m, task, op->gfp, order, op->nid);
	return sbuddy_alloc_pages_mpol(o->m, task, op->gfp, order, pol, ilx, op->nid);
}

static int sbuddy_op_alloc(struct sbuddy_owner *o, struct sbuddy_task *task, struct sbuddy_op *op)
{
	const struct sbuddy_mempolicy *pol;
	struct sbuddy_page *page;
	int err;

	if (unlikely(op->order > SBUDDY_MAX_PAGE_ORDER) ||
	    unlikely(op->count && !(op->flags & SBUDDY_OP_INDEX)) ||
	    unlikely(!sbuddy_op_gfp_valid(op->gfp)))
		return -EINVAL;
	err = sbuddy_op_policy(o, op, &pol);
	if (unlikely(err))
		return err;
	err = sbuddy_op_check_nid(o->m, op->nid);
	if (unlikely(err))
		return err;
	if (op->slot == SBUDDY_SLOT_ANY) {
		err = sbuddy_slot_find_free(o, &op->slot);
		if (unlikely(err))
			return err;
	}
	err = sbuddy_slot_reserve(o, op->slot);
	if (unlikely(err))
		return err;
	if (unlikely(sbuddy_slot_word(o, op->slot)))
		return -EEXIST;
	page = sbuddy_op_alloc_pages(o, task, op, op->order, pol);
	if (unlikely(!page))
		return -ENOMEM;
	sbuddy_slot_fill(o, op->slot, page);
	return sbuddy_op_result(o, op, page, 1U << op->order);
}

/* Drops one reference of a filled slot; the slot is empty after the last. */
static int sbuddy_op_put(struct sbuddy_owner *o, struct sbuddy_task *task, u32 slot, u32 *freed)
{
	struct sbuddy_page *page = sbuddy_slot_page(o, slot);
	unsigned int order = sbuddy_tag_order(page->tag);
	bool last = READ_ONCE(page->refcount) == 1;
	int err = 0;

	if (unlikely(sbuddy_slot_shown(o, slot)) && sbuddy_put_takes_frames(page, 1 + !last))
		err = sbuddy_slot_evict(o, slot);
	if (!err)
		err = sbuddy_free_pages(o->m, task, page, order);
	if (unlikely(err))
		return err;
	if (likely(last)) {
		sbuddy_slot_clear(o, slot, order);
		*freed += 1U << order;
		return 0;
	}
	*freed += (1U << order) - (1U << sbuddy_tag_order(page->tag));
	o->nr_pages -= (1UL << order) - (1UL << sbuddy_tag_order(page->tag));
	return 0;
}

/*
 * What a slot holds, into @page and the result: 0; -ENOENT if it is empty; -EBUSY
 * if it was reclaimed.
 */
static int sbuddy_op_find(struct sbuddy_owner *o, struct sbuddy_op *op,
			  struct sbuddy_page **page)
{
	unsigned long word = op->slot < SBUDDY_MAX_SLOTS ? sbuddy_slot_word(o, op->slot) : 0;

	if (unlikely(!word))
		return -ENOENT;
	if (unlikely(word & SBUDDY_SLOT_EVICTED)) {
		op->order = sbuddy_evicted_order(word);
		return -EBUSY;
	}
	*page = (struct sbuddy_page *)(word & ~SBUDDY_SLOT_MARKS);
	op->order = sbuddy_tag_order((*page)->tag);
	return sbuddy_op_result(o, op, *page, 0);
}

static int sbuddy_op_free(struct sbuddy_owner *o, struct sbuddy_task *task, struct sbuddy_op *op)
{
	struct sbuddy_page *page;
	int err;

	if (unlikely(op->gfp) || unlikely(op->count))
		return -EINVAL;
	err = sbuddy_op_find(o, op, &page);
	if (err && err != -EBUSY)
		return err;
	if (sbuddy_slot_movable(o, op->slot)) {
		int err = sbuddy_slot_evict(o, op->slot);

		if (!err)
			op->count = sbuddy_lru_free_slot(o, task, op->slot);
		return err;
	}
	return sbuddy_op_put(o, task, op->slot, &op->count);
}

static unsigned long sbuddy_op_bulk_pages(struct sbuddy_owner *o, struct sbuddy_task *task,
					  const struct sbuddy_op *op, u32 nr,
					  const struct sbuddy_mempolicy *pol)
{
	memset(o->scratch, 0, nr * sizeof(o->scratch[0]));
	if (!pol || !pol->mode)
		return sbuddy_alloc_pages_bulk(o->m, task, op->gfp, op->nid, nr, o->scratch);
	return sbuddy_alloc_pages_bulk_array_mempolicy(o->m, task, op->gfp, pol, nr, o->scratch);
}

static int sbuddy_op_bulk(struct sbuddy_owner *o, struct sbuddy_task *task, struct sbuddy_op *op)
{
	const struct sbuddy_mempolicy *pol;
	u32 i, nr = op->count;
	int err;

	if (op->order || !nr || nr > SBUDDY_MAX_BULK || !sbuddy_op_gfp_valid(op->gfp))
		return -EINVAL;
	err = sbuddy_op_policy(o, op, &pol);
	if (!err)
		err = sbuddy_op_check_nid(o->m, op->nid);
	if (err)
		return err;
	err = sbuddy_op_empty_slots(o, op->slot, nr);
	if (err)
		return err;
	nr = sbuddy_op_bulk_pages(o, task, op, nr, pol);
	op->count = 0;
	if (!nr)
		return -ENOMEM;
	for (i = 0; i < nr; i++)
		sbuddy_slot_fill(o, op->slot + i, o->scratch[i]);
	return sbuddy_op_result(o, op, o->scratch[0], nr);
}

static bool sbuddy_op_holds_folio(const struct sbuddy_page *page)
{
	return !sbuddy_tag_order(page->tag) || page->tag & SBUDDY_TAG_COMPOUND;
}

/* Every slot must hold a folio before any is freed. */
static int sbuddy_op_check_batch(struct sbuddy_owner *o, u32 first, u32 nr)
{
	if (!nr || nr > SBUDDY_MAX_BULK || first >= SBUDDY_MAX_SLOTS ||
	    nr > SBUDDY_MAX_SLOTS - first)
		return -EINVAL;
	for (u32 i = 0; i < nr; i++) {
		struct sbuddy_page *page = sbuddy_slot_page(o, first + i);

		if (!page && !sbuddy_slot_word(o, first + i))
			return -ENOENT;
		if (page && !sbuddy_op_holds_folio(page))
			return -EINVAL;
	}
	return sbuddy_slots_evict(o, first, nr);
}

static int sbuddy_op_free_batch(struct sbuddy_owner *o, struct sbuddy_task *task,
				struct sbuddy_op *op)
{
	u32 i, nr = op->count, plain = 0;
	int err;

	if (op->gfp)
		return -EINVAL;
	err = sbuddy_op_check_batch(o, op->slot, nr);
	if (err)
		return err;
	op->count = 0;
	for (i = 0; i < nr; i++) {
		const u32 slot = op->slot + i;
		struct sbuddy_page *page;

		if (sbuddy_slot_movable(o, slot) && !sbuddy_lru_detach_slot(o, slot)) {
			op->count += sbuddy_lru_free_slot(o, task, slot);
			continue;
		}
		page = sbuddy_slot_page(o, slot);
		o->scratch[plain++] = page;
		if (READ_ONCE(page->refcount) > 1)
			continue;
		op->count += 1U << sbuddy_tag_order(page->tag);
		sbuddy_slot_clear(o, slot, sbuddy_tag_order(page->tag));
	}
	return sbuddy_folios_put(o->m, task, o->scratch, plain);
}

static int sbuddy_op_get(struct sbuddy_owner *o, struct sbuddy_task *task __maybe_unused,
			 struct sbuddy_op *op)
{
	struct sbuddy_page *page;
	int err;

	if (op->gfp || op->count)
		return -EINVAL;
	err = sbuddy_op_find(o, op, &page);
	if (err)
		return err;
	if (sbuddy_slot_movable(o, op->slot))
		return sbuddy_lru_get_slot(o, op->slot);
	return sbuddy_get_page(o->m, page);
}

static int sbuddy_op_lru(struct sbuddy_owner *o, struct sbuddy_task *task, struct sbuddy_op *op)
{
	const u32 of_files = SBUDDY_LRU_NO_MIGRATE | SBUDDY_LRU_INACCESSIBLE;
	const u32 attrs = op->gfp;
	struct sbuddy_page *page;
	int err;

	if (op->count || attrs & ~SBUDDY_LRU_ALL ||
	    (attrs & SBUDDY_LRU_OFF && attrs != SBUDDY_LRU_OFF) ||
	    (attrs & SBUDDY_LRU_OPS && attrs != SBUDDY_LRU_OPS) ||
	    (attrs & of_files && !(attrs & SBUDDY_LRU_FILE)))
		return -EINVAL;
	err = sbuddy_op_find(o, op, &page);
	return err ? err : sbuddy_lru_set_slot(o, task, op->slot, attrs);
}

static int sbuddy_op_touch(struct sbuddy_owner *o, struct sbuddy_task *task, struct sbuddy_op *op)
{
	struct sbuddy_page *page;
	int err;

	if (op->count || op->gfp & ~SBUDDY_TOUCH_ALL)
		return -EINVAL;
	err = sbuddy_op_find(o, op, &page);
	if (err && err != -EBUSY)
		return err;
	if (!sbuddy_slot_movable(o, op->slot))
		return -EINVAL;
	err = sbuddy_touch_slot(o, task, op->slot, op->gfp, &op->count);
	page = sbuddy_slot_page(o, op->slot);
	if (!err && page)
		sbuddy_op_result(o, op, page, op->count);
	return err;
}

static int sbuddy_op_scope(struct sbuddy_owner *o, struct sbuddy_task *task __maybe_unused,
			   struct sbuddy_op *op)
{
	if (op->count || op->slot || op->order || op->gfp & ~SBUDDY_SCOPE_ALL)
		return -EINVAL;
	BUILD_BUG_ON((SBUDDY_SCOPE_MEMALLOC ^ SBUDDY_PF_MEMALLOC) |
		     (SBUDDY_SCOPE_NOIO ^ SBUDDY_PF_MEMALLOC_NOIO) |
		     (SBUDDY_SCOPE_NOFS ^ SBUDDY_PF_MEMALLOC_NOFS) |
		     (SBUDDY_SCOPE_PIN ^ SBUDDY_PF_MEMALLOC_PIN) |
		     (SBUDDY_SCOPE_RT ^ SBUDDY_PF_RT) |
		     (SBUDDY_SCOPE_INTERRUPT ^ SBUDDY_PF_INTERRUPT) |
		     (SBUDDY_SCOPE_SOFTIRQ ^ SBUDDY_PF_SOFTIRQ) |
		     (SBUDDY_SCOPE_KTHREAD ^ SBUDDY_PF_KTHREAD));
	o->task.flags = op->gfp | (o->task.flags & SBUDDY_PF_OOM_VICTIM);
	return 0;
}

static int sbuddy_op_split(struct sbuddy_owner *o, struct sbuddy_task *task __maybe_unused,
			   struct sbuddy_op *op)
{
	struct sbuddy_page *page = sbuddy_owner_slot(o, op->slot);
	unsigned int order;
	bool shown;
	u32 i, nr;
	int err;

	if (op->gfp || op->count)
		return -EINVAL;
	if (sbuddy_slot_movable(o, op->slot))
		return -EBUSY;
	if (!page)
		return -ENOENT;
	order = sbuddy_tag_order(page->tag);
	nr = 1U << order;
	shown = sbuddy_slot_shown(o, op->slot);
	err = sbuddy_op_empty_slots(o, op->slot + 1, nr - 1);
	if (!err)
		err = sbuddy_slot_evict(o, op->slot);
	if (!err)
		err = sbuddy_split_page(o->m, page, order);
	if (err)
		return err;
	sbuddy_slot_clear(o, op->slot, order);
	for (i = 0; i < nr; i++) {
		sbuddy_slot_fill(o, op->slot + i, page + i);
		if (shown)
			sbuddy_slot_mark_shown(o, op->slot + i);
	}
	op->order = 0;
	return sbuddy_op_result(o, op, page, nr);
}

static int sbuddy_op_alloc_exact(struct sbuddy_owner *o, struct sbuddy_task *task,
				 struct sbuddy_op *op)
{
	const unsigned int order = sbuddy_get_order(op->count);
	const struct sbuddy_mempolicy *pol;
	u32 i, nr = op->count;
	struct sbuddy_page *page;
	int err;

	if (op->order || !nr || nr > SBUDDY_MAX_ORDER_NR_PAGES || !sbuddy_op_gfp_valid(op->gfp) ||
	    op->gfp & SBUDDY_GFP_COMP)
		return -EINVAL;
	err = sbuddy_op_policy(o, op, &pol);
	if (!err)
		err = sbuddy_op_check_nid(o->m, op->nid);
	if (err)
		return err;
	err = sbuddy_op_empty_slots(o, op->slot, nr);
	if (err)
		return err;
	op->count = 0;
	page = sbuddy_op_alloc_pages(o, task, op, order, pol);
	page = sbuddy_make_alloc_exact(o->m, task, page, order, nr);
	if (!page)
		return -ENOMEM;
	for (i = 0; i < nr; i++)
		sbuddy_slot_fill(o, op->slot + i, page + i);
	return sbuddy_op_result(o, op, page, nr);
}

static int sbuddy_op_drain(struct sbuddy_owner *o, struct sbuddy_task *task, struct sbuddy_op *op)
{
	if (op->gfp || op->count || op->slot || op->order)
		return -EINVAL;
	if (op->cpu == SBUDDY_CPU_CURRENT)
		sbuddy_drain_all_pages(o->m, task);
	else
		sbuddy_drain_pages(o->m, task, op->cpu);
	return 0;
}

static int sbuddy_op_decay(struct sbuddy_owner *o, struct sbuddy_task *task, struct sbuddy_op *op)
{
	if (op->gfp || op->count || op->slot || op->order)
		return -EINVAL;
	if (op->cpu != SBUDDY_CPU_CURRENT) {
		sbuddy_refresh_cpu_vm_stats(o->m, task, op->cpu);
		return 0;
	}
	for (int cpu = 0; cpu < o->m->nr_vcpus; cpu++) {
		task->cpu = cpu;
		sbuddy_refresh_cpu_vm_stats(o->m, task, cpu);
	}
	return 0;
}

/*
 * Any operation, looked up by its code, on sbuddy_task::cpu.  @op is nobody
 * else's: it is looked at more than once.
 */
noinline void sbuddy_op_perform(struct sbuddy_owner *o, struct sbuddy_op *op)
{
	static int (* const ops[SBUDDY_NR_OPS])(struct sbuddy_owner *o, struct sbuddy_task *task,
						struct sbuddy_op *op) = {
		[SBUDDY_OP_ALLOC]	= sbuddy_op_alloc,
		[SBUDDY_OP_FREE]	= sbuddy_op_free,
		[SBUDDY_OP_BULK]	= sbuddy_op_bulk,
		[SBUDDY_OP_FREE_BATCH]	= sbuddy_op_free_batch,
		[SBUDDY_OP_GET]		= sbuddy_op_get,
		[SBUDDY_OP_SPLIT]	= sbuddy_op_split,
		[SBUDDY_OP_ALLOC_EXACT]	= sbuddy_op_alloc_exact,
		[SBUDDY_OP_DRAIN]	= sbuddy_op_drain,
		[SBUDDY_OP_DECAY]	= sbuddy_op_decay,
		[SBUDDY_OP_LRU]		= sbuddy_op_lru,
		[SBUDDY_OP_TOUCH]	= sbuddy_op_touch,
		[SBUDDY_OP_SCOPE]	= sbuddy_op_scope,
	};

	if (op->opcode >= SBUDDY_OP_ISOLATE && op->opcode <= SBUDDY_OP_CONTIG_FREE) {
		sbuddy_op_range(o, op);
		return;
	}
	op->pfn = SBUDDY_NO_PFN;
	op->zone = 0;
	op->err = -EINVAL;
	if (unlikely(READ_ONCE(o->killed)))
		op->err = -EOWNERDEAD;
	else if (op->opcode < SBUDDY_NR_OPS && ops[op->opcode] && sbuddy_op_flags_valid(op))
		op->err = ops[op->opcode](o, &o->task, op);
	if (op->err)
		op->count = 0;
}
