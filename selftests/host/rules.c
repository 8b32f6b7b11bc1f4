// SPDX-License-Identifier: GPL-2.0
/*
 * Rule sets: their names and what is proven of them.  What they decide is tested
 * where the decisions are.
 */
#include "host_test.h"
#include "rules.h"

TEST(names)
{
	unsigned int set = 99;

	EXPECT_EQ(0, sbuddy_rules_parse("6.12", &set));
	EXPECT_EQ(SBUDDY_RULES_6_12, set);
	EXPECT_EQ(0, sbuddy_rules_parse("6.1\n", &set));
	EXPECT_EQ(SBUDDY_RULES_6_1, set);
	EXPECT_STREQ("6.12", sbuddy_rules_name(SBUDDY_RULES_6_12));
	EXPECT_STREQ("6.1", sbuddy_rules_name(SBUDDY_RULES_6_1));
	EXPECT_STREQ("unknown", sbuddy_rules_name(SBUDDY_NR_RULE_SETS));
}

TEST(bad_names)
{
	static const char * const bad[] = {
		"", "6", "6.", "6.2", "6.1x", "6.1\n\n", "6.121", " 6.1"
	};
	unsigned int set = 99;

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		EXPECT_EQ(-EINVAL, sbuddy_rules_parse(bad[i], &set));
	EXPECT_EQ(99, set);
}

/* A kernel is known by its upstream version; Debian tells it in the version string only. */
TEST(raced_kernels)
{
	static const char debian[] = "#1 SMP Debian 6.12.117-1~deb12u1 (2026-11-14)";

	EXPECT_TRUE(sbuddy_rules_raced(SBUDDY_RULES_6_12, "6.12.117+deb12-amd64", debian));
	EXPECT_TRUE(sbuddy_rules_raced(SBUDDY_RULES_6_12, "6.12.117-sbuddy-debug", "#1 SMP"));
	EXPECT_TRUE(sbuddy_rules_raced(SBUDDY_RULES_6_1, "6.1.0-56-amd64",
				       "#1 SMP Debian 6.1.192-2 (2026-11-16)"));
	EXPECT_FALSE(sbuddy_rules_raced(SBUDDY_RULES_6_1, "6.12.117+deb12-amd64", debian));
	EXPECT_FALSE(sbuddy_rules_raced(SBUDDY_RULES_6_12, "6.12.11", "#1 SMP"));
	EXPECT_FALSE(sbuddy_rules_raced(SBUDDY_RULES_6_12, "6.12.1170", "#1 SMP"));
	EXPECT_FALSE(sbuddy_rules_raced(SBUDDY_RULES_6_12, "6.12.118-amd64",
					"#1 SMP Debian 6.12.118-1 (2026-12-01)"));
	EXPECT_FALSE(sbuddy_rules_raced(SBUDDY_RULES_6_12, "6.12.117+deb12-amd64",
					"#1 SMP Debian 6.12.118-1 (2026-12-01)"));
	EXPECT_FALSE(sbuddy_rules_raced(SBUDDY_RULES_6_1, "6.1.0-99-amd64",
					"#1 SMP Debian 6.1.999-1 (2030-01-01)"));
}

TEST(no_such_rules)
{
	struct sbuddy_machine *m = NULL;
	struct sbuddy_config *cfg = calloc(1, sizeof(*cfg));
	const char *expected;

	sbuddy_config_init(cfg);
	EXPECT_EQ(SBUDDY_RULES_6_12, cfg->rules);
	ASSERT_EQ(0, sbuddy_layout_parse("N0:Normal=8M", 0, &cfg->layout, &expected));
	cfg->rules = SBUDDY_NR_RULE_SETS;
	EXPECT_EQ(-EINVAL, sbuddy_machine_create(cfg, &m));
	EXPECT_EQ(NULL, m);
	free(cfg);
}

TEST_HARNESS_MAIN
