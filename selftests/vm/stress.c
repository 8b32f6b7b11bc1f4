// SPDX-License-Identifier: GPL-2.0
/*
 * usage: stress [-j WORKERS] [-t SECONDS] [-n OPERATIONS] [-s SEED]
 *
 * Many at once on machine 0: half of the workers are processes with a file of
 * their own, half are threads that share one; all throw random operations at
 * all vcpus, while the main thread reads every dump over and over.  Goes on
 * for SECONDS (10) or until each worker has done OPERATIONS.  Afterwards the
 * machine must be consistent, and empty when the files are closed.
 *
 * A seed repeats each worker's stream, but not who came before whom.
 */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/wait.h>

#include "kselftest.h"
#include "test_util.h"

#define MAX_WORKERS	64
#define NR_SLOTS	2048
#define BATCH		256

struct worker {
	int fd;
	uint64_t seed;
	uint64_t ops;		/* to do */
	uint64_t done;
	uint64_t failed;	/* operations refused, which is no fault */
	int err;
	pthread_t thread;
	pid_t pid;
};

static struct sbuddy_user_machine machine;
static volatile int *stop;	/* shared with the children */

/* Errors that random operations may rightly end with. */
static int expected(int err)
{
	return !err || err == -ENOENT || err == -EEXIST || err == -ENOMEM || err == -EINVAL ||
	       err == -EBUSY || err == -ENOSPC;
}

static void *work(void *arg)
{
	struct worker *w = arg;
	struct test_random r = { .state = w->seed };
	struct sbuddy_op op[BATCH];
	unsigned int i;

	while (!*stop && !w->err && w->done < w->ops) {
		for (i = 0; i < BATCH; i++)
			op[i] = test_random_op(&r, NR_SLOTS, machine.info.nr_vcpus);
		w->err = sbuddy_user_run_all(w->fd, op, BATCH);
		for (i = 0; i < BATCH && !w->err; i++) {
			w->failed += op[i].err != 0;
			if (!expected(op[i].err))
				w->err = op[i].err;
		}
		w->done += BATCH;
	}
	return NULL;
}

static void work_in_child(struct worker *w)
{
	w->fd = sbuddy_user_open();
	if (w->fd < 0)
		w->err = w->fd;
	else
		work(w);
	_exit(w->err != 0);
}

static int start(struct worker *w, unsigned int i, int shared_fd)
{
	if (i % 2) {
		w->fd = shared_fd;
		return pthread_create(&w->thread, NULL, work, w);
	}
	w->pid = fork();
	if (!w->pid)
		work_in_child(w);
	return w->pid < 0 ? errno : 0;
}

/* Every command that looks, once; what it says cannot be known. */
static int look(int fd, struct sbuddy_page_record *records)
{
	static struct sbuddy_user_stats stats;
	const struct sbuddy_zone_info *z = &machine.zones[0];
	struct sbuddy_dump_freelist list = { .node = z->node, .zone = z->zone };
	struct sbuddy_dump_pcp pcp = { .node = z->node, .zone = z->zone };
	struct test_sums sums;
	uint64_t *pfns;
	char line[256];
	int64_t nr;
	int err;

	nr = sbuddy_user_pages(fd, 0, machine.info.base_pfn, machine.info.nr_pages, records);
	if (nr != (int64_t)machine.info.nr_pages)
		return -EIO;
	nr = sbuddy_user_freelist(fd, &list, &pfns);
	free(pfns);
	if (nr < 0 && nr != -ENOENT)
		return nr;
	nr = sbuddy_user_pcp(fd, &pcp, &pfns);
	free(pfns);
	if (nr < 0)
		return nr;
	err = sbuddy_user_stats(fd, 0, SBUDDY_ALL_ZONES, SBUDDY_ALL_ZONES, &stats);
	if (!err)
		err = test_sum(fd, &sums);
	if (!err)
		err = sbuddy_user_check(fd, 0, line, sizeof(line));
	if (err == -EUCLEAN)
		ksft_print_msg("check: %s\n", line);
	return err;
}

