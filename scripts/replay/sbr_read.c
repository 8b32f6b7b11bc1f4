// SPDX-License-Identifier: GPL-2.0
/*
 * Reading recordings, see sbr.h.  Opening one looks at every byte of it, so
 * that nothing behind has to doubt: afterwards kinds, orders and times are as
 * the format promises.  Whatever is not is named with its offset.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sbr.h"

#define NEVER	UINT64_MAX

_Static_assert(sizeof(struct sbr_header) == 192, "as documented");
_Static_assert(sizeof(struct sbr_chunk) == 32, "as documented");
_Static_assert(sizeof(struct sbr_record) == 16, "as documented");
_Static_assert(sizeof(struct sbr_comm) == 24, "as documented");
_Static_assert(sizeof(struct sbr_mark_name) == 24, "as documented");

__attribute__((format(printf, 3, 4)))
static int bad(struct sbr_file *f, size_t offset, const char *fmt, ...)
{
	int n = snprintf(f->error, sizeof(f->error), "offset %zu: ", offset);
	va_list args;

	va_start(args, fmt);
	vsnprintf(f->error + n, sizeof(f->error) - n, fmt, args);
	va_end(args);
	return -EINVAL;
}

static int out_of_memory(struct sbr_file *f)
{
	snprintf(f->error, sizeof(f->error), "out of memory");
	return -ENOMEM;
}

/* Whether a file that begins so is a recording, of whatever version. */
bool sbr_is_recording(const void *start, size_t size)
{
	return size >= 8 && !memcmp(start, SBR_MAGIC, 8);
}

static int check_header(struct sbr_file *f)
{
	struct sbr_header *h = &f->header;

	if (!sbr_is_recording(f->map, f->size))
		return bad(f, 0, "the eight bytes that begin a recording are expected");
	if (f->size < sizeof(*h))
		return bad(f, f->size, "a header of %zu bytes is expected", sizeof(*h));
	memcpy(h, f->map, sizeof(*h));
	if (h->byte_order != SBR_BYTE_ORDER)
		return bad(f, 8, "byte order 0x%x is expected, found 0x%x", SBR_BYTE_ORDER,
			   h->byte_order);
	if (h->version != SBR_VERSION)
		return bad(f, 12, "version %d is expected, found %d", SBR_VERSION, h->version);
	if (h->header_bytes < sizeof(*h) || h->header_bytes % 8 || h->header_bytes > f->size)
		return bad(f, 14, "a header of %zu bytes or a few more is expected, found %d",
			   sizeof(*h), h->header_bytes);
	if (!h->nr_cpus || h->nr_cpus > SBR_MAX_CPUS)
		return bad(f, 24, "1 to %d CPUs are expected, found %u", SBR_MAX_CPUS,
			   h->nr_cpus);
	if (h->max_order > SBR_MAX_ORDER)
		return bad(f, 36, "a largest order of %d at most is expected, found %u",
			   SBR_MAX_ORDER, h->max_order);
	h->release[sizeof(h->release) - 1] = '\0';
	return 0;
}

static int index_add(struct sbr_index *x, size_t offset)
{
	if (x->nr == x->room) {
		size_t *more;

		x->room = x->room ? 2 * x->room : 16;
		more = realloc(x->offset, x->room * sizeof(*more));
		if (!more)
			return -ENOMEM;
		x->offset = more;
	}
	x->offset[x->nr++] = offset;
	return 0;
}

static const struct sbr_chunk *chunk_at(const struct sbr_file *f, size_t offset)
{
	return (const struct sbr_chunk *)(f->map + offset);
}

static const struct sbr_record *records_of(const struct sbr_chunk *c)
{
	return (const struct sbr_record *)(c + 1);
}

static unsigned int record_kind(const struct sbr_record *r)
{
	return r->block >> 56 & 0xf;
}

static unsigned int record_order(const struct sbr_record *r)
{
	return r->block >> 40 & 0xff;
}

static uint64_t record_pfn(const struct sbr_record *r)
{
	return r->block & SBR_NO_PFN;
}

/* Counts of the whole file while it is walked. */
struct census {
	uint64_t events, lost, max_pfn;
	uint32_t marks, max_mark;	/* names there are, names that are used */
	uint64_t *last_ns;		/* of each CPU */
};

