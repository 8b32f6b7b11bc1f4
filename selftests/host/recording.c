// SPDX-License-Identifier: GPL-2.0
/*
 * Recordings: the file format there and back, damage to every byte of a file,
 * what the converters make of other programs' records, and ftrace's buffers
 * with every kind of filler.  No kernel is needed: buffers are files made here.
 */
#include <kselftest_harness.h>
#include <sys/stat.h>

#include "../../scripts/replay/stream.h"
#include "../../scripts/replay/tracebuf.h"

#define SAMPLES "selftests/host/recordings/"

/* A recording in memory, aligned as a mapped one is. */
FIXTURE(recording)
{
	struct sbr_writer w;
	struct sbr_file f;
	struct convert_result r;
	FILE *out;
	char *text;
	size_t size;
	void *data;
};

FIXTURE_SETUP(recording)
{
	memset(self, 0, sizeof(*self));
	self->out = tmpfile();
	ASSERT_NE(NULL, self->out);
}

FIXTURE_TEARDOWN(recording)
{
	sbr_close(&self->f);
	fclose(self->out);
	free(self->text);
	free(self->data);
}

#define FINISH() do {							\
	ASSERT_EQ(0, sbr_finish(&self->w));				\
	ASSERT_EQ(0, sbr_open_fd(&self->f, fileno(self->out))) {	\
		TH_LOG("%s", self->f.error);				\
	}								\
} while (0)

/* Text of a stream, of the recording that is open. */
static const char *stream_text(struct _test_data_recording *self)
{
	FILE *out = open_memstream(&self->text, &self->size);

	stream_write(&self->f, out);
	fclose(out);
	return self->text;
}

/* The file's bytes, to be damaged. */
static uint8_t *load(struct _test_data_recording *self)
{
	long n;

	fseek(self->out, 0, SEEK_END);
	n = ftell(self->out);
	rewind(self->out);
	self->data = malloc(n);
	self->size = fread(self->data, 1, n, self->out);
	return self->data;
}

static struct sbr_event random_event(unsigned int *seed)
{
	struct sbr_event e = { .cpu = rand_r(seed) % 3, .order = rand_r(seed) % 11,
			       .type = rand_r(seed) % 4, .pid = rand_r(seed) % 5,
			       .kind = SBR_ALLOC + rand_r(seed) % (SBR_NR_KINDS - SBR_ALLOC),
			       .context = rand_r(seed) % 4 << 4, .gfp = rand_r(seed) };

	e.pfn = (uint64_t)rand_r(seed) << 8 >> e.order << e.order;
	if (e.kind == SBR_ALLOC && !(rand_r(seed) % 8))
		e.pfn = SBR_NO_PFN;
	return e;
}

/* Enough for several chunks of each CPU, with pauses longer than a chunk can span. */
TEST_F(recording, comes_back_as_it_was_written)
{
	const unsigned int nr = 30000;
	unsigned int seed = 1, again = 1, i;
	struct sbr_event e, want;
	struct sbr_cursor c;
	uint64_t time = 7;

	ASSERT_EQ(0, sbr_create(&self->w, self->out, SBR_FROM_FTRACE, 3, "6.12.1"));
	for (i = 0; i < nr; i++) {
		e = random_event(&seed);
		time += i % 1000 ? i % 50 + 1 : 5000000000;
		e.time_ns = time;
		sbr_write(&self->w, &e);
	}
	FINISH();
	EXPECT_EQ(nr, self->f.header.nr_events);
	EXPECT_STREQ("6.12.1", self->f.header.release);
	ASSERT_EQ(0, sbr_begin(&c, &self->f));
	for (i = 0, time = 0; sbr_next(&c, &e); i++) {
		want = random_event(&again);
		time += !i ? 0 : i % 1000 ? i % 50 + 1 : 5000000000;
		EXPECT_EQ(time, e.time_ns);
		ASSERT_EQ(want.cpu, e.cpu);
		EXPECT_EQ(want.pfn, e.pfn);
		EXPECT_EQ(want.gfp, e.gfp);
		EXPECT_EQ(want.pid, e.pid);
		EXPECT_EQ(want.kind << 8 | want.context, e.kind << 8 | e.context);
		EXPECT_EQ(want.order << 8 | want.type, e.order << 8 | e.type);
	}
	sbr_end(&c);
	EXPECT_EQ(nr, i);
}

