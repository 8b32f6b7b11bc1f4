// SPDX-License-Identifier: GPL-2.0
/* See native.h. */
#include <inttypes.h>
#include <time.h>

#include "native.h"

/* Operations that are copied and run at a time: results stay in the first-level cache. */
#define CHUNK	128

static double cpu_seconds(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &ts);
	return ts.tv_sec + ts.tv_nsec / 1e9;
}

/* An operation that fails ends sbuddy_run_ops(), not the run. */
static noinline void native_run(struct native *n, const struct sbuddy_op *ops, size_t nr,
				struct sbuddy_op *out)
{
	size_t done = 0;

	memcpy(out, ops, nr * sizeof(*out));
	while (done < nr)
		done += sbuddy_run_ops(n->o, out + done, nr - done, 0) + 1;
	for (done = 0; done < nr; done++)
		results_count(&n->results, &out[done]);
}

static void run_due(struct native *n, const struct plan *p, size_t from, size_t to)
{
	struct sbuddy_op out[CHUNK];
	double start = cpu_seconds();
	size_t nr, i;

	for (; from < to; from += nr) {
		nr = min_t(size_t, CHUNK, to - from);
		native_run(n, p->ops + from, nr, out);
		for (i = 0; n->ops && i < nr; i++)
			results_write_op(n->ops, &out[i], p->times[from + i]);
	}
	n->seconds += cpu_seconds() - start;
}

static void run_slice(struct native *n, const struct plan *p, size_t from, size_t to)
{
	size_t next;

	for (; from < to; from = next) {
		next = pace_next(&n->pace, p, from, to);
		run_due(n, p, from, next);
	}
}

/* ---- samples ---- */

/*
 * Thousandths of the free memory that lie in blocks too small for @order, as
 * the kernel's unusable_index; 1000 if nothing is free.
 */
int native_unusable(const uint64_t *nr_free, unsigned int order)
{
	uint64_t free = 0, usable = 0;

	for (unsigned int o = 0; o < SBUDDY_NR_PAGE_ORDERS; o++) {
		free += nr_free[o] << o;
		usable += o >= order ? nr_free[o] << o : 0;
	}
	return free ? (free - usable) * 1000 / free : 1000;
}

/* The kernel's extfrag_index in thousandths; -1000 if a block is there. */
int native_extfrag(const uint64_t *nr_free, unsigned int order)
{
	uint64_t free = 0, blocks = 0, size = 1ULL << order;

	for (unsigned int o = 0; o < SBUDDY_NR_PAGE_ORDERS; o++) {
		if (o >= order && nr_free[o])
			return -1000;
		free += nr_free[o] << o;
		blocks += nr_free[o];
	}
	return blocks ? 1000 - (int)((1000 + free * 1000 / size) / blocks) : 0;
}

static void add_zone(struct sample *s, const struct sbuddy_zone *z)
{
	for (int i = 0; i < SBUDDY_NR_ZONE_EVENTS; i++)
		s->events[i] += sbuddy_zone_event(z, i);
	for (int o = 0; o < SBUDDY_NR_PAGE_ORDERS; o++) {
		s->nr_free[o] += z->free_area[o].nr_free;
		s->free += z->free_area[o].nr_free << o;
	}
}

static void write_csv_row(FILE *csv, const char *name, const char *zone, const struct sample *s)
{
	const u64 *e = s->events;

	fprintf(csv, "%s,%s,%zu,%" PRIu64 ",%" PRIu64 ",%" PRIu64 ",%" PRIu64, name, zone, s->op,
		s->time_us, s->held_pages, s->refused_pages, s->free);
	fprintf(csv, ",%" PRIu64 ",%" PRIu64 ",%" PRIu64 ",%" PRIu64 ",%" PRIu64,
		e[SBUDDY_CLAIM], e[SBUDDY_STEAL], e[SBUDDY_PCP_REFILL_PAGES],
		e[SBUDDY_PCP_DRAIN_PAGES], e[SBUDDY_BOOST]);
	for (int o = 0; o < SBUDDY_NR_PAGE_ORDERS; o++)
		fprintf(csv, ",%d", native_unusable(s->nr_free, o));
	for (int o = 0; o < SBUDDY_NR_PAGE_ORDERS; o++)
		fprintf(csv, ",%d", native_extfrag(s->nr_free, o));
	for (int o = 0; o < SBUDDY_NR_PAGE_ORDERS; o++)
		fprintf(csv, ",%" PRIu64, s->nr_free[o]);
	fputs("\n", csv);
}

/* A row for each zone, and one, "all", for the machine. */
static void write_csv(const struct native *n, FILE *csv, const char *name, const struct sample *s)
{
	for (int i = 0; i < n->m->nr_zones; i++) {
		const struct sbuddy_zone *z = n->m->zones[i];
		struct sample one = { .op = s->op, .time_us = s->time_us,
				      .held_pages = s->held_pages,
				      .refused_pages = s->refused_pages };
		char zone[32];

		snprintf(zone, sizeof(zone), "N%d:%s", z->node, sbuddy_zone_name(z->idx));
		add_zone(&one, z);
		write_csv_row(csv, name, zone, &one);
	}
	write_csv_row(csv, name, "all", s);
}

static void take_sample(struct native *n, const struct plan *p, size_t op, FILE *csv,
			const char *name)
{
	struct sample *s = &n->samples[n->nr_samples++];

	s->op = op;
	s->time_us = op ? p->times[op - 1] : 0;
	s->held_pages = sbuddy_owner_pages(n->o);
	s->refused_pages = n->results.refused_pages;
	for (int i = 0; i < n->m->nr_zones; i++)
		add_zone(s, n->m->zones[i]);
	if (csv)
		write_csv(n, csv, name, s);
}

/*
 * Runs all operations in @slices pieces, with a sample behind each.  Rows go
 * to @csv, if that is not NULL, under @name.  Returns 0 or -ENOMEM.
 */
int native_replay(struct native *n, const struct plan *p, unsigned int slices, FILE *csv,
		  const char *name)
{
	size_t from = 0, to;

	n->samples = calloc(slices + 1, sizeof(*n->samples));
	if (!n->samples)
		return -ENOMEM;
	take_sample(n, p, 0, csv, name);
	for (unsigned int i = 1; i <= slices; i++, from = to) {
		to = (double)p->nr * i / slices;
		run_slice(n, p, from, to);
		take_sample(n, p, to, csv, name);
	}
	return 0;
}
