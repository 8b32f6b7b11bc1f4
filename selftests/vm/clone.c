// SPDX-License-Identifier: GPL-2.0
/*
 * Clones of the living kernel: what /proc says of a quiet node is what the
 * clone holds, to the byte; a clone of a busy kernel is consistent; a clone
 * works as a machine; refusals; many clones and nothing lost.
 *
 * The module is loaded.  The quiet node is node 1, which has memory and no
 * processors.
 */
#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include "kselftest_harness.h"
#include "test_util.h"

#define LIVE	"/sys/kernel/debug/sbuddy/live/"
#define QUIET	1
#define TRIES	50
#define NR_ORDERS 11
#define NR_TYPES  5

FIXTURE(clone)
{
	int fd;
	char message[256];
};

FIXTURE_SETUP(clone)
{
	self->fd = sbuddy_user_open();
	ASSERT_LE(0, self->fd);
}

FIXTURE_TEARDOWN(clone)
{
	struct sbuddy_machine_list list;

	EXPECT_EQ(0, sbuddy_user_destroy_all(self->fd));
	EXPECT_EQ(0, sbuddy_user_list(self->fd, &list, NULL, 0));
	EXPECT_EQ(0, list.used_bytes);
	close(self->fd);
}

static int clone_nodes(int fd, uint64_t nodes, struct sbuddy_clone *a, char *message, size_t size)
{
	*a = (struct sbuddy_clone){
		.size = sizeof(*a), .nodes = nodes,
		.message = (uintptr_t)message, .message_cap = size,
	};
	return sbuddy_user_ioctl(fd, SBUDDY_IOC_CLONE, a);
}

#define CLONE(nodes, a) clone_nodes(self->fd, nodes, a, self->message, sizeof(self->message))

/* ---- texts ---- */

/* The whole file, terminated; the caller frees it. */
static char *slurp(const char *path)
{
	size_t len = 0, room = 1 << 16, n;
	char *text = malloc(room);
	FILE *f = fopen(path, "r");

	while (f && text && (n = fread(text + len, 1, room - len - 1, f))) {
		len += n;
		if (len + 1 == room)
			text = realloc(text, room *= 2);
	}
	if (!f || !text)
		exit(KSFT_FAIL);
	fclose(f);
	text[len] = '\0';
	return text;
}

/* Removes the lines that begin with @start, or, if @keep, all others. */
static char *filter(char *text, const char *start, bool keep)
{
	char *from = text, *to = text;

	while (*from) {
		size_t len = strcspn(from, "\n") + 1;

		if (!strncmp(from, start, strlen(start)) == keep) {
			memmove(to, from, len);
			to += len;
		}
		from += len;
	}
	*to = '\0';
	return text;
}

static void append(char **text, const char *fmt, ...)
{
	char line[256];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	if (!*text)
		*text = calloc(1, 1);
	*text = realloc(*text, strlen(*text) + strlen(line) + 1);
	strcat(*text, line);
}

static bool have_quiet_node(void)
{
	char *list = slurp("/sys/devices/system/node/has_memory");
	bool has = strchr(list, '1');

	free(list);
	return has;
}

/* ---- what /proc would say of a clone ---- */

struct zone {
	char name[16];
	unsigned long start, end, present, managed, nr_free;
	unsigned long wmark[4], boost, reserve[5];
	unsigned long blocks[NR_ORDERS][NR_TYPES];
	unsigned long types[NR_TYPES];
	int threshold;
};

static unsigned long count_words(const char *s)
{
	unsigned long n = 0;

	for (; *s && *s != '\n'; s++)
		n += *s == ' ' && s[1] != '\n';
	return n;
}

static void count_types(struct zone *z, const char *s)
{
	for (; *s && *s != '\n'; s++)
		if (*s >= '0' && *s < '0' + NR_TYPES)
			z->types[*s - '0']++;
}

