// SPDX-License-Identifier: GPL-2.0
/*
 * ZONE_MOVABLE from how much memory the kernel wants for itself (kernelcore=)
 * or leaves to what can be moved (movablecore=), spread over the nodes as
 * find_zone_movable_pfns_for_nodes() does at boot.
 *
 * The zones of a real machine ascend over all nodes, and only the highest of
 * them gives memory to Movable; so must those of a layout.
 *
 * Left out: movable_node and kernelcore=mirror, which follow the firmware's
 * table of memory.
 */
#include "os.h"
#include "internal.h"

/* Frames are counted from here: 0 means that a node has no Movable. */
#define SBUDDY_FIRST_FRAME	SBUDDY_MAX_ORDER_NR_PAGES

/**
 * struct sbuddy_spread - handing out memory to the kernel
 * @l: the layout
 * @usable_start: first frame that may be Movable
 * @required: frames that the kernel still has to get
 * @movable: by node, first frame that the kernel does not have yet; 0 is none
 */
struct sbuddy_spread {
	const struct sbuddy_layout *l;
	u64 usable_start;
	u64 required;
	u64 movable[SBUDDY_MAX_NODES];
};

static u64 sbuddy_layout_memory(const struct sbuddy_layout *l)
{
	u64 pages = 0;

	for (int i = 0; i < l->nr_extents; i++)
		if (l->extent[i].zone >= 0)
			pages += l->extent[i].nr_pages;
	return pages;
}

/* The highest zone, and whether the zones ascend to it; -1 if not, or if it is Movable. */
static int sbuddy_layout_movable_zone(const struct sbuddy_layout *l)
{
	int highest = -1;

	for (int i = 0; i < l->nr_extents; i++) {
		if (l->extent[i].zone < 0)
			continue;
		if (l->extent[i].zone < highest)
			return -1;
		highest = l->extent[i].zone;
	}
	return highest == SBUDDY_ZONE_MOVABLE ? -1 : highest;
}

static u64 sbuddy_zone_lowest_frame(const struct sbuddy_layout *l, int zone)
{
	u64 frame = SBUDDY_FIRST_FRAME;

	for (int i = 0; l->extent[i].zone != zone; i++)
		frame += l->extent[i].nr_pages;
	return frame;
}

static void sbuddy_give(u64 *left, u64 pages)
{
	*left -= min(*left, pages);
}

/* The kernel takes from [@start, @end) of a node up to @share, which is lowered. */
static void sbuddy_spread_range(struct sbuddy_spread *s, int nid, u64 start, u64 end, u64 *share)
{
	u64 pages;

	start = max(start, s->movable[nid]);
	if (start >= end)
		return;
	if (start < s->usable_start) {
		pages = min(end, s->usable_start) - start;
		sbuddy_give(share, pages);
		sbuddy_give(&s->required, pages);
		s->movable[nid] = end;
		if (end <= s->usable_start)
			return;
		start = s->usable_start;
	}
	pages = min(end - start, *share);
	s->movable[nid] = start + pages;
	sbuddy_give(&s->required, pages);
	*share -= pages;
}

/* The node's memory, ascending, until its share is taken above @usable_start. */
static void sbuddy_spread_node(struct sbuddy_spread *s, int nid, u64 share)
{
	u64 frame = SBUDDY_FIRST_FRAME;

	for (int i = 0; i < s->l->nr_extents; i++) {
		const struct sbuddy_layout_extent *e = &s->l->extent[i];
		u64 end = frame + e->nr_pages;

		if (e->zone >= 0 && e->node == nid) {
			u64 from = max(frame, s->movable[nid]);

			sbuddy_spread_range(s, nid, frame, end, &share);
			if (!share && from < end && end > s->usable_start)
				return;
		}
		frame = end;
	}
}

static u32 sbuddy_layout_nodes(const struct sbuddy_layout *l)
{
	u32 nodes = 0;

	for (int i = 0; i < l->nr_extents; i++)
		if (l->extent[i].zone >= 0)
			nodes |= 1U << l->extent[i].node;
	return nodes;
}

/* Evenly; what small nodes cannot give is asked of the others in the next round. */
static void sbuddy_spread_all(struct sbuddy_spread *s)
{
	const u32 nodes = sbuddy_layout_nodes(s->l);
	u64 usable = hweight32(nodes);

	do {
		u64 share = s->required / usable;

		for (int nid = 0; nid < SBUDDY_MAX_NODES; nid++) {
			if (!(nodes >> nid & 1))
				continue;
			if (s->required < share)
				share = s->required / usable;
			sbuddy_spread_node(s, nid, share);
		}
		usable--;
	} while (usable && s->required > usable);
}

/* A piece becomes two, of which the first has @core pages.  False if there are too many. */
static bool sbuddy_cut_extent(struct sbuddy_layout *l, int i, u64 core)
{
	struct sbuddy_layout_extent *e = &l->extent[i];

	if (l->nr_extents == SBUDDY_MAX_EXTENTS)
		return false;
	memmove(e + 1, e, (l->nr_extents - i) * sizeof(*e));
	l->nr_extents++;
	e[0].nr_pages = core;
	e[1].nr_pages -= core;
	return true;
}

/* What lies above its node's start of Movable goes there. */
static bool sbuddy_cut_movable(struct sbuddy_layout *l, const u64 *movable)
{
	u64 frame = SBUDDY_FIRST_FRAME;

	for (int i = 0; i < l->nr_extents; frame += l->extent[i++].nr_pages) {
		struct sbuddy_layout_extent *e = &l->extent[i];
		u64 start = e->zone < 0 ? 0 : movable[e->node];

		start = ALIGN(start, (u64)SBUDDY_MAX_ORDER_NR_PAGES);
		if (!start || start >= frame + e->nr_pages)
			continue;
		if (start <= frame)
			e->zone = SBUDDY_ZONE_MOVABLE;
		else if (!sbuddy_cut_extent(l, i, start - frame))
			return false;
	}
	return true;
}

static u64 sbuddy_core_pages(const struct sbuddy_layout_core *c, u64 total)
{
	return c->percent >= 0 ? total * 100 * c->percent / 10000 : c->pages;
}

/*
 * Gives @l, which has no Movable, one.  NULL, or what would have been
 * accepted.  @kernelcore and @movablecore may both be wanted: then the kernel
 * gets at least the first.
 */
const char *sbuddy_layout_place_movable(struct sbuddy_layout *l,
					const struct sbuddy_layout_core *kernelcore,
					const struct sbuddy_layout_core *movablecore)
{
	const u64 total = sbuddy_layout_memory(l);
	const int zone = sbuddy_layout_movable_zone(l);
	u64 movable = sbuddy_core_pages(movablecore, total);
	struct sbuddy_spread s = { .l = l, .required = sbuddy_core_pages(kernelcore, total) };

	if (zone < 0)
		return "zones ascending over all nodes, none Movable, with these words";
	if (movable) {
		movable = min(total, ALIGN(movable, (u64)SBUDDY_MAX_ORDER_NR_PAGES));
		s.required = max(s.required, total - movable);
	}
	if (!s.required || s.required >= total)
		return NULL;
	s.usable_start = sbuddy_zone_lowest_frame(l, zone);
	sbuddy_spread_all(&s);
	if (!sbuddy_cut_movable(l, s.movable))
		return "at most 128 pieces, those of Movable included";
	return NULL;
}
