"""`fer-bench export`: aligned faces for people who train elsewhere."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from fer_bench.stages import paths


def export(
    dataset: Annotated[str, typer.Argument(help="A dataset whose faces are aligned here.")],
    out: Annotated[Path, typer.Option(help="An empty or new folder.")],
    split: Annotated[str, typer.Option(help="train, val or test.")] = "train",
) -> None:
    """Write a split's aligned faces as <sample_id>.png, and faces.csv: ids, labels to learn from.

    Labels of test faces are not handed out: `fer-bench submit` scores answers to them.

    Example: fer-bench export synthetic --split train --out faces/train
    """
    from fer_bench.faces.export import LABELS, write_faces

    count = write_faces(dataset, Path(paths.ALIGNED), out, split)
    print(f"{count} faces in {out}, listed in {out / LABELS}: pass no photograph on")
