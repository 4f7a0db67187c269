"""Bring the files that a source collected into the folder that will be its own."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from tqdm import tqdm

from fer_bench.datasets.receivable import Collected
from fer_bench.errors import FerBenchError
from fer_bench.files import check_room
from fer_bench.receiving.inputs import Given


def keep(collected: Collected, given: Given, workshop: Path, kept: Path, progress: bool) -> None:
    """Move what lies in our own `workshop`, copy what is somebody else's.

    Args:
        collected: where each file goes below `kept`, and where it is.
        given: what links may lead into.
        workshop: the temporary folder that holds what was unpacked.
        kept: the folder to make.
        progress: show a bar.

    Raises:
        FerBenchError: a link leads out of what was given, a file cannot be read, or the disk is
            too small.
    """
    inside = [path.resolve() for path in (*given.folders, *given.files)]
    ours = [file.is_relative_to(workshop) for file in collected.values()]
    foreign = [file for file, own in zip(collected.values(), ours, strict=True) if not own]
    for file in foreign:
        _check(file, inside)
    check_room(kept.parent, sum(file.stat().st_size for file in foreign), "a copy of the files")
    kept.mkdir()
    bar = tqdm(
        zip(collected.items(), ours, strict=True), total=len(collected), desc="copy",
        unit=" files", disable=None if progress else True,
    )  # fmt: skip
    for (target, file), own in bar:
        (kept / target).parent.mkdir(parents=True, exist_ok=True)
        try:
            if own:
                os.replace(file, kept / target)
            else:
                shutil.copyfile(file, kept / target)
        except OSError as error:
            raise FerBenchError(
                f"{file} could not be copied to {kept.parent.parent} ({error.strerror or error}): "
                "nothing was kept; put that right, then run the same command again"
            ) from error


def _check(file: Path, inside: list[Path]) -> None:
    if file.is_symlink() and not any(file.resolve().is_relative_to(folder) for folder in inside):
        raise FerBenchError(
            f"{file} is a link that leads out of the folder: put the file itself there."
        )
    if not file.is_file():
        raise FerBenchError(f"{file} is no file but a broken link, pipe or device: take it out.")
