// SPDX-License-Identifier: GPL-2.0
/*
 * The model after boot: zones, zonelists, watermarks, reserves, knobs.  See
 * model.h.
 */
#include "sbuddy/engine.h"
#include "model.h"

long model_mult_frac(long x, long n, long d)
{
	return x / d * n + x % d * n / d;
}

static void every_zone(struct model *m, void (*fn)(struct model *m, struct model_zone *z))
{
	for (int n = 0; n < MODEL_NODES; n++)
		for (int i = 0; i < MODEL_ZONES; i++)
			if (m->zone[n][i].populated)
				fn(m, &m->zone[n][i]);
}

/* ---- frames ---- */

static void add_extent(struct model *m, const struct sbuddy_layout_extent *e, unsigned long pfn)
{
	struct model_zone *z;

	if (e->zone < 0)
		return;
	z = &m->zone[e->node][e->zone];
	if (!z->populated)
		z->start = pfn;
	z->populated = true;
	z->node = e->node;
	z->idx = e->zone;
	z->end = pfn + e->nr_pages;
	z->present += e->nr_pages;
	m->node[e->node].online = true;
	for (unsigned long p = pfn; p < pfn + e->nr_pages; p++) {
		m->kind[p - m->base] = MODEL_NOTHING;
		m->owner[(p - m->base) / MODEL_BLOCK] = e->node * MODEL_ZONES + e->zone;
		m->type[(p - m->base) / MODEL_BLOCK] = SBUDDY_MIGRATE_MOVABLE;
	}
}

/* Greedy aligned chunks, ascending, each appended. */
static void free_extent(struct model *m, unsigned long pfn, unsigned long end)
{
	while (pfn < end) {
		int order = 10;

		while (pfn & ((1UL << order) - 1) || pfn + (1UL << order) > end)
			order--;
		model_free_to_buddy(m, 0, pfn, order, true);
		pfn += 1UL << order;
	}
}

/* ---- zonelists ---- */

static bool has_memory(const struct model *m, int n)
{
	for (int i = 0; i < MODEL_ZONES; i++)
		if (m->zone[n][i].populated)
			return true;
	return false;
}

static int add_zones(const struct model *m, int n, struct model_ref *list, int nr)
{
	for (int i = MODEL_ZONES - 1; i >= 0; i--)
		if (m->zone[n][i].populated)
			list[nr++] = (struct model_ref){ n, i };
	return nr;
}

static int nearest(const struct model *m, const struct sbuddy_layout *l, int from,
		   const bool *used, const int *load)
{
	long best = LONG_MAX;
	int node = -1;

	if (!used[from] && has_memory(m, from))
		return from;
	for (int n = 0; n < MODEL_NODES; n++) {
		long val = (l->distance[from][n] + (n < from)) * 1024L + load[n];

		if (!used[n] && has_memory(m, n) && val < best) {
			best = val;
			node = n;
		}
	}
	return node;
}

static void build_zonelists(struct model *m, const struct sbuddy_layout *l)
{
	int load[MODEL_NODES] = { 0 };

	for (int n = 0; n < m->nr_nodes; n++) {
		bool used[MODEL_NODES] = { false };
		int prev = n, next;

		if (!m->node[n].online)
			continue;
		while ((next = nearest(m, l, n, used, load)) >= 0) {
			used[next] = true;
			if (l->distance[n][next] != l->distance[n][prev])
				load[next]++;
			prev = next;
			m->node[n].nr_fallback = add_zones(m, next, m->node[n].fallback,
							   m->node[n].nr_fallback);
		}
		m->node[n].nr_own = add_zones(m, n, m->node[n].own, 0);
	}
}

/* Managed less HIGH over what the first CPU's node reaches, up to zone @highest. */
static unsigned long usable_pages(const struct model *m, int highest)
{
	const struct model_node *n = &m->node[m->cpu_node[0]];
	unsigned long sum = 0;

	for (int i = 0; i < n->nr_fallback; i++) {
		const struct model_zone *z = &m->zone[n->fallback[i].node][n->fallback[i].zone];
		long left = (long)z->managed - z->wmark[2] - z->boost;

		if (z->idx <= highest && left > 0)
			sum += left;
	}
	return sum;
}

/* ---- watermarks ---- */

static long square_root(long v)
{
	long r = 0;

	while ((r + 1) * (r + 1) <= v)
		r++;
	return r;
}

