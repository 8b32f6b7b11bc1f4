// SPDX-License-Identifier: GPL-2.0
/*
 * race-replay: a lost leg of the race again, natively, to find out why.
 *
 *	race-replay FILE.race...
 *
 * The engine starts from the clone's state, does what the leg did, and is
 * compared with what the live kernel did: results, and each refill, drain and
 * steal within an operation.  The first operation that differs ends the
 * shortest prefix that shows the difference; it is printed with the events of
 * both sides.  Exit status 0: nothing differs here; 1: something does; 2: the
 * file is no good.
 */
#include "sbuddy/engine.h"
#include "race_file.h"

#define MAX_EVENTS	65536	/* of one operation */
#define MAX_SHOWN	40
#define BEFORE		3	/* operations shown before the one that differs */

static struct race_event ours[MAX_EVENTS];
static unsigned int nr_ours;
static const struct sbuddy_machine *machine;
static u64 nodes;

static void hook(enum sbuddy_trace_event ev, const struct sbuddy_machine *m,
		 const struct sbuddy_zone *zone, const struct sbuddy_page *page, const long *arg)
{
	struct race_event e = { .pfn = page ? sbuddy_page_to_pfn(machine, page) : 0 };

	(void)m;
	if (!page || nr_ours == MAX_EVENTS)
		return;
	switch (ev) {
	case SBUDDY_TRACE_MM_PAGE_ALLOC_ZONE_LOCKED:
		e.what = RACE_LOCKED;
		break;
	case SBUDDY_TRACE_MM_PAGE_PCPU_DRAIN:
		e.what = RACE_DRAIN;
		break;
	case SBUDDY_TRACE_MM_PAGE_ALLOC_EXTFRAG:
		e.what = RACE_EXTFRAG | arg[3] << 4;
		break;
	default:
		return;
	}
	if (!(nodes >> zone->node & 1))
		return;
	e.a = arg[0];
	e.b = arg[1];
	e.c = ev == SBUDDY_TRACE_MM_PAGE_PCPU_DRAIN ? 0 : arg[2];
	ours[nr_ours++] = e;
}

static void show_event(const char *who, const struct race_event *e)
{
	switch (e->what & 0xf) {
	case RACE_LOCKED:
		printf("    %s locked %llx order=%d mt=%d refill=%d\n", who,
		       (unsigned long long)e->pfn, e->a, e->b, e->c);
		break;
	case RACE_DRAIN:
		printf("    %s drain %llx order=%d mt=%d\n", who, (unsigned long long)e->pfn, e->a,
		       e->b);
		break;
	default:
		printf("    %s extfrag %llx alloc_order=%d fallback_order=%d alloc_mt=%d fallback_mt=%d\n",
		       who, (unsigned long long)e->pfn, e->a, e->b, e->c, e->what >> 4);
	}
}

/* Around the first event that differs. */
static void show_events(const char *who, const struct race_event *e, unsigned int nr,
			unsigned int first)
{
	unsigned int from = first > 4 ? first - 4 : 0;

	printf("    %s: %u events%s\n", who, nr, from ? ", ..." : "");
	for (unsigned int i = from; i < nr && i < from + MAX_SHOWN; i++)
		show_event(who, &e[i]);
}

static void show_op(const char *who, const struct race_file_op *f, const struct sbuddy_op *op)
{
	static const char * const names[] = {
		"none", "alloc", "free", "bulk", "free_batch", "get", "split", "exact", "drain",
		"decay", "isolate", "unisolate", "test_isolated", "contig_alloc", "contig_free"
	};
	const struct sbuddy_op *in = &f->in;

	if (RACE_OP_IS_PSEUDO(in)) {
		printf("    %s %u order=%u nid=%d count=%u value=%llu\n",
		       in->opcode == RACE_OP_SYSCTL ? "sysctl" :
		       in->opcode == RACE_OP_POLICY ? "policy" : "weight", in->slot, in->order,
		       in->nid, in->count, (unsigned long long)in->pfn);
		return;
	}
	printf("    %s %s cpu=%d slot=%x order=%u nid=%d ", who,
	       in->opcode < ARRAY_SIZE(names) ? names[in->opcode] : "?", in->cpu, in->slot,
	       in->order, in->nid);
	printf("gfp=%x flags=%x count=%u pfn=%llx -> ", in->gfp, in->flags, in->count,
	       (unsigned long long)in->pfn);
	printf("pfn=%llx order=%u zone=%x count=%u err=%d\n", (unsigned long long)op->pfn,
	       op->order, op->zone, op->count, op->err);
}

static bool same_result(const struct sbuddy_op *a, const struct sbuddy_op *b)
{
	if (a->err || b->err)
		return a->err == b->err;
	if (a->order != b->order || a->count != b->count)
		return false;
	if (a->opcode == SBUDDY_OP_FREE_BATCH || (!(a->zone >> 4) && !(b->zone >> 4)))
		return true;
	return a->zone == b->zone && a->pfn == b->pfn;
}

