# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# What the VM scripts share: where the build cache is, how they talk, and how
# two of them started at once keep out of each other's way.
#
# Big artefacts (kernel images, unpacked sources, debug kernels) live outside the
# tree in $SBUDDY_CACHE, so that a second clone and "make clean" do not cost them.
# Progress goes to stderr; stdout belongs to answers that other scripts read.

# shellcheck disable=SC2034 # read by the scripts that source this file
VM_DIR=$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")
TOP=$(readlink -f "$VM_DIR/../..")
CACHE=${SBUDDY_CACHE:-${HOME:-/root}/.cache/sbuddy}
ME=${0##*/}

say()
{
	printf '%s: %s\n' "$ME" "$*" >&2
}

die()
{
	say "$*"
	exit "${DIE_STATUS:-1}"
}

need_tools()
{
	local t missing=()

	for t in "$@"; do
		command -v "$t" >/dev/null || missing+=("$t")
	done
	[ ${#missing[@]} -eq 0 ] ||
		die "not found: ${missing[*]}; scripts/deps installs what is needed"
}

# lock_cache NAME: hold the cache's lock of that name until the caller exits. The
# second caller says that it waits, then usually finds the work done.
lock_cache()
{
	mkdir -p "$CACHE" || die "cannot create the build cache $CACHE"
	exec 9>"$CACHE/.$1.lock" || die "cannot write in the build cache $CACHE"
	flock -n 9 && return
	say "waiting for another run that is preparing $1"
	flock 9
}
