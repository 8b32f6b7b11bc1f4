#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# usage: SBUDDY_KO=/path/to/sbuddy.ko selftests/vm/load.sh     (root, in a VM)
#
# Loading and unloading: each way to get the region, every parameter that can be
# wrong, every step of initialisation failing in turn, and after all of them each
# page back where it was. Prints TAP; exit status 0 if all passed, 1 if not, 4 if
# it cannot run at all.

set -u
KO=${SBUDDY_KO:-build/sbuddy.ko}
SIZE=64M
SIZE_PAGES=16384
# What may change hands meanwhile without being counted anywhere, pages.
SLACK=1024

if [ "$(id -u)" != 0 ] || [ ! -f "$KO" ]; then
	echo "1..0 # SKIP needs root and $KO"
	exit 4
fi
if grep -q '^sbuddy ' /proc/modules; then
	echo "Bail out! sbuddy is loaded already"
	exit 1
fi

n=0 failed=0 skipped=0
tmp=$(mktemp -d)
out=$tmp/out
trap 'rmmod sbuddy 2>/dev/null; rm -rf "$tmp"' EXIT
cp "$KO" "$tmp/sbuddy.ko"
KO=$tmp/sbuddy.ko

# Say how the last command ended: report STATUS NAME
report()
{
	n=$((n + 1))
	if [ "$1" = 0 ]; then
		echo "ok $n - $2"
		return
	fi
	failed=$((failed + 1))
	echo "not ok $n - $2"
	sed 's/^/# insmod: /' "$out"
	kernel_log | sed 's/^/# log: /'
}

skip()
{
	n=$((n + 1)) skipped=$((skipped + 1))
	echo "ok $n - $1 # SKIP $2"
}

mark=0
kernel_log()
{
	dmesg | sed "1,/load.sh: mark $mark\$/d"
}

load()
{
	mark=$((mark + 1))
	echo "load.sh: mark $mark" >/dev/kmsg
	insmod "$KO" "$@" >"$out" 2>&1
}

loaded()
{
	grep -q '^sbuddy ' /proc/modules
}

# Pages that the kernel has or knows the use of: free, on its per-CPU lists, in files,
# processes and slabs. What a module takes by the page is in none of them.
known_pages()
{
	awk '/^(nr_file_pages|nr_anon_pages|nr_slab_(un)?reclaimable|nr_page_table_pages) / ||
		$1 == "nr_free_pages" && FILENAME ~ /zoneinfo/ || $1 == "count:" { sum += $2 }
		END { print sum }' /proc/zoneinfo /proc/vmstat
}

# pages_back BEFORE: nothing of the region's size is missing
pages_back()
{
	local now missing

	now=$(known_pages)
	missing=$(($1 - now))
	[ $missing -le $SLACK ] && return
	echo "# $missing pages are missing ($1 before, $now after)"
	return 1
}

# refused NAME ERROR-TEXT LOG-PATTERN PARAMETER...: does not load, says why, keeps nothing
refused()
{
	local name=$1 errno=$2 pattern=$3 before status=0

	shift 3
	before=$(known_pages)
	if load "$@"; then
		status=1
		rmmod sbuddy
	fi
	grep -qF "$errno" "$out" || status=1
	[ "$(kernel_log | grep 'sbuddy: ' | grep -vc 'invalid for parameter')" = 1 ] || status=1
	kernel_log | grep -qE "sbuddy: $pattern" || status=1
	loaded && status=1
	pages_back "$before" || status=1
	report $status "refused: $name"
}

# loads NAME PARAMETER...: twice, with the memory taken and given back
loads()
{
	local name=$1 before during round status=0

	shift
	for round in 1 2; do
		before=$(known_pages)
		load "$@" || { status=1; break; }
		during=$(known_pages)
		[ $((before - during)) -ge $((SIZE_PAGES - SLACK)) ] || status=1
		aligned || status=1
		rmmod sbuddy || status=1
		pages_back "$before" || status=1
	done
	report $status "$name, round $round"
}

# Each piece of the region starts at a multiple of 1024 pages.
aligned()
{
	local pfn pfns

	pfns=$(kernel_log | sed -n 's/.*region of .* at pfn \(0x[0-9a-f]*\) .*/\1/p')
	[ -n "$pfns" ] || return
	for pfn in $pfns; do
		[ $((pfn % 1024)) = 0 ] || return
	done
}

