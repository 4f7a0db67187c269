"""Ours beside a printed number: the same statistic, and how far apart."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest
from fixed_scores import metrics, write_cell

from fer_bench.reports.paper import Printed
from fer_bench.reports.scores import load_scores
from fer_bench.reports.tables import beside_paper
from fer_bench.reports.tables.beside_paper import difference, value
from fer_bench.statistics.summary import Summary, summarise


@pytest.mark.parametrize(
    ("printed", "number"),
    [
        ("88.50", "88.50"), ("21.02 ± 0.2", "21.02"), ("53.04±2.04", "53.04"), ("61.52∗", "61.52"),
        ("88.0*", "88.0"), ("–", None), ("", None), ("scan_cci", None),
    ],
)  # fmt: skip
def test_value(printed: str, number: str | None) -> None:
    assert value(printed) == (None if number is None else Decimal(number))


@pytest.mark.parametrize(
    ("accuracies", "printed", "statistic", "text"),
    [
        # mean 0.886, std 0.001: two deviations are 0.2 points
        ((0.885, 0.886, 0.887), "88.50±0.16", "mean_std", "+0.10"),
        ((0.885, 0.886, 0.887), "88.40±0.16", "mean_std", "+0.20"),  # exactly two: not outside
        ((0.885, 0.886, 0.887), "88.39±0.16", "mean_std", "+0.21 ↑"),
        ((0.885, 0.886, 0.887), "89.5±0.16", "mean_std", "−0.90 ↓"),
        ((0.885, 0.886, 0.887), "89.02", "max", "−0.32 ↓"),
        ((0.885, 0.886, 0.887), "88.70", "max", "±0.00"),
        ((0.88, 0.8825), "88.1", "mean_std", "+0.03"),  # 88.125 is printed as 88.13
        ((0.5,), "89.02", "max", "−39.02"),  # one seed: no spread, no mark
        ((0.5, 0.5), "50.01", "max", "−0.01 ↓"),  # no spread at all
    ],
)
def test_difference(accuracies: tuple[float, ...], printed: str, statistic: str, text: str) -> None:
    found = difference(summarise(accuracies), printed, statistic)
    assert found is not None
    assert found.text == text
    assert (found.far is None) == (len(accuracies) == 1)


def test_no_difference_to_an_empty_place() -> None:
    assert difference(Summary(1, 0.5, None, 0.5), "–", "max") is None
    assert difference(None, "50.0", "max") is None


def test_a_place_is_filled_with_its_own_statistic_selection_set_and_part(tmp_path: Path) -> None:
    for seed in (0, 1):
        sets = {
            "a": {"all": metrics(0.6), "occluded": metrics(0.5 + 0.1 * seed)},
            "b": {"all": metrics(0.3)},
        }
        write_cell(tmp_path, "a", "scan_cci", seed, sets)
    scores = load_scores(tmp_path, {})

    def place(set_: str, subset: str, statistic: str, model: str = "scan_cci") -> str:
        printed = Printed("1", "Ours", "A", "50", "a", model, set_, subset, "best_on_test",
                          statistic, "")  # fmt: skip
        return beside_paper.shown(beside_paper.ours(scores, printed), statistic)

    # best_on_test is half a point above `last` in these files
    assert place("a", "occluded", "max") == "60.50"
    assert place("a", "occluded", "mean_std") == "55.50 ± 7.07"
    assert place("b", "all", "max") == "30.50"
    assert place("b", "occluded", "max") == "–"
    assert place("a", "all", "max", model="") == "–"
    assert place("a", "all", "max", model="baseline1") == "–"


def test_a_cross_validated_place_is_the_mean_over_folds(tmp_path: Path) -> None:
    folds = {"best_on_test": [{"fold": k, "n": 1, "accuracy": a} for k, a in enumerate((0.9, 0.5))]}
    sets = {"ck": {"all": metrics(0.6), "without_neutral": metrics(0.4)}}
    write_cell(tmp_path, "ck", "scan_cci", 0, sets, extra={"folds": folds})
    row = load_scores(tmp_path, {}).get("ck", "scan_cci")
    assert row is not None
    whole = beside_paper.over_seeds(row, "ck", "all", "best_on_test")
    part = beside_paper.over_seeds(row, "ck", "without_neutral", "best_on_test")
    assert whole is not None
    assert part is not None
    assert (whole.mean, part.mean) == pytest.approx((0.7, 0.405))
