// SPDX-License-Identifier: GPL-2.0
/*
 * The stream of a leg: operations drawn by a profile's weights from a seed.
 *
 * While a chunk is drawn every request counts as granted; after the chunk has
 * run, race_gen_learn() tells what the slots of refused ones really hold.  A
 * stream is thus a function of its seed and of the live kernel's answers.
 *
 * Slots below RACE_SINGLES hold one block each.  Above lie runs of neighbouring
 * slots for what comes or goes by the dozen: bulk, split, exact, batches.
 *
 * Ranges are drawn where the clone knew every page to be free: of pages in use
 * it cannot tell what kind of use that is, and isolation asks for that.
 *
 * State: struct race_gen, one thread's.
 */
#include <errno.h>
#include <stdio.h>

#include "race.h"

#define POLICIES	6	/* numbers of policies in use */
#define RANGES	8	/* isolated at a time */

/* What a slot is believed to hold. */
struct slot {
	uint32_t place;		/* in gen::held, + 1; 0: empty */
	uint8_t order;
	bool comp;
	uint8_t refs;
};

/* Frames that are isolated, or slots of a contiguous range. */
struct range {
	uint64_t start;
	uint32_t count;
};

struct race_gen {
	const struct race_profile *profile;
	struct test_random r;
	int cpus;
	int cpu;		/* that the stream is on */
	unsigned int ops;
	unsigned int nr_zones;
	const struct race_zone *zones;
	uint64_t level;		/* pages to come to hold */
	uint64_t pages;		/* pages held */
	bool growing;
	uint32_t nr_held;
	uint32_t next_single;
	uint32_t held[RACE_SLOTS];
	struct slot slot[RACE_SLOTS];
	uint32_t in_run[RACE_RUNS];
	unsigned int nr_clean;
	struct range *clean;		/* runs of pageblocks free in the clone */
	bool weights;
	unsigned int nr_policies;	/* set so far */
	unsigned int nr_isolated;
	struct range isolated[RANGES];
	unsigned int nr_contig;
	struct range contig[RANGES];	/* @start is a slot */
};

#define KINDS	8
#define SWITCH	24	/* operations on a CPU, on average */

/* Kinds of requests, in the order of race_profile::kinds: the letters of the vectors and more. */
static const uint32_t kinds[KINDS] = {
	0,						/* U */
	SBUDDY_GFP_MOVABLE,				/* M */
	SBUDDY_GFP_RECLAIMABLE,				/* R */
	SBUDDY_GFP_HIGH,				/* A */
	SBUDDY_GFP_DMA32,				/* D */
	SBUDDY_GFP_MOVABLE | SBUDDY_GFP_HIGHMEM,	/* H */
	SBUDDY_GFP_HIGH | SBUDDY_GFP_NOMEMALLOC,
	SBUDDY_GFP_DMA32 | SBUDDY_GFP_MOVABLE,
};

/* ---- drawing ---- */

static uint32_t below(struct race_gen *g, uint32_t n)
{
	return test_random_below(&g->r, n);
}

static bool percent(struct race_gen *g, int n)
{
	return (int)below(g, 100) < n;
}

/* A stream whose kind shifts asks half its time for the kind of the hour. */
static uint32_t draw_kind(struct race_gen *g)
{
	const struct race_profile *p = g->profile;

	if (p->shift && percent(g, 60))
		return kinds[g->ops / p->shift % 3];
	return kinds[race_weighted(&g->r, p->kinds, KINDS)];
}

static struct sbuddy_op plain(struct race_gen *g, uint8_t opcode, uint32_t slot)
{
	struct sbuddy_op op = sbuddy_user_op(opcode, slot);

	op.cpu = g->cpu;
	op.nid = opcode == SBUDDY_OP_FREE ? SBUDDY_NID_ANY : 0;
	return op;
}

/* Where the request goes, and what it may do: never sleep, never wake anyone. */
static void place(struct race_gen *g, struct sbuddy_op *op)
{
	op->gfp = draw_kind(g) | SBUDDY_GFP_NOWARN;
	if (g->profile->policies && percent(g, g->profile->policies)) {
		op->nid = SBUDDY_NID_ANY;
		op->flags = below(g, POLICIES);
		op->cpu = 0;		/* the racer has its policy with it, and is at home here */
		return;
	}
	op->nid = g->profile->node;
	if (op->nid >= 0)
		op->gfp |= SBUDDY_GFP_THISNODE;
	else
		op->nid = g->zones[below(g, g->nr_zones)].node;
}

