/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the tests of reclaim, kswapd and the slow path share: a machine full of
 * pages that can be reclaimed, and short names for looking at it.
 */
#ifndef _SBUDDY_RECLAIM_TEST_H
#define _SBUDDY_RECLAIM_TEST_H

#include "host_test.h"

#include "owner.h"
#include "slowpath.h"

#define COUNT(item)	((long)sbuddy_vm_event(self->h.m, SBUDDY_ ## item))
#define VEC		(&self->h.m->lru->node[0])
#define NR(list)	((long)VEC->nr[SBUDDY_ ## list])
#define KSWAPD		(&self->h.m->nodes[0].kswapd)
#define Z		(self->h.m->zones[0])
#define WMARK(w)	sbuddy_wmark_pages(Z, SBUDDY_WMARK_ ## w)
#define FREE_PAGES()	sbuddy_zone_page_state_snapshot(Z)

/* Requests that wait for nobody, and that stop at the LOW mark. */
#define GFP_FILL	(SBUDDY_GFP_HIGHUSER_MOVABLE & ~SBUDDY_GFP_RECLAIM)

/* A machine that reclaims, with one owner, and nothing that happens by chance. */
#define RECLAIM_BOOT(layout) do {					\
	BOOT(layout, 2);						\
	self->h.m->knobs.lru_batch = 0;					\
	self->h.m->knobs.watermark_boost_factor = 0;			\
	self->h.m->knobs.direct_reclaim = true;				\
	self->h.m->knobs.direct_compact = true;				\
	self->h.o = sbuddy_owner_create(self->h.m, 3);			\
	ASSERT_TRUE(self->h.o);						\
	for (int _i = 0; _i < self->h.m->nr_zones; _i++)		\
		sbuddy_zone_pcp_disable(self->h.m->zones[_i], &self->h.task); \
} while (0)

static inline int reclaim_op(struct host *h, u8 opcode, u32 slot, u32 gfp)
{
	struct sbuddy_op op = { .opcode = opcode, .slot = slot, .gfp = gfp, .cpu = -1, .nid = -1 };

	return sbuddy_run_op(h->o, &op, 0);
}

/* Puts up to @nr single pages into slots from @slot on, movable ones; returns how many. */
static inline u32 reclaim_fill(struct host *h, u32 slot, u32 nr, u32 attrs)
{
	u32 i;

	for (i = 0; i < nr; i++) {
		if (reclaim_op(h, SBUDDY_OP_ALLOC, slot + i, GFP_FILL))
			break;
		reclaim_op(h, SBUDDY_OP_LRU, slot + i, attrs);
	}
	return i;
}

static inline bool evicted(const struct host *h, u32 slot)
{
	return sbuddy_slot_word(h->o, slot) & SBUDDY_SLOT_EVICTED;
}

static inline u32 nr_evicted(const struct host *h)
{
	return h->o->evicted_slots;
}

/* Direct reclaim as for a request. */
static inline unsigned long direct_reclaim(struct host *h, u32 gfp, unsigned int order)
{
	u64 scanned;

	return sbuddy_reclaim_for(h->m, &h->task, gfp, order, -1, &scanned);
}

static inline struct sbuddy_page *request(struct host *h, unsigned int order, u32 gfp)
{
	return sbuddy_alloc_pages(h->m, &h->task, gfp, order, -1);
}

/* Unmovable pages until only @left are free. */
static inline void eat(struct host *h, long left)
{
	while (sbuddy_zone_page_state_snapshot(h->m->zones[0]) > left)
		if (!request(h, 0, SBUDDY_GFP_MEMALLOC | SBUDDY_GFP_NOWARN))
			break;
}

#endif /* _SBUDDY_RECLAIM_TEST_H */
