// SPDX-License-Identifier: GPL-2.0
/*
 * Machines for the host tests, see host_machine.h.
 */
#include "host_machine.h"

struct host_event host_events[HOST_MAX_EVENTS];
int host_nr_events;
static const struct host *host_traced;

/* ---- machines ---- */

static int host_boot_rules(struct host *h, const char *layout, int vcpus, const u8 *vcpu_node,
			   unsigned int rules)
{
	struct sbuddy_config *cfg = calloc(1, sizeof(*cfg));
	const char *expected;
	int err;

	sbuddy_config_init(cfg);
	cfg->nr_vcpus = vcpus;
	cfg->rules = rules;
	cfg->thp = false;
	if (vcpu_node)
		memcpy(cfg->vcpu_node, vcpu_node, vcpus);
	err = sbuddy_layout_parse(layout, 0, &cfg->layout, &expected);
	if (err)
		fprintf(stderr, "layout %s: expected %s\n", layout, expected);
	else
		err = sbuddy_machine_create(cfg, &h->m);
	free(cfg);
	return err;
}

int host_boot_nodes(struct host *h, const char *layout, int vcpus, const u8 *vcpu_node)
{
	return host_boot_rules(h, layout, vcpus, vcpu_node, SBUDDY_RULES_6_12);
}

int host_boot_61(struct host *h, const char *layout, int vcpus)
{
	return host_boot_rules(h, layout, vcpus, NULL, SBUDDY_RULES_6_1);
}

int host_boot(struct host *h, const char *layout, int vcpus)
{
	return host_boot_nodes(h, layout, vcpus, NULL);
}

static int host_put_free(char *buf, size_t size, const struct host_free_list *l, long *pages,
			 long *highatomic)
{
	int n = scnprintf(buf, size, "free order=%d mt=%d:", l->order, l->mt);
	const char *p = l->offs;
	char *end;
	long off;

	for (off = strtol(p, &end, 10); end != p; off = strtol(p, &end, 10)) {
		p = end;
		n += scnprintf(buf + n, size - n, " %lx", (1UL << 20) + off);
		if (l->mt != ISO)
			*pages += 1L << l->order;
		if (l->mt == HAT)
			*highatomic += 1L << l->order;
	}
	return n + scnprintf(buf + n, size - n, "\n");
}

static int host_put_types(char *buf, size_t size, const struct host_state *s, int *isolated)
{
	const char *t = s->types ? s->types : "";
	int n = scnprintf(buf, size, "blocks");

	for (int i = 0; i < s->blocks; i++) {
		while (*t == ' ')
			t++;
		*isolated += *t == '4';
		n += scnprintf(buf + n, size - n, " %c", *t ? *t : '1');
		t += !!*t;
	}
	return n + scnprintf(buf + n, size - n, "\n");
}

static int host_put_zone(char *buf, size_t size, const struct host_state *s, long nr_free,
			 long highatomic, int isolated)
{
	long span = s->blocks * 512L, managed = s->managed ? s->managed : span;
	int n = scnprintf(buf, size, "rules %s\nnode nid=0 online_nodes=1\n"
			  "zonelist fallback: 0:%d\nzonelist nofallback: 0:%d\n",
			  s->rules ?: "6.12", s->zone, s->zone);

	n += scnprintf(buf + n, size - n, "zone node=0 idx=%d name=%s start=%lx end=%lx ", s->zone,
		       sbuddy_zone_name(s->zone), 1UL << 20, (1UL << 20) + span);
	n += scnprintf(buf + n, size - n, "present=%ld managed=%ld nr_free=%ld drift_mark=0 ",
		       span, managed, nr_free);
	n += scnprintf(buf + n, size - n, "isolated_blocks=%d flags=%x\n", isolated, s->flags);
	n += scnprintf(buf + n, size - n, "wmark min=%ld low=%ld high=%ld promo=%ld ",
		       s->min, s->low, s->high, s->high);
	n += scnprintf(buf + n, size - n, "boost=%ld highatomic=%ld highatomic_free=%ld\n",
		       s->boost, s->highatomic, highatomic);
	return n + scnprintf(buf + n, size - n, "lowmem_reserve 0 0 0 0 0\n");
}

