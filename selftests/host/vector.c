// SPDX-License-Identifier: GPL-2.0
/*
 * sbuddy-vector: replays streams recorded from a real kernel on the engine.
 *
 *	sbuddy-vector FILE...		.vec or .vec.xz
 *
 * For each file: make a machine from the state before, run the operations,
 * compare each frame number with what the kernel returned and the state after
 * line by line; and every refill, drain and steal in between, if FILE.events(.xz)
 * lies beside it.  On the first difference it prints the operation and the
 * internal events around it, ours and the kernel's.  Exit status 0 only if every
 * file matches.
 */
#include <ctype.h>
#include <getopt.h>

#include "sbuddy/engine.h"
#include "vecfile.h"

#define MAX_EVENTS	4096
#define MAX_SHOWN	40

struct event {
	unsigned long op;
	char text[96];
};

/* Our events of the operations just run, a ring. */
static struct event ring[MAX_EVENTS];
static unsigned long nr_events, current_op;
static const struct sbuddy_machine *machine;

/* The kernel's events still to come, NULL without a file; how many differ. */
static const char *expected;
static unsigned long event_mismatches;

static void expect(const struct event *e)
{
	char ours[128];
	size_t n;

	if (!expected)
		return;
	n = scnprintf(ours, sizeof(ours), "%lu %s\n", e->op, e->text);
	if (!strncmp(expected, ours, n)) {
		expected += n;
		return;
	}
	if (!event_mismatches++)
		printf("event: expected '%.*s', got '%.*s'\n", (int)strcspn(expected, "\n"),
		       expected, (int)n - 1, ours);
	expected = strchr(expected, '\n') ? strchr(expected, '\n') + 1 : "";
}

static void record(const char *fmt, ...) __printf(1, 2);

static void record(const char *fmt, ...)
{
	struct event *e = &ring[nr_events++ % MAX_EVENTS];
	va_list ap;

	e->op = current_op;
	va_start(ap, fmt);
	vsnprintf(e->text, sizeof(e->text), fmt, ap);
	va_end(ap);
	expect(e);
}

static void hook(enum sbuddy_trace_event ev, const struct sbuddy_machine *m,
		 const struct sbuddy_zone *zone, const struct sbuddy_page *page, const long *arg)
{
	unsigned long pfn = page ? sbuddy_page_to_pfn(machine, page) : 0;

	(void)m;
	(void)zone;
	switch (ev) {
	case SBUDDY_TRACE_MM_PAGE_ALLOC_ZONE_LOCKED:
		record("locked %lx %ld %ld %ld", pfn, arg[0], arg[1], arg[2]);
		break;
	case SBUDDY_TRACE_MM_PAGE_PCPU_DRAIN:
		record("drain %lx %ld %ld", pfn, arg[0], arg[1]);
		break;
	case SBUDDY_TRACE_MM_PAGE_ALLOC_EXTFRAG:
		record("extfrag %lx alloc_order=%ld fallback_order=%ld alloc_mt=%ld fallback_mt=%ld",
		       pfn, arg[0], arg[1], arg[2], arg[3]);
		break;
	default:
		break;
	}
}

static void show_ours(unsigned long op)
{
	unsigned long first = nr_events > MAX_EVENTS ? nr_events - MAX_EVENTS : 0;
	int shown = 0;

	for (unsigned long i = first; i < nr_events && shown < MAX_SHOWN; i++) {
		const struct event *e = &ring[i % MAX_EVENTS];

		if (e->op + 1 < op)
			continue;
		printf("    ours   %lu %s\n", e->op, e->text);
		shown++;
	}
}

/* The kernel's events of operation @op and the one before it, from the file beside. */
static void show_theirs(const char *path, unsigned long op)
{
	struct text t;
	char *line, *next;
	int shown = 0;

	if (text_read_events(&t, path))
		return;
	for (line = t.buf; line && *line && shown < MAX_SHOWN; line = next) {
		unsigned long n = strtoul(line, NULL, 10);

		next = strchr(line, '\n');
		if (next)
			*next++ = 0;
		if (!isdigit((unsigned char)*line) || n + 1 < op || n > op)
			continue;
		printf("    kernel %s\n", line);
		shown++;
	}
	text_free(&t);
}

struct replay {
	const char *path;
	struct vec v;
	struct text events;
	struct sbuddy_machine *m;
	struct sbuddy_owner *o;
	unsigned long ops, mismatches, state_mismatches, shown, shown_traced;
};

