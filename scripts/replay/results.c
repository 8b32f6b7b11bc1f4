// SPDX-License-Identifier: GPL-2.0
/* See results.h. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "results.h"

#define NSEC_PER_SEC	1000000000ULL

static void count_alloc(struct results *r, const struct sbuddy_op *op)
{
	if (!op->err) {
		r->allocs++;
		r->alloc_pages += op->count;
	} else if (op->err == -ENOMEM) {
		r->refused++;
		r->refused_pages += 1U << op->order;
	} else {
		r->other_errors++;
	}
}

/* Counts one operation.  A slot is empty only if the shadow refused to fill it. */
void results_count(struct results *r, const struct sbuddy_op *op)
{
	switch (op->opcode) {
	case SBUDDY_OP_ALLOC:
		count_alloc(r, op);
		return;
	case SBUDDY_OP_FREE:
	case SBUDDY_OP_FREE_BATCH:
		r->frees += !op->err;
		r->freed_pages += op->err ? 0 : op->count;
		r->frees_of_refused += op->err == -ENOENT;
		break;
	case SBUDDY_OP_SPLIT:
		r->splits += !op->err;
		r->splits_of_refused += op->err == -ENOENT;
		break;
	default:
		r->decays += !op->err;
		break;
	}
	r->other_errors += op->err && (op->err != -ENOENT || op->opcode == SBUDDY_OP_DECAY);
}

/* First line of a file of operations. */
void results_write_ops_header(FILE *out)
{
	fputs("# microseconds vcpu operation; slot is the recorded frame, pfn the shadow's\n",
	      out);
}

/* One operation and its answer, as a line. */
void results_write_op(FILE *out, const struct sbuddy_op *op, uint64_t time_us)
{
	static const char names[SBUDDY_NR_OPS][12] = {
		[SBUDDY_OP_ALLOC] = "alloc",
		[SBUDDY_OP_FREE] = "free",
		[SBUDDY_OP_FREE_BATCH] = "free_batch",
		[SBUDDY_OP_SPLIT] = "split",
		[SBUDDY_OP_DECAY] = "decay",
	};

	fprintf(out, "%" PRIu64 " %d %s slot=%x order=%u gfp=%x pfn=", time_us, op->cpu,
		names[op->opcode], op->slot, op->order, op->gfp);
	if (op->pfn == SBUDDY_NO_PFN)
		fputs("-", out);
	else
		fprintf(out, "%" PRIx64, (uint64_t)op->pfn);
	fprintf(out, " err=%d\n", op->err);
}

/* Lines "name value": events, operations, results. */
void results_write_counts(FILE *out, const struct plan *p, const struct results *r)
{
	const struct { const char *name; uint64_t value; } counts[] = {
		{ "events", p->allocs + p->failed + p->frees },
		{ "events_lost", p->lost },
		{ "recorded_us", p->last_us },
		{ "event_allocs", p->allocs },
		{ "event_bulk_pages", p->bulk },
		{ "event_bulk_doubled", p->doubled },
		{ "event_failed_allocs", p->failed },
		{ "event_frees", p->frees },
		{ "event_batched_frees", p->batched },
		{ "unmatched_frees", p->unmatched },
		{ "partial_frees", p->partial },
		{ "merged_frees", p->merged },
		{ "unseen_frees", p->unseen_frees },
		{ "gfp_unknown", p->gfp_unknown },
		{ "peak_pages", p->peak_pages },
		{ "live_pages", p->live_pages },
		{ "ops", p->nr },
		{ "op_allocs", r->allocs },
		{ "op_alloc_pages", r->alloc_pages },
		{ "op_refused", r->refused },
		{ "op_refused_pages", r->refused_pages },
		{ "op_frees", r->frees },
		{ "op_freed_pages", r->freed_pages },
		{ "op_frees_of_refused", r->frees_of_refused },
		{ "op_splits", r->splits },
		{ "op_splits_of_refused", r->splits_of_refused },
		{ "op_decays", r->decays },
		{ "op_other_errors", r->other_errors },
	};
	size_t i;

	for (i = 0; i < sizeof(counts) / sizeof(counts[0]); i++)
		fprintf(out, "%s %" PRIu64 "\n", counts[i].name, counts[i].value);
}

/* "max" or a factor such as "10" or "0.5x".  Returns false for anything else. */
bool pace_parse(const char *text, struct pace *pace)
{
	char *end;

	memset(pace, 0, sizeof(*pace));
	if (!strcmp(text, "max"))
		return true;
	pace->speed = strtod(text, &end);
	return end != text && (!*end || !strcmp(end, "x")) && pace->speed > 0 &&
	       pace->speed < 1e9;
}

static uint64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * NSEC_PER_SEC + ts.tv_nsec;
}

static uint64_t due_ns(const struct pace *pace, uint64_t time_us)
{
	return pace->start_ns + (uint64_t)(time_us * 1000 / pace->speed);
}

/*
 * Sleeps until operation @from is due.  Returns the end of those, at most @to,
 * that are due by then.
 */
size_t pace_next(struct pace *pace, const struct plan *p, size_t from, size_t to)
{
	uint64_t now = pace->speed > 0 ? now_ns() : 0, due;
	struct timespec ts;

	if (!now || from == to)
		return to;
	if (!pace->start_ns)
		pace->start_ns = now;
	due = due_ns(pace, p->times[from]);
	ts = (struct timespec){ due / NSEC_PER_SEC, due % NSEC_PER_SEC };
	while (now < due) {
		clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &ts, NULL);
		now = now_ns();
	}
	while (from < to && due_ns(pace, p->times[from]) <= now)
		from++;
	return from;
}
