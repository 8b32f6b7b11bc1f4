// SPDX-License-Identifier: GPL-2.0
/*
 * /sys/kernel/debug/sbuddy: the tree, and what its files have in common.
 *
 * Machine 0 has its files in the root, each other machine the same in
 * machines/N.  The files are entries of const tables, one table for each
 * mechanism; one file_operations serves all of them.  An inode's private data
 * are the entry for a file of machine 0 or of none, else three numbers: machine,
 * table, place in the table.  Reading goes through seq_file and holds
 * sbuddy_machines_lock around each pass.  Writing takes one command a
 * write(), whatever the file position; a command is text, blanks around it do
 * not matter.
 *
 * A refused write returns its errno and leaves a line in last_error: the errno's
 * name, the file, what was written, what would have been accepted.
 *
 * State: the directories, and the last refusal, which last_refusal_lock guards.
 * The lock is innermost.  What each machine's files keep is in its struct
 * sbuddy_builtin, the built-in owner (client 0) among it.
 *
 * An open file pins the module, and debugfs itself keeps a file that was
 * removed while open from calling in here, so there is nothing to count.
 */
#include <linux/ctype.h>
#include <linux/debugfs.h>
#include <linux/fs.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/string_helpers.h>
#include <linux/uaccess.h>

#include "debugfs.h"

#define SBUDDY_DEBUGFS_QUOTED_BYTES	64

/* What last_error prints. */
struct sbuddy_refusal {
	int err;
	const char *file;
	u32 machine;
	char written[SBUDDY_DEBUGFS_QUOTED_BYTES];
	size_t written_len;	/* of the whole text, may exceed what is kept */
	char expected[SBUDDY_DEBUGFS_EXPECTED_MAX];
};

static struct dentry *debugfs_root;
static struct dentry *machines_dir;
static struct sbuddy_refusal last_refusal;
static DEFINE_MUTEX(last_refusal_lock);

/**
 * sbuddy_debugfs_refuse() - say why a write is refused
 * @w:   the write
 * @err: negative errno
 * @fmt: what would have been accepted, without a full stop
 *
 * Context: Any.
 * Return: @err.
 */
int sbuddy_debugfs_refuse(struct sbuddy_debugfs_write *w, int err, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vscnprintf(w->expected, sizeof(w->expected), fmt, args);
	va_end(args);
	return err;
}

static void remember_refusal(const char *file, u32 machine, int err, const char *text,
			     size_t len, const char *expected)
{
	mutex_lock(&last_refusal_lock);
	last_refusal.err = err;
	last_refusal.file = file;
	last_refusal.machine = machine;
	last_refusal.written_len = len;
	memcpy(last_refusal.written, text, min_t(size_t, len, SBUDDY_DEBUGFS_QUOTED_BYTES));
	strscpy(last_refusal.expected, expected, sizeof(last_refusal.expected));
	mutex_unlock(&last_refusal_lock);
}

/* %pe knows the names only on kernels built with them. */
static const struct {
	int err;
	const char *name;
} errno_names[] = {
	{ EPERM, "EPERM" },
	{ ENOENT, "ENOENT" },
	{ EINTR, "EINTR" },
	{ E2BIG, "E2BIG" },
	{ ENOMEM, "ENOMEM" },
	{ EFAULT, "EFAULT" },
	{ EBUSY, "EBUSY" },
	{ EEXIST, "EEXIST" },
	{ EINVAL, "EINVAL" },
	{ ENOSPC, "ENOSPC" },
	{ EDQUOT, "EDQUOT" },
	{ EOPNOTSUPP, "EOPNOTSUPP" },
	{ EALREADY, "EALREADY" },
	{ EUCLEAN, "EUCLEAN" },
};

static void print_errno(struct seq_file *s, int err)
{
	int i;

	for (i = 0; i < ARRAY_SIZE(errno_names); i++) {
		if (errno_names[i].err == -err) {
			seq_puts(s, errno_names[i].name);
			return;
		}
	}
	seq_printf(s, "%d", -err);
}

