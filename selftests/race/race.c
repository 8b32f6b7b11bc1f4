// SPDX-License-Identifier: GPL-2.0
/*
 * race: the live kernel's page allocator and sbuddy, on the same stream.
 *
 *	race [-n OPERATIONS] [-s SEED] [-p PROFILE,...] [-l OPERATIONS] [-c CPUS]
 *	     [-o DIRECTORY] [-k] [-x SABOTAGE]
 *
 * Runs legs until the operations are done (-n, 100000), each of about as many
 * as -l says (20000), over the profiles in turn, on 1 to CPUS processors.  A
 * leg clones the live nodes into a machine and runs each operation on both;
 * what each returned is compared, page by page, and at its end both states.
 * A leg that somebody else disturbed is void and repeated from a new clone.
 *
 * On a difference the leg's state before, operations and events are left in
 * DIRECTORY for race-replay, which finds the shortest prefix that shows it.
 * Exit status 0: no difference; 1: one; 2: the race could not be run.
 *
 * -k leaves the first leg of each profile there, too, for the same comparison
 * of what happened inside.
 *
 * -x proves that the race can be lost, once, half-way through the first leg:
 * "op" gives the clone another operation, "state" drains its per-CPU lists
 * behind everybody's back, "foreign" has another process take a page.
 *
 * Needs /dev/sbuddy and /dev/sbuddy_race, root, and nodes without processors.
 */
#include <errno.h>
#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "race.h"
#include "race_file.h"

#define MAX_REPEATS	20	/* of one leg, for foreign events */

enum outcome { SAME, DIFFERENT, FOREIGN, FAILED };

/* One leg, and what is known of it. */
struct leg {
	const struct race_profile *profile;
	uint64_t seed;
	int cpus;
	unsigned int max;		/* operations before it gives everything back */
	unsigned int nr;		/* so far */
	struct race_file_op *op;	/* all of them */
	unsigned int capacity;
	char *before;			/* the clone as it began */
	char what[512];			/* the difference, or the trouble */
	struct race_gen *gen;
	enum outcome ballast;		/* of ballast on both sides */
	struct race_numa numa[2];
};

static bool have_ranges;		/* the clone's rules know of ranges */

static struct race_live live;
static struct race_shadow shadow = { .fd = -1 };

static struct {
	unsigned long ops;
	uint64_t seed;
	const char *profiles;
	unsigned int leg;
	int cpus;
	const char *dir;
	const char *sabotage;
	bool keep;
} options = { .ops = 100000, .leg = 20000, .dir = "." };

