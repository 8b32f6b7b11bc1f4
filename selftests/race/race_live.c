// SPDX-License-Identifier: GPL-2.0
/*
 * The live side: /dev/sbuddy_race, the sysctls, and quiet.
 *
 * Quiet means that on the nodes raced on nothing happens but what the race
 * does.  Nobody may fold counters (vm.stat_interval), compact ahead of need, or
 * scan for huge and equal pages; this program's own memory is on node 0.  What
 * happens all the same is seen by the module and makes the leg void.
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>

#include "race.h"

#define MPOL_BIND	2
#define WEIGHTS		"/sys/kernel/mm/mempolicy/weighted_interleave/"
#define QUIET_SECONDS	3	/* for work that is queued already */

static const char * const sysctl_names[RACE_NR_SYSCTLS] = {
	[RACE_MIN_FREE_KBYTES]	= "min_free_kbytes",
	[RACE_SCALE_FACTOR]	= "watermark_scale_factor",
	[RACE_BOOST_FACTOR]	= "watermark_boost_factor",
	[RACE_HIGH_FRACTION]	= "percpu_pagelist_high_fraction",
};

const char *race_sysctl_name(enum race_sysctl which)
{
	return sysctl_names[which];
}

static int write_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC), err = 0;

	if (fd < 0)
		return -errno;
	if (write(fd, text, strlen(text)) < 0)
		err = -errno;
	close(fd);
	return err;
}

static int read_number(const char *path, long *value)
{
	FILE *f = fopen(path, "re");
	int n;

	if (!f)
		return -errno;
	n = fscanf(f, "%ld", value);
	fclose(f);
	return n == 1 ? 0 : -EIO;
}

static int command(struct race_live *live, unsigned long cmd, void *arg)
{
	return ioctl(live->fd, cmd, arg) < 0 ? -errno : 0;
}

int race_live_sysctl(enum race_sysctl which, long value)
{
	char path[80], text[24];

	snprintf(path, sizeof(path), "/proc/sys/vm/%s", sysctl_names[which]);
	snprintf(text, sizeof(text), "%ld\n", value);
	return write_file(path, text);
}

/* What is in force, by enum race_sysctl. */
int race_live_sysctls(long *value)
{
	char path[80];
	int err = 0;

	for (int i = 0; i < RACE_NR_SYSCTLS && !err; i++) {
		snprintf(path, sizeof(path), "/proc/sys/vm/%s", sysctl_names[i]);
		err = read_number(path, &value[i]);
	}
	return err;
}

/* What a kernel does not have needs no silence; stat_interval it must have. */
static int hush(void)
{
	static const struct {
		const char *path;
		const char *text;
		bool needed;
	} files[] = {
		{ "/proc/sys/vm/stat_interval", "1000000\n", true },
		{ "/proc/sys/vm/compaction_proactiveness", "0\n", true },
		{ "/proc/sys/kernel/numa_balancing", "0\n", false },
		{ "/proc/sys/vm/zone_reclaim_mode", "0\n", true },
		{ "/sys/kernel/mm/ksm/run", "0\n", false },
		{ "/sys/kernel/mm/transparent_hugepage/khugepaged/scan_sleep_millisecs",
		  "4000000000\n", false },
		{ "/sys/kernel/mm/transparent_hugepage/khugepaged/alloc_sleep_millisecs",
		  "4000000000\n", false },
	};

	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		int err = write_file(files[i].path, files[i].text);

		if (err && files[i].needed) {
			fprintf(stderr, "race: %s: %s\n", files[i].path, strerror(-err));
			return err;
		}
	}
	return 0;
}

/* This program on CPU 0 and in memory of node 0, which nobody races on. */
static int stay_home(void)
{
	unsigned long node0 = 1;
	cpu_set_t cpus;

	CPU_ZERO(&cpus);
	CPU_SET(0, &cpus);
	if (sched_setaffinity(0, sizeof(cpus), &cpus) ||
	    syscall(SYS_set_mempolicy, MPOL_BIND, &node0, sizeof(node0) * 8) ||
	    mlockall(MCL_CURRENT | MCL_FUTURE))
		return -errno;
	return 0;
}

/* Zones of the nodes without processors, from /proc/zoneinfo. */
static int find_zones(struct race_live *live)
{
	FILE *f = fopen("/proc/zoneinfo", "re");
	static const char * const names[] = { "DMA", "DMA32", "Normal", "Movable" };
	struct race_zone zone = { 0 };
	unsigned long number, spanned = 0;
	char line[256], name[16];

	if (!f)
		return -errno;
	while (fgets(line, sizeof(line), f)) {
		if (sscanf(line, "Node %d, zone %15s", &zone.node, name) == 2) {
			for (zone.idx = 0; zone.idx < 3; zone.idx++)
				if (!strcmp(name, names[zone.idx]))
					break;
		} else if (sscanf(line, " spanned %lu", &number) == 1) {
			spanned = number;
		} else if (sscanf(line, " managed %lu", &number) == 1) {
			zone.managed = number;
		} else if (sscanf(line, " start_pfn: %lu", &number) == 1) {
			zone.start = number;
			zone.end = number + spanned;
			if (zone.node && zone.managed && live->nr_zones < RACE_MAX_ZONES) {
				live->zones[live->nr_zones++] = zone;
				live->nodes |= 1UL << zone.node;
			}
		}
	}
	fclose(f);
	return live->nr_zones ? 0 : -ENODEV;
}

