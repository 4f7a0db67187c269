from __future__ import annotations

import statistics

import pytest

from fer_bench.statistics.summary import summarise


def test_sample_standard_deviation() -> None:
    values = [0.8, 0.82, 0.87]
    summary = summarise(values)
    assert summary is not None
    assert summary.n == 3
    assert summary.mean == pytest.approx(0.83)
    assert summary.std == pytest.approx(statistics.stdev(values))
    assert summary.max == 0.87


def test_one_seed_has_no_spread() -> None:
    summary = summarise([0.5])
    assert summary is not None
    assert (summary.n, summary.mean, summary.std, summary.max) == (1, 0.5, None, 0.5)


def test_missing_values_do_not_count() -> None:
    summary = summarise([None, 0.5, None, 0.7])
    assert summary is not None
    assert summary.n == 2
    assert summarise([None]) is None
    assert summarise([]) is None