static int check_record(struct sbr_file *f, const struct sbr_record *r, struct census *t)
{
	size_t offset = (const uint8_t *)r - f->map;
	unsigned int kind = record_kind(r), order = record_order(r);
	uint64_t pfn = record_pfn(r);

	if (kind >= SBR_NR_KINDS)
		return bad(f, offset + 15, "a kind below %d is expected, found %u", SBR_NR_KINDS,
			   kind);
	if (order > SBR_MAX_ORDER)
		return bad(f, offset + 13, "an order of %d at most is expected, found %u",
			   SBR_MAX_ORDER, order);
	if (kind == SBR_TASK)
		return 0;
	t->events++;
	if (kind == SBR_MARK) {
		t->max_mark = r->gfp >= t->max_mark ? r->gfp + 1 : t->max_mark;
		return r->gfp == UINT32_MAX ? bad(f, offset + 4, "a mark's number") : 0;
	}
	if (pfn == SBR_NO_PFN)
		return kind == SBR_ALLOC ? 0 :
		       bad(f, offset + 8, "a frame is expected in what is no allocation");
	if (pfn & (((uint64_t)1 << order) - 1))
		return bad(f, offset + 8, "a frame that is a multiple of %u is expected, found 0x%"
			   PRIx64, 1U << order, pfn);
	if (pfn + ((uint64_t)1 << order) - 1 > t->max_pfn)
		t->max_pfn = pfn + ((uint64_t)1 << order) - 1;
	return 0;
}

static int check_events(struct sbr_file *f, size_t offset, struct census *t)
{
	const struct sbr_chunk *c = chunk_at(f, offset);
	const struct sbr_record *r = records_of(c), *end = r + c->count;
	uint32_t time = 0;
	int err;

	if (c->cpu >= f->header.nr_cpus)
		return bad(f, offset + 6, "a CPU below %u is expected, found %u",
			   f->header.nr_cpus, c->cpu);
	if (c->time_ns < t->last_ns[c->cpu] || c->time_ns >= NEVER - UINT32_MAX)
		return bad(f, offset + 16, "a time of %" PRIu64 " at least is expected, found %"
			   PRIu64, t->last_ns[c->cpu], c->time_ns);
	for (; r < end; r++) {
		if (r->time < time)
			return bad(f, (const uint8_t *)r - f->map,
				   "a time of %u at least is expected, found %u", time, r->time);
		time = r->time;
		err = check_record(f, r, t);
		if (err)
			return err;
	}
	if (c->count && c->time_ns + records_of(c)->time < f->start_ns)
		f->start_ns = c->time_ns + records_of(c)->time;
	t->last_ns[c->cpu] = c->time_ns + time;
	t->lost += c->lost;
	return index_add(&f->chunks[c->cpu], offset) ? out_of_memory(f) : 0;
}

static int check_entries(struct sbr_file *f, size_t offset, struct census *t)
{
	static const size_t sizes[] = {
		[SBR_EVENTS] = sizeof(struct sbr_record),
		[SBR_COMMS] = sizeof(struct sbr_comm),
		[SBR_MARKS] = sizeof(struct sbr_mark_name),
	};
	const struct sbr_chunk *c = chunk_at(f, offset);

	if (!c->type || c->type > SBR_MARKS)
		return 0;
	if (c->bytes != c->count * (uint64_t)sizes[c->type])
		return bad(f, offset + 12, "%" PRIu64 " bytes for %u entries are expected, found %u",
			   c->count * (uint64_t)sizes[c->type], c->count, c->bytes);
	if (c->type == SBR_EVENTS)
		return check_events(f, offset, t);
	if (c->type == SBR_MARKS)
		t->marks += c->count;
	return index_add(c->type == SBR_MARKS ? &f->marks : &f->comms, offset) ?
	       out_of_memory(f) : 0;
}

/* Without the recorder's last word, the file may end anywhere. */
static int end_early(struct sbr_file *f, size_t offset, const char *what)
{
	if (f->header.flags & SBR_CLOSED)
		return bad(f, offset, "%s is expected before the end of the file", what);
	f->cut = true;
	return 0;
}

