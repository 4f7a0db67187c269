"""Noise of the sensor.

A noisy face of 224 px that is averaged down to a smaller crop keeps less noise in each pixel: each
crop pixel is the mean of (224 / side)² of them. The strengths are those of ImageNet-C at 224 px and
what is left of them in a crop of another size.
"""

from __future__ import annotations

import numpy as np

from fer_bench.evaluation.corruptions.base import Corruption, to_bytes

SIDE = 224


def gaussian_noise(image: np.ndarray, percent: float, rng: np.random.Generator) -> np.ndarray:
    """Independent Gaussian noise in every channel.

    Args:
        image: (H, W, 3) uint8.
        percent: standard deviation in percent of the range from black to white.
        rng: draws the noise.
    """
    noise = rng.standard_normal(image.shape, dtype=np.float32)
    return to_bytes(image + np.float32(2.55 * percent) * noise)


def shot_noise(image: np.ndarray, photons: float, rng: np.random.Generator) -> np.ndarray:
    """Each channel of a pixel counts photons, which arrive by chance (Poisson).

    Args:
        image: (H, W, 3) uint8.
        photons: how many a white pixel gets on average; fewer mean more noise.
        rng: draws the counts.
    """
    counts = rng.poisson(image * (photons / 255))
    return to_bytes(counts * (255 / photons))


def _averaged(percent: float, size: int) -> float:
    return round(percent * size / SIDE, 3)


def _collected(photons: float, size: int) -> float:
    return round(photons * (SIDE / size) ** 2, 2)


CORRUPTIONS = (
    Corruption(
        "gaussian_noise", "noise", "Gaussian noise", "standard deviation, % of the range",
        (8, 12, 18, 26, 38), gaussian_noise, _averaged,
    ),
    Corruption(
        "shot_noise", "noise", "shot noise", "photons a white pixel", (60, 25, 12, 5, 3),
        shot_noise, _collected,
    ),
)  # fmt: skip
"""ImageNet-C (Hendrycks & Dietterich 2019); RAF-DB-C (Greco et al. 2022) ends at 30 % and 5."""
