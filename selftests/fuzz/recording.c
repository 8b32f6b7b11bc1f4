// SPDX-License-Identifier: GPL-2.0
/*
 * Fuzz target: recordings and what is converted into them.  The first byte
 * says what the rest is.  What a converter makes must open; what opens can be
 * walked, holds as many events as it says, in order of time, and becomes
 * operations.
 */
#include "../../scripts/replay/stream.h"
#include "../../scripts/replay/translate.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define NR_VCPUS	3
#define MAX_PFN		(1U << 18)	/* more would take memory, not find errors */

static void walk(const struct sbr_file *f)
{
	struct sbr_cursor c;
	struct sbr_event e;
	uint64_t nr = 0, last = 0;

	if (sbr_begin(&c, f))
		return;
	for (; sbr_next(&c, &e); nr++) {
		if (e.time_ns < last || e.order > SBR_MAX_ORDER || e.kind >= SBR_NR_KINDS)
			abort();
		last = e.time_ns;
	}
	sbr_end(&c);
	if (nr != f->header.nr_events)
		abort();
}

static void translate(const struct sbr_file *f)
{
	struct plan p;

	if (f->header.max_pfn >= MAX_PFN)
		return;
	if (plan_make(f, NR_VCPUS, &p))
		abort();
	for (size_t i = 0; i < p.nr; i++)
		if (p.ops[i].cpu >= NR_VCPUS || (i && p.times[i] < p.times[i - 1]))
			abort();
	plan_free(&p);
}

static void use(struct sbr_file *f)
{
	char name[SBR_NAME_MAX + 1], comm[SBR_COMM_MAX + 1];

	walk(f);
	translate(f);
	sbr_mark(f, 0, name);
	sbr_comm(f, 1, comm);
	sbr_close(f);
}

static void convert(int (*read)(FILE *, FILE *, struct convert_result *), const uint8_t *data,
		    size_t size)
{
	FILE *in = fmemopen((void *)data, size, "r"), *out = tmpfile();
	struct convert_result r;
	struct sbr_file f;
	int err;

	if (!in || !out)
		abort();
	err = read(in, out, &r);
	if (err == -EINVAL && !r.error[0])
		abort();
	if (!err && sbr_open_fd(&f, fileno(out)))
		abort();
	if (!err)
		use(&f);
	fclose(in);
	fclose(out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct sbr_file f;
	uint8_t *copy;

	if (size < 2)
		return 0;
	switch (*data++) {
	case 'p':
		convert(perf_read, data, size - 1);
		break;
	case 'l':
		convert(llfree_read, data, size - 1);
		break;
	case 's':
		convert(stream_read, data, size - 1);
		break;
	default:
		copy = malloc(size - 1);
		memcpy(copy, data, size - 1);
		if (!sbr_open_memory(&f, copy, size - 1))
			use(&f);
		else if (strncmp(f.error, "offset ", 7))
			abort();
		free(copy);
	}
	return 0;
}
