#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# usage: selftests/vm/trace.sh [PART...]     (root, in a VM; loads and unloads the module)
#
#	formats		every event of kmem:mm_page_* has its twin with the same fields,
#			types, order and text in front
#	events		every event that can be made to fire does, with the right values;
#			sbuddy_bad_free cannot: no interface lets a wrong free through;
#			sbuddy_live_zone_copied does in twin.sh
#	chain		function_graph prints the way from alloc_pages down to expand
#	trace_cmd	trace-cmd records and reports
#	bpftrace	the scripts of scripts/bpftrace about allocation attach and count;
#			the others do in trace_compact.sh
#
# All parts if none is named. The module is $SBUDDY_KO or what was built for the running
# kernel. Prints TAP; exit status 0 if all passed, 1 if not, 4 if it cannot run at all.

set -u
TOP=$(readlink -f "$(dirname "$0")/../..")
KO=${SBUDDY_KO:-$TOP/build/kmod-$(uname -r)/sbuddy.ko}
TRACING=/sys/kernel/tracing
SHADOW=/sys/kernel/debug/sbuddy
INSTANCE=$TRACING/instances/sbuddy_test
LAYOUT=N0:DMA32=16M,Normal=48M
SCRIPTS="orders pcp steals watermarks"

if [ "$(id -u)" != 0 ] || [ ! -f "$KO" ] || [ ! -d "$TRACING/events" ]; then
	echo "1..0 # SKIP needs root, tracefs and $KO"
	exit 4
fi

n=0 failed=0
tmp=$(mktemp -d)
trap 'kill $lifeline 2>/dev/null; rmdir "$INSTANCE"; rmmod sbuddy; rm -rf "$tmp"' EXIT
lifeline=

# check NAME COMMAND...: one test, passed if the command succeeds; what it printed
# explains a failure
check()
{
	local name=$1

	shift
	n=$((n + 1))
	if "$@" >"$tmp/why" 2>&1; then
		echo "ok $n - $name"
		return
	fi
	failed=$((failed + 1))
	echo "not ok $n - $name"
	head -n 20 "$tmp/why" | sed 's/^/# /'
}

same()
{
	[ "$1" = "$2" ] || { echo "is '$1', expected '$2'"; false; }
}

# ---- formats ----

# "TYPE NAME SIZE" of each field, without those that all events have.
fields_of()
{
	sed -n 's/^\tfield:\(.*\);\toffset:[0-9]*;\tsize:\([0-9]*\);.*/\1 \2/p' \
		"$TRACING/events/$1/format" | grep -v '^[a-z ]* common_'
}

# Words before an equals sign in the text that an event prints.
words_of()
{
	sed -n 's/^print fmt: "\([^"]*\)".*/\1/p' "$TRACING/events/$1/format" |
		grep -o '[a-z_]*='
}

# Everything that the kernel's event has comes first in ours: FUNCTION KERNEL OURS
begins_alike()
{
	"$1" "$2" >"$tmp/kernel"
	"$1" "$3" | head -n "$(wc -l <"$tmp/kernel")" >"$tmp/ours"
	[ -s "$tmp/kernel" ] && diff "$tmp/kernel" "$tmp/ours"
}

formats()
{
	local event

	for event in kmem/mm_page_alloc kmem/mm_page_free kmem/mm_page_free_batched \
		kmem/mm_page_alloc_zone_locked kmem/mm_page_pcpu_drain \
		kmem/mm_page_alloc_extfrag vmscan/mm_vmscan_wakeup_kswapd; do
		check "$event: fields, types and order" \
			begins_alike fields_of "$event" "sbuddy/sbuddy_${event#*/}"
		check "$event: words of the text" \
			begins_alike words_of "$event" "sbuddy/sbuddy_${event#*/}"
	done
	for event in "$TRACING"/events/sbuddy/sbuddy_*/; do
		event=$(basename "$event")
		# These are about the host, not about a machine.
		[[ $event != sbuddy_live_* ]] || continue
		check "$event names its machine" grep -q ' machine;' \
			"$TRACING/events/sbuddy/$event/format"
	done
}

# ---- events ----

begin()
{
	echo 0 >"$INSTANCE/tracing_on"
	echo 1 >"$SHADOW/reset"
	echo >"$INSTANCE/trace"
	echo 1 >"$INSTANCE/tracing_on"
}

# Leaves a line "EVENT KEY=VALUE ..." for each event in $tmp/trace.
end()
{
	echo 0 >"$INSTANCE/tracing_on"
	sed -n 's/^.*: \(sbuddy_[a-z_]*\): /\1 /p' "$INSTANCE/trace" >"$tmp/trace"
}

alloc()
{
	echo "$*" >"$SHADOW/alloc"
}

lines()
{
	grep -c "^$1 .*${2:-}" "$tmp/trace"
}

