// SPDX-License-Identifier: GPL-2.0
/*
 * Random streams for the lockstep driver, and their text form.
 *
 * A step may look at what the engine's owner holds, so that most operations
 * make sense; it is then written down with plain numbers and repeats without
 * the generator.
 */
#include "lockstep.h"
#include "owner.h"

#define SLOTS	8192			/* of single allocations; ranges reach beyond */

const struct profile profiles[] = {
	{ .name = "tiny", .layout = "N0:Normal=8M", .vcpus = 1, .llc = 512, .every = 1,
	  .orders = 3, .atomic = 20, .many = 8, .knobs = 5 },
	{ .name = "small", .layout = "N0:Normal=16M", .vcpus = 1, .llc = 512, .every = 1,
	  .orders = 4, .atomic = 20, .many = 8, .knobs = 5 },
	{ .name = "dma32", .layout = "N0:DMA32=32M", .vcpus = 1, .llc = 512, .every = 4,
	  .orders = 5, .atomic = 10, .many = 5, .knobs = 5 },
	{ .name = "zones", .layout = "N0:DMA=4M,DMA32=8M,Normal=16M,Movable=8M", .vcpus = 2,
	  .llc = 512, .every = 4, .orders = 5, .atomic = 15, .many = 6, .knobs = 5 },
	{ .name = "holes", .layout = "N0:DMA32=6M,hole=4M,DMA32=10M,hole=2M,Normal=22M",
	  .vcpus = 2, .llc = 0, .every = 4, .orders = 9, .atomic = 15, .many = 6, .knobs = 5 },
	{ .name = "nodes", .layout = "N0:DMA32=8M,Normal=8M;N1:Normal=10M,Movable=6M", .vcpus = 3,
	  .node = { 0, 1, 0 }, .llc = 512, .every = 4, .orders = 4, .atomic = 15, .many = 6,
	  .knobs = 5, .policies = 30 },
	{ .name = "far", .layout = "N0:Normal=8M;N1:Normal=6M;N2:DMA32=4M,Normal=4M;N0:Movable=4M;"
	  "D:10,40,21/40,10,17/21,17,10", .vcpus = 2, .node = { 0, 0 }, .llc = 512, .every = 4,
	  .orders = 4, .atomic = 10, .many = 6, .knobs = 3, .policies = 30 },
	{ .name = "policy", .layout = "N0:DMA32=4M,Normal=20M;N1:Normal=16M;N2:Normal=8M,Movable=8M;"
	  "N3:Movable=12M;D:10,21,17,28/21,10,28,17/17,28,10,28/28,17,28,10", .vcpus = 4,
	  .node = { 0, 1, 2, 0 }, .llc = 512, .every = 4, .orders = 4, .atomic = 10, .many = 15,
	  .knobs = 3, .policies = 90 },
	{ .name = "low", .layout = "N0:DMA32=8M,Normal=24M", .vcpus = 2, .thp = true, .llc = 512,
	  .every = 8, .fill = 93, .orders = 3, .atomic = 40, .many = 4, .knobs = 1 },
	{ .name = "batch", .layout = "N0:DMA32=64M,Normal=64M", .vcpus = 2, .thp = true,
	  .llc = 64, .every = 200, .orders = 3, .atomic = 10, .many = 30, .knobs = 2 },
	{ .name = "reserve", .layout = "N0:Normal=256M", .vcpus = 1, .thp = true, .llc = 512,
	  .every = 400, .fill = 95, .orders = 6, .atomic = 60, .many = 3, .knobs = 1 },
	{ .name = "large", .layout = "N0:Normal=512M,Movable=128M", .vcpus = 2, .thp = true,
	  .llc = 512, .every = 1000, .orders = 10, .atomic = 10, .many = 3, .knobs = 1 },
	{ .name = "ranges", .layout = "N0:DMA32=6M,Normal=26M,Movable=16M", .vcpus = 2,
	  .llc = 512, .every = 2, .fill = 30, .orders = 10, .atomic = 5, .many = 4, .ranges = 25 },
	{ .name = "ranges-holes", .vcpus = 3,
	  .layout = "N0:DMA32=10M,hole=2M,Normal=12M;N1:Normal=14M,hole=4M,Movable=6M",
	  .node = { 0, 1, 0 }, .llc = 0, .every = 2, .fill = 25, .orders = 9, .atomic = 5,
	  .many = 4, .ranges = 30, .knobs = 5 },
	{ .name = "ranges-tiny", .layout = "N0:Normal=8M", .vcpus = 1, .llc = 512, .every = 1,
	  .fill = 15, .orders = 10, .atomic = 20, .many = 4, .ranges = 30, .knobs = 5 },
	{ .name = "ranges-full", .layout = "N0:Normal=64M", .vcpus = 1, .thp = true, .llc = 512,
	  .every = 40, .fill = 90, .orders = 5, .atomic = 50, .many = 3, .ranges = 5 },
	{ .name = NULL },
};