static int last_error_show(struct seq_file *s, struct sbuddy_machine *m)
{
	/* four characters for each byte at most, and the end */
	char quoted[4 * SBUDDY_DEBUGFS_QUOTED_BYTES + 1];
	const struct sbuddy_refusal *r = &last_refusal;
	int n;

	mutex_lock(&last_refusal_lock);
	if (!r->err) {
		seq_puts(s, "none\n");
		goto out;
	}
	n = string_escape_mem(r->written, min_t(size_t, r->written_len, sizeof(r->written)),
			      quoted, sizeof(quoted) - 1,
			      ESCAPE_SPACE | ESCAPE_SPECIAL | ESCAPE_NULL | ESCAPE_HEX |
			      ESCAPE_NAP | ESCAPE_APPEND, "\"\\");
	quoted[min_t(size_t, n, sizeof(quoted) - 1)] = '\0';
	print_errno(s, r->err);
	seq_putc(s, ' ');
	if (r->machine)
		seq_printf(s, "machines/%u/", r->machine);
	seq_printf(s, "%s: \"%s\"", r->file, quoted);
	if (r->written_len > sizeof(r->written))
		seq_printf(s, "... (%zu bytes)", r->written_len);
	seq_printf(s, ": expected %s\n", r->expected);
out:
	mutex_unlock(&last_refusal_lock);
	return 0;
}

static const struct sbuddy_debugfs_file last_error_files[] = {
	{ .name = "last_error", .mode = 0400, .show = last_error_show },
	{ }
};

/* ---- which file of which machine an inode is ---- */

/* Those that every machine has. */
static const struct sbuddy_debugfs_file * const tables[] = {
	sbuddy_debugfs_frag_files,
	sbuddy_debugfs_vmstat_files,
	sbuddy_debugfs_dump_files,
	sbuddy_debugfs_list_files,
	sbuddy_debugfs_numa_files,
	sbuddy_debugfs_alloc_files,
	sbuddy_debugfs_range_files,
	sbuddy_debugfs_ctl_files,
	sbuddy_debugfs_compact_files,
	sbuddy_debugfs_reclaim_files,
	sbuddy_debugfs_extfrag_files,
	sbuddy_debugfs_vm_files,
};

#define ID_SHIFT	16
#define TABLE_SHIFT	8
#define PLACE_MASK	0xffUL

/* The kernel's addresses are above all such numbers. */
static bool is_entry(const void *private)
{
	return (long)private < 0;
}

static const struct sbuddy_debugfs_file *file_of(const void *private)
{
	unsigned long n = (unsigned long)private;

	if (is_entry(private))
		return private;
	return tables[n >> TABLE_SHIFT & PLACE_MASK] + (n & PLACE_MASK);
}

static u32 machine_of(const void *private)
{
	return is_entry(private) ? 0 : (unsigned long)private >> ID_SHIFT;
}

/* NULL without the machine, or if the callback is to find it by itself. */
static struct sbuddy_machine *lock_machine(enum sbuddy_debugfs_lock how, u32 id)
{
	if (how == SBUDDY_DEBUGFS_UNLOCKED)
		return NULL;
	if (how == SBUDDY_DEBUGFS_ALONE)
		down_write(&sbuddy_machines_lock);
	else
		down_read(&sbuddy_machines_lock);
	return sbuddy_machine_find(id);
}

static void unlock_machine(enum sbuddy_debugfs_lock how)
{
	if (how == SBUDDY_DEBUGFS_ALONE)
		up_write(&sbuddy_machines_lock);
	else if (how == SBUDDY_DEBUGFS_SHARED)
		up_read(&sbuddy_machines_lock);
}

static int debugfs_show(struct seq_file *s, void *unused)
{
	const struct sbuddy_debugfs_file *f = file_of(s->private);
	struct sbuddy_machine *m = lock_machine(f->show_lock, machine_of(s->private));
	int err = m ? f->show(s, m) : -ENOENT;

	unlock_machine(f->show_lock);
	return err;
}

static size_t size_hint(const struct sbuddy_debugfs_file *f, u32 id)
{
	struct sbuddy_machine *m;
	size_t size = 0;

	if (!f->hint)
		return PAGE_SIZE;
	m = lock_machine(SBUDDY_DEBUGFS_SHARED, id);
	if (m)
		size = f->hint(m);
	unlock_machine(SBUDDY_DEBUGFS_SHARED);
	return max_t(size_t, size, PAGE_SIZE);
}

