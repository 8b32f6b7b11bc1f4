// SPDX-License-Identifier: GPL-2.0
/*
 * Fuzz target: streams of operations on a small machine, beside the model.
 * Byte 0 chooses the machine, then eight bytes an operation.
 */
#include "sbuddy/engine.h"
#include "model.h"

#define BYTES_PER_OP	8
#define MAX_OPS		400

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct {
	const char *layout;
	int vcpus;
	u8 node[2];
} machines[] = {
	{ "N0:Normal=12M", 1, { 0 } },
	{ "N0:DMA32=4M,hole=2M,Normal=8M,Movable=4M", 2, { 0, 0 } },
	{ "N0:Normal=6M;N1:DMA32=4M,Normal=6M", 2, { 0, 1 } },
	{ "N0:DMA32=8M", 1, { 0 } },
	{ "N0:DMA32=4M,Normal=4M;N1:Normal=6M;N3:Movable=4M", 2, { 0, 1 } },
};

/* Numbers 1 to 8 of both sides; those with nodes that a machine lacks are not set. */
static const struct {
	int mode;
	u64 nodes;
	int home;
} policies[] = {
	{ SBUDDY_MPOL_INTERLEAVE, 3, -1 }, { SBUDDY_MPOL_INTERLEAVE, 11, -1 },
	{ SBUDDY_MPOL_WEIGHTED_INTERLEAVE, 3, -1 }, { SBUDDY_MPOL_WEIGHTED_INTERLEAVE, 10, -1 },
	{ SBUDDY_MPOL_BIND, 2, 0 }, { SBUDDY_MPOL_BIND, 8, -1 },
	{ SBUDDY_MPOL_PREFERRED_MANY, 10, 1 }, { SBUDDY_MPOL_PREFERRED, 2, -1 },
};

static const u32 gfps[] = {
	SBUDDY_GFP_KERNEL, SBUDDY_GFP_ATOMIC, SBUDDY_GFP_HIGHUSER_MOVABLE, SBUDDY_GFP_NOWAIT,
	SBUDDY_GFP_KERNEL | SBUDDY_GFP_RECLAIMABLE, SBUDDY_GFP_NOMEMALLOC, SBUDDY_GFP_MEMALLOC,
	SBUDDY_GFP_HIGH | SBUDDY_GFP_NOMEMALLOC, SBUDDY_GFP_NOWAIT | SBUDDY_GFP_MOVABLE, 0,
	SBUDDY_GFP_DMA32, SBUDDY_GFP_ATOMIC | SBUDDY_GFP_THISNODE, SBUDDY_GFP_TRANSHUGE_LIGHT,
	SBUDDY_GFP_NOIO, SBUDDY_GFP_KERNEL_ACCOUNT, SBUDDY_GFP_ALL,
};

/* Frames in eighths of a pageblock; the machine begins at the default frame. */
static struct sbuddy_op decode_range(struct sbuddy_op op, const uint8_t *d)
{
	bool contig = op.opcode >= SBUDDY_OP_CONTIG_ALLOC;

	op.pfn = (1UL << 20) + (d[1] & 0x80 ? d[4] * 16 : d[4] * 64);
	if (op.opcode == SBUDDY_OP_CONTIG_ALLOC && d[4] == 255)
		op.pfn = SBUDDY_NO_PFN;
	op.count = 1 + (d[5] & 15) * (d[5] & 0x80 ? 256 : 1 + (d[5] >> 4));
	op.order = contig ? 0 : d[1] % 4;
	op.gfp = 0;
	if (op.opcode == SBUDDY_OP_CONTIG_ALLOC)
		op.gfp = gfps[d[6] % 16] | (d[6] & 0x80 ? SBUDDY_GFP_COMP : 0);
	if (!contig)
		op.slot = 0;
	op.flags = op.opcode == SBUDDY_OP_ISOLATE ? d[7] % 8 : d[7] == 255;
	return op;
}

static struct sbuddy_op decode(const uint8_t *d)
{
	struct sbuddy_op op = { .opcode = d[0] % (SBUDDY_NR_OPS + 1) };

	if (op.opcode >= SBUDDY_OP_LRU && op.opcode <= SBUDDY_OP_SCOPE)	/* not the model's */
		op.opcode = SBUDDY_OP_NONE;

