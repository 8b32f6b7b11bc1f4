// SPDX-License-Identifier: GPL-2.0
/*
 * The layout string: which part of a machine's frames is which zone of which
 * node.
 *
 *	N0:DMA=16M,DMA32=64M,Normal=128M;N1:Normal=128M,hole=4M,Movable=64M;D:10,20/20,10
 *
 * Nodes follow each other in pfn order; a node may come again, as on machines
 * whose nodes interleave.  "hole" leaves frames out.  Zones of a node ascend,
 * and one continues when it is named again.  Sizes are whole pageblocks, so
 * every zone starts on a pageblock boundary.  "D:" gives the distances, a row
 * per node; 10 to oneself and 20 to others is the default.
 *
 * Words after the nodes place Movable as the kernel's parameters do, in bytes or
 * percent of all memory: "N0:DMA32=64M,Normal=192M;N1:Normal=256M;kernelcore=50%"
 * or "movablecore=128M".  Alone, without nodes, they divide the default node.
 */
#include "os.h"
#include "internal.h"

struct sbuddy_layout_parser {
	const char *p;
	struct sbuddy_layout *l;
	const char **expected;
	int node;			/* node being read */
	s8 last_zone[SBUDDY_MAX_NODES];	/* highest zone of each node so far, -1 is none */
	struct sbuddy_layout_core kernelcore;
	struct sbuddy_layout_core movablecore;
	bool cores;			/* one of the two was read */
};

static int sbuddy_layout_expected(struct sbuddy_layout_parser *ps, const char *what)
{
	*ps->expected = what;
	return -EINVAL;
}

static bool sbuddy_layout_eat(struct sbuddy_layout_parser *ps, const char *word)
{
	size_t n = strlen(word);

	if (strncmp(ps->p, word, n))
		return false;
	ps->p += n;
	return true;
}

static bool sbuddy_layout_number(struct sbuddy_layout_parser *ps, u64 *v)
{
	const char *start = ps->p;

	for (*v = 0; *ps->p >= '0' && *ps->p <= '9'; ps->p++) {
		if (*v > (1ULL << 50))
			return false;
		*v = *v * 10 + (*ps->p - '0');
	}
	return ps->p != start;
}

/* The unit behind a number, if there is one, which scales it. */
static int sbuddy_layout_unit(struct sbuddy_layout_parser *ps, u64 *bytes)
{
	static const char units[] = "KMGT";
	const char *unit = *ps->p ? strchr(units, *ps->p) : NULL;

	if (unit) {
		unsigned int shift = 10 * (1 + (unsigned int)(unit - units));

		if (*bytes > (1ULL << 50) >> shift)
			return sbuddy_layout_expected(ps, "a size of at most 1T in all");
		*bytes <<= shift;
		ps->p++;
	}
	return 0;
}

static int sbuddy_layout_size(struct sbuddy_layout_parser *ps, u64 *nr_pages)
{
	u64 bytes;
	int err;

	if (!sbuddy_layout_number(ps, &bytes))
		return sbuddy_layout_expected(ps, "a size such as 64M");
	err = sbuddy_layout_unit(ps, &bytes);
	if (err)
		return err;
	*nr_pages = bytes >> SBUDDY_PAGE_SHIFT;
	if (!bytes || bytes % (SBUDDY_PAGEBLOCK_NR_PAGES * SBUDDY_PAGE_SIZE))
		return sbuddy_layout_expected(ps, "sizes that are multiples of 2M, not 0");
	return 0;
}

/* Zone named at the cursor; -1 for a hole, -2 if it is none. */
static int sbuddy_layout_zone(struct sbuddy_layout_parser *ps)
{
	/* DMA32 first: DMA is its prefix */
	static const s8 order[] = {
		SBUDDY_ZONE_DMA32, SBUDDY_ZONE_DMA, SBUDDY_ZONE_NORMAL, SBUDDY_ZONE_MOVABLE
	};

	for (size_t i = 0; i < ARRAY_SIZE(order); i++)
		if (sbuddy_layout_eat(ps, sbuddy_zone_name(order[i])))
			return order[i];
	return sbuddy_layout_eat(ps, "hole") ? -1 : -2;
}

static int sbuddy_layout_add(struct sbuddy_layout_parser *ps, int zone, u64 nr_pages)
{
	struct sbuddy_layout *l = ps->l;

	if (l->nr_extents == SBUDDY_MAX_EXTENTS)
		return sbuddy_layout_expected(ps, "at most 128 pieces");
	l->extent[l->nr_extents++] = (struct sbuddy_layout_extent){
		.nr_pages = nr_pages,
		.node = ps->node,
		.zone = zone,
	};
	l->nr_pages += nr_pages;
	if (l->nr_pages > SBUDDY_MAX_PAGES)
		return sbuddy_layout_expected(ps, "a size of at most 1T in all");
	return 0;
}

