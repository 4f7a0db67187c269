"""A table for machines: one line a row, set and subset."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from fer_bench.reports import describe
from fer_bench.reports.columns import cell, summary_columns, text_of
from fer_bench.reports.compare.same_faces import row_key
from fer_bench.reports.paper import Printed
from fer_bench.reports.row import Row
from fer_bench.reports.scores import Scores
from fer_bench.reports.tables.beside_paper import difference, over_seeds
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
    folded = any(line.row.folded for line in lines if line.row)
    said = verdicts(spec, found, cache)
    records = [
        _record(spec, line) | _verdicts(line, said) | (_folds(line) if folded else {})
        for line in lines
    ]
    return text_of(records, list(records[0]) if records else ())


def _record(spec: TableSpec, line: Line) -> dict[str, Any]:
    row = line.row
    missing = "no" if line.model else "reported"
    return {
        "table": spec.number,
        "dataset": line.dataset,
        "set": line.set,
        "subset": line.subset,
        "row": line.label,
        "model": line.model,
        "measured": row.measured if row else missing,
        "pretrained": describe.pretrained(row) if row else "",
        "train_on": _said(row, "train_on"),
        "parameters": _said(row, "parameters"),
        "partial": row.partial(line.set) if row else "",
        "seeds": len(row.cells) if row else 0,
        "people": describe.people_count(row, line.set, line.subset),
        "n": " ".join(map(str, row.sizes(line.set, line.subset))) if row else "",
        **_statistics(line),
        "paper_mean_std": line.paper.get("mean_std", ""),
        "paper_max": line.paper.get("max", ""),
        **_differences(line),
    }


def _verdicts(line: Line, said: Mapping[tuple[str, str, str], str]) -> dict[str, str]:
    key = (row_key(line.row), line.set, line.subset) if line.row else None
    return {"verdicts": said.get(key, "") if key else ""}


def _differences(line: Line) -> dict[str, Any]:
    """Ours minus the paper's of each statistic, and whether it is over two of our deviations."""
    row = line.row
    summary = over_seeds(row, line.set, line.subset, "best_on_test") if row else None
    found: dict[str, Any] = {}
    for statistic in ("mean_std", "max"):
        gap = difference(summary, line.paper.get(statistic, ""), statistic)
        found[f"ours_minus_paper_{statistic}"] = gap.points if gap else ""
        found[f"over_two_std_{statistic}"] = "" if gap is None or gap.far is None else gap.far
    return found


def _said(row: Row | None, key: str) -> str:
    if row is None:
        return ""
    return " ".join(map(str, row.said(key)))


def _statistics(line: Line) -> dict[str, str]:
    numbers: dict[str, str] = {}
    for selection, metrics in METRICS.items():
        for metric in metrics:
            summary = None
            if line.row is not None:
                summary = line.row.summary(metric, line.set, line.subset, selection)
            scale = 1 if metric in NOT_PERCENT else 100
            numbers |= summary_columns(f"{selection}_{metric}", summary, scale)
    return numbers


def _folds(line: Line) -> dict[str, str]:
    """Means over folds by seed, and the spread over folds; of whole sets only."""
    row = line.row if line.subset == "all" else None
    numbers: dict[str, str] = {}
    for selection in METRICS:
        summary = row.fold_mean(selection) if row else None
        numbers |= summary_columns(f"{selection}_fold_mean_accuracy", summary)
    spread = row.fold_std() if row else None
    return {**numbers, "last_accuracy_std_over_folds": cell(spread)}
