// SPDX-License-Identifier: GPL-2.0
/*
 * The module: parameters, machine 0, and the order in which the parts start
 * and stop.  sbuddy_init() at the end is the table of contents.
 *
 * State: machine 0, from load to unload, under sbuddy_machines_lock (see kern.h
 * for the lock order).  The region belongs to region.c, open files to client.c.
 * Files in use hold a reference on the module, so unloading finds none.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/cpumask.h>
#include <linux/init.h>
#include <linux/kernel.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/smp.h>
#include <linux/string.h>

#include "compat.h"
#include "kern.h"

/* Where the host does not say: a share of a common server cache. */
#define DEFAULT_LLC_KIB	2048

static unsigned long size = 256UL << 20;
static int node = NUMA_NO_NODE;
static char *layout;
static int vcpus;
static bool thp = true;
static int llc;
static unsigned int fail_init;

static int size_set(const char *val, const struct kernel_param *kp)
{
	char *end;
	unsigned long long bytes = memparse(val, &end);

	if (end == val || *skip_spaces(end)) {
		pr_err("size=%s: expected a number of bytes with suffix K, M, G or none\n", val);
		return -EINVAL;
	}
	*(unsigned long *)kp->arg = bytes;
	return 0;
}

static const struct kernel_param_ops size_ops = {
	.set = size_set,
	.get = param_get_ulong,
};

module_param_cb(size, &size_ops, &size, 0444);
__MODULE_PARM_TYPE(size, "bytes");
MODULE_PARM_DESC(size,
		 "region to reserve, bytes, suffix K, M or G, multiple of 4M (default 256M)");
module_param(node, int, 0444);
MODULE_PARM_DESC(node, "host node to reserve on, -1 for any (default -1)");
module_param(layout, charp, 0444);
MODULE_PARM_DESC(layout,
		 "nodes and zones of machine 0 in pfn order, sizes in bytes with suffix, e.g. N0:DMA32=64M,Normal=128M,Movable=64M (default one node, Normal 3/4, Movable 1/4)");
module_param(vcpus, int, 0444);
MODULE_PARM_DESC(vcpus,
		 "virtual CPUs of machine 0, 1 to 256, 0 for as many as CPUs are online (default 0)");
module_param(thp, bool, 0444);
MODULE_PARM_DESC(thp,
		 "size min_free_kbytes as if khugepaged ran, 0 or 1 (default 1)");
module_param(llc, int, 0444);
MODULE_PARM_DESC(llc,
		 "last-level cache of a virtual CPU, KiB, 0 for a host CPU's share (default 0; 2048 if the host does not say)");
module_param(fail_init, uint, 0444);
MODULE_PARM_DESC(fail_init,
		 "for tests: fail this step of loading with ENOMEM, counted from 1, 0 for none (default 0)");

DECLARE_RWSEM(sbuddy_machines_lock);

static struct sbuddy_machine *machine0;

/**
 * sbuddy_init_step() - a step of loading begins
 * @name: what the step is called
 *
 * Context: Module initialisation only.
 * Return: 0; -ENOMEM if fail_init= names this step.
 */
int sbuddy_init_step(const char *name)
{
	static unsigned int step;

	if (++step != fail_init)
		return 0;
	pr_err("step %u of loading, %s, fails as asked by fail_init\n", step, name);
	return -ENOMEM;
}

/**
 * sbuddy_machine_find() - machine by number
 * @id: its number
 *
 * Context: sbuddy_machines_lock is held, and the result is good until it is
 *	    dropped.
 * Return: the machine; NULL if there is none.
 */
struct sbuddy_machine *sbuddy_machine_find(u32 id)
{
	lockdep_assert_held(&sbuddy_machines_lock);
	return id == 0 ? machine0 : NULL;
}

/**
 * sbuddy_current_vcpu() - vcpu that stands for the CPU we run on
 * @m: the machine
 *
 * The caller may be on another CPU a moment later; nothing depends on it.
 *
 * Context: Any.
 * Return: a vcpu of @m.
 */
unsigned int sbuddy_current_vcpu(const struct sbuddy_machine *m)
{
	return raw_smp_processor_id() % m->nr_vcpus;
}

/* ---- reset ---- */

