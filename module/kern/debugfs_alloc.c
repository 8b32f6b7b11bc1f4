// SPDX-License-Identifier: GPL-2.0
/*
 * alloc and free: allocate by hand, as the built-in owner.
 *
 * alloc  "order=3 gfp=GFP_KERNEL count=16 [cpu=0] [nid=0] [policy=interleave:0,1]
 *        [index=0]": count blocks into free slots of the built-in owner.  With a
 *        policy, see mempolicy_text.c, they go where it leads, by the rotor of the
 *        owner; with an index as pages of a mapping, the first at that index, the
 *        others behind it.  Left out: order=0 gfp=GFP_KERNEL count=1, the
 *        vcpu of the writer, that vcpu's node.  Blocks are allocated one by one.
 *        When one cannot be had the write fails with that request's errno, and
 *        the blocks got so far are *kept*: so "fill it until it is full" is one
 *        write, and nothing that the machine did is undone behind the reader's
 *        back.  Reading shows the slots and frames of the last write.
 * free   "slot=7", "slot=7-12" (what is held of these; nothing held is an error),
 *        "pfn=0x12345" (first frame of a block), "all"
 *
 * State: each machine's sbuddy_builtin::last_alloc, guarded by result_lock, which
 * nests inside everything else.  Slots are guarded by the client's lock, which is let go
 * between two blocks.
 */
#include <linux/sched/signal.h>
#include <linux/slab.h>

#include "debugfs.h"

#define ALLOC_MAX_COUNT		65536
#define ALLOC_WORDS	"gfp=NAMES count=N [cpu=N] [nid=N] [policy=MODE:NODES] [index=N]"
#define ALLOC_USAGE	"order=N " ALLOC_WORDS

/* Of the built-in owner's policies the one that a write sets before each block. */
#define POLICY_NUMBER		(SBUDDY_NR_POLICIES - 1)

struct alloc_block {
	u64 pfn;
	u32 slot;
};

/**
 * struct alloc_result - what one write to alloc has got
 * @err:   0, or why it stopped
 * @order: of each block
 * @asked: blocks asked for
 * @got:   used part of @block
 * @block: one for each block asked for
 */
struct alloc_result {
	int err;
	int order;
	u32 asked;
	u32 got;
	struct alloc_block block[];
};

static DEFINE_MUTEX(result_lock);

/**
 * sbuddy_debugfs_run_op() - one operation of the built-in owner
 * @m:	machine
 * @op: operation, the result in place
 *
 * Context: May sleep.  sbuddy_machines_lock is held for read.  Takes the client's lock.
 * Return: 0 or a negative errno, as sbuddy_run_op().
 */
int sbuddy_debugfs_run_op(struct sbuddy_machine *m, struct sbuddy_op *op)
{
	return sbuddy_debugfs_run_op_mpol(m, op, NULL);
}

/**
 * sbuddy_debugfs_run_op_mpol() - the same under a policy
 * @m:	 machine
 * @op:	 operation, the result in place
 * @pol: policy, NULL or SBUDDY_MPOL_DEFAULT for none
 *
 * Context: As sbuddy_debugfs_run_op().
 * Return: As sbuddy_debugfs_run_op().
 */
int sbuddy_debugfs_run_op_mpol(struct sbuddy_machine *m, struct sbuddy_op *op,
			       const struct sbuddy_mempolicy *pol)
{
	struct sbuddy_client *c = sbuddy_machine_builtin(m)->client;
	int err;

	mutex_lock(&c->lock);
	if (pol && pol->mode != SBUDDY_MPOL_DEFAULT &&
	    !sbuddy_owner_set_policy(c->owner, POLICY_NUMBER, pol))
		op->flags |= POLICY_NUMBER;
	err = sbuddy_run_op(c->owner, op, sbuddy_current_vcpu(m));
	mutex_unlock(&c->lock);
	cond_resched();
	return err;
}

/* ---- alloc --------------------------------------------------------------- */

enum alloc_key {
	ALLOC_ORDER,
	ALLOC_COUNT,
	ALLOC_CPU,
	ALLOC_NID,
	ALLOC_INDEX,
	ALLOC_NR_NUMBERS,
	ALLOC_GFP = ALLOC_NR_NUMBERS,
	ALLOC_POLICY,
	ALLOC_NR_KEYS,
};

