// SPDX-License-Identifier: GPL-2.0
/*
 * Operations on ranges of frames: isolation, its undo and test, contiguous
 * allocation.  As live_ops.c, with the results of SBUDDY_IOC_RUN.
 *
 * A contiguous block that is compound must be asked for where no larger free
 * block reaches across its borders: the kernel warns otherwise, and loses the
 * pages.
 *
 * Owns no state but that the kernel's pageblocks remember.
 */
#include <linux/gfp.h>
#include <linux/kernel.h>
#include <linux/mm.h>
#include <linux/mmzone.h>
#include <linux/page-isolation.h>
#include <linux/sched.h>

#include "compat.h"
#include "kallsyms.h"
#include "live.h"

typedef int isolate_fn(unsigned long start, unsigned long end, int type, int flags, gfp_t gfp);
typedef void undo_fn(unsigned long start, unsigned long end, int type);
typedef int test_fn(unsigned long start, unsigned long end, int flags);

DEFINE_STATIC_CALL_NULL(race_isolate, isolate_fn);
DEFINE_STATIC_CALL_NULL(race_undo, undo_fn);
DEFINE_STATIC_CALL_NULL(race_test, test_fn);
DEFINE_STATIC_CALL_NULL(race_contig_pages, sbuddy_alloc_contig_pages_fn);

int race_range_init(void)
{
	unsigned long isolate = sbuddy_kallsyms_lookup("start_isolate_page_range");
	unsigned long undo = sbuddy_kallsyms_lookup("undo_isolate_page_range");
	unsigned long test = sbuddy_kallsyms_lookup("test_pages_isolated");
	unsigned long contig = sbuddy_kallsyms_lookup_alloc("alloc_contig_pages");

	if (!isolate || !undo || !test || !contig) {
		pr_err("no functions for ranges\n");
		return -ENOENT;
	}
	static_call_update(race_isolate, (isolate_fn *)isolate);
	static_call_update(race_undo, (undo_fn *)undo);
	static_call_update(race_test, (test_fn *)test);
	static_call_update(race_contig_pages, (sbuddy_alloc_contig_pages_fn *)contig);
	return 0;
}

/* The zone that a whole range lies in, NULL if it does not lie in one. */
static struct zone *zone_of(u64 start, u64 count)
{
	struct page *page = pfn_valid(start) ? pfn_to_online_page(start) : NULL;
	struct zone *zone = page ? page_zone(page) : NULL;

	for (u64 pfn = start; zone && pfn < start + count; pfn += pageblock_nr_pages) {
		page = pfn_valid(pfn) ? pfn_to_online_page(pfn) : NULL;
		if (!page || page_zone(page) != zone)
			return NULL;
	}
	return zone && start + count <= zone_end_pfn(zone) ? zone : NULL;
}

static u8 zone_byte(const struct zone *zone)
{
	return zone_to_nid((struct zone *)zone) << 4 | sbuddy_zone_from_host(zone_idx(zone));
}

static unsigned int count_isolated(u64 start, u64 end)
{
	unsigned int nr = 0;

	for (u64 pfn = start; pfn < end; pfn += pageblock_nr_pages)
		nr += race_block_type(pfn) == SBUDDY_MIGRATE_ISOLATE;
	return nr;
}

static int isolate(struct sbuddy_op *op, u64 start, u64 count)
{
	int type = sbuddy_migratetype_to_host(op->order);
	u64 first = ALIGN_DOWN(start, pageblock_nr_pages);
	u64 end = ALIGN(start + count, pageblock_nr_pages);
	int err;

	if (op->opcode == SBUDDY_OP_TEST_ISOLATED) {
		err = static_call(race_test)(start, start + count, 0);
		op->pfn = start;
		op->count = count;
		return err;
	}
	op->pfn = first;
	op->count = end - first;
	if (op->opcode == SBUDDY_OP_ISOLATE)
		return static_call(race_isolate)(start, start + count, type, 0, 0);
	op->count = count_isolated(first, end) * pageblock_nr_pages;
	static_call(race_undo)(start, start + count, type);
	return 0;
}

static int op_isolate(struct sbuddy_op *op, u64 start, u64 count)
{
	struct zone *zone = zone_of(start, count);
	int err;

	if (op->gfp || op->slot || op->flags || !count || !zone ||
	    op->order >= SBUDDY_MIGRATE_PCPTYPES)
		return -EINVAL;
	err = isolate(op, start, count);
	op->zone = zone_byte(zone);
	return err;
}

