/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A tracefs instance of one's own, with the allocator's events, so that nobody
 * else's tracing is disturbed; and what has to be put back afterwards.  While a
 * file of it is open it cannot go.
 */
#ifndef _REPLAY_INSTANCE_H
#define _REPLAY_INSTANCE_H

#include <limits.h>
#include <stdbool.h>

#define TRACING		"/sys/kernel/tracing"
#define MAX_PROBES	8

/**
 * struct instance - where it is and what was changed for it
 * @dir:       its directory
 * @own:       it was made here, and goes again
 * @old_comms: former size of the list of task names, empty if not changed
 * @probes:    names of probe events that were defined for it
 * @nr_probes: of these
 */
struct instance {
	char dir[PATH_MAX];
	bool own;
	char old_comms[32];
	char probes[MAX_PROBES][32];
	unsigned int nr_probes;
};

int instance_create(struct instance *in, const char *name, const char *buffer_kib);
int instance_write(const struct instance *in, const char *name, const char *text);
int instance_probe(struct instance *in, const char *name, const char *definition);
int instance_kmem_events(struct instance *in, bool inside, const char **failed);
void instance_destroy(struct instance *in);

#endif /* _REPLAY_INSTANCE_H */
