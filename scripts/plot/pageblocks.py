#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""usage: pageblocks.py DIRECTORY > map.svg

Draws what a replay did to the shadow, from DIRECTORY/samples.txt and
buddyinfo.txt: the map of pageblocks over the operations (colour and texture tell
the migratetype, darkness how much is in use), the share of free memory that is
of no use for a huge page, and the traffic between per-CPU lists and buddy.

The picture is plain SVG; darkness and texture say the same as colour, so that
it survives a black and white printer.
"""

import sys

import samples
from svg import Canvas, mix

WIDTH, LEFT, RIGHT, TOP = 1280, 118, 232, 112
MAP_HEIGHT, ZONE_GAP, STRIP_HEIGHT, STRIP_GAP = 560, 12, 92, 46
SHADES = 12
HUGE_ORDER = 9
MIB_PER_PAGE = 4096 / (1 << 20)

# Okabe and Ito's colours: told apart by colour-blind people.  The light end is a
# block that is wholly free, the dark end one that is wholly in use.
TYPES = {
    "0": ("Unmovable", "#fbe6d8", "#c04f00", "slash"),
    "1": ("Movable", "#e4f0f8", "#0b63a5", None),
    "2": ("Reclaimable", "#dcf2ea", "#00805c", "dots"),
    "3": ("HighAtomic", "#f6e3ee", "#94316c", "cross"),
    "4": ("Isolate", "#eeeeee", "#333333", "bars"),
}


class Chart:
    """One picture: where things go, and what is drawn where."""

    def __init__(self, rec):
        self.rec = rec
        self.plot_width = WIDTH - LEFT - RIGHT
        self.last_op = max(rec.samples[-1].op, 1)
        gaps = ZONE_GAP * (len(rec.zones) - 1)
        self.row = (MAP_HEIGHT - gaps) / rec.nr_blocks
        strips = TOP + MAP_HEIGHT + STRIP_GAP
        self.strip_tops = [strips, strips + STRIP_HEIGHT + STRIP_GAP]
        self.svg = Canvas(WIDTH, self.strip_tops[1] + STRIP_HEIGHT + 86)

    def x(self, op):
        """Horizontal place of an operation number."""
        return LEFT + op / self.last_op * self.plot_width

    def y(self, block):
        """Upper edge of a pageblock; the lowest address is at the bottom."""
        below = sum(1 for z in self.rec.zones if z.first_block > 0 and block >= z.first_block)
        return TOP + MAP_HEIGHT - (block + 1) * self.row - below * ZONE_GAP

    # ---- the map ----

    def column(self, i):
        """Left and right edge of a sample: what was found after its slice."""
        ops = [s.op for s in self.rec.samples]
        return self.x(ops[i - 1]), self.x(ops[i])

    def cells(self, block, key):
        """Runs of samples with the same key: (left, right, key)."""
        run_key, left, right = None, 0, 0
        for i in range(1, len(self.rec.samples)):
            x0, x1 = self.column(i)
            this = key(self.rec.samples[i], block)
            if this != run_key:
                if run_key is not None:
                    yield left, right, run_key
                run_key, left = this, x0
            right = x1
        if run_key is not None:
            yield left, right, run_key

    def shade(self, sample, block):
        """(type, how much in use in SHADES steps)."""
        free = sample.free[block] + sample.pcp[block]
        used = 1 - free / self.rec.block_pages
        level = round(used * SHADES)
        if 0 < used < 1:
            level = min(max(level, 1), SHADES - 1)
        return sample.types[block], level

    def draw_map(self):
        """Colour first, texture over it, both grouped into one path a style."""
        colours, textures = {}, {}
        for block in range(self.rec.nr_blocks):
            top = self.y(block)
            for x0, x1, (kind, level) in self.cells(block, self.shade):
                if kind in TYPES:
                    _, light, dark, _ = TYPES[kind]
                    fill = mix(light, dark, level / SHADES)
                    colours.setdefault(fill, []).append((x0, top, x1 - x0, self.row))
            for x0, x1, kind in self.cells(block, lambda s, b: s.types[b]):
                if kind in TYPES and TYPES[kind][3]:
                    textures.setdefault(TYPES[kind][3], []).append((x0, top, x1 - x0, self.row))
        for fill, rects in colours.items():
            self.svg.rects(rects, fill)
        for texture, rects in textures.items():
            self.svg.rects(rects, f"url(#{texture})")

    def draw_zones(self):
        """Frame, name and addresses of each zone."""
        for zone in self.rec.zones:
            bottom = self.y(zone.first_block) + self.row
            top = self.y(zone.first_block + zone.nr_blocks - 1)
            self.svg.frame(LEFT, top, self.plot_width, bottom - top)
            self.svg.text(34, (top + bottom) / 2, f"Node {zone.node}, {zone.name}",
                          anchor="middle", turn=-90, weight="bold")
            self.draw_addresses(zone)
        self.svg.text(14, TOP + MAP_HEIGHT / 2, "place in the region, MiB; a row is a pageblock",
                      anchor="middle", turn=-90)

    def draw_addresses(self, zone):
        """Ticks of one zone, a round number of MiB apart, counted from the region's start."""
        block_mib = self.rec.block_pages * MIB_PER_PAGE
        total = self.rec.nr_blocks * block_mib
        step = next(s for s in (8, 16, 32, 64, 128, 256, 512, 1024, 4096, 1 << 30)
                    if total / s <= 12)
        for block in range(zone.first_block, zone.first_block + zone.nr_blocks):
            mib = block * block_mib
            if mib % step:
                continue
            y = self.y(block) + self.row
            self.svg.line(LEFT - 5, y, LEFT, y)
            self.svg.text(LEFT - 9, y + 4, f"{mib:.0f}", anchor="end")

    # ---- time ----

    def draw_phases(self):
        """Names of the phases above the map, and lines through everything."""
        bottom = self.strip_tops[1] + STRIP_HEIGHT
        starts = self.rec.phases + [(self.last_op, "")]
        row_end = [0, 0]
        for (op, name), (end, _) in zip(starts, starts[1:]):
            x0, x1 = self.x(op), self.x(end)
            self.svg.line(x0, TOP - 8, x0, bottom, "#00000088", dash="3 3")
            place = max((x0 + x1) / 2, row_end[0] + len(name) * 3.6 + 6)
            row = 0
            if place > (x0 + x1) / 2 + 14:
                row, place = 1, max((x0 + x1) / 2, row_end[1] + len(name) * 3.6 + 6)
            row_end[row] = place + len(name) * 3.6
            self.svg.text(place, TOP - 12 - 16 * row, name, anchor="middle", style="italic")

    def draw_ops_axis(self, y):
        """Thousands of operations."""
        step = next(s for s in (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 1 << 30)
                    if self.last_op / 1000 / s <= 12)
        for k in range(0, int(self.last_op / 1000) + 1, step):
            x = self.x(k * 1000)
            self.svg.line(x, y, x, y + 5)
            self.svg.text(x, y + 19, str(k), anchor="middle")
        seconds = self.rec.samples[-1].time_us / 1e6
        self.svg.text(LEFT + self.plot_width / 2, y + 40, "operations, thousands "
                      f"({self.last_op:,} of them; recorded in {seconds:.1f} s)", anchor="middle")

    # ---- strips ----

    def strip_frame(self, index, title, low, high, ticks):
        """A strip's frame, title and scale; returns the function from value to y."""
        top = self.strip_tops[index]

        def place(value):
            return top + STRIP_HEIGHT * (high - value) / (high - low)

        for value, label in ticks:
            self.svg.line(LEFT - 5, place(value), LEFT, place(value))
            self.svg.line(LEFT, place(value), LEFT + self.plot_width, place(value), "#00000022")
            self.svg.text(LEFT - 9, place(value) + 4, label, anchor="end")
        self.svg.frame(LEFT, top, self.plot_width, STRIP_HEIGHT)
        self.svg.text(LEFT, top - 8, title, weight="bold")
        return place

    def draw_unusable(self):
        """unusable_index of the order of a huge page, a line for each zone."""
        y = self.strip_frame(0, f"Free memory in blocks too small for order {HUGE_ORDER} "
                             "(unusable_index)", 0, 1, [(0, "0"), (0.5, "0.5"), (1, "1")])
        dashes = [None, "7 4", "2 3", "9 3 2 3"]
        for i, zone in enumerate(self.rec.zones):
            points = [(self.x(s.op), y(samples.unusable_index(
                s.buddyinfo[(zone.node, zone.name)], HUGE_ORDER))) for s in self.rec.samples]
            self.svg.polyline(points, "#222222", dashes[i % len(dashes)])
            ly = self.strip_tops[0] + 16 + 22 * i
            lx = LEFT + self.plot_width + 22
            self.svg.polyline([(lx, ly), (lx + 44, ly)], "#222222", dashes[i % len(dashes)])
            self.svg.text(lx + 54, ly + 4, f"Node {zone.node}, {zone.name}")

    def per_slice(self, name):
        """Growth of a counter in each slice."""
        values = [s.stats[name] for s in self.rec.samples]
        return [b - a for a, b in zip(values, values[1:])]

    def draw_traffic(self):
        """Refills upwards, drains downwards, triangles where a type took from another."""
        refills, drains = self.per_slice("pcp_refill_pages"), self.per_slice("pcp_drain_pages")
        high = max(refills + drains + [1])
        y = self.strip_frame(1, "Pages between per-CPU lists and buddy, each slice", -high, high,
                             [(high, f"{high}"), (0, "0"), (-high, f"{high}")])
        up, down, marks = [], [], []
        takes = [a + b for a, b in zip(self.per_slice("fallback_claim"),
                                       self.per_slice("fallback_steal"))]
        for i, (refill, drain, take) in enumerate(zip(refills, drains, takes), 1):
            x0, x1 = self.column(i)
            up.append((x0 + 1, y(refill), x1 - x0 - 2, y(0) - y(refill)))
            down.append((x0 + 1, y(0), x1 - x0 - 2, y(-drain) - y(0)))
            if take:
                marks.append((x0 + x1) / 2)
        self.svg.rects(up, "#555555")
        self.svg.rects(down, "#bbbbbb")
        for x in marks:
            self.svg.triangle(x, self.strip_tops[1] + STRIP_HEIGHT - 4)
        self.draw_traffic_legend()

    def draw_traffic_legend(self):
        """Words for the bars and triangles."""
        x, y = LEFT + self.plot_width + 22, self.strip_tops[1] + 16
        self.svg.rects([(x, y - 9, 14, 12)], "#555555")
        self.svg.text(x + 24, y + 2, "up: refilled from the buddy")
        self.svg.rects([(x, y + 13, 14, 12)], "#bbbbbb")
        self.svg.text(x + 24, y + 24, "down: drained to the buddy")
        self.svg.triangle(x + 7, y + 47)
        self.svg.text(x + 24, y + 46, "a type took from another")

    # ---- words ----

    def draw_title(self):
        """What this is, in a line and a half."""
        mib = self.rec.nr_blocks * self.rec.block_pages * MIB_PER_PAGE
        self.svg.text(LEFT, 34, "Pageblocks of the shadow while it runs a live kernel's "
                      "allocations", size=20, weight="bold")
        self.svg.text(LEFT, 57, f"{mib:.0f} MiB in {self.rec.nr_blocks} pageblocks of "
                      f"{self.rec.block_pages * MIB_PER_PAGE:.0f} MiB; looked at "
                      f"{len(self.rec.samples) - 1} times; names above the map: "
                      "what the recorded machine was doing")

    def draw_legend(self):
        """A ramp for each type that occurs."""
        seen = set("".join(s.types for s in self.rec.samples))
        x, y = LEFT + self.plot_width + 22, TOP + 8
        self.svg.text(x, y, "Type of the pageblock", weight="bold")
        for kind, (name, light, dark, texture) in TYPES.items():
            if kind not in seen:
                continue
            y += 44
            self.svg.text(x, y - 18, name)
            for i in range(5):
                cell = [(x + 36 * i, y - 12, 36, 18)]
                self.svg.rects(cell, mix(light, dark, i / 4))
                if texture:
                    self.svg.rects(cell, f"url(#{texture})")
            self.svg.frame(x, y - 12, 180, 18)
        y += 22
        for i, label in enumerate(("0", "25", "50", "75", "100")):
            self.svg.text(x + 36 * i + 18, y, label, anchor="middle", size=11)
        self.svg.text(x, y + 18, "% of it in use: the rest is on", size=12)
        self.svg.text(x, y + 33, "buddy or per-CPU lists", size=12)

    def draw(self):
        """Everything, back to front."""
        self.svg.texture_defs()
        self.draw_title()
        self.draw_map()
        self.draw_zones()
        self.draw_unusable()
        self.draw_traffic()
        self.draw_phases()
        self.draw_ops_axis(self.strip_tops[1] + STRIP_HEIGHT)
        self.draw_legend()
        return self.svg.finish()


def main():
    """Command line."""
    if len(sys.argv) != 2:
        sys.exit("usage: pageblocks.py DIRECTORY > map.svg")
    sys.stdout.write(Chart(samples.read(sys.argv[1])).draw())


if __name__ == "__main__":
    main()
