// SPDX-License-Identifier: GPL-2.0
/*
 * Streams: arrays of operations, performed in order and in place.
 *
 * The array may be memory that its author still writes to, pages of a program
 * for instance.  So nothing in it is read twice: a plain operation's words are
 * read once each, and any other operation is performed on a copy.
 *
 * Plain operations, which streams consist of, are ALLOC on no particular node
 * and under no policy into a free slot of a chunk that is there, and FREE of what only the owner
 * holds.  They are done here as far as the shortcuts go (shortcut.h), the rest
 * in run.c.  Whoever uses an owner serialises that.
 */
#include "os.h"
#include "owner.h"
#include "shortcut.h"

/*
 * What the first eight bytes of a plain operation say, less order and zone, is
 * looked into once; those of the next ones are compared with that.
 *
 * @alloc: head of an ALLOC that may be plain on sbuddy_task::cpu
 * @free:  head of a FREE that may be
 */
struct sbuddy_plain {
	u64 alloc;
	u64 free;
};

#define SBUDDY_NO_HEAD	(~0ULL)		/* no operation's: order and zone are masked */

union sbuddy_op_head {
	u64 word;
	struct {
		u8 opcode;
		u8 order;
		u8 flags;
		u8 zone;
		s16 cpu;
		s16 nid;
	};
};

static __always_inline u64 sbuddy_head_kind(union sbuddy_op_head head)
{
	const union sbuddy_op_head mask = { .opcode = 0xff, .flags = 0xff, .cpu = -1, .nid = -1 };

	return head.word & mask.word;
}

static __always_inline union sbuddy_op_head sbuddy_read_head(const struct sbuddy_op *op)
{
	return (union sbuddy_op_head){ .word = READ_ONCE(*(const u64 *)op) };
}

/* False if that cannot be done here; then nothing was done. */
static __always_inline bool sbuddy_plain_alloc(struct sbuddy_owner *o, struct sbuddy_op *op,
					       unsigned int order)
{
	const u32 slot = READ_ONCE(op->slot);
	const u32 gfp = READ_ONCE(op->gfp);
	struct sbuddy_slot_chunk *chunk = sbuddy_slot_chunk(o, slot);
	struct sbuddy_page *page;

	if (unlikely(!chunk) || unlikely(chunk->page[slot % SBUDDY_SLOTS_PER_CHUNK]) ||
	    unlikely(READ_ONCE(op->count)) || unlikely(!sbuddy_op_gfp_valid(gfp)))
		return false;
	page = sbuddy_alloc_short(o->m, &o->task, gfp, order);
	if (unlikely(!page))
		return false;
	sbuddy_slot_take(o, chunk, slot, page, 1U << order);
	op->err = sbuddy_op_result(o, op, page, 1U << order);
	return true;
}

/* The same for other orders than 0: what is done there is worth a call. */
static noinline bool sbuddy_plain_alloc_block(struct sbuddy_owner *o, struct sbuddy_op *op,
					      unsigned int order)
{
	return sbuddy_plain_alloc(o, op, order);
}

/* False if that cannot be done here; then nothing was done but to @op's results. */
static __always_inline bool sbuddy_plain_free(struct sbuddy_owner *o, struct sbuddy_op *op)
{
	const u32 slot = READ_ONCE(op->slot);
	struct sbuddy_slot_chunk *chunk = sbuddy_slot_chunk(o, slot);
	struct sbuddy_page *page;
	unsigned int order;

	if (unlikely(!chunk) || unlikely(READ_ONCE(op->gfp) | READ_ONCE(op->count)))
		return false;
	page = chunk->page[slot % SBUDDY_SLOTS_PER_CHUNK];
	if (unlikely(!page) || unlikely((unsigned long)page & SBUDDY_SLOT_MARKS))
		return false;
	order = sbuddy_tag_order(page->tag);
	op->order = order;
	op->err = sbuddy_op_result(o, op, page, 1U << order);
	if (unlikely(!sbuddy_free_short(o->m, &o->task, page, order))) {
		op->count = 0;
		return false;
	}
	sbuddy_slot_drop(o, chunk, slot, 1U << order);
	return true;
}

static bool sbuddy_set_cpu(struct sbuddy_owner *o, int cpu, int current_cpu)
{
	if (cpu == SBUDDY_CPU_CURRENT)
		cpu = current_cpu;
	if ((unsigned int)cpu >= (unsigned int)o->m->nr_vcpus)
		return false;
	o->task.cpu = cpu;
	return true;
}

