"""Trainings of SCAN-CCI in this process, timed by the epoch: what `training.py` starts and reads.

python one_training.py FOLDER SETTINGS, with the checkout to be timed on PYTHONPATH. Prints JSON:
CPU seconds of an epoch of steps alone, of one with its prediction passes, and of the first epoch
beyond that (what a process pays once), and the largest memory in MiB.
"""

from __future__ import annotations

import json
import os
import resource
import statistics
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from fer_bench import models
from fer_bench.training import streams
from fer_bench.training.batches import Faces
from fer_bench.training.loop import fit
from fer_bench.training.recipe import Recipe
from fer_bench.training.setup import start

NAMES = ("CellStreams", "Cell")
"""Of a cell's streams, now and in checkouts of before."""
CELL = next(vars(streams)[n] for n in NAMES if n in vars(streams))("invented", "scan_cci", 0)


def epochs_of(
    given: dict[str, Any], train: Faces, val: Faces | None, test: Faces | None, folder: Path
) -> list[float]:
    """CPU seconds of each epoch, and of what follows it until the next one begins."""
    os.environ["FER_BENCH_CHECKPOINTS"] = str(folder / "checkpoints")
    os.environ["FER_BENCH_CHECKPOINT_SECONDS"] = "1e9"  # never
    of = Recipe.of if hasattr(Recipe, "of") else Recipe().with_
    recipe = of(given["recipe"])
    recipe = replace(recipe, epochs=given["epochs"] + 1)
    fabric = start(given["compute"], CELL)
    model = models.build("scan_cci", 7, backbone=given["backbone"], size=train.pixels.shape[1])
    begun: list[float] = []
    start_epoch = model.start_epoch

    def noted(epoch: int) -> None:
        begun.append(time.process_time())
        start_epoch(epoch)

    model.start_epoch = noted  # type: ignore[method-assign]
    fit(fabric, given["compute"], model, train, val, test, recipe, CELL, 7, "timed")
    begun.append(time.process_time())
    return np.diff(begun).tolist()


def faces_in(folder: Path, first: int, count: int) -> Faces:
    """Some of the invented faces, memory-mapped as a pack's."""
    pixels, labels = np.load(folder / "faces.npy", mmap_mode="r"), np.load(folder / "labels.npy")
    rows = np.arange(first, first + count)
    return Faces(pixels, rows, labels[rows], rows.astype(str), rows)


def main() -> None:
    """Time and print."""
    folder, given = Path(sys.argv[1]), json.loads(sys.argv[2])
    train, val, test = given["train"], given["val"], given["test"]
    parts = [
        faces_in(folder, first, count)
        for first, count in ((0, train), (train, val), (train + val, test))
    ]
    first, *steps = epochs_of(given, parts[0], None, None, folder)
    _, *cell = epochs_of(given, *parts, folder)
    found = {
        "steps": statistics.mean(steps), "cell": statistics.mean(cell),
        "once": first - statistics.mean(steps),
        "peak_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }  # fmt: skip
    print(json.dumps(found))


if __name__ == "__main__":
    main()
