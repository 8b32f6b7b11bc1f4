// SPDX-License-Identifier: GPL-2.0
/* See tracebuf.h. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tracebuf.h"

/* A buffer page: time of its first event, bytes that follow, events. */
#define PAGE_HEADER	16
#define COMMIT_MASK	((1U << 20) - 1)

/* The first word of an event: low five bits say what it is or how long. */
#define TYPE_BITS	5
#define TYPE_LONG	0		/* length in the next word */
#define TYPE_PADDING	29
#define TYPE_TIME_EXTEND 30
#define TYPE_TIME_STAMP	31
#define TIME_DELTA_BITS	27
#define TIME_STAMP_HIGH	(~0ULL << 59)	/* not stored in an absolute time */

static uint32_t word_at(const struct trace_cpu *c, size_t pos)
{
	uint32_t w;

	memcpy(&w, c->page + pos, sizeof(w));
	return w;
}

static void begin_page(struct trace_cpu *c)
{
	memcpy(&c->time_ns, c->page, sizeof(c->time_ns));
	c->pos = PAGE_HEADER;
	c->end = c->pos + (word_at(c, 8) & COMMIT_MASK);
	if (c->end > TRACE_PAGE_BYTES)
		c->end = TRACE_PAGE_BYTES;
}

/* What tells the time or fills space.  Returns false if it is an event. */
static bool skip_filler(struct trace_cpu *c, uint32_t type, uint32_t delta)
{
	uint64_t high = (uint64_t)word_at(c, c->pos + 4) << TIME_DELTA_BITS;

	switch (type) {
	case TYPE_PADDING:
		c->time_ns += delta;
		c->pos = delta ? c->pos + 4 + word_at(c, c->pos + 4) : c->end;
		return true;
	case TYPE_TIME_EXTEND:
		c->time_ns += high + delta;
		c->pos += 8;
		return true;
	case TYPE_TIME_STAMP:
		c->time_ns = (c->time_ns & TIME_STAMP_HIGH) | (high + delta);
		c->pos += 8;
		return true;
	default:
		return false;
	}
}

/* Returns false for a length that leads out of the page. */
static bool take_event(struct trace_cpu *c, uint32_t type, uint32_t delta,
		       struct trace_record *rec)
{
	size_t data = c->pos + 4, len = type * 4;

	if (type == TYPE_LONG) {
		len = word_at(c, data) - 4;
		data += 4;
	}
	if (len > TRACE_PAGE_BYTES || data + len > c->end)
		return false;
	c->time_ns += delta;
	rec->time_ns = c->time_ns;
	rec->data = c->page + data;
	rec->len = len;
	c->pos = data + ((len + 3) & ~(size_t)3);
	return true;
}

/* Finds the next event of the page, if there is one. */
static bool next_event(struct trace_cpu *c, struct trace_record *rec)
{
	while (c->pos < c->end) {
		uint32_t word = word_at(c, c->pos);
		uint32_t type = word & ((1U << TYPE_BITS) - 1), delta = word >> TYPE_BITS;

		if (!skip_filler(c, type, delta))
			return take_event(c, type, delta, rec);
	}
	return false;
}

/* The lines "NAME: NUMBER" that tell of losses, added up. */
static uint64_t read_lost(struct trace_cpu *c)
{
	static const char * const names[] = { "\noverrun: ", "\ncommit overrun: ",
					      "\ndropped events: " };
	char text[512];
	uint64_t sum = 0;
	ssize_t n;
	size_t i;

	n = c->stats < 0 ? 0 : pread(c->stats, text, sizeof(text) - 1, 0);
	text[n > 0 ? n : 0] = '\0';
	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		const char *at = strstr(text, names[i]);

		sum += at ? strtoull(at + strlen(names[i]), NULL, 10) : 0;
	}
	return sum;
}

static int open_file(const char *instance, int cpu, const char *name)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/per_cpu/cpu%d/%s", instance, cpu, name);
	return open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
}

/*
 * Opens the buffers of all CPUs of the instance in directory @instance.
 * Returns 0; -ENOENT if it is none; what opening said; -ENOMEM.
 */
