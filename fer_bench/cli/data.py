"""`fer-bench data`: which datasets you hold, and taking in more."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(no_args_is_help=True, help="The datasets you hold: add, status, verify, remove.")

SourceName = Annotated[
    str,
    typer.Argument(
        help="Its name in `fer-bench data status`: rafdb, ...; any other for a set of your own."
    ),
]


@app.command()
def add(
    source: SourceName,
    inputs: Annotated[
        list[Path] | None,
        typer.Argument(
            help="Folders, archives (zip, tar, tar.gz) and files (csv, parquet), in any mixture; "
            "none: download, where that is allowed.",
            show_default=False,
        ),
    ] = None,
    allow_partial: Annotated[
        bool,
        typer.Option(
            "--allow-partial",
            help="Admit an incomplete set, without images that cannot be read; tables say so.",
        ),
    ] = False,
    password: Annotated[
        str | None,
        typer.Option(
            envvar="FER_BENCH_PASSWORD",
            help="Opens encrypted zips (slowly: for gigabytes unpack them yourself and add the "
            "folder). In the variable it does not stay in the history of your shell.",
            show_default=False,
        ),
    ] = None,
    test_only: Annotated[
        bool,
        typer.Option("--test-only", help="A set of your own: all its faces are only tested on."),
    ] = False,
) -> None:
    """Take in a dataset: unpack safely, check layout, labels, counts and images, write a receipt.

    Give what you received as it came, or unpacked; how deep the files lie does not matter, and
    archives inside are unpacked too. Nothing you give is changed. What is wrong is said with what
    was expected and what was found, and then nothing is kept.

    Examples:

      fer-bench data add rafdb basic.zip

      fer-bench data add sfew Train_Aligned_Faces.zip Val_Aligned_Faces_new.zip

      fer-bench data add ferplus FERPlus/ fer2013.csv            a folder and a file

      FER_BENCH_PASSWORD=... fer-bench data add rafdb basic.zip   an encrypted zip

      fer-bench data add jaffe jaffe/ --allow-partial            not all of it

      fer-bench data add challenge_lists                         fetched at a pinned commit

      fer-bench data add my_faces FOLDER      your own: a folder a class, or a list of labels
    """
    from fer_bench import datasets, params
    from fer_bench.receiving import add as run

    if inputs and source not in {*datasets.sources(), *datasets.receivables()}:
        params.load()  # a set of one's own gets an entry there: better missed now than at the end
    added = run(source, inputs, allow_partial=allow_partial, password=password, test_only=test_only)
    print("\n".join(added.report))
    print(f"\nKept in {added.folder}; recorded in benchmarks/{source}/source.json (for git).\n")
    if source in datasets.own_sets():
        from fer_bench.cli.own_sets import declare

        written = ", ".join([f"benchmarks/{source}/source.yaml", *declare(source)])
        print(f"Written, for git too: {written}.\n")
    print("\n".join(added.how_to_use))


@app.command()
def status() -> None:
    """Show every source: have it?, licence, how to get it, images, enabled?, size on disk.

    Example: fer-bench data status
    """
    from tabulate import tabulate

    from fer_bench import params
    from fer_bench.receiving import status as run

    cells = params.load().enabled
    tested = {
        name for c in cells.values() if c.models or c.transfer_models for name in c.evaluate_on
    }
    enabled = {name for name, c in cells.items() if c.models or c.transfer_models} | tested
    rows = [
        [
            row.source,
            row.have,
            "" if row.images is None else f"{row.images:,}" + " lists" * (row.item == "list"),
            f"{row.size / 2**20:,.0f} MiB" if row.size else "",
            ", ".join(row.enabled) or "no",
            row.licence,
            row.how_to_get,
        ]
        for row in run(enabled=enabled)
    ]
    heads = ["source", "have it?", "images", "on disk", "enabled", "licence", "how to get it"]
    # What the narrow columns leave of the terminal; all of it where there is none.
    room = max(44, shutil.get_terminal_size(fallback=(160, 40)).columns - 82)
    widths = [None, None, None, None, 18, room * 4 // 9, room * 5 // 9]
    print(tabulate(rows, heads, tablefmt="simple_grid", maxcolwidths=widths, disable_numparse=True))


@app.command()
def verify(
    source: SourceName,
    accept: Annotated[
        bool,
        typer.Option(
            "--accept",
            help="Take what is there now: the receipt is written anew, tables say partial.",
        ),
    ] = False,
) -> None:
    """Hash a source's files again, compare with its receipt, and decode every image again.

    Ends with status 1 when anything differs. Names of images may be shown: paste them nowhere.

    Examples:

      fer-bench data verify rafdb

      fer-bench data verify rafdb --accept       some were lost: go on with the others
    """
    from fer_bench.errors import FerBenchError
    from fer_bench.receiving import accept as take
    from fer_bench.receiving import verify as run

    if accept:
        print("\n".join(take(source)))
        return
    if found := run(source):
        lines = "".join(f"\n- {line}" for line in found)
        raise FerBenchError(
            f"{source} is no longer what was received:{lines}\n"
            f"To restore it: `fer-bench data remove {source}`, then add it again. To go on with "
            f"what is there, marked partial: `fer-bench data verify {source} --accept`."
        )
    print(f"{source} is what was received, and all of it can be read.")


@app.command()
def remove(source: SourceName) -> None:
    """Delete a source's raw files; its receipt and committed scores stay.

    Example: fer-bench data remove facial_expressions
    """
    from fer_bench.receiving import remove as run

    print("\n".join(run(source)))
