// SPDX-License-Identifier: GPL-2.0
/*
 * What two machines differ in, a line each: where, then the value of the one
 * and of the other.
 *
 *	machine knob watermark_scale_factor: 10, 200
 *	node 0 zone Normal free order=3 mt=Movable: block 4 of 17, 20: pfn 100238, 100240
 *
 * What is compared is what sbuddy_machine_hash() mixes.  Machines of different
 * shape (zones, spans, vcpus) are compared no further than that.  Lists are
 * compared up to the first block that differs, so a list is one difference.
 */
#include "os.h"
#include "state.h"
#include "snapshot.h"
#include "compaction.h"

#define SBUDDY_DIFF_LINE	160
#define SBUDDY_DIFF_WHERE	64

struct sbuddy_diff {
	const struct sbuddy_machine *a;
	const struct sbuddy_machine *b;
	sbuddy_emit_fn emit;
	void *arg;
	u64 nr;				/* differences so far */
	char where[SBUDDY_DIFF_WHERE];	/* what is being compared */
};

static __printf(2, 3) void sbuddy_differ(struct sbuddy_diff *d, const char *fmt, ...)
{
	char line[SBUDDY_DIFF_LINE];
	va_list ap;
	int n;

	d->nr++;
	n = scnprintf(line, sizeof(line), "%s ", d->where);
	va_start(ap, fmt);
	n += vsnprintf(line + n, sizeof(line) - n, fmt, ap);
	va_end(ap);
	n = min(n, (int)sizeof(line) - 2);
	line[n++] = '\n';
	d->emit(d->arg, line, n);
}

static __printf(2, 3) void sbuddy_diff_at(struct sbuddy_diff *d, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(d->where, sizeof(d->where), fmt, ap);
	va_end(ap);
}

static void sbuddy_diff_value(struct sbuddy_diff *d, const char *name, s64 a, s64 b)
{
	if (a != b)
		sbuddy_differ(d, "%s: %lld, %lld", name, (long long)a, (long long)b);
}

static void sbuddy_diff_fields(struct sbuddy_diff *d, const struct sbuddy_field *f,
			       const void *a, const void *b)
{
	for (; f->name; f++)
		for (int i = 0; i < f->count; i++) {
			long long x = sbuddy_field_value(f, a, i), y = sbuddy_field_value(f, b, i);

			if (x == y)
				continue;
			if (f->count > 1)
				sbuddy_differ(d, "%s[%d]: %lld, %lld", f->name, i, x, y);
			else
				sbuddy_differ(d, "%s: %lld, %lld", f->name, x, y);
		}
}

static unsigned long sbuddy_list_len(const struct list_head *list)
{
	unsigned long n = 0;

	for (const struct list_head *l = list->next; l != list; l = l->next)
		if (!(++n % SBUDDY_RESCHED_EVERY))
			os_cond_resched();
	return n;
}

/* The block at @l; no frame has the number of the end, which @head is. */
static unsigned long sbuddy_list_pfn(const struct sbuddy_machine *m, const struct list_head *l,
				     const struct list_head *head)
{
	return l == head ? ULONG_MAX : sbuddy_pfn(m, list_entry(l, struct sbuddy_page, lru));
}

static void sbuddy_diff_list(struct sbuddy_diff *d, const char *name, const struct list_head *a,
			     const struct list_head *b)
{
	const struct list_head *x = a->next, *y = b->next;
	unsigned long n = 0, p, q;
	char px[24] = "none", qx[24] = "none";

	for (;; x = x->next, y = y->next, n++) {
		p = sbuddy_list_pfn(d->a, x, a);
		q = sbuddy_list_pfn(d->b, y, b);
		if (p != q || x == a)
			break;
		if (!(n % SBUDDY_RESCHED_EVERY))
			os_cond_resched();
	}
	if (p == q)
		return;
	if (x != a)
		scnprintf(px, sizeof(px), "%lx", p);
	if (y != b)
		scnprintf(qx, sizeof(qx), "%lx", q);
	sbuddy_differ(d, "%s: block %lu of %lu, %lu: pfn %s, %s", name, n, sbuddy_list_len(a),
		      sbuddy_list_len(b), px, qx);
}

