"""Changes that a person hardly sees, after which an answer should stay the same.

As in ImageNet-P (Hendrycks & Dietterich 2019, section 3.2), but of one step each and against the
face as it is: ImageNet-P compares neighbouring frames of short films.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np

from fer_bench.evaluation.corruptions.base import to_bytes
from fer_bench.evaluation.corruptions.misalignment import about_centre, moved
from fer_bench.evaluation.corruptions.resolution import jpeg

Step = Callable[[np.ndarray], np.ndarray]


@dataclass(frozen=True)
class Perturbation:
    """A small change in every direction it can have.

    Attributes:
        name: `[a-z0-9_]`, as in result files.
        title: as readers see it.
        value: how large it is, with its unit.
        steps: functions (H, W, 3) uint8 -> the same, one a direction; flip rates are their mean.
    """

    name: str
    title: str
    value: str
    steps: tuple[Step, ...]


def _shifted(image: np.ndarray, across: int, down: int) -> np.ndarray:
    return moved(image, np.array([[1.0, 0, across], [0, 1, down]]))


def _turned(image: np.ndarray, degrees: float) -> np.ndarray:
    return moved(image, about_centre(image, degrees=degrees))


def _scaled(image: np.ndarray, factor: float) -> np.ndarray:
    return moved(image, about_centre(image, factor=factor))


def _brighter(image: np.ndarray, factor: float) -> np.ndarray:
    return to_bytes(image * np.float32(factor))


def _saved(image: np.ndarray, quality: int) -> np.ndarray:
    return jpeg(image, quality, np.random.default_rng(0))  # which draws nothing


PERTURBATIONS = (
    Perturbation(
        "shift_1px", "shift", "1 px",
        tuple(partial(_shifted, across=x, down=y) for x, y in ((-1, 0), (1, 0), (0, -1), (0, 1))),
    ),
    Perturbation(
        "rotation_1deg", "rotation", "1°", tuple(partial(_turned, degrees=d) for d in (-1, 1))
    ),
    Perturbation(
        "scale_2pct", "scale", "±2 %", tuple(partial(_scaled, factor=f) for f in (0.98, 1.02))
    ),
    Perturbation("jpeg_90", "JPEG", "quality 90", (partial(_saved, quality=90),)),
    Perturbation(
        "brightness_2pct", "brightness", "±2 %",
        tuple(partial(_brighter, factor=f) for f in (0.98, 1.02)),
    ),
)  # fmt: skip