static const char * const alloc_key_name[ALLOC_NR_KEYS] = {
	[ALLOC_ORDER] = "order",
	[ALLOC_COUNT] = "count",
	[ALLOC_CPU] = "cpu",
	[ALLOC_NID] = "nid",
	[ALLOC_INDEX] = "index",
	[ALLOC_GFP] = "gfp",
	[ALLOC_POLICY] = "policy",
};

struct alloc_request {
	int number[ALLOC_NR_NUMBERS];
	u32 gfp;
	struct sbuddy_mempolicy policy;
	unsigned int seen;	/* bit: enum alloc_key */
};

static void alloc_range(const struct sbuddy_machine *m, enum alloc_key key, int *min, int *max)
{
	*min = key == ALLOC_COUNT;
	switch (key) {
	case ALLOC_ORDER:
		*max = SBUDDY_MAX_PAGE_ORDER;
		break;
	case ALLOC_COUNT:
		*max = ALLOC_MAX_COUNT;
		break;
	case ALLOC_CPU:
		*max = m->nr_vcpus - 1;
		break;
	case ALLOC_INDEX:
		*max = INT_MAX;
		break;
	default:
		*max = m->nr_nodes - 1;
		break;
	}
}

static int alloc_parse_number(struct sbuddy_debugfs_write *w, enum alloc_key key,
			      const char *value, int *out)
{
	int min, max;

	alloc_range(w->m, key, &min, &max);
	if (kstrtoint(value, 0, out) || *out < min || *out > max)
		return sbuddy_debugfs_refuse(w, -EINVAL, "%s=%d..%d", alloc_key_name[key],
					     min, max);
	return 0;
}

static int alloc_parse_gfp(struct sbuddy_debugfs_write *w, const char *value, u32 *gfp)
{
	const char *expected = "names of gfp flags, joined by |";

	if (sbuddy_gfp_parse(value, gfp, &expected))
		return sbuddy_debugfs_refuse(w, -EINVAL, "gfp=%s", expected);
	return 0;
}

static int alloc_parse_policy(struct sbuddy_debugfs_write *w, const char *value,
			      struct sbuddy_mempolicy *policy)
{
	const char *expected = "a policy";
	int err;

	err = sbuddy_mpol_parse(w->m, value, policy, &expected);
	return err ? sbuddy_debugfs_refuse(w, err, "policy=%s", expected) : 0;
}

static int alloc_find_key(const char *name)
{
	int key;

	for (key = 0; key < ALLOC_NR_KEYS; key++)
		if (!strcmp(name, alloc_key_name[key]))
			return key;
	return -EINVAL;
}

static int alloc_parse_pair(struct sbuddy_debugfs_write *w, char *pair, struct alloc_request *r)
{
	char *value = pair;
	int key;

	strsep(&value, "=");
	key = value ? alloc_find_key(pair) : -EINVAL;
	if (key < 0)
		return sbuddy_debugfs_refuse(w, -EINVAL,
			ALLOC_USAGE ", separated by blanks");
	if (r->seen & BIT(key))
		return sbuddy_debugfs_refuse(w, -EINVAL, "%s= once only", pair);
	r->seen |= BIT(key);
	if (key == ALLOC_GFP)
		return alloc_parse_gfp(w, value, &r->gfp);
	if (key == ALLOC_POLICY)
		return alloc_parse_policy(w, value, &r->policy);
	return alloc_parse_number(w, key, value, &r->number[key]);
}

static int alloc_parse(struct sbuddy_debugfs_write *w, struct alloc_request *r)
{
	char *rest = w->text;
	char *pair;
	int err;

	*r = (struct alloc_request) {
		.number[ALLOC_COUNT] = 1,
		.number[ALLOC_CPU] = SBUDDY_CPU_CURRENT,
		.number[ALLOC_NID] = SBUDDY_NID_ANY,
		.gfp = SBUDDY_GFP_KERNEL,
	};
	while ((pair = strsep(&rest, " \t\n"))) {
		if (!*pair)
			continue;
		err = alloc_parse_pair(w, pair, r);
		if (err)
			return err;
	}
	if (!r->seen)
		return sbuddy_debugfs_refuse(w, -EINVAL, ALLOC_USAGE);
	return 0;
}