static void sbuddy_diff_free(struct sbuddy_diff *d, const struct sbuddy_zone *a,
			     const struct sbuddy_zone *b)
{
	char name[48];

	for (int o = 0; o < SBUDDY_NR_PAGE_ORDERS; o++) {
		scnprintf(name, sizeof(name), "nr_free order=%d", o);
		sbuddy_diff_value(d, name, a->free_area[o].nr_free, b->free_area[o].nr_free);
		for (int mt = 0; mt < SBUDDY_MIGRATE_TYPES; mt++) {
			scnprintf(name, sizeof(name), "free order=%d mt=%s", o,
				  sbuddy_migratetype_name(mt));
			sbuddy_diff_list(d, name, &a->free_area[o].free_list[mt],
					 &b->free_area[o].free_list[mt]);
		}
	}
}

static u64 sbuddy_pb_word(const struct sbuddy_machine *m, unsigned long pfn)
{
	unsigned long i = sbuddy_pb_index(m, pfn);
	unsigned long word = m->pageblock_flags[i / SBUDDY_PB_PER_LONG];

	return word >> (i % SBUDDY_PB_PER_LONG * SBUDDY_PB_BITS) &
	       (SBUDDY_PB_TYPE_MASK | SBUDDY_PB_SKIP);
}

static void sbuddy_diff_blocks(struct sbuddy_diff *d, const struct sbuddy_zone *a,
			       const struct sbuddy_zone *b)
{
	unsigned long pfn = a->zone_start_pfn, end = pfn + a->spanned_pages;

	for (; pfn < end; pfn = sbuddy_next_block(pfn)) {
		bool x = sbuddy_pageblock_present(d->a, a, pfn);
		bool y = sbuddy_pageblock_present(d->b, b, pfn);
		char name[48];

		scnprintf(name, sizeof(name), "pageblock %lx %s", pfn,
			  x == y ? "type" : "present");
		if (x != y)
			sbuddy_diff_value(d, name, x, y);
		else if (x)
			sbuddy_diff_value(d, name, sbuddy_pb_word(d->a, pfn),
					  sbuddy_pb_word(d->b, pfn));
	}
}

/* The types that blocks of lists of the same length remember, where the rules say so. */
static void sbuddy_diff_pcp_types(struct sbuddy_diff *d, const char *name,
				  const struct list_head *a, const struct list_head *b)
{
	const struct list_head *x = a->next, *y = b->next;

	if (d->a->rules->lists_follow_blocks || d->a->rules != d->b->rules)
		return;
	for (; x != a && y != b; x = x->next, y = y->next) {
		int p = sbuddy_pcp_mt(list_entry(x, struct sbuddy_page, lru));
		int q = sbuddy_pcp_mt(list_entry(y, struct sbuddy_page, lru));

		if (p == q)
			continue;
		sbuddy_differ(d, "%s: remembered type: %d, %d", name, p, q);
		return;
	}
}

static void sbuddy_diff_pcp(struct sbuddy_diff *d, const struct sbuddy_zone *a,
			    const struct sbuddy_zone *b, int cpu)
{
	char name[16];

	sbuddy_diff_at(d, "node %d zone %s pcp cpu=%d", a->node, sbuddy_zone_name(a->idx), cpu);
	sbuddy_diff_fields(d, sbuddy_pcp_fields, &a->pcp[cpu], &b->pcp[cpu]);
	for (int i = 0; i < SBUDDY_NR_PCP_LISTS; i++) {
		scnprintf(name, sizeof(name), "list idx=%d", i);
		sbuddy_diff_list(d, name, &a->pcp[cpu].lists[i], &b->pcp[cpu].lists[i]);
		sbuddy_diff_pcp_types(d, name, &a->pcp[cpu].lists[i], &b->pcp[cpu].lists[i]);
	}
	sbuddy_diff_fields(d, sbuddy_zonestat_fields, &a->zstat[cpu], &b->zstat[cpu]);
}

