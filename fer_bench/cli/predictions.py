"""`fer-bench keep` and `fer-bench score`: predictions in git, and scores made of them again."""

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

    With --from, committed predictions are scored again; it needs neither faces nor weights.

    Examples:

      fer-bench score synthetic scan_cci 0

      fer-bench score --from results/predictions --to /tmp/scores
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
    from fer_bench.protocol import read_protocol

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


def keep(
    dataset: Annotated[str, typer.Argument(help="The dataset whose cells were trained here.")],
) -> None:
    """Copy what trained cells predicted to results/predictions, to be committed.

    Logits by running numbers of faces (results/faces), training records and histories: no face, no
    name. `fer-bench score --from results/predictions` makes the scores of them again.

    Example: fer-bench keep ferplus
    """
    from fer_bench.evaluation.kept import keep as copy

    size = copy(Path(paths.RUNS), dataset, Path(paths.PREDICTIONS))
    print(f"{paths.PREDICTIONS}/{dataset}: {size / 1e6:.1f} MB")
