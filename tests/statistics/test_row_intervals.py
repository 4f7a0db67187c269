"""Intervals of single rows against SciPy, scikit-learn and statsmodels."""

from __future__ import annotations

import numpy as np
import pytest
from made_answers import classes_of, part, simulated, track_of
from scipy import stats
from sklearn.metrics import balanced_accuracy_score, f1_score
from statsmodels.stats.proportion import proportion_confint

from fer_bench.evaluation.metrics import measure
from fer_bench.labels import EIGHT, SEVEN
from fer_bench.statistics.row_intervals import row_intervals
from fer_bench.statistics.track import tracks

N = 210


@pytest.fixture(scope="module")
def found() -> tuple:
    track = track_of(simulated(N, {"a": 0.0, "b": 0.4}, 2, np.random.default_rng(0)), classes_of(N))
    return track, row_intervals(track)


def test_means_are_those_of_the_score_file(found: tuple) -> None:
    track, intervals = found
    runs = track.rows["a"]
    whole = [measure(track.true.astype(int), np.eye(7)[p], SEVEN) for p in runs.predicted]
    for metric, interval in intervals["a"].items():
        assert interval["mean"] == pytest.approx(np.mean([w[metric] for w in whole]))
        assert interval["low"] < interval["mean"] < interval["high"]
        assert (interval["n"], interval["seeds"], interval["method"]) == (N, 2, "bootstrap")


def test_a_class_that_is_only_predicted_counts_in_macro_f1() -> None:
    true, predicted = [0] * 20 + [1] * 20, [0] * 15 + [7] * 5 + [1] * 20
    track = tracks({"a": [(0, part(true, predicted, EIGHT))]}, "set")[0][0]
    interval = row_intervals(track)["a"]["macro_f1"]
    assert interval["mean"] == pytest.approx(f1_score(true, predicted, average="macro"))


def test_accuracys_interval_is_that_of_scipy(found: tuple) -> None:
    track, intervals = found
    for name, runs in track.rows.items():
        theirs = stats.bootstrap(
            (runs.mean_correct,), np.mean, method="BCa", n_resamples=20_000,
            rng=np.random.default_rng(1),
        ).confidence_interval  # fmt: skip
        ours = intervals[name]["accuracy"]
        assert (ours["low"], ours["high"]) == pytest.approx((theirs.low, theirs.high), abs=0.007)


def test_balanced_accuracy_and_f1_are_scikit_learns_on_resamples_within_classes(
    found: tuple,
) -> None:
    track, intervals = found
    runs, draw = track.rows["a"], np.random.default_rng(2)
    faces = [np.flatnonzero(track.true == c) for c in range(7)]
    values: dict[str, list[float]] = {"balanced_accuracy": [], "macro_f1": []}
    for _ in range(700):
        picked = np.concatenate([draw.choice(f, len(f)) for f in faces])
        true, given = track.true[picked], runs.predicted[:, picked]
        values["balanced_accuracy"].append(
            np.mean([balanced_accuracy_score(true, g) for g in given])
        )
        values["macro_f1"].append(np.mean([f1_score(true, g, average="macro") for g in given]))
    for metric, replicates in values.items():
        ends = np.quantile(replicates, (0.025, 0.975))
        ours = intervals["a"][metric]
        assert (ours["low"], ours["high"]) == pytest.approx(tuple(ends), abs=0.012)


@pytest.mark.parametrize("wrong", [np.zeros(70, bool), np.ones(70, bool)])
def test_nothing_to_resample_gives_wilsons_interval_or_none(wrong: np.ndarray) -> None:
    intervals = row_intervals(track_of({"a": [wrong]}, classes_of(70)))["a"]
    ends = proportion_confint(70 - wrong.sum(), 70, method="wilson")
    accuracy = intervals["accuracy"]
    assert accuracy["method"] == "wilson"
    assert (accuracy["low"], accuracy["high"]) == pytest.approx(ends)
    assert intervals["macro_f1"]["low"] is None
    assert intervals["balanced_accuracy"]["method"] is None
    assert intervals["balanced_accuracy"]["mean"] == 1 - wrong[0]


def test_few_faces_give_wilsons_interval() -> None:
    intervals = row_intervals(track_of({"a": [np.arange(29) < 5]}, classes_of(29)))["a"]
    assert intervals["accuracy"]["method"] == "wilson"
    assert intervals["accuracy"]["low"] == pytest.approx(
        proportion_confint(24, 29, method="wilson")[0]
    )


def test_the_interval_covers_the_true_accuracy() -> None:
    draw, hits = np.random.default_rng(3), 0
    wrong = {f"r{i}": [draw.random(120) < 0.25] for i in range(150)}
    for interval in row_intervals(track_of(wrong, classes_of(120))).values():
        hits += interval["accuracy"]["low"] <= 0.75 <= interval["accuracy"]["high"]
    assert hits >= 133  # of 150; 95 % is 142.5, and a count this low has a chance of 0.2 %


def test_one_metric_alone_is_the_same_as_among_all() -> None:
    wrong = {name: [np.arange(90) % k == 0] for name, k in (("a", 3), ("b", 7))}
    track = track_of(wrong, classes_of(90))
    every = row_intervals(track)
    for metric in ("accuracy", "macro_f1"):
        alone = row_intervals(track, metrics=(metric,))
        assert alone == {name: {metric: found[metric]} for name, found in every.items()}


class TestPeople:
    def test_ten_equal_pictures_of_each_person_say_no_more_than_one(self) -> None:
        wrong = np.random.default_rng(4).random(40) < 0.3
        true = classes_of(400)
        once = row_intervals(track_of({"a": [wrong]}, classes_of(40)))["a"]["accuracy"]
        track = track_of({"a": [np.tile(wrong, 10)]}, true, person=np.tile(np.arange(40), 10))
        people = row_intervals(track)["a"]
        alone = row_intervals(track_of({"a": [np.tile(wrong, 10)]}, true))["a"]
        assert (people["accuracy"]["n"], people["accuracy"]["people"]) == (400, 40)
        assert alone["accuracy"]["people"] is None
        assert people["accuracy"]["low"] == pytest.approx(once["low"])
        assert people["accuracy"]["high"] == pytest.approx(once["high"])
        for metric in people:
            wide, narrow = (i[metric]["high"] - i[metric]["low"] for i in (people, alone))
            assert wide > 1.8 * narrow

    def test_a_class_of_one_person_is_known_as_that_person_is(self) -> None:
        # All 60 faces of class 0 are of one person and right: the interval must not say that the
        # class is known, as it would from 60 faces.
        true = np.repeat([0, 1], 60)
        person = np.r_[np.zeros(60, int), 1 + np.arange(60) // 2]
        wrong = (true == 1) & (np.arange(120) % 3 == 0)
        found = row_intervals(track_of({"a": [wrong]}, true, person=person))["a"]
        alone = row_intervals(track_of({"a": [wrong]}, true))["a"]
        for metric in ("accuracy", "balanced_accuracy"):
            wide, narrow = (i[metric]["high"] - i[metric]["low"] for i in (found, alone))
            assert wide > 1.5 * narrow
