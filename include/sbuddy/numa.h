/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The engine's part about several nodes: memory policies, and the order in
 * which nodes fall back to each other.  Included by engine.h.
 */
#ifndef _SBUDDY_NUMA_H
#define _SBUDDY_NUMA_H

struct sbuddy_machine;
struct sbuddy_page;
struct sbuddy_task;

/**
 * struct sbuddy_mempolicy - a NUMA memory policy, made by sbuddy_mpol_new()
 * @mode: enum sbuddy_mpol_mode
 * @home_node: node to start from, -1 is the vcpu's
 * @lowest_zone: BIND heeds @nodes from this highest zone of the request on
 * @nodes: bit n: node n belongs to the set
 */
struct sbuddy_mempolicy {
	u8 mode;
	s8 home_node;
	u8 lowest_zone;
	u32 nodes;
};

#define SBUDDY_NO_INTERLEAVE_INDEX	(~0UL)

/* How the zonelists came about. */
enum sbuddy_zonelist_rule {
	SBUDDY_ZONELISTS_IMPORTED,	/* from a snapshot, in its order */
	SBUDDY_ZONELISTS_BOOT,		/* no CPU belongs to a node yet */
	SBUDDY_ZONELISTS_REBUILT,	/* nodes with CPUs cost more */
};

/**
 * struct sbuddy_node_choice - a node in a fallback list, and what it cost
 * @node: its number
 * @distance: from the node whose list it is
 * @lower: 1 if its number is lower than that node's
 * @cpus: 1 if it has CPUs, and that counts
 * @load: lists in which it already came first at its distance
 * @value: the sum that was lowest
 */
struct sbuddy_node_choice {
	int node;
	int distance;
	int lower;
	int cpus;
	int load;
	long value;
};

/* zonelist.c */
int sbuddy_fallback_order(const struct sbuddy_machine *m, int nid, bool boot,
			  struct sbuddy_node_choice *choice);
int sbuddy_rebuild_zonelists(struct sbuddy_machine *m, bool boot);

/* mempolicy.c, mempolicy_text.c */
int sbuddy_mpol_new(const struct sbuddy_machine *m, int mode, u64 nodes, int home_node,
		    struct sbuddy_mempolicy *pol);
int sbuddy_mpol_parse(const struct sbuddy_machine *m, const char *text,
		      struct sbuddy_mempolicy *pol, const char **expected);
int sbuddy_mpol_format(const struct sbuddy_mempolicy *pol, char *buf, size_t size);
int sbuddy_set_il_weight(struct sbuddy_machine *m, int nid, int weight);
unsigned int sbuddy_get_il_weight(const struct sbuddy_machine *m, int nid);
void sbuddy_reset_rotor(struct sbuddy_task *task);
struct sbuddy_page *sbuddy_alloc_pages_mpol(struct sbuddy_machine *m, struct sbuddy_task *task,
					    u32 gfp, unsigned int order,
					    const struct sbuddy_mempolicy *pol, unsigned long ilx,
					    int nid);
unsigned long sbuddy_alloc_pages_bulk_array_mempolicy(struct sbuddy_machine *m,
						      struct sbuddy_task *task, u32 gfp,
						      const struct sbuddy_mempolicy *pol,
						      unsigned long nr,
						      struct sbuddy_page **array);

#endif /* _SBUDDY_NUMA_H */
