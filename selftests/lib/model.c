// SPDX-License-Identifier: GPL-2.0
/*
 * The model's buddy: lists of frames, merging, claiming and stealing.  See
 * model.h.
 */
#include "model.h"

/* ---- lists ---- */

static void model_grow(struct model_list *l)
{
	if (l->nr < l->room)
		return;
	l->room = l->room ? l->room * 2 : 16;
	l->pfn = realloc(l->pfn, l->room * sizeof(*l->pfn));
	if (!l->pfn)
		abort();
}

void model_push(struct model_list *l, unsigned long pfn, bool tail)
{
	model_grow(l);
	if (!tail)
		memmove(l->pfn + 1, l->pfn, l->nr * sizeof(*l->pfn));
	l->pfn[tail ? l->nr : 0] = pfn;
	l->nr++;
}

bool model_remove(struct model_list *l, unsigned long pfn)
{
	for (int i = 0; i < l->nr; i++) {
		if (l->pfn[i] != pfn)
			continue;
		memmove(l->pfn + i, l->pfn + i + 1, (l->nr - i - 1) * sizeof(*l->pfn));
		l->nr--;
		return true;
	}
	return false;
}

unsigned long model_pop_head(struct model_list *l)
{
	unsigned long pfn = l->pfn[0];

	model_remove(l, pfn);
	return pfn;
}

unsigned long model_pop_tail(struct model_list *l)
{
	return l->pfn[--l->nr];
}

/* ---- frames ---- */

/* NULL in a hole and outside the machine. */
struct model_zone *model_zone_of(struct model *m, unsigned long pfn)
{
	int owner;

	if (pfn < m->base || pfn >= m->base + m->nr || m->kind[pfn - m->base] == MODEL_HOLE)
		return NULL;
	owner = m->owner[(pfn - m->base) / MODEL_BLOCK];
	return &m->zone[owner / MODEL_ZONES][owner % MODEL_ZONES];
}

int model_type(const struct model *m, unsigned long pfn)
{
	return m->type[(pfn - m->base) / MODEL_BLOCK];
}

void model_set_type(struct model *m, unsigned long pfn, int type)
{
	if (m->no_grouping && type < 3)
		type = SBUDDY_MIGRATE_UNMOVABLE;
	m->type[(pfn - m->base) / MODEL_BLOCK] = type;
}

static void model_set_types(struct model *m, unsigned long pfn, int order, int type)
{
	for (unsigned long p = pfn; p < pfn + (1UL << order); p += MODEL_BLOCK)
		model_set_type(m, p, type);
}

bool model_is_free_block(struct model *m, const struct model_zone *z, unsigned long pfn,
			 int order)
{
	if (pfn < m->base || pfn >= m->base + m->nr)
		return false;
	return m->kind[pfn - m->base] == MODEL_FREE && m->order[pfn - m->base] == order &&
	       model_zone_of(m, pfn) == z;
}

/* ---- counters ---- */

void model_account(struct model_zone *z, int cpu, long n, int type)
{
	long x = z->diff[cpu] + n;

	if (type == SBUDDY_MIGRATE_ISOLATE)
		return;
	if (labs(x) > z->threshold[cpu]) {
		z->nr_free += x;
		z->diff[cpu] = 0;
	} else {
		z->diff[cpu] = x;
	}
	if (type == SBUDDY_MIGRATE_HIGHATOMIC && !z->old)
		z->free_highatomic += n;
}

/* ---- putting on and taking off lists, without accounting ---- */

void model_list_block(struct model *m, struct model_zone *z, unsigned long pfn, int order,
		      int type, bool tail)
{
	model_push(&z->free[order][type], pfn, tail);
	m->kind[pfn - m->base] = MODEL_FREE;
	m->order[pfn - m->base] = order;
	m->on[pfn - m->base] = type;
}

/*
 * Without grouping what comes out of isolation is listed under the type asked
 * for, though its pageblock says Unmovable.
 */
void model_unlist_block(struct model *m, struct model_zone *z, unsigned long pfn, int order,
			int type)
{
	bool found = model_remove(&z->free[order][type], pfn);

	for (int t = 0; t < 3 && !found && m->no_grouping; t++)
		found = model_remove(&z->free[order][t], pfn);
	if (!found)
		abort();
	m->kind[pfn - m->base] = MODEL_NOTHING;
	m->order[pfn - m->base] = 0;
}

/* Halves @pfn down to @low: upper halves to the heads.  Returns the pages given back. */
static long model_expand(struct model *m, struct model_zone *z, unsigned long pfn, int high,
			 int low, int type)
{
	long back = 0;

	for (int o = high - 1; o >= low; o--) {
		model_list_block(m, z, pfn + (1UL << o), o, type, false);
		back += 1L << o;
	}
	return back;
}

