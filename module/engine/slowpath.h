/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the slow path's files share: the state of one request between its steps.
 */
#ifndef _SBUDDY_SLOWPATH_H
#define _SBUDDY_SLOWPATH_H

#include "reclaim.h"

enum sbuddy_step {
	SBUDDY_STEP_NEXT,		/* go on with the next step */
	SBUDDY_STEP_DONE,		/* slowpath.page is the result */
	SBUDDY_STEP_RETRY,		/* a round again, from the first step that is repeated */
	SBUDDY_STEP_GIVE_UP,
};

/**
 * struct sbuddy_slowpath - what the steps of one request share
 * @ac: the request; the steps may widen it
 * @alloc_flags: SBUDDY_ALLOC_* of the next pass
 * @page: the result
 * @prio: how hard compaction tries next
 * @compact_result: what the last one came to
 * @compaction_retries: rounds since @prio was last raised
 * @no_progress_loops: rounds in a row in which nothing was reclaimed
 * @progress: what the last reclaim returned, or 1 for another kind of progress
 * @loops: rounds so far
 * @reclaims: the machine does
 * @hopeless: it fails though the kernel would go on
 * @notified: it has waited for somebody to free something
 */
struct sbuddy_slowpath {
	struct sbuddy_alloc_context *ac;
	unsigned int alloc_flags;
	struct sbuddy_page *page;
	enum sbuddy_compact_priority prio;
	enum sbuddy_compact_result compact_result;
	int compaction_retries;
	int no_progress_loops;
	unsigned long progress;
	int loops;
	bool reclaims;
	bool hopeless;
	bool notified;
};

/* slowpath.c */
enum sbuddy_step sbuddy_try_pass(struct sbuddy_slowpath *s);
enum sbuddy_step sbuddy___alloc_pages_direct_compact(struct sbuddy_slowpath *s);

/* slowpath_retry.c: the steps of a machine that reclaims, behind those of any machine */
enum sbuddy_step sbuddy_step_reclaim(struct sbuddy_slowpath *s);
enum sbuddy_step sbuddy_step_compact(struct sbuddy_slowpath *s);
enum sbuddy_step sbuddy_step_noretry(struct sbuddy_slowpath *s);
enum sbuddy_step sbuddy_step_reclaim_retry(struct sbuddy_slowpath *s);
enum sbuddy_step sbuddy_step_compact_retry(struct sbuddy_slowpath *s);
enum sbuddy_step sbuddy_step_nofail(struct sbuddy_slowpath *s);
enum sbuddy_step sbuddy_cpuset_fallback(struct sbuddy_slowpath *s, unsigned int alloc_flags);
enum sbuddy_step sbuddy_slowpath_round(struct sbuddy_slowpath *s);

/* oom.c */
enum sbuddy_step sbuddy_step_oom(struct sbuddy_slowpath *s);

#endif /* _SBUDDY_SLOWPATH_H */
