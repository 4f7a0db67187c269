"""From a table's declaration to its sections: which lines are compared with each other."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from fer_bench.reports.paper import Printed
from fer_bench.reports.relations import masked_base, share_images
from fer_bench.reports.scores import Scores
from fer_bench.reports.tables.lines import Line, has_number, ours, reported
from fer_bench.reports.tables.spec import RowSpec, TableSpec
from fer_bench.row_names import transferred


@dataclass(frozen=True)
class TableSection:
    """The lines that are compared with each other: all on one set."""

    set: str
    lines: tuple[Line, ...]


def sections(
    spec: TableSpec, scores: Scores, printed: Sequence[Printed]
) -> tuple[list[TableSection], list[str]]:
    """The sections that have something to compare, and the names of the sets that have not.

    A section is kept when two of its rows have a number, one of them ours; in a table about
    subsets, when one was measured on a subset; on sets that nothing was trained on, when anything
    was measured.
    """
    if spec.masked:
        found = _on_masked_sets(spec, scores, printed)
    elif spec.sets:
        found = _on_other_sets(spec, scores, printed)
    else:
        found = _on_own_sets(spec, scores, printed)
    kept, bare = [], []
    for set_, lines in found:
        # Lines of another set, such as unmasked faces beside masked ones, carry no section.
        if _enough(spec, lines) and any(x.measured and x.set == set_ for x in lines):
            kept.append(TableSection(set_, tuple(lines)))
        else:
            bare.append(set_)
    return kept, list(dict.fromkeys(bare))


def _enough(spec: TableSpec, lines: Sequence[Line]) -> bool:
    measured = {(line.dataset, line.model) for line in lines if line.measured}
    if spec.by_subset:
        return len({line.subset for line in lines if line.measured}) > 1
    if spec.sets:
        return bool(measured)
    return bool(measured) and len(measured) + sum(x.cites and not x.measured for x in lines) > 1


def _on_own_sets(
    spec: TableSpec, scores: Scores, printed: Sequence[Printed]
) -> Iterator[tuple[str, list[Line]]]:
    """A dataset's own test faces, and the sets that the paper prints for models trained on it."""
    for dataset in scores.datasets():
        others = {p.set for p in printed if p.dataset == dataset}
        if masked_base(dataset):
            continue
        if spec.folds not in (None, any(row.folded for row in scores.of(dataset))):
            continue
        for set_ in (dataset, *sorted(others - {dataset})):
            yield set_, _blocks(spec, scores, printed, (dataset,), set_)


def _on_other_sets(
    spec: TableSpec, scores: Scores, printed: Sequence[Printed]
) -> Iterator[tuple[str, list[Line]]]:
    """Each set with the models of every other dataset that were scored on it."""
    for set_ in spec.sets:
        if not (scored := [row.dataset for row in scores if row.has(set_)]):
            continue
        trained = [p.dataset for p in printed if p.set == set_ and p.model] + scored
        # A model that was trained on images of the set is no cross-evaluation.
        datasets = [name for name in dict.fromkeys(trained) if not share_images(name, set_)]
        yield set_, _blocks(spec, scores, printed, datasets, set_)


def _blocks(
    spec: TableSpec,
    scores: Scores,
    printed: Sequence[Printed],
    datasets: Sequence[str],
    set_: str,
) -> list[Line]:
    """By subset: rows the paper reports, then ours."""
    lines = []
    for subset in spec.subsets:
        places = [p for p in printed if (p.set, p.subset) == (set_, subset)]
        lines += reported([p for p in places if p.dataset in datasets], spec.rows)
        for row_spec in spec.rows:
            for dataset in datasets:
                lines += ours(row_spec, scores, places, dataset, set_, subset)
    return lines


def _on_masked_sets(
    spec: TableSpec, scores: Scores, printed: Sequence[Printed]
) -> Iterator[tuple[str, list[Line]]]:
    """Each masked set that was trained on or scored, with its lines by subset."""
    names = {row.dataset: None for row in scores if row.cells}
    names |= {s: None for row in scores if row.cells for s in sorted(row.sets)}
    for masked in names:
        base = masked_base(masked)
        if base is None:
            continue
        places = [p for p in printed if p.set == masked]
        lines = reported(places, spec.rows)
        for subset in spec.subsets:
            for row_spec in spec.rows:
                lines += _ways_to_train(row_spec, scores, places, base, masked, subset)
        yield masked, lines


def _ways_to_train(
    row_spec: RowSpec,
    scores: Scores,
    places: Sequence[Printed],
    base: str,
    masked: str,
    subset: str,
) -> Iterator[Line]:
    model, whole = row_spec.model, subset == "all"
    wanted = (
        ("unmasked faces", base, model, base),
        ("not fine-tuned", base, model, masked),
        ("fine-tuned", masked, transferred(model, base), masked),
        ("masked only", masked, model, masked),
    )
    for way, dataset, name, set_ in wanted:
        row = scores.get(dataset, name)
        if row and not row.has(set_, subset):
            row = None
        paper = {
            p.statistic: p.printed
            for p in places
            if whole and (p.dataset, p.model, p.set) == (dataset, name, set_)
        }
        if row or (whole and (row_spec.core or has_number(paper))):
            yield Line(f"{row_spec.label}, {way}", dataset, name, set_, subset, row, paper)
