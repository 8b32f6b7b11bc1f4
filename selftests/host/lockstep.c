// SPDX-License-Identifier: GPL-2.0
/*
 * Lockstep: random streams on the engine and on the model side by side.  After
 * each operation results are compared and everything is walked; after every
 * few the complete state.
 *
 * lockstep [--seed N] [--ops N] [--profile NAME] [--rules SERIES] [--every N]
 *          [--shrink SECONDS] [--replay FILE]
 *
 * Prints TAP, one result a profile and rule set, with the seed that repeats it.  A stream
 * that shows a difference is shrunk to a few operations and printed in the form
 * that --replay reads.
 */
#include <getopt.h>
#include <time.h>

#include "lockstep.h"

static int shrink_seconds = 60;	/* --shrink */

struct pair {
	struct sbuddy_machine *m;
	struct sbuddy_owner *o;
	struct model *model;
	u64 managed;
	u64 done[SBUDDY_NR_OPS];	/* operations that succeeded */
};

struct text {
	char *buf;
	size_t len, room;
};

/* ---- machines ---- */

static void pair_init(struct pair *pair, const struct profile *p)
{
	struct sbuddy_config *cfg = calloc(1, sizeof(*cfg));
	const char *expected;

	sbuddy_config_init(cfg);
	cfg->nr_vcpus = p->vcpus;
	memcpy(cfg->vcpu_node, p->node, MODEL_VCPUS);
	cfg->thp = p->thp;
	cfg->llc_pages_per_cpu = p->llc;
	cfg->rules = p->rules;
	if (sbuddy_layout_parse(p->layout, 0, &cfg->layout, &expected)) {
		fprintf(stderr, "layout %s: expected %s\n", p->layout, expected);
		exit(2);
	}
	if (cfg->layout.nr_nodes > MODEL_NODES || sbuddy_machine_create(cfg, &pair->m)) {
		fprintf(stderr, "no machine from %s\n", p->layout);
		exit(2);
	}
	pair->o = sbuddy_owner_create(pair->m, 1);
	pair->model = model_boot(cfg);
	pair->managed = 0;
	memset(pair->done, 0, sizeof(pair->done));
	for (int i = 0; i < pair->m->nr_zones; i++)
		pair->managed += pair->m->zones[i]->managed_pages;
	free(cfg);
}

static void pair_exit(struct pair *pair)
{
	struct sbuddy_task task = { 0 };

	sbuddy_owner_destroy(pair->o, &task);
	sbuddy_machine_destroy(pair->m);
	model_free(pair->model);
}

/* ---- comparing ---- */

static void text_add(void *arg, const char *s, size_t len)
{
	struct text *t = arg;

	if (t->len + len + 1 > t->room) {
		t->room = (t->len + len + 1) * 2;
		t->buf = realloc(t->buf, t->room);
		if (!t->buf)
			abort();
	}
	memcpy(t->buf + t->len, s, len);
	t->len += len;
	t->buf[t->len] = 0;
}

static void first_difference(const char *a, const char *b, char *why, size_t size)
{
	const char *la = a, *lb = b;
	size_t i = 0;

	for (; a[i] && a[i] == b[i]; i++)
		if (a[i] == '\n') {
			la = a + i + 1;
			lb = b + i + 1;
		}
	scnprintf(why, size, "state:\n#  engine: %.*s\n#  model:  %.*s",
		  (int)min(strcspn(la, "\n"), (size_t)300), la,
		  (int)min(strcspn(lb, "\n"), (size_t)300), lb);
}

/* The model writes zones, not the lines of the machine that come first. */
static const char *zone_lines(const char *text)
{
	while (!strncmp(text, "machine ", 8) || !strncmp(text, "rules ", 6))
		text = strchr(text, '\n') + 1;
	return text;
}

