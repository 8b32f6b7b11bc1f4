// SPDX-License-Identifier: GPL-2.0
/*
 * The model's isolation and contiguous ranges.  See model.h.
 *
 * There is one owner, and nothing is ever on an LRU or reserved: what is in use
 * outside the movable zone cannot be moved.  A step that is refused names the
 * frame in the way in *bad, 0 if none.
 */
#include "model.h"

static unsigned long block_of(unsigned long pfn)
{
	return pfn / MODEL_BLOCK * MODEL_BLOCK;
}

static bool in_machine(const struct model *m, unsigned long pfn)
{
	return pfn >= m->base && pfn < m->base + m->nr;
}

static int kind(const struct model *m, unsigned long pfn)
{
	return m->kind[pfn - m->base];
}

static unsigned long size_of(const struct model *m, unsigned long pfn)
{
	return 1UL << m->order[pfn - m->base];
}

/* The compound block in use around @pfn, 0 if there is none: looked for page by page. */
static unsigned long compound_around(const struct model *m, unsigned long pfn)
{
	for (unsigned long p = pfn; in_machine(m, p) && pfn - p < 1024; p--) {
		if (kind(m, p) == MODEL_HOLE)
			return 0;
		if (kind(m, p) == MODEL_NOTHING)
			continue;
		return kind(m, p) == MODEL_USED && m->compound[p - m->base] &&
		       p + size_of(m, p) > pfn ? p : 0;
	}
	return 0;
}

static unsigned long unmovable(struct model *m, const struct model_zone *z, unsigned long from,
			       unsigned long to)
{
	if (z->idx == SBUDDY_ZONE_MOVABLE)
		return 0;
	if (compound_around(m, from))
		return from;
	for (unsigned long p = from; p < to; p++)
		if (kind(m, p) == MODEL_USED)
			return p;
	return 0;
}

/* A block of 1024 free pages that this pageblock is half of becomes two. */
static void retype(struct model *m, struct model_zone *z, int cpu, unsigned long block, int type)
{
	unsigned long head = block & ~1023UL;

	if (in_machine(m, head) && model_is_free_block(m, z, head, 10)) {
		model_unlist_block(m, z, head, 10, model_type(m, head));
		model_account(z, cpu, -1024, model_type(m, head));
		model_set_type(m, block, type);
		model_free_one(m, z, cpu, head, 9, model_type(m, head), false);
		model_free_one(m, z, cpu, head + 512, 9, model_type(m, head + 512), false);
		return;
	}
	model_move_block(m, z, cpu, block, model_type(m, block), type);
}

static int set_block(struct model *m, int cpu, unsigned long block, unsigned long from,
		     unsigned long to, unsigned long *bad)
{
	struct model_zone *z = model_zone_of(m, block);

	*bad = block;
	if (!z || model_type(m, block) == SBUDDY_MIGRATE_ISOLATE)
		return -EBUSY;
	*bad = unmovable(m, z, from > block ? from : block,
			 to < block + MODEL_BLOCK ? to : block + MODEL_BLOCK);
	if (*bad)
		return -EBUSY;
	retype(m, z, cpu, block, SBUDDY_MIGRATE_ISOLATE);
	z->isolated++;
	return 0;
}

static bool unset_block(struct model *m, int cpu, unsigned long block, int type)
{
	struct model_zone *z = model_zone_of(m, block);
	unsigned long buddy = block ^ MODEL_BLOCK;

	if (!z || model_type(m, block) != SBUDDY_MIGRATE_ISOLATE)
		return false;
	if (model_is_free_block(m, z, block, 9) && model_is_free_block(m, z, buddy, 9) &&
	    model_type(m, buddy) != SBUDDY_MIGRATE_ISOLATE) {
		model_unlist_block(m, z, block, 9, SBUDDY_MIGRATE_ISOLATE);
		model_set_type(m, block, type);
		model_free_one(m, z, cpu, block, 9, type, true);
	} else {
		retype(m, z, cpu, block, type);
	}
	z->isolated--;
	return true;
}

/* A compound block on both sides of @edge. */
static unsigned long across(const struct model *m, unsigned long edge)
{
	unsigned long head;

	if (!in_machine(m, edge - 1) || !in_machine(m, edge))
		return 0;
	head = compound_around(m, edge - 1);
	return head && head + size_of(m, head) > edge ? head : 0;
}

