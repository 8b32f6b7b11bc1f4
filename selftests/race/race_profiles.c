// SPDX-License-Identifier: GPL-2.0
/*
 * What streams are like: the profiles by their weights, and the ballast that
 * makes a node as full, and as full of holes, as a profile wants it.
 */
#include <stdio.h>

#include "race.h"

#define USUAL_ORDERS	{ 40, 20, 12, 10, 6, 4, 3, 2, 1, 1, 1 }
#define SMALL_ORDERS	{ 60, 16, 10, 8, 3, 2, 1, 1, 1, 1, 0 }
#define HIGH_ORDERS	{ 0, 0, 0, 24, 16, 14, 12, 10, 8, 8, 8 }

/* Nodes 1 to 3 have memory and no processors; node 1 has DMA32 and Normal. */
const struct race_profile race_profiles[] = {
	{ "small", 2, 40, 30, 60, { 100 }, { 40, 40, 20 }, 0, 0, { 0 } },
	{ "mixed", 2, 50, 30, 60, USUAL_ORDERS, { 30, 50, 20 }, 0, 30, { 0 } },
	{ "high", 2, 30, 30, 70, HIGH_ORDERS, { 30, 50, 20 }, 0, 30, { 0 } },
	{ "pressure", 2, 95, 6, 97, SMALL_ORDERS, { 30, 50, 20 }, 0, 10, { 0 } },
	{ "storm", 2, 95, 10, 96, SMALL_ORDERS, { 36, 26, 26, 9, 0, 0, 3 }, 0, 10, { 0 } },
	{ "shift", 2, 93, 12, 94, SMALL_ORDERS, { 20, 20, 20 }, 1500, 10, { 0 } },
	{ "frag", 2, 97, 20, 92, SMALL_ORDERS, { 26, 48, 26 }, 2500, 0, { 0 } },
	{ "atomic", 2, 95, 8, 95, SMALL_ORDERS, { 20, 40, 10, 26, 0, 0, 4 }, 0, 10, { 0 } },
	{ "zones", 1, 88, 20, 94, USUAL_ORDERS, { 23, 24, 16, 8, 16, 16, 2, 2 }, 0, 10, { 0 } },
	{ "zshift", 1, 95, 8, 96, SMALL_ORDERS, { 23, 24, 16, 8, 16, 16, 2, 2 }, 1500, 10,
	  { 0 } },
	{ "nodes", -1, 96, 6, 99, SMALL_ORDERS, { 23, 24, 16, 8, 8, 16, 2, 2 }, 2000, 10,
	  { 0 } },
	{ "bulk", 2, 90, 12, 94, SMALL_ORDERS, { 30, 50, 20, 4 }, 0, 10,
	  { .bulk = 20, .batch = 20, .exact = 4 } },
	{ "split", 1, 90, 15, 94, USUAL_ORDERS, { 30, 40, 20, 2, 2, 4 }, 0, 30,
	  { .split = 15, .exact = 6, .ref = 40, .batch = 6 } },
	{ "folios", 2, 92, 12, 94, USUAL_ORDERS, { 25, 55, 20 }, 0, 100,
	  { .batch = 60, .ref = 20 } },
	{ "drains", 2, 92, 12, 94, SMALL_ORDERS, { 30, 50, 20, 3 }, 0, 10,
	  { .bulk = 6, .batch = 6, .drain = 6, .decay = 12 } },
	{ "sysctl", 1, 92, 12, 94, SMALL_ORDERS, { 26, 40, 20, 6, 4, 4 }, 1500, 10,
	  { .bulk = 3, .drain = 1, .decay = 4, .sysctl = 4 } },
	{ "ranges", 2, 85, 12, 85, SMALL_ORDERS, { 24, 50, 20, 4 }, 0, 15,
	  { .bulk = 2, .drain = 2, .decay = 2, .range = 12 }, .late = true, .ranges = true },
	{ "contig", 1, 50, 40, 60, USUAL_ORDERS, { 24, 50, 20, 4 }, 0, 15,
	  { .bulk = 2, .drain = 2, .decay = 2, .range = 6 }, .late = true, .ranges = true },
	{ "policy", -1, 93, 8, 97, SMALL_ORDERS, { 24, 40, 20, 6, 4, 8 }, 1500, 15,
	  { .bulk = 10, .exact = 4, .batch = 4 }, .policies = 80 },
	{ "all", -1, 95, 6, 98, SMALL_ORDERS, { 23, 28, 16, 8, 8, 14, 2, 2 }, 1500, 25,
	  { .bulk = 6, .batch = 8, .ref = 10, .split = 3, .exact = 2, .drain = 1, .decay = 3,
	    .sysctl = 1, .range = 2 }, .policies = 10, .late = true },
};

const unsigned int race_nr_profiles = sizeof(race_profiles) / sizeof(race_profiles[0]);

static bool wanted(const struct race_profile *profile, const char *names)
{
	size_t len = strlen(profile->name);

	for (const char *p = names; p && *p; p += *p == ',') {
		if (!strncmp(p, profile->name, len) && (!p[len] || p[len] == ','))
			return true;
		p += strcspn(p, ",");
	}
	return !names;
}

/* Those of @names, or all, that the rules have something to decide for; how many. */
unsigned int race_profiles_choose(const char *names, bool have_ranges,
				  const struct race_profile **chosen)
{
	unsigned int nr = 0;

	for (unsigned int i = 0; i < race_nr_profiles; i++) {
		if (!wanted(&race_profiles[i], names))
			continue;
		if (race_profiles[i].ranges && !have_ranges)
			printf("  %s: left out, these rules have no ranges\n",
			       race_profiles[i].name);
		else
			chosen[nr++] = &race_profiles[i];
	}
	return nr;
}

/* An index, as often as its weight says. */
unsigned int race_weighted(struct test_random *r, const uint8_t *weight, unsigned int nr)
{
	unsigned int i, sum = 0, draw;

	for (i = 0; i < nr; i++)
		sum += weight[i];
	draw = test_random_below(r, sum);
	for (i = 0; draw >= weight[i]; i++)
		draw -= weight[i];
	return i;
}

/* A block of ballast: as the stream's own blocks, but larger on average. */
struct sbuddy_op race_gen_ballast(const struct race_profile *profile, struct test_random *r,
				  int node, uint32_t slot)
{
	static const uint8_t orders[SBUDDY_NR_PAGE_ORDERS] = {
		20, 14, 10, 10, 8, 8, 8, 8, 6, 6, 2
	};
	struct sbuddy_op op = sbuddy_user_op(SBUDDY_OP_ALLOC, slot);
	static const uint32_t types[] = { 0, SBUDDY_GFP_MOVABLE, SBUDDY_GFP_RECLAIMABLE };

	op.cpu = 0;
	op.nid = node;
	op.order = race_weighted(r, orders, SBUDDY_NR_PAGE_ORDERS);
	op.gfp = types[race_weighted(r, profile->kinds, 3)] | SBUDDY_GFP_THISNODE |
		 SBUDDY_GFP_NOWARN;
	return op;
}
