"""Resamples: sizes, strata, spread, and that they never change."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from fer_bench.statistics.resampling import stratified_weights, stretch, weights


def all_of(blocks) -> np.ndarray:
    return np.vstack(list(blocks))


def test_every_replicate_draws_as_many_faces_as_there_are() -> None:
    drawn = all_of(weights(50, 2000))
    assert drawn.shape == (2000, 50)
    assert (drawn.sum(axis=1) == 50).all()
    # A face's count is Binomial(50, 1/50): the empirical shares against SciPy's.
    shares = np.bincount(drawn.astype(int).ravel(), minlength=6)[:6] / drawn.size
    np.testing.assert_allclose(shares, stats.binom.pmf(np.arange(6), 50, 1 / 50), atol=0.005)


def test_blocks_do_not_show_and_every_run_draws_the_same() -> None:
    many = 3000  # in several blocks
    blocks = list(weights(many, 3000))
    assert len(blocks) > 1
    np.testing.assert_array_equal(np.vstack(blocks), all_of(weights(many, 3000)))
    assert len(np.unique(blocks[0][:, 0])) > 1
    assert not np.array_equal(blocks[0][:100], blocks[1][:100])


def test_strata_keep_their_size() -> None:
    true = np.array([0] * 5 + [2] * 1 + [3] * 30)
    drawn = all_of(stratified_weights(true, 500))
    for c, n in ((0, 5), (2, 1), (3, 30)):
        assert (drawn[:, true == c].sum(axis=1) == n).all()
    assert drawn[:, 0].std() > 0.5


@pytest.mark.parametrize("units", [10, 30])
def test_intervals_over_few_units_are_widened_as_students_t_is(units: int) -> None:
    values = np.random.default_rng(units).normal(size=units)
    means = all_of(weights(units, 100_000)) @ values / units
    low, high = np.quantile(means, (0.025, 0.975)) - values.mean()
    factor = stretch(units, (0.025, 0.975))
    error = values.std(ddof=1) / np.sqrt(units)
    theirs = stats.t.interval(0.95, units - 1, scale=error)
    assert (factor[0] * low, factor[1] * high) == pytest.approx(theirs, rel=0.06)


def test_one_unit_says_nothing() -> None:
    assert np.isinf(stretch(1, (0.025, 0.975))).all()