static int isolate_range(struct model *m, int cpu, unsigned long start, unsigned long end,
			 int type, unsigned long *bad)
{
	unsigned long first = block_of(start), last = block_of(end - 1);
	int err = set_block(m, cpu, first, first, first + MODEL_BLOCK, bad);

	if (err)
		return err;
	*bad = across(m, first);
	if (!*bad && last != first)
		err = set_block(m, cpu, last, last, last + MODEL_BLOCK, bad);
	if (!*bad && !err) {
		*bad = across(m, last + MODEL_BLOCK);
		if (*bad && last != first)
			unset_block(m, cpu, last, type);
	}
	if (*bad) {
		unset_block(m, cpu, first, type);
		return -EBUSY;
	}
	for (unsigned long b = first + MODEL_BLOCK; b < last; b += MODEL_BLOCK) {
		if (!set_block(m, cpu, b, start, end, bad))
			continue;
		for (unsigned long u = first; u < b; u += MODEL_BLOCK)
			unset_block(m, cpu, u, type);
		unset_block(m, cpu, last, type);
		return -EBUSY;
	}
	return 0;
}

static u32 undo_range(struct model *m, int cpu, unsigned long start, unsigned long end, int type)
{
	u32 frames = 0;

	for (unsigned long b = block_of(start); b < end; b += MODEL_BLOCK)
		if (unset_block(m, cpu, b, type))
			frames += MODEL_BLOCK;
	return frames;
}

static int test_range(const struct model *m, unsigned long start, unsigned long end,
		      unsigned long *bad)
{
	unsigned long p;

	for (p = start; p < end; p += MODEL_BLOCK) {
		*bad = p;
		if (model_type(m, p) != SBUDDY_MIGRATE_ISOLATE)
			return -EBUSY;
	}
	for (p = start; p < end; p += size_of(m, p)) {
		*bad = p;
		if (kind(m, p) != MODEL_FREE)
			return -EBUSY;
	}
	return 0;
}

/* ---- contiguous ranges ---- */

static bool contig_gfp(u32 gfp)
{
	const u32 no = SBUDDY_GFP_HIGH | SBUDDY_GFP_NOFAIL | SBUDDY_GFP_NORETRY |
		       SBUDDY_GFP_MEMALLOC | SBUDDY_GFP_NOMEMALLOC | SBUDDY_GFP_ACCOUNT |
		       SBUDDY_GFP_NO_OBJ_EXT;

	return !(gfp & no);
}

static unsigned long free_block_around(const struct model *m, unsigned long pfn)
{
	for (unsigned long p = pfn; in_machine(m, p) && pfn - p < 1024; p--)
		if (kind(m, p) == MODEL_FREE)
			return p + size_of(m, p) > pfn ? p : pfn;
	return pfn;
}

static void single_page(struct model *m, unsigned long pfn)
{
	m->kind[pfn - m->base] = MODEL_USED;
	m->order[pfn - m->base] = 0;
	m->compound[pfn - m->base] = 0;
	m->ref[pfn - m->base] = 1;
}

/* One compound block: its head says all. */
static void compound(struct model *m, unsigned long pfn, unsigned long nr)
{
	for (unsigned long p = pfn; p < pfn + nr; p++) {
		m->kind[p - m->base] = p == pfn ? MODEL_USED : MODEL_NOTHING;
		m->order[p - m->base] = 0;
		m->ref[p - m->base] = p == pfn;
	}
	while (1UL << m->order[pfn - m->base] < nr)
		m->order[pfn - m->base]++;
	m->compound[pfn - m->base] = nr > 1;
}

/* Everything from @from on that is free, until @end is reached; the frames behind it. */
static unsigned long take(struct model *m, struct model_zone *z, unsigned long from,
			  unsigned long end)
{
	unsigned long p = from;

	while (p < end) {
		unsigned long n = size_of(m, p);

		model_unlist_block(m, z, p, m->order[p - m->base], SBUDDY_MIGRATE_ISOLATE);
		for (unsigned long i = p; i < p + n; i++)
			single_page(m, i);
		p += n;
	}
	return p;
}

