// SPDX-License-Identifier: GPL-2.0
/*
 * usage: ioctl_fuzz [-n CALLS] [-s SEED]
 *
 * Random bytes at every command, and at numbers that are none.  Sizes and
 * pointers are sometimes made plausible, so that calls get past the gate.
 * Nothing is known of the answers but that they are errnos of the ABI, and
 * that the machine is consistent every CHECK_EVERY calls and empty at the end.
 */
#include <errno.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/mman.h>

#include "kselftest.h"
#include "test_util.h"

#define ARG_BYTES	512
#define BUF_BYTES	(1UL << 20)
#define CHECK_EVERY	2000

static const uint32_t sizes[SBUDDY_NR_COMMANDS] = {
	[SBUDDY_CMD_VERSION]		= sizeof(struct sbuddy_version),
	[SBUDDY_CMD_INFO]		= sizeof(struct sbuddy_info),
	[SBUDDY_CMD_OWNER]		= sizeof(struct sbuddy_owner_info),
	[SBUDDY_CMD_RUN]		= sizeof(struct sbuddy_run),
	[SBUDDY_CMD_QUERY_SLOT]		= sizeof(struct sbuddy_query_slot),
	[SBUDDY_CMD_DUMP_PAGES]		= sizeof(struct sbuddy_dump_pages),
	[SBUDDY_CMD_DUMP_FREELIST]	= sizeof(struct sbuddy_dump_freelist),
	[SBUDDY_CMD_DUMP_PCP]		= sizeof(struct sbuddy_dump_pcp),
	[SBUDDY_CMD_DUMP_PAGEBLOCKS]	= sizeof(struct sbuddy_dump_pageblocks),
	[SBUDDY_CMD_STATS]		= sizeof(struct sbuddy_stats),
	[SBUDDY_CMD_SNAPSHOT]		= sizeof(struct sbuddy_snapshot),
	[SBUDDY_CMD_CHECK]		= sizeof(struct sbuddy_check_arg),
	[SBUDDY_CMD_MACHINE_CREATE]	= sizeof(struct sbuddy_machine_create),
	[SBUDDY_CMD_MACHINE_DESTROY]	= sizeof(struct sbuddy_machine_destroy),
	[SBUDDY_CMD_MACHINE_USE]	= sizeof(struct sbuddy_machine_use),
	[SBUDDY_CMD_MACHINE_LIST]	= sizeof(struct sbuddy_machine_list),
	[SBUDDY_CMD_COMPACT]		= sizeof(struct sbuddy_compact),
	[SBUDDY_CMD_RECLAIM]		= sizeof(struct sbuddy_reclaim_arg),
	[SBUDDY_CMD_MIGRATE]		= sizeof(struct sbuddy_migrate),
	[SBUDDY_CMD_MOVABLE]		= sizeof(struct sbuddy_movable),
	[SBUDDY_CMD_SET_POLICY]		= sizeof(struct sbuddy_policy),
	[SBUDDY_CMD_GET_POLICY]		= sizeof(struct sbuddy_policy),
	[SBUDDY_CMD_WEIGHTS]		= sizeof(struct sbuddy_weights),
	[SBUDDY_CMD_MACHINE_FORK]	= sizeof(struct sbuddy_machine_fork),
	[SBUDDY_CMD_MACHINE_DIFF]	= sizeof(struct sbuddy_machine_diff),
	[SBUDDY_CMD_MACHINE_HASH]	= sizeof(struct sbuddy_machine_hash),
	[SBUDDY_CMD_ISOLATE]		= sizeof(struct sbuddy_isolate),
	[SBUDDY_CMD_CONTIG]		= sizeof(struct sbuddy_contig),
	[SBUDDY_CMD_CLONE]		= sizeof(struct sbuddy_clone),
	[SBUDDY_CMD_KNOB]		= sizeof(struct sbuddy_knob),
};

static struct test_random rnd;
static struct sbuddy_user_machine machine;
static uint8_t *buf;		/* behind it nothing is mapped */
static unsigned long answers[256];
static unsigned long succeeded[SBUDDY_NR_COMMANDS];

static void random_bytes(void *to, size_t len)
{
	uint8_t *p = to;

	while (len--)
		*p++ = test_random64(&rnd);
}

