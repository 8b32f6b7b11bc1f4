// SPDX-License-Identifier: GPL-2.0
/*
 * Fork: an exact copy of a machine.  The same operations give the same frames
 * on both, and the same lists, counters and tuning.
 *
 * Structures are copied whole, so that what is added to them is copied as well;
 * what points into the machine is then turned to the same place of the copy:
 * the pointers of machine, nodes, zones and pcps, zonelists, list heads and the
 * links of listed pages.  A new pointer member needs a line here.
 *
 * Of the descriptors only those are written that say something: the copy of a
 * large machine touches no more memory than the original did.
 *
 * Left out: owners.  Used blocks are used in the copy, and nobody's, though what
 * could move still can; pageblocks that an owner isolated are isolated, and
 * nobody's; a compaction in steps goes on, on whose behalf ever.  See
 * sbuddy_owner_fork() for taking an owner along.
 */
#include "os.h"
#include "lru.h"
#include "owner.h"
#include "compaction.h"

/* Where what is at @p of the source lies in the copy; NULL if it is elsewhere. */
static struct list_head *sbuddy_fork_link(const struct sbuddy_machine *src,
					  struct sbuddy_machine *dst,
					  const struct sbuddy_fork_part *part,
					  const struct list_head *p)
{
	unsigned long off = (unsigned long)p - (unsigned long)src->pages;

	if (likely(off < src->nr_pages * sizeof(*src->pages)))
		return (struct list_head *)((char *)dst->pages + off);
	off = (unsigned long)p - (unsigned long)part->from;
	if (off < part->size)
		return (struct list_head *)((char *)part->to + off);
	return NULL;
}

/*
 * Turns both links of @l, which are still those of the source: to other pages, or
 * to the head of the list, which lies in @part.
 */
int sbuddy_fork_turn(const struct sbuddy_machine *src, struct sbuddy_machine *dst,
		     const struct sbuddy_fork_part *part, struct list_head *l)
{
	l->next = sbuddy_fork_link(src, dst, part, l->next);
	l->prev = sbuddy_fork_link(src, dst, part, l->prev);
	return l->next && l->prev ? 0 : -EUCLEAN;
}

static struct sbuddy_fork_part sbuddy_fork_pcps(const struct sbuddy_zone *from,
						struct sbuddy_zone *to)
{
	return (struct sbuddy_fork_part){ from->pcp, to->pcp,
					  from->machine->nr_vcpus * sizeof(*from->pcp) };
}

/* Bytes [@start, @end) of a structure, all members there. */
static void sbuddy_fork_bytes(void *to, const void *from, size_t start, size_t end)
{
	memcpy((char *)to + start, (const char *)from + start, end - start);
}

static int sbuddy_fork_pcp(const struct sbuddy_zone *from, struct sbuddy_zone *to, int cpu)
{
	const struct sbuddy_fork_part part = sbuddy_fork_pcps(from, to);
	const struct sbuddy_pcp *s = &from->pcp[cpu];
	struct sbuddy_pcp *d = &to->pcp[cpu];
	int err = 0;

	sbuddy_fork_bytes(d, s, offsetof(struct sbuddy_pcp, count), sizeof(*d));
	for (int i = 0; i < SBUDDY_NR_PCP_LISTS && !err; i++)
		err = sbuddy_fork_turn(from->machine, to->machine, &part, &d->lists[i]);
	return err;
}

/* All but the lock, which stays the copy's own. */
static int sbuddy_fork_zone(const struct sbuddy_zone *from, struct sbuddy_zone *to)
{
	const size_t behind = offsetof(struct sbuddy_zone, free_area);
	const struct sbuddy_fork_part part = { from, to, sizeof(*from) };
	struct sbuddy_machine *m = to->machine;
	struct sbuddy_zonestat *zstat = to->zstat;
	struct sbuddy_pcp *pcp = to->pcp;
	int err = 0;

	sbuddy_fork_bytes(to, from, 0, offsetof(struct sbuddy_zone, lock));
	sbuddy_fork_bytes(to, from, behind, sizeof(*to));
	to->machine = m;
	to->zstat = zstat;
	to->pcp = pcp;
	memcpy(zstat, from->zstat, m->nr_vcpus * sizeof(*zstat));
	for (int o = 0; o < SBUDDY_NR_PAGE_ORDERS && !err; o++)
		for (int mt = 0; mt < SBUDDY_MIGRATE_TYPES && !err; mt++)
			err = sbuddy_fork_turn(from->machine, m, &part,
					       &to->free_area[o].free_list[mt]);
	for (int cpu = 0; cpu < m->nr_vcpus && !err; cpu++)
		err = sbuddy_fork_pcp(from, to, cpu);
	return err;
}

