"""`fer-bench score`: the stage, and scores of predictions that git keeps."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from fer_bench.cli.log import logged
from fer_bench.cores import one_thread
from fer_bench.errors import FerBenchError
from fer_bench.stages import cells, paths


def score(
    dataset: Annotated[str | None, typer.Argument(help="A dataset of params.yaml.")] = None,
    row: Annotated[str | None, typer.Argument(help="A row, e.g. scan_cci.")] = None,
    seed: Annotated[int | None, typer.Argument(help="The seed of the cell.")] = None,
    from_: Annotated[
        Path | None,
        typer.Option("--from", help="Score every cell that is kept here: results/predictions."),
    ] = None,
    to: Annotated[Path, typer.Option(help="With --from: where scores go.")] = Path(paths.SCORES),
) -> None:
    """Turn a cell's predictions into results/scores/<dataset>/<row>/<seed>.json.

    With --from, committed predictions are scored again; it needs neither faces nor weights. Parts
    of challenge lists need these lists, which are not ours to pass on (`fer-bench audit`).

    Examples:

      fer-bench score synthetic scan_cci 0

      fer-bench score --from results/predictions --to again
    """
    one_thread()
    if from_ is None:
        if dataset is None or row is None or seed is None:
            raise FerBenchError("name a dataset, a row and a seed, or predictions with --from")
        stage = cells.score(dataset, row, seed)
        with logged(stage.log):
            stage.run()
        return
    from tqdm import tqdm

    from fer_bench.evaluation.kept import cells_of, score_again
    from fer_bench.rules import read_protocol

    wanted = (dataset, row, seed)
    found = [
        cell for cell in cells_of(from_)
        if all(w is None or w == said for w, said in zip(wanted, cell, strict=True))
    ]  # fmt: skip
    if not found:
        raise FerBenchError(f"{from_} keeps no such predictions: `fer-bench keep` writes them")
    bar = tqdm(found, desc="score", unit="cell")
    score_again(from_, bar, to, read_protocol(), Path(paths.FACES))
    print(f"{len(found)} cells: {to}")
