// SPDX-License-Identifier: GPL-2.0
/*
 * The model's allocation and free paths: watermarks, the passes over the
 * zonelist, bulk, references.  See model.h.
 */
#include "model.h"

#define RESERVES	(MODEL_NON_BLOCK | MODEL_MIN_RESERVE | MODEL_HIGHATOMIC | MODEL_OOM)
#define BELOW_HIGH	4
#define BOOSTED		1

/* ---- watermarks ---- */

static long free_pages_seen(const struct model_zone *z)
{
	return z->nr_free < 0 ? 0 : z->nr_free;
}

static long unusable(const struct model_zone *z, int order, unsigned int flags)
{
	return (1L << order) - 1 + (flags & RESERVES ? 0 : z->free_highatomic);
}

static long deepest(long mark, unsigned int flags)
{
	if (flags & MODEL_MIN_RESERVE) {
		mark -= mark / 2;
		if (flags & MODEL_NON_BLOCK)
			mark -= mark / 4;
	}
	if (flags & MODEL_OOM)
		mark -= mark / 2;
	return mark;
}

static bool big_block(const struct model_zone *z, int order, unsigned int flags)
{
	for (int o = order; o < MODEL_ORDERS; o++) {
		for (int t = 0; t < 3; t++)
			if (z->free[o][t].nr)
				return true;
		if ((flags & (MODEL_HIGHATOMIC | MODEL_OOM)) &&
		    z->free[o][SBUDDY_MIGRATE_HIGHATOMIC].nr)
			return true;
	}
	return false;
}

bool model_plain_ok(const struct model_zone *z, int order, long mark, int hz, unsigned int flags)
{
	long free = free_pages_seen(z) - unusable(z, order, flags);

	if (free <= deepest(mark, flags) + z->reserve[hz])
		return false;
	return order == 0 || big_block(z, order, flags);
}

static bool fast_ok(const struct model_zone *z, int order, long mark, int hz, unsigned int flags)
{
	long free = free_pages_seen(z), u = unusable(z, order, flags);

	if (order == 0 && (free > u ? free - u : 0) > mark + z->reserve[hz])
		return true;
	if (model_plain_ok(z, order, mark, hz, flags))
		return true;
	return order == 0 && (flags & (z->old ? MODEL_UNBOOSTED : MODEL_MIN_RESERVE)) &&
	       z->boost && (flags & 3) == 0 &&
	       model_plain_ok(z, order, z->wmark[0], hz, flags);
}

/* ---- the request ---- */

struct request {
	int cpu, order, type, highest;
	u32 gfp;
	unsigned int nodes;		/* bit: node may serve */
	const struct model_ref *list;
	int nr, first;			/* entries of the list; preferred one, == nr if none */
};

int model_zone_of_gfp(u32 gfp)
{
	switch (gfp & 0xf) {
	case 0:
	case SBUDDY_GFP_HIGHMEM:
	case SBUDDY_GFP_MOVABLE:
		return SBUDDY_ZONE_NORMAL;
	case SBUDDY_GFP_DMA32:
	case SBUDDY_GFP_DMA32 | SBUDDY_GFP_MOVABLE:
		return SBUDDY_ZONE_DMA32;
	case SBUDDY_GFP_HIGHMEM | SBUDDY_GFP_MOVABLE:
		return SBUDDY_ZONE_MOVABLE;
	default:
		return SBUDDY_ZONE_DMA;
	}
}

static int type_of_gfp(const struct model *m, u32 gfp)
{
	if (m->no_grouping)
		return SBUDDY_MIGRATE_UNMOVABLE;
	if (gfp & SBUDDY_GFP_MOVABLE)
		return SBUDDY_MIGRATE_MOVABLE;
	return gfp & SBUDDY_GFP_RECLAIMABLE ? SBUDDY_MIGRATE_RECLAIMABLE : SBUDDY_MIGRATE_UNMOVABLE;
}

static bool eligible(const struct request *r, int i)
{
	return r->list[i].zone <= r->highest && r->nodes >> r->list[i].node & 1;
}

/* Preferred is the first that may serve. */
static void allow_nodes(struct request *r, unsigned int nodes)
{
	r->nodes = nodes;
	for (r->first = 0; r->first < r->nr && !eligible(r, r->first); r->first++)
		;
}

