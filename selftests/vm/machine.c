// SPDX-License-Identifier: GPL-2.0
/*
 * Several machines: they come, are chosen, work beside each other without
 * noticing, and go; and what each refusal says.
 *
 * The module is loaded; one machine, number 0, when a test begins.
 */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>

#include "kselftest_harness.h"
#include "known_hash.h"
#include "test_util.h"

#define LAYOUT	"N0:DMA32=16M,Normal=32M;N1:Normal=16M,Movable=16M"
#define PARAM	"/sys/module/sbuddy/parameters/machines_max_bytes"

FIXTURE(machine)
{
	int fd;
	int other;
	uint32_t id;
	char message[256];
};

FIXTURE_SETUP(machine)
{
	self->fd = sbuddy_user_open();
	self->other = sbuddy_user_open();
	ASSERT_LE(0, self->fd);
	ASSERT_LE(0, self->other);
	ASSERT_EQ(0, sbuddy_user_create(self->fd, LAYOUT, 4, &self->id, self->message,
					sizeof(self->message))) {
		TH_LOG("expected %s", self->message);
	}
}

FIXTURE_TEARDOWN(machine)
{
	close(self->fd);
	if (self->other >= 0)
		close(self->other);
	self->fd = sbuddy_user_open();
	EXPECT_CHECK(self->fd);
	EXPECT_ALL_BACK(self->fd);
	EXPECT_EQ(0, sbuddy_user_destroy_all(self->fd));
	close(self->fd);
}

static int set_quota(const char *text)
{
	FILE *f = fopen(PARAM, "w");

	if (!f || fputs(text, f) < 0)
		return -1;
	return fclose(f);
}

static uint64_t used_bytes(int fd)
{
	struct sbuddy_machine_list list;

	return sbuddy_user_list(fd, &list, NULL, 0) ? UINT64_MAX : list.used_bytes;
}

static int random_run(int fd, uint64_t seed, uint32_t nr, uint32_t cpus)
{
	struct test_random rnd = { seed };
	struct sbuddy_op op;
	uint32_t i;
	int err = 0;

	for (i = 0; i < nr && !err; i++) {
		op = test_random_op(&rnd, 256, cpus);
		if (op.cpu < 0)
			op.cpu = 0;	/* a vcpu that does not depend on where we run */
		err = sbuddy_user_run_all(fd, &op, 1);
	}
	return err;
}

TEST_F(machine, info)
{
	struct sbuddy_user_machine m;

	ASSERT_EQ(1, self->id);
	ASSERT_EQ(0, sbuddy_user_machine(self->fd, self->id, &m));
	EXPECT_EQ(0, m.info.machine_flags & SBUDDY_INFO_BACKED);
	EXPECT_EQ(4, m.info.nr_zones);
	EXPECT_EQ(2, m.info.nr_nodes);
	EXPECT_EQ(4, m.info.nr_vcpus);
	EXPECT_EQ(0x100000, m.info.base_pfn);
	EXPECT_EQ(80 << 8, m.info.nr_pages);
	EXPECT_EQ(0, m.info.region_pages);
	EXPECT_EQ(-1, m.info.region_node);
	EXPECT_EQ(0, m.vcpu_nodes[0]);
	EXPECT_EQ(1, m.vcpu_nodes[1]);
	sbuddy_user_machine_free(&m);
	EXPECT_EQ(-ENOENT, sbuddy_user_machine(self->fd, 2, &m));
}

TEST_F(machine, vcpu_nodes_and_base)
{
	uint8_t nodes[3] = { 1, 1, 0 };
	struct sbuddy_machine_create a = {
		.size = sizeof(a), .text = (uintptr_t)LAYOUT, .text_len = strlen(LAYOUT),
		.base_pfn = 1UL << 30, .vcpus = 3, .vcpu_nodes = (uintptr_t)nodes,
	};
	struct sbuddy_user_machine m;

	ASSERT_EQ(0, sbuddy_user_ioctl(self->fd, SBUDDY_IOC_MACHINE_CREATE, &a));
	EXPECT_EQ(2, a.machine);
	ASSERT_EQ(0, sbuddy_user_machine(self->fd, a.machine, &m));
	EXPECT_EQ(1UL << 30, m.info.base_pfn);
	EXPECT_EQ(0, memcmp(nodes, m.vcpu_nodes, sizeof(nodes)));
	sbuddy_user_machine_free(&m);
	nodes[2] = 2;
	EXPECT_EQ(-EINVAL, sbuddy_user_ioctl(self->fd, SBUDDY_IOC_MACHINE_CREATE, &a));
}