static int debugfs_open(struct inode *inode, struct file *file)
{
	const struct sbuddy_debugfs_file *f = file_of(inode->i_private);

	/* Root may open a 0200 file for reading all the same. */
	if (!f->show && (file->f_mode & FMODE_READ))
		return -EPERM;
	if (!(file->f_mode & FMODE_READ))
		return single_open(file, debugfs_show, inode->i_private);
	return single_open_size(file, debugfs_show, inode->i_private,
				size_hint(f, machine_of(inode->i_private)));
}

static int handle_write(const struct sbuddy_debugfs_file *f, struct sbuddy_debugfs_write *w)
{
	int err;

	w->m = lock_machine(f->write_lock, w->machine);
	if (w->m || f->write_lock == SBUDDY_DEBUGFS_UNLOCKED)
		err = f->write(w);
	else
		err = sbuddy_debugfs_refuse(w, -ENOENT, "a machine %u", w->machine);
	unlock_machine(f->write_lock);
	return err;
}

/* Everything that can be wrong with a text before its meaning is looked at. */
static int check_text(const struct sbuddy_debugfs_file *f, struct sbuddy_debugfs_write *w,
		      size_t kept, size_t len)
{
	if (!f->write)
		return sbuddy_debugfs_refuse(w, -EPERM, "no write: the file is read only");
	if (len > SBUDDY_DEBUGFS_WRITE_MAX + 1)
		return sbuddy_debugfs_refuse(w, -E2BIG, "at most %u bytes",
					     SBUDDY_DEBUGFS_WRITE_MAX);
	if (memchr(w->text, '\0', kept))
		return sbuddy_debugfs_refuse(w, -EINVAL, "text without NUL bytes");
	return 0;
}

static ssize_t debugfs_write(struct file *file, const char __user *ubuf, size_t len,
			     loff_t *ppos)
{
	const struct sbuddy_debugfs_file *f = file_of(file_inode(file)->i_private);
	size_t kept = min_t(size_t, len, SBUDDY_DEBUGFS_WRITE_MAX + 1);
	char start[SBUDDY_DEBUGFS_QUOTED_BYTES];
	struct sbuddy_debugfs_write w = { .machine = machine_of(file_inode(file)->i_private) };
	char *text;
	int err;

	text = memdup_user_nul(ubuf, kept);
	if (IS_ERR(text)) {
		remember_refusal(f->name, w.machine, PTR_ERR(text), "", 0,
				 "memory that can be read");
		return PTR_ERR(text);
	}
	memcpy(start, text, min_t(size_t, kept, sizeof(start)));
	w.text = text;
	err = check_text(f, &w, kept, len);
	if (!err) {
		w.text = strim(text);
		err = handle_write(f, &w);
	}
	kfree(text);
	if (err) {
		/* The newline that echo adds is not worth quoting. */
		if (len && len <= sizeof(start) && start[len - 1] == '\n')
			len--;
		remember_refusal(f->name, w.machine, err, start, len, w.expected);
		return err;
	}
	*ppos += len;
	return len;
}

static const struct file_operations debugfs_fops = {
	.owner = THIS_MODULE,
	.open = debugfs_open,
	.read = seq_read,
	.write = debugfs_write,
	.llseek = seq_lseek,
	.release = single_release,
};

/**
 * sbuddy_debugfs_create_files() - the files of a table, about machine 0 or none
 * @dir: where
 * @f:	 table, ended by an entry without a name; stays while the files do
 *
 * Context: May sleep.
 */
void sbuddy_debugfs_create_files(struct dentry *dir, const struct sbuddy_debugfs_file *f)
{
	for (; f->name; f++)
		debugfs_create_file(f->name, f->mode, dir, (void *)f, &debugfs_fops);
}

static void create_files(struct dentry *dir, u32 id, const struct sbuddy_debugfs_file *table)
{
	const struct sbuddy_debugfs_file *f;
	unsigned long t, n;

	if (!id) {
		sbuddy_debugfs_create_files(dir, table);
		return;
	}
	for (t = 0; t < ARRAY_SIZE(tables) - 1 && tables[t] != table;)
		t++;
	for (f = table; f->name; f++) {
		n = (unsigned long)id << ID_SHIFT | t << TABLE_SHIFT | (f - table);
		debugfs_create_file(f->name, f->mode, dir, (void *)n, &debugfs_fops);
	}
}

