// SPDX-License-Identifier: GPL-2.0
/*
 * The model's 6.1: fallback in one try, lists that may differ from pageblock
 * types, one fixed per-CPU mark.  See model.h.
 */
#include "model.h"

#define BOOSTED		1
#define RECLAIM_ACTIVE	2

/* ---- the buddy ---- */

static void move_one(struct model *m, struct model_zone *z, unsigned long pfn, int to)
{
	int order = m->order[pfn - m->base];

	model_unlist_block(m, z, pfn, order, m->on[pfn - m->base]);
	model_list_block(m, z, pfn, order, to, true);
}

/* All free blocks of a pageblock; the zone begins and ends with one here.  Returns pages. */
static long move_all(struct model *m, struct model_zone *z, unsigned long start, int to)
{
	long moved = 0;

	for (unsigned long p = start; p < start + MODEL_BLOCK; p++) {
		if (m->kind[p - m->base] != MODEL_FREE)
			continue;
		moved += 1L << m->order[p - m->base];
		move_one(m, z, p, to);
	}
	return moved;
}

static void invade(struct model *m, struct model_zone *z, unsigned long pfn, int type, bool whole,
		   unsigned int flags)
{
	int order = m->order[pfn - m->base], block = model_type(m, pfn);
	unsigned long start = pfn & ~(MODEL_BLOCK - 1);
	long good;

	if (block == SBUDDY_MIGRATE_HIGHATOMIC) {
		move_one(m, z, pfn, type);
		return;
	}
	if (order >= 9) {
		for (unsigned long p = pfn; p < pfn + (1UL << order); p += MODEL_BLOCK)
			model_set_type(m, p, type);
		move_one(m, z, pfn, type);
		return;
	}
	if (model_boost(m, z) && (flags & MODEL_KSWAPD))
		z->flags |= BOOSTED;
	if (!whole) {
		move_one(m, z, pfn, type);
		return;
	}
	good = move_all(m, z, start, type);
	if (type != SBUDDY_MIGRATE_MOVABLE && block == SBUDDY_MIGRATE_MOVABLE)
		good = 512;		/* what is not free is alike: nothing is on an LRU */
	if (good >= 256 || m->no_grouping)
		model_set_type(m, start, type);
}

static bool fall_back(struct model *m, struct model_zone *z, int order, int type,
		      unsigned int flags)
{
	int lowest = order < 9 && (flags & MODEL_NOFRAGMENT) ? 9 : order;
	int o = 10, from = -1;

	while (o >= lowest && (from = model_fallback_type(z, o, type)) < 0)
		o--;
	if (from < 0)
		return false;
	if (!model_can_steal(m, o, type) && type == SBUDDY_MIGRATE_MOVABLE && o > order) {
		o = order;
		while ((from = model_fallback_type(z, o, type)) < 0)
			o++;
	}
	invade(m, z, z->free[o][from].pfn[0], type, model_can_steal(m, o, type), flags);
	return true;
}

/* Not counted. */
static unsigned long take_or_fall_back(struct model *m, struct model_zone *z, int order, int type,
				       unsigned int flags)
{
	unsigned long pfn;

	do {
		pfn = model_take(m, z, order, type);
	} while (!pfn && fall_back(m, z, order, type, flags));
	return pfn;
}

unsigned long model_rmqueue_61(struct model *m, struct model_zone *z, int cpu, int order, int type,
			       unsigned int flags)
{
	unsigned long pfn = take_or_fall_back(m, z, order, type, flags);

	if (pfn)
		model_account(z, cpu, -(1L << order), type);
	return pfn;
}

void model_reserve_highatomic_61(struct model *m, struct model_zone *z, unsigned long pfn)
{
	if (z->reserved_highatomic >= (long)z->managed / 100 + 512 || model_type(m, pfn) >= 3)
		return;
	z->reserved_highatomic += 512;
	z->free_highatomic = z->reserved_highatomic;
	model_set_type(m, pfn, SBUDDY_MIGRATE_HIGHATOMIC);
	move_all(m, z, pfn & ~(MODEL_BLOCK - 1), SBUDDY_MIGRATE_HIGHATOMIC);
}

/* ---- per-CPU lists ---- */

void model_refill_61(struct model *m, struct model_zone *z, int cpu, int order, int type,
		     unsigned int flags, struct model_list *l)
{
	struct model_pcp *p = &z->pcp[cpu];
	int want = p->batch, got = 0;

	if (want > 1) {
		want >>= order;
		if (want < 2)
			want = 2;
	}
	while (got < want) {
		unsigned long pfn = take_or_fall_back(m, z, order, type, flags);

		if (!pfn)
			break;
		m->kind[pfn - m->base] = MODEL_PCP;
		m->order[pfn - m->base] = order;
		m->on[pfn - m->base] = type;
		model_push(l, pfn, true);
		got++;
	}
	p->count += got << order;
	model_account(z, cpu, -((long)got << order), SBUDDY_MIGRATE_UNMOVABLE);
}

/* Pages to drain after a free, 0 for none. */
int model_excess_61(const struct model_zone *z, struct model_pcp *p, int order)
{
	bool all = p->free_count && order >= 1 && order <= 3;
	int mark = p->high, n;

	if ((z->flags & RECLAIM_ACTIVE) && mark > 4 * p->batch)
		mark = 4 * p->batch;
	if (all)
		return p->count;
	if (p->count < mark)
		return 0;
	if (mark < p->batch)
		return 1;
	n = p->batch << p->free_count;
	if (n < mark - p->batch && p->free_count < 5)
		p->free_count++;
	if (n < p->batch)
		n = p->batch;
	return n > mark - p->batch ? mark - p->batch : n;
}

/* ---- batches ---- */

/* Blocks as they come, the pages after them and backwards. */
void model_put_batch_61(struct model *m, int cpu, const unsigned long *pfn, int n)
{
	unsigned long *pages = calloc(n, sizeof(*pages));
	int nr = 0;

	if (!pages)
		abort();
	for (int i = 0; i < n; i++) {
		int order = m->order[pfn[i] - m->base];

		if (--m->ref[pfn[i] - m->base])
			continue;
		if (order)
			model_free_block(m, cpu, pfn[i], order);
		else
			pages[nr++] = pfn[i];
	}
	while (nr--)
		model_free_block(m, cpu, pages[nr], 0);
	free(pages);
}
