// SPDX-License-Identifier: GPL-2.0
/*
 * Snapshots, the lines that belong to the machine and to no zone: where the
 * vcpus are, distances, what nodes keep in reserve, knobs.
 *
 * Each begins with the word "machine", and each may be missing: recorded
 * vectors have none of them.  What is not said keeps its default.
 *
 *   machine vcpus: NODE...		    node of each vcpu
 *   machine distance NID: D...		    from NID to node 0, 1, ...
 *   machine node=NID totalreserve= kswapd_order= kswapd_highest=
 *   machine knobs min_free_kbytes= user_min_free_kbytes= ...
 *   machine lowmem_reserve_ratio: R...    by zone
 */
#include "os.h"
#include "internal.h"
#include "snapshot.h"

/* Of whatever is one word of a machine's knobs, in the order of the text. */
struct sbuddy_knob_field {
	const char *name;
	long lo;
	long hi;
};

enum {
	KNOB_MIN_FREE,
	KNOB_USER_MIN_FREE,
	KNOB_SCALE,
	KNOB_BOOST,
	KNOB_FRACTION,
	KNOB_RECLAIM_MODE,
	KNOB_THP,
	KNOB_KDUMP,
	KNOB_GROUPING,
	KNOB_LLC_PAGES,
	NR_KNOBS,
};

static const struct sbuddy_knob_field sbuddy_knob_fields[NR_KNOBS] = {
	[KNOB_MIN_FREE]	     = { "min_free_kbytes", 0, LONG_MAX / 64 },
	[KNOB_USER_MIN_FREE] = { "user_min_free_kbytes", -1, LONG_MAX / 64 },
	[KNOB_SCALE]	     = { "watermark_scale_factor", 1, 3000 },
	[KNOB_BOOST]	     = { "watermark_boost_factor", 0, INT_MAX },
	[KNOB_FRACTION]	     = { "percpu_pagelist_high_fraction", 0, INT_MAX },
	[KNOB_RECLAIM_MODE]  = { "zone_reclaim_mode", 0, INT_MAX },
	[KNOB_THP]	     = { "thp", 0, 1 },
	[KNOB_KDUMP]	     = { "kdump", 0, 1 },
	[KNOB_GROUPING]	     = { "grouping", 0, 1 },
	[KNOB_LLC_PAGES]     = { "llc_pages", 0, LONG_MAX / 64 },
};

static void sbuddy_knobs_to_fields(const struct sbuddy_knobs *k, long v[NR_KNOBS])
{
	v[KNOB_MIN_FREE] = k->min_free_kbytes;
	v[KNOB_USER_MIN_FREE] = k->user_min_free_kbytes;
	v[KNOB_SCALE] = k->watermark_scale_factor;
	v[KNOB_BOOST] = k->watermark_boost_factor;
	v[KNOB_FRACTION] = k->percpu_pagelist_high_fraction;
	v[KNOB_RECLAIM_MODE] = k->zone_reclaim_mode;
	v[KNOB_THP] = k->thp;
	v[KNOB_KDUMP] = k->kdump;
	v[KNOB_GROUPING] = !k->group_by_mobility_disabled;
	v[KNOB_LLC_PAGES] = k->llc_pages_per_cpu;
}

static void sbuddy_knobs_from_fields(struct sbuddy_knobs *k, const long v[NR_KNOBS])
{
	k->min_free_kbytes = v[KNOB_MIN_FREE];
	k->user_min_free_kbytes = v[KNOB_USER_MIN_FREE];
	k->watermark_scale_factor = v[KNOB_SCALE];
	k->watermark_boost_factor = v[KNOB_BOOST];
	k->percpu_pagelist_high_fraction = v[KNOB_FRACTION];
	k->zone_reclaim_mode = v[KNOB_RECLAIM_MODE];
	k->thp = v[KNOB_THP];
	k->kdump = v[KNOB_KDUMP];
	k->group_by_mobility_disabled = !v[KNOB_GROUPING];
	k->llc_pages_per_cpu = v[KNOB_LLC_PAGES];
}

/* ---- the way in ----------------------------------------------------------- */

static int sbuddy_import_vcpus(struct sbuddy_import *im)
{
	struct sbuddy_machine *m = im->m;
	long nid;

	for (int i = 0; i < SBUDDY_MAX_NODES; i++)
		m->nodes[i].nr_cpus = 0;
	for (int cpu = 0; cpu < m->nr_vcpus; cpu++) {
		if (!sbuddy_number(im, 10, &nid) || nid < 0 || nid >= SBUDDY_MAX_NODES)
			return sbuddy_import_fail(im, "a node for each vcpu");
		m->vcpu_node[cpu] = nid;
		m->nodes[nid].nr_cpus++;
	}
	return 0;
}

