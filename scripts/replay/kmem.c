// SPDX-License-Identifier: GPL-2.0
/* See kmem.h. */
#include <errno.h>
#include <limits.h>
#include <string.h>

#include "kmem.h"

#define STRUCT_PAGE_BYTES	64

/* common_flags of a record */
#define FLAG_HARDIRQ	0x08
#define FLAG_SOFTIRQ	0x10

/* In the order of kmem::sources.  Those inside the allocator are optional. */
static const struct {
	const char *event;
	enum sbr_kind kind;
	bool inside;
} known[KMEM_NR_SOURCES] = {
	{ "kmem/mm_page_alloc", SBR_ALLOC, false },
	{ "kmem/mm_page_free", SBR_FREE, false },
	{ "kmem/mm_page_free_batched", SBR_BATCHED, false },
	{ "kmem/mm_page_alloc_zone_locked", SBR_REFILL, true },
	{ "kmem/mm_page_pcpu_drain", SBR_DRAIN, true },
	{ "kmem/mm_page_alloc_extfrag", SBR_EXTFRAG, true },
};

/* "SYSTEM/EVENT" of event number @nr, NULL behind the last. */
const char *kmem_event_name(unsigned int nr)
{
	return nr < KMEM_NR_SOURCES ? known[nr].event : NULL;
}

/* Whether it tells of a step inside the allocator, which a replay takes itself. */
bool kmem_event_inside(unsigned int nr)
{
	return known[nr].inside;
}

static int find_source(const char *instance, const char *event, struct kmem_source *s)
{
	memset(s, 0, sizeof(*s));
	s->id = trace_event_id(instance, event);
	if (s->id < 0 || trace_event_field(instance, event, "pfn", &s->pfn))
		return -ENOENT;
	if (trace_event_field(instance, event, "order", &s->order))
		trace_event_field(instance, event, "alloc_order", &s->order);
	if (trace_event_field(instance, event, "migratetype", &s->type))
		trace_event_field(instance, event, "alloc_migratetype", &s->type);
	if (trace_event_field(instance, event, "gfp_flags", &s->gfp))
		trace_event_field(instance, event, "percpu_refill", &s->gfp);
	return 0;
}

static void find_bulk(struct kmem *k, const char *instance)
{
	static const char event[] = "kprobes/sbuddy_bulk";

	k->bulk.id = trace_event_id(instance, event);
	if (trace_event_field(instance, event, "got", &k->bulk.got) ||
	    trace_event_field(instance, event, "gfp", &k->bulk.gfp) ||
	    trace_event_field(instance, event, "base", &k->bulk.base) ||
	    trace_event_field(instance, event, "page", &k->bulk.page) ||
	    trace_event_field(instance, event, "more", &k->bulk.more))
		k->bulk.id = -ENOENT;
}

/* ftrace's own events have no directory in an instance. */
static void find_mark(struct kmem *k, const char *instance)
{
	char top[PATH_MAX];

	snprintf(top, sizeof(top), "%s/../..", instance);
	k->mark.id = trace_event_id(top, "ftrace/print");
	if (trace_event_field(top, "ftrace/print", "buf", &k->mark.buf))
		k->mark.id = -ENOENT;
}

/*
 * Learns the layout of the events of @instance, which will go to @sink.
 * Returns 0 or -ENOENT if the kernel has not got them.
 */
int kmem_init(struct kmem *k, const char *instance, const struct kmem_sink *sink)
{
	static const char alloc[] = "kmem/mm_page_alloc", extfrag[] = "kmem/mm_page_alloc_extfrag";
	unsigned int i;

	memset(k, 0, sizeof(*k));
	k->sink = *sink;
	for (i = 0; i < KMEM_NR_SOURCES; i++)
		if (find_source(instance, known[i].event, &k->sources[i]) && !known[i].inside)
			return -ENOENT;
	trace_event_field(instance, alloc, "common_flags", &k->context);
	trace_event_field(instance, alloc, "common_pid", &k->pid);
	trace_event_field(instance, extfrag, "fallback_migratetype", &k->extfrag.fallback_type);
	trace_event_field(instance, extfrag, "fallback_order", &k->extfrag.fallback_order);
	trace_event_field(instance, extfrag, "change_ownership", &k->extfrag.claimed);
	find_bulk(k, instance);
	find_mark(k, instance);
	return 0;
}

