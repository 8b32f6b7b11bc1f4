// SPDX-License-Identifier: GPL-2.0
/*
 * Replay in a program: settings as text, a recording on a machine, what is
 * refused and counted, samples, and that the same makes the same.
 */
#include <kselftest_harness.h>
#include <time.h>

#include "../../scripts/replay/native.h"

#define PAGES	(16UL << 8)		/* 16 MiB */

FIXTURE(native)
{
	struct settings s;
	struct native n;
	struct plan p;
	char error[256];
};

FIXTURE_SETUP(native)
{
	memset(self, 0, sizeof(*self));
}

FIXTURE_TEARDOWN(native)
{
	native_destroy(&self->n);
	plan_free(&self->p);
	EXPECT_EQ(0, os_allocated);
}

static int parse(struct _test_data_native *self, const char *text)
{
	self->error[0] = '\0';
	return settings_parse(&self->s, text, 2, PAGES, self->error, sizeof(self->error));
}

#define CREATE(text) do {						\
	ASSERT_EQ(0, parse(self, text)) TH_LOG("%s", self->error);	\
	ASSERT_EQ(0, native_create(&self->n, &self->s, self->error, sizeof(self->error))); \
} while (0)

/* A recording of random blocks that come and go; some are freed in parts. */
static void record(struct sbr_file *f, unsigned int nr, unsigned int seed)
{
	struct { uint64_t pfn; uint8_t order; } held[256] = { 0 };
	struct sbr_event e = { .type = SBR_NO_TYPE };
	FILE *out = tmpfile();
	struct sbr_writer w;

	sbr_create(&w, out, SBR_FROM_STREAM, 2, NULL);
	for (unsigned int i = 0; i < nr; i++) {
		unsigned int at = rand_r(&seed) % 256;

		e.cpu = rand_r(&seed) % 2;
		e.time_ns = i * 1000000ULL;
		e.pfn = 4096 + at * 16;
		e.kind = held[at].pfn ? SBR_FREE : SBR_ALLOC;
		e.order = held[at].pfn ? held[at].order : rand_r(&seed) % 5;
		e.gfp = SBUDDY_GFP_KERNEL | (at % 2 ? SBUDDY_GFP_MOVABLE : 0);
		held[at].pfn = held[at].pfn ? 0 : e.pfn;
		held[at].order = e.order;
		if (e.kind == SBR_FREE && e.order && !(at % 7))
			e.order--;
		sbr_write(&w, &e);
	}
	sbr_finish(&w);
	sbr_open_fd(f, fileno(out));
	fclose(out);
}

static int make_plan(struct _test_data_native *self, unsigned int nr)
{
	struct sbr_file f;
	int err;

	record(&f, nr, 1);
	err = plan_make(&f, self->s.config.nr_vcpus, &self->p);
	sbr_close(&f);
	return err;
}

TEST_F(native, settings)
{
	ASSERT_EQ(0, parse(self, ""));
	EXPECT_EQ(2, self->s.config.nr_vcpus);
	EXPECT_EQ(PAGES, self->s.config.layout.nr_pages);
	ASSERT_EQ(0, parse(self, "vcpus=3  base_pfn=0x8000 layout=N0:DMA32=8M;N1:Normal=8M"));
	EXPECT_EQ(3, self->s.config.nr_vcpus);
	EXPECT_EQ(0x8000, self->s.config.base_pfn);
	EXPECT_EQ(2, self->s.config.layout.nr_nodes);
	EXPECT_EQ(1, self->s.config.vcpu_node[1]);
	EXPECT_EQ(0, self->s.config.vcpu_node[2]);
	ASSERT_EQ(0, parse(self, "size=32M size=64M"));
	EXPECT_EQ(64UL << 8, self->s.config.layout.nr_pages);
	CREATE("watermark_boost_factor=0 min_free_kbytes=512 llc=1024 thp=0 shortcut=0");
	EXPECT_EQ(0, self->n.m->knobs.watermark_boost_factor);
	EXPECT_EQ(512, self->n.m->knobs.min_free_kbytes);
	EXPECT_EQ(256, self->n.m->knobs.llc_pages_per_cpu);
	EXPECT_FALSE(self->n.m->knobs.thp);
	EXPECT_FALSE(self->n.m->knobs.shortcut);
	ASSERT_EQ(0, parse(self, "compat=6.1"));
	EXPECT_STREQ("6.1", sbuddy_rules_name(self->s.config.rules));
}

TEST_F(native, bad_settings)
{
	static const char * const bad[] = {
		"vcpus", "vcpus=0", "vcpus=257", "vcpus=x", "vcpus=", "size=1M", "size=4M4",
		"size=-4M", "base_pfn=5", "thp=2", "llc=0", "layout=N0:Nowhere=4M", "other=1", "compat=5.10",
		"watermark_scale_factor=0", "watermark_boost_factor=-1",
	};

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		EXPECT_EQ(-EINVAL, parse(self, bad[i])) {
			TH_LOG("%s", bad[i]);
		}
		EXPECT_NE(NULL, strstr(self->error, "expected"));
	}
	ASSERT_EQ(0, parse(self, "percpu_pagelist_high_fraction=3"));
	EXPECT_EQ(-EINVAL, native_create(&self->n, &self->s, self->error, sizeof(self->error)));
}

