// SPDX-License-Identifier: GPL-2.0
/*
 * isolate and contig: ranges of frames by hand, as the built-in owner.
 *
 * isolate  "start=0x12400 count=1024 [mode=offline,report,single] [type=Movable]":
 *          isolates the pageblocks of these frames; "undo start=... count=..." ends
 *          that, and they get the type; "test ..." asks whether all is isolated and
 *          free.  The type is also what they get back where isolating fails.
 *          Reading shows what is isolated, and by whom.
 * contig   "count=512 [gfp=GFP_KERNEL] [node=0] [slot=N]": as many frames in a row,
 *          anywhere, into slots one each, with __GFP_COMP as one block into one;
 *          "range=0x12400,512 ..." those very frames; "free slot=N [count=N]" gives
 *          them back, where without a count what the last write got is meant, or a
 *          compound block.  Reading shows what the last write that was not refused
 *          did.
 *
 * A range that is refused says in last_error what was in the way, and where.
 *
 * State: each machine's sbuddy_builtin::last_contig, guarded by last_lock, which
 * nests inside everything else.  What is isolated is the machine's; it is looked at
 * without a lock, so a line may be a moment old.
 */
#include <linux/string.h>

#include "debugfs.h"

#define ISOLATE_USAGE	"[undo|test] start=0xPFN count=FRAMES [mode=offline,report,single] [type=NAME]"
#define CONTIG_USAGE	"count=PAGES or range=0xPFN,PAGES [gfp=NAMES] [node=N] [slot=N], or free slot=N [count=PAGES]"

#define NO_RANGES	"rules that have ranges: 6.1 has none here"

static DEFINE_MUTEX(last_lock);

/* ---- words ---- */

/* Cuts "key=value" in two; NULL without a value. */
static char *value_of(char *word)
{
	char *value = word;

	strsep(&value, "=");
	return value;
}

/* Index of @key in @keys, which @seen notes; refused if it is none, or there again. */
static int find_key(struct sbuddy_debugfs_write *w, const char * const *keys, int nr,
		    const char *key, const char *value, unsigned int *seen, const char *usage)
{
	int i = value ? match_string(keys, nr, key) : -EINVAL;

	if (i < 0)
		return sbuddy_debugfs_refuse(w, -EINVAL, "%s", usage);
	if (*seen & BIT(i))
		return sbuddy_debugfs_refuse(w, -EINVAL, "%s= once only", key);
	*seen |= BIT(i);
	return i;
}

static int parse_frames(struct sbuddy_debugfs_write *w, const char *key, const char *value,
			u64 max, u64 *out)
{
	if (kstrtou64(value, 0, out) || !*out || *out > max)
		return sbuddy_debugfs_refuse(w, -EINVAL, "%s=1..%llu", key, max);
	return 0;
}

static int parse_pfn(struct sbuddy_debugfs_write *w, const char *key, const char *value,
		     u64 *out)
{
	if (kstrtou64(value, 0, out) || *out >= SBUDDY_END_PFN)
		return sbuddy_debugfs_refuse(w, -EINVAL, "%s= with a frame, hexadecimal with 0x",
					     key);
	return 0;
}

/* What became of a range; refused if it was not done. */
static int range_outcome(struct sbuddy_debugfs_write *w, int err, u32 reason, u64 fault)
{
	if (!err)
		return 0;
	if (fault == SBUDDY_NO_PFN)
		return sbuddy_debugfs_refuse(w, err, "room for the range; refused: %s",
					     sbuddy_range_reason_name(reason));
	return sbuddy_debugfs_refuse(w, err, "nothing in the way; refused: %s, pfn %#llx",
				     sbuddy_range_reason_name(reason), fault);
}

/* ---- isolate ---- */

enum isolate_key {
	ISOLATE_START,
	ISOLATE_COUNT,
	ISOLATE_MODE,
	ISOLATE_TYPE,
	ISOLATE_NR_KEYS,
};

static const char * const isolate_keys[ISOLATE_NR_KEYS] = {
	[ISOLATE_START] = "start",
	[ISOLATE_COUNT] = "count",
	[ISOLATE_MODE] = "mode",
	[ISOLATE_TYPE] = "type",
};

static int parse_modes(struct sbuddy_debugfs_write *w, char *value, u32 *modes)
{
	static const char * const names[] = { "offline", "report", "single" };
	char *name;
	int i;

	while ((name = strsep(&value, ","))) {
		i = match_string(names, ARRAY_SIZE(names), name);
		if (i < 0)
			return sbuddy_debugfs_refuse(w, -EINVAL,
						     "mode=offline, report, single, joined by ','");
		*modes |= BIT(i);
	}
	return 0;
}

