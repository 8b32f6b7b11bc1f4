#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# usage: selftests/host/mutants.sh [-k] [NUMBER...]
#
# Breaks a copy of the engine in one place at a time and demands that the host tests
# notice. Each mutant is a file, a sed expression that must change it, and what it breaks.
# Without numbers, all of them. -k keeps the copy, in build/mutants.
#
# Prints TAP: a mutant that lives, does not apply or does not compile is a failure. The
# tests stop at the first failure, so most mutants die within seconds.

set -uo pipefail
cd "$(dirname "$(readlink -f "$0")")/../.." || exit 1

COPY=build/mutants
CC=${HOSTCC:-gcc}
FLAGS="-std=gnu11 -D_GNU_SOURCE -g -O1 -w -include selftests/lib/os.h -Iinclude -Iselftests/lib"
TESTS="fallback buddy pcp pcp_tune watermark highatomic alloc free bulk zone gfp layout snapshot run owner
	vmstat check failsweep mempolicy isolation contig"

# files | sed expression | what it breaks; code may move from one of the files to another
MUTANTS=(
	'buddy.c|s/list_add_tail(&page->lru, &area->free_list\[mt\])/list_add(\&page->lru, \&area->free_list[mt])/|appended blocks go to the head'
	'buddy.c|s/if (order >= SBUDDY_MAX_PAGE_ORDER - 1)/if (order >= SBUDDY_MAX_PAGE_ORDER - 2)/|likely merge is not looked for at order 8'
	'buddy.c|s/pfn ^ (2UL << order)), order + 1)/pfn ^ (2UL << order)), order)/|likely merge looks for the wrong order'
	'buddy.c|s/while (order < SBUDDY_MAX_PAGE_ORDER) {/while (order < SBUDDY_MAX_PAGE_ORDER - 1) {/|nothing merges to order 10'
	'buddy.c|s/sbuddy_change_pageblock_range(m, pfn, order, mt);/;/|merged halves keep their types'
	'buddy.c|s/if (!sbuddy_migratetype_mergeable(mt) .*/if (0)/|isolated and highatomic halves merge'
	'buddy.c|s/taken -= sbuddy_expand(/sbuddy_expand(/|a split block is counted as taken whole'
	'buddy.c|s/for (unsigned int o = order; o <= SBUDDY_MAX_PAGE_ORDER; o++)/for (unsigned int o = order; o < SBUDDY_MAX_PAGE_ORDER; o++)/|order-10 blocks are never split'
	'fallback.c|s/{ SBUDDY_MIGRATE_RECLAIMABLE, SBUDDY_MIGRATE_UNMOVABLE }/{ SBUDDY_MIGRATE_UNMOVABLE, SBUDDY_MIGRATE_RECLAIMABLE }/|MOVABLE falls back to UNMOVABLE first'
	'fallback.c|s/return order >= SBUDDY_PAGEBLOCK_ORDER \/ 2 /return order > SBUDDY_PAGEBLOCK_ORDER \/ 2 /|order 4 cannot be claimed for MOVABLE'
	'fallback.c|s/>= 1 << (SBUDDY_PAGEBLOCK_ORDER - 1)/> 1 << (SBUDDY_PAGEBLOCK_ORDER - 1)/|256 pages are not enough to claim'
	'fallback.c|s/\*mode = SBUDDY_RMQUEUE_STEAL;/;/|the steal mode is forgotten'
	'fallback.c|s/\*mode = SBUDDY_RMQUEUE_NORMAL;/;/|the mode after a claim is not normal'
	'fallback.c|s/min_order = SBUDDY_PAGEBLOCK_ORDER;/;/|NOFRAGMENT claims small blocks'
	'fallback.c|s/sbuddy_page_del_and_expand(zone, task, page, order, o, mt);/sbuddy_page_del_and_expand(zone, task, page, order, o, start_mt);/|remainders of a steal change type'
	'fallback.c|s/if (!can_steal)/if (0)/|a claim does not stop at what it may not have'
	'fallback.c|s/\*alike = scan->nr_movable;/*alike = 0;/|movable pages are not alike'
	'highatomic.c|s/if (percent < /if (percent <= /|zones of 51200 pages reserve nothing'
	'highatomic.c|s/if (!sbuddy_migratetype_mergeable(mt))/if (0)/|reserved blocks are reserved again'
	'highatomic.c|s/if (!force \&\& /if (/|the last reserved block is never given up'
	'pageblock.c|s/sbuddy_move_to_free_list(page, zone, task, order, old_mt, new_mt);/sbuddy_move_to_free_list(page, zone, task, order, old_mt, old_mt);/|moved blocks stay where they are'
	'pcp*|s/pcp->alloc_factor >>= 1;/;/|a free does not halve alloc_factor'
	'*|s/pcp->free_count >>= 1;/;/|an allocation does not halve free_count'
	'pcp.c|s/list_last_entry(list, struct sbuddy_page, lru)/list_first_entry(list, struct sbuddy_page, lru)/|drains take the youngest'
	'pcp.c|s/pindex = 0;/pindex = 1;/|a drain does not come round to the first list'
	'pcp.c|s/count = min(pcp->count, count);/count = min(pcp->count, count \& ~1);/|drains of odd numbers are one short'
	'pcp_drain.c|s/high >> 3/high >> 2/|high decays by a quarter'
	'pcp_drain.c|s/#define SBUDDY_PCP_EXPIRE\t3/#define SBUDDY_PCP_EXPIRE\t2/|remote lists expire early'
	'pcp_tune.c|s/batch = max(batch >> order, 2);/batch = max(batch >> order, 1);/|high-order refills of one block'
	'pcp_tune.c|s/return min(batch << 2, pcp->high);/return min(batch << 1, pcp->high);/|threshold under reclaim'
	'pcp_tune.c|s/int need = pcp->free_count + batch;/int need = pcp->free_count;/|high grows too little'
	'pcp_tune.c|s/zone->managed_pages \/ 8/zone->managed_pages \/ 16/|high_max is a sixteenth'
	'*|s/mark -= mark \/ 4;/mark -= mark \/ 3;/|atomic requests reach too deep'
	'*|s/if (left <= min + /if (left < min + /|the watermark test is not strict'
	'*|s/(alloc_flags \& (SBUDDY_ALLOC_HIGHATOMIC | SBUDDY_ALLOC_OOM))/(alloc_flags \& SBUDDY_ALLOC_OOM)/|HIGHATOMIC requests do not see the reserve'
	'watermark.c|s/limit = max.*SBUDDY_PAGEBLOCK_NR_PAGES, limit);/;/|the boost may stay below 512'
	'watermark.c|s/managed_pages < 4 \*/managed_pages <= 4 */|four pageblocks are not boosted'
	'wmark_setup.c|s/WRITE_ONCE(zone->watermark_boost, 0);/;/|recomputing keeps the boost'
	'wmark_setup.c|s/share >> 2/share >> 3/|gaps between the marks'
	'wmark_setup.c|s/j = zone->idx + 1; j </j = zone->idx + 2; j </|lowmem reserve for the next zone'
	'*|s/set_bit(SBUDDY_ZONE_BELOW_HIGH, &zone->flags);/;/|BELOW_HIGH is never set'
	'alloc.c|s/alloc_flags \& (SBUDDY_ALLOC_OOM | SBUDDY_ALLOC_NON_BLOCK)/alloc_flags \& SBUDDY_ALLOC_OOM/|NON_BLOCK requests do not get the reserve'
	'*|s/return [a-z>-]*online_nodes > 1 \&\& zone->node != /return 0 \&\& zone->node != /|NOFRAGMENT is kept for another node'
	'bulk.c|s/ + (long)nr;/;/|bulk ignores how many it takes'
	'bulk.c|s/if ([a-z>-]*online_nodes > 1 \&\& z->node/if (0 \&\& z->node/|bulk crosses nodes'
	'free.c|s/#define SBUDDY_FOLIO_BATCH\t31/#define SBUDDY_FOLIO_BATCH\t15/|batches of 15'
	'free.c|s/SBUDDY_FPI_TO_TAIL/SBUDDY_FPI_NONE/|excess pages and boot go to the head'
	'slowpath.c|s/bool costly = \(.*\) > SBUDDY_COSTLY_ORDER;/bool costly = \1 >= SBUDDY_COSTLY_ORDER;/|order 3 is costly'
	'zonelist.c|s/val += n < local;/;/|lower nodes are as near as higher ones'
	'zonelist.c|s/return sum < SBUDDY_MIN_MOBILITY_PAGES;/return sum <= SBUDDY_MIN_MOBILITY_PAGES;/|2560 pages are too few to group'
	'mempolicy.c|s/u32 above = nodes \& -2U << nid/u32 above = nodes \& -1U << nid/|the rotor stays where it is'
	'mempolicy.c|s/if (!task->il_weight || !(/if ((/|a weight never ends'
	'mempolicy.c|s/if (target < weight)/if (target <= weight)/|an index picks the node before'
	'mempolicy.c|s/ilx % hweight32/(u32)ilx % hweight32/|an index loses its upper half'
	'mempolicy.c|s/>= pol->lowest_zone/> pol->lowest_zone/|BIND is not heeded'
	'mempolicy.c|s/nodes \& sbuddy_ordinary_nodes(m) ? /1 ? /|sets of Movable memory bind everything'
	'mempolicy.c|s/ilx != SBUDDY_NO_INTERLEAVE_INDEX \&\&/1 \&\&/|alloc_pages() has the rule for huge pages'
	'mempolicy.c|s/!sbuddy_mpol_interleaves(pol) \&\& //|interleaved huge pages are tried nearby'
	'mempolicy.c|s/if (page || !(gfp \& SBUDDY_GFP_DIRECT_RECLAIM))/if (page)/|huge pages go far without waiting'
	'mempolicy.c|s/(gfp | SBUDDY_GFP_NOWARN) \& ~SBUDDY_GFP_SECOND_PASS/gfp | SBUDDY_GFP_NOWARN/|PREFERRED_MANY waits for its set'
	'mempolicy.c|s/(i < nr % nodes)/(i + 1 < nr % nodes)/|bulk leaves a page out'
	'mempolicy.c|s/if (r->delta > weight)/if (r->delta >= weight)/|bulk resumes behind a full share'
	'mempolicy.c|s/\.resume_node = resume/.resume_node = prev/|bulk resumes at the last node'
	'mempolicy.c|s/if (rest <= weight)/if (rest < weight)/|bulk begins a round for nothing'
	'mempolicy.c|s/if (page \&\& pol->mode == SBUDDY_MPOL_INTERLEAVE \&\& .*)/if (page \&\& pol->mode == SBUDDY_MPOL_INTERLEAVE)/|misses are interleave hits'
	'alloc.c|s/if (nodemask != SBUDDY_ALL_NODES)/if (0)/|single requests leave the set'
	'bulk.c|s/sbuddy_restrict_nodes(&ac, nodemask);/;/|bulk leaves the set'
	'slowpath.c|s/s->ac->nodemask = SBUDDY_ALL_NODES;/;/|atomic requests stay in the set'
	'gfp.c|s/flags \&= ~SBUDDY_ALLOC_CPUSET;/;/|HIGH keeps CPUSET'
	'gfp.c|s/if (order \&\& (gfp \& SBUDDY_GFP_HIGH))/if (gfp \& SBUDDY_GFP_HIGH)/|order 0 reserves high-atomic blocks'
	'vmstat.c|s/(1 + fls(mem))/(2 + fls(mem))/|stat threshold'
	'machine.c|s/sbuddy_set_pageblock_migratetype(m, pfn, SBUDDY_MIGRATE_MOVABLE);/;/|blocks are Unmovable at boot'
	'check.c|s/if (l->prev != prev || /if (/|check misses a broken back link'
	'owner*|s/o->free_hint = slot;$/;/|the lowest free slot is forgotten'
	'run.c|s/if (READ_ONCE(page->refcount) > 1)/if (0)/|a batch empties slots of shared folios'
	'internal.h|s/x > zs->stat_threshold ||/x >= zs->stat_threshold ||/|the counter folds one page early'
	'isolation.c|s/zone->idx == SBUDDY_ZONE_MOVABLE ? pfn + 1 :/0 ? pfn + 1 :/|the movable zone is scanned like others'
	'isolation.c|s/if (!sbuddy_unset_by_merging(r, zone, pfn))/if (1)/|an undo does not merge'
	'isolation.c|s/SBUDDY_FPI_SKIP_REPORT_NOTIFY | SBUDDY_FPI_TO_TAIL/SBUDDY_FPI_NONE/|put back to the head'
	'isolation.c|s/straddler = sbuddy_find_straddler(r->m, block, boundary);/straddler = NULL;/|compound blocks may straddle'
	'isolation.c|s/return holder == r->holder || holder == SBUDDY_HOLDER_NOBODY;/return holder == r->holder;/|what nobody isolated stays so'
	'isolation.c|s/sbuddy_undo_isolate_page_range(r, first, pfn);/;/|a failure in the middle leaves blocks isolated'
	'pageblock.c|s/order > SBUDDY_PAGEBLOCK_ORDER) {/order > SBUDDY_MAX_PAGE_ORDER) {/|straddling free blocks are not split'
	'contig.c|s/sbuddy_drain_all_pages_zone(zone, r->task);/;/|contiguous ranges do not drain'
	'contig.c|s/outer_start = sbuddy_find_large_buddy(r->m, start);/outer_start = start;/|free blocks across the start'
	'contig.c|s/sbuddy_release_freepages(r, end, outer_end);/;/|what lies behind the range is kept'
	'run_range.c|s/if (READ_ONCE(a->page\[i\].refcount) > 1)/if (0)/|slots of shared pages are emptied'
	'owner.c|s/sbuddy_owner_unisolate(o, task);/;/|closing leaves blocks isolated'
)

