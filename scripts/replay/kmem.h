/* SPDX-License-Identifier: GPL-2.0 */
/*
 * From ftrace's events of a tracefs instance to events of a recording.
 *
 * The allocator announces no page that it hands out in bulk, which is how every
 * thread stack and every vmalloc() gets its pages.  A return probe fills this
 * gap, if somebody has set it up as KMEM_BULK_PROBE says; kernels before 6.9
 * cannot read arguments on return and go without.
 */
#ifndef _REPLAY_KMEM_H
#define _REPLAY_KMEM_H

#include "sbr.h"
#include "tracebuf.h"

/*
 * got, pages in the array on return; gfp of the request; base, the kernel's
 * vmemmap_base; page, the first entries of the array, pointers to struct page;
 * more, those behind: the kernel has a limit for an array's length.
 */
#define KMEM_BULK_PROBE \
	"r:sbuddy_bulk alloc_pages_bulk_noprof got=$retval:u32 gfp=$arg1:u32 " \
	"base=@vmemmap_base:u64 page=+0($arg6):x64[64] more=+512($arg6):x64[36]"

/* One event, and where its fields are; of size 0 what it does not have. */
struct kmem_source {
	int id;
	struct trace_field pfn, order, gfp, type;
};

#define KMEM_NR_SOURCES	6

/**
 * struct kmem_sink - who takes the events, those of a CPU in its order
 * @event: an event
 * @mark:  a phase called @name begins
 * @lost:  so many events of a CPU are missing behind those that came last
 */
struct kmem_sink {
	void (*event)(void *arg, const struct sbr_event *e);
	void (*mark)(void *arg, const struct sbr_event *e, const char *name);
	void (*lost)(void *arg, int cpu, uint64_t lost);
	void *arg;
};

/**
 * struct kmem - what is known of the events
 * @sink:	 where they go
 * @sources:	 the kmem: events
 * @bulk:	 the probe; id below 0 if it is not there
 * @mark:	 the event of trace_marker
 * @context:	 field common_flags
 * @pid:	 field common_pid
 * @extfrag:	 what SBR_EXTFRAG says besides
 * @bulk_unseen: pages of bulk allocations beyond what the probe could see
 */
struct kmem {
	struct kmem_sink sink;
	struct kmem_source sources[KMEM_NR_SOURCES];
	struct {
		int id;
		struct trace_field got, gfp, base, page, more;
	} bulk;
	struct {
		int id;
		struct trace_field buf;
	} mark;
	struct {
		struct trace_field fallback_type, fallback_order, claimed;
	} extfrag;
	struct trace_field context, pid;
	uint64_t bulk_unseen;
};

const char *kmem_event_name(unsigned int nr);
bool kmem_event_inside(unsigned int nr);
int kmem_init(struct kmem *k, const char *instance, const struct kmem_sink *sink);
void kmem_event(void *kmem, const struct trace_record *rec);
void kmem_lost(void *kmem, int cpu, uint64_t lost);

#endif /* _REPLAY_KMEM_H */
