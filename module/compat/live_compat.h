/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The host kernel's own struct zone and struct per_cpu_pages,
 * as far as their layout changes between kernels.  Everything comes from this
 * kernel's headers; what it does not keep is said to be absent, never made up.
 *
 * Kbuild looks into linux/mmzone.h and sets:
 *   SBUDDY_HAVE_ZONE_NR_FREE_HIGHATOMIC   6.13 c928807f6f6b "mm/page_alloc: keep
 *	track of free highatomic", backported to 6.12
 *   SBUDDY_HAVE_PCP_FREE_FACTOR	    until 6.6; 6.7 6ccdcb6d3a74 "mm, pcp:
 *	reduce detecting time of consecutive high order page freeing" made it
 *	free_count
 *   SBUDDY_HAVE_PCP_CACHED_TYPE	    until 6.9; 6.10 17edeb5d3f76 "mm:
 *	page_alloc: remove pcppage migratetype caching"
 */
#ifndef _SBUDDY_COMPAT_LIVE_H
#define _SBUDDY_COMPAT_LIVE_H

#include <linux/mmzone.h>

/**
 * struct sbuddy_host_pcp - fields of a struct per_cpu_pages
 * @count:	  pages
 * @high:	  limit in force
 * @high_min:	  least limit, @high where it is fixed
 * @high_max:	  greatest limit, @high where it is fixed
 * @batch:	  pages moved at once
 * @flags:	  bit 0 a high-order page was freed before, bit 1 keep a batch
 * @alloc_factor: how often the refill doubled
 * @free_count:	  pages freed in a row; until 6.6 free_factor: how often the
 *		  drain doubled
 * @expire:	  vmstat periods until a remote list is drained
 */
struct sbuddy_host_pcp {
	int count;
	int high;
	int high_min;
	int high_max;
	int batch;
	int flags;
	int alloc_factor;
	int free_count;
	int expire;
};

/* 6.7 90b41691b988 "mm: add framework for PCP high auto-tuning", with its series */
#ifdef PCPF_FREE_HIGH_BATCH
static inline void sbuddy_host_pcp_tuning(const struct per_cpu_pages *pcp,
					  struct sbuddy_host_pcp *f)
{
	f->high_min = pcp->high_min;
	f->high_max = pcp->high_max;
	f->flags = (pcp->flags & PCPF_PREV_FREE_HIGH_ORDER ? 1 : 0) |
		   (pcp->flags & PCPF_FREE_HIGH_BATCH ? 2 : 0);
	f->alloc_factor = pcp->alloc_factor;
}

static inline bool sbuddy_host_zone_below_high(const struct zone *zone)
{
	return test_bit(ZONE_BELOW_HIGH, &zone->flags);
}
#else
static inline void sbuddy_host_pcp_tuning(const struct per_cpu_pages *pcp,
					  struct sbuddy_host_pcp *f)
{
	f->high_min = pcp->high;
	f->high_max = pcp->high;
}

static inline bool sbuddy_host_zone_below_high(const struct zone *zone)
{
	return false;
}
#endif

#ifdef SBUDDY_HAVE_PCP_FREE_FACTOR
static inline int sbuddy_host_pcp_free_count(const struct per_cpu_pages *pcp)
{
	return pcp->free_factor;
}
#else
static inline int sbuddy_host_pcp_free_count(const struct per_cpu_pages *pcp)
{
	return pcp->free_count;
}
#endif

/* Type of a page on a per-CPU list where the page remembers it, else the list's. */
#ifdef SBUDDY_HAVE_PCP_CACHED_TYPE
static inline int sbuddy_host_pcp_page_type(const struct page *page, int list_type)
{
	return page->index;
}
#else
static inline int sbuddy_host_pcp_page_type(const struct page *page, int list_type)
{
	return list_type;
}
#endif

#ifdef CONFIG_NUMA
static inline int sbuddy_host_pcp_expire(const struct per_cpu_pages *pcp)
{
	return pcp->expire;
}
#else
static inline int sbuddy_host_pcp_expire(const struct per_cpu_pages *pcp)
{
	return 0;
}
#endif

static inline void sbuddy_host_pcp_read(const struct per_cpu_pages *pcp,
					struct sbuddy_host_pcp *f)
{
	*f = (struct sbuddy_host_pcp){
		.count = pcp->count,
		.high = pcp->high,
		.batch = pcp->batch,
		.free_count = sbuddy_host_pcp_free_count(pcp),
		.expire = sbuddy_host_pcp_expire(pcp),
	};
	sbuddy_host_pcp_tuning(pcp, f);
}

#ifdef SBUDDY_HAVE_ZONE_NR_FREE_HIGHATOMIC
static inline long sbuddy_host_zone_free_highatomic(const struct zone *zone)
{
	return zone->nr_free_highatomic;
}
#else
/* Before, the watermark tests subtracted all that was reserved. */
static inline long sbuddy_host_zone_free_highatomic(const struct zone *zone)
{
	return zone->nr_reserved_highatomic;
}
#endif

/* 6.5 dcdfdd40fa82 "mm: Add support for unaccepted memory" */
#ifdef CONFIG_UNACCEPTED_MEMORY
static inline bool sbuddy_host_zone_unaccepted(const struct zone *zone)
{
	return !list_empty(&zone->unaccepted_pages);
}
#else
static inline bool sbuddy_host_zone_unaccepted(const struct zone *zone)
{
	return false;
}
#endif

#ifdef CONFIG_CMA
static inline unsigned long sbuddy_host_zone_cma_pages(const struct zone *zone)
{
	return zone->cma_pages;
}
#else
static inline unsigned long sbuddy_host_zone_cma_pages(const struct zone *zone)
{
	return 0;
}
#endif

#endif /* _SBUDDY_COMPAT_LIVE_H */
