// SPDX-License-Identifier: GPL-2.0
/*
 * The model's per-CPU lists.  See model.h.
 */
#include "model.h"

#define RECLAIM_ACTIVE	2
#define BELOW_HIGH	4

#define PREV_HIGH_ORDER	1
#define LARGE_CACHE	2

static int at_most(int a, int b)
{
	return a < b ? a : b;
}

static int at_least(int a, int b)
{
	return a > b ? a : b;
}

/* The upper limit wins where the limits cross. */
static int clamp_high(int v, int lo, int hi)
{
	if (v >= hi)
		return hi;
	if (v <= lo)
		return lo;
	return v;
}

bool model_has_pcp(int order)
{
	return order <= 3 || order == 9;
}

static int list_index(int type, int order)
{
	if (order == 9)
		return type == SBUDDY_MIGRATE_MOVABLE ? 13 : 12;
	return 3 * order + type;
}

static int list_order(int index)
{
	return index >= 12 ? 9 : index / 3;
}

/* ---- refill ---- */

static int refill_blocks(const struct model_zone *z, struct model_pcp *p, int order)
{
	int bb = p->batch, b, m;

	p->high = clamp_high(p->high, p->high_min, p->high_max);
	if (p->high < bb)
		return 1;
	b = order ? bb : bb << p->alloc_factor;
	if (p->high_min != p->high_max && !(z->flags & BELOW_HIGH))
		p->high = at_most(p->high + b, p->high_max);
	if (order == 0) {
		m = at_least(p->high - p->count - bb, bb);
		if (b <= m && p->alloc_factor < 5)
			p->alloc_factor++;
		b = at_most(b, m);
	}
	if (b > 1)
		b = at_least(b >> order, 2);
	return b;
}

/* Takes the head of the list, after a refill if it is empty; 0 if nothing came. */
unsigned long model_pcp_take(struct model *m, struct model_zone *z, int cpu, int order, int type,
			     unsigned int flags)
{
	struct model_pcp *p = &z->pcp[cpu];
	struct model_list *l = &p->list[list_index(type, order)];
	unsigned long pfn;
	int mode = 0;

	if (!l->nr && z->old) {
		model_refill_61(m, z, cpu, order, type, flags, l);
	} else if (!l->nr) {
		for (int n = refill_blocks(z, p, order); n > 0; n--) {
			pfn = model_rmqueue_one(m, z, cpu, order, type, flags, &mode);
			if (!pfn)
				break;
			m->kind[pfn - m->base] = MODEL_PCP;
			m->order[pfn - m->base] = order;
			model_push(l, pfn, true);
			p->count += 1 << order;
		}
	}
	if (!l->nr)
		return 0;
	p->count -= 1 << order;
	return model_pop_head(l);
}

/* ---- drains ---- */

static void drain(struct model *m, struct model_zone *z, int task_cpu, struct model_pcp *p, int n,
		  int index)
{
	n = at_most(n, p->count);
	while (n > 0) {
		int order = list_order(index);

		while (n > 0 && p->list[index].nr) {
			unsigned long pfn = model_pop_tail(&p->list[index]);
			int type = z->old && !z->isolated ? m->on[pfn - m->base] :
							    model_type(m, pfn);

			n -= 1 << order;
			p->count -= 1 << order;
			model_free_one(m, z, task_cpu, pfn, order, type, false);
		}
		index = (index + 1) % MODEL_PCP_LISTS;
	}
}

void model_drain_zone(struct model *m, struct model_zone *z, int task_cpu, int cpu)
{
	struct model_pcp *p = &z->pcp[cpu];

	while (p->count)
		drain(m, z, task_cpu, p, at_most(p->count, p->batch << 5), 0);
}

void model_drain_cpu(struct model *m, int task_cpu, int cpu)
{
	for (int n = 0; n < MODEL_NODES; n++)
		for (int i = 0; i < MODEL_ZONES; i++)
			model_drain_zone(m, &m->zone[n][i], task_cpu, cpu);
}

void model_drain_all(struct model *m, int task_cpu)
{
	for (int cpu = 0; cpu < m->vcpus; cpu++)
		model_drain_cpu(m, task_cpu, cpu);
}

/* ---- commit of a freed block ---- */

static int threshold(const struct model_zone *z, struct model_pcp *p, bool free_high)
{
	int b = p->batch, need, old;

	p->high = clamp_high(p->high, p->high_min, p->high_max);
	if (p->high == 0)
		return 0;
	if (free_high) {
		p->high = at_least(p->high - (b << 5), p->high_min);
		return 0;
	}
	if (z->flags & RECLAIM_ACTIVE) {
		p->high = at_least(p->high - at_least(p->free_count, b), p->high_min);
		return at_most(4 * b, p->high);
	}
	if (p->high_min == p->high_max)
		return p->high;
	if (z->flags & BELOW_HIGH) {
		p->high = at_least(p->high - at_least(p->free_count, b), p->high_min);
		return at_least(p->count, p->high_min);
	}
	old = p->high;
	need = p->free_count + b;
	if (p->count >= old && old < need)
		p->high = clamp_high(need, p->high_min, p->high_max);
	return old;
}

