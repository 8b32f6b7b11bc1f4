// SPDX-License-Identifier: GPL-2.0
/*
 * Machines: making one from a configuration, bringing it to the state that a
 * kernel has after boot, and taking it down.
 *
 * Order as at boot: zones and pageblock types, zonelists, every frame freed to
 * the buddy in ascending order, watermarks and reserves.
 */
#include "os.h"
#include "rules.h"
#include "reclaim.h"
#include "lru.h"

#define SBUDDY_DEFAULT_LLC_PAGES	512	/* 2 MiB a vcpu */

/**
 * sbuddy_config_init() - a configuration with the defaults and no layout
 * @cfg: out
 *
 * Context: Any.
 */
void sbuddy_config_init(struct sbuddy_config *cfg)
{
	memset(cfg, 0, sizeof(*cfg));
	cfg->nr_vcpus = 1;
	cfg->base_pfn = 1UL << 20;
	cfg->thp = true;
	cfg->llc_pages_per_cpu = SBUDDY_DEFAULT_LLC_PAGES;
}

static void sbuddy_knobs_init(struct sbuddy_machine *m)
{
	struct sbuddy_knobs *k = &m->knobs;

	memset(k, 0, sizeof(*k));
	k->user_min_free_kbytes = -1;
	k->watermark_scale_factor = 10;
	k->watermark_boost_factor = 15000;
	k->lowmem_reserve_ratio[SBUDDY_ZONE_DMA] = 256;
	k->lowmem_reserve_ratio[SBUDDY_ZONE_DMA32] = 256;
	k->lowmem_reserve_ratio[SBUDDY_ZONE_NORMAL] = 32;
	k->thp = m->config.thp;
	k->shortcut = true;
	k->extfrag_threshold = 500;
	k->compaction_proactiveness = 20;
	k->compact_unevictable_allowed = true;
	k->lru_batch = SBUDDY_LRU_BATCH;
	k->swappiness = 60;
	k->slowpath_loops = SBUDDY_MAX_SLOWPATH_LOOPS;
	k->llc_pages_per_cpu = m->config.llc_pages_per_cpu;
}

/* Where there are large holes they have no memory. */
static struct sbuddy_page *sbuddy_alloc_descriptors(struct sbuddy_machine *m)
{
	const size_t size = m->nr_pages * sizeof(struct sbuddy_page);

	m->sparse = sbuddy_layout_sparse(&m->config.layout);
	if (m->sparse)
		return os_zalloc_sparse(size, sbuddy_layout_describes, &m->config.layout);
	return os_zalloc(size);
}

/* An empty machine with its arrays; NULL if there is no memory for them. */
struct sbuddy_machine *sbuddy_machine_alloc(const struct sbuddy_config *cfg,
					    unsigned long base_pfn, unsigned long nr_pages)
{
	struct sbuddy_machine *m = os_zalloc(sizeof(*m));

	if (!m)
		return NULL;
	m->config = *cfg;
	m->rules = sbuddy_rules_get(cfg->rules);
	m->base_pfn = base_pfn;
	m->nr_pages = nr_pages;
	m->backed = cfg->backed;
	m->nr_vcpus = cfg->nr_vcpus;
	memcpy(m->vcpu_node, cfg->vcpu_node, sizeof(m->vcpu_node));
	for (int nid = 0; nid < SBUDDY_MAX_NODES; nid++) {
		m->nodes[nid].id = nid;
		m->nodes[nid].kswapd_highest_zoneidx = SBUDDY_MAX_NR_ZONES;
		sbuddy_kcompactd_init(&m->nodes[nid]);
		sbuddy_kswapd_init(&m->nodes[nid]);
	}
	sbuddy_knobs_init(m);

	m->pages = sbuddy_alloc_descriptors(m);
	m->pageblock_flags = os_zalloc(sbuddy_pageblock_flags_size(m));
	m->pageblock_zone = os_zalloc(sbuddy_nr_pageblocks(m));
	m->isolated_by = os_zalloc(sbuddy_nr_pageblocks(m) * sizeof(*m->isolated_by));
	m->zones = os_zalloc(SBUDDY_MAX_NODES * SBUDDY_MAX_NR_ZONES * sizeof(*m->zones));
	m->near = os_zalloc(m->nr_vcpus * SBUDDY_NR_NEAR * sizeof(*m->near));
	m->lru = os_zalloc(sbuddy_lru_size(m->nr_vcpus));
	if (!m->pages || !m->pageblock_flags || !m->pageblock_zone || !m->isolated_by ||
	    !m->zones || !m->near || !m->lru) {
		sbuddy_machine_destroy(m);
		return NULL;
	}
	sbuddy_lru_init(m);
	memset(m->pageblock_zone, SBUDDY_NO_ZONE, sbuddy_nr_pageblocks(m));
	return m;
}

