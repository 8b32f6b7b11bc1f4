#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""The kernel-format files: the same parser reads /proc's and ours, and ours agree.

Runs in a guest.  $SBUDDY_KO: the module.  TAP on stdout, exit 1 on a failure.
"""
import os
import sys

import debugfs_parse as fmt
from debugfs_common import (Skip, Tap, check_machine, expect, expect_equal, expect_quiet_kernel,
                            kernel_release, load, pairs, read, unload, write, write_ok)

# ---- the kernel this runs on, beside 6.12 as Debian configures it ----

# What 6.12 prints and 6.1 does not.
NOT_IN_6_1 = {
    "promo", "nr_unaccepted", "nr_iommu_pages", "pgdemote_kswapd", "pgdemote_direct",
    "pgdemote_khugepaged", "nr_memmap_pages", "nr_memmap_boot_pages", "pgsteal_khugepaged",
    "pgscan_khugepaged", "zone_reclaim_success", "thp_underused_split_page", "swpin_zero",
    "swpout_zero", "zswpwb",
}
# In 6.1's vmstat, but as an event and so at another place.
ELSEWHERE_IN_6_1 = {"pgdemote_kswapd", "pgdemote_direct"}
# Depend on options that Debian leaves off and a debug kernel may have on.
BY_CONFIGURATION = {
    "cma_alloc_success", "cma_alloc_fail", "nr_tlb_remote_flush",
    "nr_tlb_remote_flush_received", "nr_tlb_local_flush_all", "nr_tlb_local_flush_one",
    "vma_lock_success", "vma_lock_abort", "vma_lock_retry", "vma_lock_miss",
    "kstack_1k", "kstack_2k", "kstack_4k", "kstack_8k", "kstack_16k", "kstack_32k",
    "kstack_64k", "kstack_rest",
}

LAYOUTS = {
    "default": [],
    "four zones": ["layout=N0:DMA=4M,DMA32=16M,Normal=32M,Movable=12M"],
    "two nodes, hole": ["layout=N0:DMA32=16M,hole=8M,Normal=8M;N1:Normal=16M,Movable=16M",
                        "vcpus=2"],
    "five vcpus": ["vcpus=5", "thp=0"],
}


def expect_names(got, kernel, what):
    """Exactly the kernel's names on Debian's 6.12, else all it has, in its order."""
    release = kernel_release()
    if release == (6, 12) and "+deb" in os.uname().release:
        expect_equal(got, kernel, what)
        return
    kernel = [name for name in kernel if name not in BY_CONFIGURATION]
    missing = set(kernel) - set(got)
    expect(not missing, f"{what}: the kernel has {sorted(missing)}, we do not")
    if release == (6, 1):
        expect_equal(set(got) - set(kernel), NOT_IN_6_1 & (set(got) - set(kernel)),
                     f"{what}: names that 6.1 has not")
        kernel = [name for name in kernel if name not in ELSEWHERE_IN_6_1]
    common = set(kernel)
    expect_equal([name for name in got if name in common], kernel, what)


def names(rows):
    return [name for name, _ in rows]


def both(name):
    return (fmt.parse(name, read(name)), fmt.parse(name, read(name, fmt.KERNEL_BASE[name])))


def kernel_file_exists(name):
    return os.path.exists(os.path.join(fmt.KERNEL_BASE[name], name))


def test_same_parser(name):
    if not kernel_file_exists(name):
        raise Skip("this kernel has no such file")
    ours, kernel = both(name)
    expect(ours and kernel, "an empty file")


def test_vmstat_names():
    ours, kernel = both("vmstat")
    own = [name for name in names(ours) if name.startswith("sbuddy_")]
    expect(len(own) >= 10, f"only {own} of our own")
    expect_equal(names(ours)[-1], "nr_unstable", "last line")
    expect_equal(names(ours)[-1 - len(own):-1], own, "place of our own counters")
    expect_names([name for name in names(ours) if name not in own], names(kernel), "vmstat")


def test_zoneinfo_names():
    ours, kernel = both("zoneinfo")
    populated = next(zone for zone in kernel if zone["present"])
    for zone in ours:
        expect_names(names(zone["pages"]), names(populated["pages"]), "zoneinfo pages")
        expect_equal(len(zone["protection"]), len(fmt.ZONES), "zoneinfo protection")
        if zone["present"]:
            expect_names(names(zone["items"]), names(populated["items"]), "zoneinfo items")
    kernel_node = next(zone["node_items"] for zone in kernel if "node_items" in zone)
    for node in {zone["node"] for zone in ours}:
        mine = [zone for zone in ours if zone["node"] == node]
        expect_equal([zone["name"] for zone in mine], fmt.ZONES, f"zones of node {node}")
        with_items = [zone for zone in mine if "node_items" in zone]
        first = next(zone for zone in mine if zone["present"])
        expect_equal([zone["name"] for zone in with_items], [first["name"]], "per-node stats in")
        expect_names(names(first["node_items"]), names(kernel_node), "zoneinfo node items")


def test_pagetypeinfo_shape():
    """Sections, zones and types as the kernel prints them."""
    ours, kernel = both("pagetypeinfo")
    for sections in (ours, kernel):
        for section in sections:
            # A debug kernel may have CMA, a type of its own.
            optional = {"CMA"} if sections is kernel else set()
            expect_equal([t for t in section["types"] if t not in optional], fmt.TYPES, "types")
            expect_equal((section["order"], section["pages"]), (9, 512), "pageblock")
            zones = [(node, zone) for node, zone, _ in section["blocks"]]
            rows = [(node, zone, mtype) for node, zone in zones for mtype in section["types"]]
            expect_equal([row[:3] for row in section["free"]], rows, "rows")


def test_modes():
    """Each file is the owner's alone where the kernel's is."""
    for name, mode in {"buddyinfo": 0o444, "pagetypeinfo": 0o400, "zoneinfo": 0o444,
                       "vmstat": 0o444, "extfrag/extfrag_index": 0o444,
                       "extfrag/unusable_index": 0o444}.items():
        ours = os.stat(f"/sys/kernel/debug/sbuddy/{name}").st_mode & 0o777
        expect_equal(oct(ours), oct(mode), name)


# ---- consistency of our files among each other, machine at rest ----

class Machine:
    """All files of a machine that nobody uses right now, parsed."""

    def __init__(self):
        self.buddy = {row[:2]: row[2] for row in fmt.parse("buddyinfo", read("buddyinfo"))}
        self.types = fmt.parse("pagetypeinfo", read("pagetypeinfo"))
        self.zones = {(zone["node"], zone["name"]): zone
                      for zone in fmt.parse("zoneinfo", read("zoneinfo"))}
        self.vmstat = dict(fmt.parse("vmstat", read("vmstat")))
        self.freelists = read_freelists()
        self.pcp = read_pcp()
        self.held = read_allocations()

    def populated(self):
        return {key: zone for key, zone in self.zones.items() if zone["present"]}


def body(name):
    lines = read(name).rstrip("\n").split("\n")
    expect_equal(lines[0], "version=1", f"first line of {name}")
    return [pairs(line) for line in lines[1:]]


def pfn_list(text):
    return [int(pfn, 16) for pfn in text.split(",")]


def read_freelists():
    """{(node, zone): {(order, type): [pfn]}}"""
    result = {}
    for line in body("freelists")[1:]:
        zone = result.setdefault((int(line["node"]), line["zone"]), {})
        if "truncated" in line:
            expect_equal(line["truncated"], "0", "truncated")
            expect_equal(line["listed_blocks"], line["free_blocks"], "blocks")
            continue
        pfns = pfn_list(line["pfns"])
        expect_equal(len(pfns), int(line["blocks"]), "blocks of a list")
        zone[(int(line["order"]), line["type"])] = pfns
    return result


def read_pcp():
    """{(node, zone): {cpu: {"fields": {...}, "lists": [(index, order, [pfn])]}}}"""
    result = {}
    for line in body("pcp")[1:]:
        cpus = result.setdefault((int(line["node"]), line["zone"]), {})
        cpu = cpus.setdefault(int(line["cpu"]), {"lists": []})
        if "index" in line:
            pfns = pfn_list(line["pfns"])
            expect_equal(len(pfns), int(line["blocks"]), "blocks of a pcp list")
            cpu["lists"].append((int(line["index"]), int(line["order"]), pfns))
        else:
            cpu["fields"] = line
    return result


def read_allocations():
    """[(pfn, order, node, zone)]"""
    return [(int(line["pfn"], 16), int(line["order"]), int(line["node"]), line["zone"])
            for line in body("allocations") if "slot" in line]


def pages_of(counts):
    return sum(n << order for order, n in enumerate(counts))


def test_buddy_is_sum_of_types(machine):
    seen = set()
    for section in machine.types:
        for node, zone, _ in section["blocks"]:
            seen.add((node, zone))
            columns = [counts for n, z, _, counts in section["free"] if (n, z) == (node, zone)]
            expect(not any(capped for row in columns for capped, _ in row), "capped")
            sums = [sum(n for _, n in column) for column in zip(*columns)]
            expect_equal(sums, machine.buddy[(node, zone)], f"sum of types, {node} {zone}")
    expect_equal(seen, set(machine.buddy), "zones of pagetypeinfo and buddyinfo")
    expect_equal(seen, set(machine.populated()), "zones of buddyinfo and zoneinfo")


def test_free_pages(_):
    """After stat_refresh nothing is pending, so every account of free pages agrees."""
    write_ok("vm/stat_refresh", "1")
    machine = Machine()
    total = 0
    for key, zone in machine.populated().items():
        free = pages_of(machine.buddy[key])
        expect_equal(zone["free"], free, f"pages free of {key}")
        expect_equal(dict(zone["items"])["nr_free_pages"], free, f"nr_free_pages of {key}")
        total += free
    expect_equal(machine.vmstat["nr_free_pages"], total, "vmstat nr_free_pages")


def test_pending_free_pages(machine):
    """Before it, the vcpus' pending parts are what is missing."""
    for key, zone in machine.populated().items():
        pending = sum(int(cpu["fields"]["free_diff_pages"]) for cpu in machine.pcp[key].values())
        expect_equal(zone["free"] + pending, pages_of(machine.buddy[key]), f"{key}")


