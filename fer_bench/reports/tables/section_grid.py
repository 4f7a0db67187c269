"""A section of a table as a grid."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from decimal import Decimal

from fer_bench.reports import describe
from fer_bench.reports.columns import Column, page_grid, shown
from fer_bench.reports.describe import people_count, subset_title
from fer_bench.reports.formatting import NOTHING, count, maximum, mean_std, percent
from fer_bench.reports.grid import Grid
from fer_bench.reports.row import Row
from fer_bench.reports.tables.beside_paper import difference, over_seeds
from fer_bench.reports.tables.lines import Line
from fer_bench.reports.tables.sections import TableSection
from fer_bench.reports.tables.spec import TableSpec
from fer_bench.statistics.summary import Summary

PRETRAINED = "Pre-trained on"
Shown = tuple[Line, bool]
"""A line, and whether its accuracy is bold."""


def section_grid(spec: TableSpec, section: TableSection) -> Grid:
    """The section's lines; columns that say the same in every line are left out."""
    bold = best(section)
    shown_lines = [(line, line.key in bold) for line in section.lines]
    subsets = [line.subset for line in section.lines]
    blocks = [i for i in range(1, len(subsets)) if subsets[i] != subsets[i - 1]]
    return page_grid(list(_columns(spec, section.lines)), shown_lines, blocks=blocks)


def best(section: TableSection) -> set[tuple[str, str, str, str]]:
    """The keys of the lines with the best accuracy of `last`, by part of the section's set.

    None where fewer than two rows were measured. Numbers that are printed alike are equally good.
    """
    found = set()
    for subset in dict.fromkeys(line.subset for line in section.lines):
        accuracies = {
            line.key: Decimal(percent(summary.mean))
            for line in section.lines
            if (line.set, line.subset) == (section.set, subset)
            if (summary := _over(line)) is not None
        }
        if len(accuracies) > 1:
            most = max(accuracies.values())
            found |= {key for key, accuracy in accuracies.items() if accuracy == most}
    return found


def _columns(spec: TableSpec, lines: Sequence[Line]) -> Iterator[Column[Shown]]:
    statistics = {s for line in lines for s in line.paper}
    rows = [line.row for line in lines if line.row]
    folded = any(row.folded for row in rows)
    if len({line.subset for line in lines}) > 1:
        yield _of_line("Faces", lambda x: subset_title(x.subset), left=True)
        yield _of_line("n", lambda x: ", ".join(map(count, _sizes(x))) or NOTHING)
        yield _of_line("People", lambda x: count(people_count(x.row, x.set, x.subset)))
    yield _of_line("Model", lambda x: x.label, left=True)
    if spec.sets:
        yield _of_line("Trained on", _trained_on, left=True)
    if len({describe.pretrained(row) for row in rows}) > 1:
        yield _of_line(PRETRAINED, lambda x: describe.pretrained(x.row), left=True)
    if spec.parameters:
        yield _of_line("Parameters", lambda x: describe.parameters(x.row))
    yield _of_line("Seeds", lambda x: describe.seeds(x.row))
    yield shown("Accuracy", lambda x: f"**{_mean(x[0])}**" if x[1] else _mean(x[0]))
    yield _of_line("Max", lambda x: maximum(_over(x)))
    if folded:
        yield _of_line("Mean over folds", lambda x: mean_std(_folds(x)))
        yield _of_line("Std over folds", _spread_over_folds)
    yield _of_line("Balanced", lambda x: mean_std(_over(x, "balanced_accuracy")))
    yield _of_line("Macro-F1", lambda x: mean_std(_over(x, "macro_f1")))
    yield _of_line("`best_on_test`", lambda x: mean_std(_over(x, selection="best_on_test")))
    yield _of_line("`best_on_test` max", lambda x: maximum(_over(x, selection="best_on_test")))
    if folded:
        head = "`best_on_test` mean over folds"
        yield _of_line(head, lambda x: mean_std(_folds(x, "best_on_test")))
    for statistic, head in (("mean_std", "Paper mean ± std"), ("max", "Paper max")):
        if statistic in statistics:
            yield _of_line(head, lambda x, s=statistic: x.paper.get(s, NOTHING))  # type: ignore[misc]
    if any(line.model and line.paper for line in lines):
        yield _of_line("Ours − paper", _difference)


def _of_line(head: str, text: Callable[[Line], str], *, left: bool = False) -> Column[Shown]:
    return shown(head, lambda x: text(x[0]), left=left)


def _over(line: Line, metric: str = "accuracy", selection: str = "last") -> Summary | None:
    return line.row.summary(metric, line.set, line.subset, selection) if line.row else None


def _mean(line: Line) -> str:
    return mean_std(_over(line))


def _sizes(line: Line) -> list[int]:
    return line.row.sizes(line.set, line.subset) if line.row else []


def _whole(line: Line) -> Row | None:
    """The row, of a whole set alone: folds of a part are not in the scores."""
    return line.row if line.subset == "all" else None


def _folds(line: Line, selection: str = "last") -> Summary | None:
    row = _whole(line)
    return row.fold_mean(selection) if row else None


def _spread_over_folds(line: Line) -> str:
    row = _whole(line)
    return percent(row.fold_std() if row else None)


def _difference(line: Line) -> str:
    """Of the means where the paper prints one, else of the maxima."""
    statistic = next((s for s in ("mean_std", "max") if s in line.paper), None)
    if line.row is None or statistic is None:
        return NOTHING
    summary = over_seeds(line.row, line.set, line.subset, "best_on_test")
    found = difference(summary, line.paper[statistic], statistic)
    return found.text if found else NOTHING


def _trained_on(line: Line) -> str:
    if line.row:
        return describe.trained_on(line.row)
    return line.dataset if line.model else NOTHING


def measured_subsets(lines: Sequence[Line]) -> list[str]:
    """The parts that any of the lines was measured on."""
    return list(dict.fromkeys(line.subset for line in lines if line.measured))
