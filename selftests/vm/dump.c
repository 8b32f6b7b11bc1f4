// SPDX-License-Identifier: GPL-2.0
/*
 * The commands that look: INFO, DUMP_*, STATS, SNAPSHOT, CHECK.
 *
 * Nobody else works on machine 0 meanwhile, so what they say of one state can
 * be held against each other: each frame is on one list, on a per-CPU list, in
 * a slot, or in a hole, and all commands agree where.
 */
#include <errno.h>
#include <stdio.h>
#include <sys/mman.h>

#include "kselftest_harness.h"
#include "test_util.h"

#define NR_SLOTS	512
#define FAR_SLOT	100000		/* not reached by operations on many slots */
#define BLOCK		(1UL << SBUDDY_PAGEBLOCK_ORDER)

FIXTURE(dump)
{
	int fd;
	uint32_t id;
	struct sbuddy_user_machine m;
	struct sbuddy_page_record *records;	/* every frame */
};

/* A machine with some history: random slots filled, random ones emptied. */
FIXTURE_SETUP(dump)
{
	struct test_random r = { .state = test_seed() };
	struct sbuddy_owner_info owner;
	struct sbuddy_op op[64];
	unsigned int i, round;

	TH_LOG("SBUDDY_SEED=%llu", (unsigned long long)r.state);
	self->fd = sbuddy_user_open();
	ASSERT_LE(0, self->fd);
	ASSERT_EQ(0, sbuddy_user_machine(self->fd, 0, &self->m));
	for (round = 0; round < 100; round++) {
		for (i = 0; i < 64; i++)
			op[i] = test_random_op(&r, NR_SLOTS, self->m.info.nr_vcpus);
		ASSERT_EQ(0, sbuddy_user_run_all(self->fd, op, 64));
	}
	ASSERT_EQ(0, sbuddy_user_owner(self->fd, &owner));
	self->id = owner.id;
	self->records = calloc(self->m.info.nr_pages, sizeof(*self->records));
	ASSERT_NE(NULL, self->records);
	ASSERT_EQ(self->m.info.nr_pages,
		  sbuddy_user_pages(self->fd, 0, self->m.info.base_pfn, self->m.info.nr_pages,
				    self->records));
}

FIXTURE_TEARDOWN(dump)
{
	EXPECT_CHECK(self->fd);
	free(self->records);
	sbuddy_user_machine_free(&self->m);
	EXPECT_EQ(0, close(self->fd));
}

TEST_F(dump, info_adds_up)
{
	const struct sbuddy_info *info = &self->m.info;
	uint64_t end = info->base_pfn;
	unsigned int i, j;

	EXPECT_LT(0, info->nr_zones);
	EXPECT_LE(info->online_nodes, info->nr_nodes);
	EXPECT_EQ(12, info->page_shift);
	if (info->machine_flags & SBUDDY_INFO_BACKED) {
		EXPECT_EQ(info->base_pfn, info->region_pfn);
		EXPECT_LT(info->region_pages * 16, info->metadata_bytes);
		EXPECT_LT(0, info->nr_pieces);
	}
	if (info->nr_pieces == 1) {
		EXPECT_EQ(info->nr_pages, info->region_pages);
	}
	for (i = 0; i < info->nr_zones; i++) {
		const struct sbuddy_zone_info *z = &self->m.zones[i];

		EXPECT_LE(z->managed, z->present);
		EXPECT_LE(z->present, z->spanned);
		EXPECT_LE(info->base_pfn, z->start_pfn);
		EXPECT_LE(z->start_pfn + z->spanned, info->base_pfn + info->nr_pages);
		EXPECT_LE(z->watermark[0], z->watermark[1]);
		EXPECT_LE(z->watermark[1], z->watermark[2]);
		EXPECT_LE(z->watermark[2], z->watermark[3]);
		EXPECT_LT(0, strlen(z->name));
		EXPECT_GT(SBUDDY_ZONE_DEVICE, z->zone);
		EXPECT_GT(info->nr_nodes, z->node);
		if (z->start_pfn + z->spanned > end)
			end = z->start_pfn + z->spanned;
	}
	EXPECT_EQ(info->base_pfn + info->nr_pages, end);
	for (i = 0; i < info->nr_vcpus; i++) {
		EXPECT_GT(info->nr_nodes, self->m.vcpu_nodes[i]);
	}
	for (i = 0; i < info->nr_nodes; i++) {
		for (j = 0; j < info->nr_nodes; j++) {
			EXPECT_EQ(i == j, self->m.distances[i * info->nr_nodes + j] == 10);
		}
	}
}

