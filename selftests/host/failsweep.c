// SPDX-License-Identifier: GPL-2.0
/*
 * Every allocation of metadata fails once: the first, the second ... until none
 * is left.  After each -ENOMEM everything is as it was and nothing leaked.
 */
#include "host_test.h"

HOST_FIXTURE(failsweep)

/* Calls @call with the n-th allocation failing for n = 1, 2 ...; @after looks at each failure. */
#define SWEEP(least, call, after) do {					\
	int _n = 0, _err;						\
	do {								\
		long _before = os_allocated;				\
		os_fail_nth = ++_n;					\
		_err = (call);						\
		if (!os_fail_nth)					\
			EXPECT_EQ(-ENOMEM, _err);			\
		if (_err)						\
			EXPECT_EQ(_before, os_allocated);		\
		after;							\
	} while (!os_fail_nth);						\
	os_fail_nth = 0;						\
	EXPECT_EQ(0, _err);						\
	EXPECT_LT(least, _n);						\
} while (0)

TEST_F(failsweep, machine_create)
{
	struct sbuddy_config *cfg = calloc(1, sizeof(*cfg));
	const char *expected;

	sbuddy_config_init(cfg);
	cfg->nr_vcpus = 3;
	ASSERT_EQ(0, sbuddy_layout_parse("N0:DMA=4M,Normal=4M;N1:Normal=4M,Movable=4M", 0,
					 &cfg->layout, &expected));
	SWEEP(5 + 4 * 3, sbuddy_machine_create(cfg, &self->h.m),
	      EXPECT_EQ(!_err, !!self->h.m));
	EXPECT_SANE();
	free(cfg);
}

TEST_F(failsweep, snapshot_import)
{
	struct host copy = { 0 };
	char *text, why[200];

	BOOT("N0:DMA=4M,Normal=4M;N1:Normal=4M,Movable=4M", 3);
	text = host_snapshot(&self->h);
	SWEEP(6 + 4 * 3, sbuddy_snapshot_import(text, strlen(text), &copy.m, why, sizeof(why)),
	      EXPECT_EQ(!_err, !!copy.m));
	host_exit(&copy);
	free(text);
}

TEST_F(failsweep, machine_fork)
{
	struct host copy = { 0 };

	BOOT("N0:DMA=4M,Normal=4M;N1:Normal=4M,Movable=4M", 3);
	SWEEP(5 + 4 * 3, sbuddy_machine_fork(self->h.m, &copy.m), EXPECT_EQ(!_err, !!copy.m));
	EXPECT_EQ(sbuddy_machine_hash(self->h.m), sbuddy_machine_hash(copy.m));
	host_exit(&copy);
}

/* Slots in three chunks of eleven. */
TEST_F(failsweep, owner_fork)
{
	static const u32 slots[] = { 0, 4096, 4096 * 10 };
	struct host copy = { 0 };

	BOOT("N0:DMA32=16M", 1);
	self->h.o = sbuddy_owner_create(self->h.m, 1);
	for (size_t i = 0; i < ARRAY_SIZE(slots); i++) {
		struct sbuddy_op op = { .opcode = SBUDDY_OP_ALLOC, .slot = slots[i],
					.gfp = GFP_MOV, .cpu = -1, .nid = -1 };

		ASSERT_EQ(0, sbuddy_run_op(self->h.o, &op, 0));
	}
	ASSERT_EQ(0, sbuddy_machine_fork(self->h.m, &copy.m));
	SWEEP(4, (copy.o = sbuddy_owner_fork(self->h.o, copy.m, 2)) ? 0 : -ENOMEM,
	      EXPECT_EQ(!_err, !!copy.o));
	EXPECT_EQ(3, sbuddy_owner_slots(copy.o));
	host_exit(&copy);
}

TEST_F(failsweep, owner_create)
{
	BOOT("N0:DMA32=16M", 1);
	os_fail_nth = 1;
	EXPECT_EQ(NULL, sbuddy_owner_create(self->h.m, 1));
	EXPECT_EQ(0, os_fail_nth);
}

/* Slots that need the directory to grow, and a chunk. */
TEST_F(failsweep, slot_growth)
{
	static const u32 slots[] = { 0, 4096, 4096 * 7, 4096 * 8, 4096 * 900,
				     SBUDDY_MAX_SLOTS - 1 };
	char *before, *after;

	BOOT("N0:DMA32=16M", 1);
	self->h.o = sbuddy_owner_create(self->h.m, 1);
	for (size_t i = 0; i < ARRAY_SIZE(slots); i++) {
		struct sbuddy_op op;
		int n = 0;

		before = host_snapshot(&self->h);
		do {
			op = (struct sbuddy_op){ .opcode = SBUDDY_OP_ALLOC, .slot = slots[i],
						 .gfp = GFP_MOV, .cpu = -1, .nid = -1 };
			os_fail_nth = ++n;
			sbuddy_run_op(self->h.o, &op, 0);
			EXPECT_EQ(os_fail_nth ? 0 : -ENOMEM, op.err);
			EXPECT_SANE();
			if (!op.err)
				break;
			after = host_snapshot(&self->h);
			EXPECT_STREQ(before, after);
			EXPECT_EQ(i, sbuddy_owner_slots(self->h.o));
			free(after);
		} while (n < 10);
		os_fail_nth = 0;
		EXPECT_LT(1, n);
		free(before);
	}
	EXPECT_EQ(ARRAY_SIZE(slots), sbuddy_owner_slots(self->h.o));
}

/* Operations on many slots: whichever chunk is missing, no page is taken. */
TEST_F(failsweep, operations_on_many_slots)
{
	static const u8 opcode[] = { SBUDDY_OP_BULK, SBUDDY_OP_ALLOC_EXACT, SBUDDY_OP_SPLIT };

	for (size_t i = 0; i < ARRAY_SIZE(opcode); i++) {
		struct sbuddy_op op;
		int n = 0;

		BOOT("N0:DMA32=16M", 1);
		self->h.o = sbuddy_owner_create(self->h.m, 1);
		op = (struct sbuddy_op){ .opcode = SBUDDY_OP_ALLOC, .slot = 4094, .order = 3,
					 .cpu = -1, .nid = -1, .gfp = GFP_MOV };
		if (opcode[i] == SBUDDY_OP_SPLIT)
			ASSERT_EQ(0, sbuddy_run_op(self->h.o, &op, 0));
		do {
			u64 pages = sbuddy_owner_pages(self->h.o);

			op = (struct sbuddy_op){ .opcode = opcode[i], .slot = 4094, .cpu = -1,
						 .nid = -1 };
			if (opcode[i] != SBUDDY_OP_SPLIT) {
				op.count = 8;
				op.gfp = GFP_MOV;
			}
			os_fail_nth = ++n;
			sbuddy_run_op(self->h.o, &op, 0);
			EXPECT_SANE();
			if (op.err) {
				EXPECT_EQ(-ENOMEM, op.err);
				EXPECT_EQ(pages, sbuddy_owner_pages(self->h.o));
			}
		} while (op.err && n < 10);
		os_fail_nth = 0;
		EXPECT_LT(1, n);
		EXPECT_EQ(0, op.err);
		host_exit(&self->h);
		EXPECT_EQ(0, os_allocated);
	}
}

TEST_HARNESS_MAIN
