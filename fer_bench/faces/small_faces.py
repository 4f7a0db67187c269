"""Landmarks in pictures that are taken as they are (`pixels: official` or `resize`).

The detector looks at the whole picture, enlarged where it is small. The crop stays what it was:
what is found says where a mask belongs or, with `align.<source>.points`, where a model looks.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
from PIL import Image

from fer_bench.faces.detect import Detector
from fer_bench.faces.face_points import LandmarkSource, MeanShape, face_points

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


def in_boxes(
    found: Iterable[np.ndarray | None], boxes: Iterable[Sequence[float]], size: int
) -> list[np.ndarray | None]:
    """Landmarks (5, 2) in pixels of the images, or None, in pixels of the crops of these boxes.

    Args:
        found: of each face.
        boxes: (x0, y0, x1, y1) of each, in pixels of its image.
        size: side of the crops in pixels.
    """
    each = ((five, np.reshape(box, (2, 2))) for five, box in zip(found, boxes, strict=True))
    return [
        None if five is None else (five + 0.5 - lower) * size / (upper - lower) - 0.5
        for five, (lower, upper) in each
    ]


def points_on(
    fives: Sequence[np.ndarray | None],
    size: int,
    faces: Sequence[np.ndarray] | None = None,
    source: LandmarkSource | None = None,
) -> np.ndarray:
    """The 24 points (N, 24, 3) of crops; see `face_points`.

    Args:
        fives: of each the landmarks (5, 2) in its pixels; None where none were found, which gets a
            mean face's points.
        size: side of the crops in pixels.
        faces: N crops (size, size, 3), for a source that looks at them.
        source: finds 68 points; None for `MeanShape`.
    """
    source, pixels = source or MeanShape(), faces if faces is not None else [None] * len(fives)
    laid = [f if f is None else source(face, f) for face, f in zip(pixels, fives, strict=True)]
    return np.concatenate([_points(places, size) for places in laid])


def _points(laid: tuple[np.ndarray, np.ndarray] | None, size: int) -> np.ndarray:
    if laid is None:
        return face_points([None], size)
    return face_points([None], size, source=lambda face, five: laid)


def _enlarged(image: np.ndarray) -> np.ndarray:
    """`image` with a shorter side of at least `LEAST_SIDE` pixels, at most eight times as large."""
    height, width = image.shape[:2]
    factor = min(8.0, LEAST_SIDE / min(height, width))
    if factor <= 1:
        return image
    size = (round(width * factor), round(height * factor))
    return np.asarray(Image.fromarray(image).resize(size, Image.Resampling.BICUBIC))
