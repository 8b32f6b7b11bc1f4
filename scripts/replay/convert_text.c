// SPDX-License-Identifier: GPL-2.0
/*
 * The text of perf script, trace-cmd report and of ftrace itself:
 *
 *	COMM PID [CPU] SECONDS: kmem:EVENT: NAME=VALUE ...		perf script
 *	COMM-PID [CPU] FLAGS SECONDS: EVENT: NAME=VALUE ...		trace-cmd report
 *
 * FLAGS may be missing, PID may be PID/TID.  Lines of other events are skipped
 * and counted; so are call chains (they begin with a tab), comments, empty
 * lines and what trace-cmd prints before the first event.  Any other line is an
 * error: half a file must not pass for a whole one.
 *
 * An allocation that failed has frame 0 in this text.
 */
#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include <linux/sbuddy.h>

#include "convert.h"
#include "sbuddy/engine.h"

#define MAX_COMMS	65536

struct text_reader {
	struct sbr_writer w;
	struct convert_result *r;
	unsigned int nr_cpus;
	struct sbr_comm *comms;
	uint32_t nr_comms;
};

static const struct {
	const char *name;
	enum sbr_kind kind;
} events[] = {
	{ "mm_page_alloc:", SBR_ALLOC },
	{ "mm_page_free:", SBR_FREE },
	{ "mm_page_free_batched:", SBR_BATCHED },
	{ "mm_page_alloc_zone_locked:", SBR_REFILL },
	{ "mm_page_pcpu_drain:", SBR_DRAIN },
	{ "mm_page_alloc_extfrag:", SBR_EXTFRAG },
};

/* ---- NAME=VALUE ---- */

/* The text behind NAME=, NULL if it is not there. */
static const char *field(const char *fields, const char *name)
{
	size_t len = strlen(name);
	const char *at = fields;

	while ((at = strstr(at, name))) {
		if (at > fields && at[-1] == ' ' && at[len] == '=')
			return at + len + 1;
		at += len;
	}
	return NULL;
}

static int number(struct text_reader *t, const char *fields, const char *name, int base,
		  uint64_t limit, uint64_t *value)
{
	const char *at = field(fields, name);
	char *end;

	if (!at)
		return convert_error(t->r, "%s= is expected", name);
	errno = 0;
	*value = strtoull(at, &end, base);
	if (errno || end == at || !isdigit((unsigned char)*at) || *value > limit ||
	    (*end && !isspace((unsigned char)*end)))
		return convert_error(t->r, "%s= with a number up to %" PRIu64 " is expected", name,
				     limit);
	return 0;
}

/* Names joined by '|'.  Flags that only the recorded kernel knows are left out. */
static int gfp_flags(struct text_reader *t, const char *fields, uint32_t *gfp)
{
	const char *at = field(fields, "gfp_flags"), *expected;
	char word[64];
	uint32_t bits;

	*gfp = 0;
	if (!at)
		return convert_error(t->r, "gfp_flags= is expected");
	for (;; at++) {
		size_t len = strcspn(at, "|\n ");

		if (!len || len >= sizeof(word))
			break;
		memcpy(word, at, len);
		word[len] = '\0';
		at += len;
		if (!sbuddy_gfp_parse(word, &bits, &expected))
			*gfp |= bits;
		else if (!strncmp(word, "0x", 2))
			*gfp |= strtoul(word, NULL, 16);
		else if (strncmp(word, "__GFP_", 6))
			break;
		if (*at != '|')
			return 0;
	}
	return convert_error(t->r, "gfp_flags= with names such as GFP_KERNEL|__GFP_COMP is expected");
}

/* ---- events ---- */

static int take_frame(struct text_reader *t, const char *fields, struct sbr_event *e)
{
	int err = number(t, fields, "pfn", 0, SBR_NO_PFN - 1, &e->pfn);
	uint64_t value = 0;

	if (!err && e->kind == SBR_EXTFRAG)
		err = number(t, fields, "alloc_order", 10, SBR_MAX_ORDER, &value);
	else if (!err && e->kind != SBR_BATCHED)
		err = number(t, fields, "order", 10, SBR_MAX_ORDER, &value);
	if (err)
		return err;
	e->order = value;
	if (e->kind == SBR_ALLOC && !e->pfn)
		e->pfn = SBR_NO_PFN;
	else if (e->pfn & (((uint64_t)1 << e->order) - 1))
		return convert_error(t->r, "pfn= with a multiple of %u is expected",
				     1U << e->order);
	return 0;
}