/* The debugfs client is nobody's: what it holds does not stand in the way. */
static bool clients_hold_pages(void)
{
	struct sbuddy_client *c;
	bool held = false;

	list_for_each_entry(c, &sbuddy_clients, link) {
		if (!c->id)
			continue;
		mutex_lock(&c->lock);
		held |= sbuddy_owner_pages(c->owner) != 0;
		mutex_unlock(&c->lock);
	}
	return held;
}

/* A new owner before the old one goes: there is always one. */
static int drop_debugfs_pages(struct sbuddy_machine *m)
{
	struct sbuddy_task task = { .cpu = sbuddy_current_vcpu(m) };
	struct sbuddy_client *c;
	struct sbuddy_owner *fresh;

	list_for_each_entry(c, &sbuddy_clients, link) {
		if (c->id)
			continue;
		fresh = sbuddy_owner_create(m, c->id);
		if (!fresh)
			return -ENOMEM;
		mutex_lock(&c->lock);
		swap(c->owner, fresh);
		mutex_unlock(&c->lock);
		sbuddy_owner_destroy(fresh, &task);
	}
	return 0;
}

/**
 * sbuddy_reset_machine() - machine as it was when it was made
 * @id: its number
 *
 * Free lists, counters, knobs and tuning start over.  What the debugfs client
 * holds is freed.
 *
 * Context: May sleep.  Takes sbuddy_machines_lock for write,
 *	    sbuddy_clients_lock and each client's lock.
 * Return: 0; -ENOENT if there is no such machine; -EBUSY if an open file holds
 *	   pages; -ENOMEM, and nothing has changed.
 */
int sbuddy_reset_machine(u32 id)
{
	struct sbuddy_machine *m;
	int err = -ENOENT;

	down_write(&sbuddy_machines_lock);
	m = sbuddy_machine_find(id);
	if (!m)
		goto out;
	mutex_lock(&sbuddy_clients_lock);
	err = clients_hold_pages() ? -EBUSY : drop_debugfs_pages(m);
	mutex_unlock(&sbuddy_clients_lock);
	if (!err)
		err = sbuddy_machine_reset(m);
out:
	up_write(&sbuddy_machines_lock);
	return err;
}

/* ---- machine 0 ---- */

/* The region begins and ends with a block of the largest order. */
static int check_size(void)
{
	unsigned long unit = SBUDDY_MAX_ORDER_NR_PAGES << PAGE_SHIFT;

	if (size && IS_ALIGNED(size, unit) && size >> PAGE_SHIFT <= SBUDDY_MAX_PAGES)
		return 0;
	pr_err("size=%lu: expected a multiple of 4 MiB, from 4 MiB to %lu GiB\n", size,
	       SBUDDY_MAX_PAGES >> (30 - PAGE_SHIFT));
	return -EINVAL;
}

static int setup_layout(struct sbuddy_config *cfg, unsigned long nr_pages)
{
	const char *expected = "a layout";
	int err;

	err = sbuddy_layout_parse(layout, nr_pages, &cfg->layout, &expected);
	if (err) {
		pr_err("layout=%s: expected %s\n", layout ?: "", expected);
		return err;
	}
	if (cfg->layout.nr_pages == nr_pages)
		return 0;
	pr_err("layout=%s: describes %llu MiB, but size is %lu MiB; expected the same\n",
	       layout ?: "", cfg->layout.nr_pages >> (20 - PAGE_SHIFT),
	       nr_pages >> (20 - PAGE_SHIFT));
	return -EINVAL;
}

/* Round robin over the nodes that have memory, so that each has a vcpu if it can. */
static void spread_vcpus(struct sbuddy_config *cfg)
{
	const struct sbuddy_layout *l = &cfg->layout;
	int node_of[SBUDDY_MAX_NODES];
	unsigned long seen = 0;
	int i, nr = 0;

	for (i = 0; i < l->nr_extents; i++)
		if (l->extent[i].zone >= 0)
			seen |= BIT(l->extent[i].node);
	for (i = 0; i < SBUDDY_MAX_NODES; i++)
		if (seen & BIT(i))
			node_of[nr++] = i;
	for (i = 0; i < cfg->nr_vcpus && nr; i++)
		cfg->vcpu_node[i] = node_of[i % nr];
}

static int setup_vcpus(struct sbuddy_config *cfg)
{
	if (vcpus < 0 || vcpus > SBUDDY_MAX_VCPUS) {
		pr_err("vcpus=%d: expected 0 (as many as CPUs are online) to %d\n", vcpus,
		       SBUDDY_MAX_VCPUS);
		return -EINVAL;
	}
	cfg->nr_vcpus = vcpus;
	if (!vcpus)
		cfg->nr_vcpus = min_t(int, num_online_cpus(), SBUDDY_MAX_VCPUS);
	spread_vcpus(cfg);
	return 0;
}