	op.order = d[1] % 12;
	op.cpu = (int)(d[2] % 4) - 1;
	op.nid = (int)(d[2] / 4 % 4) - 1;
	op.slot = d[3] | (d[2] & 0x80) << 1;
	op.count = d[4] | (d[5] & 3) << 8;
	op.gfp = gfps[d[6] % 16] | (d[6] & 0x80 ? SBUDDY_GFP_COMP : 0);
	op.flags = d[7] == 255 ? d[6] : 0;
	if (op.opcode >= SBUDDY_OP_ISOLATE)
		return decode_range(op, d);
	if (op.opcode == SBUDDY_OP_FREE || op.opcode == SBUDDY_OP_GET ||
	    op.opcode == SBUDDY_OP_SPLIT || op.opcode >= SBUDDY_OP_DRAIN)
		op.count = d[7] == 254;
	if (op.opcode != SBUDDY_OP_ALLOC && op.opcode != SBUDDY_OP_BULK &&
	    op.opcode != SBUDDY_OP_ALLOC_EXACT)
		op.gfp = d[7] == 253;
	if (op.opcode == SBUDDY_OP_ALLOC || op.opcode == SBUDDY_OP_BULK ||
	    op.opcode == SBUDDY_OP_ALLOC_EXACT)
		op.flags |= d[7] < 128 ? d[7] % 32 % 9 : 0;
	if (op.opcode == SBUDDY_OP_ALLOC && d[7] & 0x40)
		op.flags |= SBUDDY_OP_INDEX;
	if (op.opcode == SBUDDY_OP_ALLOC)
		op.count = op.flags & SBUDDY_OP_INDEX ? d[4] : 0;
	else if (op.opcode != SBUDDY_OP_FREE)
		op.order = d[7] == 252;
	if (op.opcode >= SBUDDY_OP_DRAIN)
		op.slot = 0;
	return op;
}

/* What of the model's text has not come yet. */
struct expected_text {
	const char *rest;
	bool in_zones;		/* the lines of the machine, which come first, are over */
};

static void emit(void *arg, const char *s, size_t len)
{
	struct expected_text *e = arg;

	e->in_zones |= !strncmp(s, "node nid=", 9);
	if (!e->in_zones)
		return;
	if (strncmp(e->rest, s, len))
		abort();
	e->rest += len;
}

static void check_both(struct sbuddy_machine *m, struct sbuddy_owner *o, struct model *model)
{
	char why[200], *text = model_export(model);
	struct expected_text e = { .rest = text };

	if (sbuddy_check(m, why, sizeof(why)) || sbuddy_owner_check(o, why, sizeof(why))) {
		fprintf(stderr, "%s\n", why);
		abort();
	}
	sbuddy_snapshot_export(m, emit, &e);
	if (*e.rest)
		abort();
	free(text);
}

static void run_both(struct sbuddy_owner *o, struct model *model, const uint8_t *d)
{
	struct sbuddy_op a = decode(d), b = a;

	sbuddy_run_op(o, &a, 0);
	model_run(model, &b);
	if (a.err != b.err || a.pfn != b.pfn || a.zone != b.zone || a.count != b.count ||
	    a.slot != b.slot || a.order != b.order)
		abort();
}

static void set_policies(struct sbuddy_owner *o, struct sbuddy_machine *m, struct model *model)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(policies); i++) {
		struct sbuddy_mempolicy pol;
		int err = sbuddy_mpol_new(m, policies[i].mode, policies[i].nodes,
					  policies[i].home, &pol);

		if (!err)
			err = sbuddy_owner_set_policy(o, i + 1, &pol);
		if (err != model_set_policy(model, i + 1, policies[i].mode, policies[i].nodes,
					    policies[i].home))
			abort();
	}
	for (int nid = 0; nid < 4; nid++)
		if (sbuddy_set_il_weight(m, nid, nid * 3) != model_set_weight(model, nid, nid * 3))
			abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct sbuddy_config cfg;
	struct sbuddy_machine *m = NULL;
	struct sbuddy_task task = { 0 };
	struct sbuddy_owner *o;
	struct model *model;
	const char *expected;
	unsigned int which;
	char why[200];

	if (!size || size > 1 + MAX_OPS * BYTES_PER_OP)
		return 0;
	which = data[0] % ARRAY_SIZE(machines);
	sbuddy_config_init(&cfg);
	cfg.nr_vcpus = machines[which].vcpus;
	memcpy(cfg.vcpu_node, machines[which].node, 2);
	cfg.thp = data[0] & 0x80;
	if (sbuddy_layout_parse(machines[which].layout, 0, &cfg.layout, &expected) ||
	    sbuddy_machine_create(&cfg, &m))
		abort();
	o = sbuddy_owner_create(m, 3);
	model = model_boot(&cfg);
	set_policies(o, m, model);
	for (size_t i = 1; i + BYTES_PER_OP <= size; i += BYTES_PER_OP)
		run_both(o, model, data + i);
	check_both(m, o, model);
	sbuddy_owner_destroy(o, &task);
	if (sbuddy_check(m, why, sizeof(why)))
		abort();
	sbuddy_machine_destroy(m);
	model_free(model);
	if (os_allocated)
		abort();
	return 0;
}
