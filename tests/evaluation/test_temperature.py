"""One temperature from validation faces; test faces decide nothing."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.optimize import minimize_scalar
from scipy.special import log_softmax

from fer_bench.evaluation.metrics import measure
from fer_bench.evaluation.temperature import fitted, scaled
from fer_bench.records.predictions import predictions_frame
from fer_bench.records.training import Training

CLASSES = ("neutral", "happiness", "sadness")
TRAINING = Training("toy", "net", 0, "net", CLASSES, "split")


def overconfident(n: int, times: float, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Labels drawn from the softmax of logits, and the logits so many times too large."""
    draw = np.random.default_rng(seed)
    logits = draw.normal(size=(n, 3)) * 2
    p = np.exp(log_softmax(logits, axis=1))
    labels = np.array([draw.choice(3, p=line) for line in p])
    return labels, logits * times


@pytest.mark.parametrize("times", [0.2, 1.0, 3.0])
def test_it_is_the_temperature_of_least_nll(times: float) -> None:
    labels, logits = overconfident(4000, times, 1)

    def nll(log_t: float) -> float:
        return -log_softmax(logits / np.exp(log_t), axis=1)[np.arange(4000), labels].mean()

    expected = np.exp(minimize_scalar(nll, bounds=(-4, 4), method="bounded").x)
    assert fitted(labels, logits) == pytest.approx(expected, rel=1e-3)
    assert fitted(labels, logits) == pytest.approx(times, rel=0.1)


def test_it_stays_within_bounds_where_every_face_is_right() -> None:
    assert fitted(np.array([0, 1]), np.eye(3)[:2]) == pytest.approx(0.01, rel=1e-3)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    frames = []
    for selection, split, times, seed in (
        ("last", "val", 3.0, 1), ("last", "test", 1.0, 2), ("best_on_val", "val", 9.0, 3),
    ):  # fmt: skip
        labels, logits = overconfident(2000, times, seed)
        frames.append(
            predictions_frame(
                np.arange(2000), labels, logits, CLASSES, selection=selection, split=split
            )
        )
    pd.concat(frames).to_parquet(tmp_path / "predictions.parquet")
    return tmp_path / "predictions.parquet"


def test_it_is_fitted_on_validation_faces_of_the_last_epoch(file: Path) -> None:
    labels, logits = overconfident(2000, 3.0, 4)
    found = scaled(pd.read_parquet(file), labels, logits, TRAINING)
    assert found["temperature"] == pytest.approx(3, rel=0.1)
    before = measure(labels, logits, CLASSES)
    assert found["ece_scaled"] < 0.04 < 0.1 < before["ece"]
    assert found["nll_scaled"] < before["nll"]


def test_nothing_is_scaled_without_validation_faces_of_ones_own(file: Path) -> None:
    labels, logits = overconfident(50, 3.0, 4)
    for apart in (replace(TRAINING, train_on="all"), replace(TRAINING, protocol="folds")):
        assert scaled(pd.read_parquet(file), labels, logits, apart) == {}
    saved = pd.read_parquet(file)
    saved[saved["split"] == "test"].to_parquet(file)
    assert scaled(pd.read_parquet(file), labels, logits, TRAINING) == {}
