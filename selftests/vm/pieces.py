#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""A region of one piece on each of two host nodes: where its frames are, distances,
what spans the hole between the pieces, and that the programs that find the module
loaded see nothing amiss on it.

Runs in a guest with a memory-only node 1.  $SBUDDY_KO: the module.  TAP on stdout,
exit 1 on a failure.
"""
import os
import re
import subprocess
import sys

from debugfs_common import (DIR, Tap, check_machine, expect, expect_equal,
                            expect_quiet_kernel, load, pairs, read, unload, write_ok)

PIECE_MB = 16
PIECE_PAGES = PIECE_MB * 256
TOP = os.path.join(os.path.dirname(os.path.realpath(__file__)), "../..")
# Seconds that a program may take, on a debug kernel too.
PATIENCE = 900


def host_nodes():
    """{node: (first frame, frame behind the last)} as the host has them"""
    spans = {}
    with open("/proc/zoneinfo", encoding="ascii") as file:
        text = file.read()
    for node, body in re.findall(r"Node (\d+), zone +\w+\n(.*?)(?=\nNode |\Z)", text, re.S):
        start = re.search(r"start_pfn: +(\d+)", body)
        if not start:
            continue        # a zone without memory
        first = int(start.group(1))
        end = first + int(re.search(r"spanned +(\d+)", body).group(1))
        low, high = spans.get(int(node), (first, end))
        spans[int(node)] = (min(low, first), max(high, end))
    return spans


def region():
    """The pairs of region, and those of its pieces."""
    lines = read("region").rstrip("\n").split("\n")
    whole = dict(line.split("=", 1) for line in lines if not line.startswith("piece="))
    return whole, [pairs(line) for line in lines if line.startswith("piece=")]


def host_distance(a, b):
    with open(f"/sys/devices/system/node/node{a}/distance", encoding="ascii") as file:
        return file.read().split()[b]


def inside(piece, node, spans):
    low, high = spans[node]
    start, end = int(piece["start_pfn"], 16), int(piece["end_pfn"], 16)
    return low <= start < end <= high


def expect_pieces(nodes, sizes):
    whole, pieces = region()
    spans = host_nodes()
    expect_equal(whole["pieces"], str(len(nodes)), "pieces")
    expect_equal(whole["size_pages"], str(sum(sizes) * 256), "pages of the region")
    expect_equal([int(p["host_node"]) for p in pieces], nodes, "host nodes")
    expect_equal([int(p["size_pages"]) for p in pieces], [mb * 256 for mb in sizes], "sizes")
    for node, piece in zip(nodes, pieces):
        expect(inside(piece, node, spans), f"piece {piece} on node {node}, {spans[node]}")
    starts = [int(p["start_pfn"], 16) for p in pieces]
    expect_equal(int(whole["start_pfn"], 16), min(starts), "first frame")
    return pieces, whole["layout"].split(";D:")


def blocks(words):
    """Frames of an allocation, which is kept."""
    write_ok("alloc", words)
    return [int(pairs(line)["pfn"], 16) for line in read("alloc").rstrip("\n").split("\n")[3:]]


def piece_of(pfn, pieces):
    for i, p in enumerate(pieces):
        if int(p["start_pfn"], 16) <= pfn < int(p["end_pfn"], 16):
            return i
    raise AssertionError(f"frame {pfn:#x} in no piece")


def test_default_layout():
    """Each piece a node of its own, a quarter Movable; the host's distances."""
    for nodes in ([0, 1], [1, 0]):
        load(f"size={PIECE_MB}M", "vcpus=2", "node=" + ",".join(map(str, nodes)))
        pieces, (layout, distances) = expect_pieces(nodes, [PIECE_MB] * 2)
        for nid in (0, 1):
            expect(f"Normal={PIECE_MB * 3 // 4}M,Movable={PIECE_MB // 4}M" in layout, layout)
            gfp = "GFP_KERNEL|__GFP_THISNODE|__GFP_ZERO"
            for pfn in blocks(f"gfp={gfp} nid={nid} count=64 cpu=0"):
                expect_equal(piece_of(pfn, pieces), nid, f"piece of frame {pfn:#x}")
        far = host_distance(0, 1)
        expect_equal(distances, f"10,{far}/{far},10", "distances")
        check_machine()
        write_ok("free", "all")


def test_vcpus():
    """They are where the host's CPUs are: all on node 0, whichever piece that is."""
    for nodes, home in (([0, 1], 0), ([1, 0], 1)):
        load(f"size={PIECE_MB}M", "vcpus=4", "node=" + ",".join(map(str, nodes)))
        pieces, _ = expect_pieces(nodes, [PIECE_MB] * 2)
        for cpu in range(4):
            pfn = blocks(f"gfp=GFP_KERNEL cpu={cpu}")[0]
            expect_equal(piece_of(pfn, pieces), home, f"piece of vcpu {cpu}")


