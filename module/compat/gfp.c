// SPDX-License-Identifier: GPL-2.0
/*
 * The one place where numbers of this kernel meet numbers of our ABI: gfp
 * bits, migratetypes, zones.  Both sides are matched by name, since the
 * kernel's values move with version and configuration.
 *
 * A host bit of value 0 does not exist in this kernel.  Bits without a partner
 * are handed back, so that a caller can tell a faithful translation from one
 * that lost something.  Owns no state.
 */
#include <linux/errno.h>
#include <linux/kernel.h>

#include "compat.h"

struct gfp_pair {
	u32 ours;
	gfp_t host;
};

#define GFP_PAIR(name) { SBUDDY_GFP_##name, __GFP_##name }

static const struct gfp_pair gfp_pairs[] = {
	GFP_PAIR(DMA),
	GFP_PAIR(HIGHMEM),
	GFP_PAIR(DMA32),
	GFP_PAIR(MOVABLE),
	GFP_PAIR(RECLAIMABLE),
	GFP_PAIR(HIGH),
	GFP_PAIR(IO),
	GFP_PAIR(FS),
	GFP_PAIR(ZERO),
	GFP_PAIR(DIRECT_RECLAIM),
	GFP_PAIR(KSWAPD_RECLAIM),
	GFP_PAIR(WRITE),
	GFP_PAIR(NOWARN),
	GFP_PAIR(RETRY_MAYFAIL),
	GFP_PAIR(NOFAIL),
	GFP_PAIR(NORETRY),
	GFP_PAIR(MEMALLOC),
	GFP_PAIR(COMP),
	GFP_PAIR(NOMEMALLOC),
	GFP_PAIR(HARDWALL),
	GFP_PAIR(THISNODE),
	GFP_PAIR(ACCOUNT),
	GFP_PAIR(ZEROTAGS),
	{ SBUDDY_GFP_NO_OBJ_EXT, SBUDDY_HOST_GFP_NO_OBJ_EXT },
};

/**
 * sbuddy_gfp_from_host() - this kernel's gfp flags in our numbers
 * @host: flags of this kernel
 * @unknown: out, what of @host we have no bit for; may be NULL
 *
 * __GFP_ATOMIC of old kernels says what __GFP_HIGH without reclaim says today
 * and is dropped without being called unknown.
 *
 * Context: Any.
 * Return: SBUDDY_GFP_*.
 */
u32 sbuddy_gfp_from_host(gfp_t host, gfp_t *unknown)
{
	gfp_t left = host & ~SBUDDY_HOST_GFP_ATOMIC;
	u32 gfp = 0;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(gfp_pairs); i++) {
		if (host & gfp_pairs[i].host)
			gfp |= gfp_pairs[i].ours;
		left &= ~gfp_pairs[i].host;
	}
	if (unknown)
		*unknown = left;
	return gfp;
}

/**
 * sbuddy_gfp_to_host() - our gfp flags in this kernel's numbers
 * @gfp: SBUDDY_GFP_*
 * @unknown: out, what of @gfp this kernel has no bit for; may be NULL
 *
 * Where the kernel has __GFP_ATOMIC, it is added to what GFP_ATOMIC is today.
 *
 * Context: Any.
 * Return: flags for functions of this kernel.
 */
gfp_t sbuddy_gfp_to_host(u32 gfp, u32 *unknown)
{
	gfp_t host = 0;
	u32 left = gfp;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(gfp_pairs); i++) {
		if (!(gfp & gfp_pairs[i].ours) || !gfp_pairs[i].host)
			continue;
		host |= gfp_pairs[i].host;
		left &= ~gfp_pairs[i].ours;
	}
	if ((gfp & SBUDDY_GFP_HIGH) && !(gfp & SBUDDY_GFP_DIRECT_RECLAIM))
		host |= SBUDDY_HOST_GFP_ATOMIC;
	if (unknown)
		*unknown = left;
	return host;
}

struct number_pair {
	int ours;
	int host;
};

static const struct number_pair migratetypes[] = {
	{ SBUDDY_MIGRATE_UNMOVABLE,	MIGRATE_UNMOVABLE },
	{ SBUDDY_MIGRATE_MOVABLE,	MIGRATE_MOVABLE },
	{ SBUDDY_MIGRATE_RECLAIMABLE,	MIGRATE_RECLAIMABLE },
	{ SBUDDY_MIGRATE_HIGHATOMIC,	MIGRATE_HIGHATOMIC },
	{ SBUDDY_MIGRATE_ISOLATE,	MIGRATE_ISOLATE },
};

static const struct number_pair zones[] = {
#ifdef CONFIG_ZONE_DMA
	{ SBUDDY_ZONE_DMA,	ZONE_DMA },
#endif
#ifdef CONFIG_ZONE_DMA32
	{ SBUDDY_ZONE_DMA32,	ZONE_DMA32 },
#endif
	{ SBUDDY_ZONE_NORMAL,	ZONE_NORMAL },
	{ SBUDDY_ZONE_MOVABLE,	ZONE_MOVABLE },
#ifdef CONFIG_ZONE_DEVICE
	{ SBUDDY_ZONE_DEVICE,	ZONE_DEVICE },
#endif
};

static int ours_of(const struct number_pair *p, size_t nr, int host)
{
	for (; nr; nr--, p++)
		if (p->host == host)
			return p->ours;
	return -EOPNOTSUPP;
}

static int host_of(const struct number_pair *p, size_t nr, int ours)
{
	for (; nr; nr--, p++)
		if (p->ours == ours)
			return p->host;
	return -EOPNOTSUPP;
}

/**
 * sbuddy_migratetype_from_host() - this kernel's migratetype in our numbers
 * @host: enum migratetype
 *
 * Context: Any.
 * Return: enum sbuddy_migratetype; -EOPNOTSUPP for what we lack (CMA).
 */
int sbuddy_migratetype_from_host(int host)
{
	return ours_of(migratetypes, ARRAY_SIZE(migratetypes), host);
}

/**
 * sbuddy_migratetype_to_host() - our migratetype in this kernel's numbers
 * @mt: enum sbuddy_migratetype
 *
 * Context: Any.
 * Return: enum migratetype; -EOPNOTSUPP if the kernel lacks it.
 */
int sbuddy_migratetype_to_host(int mt)
{
	return host_of(migratetypes, ARRAY_SIZE(migratetypes), mt);
}

/**
 * sbuddy_zone_from_host() - this kernel's zone number in ours
 * @host: enum zone_type
 *
 * Context: Any.
 * Return: enum sbuddy_zone_type; -EOPNOTSUPP for what we lack (HighMem).
 */
int sbuddy_zone_from_host(int host)
{
	return ours_of(zones, ARRAY_SIZE(zones), host);
}

/**
 * sbuddy_zone_to_host() - our zone number in this kernel's
 * @idx: enum sbuddy_zone_type
 *
 * Context: Any.
 * Return: enum zone_type; -EOPNOTSUPP if this kernel is built without it.
 */
int sbuddy_zone_to_host(int idx)
{
	return host_of(zones, ARRAY_SIZE(zones), idx);
}