static struct request prepare(const struct model *m, int cpu, u32 gfp, int order, int nid,
			      unsigned int nodes)
{
	const struct model_node *n = &m->node[nid < 0 ? m->cpu_node[cpu] : nid];
	struct request r = { .cpu = cpu, .gfp = gfp, .order = order };

	r.highest = model_zone_of_gfp(gfp);
	r.type = type_of_gfp(m, gfp);
	r.list = gfp & SBUDDY_GFP_THISNODE ? n->own : n->fallback;
	r.nr = gfp & SBUDDY_GFP_THISNODE ? n->nr_own : n->nr_fallback;
	allow_nodes(&r, nodes);
	return r;
}

static struct model_zone *entry(struct model *m, const struct request *r, int i)
{
	return &m->zone[r->list[i].node][r->list[i].zone];
}

static void wake_kswapd(struct model *m, int node, int order, int highest)
{
	struct model_node *n = &m->node[node];

	if (n->kswapd_highest == MODEL_ZONES || n->kswapd_highest < highest)
		n->kswapd_highest = highest;
	if (n->kswapd_order < order)
		n->kswapd_order = order;
	m->wakes++;
}

static void numa_statistics(struct model *m, const struct request *r, struct model_zone *z, int n)
{
	struct model_zone *preferred = entry(m, r, r->first);

	if (z->node == preferred->node) {
		z->hit += n;
	} else {
		z->miss += n;
		preferred->foreign += n;
	}
	if (z->node == m->cpu_node[r->cpu])
		z->local += n;
	else
		z->other += n;
}

static unsigned long buddy_path(struct model *m, const struct request *r, struct model_zone *z,
				unsigned int flags)
{
	unsigned long pfn = 0;
	int mode = 0;

	if (flags & MODEL_HIGHATOMIC)
		pfn = model_smallest(m, z, r->cpu, r->order, SBUDDY_MIGRATE_HIGHATOMIC);
	if (!pfn && z->old)
		pfn = model_rmqueue_61(m, z, r->cpu, r->order, r->type, flags);
	else if (!pfn)
		pfn = model_rmqueue_one(m, z, r->cpu, r->order, r->type, flags, &mode);
	if (!pfn && (flags & (MODEL_OOM | MODEL_NON_BLOCK)))
		pfn = model_smallest(m, z, r->cpu, r->order, SBUDDY_MIGRATE_HIGHATOMIC);
	return pfn;
}

static unsigned long rmqueue(struct model *m, const struct request *r, struct model_zone *z,
			     unsigned int flags)
{
	unsigned long pfn = 0;

	if (model_has_pcp(r->order)) {
		z->pcp[r->cpu].free_count >>= 1;
		pfn = model_pcp_take(m, z, r->cpu, r->order, r->type, flags);
	}
	if (!pfn)
		pfn = buddy_path(m, r, z, flags);
	if (pfn) {
		z->pgalloc += 1UL << r->order;
		numa_statistics(m, r, z, 1);
	}
	if (((flags & MODEL_KSWAPD) || z->old) && (z->flags & BOOSTED)) {
		z->flags &= ~BOOSTED;
		wake_kswapd(m, z->node, 0, z->idx);
	}
	return pfn;
}

static void prepare_block(struct model *m, unsigned long pfn, int order, u32 gfp)
{
	m->kind[pfn - m->base] = MODEL_USED;
	m->order[pfn - m->base] = order;
	m->ref[pfn - m->base] = 1;
	m->compound[pfn - m->base] = order > 0 && (gfp & SBUDDY_GFP_COMP);
}

static bool may_serve(const struct request *r, struct model_zone *z, unsigned int flags)
{
	if (!(z->flags & BELOW_HIGH) && !z->old) {
		if (fast_ok(z, r->order, z->wmark[2] + z->boost, r->highest, flags))
			return true;
		z->flags |= BELOW_HIGH;
	}
	return fast_ok(z, r->order, z->wmark[flags & 3] + z->boost, r->highest, flags) ||
	       (flags & MODEL_NO_WATERMARKS);
}

