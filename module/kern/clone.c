// SPDX-License-Identifier: GPL-2.0
/*
 * Clones: a machine with the state of the living kernel's zones, by ioctl and
 * through debugfs.  live_text.c writes the host as a snapshot, machines.c makes
 * a machine of it.
 *
 * debugfs files: clone (write what to clone, read what came of the last one),
 * live/zones (what there is), live/nodeN/snapshot (the host itself, as text).
 *
 * State: the outcome of the last write to clone, under last_lock, which nests
 * inside everything; and the files for each node, made at load.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/bitmap.h>
#include <linux/cpu.h>
#include <linux/debugfs.h>
#include <linux/ktime.h>
#include <linux/mm.h>
#include <linux/mmzone.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/uaccess.h>
#include <linux/utsname.h>

#include "compat.h"
#include "debugfs.h"
#include "ioctl.h"
#include "live.h"
#include "machines.h"

/* ---- making one ------------------------------------------------------------ */

static int make(struct sbuddy_live_request *r, u32 *id)
{
	struct sbuddy_live_text t = { };
	int err;

	err = sbuddy_live_snapshot(r, &t);
	if (!err) {
		err = sbuddy_machines_import(t.buf, t.len, id, r->why, sizeof(r->why));
		/* The text is ours: what it cannot say is the fault of the host. */
		if (err == -EINVAL)
			err = -EOPNOTSUPP;
	}
	sbuddy_live_text_free(&t);
	return err;
}

static int clone(struct sbuddy_clone *a, struct sbuddy_live_request *r)
{
	u64 start = ktime_get_ns();
	int err;

	r->nodes = a->nodes;
	r->zones = a->zones;
	r->max_blocks = a->max_blocks;
	strscpy(r->why, "zones of types 0 to 4, and at most 2^24 blocks", sizeof(r->why));
	if (a->zones >> SBUDDY_MAX_NR_ZONES || a->max_blocks > SBUDDY_CLONE_MAX_BLOCKS)
		return -EINVAL;
	err = make(r, &a->machine);
	if (err)
		return err;
	a->missing = r->missing;
	a->blocks = r->blocks;
	a->irqs_off_ns = r->irqs_off_ns;
	a->most_blocks = r->most_blocks;
	a->nr_zones = r->nr_zones;
	a->tries = r->tries;
	a->fidelity = sbuddy_host_verified() ? SBUDDY_FIDELITY_RACED : SBUDDY_FIDELITY_UNVERIFIED;
	a->total_ns = ktime_get_ns() - start;
	if (!sbuddy_host_verified())
		pr_notice_once("fidelity is unverified on kernel %s: clones decide by rules that were not compared with it\n",
			       init_utsname()->release);
	return 0;
}

static int store_message(const struct sbuddy_clone *a, char *line)
{
	size_t room;

	if (!a->message_cap)
		return 0;
	room = min_t(size_t, strlen(line), a->message_cap - 1);
	line[room] = '\0';
	return copy_to_user(u64_to_user_ptr(a->message), line, room + 1) ? -EFAULT : 0;
}

/**
 * sbuddy_ioctl_clone - a machine from the host's zones
 * @c:	 the open file
 * @arg: struct sbuddy_clone
 *
 * Context: May sleep and fault; no locks held.
 * Return: 0; -EINVAL for an impossible request; -ENOENT for a node or zone that
 * the host lacks; -E2BIG for too many blocks; -EBUSY if the host's locks were
 * never free; -EAGAIN after memory hotplug; -EOPNOTSUPP for a host that is not
 * understood; -EDQUOT, -ENOSPC, -ENOMEM, -EINTR as for a new machine; -EFAULT
 * for a bad pointer.
 */
int sbuddy_ioctl_clone(struct sbuddy_client *c, void *arg)
{
	struct sbuddy_live_request r = { };
	struct sbuddy_clone *a = arg;
	int err;

	err = clone(a, &r);
	if (!err)
		r.why[0] = '\0';
	if (!store_message(a, r.why))
		return err;
	if (!err)
		sbuddy_machines_remove(a->machine);	/* nobody was told of it */
	return -EFAULT;
}

/* ---- the file clone ---------------------------------------------------------- */

static struct sbuddy_clone last;	/* of size 0 if there was none */
static DEFINE_MUTEX(last_lock);