TEST_F(dump, info_pieces)
{
	struct sbuddy_piece_info piece[16];
	struct sbuddy_info info = {
		.size = sizeof(info), .pieces = (uintptr_t)piece, .pieces_cap = 16 };
	uint64_t pages = 0, lowest = UINT64_MAX;

	ASSERT_EQ(0, sbuddy_user_ioctl(self->fd, SBUDDY_IOC_INFO, &info));
	ASSERT_GE(16, info.nr_pieces);
	for (unsigned int i = 0; i < info.nr_pieces; i++) {
		EXPECT_EQ(0, piece[i].start_pfn % 1024);
		EXPECT_LE(info.base_pfn, piece[i].start_pfn);
		EXPECT_LE(piece[i].start_pfn + piece[i].nr_pages, info.base_pfn + info.nr_pages);
		EXPECT_LT(0, piece[i].alloc_ns);
		EXPECT_LE(SBUDDY_REGION_EXPORTED, piece[i].way);
		EXPECT_GE(SBUDDY_REGION_SEARCHED, piece[i].way);
		pages += piece[i].nr_pages;
		if (piece[i].start_pfn < lowest)
			lowest = piece[i].start_pfn;
	}
	EXPECT_EQ(info.region_pages, pages);
	EXPECT_EQ(info.region_pfn, lowest);
	EXPECT_EQ(info.region_node, piece[0].node);
	memset(piece, 0x5a, sizeof(piece));
	info.pieces_cap = 0;
	ASSERT_EQ(0, sbuddy_user_ioctl(self->fd, SBUDDY_IOC_INFO, &info));
	EXPECT_EQ(0x5a5a5a5a, piece[0].node);
	info.pieces = 0;
	info.pieces_cap = 1;
	EXPECT_EQ(-EFAULT, sbuddy_user_ioctl(self->fd, SBUDDY_IOC_INFO, &info));
}

TEST_F(dump, info_short_arrays)
{
	struct sbuddy_zone_info zone[2];
	struct sbuddy_info info = { .size = sizeof(info), .zones_cap = 1 };

	memset(zone, 0x5a, sizeof(zone));
	info.zones = (uintptr_t)zone;
	EXPECT_EQ(0, sbuddy_user_ioctl(self->fd, SBUDDY_IOC_INFO, &info));
	EXPECT_EQ(self->m.info.nr_zones, info.nr_zones);
	EXPECT_EQ(0, strcmp(zone[0].name, self->m.zones[0].name));
	EXPECT_EQ(0x5a, zone[1].name[0]);
	info.zones = 0;
	EXPECT_EQ(-EFAULT, sbuddy_user_ioctl(self->fd, SBUDDY_IOC_INFO, &info));
	info.zones_cap = 0;
	info.machine = 1;
	EXPECT_EQ(-ENOENT, sbuddy_user_ioctl(self->fd, SBUDDY_IOC_INFO, &info));
}

/* Takes a block off the map; a frame that is taken twice, or in a hole, fails. */
static unsigned int take(uint8_t *map, const struct sbuddy_user_machine *m, uint64_t pfn,
			 unsigned int order)
{
	uint64_t i, first = pfn - m->info.base_pfn;
	unsigned int bad = 0;

	for (i = first; i < first + (1UL << order) && i < m->info.nr_pages; i++)
		bad += map[i]++ != 0;
	return bad;
}

static unsigned int zone_byte(const struct sbuddy_zone_info *z)
{
	return z->node << 4 | z->zone;
}

