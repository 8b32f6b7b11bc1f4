#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# usage: SBUDDY_KO=/path/to/sbuddy.ko selftests/vm/machines.sh     (root, in a VM)
#
# Machines by debugfs: each has its own files and its own built-in owner; what is
# wrong is refused with its errno and a line; and unloading with many of them gives
# their memory back. Prints TAP; exit status 0 if all passed, 1 if not.

set -u
KO=${SBUDDY_KO:-build/sbuddy.ko}
D=/sys/kernel/debug/sbuddy
M=$D/machines
n=0 failed=0
trap 'rmmod sbuddy 2>/dev/null' EXIT

report()
{
	n=$((n + 1))
	if [ "$1" = 0 ]; then
		echo "ok $n - $2"
		return
	fi
	failed=$((failed + 1))
	echo "not ok $n - $2"
	sed 's/^/# /' $D/last_error
}

put()
{
	{ printf '%s\n' "$2" >"$1"; } 2>/dev/null
}

# refused FILE TEXT PATTERN-OF-LAST-ERROR
refused()
{
	! put "$M/$1" "$2" && grep -q -- "$3" $D/last_error
	report $? "$1 refuses \"$2\""
}

files()
{
	(cd "$1" && find . -type f ! -path './machines/*' ! -path './live/*' ! -name clone ! -name last_error | sort)
}

slots_of()
{
	sed -n 's/^owner=0 pid=0 slots=\([0-9]*\) .*/\1/p' "$1/allocations"
}

same_state()
{
	cmp -s "$1/snapshot" "$2/snapshot"
}

insmod "$KO" size=64M vcpus=2 || { echo "Bail out! insmod"; exit 1; }

put $M/create 'layout=N0:DMA32=32M,Normal=64M;N1:Movable=32M vcpus=2 base=0x200000' &&
	grep -qx last_machine=1 $M/create
report $? "a machine is made"
[ "$(files $D)" = "$(files $M/1)" ]
report $? "it has the files that machine 0 has"
grep -q '^Node 1, zone  Movable ' $M/1/buddyinfo && ! grep -q 'Node 1' $D/buddyinfo
report $? "each shows its own"
grep -qx way=unbacked $M/1/region && grep -qx start_pfn=0x200000 $M/1/region
report $? "its region says that it has none"

put $M/1/alloc 'order=2 count=9' && [ "$(slots_of $M/1)" = 9 ] && [ "$(slots_of $D)" = 0 ]
report $? "each has a built-in owner of its own"
put $M/fork machine=1 && grep -qx last_machine=2 $M/fork && same_state $M/1 $M/2
report $? "a copy is in the same state"
[ "$(slots_of $M/2)" = 9 ]
report $? "with what the built-in owner holds"
for i in 1 2; do
	put $M/$i/free slot=3-5 && put $M/$i/alloc 'order=0 count=70' && put $M/$i/drain all
done
same_state $M/1 $M/2 && put $M/1/check 1 && put $M/2/check 1 && grep -qx ok $M/2/check
report $? "the same operations end in the same state"
put $M/2/vm/watermark_scale_factor 300 && grep -qx 10 $M/1/vm/watermark_scale_factor &&
	! same_state $M/1 $M/2
report $? "a knob is one machine's"
put $M/1/reset 1 && [ "$(slots_of $M/1)" = 0 ] && [ "$(slots_of $M/2)" = 76 ]
report $? "so is a reset"
put $D/check 1 && grep -qx ok $D/check && [ "$(slots_of $D)" = 0 ]
report $? "machine 0 did not notice"

refused create 'layout=N0:Normal=2T' '^EINVAL create: .*at most 1T'
refused create 'layout=N0:Normal=1T' '^EDQUOT create: .*machines_max_bytes'
refused create 'vcpus=3' '^EINVAL create: .*expected a layout'
refused create 'layout=N0:Normal=4M vcpus=300' '^EINVAL create: .*1 to 256'
refused create 'layout=N0:Normal=4M base=7' '^EINVAL create: .*multiple of 1024'
refused create 'layout=N0:Normal=4M colour=red' '^EINVAL create: .*layout=TEXT'
refused destroy machine=0 '^EOPNOTSUPP destroy'
refused destroy machine=9 '^ENOENT destroy'
refused destroy all '^EINVAL destroy: .*machine=N'
refused fork machine=9 '^ENOENT fork'
refused 2/alloc order=99 '^EINVAL machines/2/alloc'

# A file of a machine that is held open does not keep it, and is not surprised.
exec 7<$M/1/buddyinfo
put $M/destroy machine=1 && [ ! -e $M/1 ] && ! cat <&7 >/dev/null 2>&1
report $? "a machine goes while one of its files is open"
exec 7<&-

# Memory: what the machines took is back when they are gone, and when the module is.
free_kib()
{
	sync
	echo 3 >/proc/sys/vm/drop_caches
	awk '/^MemFree:/ { print $2 }' /proc/meminfo
}

# many_machines: takes and gives back 40; $took and $missing, in KiB.
many_machines()
{
	local before during i

	before=$(free_kib)
	for i in $(seq 40); do
		put $M/create 'layout=N0:Normal=256M vcpus=2' || break
	done
	during=$(free_kib)
	for i in $(seq 40); do
		put $M/destroy machine="$i" || break
	done
	took=$((before - during)) missing=$((before - $(free_kib)))
}

put $M/destroy machine=2
# What else the guest keeps for itself, and KASAN for a while, it keeps once; what is lost
# is lost each time.
for _ in $(seq 5); do
	many_machines
	[ "$missing" -ge 4096 ] || break
done
[ "$took" -gt $((40 * 2000)) ]
report $? "40 machines of 256 MiB take $((took >> 10)) MiB"
[ "$missing" -lt 4096 ]
report $? "destroyed, all but $missing KiB are back"
grep -q 'used_bytes=0 ' $M/list
report $? "and nothing is charged"
before=$(free_kib)
for _ in $(seq 40); do
	put $M/create 'layout=N0:Normal=256M vcpus=2' || break
done
rmmod sbuddy
report $? "the module unloads with 41 machines"
after=$(free_kib)
# The region, 64 MiB, comes back as well; what else came and went meanwhile is noise, and
# the machines took more than 80 MiB.
[ $((after - before)) -gt $((48 * 1024)) ]
report $? "and gives back region and machines: $(((after - before) >> 10)) MiB more than before"

echo "1..$n"
echo "# Totals: pass:$((n - failed)) fail:$failed xfail:0 xpass:0 skip:0 error:0"
[ $failed = 0 ]
