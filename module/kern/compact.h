/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Compaction by hand: what compact.c offers to the interfaces.
 */
#ifndef _SBUDDY_KERN_COMPACT_H
#define _SBUDDY_KERN_COMPACT_H

#include "kern.h"
#include "machines.h"

int sbuddy_compact_perform(struct sbuddy_machine *m, struct sbuddy_compact *a, u32 holder,
			   struct sbuddy_migrate_log *log);
int sbuddy_compact_kcompactd(struct sbuddy_machine *m, int nid);

#endif /* _SBUDDY_KERN_COMPACT_H */
