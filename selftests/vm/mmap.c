// SPDX-License-Identifier: GPL-2.0
/*
 * Slots mapped by processes: each rule of uapi/linux/sbuddy_movable.h, and pages
 * that move while they are mapped.
 *
 * The module is loaded, and nobody else uses machine 0.
 */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/uio.h>
#include <sys/wait.h>

#include "kselftest_harness.h"
#include "test_util.h"

#define PAGE		4096UL
#define GFP_PAGE	(SBUDDY_GFP_HIGHUSER_MOVABLE & ~SBUDDY_GFP_RECLAIM)
#define WORDS		(PAGE / sizeof(uint64_t))

/* ---- touching what may not be there ---- */

static sigjmp_buf bus_jump;

static void on_bus(int sig)
{
	siglongjmp(bus_jump, 1);
}

/* Reads a word: 0, or -1 for a bus error. */
static int peek(volatile uint64_t *word, uint64_t *value)
{
	struct sigaction sa = { .sa_handler = on_bus }, old;
	int ret = -1;

	sigaction(SIGBUS, &sa, &old);
	if (!sigsetjmp(bus_jump, 1)) {
		*value = *word;
		ret = 0;
	}
	sigaction(SIGBUS, &old, NULL);
	return ret;
}

#define EXPECT_BUS(word)	({ uint64_t _v; EXPECT_EQ(-1, peek(word, &_v)); })

/* ---- operations ---- */

static int put(int fd, uint32_t slot, unsigned int order)
{
	struct sbuddy_op op = sbuddy_user_alloc(slot, order,
						GFP_PAGE | (order ? SBUDDY_GFP_COMP : 0));

	return sbuddy_user_do(fd, &op);
}

static int lru(int fd, uint32_t slot)
{
	struct sbuddy_op op = sbuddy_user_op(SBUDDY_OP_LRU, slot);

	return sbuddy_user_do(fd, &op);
}

static int drop(int fd, uint32_t slot)
{
	struct sbuddy_op op = sbuddy_user_free(slot);

	return sbuddy_user_do(fd, &op);
}

static uint64_t *map(int fd, uint32_t slot, unsigned long pages)
{
	void *p = mmap(NULL, pages * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, slot * PAGE);

	return p == MAP_FAILED ? NULL : p;
}

static uint64_t pfn_of(int fd, uint32_t slot)
{
	struct sbuddy_query_slot q;

	return sbuddy_user_slot(fd, slot, &q) ? SBUDDY_NO_PFN : q.pfn;
}

static int migrate(int fd, uint32_t slot, uint32_t count, uint32_t mode, struct sbuddy_migrate *a)
{
	*a = (struct sbuddy_migrate){
		.size = sizeof(*a), .slot = slot, .count = count, .mode = mode, .node = -1,
	};
	return sbuddy_user_ioctl(fd, SBUDDY_IOC_MIGRATE, a);
}

static int64_t stat_of(int fd, const char *name)
{
	static struct sbuddy_user_stats stats;

	if (sbuddy_user_stats(fd, 0, SBUDDY_ALL_ZONES, SBUDDY_ALL_ZONES, &stats))
		return -1;
	return sbuddy_user_stat(&stats, name);
}

static int unload(void)
{
	return syscall(SYS_delete_module, "sbuddy", O_NONBLOCK) ? -errno : 0;
}

FIXTURE(mmap)
{
	int fd;
};

FIXTURE_SETUP(mmap)
{
	self->fd = sbuddy_user_open();
	ASSERT_LE(0, self->fd);
}

FIXTURE_TEARDOWN(mmap)
{
	int other = sbuddy_user_open();

	EXPECT_CHECK(self->fd);
	EXPECT_EQ(0, close(self->fd));
	EXPECT_ALL_BACK(other);
	EXPECT_CHECK(other);
	EXPECT_EQ(0, close(other));
}

/* ---- what is refused ---- */

