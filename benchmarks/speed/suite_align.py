"""The align stage as `fer-bench align` runs it, and its detector alone, for timing."""

from __future__ import annotations

import shutil
import time
from pathlib import Path

import numpy as np
import pandas as pd
from image_sources import Folder

from fer_bench.faces import chunks
from fer_bench.faces.align_job import AlignJob, AlignOptions, grouped, manifest
from fer_bench.faces.cascade import Cascade, Detections
from fer_bench.faces.proposals import SearchedImage


class Stage:
    """Reads, detects, cuts out, hashes and packs the images of a folder, in fresh processes.

    Args:
        root: the folder.
        table: its index.
        options, device: as the stage takes them.
        workers: processes.
        scratch: for chunks and packs.

    Attributes:
        startup: seconds of each run until its processes worked, which no run's time includes.
        numbers: (n, 16), what the last run recorded.
    """

    def __init__(
        self, root: Path, table: pd.DataFrame, options: AlignOptions, device: str, workers: int,
        scratch: Path,
    ) -> None:  # fmt: skip
        self._job = AlignJob(Folder(), root, {}, options, device)
        self._table, self._workers, self._scratch = table, workers, scratch
        self.startup: list[float] = []
        self.numbers = np.zeros((0, 16))

    def run(self) -> float:
        """Align all images; the seconds of it without the processes' start.

        By the time as many chunks are done as there are processes, each has started and done about
        one. The pace of the remaining images is that of all.
        """
        table, images = self._table, len(self._table)
        shutil.rmtree(self._scratch, ignore_errors=True)
        started = time.time()
        paths = chunks.run_chunks(self._job, table, self._scratch / "work", self._workers, "align")
        done = sorted(path.stat().st_mtime for path in paths)
        packing = time.perf_counter()
        size = self._job.options.size
        chunks.assemble(
            paths, self._scratch / "pack", images, lambda arrays: manifest(table, arrays, size)
        )
        packing = time.perf_counter() - packing
        begun = self._workers * chunks.CHUNK
        pace = (done[-1] - done[self._workers - 1]) / (images - begun)
        self.startup.append(max(0.0, done[self._workers - 1] - started - pace * begun))
        self.numbers = np.concatenate([np.load(path)["numbers"] for path in paths])
        return pace * images + packing


def search(cascade: Cascade, pictures: list[np.ndarray], options: AlignOptions) -> list[Detections]:
    """The faces of images as they are, found in the stage's groups."""
    found: list[Detections] = []
    for start in range(0, len(pictures), chunks.CHUNK):
        for group in grouped(pictures[start : start + chunks.CHUNK]):
            looks = [SearchedImage(cascade.areas(picture), options.min_face) for picture in group]
            found += cascade.find(looks)
    return found
