// SPDX-License-Identifier: GPL-2.0
/*
 * Traces of LLFree: pages of 4096 bytes with records of 16 bytes.  The layout
 * is the one that its replay program reads (luhsra/llfree-rs,
 * eval/src/bin/replay.rs, since its records have pids); there is no other
 * description.  Little-endian:
 *
 *	first page	u32 pages, u32 cores, u32 max_pfn
 *	other pages	u32 cpu, 12 bytes unused, 255 records
 *	record, bits	0-37 microseconds, 38-61 frame, 62 allocated (else freed),
 *			63-66 order, 67-95 gfp bits, 96-127 pid
 *
 * The pages of a CPU are in order.  A record that is all zero is room that was
 * never used.  Bit 28 of gfp is LLFree's own mark of the page cache: no bit of
 * our ABI, and dropped by a replay.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "convert.h"

#define PAGE_BYTES	4096
#define FIRST_RECORD	16
#define RECORD_BYTES	16

struct llfree_header {
	uint32_t pages, cores, max_pfn;
};

static int take_record(struct sbr_writer *w, struct convert_result *r, uint32_t cpu,
		       uint32_t max_pfn, const uint8_t *record)
{
	struct sbr_event e = { .cpu = cpu, .type = SBR_NO_TYPE };
	uint64_t low, high;

	memcpy(&low, record, 8);
	memcpy(&high, record + 8, 8);
	if (!low && !high)
		return 0;
	e.time_ns = (low & ((1ULL << 38) - 1)) * 1000;
	e.pfn = low >> 38 & ((1U << 24) - 1);
	e.kind = low >> 62 & 1 ? SBR_ALLOC : SBR_FREE;
	e.order = low >> 63 | (high & 7) << 1;
	e.gfp = high >> 3 & ((1U << 29) - 1);
	e.pid = high >> 32;
	if (e.order > SBR_MAX_ORDER)
		return convert_error(r, "an order of %d at most is expected, found %u",
				     SBR_MAX_ORDER, e.order);
	if (e.pfn > max_pfn || e.pfn & ((1U << e.order) - 1))
		return convert_error(r, "a frame up to 0x%x for order %u is expected, found 0x%x",
				     max_pfn, e.order, (uint32_t)e.pfn);
	sbr_write(w, &e);
	r->events++;
	return 0;
}

static int take_page(struct sbr_writer *w, struct convert_result *r, uint32_t max_pfn,
		     const uint8_t *page)
{
	uint64_t start = r->offset;
	uint32_t cpu;
	size_t at;
	int err;

	memcpy(&cpu, page, sizeof(cpu));
	if (cpu >= w->header.nr_cpus)
		return convert_error(r, "a CPU below %u is expected, found %u", w->header.nr_cpus,
				     cpu);
	for (at = FIRST_RECORD; at < PAGE_BYTES; at += RECORD_BYTES) {
		r->offset = start + at;
		err = take_record(w, r, cpu, max_pfn, page + at);
		if (err)
			return err;
	}
	return 0;
}

static int take_header(FILE *in, FILE *out, struct sbr_writer *w, struct llfree_header *h,
		       struct convert_result *r)
{
	uint8_t page[PAGE_BYTES];

	if (fread(page, sizeof(page), 1, in) != 1)
		return convert_error(r, "a first page of 4096 bytes is expected");
	memcpy(h, page, sizeof(*h));
	r->offset = 4;
	if (!h->cores || h->cores > SBR_MAX_CPUS)
		return convert_error(r, "1 to %d cores are expected, found %u", SBR_MAX_CPUS,
				     h->cores);
	r->offset = PAGE_BYTES;
	return sbr_create(w, out, SBR_FROM_LLFREE, h->cores, NULL);
}

/* See convert.h. */
int llfree_read(FILE *in, FILE *out, struct convert_result *r)
{
	struct llfree_header h = { 0 };
	struct sbr_writer w;
	uint8_t page[PAGE_BYTES];
	uint64_t start;
	size_t n;
	int err, end;

	memset(r, 0, sizeof(*r));
	err = take_header(in, out, &w, &h, r);
	if (err)
		return err;
	while (!err && (n = fread(page, 1, sizeof(page), in)) > 0) {
		start = r->offset;
		if (n < sizeof(page))
			err = convert_error(r, "a page of 4096 bytes is expected, found %zu", n);
		else
			err = take_page(&w, r, h.max_pfn, page);
		if (!err)
			r->offset = start + PAGE_BYTES;
	}
	end = sbr_finish(&w);
	return err ? err : end;
}
