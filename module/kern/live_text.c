// SPDX-License-Identifier: GPL-2.0
/*
 * The living kernel as a snapshot: the text that snapshot_export.c writes of a
 * machine, written of the host's nodes.  So a clone is the import of such a
 * text, and the two sides of a comparison are compared by diff.
 *
 * The zones are copied one after the other, each at one moment (live.c);
 * memory for the text is taken between these moments, none within.
 *
 * Owns no state.
 */
#include <linux/cpu.h>
#include <linux/mm.h>
#include <linux/mmzone.h>
#include <linux/nodemask.h>
#include <linux/slab.h>
#include <linux/topology.h>

#include "compat.h"
#include "live.h"

#define TEXT_FIRST	16384	/* bytes */
#define LINE_MAX	320

/* ---- the text ---- */

static bool text_room(struct sbuddy_live_text *t, size_t len)
{
	size_t size = max_t(size_t, t->size * 2, TEXT_FIRST);
	char *buf;

	if (t->err || t->len + len <= t->size)
		return !t->err;
	buf = kvmalloc(size, GFP_KERNEL);
	if (!buf) {
		t->err = -ENOMEM;
		return false;
	}
	if (t->len)
		memcpy(buf, t->buf, t->len);
	kvfree(t->buf);
	t->buf = buf;
	t->size = size;
	return true;
}

/**
 * sbuddy_live_printf() - append to a text
 * @t:	 the text
 * @fmt: at most 320 bytes
 *
 * Context: May sleep.
 */
void sbuddy_live_printf(struct sbuddy_live_text *t, const char *fmt, ...)
{
	va_list ap;

	if (!text_room(t, LINE_MAX))
		return;
	va_start(ap, fmt);
	t->len += vscnprintf(t->buf + t->len, LINE_MAX, fmt, ap);
	va_end(ap);
}

/**
 * sbuddy_live_text_free() - forget a text
 * @t: the text
 *
 * Context: May sleep.
 */
void sbuddy_live_text_free(struct sbuddy_live_text *t)
{
	kvfree(t->buf);
	*t = (struct sbuddy_live_text){ };
}

/* Half of a large snapshot is frame numbers: no format is looked at for each. */
static void print_pfn(struct sbuddy_live_text *t, unsigned long pfn)
{
	static const char digits[] = "0123456789abcdef";
	int shift = 0;

	if (!text_room(t, LINE_MAX))
		return;
	while (shift < BITS_PER_LONG - 4 && pfn >> shift >> 4)
		shift += 4;
	t->buf[t->len++] = ' ';
	for (; shift >= 0; shift -= 4)
		t->buf[t->len++] = digits[pfn >> shift & 15];
}

/* ---- a zone ---- */

static void print_head(struct sbuddy_live_text *t, const struct sbuddy_live_zone *z)
{
	int i;

	sbuddy_live_printf(t, "zone node=%d idx=%d name=%s start=%lx end=%lx present=%lu managed=%lu ",
			   z->node, z->idx, sbuddy_zone_name(z->idx), z->start_pfn,
			   z->start_pfn + z->spanned, z->present, z->managed);
	sbuddy_live_printf(t, "nr_free=%ld drift_mark=%ld isolated_blocks=%ld flags=%lx\n",
			   z->nr_free, z->drift_mark, z->isolated, z->flags);
	sbuddy_live_printf(t, "wmark min=%ld low=%ld high=%ld promo=%ld boost=%ld highatomic=%ld highatomic_free=%ld\n",
			   z->wmark[0], z->wmark[1], z->wmark[2], z->wmark[3], z->boost,
			   z->reserved_highatomic, z->free_highatomic);
	sbuddy_live_printf(t, "lowmem_reserve");
	for (i = 0; i < SBUDDY_MAX_NR_ZONES; i++)
		sbuddy_live_printf(t, " %ld", z->lowmem_reserve[i]);
	sbuddy_live_printf(t, "\n");
}