/* A value for 64 bits that may be a pointer, a frame, or anything. */
static uint64_t plausible64(void)
{
	switch (test_random_below(&rnd, 8)) {
	case 0:
		return 0;
	case 1:
		return (uintptr_t)buf + test_random_below(&rnd, BUF_BYTES + 64);
	case 2:
		return machine.info.base_pfn + test_random_below(&rnd, machine.info.nr_pages + 4);
	case 3:
		return SBUDDY_NO_PFN;
	case 4:
		return test_random64(&rnd);
	default:
		return (uintptr_t)buf;
	}
}

static uint32_t plausible32(void)
{
	switch (test_random_below(&rnd, 8)) {
	case 0:
		return test_random64(&rnd);
	case 1:
		return 1U << test_random_below(&rnd, 32);
	case 2:
		return -1U;
	case 3:
		return test_random_below(&rnd, 4096);
	case 4:
		return test_random_below(&rnd, 16);
	default:
		return 0;
	}
}

static uint32_t below_or(uint32_t n, uint32_t otherwise)
{
	return test_random_below(&rnd, 4) ? test_random_below(&rnd, n) : otherwise;
}

/* The commands about machines: few of them, so that they come and go. */
static void right_machine_arg(uint8_t *arg, unsigned int nr)
{
	static const char layout[] = "N0:DMA32=4M,Normal=8M;N1:Normal=4M";
	struct sbuddy_machine_create *create = (void *)arg;
	struct sbuddy_machine_destroy *destroy = (void *)arg;
	struct sbuddy_machine_use *use = (void *)arg;
	struct sbuddy_machine_fork *fork = (void *)arg;
	struct sbuddy_machine_diff *diff = (void *)arg;
	struct sbuddy_machine_hash *hash = (void *)arg;
	struct sbuddy_clone *clone = (void *)arg;
	struct sbuddy_knob *knob = (void *)arg;
	struct sbuddy_migrate *migrate = (void *)arg;
	struct sbuddy_movable *movable = (void *)arg;

	switch (nr) {
	case SBUDDY_CMD_MACHINE_CREATE:
		create->text = (uintptr_t)layout;
		create->text_len = strlen(layout);
		create->vcpus = 1 + test_random_below(&rnd, 4);
		create->message = (uintptr_t)buf;
		create->message_cap = 128;
		break;
	case SBUDDY_CMD_MACHINE_DESTROY:
		destroy->machine = test_random_below(&rnd, 6);
		break;
	case SBUDDY_CMD_MACHINE_USE:
		use->machine = test_random_below(&rnd, 6);
		use->flags = !test_random_below(&rnd, 4);
		break;
	case SBUDDY_CMD_MACHINE_FORK:
		fork->source = test_random_below(&rnd, 6);
		fork->flags = test_random_below(&rnd, 2);
		break;
	case SBUDDY_CMD_MACHINE_DIFF:
		diff->machine = test_random_below(&rnd, 6);
		diff->other = test_random_below(&rnd, 6);
		diff->text = (uintptr_t)buf;
		diff->capacity = test_random_below(&rnd, 4096);
		break;
	case SBUDDY_CMD_MACHINE_HASH:
		hash->machine = test_random_below(&rnd, 6);
		break;
	case SBUDDY_CMD_CLONE:
		clone->zones = below_or(2, 1U << SBUDDY_ZONE_DMA);
		clone->message = (uintptr_t)buf;
		clone->message_cap = 128;
		break;
	case SBUDDY_CMD_KNOB:
		knob->machine = test_random_below(&rnd, 6);
		knob->knob = test_random_below(&rnd, SBUDDY_NR_KNOBS + 1);
		knob->value = below_or(4000, -1);
		/* not the one by which this process would be killed */
		if (knob->knob == SBUDDY_KNOB_OOM_POLICY && knob->value == SBUDDY_OOM_SIGNAL)
			knob->value = SBUDDY_OOM_KILL;
		break;
	case SBUDDY_CMD_MIGRATE:
		migrate->slot = test_random_below(&rnd, 64);
		migrate->count = 1 + test_random_below(&rnd, 64);
		migrate->node = SBUDDY_NID_ANY;
		migrate->mode = test_random_below(&rnd, SBUDDY_NR_MIGRATE_MODES);
		break;
	case SBUDDY_CMD_MOVABLE:
		movable->action = test_random_below(&rnd, SBUDDY_NR_MOVABLE_ACTIONS);
		movable->timeout_ms = 1 + test_random_below(&rnd, 3);
		movable->refuse = below_or(3, 0);
		movable->fail = below_or(3, 0);
		movable->error = -EAGAIN;
		break;
	}
}

