"""Paired comparisons against SciPy, statsmodels, simulations and cases worked by hand."""

from __future__ import annotations

import time
from dataclasses import replace

import numpy as np
import pytest
from made_answers import classes_of, simulated, track_of
from scipy import stats
from statsmodels.stats.contingency_tables import mcnemar

from fer_bench.statistics.pairs import Comparison, McNemar, compare, exact
from fer_bench.statistics.track import Track
from fer_bench.statistics.two_way import Parts, parts_of, standard_error
from fer_bench.statistics.units import Units


def pair_of(track: Track) -> Comparison:
    (found,) = compare(track, [("a", "b")])
    return found


def made(n: int, seeds: int, seed: int = 0, lead: float = 0.1, between: float = 0.0) -> Track:
    draw = np.random.default_rng(seed)
    wrong = simulated(n, {"a": lead, "b": 0.0}, seeds, draw, between)
    return track_of(wrong, classes_of(n))


def test_a_case_worked_by_hand() -> None:
    # 40 faces: a wrong on 2, b on 12 of them; seed 1 of b wrong on 4.
    wrong_a, wrong_b, again = (np.arange(40) < k for k in (2, 12, 4))
    found = pair_of(track_of({"a": [wrong_a], "b": [wrong_b, again]}, classes_of(40)))
    assert found.n == 40
    assert (found.seeds_one, found.seeds_other) == ((0,), (0, 1))
    assert found.difference == pytest.approx(38 / 40 - (28 + 36) / 80)
    assert found.differing == 10
    assert found.mcnemar == (McNemar(0, 10, 0, pytest.approx(2 * 0.5**10)),)
    assert found.both is None
    assert found.main is found.faces


@pytest.mark.parametrize("seed", range(3))
def test_interval_over_faces_is_that_of_scipy(seed: int) -> None:
    track = made(400, 2, seed)
    found = pair_of(track)
    a, b = (track.rows[name].mean_correct for name in "ab")
    options = {"paired": True, "n_resamples": 20_000, "rng": np.random.default_rng(1)}
    for level, ends in (
        (0.95, (found.faces.low, found.faces.high)),
        (0.90, (found.faces.low90, found.faces.high90)),
    ):
        for method in ("percentile", "BCa"):
            theirs = stats.bootstrap(
                (a, b), lambda x, y, axis: x.mean(axis=axis) - y.mean(axis=axis),
                confidence_level=level, method=method, **options,
            ).confidence_interval  # fmt: skip
            assert ends == pytest.approx((theirs.low, theirs.high), abs=0.003)


@pytest.mark.parametrize("lead", [0.0, 0.1, 0.2])
def test_p_is_near_that_of_a_permutation_test(lead: float) -> None:
    track = made(500, 2, 5, lead)
    a, b = (track.rows[name].mean_correct for name in "ab")
    theirs = stats.permutation_test(
        (a, b), lambda x, y, axis: (x - y).mean(axis=axis), permutation_type="samples",
        vectorized=True, n_resamples=20_000, rng=np.random.default_rng(2),
    ).pvalue  # fmt: skip
    assert pair_of(track).faces.p == pytest.approx(theirs, rel=0.2, abs=0.001)


@pytest.mark.parametrize(("ahead", "behind"), [(0, 0), (1, 0), (5, 5), (3, 17), (120, 90)])
def test_mcnemar_is_that_of_statsmodels(ahead: int, behind: int) -> None:
    table = [[7, ahead], [behind, 3]]
    assert exact(ahead, behind) == pytest.approx(mcnemar(table, exact=True).pvalue)


def test_mcnemar_of_each_common_seed() -> None:
    track = made(300, 3)
    a, b = track.rows["a"], track.rows["b"]
    shifted = replace(b, seeds=(1, 2, 3))
    found = pair_of(Track(track.faces, track.true, {"a": a, "b": shifted}, track.units))
    assert [test.seed for test in found.mcnemar] == [1, 2]
    for test, first, second in zip(found.mcnemar, a.correct[1:], b.correct[:2], strict=True):
        table = [[(x & y).sum() for y in (second, ~second)] for x in (first, ~first)]
        assert test.p == pytest.approx(mcnemar(table, exact=True).pvalue)
        assert (test.one_only, test.other_only) == (table[0][1], table[1][0])