TEST_F(recording, order_of_a_cpu_is_kept_where_clocks_go_back)
{
	const uint64_t times[] = { 100, 90, 120 };
	struct sbr_event e = { .kind = SBR_FREE, .type = SBR_NO_TYPE };
	struct sbr_cursor c;

	ASSERT_EQ(0, sbr_create(&self->w, self->out, SBR_FROM_PERF, 1, NULL));
	for (int i = 0; i < 3; i++) {
		e.time_ns = times[i];
		e.pfn = i;
		sbr_write(&self->w, &e);
	}
	FINISH();
	ASSERT_EQ(0, sbr_begin(&c, &self->f));
	for (int i = 0; i < 3; i++) {
		ASSERT_TRUE(sbr_next(&c, &e));
		EXPECT_EQ(i, e.pfn);
		EXPECT_EQ(i == 2 ? 20 : 0, e.time_ns);
	}
	EXPECT_FALSE(sbr_next(&c, &e));
	sbr_end(&c);
}

TEST_F(recording, names_and_losses)
{
	struct sbr_comm comms[] = { { .pid = 7, .comm = "sixteen-letters!" },
				    { .pid = 9, .comm = "sh" } };
	struct sbr_event e = { .kind = SBR_ALLOC, .pfn = 5 };
	char name[32];

	ASSERT_EQ(0, sbr_create(&self->w, self->out, SBR_FROM_FTRACE, 2, NULL));
	sbr_write(&self->w, &e);
	sbr_write_mark(&self->w, 0, 10, "one");
	sbr_write_lost(&self->w, 0, 3);
	sbr_write_lost(&self->w, 1, 4);
	sbr_write_mark(&self->w, 1, 20, "two");
	sbr_write_comms(&self->w, comms, 2);
	FINISH();
	EXPECT_EQ(7, self->f.header.lost);
	EXPECT_EQ(3, self->f.header.nr_events);
	EXPECT_STREQ("sixteen-letters!", sbr_comm(&self->f, 7, name));
	EXPECT_STREQ("sh", sbr_comm(&self->f, 9, name));
	EXPECT_EQ(NULL, sbr_comm(&self->f, 8, name));
	EXPECT_STREQ("two", sbr_mark(&self->f, 1, name));
	EXPECT_STREQ("# sbuddy-stream 1 cpus=2 lost=7\n0 0 a 5 0 0\n0 0 m one\n0 1 m two\n",
		     stream_text(self));
}

TEST_F(recording, wrong_events_are_refused)
{
	struct sbr_event e = { .kind = SBR_ALLOC, .cpu = 2 };

	EXPECT_EQ(-EINVAL, sbr_create(&self->w, self->out, SBR_FROM_FTRACE, 0, NULL));
	ASSERT_EQ(0, sbr_create(&self->w, self->out, SBR_FROM_FTRACE, 2, NULL));
	sbr_write(&self->w, &e);
	EXPECT_EQ(-EINVAL, sbr_finish(&self->w));
}

static void small_recording(struct _test_data_recording *self)
{
	struct sbr_event e = { .kind = SBR_ALLOC, .pfn = 8, .order = 3, .time_ns = 5 };

	sbr_create(&self->w, self->out, SBR_FROM_FTRACE, 2, NULL);
	sbr_write(&self->w, &e);
	sbr_write_mark(&self->w, 1, 6, "mark");
	sbr_finish(&self->w);
}

/* A file that was closed says so: no shorter one is taken for it. */
TEST_F(recording, cut_anywhere)
{
	uint8_t *data;
	size_t cut;

	small_recording(self);
	data = load(self);
	for (cut = 0; cut < self->size; cut++) {
		EXPECT_EQ(-EINVAL, sbr_open_memory(&self->f, data, cut));
		EXPECT_EQ(0, strncmp(self->f.error, "offset ", 7));
	}
	((struct sbr_header *)data)->flags = 0;
	for (; cut >= sizeof(struct sbr_header); cut--) {
		EXPECT_EQ(0, sbr_open_memory(&self->f, data, cut));
		EXPECT_LE(self->f.header.nr_events, 2);
		sbr_close(&self->f);
	}
}

