// SPDX-License-Identifier: GPL-2.0
/*
 * compact-live: what the live kernel's compaction does to a node without
 * processors that a process has filled and then partly freed.
 *
 *	compact-live -o DIR [-s SEED] [-n NODE]
 *
 * Case by case the pages of the node are drawn anew, random or in stripes; then
 * the node's state is written, compaction or a contiguous allocation is carried
 * out, and the state is written again, with where each page of the process was
 * before and is now: a directory of DIR each, for compact-replay.  Prints how
 * long each compaction took; where the guest counts instructions, how many.
 *
 * In the guest of selftests/race/compact only.
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "sbuddy_race.h"

#define PAGE		4096UL
#define MPOL_BIND	2
#define DUMP_BYTES	(32UL << 20)
#define LEAVE_PAGES	6000UL	/* of the node: room for watermarks */

static const char *out = ".";
static int node = 1;
static uint64_t state = 1;
static int race_fd, map_fd;
static char *dump;
static unsigned char *area;
static unsigned long nr_pages;
static uint64_t *before;

static void die(const char *what)
{
	fprintf(stderr, "compact-live: %s: %s\n", what, strerror(errno));
	exit(2);
}

static uint32_t rnd(uint32_t n)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return (state >> 20) % n;
}

static void put(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);

	if (fd < 0 || write(fd, text, strlen(text)) < 0)
		die(path);
	close(fd);
}

static FILE *create(const char *name, const char *file)
{
	char path[512];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s/%s", out, name, file);
	f = fopen(path, "we");
	if (!f)
		die(path);
	return f;
}

static void write_state(const char *name, const char *file)
{
	struct race_dump arg = { .nodes = 1ULL << node | RACE_DUMP_MOVABLE,
				 .text = (uintptr_t)dump, .capacity = DUMP_BYTES };
	FILE *f;

	if (ioctl(race_fd, RACE_IOC_DUMP, &arg))
		die("DUMP");
	f = create(name, file);
	fwrite(dump, 1, arg.len, f);
	fclose(f);
}

/* Frames of the pages, 0 for one that is not there. */
static void frames(uint64_t *to)
{
	for (unsigned long i = 0; i < nr_pages; i++) {
		uint64_t entry;
		off_t at = ((uintptr_t)area / PAGE + i) * 8;

		if (pread(map_fd, &entry, 8, at) != 8)
			die("pagemap");
		to[i] = entry >> 63 ? entry & ((1ULL << 55) - 1) : 0;
	}
}

static void write_moves(const char *name)
{
	uint64_t *now = before + nr_pages;
	FILE *f = create(name, "moves");

	frames(now);
	for (unsigned long i = 0; i < nr_pages; i++) {
		if (!before[i])
			continue;
		if (area[i * PAGE] != (unsigned char)(i % 251 + 1))
			fprintf(stderr, "compact-live: page %lu has lost its contents\n", i);
		fprintf(f, "%llx %llx\n", (unsigned long long)before[i],
			(unsigned long long)now[i]);
	}
	fclose(f);
}

/* Full, then without the pages that @keep does not want. */
static void fill(int (*keep)(unsigned long i))
{
	madvise(area, nr_pages * PAGE, MADV_DONTNEED);
	for (unsigned long i = 0; i < nr_pages; i++)
		area[i * PAGE] = i % 251 + 1;
	for (unsigned long i = 0; i < nr_pages; i++)
		if (!keep(i))
			madvise(area + i * PAGE, PAGE, MADV_DONTNEED);
	put("/proc/sys/vm/drop_caches", "1\n");	/* drains LRU batches */
}

static void begin(const char *name, int (*keep)(unsigned long i))
{
	char path[512];

	snprintf(path, sizeof(path), "%s/%s", out, name);
	mkdir(path, 0755);
	fill(keep);
	frames(before);
	write_state(name, "before");
}

static uint64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000ULL + t.tv_nsec;
}

static void compaction(const char *name, int (*keep)(unsigned long i))
{
	char path[80];
	uint64_t start;
	FILE *f;

	begin(name, keep);
	snprintf(path, sizeof(path), "/sys/devices/system/node/node%d/compact", node);
	start = now_ns();
	put(path, "1\n");
	printf("case=%s ns=%llu\n", name, (unsigned long long)(now_ns() - start));
	write_state(name, "after");
	write_moves(name);
	f = create(name, "what");
	fprintf(f, "compact %d\n", node);
	fclose(f);
}

