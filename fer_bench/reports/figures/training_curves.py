"""Training curves: accuracy by epoch."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from fer_bench.reports.figures.inputs import Inputs
from fer_bench.reports.figures.select import (
    capped,
    headed,
    legend_of,
    lines,
    lines_left_out,
    looks,
    seeds,
)
from fer_bench.reports.figures.style import notice, page
from fer_bench.reports.metrics import history
from fer_bench.reports.row import Row

CURVES = (
    ("train_accuracy", "train faces"),
    ("val_accuracy", "validation faces"),
    ("test_accuracy", "test faces"),
)


def training_curves(inputs: Inputs) -> Figure:
    """Accuracy by epoch, mean over seeds with the range of seeds shaded: a line a dataset."""
    title = "Accuracy during training"
    found = {d: rows for d in inputs.scores.datasets() if (rows := lines(inputs.scores, d))}
    kept, left_out = capped(found)
    if not kept:
        return notice(title, "Nothing measured yet: run `dvc repro`.")
    every = [row for dataset in kept for row in found[dataset]]
    caption = (
        "Line: mean over seeds. Shaded: from the worst seed to the best. The last epoch is the one "
        "that ranks; test faces are shown to see over-fitting, not to choose an epoch."
        + left_out
        + lines_left_out(inputs.scores)
    )
    figure = page(title, caption, height=2.35 * len(kept), legend=legend_of(every))
    axes = figure.subplots(len(kept), len(CURVES), squeeze=False, sharey="row")
    for line, dataset in zip(axes, kept, strict=True):
        rows = found[dataset]
        for axis, (curve, where) in zip(line, CURVES, strict=True):
            for row in rows:
                _curve(axis, row, curve, every)
            axis.set_title(headed(rows[0], f"{where}, {seeds(rows)}"))
            axis.set(xlabel="epoch", ylim=(0, 102))
            axis.grid(alpha=0.3)
            if not axis.lines:
                axis.text(
                    0.5, 0.5, f"no {where}", transform=axis.transAxes, ha="center", color="#555555"
                )
        line[0].set_ylabel("accuracy (%)")
    return figure


def _curve(axis: Axes, row: Row, curve: str, every: list[Row]) -> None:
    curves = history(row)
    values = 100 * curves.get(curve, np.empty((0, 0)))
    if not np.isfinite(values).any():
        return
    epochs = curves["epoch"][0]
    drawn = looks(every)[row.model]
    axis.plot(
        epochs, values.mean(axis=0), label=row.model, markevery=max(1, len(epochs) // 6), **drawn
    )
    if len(values) > 1:
        axis.fill_between(
            epochs, values.min(axis=0), values.max(axis=0), color=drawn["color"], alpha=0.15, lw=0
        )