TEST_F(mmap, refused)
{
	ASSERT_EQ(0, put(self->fd, 5, 0));
	ASSERT_EQ(0, put(self->fd, 6, 2));
	EXPECT_EQ(MAP_FAILED, mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, self->fd, 5 * PAGE));
	EXPECT_EQ(EINVAL, errno);
	EXPECT_EQ(NULL, map(self->fd, 4, 1));
	EXPECT_EQ(ENOENT, errno);
	EXPECT_EQ(NULL, map(self->fd, 6, 5));
	EXPECT_EQ(EINVAL, errno);
	EXPECT_EQ(MAP_FAILED, mmap(NULL, PAGE, PROT_READ, MAP_SHARED, self->fd,
				   SBUDDY_MAX_SLOTS * PAGE));
	EXPECT_EQ(EINVAL, errno);
}

TEST_F(mmap, unbacked)
{
	char message[256];
	uint32_t machine;

	ASSERT_EQ(0, sbuddy_user_create(self->fd, "N0:Normal=16M", 1, &machine, message,
					sizeof(message)));
	ASSERT_EQ(0, sbuddy_user_use(self->fd, machine));
	ASSERT_EQ(0, put(self->fd, 0, 0));
	EXPECT_EQ(NULL, map(self->fd, 0, 1));
	EXPECT_EQ(EOPNOTSUPP, errno);
	EXPECT_EQ(0, drop(self->fd, 0));
	ASSERT_EQ(0, sbuddy_user_use(self->fd, 0));
	EXPECT_EQ(0, sbuddy_user_destroy(self->fd, machine));
}

/* A mapping stays when its file goes to another machine, and shows what is there. */
TEST_F(mmap, other_machine)
{
	char message[256];
	uint32_t machine;
	uint64_t *p;

	ASSERT_EQ(0, put(self->fd, 0, 0));
	p = map(self->fd, 0, 1);
	ASSERT_TRUE(p);
	*p = 7;
	EXPECT_EQ(0, drop(self->fd, 0));
	ASSERT_EQ(0, sbuddy_user_create(self->fd, "N0:Normal=16M", 1, &machine, message,
					sizeof(message)));
	ASSERT_EQ(0, sbuddy_user_use(self->fd, machine));
	ASSERT_EQ(0, put(self->fd, 0, 0));
	EXPECT_BUS(p);
	EXPECT_EQ(0, drop(self->fd, 0));
	ASSERT_EQ(0, sbuddy_user_use(self->fd, 0));
	EXPECT_EQ(0, sbuddy_user_destroy(self->fd, machine));
	ASSERT_EQ(0, put(self->fd, 0, 0));
	EXPECT_EQ(0, *p);
	*p = 8;
	EXPECT_EQ(0, drop(self->fd, 0));
	EXPECT_BUS(p);
	munmap(p, PAGE);
}

/* ---- contents ---- */

/* Whatever a frame held before, its next user finds zeroes: of every frame there is. */
TEST_F(mmap, zeroed)
{
	unsigned int round, slot, nr = 3000, i, dirty = 0;
	uint64_t *p;

	for (round = 0; round < 2; round++) {
		for (slot = 0; slot < nr; slot++)
			ASSERT_EQ(0, put(self->fd, slot, 0));
		p = map(self->fd, 0, nr);
		ASSERT_TRUE(p);
		for (i = 0; i < nr * WORDS; i += 61)
			dirty += p[i] != 0;
		memset(p, 0xa5, nr * PAGE);
		for (slot = 0; slot < nr; slot++)
			ASSERT_EQ(0, drop(self->fd, slot));
		munmap(p, nr * PAGE);
	}
	EXPECT_EQ(0, dirty);
}