static void put_page_event(struct kmem *k, const struct trace_record *rec, unsigned int nr,
			   struct sbr_event *e)
{
	const struct kmem_source *s = &k->sources[nr];

	e->kind = known[nr].kind;
	e->pfn = trace_get(rec, &s->pfn) & SBR_NO_PFN;
	e->order = trace_get(rec, &s->order);
	e->gfp = trace_get(rec, &s->gfp);
	if (s->type.size)
		e->type = trace_get(rec, &s->type);
	if (e->kind == SBR_EXTFRAG)
		e->gfp = (trace_get(rec, &k->extfrag.claimed) ? 1 : 0) |
			 trace_get(rec, &k->extfrag.fallback_type) << 8 |
			 trace_get(rec, &k->extfrag.fallback_order) << 16;
	k->sink.event(k->sink.arg, e);
}

/* Returns how many of @nr pages the array @pages could show. */
static uint64_t put_pages(struct kmem *k, const struct trace_record *rec, struct sbr_event *e,
			  const struct trace_field *pages, uint64_t nr)
{
	uint64_t base = trace_get(rec, &k->bulk.base), i;
	struct trace_field entry = { pages->offset, 8 };

	if (nr > pages->size / entry.size)
		nr = pages->size / entry.size;
	for (i = 0; i < nr; i++, entry.offset += entry.size) {
		uint64_t page = trace_get(rec, &entry);

		/* An array that could not be read, or entries that were not empty before. */
		if (page < base || (page - base) / STRUCT_PAGE_BYTES >= SBR_NO_PFN)
			return i;
		e->pfn = (page - base) / STRUCT_PAGE_BYTES;
		k->sink.event(k->sink.arg, e);
	}
	return nr;
}

static void put_bulk(struct kmem *k, const struct trace_record *rec, struct sbr_event *e)
{
	uint64_t left = trace_get(rec, &k->bulk.got);

	e->kind = SBR_BULK;
	e->gfp = trace_get(rec, &k->bulk.gfp);
	left -= put_pages(k, rec, e, &k->bulk.page, left);
	left -= put_pages(k, rec, e, &k->bulk.more, left);
	k->bulk_unseen += left;
}

static void put_mark(struct kmem *k, const struct trace_record *rec, const struct sbr_event *e)
{
	char name[SBR_NAME_MAX] = "";
	size_t room = rec->len - k->mark.buf.offset;

	if (room >= sizeof(name))
		room = sizeof(name) - 1;
	memcpy(name, rec->data + k->mark.buf.offset, room);
	name[strcspn(name, "\n ")] = '\0';
	k->sink.mark(k->sink.arg, e, name);
}

static uint8_t context_of(const struct kmem *k, const struct trace_record *rec)
{
	uint64_t flags = trace_get(rec, &k->context);

	return (flags & FLAG_HARDIRQ ? SBR_IN_HARDIRQ : 0) |
	       (flags & FLAG_SOFTIRQ ? SBR_IN_SOFTIRQ : 0);
}

/* For trace_sink: writes what is of interest. */
void kmem_event(void *kmem, const struct trace_record *rec)
{
	struct kmem *k = kmem;
	struct sbr_event e = { .cpu = rec->cpu, .type = SBR_NO_TYPE };
	unsigned int i;
	uint16_t id;

	if (rec->len < sizeof(id))
		return;
	memcpy(&id, rec->data, sizeof(id));
	e.time_ns = rec->time_ns;
	e.pid = trace_get(rec, &k->pid);
	e.context = context_of(k, rec);
	for (i = 0; i < KMEM_NR_SOURCES; i++)
		if (id == k->sources[i].id)
			put_page_event(k, rec, i, &e);
	if (id == k->bulk.id)
		put_bulk(k, rec, &e);
	else if (id == k->mark.id && rec->len > k->mark.buf.offset)
		put_mark(k, rec, &e);
}

/* For trace_sink. */
void kmem_lost(void *kmem, int cpu, uint64_t lost)
{
	struct kmem *k = kmem;

	k->sink.lost(k->sink.arg, cpu, lost);
}