def test_few_differing_faces_have_the_exact_p() -> None:
    wrong = np.arange(300) < 6
    found = pair_of(track_of({"a": [wrong & False], "b": [wrong]}, classes_of(300)))
    assert found.faces.p == pytest.approx(2 * 0.5**6)
    assert found.faces.low > 0  # the interval alone would say more than six faces can


def test_equal_answers_differ_by_nothing() -> None:
    wrong = np.arange(60) < 9
    found = pair_of(track_of({"a": [wrong] * 5, "b": [wrong] * 5}, classes_of(60)))
    assert (found.difference, found.differing) == (0, 0)
    assert found.main.p == found.faces.p == 1
    assert found.faces.low == found.faces.high == 0
    assert found.both is not None
    assert found.both.low == pytest.approx(0)


def test_exchanging_the_rows_changes_the_sign() -> None:
    track = made(200, 5, between=0.2)
    there, back = compare(track, [("a", "b"), ("b", "a")])
    assert there.difference == -back.difference
    assert there.main.low == pytest.approx(-back.main.high)
    assert there.main.low90 == pytest.approx(-back.main.high90)
    assert there.main.p == pytest.approx(back.main.p)


def test_a_pairs_numbers_do_not_depend_on_other_rows() -> None:
    draw = np.random.default_rng(3)
    wrong = simulated(150, {"a": 0.1, "b": 0.0, "c": 0.3}, 3, draw)
    whole = track_of(wrong, classes_of(150))
    some = track_of({name: wrong[name] for name in "ba"}, classes_of(150))
    assert pair_of(some) in compare(whole)
    assert len(compare(whole)) == 3


class TestSeeds:
    def test_five_seeds_of_both_are_needed(self) -> None:
        draw = np.random.default_rng(4)
        wrong = simulated(100, {"a": 0.1, "b": 0.0}, 5, draw)
        fewer = {"a": wrong["a"], "b": wrong["b"][:4]}
        assert pair_of(track_of(fewer, classes_of(100))).both is None
        assert pair_of(track_of(wrong, classes_of(100))).both is not None

    def test_seeds_that_differ_widen_the_interval(self) -> None:
        steady, moody = (pair_of(made(1000, 5, 6, between=b)) for b in (0.0, 0.8))
        for found, factor in ((steady, 0.99), (moody, 2.0)):
            assert found.both is not None
            wide = found.both.high - found.both.low
            assert wide > factor * (found.faces.high - found.faces.low)
        assert moody.both is not None
        assert moody.both.p > moody.faces.p

    def test_without_noise_of_faces_it_is_the_t_interval(self) -> None:
        # Seeds are right on all or on none of a class, every face alike: with 14,000 faces the
        # spread is that of seeds, and Welch's interval is the textbook's.
        n = 14_000
        true = classes_of(n)
        cut = {"a": [0.10, 0.14, 0.16, 0.12, 0.18], "b": [0.30, 0.26, 0.21, 0.28, 0.25]}
        order = np.random.default_rng(0).permutation(n) / n
        track = track_of({k: [order < c for c in v] for k, v in cut.items()}, true)
        found = pair_of(track)
        theirs = stats.ttest_ind(cut["b"], cut["a"], equal_var=False)
        ends = theirs.confidence_interval(0.95)
        assert found.both is not None
        assert found.both.low == pytest.approx(ends.low, abs=0.008)
        assert found.both.high == pytest.approx(ends.high, abs=0.008)
        assert found.both.p < 0.01
        assert theirs.pvalue < 0.01


def test_coverage_of_the_interval_over_faces() -> None:
    # Both rows draw right and wrong with chances that are known, so the true difference is 0.1.
    draw, hits, runs = np.random.default_rng(7), 0, 120
    for _ in range(runs):
        wrong = {"a": [draw.random(150) < 0.3], "b": [draw.random(150) < 0.4]}
        spread = pair_of(track_of(wrong, classes_of(150))).faces
        hits += spread.low <= 0.1 <= spread.high
    # 95 % of 120 is 114; a binomial count is above 106 in 99.8 % of cases.
    assert 106 < hits <= 120