TEST_F(mmap, block)
{
	uint64_t *p, *q;
	unsigned int i;

	ASSERT_EQ(0, put(self->fd, 10, 3));
	ASSERT_EQ(0, put(self->fd, 11, 0));	/* has the offset of the block's second page */
	p = map(self->fd, 10, 8);
	q = map(self->fd, 11, 1);
	ASSERT_TRUE(p && q);
	for (i = 0; i < 8; i++) {
		EXPECT_EQ(0, p[i * WORDS]);
		p[i * WORDS] = 100 + i;
	}
	EXPECT_EQ(0, *q);
	*q = 5;
	EXPECT_EQ(101, p[WORDS]);
	EXPECT_EQ(0, lru(self->fd, 10));
	EXPECT_EQ(0, drop(self->fd, 11));
	EXPECT_BUS(q);
	for (i = 0; i < 8; i++)
		EXPECT_EQ(100 + i, p[i * WORDS]);
	EXPECT_EQ(0, drop(self->fd, 10));
	for (i = 0; i < 8; i++)
		EXPECT_BUS(&p[i * WORDS]);
	munmap(p, 8 * PAGE);
	munmap(q, PAGE);
}

TEST_F(mmap, split_keeps_contents)
{
	struct sbuddy_op op = sbuddy_user_alloc(0, 2, GFP_PAGE);
	uint64_t *p, *q;
	unsigned int i;

	ASSERT_EQ(0, sbuddy_user_do(self->fd, &op));
	p = map(self->fd, 0, 4);
	ASSERT_TRUE(p);
	for (i = 0; i < 4; i++)
		p[i * WORDS] = 40 + i;
	op = sbuddy_user_op(SBUDDY_OP_SPLIT, 0);
	ASSERT_EQ(0, sbuddy_user_do(self->fd, &op));
	EXPECT_EQ(40, p[0]);
	EXPECT_BUS(&p[WORDS]);
	q = map(self->fd, 0, 4);
	ASSERT_TRUE(q);
	for (i = 0; i < 4; i++)
		EXPECT_EQ(40 + i, q[i * WORDS]);
	munmap(p, 4 * PAGE);
	munmap(q, 4 * PAGE);
}

TEST_F(mmap, empty_slots)
{
	uint64_t *p;

	ASSERT_EQ(0, put(self->fd, 0, 0));
	p = map(self->fd, 0, 3);
	ASSERT_TRUE(p);
	*p = 1;
	EXPECT_BUS(&p[WORDS]);
	ASSERT_EQ(0, put(self->fd, 1, 0));
	EXPECT_EQ(0, p[WORDS]);
	EXPECT_BUS(&p[2 * WORDS]);
	munmap(p, 3 * PAGE);
}

/* ---- address spaces ---- */

TEST_F(mmap, fork_shares)
{
	int status;
	uint64_t *p;
	pid_t pid;

	ASSERT_EQ(0, put(self->fd, 0, 0));
	ASSERT_EQ(0, lru(self->fd, 0));
	p = map(self->fd, 0, 1);
	ASSERT_TRUE(p);
	p[0] = 1;
	pid = fork();
	if (!pid) {
		struct sbuddy_migrate a;

		p[1] = p[0] + 1;
		_exit(migrate(self->fd, 0, 1, SBUDDY_MIGRATE_SYNC, &a) || a.migrated != 1 ||
		      p[1] != 2);
	}
	ASSERT_LT(0, pid);
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_EQ(0, status);
	EXPECT_EQ(1, p[0]);
	EXPECT_EQ(2, p[1]);
	munmap(p, PAGE);
}