static enum outcome say(struct leg *leg, enum outcome outcome, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

static enum outcome say(struct leg *leg, enum outcome outcome, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(leg->what, sizeof(leg->what), fmt, ap);
	va_end(ap);
	return outcome;
}

/* ---- before the clone ---- */

static uint64_t free_pages(const struct leg *leg)
{
	uint64_t pages = 0;

	for (int node = 1; node < RACE_MAX_NODES; node++)
		if (live.nodes >> node & 1 &&
		    (leg->profile->node < 0 || leg->profile->node == node))
			pages += race_live_free_pages(&live, node);
	return pages;
}

static enum outcome step(struct leg *leg, const struct sbuddy_op *ops, unsigned int nr);

/* Operations of ballast: on the live side alone, or on both once there is a clone. */
static int run_ballast(struct leg *leg, struct sbuddy_op *ops, unsigned int nr)
{
	unsigned int from = leg->nr;
	int err;

	if (shadow.fd < 0)
		return race_live_run(&live, ops, nr);
	leg->ballast = step(leg, ops, nr);
	err = leg->ballast == SAME ? 0 : -EBADE;
	for (unsigned int i = 0; i < nr && !err; i++)
		ops[i] = leg->op[from + i].live;
	return err;
}

/* Blocks until the node is as full as the profile wants. */
static int fill_node(struct leg *leg, struct test_random *r, int node, uint32_t *slot)
{
	uint64_t target = race_live_free_pages(&live, node) * (100 - leg->profile->fill) / 100;
	struct sbuddy_op ops[64];

	while (race_live_free_pages(&live, node) > target) {
		uint64_t got = 0;
		int err;

		if (*slot > RACE_MAX_SLOTS - 64)
			return -ENOSPC;
		for (int i = 0; i < 64; i++)
			ops[i] = race_gen_ballast(leg->profile, r, node, (*slot)++);
		err = run_ballast(leg, ops, 64);
		if (err)
			return err;
		for (int i = 0; i < 64; i++)
			got += !ops[i].err;
		if (!got)
			return 0;
	}
	return 0;
}

/* Holes in what was filled. */
static int punch(struct leg *leg, struct test_random *r, uint32_t end)
{
	struct sbuddy_op ops[64];
	unsigned int nr = 0;
	int err = 0;

	for (uint32_t slot = RACE_BALLAST; slot < end && !err; slot++) {
		if ((int)test_random_below(r, 100) < leg->profile->holes) {
			ops[nr] = sbuddy_user_free(slot);
			ops[nr++].cpu = test_random_below(r, leg->cpus);
		}
		if (nr == 64 || (nr && slot + 1 == end)) {
			err = run_ballast(leg, ops, nr);
			nr = 0;
		}
	}
	return err;
}

static int ballast(struct leg *leg)
{
	struct test_random r = { .state = ~leg->seed };
	uint32_t slot = RACE_BALLAST;
	int err = 0;

	for (int node = 1; node < RACE_MAX_NODES && !err; node++)
		if (live.nodes >> node & 1 &&
		    (leg->profile->node < 0 || leg->profile->node == node))
			err = fill_node(leg, &r, node, &slot);
	return err ? err : punch(leg, &r, slot);
}

static int prepare(struct leg *leg)
{
	int err = race_live_reset(&live);

	if (!err)
		err = race_live_sysctls_back(&live);
	for (int node = 1; node < RACE_MAX_NODES && !err && live.weights; node++)
		if (live.nodes >> node & 1)
			err = race_live_weight(node, 0);
	return err || leg->profile->late ? err : ballast(leg);
}

/* ---- both sides ---- */

/* Whether the results agree.  On node 0, where others live, only the node counts. */
static bool same(const struct sbuddy_op *a, const struct sbuddy_op *b)
{
	if (a->err || b->err)
		return a->err == b->err;
	if (a->order != b->order || a->count != b->count)
		return false;
	if (a->opcode == SBUDDY_OP_DRAIN || a->opcode == SBUDDY_OP_DECAY ||
	    a->opcode == SBUDDY_OP_FREE_BATCH)
		return true;
	if (!(a->zone >> 4) && !(b->zone >> 4) && a->pfn != SBUDDY_NO_PFN)
		return true;
	return a->zone == b->zone && a->pfn == b->pfn;
}

static enum outcome differ(struct leg *leg, unsigned int nr)
{
	const struct race_file_op *f = &leg->op[nr];

	return say(leg, DIFFERENT,
		   "operation %u: opcode %u cpu %d slot %x order %u nid %d gfp %x count %u: live pfn %llx order %u count %u err %d, clone pfn %llx order %u count %u err %d",
		   nr, f->in.opcode, f->in.cpu, f->in.slot, f->in.order, f->in.nid, f->in.gfp,
		   f->in.count, (unsigned long long)f->live.pfn, f->live.order, f->live.count,
		   f->live.err, (unsigned long long)f->ours.pfn, f->ours.order, f->ours.count,
		   f->ours.err);
}

/* Slots that an operation names, or filled. */
static uint32_t slots_of(const struct sbuddy_op *op)
{
	switch (op->opcode) {
	case SBUDDY_OP_BULK:
	case SBUDDY_OP_ALLOC_EXACT:
	case SBUDDY_OP_FREE_BATCH:
		return op->count;
	case SBUDDY_OP_SPLIT:
		return RACE_RUN_SLOTS - op->slot % RACE_RUN_SLOTS;
	case SBUDDY_OP_CONTIG_ALLOC:
		return op->gfp & SBUDDY_GFP_COMP ? 1 : op->count;
	case SBUDDY_OP_CONTIG_FREE:
		return op->count;
	case SBUDDY_OP_DRAIN:
	case SBUDDY_OP_DECAY:
	case SBUDDY_OP_ISOLATE:
	case SBUDDY_OP_UNISOLATE:
	case SBUDDY_OP_TEST_ISOLATED:
		return 0;
	}
	return 1;
}

/* What a refused operation left in its slots. */
static int learn(struct leg *leg, const struct sbuddy_op *op)
{
	static struct race_slot held[RACE_RUN_SLOTS];
	uint32_t nr = slots_of(op);
	int err = nr ? race_live_slots(&live, op->slot, nr, held) : 0;

	for (uint32_t i = 0; i < nr && !err; i++)
		race_gen_learn(leg->gen, op->slot + i, &held[i]);
	return err;
}

/* Whether a frame is of a zone that is raced on. */
static bool raced(uint64_t pfn)
{
	for (unsigned int i = 0; i < live.nr_zones; i++)
		if (pfn >= live.zones[i].start && pfn < live.zones[i].end)
			return true;
	return false;
}

/* The pages that an operation of many did not name itself: the last one of a chunk. */
static enum outcome compare_slots(struct leg *leg, unsigned int nr)
{
	static struct race_slot held[RACE_RUN_SLOTS];
	const struct race_file_op *f = &leg->op[nr];
	struct race_slot ours;
	int err;

	if ((f->in.opcode != SBUDDY_OP_BULK && f->in.opcode != SBUDDY_OP_ALLOC_EXACT) ||
	    f->live.err)
		return SAME;
	err = race_live_slots(&live, f->in.slot, f->live.count, held);
	for (uint32_t i = 0; i < f->live.count && !err; i++) {
		err = race_shadow_slot(&shadow, f->in.slot + i, &ours);
		if (!err && held[i].pfn != ours.pfn &&
		    (raced(held[i].pfn) || raced(ours.pfn)))
			return say(leg, DIFFERENT, "operation %u, page %u: live %llx, clone %llx",
				   nr, i, (unsigned long long)held[i].pfn,
				   (unsigned long long)ours.pfn);
	}
	return err ? say(leg, FAILED, "slots: %s", strerror(-err)) : SAME;
}

/* ---- sabotage ---- */

static bool sabotaged(const struct leg *leg, const char *how)
{
	if (!options.sabotage || strcmp(options.sabotage, how) || leg->nr < leg->max / 2)
		return false;
	options.sabotage = NULL;
	return true;
}

/* Another type of page from the clone than from the kernel. */
static void sabotage_op(struct leg *leg, struct sbuddy_op *ours, unsigned int nr)
{
	for (unsigned int i = 0; i < nr; i++)
		if (ours[i].opcode == SBUDDY_OP_ALLOC && !(ours[i].gfp & SBUDDY_GFP_RECLAIMABLE) &&
		    sabotaged(leg, "op")) {
			ours[i].gfp ^= SBUDDY_GFP_MOVABLE;
			return;
		}
}

static void sabotage_state(struct leg *leg)
{
	struct sbuddy_op op = sbuddy_user_op(SBUDDY_OP_DRAIN, 0);

	if (sabotaged(leg, "state"))
		race_shadow_run(&shadow, &op, 1);
}

/* A process of its own touches a page on a node raced on. */
static void sabotage_foreign(struct leg *leg)
{
	unsigned long nodes = live.nodes & -live.nodes;
	volatile char *page;
	pid_t child;

	if (!sabotaged(leg, "foreign"))
		return;
	child = fork();
	if (child) {
		waitpid(child, NULL, 0);
		return;
	}
	page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (page == MAP_FAILED || syscall(SYS_mbind, page, 4096UL, 2, &nodes, 64UL, 0))
		_exit(1);
	page[0] = 1;
	_exit(0);
}

/* ---- a step ---- */

/* What is no operation of the allocator, on both sides. */
static int pseudo_both(const struct sbuddy_op *op)
{
	int err;

	switch (op->opcode) {
	case RACE_OP_POLICY:
		err = race_live_policy(&live, op);
		return err ? err : race_shadow_policy(&shadow, op);
	case RACE_OP_WEIGHT:
		err = race_live_weight(op->nid, op->count);
		return err ? err : race_shadow_weight(&shadow, op->nid, op->count);
	}
	err = race_live_sysctl(op->slot, op->pfn);
	return err ? err : race_shadow_sysctl(&shadow, op->slot, op->pfn);
}

/* Runs operations @from to the last on both sides. */
static int run_both(struct leg *leg, unsigned int from)
{
	static struct sbuddy_op theirs[RACE_CHUNK], ours[RACE_CHUNK];
	unsigned int nr = leg->nr - from, i;
	bool pseudo = RACE_OP_IS_PSEUDO(&leg->op[leg->nr - 1].in);
	int err;

	nr -= pseudo;
	for (i = 0; i < nr; i++) {
		theirs[i] = leg->op[from + i].in;
		ours[i] = leg->op[from + i].in;
	}
	sabotage_op(leg, ours, nr);
	err = race_live_run(&live, theirs, nr);
	if (!err)
		err = race_shadow_run(&shadow, ours, nr);
	for (i = 0; i < nr; i++) {
		leg->op[from + i].live = theirs[i];
		leg->op[from + i].ours = ours[i];
	}
	return err || !pseudo ? err : pseudo_both(&leg->op[leg->nr - 1].in);
}

static enum outcome step(struct leg *leg, const struct sbuddy_op *ops, unsigned int nr)
{
	unsigned int from = leg->nr;
	enum outcome outcome;
	int err;

	if (from + nr > leg->capacity)
		return say(leg, FAILED, "more operations than there is room for");
	for (unsigned int i = 0; i < nr; i++)
		leg->op[leg->nr++].in = ops[i];
	err = run_both(leg, from);
	if (err)
		return say(leg, FAILED, "operations %u on: %s", from, strerror(-err));
	for (unsigned int i = from; i < leg->nr; i++) {
		if (RACE_OP_IS_PSEUDO(&leg->op[i].in))
			continue;
		if (!same(&leg->op[i].live, &leg->op[i].ours))
			return differ(leg, i);
		outcome = compare_slots(leg, i);
		if (outcome != SAME)
			return outcome;
	}
	for (unsigned int i = from; i < leg->nr && !err; i++)
		if (leg->op[i].live.err && !RACE_OP_IS_PSEUDO(&leg->op[i].in))
			err = learn(leg, &leg->op[i].in);
	return err ? say(leg, FAILED, "slots: %s", strerror(-err)) : SAME;
}

/* ---- a leg ---- */

static enum outcome compare_states(struct leg *leg)
{
	struct race_numa now[2];
	int differ = race_state_compare(&live, &shadow, leg->what, sizeof(leg->what));

	if (differ < 0)
		return say(leg, FAILED, "comparing the states: %s", strerror(-differ));
	if (differ)
		return DIFFERENT;
	differ = race_numa_read(&live, &shadow, &now[0], &now[1]);
	if (differ)
		return say(leg, FAILED, "counters: %s", strerror(-differ));
	return race_numa_same(&live, leg->numa, now, leg->what, sizeof(leg->what)) ? SAME :
		DIFFERENT;
}

static enum outcome run_stream(struct leg *leg)
{
	struct sbuddy_op ops[RACE_CHUNK];
	unsigned int nr, end = leg->nr + leg->max;
	enum outcome outcome = SAME;

	while (outcome == SAME && leg->nr < end) {
		sabotage_foreign(leg);
		nr = race_gen_chunk(leg->gen, ops, RACE_CHUNK);
		outcome = step(leg, ops, nr);
	}
	if (outcome == SAME) {
		sabotage_state(leg);
		outcome = compare_states(leg);
	}
	while (outcome == SAME && (nr = race_gen_end(leg->gen, ops, RACE_CHUNK)))
		outcome = step(leg, ops, nr);
	return outcome == SAME ? compare_states(leg) : outcome;
}

static enum outcome run_leg(struct leg *leg)
{
	enum outcome outcome;
	size_t len;
	int err = prepare(leg);

	leg->nr = 0;
	if (!err)
		err = race_live_watch(&live);
	if (err)
		return say(leg, FAILED, "preparing: %s", strerror(-err));
	err = race_shadow_clone(&shadow);
	if (err)
		return say(leg, FAILED, "cloning: %s", strerror(-err));
	leg->before = race_shadow_text(&shadow, &len);
	leg->gen = race_gen_new(leg->profile, leg->seed, leg->cpus, live.zones, live.nr_zones,
				free_pages(leg), live.weights);
	err = race_numa_read(&live, &shadow, &leg->numa[0], &leg->numa[1]);
	if (!leg->before || !leg->gen || err)
		return say(leg, FAILED, "no memory, or no counters");
	/* The clone begins as what it was cloned from, or nothing else means anything. */
	outcome = compare_states(leg);
	if (outcome != SAME)
		return outcome;
	if (leg->profile->late) {
		if (have_ranges)
			err = race_gen_ranges(leg->gen, leg->before);
		if (!err)
			err = ballast(leg);
		if (err == -EBADE)
			return leg->ballast;
		if (err)
			return say(leg, FAILED, "ballast: %s", strerror(-err));
	}
	return run_stream(leg);
}

/* Whatever was found, somebody else's doing makes it void. */
static enum outcome judge(struct leg *leg, enum outcome outcome)
{
	static const char * const kinds[RACE_NR_FOREIGN] = {
		"allocation", "free", "drain", "refill", "kswapd", "kcompactd", "vmstat worker"
	};
	struct race_foreign foreign;
	unsigned long long sum = 0;

	if (outcome == FAILED)
		return outcome;
	if (race_live_foreign(&live, &foreign))
		return say(leg, FAILED, "foreign events: %s", strerror(errno));
	for (int i = 0; i < RACE_NR_FOREIGN; i++)
		sum += foreign.count[i];
	if (!sum)
		return outcome;
	return say(leg, FOREIGN, "%llu foreign events, first a %s by %s (%d) on CPU %d, node %d",
		   sum, kinds[foreign.kind], foreign.comm, foreign.pid, foreign.cpu, foreign.node);
}

static int leave(const struct leg *leg, const char *prefix, char *path, size_t size)
{
	struct race_event *events = malloc(RACE_MAX_EVENTS * sizeof(*events));
	struct race_file file = {
		.profile = leg->profile->name,
		.seed = leg->seed,
		.before = leg->before,
		.op = leg->op,
		.nr_ops = leg->nr,
		.nodes = live.nodes,
		.events = events,
	};
	uint64_t total = 0;
	int err;
	int nr = events ? race_live_events(&live, events, RACE_MAX_EVENTS, &total) : 0;

	file.nr_events = nr > 0 ? nr : 0;
	file.events_lost = total > file.nr_events;
	mkdir(options.dir, 0755);
	snprintf(path, size, "%s/%s%s-c%d-s%llx%s", options.dir, prefix, leg->profile->name,
		 leg->cpus, (unsigned long long)leg->seed, *prefix ? "" : ".race");
	err = race_file_write(path, &file) ? -errno : 0;
	free(events);
	return err;
}

static void forget(struct leg *leg)
{
	race_shadow_drop(&shadow);
	race_gen_free(leg->gen);
	free(leg->before);
	leg->gen = NULL;
	leg->before = NULL;
}

/* Until it is not disturbed. */
static enum outcome run_undisturbed(struct leg *leg, bool keep, unsigned long *repeated)
{
	enum outcome outcome = FOREIGN;
	char path[512];
	int err;

	for (int i = 0; i < MAX_REPEATS && outcome == FOREIGN; i++) {
		outcome = judge(leg, run_leg(leg));
		if (outcome == FOREIGN) {
			++*repeated;
			printf("  %s: void: %s\n", leg->profile->name, leg->what);
			fflush(stdout);
		} else if (outcome == DIFFERENT) {
			printf("  DIFFERENCE in %s, seed 0x%llx, %d CPUs: %s\n",
			       leg->profile->name, (unsigned long long)leg->seed, leg->cpus,
			       leg->what);
			err = leave(leg, "", path, sizeof(path));
			printf("  %s: %s\n", path, err ? strerror(-err) : "for race-replay");
		} else if (outcome == SAME && keep) {
			err = leave(leg, "kept-", path, sizeof(path));
			if (err)
				outcome = say(leg, FAILED, "%s: %s", path, strerror(-err));
		}
		forget(leg);
	}
	return outcome;
}

/* ---- all of them ---- */

static double seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec + t.tv_nsec / 1e9;
}

