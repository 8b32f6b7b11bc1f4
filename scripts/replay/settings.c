// SPDX-License-Identifier: GPL-2.0
/*
 * Settings of a shadow, as text: "NAME=VALUE ...", names as the module's
 * parameters and the files of debugfs vm/ have them.  Of a name given twice
 * the last counts.
 */
#include "native.h"

/* In the order of settings::knobs. */
static const struct {
	const char *name;
	long least, most;
} knobs[] = {
	{ "min_free_kbytes", 0, INT32_MAX },
	{ "watermark_scale_factor", 1, 3000 },
	{ "watermark_boost_factor", 0, INT32_MAX },
	{ "percpu_pagelist_high_fraction", 0, INT32_MAX },
	{ "shortcut", 0, 1 },
};

/* For a usage message. */
const char *settings_names(void)
{
	static char text[256];
	size_t n = scnprintf(text, sizeof(text), "layout size vcpus base_pfn thp llc compat");

	for (size_t i = 0; i < ARRAY_SIZE(knobs); i++)
		n += scnprintf(text + n, sizeof(text) - n, " %s", knobs[i].name);
	return text;
}

static bool number(const char *text, int64_t least, int64_t most, int64_t *value)
{
	char *end;

	errno = 0;
	*value = strtoll(text, &end, 0);
	return !errno && end != text && !*end && *value >= least && *value <= most;
}

static bool bytes(const char *text, uint64_t *pages)
{
	static const char units[] = "KMG";
	char *end;
	uint64_t n;
	const char *unit;

	errno = 0;
	n = strtoull(text, &end, 0);
	unit = *end ? strchr(units, *end) : NULL;
	if (errno || end == text || (*end && (!unit || end[1])) || n > 1ULL << 40)
		return false;
	if (unit)
		n <<= 10 * (unit - units + 1);
	*pages = n >> SBUDDY_PAGE_SHIFT;
	return *pages && *pages <= SBUDDY_MAX_PAGES && !(*pages % SBUDDY_MAX_ORDER_NR_PAGES);
}

static const char *set_knob(struct settings *s, const char *name, const char *value)
{
	int64_t n;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(knobs); i++) {
		if (strcmp(name, knobs[i].name))
			continue;
		if (!number(value, knobs[i].least, knobs[i].most, &n))
			return "a number as the file of that name in vm/ takes it";
		s->knobs[i] = n;
		return NULL;
	}
	return "a name of a setting";
}

static const char *set_rest(struct settings *s, const char *name, const char *value)
{
	unsigned int rules;

	if (strcmp(name, "compat"))
		return set_knob(s, name, value);
	if (sbuddy_rules_parse(value, &rules))
		return "6.12 or 6.1";
	s->config.rules = rules;
	return NULL;
}

/* Returns what was expected, NULL if all is well. */
static const char *set(struct settings *s, const char *name, const char *value,
		       const char **layout)
{
	struct sbuddy_config *c = &s->config;
	int64_t n;

	if (!strcmp(name, "layout")) {
		*layout = value;
		return NULL;
	}
	if (!strcmp(name, "size"))
		return bytes(value, &s->size) ? NULL : "bytes, a multiple of 4M, suffix K, M or G";
	if (!strcmp(name, "vcpus")) {
		if (!number(value, 1, SBUDDY_MAX_VCPUS, &n))
			return "1 to 256";
		c->nr_vcpus = n;
	} else if (!strcmp(name, "base_pfn")) {
		if (!number(value, 1024, 1LL << 40, &n) || n % SBUDDY_MAX_ORDER_NR_PAGES)
			return "a multiple of 1024";
		c->base_pfn = n;
	} else if (!strcmp(name, "thp")) {
		if (!number(value, 0, 1, &n))
			return "0 or 1";
		c->thp = n;
	} else if (!strcmp(name, "llc")) {
		if (!number(value, 1, INT32_MAX, &n))
			return "KiB of last-level cache of a vcpu";
		c->llc_pages_per_cpu = n >> (SBUDDY_PAGE_SHIFT - 10);
	} else {
		return set_rest(s, name, value);
	}
	return NULL;
}