static bool same_text(struct pair *pair, char *why, size_t size)
{
	struct text ours = { NULL, 0, 0 };
	char *theirs = model_export(pair->model);
	const char *zones;
	bool same;

	sbuddy_snapshot_export(pair->m, text_add, &ours);
	zones = zone_lines(ours.buf);
	same = !strcmp(zones, theirs);
	if (!same)
		first_difference(zones, theirs, why, size);
	free(ours.buf);
	free(theirs);
	return same;
}

struct counter {
	const char *name;
	long ours, theirs;
};

static bool same_counters(const struct counter *c, int nr, const char *what, char *why,
			  size_t size)
{
	for (int i = 0; i < nr; i++)
		if (c[i].ours != c[i].theirs) {
			scnprintf(why, size, "%s: %s: engine %ld, model %ld", what, c[i].name,
				  c[i].ours, c[i].theirs);
			return false;
		}
	return true;
}

static bool same_zone_counters(const struct sbuddy_zone *z, const struct model_zone *mz,
			       char *why, size_t size)
{
	const struct counter c[] = {
		{ "pgalloc", sbuddy_zone_event(z, SBUDDY_PGALLOC), mz->pgalloc },
		{ "pgfree", sbuddy_zone_event(z, SBUDDY_PGFREE), mz->pgfree },
		{ "numa_hit", sbuddy_zone_numa(z, SBUDDY_NUMA_HIT), mz->hit },
		{ "numa_miss", sbuddy_zone_numa(z, SBUDDY_NUMA_MISS), mz->miss },
		{ "numa_foreign", sbuddy_zone_numa(z, SBUDDY_NUMA_FOREIGN), mz->foreign },
		{ "numa_local", sbuddy_zone_numa(z, SBUDDY_NUMA_LOCAL), mz->local },
		{ "numa_interleave", sbuddy_zone_numa(z, SBUDDY_NUMA_INTERLEAVE_HIT),
		  mz->interleave_hit },
		{ "numa_other", sbuddy_zone_numa(z, SBUDDY_NUMA_OTHER), mz->other },
	};

	return same_counters(c, ARRAY_SIZE(c), "zone", why, size);
}

static bool same_machine_counters(struct pair *pair, char *why, size_t size)
{
	const struct counter c[] = {
		{ "alloc_fail", sbuddy_machine_event(pair->m, SBUDDY_ALLOC_FAIL),
		  pair->model->fails },
		{ "would_block", sbuddy_machine_event(pair->m, SBUDDY_WOULD_BLOCK),
		  pair->model->would_block },
		{ "kswapd_wake", sbuddy_machine_event(pair->m, SBUDDY_KSWAPD_WAKE),
		  pair->model->wakes },
		{ "bad_free", sbuddy_machine_event(pair->m, SBUDDY_BAD_FREE), 0 },
		{ "pcp_busy", sbuddy_machine_event(pair->m, SBUDDY_PCP_BUSY), 0 },
		{ "min_free_kbytes", pair->m->knobs.min_free_kbytes,
		  pair->model->min_free_kbytes },
		{ "no_grouping", pair->m->knobs.group_by_mobility_disabled,
		  pair->model->no_grouping },
	};

	return same_counters(c, ARRAY_SIZE(c), "machine", why, size);
}

static bool same_nodes(struct pair *pair, char *why, size_t size)
{
	for (int n = 0; n < pair->m->nr_nodes; n++) {
		const struct sbuddy_node *a = &pair->m->nodes[n];
		const struct model_node *b = &pair->model->node[n];
		const struct counter c[] = {
			{ "totalreserve", a->totalreserve_pages, b->totalreserve },
			{ "kswapd_order", a->kswapd_order, b->kswapd_order },
			{ "kswapd_highest", a->kswapd_highest_zoneidx, b->kswapd_highest },
		};

		if (a->online && !same_counters(c, ARRAY_SIZE(c), "node", why, size))
			return false;
	}
	return true;
}