/* The start of a pageblock of the process's such that @nr frames behind it are the node's. */
static uint64_t place(unsigned long i, unsigned long nr)
{
	uint64_t highest = 0;

	for (unsigned long j = 0; j < nr_pages; j++)
		if (before[j] > highest)
			highest = before[j];
	while (!before[i] || before[i] + nr > highest)
		i = (i + 1) % nr_pages;
	return before[i] & ~511ULL;
}

/* @nr pages from about the process's page @i on. */
static void contig(const char *name, int (*keep)(unsigned long i), unsigned long i,
		   unsigned long nr)
{
	struct sbuddy_op op = { .opcode = SBUDDY_OP_CONTIG_ALLOC, .cpu = -1, .nid = -1,
				.gfp = SBUDDY_GFP_KERNEL, .count = nr };
	struct race_run run = { .ops = (uintptr_t)&op, .count = 1 };
	uint64_t pfn;
	FILE *f;

	begin(name, keep);
	pfn = place(i, nr);
	op.pfn = pfn;
	if (ioctl(race_fd, RACE_IOC_RUN, &run))
		die("RUN");
	write_state(name, "after");
	write_moves(name);
	f = create(name, "what");
	fprintf(f, "contig %llx %lu %d\n", (unsigned long long)pfn, nr, op.err);
	fclose(f);
	ioctl(race_fd, RACE_IOC_RESET);
}

static int half(unsigned long i)
{
	(void)i;
	return rnd(2);
}

static int few(unsigned long i)
{
	(void)i;
	return !rnd(10);
}

static int most(unsigned long i)
{
	(void)i;
	return rnd(10);
}

static int stripes(unsigned long i)
{
	return i % 4 == 3;
}

static int clusters(unsigned long i)
{
	static uint32_t left, on;

	(void)i;
	if (!left--) {
		left = rnd(300);
		on = !on;
	}
	return on;
}

static void prepare(unsigned long mib)
{
	unsigned long mask = 1UL << node, node0 = 1;
	struct race_watch watch = { .nodes = mask };
	cpu_set_t cpus;

	CPU_ZERO(&cpus);
	CPU_SET(0, &cpus);
	sched_setaffinity(0, sizeof(cpus), &cpus);
	syscall(SYS_set_mempolicy, MPOL_BIND, &node0, sizeof(node0) * 8);
	put("/proc/sys/vm/stat_interval", "1000000\n");
	put("/proc/sys/vm/compaction_proactiveness", "0\n");
	put("/sys/kernel/mm/lru_gen/enabled", "0\n");
	put("/sys/kernel/mm/transparent_hugepage/enabled", "never\n");
	nr_pages = mib * 256 - LEAVE_PAGES;
	area = mmap(NULL, nr_pages * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
		    -1, 0);
	before = calloc(2 * nr_pages, sizeof(*before));
	dump = malloc(DUMP_BYTES);
	race_fd = open(RACE_DEVICE, O_RDWR | O_CLOEXEC);
	map_fd = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
	if (area == MAP_FAILED || !before || !dump || race_fd < 0 || map_fd < 0)
		die("start");
	memset(dump, 1, DUMP_BYTES);
	if (syscall(SYS_mbind, area, nr_pages * PAGE, MPOL_BIND, &mask, sizeof(mask) * 8, 0))
		die("mbind");
	if (ioctl(race_fd, RACE_IOC_WATCH, &watch))
		die("WATCH");
}

int main(int argc, char **argv)
{
	unsigned long mib = 256;
	int c;

	while ((c = getopt(argc, argv, "o:s:n:m:")) != -1) {
		if (c == 'o')
			out = optarg;
		else if (c == 's')
			state = strtoull(optarg, NULL, 0) | 1;
		else if (c == 'n')
			node = atoi(optarg);
		else if (c == 'm')
			mib = strtoul(optarg, NULL, 0);
		else
			return 64;
	}
	prepare(mib);
	compaction("half", half);
	compaction("stripes", stripes);
	compaction("few", few);
	compaction("most", most);
	compaction("clusters", clusters);
	contig("contig-block", half, nr_pages / 2, 512);
	contig("contig-1000", clusters, nr_pages / 3, 1000);
	contig("contig-1024", few, nr_pages / 4, 1024);
	return 0;
}
