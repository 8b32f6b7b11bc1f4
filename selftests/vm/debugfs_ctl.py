#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""The written files: what they do, what they refuse, and what last_error then says.

Runs in a guest.  $SBUDDY_KO: the module.  TAP on stdout, exit 1 on a failure.
"""
import errno
import math
import os
import re
import subprocess
import sys
import threading

import debugfs_parse as fmt
from debugfs_common import (DIR, Tap, check_machine, expect, expect_equal, expect_quiet_kernel,
                            load, pairs, read, unload, write, write_ok)

LAYOUT = "layout=N0:DMA=16M,DMA32=64M,Normal=128M,Movable=48M"
PARAMETERS = ["size=256M", LAYOUT, "vcpus=2", "thp=0"]
ALLOC_USAGE = r"order=N gfp=NAMES count=N \[cpu=N\] \[nid=N\].*"
SLOT_USAGE = r"slot=N or slot=N-M, N <= M < 268435456"
FREE_USAGE = r"slot=N, slot=N-M, pfn=0xN or all"
GFP_USAGE = r"gfp=.+"
CPU_USAGE = r"cpu=0\.\.1, all or 1"
LONGEST = 1023

# file, what is written, errno, what last_error says was expected
REFUSED = [
    ("alloc", "", "EINVAL", ALLOC_USAGE),
    ("alloc", "\n", "EINVAL", ALLOC_USAGE),
    ("alloc", "order", "EINVAL", ALLOC_USAGE),
    ("alloc", "order:3", "EINVAL", ALLOC_USAGE),
    ("alloc", "size=3", "EINVAL", ALLOC_USAGE),
    ("alloc", "=3", "EINVAL", ALLOC_USAGE),
    ("alloc", "Order=3", "EINVAL", ALLOC_USAGE),
    ("alloc", "order=3,count=2", "EINVAL", r"order=0\.\.10"),
    ("alloc", "order=11", "EINVAL", r"order=0\.\.10"),
    ("alloc", "order=12", "EINVAL", r"order=0\.\.10"),
    ("alloc", "order=-1", "EINVAL", r"order=0\.\.10"),
    ("alloc", "order=", "EINVAL", r"order=0\.\.10"),
    ("alloc", "order=x", "EINVAL", r"order=0\.\.10"),
    ("alloc", "order=99999999999999999999", "EINVAL", r"order=0\.\.10"),
    ("alloc", "order=4294967296", "EINVAL", r"order=0\.\.10"),
    ("alloc", "order=1 order=2", "EINVAL", r"order= once only"),
    ("alloc", "order=1\norder=2\n", "EINVAL", r"order= once only"),
    ("alloc", "count=0", "EINVAL", r"count=1\.\.65536"),
    ("alloc", "count=65537", "EINVAL", r"count=1\.\.65536"),
    ("alloc", "count=-1", "EINVAL", r"count=1\.\.65536"),
    ("alloc", "cpu=2", "EINVAL", r"cpu=0\.\.1"),
    ("alloc", "cpu=-1", "EINVAL", r"cpu=0\.\.1"),
    ("alloc", "nid=1", "EINVAL", r"nid=0\.\.0"),
    ("alloc", "nid=-1", "EINVAL", r"nid=0\.\.0"),
    ("alloc", "gfp=", "EINVAL", GFP_USAGE),
    ("alloc", "gfp=GFP_KERNAL", "EINVAL", GFP_USAGE),
    ("alloc", "gfp=GFP_KERNEL|", "EINVAL", GFP_USAGE),
    ("alloc", "gfp=0xffffffff", "EINVAL", GFP_USAGE),
    ("alloc", "order=1 extra", "EINVAL", ALLOC_USAGE),
    ("alloc", "order=3 gfp=GFP_KERNEL count=16 cpu=0 nid=0 x=1", "EINVAL", ALLOC_USAGE),
    ("free", "", "EINVAL", FREE_USAGE),
    ("free", "everything", "EINVAL", FREE_USAGE),
    ("free", "all of it", "EINVAL", FREE_USAGE),
    ("free", "7", "EINVAL", FREE_USAGE),
    ("free", "slot=", "EINVAL", SLOT_USAGE),
    ("free", "slot=-1", "EINVAL", SLOT_USAGE),
    ("free", "slot=x", "EINVAL", SLOT_USAGE),
    ("free", "slot=5-", "EINVAL", SLOT_USAGE),
    ("free", "slot=5-4", "EINVAL", SLOT_USAGE),
    ("free", "slot=5-6-7", "EINVAL", SLOT_USAGE),
    ("free", "slot=268435456", "EINVAL", SLOT_USAGE),
    ("free", "slot=0-4294967295", "EINVAL", SLOT_USAGE),
    ("free", "slot=200000", "ENOENT", "slots that hold something; see allocations"),
    ("free", "slot=200000-200009", "ENOENT", "slots that hold something; see allocations"),
    ("free", "pfn=", "EINVAL", "pfn=NUMBER, hexadecimal with 0x"),
    ("free", "pfn=-1", "EINVAL", "pfn=NUMBER, hexadecimal with 0x"),
    ("free", "pfn=0x1z", "EINVAL", "pfn=NUMBER, hexadecimal with 0x"),
    ("free", "pfn=0x1", "ENOENT", "first frame of a block allocated here; see allocations"),
    ("drain", "", "EINVAL", CPU_USAGE),
    ("drain", "cpu=2", "EINVAL", CPU_USAGE),
    ("drain", "cpu=-1", "EINVAL", CPU_USAGE),
    ("drain", "0", "EINVAL", CPU_USAGE),
    ("drain", "cpu=", "EINVAL", CPU_USAGE),
    ("decay", "cpu=2", "EINVAL", CPU_USAGE),
    ("decay", "none", "EINVAL", CPU_USAGE),
    ("check", "", "EINVAL", "1"),
    ("check", "0", "EINVAL", "1"),
    ("check", "11", "EINVAL", "1"),
    ("reset", "", "EINVAL", "1"),
    ("reset", "2", "EINVAL", "1"),
    ("reset", "yes", "EINVAL", "1"),
    ("vm/min_free_kbytes", "", "EINVAL", r"a number, 0\.\.2147483647"),
    ("vm/min_free_kbytes", "-1", "EINVAL", r"a number, 0\.\.2147483647"),
    ("vm/min_free_kbytes", "2147483648", "EINVAL", r"a number, 0\.\.2147483647"),
    ("vm/min_free_kbytes", "1 2", "EINVAL", r"a number, 0\.\.2147483647"),
    ("vm/min_free_kbytes", "12k", "EINVAL", r"a number, 0\.\.2147483647"),
    ("vm/watermark_scale_factor", "0", "EINVAL", r"a number, 1\.\.3000"),
    ("vm/watermark_scale_factor", "3001", "EINVAL", r"a number, 1\.\.3000"),
    ("vm/watermark_scale_factor", "-10", "EINVAL", r"a number, 1\.\.3000"),
    ("vm/watermark_boost_factor", "-1", "EINVAL", r"a number, 0\.\.2147483647"),
    ("vm/percpu_pagelist_high_fraction", "1", "EINVAL", r"0, or a number, 8\.\.2147483647"),
    ("vm/percpu_pagelist_high_fraction", "7", "EINVAL", r"0, or a number, 8\.\.2147483647"),
    ("vm/percpu_pagelist_high_fraction", "-8", "EINVAL", r"0, or a number, 8\.\.2147483647"),
    ("vm/lowmem_reserve_ratio", "", "EINVAL", "1 to 5 numbers, .*"),
    ("vm/lowmem_reserve_ratio", "256 x", "EINVAL", "1 to 5 numbers, .*"),
    ("vm/lowmem_reserve_ratio", "1 2 3 4 5 6", "EINVAL", "1 to 5 numbers, .*"),
]

# What /proc/sys/vm refuses too, on the live kernel; ours must agree on the errno.
SYSCTL_REFUSES = [
    ("min_free_kbytes", "-1"), ("min_free_kbytes", "x"), ("min_free_kbytes", "2147483648"),
    ("watermark_scale_factor", "0"), ("watermark_scale_factor", "3001"),
    ("watermark_boost_factor", "-1"), ("percpu_pagelist_high_fraction", "1"),
    ("percpu_pagelist_high_fraction", "7"), ("percpu_pagelist_high_fraction", "-8"),
]

READ_ONLY = ["region", "buddyinfo", "pagetypeinfo", "zoneinfo", "vmstat", "extfrag/extfrag_index",
             "extfrag/unusable_index", "freelists", "pcp", "pageblocks", "allocations", "snapshot",
             "last_error", "vm/zone_reclaim_mode"]
WRITTEN = ["alloc", "free", "drain", "decay", "check", "reset", "vm/min_free_kbytes",
           "vm/watermark_scale_factor", "vm/watermark_boost_factor",
           "vm/percpu_pagelist_high_fraction", "vm/lowmem_reserve_ratio"]


# ---- refusals ----

def quote(data):
    """How last_error quotes what was written: 64 bytes of it, escaped."""
    names = {0x0a: r"\n", 0x0d: r"\r", 0x09: r"\t", 0x0b: r"\v", 0x0c: r"\f", 0x22: r"\"",
             0x5c: r"\\", 0x07: r"\a", 0x1b: r"\e", 0x00: r"\0"}
    text = "".join(names.get(c, chr(c) if 32 <= c < 127 else f"\\x{c:02x}") for c in data[:64])
    return f'"{text}"' + (f"... ({len(data)} bytes)" if len(data) > 64 else "")


def expect_refused(name, data, code, expected):
    data = data.encode() if isinstance(data, str) else data
    before = state()
    err = write(name, data)
    expect_equal(errno.errorcode.get(err, err), code, f"errno of {data[:80]!r} to {name}")
    got = read("last_error")
    shown = data[:-1] if len(data) <= 64 and data.endswith(b"\n") else data
    start = f"{code} {name.rsplit('/', maxsplit=1)[-1]}: {quote(shown)}: expected "
    expect(got.startswith(start), f"last_error {got!r} does not start with {start!r}")
    expect(re.fullmatch(expected, got[len(start):-1]), f"{got!r} does not end in {expected!r}")
    expect_equal(state(), before, f"{data[:80]!r} to {name} was refused, yet the state")


def state():
    return [read(name) for name in ("buddyinfo", "zoneinfo", "pcp", "allocations")]


def test_refused(name, data, code, expected):
    expect_refused(name, data, code, expected)


def test_too_long(name):
    expect_refused(name, "1" * (LONGEST + 2), "E2BIG", f"at most {LONGEST} bytes")
    expect_refused(name, b"\0" * 70000, "E2BIG", f"at most {LONGEST} bytes")


def test_longest_taken():
    write_ok("check", " " * (LONGEST - 1) + "1\n")
    write_ok("alloc", "order=0".ljust(LONGEST))
    write_ok("free", "all")


def test_nul(name):
    for data in (b"\0", b"1\0", b"\x001"):
        expect_refused(name, data, "EINVAL", "text without NUL bytes")


def test_garbage(name):
    for seed in range(32):
        data = bytes((seed * 89 + i * 151 + 128) % 255 + 1 for i in range(1, 100, 3))
        expect_refused(name, data, "EINVAL", ".*")
    expect_refused(name, b'\xff"\\\t\x07', "EINVAL", ".*")


def test_read_only(name):
    expect_refused(name, "1", "EPERM", "no write: the file is read only")


def test_bad_pointer():
    """A pointer that leads nowhere: EFAULT, before any meaning."""
    code = ("import ctypes,os,sys\n"
            f"fd=os.open('{DIR}/alloc',os.O_WRONLY)\n"
            "libc=ctypes.CDLL(None,use_errno=True)\n"
            "n=libc.write(fd,ctypes.c_void_p(8),ctypes.c_size_t(16))\n"
            "sys.exit(0 if n==-1 and ctypes.get_errno()==14 else 1)\n")
    expect_equal(subprocess.run([sys.executable, "-c", code], check=False).returncode, 0, "EFAULT")
    expect_equal(read("last_error"), 'EFAULT alloc: "": expected memory that can be read\n', "text")


def test_last_error_stays():
    expect_refused("alloc", "order=12", "EINVAL", r"order=0\.\.10")
    expect_equal(read("last_error"), 'EINVAL alloc: "order=12": expected order=0..10\n', "text")
    write_ok("drain", "all")
    expect_equal(read("last_error"), 'EINVAL alloc: "order=12": expected order=0..10\n', "after ok")


def test_one_command_a_write():
    """The file position means nothing: each write(2) is a command of its own."""
    fd = os.open(os.path.join(DIR, "alloc"), os.O_WRONLY)
    try:
        for _ in range(3):
            os.write(fd, b"order=1 count=2\n")
    finally:
        os.close(fd)
    expect_equal(len(held()), 6, "blocks")
    write_ok("free", "all")


# ---- alloc, free ----

def held():
    """{slot: (pfn, order)} of the built-in owner"""
    lines = [pairs(line) for line in read("allocations").rstrip("\n").split("\n")]
    return {int(line["slot"]): (int(line["pfn"], 16), int(line["order"]))
            for line in lines if "slot" in line and line["owner"] == "0"}


def last_alloc():
    """(fields of the result, [(slot, pfn)])"""
    lines = read("alloc").rstrip("\n").split("\n")
    expect_equal(lines[0], "version=1", "first line of alloc")
    expect(lines[1].startswith("usage: order=0..10 "), lines[1])
    blocks = [pairs(line) for line in lines[3:]]
    return pairs(lines[2]), [(int(line["slot"]), int(line["pfn"], 16)) for line in blocks]


def free_pages():
    write_ok("vm/stat_refresh", "1")
    return dict(fmt.parse("vmstat", read("vmstat")))["nr_free_pages"]


def test_alloc_free():
    for order in range(fmt.ORDERS):
        for extra in ("", " cpu=1", " nid=0", " cpu=0 nid=0"):
            write_ok("alloc", f"order={order} gfp=GFP_KERNEL count=3{extra}\n")
            fields, blocks = last_alloc()
            expect_equal((fields["last_err"], fields["last_order"], fields["last_got_blocks"]),
                         ("0", str(order), "3"), "result")
            expect_equal(held(), {slot: (pfn, order) for slot, pfn in blocks}, "held")
            write_ok("free", "all")
            expect_equal(held(), {}, "after free")


def test_alloc_defaults():
    write_ok("alloc", "count=1")
    (pfn, order), = held().values()
    expect_equal(order, 0, "default order")
    write_ok("free", f"pfn={pfn:#x}")
    write_ok("alloc", "  gfp=GFP_HIGHUSER_MOVABLE\t order=2 ")
    (pfn, order), = held().values()
    zone = next(zone for zone in fmt.parse("zoneinfo", read("zoneinfo"))
                if zone["present"] and
                zone["start_pfn"] <= pfn < zone["start_pfn"] + zone["spanned"])
    expect_equal((order, zone["name"]), (2, "Movable"), "block")
    write_ok("free", "all")


def test_alloc_names_vcpu():
    """cpu= chooses whose lists are used."""
    write_ok("drain", "all")
    write_ok("alloc", "order=0 cpu=1 count=1")
    counts = {}
    for zone in fmt.parse("zoneinfo", read("zoneinfo")):
        for cpu, count, _, _, _ in zone.get("pagesets", []):
            counts[cpu] = counts.get(cpu, 0) + count
    expect(counts[1] and not counts[0], f"pages on pcp lists: {counts}")
    write_ok("free", "all")


def test_alloc_until_full():
    """ENOMEM keeps what was got, says how much, and free gives all of it back."""
    write_ok("drain", "all")
    before = free_pages()
    err = write("alloc", "order=9 gfp=GFP_HIGHUSER_MOVABLE count=1000")
    expect_equal(errno.errorcode.get(err, err), "ENOMEM", "errno")
    fields, blocks = last_alloc()
    got = int(fields["last_got_blocks"])
    expect(0 < got < 1000 and got == len(blocks) == len(held()), f"{fields}, {len(held())} held")
    expect_equal((fields["last_err"], fields["last_asked_blocks"]), (str(-errno.ENOMEM), "1000"),
                 "result")
    expect_equal(read("last_error"),
                 'ENOMEM alloc: "order=9 gfp=GFP_HIGHUSER_MOVABLE count=1000": expected a free '
                 f"block above the watermarks; {got} of 1000 blocks were allocated and are kept\n",
                 "last_error")
    check_machine()
    write_ok("free", "all")
    write_ok("drain", "all")
    expect_equal(free_pages(), before, "free pages")


def test_free_slots():
    write_ok("alloc", "order=0 count=10")
    slots = sorted(held())
    expect_equal(slots, list(range(slots[0], slots[0] + 10)), "slots")
    first = slots[0]
    write_ok("free", f"slot={first + 3}")
    write_ok("free", f"slot={first + 2}-{first + 5}\n")
    expect_equal(sorted(held()), [first, first + 1] + slots[6:], "left")
    expect_refused("free", f"slot={first + 3}", "ENOENT",
                   "slots that hold something; see allocations")
    pfn, _ = held()[first]
    write_ok("free", f"pfn={pfn}")
    expect(first not in held(), "freed by pfn")
    expect_refused("free", f"pfn={pfn:#x}", "ENOENT", "first frame of a block .*")
    write_ok("free", "slot=0-268435455")
    expect_refused("free", "all", "ENOENT", "slots that hold something; see allocations")


def test_free_by_pfn_inside():
    """A frame inside a block is not the block."""
    write_ok("alloc", "order=4")
    (pfn, _), = held().values()
    expect_refused("free", f"pfn={pfn + 1:#x}", "ENOENT", "first frame of a block .*")
    write_ok("free", f"pfn={pfn:#x}")


# ---- drain, decay, check, reset ----

def cached():
    """pages on pcp lists by vcpu"""
    counts = {}
    for line in read("pcp").split("\n"):
        if " count_pages=" in line:
            fields = pairs(line)
            cpu = int(fields["cpu"])
            counts[cpu] = counts.get(cpu, 0) + int(fields["count_pages"])
    return counts


def fill_caches():
    for cpu in (0, 1):
        write_ok("alloc", f"order=0 count=20 cpu={cpu}")
    expect(all(cached().values()), f"{cached()}")


def test_drain():
    for text, left in (("cpu=0", [1]), ("cpu=1\n", [0]), ("all", []), ("1", [])):
        fill_caches()
        write_ok("drain", text)
        expect_equal([cpu for cpu, n in cached().items() if n], left, f"after {text!r}")
        write_ok("free", "all")
        write_ok("drain", "all")


def pending():
    """{cpu: free_diff of its zones}"""
    diffs = {}
    for line in read("pcp").split("\n"):
        if " free_diff_pages=" in line:
            fields = pairs(line)
            diffs.setdefault(int(fields["cpu"]), []).append(int(fields["free_diff_pages"]))
    return diffs


def test_decay():
    """A vmstat period folds the pending part of the free counter, of that vcpu only."""
    for text, left in (("cpu=0", {1}), ("cpu=1", {0}), ("all", set()), ("1", set())):
        write_ok("vm/stat_refresh", "1")
        for cpu in (0, 1):
            for gfp in ("GFP_DMA", "GFP_DMA32", "GFP_KERNEL", "GFP_HIGHUSER_MOVABLE"):
                write_ok("alloc", f"order=0 gfp={gfp} cpu={cpu}")
                write_ok("alloc", f"order=1 gfp={gfp} cpu={cpu}")
        some = {cpu for cpu, diffs in pending().items() if any(diffs)}
        expect_equal(some, {0, 1}, "vcpus with something pending")
        write_ok("decay", text)
        expect_equal({cpu for cpu, diffs in pending().items() if any(diffs)}, left, text)
        write_ok("free", "all")
        write_ok("drain", "all")


def test_check():
    write_ok("check", " 1\n")
    expect_equal(read("check"), "ok\n", "check")


def test_reset():
    """Everything as after loading, knobs too; the built-in owner's blocks are freed."""
    names = ["buddyinfo", "pagetypeinfo", "zoneinfo", "vmstat", "freelists", "pageblocks",
             "snapshot", "vm/min_free_kbytes", "vm/watermark_scale_factor",
             "vm/lowmem_reserve_ratio"]
    load(*PARAMETERS)
    before = {name: read(name) for name in names}
    write_ok("alloc", "order=0 gfp=GFP_HIGHUSER_MOVABLE count=1000")
    write_ok("vm/min_free_kbytes", "4096")
    write_ok("vm/watermark_scale_factor", "100")
    write_ok("vm/lowmem_reserve_ratio", "1 1 1")
    write_ok("reset", "1")
    expect_equal(held(), {}, "held after reset")
    for name in names:
        expect_equal(read(name), before[name], f"{name} after reset")
    check_machine()


