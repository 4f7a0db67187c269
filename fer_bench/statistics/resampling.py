"""Bootstrap resamples of a track's faces, and of each row's seeds.

`scipy.stats.bootstrap` draws anew for every statistic; 435 pairs of 30 models would cost it
minutes. Here every replicate is a vector of weights (how often each face was drawn) that all rows
share, and a statistic of all rows and replicates is one matrix product. Weights and answers are
small whole numbers, so the single-precision products are exact: equal bits on every machine. The
tests compare the result with SciPy's.

Efron and Tibshirani (1993), An Introduction to the Bootstrap, chapters 6, 13 and 16.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from functools import lru_cache

import numpy as np

REPLICATES = 10_000
"""So many that the ends of a 95 % interval wander by less than 3 % of a standard error from one
seed to the next."""

SEED = 20_250
BLOCK_FLOATS = 4_000_000
"""Weights held at a time, 16 MB as single precision."""

KEPT_BYTES = 64_000_000
"""Sets of up to so many replicates times faces keep their resamples, a byte each."""


def weights(n: int, replicates: int = REPLICATES) -> Iterator[np.ndarray]:
    """Blocks (b, n) float32 of how often each face was drawn, n faces in every replicate."""
    small = n * replicates <= KEPT_BYTES
    for block in (_kept if small else _drawn)(n, replicates):
        yield block.astype(np.float32)


@lru_cache(maxsize=2)
def _kept(n: int, replicates: int) -> list[np.ndarray]:
    """The blocks of `_drawn`, for the next track with as many faces: drawing takes longest."""
    return list(_drawn(n, replicates))


def _drawn(n: int, replicates: int) -> Iterator[np.ndarray]:
    draw = np.random.default_rng([SEED, n])
    for size in _blocks(n, replicates):
        # A face is drawn once on average; 255 times would be one chance in 10 ** 500.
        yield _counts(draw, n, size).astype(np.uint8)


def stratified_weights(true: np.ndarray, replicates: int = REPLICATES) -> Iterator[np.ndarray]:
    """The same with every class drawn for itself, so that none vanishes or changes its size.

    Args:
        true: (n,) classes, rising.
        replicates: how many rows in all.
    """
    sizes = np.bincount(true)
    draw = np.random.default_rng([SEED, len(true), 1])
    for size in _blocks(len(true), replicates):
        yield np.hstack([_counts(draw, int(n), size) for n in sizes if n])


def seed_shares(name: str, seeds: int, replicates: int = REPLICATES) -> np.ndarray:
    """(replicates, seeds): the share that each seed has in a replicate's mean.

    S - 1 of S seeds are drawn with replacement: with so few, drawing S would make the spread too
    small by the factor (S - 1) / S (Rao and Wu 1988, Resampling inference with complex survey data,
    J. Am. Stat. Assoc. 83, 231-241, with samples one smaller than the stratum).

    Every row draws for itself, by its name: two networks do not become alike because their runs
    were given the same number. The number fixes initial weights and the order of the faces; the
    first have other shapes in another model, and if the second makes two runs a little alike, an
    independent draw makes the interval of a difference too wide, not too narrow.
    """
    drawn = max(1, seeds - 1)
    entropy = int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], "big")
    draw = np.random.default_rng([SEED, entropy])
    return _counts(draw, seeds, replicates, drawn) / drawn


def _blocks(n: int, replicates: int) -> Iterator[int]:
    size = max(1, BLOCK_FLOATS // n)
    for start in range(0, replicates, size):
        yield min(size, replicates - start)


def _counts(draw: np.random.Generator, n: int, rows: int, drawn: int | None = None) -> np.ndarray:
    picked = draw.integers(0, n, size=(rows, n if drawn is None else drawn))
    picked += np.arange(rows)[:, None] * n
    return np.bincount(picked.ravel(), minlength=rows * n).reshape(rows, n).astype(np.float32)
