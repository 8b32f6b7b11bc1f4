// SPDX-License-Identifier: GPL-2.0
/*
 * The machine's time, and what happens by itself when it goes by: what is being
 * written gets written.
 *
 * Time is counted in ticks and moved on by whoever drives the machine: a
 * daemon with the host's time, a replayed stream with its own, or those who wait
 * (sbuddy_wait()), for whom the wait is over at once then.
 *
 * Writing takes as long as the knob writeback_ticks says, at most: what is begun
 * while other pages are being written is finished with them; what is isolated at
 * that moment, with the next ones.  Flushers, once
 * they were woken, begin to write all dirty pages of files with the next tick.
 *
 * State: sbuddy_reclaim::clock, written_at and flush.
 */
#include "os.h"
#include "reclaim.h"

/**
 * sbuddy_clock() - the machine's time
 * @m: machine
 *
 * Context: Any.
 * Return: Ticks of 1/SBUDDY_HZ second since it was made.
 */
u64 sbuddy_clock(const struct sbuddy_machine *m)
{
	return READ_ONCE(m->lru->reclaim.clock);
}

/* A page begins to be written.  Where that takes no time it has been written already. */
void sbuddy_start_writeback(struct sbuddy_machine *m, struct sbuddy_page *page)
{
	struct sbuddy_reclaim *r = &m->lru->reclaim;
	int ticks = READ_ONCE(m->knobs.writeback_ticks);

	lockdep_assert_held(&m->lru->lock);
	WRITE_ONCE(page->tag, page->tag & ~SBUDDY_TAG_DIRTY);
	if (!ticks) {
		sbuddy_clear_page_flag(page, SBUDDY_PRIVATE_RECLAIM);
		return;
	}
	WRITE_ONCE(page->tag, page->tag | SBUDDY_TAG_WRITEBACK);
	if (!r->written_at)
		r->written_at = r->clock + ticks;
}

/* Written, and reclaim waits for it: next at the inactive list's end. */
static void sbuddy_folio_end_writeback(struct sbuddy_machine *m, struct sbuddy_page *page)
{
	bool rotate = sbuddy_page_flag(page, SBUDDY_PRIVATE_RECLAIM) &&
		      (page->tag & (SBUDDY_TAG_LRU | SBUDDY_TAG_LOCKED | SBUDDY_TAG_DIRTY |
				    SBUDDY_TAG_UNEVICTABLE)) == SBUDDY_TAG_LRU;

	sbuddy_clear_page_flag(page, SBUDDY_PRIVATE_RECLAIM);
	if (rotate)
		sbuddy_lruvec_del_folio(m, page);
	WRITE_ONCE(page->tag, page->tag & ~(SBUDDY_TAG_WRITEBACK |
					    (rotate ? SBUDDY_TAG_ACTIVE : 0)));
	if (!rotate)
		return;
	sbuddy_lruvec_add_folio_tail(m, page);
	sbuddy_count_vm_events(m, SBUDDY_PGROTATED, sbuddy_block_pages(page->tag));
}

/*
 * Does @act to each listed page whose tag, under @mask, is @value.  Oldest first;
 * @act may move the page within its node's lists, to an end.
 */
static void sbuddy_act_on_listed(struct sbuddy_machine *m, u32 mask, u32 value,
				 void (*act)(struct sbuddy_machine *m, struct sbuddy_page *page))
{
	for (int nid = 0; nid < m->nr_nodes; nid++)
		for (int i = 0; i < SBUDDY_NR_LRU_LISTS; i++) {
			struct list_head *list = &m->lru->node[nid].list[i];
			struct list_head *l, *prev;

			for (l = list->prev; l != list; l = prev) {
				struct sbuddy_page *page = list_entry(l, struct sbuddy_page, lru);

				prev = l->prev;
				if ((page->tag & mask) == value)
					act(m, page);
			}
		}
}

/* Pages on their way to a list are written as well. */
static void sbuddy_end_batched_writeback(struct sbuddy_machine *m)
{
	for (int cpu = 0; cpu < m->nr_vcpus; cpu++) {
		struct sbuddy_lru_batch *b = &m->lru->batch[cpu];

		for (unsigned int i = 0; i < b->nr; i++)
			sbuddy_folio_end_writeback(m, b->page[i]);
	}
}

static void sbuddy_clock_work(struct sbuddy_machine *m)
{
	struct sbuddy_reclaim *r = &m->lru->reclaim;

	if (r->written_at && r->clock >= r->written_at) {
		r->written_at = 0;
		sbuddy_act_on_listed(m, SBUDDY_TAG_WRITEBACK, SBUDDY_TAG_WRITEBACK,
				     sbuddy_folio_end_writeback);
		sbuddy_end_batched_writeback(m);
	}
	if (r->flush) {
		r->flush = false;
		sbuddy_act_on_listed(m, SBUDDY_TAG_FILE | SBUDDY_TAG_DIRTY |
				       SBUDDY_TAG_WRITEBACK | SBUDDY_TAG_LOCKED,
				       SBUDDY_TAG_FILE | SBUDDY_TAG_DIRTY,
				       sbuddy_start_writeback);
	}
}

/* Pages of a node that are to be written or are being written; counted when asked for. */
unsigned long sbuddy_write_pending(struct sbuddy_machine *m, int nid)
{
	unsigned long pages = 0;

	spin_lock(&m->lru->lock);
	for (int i = 0; i < SBUDDY_NR_LRU_LISTS; i++) {
		const struct sbuddy_page *page;

		list_for_each_entry(page, &m->lru->node[nid].list[i], lru)
			if (page->tag & SBUDDY_TAG_WRITEBACK ||
			    (page->tag & SBUDDY_TAG_FILE && page->tag & SBUDDY_TAG_DIRTY))
				pages += sbuddy_block_pages(page->tag);
	}
	spin_unlock(&m->lru->lock);
	return pages;
}

/**
 * sbuddy_clock_advance() - time goes by
 * @m: machine
 * @task: who lets it
 * @ticks: how much, 1/SBUDDY_HZ s
 *
 * Context: Process context.
 */
void sbuddy_clock_advance(struct sbuddy_machine *m, struct sbuddy_task *task, u64 ticks)
{
	struct list_head dead;

	if (!ticks)
		return;
	sbuddy_lru_lock(m, &dead);
	WRITE_ONCE(m->lru->reclaim.clock, m->lru->reclaim.clock + ticks);
	sbuddy_clock_work(m);
	sbuddy_lru_unlock(m, task, &dead);
}

/*
 * The task waits for @ticks.  Where the machine's time is the host's, it really
 * does; else that much time has gone by when this returns.
 */
void sbuddy_wait(struct sbuddy_machine *m, struct sbuddy_task *task, unsigned int ticks)
{
	const struct sbuddy_hooks *hooks = READ_ONCE(m->hooks);

	void (*sleep)(struct sbuddy_machine *m, unsigned int msec);

	sleep = hooks ? READ_ONCE(hooks->sleep) : NULL;
	if (sleep)
		sleep(m, ticks * (1000 / SBUDDY_HZ));
	else
		sbuddy_clock_advance(m, task, ticks);
}
