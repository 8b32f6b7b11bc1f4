// SPDX-License-Identifier: GPL-2.0
/*
 * The tables of rules, and how far each is proven.
 *
 * A table is *raced* when the machine and the living kernel of that series took
 * every decision alike over millions of operations.  On any other kernel the
 * rules may be right; nobody knows, and the module says so.
 */
#include "os.h"
#include "rules.h"

const struct sbuddy_rules sbuddy_rules_6_12 = {
	.name = "6.12",
	.rmqueue = sbuddy___rmqueue,
	.rmqueue_bulk = sbuddy_rmqueue_bulk,
	.nr_pcp_alloc = sbuddy_nr_pcp_alloc,
	.free_pcppages_bulk = sbuddy_free_pcppages_bulk,
	.free_folios = sbuddy_folios_put_refs,
	.highatomic_limit = sbuddy_highatomic_limit,
	.reserve_highatomic = sbuddy_reserve_block,
	.unreserve_highatomic = sbuddy_unreserve_block,
	.lists_follow_blocks = true,
	.counts_highatomic = true,
	.pcp_tunes = true,
	.watches_high = true,
	.movable_token_min = true,
	.ranges = true,
	.weighted_interleave = true,
	.huge_by_home = true,
};

const struct sbuddy_rules sbuddy_rules_6_1 = {
	.name = "6.1",
	.rmqueue = sbuddy___rmqueue_61,
	.rmqueue_bulk = sbuddy_rmqueue_bulk_61,
	.nr_pcp_alloc = sbuddy_nr_pcp_alloc_61,
	.pcp_freed = sbuddy_pcp_freed_61,
	.free_pcppages_bulk = sbuddy_free_pcppages_bulk_61,
	.free_folios = sbuddy_release_pages_61,
	.highatomic_limit = sbuddy_highatomic_limit_61,
	.reserve_highatomic = sbuddy_reserve_block_61,
	.unreserve_highatomic = sbuddy_unreserve_block_61,
	.boost_wakes_all = true,
	.boost_by_gfp = true,
};

static const struct sbuddy_rules * const sbuddy_rule_sets[SBUDDY_NR_RULE_SETS] = {
	[SBUDDY_RULES_6_12] = &sbuddy_rules_6_12,
	[SBUDDY_RULES_6_1] = &sbuddy_rules_6_1,
};

/* The table for enum sbuddy_rule_set @set, NULL if there is none. */
const struct sbuddy_rules *sbuddy_rules_get(unsigned int set)
{
	return set < SBUDDY_NR_RULE_SETS ? sbuddy_rule_sets[set] : NULL;
}

/**
 * sbuddy_rules_name() - series whose rules a set holds
 * @set: enum sbuddy_rule_set
 *
 * Context: Any.
 * Return: Constant string such as "6.12"; "unknown" for what is no rule set.
 */
const char *sbuddy_rules_name(unsigned int set)
{
	return set < SBUDDY_NR_RULE_SETS ? sbuddy_rule_sets[set]->name : "unknown";
}

/**
 * sbuddy_rules_parse() - rule set by name
 * @text: a series, such as "6.1"; a newline at the end is allowed
 * @set: out, enum sbuddy_rule_set; unchanged on error
 *
 * Context: Any.
 * Return: 0, or -EINVAL for a series that has no rules here.
 */
int sbuddy_rules_parse(const char *text, unsigned int *set)
{
	for (unsigned int i = 0; i < SBUDDY_NR_RULE_SETS; i++) {
		size_t n = strlen(sbuddy_rule_sets[i]->name);

		if (strncmp(text, sbuddy_rule_sets[i]->name, n))
			continue;
		if (!text[n] || (text[n] == '\n' && !text[n + 1])) {
			*set = i;
			return 0;
		}
	}
	return -EINVAL;
}

/* Kernels raced, by upstream version. */
static const struct {
	const char *kernel;
	unsigned int set;
} sbuddy_raced[] = {
	{ "6.12.117", SBUDDY_RULES_6_12 },
	{ "6.1.192", SBUDDY_RULES_6_1 },
};

static bool sbuddy_starts_with_version(const char *text, const char *kernel)
{
	size_t n = strlen(kernel);

	return !strncmp(text, kernel, n) && !(text[n] >= '0' && text[n] <= '9');
}

/* Debian keeps one release name over several point releases and tells which in the version. */
static bool sbuddy_is_kernel(const char *release, const char *version, const char *kernel)
{
	static const char debian[] = "Debian ";
	const char *p = strstr(version, debian);

	if (p)
		return sbuddy_starts_with_version(p + sizeof(debian) - 1, kernel);
	return sbuddy_starts_with_version(release, kernel);
}

/**
 * sbuddy_rules_raced() - is a rule set proven on a kernel
 * @set: enum sbuddy_rule_set that a machine obeys
 * @release: of the kernel, as uname -r
 * @version: of the kernel, as uname -v
 *
 * Context: Any.
 * Return: True if the set was raced against this very version without a
 * difference; false if nobody knows.
 */
bool sbuddy_rules_raced(unsigned int set, const char *release, const char *version)
{
	for (size_t i = 0; i < ARRAY_SIZE(sbuddy_raced); i++)
		if (sbuddy_raced[i].set == set &&
		    sbuddy_is_kernel(release, version, sbuddy_raced[i].kernel))
			return true;
	return false;
}
