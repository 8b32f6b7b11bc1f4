/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the kernel side of the module shares between its files.  Interfaces
 * depend on the engine, the engine on nothing here.
 *
 * Lock order, outermost first:
 *   sbuddy_machines_lock (rwsem)  machines come, go and are reset under write;
 *                                 everything that uses one holds it for read
 *   sbuddy_knobs_lock (mutex)     writers of knobs, of any machine
 *   sbuddy_client.lock (mutex)    one owner's slots; a run holds it in chunks
 *   sbuddy_compact_lock (mutex)   compaction by hand, compact.c; nests inside the
 *                                 first, never together with the second
 *   the engine's zone lock, pcp lock
 * sbuddy_clients_lock (mutex) guards the list of clients; it nests inside
 * sbuddy_machines_lock and outside sbuddy_client.lock.
 */
#ifndef _SBUDDY_KERN_H
#define _SBUDDY_KERN_H

#include <linux/moduleparam.h>
#include <linux/mutex.h>
#include <linux/rwsem.h>
#include <linux/seq_file.h>

#include "sbuddy/engine.h"

/**
 * struct sbuddy_region_piece - a contiguous piece of the region
 * @start_pfn: first frame
 * @nr_pages:  length
 * @node:      host node it lies on; until it is obtained the one asked for,
 *	       NUMA_NO_NODE for any
 * @way:       how it was obtained, SBUDDY_REGION_NONE as long as it is not
 * @alloc_ns:  time that took, ns
 * @largest_run: longest run of frames seen by the search, pages; 0 if it
 *	       did not run
 */
struct sbuddy_region_piece {
	unsigned long start_pfn;
	unsigned long nr_pages;
	int node;
	enum sbuddy_region_way way;
	u64 alloc_ns;
	unsigned long largest_run;
};

/**
 * struct sbuddy_region - the real memory behind machine 0
 * @start_pfn: lowest frame of all pieces
 * @nr_pages:  their length in all, less than the machine spans where there are
 *	       several
 * @nr_pieces: used part of @piece
 * @piece:     one, or one for each host node asked for, in the layout's order
 *
 * Written once at load, constant until unload.
 */
struct sbuddy_region {
	unsigned long start_pfn;
	unsigned long nr_pages;
	int nr_pieces;
	struct sbuddy_region_piece piece[SBUDDY_MAX_NODES];
};

/**
 * struct sbuddy_client - an open file, or a machine's built-in debugfs owner
 * @link:  entry of sbuddy_clients
 * @lock:  guards @owner's slots
 * @owner: what it holds
 * @machine: where it holds it; changes under sbuddy_machines_lock held for read
 *	     and @lock, so either, the first for write, keeps it
 * @id:    number shown to users; 0 is debugfs
 * @pid:   who opened it, 0 for debugfs
 * @process: the same, held; NULL for debugfs
 * @comm:  name of who opened it
 * @inode: its address space knows who maps the file; NULL for debugfs
 * @parked_link: among those whose frames are in use though the file is closed
 * @agreer: it is asked before its pages move, see ioctl_movable.c
 */
struct sbuddy_client {
	struct list_head link;
	struct mutex lock;
	struct sbuddy_owner *owner;
	struct sbuddy_machine *machine;
	u32 id;
	pid_t pid;
	struct pid *process;
	char comm[TASK_COMM_LEN];
	struct inode *inode;
	struct list_head parked_link;
	struct sbuddy_agreer *agreer;
};

struct sbuddy_builtin;		/* debugfs.h */

extern struct sbuddy_region sbuddy_region;
extern struct rw_semaphore sbuddy_machines_lock;
extern struct mutex sbuddy_clients_lock;
extern struct mutex sbuddy_knobs_lock;
extern struct list_head sbuddy_clients;

/* machines.c; the rest of it is in machines.h */
struct sbuddy_machine *sbuddy_machine_find(u32 id);
struct sbuddy_builtin *sbuddy_machine_builtin(const struct sbuddy_machine *m);
int sbuddy_machines_add(struct sbuddy_machine *m, u32 *id);
int sbuddy_reset_machine(u32 id);

/* main.c */
extern const struct kernel_param_ops sbuddy_bytes_ops;
long sbuddy_llc_pages(long kib);
unsigned int sbuddy_current_vcpu(const struct sbuddy_machine *m);

/* client.c */
struct sbuddy_client *sbuddy_client_create(struct sbuddy_machine *m, const char *comm, pid_t pid);
int sbuddy_client_take(struct sbuddy_client *c, struct sbuddy_machine *m,
		       struct sbuddy_owner *owner);
int sbuddy_client_use(struct sbuddy_client *c, struct sbuddy_machine *m);
void sbuddy_client_destroy(struct sbuddy_client *c);
unsigned int sbuddy_clients_using(const struct sbuddy_machine *m);

/* compact.c; the rest of it is in compact.h */
void sbuddy_compact_release(u32 holder);

/* region.c */
int sbuddy_region_init(void);
void sbuddy_region_exit(void);
const char *sbuddy_region_way_name(enum sbuddy_region_way way);

/* region_pieces.c */
int sbuddy_pieces_init(void);
char *sbuddy_pieces_layout(bool movable);
int sbuddy_pieces_fit(struct sbuddy_config *cfg, const char *text);
void sbuddy_pieces_spread_vcpus(struct sbuddy_config *cfg);
int sbuddy_pieces_place(struct sbuddy_config *cfg);

/* chardev.c */
int sbuddy_chardev_init(void);
void sbuddy_chardev_exit(void);

/* debugfs.c */
struct sbuddy_builtin *sbuddy_builtin_create(struct sbuddy_machine *m);
void sbuddy_builtin_destroy(struct sbuddy_builtin *b);
int sbuddy_debugfs_init(void);
void sbuddy_debugfs_exit(void);

/* inject points of module initialisation, for the tests: module parameter fail_init=N */
int sbuddy_init_step(const char *name);

#endif /* _SBUDDY_KERN_H */
