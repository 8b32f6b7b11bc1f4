// SPDX-License-Identifier: GPL-2.0
/* See translate.h. */
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "translate.h"

#define DECAY_PERIOD_US	1000000
#define NOT_HELD	0xff

/* A frame that is the first of a held block, in the shadow's eyes. */
struct held {
	uint32_t alloc_op;		/* the operation that got it */
	uint8_t order;			/* NOT_HELD if it is not the first of any */
	bool part;			/* was split off a larger block */
};

struct translator {
	struct plan *p;
	struct held *held;		/* by the recorded frame */
	bool *batched;			/* by event: a free that is one of a batch */
	uint64_t nr_frames;
	unsigned int nr_vcpus;
	size_t room;
	uint64_t next_decay_us;
	const struct stream_event *e;	/* the event in work */
	size_t index;			/* its number */
};

static int grow(struct translator *t)
{
	struct plan *p = t->p;
	void *more;

	t->room = t->room ? t->room * 2 : 1 << 16;
	more = realloc(p->ops, t->room * sizeof(*p->ops));
	if (!more)
		return -ENOMEM;
	p->ops = more;
	more = realloc(p->times, t->room * sizeof(*p->times));
	if (!more)
		return -ENOMEM;
	p->times = more;
	return 0;
}

/* The new operation, on the vcpu of the event; NULL without memory. */
static struct sbuddy_op *add_op(struct translator *t, uint8_t opcode, uint32_t slot)
{
	struct sbuddy_op *op;

	if (t->p->nr == t->room && grow(t))
		return NULL;
	t->p->times[t->p->nr] = t->e->time_us;
	op = &t->p->ops[t->p->nr++];
	memset(op, 0, sizeof(*op));
	op->opcode = opcode;
	op->slot = slot;
	op->cpu = t->e->cpu % t->nr_vcpus;
	op->nid = SBUDDY_NID_ANY;
	return op;
}

static uint64_t pages_of(unsigned int order)
{
	return (uint64_t)1 << order;
}

static void hold(struct translator *t, uint64_t pfn, uint8_t order, uint32_t alloc_op)
{
	struct plan *p = t->p;

	t->held[pfn].order = order;
	t->held[pfn].alloc_op = alloc_op;
	t->held[pfn].part = false;
	p->live_pages += pages_of(order);
	if (p->live_pages > p->peak_pages)
		p->peak_pages = p->live_pages;
}

static void unhold(struct translator *t, uint64_t pfn)
{
	t->p->live_pages -= pages_of(t->held[pfn].order);
	t->held[pfn].order = NOT_HELD;
}

/* First frame of the held block that @pfn lies in; STREAM_NO_PFN. */
static uint64_t holder_of(const struct translator *t, uint64_t pfn)
{
	unsigned int order;

	for (order = 0; order <= SBUDDY_MAX_PAGE_ORDER; order++) {
		uint64_t head = pfn & ~(pages_of(order) - 1);
		const struct held *h = &t->held[head];

		if (h->order != NOT_HELD && head + pages_of(h->order) > pfn)
			return head;
	}
	return STREAM_NO_PFN;
}

/* FREE_BATCH takes folios only: single pages and compound blocks. */
static bool frees_folio(const struct translator *t, uint64_t pfn)
{
	const struct held *h = &t->held[pfn];

	return !h->order || t->p->ops[h->alloc_op].gfp & SBUDDY_GFP_COMP;
}

static int free_block(struct translator *t, uint64_t pfn)
{
	struct sbuddy_op *op = add_op(t, SBUDDY_OP_FREE, pfn);

	if (!op)
		return -ENOMEM;
	if (t->batched[t->index] && frees_folio(t, pfn)) {
		op->opcode = SBUDDY_OP_FREE_BATCH;
		op->count = 1;
	}
	unhold(t, pfn);
	return 0;
}

/* Single pages of a block; its allocation must not have been compound. */
static int split_block(struct translator *t, uint64_t pfn)
{
	struct held h = t->held[pfn];
	uint64_t i;

	t->p->ops[h.alloc_op].gfp &= ~SBUDDY_GFP_COMP;
	if (!add_op(t, SBUDDY_OP_SPLIT, pfn))
		return -ENOMEM;
	unhold(t, pfn);
	for (i = 0; i < pages_of(h.order); i++) {
		hold(t, pfn + i, 0, h.alloc_op);
		t->held[pfn + i].part = true;
	}
	return 0;
}

/* Splits a block that covers @pfn and reaches beyond the block of @order there. */
static int uncover(struct translator *t, uint64_t pfn, unsigned int order)
{
	uint64_t head = holder_of(t, pfn);

	if (head == STREAM_NO_PFN || t->held[head].order <= order)
		return 0;
	return split_block(t, head);
}

/* Frees all that is held in a range; says how many blocks that were. */
static int free_range(struct translator *t, uint64_t pfn, unsigned int order, uint64_t *blocks)
{
	uint64_t end = pfn + pages_of(order);
	int err;

	*blocks = 0;
	while (pfn < end) {
		uint64_t pages = 1;

		if (t->held[pfn].order != NOT_HELD) {
			pages = pages_of(t->held[pfn].order);
			err = free_block(t, pfn);
			if (err)
				return err;
			++*blocks;
		}
		pfn += pages;
	}
	return 0;
}

/* What still holds frames that were just allocated must have been freed unseen. */
static int forget_old(struct translator *t)
{
	const struct stream_event *e = t->e;
	uint64_t blocks;
	int err;

	err = uncover(t, e->pfn, e->order);
	if (!err)
		err = free_range(t, e->pfn, e->order, &blocks);
	if (!err)
		t->p->unseen_frees += blocks;
	return err;
}

