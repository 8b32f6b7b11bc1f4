// SPDX-License-Identifier: GPL-2.0
/*
 * compact, direct_compact, lru_batch: compaction by hand, and what requests do.
 *
 * compact  "1": all of the machine, as /proc/sys/vm/compact_memory does; or words:
 *          node=0 zone=Normal order=9 mode=async|sync_light|sync gfp=... cached
 *          budget=64 (pages) choose and limit that; "start", with node and zone,
 *          begins a run in steps, "step" makes its next move, "stop" ends it;
 *          "kcompactd", with a node, is what that daemon would do next.
 *          Reading shows what the last write did and what became of each page.
 * direct_compact  "1": requests that may sleep compact; "0": they fail there
 * lru_batch  pages that wait on a vcpu for their LRU list, 0 to 31
 *
 * State: each machine's sbuddy_builtin::last_compact, what the last write to
 * compact did, guarded by last_lock, which nests inside everything else.
 */
#include <linux/slab.h>

#include "compact.h"
#include "debugfs.h"

#define KEPT_RECORDS	1024U

/**
 * struct compact_result - what one write to compact did
 * @valid:   there was one that was not refused
 * @timeout: of kcompactd, ms; -1: it was something else
 * @done:    the request and its results
 * @record:  what became of pages
 */
struct compact_result {
	bool valid;
	int timeout;
	struct sbuddy_compact done;
	struct sbuddy_migrate_record record[KEPT_RECORDS];
};

static DEFINE_MUTEX(last_lock);

static const char * const mode_names[SBUDDY_NR_MIGRATE_MODES] = {
	[SBUDDY_MIGRATE_ASYNC] = "async",
	[SBUDDY_MIGRATE_SYNC_LIGHT] = "sync_light",
	[SBUDDY_MIGRATE_SYNC] = "sync",
};

static const char * const action_names[SBUDDY_NR_COMPACT_ACTIONS] = {
	[SBUDDY_COMPACT_RUN] = "run",
	[SBUDDY_COMPACT_START] = "start",
	[SBUDDY_COMPACT_STEP] = "step",
	[SBUDDY_COMPACT_STOP] = "stop",
};

static const char * const move_names[] = {
	[SBUDDY_MOVE_NONE] = "none",
	[SBUDDY_MOVE_ISOLATE] = "isolate",
	[SBUDDY_MOVE_MIGRATE] = "migrate",
	[SBUDDY_MOVE_DRAIN] = "drain",
	[SBUDDY_MOVE_END] = "end",
};

/* A request on its way: the ABI's, and whether it is about kcompactd. */
struct compact_words {
	struct sbuddy_compact a;
	bool kcompactd;
};

static int find_name(const char * const *names, int n, const char *word)
{
	int i;

	for (i = 0; i < n; i++)
		if (names[i] && !strcasecmp(names[i], word))
			return i;
	return -1;
}

static int parse_zone(const char *word)
{
	int i;

	for (i = 0; i < SBUDDY_MAX_NR_ZONES; i++)
		if (!strcasecmp(sbuddy_zone_name(i), word))
			return i;
	return -1;
}

/* "key=value"; -EINVAL if it is none, or not a good one. */
static int parse_pair(struct compact_words *cw, const char *key, const char *value)
{
	struct sbuddy_compact *a = &cw->a;
	const char *expected;
	int i;

	if (!strcmp(key, "node"))
		return kstrtos32(value, 0, &a->node);
	if (!strcmp(key, "order"))
		return kstrtos32(value, 0, &a->order);
	if (!strcmp(key, "budget"))
		return kstrtou64(value, 0, &a->budget);
	if (!strcmp(key, "gfp"))
		return sbuddy_gfp_parse(value, &a->gfp, &expected);
	if (!strcmp(key, "zone")) {
		a->zone = parse_zone(value);
		return a->zone < 0 ? -EINVAL : 0;
	}
	if (strcmp(key, "mode"))
		return -EINVAL;
	i = find_name(mode_names, ARRAY_SIZE(mode_names), value);
	a->mode = i;
	return i < 0 ? -EINVAL : 0;
}

static int parse_word(struct compact_words *cw, char *word)
{
	char *value = strchr(word, '=');
	int i;

	if (value) {
		*value++ = '\0';
		return parse_pair(cw, word, value);
	}
	if (!strcmp(word, "cached")) {
		cw->a.options |= SBUDDY_COMPACT_CACHED;
		return 0;
	}
	if (!strcmp(word, "kcompactd")) {
		cw->kcompactd = true;
		return 0;
	}
	if (!strcmp(word, "1"))
		return 0;
	i = find_name(action_names, ARRAY_SIZE(action_names), word);
	if (i < 0)
		return -EINVAL;
	cw->a.action = i;
	return 0;
}

static int parse_words(struct sbuddy_debugfs_write *w, struct compact_words *cw)
{
	char *text = w->text, *word;

	*cw = (struct compact_words) {
		.a = {
			.node = SBUDDY_ALL_ZONES, .zone = SBUDDY_ALL_ZONES, .order = -1,
			.mode = SBUDDY_MIGRATE_SYNC,
		},
	};
	if (!*text)
		return -EINVAL;
	while ((word = strsep(&text, " \t\n")))
		if (*word && parse_word(cw, word))
			return -EINVAL;
	return 0;
}

static int kcompactd_write(struct sbuddy_debugfs_write *w, const struct compact_words *cw,
			   struct compact_result *last)
{
	int node = cw->a.node;

