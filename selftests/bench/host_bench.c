// SPDX-License-Identifier: GPL-2.0
/*
 * sbuddy-bench: what the engine costs natively, on 1 GiB of one zone.
 *
 *	sbuddy-bench [--case NAME] [--order N] [--threads N] [--runs N] [--callgrind]
 *
 * Cases, as in the literature on page allocators:
 *	repeat	half the memory taken, then allocate and free; an op is a pair
 *	bulk	take half the memory, give it back in the same order
 *	rand	take half the memory, give it back shuffled
 *	churn	half taken, then free a random block and allocate one; a pair
 *
 * Each thread has a vcpu of its own and its share of the memory.  A line a
 * case with the median of the runs; --callgrind runs each case once more under
 * valgrind and counts instructions, which repeat exactly where nanoseconds do
 * not.
 */
#include <getopt.h>
#include <pthread.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "sbuddy/engine.h"

#define MEMORY		(1UL << 30)
#define MAX_THREADS	64
#define MAX_RUNS	99
#define REPEAT_OPS	1000000UL
#define GFP		SBUDDY_GFP_KERNEL

enum { REPEAT, BULK, RAND, CHURN, NR_CASES };

static const char * const case_names[NR_CASES] = { "repeat", "bulk", "rand", "churn" };

/* One thread's part of a run. */
struct worker {
	struct sbuddy_machine *m;
	struct sbuddy_task task;
	int bench;
	unsigned int order;
	unsigned long blocks;		/* held by this thread */
	unsigned long ops;
	struct sbuddy_page **held;
	unsigned int *turn;		/* random indices into held */
	double alloc_ns, free_ns;	/* whole loops */
	pthread_barrier_t *start;
};

/* CPU time of the thread: what else runs on the machine is not what is measured. */
static double now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &ts);
	return ts.tv_sec * 1e9 + ts.tv_nsec;
}

static u64 rnd(u64 *state)
{
	u64 x = *state;

	x ^= x << 13;
	x ^= x >> 7;
	x ^= x << 17;
	return *state = x;
}

static __always_inline struct sbuddy_page *take(struct worker *w)
{
	struct sbuddy_page *page = sbuddy_alloc_pages(w->m, &w->task, GFP, w->order, 0);

	if (unlikely(!page)) {
		fprintf(stderr, "allocation failed: a benchmark that fails reports nothing\n");
		exit(1);
	}
	return page;
}

static __always_inline void give(struct worker *w, struct sbuddy_page *page)
{
	if (unlikely(sbuddy_free_pages(w->m, &w->task, page, w->order))) {
		fprintf(stderr, "free failed: a benchmark that fails reports nothing\n");
		exit(1);
	}
}

/* The measured loops have names of their own: callgrind collects inside them. */
static noinline void bench_take_all(struct worker *w)
{
	for (unsigned long i = 0; i < w->blocks; i++)
		w->held[i] = take(w);
}

static noinline void bench_give_all(struct worker *w)
{
	for (unsigned long i = 0; i < w->blocks; i++)
		give(w, w->held[i]);
}

static noinline void bench_repeat(struct worker *w)
{
	for (unsigned long i = 0; i < w->ops; i++)
		give(w, take(w));
}

static noinline void bench_churn(struct worker *w)
{
	for (unsigned long i = 0; i < w->ops; i++) {
		struct sbuddy_page **p = &w->held[w->turn[i]];

		give(w, *p);
		*p = take(w);
	}
}

static void shuffle(struct worker *w)
{
	u64 state = 88172645463325252ULL + w->task.cpu;

	for (unsigned long i = w->blocks - 1; i; i--) {
		unsigned long j = rnd(&state) % (i + 1);

		swap(w->held[i], w->held[j]);
	}
}

static void prepare_turns(struct worker *w)
{
	u64 state = 1181783497276652981ULL + w->task.cpu;

	for (unsigned long i = 0; i < w->ops; i++)
		w->turn[i] = rnd(&state) % w->blocks;
}

static double timed(struct worker *w, void (*loop)(struct worker *))
{
	double t;

	pthread_barrier_wait(w->start);
	t = now_ns();
	loop(w);
	return now_ns() - t;
}

