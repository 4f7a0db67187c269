"""Planned power against simulated comparisons."""

from __future__ import annotations

import numpy as np
import pytest
from made_answers import classes_of, track_of
from scipy import stats

from fer_bench.statistics.power import POWER, Variances, shown_by, variances
from fer_bench.statistics.track import Track
from fer_bench.statistics.two_way import parts_of, standard_error

PEOPLE, EACH = 40, 8


def drawn(draw: np.random.Generator, lead: float, seeds: int, people: int = PEOPLE) -> Track:
    """Two rows that suit people differently, with seeds of different skill."""
    person = np.repeat(np.arange(people), EACH)
    ease = 0.9 + draw.normal(0, 0.7, people)
    wrong = {}
    for name, skill in (("a", lead), ("b", 0.0)):
        mine = ease + skill + draw.normal(0, 0.25, people)
        wrong[name] = [
            mine[person] + draw.normal(0, 0.15) + draw.normal(0, 1, len(person)) < 0
            for _ in range(seeds)
        ]
    return track_of(wrong, classes_of(len(person)), person=draw.permutation(person))


def told_apart(track: Track) -> bool:
    parts = [parts_of(runs, track.units) for runs in track.rows.values()]
    error, freedom = standard_error(*parts)
    gap = track.rows["a"].accuracy - track.rows["b"].accuracy
    return 2 * stats.t.sf(abs(gap) / error, freedom) < 0.05


def of_many(draw: np.random.Generator, times: int, seeds: int = 5) -> Variances:
    found = [variances(drawn(draw, 0.0, seeds)) for _ in range(times)]
    each = [(v.people, v.seeds, v.chance) for v in found if v]
    return Variances(*np.mean(each, axis=0), units=PEOPLE, rows=2)


@pytest.mark.parametrize(("seeds", "people"), [(5, PEOPLE), (12, PEOPLE), (6, 120)])
def test_the_planned_difference_is_shown_in_four_of_five(seeds: int, people: int) -> None:
    draw = np.random.default_rng(5)
    wanted = of_many(draw, 100).smallest(seeds, people)
    scale = np.sqrt(0.7**2 + 0.25**2 + 0.15**2 + 1)
    lead = stats.norm.ppf(stats.norm.cdf(0.9 / scale) + wanted) * scale - 0.9
    shown = np.mean([told_apart(drawn(draw, lead, seeds, people)) for _ in range(300)])
    assert shown == pytest.approx(POWER, abs=0.09)


def test_seeds_needed_is_where_the_smallest_difference_reaches_the_claim() -> None:
    v = Variances(people=0.0001, seeds=0.0008, chance=0.0003, units=30, rows=9)
    needed = v.seeds_needed(0.04, same_people=False)
    assert needed
    assert v.smallest(needed) <= 0.04 < v.smallest(needed - 1)
    assert v.seeds_needed(0.02, same_people=False) is None  # 30 people stay 30
    assert v.smallest(10**9) > 0.02
    one_point = v.seeds_needed(0.01, same_people=True)
    # The textbook's two-sample t test on 3.3 points between runs.
    assert one_point == pytest.approx(2 * 0.0011 * (1.96 + 0.8416) ** 2 / 0.01**2, rel=0.02)


def test_the_difference_that_an_interval_could_have_shown() -> None:
    assert shown_by(-1.96, 1.96) == pytest.approx(1.96 + 0.8416, abs=1e-3)


def test_single_runs_say_nothing_of_seeds() -> None:
    draw = np.random.default_rng(1)
    assert variances(drawn(draw, 0.0, 1)) is None
