"""Reading one photograph, so that every source reads them alike."""

from __future__ import annotations

import warnings
from pathlib import Path

import numpy as np

from fer_bench.errors import FerBenchError

_POINTER = b"version https://git-lfs.github.com/spec/"


def read_rgb(path: Path) -> np.ndarray:
    """The pixels of an image file: (H, W, 3) uint8 RGB, turned upright as its EXIF says.

    Raises:
        FerBenchError: the file is missing, empty, truncated, not an image, or unreasonably large.
    """
    from PIL import Image, ImageOps, UnidentifiedImageError

    if not path.is_file():
        raise FerBenchError(f"{path} is missing: add the source again to restore it.")
    if path.stat().st_size == 0:
        raise FerBenchError(f"{path} is an empty file (0 bytes): get it again.")
    try:
        with warnings.catch_warnings():
            # Pillow only warns between one and two times its pixel limit; no face needs that many.
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            warnings.filterwarnings("ignore", "Corrupt EXIF", UserWarning)
            with Image.open(path) as image:
                image.load()
                try:
                    upright = ImageOps.exif_transpose(image)
                except Exception:  # damaged EXIF is common and says nothing about the pixels
                    upright = image
                return np.asarray(upright.convert("RGB"), dtype=np.uint8)
    except (Image.DecompressionBombWarning, Image.DecompressionBombError) as error:
        raise FerBenchError(f"{path} is too large to be a photograph of a face: {error}") from error
    except UnidentifiedImageError as error:
        raise FerBenchError(f"{path} {_what_else(path)}") from error
    except (OSError, SyntaxError, ValueError) as error:
        raise FerBenchError(
            f"{path} is a damaged or truncated image ({error}): get it again."
        ) from error


def _what_else(path: Path) -> str:
    with open(path, "rb") as stream:
        if stream.read(len(_POINTER)) == _POINTER:
            return (
                "is a Git LFS pointer, not the image itself: run `git lfs pull` where it came from."
            )
    return "is not an image that can be read: get it again."
