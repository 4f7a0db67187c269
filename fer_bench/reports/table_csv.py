"""A table for machines: one line a row, set and subset."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import Any

import pandas as pd

from fer_bench.reports import describe
from fer_bench.reports.formatting import rounded
from fer_bench.reports.paper import Printed
from fer_bench.reports.scores import Row, Scores
from fer_bench.reports.sections import Line, printed_lines, sections
from fer_bench.reports.specs import TableSpec

METRICS = {
    "last": ("accuracy", "balanced_accuracy", "macro_f1", "nll", "brier", "ece"),
    "best_on_val": ("accuracy",),
    "best_on_test": ("accuracy",),
}
NOT_PERCENT = ("nll", "brier")


def csv_text(spec: TableSpec, scores: Scores, printed: Sequence[Printed]) -> str:
    """The measured sections' lines, then the paper's lines that none of them shows.

    Numbers have four decimals, in percent except `nll` and `brier`; a place without a measurement
    is empty, and so is the standard deviation of a single seed.
    """
    found, _ = sections(spec, scores, printed)
    records = [
        _record(spec, line, section.elsewhere) for section in found for line in section.lines
    ]
    shown = {line.key for section in found for line in section.lines}
    records += [
        _record(spec, line, False) for line in printed_lines(printed) if line.key not in shown
    ]
    text = io.StringIO()
    pd.DataFrame(records).to_csv(text, index=False, lineterminator="\n")
    return text.getvalue()


def _record(spec: TableSpec, line: Line, elsewhere: bool) -> dict[str, Any]:
    row = line.row
    if row is None:
        measured = "no" if line.model else "reported"
    else:
        measured = "elsewhere" if elsewhere else "here"
    return {
        "table": spec.number,
        "dataset": line.dataset,
        "set": line.set,
        "subset": line.subset,
        "row": line.label,
        "model": line.model,
        "measured": measured,
        "pretrained": describe.pretrained(row) if row else "",
        "train_on": _said(row, "train_on"),
        "parameters": _said(row, "parameters"),
        "partial": any(cell["partial"] for cell in row.cells) if row else "",
        "seeds": len(row.cells) if row else 0,
        "n": " ".join(map(str, row.sizes(line.set, line.subset))) if row else "",
        **_statistics(line),
        "paper_mean_std": line.paper.get("mean_std", ""),
        "paper_max": line.paper.get("max", ""),
    }


def _said(row: Row | None, key: str) -> str:
    if row is None:
        return ""
    return " ".join(map(str, row.said(key)))


def _statistics(line: Line) -> dict[str, str]:
    numbers = {}
    for selection, metrics in METRICS.items():
        for metric in metrics:
            summary = None
            if line.row is not None:
                summary = line.row.summary(metric, line.set, line.subset, selection)
            scale = 1 if metric in NOT_PERCENT else 100
            for name in ("mean", "std", "max"):
                value = getattr(summary, name, None)
                key = f"{selection}_{metric}_{name}"
                numbers[key] = "" if value is None else rounded(value * scale, 4)
    return numbers
