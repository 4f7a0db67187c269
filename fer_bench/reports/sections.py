"""From a table's declaration to its lines: which cell fills which row of which section."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from fer_bench.reports.paper import Printed
from fer_bench.reports.scores import Row, Scores
from fer_bench.reports.specs import SUBSET_TITLES, RowSpec, TableSpec

MASK_SUFFIXES = ("_masked_mixed", "_masked")


@dataclass(frozen=True)
class Line:
    """One line of a measured section.

    Attributes:
        label: what the reader sees.
        dataset: what the model was trained on.
        model: the row's name; empty for a row the paper only reports.
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


@dataclass(frozen=True)
class Section:
    """The lines that are compared with each other: all on one set."""

    set: str
    elsewhere: bool
    lines: tuple[Line, ...]


def masked_base(name: str) -> str | None:
    """The unmasked dataset of a masked one: `rafdb` for `rafdb_masked` and `rafdb_masked_mixed`."""
    for suffix in MASK_SUFFIXES:
        if name.endswith(suffix):
            return name.removesuffix(suffix)
    return None


def sections(
    spec: TableSpec, scores: Scores, printed: Sequence[Printed]
) -> tuple[list[Section], list[str]]:
    """The sections that have something to compare, and the names of the sets that have not.

    A section is kept when two of its rows were measured, or, in a table of subsets, when one was
    measured on a subset.
    """
    build = _masked_sections if spec.masked else _plain_sections
    kept, bare = [], []
    for section in build(spec, scores, printed):
        done = {(line.dataset, line.model) for line in section.lines if line.measured}
        parts = {line.subset for line in section.lines if line.measured}
        enough = len(parts) > 1 if len(spec.subsets) > 1 else len(done) > 1
        if enough:
            kept.append(section)
        else:
            bare.append(section.set)
    return kept, bare


def _plain_sections(
    spec: TableSpec, scores: Scores, printed: Sequence[Printed]
) -> Iterator[Section]:
    for dataset in scores.datasets():
        if masked_base(dataset):
            continue
        others = {p.set for p in printed if p.dataset == dataset and p.set != dataset}
        for set_ in (dataset, *sorted(others)):
            lines = [
                line
                for subset in spec.subsets
                for line in _block(spec, scores, printed, dataset, set_, subset)
            ]
            yield Section(set_, scores.elsewhere(dataset), tuple(lines))


def _block(
    spec: TableSpec,
    scores: Scores,
    printed: Sequence[Printed],
    dataset: str,
    set_: str,
    subset: str,
) -> Iterator[Line]:
    """The rows of one subset: reported, then ours, a transferred model after the plain one."""
    places = [p for p in printed if (p.dataset, p.set, p.subset) == (dataset, set_, subset)]
    yield from _reported(places)
    for row_spec in spec.rows:
        for label, model, core in _variants(row_spec, scores, dataset):
            row = scores.get(dataset, model)
            if row and not row.has(set_, subset):
                row = None
            if row or (core and subset == "all"):
                paper = {p.statistic: p.printed for p in places if p.model == model}
                yield Line(label, dataset, model, set_, subset, row, paper)


def _variants(row_spec: RowSpec, scores: Scores, dataset: str) -> Iterator[tuple[str, str, bool]]:
    yield row_spec.label, row_spec.model, row_spec.core
    prefix = f"{row_spec.model}_from_"
    for row in scores.of(dataset):
        if row.model.startswith(prefix):
            source = row.model.removeprefix(prefix)
            yield f"{row_spec.label}, first trained on {source}", row.model, False


def printed_lines(printed: Sequence[Printed]) -> list[Line]:
    """The paper's own lines, in printed order, as if nothing had been measured."""
    lines: dict[tuple[str, ...], Line] = {}
    for p in printed:
        label = p.row if p.model else f"{p.row}, reported"
        line = Line(label, p.dataset, p.model, p.set, p.subset, None, {})
        lines.setdefault(line.key, line).paper[p.statistic] = p.printed
    return list(lines.values())


def _reported(places: Sequence[Printed]) -> list[Line]:
    return [line for line in printed_lines(places) if not line.model]


def _masked_sections(
    spec: TableSpec, scores: Scores, printed: Sequence[Printed]
) -> Iterator[Section]:
    names = {row.dataset: None for row in scores if row.cells}
    names |= {s: None for row in scores if row.cells for s in sorted(row.sets)}
    for masked in names:
        base = masked_base(masked)
        if base is None:
            continue
        places = [p for p in printed if p.set == masked]
        lines = list(_reported(places))
        for row_spec in spec.rows:
            lines += _masked_lines(row_spec, scores, places, base, masked)
        home = scores.elsewhere(masked) if scores.of(masked) else scores.elsewhere(base)
        yield Section(masked, home, tuple(lines))


def _masked_lines(
    row_spec: RowSpec, scores: Scores, places: Sequence[Printed], base: str, masked: str
) -> Iterator[Line]:
    model = row_spec.model
    wanted = (
        ("unmasked faces", base, model, base),
        ("not fine-tuned", base, model, masked),
        ("fine-tuned", masked, f"{model}_from_{base}", masked),
        ("masked only", masked, model, masked),
    )
    for way, dataset, name, set_ in wanted:
        row = scores.get(dataset, name)
        if row and not row.has(set_):
            row = None
        if row or row_spec.core:
            paper = {
                p.statistic: p.printed
                for p in places
                if (p.dataset, p.model, p.set) == (dataset, name, set_)
            }
            yield Line(f"{row_spec.label}, {way}", dataset, name, set_, "all", row, paper)


def subset_title(subset: str) -> str:
    """How a subset is called in a table."""
    return SUBSET_TITLES.get(subset, subset.replace("_", " "))
