/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the lockstep driver's parts share: streams of steps, the machines that
 * they run on, and how they are made and written down.
 */
#ifndef _SBUDDY_LOCKSTEP_H
#define _SBUDDY_LOCKSTEP_H

#include "sbuddy/engine.h"
#include "model.h"

enum knob {
	KNOB_NONE,			/* the step is an operation */
	KNOB_MIN_FREE_KBYTES,
	KNOB_SCALE_FACTOR,
	KNOB_BOOST_FACTOR,
	KNOB_HIGH_FRACTION,
	KNOB_RESERVE_RATIO,		/* of DMA32 and Normal, the others stay */
	KNOB_POLICY,			/* number | mode << 4 | nodes << 8 | home + 1 << 16 */
	KNOB_WEIGHT,			/* node | weight << 8 */
	NR_KNOBS,
	NR_PLAIN_KNOBS = KNOB_POLICY,
};

struct step {
	enum knob knob;
	long value;
	struct sbuddy_op op;
};

struct stream {
	struct step *step;
	int nr;
	int room;
};

/**
 * struct profile - a machine and how it is used
 * @name:    for --profile
 * @layout:  layout string
 * @vcpus:   1 to MODEL_VCPUS
 * @node:    of each vcpu
 * @thp:     khugepaged raises min_free_kbytes
 * @llc:     last-level cache of a vcpu, pages
 * @every:   operations between full comparisons
 * @fill:    percent of the pages in use around which the stream moves, 0: it wanders
 * @orders:  highest order that is common
 * @atomic:  percent of requests that are atomic
 * @many:    percent of operations on more than one block
 * @ranges:  percent of operations on ranges of frames
 * @knobs:   of 10000 steps, how many turn a knob
 * @policies: percent of requests that name a policy or an index
 * @rules:   enum sbuddy_rule_set
 */
struct profile {
	const char *name;
	const char *layout;
	int vcpus;
	u8 node[MODEL_VCPUS];
	bool thp;
	int llc;
	int every;
	int fill;
	int orders;
	int atomic;
	int many;
	int ranges;
	int knobs;
	int policies;
	unsigned int rules;
};

struct random {
	u64 state;
};

u64 random64(struct random *r);
u32 random_below(struct random *r, u32 n);

/* lockstep_gen.c */
extern const struct profile profiles[];
const struct profile *profile_find(const char *name);
struct step make_step(const struct profile *p, struct random *r, const struct sbuddy_owner *o,
		      u64 managed, int nr);
void stream_add(struct stream *s, const struct step *step);
void stream_print(FILE *f, const struct profile *p, const struct stream *s);
int stream_read(const char *path, struct profile *p, struct stream *s);

#endif /* _SBUDDY_LOCKSTEP_H */
