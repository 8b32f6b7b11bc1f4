// SPDX-License-Identifier: GPL-2.0
/*
 * Tests of the recorder's and the translator's parts that a well-behaved kernel
 * seldom exercises: frees of parts of blocks, frees that went unseen, damaged
 * text, ring buffer pages with every kind of filler.  No kernel is needed; the
 * trace buffers are files made here.  Prints TAP.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tracebuf.h"
#include "translate.h"

#define NR_VCPUS	2
#define GFP_COMP	(SBUDDY_GFP_KERNEL | SBUDDY_GFP_COMP)

static int nr_tests, nr_failed;

static void check(bool ok, const char *name)
{
	printf("%sok %d - %s\n", ok ? "" : "not ", ++nr_tests, name);
	nr_failed += !ok;
}

/* ---- streams ---- */

static int read_text(const char *text, struct stream *s)
{
	FILE *in = fmemopen((char *)text, strlen(text), "r");
	int err = stream_read(in, s);

	fclose(in);
	return err;
}

/* Operations as "a100/3 f100 ..." : kind, slot, order of allocations. */
static void describe(const struct plan *p, char *text, size_t size)
{
	static const char kinds[SBUDDY_NR_OPS] = {
		[SBUDDY_OP_ALLOC] = 'a', [SBUDDY_OP_FREE] = 'f', [SBUDDY_OP_FREE_BATCH] = 'b',
		[SBUDDY_OP_SPLIT] = 's', [SBUDDY_OP_DECAY] = 'd',
	};
	size_t n = 0, i;

	text[0] = '\0';
	for (i = 0; i < p->nr && n < size; i++) {
		const struct sbuddy_op *op = &p->ops[i];

		n += snprintf(text + n, size - n, "%s%c%x", i ? " " : "", kinds[op->opcode],
			      op->opcode == SBUDDY_OP_DECAY ? (uint32_t)op->cpu : op->slot);
		if (op->opcode == SBUDDY_OP_ALLOC && n < size)
			n += snprintf(text + n, size - n, "/%u", op->order);
	}
}

/* Translates the lines and compares; the plan is left to be looked at. */
static void expect_plan(const char *name, const char *lines, const char *ops, struct plan *p)
{
	char text[512], stream[512];
	struct stream s;
	int err;

	snprintf(stream, sizeof(stream), "# sbuddy-stream 1 cpus=2 lost=0\n%s", lines);
	memset(p, 0, sizeof(*p));
	err = read_text(stream, &s);
	if (!err)
		err = plan_make(&s, NR_VCPUS, p);
	describe(p, text, sizeof(text));
	check(!err && !strcmp(text, ops), name);
	if (err || strcmp(text, ops))
		printf("# error %d, operations '%s', expected '%s'\n", err, text, ops);
	stream_free(&s);
}

static void test_matched(void)
{
	struct plan p;

	expect_plan("allocated and freed", "0 0 a 100 3 cc0\n1 1 f 100 3\n", "a100/3 f100", &p);
	check(p.ops && p.ops[0].cpu == 0 && p.ops[1].cpu == 1 && p.ops[0].gfp == 0xcc0 &&
	      p.allocs == 1 && p.frees == 1 && p.peak_pages == 8 && !p.live_pages,
	      "vcpus, flags and counts of it");
	plan_free(&p);
	expect_plan("a free without an allocation", "0 0 f 100 0\n", "", &p);
	check(p.unmatched == 1, "is counted");
	plan_free(&p);
	expect_plan("an allocation that failed", "0 0 a - 9 cc0\n", "", &p);
	check(p.failed == 1 && !p.allocs, "is counted");
	plan_free(&p);
	expect_plan("a flag that we lack", "0 0 a 100 0 80000cc0\n", "a100/0", &p);
	check(p.gfp_unknown == 1 && p.ops && p.ops[0].gfp == 0xcc0, "is dropped and counted");
	plan_free(&p);
}

static void test_parts(void)
{
	struct plan p;

	expect_plan("part of a compound block is freed",
		    "0 0 a 100 2 40cc0\n1 0 f 102 1\n2 0 f 100 0\n2 0 f 101 0\n",
		    "a100/2 s100 f102 f103 f100 f101", &p);
	check(p.partial == 3 && !p.merged && !p.live_pages && p.ops &&
	      !(p.ops[0].gfp & SBUDDY_GFP_COMP), "which was not compound, then");
	plan_free(&p);
	expect_plan("two blocks are freed as one",
		    "0 0 a 100 0 cc0\n0 0 a 101 0 cc0\n1 0 f 100 1\n",
		    "a100/0 a101/0 f100 f101", &p);
	check(p.merged == 1, "is counted");
	plan_free(&p);
	expect_plan("a frame comes again", "0 0 a 100 0 cc0\n1 0 a 100 2 cc0\n",
		    "a100/0 f100 a100/2", &p);
	check(p.unseen_frees == 1, "is counted");
	plan_free(&p);
	expect_plan("a frame of a larger block comes again", "0 0 a 100 1 cc0\n1 0 a 101 0 cc0\n",
		    "a100/1 s100 f101 a101/0", &p);
	check(p.unseen_frees == 1 && p.live_pages == 2, "is counted");
	plan_free(&p);
}