/* Reads a zone of a snapshot up to its per-CPU lines; false if there is none. */
static const char *read_zone(const char *s, struct zone *z)
{
	int order, mt, end = 0;

	memset(z, 0, sizeof(*z));
	s = strstr(s, "\nzone node=1 ");
	if (!s ||
	    sscanf(s, "\nzone node=1 idx=%*d name=%15s start=%lx end=%lx present=%lu managed=%lu nr_free=%lu",
		   z->name, &z->start, &z->end, &z->present, &z->managed, &z->nr_free) != 6)
		return NULL;
	s = strstr(s, "\nwmark ") + 1;
	if (sscanf(s, "wmark min=%lu low=%lu high=%lu promo=%lu boost=%lu", &z->wmark[0],
		   &z->wmark[1], &z->wmark[2], &z->wmark[3], &z->boost) != 5)
		return NULL;
	s = strchr(s, '\n') + 1;
	if (sscanf(s, "lowmem_reserve %lu %lu %lu %lu %lu", &z->reserve[0], &z->reserve[1],
		   &z->reserve[2], &z->reserve[3], &z->reserve[4]) != 5)
		return NULL;
	for (s = strchr(s, '\n') + 1; sscanf(s, "free order=%d mt=%d:%n", &order, &mt, &end) == 2;
	     s = strchr(s, '\n') + 1)
		z->blocks[order][mt] = count_words(s + end);
	count_types(z, s + strlen("blocks"));
	if (sscanf(strstr(s, "\nzonestat "), "\nzonestat cpu=%*d free_diff=%*d threshold=%d",
		   &z->threshold) != 1)
		return NULL;
	return s;
}

static void buddyinfo_row(char **text, const struct zone *z)
{
	append(text, "Node %d, zone %8s ", QUIET, z->name);
	for (int o = 0; o < NR_ORDERS; o++) {
		unsigned long n = 0;

		for (int mt = 0; mt < NR_TYPES; mt++)
			n += z->blocks[o][mt];
		append(text, "%6lu ", n);
	}
	append(text, "\n");
}

static const char * const type_names[NR_TYPES] = {
	"Unmovable", "Movable", "Reclaimable", "HighAtomic", "Isolate",
};

/* What differs between configurations of the kernel. */
struct shape {
	bool promo;		/* zoneinfo has that watermark */
	bool cma;		/* there is that type, and it has no pages */
	int protections;	/* zones that zoneinfo lists */
};

static struct shape shape_of(const char *proc)
{
	struct shape s = { strstr(proc, "promo"), strstr(proc, " CMA "), 1 };

	for (const char *p = strstr(proc, "protection: ("); *p != ')'; p++)
		s.protections += *p == ',';
	return s;
}

static void pagetype_row(char **text, const struct zone *z, const char *type,
			 const unsigned long (*blocks)[NR_TYPES], int mt)
{
	append(text, "Node %4d, zone %8s, type %12s ", QUIET, z->name, type);
	for (int o = 0; o < NR_ORDERS; o++)
		append(text, "%6lu ", blocks ? blocks[o][mt] : 0);
	append(text, "\n");
}

static void pagetype_rows(char **text, const struct zone *z, const struct shape *shape)
{
	for (int mt = 0; mt < NR_TYPES; mt++) {
		if (mt == SBUDDY_MIGRATE_ISOLATE && shape->cma)
			pagetype_row(text, z, "CMA", NULL, 0);
		pagetype_row(text, z, type_names[mt], z->blocks, mt);
	}
}

static void blocks_row(char **text, const struct zone *z, const struct shape *shape)
{
	append(text, "Node %d, zone %8s ", QUIET, z->name);
	for (int mt = 0; mt < NR_TYPES; mt++) {
		if (mt == SBUDDY_MIGRATE_ISOLATE && shape->cma)
			append(text, "%12lu ", 0UL);
		append(text, "%12lu ", z->types[mt]);
	}
	append(text, "\n");
}

static void zoneinfo_head(char **text, const struct zone *z, const struct shape *shape)
{
	append(text, "  pages free     %lu\n", z->nr_free);
	append(text, "        boost    %lu\n", z->boost);
	append(text, "        min      %lu\n", z->wmark[0] + z->boost);
	append(text, "        low      %lu\n", z->wmark[1] + z->boost);
	append(text, "        high     %lu\n", z->wmark[2] + z->boost);
	if (shape->promo)
		append(text, "        promo    %lu\n", z->wmark[3] + z->boost);
	append(text, "        spanned  %lu\n", z->end - z->start);
	append(text, "        present  %lu\n", z->present);
	append(text, "        managed  %lu\n", z->managed);
	append(text, "        cma      0\n");
	append(text, "        protection: (%lu", z->reserve[0]);
	for (int i = 1; i < shape->protections; i++)
		append(text, ", %lu", z->reserve[i]);
	append(text, ")\n");
	append(text, "      nr_free_pages %lu\n", z->nr_free);
}

