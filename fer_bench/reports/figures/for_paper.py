"""Figures of chosen rows at a journal's widths; title and caption are the paper's."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from matplotlib.figure import Figure

from fer_bench.errors import FerBenchError, nearest
from fer_bench.reports.figures.intervals import draw_intervals
from fer_bench.reports.figures.matrix import MatrixPanel, draw_matrix
from fer_bench.reports.figures.select import OURS, legend_of
from fer_bench.reports.figures.training_curves_subsets import CURVES, draw_curve
from fer_bench.reports.row import Row

WIDTHS = {"single": 3.5, "double": 7.2}
"""Of a column and of a page of most journals, in inches."""
_LINE = 0.22  # inches: a model of `intervals`


def figure_of(kind: str, rows: Sequence[Row], dataset: str, width: str) -> Figure:
    """A figure of rows on the test faces of their dataset.

    Args:
        kind: of `KINDS`.
        rows: in the order of panels, lines or bars.
        dataset: theirs.
        width: of `WIDTHS`.

    Raises:
        FerBenchError: there is no such kind or width, or external rows have no curves.
    """
    for what, name, known in (("figure", kind, KINDS), ("width", width, WIDTHS)):
        if name not in known:
            raise FerBenchError(f"unknown {what} {name!r}: {nearest(name, known)}")
    return KINDS[kind](list(rows), dataset, WIDTHS[width])


def _confusion(rows: list[Row], dataset: str, width: float) -> Figure:
    across = min(len(rows), 1 if width < 5 else 2)
    lines = -(-len(rows) // across)
    figure = Figure(figsize=(width, width / across * lines), layout="constrained")
    axes = figure.subplots(lines, across, squeeze=False).ravel()
    for axis, row in zip(axes, rows, strict=False):
        draw_matrix(axis, MatrixPanel(row, dataset))
    for axis in axes[len(rows) :]:
        axis.set_axis_off()
    return figure


def _intervals(rows: list[Row], dataset: str, width: float) -> Figure:
    figure = Figure(figsize=(width, 0.9 + _LINE * len(rows)), layout="constrained")
    draw_intervals(figure.subplots(), rows, len(rows), {OURS, *(row.model for row in rows)})
    return figure


def _curves(rows: list[Row], dataset: str, width: float) -> Figure:
    if outside := [row.model for row in rows if row.external]:
        raise FerBenchError(f"{', '.join(outside)}: trained elsewhere, so that no curve is known")
    stacked = width < 5
    size = (width, 2.0 * len(CURVES)) if stacked else (width, 2.6)
    figure = Figure(figsize=size, layout="constrained")
    shape = (len(CURVES), 1) if stacked else (1, len(CURVES))
    axes = figure.subplots(*shape, squeeze=False, sharey=True).ravel()
    for axis, (curve, where) in zip(axes, CURVES, strict=True):
        for row in rows:
            draw_curve(axis, row, curve, rows)
        axis.set_title(f"{dataset}, {where}")
        axis.set(xlabel="epoch", ylim=(0, 102), ylabel="accuracy (%)")
        axis.grid(alpha=0.3)
    figure.legend(handles=legend_of(rows), loc="outside lower center", ncols=2)
    return figure


KINDS: dict[str, Callable[[list[Row], str, float], Figure]] = {
    "confusion": _confusion,
    "intervals": _intervals,
    "curves": _curves,
}