static void sbuddy_pcp_init(struct sbuddy_zone *zone, struct sbuddy_pcp *pcp)
{
	memset(pcp, 0, sizeof(*pcp));
	pcp->zone = zone;
	spin_lock_init(&pcp->lock);
	pcp->batch = 1;
	if (zone->machine->rules->pcp_freed)
		pcp->flags = SBUDDY_PCPF_OTHER_RULES;
	for (int i = 0; i < SBUDDY_NR_PCP_LISTS; i++)
		INIT_LIST_HEAD(&pcp->lists[i]);
}

/* Empty lists and counters, as before anything was freed to the zone. */
void sbuddy_zone_init_lists(struct sbuddy_zone *zone)
{
	memset(zone->watermark, 0, sizeof(zone->watermark));
	memset(zone->lowmem_reserve, 0, sizeof(zone->lowmem_reserve));
	memset(zone->events, 0, sizeof(zone->events));
	memset(zone->numa, 0, sizeof(zone->numa));
	atomic_long_set(&zone->numa_foreign, 0);
	atomic_long_set(&zone->numa_interleave_hit, 0);
	zone->watermark_boost = 0;
	zone->nr_free_pages = 0;
	zone->nr_free_highatomic = 0;
	zone->nr_reserved_highatomic = 0;
	zone->nr_isolate_pageblock = 0;
	zone->percpu_drift_mark = 0;
	zone->flags = 0;
	zone->pcp_high_min = 0;
	zone->pcp_high_max = 0;
	zone->pcp_batch = 1;
	memset(&zone->compact, 0, sizeof(zone->compact));
	for (int o = 0; o < SBUDDY_NR_PAGE_ORDERS; o++) {
		zone->free_area[o].nr_free = 0;
		for (int mt = 0; mt < SBUDDY_MIGRATE_TYPES; mt++)
			INIT_LIST_HEAD(&zone->free_area[o].free_list[mt]);
	}
	for (int cpu = 0; cpu < zone->machine->nr_vcpus; cpu++) {
		sbuddy_pcp_init(zone, &zone->pcp[cpu]);
		zone->zstat[cpu] = (struct sbuddy_zonestat){ 0, 0 };
	}
}

/* A populated zone without frames, the next in the machine's table; NULL without memory. */
struct sbuddy_zone *sbuddy_zone_create(struct sbuddy_machine *m, int node, int idx)
{
	struct sbuddy_zone *zone = os_zalloc(sizeof(*zone));

	if (!zone)
		return NULL;
	zone->machine = m;
	zone->node = node;
	zone->idx = idx;
	zone->id = m->nr_zones;
	zone->place = node << 4 | idx;
	zone->pcp = os_zalloc(m->nr_vcpus * sizeof(*zone->pcp));
	zone->zstat = os_zalloc(m->nr_vcpus * sizeof(*zone->zstat));
	if (!zone->pcp || !zone->zstat) {
		os_free(zone->pcp);
		os_free(zone->zstat);
		os_free(zone);
		return NULL;
	}
	spin_lock_init(&zone->lock);
	sbuddy_zone_init_lists(zone);
	m->zones[m->nr_zones++] = zone;
	m->nodes[node].node_zones[idx] = zone;
	if (!m->nodes[node].online) {
		m->nodes[node].online = true;
		m->online_nodes++;
	}
	return zone;
}

static void sbuddy_zone_add_extent(struct sbuddy_machine *m, struct sbuddy_zone *zone,
				   unsigned long start, unsigned long nr)
{
	if (!zone->spanned_pages)
		zone->zone_start_pfn = start;
	zone->spanned_pages = start + nr - zone->zone_start_pfn;
	zone->present_pages += nr;
	for (unsigned long pfn = start; pfn < start + nr; pfn += SBUDDY_PAGEBLOCK_NR_PAGES)
		m->pageblock_zone[sbuddy_pb_index(m, pfn)] = zone->id;
}