/* A right one to start from, for the commands that want more than pointers. */
static void right_arg(uint8_t *arg, unsigned int nr)
{
	const struct sbuddy_zone_info *z =
		&machine.zones[test_random_below(&rnd, machine.info.nr_zones)];
	struct sbuddy_dump_freelist *list = (void *)arg;
	struct sbuddy_dump_pcp *pcp = (void *)arg;
	struct sbuddy_stats *stats = (void *)arg;
	struct sbuddy_policy *policy = (void *)arg;
	struct sbuddy_isolate *isolate = (void *)arg;
	struct sbuddy_contig *contig = (void *)arg;
	struct sbuddy_compact *compact = (void *)arg;
	struct sbuddy_reclaim_arg *reclaim = (void *)arg;

	switch (nr) {
	case SBUDDY_CMD_DUMP_FREELIST:
		list->node = z->node;
		list->zone = z->zone;
		list->order = below_or(SBUDDY_NR_PAGE_ORDERS, 0);
		list->migratetype = below_or(SBUDDY_MIGRATE_TYPES, 0);
		list->after = test_random_below(&rnd, 2) ? SBUDDY_NO_PFN : plausible64();
		break;
	case SBUDDY_CMD_DUMP_PCP:
		pcp->node = z->node;
		pcp->zone = z->zone;
		pcp->cpu = below_or(machine.info.nr_vcpus, 0);
		break;
	case SBUDDY_CMD_SET_POLICY:
		policy->index = below_or(SBUDDY_NR_POLICIES, 0);
		policy->mode = below_or(SBUDDY_NR_MPOL_MODES, 0);
		policy->nodes = below_or(1U << machine.info.nr_nodes, 0);
		policy->home_node = below_or(2, 0) - 1;
		break;
	case SBUDDY_CMD_RECLAIM:
		reclaim->action = below_or(SBUDDY_NR_RECLAIM_ACTIONS, 0);
		reclaim->node = z->node;
		reclaim->zone = z->zone;
		reclaim->order = below_or(SBUDDY_NR_PAGE_ORDERS, 0);
		reclaim->gfp = 0;
		reclaim->ticks = below_or(1000, 0);
		reclaim->nr = below_or(1000, 0);
		reclaim->reserved = 0;
		break;
	case SBUDDY_CMD_COMPACT:
		compact->action = below_or(SBUDDY_NR_COMPACT_ACTIONS, 0);
		compact->node = test_random_below(&rnd, 2) ? SBUDDY_ALL_ZONES : (int)z->node;
		compact->zone = test_random_below(&rnd, 2) ? SBUDDY_ALL_ZONES : (int)z->zone;
		compact->order = (int)below_or(SBUDDY_NR_PAGE_ORDERS, 0) - 1;
		compact->mode = below_or(SBUDDY_NR_MIGRATE_MODES, 0);
		compact->options = test_random_below(&rnd, 2);
		compact->budget = below_or(1000, 0);
		compact->records_cap = below_or(1000, 0);
		compact->gfp = 0;
		compact->reserved = 0;
		compact->reserved2 = 0;
		break;
	case SBUDDY_CMD_STATS:
		stats->node = below_or(1, SBUDDY_ALL_ZONES) ? SBUDDY_ALL_ZONES : (int)z->node;
		stats->zone = stats->node < 0 ? SBUDDY_ALL_ZONES : (int)z->zone;
		break;
	case SBUDDY_CMD_ISOLATE:
		isolate->action = test_random_below(&rnd, SBUDDY_NR_ISOLATE_ACTIONS);
		isolate->mode = below_or(SBUDDY_ISOLATE_MODES + 1, 0);
		isolate->migratetype = below_or(SBUDDY_MIGRATE_PCPTYPES, SBUDDY_MIGRATE_MOVABLE);
		isolate->pfn = machine.info.base_pfn +
			       test_random_below(&rnd, machine.info.nr_pages);
		isolate->count = 1 + test_random_below(&rnd, 4096);
		break;
	case SBUDDY_CMD_CONTIG:
		contig->action = test_random_below(&rnd, SBUDDY_NR_CONTIG_ACTIONS);
		contig->slot = below_or(64, SBUDDY_SLOT_ANY);
		contig->nid = SBUDDY_NID_ANY;
		contig->pfn = test_random_below(&rnd, 2) ? SBUDDY_NO_PFN : z->start_pfn +
			      test_random_below(&rnd, z->spanned);
		contig->count = 1 + test_random_below(&rnd, 4096);
		contig->gfp = contig->action ? 0 : below_or(2, 0) ? SBUDDY_GFP_COMP : 0;
		break;
	default:
		right_machine_arg(arg, nr);
	}
}

