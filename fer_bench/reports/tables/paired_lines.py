"""Which rows of a section are tested against each other, on the faces that they share."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from fer_bench.reports.compare.blocks import written
from fer_bench.reports.compare.same_faces import comparisons, corrected, row_key
from fer_bench.reports.formatting import READING, fold
from fer_bench.reports.relations import masked_base
from fer_bench.reports.row import Row
from fer_bench.reports.tables.lines import Line
from fer_bench.reports.tables.sections import TableSection
from fer_bench.reports.tables.spec import TableSpec
from fer_bench.row_names import split_transferred, transferred
from fer_bench.statistics.corrections import MARGIN
from fer_bench.statistics.wording import Judged, short, signed

Pair = tuple[Line, Line]
HOW = fold(READING, "\n").partition("\n")[0]
"""How the block begins that is the same below every table of pairs."""
WAYS = ("fine-tuned", "masked only")
"""The two ways to train for masks that `TableSpec.pairs` may name."""


@dataclass(frozen=True)
class _Group:
    """The pairs of one section and part, which are tested on the same faces.

    Attributes:
        rows: the rows that pairs name.
        pairs: row keys.
        labels: what a row is called, by row key.
    """

    section: TableSection
    part: str
    rows: list[Row]
    pairs: list[tuple[str, str]]
    labels: dict[str, str]


def compared_blocks(
    spec: TableSpec, sections: Sequence[TableSection], cache: Path | None
) -> list[list[str]]:
    """Markdown of each section's paired comparisons, part by part; empty without any.

    Holm's correction is over all pairs of the table.

    Args:
        spec: which pairs the table names.
        sections: with their lines; both rows of a pair must have been measured on the set.
        cache: `runs/.statistics`, or None.
    """
    tested = _tested(spec, sections, cache)
    return [
        [block for group, judged in tested if group.section is section
         for block in _blocks(group, judged)]
        for section in sections
    ]  # fmt: skip


def verdicts(
    spec: TableSpec, sections: Sequence[TableSection], cache: Path | None
) -> dict[tuple[str, str, str], str]:
    """In words, of each pair of the table, by the key of its first row, set and part."""
    found: dict[tuple[str, str, str], list[str]] = {}
    for group, judged in _tested(spec, sections, cache):
        for one in judged:
            c = one.comparison
            names = group.labels[c.one], group.labels[c.other]
            text = f"minus {names[1]}: {signed(c.difference)}; {short(one, *names)}"
            found.setdefault((c.one, group.section.set, group.part), []).append(text)
    return {key: " / ".join(texts) for key, texts in found.items()}


def _tested(
    spec: TableSpec, sections: Sequence[TableSection], cache: Path | None
) -> list[tuple[_Group, list[Judged]]]:
    groups = [_group(spec, s, part) for s in sections for part in parts_of(spec, s)]
    found = [comparisons(g.rows, g.section.set, g.part, g.pairs, cache) for g in groups]
    where = "in all of" if sum(map(bool, found)) > 1 else "of"  # a section shows only its own
    family = f"the {{}} {where} Table {spec.number}"
    rows = [row for group in groups for row in group.rows]
    return list(zip(groups, corrected(found, rows, MARGIN, family), strict=True))


def _blocks(group: _Group, judged: Sequence[Judged]) -> list[str]:
    return written(
        judged, group.rows, group.pairs, group.section.set, group.part, labels=group.labels
    )


def _group(spec: TableSpec, section: TableSection, part: str) -> _Group:
    found = [(a, b) for a, b in pairs(spec, section, part) if a.row and b.row]
    lines = {row_key(line.row): line for pair in found for line in pair if line.row}
    return _Group(
        section,
        part,
        [line.row for line in lines.values() if line.row],
        [(row_key(a.row), row_key(b.row)) for a, b in found if a.row and b.row],
        {key: line.label.partition(":")[0] for key, line in lines.items()},
    )


def explained_once(blocks: Sequence[str], before: bool) -> list[str]:
    """Blocks of several comparisons on one page: how to read them is said with the first only.

    Args:
        blocks: as `compared_blocks` returns them.
        before: whether it was said above.
    """
    kept = []
    for block in blocks:
        kept += [] if before and block.startswith(HOW) else [block]
        before = before or block.startswith(HOW)
    return kept


def parts_of(spec: TableSpec, section: TableSection) -> list[str]:
    """The parts that are compared: in a table about subsets those, else the whole set."""
    if not spec.by_subset:
        return ["all"]
    subsets = dict.fromkeys(line.subset for line in section.lines if line.measured)
    return [name for name in subsets if name != "all" and not name.endswith("_as_listed")]


def pairs(spec: TableSpec, section: TableSection, part: str = "all") -> Iterator[Pair]:
    """The measured pairs of lines, in the order of the declaration."""
    lines = [line for line in section.lines if line.measured and line.model]
    lines = [line for line in lines if (line.set, line.subset) == (section.set, part)]
    if spec.masked:
        yield from _ways(spec, section, lines)
        return
    for one, other in spec.pairs:
        for line in _of(one, lines):
            rivals = [rival for rival in _of(other, lines) if rival.dataset == line.dataset]
            yield from ((line, rival) for rival in rivals)


def _of(model: str, lines: Sequence[Line]) -> list[Line]:
    return [line for line in lines if split_transferred(line.model)[0] == model]


def _ways(spec: TableSpec, section: TableSection, lines: Sequence[Line]) -> Iterator[Pair]:
    """For each model the pairs of ways to train for masks."""
    base = masked_base(section.set) or ""
    for row in spec.rows:
        names = dict(zip(WAYS, (transferred(row.model, base), row.model), strict=True))
        found = {
            way: line
            for way, name in names.items()
            for line in lines
            if (line.dataset, line.model) == (section.set, name)
        }
        for one, other in spec.pairs:
            if one in found and other in found:
                yield found[one], found[other]
