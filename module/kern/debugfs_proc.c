// SPDX-License-Identifier: GPL-2.0
/*
 * buddyinfo, pagetypeinfo and extfrag/: the machine's fragmentation, in the
 * formats of the kernel's files of these names, byte for byte.
 *
 * Owns nothing.  Each zone is printed under its zone lock, like there; so a line
 * is consistent and lines of two zones are not.  pagetypeinfo lets go of the lock
 * between two lists and stops counting a list at 100000 blocks, which bounds the
 * time with interrupts off by one list.  The "mixed blocks" section, which
 * needs page owners, is left out, as the kernel does without them.
 */
#include <linux/sched.h>

#include "debugfs.h"

#define PAGETYPEINFO_LIST_MAX	100000UL

/* Calls @print, zone lock held, for each populated zone of a node. */
static void walk_zones_in_node(struct seq_file *s, struct sbuddy_node *node,
			       void (*print)(struct seq_file *s, struct sbuddy_zone *zone))
{
	struct sbuddy_zone *zone;
	unsigned long flags;
	int i;

	for (i = 0; i < SBUDDY_MAX_NR_ZONES; i++) {
		zone = node->node_zones[i];
		if (!zone || !zone->present_pages)
			continue;
		spin_lock_irqsave(&zone->lock, flags);
		print(s, zone);
		spin_unlock_irqrestore(&zone->lock, flags);
	}
}

static void walk_zones(struct seq_file *s, struct sbuddy_machine *m,
		       void (*print)(struct seq_file *s, struct sbuddy_zone *zone))
{
	int nid;

	for (nid = 0; nid < m->nr_nodes; nid++)
		if (m->nodes[nid].online)
			walk_zones_in_node(s, &m->nodes[nid], print);
}

static void zone_label(struct seq_file *s, const struct sbuddy_zone *zone)
{
	seq_printf(s, "Node %d, zone %8s ", zone->node, sbuddy_zone_name(zone->idx));
}

static void buddyinfo_print(struct seq_file *s, struct sbuddy_zone *zone)
{
	int order;

	zone_label(s, zone);
	for (order = 0; order < SBUDDY_NR_PAGE_ORDERS; order++)
		seq_printf(s, "%6lu ", zone->free_area[order].nr_free);
	seq_putc(s, '\n');
}

static int buddyinfo_show(struct seq_file *s, struct sbuddy_machine *m)
{
	walk_zones(s, m, buddyinfo_print);
	return 0;
}

static unsigned long count_list(struct sbuddy_zone *zone, int order, int mt)
{
	struct list_head *pos;
	unsigned long n = 0;
	unsigned long flags;

	spin_lock_irqsave(&zone->lock, flags);
	list_for_each(pos, &zone->free_area[order].free_list[mt])
		if (++n >= PAGETYPEINFO_LIST_MAX)
			break;
	spin_unlock_irqrestore(&zone->lock, flags);
	cond_resched();
	return n;
}

static void pagetypeinfo_free_zone(struct seq_file *s, struct sbuddy_zone *zone)
{
	unsigned long n;
	int order, mt;

	for (mt = 0; mt < SBUDDY_MIGRATE_TYPES; mt++) {
		seq_printf(s, "Node %4d, zone %8s, type %12s ", zone->node,
			   sbuddy_zone_name(zone->idx), sbuddy_migratetype_name(mt));
		for (order = 0; order < SBUDDY_NR_PAGE_ORDERS; order++) {
			n = count_list(zone, order, mt);
			seq_printf(s, "%s%6lu ", n >= PAGETYPEINFO_LIST_MAX ? ">" : "", n);
		}
		seq_putc(s, '\n');
	}
}

static void pagetypeinfo_free(struct seq_file *s, struct sbuddy_node *node)
{
	struct sbuddy_zone *zone;
	int i;

	seq_printf(s, "%-43s ", "Free pages count per migrate type at order");
	for (i = 0; i < SBUDDY_NR_PAGE_ORDERS; i++)
		seq_printf(s, "%6d ", i);
	seq_putc(s, '\n');
	for (i = 0; i < SBUDDY_MAX_NR_ZONES; i++) {
		zone = node->node_zones[i];
		if (zone && zone->present_pages)
			pagetypeinfo_free_zone(s, zone);
	}
}

