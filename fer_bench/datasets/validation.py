"""Carve a validation split out of train, where a set has none.

Selecting a model on faces of people it was trained on rewards memory of people, so whole subjects
are moved, and so that every class keeps its share, subjects are chosen by class counts.
"""

from __future__ import annotations

import hashlib
from typing import Any

import numpy as np
import pandas as pd

from fer_bench.errors import FerBenchError

Mask = np.ndarray[Any, np.dtype[np.bool_]]


def carve_validation(manifest: pd.DataFrame, fraction: float = 0.1, seed: int = 0) -> Mask:
    """Choose the training rows that become validation.

    Greedy: first every class that is not the property of one subject gets a subject (rarest class
    first); then subjects, in an order drawn from the seed, join while that brings the class counts
    closer to `fraction` of the training counts; rows without a subject (each its own group) fill
    what is missing of each class. The choice depends on the rows, not on their order.

    Args:
        manifest: columns `sample_id`, `label`, `subject` and `split`; only train rows are touched.
        fraction: wanted share of the training rows, in (0, 0.5].
        seed: draws the order.

    Returns:
        (N,) bool over the manifest's rows: never empty, subjects wholly in or out. A class is left
        without training rows only where no other choice exists.

    Raises:
        FerBenchError: fewer than two subjects to divide.
    """
    if not 0 < fraction <= 0.5:
        raise FerBenchError(f"validation fraction {fraction} is outside (0, 0.5]")
    rows = np.flatnonzero((manifest["split"] == "train").to_numpy())
    group = _groups(manifest.iloc[rows])
    if len(rows) == 0 or group.max() == 0:
        raise FerBenchError(
            "no validation split can be carved: the training rows hold fewer than two subjects. "
            "Use a larger set, or give it a validation split of its own."
        )
    labels = np.unique(manifest["label"].to_numpy()[rows], return_inverse=True)[1]
    counts = np.zeros((group.max() + 1, labels.max() + 1), dtype=np.int64)
    np.add.at(counts, (group, labels), 1)
    digest = hashlib.sha256(f"carve_validation {seed}".encode()).digest()
    order = np.random.default_rng(int.from_bytes(digest[:8], "big")).permutation(len(counts))
    chosen = np.zeros(len(manifest), dtype=np.bool_)
    chosen[rows] = _choose(counts[order], fraction)[np.argsort(order)][group]
    return chosen


def _groups(train: pd.DataFrame) -> np.ndarray:
    """(N,) group numbers in the order of the subjects' names, rows without one on their own."""
    subject = train["subject"]
    own = "row " + train["sample_id"].astype(str)
    key = ("subject " + subject.astype(str)).where(subject.notna(), own)
    return np.unique(key.to_numpy(dtype=str), return_inverse=True)[1]


def _choose(counts: np.ndarray, fraction: float) -> Mask:
    """(G,) bool: the groups, rows of `counts` (G, K), that make up the validation split."""
    total = counts.sum(axis=0)
    several = counts.sum(axis=1) > 1
    chosen = np.zeros(len(counts), dtype=np.bool_)
    taken = np.zeros_like(total)

    def take(candidates: np.ndarray, target: np.ndarray, whatever_it_costs: bool) -> None:
        """Take the candidate that helps most, or, if one must be taken, harms least."""
        nonlocal taken
        spare = (taken + counts[candidates] < total).all(axis=1, where=counts[candidates] > 0)
        candidates = candidates[spare]
        if len(candidates) == 0:
            return
        change = _deviation(taken + counts[candidates], target) - _deviation(taken, target)
        if whatever_it_costs or change.min() < 0:
            best = candidates[np.argmin(change)]
            chosen[best] = True
            taken = taken + counts[best]

    for k in np.argsort((counts > 0).sum(axis=0), kind="stable"):
        if taken[k] == 0:
            holders = np.flatnonzero((counts[:, k] > 0) & ~chosen)
            take(holders, fraction * total, whatever_it_costs=True)
    # Subjects of several rows aim at their own share only, which leaves the single rows, that fit
    # anywhere, to even out each class.
    share = fraction * counts[several].sum(axis=0)
    for g in np.flatnonzero(several & ~chosen):
        take(np.array([g]), share, whatever_it_costs=False)
    single = ~several & ~chosen
    for k in range(len(total)):
        missing = min(round(fraction * total[k]) - taken[k], total[k] - taken[k] - 1)
        members = np.flatnonzero(single & (counts[:, k] > 0))
        chosen[members[: max(0, missing)]] = True
    if not chosen.any():  # every subject is the only one of some class
        chosen[np.argmin(_deviation(counts, fraction * total))] = True
    return chosen


def _deviation(taken: np.ndarray, target: np.ndarray) -> np.ndarray:
    """Squared distance from the wanted counts, of each class and of all rows, each by its size."""
    size = target.sum()
    classes = ((taken - target) ** 2 / np.maximum(target, 1e-9)).sum(axis=-1)
    return np.asarray(classes + (taken.sum(axis=-1) - size) ** 2 / max(size, 1e-9))
