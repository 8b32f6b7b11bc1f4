/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Reading what ftrace recorded in binary: the per-CPU ring buffers of a tracefs
 * instance, merged in time order.
 *
 * The whole buffer of a CPU is read when it is opened; recording must have been
 * switched off by then.  The layout of a buffer page is a promise of tracefs
 * (events/header_page, events/header_event), that of an event is in its format
 * file.
 */
#ifndef _REPLAY_TRACEBUF_H
#define _REPLAY_TRACEBUF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TRACE_MAX_CPUS	64

/**
 * struct trace_field - where a field of an event lies
 * @offset: in the record, bytes
 * @size:   in bytes; of an array, of all of it
 */
struct trace_field {
	unsigned int offset;
	unsigned int size;
};

/**
 * struct trace_record - one event of one CPU
 * @time_ns: of the instance's trace clock
 * @data:    the record; valid until the reader is closed
 * @len:     its bytes
 * @cpu:     where it was recorded
 */
struct trace_record {
	uint64_t time_ns;
	const uint8_t *data;
	size_t len;
	int cpu;
};

/* One CPU's pages and how far they have been read. */
struct trace_cpu {
	uint8_t *pages;
	size_t nr_pages;
	size_t page;			/* next page to begin */
	size_t pos, end;		/* in the present page */
	uint64_t time_ns;
	struct trace_record next;
	bool has_next;
};

/**
 * struct trace_reader - an instance that is being read
 * @nr_cpus: CPUs of the machine
 * @lost:    events dropped because a buffer was full
 * @cpus:    see struct trace_cpu
 */
struct trace_reader {
	int nr_cpus;
	uint64_t lost;
	struct trace_cpu cpus[TRACE_MAX_CPUS];
};

int trace_open(struct trace_reader *r, const char *instance);
bool trace_next(struct trace_reader *r, struct trace_record *rec);
void trace_close(struct trace_reader *r);

int trace_event_id(const char *instance, const char *event);
int trace_event_field(const char *instance, const char *event, const char *field,
		      struct trace_field *f);
uint64_t trace_get(const struct trace_record *rec, const struct trace_field *f);

#endif /* _REPLAY_TRACEBUF_H */
