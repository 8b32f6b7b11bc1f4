// SPDX-License-Identifier: GPL-2.0
/*
 * fragment	Machine 0 is filled with movable pages, most of which are freed again at
 *		random; a huge page cannot be had; compaction, one scanner move at a time;
 *		now it can.
 *
 * usage: fragment FILE [direct]
 *
 * With "direct" it is the request itself that compacts, as one that may sleep does
 * where direct_compact of debugfs is 1.
 *
 * FILE gets everything, for scripts/plot/compaction.py, a record a line:
 *
 *	zone start_pfn=0x... blocks=N
 *	state name=before|after free_pages=N huge_blocks=N
 *	block pfn=0x... pages=...	one letter a page, behind each state: . free,
 *					m movable, p pinned
 *	request when=before|after err=N	the errno, 0 if it was served
 *	step n=N migrate_pfn=0x... free_pfn=0x... migrated=N failed=N
 *	end moved=N failed=N moves=N	since the module was loaded or reset
 *	more huge=N	huge pages that could be had after the one requested
 *
 * The machine has one zone, and nobody else uses it. Exit status 0 if the request
 * failed before and succeeded after.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "sbuddy_user.h"

/* Requests that take no reserves and wait for nobody. */
#define GFP_PAGE	(SBUDDY_GFP_HIGHUSER_MOVABLE & ~SBUDDY_GFP_RECLAIM)
#define GFP_HUGE	(GFP_PAGE | SBUDDY_GFP_COMP | SBUDDY_GFP_NOWARN)
#define GFP_THP		(GFP_HUGE | SBUDDY_GFP_DIRECT_RECLAIM | SBUDDY_GFP_NOMEMALLOC)
#define HUGE_ORDER	9
#define BLOCK		512
#define CHUNK		1024

/* Of a hundred pages so many stay, and of so many pages one is pinned. */
#define KEEP_PERCENT	42
#define PINNED_IN	3000

static int fd;
static FILE *out;
static struct sbuddy_user_machine machine;
static struct sbuddy_op ops[CHUNK];
static uint32_t nr_ops;
static uint32_t nr_slots;
static uint8_t *pinned;		/* by slot */

static void die(const char *what, int err)
{
	fprintf(stderr, "fragment: %s: %s\n", what, strerror(-err));
	exit(1);
}

static unsigned int random_below(unsigned int n)
{
	static uint64_t x = 88172645463325252ULL;

	x ^= x << 13;
	x ^= x >> 7;
	x ^= x << 17;
	return (x >> 11) % n;
}

static void flush(void)
{
	int err = nr_ops ? sbuddy_user_run_all(fd, ops, nr_ops) : 0;

	nr_ops = 0;
	if (err)
		die("operations", err);
}

static void later(struct sbuddy_op op)
{
	ops[nr_ops++] = op;
	if (nr_ops == CHUNK)
		flush();
}

static void drain(void)
{
	struct sbuddy_op op = sbuddy_user_op(SBUDDY_OP_DRAIN, 0);
	int err;

	op.cpu = -1;
	err = sbuddy_user_do(fd, &op);
	if (err)
		die("drain", err);
}

/* Single pages until nothing is left, each as a process has it. */
static void fill(void)
{
	struct sbuddy_op op;

	for (;; nr_slots++) {
		op = sbuddy_user_alloc(nr_slots, 0, GFP_PAGE);
		if (sbuddy_user_do(fd, &op))
			break;
		later(sbuddy_user_op(SBUDDY_OP_LRU, nr_slots));
	}
	flush();
}

/* A pin is a reference that nothing explains: such a page cannot move. */
static void thin_out(void)
{
	uint32_t slot;

	for (slot = 0; slot < nr_slots; slot++) {
		if (!random_below(PINNED_IN)) {
			pinned[slot] = 1;
			later(sbuddy_user_op(SBUDDY_OP_GET, slot));
		} else if (random_below(100) >= KEEP_PERCENT) {
			later(sbuddy_user_free(slot));
		}
	}
	flush();
	drain();
}

/* ---- what it looks like ---- */

static void mark(char *page, uint64_t nr, uint64_t from, const struct sbuddy_page_record *r)
{
	uint64_t i, end = from + (1ULL << r->order);
	char letter = 'm';

	if (r->state != SBUDDY_RECORD_USED)
		return;
	if (r->slot < nr_slots && pinned[r->slot])
		letter = 'p';
	for (i = from; i < end && i < nr; i++)
		page[i] = letter;
}