static int setup_llc(struct sbuddy_config *cfg)
{
	long kib = llc;

	if (kib < 0) {
		pr_err("llc=%ld: expected KiB, or 0 for a host CPU's share\n", kib);
		return -EINVAL;
	}
	if (!kib)
		kib = sbuddy_host_llc_kib();
	if (!kib)
		kib = DEFAULT_LLC_KIB;
	cfg->llc_pages_per_cpu = kib >> (PAGE_SHIFT - 10);
	return 0;
}

/* Everything that a parameter can be wrong about, before memory is touched. */
static int config_init(struct sbuddy_config *cfg, unsigned long nr_pages)
{
	int err;

	err = sbuddy_init_step("configuration");
	if (err)
		return err;
	sbuddy_config_init(cfg);
	cfg->thp = thp;
	err = check_size();
	if (!err)
		err = setup_layout(cfg, nr_pages);
	if (!err)
		err = setup_vcpus(cfg);
	if (!err)
		err = setup_llc(cfg);
	return err;
}

static int machine_init(struct sbuddy_config *cfg)
{
	struct sbuddy_machine *m;
	int err;

	err = sbuddy_init_step("machine");
	if (err)
		return err;
	cfg->base_pfn = sbuddy_region.start_pfn;
	cfg->backed = true;
	err = sbuddy_machine_create(cfg, &m);
	if (err) {
		pr_err("machine 0 of %lu MiB and %d vcpus cannot be made: %d\n",
		       sbuddy_region.nr_pages >> (20 - PAGE_SHIFT), cfg->nr_vcpus, err);
		return err;
	}
	down_write(&sbuddy_machines_lock);
	machine0 = m;
	up_write(&sbuddy_machines_lock);
	return 0;
}

static void machine_exit(void)
{
	struct sbuddy_machine *m = machine0;

	down_write(&sbuddy_machines_lock);
	machine0 = NULL;
	up_write(&sbuddy_machines_lock);
	sbuddy_machine_destroy(m);
}

static void log_loaded(void)
{
	pr_info("region of %lu MiB at pfn 0x%lx on node %d (%s, %llu us), %d vcpus, %zu KiB of metadata\n",
		sbuddy_region.nr_pages >> (20 - PAGE_SHIFT), sbuddy_region.start_pfn,
		sbuddy_region.node, sbuddy_region_way_name(sbuddy_region.way),
		sbuddy_region.alloc_ns / 1000, machine0->nr_vcpus,
		sbuddy_machine_metadata_bytes(machine0) >> 10);
}

/* ---- load and unload ---- */

static int __init start_parts(struct sbuddy_config *cfg)
{
	int err;

	err = config_init(cfg, size >> PAGE_SHIFT);
	if (err)
		return err;
	err = sbuddy_region_init(size >> PAGE_SHIFT, node);
	if (err)
		return err;
	err = machine_init(cfg);
	if (err)
		goto err_region;
	err = sbuddy_debugfs_init();
	if (err)
		goto err_machine;
	err = sbuddy_chardev_init();
	if (err)
		goto err_debugfs;
	log_loaded();
	return 0;

err_debugfs:
	sbuddy_debugfs_exit();
err_machine:
	machine_exit();
err_region:
	sbuddy_region_exit();
	return err;
}

/* Two kilobytes of configuration are too much for the stack. */
static int __init sbuddy_init(void)
{
	struct sbuddy_config *cfg;
	int err;

	cfg = kzalloc(sizeof(*cfg), GFP_KERNEL);
	if (!cfg)
		return -ENOMEM;
	err = start_parts(cfg);
	kfree(cfg);
	return err;
}

static void __exit sbuddy_exit(void)
{
	sbuddy_chardev_exit();
	sbuddy_debugfs_exit();
	machine_exit();
	sbuddy_region_exit();
}

module_init(sbuddy_init);
module_exit(sbuddy_exit);

MODULE_DESCRIPTION("A page allocator of its own that decides as Linux 6.12 does");
MODULE_AUTHOR("sbuddy developers");
MODULE_VERSION("0.1.0");
MODULE_LICENSE("GPL");
