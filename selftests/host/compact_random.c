// SPDX-License-Identifier: GPL-2.0
/*
 * Random streams of allocations, frees, pins, attributes and compaction, whole
 * and in steps, with everything looked at after each: no frame is lost or on two
 * lists, every slot finds its page, and the page has the slot's contents.
 *
 * SBUDDY_SEED names a stream; without it the time does.
 */
#include <time.h>

#include "host_test.h"

#include "compaction.h"

#define SLOTS		3000U
#define FRAMES		8192
#define STEPS		8000

static u64 content[FRAMES];
static unsigned long base;

static int copy_content(unsigned long to, unsigned long from, unsigned long nr)
{
	memcpy(&content[to - base], &content[from - base], nr * sizeof(content[0]));
	return 0;
}

static u64 state;

static u32 rnd(u32 n)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return (state >> 20) % n;
}

HOST_FIXTURE(compact_random)

static u64 word_of(u32 slot, u32 i)
{
	return (u64)slot << 32 | (i * 2654435761U);
}

/* Writes or, with @check, compares the contents of a slot; the pages that differ. */
static int contents(struct host *h, u32 slot, bool check)
{
	const struct sbuddy_page *page = sbuddy_owner_slot(h->o, slot);
	int wrong = 0;

	for (u32 i = 0; page && i < 1U << sbuddy_page_order(page); i++) {
		u64 *word = &content[host_off(h, page) + i];

		if (check)
			wrong += *word != word_of(slot, i);
		else
			*word = word_of(slot, i);
	}
	return wrong;
}

static int op(struct host *h, u8 opcode, u32 slot, u8 order, u32 gfp)
{
	struct sbuddy_op o = { .opcode = opcode, .order = order, .cpu = rnd(2), .nid = -1,
			       .slot = slot, .gfp = gfp };

	return sbuddy_run_op(h->o, &o, 0);
}

static void random_alloc(struct host *h, u32 slot)
{
	static const u32 gfps[] = { GFP_UNM, GFP_MOV, GFP_MOV, GFP_MOV, GFP_REC,
				    SBUDDY_GFP_KERNEL | SBUDDY_GFP_MOVABLE };
	u32 order = rnd(4) ? 0 : rnd(rnd(20) ? 4 : 11);

	if (op(h, SBUDDY_OP_ALLOC, slot, order, gfps[rnd(6)] | SBUDDY_GFP_COMP))
		return;
	contents(h, slot, false);
	if (rnd(4))
		op(h, SBUDDY_OP_LRU, slot, 0, rnd(3) ? rnd(2) : rnd(SBUDDY_LRU_OFF));
}

static void random_compact(struct host *h)
{
	struct sbuddy_compact_args args = {
		.zone = h->m->zones[rnd(h->m->nr_zones)],
		.order = rnd(2) ? -1 : (int)rnd(10) + 1,
		.gfp = SBUDDY_GFP_KERNEL | (rnd(2) ? SBUDDY_GFP_MOVABLE : 0),
		.mode = rnd(3), .cached = rnd(2),
	};
	struct sbuddy_compact_report r = { 0 };

	switch (rnd(12)) {
	case 0:
		sbuddy_compact_one(&args, &h->task, rnd(200), NULL, &r);
		break;
	case 1:
	case 2:
		sbuddy_compact_start(&args, &h->task, &r);
		break;
	case 3:
		sbuddy_compact_stop(h->m, &h->task, &r);
		break;
	case 4:
		sbuddy_wakeup_kcompactd(h->m, &h->m->nodes[0], rnd(11), rnd(4));
		sbuddy_kcompactd_step(h->m, &h->task, 0);
		break;
	case 5:
		sbuddy_reset_isolation_suitable(&h->m->nodes[0]);
		break;
	default:
		sbuddy_compact_step(h->m, &h->task, 0, NULL, &r);
		break;
	}
}