/* First page of @count pages at @start, or anywhere. */
static struct page *obtain(const struct sbuddy_op *op, u64 start, u64 count, int *err)
{
	gfp_t gfp = sbuddy_gfp_to_host(op->gfp, NULL);
	struct page *page = NULL;

	if (start == SBUDDY_NO_PFN) {
		page = static_call(race_contig_pages)(count, gfp, op->nid, NULL);
		*err = page ? 0 : -ENOMEM;
		return page;
	}
	*err = -EINVAL;
	if (zone_of(start, count))
		*err = sbuddy_contig_range(start, start + count, gfp);
	return *err ? NULL : pfn_to_page(start);
}

static int op_contig_alloc(struct sbuddy_op *op, u64 start, u64 count)
{
	bool comp = op->gfp & SBUDDY_GFP_COMP;
	struct page *page;
	int err;

	if (op->flags || op->order || !count || count > 1U << SBUDDY_MAX_PAGE_ORDER ||
	    (comp && (count != 1U << SBUDDY_MAX_PAGE_ORDER || start % count)))
		return -EINVAL;
	err = race_slots_empty(op->slot, comp ? 1 : count);
	if (err)
		return err;
	page = obtain(op, start, count, &err);
	if (err)
		return err;
	for (u32 i = 0; i < (comp ? 1 : count); i++)
		race_held[op->slot + i] = (struct race_held) {
			page + i, comp ? SBUDDY_MAX_PAGE_ORDER : 0
		};
	op->order = comp ? SBUDDY_MAX_PAGE_ORDER : 0;
	op->pfn = page_to_pfn(page);
	op->count = count;
	op->zone = zone_byte(page_zone(page));
	return 0;
}

/* Single pages side by side, one user each. */
static int op_contig_free(struct sbuddy_op *op, u32 count)
{
	struct page *first;

	if (op->flags || op->order || op->gfp || !count || op->slot >= RACE_MAX_SLOTS ||
	    count > RACE_MAX_SLOTS - op->slot)
		return -EINVAL;
	first = race_held[op->slot].page;
	for (u32 i = 0; i < count; i++) {
		const struct race_held *held = &race_held[op->slot + i];

		if (!held->page)
			return -ENOENT;
		if (held->page != first + i || held->order || page_ref_count(held->page) != 1)
			return -EINVAL;
	}
	for (u32 i = 0; i < count; i++)
		race_held[op->slot + i].page = NULL;
	op->pfn = page_to_pfn(first);
	op->zone = zone_byte(page_zone(first));
	op->count = count;
	sbuddy_host_free_contig_range(op->pfn, count);
	return 0;
}

bool race_op_is_range(const struct sbuddy_op *op)
{
	return op->opcode >= SBUDDY_OP_ISOLATE && op->opcode <= SBUDDY_OP_CONTIG_FREE;
}

void race_range_op(struct sbuddy_op *op)
{
	u64 start = op->pfn, count = op->count;

	op->pfn = SBUDDY_NO_PFN;
	op->zone = 0;
	if (op->opcode < SBUDDY_OP_CONTIG_ALLOC)
		op->err = op_isolate(op, start, count);
	else if (op->opcode == SBUDDY_OP_CONTIG_ALLOC)
		op->err = op_contig_alloc(op, start, count);
	else
		op->err = op_contig_free(op, count);
	if (op->err)
		op->count = 0;
}

/* Every isolated pageblock of a zone becomes Movable. */
static void unisolate_zone(struct zone *zone)
{
	unsigned long pfn = ALIGN(zone->zone_start_pfn, pageblock_nr_pages);

	for (; pfn < zone_end_pfn(zone); pfn += pageblock_nr_pages) {
		struct page *page = pfn_to_online_page(pfn);

		if (page && page_zone(page) == zone &&
		    race_block_type(pfn) == SBUDDY_MIGRATE_ISOLATE)
			static_call(race_undo)(pfn, pfn + pageblock_nr_pages, MIGRATE_MOVABLE);
	}
	cond_resched();
}

/* Nothing stays isolated on @nodes. */
void race_unisolate(u64 nodes)
{
	for (int nid = 0; nid < RACE_MAX_NODES && nid < MAX_NUMNODES; nid++) {
		if (!(nodes >> nid & 1) || !node_online(nid))
			continue;
		for (int idx = 0; idx < MAX_NR_ZONES; idx++) {
			struct zone *zone = &NODE_DATA(nid)->node_zones[idx];

			if (populated_zone(zone) && zone->nr_isolate_pageblock)
				unisolate_zone(zone);
		}
	}
}
