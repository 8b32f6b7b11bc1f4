// SPDX-License-Identifier: GPL-2.0
/*
 * User-space side of the seam: metadata memory, warnings, and the switches by
 * which tests make them fail.  Compiled with os.h included first.
 */
#include <stdarg.h>
#include <sys/mman.h>

#define OS_HUGE	(2UL << 20)

/* In front of every block; keeps the payload on a cache line of its own. */
struct os_block {
	size_t mapped;		/* bytes to munmap, 0 when from the heap */
	void *base;
	char pad[48];
};

__thread unsigned long os_fail_nth;
__thread long os_allocated;
__thread bool os_killed;
__thread sbuddy_trace_fn sbuddy_trace_hook;
int sbuddy_trace_listeners;
unsigned long os_warnings;
__thread unsigned long os_pinned_pfn, os_held_pfn;
__thread long os_frames_locked, os_unmapped;
__thread void (*os_unmap_hook)(u32 slot, unsigned long nr);
__thread int (*os_copy_hook)(unsigned long to, unsigned long from, unsigned long nr);

/* Calls @fn for each event of this thread; NULL ends that. */
void sbuddy_trace_listen(sbuddy_trace_fn fn)
{
	int change = !!fn - !!sbuddy_trace_hook;

	sbuddy_trace_hook = fn;
	__atomic_fetch_add(&sbuddy_trace_listeners, change, __ATOMIC_RELAXED);
}

static bool os_fail_now(void)
{
	return os_fail_nth && --os_fail_nth == 0;
}

/*
 * Large arrays are mapped on huge-page boundaries: a shuffled walk over the
 * descriptors of 1 GiB otherwise misses the TLB at every step.
 */
static struct os_block *os_map(size_t size)
{
	size_t len = ALIGN(size + sizeof(struct os_block), OS_HUGE) + OS_HUGE;
	char *p = mmap(NULL, len, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	struct os_block *b;

	if (p == MAP_FAILED)
		return NULL;
	b = (struct os_block *)ALIGN((uintptr_t)p, OS_HUGE);
	if (size < 64 * OS_HUGE)
		madvise(b, len - OS_HUGE, MADV_HUGEPAGE);
	b->mapped = len;
	b->base = p;
	return b;
}

static struct os_block *os_heap(size_t size)
{
	size_t len = ALIGN(size + sizeof(struct os_block), 64UL);
	struct os_block *b = aligned_alloc(64, len);

	if (!b)
		return NULL;
	memset(b, 0, len);
	return b;
}

void *os_zalloc(size_t size)
{
	struct os_block *b;

	if (os_fail_now())
		return NULL;
	b = size < OS_HUGE / 2 ? os_heap(size) : os_map(size);
	if (!b)
		return NULL;
	os_allocated++;
	return b + 1;
}

void os_free(void *p)
{
	struct os_block *b = p;

	if (!p)
		return;
	os_allocated--;
	b--;
	if (b->mapped)
		munmap(b->base, b->mapped);
	else
		free(b);
}

/* Here pages that nobody writes have no memory anyway. */
void *os_zalloc_sparse(size_t size, bool (*present)(const void *arg, size_t start, size_t end),
		       const void *arg)
{
	return present(arg, 0, size) ? os_zalloc(size) : NULL;
}

void os_free_sparse(void *p)
{
	os_free(p);
}

void os_clear_pages(unsigned long pfn, unsigned long nr)
{
	(void)pfn;
	(void)nr;
}

int os_copy_pages(unsigned long to, unsigned long from, unsigned long nr)
{
	return os_copy_hook ? os_copy_hook(to, from, nr) : 0;
}

/* ---- frames that processes may see ---- */

bool os_lock_frames(unsigned long pfn, unsigned long nr, bool wait)
{
	if (!wait && os_held_pfn - pfn < nr)
		return false;
	os_frames_locked += nr;
	return true;
}

void os_unlock_frames(unsigned long pfn __maybe_unused, unsigned long nr)
{
	os_frames_locked -= nr;
}

bool os_frames_used(unsigned long pfn, unsigned long nr)
{
	return os_pinned_pfn - pfn < nr;
}

bool os_frames_pinned(unsigned long pfn, unsigned long nr)
{
	return os_frames_used(pfn, nr);
}

void os_unmap(struct os_mapping *mapping __maybe_unused, u32 slot, unsigned long nr)
{
	os_unmapped += nr;
	if (os_unmap_hook)
		os_unmap_hook(slot, nr);
}

void os_warn(const char *fmt, ...)
{
	va_list ap;

	if (__atomic_fetch_add(&os_warnings, 1, __ATOMIC_RELAXED) >= 10)
		return;
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
}

void os_lock_report(const char *what, const char *func)
{
	fprintf(stderr, "%s: %s is not held\n", func, what);
	abort();
}

int scnprintf(char *buf, size_t size, const char *fmt, ...)
{
	va_list ap;
	int n;

	if (!size)
		return 0;
	va_start(ap, fmt);
	n = vsnprintf(buf, size, fmt, ap);
	va_end(ap);
	return n < (int)size ? n : (int)size - 1;
}
