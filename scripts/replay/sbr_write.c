// SPDX-License-Identifier: GPL-2.0
/*
 * Writing recordings, see sbr.h.  Each CPU has a chunk in the making; it goes
 * into the file when it is full, when its times no longer fit, and where events
 * were lost.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "sbr.h"

#if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "recordings are little-endian, and nothing here swaps bytes"
#endif

struct sbr_writer_cpu {
	struct sbr_chunk chunk;
	struct sbr_record records[SBR_CHUNK_RECORDS];
	uint64_t last_ns;
	uint32_t pid;
};

static void put(struct sbr_writer *w, const void *data, size_t size)
{
	if (!w->error && size && fwrite(data, size, 1, w->out) != 1)
		w->error = errno ? -errno : -EIO;
}

static void put_chunk(struct sbr_writer *w, struct sbr_chunk *c, const void *entries)
{
	c->magic = SBR_CHUNK_MAGIC;
	put(w, c, sizeof(*c));
	put(w, entries, c->bytes);
}

/* NULL, with w->error set, for a CPU that is not there, and without memory. */
static struct sbr_writer_cpu *get_cpu(struct sbr_writer *w, unsigned int cpu)
{
	if (cpu >= w->header.nr_cpus) {
		w->error = w->error ? w->error : -EINVAL;
		return NULL;
	}
	if (!w->cpus[cpu])
		w->cpus[cpu] = calloc(1, sizeof(*w->cpus[cpu]));
	if (!w->cpus[cpu])
		w->error = w->error ? w->error : -ENOMEM;
	return w->cpus[cpu];
}

static void flush_cpu(struct sbr_writer *w, unsigned int cpu)
{
	struct sbr_writer_cpu *c = w->cpus[cpu];

	if (!c || (!c->chunk.count && !c->chunk.lost))
		return;
	c->chunk.type = SBR_EVENTS;
	c->chunk.cpu = cpu;
	c->chunk.bytes = c->chunk.count * sizeof(c->records[0]);
	if (!c->chunk.count)
		c->chunk.time_ns = c->last_ns;
	put_chunk(w, &c->chunk, c->records);
	memset(&c->chunk, 0, sizeof(c->chunk));
}

static void add(struct sbr_writer_cpu *c, const struct sbr_event *e, uint32_t gfp,
		unsigned int kind)
{
	struct sbr_record *r = &c->records[c->chunk.count++];

	r->time = c->last_ns - c->chunk.time_ns;
	r->gfp = gfp;
	r->block = (e->pfn & SBR_NO_PFN) | (uint64_t)e->order << 40 | (uint64_t)e->type << 48 |
		   (uint64_t)kind << 56;
}

/*
 * Starts a recording in @out, which must be empty.  @release may be NULL.
 * Returns 0; -EINVAL for a number of CPUs outside 1 to SBR_MAX_CPUS; -ENOMEM.
 * Errors of writing show in sbr_finish().
 */
int sbr_create(struct sbr_writer *w, FILE *out, enum sbr_source source, unsigned int nr_cpus,
	       const char *release)
{
	memset(w, 0, sizeof(*w));
	if (!nr_cpus || nr_cpus > SBR_MAX_CPUS)
		return -EINVAL;
	w->out = out;
	w->header = (struct sbr_header){
		.byte_order = SBR_BYTE_ORDER, .version = SBR_VERSION,
		.header_bytes = sizeof(w->header), .source = source, .nr_cpus = nr_cpus,
		.page_shift = 12, .pageblock_order = 9, .max_order = SBR_MAX_ORDER,
	};
	memcpy(w->header.magic, SBR_MAGIC, sizeof(w->header.magic));
	if (release)
		snprintf(w->header.release, sizeof(w->header.release), "%s", release);
	w->cpus = calloc(nr_cpus, sizeof(*w->cpus));
	if (!w->cpus)
		return -ENOMEM;
	put(w, &w->header, sizeof(w->header));
	return 0;
}

static void note_extent(struct sbr_writer *w, const struct sbr_event *e)
{
	uint64_t last = e->pfn + ((uint64_t)1 << e->order) - 1;

	if (e->pfn != SBR_NO_PFN && e->kind != SBR_MARK && last > w->header.max_pfn)
		w->header.max_pfn = last;
}

