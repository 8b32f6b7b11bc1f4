// SPDX-License-Identifier: GPL-2.0
/*
 * The shape of the region: the parameters size= and node=, and how a layout lies
 * on the pieces that they ask for.
 *
 * One node, or any, is one piece of one size.  Several are one piece each; in the
 * order given, each carries the next part of the layout, by default a node of its
 * own.  Where the layout does not say it, distances are the host's, and vcpus
 * belong to the node that is nearest to the CPU of their number, so that machine 0
 * looks as the host does.
 *
 * State: the parameters; sbuddy_region as far as it is asked for, written while
 * the module loads (region.c obtains it).
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/cpumask.h>
#include <linux/kernel.h>
#include <linux/moduleparam.h>
#include <linux/nodemask.h>
#include <linux/slab.h>
#include <linux/topology.h>

#include "kern.h"

#define MIB(pages)	((u64)(pages) >> (20 - PAGE_SHIFT))

/* SLIT of two nodes on one piece: as near as another node can be. */
#define SAME_PIECE	11

/* Distances of a layout. */
#define FARTHEST	254

/* One more than there may be, so that too many are told in our own words. */
#define MAX_VALUES	(SBUDDY_MAX_NODES + 1)

static unsigned long size[MAX_VALUES] = { 256UL << 20 };
static unsigned int nr_sizes = 1;
static int node[MAX_VALUES] = { NUMA_NO_NODE };
static unsigned int nr_nodes = 1;

static int set_node(const char *val, const struct kernel_param *kp)
{
	if (!kstrtoint(val, 0, kp->arg))
		return 0;
	pr_err("node=%s: expected -1 (any), or host nodes separated by ','\n", val);
	return -EINVAL;
}

static const struct kernel_param_ops node_ops = {
	.set = set_node,
	.get = param_get_int,
};

static const struct kparam_array size_array = {
	.max = MAX_VALUES,
	.elemsize = sizeof(size[0]),
	.num = &nr_sizes,
	.ops = &sbuddy_bytes_ops,
	.elem = size,
};

static const struct kparam_array node_array = {
	.max = MAX_VALUES,
	.elemsize = sizeof(node[0]),
	.num = &nr_nodes,
	.ops = &node_ops,
	.elem = node,
};

__module_param_call("", size, &param_array_ops, .arr = &size_array, 0444, -1, 0);
__MODULE_PARM_TYPE(size, "array of bytes");
MODULE_PARM_DESC(size,
		 "region to reserve, bytes, suffix K, M or G, multiple of 4M; with several nodes the size of each piece, or one for each by ',' (default 256M)");
__module_param_call("", node, &param_array_ops, .arr = &node_array, 0444, -1, 0);
__MODULE_PARM_TYPE(node, "array of int");
MODULE_PARM_DESC(node,
		 "host node to reserve on, -1 for any; several by ',' give one piece on each (default -1)");

/* ---- what can be wrong about the parameters ---- */

/* A piece begins and ends with a block of the largest order. */
static int check_size(unsigned long bytes)
{
	unsigned long unit = SBUDDY_MAX_ORDER_NR_PAGES << PAGE_SHIFT;

	if (bytes && IS_ALIGNED(bytes, unit) && bytes >> PAGE_SHIFT <= SBUDDY_MAX_PAGES)
		return 0;
	pr_err("size=%lu: expected a multiple of 4 MiB, from 4 MiB to %lu GiB\n", bytes,
	       SBUDDY_MAX_PAGES >> (30 - PAGE_SHIFT));
	return -EINVAL;
}

static int check_node(int nid)
{
	if (nid == NUMA_NO_NODE && nr_nodes == 1)
		return 0;
	if (nid == NUMA_NO_NODE) {
		pr_err("node=-1 among %u nodes: expected -1 (any) alone\n", nr_nodes);
		return -EINVAL;
	}
	if (nid < 0 || nid >= MAX_NUMNODES) {
		pr_err("node=%d: expected -1 (any) to %d\n", nid, MAX_NUMNODES - 1);
		return -EINVAL;
	}
	if (node_state(nid, N_MEMORY))
		return 0;
	pr_err("node=%d: %s; nodes with memory: %*pbl\n", nid,
	       node_online(nid) ? "has no memory" : "no such node online",
	       nodemask_pr_args(&node_states[N_MEMORY]));
	return -ENODEV;
}