const struct profile *profile_find(const char *name)
{
	for (const struct profile *p = profiles; p->name; p++)
		if (!strcmp(p->name, name))
			return p;
	return NULL;
}

/* splitmix64 */
u64 random64(struct random *r)
{
	u64 z = r->state += 0x9e3779b97f4a7c15ULL;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ULL;
	z = (z ^ z >> 27) * 0x94d049bb133111ebULL;
	return z ^ z >> 31;
}

u32 random_below(struct random *r, u32 n)
{
	return (random64(r) >> 32) * n >> 32;
}

static bool percent(struct random *r, u32 n)
{
	return random_below(r, 100) < n;
}

/* ---- requests ---- */

static u32 random_gfp(const struct profile *p, struct random *r)
{
	static const u32 common[] = {
		SBUDDY_GFP_KERNEL, SBUDDY_GFP_KERNEL | SBUDDY_GFP_RECLAIMABLE, SBUDDY_GFP_NOWAIT,
		SBUDDY_GFP_HIGHUSER_MOVABLE, SBUDDY_GFP_HIGHUSER_MOVABLE, SBUDDY_GFP_USER,
		SBUDDY_GFP_NOWAIT | SBUDDY_GFP_RECLAIMABLE, SBUDDY_GFP_TRANSHUGE_LIGHT,
		SBUDDY_GFP_NOWAIT | SBUDDY_GFP_MOVABLE, SBUDDY_GFP_MOVABLE, 0,
		SBUDDY_GFP_NOIO, SBUDDY_GFP_NOFS, SBUDDY_GFP_TRANSHUGE,
		SBUDDY_GFP_RECLAIMABLE, SBUDDY_GFP_NOMEMALLOC, SBUDDY_GFP_KERNEL | SBUDDY_GFP_HIGH,
		SBUDDY_GFP_KERNEL_ACCOUNT,
	};
	static const u32 atomic[] = {
		SBUDDY_GFP_ATOMIC, SBUDDY_GFP_ATOMIC, SBUDDY_GFP_ATOMIC | SBUDDY_GFP_MOVABLE,
		SBUDDY_GFP_ATOMIC | SBUDDY_GFP_NOMEMALLOC, SBUDDY_GFP_HIGH,
		SBUDDY_GFP_ATOMIC | SBUDDY_GFP_RECLAIMABLE,
	};
	static const u32 rare[] = {
		SBUDDY_GFP_DMA, SBUDDY_GFP_DMA32, SBUDDY_GFP_DMA32, SBUDDY_GFP_NOMEMALLOC,
		SBUDDY_GFP_HIGHMEM, SBUDDY_GFP_ZERO | SBUDDY_GFP_WRITE, SBUDDY_GFP_NORETRY,
		SBUDDY_GFP_NOFAIL, SBUDDY_GFP_ACCOUNT, SBUDDY_GFP_THISNODE, SBUDDY_GFP_THISNODE,
	};
	u32 gfp = percent(r, p->atomic) ? atomic[random_below(r, ARRAY_SIZE(atomic))]
					: common[random_below(r, ARRAY_SIZE(common))];

	if (percent(r, 30))
		gfp |= SBUDDY_GFP_COMP;
	if (percent(r, 15))
		gfp |= rare[random_below(r, ARRAY_SIZE(rare))];
	if (!random_below(r, 400))
		gfp |= SBUDDY_GFP_MEMALLOC;
	if (!random_below(r, 300))
		gfp = random64(r) & SBUDDY_GFP_ALL;
	return gfp;
}