/* A wrong specification is refused with a line that says what was expected. */
TEST_F(machine, refusals)
{
	static const struct {
		const char *layout;
		uint64_t base_pfn;
		uint32_t vcpus;
		const char *expected;
	} wrong[] = {
		{ "N0:Normal=3M", 0, 1, "multiples of 2M" },
		{ "N0:Normal=2T", 0, 1, "at most 1T" },
		{ "rubbish", 0, 1, "N0: to N15:" },
		{ "\n", 0, 1, "N0: to N15:" },
		{ "N0:hole=4M", 0, 1, "at least one zone" },
		{ LAYOUT, 512, 1, "multiple of 1024" },
		{ LAYOUT, 1ULL << 40, 1, "below 2^40" },
		{ LAYOUT, ~0ULL << 10, 1, "below 2^40" },
		{ LAYOUT, 0, 257, "from 1 to 256" },
		{ LAYOUT, 0, UINT32_MAX, "from 1 to 256" },
	};
	uint64_t before = used_bytes(self->fd);
	unsigned int i;

	for (i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		struct sbuddy_machine_create a = {
			.size = sizeof(a), .text = (uintptr_t)wrong[i].layout,
			.text_len = strlen(wrong[i].layout), .base_pfn = wrong[i].base_pfn,
			.vcpus = wrong[i].vcpus, .message = (uintptr_t)self->message,
			.message_cap = sizeof(self->message),
		};

		EXPECT_EQ(-EINVAL, sbuddy_user_ioctl(self->fd, SBUDDY_IOC_MACHINE_CREATE, &a));
		EXPECT_NE(NULL, strstr(self->message, wrong[i].expected)) {
			TH_LOG("case %u: %s", i, self->message);
		}
	}
	EXPECT_EQ(before, used_bytes(self->fd));
}

/* The buffer for the message is filled as far as it goes, and not a byte further. */
TEST_F(machine, message_is_cut)
{
	char small[8] = "xxxxxxx";
	uint32_t id;

	EXPECT_EQ(-EINVAL, sbuddy_user_create(self->fd, "rubbish", 1, &id, small, 4));
	EXPECT_EQ(0, memcmp(small, "N0:\0xxx", 8));
	EXPECT_EQ(-EFAULT, sbuddy_user_create(self->fd, "rubbish", 1, &id, (char *)8, 4));
	EXPECT_EQ(-EFAULT, sbuddy_user_create(self->fd, LAYOUT, 1, &id, (char *)8, 4));
	EXPECT_EQ(-ENOENT, sbuddy_user_destroy(self->fd, 2));
}

TEST_F(machine, destroy)
{
	EXPECT_EQ(-EOPNOTSUPP, sbuddy_user_destroy(self->fd, 0));
	EXPECT_EQ(-ENOENT, sbuddy_user_destroy(self->fd, 2));
	EXPECT_EQ(-ENOENT, sbuddy_user_destroy(self->fd, UINT32_MAX));
	ASSERT_EQ(0, sbuddy_user_use(self->other, self->id));
	EXPECT_EQ(-EBUSY, sbuddy_user_destroy(self->fd, self->id));
	EXPECT_EQ(-EBUSY, sbuddy_user_destroy(self->other, self->id));
	ASSERT_EQ(0, sbuddy_user_use(self->other, 0));
	EXPECT_EQ(0, sbuddy_user_destroy(self->fd, self->id));
	EXPECT_EQ(-ENOENT, sbuddy_user_destroy(self->fd, self->id));
	EXPECT_EQ(0, used_bytes(self->fd));
}