static void random_step(struct host *h)
{
	u32 slot = rnd(SLOTS);
	u32 what = rnd(100);

	if (what < 40)
		random_alloc(h, slot);
	else if (what < 60)
		op(h, SBUDDY_OP_FREE, slot, 0, 0);
	else if (what < 61)
		op(h, SBUDDY_OP_GET, slot, 0, 0);
	else if (what < 70)
		op(h, SBUDDY_OP_LRU, slot, 0, rnd(8) ? rnd(SBUDDY_LRU_OFF) : SBUDDY_LRU_OFF);
	else if (what < 72)
		op(h, SBUDDY_OP_DRAIN, 0, 0, 0);
	else if (what < 73)
		sbuddy_lru_add_drain_all(h->m, &h->task);
	else
		random_compact(h);
}

/* A copy in the midst of it is the same, and ends what was begun as the original would. */
static int forked(struct host *h, char *why, size_t size)
{
	struct host copy = { 0 };
	u64 hash = sbuddy_machine_hash(h->m);
	int err = sbuddy_machine_fork(h->m, &copy.m);

	if (err)
		return err;
	copy.o = sbuddy_owner_fork(h->o, copy.m, h->o->id);
	if (!copy.o)
		err = -ENOMEM;
	else if (sbuddy_machine_hash(copy.m) != hash)
		err = -EINVAL;
	scnprintf(why, size, "a fork");
	if (!err && copy.m->walk)
		err = sbuddy_compact_stop(copy.m, &copy.task, NULL);
	if (!err)
		err = host_check(&copy, why, size);
	if (!err && sbuddy_machine_hash(h->m) != hash)
		err = -EINVAL;
	host_exit(&copy);
	return err;
}

static void stream(struct __test_metadata *_metadata, struct host *h, u64 seed, bool boosted)
{
	char why[256];
	int wrong = 0;

	state = seed;
	ASSERT_EQ(0, (rnd(3) ? host_boot : host_boot_61)(h, "N0:DMA32=8M,Normal=24M", 2));
	base = h->m->base_pfn;
	h->m->backed = true;
	h->m->knobs.direct_compact = rnd(2);
	h->m->knobs.lru_batch = rnd(2) ? SBUDDY_LRU_BATCH : rnd(SBUDDY_LRU_BATCH);
	if (!boosted)
		h->m->knobs.watermark_boost_factor = 0;
	h->o = sbuddy_owner_create(h->m, 1 + rnd(1000));
	ASSERT_TRUE(h->o);
	os_copy_hook = copy_content;
	for (int i = 0; i < STEPS; i++) {
		random_step(h);
		ASSERT_EQ(0, host_check(h, why, sizeof(why))) {
			TH_LOG("seed %llu step %d: %s", (unsigned long long)seed, i, why);
		}
		ASSERT_EQ(0, i % 400 ? 0 : forked(h, why, sizeof(why))) {
			TH_LOG("seed %llu step %d: fork: %s", (unsigned long long)seed, i, why);
		}
		for (u32 s = 0; s < SLOTS && !(i % 16); s++)
			wrong += contents(h, s, true);
		ASSERT_EQ(0, wrong) {
			TH_LOG("seed %llu step %d: contents", (unsigned long long)seed, i);
		}
	}
	EXPECT_LT(0, sbuddy_vm_event(h->m, SBUDDY_PGMIGRATE_SUCCESS)) {
		TH_LOG("seed %llu: nothing moved", (unsigned long long)seed);
	}
	sbuddy_compact_stop(h->m, &h->task, NULL);
	sbuddy_owner_destroy(h->o, &h->task);
	h->o = NULL;
	sbuddy_lru_add_drain_all(h->m, &h->task);
	sbuddy_drain_all_pages(h->m, &h->task);
	for (int i = 0; i < h->m->nr_zones; i++)
		EXPECT_EQ(h->m->zones[i]->managed_pages,
			  sbuddy_zone_page_state_snapshot(h->m->zones[i])) {
			TH_LOG("seed %llu: pages lost", (unsigned long long)seed);
		}
	host_exit(h);
}

TEST_F(compact_random, streams)
{
	const char *given = getenv("SBUDDY_SEED");
	u64 seed = given ? strtoull(given, NULL, 0) : (u64)time(NULL);

	TH_LOG("SBUDDY_SEED=%llu", (unsigned long long)seed);
	for (u64 i = 0; i < 4; i++) {
		memset(&self->h, 0, sizeof(self->h));
		stream(_metadata, &self->h, (seed + i) * 0x9e3779b97f4a7c15ULL + 1, i % 2);
	}
}

TEST_HARNESS_MAIN
