/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the tests of /dev/sbuddy share: a random stream that a seed repeats,
 * random operations, and sums over a machine.
 */
#ifndef _SBUDDY_TEST_UTIL_H
#define _SBUDDY_TEST_UTIL_H

#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "sbuddy_user.h"

struct test_random {
	uint64_t state;
};

/* splitmix64: any seed is as good as any other. */
static inline uint64_t test_random64(struct test_random *r)
{
	uint64_t z = r->state += 0x9e3779b97f4a7c15ULL;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ULL;
	z = (z ^ z >> 27) * 0x94d049bb133111ebULL;
	return z ^ z >> 31;
}

/* 0 to @n - 1 */
static inline uint32_t test_random_below(struct test_random *r, uint32_t n)
{
	return (test_random64(r) >> 32) * n >> 32;
}

/* The seed that the environment asks for, else a new one. */
static inline uint64_t test_seed(void)
{
	const char *text = getenv("SBUDDY_SEED");
	struct timespec now;

	if (text)
		return strtoull(text, NULL, 0);
	clock_gettime(CLOCK_REALTIME, &now);
	return (uint64_t)now.tv_nsec << 20 ^ now.tv_sec ^ getpid();
}

/* A number that the environment may change, e.g. how long a test goes on. */
static inline uint64_t test_param(const char *name, uint64_t otherwise)
{
	const char *text = getenv(name);

	return text ? strtoull(text, NULL, 0) : otherwise;
}

static inline uint32_t test_random_gfp(struct test_random *r)
{
	static const uint32_t gfp[] = {
		SBUDDY_GFP_KERNEL, SBUDDY_GFP_KERNEL | SBUDDY_GFP_COMP, SBUDDY_GFP_ATOMIC,
		SBUDDY_GFP_HIGHUSER_MOVABLE, SBUDDY_GFP_HIGHUSER_MOVABLE | SBUDDY_GFP_COMP,
		SBUDDY_GFP_KERNEL | SBUDDY_GFP_RECLAIMABLE, SBUDDY_GFP_NOWAIT,
		SBUDDY_GFP_USER | SBUDDY_GFP_ZERO, SBUDDY_GFP_TRANSHUGE_LIGHT,
	};

	return gfp[test_random_below(r, sizeof(gfp) / sizeof(gfp[0]))];
}

/* Small orders are common, large ones occur. */
static inline uint8_t test_random_order(struct test_random *r)
{
	uint8_t order = test_random_below(r, SBUDDY_NR_PAGE_ORDERS);

	return test_random_below(r, 4) ? test_random_below(r, order + 1) / 2 : order;
}

/* A policy and an index; numbers that were never set are refused. */
static inline void test_random_flags(struct test_random *r, struct sbuddy_op *op)
{
	op->flags = test_random_below(r, SBUDDY_NR_POLICIES);
	if (op->opcode != SBUDDY_OP_ALLOC || test_random_below(r, 2))
		return;
	op->flags |= SBUDDY_OP_INDEX;
	op->count = test_random64(r);
}

/*
 * Something to do with slots 0 to @slots - 1: mostly valid, as far as that can
 * be known without following what the slots hold.
 */
static inline struct sbuddy_op test_random_op(struct test_random *r, uint32_t slots,
					      uint32_t nr_cpus)
{
	uint32_t slot = test_random_below(r, slots), dice = test_random_below(r, 256);
	struct sbuddy_op op;

	if (dice < 110)
		op = sbuddy_user_alloc(slot, test_random_order(r), test_random_gfp(r));
	else if (dice < 220)
		op = sbuddy_user_free(slot);
	else if (dice < 228)
		op = sbuddy_user_many(SBUDDY_OP_BULK, slot, 1 + test_random_below(r, 64),
				      test_random_gfp(r) & ~SBUDDY_GFP_COMP);
	else if (dice < 236)
		op = sbuddy_user_many(SBUDDY_OP_FREE_BATCH, slot, 1 + test_random_below(r, 15), 0);
	else if (dice < 240)
		op = sbuddy_user_op(SBUDDY_OP_GET, slot);
	else if (dice < 244)
		op = sbuddy_user_op(SBUDDY_OP_SPLIT, slot);
	else if (dice < 248)
		op = sbuddy_user_many(SBUDDY_OP_ALLOC_EXACT, slot, 1 + test_random_below(r, 100),
				      SBUDDY_GFP_KERNEL);
	else if (dice < 254)
		op = sbuddy_user_op(SBUDDY_OP_DECAY, 0);
	else
		op = sbuddy_user_op(SBUDDY_OP_DRAIN, 0);
	if ((dice < 110 || (dice >= 220 && dice < 228)) && !test_random_below(r, 8))
		test_random_flags(r, &op);
	if (nr_cpus && test_random_below(r, 2))
		op.cpu = test_random_below(r, nr_cpus);
	return op;
}

/* What the open file holds. */
static inline uint64_t test_pages_held(int fd)
{
	struct sbuddy_owner_info owner;

	return sbuddy_user_owner(fd, &owner) ? UINT64_MAX : owner.pages;
}

static inline uint32_t test_slots_held(int fd)
{
	struct sbuddy_owner_info owner;

	return sbuddy_user_owner(fd, &owner) ? UINT32_MAX : owner.slots;
}

/**
 * struct test_sums - where the pages of a machine are
 * @managed: all that the allocator ever got
 * @free:    on buddy lists
 * @pcp:     on per-CPU lists
 */
struct test_sums {
	int64_t managed;
	int64_t free;
	int64_t pcp;
};

static inline int test_sum_zone(int fd, const struct sbuddy_user_machine *m,
				const struct sbuddy_zone_info *zone, struct test_sums *sums)
{
	unsigned int cpu;
	int err;

	sums->managed += zone->managed;
	sums->free += zone->nr_free_exact;
	for (cpu = 0; cpu < m->info.nr_vcpus; cpu++) {
		struct sbuddy_dump_pcp pcp = {
			.size = sizeof(pcp),
			.node = zone->node,
			.zone = zone->zone,
			.cpu = cpu,
		};

		err = sbuddy_user_ioctl(fd, SBUDDY_IOC_DUMP_PCP, &pcp);
		if (err)
			return err;
		sums->pcp += pcp.pages;
	}
	return 0;
}

/* Meaningful while nobody works on the machine. */
static inline int test_sum(int fd, struct test_sums *sums)
{
	struct sbuddy_user_machine m;
	unsigned int i;
	int err = sbuddy_user_machine(fd, 0, &m);

	memset(sums, 0, sizeof(*sums));
	if (err)
		return err;
	for (i = 0; i < m.info.nr_zones && !err; i++)
		err = test_sum_zone(fd, &m, &m.zones[i], sums);
	sbuddy_user_machine_free(&m);
	return err;
}

/* Inside a kselftest_harness test: everything fits together, or say what does not. */
#define EXPECT_CHECK(fd) do {						\
	char _line[256];						\
	EXPECT_EQ(0, sbuddy_user_check(fd, 0, _line, sizeof(_line))) {	\
		TH_LOG("check: %s", _line);				\
	}								\
} while (0)

/* Inside a kselftest_harness test: nobody holds a page. */
#define EXPECT_ALL_BACK(fd) do {					\
	struct test_sums _sums;						\
	EXPECT_EQ(0, test_sum(fd, &_sums));				\
	EXPECT_EQ(_sums.managed, _sums.free + _sums.pcp);		\
} while (0)

#endif /* _SBUDDY_TEST_UTIL_H */
