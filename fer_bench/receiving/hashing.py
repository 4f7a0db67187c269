"""SHA-256 of large files, with something to watch meanwhile."""

from __future__ import annotations

import hashlib
from pathlib import Path

from tqdm import tqdm

CHUNK = 1 << 22


def sha256_watched(path: Path, progress: bool = True) -> str:
    """SHA-256 of a file's bytes, as hex, with a bar for the size."""
    total = hashlib.sha256()
    size = path.stat().st_size
    with (
        open(path, "rb") as stream,
        tqdm(desc=f"hash {path.name}", total=size, unit="B", unit_scale=True, delay=1,
             disable=None if progress else True) as bar,
    ):  # fmt: skip
        while chunk := stream.read(CHUNK):
            total.update(chunk)
            bar.update(len(chunk))
    return total.hexdigest()
