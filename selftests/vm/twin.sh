#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# sbuddy-twin follows the kernel that runs this, while it works, and predicts its pages.
# On one CPU nearly all must be right; several CPUs whose allocations overlap may be told
# in another order than they happened.

# shellcheck disable=SC2154 # the trap's variables
set -u

TOP=$(readlink -f "$(dirname "$(readlink -f "$0")")/../..")
TWIN=$TOP/build/host/sbuddy-twin
TRACING=/sys/kernel/tracing
dir=$(mktemp -d)
nr=0
one_cpu=99 many_cpus=90
least=$one_cpu
[ "$(nproc)" = 1 ] || least=$many_cpus

check()
{
	local status=$?

	nr=$((nr + 1))
	if [ $status = 0 ]; then
		echo "ok $nr - $1"
	else
		echo "not ok $nr - $1"
	fi
}

work_twice()
{
	work &
	dir=$dir/2
	mkdir "$dir"
	work
	wait
}

work()
{
	cp -r "$TOP/scripts" "$dir/copy"
	find /usr/include/linux -name '*.h' -print0 | xargs -0 cat >"$dir/headers"
	sort -S 8M "$dir/headers" | md5sum >"$dir/sum"
	rm -rf "$dir/copy" "$dir/headers"
}

echo "TAP version 13"
if [ ! -e /sys/kernel/debug/tracing/events/kmem ] || ! grep -q refresh_cpu_vm_stats /proc/kallsyms; then
	echo "1..0 # SKIP this kernel has no events of kmem:"
	exit 0
fi
echo "1..6"
export -f work work_twice
export TOP dir
insmod "$SBUDDY_KO" size=16M
check "the module loads"
taskset -c 0 "$TWIN" -r "$one_cpu" bash -c work >"$dir/log" 2>&1
check "work on one CPU: $one_cpu % at least are predicted"
sed 's/^/# /' "$dir/log" | tail -n 8
"$TWIN" -r "$least" bash -c work_twice >"$dir/log" 2>&1
check "on all of them: $least %"
sed 's/^/# /' "$dir/log" | tail -n 8
awk '/allocations predicted/ { n = $1 } END { exit !(n > 1000) }' "$dir/log"
check "of more than a thousand"
[ -z "$(find "$TRACING/instances" -name 'sbuddy*')" ] && ! grep sbuddy_ "$TRACING/kprobe_events"
check "nothing is left behind in tracefs"
rmmod sbuddy
check "the module unloads"
rm -rf "$dir"