static void test_special(void)
{
	struct plan p;

	expect_plan("a batch", "0 0 a 100 0 cc0\n0 0 a 101 0 cc0\n1 0 f 100 0\n1 0 f 101 0\n"
		    "1 0 c 100 0\n", "a100/0 a101/0 b100 f101", &p);
	check(p.batched == 1, "is counted");
	plan_free(&p);
	expect_plan("a block in a batch that is no folio", "0 0 a 100 1 cc0\n1 0 f 100 1\n"
		    "1 0 c 100 0\n", "a100/1 f100", &p);
	plan_free(&p);
	expect_plan("pages in bulk, one announced before", "0 0 a 100 0 cc0\n0 0 b 100 0 cc0\n"
		    "0 0 b 101 0 cc0\n", "a100/0 a101/0", &p);
	check(p.doubled == 1 && p.bulk == 2, "are counted");
	plan_free(&p);
	expect_plan("time passes", "0 0 m one\n2500000 0 a 100 0 cc0\n", "d0 d1 d0 d1 a100/0", &p);
	check(p.nr_marks == 1 && !strcmp(p.marks[0].name, "one") && p.decays == 4,
	      "phases and decay steps");
	plan_free(&p);
}

static void test_text(void)
{
	static const char * const bad[] = {
		"", "# sbuddy-stream 2 cpus=2 lost=0\n", "# sbuddy-stream 1 cpus=0 lost=0\n",
		"# sbuddy-stream 1 cpus=2 lost=0\n0 0 a 100 0\n",
		"# sbuddy-stream 1 cpus=2 lost=0\n0 0 f - 0\n",
		"# sbuddy-stream 1 cpus=2 lost=0\n0 0 x 100 0\n",
		"# sbuddy-stream 1 cpus=2 lost=0\n0 0 f 100\n",
	};
	struct stream_event e = { .time_us = 12, .pfn = 0x1a2, .gfp = 0xcc0, .order = 3,
				  .cpu = 1, .kind = STREAM_ALLOC };
	char *text = NULL;
	struct stream s;
	struct plan p;
	size_t size, i;
	bool ok = true;
	FILE *out = open_memstream(&text, &size);

	stream_write_header(out, 2, 7);
	stream_write_event(out, &e);
	fclose(out);
	check(!read_text(text, &s) && s.nr == 1 && s.cpus == 2 && s.lost == 7 &&
	      !memcmp(&s.events[0], &e, sizeof(e)), "a stream comes back as it was written");
	stream_free(&s);
	free(text);
	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		ok &= read_text(bad[i], &s) == -EINVAL;
		stream_free(&s);
	}
	check(ok, "what is no stream is refused");
	read_text("# sbuddy-stream 1 cpus=2 lost=0\n0 0 a 100 11 cc0\n", &s);
	check(plan_make(&s, NR_VCPUS, &p) == -EINVAL, "an order beyond the largest is refused");
	stream_free(&s);
}

/* ---- trace buffers ---- */

static char instance[32];

static FILE *create(const char *fmt, ...)
{
	char path[256], *slash;
	va_list args;
	int n;

	n = snprintf(path, sizeof(path), "%s/", instance);
	va_start(args, fmt);
	vsnprintf(path + n, sizeof(path) - n, fmt, args);
	va_end(args);
	for (slash = path + n; (slash = strchr(slash, '/')); slash++) {
		*slash = '\0';
		mkdir(path, 0700);
		*slash = '/';
	}
	return fopen(path, "w");
}

struct page {
	uint8_t bytes[4096];
	size_t end;
};

static void add(struct page *pg, uint32_t word)
{
	memcpy(pg->bytes + pg->end, &word, sizeof(word));
	pg->end += sizeof(word);
}

static void begin_page(struct page *pg, uint64_t time_ns)
{
	memset(pg, 0, sizeof(*pg));
	memcpy(pg->bytes, &time_ns, sizeof(time_ns));
	pg->end = 16;
}

/* An event of two words: a type in the low half of the first, and a value. */
static void add_event(struct page *pg, uint32_t delta, uint32_t value)
{
	add(pg, delta << 5 | 2);
	add(pg, 77);
	add(pg, value);
}

