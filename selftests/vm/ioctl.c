// SPDX-License-Identifier: GPL-2.0
/*
 * The gate of /dev/sbuddy: each command is called in every wrong way, once for
 * each line of a table.  The answers come from the comment at the top of the
 * uapi header.  What the commands do when called rightly is tested in dump.c,
 * run.c and owner.c; here "right" only means that it works at all.
 *
 * The module is loaded; one machine, number 0, when a test begins.
 */
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "kselftest_harness.h"
#include "sbuddy_user.h"

#define PAGE	4096UL

/* Large enough for every structure, a grown one included. */
union arg {
	struct {
		uint32_t size;
		uint32_t flags;
	} head;
	uint8_t byte[PAGE + 64];
	struct sbuddy_version version;
	struct sbuddy_info info;
	struct sbuddy_query_slot query;
	struct sbuddy_dump_freelist freelist;
	struct sbuddy_dump_pages pages;
	struct sbuddy_dump_pageblocks blocks;
	struct sbuddy_dump_pcp pcp;
	struct sbuddy_stats stats;
	struct sbuddy_machine_create create;
	struct sbuddy_machine_destroy destroy;
	struct sbuddy_policy policy;
	struct sbuddy_isolate isolate;
	struct sbuddy_contig contig;
	struct sbuddy_clone clone;
	struct sbuddy_compact compact;
	struct sbuddy_reclaim_arg reclaim;
	struct sbuddy_migrate migrate;
	struct sbuddy_movable movable;
};

FIXTURE(gate)
{
	int fd;
	union arg *arg;		/* followed by a page that is not mapped */
	struct sbuddy_user_machine m;
};

FIXTURE_VARIANT(gate)
{
	unsigned long cmd;
	uint32_t size;
	uint32_t first_size;	/* of the first version, if it has grown since */
	uint32_t flags;		/* known bits */
	uint32_t more_flags;	/* of which the answer depends on more than can be filled in */
	uint32_t reserved;	/* offset of a field that must be zero, or 0 */
	int empty;		/* the file must hold nothing */
	void (*fill)(union arg *arg, const struct sbuddy_user_machine *m);
	void (*before)(int fd);	/* each call */
};

static void fill_pages(union arg *arg, const struct sbuddy_user_machine *m)
{
	arg->pages.pfn = m->info.base_pfn;
}

static void fill_blocks(union arg *arg, const struct sbuddy_user_machine *m)
{
	arg->blocks.pfn = m->info.base_pfn;
}

static void fill_freelist(union arg *arg, const struct sbuddy_user_machine *m)
{
	arg->freelist.node = m->zones[0].node;
	arg->freelist.zone = m->zones[0].zone;
	arg->freelist.after = SBUDDY_NO_PFN;
}

static void fill_pcp(union arg *arg, const struct sbuddy_user_machine *m)
{
	arg->pcp.node = m->zones[0].node;
	arg->pcp.zone = m->zones[0].zone;
}

static void fill_stats(union arg *arg, const struct sbuddy_user_machine *m)
{
	arg->stats.node = SBUDDY_ALL_ZONES;
	arg->stats.zone = SBUDDY_ALL_ZONES;
}

static const char small_layout[] = "N0:Normal=4M";

static void fill_create(union arg *arg, const struct sbuddy_user_machine *m)
{
	arg->create.text = (uintptr_t)small_layout;
	arg->create.text_len = strlen(small_layout);
	arg->create.vcpus = 1;
}

/* Leaves room: the numbers are below 1024, and some calls of a test succeed. */
static void no_other_machine(int fd)
{
	sbuddy_user_destroy_all(fd);
}

static void fill_clone(union arg *arg, const struct sbuddy_user_machine *m)
{
	arg->clone.zones = 1U << SBUDDY_ZONE_DMA;
}

static void fill_destroy(union arg *arg, const struct sbuddy_user_machine *m)
{
	arg->destroy.machine = 1;
}

/* Machine 1: the lowest free number is given. */
static void one_other_machine(int fd)
{
	struct sbuddy_machine_list list;
	uint32_t machine;

	if (!sbuddy_user_list(fd, &list, NULL, 0) && list.total == 1)
		sbuddy_user_create(fd, small_layout, 1, &machine, NULL, 0);
}

static void fill_policy(union arg *arg, const struct sbuddy_user_machine *m)
{
	arg->policy.home_node = -1;
}

static void fill_migrate(union arg *arg, const struct sbuddy_user_machine *m)
{
	arg->migrate.count = 1;
	arg->migrate.node = SBUDDY_NID_ANY;
}

