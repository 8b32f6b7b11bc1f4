/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The engine: a page allocator that decides as Linux 6.12 does, or by another
 * series' rules, on an array of page descriptors of its own.
 *
 * A machine is one shadow computer.  It is the first argument of everything;
 * the engine keeps no other state, so any number of machines run side by side.
 * The same files build in the kernel and in user space; what they need from
 * outside comes through "os.h" alone.
 *
 * Fields of the structures below may be read by anyone who holds the lock
 * named beside them, or racily for display.  Only the engine writes them.
 */
#ifndef _SBUDDY_ENGINE_H
#define _SBUDDY_ENGINE_H

#include "os.h"
#include "uapi/linux/sbuddy.h"
#include "compact.h"
#include "reclaim.h"
#include "numa.h"
#include "range.h"

#define SBUDDY_PAGE_SHIFT	12
#define SBUDDY_PAGE_SIZE	(1UL << SBUDDY_PAGE_SHIFT)
#define SBUDDY_MAX_ORDER_NR_PAGES (1UL << SBUDDY_MAX_PAGE_ORDER)
#define SBUDDY_PAGEBLOCK_NR_PAGES (1UL << SBUDDY_PAGEBLOCK_ORDER)
#define SBUDDY_PAGES_PER_SECTION 32768UL
#define SBUDDY_COSTLY_ORDER	3
#define SBUDDY_MAX_NODES	16
#define SBUDDY_MAX_VCPUS	256
#define SBUDDY_NO_ZONE		0xff
#define SBUDDY_MAX_PAGES	(1UL << 28)	/* 1 TiB, span of a machine */
#define SBUDDY_END_PFN		(1UL << 40)	/* machines start below: 4 PiB */

/* pcp lists: orders 0 to 3 of three types, then order 9 not movable, movable */
#define SBUDDY_NR_PCP_LISTS	14
#define SBUDDY_PCP_BATCH_SCALE_MAX 5

enum sbuddy_wmark {
	SBUDDY_WMARK_MIN,
	SBUDDY_WMARK_LOW,
	SBUDDY_WMARK_HIGH,
	SBUDDY_WMARK_PROMO,
	SBUDDY_NR_WMARK,
};

/* bits of sbuddy_zone::flags */
enum sbuddy_zone_flag {
	SBUDDY_ZONE_BOOSTED_WATERMARK,	/* boosted since kswapd was last woken */
	SBUDDY_ZONE_RECLAIM_ACTIVE,	/* kswapd works on the zone */
	SBUDDY_ZONE_BELOW_HIGH,		/* found below the high watermark, not yet seen above */
};

/* What a page descriptor says of the frame. */
enum sbuddy_page_state {
	SBUDDY_PAGE_NONE,		/* not the first page of anything, or a hole */
	SBUDDY_PAGE_BUDDY,		/* first page of a free block on a buddy list */
	SBUDDY_PAGE_PCP,		/* first page of a block on a pcp list */
	SBUDDY_PAGE_USED,		/* first page of an allocated block */
	SBUDDY_PAGE_HELD,		/* first page of a free block that compaction took */
};

/**
 * struct sbuddy_page - descriptor of one page frame
 * @lru:      link of a free list or pcp list (zone lock, pcp lock).  Whoever
 *	      holds an allocated block may use it.
 * @tag:      order, state, zone and flags, see page.h; says nothing of the
 *	      block except in the block's first page
 * @refcount: references on an allocated block; 0 while free and in tail pages
 * @private:  the holder's, zero when handed out
 */
struct sbuddy_page {
	struct list_head lru;
	u32 tag;
	u32 refcount;
	u64 private;
};

struct sbuddy_free_area {
	struct list_head free_list[SBUDDY_MIGRATE_TYPES];
	unsigned long nr_free;		/* blocks, isolated ones included */
};

enum sbuddy_numa_item {
	SBUDDY_NUMA_HIT,
	SBUDDY_NUMA_MISS,
	SBUDDY_NUMA_FOREIGN,
	SBUDDY_NUMA_INTERLEAVE_HIT,
	SBUDDY_NUMA_LOCAL,
	SBUDDY_NUMA_OTHER,
	SBUDDY_NR_NUMA_ITEMS,
};

