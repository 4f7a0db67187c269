"""Where eyes, nose and mouth are in an aligned crop, from the landmarks of its manifest row."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from fer_bench.faces.geometry import apply, reference, similarity


def crop_landmarks(found: Sequence[Any], size: int) -> tuple[np.ndarray, np.ndarray]:
    """The landmarks of faces in the crops that alignment cut out with them.

    Args:
        found: of each of N faces the manifest's `landmarks` (ten numbers, in pixels of the source
            image), or None where no face was detected.
        size: side of the crops in pixels.

    Returns:
        (N, 5, 2) float64 in pixels of the crop, those of a mean face where none were detected, and
        (N,) bool that tells which were detected.
    """
    target = reference(size)
    places = np.tile(target, (len(found), 1, 1))
    known = np.zeros(len(found), dtype=bool)
    for i, flat in enumerate(found):
        if flat is None:
            continue
        points = np.asarray(flat, dtype=np.float64).reshape(5, 2)
        if np.isfinite(points).all() and np.ptp(points, axis=0).max() > 0:
            places[i], known[i] = apply(similarity(points, target), points), True
    return places, known
