#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Several nodes by hand: policies of alloc, zonelists, weighted_interleave, kernelcore=.

Runs in a guest.  $SBUDDY_KO: the module.  TAP on stdout, exit 1 on a failure.
"""
import errno
import re
import sys

from debugfs_common import (Tap, check_machine, expect, expect_equal, expect_quiet_kernel, load,
                            pairs, read, unload, write, write_ok)

NODE_MB = 16
LAYOUT = (f"layout=N0:Normal={NODE_MB}M;N1:Normal={NODE_MB}M;N2:Normal={NODE_MB}M;"
          "D:10,20,20/20,10,20/20,20,10")
PARAMETERS = [f"size={3 * NODE_MB}M", LAYOUT, "vcpus=2", "thp=0"]
NODE_PAGES = NODE_MB * 256

REFUSED = [
    ("alloc", "policy=", "EINVAL", r"policy=.*interleave.*"),
    ("alloc", "policy=interleave", "EINVAL", r"policy=.*"),
    ("alloc", "policy=interleave:", "EINVAL", r"policy=.*"),
    ("alloc", "policy=interleave:0,3", "ENOENT", r"policy=nodes that are online"),
    ("alloc", "policy=bind:0-9", "ENOENT", r"policy=nodes that are online"),
    ("alloc", "policy=local:0", "EINVAL", r"policy=.*"),
    ("alloc", "policy=bind:0 policy=bind:1", "EINVAL", r"policy= once only"),
    ("alloc", "index=-1", "EINVAL", r"index=0\.\.2147483647"),
    ("zonelists", "", "EINVAL", "boot or rebuild"),
    ("zonelists", "reboot", "EINVAL", "boot or rebuild"),
    ("weighted_interleave", "", "EINVAL", r"node=N weight=0\.\.255"),
    ("weighted_interleave", "node=0", "EINVAL", r"node=N weight=0\.\.255"),
    ("weighted_interleave", "node=0 weight=3x", "EINVAL", r"node=N weight=0\.\.255"),
    ("weighted_interleave", "node=0 weight=256", "EINVAL", r"weight=0\.\.255"),
    ("weighted_interleave", "node=0 weight=-1", "EINVAL", r"weight=0\.\.255"),
    ("weighted_interleave", "node=3 weight=1", "ENOENT", "a node that is online"),
    ("weighted_interleave", "node=-1 weight=1", "ENOENT", "a node that is online"),
]


def base_pfn():
    return int(re.search(r"start_pfn:\s+(\d+)", read("zoneinfo")).group(1))


def nodes(words):
    """Node of each block of an allocation, as a string; the blocks are freed."""
    write_ok("alloc", f"gfp=GFP_HIGHUSER cpu=0 {words}")
    blocks = [pairs(line) for line in read("alloc").rstrip("\n").split("\n")[3:]]
    base = base_pfn()
    write_ok("free", "all")
    return "".join(str((int(block["pfn"], 16) - base) // NODE_PAGES) for block in blocks)


def test_refused(name, data, code, expected):
    err = write(name, data)
    expect_equal(errno.errorcode.get(err, err), code, "errno")
    text = read("last_error")
    expect(re.fullmatch(rf'{code} {name}: ".*": expected {expected}\n', text), text)


def test_policies():
    expect_equal(nodes("count=3 policy=default"), "000", "default")
    expect_equal(nodes("count=3 policy=preferred:2"), "222", "preferred")
    expect_equal(nodes("count=3 policy=bind:1-2"), "111", "bind")
    expect_equal(nodes("count=3 policy=bind:1-2@2"), "222", "bind with a home node")
    expect_equal(nodes("count=3 policy=bind:1-2 nid=2"), "222", "bind from a node")
    expect_equal(nodes("count=3 policy=preferred-many:1,2"), "111", "preferred-many")
    check_machine()


def test_rotor():
    """The rotor goes on where the last write left it, whatever the order."""
    first = nodes("count=1 policy=interleave:0-2")
    sequence = first + nodes("count=5 order=3 policy=interleave:0-2")
    want = "".join(str((int(first) + i) % 3) for i in range(6))
    expect_equal(sequence, want, "nodes")


def test_index():
    expect_equal(nodes("count=6 policy=interleave:0,2 index=1"), "202020", "interleave")
    write_ok("weighted_interleave", "node=0 weight=3")
    expect_equal(nodes("count=8 policy=weighted-interleave:0,2 index=0"), "00020002", "weighted")
    expect("node=0 weight=3\nnode=1 weight=1\n" in read("weighted_interleave"), "weights")
    write_ok("weighted_interleave", "node=0 weight=0")
    expect("node=0 weight=1\n" in read("weighted_interleave"), "default weight")


def orders(rule):
    """{node: order} as the file has it"""
    text = read("zonelists")
    expect(text.startswith(f"version=1 rule={rule}\n"), text.split("\n", 1)[0])
    return dict(re.findall(r"^Fallback order for Node (\d+): ([\d ]+?) *$", text, re.M))


def test_zonelists():
    """At boot CPUs do not count, later they do: vcpus are on nodes 0 and 1."""
    boot = {"0": "0 1 2", "1": "1 2 0", "2": "2 0 1"}
    later = {"0": "0 2 1", "1": "1 2 0", "2": "2 0 1"}
    expect_equal(orders("boot"), boot, "order at boot")
    text = read("zonelists")
    expect("  zones: 0:Normal 1:Normal 2:Normal\n" in text, "zones")
    expect("  __GFP_THISNODE: 1:Normal\n" in text, "own zones")
    expect("  node 1 distance=20 lower=0 cpus=0 load=0 value=20480\n" in text, "reasons")
    expect("  by rebuild: 0 2 1\n" in text, "the other rule")
    write_ok("zonelists", "rebuild")
    expect_equal(orders("rebuild"), later, "order when rebuilt")
    expect("  by boot: 0 1 2\n" in read("zonelists"), "the other rule")
    expect("cpus=1" in read("zonelists"), "CPUs count")
    count = NODE_PAGES * 3 // 2
    got = nodes(f"count={count}")
    expect_equal(set(got[NODE_PAGES:]), {"2"}, "overflow of node 0")
    write_ok("zonelists", "boot")
    expect_equal(orders("boot"), boot, "order as at boot again")
    check_machine()


def zones():
    return re.findall(r"Node (\d), zone +(\w+)", read("buddyinfo"))


def test_kernelcore():
    half = [("0", "Normal"), ("0", "Movable"), ("1", "Normal"), ("1", "Movable")]
    for extra in (["kernelcore=50%"], ["movablecore=16M"], ["kernelcore=16M", "movablecore=100%"]):
        load("size=32M", "layout=N0:Normal=16M;N1:Normal=16M", "vcpus=1", *extra)
        expect_equal(zones(), half, f"zones with {extra}")
        check_machine()
    load("size=32M", "vcpus=1", "kernelcore=8M")
    expect_equal(zones(), [("0", "Normal"), ("0", "Movable")], "zones of one node")
    managed = re.findall(r"managed +(\d+)", read("zoneinfo"))
    expect("2048" in managed and "6144" in managed, f"managed {managed}")
    load("size=32M", "vcpus=1", "layout=N0:Normal=16M;N1:Normal=16M;kernelcore=50%")
    expect_equal(zones(), half, "zones, word of the layout")
    unload()


def main():
    tap = Tap()
    try:
        load(*PARAMETERS)
        for test in (test_zonelists, test_policies, test_rotor, test_index):
            tap.run(test.__name__, test)
        for case in REFUSED:
            tap.run(f"refused: {case[0]} {case[1]!r}", test_refused, *case)
        tap.run("kernelcore", test_kernelcore)
        tap.run("no complaint in the kernel log", expect_quiet_kernel)
    finally:
        unload()
    return tap.finish()


if __name__ == "__main__":
    sys.exit(main())