/* True if @head is one of the plain ones from now on. */
static noinline bool sbuddy_plain_learn(struct sbuddy_owner *o, union sbuddy_op_head head,
					int current_cpu, struct sbuddy_plain *plain)
{
	const u64 kind = sbuddy_head_kind(head);

	if (head.flags || !sbuddy_set_cpu(o, head.cpu, current_cpu))
		return false;
	head.opcode = SBUDDY_OP_FREE;
	plain->free = sbuddy_head_kind(head);
	head.opcode = SBUDDY_OP_ALLOC;
	head.nid = SBUDDY_NID_ANY;
	plain->alloc = o->policy[0].mode ? SBUDDY_NO_HEAD : sbuddy_head_kind(head);
	return kind == plain->alloc || kind == plain->free;
}

/* Any operation; returns its errno. */
static noinline int sbuddy_run_apart(struct sbuddy_owner *o, struct sbuddy_op *op,
				     int current_cpu, struct sbuddy_plain *plain)
{
	struct sbuddy_op copy;

	for (unsigned int i = 0; i < sizeof(copy) / sizeof(u64); i++)
		((u64 *)&copy)[i] = READ_ONCE(((const u64 *)op)[i]);
	if (sbuddy_set_cpu(o, copy.cpu, current_cpu)) {
		sbuddy_op_perform(o, &copy);
	} else {
		copy.pfn = SBUDDY_NO_PFN;
		copy.zone = 0;
		copy.count = 0;
		copy.err = -EINVAL;
	}
	*op = copy;
	plain->alloc = SBUDDY_NO_HEAD;
	plain->free = SBUDDY_NO_HEAD;
	return copy.err;
}

static __always_inline int sbuddy_run_one(struct sbuddy_owner *o, struct sbuddy_op *op,
					  int current_cpu, struct sbuddy_plain *plain)
{
	const union sbuddy_op_head head = sbuddy_read_head(op);
	const u64 kind = sbuddy_head_kind(head);

	if (unlikely(kind != plain->alloc) && unlikely(kind != plain->free) &&
	    !sbuddy_plain_learn(o, head, current_cpu, plain))
		return sbuddy_run_apart(o, op, current_cpu, plain);
	if (kind == plain->free) {
		if (likely(sbuddy_plain_free(o, op)))
			return 0;
	} else if (likely(!head.order)) {
		if (likely(sbuddy_plain_alloc(o, op, 0)))
			return 0;
	} else if (likely(sbuddy_plain_alloc_block(o, op, head.order))) {
		return 0;
	}
	return sbuddy_run_apart(o, op, current_cpu, plain);
}

/**
 * sbuddy_run_ops() - carry out operations up to the first that fails
 * @o: whose slots they work on
 * @ops: in, the operations; out, their results; aligned to eight bytes
 * @nr: entries of @ops
 * @current_cpu: vcpu that SBUDDY_CPU_CURRENT stands for
 *
 * Context: Serialised with other operations of the owner.  May sleep for
 * memory when a slot is used for the first time.
 * Return: Operations that succeeded; if fewer than @nr, the next one failed,
 * with an errno in its sbuddy_op::err.
 */
unsigned int sbuddy_run_ops(struct sbuddy_owner *o, struct sbuddy_op *ops, unsigned int nr,
			    int current_cpu)
{
	struct sbuddy_plain plain = { SBUDDY_NO_HEAD, SBUDDY_NO_HEAD };
	struct sbuddy_op *op = ops, *end = ops + nr;

	while (op < end && likely(!sbuddy_run_one(o, op, current_cpu, &plain)))
		op++;
	return op - ops;
}

/**
 * sbuddy_run_op() - carry out one operation
 * @o: whose slots it works on
 * @op: in, the operation; out, its result
 * @current_cpu: vcpu that SBUDDY_CPU_CURRENT stands for
 *
 * Context: As sbuddy_run_ops().
 * Return: sbuddy_op::err: 0, or a negative errno as the ABI header says.
 */
int sbuddy_run_op(struct sbuddy_owner *o, struct sbuddy_op *op, int current_cpu)
{
	struct sbuddy_plain plain = { SBUDDY_NO_HEAD, SBUDDY_NO_HEAD };

	return sbuddy_run_one(o, op, current_cpu, &plain);
}
