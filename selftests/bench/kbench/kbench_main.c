// SPDX-License-Identifier: GPL-2.0
/*
 * kbench: the engine beside the kernel it runs in, same work, same run.
 *
 * A module of its own that carries the engine; never part of the product.
 * Loading it measures and logs lines "case=NAME kernel=NS ours=NS"; under QEMU's
 * -icount a nanosecond is an instruction.  It then stays loaded and does
 * nothing.
 *
 *	pair-N	allocate and free one block of order N, warm
 *	bulk-*-0	allocate many pages, then free them, per page
 */
#include <linux/gfp.h>
#include <linux/genalloc.h>
#include <linux/ktime.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/vmalloc.h>

#include "os.h"
#include "sbuddy/engine.h"

#define PAIRS	2000		/* a round */
#define ROUNDS	5		/* the best one counts: timer ticks are noise */
#define BULK	4096

static struct sbuddy_machine *machine;
static struct sbuddy_task task;
static void **held;

/* Of the seam, what the module's own files have: nobody maps anything here. */
void os_unmap(struct os_mapping *mapping, u32 slot, unsigned long nr)
{
}

/* What is measured: one block taken and given back, by order. */
struct contender {
	const char *name;
	void *(*take)(unsigned int order);
	void (*give)(void *block, unsigned int order);
};

static void *kernel_take(unsigned int order)
{
	return alloc_pages(GFP_KERNEL | __GFP_NOWARN, order);
}

static void kernel_give(void *block, unsigned int order)
{
	__free_pages(block, order);
}

static void *our_take(unsigned int order)
{
	return sbuddy_alloc_pages(machine, &task, SBUDDY_GFP_KERNEL | SBUDDY_GFP_NOWARN, order, 0);
}

static void our_give(void *block, unsigned int order)
{
	sbuddy_free_pages(machine, &task, block, order);
}

static const struct contender contenders[] = {
	{ "kernel", kernel_take, kernel_give },
	{ "ours", our_take, our_give },
};

/*
 * The loops are macros over the call, so that neither side pays for a pointer
 * the other does not.
 */
#define PAIR_LOOP(name, take, give) \
static int name(unsigned int order) \
{ \
	for (int i = 0; i < PAIRS; i++) { \
		void *block = take(order); \
\
		if (!block) \
			return -ENOMEM; \
		give(block, order); \
	} \
	return 0; \
}

PAIR_LOOP(kernel_pairs, kernel_take, kernel_give)
PAIR_LOOP(our_pairs, our_take, our_give)

static u64 best_of(int (*loop)(unsigned int order), unsigned int order)
{
	u64 best = U64_MAX;

	for (int r = 0; r <= ROUNDS; r++) {
		u64 t = ktime_get_ns();

		if (loop(order))
			return 0;
		t = ktime_get_ns() - t;
		if (r)
			best = min(best, t);
		cond_resched();
	}
	return best;
}

static void report(const char *name, u64 kernel, u64 ours, unsigned long ops)
{
	if (!kernel || !ours)
		pr_info("kbench: case=%s failed\n", name);
	else
		pr_info("kbench: case=%s kernel=%llu ours=%llu\n", name, kernel / ops, ours / ops);
}

static void bench_pairs(void)
{
	char name[16];

	for (unsigned int order = 0; order <= SBUDDY_MAX_PAGE_ORDER; order++) {
		snprintf(name, sizeof(name), "pair-%u", order);
		report(name, best_of(kernel_pairs, order), best_of(our_pairs, order), PAIRS);
	}
}

static u64 take_many(const struct contender *c)
{
	u64 t = ktime_get_ns();

	for (int i = 0; i < BULK; i++)
		held[i] = c->take(0);
	return ktime_get_ns() - t;
}

static u64 give_many(const struct contender *c)
{
	u64 t = ktime_get_ns();

	for (int i = 0; i < BULK; i++)
		if (held[i])
			c->give(held[i], 0);
	return ktime_get_ns() - t;
}

static void bench_bulk(void)
{
	u64 took[2] = { U64_MAX, U64_MAX }, gave[2] = { U64_MAX, U64_MAX };

	for (int c = 0; c < 2; c++)
		for (int r = 0; r <= ROUNDS; r++) {
			u64 a = take_many(&contenders[c]), f = give_many(&contenders[c]);

			if (!r)
				continue;
			took[c] = min(took[c], a);
			gave[c] = min(gave[c], f);
		}
	report("bulk-alloc-0", took[0], took[1], BULK);
	report("bulk-free-0", gave[0], gave[1], BULK);
}

/* A pair of the kernel's general-purpose region allocator, for comparison only. */
static void bench_gen_pool(void)
{
	struct gen_pool *pool = gen_pool_create(PAGE_SHIFT, -1);
	u64 best = U64_MAX;

	if (!pool || gen_pool_add(pool, 1UL << 30, 256UL << 20, -1))
		return;
	for (int r = 0; r <= ROUNDS; r++) {
		u64 t = ktime_get_ns();

		for (int i = 0; i < PAIRS; i++)
			gen_pool_free(pool, gen_pool_alloc(pool, PAGE_SIZE), PAGE_SIZE);
		t = ktime_get_ns() - t;
		if (r)
			best = min(best, t);
	}
	gen_pool_destroy(pool);
	pr_info("kbench: case=gen_pool kernel=%llu ours=0\n", best / PAIRS);
}

static int make_machine(void)
{
	struct sbuddy_config *cfg = kvzalloc(sizeof(*cfg), GFP_KERNEL);
	const char *expected;
	int err;

	if (!cfg)
		return -ENOMEM;
	sbuddy_config_init(cfg);
	err = sbuddy_layout_parse("N0:Normal=1G", 0, &cfg->layout, &expected);
	if (!err)
		err = sbuddy_machine_create(cfg, &machine);
	kvfree(cfg);
	return err;
}

static int __init kbench_init(void)
{
	int err;

	held = kvcalloc(BULK, sizeof(*held), GFP_KERNEL);
	err = held ? make_machine() : -ENOMEM;
	if (err) {
		kvfree(held);
		return err;
	}
	bench_pairs();
	bench_bulk();
	bench_gen_pool();
	return 0;
}

static void __exit kbench_exit(void)
{
	sbuddy_machine_destroy(machine);
	kvfree(held);
}

module_init(kbench_init);
module_exit(kbench_exit);
MODULE_DESCRIPTION("Cost of sbuddy's engine beside the kernel's page allocator");
MODULE_LICENSE("GPL");