/* vcpus go round over the nodes with memory. */
static void place_vcpus(struct sbuddy_config *c)
{
	int nodes[SBUDDY_MAX_NODES], nr = 0;

	for (int node = 0; node < SBUDDY_MAX_NODES; node++)
		for (int i = 0; i < c->layout.nr_extents; i++)
			if (c->layout.extent[i].node == node && c->layout.extent[i].zone >= 0) {
				nodes[nr++] = node;
				break;
			}
	for (int cpu = 0; nr && cpu < c->nr_vcpus; cpu++)
		c->vcpu_node[cpu] = nodes[cpu % nr];
}

/*
 * Reads settings; what they do not say is as in the recording: @nr_cpus vcpus,
 * @default_pages of memory.  Returns 0, or -EINVAL with a line in @error.
 */
int settings_parse(struct settings *s, const char *text, unsigned int nr_cpus,
		   uint64_t default_pages, char *error, size_t error_size)
{
	const char *layout = NULL, *expected;
	char *word, *value, *save;
	static char copy[SETTINGS_MAX];

	memset(s, 0, sizeof(*s));
	sbuddy_config_init(&s->config);
	memset(s->knobs, 0xff, sizeof(s->knobs));
	s->config.nr_vcpus = nr_cpus < SBUDDY_MAX_VCPUS ? nr_cpus : SBUDDY_MAX_VCPUS;
	s->size = default_pages;
	scnprintf(s->text, sizeof(s->text), "%s", text);
	scnprintf(copy, sizeof(copy), "%s", text);
	for (word = strtok_r(copy, " \t\n", &save); word; word = strtok_r(NULL, " \t\n", &save)) {
		value = strchr(word, '=');
		if (value)
			*value++ = '\0';
		expected = value ? set(s, word, value, &layout) : "NAME=VALUE";
		if (!expected)
			continue;
		snprintf(error, error_size, "%s: expected %s", word, expected);
		return -EINVAL;
	}
	if (sbuddy_layout_parse(layout, s->size, &s->config.layout, &expected)) {
		snprintf(error, error_size, "layout: expected %s", expected);
		return -EINVAL;
	}
	place_vcpus(&s->config);
	return 0;
}

static int apply_knobs(struct sbuddy_machine *m, const long *v)
{
	int err = 0;

	if (v[0] >= 0)
		err = sbuddy_set_min_free_kbytes(m, v[0]);
	if (!err && v[1] >= 0)
		err = sbuddy_set_watermark_scale_factor(m, v[1]);
	if (!err && v[2] >= 0)
		err = sbuddy_set_watermark_boost_factor(m, v[2]);
	if (!err && v[3] >= 0)
		err = sbuddy_set_percpu_pagelist_high_fraction(m, v[3]);
	if (!err && v[4] >= 0)
		err = sbuddy_set_shortcut(m, v[4]);
	return err;
}

/*
 * Makes the machine, and an owner on it.  Returns 0; -EINVAL for a layout or a
 * value that the engine refuses; -ENOMEM; with a line in @error.
 */
int native_create(struct native *n, const struct settings *s, char *error, size_t error_size)
{
	int err;

	memset(n, 0, sizeof(*n));
	err = sbuddy_machine_create(&s->config, &n->m);
	if (!err) {
		err = apply_knobs(n->m, s->knobs);
		n->o = sbuddy_owner_create(n->m, 1);
	}
	if (!err && !n->o)
		err = -ENOMEM;
	if (err) {
		snprintf(error, error_size, "no machine from '%s': %s", s->text, strerror(-err));
		native_destroy(n);
	}
	return err;
}

/* Also of one that could not be created. */
void native_destroy(struct native *n)
{
	struct sbuddy_task task = { 0 };

	if (n->o)
		sbuddy_owner_destroy(n->o, &task);
	if (n->m)
		sbuddy_machine_destroy(n->m);
	free(n->samples);
	memset(n, 0, sizeof(*n));
}
