/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A recording as text that people and programs read:
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
 * Tasks and the events inside the allocator are not in it.
 */
#ifndef _REPLAY_STREAM_H
#define _REPLAY_STREAM_H

#include "convert.h"

int stream_read(FILE *in, FILE *out, struct convert_result *r);
int stream_write(const struct sbr_file *f, FILE *out);

#endif /* _REPLAY_STREAM_H */
