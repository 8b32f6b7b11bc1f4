// SPDX-License-Identifier: GPL-2.0
/*
 * Operations: results, errnos, nothing done on error.  What the operations do
 * to the lists is compared with the model by lockstep.
 */
#include "host_test.h"

HOST_FIXTURE(run)

#define OWN(layout) do {						\
	BOOT(layout, 2);						\
	self->h.o = sbuddy_owner_create(self->h.m, 0);			\
	ASSERT_TRUE(self->h.o);						\
} while (0)

/* Runs an operation in place and returns its errno. */
#define RUN(op, ...) __extension__ ({					\
	op = (struct sbuddy_op){ .cpu = -1, .nid = -1, __VA_ARGS__ };	\
	int _err = sbuddy_run_op(self->h.o, &op, 0);			\
	EXPECT_EQ(_err, op.err);					\
	EXPECT_SANE();							\
	_err;								\
})

TEST_F(run, alloc_and_free)
{
	struct sbuddy_op op;

	OWN("N0:DMA32=16M,Normal=16M");
	EXPECT_EQ(0, RUN(op, .opcode = SBUDDY_OP_ALLOC, .slot = 9, .order = 4, .gfp = GFP_MOV));
	EXPECT_EQ(self->h.m->base_pfn + 4096, op.pfn);
	EXPECT_EQ(SBUDDY_ZONE_NORMAL, op.zone);
	EXPECT_EQ(16, op.count);
	EXPECT_EQ(0, RUN(op, .opcode = SBUDDY_OP_FREE, .slot = 9));
	EXPECT_EQ(self->h.m->base_pfn + 4096, op.pfn);
	EXPECT_EQ(4, op.order);
	EXPECT_EQ(16, op.count);
	EXPECT_EQ(-ENOENT, RUN(op, .opcode = SBUDDY_OP_FREE, .slot = 9));
	EXPECT_EQ(SBUDDY_NO_PFN, op.pfn);
	EXPECT_EQ(0, op.count);
}

TEST_F(run, zone_field_names_the_node)
{
	struct sbuddy_op op;

	OWN("N0:Normal=16M;N1:DMA32=16M,Normal=16M");
	EXPECT_EQ(0, RUN(op, .opcode = SBUDDY_OP_ALLOC, .nid = 1, .gfp = SBUDDY_GFP_DMA32));
	EXPECT_EQ(1 << 4 | SBUDDY_ZONE_DMA32, op.zone);
}

