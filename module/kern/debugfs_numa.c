// SPDX-License-Identifier: GPL-2.0
/*
 * zonelists, weighted_interleave: which nodes serve whom, and in what order.
 *
 * zonelists            per node the fallback order in the words of the kernel's
 *                      log, the zones in it, and for each step what the node
 *                      cost: distance, 1 for a lower number than the list's own
 *                      node, 1 for CPUs, which count only when lists are rebuilt,
 *                      and the load that earlier lists put on it.  "rebuild" and
 *                      "boot" build the lists anew by one rule or the other
 * weighted_interleave  a line a node; "node=0 weight=3" sets one, weight 0 is the
 *                      default
 */
#include "debugfs.h"

static const char * const rule_names[] = {
	[SBUDDY_ZONELISTS_IMPORTED] = "imported",
	[SBUDDY_ZONELISTS_BOOT]	    = "boot",
	[SBUDDY_ZONELISTS_REBUILT]  = "rebuild",
};

/* ---- zonelists ----------------------------------------------------------- */

/* A node each time it changes: its zones stand together. */
static void show_nodes_of_list(struct seq_file *s, const struct sbuddy_zonelist *list)
{
	const struct sbuddy_zoneref *ref;
	int last = -1;

	for (ref = list->ref; ref->zone; ref++) {
		if (ref->node != last)
			seq_printf(s, "%d ", ref->node);
		last = ref->node;
	}
	seq_putc(s, '\n');
}

static void show_zones_of_list(struct seq_file *s, const char *what,
			       const struct sbuddy_zonelist *list)
{
	const struct sbuddy_zoneref *ref;

	seq_printf(s, "  %s", what);
	for (ref = list->ref; ref->zone; ref++)
		seq_printf(s, " %d:%s", ref->node, sbuddy_zone_name(ref->zone_idx));
	seq_putc(s, '\n');
}

static void show_choices(struct seq_file *s, const struct sbuddy_machine *m, int nid)
{
	bool boot = m->zonelist_rule == SBUDDY_ZONELISTS_BOOT;
	struct sbuddy_node_choice choice[SBUDDY_MAX_NODES + 1];
	int i, nr = sbuddy_fallback_order(m, nid, boot, choice);

	for (i = 0; i < nr; i++) {
		const struct sbuddy_node_choice *c = &choice[i];

		if (c->node == nid)
			seq_printf(s, "  node %d distance=%d own\n", c->node, c->distance);
		else
			seq_printf(s, "  node %d distance=%d lower=%d cpus=%d load=%d value=%ld\n",
				   c->node, c->distance, c->lower, c->cpus, c->load, c->value);
	}
}

/* What the other rule would have led to. */
static void show_other_order(struct seq_file *s, const struct sbuddy_machine *m, int nid)
{
	bool boot = m->zonelist_rule != SBUDDY_ZONELISTS_BOOT;
	struct sbuddy_node_choice choice[SBUDDY_MAX_NODES + 1];
	int i, nr = sbuddy_fallback_order(m, nid, boot, choice);

	seq_printf(s, "  by %s:",
		   rule_names[boot ? SBUDDY_ZONELISTS_BOOT : SBUDDY_ZONELISTS_REBUILT]);
	for (i = 0; i < nr; i++)
		seq_printf(s, " %d", choice[i].node);
	seq_putc(s, '\n');
}

static int zonelists_show(struct seq_file *s, struct sbuddy_machine *m)
{
	int nid;

	seq_printf(s, "version=1 rule=%s\nusage: boot | rebuild\n", rule_names[m->zonelist_rule]);
	for (nid = 0; nid < m->nr_nodes; nid++) {
		const struct sbuddy_zonelist *list = m->nodes[nid].zonelists;

		if (!m->nodes[nid].online)
			continue;
		seq_printf(s, "Fallback order for Node %d: ", nid);
		show_nodes_of_list(s, &list[SBUDDY_ZONELIST_FALLBACK]);
		show_zones_of_list(s, "zones:", &list[SBUDDY_ZONELIST_FALLBACK]);
		show_zones_of_list(s, "__GFP_THISNODE:", &list[SBUDDY_ZONELIST_NOFALLBACK]);
		if (m->zonelist_rule == SBUDDY_ZONELISTS_IMPORTED)
			continue;
		show_choices(s, m, nid);
		show_other_order(s, m, nid);
	}
	return 0;
}

static int zonelists_write(struct sbuddy_debugfs_write *w)
{
	bool boot = !strcmp(w->text, "boot");

	if (!boot && strcmp(w->text, "rebuild"))
		return sbuddy_debugfs_refuse(w, -EINVAL, "boot or rebuild");
	if (sbuddy_rebuild_zonelists(w->m, boot))
		return sbuddy_debugfs_refuse(w, -EOPNOTSUPP, "a machine with distances");
	return 0;
}

/* ---- weighted_interleave ------------------------------------------------- */

static int weights_show(struct seq_file *s, struct sbuddy_machine *m)
{
	int nid;

	seq_puts(s, "version=1\nusage: node=N weight=0..255\n");
	for (nid = 0; nid < m->nr_nodes; nid++)
		if (m->nodes[nid].online)
			seq_printf(s, "node=%d weight=%u\n", nid, sbuddy_get_il_weight(m, nid));
	return 0;
}

static int weights_write(struct sbuddy_debugfs_write *w)
{
	int nid, weight, len = -1, err;

	if (sscanf(w->text, "node=%d weight=%d%n", &nid, &weight, &len) != 2 || len < 0 ||
	    w->text[len])
		return sbuddy_debugfs_refuse(w, -EINVAL, "node=N weight=0..255");
	err = sbuddy_set_il_weight(w->m, nid, weight);
	if (err == -ENOENT)
		return sbuddy_debugfs_refuse(w, err, "a node that is online");
	if (err == -EOPNOTSUPP)
		return sbuddy_debugfs_refuse(w, err, "rules with weights: 6.1 has none");
	if (err)
		return sbuddy_debugfs_refuse(w, err, "weight=0..255");
	return 0;
}

const struct sbuddy_debugfs_file sbuddy_debugfs_numa_files[] = {
	{ .name = "zonelists", .mode = 0600, .write_lock = SBUDDY_DEBUGFS_ALONE,
	  .show = zonelists_show, .write = zonelists_write },
	{ .name = "weighted_interleave", .mode = 0600, .show = weights_show,
	  .write = weights_write },
	{ }
};