/* Not counted. */
unsigned long model_take(struct model *m, struct model_zone *z, int order, int type)
{
	for (int o = order; o < MODEL_ORDERS; o++) {
		unsigned long pfn;

		if (!z->free[o][type].nr)
			continue;
		pfn = z->free[o][type].pfn[0];
		model_unlist_block(m, z, pfn, o, type);
		model_expand(m, z, pfn, o, order, type);
		return pfn;
	}
	return 0;
}

unsigned long model_smallest(struct model *m, struct model_zone *z, int cpu, int order, int type)
{
	unsigned long pfn = model_take(m, z, order, type);

	if (pfn)
		model_account(z, cpu, -(1L << order), type);
	return pfn;
}

/* ---- freeing ---- */

static bool model_may_merge(struct model *m, unsigned long buddy, int order, int type)
{
	int other = model_type(m, buddy);

	if (order < 9 || other == type)
		return true;
	return other < 3 && type < 3;
}

void model_free_one(struct model *m, struct model_zone *z, int cpu, unsigned long pfn,
		    int order, int type, bool to_tail)
{
	unsigned long parent;

	m->kind[pfn - m->base] = MODEL_NOTHING;
	model_account(z, cpu, 1L << order, type);
	while (order < 10) {
		unsigned long buddy = pfn ^ (1UL << order);

		if (!model_is_free_block(m, z, buddy, order) ||
		    !model_may_merge(m, buddy, order, type))
			break;
		model_unlist_block(m, z, buddy, order,
				   z->old ? m->on[buddy - m->base] : model_type(m, buddy));
		if (!z->old && order >= 9 && model_type(m, buddy) != type)
			model_set_types(m, buddy, order, type);
		pfn = pfn < buddy ? pfn : buddy;
		order++;
	}
	parent = pfn & ~(1UL << order);
	if (order <= 8 && model_is_free_block(m, z, parent ^ (1UL << (order + 1)), order + 1))
		to_tail = true;
	model_list_block(m, z, pfn, order, type, to_tail);
}

/* Past the pcp lists; order 10 as two pieces, each with its own block's type, but in 6.1. */
void model_free_to_buddy(struct model *m, int cpu, unsigned long pfn, int order, bool to_tail)
{
	struct model_zone *z = model_zone_of(m, pfn);

	if (order == 10 && !z->old) {
		m->kind[pfn - m->base] = MODEL_NOTHING;
		model_free_one(m, z, cpu, pfn, 9, model_type(m, pfn), to_tail);
		pfn += MODEL_BLOCK;
		order = 9;
	}
	model_free_one(m, z, cpu, pfn, order, model_type(m, pfn), to_tail);
}

/* ---- fallback ---- */

static const int model_fallbacks[3][2] = {
	{ SBUDDY_MIGRATE_RECLAIMABLE, SBUDDY_MIGRATE_MOVABLE },
	{ SBUDDY_MIGRATE_RECLAIMABLE, SBUDDY_MIGRATE_UNMOVABLE },
	{ SBUDDY_MIGRATE_UNMOVABLE, SBUDDY_MIGRATE_MOVABLE },
};

int model_fallback_type(const struct model_zone *z, int order, int type)
{
	for (int i = 0; i < 2; i++)
		if (z->free[order][model_fallbacks[type][i]].nr)
			return model_fallbacks[type][i];
	return -1;
}

bool model_can_steal(const struct model *m, int order, int type)
{
	return order >= 4 || type != SBUDDY_MIGRATE_MOVABLE || m->no_grouping;
}

bool model_boost(const struct model *m, struct model_zone *z)
{
	long limit;

	if (!m->boost_factor || z->managed < 2048)
		return false;
	limit = model_mult_frac(z->wmark[2], m->boost_factor, 10000);
	if (!limit)
		return false;
	if (limit < 512)
		limit = 512;
	z->boost += 512;
	if (z->boost > limit)
		z->boost = limit;
	return true;
}

static bool model_block_in_zone(const struct model_zone *z, unsigned long start)
{
	return start >= z->start && start + MODEL_BLOCK <= z->end;
}

/* Every free block of a pageblock to the tail of (its order, @to), ascending. */
void model_move_block(struct model *m, struct model_zone *z, int cpu, unsigned long start,
		      int from, int to)
{
	for (unsigned long p = start; p < start + MODEL_BLOCK;) {
		int order = m->order[p - m->base];

		if (m->kind[p - m->base] != MODEL_FREE) {
			p++;
			continue;
		}
		model_unlist_block(m, z, p, order, from);
		model_account(z, cpu, -(1L << order), from);
		model_list_block(m, z, p, order, to, true);
		model_account(z, cpu, 1L << order, to);
		p += 1UL << order;
	}
	model_set_type(m, start, to);
}

