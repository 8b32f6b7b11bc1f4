// SPDX-License-Identifier: GPL-2.0
/*
 * The host's knobs.  Their variables are not exported, so they are asked for
 * where the kernel shows them to everybody: /proc/sys/vm, and whether huge
 * pages are on in /sys.  What cannot be read keeps the default and is reported.
 *
 * Owns no state, takes no lock.
 */
#include <linux/err.h>
#include <linux/fs.h>
#include <linux/kernel.h>
#include <linux/mmzone.h>
#include <linux/string.h>

#include "compat.h"
#include "live.h"

#define FILE_MAX	128	/* bytes that are looked at */

/* The start of a file as a string; false if there is none. */
static bool read_file(const char *path, char buf[FILE_MAX])
{
	struct file *file = filp_open(path, O_RDONLY, 0);
	loff_t pos = 0;
	ssize_t n;

	if (IS_ERR(file))
		return false;
	n = kernel_read(file, buf, FILE_MAX - 1, &pos);
	filp_close(file, NULL);
	if (n <= 0)
		return false;
	buf[n] = '\0';
	return true;
}

static bool read_long(const char *path, long *v)
{
	char buf[FILE_MAX];

	return read_file(path, buf) && !kstrtol(strim(buf), 0, v);
}

static bool read_int(const char *path, int *v)
{
	long n;

	if (!read_long(path, &n) || n < INT_MIN || n > INT_MAX)
		return false;
	*v = n;
	return true;
}

/* One number for each zone of this kernel, in its order, but none for the last. */
static bool read_ratio(int ratio[SBUDDY_MAX_NR_ZONES])
{
	char buf[FILE_MAX], *rest = buf, *word;
	int host = 0, idx, v;

	if (!read_file("/proc/sys/vm/lowmem_reserve_ratio", buf))
		return false;
	while ((word = strsep(&rest, " \t\n")) && host < MAX_NR_ZONES) {
		if (!*word)
			continue;
		idx = sbuddy_zone_from_host(host++);
		if (kstrtoint(word, 10, &v))
			return false;
		if (idx >= 0)
			ratio[idx] = v;
	}
	return host > 0;
}

/* khugepaged runs, and has raised min_free_kbytes, unless huge pages are off. */
static bool read_thp(bool *thp)
{
	char buf[FILE_MAX];

	if (!IS_ENABLED(CONFIG_TRANSPARENT_HUGEPAGE)) {
		*thp = false;
		return true;
	}
	if (!read_file("/sys/kernel/mm/transparent_hugepage/enabled", buf))
		return false;
	*thp = !strstr(buf, "[never]");
	return true;
}

/*
 * Decided when zonelists are built: off below 2560 pages.  The memory of then
 * is not known, but a host with many times that has never had so little.
 */
static bool grouping_is_on(void)
{
	unsigned long present = 0;
	int nid;

	for_each_online_node(nid)
		present += node_present_pages(nid);
	return present > 16384;
}

/**
 * sbuddy_live_knobs_read() - what the host is set to
 * @k: out
 *
 * Context: May sleep; opens files.
 */
void sbuddy_live_knobs_read(struct sbuddy_live_knobs *k)
{
	struct sbuddy_knobs *n = &k->knobs;

	*k = (struct sbuddy_live_knobs){
		.knobs = {
			.user_min_free_kbytes = -1,
			.watermark_scale_factor = 10,
			.watermark_boost_factor = 15000,
			.lowmem_reserve_ratio = { 256, 256, 32 },
			.thp = true,
		},
		.missing = SBUDDY_MISSING_USER_MIN,
	};
	if (!read_long("/proc/sys/vm/min_free_kbytes", &n->min_free_kbytes) ||
	    !read_int("/proc/sys/vm/watermark_scale_factor", &n->watermark_scale_factor) ||
	    !read_int("/proc/sys/vm/watermark_boost_factor", &n->watermark_boost_factor) ||
	    !read_int("/proc/sys/vm/percpu_pagelist_high_fraction",
		      &n->percpu_pagelist_high_fraction) ||
	    !read_int("/proc/sys/vm/zone_reclaim_mode", &n->zone_reclaim_mode) ||
	    !read_ratio(n->lowmem_reserve_ratio))
		k->missing |= SBUDDY_MISSING_SYSCTL;
	if (!read_thp(&n->thp))
		k->missing |= SBUDDY_MISSING_THP;
	if (!grouping_is_on())
		k->missing |= SBUDDY_MISSING_GROUPING;
}