/* Where the heads of the lists are that @s may be on; nothing if it is on none. */
static struct sbuddy_fork_part sbuddy_fork_part_of(const struct sbuddy_machine *src,
						   const struct sbuddy_machine *dst,
						   const struct sbuddy_page *s)
{
	const struct sbuddy_zone *from = sbuddy_zone_of(src, s);
	struct sbuddy_zone *to = dst->zones[from->id];
	const struct sbuddy_fork_part lru = { src->lru, dst->lru,
					      sbuddy_lru_size(src->nr_vcpus) };
	const struct sbuddy_fork_part walk = { src->walk, dst->walk,
					       sizeof(struct sbuddy_compact_walk) };
	const struct sbuddy_fork_part zone = { from, to, sizeof(*from) };

	switch (sbuddy_tag_state(s->tag)) {
	case SBUDDY_PAGE_BUDDY:
		return zone;
	case SBUDDY_PAGE_PCP:
		return sbuddy_fork_pcps(from, to);
	case SBUDDY_PAGE_HELD:
		return walk;
	default:
		if (s->tag & SBUDDY_TAG_ISOLATED)
			return walk;
		return s->tag & SBUDDY_TAG_LRU ? lru : (struct sbuddy_fork_part){ NULL };
	}
}

/* The first page of a block, or one that is reserved; @d is zero so far. */
static int sbuddy_fork_page(const struct sbuddy_machine *src, struct sbuddy_machine *dst,
			    const struct sbuddy_page *s, struct sbuddy_page *d)
{
	const struct sbuddy_fork_part part = sbuddy_fork_part_of(src, dst, s);

	d->tag = s->tag;
	d->refcount = s->refcount;
	if (sbuddy_tag_state(s->tag) == SBUDDY_PAGE_USED && s->tag & SBUDDY_TAG_MOVABLE &&
	    s->private)
		d->private = SBUDDY_PRIVATE_UNOWNED | (s->private & SBUDDY_PRIVATE_FLAGS);
	if (!part.from)
		return 0;
	d->lru = s->lru;
	return sbuddy_fork_turn(src, dst, &part, &d->lru);
}

static int sbuddy_fork_pages(const struct sbuddy_machine *src, struct sbuddy_machine *dst)
{
	unsigned long i = 0;

	while (i < src->nr_pages) {
		const struct sbuddy_page *s = &src->pages[i];
		unsigned long n = 1;
		int err;

		if (s->tag) {
			n = 1UL << sbuddy_tag_order(s->tag);
			err = sbuddy_fork_page(src, dst, s, &dst->pages[i]);
			if (err)
				return err;
		} else {
			n = sbuddy_hole_at(src, i) ?: 1;
		}
		if ((i ^ (i + n)) & ~(SBUDDY_MAX_ORDER_NR_PAGES - 1)) {
			os_cond_resched();
			if (os_fatal_signal_pending())
				return -EINTR;
		}
		i += n;
	}
	return 0;
}

static void sbuddy_fork_node(struct sbuddy_machine *dst, struct sbuddy_node *node)
{
	for (int idx = 0; idx < SBUDDY_MAX_NR_ZONES; idx++)
		if (node->node_zones[idx])
			node->node_zones[idx] = dst->zones[node->node_zones[idx]->id];
	for (int kind = 0; kind < SBUDDY_NR_ZONELISTS; kind++) {
		struct sbuddy_zonelist *list = &node->zonelists[kind];

		for (struct sbuddy_zoneref *z = list->ref; z->zone; z++)
			z->zone = dst->zones[z->zone->id];
		sbuddy_zonelist_index(list);
	}
}

