#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""usage: compaction.py FILE > compaction.svg

Draws what scripts/demo.d/fragment.c wrote: each page of the zone before and after
compaction, a pageblock a column, and between the two how the scanners met.  All
three share the horizontal axis, the address.

The picture is plain SVG; darkness says the same as colour, so that it survives a
black and white printer.
"""

import errno
import sys

from svg import Canvas

WIDTH, LEFT, RIGHT, TOP = 1280, 118, 40, 132
MAP_HEIGHT, SCAN_HEIGHT, GAP = 208, 190, 74
ROWS = 64                    # of a map: pages of a block by eights
MIB_PER_BLOCK = 2

FREE, USED, MIXED, PINNED, WHOLE = "#ffffff", "#0b63a5", "#86b4d6", "#c04f00", "#dff2e4"
MIGRATE, TARGET = "#0b63a5", "#00805c"


def pairs(words):
    """key=value words as a dictionary"""
    return dict(word.split("=", 1) for word in words)


class Recording:
    """What the file says."""

    def __init__(self, lines):
        self.states, self.blocks, self.requests, self.steps, self.end = {}, {}, {}, [], {}
        self.base, self.more, current = 0, 0, None
        for line in lines:
            kind, *words = line.split()
            fields = pairs(words)
            if kind == "zone":
                self.base, self.nr_blocks = int(fields["start_pfn"], 16), int(fields["blocks"])
            elif kind == "state":
                current = fields["name"]
                self.states[current], self.blocks[current] = fields, []
            elif kind == "block":
                self.blocks[current].append(fields["pages"])
            elif kind == "request":
                self.requests[fields["when"]] = int(fields["err"])
            elif kind == "step":
                self.steps.append((int(fields["migrate_pfn"], 16), int(fields["free_pfn"], 16)))
            elif kind == "end":
                self.end = {key: int(value) for key, value in fields.items()}
            elif kind == "more":
                self.more = int(fields["huge"])


def cells(pages):
    """Colours of a block's pages, by eights; None where all are free."""
    size = len(pages) // ROWS
    for row in range(ROWS):
        group = pages[row * size:(row + 1) * size]
        used = sum(page != "." for page in group)
        if "p" in group:
            yield PINNED
        elif not used:
            yield None
        else:
            yield USED if used * 2 > size else MIXED