/* ---- slots ---- */

static void take(struct race_gen *g, uint32_t slot, uint8_t order, bool comp)
{
	struct slot *s = &g->slot[slot];

	if (s->place)
		return;
	g->held[g->nr_held++] = slot;
	*s = (struct slot) { .place = g->nr_held, .order = order, .comp = comp, .refs = 1 };
	g->pages += 1U << order;
	if (slot >= RACE_SINGLES)
		g->in_run[(slot - RACE_SINGLES) / RACE_RUN_SLOTS]++;
}

static void drop(struct race_gen *g, uint32_t slot)
{
	struct slot *s = &g->slot[slot];
	uint32_t last;

	if (!s->place)
		return;
	last = g->held[--g->nr_held];
	g->held[s->place - 1] = last;
	g->slot[last].place = s->place;
	g->pages -= 1U << s->order;
	s->place = 0;
	if (slot >= RACE_SINGLES)
		g->in_run[(slot - RACE_SINGLES) / RACE_RUN_SLOTS]--;
}

/* One reference less, as FREE does. */
static void put(struct race_gen *g, uint32_t slot)
{
	struct slot *s = &g->slot[slot];

	if (s->refs == 1) {
		drop(g, slot);
		return;
	}
	s->refs--;
	if (!s->comp) {
		g->pages -= (1U << s->order) - 1;
		s->order = 0;
	}
}

/* An empty slot for a block on its own; RACE_SLOTS if there is none. */
static uint32_t empty_single(struct race_gen *g)
{
	for (uint32_t i = 0; i < RACE_SINGLES; i++) {
		uint32_t slot = g->next_single++ % RACE_SINGLES;

		if (!g->slot[slot].place)
			return slot;
	}
	return RACE_SLOTS;
}

/* The first slot of an empty run; RACE_SLOTS if there is none. */
static uint32_t empty_run(struct race_gen *g)
{
	uint32_t first = below(g, RACE_RUNS);

	for (uint32_t i = 0; i < RACE_RUNS; i++) {
		uint32_t run = (first + i) % RACE_RUNS;

		if (!g->in_run[run])
			return RACE_SINGLES + run * RACE_RUN_SLOTS;
	}
	return RACE_SLOTS;
}

static uint32_t any_held(struct race_gen *g)
{
	return g->nr_held ? g->held[below(g, g->nr_held)] : RACE_SLOTS;
}

/* ---- operations; each returns how many it made, 0 if it cannot now ---- */

static unsigned int gen_alloc(struct race_gen *g, struct sbuddy_op *op, unsigned int max)
{
	uint32_t slot = empty_single(g);

	if (slot == RACE_SLOTS)
		return 0;
	*op = plain(g, SBUDDY_OP_ALLOC, slot);
	place(g, op);
	op->order = race_weighted(&g->r, g->profile->orders, SBUDDY_NR_PAGE_ORDERS);
	if (op->nid == SBUDDY_NID_ANY && percent(g, 40)) {
		op->flags |= SBUDDY_OP_INDEX;
		op->count = below(g, 100000);
	}
	if (op->order && (op->flags & SBUDDY_OP_INDEX || percent(g, g->profile->comp)))
		op->gfp |= SBUDDY_GFP_COMP;
	take(g, slot, op->order, op->gfp & SBUDDY_GFP_COMP);
	return 1;
}

static unsigned int gen_free(struct race_gen *g, struct sbuddy_op *op, unsigned int max)
{
	uint32_t slot = any_held(g);

	if (slot == RACE_SLOTS)
		return 0;
	*op = plain(g, SBUDDY_OP_FREE, slot);
	put(g, slot);
	return 1;
}

static unsigned int gen_bulk(struct race_gen *g, struct sbuddy_op *op, unsigned int max)
{
	uint32_t slot = empty_run(g), nr;

	if (slot == RACE_SLOTS)
		return 0;
	nr = 1 + below(g, percent(g, 10) ? 512 : 48);
	*op = plain(g, SBUDDY_OP_BULK, slot);
	place(g, op);
	op->count = nr;
	for (uint32_t i = 0; i < nr; i++)
		take(g, slot + i, 0, false);
	return 1;
}