static bool same_state(struct pair *pair, char *why, size_t size)
{
	if (!same_text(pair, why, size) || !same_machine_counters(pair, why, size) ||
	    !same_nodes(pair, why, size))
		return false;
	for (int i = 0; i < pair->m->nr_zones; i++) {
		const struct sbuddy_zone *z = pair->m->zones[i];

		if (!same_zone_counters(z, &pair->model->zone[z->node][z->idx], why, size))
			return false;
	}
	return true;
}

static bool same_result(const struct sbuddy_op *a, const struct sbuddy_op *b, char *why,
			size_t size)
{
	const struct counter c[] = {
		{ "err", a->err, b->err }, { "pfn", a->pfn, b->pfn }, { "zone", a->zone, b->zone },
		{ "count", a->count, b->count }, { "slot", a->slot, b->slot },
		{ "order", a->order, b->order },
	};

	return same_counters(c, ARRAY_SIZE(c), "result", why, size);
}

/* ---- one step ---- */

static int set_policy(struct pair *pair, long value)
{
	unsigned int mode = value >> 4 & 15;
	int home = (int)(value >> 16 & 255) - 1;
	struct sbuddy_mempolicy pol;
	int err = sbuddy_mpol_new(pair->m, mode, value >> 8 & 255, home, &pol);

	return err ? err : sbuddy_owner_set_policy(pair->o, value & 15, &pol);
}

/* What may be refused must be refused by both. */
static bool turn_policy(struct pair *pair, const struct step *s, char *why, size_t size)
{
	const long v = s->value;
	struct counter err = { .name = "err" };

	if (s->knob == KNOB_POLICY) {
		err.ours = set_policy(pair, v);
		err.theirs = model_set_policy(pair->model, v & 15, v >> 4 & 15, v >> 8 & 255,
					      (int)(v >> 16 & 255) - 1);
	} else {
		err.ours = sbuddy_set_il_weight(pair->m, v & 255, v >> 8);
		err.theirs = model_set_weight(pair->model, v & 255, v >> 8);
	}
	return same_counters(&err, 1, "policy", why, size);
}

static void turn_knob(struct pair *pair, const struct step *s)
{
	int ratio[SBUDDY_MAX_NR_ZONES] = { 256, s->value, s->value / 3, 0, 0 };

	switch (s->knob) {
	case KNOB_MIN_FREE_KBYTES:
		sbuddy_set_min_free_kbytes(pair->m, s->value);
		model_set_min_free_kbytes(pair->model, s->value);
		break;
	case KNOB_SCALE_FACTOR:
		sbuddy_set_watermark_scale_factor(pair->m, s->value);
		model_set_scale_factor(pair->model, s->value);
		break;
	case KNOB_BOOST_FACTOR:
		sbuddy_set_watermark_boost_factor(pair->m, s->value);
		model_set_boost_factor(pair->model, s->value);
		break;
	case KNOB_HIGH_FRACTION:
		sbuddy_set_percpu_pagelist_high_fraction(pair->m, s->value);
		model_set_high_fraction(pair->model, s->value);
		break;
	default:
		sbuddy_set_lowmem_reserve_ratio(pair->m, ratio);
		model_set_reserve_ratio(pair->model, ratio);
	}
}

static bool sane(struct pair *pair, char *why, size_t size)
{
	char line[200];

	if (!sbuddy_check(pair->m, line, sizeof(line)) &&
	    !sbuddy_owner_check(pair->o, line, sizeof(line)))
		return true;
	scnprintf(why, size, "check: %s", line);
	return false;
}

/* Runs a step on both.  False, with @why, on the first difference. */
static bool do_step(struct pair *pair, const struct step *s, bool compare, char *why, size_t size)
{
	struct sbuddy_op a = s->op, b = s->op;

	if (s->knob >= NR_PLAIN_KNOBS) {
		if (!turn_policy(pair, s, why, size))
			return false;
	} else if (s->knob) {
		turn_knob(pair, s);
	} else {
		sbuddy_run_op(pair->o, &a, 0);
		model_run(pair->model, &b);
		if (!same_result(&a, &b, why, size))
			return false;
		if (!a.err)
			pair->done[a.opcode]++;
	}
	return !compare || (same_state(pair, why, size) && sane(pair, why, size));
}

