/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Mapped slots: what usermap.c offers to the character device.
 */
#ifndef _SBUDDY_KERN_USERMAP_H
#define _SBUDDY_KERN_USERMAP_H

#include "kern.h"
#include "sbuddy/movable.h"

struct file;
struct vm_area_struct;

int sbuddy_usermap_open(struct sbuddy_client *c, struct file *file);
void sbuddy_usermap_release(struct sbuddy_client *c);
int sbuddy_usermap_mmap(struct file *file, struct vm_area_struct *vma);
bool sbuddy_usermap_park(struct sbuddy_client *c);
void sbuddy_usermap_exit(void);

/* ioctl_movable.c */
void sbuddy_movable_stop(struct sbuddy_client *c);
void sbuddy_movable_release(struct sbuddy_client *c);

#endif /* _SBUDDY_KERN_USERMAP_H */