/* One pass; with NOFRAGMENT it may start over once without. */
static unsigned long pass(struct model *m, const struct request *r, unsigned int flags)
{
	for (int i = r->first; i < r->nr; i++) {
		struct model_zone *z = entry(m, r, i);
		unsigned long pfn;

		if (!eligible(r, i))
			continue;
		if ((flags & MODEL_NOFRAGMENT) && m->online_nodes > 1 &&
		    z->node != r->list[r->first].node)
			return pass(m, r, flags & ~MODEL_NOFRAGMENT);
		if (!may_serve(r, z, flags))
			continue;
		pfn = rmqueue(m, r, z, flags);
		if (!pfn)
			continue;
		prepare_block(m, pfn, r->order, r->gfp);
		if (flags & MODEL_HIGHATOMIC)
			model_reserve_highatomic(m, z, r->cpu, pfn, r->order);
		return pfn;
	}
	return flags & MODEL_NOFRAGMENT ? pass(m, r, flags & ~MODEL_NOFRAGMENT) : 0;
}

static unsigned int fast_flags(struct model *m, const struct request *r)
{
	unsigned int flags = 1;

	if (r->gfp & SBUDDY_GFP_KSWAPD_RECLAIM)
		flags |= MODEL_KSWAPD;
	if (r->first < r->nr && r->list[r->first].zone == SBUDDY_ZONE_NORMAL &&
	    (m->online_nodes == 1 ||
	     m->zone[r->list[r->first].node][SBUDDY_ZONE_DMA32].populated))
		flags |= MODEL_NOFRAGMENT;
	return flags;
}

static unsigned int slow_flags(const struct request *r)
{
	unsigned int flags = 0;

	if (r->gfp & SBUDDY_GFP_HIGH)
		flags |= MODEL_MIN_RESERVE;
	if (r->gfp & SBUDDY_GFP_KSWAPD_RECLAIM)
		flags |= MODEL_KSWAPD;
	if ((r->gfp & SBUDDY_GFP_HIGH) && !(r->gfp & SBUDDY_GFP_DIRECT_RECLAIM))
		flags |= MODEL_UNBOOSTED;
	if (!(r->gfp & SBUDDY_GFP_DIRECT_RECLAIM) && !(r->gfp & SBUDDY_GFP_NOMEMALLOC)) {
		flags |= MODEL_NON_BLOCK;
		if (r->order && (r->gfp & SBUDDY_GFP_HIGH))
			flags |= MODEL_HIGHATOMIC;
	}
	return flags;
}

static void wake_all(struct model *m, const struct request *r)
{
	int last = -1;

	if (!(r->gfp & SBUDDY_GFP_KSWAPD_RECLAIM))
		return;
	for (int i = 0; i < r->nr; i++) {
		if (!eligible(r, i))
			continue;
		if (r->list[i].node != last)
			wake_kswapd(m, r->list[i].node, r->order, r->highest);
		last = r->list[i].node;
	}
}

static unsigned long slow_path(struct model *m, struct request *r)
{
	bool direct = r->gfp & SBUDDY_GFP_DIRECT_RECLAIM;
	bool override = (r->gfp & SBUDDY_GFP_MEMALLOC) && !(r->gfp & SBUDDY_GFP_NOMEMALLOC);
	unsigned int flags = slow_flags(r);
	unsigned long pfn;

	if (r->first == r->nr)
		return 0;
	wake_all(m, r);
	pfn = pass(m, r, flags);
	if (pfn)
		return pfn;
	if (direct && (r->gfp & SBUDDY_GFP_IO) && !override &&
	    (r->order > 3 || (r->order > 0 && r->type != SBUDDY_MIGRATE_MOVABLE))) {
		m->would_block++;
		return 0;
	}
	wake_all(m, r);
	/* reserves are everybody's, and atomic requests take from all nodes */
	if (override || (!direct && (flags & MODEL_MIN_RESERVE)))
		allow_nodes(r, ~0U);
	if (override)
		flags = MODEL_NO_WATERMARKS | (flags & (MODEL_KSWAPD | MODEL_UNBOOSTED));
	pfn = pass(m, r, flags);
	if (!pfn && direct)
		m->would_block++;
	return pfn;
}

/* The zones that a request may use, in order. */
int model_zones_for(struct model *m, int cpu, u32 gfp, int nid, struct model_zone **zones)
{
	struct request r = prepare(m, cpu, gfp, 0, nid, ~0U);
	int n = 0;

	for (int i = r.first; i < r.nr; i++)
		if (entry(m, &r, i)->idx <= r.highest)
			zones[n++] = entry(m, &r, i);
	return n;
}

