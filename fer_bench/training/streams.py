"""Every random stream of a cell, seeded from (cell, purpose)."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class CellStreams:
    """One cell of the benchmark: a dataset, a row name and a seed, and in cross-validation a fold.

    Its text, `<dataset>/<model>/<seed>` or `<dataset>/<model>/<seed>/fold<k>`, seeds its streams.
    """

    dataset: str
    model: str
    seed: int
    fold: int | None = None

    def stream(self, purpose: str) -> int:
        """A 63-bit seed for one purpose (`weights`, `order`, `augmentation`, ...).

        Streams of different purposes are independent: adding one never shifts another.
        """
        key = f"{self}/{purpose}".encode()
        return int.from_bytes(hashlib.sha256(key).digest()[:8], "big") >> 1

    def generator(self, purpose: str) -> np.random.Generator:
        """A NumPy generator for one purpose."""
        return np.random.default_rng(self.stream(purpose))

    def __str__(self) -> str:
        name = f"{self.dataset}/{self.model}/{self.seed}"
        return name if self.fold is None else f"{name}/fold{self.fold}"
