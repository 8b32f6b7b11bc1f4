// SPDX-License-Identifier: GPL-2.0
/*
 * kcompactd: compaction that nobody waits for.  It is woken for an order that
 * a zone lacks, and from time to time looks by itself whether the node's free
 * memory is too fragmented (proactive compaction).
 *
 * No thread runs here: sbuddy_kcompactd_step() is what one would do between
 * two waits, for whoever drives the machine.  State: struct sbuddy_kcompactd of each
 * node, which only who steps the node and who wakes it touch.
 */
#include "os.h"
#include "reclaim.h"

void sbuddy_kcompactd_init(struct sbuddy_node *node)
{
	node->kcompactd.woken = false;
	node->kcompactd.proactive_trigger = false;
	node->kcompactd.max_order = 0;
	node->kcompactd.highest_zoneidx = SBUDDY_MAX_NR_ZONES - 1;
}

static struct sbuddy_zone *sbuddy_populated_zone(const struct sbuddy_node *node, int idx)
{
	struct sbuddy_zone *zone = node->node_zones[idx];

	return zone && zone->present_pages ? zone : NULL;
}

/* ---- scores ---- */

/* Share of a zone's free pages that lie in blocks too small for a huge page, per cent. */
unsigned int sbuddy_fragmentation_score_zone(const struct sbuddy_zone *zone)
{
	return sbuddy_extfrag_for_order(zone, SBUDDY_COMPACTION_HPAGE_ORDER);
}

/* Zones weigh as much as they have pages; one page too much is in the divisor, as there. */
unsigned int sbuddy_fragmentation_score_node(const struct sbuddy_node *node)
{
	unsigned long present = 0;
	unsigned int score = 0;

	for (int i = 0; i < SBUDDY_MAX_NR_ZONES; i++)
		if (sbuddy_populated_zone(node, i))
			present += node->node_zones[i]->present_pages;
	for (int i = 0; i < SBUDDY_MAX_NR_ZONES; i++) {
		const struct sbuddy_zone *zone = sbuddy_populated_zone(node, i);

		if (zone)
			score += zone->present_pages * sbuddy_fragmentation_score_zone(zone) /
				 (present + 1);
	}
	return score;
}

/* Scores between which proactive compaction works: begins above the high one. */
unsigned int sbuddy_fragmentation_score_wmark(const struct sbuddy_machine *m, bool low)
{
	int mark = max(100 - READ_ONCE(m->knobs.compaction_proactiveness), 5);

	return low ? mark : min(mark + 10, 100);
}

static bool sbuddy_should_proactive_compact_node(const struct sbuddy_machine *m,
						 const struct sbuddy_node *node)
{
	if (!READ_ONCE(m->knobs.compaction_proactiveness) || READ_ONCE(node->kswapd_running))
		return false;
	return sbuddy_fragmentation_score_node(node) >
	       sbuddy_fragmentation_score_wmark(m, false);
}

/* ---- all of a node ---- */

/**
 * sbuddy_compact_node() - compact every zone of a node
 * @m: machine
 * @task: who compacts
 * @nid: node that exists
 * @proactive: until the zones' scores are low; else everything that can be moved
 *
 * Context: Process context.
 * Return: 0, or -EINTR by a signal.
 */
int sbuddy_compact_node(struct sbuddy_machine *m, struct sbuddy_task *task, int nid,
			bool proactive)
{
	struct sbuddy_compact_control cc = {
		.m = m, .task = task, .order = SBUDDY_VIA_COMPACT_MEMORY,
		.mode = proactive ? SBUDDY_MIGRATE_SYNC_LIGHT : SBUDDY_MIGRATE_SYNC,
		.ignore_skip_hint = true, .whole_zone = true, .gfp = SBUDDY_GFP_KERNEL,
		.proactive_compaction = proactive,
	};

	for (int i = 0; i < SBUDDY_MAX_NR_ZONES; i++) {
		cc.zone = sbuddy_populated_zone(&m->nodes[nid], i);
		if (!cc.zone)
			continue;
		if (os_fatal_signal_pending())
			return -EINTR;
		sbuddy_compact_zone(&cc);
		if (!proactive)
			continue;
		sbuddy_count_vm_events(m, SBUDDY_KCOMPACTD_MIGRATE_SCANNED,
				       cc.total_migrate_scanned);
		sbuddy_count_vm_events(m, SBUDDY_KCOMPACTD_FREE_SCANNED, cc.total_free_scanned);
	}
	return 0;
}

/**
 * sbuddy_compact_nodes() - compact the machine, as writing compact_memory does
 * @m: machine
 * @task: who compacts
 *
 * Context: Process context.
 * Return: 0, or -EINTR by a signal.
 */
