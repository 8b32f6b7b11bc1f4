// SPDX-License-Identifier: GPL-2.0
/*
 * usage: replay [-n SLICES] [-s SPEED] [-w] RECORDING OUTDIR
 *
 * Turns a recording into operations (translate.h) and runs them on the
 * shadow behind /dev/sbuddy, in slices of equal length.  After each slice it
 * looks at the shadow.  Written into OUTDIR:
 *
 *	ops.txt		every operation and what the shadow answered
 *	samples.txt	after each slice: counters, and type and free pages of
 *			every pageblock (scripts/plot/pageblocks.py reads it)
 *	buddyinfo.txt	the shadow's buddyinfo after each slice
 *	counts.txt	"name value": events, operations, results
 *
 * With -s it takes its time: SPEED 1 is that of the recording, 10 ten times as
 * fast; without, the shadow runs as fast as it can.
 *
 * What the recording leaves allocated stays so until the end of the program,
 * which waits for a line on its standard input when -w is given: so others can
 * look at the final state.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "results.h"
#include "sbuddy_user.h"

#define MACHINE		0
#define BLOCK_PAGES	(1U << SBUDDY_PAGEBLOCK_ORDER)
#define DEFAULT_SLICES	96
#define MAX_SLICES	2000

/**
 * struct block - a pageblock at one moment
 * @type: enum sbuddy_migratetype, SBUDDY_HOLE
 * @free: pages on the buddy lists
 * @pcp:  pages on per-CPU lists
 */
struct block {
	uint8_t type;
	uint16_t free;
	uint16_t pcp;
};

static struct {
	int fd;
	struct sbuddy_user_machine machine;
	struct sbuddy_page_record *records;
	struct block *blocks;
	size_t nr_blocks;
	struct results results;
	struct pace pace;
	FILE *ops, *samples, *buddyinfo;
	const char *outdir;
} shadow;

static void die(const char *what, int err)
{
	fprintf(stderr, "replay: %s: %s\n", what, strerror(-err));
	exit(1);
}

static FILE *create(const char *name)
{
	char path[4096];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", shadow.outdir, name);
	f = fopen(path, "w");
	if (!f)
		die(path, -errno);
	return f;
}

static void finish(FILE *f, const char *name)
{
	bool bad = ferror(f);

	if (fclose(f) || bad)
		die(name, -EIO);
}

/* ---- samples ---- */

static uint64_t base_pfn(void)
{
	return shadow.machine.info.base_pfn;
}

static void add_free_pages(uint64_t index, const struct sbuddy_page_record *rec)
{
	uint64_t left = (uint64_t)1 << rec->order, b = index / BLOCK_PAGES;
	uint64_t pages = left < BLOCK_PAGES ? left : BLOCK_PAGES;

	for (; left && b < shadow.nr_blocks; left -= pages, b++) {
		if (rec->state == SBUDDY_RECORD_BUDDY)
			shadow.blocks[b].free += pages;
		else
			shadow.blocks[b].pcp += pages;
	}
}

static void look_at_blocks(void)
{
	uint64_t nr = shadow.machine.info.nr_pages, i;
	int64_t got;

	got = sbuddy_user_pages(shadow.fd, MACHINE, base_pfn(), nr, shadow.records);
	if (got < 0)
		die("reading page records", got);
	for (i = 0; i < shadow.nr_blocks; i++) {
		shadow.blocks[i].type = shadow.records[i * BLOCK_PAGES].migratetype;
		shadow.blocks[i].free = 0;
		shadow.blocks[i].pcp = 0;
	}
	for (i = 0; i < (uint64_t)got; i++)
		if (shadow.records[i].state == SBUDDY_RECORD_BUDDY ||
		    shadow.records[i].state == SBUDDY_RECORD_PCP)
			add_free_pages(i, &shadow.records[i]);
}

static void write_counters(void)
{
	struct sbuddy_user_stats stats;
	uint32_t i;
	int err = sbuddy_user_stats(shadow.fd, MACHINE, SBUDDY_ALL_ZONES, SBUDDY_ALL_ZONES,
				    &stats);

	if (err)
		die("reading counters", err);
	fputs("stats", shadow.samples);
	for (i = 0; i < stats.nr; i++)
		fprintf(shadow.samples, " %s=%" PRId64, stats.stat[i].name,
			(int64_t)stats.stat[i].value);
	fputs("\n", shadow.samples);
}

static void write_blocks(void)
{
	size_t i;

	fputs("types ", shadow.samples);
	for (i = 0; i < shadow.nr_blocks; i++)
		fputc(shadow.blocks[i].type < SBUDDY_MIGRATE_TYPES ?
		      '0' + shadow.blocks[i].type : '-', shadow.samples);
	fputs("\nfree", shadow.samples);
	for (i = 0; i < shadow.nr_blocks; i++)
		fprintf(shadow.samples, " %u", shadow.blocks[i].free);
	fputs("\npcp", shadow.samples);
	for (i = 0; i < shadow.nr_blocks; i++)
		fprintf(shadow.samples, " %u", shadow.blocks[i].pcp);
	fputs("\n", shadow.samples);
}

static void copy_buddyinfo(void)
{
	FILE *in = fopen("/sys/kernel/debug/sbuddy/buddyinfo", "r");
	char line[512];

	if (!in)
		die("/sys/kernel/debug/sbuddy/buddyinfo", -errno);
	while (fgets(line, sizeof(line), in))
		fputs(line, shadow.buddyinfo);
	fclose(in);
}

