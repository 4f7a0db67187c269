"""`fer-bench keep`: predictions into git, from which scores can be made again."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from fer_bench.stages import paths


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
