"""Landmarks in pictures that are taken as they are (`pixels: official` or `resize`).

The detector looks at the whole picture, enlarged where it is small. The crop stays what it was:
what is found says where a mask belongs or, with `align.<source>.points: detected`, where a model
looks.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
from PIL import Image

from fer_bench.faces.detect import Detector
from fer_bench.faces.face_points import MeanShape, face_points

LEAST_SIDE = 160
"""Smaller images are enlarged to this for the detector: its first network sees faces of 20 px."""


def find_landmarks(detector: Detector, images: Sequence[np.ndarray]) -> list[np.ndarray | None]:
    """The landmarks (5, 2) of the face in each image, which may be as small as 48 x 48, or None."""
    larger = [_enlarged(image) for image in images]
    found: list[np.ndarray | None] = []
    for image, large, face in zip(images, larger, detector.detect_all(larger), strict=True):
        if face is None:
            found.append(None)
            continue
        factor = np.array([large.shape[1] / image.shape[1], large.shape[0] / image.shape[0]])
        found.append((face.landmarks + 0.5) / factor - 0.5)
    return found


def points_in_boxes(
    found: Iterable[np.ndarray | None], boxes: Iterable[Sequence[float]], size: int
) -> np.ndarray:
    """The 24 points (N, 24, 3) of faces that were cut out by boxes; see `face_points`.

    Args:
        found: of each face the landmarks (5, 2) in pixels of its image; None where none were
            found, which gets a mean face's points.
        boxes: (x0, y0, x1, y1) of each, in pixels of its image.
        size: side of the crops in pixels.
    """
    each = zip(found, boxes, strict=True)
    return np.stack([_points(five, np.reshape(box, (2, 2)), size) for five, box in each])


def _points(five: np.ndarray | None, corners: np.ndarray, size: int) -> np.ndarray:
    if five is None:
        return np.asarray(face_points([None], size)[0])
    there = (five + 0.5 - corners[0]) * size / (corners[1] - corners[0]) - 0.5
    laid = MeanShape()(None, there)
    return np.asarray(face_points([None], size, source=lambda face, five: laid)[0])


def _enlarged(image: np.ndarray) -> np.ndarray:
    """`image` with a shorter side of at least `LEAST_SIDE` pixels, at most eight times as large."""
    height, width = image.shape[:2]
    factor = min(8.0, LEAST_SIDE / min(height, width))
    if factor <= 1:
        return image
    size = (round(width * factor), round(height * factor))
    return np.asarray(Image.fromarray(image).resize(size, Image.Resampling.BICUBIC))
