// SPDX-License-Identifier: GPL-2.0
/*
 * Snapshots, the way in: a machine from the text that snapshot_export.c writes
 * and that recorded vectors carry.
 *
 * Two passes.  The first learns the shape: zones with their spans, vcpus; the
 * machine is then made.  The second fills in lists, types and counters.  Zones
 * that a zonelist names but the text does not describe (other nodes of the
 * recorded machine) are left out of the zonelist.  Text is not trusted: a frame
 * is put on a list only if its block lies in the zone, is aligned and does not
 * overlap another.
 *
 * Pages on no list are taken to be allocated by somebody unknown; those on LRU
 * lists can move (snapshot_compact.c).
 */
#include "os.h"
#include "rules.h"
#include "snapshot.h"

int sbuddy_import_fail(struct sbuddy_import *im, const char *expected)
{
	scnprintf(im->err, im->err_size, "line %d: expected %s", im->line, expected);
	return -EINVAL;
}

/* ---- words ---------------------------------------------------------------- */

bool sbuddy_at_eol(const struct sbuddy_import *im)
{
	return im->p >= im->end || *im->p == '\n';
}

void sbuddy_skip_blanks(struct sbuddy_import *im)
{
	while (im->p < im->end && (*im->p == ' ' || *im->p == '\t' || *im->p == '\r'))
		im->p++;
}

static void sbuddy_next_line(struct sbuddy_import *im)
{
	while (!sbuddy_at_eol(im))
		im->p++;
	if (im->p < im->end)
		im->p++;
	im->line++;
}

/* Eats @word, after blanks, if it stands here. */
bool sbuddy_eat(struct sbuddy_import *im, const char *word)
{
	size_t n = strlen(word);

	sbuddy_skip_blanks(im);
	if ((size_t)(im->end - im->p) < n || memcmp(im->p, word, n))
		return false;
	im->p += n;
	return true;
}

static int sbuddy_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return 99;
}

bool sbuddy_number(struct sbuddy_import *im, int base, long *v)
{
	unsigned long n = 0;
	bool minus = sbuddy_eat(im, "-");
	const char *start = im->p;

	while (im->p < im->end && sbuddy_digit(*im->p) < base) {
		if (n > (unsigned long)LONG_MAX / 32)
			return false;
		n = n * base + sbuddy_digit(*im->p++);
	}
	*v = minus ? -(long)n : (long)n;
	return im->p != start;
}

/* name=number, in its place. */
bool sbuddy_field(struct sbuddy_import *im, const char *name, int base, long lo, long hi, long *v)
{
	return sbuddy_eat(im, name) && sbuddy_eat(im, "=") && sbuddy_number(im, base, v) &&
	       *v >= lo && *v <= hi;
}

/* ---- first pass: shape ------------------------------------------------------ */

struct sbuddy_zone_line {
	long node, idx, start, end, present, managed, nr_free, drift, isolated, flags;
};

static int sbuddy_read_zone_line(struct sbuddy_import *im, struct sbuddy_zone_line *l)
{
	const long max_pfn = LONG_MAX / 64, max = SBUDDY_MAX_PAGES;

	if (!sbuddy_field(im, "node", 10, 0, SBUDDY_MAX_NODES - 1, &l->node) ||
	    !sbuddy_field(im, "idx", 10, 0, SBUDDY_MAX_NR_ZONES - 1, &l->idx) ||
	    !sbuddy_eat(im, "name=") || !sbuddy_eat(im, sbuddy_zone_name(l->idx)) ||
	    !sbuddy_field(im, "start", 16, 0, max_pfn, &l->start) ||
	    !sbuddy_field(im, "end", 16, l->start + 1, l->start + max, &l->end) ||
	    !sbuddy_field(im, "present", 10, 1, l->end - l->start, &l->present) ||
	    !sbuddy_field(im, "managed", 10, 0, l->present, &l->managed) ||
	    !sbuddy_field(im, "nr_free", 10, -max, max, &l->nr_free) ||
	    !sbuddy_field(im, "drift_mark", 10, 0, LONG_MAX, &l->drift) ||
	    !sbuddy_field(im, "isolated_blocks", 10, 0, max, &l->isolated) ||
	    !sbuddy_field(im, "flags", 16, 0, 7, &l->flags))
		return sbuddy_import_fail(im, "zone node= idx= name= start= end= present= managed= nr_free= drift_mark= isolated_blocks= flags=");
	return 0;
}