/* Some of it made wrong: pointers and 64-bit numbers lie on multiples of eight. */
static void spoil(uint8_t *arg, uint32_t size)
{
	unsigned int n = test_random_below(&rnd, 6);

	while (n-- && size >= 16) {
		uint32_t at = 8 + test_random_below(&rnd, size / 8 - 1) * 8;
		uint32_t half[2] = { plausible32(), plausible32() };
		uint64_t whole = plausible64();

		if (test_random_below(&rnd, 2))
			memcpy(arg + at, &whole, 8);
		else
			memcpy(arg + at + test_random_below(&rnd, 2) * 4, half, 4);
	}
}

/* A request that nobody makes is not waited for. */
static void no_patience(uint8_t *arg)
{
	struct sbuddy_movable *movable = (void *)arg;

	if (movable->timeout_ms <= SBUDDY_MAX_MOVABLE_MS)
		movable->timeout_ms %= 4;
}

static void random_arg(uint8_t *arg, unsigned int nr)
{
	uint32_t size = nr < SBUDDY_NR_COMMANDS ? sizes[nr] : 64;
	uint32_t head[2] = { size, test_random_below(&rnd, 8) ? 0 : plausible32() };

	if (!test_random_below(&rnd, 16))
		head[0] = plausible32();
	if (!test_random_below(&rnd, 4)) {
		random_bytes(arg, ARG_BYTES);
	} else {
		memset(arg, 0, ARG_BYTES);
		right_arg(arg, nr);
		spoil(arg, size);
	}
	if (test_random_below(&rnd, 8))
		memcpy(arg, head, test_random_below(&rnd, 2) ? sizeof(head) : sizeof(head[0]));
	if (nr == SBUDDY_CMD_MOVABLE)
		no_patience(arg);
}

/* What a RUN may find: operations that are mostly in order, spoilt in places. */
static void random_buffer(void)
{
	struct sbuddy_op *op = (void *)buf;
	unsigned int i, nr = 256;

	for (i = 0; i < nr; i++) {
		op[i] = test_random_op(&rnd, 64, machine.info.nr_vcpus);
		if (!test_random_below(&rnd, 4))
			buf[i * sizeof(*op) + test_random_below(&rnd, sizeof(*op))] =
				test_random64(&rnd);
		if (!test_random_below(&rnd, 64))
			random_bytes(&op[i], sizeof(*op));
	}
}