TEST_F(run, invalid)
{
	const u32 both = SBUDDY_GFP_MOVABLE | SBUDDY_GFP_RECLAIMABLE;
	struct sbuddy_op op;
	char *before, *after;

	OWN("N0:Normal=16M;N2:Normal=16M");
	EXPECT_EQ(0, RUN(op, .opcode = SBUDDY_OP_ALLOC, .slot = 1, .order = 2));
	EXPECT_EQ(0, RUN(op, .opcode = SBUDDY_OP_ALLOC, .slot = 2, .order = 2,
			 .gfp = SBUDDY_GFP_COMP));
	before = host_snapshot(&self->h);

#define INVALID(want, ...) do {						\
	EXPECT_EQ(want, RUN(op, __VA_ARGS__));				\
	EXPECT_EQ(SBUDDY_NO_PFN, op.pfn);				\
	EXPECT_EQ(0, op.count);						\
} while (0)
	INVALID(-EINVAL, .opcode = SBUDDY_OP_NONE);
	INVALID(-EINVAL, .opcode = SBUDDY_NR_OPS);
	INVALID(-EINVAL, .opcode = 255);
	for (int o = 1; o < SBUDDY_NR_OPS; o++) {
		INVALID(-EINVAL, .opcode = o, .flags = 0x20, .slot = 1);
		INVALID(-EINVAL, .opcode = o, .cpu = 2);
		INVALID(-EINVAL, .opcode = o, .cpu = -2);
	}
	INVALID(-EINVAL, .opcode = SBUDDY_OP_ALLOC, .slot = 5, .order = 11);
	INVALID(-EINVAL, .opcode = SBUDDY_OP_ALLOC, .slot = 5, .count = 1);
	INVALID(-EINVAL, .opcode = SBUDDY_OP_ALLOC, .slot = 5, .gfp = 0x200);
	INVALID(-EINVAL, .opcode = SBUDDY_OP_ALLOC, .slot = 5, .gfp = 0x2000000);
	INVALID(-EINVAL, .opcode = SBUDDY_OP_ALLOC, .slot = 5, .gfp = both);
	INVALID(-EINVAL, .opcode = SBUDDY_OP_ALLOC, .slot = 5, .nid = -2);
	INVALID(-ENOENT, .opcode = SBUDDY_OP_ALLOC, .slot = 5, .nid = 1);
	INVALID(-ENOENT, .opcode = SBUDDY_OP_ALLOC, .slot = 5, .nid = 3);
	INVALID(-EINVAL, .opcode = SBUDDY_OP_ALLOC, .slot = SBUDDY_MAX_SLOTS);
	INVALID(-EEXIST, .opcode = SBUDDY_OP_ALLOC, .slot = 1);
	INVALID(-EINVAL, .opcode = SBUDDY_OP_FREE, .slot = 1, .gfp = 1);
	INVALID(-EINVAL, .opcode = SBUDDY_OP_FREE, .slot = 1, .count = 1);
	INVALID(-ENOENT, .opcode = SBUDDY_OP_FREE, .slot = SBUDDY_SLOT_ANY);
	INVALID(-EINVAL, .opcode = SBUDDY_OP_BULK, .slot = 5);
	INVALID(-EINVAL, .opcode = SBUDDY_OP_BULK, .slot = 5, .count = SBUDDY_MAX_BULK + 1);
	INVALID(-EINVAL, .opcode = SBUDDY_OP_BULK, .slot = 5, .count = 2, .order = 1);
	INVALID(-EINVAL, .opcode = SBUDDY_OP_BULK, .slot = 5, .count = 2, .gfp = both);
	INVALID(-ENOENT, .opcode = SBUDDY_OP_BULK, .slot = 5, .count = 2, .nid = 1);
	INVALID(-EEXIST, .opcode = SBUDDY_OP_BULK, .slot = 0, .count = 2);
	INVALID(-EINVAL, .opcode = SBUDDY_OP_BULK, .slot = SBUDDY_MAX_SLOTS - 1, .count = 2);
	INVALID(-EINVAL, .opcode = SBUDDY_OP_FREE_BATCH, .slot = 1);
	INVALID(-EINVAL, .opcode = SBUDDY_OP_FREE_BATCH, .slot = 1, .count = SBUDDY_MAX_BULK + 1);
	INVALID(-EINVAL, .opcode = SBUDDY_OP_FREE_BATCH, .slot = 2, .count = 1, .gfp = 1);
	INVALID(-EINVAL, .opcode = SBUDDY_OP_FREE_BATCH, .slot = 1, .count = 1);
	INVALID(-ENOENT, .opcode = SBUDDY_OP_FREE_BATCH, .slot = 2, .count = 2);
	INVALID(-EINVAL, .opcode = SBUDDY_OP_FREE_BATCH, .slot = SBUDDY_MAX_SLOTS - 1, .count = 2);
	INVALID(-ENOENT, .opcode = SBUDDY_OP_GET, .slot = 5);
	INVALID(-EINVAL, .opcode = SBUDDY_OP_GET, .slot = 1, .gfp = 1);
	INVALID(-EINVAL, .opcode = SBUDDY_OP_GET, .slot = 1, .count = 1);
	INVALID(-ENOENT, .opcode = SBUDDY_OP_SPLIT, .slot = 5);
	INVALID(-EINVAL, .opcode = SBUDDY_OP_SPLIT, .slot = 2);
	INVALID(-EEXIST, .opcode = SBUDDY_OP_SPLIT, .slot = 1);
	INVALID(-EINVAL, .opcode = SBUDDY_OP_SPLIT, .slot = 1, .gfp = 1);
	INVALID(-EINVAL, .opcode = SBUDDY_OP_ALLOC_EXACT, .slot = 5);
	INVALID(-EINVAL, .opcode = SBUDDY_OP_ALLOC_EXACT, .slot = 5, .count = 1025);
	INVALID(-EINVAL, .opcode = SBUDDY_OP_ALLOC_EXACT, .slot = 5, .count = 3, .order = 1);
	INVALID(-EINVAL, .opcode = SBUDDY_OP_ALLOC_EXACT, .slot = 5, .count = 3,
		.gfp = SBUDDY_GFP_COMP);
	INVALID(-EEXIST, .opcode = SBUDDY_OP_ALLOC_EXACT, .slot = 0, .count = 3);
	INVALID(-EINVAL, .opcode = SBUDDY_OP_DRAIN, .slot = 1);
	INVALID(-EINVAL, .opcode = SBUDDY_OP_DRAIN, .order = 1);
	INVALID(-EINVAL, .opcode = SBUDDY_OP_DECAY, .count = 1);
	INVALID(-EINVAL, .opcode = SBUDDY_OP_DECAY, .gfp = 1);
#undef INVALID

	after = host_snapshot(&self->h);
	EXPECT_STREQ(before, after);
	EXPECT_EQ(2, sbuddy_owner_slots(self->h.o));
	free(before);
	free(after);
}

TEST_F(run, no_page)
{
	struct sbuddy_op op;

	OWN("N0:Movable=16M");
	EXPECT_EQ(-ENOMEM, RUN(op, .opcode = SBUDDY_OP_ALLOC, .slot = 3));
	EXPECT_EQ(-ENOMEM, RUN(op, .opcode = SBUDDY_OP_BULK, .slot = 3, .count = 9));
	EXPECT_EQ(-ENOMEM, RUN(op, .opcode = SBUDDY_OP_ALLOC_EXACT, .slot = 3, .count = 9));
	EXPECT_EQ(0, op.count);
	EXPECT_EQ(0, sbuddy_owner_slots(self->h.o));
}

