// SPDX-License-Identifier: GPL-2.0
/*
 * sbuddy-twin: predicts which page the living kernel will take.
 *
 *	sbuddy-twin [-s SECONDS] [-r PERCENT] [-n NODE] [-v] [COMMAND [ARG...]]
 *
 *	-s SECONDS	ends after that long, else with COMMAND or with ctrl-C
 *	-r PERCENT	exit status 1 if fewer predictions were right
 *	-n NODE		which node's zones (0)
 *	-v		each miss, as it happens
 *
 * Clones the node's zones (the module's debugfs live/nodeN/snapshot), takes
 * the kernel's events from a tracefs instance of its own and follows them on
 * the clone.  Of each allocation the page is computed before the event is
 * compared.  A line a second shows how many were right; misses are told by their
 * reason.  Where the machine went astray, or events were lost, it is cloned
 * anew; allocations until then are counted as not predicted.
 *
 * Where in the row of events the clone belongs, the tracepoint
 * sbuddy_live_zone_copied tells, which fires while the zone is locked.
 */
#include <fcntl.h>
#include <getopt.h>
#include <inttypes.h>
#include <signal.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "instance.h"
#include "kmem.h"
#include "twin_queue.h"
#include "twin_state.h"

#define POLL_NS		20000000L
#define SECOND_NS	((uint64_t)1000000000)
#define LAG_NS		((uint64_t)40000000)	/* so late a batch may be told behind its frees */
#define RECLONE_NS	((uint64_t)200000000)	/* not more often than this */
#define BUFFER_KIB	"16384"

static struct {
	double seconds, least;
	int node;
	bool verbose;
	char **command;
} options;

static struct instance instance;
static struct trace_reader reader;
static struct kmem kmem;
static struct twin_queue queue;
static struct twin twin;
static uint64_t last_clone_ns, events_lost;
static volatile sig_atomic_t stopped;

/* Events besides those of kmem:, and what they mean. */
static struct extra {
	const char *event;
	const char *probe;		/* its definition, or NULL */
	enum twin_extra kind;
	int id;
} extras[] = {
	{ "kprobes/sbuddy_decay", "p:sbuddy_decay refresh_cpu_vm_stats pagesets=$arg1:u8",
	  EXTRA_DECAY, -1 },
	{ "kprobes/sbuddy_drain", "p:sbuddy_drain __drain_all_pages", EXTRA_DRAIN_ALL, -1 },
	{ "vmscan/mm_vmscan_direct_reclaim_begin", NULL, EXTRA_RECLAIM, -1 },
	{ "vmscan/mm_vmscan_kswapd_wake", NULL, EXTRA_KSWAPD_WAKE, -1 },
	{ "vmscan/mm_vmscan_kswapd_sleep", NULL, EXTRA_KSWAPD_SLEEP, -1 },
	{ "vmscan/mm_vmscan_lru_shrink_inactive", NULL, EXTRA_RECLAIM, -1 },
	{ "compaction/mm_compaction_begin", NULL, EXTRA_COMPACTION, -1 },
	{ "compaction/mm_compaction_isolate_freepages", NULL, EXTRA_COMPACTION, -1 },
	{ "sbuddy/sbuddy_live_zone_copied", NULL, EXTRA_CUT, -1 },
};

static struct trace_field cut_start, decay_pagesets;

static void stop(int sig)
{
	(void)sig;
	stopped = 1;
}

static void die(const char *what, const char *why)
{
	fprintf(stderr, "sbuddy-twin: %s: %s\n", what, why);
	trace_close(&reader);
	instance_destroy(&instance);
	exit(1);
}

static void check(int err, const char *what)
{
	if (err)
		die(what, strerror(-err));
}

static uint64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * SECOND_NS + ts.tv_nsec;
}

/* ---- events into the queue ---- */

static void put_event(void *arg, const struct sbr_event *e)
{
	(void)arg;
	check(twin_queue_add(&queue, e), "queue");
}

static void put_mark(void *arg, const struct sbr_event *e, const char *name)
{
	(void)arg;
	(void)e;
	(void)name;
}

static void put_lost(void *arg, int cpu, uint64_t lost)
{
	struct sbr_event e = { .cpu = cpu, .kind = EXTRA_LOST, .gfp = lost,
			       .time_ns = queue.cpus[cpu].last_ns };

	events_lost += lost;
	put_event(arg, &e);
}

static bool put_extra(const struct trace_record *rec)
{
	struct sbr_event e = { .cpu = rec->cpu, .time_ns = rec->time_ns };
	uint16_t id;

	memcpy(&id, rec->data, sizeof(id));
	for (size_t i = 0; i < ARRAY_SIZE(extras); i++) {
		if (extras[i].id != id)
			continue;
		e.kind = extras[i].kind;
		if (e.kind == EXTRA_CUT)
			e.pfn = trace_get(rec, &cut_start);
		if (e.kind == EXTRA_DECAY && !trace_get(rec, &decay_pagesets))
			return true;
		put_event(NULL, &e);
		return true;
	}
	return false;
}

