#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""usage: compare.py FILE.csv > comparison.svg

Draws what sbuddy-replay --csv wrote: one recording on one shadow, or on two
with different settings, over the operations.  From top to bottom: how much free
memory is in blocks too small for a huge page and for order 3, fragmentation
events, traffic of the per-CPU lists, pages refused, pages held.

A is a solid line, B a dashed one, so that the picture needs no colour; where
they run on top of each other both can be seen.
"""

import collections
import csv
import sys

from svg import Canvas

WIDTH, LEFT, RIGHT, TOP = 1280, 100, 250, 120
STRIP, GAP = 118, 50
LINES = {"A": ("#0b63a5", None), "B": ("#c04f00", "7 4")}
HUGE_ORDER, LARGE_ORDER = 9, 3


class Run:
    """Samples of one setting: a list of numbers for each column."""

    def __init__(self):
        self.columns = collections.defaultdict(list)
        self.settings = ""

    def add(self, row):
        """A row of the file, of zone `all`."""
        for name, value in row.items():
            if name not in ("setting", "zone"):
                self.columns[name].append(int(value))

    def __getitem__(self, name):
        return self.columns[name]

    def growth(self, name):
        """Increase in each slice; nothing before the first."""
        values = self.columns[name]
        return [0] + [b - a for a, b in zip(values, values[1:])]


def read(path):
    """Runs by name, in the order of the file, with what its comments say of them."""
    runs = {}
    with open(path, encoding="utf-8", newline="") as file:
        lines = list(file)
    comments = [line[2:].strip() for line in lines if line.startswith("# ")]
    for row in csv.DictReader(line for line in lines if not line.startswith("#")):
        if row["zone"] == "all":
            runs.setdefault(row["setting"], Run()).add(row)
    for name, _, text in (line.partition(": ") for line in comments):
        if name in runs:
            runs[name].settings = text
    if not runs or any(name not in LINES for name in runs):
        sys.exit(f"{path}: rows with setting A or B and zone all are expected")
    return runs


def nice(value):
    """The next 1, 2 or 5 times a power of ten, at least 1."""
    step = 1
    while True:
        for factor in (1, 2, 5):
            if factor * step >= value:
                return factor * step
        step *= 10


class Chart:
    """The strips, one below the other."""

    def __init__(self, runs):
        self.runs = runs
        self.width = WIDTH - LEFT - RIGHT
        self.last_op = max(max(run["op"]) for run in runs.values()) or 1
        self.strips = self.make_strips()
        self.svg = Canvas(WIDTH, TOP + len(self.strips) * (STRIP + GAP) + 40)

    def make_strips(self):
        """Title, unit and a list of values by run, for each strip."""
        def of(function):
            return {name: function(run) for name, run in self.runs.items()}

        def share(order):
            return of(lambda run: [v / 1000 for v in run[f"unusable{order}"]])

        return [
            (f"Free memory in blocks too small for order {HUGE_ORDER} (unusable_index)",
             "share", share(HUGE_ORDER)),
            (f"Free memory in blocks too small for order {LARGE_ORDER} (unusable_index)",
             "share", share(LARGE_ORDER)),
            ("Blocks claimed or stolen from another type, so far", "blocks",
             of(lambda run: [a + b for a, b in zip(run["claims"], run["steals"])])),
            ("Per-CPU lists: pages refilled, each slice", "pages",
             of(lambda run: run.growth("refill_pages"))),
            ("Per-CPU lists: pages drained, each slice", "pages",
             of(lambda run: run.growth("drain_pages"))),
            ("Pages refused, so far", "pages", of(lambda run: run["refused_pages"])),
            ("Pages held by the recorded programs", "pages", of(lambda run: run["held_pages"])),
        ]

    def x(self, op):
        """Horizontal place of an operation number."""
        return LEFT + op / self.last_op * self.width

    def frame(self, top, title, high, unit):
        """A strip without its lines; returns the function from value to y."""
        def place(value):
            return top + STRIP * (1 - value / high)

        for value in (0, high / 2, high):
            label = f"{value:g}" if unit == "share" else f"{value:,.0f}"
            if value == high / 2 and high == 1 and unit != "share":
                continue
            self.svg.line(LEFT - 5, place(value), LEFT, place(value))
            self.svg.line(LEFT, place(value), LEFT + self.width, place(value), "#00000022")
            self.svg.text(LEFT - 9, place(value) + 4, label, anchor="end")
        self.svg.frame(LEFT, top, self.width, STRIP)
        self.svg.text(LEFT, top - 9, title, weight="bold")
        return place

    def draw_strip(self, index, title, unit, values):
        """One strip: a line for each run, and its numbers at the right."""
        top = TOP + index * (STRIP + GAP)
        high = max(max(v) for v in values.values())
        high = min(nice(high * 1000) / 1000, 1) if unit == "share" else nice(high)
        place = self.frame(top, title, high, unit)
        for i, (name, run) in enumerate(self.runs.items()):
            colour, dash = LINES[name]
            points = [(self.x(op), place(v)) for op, v in zip(run["op"], values[name])]
            self.svg.polyline(points, colour, dash)
            self.describe(top + 22 + 52 * i, name, values[name], unit)

    def describe(self, y, name, values, unit):
        """The run's mean, largest and last value."""
        x = LEFT + self.width + 20
        colour, dash = LINES[name]

        def text(value):
            return f"{value:.3f}" if unit == "share" else f"{value:,.0f}"

        self.svg.polyline([(x, y - 4), (x + 40, y - 4)], colour, dash)
        self.svg.text(x + 50, y, name, weight="bold")
        self.svg.text(x + 68, y, f"mean {text(sum(values) / len(values))}")
        self.svg.text(x + 68, y + 17, f"largest {text(max(values))}, last {text(values[-1])}",
                      size=12)

    def draw_axis(self):
        """Thousands of operations, below the last strip."""
        y = TOP + len(self.strips) * (STRIP + GAP) - GAP
        step = nice(self.last_op / 12)
        for op in range(0, self.last_op + 1, step):
            self.svg.line(self.x(op), y, self.x(op), y + 5)
            self.svg.text(self.x(op), y + 19, f"{op / 1000:g}", anchor="middle")
        seconds = max(run["time_us"][-1] for run in self.runs.values()) / 1e6
        self.svg.text(LEFT + self.width / 2, y + 40, "operations, thousands "
                      f"({self.last_op:,} of them; recorded in {seconds:.1f} s)", anchor="middle")

    def draw(self):
        """Everything."""
        what = "two settings" if len(self.runs) > 1 else "one shadow"
        self.svg.text(LEFT, 34, f"One recording on {what}", size=20, weight="bold")
        for i, (name, run) in enumerate(self.runs.items()):
            colour, dash = LINES[name]
            y = 58 + 20 * i
            self.svg.polyline([(LEFT, y - 4), (LEFT + 40, y - 4)], colour, dash)
            self.svg.text(LEFT + 50, y, f"{name}: {run.settings}" if run.settings else name)
        for index, (title, unit, values) in enumerate(self.strips):
            self.draw_strip(index, title, unit, values)
        self.draw_axis()
        return self.svg.finish()


def main():
    """Command line."""
    if len(sys.argv) != 2:
        sys.exit("usage: compare.py FILE.csv > comparison.svg")
    sys.stdout.write(Chart(read(sys.argv[1])).draw())


if __name__ == "__main__":
    main()
