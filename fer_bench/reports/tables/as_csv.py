"""A table for machines: one line a row, set and subset."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from fer_bench.reports import describe
from fer_bench.reports.columns import Column, Columns, over_seeds, plain, share
from fer_bench.reports.columns import csv_text as columns_text
from fer_bench.reports.compare.same_faces import row_key
from fer_bench.reports.paper import Printed
from fer_bench.reports.row import Row
from fer_bench.reports.scores import Scores
from fer_bench.reports.tables.beside_paper import difference
from fer_bench.reports.tables.beside_paper import over_seeds as over_seeds_of
from fer_bench.reports.tables.lines import Line, printed_lines
from fer_bench.reports.tables.paired_lines import verdicts
from fer_bench.reports.tables.sections import sections
from fer_bench.reports.tables.spec import TableSpec

METRICS = {
    "last": (
        "accuracy",
        "balanced_accuracy",
        "macro_f1",
        "nll",
        "brier",
        "ece",
        "temperature",
        "nll_scaled",
        "ece_scaled",
    ),
    "best_on_val": ("accuracy",),
    "best_on_test": ("accuracy",),
}
NOT_PERCENT = ("nll", "brier", "temperature", "nll_scaled")


def csv_text(
    spec: TableSpec, scores: Scores, printed: Sequence[Printed], cache: Path | None = None
) -> str:
    """The measured sections' lines, then the paper's lines that none of them shows.

    Numbers have four decimals, in percent except `NOT_PERCENT`; a place without a measurement is
    empty, and so is the standard deviation of a single seed. `verdicts` holds what the table
    says of the row against others, corrected over the pairs of the table.
    """
    found, _ = sections(spec, scores, printed)
    lines = [line for section in found for line in section.lines]
    shown = {line.key for line in lines}
    lines += [line for line in printed_lines(printed) if line.key not in shown]
    said = verdicts(spec, found, cache)
    folded = any(line.row.folded for line in lines if line.row)
    columns = (plain("table", lambda _: spec.number), *COLUMNS, _verdicts(said))
    return columns_text((*columns, *(FOLDS if folded else ())), lines)


def _of_row(name: str, value: Callable[[Row, Line], Any], nothing: Any = "") -> Column[Line]:
    return plain(name, lambda x: value(x.row, x) if x.row else nothing)


def _said(name: str) -> Column[Line]:
    return _of_row(name, lambda row, _: " ".join(map(str, row.said(name))))


def _metric(selection: str, metric: str) -> Column[Line]:
    return over_seeds(
        f"{selection}_{metric}",
        lambda x: x.row.summary(metric, x.set, x.subset, selection) if x.row else None,
        scale=1 if metric in NOT_PERCENT else 100,
    )


def _difference(statistic: str) -> Column[Line]:
    """Ours minus the paper's, and whether it is over two of our deviations."""

    def cells(x: Line) -> tuple[Any, Any]:
        ours = over_seeds_of(x.row, x.set, x.subset, "best_on_test") if x.row else None
        gap = difference(ours, x.paper.get(statistic, ""), statistic)
        return ("", "") if gap is None else (gap.points, "" if gap.far is None else gap.far)

    return Column("", str, (f"ours_minus_paper_{statistic}", f"over_two_std_{statistic}"), cells)


def _verdicts(said: Mapping[tuple[str, str, str], str]) -> Column[Line]:
    return _of_row("verdicts", lambda row, x: said.get((row_key(row), x.set, x.subset), ""))


def _whole(x: Line) -> Row | None:
    """Means over folds are of whole sets only."""
    return x.row if x.subset == "all" else None


def _fold_mean(selection: str) -> Column[Line]:
    return over_seeds(
        f"{selection}_fold_mean_accuracy",
        lambda x: row.fold_mean(selection) if (row := _whole(x)) else None,
    )


COLUMNS: Columns[Line] = (
    plain("dataset", lambda x: x.dataset),
    plain("set", lambda x: x.set),
    plain("subset", lambda x: x.subset),
    plain("row", lambda x: x.label),
    plain("model", lambda x: x.model),
    plain("measured", lambda x: x.row.measured if x.row else "no" if x.model else "reported"),
    _of_row("pretrained", lambda row, _: describe.pretrained(row)),
    _said("train_on"),
    _said("parameters"),
    _of_row("partial", lambda row, x: row.partial(x.set)),
    _of_row("seeds", lambda row, _: len(row.cells), 0),
    plain("people", lambda x: describe.people_count(x.row, x.set, x.subset)),
    _of_row("n", lambda row, x: " ".join(map(str, row.sizes(x.set, x.subset)))),
    *(_metric(selection, metric) for selection, metrics in METRICS.items() for metric in metrics),
    *(plain(f"paper_{s}", lambda x, s=s: x.paper.get(s, "")) for s in ("mean_std", "max")),  # type: ignore[misc]
    *map(_difference, ("mean_std", "max")),
)
FOLDS: Columns[Line] = (
    *map(_fold_mean, METRICS),
    share("last_accuracy_std_over_folds", lambda x: row.fold_std() if (row := _whole(x)) else None),
)
