// SPDX-License-Identifier: GPL-2.0
/*
 * From events to operations: what a well-behaved kernel seldom does.  Frees of
 * parts of blocks, frees that went unseen, batches, pages told twice.
 */
#include <kselftest_harness.h>

#include "../../scripts/replay/stream.h"
#include "../../scripts/replay/translate.h"

#define NR_VCPUS	2

FIXTURE(translate)
{
	struct plan p;
	char ops[512];
};

FIXTURE_SETUP(translate)
{
	memset(self, 0, sizeof(*self));
}

FIXTURE_TEARDOWN(translate)
{
	plan_free(&self->p);
}

/* Operations as "a100/3 f100 ..." : kind, slot, order of allocations. */
static void describe(struct _test_data_translate *self)
{
	static const char kinds[SBUDDY_NR_OPS] = {
		[SBUDDY_OP_ALLOC] = 'a', [SBUDDY_OP_FREE] = 'f', [SBUDDY_OP_FREE_BATCH] = 'b',
		[SBUDDY_OP_SPLIT] = 's', [SBUDDY_OP_DECAY] = 'd',
	};
	const struct plan *p = &self->p;
	size_t n = 0, i;

	self->ops[0] = '\0';
	for (i = 0; i < p->nr && n < sizeof(self->ops); i++) {
		const struct sbuddy_op *op = &p->ops[i];

		n += snprintf(self->ops + n, sizeof(self->ops) - n, "%s%c%x", i ? " " : "",
			      kinds[op->opcode],
			      op->opcode == SBUDDY_OP_DECAY ? (uint32_t)op->cpu : op->slot);
		if (op->opcode == SBUDDY_OP_ALLOC && n < sizeof(self->ops))
			n += snprintf(self->ops + n, sizeof(self->ops) - n, "/%u", op->order);
	}
}

/* The plan that becomes of the lines of a stream, in words. */
static const char *plan(struct _test_data_translate *self, const char *lines)
{
	FILE *out = tmpfile(), *in;
	struct convert_result r;
	struct sbr_file f;
	char text[1024];
	int err;

	plan_free(&self->p);
	snprintf(text, sizeof(text), "# sbuddy-stream 1 cpus=2 lost=0\n%s", lines);
	in = fmemopen(text, strlen(text), "r");
	err = stream_read(in, out, &r);
	fclose(in);
	if (!err)
		err = sbr_open_fd(&f, fileno(out));
	fclose(out);
	if (err)
		return "no recording";
	err = plan_make(&f, NR_VCPUS, &self->p);
	sbr_close(&f);
	if (err)
		return strerror(-err);
	describe(self);
	return self->ops;
}

TEST_F(translate, matched)
{
	EXPECT_STREQ("a100/3 f100", plan(self, "0 0 a 100 3 cc0\n1 1 f 100 3\n"));
	ASSERT_EQ(2, self->p.nr);
	EXPECT_EQ(0, self->p.ops[0].cpu);
	EXPECT_EQ(1, self->p.ops[1].cpu);
	EXPECT_EQ(0xcc0, self->p.ops[0].gfp);
	EXPECT_EQ(1, self->p.allocs);
	EXPECT_EQ(1, self->p.frees);
	EXPECT_EQ(8, self->p.peak_pages);
	EXPECT_EQ(0, self->p.live_pages);
}

TEST_F(translate, counted_instead)
{
	EXPECT_STREQ("", plan(self, "0 0 f 100 0\n"));
	EXPECT_EQ(1, self->p.unmatched);
	EXPECT_STREQ("", plan(self, "0 0 a - 9 cc0\n"));
	EXPECT_EQ(1, self->p.failed);
	EXPECT_EQ(0, self->p.allocs);
	EXPECT_STREQ("a100/0", plan(self, "0 0 a 100 0 80000cc0\n"));
	EXPECT_EQ(1, self->p.gfp_unknown);
	EXPECT_EQ(0xcc0, self->p.ops[0].gfp);
}

