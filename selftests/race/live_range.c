// SPDX-License-Identifier: GPL-2.0
/*
 * Ranges of frames on the live kernel: isolation, its undo, contiguous
 * allocation.  Owns no state; ranges in use are the program's to remember.
 */
#include <linux/gfp.h>
#include <linux/kernel.h>
#include <linux/mm.h>
#include <linux/page-isolation.h>

#include "compat.h"
#include "kallsyms.h"
#include "live.h"

typedef int isolate_fn(unsigned long start, unsigned long end, int type, int flags, gfp_t gfp);
typedef void undo_fn(unsigned long start, unsigned long end, int type);

DEFINE_STATIC_CALL_NULL(race_isolate, isolate_fn);
DEFINE_STATIC_CALL_NULL(race_undo, undo_fn);

int race_range_init(void)
{
	unsigned long isolate = sbuddy_kallsyms_lookup("start_isolate_page_range");
	unsigned long undo = sbuddy_kallsyms_lookup("undo_isolate_page_range");

	if (!isolate || !undo) {
		pr_err("no function to isolate a range\n");
		return -ENOENT;
	}
	static_call_update(race_isolate, (isolate_fn *)isolate);
	static_call_update(race_undo, (undo_fn *)undo);
	return 0;
}

/* Whether every frame of the range exists and is on one node. */
static bool range_exists(const struct race_range *range)
{
	if (range->start >= range->end || range->end - range->start > 1UL << 20)
		return false;
	for (u64 pfn = range->start; pfn < range->end; pfn++)
		if (!pfn_valid(pfn) || !pfn_to_online_page(pfn))
			return false;
	return true;
}

/* One of the RACE_IOC_ commands on a range; the result is in @range. */
int race_range(unsigned int cmd, struct race_range *range)
{
	int type = sbuddy_migratetype_to_host(range->type);
	gfp_t gfp = sbuddy_gfp_to_host(range->gfp, NULL);

	if (type < 0 || range->flags || !range_exists(range))
		return -EINVAL;
	range->err = 0;
	switch (cmd) {
	case RACE_IOC_ISOLATE:
		range->err = static_call(race_isolate)(range->start, range->end, type, 0, gfp);
		return 0;
	case RACE_IOC_UNISOLATE:
		static_call(race_undo)(range->start, range->end, type);
		return 0;
	case RACE_IOC_CONTIG_ALLOC:
		range->err = alloc_contig_range(range->start, range->end, type, gfp);
		return 0;
	case RACE_IOC_CONTIG_FREE:
		free_contig_range(range->start, range->end - range->start);
		return 0;
	}
	return -ENOTTY;
}
