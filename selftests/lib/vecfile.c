// SPDX-License-Identifier: GPL-2.0
/*
 * Vector files: text with a header, the state before, operations, the state
 * after.  Compressed ones are read through xz.
 */
#include <sys/wait.h>
#include <unistd.h>

#include "sbuddy/engine.h"
#include "vecfile.h"

/* ---- text ---- */

static int text_reserve(struct text *t, size_t more)
{
	size_t size = t->size ? t->size : 1 << 16;
	char *buf;

	while (size < t->len + more + 1)
		size *= 2;
	if (size == t->size)
		return 0;
	buf = realloc(t->buf, size);
	if (!buf)
		return -ENOMEM;
	t->buf = buf;
	t->size = size;
	return 0;
}

void text_emit(void *arg, const char *s, size_t len)
{
	struct text *t = arg;

	if (text_reserve(t, len))
		return;
	memcpy(t->buf + t->len, s, len);
	t->len += len;
	t->buf[t->len] = 0;
}

void text_free(struct text *t)
{
	free(t->buf);
	memset(t, 0, sizeof(*t));
}

static int text_read_stream(struct text *t, FILE *f)
{
	size_t n;

	memset(t, 0, sizeof(*t));
	do {
		if (text_reserve(t, 1 << 16))
			return -ENOMEM;
		n = fread(t->buf + t->len, 1, 1 << 16, f);
		t->len += n;
	} while (n);
	t->buf[t->len] = 0;
	return ferror(f) ? -EIO : 0;
}

static pid_t spawn_xz(const char *path, FILE **f)
{
	int fd[2];
	pid_t pid;

	if (pipe(fd))
		return -1;
	pid = fork();
	if (!pid) {
		dup2(fd[1], 1);
		close(fd[0]);
		close(fd[1]);
		execlp("xz", "xz", "-dc", "--", path, NULL);
		_exit(127);
	}
	close(fd[1]);
	*f = fdopen(fd[0], "r");
	return pid;
}

static int text_read_xz(struct text *t, const char *path)
{
	int status, err;
	FILE *f = NULL;
	pid_t pid = spawn_xz(path, &f);

	if (pid < 0 || !f)
		return -EIO;
	err = text_read_stream(t, f);
	fclose(f);
	if (waitpid(pid, &status, 0) != pid || status)
		err = -EIO;
	return err;
}

int text_read(struct text *t, const char *path)
{
	size_t n = strlen(path);
	FILE *f;
	int err;

	memset(t, 0, sizeof(*t));
	if (access(path, R_OK))
		return -errno;
	if (n > 3 && !strcmp(path + n - 3, ".xz"))
		return text_read_xz(t, path);
	f = fopen(path, "r");
	if (!f)
		return -errno;
	err = text_read_stream(t, f);
	fclose(f);
	return err;
}

/* NAME.events or NAME.events.xz beside NAME.vec or NAME.vec.xz. */
int text_read_events(struct text *t, const char *vec_path)
{
	static const char * const ends[] = { "events", "events.xz" };
	const char *dot = strstr(vec_path, ".vec");
	char path[4096];

	for (size_t i = 0; dot && i < ARRAY_SIZE(ends); i++) {
		snprintf(path, sizeof(path), "%.*s.%s", (int)(dot - vec_path), vec_path, ends[i]);
		if (!text_read(t, path))
			return 0;
	}
	return -ENOENT;
}

/* ---- vectors ---- */

static int vec_gfp_line(struct vec *v, const char *line)
{
	char letter, name[256];
	const char *expected;

	if (sscanf(line, "gfp %c %255[^\n]", &letter, name) != 2)
		return -EINVAL;
	return sbuddy_gfp_parse(name, &v->gfp[(unsigned char)letter], &expected);
}

/* Text between a line @name and the next line "end". */
static char *vec_section(char *from, const char *name, char **end)
{
	char *start = strstr(from, name);

	if (!start)
		return NULL;
	start += strlen(name);
	*end = strstr(start, "\nend\n");
	if (!*end)
		return NULL;
	++*end;
	return start;
}

