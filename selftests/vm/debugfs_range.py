#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""isolate and contig by hand: what they do, whose it is, and what they refuse and why.

Runs in a guest.  $SBUDDY_KO: the module.  TAP on stdout, exit 1 on a failure.
"""
import errno
import fcntl
import os
import re
import struct
import sys

from debugfs_common import (Tap, check_machine, expect, expect_equal, expect_quiet_kernel, load,
                            pairs, read, unload, write, write_ok)

TOP = os.path.join(os.path.dirname(os.path.realpath(__file__)), "../..")
PARAMETERS = ["size=64M", "layout=N0:DMA32=16M,Normal=32M;N1:Normal=16M", "vcpus=1", "thp=0"]
BLOCK = 512
ZONE = {"dma32": 0, "normal": 16 * 256, "node1": 48 * 256}    # first frame, from the region's
END = 64 * 256
NO_PFN = 2 ** 64 - 1

ISOLATE_USAGE = r"\[undo\|test\] start=.*"
CONTIG_USAGE = r"count=PAGES or range=.*"
REFUSED = [
    ("isolate", "", "EINVAL", ISOLATE_USAGE),
    ("isolate", "start=0x100", "EINVAL", ISOLATE_USAGE),
    ("isolate", "count=512", "EINVAL", ISOLATE_USAGE),
    ("isolate", "undo", "EINVAL", ISOLATE_USAGE),
    ("isolate", "undo test start=1 count=1", "EINVAL", ISOLATE_USAGE),
    ("isolate", "start=1 undo count=1", "EINVAL", ISOLATE_USAGE),
    ("isolate", "redo start=1 count=1", "EINVAL", ISOLATE_USAGE),
    ("isolate", "start=x count=1", "EINVAL", r"start= with a frame, hexadecimal with 0x"),
    ("isolate", "start=0x10000000000 count=1", "EINVAL", r"start= with a frame.*"),
    ("isolate", "start=-1 count=1", "EINVAL", r"start= with a frame.*"),
    ("isolate", "start=1 count=0", "EINVAL", r"count=1\.\.16777216"),
    ("isolate", "start=1 count=16777217", "EINVAL", r"count=1\.\.16777216"),
    ("isolate", "start=1 start=1 count=1", "EINVAL", r"start= once only"),
    ("isolate", "start=1 count=1 mode=", "EINVAL", r"mode=offline, report, single.*"),
    ("isolate", "start=1 count=1 mode=offline,online", "EINVAL", r"mode=offline.*"),
    ("isolate", "start=1 count=1 type=Isolate", "EINVAL", r"type=Unmovable, Movable or.*"),
    ("isolate", "start={normal} count=1024 mode=single", "EINVAL", r"mode= that .*"),
    ("isolate", "undo start={normal} count=512 mode=offline", "EINVAL", r"mode= that .*"),
    ("isolate", "start=1 count=1", "ENOENT", r"nothing in the way; refused: hole, pfn 0x1"),
    ("isolate", "test start={normal} count=1", "EBUSY",
     r"nothing in the way; refused: not-isolated, pfn {normal}"),
    ("contig", "", "EINVAL", CONTIG_USAGE),
    ("contig", "free", "EINVAL", CONTIG_USAGE),
    ("contig", "count=1 free slot=1", "EINVAL", CONTIG_USAGE),
    ("contig", "free slot=1 gfp=GFP_KERNEL", "EINVAL", CONTIG_USAGE),
    ("contig", "gfp=GFP_KERNEL", "EINVAL", CONTIG_USAGE),
    ("contig", "range={normal},1 count=1", "EINVAL", CONTIG_USAGE),
    ("contig", "range={normal},1 node=0", "EINVAL", CONTIG_USAGE),
    ("contig", "count=0", "EINVAL", r"count=1\.\.262144"),
    ("contig", "count=262145", "EINVAL", r"count=1\.\.262144"),
    ("contig", "count=1 count=1", "EINVAL", r"count= once only"),
    ("contig", "range={normal}", "EINVAL", r"range=0xPFN,PAGES"),
    ("contig", "range={normal},0", "EINVAL", r"range=0xPFN,PAGES with PAGES=1\.\.262144"),
    ("contig", "range=x,1", "EINVAL", r"range= with a frame.*"),
    ("contig", "count=1 node=2", "EINVAL", r"node=0\.\.1"),
    ("contig", "count=1 slot=268435456", "EINVAL", r"slot=0\.\.268435455"),
    ("contig", "count=1 gfp=GFP_KERNAL", "EINVAL", r"gfp=.*"),
    ("contig", "count=1 gfp=GFP_KERNEL|__GFP_NOFAIL", "EINVAL", r"gfp of IO.*"),
    ("contig", "free slot=77", "ENOENT", r"a node that is online; to free, slots.*"),
    ("contig", "count=100000", "ENOMEM", r"room for the range; refused: nowhere"),
]


def base():
    return int(re.search(r"start_pfn=(0x\w+)", read("region")).group(1), 16)


def at(zone, blocks=0):
    """Frame so many pageblocks into a zone, as text"""
    return hex(base() + ZONE[zone] + blocks * BLOCK)


def fill(text, escape=lambda x: x):
    return re.sub(r"\{(\w+)\}", lambda m: escape(at(m.group(1))), text)


def state():
    return [read(name) for name in ("buddyinfo", "pagetypeinfo", "allocations", "isolate")]


def expect_refused(name, data, code, expected):
    data, expected = fill(data), fill(expected)
    before = state()
    err = write(name, data)
    expect_equal(err, getattr(errno, code), f"errno of {data!r} to {name}")
    text = read("last_error")
    expect(re.fullmatch(rf'{code} {name}: ".*": expected {expected}\n', text), text)
    expect_equal(state(), before, f"{data!r} to {name} was refused, yet the state")


def isolated():
    """The lines of isolate as dictionaries"""
    return [pairs(line) for line in read("isolate").rstrip("\n").split("\n")[2:]]


def contig(words):
    """What a write to contig did"""
    write_ok("contig", words)
    return pairs(read("contig").rstrip("\n").split("\n")[2])


def blocks(words):
    write_ok("alloc", words)
    lines = [pairs(line) for line in read("alloc").rstrip("\n").split("\n")[3:]]
    return [int(line["pfn"], 16) for line in lines]


def held():
    return {int(slot): int(pfn, 16) for slot, pfn in
            re.findall(r"^owner=0 slot=(\d+) pfn=(0x\w+)", read("allocations"), re.M)}


def zone_free(node, zone):
    return re.search(rf"^Node {node}, zone +{zone} (.*)$", read("buddyinfo"), re.M).group(1)


def free_pages(node, zone):
    return sum(int(n) << order for order, n in enumerate(zone_free(node, zone).split()))


def types():
    return re.findall(r"types=(\S+)", read("pageblocks"))


def test_isolate():
    """Two pageblocks: seen, avoided, tested, given back with the type asked for."""
    before = zone_free(0, "Normal")
    start = at("normal", 2)
    write_ok("isolate", f"start={start} count={2 * BLOCK} mode=offline")
    expect_equal(isolated(), [{"start_pfn": start, "end_pfn": at("normal", 4), "pages": "1024",
                               "node": "0", "zone": "Normal", "owner": "0", "pid": "0"}], "isolate")
    write_ok("isolate", f"test start={start} count={2 * BLOCK}")
    low, high = int(start, 16), int(start, 16) + 2 * BLOCK
    got = blocks("gfp=GFP_KERNEL|__GFP_NORETRY|__GFP_THISNODE order=9 count=10 nid=0")
    expect(not [pfn for pfn in got if low <= pfn < high], "a frame of the isolated blocks")
    check_machine()
    write_ok("free", "all")
    write_ok("drain", "all")
    write_ok("isolate", f"undo start={start} count={2 * BLOCK} type=Reclaimable")
    expect_equal(isolated(), [], "after the end")
    expect("RR" in "".join(types()), f"types {types()}")
    expect_equal(zone_free(0, "Normal"), before, "free blocks")
    check_machine()


def test_rounding_and_runs():
    """One frame means its pageblock; lines join what is adjacent in one zone."""
    write_ok("isolate", f"start={hex(int(at('normal', 1), 16) + 7)} count=1")
    write_ok("isolate", f"start={at('normal')} count={BLOCK} mode=single,offline")
    write_ok("isolate", f"start={at('normal', -1)} count={BLOCK}")
    write_ok("isolate", f"start={at('node1', 3)} count={BLOCK}")
    lines = [(line["start_pfn"], line["pages"], line["node"], line["zone"]) for line in isolated()]
    expect_equal(lines, [(at("normal", -1), "512", "0", "DMA32"), (at("normal"), "1024", "0", "Normal"),
                         (at("node1", 3), "512", "1", "Normal")], "lines")
    check_machine()
    write_ok("isolate", f"undo start={at('normal', -1)} count={BLOCK}")
    write_ok("isolate", f"undo start={at('normal')} count={2 * BLOCK}")
    write_ok("isolate", f"undo start={at('node1', 3)} count={BLOCK}")
    expect_equal(isolated(), [], "after the end")


def test_in_the_way():
    """The reason and the frame are told."""
    pfn = blocks("gfp=GFP_KERNEL|__GFP_THISNODE nid=1")[0]
    start = pfn & ~(BLOCK - 1)
    expect_refused_after("isolate", f"start={start:#x} count={BLOCK}", "EBUSY",
                         f"nothing in the way; refused: unmovable, pfn {pfn:#x}")
    expect_refused_after("contig", f"range={start:#x},{BLOCK}", "EBUSY",
                         f"nothing in the way; refused: \\S+, pfn {pfn:#x}")
    expect_refused("isolate", f"start={at('normal', -1)} count={2 * BLOCK}", "EINVAL",
                   f"nothing in the way; refused: other-zone, pfn {at('normal')}")
    expect_refused("contig", f"range={hex(base() + END - 8)},16", "ENOENT",
                   f"nothing in the way; refused: hole, pfn {hex(base() + END)}")
    write_ok("isolate", f"start={at('normal')} count={BLOCK}")
    expect_refused("isolate", f"start={at('normal')} count={BLOCK}", "EBUSY",
                   f"nothing in the way; refused: isolated, pfn {at('normal')}")
    write_ok("isolate", f"undo start={at('normal')} count={BLOCK}")
    write_ok("free", "all")
    check_machine()


def expect_refused_after(name, data, code, expected):
    """As the kernel does, pageblocks may have been isolated and given back by then."""
    err = write(name, data)
    expect_equal(errno.errorcode.get(err, err), code, f"errno of {data!r} to {name}")
    text = read("last_error")
    expect(re.fullmatch(rf'{code} {name}: ".*": expected {expected}\n', text), text)
    expect_equal(isolated(), [], f"isolated after {data!r}")
    check_machine()


def ioctl_isolate(fd, action, pfn, count):
    """SBUDDY_IOC_ISOLATE; the result"""
    with open(f"{TOP}/include/uapi/linux/sbuddy.h", encoding="ascii") as file:
        names = re.findall(r"^\tSBUDDY_CMD_(\w+),", file.read(), re.M)
    arg = bytearray(struct.pack("=6I3QiI", 56, 0, action, 0, 1, 0, pfn, count, NO_PFN, 0, 0))
    fcntl.ioctl(fd, 0xd540 + names.index("ISOLATE"), arg)
    return struct.unpack("=6I3QiI", arg)[9]


def test_whose():
    """Another open file's: shown with its process, not to be undone here, gone with it."""
    fd = os.open("/dev/sbuddy", os.O_RDWR)
    try:
        pfn = int(at("normal", 5), 16)
        expect_equal(ioctl_isolate(fd, 0, pfn, BLOCK), 0, "ioctl")
        write_ok("isolate", f"start={at('normal', 6)} count={BLOCK}")
        lines = isolated()
        expect_equal([line["start_pfn"] for line in lines], [at("normal", 5), at("normal", 6)],
                     "one line for each owner")
        expect_equal(lines[0]["pid"], str(os.getpid()), "pid")
        expect(int(lines[0]["owner"]) > 0, "owner")
        expect_equal(lines[1]["owner"], "0", "owner of the second")
        expect_refused("isolate", f"undo start={at('normal', 5)} count={2 * BLOCK}", "EBUSY",
                       f"nothing in the way; refused: foreign, pfn {at('normal', 5)}")
        expect_equal(ioctl_isolate(fd, 1, int(at("normal", 6), 16), BLOCK), -errno.EBUSY,
                     "the other way round")
    finally:
        os.close(fd)
    expect_equal([line["start_pfn"] for line in isolated()], [at("normal", 6)], "after close")
    write_ok("isolate", f"undo start={at('normal', 6)} count={BLOCK}")
    check_machine()


