// SPDX-License-Identifier: GPL-2.0
/* See stream.h. */
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "stream.h"

static const char letters[SBR_NR_KINDS] = {
	[SBR_MARK] = 'm', [SBR_ALLOC] = 'a', [SBR_BULK] = 'b', [SBR_FREE] = 'f',
	[SBR_BATCHED] = 'c',
};

static bool is_free(const struct sbr_event *e)
{
	return e->kind == SBR_FREE || e->kind == SBR_BATCHED;
}

static void write_event(const struct sbr_file *f, const struct sbr_event *e, FILE *out)
{
	char name[SBR_NAME_MAX + 1];

	if (!letters[e->kind])
		return;
	fprintf(out, "%" PRIu64 " %u %c ", e->time_ns / 1000, e->cpu, letters[e->kind]);
	if (e->kind == SBR_MARK)
		fprintf(out, "%s\n", sbr_mark(f, e->gfp, name));
	else if (is_free(e))
		fprintf(out, "%" PRIx64 " %u\n", e->pfn, e->order);
	else if (e->pfn == SBR_NO_PFN)
		fprintf(out, "- %u %x\n", e->order, e->gfp);
	else
		fprintf(out, "%" PRIx64 " %u %x\n", e->pfn, e->order, e->gfp);
}

/* Prints @f as text.  Returns 0, -ENOMEM, or what writing said. */
int stream_write(const struct sbr_file *f, FILE *out)
{
	struct sbr_cursor c;
	struct sbr_event e;

	if (sbr_begin(&c, f))
		return -ENOMEM;
	fprintf(out, "# sbuddy-stream 1 cpus=%u lost=%" PRIu64 "\n", f->header.nr_cpus,
		f->header.lost);
	while (sbr_next(&c, &e))
		write_event(f, &e, out);
	sbr_end(&c);
	return fflush(out) || ferror(out) ? -EIO : 0;
}

/* A number that something other than its own text ends. */
static bool number(const char **text, int base, uint64_t limit, uint64_t *value)
{
	char *end;

	if (**text == ' ' || **text == '-' || **text == '+')
		return false;
	errno = 0;
	*value = strtoull(*text, &end, base);
	if (errno || end == *text || *value > limit)
		return false;
	*text = end;
	return true;
}

static bool space(const char **text)
{
	return *(*text)++ == ' ';
}

/* "PFN ORDER" or "PFN ORDER GFP" */
static bool parse_block(const char *text, struct sbr_event *e)
{
	uint64_t value;

	e->pfn = SBR_NO_PFN;
	if (*text == '-' && e->kind == SBR_ALLOC)
		text++;
	else if (!number(&text, 16, SBR_NO_PFN - 1, &e->pfn))
		return false;
	if (!space(&text) || !number(&text, 10, SBR_MAX_ORDER, &value))
		return false;
	e->order = value;
	if (e->pfn != SBR_NO_PFN && e->pfn & (((uint64_t)1 << e->order) - 1))
		return false;
	if (is_free(e))
		return !strcmp(text, "\n");
	if (!space(&text) || !number(&text, 16, UINT32_MAX, &value))
		return false;
	e->gfp = value;
	return !strcmp(text, "\n");
}

static bool parse_head(const char **text, unsigned int cpus, struct sbr_event *e)
{
	uint64_t value;
	const char *letter;

	memset(e, 0, sizeof(*e));
	e->type = SBR_NO_TYPE;
	if (!number(text, 10, UINT64_MAX / 2000, &value) || !space(text))
		return false;
	e->time_ns = value * 1000;
	if (!number(text, 10, cpus - 1, &value) || !space(text))
		return false;
	e->cpu = value;
	letter = memchr(letters + SBR_MARK, **text, SBR_BATCHED + 1 - SBR_MARK);
	if (!letter)
		return false;
	e->kind = letter - letters;
	++*text;
	return space(text);
}

static bool read_line(struct sbr_writer *w, const char *text)
{
	char name[SBR_NAME_MAX];
	struct sbr_event e;

	if (!parse_head(&text, w->header.nr_cpus, &e))
		return false;
	if (e.kind != SBR_MARK) {
		if (!parse_block(text, &e))
			return false;
		sbr_write(w, &e);
		return true;
	}
	if (sscanf(text, "%23s", name) != 1)
		return false;
	sbr_write_mark(w, e.cpu, e.time_ns, name);
	return true;
}

static int read_header(FILE *in, FILE *out, struct sbr_writer *w, struct convert_result *r)
{
	unsigned int cpus;
	uint64_t lost;
	char line[128];
	int version;

	r->line = 1;
	if (!fgets(line, sizeof(line), in) ||
	    sscanf(line, "# sbuddy-stream %d cpus=%u lost=%" SCNu64, &version, &cpus, &lost) != 3 ||
	    version != 1 || !cpus || cpus > SBR_MAX_CPUS)
		return convert_error(r, "'# sbuddy-stream 1 cpus=N lost=N' is expected");
	if (sbr_create(w, out, SBR_FROM_STREAM, cpus, NULL))
		return -ENOMEM;
	sbr_write_lost(w, 0, lost);
	r->lost = lost;
	return 0;
}

/* See convert.h. */
int stream_read(FILE *in, FILE *out, struct convert_result *r)
{
	struct sbr_writer w;
	char line[128];
	int err;

	memset(r, 0, sizeof(*r));
	err = read_header(in, out, &w, r);
	if (err)
		return err;
	while (!err && fgets(line, sizeof(line), in)) {
		r->line++;
		if (read_line(&w, line))
			r->events++;
		else
			err = convert_error(r, "'TIME CPU a|b|f|c PFN ORDER [GFP]' or 'TIME CPU m NAME' is expected");
	}
	return sbr_finish(&w) ?: err;
}

/* Notes what was expected.  Returns -EINVAL. */
int convert_error(struct convert_result *r, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vsnprintf(r->error, sizeof(r->error), fmt, args);
	va_end(args);
	return -EINVAL;
}
