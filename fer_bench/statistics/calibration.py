"""What chance alone makes of the expected calibration error (ECE).

With few faces in a bin, its accuracy is off its confidence even for a perfectly calibrated model:
an ECE says something where it lies above what such a model would show (Roelofs et al. 2022,
Mitigating bias in calibration error estimation, AISTATS).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

DRAWS = 4000
SEED = 2007
QUANTILES = (0.05, 0.95)


def perfect_ece(calibration: Mapping[str, Any]) -> tuple[float, float, float]:
    """ECE of a perfectly calibrated model with the same confidences: mean, 5 % and 95 % quantile.

    Args:
        calibration: `n` faces and mean `confidence` of each bin, as `evaluation.detail` keeps them.
    """
    n = np.array(calibration["n"], dtype=np.int64)
    kept = n > 0
    n, p = n[kept], np.array(calibration["confidence"], dtype=np.float64)[kept]
    right = np.random.default_rng(SEED).binomial(n, np.clip(p, 0, 1), (DRAWS, len(n)))
    errors = np.abs(right - n * p).sum(axis=1) / n.sum()
    low, high = np.quantile(errors, QUANTILES)
    return float(errors.mean()), float(low), float(high)