static int race(const struct race_profile **profile, unsigned int nr_profiles)
{
	struct test_random seeds = { .state = options.seed };
	struct leg leg = { .max = options.leg };
	unsigned long ops = 0, legs = 0, repeated = 0, differences = 0;
	double begin = seconds();
	enum outcome outcome = SAME;

	leg.capacity = 4 * options.leg + 100000;
	leg.op = calloc(leg.capacity, sizeof(*leg.op));
	while (leg.op && ops < options.ops && outcome != FAILED && differences < 3) {
		leg.profile = profile[legs % nr_profiles];
		/* A seed that is given is that of the first leg, so that one can be had alone. */
		leg.seed = legs ? test_random64(&seeds) : options.seed;
		leg.cpus = legs / nr_profiles % 2 ? 1 : options.cpus;
		outcome = run_undisturbed(&leg, options.keep && legs < nr_profiles,
					  &repeated);
		legs++;
		if (outcome != FAILED && outcome != FOREIGN)
			ops += leg.nr;
		differences += outcome == DIFFERENT;
		if (outcome == FOREIGN)
			outcome = say(&leg, FAILED, "never undisturbed");
		if (outcome == SAME && isatty(1))
			printf("  %s: %u operations\n", leg.profile->name, leg.nr);
	}
	free(leg.op);
	if (outcome == FAILED)
		printf("  %s, seed 0x%llx: could not go on: %s\n", leg.profile->name,
		       (unsigned long long)leg.seed, leg.what);
	printf("race: %lu operations in %lu legs, %d CPUs, seed 0x%llx: %lu differences, %lu legs repeated, %.0f s\n",
	       ops, legs, options.cpus, (unsigned long long)options.seed, differences, repeated,
	       seconds() - begin);
	return differences ? 1 : outcome == FAILED || ops < options.ops ? 2 : 0;
}