static int sbuddy_import_rules(struct sbuddy_import *im)
{
	for (unsigned int i = 0; i < SBUDDY_NR_RULE_SETS; i++) {
		const char *start = im->p;

		if (sbuddy_eat(im, sbuddy_rules_name(i))) {
			sbuddy_skip_blanks(im);
			if (sbuddy_at_eol(im)) {
				im->rules = i;
				return 0;
			}
		}
		im->p = start;
	}
	return sbuddy_import_fail(im, "rules 6.12 or 6.1");
}

static int sbuddy_shape_line(struct sbuddy_import *im)
{
	struct sbuddy_zone_line l;
	long cpu;

	if (sbuddy_eat(im, "zonestat ")) {
		if (!sbuddy_field(im, "cpu", 10, 0, SBUDDY_MAX_VCPUS - 1, &cpu))
			return sbuddy_import_fail(im, "zonestat cpu=, 0 to 255");
		im->max_cpu = max_t(int, im->max_cpu, cpu);
	} else if (sbuddy_eat(im, "rules ")) {
		return sbuddy_import_rules(im);
	} else if (sbuddy_eat(im, "zone ")) {
		int err = sbuddy_read_zone_line(im, &l);

		if (err)
			return err;
		im->lowest_pfn = min_t(unsigned long, im->lowest_pfn, l.start);
		im->highest_pfn = max_t(unsigned long, im->highest_pfn, l.end);
		im->nr_zones++;
	}
	return 0;
}

static int sbuddy_import_shape(struct sbuddy_import *im)
{
	while (im->p < im->end) {
		int err = sbuddy_shape_line(im);

		if (err)
			return err;
		sbuddy_next_line(im);
	}
	if (!im->highest_pfn)
		return sbuddy_import_fail(im, "at least one zone");
	im->lowest_pfn &= ~(SBUDDY_PAGES_PER_SECTION - 1);
	im->highest_pfn = ALIGN(im->highest_pfn, SBUDDY_MAX_ORDER_NR_PAGES);
	if (im->highest_pfn - im->lowest_pfn > SBUDDY_MAX_PAGES)
		return sbuddy_import_fail(im, "zones within 1 TiB of each other");
	return 0;
}

/* ---- second pass: one function a line ---------------------------------------- */

static int sbuddy_import_node(struct sbuddy_import *im)
{
	long nid, online;

	if (!sbuddy_field(im, "nid", 10, 0, SBUDDY_MAX_NODES - 1, &nid) ||
	    !sbuddy_field(im, "online_nodes", 10, 1, SBUDDY_MAX_NODES, &online))
		return sbuddy_import_fail(im, "node nid= online_nodes=");
	im->node = &im->m->nodes[nid];
	im->node->online = true;
	im->m->online_nodes = online;
	im->m->nr_nodes = max_t(int, im->m->nr_nodes, nid + 1);
	return 0;
}

/* Only remembers order; zones are not known yet, so sbuddy_import_bind() fills them in. */
static int sbuddy_import_zonelist(struct sbuddy_import *im)
{
	struct sbuddy_zoneref *ref, *end;
	int kind = sbuddy_eat(im, "nofallback:") ? SBUDDY_ZONELIST_NOFALLBACK :
		   sbuddy_eat(im, "fallback:") ? SBUDDY_ZONELIST_FALLBACK : -1;
	long node, idx;

	if (!im->node || kind < 0)
		return sbuddy_import_fail(im, "a node line, then zonelist fallback: or nofallback:");
	ref = im->node->zonelists[kind].ref;
	end = ref + ARRAY_SIZE(im->node->zonelists[kind].ref) - 1;
	for (sbuddy_skip_blanks(im); !sbuddy_at_eol(im); sbuddy_skip_blanks(im)) {
		if (!sbuddy_number(im, 10, &node) || !sbuddy_eat(im, ":") ||
		    !sbuddy_number(im, 10, &idx) || node < 0 || node >= SBUDDY_MAX_NODES ||
		    idx < 0 || idx >= SBUDDY_MAX_NR_ZONES || ref == end)
			return sbuddy_import_fail(im, "NODE:ZONE pairs");
		ref->node = node;
		ref->zone_idx = idx;
		ref++->zone = NULL;
	}
	ref->node = -1;
	return 0;
}

