"""MTCNN face detection through facenet-pytorch, with its traps handled in one place.

The traps (each has a test): an image without a face gives None, not an empty list; greyscale and
RGBA images raise; a side shorter than the smallest face raises inside `torch.cat`; candidate boxes
wholly outside the image make box and score tensors disagree; results come as object arrays whose
shape depends on how many faces there are.

Two more were found here. A box that reaches over the image border is *clipped* before the last
network but its landmarks are scaled by the full box, so on tight crops the mouth lands on the chin:
such faces are looked at again with a black border around the image. And a batch gives different
boxes from the same images one at a time (float32 offsets in its non-maximum suppression); batches
were measured to be hardly faster on a CPU, so images go through one at a time, which also makes
each result independent of its neighbours.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from fer_bench.errors import FerBenchError

BORDER = 0.25
"""Black border of the second look, as a fraction of the image's longer side."""

SAME_FACE = 0.3
"""Intersection over union from which on the second look's box is the same face."""

CENTRE_WEIGHT = 2.0
"""Weight of the squared offset from the image centre against the box area."""


@dataclass(frozen=True)
class Detection:
    """One face.

    Attributes:
        box: (x0, y0, x1, y1) in pixels of the image; may reach outside it.
        landmarks: (5, 2) float64, x and y of the left eye, right eye, nose, left mouth corner and
            right mouth corner; left is the left of the image. Pixel (0, 0) has its centre at 0, 0.
        probability: the last network's face probability, 0 to 1.
        faces_found: how many faces the detector found in the image.
    """

    box: tuple[float, float, float, float]
    landmarks: np.ndarray
    probability: float
    faces_found: int


def as_rgb(image: np.ndarray) -> np.ndarray:
    """`image` as contiguous (H, W, 3) uint8: grey is repeated, alpha is dropped.

    Raises:
        FerBenchError: when the array is not an 8-bit image.
    """
    if image.dtype != np.uint8 or image.ndim not in (2, 3) or 0 in image.shape:
        raise FerBenchError(
            f"an image must be 8-bit (H, W, 3) but is {image.dtype} {image.shape}; "
            "the source's load() has to return uint8 RGB."
        )
    if image.ndim == 2:
        image = image[:, :, None]
    channels = image.shape[2]
    if channels in (1, 2):
        image = np.repeat(image[:, :, :1], 3, axis=2)
    elif channels == 4:
        image = image[:, :, :3]
    elif channels != 3:
        raise FerBenchError(f"an image must have 1 to 4 channels but has shape {image.shape}.")
    return np.ascontiguousarray(image)


@dataclass(frozen=True)
class _Faces:
    boxes: np.ndarray  # (n, 4)
    landmarks: np.ndarray  # (n, 5, 2)
    probabilities: np.ndarray  # (n,)

    @staticmethod
    def none() -> _Faces:
        return _Faces(np.zeros((0, 4)), np.zeros((0, 5, 2)), np.zeros(0))