static int contig_taken(struct model *m, int cpu, struct model_zone *z, unsigned long start,
			unsigned long end, u32 gfp, unsigned long *bad)
{
	unsigned long from = free_block_around(m, start), to;
	u8 orders[2048];
	int err = test_range(m, from, end, bad), n = 0;

	if (err)
		return err;
	if ((gfp & SBUDDY_GFP_COMP) && end - start <= 1024)
		for (unsigned long p = from; p < end; p += size_of(m, p))
			orders[n++] = m->order[p - m->base];
	to = take(m, z, from, end);
	if (!(gfp & SBUDDY_GFP_COMP)) {
		for (unsigned long p = from; p < start; p++)
			model_put(m, cpu, p);
		for (unsigned long p = end; p < to; p++)
			model_put(m, cpu, p);
		return 0;
	}
	if (from == start && to == end && !((end - start) & (end - start - 1)) &&
	    start % (end - start) == 0) {
		compound(m, start, end - start);
		return 0;
	}
	/* the kernel loses these pages; here they go back as they were taken */
	to = from;
	for (int i = 0; i < n; i++) {
		compound(m, to, 1UL << orders[i]);
		m->compound[to - m->base] = 0;
		model_put(m, cpu, to);
		to += 1UL << orders[i];
	}
	return -EINVAL;
}

static int contig_range(struct model *m, int cpu, unsigned long start, unsigned long end,
			u32 gfp, unsigned long *bad)
{
	struct model_zone *z = model_zone_of(m, start);
	int err;

	if ((gfp & SBUDDY_GFP_COMP) && end - start > 1024)
		return -EOPNOTSUPP;
	*bad = start;
	if (!z)
		return -EBUSY;
	err = isolate_range(m, cpu, start, end, SBUDDY_MIGRATE_MOVABLE, bad);
	for (int c = 0; c < m->vcpus && !err; c++)
		model_drain_zone(m, z, cpu, c);
	if (!err)
		err = contig_taken(m, cpu, z, start, end, gfp, bad);
	undo_range(m, cpu, start, end, SBUDDY_MIGRATE_MOVABLE);
	return err;
}

static bool all_in(struct model *m, const struct model_zone *z, unsigned long start,
		   unsigned long nr)
{
	for (unsigned long p = start; p < start + nr; p++)
		if (model_zone_of(m, p) != z)
			return false;
	return true;
}

static unsigned long contig_pages(struct model *m, int cpu, unsigned long nr, u32 gfp, int nid)
{
	struct model_zone *zones[MODEL_NODES * MODEL_ZONES];
	int n = model_zones_for(m, cpu, gfp, nid, zones);
	unsigned long bad;

	for (int i = 0; i < n; i++) {
		unsigned long p = (zones[i]->start + nr - 1) & ~(nr - 1);

		for (; p >= zones[i]->start && p + nr <= zones[i]->end; p += nr)
			if (all_in(m, zones[i], p, nr) &&
			    !contig_range(m, cpu, p, p + nr, gfp, &bad))
				return p;
	}
	return 0;
}

/* ---- operations ---- */

/* Frames of one zone, or none; what is not there is another matter. */
static int range_error(struct model *m, unsigned long start, u64 count)
{
	struct model_zone *z = NULL;

	if (start + count <= start)
		return -EINVAL;
	if (!in_machine(m, start) || !in_machine(m, start + count - 1))
		return -ENOENT;
	for (unsigned long p = start; p < start + count; p++) {
		struct model_zone *here = model_zone_of(m, p);

		if (z && here && here != z)
			return -EINVAL;
		if (here)
			z = here;
	}
	return 0;
}

static int isolate_op(struct model *m, int cpu, struct sbuddy_op *op, unsigned long start,
		      unsigned long *bad)
{
	unsigned long end = start + op->count;
	bool single = op->flags & SBUDDY_ISOLATE_SINGLE;
	int err;

	if (op->opcode == SBUDDY_OP_TEST_ISOLATED) {
		op->pfn = start;
		return test_range(m, start, end, bad);
	}
	if (single && block_of(start) != block_of(end - 1))
		return -EINVAL;
	op->pfn = block_of(start);
	if (op->opcode == SBUDDY_OP_UNISOLATE) {
		op->count = undo_range(m, cpu, start, end, op->order);
		return 0;
	}
	err = single ? set_block(m, cpu, block_of(start), start, end, bad)
		     : isolate_range(m, cpu, start, end, op->order, bad);
	op->count = block_of(end - 1) + MODEL_BLOCK - block_of(start);
	return err;
}

