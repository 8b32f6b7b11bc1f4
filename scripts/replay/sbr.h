/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Recordings of a kernel's page allocations: the file format .sbr, version 1,
 * and what reads and writes it.
 *
 *	struct sbr_header  chunk  chunk  ...  chunk
 *
 * A chunk is a struct sbr_chunk and, behind it, so many bytes as this says.
 * EVENTS chunks hold the events of one CPU, sixteen bytes each; those of a CPU
 * stand in the order in which the CPU saw them, and their times never go back.
 * The chunks of several CPUs lie in the file as they were written.  Whoever
 * wants one stream merges the CPUs by time (of equal times the lower CPU
 * first), which is what sbr_next() does.
 *
 * All numbers are little-endian.  Every structure is a multiple of eight bytes
 * long and lies at such an offset, so that a file can be mapped and read in
 * place.  A reader skips chunks of types that it does not know; other changes
 * get a new version.
 *
 * Frame numbers, gfp bits and migratetypes are the recorded kernel's own.  Gfp
 * bits of 6.12 are those of linux/sbuddy.h; the release in the header tells
 * whose they are.
 *
 * What a recording cannot hold is counted: sbr_chunk::lost on each CPU.  A
 * recorder that was killed leaves SBR_CLOSED unset; such a file is read up to
 * its last whole chunk.
 */
#ifndef _REPLAY_SBR_H
#define _REPLAY_SBR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#define SBR_MAGIC	 "\211SBR\r\n\032\n"	/* eight bytes, no zero behind them */
#define SBR_VERSION	 1
#define SBR_BYTE_ORDER	 0x01020304U
#define SBR_MAX_CPUS	 4096
#define SBR_MAX_ORDER	 10
#define SBR_PFN_BITS	 40
#define SBR_NO_PFN	 (((uint64_t)1 << SBR_PFN_BITS) - 1)	/* an allocation failed */
#define SBR_NO_TYPE	 0xff
#define SBR_NAME_MAX	 24
#define SBR_COMM_MAX	 16

/* sbr_header::flags */
#define SBR_CLOSED	 0x1U	/* the recorder came to its end: all fields are right */

/* sbr_header::source */
enum sbr_source {
	SBR_FROM_FTRACE,		/* sbuddy-record */
	SBR_FROM_STREAM,		/* the text form, stream.h */
	SBR_FROM_PERF,			/* perf script */
	SBR_FROM_TRACE_CMD,		/* trace-cmd report */
	SBR_FROM_LLFREE,		/* LLFree's trace pages */
	SBR_NR_SOURCES,
};

/**
 * struct sbr_header - the first 192 bytes
 * @magic:	   SBR_MAGIC
 * @byte_order:	   SBR_BYTE_ORDER
 * @version:	   SBR_VERSION
 * @header_bytes:  where the first chunk begins
 * @flags:	   SBR_CLOSED
 * @source:	   enum sbr_source
 * @nr_cpus:	   CPUs of the recorded machine, 1 to SBR_MAX_CPUS
 * @page_shift:	   log2 of the bytes of a page
 * @pageblock_order: log2 of the pages of a pageblock
 * @max_order:	   largest order of a block, at most SBR_MAX_ORDER
 * @start_ns:	   time of day at the beginning, nanoseconds since 1970; 0 unknown
 * @nr_events:	   events in all chunks, marks included, task records not
 * @lost:	   sum of sbr_chunk::lost
 * @max_pfn:	   last frame of any block, 0 without one
 * @release:	   of the recorded kernel, a string, empty if unknown
 * @reserved:	   zero
 */
struct sbr_header {
	uint8_t	 magic[8];
	uint32_t byte_order;
	uint16_t version;
	uint16_t header_bytes;
	uint32_t flags;
	uint32_t source;
	uint32_t nr_cpus;
	uint32_t page_shift;
	uint32_t pageblock_order;
	uint32_t max_order;
	uint64_t start_ns;
	uint64_t nr_events;
	uint64_t lost;
	uint64_t max_pfn;
	char	 release[64];
	uint64_t reserved[7];
};

