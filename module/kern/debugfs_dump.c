// SPDX-License-Identifier: GPL-2.0
/*
 * region, pageblocks, allocations and snapshot: what the module knows of its
 * memory, as text of its own.
 *
 * Each file but snapshot starts with a line "version=1" and then holds
 * "key=value" pairs, separated by single blanks; a value holds no blank.  Keys
 * are added over time, so look them up by name.  Page frame numbers and gfp are
 * hexadecimal with 0x, everything else is decimal; the unit is in the key's name,
 * counts without one are of what the key names.
 *
 * region       one pair a line, then a line for each piece of the region
 * pageblocks   a legend; for each zone one line, then lines of 64 pageblocks
 *              with the frame of the first and one letter a block
 * allocations  for each owner one line "owner=... slots=...", then one line for
 *              each slot that holds something
 * snapshot     the text that sbuddy_snapshot_export() describes
 *
 * Owns nothing.  allocations takes sbuddy_clients_lock and each client's lock
 * in turn, so one owner's lines are consistent.  snapshot keeps all operations
 * away meanwhile, because the export walks the lists without their locks.
 */
#include <linux/slab.h>
#include <linux/string_helpers.h>

#include "compat.h"
#include "debugfs.h"

#define PAGEBLOCKS_PER_LINE	64

/* 128 extents of "N15:Movable=1048576M;" and 256 distances of "255,", bytes */
#define LAYOUT_TEXT_MAX		4096

static void version_line(struct seq_file *s)
{
	seq_puts(s, "version=1\n");
}

static void region_layout(struct seq_file *s, const struct sbuddy_machine *m)
{
	char *buf = kmalloc(LAYOUT_TEXT_MAX, GFP_KERNEL);

	if (!buf)
		return;
	sbuddy_layout_format(&m->config.layout, buf, LAYOUT_TEXT_MAX);
	seq_printf(s, "layout=%s\n", buf);
	kfree(buf);
}

/* What an unbacked machine has instead of a piece. */
static const struct sbuddy_region_piece no_piece = { .node = NUMA_NO_NODE };

static void region_pieces(struct seq_file *s)
{
	const struct sbuddy_region_piece *p = sbuddy_region.piece;
	int i;

	for (i = 0; i < sbuddy_region.nr_pieces; i++, p++)
		seq_printf(s, "piece=%d start_pfn=%#lx end_pfn=%#lx size_pages=%lu host_node=%d way=%s alloc_time_ns=%llu\n",
			   i, p->start_pfn, p->start_pfn + p->nr_pages, p->nr_pages, p->node,
			   sbuddy_region_way_name(p->way), p->alloc_ns);
}

static int region_show(struct seq_file *s, struct sbuddy_machine *m)
{
	const struct sbuddy_region_piece *p = m->backed ? sbuddy_region.piece : &no_piece;
	unsigned long size = m->backed ? sbuddy_region.nr_pages : m->nr_pages;

	version_line(s);
	seq_printf(s, "abi_version=%d\n", SBUDDY_ABI_VERSION);
	seq_printf(s, "machine=%d\n", m->id);
	seq_printf(s, "start_pfn=%#lx\n", m->base_pfn);
	seq_printf(s, "end_pfn=%#lx\n", m->base_pfn + m->nr_pages);
	seq_printf(s, "size_pages=%lu\n", size);
	seq_printf(s, "size_bytes=%llu\n", (u64)size << PAGE_SHIFT);
	seq_printf(s, "pieces=%d\n", m->backed ? sbuddy_region.nr_pieces : 0);
	seq_printf(s, "host_node=%d\n", p->node);
	seq_printf(s, "way=%s\n", m->backed ? sbuddy_region_way_name(p->way) : "unbacked");
	seq_printf(s, "alloc_time_ns=%llu\n", p->alloc_ns);
	seq_printf(s, "largest_run_pages=%lu\n", p->largest_run);
	seq_printf(s, "metadata_bytes=%zu\n", sbuddy_machine_metadata_bytes(m));
	seq_printf(s, "vcpus=%d\n", m->nr_vcpus);
	seq_printf(s, "zones=%d\n", m->nr_zones);
	seq_printf(s, "rules=%s\n", sbuddy_rules_name(m->config.rules));
	seq_printf(s, "fidelity=%s\n", sbuddy_fidelity_text(m->config.rules));
	region_layout(s, m);
	if (m->backed)
		region_pieces(s);
	return 0;
}

static const char pageblock_letter[SBUDDY_MIGRATE_TYPES] = {
	[SBUDDY_MIGRATE_UNMOVABLE] = 'U',
	[SBUDDY_MIGRATE_MOVABLE] = 'M',
	[SBUDDY_MIGRATE_RECLAIMABLE] = 'R',
	[SBUDDY_MIGRATE_HIGHATOMIC] = 'H',
	[SBUDDY_MIGRATE_ISOLATE] = 'I',
};

static void pageblocks_legend(struct seq_file *s)
{
	int mt;

	seq_printf(s, "pages_per_block=%lu\n", SBUDDY_PAGEBLOCK_NR_PAGES);
	seq_puts(s, "legend=");
	for (mt = 0; mt < SBUDDY_MIGRATE_TYPES; mt++)
		seq_printf(s, "%c:%s,", pageblock_letter[mt], sbuddy_migratetype_name(mt));
	seq_puts(s, ".:hole\n");
}