static const char *sbuddy_numa_item_name(int item)
{
	static const char * const names[SBUDDY_NR_NUMA_ITEMS] = {
		[SBUDDY_NUMA_HIT]		= "numa_hit",
		[SBUDDY_NUMA_MISS]		= "numa_miss",
		[SBUDDY_NUMA_FOREIGN]		= "numa_foreign",
		[SBUDDY_NUMA_INTERLEAVE_HIT]	= "numa_interleave",
		[SBUDDY_NUMA_LOCAL]		= "numa_local",
		[SBUDDY_NUMA_OTHER]		= "numa_other",
	};

	return names[item];
}

static void sbuddy_diff_zone(struct sbuddy_diff *d, const struct sbuddy_zone *a,
			     const struct sbuddy_zone *b)
{
	sbuddy_diff_at(d, "node %d zone %s", a->node, sbuddy_zone_name(a->idx));
	sbuddy_diff_fields(d, sbuddy_zone_fields, a, b);
	for (int i = 0; i < SBUDDY_NR_ZONE_EVENTS; i++)
		sbuddy_diff_value(d, sbuddy_zone_event_name(i), sbuddy_zone_event(a, i),
				  sbuddy_zone_event(b, i));
	for (int i = 0; i < SBUDDY_NR_NUMA_ITEMS; i++)
		sbuddy_diff_value(d, sbuddy_numa_item_name(i), sbuddy_zone_numa(a, i),
				  sbuddy_zone_numa(b, i));
	sbuddy_diff_free(d, a, b);
	sbuddy_diff_blocks(d, a, b);
	for (int cpu = 0; cpu < d->a->nr_vcpus; cpu++)
		sbuddy_diff_pcp(d, a, b, cpu);
}

static void sbuddy_diff_zonelist(struct sbuddy_diff *d, const struct sbuddy_zonelist *a,
				 const struct sbuddy_zonelist *b, int kind)
{
	const struct sbuddy_zoneref *x = a->ref, *y = b->ref;
	int n = 0;

	for (; x->zone && y->zone && x->zone->place == y->zone->place; x++, y++)
		n++;
	if (x->zone || y->zone)
		sbuddy_differ(d, "zonelist %d entry %d: %d:%d, %d:%d", kind, n,
			      x->zone ? x->node : -1, x->zone ? x->zone_idx : -1,
			      y->zone ? y->node : -1, y->zone ? y->zone_idx : -1);
}

static void sbuddy_diff_node(struct sbuddy_diff *d, int nid)
{
	const struct sbuddy_node *a = &d->a->nodes[nid], *b = &d->b->nodes[nid];

	sbuddy_diff_at(d, "node %d", nid);
	sbuddy_diff_fields(d, sbuddy_node_fields, a, b);
	for (int kind = 0; kind < SBUDDY_NR_ZONELISTS; kind++)
		sbuddy_diff_zonelist(d, &a->zonelists[kind], &b->zonelists[kind], kind);
}

/* The block that @i begins, as far as it is @pfn. */
static const struct sbuddy_page *sbuddy_used_at(const struct sbuddy_machine *m, unsigned long i,
						unsigned long pfn)
{
	return i < m->nr_pages && m->base_pfn + i == pfn ? &m->pages[i] : NULL;
}

/* What reclaim knows of a page. */
static u64 sbuddy_page_use(const struct sbuddy_page *page)
{
	return page->tag & SBUDDY_TAG_MOVABLE ? page->private & SBUDDY_PRIVATE_FLAGS : 0;
}

static void sbuddy_diff_used_block(struct sbuddy_diff *d, const struct sbuddy_page *a,
				   const struct sbuddy_page *b, unsigned long pfn)
{
	sbuddy_diff_at(d, "pfn %lx", pfn);
	if (!a || !b) {
		sbuddy_differ(d, "used block: %s, %s", a ? "yes" : "no", b ? "yes" : "no");
		return;
	}
	sbuddy_diff_value(d, "used block order", sbuddy_tag_order(a->tag),
			  sbuddy_tag_order(b->tag));
	sbuddy_diff_value(d, "used block references", a->refcount, b->refcount);
	sbuddy_diff_value(d, "used block flags",
			  (a->tag & SBUDDY_TAG_USE) >> SBUDDY_TAG_ZONE_SHIFT,
			  (b->tag & SBUDDY_TAG_USE) >> SBUDDY_TAG_ZONE_SHIFT);
	sbuddy_diff_value(d, "page's use", sbuddy_page_use(a), sbuddy_page_use(b));
}

