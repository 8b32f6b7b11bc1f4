/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Engine API: slots whose owner has a part in moving their pages, because
 * processes map them or because only the owner can move them (movable
 * operations).
 */
#ifndef _SBUDDY_MOVABLE_H
#define _SBUDDY_MOVABLE_H

#include "sbuddy/engine.h"

/* What shows an owner's slots to processes: the seam's, opaque here. */
struct os_mapping;

/**
 * struct sbuddy_movable_operations - how pages move that only their owner can move
 * @isolate_page: may the page in @slot be worked on?  After true no second
 *	isolation follows before a successful migrate_page or a putback_page.
 * @migrate_page: move what is at frame @src to @dst, with its contents.
 *	0: done, and the slot is going to find it there; -EAGAIN: tried again in a
 *	later pass; any other errno is for good, for this time.
 * @putback_page: the page stays where it is and is the owner's again.
 * @copy: the contents are moved for the owner when migrate_page has returned 0
 *
 * As struct movable_operations of the kernel, with slots for pages.  Any of them
 * may sleep unless the mode is SBUDDY_MIGRATE_ASYNC.  The owner may free the
 * slot at any time, in between too: then migrate_page is not called any more,
 * and putback_page neither.  None of them may operate on the owner's slots.
 */
struct sbuddy_movable_operations {
	bool (*isolate_page)(void *private, u32 slot, unsigned long pfn, unsigned int order,
			     enum sbuddy_migrate_mode mode);
	int (*migrate_page)(void *private, u32 slot, unsigned long dst, unsigned long src,
			    unsigned int order, enum sbuddy_migrate_mode mode);
	void (*putback_page)(void *private, u32 slot, unsigned long pfn, unsigned int order);
	bool copy;
};

/**
 * struct sbuddy_movable_faults - failures on demand
 * @refuse:  isolations from now on that are refused
 * @fail:    migrations after that many good ones, @skip, that fail
 * @skip:    see @fail
 * @error:   with this, a negative errno
 */
struct sbuddy_movable_faults {
	u32 refuse;
	u32 fail;
	u32 skip;
	int error;
};

/* movable.c */
int sbuddy_owner_set_movable(struct sbuddy_owner *o, const struct sbuddy_movable_operations *ops,
			     void *private);
void sbuddy_owner_set_faults(struct sbuddy_owner *o, const struct sbuddy_movable_faults *faults);

/* migrate_slots.c */
int sbuddy_isolate_slots(struct sbuddy_owner *o, struct sbuddy_task *task,
			 struct sbuddy_migrate *arg, struct list_head *list);
void sbuddy_migrate_slots(struct sbuddy_machine *m, struct sbuddy_task *task,
			  struct sbuddy_migrate *arg, struct list_head *list,
			  struct sbuddy_migrate_log *log);

/* owner_map.c */
void sbuddy_owner_set_mapping(struct sbuddy_owner *o, struct os_mapping *mapping);
struct os_mapping *sbuddy_owner_mapping(const struct sbuddy_owner *o);
void sbuddy_owner_inherit(struct sbuddy_owner *o, struct sbuddy_owner *from);
int sbuddy_owner_frame(struct sbuddy_owner *o, u32 slot, unsigned long index,
		       unsigned long *pfn);
bool sbuddy_owner_show(struct sbuddy_owner *o, u32 slot);
u32 sbuddy_owner_drop_idle(struct sbuddy_owner *o, struct sbuddy_task *task);

#endif /* _SBUDDY_MOVABLE_H */
