// SPDX-License-Identifier: GPL-2.0
/*
 * sbuddy-record: the page allocations of the kernel that runs, into a file.
 *
 *	sbuddy-record [-o FILE] [-b KIB] [-i] [-s SECONDS] [COMMAND [ARG...]]
 *	sbuddy-record [-o FILE] -I INSTANCE
 *
 *	-o FILE		the recording (sbuddy.sbr), format in sbr.h
 *	-b KIB		buffer of each CPU (16384): room for 450,000 events
 *	-i		also the events inside the allocator: refills, drains, steals
 *	-s SECONDS	ends after that long, else with COMMAND or with ctrl-C
 *	-I INSTANCE	what a tracefs instance holds that others set up and stopped
 *
 * Makes a tracefs instance of its own, so that nobody else's tracing is
 * disturbed, and empties its buffers into FILE ten times a second.  What did
 * not fit is counted by the kernel, told here and kept in the recording.  Its
 * own page allocations are part of what it records.
 *
 * The exit status is COMMAND's; 1 if recording failed, 2 for wrong usage.
 */
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "instance.h"
#include "kmem.h"

#define POLL_NS		100000000L

static struct {
	const char *out, *buffer_kib, *instance;
	bool inside;
	double seconds;
	char **command;
} options = { .out = "sbuddy.sbr", .buffer_kib = "16384" };

static struct instance instance;
static struct trace_reader reader;
static volatile sig_atomic_t stopped;

static void stop(int sig)
{
	(void)sig;
	stopped = 1;
}

static void die(const char *what, int err)
{
	fprintf(stderr, "sbuddy-record: %s: %s\n", what, strerror(-err));
	trace_close(&reader);
	instance_destroy(&instance);
	exit(1);
}

static void must_write(const char *name, const char *text)
{
	int err = instance_write(&instance, name, text);

	if (err)
		die(name, err);
}

static void set_up(void)
{
	const char *failed;
	int err = instance_create(&instance, "sbuddy_record", options.buffer_kib);

	if (err)
		die(instance.dir, err);
	if (instance_probe(&instance, "sbuddy_bulk", KMEM_BULK_PROBE))
		fprintf(stderr, "sbuddy-record: this kernel cannot show pages allocated in bulk\n");
	err = instance_kmem_events(&instance, options.inside, &failed);
	if (err)
		die(failed, err);
}

/* Lines "PID NAME" of the tasks that ftrace saw. */
static void write_comms(struct sbr_writer *w)
{
	FILE *f = fopen(TRACING "/saved_cmdlines", "r");
	struct sbr_comm *comms = NULL;
	char line[128], name[64];
	unsigned int pid, nr = 0;

	while (f && fgets(line, sizeof(line), f)) {
		struct sbr_comm *more;

		if (sscanf(line, "%u %63[^\n]", &pid, name) != 2)
			continue;
		more = realloc(comms, (nr + 1) * sizeof(*more));
		if (!more)
			break;
		comms = more;
		memset(&comms[nr], 0, sizeof(*comms));
		comms[nr].pid = pid;
		memcpy(comms[nr++].comm, name, strnlen(name, SBR_COMM_MAX));
	}
	if (f)
		fclose(f);
	sbr_write_comms(w, comms, nr);
	free(comms);
}

/* ---- recording ---- */

static double now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec + ts.tv_nsec / 1e9;
}

static pid_t start_command(void)
{
	pid_t child = fork();

	if (child < 0)
		die(options.command[0], -errno);
	if (child)
		return child;
	execvp(options.command[0], options.command);
	fprintf(stderr, "sbuddy-record: %s: %s\n", options.command[0], strerror(errno));
	_exit(127);
}

/* Empties the buffers until it is time to end.  Returns the command's status. */
static int follow(struct trace_reader *r, const struct trace_sink *sink)
{
	const struct timespec pause = { .tv_nsec = POLL_NS };
	double end = now() + options.seconds;
	int status = 0, err;
	pid_t child = 0;

	must_write("tracing_on", "1");
	if (options.command)
		child = start_command();
	while (!stopped && (options.seconds <= 0 || now() < end)) {
		if (child > 0 && waitpid(child, &status, WNOHANG) == child)
			break;
		nanosleep(&pause, NULL);
		err = trace_drain(r, sink);
		if (err)
			die("reading the buffers", err);
	}
	must_write("tracing_on", "0");
	if (WIFSIGNALED(status))
		return 128 + WTERMSIG(status);
	return WEXITSTATUS(status);
}

