"""`fer-bench table`: the stage, and tables of chosen rows for a paper of one's own."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from fer_bench.errors import FerBenchError
from fer_bench.stages import paths
from fer_bench.stages.reports import enabled
from fer_bench.stages.reports import table as stage


def table(
    name: Annotated[
        str | None, typer.Argument(help="01 to 11, s1 or s2: the paper's numbers.")
    ] = None,
    models: Annotated[str, typer.Option(help="Rows, external ones too: a,b,c.")] = "",
    datasets: Annotated[str, typer.Option(help="Trained and tested on: a,b.")] = "synthetic",
    columns: Annotated[
        str, typer.Option(help="Of accuracy, balanced_accuracy, macro_f1, nll, brier, ece, "
                          "parameters, gmacs, latency, seeds, pretrained, backbone.")
    ] = "accuracy,macro_f1,parameters,gmacs",
    format_: Annotated[str, typer.Option("--format", help="latex, md or csv.")] = "latex",
    out: Annotated[Path | None, typer.Option(help="A file instead of the screen.")] = None,
) -> None:  # fmt: skip
    """Write one table of the paper as Markdown, CSV and LaTeX, its numbers beside ours.

    With --models instead of a number, a table of chosen rows for a paper of yours. Latency is what
    `fer-bench cost` measured. A row is bold where it is shown to be better than all others.

    Examples:

      dvc --wait-for-lock repro table08

      fer-bench table --models my_net,scan_cci --columns accuracy,parameters,gmacs --out mine.tex
    """
    if name is not None:
        stage(name).run()
        return
    if not models:
        raise FerBenchError("name a table, 01 to 11, s1 or s2, or rows with --models a,b,c")
    from fer_bench.cli.models import register
    from fer_bench.files import write_text
    from fer_bench.records.cost import load_costs
    from fer_bench.reports.scores import load_scores
    from fer_bench.reports.tables.chosen_table import chosen_table

    register()
    text = chosen_table(
        load_scores(Path(paths.SCORES), enabled(), Path(paths.EXTERNAL)),
        models.split(","), datasets.split(","), columns.split(","), format_,
        costs=load_costs(Path(paths.COST)), cache_dir=Path(paths.STATISTICS),
    )  # fmt: skip
    if out is None:
        print(text, end="")
    else:
        write_text(out, text)
        print(out)