static void *work(void *arg)
{
	struct worker *w = arg;

	switch (w->bench) {
	case REPEAT:
		bench_take_all(w);
		w->alloc_ns = timed(w, bench_repeat);
		bench_give_all(w);
		break;
	case CHURN:
		prepare_turns(w);
		bench_take_all(w);
		shuffle(w);
		w->alloc_ns = timed(w, bench_churn);
		bench_give_all(w);
		break;
	default:
		w->ops = 2 * w->blocks;
		w->alloc_ns = timed(w, bench_take_all);
		if (w->bench == RAND)
			shuffle(w);
		w->free_ns = timed(w, bench_give_all);
	}
	return NULL;
}

struct result {
	double ns_per_op, alloc_ns, free_ns;
	unsigned long ops;
};

static struct sbuddy_machine *make_machine(int threads, double *init_ns)
{
	struct sbuddy_config *cfg = calloc(1, sizeof(*cfg));
	struct sbuddy_machine *m;
	const char *expected;
	double t;

	sbuddy_config_init(cfg);
	cfg->nr_vcpus = threads;
	if (!cfg || sbuddy_layout_parse("N0:Normal=1G", 0, &cfg->layout, &expected))
		exit(1);
	t = now_ns();
	if (sbuddy_machine_create(cfg, &m)) {
		fprintf(stderr, "no machine\n");
		exit(1);
	}
	*init_ns = now_ns() - t;
	free(cfg);
	return m;
}

static void run_threads(struct worker *w, int threads)
{
	pthread_t tid[MAX_THREADS];
	int i;

	for (i = 1; i < threads; i++)
		pthread_create(&tid[i], NULL, work, &w[i]);
	work(&w[0]);
	for (i = 1; i < threads; i++)
		pthread_join(tid[i], NULL);
}

static struct result run_once(struct sbuddy_machine *m, int bench, unsigned int order, int threads)
{
	unsigned long half = MEMORY / 2 >> (SBUDDY_PAGE_SHIFT + order);
	struct worker w[MAX_THREADS];
	struct result r = { 0 };
	pthread_barrier_t start;

	pthread_barrier_init(&start, NULL, threads);
	for (int i = 0; i < threads; i++) {
		w[i] = (struct worker){
			.m = m, .task.cpu = i, .bench = bench, .order = order,
			.blocks = half / threads, .ops = REPEAT_OPS / threads, .start = &start,
		};
		w[i].held = calloc(w[i].blocks, sizeof(*w[i].held));
		w[i].turn = calloc(w[i].ops, sizeof(*w[i].turn));
	}
	run_threads(w, threads);
	for (int i = 0; i < threads; i++) {
		double ns = w[i].alloc_ns + w[i].free_ns;

		r.ops += w[i].ops;
		r.ns_per_op = max(r.ns_per_op, ns / w[i].ops);
		r.alloc_ns = max(r.alloc_ns, w[i].alloc_ns / w[i].blocks);
		r.free_ns = max(r.free_ns, w[i].free_ns / w[i].blocks);
		free(w[i].held);
		free(w[i].turn);
	}
	pthread_barrier_destroy(&start);
	return r;
}

static int by_ns(const void *a, const void *b)
{
	const struct result *x = a, *y = b;

	return (x->ns_per_op > y->ns_per_op) - (x->ns_per_op < y->ns_per_op);
}

static void run_case(int bench, unsigned int order, int threads, int runs)
{
	struct result r[MAX_RUNS];
	double init_ns;
	struct sbuddy_machine *m = make_machine(threads, &init_ns);
	const struct result *mid = &r[runs / 2];

	if (runs > 1)
		run_once(m, bench, order, threads);
	for (int i = 0; i < runs; i++)
		r[i] = run_once(m, bench, order, threads);
	qsort(r, runs, sizeof(r[0]), by_ns);
	printf("case=%s order=%u threads=%d ns_per_op=%.1f ops=%lu min=%.1f max=%.1f",
	       case_names[bench], order, threads, mid->ns_per_op, mid->ops, r[0].ns_per_op,
	       r[runs - 1].ns_per_op);
	if (mid->free_ns)
		printf(" alloc_ns=%.1f free_ns=%.1f", mid->alloc_ns, mid->free_ns);
	printf(" mops_per_s=%.1f init_ms=%.2f\n", threads * 1e3 / mid->ns_per_op, init_ns / 1e6);
	fflush(stdout);
	sbuddy_machine_destroy(m);
}

