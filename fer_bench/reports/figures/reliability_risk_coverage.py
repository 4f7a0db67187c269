"""Whether a model knows when it is right: reliability diagrams and risk against coverage.

Guo et al. (2017), On calibration of modern neural networks, ICML; Geifman and El-Yaniv (2017),
Selective classification for deep neural networks, NeurIPS.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from statistics import fmean
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from fer_bench.reports.figures.select import (
    Inputs,
    arranged,
    capped,
    columns,
    headed,
    lines,
    lines_left_out,
    looks,
    seeds,
    short,
)
from fer_bench.reports.figures.style import notice, page
from fer_bench.reports.formatting import rounded
from fer_bench.reports.row import Row
from fer_bench.statistics.calibration import perfect_ece

FEW = 10
"""A bin with fewer faces is drawn hollow: its accuracy is little more than chance."""

_NOTHING = "Nothing measured yet: no score file holds {}. Run `fer-bench sweep`, which scores anew."


def reliability(inputs: Inputs) -> Figure:
    """Accuracy against confidence with counts below: a pair of panels a dataset."""
    title = "Reliability: does a confident answer deserve its confidence?"
    found = {d: _with(columns(inputs.scores, d), "calibration") for d in inputs.scores.datasets()}
    kept, left_out = capped(d for d, rows in found.items() if rows)
    if not kept:
        return notice(title, _NOTHING.format("calibration"))
    caption = (
        "Answers of the last epoch in 15 bins by confidence, all seeds together; on the dotted "
        "line confidence is right, below it too high. Hollow: fewer than "
        f"{FEW} faces. ECE: expected calibration error, the mean distance from the line weighted "
        "by faces; mean over seeds; in brackets what a perfectly calibrated model would show, with "
        "so few faces in a bin." + left_out
    )
    figure, places = _places(title, caption, found, kept, [2.6, 0.9])
    for (upper, lower, below), dataset in zip(places, kept, strict=True):
        _legend(below, "ECE", _reliability_panel(upper, lower, found[dataset]))
    return figure


def _reliability_panel(upper: Axes, lower: Axes, rows: list[Row]) -> list[Line2D]:
    """Draw the lines above and the counts below; returns legend entries with the errors."""
    upper.plot([0, 100], [0, 100], color="grey", linewidth=0.8, linestyle=":")
    handles = []
    for row in rows:
        parts = _parts(row)
        n, confidence, right = pooled([part["calibration"] for part in parts])
        drawn = looks(rows)[row.model]
        upper.plot(confidence[n > 0], right[n > 0], **{**drawn, "marker": ""}, label=row.model)
        for few in (True, False):
            some = (n > 0) & ((n < FEW) == few)
            if not some.any():
                continue  # an empty line that is not clipped would stretch the layout to a corner
            upper.plot(
                confidence[some], right[some], drawn["marker"], color=drawn["color"],
                markersize=4, markerfacecolor="white" if few else drawn["color"], clip_on=False,
            )  # fmt: skip
        counts = lower.stairs(n, np.linspace(0, 100, len(n) + 1), color=drawn["color"])
        counts.set(linewidth=1.2, linestyle=(0, [1.2 * d for d in drawn["dashes"]]))
        error = rounded(100 * fmean(part["ece"] for part in parts), 1)
        chance = rounded(100 * fmean(perfect_ece(part["calibration"])[0] for part in parts), 1)
        error = f"{error} % ({chance})"
        handles.append(Line2D([], [], label=f"{error}  {short(row.model, 30)}", **drawn))
    upper.set(ylim=(0, 100), ylabel="right answers (%)", title=headed(rows[0], seeds(rows)))
    upper.tick_params(labelbottom=False)
    lower.set(xlabel="confidence (%)", ylabel="faces")
    lower.set_ylim(bottom=0)
    for axis in (upper, lower):
        axis.set_xlim(0, 100)
        axis.grid(alpha=0.3)
    return handles


def pooled(calibrations: list[Any]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The bins of all seeds together.

    Returns:
        (15,) arrays: faces; mean confidence and accuracy in percent, NaN for an empty bin.
    """
    n = np.array([c["n"] for c in calibrations], dtype=np.float64)
    total = n.sum(axis=0)
    means = []
    for key in ("confidence", "accuracy"):
        values = np.array([c[key] for c in calibrations], dtype=np.float64)  # null becomes NaN
        sums = np.where(n > 0, 100 * n * values, 0).sum(axis=0)
        means.append(np.divide(sums, total, out=np.full_like(total, np.nan), where=total > 0))
    return total, means[0], means[1]


