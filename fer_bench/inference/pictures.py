"""Pictures that somebody wants an answer to, in whatever form they come."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
from PIL.Image import Image

from fer_bench.datasets.photograph import read_rgb
from fer_bench.errors import FerBenchError
from fer_bench.faces.detect import as_rgb

Picture = str | Path | np.ndarray | Image


def listed(pictures: Picture | Iterable[Picture]) -> Sequence[Picture]:
    """Pictures as a list; a single one stands for itself."""
    if isinstance(pictures, str | Path | np.ndarray | Image):
        return [pictures]
    return list(pictures)


def read(picture: Picture) -> tuple[Path | None, np.ndarray]:
    """Where a picture came from, if from a file, and its (H, W, 3) uint8 RGB pixels.

    Raises:
        FerBenchError: it is no picture; says what to give instead.
    """
    if isinstance(picture, np.ndarray):
        return None, _of_array(picture)
    if isinstance(picture, Image):
        return None, np.asarray(picture.convert("RGB"))
    if "://" in str(picture):
        raise FerBenchError(f"{picture} is an address: save the picture and give the file")
    path = Path(picture)
    if path.is_dir():
        raise FerBenchError(f"{path} is a folder: give the pictures in it, e.g. {path}/*.jpg")
    if not path.exists():
        raise FerBenchError(f"{path} is not there: look at the spelling and the folder")
    if path.suffix.lower() in (".heic", ".heif"):
        raise FerBenchError(f"{path} is a HEIC picture, which is not read: export it as JPEG")
    return path, read_rgb(path)


def _of_array(pixels: np.ndarray) -> np.ndarray:
    if pixels.dtype != np.uint8 or pixels.ndim not in (2, 3):
        raise FerBenchError(
            f"an array of {pixels.dtype} and shape {pixels.shape} is no picture here: give "
            "(height, width, 3) uint8 in RGB order, 0 to 255 (of floats in 0 to 1: "
            "(255 * x).round().astype('uint8'))"
        )
    return as_rgb(pixels)
