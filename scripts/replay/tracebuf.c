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
#define PAGE_BYTES	4096
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

	memcpy(&w, c->pages + pos, sizeof(w));
	return w;
}

/* Returns false when there are no more pages. */
static bool begin_page(struct trace_cpu *c)
{
	size_t start = c->page * PAGE_BYTES;

	if (c->page == c->nr_pages)
		return false;
	memcpy(&c->time_ns, c->pages + start, sizeof(c->time_ns));
	c->pos = start + PAGE_HEADER;
	c->end = c->pos + (word_at(c, start + 8) & COMMIT_MASK);
	c->page++;
	return true;
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

static void take_event(struct trace_cpu *c, uint32_t type, uint32_t delta)
{
	size_t data = c->pos + 4, len = type * 4;

	if (type == TYPE_LONG) {
		len = word_at(c, data) - 4;
		data += 4;
	}
	c->time_ns += delta;
	c->next.time_ns = c->time_ns;
	c->next.data = c->pages + data;
	c->next.len = len;
	c->pos = data + ((len + 3) & ~(size_t)3);
}

/* Finds the next event of this CPU, if there is one. */
static void advance(struct trace_cpu *c)
{
	for (c->has_next = false; !c->has_next;) {
		uint32_t word, type, delta;

		if (c->pos >= c->end) {
			if (!begin_page(c))
				return;
			continue;
		}
		word = word_at(c, c->pos);
		type = word & ((1U << TYPE_BITS) - 1);
		delta = word >> TYPE_BITS;
		if (skip_filler(c, type, delta))
			continue;
		take_event(c, type, delta);
		c->has_next = true;
	}
}

/* All pages that the kernel has for this CPU.  Returns 0 or a negative errno. */
static int read_pages(struct trace_cpu *c, int fd)
{
	size_t room = 0;
	ssize_t n;

	for (;;) {
		if (c->nr_pages == room) {
			uint8_t *more;

			room = room ? room * 2 : 256;
			/* A page to spare: a damaged length must not lead outside. */
			more = realloc(c->pages, (room + 1) * PAGE_BYTES);
			if (!more)
				return -ENOMEM;
			c->pages = more;
		}
		n = read(fd, c->pages + c->nr_pages * PAGE_BYTES, PAGE_BYTES);
		if (n <= 0)
			return n < 0 && errno != EAGAIN ? -errno : 0;
		c->nr_pages++;
	}
}

/* A line "NAME: NUMBER" of the CPU's statistics. */
static uint64_t read_stat(const char *instance, int cpu, const char *name)
{
	char path[PATH_MAX], line[128];
	size_t len = strlen(name);
	uint64_t value = 0;
	FILE *f;

	snprintf(path, sizeof(path), "%s/per_cpu/cpu%d/stats", instance, cpu);
	f = fopen(path, "r");
	if (!f)
		return 0;
	while (fgets(line, sizeof(line), f))
		if (!strncmp(line, name, len) && line[len] == ':')
			value = strtoull(line + len + 1, NULL, 10);
	fclose(f);
	return value;
}

static int open_cpu(struct trace_reader *r, const char *instance, int cpu)
{
	char path[PATH_MAX];
	int fd, err;

	snprintf(path, sizeof(path), "%s/per_cpu/cpu%d/trace_pipe_raw", instance, cpu);
	fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	r->lost += read_stat(instance, cpu, "overrun");
	r->lost += read_stat(instance, cpu, "dropped events");
	r->lost += read_stat(instance, cpu, "commit overrun");
	r->nr_cpus = cpu + 1;
	r->cpus[cpu].next.cpu = cpu;
	err = read_pages(&r->cpus[cpu], fd);
	close(fd);
	advance(&r->cpus[cpu]);
	return err;
}

/*
 * Reads the buffers of all CPUs of the instance in directory @instance.
 * Returns 0; -ENOENT if it is none; what opening and reading said; -ENOMEM.
 */
int trace_open(struct trace_reader *r, const char *instance)
{
	int cpu, err;

	memset(r, 0, sizeof(*r));
	for (cpu = 0; cpu < TRACE_MAX_CPUS; cpu++) {
		err = open_cpu(r, instance, cpu);
		if (err)
			return err == -ENOENT && cpu ? 0 : err;
	}
	return 0;
}

/* The earliest event that is left; the lower CPU first.  Returns false at the end. */
bool trace_next(struct trace_reader *r, struct trace_record *rec)
{
	struct trace_cpu *first = NULL;
	int cpu;

	for (cpu = 0; cpu < r->nr_cpus; cpu++) {
		struct trace_cpu *c = &r->cpus[cpu];

		if (c->has_next && (!first || c->next.time_ns < first->next.time_ns))
			first = c;
	}
	if (!first)
		return false;
	*rec = first->next;
	advance(first);
	return true;
}

void trace_close(struct trace_reader *r)
{
	int cpu;

	for (cpu = 0; cpu < TRACE_MAX_CPUS; cpu++)
		free(r->cpus[cpu].pages);
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