static void take_list(struct __test_metadata *_metadata, FIXTURE_DATA(dump) *self, uint8_t *map,
		      const struct sbuddy_zone_info *z, unsigned int order, unsigned int mt)
{
	struct sbuddy_dump_freelist list = {
		.node = z->node, .zone = z->zone, .order = order, .migratetype = mt,
	};
	uint64_t *pfns;
	int64_t i, nr = sbuddy_user_freelist(self->fd, &list, &pfns);

	ASSERT_LE(0, nr);
	for (i = 0; i < nr; i++) {
		const struct sbuddy_page_record *r =
			&self->records[pfns[i] - self->m.info.base_pfn];

		EXPECT_EQ(SBUDDY_RECORD_BUDDY, r->state);
		EXPECT_EQ(order, r->order);
		EXPECT_EQ(mt, r->migratetype);
		EXPECT_EQ(zone_byte(z), r->zone);
		EXPECT_EQ(0, take(map, &self->m, pfns[i], order));
	}
	free(pfns);
}

static unsigned int pcp_list_order(unsigned int list)
{
	return list < 12 ? list / 3 : 9;
}

static void take_pcp(struct __test_metadata *_metadata, FIXTURE_DATA(dump) *self, uint8_t *map,
		     const struct sbuddy_zone_info *z, unsigned int cpu)
{
	struct sbuddy_dump_pcp pcp = { .node = z->node, .zone = z->zone, .cpu = cpu };
	uint64_t *pfns;
	int64_t nr = sbuddy_user_pcp(self->fd, &pcp, &pfns);
	unsigned int list, i, at = 0, pages = 0;

	ASSERT_LE(0, nr);
	for (list = 0; list < SBUDDY_PCP_LISTS; list++)
		for (i = 0; i < pcp.lists[list]; i++, at++) {
			const struct sbuddy_page_record *r =
				&self->records[pfns[at] - self->m.info.base_pfn];

			EXPECT_EQ(SBUDDY_RECORD_PCP, r->state);
			EXPECT_EQ(pcp_list_order(list), r->order);
			EXPECT_EQ(zone_byte(z), r->zone);
			EXPECT_EQ(0, take(map, &self->m, pfns[at], r->order));
			pages += 1U << r->order;
		}
	EXPECT_EQ(nr, at);
	EXPECT_EQ(pcp.pages, pages);
	EXPECT_EQ(0, pcp.more);
	free(pfns);
}

/* The slots' view; returns their number. */
static unsigned int take_slots(struct __test_metadata *_metadata, FIXTURE_DATA(dump) *self,
			       uint8_t *map)
{
	struct sbuddy_query_slot q = { .size = sizeof(q), .flags = SBUDDY_QUERY_NEXT };
	unsigned int nr = 0;
	int err;

	while (!(err = sbuddy_user_ioctl(self->fd, SBUDDY_IOC_QUERY_SLOT, &q))) {
		const struct sbuddy_page_record *r = &self->records[q.pfn - self->m.info.base_pfn];

		EXPECT_EQ(SBUDDY_RECORD_USED, r->state);
		EXPECT_EQ(q.order, r->order);
		EXPECT_EQ(q.refcount, r->refcount);
		EXPECT_EQ(q.zone, r->zone);
		EXPECT_EQ(q.migratetype, r->migratetype);
		EXPECT_EQ(self->id, r->owner);
		EXPECT_EQ(q.slot, r->slot);
		EXPECT_EQ(0, take(map, &self->m, q.pfn, q.order));
		q.slot++;
		nr++;
	}
	EXPECT_EQ(-ENOENT, err);
	return nr;
}

TEST_F_TIMEOUT(dump, every_frame_once, 120)
{
	uint8_t *map = calloc(self->m.info.nr_pages, 1);
	struct sbuddy_owner_info owner;
	uint64_t i, missing = 0, taken = 0, managed = 0;
	unsigned int z, order, mt, cpu;

	ASSERT_NE(NULL, map);
	for (z = 0; z < self->m.info.nr_zones; z++) {
		managed += self->m.zones[z].managed;
		for (order = 0; order < SBUDDY_NR_PAGE_ORDERS; order++)
			for (mt = 0; mt < SBUDDY_MIGRATE_TYPES; mt++)
				take_list(_metadata, self, map, &self->m.zones[z], order, mt);
		for (cpu = 0; cpu < self->m.info.nr_vcpus; cpu++)
			take_pcp(_metadata, self, map, &self->m.zones[z], cpu);
	}
	ASSERT_EQ(0, sbuddy_user_owner(self->fd, &owner));
	EXPECT_EQ(owner.slots, take_slots(_metadata, self, map));
	for (i = 0; i < self->m.info.nr_pages; i++) {
		taken += map[i];
		if (!map[i] && self->records[i].zone != SBUDDY_HOLE)
			missing++;
		if (self->records[i].zone == SBUDDY_HOLE) {
			EXPECT_EQ(SBUDDY_HOLE, self->records[i].migratetype);
		}
	}
	EXPECT_EQ(managed, taken);
	EXPECT_EQ(0, missing);
	free(map);
}

