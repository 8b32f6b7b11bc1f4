// SPDX-License-Identifier: GPL-2.0
/*
 * sbuddy_race: a misc device that carries out operations on the live kernel's
 * page allocator, for a race against sbuddy on the same stream.  For test
 * machines only: it hands real frames out and takes ranges away.
 *
 * State: the open file, one at a time; race_lock serialises its commands.
 * What it holds is given back when it closes.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/atomic.h>
#include <linux/fs.h>
#include <linux/miscdevice.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/sched/signal.h>
#include <linux/smp.h>
#include <linux/uaccess.h>
#include <linux/vmalloc.h>

#include "live.h"

#define CHUNK	512	/* operations copied at a time */

static DEFINE_MUTEX(race_lock);
static atomic_t is_open;
static struct sbuddy_op *chunk;

/* Operations in a row on one CPU. */
struct segment {
	struct sbuddy_op *ops;
	u32 nr;
};

static void run_segment(const struct segment *s)
{
	for (u32 i = 0; i < s->nr; i++) {
		race_op(&s->ops[i]);
		race_watch_op(1);
	}
}

/* On another CPU, interrupts off; the racer waits. */
static void run_remote(void *arg)
{
	race_watch_remote(true);
	run_segment(arg);
	race_watch_remote(false);
}

static u32 segment_length(const struct sbuddy_op *ops, u32 max)
{
	u32 nr = 1;

	while (nr < max && ops[nr].cpu == ops[0].cpu &&
	       race_op_sleeps(&ops[nr]) == race_op_sleeps(&ops[0]))
		nr++;
	return nr;
}

/*
 * An operation that may sleep moves the racer to its CPU.  For all others that
 * would take far too long; they go there by an interrupt.
 */
static int run_on(int cpu, struct segment *s)
{
	int err;

	if (race_op_sleeps(s->ops)) {
		err = cpu < 0 ? 0 : race_move_to(cpu);
		if (err)
			return err;
	} else if (cpu >= 0 && cpu != raw_smp_processor_id()) {
		return smp_call_function_single(cpu, run_remote, s, 1);
	}
	run_segment(s);
	return 0;
}

static int run_chunk(struct sbuddy_op __user *uops, u32 nr)
{
	int home = raw_smp_processor_id(), err = 0;

	if (copy_from_user(chunk, uops, nr * sizeof(*chunk)))
		return -EFAULT;
	race_watch_begin();
	for (u32 i = 0; i < nr && !err;) {
		struct segment s = { chunk + i, segment_length(chunk + i, nr - i) };

		err = run_on(s.ops->cpu, &s);
		if (!err)
			err = race_move_to(home);
		i += s.nr;
	}
	race_watch_end();
	if (!err && copy_to_user(uops, chunk, nr * sizeof(*chunk)))
		err = -EFAULT;
	return err;
}

static int do_run(struct race_run *run)
{
	struct sbuddy_op __user *uops = u64_to_user_ptr(run->ops);
	int err = 0;

	if (run->count > RACE_MAX_OPS)
		return -EINVAL;
	for (run->done = 0; run->done < run->count && !err;) {
		u32 nr = min_t(u32, run->count - run->done, CHUNK);

		if (fatal_signal_pending(current))
			return -EINTR;
		err = run_chunk(uops + run->done, nr);
		run->done += nr;
		cond_resched();
	}
	return err;
}

static long cmd_run(void __user *uarg)
{
	struct race_run run;
	int err;

	if (copy_from_user(&run, uarg, sizeof(run)))
		return -EFAULT;
	err = do_run(&run);
	if (!err && copy_to_user(uarg, &run, sizeof(run)))
		err = -EFAULT;
	return err;
}

static long cmd_watch(void __user *uarg)
{
	struct race_watch watch;

	if (copy_from_user(&watch, uarg, sizeof(watch)))
		return -EFAULT;
	race_watch_nodes(watch.nodes);
	return 0;
}

static long cmd_foreign(void __user *uarg)
{
	struct race_foreign foreign;

	race_watch_foreign(&foreign);
	return copy_to_user(uarg, &foreign, sizeof(foreign)) ? -EFAULT : 0;
}

