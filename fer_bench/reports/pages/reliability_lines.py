"""The CSV of the page on label reliability: every number on a line."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields

from fer_bench.records.reliability import Reliability
from fer_bench.reports.columns import Columns, cell, plain
from fer_bench.reports.reported import Reported
from fer_bench.reports.twice_rated import Reached, TwiceRated

CAST, COPIED = "label_csv", "fer2013new"
"""The two files of votes."""
MEASURES = (
    "over_pairs", "over_groups", "whole_groups", "kappa", "kappa_over_groups", "of_labelled",
    "in_mix",
)  # fmt: skip


@dataclass(frozen=True)
class Line:
    """A line of the CSV: percent with four decimals, κ as it is.

    Attributes:
        dataset: the set.
        part: `votes`, `agreement`, `class`, `reported` or `model`.
        file: of votes.
        rule: by which votes become a label.
        where: the pairs' places.
        item: the class or model that it is about.
        measure: what the value is.
        n: pairs, groups or faces; empty where it is not known.
        value, low, high: and its 95 % interval, where it has one.
    """

    dataset: str
    part: str
    file: str
    rule: str
    where: str
    item: str
    measure: str
    n: int | str
    value: str
    low: str = ""
    high: str = ""


COLUMNS: Columns[Line] = tuple(
    plain(f.name, lambda line, name=f.name: getattr(line, name))  # type: ignore[misc]
    for f in fields(Line)
)


def measured(record: Reliability) -> Iterator[Line]:
    """What the copies say."""
    for x in record.votes:
        for measure in ("equal_votes", "same_largest"):
            value = cell(x[measure] / x["pairs"]) if x["pairs"] else ""
            yield Line(record.dataset, "votes", x["file"], "", x["where"], "", measure,
                       x["pairs"], value)  # fmt: skip
    for x in record.agreement:
        at = (record.dataset, "agreement", x["file"], x["rule"], x["where"], "")
        for measure in MEASURES:
            n = x["pairs"] if measure in ("over_pairs", "kappa") else x["groups"]
            yield Line(*at, measure, n, *_cells(x[measure], 1 if "kappa" in measure else 100))
    for x in record.classes:
        yield Line(record.dataset, "class", CAST, x["rule"], x["where"], x["outcome"], "agreement",
                   x["groups"], *_cells(x))  # fmt: skip


def _cells(estimate: Mapping[str, float | None], scale: float = 100) -> tuple[str, str, str]:
    low, high = cell(estimate["low"], scale), cell(estimate["high"], scale)
    return cell(estimate["value"], scale), low, high


def of_papers(found: Sequence[Reported]) -> Iterator[Line]:
    """What papers report."""
    for r in found:
        value = cell(r.percent, 1)
        yield Line(r.dataset, "reported", "", "", "", r.model, "accuracy", "", value)


def of_models(dataset: str, rows: Sequence[Reached], faces: TwiceRated) -> Iterator[Line]:
    """What models reach, means over seeds."""
    twice, conflict = len(faces.own), int(faces.conflict.sum())
    for x in rows:
        found = (
            ("accuracy", x.row.sizes(dataset)[0], x.all),
            ("own", twice, x.own),
            ("other", twice, x.other),
            ("conflict_own", conflict, x.conflict_own),
            ("conflict_other", conflict, x.conflict_other),
        )
        for measure, n, summary in found:
            value = cell(summary.mean if summary else None)
            yield Line(dataset, "model", "", "", "", x.row.model, measure, n, value)
