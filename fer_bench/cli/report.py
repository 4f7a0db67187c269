"""`fer-bench report --diff`: what a change did to the scores."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from fer_bench.stages import paths
from fer_bench.stages.reports import enabled


def report(
    diff: Annotated[
        str, typer.Option(help="A git revision, e.g. origin/main.", show_default=False)
    ],
) -> None:
    """Print what changed in the scores against another git revision, as Markdown.

    Example: fer-bench report --diff origin/main
    """
    from fer_bench.reports.compare.diff import diff_markdown

    scores, robustness = Path(paths.SCORES), Path(paths.ROBUSTNESS)
    print(diff_markdown(Path(), diff, scores, enabled(), robustness_dir=robustness), end="")
