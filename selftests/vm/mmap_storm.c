// SPDX-License-Identifier: GPL-2.0
/*
 * usage: mmap_storm [-t SECONDS] [-s SEED]
 *
 * Mapped pages that are written all the time while they move all the time.  On
 * one file: WRITERS threads count up words of their own in every page; processes
 * are forked that count up too, atomically, and end; a thread maps windows,
 * unmaps their middle, moves their ends; a thread puts pages into a pipe and
 * compares what comes out; one frees and fills slots of its own under their
 * mapping.  Meanwhile slots are migrated in every mode, the machine is
 * compacted, and another file fragments it.  SECONDS is 6.
 *
 * No write may be lost, no stale word read, no page of another slot seen; the
 * machine must be consistent, also after processes that migrate were killed in
 * the middle of it, and empty at the end.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <sys/wait.h>

#include "kselftest.h"
#include "test_util.h"

#define PAGE		4096UL
#define WORDS		(PAGE / sizeof(uint64_t))
#define PAGES		768U	/* written to, in slots 0 ... */
#define EXTRA		64U	/* freed and filled, in the slots after them */
#define WRITERS		4U
#define PATIENCE	120U	/* seconds until everybody must have done something */
#define GFP_PAGE	(SBUDDY_GFP_HIGHUSER_MOVABLE & ~SBUDDY_GFP_RECLAIM)

/* Words of a page: its number, one of each writer at both ends, one of all processes. */
#define WORD_SLOT	0
#define WORD_LOW	1
#define WORD_HIGH	(WORDS - WRITERS)
#define WORD_SHARED	(WORDS / 2)

/* What everybody sees, the children too. */
struct shared {
	_Atomic int stop;
	_Atomic uint64_t adds[PAGES];	/* to WORD_SHARED of each page, done */
	_Atomic uint64_t writes, forks, windows, pins, refills, migrated, failed, compactions;
	_Atomic uint64_t faults;	/* what must not be; the first is told */
};

static struct shared *sh;
static int fd;
static uint64_t *pages;
static uint64_t seed;
static unsigned int seconds = 6;

static void fault(const char *what, uint64_t slot, uint64_t got, uint64_t want)
{
	if (!atomic_fetch_add(&sh->faults, 1))
		ksft_print_msg("%s: slot %llu has %llx, expected %llx\n", what,
			       (unsigned long long)slot, (unsigned long long)got,
			       (unsigned long long)want);
	sh->stop = 1;
}

static volatile uint64_t *word(unsigned int page, unsigned int w)
{
	return &pages[page * WORDS + w];
}

static void must_be(const char *what, unsigned int slot, uint64_t got, uint64_t want)
{
	if (got != want)
		fault(what, slot, got, want);
}

/* ---- those who write ---- */

struct writer {
	pthread_t thread;
	unsigned int nr;
	uint64_t stamp[PAGES];	/* what this writer wrote last */
};

static void *write_stamps(void *arg)
{
	struct writer *w = arg;
	struct test_random r = { .state = seed + w->nr };

	while (!sh->stop) {
		unsigned int p = test_random_below(&r, PAGES);
		volatile uint64_t *low = word(p, WORD_LOW + w->nr);
		volatile uint64_t *high = word(p, WORD_HIGH + w->nr);

		must_be("stale word", p, *low, w->stamp[p]);
		must_be("stale word at the end", p, *high, ~w->stamp[p]);
		must_be("another slot's page", p, *word(p, WORD_SLOT), p);
		*low = ++w->stamp[p];
		*high = ~w->stamp[p];
		sh->writes++;
	}
	return NULL;
}

/* Counts up in pages at random, and says how often. */
static void child(uint64_t state)
{
	struct test_random r = { .state = state };
	unsigned int i;

	for (i = 0; i < 200; i++) {
		unsigned int p = test_random_below(&r, PAGES);

		must_be("another slot's page, after fork", p, *word(p, WORD_SLOT), p);
		__atomic_fetch_add(word(p, WORD_SHARED), 1, __ATOMIC_RELAXED);
		sh->adds[p]++;
	}
	_exit(0);
}

