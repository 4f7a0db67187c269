"""Confusion matrices, training curves and accuracy on subsets, as PNG and PDF.

Each figure is one file pair with a row of panels a dataset, because DVC wants its outs named in
advance and every out produced. The functions that draw return the `Figure`, so that tests can read
axes and values.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from fer_bench.reports.figure_style import empty, look, save, style
from fer_bench.reports.metrics import history
from fer_bench.reports.row import Row, classes_of
from fer_bench.reports.scores import Enabled, Scores, load_scores
from fer_bench.reports.table_spec import AS_LISTED, SUBSET_TITLES, subset_title
from fer_bench.rows import split_transferred

CONFUSION_MODELS = ("baseline1", "baseline_identity", "scan_cci")
LINE_MODELS = (
    "baseline1", "baseline3", "baseline_identity", "scan_cci", "scan_cci_shared", "scan_cci_no_cci",
)  # fmt: skip
CURVES = (
    ("train_accuracy", "train faces"),
    ("val_accuracy", "validation faces"),
    ("test_accuracy", "test faces"),
)


def build_figures(scores_dir: Path, params_enabled: Enabled, out_dir: Path) -> None:
    """Write every figure of `FIGURES` as `<name>.png` and `<name>.pdf` into `out_dir`."""
    scores = load_scores(scores_dir, params_enabled)
    for name, draw in FIGURES.items():
        with style():
            save(draw(scores), out_dir / name)


def confusion(scores: Scores) -> Figure:
    """Row-normalised confusion matrices of `last`, summed over seeds: a row a dataset."""
    grid = [(d, _rows(scores, d, CONFUSION_MODELS)) for d in scores.datasets()]
    grid = [(dataset, rows) for dataset, rows in grid if rows]
    if not grid:
        return empty()
    columns = max(len(rows) for _, rows in grid)
    figure = Figure(figsize=(4.1 * columns + 0.6, 4.2 * len(grid)), layout="constrained")
    axes = figure.subplots(len(grid), columns, squeeze=False)
    for line, (dataset, rows) in zip(axes, grid, strict=True):
        for axis in line[len(rows) :]:
            axis.set_axis_off()
        for axis, row in zip(line, rows, strict=False):
            _confusion_panel(axis, row, dataset, _elsewhere(scores, dataset))
    return figure


def _confusion_panel(axis: Axes, row: Row, dataset: str, note: str) -> None:
    parts = row.parts(dataset)
    counts = np.sum([p["confusion"] for p in parts], axis=0)
    classes = classes_of(parts[0])
    totals = counts.sum(axis=1, keepdims=True)
    shares = np.divide(100 * counts, totals, out=np.zeros(counts.shape), where=totals > 0)
    sns.heatmap(
        shares, ax=axis, vmin=0, vmax=100, cmap="Blues", cbar=False, square=True, linewidths=0.5,
        xticklabels=classes, yticklabels=classes,
    )  # fmt: skip
    for (i, j), share in np.ndenumerate(shares):
        dark: dict[str, Any] = {"color": "white" if share > 55 else "black", "ha": "center"}
        x, y = j + 0.5, i + 0.5
        axis.text(x, y + 0.02, f"{share:.0f}", va="bottom", fontsize=8, **dark)
        axis.text(x, y + 0.1, f"{counts[i, j]:,}", va="top", fontsize=5, **dark)
    axis.set_yticklabels(
        [f"{c}\nn = {int(n):,}" for c, n in zip(classes, totals[:, 0], strict=True)], fontsize=7
    )
    axis.set_xticklabels(classes, rotation=40, ha="right", fontsize=7)
    axis.set(xlabel="predicted", ylabel="true")
    runs = f"sum of {len(parts)} seeds" if len(parts) > 1 else "1 seed"
    axis.set_title(
        f"{dataset}{note}\n{row.model}, {runs}\nlarge: % of the true class, small: count"
    )


def training_curves(scores: Scores) -> Figure:
    """Accuracy by epoch, mean over seeds with the range of seeds shaded: a row a dataset."""
    grid = [(d, _rows(scores, d, LINE_MODELS)) for d in scores.datasets()]
    grid = [(dataset, rows) for dataset, rows in grid if rows]
    if not grid:
        return empty()
    figure = Figure(figsize=(10.5, 3 * len(grid)), layout="constrained")
    axes = figure.subplots(len(grid), len(CURVES), squeeze=False, sharey="row")
    for line, (dataset, rows) in zip(axes, grid, strict=True):
        for axis, (curve, title) in zip(line, CURVES, strict=True):
            for row in rows:
                _curve(axis, row, curve)
            axis.set_title(f"{dataset}{_elsewhere(scores, dataset)}\n{title}")
            axis.set(xlabel="epoch", ylim=(0, 102))
            axis.grid(alpha=0.3)
        line[0].set_ylabel("accuracy (%)")
        seeds = " or ".join(map(str, sorted({len(row.cells) for row in rows})))
        line[-1].legend(
            fontsize=7, loc="center left", bbox_to_anchor=(1, 0.5), frameon=False, title_fontsize=7,
            title=f"mean and range over n = {seeds} seeds",
        )  # fmt: skip
    return figure


def _curve(axis: Axes, row: Row, curve: str) -> None:
    curves = history(row)
    values = 100 * curves.get(curve, np.empty((0, 0)))
    if not np.isfinite(values).any():
        return
    epochs = curves["epoch"][0]
    drawn = look(LINE_MODELS.index(split_transferred(row.model)[0]))
    axis.plot(
        epochs, values.mean(axis=0), label=row.model, markevery=max(1, len(epochs) // 6), **drawn
    )
    if len(values) > 1:
        axis.fill_between(
            epochs, values.min(axis=0), values.max(axis=0), color=drawn["color"], alpha=0.15, lw=0
        )


def subset_accuracy(scores: Scores) -> Figure:
    """Balanced accuracy of `last` on each subset of the own test set: a panel a dataset."""
    panels = []
    for dataset in scores.datasets():
        rows = _rows(scores, dataset, LINE_MODELS)
        if rows and len(subsets := _subsets(rows[0], dataset)) > 1:
            panels.append((dataset, rows, subsets))
    if not panels:
        return empty()
    figure = Figure(figsize=(8, 3.2 * len(panels)), layout="constrained")
    axes = figure.subplots(len(panels), 1, squeeze=False)[:, 0]
    for axis, (dataset, rows, subsets) in zip(axes, panels, strict=True):
        for k, row in enumerate(rows):
            _subset_points(axis, row, subsets, 0.1 * (k - (len(rows) - 1) / 2))
        sizes = [", ".join(map(str, rows[0].sizes(dataset, s))) for s in subsets]
        names = [f"{subset_title(s)}\nn = {n}" for s, n in zip(subsets, sizes, strict=True)]
        axis.set_xticks(range(len(subsets)), names)
        chance = 100 / len(rows[0].cells[0]["classes"])
        axis.axhline(chance, color="grey", linewidth=0.8, linestyle=":", label="chance")
        axis.set(ylabel="balanced accuracy (%)", ylim=(0, 104), xlim=(-0.5, len(subsets) - 0.5))
        axis.set_title(f"{dataset}{_elsewhere(scores, dataset)}: mean ± std over seeds")
        axis.grid(alpha=0.3, axis="y")
        axis.legend(fontsize=7, loc="center left", bbox_to_anchor=(1, 0.5), frameon=False)
    return figure


def _subset_points(axis: Axes, row: Row, subsets: list[str], shift: float) -> None:
    summaries = [row.summary("balanced_accuracy", row.dataset, s) for s in subsets]
    known = [(i + shift, s) for i, s in enumerate(summaries) if s is not None]
    drawn = look(LINE_MODELS.index(split_transferred(row.model)[0]))
    axis.errorbar(
        [x for x, _ in known],
        [100 * s.mean for _, s in known],
        yerr=[100 * (s.std or 0) for _, s in known],
        label=row.model, color=drawn["color"], marker=drawn["marker"], linestyle="none", capsize=2,
    )  # fmt: skip


FIGURES: dict[str, Callable[[Scores], Figure]] = {
    "confusion": confusion,
    "training_curves": training_curves,
    "subsets": subset_accuracy,
}


def _rows(scores: Scores, dataset: str, models: tuple[str, ...]) -> list[Row]:
    rows = (scores.main(dataset, model) for model in models)
    return [row for row in rows if row is not None and row.has(dataset)]


def _subsets(row: Row, dataset: str) -> list[str]:
    """Subsets of faces scored among all classes: what is easier or the same is not drawn."""
    whole = classes_of(row.parts(dataset)[0])
    found = [
        s for s in row.subsets(dataset)
        if classes_of(row.parts(dataset, s)[0]) == whole
        and s != "without_duplicates" and not s.endswith(AS_LISTED)
    ]  # fmt: skip
    order = list(SUBSET_TITLES)
    return sorted(found, key=lambda s: (order.index(s) if s in order else len(order), s))


def _elsewhere(scores: Scores, dataset: str) -> str:
    return " (measured elsewhere)" if scores.elsewhere(dataset) else ""
