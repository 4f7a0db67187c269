"""Rows compared on the same faces, as blocks below a table.

Numbers and wording come from `fer_bench.statistics`; here they become Markdown.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from fer_bench.reports.columns import Columns, page_table, shown
from fer_bench.reports.compare.same_faces import (
    Labels,
    Pair,
    labels_of,
    row_key,
    untested,
)
from fer_bench.reports.describe import subset_title
from fer_bench.reports.formatting import NOTHING, count
from fer_bench.reports.row import Row
from fer_bench.statistics.corrections import MARGIN
from fer_bench.statistics.pairs import SEEDS_NEEDED, Comparison
from fer_bench.statistics.wording import (
    Judged,
    about_training,
    margin_text,
    p_value,
    points,
    sentence,
    short,
)

EXPLANATION = """\
Difference: first minus second, points of mean accuracy over seeds. Interval and bootstrap p are
over faces; where both have 3 seeds or more, over faces and seeds (marked `*`). McNemar's exact test
compares two runs of the same seed. Holm p is corrected for {pairs}; a difference is claimed below
0.05. Equivalent: the 90 % interval lies inside ±{margin}."""
FOLDED = """\
Faces of one person are alike, but count here as independent: these intervals are too narrow."""


def written(
    found: Sequence[Judged],
    rows: Sequence[Row],
    pairs: Sequence[Pair],
    set_: str,
    part: str,
    *,
    labels: Labels = None,
    margin: float = MARGIN,
) -> list[str]:
    """Pairs on one part of one set as Markdown blocks.

    Args:
        found: the pairs that were compared, in the order of the table.
        rows: the rows that pairs name; those not measured on the set are skipped.
        pairs: row keys, first minus second; those not in `found` are explained.
        set_: the set they were scored on.
        part: the part of the set.
        labels: what a row is called, by row key; by default its model.
        margin: of equivalence, as a fraction.

    Returns:
        Heading, table, explanation and sentences; empty where no pair was measured.
    """
    measured = {row_key(row) for row in rows if row.has(set_, part)}
    wanted = [pair for pair in dict.fromkeys(pairs) if measured.issuperset(pair)]
    if not wanted:
        return []
    called = labels_of(rows, labels)
    where = set_ if part == "all" else f"{set_}, {subset_title(part)} faces"
    blocks = [f"**Compared on the same faces** ({where})"]
    if found:
        blocks += _blocks(found, called, margin)
        if any(row.folded for row in rows):
            blocks.append(FOLDED)
    tested = {(j.comparison.one, j.comparison.other) for j in found}
    rest = [pair for pair in wanted if pair not in tested]
    blocks += [_escaped(text) for text in untested(rows, rest, set_, part, called)]
    return blocks


def _blocks(found: Sequence[Judged], called: Mapping[str, str], margin: float) -> list[str]:
    """Table, explanation and a sentence a pair."""
    named = [NamedPair(one, *_names(one.comparison, called)) for one in found]
    family = found[0].pairs
    pairs = "this 1 pair" if family == 1 else f"the {family} pairs of this table"
    explanation = EXPLANATION.format(pairs=pairs, margin=margin_text(margin))
    c = [one.comparison for one in found]
    few = min(min(len(one.seeds_one), len(one.seeds_other)) for one in c)
    if few < SEEDS_NEEDED:
        explanation += f" {about_training(few)}"
    said = [sentence(*one, alone=False) for one in named]
    return [
        page_table(COLUMNS, named),
        explanation,
        "\n".join(f"- {_escaped(text)}" for text in said),
    ]


def _names(c: Comparison, called: Mapping[str, str]) -> tuple[str, str]:
    return called[c.one], called[c.other]


def _escaped(text: str) -> str:
    return text.replace("|", "\\|")


class NamedPair(NamedTuple):
    """A compared pair with what its rows are called."""

    judged: Judged
    one: str
    other: str

    @property
    def numbers(self) -> Comparison:
        """What was found."""
        return self.judged.comparison


def _seeds(c: Comparison) -> str:
    return " and ".join(map(str, dict.fromkeys((len(c.seeds_one), len(c.seeds_other)))))


def _interval(c: Comparison) -> str:
    return f"{points(c.main.low)} to {points(c.main.high)}{'*' if c.both else ''}"


COLUMNS: Columns[NamedPair] = (
    shown("Pair", lambda p: _escaped(f"{p.one} − {p.other}"), left=True),
    shown("n", lambda p: count(p.numbers.n)),
    shown("Seeds", lambda p: _seeds(p.numbers)),
    shown("Difference", lambda p: points(p.numbers.difference)),
    shown("95 % interval", lambda p: _interval(p.numbers)),
    shown(
        "McNemar p by seed", lambda p: ", ".join(p_value(t.p) for t in p.numbers.mcnemar) or NOTHING
    ),
    shown("Bootstrap p", lambda p: p_value(p.numbers.main.p)),
    shown("Holm p", lambda p: p_value(p.judged.holm_p)),
    shown("Verdict", lambda p: _escaped(short(*p)), left=True),
)
