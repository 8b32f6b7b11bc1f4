/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A shadow in this program: a machine made from settings, operations run on
 * it, and samples of what became of its memory.
 */
#ifndef _REPLAY_NATIVE_H
#define _REPLAY_NATIVE_H

#include "results.h"
#include "sbuddy/engine.h"

#define SETTINGS_MAX	4096

/**
 * struct settings - what a machine is made of, and its knobs
 * @text:    "NAME=VALUE ...", as given
 * @config:  for sbuddy_machine_create()
 * @size:    pages, for a layout that does not say how many
 * @knobs:   values for the setters, -1 to leave them alone
 */
struct settings {
	char text[SETTINGS_MAX];
	struct sbuddy_config config;
	uint64_t size;
	long knobs[8];
};

int settings_parse(struct settings *s, const char *text, unsigned int nr_cpus,
		   uint64_t default_pages, char *error, size_t error_size);
const char *settings_names(void);

/**
 * struct sample - a machine at one moment
 * @op:		  operations that it had run
 * @time_us:	  when they happened in the recording
 * @held_pages:	  pages that the recorded programs hold
 * @refused_pages: pages that were refused so far
 * @free:	  pages on buddy lists
 * @events:	  zone events so far, all zones
 * @nr_free:	  blocks on buddy lists, by order, all zones
 */
struct sample {
	size_t op;
	uint64_t time_us;
	uint64_t held_pages, refused_pages, free;
	uint64_t events[SBUDDY_NR_ZONE_EVENTS];
	uint64_t nr_free[SBUDDY_NR_PAGE_ORDERS];
};

/**
 * struct native - a shadow at work
 * @m:	       its machine
 * @o:	       who holds what the recorded programs hold
 * @results:   of all operations so far
 * @samples:   one before the first operation, one behind each slice
 * @nr_samples: of these
 * @seconds:   CPU time of running operations, samples not included
 * @ops:       where each operation and its answer go, or NULL
 * @pace:      how fast to go
 */
struct native {
	struct sbuddy_machine *m;
	struct sbuddy_owner *o;
	struct results results;
	struct sample *samples;
	unsigned int nr_samples;
	double seconds;
	FILE *ops;
	struct pace pace;
};

int native_create(struct native *n, const struct settings *s, char *error, size_t error_size);
int native_replay(struct native *n, const struct plan *p, unsigned int slices, FILE *csv,
		  const char *name);
void native_destroy(struct native *n);

int native_unusable(const uint64_t *nr_free, unsigned int order);
int native_extfrag(const uint64_t *nr_free, unsigned int order);

#endif /* _REPLAY_NATIVE_H */
