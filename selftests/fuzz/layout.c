// SPDX-License-Identifier: GPL-2.0
/*
 * Fuzz target: layout strings.  What is accepted leads back to itself, and
 * makes a sound machine if it is not too large to try.
 */
#include "sbuddy/engine.h"

#define MAX_PAGES	(64UL << 8)	/* 64 MiB */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void try_machine(const struct sbuddy_layout *l)
{
	struct sbuddy_config *cfg = calloc(1, sizeof(*cfg));
	struct sbuddy_machine *m = NULL;
	char why[200];

	sbuddy_config_init(cfg);
	cfg->layout = *l;
	while (cfg->vcpu_node[0] + 1 < l->nr_nodes && l->extent[0].node != cfg->vcpu_node[0])
		cfg->vcpu_node[0]++;
	if (sbuddy_machine_create(cfg, &m) || sbuddy_check(m, why, sizeof(why)))
		abort();
	sbuddy_machine_destroy(m);
	if (os_allocated)
		abort();
	free(cfg);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct sbuddy_layout l, again;
	const char *expected = NULL;
	char text[4096], out[8192];

	if (size >= sizeof(text))
		return 0;
	memcpy(text, data, size);
	text[size] = 0;
	if (sbuddy_layout_parse(text, 512 * (size + 1), &l, &expected)) {
		if (!expected)
			abort();
		return 0;
	}
	sbuddy_layout_format(&l, out, sizeof(out));
	if (sbuddy_layout_parse(out, 0, &again, &expected))
		abort();
	again.distances = l.distances;	/* the text says them all, whoever gave them */
	if (memcmp(&l, &again, sizeof(l)))
		abort();
	if (l.nr_pages <= MAX_PAGES)
		try_machine(&l);
	return 0;
}
