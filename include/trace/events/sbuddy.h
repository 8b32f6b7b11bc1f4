/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The tracepoints, system "sbuddy".
 *
 * Events named sbuddy_mm_* have the fields and the text of kmem:mm_* and
 * vmscan:mm_*, in their order, so a script written for those ports by a rename.
 * Behind them every event says which machine, node and zone it is about.
 * Differences from the kernel's events:
 *
 *   - gfp_flags are the bits of include/uapi/linux/sbuddy.h; the words are the
 *     kernel's.
 *   - "no page" is pfn ~0 in the record and prints as "none".
 *   - page= is the shadow's descriptor, also a field: bpftrace can look inside.
 *   - sbuddy_mm_alloc_contig_migrate_range_info shows each number under its own
 *     name; 6.12 mixes them up.
 *
 * The other events show decisions that the kernel keeps to itself.
 *
 * Engine code includes this file before the structures exist, so arguments are
 * pointers to them and only module/kern/trace.c, which includes everything
 * first, looks inside.
 */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM sbuddy

#if !defined(_TRACE_SBUDDY_H) || defined(TRACE_HEADER_MULTI_READ)
#define _TRACE_SBUDDY_H

#include <linux/tracepoint.h>
#include <uapi/linux/sbuddy.h>
#include <sbuddy/reasons.h>

struct sbuddy_machine;
struct sbuddy_zone;
struct sbuddy_page;

/* ---- words ---- */

#define SBUDDY_TRACE_ZONES			\
	EM(SBUDDY_ZONE_DMA,	"DMA")		\
	EM(SBUDDY_ZONE_DMA32,	"DMA32")	\
	EM(SBUDDY_ZONE_NORMAL,	"Normal")	\
	EM(SBUDDY_ZONE_MOVABLE,	"Movable")	\
	EMe(SBUDDY_ZONE_DEVICE,	"Device")

#define SBUDDY_TRACE_MIGRATETYPES				\
	EM(SBUDDY_MIGRATE_UNMOVABLE,	"Unmovable")		\
	EM(SBUDDY_MIGRATE_MOVABLE,	"Movable")		\
	EM(SBUDDY_MIGRATE_RECLAIMABLE,	"Reclaimable")		\
	EM(SBUDDY_MIGRATE_HIGHATOMIC,	"HighAtomic")		\
	EMe(SBUDDY_MIGRATE_ISOLATE,	"Isolate")

#define SBUDDY_TRACE_SKIP_REASONS					\
	EM(SBUDDY_SKIP_WATERMARK,		"watermark")		\
	EM(SBUDDY_SKIP_NOFRAGMENT_REMOTE,	"nofragment-remote")	\
	EM(SBUDDY_SKIP_NODE,			"other-node")		\
	EMe(SBUDDY_SKIP_EMPTY,			"no-suitable-block")

#define SBUDDY_TRACE_TUNE_REASONS				\
	EM(SBUDDY_TUNE_REFILL,		"refill")		\
	EM(SBUDDY_TUNE_REFILL_RAISE,	"refill-raise")		\
	EM(SBUDDY_TUNE_FREE_HIGH,	"free-high")		\
	EM(SBUDDY_TUNE_RECLAIM,		"reclaim-active")	\
	EM(SBUDDY_TUNE_BELOW_HIGH,	"below-high")		\
	EM(SBUDDY_TUNE_FREE_RAISE,	"free-raise")		\
	EM(SBUDDY_TUNE_DECAY,		"decay")		\
	EMe(SBUDDY_TUNE_LIMITS,		"limits")

#define SBUDDY_TRACE_STEPS					\
	EM(SBUDDY_STEP_DIRECT_COMPACT,	"direct-compact")	\
	EMe(SBUDDY_STEP_DIRECT_RECLAIM,	"direct-reclaim")

/* Names of values, for programs that read the binary records. */
#undef EM
#undef EMe
#define EM(a, b)	TRACE_DEFINE_ENUM(a);
#define EMe(a, b)	TRACE_DEFINE_ENUM(a);

SBUDDY_TRACE_ZONES
SBUDDY_TRACE_MIGRATETYPES
SBUDDY_TRACE_SKIP_REASONS
SBUDDY_TRACE_TUNE_REASONS
SBUDDY_TRACE_STEPS

