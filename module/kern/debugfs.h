/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the files of debugfs*.c share: the table that describes a file of
 * /sys/kernel/debug/sbuddy, and how a write is refused.
 */
#ifndef _SBUDDY_DEBUGFS_H
#define _SBUDDY_DEBUGFS_H

#include <linux/seq_file.h>
#include <linux/types.h>

#include "kern.h"

/* Longest text that may be written, bytes without the closing newline. */
#define SBUDDY_DEBUGFS_WRITE_MAX	1023U
#define SBUDDY_DEBUGFS_EXPECTED_MAX	192U

/* How sbuddy_machines_lock is held around a callback. */
enum sbuddy_debugfs_lock {
	SBUDDY_DEBUGFS_SHARED,		/* for read: operations go on */
	SBUDDY_DEBUGFS_ALONE,		/* for write: nobody else uses a machine */
	SBUDDY_DEBUGFS_UNLOCKED,	/* not at all: the callback takes it */
};

#define SBUDDY_DEBUGFS_CHECK_MAX	256U	/* longest result of a check, bytes */

/**
 * struct sbuddy_builtin - what a machine's files keep
 * @client:	the owner of what the file alloc allocates
 * @dir:	machines/N; NULL for machine 0, whose files are in the root
 * @last_alloc: result of the last write to alloc, NULL if there was none;
 *		see debugfs_alloc.c
 * @last_contig: the last write to contig that was done, size 0 if there was none;
 *		see debugfs_range.c
 * @last_compact: what the last write to compact did, NULL if there was none;
 *		see debugfs_compact.c
 * @last_check: result of the last write to check; see debugfs_ctl.c
 *
 * Lives as long as the machine.
 */
struct sbuddy_builtin {
	struct sbuddy_client *client;
	struct dentry *dir;
	struct alloc_result *last_alloc;
	struct sbuddy_contig last_contig;
	struct compact_result *last_compact;
	char last_check[SBUDDY_DEBUGFS_CHECK_MAX];
};

/**
 * struct sbuddy_debugfs_write - one write, on its way through a handler
 * @machine:  number of the machine whose file it is
 * @m:	      the machine; NULL with SBUDDY_DEBUGFS_UNLOCKED
 * @text:     what was written, without blanks at both ends; the handler may cut it up
 * @expected: filled by sbuddy_debugfs_refuse()
 */
struct sbuddy_debugfs_write {
	u32 machine;
	struct sbuddy_machine *m;
	char *text;
	char expected[SBUDDY_DEBUGFS_EXPECTED_MAX];
};

/**
 * struct sbuddy_debugfs_file - one file of a directory
 * @name:	file name; NULL ends a table
 * @mode:	permissions
 * @show_lock:	for @show; never SBUDDY_DEBUGFS_UNLOCKED
 * @write_lock: for @write
 * @show:	prints the file; NULL if it cannot be read
 * @write:	takes what was written; NULL if the file is read only
 * @hint:	size of the output to start with, bytes; NULL for about a page.
 *		Too small a hint costs a second call of @show, no more.  The lock
 *		is held for read
 *
 * @show may print under a spinlock: a seq_file that runs full only notes it, the
 * memory was taken before.
 */
struct sbuddy_debugfs_file {
	const char *name;
	umode_t mode;
	enum sbuddy_debugfs_lock show_lock;
	enum sbuddy_debugfs_lock write_lock;
	int (*show)(struct seq_file *s, struct sbuddy_machine *m);
	int (*write)(struct sbuddy_debugfs_write *w);
	size_t (*hint)(const struct sbuddy_machine *m);
};

/* Tables, each ended by an entry without a name. */
extern const struct sbuddy_debugfs_file sbuddy_debugfs_frag_files[];	/* debugfs_proc.c */
extern const struct sbuddy_debugfs_file sbuddy_debugfs_extfrag_files[];	/* debugfs_proc.c */
extern const struct sbuddy_debugfs_file sbuddy_debugfs_vmstat_files[];	/* debugfs_vmstat.c */
extern const struct sbuddy_debugfs_file sbuddy_debugfs_dump_files[];	/* debugfs_dump.c */
extern const struct sbuddy_debugfs_file sbuddy_debugfs_numa_files[];	/* debugfs_numa.c */
extern const struct sbuddy_debugfs_file sbuddy_debugfs_list_files[];	/* debugfs_lists.c */
extern const struct sbuddy_debugfs_file sbuddy_debugfs_alloc_files[];	/* debugfs_alloc.c */
extern const struct sbuddy_debugfs_file sbuddy_debugfs_range_files[];	/* debugfs_range.c */
extern const struct sbuddy_debugfs_file sbuddy_debugfs_ctl_files[];	/* debugfs_ctl.c */
extern const struct sbuddy_debugfs_file sbuddy_debugfs_vm_files[];	/* debugfs_vm.c */
extern const struct sbuddy_debugfs_file sbuddy_debugfs_compact_files[];	/* debugfs_compact.c */
extern const struct sbuddy_debugfs_file sbuddy_debugfs_reclaim_files[];	/* debugfs_reclaim.c */
extern const struct sbuddy_debugfs_file sbuddy_debugfs_machines_files[]; /* debugfs_machines.c */
extern const struct sbuddy_debugfs_file sbuddy_debugfs_clone_files[];	/* clone.c */

struct dentry;

void sbuddy_debugfs_create_files(struct dentry *dir, const struct sbuddy_debugfs_file *f);

/* clone.c */
void sbuddy_debugfs_create_live(struct dentry *root);

__printf(3, 4)
int sbuddy_debugfs_refuse(struct sbuddy_debugfs_write *w, int err, const char *fmt, ...);

/* debugfs_alloc.c */
int sbuddy_debugfs_run_op(struct sbuddy_machine *m, struct sbuddy_op *op);
int sbuddy_debugfs_run_op_mpol(struct sbuddy_machine *m, struct sbuddy_op *op,
			       const struct sbuddy_mempolicy *pol);
void sbuddy_debugfs_alloc_exit(struct sbuddy_builtin *b);

/* debugfs_compact.c */
void sbuddy_debugfs_compact_exit(struct sbuddy_builtin *b);

#endif /* _SBUDDY_DEBUGFS_H */
