// SPDX-License-Identifier: GPL-2.0
/*
 * drain, decay, check, reset: steps that no allocation takes by itself.
 *
 * drain  "cpu=0", "all" or "1": the pcp lists to the buddy lists
 * decay  the same for one vmstat period
 * check  "1": walk everything, while nothing else runs.  Reading shows "ok" or the
 *        first thing wrong, whoever wrote
 * reset  "1": the machine as it was after loading; what the built-in owner holds is
 *        freed, what an open file holds forbids it
 * shortcut "0": every request and free goes through every function of the chain,
 *        which a function trace then shows; "1": the usual.  The same is decided
 *
 * State: each machine's sbuddy_builtin::last_check, guarded by check_lock, which
 * nests inside everything else.
 */
#include "debugfs.h"

static DEFINE_MUTEX(check_lock);

/* ---- drain, decay -------------------------------------------------------- */

/* -1 for every vcpu */
static int parse_cpu(struct sbuddy_debugfs_write *w, int *cpu)
{
	*cpu = -1;
	if (!strcmp(w->text, "all") || !strcmp(w->text, "1"))
		return 0;
	if (strncmp(w->text, "cpu=", 4) || kstrtoint(w->text + 4, 0, cpu) ||
	    *cpu < 0 || *cpu >= w->m->nr_vcpus)
		return sbuddy_debugfs_refuse(w, -EINVAL, "cpu=0..%d, all or 1",
					     w->m->nr_vcpus - 1);
	return 0;
}

static int cpu_op(struct sbuddy_debugfs_write *w, enum sbuddy_opcode opcode)
{
	struct sbuddy_op op = { .opcode = opcode };
	int cpu, err;

	err = parse_cpu(w, &cpu);
	if (err)
		return err;
	op.cpu = cpu;
	err = sbuddy_debugfs_run_op(w->m, &op);
	if (err)
		return sbuddy_debugfs_refuse(w, err, "a vcpu of the machine");
	return 0;
}

static int drain_write(struct sbuddy_debugfs_write *w)
{
	return cpu_op(w, SBUDDY_OP_DRAIN);
}

static int decay_write(struct sbuddy_debugfs_write *w)
{
	return cpu_op(w, SBUDDY_OP_DECAY);
}

static int cpu_show(struct seq_file *s, struct sbuddy_machine *m)
{
	seq_printf(s, "version=1\nusage: cpu=0..%d | all | 1\n", m->nr_vcpus - 1);
	return 0;
}

/* ---- check, reset -------------------------------------------------------- */

static int parse_one(struct sbuddy_debugfs_write *w)
{
	if (strcmp(w->text, "1"))
		return sbuddy_debugfs_refuse(w, -EINVAL, "1");
	return 0;
}

static int check_owners(const struct sbuddy_machine *m, char *text, size_t size)
{
	struct sbuddy_client *c;
	int err = 0;

	mutex_lock(&sbuddy_clients_lock);
	list_for_each_entry(c, &sbuddy_clients, link) {
		if (c->machine != m)
			continue;
		mutex_lock(&c->lock);
		err = sbuddy_owner_check(c->owner, text, size);
		mutex_unlock(&c->lock);
		if (err)
			break;
	}
	mutex_unlock(&sbuddy_clients_lock);
	return err;
}

static int check_write(struct sbuddy_debugfs_write *w)
{
	char text[SBUDDY_DEBUGFS_CHECK_MAX] = "";
	int err;

	err = parse_one(w);
	if (err)
		return err;
	err = sbuddy_check(w->m, text, sizeof(text));
	if (!err)
		err = check_owners(w->m, text, sizeof(text));
	mutex_lock(&check_lock);
	strscpy(sbuddy_machine_builtin(w->m)->last_check, err ? text : "ok", sizeof(text));
	mutex_unlock(&check_lock);
	if (err)
		return sbuddy_debugfs_refuse(w, err, "a sound machine, found: %s", text);
	return 0;
}

static int check_show(struct seq_file *s, struct sbuddy_machine *m)
{
	mutex_lock(&check_lock);
	seq_printf(s, "%s\n", sbuddy_machine_builtin(m)->last_check);
	mutex_unlock(&check_lock);
	return 0;
}

static int reset_write(struct sbuddy_debugfs_write *w)
{
	int err;

	err = parse_one(w);
	if (err)
		return err;
	err = sbuddy_reset_machine(w->machine);
	if (err == -EBUSY)
		return sbuddy_debugfs_refuse(w, err,
					     "that no open file holds pages; see allocations");
	if (err)
		return sbuddy_debugfs_refuse(w, err, "a machine that can be made anew");
	return 0;
}

static int one_show(struct seq_file *s, struct sbuddy_machine *m)
{
	seq_puts(s, "version=1\nusage: 1\n");
	return 0;
}

static int shortcut_show(struct seq_file *s, struct sbuddy_machine *m)
{
	seq_printf(s, "%d\n", m->knobs.shortcut);
	return 0;
}

static int shortcut_write(struct sbuddy_debugfs_write *w)
{
	bool on;

	if (kstrtobool(w->text, &on))
		return sbuddy_debugfs_refuse(w, -EINVAL, "0 or 1");
	return sbuddy_set_shortcut(w->m, on);
}

const struct sbuddy_debugfs_file sbuddy_debugfs_ctl_files[] = {
	{ .name = "drain", .mode = 0600, .show = cpu_show, .write = drain_write },
	{ .name = "decay", .mode = 0600, .show = cpu_show, .write = decay_write },
	{
		.name = "check",
		.mode = 0600,
		.write_lock = SBUDDY_DEBUGFS_ALONE,
		.show = check_show,
		.write = check_write,
	},
	{
		.name = "reset",
		.mode = 0600,
		.write_lock = SBUDDY_DEBUGFS_UNLOCKED,
		.show = one_show,
		.write = reset_write,
	},
	{ .name = "shortcut", .mode = 0600, .write_lock = SBUDDY_DEBUGFS_ALONE,
	  .show = shortcut_show, .write = shortcut_write },
	{ }
};
