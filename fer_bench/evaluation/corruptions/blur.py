"""Blur of the lens and of movement; lengths are shares of the crop's side."""

from __future__ import annotations

import math

import numpy as np

from fer_bench.evaluation.corruptions.base import Corruption


def gaussian_blur(image: np.ndarray, percent: float, rng: np.random.Generator) -> np.ndarray:
    """A Gaussian blur, the border mirrored.

    Args:
        image: (H, W, 3) uint8.
        percent: standard deviation in percent of the crop's side.
        rng: unused.
    """
    import cv2

    sigma = percent / 100 * image.shape[0]
    blurred: np.ndarray = cv2.GaussianBlur(image, (0, 0), sigma)
    return blurred


def motion_blur(image: np.ndarray, percent: float, rng: np.random.Generator) -> np.ndarray:
    """The camera moves in a straight line at constant speed while the shutter is open.

    Args:
        image: (H, W, 3) uint8.
        percent: length of the way in percent of the crop's side.
        rng: draws the direction, every one as likely.
    """
    import cv2

    kernel = line_kernel(percent / 100 * image.shape[0], rng.uniform(0, math.pi))
    blurred: np.ndarray = cv2.filter2D(image, -1, kernel, borderType=cv2.BORDER_REFLECT_101)
    return blurred


def line_kernel(length: float, angle: float) -> np.ndarray:
    """An even line through the centre, each of many points shared among its four nearest pixels.

    Args:
        length: in pixels.
        angle: radians from the x axis.

    Returns:
        (n, n) float32 with sum 1, n odd.
    """
    half = math.ceil(length / 2) + 1
    kernel = np.zeros((2 * half + 1, 2 * half + 1))
    along = (np.arange(64) / 63 - 0.5) * length
    x, y = half + along * math.cos(angle), half + along * math.sin(angle)
    left, top = np.floor(x).astype(int), np.floor(y).astype(int)
    for dx in (0, 1):
        for dy in (0, 1):
            share = np.abs(1 - dx - (x - left)) * np.abs(1 - dy - (y - top))
            np.add.at(kernel, (top + dy, left + dx), share)
    normed: np.ndarray = (kernel / kernel.sum()).astype(np.float32)
    return normed


_SIDE = 224 / 100
"""One percent of the side of ImageNet-C's images, in pixels."""

CORRUPTIONS = (
    Corruption(
        "gaussian_blur", "blur", "Gaussian blur", "standard deviation, % of the side",
        tuple(round(px / _SIDE, 2) for px in (1, 2, 3, 4, 6)), gaussian_blur,
    ),
    Corruption(
        "motion_blur", "blur", "motion blur", "length, % of the side",
        tuple(round(px / _SIDE, 2) for px in (6.2, 10.2, 13.3, 14.4, 19.1)), motion_blur,
    ),
)  # fmt: skip
"""ImageNet-C (Hendrycks & Dietterich 2019), scaled with the crop.

Gaussian blur has the standard deviations of its code, in pixels at 224 px. Its motion blur is a
half Gaussian of (radius, sigma) (10, 3), (15, 5), (15, 8), (15, 12), (20, 15); ours is an even line
with the same standard deviation, length = sqrt(12) times it.
"""