/* From here on the same lists give { value, word } pairs. */
#undef EM
#undef EMe
#define EM(a, b)	{ a, b },
#define EMe(a, b)	{ a, b }

/*
 * Names of flags in the order in which the kernel tries them: the composites
 * with most bits first, then what is left over.
 */
#define SBUDDY_TRACE_GFP_COMPOSITES					\
	{ SBUDDY_GFP_TRANSHUGE,		"GFP_TRANSHUGE" },		\
	{ SBUDDY_GFP_TRANSHUGE_LIGHT,	"GFP_TRANSHUGE_LIGHT" },	\
	{ SBUDDY_GFP_HIGHUSER_MOVABLE,	"GFP_HIGHUSER_MOVABLE" },	\
	{ SBUDDY_GFP_HIGHUSER,		"GFP_HIGHUSER" },		\
	{ SBUDDY_GFP_USER,		"GFP_USER" },			\
	{ SBUDDY_GFP_KERNEL_ACCOUNT,	"GFP_KERNEL_ACCOUNT" },		\
	{ SBUDDY_GFP_KERNEL,		"GFP_KERNEL" },			\
	{ SBUDDY_GFP_NOFS,		"GFP_NOFS" },			\
	{ SBUDDY_GFP_ATOMIC,		"GFP_ATOMIC" },			\
	{ SBUDDY_GFP_NOIO,		"GFP_NOIO" },			\
	{ SBUDDY_GFP_NOWAIT,		"GFP_NOWAIT" },			\
	{ SBUDDY_GFP_DMA,		"GFP_DMA" },			\
	{ SBUDDY_GFP_HIGHMEM,		"__GFP_HIGHMEM" },		\
	{ SBUDDY_GFP_DMA32,		"GFP_DMA32" }

#define SBUDDY_TRACE_GFP_SINGLES					\
	{ SBUDDY_GFP_HIGH,		"__GFP_HIGH" },			\
	{ SBUDDY_GFP_IO,		"__GFP_IO" },			\
	{ SBUDDY_GFP_FS,		"__GFP_FS" },			\
	{ SBUDDY_GFP_NOWARN,		"__GFP_NOWARN" },		\
	{ SBUDDY_GFP_RETRY_MAYFAIL,	"__GFP_RETRY_MAYFAIL" },	\
	{ SBUDDY_GFP_NOFAIL,		"__GFP_NOFAIL" },		\
	{ SBUDDY_GFP_NORETRY,		"__GFP_NORETRY" },		\
	{ SBUDDY_GFP_COMP,		"__GFP_COMP" },			\
	{ SBUDDY_GFP_ZERO,		"__GFP_ZERO" },			\
	{ SBUDDY_GFP_NOMEMALLOC,	"__GFP_NOMEMALLOC" },		\
	{ SBUDDY_GFP_MEMALLOC,		"__GFP_MEMALLOC" },		\
	{ SBUDDY_GFP_HARDWALL,		"__GFP_HARDWALL" },		\
	{ SBUDDY_GFP_THISNODE,		"__GFP_THISNODE" },		\
	{ SBUDDY_GFP_RECLAIMABLE,	"__GFP_RECLAIMABLE" },		\
	{ SBUDDY_GFP_MOVABLE,		"__GFP_MOVABLE" },		\
	{ SBUDDY_GFP_ACCOUNT,		"__GFP_ACCOUNT" },		\
	{ SBUDDY_GFP_WRITE,		"__GFP_WRITE" },		\
	{ SBUDDY_GFP_RECLAIM,		"__GFP_RECLAIM" },		\
	{ SBUDDY_GFP_DIRECT_RECLAIM,	"__GFP_DIRECT_RECLAIM" },	\
	{ SBUDDY_GFP_KSWAPD_RECLAIM,	"__GFP_KSWAPD_RECLAIM" },	\
	{ SBUDDY_GFP_ZEROTAGS,		"__GFP_ZEROTAGS" },		\
	{ SBUDDY_GFP_NO_OBJ_EXT,	"__GFP_NO_OBJ_EXT" }

#define sbuddy_show_gfp(flags)						\
	((flags) ? __print_flags(flags, "|", SBUDDY_TRACE_GFP_COMPOSITES, \
				 SBUDDY_TRACE_GFP_SINGLES) : "none")

