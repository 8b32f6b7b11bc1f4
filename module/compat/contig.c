// SPDX-License-Identifier: GPL-2.0
/*
 * The kernel's contiguous range functions as far as this kernel exports them.
 * Absence is an answer, never a build failure: Kbuild has looked into
 * Module.symvers.  Looking functions up by name is kallsyms.c's part, choosing
 * between the ways module/kern/region.c's.  Owns no state.
 */
#include <linux/errno.h>

#include "compat.h"

#ifdef SBUDDY_HAVE_EXPORT_ALLOC_CONTIG_PAGES
bool sbuddy_have_exported_contig_pages(void)
{
	return true;
}

struct page *sbuddy_exported_contig_pages(unsigned long nr_pages, gfp_t gfp_mask, int nid,
					  nodemask_t *nodemask)
{
	return alloc_contig_pages(nr_pages, gfp_mask, nid, nodemask);
}
#else
bool sbuddy_have_exported_contig_pages(void)
{
	return false;
}

struct page *sbuddy_exported_contig_pages(unsigned long nr_pages, gfp_t gfp_mask, int nid,
					  nodemask_t *nodemask)
{
	return NULL;
}
#endif

#ifdef SBUDDY_HAVE_EXPORT_ALLOC_CONTIG_RANGE
bool sbuddy_have_contig_range(void)
{
	return true;
}

/**
 * sbuddy_contig_range() - take exactly these frames
 * @start_pfn: first frame
 * @end_pfn: frame behind the last, same zone
 * @gfp_mask: how hard to try
 *
 * Context: May sleep; migrates what is in the way.
 * Return: 0; -EBUSY if something could not be moved; -ENOMEM; -EINTR;
 *	   -EOPNOTSUPP if the kernel does not export alloc_contig_range().
 */
int sbuddy_contig_range(unsigned long start_pfn, unsigned long end_pfn, gfp_t gfp_mask)
{
	return alloc_contig_range(start_pfn, end_pfn, SBUDDY_CONTIG_RANGE_ORDINARY, gfp_mask);
}
#else
bool sbuddy_have_contig_range(void)
{
	return false;
}

int sbuddy_contig_range(unsigned long start_pfn, unsigned long end_pfn, gfp_t gfp_mask)
{
	return -EOPNOTSUPP;
}
#endif

/**
 * sbuddy_host_free_contig_range() - give frames back one by one
 * @pfn: first frame
 * @nr_pages: how many, each with one reference
 *
 * Context: May sleep.
 */
#ifdef SBUDDY_HAVE_EXPORT_FREE_CONTIG_RANGE
void sbuddy_host_free_contig_range(unsigned long pfn, unsigned long nr_pages)
{
	/* The kernel's loop does not yield: a gigabyte takes tens of milliseconds. */
	while (nr_pages) {
		unsigned long chunk = min(nr_pages, 32768UL);

		free_contig_range(pfn, chunk);
		pfn += chunk;
		nr_pages -= chunk;
		cond_resched();
	}
}
#else
void sbuddy_host_free_contig_range(unsigned long pfn, unsigned long nr_pages)
{
	for (; nr_pages; nr_pages--) {
		__free_page(pfn_to_page(pfn++));
		if (!(pfn % 1024))
			cond_resched();
	}
}
#endif