static void zoneinfo_pagesets(char **text, const char *s, const struct zone *z)
{
	int cpu, count, high, batch;

	append(text, "  pagesets\n");
	for (; s && *s && strncmp(s, "zone ", 5) && strncmp(s, "node ", 5);
	     s = strchr(s, '\n') ? strchr(s, '\n') + 1 : NULL) {
		if (sscanf(s, "pcp cpu=%d count=%d high=%d high_min=%*d high_max=%*d batch=%d",
			   &cpu, &count, &high, &batch) != 4)
			continue;
		append(text, "    cpu: %i\n", cpu);
		append(text, "              count: %i\n", count);
		append(text, "              high:  %i\n", high);
		append(text, "              batch: %i\n", batch);
		append(text, "  vm stats threshold: %d\n", z->threshold);
	}
}

/* Of zoneinfo what a snapshot can tell: the lines whose start is in @want. */
static bool wanted_line(const char *line)
{
	static const char * const want[] = {
		"  pages free ", "        boost ", "        min ", "        low ", "        high ",
		"        promo ", "        spanned ", "        present ", "        managed ",
		"        cma ", "        protection:", "      nr_free_pages ", "  pagesets",
		"    cpu: ", "              count: ", "              high: ",
		"              batch: ", "  vm stats threshold: ",
	};

	for (size_t i = 0; i < sizeof(want) / sizeof(want[0]); i++)
		if (!strncmp(line, want[i], strlen(want[i])))
			return true;
	return false;
}

/* These lines of the populated zones of the quiet node. */
static char *zoneinfo_lines(void)
{
	char *all = slurp("/proc/zoneinfo"), *text = NULL;
	bool mine = false;

	append(&text, "%s", "");
	for (char *line = all; *line; line += strcspn(line, "\n") + 1) {
		char one[200];

		snprintf(one, sizeof(one), "%.*s\n", (int)strcspn(line, "\n"), line);
		if (!strncmp(line, "Node ", 5))
			mine = !strcmp(one, "Node 1, zone   Normal\n");
		if (mine && wanted_line(one))
			append(&text, "%s", one);
	}
	free(all);
	return text;
}

/* buddyinfo, pagetypeinfo and zoneinfo of the quiet node, one after the other. */
static char *proc_text(void)
{
	char *buddy = filter(slurp("/proc/buddyinfo"), "Node 1, zone   Normal", true);
	char *types = filter(slurp("/proc/pagetypeinfo"), "Node    1, zone   Normal", true);
	char *blocks = filter(slurp("/proc/pagetypeinfo"), "Node 1, zone   Normal", true);
	char *zone = zoneinfo_lines(), *text = NULL;

	text = malloc(strlen(buddy) + strlen(types) + strlen(blocks) + strlen(zone) + 1);
	sprintf(text, "%s%s%s%s", buddy, types, blocks, zone);
	free(buddy);
	free(types);
	free(blocks);
	free(zone);
	return text;
}

static char *clone_text(const char *snapshot, struct shape shape)
{
	char *text = NULL;
	struct zone z;
	const char *rest = read_zone(snapshot, &z);

	if (!rest || strcmp(z.name, "Normal"))
		return NULL;
	buddyinfo_row(&text, &z);
	pagetype_rows(&text, &z, &shape);
	blocks_row(&text, &z, &shape);
	zoneinfo_head(&text, &z, &shape);
	zoneinfo_pagesets(&text, rest, &z);
	return text;
}

/*
 * The node is quiet, not dead: the vmstat workers fold and drain.  A clone
 * between two equal looks at /proc is one of the same moment.
 */