/* Counted under the pcp lock or the zone lock, never atomically. */
enum sbuddy_zone_event {
	SBUDDY_PGALLOC,			/* pages */
	SBUDDY_PGFREE,			/* pages */
	SBUDDY_PCP_REFILL,		/* trips to the buddy for a pcp list */
	SBUDDY_PCP_REFILL_PAGES,
	SBUDDY_PCP_DRAIN,		/* trips back */
	SBUDDY_PCP_DRAIN_PAGES,
	SBUDDY_CLAIM,			/* pageblocks or larger blocks taken over */
	SBUDDY_STEAL,			/* blocks taken from a foreign type */
	SBUDDY_BOOST,			/* watermark boosts */
	SBUDDY_HIGHATOMIC_RESERVE,	/* pageblocks */
	SBUDDY_HIGHATOMIC_UNRESERVE,	/* pageblocks or larger blocks */
	SBUDDY_NR_ZONE_EVENTS,
};

/* Counted with atomics: rare. */
enum sbuddy_machine_event {
	SBUDDY_ALLOC_FAIL,		/* requests that ended without a page */
	SBUDDY_WOULD_BLOCK,		/* of these, would have reclaimed or compacted */
	SBUDDY_BAD_FREE,		/* frees refused */
	SBUDDY_KSWAPD_WAKE,		/* calls of wakeup_kswapd() */
	SBUDDY_PCP_BUSY,		/* a pcp lock was taken: buddy path instead */
	SBUDDY_NR_MACHINE_EVENTS,
};

/* sbuddy_pcp::flags */
#define SBUDDY_PCPF_PREV_FREE_HIGH_ORDER	1
#define SBUDDY_PCPF_FREE_HIGH_BATCH		2	/* large cache: keep a batch */
#define SBUDDY_PCPF_KERNEL			3	/* the flags that 6.12 has */
#define SBUDDY_PCPF_OTHER_RULES			4	/* the rule set says what follows a free */

/**
 * struct sbuddy_pcp - the per-CPU lists of one vcpu in one zone
 * @lock:	  guards everything here; only ever tried, except by drains
 * @zone:	  the zone; constant
 * @count:	  pages on all lists
 * @high:	  pages from which on a free drains; tunes itself
 * @high_min:	  limit of the tuning, pages
 * @high_max:	  limit of the tuning, pages
 * @batch:	  pages that one trip to the buddy moves
 * @free_count:	  pages freed here without an allocation in between, decaying;
 *		  by the 6.1 rules its free_factor: drains in a row
 * @flags:	  SBUDDY_PCPF_*
 * @alloc_factor: refills double while this grows
 * @expire:	  vmstat periods until a remote zone's lists are drained
 * @pgalloc:	  pages allocated from these lists
 * @pgfree:	  pages freed to them
 * @local_hits:	  of @numa: allocations that count as both HIT and LOCAL
 * @lists:	  head is taken first; index 3 * order + type, 12 and 13 for order 9
 * @numa:	  NUMA counters but for @local_hits
 * @pad:	  makes the size a power of two: pcps are indexed on every operation
 */
struct sbuddy_pcp {
	struct sbuddy_zone *zone;
	spinlock_t lock;
	int count;
	int high;
	int high_min;
	int high_max;
	int batch;
	s16 free_count;
	u8 flags;
	u8 alloc_factor;
	u8 expire;
	u64 pgalloc;
	u64 pgfree;
	u64 local_hits;
	struct list_head lists[SBUDDY_NR_PCP_LISTS];
	u64 numa[SBUDDY_NR_NUMA_ITEMS];
	u8 pad[512 - 336];
};

/**
 * struct sbuddy_zonestat - a vcpu's pending part of a zone's free counter
 * @free_diff:	    pages not yet folded into sbuddy_zone::nr_free_pages
 * @stat_threshold: @free_diff is folded when it exceeds this
 *
 * Guarded by the zone lock.
 */
struct sbuddy_zonestat {
	s8 free_diff;
	s8 stat_threshold;
};