static unsigned int running(struct worker *w, unsigned int nr)
{
	unsigned int i, n = 0;

	for (i = 0; i < nr; i++)
		n += w[i].done < w[i].ops && !w[i].err;
	return n;
}

/* Looks until time is up or the workers are through; returns what looking said. */
static int watch(int fd, struct worker *w, unsigned int nr, unsigned int seconds)
{
	struct sbuddy_page_record *records = calloc(machine.info.nr_pages, sizeof(*records));
	time_t end = time(NULL) + seconds;
	unsigned int looks = 0;
	int err = records ? 0 : -ENOMEM;

	while (!err && time(NULL) < end && running(w, nr)) {
		err = look(fd, records);
		looks++;
		usleep(10000);
	}
	ksft_print_msg("looked %u times\n", looks);
	free(records);
	return err;
}

static int finish(struct worker *w, unsigned int nr)
{
	unsigned int i;
	int bad = 0;

	*stop = 1;
	for (i = 0; i < nr; i++) {
		int status = 0;

		if (i % 2)
			pthread_join(w[i].thread, NULL);
		else
			waitpid(w[i].pid, &status, 0);
		ksft_print_msg("%s %u: %llu operations, %llu refused\n",
			       i % 2 ? "thread" : "process", i, (unsigned long long)w[i].done,
			       (unsigned long long)w[i].failed);
		if (status || w[i].err) {
			ksft_print_msg("ended with status %#x, error %d\n", status, w[i].err);
			bad++;
		}
		if (!w[i].done || w[i].failed == w[i].done)
			bad++;
	}
	return bad;
}

static void check(int fd, const char *when)
{
	char line[256];
	int err = sbuddy_user_check(fd, 0, line, sizeof(line));

	ksft_test_result(!err, "check %s: %d %s\n", when, err, line);
}

int main(int argc, char **argv)
{
	unsigned int i, nr = 4, seconds = 10;
	uint64_t seed = test_seed(), ops = UINT64_MAX;
	int opt, fd, shared_fd, err;
	struct test_random r;
	struct test_sums sums;
	struct worker *w;

	while ((opt = getopt(argc, argv, "j:t:n:s:")) != -1) {
		switch (opt) {
		case 'j':
			nr = strtoul(optarg, NULL, 0);
			break;
		case 't':
			seconds = strtoul(optarg, NULL, 0);
			break;
		case 'n':
			ops = strtoull(optarg, NULL, 0);
			break;
		case 's':
			seed = strtoull(optarg, NULL, 0);
			break;
		default:
			return 2;
		}
	}
	ksft_print_header();
	ksft_set_plan(5);
	fd = sbuddy_user_open();
	shared_fd = sbuddy_user_open();
	w = mmap(NULL, MAX_WORKERS * sizeof(*w) + sizeof(*stop), PROT_READ | PROT_WRITE,
		 MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (fd < 0 || shared_fd < 0 || w == MAP_FAILED || !nr || nr > MAX_WORKERS ||
	    sbuddy_user_machine(fd, 0, &machine))
		ksft_exit_fail_msg("cannot start: %d\n", fd);
	stop = (void *)(w + MAX_WORKERS);
	ksft_print_msg("stress -j %u -t %u -s %llu\n", nr, seconds, (unsigned long long)seed);

	r.state = seed;
	for (i = 0; i < nr; i++) {
		w[i].seed = test_random64(&r);
		w[i].ops = ops;
		if (start(&w[i], i, shared_fd))
			ksft_exit_fail_msg("cannot start worker %u\n", i);
	}
	err = watch(fd, w, nr, seconds);
	ksft_test_result(!err, "dumps while busy: %d\n", err);
	ksft_test_result(!finish(w, nr), "workers did something and ended well\n");
	check(fd, "after work");
	close(shared_fd);
	check(fd, "after close");
	err = test_sum(fd, &sums);
	ksft_test_result(!err && sums.managed == sums.free + sums.pcp,
			 "all pages back: %lld managed, %lld free, %lld on per-CPU lists\n",
			 (long long)sums.managed, (long long)sums.free, (long long)sums.pcp);
	ksft_finished();
}
