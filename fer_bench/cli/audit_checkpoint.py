"""`fer-bench audit-checkpoint`: why does a checkpoint not reach what it is said to reach?"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def audit_checkpoint(
    file: Annotated[Path, typer.Argument(help="A state dict, or a CSV of predictions.")],
    faces: Annotated[
        str, typer.Option(help="A dataset held here, or a folder with one of cut faces a class.")
    ],
    model: Annotated[str | None, typer.Option(help="Its architecture; none for a CSV.")] = None,
    code: Annotated[
        Path | None, typer.Option(help="The Python file that registers it, where it is yours.")
    ] = None,
    backbone: Annotated[str | None, typer.Option(help="Its backbone, e.g. resnet18.")] = None,
    classes: Annotated[
        str | None, typer.Option(help="Its classes, with commas; none: those of the faces.")
    ] = None,
) -> None:
    """Try class order, channels, input scale, crop, batch statistics, batches and duplicates.

    Searched on validation faces, measured on test faces: what was found, what accuracy loses
    without it (95 % intervals over people), and the line that puts it right.

    Examples:

      fer-bench audit-checkpoint best.pth --model baseline2 --faces rafdb

      fer-bench audit-checkpoint best.pth --model my_net --code my_net.py --faces folder/

      fer-bench audit-checkpoint theirs.csv --faces ferplus
    """
    from tabulate import tabulate

    from fer_bench.inference.checkpoint_faces import audit_file

    found = audit_file(file, faces, model, code, backbone, classes.split(",") if classes else None)
    low, high = (100 * end for end in found.ends)
    print(
        f"accuracy on test faces: {100 * found.given:.1f} % as given, {100 * found.best:.1f} % "
        f"with all below put right: {100 * found.gap:+.1f} [{low:+.1f}, {high:+.1f}]\n"
    )
    if found.causes:
        rows = [
            [c.what, c.value, f"{100 * c.cost:.1f} [{100 * c.ends[0]:.1f}, {100 * c.ends[1]:.1f}]"]
            for c in found.causes
        ]
        print(tabulate(rows, ["what", "fits the checkpoint", "without it, points lost"]))
        print("", *(f"{c.what}: {c.line}" for c in found.causes), sep="\n")
    else:
        print("None of what was tried explains a gap: class order, channels, scale, crop and batch "
              "statistics are as it wants them. Alignment and other faces remain.")  # fmt: skip
    print("", *found.notes, sep="\n")