/**
 * struct sbuddy_zone - one zone of one node
 * @watermark:		indexed by enum sbuddy_wmark, without the boost, pages
 * @watermark_boost:	pages added to each watermark
 * @lowmem_reserve:	pages kept from requests whose highest zone is the index
 * @nr_free_pages:	free pages outside isolated blocks, without the vcpus'
 *			pending parts; may be negative for a moment
 * @nr_free_highatomic:	pages on the HighAtomic lists; by the 6.1 rules a copy of
 *			@nr_reserved_highatomic, which that kernel subtracts instead
 * @flags:		enum sbuddy_zone_flag, set and cleared atomically
 * @pcp:		one for each vcpu
 * @zstat:		one for each vcpu
 * @avoid_fragmentation: requests that prefer this zone rather go to another
 *			zone than mix types in it
 * @machine:		the machine that the zone belongs to
 * @node:		node number
 * @idx:		enum sbuddy_zone_type
 * @id:			index into sbuddy_machine::zones
 * @place:		node and index as in sbuddy_op::zone
 * @zone_start_pfn:	first frame of the span
 * @spanned_pages:	length of the span
 * @present_pages:	@spanned_pages less holes
 * @managed_pages:	@present_pages less what never came to the buddy
 * @nr_reserved_highatomic: pages in HighAtomic blocks
 * @nr_isolate_pageblock: isolated blocks
 * @percpu_drift_mark:	below this many free pages kswapd sums exactly
 * @pcp_high_min:	limits and batch last written to every vcpu
 * @pcp_high_max:	see @pcp_high_min
 * @pcp_batch:		see @pcp_high_min
 * @lock:		guards the free lists, the counters above and the types
 *			of the zone's pageblocks
 * @free_area:		the buddy lists
 * @events:		what happened under the zone lock
 * @numa:		allocations that went past the pcp lists
 * @numa_foreign:	allocations meant for this zone that another served
 * @numa_interleave_hit: interleaved ones that got the node that was their turn
 * @compact:		see struct sbuddy_compact_state
 */
struct sbuddy_zone {
	long watermark[SBUDDY_NR_WMARK];
	long watermark_boost;
	long lowmem_reserve[SBUDDY_MAX_NR_ZONES];
	long nr_free_pages;
	long nr_free_highatomic;
	unsigned long flags;
	struct sbuddy_pcp *pcp;
	struct sbuddy_zonestat *zstat;
	struct sbuddy_machine *machine;
	bool avoid_fragmentation;
	int node;
	int idx;
	int id;
	u8 place;
	unsigned long zone_start_pfn;
	unsigned long spanned_pages;
	unsigned long present_pages;
	unsigned long managed_pages;
	long nr_reserved_highatomic;
	long nr_isolate_pageblock;
	long percpu_drift_mark;
	int pcp_high_min;
	int pcp_high_max;
	int pcp_batch;

	spinlock_t lock ____cacheline_aligned;
	struct sbuddy_free_area free_area[SBUDDY_NR_PAGE_ORDERS];
	u64 events[SBUDDY_NR_ZONE_EVENTS];
	u64 numa[SBUDDY_NR_NUMA_ITEMS];
	atomic_long_t numa_foreign;
	atomic_long_t numa_interleave_hit;
	struct sbuddy_compact_state compact;
};

/* A place in a zonelist; the last one has no zone. */
struct sbuddy_zoneref {
	struct sbuddy_zone *zone;
	int zone_idx;
	int node;
};

enum sbuddy_zonelist_kind {
	SBUDDY_ZONELIST_FALLBACK,
	SBUDDY_ZONELIST_NOFALLBACK,	/* __GFP_THISNODE */
	SBUDDY_NR_ZONELISTS,
};

/**
 * struct sbuddy_zonelist - zones to try, in order
 * @first: first entry for requests whose highest zone is the index
 * @ref:   the list, ended by an entry without a zone
 */
struct sbuddy_zonelist {
	struct sbuddy_zoneref *first[SBUDDY_MAX_NR_ZONES];
	struct sbuddy_zoneref ref[SBUDDY_MAX_NODES * SBUDDY_MAX_NR_ZONES + 1];
};