static long cmd_slots(void __user *uarg)
{
	struct race_slots arg;
	struct race_slot __user *out;

	if (copy_from_user(&arg, uarg, sizeof(arg)))
		return -EFAULT;
	if (arg.first >= RACE_MAX_SLOTS || arg.count > RACE_MAX_SLOTS - arg.first)
		return -EINVAL;
	out = u64_to_user_ptr(arg.slots);
	for (u32 i = 0; i < arg.count; i++) {
		const struct race_held *held = &race_held[arg.first + i];
		struct race_slot slot = { .pfn = SBUDDY_NO_PFN };

		if (held->page) {
			slot.pfn = page_to_pfn(held->page);
			slot.order = held->order;
			slot.refs = page_ref_count(held->page);
		}
		if (copy_to_user(out + i, &slot, sizeof(slot)))
			return -EFAULT;
	}
	return 0;
}

static long cmd_events(void __user *uarg)
{
	struct race_events arg;
	int err;

	if (copy_from_user(&arg, uarg, sizeof(arg)))
		return -EFAULT;
	err = race_watch_events(&arg);
	if (!err && copy_to_user(uarg, &arg, sizeof(arg)))
		err = -EFAULT;
	return err;
}

static long cmd_reset(void)
{
	race_watch_begin();
	race_free_all();
	race_unisolate(race_watched_nodes());
	race_watch_end();
	race_policy_forget();
	return 0;
}

static long cmd_policy(void __user *uarg)
{
	struct race_policy arg;

	if (copy_from_user(&arg, uarg, sizeof(arg)))
		return -EFAULT;
	return race_policy_keep(&arg);
}

static long cmd_dump(void __user *uarg)
{
	struct race_dump arg;
	int err;

	if (copy_from_user(&arg, uarg, sizeof(arg)))
		return -EFAULT;
	err = race_dump(&arg);
	if (!err && copy_to_user(uarg, &arg, sizeof(arg)))
		err = -EFAULT;
	return err;
}

static long dispatch(unsigned int cmd, void __user *uarg)
{
	switch (cmd) {
	case RACE_IOC_RUN:
		return cmd_run(uarg);
	case RACE_IOC_WATCH:
		return cmd_watch(uarg);
	case RACE_IOC_FOREIGN:
		return cmd_foreign(uarg);
	case RACE_IOC_SLOTS:
		return cmd_slots(uarg);
	case RACE_IOC_EVENTS:
		return cmd_events(uarg);
	case RACE_IOC_POLICY:
		return cmd_policy(uarg);
	case RACE_IOC_DUMP:
		return cmd_dump(uarg);
	case RACE_IOC_RESET:
		return cmd_reset();
	}
	return -ENOTTY;
}

static long race_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	long err;

	mutex_lock(&race_lock);
	err = dispatch(cmd, (void __user *)arg);
	mutex_unlock(&race_lock);
	return err;
}

static int race_open(struct inode *inode, struct file *file)
{
	return atomic_cmpxchg(&is_open, 0, 1) ? -EBUSY : 0;
}

static int race_release(struct inode *inode, struct file *file)
{
	cmd_reset();
	race_watch_nodes(0);
	atomic_set(&is_open, 0);
	return 0;
}

static const struct file_operations race_fops = {
	.owner		= THIS_MODULE,
	.open		= race_open,
	.release	= race_release,
	.unlocked_ioctl	= race_ioctl,
};

static struct miscdevice race_device = {
	.minor	= MISC_DYNAMIC_MINOR,
	.name	= "sbuddy_race",
	.fops	= &race_fops,
	.mode	= 0600,
};

static void race_free_memory(void)
{
	race_dump_exit();
	vfree(race_held);
	vfree(chunk);
}

static int __init race_init(void)
{
	int err = -ENOMEM;

	race_held = vzalloc_node(RACE_MAX_SLOTS * sizeof(*race_held), 0);
	chunk = vzalloc_node(CHUNK * sizeof(*chunk), 0);
	if (!race_held || !chunk)
		goto free;
	err = race_ops_init();
	if (!err)
		err = race_range_init();
	if (!err)
		err = race_dump_init();
	if (!err)
		err = race_policy_init();
	if (!err)
		err = race_watch_init();
	if (err)
		goto free;
	err = misc_register(&race_device);
	if (!err)
		return 0;
	race_watch_exit();
free:
	race_free_memory();
	return err;
}

static void __exit race_exit(void)
{
	misc_deregister(&race_device);
	race_watch_exit();
	race_free_memory();
}

module_init(race_init);
module_exit(race_exit);
MODULE_DESCRIPTION("Races sbuddy against the live page allocator; for test machines");
MODULE_LICENSE("GPL");
