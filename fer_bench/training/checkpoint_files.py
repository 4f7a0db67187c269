"""Where checkpoints lie, and their end; without torch."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

FOLDER = "FER_BENCH_CHECKPOINTS"
FILES = ("newest.pt", "previous.pt", "damaged.pt", "progress.json")


def root() -> Path:
    """The folder that holds the checkpoints of every cell."""
    return Path(os.environ.get(FOLDER, "runs/.checkpoints"))


def forget(cell: Path) -> None:
    """Remove the checkpoints of a recorded cell, its folds' included, and nothing else.

    Args:
        cell: its folder below `root()`.
    """
    for folder in [*cell.glob("fold*"), cell]:
        for file in [
            *map(folder.joinpath, FILES),
            *folder.glob(".newest.*"),
            *folder.glob(".progress.*"),
        ]:
            file.unlink(missing_ok=True)
        with suppress(OSError):  # not empty: somebody keeps other things there
            folder.rmdir()