/**
 * struct sbuddy_node - one node
 * @id:		   node number
 * @online:	   the node exists on this machine
 * @nr_cpus:	   vcpus of the node
 * @node_start_pfn: lowest frame of its zones
 * @spanned_pages: from there to the highest
 * @node_zones:	   by enum sbuddy_zone_type; unpopulated ones have present_pages 0
 * @zonelists:	   by enum sbuddy_zonelist_kind
 * @totalreserve_pages: pages that user allocations had better leave alone
 * @kswapd_order:  largest order that wakeup_kswapd() asked for
 * @kswapd_highest_zoneidx: highest zone it asked for, SBUDDY_MAX_NR_ZONES if none
 * @kswapd_running: kswapd is at work: proactive compaction keeps away
 * @kcompactd: what kcompactd was asked for
 * @kswapd: what kswapd is about
 */
struct sbuddy_node {
	int id;
	bool online;
	int nr_cpus;
	unsigned long node_start_pfn;
	unsigned long spanned_pages;
	struct sbuddy_zone *node_zones[SBUDDY_MAX_NR_ZONES];
	struct sbuddy_zonelist zonelists[SBUDDY_NR_ZONELISTS];
	long totalreserve_pages;
	int kswapd_order;
	int kswapd_highest_zoneidx;
	bool kswapd_running;
	struct sbuddy_kcompactd kcompactd;
	struct sbuddy_kswapd kswapd;
};

/* One run of frames of a zone, or a hole between two. */
struct sbuddy_layout_extent {
	u64 nr_pages;
	s8 node;
	s8 zone;			/* enum sbuddy_zone_type, -1 is a hole */
};

#define SBUDDY_MAX_EXTENTS	128

/**
 * struct sbuddy_layout - which frames belong to which zone, in pfn order
 * @nr_nodes:	highest node number + 1
 * @nr_extents:	used part of @extent
 * @nr_pages:	sum over @extent, holes included
 * @extent:	adjacent runs, ascending
 * @distance:	SLIT, 10 local
 * @distances:	they were given
 */
struct sbuddy_layout {
	int nr_nodes;
	int nr_extents;
	u64 nr_pages;
	struct sbuddy_layout_extent extent[SBUDDY_MAX_EXTENTS];
	u8 distance[SBUDDY_MAX_NODES][SBUDDY_MAX_NODES];
	bool distances;
};

/**
 * struct sbuddy_piece - a run of real frames under a part of a layout
 * @start_pfn: first frame, a multiple of 1024
 * @nr_pages:  length, a multiple of 1024 pages
 */
struct sbuddy_piece {
	u64 start_pfn;
	u64 nr_pages;
};

/**
 * struct sbuddy_knobs - the files of /proc/sys/vm and kin that steer decisions
 * @min_free_kbytes:	 in force, KiB
 * @user_min_free_kbytes: written by the user, -1 if never
 * @watermark_scale_factor: gap between watermarks, 1/10000 of managed pages
 * @watermark_boost_factor: upper limit of the boost, 1/10000 of the high watermark
 * @percpu_pagelist_high_fraction: 0 = tune, else 8 or more: managed / this / vcpus
 * @lowmem_reserve_ratio: by zone
 * @zone_reclaim_mode:	 kept for the format: no node is reclaimed from before others serve
 * @thp:		 khugepaged runs, which raises min_free_kbytes
 * @kdump:		 behave as in a crash kernel: no boost
 * @shortcut:		 take pages from the vcpu's list in one function where
 *			 nothing else can happen; off shows every step in a trace
 * @group_by_mobility_disabled: one type for all; decided from the machine's size
 * @llc_pages_per_cpu:	 last-level cache of a vcpu, pages
 * @il_weight:		 by node, share in weighted interleaving; 0 is the default, 1
 * @extfrag_threshold:	 fragmentation index up to which lack of memory is blamed
 * @compaction_proactiveness: 0 = never without a request, to 100
 * @compact_unevictable_allowed: compaction moves unevictable pages
 * @direct_compact:	 requests that may sleep compact; else they fail there
 * @lru_batch:		 pages that wait on a vcpu for their LRU list, 0 to 31
 * @direct_reclaim:	 the machine reclaims: requests that may sleep do, and kswapd
 *			 can be woken; else such requests fail
 * @swappiness:		 share of anonymous pages in reclaim, 0 to 200
 * @swap_pages:		 size of the swap, pages; 0 is none
 * @writeback_ticks:	 how long writing takes, 1/SBUDDY_HZ s; 0: it is done at once
 * @oom_policy:		 enum sbuddy_oom_policy
 * @slowpath_loops:	 rounds after which a request fails that in Linux would go on
 *			 for ever
 */
