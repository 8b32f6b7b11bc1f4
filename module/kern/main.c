// SPDX-License-Identifier: GPL-2.0
/*
 * The module: parameters, machine 0, and the order in which the parts start
 * and stop.  sbuddy_init() at the end is the table of contents.
 *
 * The machines belong to machines.c, the region to region.c, open files to
 * client.c.  Files in use hold a reference on the module, so unloading finds none.
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
#include "machines.h"
#include "reclaim.h"
#include "usermap.h"

/* Where the host does not say: a share of a common server cache. */
#define DEFAULT_LLC_KIB	2048

static char *layout;
static char *kernelcore;
static char *movablecore;
static int vcpus;
static bool thp = true;
static int llc;
static char *compat = "6.12";
static bool daemons;
static unsigned int fail_init;

static long host_llc_kib;	/* a CPU's share; constant after module initialisation */

static int bytes_set(const char *val, const struct kernel_param *kp)
{
	char *end;
	unsigned long long bytes = memparse(val, &end);

	if (end == val || *skip_spaces(end)) {
		pr_err("%s=%s: expected a number of bytes with suffix K, M, G, T or none\n",
		       kp->name, val);
		return -EINVAL;
	}
	*(unsigned long *)kp->arg = bytes;
	return 0;
}

/* A number of bytes, in an unsigned long; written with a suffix. */
const struct kernel_param_ops sbuddy_bytes_ops = {
	.set = bytes_set,
	.get = param_get_ulong,
};

module_param(layout, charp, 0444);
MODULE_PARM_DESC(layout,
		 "nodes and zones of machine 0 in pfn order, sizes in bytes with suffix, e.g. N0:DMA32=64M,Normal=128M,Movable=64M (default one node, Normal 3/4, Movable 1/4)");
module_param(kernelcore, charp, 0444);
MODULE_PARM_DESC(kernelcore,
		 "memory that is not Movable, spread over the nodes, bytes with suffix or percent, e.g. 128M or 50% (default as layout says)");
module_param(movablecore, charp, 0444);
MODULE_PARM_DESC(movablecore,
		 "memory that is Movable, spread over the nodes, bytes with suffix or percent (default as layout says)");
module_param(vcpus, int, 0444);
MODULE_PARM_DESC(vcpus,
		 "virtual CPUs of machine 0, 1 to 256, 0 for as many as CPUs are online (default 0)");
module_param(thp, bool, 0444);
MODULE_PARM_DESC(thp,
		 "size min_free_kbytes as if khugepaged ran, 0 or 1 (default 1)");
module_param(llc, int, 0444);
MODULE_PARM_DESC(llc,
		 "last-level cache of a virtual CPU, KiB, 0 for a host CPU's share (default 0; 2048 if the host does not say)");
module_param(compat, charp, 0444);
MODULE_PARM_DESC(compat,
		 "kernel series whose rules machine 0 obeys, 6.12 or 6.1 (default 6.12)");
module_param(daemons, bool, 0444);
MODULE_PARM_DESC(daemons,
		 "machine 0 reclaims and compacts for requests, with kswapd and kcompactd as threads, 0 or 1 (default 0: requests fail where they would, and daemons are stepped)");
module_param(fail_init, uint, 0444);
MODULE_PARM_DESC(fail_init,
		 "for tests: fail this step of loading with ENOMEM, counted from 1, 0 for none (default 0)");

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

/* ---- machine 0 ---- */

/* The layout with the other parameters as words of it; NULL without memory. */
static char *text_with(const char *nodes)
{
	const char *before_core = *nodes ? ";" : "";
	const char *before_movable = kernelcore ? ";" : before_core;

	return kasprintf(GFP_KERNEL, "%s%s%s%s%s%s%s", nodes,
			 kernelcore ? before_core : "", kernelcore ? "kernelcore=" : "",
			 kernelcore ?: "", movablecore ? before_movable : "",
			 movablecore ? "movablecore=" : "", movablecore ?: "");
}

static char *layout_text(void)
{
	char *nodes, *text;

	if (layout && *layout)
		return text_with(layout);
	nodes = sbuddy_pieces_layout(!kernelcore && !movablecore);
	if (!nodes)
		return NULL;
	text = text_with(nodes);
	kfree(nodes);
	return text;
}

static int check_layout(struct sbuddy_config *cfg, const char *text, unsigned long nr_pages)
{
	const char *expected = "a layout";
	int err;

	err = sbuddy_layout_parse(text, nr_pages, &cfg->layout, &expected);
	if (err) {
		pr_err("layout=%s: expected %s\n", text, expected);
		return err;
	}
	if (cfg->layout.nr_pages == nr_pages)
		return sbuddy_pieces_fit(cfg, text);
	pr_err("layout=%s: describes %llu MiB, but size is %lu MiB; expected the same\n", text,
	       cfg->layout.nr_pages >> (20 - PAGE_SHIFT), nr_pages >> (20 - PAGE_SHIFT));
	return -EINVAL;
}