static int sbuddy_import_zone(struct sbuddy_import *im)
{
	struct sbuddy_zone_line l;
	struct sbuddy_zone *zone;
	int err = sbuddy_read_zone_line(im, &l);
	int online = im->m->online_nodes;

	if (err)
		return err;
	if (!im->node || im->node->id != l.node || im->node->node_zones[l.idx])
		return sbuddy_import_fail(im, "each zone once, after its node line");
	for (int i = 0; i < im->m->nr_zones; i++)
		if (im->m->zones[i]->zone_start_pfn == (unsigned long)l.start)
			return sbuddy_import_fail(im, "zones that start at different frames");
	zone = sbuddy_zone_create(im->m, l.node, l.idx);
	if (!zone)
		return -ENOMEM;
	im->m->online_nodes = online;
	zone->zone_start_pfn = l.start;
	zone->spanned_pages = l.end - l.start;
	zone->present_pages = l.present;
	zone->managed_pages = l.managed;
	zone->nr_free_pages = l.nr_free;
	zone->percpu_drift_mark = l.drift;
	zone->nr_isolate_pageblock = l.isolated;
	zone->flags = l.flags;
	im->zone = zone;
	return 0;
}

static int sbuddy_import_wmark(struct sbuddy_import *im)
{
	static const char * const names[SBUDDY_NR_WMARK] = { "min", "low", "high", "promo" };
	struct sbuddy_zone *z = im->zone;
	const long max = LONG_MAX / 64;

	for (int i = 0; i < SBUDDY_NR_WMARK; i++)
		if (!sbuddy_field(im, names[i], 10, 0, max, &z->watermark[i]))
			return sbuddy_import_fail(im, "wmark min= low= high= promo=");
	if (!sbuddy_field(im, "boost", 10, 0, max, &z->watermark_boost) ||
	    !sbuddy_field(im, "highatomic", 10, 0, max, &z->nr_reserved_highatomic) ||
	    !sbuddy_field(im, "highatomic_free", 10, 0, max, &z->nr_free_highatomic))
		return sbuddy_import_fail(im, "boost= highatomic= highatomic_free=");
	if (!im->m->rules->counts_highatomic)
		z->nr_free_highatomic = z->nr_reserved_highatomic;
	return 0;
}

static int sbuddy_import_reserve(struct sbuddy_import *im)
{
	for (int i = 0; i < SBUDDY_MAX_NR_ZONES; i++)
		if (!sbuddy_number(im, 10, &im->zone->lowmem_reserve[i]) ||
		    im->zone->lowmem_reserve[i] < 0 ||
		    im->zone->lowmem_reserve[i] > LONG_MAX / 64)
			return sbuddy_import_fail(im, "five numbers of pages");
	return 0;
}

static int sbuddy_import_blocks(struct sbuddy_import *im)
{
	struct sbuddy_zone *z = im->zone;
	unsigned long end = z->zone_start_pfn + z->spanned_pages;
	long mt;

	for (unsigned long pfn = z->zone_start_pfn; pfn < end; pfn = sbuddy_next_block(pfn)) {
		if (sbuddy_eat(im, "-"))
			continue;
		if (!sbuddy_number(im, 10, &mt) || mt < 0 || mt >= SBUDDY_MIGRATE_TYPES)
			return sbuddy_import_fail(im, "a type 0 to 4 or '-' for each pageblock");
		if (im->m->pageblock_zone[sbuddy_pb_index(im->m, pfn)] != SBUDDY_NO_ZONE)
			return sbuddy_import_fail(im, "zones that share no pageblock");
		im->m->pageblock_zone[sbuddy_pb_index(im->m, pfn)] = z->id;
		sbuddy_set_pageblock_migratetype(im->m, pfn, mt);
	}
	return 0;
}

