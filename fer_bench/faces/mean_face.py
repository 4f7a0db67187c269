"""A mean face of 68 points, in the layout of iBUG 300-W, made from measured mean distances.

No published shape model is copied. The frame is anthropometry: mean distances between landmarks of
young North American adults of both sexes (Farkas, "Anthropometry of the head and face", 1994;
recalled and rounded), in millimetres from the middle between the pupils, x to image right and y
down:

    inner eye corners 32.5 apart, outer 88; nasion 4 above the pupils; nasion to subnasale 51, to
    stomion 72, to chin 117; width of the nose 33.5, of the mouth 52, of the face 134, of the jaw 98

The points between those are set by hand so that they lie evenly on the brows, lids, lips and jaw.
The face is symmetric and seen from the front. A check: with the eyes laid on those of the reference
that faces are aligned to, its nose and mouth miss the reference's by less than 3 % of the eyes'
distance (tested).
"""

from __future__ import annotations

import numpy as np

MIDDLE = {8: 113.0, 27: -4.0, 28: 9.0, 29: 22.0, 30: 34.0, 33: 47.0, 51: 61.5, 57: 79.5, 62: 67.0,
          66: 69.5}  # fmt: skip
"""y of the points on the middle line."""

IMAGE_LEFT = {
    0: (-70, 2), 1: (-69, 20), 2: (-67, 38), 3: (-62, 55), 4: (-54, 72), 5: (-45, 87), 6: (-32, 99),
    7: (-16, 109),
    17: (-54, -13), 18: (-46, -21), 19: (-35, -24), 20: (-23, -23), 21: (-12, -19),
    31: (-14, 43), 32: (-7, 46),
    36: (-44, 0), 37: (-35, -5), 38: (-25, -5), 39: (-16.25, 1), 40: (-25, 4), 41: (-35, 4),
    48: (-26, 68), 49: (-16, 63), 50: (-6, 60), 58: (-7, 78.5), 59: (-16, 75),
    60: (-22, 68), 61: (-7, 66.5), 67: (-7, 69),
}  # fmt: skip
"""(x, y) of the points at image left; those at image right mirror them."""

MIRROR = np.array(
    [*range(16, -1, -1), *range(26, 16, -1), 27, 28, 29, 30, 35, 34, 33, 32, 31,
     45, 44, 43, 42, 47, 46, 39, 38, 37, 36, 41, 40, 54, 53, 52, 51, 50, 49, 48, 59, 58, 57, 56, 55,
     64, 63, 62, 61, 60, 67, 66, 65]
)  # fmt: skip
"""Which point of the 68 becomes point i when the face is mirrored."""


def _assembled() -> np.ndarray:
    points = np.zeros((68, 2))
    for i, y in MIDDLE.items():
        points[i] = 0.0, y
    for i, (x, y) in IMAGE_LEFT.items():
        points[i], points[MIRROR[i]] = (x, y), (-x, y)
    return points


MEAN_FACE = _assembled()
"""(68, 2) in millimetres."""


def five_of(points: np.ndarray) -> np.ndarray:
    """The detector's five landmarks among 68 `points` (68, 2).

    Eyes (the mean of six points each), tip of the nose, corners of the mouth; (5, 2).
    """
    eyes = [points[36:42].mean(axis=0), points[42:48].mean(axis=0)]
    return np.stack([*eyes, points[30], points[48], points[54]])
