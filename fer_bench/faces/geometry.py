"""From landmarks to an aligned face: a similarity transform onto a fixed reference, then a warp.

Coordinates: x to the right, y down, pixel (0, 0) has its centre at (0, 0), as detectors give them.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from PIL import Image

from fer_bench.errors import FerBenchError
from fer_bench.faces.areas import is_grey

REFERENCE_112 = np.array(
    [
        [38.29459953, 51.69630051],
        [73.53179932, 51.50139999],
        [56.02519989, 71.73660278],
        [41.54930115, 92.3655014],
        [70.72990036, 92.20410156],
    ]
)
"""Left eye, right eye, nose, left and right mouth corner in a 112 x 112 aligned face.

The reference of the usual face aligners (96 x 112, with 8 pixels added to x), which the paper's
alignment goes back to.
"""


def reference(size: int) -> np.ndarray:
    """The five reference landmarks (5, 2) of an aligned face of `size` x `size` pixels."""
    return REFERENCE_112 * (size / 112)


def similarity(source: np.ndarray, target: np.ndarray) -> np.ndarray:
    """The (2, 3) matrix M minimising sum |M [x y 1]^T - target|² over similarity transforms.

    Rotation, uniform scale and translation, no reflection. With the points as complex numbers
    about their means, p and q, the best factor is sum(conj(p) q) / sum(|p|²).

    Args:
        source: (n, 2) points, n >= 2, not all equal.
        target: (n, 2) points they should land on.

    Raises:
        FerBenchError: when all source points coincide.
    """
    source_mean, target_mean = source.mean(axis=0), target.mean(axis=0)
    p = (source - source_mean) @ np.array([1, 1j])
    q = (target - target_mean) @ np.array([1, 1j])
    spread = float((np.abs(p) ** 2).sum())
    if spread < 1e-12:
        raise FerBenchError("the landmarks all lie on one point, so the face cannot be aligned.")
    factor = (np.conj(p) * q).sum() / spread
    turn = np.array([[factor.real, -factor.imag], [factor.imag, factor.real]])
    return np.hstack([turn, (target_mean - turn @ source_mean)[:, None]])


def apply(matrix: np.ndarray, points: np.ndarray) -> np.ndarray:
    """`points` (n, 2) through the (2, 3) matrix."""
    moved: np.ndarray = points @ matrix[:, :2].T + matrix[:, 2]
    return moved


def align_face(image: np.ndarray, landmarks: np.ndarray, size: int) -> np.ndarray:
    """The face of `image` (H, W, 3) whose `landmarks` (5, 2) land on the reference of `size`.

    Outside the image is black. Returns (size, size, 3) uint8.
    """
    return warp(image, similarity(landmarks, reference(size)), size)


def warp(image: np.ndarray, matrix: np.ndarray, size: int) -> np.ndarray:
    """`image` through the (2, 3) matrix (image to output pixels), as (size, size, 3) uint8.

    Bilinear. Where the output is coarser than the image, it is first drawn several times finer and
    then averaged, so that no detail turns into aliasing. Of a grey image only one channel is drawn,
    with the same result in less time.
    """
    if is_grey(image):
        return np.repeat(_drawn(image[:, :, 0], matrix, size)[:, :, None], 3, axis=2)
    return _drawn(image, matrix, size)


def _drawn(image: np.ndarray, matrix: np.ndarray, size: int) -> np.ndarray:
    scale = float(np.sqrt(abs(np.linalg.det(matrix[:, :2]))))
    fine = max(1, int(np.ceil(1 / scale - 1e-6)))
    inverse = np.linalg.inv(matrix[:, :2])
    # Pillow's coordinates have pixel centres at .5: in + .5 = inverse ((out + .5) / fine - .5 - t)
    offset = inverse @ (-0.5 - matrix[:, 2]) + 0.5
    a, b, d, e = (inverse / fine).ravel()
    warped = Image.fromarray(np.ascontiguousarray(image)).transform(
        (size * fine, size * fine),
        Image.Transform.AFFINE,
        (a, b, offset[0], d, e, offset[1]),
        resample=Image.Resampling.BILINEAR,
    )
    return np.asarray(warped.reduce(fine) if fine > 1 else warped)


def centre_square(width: int, height: int) -> tuple[float, float, float, float]:
    """The largest centred square (x0, y0, x1, y1) of an image, on whole pixels."""
    side = min(width, height)
    x0, y0 = (width - side) // 2, (height - side) // 2
    return float(x0), float(y0), float(x0 + side), float(y0 + side)


def resize_box(image: np.ndarray, box: Sequence[float], size: int) -> np.ndarray:
    """The region `box` of `image`, resized with anti-aliasing to (size, size, 3) uint8."""
    x0, y0, x1, y1 = (round(v) for v in box)
    region = Image.fromarray(image).crop((x0, y0, x1, y1))  # cropped first: no pixel bleeds in
    return np.asarray(region.resize((size, size), Image.Resampling.BILINEAR))


def cut_out(
    image: np.ndarray, landmarks: np.ndarray | None, box: Sequence[float], size: int
) -> np.ndarray:
    """The face as a pack holds it: aligned by its landmarks, or the box where there are none."""
    if landmarks is None:
        return resize_box(image, box, size)
    return align_face(image, landmarks, size)
