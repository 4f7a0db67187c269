"""Decode every image once before a set is accepted, and again when it is verified."""

from __future__ import annotations

import signal
import sys
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import get_context
from pathlib import Path
from typing import Any, NamedTuple, cast

import pandas as pd
from tqdm import tqdm

from fer_bench.cores import cores
from fer_bench.datasets.base import Source
from fer_bench.errors import FerBenchError

SHOWN = 5
CHUNK = 128
WORTH_PROCESSES = 2000
"""Fewer images are decoded before other processes have started."""

Rows = list[dict[str, Any]]


class Unreadable(NamedTuple):
    """An image that cannot be read: its path below the source's folder, and why."""

    path: str
    why: str


def check_images(
    source: Source,
    root: Path,
    index: pd.DataFrame,
    progress: bool = True,
    workers: int | None = None,
) -> list[Unreadable]:
    """Load each image as `align` will, of every kind of pixels; those that cannot be read.

    Args:
        source: whose they are.
        root: its folder.
        index: its rows, with the default pixels.
        progress: show a bar.
        workers: processes; None takes one a core where there are many images.

    Returns:
        In the order of the index.

    Raises:
        FerBenchError: a process died.
    """
    tables = [index, *_of_other_pixels(source, root, set(index["path"]))]
    total = sum(map(len, tables))
    if workers is None:
        workers = cores() if total >= WORTH_PROCESSES else 1
    bar = tqdm(desc=f"check {source.name}", total=total, unit=" images",
               disable=None if progress else True)  # fmt: skip
    with bar:
        if workers == 1:
            found = {}
            for number, rows in enumerate(_chunks(tables)):
                found[number] = _unreadable(source, root, rows)
                bar.update(len(rows))
        else:
            found = _in_processes(source, root, tables, workers, bar)
    return [image for number in sorted(found) for image in found[number]]


def _chunks(tables: list[pd.DataFrame]) -> Iterator[Rows]:
    """A few rows at a time: as dictionaries, all at once would take many times the memory."""
    for table in tables:
        for start in range(0, len(table), CHUNK):
            yield cast("Rows", table.iloc[start : start + CHUNK].to_dict("records"))


def _unreadable(source: Source, root: Path, rows: Rows) -> list[Unreadable]:
    bad = []
    for row in rows:
        try:
            source.load(root, row, {})
        except FerBenchError as error:
            bad.append(Unreadable(row["path"], str(error).replace(f"{root}/", "")))
    return bad


def _in_processes(
    source: Source, root: Path, tables: list[pd.DataFrame], workers: int, bar: Any
) -> dict[int, list[Unreadable]]:
    """`_unreadable` of every chunk by its number, with a short queue so that memory is bounded."""
    found: dict[int, list[Unreadable]] = {}
    running: dict[Future[list[Unreadable]], tuple[int, int]] = {}

    def collect() -> None:
        for future in wait(running, return_when=FIRST_COMPLETED).done:
            number, size = running.pop(future)
            found[number] = future.result()
            bar.update(size)

    # Forked processes start at once, but would inherit torch's pools of threads in a broken state.
    forked = sys.platform == "linux" and "torch" not in sys.modules
    pool = ProcessPoolExecutor(
        workers, mp_context=get_context("fork" if forked else "spawn"), initializer=_start,
        initargs=(source, root),
    )  # fmt: skip
    try:
        for number, rows in enumerate(_chunks(tables)):
            if len(running) >= 2 * workers:
                collect()
            running[pool.submit(_work, rows)] = number, len(rows)
        while running:
            collect()
    except BrokenProcessPool as error:
        raise FerBenchError(
            "a process that decodes images ended unexpectedly (out of memory?): try again."
        ) from error
    finally:
        pool.shutdown(wait=True, cancel_futures=True)
    return found


_job: tuple[Source, Path] | None = None


def _start(source: Source, root: Path) -> None:
    global _job
    _job = source, root
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's to handle


def _work(rows: Rows) -> list[Unreadable]:
    assert _job is not None
    return _unreadable(*_job, rows)


def _of_other_pixels(source: Source, root: Path, known: set[str]) -> list[pd.DataFrame]:
    """Rows of images that only another `pixels` than the default reads (photographs, uncut)."""
    tables = []
    for pixels in source.pixels[1:] if "official" in source.pixels else ():
        try:
            index = source.index(root, {"pixels": pixels})
        except FerBenchError:  # images of that kind were not given
            continue
        others = index[~index["path"].isin(known)]
        known |= set(others["path"])
        tables.append(others)
    return tables


def refusal(bad: list[Unreadable], what: str) -> str:
    """What to say of unreadable images: the first few, and how many there are."""
    more = f"\n  ... and {len(bad) - SHOWN} more" if len(bad) > SHOWN else ""
    return f"{what}\n  " + "\n  ".join(image.why for image in bad[:SHOWN]) + more


def leave_out(root: Path, index: pd.DataFrame, bad: list[Unreadable]) -> None:
    """Delete unreadable images below `root`, so that the source no longer lists them.

    Raises:
        FerBenchError: one of them is a part of a file that holds others.
    """
    holds, spoilt = Counter(index["path"]), Counter(image.path for image in bad)
    for image in bad:
        if holds[image.path] > spoilt[image.path]:
            raise FerBenchError(
                f"{image.why}\n{image.path} holds other images too, so none can be left out of "
                "it: get the file again."
            )
    for path in spoilt:
        (root / path).unlink()