static int known_errno(int err)
{
	static const int known[] = {
		0, ENOTTY, E2BIG, EINVAL, EOPNOTSUPP, ENOENT, ENOMEM, EINTR, EFAULT,
		EBUSY, EDQUOT, ENOSPC, EEXIST,
	};
	unsigned int i;

	for (i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (err == -known[i])
			return 1;
	return 0;
}

/* @idle_fd holds nothing, most of the time, so it may go from machine to machine. */
static int one_call(int fd, int idle_fd)
{
	uint8_t arg[ARG_BYTES];
	unsigned int nr = test_random_below(&rnd, SBUDDY_NR_COMMANDS + 1);
	unsigned long cmd = _IO(SBUDDY_IOC_TYPE, SBUDDY_IOC_BASE + nr);
	void *p = arg;
	int err;

	if (nr == SBUDDY_NR_COMMANDS)
		cmd = test_random_below(&rnd, 2) ? test_random64(&rnd) :
			_IO(SBUDDY_IOC_TYPE, test_random_below(&rnd, 256));
	random_arg(arg, nr);
	if (!test_random_below(&rnd, 32))
		p = (void *)(uintptr_t)plausible64();
	if (nr == SBUDDY_CMD_RUN)
		random_buffer();
	if (nr == SBUDDY_CMD_MACHINE_USE && test_random_below(&rnd, 2))
		fd = idle_fd;
	err = sbuddy_user_ioctl(fd, cmd, p);
	if (-err >= 0 && -err < 256)
		answers[-err]++;
	if (!err && nr < SBUDDY_NR_COMMANDS)
		succeeded[nr]++;
	return known_errno(err) ? 0 : err;
}

/* Every machine there is. */
static int check(int fd)
{
	struct sbuddy_machine_record records[SBUDDY_MAX_MACHINES];
	struct sbuddy_machine_list list;
	char line[256];
	uint32_t i;
	int err = sbuddy_user_list(fd, &list, records, SBUDDY_MAX_MACHINES);

	for (i = 0; i < list.count && !err; i++) {
		err = sbuddy_user_check(fd, records[i].machine, line, sizeof(line));
		if (err)
			ksft_print_msg("check of machine %u: %d %s\n", records[i].machine, err,
				       line);
	}
	return err;
}

static int fuzz(int fd, int idle_fd, int watch_fd, unsigned long calls)
{
	unsigned long i;
	int err;

	for (i = 0; i < calls; i++) {
		err = one_call(fd, idle_fd);
		if (!err && i % CHECK_EVERY == 0)
			err = check(watch_fd);
		if (err) {
			ksft_print_msg("call %lu: %d\n", i, err);
			return err;
		}
	}
	return 0;
}

/* Every command must have been reached, or the fuzzer tests only the gate. */
static int all_reached(void)
{
	unsigned int i;
	int all = 1;

	for (i = 0; i < 256; i++)
		if (answers[i])
			ksft_print_msg("%8lu times %s\n", answers[i], i ? strerror(i) : "success");
	for (i = 0; i < SBUDDY_NR_COMMANDS; i++) {
		if (!succeeded[i])
			ksft_print_msg("command %u never succeeded\n", i);
		all &= succeeded[i] != 0;
	}
	return all;
}

int main(int argc, char **argv)
{
	unsigned long calls = 50000;
	struct test_sums sums;
	int opt, fd, idle_fd, watch_fd, err;

	rnd.state = test_seed();
	while ((opt = getopt(argc, argv, "n:s:")) != -1) {
		switch (opt) {
		case 'n':
			calls = strtoul(optarg, NULL, 0);
			break;
		case 's':
			rnd.state = strtoull(optarg, NULL, 0);
			break;
		default:
			return 2;
		}
	}
	ksft_print_header();
	ksft_set_plan(5);
	ksft_print_msg("ioctl_fuzz -n %lu -s %llu\n", calls, (unsigned long long)rnd.state);
	fd = sbuddy_user_open();
	idle_fd = sbuddy_user_open();
	watch_fd = sbuddy_user_open();
	buf = mmap(NULL, BUF_BYTES + 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
		   -1, 0);
	if (fd < 0 || idle_fd < 0 || watch_fd < 0 || buf == MAP_FAILED ||
	    munmap(buf + BUF_BYTES, 4096) || sbuddy_user_machine(watch_fd, 0, &machine))
		ksft_exit_fail_msg("cannot start: %d\n", fd);

	err = fuzz(fd, idle_fd, watch_fd, calls);
	ksft_test_result(!err, "answers are errnos of the ABI\n");
	ksft_test_result(all_reached(), "every command was reached\n");
	close(fd);
	close(idle_fd);
	ksft_test_result(!check(watch_fd), "check after close\n");
	ksft_test_result(!sbuddy_user_destroy_all(watch_fd), "no machine is in use\n");
	err = test_sum(watch_fd, &sums);
	ksft_test_result(!err && sums.managed == sums.free + sums.pcp, "all pages back\n");
	ksft_finished();
}
