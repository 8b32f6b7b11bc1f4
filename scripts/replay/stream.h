/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A recorded stream of page allocation events, as text that people and programs
 * read:
 *
 *	# sbuddy-stream 1 cpus=2 lost=0
 *	TIME CPU m NAME			a phase of the work begins
 *	TIME CPU a PFN ORDER GFP	allocated; PFN is - if there was no page
 *	TIME CPU b PFN ORDER GFP	the same, out of a bulk allocation
 *	TIME CPU f PFN ORDER		freed
 *	TIME CPU c PFN ORDER		of these, freed as one of a batch of folios:
 *					comes behind the f, when the batch is done
 *
 * TIME is microseconds from the first event on and never goes back; PFN and GFP
 * are hexadecimal, GFP in the numbers of Linux 6.12, which are those of our ABI.
 */
#ifndef _REPLAY_STREAM_H
#define _REPLAY_STREAM_H

#include <stdint.h>
#include <stdio.h>

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))

#define STREAM_VERSION	1
#define STREAM_NO_PFN	(~(uint64_t)0)
#define STREAM_NAME_MAX	24

enum stream_kind {
	STREAM_MARK	= 'm',
	STREAM_ALLOC	= 'a',
	STREAM_BULK	= 'b',
	STREAM_FREE	= 'f',
	STREAM_BATCHED	= 'c',
};

/**
 * struct stream_event - one line
 * @time_us: since the first event
 * @pfn:     first frame, STREAM_NO_PFN for an allocation that failed
 * @gfp:     flags of an allocation
 * @order:   of the block
 * @cpu:     where it happened
 * @kind:    enum stream_kind
 * @name:    of the phase, for STREAM_MARK
 */
struct stream_event {
	uint64_t time_us;
	uint64_t pfn;
	uint32_t gfp;
	uint8_t order;
	uint8_t cpu;
	char kind;
	char name[STREAM_NAME_MAX];
};

/**
 * struct stream - a whole recording
 * @events: in order
 * @nr:	    used part of @events
 * @cpus:   of the machine that was recorded
 * @lost:   events that the recorder had no room for
 */
struct stream {
	struct stream_event *events;
	size_t nr;
	unsigned int cpus;
	uint64_t lost;
};

void stream_write_header(FILE *out, unsigned int cpus, uint64_t lost);
void stream_write_event(FILE *out, const struct stream_event *e);
int stream_read(FILE *in, struct stream *s);
void stream_free(struct stream *s);

#endif /* _REPLAY_STREAM_H */
