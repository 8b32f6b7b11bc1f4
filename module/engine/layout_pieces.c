// SPDX-License-Identifier: GPL-2.0
/*
 * A layout on several runs of frames: machine 0 may have one piece of the host's
 * memory on each of the host's nodes.
 *
 * Piece after piece takes the next part of the layout, in the order in which the
 * pieces were asked for.  A node lies inside one piece, so its zones stay
 * adjacent and in order wherever the piece is.  What lies between two pieces
 * becomes a hole of the machine, whose descriptors take no memory.
 *
 * Owns no state and takes no lock.
 */
#include "os.h"
#include "internal.h"

/**
 * sbuddy_layout_fit_pieces() - does a layout fit on pieces, and how
 * @l: layout without the holes between pieces, as long as all of them together
 * @piece: the pieces, of which only the length counts, in the layout's order
 * @nr: how many
 * @piece_of: out, by node, the piece it lies in, -1 for a node without memory
 * @expected: out on error, what would have been accepted
 *
 * Context: Any.
 * Return: 0, or -EINVAL.
 */
int sbuddy_layout_fit_pieces(const struct sbuddy_layout *l, const struct sbuddy_piece *piece,
			     int nr, s8 *piece_of, const char **expected)
{
	u64 left = piece[0].nr_pages;
	int p = 0;

	memset(piece_of, -1, SBUDDY_MAX_NODES);
	for (int i = 0; i < l->nr_extents; i++) {
		const struct sbuddy_layout_extent *e = &l->extent[i];

		if (!left && ++p < nr)
			left = piece[p].nr_pages;
		*expected = "a zone or hole to end where its piece of the region ends, see size";
		if (e->nr_pages > left)
			return -EINVAL;
		left -= e->nr_pages;
		if (e->zone < 0)
			continue;
		*expected = "each node inside one piece of the region, see size";
		if (piece_of[e->node] >= 0 && piece_of[e->node] != p)
			return -EINVAL;
		piece_of[e->node] = p;
	}
	*expected = "a layout of the length of all pieces";
	return left || p != nr - 1 ? -EINVAL : 0;
}

/* Number of the piece that follows frame @from, by ascending frames. */
static int sbuddy_next_piece(const struct sbuddy_piece *piece, int nr, u64 from)
{
	int next = -1;

	for (int i = 0; i < nr; i++)
		if (piece[i].start_pfn >= from &&
		    (next < 0 || piece[i].start_pfn < piece[next].start_pfn))
			next = i;
	return next;
}

/* First extent of the part of @l that lies on piece @p. */
static int sbuddy_piece_extent(const struct sbuddy_layout *l, const struct sbuddy_piece *piece,
			       int p)
{
	u64 before = 0;
	int i = 0;

	for (int q = 0; q < p; q++)
		before += piece[q].nr_pages;
	while (before)
		before -= l->extent[i++].nr_pages;
	return i;
}

static void sbuddy_append_extent(struct sbuddy_layout *l, struct sbuddy_layout_extent e)
{
	l->extent[l->nr_extents++] = e;
	l->nr_pages += e.nr_pages;
}

/* Rebuilds @l out of @from, piece by piece in ascending order. */
static const char *sbuddy_place_pieces(struct sbuddy_layout *l, const struct sbuddy_layout *from,
				       const struct sbuddy_piece *piece, int nr)
{
	u64 pfn = piece[sbuddy_next_piece(piece, nr, 0)].start_pfn;

	l->nr_extents = 0;
	l->nr_pages = 0;
	for (int n = 0; n < nr; n++) {
		int p = sbuddy_next_piece(piece, nr, pfn);
		int i = sbuddy_piece_extent(from, piece, p);
		u64 end = piece[p].start_pfn + piece[p].nr_pages;

		if (piece[p].start_pfn > pfn)
			sbuddy_append_extent(l, (struct sbuddy_layout_extent){
				.nr_pages = piece[p].start_pfn - pfn, .node = 0, .zone = -1 });
		for (pfn = piece[p].start_pfn; pfn < end; pfn += from->extent[i++].nr_pages) {
			if (l->nr_extents == SBUDDY_MAX_EXTENTS)
				return "at most 128 zones and holes, those between pieces included";
			sbuddy_append_extent(l, from->extent[i]);
		}
	}
	return l->nr_pages > SBUDDY_MAX_PAGES ? "pieces that lie within 1 TiB" : NULL;
}

/**
 * sbuddy_layout_place_pieces() - put a layout where its pieces are
 * @l: in, a layout that sbuddy_layout_fit_pieces() accepted; out, with the
 *     parts in ascending order and the holes between them; undefined on error
 * @piece: the pieces, in the layout's order; they do not overlap
 * @nr: how many
 * @base_pfn: out, frame of the lowest
 * @expected: out on error, what would have been accepted
 *
 * Context: May sleep.
 * Return: 0; -ERANGE for pieces too far apart, or too many extents; -ENOMEM.
 */
int sbuddy_layout_place_pieces(struct sbuddy_layout *l, const struct sbuddy_piece *piece, int nr,
			       unsigned long *base_pfn, const char **expected)
{
	struct sbuddy_layout *from = os_zalloc(sizeof(*from));

	*expected = "more memory";
	if (!from)
		return -ENOMEM;
	*from = *l;
	*expected = sbuddy_place_pieces(l, from, piece, nr);
	os_free(from);
	*base_pfn = piece[sbuddy_next_piece(piece, nr, 0)].start_pfn;
	return *expected ? -ERANGE : 0;
}

/* ---- what holes cost ---- */

static u64 sbuddy_layout_hole_pages(const struct sbuddy_layout *l)
{
	u64 pages = 0;

	for (int i = 0; i < l->nr_extents; i++)
		if (l->extent[i].zone < 0)
			pages += l->extent[i].nr_pages;
	return pages;
}

/* Is it worth the trouble to have no descriptors for the holes? */
bool sbuddy_layout_sparse(const struct sbuddy_layout *l)
{
	return sbuddy_layout_hole_pages(l) >= SBUDDY_PAGES_PER_SECTION;
}

/*
 * Bytes of descriptors that need no memory.  A page table entry and a pointer
 * for each page of them remain.
 */
size_t sbuddy_layout_sparse_bytes(const struct sbuddy_layout *l)
{
	const size_t kept = 2 * sizeof(long);
	size_t bytes;

	if (!sbuddy_layout_sparse(l))
		return 0;
	bytes = sbuddy_layout_hole_pages(l) * sizeof(struct sbuddy_page);
	return bytes - bytes / SBUDDY_PAGE_SIZE * kept;
}

/* Does any of the descriptors in bytes [@start, @end) of their array say something, ever? */
bool sbuddy_layout_describes(const void *layout, size_t start, size_t end)
{
	const struct sbuddy_layout *l = layout;
	u64 first = start / sizeof(struct sbuddy_page);
	u64 last = (end - 1) / sizeof(struct sbuddy_page);
	u64 pages = 0;

	for (int i = 0; i < l->nr_extents && pages <= last; i++) {
		pages += l->extent[i].nr_pages;
		if (pages > first && l->extent[i].zone >= 0)
			return true;
	}
	return false;
}
