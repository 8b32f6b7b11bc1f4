// SPDX-License-Identifier: GPL-2.0
/* See stream.h. */
#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "stream.h"

static bool is_free(const struct stream_event *e)
{
	return e->kind == STREAM_FREE || e->kind == STREAM_BATCHED;
}

void stream_write_header(FILE *out, unsigned int cpus, uint64_t lost)
{
	fprintf(out, "# sbuddy-stream %d cpus=%u lost=%" PRIu64 "\n", STREAM_VERSION, cpus, lost);
}

void stream_write_event(FILE *out, const struct stream_event *e)
{
	fprintf(out, "%" PRIu64 " %u %c ", e->time_us, e->cpu, e->kind);
	if (e->kind == STREAM_MARK)
		fprintf(out, "%s\n", e->name);
	else if (is_free(e))
		fprintf(out, "%" PRIx64 " %u\n", e->pfn, e->order);
	else if (e->pfn == STREAM_NO_PFN)
		fprintf(out, "- %u %x\n", e->order, e->gfp);
	else
		fprintf(out, "%" PRIx64 " %u %x\n", e->pfn, e->order, e->gfp);
}

/* "PFN ORDER" or "PFN ORDER GFP" */
static bool parse_block(const char *text, struct stream_event *e)
{
	char *end;

	e->pfn = STREAM_NO_PFN;
	if (text[0] == '-')
		end = (char *)text + 1;
	else
		e->pfn = strtoull(text, &end, 16);
	if (*end != ' ')
		return false;
	e->order = strtoul(end, &end, 10);
	e->gfp = 0;
	if (is_free(e))
		return *end == '\n' && e->pfn != STREAM_NO_PFN;
	if (*end != ' ')
		return false;
	e->gfp = strtoul(end, &end, 16);
	return *end == '\n';
}

static bool parse_event(const char *line, struct stream_event *e)
{
	char *end;

	memset(e, 0, sizeof(*e));
	e->time_us = strtoull(line, &end, 10);
	e->cpu = strtoul(end, &end, 10);
	if (end[0] != ' ' || !end[1] || end[2] != ' ')
		return false;
	e->kind = end[1];
	switch (e->kind) {
	case STREAM_MARK:
		return sscanf(end + 3, "%23s", e->name) == 1;
	case STREAM_ALLOC:
	case STREAM_BULK:
	case STREAM_FREE:
	case STREAM_BATCHED:
		return parse_block(end + 3, e);
	default:
		return false;
	}
}

static bool parse_header(FILE *in, struct stream *s)
{
	char line[128];
	int version;

	return fgets(line, sizeof(line), in) &&
	       sscanf(line, "# sbuddy-stream %d cpus=%u lost=%" SCNu64, &version, &s->cpus,
		      &s->lost) == 3 &&
	       version == STREAM_VERSION && s->cpus;
}

static bool have_room(struct stream *s, size_t *room)
{
	struct stream_event *more;

	if (s->nr < *room)
		return true;
	*room = *room ? *room * 2 : 1 << 16;
	more = realloc(s->events, *room * sizeof(*more));
	if (!more)
		return false;
	s->events = more;
	return true;
}

/*
 * Reads all of @in.  Returns 0; -EINVAL if it is no stream of this version or a
 * line (number s->nr + 2) is not as stream.h says; -ENOMEM.
 */
int stream_read(FILE *in, struct stream *s)
{
	size_t room = 0;
	char line[128];

	memset(s, 0, sizeof(*s));
	if (!parse_header(in, s))
		return -EINVAL;
	while (fgets(line, sizeof(line), in)) {
		if (!have_room(s, &room))
			return -ENOMEM;
		if (!parse_event(line, &s->events[s->nr]))
			return -EINVAL;
		s->nr++;
	}
	return 0;
}

void stream_free(struct stream *s)
{
	free(s->events);
	memset(s, 0, sizeof(*s));
}
