/* SPDX-License-Identifier: GPL-2.0 */
/*
 * From what a kernel did to what its shadow shall do: a recording turned into
 * operations of SBUDDY_IOC_RUN.
 *
 * A slot is the frame that the recorded kernel used, so that a block can be
 * found, split and freed in parts without any table of names.  (Of a machine
 * with more frames than there are slots, only memory sections that occur are
 * numbered.)  What cannot be translated is counted, never guessed:
 *
 *   - frees of blocks that were allocated before the recording began;
 *   - frees of part of a block: the block is split first, and loses
 *     __GFP_COMP from its beginning, because compound blocks cannot be split;
 *   - allocations of frames that are still held: their free went unseen.
 *
 * What the kernel freed in a batch of folios goes through FREE_BATCH too, one folio
 * an operation, since the slots of a batch do not lie side by side.
 *
 * Once in a recorded second every vcpu gets a decay step, which is what the
 * kernel's vmstat work does.
 */
#ifndef _REPLAY_TRANSLATE_H
#define _REPLAY_TRANSLATE_H

#include <linux/sbuddy.h>

#include "sbr.h"

/**
 * struct plan_mark - where a phase begins
 * @op:   index of its first operation
 * @name: of the phase
 */
struct plan_mark {
	size_t op;
	char name[SBR_NAME_MAX + 1];
};

#define PLAN_MAX_MARKS	32

/**
 * struct plan - the operations and what became of the events
 * @ops:	  in order
 * @times:	  of each operation, microseconds from the first event on
 * @nr:		  operations
 * @room:	  entries that @ops and @times have room for
 * @marks:	  phases
 * @nr_marks:	  used part of @marks
 * @events:	  of the recording
 * @last_us:	  time of the last one
 * @lost:	  events that the recorder had no room for
 * @allocs:	  allocation events with a page
 * @bulk:	  of these, pages of bulk allocations
 * @failed:	  allocation events without a page; the shadow is not asked
 * @frees:	  free events
 * @batched:	  of these, in batches
 * @unmatched:	  free events of blocks that were not seen allocated
 * @partial:	  free events of part of a block
 * @merged:	  free events of more than was allocated in one piece
 * @unseen_frees: blocks whose free was not seen, freed when their frame came again
 * @doubled:	  pages announced twice, once for themselves, once in bulk
 * @gfp_unknown:  allocation events with flag bits that our ABI does not have
 * @decays:	  decay steps added
 * @live_pages:	  pages held at the end
 * @peak_pages:	  most that were held at once
 * @refill_pages: what the recorded kernel told of its own steps, if it was asked:
 *		  pages from buddy to per-CPU lists
 * @drain_pages:  pages back
 * @claims:	  blocks taken over from another type
 * @steals:	  blocks taken from another type without that
 */
struct plan {
	struct sbuddy_op *ops;
	uint64_t *times;
	size_t nr, room;
	struct plan_mark marks[PLAN_MAX_MARKS];
	unsigned int nr_marks;
	uint64_t events, last_us, lost;
	uint64_t allocs, bulk, failed, frees, batched;
	uint64_t unmatched, partial, merged, unseen_frees, doubled, gfp_unknown, decays;
	uint64_t live_pages, peak_pages;
	uint64_t refill_pages, drain_pages, claims, steals;
};

int plan_make(const struct sbr_file *f, unsigned int nr_vcpus, struct plan *p);
void plan_free(struct plan *p);

#endif /* _REPLAY_TRANSLATE_H */
