"""What chance makes of the calibration error."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import binom

from fer_bench.evaluation.detail import calibration
from fer_bench.evaluation.metrics import measure
from fer_bench.statistics.calibration import perfect_ece


def test_its_mean_is_the_binomials_mean_deviation() -> None:
    bins = {"n": [0, 40, 5, 300], "confidence": [None, 0.3, 0.55, 0.9]}
    exact = sum(
        (np.abs(np.arange(n + 1) - n * p) * binom.pmf(np.arange(n + 1), n, p)).sum()
        for n, p in ((40, 0.3), (5, 0.55), (300, 0.9))
    )
    mean, low, high = perfect_ece(bins)
    assert mean == pytest.approx(exact / 345, rel=0.03)
    assert low < mean < high
    assert perfect_ece(bins) == (mean, low, high)  # the same on every page


def test_a_calibrated_model_lies_inside_nine_times_of_ten() -> None:
    draw = np.random.default_rng(3)
    inside = []
    for _ in range(300):
        logits = draw.normal(size=(300, 7)) * 2
        p = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
        labels = (p.cumsum(axis=1) < draw.random((300, 1))).sum(axis=1)
        found = measure(labels, logits, [str(i) for i in range(7)])["ece"]
        _, low, high = perfect_ece(calibration(labels, logits))
        inside.append(low <= found <= high)
    assert 0.84 < np.mean(inside) < 0.96
