"""Figure 5: confusion matrices on each dataset's own test faces."""

from __future__ import annotations

from matplotlib.figure import Figure

from fer_bench.reports.figures.inputs import Inputs
from fer_bench.reports.figures.matrix import MOST_LINES, Panel, grid
from fer_bench.reports.figures.select import COLUMNS, capped, columns, needs
from fer_bench.reports.figures.style import notice

PRINTED = ("ferplus", "rafdb", "affectnet8")
"""The datasets of the paper's Figure 5, which stand first."""


def figure05(inputs: Inputs) -> Figure:
    """The models side by side on each dataset's own test faces."""
    title = "Figure 5: confusion matrices on the own test faces"
    scores = inputs.scores
    names = [d for d in scores.datasets() if any(columns(scores, d))]
    kept, left_out = capped(sorted(names, key=_printed_first), MOST_LINES)
    panels = [
        Panel(row, dataset, missing=f"{' or '.join(models)}\non {dataset}:\nnot measured")
        for dataset in kept
        for models, row in zip(COLUMNS, columns(scores, dataset), strict=True)
    ]
    if not panels:
        return notice(title, needs(PRINTED))
    return grid(title, left_out, panels)


def _printed_first(dataset: str) -> int:
    return PRINTED.index(dataset) if dataset in PRINTED else len(PRINTED)
