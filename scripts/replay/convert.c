// SPDX-License-Identifier: GPL-2.0
/*
 * sbuddy-convert: recordings of other programs into .sbr, and .sbr into text.
 *
 *	sbuddy-convert --from FORMAT [-o OUT] [IN]
 *	sbuddy-convert --to stream [-o OUT] IN
 *
 *	perf		what perf script prints of kmem: events
 *	trace-cmd	what trace-cmd report prints, or ftrace's file "trace"
 *	llfree		LLFree's trace pages with records of 16 bytes
 *	stream		our own text (stream.h)
 *
 * Without -o or IN, standard output or input.  Exit status 0; 1 for input that
 * is not what it should be, with its line or offset and what was expected; 2
 * for wrong usage.  A file that was not written to the end is removed.
 */
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "stream.h"

typedef int (*reader_fn)(FILE *in, FILE *out, struct convert_result *r);

static const struct format {
	const char *name;
	reader_fn read;
	bool binary;
} formats[] = {
	{ "perf", perf_read, false },
	{ "trace-cmd", trace_cmd_read, false },
	{ "llfree", llfree_read, true },
	{ "stream", stream_read, false },
};

static const char *in_name, *out_name;

static int fail(const char *name, const char *what)
{
	fprintf(stderr, "sbuddy-convert: %s: %s\n", name, what);
	return 1;
}

static int explain(int err, const struct format *format, const struct convert_result *r)
{
	char text[256];

	if (err != -EINVAL || !r->error[0])
		return fail(out_name ? out_name : "output", strerror(-err));
	if (format->binary)
		snprintf(text, sizeof(text), "offset %" PRIu64 ": %s", r->offset, r->error);
	else
		snprintf(text, sizeof(text), "line %" PRIu64 ": %s", r->line, r->error);
	return fail(in_name ? in_name : "standard input", text);
}

/* A pipe cannot be written at any place: the recording is made aside first. */
static int copy(FILE *from, FILE *to)
{
	char buf[65536];
	size_t n;

	rewind(from);
	while ((n = fread(buf, 1, sizeof(buf), from)) > 0)
		if (fwrite(buf, 1, n, to) != n)
			return -EIO;
	return fflush(to) || ferror(from) ? -EIO : 0;
}

static int from(const struct format *format, FILE *in)
{
	FILE *out = out_name ? fopen(out_name, "w+") : tmpfile();
	struct convert_result r = { 0 };
	int err;

	if (!out)
		return fail(out_name ? out_name : "temporary file", strerror(errno));
	err = format->read(in, out, &r);
	if (!err && !out_name)
		err = copy(out, stdout);
	if (fclose(out) && !err)
		err = -errno;
	if (err) {
		if (out_name)
			unlink(out_name);
		return explain(err, format, &r);
	}
	fprintf(stderr, "sbuddy-convert: %" PRIu64 " events, %" PRIu64 " lost, %" PRIu64
		" lines of other events\n", r.events, r.lost, r.skipped);
	return 0;
}

static int to_stream(const char *name)
{
	FILE *out = out_name ? fopen(out_name, "w") : stdout;
	struct sbr_file f;
	int err;

	if (!out)
		return fail(out_name, strerror(errno));
	if (sbr_open(&f, name))
		return fail(name, f.error);
	if (f.cut)
		fprintf(stderr, "sbuddy-convert: %s: recording was not ended, its last chunk is cut\n",
			name);
	err = stream_write(&f, out);
	sbr_close(&f);
	return err ? fail(out_name ? out_name : "output", strerror(-err)) : 0;
}

static int usage(void)
{
	fprintf(stderr, "usage: sbuddy-convert --from perf|trace-cmd|llfree|stream [-o OUT] [IN]\n"
		"       sbuddy-convert --to stream [-o OUT] IN\n");
	return 2;
}

static const struct format *find_format(const char *name)
{
	size_t i;

	for (i = 0; name && i < ARRAY_SIZE(formats); i++)
		if (!strcmp(name, formats[i].name))
			return &formats[i];
	return NULL;
}

int main(int argc, char **argv)
{
	static const struct option long_options[] = {
		{ "from", required_argument, NULL, 'f' },
		{ "to", required_argument, NULL, 't' },
		{ 0 },
	};
	const char *source = NULL, *target = NULL;
	FILE *in = stdin;
	int c;

	while ((c = getopt_long(argc, argv, "o:", long_options, NULL)) != -1) {
		switch (c) {
		case 'f':
			source = optarg;
			break;
		case 't':
			target = optarg;
			break;
		case 'o':
			out_name = optarg;
			break;
		default:
			return usage();
		}
	}
	if (argc - optind > 1 || !source == !target)
		return usage();
	in_name = argv[optind];
	if (target)
		return strcmp(target, "stream") || !in_name ? usage() : to_stream(in_name);
	if (!find_format(source))
		return usage();
	if (in_name)
		in = fopen(in_name, "r");
	return in ? from(find_format(source), in) : fail(in_name, strerror(errno));
}