/* Each byte that means something, one at a time. */
TEST_F(recording, damage_is_named)
{
	static const struct { size_t at; uint8_t value; const char *text; } damage[] = {
		{ 0, 'x', "offset 0: " }, { 8, 9, "offset 8: " }, { 12, 2, "offset 12: " },
		{ 14, 1, "offset 14: " }, { 24, 0, "offset 24: " }, { 36, 99, "offset 36: " },
		{ 48, 9, "offset 48: " }, { 192, 0, "offset 192: " }, { 198, 2, "offset 198: " },
		{ 204, 8, "offset 204: " }, { 224 + 16 + 13, 11, "offset 253: " },
		{ 224 + 16 + 8, 9, "offset 248: " }, { 224 + 16 + 15, 9, "offset 255: " },
	};
	uint8_t *data, old;
	size_t i;

	small_recording(self);
	data = load(self);
	for (i = 0; i < ARRAY_SIZE(damage); i++) {
		old = data[damage[i].at];
		data[damage[i].at] = damage[i].value;
		EXPECT_EQ(-EINVAL, sbr_open_memory(&self->f, data, self->size));
		EXPECT_EQ(0, strncmp(self->f.error, damage[i].text, strlen(damage[i].text))) {
			TH_LOG("byte %zu: %s", damage[i].at, self->f.error);
		}
		data[damage[i].at] = old;
	}
	EXPECT_EQ(0, sbr_open_memory(&self->f, data, self->size));
}

/* ---- converters ---- */

typedef int (*reader_fn)(FILE *in, FILE *out, struct convert_result *r);

static int convert(struct _test_data_recording *self, reader_fn read, const void *data,
		   size_t size)
{
	FILE *in = fmemopen((void *)data, size, "r");
	int err = read(in, self->out, &self->r);

	fclose(in);
	return err;
}

static int convert_text(struct _test_data_recording *self, reader_fn read, const char *text)
{
	return convert(self, read, text, strlen(text));
}

static int convert_file(struct _test_data_recording *self, reader_fn read, const char *path)
{
	FILE *in = fopen(path, "r");
	int err = in ? read(in, self->out, &self->r) : -errno;

	if (in)
		fclose(in);
	return err ? err : sbr_open_fd(&self->f, fileno(self->out));
}

#define REOPEN() do { fclose(self->out); self->out = tmpfile(); } while (0)

TEST_F(recording, stream_text_comes_back)
{
	static const char text[] = "# sbuddy-stream 1 cpus=2 lost=7\n0 1 m phase\n0 0 a 100 3 cc0\n"
		"1 0 b 1a2 0 2cc2\n2 1 a - 9 cc0\n3 0 f 100 3\n3 0 c 100 0\n";

	EXPECT_EQ(0, convert_text(self, stream_read, text));
	ASSERT_EQ(0, sbr_open_fd(&self->f, fileno(self->out)));
	/* Of equal times the lower CPU comes first. */
	EXPECT_NE(NULL, strstr(stream_text(self), "0 0 a 100 3 cc0\n0 1 m phase\n"
			       "1 0 b 1a2 0 2cc2\n2 1 a - 9 cc0\n3 0 f 100 3\n3 0 c 100 0\n"));
	EXPECT_EQ(7, self->f.header.lost);
}

TEST_F(recording, bad_stream_text)
{
	static const struct { const char *text; unsigned int line; } bad[] = {
		{ "", 1 }, { "# sbuddy-stream 2 cpus=2 lost=0\n", 1 },
		{ "# sbuddy-stream 1 cpus=0 lost=0\n", 1 },
		{ "# sbuddy-stream 1 cpus=2 lost=0\n0 0 a 100 0\n", 2 },
		{ "# sbuddy-stream 1 cpus=2 lost=0\n0 0 a 100 0 cc0\n0 0 f - 0\n", 3 },
		{ "# sbuddy-stream 1 cpus=2 lost=0\n0 0 x 100 0\n", 2 },
		{ "# sbuddy-stream 1 cpus=2 lost=0\n0 2 f 100 0\n", 2 },
		{ "# sbuddy-stream 1 cpus=2 lost=0\n0 0 f 100\n", 2 },
		{ "# sbuddy-stream 1 cpus=2 lost=0\n0 0 f 101 1\n", 2 },
		{ "# sbuddy-stream 1 cpus=2 lost=0\n0 0 a 100 11 cc0\n", 2 },
		{ "# sbuddy-stream 1 cpus=2 lost=0\n0 0 a 100 0 cc0", 2 },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		EXPECT_EQ(-EINVAL, convert_text(self, stream_read, bad[i].text));
		EXPECT_EQ(bad[i].line, self->r.line);
		EXPECT_NE('\0', self->r.error[0]);
		REOPEN();
	}
}

