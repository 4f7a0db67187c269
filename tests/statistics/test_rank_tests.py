"""Friedman and Nemenyi against Demšar's printed example, SciPy and scikit-posthocs."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import scikit_posthocs
from scipy import stats

from fer_bench.statistics.ranks import Ranks, common_block, critical_difference, rank


def table(values: np.ndarray) -> dict[str, dict[str, float]]:
    return {f"d{i}": {f"m{j}": v for j, v in enumerate(row)} for i, row in enumerate(values)}


@pytest.mark.parametrize(
    ("models", "q"), [(2, 1.960), (3, 2.343), (4, 2.569), (5, 2.728), (10, 3.164)]
)
def test_critical_values_are_those_printed(models: int, q: float) -> None:
    # Demšar (2006), Table 5(a).
    expected = q * np.sqrt(models * (models + 1) / (6 * 14))
    assert critical_difference(models, 14) == pytest.approx(expected, abs=0.001)


def test_the_printed_example() -> None:
    # Demšar (2006), Table 6: four variants of C4.5 on 14 datasets; chi-squared 9.28, CD 1.25.
    printed = np.array([
        [0.763, 0.768, 0.771, 0.798], [0.599, 0.591, 0.590, 0.569], [0.954, 0.971, 0.968, 0.967],
        [0.628, 0.661, 0.654, 0.657], [0.882, 0.888, 0.886, 0.898], [0.936, 0.931, 0.916, 0.931],
        [0.661, 0.668, 0.609, 0.685], [0.583, 0.583, 0.563, 0.625], [0.775, 0.838, 0.866, 0.875],
        [1.000, 1.000, 1.000, 1.000], [0.940, 0.962, 0.965, 0.962], [0.619, 0.666, 0.614, 0.669],
        [0.972, 0.981, 0.9751, 0.975], [0.957, 0.978, 0.946, 0.970],
    ])  # fmt: skip
    found = rank(table(printed))
    assert isinstance(found, Ranks)
    ranks = dict(zip(found.models, found.ranks, strict=True))
    assert ranks == pytest.approx({"m0": 3.143, "m1": 2.000, "m2": 2.893, "m3": 1.964}, abs=0.001)
    assert found.models[0] == "m3"
    # The paper's 9.28 has no correction for ties; SciPy's statistic has.
    assert found.statistic == pytest.approx(stats.friedmanchisquare(*printed.T).statistic)
    assert found.statistic > 9.28
    assert found.critical_difference == pytest.approx(1.25, abs=0.005)
    assert found.cliques == [(0, 3)]


@pytest.mark.parametrize("seed", range(4))
def test_pairs_told_apart_are_those_of_scikit_posthocs(seed: int) -> None:
    draw = np.random.default_rng(seed)
    values = draw.normal(size=(8, 5)) + np.arange(5) * 0.8
    found = rank(table(values))
    assert isinstance(found, Ranks)
    p = scikit_posthocs.posthoc_nemenyi_friedman(pd.DataFrame(values, columns=list(found_names())))
    for i, one in enumerate(found.models):
        for j, other in enumerate(found.models):
            joined = any(a <= min(i, j) and max(i, j) <= b for a, b in found.cliques) or i == j
            assert joined == (p.loc[one, other] >= 0.05)


def found_names() -> list[str]:
    return [f"m{i}" for i in range(5)]


def test_ties_share_ranks_and_all_ties_say_nothing() -> None:
    values = np.array([[0.5, 0.5, 0.4], [0.9, 0.8, 0.7], [0.3, 0.3 + 1e-16, 0.3]])
    found = rank(table(values))
    assert isinstance(found, Ranks)
    assert dict(zip(found.models, found.by_dataset, strict=True))["m0"] == (1.5, 1.0, 2.0)
    flat = rank(table(np.full((3, 3), 0.5)))
    assert isinstance(flat, Ranks)
    assert (flat.statistic, flat.p) == (0.0, 1.0)
    assert flat.cliques == [(0, 2)]


@pytest.mark.parametrize(
    ("datasets", "models", "said"),
    [(2, 4, "2 independent datasets with 4 models"), (3, 2, "3 independent datasets with 2 models"),
     (1, 1, "1 independent dataset with 1 model in"), (0, 0, "0 independent datasets")],
)  # fmt: skip
def test_too_little_is_refused(datasets: int, models: int, said: str) -> None:
    found = rank(table(np.random.default_rng(0).random((datasets, models))))
    assert isinstance(found, str)
    assert said in found
    assert "fewer than 3" in found


class TestCommonBlock:
    def test_most_datasets_come_first_then_most_models(self) -> None:
        measured = {
            "a": list("xyzw"), "b": list("wxyz"), "c": list("xyzw"), "d": list("xyz"), "e": ["x"],
        }  # fmt: skip
        assert common_block(measured) == (["a", "b", "c", "d"], ["x", "y", "z"])
        measured["d"] = ["x", "y"]
        assert common_block(measured) == (["a", "b", "c"], ["x", "y", "z", "w"])

    def test_without_a_block_all_are_named(self) -> None:
        assert common_block({"a": ["x", "y"], "b": ["y"]}) == (["a", "b"], ["y"])
        assert common_block({}) == ([], [])
