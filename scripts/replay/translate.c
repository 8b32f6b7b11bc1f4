// SPDX-License-Identifier: GPL-2.0
/*
 * See translate.h.  Two walks through the recording: the first finds the frees
 * that were part of a batch, which is only told behind them, and the memory
 * sections that occur; the second makes operations.
 */
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "translate.h"

#define DECAY_PERIOD_US	1000000
#define MAX_IDLE_US	(3600ULL * DECAY_PERIOD_US)
#define SECTION_SHIFT	15
#define NO_SECTION	UINT32_MAX

/* The block that begins at a frame, in the shadow's eyes. */
struct held {
	uint32_t alloc_op;		/* the operation that got it */
	uint8_t order1;			/* order + 1; 0 if no block begins here */
	bool part;			/* was split off a larger block */
};

struct translator {
	struct plan *p;
	const struct sbr_file *file;
	uint32_t *section;		/* section of slots, by section of frames */
	uint64_t nr_slots;
	struct held *held;		/* by slot */
	uint64_t *covered;		/* a bit a slot: some held block covers it */
	bool *batched;			/* by event: a free that is one of a batch */
	unsigned int nr_vcpus;
	uint64_t next_decay_us;
	uint64_t time_us;		/* of the event in work */
	uint64_t slot;			/* its first one */
	const struct sbr_event *e;	/* the event itself */
	size_t index;			/* its number */
};

static int grow(struct plan *p)
{
	size_t room = p->room ? p->room * 2 : 1 << 12;
	void *more = realloc(p->ops, room * sizeof(*p->ops));

	if (!more)
		return -ENOMEM;
	p->ops = more;
	more = realloc(p->times, room * sizeof(*p->times));
	if (!more)
		return -ENOMEM;
	p->times = more;
	p->room = room;
	return 0;
}

/* The new operation, on the vcpu of the event; NULL without memory. */
static struct sbuddy_op *add_op(struct translator *t, uint8_t opcode, uint32_t slot)
{
	struct plan *p = t->p;
	struct sbuddy_op *op;