def test_contig_anywhere():
    """Into slots one each; freed without a count as long as it was the last."""
    write_ok("drain", "all")
    before = free_pages(1, "Normal")
    got = contig("count=600 gfp=GFP_KERNEL node=1")
    expect_equal((got["last_action"], got["pages"], got["order"], got["node"], got["zone"]),
                 ("alloc", "600", "0", "1", "Normal"), "result")
    first, slot = int(got["pfn"], 16), int(got["slot"])
    expect(held() == {slot + i: first + i for i in range(600)}, "slots, one a frame")
    expect(first >= int(at("node1"), 16), "on node 1")
    check_machine()
    expect_equal(contig(f"free slot={slot}")["pages"], "600", "pages freed")
    expect_equal(held(), {}, "slots")
    write_ok("drain", "all")
    expect_equal(free_pages(1, "Normal"), before, "free pages")


def test_contig_range():
    got = contig(f"range={at('normal', 1)},{BLOCK + 3} slot=1000")
    expect_equal((got["pfn"], got["slot"], got["pages"]), (at("normal", 1), "1000", "515"), "result")
    expect_refused("contig", f"range={at('normal', 4)},8 slot=1514", "EEXIST", "slots that are free")
    expect_refused_after("contig", "count=8 gfp=GFP_KERNEL|__GFP_COMP", "ENOMEM",
                         r"nothing in the way; refused: shape, pfn 0x\w+")
    second = contig("count=1024 gfp=GFP_KERNEL|__GFP_COMP node=1")
    expect_equal((second["order"], len(held())), ("10", 516), "a block of order 10 in one slot")
    expect_refused("contig", "free slot=1000", "EINVAL", r"gfp of .*; to free, slots.*")
    expect_equal(contig(f"free slot={second['slot']}")["pages"], "1024", "the block")
    contig("free slot=1000 count=500")
    contig("free slot=1500 count=15")
    expect_equal(held(), {}, "slots")
    check_machine()


