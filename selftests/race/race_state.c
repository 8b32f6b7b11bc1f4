// SPDX-License-Identifier: GPL-2.0
/*
 * Two states side by side: the clone after the race, and what the live kernel
 * has by then, as sbuddy_race.ko reads it.
 *
 * Both texts are compared line by line, which is every free list in order,
 * every pageblock's type, per-CPU lists and their fields, watermarks, boost,
 * reserves, counters and the CPUs' parts of them, zonelists.  So is what
 * /proc/buddyinfo, /proc/pagetypeinfo and numastat say of them.
 *
 * Left out are the nodes that are not raced on, and the machine's own lines:
 * knobs are numbers that both sides were told.
 */
#include <errno.h>
#include <stdio.h>

#include "race.h"

#define TYPES	5	/* as in pagetypeinfo */

static const char * const zone_names[] = { "DMA", "DMA32", "Normal", "Movable" };
static const char * const type_names[TYPES] = {
	"Unmovable", "Movable", "Reclaimable", "HighAtomic", "Isolate"
};

/* ---- snapshots ---- */

/* The lines of a snapshot that are compared, one after the other. */
struct reader {
	const char *next;
	uint64_t nodes;
	int node;		/* that the lines are about; -1: all of them */
	const char *line;
	size_t len;
	char zone[80];		/* line that began the zone */
};

static bool raced(const struct reader *r)
{
	return r->node >= 0 && r->nodes >> r->node & 1;
}

static bool read_line(struct reader *r)
{
	const char *end;
	int nid;

	while (*r->next) {
		r->line = r->next;
		end = strchr(r->line, '\n');
		r->len = end ? (size_t)(end - r->line) : strlen(r->line);
		r->next = r->line + r->len + !!end;
		if (sscanf(r->line, "zone node=%d", &nid) == 1) {
			r->node = nid;
			snprintf(r->zone, sizeof(r->zone), "%.*s", (int)r->len, r->line);
		} else if (sscanf(r->line, "node nid=%d", &nid) == 1) {
			r->node = nid;
			r->zone[0] = '\0';
		} else if (!strncmp(r->line, "machine ", 8)) {
			r->node = sscanf(r->line, "machine node=%d", &nid) == 1 ? nid : -1;
			r->zone[0] = '\0';
		}
		if (raced(r))
			return true;
	}
	r->line = "(nothing)";
	r->len = strlen(r->line);
	return false;
}

/* Where two lines part, and some of what is there. */
static void show_lines(const struct reader *a, const struct reader *b, char *what, size_t size)
{
	size_t at = 0, word = 0;

	while (at < a->len && at < b->len && a->line[at] == b->line[at])
		if (a->line[at++] == ' ')
			word = at;
	snprintf(what, size, "%s: '%.*s' at column %zu: live '%.*s', clone '%.*s'", a->zone,
		 (int)(a->len < 40 ? a->len : 40), a->line, word,
		 (int)(a->len - word < 60 ? a->len - word : 60), a->line + word,
		 (int)(b->len - word < 60 ? b->len - word : 60), b->line + word);
}

static unsigned long compare_texts(const char *theirs, const char *ours, uint64_t nodes,
				   char *what, size_t size)
{
	struct reader a = { .next = theirs, .nodes = nodes, .node = -1 };
	struct reader b = { .next = ours, .nodes = nodes, .node = -1 };
	unsigned long differ = 0;

	for (;;) {
		bool more_a = read_line(&a), more_b = read_line(&b);

		if (!more_a && !more_b)
			return differ;
		if (a.len == b.len && !memcmp(a.line, b.line, a.len))
			continue;
		if (!differ++)
			show_lines(&a, &b, what, size);
	}
}

/* ---- /proc ---- */

/* What buddyinfo and pagetypeinfo say of a zone. */
struct counts {
	uint64_t free[TYPES][SBUDDY_NR_PAGE_ORDERS];
	uint64_t blocks[TYPES];
};

struct picture {
	struct counts zone[RACE_MAX_ZONES];
};

static struct counts *zone_of(const struct race_live *live, struct picture *p, int node,
			      const char *name)
{
	for (unsigned int i = 0; i < live->nr_zones; i++)
		if (live->zones[i].node == node && !strcmp(zone_names[live->zones[i].idx], name))
			return &p->zone[i];
	return NULL;
}

static int count_words(const char *p)
{
	int n = 0;

	while (*p && *p != '\n') {
		while (*p == ' ')
			p++;
		if (!*p || *p == '\n')
			break;
		n++;
		while (*p && *p != ' ' && *p != '\n')
			p++;
	}
	return n;
}

