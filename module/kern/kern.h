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

/* Which of the ways to get a contiguous region served. */
enum sbuddy_region_way {
	SBUDDY_REGION_NONE,
	SBUDDY_REGION_EXPORTED,		/* alloc_contig_pages(), linked */
	SBUDDY_REGION_LOOKED_UP,	/* alloc_contig_pages(), found by name */
	SBUDDY_REGION_SEARCHED,		/* our search over alloc_contig_range() */
};

/**
 * struct sbuddy_region - the real memory behind machine 0
 * @start_pfn: first frame
 * @nr_pages:  length
 * @node:      host node of the region
 * @way:       how it was obtained
 * @alloc_ns:  time that took, ns
 * @largest_run: longest run of frames seen by the search, pages; 0 if it
 *	       did not run
 *
 * Written once at load, constant until unload.
 */
struct sbuddy_region {
	unsigned long start_pfn;
	unsigned long nr_pages;
	int node;
	enum sbuddy_region_way way;
	u64 alloc_ns;
	unsigned long largest_run;
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
 * @comm:  name of who opened it
 */
struct sbuddy_client {
	struct list_head link;
	struct mutex lock;
	struct sbuddy_owner *owner;
	struct sbuddy_machine *machine;
	u32 id;
	pid_t pid;
	char comm[TASK_COMM_LEN];
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

/* region.c */
int sbuddy_region_init(unsigned long nr_pages, int node);
void sbuddy_region_exit(void);
const char *sbuddy_region_way_name(enum sbuddy_region_way way);

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
