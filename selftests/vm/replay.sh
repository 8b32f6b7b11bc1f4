#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Records the guest's own page allocations for a few seconds and runs the recording on the
# module and in a program: both must give the same frames for every operation.

# shellcheck disable=SC2154 # the trap's variables
set -u

TOP=$(readlink -f "$(dirname "$(readlink -f "$0")")/../..")
RECORD=$TOP/build/host/sbuddy-record CONVERT=$TOP/build/host/sbuddy-convert
REPLAY=$TOP/build/host/sbuddy-replay KERNEL_REPLAY=$TOP/build/replay/replay
TRACING=/sys/kernel/tracing
LAYOUT="N0:DMA32=16M,Normal=48M"
dir=$(mktemp -d)
nr=0

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

work()
{
	cp -r "$TOP/scripts" "$dir/copy"
	find /usr/include/linux -name '*.h' -print0 | xargs -0 cat >"$dir/headers"
	sort -S 8M "$dir/headers" | md5sum
	rm -rf "$dir/copy" "$dir/headers"
	return 7
}

# Events of the recording, by letter.
count()
{
	grep -c "^[0-9]* [0-9]* $1 " "$dir/stream"
}

base_pfn()
{
	sed -n 's/^start_pfn=//p' /sys/kernel/debug/sbuddy/region
}

echo "TAP version 13"
echo "1..11"
export -f work
export TOP dir
"$RECORD" -i -o "$dir/w.sbr" bash -c work >"$dir/log" 2>&1
[ $? = 7 ]
check "sbuddy-record passes on the status of the command"
[ -z "$(find "$TRACING/instances" -name 'sbuddy*')" ] && ! grep sbuddy_bulk "$TRACING/kprobe_events"
check "and leaves nothing behind in tracefs"
"$CONVERT" --to stream -o "$dir/stream" "$dir/w.sbr"
check "the recording is sound"
[ "$(count a)" -gt 1000 ] && [ "$(count f)" -gt 1000 ] && [ "$(count c)" -gt 100 ]
check "it holds allocations, frees and batches"
if grep -q ' alloc_pages_bulk_noprof$' /proc/kallsyms; then
	[ "$(count b)" -gt 0 ]
	check "and pages allocated in bulk"
else
	true
	check "and pages allocated in bulk # SKIP this kernel has no such function"
fi
"$REPLAY" "$dir/w.sbr" >"$dir/table"
awk '/pages refilled/ { n = $(NF - 1) } END { exit !(n > 100) }' "$dir/table"
check "steps inside the allocator were recorded"
insmod "$SBUDDY_KO" size=64M "layout=$LAYOUT" vcpus=2 llc=1024
check "the module loads"
mkdir "$dir/kernel"
"$KERNEL_REPLAY" -n 4 "$dir/w.sbr" "$dir/kernel" >"$dir/log"
check "the recording runs on the module"
"$REPLAY" --set "layout=$LAYOUT vcpus=2 llc=1024 base_pfn=$(base_pfn)" --ops "$dir/ops" \
	"$dir/w.sbr" >"$dir/log"
check "and in a program"
[ -s "$dir/ops" ] && cmp "$dir/ops" "$dir/kernel/ops.txt"
check "with the same frames for every operation"
rmmod sbuddy
check "the module unloads"
rm -rf "$dir"