TEST_F(dump, pages_ranges)
{
	const struct sbuddy_info *info = &self->m.info;
	struct sbuddy_page_record part[3 * BLOCK];
	struct sbuddy_dump_pages arg = { .size = sizeof(arg), .records = (uintptr_t)part };

	/* across two block borders, from the middle to the middle */
	arg.pfn = info->base_pfn + BLOCK / 2 + 1;
	arg.count = 2 * BLOCK + 3;
	ASSERT_EQ(0, sbuddy_user_ioctl(self->fd, SBUDDY_IOC_DUMP_PAGES, &arg));
	EXPECT_EQ(2 * BLOCK + 3, arg.count);
	EXPECT_EQ(0, memcmp(part, self->records + BLOCK / 2 + 1, arg.count * sizeof(part[0])));

	/* over the end */
	arg.pfn = info->base_pfn + info->nr_pages - 5;
	arg.count = 100;
	ASSERT_EQ(0, sbuddy_user_ioctl(self->fd, SBUDDY_IOC_DUMP_PAGES, &arg));
	EXPECT_EQ(5, arg.count);

	arg.pfn = info->base_pfn + info->nr_pages;
	EXPECT_EQ(-ENOENT, sbuddy_user_ioctl(self->fd, SBUDDY_IOC_DUMP_PAGES, &arg));
	arg.pfn = info->base_pfn - 1;
	EXPECT_EQ(-ENOENT, sbuddy_user_ioctl(self->fd, SBUDDY_IOC_DUMP_PAGES, &arg));
	arg.pfn = UINT64_MAX;
	EXPECT_EQ(-ENOENT, sbuddy_user_ioctl(self->fd, SBUDDY_IOC_DUMP_PAGES, &arg));
	arg.pfn = info->base_pfn;
	arg.count = SBUDDY_MAX_DUMP_PAGES + 1;
	EXPECT_EQ(-EINVAL, sbuddy_user_ioctl(self->fd, SBUDDY_IOC_DUMP_PAGES, &arg));
	arg.count = 1;
	arg.records = 0;
	EXPECT_EQ(-EFAULT, sbuddy_user_ioctl(self->fd, SBUDDY_IOC_DUMP_PAGES, &arg));
	arg.machine = 7;
	EXPECT_EQ(-ENOENT, sbuddy_user_ioctl(self->fd, SBUDDY_IOC_DUMP_PAGES, &arg));
}

TEST_F(dump, pageblocks)
{
	const struct sbuddy_info *info = &self->m.info;
	uint64_t i, nr = info->nr_pages / BLOCK;
	uint8_t *types = malloc(nr + 1);
	struct sbuddy_dump_pageblocks arg = { .size = sizeof(arg) };

	ASSERT_NE(NULL, types);
	types[nr] = 0x5a;
	ASSERT_EQ(nr, sbuddy_user_pageblocks(self->fd, 0, info->base_pfn, nr + 1, types));
	for (i = 0; i < nr; i++) {
		EXPECT_EQ(self->records[i * BLOCK].migratetype, types[i]);
	}
	EXPECT_EQ(0x5a, types[nr]);

	/* any frame of the block will do */
	arg.types = (uintptr_t)&types[nr];
	arg.count = 1;
	arg.pfn = info->base_pfn + BLOCK + 17;
	ASSERT_EQ(0, sbuddy_user_ioctl(self->fd, SBUDDY_IOC_DUMP_PAGEBLOCKS, &arg));
	EXPECT_EQ(types[1], types[nr]);
	arg.pfn = info->base_pfn + info->nr_pages;
	EXPECT_EQ(-ENOENT, sbuddy_user_ioctl(self->fd, SBUDDY_IOC_DUMP_PAGEBLOCKS, &arg));
	arg.pfn = info->base_pfn;
	arg.count = SBUDDY_MAX_DUMP_BLOCKS + 1;
	EXPECT_EQ(-EINVAL, sbuddy_user_ioctl(self->fd, SBUDDY_IOC_DUMP_PAGEBLOCKS, &arg));
	free(types);
}