def test_given_layout():
    """Two nodes on the first piece, one on the second; distances as asked, or near."""
    size = [f"size={PIECE_MB},{2 * PIECE_MB}".replace(",", "M,") + "M", "node=1,0", "vcpus=2"]
    text = f"N2:DMA32=8M,Normal=8M;N0:Normal={PIECE_MB}M;N1:Movable={PIECE_MB}M"
    load(*size, f"layout={text}")
    pieces, (_, distances) = expect_pieces([1, 0], [PIECE_MB, 2 * PIECE_MB])
    far = host_distance(0, 1)
    expect_equal(distances, f"10,11,{far}/11,10,{far}/{far},{far},10", "distances")
    for nid, gfp, piece in ((2, "GFP_KERNEL", 0), (0, "GFP_KERNEL", 1),
                            (1, "GFP_HIGHUSER_MOVABLE", 1)):
        pfn = blocks(f"gfp={gfp}|__GFP_THISNODE nid={nid} order=10")[0]
        expect_equal(piece_of(pfn, pieces), piece, f"piece of node {nid}")
    check_machine()
    load(*size, f"layout={text};D:10,30,40/30,10,50/40,50,10")
    expect_equal(region()[0]["layout"].split(";D:")[1], "10,30,40/30,10,50/40,50,10", "distances")


def test_kernelcore():
    load(f"size={PIECE_MB}M", "node=0,1", "vcpus=2", "kernelcore=50%")
    _, (layout, _) = expect_pieces([0, 1], [PIECE_MB] * 2)
    for nid in (0, 1):
        expect(re.search(rf"N{nid}:(hole=\d+M,)?Normal=8M,Movable=8M", layout), layout)
    check_machine()


def test_fall_over():
    """Node 0 overflows into the other piece, and everything comes back."""
    load(f"size={PIECE_MB}M", "node=0,1", "vcpus=1", "thp=0")
    pieces, _ = expect_pieces([0, 1], [PIECE_MB] * 2)
    before = read("buddyinfo")
    got = [piece_of(pfn, pieces)
           for pfn in blocks(f"gfp=GFP_HIGHUSER_MOVABLE cpu=0 count={PIECE_PAGES * 3 // 2}")]
    expect_equal(got, sorted(got), "order of the pieces")
    expect_equal(set(got), {0, 1}, "pieces")
    check_machine()
    write_ok("free", "all")
    write_ok("drain", "all")
    expect_equal(read("buddyinfo"), before, "buddyinfo")


def test_hole():
    """What walks all frames gets across the hole: snapshot, fork, reset; it costs little."""
    load(f"size={PIECE_MB}M", "node=0,1", "vcpus=2")
    whole, _ = region()
    span = int(whole["end_pfn"], 16) - int(whole["start_pfn"], 16)
    hole = span - int(whole["size_pages"])
    expect(hole > 32768, f"a hole of {hole} pages shows nothing")
    taken = int(whole["metadata_bytes"])
    expect(taken < int(whole["size_pages"]) * 32 + span + (2 << 20), f"{taken} bytes of metadata")
    blocks("gfp=GFP_KERNEL count=100 nid=1")
    write_ok("machines/fork", "machine=0")
    number = re.search(r"last_machine=(\d+)", read("machines/fork")).group(1)
    expect_equal(read("snapshot", f"{DIR}/machines/{number}"), read("snapshot"), "a fork's")
    copy = re.search(r"metadata_bytes=(\d+)", read("region", f"{DIR}/machines/{number}"))
    expect_equal(int(copy.group(1)), taken, "metadata of a fork")
    write_ok(f"machines/{number}/free", "all")
    write_ok(f"machines/{number}/check", "1")
    write_ok("machines/destroy", f"machine={number}")
    write_ok("free", "all")
    write_ok("reset", "1")
    check_machine()


def test_program(name):
    load(f"size={2 * PIECE_MB}M", "node=1,0", "vcpus=4")
    done = subprocess.run([f"{TOP}/build/vm/{name}"], capture_output=True, text=True,
                          timeout=PATIENCE, check=False)
    if done.returncode:
        print("# " + done.stdout.replace("\n", "\n# "))
    expect_equal(done.returncode, 0, f"status of {name}")
    expect(re.search(r"^ok 1 ", done.stdout, re.M), "it ran something")
    check_machine()


def main():
    tap = Tap()
    if 1 not in host_nodes():
        print("1..0 # SKIP only one node has memory")
        return 4
    try:
        for test in (test_default_layout, test_vcpus, test_given_layout, test_kernelcore,
                     test_fall_over, test_hole):
            tap.run(test.__name__, test)
        for name in ("dump", "run", "owner"):
            tap.run(f"{name} on two pieces", test_program, name)
        tap.run("no complaint in the kernel log", expect_quiet_kernel)
    finally:
        unload()
    return tap.finish()


if __name__ == "__main__":
    sys.exit(main())
