"""A table of chosen rows for a paper: LaTeX, Markdown or CSV, with a caption that says enough."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cache, partial
from itertools import combinations
from pathlib import Path
from typing import Any

from fer_bench.errors import FerBenchError, nearest
from fer_bench.records.cost import DeviceCost
from fer_bench.reports import describe
from fer_bench.reports.columns import Column, csv_text, over_seeds, page_grid, plain
from fer_bench.reports.compare.in_words import measured, named
from fer_bench.reports.compare.same_faces import comparisons, corrected, row_key
from fer_bench.reports.cost_results import time_text
from fer_bench.reports.formatting import NOTHING, mean_std, rounded
from fer_bench.reports.row import Row
from fer_bench.reports.scores import Scores
from fer_bench.reports.tables import latex
from fer_bench.statistics.corrections import MARGIN
from fer_bench.statistics.summary import Summary

FORMATS = ("latex", "md", "csv")
METRICS = {
    "accuracy": "Accuracy", "balanced_accuracy": "Balanced", "macro_f1": "Macro-F1",
    "nll": "NLL", "brier": "Brier", "ece": "ECE",
}  # fmt: skip
ABOUT = {
    "parameters": "Parameters (M)", "gmacs": "GMACs", "latency": "Latency", "seeds": "Seeds",
    "pretrained": "Pre-trained on", "backbone": "Backbone",
}  # fmt: skip
COLUMNS = (*METRICS, *ABOUT)
"""What a table may show; `nll` and `brier` are no percentages."""


@dataclass(frozen=True)
class Chosen:
    """A line.

    Attributes:
        row: the model's, on the dataset.
        bold: whether it is better than every other row of the dataset here.
    """

    row: Row
    bold: bool


def chosen_table(
    scores: Scores,
    models: Sequence[str],
    datasets: Sequence[str],
    columns: Sequence[str],
    kind: str,
    *,
    costs: Sequence[DeviceCost] = (),
    cache_dir: Path | None = None,
) -> str:
    """The text of a table: a line a dataset and model, of the last epoch, mean ± std over seeds.

    Args:
        scores: every row, external ones too where they may be chosen.
        models: rows, in the order of the table.
        datasets: what they were trained on and are tested on; a block each.
        columns: of `COLUMNS`.
        kind: of `FORMATS`.
        costs: what was timed, for `latency`.
        cache_dir: where resampled comparisons are kept.

    Raises:
        FerBenchError: an unknown column, kind or row.
    """
    asked = [("format", kind, FORMATS), *(("column", column, COLUMNS) for column in columns)]
    for what, name, known in asked:
        if name not in known:
            raise FerBenchError(f"unknown {what} {name!r}: {nearest(name, known)}")
    rows = {d: [measured(scores, d, m, d, "all") for m in models] for d in datasets}
    best = _best(rows, cache_dir)
    lines = [Chosen(row, row_key(row) in best) for d in datasets for row in rows[d]]
    heads: list[Column[Chosen]] = [
        plain("dataset", lambda c: c.row.dataset, "Dataset", left=True),
        plain("model", lambda c: c.row.model, "Model", lambda c: named(c.row), left=True),
    ]
    shown = [*heads[len(datasets) == 1 :], *(_column(name, costs) for name in columns)]
    if kind == "csv":
        return csv_text(shown, lines)
    starts = [sum(len(rows[d]) for d in datasets[:i]) for i in range(1, len(datasets))]
    caption = _caption(rows, scores, bool(best), "latency" in columns, costs)
    made = page_grid(shown, lines, blocks=starts)
    if kind == "md":
        return f"{made.markdown()}\n\n{caption}\n"
    return latex.HEAD + "\n" + latex.table(made, caption, latex.label_of("chosen", *datasets))


def _column(name: str, costs: Sequence[DeviceCost]) -> Column[Chosen]:
    if name in METRICS:
        scale, text = (1, _mean_std) if name in ("nll", "brier") else (100, mean_std)
        column: Column[Chosen] = over_seeds(
            name, lambda c: c.row.summary(name, c.row.dataset), METRICS[name], text, scale
        )
        if name != "accuracy":
            return column
        return replace(column, text=lambda c: f"**{column.text(c)}**" if c.bold else column.text(c))
    values: dict[str, Callable[[Row], Any]] = {
        "parameters": _parameters,
        "gmacs": _gmacs,
        "latency": partial(_latency, costs=costs),
        "seeds": lambda row: len(row.cells),
        "pretrained": describe.pretrained,
        "backbone": lambda row: " or ".join(map(str, row.said("backbone"))) or NOTHING,
    }
    left = name in ("pretrained", "backbone")
    return plain(name, lambda c: values[name](c.row), ABOUT[name], left=left)


def _mean_std(found: Summary | None) -> str:
    if found is None:
        return NOTHING
    std = NOTHING if found.std is None else rounded(found.std, 3)
    return f"{rounded(found.mean, 3)} ± {std}"


def _parameters(row: Row) -> str:
    counts = [count for count in row.said("parameters") if count]
    return " or ".join(rounded(count / 1e6, 2) for count in counts) or NOTHING


def _gmacs(row: Row) -> str:
    """Of one face, counted by torch in convolutions and matrix products."""
    cell = row.cells[-1].training
    if row.external:
        return NOTHING
    return _counted(cell.base, len(cell.classes), tuple(sorted(cell.options.items())))


@cache
def _counted(base: str, classes: int, options: tuple[tuple[str, Any], ...]) -> str:
    import torch

    from fer_bench import models
    from fer_bench.evaluation.timing import flops

    given = dict(options)
    if not models.exists(base):
        return NOTHING  # measured elsewhere, its file not here
    network = models.build(base, classes, **given).eval()
    face = torch.zeros(1, 3, given["size"], given["size"])
    return f"{flops(network, face) / 2e9:.3g}"


def _latency(row: Row, costs: Sequence[DeviceCost]) -> str:
    found = [
        entry
        for device in costs[:1]
        for backbone in row.said("backbone")
        for size in row.said("size")
        if (entry := device.find(row.method, backbone=backbone, size=size))
    ]
    return time_text(found[0].latency) if found else NOTHING


def _best(rows: dict[str, list[Row]], cache_dir: Path | None) -> set[str]:
    """The rows that are better than every other of their dataset, Holm's p over all pairs."""
    groups = [
        comparisons(
            found, d, "all", combinations(map(row_key, found), 2) if len(found) > 1 else (),
            cache_dir,
        )
        for d, found in rows.items()
    ]  # fmt: skip
    every = [row for found in rows.values() for row in found]
    best: set[str] = set()
    for found, judged in zip(rows.values(), corrected(groups, every, MARGIN), strict=True):
        wins = {row_key(row): 0 for row in found}
        for one in judged:
            if one.verdict in ("better", "worse"):
                c = one.comparison
                wins[c.one if one.verdict == "better" else c.other] += 1
        best |= {key for key, won in wins.items() if won and won == len(found) - 1}
    return best


