"""The figures drawn from score files, as PNG and PDF.

Each is one file pair with a panel a dataset, because DVC wants its outs named in advance and every
out produced: a figure without data says what would fill it. The functions that draw return the
`Figure`, so that tests can read axes and values.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

from matplotlib.figure import Figure

from fer_bench.files import write_text
from fer_bench.reports.enabled import Enabled
from fer_bench.reports.figures.critical_difference import critical_difference
from fer_bench.reports.figures.figure05_s3_to_s8 import (
    SUBSET_DRAWINGS,
    figure05,
    figure_s3,
    figure_s4,
    subset_confusion,
)
from fer_bench.reports.figures.figure07_08 import figure07, figure08
from fer_bench.reports.figures.galleries import MASKED, UNMASKED
from fer_bench.reports.figures.index import markdown
from fer_bench.reports.figures.intervals import intervals
from fer_bench.reports.figures.reliability_risk_coverage import reliability, risk_coverage
from fer_bench.reports.figures.robustness import robustness
from fer_bench.reports.figures.select import Inputs
from fer_bench.reports.figures.style import save, style
from fer_bench.reports.figures.training_curves_subsets import subset_accuracy, training_curves
from fer_bench.reports.paper import load_said
from fer_bench.reports.parallel import in_parallel
from fer_bench.reports.scores import load_scores

FIGURES: dict[str, Callable[[Inputs], Figure]] = {
    "figure05": figure05,
    "figure07": figure07,
    "figure08": figure08,
    "figure_s3": figure_s3,
    "figure_s4": figure_s4,
    **SUBSET_DRAWINGS,
    "figure_subset_confusion": subset_confusion,
    "training_curves": training_curves,
    "subsets": subset_accuracy,
    "intervals": intervals,
    "critical_difference": critical_difference,
    "reliability": reliability,
    "risk_coverage": risk_coverage,
    "robustness": robustness,
}
"""File stem -> what draws it."""
INDEX = "README.md"


def build_figures(
    scores_dir: Path,
    params_enabled: Enabled,
    out_dir: Path,
    *,
    paper_dir: Path | None = None,
    robustness_dir: Path | None = None,
) -> None:
    """Write every figure of `FIGURES` as `<name>.png` and `.pdf`, and the index of all figures.

    Args:
        scores_dir: `results/scores`.
        params_enabled: params.yaml's `enabled`.
        out_dir: `results/figures`.
        paper_dir: `benchmarks/paper`; without it no number of the paper's is drawn beside ours.
        robustness_dir: `results/robustness`, or None where there is none.

    Raises:
        FerBenchError: a score file is none, or the paper's numbers are missing.
    """
    said = load_said(paper_dir) if paper_dir else ()
    inputs = Inputs(load_scores(scores_dir, params_enabled), robustness_dir, said, params_enabled)
    write_text(out_dir / INDEX, markdown({**FIGURES, **UNMASKED, **MASKED}))
    in_parallel([partial(_draw, draw, inputs, out_dir / name) for name, draw in FIGURES.items()])


def _draw(draw: Callable[[Inputs], Figure], inputs: Inputs, stem: Path) -> None:
    with style():
        save(draw(inputs), stem)