static bool same_event(const struct race_event *a, const struct race_event *b)
{
	return a->pfn == b->pfn && a->what == b->what && a->a == b->a && a->b == b->b &&
	       a->c == b->c;
}

struct replay {
	struct race_file f;
	struct sbuddy_machine *m;
	struct sbuddy_owner *o;
	u64 event;		/* the next of the kernel's */
	u32 watched;		/* operations since the module counts, sysctls not counted */
};

static void run_op(struct replay *r, struct sbuddy_op *op)
{
	static int (* const knobs[RACE_NR_SYSCTLS])(struct sbuddy_machine *m, int value) = {
		[RACE_SCALE_FACTOR]	= sbuddy_set_watermark_scale_factor,
		[RACE_BOOST_FACTOR]	= sbuddy_set_watermark_boost_factor,
		[RACE_HIGH_FRACTION]	= sbuddy_set_percpu_pagelist_high_fraction,
	};

	struct sbuddy_mempolicy pol;

	if (!RACE_OP_IS_PSEUDO(op))
		sbuddy_run_op(r->o, op, 0);
	else if (op->opcode == RACE_OP_WEIGHT)
		sbuddy_set_il_weight(r->m, op->nid, op->count);
	else if (op->opcode == RACE_OP_POLICY &&
		 !sbuddy_mpol_new(r->m, op->order, op->pfn, op->nid, &pol))
		sbuddy_owner_set_policy(r->o, op->slot, &pol);
	else if (op->opcode == RACE_OP_POLICY)
		printf("policy %u is refused\n", op->slot);
	else if (op->slot == RACE_MIN_FREE_KBYTES)
		sbuddy_set_min_free_kbytes(r->m, op->pfn);
	else
		knobs[op->slot](r->m, op->pfn);
}

/* Operation @n on the engine; whether it did what the kernel did. */
static bool step(struct replay *r, u64 n)
{
	const struct race_file_op *f = &r->f.op[n];
	const struct race_event *theirs = r->f.events + r->event;
	struct sbuddy_op op = f->in;
	unsigned int nr = 0, same = 0;
	bool result;

	nr_ours = 0;
	run_op(r, &op);
	if (RACE_OP_IS_PSEUDO(&f->in))
		return true;
	while (r->event + nr < r->f.nr_events && theirs[nr].op == r->watched)
		nr++;
	r->event += nr;
	r->watched++;
	while (same < nr && same < nr_ours && same_event(&theirs[same], &ours[same]))
		same++;
	result = same_result(&f->live, &op);
	if (result && same == nr && same == nr_ours)
		return true;
	printf("operation %llu differs; the shortest prefix that shows it has %llu operations\n",
	       (unsigned long long)n, (unsigned long long)n + 1);
	for (u64 i = n > BEFORE ? n - BEFORE : 0; i < n; i++)
		show_op("before", &r->f.op[i], &r->f.op[i].live);
	show_op("kernel", f, &f->live);
	show_op("ours  ", f, &op);
	show_events("kernel", theirs, nr, same);
	show_events("ours  ", ours, nr_ours, same);
	return false;
}

static int replay(struct replay *r)
{
	u64 n;

	machine = r->m;
	nodes = r->f.nodes;
	sbuddy_trace_listen(hook);
	for (n = 0; n < r->f.nr_ops; n++)
		if (!step(r, n))
			break;
	sbuddy_trace_listen(NULL);
	if (n < r->f.nr_ops)
		return 1;
	printf("all %llu operations agree, with all that happened inside%s\n",
	       (unsigned long long)r->f.nr_ops,
	       r->f.events_lost ? ", as far as it was kept" : "");
	return 0;
}

static int replay_file(const char *path)
{
	struct sbuddy_task task = { 0 };
	struct replay r = { 0 };
	char err[256] = "out of memory";
	int status = 2;

	if (race_file_read(path, &r.f)) {
		fprintf(stderr, "%s: %s\n", path, strerror(errno));
	} else if (sbuddy_snapshot_import(r.f.before, r.f.before_len, &r.m, err, sizeof(err))) {
		fprintf(stderr, "%s: %s\n", path, err);
	} else {
		r.o = sbuddy_owner_create(r.m, 1);
		printf("%s: profile %s, seed 0x%llx, %llu operations\n", path, r.f.profile,
		       (unsigned long long)r.f.seed, (unsigned long long)r.f.nr_ops);
		if (r.o)
			status = replay(&r);
		sbuddy_owner_destroy(r.o, &task);
		sbuddy_machine_destroy(r.m);
	}
	race_file_free(&r.f);
	return status;
}

int main(int argc, char **argv)
{
	int worst = 0;

	if (argc < 2 || argv[1][0] == '-') {
		fprintf(stderr, "usage: %s FILE.race...\n", argv[0]);
		return 2;
	}
	for (int i = 1; i < argc; i++)
		worst = max(worst, replay_file(argv[i]));
	return worst;
}
