"""Images for the speed measurements: files of one folder, rendered faces as files, and a stream."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from PIL import Image

from fer_bench.datasets.base import Source
from fer_bench.datasets.photograph import read_rgb
from fer_bench.errors import FerBenchError

PHOTOGRAPHS = Path("data/raw/facial_expressions/images")


def table(paths: list[str]) -> pd.DataFrame:
    """The index of a source with these files."""
    rows = len(paths)
    return pd.DataFrame(
        {
            "sample_id": [f"{i:07d}" for i in range(rows)],
            "label": 0,
            "split": "train",
            "subject": None,
            "fold": pd.array([None] * rows, dtype="Int64"),
            "path": paths,
        }
    )


class Folder(Source):
    """Image files below one folder, without labels."""

    name, title, licence, homepage, how_to_get = "folder", "Folder", "", "", ""

    def index(self, root: Path, options: Mapping[str, Any]) -> pd.DataFrame:
        """Every file, in the order of names."""
        return table(sorted(p.name for p in root.iterdir() if p.is_file()))

    def load(self, root: Path, row: Mapping[str, Any], options: Mapping[str, Any]) -> np.ndarray:
        """The file's pixels."""
        return read_rgb(root / row["path"])


class Stream(Folder):
    """As many different photographs of 350 x 350 as are asked for, made from a few files."""

    def load(self, root: Path, row: Mapping[str, Any], options: Mapping[str, Any]) -> np.ndarray:
        """A file, enlarged, moved sideways and with noise, both by the row's number."""
        number = int(row["sample_id"])
        image = Image.fromarray(super().load(root, row, options)).resize((350, 350))
        noise = np.random.default_rng(number).integers(0, 6, (350, 350, 3), dtype=np.uint8)
        return np.roll(np.asarray(image), number % 40 - 20, axis=1) // 2 + 60 + noise


def folder_of(source: str, images: int, scratch: Path) -> Path:
    """The folder with a source's image files, or the folder given.

    Rendered faces are drawn into `scratch`.

    Raises:
        FerBenchError: there is no such folder.
    """
    if source == "synthetic":
        return rendered(images, scratch)
    folder = PHOTOGRAPHS if source == "facial_expressions" else Path(source)
    if not folder.is_dir():
        remedy = ": run `fer-bench data add facial_expressions`" if folder == PHOTOGRAPHS else ""
        raise FerBenchError(f"no folder {folder}{remedy}")
    return folder


def rendered(images: int, scratch: Path) -> Path:
    """`images` rendered faces of the `synthetic` source as PNG files."""
    from fer_bench.datasets.synthetic import SOURCE

    folder = scratch / "synthetic"
    folder.mkdir(exist_ok=True)
    people = -(-images // 10)
    options = {"identities_train": people, "identities_test": 1}
    rows = SOURCE.index(folder, options).head(images).to_dict("records")
    for number, row in enumerate(rows):
        picture = SOURCE.load(folder, {str(k): v for k, v in row.items()}, options)
        Image.fromarray(picture).save(folder / f"{number:06d}.png", compress_level=1)
    return folder
