// SPDX-License-Identifier: GPL-2.0
/*
 * Threads on one machine: an owner each, on vcpus of their own or all on the
 * same, so that pcp locks are found busy.  Everything is walked at the end, and
 * again when all is given back.  Also built with ThreadSanitizer.
 *
 * test-threads [--seed N] [--ops N]
 */
#include <getopt.h>
#include <pthread.h>
#include <time.h>

#include "sbuddy/engine.h"

#define MAX_THREADS	4
#define SLOTS		512

struct worker {
	pthread_t thread;
	struct sbuddy_owner *o;
	u64 random;
	int id;
	int ops;
	int vcpus;
};

struct setup {
	const char *name;
	const char *layout;
	int threads;
	int vcpus;		/* 1: all share one */
};

static const struct setup setups[] = {
	{ "two threads, own vcpus", "N0:DMA32=32M,Normal=64M,Movable=32M", 2, 2 },
	{ "four threads, own vcpus", "N0:Normal=64M;N1:Normal=64M", 4, 4 },
	{ "four threads on one vcpu", "N0:DMA32=16M,Normal=32M", 4, 1 },
	{ "four threads on two vcpus, little memory", "N0:Normal=12M", 4, 2 },
};

static u32 next_random(struct worker *w, u32 n)
{
	w->random = w->random * 6364136223846793005ULL + 1442695040888963407ULL;
	return (w->random >> 33) % n;
}

static struct sbuddy_op random_op(struct worker *w)
{
	static const u32 gfp[] = { SBUDDY_GFP_KERNEL, SBUDDY_GFP_ATOMIC, SBUDDY_GFP_NOWAIT,
				   SBUDDY_GFP_HIGHUSER_MOVABLE | SBUDDY_GFP_COMP,
				   SBUDDY_GFP_KERNEL | SBUDDY_GFP_RECLAIMABLE };
	struct sbuddy_op op = { .nid = -1, .slot = next_random(w, SLOTS) };
	u32 dice = next_random(w, 100);

	op.cpu = (w->id + (next_random(w, 50) == 0)) % w->vcpus;
	if (dice < 46) {
		op.opcode = SBUDDY_OP_ALLOC;
		op.order = next_random(w, 4) ? next_random(w, 4) : next_random(w, 11);
		op.gfp = gfp[next_random(w, 5)];
	} else if (dice < 92) {
		op.opcode = SBUDDY_OP_FREE;
	} else if (dice < 95) {
		op.opcode = SBUDDY_OP_BULK;
		op.count = 1 + next_random(w, 30);
		op.gfp = SBUDDY_GFP_HIGHUSER_MOVABLE;
	} else if (dice < 98) {
		op.opcode = SBUDDY_OP_FREE_BATCH;
		op.count = 1 + next_random(w, 10);
	} else {
		op.opcode = next_random(w, 4) ? SBUDDY_OP_DECAY : SBUDDY_OP_DRAIN;
		op.slot = 0;
	}
	return op;
}

static void *work(void *arg)
{
	struct worker *w = arg;

	for (int i = 0; i < w->ops; i++) {
		struct sbuddy_op op = random_op(w);

		sbuddy_run_op(w->o, &op, op.cpu);
	}
	return NULL;
}

static bool check_all(struct sbuddy_machine *m, struct worker *w, int nr, char *why, size_t size)
{
	if (sbuddy_check(m, why, size))
		return false;
	for (int i = 0; i < nr; i++)
		if (sbuddy_owner_check(w[i].o, why, size))
			return false;
	return true;
}

/* Nobody holds a page: everything counted as allocated was counted as freed. */
static bool all_back(struct sbuddy_machine *m, char *why, size_t size)
{
	struct sbuddy_task task = { 0 };

	sbuddy_drain_all_pages(m, &task);
	if (sbuddy_check(m, why, size))
		return false;
	for (int i = 0; i < m->nr_zones; i++) {
		const struct sbuddy_zone *z = m->zones[i];

		if (sbuddy_zone_page_state_snapshot(z) == (long)z->managed_pages &&
		    sbuddy_zone_event(z, SBUDDY_PGALLOC) == sbuddy_zone_event(z, SBUDDY_PGFREE))
			continue;
		scnprintf(why, size, "zone %d: %ld of %lu pages free, %llu allocated, %llu freed",
			  i, sbuddy_zone_page_state_snapshot(z), z->managed_pages,
			  (unsigned long long)sbuddy_zone_event(z, SBUDDY_PGALLOC),
			  (unsigned long long)sbuddy_zone_event(z, SBUDDY_PGFREE));
		return false;
	}
	return true;
}

static struct sbuddy_machine *boot(const struct setup *s)
{
	struct sbuddy_config *cfg = calloc(1, sizeof(*cfg));
	struct sbuddy_machine *m = NULL;
	const char *expected;

	sbuddy_config_init(cfg);
	cfg->nr_vcpus = s->vcpus;
	if (sbuddy_layout_parse(s->layout, 0, &cfg->layout, &expected) ||
	    sbuddy_machine_create(cfg, &m))
		exit(2);
	free(cfg);
	return m;
}

static bool run(const struct setup *s, u64 seed, int ops)
{
	struct sbuddy_machine *m = boot(s);
	struct worker w[MAX_THREADS];
	char why[200] = "";
	bool ok;

	for (int i = 0; i < s->threads; i++) {
		w[i] = (struct worker){ .o = sbuddy_owner_create(m, i), .id = i, .ops = ops,
					.vcpus = s->vcpus, .random = seed * 1000 + i };
		if (pthread_create(&w[i].thread, NULL, work, &w[i]))
			exit(2);
	}
	for (int i = 0; i < s->threads; i++)
		pthread_join(w[i].thread, NULL);
	ok = check_all(m, w, s->threads, why, sizeof(why));
	printf("# pcp lock busy %llu times, %llu requests failed\n",
	       (unsigned long long)sbuddy_machine_event(m, SBUDDY_PCP_BUSY),
	       (unsigned long long)sbuddy_machine_event(m, SBUDDY_ALLOC_FAIL));
	for (int i = 0; i < s->threads; i++)
		sbuddy_owner_destroy(w[i].o, &(struct sbuddy_task){ .cpu = i % s->vcpus });
	if (ok)
		ok = all_back(m, why, sizeof(why));
	if (!ok)
		printf("# %s\n", why);
	sbuddy_machine_destroy(m);
	return ok;
}

int main(int argc, char **argv)
{
	static const struct option longs[] = {
		{ "seed", required_argument, NULL, 's' },
		{ "ops", required_argument, NULL, 'o' }, { NULL, 0, NULL, 0 },
	};
	u64 seed = time(NULL);
	int c, ops = 50000, failed = 0;

	while ((c = getopt_long(argc, argv, "", longs, NULL)) != -1) {
		if (c == 's')
			seed = strtoull(optarg, NULL, 0);
		else if (c == 'o')
			ops = atoi(optarg);
		else
			return 2;
	}
	printf("TAP version 13\n1..%zu\n", ARRAY_SIZE(setups));
	for (size_t i = 0; i < ARRAY_SIZE(setups); i++) {
		bool ok = run(&setups[i], seed, ops);

		failed += !ok;
		printf("%s %zu - %s --seed %llu --ops %d\n", ok ? "ok" : "not ok", i + 1,
		       setups[i].name, (unsigned long long)seed, ops);
		fflush(stdout);
	}
	return failed != 0;
}