/* May a block of @order at @pfn be put on a list of the zone?  Nothing may lie there yet. */
bool sbuddy_import_room(const struct sbuddy_import *im, unsigned long pfn, unsigned int order)
{
	struct sbuddy_zone *z = im->zone;

	if (pfn & ((1UL << order) - 1) || !sbuddy_zone_spans_pfn(z, pfn) ||
	    !sbuddy_zone_spans_pfn(z, pfn + (1UL << order) - 1))
		return false;
	if (sbuddy_covering_head(im->m, pfn))
		return false;
	for (unsigned long i = 1; i < 1UL << order; i++)
		if (sbuddy_page(im->m, pfn + i)->tag)
			return false;
	return true;
}

/* ":TYPE" after a frame, if it stands there. */
static bool sbuddy_import_pcp_mt(struct sbuddy_import *im, struct sbuddy_page *page)
{
	long mt;

	if (im->p >= im->end || *im->p != ':')
		return true;
	if (!sbuddy_eat(im, ":") || !sbuddy_number(im, 10, &mt) || mt < 0 ||
	    mt >= SBUDDY_MIGRATE_TYPES)
		return false;
	sbuddy_set_pcp_mt(page, mt);
	return true;
}

/* @mt: type that the blocks remember, -1 if they do not. */
static int sbuddy_import_list(struct sbuddy_import *im, struct list_head *list,
			      enum sbuddy_page_state state, unsigned int order, int mt,
			      long *count)
{
	struct sbuddy_page *page;
	long pfn;

	if (!sbuddy_eat(im, ":"))
		return sbuddy_import_fail(im, "':' before the frames");
	for (sbuddy_skip_blanks(im); !sbuddy_at_eol(im); sbuddy_skip_blanks(im)) {
		if (!sbuddy_number(im, 16, &pfn) || !sbuddy_import_room(im, pfn, order))
			return sbuddy_import_fail(im, "frames of free blocks in the zone, aligned, each once");
		page = sbuddy_page(im->m, pfn);
		page->tag = sbuddy_tag(im->zone, state, order);
		list_add_tail(&page->lru, list);
		++*count;
		if (mt < 0)
			continue;
		sbuddy_set_pcp_mt(page, mt);
		if (!sbuddy_import_pcp_mt(im, page))
			return sbuddy_import_fail(im, "a type 0 to 4 after ':'");
	}
	return 0;
}

static int sbuddy_import_free(struct sbuddy_import *im)
{
	struct sbuddy_free_area *area;
	long order, mt, count = 0;
	int err;

	if (!sbuddy_field(im, "order", 10, 0, SBUDDY_MAX_PAGE_ORDER, &order) ||
	    !sbuddy_field(im, "mt", 10, 0, SBUDDY_MIGRATE_TYPES - 1, &mt))
		return sbuddy_import_fail(im, "free order= mt=");
	area = &im->zone->free_area[order];
	err = sbuddy_import_list(im, &area->free_list[mt], SBUDDY_PAGE_BUDDY, order, -1,
				 &count);
	area->nr_free += count;
	return err;
}

static int sbuddy_import_zonestat(struct sbuddy_import *im)
{
	long cpu, diff, threshold;

	if (!sbuddy_field(im, "cpu", 10, 0, im->max_cpu, &cpu) ||
	    !sbuddy_field(im, "free_diff", 10, -128, 127, &diff) ||
	    !sbuddy_field(im, "threshold", 10, 0, 125, &threshold))
		return sbuddy_import_fail(im, "zonestat cpu= free_diff= threshold=");
	im->zone->zstat[cpu].free_diff = diff;
	im->zone->zstat[cpu].stat_threshold = threshold;
	return 0;
}