TEST_F(native, replay_leaves_what_the_recording_leaves)
{
	const struct results *r = &self->n.results;
	char why[256];

	CREATE("");
	ASSERT_EQ(0, make_plan(self, 5000));
	EXPECT_LT(0, self->p.partial + self->p.merged + self->p.unseen_frees);
	ASSERT_EQ(0, native_replay(&self->n, &self->p, 10, NULL, NULL));
	EXPECT_EQ(0, r->refused);
	EXPECT_EQ(0, r->other_errors);
	EXPECT_EQ(self->p.allocs, r->allocs);
	EXPECT_EQ(self->p.live_pages, sbuddy_owner_pages(self->n.o));
	EXPECT_EQ(0, sbuddy_check(self->n.m, why, sizeof(why)));
	ASSERT_EQ(11, self->n.nr_samples);
	EXPECT_EQ(self->p.nr, self->n.samples[10].op);
	EXPECT_EQ(self->p.live_pages, self->n.samples[10].held_pages);
}

/* 4 MiB cannot hold what 16 MiB could: refusals are counted and nothing breaks. */
TEST_F(native, refusals)
{
	const struct results *r = &self->n.results;
	char why[256];

	CREATE("layout=N0:Normal=4M");
	ASSERT_EQ(0, make_plan(self, 5000));
	ASSERT_EQ(0, native_replay(&self->n, &self->p, 3, NULL, NULL));
	EXPECT_LT(0, r->refused);
	EXPECT_EQ(self->p.allocs, r->allocs + r->refused);
	EXPECT_EQ(0, r->other_errors);
	EXPECT_EQ(r->alloc_pages - r->freed_pages, sbuddy_owner_pages(self->n.o));
	EXPECT_EQ(r->refused_pages, self->n.samples[3].refused_pages);
	EXPECT_EQ(0, sbuddy_check(self->n.m, why, sizeof(why)));
}

static char *replay_text(struct _test_data_native *self, unsigned int slices)
{
	char *text;
	size_t size;

	self->n.ops = open_memstream(&text, &size);
	native_replay(&self->n, &self->p, slices, NULL, NULL);
	fclose(self->n.ops);
	return text;
}

TEST_F(native, the_same_makes_the_same)
{
	char *first, *second;

	CREATE("layout=N0:DMA32=4M,Normal=8M");
	ASSERT_EQ(0, make_plan(self, 3000));
	first = replay_text(self, 1);
	native_destroy(&self->n);
	CREATE("layout=N0:DMA32=4M,Normal=8M shortcut=0");
	second = replay_text(self, 77);
	EXPECT_EQ(0, strcmp(first, second));
	EXPECT_LT(3000 * 20, strlen(first));
	free(first);
	free(second);
}

TEST_F(native, indices)
{
	const uint64_t none[SBUDDY_NR_PAGE_ORDERS] = { 0 };
	const uint64_t some[SBUDDY_NR_PAGE_ORDERS] = { 4, 2, 0, 1 };

	EXPECT_EQ(1000, native_unusable(none, 0));
	EXPECT_EQ(0, native_extfrag(none, 3));
	EXPECT_EQ(0, native_unusable(some, 0));
	EXPECT_EQ(250, native_unusable(some, 1));
	EXPECT_EQ(500, native_unusable(some, 3));
	EXPECT_EQ(1000, native_unusable(some, 4));
	EXPECT_EQ(-1000, native_extfrag(some, 3));
	/* 1000 - (1000 + 16 * 1000 / 16) / 7 */
	EXPECT_EQ(715, native_extfrag(some, 4));
}

/* Ten times as fast as recorded: 0.5 s of the recording take 50 ms at least. */
TEST_F(native, pace)
{
	struct timespec a, b;

	EXPECT_TRUE(pace_parse("max", &self->n.pace));
	EXPECT_TRUE(pace_parse("0.5x", &self->n.pace));
	EXPECT_FALSE(pace_parse("0", &self->n.pace));
	EXPECT_FALSE(pace_parse("1y", &self->n.pace));
	CREATE("");
	ASSERT_EQ(0, make_plan(self, 500));
	ASSERT_TRUE(pace_parse("10", &self->n.pace));
	clock_gettime(CLOCK_MONOTONIC, &a);
	ASSERT_EQ(0, native_replay(&self->n, &self->p, 4, NULL, NULL));
	clock_gettime(CLOCK_MONOTONIC, &b);
	EXPECT_LE(49.0, (b.tv_sec - a.tv_sec) * 1e3 + (b.tv_nsec - a.tv_nsec) / 1e6);
}

TEST_HARNESS_MAIN
