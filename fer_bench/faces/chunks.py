"""Long jobs over many images: several processes, a progress bar, and resuming after any end.

The rows are cut into chunks of fixed size. A finished chunk is one `.npz` file, written to a
temporary name and then renamed, in a working folder outside every DVC output; after an
interruption (also `kill -9`) only the missing chunks are computed. At the end the chunks are
streamed, in order, into the output folder. Chunk borders do not depend on the number of workers
and every process computes with one thread, so neither do the bytes.
"""

from __future__ import annotations

import os
import signal
import threading
import zipfile
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import connection, get_context, parent_process
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import pandas as pd
from tqdm import tqdm

from fer_bench.cores import cores
from fer_bench.datasets.pack import CRC, crc32, write_manifest
from fer_bench.errors import FerBenchError
from fer_bench.files import replacing, replacing_folder

CHUNK = 32
"""Images a chunk: about a second's work, so that is what a kill loses."""

CHUNKS_EACH = 8
"""Chunks that each process must have to do: to start one takes as long as five or more."""

Arrays = dict[str, np.ndarray]
Rows = list[dict[str, Any]]


class ChunkJob(ABC):
    """What to do with one chunk. Instances are sent to other processes, so they must pickle."""

    def prepare(self) -> None:
        """Build what is heavy (networks); called once in each process, before the first chunk."""
        return

    @abstractmethod
    def run(self, rows: Rows) -> Arrays:
        """Arrays with one entry a row, no object dtype; `faces` is (n, size, size, 3) uint8."""


def bytes_to_write(folder: Path, images: int, size: int) -> int:
    """About what a job still writes: its chunks that are not there yet, and the pack of all.

    Args:
        folder: the working folder, with finished chunks or without.
        images: how many there are in all.
        size: side of a face in pixels.
    """
    there = sum(path.stat().st_size for path in folder.glob("chunk_*.npz"))
    return max(0, 2 * images * 3 * size**2 - there)


def run_chunks(
    job: ChunkJob, table: pd.DataFrame, folder: Path, workers: int | None, title: str
) -> list[Path]:
    """Run `job` over the rows of `table`; returns the chunk files in order.

    Args:
        job: what to do.
        table: one row an image.
        folder: the working folder; chunks already there are kept.
        workers: processes; None takes one a CPU core this process may use, where there is enough
            to do for each. With 1 the work is done in this process.
        title: shown before the progress bar.

    Raises:
        FerBenchError: from the job, or when a worker process dies.
    """
    folder.mkdir(parents=True, exist_ok=True)
    starts = range(0, len(table), CHUNK)
    paths = [folder / f"chunk_{number:06d}.npz" for number in range(len(starts))]
    todo = [
        (path, start)
        for path, start in zip(paths, starts, strict=True)
        if not zipfile.is_zipfile(path)
    ]
    pending = ((path, _records(table.iloc[start : start + CHUNK])) for path, start in todo)
    missing = sum(min(CHUNK, len(table) - start) for _, start in todo)
    workers = min(workers or cores(), max(1, len(todo) // (1 if workers else CHUNKS_EACH)))
    with tqdm(
        total=len(table), initial=len(table) - missing, desc=title, unit=" images"
    ) as progress:
        if workers == 1:
            job.prepare()
            for path, rows in pending:
                _store(job, path, rows)
                progress.update(len(rows))
        else:
            _run_in_processes(job, pending, workers, progress.update)
    return paths


def _run_in_processes(
    job: ChunkJob,
    pending: Iterator[tuple[Path, Rows]],
    workers: int,
    advance: Callable[[int], Any],
) -> None:
    # spawn, not fork: a forked child inherits torch's and NumPy's thread pools in a broken state
    pool = ProcessPoolExecutor(
        workers, mp_context=get_context("spawn"), initializer=_start_worker, initargs=(job,)
    )
    running: set[Future[int]] = set()
    try:
        for path, rows in pending:
            if len(running) >= 2 * workers:  # a short queue keeps memory bounded
                running = _collect(running, advance)
            running.add(pool.submit(_run_in_worker, path, rows))
        while running:
            running = _collect(running, advance)
    except BrokenProcessPool as error:
        raise FerBenchError(
            "a worker process ended unexpectedly (out of memory?). Finished images are kept: run "
            "the same command again, with fewer workers."
        ) from error
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def _collect(running: set[Future[int]], advance: Callable[[int], Any]) -> set[Future[int]]:
    done, rest = wait(running, return_when=FIRST_COMPLETED)
    for future in done:
        advance(future.result())
    return rest


_job: ChunkJob | None = None
_prepared = False


def _start_worker(job: ChunkJob) -> None:
    global _job
    _job = job
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's to handle
    os.environ["OMP_NUM_THREADS"] = "1"  # before the first import of torch in this process
    parent = parent_process()
    if parent is not None:
        threading.Thread(target=_end_with, args=(parent.sentinel,), daemon=True).start()


def _end_with(sentinel: int) -> None:
    """End this process when its parent is gone: a killed parent cannot tell its workers."""
    connection.wait([sentinel])
    os._exit(1)


def _run_in_worker(path: Path, rows: Rows) -> int:
    global _prepared
    assert _job is not None
    if not _prepared:
        _job.prepare()
        _prepared = True
    _store(_job, path, rows)
    return len(rows)


def _store(job: ChunkJob, path: Path, rows: Rows) -> None:
    arrays = job.run(rows)
    with replacing(path) as temporary, open(temporary, "wb") as stream:
        np.savez(stream, **arrays)  # type: ignore[arg-type]


def _records(rows: pd.DataFrame) -> Rows:
    return [{str(k): v for k, v in row.items()} for row in rows.to_dict("records")]


def assemble(
    paths: list[Path],
    out: Path,
    rows: int,
    manifest: Callable[[Arrays], pd.DataFrame],
) -> None:
    """Stream chunk files into the pack folder `out`, which appears whole or not at all.

    Args:
        paths: the chunks in order.
        out: the pack's folder; replaced when it exists.
        rows: how many images the chunks hold together.
        manifest: makes the manifest from the chunks' arrays other than `faces`, joined.
    """
    columns: dict[str, list[np.ndarray]] = {}
    with replacing_folder(out) as temporary:
        with open(temporary / "faces.npy", "wb") as stream:
            for number, path in enumerate(paths):
                with np.load(path, allow_pickle=False) as chunk:
                    faces = chunk["faces"]
                    if number == 0:
                        _write_header(stream, (rows, *faces.shape[1:]))
                    # written, not mapped: mapped pages would stay in memory, up to the whole file
                    stream.write(faces.data)
                    columns.setdefault(CRC, []).append(crc32(faces))
                    for name in chunk.files:
                        if name != "faces":
                            columns.setdefault(name, []).append(chunk[name])
        assert sum(map(len, next(iter(columns.values())))) == rows
        joined = {name: np.concatenate(parts) for name, parts in columns.items()}
        described = manifest(joined).assign(**{CRC: joined[CRC]})
        write_manifest(temporary / "manifest.parquet", described)


def _write_header(stream: BinaryIO, shape: tuple[int, ...]) -> None:
    header = {"descr": "|u1", "fortran_order": False, "shape": shape}
    np.lib.format.write_array_header_1_0(stream, header)