static int sbuddy_import_pcp(struct sbuddy_import *im)
{
	long cpu, count, high, high_min, high_max, batch, flags, factor, freed, expire;
	const bool tunes = im->m->rules->pcp_tunes;
	const long max = INT_MAX / 64;
	struct sbuddy_pcp *pcp;

	if (!sbuddy_field(im, "cpu", 10, 0, im->max_cpu, &cpu) ||
	    !sbuddy_field(im, "count", 10, 0, max, &count) ||
	    !sbuddy_field(im, "high", 10, 0, max, &high) ||
	    !sbuddy_field(im, "high_min", 10, 0, max, &high_min) ||
	    !sbuddy_field(im, "high_max", 10, 0, max, &high_max) ||
	    !sbuddy_field(im, "batch", 10, 1, 1023, &batch) ||
	    !sbuddy_field(im, "flags", 10, 0, 3, &flags) ||
	    !sbuddy_field(im, "alloc_factor", 10, 0, SBUDDY_PCP_BATCH_SCALE_MAX, &factor) ||
	    !sbuddy_field(im, "free_count", 10, 0, tunes ? S16_MAX : SBUDDY_PCP_BATCH_SCALE_MAX,
			  &freed) ||
	    !sbuddy_field(im, "expire", 10, 0, 255, &expire))
		return sbuddy_import_fail(im, "pcp cpu= count= high= high_min= high_max= batch= flags= alloc_factor= free_count= expire=");
	pcp = &im->zone->pcp[cpu];
	pcp->high = high;
	pcp->high_min = high_min;
	pcp->high_max = high_max;
	pcp->batch = batch;
	pcp->flags = flags | (pcp->flags & ~SBUDDY_PCPF_KERNEL);
	pcp->alloc_factor = factor;
	pcp->free_count = freed;
	pcp->expire = expire;
	im->zone->pcp_high_min = high_min;
	im->zone->pcp_high_max = high_max;
	im->zone->pcp_batch = batch;
	return 0;
}

static int sbuddy_import_pcplist(struct sbuddy_import *im)
{
	long cpu, idx, count = 0;
	struct sbuddy_pcp *pcp;
	unsigned int order;
	int err, mt;

	if (!sbuddy_field(im, "cpu", 10, 0, im->max_cpu, &cpu) ||
	    !sbuddy_field(im, "idx", 10, 0, SBUDDY_NR_PCP_LISTS - 1, &idx))
		return sbuddy_import_fail(im, "pcplist cpu= idx=");
	pcp = &im->zone->pcp[cpu];
	order = sbuddy_pindex_to_order(idx);
	mt = im->m->rules->lists_follow_blocks ? -1 : sbuddy_pindex_to_mt(idx);
	err = sbuddy_import_list(im, &pcp->lists[idx], SBUDDY_PAGE_PCP, order, mt, &count);
	pcp->count += count << order;
	return err;
}

static int sbuddy_import_line(struct sbuddy_import *im)
{
	static const struct {
		const char *word;
		bool needs_zone;
		int (*read)(struct sbuddy_import *im);
	} lines[] = {
		{ "rules ",	    false, sbuddy_import_rules },
		{ "machine ",	    false, sbuddy_import_machine },
		{ "node ",	    false, sbuddy_import_node },
		{ "zonelist ",	    false, sbuddy_import_zonelist },
		{ "zonestat ",	    true,  sbuddy_import_zonestat },
		{ "zone ",	    false, sbuddy_import_zone },
		{ "wmark ",	    true,  sbuddy_import_wmark },
		{ "lowmem_reserve", true,  sbuddy_import_reserve },
		{ "free ",	    true,  sbuddy_import_free },
		{ "blocks",	    true,  sbuddy_import_blocks },
		{ "pcplist ",	    true,  sbuddy_import_pcplist },
		{ "pcp ",	    true,  sbuddy_import_pcp },
		{ "compact ",	    true,  sbuddy_import_compact },
		{ "skip:",	    true,  sbuddy_import_skip },
		{ "lru ",	    true,  sbuddy_import_lru },
	};

	for (size_t i = 0; i < ARRAY_SIZE(lines); i++) {
		int err;

		if (!sbuddy_eat(im, lines[i].word))
			continue;
		if (lines[i].needs_zone && !im->zone)
			return sbuddy_import_fail(im, "a zone line first");
		err = lines[i].read(im);
		if (err)
			return err;
		sbuddy_skip_blanks(im);
		return sbuddy_at_eol(im) ? 0 : sbuddy_import_fail(im, "the end of the line");
	}
	sbuddy_skip_blanks(im);
	if (sbuddy_at_eol(im) || *im->p == '#')
		return 0;
	return sbuddy_import_fail(im, "rules, machine, node, zonelist, zone, wmark, lowmem_reserve, free, blocks, zonestat, pcp, pcplist, compact, skip or lru");
}

/* ---- the whole ---------------------------------------------------------------- */