static void picture_of_line(const struct race_live *live, const char *line, struct picture *p,
			    struct counts **zone)
{
	int node, idx, order, type, at = 0;

	if (sscanf(line, "zone node=%d idx=%d", &node, &idx) == 2) {
		*zone = idx < 4 ? zone_of(live, p, node, zone_names[idx]) : NULL;
	} else if (*zone && sscanf(line, "free order=%d mt=%d:%n", &order, &type, &at) == 2 && at) {
		(*zone)->free[type][order] = count_words(line + at);
	} else if (*zone && !strncmp(line, "blocks", 6)) {
		for (line += 6; *line && *line != '\n'; line++)
			if (*line >= '0' && *line < '0' + TYPES)
				(*zone)->blocks[*line - '0']++;
	}
}

static void picture_of_text(const struct race_live *live, const char *text, struct picture *p)
{
	struct counts *zone = NULL;

	memset(p, 0, sizeof(*p));
	while (*text) {
		picture_of_line(live, text, p, &zone);
		text = strchr(text, '\n') ? strchr(text, '\n') + 1 : "";
	}
}

static int type_named(const char *name)
{
	for (int i = 0; i < TYPES; i++)
		if (!strcmp(name, type_names[i]))
			return i;
	return -1;
}

/* Columns of pagetypeinfo's second table are the types that the kernel knows. */
static void columns_of(char *line, int *column)
{
	int n = 0;

	for (char *word = strtok(line, "\n "); word && n < 8; word = strtok(NULL, "\n "))
		if (type_named(word) >= 0 || n)
			column[n++] = type_named(word);
}

static int picture_of_proc(const struct race_live *live, struct picture *p)
{
	FILE *f = fopen("/proc/pagetypeinfo", "re");
	char line[512], name[16], type[16], *at;
	int node, column[8] = { 0 }, skip;
	struct counts *zone;

	if (!f)
		return -errno;
	memset(p, 0, sizeof(*p));
	while (fgets(line, sizeof(line), f)) {
		if (!strncmp(line, "Number of blocks type", 21)) {
			columns_of(line + 21, column);
			continue;
		}
		if (sscanf(line, "Node %d, zone %15[^, ]%n", &node, name, &skip) != 2)
			continue;
		zone = zone_of(live, p, node, name);
		if (!zone)
			continue;
		at = line + skip;
		if (sscanf(at, ", type %15s%n", type, &skip) == 1 && type_named(type) >= 0) {
			for (int o = 0, t = type_named(type); o < SBUDDY_NR_PAGE_ORDERS; o++)
				zone->free[t][o] = strtoull(o ? at : at + skip, &at, 10);
		} else if (*at != ',') {
			for (int i = 0; i < 8 && *at && *at != '\n'; i++) {
				uint64_t n = strtoull(at, &at, 10);

				if (column[i] >= 0)
					zone->blocks[column[i]] += n;
			}
		}
	}
	fclose(f);
	return 0;
}

/* The sums over the types must be buddyinfo's figures. */
static int compare_buddyinfo(const struct race_live *live, struct picture *ours, char *what,
			     size_t size)
{
	FILE *f = fopen("/proc/buddyinfo", "re");
	char line[256], name[16], *at;
	struct counts *zone;
	int node, skip, differ = 0;

	if (!f)
		return -errno;
	while (fgets(line, sizeof(line), f)) {
		if (sscanf(line, "Node %d, zone %15s%n", &node, name, &skip) != 2)
			continue;
		zone = zone_of(live, ours, node, name);
		if (!zone)
			continue;
		at = line + skip;
		for (int o = 0; o < SBUDDY_NR_PAGE_ORDERS; o++) {
			uint64_t theirs = strtoull(at, &at, 10), sum = 0;

			for (int t = 0; t < TYPES; t++)
				sum += zone->free[t][o];
			if (sum != theirs && !differ++)
				snprintf(what, size, "buddyinfo node %d %s order %d: %llu, clone %llu",
					 node, name, o, (unsigned long long)theirs,
					 (unsigned long long)sum);
		}
	}
	fclose(f);
	return differ;
}

