"""Rows that stand beside a track, unranked: made by other rules, or predictions from outside."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from fer_bench.records.score import Score
from fer_bench.reports import describe
from fer_bench.reports.leaderboard.face_intervals import Interval, alone
from fer_bench.reports.leaderboard.ranking import accuracy
from fer_bench.reports.row import Row
from fer_bench.reports.scores import comparable, of_version
from fer_bench.statistics.summary import Summary

NOT_STATED = "not stated"


@dataclass(frozen=True)
class Beside:
    """One such row on one set of test faces.

    Attributes:
        row: its scores.
        rules: the protocol version, in words.
        accuracy: over all faces, of the last epoch (or of what was submitted).
        interval: 95 %, over people or faces.
        balanced, macro_f1: over seeds or submissions.
        pretraining, extra_data, landmarks, paper, code, year: what is stated of it.
        trained_on, may_have_seen: of a tool that people install; else None.
        common: accuracy among the classes that it knows, where it does not know all.
        notes: short marks beside its name.
    """

    row: Row
    rules: str
    accuracy: Summary
    interval: Interval
    balanced: Summary | None
    macro_f1: Summary | None
    pretraining: str
    extra_data: str
    landmarks: str
    paper: str
    code: str
    year: str
    trained_on: str | None
    may_have_seen: str | None
    common: Summary | None
    notes: tuple[str, ...]

    @property
    def backbone(self) -> str:
        """As far as it is known."""
        return " or ".join(str(v) for v in self.row.said("backbone") if v) or NOT_STATED

    @property
    def off_the_shelf(self) -> bool:
        """Whether it is a trained tool that people install."""
        return self.may_have_seen is not None


def beside(rows: Iterable[Row], dataset: str, set_: str, current: int) -> tuple[Beside, ...]:
    """Those of `rows` that belong to a board, newest rules and best accuracy first.

    Args:
        rows: the rows that stand apart, or the external ones.
        dataset: the board's.
        set_: its test faces.
        current: the protocol version of the ranked rows.
    """
    mine = [row for row in rows if row.dataset == dataset and row.summary("accuracy", set_)]
    found = [_beside(row, set_, current) for row in mine]
    return tuple(sorted(found, key=lambda b: (-b.row.protocol, -b.accuracy.mean, b.row.model)))


def load_external(folder: Path | None) -> list[Row]:
    """The scores of submitted predictions, `results/external/<dataset>/<model>/<run>.json`.

    Raises:
        FerBenchError: a file is no score file, or is not the one its path says.
    """
    rows = []
    for place in sorted(folder.glob("*/*")) if folder else []:
        if not place.is_dir():
            continue
        cells = tuple(Score.read(file) for file in sorted(place.glob("*.json")))
        sets = frozenset(name for cell in cells for name in cell.sets)
        whole = Row(place.parent.name, place.name, place.name, None, False, len(cells), cells, sets)
        for number in {comparable(cell) for cell in cells}:
            part = of_version(whole, number)
            rows.append(replace(part, wanted=len(part.cells)))
    return rows


def _beside(row: Row, set_: str, current: int) -> Beside:
    mean = accuracy(row, set_)
    card = row.card or {}
    stated = {key: str(card.get(key) or NOT_STATED) for key in ("landmarks", "paper", "code")}
    return Beside(
        row=row,
        rules=describe.rules(row.protocol),
        accuracy=mean,
        interval=alone(row, set_),
        balanced=row.summary("balanced_accuracy", set_),
        macro_f1=row.summary("macro_f1", set_),
        pretraining=str(card.get("pretraining") or describe.pretrained(row)),
        extra_data=str(card.get("extra_data") or row.init_from or "none"),
        year=str(card.get("year") or NOT_STATED),
        trained_on=card.get("trained_on"),
        may_have_seen=card.get("may_have_seen"),
        common=row.summary("accuracy", set_, "common_classes"),
        notes=tuple(_notes(row, set_, current)),
        **stated,
    )


def _notes(row: Row, set_: str, current: int) -> Iterator[str]:
    if row.partial(set_):
        yield "partial data"
    if row.protocol != current:
        yield describe.rules(row.protocol)