static unsigned int gen_exact(struct race_gen *g, struct sbuddy_op *op, unsigned int max)
{
	uint32_t slot = empty_run(g), nr;

	if (slot == RACE_SLOTS)
		return 0;
	nr = 1 + below(g, percent(g, 10) ? 600 : 24);
	*op = plain(g, SBUDDY_OP_ALLOC_EXACT, slot);
	place(g, op);
	op->gfp &= ~SBUDDY_GFP_HIGHMEM;		/* has no address; the kernel warns */
	op->count = nr;
	for (uint32_t i = 0; i < nr; i++)
		take(g, slot + i, 0, false);
	return 1;
}

/* Compound blocks and pages side by side, to be freed as a batch one day. */
static unsigned int gen_neighbours(struct race_gen *g, struct sbuddy_op *ops, unsigned int max)
{
	uint32_t slot = empty_run(g), nr = 2 + below(g, 40), i;

	if (slot == RACE_SLOTS)
		return 0;
	for (i = 0; i < nr && i < max; i++) {
		ops[i] = plain(g, SBUDDY_OP_ALLOC, slot + i);
		place(g, &ops[i]);
		ops[i].order = race_weighted(&g->r, g->profile->orders, SBUDDY_NR_PAGE_ORDERS);
		if (ops[i].order)
			ops[i].gfp |= SBUDDY_GFP_COMP;
		take(g, slot + i, ops[i].order, true);
	}
	return i;
}

static bool folio_in(const struct race_gen *g, uint32_t slot)
{
	return slot < RACE_SLOTS && g->slot[slot].place &&
		(!g->slot[slot].order || g->slot[slot].comp);
}

/* What lies side by side around a random slot of a run. */
static unsigned int gen_batch(struct race_gen *g, struct sbuddy_op *op, unsigned int max)
{
	uint32_t slot = any_held(g), nr = 0, want = 1 + below(g, 70);

	for (int i = 0; i < 8 && slot < RACE_SINGLES; i++)
		slot = any_held(g);
	if (slot == RACE_SLOTS || slot < RACE_SINGLES || !folio_in(g, slot))
		return gen_neighbours(g, op, max);
	while (slot > RACE_SINGLES && nr < want / 2 && folio_in(g, slot - 1)) {
		slot--;
		nr++;
	}
	for (nr = 0; nr < want && folio_in(g, slot + nr);)
		nr++;
	*op = plain(g, SBUDDY_OP_FREE_BATCH, slot);
	op->count = nr;
	for (uint32_t i = 0; i < nr; i++)
		put(g, slot + i);
	return 1;
}

static unsigned int gen_get(struct race_gen *g, struct sbuddy_op *op, unsigned int max)
{
	uint32_t slot = any_held(g);

	if (slot == RACE_SLOTS || g->slot[slot].refs > 3)
		return 0;
	*op = plain(g, SBUDDY_OP_GET, slot);
	g->slot[slot].refs++;
	return 1;
}

/* A block into an empty run, and then into its pages. */
static unsigned int gen_split(struct race_gen *g, struct sbuddy_op *ops, unsigned int max)
{
	uint32_t slot = empty_run(g);
	uint8_t order = below(g, percent(g, 10) ? 11 : 6);

	if (slot == RACE_SLOTS || max < 2)
		return 0;
	ops[0] = plain(g, SBUDDY_OP_ALLOC, slot);
	place(g, &ops[0]);
	ops[0].order = order;
	ops[1] = plain(g, SBUDDY_OP_SPLIT, slot);
	for (uint32_t i = 0; i < 1U << order; i++)
		take(g, slot + i, 0, false);
	return 2;
}

static unsigned int gen_drain(struct race_gen *g, struct sbuddy_op *op, unsigned int max)
{
	*op = plain(g, SBUDDY_OP_DRAIN, 0);
	if (percent(g, 20))
		op->cpu = SBUDDY_CPU_CURRENT;
	return 1;
}