static unsigned long sbuddy_used_pfn(const struct sbuddy_machine *m, unsigned long i)
{
	return i < m->nr_pages ? m->base_pfn + i : ULONG_MAX;
}

/* Both in step, by frame. */
static void sbuddy_diff_used(struct sbuddy_diff *d)
{
	unsigned long i = sbuddy_next_used(d->a, 0), j = sbuddy_next_used(d->b, 0);

	while (i < d->a->nr_pages || j < d->b->nr_pages) {
		unsigned long pfn = min(sbuddy_used_pfn(d->a, i), sbuddy_used_pfn(d->b, j));
		const struct sbuddy_page *a = sbuddy_used_at(d->a, i, pfn);
		const struct sbuddy_page *b = sbuddy_used_at(d->b, j, pfn);

		if (!a || !b || a->tag != b->tag || a->refcount != b->refcount ||
		    sbuddy_page_use(a) != sbuddy_page_use(b))
			sbuddy_diff_used_block(d, a, b, pfn);
		if (a)
			i = sbuddy_next_used(d->a, i + (1UL << sbuddy_tag_order(a->tag)));
		if (b)
			j = sbuddy_next_used(d->b, j + (1UL << sbuddy_tag_order(b->tag)));
	}
}

static void sbuddy_diff_machine(struct sbuddy_diff *d)
{
	sbuddy_diff_at(d, "machine knob");
	sbuddy_diff_fields(d, sbuddy_knob_fields, &d->a->knobs, &d->b->knobs);
	sbuddy_diff_at(d, "machine");
	sbuddy_diff_fields(d, sbuddy_machine_fields, d->a, d->b);
	for (int i = 0; i < SBUDDY_NR_MACHINE_EVENTS; i++)
		sbuddy_diff_value(d, sbuddy_machine_event_name(i), sbuddy_machine_event(d->a, i),
				  sbuddy_machine_event(d->b, i));
	for (int i = 0; i < SBUDDY_NR_VM_EVENTS; i++)
		sbuddy_diff_value(d, sbuddy_vm_event_name(i), sbuddy_vm_event(d->a, i),
				  sbuddy_vm_event(d->b, i));
	for (int cpu = 0; cpu < d->a->nr_vcpus; cpu++) {
		sbuddy_diff_at(d, "vcpu %d", cpu);
		sbuddy_diff_value(d, "node", d->a->vcpu_node[cpu], d->b->vcpu_node[cpu]);
	}
}

static void sbuddy_diff_lruvec(struct sbuddy_diff *d, int nid)
{
	const struct sbuddy_lruvec *a = &d->a->lru->node[nid], *b = &d->b->lru->node[nid];
	char name[24];

	sbuddy_diff_at(d, "node %d LRU", nid);
	sbuddy_diff_fields(d, sbuddy_lruvec_fields, a, b);
	for (int i = 0; i < SBUDDY_NR_LRU_LISTS; i++) {
		scnprintf(name, sizeof(name), "list %d", i);
		sbuddy_diff_list(d, name, &a->list[i], &b->list[i]);
	}
}

/* What waits on a vcpu for its LRU list, up to the first that differs. */
static void sbuddy_diff_batch(struct sbuddy_diff *d, int cpu)
{
	const struct sbuddy_lru_batch *a = &d->a->lru->batch[cpu], *b = &d->b->lru->batch[cpu];
	char name[24];

	sbuddy_diff_at(d, "vcpu %d LRU batch", cpu);
	sbuddy_diff_value(d, "pages", a->nr, b->nr);
	for (unsigned int i = 0; i < min(a->nr, b->nr); i++) {
		u64 p = sbuddy_pfn(d->a, a->page[i]), q = sbuddy_pfn(d->b, b->page[i]);

		if (p == q)
			continue;
		scnprintf(name, sizeof(name), "pfn of entry %u", i);
		sbuddy_diff_value(d, name, p, q);
		return;
	}
}

