/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The seam: everything that the engine takes from outside, as the kernel
 * supplies it.  User space supplies selftests/lib/os.h, which carries the same
 * include guard and is included first; so nothing in the engine tells the two
 * apart, and what one of them lacks fails to compile.
 *
 * Beyond types, lists, bits and atomics, the engine asks for:
 *   spinlocks           the zone lock (irqsave) and the pcp lock (trylock)
 *   os_zalloc, os_free  zeroed memory for metadata, when a machine is made
 *   os_zalloc_sparse, os_free_sparse  the same for an array of which parts
 *                       are never written and need no memory
 *   os_clear_pages, os_copy_pages  of real frames, backed machines only
 *   os_lock_frames, os_unmap and their like  the same, which processes may see
 *   os_cond_resched, os_fatal_signal_pending  in walks and work that take long
 *   os_warn             one rate-limited line for what must not happen
 *   trace_sbuddy_*      tracepoints; os_tracing_*: is anybody listening
 */
#ifndef _SBUDDY_OS_H
#define _SBUDDY_OS_H

#include <linux/atomic.h>
#include <linux/bitops.h>
#include <linux/bug.h>
#include <linux/errno.h>
#include <linux/highmem.h>
#include <linux/limits.h>
#include <linux/kernel.h>
#include <linux/list.h>
#include <linux/log2.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/pagemap.h>
#include <linux/prefetch.h>
#include <linux/printk.h>
#include <linux/sched.h>
#include <linux/sched/signal.h>
#include <linux/spinlock.h>
#include <linux/string.h>
#include <linux/types.h>
#include <linux/vmalloc.h>

#include <trace/events/sbuddy.h>
#include <trace/events/sbuddy_compaction.h>
#include <trace/events/sbuddy_vmscan.h>

#define os_warn(fmt, ...) \
	pr_warn_ratelimited("sbuddy: " fmt, ##__VA_ARGS__)

/*
 * Charged to whoever asks, for machines and slots come at a program's wish;
 * and silent when there is none, for the program is told.
 */
static inline void *os_zalloc(size_t size)
{
	const gfp_t gfp = GFP_KERNEL_ACCOUNT | __GFP_NOWARN | __GFP_ZERO;

	if (size > KMALLOC_MAX_SIZE)
		return __vmalloc(size, gfp);
	return kvmalloc(size, gfp);
}

static inline void os_free(void *p)
{
	kvfree(p);
}

/*
 * Parts of [0, @size) for which @present says no may be read as zeroes but not
 * written.
 */
void *os_zalloc_sparse(size_t size, bool (*present)(const void *arg, size_t start, size_t end),
		       const void *arg);
void os_free_sparse(void *p);

static inline void os_clear_pages(unsigned long pfn, unsigned long nr)
{
	for (; nr; nr--)
		clear_highpage(pfn_to_page(pfn++));
}

/*
 * -errno if the memory of the source cannot be read.  The copy is compared: a
 * difference would be a write by somebody who has no business there any more.
 */
static inline int os_copy_pages(unsigned long to, unsigned long from, unsigned long nr)
{
	for (; nr; nr--, to++, from++) {
		copy_highpage(pfn_to_page(to), pfn_to_page(from));
		if (WARN_ON_ONCE(memcmp(pfn_to_kaddr(to), pfn_to_kaddr(from), PAGE_SIZE)))
			return -EAGAIN;
	}
	return 0;
}

/*
 * The lock of each frame: page faults enter a frame into a page table under it.
 * Ascending, each is the host's page lock.  False, and none is held, if one is
 * taken and must not be waited for.
 */
static inline bool os_lock_frames(unsigned long pfn, unsigned long nr, bool wait)
{
	for (unsigned long i = 0; i < nr; i++) {
		if (trylock_page(pfn_to_page(pfn + i)))
			continue;
		if (!wait) {
			while (i--)
				unlock_page(pfn_to_page(pfn + i));
			return false;
		}
		lock_page(pfn_to_page(pfn + i));
	}
	return true;
}

static inline void os_unlock_frames(unsigned long pfn, unsigned long nr)
{
	while (nr--)
		unlock_page(pfn_to_page(pfn + nr));
}

/* Has anybody a reference on one of the frames, but the region? */
static inline bool os_frames_used(unsigned long pfn, unsigned long nr)
{
	while (nr--)
		if (page_count(pfn_to_page(pfn + nr)) != 1)
			return true;
	return false;
}

/* The same beyond the page tables that lead there; a moment's impression. */
static inline bool os_frames_pinned(unsigned long pfn, unsigned long nr)
{
	while (nr--) {
		const struct page *page = pfn_to_page(pfn + nr);

		if (page_count(page) > atomic_read(&page->_mapcount) + 2)
			return true;
	}
	return false;
}

/* Takes @nr pages from @slot on out of all page tables: module/kern/usermap.c. */
struct os_mapping;
void os_unmap(struct os_mapping *mapping, u32 slot, unsigned long nr);

/* Does anybody want to see each step of an allocation, of a free? */
static inline bool os_tracing_alloc(void)
{
	return trace_sbuddy_mm_page_alloc_enabled() || trace_sbuddy_watermark_test_enabled();
}

static inline bool os_tracing_free(void)
{
	return trace_sbuddy_mm_page_free_enabled();
}

/* The engine may be walking a long list on behalf of a program. */
static inline void os_cond_resched(void)
{
	cond_resched();
}

/* Is there nobody left to do it for? */
static inline bool os_fatal_signal_pending(void)
{
	return fatal_signal_pending(current);
}

#endif /* _SBUDDY_OS_H */