TEST_F(mmap, mremap_and_parts)
{
	struct sbuddy_migrate a;
	uint64_t *p, *q;
	unsigned int i;

	for (i = 0; i < 8; i++) {
		ASSERT_EQ(0, put(self->fd, i, 0));
		ASSERT_EQ(0, lru(self->fd, i));
	}
	p = map(self->fd, 0, 8);
	ASSERT_TRUE(p);
	for (i = 0; i < 8; i++)
		p[i * WORDS] = 70 + i;
	EXPECT_EQ(MAP_FAILED, mremap(p, 8 * PAGE, 9 * PAGE, MREMAP_MAYMOVE));
	EXPECT_EQ(MAP_FAILED, mremap(p, 0, 8 * PAGE, MREMAP_MAYMOVE));
	ASSERT_EQ(0, munmap(p + 2 * WORDS, 2 * PAGE));
	q = mmap(NULL, 64 * PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, (void *)q);
	ASSERT_EQ(q, mremap(p + 4 * WORDS, 4 * PAGE, 4 * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, q));
	ASSERT_EQ(0, migrate(self->fd, 0, 8, SBUDDY_MIGRATE_SYNC, &a));
	EXPECT_EQ(8, a.migrated);
	EXPECT_EQ(70, p[0]);
	EXPECT_EQ(71, p[WORDS]);
	for (i = 4; i < 8; i++)
		EXPECT_EQ(70 + i, q[(i - 4) * WORDS]);
	EXPECT_EQ(0, drop(self->fd, 5));
	EXPECT_BUS(&q[WORDS]);
	EXPECT_EQ(76, q[2 * WORDS]);
	munmap(p, 2 * PAGE);
	munmap(q, 64 * PAGE);
}

TEST_F(mmap, two_mappings_agree)
{
	struct sbuddy_migrate a;
	uint64_t *p, *q;

	ASSERT_EQ(0, put(self->fd, 3, 0));
	ASSERT_EQ(0, lru(self->fd, 3));
	p = map(self->fd, 3, 1);
	q = map(self->fd, 3, 1);
	ASSERT_TRUE(p && q && p != q);
	p[0] = 1;
	EXPECT_EQ(1, q[0]);
	ASSERT_EQ(0, migrate(self->fd, 3, 1, SBUDDY_MIGRATE_ASYNC, &a));
	EXPECT_EQ(1, a.migrated);
	q[0]++;
	EXPECT_EQ(2, p[0]);
	EXPECT_EQ(0, drop(self->fd, 3));
	EXPECT_BUS(p);
	EXPECT_BUS(q);
	munmap(p, PAGE);
	munmap(q, PAGE);
}

/* The same number, another file: other pages, whatever node of the device was opened. */
TEST_F(mmap, own_slots_only)
{
	char path[64];
	struct sbuddy_migrate a;
	struct stat st;
	uint64_t *p, *q;
	int other;

	ASSERT_EQ(0, stat(SBUDDY_USER_DEVICE, &st));
	snprintf(path, sizeof(path), "/tmp/sbuddy-node-%d", getpid());
	ASSERT_EQ(0, mknod(path, S_IFCHR | 0600, st.st_rdev));
	other = open(path, O_RDWR);
	unlink(path);
	ASSERT_LE(0, other);
	ASSERT_EQ(0, put(self->fd, 0, 0));
	EXPECT_EQ(NULL, map(other, 0, 1));
	ASSERT_EQ(0, put(other, 0, 0));
	ASSERT_EQ(0, lru(other, 0));
	p = map(self->fd, 0, 1);
	q = map(other, 0, 1);
	ASSERT_TRUE(p && q);
	*p = 11;
	*q = 22;
	ASSERT_EQ(0, migrate(other, 0, 1, SBUDDY_MIGRATE_SYNC, &a));
	EXPECT_EQ(1, a.migrated);
	EXPECT_EQ(11, *p);
	EXPECT_EQ(22, *q);
	EXPECT_EQ(0, drop(other, 0));
	EXPECT_BUS(q);
	EXPECT_EQ(11, *p);
	munmap(p, PAGE);
	munmap(q, PAGE);
	EXPECT_EQ(0, close(other));
}