static void *fork_children(void *arg)
{
	struct test_random r = { .state = seed ^ 0xf0 };

	while (!sh->stop) {
		pid_t pid = fork();
		int status = 0;

		if (!pid)
			child(test_random64(&r));
		if (pid < 0 || waitpid(pid, &status, 0) != pid || status)
			fault("a child ended", 0, pid, status);
		test_random64(&r);
		sh->forks++;
	}
	return NULL;
}

/* ---- those who change address spaces ---- */

static void look_through(uint64_t *p, unsigned int slot, unsigned int nr, const char *what)
{
	unsigned int i;

	for (i = 0; i < nr; i++)
		must_be(what, slot + i, p[i * WORDS + WORD_SLOT], slot + i);
}

static void *map_windows(void *arg)
{
	struct test_random r = { .state = seed ^ 0x3a9 };

	while (!sh->stop) {
		unsigned int slot = test_random_below(&r, PAGES - 9);
		uint64_t *p = mmap(NULL, 9 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd,
				   slot * PAGE);
		uint64_t *q;

		if (p == MAP_FAILED) {
			fault("mmap", slot, errno, 0);
			break;
		}
		look_through(p, slot, 9, "a window");
		munmap(p + 3 * WORDS, 3 * PAGE);
		look_through(p, slot, 3, "its beginning");
		q = mremap(p + 6 * WORDS, 3 * PAGE, 3 * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED,
			   p + 3 * WORDS);
		if (q == p + 3 * WORDS)
			look_through(q, slot + 6, 3, "its end, moved");
		else
			fault("mremap", slot, errno, 0);
		madvise(p, 6 * PAGE, MADV_DONTNEED);
		look_through(p, slot, 3, "its beginning, again");
		munmap(p, 6 * PAGE);
		sh->windows++;
	}
	return NULL;
}

static void *put_into_pipe(void *arg)
{
	struct test_random r = { .state = seed ^ 0x919e };
	static uint64_t copy[WORDS];
	int pipes[2];

	if (pipe(pipes)) {
		fault("pipe", 0, errno, 0);
		return NULL;
	}
	while (!sh->stop) {
		unsigned int slot = test_random_below(&r, PAGES);
		struct iovec iov = { pages + slot * WORDS, PAGE };
		uint64_t before = *word(slot, WORD_SHARED);

		if (vmsplice(pipes[1], &iov, 1, 0) != PAGE) {
			fault("vmsplice", slot, errno, 0);
			break;
		}
		usleep(test_random_below(&r, 2000));
		if (read(pipes[0], copy, PAGE) != PAGE) {
			fault("pipe read", slot, errno, 0);
			break;
		}
		must_be("a page out of the pipe", slot, copy[WORD_SLOT], slot);
		if (copy[WORD_SHARED] < before)
			fault("an old page out of the pipe", slot, copy[WORD_SHARED], before);
		sh->pins++;
	}
	close(pipes[0]);
	close(pipes[1]);
	return NULL;
}

/* ---- those who change what there is ---- */

static int fill_slot(int file, uint32_t slot)
{
	struct sbuddy_op op[2] = { sbuddy_user_alloc(slot, 0, GFP_PAGE),
				   sbuddy_user_op(SBUDDY_OP_LRU, slot) };

	return sbuddy_user_run_all(file, op, 2) ?: op[0].err ?: op[1].err;
}

/* Its pages are always new ones, and nobody else's. */
static void *refill(void *arg)
{
	struct test_random r = { .state = seed ^ 0x4ef };
	uint64_t *p = pages + PAGES * WORDS;

	while (!sh->stop) {
		unsigned int i = test_random_below(&r, EXTRA), w;
		struct sbuddy_op op = sbuddy_user_free(PAGES + i);
		uint64_t sum = 0;
		int err = sbuddy_user_do(fd, &op);

		if (!err)
			err = fill_slot(fd, PAGES + i);
		if (err && err != -ENOMEM) {
			fault("free and fill", PAGES + i, err, 0);
			break;
		}
		while (err == -ENOMEM && !sh->stop)
			err = fill_slot(fd, PAGES + i);
		if (err)
			break;
		for (w = 0; w < WORDS; w += 7)
			sum |= p[i * WORDS + w];
		must_be("a new page", PAGES + i, sum, 0);
		memset(p + i * WORDS, 0x5a, PAGE);
		sh->refills++;
	}
	return NULL;
}