/* A list of a CPU's: with the type of a block that is not its list's. */
static void print_pcp_blocks(struct sbuddy_live_text *t, const struct sbuddy_live_zone *z, u32 i,
			     u32 end, int list_type)
{
	const u32 mask = (1U << SBUDDY_LIVE_TYPE_SHIFT) - 1;

	for (; i < end; i++) {
		int mt = sbuddy_migratetype_from_host(z->block[i] >> SBUDDY_LIVE_TYPE_SHIFT);

		print_pfn(t, z->start_pfn + (z->block[i] & mask));
		if (mt >= 0 && mt != list_type)
			sbuddy_live_printf(t, ":%d", mt);
	}
	sbuddy_live_printf(t, "\n");
	cond_resched();
}

/* The blocks from @i to @end, after what was printed of the line. */
static void print_blocks(struct sbuddy_live_text *t, const struct sbuddy_live_zone *z, u32 i,
			 u32 end)
{
	for (; i < end; i++)
		print_pfn(t, z->start_pfn + z->block[i]);
	sbuddy_live_printf(t, "\n");
	cond_resched();
}

static u32 print_free(struct sbuddy_live_text *t, const struct sbuddy_live_zone *z)
{
	int order, mt;
	u32 i = 0;

	for (order = 0; order < SBUDDY_NR_PAGE_ORDERS; order++)
		for (mt = 0; mt < SBUDDY_MIGRATE_TYPES; mt++) {
			u32 end = z->free_end[order][mt];

			if (i != end) {
				sbuddy_live_printf(t, "free order=%d mt=%d:", order, mt);
				print_blocks(t, z, i, end);
			}
			i = end;
		}
	return i;
}

static void print_types(struct sbuddy_live_text *t, const struct sbuddy_live_zone *z)
{
	unsigned long i;

	sbuddy_live_printf(t, "blocks");
	for (i = 0; i < z->nr_types; i++)
		if (z->types[i] == SBUDDY_LIVE_HOLE)
			sbuddy_live_printf(t, " -");
		else
			sbuddy_live_printf(t, " %d", z->types[i]);
	sbuddy_live_printf(t, "\n");
}

static u32 print_pcp(struct sbuddy_live_text *t, const struct sbuddy_live_zone *z, int cpu, u32 i)
{
	const struct sbuddy_live_pcp *p = &z->pcp[cpu];
	const struct sbuddy_host_pcp *f = &p->f;
	int idx;

	sbuddy_live_printf(t, "zonestat cpu=%d free_diff=%d threshold=%d\n", cpu, p->free_diff,
			   p->stat_threshold);
	sbuddy_live_printf(t, "pcp cpu=%d count=%d high=%d high_min=%d high_max=%d batch=%d flags=%d alloc_factor=%d free_count=%d expire=%d\n",
			   cpu, f->count, f->high, f->high_min, f->high_max, f->batch, f->flags,
			   f->alloc_factor, f->free_count, f->expire);
	for (idx = 0; idx < SBUDDY_NR_PCP_LISTS; idx++) {
		if (i != p->end[idx]) {
			sbuddy_live_printf(t, "pcplist cpu=%d idx=%d:", cpu, idx);
			print_pcp_blocks(t, z, i, p->end[idx], sbuddy_live_pindex_type(idx));
		}
		i = p->end[idx];
	}
	return i;
}

/* Lists were copied in the order in which they are printed. */
static void print_zone(struct sbuddy_live_text *t, const struct sbuddy_live_zone *z)
{
	u32 i;
	int cpu;

	print_head(t, z);
	i = print_free(t, z);
	print_types(t, z);
	for (cpu = 0; cpu < z->nr_cpus; cpu++)
		if (cpu_possible(cpu))
			i = print_pcp(t, z, cpu, i);
}

static void account(struct sbuddy_live_request *r, const struct sbuddy_live_zone *z)
{
	r->irqs_off_ns = max(r->irqs_off_ns, z->irqs_off_ns);
	r->blocks += z->nr_blocks;
	r->most_blocks = max(r->most_blocks, z->nr_blocks);
	r->nr_zones++;
	r->tries += z->tries;
	r->missing |= z->missing;
}

/* ---- nodes, the machine ---- */