static unsigned int count_kind(const struct sbr_file *f, unsigned int kind, struct sbr_event *last)
{
	struct sbr_cursor c;
	struct sbr_event e;
	unsigned int n = 0;

	sbr_begin(&c, f);
	while (sbr_next(&c, &e)) {
		if (e.kind != kind)
			continue;
		*last = e;
		n++;
	}
	sbr_end(&c);
	return n;
}

/* Lines of real programs; those at the end are made for what they seldom print. */
TEST_F(recording, perf_script)
{
	struct sbr_event e;
	char name[32];

	ASSERT_EQ(0, convert_file(self, perf_read, SAMPLES "perf.txt"));
	EXPECT_EQ(17, self->f.header.lost);
	EXPECT_EQ(1, self->r.skipped);
	EXPECT_EQ(2, self->f.header.nr_cpus);
	EXPECT_EQ(1, count_kind(&self->f, SBR_DRAIN, &e));
	EXPECT_EQ(58, e.pid);
	EXPECT_EQ(3 << 8 | 2, e.order << 8 | e.type);
	EXPECT_STREQ("kworker/1:2", sbr_comm(&self->f, 58, name));
	EXPECT_EQ(1, count_kind(&self->f, SBR_EXTFRAG, &e));
	EXPECT_EQ(9 << 16 | 1 << 8 | 1, e.gfp);
	EXPECT_STREQ("my prog [x] y", sbr_comm(&self->f, 901, name));
	EXPECT_LT(5, count_kind(&self->f, SBR_ALLOC, &e));
	EXPECT_EQ(SBR_NO_PFN, e.pfn);
	EXPECT_EQ(9, e.order);
	EXPECT_EQ(0x200, e.gfp & 0x200);
	EXPECT_EQ(5, count_kind(&self->f, SBR_REFILL, &e));
}

TEST_F(recording, trace_cmd_report)
{
	struct sbr_event e;
	char name[32];

	ASSERT_EQ(0, convert_file(self, trace_cmd_read, SAMPLES "trace-cmd.txt"));
	EXPECT_EQ(15, self->f.header.lost);
	EXPECT_EQ(0, self->r.skipped);
	EXPECT_EQ(2, self->f.header.nr_cpus);
	EXPECT_EQ(1, count_kind(&self->f, SBR_EXTFRAG, &e));
	EXPECT_EQ(4 << 16 | 1 << 8, e.gfp);
	EXPECT_EQ(1, count_kind(&self->f, SBR_DRAIN, &e));
	EXPECT_STREQ("my-prog 2", sbr_comm(&self->f, 77, name));
	EXPECT_LT(0, count_kind(&self->f, SBR_FREE, &e));
	EXPECT_EQ(1, e.order);
	EXPECT_EQ(0, e.pid);
}

