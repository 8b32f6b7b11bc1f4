// SPDX-License-Identifier: GPL-2.0
/*
 * Zonelists: for each node the zones to try, in order.  The fallback list has
 * the node's own zones first, then the other nodes' by distance, each from
 * the highest zone down; the no-fallback list has only its own.
 *
 * Built when a machine is made, and anew while it stands still; read without a
 * lock.
 */
#include "os.h"
#include "internal.h"

/* Below this many pages for all requests, keeping types apart costs more than it gains. */
#define SBUDDY_MIN_MOBILITY_PAGES \
	(SBUDDY_PAGEBLOCK_NR_PAGES * SBUDDY_MIGRATE_TYPES)

/* Makes any distance outweigh any load: the number of nodes that Debian's kernel knows. */
#define SBUDDY_DISTANCE_WEIGHT	1024

static bool sbuddy_node_has_memory(const struct sbuddy_node *node)
{
	for (int idx = 0; idx < SBUDDY_MAX_NR_ZONES; idx++)
		if (node->node_zones[idx])
			return true;
	return false;
}

/*
 * What speaks against @n as the next node of @local's list.  Nodes below
 * @local and nodes with CPUs cost a little more, so that load goes round and
 * spares those that have work; @load breaks ties among equally distant ones.
 * At boot no CPU is known to belong to a node yet.
 */
static struct sbuddy_node_choice sbuddy_node_value(const struct sbuddy_machine *m, int local,
						   int n, int load, bool boot)
{
	struct sbuddy_node_choice c = {
		.node = n,
		.distance = m->config.layout.distance[local][n],
		.lower = n < local,
		.cpus = !boot && m->nodes[n].nr_cpus,
		.load = load,
	};

	c.value = (c.distance + c.lower + c.cpus) * SBUDDY_DISTANCE_WEIGHT + load;
	return c;
}

/* The memory node nearest to @local that is not in @used; its node is -1 if there is none. */
static struct sbuddy_node_choice sbuddy_find_next_best_node(const struct sbuddy_machine *m,
							    int local, u32 used, const int *load,
							    bool boot)
{
	struct sbuddy_node_choice best = { .node = -1, .value = LONG_MAX };

	if (!(used >> local & 1) && sbuddy_node_has_memory(&m->nodes[local]))
		return sbuddy_node_value(m, local, local, load[local], boot);
	for (int n = 0; n < m->nr_nodes; n++) {
		struct sbuddy_node_choice c = sbuddy_node_value(m, local, n, load[n], boot);

		if (!(used >> n & 1) && sbuddy_node_has_memory(&m->nodes[n]) &&
		    c.value < best.value)
			best = c;
	}
	return best;
}

/* All memory nodes in the order of @local's list; returns how many.  Adds to @load. */
static int sbuddy_order_nodes(const struct sbuddy_machine *m, int local, int *load, bool boot,
			      struct sbuddy_node_choice *choice)
{
	const u8 *distance = m->config.layout.distance[local];
	int nr = 0, prev = local;
	u32 used = 0;

	for (;;) {
		choice[nr] = sbuddy_find_next_best_node(m, local, used, load, boot);
		if (choice[nr].node < 0)
			return nr;
		used |= 1U << choice[nr].node;
		if (distance[choice[nr].node] != distance[prev])
			load[choice[nr].node]++;
		prev = choice[nr++].node;
	}
}

/**
 * sbuddy_fallback_order() - the nodes of a fallback list, and why
 * @m: machine with distances, that is not an imported one
 * @nid: node whose list it is, an online one
 * @boot: by the rule at boot, else when lists are rebuilt
 * @choice: out, SBUDDY_MAX_NODES + 1 entries
 *
 * Each list loads the nodes for the next ones, so those before are gone
 * through as well.
 *
 * Context: Any; nodes and vcpus of a machine are constant.
 * Return: Entries in @choice.
 */
int sbuddy_fallback_order(const struct sbuddy_machine *m, int nid, bool boot,
			  struct sbuddy_node_choice *choice)
{
	int load[SBUDDY_MAX_NODES] = { 0 };
	int nr = 0;

	for (int n = 0; n <= nid; n++)
		if (m->nodes[n].online)
			nr = sbuddy_order_nodes(m, n, load, boot, choice);
	return nr;
}

static struct sbuddy_zoneref *sbuddy_add_node_zones(struct sbuddy_zoneref *ref,
						    const struct sbuddy_node *node)
{
	for (int idx = SBUDDY_MAX_NR_ZONES - 1; idx >= 0; idx--) {
		struct sbuddy_zone *zone = node->node_zones[idx];

		if (zone)
			*ref++ = (struct sbuddy_zoneref){ zone, idx, node->id };
	}
	*ref = (struct sbuddy_zoneref){ NULL, 0, 0 };
	return ref;
}

static void sbuddy_build_zonelists(struct sbuddy_machine *m, int local, int *load, bool boot)
{
	struct sbuddy_node *node = &m->nodes[local];
	struct sbuddy_zoneref *ref = node->zonelists[SBUDDY_ZONELIST_FALLBACK].ref;
	struct sbuddy_node_choice choice[SBUDDY_MAX_NODES + 1];
	int nr = sbuddy_order_nodes(m, local, load, boot, choice);

	ref->zone = NULL;
	for (int i = 0; i < nr; i++)
		ref = sbuddy_add_node_zones(ref, &m->nodes[choice[i].node]);
	sbuddy_add_node_zones(node->zonelists[SBUDDY_ZONELIST_NOFALLBACK].ref, node);
	for (int kind = 0; kind < SBUDDY_NR_ZONELISTS; kind++)
		sbuddy_zonelist_index(&node->zonelists[kind]);
}

