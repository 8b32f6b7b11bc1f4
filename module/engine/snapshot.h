/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the files of the snapshot text share: the reader's cursor and words, the
 * writer's line.
 */
#ifndef _SBUDDY_SNAPSHOT_H
#define _SBUDDY_SNAPSHOT_H

/**
 * struct sbuddy_import - a text being read
 * @p:		cursor
 * @end:	end of the text
 * @m:		the machine being filled in, NULL in the first pass
 * @zone:	zone being described
 * @node:	node being described
 * @line:	for messages
 * @err:	message, on error
 * @err_size:	bytes of @err
 * @lowest_pfn:	first pass: first frame of any zone
 * @highest_pfn: first pass: end of the last zone
 * @nr_zones:	first pass: zone lines
 * @max_cpu:	first pass: highest vcpu
 * @rules:	first pass: enum sbuddy_rule_set
 */
struct sbuddy_import {
	const char *p;
	const char *end;
	struct sbuddy_machine *m;
	struct sbuddy_zone *zone;
	struct sbuddy_node *node;
	int line;
	char *err;
	size_t err_size;
	unsigned long lowest_pfn;
	unsigned long highest_pfn;
	int nr_zones;
	int max_cpu;
	unsigned int rules;
};

struct sbuddy_export {
	const struct sbuddy_machine *m;
	sbuddy_emit_fn emit;
	void *arg;
};

/* snapshot_import.c */
int sbuddy_import_fail(struct sbuddy_import *im, const char *expected);
bool sbuddy_at_eol(const struct sbuddy_import *im);
void sbuddy_skip_blanks(struct sbuddy_import *im);
bool sbuddy_eat(struct sbuddy_import *im, const char *word);
bool sbuddy_number(struct sbuddy_import *im, int base, long *v);
bool sbuddy_field(struct sbuddy_import *im, const char *name, int base, long lo, long hi, long *v);
bool sbuddy_import_room(const struct sbuddy_import *im, unsigned long pfn, unsigned int order);

/* snapshot_export.c */
__printf(2, 3) void sbuddy_emit(const struct sbuddy_export *x, const char *fmt, ...);

/* snapshot_machine.c */
int sbuddy_import_machine(struct sbuddy_import *im);
void sbuddy_export_machine(const struct sbuddy_export *x);

/* snapshot_compact.c */
void sbuddy_export_compact(const struct sbuddy_export *x, const struct sbuddy_zone *z);
int sbuddy_import_compact(struct sbuddy_import *im);
int sbuddy_import_skip(struct sbuddy_import *im);
int sbuddy_import_lru(struct sbuddy_import *im);

/* A zone may begin in the middle of a pageblock; every further one is whole. */
static inline unsigned long sbuddy_next_block(unsigned long pfn)
{
	return ALIGN(pfn + 1, SBUDDY_PAGEBLOCK_NR_PAGES);
}

#endif /* _SBUDDY_SNAPSHOT_H */
