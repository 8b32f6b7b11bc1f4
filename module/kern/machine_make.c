// SPDX-License-Identifier: GPL-2.0
/*
 * Making unbacked machines: from a layout, from a snapshot, from another machine.
 *
 * Each way is the same: what it will take is known and charged, then it is made,
 * with nothing locked, then it enters the table (machines.c).  A fork needs its
 * source to stand still while it is copied; memory for the copy is there by then.
 *
 * Owns no state.
 */
#include <linux/cpumask.h>
#include <linux/err.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "kern.h"
#include "machines.h"

/* A host under memory pressure kills; then nobody hears of ENOMEM. */
static int made(int err)
{
	return err == -ENOMEM && fatal_signal_pending(current) ? -EINTR : err;
}

static int fill_vcpus(const struct sbuddy_machine_spec *spec, struct sbuddy_config *cfg,
		      const char **expected)
{
	int i;

	*expected = "vcpus from 1 to 256, 0 for as many as CPUs are online";
	if (spec->vcpus > SBUDDY_MAX_VCPUS)
		return -EINVAL;
	cfg->nr_vcpus = spec->vcpus ?: min_t(u32, num_online_cpus(), SBUDDY_MAX_VCPUS);
	sbuddy_config_spread_vcpus(cfg);
	if (!spec->vcpu_nodes)
		return 0;
	*expected = "a node of the layout, with memory, for each vcpu";
	for (i = 0; i < cfg->nr_vcpus; i++) {
		if (spec->vcpu_nodes[i] >= cfg->layout.nr_nodes)
			return -EINVAL;
		cfg->vcpu_node[i] = spec->vcpu_nodes[i];
	}
	return 0;
}

static int fill_config(const struct sbuddy_machine_spec *spec, struct sbuddy_config *cfg,
		       const char **expected)
{
	int err;

	sbuddy_config_init(cfg);
	*expected = "a layout";
	if (!spec->layout || !*spec->layout)
		return -EINVAL;
	err = sbuddy_layout_parse(spec->layout, 0, &cfg->layout, expected);
	if (err)
		return err;
	*expected = "rules of a kernel series that has some here";
	if (spec->rules >= SBUDDY_NR_RULE_SETS)
		return -EINVAL;
	cfg->rules = spec->rules;
	cfg->thp = !spec->no_thp;
	*expected = "a first frame that is a multiple of 1024 and below 2^40";
	if (spec->base_pfn)
		cfg->base_pfn = spec->base_pfn;
	if (cfg->base_pfn % SBUDDY_MAX_ORDER_NR_PAGES || cfg->base_pfn >= SBUDDY_END_PFN)
		return -EINVAL;
	*expected = "a cache of at most 1 GiB a vcpu";
	if (spec->llc_kib > 1U << 20)
		return -EINVAL;
	cfg->llc_pages_per_cpu = sbuddy_llc_pages(spec->llc_kib);
	return fill_vcpus(spec, cfg, expected);
}

/* What went wrong beside the specification itself. */
static const char *why(int err)
{
	switch (err) {
	case -EDQUOT:
		return "less than machines_max_bytes for all unbacked machines";
	case -ENOSPC:
		return "fewer machines";
	default:
		return "more free memory on the host";
	}
}

static int make(const struct sbuddy_config *cfg, u32 *id)
{
	size_t bytes = sbuddy_config_metadata_bytes(cfg);
	struct sbuddy_machine *m;
	int err;

	err = sbuddy_machines_charge(bytes);
	if (err)
		return err;
	err = made(sbuddy_machine_create(cfg, &m));
	if (err) {
		sbuddy_machines_uncharge(bytes);
		return err;
	}
	return sbuddy_machines_add_charged(m, NULL, bytes, id);
}

/**
 * sbuddy_machines_create() - make an unbacked machine
 * @spec:     what it is made of
 * @id:	      out, its number
 * @expected: out on error, what was expected
 *
 * Context: May sleep, for seconds where the machine is large; a fatal signal
 *	    ends that.  Takes sbuddy_machines_lock for write at the end.
 * Return: 0; -EINVAL for a wrong specification; -EDQUOT beyond
 *	   machines_max_bytes; -ENOSPC if all numbers are taken; -ENOMEM; -EINTR.
 */