class Chart:
    """One picture."""

    def __init__(self, rec):
        self.rec = rec
        self.column = (WIDTH - LEFT - RIGHT) / rec.nr_blocks
        self.tops = [TOP, TOP + MAP_HEIGHT + GAP, TOP + MAP_HEIGHT + SCAN_HEIGHT + 2 * GAP]
        self.svg = Canvas(WIDTH, self.tops[2] + MAP_HEIGHT + 92)

    def x(self, block):
        """Left edge of a pageblock, which may be a fraction."""
        return LEFT + block * self.column

    def x_of(self, pfn):
        """Place of a frame."""
        return self.x((pfn - self.rec.base) / 512)

    def caption(self, top, words, more):
        """Two lines over a panel."""
        self.svg.text(LEFT, top - 26, words, weight="bold", size=15)
        self.svg.text(LEFT, top - 8, more)

    def map(self, top, name):
        """Each page of the zone; a whole pageblock that is free has a mark below."""
        by_colour = {}
        height = MAP_HEIGHT / ROWS
        for i, pages in enumerate(self.rec.blocks[name]):
            if set(pages) == {"."}:
                by_colour.setdefault(WHOLE, []).append((self.x(i), top, self.column, MAP_HEIGHT))
            for row, colour in enumerate(cells(pages)):
                if colour:
                    by_colour.setdefault(colour, []).append(
                        (self.x(i), top + row * height, self.column - 1, height))
        for colour, rects in by_colour.items():
            self.svg.rects(rects, colour)
        self.svg.frame(LEFT, top, WIDTH - LEFT - RIGHT, MAP_HEIGHT)
        self.svg.text(LEFT - 10, top + 14, "first page", anchor="end", size=11)
        self.svg.text(LEFT - 10, top + MAP_HEIGHT - 4, "of a pageblock", anchor="end", size=11)
        self.svg.text(LEFT - 10, top + MAP_HEIGHT / 2 + 4, "512 pages", anchor="end", size=11)

    def request(self, name):
        """How the request for a huge page went, in words."""
        err = self.rec.requests[name]
        state = self.rec.states[name]
        free = int(state["free_pages"]) * 4096 >> 20
        whole = state["huge_blocks"]
        answer = f"refused, {errno.errorcode[err]}" if err else f"served, and {self.rec.more} more after it"
        return (f"{name.capitalize()}: a request of order 9 is {answer}",
                f"{free} MiB are free, {whole} blocks of order 9 among them")

    def scanners(self, top):
        """Positions of both, move by move downwards."""
        steps = self.rec.steps
        low = [(self.x_of(m), top + i / max(len(steps) - 1, 1) * SCAN_HEIGHT)
               for i, (m, _) in enumerate(steps)]
        high = [(self.x_of(f), top + i / max(len(steps) - 1, 1) * SCAN_HEIGHT)
                for i, (_, f) in enumerate(steps)]
        self.svg.polyline(low, MIGRATE)
        self.svg.polyline(high, TARGET, dash="7 4")
        self.svg.frame(LEFT, top, WIDTH - LEFT - RIGHT, SCAN_HEIGHT)
        self.svg.text(self.x(0.8), top + SCAN_HEIGHT * .6, "migrate scanner:", size=12)
        self.svg.text(self.x(0.8), top + SCAN_HEIGHT * .6 + 16, "takes pages in use, going up",
                      size=12)
        right = WIDTH - RIGHT - 12
        self.svg.text(right, top + SCAN_HEIGHT * .6, "free scanner:", anchor="end", size=12)
        self.svg.text(right, top + SCAN_HEIGHT * .6 + 16, "takes free pages, going down",
                      anchor="end", size=12)
        self.svg.text(LEFT - 10, top + 12, "first move", anchor="end", size=11)
        self.svg.text(LEFT - 10, top + SCAN_HEIGHT - 4, "last move", anchor="end", size=11)

    def axis(self, y):
        """Addresses in MiB from the zone's start."""
        for block in range(0, self.rec.nr_blocks + 1, 8):
            self.svg.line(self.x(block), y, self.x(block), y + 5)
            self.svg.text(self.x(block), y + 19, f"{block * MIB_PER_BLOCK}", anchor="middle",
                          size=11)
        self.svg.text(LEFT, y + 38,
                      "MiB from the start of the zone; a column is a pageblock of 2 MiB", size=12)

    def legend(self, y):
        """What the colours mean."""
        x = LEFT
        for fill, words in ((USED, "8 pages, most in use"), (MIXED, "some in use"), (FREE, "free"),
                            (PINNED, "one is pinned: it cannot move"),
                            (WHOLE, "a whole pageblock is free")):
            self.svg.rects([(x, y - 11, 14, 14)], fill)
            self.svg.frame(x, y - 11, 14, 14)
            self.svg.text(x + 21, y, words, size=12)
            x += 21 + 7.4 * len(words) + 22

    def draw(self):
        """The document."""
        end = self.rec.end
        self.svg.text(LEFT, 34, "Compaction of a fragmented zone, page by page", size=21,
                      weight="bold")
        self.legend(66)
        self.caption(self.tops[0], *self.request("before"))
        self.map(self.tops[0], "before")
        self.caption(self.tops[1],
                     f"{end['moved']:,} pages move, in {end['moves']:,} moves of two scanners",
                     f"until they meet; {end['failed']} times a page could not be moved")
        self.scanners(self.tops[1])
        self.caption(self.tops[2], *self.request("after"))
        self.map(self.tops[2], "after")
        self.axis(self.tops[2] + MAP_HEIGHT)
        return self.svg.finish()


def main():
    """Command line."""
    if len(sys.argv) != 2:
        sys.exit("usage: compaction.py FILE > compaction.svg")
    with open(sys.argv[1], encoding="ascii") as file:
        rec = Recording(file)
    sys.stdout.write(Chart(rec).draw())


if __name__ == "__main__":
    main()