static unsigned int gen_decay(struct race_gen *g, struct sbuddy_op *op, unsigned int max)
{
	*op = plain(g, SBUDDY_OP_DECAY, 0);
	if (percent(g, 20))
		op->cpu = SBUDDY_CPU_CURRENT;
	return 1;
}

static unsigned int gen_sysctl(struct race_gen *g, struct sbuddy_op *op, unsigned int max)
{
	*op = plain(g, RACE_OP_SYSCTL, below(g, RACE_NR_SYSCTLS));
	switch (op->slot) {
	case RACE_MIN_FREE_KBYTES:
		op->pfn = 1024 + below(g, 180000);
		break;
	case RACE_SCALE_FACTOR:
		op->pfn = 1 + below(g, percent(g, 30) ? 1000 : 100);
		break;
	case RACE_BOOST_FACTOR:
		op->pfn = percent(g, 30) ? 0 : below(g, 30000);
		break;
	case RACE_HIGH_FRACTION:
		op->pfn = percent(g, 50) ? 0 : 8 + below(g, 1000);
		break;
	}
	return 1;
}

static unsigned int gen_weight(struct race_gen *g, struct sbuddy_op *op)
{
	*op = plain(g, RACE_OP_WEIGHT, 0);
	op->nid = g->zones[below(g, g->nr_zones)].node;
	op->count = 1 + below(g, 6);
	return 1;
}

/* Each number in turn, then any again.  Number 0 keeps off node 0 as well. */
static unsigned int gen_policy(struct race_gen *g, struct sbuddy_op *op, unsigned int max)
{
	static const uint8_t modes[] = {
		SBUDDY_MPOL_PREFERRED, SBUDDY_MPOL_BIND, SBUDDY_MPOL_INTERLEAVE,
		SBUDDY_MPOL_PREFERRED_MANY, SBUDDY_MPOL_WEIGHTED_INTERLEAVE,
	};
	uint64_t all = 0;

	if (g->weights && g->nr_policies >= POLICIES && percent(g, 30))
		return gen_weight(g, op);
	for (unsigned int i = 0; i < g->nr_zones; i++)
		all |= 1ULL << g->zones[i].node;
	*op = plain(g, RACE_OP_POLICY,
		    g->nr_policies < POLICIES ? g->nr_policies : below(g, POLICIES));
	g->nr_policies++;
	op->order = modes[below(g, sizeof(modes) - !g->weights)];
	do {
		op->pfn = test_random64(&g->r) & all;
	} while (!op->pfn);
	op->nid = SBUDDY_NID_ANY;
	if (op->slot && percent(g, 40) &&
	    (op->order == SBUDDY_MPOL_BIND || op->order == SBUDDY_MPOL_PREFERRED_MANY))
		op->nid = __builtin_ctzll(op->pfn);
	return 1;
}

/* Some pageblocks of a raced zone, often not whole. */
static struct range draw_range(struct race_gen *g, uint32_t most)
{
	const struct range *clean = &g->clean[below(g, g->nr_clean)];
	struct range r = { .start = clean->start, .count = 1 + below(g, most) };

	if (percent(g, 50))
		r.count = (r.count + 511) & ~511U;
	if (r.count >= clean->count) {
		r.count = clean->count;
		return r;
	}
	r.start += below(g, clean->count - r.count);
	if (percent(g, 50))
		r.start &= ~511ULL;
	return r;
}

static struct sbuddy_op range_op(struct race_gen *g, uint8_t opcode, const struct range *r)
{
	struct sbuddy_op op = plain(g, opcode, 0);

	op.cpu = 0;
	op.nid = SBUDDY_NID_ANY;
	op.pfn = r->start;
	op.count = r->count;
	return op;
}

static unsigned int gen_unisolate(struct race_gen *g, struct sbuddy_op *op, unsigned int max)
{
	unsigned int i = below(g, g->nr_isolated);

	*op = range_op(g, SBUDDY_OP_UNISOLATE, &g->isolated[i]);
	op->order = below(g, SBUDDY_MIGRATE_PCPTYPES);
	g->isolated[i] = g->isolated[--g->nr_isolated];
	return 1;
}