static void print_zonelist(struct sbuddy_live_text *t, const char *name,
			   const struct zonelist *list)
{
	const struct zoneref *ref;

	sbuddy_live_printf(t, "zonelist %s:", name);
	for (ref = list->_zonerefs; ref->zone; ref++) {
		int idx = sbuddy_zone_from_host(zone_idx(ref->zone));

		if (idx >= 0 && zone_to_nid(ref->zone) < SBUDDY_MAX_NODES)
			sbuddy_live_printf(t, " %d:%d", zone_to_nid(ref->zone), idx);
	}
	sbuddy_live_printf(t, "\n");
}

static bool wanted(const struct sbuddy_live_request *r, struct zone *zone)
{
	int idx = sbuddy_zone_from_host(zone_idx(zone));

	return populated_zone(zone) && idx >= 0 && r->zones & BIT(idx);
}

static int print_zones(struct sbuddy_live_request *r, struct sbuddy_live_text *t,
		       pg_data_t *pgdat)
{
	const char *expected = "";
	int idx;

	for (idx = 0; idx < MAX_NR_ZONES; idx++) {
		struct zone *zone = &pgdat->node_zones[idx];
		struct sbuddy_live_zone *z;
		int err;

		if (!wanted(r, zone)) {
			if (populated_zone(zone))
				r->missing |= SBUDDY_MISSING_ZONES;
			continue;
		}
		err = sbuddy_live_zone_read(zone, r->max_blocks, &z, &expected);
		if (err) {
			scnprintf(r->why, sizeof(r->why), "node %d zone %s: %s", pgdat->node_id,
				  zone->name, expected);
			return err;
		}
		account(r, z);
		print_zone(t, z);
		sbuddy_live_zone_free(z);
	}
	return 0;
}

static int print_node(struct sbuddy_live_request *r, struct sbuddy_live_text *t, int nid)
{
	pg_data_t *pgdat = NODE_DATA(nid);

	sbuddy_live_printf(t, "node nid=%d online_nodes=%d\n", nid, num_online_nodes());
	print_zonelist(t, "fallback", &pgdat->node_zonelists[ZONELIST_FALLBACK]);
	print_zonelist(t, "nofallback", &pgdat->node_zonelists[MAX_ZONELISTS - 1]);
	return print_zones(r, t, pgdat);
}

/*
 * Opens files, some of which are seq_files.  To be done before anything of a
 * node is looked at: a look at lowmem_reserve_ratio makes the kernel compute the
 * nodes' totalreserve anew, with the boosts of the moment.
 */
static void print_knobs(struct sbuddy_live_request *r, struct sbuddy_live_text *t)
{
	struct sbuddy_live_knobs k;
	int i;

	sbuddy_live_knobs_read(&k);
	r->missing |= k.missing;
	sbuddy_live_printf(t, "machine knobs min_free_kbytes=%ld user_min_free_kbytes=%ld watermark_scale_factor=%d watermark_boost_factor=%d ",
			   k.knobs.min_free_kbytes, k.knobs.user_min_free_kbytes,
			   k.knobs.watermark_scale_factor, k.knobs.watermark_boost_factor);
	sbuddy_live_printf(t, "percpu_pagelist_high_fraction=%d zone_reclaim_mode=%d thp=%d kdump=0 grouping=1 llc_pages=0\n",
			   k.knobs.percpu_pagelist_high_fraction, k.knobs.zone_reclaim_mode,
			   k.knobs.thp);
	sbuddy_live_printf(t, "machine lowmem_reserve_ratio:");
	for (i = 0; i < SBUDDY_MAX_NR_ZONES; i++)
		sbuddy_live_printf(t, " %d", k.knobs.lowmem_reserve_ratio[i]);
	sbuddy_live_printf(t, "\n");
}

static int kswapd_highest(const pg_data_t *pgdat)
{
	int idx = sbuddy_zone_from_host(READ_ONCE(pgdat->kswapd_highest_zoneidx));

	return idx < 0 ? SBUDDY_MAX_NR_ZONES : idx;
}

static int last_online_node(void)
{
	return find_last_bit(node_online_map.bits, MAX_NUMNODES);
}