static int run_isolate(struct model *m, int cpu, struct sbuddy_op *op, unsigned long start,
		       unsigned long *bad)
{
	unsigned int modes = 0;
	int err;

	if (op->opcode == SBUDDY_OP_ISOLATE)
		modes = SBUDDY_ISOLATE_MODES;
	if (op->opcode == SBUDDY_OP_TEST_ISOLATED)
		modes = SBUDDY_ISOLATE_OFFLINE;
	if (op->gfp || op->slot || op->flags & ~modes || op->order > 2 || !op->count ||
	    op->count > SBUDDY_MAX_ISOLATE)
		return -EINVAL;
	err = range_error(m, start, op->count);
	return err ? err : isolate_op(m, cpu, op, start, bad);
}

static int run_contig_alloc(struct model *m, int cpu, struct sbuddy_op *op, unsigned long start,
			    unsigned long *bad)
{
	bool comp = op->gfp & SBUDDY_GFP_COMP;
	unsigned long nr = op->count;
	int err;

	if (op->flags || op->order || !nr || nr > SBUDDY_MAX_CONTIG || !model_gfp_valid(op->gfp) ||
	    !contig_gfp(op->gfp))
		return -EINVAL;
	err = start == SBUDDY_NO_PFN ? model_nid_error(m, op->nid) : 0;
	if (err)
		return err;
	if (op->slot == SBUDDY_SLOT_ANY)
		op->slot = model_free_slots(m, comp ? 1 : nr);
	err = model_slots_empty(m, op->slot, comp ? 1 : nr);
	if (err)
		return err;
	if (start == SBUDDY_NO_PFN) {
		start = contig_pages(m, cpu, nr, op->gfp, op->nid);
		err = start ? 0 : -ENOMEM;
	} else {
		err = range_error(m, start, nr);
		if (!err)
			err = contig_range(m, cpu, start, start + nr, op->gfp, bad);
	}
	if (err)
		return err;
	for (unsigned long i = 0; i < (comp ? 1 : nr); i++)
		m->slot[op->slot + i] = start + i;
	op->pfn = start;
	op->order = m->order[start - m->base];
	return 0;
}

static int run_contig_free(struct model *m, int cpu, struct sbuddy_op *op)
{
	unsigned long first, nr = op->count;
	u32 pages = 0;

	if (op->flags || op->order || op->gfp || !nr || nr > SBUDDY_MAX_CONTIG)
		return -EINVAL;
	first = op->slot < MODEL_SLOTS ? m->slot[op->slot] : 0;
	if (!first)
		return -ENOENT;
	op->pfn = first;
	if (m->compound[first - m->base]) {
		if (nr != size_of(m, first))
			return -EINVAL;
		nr = 1;
	} else if (op->slot + nr > SBUDDY_MAX_SLOTS) {
		return -EINVAL;
	}
	for (unsigned long i = 0; i < nr && !m->compound[first - m->base]; i++) {
		unsigned long p = op->slot + i < MODEL_SLOTS ? m->slot[op->slot + i] : 0;

		if (!p)
			return -ENOENT;
		if (p != first + i || m->order[p - m->base])
			return -EINVAL;
	}
	for (unsigned long i = 0; i < nr; i++) {
		unsigned long p = first + i;

		if (m->ref[p - m->base] == 1) {
			m->slot[op->slot + i] = 0;
			pages += size_of(m, p);
		}
		model_put(m, cpu, p);
	}
	op->count = pages;
	return 0;
}

int model_run_range(struct model *m, int cpu, struct sbuddy_op *op)
{
	unsigned long start = op->pfn, bad = 0;
	struct model_zone *z;
	int err;

	op->pfn = SBUDDY_NO_PFN;
	op->zone = 0;
	if (m->old)
		return -EOPNOTSUPP;
	if (op->opcode == SBUDDY_OP_CONTIG_ALLOC)
		err = run_contig_alloc(m, cpu, op, start, &bad);
	else if (op->opcode == SBUDDY_OP_CONTIG_FREE)
		err = run_contig_free(m, cpu, op);
	else
		err = run_isolate(m, cpu, op, start, &bad);
	z = model_zone_of(m, op->pfn);
	if (err)
		op->pfn = err == -EBUSY && bad ? bad : SBUDDY_NO_PFN;
	else if (z)
		op->zone = z->node * 16 + z->idx;
	return err;
}