/* ---- streams ---- */

/* Number of the first step that shows a difference, -1 if none does. */
static int replay(const struct profile *p, const struct stream *s, int every, char *why,
		  size_t size)
{
	struct pair pair;
	int bad = -1;

	pair_init(&pair, p);
	if (!same_state(&pair, why, size))
		bad = 0;
	for (int i = 0; i < s->nr && bad < 0; i++)
		if (!do_step(&pair, &s->step[i], i % every == 0 || i + 1 == s->nr, why, size))
			bad = i;
	pair_exit(&pair);
	return bad;
}

/* The stream without steps @from ... @to - 1. */
static struct stream without(const struct stream *s, int from, int to)
{
	struct stream r = { NULL, 0, 0 };

	for (int i = 0; i < s->nr; i++)
		if (i < from || i >= to)
			stream_add(&r, &s->step[i]);
	return r;
}

/* Leaves out ever smaller pieces as long as a difference, whichever, remains. */
static void shrink(const struct profile *p, struct stream *s)
{
	time_t end = time(NULL) + shrink_seconds;
	char why[1024];

	for (int piece = s->nr / 2; piece && time(NULL) < end; piece /= 2)
		for (int from = 0; from < s->nr && time(NULL) < end;) {
			struct stream less = without(s, from, from + piece);
			int bad = replay(p, &less, 1 + less.nr / 500, why, sizeof(why));

			if (bad < 0) {
				free(less.step);
				from += piece;
				continue;
			}
			free(s->step);
			*s = less;
			s->nr = min(bad + 1, s->nr);
		}
}

static void report(const struct profile *p, struct stream *s, const char *why)
{
	char last[1024] = "gone with a full comparison";

	printf("# step %d: %s\n# shrinking ...\n", s->nr - 1, why);
	fflush(stdout);
	shrink(p, s);
	replay(p, s, 1, last, sizeof(last));
	printf("# %d steps, last difference: %s\n# replay with --replay FILE:\n", s->nr, last);
	stream_print(stdout, p, s);
	printf("# end\n");
}

/* What the stream made happen: a profile that never steals tests no stealing. */
static void tell_coverage(const struct pair *pair)
{
	u64 sum[SBUDDY_NR_ZONE_EVENTS] = { 0 };

	for (int i = 0; i < pair->m->nr_zones; i++)
		for (int e = 0; e < SBUDDY_NR_ZONE_EVENTS; e++)
			sum[e] += sbuddy_zone_event(pair->m->zones[i], e);
	printf("#");
	for (int e = 0; e < SBUDDY_NR_ZONE_EVENTS; e++)
		printf(" %s=%llu", sbuddy_zone_event_name(e), (unsigned long long)sum[e]);
	for (int e = 0; e < SBUDDY_NR_MACHINE_EVENTS; e++)
		printf(" %s=%llu", sbuddy_machine_event_name(e),
		       (unsigned long long)sbuddy_machine_event(pair->m, e));
	printf("\n# done:");
	for (int op = 1; op < SBUDDY_NR_OPS; op++)
		printf(" %d:%llu", op, (unsigned long long)pair->done[op]);
	printf("\n");
}

static bool run_profile(const struct profile *p, u64 seed, int ops, int every)
{
	struct random r = { .state = seed };
	struct stream s = { NULL, 0, 0 };
	char why[1024];
	struct pair pair;
	bool ok;

	pair_init(&pair, p);
	ok = same_state(&pair, why, sizeof(why));
	for (int i = 0; i < ops && ok; i++) {
		struct step step = make_step(p, &r, pair.o, pair.managed, i);

		stream_add(&s, &step);
		ok = do_step(&pair, &step, i % every == 0 || i + 1 == ops, why, sizeof(why));
	}
	tell_coverage(&pair);
	pair_exit(&pair);
	if (!ok)
		report(p, &s, why);
	free(s.step);
	return ok;
}