static void take_sample(size_t op, uint64_t time_us)
{
	fprintf(shadow.samples, "sample op=%zu time_us=%" PRIu64 "\n", op, time_us);
	fprintf(shadow.buddyinfo, "# after operation %zu, recorded %" PRIu64 " us\n", op, time_us);
	write_counters();
	look_at_blocks();
	write_blocks();
	copy_buddyinfo();
}

static void write_shape(const struct plan *p)
{
	const struct sbuddy_info *info = &shadow.machine.info;
	unsigned int i;

	fprintf(shadow.samples, "# sbuddy-samples 1\n");
	fprintf(shadow.samples, "machine base_pfn=%" PRIu64 " pages=%" PRIu64 " block_pages=%u\n",
		(uint64_t)info->base_pfn, (uint64_t)info->nr_pages, BLOCK_PAGES);
	for (i = 0; i < info->nr_zones; i++) {
		const struct sbuddy_zone_info *z = &shadow.machine.zones[i];

		fprintf(shadow.samples, "zone node=%u name=%s start_pfn=%" PRIu64
			" spanned=%" PRIu64 " batch=%d high_min=%d high_max=%d\n",
			z->node, z->name, (uint64_t)z->start_pfn, (uint64_t)z->spanned,
			z->pcp_batch, z->pcp_high_min, z->pcp_high_max);
	}
	for (i = 0; i < p->nr_marks; i++)
		fprintf(shadow.samples, "phase op=%zu name=%s\n", p->marks[i].op,
			p->marks[i].name);
}

/* ---- the run ---- */

static void open_shadow(void)
{
	const struct sbuddy_info *info = &shadow.machine.info;
	int err;

	shadow.fd = sbuddy_user_open();
	if (shadow.fd < 0)
		die(SBUDDY_USER_DEVICE, shadow.fd);
	err = sbuddy_user_machine(shadow.fd, MACHINE, &shadow.machine);
	if (err)
		die("machine 0", err);
	shadow.nr_blocks = info->nr_pages / BLOCK_PAGES;
	shadow.records = malloc(info->nr_pages * sizeof(*shadow.records));
	shadow.blocks = calloc(shadow.nr_blocks, sizeof(*shadow.blocks));
	if (!shadow.records || !shadow.blocks)
		die("page records", -ENOMEM);
}

static void run_slice(struct plan *p, size_t from, size_t to)
{
	size_t i, next;
	int err;

	for (i = from; i < to; i = next) {
		next = pace_next(&shadow.pace, p, i, to);
		err = sbuddy_user_run_all(shadow.fd, p->ops + i, next - i);
		if (err)
			die("running operations", err);
	}
	for (i = from; i < to; i++)
		results_count(&shadow.results, &p->ops[i]);
}

static void progress(const struct plan *p, size_t done, unsigned int slice, unsigned int slices)
{
	const struct results *r = &shadow.results;

	if (slice % (slices / 8 ? slices / 8 : 1) && slice != slices)
		return;
	printf("slice %3u of %u: %7zu of %zu operations", slice, slices, done, p->nr);
	printf(", holds %4" PRIu64 " MiB, refused %" PRIu64 "\n",
	       (r->alloc_pages - r->freed_pages) >> 8, r->refused);
	fflush(stdout);
}

static void run_all(struct plan *p, unsigned int slices)
{
	size_t from = 0, to;
	unsigned int i;

	take_sample(0, 0);
	for (i = 1; i <= slices; i++, from = to) {
		to = p->nr * i / slices;
		run_slice(p, from, to);
		take_sample(to, to ? p->times[to - 1] : 0);
		progress(p, to, i, slices);
	}
}

static void write_counts(const struct plan *p)
{
	FILE *f = create("counts.txt");

	results_write_counts(f, p, &shadow.results);
	finish(f, "counts.txt");
}

static void write_ops(const struct plan *p)
{
	size_t i;

	shadow.ops = create("ops.txt");
	results_write_ops_header(shadow.ops);
	for (i = 0; i < p->nr; i++)
		results_write_op(shadow.ops, &p->ops[i], p->times[i]);
	finish(shadow.ops, "ops.txt");
}

static void make_plan(const char *path, struct plan *p)
{
	struct sbr_file f;
	int err;

	if (sbr_open(&f, path)) {
		fprintf(stderr, "replay: %s: %s\n", path, f.error);
		exit(1);
	}
	err = plan_make(&f, shadow.machine.info.nr_vcpus, p);
	if (err)
		die("translating the recording", err);
	sbr_close(&f);
}

static void replay(const char *path, unsigned int slices)
{
	struct plan p;

	open_shadow();
	make_plan(path, &p);
	shadow.samples = create("samples.txt");
	shadow.buddyinfo = create("buddyinfo.txt");
	write_shape(&p);
	run_all(&p, slices);
	finish(shadow.samples, "samples.txt");
	finish(shadow.buddyinfo, "buddyinfo.txt");
	write_ops(&p);
	write_counts(&p);
	plan_free(&p);
}

int main(int argc, char **argv)
{
	unsigned int slices = DEFAULT_SLICES;
	bool wait = false;
	int option;

	while ((option = getopt(argc, argv, "n:s:w")) != -1) {
		if (option == 'n')
			slices = strtoul(optarg, NULL, 10);
		else if (option == 's' && pace_parse(optarg, &shadow.pace))
			continue;
		else if (option == 'w')
			wait = true;
		else
			argc = 0;
	}
	if (argc - optind != 2 || !slices || slices > MAX_SLICES) {
		fprintf(stderr, "usage: replay [-n SLICES] [-s SPEED] [-w] RECORDING OUTDIR\n");
		return 2;
	}
	shadow.outdir = argv[optind + 1];
	replay(argv[optind], slices);
	puts("replay: done");
	fflush(stdout);
	if (wait)
		getchar();
	return 0;
}