int sbuddy_compact_nodes(struct sbuddy_machine *m, struct sbuddy_task *task)
{
	int err = 0;

	sbuddy_lru_add_drain_all(m, task);
	for (int nid = 0; nid < m->nr_nodes && !err; nid++)
		if (m->nodes[nid].online)
			err = sbuddy_compact_node(m, task, nid, false);
	return err;
}

/* ---- kcompactd ---- */

static bool sbuddy_kcompactd_node_suitable(const struct sbuddy_node *node)
{
	const int highest = node->kcompactd.highest_zoneidx;

	for (int i = 0; i <= highest; i++) {
		struct sbuddy_zone *zone = sbuddy_populated_zone(node, i);

		if (zone && sbuddy_compaction_suit_allocation_order(zone,
								    node->kcompactd.max_order,
								    highest,
								    SBUDDY_WMARK_MIN) ==
			    SBUDDY_COMPACT_CONTINUE)
			return true;
	}
	return false;
}

/**
 * sbuddy_wakeup_kcompactd() - ask a node's kcompactd for a block
 * @m: machine
 * @node: its node
 * @order: order wanted; 0 is nothing to compact for
 * @highest_zoneidx: highest zone wanted
 *
 * Context: Any.
 */
void sbuddy_wakeup_kcompactd(struct sbuddy_machine *m, struct sbuddy_node *node, int order,
			     int highest_zoneidx)
{
	if (!order)
		return;
	if (node->kcompactd.max_order < order)
		WRITE_ONCE(node->kcompactd.max_order, order);
	if (node->kcompactd.highest_zoneidx > highest_zoneidx)
		WRITE_ONCE(node->kcompactd.highest_zoneidx, highest_zoneidx);
	if (READ_ONCE(node->kcompactd.woken) || !sbuddy_kcompactd_node_suitable(node))
		return;
	trace_sbuddy_mm_compaction_wakeup_kcompactd(m, node->id, order, highest_zoneidx);
	WRITE_ONCE(node->kcompactd.woken, true);
	sbuddy_wake_daemons(m, node->id);
}

/* One zone, if it is not deferred and lacks what is wanted. */
static void sbuddy_kcompactd_zone(struct sbuddy_compact_control *cc)
{
	enum sbuddy_compact_result ret;

	if (sbuddy_compaction_deferred(cc->zone, cc->order))
		return;
	if (sbuddy_compaction_suit_allocation_order(cc->zone, cc->order, cc->zone->idx,
						    SBUDDY_WMARK_MIN) != SBUDDY_COMPACT_CONTINUE)
		return;
	ret = sbuddy_compact_zone(cc);
	if (ret == SBUDDY_COMPACT_SUCCESS) {
		sbuddy_compaction_defer_reset(cc->zone, cc->order, false);
	} else if (ret == SBUDDY_COMPACT_PARTIAL_SKIPPED || ret == SBUDDY_COMPACT_COMPLETE) {
		for (int cpu = 0; cpu < cc->m->nr_vcpus; cpu++)
			sbuddy_drain_pages_zone(cc->zone, cc->task, cpu);
		sbuddy_defer_compaction(cc->zone, cc->order);
	}
	sbuddy_count_vm_events(cc->m, SBUDDY_KCOMPACTD_MIGRATE_SCANNED,
			       cc->total_migrate_scanned);
	sbuddy_count_vm_events(cc->m, SBUDDY_KCOMPACTD_FREE_SCANNED, cc->total_free_scanned);
}

static noinline void sbuddy_kcompactd_do_work(struct sbuddy_machine *m, struct sbuddy_task *task,
					      struct sbuddy_node *node)
{
	struct sbuddy_compact_control cc = {
		.m = m, .task = task, .order = node->kcompactd.max_order,
		.search_order = node->kcompactd.max_order,
		.highest_zoneidx = node->kcompactd.highest_zoneidx,
		.mode = SBUDDY_MIGRATE_SYNC_LIGHT, .gfp = SBUDDY_GFP_KERNEL,
	};

	trace_sbuddy_mm_compaction_kcompactd_wake(m, node->id, cc.order, cc.highest_zoneidx);
	sbuddy_count_vm_events(m, SBUDDY_KCOMPACTD_WAKE, 1);
	for (int i = 0; i <= cc.highest_zoneidx; i++) {
		cc.zone = sbuddy_populated_zone(node, i);
		if (cc.zone)
			sbuddy_kcompactd_zone(&cc);
	}
	if (node->kcompactd.max_order <= cc.order)
		node->kcompactd.max_order = 0;
	if (node->kcompactd.highest_zoneidx >= cc.highest_zoneidx)
		node->kcompactd.highest_zoneidx = SBUDDY_MAX_NR_ZONES - 1;
}

