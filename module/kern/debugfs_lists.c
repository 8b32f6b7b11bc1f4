// SPDX-License-Identifier: GPL-2.0
/*
 * freelists and pcp: every list of free blocks, in order.
 *
 * The first line is "version=1", the second states the bound.  Then "key=value"
 * pairs as in debugfs_dump.c.  Empty lists are left out.
 *
 * freelists  for each zone a line "node= zone= free_blocks= listed_blocks=
 *            truncated=", then for each list a line "node= zone= order= type=
 *            blocks= pfns=" with the frames from head to tail, comma between
 * pcp        for each zone and vcpu a line with all fields, then for each list a
 *            line "node= zone= cpu= index= order= types= blocks= pfns="
 *
 * The lists of one zone, and those of one vcpu in it, are copied under one hold of
 * the lock, so their lines belong together; they are printed later, without it.
 * At most LISTS_MAX_BLOCKS blocks are copied at a time, which bounds how long
 * interrupts (zone lock) are off; where that cut something off, truncated=1.
 *
 * Reading is not quite free of effects: an allocation on a vcpu whose pcp lock is
 * being held here goes to the buddy lists, as it would when a drain holds it.
 */
#include <linux/vmalloc.h>

#include "debugfs.h"

#define LISTS_MAX_BLOCKS	100000U

/**
 * struct list_copy - a set of lists, one behind the other
 * @nr:	       blocks of each list
 * @used:      sum over @nr
 * @truncated: there were more
 * @offset:    frames, relative to the machine's first
 */
struct list_copy {
	u32 nr[SBUDDY_NR_PAGE_ORDERS * SBUDDY_MIGRATE_TYPES];
	u32 used;
	bool truncated;
	u32 offset[];
};

static struct list_copy *list_copy_alloc(void)
{
	return kvmalloc(struct_size_t(struct list_copy, offset, LISTS_MAX_BLOCKS), GFP_KERNEL);
}

static void list_copy_reset(struct list_copy *copy)
{
	memset(copy, 0, sizeof(*copy));
}

/* The lock that guards @list is held. */
static void list_copy_add(struct list_copy *copy, int i, const struct sbuddy_machine *m,
			  const struct list_head *list)
{
	const struct sbuddy_page *page;

	list_for_each_entry(page, list, lru) {
		if (copy->used == LISTS_MAX_BLOCKS) {
			copy->truncated = true;
			return;
		}
		copy->offset[copy->used++] = page - m->pages;
		copy->nr[i]++;
	}
}

/* Prints list @i, which starts at @at; returns where the next one starts. */
static u32 list_copy_print(struct seq_file *s, const struct sbuddy_machine *m,
			   const struct list_copy *copy, int i, u32 at)
{
	u32 end = at + copy->nr[i];

	seq_printf(s, " blocks=%u pfns=", copy->nr[i]);
	for (; at < end; at++)
		seq_printf(s, "%#lx%c", m->base_pfn + copy->offset[at],
			   at + 1 < end ? ',' : '\n');
	cond_resched();
	return end;
}

static void lists_header(struct seq_file *s, const char *what)
{
	seq_printf(s, "version=1\nmax_blocks_per_%s=%u\n", what, LISTS_MAX_BLOCKS);
}

static void zone_keys(struct seq_file *s, const struct sbuddy_zone *zone)
{
	seq_printf(s, "node=%d zone=%s", zone->node, sbuddy_zone_name(zone->idx));
}

/* Returns how many blocks the zone has, in the copy or not. */
static unsigned long freelists_gather(struct list_copy *copy, struct sbuddy_zone *zone)
{
	unsigned long total = 0;
	unsigned long flags;
	int order, mt;

	list_copy_reset(copy);
	spin_lock_irqsave(&zone->lock, flags);
	for (order = 0; order < SBUDDY_NR_PAGE_ORDERS; order++) {
		total += zone->free_area[order].nr_free;
		for (mt = 0; mt < SBUDDY_MIGRATE_TYPES; mt++)
			list_copy_add(copy, order * SBUDDY_MIGRATE_TYPES + mt, zone->machine,
				      &zone->free_area[order].free_list[mt]);
	}
	spin_unlock_irqrestore(&zone->lock, flags);
	return total;
}

static void freelists_zone(struct seq_file *s, struct sbuddy_zone *zone, struct list_copy *copy)
{
	unsigned long total = freelists_gather(copy, zone);
	u32 at = 0;
	int i;

	zone_keys(s, zone);
	seq_printf(s, " free_blocks=%lu listed_blocks=%u truncated=%d\n", total, copy->used,
		   copy->truncated);
	for (i = 0; i < ARRAY_SIZE(copy->nr); i++) {
		if (!copy->nr[i])
			continue;
		zone_keys(s, zone);
		seq_printf(s, " order=%d type=%s", i / SBUDDY_MIGRATE_TYPES,
			   sbuddy_migratetype_name(i % SBUDDY_MIGRATE_TYPES));
		at = list_copy_print(s, zone->machine, copy, i, at);
	}
}

static int freelists_show(struct seq_file *s, struct sbuddy_machine *m)
{
	struct list_copy *copy = list_copy_alloc();
	int i;

	if (!copy)
		return -ENOMEM;
	lists_header(s, "zone");
	for (i = 0; i < m->nr_zones; i++)
		freelists_zone(s, m->zones[i], copy);
	kvfree(copy);
	return 0;
}