int sbuddy_machines_create(const struct sbuddy_machine_spec *spec, u32 *id, const char **expected)
{
	struct sbuddy_config *cfg = kzalloc(sizeof(*cfg), GFP_KERNEL);
	int err;

	*expected = why(-ENOMEM);
	if (!cfg)
		return -ENOMEM;
	err = fill_config(spec, cfg, expected);
	if (!err) {
		err = make(cfg, id);
		if (err)
			*expected = why(err);
	}
	kfree(cfg);
	return err;
}

/**
 * sbuddy_machines_import() - make an unbacked machine from a snapshot
 * @text:     the snapshot
 * @len:      its length, bytes
 * @id:	      out, its number
 * @err_text: out on error, what was expected
 * @err_size: bytes of @err_text
 *
 * Context: As sbuddy_machines_create().
 * Return: As sbuddy_machines_create(); -EINVAL for a wrong text.
 */
int sbuddy_machines_import(const char *text, size_t len, u32 *id, char *err_text,
			   size_t err_size)
{
	struct sbuddy_machine *m;
	size_t bytes;
	int err;

	err = sbuddy_snapshot_size(text, len, &bytes, err_text, err_size);
	if (err)
		return err;
	err = sbuddy_machines_charge(bytes);
	if (err)
		goto out;
	err = made(sbuddy_snapshot_import(text, len, &m, err_text, err_size));
	if (err) {
		sbuddy_machines_uncharge(bytes);
		goto out;
	}
	err = sbuddy_machines_add_charged(m, NULL, bytes, id);
out:
	if (err && err != -EINVAL)
		strscpy(err_text, why(err), err_size);
	return err;
}

/* The slots of @c, if there is a client, for the copy. */
static int fork_slots(struct sbuddy_client *c, const struct sbuddy_machine *src,
		      struct sbuddy_machine *dst, struct sbuddy_owner **spare)
{
	int err = 0;

	*spare = NULL;
	if (!c)
		return 0;
	mutex_lock(&c->lock);
	if (c->machine != src) {
		err = -EINVAL;
	} else {
		*spare = sbuddy_owner_fork(c->owner, dst, c->id);
		if (!*spare)
			err = -ENOMEM;
	}
	mutex_unlock(&c->lock);
	return err;
}

/* Nobody uses a machine meanwhile. */
static int copy_state(struct sbuddy_client *c, const struct sbuddy_machine *src,
		      struct sbuddy_machine *dst, struct sbuddy_owner **spare)
{
	int err;

	if (down_write_killable(&sbuddy_machines_lock))
		return -EINTR;
	err = sbuddy_fork_copy(src, dst);
	if (!err)
		err = fork_slots(c, src, dst, spare);
	up_write(&sbuddy_machines_lock);
	return err;
}

static int fork_pinned(const struct sbuddy_machine *src, struct sbuddy_client *c, u32 *id)
{
	size_t bytes = sbuddy_machine_metadata_bytes(src);
	struct sbuddy_machine *dst;
	struct sbuddy_owner *spare;
	int err;

	err = sbuddy_machines_charge(bytes);
	if (err)
		return err;
	dst = sbuddy_fork_prepare(src);
	err = dst ? copy_state(c, src, dst, &spare) : made(-ENOMEM);
	if (!err)
		return sbuddy_machines_add_charged(dst, spare, bytes, id);
	sbuddy_machine_destroy(dst);
	sbuddy_machines_uncharge(bytes);
	return err;
}

/**
 * sbuddy_machines_fork() - make an exact copy of a machine
 * @source: number of the machine
 * @c:	    client whose slots the copy gets as well, for the first who asks for
 *	    them; it works on @source; or NULL
 * @id:	    out, number of the copy
 *
 * Context: May sleep.  Takes sbuddy_machines_lock for write, for the time that
 *	    the copying takes: of the order of 20 us for each MiB of used order-0
 *	    pages, less for larger blocks; a fatal signal ends that.
 * Return: 0; -ENOENT if there is no such machine; -EINVAL if @c does not work on
 *	   it; -EDQUOT beyond machines_max_bytes; -ENOSPC if all numbers are
 *	   taken; -EUCLEAN if its lists are damaged; -ENOMEM; -EINTR.
 */
int sbuddy_machines_fork(u32 source, struct sbuddy_client *c, u32 *id)
{
	struct sbuddy_machine *src = sbuddy_machine_pin(source);
	int err;

	if (IS_ERR(src))
		return PTR_ERR(src);
	err = fork_pinned(src, c, id);
	sbuddy_machine_unpin(src);
	return err;
}
