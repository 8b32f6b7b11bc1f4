/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Reading what ftrace records in binary: the per-CPU ring buffers of a tracefs
 * instance, while it records or afterwards.
 *
 * The layout of a buffer page is a promise of tracefs (events/header_page,
 * events/header_event), that of an event is in its format file.
 */
#ifndef _REPLAY_TRACEBUF_H
#define _REPLAY_TRACEBUF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TRACE_MAX_CPUS	256
#define TRACE_PAGE_BYTES 4096

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
 * @data:    the record
 * @len:     its bytes
 * @cpu:     where it was recorded
 */
struct trace_record {
	uint64_t time_ns;
	const uint8_t *data;
	size_t len;
	int cpu;
};

/**
 * struct trace_cpu - one CPU's buffer and the page of it that is being read
 * @fd:	     trace_pipe_raw
 * @stats:   its statistics, -1 if there are none
 * @lost:    events known to be lost when they were last looked at
 * @pos:     in @page
 * @end:     of what the page holds
 * @time_ns: of the event before
 * @page:    a page, and as much again: a damaged length must not lead outside
 */
struct trace_cpu {
	int fd, stats;
	uint64_t lost;
	size_t pos, end;
	uint64_t time_ns;
	uint8_t page[2 * TRACE_PAGE_BYTES];
};

/**
 * struct trace_reader - an instance that is being read
 * @nr_cpus: CPUs of the machine
 * @cpus:    see struct trace_cpu
 */
struct trace_reader {
	int nr_cpus;
	struct trace_cpu *cpus;
};

/**
 * struct trace_sink - who takes what is read; a CPU's events come in order
 * @event: an event; its data is good until the function returns
 * @lost:  so many events of a CPU are missing behind those that came last
 */
struct trace_sink {
	void (*event)(void *arg, const struct trace_record *rec);
	void (*lost)(void *arg, int cpu, uint64_t lost);
	void *arg;
};

int trace_open(struct trace_reader *r, const char *instance);
int trace_drain(struct trace_reader *r, const struct trace_sink *sink);
void trace_close(struct trace_reader *r);

int trace_event_id(const char *instance, const char *event);
int trace_event_field(const char *instance, const char *event, const char *field,
		      struct trace_field *f);
uint64_t trace_get(const struct trace_record *rec, const struct trace_field *f);

#endif /* _REPLAY_TRACEBUF_H */
