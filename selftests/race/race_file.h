/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A leg of the race as a file: what race leaves behind when both sides differ,
 * and what race-replay reads.  Host byte order; one machine's business.
 *
 * struct race_file_head, then the operations, the events, and the snapshot, as
 * many of each as the head says.
 */
#ifndef _RACE_FILE_H
#define _RACE_FILE_H

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sbuddy_race.h"

/* Pseudo operations: what is not one of SBUDDY_IOC_RUN. */
#define RACE_OP_SYSCTL		0xf0	/* @slot: enum race_sysctl, @pfn: value */
#define RACE_OP_POLICY		0xf1	/* @slot: index, @order: mode, @pfn: nodes, @nid: home */
#define RACE_OP_WEIGHT		0xf2	/* @nid: node, @count: weight */
#define RACE_OP_IS_PSEUDO(op)	((op)->opcode >= RACE_OP_SYSCTL)

enum race_sysctl {
	RACE_MIN_FREE_KBYTES,
	RACE_SCALE_FACTOR,
	RACE_BOOST_FACTOR,
	RACE_HIGH_FRACTION,
	RACE_NR_SYSCTLS,
};

#define RACE_FILE_MAGIC	0x3165636172627573ULL

/* An operation as it was asked, and what became of it on both sides. */
struct race_file_op {
	struct sbuddy_op in;
	struct sbuddy_op live;
	struct sbuddy_op ours;
};

struct race_file_head {
	__u64	magic;
	__u64	seed;
	__u64	nodes;
	__u64	nr_ops;
	__u64	nr_events;
	__u64	events_lost;
	__u64	before_len;
	char	profile[24];
};

struct race_file {
	const char *profile;
	uint64_t seed;
	uint64_t nodes;
	struct race_file_op *op;
	uint64_t nr_ops;
	struct race_event *events;
	uint64_t nr_events;
	uint64_t events_lost;
	char *before;
	size_t before_len;
};

/* Returns 0, or -1 with errno set, also for a file that is none. */
static inline int race_file_read(const char *path, struct race_file *f)
{
	static struct race_file_head head;
	FILE *in = fopen(path, "re");
	int bad = 1;

	memset(f, 0, sizeof(*f));
	if (!in)
		return -1;
	if (fread(&head, sizeof(head), 1, in) == 1 && head.magic == RACE_FILE_MAGIC &&
	    head.nr_ops < 1U << 28 && head.nr_events <= RACE_MAX_EVENTS &&
	    head.before_len < 1U << 30) {
		head.profile[sizeof(head.profile) - 1] = '\0';
		f->profile = head.profile;
		f->seed = head.seed;
		f->nodes = head.nodes;
		f->nr_ops = head.nr_ops;
		f->nr_events = head.nr_events;
		f->events_lost = head.events_lost;
		f->before_len = head.before_len;
		f->op = calloc(f->nr_ops + 1, sizeof(*f->op));
		f->events = calloc(f->nr_events + 1, sizeof(*f->events));
		f->before = calloc(f->before_len + 1, 1);
		bad = !f->op || !f->events || !f->before ||
		      fread(f->op, sizeof(*f->op), f->nr_ops, in) != f->nr_ops ||
		      fread(f->events, sizeof(*f->events), f->nr_events, in) != f->nr_events ||
		      fread(f->before, 1, f->before_len, in) != f->before_len;
	}
	fclose(in);
	if (bad)
		errno = EINVAL;
	return bad ? -1 : 0;
}

static inline void race_file_free(struct race_file *f)
{
	free(f->op);
	free(f->events);
	free(f->before);
}

/* Returns 0, or -1 with errno set. */
static inline int race_file_write(const char *path, const struct race_file *f)
{
	struct race_file_head head = {
		.magic = RACE_FILE_MAGIC,
		.seed = f->seed,
		.nodes = f->nodes,
		.nr_ops = f->nr_ops,
		.nr_events = f->nr_events,
		.events_lost = f->events_lost,
		.before_len = strlen(f->before),
	};
	FILE *out = fopen(path, "we");
	int err;

	if (!out)
		return -1;
	snprintf(head.profile, sizeof(head.profile), "%s", f->profile);
	err = fwrite(&head, sizeof(head), 1, out) != 1 ||
	      fwrite(f->op, sizeof(*f->op), f->nr_ops, out) != f->nr_ops ||
	      fwrite(f->events, sizeof(*f->events), f->nr_events, out) != f->nr_events ||
	      fwrite(f->before, 1, head.before_len, out) != head.before_len;
	return fclose(out) || err ? -1 : 0;
}

#endif /* _RACE_FILE_H */
