# SPDX-License-Identifier: GPL-2.0
"""What build/replay/replay wrote, read into plain objects.

Samples of samples.txt and the buddyinfo of the same moments; the formats are
described at the top of scripts/replay/replay.c.  Nothing here draws or prints.
"""

import dataclasses
import pathlib

MAX_ORDER = 10


@dataclasses.dataclass
class Zone:
    """A zone's place in the region, in pageblocks, and its pcp limits in pages."""
    node: int
    name: str
    first_block: int
    nr_blocks: int
    batch: int


@dataclasses.dataclass
class Sample:
    """The shadow after `op` operations; lists have an entry for each pageblock."""
    op: int
    time_us: int
    stats: dict
    types: str = ""
    free: list = dataclasses.field(default_factory=list)
    pcp: list = dataclasses.field(default_factory=list)
    buddyinfo: dict = dataclasses.field(default_factory=dict)


@dataclasses.dataclass
class Recording:
    """A whole run: shape of the machine, phases of the work, samples."""
    block_pages: int = 0
    base_pfn: int = 0
    zones: list = dataclasses.field(default_factory=list)
    phases: list = dataclasses.field(default_factory=list)
    samples: list = dataclasses.field(default_factory=list)

    @property
    def nr_blocks(self):
        """Pageblocks of the region."""
        return len(self.samples[0].types)


def _pairs(words):
    return dict(word.split("=", 1) for word in words)


def _zone(rec, fields):
    first = (int(fields["start_pfn"]) - rec.base_pfn) // rec.block_pages
    return Zone(int(fields["node"]), fields["name"], first,
                int(fields["spanned"]) // rec.block_pages, int(fields["batch"]))


def _take_line(rec, word, rest):
    """One line of samples.txt; `rest` are the words behind the first."""
    if word == "machine":
        fields = _pairs(rest)
        rec.base_pfn = int(fields["base_pfn"])
        rec.block_pages = int(fields["block_pages"])
    elif word == "zone":
        rec.zones.append(_zone(rec, _pairs(rest)))
    elif word == "phase":
        fields = _pairs(rest)
        rec.phases.append((int(fields["op"]), fields["name"]))
    elif word == "sample":
        fields = _pairs(rest)
        rec.samples.append(Sample(int(fields["op"]), int(fields["time_us"]), {}))
    elif word == "stats":
        rec.samples[-1].stats = {k: int(v) for k, v in _pairs(rest).items()}
    elif word == "types":
        rec.samples[-1].types = rest[0]
    elif word in ("free", "pcp"):
        setattr(rec.samples[-1], word, [int(n) for n in rest])
    else:
        raise ValueError(f"unknown line '{word}'")


def parse_buddyinfo(line):
    """'Node 0, zone   Normal   1 2 ...' as ((node, zone), counts by order)."""
    head, _, tail = line.partition(", zone")
    name, *counts = tail.split()
    return (int(head.split()[1]), name), [int(n) for n in counts]


def _read_buddyinfo(path, samples):
    it = iter(samples)
    sample = None
    for line in path.read_text().splitlines():
        if line.startswith("#"):
            sample = next(it)
        else:
            key, counts = parse_buddyinfo(line)
            sample.buddyinfo[key] = counts


def read(directory):
    """Reads samples.txt and buddyinfo.txt of a directory."""
    directory = pathlib.Path(directory)
    rec = Recording()
    for line in (directory / "samples.txt").read_text().splitlines():
        if not line.startswith("#"):
            word, *rest = line.split()
            _take_line(rec, word, rest)
    if not rec.samples:
        raise ValueError(f"{directory}/samples.txt holds no sample")
    _read_buddyinfo(directory / "buddyinfo.txt", rec.samples)
    return rec


def unusable_index(counts, order):
    """Share of free memory that lies in blocks too small for `order`, 0 to 1."""
    free = sum(n << o for o, n in enumerate(counts))
    usable = sum(n << o for o, n in enumerate(counts) if o >= order)
    return (free - usable) / free if free else 0.0
