// SPDX-License-Identifier: GPL-2.0
/*
 * Fuzz target: snapshots.  What is refused leaves nothing behind; what is
 * accepted comes out as it went in, and the machine can be used without
 * stepping out of bounds, however odd its numbers are.
 */
#include "sbuddy/engine.h"

#define MAX_PAGES	(256UL << 8)	/* 256 MiB */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct text {
	char buf[1 << 17];
	size_t len;
};

static void emit(void *arg, const char *s, size_t len)
{
	struct text *t = arg;

	if (t->len + len < sizeof(t->buf)) {
		memcpy(t->buf + t->len, s, len);
		t->len += len;
	}
}

/* Allocates and frees; where numbers contradict each other it may fail, not crash. */
static void use(struct sbuddy_machine *m)
{
	static const u32 gfp[] = { SBUDDY_GFP_ATOMIC, SBUDDY_GFP_HIGHUSER_MOVABLE,
				   SBUDDY_GFP_KERNEL | SBUDDY_GFP_RECLAIMABLE,
				   SBUDDY_GFP_MEMALLOC };
	struct sbuddy_page *page[64] = { NULL };
	struct sbuddy_task task = { .cpu = 0 };
	int nid = 0;

	while (nid < m->nr_nodes - 1 && !m->nodes[nid].online)
		nid++;
	for (int i = 0; i < 64; i++) {
		task.cpu = i % m->nr_vcpus;
		page[i] = sbuddy_alloc_pages(m, &task, gfp[i % 4], i % 11, nid);
		if (page[i] && i % 3)
			sbuddy_free_pages(m, &task, page[i], i % 11);
	}
	for (int cpu = 0; cpu < m->nr_vcpus; cpu++)
		sbuddy_refresh_cpu_vm_stats(m, &task, cpu);
	sbuddy_drain_all_pages(m, &task);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct text first, second;
	struct sbuddy_machine *m = NULL, *copy = NULL;
	char why[200];

	if (sbuddy_snapshot_import((const char *)data, size, &m, why, sizeof(why))) {
		if (m || os_allocated || !why[0])
			abort();
		return 0;
	}
	sbuddy_check(m, why, sizeof(why));
	first.len = 0;
	sbuddy_snapshot_export(m, emit, &first);
	if (first.len < sizeof(first.buf) / 2) {
		if (sbuddy_snapshot_import(first.buf, first.len, &copy, why, sizeof(why)))
			abort();
		second.len = 0;
		sbuddy_snapshot_export(copy, emit, &second);
		if (first.len != second.len || memcmp(first.buf, second.buf, first.len))
			abort();
		sbuddy_machine_destroy(copy);
	}
	if (m->nr_pages <= MAX_PAGES)
		use(m);
	sbuddy_machine_destroy(m);
	if (os_allocated)
		abort();
	return 0;
}