#define sbuddy_show_mt(mt) \
	__print_symbolic(mt, SBUDDY_TRACE_MIGRATETYPES)

#define sbuddy_show_pfn(pfn) \
	__print_symbolic(pfn, { ~0UL, "none" })

/* ---- where: the tail of each record ---- */

#define SBUDDY_WHERE_FIELDS				\
		__field(int,			machine)	\
		__field(int,			node)		\
		__field(int,			zone)

#define SBUDDY_WHERE_ASSIGN(m, z)			\
		__entry->machine = (m)->id;		\
		__entry->node = (z) ? (z)->node : -1;	\
		__entry->zone = (z) ? (z)->idx : -1

#define SBUDDY_WHERE_FMT "machine=%d node=%d zone=%s"

#define SBUDDY_WHERE_ARGS				\
		__entry->machine, __entry->node,	\
		__print_symbolic(__entry->zone, { -1, "none" }, SBUDDY_TRACE_ZONES)

/* ---- the kernel's events ---- */

TRACE_EVENT(sbuddy_mm_page_alloc,

	TP_PROTO(const struct sbuddy_machine *m, const struct sbuddy_page *page,
		 unsigned int order, u32 gfp_flags, int migratetype),

	TP_ARGS(m, page, order, gfp_flags, migratetype),

	TP_STRUCT__entry(
		__field(unsigned long,		pfn)
		__field(unsigned int,		order)
		__field(unsigned long,		gfp_flags)
		__field(int,			migratetype)
		SBUDDY_WHERE_FIELDS
		__field(const struct sbuddy_page *, page)
	),

	TP_fast_assign(
		const struct sbuddy_zone *z = page ? sbuddy_page_zone(m, page) : NULL;

		__entry->pfn = page ? sbuddy_page_to_pfn(m, page) : ~0UL;
		__entry->order = order;
		__entry->gfp_flags = gfp_flags;
		__entry->migratetype = migratetype;
		SBUDDY_WHERE_ASSIGN(m, z);
		__entry->page = page;
	),

	TP_printk("page=%p pfn=%s order=%d migratetype=%d gfp_flags=%s " SBUDDY_WHERE_FMT,
		  __entry->page, sbuddy_show_pfn(__entry->pfn), __entry->order,
		  __entry->migratetype, sbuddy_show_gfp(__entry->gfp_flags),
		  SBUDDY_WHERE_ARGS)
);

TRACE_EVENT(sbuddy_mm_page_alloc_zone_locked,

	TP_PROTO(const struct sbuddy_zone *z, const struct sbuddy_page *page,
		 unsigned int order, int migratetype, int percpu_refill),

	TP_ARGS(z, page, order, migratetype, percpu_refill),

	TP_STRUCT__entry(
		__field(unsigned long,		pfn)
		__field(unsigned int,		order)
		__field(int,			migratetype)
		__field(int,			percpu_refill)
		SBUDDY_WHERE_FIELDS
		__field(const struct sbuddy_page *, page)
	),

	TP_fast_assign(
		__entry->pfn = page ? sbuddy_page_to_pfn(z->machine, page) : ~0UL;
		__entry->order = order;
		__entry->migratetype = migratetype;
		__entry->percpu_refill = percpu_refill;
		SBUDDY_WHERE_ASSIGN(z->machine, z);
		__entry->page = page;
	),

	TP_printk("page=%p pfn=%s order=%u migratetype=%d percpu_refill=%d " SBUDDY_WHERE_FMT,
		  __entry->page, sbuddy_show_pfn(__entry->pfn), __entry->order,
		  __entry->migratetype, __entry->percpu_refill, SBUDDY_WHERE_ARGS)
);