struct sbuddy_knobs {
	long min_free_kbytes;
	long user_min_free_kbytes;
	int watermark_scale_factor;
	int watermark_boost_factor;
	int percpu_pagelist_high_fraction;
	int lowmem_reserve_ratio[SBUDDY_MAX_NR_ZONES];
	int zone_reclaim_mode;
	bool thp;
	bool kdump;
	bool shortcut;
	bool group_by_mobility_disabled;
	long llc_pages_per_cpu;
	u8 il_weight[SBUDDY_MAX_NODES];
	int extfrag_threshold;
	int compaction_proactiveness;
	bool compact_unevictable_allowed;
	bool direct_compact;
	int lru_batch;
	bool direct_reclaim;
	int swappiness;
	long swap_pages;
	int writeback_ticks;
	int oom_policy;
	int slowpath_loops;
};

/**
 * struct sbuddy_config - what a machine is made of
 * @layout:	zones and nodes
 * @base_pfn:	first frame; multiple of 1024, not 0, below SBUDDY_END_PFN
 * @nr_vcpus:	1 to SBUDDY_MAX_VCPUS
 * @vcpu_node:	node of each vcpu
 * @backed:	frames are real memory: __GFP_ZERO clears it through the seam
 * @thp:	initial sbuddy_knobs::thp
 * @rules:	enum sbuddy_rule_set that the machine obeys, from birth to death
 * @llc_pages_per_cpu: initial sbuddy_knobs::llc_pages_per_cpu
 */
struct sbuddy_config {
	struct sbuddy_layout layout;
	unsigned long base_pfn;
	int nr_vcpus;
	u8 vcpu_node[SBUDDY_MAX_VCPUS];
	bool backed;
	bool thp;
	u8 rules;
	long llc_pages_per_cpu;
};

/**
 * struct sbuddy_near - where an order-0 request goes as long as all is well
 * @pcp:     lists of the vcpu in the zone that the request prefers, NULL if
 *	     that has to be looked up
 * @list:    of these the one for the request's type
 * @reserve: the zone's lowmem reserve for the request's highest zone
 */
struct sbuddy_near {
	struct sbuddy_pcp *pcp;
	struct list_head *list;
	const long *reserve;
};

/* Entries a vcpu: the low five gfp bits, which give zone and type, and THISNODE. */
#define SBUDDY_NEAR_PLACE	0x1fU
#define SBUDDY_NR_NEAR		64

/**
 * struct sbuddy_machine - one shadow computer
 * @id:		  number under which users know it
 * @nr_nodes:	  highest node number + 1
 * @online_nodes: nodes that exist
 * @nr_zones:	  populated zones, entries of @zones
 * @nr_vcpus:	  virtual CPUs, numbered from 0
 * @base_pfn:	  frame of @pages[0]; multiple of SBUDDY_PAGES_PER_SECTION when
 *		  the span is larger than a section
 * @nr_pages:	  entries of @pages
 * @backed:	  see struct sbuddy_config
 * @sparse:	  @pages has no memory where there are holes: there it reads as
 *		  zeroes and is not written
 * @pages:	  descriptors
 * @pageblock_flags: four bits a pageblock, sixteen blocks a word
 * @pageblock_zone: zone id of each pageblock, SBUDDY_NO_ZONE for a hole
 * @isolated_by:  holder of each isolated pageblock, see struct sbuddy_range;
 *		  0 elsewhere (the zone lock)
 * @zones:	  populated zones by id, in node and zone order
 * @nodes:	  by number
 * @zonelist_rule: enum sbuddy_zonelist_rule
 * @near:	  SBUDDY_NR_NEAR entries for each vcpu
 * @rules:	  the table of sbuddy_config::rules, see module/engine/rules.h
 * @vcpu_node:	  node of each vcpu
 * @knobs:	  see struct sbuddy_knobs
 * @totalreserve_pages: sum over nodes
 * @events:	  see enum sbuddy_machine_event
 * @vm_events:	  see enum sbuddy_vm_event
 * @lru:	  pages that can move
 * @hooks:	  who drives the daemons, NULL if nobody does
 * @walk:	  the compaction that is carried out in steps; its user serialises
 * @config:	  what it was made from; reset starts from here
 */
