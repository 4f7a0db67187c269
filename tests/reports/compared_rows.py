"""Rows with answers, written by hand: who was wrong on which faces."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from made_scores import made_row

from fer_bench.reports.row import Row

CLASSES = ("neutral", "happiness")
TRAINED = {"n": {"train": 100}, "backbone": "toy", "size": 8, "epochs": 1}


def part(wrong: Sequence[int], n: int, faces: str | None, happy: int | None = None) -> Any:
    """METRICS of n faces, the last `happy` of them happy (half by default)."""
    happy = n // 2 if happy is None else happy
    true = np.r_[np.zeros(n - happy, int), np.ones(happy, int)]
    given = true.copy()
    given[list(wrong)] = 1 - given[list(wrong)]
    confusion = np.bincount(true * 2 + given, minlength=4).reshape(2, 2)
    found: dict[str, Any] = {
        "n": n, "accuracy": 1 - len(wrong) / n, "confusion": confusion.tolist(),
        "n_per_class": dict(zip(CLASSES, [n - happy, happy], strict=True)),
    }  # fmt: skip
    if faces:
        digest = hashlib.sha256(faces.encode()).hexdigest()[:16]
        found |= {"answers": "".join(map(str, given)), "faces_sha256": digest}
    return found


def row(
    model: str, parts: Sequence[Mapping[str, Any]], dataset: str = "synthetic",
    folds: Any = None, set_: str | None = None,
) -> Row:  # fmt: skip
    """A row of which each seed has the given parts of one set."""
    set_ = set_ or dataset
    cells = tuple(
        {"seed": seed, "folds": folds, "training": TRAINED, "sets": {set_: {"last": dict(found)}}}
        for seed, found in enumerate(parts)
    )  # fmt: skip
    return made_row(dataset, model, cells, frozenset({dataset, set_}))
