/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the files of the character device share: the handlers, which the table
 * in chardev.c names, and the helpers for user arrays.
 *
 * A handler is called without locks, with its structure in kernel memory: size
 * right, flags known, reserved fields zero.  What it changes there is copied
 * back if it returns 0.
 */
#ifndef _SBUDDY_KERN_IOCTL_H
#define _SBUDDY_KERN_IOCTL_H

#include "compat.h"
#include "kern.h"

/* ioctl_run.c */
int sbuddy_ioctl_run(struct sbuddy_client *c, void *arg);
int sbuddy_ioctl_query_slot(struct sbuddy_client *c, void *arg);
int sbuddy_ioctl_owner(struct sbuddy_client *c, void *arg);

/* ioctl_range.c */
int sbuddy_ioctl_isolate(struct sbuddy_client *c, void *arg);
int sbuddy_ioctl_contig(struct sbuddy_client *c, void *arg);

/* ioctl_info.c */
int sbuddy_ioctl_info(struct sbuddy_client *c, void *arg);
int sbuddy_ioctl_stats(struct sbuddy_client *c, void *arg);

/* ioctl_dump.c */
int sbuddy_ioctl_dump_pages(struct sbuddy_client *c, void *arg);
int sbuddy_ioctl_dump_pageblocks(struct sbuddy_client *c, void *arg);

/* ioctl_lists.c */
int sbuddy_ioctl_dump_freelist(struct sbuddy_client *c, void *arg);
int sbuddy_ioctl_dump_pcp(struct sbuddy_client *c, void *arg);

/* ioctl_text.c */
int sbuddy_ioctl_snapshot(struct sbuddy_client *c, void *arg);
int sbuddy_ioctl_check(struct sbuddy_client *c, void *arg);

/* ioctl_machine.c */
int sbuddy_ioctl_machine_create(struct sbuddy_client *c, void *arg);
int sbuddy_ioctl_machine_destroy(struct sbuddy_client *c, void *arg);
int sbuddy_ioctl_machine_use(struct sbuddy_client *c, void *arg);
int sbuddy_ioctl_machine_fork(struct sbuddy_client *c, void *arg);
int sbuddy_ioctl_machine_list(struct sbuddy_client *c, void *arg);
/* ioctl_policy.c */
int sbuddy_ioctl_set_policy(struct sbuddy_client *c, void *arg);
int sbuddy_ioctl_get_policy(struct sbuddy_client *c, void *arg);
int sbuddy_ioctl_weights(struct sbuddy_client *c, void *arg);

/* ioctl_compare.c */
int sbuddy_ioctl_machine_diff(struct sbuddy_client *c, void *arg);
int sbuddy_ioctl_machine_hash(struct sbuddy_client *c, void *arg);

/* clone.c */
int sbuddy_ioctl_clone(struct sbuddy_client *c, void *arg);

/* ioctl_knob.c */
int sbuddy_ioctl_knob(struct sbuddy_client *c, void *arg);

/* ioctl_compact.c */
int sbuddy_ioctl_compact(struct sbuddy_client *c, void *arg);

/* ioctl_reclaim.c */
int sbuddy_ioctl_reclaim(struct sbuddy_client *c, void *arg);
/* ioctl_movable.c */
int sbuddy_ioctl_migrate(struct sbuddy_client *c, void *arg);
int sbuddy_ioctl_movable(struct sbuddy_client *c, void *arg);

/* ioctl_util.c */
struct sbuddy_machine *sbuddy_lock_machine(u32 id);
void sbuddy_unlock_machine(void);
struct sbuddy_zone *sbuddy_find_zone(struct sbuddy_machine *m, s64 node, s64 zone);
int sbuddy_copy_array(u64 to, u32 capacity, const void *from, u32 count, size_t size);

/* Node and zone in a byte, as struct sbuddy_op has it. */
static inline u8 sbuddy_zone_byte(const struct sbuddy_zone *zone)
{
	return zone->node << 4 | zone->idx;
}

/* SBUDDY_INFO_* */
static inline u32 sbuddy_machine_flags(const struct sbuddy_machine *m)
{
	return (m->backed ? SBUDDY_INFO_BACKED : 0) |
	       (m->knobs.group_by_mobility_disabled ? SBUDDY_INFO_NO_GROUPING : 0) |
	       (sbuddy_verified_here(m->config.rules) ? 0 : SBUDDY_INFO_UNVERIFIED) |
	       m->config.rules << SBUDDY_INFO_RULES_SHIFT;
}

#endif /* _SBUDDY_KERN_IOCTL_H */