	if (p->nr == p->room && grow(p))
		return NULL;
	p->times[p->nr] = t->time_us;
	op = &p->ops[p->nr++];
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

/* Blocks are aligned, so one of up to 64 pages lies within a word. */
static uint64_t cover_mask(uint64_t slot, unsigned int order)
{
	return order >= 6 ? ~(uint64_t)0 : ((1ULL << pages_of(order)) - 1) << slot % 64;
}

static void cover(struct translator *t, uint64_t slot, unsigned int order, bool on)
{
	uint64_t *word = &t->covered[slot / 64], *end = word + (pages_of(order) + 63) / 64;
	uint64_t mask = cover_mask(slot, order);

	for (; word < end; word++)
		*word = on ? *word | mask : *word & ~mask;
}

/* Whether any page of a block is held. */
static bool is_covered(const struct translator *t, uint64_t slot, unsigned int order)
{
	const uint64_t *word = &t->covered[slot / 64], *end = word + (pages_of(order) + 63) / 64;
	uint64_t mask = cover_mask(slot, order);

	for (; word < end; word++)
		if (*word & mask)
			return true;
	return false;
}

static void hold(struct translator *t, uint64_t slot, uint8_t order, uint32_t alloc_op, bool part)
{
	struct plan *p = t->p;

	t->held[slot] = (struct held){ .alloc_op = alloc_op, .order1 = order + 1, .part = part };
	cover(t, slot, order, true);
	p->live_pages += pages_of(order);
	if (p->live_pages > p->peak_pages)
		p->peak_pages = p->live_pages;
}

static void unhold(struct translator *t, uint64_t slot)
{
	unsigned int order = t->held[slot].order1 - 1;

	t->p->live_pages -= pages_of(order);
	t->held[slot].order1 = 0;
	cover(t, slot, order, false);
}

/* First slot of the held block that @slot, which is covered, lies in. */
static uint64_t holder_of(const struct translator *t, uint64_t slot)
{
	unsigned int order;

	for (order = 0; order <= SBUDDY_MAX_PAGE_ORDER; order++) {
		uint64_t head = slot & ~(pages_of(order) - 1);
		const struct held *h = &t->held[head];

		if (h->order1 && head + pages_of(h->order1 - 1) > slot)
			return head;
	}
	return slot;
}

/* FREE_BATCH takes folios only: single pages and compound blocks. */
static bool frees_folio(const struct translator *t, uint64_t slot)
{
	const struct held *h = &t->held[slot];

	return h->order1 == 1 || t->p->ops[h->alloc_op].gfp & SBUDDY_GFP_COMP;
}

static int free_block(struct translator *t, uint64_t slot)
{
	struct sbuddy_op *op = add_op(t, SBUDDY_OP_FREE, slot);

	if (!op)
		return -ENOMEM;
	if (t->batched[t->index] && frees_folio(t, slot)) {
		op->opcode = SBUDDY_OP_FREE_BATCH;
		op->count = 1;
	}
	unhold(t, slot);
	return 0;
}

/* Single pages of a block; its allocation must not have been compound. */
static int split_block(struct translator *t, uint64_t slot)
{
	struct held h = t->held[slot];
	uint64_t i;

	t->p->ops[h.alloc_op].gfp &= ~SBUDDY_GFP_COMP;
	if (!add_op(t, SBUDDY_OP_SPLIT, slot))
		return -ENOMEM;
	unhold(t, slot);
	for (i = 0; i < pages_of(h.order1 - 1); i++)
		hold(t, slot + i, 0, h.alloc_op, true);
	return 0;
}

/* Splits a block that covers @slot and reaches beyond the block of @order there. */
static int uncover(struct translator *t, uint64_t slot, unsigned int order)
{
	uint64_t head;

	if (!is_covered(t, slot, 0))
		return 0;
	head = holder_of(t, slot);
	return t->held[head].order1 > order + 1 ? split_block(t, head) : 0;
}

/* Frees all that is held in a range; says how many blocks that were. */
static int free_range(struct translator *t, uint64_t slot, unsigned int order, uint64_t *blocks)
{
	uint64_t end = slot + pages_of(order);
	int err;

	*blocks = 0;
	while (slot < end) {
		uint64_t pages = 1;

		if (t->held[slot].order1) {
			pages = pages_of(t->held[slot].order1 - 1);
			err = free_block(t, slot);
			if (err)
				return err;
			++*blocks;
		}
		slot += pages;
	}
	return 0;
}

/* What still holds frames that were just allocated must have been freed unseen. */
static int forget_old(struct translator *t)
{
	uint64_t blocks;
	int err;

	if (!is_covered(t, t->slot, t->e->order))
		return 0;
	err = uncover(t, t->slot, t->e->order);
	if (!err)
		err = free_range(t, t->slot, t->e->order, &blocks);
	if (!err)
		t->p->unseen_frees += blocks;
	return err;
}

static int translate_alloc(struct translator *t)
{
	const struct sbr_event *e = t->e;
	struct plan *p = t->p;
	struct sbuddy_op *op;
	int err;

	if (e->pfn == SBR_NO_PFN) {
		p->failed++;
		return 0;
	}
	p->allocs++;
	if (e->kind == SBR_BULK) {
		p->bulk++;
		if (is_covered(t, t->slot, 0)) {
			p->doubled++;
			return 0;
		}
	}
	err = forget_old(t);
	if (err)
		return err;
	op = add_op(t, SBUDDY_OP_ALLOC, t->slot);
	if (!op)
		return -ENOMEM;
	op->order = e->order;
	op->gfp = e->gfp & SBUDDY_GFP_ALL;
	if (op->gfp != e->gfp)
		p->gfp_unknown++;
	if ((op->gfp & SBUDDY_GFP_MOVABLE) && (op->gfp & SBUDDY_GFP_RECLAIMABLE))
		op->gfp &= ~SBUDDY_GFP_RECLAIMABLE;
	hold(t, t->slot, e->order, p->nr - 1, false);
	return 0;
}

static int translate_free(struct translator *t)
{
	unsigned int order = t->e->order;
	struct plan *p = t->p;
	uint64_t blocks;
	bool part;
	int err;

	p->frees++;
	p->batched += t->batched[t->index];
	if (t->held[t->slot].order1 == order + 1 && !t->held[t->slot].part)
		return free_block(t, t->slot);
	if (!is_covered(t, t->slot, order)) {
		p->unmatched++;
		return 0;
	}
	err = uncover(t, t->slot, order);
	if (err)
		return err;
	part = t->held[t->slot].order1 && t->held[t->slot].part;
	err = free_range(t, t->slot, order, &blocks);
	if (part)
		p->partial++;
	else
		p->merged++;
	return err;
}

/* Of a gap in the recording, the last hour will do. */
static int decay(struct translator *t)
{
	unsigned int cpu;

	if (t->time_us > t->next_decay_us + MAX_IDLE_US)
		t->next_decay_us = t->time_us - MAX_IDLE_US;
	for (; t->next_decay_us <= t->time_us; t->next_decay_us += DECAY_PERIOD_US) {
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
	sbr_mark(t->file, t->e->gfp, m->name);
}

/* Steps inside the recorded allocator: only counted. */
static void count_inside(struct plan *p, const struct sbr_event *e)
{
	switch (e->kind) {
	case SBR_REFILL:
		p->refill_pages += e->gfp & 1 ? pages_of(e->order) : 0;
		break;
	case SBR_DRAIN:
		p->drain_pages += pages_of(e->order);
		break;
	case SBR_EXTFRAG:
		p->claims += e->gfp & 1;
		p->steals += !(e->gfp & 1);
		break;
	}
}

static int translate(struct translator *t)
{
	int err = decay(t);

	if (err)
		return err;
	switch (t->e->kind) {
	case SBR_MARK:
		mark(t);
		return 0;
	case SBR_FREE:
		return translate_free(t);
	case SBR_ALLOC:
	case SBR_BULK:
		return translate_alloc(t);
	default:
		count_inside(t->p, t->e);
		return 0;
	}
}

static uint64_t slot_of(const struct translator *t, uint64_t pfn)
{
	if (pfn == SBR_NO_PFN)
		return 0;
	return (uint64_t)t->section[pfn >> SECTION_SHIFT] << SECTION_SHIFT |
	       (pfn & ((1U << SECTION_SHIFT) - 1));
}

static bool has_block(const struct sbr_event *e)
{
	return e->kind != SBR_MARK && e->pfn != SBR_NO_PFN;
}

/* Sections that occur get slots, in order of frames; of few frames all do. */
static int number_sections(struct translator *t, const struct sbr_file *f)
{
	uint64_t nr = (f->header.max_pfn >> SECTION_SHIFT) + 1, i;
	bool all = f->header.max_pfn < SBUDDY_MAX_SLOTS;
	struct sbr_cursor c;
	struct sbr_event e;
	uint32_t next = 0;

	t->section = malloc(nr * sizeof(*t->section));
	if (!t->section || sbr_begin(&c, f))
		return -ENOMEM;
	memset(t->section, all ? 0 : 0xff, nr * sizeof(*t->section));
	while (!all && sbr_next(&c, &e))
		if (has_block(&e))
			t->section[e.pfn >> SECTION_SHIFT] = 0;
	sbr_end(&c);
	for (i = 0; i < nr; i++)
		if (t->section[i] != NO_SECTION)
			t->section[i] = next++;
	t->nr_slots = (uint64_t)next << SECTION_SHIFT;
	return t->nr_slots <= SBUDDY_MAX_SLOTS ? 0 : -EFBIG;
}

/* A batch is announced behind the frees of its folios: mark those. */
static int find_batched(struct translator *t, const struct sbr_file *f)
{
	uint32_t *last_free = calloc(t->nr_slots, sizeof(*last_free));
	struct sbr_cursor c;
	struct sbr_event e;
	size_t i;

	if (!last_free || sbr_begin(&c, f)) {
		free(last_free);
		return -ENOMEM;
	}
	for (i = 0; sbr_next(&c, &e); i++) {
		if (e.kind == SBR_FREE) {
			last_free[slot_of(t, e.pfn)] = i + 1;
		} else if (e.kind == SBR_BATCHED) {
			uint32_t at = last_free[slot_of(t, e.pfn)];

			if (at)
				t->batched[at - 1] = true;
		}
	}
	sbr_end(&c);
	free(last_free);
	return 0;
}

static int make_tables(struct translator *t, const struct sbr_file *f)
{
	int err = number_sections(t, f);

	if (err)
		return err;
	t->held = calloc(t->nr_slots, sizeof(*t->held));
	t->covered = calloc(t->nr_slots / 64, sizeof(*t->covered));
	t->batched = calloc(f->header.nr_events + 1, sizeof(*t->batched));
	if (!t->held || !t->covered || !t->batched)
		return -ENOMEM;
	return find_batched(t, f);
}

static int translate_all(struct translator *t, const struct sbr_file *f)
{
	struct sbr_cursor c;
	struct sbr_event e;
	int err = 0;

	if (sbr_begin(&c, f))
		return -ENOMEM;
	t->e = &e;
	for (; !err && sbr_next(&c, &e); t->index++) {
		t->time_us = e.time_ns / 1000;
		t->slot = has_block(&e) ? slot_of(t, e.pfn) : 0;
		err = translate(t);
	}
	sbr_end(&c);
	t->p->last_us = t->time_us;
	return err;
}

/*
 * Makes the operations for @nr_vcpus virtual CPUs; a recorded CPU becomes the
 * vcpu of its number modulo these.  Returns 0; -EFBIG for more memory than there
 * are slots; -ENOMEM.
 */
int plan_make(const struct sbr_file *f, unsigned int nr_vcpus, struct plan *p)
{
	struct translator t = { .p = p, .file = f, .nr_vcpus = nr_vcpus,
				.next_decay_us = DECAY_PERIOD_US };
	int err;

	memset(p, 0, sizeof(*p));
	p->events = f->header.nr_events;
	p->lost = f->header.lost;
	err = make_tables(&t, f);
	if (!err)
		err = translate_all(&t, f);
	free(t.section);
	free(t.held);
	free(t.covered);
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