def test_nothing_lost(machine):
    """Every managed page is free, on a pcp list or held."""
    for key, zone in machine.populated().items():
        held = sum(1 << order for _, order, node, name in machine.held if (node, name) == key)
        cached = sum(int(cpu["fields"]["count_pages"]) for cpu in machine.pcp[key].values())
        expect_equal(pages_of(machine.buddy[key]) + cached + held, zone["managed"], f"{key}")


def test_events(machine):
    held = sum(1 << order for _, order, _, _ in machine.held)
    taken = sum(machine.vmstat[f"pgalloc_{zone.lower()}"] for zone in fmt.ZONES)
    expect_equal(taken - machine.vmstat["pgfree"], held, "pgalloc - pgfree")
    for item in fmt.NUMA:
        total = sum(dict(zone["items"])[item] for zone in machine.populated().values())
        expect_equal(machine.vmstat[item], total, item)
    expect_equal(machine.vmstat["numa_hit"] + machine.vmstat["numa_miss"],
                 machine.vmstat["numa_local"] + machine.vmstat["numa_other"], "numa sums")


def extfrag(counts, order):
    free, blocks = pages_of(counts), sum(counts)
    if not blocks:
        return 0
    if any(counts[order:]):
        return -1000
    return 1000 - (1000 + free * 1000 // (1 << order)) // blocks


def unusable(counts, order):
    free = pages_of(counts)
    fit = sum(n << (o - order) for o, n in enumerate(counts) if o >= order)
    return (free - (fit << order)) * 1000 // free if free else 1000


def test_indices(machine):
    for name, formula in (("extfrag/extfrag_index", extfrag), ("extfrag/unusable_index", unusable)):
        wanted = [(node, zone, [formula(counts, order) for order in range(fmt.ORDERS)])
                  for (node, zone), counts in machine.buddy.items()]
        expect_equal(fmt.parse(name, read(name)), wanted, name)


def test_freelists_agree(machine):
    for section in machine.types:
        for node, zone, mtype, counts in section["free"]:
            for order, (_, n) in enumerate(counts):
                pfns = machine.freelists[(node, zone)].get((order, mtype), [])
                expect_equal(len(pfns), n, f"{node} {zone} {mtype} order {order}")


def test_frames_once(machine):
    """Free, cached and held blocks lie in their zone, aligned, and nowhere twice."""
    blocks = [(pfn, order, (node, zone)) for pfn, order, node, zone in machine.held]
    for key, lists in machine.freelists.items():
        blocks += [(pfn, order, key) for (order, _), pfns in lists.items() for pfn in pfns]
    for key, cpus in machine.pcp.items():
        blocks += [(pfn, order, key) for cpu in cpus.values()
                   for _, order, pfns in cpu["lists"] for pfn in pfns]
    end = 0
    for pfn, order, key in sorted(blocks):
        zone = machine.zones[key]
        expect(pfn % (1 << order) == 0, f"{pfn:#x} order {order} is not aligned")
        expect(zone["start_pfn"] <= pfn and
               pfn + (1 << order) <= zone["start_pfn"] + zone["spanned"],
               f"{pfn:#x} order {order} is not in {key}")
        expect(pfn >= end, f"{pfn:#x} is there twice")
        end = pfn + (1 << order)


def test_pcp_agree(machine):
    for key, zone in machine.populated().items():
        expect_equal([entry[0] for entry in zone["pagesets"]], list(machine.pcp[key]), "vcpus")
        for cpu, count, high, batch, threshold in zone["pagesets"]:
            fields = machine.pcp[key][cpu]["fields"]
            lists = machine.pcp[key][cpu]["lists"]
            wanted = (count, high, batch, threshold)
            got = tuple(int(fields[name]) for name in ("count_pages", "high_pages", "batch_pages",
                                                       "stat_threshold_pages"))
            expect_equal(got, wanted, f"pcp of {key} cpu {cpu}")
            expect_equal(sum(len(pfns) << order for _, order, pfns in lists), count, "list length")
            for index, order, _ in lists:
                expect_equal(order, index // 3 if index < 12 else 9, f"order of list {index}")


def test_pageblocks_agree(machine):
    letters = {"U": "Unmovable", "M": "Movable", "R": "Reclaimable", "H": "HighAtomic",
               "I": "Isolate"}
    counts = {}
    key = None
    for line in body("pageblocks"):
        if "node" in line:
            key = (int(line["node"]), line["zone"])
            counts[key] = dict.fromkeys(fmt.TYPES, 0)
        for letter in line.get("types", "").replace(".", ""):
            counts[key][letters[letter]] += 1
    for section in machine.types:
        for node, zone, blocks in section["blocks"]:
            expect_equal(list(counts[(node, zone)].values()), blocks, f"blocks of {node} {zone}")


def test_snapshot_agrees(machine):
    """The lists in the snapshot are those of freelists, in order."""
    order_type = {str(i): mtype for i, mtype in enumerate(fmt.TYPES)}
    lists = {}
    key = None
    for line in read("snapshot").split("\n"):
        words = line.split()
        if words and words[0] == "zone":
            head = pairs(" ".join(words[1:]))
            key = (int(head["node"]), head["name"])
            lists[key] = {}
        elif words and words[0] == "free":
            order = int(words[1].split("=")[1])
            mtype = order_type[words[2].rstrip(":").split("=")[1]]
            pfns = [int(pfn, 16) for pfn in words[3:]]
            if pfns:
                lists[key][(order, mtype)] = pfns
    expect_equal(lists, machine.freelists, "snapshot")


def test_region(machine):
    region = {}
    for line in read("region").rstrip("\n").split("\n"):
        key, value = line.split("=", 1)
        region[key] = value
    start, end = int(region["start_pfn"], 16), int(region["end_pfn"], 16)
    expect_equal(region["version"], "1", "version")
    expect_equal(end - start, int(region["size_pages"]), "pfn range")
    expect_equal(int(region["size_bytes"]), int(region["size_pages"]) * 4096, "size")
    expect_equal(start % 1024, 0, "alignment")
    expect(0 < int(region["metadata_bytes"]) <= int(region["size_pages"]) * 40 + 65536 * 16,
           f"metadata {region['metadata_bytes']}")
    for key in ("host_node", "way", "alloc_time_ns", "largest_run_pages", "layout", "rules",
                "fidelity"):
        expect(region[key], f"{key} is missing")
    zones = machine.populated().values()
    expect_equal(min(zone["start_pfn"] for zone in zones), start, "first frame")
    present = sum(zone["present"] for zone in zones)
    hole = 8 << 8 if "hole" in region["layout"] else 0
    expect_equal(present + hole, end - start, "present pages")


AGREEMENT = [
    test_buddy_is_sum_of_types, test_pending_free_pages, test_nothing_lost, test_events,
    test_indices, test_freelists_agree, test_frames_once, test_pcp_agree, test_pageblocks_agree,
    test_snapshot_agrees, test_region, test_free_pages,
]
FORMAT = [test_vmstat_names, test_zoneinfo_names, test_pagetypeinfo_shape, test_modes]


# ---- states to look at ----

def fresh():
    """As loaded."""


def mixed():
    """Some of everything held, holes in between."""
    for order in range(9):
        write_ok("alloc", f"order={order} gfp=GFP_KERNEL count=3")
        write_ok("alloc", f"order={order} gfp=GFP_HIGHUSER_MOVABLE count=3")
    write_ok("alloc", "order=0 gfp=GFP_KERNEL|__GFP_RECLAIMABLE count=300 cpu=0")
    write_ok("alloc", "order=3 gfp=GFP_ATOMIC count=20")
    for slot in range(0, 300, 3):
        write_ok("free", f"slot={slot}" if slot % 2 else f"slot={slot}-{slot + 1}")


def full():
    """Filled page by page, then every other page freed: no order above 0 is left."""
    for gfp in ("GFP_HIGHUSER_MOVABLE", "GFP_KERNEL"):
        while not write("alloc", f"gfp={gfp} count=65536"):
            pass
    held = [line for line in body("allocations") if line.get("order") == "0" and "slot" in line]
    for line in held[:2000]:
        if int(line["pfn"], 16) % 2:
            write_ok("free", f"slot={line['slot']}")
    write_ok("drain", "all")


def test_negative_index():
    """One free order-0 block alone in its zone gives indices below 0, signed as in C."""
    write_ok("vm/min_free_kbytes", "0")
    write_ok("vm/watermark_scale_factor", "1")
    while not write("alloc", "gfp=GFP_DMA count=1"):
        write_ok("drain", "all")
        write_ok("vm/stat_refresh", "1")
    slot = next(line["slot"] for line in body("allocations") if line.get("zone") == "DMA")
    write_ok("free", f"slot={slot}")
    write_ok("drain", "all")
    counts = fmt.parse("buddyinfo", read("buddyinfo"))[0][2]
    expect_equal(counts, [1] + [0] * (fmt.ORDERS - 1), "free blocks of the DMA zone")
    line = read("extfrag/extfrag_index").split("\n", maxsplit=1)[0]
    expect(line.startswith("Node 0, zone      DMA -1.000  0.-500  0.-250  0.-125  0.-62 "), line)
    test_indices(Machine())


def main():
    tap = Tap()
    try:
        for layout, parameters in LAYOUTS.items():
            load("size=64M", *parameters)
            for state in (fresh, mixed, full):
                tap.run(f"{layout}: {state.__name__}", state)
                for name in fmt.FORMATS:
                    tap.run(f"{layout}, {state.__name__}: {name}", test_same_parser, name)
                for test in FORMAT + [check_machine]:
                    tap.run(f"{layout}, {state.__name__}: {test.__name__}", test)
                seen = []
                tap.run(f"{layout}, {state.__name__}: all of it", lambda: seen.append(Machine()))
                for test in AGREEMENT:
                    tap.run(f"{layout}, {state.__name__}: {test.__name__}", test, *seen)
            if layout == "four zones":
                tap.run("four zones: test_negative_index", test_negative_index)
            unload()
        tap.run("no complaint in the kernel log", expect_quiet_kernel)
    finally:
        unload()
    return tap.finish()


if __name__ == "__main__":
    sys.exit(main())
