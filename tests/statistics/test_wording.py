"""Sentences: what may be said, and what must not."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from made_answers import classes_of, track_of

from fer_bench.statistics.class_mix import SubsetGap
from fer_bench.statistics.pairs import Comparison, Spread, compare
from fer_bench.statistics.wording import Judged, gap_sentence, points, sentence, short


def made(
    gap: float, half: float, p: float, *, n: int = 3000, seeds: int = 5, differing: int = 200,
    seeds_other: int | None = None, people: int | None = None,
) -> Comparison:  # fmt: skip
    spread = Spread(gap - half, gap - 0.84 * half, gap + 0.84 * half, gap + half, p)
    few = min(seeds, seeds_other or seeds) < 5
    units = people or n
    return Comparison(
        "d/a", "d/b", n, tuple(range(seeds)), tuple(range(seeds_other or seeds)), gap, differing,
        units, people, min(differing, units), Spread(0, 0, 0, 0, 1) if not few else spread,
        None if few else spread, (),
    )  # fmt: skip


def said(comparison: Comparison, **options) -> tuple[str, str]:
    judged = Judged(comparison, options.pop("holm_p", comparison.main.p), **options)
    return judged.verdict, sentence(judged, "A", "B")


def test_better() -> None:
    assert said(made(0.021, 0.018, 0.012)) == (
        "better",
        "A is better than B by 2.1 points of accuracy (95 % interval 0.3 to 3.9, p = 0.012, over "
        "3,000 faces and 5 seeds).",
    )


def test_worse_is_said_the_other_way_round() -> None:
    assert said(made(-0.021, 0.018, 0.0002), holm_p=0.0004, pairs=12) == (
        "worse",
        "B is better than A by 2.1 points of accuracy (95 % interval 0.3 to 3.9, p < 0.001 after "
        "Holm's correction for 12 pairs, over 3,000 faces and 5 seeds).",
    )


def test_better_but_equivalent() -> None:
    verdict, text = said(made(0.005, 0.004, 0.01))
    assert verdict == "better"
    assert text.endswith("The difference is small: less than 1 point.")
    assert short(Judged(made(0.005, 0.004, 0.01), 0.01), "A", "B") == (
        "A is better, but equivalent within 1 point"
    )


def test_fewer_than_five_seeds_carry_no_verdict_on_the_models() -> None:
    for seeds, other in ((1, 1), (2, 2), (4, 5), (5, 4)):
        found = made(0.06, 0.018, 0.001, n=300, seeds=seeds, seeds_other=other)
        assert Judged(found, 0.001).verdict == "too_few_seeds"
        assert short(Judged(found, 0.001), "A", "B") == (
            "these networks differ by +6.0; too few seeds for a verdict on the models"
        )
    assert Judged(made(0.06, 0.018, 0.001, n=300, seeds=5), 0.001).verdict == "better"
    worse = Judged(made(-0.06, 0.018, 0.001, n=300, seeds=2), 0.001)
    assert short(worse, "A", "B").startswith("these networks differ by −6.0;")
    apart = Judged(made(0.01, 0.018, 0.3, n=300, seeds=2), 0.3)
    assert short(apart, "A", "B") == (
        "these networks are not told apart; too few seeds for a verdict on the models"
    )


def test_two_seeds_are_about_trained_networks() -> None:
    assert said(made(0.051, 0.018, 0.001, n=300, seeds=2)) == (
        "too_few_seeds",
        "On these 300 faces these trained networks of A score higher than those of B by 5.1 points "
        "of accuracy (95 % interval 3.3 to 6.9, p = 0.001). With 2 seeds (fewer than 5) this is "
        "about these trained networks, not about training again: too few seeds for a verdict on "
        "the models.",
    )
    assert "With 1 seed (fewer than 5)" in said(made(0.051, 0.018, 0.001, n=300, seeds=1))[1]
    assert "With 2 seeds" in said(made(0.051, 0.018, 0.001, seeds=5, seeds_other=2))[1]


def test_not_told_apart() -> None:
    assert said(made(0.013, 0.026, 0.3, n=300, people=30)) == (
        "undecided",
        "These 300 faces of 30 people and 5 seeds do not tell A and B apart: A may be anything "
        "from 1.3 worse to 3.9 better (95 % interval, in points of accuracy; p = 0.300).",
    )


def test_the_family_stands_beside_p() -> None:
    found = made(0.021, 0.018, 0.012)
    text = said(found, holm_p=0.02, pairs=4, family="the 4 pairs of Table 7")[1]
    assert "p = 0.020 after Holm's correction for the 4 pairs of Table 7" in text
    assert "p = 0.012, not corrected: one pair" in said(found, family="this 1 pair")[1]


def test_holms_correction_takes_a_claim_back() -> None:
    assert said(made(0.021, 0.018, 0.02), holm_p=0.24, pairs=12) == (
        "undecided",
        "A scored 2.1 points higher than B (95 % interval 0.3 to 3.9), but among 12 compared pairs "
        "such a gap can come about by chance (p = 0.240 after Holm's correction for 12 pairs), so "
        "these 3,000 faces and 5 seeds do not tell them apart.",
    )
    text = said(made(-0.021, 0.018, 0.02), holm_p=0.24, pairs=12)[1]
    assert "A scored 2.1 points lower than B (95 % interval 0.3 to 3.9)" in text


def test_a_small_p_with_0_in_the_interval_claims_nothing() -> None:
    assert said(made(0.02, 0.021, 0.04))[0] == "undecided"


def test_equivalent() -> None:
    assert said(made(0.001, 0.006, 0.7)) == (
        "equivalent",
        "A and B are equivalent within 1 point of accuracy: the difference is 0.1 points, and its "
        "90 % interval, −0.4 to 0.6, lies inside ±1 point (over 3,000 faces and 5 seeds); the "
        "smallest margin that they support is 0.6.",
    )
    assert said(made(0.001, 0.006, 0.7), margin=0.005)[0] == "undecided"
    verdict, text = said(made(0.01, 0.014, 0.2, seeds=2), margin=0.025)
    assert verdict == "too_few_seeds"
    assert text.startswith("These trained networks of A and B are equivalent within 2.5 points")
    assert text.endswith("too few seeds for a verdict on the models.")


class TestRefusals:
    def test_too_few_faces(self) -> None:
        comparison = made(0.4, 0.2, 0.0001, n=29)
        assert said(comparison) == (
            "too_few",
            "Nothing can be claimed about A and B: 29 faces are too few (fewer than 30).",
        )
        assert not Judged(made(0, 0.001, 1, n=29, differing=0), 1).equivalent
        assert short(Judged(comparison, 0.01), "A", "B") == "too few faces to claim anything"

    def test_too_few_people(self) -> None:
        comparison = made(0.4, 0.2, 0.0001, n=300, people=9)
        assert said(comparison) == (
            "too_few",
            "Nothing can be claimed about A and B: 9 people are too few (fewer than 10).",
        )
        assert short(Judged(comparison, 0.01), "A", "B") == "too few people to claim anything"
        few = made(0.02, 0.01, 0.01, n=300, people=30)
        few = replace(few, differing_units=5)
        assert "they differ on only faces of 5 of 30 people" in said(few)[1]
        assert said(few)[0] == "too_few"

    def test_too_few_differing_faces(self) -> None:
        true = classes_of(200)
        for differing, verdict in ((5, "too_few"), (6, "too_few_seeds")):
            wrong = np.arange(200) < differing
            (found,) = compare(track_of({"d/a": [wrong & False], "d/b": [wrong]}, true))
            assert said(found)[0] == verdict
        text = said(made(0.016, 0.012, 0.01, n=300, seeds=1, differing=5))[1]
        assert text == (
            "No difference between A and B can be claimed, nor that they are equivalent within 1 "
            "point: they differ on only 5 of 300 faces, and if both were equally good, chance "
            "alone would put all of so few on one side in more than 5 % of cases."
        )

    def test_equal_answers_on_few_faces(self) -> None:
        verdict, text = said(made(0, 0, 1, n=100, seeds=1, differing=0))
        assert verdict == "too_few"
        assert text == (
            "A and B did equally well on every one of these 100 faces: no difference can be "
            "claimed, nor that they are equivalent within 1 point."
        )

    def test_equal_answers_on_many_faces_are_equivalent(self) -> None:
        assert said(made(0, 0, 1, n=1000, differing=0))[0] == "equivalent"


@pytest.mark.parametrize("seeds", [1, 2, 5])
@pytest.mark.parametrize("gap", [-0.03, 0.0, 0.004, 0.03])
@pytest.mark.parametrize("half", [0.002, 0.01, 0.05])
@pytest.mark.parametrize("n", [20, 300, 3000])
@pytest.mark.parametrize("p", [0.0001, 0.03, 0.5])
def test_no_sentence_promises_too_much(seeds, gap, half, n, p) -> None:
    verdict, text = said(made(gap, half, p, n=n, seeds=seeds, differing=min(n, 100)))
    assert "prove" not in text
    assert "significan" not in text
    assert f"{n:,} faces" in text
    if verdict != "too_few":
        assert ("not about training again" in text) == (seeds < 5)
    if verdict in ("better", "worse"):
        assert p < 0.05
        assert n >= 30
        assert "interval" in text


def test_points_round_as_readers_do() -> None:
    assert [points(v) for v in (0.0125, -0.0125, 0.0004, -0.0004, 0.00049999)] == [
        "1.3", "−1.3", "0.0", "0.0", "0.0",
    ]  # fmt: skip


class TestGaps:
    def gap(self, **change) -> SubsetGap:
        values = {
            "n": 120, "n_full": 1300, "accuracy": 0.7, "full_accuracy": 0.8, "reweighted": 0.72,
            "full_reweighted": 0.796, "low": -0.125, "high": -0.027, "missing": (), "thin": (),
        }  # fmt: skip
        return SubsetGap(**(values | change))

    def test_lower(self) -> None:
        assert gap_sentence(self.gap(), "A", "occluded") == (
            "A: on the 120 occluded faces accuracy is 7.6 points lower than on all 1,300, with the "
            "whole set's mix of expressions (95 % interval over faces −12.5 to −2.7)."
        )

    def test_unclear_missing_and_too_few(self) -> None:
        text = gap_sentence(self.gap(high=0.01, missing=("fear",)), "A", "occluded")
        assert "do not show whether they are harder or easier than all 1,300" in text
        assert text.endswith("Left out, because no such face is occluded: fear.")
        few = gap_sentence(self.gap(n=12, low=None, high=None), "A", "occluded")
        assert few == (
            "A: 12 occluded faces are too few to say how much harder they are (fewer than 30)."
        )
