"""Printed accuracies as k of N, against brute force and known answers."""

from __future__ import annotations

from decimal import ROUND_DOWN, ROUND_HALF_DOWN, ROUND_HALF_UP, Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from possible import by_accident, chance, fit, units

from fer_bench.errors import FerBenchError

KNOWN = [
    ("89.42", 3137, 2805), ("79.31", 3137, 2488), ("55.82", 3137, 1751), ("77.21", 3137, 2422),
    ("74.69", 3137, 2343), ("71.6", 3137, 2246), ("58.46", 3137, 1834), ("51.26", 3137, 1608),
    ("73.5", 400, 294), ("72.75", 400, 291), ("60.41", 1801, 1088), ("60.86", 912, 555),
    ("63.69", 683, 435), ("67.06", 592, 397), ("91.04", 636, 579), ("58.49", 1920, 1123),
]  # fmt: skip


@pytest.mark.parametrize(("printed", "n", "k"), KNOWN)
def test_known_answers(printed: str, n: int, k: int) -> None:
    found = fit(printed, n)
    assert found is not None
    assert (found.k, found.cut) == (k, False)


@pytest.mark.parametrize(
    ("printed", "n"),
    [("89.42", 3589), ("72.75", 381), ("91.04", 1254), ("91.04", 1308),
     ("63.69", 682), ("83.63", 633)],
)  # fmt: skip
def test_known_impossible(printed: str, n: int) -> None:
    assert fit(printed, n) is None


def test_a_cut_number_says_so() -> None:
    found = fit("56.33", 213)  # 120 / 213 = 56.338
    assert found is not None
    assert (found.k, found.cut) == (120, True)
    assert fit("86.9", 3068).ways == 3  # type: ignore[union-attr]


def _strings(k: int, n: int, places: int, *roundings: str) -> set[str]:
    exact, step = Decimal(100 * k) / Decimal(n), Decimal(1).scaleb(-places)
    return {str(exact.quantize(step, rounding)) for rounding in roundings}


@given(st.integers(1, 700), st.integers(0, 2), st.data())
def test_against_brute_force(n: int, places: int, data: st.DataObject) -> None:
    value = data.draw(st.integers(0, 100 * 10**places))
    printed = str(Decimal(value).scaleb(-places)) if places else str(value)
    halves = [k for k in range(n + 1)
              if printed in _strings(k, n, places, ROUND_HALF_UP, ROUND_HALF_DOWN)]  # fmt: skip
    cut = [k for k in range(n + 1) if printed in _strings(k, n, places, ROUND_DOWN)]
    found = fit(printed, n)
    assert (found is None) == (not halves and not cut)
    if found is not None:
        assert found.cut == (not halves)
        assert found.k in (halves or cut)
        assert found.ways == (len(halves) or 1)


@pytest.mark.parametrize("n", [7, 213, 400, 592, 3137])
def test_chance_is_the_share_of_numbers_that_fit(n: int) -> None:
    found = [fit(f"{value // 10}.{value % 10}", n) for value in range(1001)]
    rounded, either = chance(n, 1)
    assert rounded == pytest.approx(sum(f is not None and not f.cut for f in found) / 1001)
    assert either == pytest.approx(sum(f is not None for f in found) / 1001)


def test_chance_of_several() -> None:
    assert by_accident(0, [0.3, 0.4]) == pytest.approx(1)
    assert by_accident(1, [0.3, 0.4]) == pytest.approx(1 - 0.7 * 0.6)
    assert by_accident(2, [0.3, 0.4]) == pytest.approx(0.12)


def test_footnote_marks_and_nonsense() -> None:
    assert units("88.0*") == units("88.0∗") == (880, 1)
    with pytest.raises(FerBenchError, match="not a printed accuracy"):
        units("about 88")