@pytest.mark.parametrize("n", [1, 2, 40, 1200])
@pytest.mark.parametrize("seeds", [1, 5])
@pytest.mark.parametrize("people", [None, 1, 20])
@pytest.mark.parametrize(("one", "other"), [(0, 0), (0, 1), (1, 1)])
def test_edges_give_a_p_between_0_and_1(
    n: int, seeds: int, people: int | None, one: int, other: int
) -> None:
    """All right, all wrong, one face, one person: never a p of 0, nor one that is no number."""
    wrong = {"a": [np.full(n, one, bool)] * seeds, "b": [np.full(n, other, bool)] * seeds}
    person = None if people is None else np.arange(n) % people
    found = pair_of(track_of(wrong, classes_of(n), person=person))
    for spread in (found.faces, found.both):
        if spread is not None:
            assert 0 < spread.p <= 1
            assert np.isfinite([spread.low, spread.low90, spread.high90, spread.high]).all()
            assert spread.p == 1 or one != other
    if people == 1 or n == 1:
        assert found.main.p == 1


def with_people(
    draw: np.random.Generator, people: int, each: int, seeds: int, between_seeds: float
) -> Track:
    """Two equally good models, which some people suit more; people and seeds are random effects."""
    n = people * each
    person = draw.permutation(np.repeat(np.arange(people), each))
    ease = draw.normal(0.9, 0.8, people)[person] + draw.normal(0, 0.5, n)
    wrong = {}
    for name in ("a", "b"):
        suits = ease + draw.normal(0, 0.5, people)[person]
        runs = [suits + draw.normal(0, between_seeds) for _ in range(seeds)]
        wrong[name] = [run + draw.normal(0, 0.7, n) < 0 for run in runs]
    return track_of(wrong, classes_of(n), person=person)


class TestPeople:
    def test_faces_of_one_person_count_once(self) -> None:
        # Ten pictures of each of 30 people, all alike: nothing is known beyond the 30.
        draw = np.random.default_rng(11)
        wrong = {name: [draw.random(30) < 0.3] for name in "ab"}
        true = classes_of(300)
        once = pair_of(track_of(wrong, classes_of(30)))
        many = {name: [np.tile(w[0], 10)] for name, w in wrong.items()}
        ten = pair_of(track_of(many, true, person=np.tile(np.arange(30), 10)))
        assert (ten.n, ten.units, ten.people) == (300, 30, 30)
        assert ten.faces == once.faces
        alone = pair_of(track_of(many, true))
        assert alone.people is None
        assert ten.faces.high - ten.faces.low > 2.5 * (alone.faces.high - alone.faces.low)

    def test_mcnemars_test_is_left_out_where_people_have_several_faces(self) -> None:
        draw = np.random.default_rng(12)
        wrong = {name: [draw.random(60) < 0.3] for name in "ab"}
        person = np.arange(60) // 2
        assert pair_of(track_of(wrong, classes_of(60), person=person)).mcnemar == ()
        assert pair_of(track_of(wrong, classes_of(60), person=np.arange(60))).mcnemar

    @pytest.mark.parametrize(("people", "each", "between"), [(30, 10, 0.4), (60, 5, 0.0)])
    def test_verdicts_on_models_err_as_often_as_they_say(
        self, people: int, each: int, between: float
    ) -> None:
        draw, hits, over_faces, runs = np.random.default_rng(8), 0, 0, 400
        for _ in range(runs):
            track = with_people(draw, people, each, 5, between)
            one, other = (parts_of(runs, track.units) for runs in track.rows.values())
            error, freedom = standard_error(one, other)
            gap = track.rows["a"].accuracy - track.rows["b"].accuracy
            hits += abs(gap) <= stats.t.ppf(0.975, freedom) * error
            singles = (parts_of(runs, Units.single(track.n)) for runs in track.rows.values())
            over_faces += abs(gap) <= stats.t.ppf(0.975, 1e9) * _over_units(*singles)
        # 95 % of 400 is 380, with a standard deviation of 4.4.
        assert 367 <= hits <= 393
        assert over_faces < 350  # what taking every face for a person of its own would say


def _over_units(one: Parts, other: Parts) -> float:
    return float(np.sqrt(((one.leads - other.leads) ** 2).sum()))


@pytest.mark.slow  # 435 pairs of 150 runs on 3,000 faces: a second alone, more beside other tests
def test_a_big_track_takes_seconds() -> None:
    draw = np.random.default_rng(9)
    rows = {f"d/m{i}": 0.01 * i for i in range(30)}
    track = track_of(simulated(3000, rows, 5, draw), classes_of(3000))
    compare(made(30, 1))  # imports
    start = time.process_time()
    assert len(compare(track)) == 435
    assert time.process_time() - start < 5