static int parse_type(struct sbuddy_debugfs_write *w, const char *value, u32 *type)
{
	for (*type = 0; *type < SBUDDY_MIGRATE_PCPTYPES; ++*type)
		if (!strcmp(value, sbuddy_migratetype_name(*type)))
			return 0;
	return sbuddy_debugfs_refuse(w, -EINVAL, "type=Unmovable, Movable or Reclaimable");
}

static int isolate_parse_pair(struct sbuddy_debugfs_write *w, char *pair,
			      struct sbuddy_isolate *a, unsigned int *seen)
{
	char *value = value_of(pair);
	int key = find_key(w, isolate_keys, ISOLATE_NR_KEYS, pair, value, seen, ISOLATE_USAGE);

	BUILD_BUG_ON(SBUDDY_ISOLATE_OFFLINE != 1 || SBUDDY_ISOLATE_REPORT != 2 ||
		     SBUDDY_ISOLATE_SINGLE != 4);
	switch (key) {
	case ISOLATE_START:
		return parse_pfn(w, pair, value, &a->pfn);
	case ISOLATE_COUNT:
		return parse_frames(w, pair, value, SBUDDY_MAX_ISOLATE, &a->count);
	case ISOLATE_MODE:
		return parse_modes(w, value, &a->mode);
	case ISOLATE_TYPE:
		return parse_type(w, value, &a->migratetype);
	default:
		return key;
	}
}

static int isolate_parse(struct sbuddy_debugfs_write *w, struct sbuddy_isolate *a)
{
	unsigned int seen = 0;
	char *rest = w->text;
	char *word;
	int err;

	while ((word = strsep(&rest, " \t\n"))) {
		if (!*word)
			continue;
		if (!seen && a->action == SBUDDY_ISOLATE_SET && !strcmp(word, "undo")) {
			a->action = SBUDDY_ISOLATE_UNDO;
			continue;
		}
		if (!seen && a->action == SBUDDY_ISOLATE_SET && !strcmp(word, "test")) {
			a->action = SBUDDY_ISOLATE_TEST;
			continue;
		}
		err = isolate_parse_pair(w, word, a, &seen);
		if (err)
			return err;
	}
	if ((seen & BIT(ISOLATE_START)) && (seen & BIT(ISOLATE_COUNT)))
		return 0;
	return sbuddy_debugfs_refuse(w, -EINVAL, ISOLATE_USAGE);
}

static int isolate_write(struct sbuddy_debugfs_write *w)
{
	struct sbuddy_client *c = sbuddy_machine_builtin(w->m)->client;
	struct sbuddy_isolate a = { .migratetype = SBUDDY_MIGRATE_MOVABLE };
	int err;

	err = isolate_parse(w, &a);
	if (err)
		return err;
	mutex_lock(&c->lock);
	err = sbuddy_run_isolate(c->owner, &a, sbuddy_current_vcpu(w->m));
	mutex_unlock(&c->lock);
	if (err == -EOPNOTSUPP)
		return sbuddy_debugfs_refuse(w, err, NO_RANGES);
	if (err)
		return sbuddy_debugfs_refuse(w, err, "mode= that the action knows; with single frames of one pageblock");
	return range_outcome(w, a.result, a.reason, a.fault_pfn);
}

/* Adjacent isolated pageblocks of one zone and holder. */
struct isolated_run {
	const struct sbuddy_zone *zone;
	unsigned long start;
	unsigned long end;
	u32 holder;
};

/* Owners are clients; their number is one less than the mark they leave. */
static void print_holder(struct seq_file *s, const struct sbuddy_machine *m, u32 holder)
{
	struct sbuddy_client *c;

	if (holder == SBUDDY_HOLDER_NOBODY || holder == SBUDDY_HOLDER_CONTIG) {
		seq_printf(s, " owner=%s pid=0", holder ? "contig" : "nobody");
		return;
	}
	seq_printf(s, " owner=%u", holder - 1);
	mutex_lock(&sbuddy_clients_lock);
	list_for_each_entry(c, &sbuddy_clients, link)
		if (c->machine == m && c->id == holder - 1)
			seq_printf(s, " pid=%d", c->pid);
	mutex_unlock(&sbuddy_clients_lock);
}

static void print_run(struct seq_file *s, const struct sbuddy_machine *m,
		      const struct isolated_run *run)
{
	if (!run->zone)
		return;
	seq_printf(s, "start_pfn=%#lx end_pfn=%#lx pages=%lu node=%d zone=%s", run->start,
		   run->end, run->end - run->start, run->zone->node,
		   sbuddy_zone_name(run->zone->idx));
	print_holder(s, m, run->holder);
	seq_putc(s, '\n');
}