static void pagetypeinfo_blocks_print(struct seq_file *s, struct sbuddy_zone *zone)
{
	unsigned long end = zone->zone_start_pfn + zone->spanned_pages;
	unsigned long count[SBUDDY_MIGRATE_TYPES] = { };
	unsigned long pfn;
	int mt;

	for (pfn = zone->zone_start_pfn; pfn < end; pfn += SBUDDY_PAGEBLOCK_NR_PAGES) {
		if (!sbuddy_pageblock_present(zone->machine, zone, pfn))
			continue;
		mt = sbuddy_get_pageblock_migratetype(zone->machine, pfn);
		if (mt < SBUDDY_MIGRATE_TYPES)
			count[mt]++;
	}
	zone_label(s, zone);
	for (mt = 0; mt < SBUDDY_MIGRATE_TYPES; mt++)
		seq_printf(s, "%12lu ", count[mt]);
	seq_putc(s, '\n');
}

static void pagetypeinfo_blocks(struct seq_file *s, struct sbuddy_node *node)
{
	int mt;

	seq_printf(s, "\n%-23s", "Number of blocks type ");
	for (mt = 0; mt < SBUDDY_MIGRATE_TYPES; mt++)
		seq_printf(s, "%12s ", sbuddy_migratetype_name(mt));
	seq_putc(s, '\n');
	walk_zones_in_node(s, node, pagetypeinfo_blocks_print);
}

static bool node_has_memory(const struct sbuddy_node *node)
{
	int i;

	for (i = 0; i < SBUDDY_MAX_NR_ZONES; i++)
		if (node->node_zones[i] && node->node_zones[i]->present_pages)
			return node->online;
	return false;
}

static int pagetypeinfo_show(struct seq_file *s, struct sbuddy_machine *m)
{
	int nid;

	for (nid = 0; nid < m->nr_nodes; nid++) {
		if (!node_has_memory(&m->nodes[nid]))
			continue;
		seq_printf(s, "Page block order: %d\n", SBUDDY_PAGEBLOCK_ORDER);
		seq_printf(s, "Pages per block:  %lu\n\n", SBUDDY_PAGEBLOCK_NR_PAGES);
		pagetypeinfo_free(s, &m->nodes[nid]);
		pagetypeinfo_blocks(s, &m->nodes[nid]);
	}
	return 0;
}

/* Thousandths; the remainder of a negative index keeps its sign, as there. */
static void extfrag_print(struct seq_file *s, struct sbuddy_zone *zone)
{
	int order, index;

	zone_label(s, zone);
	for (order = 0; order < SBUDDY_NR_PAGE_ORDERS; order++) {
		index = sbuddy_extfrag_index(zone, order);
		seq_printf(s, "%2d.%03d ", index / 1000, index % 1000);
	}
	seq_putc(s, '\n');
}

static int extfrag_show(struct seq_file *s, struct sbuddy_machine *m)
{
	walk_zones(s, m, extfrag_print);
	return 0;
}

static void unusable_print(struct seq_file *s, struct sbuddy_zone *zone)
{
	int order, index;

	zone_label(s, zone);
	for (order = 0; order < SBUDDY_NR_PAGE_ORDERS; order++) {
		index = sbuddy_unusable_index(zone, order);
		seq_printf(s, "%d.%03d ", index / 1000, index % 1000);
	}
	seq_putc(s, '\n');
}

static int unusable_show(struct seq_file *s, struct sbuddy_machine *m)
{
	walk_zones(s, m, unusable_print);
	return 0;
}

const struct sbuddy_debugfs_file sbuddy_debugfs_frag_files[] = {
	{ .name = "buddyinfo", .mode = 0444, .show = buddyinfo_show },
	{ .name = "pagetypeinfo", .mode = 0400, .show = pagetypeinfo_show },
	{ }
};

const struct sbuddy_debugfs_file sbuddy_debugfs_extfrag_files[] = {
	{ .name = "extfrag_index", .mode = 0444, .show = extfrag_show },
	{ .name = "unusable_index", .mode = 0444, .show = unusable_show },
	{ }
};