static unsigned int gen_contig(struct race_gen *g, struct sbuddy_op *op, unsigned int max)
{
	uint32_t slot = empty_run(g), i = below(g, RANGES);
	struct range r = draw_range(g, RACE_RUN_SLOTS - 512);

	if (slot == RACE_SLOTS)
		return 0;
	if (r.count > RACE_RUN_SLOTS)
		r.count = RACE_RUN_SLOTS;
	if (i < g->nr_contig) {		/* one that there was, unless its pages went already */
		*op = range_op(g, SBUDDY_OP_CONTIG_FREE, &g->contig[i]);
		op->pfn = 0;
		op->slot = g->contig[i].start;
		for (uint32_t s = op->slot; s < op->slot + op->count; s++)
			drop(g, s);
		g->contig[i] = g->contig[--g->nr_contig];
		return 1;
	}
	*op = range_op(g, SBUDDY_OP_CONTIG_ALLOC, &r);
	op->slot = slot;
	op->gfp = SBUDDY_GFP_NOWARN | (percent(g, 50) ? SBUDDY_GFP_KERNEL : 0);
	for (uint32_t s = slot; s < slot + op->count; s++)
		take(g, s, 0, false);
	g->contig[g->nr_contig++] = (struct range) { slot, op->count };
	return 1;
}

static unsigned int gen_range(struct race_gen *g, struct sbuddy_op *op, unsigned int max)
{
	struct range r;

	if (!g->nr_clean)
		return 0;
	if (percent(g, 15))
		return gen_contig(g, op, max);
	if (g->nr_isolated == RANGES || (g->nr_isolated && percent(g, 45)))
		return gen_unisolate(g, op, max);
	if (g->nr_isolated && percent(g, 10)) {
		*op = range_op(g, SBUDDY_OP_TEST_ISOLATED,
			       &g->isolated[below(g, g->nr_isolated)]);
		return 1;
	}
	r = draw_range(g, 2000);
	*op = range_op(g, SBUDDY_OP_ISOLATE, &r);
	op->order = below(g, SBUDDY_MIGRATE_PCPTYPES);
	g->isolated[g->nr_isolated++] = r;
	return 1;
}

typedef unsigned int gen_fn(struct race_gen *g, struct sbuddy_op *ops, unsigned int max);

static gen_fn *draw_special(struct race_gen *g)
{
	const struct {
		unsigned int weight;
		gen_fn *fn;
	} table[] = {
		{ g->profile->special.bulk, gen_bulk },
		{ g->profile->special.batch, gen_batch },
		{ g->profile->special.ref, gen_get },
		{ g->profile->special.split, gen_split },
		{ g->profile->special.exact, gen_exact },
		{ g->profile->special.drain, gen_drain },
		{ g->profile->special.decay, gen_decay },
		{ g->profile->special.sysctl, gen_sysctl },
		{ g->profile->special.range, gen_range },
		{ g->profile->policies ? 2 : 0, gen_policy },
	};
	unsigned int draw = below(g, 1000);

	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		if (draw < table[i].weight)
			return table[i].fn;
		draw -= table[i].weight;
	}
	return NULL;
}

/* Up to the level and down again by a quarter, so that lists fill and empty. */
static gen_fn *draw_usual(struct race_gen *g)
{
	if (g->growing && g->pages >= g->level)
		g->growing = false;
	else if (!g->growing && g->pages <= g->level - g->level / 4)
		g->growing = true;
	return percent(g, g->growing ? 65 : 35) ? gen_alloc : gen_free;
}

static unsigned int gen_some(struct race_gen *g, struct sbuddy_op *ops, unsigned int max)
{
	bool unset = g->profile->policies && g->nr_policies < POLICIES;
	gen_fn *fn = unset ? gen_policy : draw_special(g);
	unsigned int n = fn ? fn(g, ops, max) : 0;

	if (!n)
		n = draw_usual(g)(g, ops, max);
	if (!n)
		n = gen_alloc(g, ops, max);
	if (!n)
		n = gen_free(g, ops, max);
	return n;
}

static int compare_starts(const void *a, const void *b)
{
	const struct range *x = a, *y = b;

	return x->start < y->start ? -1 : x->start > y->start;
}

