"""What alignment is compared with: facenet-pytorch's detector, called image by image."""

from __future__ import annotations

import time
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
import torch

from fer_bench.datasets.photograph import read_rgb
from fer_bench.faces.align_job import AlignOptions

WARM = 32
"""Images looked at, untimed, before the timed ones: another version's data are in the caches."""


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
        options: those that alignment uses, too.
        device: torch device name.
    """

    def __init__(self, options: AlignOptions, device: str) -> None:
        from facenet_pytorch import MTCNN

        self._smallest = options.min_face
        self._mtcnn: Any = MTCNN(
            keep_all=True,
            thresholds=list(options.thresholds),
            min_face_size=options.min_face,
            factor=options.factor,
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


class ReferenceApart:
    """The reference in a process of its own, which stays for all rounds.

    A process that changes torch's number of threads is slower afterwards.

    Args:
        options, device: as `Reference` takes them.
        threads: of torch in that process.
    """

    def __init__(self, options: AlignOptions, device: str, threads: int) -> None:
        self._pool = ProcessPoolExecutor(
            1, get_context("spawn"), initializer=_start, initargs=(options, device, threads)
        )

    def detect(self, files: list[Path]) -> tuple[list[Found | None], float]:
        """Read and detect image by image; what was found, and the seconds of it."""
        return self._pool.submit(_detect, files).result()

    def close(self) -> None:
        """End the process."""
        self._pool.shutdown()


_reference: Reference | None = None


def _start(options: AlignOptions, device: str, threads: int) -> None:
    global _reference
    if torch.get_num_threads() != threads:
        torch.set_num_threads(threads)
    _reference = Reference(options, device)


def _detect(files: list[Path]) -> tuple[list[Found | None], float]:
    assert _reference is not None
    for file in files[:WARM]:
        _reference.detect(read_rgb(file))
    started = time.perf_counter()
    found = [_reference.detect(read_rgb(file)) for file in files]
    return found, time.perf_counter() - started