static void take_record(void *arg, const struct trace_record *rec)
{
	if (rec->len >= sizeof(uint16_t) && !put_extra(rec))
		kmem_event(arg, rec);
}

static void drain(void)
{
	const struct trace_sink sink = { .event = take_record, .lost = kmem_lost, .arg = &kmem };

	check(trace_drain(&reader, &sink), "reading the buffers");
}

/* ---- setting up ---- */

static void enable_extra(struct extra *x)
{
	const char *name = strchr(x->event, '/') + 1;
	char file[128];
	int err;

	snprintf(file, sizeof(file), "events/%s/enable", x->event);
	err = x->probe ? instance_probe(&instance, name, x->probe) :
			 instance_write(&instance, file, "1");
	if (err)
		fprintf(stderr, "sbuddy-twin: no event %s\n", x->event);
	else
		x->id = trace_event_id(instance.dir, x->event);
	if (err && x->kind == EXTRA_CUT)
		die(x->event, "the module is not loaded");
}

static void set_up(void)
{
	const struct kmem_sink sink = { .event = put_event, .mark = put_mark, .lost = put_lost };
	const char *failed = "instance";

	check(instance_create(&instance, "sbuddy_twin", BUFFER_KIB), failed);
	instance_probe(&instance, "sbuddy_bulk", KMEM_BULK_PROBE);
	check(instance_kmem_events(&instance, false, &failed), failed);
	for (size_t i = 0; i < ARRAY_SIZE(extras); i++)
		enable_extra(&extras[i]);
	trace_event_field(instance.dir, "sbuddy/sbuddy_live_zone_copied", "start_pfn",
			  &cut_start);
	trace_event_field(instance.dir, "kprobes/sbuddy_decay", "pagesets", &decay_pagesets);
	check(kmem_init(&kmem, instance.dir, &sink), "events of kmem:");
	check(trace_open(&reader, instance.dir), instance.dir);
	check(twin_queue_init(&queue, reader.nr_cpus), "queue");
	check(instance_write(&instance, "tracing_on", "1"), "tracing_on");
}

/* ---- clones ---- */

static char *read_snapshot(size_t *len)
{
	size_t room = 1 << 20, n = 0;
	char path[128], *text = malloc(room);
	ssize_t got = 1;
	int fd;

	snprintf(path, sizeof(path), "/sys/kernel/debug/sbuddy/live/node%d/snapshot",
		 options.node);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		die(path, strerror(errno));
	while (text && got > 0) {
		if (n == room) {
			char *more = realloc(text, room *= 2);

			if (!more)
				break;
			text = more;
		}
		got = read(fd, text + n, room - n);
		n += got > 0 ? got : 0;
	}
	if (!text || got)
		die(path, strerror(got < 0 ? errno : ENOMEM));
	close(fd);
	*len = n;
	return text;
}

/* Events up to the clone are in it; how late each zone is, they tell themselves. */
static void clone_zones(void)
{
	char why[256];
	size_t len;
	char *text = read_snapshot(&len);

	drain();
	if (twin_clone(&twin, text, len, why, sizeof(why)))
		die("the snapshot", why);
	free(text);
	for (int cpu = 0; cpu < queue.nr_cpus; cpu++)
		for (size_t i = 0; i < queue.cpus[cpu].nr; i++) {
			const struct sbr_event *e = &queue.cpus[cpu].events[i];

			if (e->kind == EXTRA_CUT)
				twin_cut(&twin, e->pfn, e->time_ns);
		}
	last_clone_ns = now_ns();
}

/* ---- following ---- */

static void tell_miss(const struct sbr_event *e, const struct twin_stats *before)
{
	for (int i = 0; i < TWIN_NR_MISSES; i++)
		if (twin.stats.misses[i] > before->misses[i])
			printf("miss at %" PRIu64 ".%06" PRIu64 " cpu=%u pid=%u pfn=%" PRIx64
			       " predicted=%" PRIx64 " order=%u gfp=%x context=%x: %s\n",
			       e->time_ns / SECOND_NS, e->time_ns % SECOND_NS / 1000, e->cpu,
			       e->pid, e->pfn, twin.missed_pfn, e->order, e->gfp, e->context,
			       twin_miss_name(i));
}

static void follow_step(const struct sbr_event *e)
{
	static const enum twin_step steps[] = {
		[EXTRA_DECAY] = TWIN_DECAY,
		[EXTRA_DRAIN_ALL] = TWIN_DRAIN_ALL,
		[EXTRA_RECLAIM] = TWIN_RECLAIMING,
		[EXTRA_COMPACTION] = TWIN_COMPACTING,
		[EXTRA_KSWAPD_WAKE] = TWIN_KSWAPD_WAKE,
		[EXTRA_KSWAPD_SLEEP] = TWIN_KSWAPD_SLEEP,
	};

	if (e->kind >= EXTRA_DECAY)
		twin_step(&twin, steps[e->kind], e->cpu, e->time_ns);
}

