"""The face of each image, by the MTCNN cascade (`cascade`), with its traps handled in one place.

The traps (each has a test): images without a face, of one channel or four, with sides shorter than
the smallest face, and candidate boxes wholly outside the image.

One more: a box that reaches over the image border is *clipped* before the last network but its
landmarks are scaled by the full box, so on tight crops the mouth lands on the chin. Such faces are
looked at again with a black border around the image.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from PIL import Image

from fer_bench.errors import FerBenchError
from fer_bench.faces.areas import Areas
from fer_bench.faces.cascade import Cascade, Detections
from fer_bench.faces.proposals import Candidates, SearchedImage

BORDER = 0.25
"""Black border of the second look, as a fraction of the image's longer side."""

SAME_FACE = 0.3
"""Intersection over union from which on the second look's box is the same face."""

NEAR = 0.2
"""Intersection over union from which on a candidate may lead to a face."""

CENTRE_WEIGHT = 2.0
"""Weight of the squared offset from the image centre against the box area."""


MOST_PIXELS = 2**23
"""A larger image is searched at a whole fraction of its size, so that memory has a bound."""


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

    Of 16-bit values the upper half is taken.

    Raises:
        FerBenchError: when the array is not an 8- or 16-bit image.
    """
    if image.dtype == np.uint16:
        image = (image >> 8).astype(np.uint8)
    if image.dtype == np.bool_:
        image = image.astype(np.uint8) * 255
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


class Detector:
    """MTCNN: the largest central face of each image.

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
        self.min_face = min_face
        self._cascade = Cascade(thresholds, factor, device)

    def detect(self, image: np.ndarray) -> Detection | None:
        """The largest central face of `image` ((H, W, 3) uint8 RGB), or None; see `detect_all`."""
        return self.detect_all([image])[0]

    def detect_all(self, images: Sequence[np.ndarray]) -> list[Detection | None]:
        """The largest central face of each image ((H, W, 3) uint8 RGB), or None.

        With several faces the largest value of area - 2 d² is taken, d being the distance from the
        box centre to the image centre in pixels. Where nothing is found, or the face reaches over
        the image border, the image is looked at again with a black border around it. Coordinates
        are rounded to 1/100 pixel, so that what is recorded is exactly what is used.
        """
        areas, shrunk = self._read(images)
        looks = [SearchedImage(a, self.min_face) for a in areas]
        candidates = self._cascade.propose(looks)
        faces = self._cascade.confirm(looks, candidates)
        best = [most_central(f.boxes, a.width, a.height) for f, a in zip(faces, areas, strict=True)]
        counts = [len(f) for f in faces]
        self._see_whole(areas, candidates, faces, best)
        missed = [i for i in range(len(areas)) if not counts[i] and self._fits(areas[i])]
        again = self._cascade.find([_bordered(areas[i], self.min_face) for i in missed])
        for i, found in zip(missed, again, strict=True):
            faces[i], counts[i] = found, len(found)
            best[i] = most_central(found.boxes, areas[i].width, areas[i].height)
        return [
            _detection(f.scaled(k), b, count) if count else None
            for f, b, k, count in zip(faces, best, shrunk, counts, strict=True)
        ]

    def _read(self, images: Sequence[np.ndarray]) -> tuple[list[Areas], list[int]]:
        """The images as the cascade takes them, and by how much each was shrunk for that."""
        areas, shrunk = [], []
        for image in images:
            image = as_rgb(image)
            by = max(1, math.ceil(math.sqrt(image.shape[0] * image.shape[1] / MOST_PIXELS)))
            shrunk.append(by)
            if by > 1:
                image = np.asarray(Image.fromarray(image).reduce(by))
            areas.append(self._cascade.areas(image))
        return areas, shrunk

    def _fits(self, areas: Areas) -> bool:
        return min(areas.width, areas.height) >= self.min_face

    def _see_whole(
        self, areas: list[Areas], candidates: Candidates, faces: list[Detections], best: list[int]
    ) -> None:
        """Replace faces that reach over the border by what is seen with black around the image.

        First the candidates that led to the face are looked at again by the last two networks, then
        the whole image by all three. A face that is not found again stays as it was.
        """
        cut = [i for i, f in enumerate(faces) if len(f) and _outside(f.boxes[best[i]], areas[i])]
        # only the part inside the image: a clipped face also has a box that is far too large
        sizes = [[areas[i].width, areas[i].height] * 2 for i in cut]
        seen = [np.clip(faces[i].boxes[best[i]], 0, s) for i, s in zip(cut, sizes, strict=True)]
        looks = [_bordered(areas[i], self.min_face) for i in cut]
        near = [
            _moved_here(candidates, i, number, seen[number], looks[number].border)
            for number, i in enumerate(cut)
        ]
        again = self._cascade.confirm(looks, Candidates.joined(near))
        lost = [n for n, i in enumerate(cut) if not _take(again[n], seen[n], faces, best, i)]
        # The face's size is known, so the fine (and slow) levels of the pyramid are left out.
        sides = [int(0.4 * min(seen[n][2:] - seen[n][:2])) for n in lost]
        looks = [
            _bordered(areas[cut[n]], max(self.min_face, side))
            for n, side in zip(lost, sides, strict=True)
        ]
        for n, found in zip(lost, self._cascade.find(looks), strict=True):
            _take(found, seen[n], faces, best, cut[n])


def _moved_here(
    boxes: Candidates, image: int, number: int, seen: np.ndarray, border: int
) -> Candidates:
    """Candidates of `image` near `seen`, as those of image `number` with a border around it."""
    own = boxes[np.flatnonzero(boxes.images == image)]
    own = own[overlap(own.boxes, seen) > NEAR]
    shifted = own.boxes + np.float32(border)
    return Candidates(np.full(len(own), number), shifted, own.scores, own.offsets)


def _take(
    again: Detections, seen: np.ndarray, faces: list[Detections], best: list[int], image: int
) -> bool:
    """Put the face found again at `seen` in the place of the first one; False when it was not."""
    overlaps = overlap(again.boxes, seen)
    if overlaps.max(initial=0) <= SAME_FACE:
        return False
    faces[image], best[image] = again, int(overlaps.argmax())
    return True


def _bordered(areas: Areas, smallest: int) -> SearchedImage:
    return SearchedImage(areas, smallest, int(BORDER * max(areas.width, areas.height)))


def _outside(box: np.ndarray, areas: Areas) -> bool:
    """Whether a box reaches over the border of its image."""
    return bool(min(box[:2]) < 0 or box[2] > areas.width or box[3] > areas.height)


def _detection(faces: Detections, best: int, count: int) -> Detection:
    x0, y0, x1, y1 = (round(float(v), 2) for v in faces.boxes[best])
    return Detection(
        box=(x0, y0, x1, y1),
        landmarks=np.round(faces.landmarks[best], 2),
        probability=round(float(faces.probabilities[best]), 6),
        faces_found=count,
    )


def most_central(boxes: np.ndarray, width: int, height: int) -> int:
    """Index of the box (n, 4) with the largest area - 2 d²; the first one on a tie."""
    if not len(boxes):
        return 0
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
