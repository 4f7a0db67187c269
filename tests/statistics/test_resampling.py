"""Resamples: sizes, strata, spread, and that they never change."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from fer_bench.statistics.resampling import seed_shares, stratified_weights, weights


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


@pytest.mark.parametrize("seeds", [2, 3, 5])
def test_seeds_spread_a_mean_as_much_as_the_sample_says(seeds: int) -> None:
    values = np.random.default_rng(seeds).normal(size=seeds)
    means = seed_shares("d/m", seeds, 200_000) @ values
    assert means.mean() == pytest.approx(values.mean(), abs=0.01)
    assert means.var() == pytest.approx(values.var(ddof=1) / seeds, rel=0.03)


def test_rows_draw_their_seeds_independently() -> None:
    one, other = seed_shares("d/a", 5), seed_shares("d/b", 5)
    np.testing.assert_array_equal(one, seed_shares("d/a", 5))
    assert abs(np.corrcoef(one[:, 0], other[:, 0])[0, 1]) < 0.05
    assert (seed_shares("d/a", 1) == 1).all()
