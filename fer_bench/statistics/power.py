"""Which difference of two models so many faces, people and seeds can tell apart.

The variance of a difference has three parts, as in `two_way`: people whom one model suits better
than another, seeds, and the chance of a single run on a single person. The first two shrink with
people and seeds each alone, the third with both. What is measured on all pairs of a track is scaled
to other numbers; the smallest difference is found with Student's quantiles (Cohen 1988, Statistical
power analysis for the behavioral sciences, chapter 2).
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from fer_bench.statistics.track import Track
from fer_bench.statistics.two_way import parts_of

POWER = 0.8
LEVEL = 0.05
MOST = 100_000
"""More seeds are never trained."""


@dataclass(frozen=True)
class Variances:
    """What one pair of rows differs by for want of people and seeds; squares of fractions.

    Attributes:
        people: of a difference, from so many `units`, with seeds without end.
        seeds: of one run's accuracy, from people without end.
        chance: of one run's accuracy on so many units, beside that of its seed.
        units: people, or faces where nobody knows them.
        rows: how many rows were measured.
    """

    people: float
    seeds: float
    chance: float
    units: int
    rows: int

    def error(self, seeds: int, units: int | None = None) -> tuple[float, float]:
        """Standard error of a difference and its degrees of freedom.

        Args:
            seeds: of each of two models.
            units: people; None: as many as measured.
        """
        g = units or self.units
        shrunk = self.units / g
        people, chance = self.people * shrunk, 2 * self.chance * shrunk / seeds
        runs = 2 * self.seeds / seeds
        squares = (people + chance) ** 2 / max(1, g - 1)
        squares += (runs + chance) ** 2 / max(1, 2 * (seeds - 1))
        whole = people + chance + runs
        return math.sqrt(whole), whole**2 / squares if squares else math.inf

    def smallest(self, seeds: int, units: int | None = None) -> float:
        """The smallest difference that a single pair shows with 80 % power, as a fraction."""
        return _times(*self.error(seeds, units))

    def seeds_needed(
        self, difference: float, *, same_people: bool, units: int | None = None
    ) -> int | None:
        """How many seeds of each model show a difference; None: no number of them does.

        Args:
            difference: as a fraction.
            same_people: the claim is about these very faces, so that people add no doubt.
            units: people; None: as many as measured.
        """
        alone = Variances(0.0, self.seeds, self.chance, self.units, self.rows)
        of = alone if same_people else self
        low, high = 2, MOST
        if of.smallest(high, units) > difference:
            return None
        while low < high:
            middle = (low + high) // 2
            enough = of.smallest(middle, units) <= difference
            low, high = (low, middle) if enough else (middle + 1, high)
        return low


def shown_by(low: float, high: float) -> float:
    """The difference that a comparison with this 95 % interval shows with 80 % power."""
    from scipy.special import ndtri

    return (high - low) / 2 * float(1 + ndtri(POWER) / ndtri(1 - LEVEL / 2))


def _times(error: float, freedom: float) -> float:
    from scipy.special import stdtrit

    return error * float(stdtrit(freedom, 1 - LEVEL / 2) + stdtrit(freedom, POWER))


def variances(track: Track) -> Variances | None:
    """The means over a track's rows and pairs of rows; None with less than two of two seeds."""
    rows = [runs for runs in track.rows.values() if len(runs.seeds) > 1]
    if len(rows) < 2 or track.units.count < 2:
        return None
    parts = [parts_of(runs, track.units) for runs in rows]
    g, few = track.units.count, track.units.count / (track.units.count - 1)
    noise = [p.noise * (p.freedom + 1) for p in parts]
    spread = [p.seeds * (p.freedom + 1) for p in parts]
    between = [
        float(((one.leads - other.leads) ** 2).sum()) * few - one.noise - other.noise
        for one, other in combinations(parts, 2)
    ]
    chance = _weighted(noise, [p.freedom for p in parts])
    seeds = _weighted(spread, [p.freedom for p in parts]) - chance
    return Variances(max(0.0, float(np.mean(between))), max(0.0, seeds), chance, g, len(rows))


def _weighted(values: Iterable[float], weights: Iterable[int]) -> float:
    return float(np.average(list(values), weights=list(weights)))