static void fill_movable(union arg *arg, const struct sbuddy_user_machine *m)
{
	arg->movable.action = SBUDDY_MOVABLE_FAULTS;
}

/* On already, after the first call. */
static void movable_on(int fd)
{
	struct sbuddy_movable on = { .size = sizeof(on), .timeout_ms = 1 };

	sbuddy_user_ioctl(fd, SBUDDY_IOC_MOVABLE, &on);
}

static void fill_compact(union arg *arg, const struct sbuddy_user_machine *m)
{
	arg->compact.node = SBUDDY_ALL_ZONES;
	arg->compact.zone = SBUDDY_ALL_ZONES;
	arg->compact.order = -1;
}

/* Slot 0 is filled by the fixture, unless .empty is set. */
/* Already isolated from the second call on, which the command takes as an answer. */
static void fill_isolate(union arg *arg, const struct sbuddy_user_machine *m)
{
	arg->isolate.migratetype = SBUDDY_MIGRATE_MOVABLE;
	arg->isolate.pfn = m->info.base_pfn;
	arg->isolate.count = 1;
}

/* Of no more frames than there is, so each call fails alike. */
static void fill_contig(union arg *arg, const struct sbuddy_user_machine *m)
{
	arg->contig.slot = 1;
	arg->contig.nid = SBUDDY_NID_ANY;
	arg->contig.pfn = m->info.base_pfn - 1;
	arg->contig.count = 1;
}

/* Slot 0 is filled by the fixture. */
#define COMMAND(name, type, ...)			\
	FIXTURE_VARIANT_ADD(gate, name) {		\
		.cmd = SBUDDY_IOC_##name,		\
		.size = sizeof(struct type),		\
		__VA_ARGS__				\
	}

COMMAND(VERSION, sbuddy_version, .flags = 0);
COMMAND(INFO, sbuddy_info, .reserved = offsetof(struct sbuddy_info, reserved),
	.first_size = offsetof(struct sbuddy_info, pieces));
COMMAND(OWNER, sbuddy_owner_info, .flags = 0);
COMMAND(RUN, sbuddy_run, .flags = SBUDDY_RUN_STOP_ON_ERROR,
	.reserved = offsetof(struct sbuddy_run, reserved));
COMMAND(QUERY_SLOT, sbuddy_query_slot, .flags = SBUDDY_QUERY_NEXT);
COMMAND(DUMP_PAGES, sbuddy_dump_pages, .fill = fill_pages);
COMMAND(DUMP_FREELIST, sbuddy_dump_freelist, .fill = fill_freelist,
	.reserved = offsetof(struct sbuddy_dump_freelist, reserved));
COMMAND(DUMP_PCP, sbuddy_dump_pcp, .fill = fill_pcp,
	.reserved = offsetof(struct sbuddy_dump_pcp, reserved));
COMMAND(DUMP_PAGEBLOCKS, sbuddy_dump_pageblocks, .fill = fill_blocks);
COMMAND(STATS, sbuddy_stats, .fill = fill_stats);
COMMAND(SNAPSHOT, sbuddy_snapshot, .reserved = offsetof(struct sbuddy_snapshot, reserved));
COMMAND(CHECK, sbuddy_check_arg, .flags = 0);
/* SBUDDY_CREATE_SNAPSHOT wants another text: machine.c. */
COMMAND(MACHINE_CREATE, sbuddy_machine_create, .flags = SBUDDY_CREATE_NO_THP |
	1 << SBUDDY_CREATE_RULES_SHIFT,
	.more_flags = SBUDDY_CREATE_SNAPSHOT,
	.fill = fill_create, .before = no_other_machine);
COMMAND(MACHINE_DESTROY, sbuddy_machine_destroy, .fill = fill_destroy,
	.before = one_other_machine,
	.reserved = offsetof(struct sbuddy_machine_destroy, reserved));
/* SBUDDY_USE_SLOTS wants a fork that brought some: machine.c. */
COMMAND(MACHINE_USE, sbuddy_machine_use, .empty = 1, .more_flags = SBUDDY_USE_SLOTS,
	.reserved = offsetof(struct sbuddy_machine_use, reserved));
COMMAND(MACHINE_LIST, sbuddy_machine_list, .flags = 0);
COMMAND(COMPACT, sbuddy_compact, .fill = fill_compact,
	.reserved = offsetof(struct sbuddy_compact, reserved));
