"""Figures 2, 6, 9, 10, S1 and S2: what the explain stage found, as pictures.

Only rendered faces go to the committed figures; galleries of photographs go to a folder that git
ignores. Which is which is decided by the set whose faces are shown, not by the trained dataset.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from matplotlib.figure import Figure

from fer_bench.reports.enabled import Enabled
from fer_bench.reports.explain_results import Pictures, load_pictures
from fer_bench.reports.figures.figure02_06_09_10_s1_s2 import (
    channel_response,
    comparison,
    comparison_masked,
    failures,
    masked_faces,
    more_comparisons,
    nothing,
)
from fer_bench.reports.figures.style import save, style

UNMASKED: dict[str, Callable[[Pictures], Figure]] = {
    "figure02": channel_response,
    "figure09": comparison,
    "figure10": failures,
    "figure_s1": more_comparisons,
}
MASKED: dict[str, Callable[[Pictures], Figure]] = {
    "figure06": masked_faces,
    "figure_s2": comparison_masked,
}
FIGURES = (*UNMASKED, *MASKED)


def build_galleries(
    explain_root: Path, enabled: Enabled, figures_dir: Path, galleries_dir: Path
) -> None:
    """Draw `<figure>.png` and `.pdf` of rendered faces, and galleries of photographs.

    Args:
        explain_root: `runs/explain`.
        enabled: params.yaml's `enabled`; every model of `explain` is a column.
        figures_dir: `results/figures`; gets every file of `FIGURES`. One about which nothing is
            known says which keys of params.yaml fill it.
        galleries_dir: `results/galleries`, ignored by git; gets `<dataset>_<figure>`, or
            `<dataset>_on_<set>_<figure>` for another set's faces.
    """
    found = [pictures for pictures in load_pictures(explain_root, enabled) if pictures.columns]
    for kind, figures in ((False, UNMASKED), (True, MASKED)):
        of_kind = [pictures for pictures in found if pictures.masked == kind]
        _committed([p for p in of_kind if p.rendered], figures, figures_dir)
        for pictures in of_kind:
            if not pictures.rendered:
                _photographs(pictures, figures, galleries_dir)


def _committed(
    rendered: Sequence[Pictures], figures: dict[str, Callable[[Pictures], Figure]], folder: Path
) -> None:
    """The first set in the order of params: DVC wants its outs named in advance."""
    for name, function in figures.items():
        with style():
            figure = function(rendered[0]) if rendered else nothing(name)
            save(figure, folder / name)


def _photographs(
    pictures: Pictures, figures: dict[str, Callable[[Pictures], Figure]], folder: Path
) -> None:
    own = pictures.dataset == pictures.set
    stem = pictures.dataset if own else f"{pictures.dataset}_on_{pictures.set}"
    for name, function in figures.items():
        with style():
            save(function(pictures), folder / f"{stem}_{name}")
