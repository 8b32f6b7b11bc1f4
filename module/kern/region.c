// SPDX-License-Identifier: GPL-2.0
/*
 * The region: contiguous runs of real frames behind machine 0, one or one on each
 * of several host nodes (region_pieces.c).
 *
 * Three ways lead to a piece of it and are tried in this order, or one alone when
 * region_way= says so:
 *   exported  alloc_contig_pages(), where the kernel exports it (7.x)
 *   lookup    the same function, found by name
 *   search    our own walk over the zones with alloc_contig_range()
 * A later way may succeed where an earlier one failed: the kernel's walk tries
 * only starts that are multiples of the size, ours every 4 MiB and more.
 *
 * State: sbuddy_region, written here while the module loads, constant until it
 * goes.  No lock: nobody else runs then.
 *
 * Frames come with whatever they held before.  That is nobody's business yet,
 * since nothing maps them; what lets user space see a frame must clear it
 * first, and this file is the place to do so for all.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/delay.h>
#include <linux/ktime.h>
#include <linux/log2.h>
#include <linux/mmzone.h>
#include <linux/moduleparam.h>
#include <linux/nodemask.h>
#include <linux/sched/signal.h>

#include "compat.h"
#include "kallsyms.h"
#include "kern.h"

/* Blocks of the shadow start at multiples of its largest order. */
#define REGION_ALIGN	SBUDDY_MAX_ORDER_NR_PAGES

/* Failure is told in one line of our own. */
#define REGION_GFP	(GFP_KERNEL | __GFP_NOWARN)

/* What blocks a range is often gone a moment later. */
#define SEARCH_ROUNDS	3
#define SEARCH_PAUSE_MS	20

#define MIB(pages)	((unsigned long)(pages) >> (20 - PAGE_SHIFT))

static char *region_way = "auto";
module_param(region_way, charp, 0444);
MODULE_PARM_DESC(region_way,
		 "how to get the region: auto, exported, lookup, search (default auto)");

static const char * const way_names[] = {
	[SBUDDY_REGION_NONE]	  = "auto",
	[SBUDDY_REGION_EXPORTED]  = "exported",
	[SBUDDY_REGION_LOOKED_UP] = "lookup",
	[SBUDDY_REGION_SEARCHED]  = "search",
};

struct sbuddy_region sbuddy_region;

DEFINE_STATIC_CALL_NULL(sbuddy_contig_pages_call, sbuddy_alloc_contig_pages_fn);

/**
 * sbuddy_region_way_name() - word for a way to get the region
 * @way: enum sbuddy_region_way
 *
 * Context: Any.
 * Return: the word that region_way= takes.
 */
const char *sbuddy_region_way_name(enum sbuddy_region_way way)
{
	return way < ARRAY_SIZE(way_names) ? way_names[way] : "unknown";
}

/* ---- alloc_contig_pages(), exported or looked up ---- */

static struct page *looked_up_contig_pages(unsigned long nr, gfp_t gfp, int nid,
					   nodemask_t *nodemask)
{
	unsigned long addr = sbuddy_kallsyms_lookup_alloc("alloc_contig_pages");

	if (!addr)
		return NULL;
	static_call_update(sbuddy_contig_pages_call, (sbuddy_alloc_contig_pages_fn *)addr);
	return static_call(sbuddy_contig_pages_call)(nr, gfp, nid, nodemask);
}

static int contig_pages(sbuddy_alloc_contig_pages_fn *alloc, struct sbuddy_region_piece *p)
{
	const bool any = p->node == NUMA_NO_NODE;
	int nid = any ? numa_mem_id() : p->node;
	nodemask_t only = nodemask_of_node(nid);
	unsigned long ask = p->nr_pages;
	unsigned long first, head;
	struct page *page;

	/* Only powers of two come aligned to themselves: ask for more and trim. */
	if (!is_power_of_2(ask))
		ask += REGION_ALIGN - 1;
	page = alloc(ask, REGION_GFP, nid, any ? NULL : &only);
	if (!page)
		return -ENOMEM;

	first = page_to_pfn(page);
	p->start_pfn = ALIGN(first, REGION_ALIGN);
	head = p->start_pfn - first;
	if (head)
		sbuddy_host_free_contig_range(first, head);
	if (ask - head > p->nr_pages)
		sbuddy_host_free_contig_range(p->start_pfn + p->nr_pages,
					      ask - head - p->nr_pages);
	return 0;
}

/* ---- our own search ---- */

