// SPDX-License-Identifier: GPL-2.0
/*
 * The host's last-level cache, which the kernel weighs when it decides whether
 * a pcp list keeps a batch.  get_cpu_cacheinfo() is not exported, so it is
 * looked up; a kernel or machine that does not say has none.  Owns no state
 * but the patched call, set once while the module loads.
 */
#include <linux/cacheinfo.h>
#include <linux/cpu.h>
#include <linux/cpumask.h>

#include "compat.h"
#include "kallsyms.h"

typedef struct cpu_cacheinfo *get_cpu_cacheinfo_fn(unsigned int cpu);

DEFINE_STATIC_CALL_NULL(sbuddy_cacheinfo_call, get_cpu_cacheinfo_fn);

/* A CPU's share of its last data cache, bytes. */
static unsigned long llc_share(const struct cpu_cacheinfo *ci)
{
	const struct cacheinfo *leaf, *llc = NULL;
	unsigned int i, cpus;

	if (!ci || !ci->info_list)
		return 0;
	for (i = 0; i < ci->num_leaves; i++) {
		leaf = &ci->info_list[i];
		if (leaf->type != CACHE_TYPE_DATA && leaf->type != CACHE_TYPE_UNIFIED)
			continue;
		if (!llc || leaf->level > llc->level)
			llc = leaf;
	}
	if (!llc)
		return 0;
	cpus = cpumask_weight(&llc->shared_cpu_map);
	return llc->size / max(cpus, 1U);
}

/**
 * sbuddy_host_llc_kib() - last-level cache of the host, a CPU's share
 *
 * Context: May sleep.
 * Return: KiB; 0 if unknown.
 */
long sbuddy_host_llc_kib(void)
{
	unsigned long addr = sbuddy_kallsyms_lookup("get_cpu_cacheinfo");
	unsigned long bytes;

	if (!addr)
		return 0;
	static_call_update(sbuddy_cacheinfo_call, (get_cpu_cacheinfo_fn *)addr);
	cpus_read_lock();
	bytes = llc_share(static_call(sbuddy_cacheinfo_call)(cpumask_first(cpu_online_mask)));
	cpus_read_unlock();
	return bytes / 1024;
}