/* @nth: how many blocks of the request came before. */
static int alloc_one(struct sbuddy_machine *m, const struct alloc_request *r, u32 nth,
		     struct alloc_block *block)
{
	struct sbuddy_op op = {
		.opcode = SBUDDY_OP_ALLOC,
		.order = r->number[ALLOC_ORDER],
		.cpu = r->number[ALLOC_CPU],
		.nid = r->number[ALLOC_NID],
		.gfp = r->gfp,
		.slot = SBUDDY_SLOT_ANY,
	};
	int err;

	if (signal_pending(current))
		return -EINTR;
	if (r->seen & BIT(ALLOC_INDEX)) {
		op.flags = SBUDDY_OP_INDEX;
		op.count = r->number[ALLOC_INDEX] + nth;
	}
	err = sbuddy_debugfs_run_op_mpol(m, &op, &r->policy);
	block->pfn = op.pfn;
	block->slot = op.slot;
	return err;
}

/* Why a request that was well formed may fail. */
static const char *alloc_expected(int err)
{
	switch (err) {
	case -ENOMEM:
		return "a free block above the watermarks";
	case -ENOSPC:
		return "a free slot";
	case -ENOENT:
		return "a node that is online";
	case -EINTR:
		return "no signal";
	default:
		return "a request that the machine can serve";
	}
}

static int alloc_refuse(struct sbuddy_debugfs_write *w, const struct alloc_result *res)
{
	return sbuddy_debugfs_refuse(w, res->err, "%s; %u of %u blocks were allocated and are kept",
				     alloc_expected(res->err), res->got, res->asked);
}

static int alloc_write(struct sbuddy_debugfs_write *w)
{
	struct alloc_request r;
	struct alloc_result *res;
	int err;

	err = alloc_parse(w, &r);
	if (err)
		return err;
	res = kvzalloc(struct_size(res, block, r.number[ALLOC_COUNT]), GFP_KERNEL);
	if (!res)
		return sbuddy_debugfs_refuse(w, -ENOMEM, "memory for the result; lower count=");
	res->order = r.number[ALLOC_ORDER];
	res->asked = r.number[ALLOC_COUNT];
	while (!err && res->got < res->asked) {
		err = alloc_one(w->m, &r, res->got, &res->block[res->got]);
		res->got += !err;
	}
	res->err = err;
	if (err)
		alloc_refuse(w, res);
	mutex_lock(&result_lock);
	swap(sbuddy_machine_builtin(w->m)->last_alloc, res);
	mutex_unlock(&result_lock);
	kvfree(res);
	return err;
}

static int alloc_show(struct seq_file *s, struct sbuddy_machine *m)
{
	const struct alloc_result *res;
	u32 i;

	seq_puts(s, "version=1\nusage: order=0..10 " ALLOC_WORDS "\n");
	mutex_lock(&result_lock);
	res = sbuddy_machine_builtin(m)->last_alloc;
	if (res) {
		seq_printf(s, "last_err=%d last_order=%d last_asked_blocks=%u last_got_blocks=%u\n",
			   res->err, res->order, res->asked, res->got);
		for (i = 0; i < res->got; i++)
			seq_printf(s, "slot=%u pfn=%#llx\n", res->block[i].slot,
				   res->block[i].pfn);
	}
	mutex_unlock(&result_lock);
	return 0;
}

/* "slot=268435455 pfn=0x10000000" is the longest line. */
static size_t alloc_hint(const struct sbuddy_machine *m)
{
	const struct alloc_result *res;
	size_t lines;

	mutex_lock(&result_lock);
	res = sbuddy_machine_builtin(m)->last_alloc;
	lines = res ? res->got : 0;
	mutex_unlock(&result_lock);
	return 256 + lines * 32;
}

/* ---- free ---------------------------------------------------------------- */

static int free_slot(struct sbuddy_machine *m, u32 slot)
{
	struct sbuddy_op op = {
		.opcode = SBUDDY_OP_FREE,
		.cpu = SBUDDY_CPU_CURRENT,
		.nid = SBUDDY_NID_ANY,
		.slot = slot,
	};

	return sbuddy_debugfs_run_op(m, &op);
}

