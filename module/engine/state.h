/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What makes up the state of a machine, for those who compare states: tables
 * of the numbers in its structures.  hash.c mixes them, diff.c names them.
 *
 * State is what decides, and what counts: see sbuddy_machine_hash().  A number
 * that is added to a structure and belongs to it needs a line in state.c.
 */
#ifndef _SBUDDY_STATE_H
#define _SBUDDY_STATE_H

#include "rules.h"

/**
 * struct sbuddy_field - a number, or an array of them, in a structure
 * @name:      of the member; NULL ends a table
 * @offset:    of the member, bytes
 * @size:      of one number, bytes
 * @count:     how many
 * @is_signed: they may be below zero
 */
struct sbuddy_field {
	const char *name;
	u16 offset;
	u8 size;
	u8 count;
	bool is_signed;
};

extern const struct sbuddy_field sbuddy_knob_fields[];
extern const struct sbuddy_field sbuddy_machine_fields[];
extern const struct sbuddy_field sbuddy_node_fields[];
extern const struct sbuddy_field sbuddy_zone_fields[];
extern const struct sbuddy_field sbuddy_pcp_fields[];
extern const struct sbuddy_field sbuddy_zonestat_fields[];
extern const struct sbuddy_field sbuddy_lruvec_fields[];
extern const struct sbuddy_field sbuddy_reclaim_fields[];
extern const struct sbuddy_field sbuddy_walk_fields[];

s64 sbuddy_field_value(const struct sbuddy_field *f, const void *object, int i);

/* What a used block is, but for its zone, which its frame tells. */
#define SBUDDY_TAG_USE	(~(SBUDDY_TAG_ZONE))

/*
 * The first page of the next used block at or behind @i, an index into
 * sbuddy_machine::pages; nr_pages at the end.
 */
unsigned long sbuddy_next_used(const struct sbuddy_machine *m, unsigned long i);

#endif /* _SBUDDY_STATE_H */