/* Who holds something cannot change over; and holds on. */
TEST_F(machine, use_wants_empty_hands)
{
	struct sbuddy_op op = sbuddy_user_alloc(7, 3, SBUDDY_GFP_KERNEL);
	struct sbuddy_query_slot q;
	struct sbuddy_machine_list list;

	ASSERT_EQ(0, sbuddy_user_do(self->fd, &op));
	EXPECT_EQ(-EBUSY, sbuddy_user_use(self->fd, self->id));
	EXPECT_EQ(-EBUSY, sbuddy_user_use(self->fd, 0));
	EXPECT_EQ(0, sbuddy_user_slot(self->fd, 7, &q));
	op = sbuddy_user_free(7);
	ASSERT_EQ(0, sbuddy_user_do(self->fd, &op));
	EXPECT_EQ(-ENOENT, sbuddy_user_use(self->fd, 5));
	EXPECT_EQ(0, sbuddy_user_use(self->fd, self->id));
	ASSERT_EQ(0, sbuddy_user_list(self->fd, &list, NULL, 0));
	EXPECT_EQ(self->id, list.using);
	op = sbuddy_user_alloc(7, 0, SBUDDY_GFP_KERNEL);
	ASSERT_EQ(0, sbuddy_user_do(self->fd, &op));
	EXPECT_LE(0x100000, op.pfn);
	EXPECT_GT(0x100000 + (80 << 8), op.pfn);
}

/* A machine of the same shape, from another's snapshot, takes the same decisions. */
TEST_F(machine, import)
{
	char *a, *b;
	size_t alen, blen;
	uint32_t id;

	ASSERT_EQ(0, sbuddy_user_use(self->fd, self->id));
	ASSERT_EQ(0, random_run(self->fd, 1, 3000, 4));
	a = sbuddy_user_snapshot(self->fd, self->id, &alen);
	ASSERT_NE(NULL, a);
	ASSERT_EQ(0, sbuddy_user_import(self->fd, a, alen, &id, self->message,
					sizeof(self->message))) {
		TH_LOG("expected %s", self->message);
	}
	b = sbuddy_user_snapshot(self->fd, id, &blen);
	ASSERT_NE(NULL, b);
	EXPECT_EQ(alen, blen);
	EXPECT_EQ(0, memcmp(a, b, alen < blen ? alen : blen));
	EXPECT_EQ(-EINVAL, sbuddy_user_import(self->fd, a, alen / 2 - 3, &id, self->message,
					      sizeof(self->message)));
	EXPECT_NE(NULL, strstr(self->message, "line "));
	EXPECT_EQ(-EINVAL, sbuddy_user_import(self->fd, "\n", 1, &id, NULL, 0));
	free(a);
	free(b);
}

/* A machine of other rules says so, takes other decisions and its snapshot is its own. */
TEST_F(machine, rules)
{
	struct sbuddy_machine_create a = {
		.size = sizeof(a), .text = (uintptr_t)LAYOUT, .text_len = strlen(LAYOUT),
		.vcpus = 4, .flags = SBUDDY_RULES_6_1 << SBUDDY_CREATE_RULES_SHIFT,
		.message = (uintptr_t)self->message, .message_cap = sizeof(self->message),
	};
	struct sbuddy_user_machine m;
	char *old, *new, *again;
	size_t len, newlen;
	uint32_t id;

	ASSERT_EQ(0, sbuddy_user_ioctl(self->fd, SBUDDY_IOC_MACHINE_CREATE, &a));
	ASSERT_EQ(0, sbuddy_user_machine(self->fd, a.machine, &m));
	EXPECT_EQ(SBUDDY_RULES_6_1,
		  (m.info.machine_flags & SBUDDY_INFO_RULES) >> SBUDDY_INFO_RULES_SHIFT);
	sbuddy_user_machine_free(&m);
	ASSERT_EQ(0, sbuddy_user_use(self->fd, a.machine));
	ASSERT_EQ(0, random_run(self->fd, 3, 20000, 4));
	EXPECT_EQ(0, sbuddy_user_check(self->fd, a.machine, self->message,
				       sizeof(self->message))) {
		TH_LOG("check: %s", self->message);
	}
	ASSERT_EQ(0, sbuddy_user_use(self->other, self->id));
	ASSERT_EQ(0, random_run(self->other, 3, 20000, 4));
	old = sbuddy_user_snapshot(self->fd, a.machine, &len);
	new = sbuddy_user_snapshot(self->fd, self->id, &newlen);
	ASSERT_NE(NULL, old);
	ASSERT_NE(NULL, new);
	EXPECT_EQ(0, strncmp(old, "rules 6.1\n", 10));
	EXPECT_NE(0, strncmp(new, "rules", 5));
	EXPECT_NE(0, strcmp(strstr(old, "\nfree"), strstr(new, "\nfree")));
	ASSERT_EQ(0, sbuddy_user_import(self->fd, old, len, &id, self->message,
					sizeof(self->message))) {
		TH_LOG("expected %s", self->message);
	}
	again = sbuddy_user_snapshot(self->fd, id, &newlen);
	ASSERT_NE(NULL, again);
	EXPECT_EQ(len, newlen);
	EXPECT_EQ(0, memcmp(old, again, len));
	free(old);
	free(new);
	free(again);

	a.flags = 2 << SBUDDY_CREATE_RULES_SHIFT;
	EXPECT_EQ(-EINVAL, sbuddy_user_ioctl(self->fd, SBUDDY_IOC_MACHINE_CREATE, &a));
	EXPECT_NE(NULL, strstr(self->message, "rules of a kernel series"));
}

