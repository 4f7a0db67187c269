"""Models ranked across datasets: Friedman's test and Nemenyi's critical difference.

Demšar (2006), Statistical comparisons of classifiers over multiple data sets, J. Mach. Learn. Res.
7, 1-30. SciPy has the tests' distributions; scikit-posthocs, slower to import, gives the same pairs
(the tests compare them).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

ALPHA = 0.05
FEWEST = 3
"""Datasets, and models, below which nothing is ranked."""


@dataclass(frozen=True)
class Ranks:
    """Average ranks of k models over N datasets; rank 1 is the best.

    Attributes:
        models: best first.
        ranks: their average ranks, ties shared.
        datasets: what they were ranked on.
        by_dataset: (models, datasets) ranks.
        statistic: Friedman's chi-squared, corrected for ties.
        p: its probability if all models were equally good.
        critical_difference: average ranks nearer than this are not told apart (Nemenyi, 5 %).
    """

    models: tuple[str, ...]
    ranks: tuple[float, ...]
    datasets: tuple[str, ...]
    by_dataset: tuple[tuple[float, ...], ...]
    statistic: float
    p: float
    critical_difference: float

    @property
    def cliques(self) -> list[tuple[int, int]]:
        """First and last index of each longest run of models that are not told apart."""
        found: list[tuple[int, int]] = []
        for i, rank in enumerate(self.ranks):
            near = [r for r in self.ranks[i:] if r - rank < self.critical_difference]
            last = i + len(near) - 1
            if last > i and (not found or last > found[-1][1]):
                found.append((i, last))
        return found


def rank(scores: Mapping[str, Mapping[str, float]]) -> Ranks | str:
    """Rank models that were all measured on all datasets.

    Args:
        scores: by dataset, by model: higher is better; every dataset has the same models.

    Returns:
        The ranks, or a sentence that says why there are none.
    """
    datasets = list(scores)
    models = list(scores[datasets[0]]) if datasets else []
    if len(datasets) < FEWEST or len(models) < FEWEST:
        return refusal(len(datasets), len(models))
    from scipy.stats import friedmanchisquare, rankdata

    table = np.array([[scores[d][m] for m in models] for d in datasets])
    ranked = rankdata(-table.round(12), axis=1)  # the last bits of a mean break no tie
    average = ranked.mean(axis=0)
    statistic, p = _friedman(friedmanchisquare, table.round(12))
    order = sorted(range(len(models)), key=lambda i: (average[i], models[i]))
    return Ranks(
        tuple(models[i] for i in order),
        tuple(float(average[i]) for i in order),
        tuple(datasets),
        tuple(tuple(float(r) for r in ranked[:, i]) for i in order),
        statistic,
        p,
        critical_difference(len(models), len(datasets)),
    )


def refusal(datasets: int, models: int) -> str:
    """Why so few are not ranked."""
    return (
        f"Not ranked: {datasets} independent dataset{'s' * (datasets != 1)} with {models} "
        f"model{'s' * (models != 1)} in common. With fewer than {FEWEST} of either, average ranks "
        "say nothing about other datasets (Demšar 2006); compare inside a dataset instead."
    )


def critical_difference(models: int, datasets: int) -> float:
    """Nemenyi's, at 5 %: q * sqrt(k (k + 1) / (6 N)), Demšar (2006), section 3.2.2."""
    from scipy.stats import studentized_range

    q = studentized_range.ppf(1 - ALPHA, models, math.inf) / math.sqrt(2)
    return float(q * math.sqrt(models * (models + 1) / (6 * datasets)))


def _friedman(test: object, table: np.ndarray) -> tuple[float, float]:
    if (table == table[:, :1]).all():
        return 0.0, 1.0  # nothing but ties, where the statistic is 0 / 0
    statistic, p = test(*table.T)  # type: ignore[operator]
    return float(statistic), float(p)


def common_block(measured: Mapping[str, Sequence[str]]) -> tuple[list[str], list[str]]:
    """The datasets and models to rank: most datasets that at least 3 models share.

    Args:
        measured: by dataset, the models measured on it.

    Returns:
        Datasets and models in the order given; of equally many datasets, those with more models in
        common. Where fewer than 3 models share 3 datasets: every dataset and what all share.
    """
    from itertools import combinations

    datasets = list(measured)
    best: tuple[list[str], list[str]] | None = None
    for size in range(len(datasets), FEWEST - 1, -1):
        for some in combinations(datasets, size):
            shared = _shared(measured, some)
            if len(shared) >= FEWEST and (best is None or len(shared) > len(best[1])):
                best = (list(some), shared)
        if best:
            return best
    return datasets, _shared(measured, datasets)


def _shared(measured: Mapping[str, Sequence[str]], datasets: Sequence[str]) -> list[str]:
    if not datasets:
        return []
    first, *others = datasets
    return [m for m in measured[first] if all(m in measured[d] for d in others)]