COMMAND(RECLAIM, sbuddy_reclaim_arg, .reserved = offsetof(struct sbuddy_reclaim_arg, reserved));
COMMAND(MIGRATE, sbuddy_migrate, .fill = fill_migrate,
	.reserved = offsetof(struct sbuddy_migrate, reserved));
COMMAND(MOVABLE, sbuddy_movable, .fill = fill_movable, .before = movable_on,
	.reserved = offsetof(struct sbuddy_movable, reserved));
COMMAND(SET_POLICY, sbuddy_policy, .fill = fill_policy,
	.reserved = offsetof(struct sbuddy_policy, reserved));
COMMAND(GET_POLICY, sbuddy_policy, .reserved = offsetof(struct sbuddy_policy, reserved));
COMMAND(WEIGHTS, sbuddy_weights, .flags = SBUDDY_WEIGHTS_SET,
	.reserved = offsetof(struct sbuddy_weights, reserved));
COMMAND(MACHINE_FORK, sbuddy_machine_fork, .flags = SBUDDY_FORK_SLOTS,
	.before = no_other_machine);
COMMAND(MACHINE_DIFF, sbuddy_machine_diff, .flags = 0);
COMMAND(MACHINE_HASH, sbuddy_machine_hash,
	.reserved = offsetof(struct sbuddy_machine_hash, reserved));
COMMAND(ISOLATE, sbuddy_isolate, .fill = fill_isolate,
	.reserved = offsetof(struct sbuddy_isolate, reserved));
COMMAND(CONTIG, sbuddy_contig, .fill = fill_contig);
COMMAND(CLONE, sbuddy_clone, .fill = fill_clone, .before = no_other_machine);
/* A value of 0 is right for KNOB_SET, too. */
COMMAND(KNOB, sbuddy_knob, .flags = SBUDDY_KNOB_SET);

FIXTURE_SETUP(gate)
{
	struct sbuddy_op op = sbuddy_user_alloc(0, 0, SBUDDY_GFP_KERNEL);
	uint8_t *map;

	self->fd = sbuddy_user_open();
	ASSERT_LE(0, self->fd);
	ASSERT_EQ(0, sbuddy_user_machine(self->fd, 0, &self->m));
	if (!variant->empty)
		ASSERT_EQ(0, sbuddy_user_do(self->fd, &op));
	map = mmap(NULL, 3 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, map);
	ASSERT_EQ(0, munmap(map + 2 * PAGE, PAGE));
	self->arg = (union arg *)map;
	self->arg->head.size = variant->size;
	if (variant->fill)
		variant->fill(self->arg, &self->m);
}

FIXTURE_TEARDOWN(gate)
{
	char line[256];

	EXPECT_EQ(0, sbuddy_user_check(self->fd, 0, line, sizeof(line))) {
		TH_LOG("check: %s", line);
	}
	EXPECT_EQ(0, sbuddy_user_destroy_all(self->fd));
	EXPECT_EQ(0, munmap(self->arg, 2 * PAGE));
	sbuddy_user_machine_free(&self->m);
	EXPECT_EQ(0, close(self->fd));
}

static int call(int fd, const FIXTURE_VARIANT(gate) *variant, void *arg)
{
	if (variant->before)
		variant->before(fd);
	return sbuddy_user_ioctl(fd, variant->cmd, arg);
}

#define CALL(arg)	call(self->fd, variant, arg)

TEST_F(gate, exact)
{
	EXPECT_EQ(0, CALL(self->arg));
	EXPECT_EQ(variant->size, self->arg->head.size);
}

static uint32_t first_size(const FIXTURE_VARIANT(gate) *variant)
{
	return variant->first_size ?: variant->size;
}

TEST_F(gate, too_short)
{
	uint32_t size;

	for (size = 0; size < first_size(variant); size++) {
		self->arg->head.size = size;
		EXPECT_EQ(-EINVAL, CALL(self->arg)) {
			TH_LOG("size %u", size);
		}
	}
}

/* A program that was built with an older header. */
TEST_F(gate, older)
{
	const uint32_t size = first_size(variant);

	memset(self->arg->byte + size, 0x5a, variant->size - size);
	self->arg->head.size = size;
	EXPECT_EQ(0, CALL(self->arg));
	EXPECT_EQ(size, self->arg->head.size);
	for (uint32_t i = size; i < variant->size; i++)
		EXPECT_EQ(0x5a, self->arg->byte[i]);
}