static void sbuddy_node_add_extent(struct sbuddy_node *node, unsigned long start,
				   unsigned long nr)
{
	if (!node->spanned_pages)
		node->node_start_pfn = start;
	node->spanned_pages = start + nr - node->node_start_pfn;
}

/* Zones in node and zone order, then what each extent of the layout adds to them. */
static int sbuddy_create_zones(struct sbuddy_machine *m)
{
	const struct sbuddy_layout *l = &m->config.layout;
	bool wanted[SBUDDY_MAX_NODES][SBUDDY_MAX_NR_ZONES] = { { false } };
	unsigned long pfn = m->base_pfn;
	int i, nid, idx;

	m->nr_nodes = l->nr_nodes;
	for (i = 0; i < l->nr_extents; i++)
		if (l->extent[i].zone >= 0)
			wanted[l->extent[i].node][l->extent[i].zone] = true;
	for (nid = 0; nid < l->nr_nodes; nid++)
		for (idx = 0; idx < SBUDDY_MAX_NR_ZONES; idx++)
			if (wanted[nid][idx] && !sbuddy_zone_create(m, nid, idx))
				return -ENOMEM;

	for (i = 0; i < l->nr_extents; i++) {
		const struct sbuddy_layout_extent *e = &l->extent[i];
		struct sbuddy_node *node = &m->nodes[e->node];

		if (e->zone >= 0) {
			sbuddy_zone_add_extent(m, node->node_zones[e->zone], pfn, e->nr_pages);
			sbuddy_node_add_extent(node, pfn, e->nr_pages);
		}
		pfn += e->nr_pages;
	}
	return 0;
}

/*
 * Frees [@pfn, @end) in the largest aligned blocks, ascending and to the tails,
 * so that the lists start out in ascending order.
 */
static void sbuddy_free_extent(struct sbuddy_zone *zone, struct sbuddy_task *task,
			       unsigned long pfn, unsigned long end)
{
	while (pfn < end) {
		unsigned int order = min_t(unsigned int, __ffs(pfn), SBUDDY_MAX_PAGE_ORDER);

		while (pfn + (1UL << order) > end)
			order--;
		sbuddy___free_pages_core(zone, task, pfn, order);
		zone->managed_pages += 1UL << order;
		pfn += 1UL << order;
		os_cond_resched();
	}
}

static void sbuddy_free_all(struct sbuddy_machine *m)
{
	const struct sbuddy_layout *l = &m->config.layout;
	struct sbuddy_task task = { 0 };
	unsigned long pfn = m->base_pfn;
	int i;

	for (i = 0; i < m->nr_zones; i++)
		m->zones[i]->managed_pages = 0;
	for (i = 0; i < l->nr_extents; i++) {
		const struct sbuddy_layout_extent *e = &l->extent[i];

		if (e->zone >= 0)
			sbuddy_free_extent(m->nodes[e->node].node_zones[e->zone], &task, pfn,
					   pfn + e->nr_pages);
		pfn += e->nr_pages;
	}
}

/*
 * A vcpu with a large share of the last-level cache keeps a batch of
 * high-order blocks when it frees many.
 */
static void sbuddy_setup_pcp_cacheinfo(struct sbuddy_machine *m)
{
	if (!m->rules->pcp_tunes)
		return;
	for (int i = 0; i < m->nr_zones; i++)
		for (int cpu = 0; cpu < m->nr_vcpus; cpu++) {
			struct sbuddy_pcp *pcp = &m->zones[i]->pcp[cpu];

			if (m->knobs.llc_pages_per_cpu > 3L * pcp->batch)
				pcp->flags |= SBUDDY_PCPF_FREE_HIGH_BATCH;
		}
}

/* From zones without pages to the state after boot. */
static void sbuddy_boot(struct sbuddy_machine *m)
{
	unsigned long pfn;
	int i;

	m->knobs.group_by_mobility_disabled = false;
	for (i = 0; i < m->nr_zones; i++)
		m->zones[i]->managed_pages = m->zones[i]->present_pages;
	for (pfn = m->base_pfn; pfn < m->base_pfn + m->nr_pages; pfn += SBUDDY_PAGEBLOCK_NR_PAGES)
		if (m->pageblock_zone[sbuddy_pb_index(m, pfn)] != SBUDDY_NO_ZONE)
			sbuddy_set_pageblock_migratetype(m, pfn, SBUDDY_MIGRATE_MOVABLE);
	sbuddy_build_all_zonelists(m, true);
	sbuddy_free_all(m);
	for (i = 0; i < m->nr_vcpus; i++)
		m->nodes[m->vcpu_node[i]].nr_cpus++;
	sbuddy_init_per_zone_wmark_min(m);
	sbuddy_setup_pcp_cacheinfo(m);
}