# Values of a key, one a line: EVENT KEY
values()
{
	sed -n "s/^$1 .*\\b$2=\\([^ ]*\\).*/\\1/p" "$tmp/trace"
}

# Sum of the pages of the orders read.
pages()
{
	awk '{ sum += 2 ^ $1 } END { print sum + 0 }'
}

got_pfns()
{
	sed -n 's/^slot=.* pfn=//p' "$SHADOW/alloc"
}

fires()
{
	grep -q "^$1 .*$2" "$tmp/trace" || {
		echo "no line '$1 ... $2'; those of this event:"
		grep "^$1 " "$tmp/trace"
		false
	}
}

# Refill, drain and the pages between them, on per-CPU lists that were empty.
pcp_events()
{
	local refilled

	begin
	alloc order=0 gfp=GFP_HIGHUSER_MOVABLE count=1 cpu=1
	echo all >"$SHADOW/free"
	echo all >"$SHADOW/drain"
	end
	refilled=$(lines sbuddy_mm_page_alloc_zone_locked "order=0 migratetype=1 percpu_refill=1 ")
	check "zone_locked: a refill takes more than a page" test "$refilled" -gt 1
	check "zone_locked: nothing but the refill" same "$(lines sbuddy_mm_page_alloc_zone_locked)" \
		"$refilled"
	check "pcpu_drain: what was refilled comes back" \
		same "$(lines sbuddy_mm_page_pcpu_drain "order=0 migratetype=1 ")" "$refilled"
	check "pcpu_drain: the same frames" same \
		"$(values sbuddy_mm_page_pcpu_drain pfn | sort)" \
		"$(values sbuddy_mm_page_alloc_zone_locked pfn | sort)"
	check "pcp_tuned: the refill's growth, on the vcpu asked for" \
		fires sbuddy_pcp_tuned "cpu=1 reason=refill"
}

block_events()
{
	local pfns gfp="GFP_KERNEL|__GFP_COMP"

	begin
	alloc order=4 "gfp=$gfp" count=3 cpu=0
	pfns=$(got_pfns)
	echo all >"$SHADOW/free"
	end
	check "alloc: frames, in order" same "$(values sbuddy_mm_page_alloc pfn)" "$pfns"
	check "alloc: order, type, flags, place" same "$(lines sbuddy_mm_page_alloc \
		"order=4 migratetype=0 gfp_flags=$gfp machine=0 node=0 zone=Normal")" 3
	check "free: the same frames" same "$(values sbuddy_mm_page_free pfn | sort)" \
		"$(sort <<<"$pfns")"
	check "free: their order" same "$(lines sbuddy_mm_page_free "order=4 ")" 3
	# The first is cut from the claimed block, which has an event of its own.
	check "zone_locked: order 4 goes past the lists" same \
		"$(lines sbuddy_mm_page_alloc_zone_locked "order=4 migratetype=0 percpu_refill=0 ")" 2
	check "extfrag: an unmovable block claims movable ones" fires sbuddy_mm_page_alloc_extfrag \
		"pageblock_order=9 alloc_migratetype=0 fallback_migratetype=1 fragmenting=0 change_ownership=1 "
}

# An empty slot's neighbour: one folio batch of four slots, by ioctl.
batch()
{
	python3 - <<-'PYTHON'
		import fcntl, struct

		OP, RUN = struct.Struct("<BBBBhhIIQIi"), struct.Struct("<IIQIIIIiI")
		ALLOC, BATCH, MOVABLE = 1, 4, 0x100cca

		import ctypes

		ops = b"".join(OP.pack(ALLOC, 0, 0, 0, 0, -1, MOVABLE, slot, 0, 0, 0) for slot in range(4))
		ops += OP.pack(BATCH, 0, 0, 0, 0, -1, 0, 0, 0, 4, 0)
		buf = ctypes.create_string_buffer(ops, len(ops))
		run = bytearray(RUN.pack(RUN.size, 0, ctypes.addressof(buf), 5, 0, 0, 0, 0, 0))
		with open("/dev/sbuddy", "r+b", buffering=0) as f:
		    fcntl.ioctl(f, 0xd543, run)
		assert RUN.unpack(run)[4] == 5, RUN.unpack(run)
		assert all(op[10] == 0 for op in OP.iter_unpack(buf.raw)), buf.raw
	PYTHON
}

batch_events()
{
	begin
	check "a folio batch is freed by ioctl" batch
	end
	check "free_batched: four pages" same "$(lines sbuddy_mm_page_free_batched "order=0 ")" 4
	check "free_batched: the frames that were allocated" same \
		"$(values sbuddy_mm_page_free_batched pfn | sort)" \
		"$(values sbuddy_mm_page_alloc pfn | sort)"
}