static int amount(const struct model_pcp *p, int hi, bool free_high)
{
	if (free_high)
		return at_most(p->count, p->batch << 5);
	if (hi < p->batch)
		return 1;
	return clamp_high(p->free_count, p->batch, hi - p->batch);
}

static bool is_free_high(struct model_pcp *p, int order)
{
	bool yes;

	if (order < 1 || order > 3) {
		p->flags &= ~PREV_HIGH_ORDER;
		return false;
	}
	yes = p->free_count >= p->batch && (p->flags & PREV_HIGH_ORDER) &&
	      (!(p->flags & LARGE_CACHE) || p->count >= p->batch);
	p->flags |= PREV_HIGH_ORDER;
	return yes;
}

void model_pcp_commit(struct model *m, struct model_zone *z, int cpu, unsigned long pfn,
		      int order, int type)
{
	struct model_pcp *p = &z->pcp[cpu];
	int index = list_index(type, order), hi;
	bool free_high;

	p->alloc_factor >>= 1;
	z->pgfree += 1UL << order;
	m->kind[pfn - m->base] = MODEL_PCP;
	m->order[pfn - m->base] = order;
	model_push(&p->list[index], pfn, false);
	p->count += 1 << order;
	if (z->old) {
		m->on[pfn - m->base] = model_type(m, pfn);
		drain(m, z, cpu, p, model_excess_61(z, p, order), index);
		return;
	}
	free_high = is_free_high(p, order);
	if (p->free_count < p->batch << 5)
		p->free_count += 1 << order;
	hi = threshold(z, p, free_high);
	if (p->count < hi)
		return;
	drain(m, z, cpu, p, amount(p, hi, free_high), index);
	if ((z->flags & BELOW_HIGH) && model_plain_ok(z, 0, z->wmark[2] + z->boost, 3, 0))
		z->flags &= ~BELOW_HIGH;
}

/* ---- the vmstat period ---- */

static void decay(struct model *m, struct model_zone *z, int task_cpu, struct model_pcp *p)
{
	int left;

	if (p->high > p->high_min)
		p->high = at_least(at_least(p->count - (p->batch << 5), p->high - p->high / 8),
				   p->high_min);
	left = p->count - p->high;
	while (left > 0) {
		int n = at_most(left, p->batch);

		drain(m, z, task_cpu, p, n, 0);
		left -= n;
	}
}

static void expire(struct model *m, struct model_zone *z, int task_cpu, int cpu)
{
	struct model_pcp *p = &z->pcp[cpu];

	if (!p->expire || !p->count)
		return;
	if (z->node == m->cpu_node[cpu])
		p->expire = 0;
	else if (--p->expire == 0)
		drain(m, z, task_cpu, p, at_most(p->count, p->batch), 0);
}

void model_period(struct model *m, int task_cpu, int cpu)
{
	for (int n = 0; n < MODEL_NODES; n++)
		for (int i = 0; i < MODEL_ZONES; i++) {
			struct model_zone *z = &m->zone[n][i];

			if (!z->populated)
				continue;
			if (z->diff[cpu]) {
				z->nr_free += z->diff[cpu];
				z->diff[cpu] = 0;
				z->pcp[cpu].expire = 3;
			}
			if (!z->old)
				decay(m, z, task_cpu, &z->pcp[cpu]);
			expire(m, z, task_cpu, cpu);
		}
}

/* ---- limits ---- */

static int batch_size(unsigned long managed)
{
	unsigned long b = managed >> 10, p = 1;

	b = (b > 256 ? 256 : b) / 4;
	if (b < 1)
		b = 1;
	b += b / 2;
	while (p * 2 <= b)
		p *= 2;
	return p - 1 < 1 ? 1 : p - 1;
}

static int share(const struct model *m, const struct model_zone *z, unsigned long total, int batch)
{
	int cpus = m->node[z->node].cpus ? m->node[z->node].cpus : m->vcpus;

	return at_least(total / cpus, 4 * batch);
}

void model_pcp_limits(struct model *m, struct model_zone *z)
{
	int batch = batch_size(z->managed), lo, hi;

	if (m->high_fraction) {
		lo = share(m, z, z->managed / m->high_fraction, batch);
		hi = lo;
	} else {
		lo = share(m, z, z->wmark[1] + z->boost, batch);
		hi = z->old ? lo : share(m, z, z->managed / 8, batch);
	}
	for (int cpu = 0; cpu < m->vcpus; cpu++) {
		z->pcp[cpu].batch = batch;
		z->pcp[cpu].high_min = lo;
		z->pcp[cpu].high_max = hi;
		if (z->old)
			z->pcp[cpu].high = hi;
	}
}