TRACE_EVENT(sbuddy_mm_page_alloc_extfrag,

	TP_PROTO(const struct sbuddy_zone *z, const struct sbuddy_page *page,
		 int alloc_order, int fallback_order,
		 int alloc_migratetype, int fallback_migratetype),

	TP_ARGS(z, page, alloc_order, fallback_order, alloc_migratetype, fallback_migratetype),

	TP_STRUCT__entry(
		__field(unsigned long,		pfn)
		__field(int,			alloc_order)
		__field(int,			fallback_order)
		__field(int,			alloc_migratetype)
		__field(int,			fallback_migratetype)
		__field(int,			change_ownership)
		SBUDDY_WHERE_FIELDS
		__field(const struct sbuddy_page *, page)
	),

	TP_fast_assign(
		unsigned long pfn = sbuddy_page_to_pfn(z->machine, page);
		int block = sbuddy_get_pageblock_migratetype(z->machine, pfn);

		__entry->pfn = pfn;
		__entry->alloc_order = alloc_order;
		__entry->fallback_order = fallback_order;
		__entry->alloc_migratetype = alloc_migratetype;
		__entry->fallback_migratetype = fallback_migratetype;
		__entry->change_ownership = block == alloc_migratetype;
		SBUDDY_WHERE_ASSIGN(z->machine, z);
		__entry->page = page;
	),

	TP_printk("page=%p pfn=%s alloc_order=%d fallback_order=%d pageblock_order=%d alloc_migratetype=%d fallback_migratetype=%d fragmenting=%d change_ownership=%d "
		  SBUDDY_WHERE_FMT,
		  __entry->page, sbuddy_show_pfn(__entry->pfn), __entry->alloc_order,
		  __entry->fallback_order, SBUDDY_PAGEBLOCK_ORDER,
		  __entry->alloc_migratetype, __entry->fallback_migratetype,
		  __entry->fallback_order < SBUDDY_PAGEBLOCK_ORDER,
		  __entry->change_ownership, SBUDDY_WHERE_ARGS)
);

TRACE_EVENT(sbuddy_mm_page_free,

	TP_PROTO(const struct sbuddy_machine *m, const struct sbuddy_page *page,
		 unsigned int order),

	TP_ARGS(m, page, order),

	TP_STRUCT__entry(
		__field(unsigned long,		pfn)
		__field(unsigned int,		order)
		SBUDDY_WHERE_FIELDS
		__field(const struct sbuddy_page *, page)
	),

	TP_fast_assign(
		const struct sbuddy_zone *z = sbuddy_page_zone(m, page);

		__entry->pfn = sbuddy_page_to_pfn(m, page);
		__entry->order = order;
		SBUDDY_WHERE_ASSIGN(m, z);
		__entry->page = page;
	),

	TP_printk("page=%p pfn=%s order=%d " SBUDDY_WHERE_FMT,
		  __entry->page, sbuddy_show_pfn(__entry->pfn), __entry->order,
		  SBUDDY_WHERE_ARGS)
);

TRACE_EVENT(sbuddy_mm_page_free_batched,

	TP_PROTO(const struct sbuddy_machine *m, const struct sbuddy_page *page),

	TP_ARGS(m, page),

	TP_STRUCT__entry(
		__field(unsigned long,		pfn)
		SBUDDY_WHERE_FIELDS
		__field(const struct sbuddy_page *, page)
	),

	TP_fast_assign(
		const struct sbuddy_zone *z = sbuddy_page_zone(m, page);

		__entry->pfn = sbuddy_page_to_pfn(m, page);
		SBUDDY_WHERE_ASSIGN(m, z);
		__entry->page = page;
	),

	TP_printk("page=%p pfn=%s order=0 " SBUDDY_WHERE_FMT,
		  __entry->page, sbuddy_show_pfn(__entry->pfn), SBUDDY_WHERE_ARGS)
);

TRACE_EVENT(sbuddy_mm_page_pcpu_drain,

	TP_PROTO(const struct sbuddy_zone *z, const struct sbuddy_page *page,
		 unsigned int order, int migratetype),

	TP_ARGS(z, page, order, migratetype),

	TP_STRUCT__entry(
		__field(unsigned long,		pfn)
		__field(unsigned int,		order)
		__field(int,			migratetype)
		SBUDDY_WHERE_FIELDS
		__field(const struct sbuddy_page *, page)
	),

	TP_fast_assign(
		__entry->pfn = page ? sbuddy_page_to_pfn(z->machine, page) : ~0UL;
		__entry->order = order;
		__entry->migratetype = migratetype;
		SBUDDY_WHERE_ASSIGN(z->machine, z);
		__entry->page = page;
	),

	TP_printk("page=%p pfn=%s order=%d migratetype=%d " SBUDDY_WHERE_FMT,
		  __entry->page, sbuddy_show_pfn(__entry->pfn), __entry->order,
		  __entry->migratetype, SBUDDY_WHERE_ARGS)
);

