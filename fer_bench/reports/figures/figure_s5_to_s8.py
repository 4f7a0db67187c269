"""Figures S5 to S8: confusion on occluded and turned faces, and the same of other datasets."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from matplotlib.figure import Figure

from fer_bench.reports.describe import subset_title
from fer_bench.reports.figures.inputs import Inputs
from fer_bench.reports.figures.matrix import MOST_LINES, Panel, grid
from fer_bench.reports.figures.select import OURS, capped, needs
from fer_bench.reports.figures.style import notice
from fer_bench.reports.scores import Scores

SUBSETS = ("occluded", "pose_gt_30", "pose_gt_45")


SUBSET_FIGURES = {
    "figure_s5": "ferplus", "figure_s6": "rafdb", "figure_s7": "affectnet7",
    "figure_s8": "affectnet8",
}  # fmt: skip


def subset_confusion(inputs: Inputs) -> Figure:
    """SCAN-CCI on occluded and turned faces of datasets that the paper has no such figure of."""
    title = "Confusion on occluded and turned faces, datasets beyond the paper's"
    panels = {d: _subset_panels(inputs.scores, d) for d in inputs.scores.datasets()}
    found = [
        dataset
        for dataset, places in panels.items()
        if dataset not in SUBSET_FIGURES.values() and any(place.filled for place in places)
    ]
    kept, left_out = capped(found, MOST_LINES)
    if not kept:
        return notice(
            title,
            "Nothing measured yet: it needs scan_cci on a dataset with subsets of occluded or "
            "turned faces, such as synthetic. Enable it in params.yaml and run `dvc repro`.",
        )
    return grid(title, left_out, [panel for name in kept for panel in panels[name]])


def _figure_of_subsets(number: str, dataset: str, inputs: Inputs) -> Figure:
    title = f"Figure {number}: confusion on occluded and turned faces of {dataset}"
    panels = _subset_panels(inputs.scores, dataset)
    if not any(panel.filled for panel in panels):
        return notice(title, f"{needs([dataset])} The subsets are published lists of test faces.")
    return grid(title, "", panels)


SUBSET_DRAWINGS: dict[str, Callable[[Inputs], Figure]] = {
    name: partial(_figure_of_subsets, name.removeprefix("figure_").upper(), dataset)
    for name, dataset in SUBSET_FIGURES.items()
}


def _subset_panels(scores: Scores, dataset: str) -> list[Panel]:
    row = scores.main(dataset, OURS)
    return [Panel(row, dataset, s, f"{dataset}, {subset_title(s)}:\nnot measured") for s in SUBSETS]