static long lowmem_pages(const struct model *m)
{
	long sum = 0;

	for (int n = 0; n < MODEL_NODES; n++)
		for (int i = 0; i < MODEL_ZONES; i++)
			if (i != SBUDDY_ZONE_MOVABLE || m->old)
				sum += m->zone[n][i].managed;
	return sum;
}

static void zone_watermarks(struct model *m, struct model_zone *z)
{
	long lowmem = lowmem_pages(m);
	long x = lowmem ? (m->min_free_kbytes >> 2) * (long)z->managed / lowmem : 0;
	long d = model_mult_frac(z->managed, m->scale_factor, 10000);

	if (x / 4 > d)
		d = x / 4;
	if (z->idx == SBUDDY_ZONE_MOVABLE && !m->old) {
		x = z->managed / 1024;
		x = x < 32 ? 32 : x > 128 ? 128 : x;
	}
	z->boost = 0;
	for (int i = 0; i < 4; i++)
		z->wmark[i] = x + i * d;
}

static void totalreserve(struct model *m, struct model_zone *z)
{
	long r = 0;

	for (int j = z->idx; j < MODEL_ZONES; j++)
		if (z->reserve[j] > r)
			r = z->reserve[j];
	r += z->wmark[2] + z->boost;
	m->node[z->node].totalreserve += r > (long)z->managed ? (long)z->managed : r;
}

static void recompute_totalreserve(struct model *m)
{
	for (int n = 0; n < MODEL_NODES; n++)
		m->node[n].totalreserve = 0;
	every_zone(m, totalreserve);
}

static void setup_watermarks(struct model *m)
{
	every_zone(m, zone_watermarks);
	recompute_totalreserve(m);
	every_zone(m, model_pcp_limits);
}

static void lowmem_reserve(struct model *m, struct model_zone *z)
{
	for (int j = 0; j < MODEL_ZONES; j++) {
		long sum = 0;

		for (int k = z->idx + 1; k <= j; k++)
			sum += m->zone[z->node][k].managed;
		z->reserve[j] = m->ratio[z->idx] ? sum / m->ratio[z->idx] : 0;
	}
}

static int bits(unsigned long v)
{
	int n = 0;

	for (; v; v >>= 1)
		n++;
	return n;
}

/* The mark comes only where what may be pending exceeds the gap, and never goes. */
static void stat_threshold(struct model *m, struct model_zone *z)
{
	int t = 2 * bits(m->vcpus) * (1 + bits(z->managed >> 15));

	t = t > 125 ? 125 : t;
	for (int cpu = 0; cpu < m->vcpus; cpu++)
		z->threshold[cpu] = t;
	if (m->vcpus * t > z->wmark[1] - z->wmark[0])
		z->drift_mark = z->wmark[2] + m->vcpus * t;
}

static void khugepaged(struct model *m)
{
	long zones = 0, pages, cap = usable_pages(m, SBUDDY_ZONE_NORMAL) / 20;

	for (int n = 0; n < MODEL_NODES; n++)
		for (int i = 0; i <= SBUDDY_ZONE_NORMAL; i++)
			zones += m->zone[n][i].populated;
	pages = 512 * zones * 11;
	if (pages > cap)
		pages = cap;
	if (pages * 4 > m->min_free_kbytes)
		m->min_free_kbytes = pages * 4;
	setup_watermarks(m);
}

static void init_watermarks(struct model *m, bool thp)
{
	long kb;

	every_zone(m, stat_threshold);	/* when the CPUs come online: no marks yet */
	kb = square_root(16 * 4 * (long)usable_pages(m, SBUDDY_ZONE_NORMAL));
	m->min_free_kbytes = kb < 128 ? 128 : kb > 262144 ? 262144 : kb;
	setup_watermarks(m);
	every_zone(m, stat_threshold);
	every_zone(m, lowmem_reserve);
	recompute_totalreserve(m);
	if (thp)
		khugepaged(m);
}

/* ---- the whole ---- */

static void *zeroed(size_t nr, size_t size)
{
	void *p = calloc(nr, size);

	if (!p)
		abort();
	return p;
}

static void free_all(struct model *m, const struct sbuddy_layout *l)
{
	unsigned long pfn = m->base;

	for (int i = 0; i < l->nr_extents; i++) {
		if (l->extent[i].zone >= 0)
			free_extent(m, pfn, pfn + l->extent[i].nr_pages);
		pfn += l->extent[i].nr_pages;
	}
}

