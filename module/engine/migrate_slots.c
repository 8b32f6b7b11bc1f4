// SPDX-License-Identifier: GPL-2.0
/*
 * Migration that an owner asks for, of its own slots: what move_pages() is to a
 * process.  The pages are isolated and go through sbuddy_migrate_pages(), with
 * targets from the allocator.
 *
 * Owns no state; takes sbuddy_lru.lock to isolate.  A target is a request that
 * does not wait: it would wait with other pages locked.
 */
#include "os.h"
#include "compaction.h"
#include "owner.h"

/* Where targets come from. */
struct sbuddy_slot_targets {
	struct sbuddy_machine *m;
	struct sbuddy_task *task;
	int nid;
};

/* On the node asked for, on no other, or somewhere near the source. */
static struct sbuddy_page *sbuddy_alloc_migration_target(struct sbuddy_page *src, void *private)
{
	const struct sbuddy_slot_targets *t = private;
	const unsigned int order = sbuddy_tag_order(src->tag);
	u32 gfp = SBUDDY_GFP_HIGHUSER_MOVABLE;
	int nid = t->nid;

	if (nid == SBUDDY_NID_ANY)
		nid = sbuddy_zone_of(t->m, src)->node;
	else
		gfp |= SBUDDY_GFP_THISNODE;
	if (order)
		gfp |= SBUDDY_GFP_COMP | SBUDDY_GFP_NOMEMALLOC | SBUDDY_GFP_NOWARN;
	return sbuddy_alloc_pages(t->m, t->task, gfp & ~SBUDDY_GFP_DIRECT_RECLAIM, order, nid);
}

/* Isolates a page on an LRU list: true, and it is on @list. */
static bool sbuddy_isolate_lru_slot(struct sbuddy_owner *o, u32 slot, struct list_head *list)
{
	struct sbuddy_page *page;
	bool ok;

	spin_lock(&o->m->lru->lock);
	page = sbuddy_slot_page(o, slot);
	ok = page && page->tag & SBUDDY_TAG_LRU;
	if (ok) {
		sbuddy_lru_isolate(o->m, page);
		list_add_tail(&page->lru, list);
	}
	spin_unlock(&o->m->lru->lock);
	return ok;
}

static bool sbuddy_isolate_slot(struct sbuddy_owner *o, struct sbuddy_task *task, u32 slot,
				enum sbuddy_migrate_mode mode, struct list_head *list)
{
	struct sbuddy_page *page = sbuddy_slot_page(o, slot);

	if (!page || !(READ_ONCE(page->tag) & SBUDDY_TAG_MOVABLE_OPS))
		return sbuddy_isolate_lru_slot(o, slot, list);
	if (!sbuddy_isolate_movable_page(o->m, task, page, mode))
		return false;
	list_add_tail(&page->lru, list);
	return true;
}

static bool sbuddy_migrate_arg_valid(const struct sbuddy_migrate *a)
{
	return a->count && a->count <= SBUDDY_MAX_BULK && a->slot < SBUDDY_MAX_SLOTS &&
	       a->count <= SBUDDY_MAX_SLOTS - a->slot && a->mode < SBUDDY_NR_MIGRATE_MODES;
}

static unsigned long sbuddy_list_pages(const struct list_head *list)
{
	const struct sbuddy_page *page;
	unsigned long nr = 0;

	list_for_each_entry(page, list, lru)
		nr += sbuddy_block_pages(page->tag);
	return nr;
}

/**
 * sbuddy_isolate_slots() - the first part of SBUDDY_IOC_MIGRATE
 * @o: whose slots
 * @task: who migrates
 * @arg: in, what to do; out, @busy
 * @list: gets the pages, for sbuddy_migrate_slots()
 *
 * Context: Serialised with operations of the owner.  May sleep.
 * Return: 0; -EINVAL for what the ABI header does not allow; -ENOENT for a node
 * that does not exist.
 */
int sbuddy_isolate_slots(struct sbuddy_owner *o, struct sbuddy_task *task,
			 struct sbuddy_migrate *arg, struct list_head *list)
{
	int err = -EINVAL;

	INIT_LIST_HEAD(list);
	if (sbuddy_migrate_arg_valid(arg))
		err = sbuddy_op_check_nid(o->m, arg->node);
	if (err)
		return err;
	arg->busy = 0;
	sbuddy_lru_add_drain_all(o->m, task);
	for (u32 i = 0; i < arg->count; i++)
		arg->busy += !sbuddy_isolate_slot(o, task, arg->slot + i, arg->mode, list);
	return 0;
}

/**
 * sbuddy_migrate_slots() - the second
 * @m: machine
 * @task: who migrates
 * @arg: in, what to do; out, what became of it
 * @list: what was isolated; empty afterwards
 * @log: what became of each page
 *
 * The owner can do what it likes meanwhile.
 *
 * Context: May sleep.
 */
void sbuddy_migrate_slots(struct sbuddy_machine *m, struct sbuddy_task *task,
			  struct sbuddy_migrate *arg, struct list_head *list,
			  struct sbuddy_migrate_log *log)
{
	struct sbuddy_slot_targets targets = { .m = m, .task = task, .nid = arg->node };
	const struct sbuddy_migrate_control mc = {
		.m = m, .task = task, .alloc = sbuddy_alloc_migration_target,
		.private = &targets, .mode = arg->mode, .reason = SBUDDY_MR_SYSCALL, .log = log,
	};
	unsigned int moved = 0;

	if (!list_empty(list))
		sbuddy_migrate_pages(&mc, list, &moved);
	arg->migrated = moved;
	arg->failed = sbuddy_list_pages(list);
	sbuddy_putback_movable_pages(m, task, list);
}
