"""Every metric against scikit-learn, plain loops and cases worked by hand."""

from __future__ import annotations

import json

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import metrics as sk

from fer_bench.errors import FerBenchError
from fer_bench.evaluation.metrics import measure
from fer_bench.labels import EIGHT, SEVEN


def sample(n: int, k: int, seed: int, scale: float = 2.0) -> tuple[np.ndarray, np.ndarray]:
    draw = np.random.default_rng(seed)
    return draw.integers(0, k, n), draw.normal(size=(n, k)).astype("float32") * scale


def softmax(logits: np.ndarray) -> np.ndarray:
    return torch.softmax(torch.tensor(logits, dtype=torch.float64), dim=1).numpy()


@pytest.mark.parametrize("classes", [SEVEN, EIGHT])
@pytest.mark.parametrize("seed", range(3))
def test_agrees_with_scikit_learn(classes: tuple[str, ...], seed: int) -> None:
    labels, logits = sample(400, len(classes), seed)
    ours, guess, p = measure(labels, logits, classes), logits.argmax(axis=1), softmax(logits)
    every = list(range(len(classes)))
    assert ours["n"] == 400
    assert ours["accuracy"] == pytest.approx(sk.accuracy_score(labels, guess))
    assert ours["balanced_accuracy"] == pytest.approx(sk.balanced_accuracy_score(labels, guess))
    assert ours["macro_f1"] == pytest.approx(sk.f1_score(labels, guess, average="macro"))
    assert ours["nll"] == pytest.approx(sk.log_loss(labels, p, labels=every))
    assert ours["brier"] == pytest.approx(
        sk.brier_score_loss(labels, p, labels=every, scale_by_half=False)
    )
    assert ours["confusion"] == sk.confusion_matrix(labels, guess, labels=every).tolist()
    recall = sk.recall_score(labels, guess, average=None)
    assert [ours["recall"][c] for c in classes] == pytest.approx(recall)
    assert [ours["n_per_class"][c] for c in classes] == np.bincount(labels).tolist()


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("scale", [0.1, 1.0, 6.0])
def test_ece_agrees_with_a_plain_loop_over_bins(seed: int, scale: float) -> None:
    labels, logits = sample(500, 7, seed, scale)
    p = softmax(logits)
    error = 0.0
    for i in range(15):
        low, high = i / 15, (i + 1) / 15
        inside = [j for j in range(500) if low < p[j].max() <= high]
        if inside:
            right = np.mean([p[j].argmax() == labels[j] for j in inside])
            sure = np.mean([p[j].max() for j in inside])
            error += abs(right - sure) * len(inside) / 500
    assert measure(labels, logits, SEVEN)["ece"] == pytest.approx(error, abs=1e-9)


def test_absent_classes_as_scikit_learn_treats_them() -> None:
    labels = np.array([0, 0, 1, 1, 1])
    logits = np.eye(4)[[0, 2, 1, 1, 2]]  # class 2 is predicted but absent, class 3 is neither
    ours = measure(labels, logits, ("a", "b", "c", "d"))
    assert ours["recall"] == {"a": 0.5, "b": pytest.approx(2 / 3), "c": None, "d": None}
    assert ours["balanced_accuracy"] == pytest.approx((1 / 2 + 2 / 3) / 2)
    # F1: a 2·1/(2+0+1), b 2·2/(4+0+1), c 0; d has none.
    assert ours["macro_f1"] == pytest.approx((2 / 3 + 4 / 5 + 0) / 3)
    assert ours["macro_f1"] == pytest.approx(
        sk.f1_score(labels, logits.argmax(axis=1), average="macro", zero_division=0)
    )


def test_worked_by_hand() -> None:
    # softmax of (ln 3, 0) is (3/4, 1/4), of (0, ln 9) is (1/10, 9/10).
    logits = np.log(np.array([[3.0, 1.0], [3.0, 1.0], [1.0, 9.0]]))
    ours = measure(np.array([0, 1, 1]), logits, ("a", "b"))
    assert ours["accuracy"] == pytest.approx(2 / 3)
    assert ours["nll"] == pytest.approx(-(np.log(0.75) + np.log(0.25) + np.log(0.9)) / 3)
    assert ours["brier"] == pytest.approx((2 * 0.25**2 + 2 * 0.75**2 + 2 * 0.1**2) / 3)
    # Bin of 0.75 holds two samples, one right: |0.5 − 0.75| · 2/3; bin of 0.9: |1 − 0.9| · 1/3.
    assert ours["ece"] == pytest.approx(0.25 * 2 / 3 + 0.1 / 3)
    assert ours["confusion"] == [[1, 0], [1, 1]]


def test_ece_bins_are_closed_on_the_right() -> None:
    # Confidences 0.6 (exactly the edge 9/15) and 0.65: the first in (8/15, 9/15], the second in
    # (9/15, 10/15]. Apart they give |1 − 0.6|/2 + |0 − 0.65|/2; in one bin |0.5 − 0.625|.
    logits = np.log(np.array([[0.6, 0.4], [0.65, 0.35]]))
    ours = measure(np.array([0, 1]), logits, ("a", "b"))
    assert ours["ece"] == pytest.approx((0.4 + 0.65) / 2)


def test_a_tie_goes_to_the_first_class() -> None:
    assert measure(np.array([0, 1]), np.zeros((2, 3)), ("a", "b", "c"))["confusion"][1] == [1, 0, 0]


def test_large_logits_do_not_overflow() -> None:
    ours = measure(np.array([0, 1]), np.array([[2000.0, 0.0], [2000.0, 0.0]]), ("a", "b"))
    assert ours["nll"] == pytest.approx(1000.0)
    assert ours["brier"] == pytest.approx(1.0)


def test_an_empty_subset_has_null_metrics() -> None:
    ours = measure(np.empty(0, dtype=int), np.empty((0, 7)), SEVEN)
    assert ours["n"] == 0
    for name in ("accuracy", "balanced_accuracy", "macro_f1", "nll", "brier", "ece"):
        assert ours[name] is None
    assert set(ours["recall"].values()) == {None}
    assert np.sum(ours["confusion"]) == 0
    json.dumps(ours, allow_nan=False)


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_logits_that_are_not_finite_are_refused(bad: float) -> None:
    labels, logits = sample(10, 7, 0)
    logits[3, 2] = bad
    with pytest.raises(FerBenchError, match="1 of 10 samples have logits that are not finite"):
        measure(labels, logits, SEVEN)


@pytest.mark.parametrize(
    ("labels", "logits", "message"),
    [
        (np.array([0, 7]), np.zeros((2, 7)), "labels run from 0 to 7"),
        (np.array([-1, 0]), np.zeros((2, 7)), "labels run from -1"),
        (np.array([0, 1]), np.zeros((2, 8)), "shape"),
        (np.array([0.0, 1.0]), np.zeros((2, 7)), "integers"),
    ],
)
def test_wrong_input_is_named(labels: np.ndarray, logits: np.ndarray, message: str) -> None:
    with pytest.raises(FerBenchError, match=message):
        measure(labels, logits, SEVEN)


@settings(max_examples=50, deadline=None)
@given(st.integers(1, 60), st.integers(2, 8), st.integers(0, 10_000))
def test_ranges_and_sums(n: int, k: int, seed: int) -> None:
    labels, logits = sample(n, k, seed)
    ours = measure(labels, logits, EIGHT[:k])
    assert np.sum(ours["confusion"]) == n == sum(ours["n_per_class"].values())
    assert 0 <= ours["ece"] <= 1
    assert 0 <= ours["brier"] <= 2
    assert ours["accuracy"] == np.trace(ours["confusion"]) / n
