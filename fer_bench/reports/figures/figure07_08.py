"""Figures 7 and 8: accuracy against the number of blocks m, and against the loss weight λ."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from fer_bench.reports import describe
from fer_bench.reports.figures.select import OURS, Inputs, arranged, capped, headed, seeds
from fer_bench.reports.figures.style import notice, page
from fer_bench.reports.paper import TextNumber
from fer_bench.reports.row import Row
from fer_bench.reports.scores import Scores

LEAST_SPAN = 10
"""The fewest points an axis covers, so that a thin margin looks thin."""

_TEST, _VALIDATION, _PRINTED = "test faces", "validation faces", "paper, section 6.9"
_BLACK: dict[str, Any] = {"color": "black", "marker": "o", "markersize": 5, "linewidth": 1.4}
_GREY: dict[str, Any] = {
    "color": "#888888", "marker": "s", "markersize": 3, "linewidth": 1, "linestyle": (0, (3, 2)),
}  # fmt: skip
_STAR: dict[str, Any] = {
    "color": "#D55E00", "marker": "*", "markersize": 9, "linestyle": "none",
}  # fmt: skip


@dataclass(frozen=True)
class Sweep:
    """One setting of SCAN-CCI and the rows that vary it.

    Attributes:
        key: what the row's training record calls the setting.
        symbol: what the paper calls it.
        prefix: what stands before the setting in a row's name.
        read: the setting from the rest of the name.
        fixed: settings of rows whose names do not say them.
        label: the axis.
        place: where a setting stands on the axis.
    """

    key: str
    symbol: str
    prefix: str
    read: Callable[[str], float]
    fixed: Mapping[str, float]
    label: str
    place: Callable[[float], float]

    def named(self, model: str) -> float | None:
        """The setting that a name says; None for a model that varies something else."""
        digits = re.fullmatch(rf"{self.prefix}(\d+)", model)
        return self.read(digits[1]) if digits else self.fixed.get(model)

    def points(self, scores: Scores, dataset: str) -> dict[float, Row]:
        """The measured settings in rising order; of two rows with one setting the plain row."""
        found: dict[float, Row] = {}
        for row in sorted(scores.of(dataset), key=lambda row: len(row.model)):
            setting = self.named(row.method)
            if setting is not None and row.has(dataset):
                fixed = row.method != OURS and row.method in self.fixed
                recorded = (c.training.options.get(self.key) for c in row.cells if not fixed)
                known = next((value for value in recorded if value is not None), setting)
                found.setdefault(float(known), row)
        return dict(sorted(found.items()))

    def printed(self, said: Iterable[TextNumber], dataset: str) -> dict[float, float]:
        """What the paper's text states for single settings: setting -> accuracy in percent."""
        found = {}
        for number in said:
            setting = self.named(number.model)
            if number.dataset == dataset and number.statistic == "max" and setting is not None:
                found[setting] = float(number.printed)
        return found


BLOCKS = Sweep(
    key="m",
    symbol="m",
    prefix=f"{OURS}_m",
    read=float,
    fixed={OURS: 25},
    label="blocks m that local units look at",
    place=math.sqrt,
)
WEIGHTS = Sweep(
    key="lam",
    symbol="λ",
    prefix=f"{OURS}_lambda",
    read=lambda digits: float(f"{digits[0]}.{digits[1:] or 0}"),
    fixed={OURS: 0.2, f"{OURS}_no_scan": 0.0, f"{OURS}_no_cci": 1.0},
    label="λ, the loss weight of the attention branch",
    place=float,
)


def figure07(inputs: Inputs) -> Figure:
    """Accuracy of `last` against m."""
    return _figure(
        "Figure 7: accuracy against the number of blocks m",
        "The paper prints no numbers of its curve; it says that “the margin of difference between "
        "different sizes is very thin” and that m = 25 is best (section 6.9).",
        "scan_cci_m1, scan_cci_m4, scan_cci_m9, scan_cci_m16 beside scan_cci (m = 25)",
        BLOCKS,
        inputs,
    )


def figure08(inputs: Inputs) -> Figure:
    """Accuracy of `last` against λ."""
    return _figure(
        "Figure 8: accuracy against the loss weight λ",
        "λ = 0 is the model without the attention branch, λ = 1 the one without the context "
        "branch. The paper prints no numbers of its curve but two in its text (section 6.9, chosen "
        "on test faces): those of affectnet7 and affectnet8, drawn as stars in their panels.",
        "scan_cci_lambda04, scan_cci_lambda06, … beside scan_cci (λ = 0.2)",
        WEIGHTS,
        inputs,
    )