static int sbuddy_layout_piece(struct sbuddy_layout_parser *ps)
{
	int zone = sbuddy_layout_zone(ps);
	u64 nr_pages;
	int err;

	if (zone < -1)
		return sbuddy_layout_expected(ps, "DMA, DMA32, Normal, Movable or hole");
	if (!sbuddy_layout_eat(ps, "="))
		return sbuddy_layout_expected(ps, "'=' after the zone's name");
	err = sbuddy_layout_size(ps, &nr_pages);
	if (err)
		return err;
	if (zone >= 0) {
		if (zone < ps->last_zone[ps->node])
			return sbuddy_layout_expected(ps, "a node's zones in ascending order");
		ps->last_zone[ps->node] = zone;
	}
	return sbuddy_layout_add(ps, zone, nr_pages);
}

static int sbuddy_layout_node(struct sbuddy_layout_parser *ps)
{
	u64 id;
	int err;

	if (!sbuddy_layout_eat(ps, "N") || !sbuddy_layout_number(ps, &id) ||
	    id >= SBUDDY_MAX_NODES || !sbuddy_layout_eat(ps, ":"))
		return sbuddy_layout_expected(ps, "N0: to N15: before the zones of a node");
	ps->node = id;
	ps->l->nr_nodes = max_t(int, ps->l->nr_nodes, id + 1);
	do {
		err = sbuddy_layout_piece(ps);
	} while (!err && sbuddy_layout_eat(ps, ","));
	return err;
}

static int sbuddy_layout_row(struct sbuddy_layout_parser *ps, int from)
{
	for (int to = 0; to < ps->l->nr_nodes; to++) {
		u64 d;

		if (to && !sbuddy_layout_eat(ps, ","))
			return sbuddy_layout_expected(ps, "a distance to each node, by ','");
		if (!sbuddy_layout_number(ps, &d) || d > 254 || (to == from ? d != 10 : d < 11))
			return sbuddy_layout_expected(ps, "10 to oneself, 11 to 254 to others");
		ps->l->distance[from][to] = d;
	}
	return 0;
}

static int sbuddy_layout_distances(struct sbuddy_layout_parser *ps)
{
	for (int from = 0; from < ps->l->nr_nodes; from++) {
		int err;

		if (from && !sbuddy_layout_eat(ps, "/"))
			return sbuddy_layout_expected(ps, "a row of distances a node, by '/'");
		err = sbuddy_layout_row(ps, from);
		if (err)
			return err;
	}
	return 0;
}

/* Behind kernelcore= or movablecore=.  Frames as the kernel rounds them, down. */
static int sbuddy_layout_core(struct sbuddy_layout_parser *ps, struct sbuddy_layout_core *core)
{
	u64 v;
	int err;

	if (core->pages || core->percent >= 0)
		return sbuddy_layout_expected(ps, "kernelcore and movablecore once each");
	if (!sbuddy_layout_number(ps, &v))
		return sbuddy_layout_expected(ps, "a size such as 64M, or percent such as 50%");
	ps->cores = true;
	if (sbuddy_layout_eat(ps, "%")) {
		if (v > 100)
			return sbuddy_layout_expected(ps, "at most 100%");
		core->percent = v;
		return 0;
	}
	err = sbuddy_layout_unit(ps, &v);
	core->pages = v >> SBUDDY_PAGE_SHIFT;
	return err;
}

static int sbuddy_layout_part(struct sbuddy_layout_parser *ps)
{
	if (sbuddy_layout_eat(ps, "kernelcore="))
		return sbuddy_layout_core(ps, &ps->kernelcore);
	if (sbuddy_layout_eat(ps, "movablecore="))
		return sbuddy_layout_core(ps, &ps->movablecore);
	if (sbuddy_layout_eat(ps, "D:")) {
		ps->l->distances = true;
		return sbuddy_layout_distances(ps);
	}
	if (ps->l->distances || ps->cores)
		return sbuddy_layout_expected(ps, "nodes before distances and other words");
	return sbuddy_layout_node(ps);
}

static void sbuddy_layout_init(struct sbuddy_layout *l)
{
	memset(l, 0, sizeof(*l));
	for (int i = 0; i < SBUDDY_MAX_NODES; i++)
		for (int j = 0; j < SBUDDY_MAX_NODES; j++)
			l->distance[i][j] = i == j ? 10 : 20;
}