static const char * const missing_names[] = {
	"settled", "sysctl", "user_min_free_kbytes", "thp", "grouping", "movable",
	"offline_cpus", "zones", "events", "holders",
};

static void print_missing(struct seq_file *s, u64 missing)
{
	const char *comma = "";
	int i;

	seq_puts(s, "missing=");
	for (i = 0; i < ARRAY_SIZE(missing_names); i++)
		if (missing & BIT_ULL(i)) {
			seq_printf(s, "%s%s", comma, missing_names[i]);
			comma = ",";
		}
	seq_putc(s, '\n');
}

static int clone_show(struct seq_file *s, struct sbuddy_machine *m)
{
	mutex_lock(&last_lock);
	seq_puts(s, "version=1\n");
	if (last.size) {
		seq_printf(s, "machine=%u\nzones=%u\nblocks=%llu\nmost_blocks=%u\ntries=%u\n",
			   last.machine, last.nr_zones, last.blocks, last.most_blocks,
			   last.tries);
		seq_printf(s, "irqs_off_ns=%llu\ntotal_ns=%llu\nfidelity=%s\n", last.irqs_off_ns,
			   last.total_ns,
			   last.fidelity == SBUDDY_FIDELITY_RACED ? "raced" : "unverified");
		print_missing(s, last.missing);
	}
	mutex_unlock(&last_lock);
	return 0;
}

static int parse_zones(struct sbuddy_debugfs_write *w, char *names, u32 *zones)
{
	char *name;
	int idx;

	while ((name = strsep(&names, ","))) {
		for (idx = 0; idx < SBUDDY_MAX_NR_ZONES; idx++)
			if (!strcmp(name, sbuddy_zone_name(idx)))
				break;
		if (idx == SBUDDY_MAX_NR_ZONES)
			return sbuddy_debugfs_refuse(w, -EINVAL,
						     "zones=DMA32,Normal and the like");
		*zones |= BIT(idx);
	}
	return 0;
}

static int parse_nodes(struct sbuddy_debugfs_write *w, const char *list, u64 *nodes)
{
	DECLARE_BITMAP(bits, 64);

	if (bitmap_parselist(list, bits, 64) || bitmap_empty(bits, 64))
		return sbuddy_debugfs_refuse(w, -EINVAL, "nodes=0,2-3 and the like");
	bitmap_to_arr64(nodes, bits, 64);
	return 0;
}

static int parse_pair(struct sbuddy_debugfs_write *w, char *pair, struct sbuddy_clone *a)
{
	char *value = pair, *key = strsep(&value, "=");

	if (value && !strcmp(key, "nodes"))
		return parse_nodes(w, value, &a->nodes);
	if (value && !strcmp(key, "zones"))
		return parse_zones(w, value, &a->zones);
	if (value && !strcmp(key, "max_blocks") && !kstrtou32(value, 10, &a->max_blocks) &&
	    a->max_blocks)
		return 0;
	return sbuddy_debugfs_refuse(w, -EINVAL,
				     "all, or nodes=LIST [zones=NAME,...] [max_blocks=N]");
}

static int parse(struct sbuddy_debugfs_write *w, struct sbuddy_clone *a)
{
	char *rest = w->text, *pair;
	int err = 0;

	if (!strcmp(w->text, "all"))
		return 0;
	if (!*w->text)
		return parse_pair(w, w->text, a);
	while (!err && (pair = strsep(&rest, " \t\n")))
		if (*pair)
			err = parse_pair(w, pair, a);
	return err;
}

static int clone_write(struct sbuddy_debugfs_write *w)
{
	struct sbuddy_clone a = { .size = sizeof(a) };
	struct sbuddy_live_request r = { };
	int err;

	err = parse(w, &a);
	if (err)
		return err;
	err = clone(&a, &r);
	if (err)
		return sbuddy_debugfs_refuse(w, err, "%s", r.why);
	mutex_lock(&last_lock);
	last = a;
	mutex_unlock(&last_lock);
	return 0;
}

const struct sbuddy_debugfs_file sbuddy_debugfs_clone_files[] = {
	{ .name = "clone", .mode = 0600, .show = clone_show, .write = clone_write,
	  .write_lock = SBUDDY_DEBUGFS_UNLOCKED },
	{ }
};