/*
 * zid is the highest zone that the request may use.  The engine wakes kswapd
 * for a request, whose flags say which that is, or for a boosted zone and then
 * without flags.
 */
TRACE_EVENT(sbuddy_mm_vmscan_wakeup_kswapd,

	TP_PROTO(const struct sbuddy_zone *z, int order, u32 gfp_flags),

	TP_ARGS(z, order, gfp_flags),

	TP_STRUCT__entry(
		__field(int,			nid)
		__field(int,			zid)
		__field(int,			order)
		__field(unsigned long,		gfp_flags)
		SBUDDY_WHERE_FIELDS
	),

	TP_fast_assign(
		__entry->nid = z->node;
		__entry->zid = gfp_flags ? (int)sbuddy_gfp_zone(gfp_flags) : z->idx;
		__entry->order = order;
		__entry->gfp_flags = gfp_flags;
		SBUDDY_WHERE_ASSIGN(z->machine, z);
	),

	TP_printk("nid=%d order=%d gfp_flags=%s " SBUDDY_WHERE_FMT,
		  __entry->nid, __entry->order, sbuddy_show_gfp(__entry->gfp_flags),
		  SBUDDY_WHERE_ARGS)
);

/* ---- decisions that the kernel does not show ---- */

/* A zone of the zonelist was passed over; alloc_flags are the engine's. */
TRACE_EVENT(sbuddy_zone_skipped,

	TP_PROTO(const struct sbuddy_zone *z, unsigned int order,
		 unsigned int alloc_flags, int reason),

	TP_ARGS(z, order, alloc_flags, reason),

	TP_STRUCT__entry(
		__field(unsigned int,		order)
		__field(unsigned int,		alloc_flags)
		__field(int,			reason)
		SBUDDY_WHERE_FIELDS
	),

	TP_fast_assign(
		__entry->order = order;
		__entry->alloc_flags = alloc_flags;
		__entry->reason = reason;
		SBUDDY_WHERE_ASSIGN(z->machine, z);
	),

	TP_printk("order=%u alloc_flags=0x%x reason=%s " SBUDDY_WHERE_FMT,
		  __entry->order, __entry->alloc_flags,
		  __print_symbolic(__entry->reason, SBUDDY_TRACE_SKIP_REASONS),
		  SBUDDY_WHERE_ARGS)
);

/* All figures in pages: does free exceed mark plus reserve, and fits a block? */
TRACE_EVENT(sbuddy_watermark_test,

	TP_PROTO(const struct sbuddy_zone *z, unsigned int order, long mark, long free,
		 long reserve, unsigned int alloc_flags, bool passed),

	TP_ARGS(z, order, mark, free, reserve, alloc_flags, passed),

	TP_STRUCT__entry(
		__field(unsigned int,		order)
		__field(long,			mark)
		__field(long,			free)
		__field(long,			reserve)
		__field(unsigned int,		alloc_flags)
		__field(int,			passed)
		SBUDDY_WHERE_FIELDS
	),

	TP_fast_assign(
		__entry->order = order;
		__entry->mark = mark;
		__entry->free = free;
		__entry->reserve = reserve;
		__entry->alloc_flags = alloc_flags;
		__entry->passed = passed;
		SBUDDY_WHERE_ASSIGN(z->machine, z);
	),

	TP_printk("order=%u mark=%ld free=%ld reserve=%ld alloc_flags=0x%x passed=%d "
		  SBUDDY_WHERE_FMT,
		  __entry->order, __entry->mark, __entry->free, __entry->reserve,
		  __entry->alloc_flags, __entry->passed, SBUDDY_WHERE_ARGS)
);

/*
 * May the pageblock of a fallback block change its type?  free pages of it are
 * free and alike pages are taken for something compatible with start_migratetype.
 */