static bool sbuddy_config_valid(const struct sbuddy_config *cfg)
{
	if (!sbuddy_rules_get(cfg->rules))
		return false;
	if (cfg->nr_vcpus < 1 || cfg->nr_vcpus > SBUDDY_MAX_VCPUS)
		return false;
	if (!cfg->base_pfn || cfg->base_pfn % SBUDDY_MAX_ORDER_NR_PAGES ||
	    cfg->base_pfn >= SBUDDY_END_PFN)
		return false;
	if (!cfg->layout.nr_pages || cfg->layout.nr_pages > SBUDDY_MAX_PAGES)
		return false;
	for (int cpu = 0; cpu < cfg->nr_vcpus; cpu++)
		if (cfg->vcpu_node[cpu] >= cfg->layout.nr_nodes)
			return false;
	return true;
}

/**
 * sbuddy_machine_create() - make a machine and boot it
 * @cfg: what it is made of; copied
 * @out: the machine, unchanged on error
 *
 * Context: May sleep.
 * Return: 0; -EINVAL for an impossible configuration (no layout, frame number
 * 0, not a multiple of 1024 or not below SBUDDY_END_PFN, too many vcpus, a vcpu
 * on a node that does not exist, no such rule set); -ENOMEM.
 */
int sbuddy_machine_create(const struct sbuddy_config *cfg, struct sbuddy_machine **out)
{
	struct sbuddy_machine *m;

	BUILD_BUG_ON(sizeof(struct sbuddy_page) > 32);
	BUILD_BUG_ON(sizeof(spinlock_t) == 4 && sizeof(struct sbuddy_pcp) != 512);
	if (!sbuddy_config_valid(cfg))
		return -EINVAL;
	m = sbuddy_machine_alloc(cfg, cfg->base_pfn, cfg->layout.nr_pages);
	if (!m)
		return -ENOMEM;
	if (sbuddy_create_zones(m)) {
		sbuddy_machine_destroy(m);
		return -ENOMEM;
	}
	sbuddy_boot(m);
	*out = m;
	return 0;
}

/**
 * sbuddy_machine_destroy() - take a machine down
 * @m: machine, NULL is allowed; nobody uses it any more
 *
 * Context: May sleep.
 */
void sbuddy_machine_destroy(struct sbuddy_machine *m)
{
	if (!m)
		return;
	for (int i = 0; i < m->nr_zones; i++) {
		os_free(m->zones[i]->pcp);
		os_free(m->zones[i]->zstat);
		os_free(m->zones[i]);
	}
	os_free(m->walk);
	os_free(m->lru);
	os_free(m->near);
	os_free(m->zones);
	os_free(m->isolated_by);
	os_free(m->pageblock_zone);
	os_free(m->pageblock_flags);
	if (m->sparse)
		os_free_sparse(m->pages);
	else
		os_free(m->pages);
	os_free(m);
}

/*
 * Descriptors that say nothing yet are not written: those of a large machine
 * may never have had memory of their own.
 */
static void sbuddy_wipe_descriptors(struct sbuddy_machine *m)
{
	unsigned long hole;

	for (unsigned long i = 0; i < m->nr_pages; i += hole ?: 1) {
		struct sbuddy_page *page = &m->pages[i];

		hole = sbuddy_hole_at(m, i);
		if (page->tag || page->refcount || page->private || page->lru.next)
			memset(page, 0, sizeof(*page));
		if (!(i % SBUDDY_PAGES_PER_SECTION))
			os_cond_resched();
	}
}

/**
 * sbuddy_machine_reset() - back to the state after boot, knobs at their defaults
 * @m: machine; nobody uses it meanwhile and nobody holds a page of it after
 *
 * Context: May sleep.
 * Return: 0; -EOPNOTSUPP for an imported machine, which never booted.
 */
