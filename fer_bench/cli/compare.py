"""`fer-bench compare`: is one row better than another?"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from fer_bench.stages import paths
from fer_bench.stages.reports import enabled


def compare(
    dataset: Annotated[str, typer.Argument(help="What both were trained on, e.g. synthetic.")],
    one: Annotated[str, typer.Argument(help="A row, e.g. scan_cci.")],
    other: Annotated[str, typer.Argument(help="The row it is compared with.")],
    on: Annotated[str | None, typer.Option(help="Another set, e.g. synthetic_masked.")] = None,
    part: Annotated[str, typer.Option(help="A part of the set, e.g. occluded.")] = "all",
    margin: Annotated[float, typer.Option(help="What counts as equal, in points.")] = 1.0,
) -> None:
    """Say whether one row is better than another, and how sure that is.

    Example: fer-bench compare synthetic scan_cci baseline_identity
    """
    from fer_bench.reports.compare.in_words import compare_text
    from fer_bench.reports.scores import load_scores

    scores = load_scores(Path(paths.SCORES), enabled(), Path(paths.EXTERNAL))
    print(
        compare_text(
            scores,
            dataset,
            one,
            other,
            set_=on,
            part=part,
            margin=margin / 100,
            cache=Path(paths.STATISTICS),
        )
    )