TRACE_EVENT(sbuddy_steal_decision,

	TP_PROTO(const struct sbuddy_zone *z, const struct sbuddy_page *page,
		 unsigned int order, int start_migratetype, int block_migratetype,
		 int free, int alike, bool claimed),

	TP_ARGS(z, page, order, start_migratetype, block_migratetype, free, alike, claimed),

	TP_STRUCT__entry(
		__field(unsigned long,		pfn)
		__field(unsigned int,		order)
		__field(int,			start_migratetype)
		__field(int,			block_migratetype)
		__field(int,			free)
		__field(int,			alike)
		__field(int,			claimed)
		SBUDDY_WHERE_FIELDS
		__field(const struct sbuddy_page *, page)
	),

	TP_fast_assign(
		__entry->pfn = page ? sbuddy_page_to_pfn(z->machine, page) : ~0UL;
		__entry->order = order;
		__entry->start_migratetype = start_migratetype;
		__entry->block_migratetype = block_migratetype;
		__entry->free = free;
		__entry->alike = alike;
		__entry->claimed = claimed;
		SBUDDY_WHERE_ASSIGN(z->machine, z);
		__entry->page = page;
	),

	TP_printk("page=%p pfn=%s order=%u start_migratetype=%s block_migratetype=%s free=%d alike=%d claimed=%d "
		  SBUDDY_WHERE_FMT,
		  __entry->page, sbuddy_show_pfn(__entry->pfn), __entry->order,
		  sbuddy_show_mt(__entry->start_migratetype),
		  sbuddy_show_mt(__entry->block_migratetype),
		  __entry->free, __entry->alike, __entry->claimed, SBUDDY_WHERE_ARGS)
);

/* Something about a vcpu's lists changed; old_high and high in pages. */
TRACE_EVENT(sbuddy_pcp_tuned,

	TP_PROTO(const struct sbuddy_zone *z, int cpu, int reason, int old_high, int high,
		 int alloc_factor, int free_count),

	TP_ARGS(z, cpu, reason, old_high, high, alloc_factor, free_count),

	TP_STRUCT__entry(
		__field(int,			cpu)
		__field(int,			reason)
		__field(int,			old_high)
		__field(int,			high)
		__field(int,			alloc_factor)
		__field(int,			free_count)
		SBUDDY_WHERE_FIELDS
	),

	TP_fast_assign(
		__entry->cpu = cpu;
		__entry->reason = reason;
		__entry->old_high = old_high;
		__entry->high = high;
		__entry->alloc_factor = alloc_factor;
		__entry->free_count = free_count;
		SBUDDY_WHERE_ASSIGN(z->machine, z);
	),

	TP_printk("cpu=%d reason=%s old_high=%d high=%d alloc_factor=%d free_count=%d "
		  SBUDDY_WHERE_FMT,
		  __entry->cpu, __print_symbolic(__entry->reason, SBUDDY_TRACE_TUNE_REASONS),
		  __entry->old_high, __entry->high, __entry->alloc_factor,
		  __entry->free_count, SBUDDY_WHERE_ARGS)
);

/* ---- the kernel's events about ranges ---- */

TRACE_EVENT(sbuddy_mm_alloc_contig_migrate_range_info,

	TP_PROTO(const struct sbuddy_zone *z, unsigned long start, unsigned long end,
		 unsigned long nr_migrated, unsigned long nr_reclaimed, unsigned long nr_mapped,
		 int migratetype),

	TP_ARGS(z, start, end, nr_migrated, nr_reclaimed, nr_mapped, migratetype),

	TP_STRUCT__entry(
		__field(unsigned long,		start)
		__field(unsigned long,		end)
		__field(unsigned long,		nr_migrated)
		__field(unsigned long,		nr_reclaimed)
		__field(unsigned long,		nr_mapped)
		__field(int,			migratetype)
		SBUDDY_WHERE_FIELDS
	),

	TP_fast_assign(
		__entry->start = start;
		__entry->end = end;
		__entry->nr_migrated = nr_migrated;
		__entry->nr_reclaimed = nr_reclaimed;
		__entry->nr_mapped = nr_mapped;
		__entry->migratetype = migratetype;
		SBUDDY_WHERE_ASSIGN(z->machine, z);
	),

	TP_printk("start=0x%lx end=0x%lx migratetype=%d nr_migrated=%lu nr_reclaimed=%lu nr_mapped=%lu "
		  SBUDDY_WHERE_FMT,
		  __entry->start, __entry->end, __entry->migratetype, __entry->nr_migrated,
		  __entry->nr_reclaimed, __entry->nr_mapped, SBUDDY_WHERE_ARGS)
);