static void print_node_state(struct sbuddy_live_text *t)
{
	int nid, to;

	for_each_online_node(nid) {
		sbuddy_live_printf(t, "machine distance %d:", nid);
		for (to = 0; to <= last_online_node(); to++)
			sbuddy_live_printf(t, " %d", min(node_distance(nid, to), 255));
		sbuddy_live_printf(t, "\n");
	}
	for_each_online_node(nid) {
		const pg_data_t *pgdat = NODE_DATA(nid);

		sbuddy_live_printf(t, "machine node=%d totalreserve=%lu kswapd_order=%d kswapd_highest=%d\n",
				   nid, pgdat->totalreserve_pages,
				   min(READ_ONCE(pgdat->kswapd_order), SBUDDY_MAX_PAGE_ORDER),
				   kswapd_highest(pgdat));
	}
}

static void print_machine(struct sbuddy_live_request *r, struct sbuddy_live_text *t)
{
	int last = cpumask_last(cpu_online_mask), cpu;

	sbuddy_live_printf(t, "machine vcpus:");
	for (cpu = 0; cpu <= last; cpu++) {
		sbuddy_live_printf(t, " %d", cpu_possible(cpu) ? max(cpu_to_node(cpu), 0) : 0);
		if (!cpu_online(cpu))
			r->missing |= SBUDDY_MISSING_OFFLINE;
	}
	sbuddy_live_printf(t, "\n");
	print_node_state(t);
}

static int check_request(struct sbuddy_live_request *r)
{
	const char *why = sbuddy_live_unsupported();
	u64 online = 0;
	int nid;

	strscpy(r->why, why ?: "a kernel with at most 16 nodes and 256 CPUs", sizeof(r->why));
	if (why || last_online_node() >= SBUDDY_MAX_NODES ||
	    cpumask_last(cpu_online_mask) >= SBUDDY_MAX_VCPUS)
		return -EOPNOTSUPP;
	for_each_online_node(nid)
		online |= BIT_ULL(nid);
	r->nodes = r->nodes ?: online;
	r->zones = r->zones ?: BIT(SBUDDY_MAX_NR_ZONES) - 1;
	r->max_blocks = r->max_blocks ?: SBUDDY_CLONE_BLOCKS;
	scnprintf(r->why, sizeof(r->why), "nodes that are online, of mask 0x%llx", online);
	if (r->nodes & ~online)
		return -ENOENT;
	if (r->nodes != online)
		r->missing |= SBUDDY_MISSING_ZONES;
	return 0;
}

static int print_nodes(struct sbuddy_live_request *r, struct sbuddy_live_text *t)
{
	int nid, err = 0;

	for_each_online_node(nid) {
		if (!(r->nodes & BIT_ULL(nid)))
			continue;
		err = print_node(r, t, nid);
		if (err)
			return err;
	}
	strscpy(r->why, "a zone with memory on these nodes", sizeof(r->why));
	return r->nr_zones ? 0 : -ENOENT;
}

/**
 * sbuddy_live_snapshot() - the host's nodes as a snapshot
 * @r: what to copy; results
 * @t: out, the text, for sbuddy_live_text_free(), also on error
 *
 * Context: May sleep.  Takes cpus_read_lock(), and before, unless told not to,
 *	    opens files.  Interrupts are off for as long as
 *	    sbuddy_live_request::irqs_off_ns says.
 * Return: 0; -ENOENT for a node that is not online or no zone; otherwise as
 *	   sbuddy_live_zone_read().
 */
int sbuddy_live_snapshot(struct sbuddy_live_request *r, struct sbuddy_live_text *t)
{
	int err;

	r->missing |= SBUDDY_MISSING_MOVABLE | SBUDDY_MISSING_EVENTS | SBUDDY_MISSING_HOLDERS;
	if (sbuddy_host_rules() > SBUDDY_RULES_6_12)
		sbuddy_live_printf(t, "rules %s\n", sbuddy_rules_name(sbuddy_host_rules()));
	if (!r->no_knobs)
		print_knobs(r, t);
	cpus_read_lock();
	err = check_request(r);
	if (!err) {
		print_machine(r, t);
		err = print_nodes(r, t);
	}
	cpus_read_unlock();
	if (!err && t->err) {
		strscpy(r->why, "more free memory on the host", sizeof(r->why));
		err = t->err;
	}
	return err;
}
