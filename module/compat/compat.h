/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What differs between the kernels that the module builds for, 6.1 to 7.x.
 * One macro or inline function a change, named after the change, with commit
 * and first version.  Code tests these, never LINUX_VERSION_CODE: stable trees
 * and distributions backport.
 *
 * Kbuild looks into Module.symvers and sets:
 *   SBUDDY_HAVE_EXPORT_ALLOC_CONTIG_PAGES   in 7.x
 *   SBUDDY_HAVE_EXPORT_ALLOC_CONTIG_RANGE   since 4.20, with CONFIG_CONTIG_ALLOC
 *   SBUDDY_HAVE_EXPORT_FREE_CONTIG_RANGE    since 4.20
 * and into headers:
 *   SBUDDY_HAVE_VM_FLAGS_SET                since 6.3
 */
#ifndef _SBUDDY_COMPAT_H
#define _SBUDDY_COMPAT_H

#include <linux/gfp.h>
#include <linux/mm.h>
#include <linux/mmzone.h>

#include "uapi/linux/sbuddy.h"

#ifndef CONFIG_CONTIG_ALLOC
#error "sbuddy needs a kernel with CONFIG_CONTIG_ALLOC (MEMORY_ISOLATION and COMPACTION)"
#endif

/*
 * 6.17 "mm/page_isolation: remove migratetype parameter from more functions":
 * the third argument of alloc_contig_range() was the type of the blocks and is
 * a flag word since.  MIGRATE_MOVABLE equals ACR_FLAGS_CMA, so a mix-up would
 * compile and do something else.
 */
#ifdef ACR_FLAGS_NONE
#define SBUDDY_CONTIG_RANGE_ORDINARY	ACR_FLAGS_NONE
#else
#define SBUDDY_CONTIG_RANGE_ORDINARY	MIGRATE_MOVABLE
#endif

/* 6.3 2973d8229b78 "mm: discard __GFP_ATOMIC": before it, one bit more. */
#ifdef __GFP_ATOMIC
#define SBUDDY_HOST_GFP_ATOMIC		__GFP_ATOMIC
#else
#define SBUDDY_HOST_GFP_ATOMIC		((__force gfp_t)0)
#endif

/* 6.10 "mm: introduce __GFP_NO_OBJ_EXT flag to selectively prevent slabobj_ext creation" */
#ifdef __GFP_NO_OBJ_EXT
#define SBUDDY_HOST_GFP_NO_OBJ_EXT	__GFP_NO_OBJ_EXT
#else
#define SBUDDY_HOST_GFP_NO_OBJ_EXT	((__force gfp_t)0)
#endif

/*
 * 6.3 bc292ab00f6c "mm: introduce vma->vm_flags wrapper functions": vm_flags is
 * constant since, and changed by functions.
 */
#ifdef SBUDDY_HAVE_VM_FLAGS_SET
#define sbuddy_vm_flags_set(vma, flags)	vm_flags_set(vma, flags)
#else
#define sbuddy_vm_flags_set(vma, flags)	((void)((vma)->vm_flags |= (flags)))
#endif

/* contig.c */
typedef struct page *sbuddy_alloc_contig_pages_fn(unsigned long nr_pages, gfp_t gfp_mask,
						  int nid, nodemask_t *nodemask);

bool sbuddy_have_exported_contig_pages(void);
bool sbuddy_have_contig_range(void);
struct page *sbuddy_exported_contig_pages(unsigned long nr_pages, gfp_t gfp_mask, int nid,
					  nodemask_t *nodemask);
int sbuddy_contig_range(unsigned long start_pfn, unsigned long end_pfn, gfp_t gfp_mask);
void sbuddy_host_free_contig_range(unsigned long pfn, unsigned long nr_pages);

/* cacheinfo.c */
long sbuddy_host_llc_kib(void);

/* fidelity.c */
int sbuddy_host_rules(void);
bool sbuddy_verified_here(unsigned int set);
bool sbuddy_host_verified(void);
const char *sbuddy_fidelity_text(unsigned int set);

/* gfp.c */
u32 sbuddy_gfp_from_host(gfp_t host, gfp_t *unknown);
gfp_t sbuddy_gfp_to_host(u32 gfp, u32 *unknown);
int sbuddy_migratetype_from_host(int host);
int sbuddy_migratetype_to_host(int mt);
int sbuddy_zone_from_host(int host);
int sbuddy_zone_to_host(int idx);

#endif /* _SBUDDY_COMPAT_H */
