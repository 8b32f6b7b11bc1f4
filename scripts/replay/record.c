// SPDX-License-Identifier: GPL-2.0
/*
 * usage: record INSTANCE > STREAM
 *
 * Takes what a tracefs instance has recorded of kmem:mm_page_alloc,
 * kmem:mm_page_free, kmem:mm_page_free_batched and, if it exists, a kprobe event of
 * bulk allocations, and prints it as a stream (stream.h).
 *
 * The allocator announces no page that it hands out in bulk, which is how every
 * thread stack and every vmalloc() gets its pages.  The probe fills this gap;
 * whoever sets it up (demo.d/guest) defines it with these fields:
 *
 *	got	pages in the array on return
 *	gfp	flags of the request
 *	base	the kernel's vmemmap_base
 *	page	the first entries of the array, pointers to struct page
 *	more	those behind: the kernel has a limit for an array's length
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "stream.h"
#include "tracebuf.h"

#define STRUCT_PAGE_BYTES	64

/* One kind of event that is of interest, and where its fields are. */
struct source {
	const char *event;
	char kind;
	int id;
	struct trace_field pfn, order, gfp;	/* size 0: it has no such field */
};

static struct source sources[] = {
	{ .event = "kmem/mm_page_alloc", .kind = STREAM_ALLOC },
	{ .event = "kmem/mm_page_free", .kind = STREAM_FREE },
	{ .event = "kmem/mm_page_free_batched", .kind = STREAM_BATCHED },
};

static struct {
	int id;
	struct trace_field got, gfp, base, page, more;
} bulk_event;

static struct {
	int id;
	struct trace_field buf;
} mark_event;

/* Pages of bulk allocations beyond what the probe could see of the array. */
static uint64_t bulk_unseen;
static uint64_t start_ns;
static bool started;

static int find_source(const char *instance, struct source *s)
{
	s->id = trace_event_id(instance, s->event);
	if (s->id < 0 || trace_event_field(instance, s->event, "pfn", &s->pfn))
		return -ENOENT;
	trace_event_field(instance, s->event, "order", &s->order);
	trace_event_field(instance, s->event, "gfp_flags", &s->gfp);
	return 0;
}

static void find_bulk(const char *instance)
{
	static const char event[] = "kprobes/sbuddy_bulk";

	bulk_event.id = trace_event_id(instance, event);
	if (trace_event_field(instance, event, "got", &bulk_event.got) ||
	    trace_event_field(instance, event, "gfp", &bulk_event.gfp) ||
	    trace_event_field(instance, event, "base", &bulk_event.base) ||
	    trace_event_field(instance, event, "page", &bulk_event.page) ||
	    trace_event_field(instance, event, "more", &bulk_event.more))
		bulk_event.id = -ENOENT;
}

/* ftrace's own events have no directory in an instance. */
static void find_mark(const char *instance)
{
	char top[4096];

	snprintf(top, sizeof(top), "%s/../..", instance);
	mark_event.id = trace_event_id(top, "ftrace/print");
	if (trace_event_field(top, "ftrace/print", "buf", &mark_event.buf))
		mark_event.id = -ENOENT;
}

static void emit_page_event(const struct trace_record *rec, const struct source *s,
			    struct stream_event *e)
{
	e->kind = s->kind;
	e->pfn = trace_get(rec, &s->pfn);
	e->order = trace_get(rec, &s->order);
	e->gfp = trace_get(rec, &s->gfp);
	stream_write_event(stdout, e);
}

/* Returns how many of @nr pages the array @pages could show. */
static uint64_t emit_pages(const struct trace_record *rec, struct stream_event *e,
			   const struct trace_field *pages, uint64_t nr)
{
	uint64_t base = trace_get(rec, &bulk_event.base), i;
	struct trace_field entry = { pages->offset, 8 };

	if (nr > pages->size / entry.size)
		nr = pages->size / entry.size;
	for (i = 0; i < nr; i++, entry.offset += entry.size) {
		e->pfn = (trace_get(rec, &entry) - base) / STRUCT_PAGE_BYTES;
		stream_write_event(stdout, e);
	}
	return nr;
}

static void emit_bulk(const struct trace_record *rec, struct stream_event *e)
{
	uint64_t left = trace_get(rec, &bulk_event.got);

	e->kind = STREAM_BULK;
	e->gfp = trace_get(rec, &bulk_event.gfp);
	left -= emit_pages(rec, e, &bulk_event.page, left);
	left -= emit_pages(rec, e, &bulk_event.more, left);
	bulk_unseen += left;
}

static void emit_mark(const struct trace_record *rec, struct stream_event *e)
{
	size_t room = rec->len - mark_event.buf.offset;

	e->kind = STREAM_MARK;
	if (room >= sizeof(e->name))
		room = sizeof(e->name) - 1;
	memcpy(e->name, rec->data + mark_event.buf.offset, room);
	e->name[strcspn(e->name, "\n ")] = '\0';
	stream_write_event(stdout, e);
}

static void emit(const struct trace_record *rec)
{
	struct stream_event e = { .cpu = rec->cpu };
	uint16_t id;
	size_t i;

	memcpy(&id, rec->data, sizeof(id));
	if (!started)
		start_ns = rec->time_ns;
	started = true;
	e.time_us = (rec->time_ns - start_ns) / 1000;
	for (i = 0; i < ARRAY_SIZE(sources); i++)
		if (id == sources[i].id)
			emit_page_event(rec, &sources[i], &e);
	if (id == bulk_event.id)
		emit_bulk(rec, &e);
	else if (id == mark_event.id && rec->len > mark_event.buf.offset)
		emit_mark(rec, &e);
}

static int fail(const char *what, int err)
{
	fprintf(stderr, "record: %s: %s\n", what, strerror(-err));
	return 1;
}

int main(int argc, char **argv)
{
	static struct trace_reader reader;
	struct trace_record rec;
	size_t i;
	int err;

	if (argc != 2) {
		fprintf(stderr, "usage: record INSTANCE > STREAM\n");
		return 2;
	}
	for (i = 0; i < ARRAY_SIZE(sources); i++)
		if (find_source(argv[1], &sources[i]))
			return fail(sources[i].event, -ENOENT);
	find_bulk(argv[1]);
	find_mark(argv[1]);
	err = trace_open(&reader, argv[1]);
	if (err)
		return fail(argv[1], err);
	stream_write_header(stdout, reader.nr_cpus, reader.lost);
	while (trace_next(&reader, &rec))
		emit(&rec);
	trace_close(&reader);
	if (bulk_unseen)
		fprintf(stderr, "record: %" PRIu64 " pages of large bulk allocations not seen\n",
			bulk_unseen);
	if (fflush(stdout) || ferror(stdout))
		return fail("writing the stream", -EIO);
	return 0;
}
