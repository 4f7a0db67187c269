"""Too little light, too little contrast."""

from __future__ import annotations

import numpy as np

from fer_bench.evaluation.corruptions.base import Corruption, to_bytes


def darkness(image: np.ndarray, percent: float, rng: np.random.Generator) -> np.ndarray:
    """The value of HSV lowered, hue and saturation kept; what falls below black is black.

    Args:
        image: (H, W, 3) uint8.
        percent: how much is taken off, in percent of the range from black to white.
        rng: unused.
    """
    value = image.max(axis=2, keepdims=True).astype(np.float32)
    left = np.maximum(value - np.float32(2.55 * percent), 0)
    return to_bytes(image * (left / np.maximum(value, 1)))


def contrast(image: np.ndarray, percent: float, rng: np.random.Generator) -> np.ndarray:
    """Every pixel moved towards the image's mean colour.

    Args:
        image: (H, W, 3) uint8.
        percent: how much of the distance to the mean is left.
        rng: unused.
    """
    mean = image.mean(axis=(0, 1), keepdims=True, dtype=np.float64).astype(np.float32)
    return to_bytes(mean + (image - mean) * np.float32(percent / 100))


CORRUPTIONS = (
    Corruption(
        "darkness", "light", "darkness", "% of the range taken off", (10, 20, 30, 40, 50), darkness
    ),
    Corruption("contrast", "light", "contrast", "% left", (40, 33, 24, 16, 10), contrast),
)
"""Both ladders are those of RAF-DB-C (Greco et al. 2022); ImageNet-C brightens instead."""