static u8 random_order(const struct profile *p, struct random *r)
{
	if (percent(r, 45))
		return 0;
	if (percent(r, 92))
		return random_below(r, p->orders + 1);
	return random_below(r, SBUDDY_NR_PAGE_ORDERS);
}

static struct sbuddy_op random_alloc(const struct profile *p, struct random *r)
{
	struct sbuddy_op op = { .opcode = SBUDDY_OP_ALLOC, .nid = SBUDDY_NID_ANY };

	op.order = random_order(p, r);
	op.gfp = random_gfp(p, r);
	op.slot = random_below(r, 50) ? random_below(r, SLOTS) : SBUDDY_SLOT_ANY;
	if (percent(r, 15))
		op.nid = random_below(r, 4);
	return op;
}

/* A policy, an index, both; huge pages of mappings are a case of their own. */
static void random_flags(const struct profile *p, struct random *r, struct sbuddy_op *op)
{
	if (!percent(r, p->policies))
		return;
	op->flags = random_below(r, SBUDDY_NR_POLICIES);
	if (op->opcode != SBUDDY_OP_ALLOC || percent(r, 50))
		return;
	op->flags |= SBUDDY_OP_INDEX;
	op->count = percent(r, 90) ? random_below(r, 2000) : random64(r);
	if (percent(r, 10))
		op->order = SBUDDY_PAGEBLOCK_ORDER;
}

static struct step random_policy(struct random *r)
{
	long mode = random_below(r, SBUDDY_NR_MPOL_MODES), nodes = random_below(r, 16);
	bool set = mode != SBUDDY_MPOL_DEFAULT && mode != SBUDDY_MPOL_LOCAL;
	long home = percent(r, 80) ? 0 : random_below(r, 5);
	long index = percent(r, 10) ? 0 : random_below(r, 16);

	if (percent(r, 20))
		return (struct step){ .knob = KNOB_WEIGHT,
				      .value = random_below(r, 5) | random_below(r, 6) << 8 };
	if (percent(r, 5))
		set = !set;
	return (struct step){ .knob = KNOB_POLICY,
			      .value = index | mode << 4 | (set ? nodes : 0) << 8 | home << 16 };
}

/* A slot in use, the next one from a random place; any if there is none. */
static u32 used_slot(struct random *r, const struct sbuddy_owner *o)
{
	u32 start = random_below(r, SLOTS), slot = start;

	if (sbuddy_owner_next(o, &slot))
		return slot;
	slot = 0;
	return sbuddy_owner_next(o, &slot) ? slot : start;
}

static u32 run_of_used(struct random *r, const struct sbuddy_owner *o, u32 first)
{
	u32 n = 0, most = 1 + random_below(r, 70);

	while (n < most && sbuddy_owner_slot(o, first + n))
		n++;
	return n ? n : 1;
}

static struct sbuddy_op random_many(const struct profile *p, struct random *r,
				    const struct sbuddy_owner *o)
{
	struct sbuddy_op op = { .nid = SBUDDY_NID_ANY, .slot = random_below(r, SLOTS) };
	u32 dice = random_below(r, 100);

	if (dice < 35) {
		op.opcode = SBUDDY_OP_BULK;
		op.gfp = random_gfp(p, r);
		op.count = 1 + random_below(r, random_below(r, 6) ? 40 : 600);
	} else if (dice < 70) {
		op.opcode = SBUDDY_OP_FREE_BATCH;
		op.slot = used_slot(r, o);
		op.count = run_of_used(r, o, op.slot);
	} else if (dice < 80) {
		op.opcode = SBUDDY_OP_ALLOC_EXACT;
		op.gfp = random_gfp(p, r) & ~SBUDDY_GFP_COMP;
		op.count = 1 + random_below(r, random_below(r, 6) ? 20 : 1024);
	} else if (dice < 90) {
		op.opcode = SBUDDY_OP_SPLIT;
		op.slot = used_slot(r, o);
	} else {
		op.opcode = SBUDDY_OP_GET;
		op.slot = used_slot(r, o);
	}
	return op;
}

