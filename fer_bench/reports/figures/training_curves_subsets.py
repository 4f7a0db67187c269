"""Training curves, and accuracy on subsets of the test faces."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from fer_bench.reports.describe import AS_LISTED, SUBSET_TITLES, faces, subset_title
from fer_bench.reports.figures.select import (
    Inputs,
    capped,
    headed,
    legend_of,
    lines,
    lines_left_out,
    looks,
    seeds,
)
from fer_bench.reports.figures.style import notice, page
from fer_bench.reports.row import Row, classes_of

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
        return notice(title, "Nothing measured yet: run `fer-bench sweep`.")
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
                draw_curve(axis, row, curve, every)
            axis.set_title(headed(rows[0], f"{where}, {seeds(rows)}"))
            axis.set(xlabel="epoch", ylim=(0, 102))
            axis.grid(alpha=0.3)
            if not axis.lines:
                axis.text(
                    0.5, 0.5, f"no {where}", transform=axis.transAxes, ha="center", color="#555555"
                )
        line[0].set_ylabel("accuracy (%)")
    return figure


def draw_curve(axis: Axes, row: Row, curve: str, every: list[Row]) -> None:
    """One line of a panel; `every`: the rows that share its legend."""
    curves = row.history()
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


def subset_accuracy(inputs: Inputs) -> Figure:
    """Balanced accuracy of `last` on each subset of the own test set: a panel a dataset."""
    title = "Accuracy on occluded and turned faces"
    found = {}
    for dataset in inputs.scores.datasets():
        rows = lines(inputs.scores, dataset)
        if rows and len(subsets := _subsets(rows[0], dataset)) > 1:
            found[dataset] = (rows, subsets)
    kept, left_out = capped(found)
    if not kept:
        return notice(
            title,
            "Nothing measured yet: it needs a dataset with subsets of its test faces, such as "
            "synthetic. Enable it in params.yaml and run `fer-bench sweep`.",
        )
    every = [row for dataset in kept for row in found[dataset][0]]
    caption = (
        "Last epoch, mean ± standard deviation over seeds. Balanced accuracy weighs all classes "
        "alike, because a subset's mix of classes differs from the whole set's. The dotted line is "
        "what guessing reaches." + left_out + lines_left_out(inputs.scores)
    )
    figure = page(title, caption, height=2.6 * len(kept), legend=legend_of(every, line=False))
    axes = figure.subplots(len(kept), 1, squeeze=False)[:, 0]
    for axis, dataset in zip(axes, kept, strict=True):
        rows, subsets = found[dataset]
        _subset_panel(axis, rows, subsets, every)
    return figure


def _subset_panel(axis: Axes, rows: list[Row], subsets: list[str], every: list[Row]) -> None:
    dataset = rows[0].dataset
    step = 0.8 / max(8, len(rows))
    for k, row in enumerate(rows):
        _points(axis, row, subsets, step * (k - (len(rows) - 1) / 2), every)
    sizes = [faces(rows[0], dataset, s).replace(" of ", "\nof ") for s in subsets]
    names = [f"{subset_title(s)}\n{n}" for s, n in zip(subsets, sizes, strict=True)]
    axis.set_xticks(range(len(subsets)), names)
    chance = 100 / len(rows[0].cells[0].training.classes)
    axis.axhline(chance, color="grey", linewidth=0.8, linestyle=":", label="chance")
    axis.set(ylabel="balanced accuracy (%)", ylim=(0, 104), xlim=(-0.5, len(subsets) - 0.5))
    axis.set_title(headed(rows[0], seeds(rows)))
    axis.grid(alpha=0.3, axis="y")


def _points(axis: Axes, row: Row, subsets: list[str], shift: float, every: list[Row]) -> None:
    summaries = [row.summary("balanced_accuracy", row.dataset, s) for s in subsets]
    known = [(i + shift, s) for i, s in enumerate(summaries) if s is not None]
    drawn = looks(every)[row.model]
    axis.errorbar(
        [x for x, _ in known],
        [100 * s.mean for _, s in known],
        yerr=[100 * (s.std or 0) for _, s in known],
        label=row.model, color=drawn["color"], marker=drawn["marker"], markersize=5,
        linestyle="none", capsize=2,
    )  # fmt: skip


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