TEST_F(run, bulk_and_batch)
{
	struct sbuddy_op op;

	OWN("N0:DMA32=16M");
	EXPECT_EQ(0, RUN(op, .opcode = SBUDDY_OP_BULK, .slot = 4090, .count = 20, .gfp = GFP_MOV));
	EXPECT_EQ(20, op.count);
	EXPECT_EQ(20, sbuddy_owner_slots(self->h.o));
	EXPECT_EQ(0, RUN(op, .opcode = SBUDDY_OP_GET, .slot = 4095));
	EXPECT_EQ(0, RUN(op, .opcode = SBUDDY_OP_FREE_BATCH, .slot = 4090, .count = 20));
	EXPECT_EQ(19, op.count);
	EXPECT_EQ(1, sbuddy_owner_slots(self->h.o));
	EXPECT_EQ(0, RUN(op, .opcode = SBUDDY_OP_FREE, .slot = 4095));
	EXPECT_EQ(0, sbuddy_owner_pages(self->h.o));
}

/* A slot that holds a shared block keeps its first page. */
TEST_F(run, free_of_a_shared_block)
{
	struct sbuddy_op op;

	OWN("N0:DMA32=16M");
	EXPECT_EQ(0, RUN(op, .opcode = SBUDDY_OP_ALLOC, .slot = 1, .order = 3, .gfp = GFP_MOV));
	EXPECT_EQ(0, RUN(op, .opcode = SBUDDY_OP_GET, .slot = 1));
	EXPECT_EQ(3, op.order);
	EXPECT_EQ(0, RUN(op, .opcode = SBUDDY_OP_FREE, .slot = 1));
	EXPECT_EQ(7, op.count);
	EXPECT_EQ(1, sbuddy_owner_pages(self->h.o));
	EXPECT_EQ(0, RUN(op, .opcode = SBUDDY_OP_FREE, .slot = 1));
	EXPECT_EQ(1, op.count);
	EXPECT_EQ(0, op.order);
	EXPECT_EQ(0, sbuddy_owner_slots(self->h.o));
}

TEST_F(run, split)
{
	struct sbuddy_op op;

	OWN("N0:DMA32=16M");
	EXPECT_EQ(0, RUN(op, .opcode = SBUDDY_OP_ALLOC, .slot = 4094, .order = 2, .gfp = GFP_MOV));
	EXPECT_EQ(0, RUN(op, .opcode = SBUDDY_OP_GET, .slot = 4094));
	EXPECT_EQ(-EBUSY, RUN(op, .opcode = SBUDDY_OP_SPLIT, .slot = 4094));
	EXPECT_EQ(0, RUN(op, .opcode = SBUDDY_OP_FREE, .slot = 4094));
	EXPECT_EQ(0, RUN(op, .opcode = SBUDDY_OP_SPLIT, .slot = 4094));	/* order 0 by now */
	EXPECT_EQ(0, RUN(op, .opcode = SBUDDY_OP_ALLOC, .slot = 90, .order = 2, .gfp = GFP_MOV));
	EXPECT_EQ(0, RUN(op, .opcode = SBUDDY_OP_SPLIT, .slot = 90));
	EXPECT_EQ(4, op.count);
	for (u32 i = 90; i < 94; i++)
		EXPECT_EQ(0, RUN(op, .opcode = SBUDDY_OP_FREE, .slot = i));
}

/* The last slot number there is. */
TEST_F(run, last_slots)
{
	struct sbuddy_op op;
	const u32 last = SBUDDY_MAX_SLOTS - 1;

	OWN("N0:DMA32=16M");
	EXPECT_EQ(0, RUN(op, .opcode = SBUDDY_OP_ALLOC, .slot = last, .order = 1, .gfp = GFP_MOV));
	EXPECT_EQ(-EINVAL, RUN(op, .opcode = SBUDDY_OP_SPLIT, .slot = last));
	EXPECT_EQ(0, RUN(op, .opcode = SBUDDY_OP_FREE, .slot = last));
	EXPECT_EQ(0, RUN(op, .opcode = SBUDDY_OP_BULK, .slot = last - 1, .count = 2));
}

TEST_F(run, drain_and_decay_by_vcpu)
{
	struct sbuddy_zone *z;
	struct sbuddy_op op;

	OWN("N0:DMA32=64M");
	z = ZONE(DMA32);
	for (int cpu = 0; cpu < 2; cpu++)
		EXPECT_EQ(0, RUN(op, .opcode = SBUDDY_OP_ALLOC, .cpu = cpu, .slot = cpu,
				 .gfp = GFP_MOV));
	EXPECT_EQ(0, RUN(op, .opcode = SBUDDY_OP_DRAIN, .cpu = 1));
	EXPECT_NE(0, z->pcp[0].count);
	EXPECT_EQ(0, z->pcp[1].count);
	EXPECT_EQ(0, RUN(op, .opcode = SBUDDY_OP_DRAIN));
	EXPECT_EQ(0, z->pcp[0].count);
	EXPECT_EQ(0, RUN(op, .opcode = SBUDDY_OP_DECAY));
	EXPECT_EQ(0, z->zstat[0].free_diff);
	EXPECT_EQ(0, z->zstat[1].free_diff);
}

TEST_HARNESS_MAIN
