// SPDX-License-Identifier: GPL-2.0
/*
 * Address of a kernel symbol by its name.
 *
 * kallsyms_lookup_name() lost its export in 5.7 (0bd476e6c671).  Registering a
 * kprobe on it makes the kernel say where it is.  The probe is a disabled one
 * and goes at once: no code is patched for it.
 *
 * State: the address, found on first use, and the call patched with it, under
 * lookup_lock.  See kallsyms.h for why the call is a static call.
 */
#include <linux/kernel.h>
#include <linux/kprobes.h>
#include <linux/mutex.h>
#include <linux/string.h>

#include "kallsyms.h"

typedef unsigned long kallsyms_lookup_fn(const char *name);

DEFINE_STATIC_CALL_NULL(sbuddy_kallsyms_call, kallsyms_lookup_fn);

static DEFINE_MUTEX(lookup_lock);
static bool lookup_tried;
static bool lookup_found;

#ifdef CONFIG_KPROBES
static unsigned long find_lookup_function(void)
{
	struct kprobe kp = {
		.symbol_name = "kallsyms_lookup_name",
		.flags = KPROBE_FLAG_DISABLED,
	};
	unsigned long addr;

	if (register_kprobe(&kp))
		return 0;
	addr = (unsigned long)kp.addr;
	unregister_kprobe(&kp);
	return addr;
}
#else
static unsigned long find_lookup_function(void)
{
	return 0;
}
#endif

static bool lookup_ready(void)
{
	unsigned long addr;

	if (lookup_tried)
		return lookup_found;
	lookup_tried = true;
	addr = find_lookup_function();
	if (addr) {
		static_call_update(sbuddy_kallsyms_call, (kallsyms_lookup_fn *)addr);
		lookup_found = true;
	}
	return lookup_found;
}

/**
 * sbuddy_kallsyms_lookup() - address of a symbol
 * @name: the symbol
 *
 * Context: May sleep.
 * Return: the address; 0 if the kernel has no such symbol or does not tell.
 */
unsigned long sbuddy_kallsyms_lookup(const char *name)
{
	unsigned long addr = 0;

	mutex_lock(&lookup_lock);
	if (lookup_ready())
		addr = static_call(sbuddy_kallsyms_call)(name);
	mutex_unlock(&lookup_lock);
	return addr;
}

/**
 * sbuddy_kallsyms_lookup_alloc() - address of an allocation function
 * @name: its name before 6.10
 *
 * 6.10 b951aaff5035 "mm: enable page allocation tagging" gave the functions
 * behind the allocation macros names that end in _noprof.
 *
 * Context: May sleep.
 * Return: as sbuddy_kallsyms_lookup().
 */
unsigned long sbuddy_kallsyms_lookup_alloc(const char *name)
{
	char noprof[64];
	unsigned long addr;

	snprintf(noprof, sizeof(noprof), "%s_noprof", name);
	addr = sbuddy_kallsyms_lookup(noprof);
	return addr ? addr : sbuddy_kallsyms_lookup(name);
}
