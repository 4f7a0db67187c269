"""Re-weighted subset gaps by hand and by simulation."""

from __future__ import annotations

import numpy as np
import pytest
from made_answers import part, wrong_where

from fer_bench.statistics.class_mix import SubsetGap, subset_gap
from fer_bench.statistics.track import Track, tracks
from fer_bench.statistics.units import Units


def of(true: np.ndarray, wrong: list[np.ndarray], inside: np.ndarray) -> SubsetGap | None:
    def track(which: np.ndarray, faces: str) -> Track:
        parts = [
            (s, part(true[which], wrong_where(true, w)[which], faces=faces))
            for s, w in enumerate(wrong)
        ]
        return tracks({"d/m": parts}, "set")[0][0]

    return subset_gap("d/m", track(np.ones(len(true), bool), "a" * 16), track(inside, "b" * 16))


def test_by_hand() -> None:
    # 60 neutral, 20 happy, 20 surprised. The subset: 10 neutral (4 right) and 30 others of which
    # 20 happy (18 right); no surprised face.
    true = np.repeat([0, 1, 2], [60, 20, 20])
    wrong, inside = np.zeros(100, bool), np.zeros(100, bool)
    inside[:10] = inside[60:80] = True
    wrong[:6] = True  # 6 of the 10
    wrong[10:19] = True  # 9 of the other 50 neutral faces
    wrong[60:62] = True  # 2 of 20
    gap = of(true, [wrong], inside)
    assert gap is not None
    assert (gap.n, gap.n_full) == (30, 100)
    assert gap.accuracy == pytest.approx(22 / 30)
    assert gap.full_accuracy == pytest.approx(83 / 100)
    assert gap.reweighted == pytest.approx(0.75 * 4 / 10 + 0.25 * 18 / 20)
    assert gap.full_reweighted == pytest.approx(0.75 * 45 / 60 + 0.25 * 18 / 20)
    assert gap.gap == pytest.approx(0.75 * (0.4 - 0.75))
    assert gap.missing == ("surprise",)
    assert gap.thin == ()
    assert gap.low is not None
    assert gap.high is not None
    assert gap.low < gap.gap < gap.high < 0


def test_a_gap_of_class_mix_alone_goes_away() -> None:
    # Neutral faces are always right, fearful ones half of the time, inside the subset and outside;
    # the subset is mostly fear.
    true = np.repeat([0, 6], [200, 100])
    wrong = np.r_[np.zeros(200, bool), np.arange(100) % 2 == 0]
    inside = np.r_[np.arange(200) < 20, np.arange(100) < 80]
    gap = of(true, [wrong], inside)
    assert gap is not None
    assert gap.accuracy - gap.full_accuracy == pytest.approx(0.6 - 250 / 300)
    assert gap.gap == pytest.approx(0)
    assert gap.low is not None
    assert gap.high is not None
    assert gap.low < 0 < gap.high


def test_seeds_are_averaged() -> None:
    true = np.repeat([0, 1], [40, 40])
    inside = np.arange(80) % 2 == 0
    first, second = np.arange(80) < 20, np.arange(80) >= 70
    whole = of(true, [first, second], inside)
    one, other = of(true, [first], inside), of(true, [second], inside)
    assert whole is not None
    assert one is not None
    assert other is not None
    assert whole.gap == pytest.approx((one.gap + other.gap) / 2)
    assert whole.reweighted == pytest.approx((one.reweighted + other.reweighted) / 2)


def test_faces_of_one_person_count_once() -> None:
    true = np.repeat([0, 1], [200, 200])
    person = np.tile(np.arange(20), 20)
    inside = np.arange(400) % 40 < 20
    harder = (np.arange(20) % 2)[person] * inside  # for every other person, and not at all
    wrong = np.random.default_rng(6).random(400) < 0.1 + 0.8 * harder
    numbers = np.arange(400)

    def gap(known: bool) -> SubsetGap:
        made = []
        for which, faces in ((np.ones(400, bool), "a" * 16), (inside, "b" * 16)):
            said = part(true[which], wrong_where(true, wrong)[which], faces=faces)
            units = Units.of(person[which], np.ones(which.sum(), bool), numbers[which])
            made.append(tracks({"d/m": [(0, said)]}, "", {"d/m": units} if known else None)[0][0])
        found = subset_gap("d/m", *made)
        assert found is not None
        assert found.low is not None
        assert found.high is not None
        return found

    people, faces = gap(True), gap(False)
    assert people.gap == faces.gap
    assert (people.people, faces.people) == (20, None)
    assert people.low < people.gap < people.high  # type: ignore[operator]
    wide, narrow = (g.high - g.low for g in (people, faces))  # type: ignore[operator]
    assert wide > 1.5 * narrow


def test_small_subsets_have_no_interval_and_thin_classes_are_named() -> None:
    true = np.repeat([0, 1], [50, 50])
    inside = (np.arange(100) < 20) | (np.arange(100) >= 91)
    gap = of(true, [np.arange(100) % 3 == 0], inside)
    assert gap is not None
    assert gap.low is None
    assert gap.high is None
    assert gap.thin == ("happiness",)


def test_answers_that_are_no_part_of_the_whole_give_none() -> None:
    whole = tracks({"d/m": [(0, part([0] * 40, [0] * 40))]}, "set")[0][0]
    wrong = tracks({"d/m": [(0, part([0] * 35, [1] * 35, faces="b" * 16))]}, "set")[0][0]
    seeds = tracks({"d/m": [(1, part([0] * 35, [0] * 35, faces="b" * 16))]}, "set")[0][0]
    assert subset_gap("d/m", whole, wrong) is None
    assert subset_gap("d/m", whole, seeds) is None


def test_the_interval_covers_the_true_gap() -> None:
    # Inside, faces are wrong 30 % more often than outside; the whole set is a third inside.
    draw, hits = np.random.default_rng(0), 0
    true = np.repeat(np.arange(7), 60)
    inside = np.tile(np.arange(60) < 20, 7)
    for _ in range(100):
        wrong = draw.random(420) < np.where(inside, 0.5, 0.2)
        gap = of(true, [wrong], inside)
        assert gap is not None
        assert gap.low is not None
        assert gap.high is not None
        hits += gap.low <= -0.2 <= gap.high
    assert hits >= 87
