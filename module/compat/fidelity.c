// SPDX-License-Identifier: GPL-2.0
/*
 * Which kernel this is, and what that means for a rule set: the module decides
 * as a kernel series decides, and here is asked whether that was ever compared
 * with the kernel that runs.  Owns no state.
 */
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/string.h>
#include <linux/utsname.h>

#include "compat.h"
#include "sbuddy/engine.h"

/**
 * sbuddy_host_rules() - the rule set of this kernel's series
 *
 * Series are told by their number: this is no question of what an API looks
 * like but of whose decisions were read and raced.
 *
 * Context: Any.
 * Return: enum sbuddy_rule_set; -EOPNOTSUPP for a series without one.
 */
int sbuddy_host_rules(void)
{
	const char *release = init_utsname()->release;
	unsigned int set;

	for (set = 0; set < SBUDDY_NR_RULE_SETS; set++) {
		size_t n = strlen(sbuddy_rules_name(set));

		if (!strncmp(release, sbuddy_rules_name(set), n) && release[n] == '.')
			return set;
	}
	return -EOPNOTSUPP;
}

/**
 * sbuddy_verified_here() - was a rule set raced against this very kernel
 * @set: enum sbuddy_rule_set
 *
 * Context: Any.
 * Return: True if it was, without a difference.
 */
bool sbuddy_verified_here(unsigned int set)
{
	return sbuddy_rules_raced(set, init_utsname()->release, init_utsname()->version);
}

/**
 * sbuddy_host_verified() - do clones of this kernel decide by proven rules
 *
 * Context: Any.
 * Return: True if its series has rules that were raced against this version.
 */
bool sbuddy_host_verified(void)
{
	int set = sbuddy_host_rules();

	return set >= 0 && sbuddy_verified_here(set);
}

/**
 * sbuddy_fidelity_text() - what is known of a rule set on this kernel, for people
 * @set: enum sbuddy_rule_set
 *
 * Context: Any.
 * Return: Constant string.
 */
const char *sbuddy_fidelity_text(unsigned int set)
{
	return sbuddy_verified_here(set) ? "raced against this kernel" :
					   "fidelity unverified for this kernel";
}
