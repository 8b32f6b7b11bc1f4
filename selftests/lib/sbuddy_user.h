/* SPDX-License-Identifier: GPL-2.0 */
/*
 * /dev/sbuddy for programs: opening it, running operations, and reading dumps
 * of any length into memory of the right size.
 *
 * No state but the file descriptor.  Functions return 0 or a count, else a
 * negative errno, and print nothing.
 */
#ifndef _SBUDDY_USER_H
#define _SBUDDY_USER_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <linux/sbuddy.h>

#define SBUDDY_USER_DEVICE	"/dev/sbuddy"
#define SBUDDY_USER_MAX_STATS	256

/**
 * struct sbuddy_user_stats - every counter of a zone or a machine
 * @nr:	  used part of @stat
 * @stat: name and value
 */
struct sbuddy_user_stats {
	uint32_t nr;
	struct sbuddy_stat stat[SBUDDY_USER_MAX_STATS];
};

/**
 * struct sbuddy_user_machine - a machine as INFO describes it
 * @info:	the fixed part; its pointers are of no use
 * @zones:	populated zones, @info.nr_zones of them
 * @vcpu_nodes: node of each vcpu
 * @distances:	@info.nr_nodes rows of @info.nr_nodes
 */
struct sbuddy_user_machine {
	struct sbuddy_info info;
	struct sbuddy_zone_info *zones;
	uint8_t *vcpu_nodes;
	uint8_t *distances;
};

int sbuddy_user_open(void);
int sbuddy_user_ioctl(int fd, unsigned long cmd, void *arg);

int sbuddy_user_run(int fd, struct sbuddy_op *ops, uint32_t nr, uint32_t flags,
		    struct sbuddy_run *result);
int sbuddy_user_run_all(int fd, struct sbuddy_op *ops, size_t nr);
int sbuddy_user_do(int fd, struct sbuddy_op *op);
int sbuddy_user_owner(int fd, struct sbuddy_owner_info *owner);
int sbuddy_user_slot(int fd, uint32_t slot, struct sbuddy_query_slot *result);

int sbuddy_user_machine(int fd, uint32_t machine, struct sbuddy_user_machine *m);
void sbuddy_user_machine_free(struct sbuddy_user_machine *m);
int sbuddy_user_stats(int fd, uint32_t machine, int node, int zone,
		      struct sbuddy_user_stats *stats);
uint64_t sbuddy_user_stat(const struct sbuddy_user_stats *stats, const char *name);
int sbuddy_user_check(int fd, uint32_t machine, char *line, size_t size);
char *sbuddy_user_snapshot(int fd, uint32_t machine, size_t *len);

int sbuddy_user_create(int fd, const char *layout, uint32_t vcpus, uint32_t *machine,
		       char *message, size_t size);
int sbuddy_user_import(int fd, const char *text, size_t len, uint32_t *machine, char *message,
		       size_t size);
int sbuddy_user_destroy(int fd, uint32_t machine);
int sbuddy_user_use(int fd, uint32_t machine);
int sbuddy_user_use_slots(int fd, uint32_t machine);
int sbuddy_user_fork(int fd, uint32_t source, uint32_t flags, uint32_t *machine);
int sbuddy_user_hash(int fd, uint32_t machine, uint64_t *hash);
int64_t sbuddy_user_diff(int fd, uint32_t machine, uint32_t other, char *text, size_t size);
int sbuddy_user_list(int fd, struct sbuddy_machine_list *list,
		     struct sbuddy_machine_record *records, uint32_t capacity);
int sbuddy_user_destroy_all(int fd);

int64_t sbuddy_user_pages(int fd, uint32_t machine, uint64_t pfn, uint64_t count,
			  struct sbuddy_page_record *records);
int64_t sbuddy_user_pageblocks(int fd, uint32_t machine, uint64_t pfn, uint64_t count,
			       uint8_t *types);
int64_t sbuddy_user_freelist(int fd, struct sbuddy_dump_freelist *list, uint64_t **pfns);
int64_t sbuddy_user_pcp(int fd, struct sbuddy_dump_pcp *pcp, uint64_t **pfns);

/* ---- operations ---------------------------------------------------------- */

static inline struct sbuddy_op sbuddy_user_op(uint8_t opcode, uint32_t slot)
{
	struct sbuddy_op op;

	memset(&op, 0, sizeof(op));
	op.opcode = opcode;
	op.slot = slot;
	op.cpu = SBUDDY_CPU_CURRENT;
	op.nid = SBUDDY_NID_ANY;
	return op;
}

static inline struct sbuddy_op sbuddy_user_alloc(uint32_t slot, uint8_t order, uint32_t gfp)
{
	struct sbuddy_op op = sbuddy_user_op(SBUDDY_OP_ALLOC, slot);

	op.order = order;
	op.gfp = gfp;
	return op;
}

static inline struct sbuddy_op sbuddy_user_free(uint32_t slot)
{
	return sbuddy_user_op(SBUDDY_OP_FREE, slot);
}

/* @opcode is one of those with a count: BULK, FREE_BATCH, ALLOC_EXACT. */
static inline struct sbuddy_op sbuddy_user_many(uint8_t opcode, uint32_t slot, uint32_t count,
						uint32_t gfp)
{
	struct sbuddy_op op = sbuddy_user_op(opcode, slot);

	op.count = count;
	op.gfp = gfp;
	return op;
}

#endif /* _SBUDDY_USER_H */
