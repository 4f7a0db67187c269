"""The face not where an aligned face is: shifted, scaled or turned.

Only the crop is known, not the photograph around it: pixels that would come in from outside repeat
the crop's border. A face detector's real mistakes bring in background instead.
"""

from __future__ import annotations

import math

import numpy as np

from fer_bench.evaluation.corruptions.base import Corruption


def moved(image: np.ndarray, matrix: np.ndarray) -> np.ndarray:
    """`image` (H, W, 3) through the (2, 3) matrix that takes its pixels (x, y) to where they go.

    Bilinear; from outside the crop its border is repeated.
    """
    import cv2

    height, width = image.shape[:2]
    warped: np.ndarray = cv2.warpAffine(
        image, matrix, (width, height), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
    )
    return warped


def about_centre(image: np.ndarray, degrees: float = 0.0, factor: float = 1.0) -> np.ndarray:
    """The (2, 3) matrix that turns an image and scales it, its centre fixed.

    Args:
        image: (H, W, 3); only its size counts.
        degrees: clockwise as seen.
        factor: larger than 1 enlarges the face.
    """
    centre = np.array([image.shape[1] - 1, image.shape[0] - 1]) / 2
    cosine, sine = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    turn = factor * np.array([[cosine, -sine], [sine, cosine]])
    return np.hstack([turn, (centre - turn @ centre)[:, None]])


def shift(image: np.ndarray, percent: float, rng: np.random.Generator) -> np.ndarray:
    """The face moved by some way in a drawn direction.

    Args:
        image: (H, W, 3) uint8.
        percent: the way in percent of the crop's side.
        rng: draws the direction, every one as likely.
    """
    angle = rng.uniform(0, 2 * math.pi)
    way = percent / 100 * image.shape[0]
    return moved(image, np.array([[1, 0, way * math.cos(angle)], [0, 1, way * math.sin(angle)]]))


def scale(image: np.ndarray, percent: float, rng: np.random.Generator) -> np.ndarray:
    """The crop cut too tight or too wide.

    Args:
        image: (H, W, 3) uint8.
        percent: the face is larger by this, or smaller by the same factor.
        rng: draws which, both as likely.
    """
    factor = 1 + percent / 100
    return moved(image, about_centre(image, factor=factor if rng.random() < 0.5 else 1 / factor))


def rotation(image: np.ndarray, degrees: float, rng: np.random.Generator) -> np.ndarray:
    """The face turned in the plane of the image.

    Args:
        image: (H, W, 3) uint8.
        degrees: by how much.
        rng: draws the sense, both as likely.
    """
    return moved(image, about_centre(image, degrees=degrees if rng.random() < 0.5 else -degrees))


CORRUPTIONS = (
    Corruption("shift", "misalignment", "shift", "% of the side", (2, 4, 6, 8, 10), shift),
    Corruption("scale", "misalignment", "scale", "% larger or smaller", (5, 10, 15, 20, 30), scale),
    Corruption("rotation", "misalignment", "rotation", "degrees", (5, 10, 15, 20, 30), rotation),
)
"""The ladders are our own: ImageNet-C and RAF-DB-C have no misaligned crops."""
