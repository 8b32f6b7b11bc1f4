// SPDX-License-Identifier: GPL-2.0
/*
 * machines/: making machines and taking them down, by text.
 *
 * list    which machines there are, and what the unbacked ones may take
 * create  "layout=N0:Normal=1G [vcpus=4] [base=0x100000] [llc=2048] [thp=0]"
 * fork    "machine=0": an exact copy, with what that machine's built-in owner holds
 * destroy "machine=N", which no open file works on
 *
 * Reading create or fork gives the number of the machine made last by either.
 *
 * State: that number, a word that needs no lock.
 */
#include <linux/err.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "debugfs.h"
#include "machines.h"

static u32 last_made;

static int list_show(struct seq_file *s, struct sbuddy_machine *unused)
{
	struct sbuddy_machine *m;
	u32 id;

	seq_printf(s, "version=1\nused_bytes=%zu max_bytes=%zu\n", sbuddy_machines_used_bytes(),
		   sbuddy_machines_max_bytes());
	for (id = 0; (m = sbuddy_machine_next(&id)); id++)
		seq_printf(s, "machine=%d backed=%d files=%u zones=%d nodes=%d vcpus=%d base_pfn=%#lx size_pages=%lu metadata_bytes=%zu\n",
			   m->id, m->backed, sbuddy_clients_using(m), m->nr_zones,
			   m->online_nodes, m->nr_vcpus, m->base_pfn, m->nr_pages,
			   sbuddy_machine_metadata_bytes(m));
	return 0;
}

static int made_show(struct seq_file *s, const char *usage)
{
	u32 id = READ_ONCE(last_made);

	seq_printf(s, "version=1\nusage: %s\n", usage);
	if (id)
		seq_printf(s, "last_machine=%u\n", id);
	return 0;
}

/* ---- create ---- */

#define CREATE_USAGE	"layout=TEXT [vcpus=N] [base=0xN] [llc=KIB] [thp=0|1]"

static int create_show(struct seq_file *s, struct sbuddy_machine *m)
{
	return made_show(s, CREATE_USAGE);
}

static int create_pair(struct sbuddy_debugfs_write *w, char *pair,
		       struct sbuddy_machine_spec *spec)
{
	char *value = pair;
	bool thp = true;
	int err = -EINVAL;

	strsep(&value, "=");
	if (!value)
		goto out;
	if (!strcmp(pair, "layout")) {
		spec->layout = value;
		return 0;
	}
	if (!strcmp(pair, "vcpus"))
		err = kstrtou32(value, 0, &spec->vcpus);
	else if (!strcmp(pair, "base"))
		err = kstrtou64(value, 0, &spec->base_pfn);
	else if (!strcmp(pair, "llc"))
		err = kstrtou32(value, 0, &spec->llc_kib);
	else if (!strcmp(pair, "thp"))
		err = kstrtobool(value, &thp);
	spec->no_thp |= !thp;
out:
	return err ? sbuddy_debugfs_refuse(w, -EINVAL, CREATE_USAGE) : 0;
}

static int create_write(struct sbuddy_debugfs_write *w)
{
	struct sbuddy_machine_spec spec = { .layout = NULL };
	const char *expected;
	char *rest = w->text;
	char *pair;
	int err = 0;
	u32 id;

	while (!err && (pair = strsep(&rest, " \t\n")))
		if (*pair)
			err = create_pair(w, pair, &spec);
	if (err)
		return err;
	err = sbuddy_machines_create(&spec, &id, &expected);
	if (err)
		return sbuddy_debugfs_refuse(w, err, "%s", expected);
	WRITE_ONCE(last_made, id);
	return 0;
}

/* ---- fork, destroy ---- */

static int parse_machine(struct sbuddy_debugfs_write *w, u32 *id)
{
	if (strncmp(w->text, "machine=", 8) || kstrtou32(w->text + 8, 0, id))
		return sbuddy_debugfs_refuse(w, -EINVAL, "machine=N");
	return 0;
}

static int fork_show(struct seq_file *s, struct sbuddy_machine *m)
{
	return made_show(s, "machine=N");
}

/* The slots that the copy brought along become those of its own built-in owner. */
static void give_slots(u32 id)
{
	struct sbuddy_owner *spare = NULL;
	struct sbuddy_client *c;
	struct sbuddy_machine *m;

	down_read(&sbuddy_machines_lock);
	m = sbuddy_machine_find(id);
	if (m)
		spare = sbuddy_machine_take_spare(m);
	if (spare) {
		c = sbuddy_machine_builtin(m)->client;
		sbuddy_owner_rename(spare, c->id);
		if (sbuddy_client_take(c, m, spare))
			sbuddy_machine_put_spare(m, spare);
	}
	up_read(&sbuddy_machines_lock);
}

/* Of a machine that is pinned, so that it stays. */
static struct sbuddy_client *builtin_client(const struct sbuddy_machine *m)
{
	struct sbuddy_client *c;

	down_read(&sbuddy_machines_lock);
	c = sbuddy_machine_builtin(m)->client;
	up_read(&sbuddy_machines_lock);
	return c;
}

static int fork_write(struct sbuddy_debugfs_write *w)
{
	struct sbuddy_machine *m;
	u32 source, id;
	int err;

	err = parse_machine(w, &source);
	if (err)
		return err;
	m = sbuddy_machine_pin(source);
	if (IS_ERR(m))
		return sbuddy_debugfs_refuse(w, PTR_ERR(m), "a machine of machines/list");
	err = sbuddy_machines_fork(source, builtin_client(m), &id);
	sbuddy_machine_unpin(m);
	if (err)
		return sbuddy_debugfs_refuse(w, err, "a sound machine, and memory for another");
	give_slots(id);
	WRITE_ONCE(last_made, id);
	return 0;
}

static int destroy_show(struct seq_file *s, struct sbuddy_machine *m)
{
	seq_puts(s, "version=1\nusage: machine=N\n");
	return 0;
}

static int destroy_write(struct sbuddy_debugfs_write *w)
{
	u32 id;
	int err;

	err = parse_machine(w, &id);
	if (err)
		return err;
	err = sbuddy_machines_remove(id);
	if (err)
		return sbuddy_debugfs_refuse(w, err, "%s", err == -EBUSY ?
					     "a machine that no open file works on" :
					     "a machine of machines/list, not 0");
	return 0;
}

const struct sbuddy_debugfs_file sbuddy_debugfs_machines_files[] = {
	{ .name = "list", .mode = 0400, .show = list_show },
	{
		.name = "create",
		.mode = 0600,
		.write_lock = SBUDDY_DEBUGFS_UNLOCKED,
		.show = create_show,
		.write = create_write,
	},
	{
		.name = "fork",
		.mode = 0600,
		.write_lock = SBUDDY_DEBUGFS_UNLOCKED,
		.show = fork_show,
		.write = fork_write,
	},
	{
		.name = "destroy",
		.mode = 0600,
		.write_lock = SBUDDY_DEBUGFS_UNLOCKED,
		.show = destroy_show,
		.write = destroy_write,
	},
	{ }
};
