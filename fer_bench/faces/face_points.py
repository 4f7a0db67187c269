"""24 points of a face and how well each is seen, for models that look at landmarks.

gACNN and OADN read 24 points that are chosen from the 68 of a landmark detector; ours detects five
(MTCNN). `MeanShape` lays a mean face of 68 points onto the five. This is a deviation: brows and
lips that move do not move these points, and nothing is known of what lies before the face. A better
source can be plugged in, as `face_landmarks.FaceLandmarks` is by `align.<source>.points`; it gives
68 points and how well each is seen.

The choice of 24 is that of PG-CNN's released list (mysee1989/PG-CNN, `convert_point/pts68_24`): 16
of the 68 on brows, eyes, nose and mouth, the brows' ones raised; four middles that cover eyes and
brows; and four places on the cheeks, two of them beside the corners of the mouth. Its shifts are
pixels of a 256 px crop; in its example the eyes are 76 px apart, in ours 80.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple, Protocol

import numpy as np

from fer_bench.faces.crop_landmarks import crop_landmarks
from fer_bench.faces.face_frame import RADIUS, estimate_yaw
from fer_bench.faces.mean_face import MEAN_FACE, MIRROR, five_of

MEAN, NETWORK = "mean_face", "face_landmark_68"
"""Where points come from: in params and manifests, the latter among weights too."""


class Point(NamedTuple):
    """One of the 24 points."""

    of: tuple[int, ...]
    """The 68's whose middle it is."""
    right: int = 0
    """How far from there to image right, in 256ths of the crop's side."""
    down: int = 0


PLACES = (
    Point((18,), down=-2), Point((21,), down=-10), Point((22,), down=-10), Point((25,), down=-2),
    Point((38,)), Point((36,)), Point((43,)), Point((45,)),  # eyes
    Point((27,)), Point((29,)),  # bridge of the nose
    Point((48,)), Point((50,)), Point((52,)), Point((54,)), Point((58,)), Point((56,)),  # mouth
    Point((19, 37)), Point((24, 44)),  # between brow and eye
    Point((40, 41)), Point((46, 47)),  # lower lids
    Point((17, 58)), Point((26, 56)),  # cheeks, between brow and lower lip
    Point((48,), -16, -16), Point((54,), 16, -16),  # cheeks, beside the corners of the mouth
)  # fmt: skip
"""The 24 points."""

POINTS = len(PLACES)
SHIFTS = np.array([[place.right, place.down] for place in PLACES]) / 256


def _mirror() -> np.ndarray:
    found = {(frozenset(place.of), place.right): i for i, place in enumerate(PLACES)}
    return np.array(
        [found[frozenset(MIRROR[list(place.of)].tolist()), -place.right] for place in PLACES]
    )


SWAP = _mirror()
"""Which of the 24 points becomes point i when the face is mirrored."""


class LandmarkSource(Protocol):
    """Anything that finds 68 points in an aligned face."""

    def __call__(self, face: np.ndarray | None, five: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The points of one face.

        Args:
            face: (S, S, 3) uint8, RGB; None where the pixels are not at hand.
            five: (5, 2) landmarks in its pixels, those of a mean face where none were detected.

        Returns:
            (68, 2) in pixels, in iBUG's order, and (68,) how well each is seen, from 0 to 1.
        """


class MeanShape:
    """The mean face, laid onto the five landmarks by the affine map of least squares.

    An affine map follows a turned head, whose far half is narrower only on the whole; a similarity
    would keep its full width.
    """

    def __call__(self, face: np.ndarray | None, five: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """See `LandmarkSource`; the pixels are not looked at."""
        return affine(five_of(MEAN_FACE), five, MEAN_FACE), seen(five)


def affine(source: np.ndarray, target: np.ndarray, points: np.ndarray) -> np.ndarray:
    """`points` (n, 2) through the affine map of least squares from `source` to `target` (m, 2)."""
    ones = np.ones((len(source), 1))
    matrix, *_ = np.linalg.lstsq(np.hstack([source, ones]), target, rcond=None)
    moved: np.ndarray = np.hstack([points, np.ones((len(points), 1))]) @ matrix
    return moved


def seen(five: np.ndarray) -> np.ndarray:
    """How well each of the 68 points of a turned head is seen, (68,) from 0 to 1.

    The head is the cylinder of `face_frame`: a point at the angle a from the middle of the face is
    seen under a + yaw, so its share is cos(a + yaw) / cos(a), at most 1: all points of a face seen
    from the front count fully, and those behind the rim not at all.

    Args:
        five: (5, 2) landmarks.
    """
    eye_distance = np.ptp(five_of(MEAN_FACE)[:2, 0])
    angle = np.arcsin(MEAN_FACE[:, 0] / eye_distance / RADIUS)
    share = np.cos(angle + np.radians(estimate_yaw(five))) / np.cos(angle)
    return np.asarray(np.clip(share, 0, 1))


def pick24(points: np.ndarray, visible: np.ndarray, side: float) -> np.ndarray:
    """The 24 points (24, 3) of 68: x, y, and the least visibility of the points each is made of.

    Args:
        points: (68, 2).
        visible: (68,).
        side: of the crop, in the points' units.
    """
    picked = np.array(
        [[*points[list(p.of)].mean(axis=0), visible[list(p.of)].min()] for p in PLACES]
    )
    picked[:, :2] += side * SHIFTS
    return picked


def face_points(
    found: Sequence[Any],
    size: int,
    faces: Sequence[np.ndarray] | None = None,
    source: LandmarkSource | None = None,
) -> np.ndarray:
    """The 24 points of aligned faces, (N, 24, 3) float32.

    x and y are shares of the crop's side: 0 is its left or upper edge, 1 the other one (pixel i has
    its middle at (i + 0.5) / size). The third number says how well the point is seen, from 0 to 1;
    it is 0 outside the crop. A face without detected landmarks gets a mean face's points, seen from
    the front: a constant attention says more than none.

    Args:
        found: of each face the manifest's `landmarks`, or None.
        size: side of the crops in pixels.
        faces: N crops (size, size, 3), for a source that looks at them.
        source: finds 68 points; None for `MeanShape`.
    """
    source = source or MeanShape()
    five, _ = crop_landmarks(found, size)
    points = np.empty((len(five), POINTS, 3), np.float32)
    for i, landmarks in enumerate(five):
        places = pick24(*source(None if faces is None else faces[i], landmarks), size)
        places[:, :2] = (places[:, :2] + 0.5) / size
        outside = ((places[:, :2] < 0) | (places[:, :2] > 1)).any(axis=1)
        places[outside, 2] = 0.0
        points[i] = places
    return points


def mirrored(points: np.ndarray) -> np.ndarray:
    """The points (..., 24, 3) of the mirror images."""
    turned = points[..., SWAP, :].copy()
    turned[..., 0] = 1 - turned[..., 0]
    return turned


def mean_points() -> np.ndarray:
    """(24, 3): a mean face's points in an aligned crop, seen from the front.

    That of 112 px; in crops from 48 to 224 px they lie less than 0.006 of the side from there.
    """
    return np.asarray(face_points([None], 112)[0])
