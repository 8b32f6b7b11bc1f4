// SPDX-License-Identifier: GPL-2.0
/*
 * usage: ioctl_cost [-n OPERATIONS]
 *
 * What an operation costs through SBUDDY_IOC_RUN, by length of the array.  In
 * a guest under --icount a nanosecond is an instruction, so the figures are
 * exact and repeat; elsewhere they are nanoseconds.
 *
 * One line a case: "case=NAME batch=N per_op=NS ops=N", where NAME is
 *   refused   operations without an opcode: system call, copies, dispatch
 *   order0, order3, order9
 *	       alloc and free in turns through one slot, warm; per_op is the mean
 */
#include <errno.h>
#include <stdio.h>
#include <time.h>

#include "test_util.h"

#define MAX_BATCH	4096

static uint64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000ULL + t.tv_nsec;
}

/* Operations are in/out: what a run changes is set again outside the clock. */
static void fill(struct sbuddy_op *op, unsigned int nr, int order)
{
	unsigned int i;

	for (i = 0; i < nr; i++) {
		if (order < 0)
			op[i] = sbuddy_user_op(SBUDDY_OP_NONE, 0);
		else if (i % 2)
			op[i] = sbuddy_user_free(0);
		else
			op[i] = sbuddy_user_alloc(0, order, SBUDDY_GFP_KERNEL);
	}
}

static int measure(int fd, const char *name, int order, unsigned int batch, uint64_t ops)
{
	static struct sbuddy_op op[MAX_BATCH];
	struct sbuddy_run run;
	uint64_t done = 0, ns = 0, start;

	while (done < ops) {
		fill(op, batch, order);
		start = now_ns();
		if (sbuddy_user_run(fd, op, batch, 0, &run))
			return -errno;
		ns += now_ns() - start;
		if (run.done != batch || (order >= 0) != (run.first_error == SBUDDY_NO_INDEX))
			return -EIO;
		done += batch;
	}
	printf("case=%s batch=%u per_op=%.1f ops=%llu\n", name, batch, (double)ns / done,
	       (unsigned long long)done);
	return 0;
}

int main(int argc, char **argv)
{
	static const struct {
		const char *name;
		int order;
	} cases[] = {
		{ "refused", -1 }, { "order0", 0 }, { "order3", 3 }, { "order9", 9 },
	};
	uint64_t ops = 1 << 16;
	unsigned int c, batch;
	int opt, fd, err = 0;

	while ((opt = getopt(argc, argv, "n:")) != -1) {
		if (opt != 'n')
			return 2;
		ops = strtoull(optarg, NULL, 0);
	}
	fd = sbuddy_user_open();
	if (fd < 0) {
		fprintf(stderr, "ioctl_cost: " SBUDDY_USER_DEVICE ": %s\n", strerror(-fd));
		return 1;
	}
	for (c = 0; c < sizeof(cases) / sizeof(cases[0]) && !err; c++)
		for (batch = 2; batch <= MAX_BATCH && !err; batch *= 8)
			err = measure(fd, cases[c].name, cases[c].order, batch, ops);
	if (err)
		fprintf(stderr, "ioctl_cost: %s\n", strerror(-err));
	return err != 0;
}
