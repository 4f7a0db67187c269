"""Agreement of repeated ratings, by hand and against scikit-learn and SciPy."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats
from sklearn.metrics import cohen_kappa_score

from fer_bench.statistics.ratings import (
    agreement,
    alike,
    bracket,
    by_class,
    class_agreement,
    kappa,
    pair_tables,
    unanimous,
)

GROUPS = np.array([0, 0, 0, 1, 1, 2])
OUTCOMES = np.array([0, 0, 1, 1, 1, 0])
EVEN = np.array([0.5, 0.5])


def drawn(groups: int = 120, classes: int = 4) -> tuple[np.ndarray, np.ndarray]:
    """Two or three ratings a group, three in four of them the group's own class."""
    draw = np.random.default_rng(3)
    numbers = np.repeat(np.arange(groups), draw.integers(2, 4, groups))
    own = draw.integers(0, classes, groups)[numbers]
    other = draw.integers(0, classes, len(numbers))
    return numbers, np.where(draw.random(len(numbers)) < 0.75, own, other)


def test_tables_by_hand() -> None:
    tables = pair_tables(GROUPS, OUTCOMES, None, 2)
    assert tables.tolist() == [[[2, 2], [2, 0]], [[0, 0], [0, 2]]]  # one rating alone: no pair
    assert unanimous(tables).tolist() == [False, True]


def test_tables_across_two_sides_by_hand() -> None:
    sides = np.array([False, True, True, False, False, True])
    assert pair_tables(GROUPS, OUTCOMES, sides, 2).tolist() == [[[2, 1], [1, 0]]]
    assert pair_tables(GROUPS, OUTCOMES, np.zeros(6, bool), 2).shape == (0, 2, 2)


def test_numbers_by_hand() -> None:
    tables = pair_tables(GROUPS, OUTCOMES, None, 2)
    found = {k: e["value"] for k, e in agreement(tables, 1, EVEN).items()}
    assert found == {
        "over_pairs": 0.5,  # (1 + 1) of 4 pairs
        "over_groups": pytest.approx((1 / 3 + 1) / 2, abs=1e-6),
        "whole_groups": 0.5,
        "kappa": 0.0,  # [[2, 2], [2, 2]]
        "kappa_over_groups": pytest.approx((2 / 3 - 5 / 9) / (4 / 9), abs=1e-6),
        "of_labelled": 0.5,  # of [[1/6, 1/6], [1/6, 1/2]], the first line
        "in_mix": pytest.approx((0.5 + 0.75) / 2),
    }
    assert [e["value"] for e in class_agreement(tables)] == [0.5, 0.75]


def test_kappa_is_scikit_learns() -> None:
    groups, outcomes = drawn()
    tables = pair_tables(groups, outcomes, None, 4)
    for table in (tables.sum(axis=0), tables[:40].sum(axis=0)):
        one, other = np.indices((4, 4)).reshape(2, -1)
        expected = cohen_kappa_score(one, other, sample_weight=table.ravel())
        assert float(kappa(table)) == pytest.approx(expected)


def test_intervals_are_scipys() -> None:
    groups, outcomes = drawn()
    tables = pair_tables(groups, outcomes, None, 4)
    found = agreement(tables, 4, np.full(4, 1 / 4))

    def pooled(*index: np.ndarray) -> float:
        return float(alike(tables[index[0]].sum(axis=0)))

    for data, statistic, name in (
        (alike(tables), np.mean, "over_groups"), (np.arange(len(tables)), pooled, "over_pairs"),
    ):  # fmt: skip
        expected = stats.bootstrap(
            (data,), statistic, n_resamples=4000, method="percentile", rng=1,
            vectorized=statistic is np.mean,
        ).confidence_interval  # fmt: skip
        assert found[name]["low"] == pytest.approx(expected.low, abs=0.01)
        assert found[name]["high"] == pytest.approx(expected.high, abs=0.01)


def test_classes_of_few_groups_have_no_interval() -> None:
    groups = np.repeat(np.arange(40), 2)
    outcomes = np.repeat((np.arange(40) < 29).astype(int), 2)
    rare, common = class_agreement(pair_tables(groups, outcomes, None, 2))
    assert (rare["value"], rare["low"]) == (1, None)  # 11 groups
    assert (common["value"], common["low"]) == (1, None)  # 29 groups
    outcomes = np.ones(80, int)
    none, every = class_agreement(pair_tables(groups, outcomes, None, 2))
    assert none["value"] is None
    assert every == {"value": 1, "low": 1, "high": 1}


def test_a_class_that_nobody_gave_is_not_defined() -> None:
    assert np.isnan(by_class(np.array([[2.0, 0.0], [0.0, 0.0]]))[1])


@pytest.mark.parametrize("spread", [0.05, 0.3, 1, 10])
def test_the_best_possible_accuracy_lies_in_the_bracket(spread: float) -> None:
    chances = np.random.default_rng(1).dirichlet(np.full(8, spread), 5000)
    low, high = bracket(float((chances**2).sum(axis=1).mean()))
    assert low <= chances.max(axis=1).mean() <= high


def test_the_bracket_is_tight() -> None:
    faces = np.array([[1, 0, 0, 0], [0.5, 0.5, 0, 0]])  # certain, and undecided between two
    low, _ = bracket(float((faces**2).sum(axis=1).mean()))
    assert faces.max(axis=1).mean() == low
    rest = np.full(10_001, 0.2 / 10_000)  # all alike, and the second likeliest many
    rest[0] = 0.8
    _, high = bracket(float((rest**2).sum()))
    assert high == pytest.approx(0.8, abs=1e-5)


def test_two_ratings_drawn_from_known_chances_give_their_agreement() -> None:
    draw = np.random.default_rng(5)
    chances = draw.dirichlet(np.full(4, 0.3), 20_000)
    cumulated = chances.cumsum(axis=1)
    one, other = ((draw.random((20_000, 1)) > cumulated).sum(axis=1) for _ in range(2))
    tables = pair_tables(
        np.repeat(np.arange(20_000), 2), np.stack([one, other], 1).ravel(), None, 4
    )
    agreed = float(alike(tables.sum(axis=0)))
    assert agreed == pytest.approx((chances**2).sum(axis=1).mean(), abs=0.01)
    low, high = bracket(agreed)
    best = (chances.argmax(axis=1) == one).mean()  # answering with the likeliest class
    assert low < best < high