def _caption(
    rows: dict[str, list[Row]],
    scores: Scores,
    bold: bool,
    timed: bool,
    costs: Sequence[DeviceCost],
) -> str:
    said = []
    for dataset, found in rows.items():
        trained = [row for row in found if not row.external]
        said.append(f"{describe.title(dataset)}: {describe.faces(found[0], dataset)}")
        said[-1] += f". {describe.setup(trained)}" if trained else "."
        said += describe.warnings(found, [dataset], scores) + describe.at_chance(found, dataset)
    seeds = sorted({len(row.cells) for found in rows.values() for row in found})
    counts = " to ".join(map(str, dict.fromkeys((seeds[0], seeds[-1]))))
    said.append(f"Mean ± sample standard deviation over {counts} seed{'s' * (seeds[-1] > 1)}, %.")
    said.append(
        "Bold: better than each other row on the same faces, with faces, people and seeds in the "
        "interval (Holm's p over all pairs below 0.05)."
        if bold
        else "No row is shown to be better than all others, so none is bold."
    )
    if timed and costs:
        device = costs[0].device.label
        said.append(f"Latency of one face on {device}, median (10th to 90th percentile).")
    if any(row.external for found in rows.values() for row in found):
        said.append("External: answers of a model trained elsewhere, scored here.")
    return " ".join(said)