static int isolate_show(struct seq_file *s, struct sbuddy_machine *m)
{
	struct isolated_run run = { };
	unsigned long pfn;

	seq_puts(s, "version=1\nusage: " ISOLATE_USAGE "\n");
	for (pfn = m->base_pfn; pfn < m->base_pfn + m->nr_pages; pfn += SBUDDY_PAGEBLOCK_NR_PAGES) {
		const struct sbuddy_zone *zone = sbuddy_pfn_zone(m, pfn);
		unsigned long block = (pfn - m->base_pfn) / SBUDDY_PAGEBLOCK_NR_PAGES;
		u32 holder = READ_ONCE(m->isolated_by[block]);

		if (!zone || sbuddy_get_pageblock_migratetype(m, pfn) != SBUDDY_MIGRATE_ISOLATE)
			continue;
		if (run.zone != zone || run.end != pfn || run.holder != holder) {
			print_run(s, m, &run);
			run = (struct isolated_run){ .zone = zone, .start = pfn,
						     .holder = holder };
		}
		run.end = pfn + SBUDDY_PAGEBLOCK_NR_PAGES;
		cond_resched();
	}
	print_run(s, m, &run);
	return 0;
}

/* "start_pfn=0xffffffffff ..." is the longest line; each pageblock may have one. */
static size_t isolate_hint(const struct sbuddy_machine *m)
{
	size_t blocks = 0;
	int i;

	for (i = 0; i < m->nr_zones; i++)
		blocks += READ_ONCE(m->zones[i]->nr_isolate_pageblock);
	return 256 + blocks * 128;
}

/* ---- contig ---- */

enum contig_key {
	CONTIG_COUNT,
	CONTIG_RANGE,
	CONTIG_GFP,
	CONTIG_NODE,
	CONTIG_SLOT,
	CONTIG_NR_KEYS,
};

static const char * const contig_keys[CONTIG_NR_KEYS] = {
	[CONTIG_COUNT] = "count",
	[CONTIG_RANGE] = "range",
	[CONTIG_GFP] = "gfp",
	[CONTIG_NODE] = "node",
	[CONTIG_SLOT] = "slot",
};

static int parse_range(struct sbuddy_debugfs_write *w, char *value, struct sbuddy_contig *a)
{
	char *start = strsep(&value, ",");
	int err = parse_pfn(w, "range", start, &a->pfn);

	if (!err && !value)
		err = sbuddy_debugfs_refuse(w, -EINVAL, "range=0xPFN,PAGES");
	return err ?: parse_frames(w, "range=0xPFN,PAGES with PAGES", value, SBUDDY_MAX_CONTIG,
				   &a->count);
}

static int parse_gfp(struct sbuddy_debugfs_write *w, const char *value, u32 *gfp)
{
	const char *expected = "names of gfp flags, joined by |";

	if (sbuddy_gfp_parse(value, gfp, &expected))
		return sbuddy_debugfs_refuse(w, -EINVAL, "gfp=%s", expected);
	return 0;
}

static int parse_node(struct sbuddy_debugfs_write *w, const char *value, s32 *nid)
{
	if (kstrtos32(value, 0, nid) || *nid < 0 || *nid >= w->m->nr_nodes)
		return sbuddy_debugfs_refuse(w, -EINVAL, "node=0..%d", w->m->nr_nodes - 1);
	return 0;
}

static int parse_slot(struct sbuddy_debugfs_write *w, const char *value, u32 *slot)
{
	if (kstrtou32(value, 0, slot) || *slot >= SBUDDY_MAX_SLOTS)
		return sbuddy_debugfs_refuse(w, -EINVAL, "slot=0..%u", SBUDDY_MAX_SLOTS - 1);
	return 0;
}

static int contig_parse_pair(struct sbuddy_debugfs_write *w, char *pair, struct sbuddy_contig *a,
			     unsigned int *seen)
{
	char *value = value_of(pair);
	int key = find_key(w, contig_keys, CONTIG_NR_KEYS, pair, value, seen, CONTIG_USAGE);

	switch (key) {
	case CONTIG_COUNT:
		return parse_frames(w, pair, value, SBUDDY_MAX_CONTIG, &a->count);
	case CONTIG_RANGE:
		return parse_range(w, value, a);
	case CONTIG_GFP:
		return parse_gfp(w, value, &a->gfp);
	case CONTIG_NODE:
		return parse_node(w, value, &a->nid);
	case CONTIG_SLOT:
		return parse_slot(w, value, &a->slot);
	default:
		return key;
	}
}

/* Are they all there, and none that mean nothing beside the others? */
static bool contig_complete(const struct sbuddy_contig *a, unsigned int seen)
{
	if (a->action == SBUDDY_CONTIG_FREE)
		return seen == BIT(CONTIG_SLOT) || seen == (BIT(CONTIG_SLOT) | BIT(CONTIG_COUNT));
	if (seen & BIT(CONTIG_RANGE))
		return !(seen & (BIT(CONTIG_COUNT) | BIT(CONTIG_NODE)));
	return seen & BIT(CONTIG_COUNT);
}

