from __future__ import annotations

import pytest

from fer_bench.reports.formatting import count, maximum, mean_std, percent
from fer_bench.statistics.summary import Summary


@pytest.mark.parametrize(
    ("fraction", "printed"),
    [
        (0.88125, "88.13"),  # f"{88.125:.2f}" is 88.12
        (0.88375, "88.38"),
        (0.28685, "28.69"),  # 28.685 has no exact binary form
        (1.005 / 100, "1.01"),  # f"{1.005:.2f}" is 1.00
        (0.125, "12.50"),
        (2 / 3, "66.67"),
        (0.999999, "100.00"),
        (0.0, "0.00"),
        (None, "–"),
    ],
)
def test_percent(fraction: float | None, printed: str) -> None:
    assert percent(fraction) == printed


def test_the_last_bits_of_a_mean_do_not_decide() -> None:
    for noise in (-1e-16, 0, 1e-16):
        assert percent(0.88125 + noise) == "88.13"


def test_every_count_of_a_test_set_rounds_as_in_integers() -> None:
    for hits in range(801):  # k / 800 is half a hundredth of a percent off for every odd k
        hundredths = (hits * 10_000 * 2 + 800) // 1600  # half up, in exact integers
        assert percent(hits / 800) == f"{hundredths // 100}.{hundredths % 100:02d}"


def test_mean_std() -> None:
    assert mean_std(Summary(2, 0.885, 0.0016, 0.89)) == "88.50 ± 0.16"
    assert mean_std(Summary(1, 0.885, None, 0.885)) == "88.50 ± –"
    assert mean_std(None) == "–"
    assert maximum(Summary(2, 0.885, 0.0016, 0.8902)) == "89.02"
    assert maximum(None) == "–"


def test_counts() -> None:
    assert count(70_990_957) == "70,990,957"
    assert count(None) == "–"
