// SPDX-License-Identifier: GPL-2.0
/*
 * Memory for arrays with large parts that nobody writes: the seam's
 * os_zalloc_sparse().
 *
 * The array is a mapping of single pages.  The parts that are not written share
 * one page of zeroes; it is the array's own, so that a stray write damages
 * nothing but the array.  What is needed to undo it stands on a page in front.
 *
 * State: that page, constant from the making of the array to its end.
 */
#include <linux/gfp.h>
#include <linux/mm.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/vmalloc.h>

#include "os.h"

#define SPARSE_GFP	(GFP_KERNEL_ACCOUNT | __GFP_NOWARN | __GFP_ZERO)

/**
 * struct sparse - what stands in front of an array
 * @nr:	   pages of the mapping, this one and the shared one included
 * @pages: all of them; the first is this, the last the shared one
 */
struct sparse {
	unsigned long nr;
	struct page **pages;
};

/* The shared page is among them often, and first of all at the end. */
static void free_pages_of(struct page **pages, unsigned long nr)
{
	struct page *shared = pages[nr - 1];
	unsigned long i;

	for (i = 0; i < nr - 1; i++) {
		if (pages[i] && pages[i] != shared)
			__free_page(pages[i]);
		if (!(i % SZ_4K))
			cond_resched();
	}
	if (shared)
		__free_page(shared);
	kvfree(pages);
}

static bool fill_pages(struct page **pages, unsigned long nr,
		       bool (*present)(const void *arg, size_t start, size_t end),
		       const void *arg)
{
	unsigned long i;

	pages[nr - 1] = alloc_page(SPARSE_GFP);
	pages[0] = alloc_page(SPARSE_GFP);
	if (!pages[0] || !pages[nr - 1])
		return false;
	for (i = 1; i < nr - 1; i++) {
		size_t start = (i - 1) << PAGE_SHIFT;

		if (present(arg, start, start + PAGE_SIZE))
			pages[i] = alloc_page(SPARSE_GFP);
		else
			pages[i] = pages[nr - 1];
		if (!pages[i] || fatal_signal_pending(current))
			return false;
		if (!(i % SZ_4K))
			cond_resched();
	}
	return true;
}

/**
 * os_zalloc_sparse() - zeroed memory for an array that is not written everywhere
 * @size: bytes
 * @present: whether anything in [start, end) is ever written
 * @arg: its first argument
 *
 * Context: May sleep.
 * Return: the array, for os_free_sparse(); NULL without memory.
 */
void *os_zalloc_sparse(size_t size, bool (*present)(const void *arg, size_t start, size_t end),
		       const void *arg)
{
	unsigned long nr = DIV_ROUND_UP(size, PAGE_SIZE) + 2;
	struct page **pages = kvcalloc(nr, sizeof(*pages), GFP_KERNEL_ACCOUNT | __GFP_NOWARN);
	struct sparse *s = NULL;

	if (!pages)
		return NULL;
	if (fill_pages(pages, nr, present, arg))
		s = vmap(pages, nr, VM_MAP, PAGE_KERNEL);
	if (!s) {
		free_pages_of(pages, nr);
		return NULL;
	}
	s->nr = nr;
	s->pages = pages;
	return (char *)s + PAGE_SIZE;
}

/**
 * os_free_sparse() - the end of an array made by os_zalloc_sparse()
 * @p: it, or NULL
 *
 * Context: May sleep.
 */
void os_free_sparse(void *p)
{
	struct sparse *s;
	struct page **pages;
	unsigned long nr;

	if (!p)
		return;
	s = (struct sparse *)((char *)p - PAGE_SIZE);
	pages = s->pages;
	nr = s->nr;
	vunmap(s);
	free_pages_of(pages, nr);
}