/* The structure itself and its small arrays. */
static void sbuddy_fork_machine(const struct sbuddy_machine *src, struct sbuddy_machine *dst)
{
	struct sbuddy_page *pages = dst->pages;
	unsigned long *flags = dst->pageblock_flags;
	struct sbuddy_near *near = dst->near;
	u8 *pageblock_zone = dst->pageblock_zone;
	u32 *isolated_by = dst->isolated_by;
	struct sbuddy_zone **zones = dst->zones;
	struct sbuddy_compact_walk *walk = dst->walk;
	struct sbuddy_lru *lru = dst->lru;

	memcpy(dst, src, sizeof(*dst));
	dst->pages = pages;
	dst->pageblock_flags = flags;
	dst->near = near;
	dst->pageblock_zone = pageblock_zone;
	dst->isolated_by = isolated_by;
	dst->zones = zones;
	dst->walk = walk;
	dst->lru = lru;
	dst->id = 0;
	dst->hooks = NULL;
	dst->backed = false;
	dst->config.backed = false;
	memcpy(flags, src->pageblock_flags, sbuddy_pageblock_flags_size(src));
	memcpy(pageblock_zone, src->pageblock_zone, sbuddy_nr_pageblocks(src));
	for (unsigned long i = 0; i < sbuddy_nr_pageblocks(src); i++)
		if (src->isolated_by[i] == SBUDDY_HOLDER_CONTIG)
			isolated_by[i] = SBUDDY_HOLDER_CONTIG;
	for (int nid = 0; nid < SBUDDY_MAX_NODES; nid++)
		sbuddy_fork_node(dst, &dst->nodes[nid]);
}

/**
 * sbuddy_fork_prepare() - a machine of the shape of another, to become its copy
 * @src: machine; operations may run on it
 *
 * Takes what takes time and memory, so that sbuddy_fork_copy(), for which the
 * source has to stand still, neither allocates nor fails without need.
 *
 * Context: May sleep.
 * Return: the machine, not usable yet, for sbuddy_fork_copy() or
 * sbuddy_machine_destroy(); NULL without memory.
 */
struct sbuddy_machine *sbuddy_fork_prepare(const struct sbuddy_machine *src)
{
	struct sbuddy_machine *dst;

	dst = sbuddy_machine_alloc(&src->config, src->base_pfn, src->nr_pages);
	if (!dst)
		return NULL;
	dst->walk = os_zalloc(sizeof(*dst->walk));
	if (!dst->walk) {
		sbuddy_machine_destroy(dst);
		return NULL;
	}
	for (int i = 0; i < src->nr_zones; i++)
		if (!sbuddy_zone_create(dst, src->zones[i]->node, src->zones[i]->idx)) {
			sbuddy_machine_destroy(dst);
			return NULL;
		}
	return dst;
}

/**
 * sbuddy_fork_copy() - the state of a machine into one prepared for it
 * @src: machine; no operation runs on it meanwhile
 * @dst: what sbuddy_fork_prepare() made of it; nothing but
 *	 sbuddy_machine_destroy() can be done with it on error
 *
 * The copy is unbacked, and its number is 0 until somebody gives it another.
 *
 * Context: May sleep.
 * Return: 0; -EUCLEAN if a list of the source leads out of it; -EINTR by a
 * fatal signal.
 */
int sbuddy_fork_copy(const struct sbuddy_machine *src, struct sbuddy_machine *dst)
{
	int err = 0;

	sbuddy_fork_machine(src, dst);
	for (int i = 0; i < src->nr_zones && !err; i++)
		err = sbuddy_fork_zone(src->zones[i], dst->zones[i]);
	if (!err)
		err = sbuddy_lru_fork(src, dst);
	if (!err)
		err = sbuddy_compact_walk_fork(src, dst);
	if (!err)
		err = sbuddy_fork_pages(src, dst);
	if (!src->walk)
		sbuddy_compact_walk_forget(dst);
	if (!err)
		sbuddy_index_near(dst);
	return err;
}

/**
 * sbuddy_machine_fork() - an exact copy of a machine
 * @src: machine; no operation runs on it meanwhile
 * @out: the copy, unbacked; unchanged on error
 *
 * Context: May sleep.
 * Return: 0; -ENOMEM; -EUCLEAN, -EINTR as sbuddy_fork_copy().
 */
int sbuddy_machine_fork(const struct sbuddy_machine *src, struct sbuddy_machine **out)
{
	struct sbuddy_machine *dst = sbuddy_fork_prepare(src);
	int err;

	if (!dst)
		return -ENOMEM;
	err = sbuddy_fork_copy(src, dst);
	if (err)
		sbuddy_machine_destroy(dst);
	else
		*out = dst;
	return err;
}