/* The longest list of order 0 to 3, so that pieces make sense. */
static int64_t longest_list(FIXTURE_DATA(dump) *self, struct sbuddy_dump_freelist *best)
{
	int64_t most = -1;
	unsigned int z, order, mt;

	for (z = 0; z < self->m.info.nr_zones; z++)
		for (order = 0; order < 4; order++)
			for (mt = 0; mt < SBUDDY_MIGRATE_PCPTYPES; mt++) {
				struct sbuddy_dump_freelist l = {
					.size = sizeof(l), .node = self->m.zones[z].node,
					.zone = self->m.zones[z].zone, .order = order,
					.migratetype = mt, .after = SBUDDY_NO_PFN,
				};

				sbuddy_user_ioctl(self->fd, SBUDDY_IOC_DUMP_FREELIST, &l);
				if ((int64_t)l.total > most) {
					most = l.total;
					*best = l;
				}
			}
	return most;
}

TEST_F(dump, freelist_pieces)
{
	struct sbuddy_dump_freelist l;
	int64_t i, nr = longest_list(self, &l);
	uint64_t *pfns, piece[4];

	ASSERT_LT(3, nr);
	ASSERT_EQ(nr, sbuddy_user_freelist(self->fd, &l, &pfns));
	l.pfns = (uintptr_t)piece;
	l.capacity = 3;
	l.after = SBUDDY_NO_PFN;
	piece[3] = 0x5a;
	for (i = 0; i < nr; i += l.count) {
		ASSERT_EQ(0, sbuddy_user_ioctl(self->fd, SBUDDY_IOC_DUMP_FREELIST, &l));
		ASSERT_EQ(nr - i < 3 ? nr - i : 3, l.count);
		EXPECT_EQ(nr - i, l.total);
		EXPECT_EQ(0, memcmp(piece, pfns + i, l.count * sizeof(piece[0])));
		EXPECT_EQ(0x5a, piece[3]);
		l.after = piece[l.count - 1];
	}
	ASSERT_EQ(0, sbuddy_user_ioctl(self->fd, SBUDDY_IOC_DUMP_FREELIST, &l));
	EXPECT_EQ(0, l.count);
	EXPECT_EQ(0, l.total);
	free(pfns);
}

TEST_F(dump, freelist_errors)
{
	struct sbuddy_op op = sbuddy_user_alloc(SBUDDY_SLOT_ANY, 0, SBUDDY_GFP_KERNEL);
	struct sbuddy_dump_freelist l, bad;
	int64_t nr = longest_list(self, &l);

	ASSERT_LT(0, nr);
	ASSERT_EQ(0, sbuddy_user_do(self->fd, &op));
#define REFUSED(err, field, value) do {						\
	bad = l;								\
	bad.field = value;							\
	EXPECT_EQ(err, sbuddy_user_ioctl(self->fd, SBUDDY_IOC_DUMP_FREELIST, &bad)); \
} while (0)
	REFUSED(-ENOENT, after, op.pfn);
	REFUSED(-ENOENT, after, self->m.info.base_pfn - 1);
	REFUSED(-ENOENT, after, self->m.info.base_pfn + self->m.info.nr_pages);
	REFUSED(-ENOENT, after, 0);
	REFUSED(-ENOENT, node, 15);
	REFUSED(-ENOENT, node, UINT32_MAX);
	REFUSED(-ENOENT, zone, SBUDDY_ZONE_DEVICE);
	REFUSED(-EINVAL, zone, SBUDDY_MAX_NR_ZONES);
	REFUSED(-EINVAL, order, SBUDDY_NR_PAGE_ORDERS);
	REFUSED(-EINVAL, order, UINT32_MAX);
	REFUSED(-EINVAL, migratetype, SBUDDY_MIGRATE_TYPES);
	REFUSED(-ENOENT, machine, 1);
	REFUSED(-EFAULT, capacity, 1);
#undef REFUSED
}