unsigned long model_alloc_on(struct model *m, int cpu, u32 gfp, int order, int nid,
			     unsigned int nodes)
{
	struct request r = prepare(m, cpu, gfp, order, nid, nodes);
	unsigned long pfn = pass(m, &r, fast_flags(m, &r));

	if (pfn)
		return pfn;
	pfn = slow_path(m, &r);
	if (!pfn)
		m->fails++;
	return pfn;
}

unsigned long model_alloc(struct model *m, int cpu, u32 gfp, int order, int nid)
{
	return model_alloc_on(m, cpu, gfp, order, nid, ~0U);
}

/* ---- bulk ---- */

static struct model_zone *bulk_zone(struct model *m, const struct request *r, int n)
{
	for (int i = r->first; i < r->nr; i++) {
		struct model_zone *z = entry(m, r, i);

		if (!eligible(r, i))
			continue;
		if (z->node != r->list[r->first].node)
			return NULL;
		if (fast_ok(z, 0, z->wmark[1] + z->boost + n, r->list[r->first].zone, 1))
			return z;
	}
	return NULL;
}

int model_alloc_bulk_on(struct model *m, int cpu, u32 gfp, int nid, unsigned int nodes, int n,
			unsigned long *pfn)
{
	struct request r = prepare(m, cpu, gfp, 0, nid, nodes);
	struct model_zone *z = NULL;
	int got = 0;

	if (n > 1 && !(gfp & SBUDDY_GFP_ACCOUNT))
		z = bulk_zone(m, &r, n);
	while (z && got < n) {
		pfn[got] = model_pcp_take(m, z, cpu, 0, r.type, 1);
		if (!pfn[got])
			break;
		prepare_block(m, pfn[got++], 0, gfp);
	}
	if (got) {
		z->pgalloc += got;
		numa_statistics(m, &r, z, got);
		return got;
	}
	pfn[0] = model_alloc_on(m, cpu, gfp, 0, nid, nodes);
	return pfn[0] ? 1 : 0;
}

int model_alloc_bulk(struct model *m, int cpu, u32 gfp, int nid, int n, unsigned long *pfn)
{
	return model_alloc_bulk_on(m, cpu, gfp, nid, ~0U, n, pfn);
}

/* ---- freeing ---- */

static void free_to_buddy(struct model *m, int cpu, unsigned long pfn, int order)
{
	model_zone_of(m, pfn)->pgfree += 1UL << order;
	model_free_to_buddy(m, cpu, pfn, order, false);
}

void model_free_block(struct model *m, int cpu, unsigned long pfn, int order)
{
	int type = model_type(m, pfn);

	m->ref[pfn - m->base] = 0;
	if (!model_has_pcp(order) || type == SBUDDY_MIGRATE_ISOLATE) {
		free_to_buddy(m, cpu, pfn, order);
		return;
	}
	if (type == SBUDDY_MIGRATE_HIGHATOMIC)
		type = SBUDDY_MIGRATE_MOVABLE;
	model_pcp_commit(m, model_zone_of(m, pfn), cpu, pfn, order, type);
}

/* __free_pages() with the block's own order. */
void model_put(struct model *m, int cpu, unsigned long pfn)
{
	unsigned long i = pfn - m->base;
	int order = m->order[i];

	if (--m->ref[i] == 0) {
		model_free_block(m, cpu, pfn, order);
		return;
	}
	if (m->compound[i])
		return;
	m->order[i] = 0;
	for (int o = order - 1; o >= 0; o--)
		model_free_block(m, cpu, pfn + (1UL << o), o);
}

/* folios_put(): 31 at a time; those without lists first. */
void model_put_batch(struct model *m, int cpu, const unsigned long *pfn, int n)
{
	unsigned long kept[31];

	if (m->old) {
		model_put_batch_61(m, cpu, pfn, n);
		return;
	}
	for (int first = 0; first < n; first += 31) {
		int nr = 0;

		for (int i = first; i < n && i < first + 31; i++) {
			unsigned long p = pfn[i];

			if (--m->ref[p - m->base])
				continue;
			if (model_has_pcp(m->order[p - m->base]))
				kept[nr++] = p;
			else
				free_to_buddy(m, cpu, p, m->order[p - m->base]);
		}
		for (int i = 0; i < nr; i++)
			model_free_block(m, cpu, kept[i], m->order[kept[i] - m->base]);
	}
}