static int vec_header(struct vec *v, char *err, size_t err_size)
{
	char *line = v->all.buf, *stop = strstr(v->all.buf, "\nbefore\n");

	if (strncmp(line, "vector 1\n", 9) || !stop) {
		scnprintf(err, err_size, "expected a file that begins with 'vector 1'");
		return -EINVAL;
	}
	for (; line < stop; line = strchr(line, '\n') + 1)
		if (!strncmp(line, "gfp ", 4) && vec_gfp_line(v, line)) {
			scnprintf(err, err_size, "expected 'gfp LETTER FLAGS', not '%.40s'", line);
			return -EINVAL;
		}
	return 0;
}

int vec_open(struct vec *v, const char *path, char *err, size_t err_size)
{
	char *start, *end, *node;

	memset(v, 0, sizeof(*v));
	if (text_read(&v->all, path)) {
		scnprintf(err, err_size, "cannot be read");
		return -EIO;
	}
	if (vec_header(v, err, err_size))
		return -EINVAL;
	start = vec_section(v->all.buf, "\nbefore\n", &end);
	if (start) {
		v->before = start;
		v->before_len = end - start;
		node = strstr(start, "nid=");
		v->nid = node ? atoi(node + 4) : 0;
		v->ops = vec_section(end, "\nops\n", &v->ops_end);
		vec_rewind(v);
	}
	if (v->ops) {
		start = vec_section(v->ops_end, "\nafter\n", &end);
		v->after = start;
		v->after_len = start ? (size_t)(end - start) : 0;
	}
	if (!v->after) {
		scnprintf(err, err_size, "expected sections before, ops, after, each up to 'end'");
		return -EINVAL;
	}
	return 0;
}

/* Back to the first operation. */
void vec_rewind(struct vec *v)
{
	v->cursor = v->ops;
}

void vec_close(struct vec *v)
{
	text_free(&v->all);
}

static bool vec_parse_op(struct vec *v, const char *line, struct vec_op *op)
{
	char letter, pfn[32];

	memset(op, 0, sizeof(*op));
	if (sscanf(line, "f %d %x", &op->cpu, &op->slot) == 2)
		return true;
	if (sscanf(line, "a %d %x %d %c %31s", &op->cpu, &op->slot, &op->order, &letter, pfn) != 5)
		return false;
	op->alloc = true;
	op->gfp = v->gfp[(unsigned char)letter];
	op->pfn = pfn[0] == '-' ? VEC_NO_PFN : strtoul(pfn, NULL, 16);
	return true;
}

/* False at the end, and on a line that is no operation: then v->error says so. */
bool vec_next_op(struct vec *v, struct vec_op *op)
{
	char *line = v->cursor;

	if (line >= v->ops_end)
		return false;
	v->cursor = strchr(line, '\n') + 1;
	if (vec_parse_op(v, line, op))
		return true;
	scnprintf(v->error, sizeof(v->error),
		  "expected 'a CPU SLOT ORDER GFP PFN' or 'f CPU SLOT', not '%.40s'", line);
	return false;
}

struct line {
	const char *s;
	size_t len;
};

/*
 * Next line that describes a zone's state.  Zonelists name zones that are not
 * described; of the machine a recording says nothing.
 */
static bool next_state_line(const char **p, const char *end, struct line *l)
{
	while (*p < end) {
		const char *nl = memchr(*p, '\n', end - *p);

		l->s = *p;
		l->len = (nl ? nl : end) - *p;
		*p = nl ? nl + 1 : end;
		while (l->len && l->s[l->len - 1] == ' ')
			l->len--;
		if (l->len && strncmp(l->s, "zonelist", 8) && strncmp(l->s, "machine ", 8))
			return true;
	}
	l->s = "(nothing)";
	l->len = strlen(l->s);
	return false;
}

/* Number of lines that differ; the first is described in @what. */
unsigned long vec_compare_state(const struct vec *v, const struct text *ours, char *what,
				size_t size)
{
	const char *a = v->after, *a_end = v->after + v->after_len;
	const char *b = ours->buf, *b_end = ours->buf + ours->len;
	unsigned long differ = 0;
	struct line la, lb;

	for (;;) {
		bool more_a = next_state_line(&a, a_end, &la);
		bool more_b = next_state_line(&b, b_end, &lb);

		if (!more_a && !more_b)
			return differ;
		if (la.len == lb.len && !memcmp(la.s, lb.s, la.len))
			continue;
		if (!differ++)
			scnprintf(what, size, "expected '%.*s', got '%.*s'",
				  (int)min(la.len, (size_t)100), la.s,
				  (int)min(lb.len, (size_t)100), lb.s);
	}
}