/* page_isolation:test_pages_isolated: fin_pfn is the first frame that is not free. */
TRACE_EVENT(sbuddy_test_pages_isolated,

	TP_PROTO(const struct sbuddy_machine *m, unsigned long start_pfn, unsigned long end_pfn,
		 unsigned long fin_pfn),

	TP_ARGS(m, start_pfn, end_pfn, fin_pfn),

	TP_STRUCT__entry(
		__field(unsigned long,		start_pfn)
		__field(unsigned long,		end_pfn)
		__field(unsigned long,		fin_pfn)
		SBUDDY_WHERE_FIELDS
	),

	TP_fast_assign(
		const struct sbuddy_zone *z = sbuddy_pfn_zone(m, start_pfn);

		__entry->start_pfn = start_pfn;
		__entry->end_pfn = end_pfn;
		__entry->fin_pfn = fin_pfn;
		SBUDDY_WHERE_ASSIGN(m, z);
	),

	TP_printk("start_pfn=0x%lx end_pfn=0x%lx fin_pfn=0x%lx ret=%s " SBUDDY_WHERE_FMT,
		  __entry->start_pfn, __entry->end_pfn, __entry->fin_pfn,
		  __entry->end_pfn <= __entry->fin_pfn ? "success" : "fail", SBUDDY_WHERE_ARGS)
);

/* The request ends here: the kernel would take step next and wait for it. */
TRACE_EVENT(sbuddy_would_block,

	TP_PROTO(const struct sbuddy_machine *m, unsigned int order, u32 gfp_flags, int step),

	TP_ARGS(m, order, gfp_flags, step),

	TP_STRUCT__entry(
		__field(unsigned int,		order)
		__field(unsigned long,		gfp_flags)
		__field(int,			step)
		__field(int,			machine)
	),

	TP_fast_assign(
		__entry->order = order;
		__entry->gfp_flags = gfp_flags;
		__entry->step = step;
		__entry->machine = m->id;
	),

	TP_printk("order=%u gfp_flags=%s step=%s machine=%d",
		  __entry->order, sbuddy_show_gfp(__entry->gfp_flags),
		  __print_symbolic(__entry->step, SBUDDY_TRACE_STEPS), __entry->machine)
);

/* A free was refused with err, a negative errno; the frame may be no page at all. */
TRACE_EVENT(sbuddy_bad_free,

	TP_PROTO(const struct sbuddy_machine *m, unsigned long pfn, unsigned int order, int err),

	TP_ARGS(m, pfn, order, err),

	TP_STRUCT__entry(
		__field(unsigned long,		pfn)
		__field(unsigned int,		order)
		__field(int,			err)
		__field(int,			machine)
	),

	TP_fast_assign(
		__entry->pfn = pfn;
		__entry->order = order;
		__entry->err = err;
		__entry->machine = m->id;
	),

	TP_printk("pfn=%s order=%u err=%d machine=%d",
		  sbuddy_show_pfn(__entry->pfn), __entry->order, __entry->err, __entry->machine)
);

/* A zone of the host was copied, in this very moment: its lists cannot change meanwhile. */
TRACE_EVENT(sbuddy_live_zone_copied,

	TP_PROTO(int node, int zone, unsigned long start_pfn, unsigned long spanned),

	TP_ARGS(node, zone, start_pfn, spanned),

	TP_STRUCT__entry(
		__field(int, node)
		__field(int, zone)
		__field(unsigned long, start_pfn)
		__field(unsigned long, spanned)
	),

	TP_fast_assign(
		__entry->node		= node;
		__entry->zone		= zone;
		__entry->start_pfn	= start_pfn;
		__entry->spanned	= spanned;
	),

	TP_printk("node=%d zone=%s start_pfn=%#lx spanned=%lu", __entry->node,
		  __print_symbolic(__entry->zone, SBUDDY_TRACE_ZONES), __entry->start_pfn,
		  __entry->spanned)
);

#endif /* _TRACE_SBUDDY_H */

/* Outside the guard: reads this file several times more. */
#include <trace/define_trace.h>