two_nodes()
{
	[ "$(cat /sys/devices/system/node/has_memory)" != 0 ]
}

test_metadata()
{
	local p status=0

	for p in size node layout vcpus thp llc compat region_way fail_init; do
		modinfo -p "$KO" | grep -q "^$p:.*default" || { echo "# no $p"; status=1; }
	done
	: >"$out"
	report $status "modinfo describes every parameter"
}

test_ways()
{
	local way

	loads "region by auto" size=$SIZE
	for way in lookup search; do
		loads "region by $way" size=$SIZE region_way=$way
		loads "region by $way, not a power of two" size=68M region_way=$way
	done
	if grep -qE ' __ksymtab_alloc_contig_pages(_noprof)?$' /proc/kallsyms; then
		loads "region by exported" size=$SIZE region_way=exported
	else
		refused "exported, where there is no export" "not supported" \
			"region_way=exported: this kernel" size=$SIZE region_way=exported
	fi
}

# Every node that has memory of its own to give.
test_nodes()
{
	local dir node free way status

	for dir in /sys/devices/system/node/node[0-9]*; do
		node=${dir##*node}
		free=$(awk '$3 == "MemFree:" { print $4 }' "$dir/meminfo")
		if [ "$free" -lt $((SIZE_PAGES * 4 * 2)) ]; then
			skip "region on node $node" "only $free KiB are free there"
			continue
		fi
		for way in lookup search; do
			status=0
			load size=$SIZE node="$node" region_way=$way || status=1
			kernel_log | grep -q "region of .* on node $node ($way" || status=1
			rmmod sbuddy || status=1
			report $status "region on node $node by $way"
		done
	done
}

# One piece on each of two nodes.
test_pieces()
{
	if ! two_nodes; then
		skip "pieces on two nodes" "only one node has memory"
		return
	fi
	for way in lookup search; do
		loads "pieces on two nodes by $way" size=32M node=0,1 region_way=$way
		loads "pieces of two sizes by $way" size=12M,52M node=1,0 region_way=$way
	done
	refused "pieces, no such node" "No such device" "node=9: no such node" size=32M node=0,9
	refused "pieces, second too large" "Cannot allocate memory" \
		"no 4096 MiB of contiguous memory on node 1" size=32M,4G node=0,1
	refused "pieces, layout across them" "Invalid parameters" \
		"layout=N0:Normal=64M: expected a zone or hole to end where its piece" \
		size=32M node=0,1 layout=N0:Normal=64M
	refused "pieces, node on both" "Invalid parameters" \
		"layout=.*: expected each node inside one piece" \
		size=32M node=0,1 layout=N0:Normal=32M,Movable=32M
	refused "pieces, layout too short" "Invalid parameters" \
		"layout=.*32 MiB.*64 MiB" size=32M node=0,1 layout=N0:Normal=32M
	fail_init_sweep "with two pieces" 7 size=32M node=0,1
}

# Both rule sets load and say so; what is known of them here is said either way.
test_compat()
{
	local rules status=0

	loads "compat=6.1" size=$SIZE compat=6.1
	refused "unknown rules" "Invalid" "compat=6.2: expected 6.12 or 6.1" size=$SIZE compat=6.2
	refused "rules with a tail" "Invalid" "compat=6.1x: expected" size=$SIZE compat=6.1x
	for rules in 6.12 6.1; do
		load size=$SIZE compat=$rules || status=1
		kernel_log | grep -qE "rules of Linux $rules, (raced against|fidelity unverified for) this kernel" ||
			status=1
		rmmod sbuddy || status=1
	done
	report $status "the rules and their fidelity are reported"
}

# What the log says about the way is what was asked for.
test_way_reported()
{
	local way status=0

	for way in lookup search; do
		load size=$SIZE region_way=$way || status=1
		kernel_log | grep -q "($way, [0-9]* us)" || status=1
		rmmod sbuddy || status=1
	done
	report $status "the way used is reported"
}

test_bad_parameters()
{
	local inval="Invalid parameters"

	refused "size 0" "$inval" "size=0: expected" size=0
	refused "size not a multiple of 4M" "$inval" "size=6291456: expected" size=6M
	refused "size not in pages" "$inval" "size=4195328: expected" size=4097K
	refused "size not a number" "$inval" "size=much: expected" size=much
	refused "size with a tail" "$inval" "size=64Mx: expected" size=64Mx
	refused "size beyond a machine" "$inval" "size=8589934592000: expected" size=8000G
	refused "node below -1" "$inval" "node=-2: expected" size=$SIZE node=-2
	refused "node beyond the kernel's" "$inval" "node=99999: expected" size=$SIZE node=99999
	refused "node offline" "No such device" "node=9: no such node online" size=$SIZE node=9
	refused "node not a number" "$inval" "node=zero: expected" size=$SIZE node=zero
	refused "node twice" "$inval" "node=0: given twice" size=$SIZE node=0,0
	refused "node any among others" "$inval" "node=-1 among 2 nodes" size=$SIZE node=0,-1
	refused "nodes, one empty" "$inval" "node=: expected" size=$SIZE node=0,
	refused "more nodes than a machine has" "$inval" "node: more than 16 nodes" \
		size=$SIZE node=0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16
	refused "more sizes than nodes" "$inval" "size: 2 sizes for 1 node;" size=32M,32M
	refused "fewer sizes than nodes" "$inval" "size: 2 sizes for 3 nodes" size=4M,4M node=0,1,2
	refused "second size wrong" "$inval" "size=6291456: expected" size=4M,6M node=0,1
	refused "way" "$inval" "region_way=magic: expected" size=$SIZE region_way=magic
	refused "vcpus negative" "$inval" "vcpus=-1: expected" size=$SIZE vcpus=-1
	refused "vcpus too many" "$inval" "vcpus=257: expected" size=$SIZE vcpus=257
	refused "llc negative" "$inval" "llc=-1: expected" size=$SIZE llc=-1
	refused "layout garbage" "$inval" "layout=nonsense: expected" size=$SIZE layout=nonsense
	refused "layout too small" "$inval" "layout=.*32 MiB.*64 MiB" size=$SIZE \
		layout=N0:Normal=32M
	refused "layout too large" "$inval" "layout=.*128 MiB.*64 MiB" size=$SIZE \
		layout=N0:Normal=96M,Movable=32M
}

test_too_large()
{
	local total way

	total=$(awk '/^MemTotal/ { print int($2 / 4096) * 4 }' /proc/meminfo)
	for way in auto lookup search; do
		refused "more than there is, by $way" "Cannot allocate memory" \
			"no [0-9]* MiB of contiguous memory .*largest run seen [1-9][0-9]* MiB" \
			size="$((total * 2))M" region_way=$way
	done
}

# The largest run that the log promises can be had, or nearly: it was a glance.
test_largest_run()
{
	local total run status=0

	total=$(awk '/^MemTotal/ { print int($2 / 4096) * 4 }' /proc/meminfo)
	load size="$((total * 2))M" && status=1
	run=$(kernel_log | sed -n 's/.*largest run seen \([0-9]*\) MiB.*/\1/p')
	run=$((${run:-0} / 2 / 4 * 4))
	[ $run -ge 64 ] || status=1
	load size="${run}M" && rmmod sbuddy || status=1
	report $status "half of the largest run seen ($run MiB) can be had"
}

test_layouts()
{
	loads "two nodes, three zones" size=$SIZE vcpus=4 \
		layout="N0:DMA32=16M,Normal=16M;N1:Normal=16M,Movable=16M"
}

# Each step of loading fails once; the first load that succeeds ends the sweep.
# fail_init_sweep NAME LEAST-STEPS PARAMETER...
fail_init_sweep()
{
	local name=$1 least=$2 before step=1 status=0

	shift 2
	before=$(known_pages)
	while [ $step -le 64 ]; do
		if load "$@" fail_init=$step; then
			rmmod sbuddy || status=1
			break
		fi
		grep -q 'Cannot allocate memory' "$out" || status=1
		kernel_log | grep -q "step $step of loading, .* fails as asked" || status=1
		pages_back "$before" || status=1
		if [ $status != 0 ]; then
			report $status "step $step of loading $name fails"
			return
		fi
		step=$((step + 1))
	done
	[ $step -ge "$least" ] && [ $step -le 64 ] || status=1
	report $status "each of $((step - 1)) steps of loading $name fails, and all pages come back"
}

test_fail_init()
{
	fail_init_sweep "with one piece" 6 size=$SIZE
}

test_unload_busy()
{
	local status=0

	load size=$SIZE || status=1
	if [ ! -c /dev/sbuddy ]; then
		rmmod sbuddy
		report 1 "/dev/sbuddy exists"
		return
	fi
	exec 3<>/dev/sbuddy
	rmmod sbuddy 2>"$out" && status=1
	loaded || status=1
	exec 3>&-
	rmmod sbuddy || status=1
	report $status "unloading while a file is open is refused"
}

test_tracepoints()
{
	local t=/sys/kernel/tracing/events/sbuddy e status=0

	load size=$SIZE || status=1
	for e in mm_page_alloc mm_page_alloc_zone_locked mm_page_alloc_extfrag mm_page_free \
		 mm_page_free_batched mm_page_pcpu_drain; do
		same_fields "$t/../kmem/$e/format" "$t/sbuddy_$e/format" || status=1
	done
	same_fields "$t/../vmscan/mm_vmscan_wakeup_kswapd/format" \
		"$t/sbuddy_mm_vmscan_wakeup_kswapd/format" || status=1
	for e in zone_skipped watermark_test steal_decision pcp_tuned would_block bad_free; do
		[ -f "$t/sbuddy_$e/format" ] || { echo "# no event sbuddy_$e"; status=1; }
	done
	rmmod sbuddy || status=1
	report $status "events begin with the kernel's fields, names, types and order"
}

# The kernel's fields, without offsets, are the first of ours.
same_fields()
{
	local want have

	want=$(fields "$1")
	have=$(fields "$2" | head -n "$(wc -l <<<"$want")")
	[ -n "$want" ] && [ "$want" = "$have" ] && return
	diff <(echo "$want") <(echo "$have") | sed 's/^/# /'
	return 1
}

fields()
{
	sed -n 's/^\tfield:\(.*\);\toffset.*\(size.*\)$/\1 \2/p' "$1" | grep -v ' common_'
}

# One allocation through debugfs fires the events, and the text has the kernel's form.
test_tracing()
{
	local t=/sys/kernel/tracing d=/sys/kernel/debug/sbuddy status=0 where
	where='machine=0 node=0 zone=(Normal|Movable)'

	load size=$SIZE || status=1
	echo 1 >$t/events/sbuddy/enable
	echo >$t/trace
	echo "order=3 gfp=GFP_KERNEL|__GFP_ZERO count=2" >$d/alloc || status=1
	echo "order=10 gfp=GFP_ATOMIC count=100" >$d/alloc 2>/dev/null && status=1
	echo 0 >$t/events/sbuddy/enable
	grep -v '^#' $t/trace >"$out"
	traced 'mm_page_alloc: page=[0-9a-f]+ pfn=0x[0-9a-f]+ order=3 migratetype=0' \
		"gfp_flags=GFP_KERNEL\\|__GFP_ZERO $where" || status=1
	traced 'mm_page_alloc_zone_locked: page=[0-9a-f]+ pfn=0x[0-9a-f]+ order=[0-9]+' \
		"migratetype=[01] percpu_refill=[01] $where" || status=1
	traced 'mm_page_alloc: page=0+ pfn=none order=10 migratetype=0' \
		'gfp_flags=GFP_ATOMIC machine=0 node=-1 zone=none' || status=1
	traced 'watermark_test: order=3 mark=[0-9]+ free=[0-9]+ reserve=[0-9]+' \
		"alloc_flags=0x[0-9a-f]+ passed=1 $where" || status=1
	traced 'zone_skipped: order=10 alloc_flags=0x[0-9a-f]+' \
		"reason=(watermark|no-suitable-block) $where" || status=1
	rmmod sbuddy || status=1
	[ $status = 0 ] || tail -n 20 "$out" | sed 's/^/# trace: /'
	: >"$out"
	report $status "an allocation shows in the trace"
}

traced()
{
	grep -qE "sbuddy_$1 $2\$" "$out" && return
	echo "# no event like: $1 $2"
	return 1
}

test_clean_log()
{
	local status=0

	mark=0
	dmesg | grep -E 'WARNING:|BUG:|Oops|sysfs: cannot|still in use|DEBUG_LOCKS' >"$out" && status=1
	[ $status = 0 ] || sed 's/^/# /' "$out"
	report $status "nothing alarming in the kernel log"
}

echo "TAP version 13"
test_metadata
test_ways
test_nodes
test_way_reported
test_compat
test_bad_parameters
test_too_large
test_largest_run
test_layouts
test_pieces
test_fail_init
test_unload_busy
test_tracepoints
test_tracing
test_clean_log
echo "1..$n"
echo "# $((n - failed - skipped)) passed, $failed failed, $skipped skipped"
[ $failed = 0 ]
