/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Reclaim by hand and the daemons: what reclaim.c and daemons.c offer to the
 * interfaces.
 */
#ifndef _SBUDDY_KERN_RECLAIM_H
#define _SBUDDY_KERN_RECLAIM_H

#include "kern.h"

/* reclaim.c */
int sbuddy_reclaim_perform(struct sbuddy_machine *m, struct sbuddy_reclaim_arg *a);
struct sbuddy_kswapd_report sbuddy_reclaim_kswapd(struct sbuddy_machine *m, int nid);

/* daemons.c */
int sbuddy_daemons_attach(struct sbuddy_machine *m);
void sbuddy_daemons_detach(struct sbuddy_machine *m);
int sbuddy_set_daemons(struct sbuddy_machine *m, int on);
bool sbuddy_daemons_run(const struct sbuddy_machine *m);

#endif /* _SBUDDY_KERN_RECLAIM_H */
