// SPDX-License-Identifier: GPL-2.0
/*
 * The model's state in the text form of snapshots.  See model.h.
 */
#include "model.h"

struct text_out {
	char *buf;
	size_t len, room;
};

static __printf(2, 3) void put(struct text_out *t, const char *fmt, ...)
{
	va_list ap;

	if (t->room - t->len < 512) {
		t->room = t->room * 2 + 4096;
		t->buf = realloc(t->buf, t->room);
		if (!t->buf)
			abort();
	}
	va_start(ap, fmt);
	t->len += vsnprintf(t->buf + t->len, t->room - t->len, fmt, ap);
	va_end(ap);
}

static void put_list(struct text_out *t, const struct model_list *l)
{
	for (int i = 0; i < l->nr; i++)
		put(t, " %lx", l->pfn[i]);
	put(t, "\n");
}

/* Index 12 stands for what is not movable: Unmovable unless the block says otherwise. */
static void put_pcplist(struct text_out *t, const struct model *m, const struct model_list *l,
			int index)
{
	int usual = index < 12 ? index % 3 : index - 12;

	for (int i = 0; i < l->nr; i++) {
		int type = m->on[l->pfn[i] - m->base];

		put(t, " %lx", l->pfn[i]);
		if (m->old && type != usual)
			put(t, ":%d", type);
	}
	put(t, "\n");
}

static void put_refs(struct text_out *t, const char *name, const struct model_ref *ref, int nr)
{
	put(t, "zonelist %s:", name);
	for (int i = 0; i < nr; i++)
		put(t, " %d:%d", ref[i].node, ref[i].zone);
	put(t, "\n");
}

static void put_numbers(struct text_out *t, const struct model_zone *z)
{
	static const char * const names[MODEL_ZONES] = {
		"DMA", "DMA32", "Normal", "Movable", "Device"
	};

	put(t, "zone node=%d idx=%d name=%s start=%lx end=%lx present=%lu managed=%lu ", z->node,
	    z->idx, names[z->idx], z->start, z->end, z->present, z->managed);
	put(t, "nr_free=%ld drift_mark=%ld isolated_blocks=%ld flags=%x\n", z->nr_free,
	    z->drift_mark, z->isolated, z->flags);
	put(t, "wmark min=%ld low=%ld high=%ld promo=%ld ", z->wmark[0], z->wmark[1], z->wmark[2],
	    z->wmark[3]);
	put(t, "boost=%ld highatomic=%ld highatomic_free=%ld\n", z->boost, z->reserved_highatomic,
	    z->free_highatomic);
	put(t, "lowmem_reserve %ld %ld %ld %ld %ld\n", z->reserve[0], z->reserve[1], z->reserve[2],
	    z->reserve[3], z->reserve[4]);
}

static void put_blocks(struct text_out *t, const struct model *m, const struct model_zone *z)
{
	put(t, "blocks");
	for (unsigned long pfn = z->start; pfn < z->end; pfn += MODEL_BLOCK) {
		unsigned long b = (pfn - m->base) / MODEL_BLOCK;
		bool mine = m->kind[pfn - m->base] != MODEL_HOLE &&
			    m->owner[b] == z->node * MODEL_ZONES + z->idx;

		if (mine)
			put(t, " %d", m->type[b]);
		else
			put(t, " -");
	}
	put(t, "\n");
}

static void put_pcp(struct text_out *t, const struct model *m, const struct model_zone *z, int cpu)
{
	const struct model_pcp *p = &z->pcp[cpu];

	put(t, "zonestat cpu=%d free_diff=%d threshold=%d\n", cpu, z->diff[cpu],
	    z->threshold[cpu]);
	put(t, "pcp cpu=%d count=%d high=%d high_min=%d high_max=%d batch=%d ", cpu, p->count,
	    p->high, p->high_min, p->high_max, p->batch);
	put(t, "flags=%d alloc_factor=%d free_count=%d expire=%d\n", p->flags, p->alloc_factor,
	    p->free_count, p->expire);
	for (int i = 0; i < MODEL_PCP_LISTS; i++) {
		if (!p->list[i].nr)
			continue;
		put(t, "pcplist cpu=%d idx=%d:", cpu, i);
		put_pcplist(t, m, &p->list[i], i);
	}
}

static void put_zone(struct text_out *t, const struct model *m, const struct model_zone *z)
{
	put_numbers(t, z);
	for (int o = 0; o < MODEL_ORDERS; o++)
		for (int mt = 0; mt < MODEL_TYPES; mt++) {
			if (!z->free[o][mt].nr)
				continue;
			put(t, "free order=%d mt=%d:", o, mt);
			put_list(t, &z->free[o][mt]);
		}
	put_blocks(t, m, z);
	for (int cpu = 0; cpu < m->vcpus; cpu++)
		put_pcp(t, m, z, cpu);
}

/* The caller frees it. */
char *model_export(const struct model *m)
{
	struct text_out t = { NULL, 0, 0 };

	for (int n = 0; n < m->nr_nodes; n++) {
		const struct model_node *node = &m->node[n];

		if (!node->online)
			continue;
		put(&t, "node nid=%d online_nodes=%d\n", n, m->online_nodes);
		put_refs(&t, "fallback", node->fallback, node->nr_fallback);
		put_refs(&t, "nofallback", node->own, node->nr_own);
		for (int i = 0; i < MODEL_ZONES; i++)
			if (m->zone[n][i].populated)
				put_zone(&t, m, &m->zone[n][i]);
	}
	return t.buf;
}
