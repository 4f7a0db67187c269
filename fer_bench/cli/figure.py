"""`fer-bench figure`: a figure of chosen rows for a paper of one's own."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from fer_bench.stages import paths
from fer_bench.stages.reports import enabled


def figure(
    kind: Annotated[str, typer.Argument(help="confusion, intervals or curves.")],
    dataset: Annotated[str, typer.Argument(help="What the rows were trained and tested on.")],
    models: Annotated[list[str], typer.Argument(help="Rows, external ones too.")],
    width: Annotated[str, typer.Option(help="single (3.5 in) or double (7.2 in).")] = "single",
    out: Annotated[
        Path | None, typer.Option(help="Without ending; <kind>_<dataset> if left.")
    ] = None,
) -> None:
    """Draw chosen rows at a journal's width, as PNG and PDF.

    Example: fer-bench figure confusion synthetic my_net scan_cci --width double
    """
    from fer_bench.reports.compare.in_words import measured
    from fer_bench.reports.figures.for_paper import figure_of
    from fer_bench.reports.figures.style import save, style
    from fer_bench.reports.scores import load_scores

    scores = load_scores(Path(paths.SCORES), enabled(), Path(paths.EXTERNAL))
    rows = [measured(scores, dataset, model, dataset, "all") for model in models]
    stem = out or Path(f"{kind}_{dataset}")
    with style():
        save(figure_of(kind, rows, dataset, width), stem, dpi=300)
    print(f"{stem}.png and {stem}.pdf")