TEST_F(dump, pcp_errors)
{
	struct sbuddy_dump_pcp p = {
		.size = sizeof(p), .node = self->m.zones[0].node, .zone = self->m.zones[0].zone,
	};

	p.cpu = self->m.info.nr_vcpus;
	EXPECT_EQ(-EINVAL, sbuddy_user_ioctl(self->fd, SBUDDY_IOC_DUMP_PCP, &p));
	p.cpu = UINT32_MAX;
	EXPECT_EQ(-EINVAL, sbuddy_user_ioctl(self->fd, SBUDDY_IOC_DUMP_PCP, &p));
	p.cpu = 0;
	p.zone = SBUDDY_MAX_NR_ZONES;
	EXPECT_EQ(-EINVAL, sbuddy_user_ioctl(self->fd, SBUDDY_IOC_DUMP_PCP, &p));
	p.zone = self->m.zones[0].zone;
	EXPECT_EQ(0, sbuddy_user_ioctl(self->fd, SBUDDY_IOC_DUMP_PCP, &p));
	EXPECT_EQ(0, p.count);
	EXPECT_LT(0, p.batch);
	EXPECT_LE(p.high_min, p.high_max);
}

TEST_F(dump, stats_names)
{
	struct sbuddy_user_stats stats, again;
	unsigned int i, j;

	ASSERT_EQ(0, sbuddy_user_stats(self->fd, 0, SBUDDY_ALL_ZONES, SBUDDY_ALL_ZONES, &stats));
	ASSERT_EQ(0, sbuddy_user_stats(self->fd, 0, SBUDDY_ALL_ZONES, SBUDDY_ALL_ZONES, &again));
	ASSERT_LT(20, stats.nr);
	EXPECT_EQ(0, memcmp(stats.stat, again.stat, stats.nr * sizeof(stats.stat[0])));
	for (i = 0; i < stats.nr; i++) {
		EXPECT_LT(0, strnlen(stats.stat[i].name, 32));
		EXPECT_GT(32, strnlen(stats.stat[i].name, 32));
		for (j = 0; j < i; j++) {
			EXPECT_NE(0, strcmp(stats.stat[i].name, stats.stat[j].name)) {
				TH_LOG("%s twice", stats.stat[i].name);
			}
		}
	}
}

TEST_F(dump, stats_zones_sum_up)
{
	struct sbuddy_user_stats sum, zone;
	unsigned int z, i;
	uint64_t total;

	ASSERT_EQ(0, sbuddy_user_stats(self->fd, 0, SBUDDY_ALL_ZONES, SBUDDY_ALL_ZONES, &sum));
	ASSERT_EQ(0, sbuddy_user_stats(self->fd, 0, self->m.zones[0].node,
				       self->m.zones[0].zone, &zone));
	for (i = 0; i < zone.nr; i++) {
		struct sbuddy_user_stats one;

		for (z = 0, total = 0; z < self->m.info.nr_zones; z++) {
			ASSERT_EQ(0, sbuddy_user_stats(self->fd, 0, self->m.zones[z].node,
						       self->m.zones[z].zone, &one));
			EXPECT_EQ(0, strcmp(sum.stat[i].name, one.stat[i].name));
			total += one.stat[i].value;
		}
		EXPECT_EQ(total, sum.stat[i].value) {
			TH_LOG("%s", sum.stat[i].name);
		}
	}
}

TEST_F(dump, stats_count)
{
	struct sbuddy_op op[2] = {
		sbuddy_user_alloc(FAR_SLOT, 3, SBUDDY_GFP_KERNEL),
		sbuddy_user_free(FAR_SLOT),
	};
	struct sbuddy_user_stats before, after;
	struct sbuddy_op room;
	unsigned int i;

	for (i = 0; i < NR_SLOTS; i++) {
		room = sbuddy_user_free(i);
		ASSERT_EQ(0, sbuddy_user_run_all(self->fd, &room, 1));
	}
	ASSERT_EQ(0, sbuddy_user_stats(self->fd, 0, -1, -1, &before));
	ASSERT_EQ(0, sbuddy_user_run_all(self->fd, op, 2));
	ASSERT_EQ(0, op[0].err);
	ASSERT_EQ(0, op[1].err);
	ASSERT_EQ(0, sbuddy_user_stats(self->fd, 0, -1, -1, &after));
	EXPECT_EQ(8, sbuddy_user_stat(&after, "pgalloc") - sbuddy_user_stat(&before, "pgalloc"));
	EXPECT_EQ(8, sbuddy_user_stat(&after, "pgfree") - sbuddy_user_stat(&before, "pgfree"));
	EXPECT_EQ(1, sbuddy_user_stat(&after, "numa_hit") -
		     sbuddy_user_stat(&before, "numa_hit"));
	EXPECT_EQ(UINT64_MAX, sbuddy_user_stat(&after, "no such counter"));
}