static void *migrate_slots(void *arg)
{
	struct test_random r = { .state = seed ^ 0x317 };

	while (!sh->stop) {
		struct sbuddy_migrate a = {
			.size = sizeof(a), .slot = test_random_below(&r, PAGES), .node = -1,
			.count = 1 + test_random_below(&r, EXTRA),
			.mode = test_random_below(&r, SBUDDY_NR_MIGRATE_MODES),
		};

		if (sbuddy_user_ioctl(fd, SBUDDY_IOC_MIGRATE, &a)) {
			fault("MIGRATE", a.slot, errno, 0);
			break;
		}
		sh->migrated += a.migrated;
		sh->failed += a.failed;
	}
	return NULL;
}

static void compact(int file, uint32_t mode)
{
	struct sbuddy_compact a = {
		.size = sizeof(a), .node = SBUDDY_ALL_ZONES, .zone = SBUDDY_ALL_ZONES,
		.order = -1, .mode = mode,
	};

	if (sbuddy_user_ioctl(file, SBUDDY_IOC_COMPACT, &a))
		fault("COMPACT", 0, errno, 0);
	sh->migrated += a.migrated;
	sh->failed += a.failed;
	sh->compactions++;
}

/* Another file takes and gives back pages all over, then everything is compacted. */
static void *fragment(void *arg)
{
	struct test_random r = { .state = seed ^ 0xf4a };
	int other = sbuddy_user_open();
	uint32_t i;

	if (other < 0) {
		fault("open", 0, -other, 0);
		return NULL;
	}
	while (!sh->stop) {
		for (i = 0; i < 3000 && !sh->stop; i++) {
			uint32_t slot = test_random_below(&r, 6000);
			struct sbuddy_op op = sbuddy_user_free(slot);

			if (sbuddy_user_do(other, &op))
				fill_slot(other, slot);
		}
		compact(other, test_random_below(&r, SBUDDY_NR_MIGRATE_MODES));
	}
	close(other);
	return NULL;
}

/* ---- the test ---- */

static void *(* const others[])(void *arg) = {
	fork_children, map_windows, put_into_pipe, refill, migrate_slots, migrate_slots, fragment,
};

#define NR_OTHERS	(sizeof(others) / sizeof(others[0]))

static struct writer writers[WRITERS];

