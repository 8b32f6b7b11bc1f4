// SPDX-License-Identifier: GPL-2.0
/*
 * Owners and slots: both directions, growth, everything given back.
 */
#include "host_test.h"

HOST_FIXTURE(owner)

static int op(struct host *h, int opcode, u32 slot, unsigned int order, u32 gfp, u32 count)
{
	struct sbuddy_op o = { .opcode = opcode, .slot = slot, .order = order, .gfp = gfp,
			       .count = count, .cpu = -1, .nid = -1 };

	return sbuddy_run_op(h->o, &o, 0);
}

#define OWN() do {							\
	BOOT("N0:DMA32=64M", 1);					\
	self->h.o = sbuddy_owner_create(self->h.m, 7);			\
	ASSERT_TRUE(self->h.o);						\
} while (0)

#define OP(...) __extension__ ({					\
	int _err = op(&self->h, __VA_ARGS__);				\
	EXPECT_SANE();							\
	_err;								\
})

TEST_F(owner, page_knows_owner_and_slot)
{
	struct sbuddy_page *page;

	OWN();
	EXPECT_EQ(0, OP(SBUDDY_OP_ALLOC, 123456, 3, GFP_MOV, 0));
	page = sbuddy_owner_slot(self->h.o, 123456);
	ASSERT_TRUE(page);
	EXPECT_EQ(7, sbuddy_page_owner(page));
	EXPECT_EQ(123456, sbuddy_page_slot(page));
	EXPECT_EQ(8, sbuddy_owner_pages(self->h.o));
	EXPECT_EQ(1, sbuddy_owner_slots(self->h.o));
	EXPECT_EQ(0, OP(SBUDDY_OP_FREE, 123456, 0, 0, 0));
	EXPECT_EQ(NULL, sbuddy_owner_slot(self->h.o, 123456));
	EXPECT_EQ(SBUDDY_NO_OWNER, sbuddy_page_owner(page));
	EXPECT_EQ(0, sbuddy_owner_pages(self->h.o));
}

TEST_F(owner, next_finds_slots_in_order)
{
	static const u32 slots[] = { 0, 1, 4095, 4096, 20000, SBUDDY_MAX_SLOTS - 1 };
	u32 slot = 0;

	OWN();
	EXPECT_EQ(NULL, sbuddy_owner_next(self->h.o, &slot));
	for (int i = ARRAY_SIZE(slots) - 1; i >= 0; i--)
		EXPECT_EQ(0, OP(SBUDDY_OP_ALLOC, slots[i], 0, GFP_MOV, 0));
	slot = 0;
	for (size_t i = 0; i < ARRAY_SIZE(slots); i++) {
		ASSERT_NE(NULL, sbuddy_owner_next(self->h.o, &slot));
		EXPECT_EQ(slots[i], slot);
		slot++;
	}
	EXPECT_EQ(NULL, sbuddy_owner_next(self->h.o, &slot));
	EXPECT_EQ(NULL, sbuddy_owner_slot(self->h.o, SBUDDY_MAX_SLOTS));
	EXPECT_EQ(NULL, sbuddy_owner_slot(self->h.o, SBUDDY_SLOT_ANY));
}

TEST_F(owner, any_slot_is_the_lowest_free)
{
	struct sbuddy_op o = { .opcode = SBUDDY_OP_ALLOC, .gfp = GFP_MOV, .cpu = -1, .nid = -1 };

	OWN();
	EXPECT_EQ(0, OP(SBUDDY_OP_ALLOC, 1, 0, GFP_MOV, 0));
	for (u32 want = 0; want < 5000; want++) {
		if (want == 1)
			continue;
		o.slot = SBUDDY_SLOT_ANY;
		o.count = 0;
		ASSERT_EQ(0, sbuddy_run_op(self->h.o, &o, 0));
		EXPECT_EQ(want, o.slot);
	}
	EXPECT_EQ(0, OP(SBUDDY_OP_FREE, 4200, 0, 0, 0));
	EXPECT_EQ(0, OP(SBUDDY_OP_FREE, 77, 0, 0, 0));
	o.slot = SBUDDY_SLOT_ANY;
	o.count = 0;
	EXPECT_EQ(0, sbuddy_run_op(self->h.o, &o, 0));
	EXPECT_EQ(77, o.slot);
	o.slot = SBUDDY_SLOT_ANY;
	o.count = 0;
	EXPECT_EQ(0, sbuddy_run_op(self->h.o, &o, 0));
	EXPECT_EQ(4200, o.slot);
	EXPECT_SANE();
}

/* Everything goes back when an owner goes, whatever references it took. */
TEST_F(owner, destroy_gives_everything_back)
{
	struct sbuddy_zone *z;

	OWN();
	z = ZONE(DMA32);
	for (u32 i = 0; i < 50; i++)
		EXPECT_EQ(0, OP(SBUDDY_OP_ALLOC, i * 100, i % 7, i & 1 ? GFP_MOV | SBUDDY_GFP_COMP
								       : GFP_MOV, 0));
	for (u32 i = 0; i < 50; i += 3)
		EXPECT_EQ(0, OP(SBUDDY_OP_GET, i * 100, 0, 0, 0));
	EXPECT_EQ(0, OP(SBUDDY_OP_GET, 300, 0, 0, 0));
	EXPECT_EQ(0, OP(SBUDDY_OP_FREE, 600, 0, 0, 0));
	sbuddy_owner_destroy(self->h.o, &self->h.task);
	self->h.o = NULL;
	EXPECT_SANE();
	sbuddy_drain_all_pages(self->h.m, &self->h.task);
	EXPECT_SANE();
	EXPECT_EQ(16384, sbuddy_zone_page_state_snapshot(z));
	EXPECT_EQ(sbuddy_zone_event(z, SBUDDY_PGALLOC), sbuddy_zone_event(z, SBUDDY_PGFREE));
	EXPECT_EQ(0, sbuddy_machine_event(self->h.m, SBUDDY_BAD_FREE));
}

TEST_F(owner, two_owners_do_not_see_each_other)
{
	struct host other;

	OWN();
	other = self->h;
	other.o = sbuddy_owner_create(self->h.m, 8);
	EXPECT_EQ(0, OP(SBUDDY_OP_ALLOC, 5, 2, GFP_MOV, 0));
	EXPECT_EQ(-ENOENT, op(&other, SBUDDY_OP_FREE, 5, 0, 0, 0));
	EXPECT_EQ(0, op(&other, SBUDDY_OP_ALLOC, 5, 0, GFP_MOV, 0));
	EXPECT_EQ(4, sbuddy_owner_pages(self->h.o));
	EXPECT_EQ(1, sbuddy_owner_pages(other.o));
	sbuddy_owner_destroy(other.o, &other.task);
	EXPECT_SANE();
}

TEST_F(owner, destroy_of_nobody)
{
	sbuddy_owner_destroy(NULL, &self->h.task);
	sbuddy_machine_destroy(NULL);
}

TEST_HARNESS_MAIN