# A line of sbuddy_watermark_test for order 0 must agree with its own numbers.
watermarks_add_up()
{
	awk '/^sbuddy_watermark_test order=0 / {
		for (i = 2; i <= NF; i++) { split($i, kv, "="); v[kv[1]] = kv[2] }
		tests++
		if ((v["free"] > v["mark"] + v["reserve"]) != v["passed"]) { print; wrong++ }
	} END { print tests + 0, "tests"; exit !tests || wrong }' "$tmp/trace"
}

# Full of movable pages, the shadow refuses, and says so at every step of the way.
pressure_events()
{
	begin
	# shellcheck disable=SC2320 # the write's error is the point
	alloc order=0 gfp=GFP_HIGHUSER_MOVABLE count=16384 cpu=0 2>"$tmp/full"
	end
	check "the shadow runs full" grep -q 'Cannot allocate memory' "$tmp/full"
	check "alloc: no page prints as none" fires sbuddy_mm_page_alloc \
		"page=.* pfn=none order=0 .*zone=none"
	check "watermark_test: a test that failed" fires sbuddy_watermark_test "order=0 .*passed=0 "
	check "watermark_test: the numbers agree with the verdict" watermarks_add_up
	check "zone_skipped: for its watermark" fires sbuddy_zone_skipped \
		"reason=watermark .*zone=Normal"
	check "zone_skipped: the other zone as well" fires sbuddy_zone_skipped \
		"reason=watermark .*zone=DMA32"
	check "wakeup_kswapd: for this request" fires sbuddy_mm_vmscan_wakeup_kswapd \
		"nid=0 order=0 gfp_flags=GFP_HIGHUSER_MOVABLE"
	check "would_block: would have reclaimed" fires sbuddy_would_block \
		"order=0 gfp_flags=GFP_HIGHUSER_MOVABLE step=direct-reclaim machine=0"
}

# In a shadow full of unmovable pages a movable request finds only crumbs of theirs.
steal_events()
{
	begin
	alloc order=0 "gfp=GFP_KERNEL|__GFP_MEMALLOC" count=16384 cpu=0
	echo slot=100-163 >"$SHADOW/free"
	echo all >"$SHADOW/drain"
	echo >"$INSTANCE/trace"
	alloc order=0 "gfp=GFP_HIGHUSER_MOVABLE|__GFP_MEMALLOC" count=8 cpu=0
	end
	check "steal_decision: a block full of others is not claimed" fires sbuddy_steal_decision \
		"start_migratetype=Movable block_migratetype=Unmovable free=64 alike=0 claimed=0 "
	check "extfrag: stolen without the block" fires sbuddy_mm_page_alloc_extfrag \
		"alloc_migratetype=1 fallback_migratetype=0 fragmenting=1 change_ownership=0 "
}

# Counters and events tell of the same pages. What is cut from a claimed block has only
# the event of the claim.
counters_agree()
{
	local refilled drained

	begin
	for order in 0 1 2 3 0; do
		alloc "order=$order" gfp=GFP_KERNEL count=300 cpu=1
		echo all >"$SHADOW/free"
	done
	echo all >"$SHADOW/drain"
	end
	refilled=$({
		values sbuddy_mm_page_alloc_zone_locked order
		values sbuddy_mm_page_alloc_extfrag alloc_order
	} | pages)
	drained=$(values sbuddy_mm_page_pcpu_drain order | pages)
	check "zone_locked: as many pages as counted" same "$refilled" \
		"$(awk '$1 == "sbuddy_pcp_refill_pages" { print $2 }' "$SHADOW/vmstat")"
	check "pcpu_drain: as many pages as counted" same "$drained" \
		"$(awk '$1 == "sbuddy_pcp_drain_pages" { print $2 }' "$SHADOW/vmstat")"
}

events()
{
	echo 8192 >"$INSTANCE/buffer_size_kb"
	echo 1 >"$INSTANCE/events/sbuddy/enable"
	pcp_events
	block_events
	batch_events
	pressure_events
	steal_events
	counters_agree
	echo 0 >"$INSTANCE/events/sbuddy/enable"
	begin
	alloc order=0 gfp=GFP_KERNEL count=10
	end
	check "nothing when switched off" same "$(wc -l <"$tmp/trace")" 0
}

# ---- function_graph ----

graph()
{
	echo 1 >"$SHADOW/reset"
	echo ':mod:sbuddy' >"$TRACING/set_ftrace_filter"
	echo sbuddy_alloc_pages >"$TRACING/set_graph_function"
	echo function_graph >"$TRACING/current_tracer"
	alloc order=0 gfp=GFP_HIGHUSER_MOVABLE count=1 cpu=0
	echo 0 >"$TRACING/tracing_on"
	cut -d '|' -f 2- "$TRACING/trace" >"$tmp/graph"
	echo nop >"$TRACING/current_tracer"
	echo >"$TRACING/set_graph_function"
	echo >"$TRACING/set_ftrace_filter"
	echo 1 >"$TRACING/tracing_on"
}