def test_other_machine():
    """Each machine has the two files, and its own memory of the last write."""
    write_ok("machines/create", "layout=N0:Normal=16M vcpus=1 base=0x100000")
    number = re.search(r"last_machine=(\d+)", read("machines/create")).group(1)
    write_ok(f"machines/{number}/isolate", "start=0x100000 count=1")
    expect("start_pfn=0x100000 " in read(f"machines/{number}/isolate"), "isolated there")
    expect_equal(isolated(), [], "isolated here")
    err = write(f"machines/{number}/contig", "range=0x100000,1")
    expect_equal(err, errno.EBUSY, "a range that is isolated")
    expect(read("last_error").startswith(f"EBUSY machines/{number}/contig: "), read("last_error"))
    expect_equal(read(f"machines/{number}/contig").count("\n"), 2, "nothing was done there")
    write_ok("machines/destroy", f"machine={number}")


def test_rules_without():
    """What the 6.1 rules lack is refused and says so."""
    load(*PARAMETERS, "compat=6.1")
    for words in ("start={normal} count=512", "undo start={normal} count=512",
                  "test start={normal} count=512"):
        expect_refused("isolate", words, "EOPNOTSUPP", r"rules that have ranges: 6\.1 .*")
    for words in ("count=8", "range={normal},8"):
        expect_refused("contig", words, "EOPNOTSUPP", r"rules that have ranges: 6\.1 .*")
    expect_refused("weighted_interleave", "node=0 weight=3", "EOPNOTSUPP",
                   r"rules with weights: 6\.1 has none")
    expect_refused("alloc", "order=0 gfp=GFP_KERNEL policy=weighted-interleave:0,1",
                   "EOPNOTSUPP", r"policy=a mode that these rules have: 6\.1 .*")
    check_machine()


def main():
    tap = Tap()
    try:
        load(*PARAMETERS)
        for test in (test_isolate, test_rounding_and_runs, test_in_the_way, test_whose,
                     test_contig_anywhere, test_contig_range, test_other_machine):
            tap.run(test.__name__, test)
        for case in REFUSED:
            tap.run(f"refused: {case[0]} {case[1]!r}", expect_refused, *case)
        tap.run("test_rules_without", test_rules_without)
        tap.run("no complaint in the kernel log", expect_quiet_kernel)
    finally:
        unload()
    return tap.finish()


if __name__ == "__main__":
    sys.exit(main())