/* What one does, the other does not notice. */
TEST_F(machine, apart)
{
	char *before, *after;
	size_t len[2];

	before = sbuddy_user_snapshot(self->fd, 0, &len[0]);
	ASSERT_EQ(0, sbuddy_user_use(self->fd, self->id));
	ASSERT_EQ(0, random_run(self->fd, 2, 5000, 4));
	after = sbuddy_user_snapshot(self->fd, 0, &len[1]);
	ASSERT_NE(NULL, before);
	ASSERT_NE(NULL, after);
	EXPECT_EQ(len[0], len[1]);
	EXPECT_EQ(0, memcmp(before, after, len[0]));
	free(before);
	free(after);
}

static uint64_t hash_of(int fd, uint32_t id)
{
	uint64_t hash;

	return sbuddy_user_hash(fd, id, &hash) ? 0 : hash;
}

/* One stream on the original and on the copy, by two files with the same slots. */
TEST_F(machine, fork)
{
	char text[4096];
	uint32_t id;

	ASSERT_EQ(0, sbuddy_user_use(self->fd, self->id));
	ASSERT_EQ(0, random_run(self->fd, 1, 5000, 4));
	ASSERT_EQ(0, sbuddy_user_fork(self->fd, self->id, SBUDDY_FORK_SLOTS, &id));
	EXPECT_EQ(hash_of(self->fd, self->id), hash_of(self->fd, id));
	EXPECT_EQ(0, sbuddy_user_diff(self->fd, self->id, id, text, sizeof(text))) {
		TH_LOG("%s", text);
	}
	ASSERT_EQ(0, sbuddy_user_use_slots(self->other, id));
	EXPECT_EQ(-ENOENT, sbuddy_user_use_slots(self->other, id));
	ASSERT_EQ(0, random_run(self->fd, 2, 5000, 4));
	EXPECT_NE(hash_of(self->fd, self->id), hash_of(self->fd, id));
	EXPECT_LT(0, sbuddy_user_diff(self->fd, self->id, id, text, 200));
	EXPECT_GE(200, strlen(text));
	EXPECT_EQ('\n', text[strlen(text) - 1]);
	ASSERT_EQ(0, random_run(self->other, 2, 5000, 4));
	EXPECT_EQ(hash_of(self->fd, self->id), hash_of(self->fd, id));
	EXPECT_EQ(0, sbuddy_user_diff(self->fd, self->id, id, text, sizeof(text))) {
		TH_LOG("%s", text);
	}
	EXPECT_EQ(0, sbuddy_user_check(self->fd, id, text, sizeof(text))) {
		TH_LOG("%s", text);
	}
}