# Each of the functions named is called, at any depth, from the one before it.
nested()
{
	local depth=-1 here line=1 name

	for name in "$@"; do
		here=$(tail -n "+$line" "$tmp/graph" | grep -n -m 1 " $name\\b")
		[ -n "$here" ] || { echo "no $name below"; return 1; }
		line=$((line + ${here%%:*}))
		here=${here#*:}
		here=${here%%[! ]*}
		[ ${#here} -gt "$depth" ] || { echo "$name is not inside"; return 1; }
		depth=${#here}
	done
}

chain()
{
	graph
	check "function_graph: from alloc_pages down to expand" nested sbuddy_alloc_pages \
		sbuddy_get_page_from_freelist sbuddy_rmqueue sbuddy_rmqueue_pcplist \
		sbuddy_rmqueue_bulk sbuddy___rmqueue sbuddy___rmqueue_smallest sbuddy_expand
}

# ---- tools ----

trace_cmd()
{
	echo 1 >"$SHADOW/reset"
	check "trace-cmd records" trace-cmd record -q -e sbuddy -o "$tmp/trace.dat" \
		sh -c "echo 'order=2 gfp=GFP_USER count=5 cpu=0' >$SHADOW/alloc"
	trace-cmd report -i "$tmp/trace.dat" >"$tmp/report" 2>/dev/null
	sed -n 's/^.*: \(sbuddy_[a-z_]*\): */\1 /p' "$tmp/report" >"$tmp/trace"
	check "trace-cmd reports what was allocated" same \
		"$(lines sbuddy_mm_page_alloc "order=2 migratetype=0 gfp_flags=GFP_USER ")" 5
	check "trace-cmd reports the frames" same "$(values sbuddy_mm_page_alloc pfn)" "$(got_pfns)"
}

# An interrupt at the wrong moment is lost on bpftrace; the end of -p's process is not.
start_scripts()
{
	local script

	sleep infinity &
	lifeline=$! pids=()
	for script in $SCRIPTS; do
		bpftrace -p "$lifeline" "$TOP/scripts/bpftrace/$script.bt" >"$tmp/$script.bt.txt" 2>&1 &
		pids+=($!)
	done
	for script in $SCRIPTS; do
		until grep -q Tracing "$tmp/$script.bt.txt"; do
			kill -0 "${pids[@]}" 2>/dev/null || return
			sleep 0.5
		done
	done
}

script_says()
{
	grep -qF -- "$2" "$tmp/$1.bt.txt" || { cat "$tmp/$1.bt.txt"; false; }
}

bpftrace_scripts()
{
	local script status=0

	echo 1 >"$SHADOW/reset"
	start_scripts
	alloc order=3 gfp=GFP_KERNEL count=40 cpu=0
	alloc order=0 gfp=GFP_HIGHUSER_MOVABLE count=16384 cpu=0 2>/dev/null
	echo all >"$SHADOW/free"
	echo all >"$SHADOW/drain"
	kill "$lifeline"
	wait "${pids[@]}" || status=$?
	check "bpftrace: the scripts end well" same $status 0
	for script in "$tmp"/*.bt.txt; do
		check "bpftrace: $(basename "$script" .txt) warns of nothing" \
			test "$(grep -ciE 'warning|error|lost' "$script")" = 0
	done
	check "orders.bt: forty blocks of order 3" script_says orders '[3, 4)                40 |'
	check "orders.bt: types by name" script_says orders '@alloc_type[Unmovable]: 40'
	check "orders.bt: what was refused" script_says orders '@refused_order[0]: 1'
	check "steals.bt: a claim" script_says steals '@taken[Unmovable, from, Movable, claimed]'
	check "pcp.bt: refills" script_says pcp '@refilled[Normal, 3]: '
	check "pcp.bt: drains" script_says pcp '@drained[Normal, 0]: '
	check "pcp.bt: tuning" script_says pcp '@tuned[Normal, refill'
	check "watermarks.bt: distances" script_says watermarks '@pages_above_mark[Normal]: '
	check "watermarks.bt: skipped zones" script_says watermarks '@skipped[Normal, watermark]: '
	check "watermarks.bt: would have reclaimed" script_says watermarks \
		'@would_block[direct-reclaim, 0]: '
}

insmod "$KO" size=64M layout="$LAYOUT" vcpus=2 || { echo "Bail out! insmod $KO"; exit 1; }
mkdir "$INSTANCE"
[ $# -gt 0 ] || set -- formats events chain trace_cmd bpftrace
for part in "$@"; do
	[ "$part" != bpftrace ] || part=bpftrace_scripts
	"$part"
done
echo "1..$n"
echo "# $((n - failed)) passed, $failed failed"
[ $failed -eq 0 ]