int sbuddy_machine_reset(struct sbuddy_machine *m)
{
	if (!m->config.layout.nr_extents)
		return -EOPNOTSUPP;
	sbuddy_wipe_descriptors(m);
	memset(m->pageblock_flags, 0, sbuddy_pageblock_flags_size(m));
	memset(m->isolated_by, 0, sbuddy_nr_pageblocks(m) * sizeof(*m->isolated_by));
	memset(m->events, 0, sizeof(m->events));
	memset(m->vm_events, 0, sizeof(m->vm_events));
	sbuddy_compact_walk_forget(m);
	sbuddy_lru_init(m);
	sbuddy_knobs_init(m);
	for (int i = 0; i < m->nr_zones; i++)
		sbuddy_zone_init_lists(m->zones[i]);
	for (int nid = 0; nid < m->nr_nodes; nid++) {
		m->nodes[nid].nr_cpus = 0;
		m->nodes[nid].kswapd_order = 0;
		m->nodes[nid].kswapd_highest_zoneidx = SBUDDY_MAX_NR_ZONES;
		sbuddy_kcompactd_init(&m->nodes[nid]);
		sbuddy_kswapd_init(&m->nodes[nid]);
	}
	sbuddy_boot(m);
	return 0;
}

/* For a span of @nr_pages, with @nr_zones zones. */
size_t sbuddy_metadata_bytes(unsigned long nr_pages, int nr_zones, int nr_vcpus)
{
	unsigned long blocks = DIV_ROUND_UP(nr_pages, SBUDDY_PAGEBLOCK_NR_PAGES);
	size_t zone = sizeof(struct sbuddy_zone) +
		      nr_vcpus * (sizeof(struct sbuddy_pcp) + sizeof(struct sbuddy_zonestat));

	return sizeof(struct sbuddy_machine) + nr_pages * sizeof(struct sbuddy_page) +
	       DIV_ROUND_UP(blocks, SBUDDY_PB_PER_LONG) * sizeof(long) +
	       blocks * (sizeof(u8) + sizeof(u32)) + nr_zones * zone +
	       nr_vcpus * SBUDDY_NR_NEAR * sizeof(struct sbuddy_near) +
	       sbuddy_lru_size(nr_vcpus);
}

/**
 * sbuddy_machine_metadata_bytes() - memory that a machine takes from the host
 * @m: machine
 *
 * Context: Any.
 * Return: Bytes, without the allocator's rounding.
 */
size_t sbuddy_machine_metadata_bytes(const struct sbuddy_machine *m)
{
	return sbuddy_metadata_bytes(m->nr_pages, m->nr_zones, m->nr_vcpus) -
	       sbuddy_layout_sparse_bytes(&m->config.layout);
}

/**
 * sbuddy_config_metadata_bytes() - memory that a machine would take
 * @cfg: what it is to be made of
 *
 * Context: Any.
 * Return: What sbuddy_machine_metadata_bytes() will say of it.
 */
size_t sbuddy_config_metadata_bytes(const struct sbuddy_config *cfg)
{
	const struct sbuddy_layout *l = &cfg->layout;
	bool seen[SBUDDY_MAX_NODES][SBUDDY_MAX_NR_ZONES] = { { false } };
	int nr_zones = 0;

	for (int i = 0; i < l->nr_extents; i++) {
		const struct sbuddy_layout_extent *e = &l->extent[i];

		if (e->zone < 0 || seen[e->node][e->zone])
			continue;
		seen[e->node][e->zone] = true;
		nr_zones++;
	}
	return sbuddy_metadata_bytes(l->nr_pages, nr_zones, cfg->nr_vcpus) -
	       sbuddy_layout_sparse_bytes(l);
}

/**
 * sbuddy_config_spread_vcpus() - the vcpus go round over the nodes with memory
 * @cfg: configuration with its layout and number of vcpus; each node gets a
 *	 vcpu if there are enough
 *
 * Context: Any.
 */
void sbuddy_config_spread_vcpus(struct sbuddy_config *cfg)
{
	const struct sbuddy_layout *l = &cfg->layout;
	int node_of[SBUDDY_MAX_NODES];
	unsigned long seen = 0;
	int i, nr = 0;

	for (i = 0; i < l->nr_extents; i++)
		if (l->extent[i].zone >= 0)
			seen |= BIT(l->extent[i].node);
	for (i = 0; i < SBUDDY_MAX_NODES; i++)
		if (seen & BIT(i))
			node_of[nr++] = i;
	for (i = 0; i < cfg->nr_vcpus && nr; i++)
		cfg->vcpu_node[i] = node_of[i % nr];
}
