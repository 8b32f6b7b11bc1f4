// SPDX-License-Identifier: GPL-2.0
/*
 * sbuddy-replay: a recording on a shadow in this program, or on two.
 *
 *	sbuddy-replay [OPTION...] RECORDING
 *	sbuddy-replay [OPTION...] --a SETTINGS --b SETTINGS RECORDING
 *
 *	--set SETTINGS	"NAME=VALUE ..." for all shadows: layout, size, vcpus,
 *			base_pfn, thp, llc, compat, and the knobs of vm/ by their names
 *	--layout L, --vcpus N	the same as --set layout=L, --set vcpus=N
 *	--a, --b	settings of two shadows that are compared
 *	--speed S	max, or times the speed of the recording: 1x, 0.5x, 100x
 *	--slices N	samples that are taken (96)
 *	--csv FILE	all samples, for scripts/plot/compare.py
 *	--ops FILE	each operation and the frame that it got (of A)
 *	--counts	what became of events and operations, as "name value" lines
 *	--runs N	so many times over; the speed is that of the fastest
 *
 * Without size and layout a shadow has a quarter more memory than the recorded
 * programs held at most.  Without vcpus it has as many as the recorded machine.
 *
 * Exit status 0; 1 for a recording that is none, a setting that the engine
 * refuses, or a shadow that is damaged in the end; 2 for wrong usage.
 */
#include <getopt.h>
#include <inttypes.h>
#include <unistd.h>

#include "native.h"

#define MAX_SLICES	100000
#define HUGE_ORDER	9
#define LARGE_ORDER	3

static struct {
	char common[SETTINGS_MAX];
	const char *setting[2];
	struct pace pace;
	unsigned int slices, runs;
	const char *csv, *ops;
	bool counts;
} options = { .slices = 96, .runs = 1 };

static struct sbr_file recording;
static struct settings settings[2];
static struct native shadows[2];
static double best_seconds[2];
static FILE *csv_file;

static const char * const names[] = { "A", "B" };

static void die(const char *what, const char *why)
{
	fprintf(stderr, "sbuddy-replay: %s: %s\n", what, why);
	exit(1);
}

static FILE *create(const char *path)
{
	FILE *f = fopen(path, "w");

	if (!f)
		die(path, strerror(errno));
	return f;
}

static void finish(FILE *f, const char *path)
{
	bool bad = ferror(f);

	if (fclose(f) || bad)
		die(path, "write error");
}

static unsigned int nr_shadows(void)
{
	return options.setting[1] ? 2 : 1;
}

/* ---- the run ---- */

static void write_csv_head(void)
{
	static const char * const groups[] = { "unusable", "extfrag", "nr_free" };

	for (unsigned int i = 0; i < nr_shadows(); i++)
		fprintf(csv_file, "# %s: %s\n", names[i], settings[i].text);
	fputs("setting,zone,op,time_us,held_pages,refused_pages,free_pages", csv_file);
	fputs(",claims,steals,refill_pages,drain_pages,boosts", csv_file);
	for (size_t g = 0; g < ARRAY_SIZE(groups); g++)
		for (int o = 0; o < SBUDDY_NR_PAGE_ORDERS; o++)
			fprintf(csv_file, ",%s%d", groups[g], o);
	fputs("\n", csv_file);
}

/* Machines may differ in vcpus, so each gets a plan of its own. */
static void make_plan(unsigned int i, struct plan *p)
{
	int err = plan_make(&recording, settings[i].config.nr_vcpus, p);

	if (err)
		die("translating the recording", strerror(-err));
}

static void check(const struct native *n)
{
	char why[256];

	if (sbuddy_check(n->m, why, sizeof(why)))
		die("the shadow is damaged", why);
}

static void run_once(unsigned int i, const struct plan *p, bool last)
{
	struct native *n = &shadows[i];
	char why[SETTINGS_MAX + 128];

	native_destroy(n);
	if (native_create(n, &settings[i], why, sizeof(why)))
		die(names[i], why);
	n->pace = options.pace;
	if (last && !i && options.ops) {
		n->ops = create(options.ops);
		results_write_ops_header(n->ops);
	}
	if (native_replay(n, p, options.slices, last ? csv_file : NULL, names[i]))
		die(names[i], strerror(ENOMEM));
	if (n->ops)
		finish(n->ops, options.ops);
	n->ops = NULL;
	if (!best_seconds[i] || n->seconds < best_seconds[i])
		best_seconds[i] = n->seconds;
	check(n);
}