/* ---- instructions: the same program under valgrind ---- */

static unsigned long callgrind_total(const char *path)
{
	unsigned long n = 0;
	char line[256];
	FILE *f = fopen(path, "r");

	while (f && fgets(line, sizeof(line), f))
		if (sscanf(line, "totals: %lu", &n) == 1)
			break;
	if (f)
		fclose(f);
	return n;
}

static void run_callgrind(const char *self, int bench, unsigned int order)
{
	unsigned long ops = bench == REPEAT || bench == CHURN ? REPEAT_OPS :
			    MEMORY >> (SBUDDY_PAGE_SHIFT + order);
	const char *loop = bench == REPEAT ? "bench_repeat" :
			   bench == CHURN ? "bench_churn" : "bench_*_all";
	char out[64], out_arg[128], toggle[64], order_arg[16];
	unsigned long total;
	int status;
	pid_t pid;

	snprintf(out, sizeof(out), "/tmp/sbuddy-bench.%d", getpid());
	snprintf(out_arg, sizeof(out_arg), "--callgrind-out-file=%s", out);
	snprintf(toggle, sizeof(toggle), "--toggle-collect=%s", loop);
	snprintf(order_arg, sizeof(order_arg), "%u", order);
	pid = fork();
	if (!pid) {
		if (!freopen("/dev/null", "w", stderr) || !freopen("/dev/null", "w", stdout))
			_exit(127);
		execlp("valgrind", "valgrind", "--tool=callgrind", out_arg, toggle, self, "--case",
		       case_names[bench], "--order", order_arg, "--runs", "1", "--threads",
		       "1", NULL);
		_exit(127);
	}
	if (waitpid(pid, &status, 0) != pid || status) {
		fprintf(stderr, "valgrind failed: is it installed?\n");
		exit(1);
	}
	total = callgrind_total(out);
	unlink(out);
	printf("case=%s order=%u threads=1 instructions_per_op=%.1f ops=%lu\n", case_names[bench],
	       order, (double)total / ops, ops);
	fflush(stdout);
}

static int usage(const char *name)
{
	fprintf(stderr,
		"usage: %s [--case repeat|bulk|rand|churn] [--order 0..10] [--threads 1..64]\n"
		"       [--runs 1..99] [--callgrind]\n",
		name);
	return 2;
}

static int case_number(const char *name)
{
	for (int i = 0; i < NR_CASES; i++)
		if (!strcmp(name, case_names[i]))
			return i;
	return -1;
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "case", required_argument, NULL, 'c' },
		{ "order", required_argument, NULL, 'o' },
		{ "threads", required_argument, NULL, 't' },
		{ "runs", required_argument, NULL, 'r' },
		{ "callgrind", no_argument, NULL, 'g' },
		{ NULL, 0, NULL, 0 },
	};
	static const unsigned int default_orders[] = { 0, 9 };
	int bench = -1, order = -1, threads = 0, runs = 5, opt;
	bool callgrind = false;

	while ((opt = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (opt) {
		case 'c':
			bench = case_number(optarg);
			if (bench < 0)
				return usage(argv[0]);
			break;
		case 'o':
			order = atoi(optarg);
			break;
		case 't':
			threads = atoi(optarg);
			break;
		case 'r':
			runs = atoi(optarg);
			break;
		case 'g':
			callgrind = true;
			break;
		default:
			return usage(argv[0]);
		}
	}
	if (order > SBUDDY_MAX_PAGE_ORDER || threads < 0 || threads > MAX_THREADS || runs < 1 ||
	    runs > MAX_RUNS || optind != argc)
		return usage(argv[0]);

	for (int c = 0; c < NR_CASES; c++) {
		if (bench >= 0 && c != bench)
			continue;
		for (size_t i = 0; i < ARRAY_SIZE(default_orders); i++) {
			unsigned int o = order < 0 ? default_orders[i] : (unsigned int)order;

			if (order >= 0 && i)
				break;
			if (callgrind) {
				run_callgrind(argv[0], c, o);
				continue;
			}
			for (int t = threads ? threads : 1; t <= (threads ? threads : 2); t++)
				run_case(c, o, t, runs);
		}
	}
	return 0;
}