TEST_F_TIMEOUT(clone, quiet_node_to_the_byte, 300)
{
	bool equal = false;

	if (!have_quiet_node())
		SKIP(return, "no node 1 with memory");
	for (int i = 0; i < TRIES && !equal; i++) {
		char *before = proc_text(), *after, *snapshot, *ours;
		struct sbuddy_clone a;
		size_t len;

		ASSERT_EQ(0, CLONE(1ULL << QUIET, &a)) {
			TH_LOG("expected %s", self->message);
		}
		after = proc_text();
		snapshot = sbuddy_user_snapshot(self->fd, a.machine, &len);
		ASSERT_NE(NULL, snapshot);
		ours = clone_text(snapshot, shape_of(before));
		ASSERT_NE(NULL, ours);
		if (!strcmp(before, after)) {
			EXPECT_STREQ(before, ours);
			equal = true;
		}
		EXPECT_EQ(0, sbuddy_user_check(self->fd, a.machine, self->message,
					       sizeof(self->message))) {
			TH_LOG("%s", self->message);
		}
		EXPECT_EQ(0, a.missing & (SBUDDY_MISSING_SETTLED | SBUDDY_MISSING_SYSCTL));
		EXPECT_EQ(0, sbuddy_user_destroy(self->fd, a.machine));
		free(before);
		free(after);
		free(snapshot);
		free(ours);
	}
	EXPECT_TRUE(equal) {
		TH_LOG("the node never was quiet");
	}
}

/*
 * The host's text has a head, names zones and nodes that the clone lacks, and
 * leaves the knobs to their own files.
 */
static void only_common(char *text)
{
	filter(text, "#", false);
	filter(text, "zonelist", false);
	filter(text, "machine node", false);
	filter(text, "machine knobs", false);
	filter(text, "machine lowmem", false);
}

/* The text of the host and that of its clone differ in nothing but what is left out. */
TEST_F_TIMEOUT(clone, snapshot_of_the_host, 300)
{
	bool equal = false;

	if (!have_quiet_node())
		SKIP(return, "no node 1 with memory");
	for (int i = 0; i < TRIES && !equal; i++) {
		char *before = slurp(LIVE "node1/snapshot"), *after, *ours;
		struct sbuddy_clone a;
		size_t len;

		ASSERT_EQ(0, CLONE(1ULL << QUIET, &a));
		after = slurp(LIVE "node1/snapshot");
		ours = sbuddy_user_snapshot(self->fd, a.machine, &len);
		ASSERT_NE(NULL, ours);
		only_common(before);
		only_common(after);
		only_common(ours);
		if (!strcmp(before, after)) {
			EXPECT_STREQ(before, ours);
			equal = true;
		}
		EXPECT_EQ(0, sbuddy_user_destroy(self->fd, a.machine));
		free(before);
		free(after);
		free(ours);
	}
	EXPECT_TRUE(equal) {
		TH_LOG("the node never was quiet");
	}
}

/* Free lists and per-CPU lists of the clone are there to be allocated from. */
TEST_F(clone, works_as_a_machine)
{
	struct sbuddy_clone a;
	struct sbuddy_op op;
	uint32_t slot;

	if (!have_quiet_node())
		SKIP(return, "no node 1 with memory");
	ASSERT_EQ(0, CLONE(1ULL << QUIET, &a));
	ASSERT_EQ(0, sbuddy_user_use(self->fd, a.machine));
	for (slot = 0; slot < 2000; slot++) {
		op = sbuddy_user_alloc(slot, slot % 10, SBUDDY_GFP_THISNODE | SBUDDY_GFP_MOVABLE);
		op.cpu = 0;
		op.nid = QUIET;
		if (sbuddy_user_do(self->fd, &op))
			break;
		EXPECT_EQ(QUIET, op.zone >> 4);
	}
	EXPECT_LT(100, slot);
	EXPECT_EQ(0, sbuddy_user_check(self->fd, a.machine, self->message, sizeof(self->message)));
	while (slot--) {
		op = sbuddy_user_free(slot);
		op.cpu = 0;
		ASSERT_EQ(0, sbuddy_user_do(self->fd, &op));
	}
	EXPECT_EQ(0, sbuddy_user_check(self->fd, a.machine, self->message, sizeof(self->message)));
	EXPECT_EQ(0, sbuddy_user_use(self->fd, 0));
}

/* ---- while the kernel works ---- */

/* Anonymous memory, page cache and what a fork takes, until killed. */
static void work(void)
{
	const size_t size = 24 << 20;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	for (;;) {
		char *p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
			       -1, 0);
		pid_t child = fork();

		for (size_t i = 0; p != MAP_FAILED && i < size; i += 4096)
			p[i] = 1;
		if (!child)
			_exit(0);
		munmap(p, size);
		waitpid(child, NULL, 0);
		free(slurp("/proc/self/maps"));
	}
}

