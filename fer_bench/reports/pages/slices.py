"""Accuracy by group of people: who is read worse, by how much, and what the faces cannot say."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from fer_bench.reports import columns, describe
from fer_bench.reports.columns import Columns, of_row, over_seeds, page_table, plain, share
from fer_bench.reports.compare.same_faces import slice_interval
from fer_bench.reports.formatting import count, fold, opening, percent
from fer_bench.reports.pages.groups import SMALL, Group, is_unknown, sentences
from fer_bench.reports.row import Row
from fer_bench.reports.scores import Scores
from fer_bench.reports.tables.spec import HEADLINES
from fer_bench.statistics.summary import Summary, summarise
from fer_bench.statistics.wording import FEWEST_UNITS

TITLE = "Groups of people"
SHOWS = "Accuracy by age, gender and other groups, with intervals."
INTRODUCTION = f"""\
# Accuracy by group

How much does accuracy on a test set differ between groups of the people in it?

All numbers are percent, of the `last` epoch; mean ± sample standard deviation (n − 1) over seeds.
The **95 % interval** is of the mean accuracy over the group's people (bootstrap); where nobody
knows them, Wilson's over its faces: how far chance in *who* is in the group may have moved it.
**Balanced** is the mean recall over the classes that the group has faces of; groups express
different things, so look at it beside the accuracy. The interval of a gap is Newcombe's method 10
(Stat. Med. 17, 1998) from the two intervals.

What these numbers are not:

- Groups are labels that annotators gave by looking at a photograph (on rendered faces: what was
  drawn), not what people say of themselves, and annotators err.
- Where nobody knows the people, intervals take faces as independent, and are too narrow if one
  person has several.
- Best and worst are picked after looking: of several equal groups, one is always worst, and the gap
  between best and worst is above 0 by chance alone. Intervals are not corrected for the picking.
- A gap does not say why: groups differ in expressions, pose, age, light and label quality as well.
- Groups under {SMALL} faces or {FEWEST_UNITS} people are listed and marked, but too small to rank:
  so few people do not show how much people differ, and their intervals are no evidence.

Where a set has models of its own, those trained on other datasets stand in slices.csv only, as do
ablations.
"""
NOTHING_MEASURED = "No scored set has labels of groups, so nothing is measured for this page yet."


MARK = " (too few)"


class Slice(NamedTuple):
    """A group of a row's faces on a set."""

    row: Row
    set: str
    column: str
    group: Group


def markdown(scores: Scores) -> str:
    """The page: a section a set, in it a grid a column, then what follows from it."""
    parts = [opening(INTRODUCTION)]
    sections = list(_sections(scores))
    for dataset, set_, rows in sections:
        if dataset == set_ or not scores.of(set_):
            parts += _section(scores, dataset, set_, rows)
    if not sections:
        parts.append(NOTHING_MEASURED)
    return "\n\n".join(parts) + "\n"


def _sections(scores: Scores) -> Iterator[tuple[str, str, list[Row]]]:
    """(trained on, set, rows): own sets first, then those scored with another dataset's models."""
    for dataset, set_ in scores.tested():
        if rows := [row for row in scores.of(dataset) if row.groups(set_)]:
            yield dataset, set_, rows


def _section(scores: Scores, dataset: str, set_: str, rows: list[Row]) -> list[str]:
    on = "" if dataset == set_ else f", by models trained on {dataset}"
    shown = [row for row in rows if row.method in HEADLINES] or rows
    shown = sorted(shown, key=lambda row: row.method != "scan_cci")
    parts = [f"## {describe.title(set_)}{on}", f"{describe.place(shown)} {describe.setup(shown)}"]
    parts += describe.warnings(shown, [set_], scores)
    for column in shown[0].groups(set_):
        parts += [
            f"### {column.replace('_', ' ')}",
            page_table(COLUMNS, _slices(shown, set_, column)),
        ]
        said = [f"- `{row.model}`: {sentences(groups_of(row, set_, column))}" for row in shown]
        parts.append(fold("In words", "\n".join(said)))
    return parts


def _slices(rows: Sequence[Row], set_: str, column: str) -> list[Slice]:
    return [
        Slice(row, set_, column, group) for row in rows for group in groups_of(row, set_, column)
    ]


def groups_of(row: Row, set_: str, column: str) -> list[Group]:
    """A row's groups by one column, in a reader's order, those without a label last."""
    found = row.groups(set_).get(column, {})
    groups = [
        _group(name, seeds, slice_interval(row, set_, column, name))
        for name, seeds in found.items()
        if seeds[0]["n"]
    ]
    return sorted(groups, key=lambda group: (is_unknown(group.name), _natural(group.name)))


def _group(name: str, seeds: Sequence[dict[str, Any]], over: Mapping[str, Any] | None) -> Group:
    accuracy, balanced = (_over(seeds, key) for key in ("accuracy", "balanced_accuracy"))
    if not over or over["people"] is None:
        return Group(name, seeds[0]["n"], accuracy, balanced)
    ends = over["low"], over["high"]
    return Group(name, seeds[0]["n"], accuracy, balanced, over["people"], ends)


def _over(seeds: Sequence[dict[str, Any]], key: str) -> Summary:
    summary = summarise(seed[key] for seed in seeds)
    assert summary is not None, "a group with faces has an accuracy"
    return summary


def _natural(name: str) -> list[tuple[int, int, str]]:
    """So that 4-19 stands before 20-39."""
    pieces = re.findall(r"\d+|\D+", name)
    return [(0, int(p), "") if p.isdigit() else (1, 0, p) for p in pieces]


def _interval(group: Group) -> str:
    low, high = group.interval
    return f"{percent(low)} to {percent(high)}"


def csv_text(scores: Scores) -> str:
    """Every row, set, column and group on a line; numbers in percent with four decimals."""
    found = [
        one
        for _, set_, rows in _sections(scores)
        for row in rows
        for column in row.groups(set_)
        for one in _slices([row], set_, column)
    ]
    return columns.csv_text(COLUMNS, found)


COLUMNS: Columns[Slice] = (
    *of_row(lambda s: s.row, lambda s: s.set),
    plain("column", lambda s: s.column),
    plain("group", lambda s: s.group.name, "Group", left=True),
    columns.shown("Faces", lambda s: count(s.group.n)),
    plain("people", lambda s: s.group.people, "People", lambda s: count(s.group.people)),
    plain("seeds", lambda s: s.group.accuracy.n, "Seeds", lambda s: describe.seeds(s.row)),
    plain("n", lambda s: s.group.n),
    over_seeds("last_accuracy", lambda s: s.group.accuracy, "Accuracy"),
    share("low", lambda s: s.group.interval[0]),
    share("high", lambda s: s.group.interval[1]),
    columns.shown("95 % interval", lambda s: _interval(s.group) + MARK * s.group.small),
    over_seeds("last_balanced_accuracy", lambda s: s.group.balanced, "Balanced"),
    plain("ranked", lambda s: s.group.ranked),
)