/**
 * struct search - one walk over the host's memory
 * @nr: frames wanted
 * @node: the only node to look at, NUMA_NO_NODE for all
 * @take: try to take what was found; else only measure
 * @pfn: out, first frame of the run taken
 * @largest: out, longest run seen that starts where a region may, frames
 */
struct search {
	unsigned long nr;
	int node;
	bool take;
	unsigned long pfn;
	unsigned long largest;
};

/*
 * Could alloc_contig_range() clear this frame?  Free or on its way there, on an
 * LRU list or, since it belongs to a file or process, soon on one.  A glance
 * without a lock: a wrong yes costs an attempt, a wrong no a chance.
 */
static bool frame_usable(struct page *page, const struct zone *zone)
{
	struct page *head;

	if (page_zone(page) != zone || PageReserved(page))
		return false;
	if (!page_count(page))
		return true;
	head = compound_head(page);
	return PageLRU(head) || (READ_ONCE(head->mapping) && !PageSlab(head));
}

/*
 * Frames from @pfn on that answer @usable alike; looks no further than @end.
 * A pageblock is present or absent as a whole.
 */
static unsigned long run_length(const struct zone *zone, unsigned long pfn, unsigned long end,
				bool usable)
{
	unsigned long start = pfn;

	while (pfn < end) {
		unsigned long block_end = min(end, ALIGN(pfn + 1, pageblock_nr_pages));
		struct page *page = pfn_to_online_page(pfn);

		for (; pfn < block_end; pfn++)
			if ((page && frame_usable(pfn_to_page(pfn), zone)) != usable)
				return pfn - start;
		cond_resched();
	}
	return pfn - start;
}

/* Windows inside a run that looks usable; neighbours overlap. */
static int search_run(struct search *s, unsigned long start, unsigned long end)
{
	unsigned long step = max(ALIGN_DOWN(s->nr / 4, REGION_ALIGN), REGION_ALIGN);
	int err = -EBUSY;

	start = ALIGN(start, REGION_ALIGN);
	if (end > start)
		s->largest = max(s->largest, end - start);

	for (; s->take && start + s->nr <= end; start += step) {
		err = sbuddy_contig_range(start, start + s->nr, REGION_GFP);
		if (!err) {
			s->pfn = start;
			return 0;
		}
		if (err == -EINTR || err == -EOPNOTSUPP || fatal_signal_pending(current))
			return err;
	}
	return -EBUSY;
}

static int search_zone(struct search *s, const struct zone *zone)
{
	unsigned long pfn = zone->zone_start_pfn;
	unsigned long end = zone_end_pfn(zone);
	unsigned long run;
	int err;

	while (pfn < end) {
		run = run_length(zone, pfn, end, true);
		err = run ? search_run(s, pfn, pfn + run) : -EBUSY;
		if (err != -EBUSY)
			return err;
		pfn += run;
		pfn += run_length(zone, pfn, end, false);
	}
	return -EBUSY;
}

/* Kernel memory comes from no higher zone; Movable has to stay removable. */
static int search_node(struct search *s, int nid)
{
	int i, err = -EBUSY;

	for (i = ZONE_NORMAL; i >= 0 && err == -EBUSY; i--) {
		struct zone *zone = &NODE_DATA(nid)->node_zones[i];

		if (populated_zone(zone))
			err = search_zone(s, zone);
	}
	return err;
}

static int search_nodes(struct search *s)
{
	int nid, err = -EBUSY;

	if (s->node != NUMA_NO_NODE)
		return search_node(s, s->node);
	for_each_node_state(nid, N_MEMORY) {
		err = search_node(s, nid);
		if (err != -EBUSY)
			break;
	}
	return err;
}

static int search_piece(struct sbuddy_region_piece *p)
{
	struct search s = { .nr = p->nr_pages, .node = p->node, .take = true };
	int round, err = -EBUSY;

	for (round = 0; round < SEARCH_ROUNDS && err == -EBUSY; round++) {
		if (round)
			msleep(SEARCH_PAUSE_MS);
		err = search_nodes(&s);
	}
	p->largest_run = s.largest;
	p->start_pfn = s.pfn;
	return err == -EBUSY ? -ENOMEM : err;
}

/* For the line that says what could have been asked for. */
static unsigned long measure_largest_run(const struct sbuddy_region_piece *p)
{
	struct search s = { .nr = p->nr_pages, .node = p->node };

	search_nodes(&s);
	return s.largest;
}

/* ---- choosing ---- */

