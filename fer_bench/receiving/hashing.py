"""SHA-256 of large files and of folders, with something to watch meanwhile."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path, PurePosixPath
from typing import NamedTuple

from tqdm import tqdm

from fer_bench.files import sha256_file

CHUNK = 1 << 22


class Kept(NamedTuple):
    """All files of a folder: how many, how large, and one hash of their names and contents."""

    files: int
    bytes: int
    sha256: str


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


def tree_sha256(root: Path, progress: bool = True) -> Kept:
    """Every file below `root`, and one SHA-256 over their (content hash, relative path) pairs.

    Args:
        root: the folder; hidden files count like others.
        progress: show a bar.
    """
    files = sorted(
        PurePosixPath(Path(place).relative_to(root).as_posix()) / name
        for place, _, names in os.walk(root)
        for name in names
    )
    total, size = hashlib.sha256(), 0
    bar = tqdm(files, desc="hash files", unit=" files", delay=1, disable=None if progress else True)
    for path in bar:
        total.update(f"{sha256_file(root / path)}  {path}\n".encode())
        size += (root / path).stat().st_size
    return Kept(len(files), size, total.hexdigest())