# The engine's objects into $1: those of the sources named, or all.
compile()
{
	local dir=$1 src

	shift
	[ $# -gt 0 ] || set -- "$COPY"/module/engine/*.c selftests/lib/os.c
	for src in "$@"; do
		# shellcheck disable=SC2086 # flags
		$CC $FLAGS -I"$COPY/module/engine" -c "$src" -o "$dir/$(basename "$src" .c).o" ||
			return 1
	done
	rm -f "$dir/libengine.a"
	ar rcs "$dir/libengine.a" "$dir"/*.o
}

# What does not depend on the engine's sources is compiled once.
link_all()
{
	local t

	for t in $TESTS; do
		$CC -o "$COPY/test-$t" "$COPY/obj/$t.o" "$COPY/obj/host_machine.o" "$1/libengine.a" \
			-lpthread || return 1
	done
	$CC -o "$COPY/lockstep" "$COPY"/obj/lockstep*.o "$COPY"/obj/model*.o "$1/libengine.a" -lpthread
}

# Tests include the engine's headers, so a mutant of a header needs them anew.
compile_tests()
{
	local f

	for f in $TESTS host_machine lockstep lockstep_gen; do
		# shellcheck disable=SC2086 # flags
		$CC $FLAGS -I"$COPY/module/engine" -isystem build/kselftest \
			-c "selftests/host/$f.c" -o "$COPY/obj/$f.o" || return 1
	done
	for f in selftests/lib/model*.c; do
		# shellcheck disable=SC2086 # flags
		$CC $FLAGS -c "$f" -o "$COPY/obj/$(basename "$f" .c).o" || return 1
	done
}

# Says which test notices, or nothing.
who_notices()
{
	local t

	for t in $TESTS; do
		timeout 60 "$COPY/test-$t" >/dev/null 2>&1 || { echo "test-$t"; return; }
	done
	timeout 120 "$COPY/lockstep" --seed 1 --ops 6000 --shrink 0 >/dev/null 2>&1 || echo lockstep
}

# The engine as it is, its objects in $COPY/sound.
restore()
{
	rm -rf "$COPY/module" "$COPY/eng"
	mkdir -p "$COPY/module" "$COPY/obj" "$COPY/sound"
	cp -r module/engine "$COPY/module/"
	cp -r "$COPY/sound" "$COPY/eng"
}

# The files of the copy that the mutation changed.
mutate()
{
	local file

	for file in "$COPY"/module/engine/$1; do
		sed -i "$2" "$file"
		cmp -s "$file" "module/engine/${file##*/}" || echo "$file"
	done
}

