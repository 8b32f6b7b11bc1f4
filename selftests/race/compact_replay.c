// SPDX-License-Identifier: GPL-2.0
/*
 * compact-replay: what the live kernel's compaction did, on the engine.
 *
 *	compact-replay DIR...
 *
 * DIR holds what a guest left: "before" and "after", the node as text; "moves",
 * lines "OLD NEW" of frames of the process's pages; "what", the words "compact"
 * or "contig PFN COUNT ERRNO".  The engine starts from "before", does the same, and must
 * move the same pages to the same frames, and end in the same state: free lists
 * and per-CPU lists in order, types, skip hints, cached places, counters; which
 * pages are on LRU lists, in whatever order.
 *
 * Prints TAP.  Exit status 0 only if nothing differs.
 */
#include "sbuddy/engine.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "compaction.h"

#define MAX_SHOWN	8
#define MAX_RECORDS	(1U << 20)

struct text {
	char *p;
	size_t len;
	size_t room;
};

static struct sbuddy_migrate_record records[MAX_RECORDS];

static void append(void *arg, const char *text, size_t len)
{
	struct text *t = arg;

	if (t->len + len + 1 > t->room) {
		t->room = 2 * (t->len + len + 1);
		t->p = realloc(t->p, t->room);
		if (!t->p)
			abort();
	}
	memcpy(t->p + t->len, text, len);
	t->len += len;
	t->p[t->len] = '\0';
}

static bool load(const char *dir, const char *name, struct text *t)
{
	char path[512], buf[65536];
	size_t n;
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	f = fopen(path, "re");
	if (!f) {
		printf("# %s: %s\n", path, strerror(errno));
		return false;
	}
	append(t, "", 0);
	while ((n = fread(buf, 1, sizeof(buf), f)))
		append(t, buf, n);
	fclose(f);
	return true;
}

/* ---- the state after ---- */

/* Pages on LRU lists as a set: the order is not followed on the live side. */
static bool is_lru(const char *line)
{
	return !strncmp(line, "lru ", 4);
}

/* Those of the machine as a whole, which the test module tells only in part. */
static bool is_compared(const char *line)
{
	return !is_lru(line) && strncmp(line, "machine ", 8) && strncmp(line, "zonelist ", 9);
}

static char *next_compared(char **p)
{
	char *line;

	while ((line = strsep(p, "\n")))
		if (*line && is_compared(line))
			return line;
	return NULL;
}

/* Prints the place where two lines part. */
static void show(const char *a, const char *b)
{
	size_t n = 0, start;

	while (a[n] && a[n] == b[n])
		n++;
	start = n > 30 ? n - 30 : 0;
	printf("# %.40s ... at %zu\n#   live   %.90s\n#   engine %.90s\n", a, n, a + start,
	       b + start);
}

static int compare_text(char *live, char *ours)
{
	int wrong = 0;

	for (;;) {
		char *a = next_compared(&live), *b = next_compared(&ours);

		if (!a && !b)
			return wrong;
		if (a && b && !strcmp(a, b))
			continue;
		if (wrong++ < MAX_SHOWN)
			show(a ? a : "(end)", b ? b : "(end)");
		if (!a || !b)
			return wrong;
	}
}

static int compare_lru(const struct sbuddy_machine *m, char *live)
{
	unsigned char *listed = calloc(m->nr_pages, 1);
	int wrong = 0;
	char *line;

	if (!listed)
		abort();
	while ((line = strsep(&live, "\n"))) {
		char *p = is_lru(line) ? strchr(line, ':') + 1 : NULL;

		while (p && *p) {
			listed[strtoul(p, &p, 16) - m->base_pfn] = 1;
			p = strchr(p, ' ');
		}
	}
	for (unsigned long i = 0; i < m->nr_pages; i++) {
		bool ours = sbuddy_tag_state(m->pages[i].tag) == SBUDDY_PAGE_USED &&
			    m->pages[i].tag & SBUDDY_TAG_LRU;

		if (ours != listed[i] && wrong++ < MAX_SHOWN)
			printf("# page %lx on an LRU list: live %d, engine %d\n",
			       m->base_pfn + i, listed[i], ours);
	}
	free(listed);
	return wrong;
}

/* ---- what moved; of a contiguous allocation the state after has to do ---- */