/* What every machine has. */
static void create_tree(struct dentry *dir, u32 id)
{
	create_files(dir, id, sbuddy_debugfs_frag_files);
	create_files(dir, id, sbuddy_debugfs_vmstat_files);
	create_files(dir, id, sbuddy_debugfs_dump_files);
	create_files(dir, id, sbuddy_debugfs_list_files);
	create_files(dir, id, sbuddy_debugfs_numa_files);
	create_files(dir, id, sbuddy_debugfs_alloc_files);
	create_files(dir, id, sbuddy_debugfs_range_files);
	create_files(dir, id, sbuddy_debugfs_ctl_files);
	create_files(dir, id, sbuddy_debugfs_compact_files);
	create_files(dir, id, sbuddy_debugfs_reclaim_files);
	create_files(debugfs_create_dir("extfrag", dir), id, sbuddy_debugfs_extfrag_files);
	create_files(debugfs_create_dir("vm", dir), id, sbuddy_debugfs_vm_files);
}

/**
 * sbuddy_builtin_create() - the built-in owner of a machine, and its files
 * @m: machine, with its number, not in the table yet
 *
 * That the files cannot be created, for instance because debugfs is not built, is
 * no error: everything else works without them.  Those of machine 0 come with
 * sbuddy_debugfs_init().
 *
 * Context: May sleep.
 * Return: what goes with the machine, for sbuddy_builtin_destroy(); NULL without
 *	   memory.
 */
struct sbuddy_builtin *sbuddy_builtin_create(struct sbuddy_machine *m)
{
	struct sbuddy_builtin *b = kzalloc(sizeof(*b), GFP_KERNEL);
	char name[16];

	if (!b)
		return NULL;
	b->client = sbuddy_client_create(m, "debugfs", 0);
	if (!b->client) {
		kfree(b);
		return NULL;
	}
	strscpy(b->last_check, "not checked yet", sizeof(b->last_check));
	if (m->id) {
		snprintf(name, sizeof(name), "%d", m->id);
		b->dir = debugfs_create_dir(name, machines_dir);
		create_tree(b->dir, m->id);
	}
	return b;
}

/**
 * sbuddy_builtin_destroy() - remove a machine's files, free what its built-in
 *			      owner holds
 * @b: what sbuddy_builtin_create() returned
 *
 * Context: May sleep.  The machine has left the table; sbuddy_machines_lock is
 *	    not held, for who is in one of the files may wait for it.
 */
void sbuddy_builtin_destroy(struct sbuddy_builtin *b)
{
	debugfs_remove_recursive(b->dir);
	sbuddy_debugfs_alloc_exit(b);
	sbuddy_debugfs_compact_exit(b);
	down_read(&sbuddy_machines_lock);
	sbuddy_client_destroy(b->client);
	up_read(&sbuddy_machines_lock);
	kfree(b);
}

/**
 * sbuddy_debugfs_init() - create the files of machine 0, and those about machines
 *
 * Machine 0 must exist.
 *
 * Context: May sleep.
 * Return: 0; -ENOMEM if fail_init= names this step.
 */
int sbuddy_debugfs_init(void)
{
	int err;

	err = sbuddy_init_step("debugfs");
	if (err)
		return err;
	debugfs_root = debugfs_create_dir("sbuddy", NULL);
	sbuddy_debugfs_create_files(debugfs_root, last_error_files);
	create_tree(debugfs_root, 0);
	sbuddy_debugfs_create_files(debugfs_root, sbuddy_debugfs_clone_files);
	sbuddy_debugfs_create_live(debugfs_root);
	machines_dir = debugfs_create_dir("machines", debugfs_root);
	sbuddy_debugfs_create_files(machines_dir, sbuddy_debugfs_machines_files);
	return 0;
}

/**
 * sbuddy_debugfs_exit() - remove the files
 *
 * Context: May sleep.  No machine but number 0 was left, and that one is gone as
 *	    well; an open file would hold the module, so nobody is in one.
 */
void sbuddy_debugfs_exit(void)
{
	debugfs_remove_recursive(debugfs_root);
	debugfs_root = NULL;
	machines_dir = NULL;
}