static FILE *create(struct sbr_writer *w, int nr_cpus)
{
	FILE *out = fopen(options.out, "w+");
	struct utsname un;
	struct timespec ts;
	int err;

	if (!out)
		die(options.out, -errno);
	uname(&un);
	err = sbr_create(w, out, SBR_FROM_FTRACE, nr_cpus, un.release);
	if (err)
		die(options.out, err);
	clock_gettime(CLOCK_REALTIME, &ts);
	w->header.start_ns = ts.tv_sec * 1000000000ULL + ts.tv_nsec;
	return out;
}

static void finish(struct sbr_writer *w, FILE *out, const struct kmem *k)
{
	uint64_t events = w->header.nr_events, lost = w->header.lost;
	int err = sbr_finish(w);

	if (!err && fclose(out))
		err = -errno;
	if (err)
		die(options.out, err);
	fprintf(stderr, "sbuddy-record: %s: %" PRIu64 " events, %" PRIu64 " lost\n", options.out,
		events, lost);
	if (k->bulk_unseen)
		fprintf(stderr, "sbuddy-record: %" PRIu64 " pages of large bulk allocations unseen\n",
			k->bulk_unseen);
}

static void put_event(void *w, const struct sbr_event *e)
{
	sbr_write(w, e);
}

static void put_mark(void *w, const struct sbr_event *e, const char *name)
{
	sbr_write_mark(w, e->cpu, e->time_ns, name);
}

static void put_lost(void *w, int cpu, uint64_t lost)
{
	sbr_write_lost(w, cpu, lost);
}

static int record(void)
{
	struct sbr_writer w;
	struct kmem k;
	struct trace_sink sink = { .event = kmem_event, .lost = kmem_lost, .arg = &k };
	const struct kmem_sink into = { .event = put_event, .mark = put_mark, .lost = put_lost,
					.arg = &w };
	int err, status = 0;
	FILE *out;

	err = trace_open(&reader, instance.dir);
	if (err)
		die(instance.dir, err);
	out = create(&w, reader.nr_cpus);
	if (kmem_init(&k, instance.dir, &into))
		die("events of kmem:", -ENOENT);
	if (instance.own)
		status = follow(&reader, &sink);
	err = trace_drain(&reader, &sink);
	if (err)
		die("reading the buffers", err);
	trace_close(&reader);
	write_comms(&w);
	finish(&w, out, &k);
	return status;
}

static void usage(void)
{
	fprintf(stderr, "usage: sbuddy-record [-o FILE] [-b KIB] [-i] [-s SECONDS] [COMMAND...]\n"
		"       sbuddy-record [-o FILE] -I INSTANCE\n");
	exit(2);
}

static void parse(int argc, char **argv)
{
	char *end = "";
	int c;

	while ((c = getopt(argc, argv, "+o:b:is:I:")) != -1) {
		switch (c) {
		case 'o':
			options.out = optarg;
			break;
		case 'b':
			options.buffer_kib = optarg;
			break;
		case 'i':
			options.inside = true;
			break;
		case 's':
			options.seconds = strtod(optarg, &end);
			break;
		case 'I':
			options.instance = optarg;
			break;
		default:
			usage();
		}
		if (*end)
			usage();
	}
	if (optind < argc)
		options.command = argv + optind;
	if (options.instance && (options.command || options.seconds > 0))
		usage();
}

int main(int argc, char **argv)
{
	int status;

	parse(argc, argv);
	signal(SIGINT, stop);
	signal(SIGTERM, stop);
	if (options.instance)
		snprintf(instance.dir, sizeof(instance.dir), "%s", options.instance);
	else
		set_up();
	status = record();
	instance_destroy(&instance);
	return status;
}