/* Joins neighbours, but not across a zone's border. */
static void join_ranges(struct race_gen *g)
{
	unsigned int nr = 0;

	qsort(g->clean, g->nr_clean, sizeof(*g->clean), compare_starts);
	for (unsigned int i = 0; i < g->nr_clean; i++) {
		struct range *last = nr ? &g->clean[nr - 1] : NULL;
		bool border = false;

		for (unsigned int z = 0; z < g->nr_zones; z++)
			border |= g->clean[i].start == g->zones[z].start;
		if (last && !border && last->start + last->count == g->clean[i].start)
			last->count += g->clean[i].count;
		else
			g->clean[nr++] = g->clean[i];
	}
	g->nr_clean = nr;
}

/* Takes note of the free pageblocks in @text, a clone's snapshot, of the nodes raced on. */
int race_gen_ranges(struct race_gen *g, const char *text)
{
	int node = 0, order, at;

	g->clean = calloc(1 << 16, sizeof(*g->clean));
	if (!g->clean)
		return -ENOMEM;
	for (; *text; text += strcspn(text, "\n"), text += *text == '\n') {
		if (sscanf(text, "zone node=%d", &node) == 1 || !node ||
		    (g->profile->node >= 0 && node != g->profile->node))
			continue;
		if (sscanf(text, "free order=%d mt=%*d:%n", &order, &at) != 1 || order < 9)
			continue;
		for (text += at; *text == ' ' && g->nr_clean < 1 << 16;) {
			char *end;

			g->clean[g->nr_clean].start = strtoull(text, &end, 16);
			g->clean[g->nr_clean++].count = 1U << order;
			text = end;
		}
	}
	join_ranges(g);
	return 0;
}

/**
 * race_gen_chunk() - the next operations
 * @g: generator
 * @ops: out
 * @max: room in @ops
 *
 * A chunk ends behind an operation whose pages its result does not name, so
 * that the slots can be looked at before they change.
 *
 * Return: how many.
 */
unsigned int race_gen_chunk(struct race_gen *g, struct sbuddy_op *ops, unsigned int max)
{
	unsigned int nr = 0, n;
	uint8_t last;

	while (nr < max) {
		if (!below(g, SWITCH))
			g->cpu = below(g, g->cpus);
		n = gen_some(g, ops + nr, max - nr);
		if (!n)
			break;
		nr += n;
		g->ops += n;
		last = ops[nr - 1].opcode;
		if (last == SBUDDY_OP_BULK || last == SBUDDY_OP_ALLOC_EXACT ||
		    RACE_OP_IS_PSEUDO(&ops[nr - 1]))
			break;
	}
	return nr;
}

/* As race_gen_chunk(), but gives back what is held; 0 in the end. */
unsigned int race_gen_end(struct race_gen *g, struct sbuddy_op *ops, unsigned int max)
{
	unsigned int nr = 0;

	while (nr < max && g->nr_isolated)
		nr += gen_unisolate(g, ops + nr, max - nr);
	while (nr < max && g->nr_held) {
		if (!below(g, SWITCH))
			g->cpu = below(g, g->cpus);
		nr += gen_free(g, ops + nr, max - nr);
	}
	return nr;
}

/* What a slot really holds, after an operation on it was refused. */
void race_gen_learn(struct race_gen *g, uint32_t slot, const struct race_slot *held)
{
	struct slot *s = &g->slot[slot];

	if (slot >= RACE_SLOTS)
		return;
	if (held->pfn == SBUDDY_NO_PFN) {
		drop(g, slot);
		return;
	}
	take(g, slot, held->order, false);
	g->pages += (1U << held->order) - (1U << s->order);
	s->order = held->order;
	s->refs = held->refs;
}

struct race_gen *race_gen_new(const struct race_profile *profile, uint64_t seed, int cpus,
			      const struct race_zone *zones, unsigned int nr_zones,
			      uint64_t free_pages, bool weights)
{
	struct race_gen *g = calloc(1, sizeof(*g));

	if (!g)
		return NULL;
	g->profile = profile;
	g->r.state = seed;
	g->cpus = cpus;
	g->zones = zones;
	g->nr_zones = nr_zones;
	g->level = free_pages * profile->level / 100;
	g->growing = true;
	g->weights = weights;
	return g;
}

void race_gen_free(struct race_gen *g)
{
	if (g)
		free(g->clean);
	free(g);
}
