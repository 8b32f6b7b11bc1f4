// SPDX-License-Identifier: GPL-2.0
/*
 * usage: reclaim_hammer SECONDS
 *
 * Keeps machine 0 short of memory: requests of all kinds that wait, pages that are
 * used, pinned and freed, in four processes, each with a file of its own. What
 * selftests/vm/reclaim.sh kills in mid-run. Exit status 0 if it came to its end.
 */
#include <errno.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>

#include "test_util.h"

#define OPS	128U
#define SLOTS	30000U

static struct test_random rnd;

static struct sbuddy_op random_op(void)
{
	static const uint32_t gfp[] = {
		SBUDDY_GFP_KERNEL, SBUDDY_GFP_HIGHUSER_MOVABLE, SBUDDY_GFP_HIGHUSER_MOVABLE,
		SBUDDY_GFP_NOFS | SBUDDY_GFP_NORETRY, SBUDDY_GFP_ATOMIC,
		SBUDDY_GFP_TRANSHUGE | SBUDDY_GFP_NORETRY,
	};
	uint32_t slot = test_random_below(&rnd, SLOTS), what = test_random_below(&rnd, 100);
	struct sbuddy_op op;

	if (what < 45) {
		op = sbuddy_user_alloc(slot, 0, gfp[test_random_below(&rnd, 6)] | SBUDDY_GFP_COMP);
		if (!test_random_below(&rnd, 20))
			op.order = test_random_below(&rnd, 10);
		return op;
	}
	if (what < 70) {
		op = sbuddy_user_op(SBUDDY_OP_LRU, slot);
		op.gfp = test_random_below(&rnd, 4) ? SBUDDY_LRU_FILE :
						      test_random_below(&rnd, SBUDDY_LRU_OFF);
		return op;
	}
	if (what < 90) {
		op = sbuddy_user_op(SBUDDY_OP_TOUCH, slot);
		op.gfp = test_random_below(&rnd, SBUDDY_TOUCH_ALL + 1);
		return op;
	}
	return sbuddy_user_op(what < 92 ? SBUDDY_OP_GET : SBUDDY_OP_FREE, slot);
}

static int hammer(time_t end, unsigned int seed)
{
	static struct sbuddy_op ops[OPS];
	struct sbuddy_run run;
	int fd = sbuddy_user_open();

	if (fd < 0)
		return 1;
	rnd.state = seed;
	while (time(NULL) < end) {
		for (unsigned int i = 0; i < OPS; i++)
			ops[i] = random_op();
		if (sbuddy_user_run(fd, ops, OPS, 0, &run))
			return 1;
		for (unsigned int i = 0; i < OPS; i++)
			if (ops[i].err == -EOWNERDEAD) {	/* the victim goes, another comes */
				close(fd);
				fd = sbuddy_user_open();
				break;
			}
	}
	close(fd);
	return 0;
}

int main(int argc, char **argv)
{
	time_t end = time(NULL) + (argc > 1 ? atoi(argv[1]) : 10);
	int status, result = 0;

	for (unsigned int i = 0; i < 4; i++)
		if (!fork())
			_exit(hammer(end, i + 1));
	while (wait(&status) > 0)
		result |= status;
	return !!result;
}