static int take_extfrag(struct text_reader *t, const char *fields, struct sbr_event *e)
{
	uint64_t type, other, order, claimed;
	int err = number(t, fields, "alloc_migratetype", 10, 15, &type);

	if (!err)
		err = number(t, fields, "fallback_migratetype", 10, 15, &other);
	if (!err)
		err = number(t, fields, "fallback_order", 10, SBR_MAX_ORDER, &order);
	if (!err)
		err = number(t, fields, "change_ownership", 10, 1, &claimed);
	if (err)
		return err;
	e->type = type;
	e->gfp = claimed | other << 8 | order << 16;
	return 0;
}

static int take_rest(struct text_reader *t, const char *fields, struct sbr_event *e)
{
	uint64_t value;
	int err;

	if (e->kind == SBR_FREE || e->kind == SBR_BATCHED)
		return 0;
	if (e->kind == SBR_EXTFRAG)
		return take_extfrag(t, fields, e);
	err = number(t, fields, "migratetype", 10, 15, &value);
	if (err)
		return err;
	e->type = value;
	if (e->kind == SBR_ALLOC)
		return gfp_flags(t, fields, &e->gfp);
	if (e->kind == SBR_REFILL)
		err = number(t, fields, "percpu_refill", 10, 1, &value);
	e->gfp = e->kind == SBR_REFILL && value;
	return err;
}

static int take_event(struct text_reader *t, const char *text, struct sbr_event *e)
{
	size_t i;
	int err;

	if (!strncmp(text, "kmem:", 5))
		text += 5;
	for (i = 0; i < ARRAY_SIZE(events); i++) {
		size_t len = strlen(events[i].name);

		if (strncmp(text, events[i].name, len))
			continue;
		e->kind = events[i].kind;
		err = take_frame(t, text + len, e);
		if (!err)
			err = take_rest(t, text + len, e);
		if (!err)
			sbr_write(&t->w, e);
		t->r->events += !err;
		return err;
	}
	t->r->skipped++;
	return 0;
}

/* ---- the beginning of a line ---- */

/* "[CPU]" between blanks, NULL if there is none. */
static const char *find_cpu(const char *line, uint64_t *cpu)
{
	const char *at = line;
	char *end;

	while ((at = strchr(at, '['))) {
		if (at > line && isspace((unsigned char)at[-1]) &&
		    isdigit((unsigned char)at[1])) {
			*cpu = strtoull(at + 1, &end, 10);
			if (end[0] == ']' && end[1] == ' ')
				return at;
		}
		at++;
	}
	return NULL;
}

/* "SECONDS.FRACTION:", perhaps behind a word of flags; the text behind it or NULL. */
static const char *find_time(const char *at, uint64_t *time_ns)
{
	uint64_t unit = 1000000000;
	int words;
	char *end;

	for (words = 0; words < 2; words++) {
		at += strspn(at, " ");
		if (isdigit((unsigned char)*at) && at[strspn(at, "0123456789.")] == ':')
			break;
		at += strcspn(at, "\n ");
	}
	if (!isdigit((unsigned char)*at))
		return NULL;
	*time_ns = strtoull(at, &end, 10) * unit;
	if (*end++ != '.')
		return NULL;
	while (isdigit((unsigned char)*end) && unit > 1)
		*time_ns += (*end++ - '0') * (unit /= 10);
	if (*end++ != ':' || *time_ns > UINT64_MAX / 2)
		return NULL;
	return end + strspn(end, " ");
}

static void note_comm(struct text_reader *t, uint32_t pid, const char *comm, size_t len)
{
	struct sbr_comm *c;

	if (len > SBR_COMM_MAX)
		len = SBR_COMM_MAX;
	if (t->nr_comms && t->comms[t->nr_comms - 1].pid == pid)
		return;
	if (t->nr_comms == MAX_COMMS)
		return;
	c = &t->comms[t->nr_comms++];
	memset(c, 0, sizeof(*c));
	c->pid = pid;
	memcpy(c->comm, comm, len);
}

/* "COMM-PID", "COMM PID" or "COMM PID/TID" before @end. */
static bool take_task(struct text_reader *t, const char *line, const char *end,
		      struct sbr_event *e)
{
	const char *at;