/* Whatever the kernel offers for a mapping is harmless. */
TEST_F(mmap, advice)
{
	static const int advice[] = { MADV_DONTNEED, MADV_PAGEOUT, MADV_COLD, MADV_WILLNEED,
				      MADV_HUGEPAGE, MADV_FREE, MADV_MERGEABLE, MADV_REMOVE };
	struct sbuddy_migrate a;
	int mem = open("/proc/self/mem", O_RDONLY);
	uint64_t *p, word = 0;
	unsigned int i;

	ASSERT_LE(0, mem);
	ASSERT_EQ(0, put(self->fd, 0, 0));
	ASSERT_EQ(0, lru(self->fd, 0));
	p = map(self->fd, 0, 1);
	ASSERT_TRUE(p);
	*p = 99;
	for (i = 0; i < sizeof(advice) / sizeof(advice[0]); i++) {
		madvise(p, PAGE, advice[i]);
		EXPECT_EQ(99, *p);
	}
	EXPECT_EQ(0, mlock(p, PAGE));
	ASSERT_EQ(0, migrate(self->fd, 0, 1, SBUDDY_MIGRATE_SYNC, &a));
	EXPECT_EQ(1, a.migrated);
	EXPECT_EQ(sizeof(word), pread(mem, &word, sizeof(word), (uintptr_t)p));
	EXPECT_EQ(99, word);
	EXPECT_EQ(0, drop(self->fd, 0));
	EXPECT_EQ(-1, pread(mem, &word, sizeof(word), (uintptr_t)p));
	EXPECT_EQ(EIO, errno);
	close(mem);
	munmap(p, PAGE);
}

/* ---- references of the kernel ---- */

/* Puts a mapped page into a pipe. */
static int pin(int pipe_fd, void *p)
{
	struct iovec iov = { p, PAGE };

	return vmsplice(pipe_fd, &iov, 1, 0) == PAGE ? 0 : -errno;
}

TEST_F(mmap, pinned)
{
	static uint64_t copy[WORDS];
	struct sbuddy_migrate a;
	uint64_t *p, pfn;
	int pipes[2];

	ASSERT_EQ(0, pipe(pipes));
	ASSERT_EQ(0, put(self->fd, 0, 0));
	ASSERT_EQ(0, lru(self->fd, 0));
	p = map(self->fd, 0, 1);
	ASSERT_TRUE(p);
	p[17] = 1234;
	pfn = pfn_of(self->fd, 0);
	ASSERT_EQ(0, pin(pipes[1], p));
	ASSERT_EQ(0, migrate(self->fd, 0, 1, SBUDDY_MIGRATE_SYNC, &a));
	EXPECT_EQ(0, a.migrated);
	EXPECT_EQ(1, a.failed);
	EXPECT_EQ(pfn, pfn_of(self->fd, 0));
	EXPECT_EQ(-EBUSY, drop(self->fd, 0));
	EXPECT_EQ(1234, p[17]);
	ASSERT_EQ(PAGE, read(pipes[0], copy, PAGE));
	EXPECT_EQ(1234, copy[17]);
	ASSERT_EQ(0, migrate(self->fd, 0, 1, SBUDDY_MIGRATE_SYNC, &a));
	EXPECT_EQ(1, a.migrated);
	EXPECT_NE(pfn, pfn_of(self->fd, 0));
	EXPECT_EQ(1234, p[17]);
	EXPECT_EQ(0, drop(self->fd, 0));
	EXPECT_BUS(p);
	munmap(p, PAGE);
	close(pipes[0]);
	close(pipes[1]);
}

/* Frames in a pipe outlive mapping and file, and keep the module. */
TEST_F(mmap, closed_while_pinned)
{
	static uint64_t copy[WORDS];
	int pipes[2], fd = sbuddy_user_open(), i;
	uint64_t *p, held;

	ASSERT_LE(0, fd);
	ASSERT_EQ(0, pipe(pipes));
	ASSERT_EQ(0, put(fd, 0, 0));
	ASSERT_EQ(0, put(fd, 1, 0));
	p = map(fd, 0, 2);
	ASSERT_TRUE(p);
	p[3] = 333;
	p[WORDS] = 1;
	ASSERT_EQ(0, pin(pipes[1], p));
	munmap(p, 2 * PAGE);
	EXPECT_EQ(0, close(fd));
	EXPECT_EQ(0, close(self->fd));
	EXPECT_EQ(-EWOULDBLOCK, unload());	/* nothing is open */
	self->fd = sbuddy_user_open();
	ASSERT_LE(0, self->fd);
	EXPECT_CHECK(self->fd);
	ASSERT_EQ(PAGE, read(pipes[0], copy, PAGE));
	EXPECT_EQ(333, copy[3]);
	for (i = 0, held = 1; held && i < 100; i++) {
		struct test_sums sums;

		usleep(50000);
		ASSERT_EQ(0, test_sum(self->fd, &sums));
		held = sums.managed - sums.free - sums.pcp;
	}
	EXPECT_EQ(0, held);
	close(pipes[0]);
	close(pipes[1]);
}