TEST_F(translate, part_of_a_block_is_freed)
{
	EXPECT_STREQ("a100/2 s100 f102 f103 f100 f101",
		     plan(self, "0 0 a 100 2 40cc0\n1 0 f 102 1\n2 0 f 100 0\n2 0 f 101 0\n"));
	EXPECT_EQ(3, self->p.partial);
	EXPECT_EQ(0, self->p.merged);
	EXPECT_EQ(0, self->p.live_pages);
	EXPECT_EQ(0, self->p.ops[0].gfp & SBUDDY_GFP_COMP);
}

TEST_F(translate, blocks_are_freed_as_one)
{
	EXPECT_STREQ("a100/0 a101/0 f100 f101",
		     plan(self, "0 0 a 100 0 cc0\n0 0 a 101 0 cc0\n1 0 f 100 1\n"));
	EXPECT_EQ(1, self->p.merged);
	EXPECT_STREQ("a101/0 f101", plan(self, "0 0 a 101 0 cc0\n1 0 f 100 1\n"));
	EXPECT_EQ(1, self->p.merged);
}

TEST_F(translate, a_frame_comes_again)
{
	EXPECT_STREQ("a100/0 f100 a100/2", plan(self, "0 0 a 100 0 cc0\n1 0 a 100 2 cc0\n"));
	EXPECT_EQ(1, self->p.unseen_frees);
	EXPECT_STREQ("a100/1 s100 f101 a101/0",
		     plan(self, "0 0 a 100 1 cc0\n1 0 a 101 0 cc0\n"));
	EXPECT_EQ(1, self->p.unseen_frees);
	EXPECT_EQ(2, self->p.live_pages);
	EXPECT_STREQ("a300/0 f300 a0/10", plan(self, "0 0 a 300 0 cc0\n1 0 a 0 10 cc0\n"));
}

TEST_F(translate, batches)
{
	EXPECT_STREQ("a100/0 a101/0 b100 f101",
		     plan(self, "0 0 a 100 0 cc0\n0 0 a 101 0 cc0\n1 0 f 100 0\n1 0 f 101 0\n"
			  "1 0 c 100 0\n"));
	EXPECT_EQ(1, self->p.batched);
	/* A block that is no folio. */
	EXPECT_STREQ("a100/1 f100",
		     plan(self, "0 0 a 100 1 cc0\n1 0 f 100 1\n1 0 c 100 0\n"));
}

TEST_F(translate, bulk_pages_told_twice)
{
	EXPECT_STREQ("a100/0 a101/0", plan(self, "0 0 a 100 0 cc0\n0 0 b 100 0 cc0\n"
					   "0 0 b 101 0 cc0\n"));
	EXPECT_EQ(1, self->p.doubled);
	EXPECT_EQ(2, self->p.bulk);
}

TEST_F(translate, time_passes)
{
	EXPECT_STREQ("d0 d1 d0 d1 a100/0", plan(self, "0 0 m one\n2500000 0 a 100 0 cc0\n"));
	EXPECT_EQ(1, self->p.nr_marks);
	EXPECT_STREQ("one", self->p.marks[0].name);
	EXPECT_EQ(4, self->p.decays);
	/* A gap of a year is an hour. */
	plan(self, "0 0 m one\n31536000000000 0 a 100 0 cc0\n");
	EXPECT_LT(self->p.decays, 2 * 3603);
	EXPECT_GT(self->p.decays, 2 * 3599);
}

/* Frames beyond what slots can number: only sections that occur count. */
TEST_F(translate, memory_far_up)
{
	EXPECT_STREQ("a0/0 a8005/0 f0 f8005",
		     plan(self, "0 0 a 100000 0 cc0\n0 0 a 8000000005 0 cc0\n"
			  "1 0 f 100000 0\n1 0 f 8000000005 0\n"));
}

TEST_HARNESS_MAIN
