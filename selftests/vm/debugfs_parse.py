# SPDX-License-Identifier: GPL-2.0
"""One parser for each of the kernel's text formats, fed with /proc's files and ours.

Each format has parse(text) and render(value).  Parsing is strict in what it
takes; and that render(parse(text)) gives back every byte shows that padding,
trailing blanks and the order of lines are as they should be.  The widths in the
render functions are written down from the files' descriptions.
"""
import re

ORDERS = 11
TYPES = ["Unmovable", "Movable", "Reclaimable", "HighAtomic", "Isolate"]
ZONES = ["DMA", "DMA32", "Normal", "Movable", "Device"]
WATERMARKS = ["min", "low", "high", "promo"]
NUMA = ["numa_hit", "numa_miss", "numa_foreign", "numa_interleave", "numa_local", "numa_other"]


class FormatError(Exception):
    """The text is not in the format."""


def need(pattern, line):
    match = re.fullmatch(pattern, line)
    if not match:
        raise FormatError(f"line {line!r} does not match {pattern!r}")
    return match


def text_lines(text):
    if not text.endswith("\n"):
        raise FormatError("no newline at the end")
    return text[:-1].split("\n")


def label(node, zone):
    return f"Node {node}, zone {zone:>8} "


LABEL = r"Node (\d+), zone +(\w+) "


# ---- buddyinfo: [(node, zone, [count by order])] ----

def parse_buddyinfo(text):
    rows = []
    for line in text_lines(text):
        match = need(LABEL + rf"((?: *\d+ ){{{ORDERS}}})", line)
        rows.append((int(match[1]), match[2], [int(n) for n in match[3].split()]))
    return rows


def render_buddyinfo(rows):
    return "".join(label(node, zone) + "".join(f"{n:6d} " for n in counts) + "\n"
                   for node, zone, counts in rows)


# ---- extfrag_index, unusable_index: [(node, zone, [thousandths by order])] ----

def parse_index(text):
    rows = []
    for line in text_lines(text):
        match = need(LABEL + rf"((?: *-?\d+\.(?:\d{{3}}|-\d{{2,3}}) ){{{ORDERS}}})", line)
        values = []
        for word in match[3].split():
            whole, part = word.split(".")
            values.append(int(whole) * 1000 + int(part))
        rows.append((int(match[1]), match[2], values))
    return rows


def c_divide(n, d):
    quotient = abs(n) // d
    quotient = -quotient if n < 0 else quotient
    return quotient, n - quotient * d


def c_03d(n):
    """%03d counts the sign."""
    return f"-{-n:02d}" if n < 0 else f"{n:03d}"


def render_index(rows, width):
    text = ""
    for node, zone, values in rows:
        text += label(node, zone)
        for value in values:
            whole, part = c_divide(value, 1000)
            text += f"{whole:{width}d}.{c_03d(part)} "
        text += "\n"
    return text


def render_extfrag(rows):
    return render_index(rows, 2)


def render_unusable(rows):
    return render_index(rows, 1)


# ---- pagetypeinfo: [node section], see parse_pagetypeinfo_node ----

def parse_pagetypeinfo(text):
    lines = text_lines(text)
    sections = []
    while lines:
        sections.append(parse_pagetypeinfo_node(lines))
    return sections


def parse_pagetypeinfo_node(lines):
    """{"order", "pages", "types", "free": [(node, zone, type, [(capped, n)])], "blocks"}"""
    section = {"free": [], "blocks": []}
    section["order"] = int(need(r"Page block order: (\d+)", lines.pop(0))[1])
    section["pages"] = int(need(r"Pages per block:  (\d+)", lines.pop(0))[1])
    need("", lines.pop(0))
    need("Free pages count per migrate type at order .*", lines.pop(0))
    while lines and lines[0]:
        match = need(r"Node +(\d+), zone +(\w+), type +(\w+) "
                     rf"((?:>? *\d+ ){{{ORDERS}}})", lines.pop(0))
        counts = [(word.startswith(">"), int(word.lstrip(">")))
                  for word in re.sub("> +", ">", match[4]).split()]
        section["free"].append((int(match[1]), match[2], match[3], counts))
    need("", lines.pop(0))
    section["types"] = need("Number of blocks type (.*)", lines.pop(0))[1].split()
    while lines and lines[0].startswith("Node"):
        match = need(LABEL + rf"((?: *\d+ ){{{len(section['types'])}}})", lines.pop(0))
        section["blocks"].append((int(match[1]), match[2], [int(n) for n in match[3].split()]))
    return section


def render_pagetypeinfo(sections):
    text = ""
    for section in sections:
        text += f"Page block order: {section['order']}\n"
        text += f"Pages per block:  {section['pages']}\n\n"
        text += f"{'Free pages count per migrate type at order':<43} "
        text += "".join(f"{order:6d} " for order in range(ORDERS)) + "\n"
        for node, zone, mtype, counts in section["free"]:
            text += f"Node {node:4d}, zone {zone:>8}, type {mtype:>12} "
            text += "".join(f"{'>' if capped else ''}{n:6d} " for capped, n in counts) + "\n"
        text += f"\n{'Number of blocks type ':<23}"
        text += "".join(f"{mtype:>12} " for mtype in section["types"]) + "\n"
        for node, zone, counts in section["blocks"]:
            text += label(node, zone) + "".join(f"{n:12d} " for n in counts) + "\n"
    return text


