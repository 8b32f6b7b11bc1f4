#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""usage: report.py [-s] DIRECTORY

Prints what the demonstration saw, from the files that scripts/demo.d/guest left in
DIRECTORY: the recording, what became of it, the shadow before and after, and the
same events counted in the live kernel and in the shadow.  With -s only the summary.
"""

import pathlib
import re
import sys

HUGE_ORDER = 9


def hist(path):
    """Counts of a hist trigger with one key: {value: hits}."""
    found = re.findall(r"^\{ \w+: +(\d+) \} hitcount: +(\d+)", path.read_text(), re.M)
    return {int(value): int(hits) for value, hits in found}


def counts(path):
    """Lines "name value"."""
    return {name: int(value) for name, value in
            (line.split() for line in path.read_text().splitlines())}


def heading(words):
    """A title on a line of its own."""
    print(f"\n{words}\n{'-' * len(words)}")


def indented(text):
    """Text as it is, two columns to the right."""
    for line in text.rstrip().splitlines():
        print("  " + line.rstrip())


def table(rows, numbers_from=1):
    """Columns as wide as they need to be, numbers to the right."""
    rows = [[f"{c:,}" if isinstance(c, int) else str(c) for c in row] for row in rows]
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    for row in rows:
        cells = [c.ljust(w) if i < numbers_from else c.rjust(w)
                 for i, (c, w) in enumerate(zip(row, widths))]
        print("  " + "  ".join(cells).rstrip())


def buddyinfo(path):
    """{zone: blocks by order}; zones of one node, which is what the guest has."""
    zones = {}
    for line in path.read_text().splitlines():
        name, *blocks = line.partition(", zone")[2].split()
        zones[name] = [int(b) for b in blocks]
    return zones


def unusable(blocks, order):
    """Share of free memory in blocks below an order."""
    free = sum(n << o for o, n in enumerate(blocks))
    small = sum(n << o for o, n in enumerate(blocks) if o < order)
    return small / free if free else 0.0


def pcp_settings(path):
    """{zone: (high, batch) of the first CPU} of a zoneinfo."""
    settings, zone, high = {}, None, None
    for line in path.read_text().splitlines():
        if match := re.match(r"Node \d+, zone +(\w+)", line):
            zone = match[1]
        elif match := re.match(r" +(high|batch): +(\d+)$", line):
            if match[1] == "high":
                high = int(match[2])
            elif zone not in settings:
                settings[zone] = (high, int(match[2]))
    return settings


class Report:
    """The files of one run."""

    def __init__(self, directory):
        self.dir = pathlib.Path(directory)
        self.counts = counts(self.dir / "counts.txt")
        self.vmstat = counts(self.dir / "shadow/vmstat")

    def hist_pair(self, event):
        """One event in the live kernel and in the shadow."""
        return (hist(self.dir / "live" / f"{event}.hist"),
                hist(self.dir / "shadow" / f"{event}.hist"))

    def recording(self):
        """What was recorded and how it was translated."""
        c = self.counts
        heading("The recording, and what became of it")
        table([
            ["events of the live kernel", c["events"], f"in {c['recorded_us'] / 1e6:.1f} s"],
            ["  lost by the recorder", c["events_lost"], ""],
            ["  allocations", c["event_allocs"],
             f"of these {c['event_bulk_pages']:,} pages in bulk, seen by a kprobe"],
            ["  allocations that failed", c["event_failed_allocs"], "not repeated"],
            ["  frees", c["event_frees"],
             f"of these {c['event_batched_frees']:,} in batches of folios"],
            ["    unmatched: allocated before", c["unmatched_frees"], "left out"],
            ["    of part of a block", c["partial_frees"], "block split first"],
            ["    of more than one block", c["merged_frees"], ""],
            ["  frees that went unseen", c["unseen_frees"], "done when the frame came again"],
            ["  unknown gfp bits", c["gfp_unknown"], ""],
            ["most held at once, MiB", c["peak_pages"] >> 8, f"{c['live_pages'] >> 8} at the end"],
            ["operations on the shadow", c["ops"], ""],
            ["  allocations", c["op_allocs"], f"{c['op_alloc_pages']:,} pages"],
            ["    refused: it would have to reclaim", c["op_refused"],
             f"{c['op_refused_pages']:,} pages"],
            ["  frees", c["op_frees"], f"{c['op_freed_pages']:,} pages"],
            ["    of what had been refused", c["op_frees_of_refused"], ""],
            ["  splits", c["op_splits"] + c["op_splits_of_refused"], ""],
            ["  decay steps, one a second and vcpu", c["op_decays"], ""],
            ["  errors of any other kind", c["op_other_errors"], "should be 0"],
        ])

    def comparison(self):
        """The same events on both sides."""
        heading("The same events, counted by hist triggers on both sides")
        rows = [["event", "live kernel", "shadow"]]
        alloc, free = self.hist_pair("mm_page_alloc"), self.hist_pair("mm_page_free")
        for name, pair in (("mm_page_alloc", alloc), ("mm_page_free", free)):
            rows.append([f"{name}, order 0", *(h.get(0, 0) for h in pair)])
            rows.append([f"{name}, order 1 and more",
                         *(sum(h.values()) - h.get(0, 0) for h in pair)])
        bulk = self.counts["event_bulk_pages"] - self.counts["event_bulk_doubled"]
        rows.append(["  pages in bulk, without an event there", bulk, 0])
        batched = self.hist_pair("mm_page_free_batched")
        rows.append(["mm_page_free_batched", *(sum(h.values()) for h in batched)])
        locked = self.hist_pair("mm_page_alloc_zone_locked")
        rows.append(["mm_page_alloc_zone_locked, refill", *(h.get(1, 0) for h in locked)])
        rows.append(["mm_page_alloc_zone_locked, other", *(h.get(0, 0) for h in locked)])
        drained = self.hist_pair("mm_page_pcpu_drain")
        rows.append(["mm_page_pcpu_drain", *(sum(h.values()) for h in drained)])
        extfrag = self.hist_pair("mm_page_alloc_extfrag")
        rows.append(["mm_page_alloc_extfrag, block claimed", *(h.get(1, 0) for h in extfrag)])
        rows.append(["mm_page_alloc_extfrag, only stolen", *(h.get(0, 0) for h in extfrag)])
        table(rows)
        self.why_they_differ()

    def why_they_differ(self):
        """What is not alike, so that nobody wonders about the last digits."""
        live = pcp_settings(self.dir / "live/zoneinfo.after")
        shadow = pcp_settings(self.dir / "shadow/zoneinfo.after")
        print("""
  The shadow is smaller and began empty, so it is not meant to agree in each page:
  batch and high of the per-CPU lists follow from the size of a zone, steals from
  what a zone holds, drains also from whatever made the live kernel drain its lists.
  A batch of folios arrives here as batches of one.""")
        for title, settings in (("live kernel", live), ("shadow", shadow)):
            words = ", ".join(f"{zone} high {high} batch {batch}"
                              for zone, (high, batch) in settings.items() if batch > 1)
            print(f"  per-CPU lists at the end, {title}: {words}")

    def shadow_counters(self):
        """What only the shadow counts."""
        heading("Counters of the shadow")
        names = ("pcp_refill", "pcp_refill_pages", "pcp_drain", "pcp_drain_pages",
                 "fallback_claim", "fallback_steal", "watermark_boost", "kswapd_wake",
                 "highatomic_reserve", "would_block", "alloc_fail", "bad_free")
        have = [(n, self.vmstat[f"sbuddy_{n}"] if f"sbuddy_{n}" in self.vmstat
                 else self.vmstat.get(n, "-")) for n in names]
        table([[a[0], a[1], "", b[0], b[1]] for a, b in zip(have[::2], have[1::2])])

    def before_after(self):
        """State of the shadow, in the kernel's formats."""
        for name in ("buddyinfo", "pagetypeinfo"):
            for when in ("before", "after"):
                heading(f"{name} of the shadow, {when}")
                indented((self.dir / "shadow" / f"{name}.{when}").read_text())
        heading(f"Fragmentation: share of free memory of no use for order {HUGE_ORDER}")
        rows = [["", "before", "after"]]
        for side in ("live", "shadow"):
            before = buddyinfo(self.dir / side / "buddyinfo.before")
            after = buddyinfo(self.dir / side / "buddyinfo.after")
            for zone, blocks in after.items():
                rows.append([f"{side} {zone}", f"{unusable(before[zone], HUGE_ORDER):.3f}",
                             f"{unusable(blocks, HUGE_ORDER):.3f}"])
        table(rows)
        for name in ("unusable_index", "extfrag_index"):
            heading(f"extfrag/{name} of the shadow, after")
            indented((self.dir / "shadow" / f"{name}.after").read_text())

    def bpftrace(self):
        """What the bpftrace scripts saw meanwhile."""
        for script in ("orders", "steals"):
            self.script(script)

    def script(self, name):
        """What one of them printed."""
        heading(f"scripts/bpftrace/{name}.bt, attached to the shadow meanwhile")
        text = (self.dir / f"{name}.bt.txt").read_text()
        indented(re.sub(r"\n{2,}", "\n", text))

    def compaction(self):
        """The second shadow: fragmented, compacted."""
        heading("A zone of 128 MiB, fragmented and compacted")
        indented((self.dir / "fragment.txt").read_text())
        for script in ("compaction", "migration"):
            self.script(script)

    def print(self):
        """All of it."""
        self.before_after()
        self.bpftrace()
        self.recording()
        self.comparison()
        self.shadow_counters()
        self.compaction()

    def summary(self):
        """Lines to end with."""
        c = self.counts
        before = buddyinfo(self.dir / "shadow/buddyinfo.before")
        after = buddyinfo(self.dir / "shadow/buddyinfo.after")
        worst = max(after, key=lambda z: unusable(after[z], HUGE_ORDER))
        refill, drain = (self.hist_pair(e) for e in ("mm_page_alloc_zone_locked",
                                                     "mm_page_pcpu_drain"))
        print(f"{c['events']:,} allocation events of a live 6.12 kernel at work became "
              f"{c['ops']:,} operations on the shadow;")
        print(f"it refused {c['op_refused']:,} of {c['event_allocs']:,} allocations, "
              f"{c['unmatched_frees']:,} frees had no allocation in the recording.")
        print(f"Blocks refilled: {refill[0].get(1, 0):,} live, {refill[1].get(1, 0):,} shadow; "
              f"drained: {sum(drain[0].values()):,} live, "
              f"{sum(drain[1].values()):,} shadow.")
        print(f"Free memory of no use for a huge page in zone {worst}: "
              f"{unusable(before[worst], HUGE_ORDER):.0%} before, "
              f"{unusable(after[worst], HUGE_ORDER):.0%} after.")
        print("Compaction of a fragmented zone: "
              + "; ".join((self.dir / "fragment.txt").read_text().strip().split("\n")) + ".")


def main():
    """Command line."""
    *options, directory = sys.argv[1:] or [""]
    if not directory or options not in ([], ["-s"]):
        sys.exit("usage: report.py [-s] DIRECTORY")
    report = Report(directory)
    if options:
        report.summary()
    else:
        report.print()


if __name__ == "__main__":
    main()
