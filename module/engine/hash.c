// SPDX-License-Identifier: GPL-2.0
/*
 * A 64-bit number for the whole state of a machine: equal states have equal
 * numbers, in the kernel and natively, wherever they lie in memory.
 *
 * Every value is mixed in, in a fixed order, as a 64-bit number; what may be
 * longer or shorter is ended by a mark.  Frames are mixed as they are numbered.
 * The mixing is the finaliser of splitmix64: each bit of a value reaches each
 * bit of the result.
 */
#include "os.h"
#include "state.h"
#include "snapshot.h"
#include "compaction.h"

#define SBUDDY_HASH_VERSION	3ULL
#define SBUDDY_HASH_END		(~0ULL)		/* ends a list; no frame has this number */

static u64 sbuddy_mix(u64 h, u64 v)
{
	h += v + 0x9e3779b97f4a7c15ULL;
	h = (h ^ h >> 30) * 0xbf58476d1ce4e5b9ULL;
	h = (h ^ h >> 27) * 0x94d049bb133111ebULL;
	return h ^ h >> 31;
}

static u64 sbuddy_hash_fields(u64 h, const struct sbuddy_field *f, const void *object)
{
	for (; f->name; f++)
		for (int i = 0; i < f->count; i++)
			h = sbuddy_mix(h, sbuddy_field_value(f, object, i));
	return h;
}

static u64 sbuddy_hash_list(u64 h, const struct sbuddy_machine *m, const struct list_head *list)
{
	const struct sbuddy_page *page;
	unsigned int n = 0;

	list_for_each_entry(page, list, lru) {
		h = sbuddy_mix(h, sbuddy_pfn(m, page));
		if (!(++n % SBUDDY_RESCHED_EVERY))
			os_cond_resched();
	}
	return sbuddy_mix(h, SBUDDY_HASH_END);
}

/* Blocks, and under rules where they remember it, the type that each goes back to. */
static u64 sbuddy_hash_pcplist(u64 h, const struct sbuddy_machine *m, const struct list_head *list)
{
	const struct sbuddy_page *page;

	if (!m->rules->lists_follow_blocks)
		list_for_each_entry(page, list, lru)
			h = sbuddy_mix(h, sbuddy_pcp_mt(page));
	return sbuddy_hash_list(h, m, list);
}

static u64 sbuddy_hash_zonelist(u64 h, const struct sbuddy_zonelist *list)
{
	for (const struct sbuddy_zoneref *z = list->ref; z->zone; z++)
		h = sbuddy_mix(h, z->zone->place);
	return sbuddy_mix(h, SBUDDY_HASH_END);
}

static u64 sbuddy_hash_node(u64 h, const struct sbuddy_node *node)
{
	h = sbuddy_mix(h, node->id);
	h = sbuddy_hash_fields(h, sbuddy_node_fields, node);
	for (int kind = 0; kind < SBUDDY_NR_ZONELISTS; kind++)
		h = sbuddy_hash_zonelist(h, &node->zonelists[kind]);
	return h;
}

static u64 sbuddy_hash_pcp(u64 h, const struct sbuddy_zone *zone, int cpu)
{
	const struct sbuddy_pcp *pcp = &zone->pcp[cpu];

	h = sbuddy_hash_fields(h, sbuddy_pcp_fields, pcp);
	for (int i = 0; i < SBUDDY_NR_PCP_LISTS; i++)
		h = sbuddy_hash_pcplist(h, zone->machine, &pcp->lists[i]);
	return sbuddy_hash_fields(h, sbuddy_zonestat_fields, &zone->zstat[cpu]);
}

static u64 sbuddy_hash_blocks(u64 h, const struct sbuddy_zone *zone)
{
	const struct sbuddy_machine *m = zone->machine;
	unsigned long pfn = zone->zone_start_pfn, end = pfn + zone->spanned_pages;

	for (; pfn < end; pfn = sbuddy_next_block(pfn)) {
		unsigned long i = sbuddy_pb_index(m, pfn);
		unsigned long word = m->pageblock_flags[i / SBUDDY_PB_PER_LONG];

		if (sbuddy_pageblock_present(m, zone, pfn))
			h = sbuddy_mix(h, word >> (i % SBUDDY_PB_PER_LONG * SBUDDY_PB_BITS) &
					  (SBUDDY_PB_TYPE_MASK | SBUDDY_PB_SKIP));
		else
			h = sbuddy_mix(h, SBUDDY_HASH_END);
	}
	return h;
}

static u64 sbuddy_hash_zone(u64 h, const struct sbuddy_zone *zone)
{
	h = sbuddy_mix(h, zone->place);
	h = sbuddy_hash_fields(h, sbuddy_zone_fields, zone);
	for (int i = 0; i < SBUDDY_NR_ZONE_EVENTS; i++)
		h = sbuddy_mix(h, sbuddy_zone_event(zone, i));
	for (int i = 0; i < SBUDDY_NR_NUMA_ITEMS; i++)
		h = sbuddy_mix(h, sbuddy_zone_numa(zone, i));
	for (int o = 0; o < SBUDDY_NR_PAGE_ORDERS; o++) {
		h = sbuddy_mix(h, zone->free_area[o].nr_free);
		for (int mt = 0; mt < SBUDDY_MIGRATE_TYPES; mt++)
			h = sbuddy_hash_list(h, zone->machine, &zone->free_area[o].free_list[mt]);
	}
	h = sbuddy_hash_blocks(h, zone);
	for (int cpu = 0; cpu < zone->machine->nr_vcpus; cpu++)
		h = sbuddy_hash_pcp(h, zone, cpu);
	return h;
}