/* ---- live/ -------------------------------------------------------------------- */

static void print_live_zone(struct seq_file *s, struct zone *zone)
{
	seq_printf(s, "node=%d zone=%s start_pfn=%#lx spanned_pages=%lu present_pages=%lu managed_pages=%lu blocks=%u\n",
		   zone_to_nid(zone), zone->name, zone->zone_start_pfn, zone->spanned_pages,
		   zone->present_pages, zone_managed_pages(zone), sbuddy_live_zone_blocks(zone));
}

static int live_zones_show(struct seq_file *s, struct sbuddy_machine *m)
{
	const char *why = sbuddy_live_unsupported();
	int nid, idx;

	seq_puts(s, "version=1\n");
	seq_printf(s, "kernel=%s fidelity=%s\n", init_utsname()->release,
		   sbuddy_host_verified() ? "raced" : "unverified");
	if (why) {
		seq_printf(s, "# cannot be cloned: expected %s\n", why);
		return 0;
	}
	for_each_online_node(nid)
		for (idx = 0; idx < MAX_NR_ZONES; idx++) {
			struct zone *zone = &NODE_DATA(nid)->node_zones[idx];

			if (populated_zone(zone))
				print_live_zone(s, zone);
		}
	return 0;
}

static const struct sbuddy_debugfs_file live_files[] = {
	{ .name = "zones", .mode = 0400, .show = live_zones_show },
	{ }
};

/* A file for each node: the table says nothing of which. */
struct live_node {
	struct sbuddy_debugfs_file files[2];
	int nid;
};

static struct live_node live_nodes[SBUDDY_MAX_NODES];

/* All but the knobs, which have files of their own; the first lines say what the copy cost. */
static int live_snapshot_show(struct seq_file *s, struct sbuddy_machine *m)
{
	const struct live_node *node = container_of(s->private, struct live_node, files[0]);
	struct sbuddy_live_request r = { .nodes = BIT_ULL(node->nid), .no_knobs = true };
	struct sbuddy_live_text t = { };
	int err;

	err = sbuddy_live_snapshot(&r, &t);
	if (err) {
		pr_notice_ratelimited("live/node%d/snapshot: expected %s\n", node->nid, r.why);
	} else {
		seq_printf(s, "# irqs_off_ns=%llu blocks=%llu tries=%u\n# ", r.irqs_off_ns,
			   r.blocks, r.tries);
		print_missing(s, r.missing);
		seq_write(s, t.buf, t.len);
	}
	sbuddy_live_text_free(&t);
	return err;
}

/* Ten bytes a block, two a pageblock, the rest of the lines. */
static size_t live_snapshot_hint(const struct sbuddy_machine *m)
{
	size_t most = 0;
	int nid, idx;

	for_each_online_node(nid) {
		size_t size = 16384 + nr_cpu_ids * 256;

		for (idx = 0; idx < MAX_NR_ZONES; idx++) {
			struct zone *zone = &NODE_DATA(nid)->node_zones[idx];

			if (populated_zone(zone))
				size += 10 * (size_t)sbuddy_live_zone_blocks(zone) +
					zone->spanned_pages / 256;
		}
		most = max(most, size);
	}
	return roundup_pow_of_two(most);
}

static void create_node_files(struct dentry *live, int nid)
{
	struct live_node *node = &live_nodes[nid];
	char name[16];

	node->nid = nid;
	node->files[0] = (struct sbuddy_debugfs_file){
		.name = "snapshot", .mode = 0400,
		.show = live_snapshot_show, .hint = live_snapshot_hint,
	};
	snprintf(name, sizeof(name), "node%d", nid);
	sbuddy_debugfs_create_files(debugfs_create_dir(name, live), node->files);
}

/**
 * sbuddy_debugfs_create_live() - the directory live/
 * @root: the module's directory
 *
 * Nodes that come online later have no files.
 *
 * Context: May sleep.
 */
void sbuddy_debugfs_create_live(struct dentry *root)
{
	struct dentry *live = debugfs_create_dir("live", root);
	int nid;

	sbuddy_debugfs_create_files(live, live_files);
	for_each_online_node(nid)
		if (nid < SBUDDY_MAX_NODES)
			create_node_files(live, nid);
}
