#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# usage: selftests/vm/trace_compact.sh     (root, in a VM; loads and unloads the module)
#
# The bpftrace scripts about compaction, migration and kswapd, while a machine is
# fragmented and compacted, by hand and by a request that waits: that they attach, and
# that their numbers are those of the program and of the machine's own counters.
#
# The module is $SBUDDY_KO or what was built for the running kernel. Prints TAP; exit
# status 0 if all passed, 1 if not, 4 if it cannot run at all.

set -u
TOP=$(readlink -f "$(dirname "$0")/../..")
KO=${SBUDDY_KO:-$TOP/build/kmod-$(uname -r)/sbuddy.ko}
SHADOW=/sys/kernel/debug/sbuddy
SCRIPTS="compaction migration kswapd compactsnoop"

if [ "$(id -u)" != 0 ] || [ ! -f "$KO" ] || [ ! -x "$TOP/build/replay/fragment" ]; then
	echo "1..0 # SKIP needs root, $KO and build/replay/fragment"
	exit 4
fi

n=0 failed=0
tmp=$(mktemp -d)
lifeline=
trap 'kill $lifeline 2>/dev/null; rmmod sbuddy; rm -rf "$tmp"' EXIT

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
	head -n 40 "$tmp/why" | sed 's/^/# /'
}

# An interrupt at the wrong moment is lost on bpftrace; the end of -p's process is not.
start_scripts()
{
	local script

	sleep infinity &
	lifeline=$! pids=()
	for script in $SCRIPTS; do
		bpftrace -p "$lifeline" "$TOP/scripts/bpftrace/$script.bt" >"$tmp/$script" 2>&1 &
		pids+=($!)
	done
	for script in $SCRIPTS; do
		until grep -q Tracing "$tmp/$script"; do
			kill -0 "${pids[@]}" 2>/dev/null || return
			sleep 0.5
		done
	done
	# The first line comes from BEGIN; the rest attaches right behind it.
	sleep 2
}

stop_scripts()
{
	local status=0

	kill "$lifeline"
	wait "${pids[@]}" || status=$?
	return $status
}

# says SCRIPT PATTERN
says()
{
	grep -qE -- "$2" "$tmp/$1" || { cat "$tmp/$1"; false; }
}

# Value of a map's key: SCRIPT 'KEY'
value()
{
	awk -v key="$2: " 'index($0, key) == 1 { print substr($0, length(key) + 1) }' "$tmp/$1"
}

same()
{
	[ "$1" = "$2" ] || { echo "is '$1', expected '$2'"; false; }
}

counter()
{
	awk -v name="$1" '$1 == name { print $2 }' "$SHADOW/vmstat"
}

# What the two ways to compact moved and did not, from the machine's counters.
steps_and_direct()
{
	check "fragment, fail, compact in steps, succeed" \
		"$TOP/build/replay/fragment" "$tmp/steps.txt"
	steps_moved=$(counter pgmigrate_success) steps_failed=$(counter pgmigrate_fail)
	echo 1 >"$SHADOW/reset"
	echo 1 >"$SHADOW/direct_compact"
	check "fragment, fail, succeed by compacting oneself" \
		"$TOP/build/replay/fragment" "$tmp/direct.txt" direct
	direct_moved=$(counter pgmigrate_success) direct_failed=$(counter pgmigrate_fail)
	# Nobody frees while it fills: kswapd is wanted.
	echo 'order=0 gfp=GFP_HIGHUSER_MOVABLE count=65536' 2>/dev/null >"$SHADOW/alloc"
	wakes=$(counter sbuddy_kswapd_wake)
	echo all >"$SHADOW/free"
}

check_scripts()
{
	local script moved=$((steps_moved + direct_moved)) not=$((steps_failed + direct_failed))

	check "the scripts end well" stop_scripts
	for script in $SCRIPTS; do
		check "$script.bt warns of nothing" \
			test "$(grep -ciE 'warning|error|lost' "$tmp/$script")" = 0
	done
	check "fragment says what the counters say" grep -q "^end moved=$steps_moved failed=$steps_failed " \
		"$tmp/steps.txt"
	check "compaction.bt: a run from end to end" says compaction \
		'^begin node 0 Normal +sync +migrate at +0, free at +[0-9]+$'
	check "compaction.bt: until the scanners met" says compaction \
		'^end   node 0 Normal +sync .*: complete$'
	check "compaction.bt: the direct one ends early" says compaction \
		'^end   node 0 Normal +a?sync .*: success$'
	check "compaction.bt: where they take pages" says compaction '^\[0, 10\) +[1-9]'
	check "compaction.bt: pages taken are moved or put back" \
		test "$(value compaction '@taken[migrate]')" -ge "$moved"
	check "migration.bt: pages moved" same \
		"$(awk '/^@moved\[/ { sum += $NF } END { print sum }' "$tmp/migration")" $moved
	check "migration.bt: pages not moved" same \
		"$(awk '/^@not_moved\[/ { sum += $NF } END { print sum }' "$tmp/migration")" $not
	check "migration.bt: why and how" says migration '^@moved\[compaction, MIGRATE_SYNC\]: '
	check "migration.bt: by zone" same "$(value migration '@by_zone[0, Normal, moved]')" $moved
	check "kswapd.bt: wake-ups of node 0" says kswapd '^@kswapd\[0, Normal, 0\]: [1-9]'
	check "kswapd.bt: as many as are counted" same \
		"$(awk '/^@by\[/ { sum += $NF } END { print sum }' "$tmp/kswapd")" "$wakes"
	check "kswapd.bt: who gave up" says kswapd '^@gave_up\[direct-reclaim, 0\]: 1$'
	check "compactsnoop.bt: a run by hand" says compactsnoop \
		'^fragment +[0-9]+ +0 +Normal +-1 +sync +[0-9]+ complete$'
	check "compactsnoop.bt: a request that waited" says compactsnoop \
		'^fragment +[0-9]+ +0 +Normal +9 +a?sync +[0-9]+ success$'
}

insmod "$KO" size=128M layout=N0:Normal=128M vcpus=1 thp=0 || { echo "Bail out! insmod"; exit 1; }
start_scripts || { cat "$tmp"/*; echo "Bail out! bpftrace"; exit 1; }
steps_and_direct
check_scripts
check "the machine is sound" sh -c "echo 1 >$SHADOW/check"
[ -z "${SHARE:-}" ] || cp "$tmp"/* "$SHARE"
echo "1..$n"
echo "# $((n - failed)) passed, $failed failed"
[ $failed -eq 0 ]
