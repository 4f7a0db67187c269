"""One confusion matrix as a panel, and a grid of such panels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from fer_bench.reports.describe import faces, subset_title
from fer_bench.reports.figures.select import accuracy, headed, seeds, short
from fer_bench.reports.figures.style import page
from fer_bench.reports.formatting import rounded
from fer_bench.reports.row import Row, classes_of

# Inches: a matrix whose cells are about square with what stands below it, and a line of its title.
# Seaborn's square=True would do for the cells, but no layout engine knows a panel's size then.
_MATRIX, _TITLE_LINE = 2.95, 0.135
DARK = 65  # percent, from where white is easier to read on the blue than black
MOST_LINES = 4
ACROSS = 3
"""Panels beside each other; a cell's counts can just be read then."""

HOW_TO_READ = (
    "Large: percent of the true class, dark for many. Small: faces, summed over seeds. On the "
    "left: faces of the true class, times seeds. Above: accuracy of the last epoch, mean ± "
    "standard deviation over seeds."
)


@dataclass(frozen=True)
class MatrixPanel:
    """What one place of the grid shows.

    Attributes:
        row: the model that predicts; None for a place without data.
        set: whose faces it predicts.
        subset: which of them.
        missing: what the place says where there is no data.
    """

    row: Row | None
    set: str
    subset: str = "all"
    missing: str = ""

    @property
    def filled(self) -> bool:
        """Whether there is a face to show."""
        return self.row is not None and self.row.has(self.set, self.subset)


def grid(title: str, caption: str, panels: Sequence[MatrixPanel]) -> Figure:
    """Panels of `ACROSS` in a line."""
    lines = -(-len(panels) // ACROSS)
    titles = [_title(panel, panel.row) for panel in panels if panel.row and panel.filled]
    above = _TITLE_LINE * max(text.count("\n") + 1 for text in titles)
    figure = page(title, f"{HOW_TO_READ}{caption}", height=(_MATRIX + above) * lines)
    axes = figure.subplots(lines, ACROSS, squeeze=False).ravel()
    for axis, panel in zip(axes, panels, strict=False):
        if panel.filled:
            draw_matrix(axis, panel)
        else:
            axis.set_axis_off()
            axis.text(0.5, 0.5, panel.missing, ha="center", va="center", color="#555555")
    for axis in axes[len(panels) :]:
        axis.set_axis_off()
    return figure


def draw_matrix(axis: Axes, panel: MatrixPanel) -> None:
    """One confusion matrix, which has a face to show."""
    assert panel.row is not None
    parts = panel.row.parts(panel.set, panel.subset)
    counts = np.sum([part["confusion"] for part in parts], axis=0)
    classes = classes_of(parts[0])
    totals = counts.sum(axis=1, keepdims=True)
    shares = np.divide(100 * counts, totals, out=np.zeros(counts.shape), where=totals > 0)
    sns.heatmap(
        shares, ax=axis, vmin=0, vmax=100, cmap="Blues", cbar=False, linewidths=0.5,
        xticklabels=False, yticklabels=False,
    )  # fmt: skip
    for (i, j), share in np.ndenumerate(shares):
        known = totals[i, 0] > 0
        large = rounded(float(share), 0) if known else "–"
        small = f"{counts[i, j]:,}" if known else ""
        common: dict[str, Any] = {"color": "white" if share > DARK else "black", "ha": "center"}
        texts = (
            axis.text(j + 0.5, i + 0.57, large, va="bottom", fontsize=7.5, **common),
            axis.text(j + 0.5, i + 0.6, small, va="top", fontsize=4.8, **common),
        )
        for text in texts:
            text.set_in_layout(False)  # inside the axes: measuring a thousand of them takes long
    sizes = [[int(part["n_per_class"][c]) for part in parts] for c in classes]
    labels = [f"{c}\nn = {_times(n)}" for c, n in zip(classes, sizes, strict=True)]
    middles = np.arange(len(classes)) + 0.5
    axis.set_yticks(middles, labels, fontsize=6)
    axis.set_xticks(middles, classes, rotation=40, ha="right", rotation_mode="anchor", fontsize=6.5)
    axis.tick_params(length=0, pad=2)
    axis.set_xlabel("predicted", labelpad=2)
    axis.set_ylabel("true", labelpad=3)
    axis.set_title(_title(panel, panel.row))


def _title(panel: MatrixPanel, row: Row) -> str:
    who = short(row.model)
    if panel.set != row.dataset:
        who += f" trained on {row.dataset}"
    if panel.subset != "all":
        who += f", {subset_title(panel.subset)}"
    sizes = faces(row, panel.set, panel.subset).replace(" of ", "\nof ")
    found = accuracy(row, panel.set, panel.subset)
    return headed(row, who, f"{found} of {sizes}, {seeds([row])}", set_=panel.set)


def _times(sizes: Sequence[int]) -> str:
    """`40 × 2` for two seeds on the same 40 faces; the sum where seeds differ."""
    if len(set(sizes)) > 1:
        return f"{sum(sizes):,}"
    return f"{sizes[0]:,}" if len(sizes) == 1 else f"{sizes[0]:,} × {len(sizes)}"