# ---- knobs, by the formulas ----

def clamp(value, low, high):
    return high if value >= high else max(value, low)


def mult_frac(x, n, d):
    return x // d * n + x % d * n // d


def wanted_marks(zones, min_free_kbytes, scale):
    pages_min = min_free_kbytes >> 2
    lowmem = sum(zone["managed"] for zone in zones if zone["name"] != "Movable")
    marks = {}
    for zone in zones:
        share = pages_min * zone["managed"] // lowmem
        gap = max(share // 4, mult_frac(zone["managed"], scale, 10000))
        low = clamp(zone["managed"] // 1024, 32, 128) if zone["name"] == "Movable" else share
        marks[zone["name"]] = [low + i * gap for i in range(4)]
    return marks


def wanted_pcp(zone, fraction, cpus):
    batch = min(zone["managed"] >> 10, 256) // 4
    batch = max(batch, 1)
    batch = max(1, (1 << int(math.log2(batch + batch // 2))) - 1)
    if fraction:
        high_min = high_max = zone["managed"] // fraction
    else:
        high_min, high_max = zone["low"], zone["managed"] // 8
    return [max(pages // cpus, 4 * batch) for pages in (high_min, high_max)] + [batch]


def zoneinfo():
    return fmt.parse("zoneinfo", read("zoneinfo"))


def pcp_limits():
    """{zone: [high_min, high_max, batch]} of vcpu 0, the same for vcpu 1"""
    limits = {}
    for line in read("pcp").split("\n"):
        if " high_min_pages=" in line:
            fields = pairs(line)
            values = [int(fields[name]) for name in ("high_min_pages", "high_max_pages",
                                                     "batch_pages")]
            expect_equal(limits.setdefault(fields["zone"], values), values, "limits of the vcpus")
    return limits


def expect_marks():
    """The marks in zoneinfo are what the knobs' present values give, without a boost."""
    kbytes, scale = (int(read(f"vm/{name}")) for name in ("min_free_kbytes",
                                                          "watermark_scale_factor"))
    fraction = int(read("vm/percpu_pagelist_high_fraction"))
    zones = zoneinfo()
    populated = [zone for zone in zones if zone["present"]]
    marks = wanted_marks([zone for zone in zones if zone["name"] != "Device"], kbytes, scale)
    limits = pcp_limits()
    for zone in populated:
        got = [zone[name] for name in fmt.WATERMARKS]
        expect_equal((zone["boost"], got), (0, marks[zone["name"]]), f"marks of {zone['name']}")
        expect_equal(limits[zone["name"]], wanted_pcp(zone, fraction, 2),
                     f"pcp limits of {zone['name']}")
    for zone in zones:
        if not zone["present"] and zone["name"] == "Movable":
            expect_equal([zone[name] for name in fmt.WATERMARKS], [32] * 4, "empty Movable")


def test_initial_marks():
    """khugepaged is off here, so the formula alone gives min_free_kbytes."""
    load(*PARAMETERS)
    managed = sum(zone["managed"] for zone in zoneinfo() if zone["name"] != "Movable")
    wanted = clamp(math.isqrt(16 * 4 * managed), 128, 262144)
    expect_equal(int(read("vm/min_free_kbytes")), wanted, "min_free_kbytes")
    expect_marks()


def test_min_free_kbytes():
    for kbytes in (0, 1, 3, 4, 127, 128, 1000, 5000, 20000, 1 << 18):
        write_ok("vm/min_free_kbytes", f"{kbytes}\n")
        expect_equal(read("vm/min_free_kbytes"), f"{kbytes}\n", "read back")
        expect_marks()
    write_ok("vm/min_free_kbytes", "0x800")
    expect_equal(read("vm/min_free_kbytes"), "2048\n", "hexadecimal")


def test_scale_factor():
    for scale in (1, 10, 11, 150, 999, 3000):
        write_ok("vm/watermark_scale_factor", str(scale))
        expect_equal(read("vm/watermark_scale_factor"), f"{scale}\n", "read back")
        expect_marks()
    write_ok("vm/watermark_scale_factor", "10")


def test_boost_factor():
    """With the factor 0 nothing is boosted; otherwise by 512 pages, within the limit."""
    for factor in (0, 15000, 2147483647):
        load(*PARAMETERS)
        write_ok("vm/watermark_boost_factor", str(factor))
        expect_equal(read("vm/watermark_boost_factor"), f"{factor}\n", "read back")
        write_ok("alloc", "order=0 gfp=GFP_KERNEL count=100")
        normal = next(zone for zone in zoneinfo() if zone["name"] == "Normal")
        events = dict(fmt.parse("vmstat", read("vmstat")))
        expect(events["sbuddy_fallback_claim"] > 0, "nothing was claimed")
        high = normal["high"] - normal["boost"]
        limit = max(512, mult_frac(high, factor, 10000))
        if not factor:
            expect_equal(normal["boost"], 0, "boost")
        else:
            expect(normal["boost"] in range(0, limit + 1), f"boost {normal['boost']}, {limit}")
        write_ok("vm/watermark_scale_factor", "10")
        expect_marks()
        write_ok("free", "all")


def test_high_fraction():
    for fraction in (8, 9, 100, 2147483647, 0):
        write_ok("vm/percpu_pagelist_high_fraction", str(fraction))
        expect_equal(read("vm/percpu_pagelist_high_fraction"), f"{fraction}\n", "read back")
        expect_marks()


def wanted_reserve(zones, ratio):
    reserve = {}
    for i, zone in enumerate(zones):
        reserve[zone["name"]] = [
            sum(upper["managed"] for upper in zones[i + 1:j + 1]) // ratio[i]
            if j > i and ratio[i] > 0 and zone["managed"] else 0 for j in range(len(zones))]
    return reserve


def test_lowmem_reserve_ratio():
    load(*PARAMETERS)
    expect_equal(read("vm/lowmem_reserve_ratio"), "256\t256\t32\t0\t0\n", "as loaded")
    ratio = [256, 256, 32, 0, 0]
    for text in ("256 256 32 0 0", "1\t2\t3\t4\t5", "100", " 7 8\n", "0 0 0 0 0", "-5 10 1 1 1"):
        numbers = [max(int(word), 0) for word in text.split()]
        ratio[:len(numbers)] = numbers
        write_ok("vm/lowmem_reserve_ratio", text)
        expect_equal(read("vm/lowmem_reserve_ratio"), "\t".join(map(str, ratio)) + "\n", text)
        zones = zoneinfo()
        expect_equal({zone["name"]: zone["protection"] for zone in zones},
                     wanted_reserve(zones, ratio), f"protection after {text!r}")


def with_zones_of_6_12(ratios):
    """A kernel built without ZONE_DEVICE has one number less."""
    numbers = ratios.rstrip("\n").split("\t")
    return "\t".join(numbers + ["0"] * (len(fmt.ZONES) - len(numbers))) + "\n"


def test_formats_of_sysctl():
    """Same shape of text as the live kernel's file of that name."""
    for name in ("min_free_kbytes", "watermark_scale_factor", "watermark_boost_factor",
                 "percpu_pagelist_high_fraction", "lowmem_reserve_ratio", "zone_reclaim_mode"):
        kernel = read(name, "/proc/sys/vm")
        if name == "lowmem_reserve_ratio":
            kernel = with_zones_of_6_12(kernel)
        expect_equal(re.sub(r"\d+", "N", read(f"vm/{name}")), re.sub(r"\d+", "N", kernel), name)
    expect_equal(read("vm/stat_refresh"), read("stat_refresh", "/proc/sys/vm"), "stat_refresh")


def test_sysctl_refuses_too(name, value):
    with open(f"/proc/sys/vm/{name}", "wb", buffering=0) as file:
        try:
            file.write(value.encode())
            kernel = 0
        except OSError as error:
            kernel = error.errno
    expect_equal(errno.errorcode.get(write(f"vm/{name}", value)),
                 errno.errorcode.get(kernel), "errno, ours and the kernel's")


# ---- many at once ----

def reader(names, stop, errors):
    while not stop.is_set():
        for name in names:
            try:
                text = read(name)
                if name in fmt.FORMATS:
                    fmt.parse(name, text)
                expect(text, f"{name} is empty")
            except Exception as error:  # pylint: disable=broad-except
                errors.append(f"{name}: {error!r}")
                return


def writer(cpu, rounds, errors):
    try:
        for i in range(rounds):
            write_ok("alloc", f"order={i % 4} count=64 cpu={cpu}")
            _, blocks = last_alloc()
            # The other writer's result may be the last one; a slot freed by it is gone.
            for slot, _ in blocks[::2]:
                err = write("free", f"slot={slot}")
                expect(err in (0, errno.ENOENT), f"free: errno {err}")
            if i % 8 == 0:
                write_ok("drain", f"cpu={cpu}")
                write_ok("vm/min_free_kbytes", str(2000 + i))
    except Exception as error:  # pylint: disable=broad-except
        errors.append(f"writer {cpu}: {error!r}")


def test_readers_while_allocating():
    load(*PARAMETERS)
    stop, errors = threading.Event(), []
    names = [name for name in READ_ONLY if name != "last_error"] + ["alloc", "check"]
    readers = [threading.Thread(target=reader, args=(names[i:] + names[:i], stop, errors))
               for i in (0, 5, 10)]
    writers = [threading.Thread(target=writer, args=(cpu, 20, errors)) for cpu in (0, 1)]
    for thread in readers + writers:
        thread.start()
    for thread in writers:
        thread.join()
    stop.set()
    for thread in readers:
        thread.join()
    expect(not errors, "\n".join(errors))
    check_machine()
    write_ok("free", "all")
    write_ok("drain", "all")
    check_machine()


def test_open_file_pins():
    """An open file keeps the module, whatever it is."""
    with open(os.path.join(DIR, "buddyinfo"), "rb") as file:
        result = subprocess.run(["rmmod", "sbuddy"], capture_output=True, check=False)
        expect(result.returncode != 0, "unloaded under an open file")
        expect(file.read(), "nothing to read")
    unload()
    expect(not os.path.exists(DIR), f"{DIR} is left behind")
    load(*PARAMETERS)


def test_small_reads():
    """A reader with a tiny buffer gets the same text."""
    write_ok("alloc", "order=0 count=500")
    for name in ("freelists", "allocations", "zoneinfo", "snapshot"):
        whole = read(name)
        with open(os.path.join(DIR, name), "rb", buffering=0) as file:
            pieces = b"".join(iter(lambda f=file: f.read(777), b""))
        expect_equal(pieces.decode(), whole, name)
    write_ok("free", "all")


def run_refusals(tap):
    for case in REFUSED:
        tap.run(f"refused: {case[0]} {case[1]!r}", test_refused, *case)
    for name in WRITTEN:
        tap.run(f"too long: {name}", test_too_long, name)
        tap.run(f"NUL: {name}", test_nul, name)
        tap.run(f"garbage: {name}", test_garbage, name)
    for name in READ_ONLY:
        tap.run(f"read only: {name}", test_read_only, name)
    for case in SYSCTL_REFUSES:
        tap.run(f"as the sysctl: {case[0]} {case[1]}", test_sysctl_refuses_too, *case)


TESTS = [
    test_longest_taken, test_bad_pointer, test_last_error_stays, test_one_command_a_write,
    test_alloc_free, test_alloc_defaults, test_alloc_names_vcpu, test_alloc_until_full,
    test_free_slots, test_free_by_pfn_inside, test_drain, test_decay, test_check, test_small_reads,
    test_reset, test_initial_marks, test_min_free_kbytes, test_scale_factor, test_boost_factor,
    test_high_fraction, test_lowmem_reserve_ratio, test_formats_of_sysctl,
    test_readers_while_allocating, test_open_file_pins,
]


def expect_no_error_yet():
    expect_equal(read("last_error"), "none\n", "last_error after loading")
    expect_equal(read("check"), "not checked yet\n", "check after loading")


def main():
    tap = Tap()
    try:
        load(*PARAMETERS)
        tap.run("nothing refused yet", expect_no_error_yet)
        for test in TESTS:
            tap.run(test.__name__, test)
        run_refusals(tap)
        unload()
        tap.run("no complaint in the kernel log", expect_quiet_kernel)
    finally:
        unload()
    return tap.finish()


if __name__ == "__main__":
    sys.exit(main())
