#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# usage: SBUDDY_KO=/path/to/sbuddy.ko selftests/vm/reclaim.sh     (root, in a VM)
#
# Daemons under load: four programs keep machine 0 short of memory while kswapd and
# kcompactd run; the programs are killed in mid-run, the daemons switched off and on,
# and the module unloaded with the daemons at work. Every page must be free again, the
# check find nothing, and the host have its memory back. Prints TAP; exit status 0 if
# all passed, 1 if not.

set -u
KO=${SBUDDY_KO:-build/sbuddy.ko}
D=/sys/kernel/debug/sbuddy
HAMMER=$(dirname "$(readlink -f "$0")")/../../build/vm/reclaim_hammer
ROUNDS=${SBUDDY_RECLAIM_ROUNDS:-3}
SECONDS_EACH=${SBUDDY_RECLAIM_SECONDS:-6}
n=0 failed=0
trap 'pkill -KILL -P $$; rmmod sbuddy 2>/dev/null' EXIT

report()
{
	n=$((n + 1))
	if [ "$1" = 0 ]; then
		echo "ok $n - $2"
	else
		failed=$((failed + 1))
		echo "not ok $n - $2"
	fi
}

stat_of()
{
	sed -n "s/^$1 //p" $D/vmstat
}

load()
{
	insmod "$KO" size=64M vcpus=4 daemons=1 &&
		echo 4000 >$D/swap_pages && echo kill >$D/oom_policy &&
		echo 60 >$D/slowpath_loops
}

# Files that were killed give back what they had a little later.
settled()
{
	local i managed free

	managed=$(sed -n 's/^ *managed *//p' $D/zoneinfo | awk '{ n += $1 } END { print n }')
	for i in $(seq 100); do
		echo all >$D/drain 2>/dev/null || echo 1 >$D/drain
		echo 1 >$D/vm/stat_refresh
		free=$(awk 'NR > 0 { for (i = 5; i <= NF; i++) n += $i * 2 ^ (i - 5) } END { print n }' $D/buddyinfo)
		[ "$free" = "$managed" ] && return 0
		sleep 0.1
	done
	echo "# $free of $managed pages are free after $i tries"
	return 1
}

round()
{
	"$HAMMER" $((SECONDS_EACH * 10)) &
	local hammer=$!

	sleep "$SECONDS_EACH"
	echo 0 >$D/daemons && [ "$(cat $D/daemons)" = 0 ]
	report $? "round $1: daemons stop under load"
	echo 1 >$D/daemons && [ "$(cat $D/daemons)" = 1 ]
	report $? "round $1: and start again"
	sleep 1
	pkill -KILL -P "$hammer"
	kill -KILL "$hammer"
	wait "$hammer" 2>/dev/null
	[ "$(stat_of pgsteal_direct)" -gt 0 ] && [ "$(stat_of pgsteal_kswapd)" -gt 0 ] &&
		[ "$(stat_of pageoutrun)" -gt 0 ]
	report $? "round $1: requests and kswapd reclaimed"
	echo "# $(for s in pgsteal_direct pgsteal_kswapd pageoutrun pswpout pswpin oom_kill compact_success allocstall_normal; do printf '%s=%s ' $s "$(stat_of $s)"; done)"
	settled
	report $? "round $1: every page is free again"
	echo 1 >$D/check && grep -qx ok $D/check
	report $? "round $1: check finds nothing"
}

before=$(awk '/^MemFree/ { print $2 }' /proc/meminfo)
for r in $(seq "$ROUNDS"); do
	load
	report $? "round $r: loaded with daemons"
	round "$r"
	rmmod sbuddy
	report $? "round $r: unloaded with the daemons at work"
done
sleep 1
after=$(awk '/^MemFree/ { print $2 }' /proc/meminfo)
[ "$after" -gt $((before - 32768)) ]
report $? "the host has its memory back ($before kB free, $after after)"
! pgrep '^sbuddy[0-9]' >/dev/null
report $? "no daemon is left"
echo "1..$n"
[ $failed = 0 ]