static int check_counts(void)
{
	if (nr_nodes > SBUDDY_MAX_NODES) {
		pr_err("node: more than %d nodes; expected at most that many\n",
		       SBUDDY_MAX_NODES);
		return -EINVAL;
	}
	if (nr_sizes == 1 || nr_sizes == nr_nodes)
		return 0;
	pr_err("size: %u sizes for %u node%s; expected one, or one for each\n", nr_sizes, nr_nodes,
	       nr_nodes == 1 ? "" : "s");
	return -EINVAL;
}

static int check_unique(void)
{
	int i, j;

	for (i = 0; i < nr_nodes; i++)
		for (j = 0; j < i; j++)
			if (node[i] == node[j]) {
				pr_err("node=%d: given twice; expected each node once\n",
				       node[i]);
				return -EINVAL;
			}
	return 0;
}

static int check_total(void)
{
	u64 pages = 0;
	int i;

	for (i = 0; i < nr_nodes; i++)
		pages += sbuddy_region.piece[i].nr_pages;
	if (pages <= SBUDDY_MAX_PAGES)
		return 0;
	pr_err("size: %llu MiB in all; expected at most %lu GiB\n", MIB(pages),
	       SBUDDY_MAX_PAGES >> (30 - PAGE_SHIFT));
	return -EINVAL;
}

/**
 * sbuddy_pieces_init() - from parameters to what the region shall be
 *
 * Logs one line on failure.
 *
 * Context: Module initialisation.
 * Return: 0; -EINVAL for numbers outside their range, in a wrong number, or twice;
 *	   -ENODEV for a node without memory.
 */
int sbuddy_pieces_init(void)
{
	int i, err = check_counts();

	for (i = 0; i < nr_sizes && !err; i++)
		err = check_size(size[i]);
	for (i = 0; i < nr_nodes && !err; i++)
		err = check_node(node[i]);
	if (!err)
		err = check_unique();
	if (err)
		return err;
	sbuddy_region.nr_pieces = nr_nodes;
	for (i = 0; i < nr_nodes; i++)
		sbuddy_region.piece[i] = (struct sbuddy_region_piece){
			.nr_pages = size[nr_sizes == 1 ? 0 : i] >> PAGE_SHIFT,
			.node = node[i],
		};
	return check_total();
}

/* ---- layouts ---- */

static int get_pieces(struct sbuddy_piece *piece)
{
	int i;

	for (i = 0; i < sbuddy_region.nr_pieces; i++) {
		piece[i].start_pfn = sbuddy_region.piece[i].start_pfn;
		piece[i].nr_pages = sbuddy_region.piece[i].nr_pages;
	}
	return sbuddy_region.nr_pieces;
}

/**
 * sbuddy_pieces_layout() - the layout where none is given
 * @movable: with a quarter of each node Movable, as the default for one piece
 *
 * Context: May sleep.
 * Return: text, for kfree(): a node for each piece, empty if there is only one;
 *	   NULL without memory.
 */
char *sbuddy_pieces_layout(bool movable)
{
	int i, n = 0, cap = SBUDDY_MAX_NODES * 64;
	char *text = kzalloc(cap, GFP_KERNEL);

	for (i = 0; text && sbuddy_region.nr_pieces > 1 && i < sbuddy_region.nr_pieces; i++) {
		unsigned long nr = sbuddy_region.piece[i].nr_pages;
		unsigned long quarter = movable ? nr / 4 : 0;
		unsigned long normal = ALIGN(nr - quarter, SBUDDY_MAX_ORDER_NR_PAGES);

		n += scnprintf(text + n, cap - n, "%sN%d:Normal=%lluM", i ? ";" : "", i,
			       MIB(normal));
		if (nr > normal)
			n += scnprintf(text + n, cap - n, ",Movable=%lluM", MIB(nr - normal));
	}
	return text;
}

