"""A pack of invented faces: smooth random pictures, which JPEG and PIL treat like photographs."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image

from fer_bench.training.batches import Faces


def invented_faces(count: int, size: int, folder: Path) -> Faces:
    """`count` pictures of `size` pixels in a memory-mapped file, as a split's `Faces`."""
    rng = np.random.default_rng(0)
    coarse = rng.integers(0, 256, (count, 12, 12, 3), np.uint8)
    folder.mkdir(parents=True, exist_ok=True)
    pixels = np.lib.format.open_memmap(
        folder / "faces.npy", mode="w+", dtype=np.uint8, shape=(count, size, size, 3)
    )
    for row, small in zip(pixels, coarse, strict=True):
        row[:] = Image.fromarray(small).resize((size, size), Image.Resampling.BICUBIC)
    pixels.flush()
    rows = np.arange(count)
    labels = rng.integers(0, 7, count)
    mapped = np.load(folder / "faces.npy", mmap_mode="r")
    return Faces(mapped, rows, labels, rows.astype(str), rows)