static int contig_parse(struct sbuddy_debugfs_write *w, struct sbuddy_contig *a)
{
	unsigned int seen = 0;
	char *rest = w->text;
	char *word;
	int err;

	while ((word = strsep(&rest, " \t\n"))) {
		if (!*word)
			continue;
		if (!seen && a->action == SBUDDY_CONTIG_ALLOC && !strcmp(word, "free")) {
			a->action = SBUDDY_CONTIG_FREE;
			a->gfp = 0;
			continue;
		}
		err = contig_parse_pair(w, word, a, &seen);
		if (err)
			return err;
	}
	if (!contig_complete(a, seen))
		return sbuddy_debugfs_refuse(w, -EINVAL, CONTIG_USAGE);
	return 0;
}

/* How much a free without a count means.  0 if that cannot be told. */
static u64 contig_held(const struct sbuddy_builtin *b, u32 slot)
{
	const struct sbuddy_contig *last = &b->last_contig;
	struct sbuddy_page *page = sbuddy_owner_slot(b->client->owner, slot);

	if (page && sbuddy_page_compound(page))
		return 1ULL << sbuddy_page_order(page);
	if (page && last->size && last->action == SBUDDY_CONTIG_ALLOC && last->slot == slot)
		return last->count;
	return 0;
}

/* What sbuddy_run_contig() refuses before it tries. */
static const char *contig_expected(int err)
{
	switch (err) {
	case -ENOENT:
		return "a node that is online; to free, slots that hold something, see allocations";
	case -EEXIST:
		return "slots that are free";
	case -ENOMEM:
		return "memory for slots";
	case -ENOSPC:
		return "free slots in a row";
	case -EOPNOTSUPP:
		return NO_RANGES;
	default:
		return "gfp of IO, FS, RECLAIM, COMP, NOWARN, ZERO; to free, slots as got";
	}
}

static int contig_run(struct sbuddy_debugfs_write *w, struct sbuddy_contig *a)
{
	struct sbuddy_builtin *b = sbuddy_machine_builtin(w->m);
	int err;

	mutex_lock(&b->client->lock);
	mutex_lock(&last_lock);
	if (!a->count)
		a->count = contig_held(b, a->slot);
	mutex_unlock(&last_lock);
	if (a->count)
		err = sbuddy_run_contig(b->client->owner, a, sbuddy_current_vcpu(w->m));
	else
		err = sbuddy_owner_slot(b->client->owner, a->slot) ? -EINVAL : -ENOENT;
	mutex_unlock(&b->client->lock);
	if (err)
		return sbuddy_debugfs_refuse(w, err, "%s", contig_expected(err));
	return range_outcome(w, a->result, a->reason, a->fault_pfn);
}

static int contig_write(struct sbuddy_debugfs_write *w)
{
	struct sbuddy_contig a = {
		.size = sizeof(a), .gfp = SBUDDY_GFP_KERNEL, .slot = SBUDDY_SLOT_ANY,
		.nid = SBUDDY_NID_ANY, .pfn = SBUDDY_NO_PFN,
	};
	int err;

	err = contig_parse(w, &a);
	if (err)
		return err;
	err = contig_run(w, &a);
	if (err)
		return err;
	mutex_lock(&last_lock);
	sbuddy_machine_builtin(w->m)->last_contig = a;
	mutex_unlock(&last_lock);
	return 0;
}

static int contig_show(struct seq_file *s, struct sbuddy_machine *m)
{
	struct sbuddy_contig a;

	mutex_lock(&last_lock);
	a = sbuddy_machine_builtin(m)->last_contig;
	mutex_unlock(&last_lock);
	seq_puts(s, "version=1\nusage: " CONTIG_USAGE "\n");
	if (!a.size)
		return 0;
	seq_printf(s, "last_action=%s slot=%u pfn=%#llx pages=%llu order=%u node=%u zone=%s\n",
		   a.action == SBUDDY_CONTIG_FREE ? "free" : "alloc", a.slot, a.pfn, a.count,
		   a.order, a.zone >> 4, sbuddy_zone_name(a.zone & 0xf));
	return 0;
}

const struct sbuddy_debugfs_file sbuddy_debugfs_range_files[] = {
	{
		.name = "isolate",
		.mode = 0600,
		.show = isolate_show,
		.write = isolate_write,
		.hint = isolate_hint,
	},
	{ .name = "contig", .mode = 0600, .show = contig_show, .write = contig_write },
	{ }
};