TEST_F(dump, stats_errors)
{
	struct sbuddy_stat stat[2];
	struct sbuddy_stats arg = {
		.size = sizeof(arg), .node = -1, .zone = -1, .capacity = 1,
		.stats = (uintptr_t)stat,
	};

	stat[1].name[0] = 0x5a;
	EXPECT_EQ(0, sbuddy_user_ioctl(self->fd, SBUDDY_IOC_STATS, &arg));
	EXPECT_EQ(1, arg.count);
	EXPECT_LT(20, arg.total);
	EXPECT_EQ(0x5a, stat[1].name[0]);
	arg.zone = 0;
	EXPECT_EQ(-EINVAL, sbuddy_user_ioctl(self->fd, SBUDDY_IOC_STATS, &arg));
	arg.node = 15;
	EXPECT_EQ(-ENOENT, sbuddy_user_ioctl(self->fd, SBUDDY_IOC_STATS, &arg));
	arg.node = -2;
	EXPECT_EQ(-ENOENT, sbuddy_user_ioctl(self->fd, SBUDDY_IOC_STATS, &arg));
	arg.node = 0;
	arg.zone = SBUDDY_MAX_NR_ZONES;
	EXPECT_EQ(-EINVAL, sbuddy_user_ioctl(self->fd, SBUDDY_IOC_STATS, &arg));
}

TEST_F(dump, snapshot)
{
	size_t len, len2;
	char *text = sbuddy_user_snapshot(self->fd, 0, &len);
	char *text2 = sbuddy_user_snapshot(self->fd, 0, &len2);
	struct sbuddy_snapshot arg = { .size = sizeof(arg), .capacity = 100 };
	char part[101];

	ASSERT_NE(NULL, text);
	ASSERT_NE(NULL, text2);
	EXPECT_LT(100, len);
	EXPECT_EQ(len, len2);
	EXPECT_EQ(0, memcmp(text, text2, len));
	EXPECT_EQ(len, strlen(text));

	arg.text = (uintptr_t)part;
	part[100] = 0x5a;
	ASSERT_EQ(0, sbuddy_user_ioctl(self->fd, SBUDDY_IOC_SNAPSHOT, &arg));
	EXPECT_EQ(len, arg.len);
	EXPECT_EQ(0, memcmp(text, part, 100));
	EXPECT_EQ(0x5a, part[100]);
	arg.text = 0;
	EXPECT_EQ(-EFAULT, sbuddy_user_ioctl(self->fd, SBUDDY_IOC_SNAPSHOT, &arg));
	arg.machine = 1;
	EXPECT_EQ(-ENOENT, sbuddy_user_ioctl(self->fd, SBUDDY_IOC_SNAPSHOT, &arg));
	free(text);
	free(text2);
}

TEST_F(dump, check)
{
	char line[4] = "xxx";
	struct sbuddy_check_arg arg = {
		.size = sizeof(arg), .text = (uintptr_t)line, .capacity = sizeof(line),
	};

	ASSERT_EQ(0, sbuddy_user_ioctl(self->fd, SBUDDY_IOC_CHECK, &arg));
	EXPECT_EQ(0, arg.result);
	EXPECT_EQ(0, arg.len);
	EXPECT_EQ(0, line[0]);
	EXPECT_EQ('x', line[1]);
	arg.text = 0;
	EXPECT_EQ(-EFAULT, sbuddy_user_ioctl(self->fd, SBUDDY_IOC_CHECK, &arg));
	arg.capacity = 0;
	EXPECT_EQ(0, sbuddy_user_ioctl(self->fd, SBUDDY_IOC_CHECK, &arg));
	arg.machine = 1;
	EXPECT_EQ(-ENOENT, sbuddy_user_ioctl(self->fd, SBUDDY_IOC_CHECK, &arg));
}

TEST_HARNESS_MAIN
