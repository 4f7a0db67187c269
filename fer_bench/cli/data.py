"""`fer-bench data` and `fer-bench weights`: what you hold, and taking in more."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(no_args_is_help=True, help="The datasets you hold: add, status, remove.")
weights_app = typer.Typer(no_args_is_help=True, help="Pre-trained weights you hold: add, status.")

SourceName = Annotated[str, typer.Argument(help="A source, e.g. facial_expressions.")]


@app.command()
def add(
    source: SourceName,
    inputs: Annotated[
        list[Path] | None,
        typer.Argument(help="A folder or archives (zip, tar); none: download, where allowed."),
    ] = None,
    allow_partial: Annotated[
        bool, typer.Option("--allow-partial", help="Admit an incomplete set; tables say so.")
    ] = False,
) -> None:
    """Take in a dataset: unpack safely, check layout, labels and images, write a receipt.

    Examples:
      fer-bench data add facial_expressions path/to/facial_expressions

      fer-bench data add facial_expressions          (fetches the pinned commit)
    """
    from fer_bench.receiving import add as run

    added = run(source, inputs, allow_partial=allow_partial)
    print("\n".join(added.report))
    print(f"\nkept in {added.folder}\n\nTo use it, let params.yaml hold under `enabled:`\n")
    print("\n".join(added.params_lines[1:]))
    print("\nthen run: dvc repro")


@app.command()
def status() -> None:
    """Show every source: have it?, licence, how to get it, images, enabled?, size on disk.

    Example: fer-bench data status
    """
    from tabulate import tabulate

    from fer_bench import params
    from fer_bench.receiving import status as run

    cells = params.load().enabled
    enabled = [name for name, c in cells.items() if c.models or c.transfer_models]
    rows = [
        [
            row.source,
            row.have,
            "" if row.images is None else f"{row.images:,}",
            f"{row.size / 2**20:,.0f} MiB",
            ", ".join(row.enabled) or "no",
            row.licence,
            row.how_to_get,
        ]
        for row in run(enabled=enabled)
    ]
    heads = ["source", "have it?", "images", "on disk", "enabled", "licence", "how to get it"]
    widths = [None, None, None, None, 20, 40, 50]
    print(tabulate(rows, heads, tablefmt="simple_grid", maxcolwidths=widths))


@app.command()
def remove(source: SourceName) -> None:
    """Delete a source's raw files; its receipt and committed scores stay.

    Example: fer-bench data remove facial_expressions
    """
    from fer_bench.receiving import remove as run

    print("\n".join(run(source)))


@weights_app.command("add")
def add_weights(
    name: Annotated[str, typer.Argument(help="e.g. vggface2_resnet50; see `weights status`.")],
    file: Annotated[
        Path | None,
        typer.Argument(help="The .pkl (NumPy arrays) or .pth file; none: download (ImageNet)."),
    ] = None,
) -> None:
    """Take in pre-trained weights: read without running code, check names and shapes, convert.

    Examples:

      fer-bench weights add vggface2_resnet50 resnet50_ft_weight.pkl

      fer-bench weights add imagenet_resnet50          (downloads through torchvision)
    """
    from fer_bench.files import read_json, write_json
    from fer_bench.models.weights import add_weights as run
    from fer_bench.models.weights import recorded_sha256

    path = run(name, file)
    # The receipt is in git and the specs depend on it, so other weights make their cells stale.
    receipt = Path("benchmarks/weights.json")
    write_json(receipt, read_json(receipt) | {name: recorded_sha256(path)})
    print(f"kept in {path}; recorded in {receipt}")


@weights_app.command("status")
def weights_status() -> None:
    """Show which weights are there and where the missing ones come from."""
    from tabulate import tabulate

    from fer_bench.models.weights import status as run

    print(tabulate(run(), headers="keys"))