/* ---- owners ---- */

static int sbuddy_fork_chunks(const struct sbuddy_owner *o, struct sbuddy_owner *copy)
{
	if (!o->nr_chunks)
		return 0;
	copy->chunks = os_zalloc(o->nr_chunks * sizeof(*copy->chunks));
	if (!copy->chunks)
		return -ENOMEM;
	copy->nr_chunks = o->nr_chunks;
	for (u32 c = 0; c < o->nr_chunks; c++) {
		if (!o->chunks[c] || !o->chunks[c]->used)
			continue;
		copy->chunks[c] = os_zalloc(sizeof(*copy->chunks[c]));
		if (!copy->chunks[c])
			return -ENOMEM;
	}
	return 0;
}

static void sbuddy_fork_slots(const struct sbuddy_owner *o, struct sbuddy_owner *copy)
{
	u32 slot = 0;

	for (; sbuddy_next_used_slot(o, &slot); slot++) {
		struct sbuddy_page *page = sbuddy_slot_page(o, slot);
		u64 flags = page && sbuddy_slot_movable(o, slot) ?
			    page->private & SBUDDY_PRIVATE_FLAGS : 0;

		if (!page) {
			sbuddy_slot_copy_evicted(copy, slot, sbuddy_slot_word(o, slot));
			continue;
		}
		page = copy->m->pages + (page - o->m->pages);
		sbuddy_slot_fill(copy, slot, page);
		page->private |= flags;
		if (sbuddy_slot_movable(o, slot))
			sbuddy_lru_adopt_slot(copy, slot);
		os_cond_resched();
	}
	copy->free_hint = o->free_hint;
}

/* What is marked as isolated by @o, there, becomes @copy's, here. */
static void sbuddy_fork_isolated(const struct sbuddy_owner *o, struct sbuddy_owner *copy)
{
	copy->isolated = o->isolated;
	for (unsigned long i = 0; o->isolated && i < sbuddy_nr_pageblocks(o->m); i++)
		if (o->m->isolated_by[i] == sbuddy_owner_holder(o))
			copy->m->isolated_by[i] = sbuddy_owner_holder(copy);
}

/**
 * sbuddy_owner_fork() - an owner on a copy of the machine, with the same slots,
 *			 policies, rotor and isolated pageblocks
 * @o:	owner on the source, which has not changed since the fork
 * @m:	the copy, on which these blocks are nobody's
 * @id: number of the new owner, as in sbuddy_owner_create()
 *
 * Context: May sleep; serialised with operations of @o.
 * Return: The owner, or NULL without memory.
 */
struct sbuddy_owner *sbuddy_owner_fork(const struct sbuddy_owner *o, struct sbuddy_machine *m,
				       u32 id)
{
	struct sbuddy_owner *copy = sbuddy_owner_create(m, id);

	if (!copy)
		return NULL;
	if (sbuddy_fork_chunks(o, copy)) {
		sbuddy_owner_release(copy);
		return NULL;
	}
	copy->task = o->task;
	copy->killed = o->killed;
	if (o->m->walk && m->walk && o->m->walk->holder == o->id)
		m->walk->holder = id;
	sbuddy_fork_isolated(o, copy);
	memcpy(copy->policy, o->policy, sizeof(copy->policy));
	sbuddy_fork_slots(o, copy);
	return copy;
}

/**
 * sbuddy_owner_rename() - what an owner holds is known under another number
 * @o:	owner
 * @id: its new number
 *
 * Context: May sleep; serialised with operations of @o.
 */
void sbuddy_owner_rename(struct sbuddy_owner *o, u32 id)
{
	u32 old = sbuddy_owner_holder(o);
	struct sbuddy_page *page;
	u32 slot = 0;

	if (o->m->walk && o->m->walk->holder == o->id)
		o->m->walk->holder = id;
	sbuddy_lru_rename_owner(o, id);
	for (unsigned long i = 0; o->isolated && i < sbuddy_nr_pageblocks(o->m); i++)
		if (o->m->isolated_by[i] == old)
			o->m->isolated_by[i] = sbuddy_owner_holder(o);
	for (; (page = sbuddy_owner_next(o, &slot)); slot++) {
		page->private = sbuddy_slot_handle(o, slot) |
				(page->private & SBUDDY_PRIVATE_FLAGS);
		os_cond_resched();
	}
}