static void run(unsigned int i, const struct plan *p)
{
	for (unsigned int run = 1; run <= options.runs; run++)
		run_once(i, p, run == options.runs);
}

/* ---- the table ---- */

static const struct sample *last_sample(unsigned int i)
{
	return &shadows[i].samples[shadows[i].nr_samples - 1];
}

static double mean_unusable(unsigned int i, unsigned int order)
{
	const struct native *n = &shadows[i];
	double sum = 0;

	for (unsigned int s = 0; s < n->nr_samples; s++)
		sum += native_unusable(n->samples[s].nr_free, order);
	return sum / n->nr_samples;
}

/* @recorded below 0: the recording does not tell. */
static void row(const char *name, double recorded, const double *values, int digits)
{
	char text[32] = "";

	if (recorded >= 0)
		snprintf(text, sizeof(text), "%.0f", recorded);
	printf("  %-38s %12s", name, text);
	for (unsigned int i = 0; i < nr_shadows(); i++)
		printf(" %12.*f", digits, values[i]);
	puts("");
}

#define ROW(name, recorded, value, digits) do {				\
	double _v[2] = { 0 };						\
									\
	for (unsigned int i = 0; i < nr_shadows(); i++)			\
		_v[i] = (value);					\
	row(name, recorded, _v, digits);				\
} while (0)

#define EVENT(item)	last_sample(i)->events[SBUDDY_ ## item]

static void print_table(const struct plan *p)
{
	/* Only a recording with the allocator's own steps can tell of them. */
	bool told = p->refill_pages || p->drain_pages;

	printf("  %-38s %12s", "", "recorded");
	for (unsigned int i = 0; i < nr_shadows(); i++)
		printf(" %12s", nr_shadows() > 1 ? names[i] : "shadow");
	puts("");
	ROW("allocations", p->allocs, shadows[i].results.allocs, 0);
	ROW("  refused", p->failed, shadows[i].results.refused, 0);
	ROW("  pages refused", -1, shadows[i].results.refused_pages, 0);
	ROW("frees", p->frees, shadows[i].results.frees, 0);
	ROW("per-CPU lists: pages refilled", told ? p->refill_pages : -1.0,
	    EVENT(PCP_REFILL_PAGES), 0);
	ROW("per-CPU lists: pages drained", told ? p->drain_pages : -1.0,
	    EVENT(PCP_DRAIN_PAGES), 0);
	ROW("blocks claimed by another type", told ? p->claims : -1.0, EVENT(CLAIM), 0);
	ROW("blocks stolen by another type", told ? p->steals : -1.0, EVENT(STEAL), 0);
	ROW("watermark boosts", -1, EVENT(BOOST), 0);
	ROW("pages held in the end", p->live_pages, last_sample(i)->held_pages, 0);
	ROW("unusable index, order 3, mean", -1, mean_unusable(i, LARGE_ORDER) / 1000, 3);
	ROW("unusable index, order 9, mean", -1, mean_unusable(i, HUGE_ORDER) / 1000, 3);
	ROW("unusable index, order 9, in the end", -1,
	    native_unusable(last_sample(i)->nr_free, HUGE_ORDER) / 1000.0, 3);
	ROW("extfrag index, order 9, in the end", -1,
	    native_extfrag(last_sample(i)->nr_free, HUGE_ORDER) / 1000.0, 3);
	ROW("million operations a second", -1, p->nr / best_seconds[i] / 1e6, 1);
}

static void print_recording(const struct plan *p)
{
	const struct sbr_header *h = &recording.header;

	printf("%" PRIu64 " events of %u CPUs in %.1f s, %" PRIu64 " lost%s%s%s\n", h->nr_events,
	       h->nr_cpus, p->last_us / 1e6, p->lost, h->release[0] ? "; kernel " : "",
	       h->release, recording.cut ? "; not ended, the last chunk is cut" : "");
	printf("%zu operations; %" PRIu64 " frees of what was never seen allocated, %" PRIu64
	       " of parts of a block,\n", p->nr, p->unmatched, p->partial);
	printf("%" PRIu64 " of several blocks, %" PRIu64 " unseen, %" PRIu64
	       " pages told twice, %" PRIu64 " with unknown flags\n\n",
	       p->merged, p->unseen_frees, p->doubled, p->gfp_unknown);
}

static void print_settings(void)
{
	for (unsigned int i = 0; nr_shadows() > 1 && i < nr_shadows(); i++)
		printf("%s: %s\n", names[i], settings[i].text);
	puts("");
}

/* ---- options ---- */

