"""A dataset's test faces as image files, for a model that is not trained here."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
from PIL import Image

from fer_bench.datasets import get_dataset
from fer_bench.datasets.pack import Pack
from fer_bench.datasets.view_rows import dataset_rows
from fer_bench.errors import FerBenchError


def write_faces(dataset: str, packs: Path, folder: Path) -> int:
    """Write `folder/<sample_id>.png` for each test face of `dataset`; returns how many.

    An id with slashes leads to folders.

    Args:
        dataset: its name.
        packs: `data/aligned`.
        folder: must not hold anything yet.

    Raises:
        FerBenchError: the folder is not empty, or a sample id cannot be a file's name.
    """
    if folder.exists() and any(folder.iterdir()):
        raise FerBenchError(f"{folder} is not empty: name another folder for the faces")
    known = get_dataset(dataset)
    opened = {name: Pack.open(packs / name) for name in known.packs}
    rows = dataset_rows(known, packs)
    if known.protocol != "folds":
        rows = rows[rows["split"] == "test"]
    folder.mkdir(parents=True, exist_ok=True)
    (folder / ".gitignore").write_text("*\n", encoding="utf-8")  # no photograph is ever committed
    for sample_id, pack, row in zip(rows["sample_id"], rows["pack"], rows["row"], strict=True):
        if not re.fullmatch(r"\w[\w.,=@+/ -]*", sample_id) or ".." in sample_id:
            raise FerBenchError(f"the sample id {sample_id!r} cannot be the name of a file")
        file = folder / f"{sample_id}.png"
        file.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(np.asarray(opened[pack].faces[row])).save(file)
    return len(rows)
