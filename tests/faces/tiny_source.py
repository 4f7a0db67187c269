"""A source of small pictures for tests; importable, so that worker processes can use it."""

import os
import time
from pathlib import Path

import numpy as np
import pandas as pd

from fer_bench.datasets.base import Source


class TinySource(Source):
    name = "tiny"
    title = "Tiny"
    licence = "none"
    homepage = ""
    how_to_get = "fer-bench data add tiny"

    def __init__(self, rows=20, log=None, delay=0.0, unreadable=None):
        self.rows, self.log, self.delay, self.unreadable = rows, log, delay, unreadable

    def index(self, root, options):
        n = self.rows
        return pd.DataFrame(
            {
                "sample_id": [f"t{i:03d}" for i in range(n)],
                "label": [i % 7 for i in range(n)],
                "split": ["train", "test"] * (n // 2) + ["train"] * (n % 2),
                "subject": [None if i % 5 == 0 else f"s{i % 4}" for i in range(n)],
                "fold": None,
                "path": [f"someone_{i}.jpg" for i in range(n)],
                "light": np.linspace(0, 1, n),
            }
        )

    def load(self, root, row, options):
        if self.log:  # one line a load, so that a test can count them over processes
            with open(self.log, "a") as stream:
                stream.write(f"{os.getpid()} {row['sample_id']}\n")
        time.sleep(self.delay)
        number = int(row["sample_id"][1:])
        if number == self.unreadable:
            raise OSError("image file is truncated")
        rng = np.random.default_rng(number)
        return rng.integers(0, 256, (30 + number % 3, 40, 3), dtype=np.uint8)


def spec(pixels="resize", size=16, pack="tiny", **more):
    return {
        "pack": pack,
        "source": "tiny",
        "mask_style": None,
        "root": "data/raw/tiny",
        "source_options": {},
        "options": {"size": size, "pixels": pixels},
        **more,
    }


def loads(log):
    path = Path(log)
    return [line.split() for line in path.read_text().splitlines()] if path.exists() else []
