"""What alignment is compared with: facenet-pytorch's detector, called image by image."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np


@dataclass(frozen=True)
class Found:
    """All faces of one image.

    Attributes:
        boxes: (n, 4).
        landmarks: (n, 5, 2).
    """

    boxes: np.ndarray
    landmarks: np.ndarray


class Reference:
    """`facenet_pytorch.MTCNN(keep_all=True, ...).detect(image, landmarks=True)`.

    Args:
        thresholds, min_face, factor: the options that alignment uses too.
        device: torch device name.
    """

    def __init__(
        self, thresholds: tuple[float, ...], min_face: int, factor: float, device: str
    ) -> None:
        import torch
        from facenet_pytorch import MTCNN

        self._smallest = min_face
        self._mtcnn: Any = MTCNN(
            keep_all=True,
            thresholds=list(thresholds),
            min_face_size=min_face,
            factor=factor,
            device=torch.device(device),
        ).eval()

    def detect(self, image: np.ndarray) -> Found | None:
        """The faces of `image`; None where the detector fails on it."""
        if min(image.shape[:2]) < self._smallest:
            return None  # it has no pyramid, and joining nothing raises
        try:
            boxes, _, landmarks = self._mtcnn.detect(image, landmarks=True)
        except (IndexError, RuntimeError, ValueError):
            return None  # a candidate wholly outside the image
        if boxes is None:
            return Found(np.zeros((0, 4)), np.zeros((0, 5, 2)))
        return Found(np.array(boxes.tolist()), np.array(landmarks.tolist()))