	while (end > line && isspace((unsigned char)end[-1]))
		end--;
	for (at = end; at > line && isdigit((unsigned char)at[-1]); at--)
		;
	if (at == end || at == line)
		return false;
	e->pid = strtoul(at, NULL, 10);
	if (at[-1] == '/')
		for (at--; at > line && isdigit((unsigned char)at[-1]); at--)
			;
	while (at > line && isspace((unsigned char)at[-1]))
		at--;
	if (at > line && at[-1] == '-')
		at--;
	line += strspn(line, " ");
	if (line >= at)
		return false;
	note_comm(t, e->pid, line, at - line);
	return true;
}

/* Losses: "CPU:1 [12 EVENTS DROPPED]", "CPU:1 [LOST 12 EVENTS]". */
static bool take_loss(struct text_reader *t, const char *line)
{
	unsigned int cpu;
	uint64_t lost;

	if (sscanf(line, "CPU:%u [%" SCNu64 " EVENTS DROPPED]", &cpu, &lost) != 2 &&
	    sscanf(line, "CPU:%u [LOST %" SCNu64 " EVENTS]", &cpu, &lost) != 2)
		return false;
	if (cpu >= SBR_MAX_CPUS)
		return false;
	t->r->lost += lost;
	t->nr_cpus = cpu >= t->nr_cpus ? cpu + 1 : t->nr_cpus;
	sbr_write_lost(&t->w, cpu, lost);
	return true;
}

static bool is_no_event(const char *line)
{
	unsigned int n;
	int end = 0;

	if (line[0] == '#' || line[0] == '\t' || !line[strspn(line, "\n ")])
		return true;
	if (sscanf(line, "cpus=%u\n%n", &n, &end) == 1 && end)
		return true;
	if (sscanf(line, "version = %u\n%n", &n, &end) == 1 && end)
		return true;
	return sscanf(line, "CPU %u is empty%n", &n, &end) == 1 && end;
}

static int take_line(struct text_reader *t, const char *line)
{
	struct sbr_event e = { .type = SBR_NO_TYPE };
	const char *at, *text;
	uint64_t cpu, lost;

	if (is_no_event(line) || take_loss(t, line))
		return 0;
	at = find_cpu(line, &cpu);
	text = at ? find_time(strchr(at, ']') + 1, &e.time_ns) : NULL;
	if (!text || cpu >= SBR_MAX_CPUS || !take_task(t, line, at, &e))
		return convert_error(t->r, "'COMM PID [CPU] SECONDS: EVENT: ...' is expected");
	e.cpu = cpu;
	t->nr_cpus = cpu >= t->nr_cpus ? cpu + 1 : t->nr_cpus;
	if (sscanf(text, "PERF_RECORD_LOST lost %" SCNu64, &lost) == 1) {
		t->r->lost += lost;
		sbr_write_lost(&t->w, cpu, lost);
		return 0;
	}
	return take_event(t, text, &e);
}

static int read_lines(struct text_reader *t, FILE *in)
{
	char *line = NULL;
	size_t room = 0;
	ssize_t len;
	int err = 0;

	while (!err && (len = getline(&line, &room, in)) >= 0) {
		t->r->line++;
		if (strlen(line) != (size_t)len)
			err = convert_error(t->r, "text without zero bytes is expected");
		else
			err = take_line(t, line);
	}
	if (!err && ferror(in))
		err = -EIO;
	free(line);
	return err;
}

static int text_read(FILE *in, FILE *out, enum sbr_source source, struct convert_result *r)
{
	struct text_reader t = { .r = r };
	int err, end;

	memset(r, 0, sizeof(*r));
	t.comms = malloc(MAX_COMMS * sizeof(*t.comms));
	err = t.comms ? sbr_create(&t.w, out, source, SBR_MAX_CPUS, NULL) : -ENOMEM;
	if (!err) {
		err = read_lines(&t, in);
		/* How many there are is known now. */
		t.w.header.nr_cpus = t.nr_cpus ? t.nr_cpus : 1;
		sbr_write_comms(&t.w, t.comms, t.nr_comms);
		end = sbr_finish(&t.w);
		err = err ? err : end;
	}
	free(t.comms);
	return err;
}

/* See convert.h. */
int perf_read(FILE *in, FILE *out, struct convert_result *r)
{
	return text_read(in, out, SBR_FROM_PERF, r);
}

/* See convert.h. */
int trace_cmd_read(FILE *in, FILE *out, struct convert_result *r)
{
	return text_read(in, out, SBR_FROM_TRACE_CMD, r);
}