static int compare_moves(const struct sbuddy_machine *m, const struct sbuddy_migrate_log *log,
			 char *moves, unsigned long *nr)
{
	unsigned long *to = calloc(m->nr_pages, sizeof(*to)), from, live;
	int wrong = 0;
	char *line;

	if (!to)
		abort();
	for (u32 i = 0; i < log->nr && i < log->cap; i++)
		if (log->record[i].outcome == SBUDDY_OUTCOME_MOVED)
			to[log->record[i].from - m->base_pfn] = log->record[i].to;
	*nr = 0;
	while ((line = strsep(&moves, "\n"))) {
		unsigned long ours;

		if (sscanf(line, "%lx %lx", &from, &live) != 2)
			continue;
		ours = to[from - m->base_pfn] ? to[from - m->base_pfn] : from;
		*nr += live != from;
		if (log->nr && ours != live && wrong++ < MAX_SHOWN)
			printf("# page %lx: live to %lx, engine to %lx\n", from, live, ours);
	}
	free(to);
	return wrong;
}

static int perform_contig(struct sbuddy_machine *m, unsigned long pfn, unsigned long nr, int live)
{
	struct sbuddy_task task = { 0 };
	struct sbuddy_range r = { .m = m, .task = &task, .migratetype = SBUDDY_MIGRATE_MOVABLE };
	int err = sbuddy_alloc_contig_range(&r, pfn, pfn + nr, SBUDDY_GFP_KERNEL);

	if (err != live)
		printf("# contig: live %d, engine %d (%s at %lx)\n", live, err,
		       sbuddy_range_reason_name(r.reason), r.pfn);
	return err != live;
}

static void perform_compact(struct sbuddy_machine *m, int node, struct sbuddy_migrate_log *log)
{
	struct sbuddy_compact_report r = { 0 };
	struct sbuddy_task task = { 0 };

	sbuddy_lru_drain(m, &task);
	for (int i = 0; i < m->nr_zones; i++) {
		const struct sbuddy_compact_args args = {
			.zone = m->zones[i], .order = -1, .gfp = SBUDDY_GFP_KERNEL,
			.mode = SBUDDY_MIGRATE_SYNC,
		};

		if (m->zones[i]->node == node)
			sbuddy_compact_one(&args, &task, 0, log, &r);
	}
	printf("# frames scanned: %llu for sources, %llu for targets\n",
	       (unsigned long long)r.migrate_scanned, (unsigned long long)r.free_scanned);
}

/* What was done there is done here.  Returns the differences in what it said. */
static int perform(struct sbuddy_machine *m, const char *what, struct sbuddy_migrate_log *log)
{
	unsigned long pfn, nr;
	int err, node;

	if (sscanf(what, "contig %lx %lu %d", &pfn, &nr, &err) == 3)
		return perform_contig(m, pfn, nr, err);
	if (sscanf(what, "compact %d", &node) != 1)
		return 1;
	perform_compact(m, node, log);
	return 0;
}

static int replay(const char *dir, int number)
{
	struct text before = { 0 }, after = { 0 }, again = { 0 }, moves = { 0 }, what = { 0 };
	struct sbuddy_migrate_log log = { .record = records, .cap = MAX_RECORDS };
	struct sbuddy_machine *m;
	struct text ours = { 0 };
	unsigned long nr;
	char err[200];
	int wrong;

	if (!load(dir, "before", &before) || !load(dir, "after", &after) ||
	    !load(dir, "after", &again) || !load(dir, "moves", &moves) ||
	    !load(dir, "what", &what))
		return 1;
	if (sbuddy_snapshot_import(before.p, before.len, &m, err, sizeof(err))) {
		printf("not ok %d - %s: %s\n", number, dir, err);
		return 1;
	}
	wrong = perform(m, what.p, &log);
	wrong += compare_moves(m, &log, moves.p, &nr);
	sbuddy_snapshot_export(m, append, &ours);
	wrong += compare_text(after.p, ours.p);
	wrong += compare_lru(m, again.p);
	if (sbuddy_check(m, err, sizeof(err)) && ++wrong)
		printf("# check: %s\n", err);
	printf("%sok %d - %s: %.*s, %lu pages moved, %d differences\n", wrong ? "not " : "",
	       number, dir, (int)strcspn(what.p, "\n"), what.p, nr, wrong);
	sbuddy_machine_destroy(m);
	free(before.p);
	free(after.p);
	free(again.p);
	free(moves.p);
	free(what.p);
	free(ours.p);
	return wrong;
}

int main(int argc, char **argv)
{
	int failed = 0;

	printf("TAP version 13\n1..%d\n", argc - 1);
	for (int i = 1; i < argc; i++)
		failed += !!replay(argv[i], i);
	return failed ? 1 : 0;
}