/* ---- how long things last ---- */

TEST_F(mmap, mapping_keeps_file)
{
	int fd = sbuddy_user_open();
	struct test_sums sums;
	uint64_t *p;

	ASSERT_LE(0, fd);
	ASSERT_EQ(0, put(fd, 0, 0));
	p = map(fd, 0, 1);
	ASSERT_TRUE(p);
	*p = 5;
	EXPECT_EQ(0, close(fd));
	ASSERT_EQ(0, test_sum(self->fd, &sums));
	EXPECT_EQ(1, sums.managed - sums.free - sums.pcp);
	EXPECT_EQ(5, *p);
	EXPECT_EQ(0, close(self->fd));
	EXPECT_EQ(-EWOULDBLOCK, unload());
	EXPECT_EQ(5, *p);
	EXPECT_EQ(0, munmap(p, PAGE));
	self->fd = sbuddy_user_open();
	ASSERT_LE(0, self->fd);
}

TEST_F(mmap, reset_refused)
{
	int ctl = open("/sys/kernel/debug/sbuddy/reset", O_WRONLY);
	uint64_t *p;

	if (ctl < 0)
		SKIP(return, "no debugfs");
	ASSERT_EQ(0, put(self->fd, 0, 0));
	p = map(self->fd, 0, 1);
	ASSERT_TRUE(p);
	*p = 6;
	EXPECT_EQ(-1, write(ctl, "1", 1));
	EXPECT_EQ(EBUSY, errno);
	EXPECT_EQ(6, *p);
	EXPECT_EQ(0, drop(self->fd, 0));
	EXPECT_EQ(1, write(ctl, "1", 1));
	EXPECT_BUS(p);
	ASSERT_EQ(0, put(self->fd, 0, 0));
	EXPECT_EQ(0, *p);
	close(ctl);
	munmap(p, PAGE);
}

/* ---- moving ---- */

TEST_F(mmap, migrate_every_mode)
{
	int64_t before = stat_of(self->fd, "pgmigrate_success");
	struct sbuddy_migrate_record records[16];
	unsigned int mode, i, nr = 16;
	struct sbuddy_migrate a;
	uint64_t *p, *q;

	for (i = 0; i < nr; i++) {
		ASSERT_EQ(0, put(self->fd, i, 0));
		ASSERT_EQ(0, lru(self->fd, i));
	}
	ASSERT_EQ(0, put(self->fd, 100, 4));
	ASSERT_EQ(0, lru(self->fd, 100));
	p = map(self->fd, 0, nr);
	q = map(self->fd, 100, 16);
	ASSERT_TRUE(p && q);
	for (i = 0; i < 16; i++) {
		p[i * WORDS + i] = 1000 + i;
		q[i * WORDS + i] = 1000 + i;
	}
	for (mode = 0; mode < SBUDDY_NR_MIGRATE_MODES; mode++) {
		a = (struct sbuddy_migrate){
			.size = sizeof(a), .count = nr, .mode = mode, .node = -1,
			.records = (uintptr_t)records, .records_cap = 16,
		};
		ASSERT_EQ(0, sbuddy_user_ioctl(self->fd, SBUDDY_IOC_MIGRATE, &a));
		EXPECT_EQ(nr, a.migrated);
		EXPECT_EQ(nr, a.nr_records);
		EXPECT_EQ(0, a.failed + a.busy);
		for (i = 0; i < nr; i++) {
			EXPECT_EQ(SBUDDY_OUTCOME_MOVED, records[i].outcome);
			EXPECT_EQ(pfn_of(self->fd, i), records[i].to);
			EXPECT_EQ(1000 + i, p[i * WORDS + i]);
		}
		ASSERT_EQ(0, migrate(self->fd, 100, 1, mode, &a));
		EXPECT_EQ(16, a.migrated);
		for (i = 0; i < 16; i++)
			EXPECT_EQ(1000 + i, q[i * WORDS + i]);
	}
	EXPECT_EQ(3 * 32, stat_of(self->fd, "pgmigrate_success") - before);
	ASSERT_EQ(0, migrate(self->fd, 50, 4, 0, &a));
	EXPECT_EQ(4, a.busy);
	EXPECT_EQ(-EINVAL, migrate(self->fd, 0, 0, 0, &a));
	EXPECT_EQ(-EINVAL, migrate(self->fd, 0, 1, SBUDDY_NR_MIGRATE_MODES, &a));
	EXPECT_EQ(-EINVAL, migrate(self->fd, SBUDDY_MAX_SLOTS - 1, 2, 0, &a));
	munmap(p, nr * PAGE);
	munmap(q, 16 * PAGE);
}