static void follow_event(const struct sbr_event *e, unsigned int nr)
{
	const struct twin_stats before = twin.stats;

	switch (e->kind) {
	case SBR_ALLOC:
		twin_alloc(&twin, e);
		break;
	case SBR_BULK:
		twin_bulk(&twin, e, nr);
		break;
	case SBR_FREE:
	case SBR_BATCHED:
		twin_free(&twin, e, e->kind == SBR_BATCHED);
		break;
	case EXTRA_LOST:
		twin_lost(&twin);
		break;
	default:
		follow_step(e);
	}
	if (options.verbose)
		tell_miss(e, &before);
}

/* Everything up to @horizon: before that no CPU has anything to tell any more. */
static void follow_until(uint64_t horizon)
{
	const struct sbr_event *e;
	unsigned int nr;

	while ((e = twin_queue_next(&queue, horizon, &nr)))
		follow_event(e, nr);
	twin_queue_shrink(&queue);
	if (!twin.m || (twin_went_astray(&twin) && now_ns() - last_clone_ns > RECLONE_NS))
		clone_zones();
}

static double percent(uint64_t part, uint64_t whole)
{
	return whole ? 100.0 * part / whole : 100;
}

static void tell_second(double seconds, const struct twin_stats *then)
{
	const struct twin_stats *s = &twin.stats;
	uint64_t allocs = s->allocs - then->allocs, hits = s->hits - then->hits;

	printf("%6.1f s: %8" PRIu64 " allocations, %6.2f %% predicted; in all %6.2f %%, %" PRIu64
	       " clones\n", seconds, allocs, percent(hits, allocs), percent(s->hits, s->allocs),
	       s->clones);
	fflush(stdout);
}

static pid_t start_command(void)
{
	pid_t child = fork();

	if (child < 0)
		die(options.command[0], strerror(errno));
	if (child)
		return child;
	execvp(options.command[0], options.command);
	fprintf(stderr, "sbuddy-twin: %s: %s\n", options.command[0], strerror(errno));
	_exit(127);
}

static bool goes_on(pid_t child, uint64_t start)
{
	if (stopped || (options.seconds > 0 && now_ns() - start > options.seconds * SECOND_NS))
		return false;
	return child <= 0 || !waitpid(child, NULL, WNOHANG);
}

static void follow(void)
{
	const struct timespec pause = { .tv_nsec = POLL_NS };
	uint64_t start, told, horizon;
	struct twin_stats then;
	pid_t child = 0;

	clone_zones();
	start = now_ns();
	told = start;
	then = twin.stats;
	if (options.command)
		child = start_command();
	while (goes_on(child, start)) {
		nanosleep(&pause, NULL);
		horizon = now_ns() - LAG_NS;
		drain();
		follow_until(horizon);
		if (now_ns() - told < SECOND_NS)
			continue;
		tell_second((now_ns() - start) / 1e9, &then);
		told = now_ns();
		then = twin.stats;
	}
	instance_write(&instance, "tracing_on", "0");
	drain();
	follow_until(UINT64_MAX);
}

static void report(void)
{
	const struct twin_stats *s = &twin.stats;

	printf("%" PRIu64 " allocations predicted, %" PRIu64 " right: %.2f %%\n", s->allocs,
	       s->hits, percent(s->hits, s->allocs));
	for (int i = 0; i < TWIN_NR_MISSES; i++)
		if (s->misses[i])
			printf("  missed, %-30s %8" PRIu64 "\n", twin_miss_name(i), s->misses[i]);
	printf("%" PRIu64 " allocations before a clone, %" PRIu64 " events of other frames, %"
	       PRIu64 " lost; %" PRIu64 " clones\n", s->not_predicted, s->outside, events_lost,
	       s->clones);
	printf("%" PRIu64 " frees, %" PRIu64 " of pages in use when cloned, %" PRIu64
	       " of pages nobody was seen to allocate\n", s->frees, s->adopted,
	       s->unseen_allocs);
}

static int usage(void)
{
	fprintf(stderr, "usage: sbuddy-twin [-s SECONDS] [-r PERCENT] [-n NODE] [-v] [COMMAND...]\n");
	return 2;
}

int main(int argc, char **argv)
{
	int c;

	while ((c = getopt(argc, argv, "+s:r:n:v")) != -1) {
		if (c == 's')
			options.seconds = strtod(optarg, NULL);
		else if (c == 'r')
			options.least = strtod(optarg, NULL);
		else if (c == 'n')
			options.node = strtol(optarg, NULL, 10);
		else if (c == 'v')
			options.verbose = true;
		else
			return usage();
	}
	if (optind < argc)
		options.command = argv + optind;
	signal(SIGINT, stop);
	signal(SIGTERM, stop);
	set_up();
	follow();
	trace_close(&reader);
	instance_destroy(&instance);
	report();
	twin_queue_free(&queue);
	return percent(twin.stats.hits, twin.stats.allocs) < options.least;
}