/* Of machine 0, which is backed; the copy is not, and otherwise the same. */
TEST_F(machine, fork_of_the_backed_one)
{
	struct sbuddy_user_machine m;
	char text[4096];
	uint32_t id;

	ASSERT_EQ(0, random_run(self->fd, 1, 2000, 1));
	ASSERT_EQ(0, sbuddy_user_fork(self->other, 0, 0, &id));
	EXPECT_EQ(0, sbuddy_user_diff(self->fd, 0, id, text, sizeof(text))) {
		TH_LOG("%s", text);
	}
	EXPECT_EQ(-ENOENT, sbuddy_user_use_slots(self->other, id));
	ASSERT_EQ(0, sbuddy_user_machine(self->fd, id, &m));
	EXPECT_EQ(0, m.info.machine_flags & SBUDDY_INFO_BACKED);
	sbuddy_user_machine_free(&m);
	/* Slots left for nobody go with the machine. */
	ASSERT_EQ(0, sbuddy_user_fork(self->fd, 0, SBUDDY_FORK_SLOTS, &id));
	EXPECT_EQ(-EBUSY, sbuddy_user_use_slots(self->fd, id));
	EXPECT_EQ(0, sbuddy_user_destroy(self->fd, id));
}

TEST_F(machine, fork_refused)
{
	uint64_t used = used_bytes(self->fd);
	char text[32];
	uint32_t id;

	EXPECT_EQ(-ENOENT, sbuddy_user_fork(self->fd, 9, 0, &id));
	EXPECT_EQ(-EINVAL, sbuddy_user_fork(self->fd, self->id, SBUDDY_FORK_SLOTS, &id));
	snprintf(text, sizeof(text), "%llu", (unsigned long long)(2 * used - 1));
	ASSERT_EQ(0, set_quota(text));
	EXPECT_EQ(-EDQUOT, sbuddy_user_fork(self->fd, self->id, 0, &id));
	ASSERT_EQ(0, set_quota("0"));
	EXPECT_EQ(used, used_bytes(self->fd));
	EXPECT_EQ(-ENOENT, sbuddy_user_diff(self->fd, 0, 9, text, sizeof(text)));
	EXPECT_EQ(-ENOENT, sbuddy_user_hash(self->fd, 9, &used));
	EXPECT_LT(0, sbuddy_user_diff(self->fd, 0, self->id, NULL, 0));
}

/* The number that selftests/host/fork.c expects of the same machine. */
TEST_F(machine, hash_as_in_user_space)
{
	static const char layout[] = KNOWN_LAYOUT;
	uint8_t nodes[3] = { 0, 0, 0 };
	struct sbuddy_machine_create a = {
		.size = sizeof(a), .flags = SBUDDY_CREATE_NO_THP,
		.text = (uintptr_t)layout, .text_len = strlen(layout),
		.vcpus = 3, .vcpu_nodes = (uintptr_t)nodes, .llc_kib = 2048,
	};

	ASSERT_EQ(0, sbuddy_user_ioctl(self->fd, SBUDDY_IOC_MACHINE_CREATE, &a));
	EXPECT_EQ(KNOWN_HASH_FRESH, hash_of(self->fd, a.machine));
}

struct worker {
	int fd;
	uint64_t seed;
	int err;
};

static void *work(void *arg)
{
	struct worker *w = arg;

	w->err = random_run(w->fd, w->seed, 20000, 4);
	return NULL;
}

/* Two files on two machines of one shape, at the same time, on the same stream: the same end. */
TEST_F(machine, in_parallel)
{
	struct worker w[2] = { { self->fd, 3, 0 }, { self->other, 3, 0 } };
	char *text[2];
	pthread_t t[2];
	size_t len[2];
	uint32_t id;
	int i;

	ASSERT_EQ(0, sbuddy_user_create(self->fd, LAYOUT, 4, &id, NULL, 0));
	ASSERT_EQ(0, sbuddy_user_use(self->fd, self->id));
	ASSERT_EQ(0, sbuddy_user_use(self->other, id));
	for (i = 0; i < 2; i++)
		ASSERT_EQ(0, pthread_create(&t[i], NULL, work, &w[i]));
	for (i = 0; i < 2; i++) {
		pthread_join(t[i], NULL);
		EXPECT_EQ(0, w[i].err);
		EXPECT_EQ(0, sbuddy_user_check(self->fd, i ? id : self->id, self->message,
					       sizeof(self->message)));
		text[i] = sbuddy_user_snapshot(self->fd, i ? id : self->id, &len[i]);
		ASSERT_NE(NULL, text[i]);
	}
	EXPECT_EQ(len[0], len[1]);
	EXPECT_EQ(0, memcmp(text[0], text[1], len[0]));
	free(text[0]);
	free(text[1]);
}

