// SPDX-License-Identifier: GPL-2.0
/*
 * Memory policies for the racer's requests: a table of them as an open file of
 * sbuddy has one, and a rotor that all of them turn.
 *
 * A policy comes from the program: it sets its own by set_mempolicy(2) and has
 * it kept here under a number.  For the time of a request the racer has the
 * kept one and the rotor; its own, which holds its memory on node 0, is put
 * back behind it.  A policy of a mapping hangs on a mapping that does not
 * exist, and the index of the page is where in it the page would be.  A request
 * for it of a huge page's order is one for a huge page, which 6.1 has to be told.
 *
 * State: the policies and the rotor, under the caller's lock.
 */
#include <linux/gfp.h>
#include <linux/kernel.h>
#include <linux/mempolicy.h>
#include <linux/mm.h>
#include <linux/mm_types.h>
#include <linux/sched.h>
#include <linux/sched/task.h>

#include "kallsyms.h"
#include "live.h"

typedef void mpol_put_fn(struct mempolicy *pol);
typedef unsigned long bulk_fn(gfp_t gfp, unsigned long nr, struct page **pages);

DEFINE_STATIC_CALL_NULL(race_mpol_put, mpol_put_fn);
DEFINE_STATIC_CALL_NULL(race_bulk, bulk_fn);

static struct mempolicy *policies[SBUDDY_NR_POLICIES];
static struct vm_area_struct mapping;

struct rotor {
	short prev;
	u8 weight;
};

static struct rotor rotor;

/* 6.9 "mm/mempolicy: introduce MPOL_WEIGHTED_INTERLEAVE for weighted interleaving" */
#ifdef RACE_HAVE_IL_WEIGHT
static void set_rotor(struct rotor r)
{
	current->il_prev = r.prev;
	current->il_weight = r.weight;
}

static struct rotor get_rotor(void)
{
	return (struct rotor) { current->il_prev, current->il_weight };
}
#else
static void set_rotor(struct rotor r)
{
	current->il_prev = r.prev;
}

static struct rotor get_rotor(void)
{
	return (struct rotor) { current->il_prev, 0 };
}
#endif

static struct mempolicy *exchange(struct mempolicy *pol)
{
	struct mempolicy *old;

	task_lock(current);
	old = current->mempolicy;
	current->mempolicy = pol;
	task_unlock(current);
	return old;
}

static void put(struct mempolicy *pol)
{
	if (pol)
		static_call(race_mpol_put)(pol);
}

int race_policy_init(void)
{
	unsigned long addr = sbuddy_kallsyms_lookup("__mpol_put");
	unsigned long bulk = sbuddy_kallsyms_lookup_alloc("alloc_pages_bulk_array_mempolicy");

	if (!addr || !bulk) {
		pr_err("no functions for memory policies\n");
		return -ENOENT;
	}
	static_call_update(race_mpol_put, (mpol_put_fn *)addr);
	static_call_update(race_bulk, (bulk_fn *)bulk);
	race_policy_forget();
	return 0;
}

/* As an open file begins: no policies, and a rotor that has not turned. */
void race_policy_forget(void)
{
	for (int i = 0; i < SBUDDY_NR_POLICIES; i++) {
		put(policies[i]);
		policies[i] = NULL;
	}
	rotor = (struct rotor) { .prev = MAX_NUMNODES - 1 };
}

/* Keeps the policy that the racer has now. */
int race_policy_keep(const struct race_policy *arg)
{
	struct mempolicy *pol;

	if (arg->index >= SBUDDY_NR_POLICIES)
		return -EINVAL;
	task_lock(current);
	pol = current->mempolicy;
	mpol_get(pol);
	task_unlock(current);
	if (pol && arg->home_node >= 0)
		pol->home_node = arg->home_node;
	put(policies[arg->index]);
	policies[arg->index] = pol;
	if (!arg->index && pol && (pol->mode == MPOL_INTERLEAVE || arg->weighted))
		rotor = (struct rotor) { .prev = MAX_NUMNODES - 1 };
	return 0;
}

/* Whether a request heeds a policy, and so needs the racer's own context. */
bool race_policy_heeded(const struct sbuddy_op *op)
{
	bool request = op->opcode == SBUDDY_OP_ALLOC || op->opcode == SBUDDY_OP_BULK ||
		       op->opcode == SBUDDY_OP_ALLOC_EXACT;

	return request && (op->flags || op->nid == SBUDDY_NID_ANY);
}

bool race_policy_exists(const struct sbuddy_op *op)
{
	unsigned int index = op->flags & SBUDDY_OP_POLICY;

	return !index || policies[index];
}

static void begin(struct mempolicy *pol, struct mempolicy **own, struct rotor *own_rotor)
{
	*own_rotor = get_rotor();
	set_rotor(rotor);
	*own = exchange(pol);
}

static void end(struct mempolicy *own, struct rotor own_rotor)
{
	exchange(own);
	rotor = get_rotor();
	set_rotor(own_rotor);
}

/* A block under the policy, and perhaps for the mapping, that @op names. */
struct page *race_policy_alloc(const struct sbuddy_op *op, gfp_t gfp)
{
	struct mempolicy *pol = policies[op->flags & SBUDDY_OP_POLICY], *own;
	bool indexed = op->flags & SBUDDY_OP_INDEX;
	struct rotor own_rotor;
	struct folio *folio;
	struct page *page;

	begin(indexed ? policies[0] : pol, &own, &own_rotor);
	if (indexed) {
		mapping.vm_policy = op->flags & SBUDDY_OP_POLICY ? pol : NULL;
		mapping.vm_pgoff = (pgoff_t)op->count << op->order;
		folio = vma_alloc_folio(gfp, op->order, &mapping, 0,
					op->order == HPAGE_PMD_ORDER);
		page = folio ? &folio->page : NULL;
	} else {
		page = alloc_pages(gfp, op->order);
	}
	end(own, own_rotor);
	return page;
}

unsigned long race_policy_bulk(const struct sbuddy_op *op, gfp_t gfp, unsigned long nr,
			       struct page **pages)
{
	struct rotor own_rotor;
	struct mempolicy *own;

	begin(policies[op->flags & SBUDDY_OP_POLICY], &own, &own_rotor);
	nr = static_call(race_bulk)(gfp, nr, pages);
	end(own, own_rotor);
	return nr;
}

void *race_policy_exact(const struct sbuddy_op *op, gfp_t gfp, size_t size)
{
	struct rotor own_rotor;
	struct mempolicy *own;
	void *addr;

	begin(policies[op->flags & SBUDDY_OP_POLICY], &own, &own_rotor);
	addr = alloc_pages_exact(size, gfp);
	end(own, own_rotor);
	return addr;
}
