/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The engine's seam in user space.  Same include guard as
 * module/engine/os.h, which this file replaces: it is included first, by
 * the compiler's -include option.  See there for what the engine asks for.
 */
#ifndef _SBUDDY_OS_H
#define _SBUDDY_OS_H

#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef uint8_t u8;
typedef uint16_t u16;
typedef uint32_t u32;
typedef uint64_t u64;
typedef int8_t s8;
typedef int16_t s16;
typedef int32_t s32;
typedef int64_t s64;

#define S16_MAX	INT16_MAX

#define likely(x)	__builtin_expect(!!(x), 1)
#define unlikely(x)	__builtin_expect(!!(x), 0)
#define noinline	__attribute__((noinline))
#define __maybe_unused	__attribute__((unused))
#define __printf(a, b)	__attribute__((format(printf, a, b)))
#define ____cacheline_aligned __attribute__((aligned(64)))
#define fallthrough	__attribute__((fallthrough))
#define __bitwise
#define __force
#define __acquire(x)	((void)(x))
#define __release(x)	((void)(x))
#define __acquires(...)
#define __releases(...)

#ifdef SBUDDY_TSAN	/* ThreadSanitizer takes a volatile access for an ordinary one */
#define READ_ONCE(x)	 __atomic_load_n(&(x), __ATOMIC_RELAXED)
#define WRITE_ONCE(x, v) __atomic_store_n(&(x), v, __ATOMIC_RELAXED)
#else
#define READ_ONCE(x)	 (*(const volatile __typeof__(x) *)&(x))
#define WRITE_ONCE(x, v) (*(volatile __typeof__(x) *)&(x) = (v))
#endif

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))
#define BITS_PER_LONG	64
#define BIT(n)		(1UL << (n))
#define ALIGN(x, a)	(((x) + (a) - 1) & ~((__typeof__(x))(a) - 1))
#define IS_ALIGNED(x, a) (((x) & ((__typeof__(x))(a) - 1)) == 0)
#define DIV_ROUND_UP(n, d) (((n) + (d) - 1) / (d))
#define min(a, b)	({ __typeof__(a) _a = (a); __typeof__(b) _b = (b); _a < _b ? _a : _b; })
#define max(a, b)	({ __typeof__(a) _a = (a); __typeof__(b) _b = (b); _a > _b ? _a : _b; })
#define min_t(t, a, b)	min((t)(a), (t)(b))
#define max_t(t, a, b)	max((t)(a), (t)(b))
#define max3(a, b, c)	({ __typeof__(a) _c = (c), _m = max(a, b); _m > _c ? _m : _c; })
#define swap(a, b)	do { __typeof__(a) _t = (a); (a) = (b); (b) = _t; } while (0)
#define container_of(p, t, m) ((t *)((char *)(p) - offsetof(t, m)))
#define prefetch(p)	__builtin_prefetch(p)
#define prefetchw(p)	__builtin_prefetch(p, 1)
#define BUILD_BUG_ON(c)	_Static_assert(!(c), #c)
#define static_assert(...) _Static_assert(__VA_ARGS__, #__VA_ARGS__)

/* ---- numbers ---- */

static inline int fls(unsigned int x)
{
	return x ? 32 - __builtin_clz(x) : 0;
}

static inline int fls_long(unsigned long x)
{
	return x ? 64 - __builtin_clzl(x) : 0;
}

static inline unsigned int hweight32(u32 x)
{
	return __builtin_popcount(x);
}

static inline unsigned long __ffs(unsigned long x)
{
	return __builtin_ctzl(x);
}

static inline unsigned long rounddown_pow_of_two(unsigned long x)
{
	return 1UL << (fls_long(x) - 1);
}

static inline unsigned long int_sqrt(unsigned long x)
{
	unsigned long r = 0, bit = 1UL << 62;

	while (bit > x)
		bit >>= 2;
	for (; bit; bit >>= 2) {
		if (x >= r + bit) {
			x -= r + bit;
			r = (r >> 1) + bit;
		} else {
			r >>= 1;
		}
	}
	return r;
}

/* ---- bits and atomics ---- */

typedef struct { long v; } atomic_long_t;

static inline bool test_bit(long nr, const unsigned long *addr)
{
	return __atomic_load_n(addr, __ATOMIC_RELAXED) >> nr & 1;
}

static inline void set_bit(long nr, unsigned long *addr)
{
	__atomic_fetch_or(addr, 1UL << nr, __ATOMIC_RELAXED);
}

static inline void clear_bit(long nr, unsigned long *addr)
{
	__atomic_fetch_and(addr, ~(1UL << nr), __ATOMIC_RELAXED);
}

static inline long atomic_long_read(const atomic_long_t *a)
{
	return __atomic_load_n(&a->v, __ATOMIC_RELAXED);
}

static inline void atomic_long_set(atomic_long_t *a, long v)
{
	__atomic_store_n(&a->v, v, __ATOMIC_RELAXED);
}

static inline void atomic_long_add(long n, atomic_long_t *a)
{
	__atomic_fetch_add(&a->v, n, __ATOMIC_RELAXED);
}

