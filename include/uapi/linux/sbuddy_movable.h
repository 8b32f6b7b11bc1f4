/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
/*
 * sbuddy: the part of the ABI that is about slots which processes map, about
 * moving them, and about pages that only their owner can move.  Included by
 * linux/sbuddy.h, which says what holds for every command.
 *
 * mmap() of the file: the offset is a slot's number, in pages.  If the slot holds
 * a block of more than one page, that block is mapped, up to its length.  Else the
 * slots from there on are, one page each; the first of them must hold one.
 * The mapping must be shared, and the machine backed.
 *
 *   A slot's frames are cleared when it is first touched.  What is not there, or
 *   not any more, gives SIGBUS; an empty slot that is filled later can be touched
 *   from then on.
 *   fork() shares the mapping, mremap() moves it but cannot let it grow, a part of
 *   it can be unmapped, and a slot can be mapped any number of times.
 *   To free a slot takes it out of every mapping.  EBUSY if the kernel has a
 *   reference of its own on a frame, as for I/O or in a pipe: then nothing is freed.
 *   The file is open as long as it is mapped, and what it holds stays.  When it is
 *   closed, a frame with such a reference is kept, and the module with it, until
 *   the reference is gone.
 *   A page that moves is taken out of all mappings and found in its new place by
 *   who touches it next; who does so meanwhile waits, and can be killed.
 *
 * Errors of mmap(): EINVAL for a private mapping, or one that is longer than the
 * block or the numbers of slots go; ENOENT for an empty slot; EOPNOTSUPP on an
 * unbacked machine; EINTR by a fatal signal.
 */
#ifndef _UAPI_LINUX_SBUDDY_MOVABLE_H
#define _UAPI_LINUX_SBUDDY_MOVABLE_H

#include "sbuddy.h"

/**
 * struct sbuddy_migrate - SBUDDY_IOC_MIGRATE: move what is in slots
 * @size:	in, bytes of this structure
 * @flags:	in, must be zero
 * @slot:	in, first slot
 * @count:	in, number of slots, 1 to SBUDDY_MAX_BULK
 * @node:	in, where to, and nowhere else; SBUDDY_NID_ANY: near where it is
 * @mode:	in, enum sbuddy_migrate_mode
 * @records:	in, array of struct sbuddy_migrate_record, or 0
 * @records_cap: in, elements of @records
 * @nr_records:	out, pages tried; those that fit are in @records
 * @migrated:	out, pages moved
 * @failed:	out, pages that could not be moved
 * @busy:	out, slots that are empty, or whose page cannot move or is being moved
 * @reserved:	in, must be zero
 *
 * The slots are the caller's own, on the machine that the file works on.
 */
struct sbuddy_migrate {
	__u32	size;
	__u32	flags;
	__u32	slot;
	__u32	count;
	__s32	node;
	__u32	mode;
	__u64	records;
	__u32	records_cap;
	__u32	nr_records;
	__u64	migrated;
	__u64	failed;
	__u32	busy;
	__u32	reserved;
};

/* sbuddy_movable::action */
enum sbuddy_movable_action {
	SBUDDY_MOVABLE_ON,		/* this file's pages can move if it agrees */
	SBUDDY_MOVABLE_OFF,		/* not any more */
	SBUDDY_MOVABLE_NEXT,		/* wait for a request */
	SBUDDY_MOVABLE_ANSWER,		/* answer one */
	SBUDDY_MOVABLE_FAULTS,		/* order failures */
	SBUDDY_NR_MOVABLE_ACTIONS,
};

#define SBUDDY_MAX_MOVABLE_MS	10000U

/**
 * struct sbuddy_movable - SBUDDY_IOC_MOVABLE: pages that only their owner can move
 * @size:	in, bytes of this structure
 * @flags:	in, must be zero
 * @action:	in, enum sbuddy_movable_action
 * @timeout_ms:	in, up to SBUDDY_MAX_MOVABLE_MS: how long an answer may take, at least
 *		1 (ON); how long to wait for a request (NEXT)
 * @cookie:	out, of the request (NEXT); in, which one (ANSWER)
 * @from:	out, frame where the page is (NEXT)
 * @to:		out, frame where it shall be (NEXT)
 * @slot:	out, its slot (NEXT)
 * @order:	out, of the block (NEXT)
 * @answer:	in, 0: move it; EAGAIN, negative: not yet; any other negative
 *		errno: no (ANSWER)
 * @refuse:	in, isolations from now on that are refused (FAULTS)
 * @skip:	in, good migrations before those that fail (FAULTS)
 * @fail:	in, migrations that fail (FAULTS)
 * @error:	in, with this negative errno (FAULTS)
 * @reserved:	in, must be zero
 *
 * SBUDDY_OP_LRU with SBUDDY_LRU_OPS makes the page of a slot such a one.  A page
 * that is to be moved in a mode that waits is taken out of all mappings, then
 * the file gets a request; if it agrees the contents are copied.  Without an
 * answer in time the page stays, as with EBUSY; in the mode that does not wait
 * nobody is asked, and it is EAGAIN.  Whoever migrates waits for the answer: it
 * must come from another thread, and one that needs none of the pages.
 *
 * EBUSY: it is ON already.  ENOENT: it is not (OFF, NEXT, ANSWER, FAULTS), there is
 * no request in time (NEXT), nobody waits for this answer any more (ANSWER).
 * EINTR: a signal came first (NEXT).
 */
struct sbuddy_movable {
	__u32	size;
	__u32	flags;
	__u32	action;
	__u32	timeout_ms;
	__u64	cookie;
	__u64	from;
	__u64	to;
	__u32	slot;
	__u32	order;
	__s32	answer;
	__u32	refuse;
	__u32	skip;
	__u32	fail;
	__s32	error;
	__u32	reserved;
};

#endif /* _UAPI_LINUX_SBUDDY_MOVABLE_H */