TEST_F(recording, bad_program_text)
{
#define LINE "ls 12 [000] 1.5: mm_page_"
	static const char * const bad[] = {
		"nothing of the kind\n", "ls 12 [000] x: mm_page_free: pfn=0x1 order=0\n",
		"[000] 1.5: mm_page_free: pfn=0x1 order=0\n",
		LINE "free: pfn=0x1\n", LINE "free: order=0\n", LINE "free: pfn=zz order=0\n",
		LINE "free: pfn=0x1 order=11\n", LINE "free: pfn=0x1 order=1\n",
		LINE "alloc: pfn=0x1 order=0 migratetype=0\n",
		LINE "alloc: pfn=0x1 order=0 migratetype=0 gfp_flags=what\n",
		LINE "alloc: pfn=0x1 order=0 gfp_flags=GFP_KERNEL\n",
		LINE "alloc_extfrag: pfn=0x1 alloc_order=0\n",
		"ls 12 [99999] 1.5: mm_page_free: pfn=0x1 order=0\n",
	};
	char text[256];
	size_t i;

	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		snprintf(text, sizeof(text), "# comment\n%s", bad[i]);
		EXPECT_EQ(-EINVAL, convert_text(self, perf_read, text)) {
			TH_LOG("%s", bad[i]);
		}
		EXPECT_EQ(2, self->r.line);
		REOPEN();
	}
}

/* A page of the other program's format with one record: a block of order 9. */
static void llfree_pages(uint8_t *pages, uint32_t cpu)
{
	const uint32_t header[] = { 1, 2, 0xffff };
	uint64_t low = 1500 | 0x400ULL << 38 | 1ULL << 62 | 1ULL << 63;
	uint64_t high = 4 | 0x1cc0ULL << 3 | 77ULL << 32;

	memset(pages, 0, 2 * 4096);
	memcpy(pages, header, sizeof(header));
	memcpy(pages + 4096, &cpu, sizeof(cpu));
	memcpy(pages + 4096 + 16, &low, 8);
	memcpy(pages + 4096 + 24, &high, 8);
	low = 2500 | 0x400ULL << 38 | 1ULL << 63;
	memcpy(pages + 4096 + 32, &low, 8);
	memcpy(pages + 4096 + 40, &high, 8);
}

TEST_F(recording, llfree_pages)
{
	uint8_t pages[2 * 4096];
	struct sbr_event e;

	llfree_pages(pages, 1);
	EXPECT_EQ(0, convert(self, llfree_read, pages, sizeof(pages)));
	ASSERT_EQ(0, sbr_open_fd(&self->f, fileno(self->out)));
	EXPECT_EQ(1, count_kind(&self->f, SBR_ALLOC, &e));
	EXPECT_EQ(0x400, e.pfn);
	EXPECT_EQ(9, e.order);
	EXPECT_EQ(0x1cc0, e.gfp);
	EXPECT_EQ(77, e.pid);
	EXPECT_EQ(1, e.cpu);
	EXPECT_EQ(1, count_kind(&self->f, SBR_FREE, &e));
	EXPECT_EQ(1000000, e.time_ns);
	REOPEN();
	EXPECT_EQ(-EINVAL, convert(self, llfree_read, pages, sizeof(pages) - 1));
	EXPECT_EQ(4096, self->r.offset);
	REOPEN();
	llfree_pages(pages, 2);
	EXPECT_EQ(-EINVAL, convert(self, llfree_read, pages, sizeof(pages)));
	EXPECT_EQ(4096, self->r.offset);
	REOPEN();
	llfree_pages(pages, 0);
	pages[4096 + 24] |= 3;				/* order 15 */
	EXPECT_EQ(-EINVAL, convert(self, llfree_read, pages, sizeof(pages)));
	EXPECT_EQ(4096 + 16, self->r.offset);
}

/* ---- ftrace's buffers ---- */

FIXTURE(tracebuf)
{
	char dir[32];
	struct trace_reader reader;
	struct { uint64_t time_ns; int cpu; uint32_t value; } got[16];
	unsigned int nr;
	uint64_t lost[2];
};

FIXTURE_SETUP(tracebuf)
{
	memset(self, 0, sizeof(*self));
	snprintf(self->dir, sizeof(self->dir), "/tmp/sbuddy-test.XXXXXX");
	ASSERT_NE(NULL, mkdtemp(self->dir));
}

FIXTURE_TEARDOWN(tracebuf)
{
	char command[64];

	trace_close(&self->reader);
	snprintf(command, sizeof(command), "rm -r %s", self->dir);
	EXPECT_EQ(0, system(command));
}

