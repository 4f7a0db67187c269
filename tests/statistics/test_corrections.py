"""Holm's correction and the equivalence test by hand."""

from __future__ import annotations

import pytest
from statsmodels.stats.proportion import proportion_confint

from fer_bench.statistics.corrections import equivalent, holm


def test_holm_by_hand() -> None:
    # Sorted 0.01, 0.02, 0.03, 0.04: times 4, 3, 2, 1 = 0.04, 0.06, 0.06, 0.04 -> never falling.
    assert holm([0.04, 0.01, 0.03, 0.02]) == pytest.approx([0.06, 0.04, 0.06, 0.06])


def test_holm_stops_at_one_and_takes_one_or_none() -> None:
    assert holm([0.6, 0.7]) == pytest.approx([1.0, 1.0])
    assert holm([0.03]) == pytest.approx([0.03])
    assert holm([]) == []


@pytest.mark.parametrize(
    ("low", "high", "within"),
    [(-0.005, 0.008, True), (-0.012, 0.008, False), (-0.005, 0.0101, False), (0.002, 0.009, True),
     (-0.01, 0.005, False)],
)  # fmt: skip
def test_tost_is_the_90_percent_interval_inside_the_margin(low, high, within) -> None:
    assert equivalent(low, high, 0.01, n=3000, differing=100) is within


def test_the_margin_is_asked_for() -> None:
    assert equivalent(-0.015, 0.012, 0.02, n=3000, differing=100)


def test_equal_answers_of_few_faces_show_no_equivalence() -> None:
    # 0.99 ** 298 = 0.0500, 0.99 ** 299 = 0.0495.
    assert not equivalent(0, 0, 0.01, n=298, differing=0)
    assert equivalent(0, 0, 0.01, n=299, differing=0)


@pytest.mark.parametrize(("differing", "n"), [(1, 400), (1, 500), (5, 1000), (5, 1100), (24, 3500)])
def test_few_differing_faces_are_bounded_exactly(differing: int, n: int) -> None:
    bound = proportion_confint(differing, n, alpha=0.1, method="beta")[1]
    assert equivalent(0, 0, 0.01, n=n, differing=differing) is bool(bound < 0.01)


def test_all_faces_differing_is_no_equivalence() -> None:
    assert not equivalent(0, 0, 0.01, n=10, differing=10)


@pytest.mark.parametrize("p", [0.0, float("nan"), -0.1, 1.1])
def test_a_p_that_is_none_does_not_spread(p: float) -> None:
    with pytest.raises(ValueError, match="p values must be"):
        holm([0.01, p])
