// SPDX-License-Identifier: GPL-2.0
/*
 * Watching the live allocator by its own tracepoints: what happens inside an
 * operation of the racer is recorded, what anyone else does to the nodes raced
 * on is counted as foreign.
 *
 * An event is the racer's if its task is in an operation and no interrupt has
 * come on top, or if the racer has sent an operation to this CPU.  Events of
 * pages elsewhere are nobody's business here.  Also foreign is the kernel's own
 * folding of a CPU's counters, which no event of a page shows: it changes what
 * a watermark test sees.
 *
 * What a foreign request that failed leaves behind (a zone flag) has no event.
 *
 * State: the racer's events, written by the racer alone; the foreign counts,
 * atomic; the first foreign event, under watch_lock.
 */
#include <linux/kernel.h>
#include <linux/bio.h>
#include <linux/mm.h>
#include <linux/nodemask.h>
#include <linux/preempt.h>
#include <linux/sched.h>
#include <linux/spinlock.h>
#include <linux/tracepoint.h>
#include <linux/uaccess.h>
#include <linux/vmalloc.h>
#include <linux/workqueue.h>
/* Known to the headers of events only. */
struct compact_control;

#include <trace/events/compaction.h>
#include <trace/events/kmem.h>
#include <trace/events/vmscan.h>
#include <trace/events/workqueue.h>

#include "kallsyms.h"
#include "live.h"

static u64 watched_nodes;
static struct task_struct *racer;
static u32 current_op;
static DEFINE_PER_CPU(bool, remote);	/* an operation runs here, interrupts off */

static struct race_event *events;
static u64 nr_events;

static DEFINE_RAW_SPINLOCK(watch_lock);
static atomic64_t foreign_count[RACE_NR_FOREIGN];
static struct race_foreign first_foreign;
static bool have_foreign;

/* Work functions that fold counters. */
static work_func_t folding[2];

static bool watched_nid(int nid)
{
	return nid >= 0 && nid < RACE_MAX_NODES && READ_ONCE(watched_nodes) >> nid & 1;
}

static bool ours(void)
{
	return this_cpu_read(remote) || (READ_ONCE(racer) == current && in_task());
}

static void note_foreign(enum race_foreign_kind kind, int nid, u64 pfn)
{
	unsigned long flags;

	atomic64_inc(&foreign_count[kind]);
	raw_spin_lock_irqsave(&watch_lock, flags);
	if (!have_foreign) {
		have_foreign = true;
		first_foreign.pid = current->pid;
		first_foreign.cpu = smp_processor_id();
		first_foreign.kind = kind;
		first_foreign.node = nid;
		first_foreign.pfn = pfn;
		strscpy(first_foreign.comm, current->comm, sizeof(first_foreign.comm));
	}
	raw_spin_unlock_irqrestore(&watch_lock, flags);
}

static void record(enum race_what what, u64 pfn, u8 a, u8 b, u8 c, u8 d)
{
	if (nr_events < RACE_MAX_EVENTS)
		events[nr_events] = (struct race_event) {
			.pfn = pfn,
			.op = current_op,
			.what = what | d << 4,
			.a = a,
			.b = b,
			.c = c,
		};
	nr_events++;
}

/* ---- probes; migratetypes here are the kernel's, which equal ours but for CMA ---- */

static void on_alloc(void *data, struct page *page, unsigned int order, gfp_t gfp, int type)
{
	if (page && watched_nid(page_to_nid(page)) && !ours())
		note_foreign(RACE_FOREIGN_ALLOC, page_to_nid(page), page_to_pfn(page));
}

static void on_free(void *data, struct page *page, unsigned int order)
{
	if (watched_nid(page_to_nid(page)) && !ours())
		note_foreign(RACE_FOREIGN_FREE, page_to_nid(page), page_to_pfn(page));
}

static void on_locked(void *data, struct page *page, unsigned int order, int type, int refill)
{
	if (!page || !watched_nid(page_to_nid(page)))
		return;
	if (ours())
		record(RACE_LOCKED, page_to_pfn(page), order, type, refill, 0);
	else
		note_foreign(RACE_FOREIGN_LOCKED, page_to_nid(page), page_to_pfn(page));
}

static void on_drain(void *data, struct page *page, unsigned int order, int type)
{
	if (!watched_nid(page_to_nid(page)))
		return;
	if (ours())
		record(RACE_DRAIN, page_to_pfn(page), order, type, 0, 0);
	else
		note_foreign(RACE_FOREIGN_DRAIN, page_to_nid(page), page_to_pfn(page));
}

static void on_extfrag(void *data, struct page *page, int alloc_order, int fallback_order,
		       int alloc_type, int fallback_type)
{
	if (!watched_nid(page_to_nid(page)))
		return;
	if (ours())
		record(RACE_EXTFRAG, page_to_pfn(page), alloc_order, fallback_order, alloc_type,
		       fallback_type);
	else
		note_foreign(RACE_FOREIGN_LOCKED, page_to_nid(page), page_to_pfn(page));
}

static void on_kswapd_wake(void *data, int nid, int zid, int order)
{
	if (watched_nid(nid))
		note_foreign(RACE_FOREIGN_KSWAPD, nid, SBUDDY_NO_PFN);
}

static void on_wakeup_kswapd(void *data, int nid, int zid, int order, gfp_t gfp)
{
	if (watched_nid(nid))
		note_foreign(RACE_FOREIGN_KSWAPD, nid, SBUDDY_NO_PFN);
}