static int usage(void)
{
	fprintf(stderr, "usage: sbuddy-replay [--set SETTINGS] [--layout L] [--vcpus N] [--speed max|Nx]\n"
		"           [--slices N] [--csv FILE] [--ops FILE] [--counts] [--runs N]\n"
		"           [--a SETTINGS --b SETTINGS] RECORDING\n"
		"SETTINGS: NAME=VALUE ..., of %s\n", settings_names());
	return 2;
}

static bool add_setting(const char *name, const char *value)
{
	size_t n = strlen(options.common);

	return n + strlen(name) + strlen(value) + 2 < sizeof(options.common) &&
	       snprintf(options.common + n, sizeof(options.common) - n, "%s%s ", name, value) > 0;
}

static bool count(const char *text, unsigned int most, unsigned int *value)
{
	char *end;
	unsigned long n = strtoul(text, &end, 10);

	*value = n;
	return *text >= '0' && *text <= '9' && !*end && n && n <= most;
}

static bool take_option(int c)
{
	switch (c) {
	case 's':
		return add_setting("", optarg);
	case 'l':
		return add_setting("layout=", optarg);
	case 'v':
		return add_setting("vcpus=", optarg);
	case 'a':
	case 'b':
		options.setting[c - 'a'] = optarg;
		return true;
	case 'S':
		return pace_parse(optarg, &options.pace);
	case 'n':
		return count(optarg, MAX_SLICES, &options.slices);
	case 'r':
		return count(optarg, MAX_SLICES, &options.runs);
	case 'c':
		options.csv = optarg;
		return true;
	case 'o':
		options.ops = optarg;
		return true;
	case 'C':
		options.counts = true;
		return true;
	default:
		return false;
	}
}

static bool parse(int argc, char **argv)
{
	static const struct option long_options[] = {
		{ "set", required_argument, NULL, 's' },
		{ "layout", required_argument, NULL, 'l' },
		{ "vcpus", required_argument, NULL, 'v' },
		{ "a", required_argument, NULL, 'a' },
		{ "b", required_argument, NULL, 'b' },
		{ "speed", required_argument, NULL, 'S' },
		{ "slices", required_argument, NULL, 'n' },
		{ "runs", required_argument, NULL, 'r' },
		{ "csv", required_argument, NULL, 'c' },
		{ "ops", required_argument, NULL, 'o' },
		{ "counts", no_argument, NULL, 'C' },
		{ 0 },
	};
	int c;

	while ((c = getopt_long(argc, argv, "", long_options, NULL)) != -1)
		if (!take_option(c))
			return false;
	return argc - optind == 1 && !options.setting[0] == !options.setting[1];
}

/* A quarter more than was held, so that there is room for the lists. */
static uint64_t default_pages(const struct plan *p)
{
	uint64_t pages = p->peak_pages + p->peak_pages / 4;

	if (pages < 64UL << 8)
		pages = 64UL << 8;
	return ALIGN(pages, 4 * SBUDDY_MAX_ORDER_NR_PAGES);
}

static void read_settings(const struct plan *p)
{
	char text[2 * SETTINGS_MAX], why[256];

	for (unsigned int i = 0; i < nr_shadows(); i++) {
		snprintf(text, sizeof(text), "%s%s", options.common,
			 options.setting[i] ? options.setting[i] : "");
		if (settings_parse(&settings[i], text, recording.header.nr_cpus,
				   default_pages(p), why, sizeof(why)))
			die(nr_shadows() > 1 ? names[i] : "settings", why);
	}
}

static void replay(void)
{
	struct plan p;

	/* How much memory it takes does not depend on the number of vcpus. */
	if (plan_make(&recording, 1, &p))
		die("translating the recording", "not enough memory, or too many frames");
	read_settings(&p);
	if (csv_file)
		write_csv_head();
	for (unsigned int i = 0; i < nr_shadows(); i++) {
		plan_free(&p);
		make_plan(i, &p);
		run(i, &p);
	}
	print_recording(&p);
	print_settings();
	print_table(&p);
	for (unsigned int i = 0; options.counts && i < nr_shadows(); i++) {
		printf("\n%s\n", names[i]);
		results_write_counts(stdout, &p, &shadows[i].results);
	}
	plan_free(&p);
}

int main(int argc, char **argv)
{
	if (!parse(argc, argv))
		return usage();
	if (sbr_open(&recording, argv[optind]))
		die(argv[optind], recording.error);
	if (options.csv)
		csv_file = create(options.csv);
	replay();
	if (csv_file)
		finish(csv_file, options.csv);
	native_destroy(&shadows[0]);
	native_destroy(&shadows[1]);
	sbr_close(&recording);
	return 0;
}