def _figure(title: str, note: str, rows: str, sweep: Sweep, inputs: Inputs) -> Figure:
    scores = inputs.scores
    found = {d: p for d in scores.datasets() if len(p := sweep.points(scores, d)) > 1}
    kept, left_out = capped(sorted(found, key=lambda d: not sweep.printed(inputs.said, d)))
    if not kept:
        return notice(
            title,
            f"Nothing measured yet: it needs {rows} on one dataset. Name them under `variants` "
            "and in the dataset's models in params.yaml, and run `fer-bench sweep`.",
        )
    caption = (
        f"{note} Last epoch, mean ± standard deviation over seeds; rings: single seeds. "
        f"{sweep.symbol} is to be chosen on validation faces (grey), never on test faces. The axes "
        f"do not begin at 0.{left_out}"
    )
    printed = {dataset: sweep.printed(inputs.said, dataset) for dataset in kept}
    lines, across = arranged(len(kept))
    figure = page(title, caption, height=2.7 * lines, legend=_legend(any(printed.values())))
    axes = figure.subplots(lines, across, squeeze=False).ravel()
    for axis, dataset in zip(axes, kept, strict=False):
        _panel(axis, sweep, found[dataset], printed[dataset])
    for axis in axes[len(kept) :]:
        axis.set_axis_off()
    return figure


def _panel(
    axis: Axes, sweep: Sweep, points: Mapping[float, Row], printed: Mapping[float, float]
) -> None:
    rows = list(points.values())
    dataset = rows[0].dataset
    places = [sweep.place(setting) for setting in points]
    heights = _lines(axis, places, rows)
    for setting, value in printed.items():
        star = (sweep.place(setting), value)
        axis.plot(*star, label=_PRINTED, **_STAR)
        axis.annotate(f"{value:g}", star, (6, 4), textcoords="offset points", fontsize=7)
    ticks = {sweep.place(setting): f"{setting:g}" for setting in (*points, *printed)}
    axis.set_xticks(sorted(ticks), [ticks[place] for place in sorted(ticks)])
    axis.set_ylim(*_limits([*heights, *printed.values()]))
    sizes = [n["val"] for n in rows[0].said("n") if n.get("val")]
    validated = "".join(f"\nvalidation: {n:,} faces" for n in sizes[:1])
    tested = f"test: {describe.faces(rows[0], dataset)}, {seeds(rows)}"
    axis.set_title(headed(rows[0], f"{tested}{validated}"))
    axis.set(xlabel=sweep.label, ylabel="accuracy of the last epoch (%)")
    axis.margins(x=0.08)
    axis.grid(alpha=0.3)


def _lines(axis: Axes, places: list[float], rows: list[Row]) -> list[float]:
    """Draw test and validation accuracy; returns the heights that must be seen."""
    tests = [100 * np.array(r.values("accuracy", r.dataset)) for r in rows]
    validated = [_validation(row) for row in rows]
    if np.isfinite(validated).any():
        grey = _GREY if len(rows) > 2 else {**_GREY, "linestyle": "none"}
        axis.plot(places, validated, label=_VALIDATION, **grey)
    look = _BLACK if len(rows) > 2 else {**_BLACK, "linestyle": "none"}  # two are no curve
    means = np.array([values.mean() for values in tests])
    spreads = np.array([values.std(ddof=1) if len(values) > 1 else 0 for values in tests])
    axis.errorbar(places, means, yerr=spreads, capsize=3, label=_TEST, **look)
    for place, values in zip(places, tests, strict=True):
        axis.plot([place] * len(values), values, "o", color="black", markersize=3,
                  markerfacecolor="white", markeredgewidth=0.7, zorder=4)  # fmt: skip
    heights = [*np.concatenate(tests), *(means + spreads), *(means - spreads), *validated]
    return [float(height) for height in heights if np.isfinite(height)]


def _limits(heights: list[float]) -> tuple[float, float]:
    """Around the values, but never so near that a point of accuracy fills the axis."""
    low, high = min(heights), max(heights)
    room = max(0.08 * (high - low), (LEAST_SPAN - (high - low)) / 2)
    return max(0.0, low - room), high + room


def _validation(row: Row) -> float:
    """Accuracy on validation faces after the last epoch in percent, mean over seeds, or NaN."""
    curve = row.history().get("val_accuracy")
    return math.nan if curve is None or not curve.size else float(100 * curve[:, -1].mean())


def _legend(printed: bool) -> list[Line2D]:
    looks: list[tuple[str, dict[str, Any]]] = [(_TEST, _BLACK), (_VALIDATION, _GREY)]
    looks += [(_PRINTED, _STAR)] * printed
    return [Line2D([], [], label=label, **look) for label, look in looks]
