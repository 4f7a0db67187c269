"""A dataset's faces as image files, for a model that is not trained here."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pandas as pd
from PIL import Image

from fer_bench.datasets import get_dataset
from fer_bench.datasets.base import Dataset
from fer_bench.datasets.pack import Pack
from fer_bench.datasets.validation import carve_validation
from fer_bench.datasets.view_rows import dataset_rows
from fer_bench.errors import FerBenchError, nearest
from fer_bench.files import replacing_folder
from fer_bench.labels import Expression

SPLITS = ("train", "val", "test")
LABELS = "faces.csv"


def audit_command(dataset: str) -> str:
    """What aligns a dataset's faces and lists them for scoring."""
    return f"`dvc --wait-for-lock repro benchmarks/{dataset}/dvc.yaml:audit`"


def check_aligned(known: Dataset, packs: Path) -> None:
    """Raise FerBenchError with the next step where a dataset's faces are not below `packs`."""
    if not all((packs / name / "manifest.parquet").is_file() for name in known.packs):
        raise FerBenchError(
            f"the faces of {known.name} are not aligned here: run {audit_command(known.name)}"
        )


def write_faces(dataset: str, packs: Path, folder: Path, split: str = "test") -> int:
    """Write `folder/<sample_id>.png` for each face of a split of `dataset`; returns how many.

    An id with slashes leads to folders. `folder/faces.csv` lists the ids, and of faces to learn
    from their labels; test labels leave no set.

    Args:
        dataset: its name.
        packs: `data/aligned`.
        folder: must not hold anything yet.
        split: `train`, `val` (those that rows here are chosen on) or `test`.

    Raises:
        FerBenchError: the folder is not empty, or a sample id cannot be a file's name.
    """
    if folder.exists() and any(folder.iterdir()):
        raise FerBenchError(f"{folder} is not empty: name another folder for the faces")
    known = get_dataset(dataset)
    check_aligned(known, packs)
    opened = {name: Pack.open(packs / name) for name in known.packs}
    rows = _rows(known, packs, split)
    listed = rows[["sample_id"]]
    if split != "test":
        listed = listed.assign(label=[Expression(label).name for label in rows["label"]])
    with replacing_folder(folder.absolute()) as made:
        # no photograph is ever committed
        (made / ".gitignore").write_text("*\n", encoding="utf-8")
        for sample_id, pack, row in zip(rows["sample_id"], rows["pack"], rows["row"], strict=True):
            if not re.fullmatch(r"\w[\w.,=@+/ -]*", sample_id) or ".." in sample_id:
                raise FerBenchError(f"the sample id {sample_id!r} cannot be the name of a file")
            file = made / f"{sample_id}.png"
            file.parent.mkdir(parents=True, exist_ok=True)
            Image.fromarray(np.asarray(opened[pack].faces[row])).save(file)
        listed.to_csv(made / LABELS, index=False, lineterminator="\n")
    return len(rows)


def _rows(known: Dataset, packs: Path, split: str) -> pd.DataFrame:
    """The faces of a split; of a cross-validated set all are tested."""
    if split not in SPLITS:
        raise FerBenchError(f"unknown split {split!r}: {nearest(split, SPLITS)}")
    rows = dataset_rows(known, packs)
    if known.protocol == "folds":
        if split != "test":
            raise FerBenchError(
                f"{known.name} is cross-validated, so that each of its faces is tested: there is "
                "no train split to hand out"
            )
        return rows
    splits = rows["split"].to_numpy().copy()
    if split != "test" and "val" not in splits:
        train = np.flatnonzero(splits == "train")
        carved = carve_validation(rows.iloc[train])  # as trainings carve it
        splits[train[np.asarray(carved)]] = "val"
    found: pd.DataFrame = rows[splits == split]
    return found
