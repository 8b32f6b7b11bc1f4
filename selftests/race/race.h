/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the files of the program race share: a leg of the race, the generator
 * of operations, and the two sides.
 *
 * A leg begins with a fresh clone of the live nodes and ends with the
 * comparison of everything; it is a function of its seed, its profile, and of
 * the state that the live kernel was found in.
 */
#ifndef _RACE_H
#define _RACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "race_file.h"
#include "sbuddy_race.h"
#include "test_util.h"

#define RACE_CHUNK		512U		/* operations between two comparisons */
#define RACE_SINGLES		(1U << 16)	/* slots for blocks on their own */
#define RACE_RUN_SLOTS		1024U		/* slots of a run of neighbours */
#define RACE_RUNS		64U
#define RACE_SLOTS		(RACE_SINGLES + RACE_RUNS * RACE_RUN_SLOTS)
#define RACE_BALLAST		(1U << 19)	/* slots from here on: live side only */
#define RACE_MAX_ZONES		16

/* Zones raced on, as the live kernel has them. */
struct race_zone {
	int node;
	int idx;
	uint64_t start, end;
	uint64_t managed;
};

/**
 * struct race_profile - what a stream is like
 * @name:    as the command line knows it
 * @node:    node raced on, -1: nodes in turn, without THISNODE
 * @fill:    percent of the zone taken by ballast before the clone
 * @holes:   percent of the ballast given back then
 * @level:   percent of what is left that the stream comes to hold
 * @orders:  weight of each order
 * @kinds:   weight of each kind of request, see race_gen.c
 * @shift:   operations after which the dominant kind changes, 0: never
 * @comp:    percent of blocks that are compound
 * @late:     the ballast comes after the clone, and is on both sides: where the use
 *	      that pages are in decides, the clone must have seen them taken
 * @policies: percent of requests that heed a memory policy
 * @ranges:   is about ranges; not for rules that have none
 * @special: operations in a thousand that are none of alloc and free, by class
 */
struct race_profile {
	const char *name;
	int node;
	int fill;
	int holes;
	int level;
	uint8_t orders[SBUDDY_NR_PAGE_ORDERS];
	uint8_t kinds[8];
	unsigned int shift;
	int comp;
	struct {
		uint8_t bulk, batch, ref, split, exact, drain, decay, sysctl, range;
	} special;
	uint8_t policies;
	bool late;
	bool ranges;
};

extern const struct race_profile race_profiles[];
extern const unsigned int race_nr_profiles;

struct race_gen;

struct race_gen *race_gen_new(const struct race_profile *profile, uint64_t seed, int cpus,
			      const struct race_zone *zones, unsigned int nr_zones,
			      uint64_t free_pages, bool weights);
void race_gen_free(struct race_gen *g);
int race_gen_ranges(struct race_gen *g, const char *text);
unsigned int race_gen_chunk(struct race_gen *g, struct sbuddy_op *ops, unsigned int max);
unsigned int race_gen_end(struct race_gen *g, struct sbuddy_op *ops, unsigned int max);
void race_gen_learn(struct race_gen *g, uint32_t slot, const struct race_slot *held);
/* race_profiles.c */
unsigned int race_profiles_choose(const char *names, bool have_ranges,
				  const struct race_profile **chosen);
unsigned int race_weighted(struct test_random *r, const uint8_t *weight, unsigned int nr);
struct sbuddy_op race_gen_ballast(const struct race_profile *profile, struct test_random *r,
				  int node, uint32_t slot);

/* race_live.c: the live kernel */
struct race_live {
	int fd;
	unsigned int nr_zones;
	struct race_zone zones[RACE_MAX_ZONES];
	uint64_t nodes;			/* bit mask of nodes raced on */
	int cpus;
	long sysctl[RACE_NR_SYSCTLS];	/* as found */
	bool weights;			/* the kernel interleaves by weight */
};

int race_live_open(struct race_live *live);
void race_live_close(struct race_live *live);
int race_live_run(struct race_live *live, struct sbuddy_op *ops, unsigned int nr);
int race_live_watch(struct race_live *live);
int race_live_foreign(struct race_live *live, struct race_foreign *foreign);
int race_live_slots(struct race_live *live, uint32_t first, uint32_t count,
		    struct race_slot *slots);
int race_live_events(struct race_live *live, struct race_event *events, uint32_t max,
		     uint64_t *total);
int race_live_sysctl(enum race_sysctl which, long value);
int race_live_policy(struct race_live *live, const struct sbuddy_op *op);
int race_live_weight(int node, int weight);
int race_live_sysctls(long *value);
int race_live_sysctls_back(struct race_live *live);
char *race_live_text(struct race_live *live, uint64_t nodes);
int race_live_reset(struct race_live *live);
const char *race_sysctl_name(enum race_sysctl which);
uint64_t race_live_free_pages(struct race_live *live, int node);

/* race_shadow.c: sbuddy */
struct race_shadow {
	int fd;			/* works on the clone; -1: there is none */
	uint32_t machine;
};

int race_shadow_clone(struct race_shadow *shadow);
bool race_shadow_has_ranges(struct race_shadow *shadow);
void race_shadow_drop(struct race_shadow *shadow);
int race_shadow_run(struct race_shadow *shadow, struct sbuddy_op *ops, unsigned int nr);
int race_shadow_sysctl(struct race_shadow *shadow, enum race_sysctl which, long value);
int race_shadow_policy(struct race_shadow *shadow, const struct sbuddy_op *op);
int race_shadow_weight(struct race_shadow *shadow, int node, int weight);
int race_shadow_slot(struct race_shadow *shadow, uint32_t slot, struct race_slot *held);
char *race_shadow_text(struct race_shadow *shadow, size_t *len);

/* race_state.c: two states side by side; @what gets the first difference */
struct race_numa {
	uint64_t count[RACE_MAX_NODES][6];
};

int race_state_compare(struct race_live *live, struct race_shadow *shadow, char *what, size_t size);
int race_numa_read(struct race_live *live, struct race_shadow *shadow, struct race_numa *theirs,
		   struct race_numa *ours);
bool race_numa_same(const struct race_live *live, const struct race_numa from[2],
		    const struct race_numa to[2], char *what, size_t size);

#endif /* _RACE_H */