/* sbr_chunk::type */
enum sbr_chunk_type {
	SBR_EVENTS = 1,			/* struct sbr_record */
	SBR_COMMS,			/* struct sbr_comm */
	SBR_MARKS,			/* struct sbr_mark_name, numbered through the file */
};

#define SBR_CHUNK_MAGIC	 0x4b4e4843U	/* "CHNK" */

/**
 * struct sbr_chunk - 32 bytes before the entries
 * @magic:   SBR_CHUNK_MAGIC
 * @type:    enum sbr_chunk_type
 * @cpu:     whose events, SBR_EVENTS
 * @count:   entries
 * @bytes:   of the entries together
 * @time_ns: what the records' times add to, SBR_EVENTS
 * @lost:    events of the CPU that are missing between its chunk before and
 *	     this one
 */
struct sbr_chunk {
	uint32_t magic;
	uint16_t type;
	uint16_t cpu;
	uint32_t count;
	uint32_t bytes;
	uint64_t time_ns;
	uint64_t lost;
};

enum sbr_kind {
	SBR_TASK,			/* no event: the task that runs from here on, in @gfp */
	SBR_MARK,			/* number of a name in @gfp: a phase of the work begins */
	SBR_ALLOC,			/* kmem:mm_page_alloc */
	SBR_BULK,			/* a page of a bulk allocation, which has no event */
	SBR_FREE,			/* kmem:mm_page_free */
	SBR_BATCHED,			/* kmem:mm_page_free_batched, comes behind its SBR_FREE */
	SBR_REFILL,			/* kmem:mm_page_alloc_zone_locked */
	SBR_DRAIN,			/* kmem:mm_page_pcpu_drain */
	SBR_EXTFRAG,			/* kmem:mm_page_alloc_extfrag, order and type asked for */
	SBR_NR_KINDS,
};

/* sbr_record::kind, high four bits: where the kernel was */
#define SBR_IN_HARDIRQ	 0x10U
#define SBR_IN_SOFTIRQ	 0x20U

/**
 * struct sbr_record - an event, 16 bytes
 * @time:  nanoseconds since sbr_chunk::time_ns
 * @gfp:   flags of the request (SBR_ALLOC, SBR_BULK); 1 for a page that goes to a
 *	   per-CPU list (SBR_REFILL); 1 if the block was claimed, the other type << 8
 *	   and the order of its block << 16 (SBR_EXTFRAG); else see enum sbr_kind
 * @block: pfn in the low 40 bits (SBR_NO_PFN: there was no page), from bit 40
 *	   on eight bits each order, migratetype (SBR_NO_TYPE if the event does
 *	   not tell), kind with context
 *
 * The task of an event is that of the last SBR_TASK before it in the same chunk;
 * 0 without one.
 */
struct sbr_record {
	uint32_t time;
	uint32_t gfp;
	uint64_t block;
};

/* 24 bytes: a task and its name, which need not end in a zero. */
struct sbr_comm {
	uint32_t pid;
	char	 comm[SBR_COMM_MAX];
	uint32_t reserved;
};

/* 24 bytes: a phase's name, which need not end in a zero. */
struct sbr_mark_name {
	char	 name[SBR_NAME_MAX];
};

/* ---- reading ---- */

/**
 * struct sbr_event - a record as the program sees it
 * @time_ns: since the first event; as it is in the file for the writer
 * @pfn:     first frame, SBR_NO_PFN
 * @gfp:     see struct sbr_record
 * @pid:     task, 0 unknown
 * @cpu:     where it happened
 * @order:   of the block
 * @type:    migratetype, SBR_NO_TYPE
 * @kind:    enum sbr_kind
 * @context: SBR_IN_*
 */
