/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Recordings made of what other programs recorded.  Each reader below takes
 * one format from @in and writes a recording (sbr.h) into @out.
 */
#ifndef _REPLAY_CONVERT_H
#define _REPLAY_CONVERT_H

#include "sbr.h"

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))

/**
 * struct convert_result - what became of the input
 * @events:  written
 * @skipped: lines of other events
 * @lost:    events that the input says are missing
 * @line:    where the reader stopped: line of text, counted from 1
 * @offset:  the same in binary input, bytes
 * @error:   what was expected there, if it failed
 */
struct convert_result {
	uint64_t events, skipped, lost;
	uint64_t line, offset;
	char error[160];
};

int convert_error(struct convert_result *r, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/*
 * All return 0; -EINVAL, with line or offset and r->error, for input that is
 * not what it should be; -ENOMEM; what reading and writing said.
 */
int perf_read(FILE *in, FILE *out, struct convert_result *r);
int trace_cmd_read(FILE *in, FILE *out, struct convert_result *r);
int llfree_read(FILE *in, FILE *out, struct convert_result *r);

#endif /* _REPLAY_CONVERT_H */