def risk_coverage(inputs: Inputs) -> Figure:
    """Error among the most confident answers against their share: a panel a dataset."""
    title = "Risk and coverage: what is gained by answering only where the model is confident?"
    scores = inputs.scores
    found = {d: _with(lines(scores, d), "risk_coverage") for d in scores.datasets()}
    kept, left_out = capped(d for d, rows in found.items() if rows)
    if not kept:
        return notice(title, _NOTHING.format("risk and coverage"))
    caption = (
        "Errors of the last epoch among the most confident answers; at 100 % all faces are "
        "answered. Line: mean over seeds, shaded: from the best seed to the worst. A good model "
        "errs seldom, and its line falls to the left. AURC: area under the line, the mean error "
        "over all coverages; lower is better; mean over seeds." + left_out + lines_left_out(scores)
    )
    every = [row for dataset in kept for row in found[dataset]]
    figure, places = _places(title, caption, found, kept, [2.8])
    for (axis, below), dataset in zip(places, kept, strict=True):
        _legend(below, "AURC", _risk_panel(axis, found[dataset], every))
    return figure


def _risk_panel(axis: Axes, rows: list[Row], every: list[Row]) -> list[Line2D]:
    handles = []
    for row in rows:
        parts = [part["risk_coverage"] for part in _parts(row)]
        coverage = 100 * np.array(parts[0]["coverage"])
        risks = 100 * np.array([part["risk"] for part in parts])
        area = rounded(100 * fmean(part["aurc"] for part in parts), 1)
        drawn = looks(every)[row.model]
        axis.plot(coverage, risks.mean(axis=0), label=row.model, markevery=4, **drawn)
        axis.fill_between(
            coverage, risks.min(axis=0), risks.max(axis=0), color=drawn["color"], alpha=0.12, lw=0
        )
        handles.append(Line2D([], [], label=f"{area} %  {short(row.model, 30)}", **drawn))
    axis.set(xlim=(0, 102), xlabel="coverage: faces answered (%)", ylabel="errors among them (%)")
    axis.set_ylim(bottom=0)
    axis.set_title(headed(rows[0], seeds(rows)))
    axis.grid(alpha=0.3)
    return handles


def _places(
    title: str, caption: str, found: Mapping[str, list[Row]], kept: list[str], heights: list[float]
) -> tuple[Figure, list[list[Axes]]]:
    """A page, and for each dataset axes of these heights (inches) with a free one for its legend.

    A legend names models with their numbers, so each panel has its own; below it hides no line.
    """
    blocks, across = arranged(len(kept))
    most = max(len(found[dataset]) for dataset in kept)
    heights = [*heights, 0.155 * (most + 1)]
    figure = page(title, caption, height=(sum(heights) + 0.3) * blocks)
    axes = figure.subplots(
        len(heights) * blocks, across, squeeze=False, height_ratios=heights * blocks
    )
    columns_ = [list(block.T) for block in np.split(axes, blocks)]
    places = [list(column) for block in columns_ for column in block]
    for place in places[len(kept) :]:
        for axis in place:
            axis.set_axis_off()
    return figure, places[: len(kept)]


def _legend(below: Axes, measure: str, handles: list[Line2D]) -> None:
    below.set_axis_off()
    legend = below.legend(
        handles=handles, loc="upper left", bbox_to_anchor=(0, 1), borderaxespad=0, borderpad=0,
        labelspacing=0.25, handlelength=3, title=measure, title_fontsize=7.5, alignment="left",
    )  # fmt: skip
    legend.set_in_layout(False)


def _with(rows: Iterable[Row | None], key: str) -> list[Row]:
    """The rows whose score files hold `key`; older files do not."""
    return [row for row in rows if row and any(part.get(key) for part in row.parts(row.dataset))]


def _parts(row: Row) -> list[Any]:
    """Of the seeds that were scored with these numbers."""
    return [part for part in row.parts(row.dataset) if part.get("calibration")]