static inline void atomic_long_inc(atomic_long_t *a)
{
	atomic_long_add(1, a);
}

#define cmpxchg(ptr, old, new) __sync_val_compare_and_swap(ptr, old, new)

/* ---- lists ---- */

struct list_head {
	struct list_head *next, *prev;
};

static inline void INIT_LIST_HEAD(struct list_head *h)
{
	h->next = h;
	h->prev = h;
}

static inline void os_list_link(struct list_head *n, struct list_head *prev,
				struct list_head *next)
{
	next->prev = n;
	n->next = next;
	n->prev = prev;
	WRITE_ONCE(prev->next, n);
}

static inline void list_add(struct list_head *n, struct list_head *h)
{
	os_list_link(n, h, h->next);
}

static inline void list_add_tail(struct list_head *n, struct list_head *h)
{
	os_list_link(n, h->prev, h);
}

static inline void list_del(struct list_head *e)
{
	e->next->prev = e->prev;
	WRITE_ONCE(e->prev->next, e->next);
}

static inline void list_move_tail(struct list_head *e, struct list_head *h)
{
	list_del(e);
	list_add_tail(e, h);
}

static inline bool list_empty(const struct list_head *h)
{
	return READ_ONCE(h->next) == h;
}

#define list_entry(p, t, m)	  container_of(p, t, m)
#define list_first_entry(h, t, m) list_entry((h)->next, t, m)
#define list_last_entry(h, t, m)  list_entry((h)->prev, t, m)
#define list_first_entry_or_null(h, t, m) \
	(list_empty(h) ? NULL : list_first_entry(h, t, m))
#define list_for_each_entry(p, h, m) \
	for (p = list_entry((h)->next, __typeof__(*p), m); &p->m != (h); \
	     p = list_entry(p->m.next, __typeof__(*p), m))

/* ---- locks: test-and-set, no queue; interrupts do not exist here ---- */

typedef struct { int locked; } spinlock_t;

static inline void spin_lock_init(spinlock_t *l)
{
	l->locked = 0;
}

static inline bool spin_trylock(spinlock_t *l)
{
	return !__atomic_exchange_n(&l->locked, 1, __ATOMIC_ACQUIRE);
}

static inline void spin_lock(spinlock_t *l)
{
	while (!spin_trylock(l))
		while (__atomic_load_n(&l->locked, __ATOMIC_RELAXED))
			__builtin_ia32_pause();
}

static inline void spin_unlock(spinlock_t *l)
{
	__atomic_store_n(&l->locked, 0, __ATOMIC_RELEASE);
}

#define spin_trylock_irqsave(l, flags)	 ({ (flags) = 0; spin_trylock(l); })
#define spin_lock_irqsave(l, flags)	 do { (flags) = 0; spin_lock(l); } while (0)
#define spin_unlock_irqrestore(l, flags) do { (void)(flags); spin_unlock(l); } while (0)

void os_lock_report(const char *what, const char *func);
#define lockdep_assert_held(l) \
	do { \
		if (unlikely(!__atomic_load_n(&(l)->locked, __ATOMIC_RELAXED))) \
			os_lock_report(#l, __func__); \
	} while (0)

/* ---- memory, text ---- */

void *os_zalloc(size_t size);
void os_free(void *p);
void *os_zalloc_sparse(size_t size, bool (*present)(const void *arg, size_t start, size_t end),
		       const void *arg);
void os_free_sparse(void *p);
void os_clear_pages(unsigned long pfn, unsigned long nr);
int os_copy_pages(unsigned long to, unsigned long from, unsigned long nr);
void os_warn(const char *fmt, ...) __printf(1, 2);
int scnprintf(char *buf, size_t size, const char *fmt, ...) __printf(3, 4);

static inline void os_cond_resched(void)
{
}

/*
 * Nobody maps frames here.  Their locks are counted, and a test may hold the one
 * of a frame; or have a reference on a frame, which unmapping may end.
 */
struct os_mapping;
extern __thread unsigned long os_pinned_pfn, os_held_pfn;
extern __thread long os_frames_locked, os_unmapped;
extern __thread void (*os_unmap_hook)(u32 slot, unsigned long nr);

bool os_lock_frames(unsigned long pfn, unsigned long nr, bool wait);
void os_unlock_frames(unsigned long pfn, unsigned long nr);
bool os_frames_used(unsigned long pfn, unsigned long nr);
bool os_frames_pinned(unsigned long pfn, unsigned long nr);
void os_unmap(struct os_mapping *mapping, u32 slot, unsigned long nr);

/* A test may play the signal, or the frames' memory. */
extern __thread bool os_killed;
extern __thread int (*os_copy_hook)(unsigned long to, unsigned long from, unsigned long nr);

static inline bool os_fatal_signal_pending(void)
{
	return os_killed;
}

/*
 * Failure injection and accounting for tests: the os_fail_nth-th allocation
 * from now fails once, 0 = never.  os_allocated counts blocks outstanding.
 */
extern __thread unsigned long os_fail_nth;
extern __thread long os_allocated;
extern unsigned long os_warnings;	/* lines that os_warn() was asked to print */

#include "trace_hooks.h"

#endif /* _SBUDDY_OS_H */
