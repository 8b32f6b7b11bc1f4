// SPDX-License-Identifier: GPL-2.0
/*
 * Fuzz target: gfp flags as text.  What is accepted comes back unchanged from
 * its own text.
 */
#include "sbuddy/engine.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char text[512], out[1024];
	const char *expected = NULL;
	u32 gfp = 0, again = 0;

	if (size >= sizeof(text))
		return 0;
	memcpy(text, data, size);
	text[size] = 0;
	if (sbuddy_gfp_parse(text, &gfp, &expected)) {
		if (!expected)
			abort();
		return 0;
	}
	if (gfp & ~SBUDDY_GFP_ALL)
		abort();
	sbuddy_gfp_format(gfp, out, sizeof(out));
	if (sbuddy_gfp_parse(out, &again, &expected) || again != gfp)
		abort();
	sbuddy_gfp_format(gfp, out, size % 40);
	return 0;
}