static int host_put_cpus(char *buf, size_t size, const struct host_state *s)
{
	int n = 0;

	for (int cpu = 0; cpu < max(s->vcpus, 1); cpu++) {
		n += scnprintf(buf + n, size - n, "zonestat cpu=%d free_diff=0 threshold=%d\n",
			       cpu, s->threshold);
		n += scnprintf(buf + n, size - n,
			       "pcp cpu=%d count=0 high=%d high_min=%d high_max=%d batch=%d ",
			       cpu, s->rules ? s->high_max : 0, s->high_min, s->high_max,
			       max(s->batch, 1));
		n += scnprintf(buf + n, size - n,
			       "flags=0 alloc_factor=0 free_count=0 expire=0\n");
	}
	return n;
}

int host_import(struct host *h, const struct host_state *s)
{
	const size_t size = 1 << 18, half = size / 2;
	char *text = calloc(1, size), *body = text + half, why[200];
	long nr_free = 0, highatomic = 0;
	int n = 0, isolated = 0, err;

	n += host_put_types(body, half, s, &isolated);
	for (const struct host_free_list *l = s->free; l->offs; l++)
		n += host_put_free(body + n, half - n, l, &nr_free, &highatomic);
	n += host_put_cpus(body + n, half - n, s);
	n = host_put_zone(text, half, s, nr_free, highatomic, isolated);
	memmove(text + n, body, strlen(body) + 1);
	err = sbuddy_snapshot_import(text, strlen(text), &h->m, why, sizeof(why));
	if (err)
		fprintf(stderr, "import: %s\n%s", why, text);
	free(text);
	return err;
}

void host_exit(struct host *h)
{
	if (h->o)
		sbuddy_owner_destroy(h->o, &h->task);
	sbuddy_machine_destroy(h->m);
	h->o = NULL;
	h->m = NULL;
}

int host_check(struct host *h, char *err, size_t size)
{
	int ret = sbuddy_check(h->m, err, size);

	if (!ret && h->o)
		ret = sbuddy_owner_check(h->o, err, size);
	return ret;
}

/* Every page can be had: for tests in which watermarks only get in the way. */
void host_no_watermarks(struct host *h)
{
	for (int i = 0; i < h->m->nr_zones; i++) {
		memset(h->m->zones[i]->watermark, 0, sizeof(h->m->zones[i]->watermark));
		memset(h->m->zones[i]->lowmem_reserve, 0,
		       sizeof(h->m->zones[i]->lowmem_reserve));
	}
}

/* ---- pages ---- */

struct sbuddy_zone *host_zone(const struct host *h, int nid, int idx)
{
	return h->m->nodes[nid].node_zones[idx];
}

struct sbuddy_page *host_page(const struct host *h, long off)
{
	return h->m->pages + off;
}

long host_off(const struct host *h, const struct sbuddy_page *page)
{
	return page ? page - h->m->pages : -1;
}

long host_alloc_node(struct host *h, u32 gfp, unsigned int order, int nid)
{
	return host_off(h, sbuddy_alloc_pages(h->m, &h->task, gfp, order, nid));
}

long host_alloc(struct host *h, u32 gfp, unsigned int order)
{
	return host_alloc_node(h, gfp, order, SBUDDY_NID_ANY);
}

int host_free(struct host *h, long off, unsigned int order)
{
	return sbuddy_free_pages(h->m, &h->task, host_page(h, off), order);
}