static void sbuddy_import_bind_list(struct sbuddy_machine *m, struct sbuddy_zonelist *list)
{
	struct sbuddy_zoneref *from = list->ref, *to = list->ref;

	for (; from->node >= 0; from++) {
		struct sbuddy_zone *zone = m->nodes[from->node].node_zones[from->zone_idx];

		if (zone)
			*to++ = (struct sbuddy_zoneref){ zone, zone->idx, zone->node };
	}
	*to = (struct sbuddy_zoneref){ NULL, 0, 0 };
}

static void sbuddy_import_mark_lists(struct sbuddy_machine *m)
{
	for (int nid = 0; nid < SBUDDY_MAX_NODES; nid++)
		for (int kind = 0; kind < SBUDDY_NR_ZONELISTS; kind++)
			m->nodes[nid].zonelists[kind].ref[0].node = -1;
}

static void sbuddy_import_bind(struct sbuddy_machine *m)
{
	for (int nid = 0; nid < SBUDDY_MAX_NODES; nid++)
		for (int kind = 0; kind < SBUDDY_NR_ZONELISTS; kind++) {
			sbuddy_import_bind_list(m, &m->nodes[nid].zonelists[kind]);
			sbuddy_zonelist_index(&m->nodes[nid].zonelists[kind]);
		}
	for (int i = 0; i < m->nr_zones; i++)
		sbuddy_zone_set_avoid_fragmentation(m->zones[i]);
	sbuddy_index_near(m);
}

static int sbuddy_import_state(struct sbuddy_import *im)
{
	while (im->p < im->end) {
		int err = sbuddy_import_line(im);

		if (err)
			return err;
		sbuddy_next_line(im);
	}
	return 0;
}

/**
 * sbuddy_snapshot_size() - memory that the machine of a snapshot would take
 * @text: the snapshot
 * @len: its length, bytes
 * @bytes: out, what sbuddy_machine_metadata_bytes() would say of the machine
 * @err: what was expected, on error
 * @err_size: bytes of @err
 *
 * Reads the lines that give the shape, not the rest.
 *
 * Context: Any.
 * Return: 0; -EINVAL for a malformed text.
 */
int sbuddy_snapshot_size(const char *text, size_t len, size_t *bytes, char *err, size_t err_size)
{
	struct sbuddy_import im = {
		.p = text, .end = text + len, .line = 1, .err = err, .err_size = err_size,
		.lowest_pfn = ULONG_MAX,
	};
	int ret = sbuddy_import_shape(&im);

	if (!ret)
		*bytes = sbuddy_metadata_bytes(im.highest_pfn - im.lowest_pfn, im.nr_zones,
					       im.max_cpu + 1);
	return ret;
}

/**
 * sbuddy_snapshot_import() - a machine from a snapshot
 * @text: the snapshot
 * @len: its length, bytes
 * @out: the machine, unchanged on error
 * @err: what was expected, on error
 * @err_size: bytes of @err
 *
 * Vcpus are on node 0 and knobs have their defaults unless the text says otherwise.
 *
 * Context: May sleep.
 * Return: 0; -EINVAL for a malformed or contradictory text; -ENOMEM.
 */
int sbuddy_snapshot_import(const char *text, size_t len, struct sbuddy_machine **out,
			   char *err, size_t err_size)
{
	struct sbuddy_import im = {
		.p = text, .end = text + len, .line = 1, .err = err, .err_size = err_size,
		.lowest_pfn = ULONG_MAX,
	};
	struct sbuddy_config *cfg;
	int ret;

	scnprintf(err, err_size, "out of memory");
	ret = sbuddy_import_shape(&im);
	if (ret)
		return ret;
	cfg = os_zalloc(sizeof(*cfg));
	if (!cfg)
		return -ENOMEM;
	sbuddy_config_init(cfg);
	cfg->nr_vcpus = im.max_cpu + 1;
	cfg->rules = im.rules;
	im.m = sbuddy_machine_alloc(cfg, im.lowest_pfn, im.highest_pfn - im.lowest_pfn);
	os_free(cfg);
	if (!im.m)
		return -ENOMEM;

	sbuddy_import_mark_lists(im.m);
	im.p = text;
	im.line = 1;
	ret = sbuddy_import_state(&im);
	if (ret) {
		sbuddy_machine_destroy(im.m);
		return ret;
	}
	sbuddy_import_bind(im.m);
	*out = im.m;
	return 0;
}
