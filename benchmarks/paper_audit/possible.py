"""Whether a printed accuracy can be k of N faces.

A number printed with d decimals stands for k of N when 100 k / N lies within half a unit of its
last digit, or when cutting 100 k / N after d decimals gives it. All arithmetic is on integers.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np

from fer_bench.errors import FerBenchError


@dataclass(frozen=True)
class Fit:
    """One way to read a printed number as a fraction.

    Attributes:
        k: right answers, the count nearest to the printed number.
        n: faces.
        cut: the number must have been cut, because no fraction rounds to it.
        ways: how many counts fit alike.
    """

    k: int
    n: int
    cut: bool
    ways: int


def units(printed: str) -> tuple[int, int]:
    """A printed number as an integer count of its last digit, and its number of decimals.

    A footnote mark behind it is ignored: `88.0*` gives (880, 1).
    """
    match = re.fullmatch(r"(\d{1,3})(?:\.(\d+))?[*∗]?", printed.strip())
    if match is None:
        raise FerBenchError(f"{printed!r} is not a printed accuracy like 86.9: correct the CSV")
    decimals = match[2] or ""
    return int(match[1] + decimals), len(decimals)


def fit(printed: str, n: int) -> Fit | None:
    """The count k for which `printed` can be k of `n`, or None."""
    value, places = units(printed)
    whole = 100 * 10**places  # k / n = value / whole
    low, high = -(-(2 * value - 1) * n // (2 * whole)), (2 * value + 1) * n // (2 * whole)
    rounded = range(max(low, 0), min(high, n) + 1)
    if len(rounded):
        nearest = min(rounded, key=lambda k: abs(k * whole - value * n))
        return Fit(nearest, n, False, len(rounded))
    k = -(-value * n // whole)  # smallest k whose fraction is not below the printed number
    return Fit(k, n, True, 1) if k * whole < (value + 1) * n else None


@cache
def chance(n: int, places: int) -> tuple[float, float]:
    """Share of all numbers of so many decimals, 0 to 100, that fit some k of `n`.

    Returns:
        With rounding only, and with rounding or cutting. What fits nearly always proves nothing.
    """
    whole = 100 * 10**places
    quotient, rest = np.divmod(np.arange(n + 1, dtype=np.int64) * whole, n)
    down, up = quotient[2 * rest <= n], quotient[2 * rest >= n] + 1
    rounded = np.union1d(down, up[up <= whole])
    return len(rounded) / (whole + 1), len(np.union1d(rounded, quotient)) / (whole + 1)


def by_accident(hits: int, shares: Sequence[float]) -> float:
    """Probability that at least `hits` of some unrelated numbers fit, each with its own share."""
    exactly = np.ones(1)  # of i numbers fitting
    for share in shares:
        exactly = np.convolve(exactly, [1 - share, share])
    return float(min(exactly[hits:].sum(), 1.0))