# A header's mutant is everybody's.
compile_mutant()
{
	case $* in
	*.h*) compile "$COPY/eng" && compile_tests ;;
	*) compile "$COPY/eng" "$@" ;;
	esac
}

# Number, files, expression, what it breaks.
try_mutant()
{
	local by changed

	restore
	# shellcheck disable=SC2207 # names without blanks
	changed=($(mutate "$2" "$3"))
	if [ ${#changed[@]} = 0 ]; then
		echo "not ok $1 - $2: $4: the expression changes nothing any more"
		return 1
	fi
	if ! { compile_mutant "${changed[@]}" && link_all "$COPY/eng"; } 2>"$COPY/log"; then
		sed 's/^/# /' "$COPY/log" | head -5
		echo "not ok $1 - $2: $4: does not compile"
		return 1
	fi
	by=$(who_notices)
	case " ${changed[*]}" in
	*.h*) restore && compile_tests ;;
	esac
	if [ -z "$by" ]; then
		echo "not ok $1 - $2: $4: nobody notices"
		return 1
	fi
	echo "ok $1 - ${changed[*]##*/}: $4 ($by)"
}

keep=0
if [ "${1:-}" = -k ]; then
	keep=1
	shift
fi
[ -r build/kselftest/kselftest_harness.h ] || { echo "first make check" >&2; exit 2; }
[ $# -gt 0 ] || set -- $(seq 1 ${#MUTANTS[@]})
rm -rf "$COPY"
echo "TAP version 13"
echo "1..$#"
restore
if ! compile "$COPY/sound" || ! compile_tests || ! link_all "$COPY/sound" || [ -n "$(who_notices)" ]; then
	echo "Bail out! the engine as it is does not pass"
	exit 1
fi
failed=0
for n in "$@"; do
	IFS='|' read -r file rest <<<"${MUTANTS[n - 1]}"
	# the expression may contain '|'; what it breaks is after the last
	try_mutant "$n" "$file" "${rest%|*}" "${rest##*|}" || failed=$((failed + 1))
done
[ $keep = 1 ] || rm -rf "$COPY"
echo "# $failed of $# lived"
[ $failed = 0 ]