int race_live_open(struct race_live *live)
{
	int err;

	memset(live, 0, sizeof(*live));
	live->fd = open(RACE_DEVICE, O_RDWR | O_CLOEXEC);
	if (live->fd < 0) {
		err = -errno;
		fprintf(stderr, "race: %s: %s\n", RACE_DEVICE, strerror(-err));
		return err;
	}
	live->cpus = sysconf(_SC_NPROCESSORS_ONLN);
	live->weights = !access(WEIGHTS, F_OK);
	err = stay_home();
	if (!err)
		err = hush();
	if (!err)
		err = race_live_sysctls(live->sysctl);
	if (!err)
		err = find_zones(live);
	if (err)
		close(live->fd);
	else
		sleep(QUIET_SECONDS);
	return err;
}

void race_live_close(struct race_live *live)
{
	close(live->fd);
	race_live_sysctls_back(live);
}

/* A kernel without weights interleaves evenly. */
static int kernel_mode(const struct race_live *live, int mode)
{
	return mode == SBUDDY_MPOL_WEIGHTED_INTERLEAVE && !live->weights ?
		SBUDDY_MPOL_INTERLEAVE : mode;
}

/* This program's own policy, whatever it had. */
static int set_mempolicy(int mode, unsigned long nodes)
{
	return syscall(SYS_set_mempolicy, mode, nodes ? &nodes : NULL, sizeof(nodes) * 8) ?
		-errno : 0;
}

/* The policy that @op names, by way of this program's own. */
int race_live_policy(struct race_live *live, const struct sbuddy_op *op)
{
	struct race_policy policy = {
		.index = op->slot,
		.home_node = op->nid,
		.weighted = op->order == SBUDDY_MPOL_WEIGHTED_INTERLEAVE,
	};
	int err = set_mempolicy(kernel_mode(live, op->order), op->pfn), back;

	if (!err)
		err = command(live, RACE_IOC_POLICY, &policy);
	back = set_mempolicy(MPOL_BIND, 1);
	return err ? err : back;
}

/*
 * Of one node; 0 for the default.  Before the first is written the kernel reads
 * shares of a bulk request from memory that it did not clear.
 */
int race_live_weight(int node, int weight)
{
	char path[80], text[16];

	snprintf(path, sizeof(path), WEIGHTS "node%d", node);
	snprintf(text, sizeof(text), "%d\n", weight);
	return write_file(path, text);
}

/* The sysctls as they were found. */
int race_live_sysctls_back(struct race_live *live)
{
	int err = 0;

	for (int i = 0; i < RACE_NR_SYSCTLS && !err; i++)
		err = race_live_sysctl(i, live->sysctl[i]);
	return err;
}

int race_live_run(struct race_live *live, struct sbuddy_op *ops, unsigned int nr)
{
	struct race_run run = { .ops = (uintptr_t)ops, .count = nr };

	return command(live, RACE_IOC_RUN, &run);
}

int race_live_watch(struct race_live *live)
{
	struct race_watch watch = { .nodes = live->nodes };

	return command(live, RACE_IOC_WATCH, &watch);
}

int race_live_foreign(struct race_live *live, struct race_foreign *foreign)
{
	return command(live, RACE_IOC_FOREIGN, foreign);
}

int race_live_slots(struct race_live *live, uint32_t first, uint32_t count,
		    struct race_slot *slots)
{
	struct race_slots arg = {
		.slots = (uintptr_t)slots,
		.first = first,
		.count = count,
	};

	return command(live, RACE_IOC_SLOTS, &arg);
}

/* The first @max events since WATCH; *@total: how many there were. */
int race_live_events(struct race_live *live, struct race_event *events, uint32_t max,
		     uint64_t *total)
{
	struct race_events arg = { .events = (uintptr_t)events, .count = max };
	int err = command(live, RACE_IOC_EVENTS, &arg);

	*total = arg.total;
	return err ? err : (int)arg.count;
}

/* The zones of @nodes as in a snapshot, to be freed; NULL with errno set. */
char *race_live_text(struct race_live *live, uint64_t nodes)
{
	struct race_dump arg = { .nodes = nodes };
	char *text = NULL;
	int err = command(live, RACE_IOC_DUMP, &arg);

	if (!err) {
		arg.capacity = arg.len + arg.len / 8;
		text = malloc(arg.capacity + 1);
		err = -ENOMEM;
	}
	if (text) {
		arg.text = (uintptr_t)text;
		err = command(live, RACE_IOC_DUMP, &arg);
		text[arg.len < arg.capacity ? arg.len : arg.capacity] = '\0';
	}
	if (!err)
		return text;
	free(text);
	errno = -err;
	return NULL;
}

int race_live_reset(struct race_live *live)
{
	return command(live, RACE_IOC_RESET, NULL);
}

/* Free pages of a node, per-CPU lists not included, from /proc/buddyinfo. */
uint64_t race_live_free_pages(struct race_live *live, int node)
{
	FILE *f = fopen("/proc/buddyinfo", "re");
	uint64_t pages = 0;
	char line[256];
	int nid, at;

	while (f && fgets(line, sizeof(line), f)) {
		char *p = line;

		if (sscanf(p, "Node %d, zone %*s%n", &nid, &at) != 1 || nid != node)
			continue;
		p += at;
		for (int order = 0; order < SBUDDY_NR_PAGE_ORDERS; order++)
			pages += strtoull(p, &p, 10) << order;
	}
	if (f)
		fclose(f);
	return pages;
}
