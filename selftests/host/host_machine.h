/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Machines for the host tests: booted from a layout or set up in a state that
 * operations would not easily reach; operations and lists by page offset.
 *
 * Frames are written as offsets from the machine's first frame, so a test
 * reads "0 512 1024"; -1 is "no page".
 */
#ifndef _SBUDDY_HOST_MACHINE_H
#define _SBUDDY_HOST_MACHINE_H

#include "internal.h"
#include "owner.h"

#define UNM	SBUDDY_MIGRATE_UNMOVABLE
#define MOV	SBUDDY_MIGRATE_MOVABLE
#define REC	SBUDDY_MIGRATE_RECLAIMABLE
#define HAT	SBUDDY_MIGRATE_HIGHATOMIC
#define ISO	SBUDDY_MIGRATE_ISOLATE

/* Requests that wake nobody and have no reserves, one of each type. */
#define GFP_UNM	SBUDDY_GFP_NOMEMALLOC
#define GFP_MOV	(SBUDDY_GFP_NOMEMALLOC | SBUDDY_GFP_MOVABLE)
#define GFP_REC	(SBUDDY_GFP_NOMEMALLOC | SBUDDY_GFP_RECLAIMABLE)

#define HOST_MAX_EVENTS	8192

struct host_event {
	enum sbuddy_trace_event ev;
	const struct sbuddy_zone *zone;
	long off;			/* of the page, -1 if none */
	long arg[8];
};

struct host {
	struct sbuddy_machine *m;
	struct sbuddy_owner *o;
	struct sbuddy_task task;
	long os_before;
};

/* One free list of struct host_state; offsets separated by blanks. */
struct host_free_list {
	int order;
	int mt;
	const char *offs;
};

/**
 * struct host_state - a zone in a state that operations would not easily reach
 * @zone: enum sbuddy_zone_type
 * @blocks: length in pageblocks
 * @types: types of the first ones, rest is Movable; NULL: all Movable
 * @managed: pages, 0 is all
 * @free: free lists, up to the first without @offs
 * @min: watermarks, pages
 * @low: see @min
 * @high: see @min
 * @boost: of the watermarks, pages
 * @highatomic: reserved pages
 * @flags: enum sbuddy_zone_flag, as bits
 * @threshold: of the free counter's pending part
 * @batch: of the pcp lists, 0 is 1
 * @high_min: limits of the pcp lists' tuning
 * @high_max: see @high_min
 * @vcpus: 0 is 1
 * @rules: series whose rules the machine obeys, NULL is 6.12
 */
struct host_state {
	int zone;
	int blocks;
	const char *types;
	long managed;
	struct host_free_list free[24];
	long min, low, high;
	long boost;
	long highatomic;
	int flags;
	int threshold;
	int batch;
	int high_min, high_max;
	int vcpus;
	const char *rules;
};

extern struct host_event host_events[HOST_MAX_EVENTS];
extern int host_nr_events;

int host_boot(struct host *h, const char *layout, int vcpus);
int host_boot_61(struct host *h, const char *layout, int vcpus);
int host_boot_nodes(struct host *h, const char *layout, int vcpus, const u8 *vcpu_node);
int host_import(struct host *h, const struct host_state *s);
void host_no_watermarks(struct host *h);
void host_exit(struct host *h);
int host_check(struct host *h, char *err, size_t size);

struct sbuddy_zone *host_zone(const struct host *h, int nid, int idx);
struct sbuddy_page *host_page(const struct host *h, long off);
long host_off(const struct host *h, const struct sbuddy_page *page);
long host_alloc(struct host *h, u32 gfp, unsigned int order);
long host_alloc_node(struct host *h, u32 gfp, unsigned int order, int nid);
int host_free(struct host *h, long off, unsigned int order);
int host_isolate(struct host *h, long off, int mt);
int host_type(const struct host *h, long off);
const char *host_list(const struct host *h, const struct sbuddy_zone *z, int order, int mt);
const char *host_pcp(const struct host *h, const struct sbuddy_zone *z, int cpu, int idx);
char *host_snapshot(struct host *h);

void host_trace(struct host *h);
void host_untrace(void);
int host_count(enum sbuddy_trace_event ev);
const struct host_event *host_event(enum sbuddy_trace_event ev, int nth);

#endif /* _SBUDDY_HOST_MACHINE_H */
