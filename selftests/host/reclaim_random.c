// SPDX-License-Identifier: GPL-2.0
/*
 * Random streams on a machine that reclaims: requests that wait, pages of all
 * kinds that are used, pinned and freed, kswapd and kcompactd in steps, time,
 * knobs, and running out of memory; with everything looked at after each step.
 * At the end every page is free again, and all of the swap.
 *
 * SBUDDY_SEED names a stream; without it the time does.
 */
#include <time.h>

#include "reclaim_test.h"

#define SLOTS		3000U
#define STEPS		6000

static u64 state;

static u32 rnd(u32 n)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return (state >> 20) % n;
}

HOST_FIXTURE(reclaim_random)

static int op(struct host *h, u8 opcode, u32 slot, u8 order, u32 gfp)
{
	struct sbuddy_op o = { .opcode = opcode, .order = order, .cpu = rnd(2), .nid = -1,
			       .slot = slot, .gfp = gfp };

	return sbuddy_run_op(h->o, &o, 0);
}

static void random_alloc(struct host *h, u32 slot)
{
	static const u32 gfps[] = {
		SBUDDY_GFP_KERNEL, SBUDDY_GFP_HIGHUSER_MOVABLE, SBUDDY_GFP_HIGHUSER_MOVABLE,
		SBUDDY_GFP_NOFS, SBUDDY_GFP_ATOMIC, SBUDDY_GFP_KERNEL | SBUDDY_GFP_NORETRY,
		SBUDDY_GFP_KERNEL | SBUDDY_GFP_RETRY_MAYFAIL, SBUDDY_GFP_NOIO | SBUDDY_GFP_NOFAIL,
		SBUDDY_GFP_TRANSHUGE, SBUDDY_GFP_USER | SBUDDY_GFP_RECLAIMABLE,
	};
	u32 order = rnd(5) ? 0 : rnd(rnd(10) ? 4 : 11);

	if (op(h, SBUDDY_OP_ALLOC, slot, order, gfps[rnd(10)] | SBUDDY_GFP_COMP))
		return;
	if (rnd(6))
		op(h, SBUDDY_OP_LRU, slot, 0, rnd(3) ? rnd(2) : rnd(SBUDDY_LRU_OFF));
}

static void random_knob(struct host *h)
{
	struct sbuddy_machine *m = h->m;

	switch (rnd(8)) {
	case 0:
		sbuddy_set_swappiness(m, rnd(201));
		break;
	case 1:
		sbuddy_set_swap_pages(m, rnd(3) * 1000);
		break;
	case 2:
		sbuddy_set_writeback_ticks(m, rnd(2) ? 0 : rnd(100));
		break;
	case 3:
		sbuddy_set_direct_compact(m, rnd(2));
		break;
	case 4:
		sbuddy_set_direct_reclaim(m, rnd(4) != 0);
		break;
	case 5:
		m->nodes[0].kswapd.failures = rnd(2) * 16;
		break;
	case 6:
		op(h, SBUDDY_OP_SCOPE, 0, 0, rnd(2) ? 0 : rnd(512) & SBUDDY_SCOPE_ALL);
		break;
	default:
		sbuddy_set_lru_batch(m, rnd(32));
		break;
	}
}

static void random_daemon(struct host *h)
{
	struct sbuddy_compact_report r = { 0 };
	const struct sbuddy_compact_args args = {
		.zone = h->m->zones[rnd(h->m->nr_zones)], .order = -1,
		.gfp = SBUDDY_GFP_KERNEL, .mode = rnd(3),
	};

	switch (rnd(8)) {
	case 0:
		sbuddy_kcompactd_step(h->m, &h->task, 0);
		break;
	case 1:
		sbuddy_wakeup_kswapd(h->m->zones[rnd(h->m->nr_zones)], 0, rnd(11), rnd(4));
		break;
	case 2:
		direct_reclaim(h, rnd(2) ? SBUDDY_GFP_KERNEL : SBUDDY_GFP_HIGHUSER, rnd(11));
		break;
	case 3:
		sbuddy_age_node(h->m, &h->task, 0, rnd(100));
		break;
	case 4:
		sbuddy_compact_start(&args, &h->task, &r);
		break;
	case 5:
		sbuddy_compact_stop(h->m, &h->task, &r);
		break;
	default:
		sbuddy_compact_step(h->m, &h->task, 0, NULL, &r);
		break;
	}
}