struct sbuddy_machine {
	struct sbuddy_page *pages;
	unsigned long nr_pages;
	unsigned long *pageblock_flags;
	struct sbuddy_near *near;
	const struct sbuddy_rules *rules;
	unsigned long base_pfn;
	u8 *pageblock_zone;
	u32 *isolated_by;
	struct sbuddy_zone **zones;
	int nr_zones;
	int nr_vcpus;
	int online_nodes;
	int nr_nodes;
	int id;
	bool backed;
	bool sparse;
	u8 zonelist_rule;
	struct sbuddy_knobs knobs;
	long totalreserve_pages;
	atomic_long_t events[SBUDDY_NR_MACHINE_EVENTS];
	atomic_long_t vm_events[SBUDDY_NR_VM_EVENTS];
	struct sbuddy_lru *lru;
	const struct sbuddy_hooks *hooks;
	struct sbuddy_compact_walk *walk;
	u8 vcpu_node[SBUDDY_MAX_VCPUS];
	struct sbuddy_node nodes[SBUDDY_MAX_NODES];
	struct sbuddy_config config;
};

/* sbuddy_task::flags: the task state that the kernel keeps in current */
#define SBUDDY_PF_MEMALLOC		0x01U
#define SBUDDY_PF_MEMALLOC_NOIO		0x02U
#define SBUDDY_PF_MEMALLOC_NOFS		0x04U
#define SBUDDY_PF_MEMALLOC_PIN		0x08U
#define SBUDDY_PF_RT			0x10U	/* real-time or deadline class */
#define SBUDDY_PF_OOM_VICTIM		0x20U
#define SBUDDY_PF_INTERRUPT		0x40U	/* not in task context */
#define SBUDDY_PF_SOFTIRQ		0x80U	/* serving a softirq */
#define SBUDDY_PF_KTHREAD		0x100U	/* a daemon */

struct sbuddy_capture_control;

/**
 * struct sbuddy_task - who asks, and on which vcpu
 * @cpu:   vcpu, 0 to sbuddy_machine::nr_vcpus - 1
 * @flags: SBUDDY_PF_*
 * @il_prev: the rotor of interleaving: node that had its turn last
 * @il_weight: pages that it still gives under weighted interleaving
 * @capc:  the task compacts: what it frees may be what it wants
 */
struct sbuddy_task {
	int cpu;
	unsigned int flags;
	u8 il_prev;
	u8 il_weight;
	struct sbuddy_capture_control *capc;
};

/* Takes a piece of text. */
typedef void (*sbuddy_emit_fn)(void *arg, const char *text, size_t len);

/* layout.c */
int sbuddy_layout_parse(const char *text, u64 nr_pages, struct sbuddy_layout *l,
			const char **expected);
int sbuddy_layout_format(const struct sbuddy_layout *l, char *buf, size_t size);

/* layout_pieces.c */
int sbuddy_layout_fit_pieces(const struct sbuddy_layout *l, const struct sbuddy_piece *piece,
			     int nr, s8 *piece_of, const char **expected);
int sbuddy_layout_place_pieces(struct sbuddy_layout *l, const struct sbuddy_piece *piece, int nr,
			       unsigned long *base_pfn, const char **expected);

/* gfp.c */
int sbuddy_gfp_parse(const char *text, u32 *gfp, const char **expected);
int sbuddy_gfp_format(u32 gfp, char *buf, size_t size);
enum sbuddy_zone_type sbuddy_gfp_zone(u32 gfp);
int sbuddy_gfp_migratetype(const struct sbuddy_machine *m, u32 gfp);
const char *sbuddy_zone_name(int idx);
const char *sbuddy_migratetype_name(int mt);

