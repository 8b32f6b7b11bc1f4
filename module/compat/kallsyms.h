/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Kernel symbols that are not exported, by name.  Every one is optional: a
 * kernel without it lacks a capability, and that is all.
 *
 * Call what was found through a static call, not through a pointer: at file
 * scope DEFINE_STATIC_CALL_NULL(name, type), then static_call_update(name,
 * (type *)address) and static_call(name)(...).  Without a target such a call
 * returns garbage, so remember whether there is one.
 *
 * The reason: kernels with CONFIG_X86_KERNEL_IBT overwrite the ENDBR of
 * functions whose address they never take, and an indirect call to such a
 * function is a fault.  Static calls are patched to direct calls, which
 * neither IBT nor kCFI looks at.  An address that is a few bytes inside the
 * function because kprobes stepped over the ENDBR is as good for them.
 */
#ifndef _SBUDDY_KALLSYMS_H
#define _SBUDDY_KALLSYMS_H

#include <linux/static_call.h>
#include <linux/types.h>

unsigned long sbuddy_kallsyms_lookup(const char *name);
unsigned long sbuddy_kallsyms_lookup_alloc(const char *name);

#endif /* _SBUDDY_KALLSYMS_H */