static int translate_alloc(struct translator *t)
{
	const struct stream_event *e = t->e;
	struct plan *p = t->p;
	struct sbuddy_op *op;
	int err;

	if (e->pfn == STREAM_NO_PFN) {
		p->failed++;
		return 0;
	}
	p->allocs++;
	if (e->kind == STREAM_BULK) {
		p->bulk++;
		if (holder_of(t, e->pfn) != STREAM_NO_PFN) {
			p->doubled++;
			return 0;
		}
	}
	err = forget_old(t);
	if (err)
		return err;
	op = add_op(t, SBUDDY_OP_ALLOC, e->pfn);
	if (!op)
		return -ENOMEM;
	op->order = e->order;
	op->gfp = e->gfp & SBUDDY_GFP_ALL;
	if (op->gfp != e->gfp)
		p->gfp_unknown++;
	hold(t, e->pfn, e->order, p->nr - 1);
	return 0;
}

static int translate_free(struct translator *t)
{
	const struct stream_event *e = t->e;
	struct plan *p = t->p;
	uint64_t blocks;
	bool part;
	int err;

	p->frees++;
	p->batched += t->batched[t->index];
	err = uncover(t, e->pfn, e->order);
	if (err)
		return err;
	part = t->held[e->pfn].order != NOT_HELD && t->held[e->pfn].part;
	err = free_range(t, e->pfn, e->order, &blocks);
	if (err)
		return err;
	if (!blocks)
		p->unmatched++;
	else if (part)
		p->partial++;
	else if (blocks > 1 || p->ops[p->nr - 1].slot != e->pfn)
		p->merged++;
	return 0;
}

static int decay(struct translator *t)
{
	unsigned int cpu;

	for (; t->next_decay_us <= t->e->time_us; t->next_decay_us += DECAY_PERIOD_US) {
		for (cpu = 0; cpu < t->nr_vcpus; cpu++) {
			struct sbuddy_op *op = add_op(t, SBUDDY_OP_DECAY, 0);

			if (!op)
				return -ENOMEM;
			op->cpu = cpu;
			t->p->decays++;
		}
	}
	return 0;
}

static void mark(struct translator *t)
{
	struct plan_mark *m;

	if (t->p->nr_marks == PLAN_MAX_MARKS)
		return;
	m = &t->p->marks[t->p->nr_marks++];
	m->op = t->p->nr;
	memcpy(m->name, t->e->name, sizeof(m->name));
}

static int translate(struct translator *t)
{
	int err = decay(t);

	if (err)
		return err;
	switch (t->e->kind) {
	case STREAM_MARK:
		mark(t);
		return 0;
	case STREAM_FREE:
		return translate_free(t);
	case STREAM_BATCHED:
		return 0;
	default:
		return translate_alloc(t);
	}
}

/* Number of frames that a table must have; 0 for an event that makes no sense. */
static uint64_t count_frames(const struct stream *s)
{
	uint64_t last = 0, i;

	for (i = 0; i < s->nr; i++) {
		const struct stream_event *e = &s->events[i];

		if (e->order > SBUDDY_MAX_PAGE_ORDER)
			return 0;
		if (e->pfn != STREAM_NO_PFN && e->pfn > last)
			last = e->pfn;
	}
	last += 1 + pages_of(SBUDDY_MAX_PAGE_ORDER);
	return last <= SBUDDY_MAX_SLOTS ? last : 0;
}

/* A batch is announced behind the frees of its folios: mark those. */
static int find_batched(struct translator *t, const struct stream *s)
{
	uint32_t *last_free = calloc(t->nr_frames, sizeof(*last_free));
	size_t i;

	if (!last_free)
		return -ENOMEM;
	for (i = 0; i < s->nr; i++) {
		const struct stream_event *e = &s->events[i];

		if (e->kind == STREAM_FREE)
			last_free[e->pfn] = i + 1;
		else if (e->kind == STREAM_BATCHED && last_free[e->pfn])
			t->batched[last_free[e->pfn] - 1] = true;
	}
	free(last_free);
	return 0;
}

/* Returns 0; -EINVAL for a wild event; -ENOMEM. */
static int make_tables(struct translator *t, const struct stream *s)
{
	uint64_t i;

	t->nr_frames = count_frames(s);
	if (!t->nr_frames)
		return -EINVAL;
	t->held = malloc(t->nr_frames * sizeof(*t->held));
	t->batched = calloc(s->nr + 1, sizeof(*t->batched));
	if (!t->held || !t->batched)
		return -ENOMEM;
	for (i = 0; i < t->nr_frames; i++)
		t->held[i].order = NOT_HELD;
	return find_batched(t, s);
}

/*
 * Makes the operations for @nr_vcpus virtual CPUs; a recorded CPU becomes the
 * vcpu of its number modulo these.  Returns 0; -EINVAL for an event that no
 * kernel can have recorded; -ENOMEM.
 */
int plan_make(const struct stream *s, unsigned int nr_vcpus, struct plan *p)
{
	struct translator t = { .p = p, .nr_vcpus = nr_vcpus, .next_decay_us = DECAY_PERIOD_US };
	int err;

	memset(p, 0, sizeof(*p));
	err = make_tables(&t, s);
	for (; !err && t.index < s->nr; t.index++) {
		t.e = &s->events[t.index];
		err = translate(&t);
	}
	free(t.held);
	free(t.batched);
	if (err)
		plan_free(p);
	return err;
}

void plan_free(struct plan *p)
{
	free(p->ops);
	free(p->times);
	memset(p, 0, sizeof(*p));
}