/* A program that was built with a newer header: the tail is zero, and stays. */
TEST_F(gate, longer_with_zeros)
{
	uint32_t size;

	for (size = variant->size; size <= SBUDDY_MAX_ARG_SIZE; size = size * 2 + 1) {
		self->arg->head.size = size;
		EXPECT_EQ(0, CALL(self->arg)) {
			TH_LOG("size %u", size);
		}
		EXPECT_EQ(size, self->arg->head.size);
		EXPECT_EQ(0, self->arg->byte[variant->size]);
	}
}

TEST_F(gate, longer_with_garbage)
{
	uint32_t at;

	self->arg->head.size = variant->size + 64;
	for (at = variant->size; at < variant->size + 64; at++) {
		self->arg->byte[at] = 0x80;
		EXPECT_EQ(-E2BIG, CALL(self->arg)) {
			TH_LOG("byte %u", at);
		}
		self->arg->byte[at] = 0;
	}
	/* Behind the end it is nobody's business. */
	self->arg->byte[variant->size + 64] = 0x80;
	EXPECT_EQ(0, CALL(self->arg));
	EXPECT_EQ(0x80, self->arg->byte[variant->size + 64]);
}

TEST_F(gate, absurd_size)
{
	self->arg->head.size = SBUDDY_MAX_ARG_SIZE;
	EXPECT_EQ(0, CALL(self->arg));
	self->arg->head.size = SBUDDY_MAX_ARG_SIZE + 1;
	EXPECT_EQ(-E2BIG, CALL(self->arg));
	self->arg->head.size = UINT32_MAX;
	EXPECT_EQ(-E2BIG, CALL(self->arg));
}

TEST_F(gate, bad_pointer)
{
	uint8_t *end = (uint8_t *)self->arg + 2 * PAGE;

	EXPECT_EQ(-EFAULT, CALL(NULL));
	EXPECT_EQ(-EFAULT, CALL((void *)1));
	EXPECT_EQ(-EFAULT, CALL(end));
	EXPECT_EQ(-EFAULT, CALL((void *)(UINTPTR_MAX - 8)));
	EXPECT_EQ(-EFAULT, CALL((void *)(1UL << 63)));
	memcpy(end - 4, &variant->size, 4);
	EXPECT_EQ(-EFAULT, CALL(end - 4));
	memcpy(end - variant->size, self->arg, variant->size);
	EXPECT_EQ(0, CALL(end - variant->size));
}

TEST_F(gate, misaligned_pointer)
{
	uint8_t *at = (uint8_t *)self->arg + PAGE + 1;

	memcpy(at, self->arg, variant->size);
	EXPECT_EQ(0, CALL(at));
}

/* The answer finds no place: an error, but nothing breaks. */
TEST_F(gate, read_only)
{
	ASSERT_EQ(0, mprotect(self->arg, 2 * PAGE, PROT_READ));
	EXPECT_EQ(-EFAULT, CALL(self->arg));
	ASSERT_EQ(0, mprotect(self->arg, 2 * PAGE, PROT_READ | PROT_WRITE));
}

TEST_F(gate, each_flag)
{
	unsigned int bit;

	for (bit = 0; bit < 32; bit++) {
		int expected = variant->flags >> bit & 1 ? 0 : -EINVAL;

		if (variant->more_flags >> bit & 1)
			continue;
		self->arg->head.flags = 1U << bit;
		EXPECT_EQ(expected, CALL(self->arg)) {
			TH_LOG("bit %u", bit);
		}
		EXPECT_EQ(1U << bit, self->arg->head.flags);
	}
}

TEST_F(gate, reserved_must_be_zero)
{
	unsigned int bit;

	if (!variant->reserved)
		SKIP(return, "no reserved field");
	for (bit = 0; bit < 32; bit++) {
		self->arg->byte[variant->reserved + bit / 8] = 1 << bit % 8;
		EXPECT_EQ(-EINVAL, CALL(self->arg)) {
			TH_LOG("bit %u", bit);
		}
		self->arg->byte[variant->reserved + bit / 8] = 0;
	}
	EXPECT_EQ(0, CALL(self->arg));
}

/* On error the structure is as it was. */
TEST_F(gate, error_leaves_structure)
{
	union arg before;

	memset(self->arg->byte + 8, 0xa5, variant->size - 8);
	self->arg->head.flags = 1U << 31;
	before = *self->arg;
	EXPECT_EQ(-EINVAL, CALL(self->arg));
	EXPECT_EQ(0, memcmp(&before, self->arg, variant->size));
}