static int check_chunks(struct sbr_file *f, struct census *t)
{
	size_t offset = f->header.header_bytes;
	int err = 0;

	while (!err && offset < f->size) {
		size_t left = f->size - offset;
		const struct sbr_chunk *c = chunk_at(f, offset);

		if (left < sizeof(*c))
			return end_early(f, offset, "a chunk");
		if (c->magic != SBR_CHUNK_MAGIC)
			return bad(f, offset, "a chunk is expected");
		if (c->bytes > left - sizeof(*c))
			return end_early(f, offset, "the whole chunk");
		if (c->bytes % 8)
			return bad(f, offset + 12, "a multiple of 8 is expected, found %u",
				   c->bytes);
		err = check_entries(f, offset, t);
		offset += sizeof(*c) + c->bytes;
	}
	return err;
}

static int check_counts(struct sbr_file *f, const struct census *t)
{
	struct sbr_header *h = &f->header;

	if (!(h->flags & SBR_CLOSED)) {
		h->nr_events = t->events;
		h->lost = t->lost;
		h->max_pfn = t->max_pfn;
		return 0;
	}
	if (t->max_mark > t->marks)
		return bad(f, f->size, "names of %u marks are expected, found %u", t->max_mark,
			   t->marks);
	if (h->nr_events != t->events || h->lost != t->lost || h->max_pfn != t->max_pfn)
		return bad(f, 48, "%" PRIu64 " events, %" PRIu64 " lost, last frame 0x%" PRIx64
			   " are expected, as in the chunks", t->events, t->lost, t->max_pfn);
	return 0;
}

static int check_file(struct sbr_file *f)
{
	struct census t = { 0 };
	int err = check_header(f);

	if (err)
		return err;
	f->start_ns = NEVER;
	f->chunks = calloc(f->header.nr_cpus, sizeof(*f->chunks));
	t.last_ns = calloc(f->header.nr_cpus, sizeof(*t.last_ns));
	if (!f->chunks || !t.last_ns)
		err = out_of_memory(f);
	if (!err)
		err = check_chunks(f, &t);
	if (!err)
		err = check_counts(f, &t);
	free(t.last_ns);
	return err;
}

/* Frees everything but the error. */
void sbr_close(struct sbr_file *f)
{
	unsigned int cpu;

	for (cpu = 0; f->chunks && cpu < f->header.nr_cpus; cpu++)
		free(f->chunks[cpu].offset);
	free(f->chunks);
	free(f->comms.offset);
	free(f->marks.offset);
	if (f->mapped)
		munmap((void *)f->map, f->size);
	f->chunks = NULL;
	memset(&f->comms, 0, sizeof(f->comms));
	memset(&f->marks, 0, sizeof(f->marks));
	f->mapped = false;
}

/*
 * Opens a recording that lies in memory, aligned to eight bytes, where it has to
 * stay.  Returns 0; -EINVAL, with the offset and what was expected in f->error;
 * -ENOMEM.
 */
int sbr_open_memory(struct sbr_file *f, const void *data, size_t size)
{
	int err;

	memset(f, 0, sizeof(*f));
	f->map = data;
	f->size = size;
	err = check_file(f);
	if (err)
		sbr_close(f);
	return err;
}

/* As sbr_open(), of an open file, which may be closed behind it. */
int sbr_open_fd(struct sbr_file *f, int fd)
{
	struct stat st;
	int err;

	memset(f, 0, sizeof(*f));
	if (fstat(fd, &st)) {
		err = -errno;
		snprintf(f->error, sizeof(f->error), "%s", strerror(errno));
		return err;
	}
	f->size = st.st_size;
	if (!f->size)
		return bad(f, 0, "a recording is expected, the file is empty");
	f->map = mmap(NULL, f->size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (f->map == MAP_FAILED) {
		err = -errno;
		snprintf(f->error, sizeof(f->error), "%s", strerror(errno));
		return err;
	}
	f->mapped = true;
	err = check_file(f);
	if (err)
		sbr_close(f);
	return err;
}

/*
 * Opens the recording in file @path.  Returns 0; -EINVAL if it is none or
 * damaged; what opening and mapping said; -ENOMEM.  f->error says it in words.
 */
int sbr_open(struct sbr_file *f, const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC), err;

	if (fd < 0) {
		err = -errno;
		memset(f, 0, sizeof(*f));
		snprintf(f->error, sizeof(f->error), "%s", strerror(errno));
		return err;
	}
	err = sbr_open_fd(f, fd);
	close(fd);
	return err;
}

