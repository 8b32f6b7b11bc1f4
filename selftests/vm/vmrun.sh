#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# usage: selftests/vm/vmrun.sh [KERNEL...]     (on the host; 6.1 and 6.12 if none)
#
# Whether scripts/vm/run keeps its promises: the command's status and output arrive
# unchanged, a lost or hanging guest is never taken for an answer, processors and nodes
# are as asked for, and a measurement under --icount comes out the same twice. Prints
# TAP; exit status 0 if all passed, 1 if not, 4 if it cannot run at all.

set -u
top=$(readlink -f "$(dirname "$0")/../..")
run=$top/scripts/vm/run
tmp=$(mktemp -d)
# What run keeps of lost guests goes with it.
export TMPDIR=$tmp
trap 'rm -rf "$tmp"' EXIT
n=0 failed=0

if ! command -v qemu-system-x86_64 >/dev/null; then
	echo "1..0 # SKIP needs qemu-system-x86_64; scripts/deps vm installs it"
	exit 4
fi

# Boot with the arguments. Sets status and leaves both outputs in $tmp.
boot()
{
	"$run" "$@" >"$tmp/out" 2>"$tmp/err"
	status=$?
}

# check NAME COMMAND...: one test; what the last guest said explains a failure
check()
{
	local name=$1

	shift
	n=$((n + 1))
	if "$@"; then
		echo "ok $n - $name"
		return
	fi
	failed=$((failed + 1))
	echo "not ok $n - $name"
	echo "# status $status"
	sed 's/^/# out: /' "$tmp/out"
	sed 's/^/# err: /' "$tmp/err"
}

status_is()
{
	[ "$status" = "$1" ]
}

out_is()
{
	printf '%s' "$1" | cmp -s - "$tmp/out"
}

err_is()
{
	printf '%s' "$1" | cmp -s - "$tmp/err"
}

err_has()
{
	grep -q -- "$1" "$tmp/err"
}

# One boot: words, environment, directory, both outputs and the status, byte for byte.
carries()
{
	local kernel=$1

	cd "$top/selftests" || exit 1
	# shellcheck disable=SC2016 # for the guest's shell
	VMRUN_TEST="it's  \$HOME" boot -k "$kernel" -- sh -c '
		printf "%s|" "$VMRUN_TEST" "$PWD" "$@"
		printf "one\ntwo" >&2
		exit 77' sh 'a  b' '"*"' $'line\nline' ''
	cd "$top" || exit 1
	check "$kernel: status 77" status_is 77
	check "$kernel: words, environment, directory, clean output" out_is \
		"it's  \$HOME|$top/selftests|a  b|\"*\"|"$'line\nline||'
	check "$kernel: clean error output" err_is $'one\ntwo'
}

# One boot with both outputs in one file: the order survives.
in_order()
{
	# shellcheck disable=SC2016 # for the guest's shell
	"$run" -q -k "$1" -- sh -c 'for i in 1 2 3 4 5; do echo o$i; echo e$i >&2; done; exit 3' \
		>"$tmp/out" 2>&1
	status=$?
	: >"$tmp/err"
	check "$1: status 3" status_is 3
	check "$1: outputs in one file keep their order" out_is \
		"$(for i in 1 2 3 4 5; do printf 'o%d\ne%d\n' $i $i; done)"$'\n'
}

shape_is()
{
	[ "$(sed -n 's/^shape //p' "$tmp/out")" = "$1" ]
}

# One boot: processors, nodes, share, root, modules and tracing.
machine()
{
	local kernel=$1

	mkdir -p "$tmp/share"
	# shellcheck disable=SC2016 # for the guest's shell
	boot -k "$kernel" --smp 4 --mem 1G --numa=256M --share "$tmp/share" -- sh -c '
		node=/sys/devices/system/node
		echo "shape $(nproc) $(ls -d $node/node* | wc -l) [$(cat $node/node1/cpulist)]"
		dd if=/dev/zero bs=1M count=8 2>/dev/null | tr "\0" "s" >$SHARE/file
		touch /etc/vmrun 2>/dev/null || echo "root is read-only"
		modprobe -n -v overlay 2>/dev/null | grep -q . && echo "modules resolve"
		bpftrace -e "tracepoint:kmem:mm_page_alloc { @[args->order] = count(); }
			interval:ms:200 { exit(); }" | grep -q "^@\[0\]: " && echo "bpftrace counts"
		(while :; do sleep 1; done) &
		exit 0'
	check "$kernel: status 0, though a process was left behind" status_is 0
	check "$kernel: 4 processors, a second node without any" shape_is "4 2 []"
	check "$kernel: the share keeps what was written" test "$(tr -d s <"$tmp/share/file" |
		wc -c) $(stat -c %s "$tmp/share/file")" = "0 8388608"
	check "$kernel: the host's root is read-only" grep -q 'root is read-only' "$tmp/out"
	[ "$kernel" = debug ] ||
		check "$kernel: modprobe finds modules" grep -q 'modules resolve' "$tmp/out"
	check "$kernel: bpftrace reads a tracepoint" grep -q 'bpftrace counts' "$tmp/out"
}

dies()
{
	boot -k "$1" -- sh -c 'echo before; echo c >/proc/sysrq-trigger; sleep 60'
	check "$1: a panic is status 125" status_is 125
	check "$1: a panic is named" err_has 'no answer from the guest: Kernel panic.*sysrq'
	check "$1: output before a panic is kept" out_is $'before\n'
	boot -k "$1" -- sh -c 'echo o >/proc/sysrq-trigger; sleep 60'
	check "$1: a guest that switches itself off is status 125" status_is 125
}

hangs()
{
	boot -k "$1" --timeout 25 -- sh -c 'echo before; sleep 1000'
	check "$1: a hang is status 124" status_is 124
	check "$1: a hang is named" err_has 'killed after 25 s'
	check "$1: output before a hang is kept" out_is $'before\n'
}

# Two boots. The loop's time counts instructions, so what differs is a handful of
# interrupts: 1 in 1000 at most, where the clock of the host would differ by far more.
repeats()
{
	local times=()

	# shellcheck disable=SC2016 # for the guest's shell
	for _ in 1 2; do
		boot -q -k "$1" --icount -- bash -c '
			loop() { for ((i = 0; i < 10000; i++)); do :; done; }
			loop
			from=${EPOCHREALTIME/./}
			loop
			echo $((${EPOCHREALTIME/./} - from))'
		times+=("$(cat "$tmp/out")")
	done
	echo "# loop of 10000 under --icount: ${times[0]} and ${times[1]} us"
	check "$1: --icount repeats a measurement" alike "${times[@]}"
}

alike()
{
	local difference=$(($1 - $2))

	[ "$1" -gt 1000 ] && [ $((${difference#-} * 1000)) -le "$1" ]
}

# No boot: wrong arguments are refused with a word on what was expected.
refuses()
{
	boot -k 9.9 -- true
	check "an unknown kernel is refused" err_has 'unknown kernel .9.9.: 6.1, 6.12, debug'
	boot --mem 12Q -- true
	check "a wrong size is refused" err_has 'a number followed by M or G is expected'
	boot --smp 0 -- true
	check "no processor is refused" err_has '[-]-smp 0'
	boot -k 6.12
	check "no command is refused" status_is 2
}

[ $# -gt 0 ] || set -- 6.1 6.12
refuses
for kernel in "$@"; do
	for part in carries in_order machine dies hangs repeats; do
		"$part" "$kernel"
	done
done
echo "1..$n"
echo "# $((n - failed)) passed, $failed failed"
[ $failed -eq 0 ]