static char pageblock_type(const struct sbuddy_zone *zone, unsigned long pfn)
{
	int mt;

	if (!sbuddy_pageblock_present(zone->machine, zone, pfn))
		return '.';
	mt = sbuddy_get_pageblock_migratetype(zone->machine, pfn);
	return mt < SBUDDY_MIGRATE_TYPES ? pageblock_letter[mt] : '?';
}

/* Lockless: each block's type was right when it was read. */
static void pageblocks_zone(struct seq_file *s, const struct sbuddy_zone *zone)
{
	unsigned long blocks = DIV_ROUND_UP(zone->spanned_pages, SBUDDY_PAGEBLOCK_NR_PAGES);
	unsigned long pfn = zone->zone_start_pfn;
	unsigned long i;

	seq_printf(s, "node=%d zone=%s start_pfn=%#lx blocks=%lu\n", zone->node,
		   sbuddy_zone_name(zone->idx), pfn, blocks);
	for (i = 0; i < blocks; i++, pfn += SBUDDY_PAGEBLOCK_NR_PAGES) {
		if (i % PAGEBLOCKS_PER_LINE == 0)
			seq_printf(s, "%spfn=%#lx types=", i ? "\n" : "", pfn);
		seq_putc(s, pageblock_type(zone, pfn));
	}
	seq_putc(s, '\n');
}

static int pageblocks_show(struct seq_file *s, struct sbuddy_machine *m)
{
	int i;

	version_line(s);
	pageblocks_legend(s);
	for (i = 0; i < m->nr_zones; i++) {
		pageblocks_zone(s, m->zones[i]);
		cond_resched();
	}
	return 0;
}

static void allocations_slot(struct seq_file *s, const struct sbuddy_machine *m, u32 owner,
			     u32 slot, const struct sbuddy_page *page)
{
	const struct sbuddy_zone *zone = sbuddy_page_zone(m, page);
	unsigned int order = sbuddy_page_order(page);

	seq_printf(s, "owner=%u slot=%u pfn=%#lx order=%u pages=%u refcount=%u", owner, slot,
		   sbuddy_page_to_pfn(m, page), order, 1U << order, READ_ONCE(page->refcount));
	seq_printf(s, " node=%d zone=%s compound=%d\n", zone->node, sbuddy_zone_name(zone->idx),
		   sbuddy_page_compound(page));
}

/* The name is a program's own choice: blanks and control characters are escaped. */
static void allocations_owner(struct seq_file *s, const struct sbuddy_client *c)
{
	seq_printf(s, "owner=%u pid=%d slots=%u pages=%llu comm=", c->id, c->pid,
		   sbuddy_owner_slots(c->owner), sbuddy_owner_pages(c->owner));
	seq_escape_mem(s, c->comm, strnlen(c->comm, sizeof(c->comm)),
		       ESCAPE_SPACE | ESCAPE_SPECIAL | ESCAPE_HEX | ESCAPE_NAP | ESCAPE_APPEND,
		       " =\\");
	seq_putc(s, '\n');
}

static int allocations_show(struct seq_file *s, struct sbuddy_machine *m)
{
	struct sbuddy_client *c;
	struct sbuddy_page *page;
	u32 slot;

	version_line(s);
	mutex_lock(&sbuddy_clients_lock);
	list_for_each_entry(c, &sbuddy_clients, link) {
		if (c->machine != m)
			continue;
		mutex_lock(&c->lock);
		allocations_owner(s, c);
		slot = 0;
		while ((page = sbuddy_owner_next(c->owner, &slot))) {
			allocations_slot(s, m, c->id, slot++, page);
			cond_resched();
		}
		mutex_unlock(&c->lock);
	}
	mutex_unlock(&sbuddy_clients_lock);
	return 0;
}

/* Length of the longest line times what is held now. */
static size_t allocations_hint(const struct sbuddy_machine *m)
{
	const size_t line = 112;
	struct sbuddy_client *c;
	size_t lines = 1;

	mutex_lock(&sbuddy_clients_lock);
	list_for_each_entry(c, &sbuddy_clients, link) {
		if (c->machine != m)
			continue;
		mutex_lock(&c->lock);
		lines += 1 + sbuddy_owner_slots(c->owner);
		mutex_unlock(&c->lock);
	}
	mutex_unlock(&sbuddy_clients_lock);
	return lines * line;
}

static void snapshot_emit(void *arg, const char *text, size_t len)
{
	seq_write(arg, text, len);
}

static int snapshot_show(struct seq_file *s, struct sbuddy_machine *m)
{
	return sbuddy_snapshot_export(m, snapshot_emit, s);
}

/* The free lists, " 12345678" a block, make up most of it. */
static size_t snapshot_hint(const struct sbuddy_machine *m)
{
	unsigned long blocks = 0;
	int i, order;

	for (i = 0; i < m->nr_zones; i++)
		for (order = 0; order < SBUDDY_NR_PAGE_ORDERS; order++)
			blocks += READ_ONCE(m->zones[i]->free_area[order].nr_free);
	return (blocks + 4096) * 9;
}

const struct sbuddy_debugfs_file sbuddy_debugfs_dump_files[] = {
	{ .name = "region", .mode = 0400, .show = region_show },
	{ .name = "pageblocks", .mode = 0400, .show = pageblocks_show },
	{
		.name = "allocations",
		.mode = 0400,
		.show = allocations_show,
		.hint = allocations_hint,
	},
	{
		.name = "snapshot",
		.mode = 0400,
		.show_lock = SBUDDY_DEBUGFS_ALONE,
		.show = snapshot_show,
		.hint = snapshot_hint,
	},
	{ }
};