static int set_up(void)
{
	unsigned int i, w;
	int err = 0;

	for (i = 0; i < PAGES + EXTRA && !err; i++)
		err = fill_slot(fd, i);
	if (err)
		return err;
	pages = mmap(NULL, (PAGES + EXTRA) * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (pages == MAP_FAILED)
		return -errno;
	for (i = 0; i < PAGES; i++) {
		*word(i, WORD_SLOT) = i;
		for (w = 0; w < WRITERS; w++)
			*word(i, WORD_HIGH + w) = ~0ULL;
	}
	return 0;
}

/* On a slow guest that takes longer than it was asked to. */
static int all_active(void)
{
	return sh->migrated > PAGES && sh->writes && sh->forks && sh->windows && sh->pins &&
	       sh->refills && sh->compactions;
}

static void go(void)
{
	pthread_t threads[NR_OTHERS];
	unsigned int i;

	for (i = 0; i < WRITERS; i++) {
		writers[i].nr = i;
		pthread_create(&writers[i].thread, NULL, write_stamps, &writers[i]);
	}
	for (i = 0; i < NR_OTHERS; i++)
		pthread_create(&threads[i], NULL, others[i], NULL);
	for (i = 0; !sh->stop && (i < seconds * 10 || (i < PATIENCE * 10 && !all_active())); i++)
		usleep(100000);
	sh->stop = 1;
	for (i = 0; i < WRITERS; i++)
		pthread_join(writers[i].thread, NULL);
	for (i = 0; i < NR_OTHERS; i++)
		pthread_join(threads[i], NULL);
}

static void verify(void)
{
	unsigned int i, w;

	for (i = 0; i < PAGES; i++) {
		must_be("page at the end", i, *word(i, WORD_SLOT), i);
		must_be("count of the processes", i, *word(i, WORD_SHARED), sh->adds[i]);
		for (w = 0; w < WRITERS; w++) {
			must_be("lost write", i, *word(i, WORD_LOW + w), writers[w].stamp[i]);
			must_be("lost write at the end", i, *word(i, WORD_HIGH + w),
				~writers[w].stamp[i]);
		}
	}
}

static int consistent(int file, const char *when)
{
	char line[256];
	int err = sbuddy_user_check(file, 0, line, sizeof(line));

	if (err)
		ksft_print_msg("check %s: %d %s\n", when, err, line);
	return !err;
}

/* Nothing but the allocator has pages, perhaps after a while. */
static int all_back(int file)
{
	struct test_sums sums;
	unsigned int i;

	for (i = 0; i < 50; i++) {
		if (test_sum(file, &sums))
			return 0;
		if (sums.managed == sums.free + sums.pcp)
			return 1;
		usleep(50000);
	}
	ksft_print_msg("%lld pages are missing\n",
		       (long long)(sums.managed - sums.free - sums.pcp));
	return 0;
}

/* A process with mapped pages that migrates and compacts until it is killed. */
static void victim(void)
{
	unsigned int i;

	fd = sbuddy_user_open();
	if (fd < 0 || set_up())
		_exit(1);
	sh->stop = 0;
	memset(writers, 0, sizeof(writers));
	for (i = 0; i < 2; i++) {
		writers[i].nr = i;
		pthread_create(&writers[i].thread, NULL, write_stamps, &writers[i]);
		pthread_create(&writers[i].thread, NULL, migrate_slots, NULL);
	}
	for (;;)
		compact(fd, SBUDDY_MIGRATE_SYNC_LIGHT);
}

static int kill_in_mid_migration(unsigned int times)
{
	struct test_random r = { .state = seed ^ 9 };
	unsigned int i, c, moved = 0;
	int status, good = 1, file = sbuddy_user_open();

	for (i = 0; i < times && good; i++) {
		uint64_t before = sh->migrated;
		pid_t pid = fork();

		if (!pid)
			victim();
		for (c = 0; c < 500 && sh->migrated == before; c++)
			usleep(10000);
		usleep(test_random_below(&r, 20000));
		kill(pid, SIGKILL);
		good = waitpid(pid, &status, 0) == pid && WIFSIGNALED(status) && !sh->faults &&
		       consistent(file, "after a kill") && all_back(file);
		moved += sh->migrated > before;
	}
	ksft_print_msg("%u of %u were killed after they had moved pages\n", moved, times);
	close(file);
	return good && moved == times;
}

static void report(void)
{
	ksft_print_msg("seed %llu: %llu writes, %llu forks, %llu windows, %llu pins, %llu refills; %llu pages moved, %llu failed, %llu compactions\n",
		       (unsigned long long)seed, (unsigned long long)sh->writes,
		       (unsigned long long)sh->forks, (unsigned long long)sh->windows,
		       (unsigned long long)sh->pins, (unsigned long long)sh->refills,
		       (unsigned long long)sh->migrated, (unsigned long long)sh->failed,
		       (unsigned long long)sh->compactions);
}

int main(int argc, char **argv)
{
	int c, file;

	seed = test_seed();
	seconds = test_param("SBUDDY_STORM_SECONDS", seconds);
	while ((c = getopt(argc, argv, "t:s:")) != -1) {
		if (c == 't')
			seconds = strtoul(optarg, NULL, 0);
		else if (c == 's')
			seed = strtoull(optarg, NULL, 0);
		else
			return KSFT_FAIL;
	}
	ksft_print_header();
	ksft_set_plan(6);
	sh = mmap(NULL, sizeof(*sh), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	fd = sbuddy_user_open();
	file = sbuddy_user_open();
	if (sh == MAP_FAILED || fd < 0 || file < 0 || set_up())
		ksft_exit_fail_msg("cannot begin\n");
	go();
	verify();
	report();
	ksft_test_result(!sh->faults, "no write lost, no stale or foreign word\n");
	ksft_test_result(all_active(), "everybody did something\n");
	ksft_test_result(consistent(file, "after the storm"), "check\n");
	munmap(pages, (PAGES + EXTRA) * PAGE);
	close(fd);
	ksft_test_result(all_back(file), "all pages are back\n");
	ksft_test_result(kill_in_mid_migration(8), "killed in mid-migration\n");
	ksft_test_result(consistent(file, "at the end") && all_back(file),
			 "check, and all pages back\n");
	close(file);
	ksft_finished();
}
