// SPDX-License-Identifier: GPL-2.0
/*
 * Page descriptors: finding them by frame number and reading what they say.
 *
 * Only the first page of a block carries a tag, so a frame in the middle is
 * found by stepping down to the heads that could cover it.  Nothing here
 * takes a lock; what is read without the lock that guards it may be stale.
 */
#include "os.h"
#include "internal.h"

/**
 * sbuddy_pfn_to_page() - descriptor of a frame
 * @m: machine
 * @pfn: frame number
 *
 * Context: Any.
 * Return: The descriptor, or NULL for a frame outside the machine's span.
 */
struct sbuddy_page *sbuddy_pfn_to_page(const struct sbuddy_machine *m, unsigned long pfn)
{
	if (pfn - m->base_pfn >= m->nr_pages)
		return NULL;
	return sbuddy_page(m, pfn);
}

/**
 * sbuddy_page_to_pfn() - frame of a descriptor
 * @m: machine that @page belongs to
 * @page: descriptor
 *
 * Context: Any.
 * Return: Frame number.
 */
unsigned long sbuddy_page_to_pfn(const struct sbuddy_machine *m, const struct sbuddy_page *page)
{
	return sbuddy_pfn(m, page);
}

/**
 * sbuddy_page_zone() - zone of the first page of a block
 * @m: machine
 * @page: first page of a free or allocated block
 *
 * Context: Any; the caller makes sure that the block stays what it is.
 * Return: The zone; meaningless for any other page, see sbuddy_pfn_zone().
 */
struct sbuddy_zone *sbuddy_page_zone(const struct sbuddy_machine *m,
				     const struct sbuddy_page *page)
{
	return sbuddy_zone_of(m, page);
}

/**
 * sbuddy_page_state() - what a page is the first page of
 * @page: any page
 *
 * Context: Any.
 * Return: enum sbuddy_page_state.
 */
enum sbuddy_page_state sbuddy_page_state(const struct sbuddy_page *page)
{
	return sbuddy_tag_state(READ_ONCE(page->tag));
}

/**
 * sbuddy_page_order() - order of the block that a page begins
 * @page: first page of a block
 *
 * Context: Any.
 * Return: Order; 0 for a page that begins nothing.
 */
unsigned int sbuddy_page_order(const struct sbuddy_page *page)
{
	return sbuddy_tag_order(READ_ONCE(page->tag));
}

/**
 * sbuddy_page_compound() - was the block allocated with __GFP_COMP
 * @page: first page of an allocated block
 *
 * Context: Any.
 * Return: True for a compound block of order 1 or more.
 */
bool sbuddy_page_compound(const struct sbuddy_page *page)
{
	return READ_ONCE(page->tag) & SBUDDY_TAG_COMPOUND;
}

/**
 * sbuddy_pfn_zone() - zone that a frame belongs to
 * @m: machine
 * @pfn: frame number
 *
 * Context: Any.
 * Return: The zone, or NULL for a hole or a frame outside the machine.
 */
struct sbuddy_zone *sbuddy_pfn_zone(const struct sbuddy_machine *m, unsigned long pfn)
{
	struct sbuddy_zone *zone;
	u8 id;

	if (pfn - m->base_pfn >= m->nr_pages)
		return NULL;
	id = m->pageblock_zone[sbuddy_pb_index(m, pfn)];
	if (id == SBUDDY_NO_ZONE)
		return NULL;
	zone = m->zones[id];
	return sbuddy_zone_spans_pfn(zone, pfn) ? zone : NULL;
}

/*
 * First page of the free or allocated block that covers @pfn, or NULL.  A
 * block is aligned to its size, so one candidate an order is enough.
 */
struct sbuddy_page *sbuddy_covering_head(const struct sbuddy_machine *m, unsigned long pfn)
{
	for (unsigned int order = 0; order <= SBUDDY_MAX_PAGE_ORDER; order++) {
		unsigned long head = pfn & ~((1UL << order) - 1);
		struct sbuddy_page *page = sbuddy_pfn_to_page(m, head);
		u32 tag;

		if (!page)
			return NULL;
		tag = READ_ONCE(page->tag);
		if (sbuddy_tag_state(tag) == SBUDDY_PAGE_NONE)
			continue;
		return pfn - head < 1UL << sbuddy_tag_order(tag) ? page : NULL;
	}
	return NULL;
}
