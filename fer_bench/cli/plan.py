"""`fer-bench plan`: which difference could a comparison show?"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from fer_bench.stages import paths
from fer_bench.stages.reports import enabled


def plan(
    dataset: Annotated[str, typer.Argument(help="With two models of two seeds, e.g. synthetic.")],
    seeds: Annotated[int | None, typer.Option(help="Of each model.", min=2)] = None,
    people: Annotated[
        int | None, typer.Option(help="Tested people (faces, where not known).", min=2)
    ] = None,
    difference: Annotated[float, typer.Option(help="Of a claim, in points.", min=0.01)] = 1.0,
) -> None:
    """Say which difference of two models so many seeds and people can show.

    From the variances measured on the dataset's own test faces (results/tables/power.md).

    Example: fer-bench plan synthetic --seeds 10 --people 300
    """
    from fer_bench.reports.pages.power import plan_text
    from fer_bench.reports.scores import load_scores

    scores = load_scores(Path(paths.SCORES), enabled())
    print(plan_text(scores, dataset, seeds=seeds, people=people, points=difference))
