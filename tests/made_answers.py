"""Score files' parts made from answers, without a model."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from fer_bench.labels import SEVEN
from fer_bench.statistics.track import Track, tracks
from fer_bench.statistics.units import Units

FACES = "0123456789abcdef"


def part(
    true: Sequence[int], predicted: Sequence[int], classes: Sequence[str] = SEVEN,
    faces: str = FACES,
) -> dict[str, Any]:  # fmt: skip
    """What a score file says of a part; `true` must rise."""
    true_, predicted_ = np.asarray(true), np.asarray(predicted)
    k = len(classes)
    confusion = np.bincount(true_ * k + predicted_, minlength=k * k).reshape(k, k)
    counts = confusion.sum(axis=1).tolist()
    right = int((true_ == predicted_).sum())
    return {
        "n": len(true_), "accuracy": right / len(true_) if len(true_) else None,
        "n_per_class": dict(zip(classes, counts, strict=True)),
        "confusion": confusion.tolist(),
        "answers": "".join(map(str, predicted_)), "faces_sha256": faces,
    }  # fmt: skip


def wrong_where(true: np.ndarray, wrong: np.ndarray) -> np.ndarray:
    """Predictions that miss where `wrong` and are right elsewhere."""
    return np.where(wrong, (true + 1) % len(SEVEN), true)


def track_of(
    wrong: dict[str, Sequence[Any]],
    true: np.ndarray,
    faces: str = FACES,
    person: np.ndarray | None = None,
) -> Track:
    """A track of rows, each given by where its seeds 0, 1, ... were wrong.

    Args:
        wrong: by row and seed.
        true: (n,) classes, rising.
        faces: their hash.
        person: (n,) who is on each face, all known; None: nobody knows.
    """
    parts = {
        name: [(seed, part(true, wrong_where(true, np.asarray(w, dtype=bool)), faces=faces))
               for seed, w in enumerate(seeds)]
        for name, seeds in wrong.items()
    }  # fmt: skip
    units = Units.single(len(true))
    if person is not None:
        units = Units.of(person, np.ones(len(person), bool))
    found, left = tracks(parts, "a set", dict.fromkeys(parts, units))
    assert not left
    assert len(found) == 1
    return found[0]


def classes_of(n: int, k: int = 7) -> np.ndarray:
    """n true classes, as equally many of each as can be."""
    return np.sort(np.arange(n) % k)


def simulated(
    n: int, rows: dict[str, float], seeds: int, draw: np.random.Generator,
    between_seeds: float = 0.0,
) -> dict[str, list[np.ndarray]]:  # fmt: skip
    """Where rows of different skill were wrong: faces are easy or hard for all of them alike."""
    ease = draw.normal(0.9, 1.0, n)
    return {
        name: [
            ease + skill + draw.normal(0, between_seeds) + draw.normal(0, 0.7, n) < 0
            for _ in range(seeds)
        ]
        for name, skill in rows.items()
    }