/* machine.c */
void sbuddy_config_init(struct sbuddy_config *cfg);
void sbuddy_config_spread_vcpus(struct sbuddy_config *cfg);
size_t sbuddy_config_metadata_bytes(const struct sbuddy_config *cfg);
int sbuddy_machine_create(const struct sbuddy_config *cfg, struct sbuddy_machine **out);
void sbuddy_machine_destroy(struct sbuddy_machine *m);
int sbuddy_machine_reset(struct sbuddy_machine *m);
size_t sbuddy_machine_metadata_bytes(const struct sbuddy_machine *m);

/* rules.c */
const char *sbuddy_rules_name(unsigned int set);
int sbuddy_rules_parse(const char *text, unsigned int *set);
bool sbuddy_rules_raced(unsigned int set, const char *release, const char *version);

/* fork.c */
struct sbuddy_machine *sbuddy_fork_prepare(const struct sbuddy_machine *src);
int sbuddy_fork_copy(const struct sbuddy_machine *src, struct sbuddy_machine *dst);
int sbuddy_machine_fork(const struct sbuddy_machine *src, struct sbuddy_machine **out);

/* hash.c, diff.c */
u64 sbuddy_machine_hash(const struct sbuddy_machine *m);
u64 sbuddy_machine_diff(const struct sbuddy_machine *a, const struct sbuddy_machine *b,
			sbuddy_emit_fn emit, void *arg);

/* page.c */
struct sbuddy_page *sbuddy_pfn_to_page(const struct sbuddy_machine *m, unsigned long pfn);
unsigned long sbuddy_page_to_pfn(const struct sbuddy_machine *m, const struct sbuddy_page *page);
struct sbuddy_zone *sbuddy_page_zone(const struct sbuddy_machine *m,
				     const struct sbuddy_page *page);
enum sbuddy_page_state sbuddy_page_state(const struct sbuddy_page *page);
unsigned int sbuddy_page_order(const struct sbuddy_page *page);
bool sbuddy_page_compound(const struct sbuddy_page *page);
struct sbuddy_zone *sbuddy_pfn_zone(const struct sbuddy_machine *m, unsigned long pfn);

/* pageblock.c */
int sbuddy_get_pageblock_migratetype(const struct sbuddy_machine *m, unsigned long pfn);
bool sbuddy_pageblock_present(const struct sbuddy_machine *m, const struct sbuddy_zone *zone,
			      unsigned long pfn);

/* alloc.c */
struct sbuddy_page *sbuddy_alloc_pages(struct sbuddy_machine *m, struct sbuddy_task *task,
				       u32 gfp, unsigned int order, int nid);
struct sbuddy_page *sbuddy_alloc_pages_exact(struct sbuddy_machine *m, struct sbuddy_task *task,
					     u32 gfp, unsigned long nr, int nid);

/* bulk.c */
unsigned long sbuddy_alloc_pages_bulk(struct sbuddy_machine *m, struct sbuddy_task *task,
				      u32 gfp, int nid, unsigned long nr,
				      struct sbuddy_page **array);

/* free.c */
int sbuddy_free_pages(struct sbuddy_machine *m, struct sbuddy_task *task,
		      struct sbuddy_page *page, unsigned int order);
int sbuddy_folios_put(struct sbuddy_machine *m, struct sbuddy_task *task,
		      struct sbuddy_page **folios, unsigned int nr);
int sbuddy_free_pages_exact(struct sbuddy_machine *m, struct sbuddy_task *task,
			    struct sbuddy_page *page, unsigned long nr);
int sbuddy_get_page(struct sbuddy_machine *m, struct sbuddy_page *page);
int sbuddy_split_page(struct sbuddy_machine *m, struct sbuddy_page *page, unsigned int order);

/* pcp.c, pcp_drain.c */
void sbuddy_drain_pages(struct sbuddy_machine *m, struct sbuddy_task *task, int cpu);
void sbuddy_drain_all_pages(struct sbuddy_machine *m, struct sbuddy_task *task);
void sbuddy_drain_all_pages_zone(struct sbuddy_zone *zone, struct sbuddy_task *task);
void sbuddy_zone_pcp_disable(struct sbuddy_zone *zone, struct sbuddy_task *task);
void sbuddy_zone_pcp_enable(struct sbuddy_zone *zone);
void sbuddy_refresh_cpu_vm_stats(struct sbuddy_machine *m, struct sbuddy_task *task, int cpu);