/*
 * Appends an event to those of its CPU.  A time before that of the CPU's last
 * event becomes that time: a CPU's order is certain, clocks are not.  An event
 * that the format cannot hold makes the recording fail with -EINVAL.
 */
void sbr_write(struct sbr_writer *w, const struct sbr_event *e)
{
	struct sbr_writer_cpu *c;

	if (e->order > SBR_MAX_ORDER || e->pfn > SBR_NO_PFN) {
		w->error = w->error ? w->error : -EINVAL;
		return;
	}
	c = get_cpu(w, e->cpu);
	if (!c)
		return;
	if (e->time_ns > c->last_ns)
		c->last_ns = e->time_ns;
	/* Room for the event and the task before it. */
	if (c->chunk.count + 2 > SBR_CHUNK_RECORDS ||
	    (c->chunk.count && c->last_ns - c->chunk.time_ns > UINT32_MAX))
		flush_cpu(w, e->cpu);
	if (!c->chunk.count)
		c->chunk.time_ns = c->last_ns;
	if (e->pid != c->pid || !c->chunk.count) {
		c->pid = e->pid;
		add(c, &(struct sbr_event){ 0 }, e->pid, SBR_TASK);
	}
	add(c, e, e->gfp, e->kind | (e->context & 0xf0));
	note_extent(w, e);
	w->header.nr_events++;
}

/* A phase called @name begins, in the eyes of @cpu. */
void sbr_write_mark(struct sbr_writer *w, unsigned int cpu, uint64_t time_ns, const char *name)
{
	struct sbr_event e = { .time_ns = time_ns, .cpu = cpu, .kind = SBR_MARK,
			       .type = SBR_NO_TYPE, .gfp = w->nr_marks };
	struct sbr_mark_name *more = realloc(w->marks, (w->nr_marks + 1) * sizeof(*more));

	if (!more) {
		w->error = w->error ? w->error : -ENOMEM;
		return;
	}
	w->marks = more;
	memset(&more[w->nr_marks], 0, sizeof(*more));
	memcpy(more[w->nr_marks++].name, name, strnlen(name, SBR_NAME_MAX));
	sbr_write(w, &e);
}

/* @lost events of @cpu are missing behind what was written of it so far. */
void sbr_write_lost(struct sbr_writer *w, unsigned int cpu, uint64_t lost)
{
	struct sbr_writer_cpu *c = lost ? get_cpu(w, cpu) : NULL;

	if (!c)
		return;
	flush_cpu(w, cpu);
	c->chunk.lost += lost;
	w->header.lost += lost;
}

/* Names of tasks; of several for one pid the last counts. */
void sbr_write_comms(struct sbr_writer *w, const struct sbr_comm *comms, uint32_t nr)
{
	struct sbr_chunk c = { .type = SBR_COMMS, .count = nr, .bytes = nr * sizeof(*comms) };

	if (nr)
		put_chunk(w, &c, comms);
}

static void put_marks(struct sbr_writer *w)
{
	struct sbr_chunk c = { .type = SBR_MARKS, .count = w->nr_marks,
			       .bytes = w->nr_marks * sizeof(*w->marks) };

	if (w->nr_marks)
		put_chunk(w, &c, w->marks);
}

/*
 * Writes what is left, and the header for good.  The file stays open, behind
 * its last byte.  Returns 0 or the first error of all that was written.
 */
int sbr_finish(struct sbr_writer *w)
{
	unsigned int cpu;
	int err;

	for (cpu = 0; cpu < w->header.nr_cpus; cpu++) {
		flush_cpu(w, cpu);
		free(w->cpus[cpu]);
	}
	put_marks(w);
	w->header.flags |= SBR_CLOSED;
	if (!w->error && fseeko(w->out, 0, SEEK_SET))
		w->error = -errno;
	put(w, &w->header, sizeof(w->header));
	if (!w->error && (fseeko(w->out, 0, SEEK_END) || fflush(w->out)))
		w->error = -errno;
	err = w->error;
	free(w->cpus);
	free(w->marks);
	memset(w, 0, sizeof(*w));
	return err;
}