/* The same number with a direction or a size in it is another command. */
TEST_F(gate, exact_number)
{
	unsigned int bit;

	for (bit = 8; bit < 32; bit++) {
		EXPECT_EQ(-ENOTTY, sbuddy_user_ioctl(self->fd, variant->cmd ^ 1UL << bit,
						     self->arg)) {
			TH_LOG("bit %u", bit);
		}
	}
}

/*
 * A 32-bit program: the system call by its old gate, with structure and
 * pointers in the low 4 GiB.
 */
#ifdef __x86_64__
static sigjmp_buf no_gate;

static void on_segv(int sig)
{
	siglongjmp(no_gate, 1);
}

/* A kernel without 32-bit system calls answers by SIGSEGV, or by ENOSYS. */
static int ioctl32(int fd, unsigned long cmd, void *arg)
{
	int ret;

	if (sigsetjmp(no_gate, 1))
		return -ENOSYS;
	signal(SIGSEGV, on_segv);
	asm volatile("int $0x80"
		     : "=a" (ret)
		     : "a" (54), "b" (fd), "c" (cmd), "d" (arg)
		     : "memory", "r8", "r9", "r10", "r11");
	signal(SIGSEGV, SIG_DFL);
	return ret;
}

TEST_F(gate, compat)
{
	union arg *low = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE,
			      MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);
	int err;

	ASSERT_NE(MAP_FAILED, low);
	memcpy(low, self->arg, variant->size);
	if (variant->before)
		variant->before(self->fd);
	err = ioctl32(self->fd, variant->cmd, low);
	if (err == -ENOSYS)
		SKIP(return, "kernel without 32-bit system calls");
	EXPECT_EQ(0, err);
	EXPECT_EQ(0, CALL(self->arg));
	EXPECT_EQ(self->arg->head.size, low->head.size);
	EXPECT_EQ(-EFAULT, ioctl32(self->fd, variant->cmd, NULL));
	munmap(low, 2 * PAGE);
}
#endif

FIXTURE(numbers)
{
	int fd;
};

FIXTURE_SETUP(numbers)
{
	self->fd = sbuddy_user_open();
	ASSERT_LE(0, self->fd);
}

FIXTURE_TEARDOWN(numbers)
{
	EXPECT_EQ(0, close(self->fd));
}

/* Every number that is no command, of our type and of the neighbours'. */
TEST_F(numbers, unknown)
{
	unsigned int type, nr;
	union arg arg = {};

	for (type = SBUDDY_IOC_TYPE - 1; type <= SBUDDY_IOC_TYPE + 1; type++)
		for (nr = 0; nr < 256; nr++) {
			if (type == SBUDDY_IOC_TYPE && nr >= SBUDDY_IOC_BASE &&
			    nr < SBUDDY_IOC_BASE + SBUDDY_NR_COMMANDS)
				continue;
			EXPECT_EQ(-ENOTTY, sbuddy_user_ioctl(self->fd, _IO(type, nr), &arg)) {
				TH_LOG("type %#x number %u", type, nr);
			}
		}
}

/* Capabilities are neither more nor less than what answers. */
TEST_F(numbers, capabilities)
{
	struct sbuddy_version v = { .size = sizeof(v) };
	unsigned int nr;

	ASSERT_EQ(0, sbuddy_user_ioctl(self->fd, SBUDDY_IOC_VERSION, &v));
	EXPECT_EQ(SBUDDY_ABI_VERSION, v.abi);
	EXPECT_EQ(SBUDDY_NR_COMMANDS, v.nr_commands);
	for (nr = 0; nr < 64; nr++) {
		int err = sbuddy_user_ioctl(self->fd, _IO(SBUDDY_IOC_TYPE, SBUDDY_IOC_BASE + nr),
					    NULL);

		EXPECT_EQ(v.capabilities >> nr & 1 ? -EFAULT : -ENOTTY, err) {
			TH_LOG("command %u", nr);
		}
	}
}

/* Files that are not ours, and calls that the device does not have. */
TEST_F(numbers, not_a_file)
{
	char byte = 0;

	EXPECT_EQ(-1, read(self->fd, &byte, 1));
	EXPECT_EQ(EINVAL, errno);
	EXPECT_EQ(-1, write(self->fd, &byte, 1));
	EXPECT_EQ(EINVAL, errno);
	EXPECT_EQ(-1, lseek(self->fd, 0, SEEK_SET));
	EXPECT_EQ(ESPIPE, errno);
	EXPECT_EQ(MAP_FAILED, mmap(NULL, PAGE, PROT_READ, MAP_SHARED, self->fd, PAGE));
	EXPECT_EQ(ENOENT, errno);	/* an empty slot */
}

TEST_HARNESS_MAIN
