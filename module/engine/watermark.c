// SPDX-License-Identifier: GPL-2.0
/*
 * Watermark tests: may a zone give a block away, considering how much would be
 * left, who asks and whether a block of the size is there at all.  And the
 * boost, which raises the marks for a while after fragmentation.
 *
 * The tests take no lock: they read the folded free counter and the list
 * heads as they are.  How the marks come about is in wmark_setup.c.
 */
#include "os.h"
#include "rules.h"

/*
 * How deep below the mark the request may go: half of it with MIN_RESERVE, a
 * quarter of the rest more if it also cannot block, half again for an OOM
 * victim.
 */
static long sbuddy_reserve_mark(long mark, unsigned int alloc_flags)
{
	if (!(alloc_flags & SBUDDY_ALLOC_RESERVES))
		return mark;
	if (alloc_flags & SBUDDY_ALLOC_MIN_RESERVE) {
		mark -= mark / 2;
		if (alloc_flags & SBUDDY_ALLOC_NON_BLOCK)
			mark -= mark / 4;
	}
	if (alloc_flags & SBUDDY_ALLOC_OOM)
		mark -= mark / 2;
	return mark;
}

/* The test itself, with @free pages taken to be free. */
bool sbuddy___zone_watermark_ok(const struct sbuddy_zone *zone, unsigned int order, long mark,
				int highest_zoneidx, unsigned int alloc_flags, long free)
{
	long left = free - sbuddy_unusable_free(zone, order, alloc_flags);
	long min = sbuddy_reserve_mark(mark, alloc_flags);
	bool ok;

	if (left <= min + READ_ONCE(zone->lowmem_reserve[highest_zoneidx]))
		ok = false;
	else
		ok = !order || sbuddy_block_available(zone, order, alloc_flags);
	trace_sbuddy_watermark_test(zone, order, mark, free,
				    READ_ONCE(zone->lowmem_reserve[highest_zoneidx]),
				    alloc_flags, ok);
	return ok;
}

/**
 * sbuddy_zone_watermark_ok() - plain watermark test
 * @zone: zone
 * @order: order of the request
 * @mark: watermark, pages
 * @highest_zoneidx: highest zone that the request could use, for the reserve
 * @alloc_flags: SBUDDY_ALLOC_*
 *
 * Context: Any, lockless.
 * Return: True if the zone may serve the request.
 */
bool sbuddy_zone_watermark_ok(const struct sbuddy_zone *zone, unsigned int order, long mark,
			      int highest_zoneidx, unsigned int alloc_flags)
{
	return sbuddy___zone_watermark_ok(zone, order, mark, highest_zoneidx, alloc_flags,
					  (long)sbuddy_zone_page_state(zone));
}

/**
 * sbuddy_zone_watermark_ok_safe() - watermark test with the exact count when it is close
 * @zone: zone
 * @order: order of the request
 * @mark: watermark, pages
 * @highest_zoneidx: highest zone that the request could use, for the reserve
 *
 * Context: Any, lockless.
 * Return: True if the zone is above @mark.
 */
bool sbuddy_zone_watermark_ok_safe(const struct sbuddy_zone *zone, unsigned int order, long mark,
				   int highest_zoneidx)
{
	long free = (long)sbuddy_zone_page_state(zone);

	if (zone->percpu_drift_mark && free < zone->percpu_drift_mark)
		free = sbuddy_zone_page_state_snapshot(zone);
	return sbuddy___zone_watermark_ok(zone, order, mark, highest_zoneidx, 0, free);
}

/*
 * A boost keeps pages for kswapd to work with, not from atomic order-0
 * requests: those are tested once more against the bare MIN mark.  Rule sets
 * differ in how they know them.
 */
static bool sbuddy_unboosted_min_ok(const struct sbuddy_zone *zone, unsigned int order,
				    int highest_zoneidx, unsigned int alloc_flags, long free)
{
	unsigned int spared = zone->machine->rules->boost_by_gfp ? SBUDDY_ALLOC_IGNORE_BOOST :
								   SBUDDY_ALLOC_MIN_RESERVE;

	if (order || !(alloc_flags & spared) ||
	    !READ_ONCE(zone->watermark_boost) ||
	    (alloc_flags & SBUDDY_ALLOC_WMARK_MASK) != SBUDDY_WMARK_MIN)
		return false;
	return sbuddy___zone_watermark_ok(zone, order, READ_ONCE(zone->watermark[SBUDDY_WMARK_MIN]),
					  highest_zoneidx, alloc_flags, free);
}

/**
 * sbuddy_zone_watermark_slow() - watermark test of the allocation path, in full
 * @zone: zone
 * @order: order of the request
 * @mark: watermark, pages
 * @highest_zoneidx: highest zone that the request could use, for the reserve
 * @alloc_flags: SBUDDY_ALLOC_*
 * @free: free pages as read by the caller, not negative
 *
 * Context: Any, lockless.
 * Return: True if the zone may serve the request.
 */
bool sbuddy_zone_watermark_slow(const struct sbuddy_zone *zone, unsigned int order, long mark,
				int highest_zoneidx, unsigned int alloc_flags, long free)
{
	return sbuddy___zone_watermark_ok(zone, order, mark, highest_zoneidx, alloc_flags, free) ||
	       sbuddy_unboosted_min_ok(zone, order, highest_zoneidx, alloc_flags, free);
}

/* x * n / d without overflow, rounded as the kernel's mult_frac() does. */
long sbuddy_mult_frac(long x, long n, long d)
{
	return x / d * n + x % d * n / d;
}

/**
 * sbuddy_boost_watermark() - raise the marks by a pageblock after fragmentation
 * @zone: zone
 *
 * The boost grows by 512 pages up to watermark_boost_factor of the bare high
 * mark, at least to 512.  Zones of less than four pageblocks are left alone.
 *
 * Context: Zone lock held.
 * Return: True if the zone takes boosts, even if this one changed nothing.
 */
bool sbuddy_boost_watermark(struct sbuddy_zone *zone)
{
	const struct sbuddy_knobs *knobs = &zone->machine->knobs;
	long limit;

	if (!knobs->watermark_boost_factor || knobs->kdump)
		return false;
	if (zone->managed_pages < 4 * SBUDDY_PAGEBLOCK_NR_PAGES)
		return false;
	limit = sbuddy_mult_frac(zone->watermark[SBUDDY_WMARK_HIGH],
				 knobs->watermark_boost_factor, 10000);
	if (!limit)
		return false;
	limit = max_t(long, SBUDDY_PAGEBLOCK_NR_PAGES, limit);
	WRITE_ONCE(zone->watermark_boost,
		   min_t(long, zone->watermark_boost + SBUDDY_PAGEBLOCK_NR_PAGES, limit));
	zone->events[SBUDDY_BOOST]++;
	return true;
}
