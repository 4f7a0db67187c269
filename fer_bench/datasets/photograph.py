"""Reading one photograph, so that every source reads them alike."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from fer_bench.errors import FerBenchError

if TYPE_CHECKING:
    from PIL import Image

_POINTER = b"version https://git-lfs.github.com/spec/"


def read_rgb(path: Path) -> np.ndarray:
    """The pixels of an image file: (H, W, 3) uint8 RGB, turned upright as its EXIF says.

    Grey becomes RGB, 16 bits a channel are scaled to 8, CMYK is converted, transparency ignored.
    Any size is taken, however small.

    Raises:
        FerBenchError: the file is missing, empty, truncated, not an image, an animation, of a kind
            of pixels with no agreed range, or unreasonably large.
    """
    from PIL import Image, UnidentifiedImageError

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
                _check_still(path, image)
                image.load()
                return _eight_bits(path, _upright(image))
    except (Image.DecompressionBombWarning, Image.DecompressionBombError) as error:
        raise FerBenchError(f"{path} is too large to be a photograph of a face: {error}") from error
    except UnidentifiedImageError as error:
        raise FerBenchError(f"{path} {_what_else(path)}") from error
    except (OSError, SyntaxError, ValueError) as error:
        raise FerBenchError(
            f"{path} is a damaged or truncated image ({error}): get it again."
        ) from error


def _check_still(path: Path, image: Image.Image) -> None:
    frames = getattr(image, "n_frames", 1)
    # An MPO file is a camera's JPEG with previews behind it; its first picture is the photograph.
    if frames > 1 and image.format != "MPO":
        what = "a file of several pages" if image.format == "TIFF" else "an animation"
        raise FerBenchError(
            f"{path} is {what} ({frames} frames), but a face set has still images: "
            "keep one frame of it, or leave the file out."
        )


def _upright(image: Image.Image) -> Image.Image:
    """As its EXIF says; the image itself, not a copy, where that is how it lies.

    Not Pillow's `exif_transpose`: it writes the other tags again, and fails where one of them has a
    kind that it does not write.
    """
    from PIL import ExifTags
    from PIL.Image import Transpose

    turns = {
        2: Transpose.FLIP_LEFT_RIGHT, 3: Transpose.ROTATE_180, 4: Transpose.FLIP_TOP_BOTTOM,
        5: Transpose.TRANSPOSE, 6: Transpose.ROTATE_270, 7: Transpose.TRANSVERSE,
        8: Transpose.ROTATE_90,
    }  # fmt: skip
    try:
        turn = turns.get(image.getexif().get(ExifTags.Base.Orientation, 1))
    except Exception:  # damaged EXIF is common and says nothing about the pixels
        return image
    return image if turn is None else image.transpose(turn)


def _eight_bits(path: Path, image: Image.Image) -> np.ndarray:
    """(H, W, 3) uint8; Pillow itself would clip 16-bit grey at 255, which makes it white."""
    if not image.mode.startswith(("I", "F")):
        return np.asarray(image if image.mode == "RGB" else image.convert("RGB"), dtype=np.uint8)
    grey = np.asarray(image)
    if image.mode == "F" or grey.min() < 0 or grey.max() > 65535:
        raise FerBenchError(
            f"{path} has pixels of an unusual kind ({grey.dtype} from {grey.min()} to "
            f"{grey.max()}): save it again with 8 or 16 bits a channel."
        )
    eight = ((grey.astype(np.uint32) + 128) // 257).astype(np.uint8)
    return np.stack([eight] * 3, axis=-1)


def _what_else(path: Path) -> str:
    with open(path, "rb") as stream:
        if stream.read(len(_POINTER)) == _POINTER:
            return (
                "is a Git LFS pointer, not the image itself: run `git lfs pull` where it came from."
            )
    return "is not an image that can be read: get it again."