/* The first difference is shown in full, with events if the pass has any. */
static void report(struct replay *r, const struct vec_op *vop, const struct sbuddy_op *op,
		   bool traced)
{
	r->mismatches++;
	if (traced ? r->shown_traced++ : r->shown++)
		return;
	printf("%s: operation %lu: %c cpu=%d slot=%x order=%d gfp=0x%x\n", r->path, r->ops,
	       vop->alloc ? 'a' : 'f', vop->cpu, vop->slot, vop->order, vop->gfp);
	printf("    expected pfn %lx, got %lx (err %d)\n", vop->pfn, (unsigned long)op->pfn,
	       op->err);
	if (!traced)
		return;
	show_theirs(r->path, r->ops);
	show_ours(r->ops);
}

static void run_op(struct replay *r, const struct vec_op *vop, bool traced)
{
	struct sbuddy_op op = {
		.opcode = vop->alloc ? SBUDDY_OP_ALLOC : SBUDDY_OP_FREE,
		.cpu = vop->cpu,
		.nid = vop->alloc ? r->v.nid : SBUDDY_NID_ANY,
		.slot = vop->slot,
		.order = vop->order,
		.gfp = vop->gfp,
	};
	unsigned long got;

	if (!vop->alloc && !sbuddy_owner_slot(r->o, vop->slot))
		return;
	sbuddy_run_op(r->o, &op, 0);
	got = op.err ? VEC_NO_PFN : op.pfn;
	if (vop->alloc ? got != vop->pfn : op.err)
		report(r, vop, &op, traced);
}

static void run_ops(struct replay *r, bool traced)
{
	struct vec_op vop;

	machine = r->m;
	nr_events = 0;
	r->ops = 0;
	if (traced)
		sbuddy_trace_listen(hook);
	while (vec_next_op(&r->v, &vop)) {
		current_op = r->ops;
		run_op(r, &vop, traced);
		r->ops++;
	}
	if (traced)
		sbuddy_trace_listen(NULL);
}

static void compare_state(struct replay *r)
{
	struct text ours = { 0 };
	char what[256];
	unsigned long n;

	sbuddy_snapshot_export(r->m, text_emit, &ours);
	n = vec_compare_state(&r->v, &ours, what, sizeof(what));
	if (n)
		printf("%s: state after: %s\n", r->path, what);
	text_free(&ours);
	if (sbuddy_check(r->m, what, sizeof(what))) {
		printf("%s: check: %s\n", r->path, what);
		n++;
	}
	r->state_mismatches += n;
}

/* One pass over the file; 0, or 2 if it cannot be run. */
static int pass(struct replay *r, bool traced)
{
	struct sbuddy_task task = { 0 };
	char err[256] = "out of memory";

	vec_rewind(&r->v);
	expected = traced && r->events.buf ? r->events.buf : NULL;
	if (sbuddy_snapshot_import(r->v.before, r->v.before_len, &r->m, err, sizeof(err))) {
		fprintf(stderr, "%s: %s\n", r->path, err);
		return 2;
	}
	r->o = sbuddy_owner_create(r->m, 1);
	if (r->o) {
		run_ops(r, traced);
		compare_state(r);
		if (expected && *expected && !event_mismatches++)
			printf("event: expected '%.*s', got none\n",
			       (int)strcspn(expected, "\n"), expected);
	}
	sbuddy_owner_destroy(r->o, &task);
	sbuddy_machine_destroy(r->m);
	if (r->v.error[0])
		fprintf(stderr, "%s: %s\n", r->path, r->v.error);
	return r->o && !r->v.error[0] ? 0 : 2;
}

/*
 * Twice: as it runs when nobody looks, and traced, which takes the long way
 * through every step.  0 if both match, 1 if not, 2 if the file cannot be read.
 */
static int replay_file(const char *path)
{
	struct replay r = { .path = path };
	char err[256];
	int ret;

	event_mismatches = 0;
	text_read_events(&r.events, path);

	if (vec_open(&r.v, path, err, sizeof(err))) {
		fprintf(stderr, "%s: %s\n", path, err);
		vec_close(&r.v);
		text_free(&r.events);
		return 2;
	}
	ret = pass(&r, false);
	if (!ret)
		ret = pass(&r, true);
	printf("%s ops=%lu mismatches=%lu state_mismatches=%lu event_mismatches=%lu\n", path,
	       r.ops, r.mismatches, r.state_mismatches, event_mismatches);
	vec_close(&r.v);
	text_free(&r.events);
	return ret ? ret : !!(r.mismatches + r.state_mismatches + event_mismatches);
}

int main(int argc, char **argv)
{
	int worst = 0;

	if (argc < 2 || argv[1][0] == '-') {
		fprintf(stderr, "usage: %s FILE.vec[.xz]...\n", argv[0]);
		return 2;
	}
	for (int i = 1; i < argc; i++)
		worst = max(worst, replay_file(argv[i]));
	return worst;
}