/* Where each request starts, so that it need not look for it. */
void sbuddy_zonelist_index(struct sbuddy_zonelist *list)
{
	for (int idx = 0; idx < SBUDDY_MAX_NR_ZONES; idx++)
		list->first[idx] = sbuddy_next_zones_zonelist(list->ref, idx, SBUDDY_ALL_NODES);
}

/* The gfp flags that entry @i of a vcpu stands for. */
static u32 sbuddy_near_gfp(unsigned int i)
{
	return (i & SBUDDY_NEAR_PLACE) | (i > SBUDDY_NEAR_PLACE ? SBUDDY_GFP_THISNODE : 0);
}

static struct sbuddy_near sbuddy_near_entry(struct sbuddy_machine *m, int cpu, u32 gfp)
{
	struct sbuddy_alloc_context ac;
	struct sbuddy_task task = { .cpu = cpu };
	struct sbuddy_zone *zone;
	struct sbuddy_pcp *pcp;

	sbuddy_prepare_alloc_pages(m, &task, gfp, 0, SBUDDY_NID_ANY, &ac);
	zone = ac.preferred->zone;
	if (!zone || zone->node != m->vcpu_node[cpu] || ac.migratetype >= SBUDDY_MIGRATE_PCPTYPES)
		return (struct sbuddy_near){ NULL, NULL, NULL };
	pcp = &zone->pcp[cpu];
	return (struct sbuddy_near){
		.pcp = pcp,
		.list = &pcp->lists[sbuddy_order_to_pindex(ac.migratetype, 0)],
		.reserve = &zone->lowmem_reserve[ac.highest_zoneidx],
	};
}

/*
 * Tells requests of each vcpu where to go.  With the shortcut off, nowhere; nor
 * without mobility grouping, when the gfp flags do not name the list.
 */
void sbuddy_index_near(struct sbuddy_machine *m)
{
	for (int cpu = 0; cpu < m->nr_vcpus; cpu++)
		for (unsigned int i = 0; i < SBUDDY_NR_NEAR; i++) {
			struct sbuddy_near *near = &m->near[cpu * SBUDDY_NR_NEAR + i];

			if (m->knobs.shortcut && !m->knobs.group_by_mobility_disabled)
				*near = sbuddy_near_entry(m, cpu, sbuddy_near_gfp(i));
			else
				WRITE_ONCE(near->pcp, NULL);
		}
}

/**
 * sbuddy_set_shortcut() - may pages be taken from the vcpu's list in one function
 * @m: machine
 * @on: false sends every request through every step of the chain
 *
 * What is decided is the same; with it off a function trace shows each step.
 *
 * Context: Serialised by the caller.
 * Return: 0.
 */
int sbuddy_set_shortcut(struct sbuddy_machine *m, bool on)
{
	m->knobs.shortcut = on;
	sbuddy_index_near(m);
	return 0;
}

/*
 * A request that prefers this zone avoids mixing types in it as long as there
 * is a lower zone of the node to go to instead.
 */
void sbuddy_zone_set_avoid_fragmentation(struct sbuddy_zone *zone)
{
	const struct sbuddy_machine *m = zone->machine;

	zone->avoid_fragmentation = zone->idx == SBUDDY_ZONE_NORMAL &&
		(m->online_nodes == 1 || m->nodes[zone->node].node_zones[SBUDDY_ZONE_DMA32]);
}

static bool sbuddy_too_small_to_group(struct sbuddy_machine *m)
{
	struct sbuddy_node *node = &m->nodes[m->vcpu_node[0]];
	struct sbuddy_zoneref *z = node->zonelists[SBUDDY_ZONELIST_FALLBACK].ref;
	unsigned long sum = 0;

	for (; z->zone; z++) {
		long high = sbuddy_wmark_pages(z->zone, SBUDDY_WMARK_HIGH);

		if ((long)z->zone->managed_pages > high)
			sum += z->zone->managed_pages - high;
	}
	return sum < SBUDDY_MIN_MOBILITY_PAGES;
}

/**
 * sbuddy_rebuild_zonelists() - build the zonelists anew, as at boot or later
 * @m: machine
 * @boot: by the rule at boot, else as when memory comes or goes on a live machine
 *
 * Context: Nobody allocates from @m meanwhile.
 * Return: 0; -EOPNOTSUPP for an imported machine, which has no distances.
 */
int sbuddy_rebuild_zonelists(struct sbuddy_machine *m, bool boot)
{
	if (!m->config.layout.nr_extents)
		return -EOPNOTSUPP;
	sbuddy_build_all_zonelists(m, boot);
	return 0;
}

/**
 * sbuddy_build_all_zonelists() - zonelists of every node, and mobility grouping
 * @m: machine whose zones and managed pages are set
 * @boot: as at boot, when no CPU belongs to a node yet
 *
 * Context: Nobody allocates from @m meanwhile.
 */
void sbuddy_build_all_zonelists(struct sbuddy_machine *m, bool boot)
{
	int load[SBUDDY_MAX_NODES] = { 0 };

	for (int nid = 0; nid < m->nr_nodes; nid++)
		if (m->nodes[nid].online)
			sbuddy_build_zonelists(m, nid, load, boot);
	for (int i = 0; i < m->nr_zones; i++)
		sbuddy_zone_set_avoid_fragmentation(m->zones[i]);
	m->zonelist_rule = boot ? SBUDDY_ZONELISTS_BOOT : SBUDDY_ZONELISTS_REBUILT;
	m->knobs.group_by_mobility_disabled = sbuddy_too_small_to_group(m);
	sbuddy_index_near(m);
}