static void set_distances(struct sbuddy_layout *l, const s8 *piece_of)
{
	const struct sbuddy_region_piece *piece = sbuddy_region.piece;
	int a, b;

	for (a = 0; a < l->nr_nodes; a++)
		for (b = 0; b < l->nr_nodes; b++) {
			int p = piece_of[a], q = piece_of[b];

			if (a == b || p < 0 || q < 0)
				continue;
			l->distance[a][b] = SAME_PIECE;
			if (p != q)
				l->distance[a][b] = clamp(node_distance(piece[p].node,
									piece[q].node),
							  SAME_PIECE, FARTHEST);
		}
}

/**
 * sbuddy_pieces_fit() - check that a layout lies well on the pieces asked for
 * @cfg:  configuration with a layout as long as they are; gets the host's
 *	  distances if there are several and it has none of its own
 * @text: the layout as it was written, for the log
 *
 * Logs one line on failure.
 *
 * Context: Module initialisation.
 * Return: 0; -EINVAL.
 */
int sbuddy_pieces_fit(struct sbuddy_config *cfg, const char *text)
{
	struct sbuddy_piece piece[SBUDDY_MAX_NODES];
	s8 piece_of[SBUDDY_MAX_NODES];
	const char *expected;
	int nr = get_pieces(piece);
	int err;

	if (nr == 1)
		return 0;
	err = sbuddy_layout_fit_pieces(&cfg->layout, piece, nr, piece_of, &expected);
	if (err) {
		pr_err("layout=%s: expected %s\n", text, expected);
		return err;
	}
	if (!cfg->layout.distances)
		set_distances(&cfg->layout, piece_of);
	return 0;
}

/* The node with memory that is nearest to a CPU; the lowest of several. */
static int nearest_node(const s8 *piece_of, int cpu)
{
	int nid, best = -1, best_distance = INT_MAX;

	for (nid = 0; nid < SBUDDY_MAX_NODES; nid++) {
		int distance;

		if (piece_of[nid] < 0)
			continue;
		distance = node_distance(cpu_to_node(cpu),
					 sbuddy_region.piece[piece_of[nid]].node);
		if (distance < best_distance) {
			best = nid;
			best_distance = distance;
		}
	}
	return best;
}

/**
 * sbuddy_pieces_spread_vcpus() - which nodes the vcpus belong to
 * @cfg: configuration whose layout fits; with several pieces each vcpu gets the
 *	 node that is nearest to the host's CPU of its number, else nothing changes
 *
 * Context: Module initialisation.
 */
void sbuddy_pieces_spread_vcpus(struct sbuddy_config *cfg)
{
	struct sbuddy_piece piece[SBUDDY_MAX_NODES];
	s8 piece_of[SBUDDY_MAX_NODES];
	const char *expected;
	int i, nr = get_pieces(piece);

	if (nr == 1 || sbuddy_layout_fit_pieces(&cfg->layout, piece, nr, piece_of, &expected))
		return;
	for (i = 0; i < cfg->nr_vcpus; i++) {
		int cpu = i % nr_cpu_ids;

		cfg->vcpu_node[i] = nearest_node(piece_of, cpu_possible(cpu) ? cpu : 0);
	}
}

/**
 * sbuddy_pieces_place() - put the layout where the pieces turned out to be
 * @cfg: configuration whose layout fits; gets its first frame
 *
 * Logs one line on failure.
 *
 * Context: Module initialisation, the region is there.
 * Return: 0; -ERANGE for pieces that lie too far apart; -ENOMEM.
 */
int sbuddy_pieces_place(struct sbuddy_config *cfg)
{
	struct sbuddy_piece piece[SBUDDY_MAX_NODES];
	const char *expected;
	int nr = get_pieces(piece);
	int err;

	cfg->base_pfn = sbuddy_region.start_pfn;
	if (nr == 1)
		return 0;
	err = sbuddy_layout_place_pieces(&cfg->layout, piece, nr, &cfg->base_pfn, &expected);
	if (err)
		pr_err("the region's %d pieces make no machine: expected %s\n", nr, expected);
	return err;
}