static int try_way(enum sbuddy_region_way way, struct sbuddy_region_piece *p)
{
	switch (way) {
	case SBUDDY_REGION_EXPORTED:
		if (!sbuddy_have_exported_contig_pages())
			return -EOPNOTSUPP;
		return contig_pages(sbuddy_exported_contig_pages, p);
	case SBUDDY_REGION_LOOKED_UP:
		if (!sbuddy_kallsyms_lookup_alloc("alloc_contig_pages"))
			return -EOPNOTSUPP;
		return contig_pages(looked_up_contig_pages, p);
	case SBUDDY_REGION_SEARCHED:
		if (!sbuddy_have_contig_range())
			return -EOPNOTSUPP;
		return search_piece(p);
	default:
		return -EINVAL;
	}
}

/*
 * The one way asked for, or all in turn.  A way that this kernel lacks is no
 * failure of its own: what counts is how the others ended.
 */
static int try_ways(enum sbuddy_region_way only, struct sbuddy_region_piece *p)
{
	enum sbuddy_region_way w;
	int err = -EOPNOTSUPP, ret;

	for (w = SBUDDY_REGION_EXPORTED; w <= SBUDDY_REGION_SEARCHED; w++) {
		if (only && w != only)
			continue;
		ret = try_way(w, p);
		if (!ret) {
			p->way = w;
			return 0;
		}
		if (ret != -EOPNOTSUPP)
			err = ret;
		if (err == -EINTR)
			break;
	}
	return err;
}

static int parse_way(enum sbuddy_region_way *only)
{
	int i = match_string(way_names, ARRAY_SIZE(way_names), region_way);

	if (i < 0) {
		pr_err("region_way=%s: expected auto, exported, lookup or search\n", region_way);
		return -EINVAL;
	}
	*only = i;
	return 0;
}

static void report_failure(int err, const struct sbuddy_region_piece *p,
			   enum sbuddy_region_way only)
{
	unsigned long largest;

	if (err == -EOPNOTSUPP) {
		pr_err("region_way=%s: this kernel does not have it\n", way_names[only]);
		return;
	}
	if (err != -ENOMEM) {
		pr_err("getting %lu MiB of contiguous memory stopped with %d\n",
		       MIB(p->nr_pages), err);
		return;
	}
	largest = max(p->largest_run, measure_largest_run(p));
	pr_err("no %lu MiB of contiguous memory on node %d (-1 is any), largest run seen %lu MiB\n",
	       MIB(p->nr_pages), p->node, MIB(largest));
}

static int piece_init(struct sbuddy_region_piece *p, enum sbuddy_region_way only)
{
	u64 start = ktime_get_ns();
	int err;

	err = sbuddy_init_step("region");
	if (err)
		return err;
	err = try_ways(only, p);
	if (err) {
		report_failure(err, p, only);
		return err;
	}
	p->alloc_ns = ktime_get_ns() - start;
	p->node = page_to_nid(pfn_to_page(p->start_pfn));
	return 0;
}

/**
 * sbuddy_region_init() - reserve the region
 *
 * sbuddy_region says how many pieces it has, how long they are, in multiples of
 * 1024 pages, and on which nodes.  Logs one line on failure, and keeps nothing
 * then.
 *
 * Context: May sleep, for seconds if much has to be migrated.
 * Return: 0; -EINVAL for a region_way outside its range; -EOPNOTSUPP if the
 *	   kernel lacks the way asked for; -ENOMEM if there is no such run;
 *	   -EINTR after a signal.
 */
int sbuddy_region_init(void)
{
	struct sbuddy_region *r = &sbuddy_region;
	enum sbuddy_region_way only;
	int i, err;

	err = parse_way(&only);
	for (i = 0; i < r->nr_pieces && !err; i++)
		err = piece_init(&r->piece[i], only);
	if (err) {
		sbuddy_region_exit();
		return err;
	}
	r->start_pfn = r->piece[0].start_pfn;
	for (i = 0; i < r->nr_pieces; i++) {
		r->start_pfn = min(r->start_pfn, r->piece[i].start_pfn);
		r->nr_pages += r->piece[i].nr_pages;
	}
	return 0;
}

/**
 * sbuddy_region_exit() - give the region back
 *
 * Nothing may point into it any more.
 *
 * Context: May sleep.
 */
void sbuddy_region_exit(void)
{
	int i;

	for (i = 0; i < sbuddy_region.nr_pieces; i++) {
		struct sbuddy_region_piece *p = &sbuddy_region.piece[i];

		if (p->way != SBUDDY_REGION_NONE)
			sbuddy_host_free_contig_range(p->start_pfn, p->nr_pages);
		p->way = SBUDDY_REGION_NONE;
	}
	sbuddy_region.nr_pages = 0;
}