TEST_F_TIMEOUT(clone, while_the_kernel_works, 900)
{
	long cpus = sysconf(_SC_NPROCESSORS_ONLN);
	struct sbuddy_clone a;
	uint64_t worst = 0, blocks = 0;
	pid_t pids[16];
	long n, i;

	n = cpus < 16 ? cpus : 16;
	for (i = 0; i < n; i++) {
		pids[i] = fork();
		if (!pids[i])
			work();
	}
	for (i = 0; i < 20; i++) {
		EXPECT_EQ(0, CLONE(0, &a)) {
			TH_LOG("clone %ld: expected %s", i, self->message);
			break;
		}
		EXPECT_EQ(0, sbuddy_user_check(self->fd, a.machine, self->message,
					       sizeof(self->message))) {
			TH_LOG("clone %ld: %s", i, self->message);
		}
		EXPECT_EQ(0, a.missing & SBUDDY_MISSING_SETTLED);
		EXPECT_EQ(0, sbuddy_user_destroy(self->fd, a.machine));
		worst = a.irqs_off_ns > worst ? a.irqs_off_ns : worst;
		blocks = a.most_blocks > blocks ? a.most_blocks : blocks;
	}
	for (i = 0; i < n; i++) {
		kill(pids[i], SIGKILL);
		waitpid(pids[i], NULL, 0);
	}
	TH_LOG("interrupts off for at most %llu ns, for at most %llu blocks",
	       (unsigned long long)worst, (unsigned long long)blocks);
}

/* ---- refusals, and many ---- */

TEST_F(clone, refusals)
{
	struct sbuddy_clone a;

	EXPECT_EQ(-ENOENT, CLONE(1ULL << 40, &a));
	EXPECT_NE(NULL, strstr(self->message, "online"));
	a = (struct sbuddy_clone){ .size = sizeof(a), .zones = 1U << 5 };
	EXPECT_EQ(-EINVAL, sbuddy_user_ioctl(self->fd, SBUDDY_IOC_CLONE, &a));
	a = (struct sbuddy_clone){ .size = sizeof(a), .max_blocks = SBUDDY_CLONE_MAX_BLOCKS + 1 };
	EXPECT_EQ(-EINVAL, sbuddy_user_ioctl(self->fd, SBUDDY_IOC_CLONE, &a));
	a = (struct sbuddy_clone){ .size = sizeof(a), .zones = 1U << SBUDDY_ZONE_MOVABLE };
	EXPECT_EQ(-ENOENT, sbuddy_user_ioctl(self->fd, SBUDDY_IOC_CLONE, &a));
	a = (struct sbuddy_clone){
		.size = sizeof(a), .max_blocks = 1, .message = (uintptr_t)self->message,
		.message_cap = sizeof(self->message),
	};
	EXPECT_EQ(-E2BIG, sbuddy_user_ioctl(self->fd, SBUDDY_IOC_CLONE, &a));
	EXPECT_NE(NULL, strstr(self->message, "max_blocks"));
}

/* A machine is lost with its number if the caller cannot be told of it. */
TEST_F(clone, message_that_cannot_be_written)
{
	struct sbuddy_clone a = {
		.size = sizeof(a), .zones = 1U << SBUDDY_ZONE_DMA, .message = 8, .message_cap = 8,
	};
	struct sbuddy_machine_list list;

	EXPECT_EQ(-EFAULT, sbuddy_user_ioctl(self->fd, SBUDDY_IOC_CLONE, &a));
	EXPECT_EQ(0, sbuddy_user_list(self->fd, &list, NULL, 0));
	EXPECT_EQ(1, list.total);
}

/* Each takes half a megabyte: what a few thousand lost would be missed. */
TEST_F_TIMEOUT(clone, thousands, 900)
{
	struct sbuddy_clone a = { .size = sizeof(a), .zones = 1U << SBUDDY_ZONE_DMA };

	for (int i = 0; i < 3000; i++) {
		ASSERT_EQ(0, sbuddy_user_ioctl(self->fd, SBUDDY_IOC_CLONE, &a));
		ASSERT_EQ(0, sbuddy_user_destroy(self->fd, a.machine));
	}
}

TEST_HARNESS_MAIN
