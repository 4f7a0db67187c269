"""A line of a table: a row of ours on one set and subset, or a number the paper reports."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from fer_bench.reports.formatting import NOTHING
from fer_bench.reports.paper import Printed, of_others
from fer_bench.reports.row import Row
from fer_bench.reports.scores import Scores
from fer_bench.reports.tables.spec import RowSpec
from fer_bench.row_names import split_transferred


@dataclass(frozen=True)
class Line:
    """One line of a measured section.

    Attributes:
        label: what the reader sees.
        dataset: what the model was trained on.
        model: the row's name; empty for a row of which no model is here.
        set: what it is scored on.
        subset: the part of the set.
        row: the measurement, None where there is none.
        paper: the printed places this line has, by statistic.
    """

    label: str
    dataset: str
    model: str
    set: str
    subset: str
    row: Row | None
    paper: dict[str, str]

    @property
    def key(self) -> tuple[str, str, str, str]:
        """What makes two lines the same."""
        return self.dataset, self.model or self.label, self.set, self.subset

    @property
    def measured(self) -> bool:
        """Whether the line has a number of ours."""
        return self.row is not None and self.row.has(self.set, self.subset)

    @property
    def cites(self) -> bool:
        """Whether it has a number that the paper gives of another method."""
        return of_others(self.model) and has_number(self.paper)


def printed_lines(printed: Sequence[Printed]) -> list[Line]:
    """The paper's own lines, in printed order, as if nothing had been measured."""
    lines: dict[tuple[str, ...], Line] = {}
    for p in printed:
        label = p.row if p.model else f"{p.row}, reported"
        line = Line(label, p.dataset, p.model, p.set, p.subset, None, {})
        lines.setdefault(line.key, line).paper[p.statistic] = p.printed
    return list(lines.values())


def has_number(paper: Mapping[str, str]) -> bool:
    """Whether any of a line's printed places holds one."""
    return any(printed != NOTHING for printed in paper.values())


def reported(places: Sequence[Printed], rows: Sequence[RowSpec]) -> list[Line]:
    """The lines that the paper only reports, where it has a number.

    Args:
        places: of one set and subset.
        rows: the table's, of which a line is made where they are measured.
    """
    own = {row.model for row in rows}
    known = [p for p in places if p.printed != NOTHING]
    known = [p for p in known if not (p.model and split_transferred(p.model)[0] in own)]
    return printed_lines([replace(p, model="") for p in known])


def ours(
    row_spec: RowSpec,
    scores: Scores,
    places: Sequence[Printed],
    dataset: str,
    set_: str,
    subset: str,
) -> Iterator[Line]:
    """The lines of one declared row: the plain model, then those started from another dataset."""
    here = [p for p in places if p.dataset == dataset]
    for label, model, core in _variants(row_spec, scores, here, dataset):
        row = scores.get(dataset, model)
        still = row is None and bool(scores.collapsed(dataset, rows=[model]))
        label = f"{label} (did not train)" if still else label
        if row and not row.has(set_, subset):
            row = None
        paper = {p.statistic: p.printed for p in here if p.model == model}
        if row or ((core or still) and subset == "all") or has_number(paper):
            yield Line(label, dataset, model, set_, subset, row, paper)


def _variants(
    row_spec: RowSpec, scores: Scores, places: Sequence[Printed], dataset: str
) -> Iterator[tuple[str, str, bool]]:
    """Label, row name, and whether the paper has it, so that a dash stands where it is missing."""
    measured = [row.model for row in scores.of(dataset)]
    printed = [p.model for p in places]
    names = dict.fromkeys([*measured, *printed])
    moved = [name for name in names if split_transferred(name)[0] == row_spec.model]
    moved = [name for name in moved if name != row_spec.model]
    core = row_spec.core and (not moved or row_spec.model in printed)
    yield row_spec.label, row_spec.model, core
    for name in moved:
        source = split_transferred(name)[1]
        yield f"{row_spec.label}, first trained on {source}", name, name in printed