class Detector:
    """MTCNN, one image at a time.

    Args:
        thresholds: score thresholds of the three networks (the paper's aligner: .6, .7, .8).
        min_face: smallest face looked for, in pixels.
        factor: step of the image pyramid, below 1.
        device: torch device name.

    Raises:
        FerBenchError: for impossible options.
    """

    def __init__(
        self,
        thresholds: Sequence[float] = (0.6, 0.7, 0.8),
        min_face: int = 20,
        factor: float = 0.709,
        device: str = "cpu",
    ) -> None:
        if len(thresholds) != 3 or not all(0.0 <= t < 1.0 for t in thresholds):
            raise FerBenchError(
                f"thresholds must be three numbers from 0 to below 1, not {list(thresholds)}; "
                "the usual ones are [0.6, 0.7, 0.8]."
            )
        if min_face < 12:
            raise FerBenchError(
                f"min_face must be at least 12 (the first network's field), not {min_face}."
            )
        if not 0.1 <= factor <= 0.95:
            raise FerBenchError(f"factor must lie between 0.1 and 0.95, not {factor}.")
        import torch
        from facenet_pytorch import MTCNN

        self.min_face = min_face
        self._mtcnn: Any = MTCNN(
            keep_all=True,
            thresholds=list(thresholds),
            min_face_size=min_face,
            factor=factor,
            device=torch.device(device),
        ).eval()

    def detect(self, image: np.ndarray) -> Detection | None:
        """The largest central face of `image` ((H, W, 3) uint8 RGB), or None.

        With several faces the largest value of area - 2 d² is taken, d being the distance from the
        box centre to the image centre in pixels. Where nothing is found, or the face reaches over
        the image border, the image is looked at again with a black border around it. Coordinates
        are rounded to 1/100 pixel, so that what is recorded is exactly what is used.
        """
        image = as_rgb(image)
        height, width = image.shape[:2]
        if min(height, width) < self.min_face:
            return None  # the pyramid would be empty, and torch.cat of nothing raises
        faces = self._plain(image)
        if not len(faces.boxes):
            faces = self._bordered(image, self.min_face)
        if not len(faces.boxes):
            return None
        found = len(faces.boxes)
        best = most_central(faces.boxes, width, height)
        box = faces.boxes[best]
        if min(box[:2]) < 0 or box[2] > width or box[3] > height:
            faces, best = self._whole(image, faces, best)
        x0, y0, x1, y1 = (round(float(v), 2) for v in faces.boxes[best])
        return Detection(
            box=(x0, y0, x1, y1),
            landmarks=np.round(faces.landmarks[best], 2),
            probability=round(float(faces.probabilities[best]), 6),
            faces_found=found,
        )

    def _plain(self, image: np.ndarray) -> _Faces:
        try:
            return self._raw(image, self.min_face)
        except (IndexError, RuntimeError, ValueError) as error:
            if not _is_outside_box_fault(error):
                raise
            return _Faces.none()

    def _whole(self, image: np.ndarray, faces: _Faces, best: int) -> tuple[_Faces, int]:
        """The same face seen whole, with a border around the image; or as it was, if lost."""
        height, width = image.shape[:2]
        # only the part inside the image: a clipped face also has a box that is far too large
        seen = np.clip(faces.boxes[best], 0, [width, height, width, height])
        # The face's size is known, so the fine (and slow) levels of the pyramid are left out.
        smallest = max(self.min_face, int(0.4 * min(seen[2:] - seen[:2])))
        again = self._bordered(image, smallest)
        if len(again.boxes):
            overlaps = overlap(again.boxes, seen)
            if overlaps.max() > SAME_FACE:
                return again, int(overlaps.argmax())
        return faces, best

    def _bordered(self, image: np.ndarray, min_face: int) -> _Faces:
        border = int(BORDER * max(image.shape[:2]))
        padded = np.pad(image, ((border, border), (border, border), (0, 0)))
        try:
            faces = self._raw(padded, min_face)
        except (IndexError, RuntimeError, ValueError) as error:
            if not _is_outside_box_fault(error):
                raise
            return _Faces.none()
        return _Faces(faces.boxes - border, faces.landmarks - border, faces.probabilities)

    def _raw(self, image: np.ndarray, min_face: int) -> _Faces:
        self._mtcnn.min_face_size = min_face
        boxes, probabilities, landmarks = self._mtcnn.detect(image, landmarks=True)
        if boxes is None:
            return _Faces.none()
        return _Faces(
            np.asarray(boxes.tolist(), dtype=np.float64).reshape(-1, 4),
            np.asarray(landmarks.tolist(), dtype=np.float64).reshape(-1, 5, 2),
            np.asarray(list(probabilities), dtype=np.float64).reshape(-1),
        )


def most_central(boxes: np.ndarray, width: int, height: int) -> int:
    """Index of the box (n, 4) with the largest area - 2 d²; the first one on a tie."""
    area = (boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1])
    centre = (boxes[:, :2] + boxes[:, 2:]) / 2 - np.array([width, height]) / 2
    return int(np.argmax(area - CENTRE_WEIGHT * (centre**2).sum(axis=1)))


def overlap(boxes: np.ndarray, box: np.ndarray) -> np.ndarray:
    """Intersection over union of each of `boxes` (n, 4) with `box` (4,)."""
    low = np.maximum(boxes[:, :2], box[:2])
    high = np.minimum(boxes[:, 2:], box[2:])
    shared = np.clip(high - low, 0, None).prod(axis=1)
    area = (boxes[:, 2:] - boxes[:, :2]).prod(axis=1)
    quotient: np.ndarray = shared / (area + (box[2:] - box[:2]).prod() - shared)
    return quotient


def _is_outside_box_fault(error: Exception) -> bool:
    """Whether MTCNN failed because it skipped a candidate outside the image."""
    text = str(error)
    return (
        "shape of the mask" in text
        or "non-empty list" in text
        or "must match the size" in text
        or "non-empty TensorList" in text
    )
