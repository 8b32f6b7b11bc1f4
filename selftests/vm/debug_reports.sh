#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# usage: selftests/vm/debug_reports.sh     (root, in a guest with the debug kernel)
#
# What a debug kernel knows after all other tests: whether lockdep is still on, which the
# first report of anything switches off, and what kmemleak found since selftests/vm/suite
# cleared its list. Prints TAP; exit status 0 if all passed, 1 if not.

set -u
KMEMLEAK=/sys/kernel/debug/kmemleak
n=0 failed=0

# report STATUS NAME
report()
{
	n=$((n + 1))
	if [ "$1" = 0 ]; then
		echo "ok $n - $2"
	else
		echo "not ok $n - $2"
		failed=1
	fi
}

lockdep_is_on()
{
	grep -q '^ *debug_locks: *1$' /proc/lockdep_stats
}

# Objects that the module allocated, or one that is gone: its addresses have no names any
# more. A scan takes nothing for lost that is younger than some seconds.
no_leaks()
{
	local found

	sleep 6
	{ echo scan >"$KMEMLEAK" && echo scan >"$KMEMLEAK"; } || return
	found=$(awk -v RS='unreferenced object' '/\[sbuddy\]|0xffffffffc/' "$KMEMLEAK")
	[ -z "$found" ] && return
	head -n 100 <<<"$found" | sed 's/^/# /'
	return 1
}

lockdep_is_on
report $? "lockdep is still on"
if grep -q 'kmemleak=on' /proc/cmdline; then
	no_leaks
	report $? "nothing that the module allocated is lost"
else
	report 0 "nothing that the module allocated is lost # SKIP booted without kmemleak=on"
fi
echo "1..$n"
exit $failed