static FILE *create(struct _test_data_tracebuf *self, const char *name)
{
	char path[256], *slash;
	int n = snprintf(path, sizeof(path), "%s/%s", self->dir, name);

	for (slash = path + n - strlen(name); (slash = strchr(slash, '/')); slash++) {
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
static void write_cpu0(struct _test_data_tracebuf *self)
{
	FILE *f = create(self, "per_cpu/cpu0/trace_pipe_raw");
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

/* Ends in an event that is longer than its page. */
static void write_cpu1(struct _test_data_tracebuf *self)
{
	FILE *f = create(self, "per_cpu/cpu1/trace_pipe_raw");
	struct page pg;

	begin_page(&pg, 1004);
	add_event(&pg, 0, 10);
	add_event(&pg, 2, 11);
	add(&pg, 6 << 5);
	add(&pg, 5000);
	write_page(&pg, f);
	fclose(f);
	f = create(self, "per_cpu/cpu1/stats");
	fputs("entries: 2\noverrun: 3\ncommit overrun: 0\ndropped events: 4\n", f);
	fclose(f);
}

static void take_event(void *arg, const struct trace_record *rec)
{
	struct _test_data_tracebuf *self = arg;
	struct trace_field value = { 4, 4 }, beyond = { 8, 4 };

	if (self->nr < ARRAY_SIZE(self->got) && !trace_get(rec, &beyond)) {
		self->got[self->nr].time_ns = rec->time_ns;
		self->got[self->nr].cpu = rec->cpu;
		self->got[self->nr].value = trace_get(rec, &value);
	}
	self->nr++;
}

static void take_lost(void *arg, int cpu, uint64_t lost)
{
	struct _test_data_tracebuf *self = arg;

	self->lost[cpu] += lost;
}

TEST_F(tracebuf, events_of_all_cpus)
{
	const struct { uint64_t time_ns; int cpu; uint32_t value; } want[] = {
		{ 1005, 0, 1 }, { 1008 + (1 << 27), 0, 2 }, { 1018 + (1 << 27), 0, 3 },
		{ (1 << 28) + 10, 0, 4 }, { 1004, 1, 10 }, { 1006, 1, 11 },
	};
	struct trace_sink sink = { .event = take_event, .lost = take_lost, .arg = self };

	write_cpu0(self);
	write_cpu1(self);
	ASSERT_EQ(0, trace_open(&self->reader, self->dir));
	EXPECT_EQ(2, self->reader.nr_cpus);
	EXPECT_EQ(0, trace_drain(&self->reader, &sink));
	ASSERT_EQ(ARRAY_SIZE(want), self->nr);
	for (unsigned int i = 0; i < self->nr; i++) {
		EXPECT_EQ(want[i].time_ns, self->got[i].time_ns);
		EXPECT_EQ(want[i].cpu, self->got[i].cpu);
		EXPECT_EQ(want[i].value, self->got[i].value);
	}
	EXPECT_EQ(0, self->lost[0]);
	EXPECT_EQ(7, self->lost[1]);
	EXPECT_EQ(0, trace_drain(&self->reader, &sink));
	EXPECT_EQ(7, self->lost[1]);
}

TEST_F(tracebuf, no_instance)
{
	EXPECT_EQ(-ENOENT, trace_open(&self->reader, self->dir));
}

TEST_F(tracebuf, formats)
{
	FILE *f = create(self, "events/kmem/some/format");
	struct trace_field pfn, list;

	fputs("name: some\n\tfield:unsigned long pfn;\toffset:8;\tsize:8;\tsigned:0;\n"
	      "\tfield:u64 page[];\toffset:44;\tsize:512;\tsigned:0;\n", f);
	fclose(f);
	f = create(self, "events/kmem/some/id");
	fputs("621\n", f);
	fclose(f);
	EXPECT_EQ(621, trace_event_id(self->dir, "kmem/some"));
	EXPECT_EQ(-ENOENT, trace_event_id(self->dir, "kmem/other"));
	EXPECT_EQ(0, trace_event_field(self->dir, "kmem/some", "pfn", &pfn));
	EXPECT_EQ(8, pfn.offset);
	EXPECT_EQ(0, trace_event_field(self->dir, "kmem/some", "page", &list));
	EXPECT_EQ(512, list.size);
	EXPECT_EQ(-ENOENT, trace_event_field(self->dir, "kmem/some", "pf", &pfn));
}

TEST_HARNESS_MAIN
