"""What storing and sending an image costs: JPEG, and too few pixels."""

from __future__ import annotations

import io

import numpy as np

from fer_bench.evaluation.corruptions.base import Corruption


def jpeg(image: np.ndarray, quality: int, rng: np.random.Generator) -> np.ndarray:
    """Saved and read again as JPEG, colours at half the resolution.

    Args:
        image: (H, W, 3) uint8.
        quality: libjpeg's, 1 to 95.
        rng: unused.
    """
    from PIL import Image

    file = io.BytesIO()
    Image.fromarray(image).save(file, "JPEG", quality=int(quality), subsampling="4:2:0")
    return np.asarray(Image.open(file))


def pixelation(image: np.ndarray, percent: float, rng: np.random.Generator) -> np.ndarray:
    """Averaged down to fewer pixels and enlarged again without smoothing.

    Args:
        image: (H, W, 3) uint8.
        percent: how many pixels are left along a side, in percent.
        rng: unused.
    """
    from PIL import Image

    height, width = image.shape[:2]
    small = (max(1, round(width * percent / 100)), max(1, round(height * percent / 100)))
    picture = Image.fromarray(image).resize(small, Image.Resampling.BOX)
    return np.asarray(picture.resize((width, height), Image.Resampling.NEAREST))


CORRUPTIONS = (
    Corruption("jpeg", "resolution", "JPEG", "quality", (25, 18, 15, 10, 7), jpeg),
    Corruption(
        "pixelation", "resolution", "pixelation", "% of the pixels of a side left",
        (60, 50, 40, 30, 25), pixelation,
    ),
)  # fmt: skip
"""ImageNet-C (Hendrycks & Dietterich 2019). Neither can be scaled: JPEG's blocks are 8 px wide, and
shares of the side have no size. Both harm a small crop more than one of 224 px."""