static int run_replay(const char *path)
{
	struct stream s = { NULL, 0, 0 };
	struct profile p = { .name = NULL };
	char why[1024];
	int bad = stream_read(path, &p, &s);

	if (bad) {
		fprintf(stderr, "%s: %s %d\n", path, bad < 0 ? "errno" : "bad line", abs(bad));
		return 2;
	}
	bad = replay(&p, &s, 1, why, sizeof(why));
	printf("TAP version 13\n1..1\n");
	if (bad >= 0)
		printf("# step %d: %s\n", bad, why);
	printf("%s 1 - replay of %s, %d steps\n", bad < 0 ? "ok" : "not ok", path, s.nr);
	free(s.step);
	return bad >= 0;
}

struct options {
	u64 seed;
	int ops, every;
	unsigned int rules;		/* SBUDDY_NR_RULE_SETS: all */
	const char *profile, *replay;
};

/* Number of profiles that showed a difference. */
static int run_rules(const struct options *o, unsigned int rules, int *nr)
{
	int failed = 0;

	for (const struct profile *from = profiles; from->name; from++) {
		struct profile p = *from;
		bool ok;

		p.rules = rules;
		if (o->profile && strcmp(o->profile, p.name))
			continue;
		ok = run_profile(&p, o->seed, o->ops, o->every ? o->every : p.every);
		failed += !ok;
		printf("%s %d - lockstep %s --rules %s --seed %llu --ops %d\n",
		       ok ? "ok" : "not ok", ++*nr, p.name, sbuddy_rules_name(rules),
		       (unsigned long long)o->seed, o->ops);
		fflush(stdout);
	}
	return failed;
}

static int run_profiles(const struct options *o)
{
	int nr = 0, failed = 0;

	printf("TAP version 13\n# seed %llu\n", (unsigned long long)o->seed);
	for (unsigned int rules = 0; rules < SBUDDY_NR_RULE_SETS; rules++)
		if (o->rules == rules || o->rules == SBUDDY_NR_RULE_SETS)
			failed += run_rules(o, rules, &nr);
	printf("1..%d\n", nr);
	return failed != 0;
}

static u64 fresh_seed(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return ((u64)now.tv_nsec << 20 ^ now.tv_sec) & 0xffffffff;
}

int main(int argc, char **argv)
{
	static const struct option longs[] = {
		{ "seed", required_argument, NULL, 's' }, { "ops", required_argument, NULL, 'o' },
		{ "profile", required_argument, NULL, 'p' },
		{ "every", required_argument, NULL, 'e' },
		{ "shrink", required_argument, NULL, 'k' },
		{ "replay", required_argument, NULL, 'r' },
		{ "rules", required_argument, NULL, 'u' }, { NULL, 0, NULL, 0 },
	};
	struct options o = {
		.seed = fresh_seed(), .ops = 20000, .rules = SBUDDY_NR_RULE_SETS,
	};
	int c;

	while ((c = getopt_long(argc, argv, "", longs, NULL)) != -1) {
		switch (c) {
		case 's':
			o.seed = strtoull(optarg, NULL, 0);
			break;
		case 'o':
			o.ops = atoi(optarg);
			break;
		case 'p':
			o.profile = optarg;
			break;
		case 'e':
			o.every = atoi(optarg);
			break;
		case 'k':
			shrink_seconds = atoi(optarg);
			break;
		case 'r':
			o.replay = optarg;
			break;
		case 'u':
			if (!sbuddy_rules_parse(optarg, &o.rules))
				break;
			fprintf(stderr, "no rules %s\n", optarg);
			return 2;
		default:
			return 2;
		}
	}
	if (o.profile && !profile_find(o.profile)) {
		fprintf(stderr, "no profile %s\n", o.profile);
		return 2;
	}
	return o.replay ? run_replay(o.replay) : run_profiles(&o);
}
