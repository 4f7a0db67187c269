"""How far the suite's faces and the reference's agree."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from reference_align import Found
from suite_align import search

from fer_bench.datasets.photograph import read_rgb
from fer_bench.faces import chunks
from fer_bench.faces.align_job import AlignOptions
from fer_bench.faces.cascade import Cascade, Detections
from fer_bench.faces.detect import most_central

PIXEL = 1.0
"""Coordinates that lie less than this apart agree."""


@dataclass
class Agreement:
    """Counts over all images.

    Attributes:
        faces: that the reference finds in the images as they are.
        boxes, landmarks: of these, those that the cascade finds, too.
        extra: faces that only the cascade finds.
        inside: images whose largest central face, by the reference, lies inside the image.
        recorded: of these, those whose landmarks the stage recorded.
        failed: images on which the reference fails, left out.
    """

    faces: int = 0
    boxes: int = 0
    landmarks: int = 0
    extra: int = 0
    inside: int = 0
    recorded: int = 0
    failed: int = 0

    def said(self, source: str) -> dict[str, str | int]:
        """As the report's `found` has it."""
        return {
            f"{source}: faces the reference finds": self.faces,
            f"{source}: boxes within a pixel": _share(self.boxes, self.faces),
            f"{source}: landmarks within a pixel": _share(self.landmarks, self.faces),
            f"{source}: faces only the suite finds": self.extra,
            f"{source}: images with the reference's face inside": self.inside,
            f"{source}: landmarks the stage recorded there, within a pixel": _share(
                self.recorded, self.inside
            ),
            f"{source}: images on which the reference fails, left out": self.failed,
        }

    def count(
        self, picture: np.ndarray, expected: Found, faces: Detections, recorded: np.ndarray
    ) -> None:
        """Add one image.

        Args:
            picture: (H, W, 3).
            expected: the reference's faces.
            faces: the cascade's.
            recorded: (16,), what the stage recorded.
        """
        self.faces += len(expected.boxes)
        self.extra += max(0, len(faces) - len(expected.boxes))
        if not len(expected.boxes):
            return
        for box, landmarks in zip(expected.boxes, expected.landmarks, strict=True):
            if len(faces):
                far = np.abs(faces.boxes - box).max(axis=1)
                self.boxes += bool(far.min() < PIXEL)
                nearest = faces.landmarks[int(far.argmin())]
                self.landmarks += bool(np.abs(nearest - landmarks).max() < PIXEL)
        height, width = picture.shape[:2]
        best = most_central(expected.boxes, width, height)
        x0, y0, x1, y1 = expected.boxes[best]
        if x0 >= 0 and y0 >= 0 and x1 <= width and y1 <= height:
            self.inside += 1
            apart = np.abs(recorded[4:14].reshape(5, 2) - expected.landmarks[best]).max()
            self.recorded += bool(apart < PIXEL)


def agreement(
    files: list[Path],
    found: list[Found | None],
    numbers: np.ndarray,
    cascade: Cascade,
    options: AlignOptions,
) -> Agreement:
    """Compare the reference's faces with the cascade's and with what the stage recorded.

    Args:
        files: the n images.
        found: the reference's faces in each; None where it fails.
        numbers: (n, 16), the stage's.
        cascade: looks at the images again.
        options: its options.
    """
    result = Agreement()
    for start in range(0, len(files), chunks.CHUNK):
        some = slice(start, start + chunks.CHUNK)
        pictures = [read_rgb(file) for file in files[some]]
        ours = search(cascade, pictures, options)
        for picture, expected, faces, recorded in zip(
            pictures, found[some], ours, numbers[some], strict=True
        ):
            if expected is None:
                result.failed += 1
            else:
                result.count(picture, expected, faces, recorded)
    return result


def _share(part: int, whole: int) -> str:
    return f"{100 * part / whole:.2f} %" if whole else "–"