/* Makes a pageblock Isolate, or of type @mt again, as isolation does with one that is all free. */
int host_isolate(struct host *h, long off, int mt)
{
	unsigned long pfn = h->m->base_pfn + off;
	struct sbuddy_zone *zone = sbuddy_pfn_zone(h->m, pfn);
	int old = sbuddy_pb_migratetype(h->m, pfn);
	struct sbuddy_block_scan scan;
	bool whole;

	spin_lock(&zone->lock);
	whole = sbuddy_prep_move_freepages_block(zone, pfn, &scan);
	if (whole) {
		sbuddy_move_freepages_block(zone, &h->task, scan.start_pfn, old, mt);
		zone->nr_isolate_pageblock += (mt == ISO) - (old == ISO);
	}
	spin_unlock(&zone->lock);
	return whole ? 0 : -EBUSY;
}

int host_type(const struct host *h, long off)
{
	return sbuddy_get_pageblock_migratetype(h->m, h->m->base_pfn + off);
}

/* ---- lists, as text that lives for some calls ---- */

static const char *host_list_text(const struct host *h, const struct list_head *list)
{
	static char ring[8][8192];
	static int next;
	char *buf = ring[next++ % 8];
	const struct sbuddy_page *page;
	int n = 0;

	*buf = 0;
	list_for_each_entry(page, list, lru)
		n += scnprintf(buf + n, sizeof(ring[0]) - n, "%s%ld", n ? " " : "",
			       host_off(h, page));
	return buf;
}

const char *host_list(const struct host *h, const struct sbuddy_zone *z, int order, int mt)
{
	return host_list_text(h, &z->free_area[order].free_list[mt]);
}

const char *host_pcp(const struct host *h, const struct sbuddy_zone *z, int cpu, int idx)
{
	return host_list_text(h, &z->pcp[cpu].lists[idx]);
}

struct host_text {
	char *buf;
	size_t len;
};

static void host_emit(void *arg, const char *text, size_t len)
{
	struct host_text *t = arg;

	t->buf = realloc(t->buf, t->len + len + 1);
	memcpy(t->buf + t->len, text, len);
	t->len += len;
	t->buf[t->len] = 0;
}

/* The caller frees it. */
char *host_snapshot(struct host *h)
{
	struct host_text t = { NULL, 0 };

	sbuddy_snapshot_export(h->m, host_emit, &t);
	return t.buf;
}

/* ---- tracepoints ---- */

static int host_nr_args(enum sbuddy_trace_event ev)
{
	static const u8 nr[SBUDDY_NR_TRACE_EVENTS] = {
		3, 3, 4, 1, 1, 2, 2, 3, 6, 6, 6, 3, 3, 6, 3,
		4, 4, 4, 2, 3, 4, 3, 2, 2, 1, 1, 1, 1, 3, 3, 6, 2,
		1, 3, 2, 1, 8, 6, 7, 2, 4, 6, 6, 2, 6, 3, 2, 3,
	};

	return nr[ev];
}

static void host_record(enum sbuddy_trace_event ev, const struct sbuddy_machine *m,
			const struct sbuddy_zone *zone, const struct sbuddy_page *page,
			const long *arg)
{
	struct host_event *e = &host_events[host_nr_events];

	(void)m;
	if (host_nr_events == HOST_MAX_EVENTS)
		return;
	*e = (struct host_event){ .ev = ev, .zone = zone, .off = host_off(host_traced, page) };
	memcpy(e->arg, arg, host_nr_args(ev) * sizeof(long));
	host_nr_events++;
}

/* Forgets what was recorded and records from here on. */
void host_trace(struct host *h)
{
	host_traced = h;
	host_nr_events = 0;
	sbuddy_trace_listen(host_record);
}

void host_untrace(void)
{
	sbuddy_trace_listen(NULL);
}

int host_count(enum sbuddy_trace_event ev)
{
	int n = 0;

	for (int i = 0; i < host_nr_events; i++)
		n += host_events[i].ev == ev;
	return n;
}

const struct host_event *host_event(enum sbuddy_trace_event ev, int nth)
{
	for (int i = 0; i < host_nr_events; i++)
		if (host_events[i].ev == ev && !nth--)
			return &host_events[i];
	return NULL;
}