static void sbuddy_diff_walk(struct sbuddy_diff *d)
{
	const struct sbuddy_compact_walk *a = d->a->walk, *b = d->b->walk;
	char name[24];

	sbuddy_diff_at(d, "compaction in steps");
	if (!a || !b) {
		sbuddy_diff_value(d, "under way", !!a, !!b);
		return;
	}
	sbuddy_diff_value(d, "zone", a->cc.zone->place, b->cc.zone->place);
	sbuddy_diff_fields(d, sbuddy_walk_fields, &a->cc, &b->cc);
	sbuddy_diff_list(d, "isolated", &a->cc.migratepages, &b->cc.migratepages);
	for (int order = 0; order < SBUDDY_NR_PAGE_ORDERS; order++) {
		scnprintf(name, sizeof(name), "held order=%d", order);
		sbuddy_diff_list(d, name, &a->cc.freepages[order], &b->cc.freepages[order]);
	}
}

/* Pages that can move. */
static void sbuddy_diff_lru(struct sbuddy_diff *d)
{
	for (int nid = 0; nid < max(d->a->nr_nodes, d->b->nr_nodes); nid++)
		sbuddy_diff_lruvec(d, nid);
	for (int cpu = 0; cpu < d->a->nr_vcpus; cpu++)
		sbuddy_diff_batch(d, cpu);
	sbuddy_diff_at(d, "reclaim");
	sbuddy_diff_fields(d, sbuddy_reclaim_fields, &d->a->lru->reclaim,
			   &d->b->lru->reclaim);
	sbuddy_diff_walk(d);
}

/* What has to be the same before the rest can be compared. */
static void sbuddy_diff_shape(struct sbuddy_diff *d)
{
	sbuddy_diff_at(d, "machine");
	sbuddy_diff_value(d, "nr_vcpus", d->a->nr_vcpus, d->b->nr_vcpus);
	sbuddy_diff_value(d, "nr_zones", d->a->nr_zones, d->b->nr_zones);
	for (int i = 0; i < min(d->a->nr_zones, d->b->nr_zones); i++) {
		const struct sbuddy_zone *a = d->a->zones[i], *b = d->b->zones[i];

		sbuddy_diff_at(d, "zone %d", i);
		sbuddy_diff_value(d, "node", a->node, b->node);
		sbuddy_diff_value(d, "type", a->idx, b->idx);
		sbuddy_diff_value(d, "start", a->zone_start_pfn, b->zone_start_pfn);
		sbuddy_diff_value(d, "spanned", a->spanned_pages, b->spanned_pages);
	}
}

/**
 * sbuddy_machine_diff() - name everything that two machines differ in
 * @a: machine; no operation runs on it meanwhile
 * @b: the other, likewise; may be the same
 * @emit: takes a line at a time, whole, in a fixed order
 * @arg: first argument of @emit
 *
 * Context: May sleep if @emit does.
 * Return: number of lines; 0 exactly if both have the same hash but for chance.
 */
u64 sbuddy_machine_diff(const struct sbuddy_machine *a, const struct sbuddy_machine *b,
			sbuddy_emit_fn emit, void *arg)
{
	struct sbuddy_diff d = { .a = a, .b = b, .emit = emit, .arg = arg };

	sbuddy_diff_shape(&d);
	if (d.nr)
		return d.nr;
	sbuddy_diff_machine(&d);
	for (int nid = 0; nid < max(a->nr_nodes, b->nr_nodes); nid++)
		sbuddy_diff_node(&d, nid);
	for (int i = 0; i < a->nr_zones; i++)
		sbuddy_diff_zone(&d, a->zones[i], b->zones[i]);
	sbuddy_diff_lru(&d);
	sbuddy_diff_used(&d);
	return d.nr;
}