static void write_page(struct page *pg, FILE *f)
{
	uint64_t commit = pg->end - 16;

	memcpy(pg->bytes + 8, &commit, sizeof(commit));
	fwrite(pg->bytes, sizeof(pg->bytes), 1, f);
}

/* Every kind of word that a page can hold, on two pages. */
static void write_cpu0(void)
{
	FILE *f = create("per_cpu/cpu0/trace_pipe_raw");
	struct page pg;

	begin_page(&pg, 1000);
	add_event(&pg, 5, 1);			/* at 1005 */
	add(&pg, 3 << 5 | 30);			/* time goes on by 2^27 + 3 */
	add(&pg, 1);
	add_event(&pg, 0, 2);
	add(&pg, 4 << 5 | 29);			/* a discarded event of three words */
	add(&pg, 8);
	add(&pg, 0);
	add(&pg, 6 << 5);			/* a long event: length in a word */
	add(&pg, 12);
	add(&pg, 77);
	add(&pg, 3);
	add(&pg, 29);				/* the rest of the page is filler */
	write_page(&pg, f);
	begin_page(&pg, 1000000000);
	add(&pg, 9 << 5 | 31);			/* it is 2^28 + 9 now */
	add(&pg, 2);
	add_event(&pg, 1, 4);
	write_page(&pg, f);
	fclose(f);
}

static void write_cpu1(void)
{
	FILE *f = create("per_cpu/cpu1/trace_pipe_raw");
	struct page pg;

	begin_page(&pg, 1004);
	add_event(&pg, 0, 10);
	add_event(&pg, 2, 11);
	write_page(&pg, f);
	fclose(f);
	f = create("per_cpu/cpu1/stats");
	fputs("entries: 2\noverrun: 3\ncommit overrun: 0\ndropped events: 4\n", f);
	fclose(f);
}

static void test_reader(void)
{
	static const struct { uint64_t time_ns; int cpu; uint32_t value; } want[] = {
		{ 1004, 1, 10 }, { 1005, 0, 1 }, { 1006, 1, 11 }, { 1008 + (1 << 27), 0, 2 },
		{ 1018 + (1 << 27), 0, 3 }, { (1 << 28) + 10, 0, 4 },
	};
	static struct trace_reader reader;
	struct trace_field value = { 4, 4 }, beyond = { 8, 4 };
	struct trace_record rec;
	size_t nr = 0;
	bool ok = true;

	write_cpu0();
	write_cpu1();
	check(!trace_open(&reader, instance) && reader.nr_cpus == 2, "an instance is opened");
	check(reader.lost == 7, "losses are added up");
	for (; trace_next(&reader, &rec) && nr < ARRAY_SIZE(want); nr++) {
		ok &= rec.time_ns == want[nr].time_ns && rec.cpu == want[nr].cpu &&
		      trace_get(&rec, &value) == want[nr].value && !trace_get(&rec, &beyond);
		if (!ok)
			printf("# event %zu at %" PRIu64 " of cpu %d\n", nr, rec.time_ns, rec.cpu);
	}
	check(ok && nr == 6, "events of all CPUs, in order of time");
	trace_close(&reader);
}

static void test_format(void)
{
	FILE *f = create("events/kmem/some/format");
	struct trace_field pfn, list;

	fputs("name: some\n\tfield:unsigned long pfn;\toffset:8;\tsize:8;\tsigned:0;\n"
	      "\tfield:u64 page[];\toffset:44;\tsize:512;\tsigned:0;\n", f);
	fclose(f);
	f = create("events/kmem/some/id");
	fputs("621\n", f);
	fclose(f);
	check(trace_event_id(instance, "kmem/some") == 621 &&
	      trace_event_id(instance, "kmem/other") == -ENOENT, "numbers of events");
	check(!trace_event_field(instance, "kmem/some", "pfn", &pfn) && pfn.offset == 8 &&
	      !trace_event_field(instance, "kmem/some", "page", &list) && list.size == 512 &&
	      trace_event_field(instance, "kmem/some", "pf", &pfn) == -ENOENT, "fields of events");
}

int main(void)
{
	char cleanup[64];

	test_matched();
	test_parts();
	test_special();
	test_text();
	snprintf(instance, sizeof(instance), "/tmp/sbuddy-replay.XXXXXX");
	if (!mkdtemp(instance)) {
		printf("Bail out! no directory in /tmp\n");
		return 1;
	}
	test_reader();
	test_format();
	snprintf(cleanup, sizeof(cleanup), "rm -r %s", instance);
	if (system(cleanup))
		printf("# %s stays\n", instance);
	printf("1..%d\n# %d passed, %d failed\n", nr_tests, nr_tests - nr_failed, nr_failed);
	return nr_failed != 0;
}