/* ---- ranges ---- */

/* A frame of the machine: often the first of a pageblock, rarely one just outside. */
static u64 random_frame(struct random *r, const struct sbuddy_machine *m)
{
	u64 off = random_below(r, m->nr_pages);

	if (percent(r, 60))
		off &= ~(SBUDDY_PAGEBLOCK_NR_PAGES - 1);
	if (!random_below(r, 100))
		off = m->nr_pages - 1 + random_below(r, 3);
	return m->base_pfn + off;
}

static u32 random_length(struct random *r)
{
	static const u16 common[] = { 1, 16, 64, 256, 512, 512, 1024, 1024, 1536, 4096 };

	return percent(r, 70) ? common[random_below(r, ARRAY_SIZE(common))]
			      : 1 + random_below(r, 2000);
}

static struct sbuddy_op random_isolation(struct random *r, const struct sbuddy_machine *m)
{
	struct sbuddy_op op = { .pfn = random_frame(r, m), .count = random_length(r) };
	u32 dice = random_below(r, 100);

	op.order = percent(r, 70) ? SBUDDY_MIGRATE_MOVABLE : random_below(r, 3);
	op.opcode = dice < 40 ? SBUDDY_OP_ISOLATE :
		    dice < 90 ? SBUDDY_OP_UNISOLATE : SBUDDY_OP_TEST_ISOLATED;
	if (op.opcode == SBUDDY_OP_ISOLATE && percent(r, 30)) {
		op.flags = SBUDDY_ISOLATE_SINGLE | random_below(r, 2);
		op.count = percent(r, 70) ? SBUDDY_PAGEBLOCK_NR_PAGES - op.pfn % 512 :
					    1 + random_below(r, 500);
	}
	if (op.opcode == SBUDDY_OP_UNISOLATE && percent(r, 60))
		op.count = 2048;	/* what is isolated should not pile up */
	return op;
}

static struct sbuddy_op random_contig(struct random *r, const struct sbuddy_owner *o,
				      const struct sbuddy_machine *m)
{
	struct sbuddy_op op = { .opcode = SBUDDY_OP_CONTIG_ALLOC, .nid = SBUDDY_NID_ANY };

	op.count = random_length(r);
	if (percent(r, 40)) {
		op.opcode = SBUDDY_OP_CONTIG_FREE;
		op.slot = used_slot(r, o);
		op.count = percent(r, 80) ? run_of_used(r, o, op.slot) :
					    1U << sbuddy_page_order(sbuddy_owner_slot(o, op.slot) ?:
								    m->pages);
		return op;
	}
	op.slot = percent(r, 85) ? SBUDDY_SLOT_ANY : random_below(r, SLOTS);
	op.pfn = percent(r, 30) ? SBUDDY_NO_PFN : random_frame(r, m);
	op.gfp = percent(r, 50) ? SBUDDY_GFP_HIGHUSER_MOVABLE : SBUDDY_GFP_KERNEL;
	if (percent(r, 20))
		op.gfp |= SBUDDY_GFP_COMP;
	if (percent(r, 10))
		op.gfp |= 1U << random_below(r, 25);
	if (percent(r, 20))
		op.nid = random_below(r, 4);
	return op;
}

/* What nobody should ask for, and what looks like it. */
static struct sbuddy_op random_bad(const struct profile *p, struct random *r)
{
	struct sbuddy_op op = { .opcode = random_below(r, SBUDDY_NR_OPS + 2) };

	if (op.opcode >= SBUDDY_OP_LRU && op.opcode <= SBUDDY_OP_SCOPE)	/* not the model's */
		op.opcode = SBUDDY_OP_NONE;