/* A page that is mapped and was never made movable stays. */
TEST_F(mmap, plain_pages_stay)
{
	struct sbuddy_migrate a;
	uint64_t *p, pfn;

	ASSERT_EQ(0, put(self->fd, 0, 0));
	p = map(self->fd, 0, 1);
	ASSERT_TRUE(p);
	*p = 4;
	pfn = pfn_of(self->fd, 0);
	ASSERT_EQ(0, migrate(self->fd, 0, 1, SBUDDY_MIGRATE_SYNC, &a));
	EXPECT_EQ(1, a.busy);
	EXPECT_EQ(pfn, pfn_of(self->fd, 0));
	EXPECT_EQ(4, *p);
	munmap(p, PAGE);
}

/* Compaction of the machine takes mapped pages along, and leaves pinned ones out. */
TEST_F(mmap, compaction)
{
	struct sbuddy_compact c = {
		.size = sizeof(c), .node = SBUDDY_ALL_ZONES, .zone = SBUDDY_ALL_ZONES,
		.order = -1, .mode = SBUDDY_MIGRATE_SYNC,
	};
	unsigned int i, nr = 4096, moved = 0, wrong = 0;
	uint64_t *p, *before = calloc(nr, sizeof(*before));
	int pipes[2];

	ASSERT_TRUE(before);
	ASSERT_EQ(0, pipe(pipes));
	for (i = 0; i < nr; i++) {
		ASSERT_EQ(0, put(self->fd, i, 0));
		ASSERT_EQ(0, lru(self->fd, i));
	}
	for (i = 0; i < nr; i++)
		if (i % 4)
			ASSERT_EQ(0, drop(self->fd, i));
	p = map(self->fd, 0, nr);
	ASSERT_TRUE(p);
	for (i = 0; i < nr; i += 4) {
		p[i * WORDS + i % WORDS] = i + 1;
		before[i] = pfn_of(self->fd, i);
	}
	ASSERT_EQ(0, pin(pipes[1], p + 8 * WORDS));
	ASSERT_EQ(0, sbuddy_user_ioctl(self->fd, SBUDDY_IOC_COMPACT, &c));
	for (i = 0; i < nr; i += 4) {
		wrong += p[i * WORDS + i % WORDS] != i + 1;
		moved += pfn_of(self->fd, i) != before[i];
	}
	EXPECT_EQ(0, wrong);
	EXPECT_EQ(c.migrated, moved);
	EXPECT_LT(500, moved);
	EXPECT_EQ(before[8], pfn_of(self->fd, 8));
	munmap(p, nr * PAGE);
	close(pipes[0]);
	close(pipes[1]);
	usleep(300000);
	free(before);
}

TEST_HARNESS_MAIN