static void boot_zone(struct model *m, struct model_zone *z)
{
	z->old = m->old;
	z->managed = z->present;
}

static void boot_cpus(struct model *m, const struct sbuddy_config *cfg)
{
	m->vcpus = cfg->nr_vcpus;
	for (int cpu = 0; cpu < m->vcpus; cpu++) {
		m->cpu_node[cpu] = cfg->vcpu_node[cpu];
		m->node[m->cpu_node[cpu]].cpus++;
	}
}

static void boot_nodes(struct model *m)
{
	for (int n = 0; n < MODEL_NODES; n++) {
		m->online_nodes += m->node[n].online;
		m->node[n].kswapd_highest = MODEL_ZONES;
	}
}

struct model *model_boot(const struct sbuddy_config *cfg)
{
	static const int ratio[MODEL_ZONES] = { 256, 256, 32, 0, 0 };
	const struct sbuddy_layout *l = &cfg->layout;
	struct model *m = zeroed(1, sizeof(*m));
	unsigned long pfn = cfg->base_pfn;

	m->base = pfn;
	m->nr = l->nr_pages;
	m->old = cfg->rules == SBUDDY_RULES_6_1;
	m->kind = zeroed(m->nr, 1);
	m->order = zeroed(m->nr, 1);
	m->compound = zeroed(m->nr, 1);
	m->on = zeroed(m->nr, 1);
	m->ref = zeroed(m->nr, sizeof(*m->ref));
	m->type = zeroed(m->nr / MODEL_BLOCK, 1);
	m->owner = zeroed(m->nr / MODEL_BLOCK, 1);
	m->nr_nodes = l->nr_nodes;
	m->scale_factor = 10;
	m->boost_factor = 15000;
	m->il_prev = -1;
	memcpy(m->ratio, ratio, sizeof(ratio));

	for (int i = 0; i < l->nr_extents; pfn += l->extent[i++].nr_pages)
		add_extent(m, &l->extent[i], pfn);
	boot_nodes(m);
	boot_cpus(m, cfg);
	build_zonelists(m, l);
	every_zone(m, boot_zone);
	m->no_grouping = usable_pages(m, SBUDDY_ZONE_MOVABLE) < 512 * 5;
	free_all(m, l);
	init_watermarks(m, cfg->thp);
	for (int n = 0; n < MODEL_NODES && !m->old; n++)
		for (int i = 0; i < MODEL_ZONES; i++)
			for (int cpu = 0; cpu < m->vcpus; cpu++)
				if (cfg->llc_pages_per_cpu > 3 * m->zone[n][i].pcp[cpu].batch)
					m->zone[n][i].pcp[cpu].flags = 2;
	return m;
}

static void free_zone(struct model *m, struct model_zone *z)
{
	for (int o = 0; o < MODEL_ORDERS; o++)
		for (int t = 0; t < MODEL_TYPES; t++)
			free(z->free[o][t].pfn);
	for (int cpu = 0; cpu < m->vcpus; cpu++)
		for (int i = 0; i < MODEL_PCP_LISTS; i++)
			free(z->pcp[cpu].list[i].pfn);
}

void model_free(struct model *m)
{
	every_zone(m, free_zone);
	free(m->kind);
	free(m->order);
	free(m->compound);
	free(m->on);
	free(m->ref);
	free(m->type);
	free(m->owner);
	free(m);
}

/* ---- knobs ---- */

void model_set_min_free_kbytes(struct model *m, long v)
{
	m->min_free_kbytes = v;
	setup_watermarks(m);
}

void model_set_scale_factor(struct model *m, int v)
{
	m->scale_factor = v;
	setup_watermarks(m);
}

void model_set_boost_factor(struct model *m, int v)
{
	m->boost_factor = v;
}

void model_set_high_fraction(struct model *m, int v)
{
	if (v == m->high_fraction)
		return;
	m->high_fraction = v;
	every_zone(m, model_pcp_limits);
}

void model_set_reserve_ratio(struct model *m, const int *ratio)
{
	for (int i = 0; i < MODEL_ZONES; i++)
		m->ratio[i] = ratio[i] < 1 ? 0 : ratio[i];
	every_zone(m, lowmem_reserve);
	recompute_totalreserve(m);
}