	op.order = random_below(r, 13);
	op.slot = percent(r, 80) ? random_below(r, SLOTS) : SBUDDY_MAX_SLOTS + random_below(r, 2);
	op.nid = (int)random_below(r, 7) - 2;
	op.flags = random_below(r, 5) ? 0 : random_below(r, 2) ? 1 : random64(r);
	op.pfn = random_below(r, 2) ? random64(r) : SBUDDY_NO_PFN;
	op.gfp = percent(r, 50) ? random_gfp(p, r) : percent(r, 50) ? 0 : random64(r);
	op.count = percent(r, 50) ? 0 : percent(r, 80) ? random_below(r, 5) : random64(r);
	return op;
}

static struct step random_knob(struct random *r)
{
	static const int fractions[] = { 0, 0, 8, 9, 20, 64, 1000 };
	struct step s = { .knob = 1 + random_below(r, NR_PLAIN_KNOBS - 1) };

	switch (s.knob) {
	case KNOB_MIN_FREE_KBYTES:
		s.value = random_below(r, percent(r, 80) ? 1200 : 20000);
		break;
	case KNOB_SCALE_FACTOR:
		s.value = 1 + random_below(r, percent(r, 80) ? 50 : 3000);
		break;
	case KNOB_BOOST_FACTOR:
		s.value = percent(r, 30) ? 0 : random_below(r, 40000);
		break;
	case KNOB_HIGH_FRACTION:
		s.value = fractions[random_below(r, ARRAY_SIZE(fractions))];
		break;
	default:
		s.value = random_below(r, 300);
	}
	return s;
}

/* Percent of the pages that should be in use now: steady, or changing every 1000 steps. */
static u32 fill_target(const struct profile *p, int nr)
{
	struct random phase = { .state = nr / 1000 };

	if (p->fill)
		return p->fill;
	return 10 + random_below(&phase, 91);
}

struct step make_step(const struct profile *p, struct random *r, const struct sbuddy_owner *o,
		      u64 managed, int nr)
{
	bool low = sbuddy_owner_pages(o) * 100 < managed * fill_target(p, nr);
	struct step s = { .knob = KNOB_NONE };

	if (random_below(r, 10000) < (u32)p->knobs)
		return random_knob(r);
	if (p->policies && !random_below(r, 60))
		return random_policy(r);
	if (percent(r, p->ranges)) {
		s.op = percent(r, 60) ? random_isolation(r, o->m) : random_contig(r, o, o->m);
	} else if (percent(r, p->many)) {
		s.op = random_many(p, r, o);
		if (s.op.opcode == SBUDDY_OP_BULK || s.op.opcode == SBUDDY_OP_ALLOC_EXACT)
			random_flags(p, r, &s.op);
	} else if (!random_below(r, 150)) {
		s.op = random_bad(p, r);
	} else if (!random_below(r, 100)) {
		s.op = (struct sbuddy_op){ .opcode = percent(r, 75) ? SBUDDY_OP_DECAY
								    : SBUDDY_OP_DRAIN };
	} else if (percent(r, low ? 70 : 35)) {
		s.op = random_alloc(p, r);
		random_flags(p, r, &s.op);
	} else {
		s.op = (struct sbuddy_op){ .opcode = SBUDDY_OP_FREE, .slot = used_slot(r, o) };
	}
	/* runs of operations on one vcpu, sometimes a jump; rarely one that does not exist */
	s.op.cpu = percent(r, 80) ? (nr / 64) % p->vcpus : (int)random_below(r, p->vcpus);
	if (!random_below(r, 40))
		s.op.cpu = random_below(r, 10) ? SBUDDY_CPU_CURRENT : (int)random_below(r, 6) - 2;
	return s;
}

/* ---- text ---- */

void stream_add(struct stream *s, const struct step *step)
{
	if (s->nr == s->room) {
		s->room = s->room * 2 + 1024;
		s->step = realloc(s->step, s->room * sizeof(*s->step));
		if (!s->step)
			abort();
	}
	s->step[s->nr++] = *step;
}

static const char * const op_names[SBUDDY_NR_OPS] = {
	"none", "alloc", "free", "bulk", "free_batch", "get", "split", "alloc_exact", "drain",
	"decay", "isolate", "unisolate", "test_isolated", "contig_alloc", "contig_free",
	"lru", "touch", "scope"
};