/* The name of a task, NULL if the recording has none. */
const char *sbr_comm(const struct sbr_file *f, uint32_t pid, char comm[SBR_COMM_MAX + 1])
{
	size_t i = f->comms.nr;

	while (i--) {
		const struct sbr_chunk *c = chunk_at(f, f->comms.offset[i]);
		const struct sbr_comm *e = (const struct sbr_comm *)(c + 1) + c->count;

		while (e-- > (const struct sbr_comm *)(c + 1)) {
			if (e->pid != pid)
				continue;
			memcpy(comm, e->comm, SBR_COMM_MAX);
			comm[SBR_COMM_MAX] = '\0';
			return comm;
		}
	}
	return NULL;
}

/* The name of mark number @nr; "?" if the recorder did not come to write it. */
const char *sbr_mark(const struct sbr_file *f, uint32_t nr, char name[SBR_NAME_MAX + 1])
{
	size_t i;

	memcpy(name, "?", 2);
	for (i = 0; i < f->marks.nr; i++) {
		const struct sbr_chunk *c = chunk_at(f, f->marks.offset[i]);

		if (nr >= c->count) {
			nr -= c->count;
			continue;
		}
		memcpy(name, (const struct sbr_mark_name *)(c + 1) + nr, SBR_NAME_MAX);
		name[SBR_NAME_MAX] = '\0';
		break;
	}
	return name;
}

/* ---- the walk ---- */

/* Finds the CPU's next event: tasks are noted on the way. */
static void seek_event(const struct sbr_file *f, struct sbr_cursor_cpu *c, unsigned int cpu)
{
	for (;;) {
		const struct sbr_chunk *chunk;

		for (; c->next < c->end; c->next++) {
			if (record_kind(c->next) != SBR_TASK) {
				c->time_ns = c->base_ns + c->next->time;
				return;
			}
			c->pid = c->next->gfp;
		}
		if (c->chunk == f->chunks[cpu].nr)
			break;
		chunk = chunk_at(f, f->chunks[cpu].offset[c->chunk++]);
		c->next = records_of(chunk);
		c->end = c->next + chunk->count;
		c->base_ns = chunk->time_ns;
		c->pid = 0;
	}
	c->time_ns = NEVER;
}

/* Stands before the first event of @f.  Returns 0 or -ENOMEM. */
int sbr_begin(struct sbr_cursor *c, const struct sbr_file *f)
{
	unsigned int cpu;

	c->file = f;
	c->nr_cpus = f->header.nr_cpus;
	c->cpus = calloc(c->nr_cpus, sizeof(*c->cpus));
	if (!c->cpus)
		return -ENOMEM;
	for (cpu = 0; cpu < c->nr_cpus; cpu++)
		seek_event(f, &c->cpus[cpu], cpu);
	return 0;
}

/* The earliest event that is left; the lower CPU first.  Returns false at the end. */
bool sbr_next(struct sbr_cursor *c, struct sbr_event *e)
{
	const struct sbr_record *r;
	unsigned int cpu, first = 0;

	for (cpu = 1; cpu < c->nr_cpus; cpu++)
		if (c->cpus[cpu].time_ns < c->cpus[first].time_ns)
			first = cpu;
	if (c->cpus[first].time_ns == NEVER)
		return false;
	r = c->cpus[first].next++;
	e->time_ns = c->cpus[first].time_ns - c->file->start_ns;
	e->pfn = record_pfn(r);
	e->gfp = r->gfp;
	e->pid = c->cpus[first].pid;
	e->cpu = first;
	e->order = record_order(r);
	e->type = r->block >> 48;
	e->kind = record_kind(r);
	e->context = r->block >> 56 & 0xf0;
	seek_event(c->file, &c->cpus[first], first);
	return true;
}

/* Ends the walk. */
void sbr_end(struct sbr_cursor *c)
{
	free(c->cpus);
	c->cpus = NULL;
}