static void on_kcompactd_wake(void *data, int nid, int order, enum zone_type highest)
{
	if (watched_nid(nid))
		note_foreign(RACE_FOREIGN_KCOMPACTD, nid, SBUDDY_NO_PFN);
}

static void on_work(void *data, struct work_struct *work)
{
	if (!READ_ONCE(watched_nodes))
		return;
	for (size_t i = 0; i < ARRAY_SIZE(folding); i++)
		if (folding[i] && work->func == folding[i])
			note_foreign(RACE_FOREIGN_VMSTAT, -1, SBUDDY_NO_PFN);
}

/* ---- attaching ---- */

struct probe {
	const char *name;
	void *function;
	struct tracepoint *tp;
	bool on;
};

#define PROBE(event, fn) { .name = #event, .function = fn }

static struct probe probes[] = {
	PROBE(mm_page_alloc, on_alloc),
	PROBE(mm_page_free, on_free),
	PROBE(mm_page_alloc_zone_locked, on_locked),
	PROBE(mm_page_pcpu_drain, on_drain),
	PROBE(mm_page_alloc_extfrag, on_extfrag),
	PROBE(mm_vmscan_kswapd_wake, on_kswapd_wake),
	PROBE(mm_vmscan_wakeup_kswapd, on_wakeup_kswapd),
	PROBE(mm_compaction_kcompactd_wake, on_kcompactd_wake),
	PROBE(workqueue_execute_start, on_work),
};

/* A kernel whose events have other arguments must not compile. */
static void check_types(void)
{
	check_trace_callback_type_mm_page_alloc(on_alloc);
	check_trace_callback_type_mm_page_free(on_free);
	check_trace_callback_type_mm_page_alloc_zone_locked(on_locked);
	check_trace_callback_type_mm_page_pcpu_drain(on_drain);
	check_trace_callback_type_mm_page_alloc_extfrag(on_extfrag);
	check_trace_callback_type_mm_vmscan_kswapd_wake(on_kswapd_wake);
	check_trace_callback_type_mm_vmscan_wakeup_kswapd(on_wakeup_kswapd);
	check_trace_callback_type_mm_compaction_kcompactd_wake(on_kcompactd_wake);
	check_trace_callback_type_workqueue_execute_start(on_work);
}

static void match(struct tracepoint *tp, void *data)
{
	for (size_t i = 0; i < ARRAY_SIZE(probes); i++)
		if (!strcmp(tp->name, probes[i].name))
			probes[i].tp = tp;
}

static int attach(void)
{
	int err;

	for_each_kernel_tracepoint(match, NULL);
	for (size_t i = 0; i < ARRAY_SIZE(probes); i++) {
		err = -ENOENT;
		if (probes[i].tp)
			err = tracepoint_probe_register(probes[i].tp, probes[i].function, NULL);
		if (err) {
			pr_err("no tracepoint %s: %d\n", probes[i].name, err);
			return err;
		}
		probes[i].on = true;
	}
	return 0;
}

static void detach(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(probes); i++)
		if (probes[i].on)
			tracepoint_probe_unregister(probes[i].tp, probes[i].function, NULL);
	tracepoint_synchronize_unregister();
}

int race_watch_init(void)
{
	int err;

	check_types();
	folding[0] = (work_func_t)sbuddy_kallsyms_lookup("vmstat_update");
	folding[1] = (work_func_t)sbuddy_kallsyms_lookup("refresh_vm_stats");
	if (!folding[0] || !folding[1]) {
		pr_err("cannot tell the work that folds counters\n");
		return -ENOENT;
	}
	events = vzalloc_node(RACE_MAX_EVENTS * sizeof(*events), 0);
	if (!events)
		return -ENOMEM;
	err = attach();
	if (err)
		race_watch_exit();
	return err;
}

void race_watch_exit(void)
{
	detach();
	vfree(events);
}

u64 race_watched_nodes(void)
{
	return watched_nodes;
}

/* Forgets what was seen. */
void race_watch_nodes(u64 nodes)
{
	WRITE_ONCE(watched_nodes, 0);
	for (int i = 0; i < RACE_NR_FOREIGN; i++)
		atomic64_set(&foreign_count[i], 0);
	have_foreign = false;
	memset(&first_foreign, 0, sizeof(first_foreign));
	nr_events = 0;
	current_op = 0;
	WRITE_ONCE(watched_nodes, nodes);
}

void race_watch_begin(void)
{
	WRITE_ONCE(racer, current);
}

void race_watch_end(void)
{
	WRITE_ONCE(racer, NULL);
}

/* This CPU begins or ends to carry out an operation for the racer. */
void race_watch_remote(bool on)
{
	this_cpu_write(remote, on);
}

/* @n operations further. */
void race_watch_op(u32 n)
{
	current_op += n;
}

void race_watch_foreign(struct race_foreign *foreign)
{
	raw_spin_lock_irq(&watch_lock);
	*foreign = first_foreign;
	raw_spin_unlock_irq(&watch_lock);
	for (int i = 0; i < RACE_NR_FOREIGN; i++)
		foreign->count[i] = atomic64_read(&foreign_count[i]);
}

int race_watch_events(struct race_events *arg)
{
	u64 kept = min_t(u64, nr_events, RACE_MAX_EVENTS);

	arg->total = nr_events;
	arg->count = arg->first < kept ? min_t(u64, arg->count, kept - arg->first) : 0;
	if (copy_to_user(u64_to_user_ptr(arg->events), events + arg->first,
			 arg->count * sizeof(*events)))
		return -EFAULT;
	return 0;
}