/* kill -9 frees what the file held there, and the machine can go. */
TEST_F(machine, killed)
{
	pid_t child;
	int status, fds[2];
	char byte;

	ASSERT_EQ(0, pipe(fds));
	child = fork();
	ASSERT_LE(0, child);
	if (!child) {
		int fd = sbuddy_user_open();

		if (sbuddy_user_use(fd, self->id) || random_run(fd, 4, 1000, 4))
			_exit(1);
		if (write(fds[1], "x", 1) != 1)
			_exit(1);
		for (;;)
			random_run(fd, 5, 1000, 4);
	}
	close(fds[1]);
	ASSERT_EQ(1, read(fds[0], &byte, 1));
	EXPECT_EQ(-EBUSY, sbuddy_user_destroy(self->fd, self->id));
	ASSERT_EQ(0, kill(child, SIGKILL));
	ASSERT_EQ(child, waitpid(child, &status, 0));
	EXPECT_TRUE(WIFSIGNALED(status));
	EXPECT_EQ(0, sbuddy_user_check(self->fd, self->id, self->message,
				       sizeof(self->message)));
	EXPECT_EQ(0, sbuddy_user_destroy(self->fd, self->id));
	close(fds[0]);
}

TEST_F(machine, quota)
{
	struct sbuddy_machine_record r[4];
	struct sbuddy_machine_list list;
	uint64_t used = used_bytes(self->fd);
	char text[32];
	uint32_t id;

	ASSERT_EQ(0, sbuddy_user_list(self->fd, &list, r, 4));
	ASSERT_EQ(2, list.count);
	EXPECT_EQ(used, r[1].metadata_bytes);
	/* One byte too little for two. */
	snprintf(text, sizeof(text), "%llu", (unsigned long long)(2 * used - 1));
	ASSERT_EQ(0, set_quota(text));
	EXPECT_EQ(-EDQUOT, sbuddy_user_create(self->fd, LAYOUT, 4, &id, self->message,
					      sizeof(self->message)));
	EXPECT_NE(NULL, strstr(self->message, "machines_max_bytes"));
	EXPECT_EQ(used, used_bytes(self->fd));
	/* Larger than any host: refused before anything is allocated. */
	EXPECT_EQ(-EDQUOT, sbuddy_user_create(self->fd, "N0:Normal=1T", 1, &id, NULL, 0));
	snprintf(text, sizeof(text), "%llu", (unsigned long long)(2 * used));
	ASSERT_EQ(0, set_quota(text));
	EXPECT_EQ(0, sbuddy_user_create(self->fd, LAYOUT, 4, &id, NULL, 0));
	EXPECT_EQ(-EDQUOT, sbuddy_user_create(self->fd, "N0:Normal=2M", 1, &id, NULL, 0));
	EXPECT_EQ(0, sbuddy_user_destroy(self->fd, id));
	EXPECT_EQ(used, used_bytes(self->fd));
	ASSERT_EQ(0, set_quota("0"));
	ASSERT_EQ(0, sbuddy_user_list(self->fd, &list, NULL, 0));
	EXPECT_LT(1UL << 20, list.max_bytes);
}

/* All numbers, then one more; each is given back. */
TEST_F_TIMEOUT(machine, all_numbers, 1200)
{
	uint32_t id, nr;

	ASSERT_EQ(0, set_quota("1T"));
	for (nr = 2; nr < SBUDDY_MAX_MACHINES; nr++)
		ASSERT_EQ(0, sbuddy_user_create(self->fd, "N0:Normal=2M", 1, &id, NULL, 0));
	EXPECT_EQ(SBUDDY_MAX_MACHINES - 1, id);
	EXPECT_EQ(-ENOSPC, sbuddy_user_create(self->fd, "N0:Normal=2M", 1, &id, NULL, 0));
	EXPECT_EQ(0, sbuddy_user_destroy(self->fd, 77));
	EXPECT_EQ(0, sbuddy_user_create(self->fd, "N0:Normal=2M", 1, &id, NULL, 0));
	EXPECT_EQ(77, id);
	EXPECT_EQ(0, sbuddy_user_destroy_all(self->fd));
	EXPECT_EQ(0, used_bytes(self->fd));
	ASSERT_EQ(0, set_quota("0"));
}

TEST_HARNESS_MAIN