# ---- zoneinfo: [zone dictionary] ----

ITEM = r"      (\w+) +(\d+)"


def parse_items(lines):
    """Lines with a counter's name and value, as long as they come."""
    items = []
    while lines and re.fullmatch(ITEM, lines[0]):
        match = re.fullmatch(ITEM, lines.pop(0))
        items.append((match[1], int(match[2])))
    return items


def parse_pages(lines):
    """The block from "pages free" on: [(label, value)]."""
    pages = [("free", int(need(r"  pages free     (\d+)", lines.pop(0))[1]))]
    while lines and re.fullmatch(r"        \w+ +\d+", lines[0]):
        match = need(r"        (\w+) +(\d+)", lines.pop(0))
        pages.append((match[1], int(match[2])))
    return pages


def parse_pagesets(lines):
    """[(cpu, count, high, batch, threshold)]"""
    need("  pagesets", lines.pop(0))
    sets = []
    while lines and lines[0].startswith("    cpu:"):
        sets.append((int(need(r"    cpu: (\d+)", lines.pop(0))[1]),
                     int(need(r"              count: (\d+)", lines.pop(0))[1]),
                     int(need(r"              high:  (\d+)", lines.pop(0))[1]),
                     int(need(r"              batch: (\d+)", lines.pop(0))[1]),
                     int(need(r"  vm stats threshold: (\d+)", lines.pop(0))[1])))
    return sets


def parse_zone(lines):
    match = need(r"Node (\d+), zone +(\w+)", lines.pop(0))
    zone = {"node": int(match[1]), "name": match[2]}
    if lines[0] == "  per-node stats":
        lines.pop(0)
        zone["node_items"] = parse_items(lines)
    zone["pages"] = parse_pages(lines)
    match = need(r"        protection: \((-?\d+(?:, -?\d+)*)\)", lines.pop(0))
    zone["protection"] = [int(n) for n in match[1].split(", ")]
    zone.update(zone["pages"])
    if zone["present"]:
        zone["items"] = parse_items(lines)
        zone["pagesets"] = parse_pagesets(lines)
        zone["unreclaimable"] = int(need(r"  node_unreclaimable:  (\d+)", lines.pop(0))[1])
        zone["start_pfn"] = int(need(r"  start_pfn:           (\d+)", lines.pop(0))[1])
    return zone


def parse_zoneinfo(text):
    lines = text_lines(text)
    zones = []
    while lines:
        zones.append(parse_zone(lines))
    return zones


def render_items(items):
    return "".join(f"\n      {name:<12} {value}" for name, value in items)


def render_pages(pages):
    text = f"\n  pages free     {pages[0][1]}"
    return text + "".join(f"\n        {name:<9}{value}" for name, value in pages[1:])


def render_pagesets(sets):
    text = "\n  pagesets"
    for cpu, count, high, batch, threshold in sets:
        text += f"\n    cpu: {cpu}\n              count: {count}\n              high:  {high}"
        text += f"\n              batch: {batch}\n  vm stats threshold: {threshold}"
    return text


def render_zoneinfo(zones):
    text = ""
    for zone in zones:
        text += f"Node {zone['node']}, zone {zone['name']:>8}"
        if "node_items" in zone:
            text += "\n  per-node stats" + render_items(zone["node_items"])
        text += render_pages(zone["pages"])
        text += f"\n        protection: ({', '.join(str(n) for n in zone['protection'])})"
        if zone["present"]:
            text += render_items(zone["items"]) + render_pagesets(zone["pagesets"])
            text += f"\n  node_unreclaimable:  {zone['unreclaimable']}"
            text += f"\n  start_pfn:           {zone['start_pfn']}"
        text += "\n"
    return text


# ---- vmstat: [(name, value)] ----

def parse_vmstat(text):
    return [(match[1], int(match[2]))
            for match in (need(r"(\w+) (\d+)", line) for line in text_lines(text))]


def render_vmstat(rows):
    return "".join(f"{name} {value}\n" for name, value in rows)


FORMATS = {
    "buddyinfo": (parse_buddyinfo, render_buddyinfo),
    "pagetypeinfo": (parse_pagetypeinfo, render_pagetypeinfo),
    "zoneinfo": (parse_zoneinfo, render_zoneinfo),
    "vmstat": (parse_vmstat, render_vmstat),
    "extfrag/extfrag_index": (parse_index, render_extfrag),
    "extfrag/unusable_index": (parse_index, render_unusable),
}

# Where the kernel keeps the file of this name.
KERNEL_BASE = {name: "/sys/kernel/debug" if "/" in name else "/proc" for name in FORMATS}


def parse(name, text):
    """Parses a file, and insists that nothing of it got lost."""
    parser, render = FORMATS[name]
    value = parser(text)
    again = render(value)
    if again != text:
        for got, wanted in zip(text.split("\n"), again.split("\n")):
            if got != wanted:
                raise FormatError(f"{name}: {got!r} should be {wanted!r}")
        raise FormatError(f"{name}: length {len(text)} should be {len(again)}")
    return value
