// SPDX-License-Identifier: GPL-2.0
/*
 * Snapshots, the way out: the complete state of a machine's zones as text.
 *
 * Line by line, the machine's own (snapshot_machine.c), then per node and zone;
 * frame numbers in hex, everything else decimal but for flags.
 * snapshot_import.c reads it back.  No lock is taken: the caller keeps
 * operations away, and interrupts stay on however long it takes.
 *
 * A machine of other rules than 6.12's says so in the first line.  Blocks on
 * its per-CPU lists are followed by ':' and the type that they remember, if it
 * is not their list's.
 */
#include "os.h"
#include "rules.h"
#include "snapshot.h"

#define SBUDDY_LINE	256

void sbuddy_emit(const struct sbuddy_export *x, const char *fmt, ...)
{
	char line[SBUDDY_LINE];
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	x->emit(x->arg, line, min((size_t)n, sizeof(line) - 1));
}

static void sbuddy_export_zonelist(const struct sbuddy_export *x, const char *name,
				   const struct sbuddy_zonelist *list)
{
	sbuddy_emit(x, "zonelist %s:", name);
	for (const struct sbuddy_zoneref *z = list->ref; z->zone; z++)
		sbuddy_emit(x, " %d:%d", z->node, z->zone_idx);
	sbuddy_emit(x, "\n");
}

static void sbuddy_export_zone_head(const struct sbuddy_export *x, const struct sbuddy_zone *z)
{
	sbuddy_emit(x, "zone node=%d idx=%d name=%s start=%lx end=%lx present=%lu managed=%lu ",
		    z->node, z->idx, sbuddy_zone_name(z->idx), z->zone_start_pfn,
		    z->zone_start_pfn + z->spanned_pages, z->present_pages, z->managed_pages);
	sbuddy_emit(x, "nr_free=%ld drift_mark=%ld isolated_blocks=%ld flags=%lx\n",
		    z->nr_free_pages, z->percpu_drift_mark, z->nr_isolate_pageblock, z->flags);
	sbuddy_emit(x, "wmark min=%ld low=%ld high=%ld promo=%ld ", z->watermark[0],
		    z->watermark[1], z->watermark[2], z->watermark[3]);
	sbuddy_emit(x, "boost=%ld highatomic=%ld highatomic_free=%ld\n", z->watermark_boost,
		    z->nr_reserved_highatomic, z->nr_free_highatomic);
	sbuddy_emit(x, "lowmem_reserve");
	for (int i = 0; i < SBUDDY_MAX_NR_ZONES; i++)
		sbuddy_emit(x, " %ld", z->lowmem_reserve[i]);
	sbuddy_emit(x, "\n");
}

static void sbuddy_export_list(const struct sbuddy_export *x, const struct list_head *list)
{
	const struct sbuddy_page *page;
	unsigned int n = 0;

	list_for_each_entry(page, list, lru) {
		sbuddy_emit(x, " %lx", sbuddy_pfn(x->m, page));
		if (!(++n % SBUDDY_RESCHED_EVERY))
			os_cond_resched();
	}
	sbuddy_emit(x, "\n");
	os_cond_resched();
}

static void sbuddy_export_pcplist(const struct sbuddy_export *x, const struct list_head *list,
				  int idx)
{
	const struct sbuddy_page *page;

	list_for_each_entry(page, list, lru) {
		sbuddy_emit(x, " %lx", sbuddy_pfn(x->m, page));
		if (!x->m->rules->lists_follow_blocks &&
		    sbuddy_pcp_mt(page) != sbuddy_pindex_to_mt(idx))
			sbuddy_emit(x, ":%d", sbuddy_pcp_mt(page));
	}
	sbuddy_emit(x, "\n");
	os_cond_resched();
}