static void save_state(const char *name)
{
	const uint64_t nr = machine.info.nr_pages, base = machine.info.base_pfn;
	struct sbuddy_page_record *r = calloc(nr, sizeof(*r));
	char *page = malloc(nr);
	uint64_t i, nr_free = 0, huge = 0;

	if (!r || !page || sbuddy_user_pages(fd, 0, base, nr, r) != (int64_t)nr)
		die("pages", -ENOMEM);
	memset(page, '.', nr);
	for (i = 0; i < nr; i++)
		mark(page, nr, i, &r[i]);
	for (i = 0; i < nr; i++) {
		nr_free += page[i] == '.';
		if (r[i].state == SBUDDY_RECORD_BUDDY && r[i].order >= HUGE_ORDER)
			huge += 1ULL << (r[i].order - HUGE_ORDER);
	}
	fprintf(out, "state name=%s free_pages=%" PRIu64 " huge_blocks=%" PRIu64 "\n", name,
		nr_free, huge);
	for (i = 0; i < nr; i += BLOCK)
		fprintf(out, "block pfn=%#" PRIx64 " pages=%.*s\n", base + i, BLOCK, page + i);
	free(page);
	free(r);
}

static int huge_page(uint32_t gfp)
{
	struct sbuddy_op op = sbuddy_user_alloc(SBUDDY_SLOT_ANY, HUGE_ORDER, gfp);

	return sbuddy_user_do(fd, &op);
}

/* What the watermarks had kept whole goes first, so that the pages matter. */
static void take_what_is_whole(void)
{
	while (!huge_page(GFP_HUGE))
		;
}

static int request(const char *when, uint32_t gfp)
{
	int err = huge_page(gfp);

	fprintf(out, "request when=%s err=%d\n", when, -err);
	return err;
}

/* ---- compaction ---- */

static uint64_t count_of(const char *name)
{
	struct sbuddy_user_stats stats;
	int err = sbuddy_user_stats(fd, 0, SBUDDY_ALL_ZONES, SBUDDY_ALL_ZONES, &stats);

	if (err)
		die("counters", err);
	return sbuddy_user_stat(&stats, name);
}

/* All of the zone, whatever order anybody wants; its results into @a. */
static int compact(struct sbuddy_compact *a, uint32_t action)
{
	*a = (struct sbuddy_compact){
		.size = sizeof(*a), .action = action, .node = machine.zones[0].node,
		.zone = machine.zones[0].zone, .order = -1, .mode = SBUDDY_MIGRATE_SYNC,
	};
	return sbuddy_user_ioctl(fd, SBUDDY_IOC_COMPACT, a);
}

static unsigned int compact_in_steps(void)
{
	struct sbuddy_compact a;
	unsigned int n = 0;
	int err = compact(&a, SBUDDY_COMPACT_START);

	while (!err && a.move != SBUDDY_MOVE_END) {
		fprintf(out, "step n=%u migrate_pfn=%#" PRIx64 " free_pfn=%#" PRIx64
			" migrated=%" PRIu64 " failed=%" PRIu64 "\n", n++, (uint64_t)a.migrate_pfn,
			(uint64_t)a.free_pfn, (uint64_t)a.migrated, (uint64_t)a.failed);
		err = compact(&a, SBUDDY_COMPACT_STEP);
	}
	if (err)
		die("compaction", err);
	drain();
	return n;
}

static void report(unsigned int moves)
{
	uint64_t moved = count_of("pgmigrate_success"), failed = count_of("pgmigrate_fail");

	fprintf(out, "end moved=%" PRIu64 " failed=%" PRIu64 " moves=%u\n", moved, failed, moves);
	printf("%" PRIu64 " pages moved, %" PRIu64 " could not be", moved, failed);
	if (moves)
		printf("; %u moves of the scanners", moves);
	putchar('\n');
}

int main(int argc, char **argv)
{
	int before, after, direct = argc == 3 && !strcmp(argv[2], "direct"), more = 0;
	unsigned int moves = 0;

	if (argc != 2 + direct) {
		fprintf(stderr, "usage: fragment FILE [direct]\n");
		return 2;
	}
	fd = sbuddy_user_open();
	if (fd < 0 || sbuddy_user_machine(fd, 0, &machine))
		die("/dev/sbuddy", fd);
	pinned = calloc(machine.info.nr_pages, 1);
	out = fopen(argv[1], "w");
	if (!out || !pinned)
		die(argv[1], -errno);
	fill();
	thin_out();
	take_what_is_whole();
	fprintf(out, "zone start_pfn=%#" PRIx64 " blocks=%" PRIu64 "\n",
		(uint64_t)machine.info.base_pfn, (uint64_t)machine.info.nr_pages / BLOCK);
	save_state("before");
	before = request("before", GFP_HUGE);
	if (!direct)
		moves = compact_in_steps();
	if (!direct)
		save_state("after");
	after = request("after", direct ? GFP_THP : GFP_HUGE);
	report(moves);
	while (!huge_page(GFP_HUGE))
		more++;
	fprintf(out, "more huge=%d\n", more);
	fclose(out);
	printf("a huge page, before: %s; after: %s, and %d more\n", strerror(-before),
	       after ? strerror(-after) : "served", more);
	return before != -ENOMEM || after;
}