/* A quarter Movable, its start rounded up to the largest block as the kernel does. */
static int sbuddy_layout_default(struct sbuddy_layout_parser *ps, u64 nr_pages)
{
	u64 quarter = ps->cores ? 0 : nr_pages / 4;
	u64 normal = ALIGN(nr_pages - quarter, (u64)SBUDDY_MAX_ORDER_NR_PAGES);
	int err;

	if (!nr_pages || nr_pages % SBUDDY_PAGEBLOCK_NR_PAGES)
		return sbuddy_layout_expected(ps, "a multiple of 2M, not 0");
	normal = min(normal, nr_pages);
	ps->l->nr_nodes = 1;
	err = sbuddy_layout_add(ps, SBUDDY_ZONE_NORMAL, normal);
	if (!err && nr_pages > normal)
		err = sbuddy_layout_add(ps, SBUDDY_ZONE_MOVABLE, nr_pages - normal);
	return err;
}

/* Whether a text names nodes; what else it says divides the default one. */
static bool sbuddy_layout_names_nodes(const char *text)
{
	return text && *text && *text != 'k' && *text != 'm';
}

static bool sbuddy_layout_has_memory(const struct sbuddy_layout *l)
{
	for (int i = 0; i < l->nr_extents; i++)
		if (l->extent[i].zone >= 0)
			return true;
	return false;
}

static int sbuddy_layout_finish(struct sbuddy_layout_parser *ps)
{
	const char *expected = NULL;

	if (!sbuddy_layout_has_memory(ps->l))
		return sbuddy_layout_expected(ps, "at least one zone");
	if (ps->cores)
		expected = sbuddy_layout_place_movable(ps->l, &ps->kernelcore, &ps->movablecore);
	return expected ? sbuddy_layout_expected(ps, expected) : 0;
}

/**
 * sbuddy_layout_parse() - layout from text
 * @text: see the top of this file; NULL or empty is the default layout
 * @nr_pages: size of the default layout, pages; unused if the text has nodes
 * @l: out
 * @expected: out on error, what would have been accepted
 *
 * Context: Any.
 * Return: 0, or -EINVAL.
 */
int sbuddy_layout_parse(const char *text, u64 nr_pages, struct sbuddy_layout *l,
			const char **expected)
{
	struct sbuddy_layout_parser ps = {
		.p = text, .l = l, .expected = expected,
		.kernelcore.percent = -1, .movablecore.percent = -1,
	};
	int err = 0;

	sbuddy_layout_init(l);
	memset(ps.last_zone, -1, sizeof(ps.last_zone));
	if (text && *text) {
		do {
			err = sbuddy_layout_part(&ps);
		} while (!err && sbuddy_layout_eat(&ps, ";"));
		if (!err && *ps.p && *ps.p != '\n')
			err = sbuddy_layout_expected(&ps, "',' or ';' or the end after a size");
	}
	if (!err && !sbuddy_layout_names_nodes(text))
		err = sbuddy_layout_default(&ps, nr_pages);
	return err ? err : sbuddy_layout_finish(&ps);
}

static int sbuddy_layout_format_distances(const struct sbuddy_layout *l, char *buf, size_t size)
{
	int n = scnprintf(buf, size, ";D:");

	for (int i = 0; i < l->nr_nodes; i++)
		for (int j = 0; j < l->nr_nodes; j++)
			n += scnprintf(buf + n, size - n, "%s%u", j ? "," : i ? "/" : "",
				       l->distance[i][j]);
	return n;
}

/**
 * sbuddy_layout_format() - text of a layout, accepted by sbuddy_layout_parse()
 * @l: layout
 * @buf: out
 * @size: bytes of @buf
 *
 * Context: Any.
 * Return: Characters written, without the NUL.
 */
int sbuddy_layout_format(const struct sbuddy_layout *l, char *buf, size_t size)
{
	int n = 0, node = -1;

	for (int i = 0; i < l->nr_extents; i++) {
		const struct sbuddy_layout_extent *e = &l->extent[i];
		unsigned long long mib = e->nr_pages >> (20 - SBUDDY_PAGE_SHIFT);

		if (e->node != node)
			n += scnprintf(buf + n, size - n, "%sN%d:", i ? ";" : "", e->node);
		else
			n += scnprintf(buf + n, size - n, ",");
		node = e->node;
		n += scnprintf(buf + n, size - n, "%s=%lluM",
			       e->zone < 0 ? "hole" : sbuddy_zone_name(e->zone), mib);
	}
	if (l->nr_nodes > 1)
		n += sbuddy_layout_format_distances(l, buf + n, size - n);
	return n;
}
