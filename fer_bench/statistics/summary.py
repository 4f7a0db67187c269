"""What several seeds of one cell say together."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Summary:
    """One metric over seeds.

    Attributes:
        n: how many seeds have a value.
        mean: their mean.
        std: their sample standard deviation (ddof = 1); None for a single seed, about whose spread
            nothing is known.
        max: the largest.
    """

    n: int
    mean: float
    std: float | None
    max: float


def summarise(values: Iterable[float | None]) -> Summary | None:
    """Summary of the values that are not None (None: an empty subset); None when none is left."""
    known = np.array([v for v in values if v is not None], dtype=np.float64)
    if not len(known):
        return None
    std = float(known.std(ddof=1)) if len(known) > 1 else None
    return Summary(len(known), float(known.mean()), std, float(known.max()))