static void random_step(struct host *h)
{
	u32 slot = rnd(SLOTS), what = rnd(100);

	if (what < 35)
		random_alloc(h, slot);
	else if (what < 45)
		op(h, SBUDDY_OP_FREE, slot, 0, 0);
	else if (what < 47)
		op(h, SBUDDY_OP_GET, slot, 0, 0);
	else if (what < 51)
		op(h, SBUDDY_OP_LRU, slot, 0, rnd(8) ? rnd(SBUDDY_LRU_OFF) : SBUDDY_LRU_OFF);
	else if (what < 75)
		op(h, SBUDDY_OP_TOUCH, slot, 0, rnd(SBUDDY_TOUCH_ALL + 1));
	else if (what < 76)
		op(h, SBUDDY_OP_SPLIT, slot, 0, 0);
	else if (what < 82)
		sbuddy_kswapd_step(h->m, &h->task, 0);
	else if (what < 87)
		sbuddy_clock_advance(h->m, &h->task, rnd(50));
	else if (what < 89)
		random_knob(h);
	else
		random_daemon(h);
}

/* A victim's owner closes and another comes. */
static void replace_victim(struct host *h)
{
	if (!sbuddy_owner_killed(h->o))
		return;
	sbuddy_owner_destroy(h->o, &h->task);
	h->o = sbuddy_owner_create(h->m, 1 + rnd(1000));
}

static void all_free(struct __test_metadata *_metadata, struct host *h, u64 seed)
{
	sbuddy_compact_stop(h->m, &h->task, NULL);
	sbuddy_owner_destroy(h->o, &h->task);
	h->o = NULL;
	sbuddy_lru_add_drain_all(h->m, &h->task);
	sbuddy_drain_all_pages(h->m, &h->task);
	EXPECT_EQ(0, h->m->lru->reclaim.nr_swap) {
		TH_LOG("seed %llu: swap lost", (unsigned long long)seed);
	}
	for (int i = 0; i < h->m->nr_zones; i++)
		EXPECT_EQ(h->m->zones[i]->managed_pages,
			  sbuddy_zone_page_state_snapshot(h->m->zones[i])) {
			TH_LOG("seed %llu: pages lost", (unsigned long long)seed);
		}
}

static void stream(struct __test_metadata *_metadata, struct host *h, u64 seed, int policy)
{
	char why[256];

	state = seed;
	ASSERT_EQ(0, host_boot(h, "N0:DMA32=4M,Normal=12M", 2));
	sbuddy_set_direct_reclaim(h->m, 1);
	sbuddy_set_direct_compact(h->m, 1);
	sbuddy_set_swap_pages(h->m, 2000);
	sbuddy_set_oom_policy(h->m, policy);
	sbuddy_set_slowpath_loops(h->m, 40);
	h->o = sbuddy_owner_create(h->m, 1 + rnd(1000));
	ASSERT_TRUE(h->o);
	for (int i = 0; i < STEPS; i++) {
		random_step(h);
		replace_victim(h);
		ASSERT_EQ(0, host_check(h, why, sizeof(why))) {
			TH_LOG("seed %llu step %d: %s", (unsigned long long)seed, i, why);
		}
	}
	EXPECT_LT(0, sbuddy_vm_event(h->m, SBUDDY_PGSTEAL_DIRECT)) {
		TH_LOG("seed %llu: nothing reclaimed", (unsigned long long)seed);
	}
	all_free(_metadata, h, seed);
	host_exit(h);
}

TEST_F(reclaim_random, streams)
{
	const char *given = getenv("SBUDDY_SEED");
	u64 seed = given ? strtoull(given, NULL, 0) : (u64)time(NULL);

	TH_LOG("SBUDDY_SEED=%llu", (unsigned long long)seed);
	for (u64 i = 0; i < 4; i++) {
		memset(&self->h, 0, sizeof(self->h));
		stream(_metadata, &self->h, (seed + i) * 0x9e3779b97f4a7c15ULL + 1, i);
	}
}

TEST_HARNESS_MAIN
