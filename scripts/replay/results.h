/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What native and kernel replay have in common: counting what became of the
 * operations, writing them down, keeping a pace.
 */
#ifndef _REPLAY_RESULTS_H
#define _REPLAY_RESULTS_H

#include "translate.h"

/**
 * struct results - what happened to operations, by the errno that they gave
 * @allocs:	      allocations that got a block
 * @alloc_pages:      pages of them
 * @refused:	      allocations that got none
 * @refused_pages:    pages of them
 * @frees:	      frees that were carried out
 * @freed_pages:      pages of them
 * @frees_of_refused: frees of what had been refused
 * @splits:	      blocks split into pages
 * @splits_of_refused: splits of what had been refused
 * @decays:	      decay steps
 * @other_errors:     whatever should not happen
 */
struct results {
	uint64_t allocs, alloc_pages, refused, refused_pages;
	uint64_t frees, freed_pages, frees_of_refused;
	uint64_t splits, splits_of_refused, decays, other_errors;
};

void results_count(struct results *r, const struct sbuddy_op *op);
void results_write_ops_header(FILE *out);
void results_write_op(FILE *out, const struct sbuddy_op *op, uint64_t time_us);
void results_write_counts(FILE *out, const struct plan *p, const struct results *r);

/**
 * struct pace - how fast to go
 * @speed:    times that of the recording; 0 is as fast as possible
 * @start_ns: moment that the recording's beginning falls on, CLOCK_MONOTONIC;
 *	      0 before the first call
 */
struct pace {
	double speed;
	uint64_t start_ns;
};

bool pace_parse(const char *text, struct pace *pace);
size_t pace_next(struct pace *pace, const struct plan *p, size_t from, size_t to);

#endif /* _REPLAY_RESULTS_H */