static int compare_pictures(const struct race_live *live, const struct picture *theirs,
			    const struct picture *ours, char *what, size_t size)
{
	for (unsigned int i = 0; i < live->nr_zones; i++) {
		const struct counts *a = &theirs->zone[i], *b = &ours->zone[i];

		if (!memcmp(a, b, sizeof(*a)))
			continue;
		for (int t = 0; t < TYPES; t++) {
			for (int o = 0; o < SBUDDY_NR_PAGE_ORDERS; o++)
				if (a->free[t][o] != b->free[t][o])
					snprintf(what, size,
						 "pagetypeinfo node %d zone %d %s order %d: %llu, clone %llu",
						 live->zones[i].node, live->zones[i].idx,
						 type_names[t], o,
						 (unsigned long long)a->free[t][o],
						 (unsigned long long)b->free[t][o]);
			if (a->blocks[t] != b->blocks[t])
				snprintf(what, size,
					 "pagetypeinfo node %d zone %d: %llu %s blocks, clone %llu",
					 live->zones[i].node, live->zones[i].idx,
					 (unsigned long long)a->blocks[t], type_names[t],
					 (unsigned long long)b->blocks[t]);
		}
		return 1;
	}
	return 0;
}

static int compare_proc(struct race_live *live, const char *text, char *what, size_t size)
{
	struct picture *p = calloc(2, sizeof(*p));
	int differ = -ENOMEM;

	if (!p)
		return differ;
	picture_of_text(live, text, &p[1]);
	differ = picture_of_proc(live, &p[0]);
	if (!differ)
		differ = compare_pictures(live, &p[0], &p[1], what, size);
	if (!differ)
		differ = compare_buddyinfo(live, &p[1], what, size);
	free(p);
	return differ;
}

/**
 * race_state_compare() - everything, now
 * @live: the live side
 * @shadow: our side
 * @what: out, the first difference
 * @size: bytes of @what
 *
 * Return: number of differences, 0 if there are none; a negative errno.
 */
int race_state_compare(struct race_live *live, struct race_shadow *shadow, char *what, size_t size)
{
	char *theirs = race_live_text(live, live->nodes), *ours;
	int differ = -ENOMEM;
	size_t len;

	ours = race_shadow_text(shadow, &len);
	if (theirs && ours)
		differ = compare_texts(theirs, ours, live->nodes, what, size);
	if (!differ)
		differ = compare_proc(live, ours, what, size);
	free(theirs);
	free(ours);
	return differ;
}

/* ---- NUMA counters ---- */

static const char * const numa_files[6] = {
	"numa_hit", "numa_miss", "numa_foreign", "interleave_hit", "local_node", "other_node"
};

static const char * const numa_stats[6] = {
	"numa_hit", "numa_miss", "numa_foreign", "numa_interleave", "numa_local", "numa_other"
};

static int numa_of_node(int node, uint64_t *count)
{
	char path[64], name[32];
	unsigned long value;
	FILE *f;

	snprintf(path, sizeof(path), "/sys/devices/system/node/node%d/numastat", node);
	f = fopen(path, "re");
	if (!f)
		return -errno;
	while (fscanf(f, "%31s %lu", name, &value) == 2)
		for (int i = 0; i < 6; i++)
			if (!strcmp(name, numa_files[i]))
				count[i] = value;
	fclose(f);
	return 0;
}

static int numa_of_zone(struct race_shadow *shadow, const struct race_zone *zone, uint64_t *count)
{
	struct sbuddy_user_stats stats;
	int err = sbuddy_user_stats(shadow->fd, shadow->machine, zone->node, zone->idx, &stats);

	for (int i = 0; i < 6 && !err; i++)
		count[i] += sbuddy_user_stat(&stats, numa_stats[i]);
	return err;
}

/* The counters of both sides by now.  Only what they grow by can be compared. */
int race_numa_read(struct race_live *live, struct race_shadow *shadow, struct race_numa *theirs,
		   struct race_numa *ours)
{
	int err = 0;

	memset(ours, 0, sizeof(*ours));
	for (int node = 0; node < RACE_MAX_NODES && !err; node++)
		if (live->nodes >> node & 1)
			err = numa_of_node(node, theirs->count[node]);
	for (unsigned int i = 0; i < live->nr_zones && !err; i++)
		err = numa_of_zone(shadow, &live->zones[i], ours->count[live->zones[i].node]);
	return err;
}

/*
 * Whether both sides' counters (live in [0], ours in [1]) grew alike.  Of
 * numa_foreign a node that nobody races on has its part, here there are only
 * those that are.
 */
bool race_numa_same(const struct race_live *live, const struct race_numa from[2],
		    const struct race_numa to[2], char *what, size_t size)
{
	for (int node = 0; node < RACE_MAX_NODES; node++)
		for (int i = 0; i < 6 && live->nodes >> node & 1; i++) {
			uint64_t a = to[0].count[node][i] - from[0].count[node][i];
			uint64_t b = to[1].count[node][i] - from[1].count[node][i];

			if (a == b)
				continue;
			snprintf(what, size, "node %d %s grew by %llu, on the clone by %llu", node,
				 numa_files[i], (unsigned long long)a, (unsigned long long)b);
			return false;
		}
	return true;
}
