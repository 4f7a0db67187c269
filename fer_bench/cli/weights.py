"""`fer-bench weights`: which pre-trained weights you hold, and taking in more."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(no_args_is_help=True, help="Pre-trained weights you hold: add, status.")


@app.command()
def add(
    name: Annotated[str, typer.Argument(help="e.g. vggface2_resnet50; see `weights status`.")],
    file: Annotated[
        Path | None,
        typer.Argument(help="The file as published; none: download (ImageNet), or join."),
    ] = None,
) -> None:
    """Take in pre-trained weights: read without running code, check names and shapes, convert.

    Examples:

      fer-bench weights add vggface2_resnet50 resnet50_ft_weight.pkl

      fer-bench weights add imagenet_resnet50          (downloads through torchvision)

      fer-bench weights add ms1m_ir50_mobilefacenet    (joins ms1m_ir50, landmark_mobilefacenet)
    """
    from fer_bench.files import read_json, write_json
    from fer_bench.models.weights import add_weights as run
    from fer_bench.models.weights import recorded_sha256

    path = run(name, file)
    # The receipt is in git and the specs depend on it, so other weights make their cells stale.
    receipt = Path("benchmarks/weights.json")
    write_json(receipt, read_json(receipt) | {name: recorded_sha256(path)})
    print(f"kept in {path}; recorded in {receipt}")


@app.command()
def status() -> None:
    """Show which weights are there and where the missing ones come from."""
    from tabulate import tabulate

    from fer_bench.models.weights import status as run

    print(tabulate(run(), headers="keys"))