static int setup_layout(struct sbuddy_config *cfg)
{
	unsigned long nr_pages = 0;
	char *text = layout_text();
	int i, err;

	if (!text)
		return -ENOMEM;
	for (i = 0; i < sbuddy_region.nr_pieces; i++)
		nr_pages += sbuddy_region.piece[i].nr_pages;
	err = check_layout(cfg, text, nr_pages);
	kfree(text);
	return err;
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
	sbuddy_config_spread_vcpus(cfg);
	sbuddy_pieces_spread_vcpus(cfg);
	return 0;
}

/**
 * sbuddy_llc_pages() - last-level cache of a vcpu
 * @kib: KiB, 0 for a host CPU's share
 *
 * Context: Any.
 * Return: pages.
 */
long sbuddy_llc_pages(long kib)
{
	return (kib ?: host_llc_kib) >> (PAGE_SHIFT - 10);
}

static int setup_llc(struct sbuddy_config *cfg)
{
	if (llc < 0) {
		pr_err("llc=%d: expected KiB, or 0 for a host CPU's share\n", llc);
		return -EINVAL;
	}
	host_llc_kib = sbuddy_host_llc_kib() ?: DEFAULT_LLC_KIB;
	cfg->llc_pages_per_cpu = sbuddy_llc_pages(llc);
	return 0;
}

static int setup_rules(struct sbuddy_config *cfg)
{
	unsigned int set;

	if (sbuddy_rules_parse(compat, &set)) {
		pr_err("compat=%s: expected 6.12 or 6.1\n", compat);
		return -EINVAL;
	}
	cfg->rules = set;
	return 0;
}

/* Everything that a parameter can be wrong about, before memory is touched. */
static int config_init(struct sbuddy_config *cfg)
{
	int err;

	err = sbuddy_init_step("configuration");
	if (err)
		return err;
	sbuddy_config_init(cfg);
	cfg->thp = thp;
	err = sbuddy_pieces_init();
	if (!err)
		err = setup_layout(cfg);
	if (!err)
		err = setup_vcpus(cfg);
	if (!err)
		err = setup_llc(cfg);
	if (!err)
		err = setup_rules(cfg);
	return err;
}

/* What they are for is to happen, too. */
static int start_daemons(struct sbuddy_machine *m)
{
	int err;

	sbuddy_set_direct_reclaim(m, 1);
	sbuddy_set_direct_compact(m, 1);
	err = sbuddy_set_daemons(m, 1);
	if (err)
		pr_err("the daemons of machine 0 cannot be started: %d\n", err);
	return err;
}

static int machine_init(struct sbuddy_config *cfg)
{
	struct sbuddy_machine *m;
	int err;

	err = sbuddy_init_step("machine");
	if (err)
		return err;
	cfg->backed = true;
	err = sbuddy_pieces_place(cfg);
	if (err)
		return err;
	err = sbuddy_machine_create(cfg, &m);
	if (err) {
		pr_err("machine 0 of %lu MiB and %d vcpus cannot be made: %d\n",
		       sbuddy_region.nr_pages >> (20 - PAGE_SHIFT), cfg->nr_vcpus, err);
		return err;
	}
	err = sbuddy_machines_add_backed(m);
	if (err) {
		sbuddy_machine_destroy(m);
		return err;
	}
	err = daemons ? start_daemons(m) : 0;
	if (err)
		sbuddy_machines_exit();
	return err;
}

static void log_piece(const struct sbuddy_region_piece *p)
{
	pr_info("region of %lu MiB at pfn 0x%lx on node %d (%s, %llu us)\n",
		p->nr_pages >> (20 - PAGE_SHIFT), p->start_pfn, p->node,
		sbuddy_region_way_name(p->way), p->alloc_ns / 1000);
}

static void log_loaded(void)
{
	const struct sbuddy_machine *m;
	int i;

	for (i = 0; i < sbuddy_region.nr_pieces; i++)
		log_piece(&sbuddy_region.piece[i]);
	down_read(&sbuddy_machines_lock);
	m = sbuddy_machine_find(0);
	pr_info("machine 0 of %d nodes and %d vcpus, %zu KiB of metadata\n", m->online_nodes,
		m->nr_vcpus, sbuddy_machine_metadata_bytes(m) >> 10);
	pr_info("rules of Linux %s, %s\n", sbuddy_rules_name(m->config.rules),
		sbuddy_fidelity_text(m->config.rules));
	up_read(&sbuddy_machines_lock);
}

/* ---- load and unload ---- */

static int __init start_parts(struct sbuddy_config *cfg)
{
	int err;

	err = config_init(cfg);
	if (err)
		return err;
	err = sbuddy_region_init();
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
	sbuddy_machines_exit();
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
	sbuddy_usermap_exit();
	sbuddy_machines_exit();
	sbuddy_debugfs_exit();
	sbuddy_region_exit();
}

module_init(sbuddy_init);
module_exit(sbuddy_exit);

MODULE_DESCRIPTION("A page allocator of its own that decides as Linux 6.12 does, or 6.1");
MODULE_AUTHOR("sbuddy developers");
MODULE_VERSION("0.1.0");
MODULE_LICENSE("GPL");