static void sbuddy_export_free(const struct sbuddy_export *x, const struct sbuddy_zone *z)
{
	for (int o = 0; o < SBUDDY_NR_PAGE_ORDERS; o++)
		for (int mt = 0; mt < SBUDDY_MIGRATE_TYPES; mt++) {
			const struct list_head *list = &z->free_area[o].free_list[mt];

			if (list_empty(list))
				continue;
			sbuddy_emit(x, "free order=%d mt=%d:", o, mt);
			sbuddy_export_list(x, list);
		}
}

static void sbuddy_export_blocks(const struct sbuddy_export *x, const struct sbuddy_zone *z)
{
	unsigned long end = z->zone_start_pfn + z->spanned_pages;

	sbuddy_emit(x, "blocks");
	for (unsigned long pfn = z->zone_start_pfn; pfn < end; pfn = sbuddy_next_block(pfn))
		if (sbuddy_pageblock_present(x->m, z, pfn))
			sbuddy_emit(x, " %d", sbuddy_pb_migratetype(x->m, pfn));
		else
			sbuddy_emit(x, " -");
	sbuddy_emit(x, "\n");
	os_cond_resched();
}

static void sbuddy_export_pcp(const struct sbuddy_export *x, const struct sbuddy_zone *z, int cpu)
{
	const struct sbuddy_zonestat *zs = &z->zstat[cpu];
	const struct sbuddy_pcp *p = &z->pcp[cpu];

	sbuddy_emit(x, "zonestat cpu=%d free_diff=%d threshold=%d\n", cpu, zs->free_diff,
		    zs->stat_threshold);
	sbuddy_emit(x, "pcp cpu=%d count=%d high=%d high_min=%d high_max=%d batch=%d ", cpu,
		    p->count, p->high, p->high_min, p->high_max, p->batch);
	sbuddy_emit(x, "flags=%d alloc_factor=%d free_count=%d expire=%d\n",
		    p->flags & SBUDDY_PCPF_KERNEL, p->alloc_factor, p->free_count,
		    p->expire);
	for (int i = 0; i < SBUDDY_NR_PCP_LISTS; i++) {
		if (list_empty(&p->lists[i]))
			continue;
		sbuddy_emit(x, "pcplist cpu=%d idx=%d:", cpu, i);
		sbuddy_export_pcplist(x, &p->lists[i], i);
	}
}

static void sbuddy_export_zone(const struct sbuddy_export *x, const struct sbuddy_zone *z)
{
	sbuddy_export_zone_head(x, z);
	sbuddy_export_free(x, z);
	sbuddy_export_blocks(x, z);
	for (int cpu = 0; cpu < x->m->nr_vcpus; cpu++)
		sbuddy_export_pcp(x, z, cpu);
	sbuddy_export_compact(x, z);
}

/**
 * sbuddy_snapshot_export() - state of every zone as text
 * @m: machine; no operation runs on it meanwhile
 * @emit: called with pieces of text, in order
 * @arg: first argument of @emit
 *
 * Context: May sleep if @emit does.
 * Return: 0.
 */
int sbuddy_snapshot_export(struct sbuddy_machine *m, sbuddy_emit_fn emit, void *arg)
{
	struct sbuddy_export x = { .m = m, .emit = emit, .arg = arg };

	if (m->config.rules != SBUDDY_RULES_6_12)
		sbuddy_emit(&x, "rules %s\n", m->rules->name);
	sbuddy_export_machine(&x);
	for (int nid = 0; nid < m->nr_nodes; nid++) {
		struct sbuddy_node *node = &m->nodes[nid];

		if (!node->online)
			continue;
		sbuddy_emit(&x, "node nid=%d online_nodes=%d\n", nid, m->online_nodes);
		sbuddy_export_zonelist(&x, "fallback",
				       &node->zonelists[SBUDDY_ZONELIST_FALLBACK]);
		sbuddy_export_zonelist(&x, "nofallback",
				       &node->zonelists[SBUDDY_ZONELIST_NOFALLBACK]);
		for (int idx = 0; idx < SBUDDY_MAX_NR_ZONES; idx++)
			if (node->node_zones[idx])
				sbuddy_export_zone(&x, node->node_zones[idx]);
	}
	return 0;
}
