"""What a corruption is: a pure function of one face, with five strengths and its own randomness."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from fer_bench.rendering.draws import arrays

Function = Callable[..., np.ndarray]
"""(image (H, W, 3) uint8, value, rng) or, where `landmarks` is set, also (5, 2) landmarks."""


def as_given(value: Any, size: int) -> Any:
    """The value of a parameter that does not depend on the size of the crop."""
    return value


@dataclass(frozen=True)
class Corruption:
    """One way to make a face harder to read.

    The draws of a face come from its sample id and the corruption's name alone, and are the same at
    every severity: a patch grows where it is, noise gets stronger where it is. So results depend
    neither on the batch, the order of the faces nor on the model, and all models see the same
    pixels.

    Attributes:
        name: `[a-z0-9_]`, as in result files.
        group: what kind of harm it is; corruptions of a group stand side by side.
        title: as readers see it.
        unit: what the five values measure.
        values: from severity 1 (mild) to 5; of a crop of 224 px where `at_size` scales them.
        function: see `Function`.
        at_size: (value, side of the crop in px) -> the value for crops of that side.
        landmarks: whether the function needs the face's landmarks in the crop.
        ordered: whether a higher severity is a stronger one; kinds of mask have no order.
    """

    name: str
    group: str
    title: str
    unit: str
    values: tuple[Any, ...]
    function: Function
    at_size: Callable[[Any, int], Any] = as_given
    landmarks: bool = False
    ordered: bool = True

    def values_at(self, size: int) -> list[Any]:
        """The five values for crops of `size` x `size` pixels."""
        return [self.at_size(value, size) for value in self.values]

    def apply(
        self,
        images: np.ndarray,
        value: Any,
        sample_ids: Sequence[str],
        landmarks: np.ndarray | None = None,
    ) -> np.ndarray:
        """Corrupted copies of some faces.

        Args:
            images: (N, H, W, 3) uint8.
            value: one of `values_at(H)`, or any other of the unit.
            sample_ids: the N faces' ids.
            landmarks: (N, 5, 2) in pixels of the crop; needed where `self.landmarks` says so.

        Returns:
            (N, H, W, 3) uint8.
        """
        corrupted = np.empty_like(images)
        for i, (image, sample) in enumerate(zip(images, sample_ids, strict=True)):
            rng = arrays("corruption", self.name, sample)
            if self.landmarks:
                assert landmarks is not None, f"{self.name} needs landmarks"
                corrupted[i] = self.function(image, value, rng, landmarks[i])
            else:
                corrupted[i] = self.function(image, value, rng)
        return corrupted


def to_bytes(values: np.ndarray) -> np.ndarray:
    """Pixel values of any float type, rounded and cut to 0..255, as uint8."""
    rounded: np.ndarray = np.clip(np.rint(values), 0, 255).astype(np.uint8)
    return rounded