static const char * const knob_names[NR_KNOBS] = {
	"", "min_free_kbytes", "watermark_scale_factor", "watermark_boost_factor",
	"percpu_pagelist_high_fraction", "lowmem_reserve_ratio", "policy", "weight"
};

static void step_print(FILE *f, const struct step *s)
{
	const struct sbuddy_op *op = &s->op;

	if (s->knob) {
		fprintf(f, "knob %s %ld\n", knob_names[s->knob], s->value);
		return;
	}
	if (op->opcode < SBUDDY_NR_OPS)
		fprintf(f, "%s", op_names[op->opcode]);
	else
		fprintf(f, "op%u", op->opcode);
	fprintf(f, " cpu=%d nid=%d slot=%u order=%u gfp=0x%x count=%u flags=%u pfn=0x%llx\n",
		op->cpu, op->nid, op->slot, op->order, op->gfp, op->count, op->flags,
		(unsigned long long)op->pfn);
}

void stream_print(FILE *f, const struct profile *p, const struct stream *s)
{
	fprintf(f, "rules %s\n", sbuddy_rules_name(p->rules));
	fprintf(f, "machine vcpus=%d nodes=%d,%d,%d,%d thp=%d llc=%d layout=%s\n", p->vcpus,
		p->node[0], p->node[1], p->node[2], p->node[3], p->thp, p->llc, p->layout);
	for (int i = 0; i < s->nr; i++)
		step_print(f, &s->step[i]);
}

static bool machine_scan(const char *line, struct profile *p)
{
	static char layout[1024];
	int node[MODEL_VCPUS], thp;

	if (!strncmp(line, "rules ", 6))
		return !sbuddy_rules_parse(line + 6, &p->rules);
	if (sscanf(line, "machine vcpus=%d nodes=%d,%d,%d,%d thp=%d llc=%d layout=%1023s",
		   &p->vcpus, &node[0], &node[1], &node[2], &node[3], &thp, &p->llc, layout) != 8)
		return false;
	for (int i = 0; i < MODEL_VCPUS; i++)
		p->node[i] = node[i];
	p->thp = thp;
	p->layout = layout;
	p->name = "replay";
	p->every = 1;
	return p->vcpus >= 1 && p->vcpus <= MODEL_VCPUS;
}

static bool step_scan(const char *line, struct step *s)
{
	char name[40];
	unsigned long long pfn = 0;	/* older streams have none */
	unsigned int order, flags;
	int n, cpu, nid;

	*s = (struct step){ .knob = KNOB_NONE };
	if (sscanf(line, "knob %39s %ld", name, &s->value) == 2) {
		for (n = 1; n < NR_KNOBS; n++)
			if (!strcmp(name, knob_names[n]))
				s->knob = n;
		return s->knob;
	}
	if (sscanf(line, "%39s cpu=%d nid=%d slot=%u order=%u gfp=%x count=%u flags=%u pfn=%llx",
		   name, &cpu, &nid, &s->op.slot, &order, &s->op.gfp, &s->op.count, &flags,
		   &pfn) < 8)
		return false;
	for (n = 0; n < SBUDDY_NR_OPS; n++)
		if (!strcmp(name, op_names[n]))
			break;
	s->op.opcode = n < SBUDDY_NR_OPS ? n : atoi(name + 2);
	s->op.cpu = cpu;
	s->op.nid = nid;
	s->op.order = order;
	s->op.flags = flags;
	s->op.pfn = pfn;
	return true;
}

/* What stream_print() wrote, with comments from '#'.  0, or the line that is wrong, or -errno. */
int stream_read(const char *path, struct profile *p, struct stream *s)
{
	FILE *f = fopen(path, "r");
	char line[2048];
	struct step step;
	int n = 0, bad = 0;

	if (!f)
		return -errno;
	while (!bad && fgets(line, sizeof(line), f)) {
		n++;
		if (line[0] == '#' || line[0] == '\n' || machine_scan(line, p))
			continue;
		if (!p->layout || !step_scan(line, &step))
			bad = n;
		else
			stream_add(s, &step);
	}
	fclose(f);
	return bad;
}
