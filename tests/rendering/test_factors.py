"""Factors come from (seed, subject, shot) and nothing else, and are spread as asked."""

import collections
import dataclasses

import numpy as np
import pytest

from fer_bench.labels import SEVEN
from fer_bench.rendering.draws import arrays, scalars
from fer_bench.rendering.factors import OCCLUDERS, Settings, plan
from fer_bench.rendering.identity import person
from fer_bench.rendering.lighting import LIGHTS

SETTINGS = Settings()
PLANS = [plan(SETTINGS, f"p{k}", shot) for k in range(30) for shot in range(14)]


def test_the_same_names_give_the_same_factors_in_any_order() -> None:
    again = [plan(SETTINGS, f"p{k}", shot) for k in range(30) for shot in range(14)[::-1]]
    assert [p for k in range(30) for p in again[14 * k : 14 * k + 14][::-1]] == PLANS


@pytest.mark.parametrize(
    ("settings", "subject", "shot"),
    [(Settings(seed=1), "p0", 0), (SETTINGS, "p1", 0), (SETTINGS, "p0", 1)],
)
def test_any_other_name_gives_others(settings: Settings, subject: str, shot: int) -> None:
    assert plan(settings, subject, shot).units != PLANS[0].units


def test_every_person_shows_all_seven_in_every_round() -> None:
    for k in range(30):
        rounds = [p.expression for p in PLANS[14 * k : 14 * k + 14]]
        assert sorted(rounds[:7]) == sorted(rounds[7:]) == sorted(SEVEN)


def test_shares_of_occluders_and_yaw() -> None:
    occluders = collections.Counter(p.occluder for p in PLANS)
    assert sum(occluders[o] for o in OCCLUDERS) / len(PLANS) == pytest.approx(0.2, abs=0.03)
    assert all(occluders[o] > 5 for o in OCCLUDERS)
    yaw = np.abs([p.pose.yaw for p in PLANS])
    assert (yaw <= 20).mean() == pytest.approx(SETTINGS.frontal, abs=0.03)
    assert yaw.max() <= SETTINGS.yaw_max
    assert 0.3 < np.mean([p.pose.yaw > 0 for p in PLANS]) < 0.7
    assert {p.illumination for p in PLANS} == set(LIGHTS)


def test_settings_at_their_ends() -> None:
    none = [plan(Settings(occluded=0.0, frontal=1.0), "p", k) for k in range(40)]
    assert {p.occluder for p in none} == {"none"}
    assert max(abs(p.pose.yaw) for p in none) <= 20
    every = [plan(Settings(occluded=1.0, frontal=0.0), "p", k) for k in range(40)]
    assert "none" not in {p.occluder for p in every}
    assert min(abs(p.pose.yaw) for p in every) >= 20


def test_neutral_has_no_intensity() -> None:
    for p in PLANS:
        low, high = SETTINGS.intensity
        assert p.intensity == 0 if p.expression == "neutral" else low <= p.intensity <= high


def test_people_differ() -> None:
    people = [person(0, f"p{k}") for k in range(60)]
    assert len({p.hair_style for p in people}) == 7
    assert len({p.skin_tone for p in people}) == 6
    assert len({dataclasses.astuple(p) for p in people}) == 60
    assert all(p.chin - p.mouth_y > 0.4 for p in people)


def test_streams_are_fixed() -> None:
    # Written down once: were these to change, so would every rendered face.
    assert scalars("a", 1).random() == 0.19964813262788395
    assert int(arrays("a").integers(0, 1 << 30)) == 367417524
    assert scalars("a", 1).random() != scalars("a1").random()