/* vmstat.c */
unsigned long sbuddy_zone_page_state(const struct sbuddy_zone *zone);
long sbuddy_zone_page_state_snapshot(const struct sbuddy_zone *zone);
u64 sbuddy_zone_event(const struct sbuddy_zone *zone, enum sbuddy_zone_event item);
u64 sbuddy_zone_numa(const struct sbuddy_zone *zone, enum sbuddy_numa_item item);
u64 sbuddy_machine_event(const struct sbuddy_machine *m, enum sbuddy_machine_event item);
const char *sbuddy_zone_event_name(int item);
const char *sbuddy_machine_event_name(int item);
int sbuddy_extfrag_index(const struct sbuddy_zone *zone, unsigned int order);
int sbuddy_unusable_index(const struct sbuddy_zone *zone, unsigned int order);
unsigned int sbuddy_extfrag_for_order(const struct sbuddy_zone *zone, unsigned int order);

/* watermark.c: the knobs */
int sbuddy_set_min_free_kbytes(struct sbuddy_machine *m, long kbytes);
int sbuddy_set_watermark_scale_factor(struct sbuddy_machine *m, int factor);
int sbuddy_set_watermark_boost_factor(struct sbuddy_machine *m, int factor);
int sbuddy_set_percpu_pagelist_high_fraction(struct sbuddy_machine *m, int fraction);
int sbuddy_set_shortcut(struct sbuddy_machine *m, bool on);
int sbuddy_set_lowmem_reserve_ratio(struct sbuddy_machine *m, const int *ratio);

/* snapshot_export.c, snapshot_import.c */
int sbuddy_snapshot_export(struct sbuddy_machine *m, sbuddy_emit_fn emit, void *arg);
int sbuddy_snapshot_size(const char *text, size_t len, size_t *bytes, char *err, size_t err_size);
int sbuddy_snapshot_import(const char *text, size_t len, struct sbuddy_machine **out,
			   char *err, size_t err_size);

/* check.c */
int sbuddy_check(struct sbuddy_machine *m, char *err, size_t err_size);

/* owner.c, fork.c: slots, and run.c: operations on them */
struct sbuddy_owner;

struct sbuddy_owner *sbuddy_owner_create(struct sbuddy_machine *m, u32 id);
struct sbuddy_owner *sbuddy_owner_fork(const struct sbuddy_owner *o, struct sbuddy_machine *m,
				       u32 id);
void sbuddy_owner_rename(struct sbuddy_owner *o, u32 id);
void sbuddy_owner_release(struct sbuddy_owner *o);
void sbuddy_owner_destroy(struct sbuddy_owner *o, struct sbuddy_task *task);
u64 sbuddy_owner_pages(const struct sbuddy_owner *o);
u32 sbuddy_owner_slots(const struct sbuddy_owner *o);
bool sbuddy_owner_holds(const struct sbuddy_owner *o);
struct sbuddy_page *sbuddy_owner_slot(const struct sbuddy_owner *o, u32 slot);
struct sbuddy_page *sbuddy_owner_next(const struct sbuddy_owner *o, u32 *slot);
int sbuddy_owner_check(struct sbuddy_owner *o, char *err, size_t err_size);
int sbuddy_owner_set_policy(struct sbuddy_owner *o, unsigned int index,
			    const struct sbuddy_mempolicy *pol);
const struct sbuddy_mempolicy *sbuddy_owner_policy(const struct sbuddy_owner *o,
						   unsigned int index);
const struct sbuddy_task *sbuddy_owner_task(const struct sbuddy_owner *o);
u32 sbuddy_page_owner(const struct sbuddy_page *page);
u32 sbuddy_page_slot(const struct sbuddy_page *page);
int sbuddy_run_op(struct sbuddy_owner *o, struct sbuddy_op *op, int current_cpu);
int sbuddy_run_isolate(struct sbuddy_owner *o, struct sbuddy_isolate *arg, int current_cpu);
int sbuddy_run_contig(struct sbuddy_owner *o, struct sbuddy_contig *arg, int current_cpu);
unsigned int sbuddy_run_ops(struct sbuddy_owner *o, struct sbuddy_op *ops, unsigned int nr,
			    int current_cpu);

#endif /* _SBUDDY_ENGINE_H */
