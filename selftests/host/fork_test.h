/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the tests of fork share: a machine and its copy, random operations, and
 * that both are the same.
 */
#ifndef _SBUDDY_FORK_TEST_H
#define _SBUDDY_FORK_TEST_H

#include "host_test.h"
#include "known_hash.h"

#define LAYOUT	KNOWN_LAYOUT
#define SLOTS	512

FIXTURE(fork)
{
	struct host h;		/* the original */
	struct host copy;
	char text[1 << 16];	/* what diff says */
	size_t len;
};

FIXTURE_SETUP(fork)
{
	memset(self, 0, sizeof(*self));
}

FIXTURE_TEARDOWN(fork)
{
	host_exit(&self->copy);
	host_exit(&self->h);
	EXPECT_EQ(0, os_allocated);
}

static inline void keep(void *arg, const char *text, size_t len)
{
	FIXTURE_DATA(fork) *self = arg;

	if (self->len + len >= sizeof(self->text))
		return;
	memcpy(self->text + self->len, text, len);
	self->len += len;
	self->text[self->len] = '\0';
}

static inline u64 diff(FIXTURE_DATA(fork) *self)
{
	self->len = 0;
	self->text[0] = '\0';
	return sbuddy_machine_diff(self->h.m, self->copy.m, keep, self);
}

#define HASH(h)	sbuddy_machine_hash((h).m)

#define EXPECT_SAME() do {						\
	EXPECT_EQ(HASH(self->h), HASH(self->copy));			\
	EXPECT_EQ(0, diff(self)) {					\
		TH_LOG("%s", self->text);				\
	}								\
} while (0)

#define EXPECT_COPY_SANE() do {						\
	char _why[256];							\
	EXPECT_EQ(0, host_check(&self->copy, _why, sizeof(_why))) {	\
		TH_LOG("copy: %s", _why);				\
	}								\
} while (0)

static inline u64 rnd(u64 *state)
{
	u64 z = *state += 0x9e3779b97f4a7c15ULL;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ULL;
	z = (z ^ z >> 27) * 0x94d049bb133111ebULL;
	return z ^ z >> 31;
}

static inline struct sbuddy_op random_op(u64 *state, int vcpus)
{
	static const u32 gfp[] = {
		SBUDDY_GFP_KERNEL, SBUDDY_GFP_ATOMIC, SBUDDY_GFP_HIGHUSER_MOVABLE,
		SBUDDY_GFP_KERNEL | SBUDDY_GFP_RECLAIMABLE, SBUDDY_GFP_USER | SBUDDY_GFP_COMP,
		SBUDDY_GFP_TRANSHUGE_LIGHT, SBUDDY_GFP_KERNEL | SBUDDY_GFP_DMA32,
	};
	u64 dice = rnd(state) % 100;
	struct sbuddy_op op = { .slot = rnd(state) % SLOTS, .cpu = rnd(state) % vcpus,
				.nid = SBUDDY_NID_ANY, .pfn = SBUDDY_NO_PFN };

	if (dice < 48) {
		op.opcode = SBUDDY_OP_ALLOC;
		op.order = rnd(state) % 3 ? rnd(state) % 4 : rnd(state) % 11;
		op.gfp = gfp[rnd(state) % ARRAY_SIZE(gfp)];
		op.nid = (int)(rnd(state) % 3) - 1;
	} else if (dice < 88) {
		op.opcode = SBUDDY_OP_FREE;
	} else if (dice < 92) {
		op.opcode = SBUDDY_OP_BULK;
		op.gfp = SBUDDY_GFP_HIGHUSER_MOVABLE;
		op.count = 1 + rnd(state) % 40;
	} else if (dice < 95) {
		op.opcode = SBUDDY_OP_GET;
	} else if (dice < 97) {
		op.opcode = SBUDDY_OP_SPLIT;
	} else {
		op.opcode = dice < 99 ? SBUDDY_OP_DECAY : SBUDDY_OP_DRAIN;
		op.slot = 0;
	}
	return op;
}

static inline void run(struct sbuddy_owner *o, u64 seed, int n)
{
	while (n--) {
		struct sbuddy_op op = random_op(&seed, o->m->nr_vcpus);

		sbuddy_run_op(o, &op, 0);
	}
}

static inline int fork_machine(FIXTURE_DATA(fork) *self)
{
	int err = sbuddy_machine_fork(self->h.m, &self->copy.m);

	if (!err && self->h.o) {
		self->copy.o = sbuddy_owner_fork(self->h.o, self->copy.m, 5);
		err = self->copy.o ? 0 : -ENOMEM;
	}
	return err;
}

#define BUSY(seed, ops) do {						\
	BOOT(LAYOUT, 3);						\
	self->h.o = sbuddy_owner_create(self->h.m, 1);			\
	run(self->h.o, seed, ops);					\
} while (0)

/* ---- one thing at a time ---- */

static inline struct sbuddy_zone *normal(struct sbuddy_machine *m)
{
	return m->nodes[0].node_zones[SBUDDY_ZONE_NORMAL];
}

static inline void swap_first_two(struct list_head *head)
{
	struct list_head *first = head->next;

	list_del(first);
	list_add(first, head->next);
}

#define CHANGE(name, statement) \
	static void change_##name(struct sbuddy_machine *m) { statement; }

struct fork_change {
	void (*change)(struct sbuddy_machine *m);
	const char *name;	/* part of the line that diff has for it */
};

/* The hash differs, and the one line of the diff names it. */
#define EXPECT_SEEN(changes) do {					\
	for (size_t i = 0; i < ARRAY_SIZE(changes); i++) {		\
		ASSERT_EQ(0, sbuddy_machine_fork(self->h.m, &self->copy.m)); \
		(changes)[i].change(self->copy.m);			\
		EXPECT_NE(HASH(self->h), HASH(self->copy)) {		\
			TH_LOG("%s", (changes)[i].name);		\
		}							\
		EXPECT_EQ(1, diff(self)) {				\
			TH_LOG("%s", self->text);			\
		}							\
		EXPECT_NE(NULL, strstr(self->text, (changes)[i].name)) { \
			TH_LOG("wanted %s, got %s", (changes)[i].name, self->text); \
		}							\
		sbuddy_machine_destroy(self->copy.m);			\
		self->copy.m = NULL;					\
	}								\
} while (0)

#endif /* _SBUDDY_FORK_TEST_H */