/**
 * sbuddy_kcompactd_step() - what kcompactd does when its wait is over
 * @m: machine
 * @task: as whom it works; SBUDDY_PF_KTHREAD is added
 * @nid: node that exists
 *
 * With an order to work for it compacts for that; else, as after a timeout or
 * when compaction_proactiveness was written, proactively if it is worth while.
 *
 * Context: Process context.
 * Return: Milliseconds until it would look again by itself, 0 for never.
 */
unsigned int sbuddy_kcompactd_step(struct sbuddy_machine *m, struct sbuddy_task *task, int nid)
{
	struct sbuddy_task kcompactd = { .cpu = task->cpu,
					 .flags = task->flags | SBUDDY_PF_KTHREAD };
	struct sbuddy_node *node = &m->nodes[nid];
	unsigned int timeout = SBUDDY_HPAGE_FRAG_CHECK_MSEC, score;

	node->kcompactd.woken = false;
	if (node->kcompactd.max_order > 0 && !node->kcompactd.proactive_trigger) {
		sbuddy_kcompactd_do_work(m, &kcompactd, node);
	} else if (sbuddy_should_proactive_compact_node(m, node)) {
		score = sbuddy_fragmentation_score_node(node);
		sbuddy_compact_node(m, &kcompactd, nid, true);
		if (sbuddy_fragmentation_score_node(node) >= score)
			timeout <<= SBUDDY_COMPACT_MAX_DEFER_SHIFT;
		node->kcompactd.proactive_trigger = false;
	} else {
		node->kcompactd.proactive_trigger = false;
	}
	trace_sbuddy_mm_compaction_kcompactd_sleep(m, nid);
	return READ_ONCE(m->knobs.compaction_proactiveness) ? timeout : 0;
}

/* ---- knobs ---- */

/**
 * sbuddy_set_compaction_proactiveness() - write vm.compaction_proactiveness
 * @m: machine
 * @value: 0 to 100
 *
 * Context: Serialised with other knobs.
 * Return: 0; -EINVAL.
 */
int sbuddy_set_compaction_proactiveness(struct sbuddy_machine *m, int value)
{
	if (value < 0 || value > 100)
		return -EINVAL;
	WRITE_ONCE(m->knobs.compaction_proactiveness, value);
	for (int nid = 0; nid < m->nr_nodes && value; nid++) {
		struct sbuddy_node *node = &m->nodes[nid];

		if (!node->online || node->kcompactd.proactive_trigger)
			continue;
		node->kcompactd.proactive_trigger = true;
		node->kcompactd.woken = true;
		trace_sbuddy_mm_compaction_wakeup_kcompactd(m, nid, SBUDDY_VIA_COMPACT_MEMORY,
							    SBUDDY_MAX_NR_ZONES - 1);
	}
	return 0;
}

/**
 * sbuddy_set_extfrag_threshold() - write vm.extfrag_threshold
 * @m: machine
 * @value: 0 to 1000
 *
 * Context: Serialised with other knobs.
 * Return: 0; -EINVAL.
 */
int sbuddy_set_extfrag_threshold(struct sbuddy_machine *m, int value)
{
	if (value < 0 || value > 1000)
		return -EINVAL;
	WRITE_ONCE(m->knobs.extfrag_threshold, value);
	return 0;
}

/**
 * sbuddy_set_compact_unevictable_allowed() - write vm.compact_unevictable_allowed
 * @m: machine
 * @value: 0 or 1
 *
 * Context: Serialised with other knobs.
 * Return: 0; -EINVAL.
 */
int sbuddy_set_compact_unevictable_allowed(struct sbuddy_machine *m, int value)
{
	if (value != 0 && value != 1)
		return -EINVAL;
	WRITE_ONCE(m->knobs.compact_unevictable_allowed, value);
	return 0;
}

/**
 * sbuddy_set_direct_compact() - do requests that may sleep compact?
 * @m: machine
 * @value: 1: they do; 0: they fail where they would
 *
 * Context: Serialised with other knobs.
 * Return: 0; -EINVAL.
 */
int sbuddy_set_direct_compact(struct sbuddy_machine *m, int value)
{
	if (value != 0 && value != 1)
		return -EINVAL;
	WRITE_ONCE(m->knobs.direct_compact, value);
	return 0;
}

/**
 * sbuddy_set_lru_batch() - how many pages wait on a vcpu for their LRU list
 * @m: machine
 * @value: 0, they are put there at once, to 31, as in the kernel
 *
 * Context: Serialised with other knobs.  Longer batches shrink with the next page.
 * Return: 0; -EINVAL.
 */
int sbuddy_set_lru_batch(struct sbuddy_machine *m, int value)
{
	if (value < 0 || value > SBUDDY_LRU_BATCH)
		return -EINVAL;
	WRITE_ONCE(m->knobs.lru_batch, value);
	return 0;
}