struct sbr_event {
	uint64_t time_ns;
	uint64_t pfn;
	uint32_t gfp;
	uint32_t pid;
	uint16_t cpu;
	uint8_t	 order;
	uint8_t	 type;
	uint8_t	 kind;
	uint8_t	 context;
};

/* Where the chunks of a kind begin, in file order. */
struct sbr_index {
	size_t *offset;
	size_t nr, room;
};

/**
 * struct sbr_file - a recording, mapped
 * @map:     the file
 * @size:    bytes of it
 * @header:  a copy, with the counts made good when SBR_CLOSED is unset
 * @start_ns: time of the first event in the file
 * @cut:     the file ends within a chunk, and SBR_CLOSED is unset
 * @chunks:  EVENTS chunks of each CPU
 * @comms:   COMMS chunks
 * @marks:   MARKS chunks
 * @mapped:  @map came from mmap()
 * @error:   what was wrong and where, if opening failed
 */
struct sbr_file {
	const uint8_t *map;
	size_t size;
	struct sbr_header header;
	uint64_t start_ns;
	bool cut, mapped;
	struct sbr_index *chunks;
	struct sbr_index comms, marks;
	char error[192];
};

int sbr_open(struct sbr_file *f, const char *path);
int sbr_open_fd(struct sbr_file *f, int fd);
int sbr_open_memory(struct sbr_file *f, const void *data, size_t size);
void sbr_close(struct sbr_file *f);
bool sbr_is_recording(const void *start, size_t size);
const char *sbr_comm(const struct sbr_file *f, uint32_t pid, char comm[SBR_COMM_MAX + 1]);
const char *sbr_mark(const struct sbr_file *f, uint32_t nr, char name[SBR_NAME_MAX + 1]);

/* One CPU's place in the recording. */
struct sbr_cursor_cpu {
	const struct sbr_record *next, *end;
	uint64_t base_ns;
	uint64_t time_ns;		/* of @next; ~0 at the end */
	size_t chunk;			/* next chunk to begin */
	uint32_t pid;
};

/**
 * struct sbr_cursor - a walk through the events of all CPUs
 * @file:    what is walked
 * @cpus:    see struct sbr_cursor_cpu
 * @nr_cpus: entries of @cpus
 */
struct sbr_cursor {
	const struct sbr_file *file;
	struct sbr_cursor_cpu *cpus;
	unsigned int nr_cpus;
};

int sbr_begin(struct sbr_cursor *c, const struct sbr_file *f);
bool sbr_next(struct sbr_cursor *c, struct sbr_event *e);
void sbr_end(struct sbr_cursor *c);

/* ---- writing ---- */

#define SBR_CHUNK_RECORDS 4096

struct sbr_writer_cpu;

/**
 * struct sbr_writer - a recording that is being written
 * @out:     the file, which must be one that can be written at any place
 * @header:  written again at the end
 * @cpus:    a buffer for each CPU that had something to say
 * @marks:   names so far
 * @nr_marks: of these
 * @error:   first errno, 0
 */
struct sbr_writer {
	FILE *out;
	struct sbr_header header;
	struct sbr_writer_cpu **cpus;
	struct sbr_mark_name *marks;
	uint32_t nr_marks;
	int error;
};

int sbr_create(struct sbr_writer *w, FILE *out, enum sbr_source source, unsigned int nr_cpus,
	       const char *release);
void sbr_write(struct sbr_writer *w, const struct sbr_event *e);
void sbr_write_mark(struct sbr_writer *w, unsigned int cpu, uint64_t time_ns, const char *name);
void sbr_write_lost(struct sbr_writer *w, unsigned int cpu, uint64_t lost);
void sbr_write_comms(struct sbr_writer *w, const struct sbr_comm *comms, uint32_t nr);
int sbr_finish(struct sbr_writer *w);

#endif /* _REPLAY_SBR_H */
