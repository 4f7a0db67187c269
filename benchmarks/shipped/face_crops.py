"""Faces as a tool's user would cut them: a square about the box that the detector found.

From the picture as it was received, since tools expect more or less of the head than the aligned
faces show; `aligned` is what the models trained here see. Points between pixels are bilinear
without smoothing, as the tools' own resizing is; outside the picture its edge goes on.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pandas as pd

from fer_bench import datasets, params
from fer_bench.datasets.pack import Pack
from fer_bench.datasets.view_rows import dataset_rows
from fer_bench.errors import FerBenchError
from fer_bench.faces.align_job import read_image
from fer_bench.stages import paths

CROPS: Mapping[str, float | None] = {"box": 1.0, "tight": 0.85, "loose": 1.2, "aligned": None}
"""Side of the square, in longest sides of the box; the first of equals is chosen."""


def rows_of(dataset: str, split: str) -> pd.DataFrame:
    """The faces of a split that the dataset takes, in its order.

    Raises:
        FerBenchError: the dataset is no plain view of one source.
    """
    known = datasets.get_dataset(dataset)
    if list(known.packs) != [dataset] or known.protocol != "split":
        raise FerBenchError(f"{dataset} is no set with splits of its own: give its source's name")
    rows = dataset_rows(known, Path(paths.ALIGNED))
    return rows[rows["split"] == split].reset_index(drop=True)


def faces_of(
    dataset: str, rows: pd.DataFrame, crops: Sequence[str], size: int
) -> dict[str, np.ndarray]:
    """Of each crop (N, size, size, 3) uint8 RGB, one a row; every picture is read once."""
    found: dict[str, list[np.ndarray]] = {crop: [] for crop in crops}
    if "aligned" in crops:
        pack = Pack.open(paths.pack(dataset)).faces
        whole = (0, 0, pack.shape[2], pack.shape[1])
        found["aligned"] = [square(np.asarray(pack[row]), whole, 1.0, size) for row in rows["row"]]
    scales = {crop: scale for crop in crops if (scale := CROPS[crop]) is not None}
    for picture, box in zip(_pictures(dataset, rows) if scales else (), rows["box"], strict=False):
        for crop, scale in scales.items():
            found[crop].append(square(picture, box, scale, size))
    return {crop: np.stack(faces) for crop, faces in found.items()}


def _pictures(dataset: str, rows: pd.DataFrame) -> Iterator[np.ndarray]:
    """The pictures as they were received, in the order of the rows."""
    source, root = datasets.get_source(dataset), Path(paths.RAW) / dataset
    options = dict(params.load().data.get(dataset, {}))
    listed = source.index(root, options).set_index("sample_id", drop=False)
    for row in listed.loc[rows["sample_id"]].to_dict("records"):
        yield read_image(source, root, row, options)


def square(picture: np.ndarray, box: Any, scale: float, size: int) -> np.ndarray:
    """A square of the picture (H, W, 3) as (size, size, 3).

    Args:
        picture: uint8 RGB.
        box: (x0, y0, x1, y1) in its pixels, corners of pixels being whole numbers.
        scale: side of the square in longest sides of the box, whose centre it shares.
        size: of the result.
    """
    x0, y0, x1, y1 = box
    side = scale * max(x1 - x0, y1 - y0)
    step = side / size
    left, top = (x0 + x1 - side) / 2, (y0 + y1 - side) / 2
    # Where the centre of the result's pixel (x, y) lies, centres of pixels being whole numbers.
    matrix = np.array([[step, 0, left + step / 2 - 0.5], [0, step, top + step / 2 - 0.5]])
    return cv2.warpAffine(
        picture,
        matrix,
        (size, size),
        flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
        borderMode=cv2.BORDER_REPLICATE,
    )