static int sbuddy_import_distance(struct sbuddy_import *im)
{
	long from, d;

	if (!sbuddy_number(im, 10, &from) || from < 0 || from >= SBUDDY_MAX_NODES ||
	    !sbuddy_eat(im, ":"))
		return sbuddy_import_fail(im, "machine distance NID:");
	for (int to = 0; to < SBUDDY_MAX_NODES; to++) {
		sbuddy_skip_blanks(im);
		if (sbuddy_at_eol(im))
			return 0;
		if (!sbuddy_number(im, 10, &d) || d < 0 || d > 255)
			return sbuddy_import_fail(im, "distances 0 to 255");
		im->m->config.layout.distance[from][to] = d;
	}
	return 0;
}

static int sbuddy_import_node_state(struct sbuddy_import *im)
{
	long nid, reserve, order, highest;
	struct sbuddy_node *node;

	if (!sbuddy_field(im, "node", 10, 0, SBUDDY_MAX_NODES - 1, &nid) ||
	    !sbuddy_field(im, "totalreserve", 10, 0, LONG_MAX / 64, &reserve) ||
	    !sbuddy_field(im, "kswapd_order", 10, 0, SBUDDY_MAX_PAGE_ORDER, &order) ||
	    !sbuddy_field(im, "kswapd_highest", 10, 0, SBUDDY_MAX_NR_ZONES, &highest))
		return sbuddy_import_fail(im, "machine node= totalreserve= kswapd_order= kswapd_highest=");
	node = &im->m->nodes[nid];
	im->m->totalreserve_pages += reserve - node->totalreserve_pages;
	node->totalreserve_pages = reserve;
	node->kswapd_order = order;
	node->kswapd_highest_zoneidx = highest;
	return 0;
}

static int sbuddy_import_knobs(struct sbuddy_import *im)
{
	long v[NR_KNOBS];

	for (int i = 0; i < NR_KNOBS; i++) {
		const struct sbuddy_knob_field *f = &sbuddy_knob_fields[i];

		if (!sbuddy_field(im, f->name, 10, f->lo, f->hi, &v[i]))
			return sbuddy_import_fail(im, f->name);
	}
	sbuddy_knobs_from_fields(&im->m->knobs, v);
	return 0;
}

static int sbuddy_import_ratio(struct sbuddy_import *im)
{
	long r;

	for (int i = 0; i < SBUDDY_MAX_NR_ZONES; i++) {
		if (!sbuddy_number(im, 10, &r) || r < 0 || r > INT_MAX)
			return sbuddy_import_fail(im, "five ratios");
		im->m->knobs.lowmem_reserve_ratio[i] = r;
	}
	return 0;
}

/* What follows the word "machine" on a line. */
int sbuddy_import_machine(struct sbuddy_import *im)
{
	if (sbuddy_eat(im, "vcpus:"))
		return sbuddy_import_vcpus(im);
	if (sbuddy_eat(im, "distance "))
		return sbuddy_import_distance(im);
	if (sbuddy_eat(im, "knobs "))
		return sbuddy_import_knobs(im);
	if (sbuddy_eat(im, "lowmem_reserve_ratio:"))
		return sbuddy_import_ratio(im);
	return sbuddy_import_node_state(im);
}

/* ---- the way out ---------------------------------------------------------- */

static void sbuddy_export_knobs(const struct sbuddy_export *x)
{
	long v[NR_KNOBS];

	sbuddy_knobs_to_fields(&x->m->knobs, v);
	sbuddy_emit(x, "machine knobs");
	for (int i = 0; i < NR_KNOBS; i++)
		sbuddy_emit(x, " %s=%ld", sbuddy_knob_fields[i].name, v[i]);
	sbuddy_emit(x, "\nmachine lowmem_reserve_ratio:");
	for (int i = 0; i < SBUDDY_MAX_NR_ZONES; i++)
		sbuddy_emit(x, " %d", x->m->knobs.lowmem_reserve_ratio[i]);
	sbuddy_emit(x, "\n");
}

void sbuddy_export_machine(const struct sbuddy_export *x)
{
	const struct sbuddy_machine *m = x->m;

	sbuddy_emit(x, "machine vcpus:");
	for (int cpu = 0; cpu < m->nr_vcpus; cpu++)
		sbuddy_emit(x, " %d", m->vcpu_node[cpu]);
	sbuddy_emit(x, "\n");
	for (int from = 0; from < m->nr_nodes; from++) {
		sbuddy_emit(x, "machine distance %d:", from);
		for (int to = 0; to < m->nr_nodes; to++)
			sbuddy_emit(x, " %d", m->config.layout.distance[from][to]);
		sbuddy_emit(x, "\n");
	}
	for (int nid = 0; nid < m->nr_nodes; nid++)
		sbuddy_emit(x, "machine node=%d totalreserve=%ld kswapd_order=%d kswapd_highest=%d\n",
			    nid, m->nodes[nid].totalreserve_pages, m->nodes[nid].kswapd_order,
			    m->nodes[nid].kswapd_highest_zoneidx);
	sbuddy_export_knobs(x);
}