/* First slot from @slot on that holds something; -ENOENT if there is none up to @last. */
static int next_slot(u32 *slot, u32 last, u64 *pfn, const struct sbuddy_machine *m)
{
	struct sbuddy_client *c = sbuddy_machine_builtin(m)->client;
	struct sbuddy_page *page;

	mutex_lock(&c->lock);
	page = sbuddy_owner_next(c->owner, slot);
	if (page)
		*pfn = sbuddy_page_to_pfn(m, page);
	mutex_unlock(&c->lock);
	return page && *slot <= last ? 0 : -ENOENT;
}

static int free_range(struct sbuddy_debugfs_write *w, u32 first, u32 last)
{
	u32 slot = first;
	u32 freed = 0;
	int err;
	u64 pfn;

	while (!next_slot(&slot, last, &pfn, w->m)) {
		if (signal_pending(current))
			return sbuddy_debugfs_refuse(w, -EINTR, "no signal; %u were freed", freed);
		err = free_slot(w->m, slot);
		/* Another writer may have freed it since it was seen. */
		if (err && err != -ENOENT)
			return sbuddy_debugfs_refuse(w, err, "a block that can be freed in slot %u",
						     slot);
		freed += !err;
		slot++;
	}
	if (!freed)
		return sbuddy_debugfs_refuse(w, -ENOENT,
					     "slots that hold something; see allocations");
	return 0;
}

static int free_pfn(struct sbuddy_debugfs_write *w, const char *value)
{
	u64 wanted, pfn;
	u32 slot = 0;

	if (kstrtou64(value, 0, &wanted))
		return sbuddy_debugfs_refuse(w, -EINVAL, "pfn=NUMBER, hexadecimal with 0x");
	for (; !next_slot(&slot, SBUDDY_MAX_SLOTS - 1, &pfn, w->m); slot++)
		if (pfn == wanted)
			return free_range(w, slot, slot);
	return sbuddy_debugfs_refuse(w, -ENOENT,
				     "first frame of a block allocated here; see allocations");
}

static int free_slots(struct sbuddy_debugfs_write *w, char *value)
{
	char *first_text = strsep(&value, "-");
	u32 first, last;
	int err;

	err = kstrtou32(first_text, 0, &first);
	last = first;
	if (!err && value)
		err = kstrtou32(value, 0, &last);
	if (err || last < first || last >= SBUDDY_MAX_SLOTS)
		return sbuddy_debugfs_refuse(w, -EINVAL, "slot=N or slot=N-M, N <= M < %u",
					     SBUDDY_MAX_SLOTS);
	return free_range(w, first, last);
}

static int free_write(struct sbuddy_debugfs_write *w)
{
	if (!strcmp(w->text, "all"))
		return free_range(w, 0, SBUDDY_MAX_SLOTS - 1);
	if (!strncmp(w->text, "slot=", 5))
		return free_slots(w, w->text + 5);
	if (!strncmp(w->text, "pfn=", 4))
		return free_pfn(w, w->text + 4);
	return sbuddy_debugfs_refuse(w, -EINVAL, "slot=N, slot=N-M, pfn=0xN or all");
}

static int free_show(struct seq_file *s, struct sbuddy_machine *m)
{
	seq_puts(s, "version=1\nusage: slot=N | slot=N-M | pfn=0xN | all\n");
	return 0;
}

/**
 * sbuddy_debugfs_alloc_exit() - forget the last result
 * @b: of the machine
 *
 * Context: May sleep.  After the files were removed.
 */
void sbuddy_debugfs_alloc_exit(struct sbuddy_builtin *b)
{
	kvfree(b->last_alloc);
	b->last_alloc = NULL;
}

const struct sbuddy_debugfs_file sbuddy_debugfs_alloc_files[] = {
	{
		.name = "alloc",
		.mode = 0600,
		.show = alloc_show,
		.write = alloc_write,
		.hint = alloc_hint,
	},
	{ .name = "free", .mode = 0600, .show = free_show, .write = free_write },
	{ }
};
