"""Random streams that depend on nothing but the words that name them."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from random import Random
from typing import TypeVar

import numpy as np

T = TypeVar("T")


def _digest(names: tuple[object, ...]) -> int:
    text = "\x1f".join(str(n) for n in names)
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:16], "big")


def scalars(*names: object) -> Random:
    """A stream of Python numbers; its `random()` is the same on every Python version."""
    return Random(_digest(names))


def arrays(*names: object) -> np.random.Generator:
    """A stream of NumPy arrays, for pixel noise."""
    return np.random.Generator(np.random.PCG64(_digest(names)))


def between(stream: Random, low: float, high: float) -> float:
    """A uniform draw from [low, high)."""
    return low + (high - low) * stream.random()


def bell(stream: Random, centre: float, spread: float) -> float:
    """A bell-shaped draw (sum of three uniforms) within `centre` ± 1.5 `spread`, std spread / 2."""
    return centre + spread * (stream.random() + stream.random() + stream.random() - 1.5)


def pick(stream: Random, items: Sequence[T]) -> T:
    """One of `items`, each as likely."""
    return items[int(stream.random() * len(items))]