/* "0x123456," for each block that can be listed */
static size_t freelists_hint(const struct sbuddy_machine *m)
{
	unsigned long blocks, total = 0;
	int i, order;

	for (i = 0; i < m->nr_zones; i++) {
		blocks = 0;
		for (order = 0; order < SBUDDY_NR_PAGE_ORDERS; order++)
			blocks += READ_ONCE(m->zones[i]->free_area[order].nr_free);
		total += min_t(unsigned long, blocks, LISTS_MAX_BLOCKS);
	}
	return PAGE_SIZE + total * 10;
}

/* The scalar fields of a pcp, copied together with the lists. */
struct pcp_fields {
	int count, high, high_min, high_max, batch;
	int free_count, flags, alloc_factor, expire;
};

static void pcp_gather(struct list_copy *copy, struct pcp_fields *f, const struct sbuddy_zone *zone,
		       struct sbuddy_pcp *pcp)
{
	int i;

	list_copy_reset(copy);
	spin_lock(&pcp->lock);
	*f = (struct pcp_fields) {
		.count = pcp->count,
		.high = pcp->high,
		.high_min = pcp->high_min,
		.high_max = pcp->high_max,
		.batch = pcp->batch,
		.free_count = pcp->free_count,
		.flags = pcp->flags & SBUDDY_PCPF_KERNEL,
		.alloc_factor = pcp->alloc_factor,
		.expire = pcp->expire,
	};
	for (i = 0; i < SBUDDY_NR_PCP_LISTS; i++)
		list_copy_add(copy, i, zone->machine, &pcp->lists[i]);
	spin_unlock(&pcp->lock);
}

static void pcp_print_fields(struct seq_file *s, const struct pcp_fields *f,
			     const struct sbuddy_zonestat *zs)
{
	seq_printf(s, " count_pages=%d high_pages=%d high_min_pages=%d high_max_pages=%d",
		   f->count, f->high, f->high_min, f->high_max);
	seq_printf(s, " batch_pages=%d free_count_pages=%d flags=%#x alloc_factor=%d expire=%d",
		   f->batch, f->free_count, f->flags, f->alloc_factor, f->expire);
	seq_printf(s, " free_diff_pages=%d stat_threshold_pages=%d", READ_ONCE(zs->free_diff),
		   READ_ONCE(zs->stat_threshold));
}

/* Lists 12 and 13 hold order 9: the types that are not movable, and movable. */
static void pcp_print_list_keys(struct seq_file *s, int i)
{
	const char *type;

	if (i >= SBUDDY_MIGRATE_PCPTYPES * (SBUDDY_COSTLY_ORDER + 1)) {
		type = i == SBUDDY_NR_PCP_LISTS - 1 ? "Movable" : "Unmovable,Reclaimable";
		seq_printf(s, " index=%d order=%d types=%s", i, SBUDDY_PAGEBLOCK_ORDER, type);
		return;
	}
	type = sbuddy_migratetype_name(i % SBUDDY_MIGRATE_PCPTYPES);
	seq_printf(s, " index=%d order=%d types=%s", i, i / SBUDDY_MIGRATE_PCPTYPES, type);
}

static void pcp_one(struct seq_file *s, struct sbuddy_zone *zone, int cpu, struct list_copy *copy)
{
	struct pcp_fields f;
	u32 at = 0;
	int i;

	pcp_gather(copy, &f, zone, &zone->pcp[cpu]);
	zone_keys(s, zone);
	seq_printf(s, " cpu=%d", cpu);
	pcp_print_fields(s, &f, &zone->zstat[cpu]);
	seq_printf(s, " truncated=%d\n", copy->truncated);
	for (i = 0; i < SBUDDY_NR_PCP_LISTS; i++) {
		if (!copy->nr[i])
			continue;
		zone_keys(s, zone);
		seq_printf(s, " cpu=%d", cpu);
		pcp_print_list_keys(s, i);
		at = list_copy_print(s, zone->machine, copy, i, at);
	}
}

static int pcp_show(struct seq_file *s, struct sbuddy_machine *m)
{
	struct list_copy *copy = list_copy_alloc();
	int i, cpu;

	if (!copy)
		return -ENOMEM;
	lists_header(s, "vcpu");
	for (i = 0; i < m->nr_zones; i++)
		for (cpu = 0; cpu < m->nr_vcpus; cpu++)
			pcp_one(s, m->zones[i], cpu, copy);
	kvfree(copy);
	return 0;
}

static size_t pcp_hint(const struct sbuddy_machine *m)
{
	unsigned long blocks = 0;
	int i, cpu;

	for (i = 0; i < m->nr_zones; i++)
		for (cpu = 0; cpu < m->nr_vcpus; cpu++)
			blocks += 64 + max(READ_ONCE(m->zones[i]->pcp[cpu].count), 0);
	return blocks * 10;
}

const struct sbuddy_debugfs_file sbuddy_debugfs_list_files[] = {
	{ .name = "freelists", .mode = 0400, .show = freelists_show, .hint = freelists_hint },
	{ .name = "pcp", .mode = 0400, .show = pcp_show, .hint = pcp_hint },
	{ }
};