int trace_open(struct trace_reader *r, const char *instance)
{
	int cpu, fd;

	memset(r, 0, sizeof(*r));
	r->cpus = calloc(TRACE_MAX_CPUS, sizeof(*r->cpus));
	if (!r->cpus)
		return -ENOMEM;
	for (cpu = 0; cpu < TRACE_MAX_CPUS; cpu++) {
		fd = open_file(instance, cpu, "trace_pipe_raw");
		if (fd < 0)
			break;
		r->cpus[cpu].fd = fd;
		r->cpus[cpu].stats = open_file(instance, cpu, "stats");
		r->nr_cpus = cpu + 1;
	}
	if (r->nr_cpus && (cpu == TRACE_MAX_CPUS || errno == ENOENT))
		return 0;
	fd = -errno;
	trace_close(r);
	return fd;
}

static int drain_cpu(struct trace_cpu *c, int cpu, const struct trace_sink *sink)
{
	struct trace_record rec = { .cpu = cpu };
	uint64_t lost;
	ssize_t n;

	while ((n = read(c->fd, c->page, TRACE_PAGE_BYTES)) > 0) {
		begin_page(c);
		while (next_event(c, &rec))
			sink->event(sink->arg, &rec);
	}
	if (n < 0 && errno != EAGAIN)
		return -errno;
	lost = read_lost(c);
	if (lost > c->lost)
		sink->lost(sink->arg, cpu, lost - c->lost);
	c->lost = lost;
	return 0;
}

/* Reads what there is at the moment.  Returns 0 or what reading said. */
int trace_drain(struct trace_reader *r, const struct trace_sink *sink)
{
	int cpu, err;

	for (cpu = 0; cpu < r->nr_cpus; cpu++) {
		err = drain_cpu(&r->cpus[cpu], cpu, sink);
		if (err)
			return err;
	}
	return 0;
}

void trace_close(struct trace_reader *r)
{
	int cpu;

	for (cpu = 0; cpu < r->nr_cpus; cpu++) {
		close(r->cpus[cpu].fd);
		if (r->cpus[cpu].stats >= 0)
			close(r->cpus[cpu].stats);
	}
	free(r->cpus);
	memset(r, 0, sizeof(*r));
}

/* ---- format files ---- */

static FILE *open_event(const char *instance, const char *event, const char *file)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/events/%s/%s", instance, event, file);
	return fopen(path, "r");
}

/* Number of an event, as in a record's first two bytes; -ENOENT. */
int trace_event_id(const char *instance, const char *event)
{
	FILE *f = open_event(instance, event, "id");
	int id;

	if (!f)
		return -ENOENT;
	if (fscanf(f, "%d", &id) != 1)
		id = -ENOENT;
	fclose(f);
	return id;
}

/* "\tfield:TYPE NAME;\toffset:N;\tsize:N;..." or NAME[...] */
static bool is_field(const char *line, const char *field, struct trace_field *f)
{
	const char *end = strchr(line, ';'), *name;
	size_t len = strlen(field);

	if (strncmp(line, "\tfield:", 7) || !end)
		return false;
	for (name = end; name[-1] != ' '; name--)
		;
	if (strncmp(name, field, len) || (name[len] != ';' && name[len] != '['))
		return false;
	return sscanf(end, ";\toffset:%u;\tsize:%u;", &f->offset, &f->size) == 2;
}

/* Finds a field of an event.  Returns 0 or -ENOENT. */
int trace_event_field(const char *instance, const char *event, const char *field,
		      struct trace_field *f)
{
	FILE *file = open_event(instance, event, "format");
	char line[512];
	int err = -ENOENT;

	if (!file)
		return -ENOENT;
	while (err && fgets(line, sizeof(line), file))
		if (is_field(line, field, f))
			err = 0;
	fclose(file);
	return err;
}

/* A number of up to eight bytes; 0 if the record is too short for it. */
uint64_t trace_get(const struct trace_record *rec, const struct trace_field *f)
{
	uint64_t value = 0;
	unsigned int size = f->size < sizeof(value) ? f->size : sizeof(value);

	if (f->offset + size <= rec->len)
		memcpy(&value, rec->data + f->offset, size);
	return value;
}