static int usage(void)
{
	fprintf(stderr, "usage: race [-n OPERATIONS] [-s SEED] [-p PROFILE,...] [-l OPERATIONS] [-c CPUS] [-o DIRECTORY] [-k] [-x op|state|foreign]\nprofiles:");
	for (unsigned int i = 0; i < race_nr_profiles; i++)
		fprintf(stderr, " %s", race_profiles[i].name);
	fprintf(stderr, "\n");
	return 2;
}

static int parse(int argc, char **argv)
{
	int c;

	options.seed = test_seed();
	while ((c = getopt(argc, argv, "n:s:p:l:c:o:x:k")) != -1) {
		switch (c) {
		case 'n':
			options.ops = strtoul(optarg, NULL, 0);
			break;
		case 's':
			options.seed = strtoull(optarg, NULL, 0);
			break;
		case 'p':
			options.profiles = optarg;
			break;
		case 'l':
			options.leg = strtoul(optarg, NULL, 0);
			break;
		case 'c':
			options.cpus = strtol(optarg, NULL, 0);
			break;
		case 'o':
			options.dir = optarg;
			break;
		case 'k':
			options.keep = true;
			break;
		case 'x':
			options.sabotage = optarg;
			break;
		default:
			return -1;
		}
	}
	return optind == argc && options.leg >= RACE_CHUNK && options.leg <= 10000000 ? 0 : -1;
}

int main(int argc, char **argv)
{
	const struct race_profile *chosen[64];
	unsigned int nr;
	int status;

	if (parse(argc, argv))
		return usage();
	if (race_live_open(&live))
		return 2;
	have_ranges = race_shadow_has_ranges(&shadow);
	nr = race_profiles_choose(options.profiles, have_ranges, chosen);
	if (!nr) {
		race_live_close(&live);
		return usage();
	}
	if (options.cpus < 1 || options.cpus > live.cpus)
		options.cpus = live.cpus;
	status = race(chosen, nr);
	race_live_close(&live);
	return status;
}