static long model_free_in_block(const struct model *m, unsigned long start)
{
	long free = 0;

	for (unsigned long p = start; p < start + MODEL_BLOCK; p++)
		if (m->kind[p - m->base] == MODEL_FREE)
			free += 1L << m->order[p - m->base];
	return free;
}

/* No page of the model is on an LRU, so none is known to be movable. */
static long model_alike(const struct model *m, unsigned long start, int type, long free)
{
	if (type == SBUDDY_MIGRATE_MOVABLE)
		return 0;
	return model_type(m, start) == SBUDDY_MIGRATE_MOVABLE ? 512 - free : 0;
}

static unsigned long model_claim_candidate(struct model *m, struct model_zone *z, int cpu,
					   unsigned long pfn, int o, int order, int type,
					   unsigned int flags)
{
	unsigned long start = pfn & ~(MODEL_BLOCK - 1);
	int from = model_type(m, pfn);
	long free;

	if (from == SBUDDY_MIGRATE_HIGHATOMIC)
		return 0;
	if (o >= 9) {
		model_unlist_block(m, z, pfn, o, from);
		model_account(z, cpu, -(1L << o), from);
		model_set_types(m, pfn, o, type);
		model_account(z, cpu, model_expand(m, z, pfn, o, order, type), type);
		return pfn;
	}
	if (model_boost(m, z) && (flags & MODEL_KSWAPD))
		z->flags |= 1;
	if (!model_block_in_zone(z, start))
		return 0;
	free = model_free_in_block(m, start);
	if (free + model_alike(m, start, type, free) < 256 && !m->no_grouping)
		return 0;
	model_move_block(m, z, cpu, start, from, type);
	return model_smallest(m, z, cpu, order, type);
}

static unsigned long model_claim(struct model *m, struct model_zone *z, int cpu, int order,
				 int type, unsigned int flags)
{
	int lowest = order < 9 && (flags & MODEL_NOFRAGMENT) ? 9 : order;

	for (int o = 10; o >= lowest; o--) {
		int from = model_fallback_type(z, o, type);
		unsigned long pfn;

		if (from < 0)
			continue;
		if (!model_can_steal(m, o, type))
			return 0;
		pfn = model_claim_candidate(m, z, cpu, z->free[o][from].pfn[0], o, order, type,
					    flags);
		if (pfn)
			return pfn;
	}
	return 0;
}

static unsigned long model_steal(struct model *m, struct model_zone *z, int cpu, int order,
				 int type)
{
	for (int o = order; o < MODEL_ORDERS; o++) {
		int from = model_fallback_type(z, o, type);
		unsigned long pfn;

		if (from < 0)
			continue;
		pfn = z->free[o][from].pfn[0];
		model_unlist_block(m, z, pfn, o, from);
		model_expand(m, z, pfn, o, order, from);
		model_account(z, cpu, -(1L << order), from);
		return pfn;
	}
	return 0;
}

/* @mode: 0 normal, 2 claim, 3 steal; kept by the caller over one lock hold. */
unsigned long model_rmqueue_one(struct model *m, struct model_zone *z, int cpu, int order,
				int type, unsigned int flags, int *mode)
{
	unsigned long pfn = 0;

	if (*mode == 0)
		pfn = model_smallest(m, z, cpu, order, type);
	if (pfn)
		return pfn;
	if (*mode <= 2)
		pfn = model_claim(m, z, cpu, order, type, flags);
	if (pfn) {
		*mode = 0;
		return pfn;
	}
	if (!(flags & MODEL_NOFRAGMENT))
		pfn = model_steal(m, z, cpu, order, type);
	if (pfn)
		*mode = 3;
	return pfn;
}

/* ---- high-atomic ---- */

void model_reserve_highatomic(struct model *m, struct model_zone *z, int cpu, unsigned long pfn,
			      int order)
{
	long percent = z->managed / 100, limit = (percent + 511) / 512 * 512;
	unsigned long start = pfn & ~(MODEL_BLOCK - 1);
	int from = model_type(m, pfn);

	if (z->old) {
		model_reserve_highatomic_61(m, z, pfn);
		return;
	}
	if (percent < 512 || z->reserved_highatomic >= limit || from >= 3)
		return;
	if (order >= 9) {
		model_set_types(m, pfn, order, SBUDDY_MIGRATE_HIGHATOMIC);
		z->reserved_highatomic += 1L << order;
		return;
	}
	if (!model_block_in_zone(z, start))
		return;
	model_move_block(m, z, cpu, start, from, SBUDDY_MIGRATE_HIGHATOMIC);
	z->reserved_highatomic += 512;
}