static u64 sbuddy_hash_used(u64 h, const struct sbuddy_machine *m)
{
	unsigned long i = sbuddy_next_used(m, 0);

	while (i < m->nr_pages) {
		const struct sbuddy_page *page = &m->pages[i];

		h = sbuddy_mix(h, m->base_pfn + i);
		h = sbuddy_mix(h, (u64)page->refcount << 32 | (page->tag & SBUDDY_TAG_USE));
		if (page->tag & SBUDDY_TAG_MOVABLE)
			h = sbuddy_mix(h, page->private & SBUDDY_PRIVATE_FLAGS);
		i = sbuddy_next_used(m, i + (1UL << sbuddy_tag_order(page->tag)));
	}
	return sbuddy_mix(h, SBUDDY_HASH_END);
}

/* Where movable pages are listed, and those on their way there. */
static u64 sbuddy_hash_lru(u64 h, const struct sbuddy_machine *m)
{
	for (int nid = 0; nid < m->nr_nodes; nid++) {
		const struct sbuddy_lruvec *vec = &m->lru->node[nid];

		if (!m->nodes[nid].online)
			continue;
		h = sbuddy_hash_fields(h, sbuddy_lruvec_fields, vec);
		for (int i = 0; i < SBUDDY_NR_LRU_LISTS; i++)
			h = sbuddy_hash_list(h, m, &vec->list[i]);
	}
	h = sbuddy_hash_fields(h, sbuddy_reclaim_fields, &m->lru->reclaim);
	for (int cpu = 0; cpu < m->nr_vcpus; cpu++) {
		const struct sbuddy_lru_batch *b = &m->lru->batch[cpu];

		for (unsigned int i = 0; i < b->nr; i++)
			h = sbuddy_mix(h, sbuddy_pfn(m, b->page[i]));
		h = sbuddy_mix(h, SBUDDY_HASH_END);
	}
	return h;
}

/* A compaction in steps: where it stands, and what it has isolated. */
static u64 sbuddy_hash_walk(u64 h, const struct sbuddy_machine *m)
{
	const struct sbuddy_compact_walk *w = m->walk;

	if (!w)
		return sbuddy_mix(h, SBUDDY_HASH_END);
	h = sbuddy_mix(h, w->cc.zone->place);
	h = sbuddy_hash_fields(h, sbuddy_walk_fields, &w->cc);
	h = sbuddy_hash_list(h, m, &w->cc.migratepages);
	for (int order = 0; order < SBUDDY_NR_PAGE_ORDERS; order++)
		h = sbuddy_hash_list(h, m, &w->cc.freepages[order]);
	return h;
}

/**
 * sbuddy_machine_hash() - a number for the state of a machine
 * @m: machine; no operation runs on it meanwhile
 *
 * In it are: the rule set; vcpus and their nodes; knobs; zonelists; of each zone spans,
 * watermarks, reserves, flags, counters, free lists in order, type and skip hint
 * of each pageblock, per-CPU lists in order with their tuning, pending parts of
 * counters; used blocks with order, references and how they were allocated; LRU
 * lists in order and what waits for them, with what reclaim knows of each page, of
 * nodes and of the machine, the time included; what compaction remembers, and where one
 * in steps stands; all event counters, summed over vcpus.
 *
 * Not in it: the machine's number; whether it is backed; first frame and length
 * of the array of descriptors (zones tell theirs); owners, slots, who isolated; the knob
 * shortcut, with or without which the same is decided; distances, of which the
 * zonelists are made.
 *
 * Context: May sleep.
 * Return: the number; that of another state is the same once in 2^64.
 */
u64 sbuddy_machine_hash(const struct sbuddy_machine *m)
{
	u64 h = sbuddy_mix(0, SBUDDY_HASH_VERSION);

	h = sbuddy_hash_fields(h, sbuddy_machine_fields, m);
	h = sbuddy_hash_fields(h, sbuddy_knob_fields, &m->knobs);
	for (int cpu = 0; cpu < m->nr_vcpus; cpu++)
		h = sbuddy_mix(h, m->vcpu_node[cpu]);
	for (int i = 0; i < SBUDDY_NR_MACHINE_EVENTS; i++)
		h = sbuddy_mix(h, sbuddy_machine_event(m, i));
	for (int i = 0; i < SBUDDY_NR_VM_EVENTS; i++)
		h = sbuddy_mix(h, sbuddy_vm_event(m, i));
	for (int nid = 0; nid < m->nr_nodes; nid++)
		if (m->nodes[nid].online)
			h = sbuddy_hash_node(h, &m->nodes[nid]);
	for (int i = 0; i < m->nr_zones; i++)
		h = sbuddy_hash_zone(h, m->zones[i]);
	h = sbuddy_hash_lru(h, m);
	h = sbuddy_hash_walk(h, m);
	return sbuddy_hash_used(h, m);
}
