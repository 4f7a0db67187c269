"""Accuracy against the strength of each corruption: a panel a corruption, a line a model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from fer_bench.reports.figures.select import LINE_MODELS, Inputs
from fer_bench.reports.figures.style import MOST_LINES as ALL_LINES
from fer_bench.reports.figures.style import look, notice, page
from fer_bench.reports.formatting import value_text
from fer_bench.reports.robustness_results import Curve, Robust, Robustness, load_robustness

TITLE = "Accuracy under corruptions of growing severity"
COLUMNS = 4
MOST_LINES = 6
MOST_DATASETS = 3


def robustness(inputs: Inputs) -> Figure:
    """Accuracy of `last` against each corruption's severity: a block of panels a dataset."""
    return draw(load_robustness(inputs.robustness, inputs.enabled))


def draw(results: Robustness) -> Figure:
    """A block of panels a dataset, at most three of them."""
    datasets = results.datasets()
    if not datasets:
        return notice(
            TITLE,
            "Nothing was measured yet: list models under enabled.<dataset>.robustness in "
            "params.yaml and run fer-bench sweep.",
        )
    shown = datasets[:MOST_DATASETS]
    models = [row.model for dataset in shown for row in results.of(dataset)]
    order = list(dict.fromkeys((*LINE_MODELS, *models)))[:ALL_LINES]
    rows = {dataset: _chosen(results.of(dataset), order) for dataset in shown}
    names = {dataset: _names(found) for dataset, found in rows.items()}
    drawn = {row.model for found in rows.values() for row in found}
    looks = {model: look(i) for i, model in enumerate(order) if model in drawn}
    lines = {dataset: -(-len(found) // COLUMNS) for dataset, found in names.items()}
    figure = page(
        TITLE,
        _caption(results, rows, datasets[MOST_DATASETS:]),
        height=1.62 * sum(lines.values()),
        legend=[Line2D([], [], label=model, **found) for model, found in looks.items()],
    )
    grid: Any = figure.subplots(sum(lines.values()), COLUMNS, squeeze=False, sharey=True)
    first = 0
    for dataset in shown:
        axes = grid[first : first + lines[dataset]].ravel()
        first += lines[dataset]
        for axis in axes[len(names[dataset]) :]:
            axis.set_axis_off()
        for axis, name in zip(axes, names[dataset], strict=False):
            _panel(axis, rows[dataset], name, looks)
        for axis in axes[::COLUMNS]:
            axis.set_ylabel(f"{dataset}\naccuracy (%)")
    return figure


def _chosen(rows: Sequence[Robust], order: Sequence[str]) -> list[Robust]:
    """The models that other figures draw as lines too, then others, as many as can be told."""
    known = [row for row in rows if row.model in order]
    return sorted(known, key=lambda row: order.index(row.model))[:MOST_LINES]


def _names(rows: Sequence[Robust]) -> list[str]:
    return list(dict.fromkeys(name for row in rows for name in row.corruptions))


def _caption(
    results: Robustness, rows: Mapping[str, Sequence[Robust]], undrawn: Sequence[str]
) -> str:
    seeds = sorted({len(row.cells) for found in rows.values() for row in found})
    said = (
        f"Mean of {' or '.join(map(str, seeds))} seed{'s' * (seeds != [1])}, shaded: ± sample "
        "standard deviation. From left to right the five severities, the ticks are the parameter. "
        "Dotted: chance. Kinds of mask have no order."
    )
    elsewhere = [dataset for dataset, found in rows.items() if all(r.elsewhere for r in found)]
    if elsewhere:
        said += f" Measured elsewhere: {', '.join(elsewhere)}."
    left = dict.fromkeys(
        row.model for dataset, found in rows.items() for row in results.of(dataset)
        if row not in found
    )  # fmt: skip
    if left:
        said += f" Not drawn, to keep lines apart: {', '.join(left)}."
    if undrawn:
        said += f" Datasets not drawn: {', '.join(undrawn)}."
    return said


def _panel(
    axis: Axes, rows: Sequence[Robust], name: str, looks: Mapping[str, Mapping[str, Any]]
) -> None:
    curves = {row.model: row.curve(name) for row in rows if name in row.corruptions}
    for i, (model, curve) in enumerate(curves.items()):
        if curve.ordered:
            _line(axis, model, curve, dict(looks[model]))
        else:
            _kinds(axis, model, curve, dict(looks[model]), 0.1 * (i - (len(curves) - 1) / 2))
    sample = next(iter(curves.values()))
    ticks = [value_text(point.value) for point in sample.points]
    axis.set_xticks(range(6) if sample.ordered else range(1, 6))
    if sample.ordered:
        axis.set_xticklabels(["clean", *ticks], fontsize=6.5)
    else:
        axis.set_xticklabels([tick.replace(" ", "\n") for tick in ticks], fontsize=5.5)
    axis.set_title(sample.title, fontweight="bold", pad=3)
    axis.set_xlabel(sample.unit, fontsize=6.5, labelpad=1)
    axis.axhline(100 / len(rows[0].cells[0].classes), color="grey", linewidth=0.8, ls=":")
    axis.set(ylim=(0, 102), xlim=(-0.3 if sample.ordered else 0.5, 5.5))
    axis.grid(alpha=0.3, axis="y")


def _line(axis: Axes, model: str, curve: Curve, drawn: dict[str, Any]) -> None:
    summaries = [curve.clean, *(point.accuracy for point in curve.points)]
    x = range(len(summaries))
    mean = [100 * s.mean for s in summaries]
    axis.plot(x, mean, label=model, **(drawn | {"markersize": 3, "linewidth": 1.1}))
    spread = [100 * (s.std or 0) for s in summaries]
    low = [m - s for m, s in zip(mean, spread, strict=True)]
    high = [m + s for m, s in zip(mean, spread, strict=True)]
    axis.fill_between(x, low, high, color=drawn["color"], alpha=0.15, lw=0)


def _kinds(axis: Axes, model: str, curve: Curve, drawn: dict[str, Any], offset: float) -> None:
    axis.errorbar(
        [point.level + offset for point in curve.points],
        [100 * point.accuracy.mean for point in curve.points],
        yerr=[100 * (point.accuracy.std or 0) for point in curve.points],
        label=model, color=drawn["color"], marker=drawn["marker"], markersize=3, linestyle="none",
        elinewidth=0.8,
    )  # fmt: skip
