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
from fer_bench.reports.formatting import NOTHING, READING, count, fold
from fer_bench.reports.machines import differences
from fer_bench.reports.row import Row
from fer_bench.statistics.corrections import FEW_DISCORDANT, MARGIN
from fer_bench.statistics.pairs import SEEDS_NEEDED, Comparison
from fer_bench.statistics.power import shown_by
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
Difference: first minus second, points of mean accuracy over seeds. Where both have 5 seeds or more,
interval and p are over {units} and seeds (marked `*`), and the verdict is on the models; with fewer
they are over {units}, about these networks alone. Where fewer than {few} {units} speak for either
side, the exact sign test over them may raise p above what the interval suggests.
McNemar's exact test compares two runs of the same seed, where no two faces are of one person.
Holm p is corrected for {pairs}; a difference is claimed below 0.05. Equivalent: the 90 % interval
lies inside ±{margin}; **equal within** is the smallest margin of which that holds."""
OTHER_MACHINES = "Trained on different machines, to which part of the difference may be due:"
STRANGERS = (
    "Nobody says who is on these faces: where several are of one person, intervals are too narrow."
)


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
        Heading, table, its power, and folded how to read it and what it says in words; empty where
        no pair was measured.
    """
    measured = {row_key(row) for row in rows if row.has(set_, part)}
    wanted = [pair for pair in dict.fromkeys(pairs) if measured.issuperset(pair)]
    if not wanted:
        return []
    called = labels_of(rows, labels)
    where = set_ if part == "all" else f"{set_}, {subset_title(part)} faces"
    blocks = [f"### Compared on the same faces ({where})"]
    if found:
        blocks += _blocks(found, called, margin)
        if any(judged.comparison.people is None for judged in found):
            blocks.append(STRANGERS)
        if apart := _on_other_machines(found, rows, called):
            blocks.append(apart)
    tested = {(j.comparison.one, j.comparison.other) for j in found}
    rest = [pair for pair in wanted if pair not in tested]
    blocks += [_escaped(text) for text in untested(rows, rest, set_, part, called)]
    return [block for block in blocks if block]


def _blocks(found: Sequence[Judged], called: Mapping[str, str], margin: float) -> list[str]:
    """Table, its power, and behind folds how to read it and a sentence a pair."""
    named = [NamedPair(one, *_names(one.comparison, called)) for one in found]
    family = found[0].family or f"these {found[0].pairs} pairs"
    units = "people" if any(one.comparison.people for one in found) else "faces"
    explanation = EXPLANATION.format(
        pairs=family, margin=margin_text(margin), units=units, few=FEW_DISCORDANT
    )
    c = [one.comparison for one in found]
    few = min(min(len(one.seeds_one), len(one.seeds_other)) for one in c)
    about = about_training(few) if few < SEEDS_NEEDED else ""
    shown = [points(shown_by(one.main.low, one.main.high)) for one in c if one.units > 1]
    power = ""
    if shown:
        ends = " to ".join(dict.fromkeys((min(shown, key=float), max(shown, key=float))))
        power = f"With 80 % power these pairs could have shown {ends} points."
    said = [sentence(*one, alone=False) for one in named]
    return [
        page_table(COLUMNS, named),
        power,
        fold(READING, explanation),
        fold("In words", about, "\n".join(f"- {_escaped(text)}" for text in said)),
    ]


def _on_other_machines(
    found: Sequence[Judged], rows: Sequence[Row], called: Mapping[str, str]
) -> str:
    """The pairs whose rows were trained on different machines, by what differed."""
    of = {row_key(row): row for row in rows}
    pairs: dict[str, list[str]] = {}
    for c in (judged.comparison for judged in found):
        if apart := differences(of[c.one], of[c.other]):
            name = " − ".join(_names(c, called))
            pairs.setdefault("; ".join(apart), []).append(_escaped(name))
    said = [f"{', '.join(names)} ({apart})" for apart, names in pairs.items()]
    return f"{OTHER_MACHINES} {'; '.join(said)}." if said else ""


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
    shown("Faces", lambda p: count(p.numbers.n)),
    shown("People", lambda p: count(p.numbers.people) if p.numbers.people else NOTHING),
    shown("Seeds", lambda p: _seeds(p.numbers)),
    shown("Difference", lambda p: points(p.numbers.difference)),
    shown("95 % interval", lambda p: _interval(p.numbers)),
    shown(
        "McNemar p by seed", lambda p: ", ".join(p_value(t.p) for t in p.numbers.mcnemar) or NOTHING
    ),
    shown("p", lambda p: p_value(p.numbers.main.p)),
    shown("Holm p", lambda p: p_value(p.judged.holm_p)),
    shown("Equal within", lambda p: points(p.judged.least_margin)),
    shown("Verdict", lambda p: _escaped(short(*p)), left=True),
)