	if (node < 0 || node >= w->m->nr_nodes || !w->m->nodes[node].online)
		return sbuddy_debugfs_refuse(w, -ENOENT, "node= of a node that is online");
	last->timeout = sbuddy_compact_kcompactd(w->m, node);
	if (last->timeout < 0)
		return sbuddy_debugfs_refuse(w, last->timeout, "no signal");
	return 0;
}

static const char *compact_expected(int err)
{
	switch (err) {
	case -ENOENT:
		return "a node and zone of the machine, and start before step or stop";
	case -EBUSY:
		return "no other run in steps; write stop";
	default:
		return "order 1 to 10, or none";
	}
}

static int perform_write(struct sbuddy_debugfs_write *w, struct compact_words *cw,
			 u32 holder, struct compact_result *last)
{
	struct sbuddy_migrate_log log = { .record = last->record, .cap = KEPT_RECORDS };
	int err = sbuddy_compact_perform(w->m, &cw->a, holder, &log);

	if (err)
		return sbuddy_debugfs_refuse(w, err, "%s", compact_expected(err));
	last->done = cw->a;
	last->timeout = -1;
	return 0;
}

static int compact_write(struct sbuddy_debugfs_write *w)
{
	struct sbuddy_builtin *b = sbuddy_machine_builtin(w->m);
	struct compact_words cw;
	int err;

	if (parse_words(w, &cw))
		return sbuddy_debugfs_refuse(w, -EINVAL,
					     "1, start, step, stop or kcompactd; node= zone= order= mode= gfp= budget= cached");
	mutex_lock(&last_lock);
	if (!b->last_compact)
		b->last_compact = kvzalloc(sizeof(*b->last_compact), GFP_KERNEL);
	if (!b->last_compact)
		err = sbuddy_debugfs_refuse(w, -ENOMEM, "memory for the records");
	else if (cw.kcompactd)
		err = kcompactd_write(w, &cw, b->last_compact);
	else
		err = perform_write(w, &cw, b->client->id, b->last_compact);
	if (b->last_compact && !err)
		b->last_compact->valid = true;
	mutex_unlock(&last_lock);
	return err;
}

static void show_records(struct seq_file *s, const struct compact_result *last)
{
	u32 i;

	for (i = 0; i < min(last->done.nr_records, KEPT_RECORDS); i++) {
		const struct sbuddy_migrate_record *r = &last->record[i];

		seq_printf(s, "page from=%llx order=%u outcome=%s err=%d", r->from, r->order,
			   sbuddy_migrate_outcome_name(r->outcome), r->err);
		if (r->to != SBUDDY_NO_PFN)
			seq_printf(s, " to=%llx", r->to);
		seq_putc(s, '\n');
	}
}

static void show_done(struct seq_file *s, const struct compact_result *last)
{
	const struct sbuddy_compact *a = &last->done;

	seq_printf(s, "action=%s result=%s move=%s migrate_pfn=%llx free_pfn=%llx\n",
		   action_names[a->action], sbuddy_compact_result_name(a->result),
		   move_names[a->move], a->migrate_pfn, a->free_pfn);
	seq_printf(s, "migrate_scanned=%llu free_scanned=%llu isolated=%llu migrated=%llu failed=%llu free_held=%llu\n",
		   a->migrate_scanned, a->free_scanned, a->isolated, a->migrated, a->failed,
		   a->free_held);
	show_records(s, last);
}

static int compact_show(struct seq_file *s, struct sbuddy_machine *m)
{
	const struct compact_result *last;

	seq_puts(s, "version=1\n");
	mutex_lock(&last_lock);
	last = sbuddy_machine_builtin(m)->last_compact;
	if (last && last->valid) {
		if (last->timeout >= 0)
			seq_printf(s, "action=kcompactd next_ms=%d\n", last->timeout);
		else
			show_done(s, last);
	}
	mutex_unlock(&last_lock);
	return 0;
}

static int write_knob(struct sbuddy_debugfs_write *w, int max,
		      int (*set)(struct sbuddy_machine *m, int value))
{
	int value;

	if (kstrtoint(w->text, 0, &value) || set(w->m, value))
		return sbuddy_debugfs_refuse(w, -EINVAL, "a number, 0..%d", max);
	return 0;
}

static int direct_compact_show(struct seq_file *s, struct sbuddy_machine *m)
{
	seq_printf(s, "%d\n", READ_ONCE(m->knobs.direct_compact));
	return 0;
}

static int direct_compact_write(struct sbuddy_debugfs_write *w)
{
	return write_knob(w, 1, sbuddy_set_direct_compact);
}

static int lru_batch_show(struct seq_file *s, struct sbuddy_machine *m)
{
	seq_printf(s, "%d\n", READ_ONCE(m->knobs.lru_batch));
	return 0;
}

static int lru_batch_write(struct sbuddy_debugfs_write *w)
{
	return write_knob(w, 31, sbuddy_set_lru_batch);
}

/**
 * sbuddy_debugfs_compact_exit() - forget what the last write did
 * @b: of a machine
 *
 * Context: May sleep.  The files are gone.
 */
void sbuddy_debugfs_compact_exit(struct sbuddy_builtin *b)
{
	kvfree(b->last_compact);
	b->last_compact = NULL;
}

const struct sbuddy_debugfs_file sbuddy_debugfs_compact_files[] = {
	{ .name = "compact", .mode = 0600, .show = compact_show, .write = compact_write },
	{ .name = "direct_compact", .mode = 0600, .show = direct_compact_show,
	  .write = direct_compact_write },
	{ .name = "lru_batch", .mode = 0600, .show = lru_batch_show, .write = lru_batch_write },
	{ }
};
