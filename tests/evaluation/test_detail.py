"""Single answers, calibration, risk by coverage and raters: by hand and against scikit-learn."""

from __future__ import annotations

import hashlib
import math

import numpy as np
import pytest
from sklearn.calibration import calibration_curve

from fer_bench.evaluation.detail import answers, calibration, raters, risk_coverage
from fer_bench.evaluation.metrics import measure


def one_hot(classes: list[int], k: int = 3, by: float = 5.0) -> np.ndarray:
    return np.eye(k)[classes] * by


def test_answers_stand_by_true_class_and_then_by_number() -> None:
    found = answers(np.array([1, 0, 1, 0]), one_hot([2, 0, 1, 1]), np.array([3, 1, 0, 2]))
    assert found["answers"] == "0112"  # class 0: faces 1, 2; class 1: 0, 3
    assert found["faces_sha256"] == hashlib.sha256(b"1\n2\n0\n3").hexdigest()[:16]


def test_the_order_in_which_faces_were_predicted_does_not_matter() -> None:
    draw = np.random.default_rng(0)
    labels, logits = draw.integers(0, 7, 50), draw.normal(size=(50, 7))
    numbers = np.arange(50)
    again = draw.permutation(50)
    shuffled = answers(labels[again], logits[again], numbers[again])
    assert shuffled == answers(labels, logits, numbers)
    assert answers(labels, logits, numbers + 1)["faces_sha256"] != shuffled["faces_sha256"]


def test_answers_give_the_confusion_matrix_back() -> None:
    draw = np.random.default_rng(1)
    labels, logits = draw.integers(0, 4, 80), draw.normal(size=(80, 4))
    found = answers(labels, logits, np.arange(80))
    part = measure(labels, logits, list("abcd"))
    true = np.repeat(range(4), list(part["n_per_class"].values()))
    matrix = np.zeros((4, 4), dtype=int)
    np.add.at(matrix, (true, [int(c) for c in found["answers"]]), 1)
    assert matrix.tolist() == part["confusion"]


def test_calibration_against_scikit_learn_and_ece() -> None:
    draw = np.random.default_rng(2)
    labels, logits = draw.integers(0, 3, 500), 2 * draw.normal(size=(500, 3))
    found = calibration(labels, logits)
    p = np.exp(logits - np.log(np.exp(logits).sum(axis=1, keepdims=True)))
    correct = p.argmax(axis=1) == labels
    share, mean = calibration_curve(correct, p.max(axis=1), n_bins=15)
    assert [a for a in found["accuracy"] if a is not None] == pytest.approx(share, abs=1e-6)
    assert [c for c in found["confidence"] if c is not None] == pytest.approx(mean, abs=1e-6)
    gaps = [
        n * abs(c - a)
        for n, c, a in zip(found["n"], found["confidence"], found["accuracy"], strict=True)
        if n
    ]
    assert sum(gaps) / 500 == pytest.approx(measure(labels, logits, list("abc"))["ece"], abs=1e-6)
    assert sum(found["n"]) == 500


def test_risk_coverage_by_hand() -> None:
    logits = np.array([[4.0, 0], [3, 0], [2, 0], [1, 0]])  # confidence falls
    found = risk_coverage(np.array([0, 1, 0, 1]), logits)  # right, wrong, right, wrong
    at = dict(zip(found["coverage"], found["risk"], strict=True))
    assert (at[0.25], at[0.5], at[0.75], at[1.0]) == pytest.approx((0, 1 / 2, 1 / 3, 1 / 2))
    assert at[0.3] == at[0.5], "a coverage between two faces takes the next face in"
    assert found["aurc"] == pytest.approx((0 + 1 / 2 + 1 / 3 + 1 / 2) / 4, abs=1e-6)


def test_faces_of_equal_confidence_share_their_errors() -> None:
    logits = np.array([[2.0, 0], [2, 0], [2, 0], [2, 0]])
    found = risk_coverage(np.array([0, 0, 1, 1]), logits)
    assert set(found["risk"]) == {0.5}


def test_raters_by_hand() -> None:
    votes = np.array([[8, 2, 0, 0], [5, 0, 0, 5], [1, 0, 0, 0]])  # a fourth option: unknown
    logits = np.log(np.array([[0.5, 0.25, 0.25], [0.25, 0.5, 0.25], [0.1, 0.8, 0.1]]))
    found = raters(votes, logits, [0, 1, 2])
    assert found is not None
    assert found["n"] == 2, "one vote says nothing about agreement"
    assert found["agreement"] == pytest.approx((0.8 + 0.0) / 2)
    assert found["ceiling"] == pytest.approx((0.8 + 0.5) / 2)
    assert found["human"] == pytest.approx(((56 + 2) / 90 + (20 + 20) / 90) / 2, abs=1e-6)
    first = -(0.8 * math.log(0.5) + 0.2 * math.log(0.25))
    assert found["cross_entropy"] == pytest.approx((first - math.log(0.25)) / 2, abs=1e-6)
    entropy = -(0.8 * math.log(0.8) + 0.2 * math.log(0.2))
    assert found["entropy"] == pytest.approx(entropy / 2, abs=1e-6)


def test_without_two_votes_nothing_is_said_of_raters() -> None:
    assert raters(np.array([[1, 0], [0, 0]]), one_hot([0, 1], 2), [0, 1]) is None
