"""Ask whether a training that was stopped ends with the bits of one that was not, on this device.

    python benchmarks/speed/resume.py [--backbone NAME] [--size PX] [--batch B] [--batches N]
                                      [--precisions 32-true bf16-mixed] [--device cpu|cuda]
                                      [--out FOLDER]

SCAN-CCI is trained by the suite's own loop for two epochs of invented faces, deterministic, a
checkpoint after every step. Then again, but stopped in the second epoch: reading the faces fails. A
fresh process goes on from the checkpoint. Compared are the weights and logits of every selection
and the whole history. Writes results/speed/resume_<device>.json and .md.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import sys
import tempfile
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
import torch

sys.path.insert(0, str(Path(__file__).parent))
from invented_faces import invented_faces
from one_device import start
from options import given_device, network_options
from report import Page, write

from fer_bench import models
from fer_bench.training import checkpoint
from fer_bench.training.loop import fit
from fer_bench.training.recipe import Recipe
from fer_bench.training.state import Fit
from fer_bench.training.streams import CellStreams

EPOCHS, CLASSES = 2, 7
CELL = CellStreams("invented", "scan_cci", 0)
EQUAL = "equal to the bit"
ABOUT = [
    "Two epochs of SCAN-CCI on invented faces with the suite's loop, deterministic, once whole, "
    "and once stopped in the second epoch and gone on with in a fresh process: weights and logits "
    "of every selection and the history are compared.",
]


class UnreadableError(Exception):
    """Stands for whatever stops a training."""


class Failing:
    """Pixels that can be read so often and no more.

    Args:
        pixels: a pack's.
        reads: how often.
    """

    def __init__(self, pixels: Any, reads: int) -> None:
        self._pixels, self._left, self.shape = pixels, reads, pixels.shape

    def __getitem__(self, which: np.ndarray) -> np.ndarray:
        self._left -= 1
        if self._left < 0:
            raise UnreadableError
        return np.asarray(self._pixels[which])


@dataclass(frozen=True)
class Job:
    """One training, as another process can do it, too.

    Attributes:
        folder: with the faces, and for the checkpoints.
        count, size, batch: of the faces.
        backbone: of SCAN-CCI.
        device, threads, precision: of `compute`.
    """

    folder: Path
    count: int
    size: int
    batch: int
    backbone: str
    device: str
    threads: int
    precision: str

    def run(self, name: str, reads: int | None = None) -> tuple[str, str]:
        """Train, or go on from the checkpoint; the digest of the outcome, and whose Fabric it was.

        Args:
            name: of the folder of its checkpoints.
            reads: how many batches of train faces can be read before reading fails.

        Raises:
            UnreadableError: reading failed.
        """
        compute = {
            "device": self.device, "threads": self.threads, "precision": self.precision,
            "devices": 1, "compile": False, "fused": True, "sync_bn": False, "tf32": False,
            "deterministic": True,
        }  # fmt: skip
        fabric, whose = start(compute, CELL)
        model = models.build("scan_cci", CLASSES, backbone=self.backbone, size=self.size)
        with tempfile.TemporaryDirectory() as scratch, checkpoints_in(self.folder / name):
            train = invented_faces(self.count, self.size, Path(scratch))
            test = replace(train, rows=train.rows[: self.batch], labels=train.labels[: self.batch])
            if reads is not None:
                train = replace(train, pixels=Failing(train.pixels, reads))  # type: ignore[arg-type]
            recipe = Recipe(epochs=EPOCHS, batch_size=self.batch)
            result = fit(fabric, compute, model, train, None, test, recipe, CELL, CLASSES, "same")
        return digest(result), whose


@contextmanager
def checkpoints_in(folder: Path) -> Iterator[None]:
    """Checkpoints go there, one after every step."""
    given = {checkpoint.FOLDER: str(folder), checkpoint.EVERY: "0"}
    before = {key: os.environ.get(key) for key in given}
    os.environ.update(given)
    try:
        yield
    finally:
        for key, value in before.items():
            os.environ.pop(key) if value is None else os.environ.update({key: value})


def digest(result: Fit) -> str:
    """Of the weights' and logits' bytes of every selection, and of the history."""
    found = hashlib.sha256(repr(result.history).encode())
    for name, chosen in sorted(result.chosen.items()):
        found.update(f"{name} {chosen.epoch}".encode())
        found.update(b"" if chosen.logits is None else chosen.logits.tobytes())
        for key, value in chosen.weights.items():
            found.update(key.encode())
            found.update(value.contiguous().numpy().tobytes())
    return found.hexdigest()


def resumed(job: Job, reads: int) -> tuple[str, str]:
    """Stop in the second epoch, go on in a fresh process.

    Raises:
        RuntimeError: the training was not stopped, or left no checkpoint: nothing would be shown.
    """
    with suppress(UnreadableError):
        job.run("stopped", reads)
        raise RuntimeError(f"the training was not stopped after {reads} batches")
    if not list((job.folder / "stopped").rglob("newest.pt")):
        raise RuntimeError("the stopped training left no checkpoint to go on from")
    with ProcessPoolExecutor(1, get_context("spawn")) as pool:
        return pool.submit(job.run, "stopped").result()


def measure(given: argparse.Namespace, device: torch.device) -> Page:
    """Train whole, stopped, and on, in every precision."""
    found: dict[str, Any] = {}
    for precision in given.precisions:
        with tempfile.TemporaryDirectory() as folder:
            job = Job(
                Path(folder), given.batch * given.batches, given.size, given.batch, given.backbone,
                device.type, given.threads, precision,
            )  # fmt: skip
            whole, found["Fabric"] = job.run("whole")
            again, _ = resumed(job, given.batches + max(1, given.batches // 2))
        found[f"{precision}, stopped and gone on with"] = EQUAL if whole == again else "**differs**"
    keys = ("backbone", "size", "batch", "batches")
    settings = {key: getattr(given, key) for key in keys}
    return Page("resume", "Bits of a resumed training", ABOUT, [], settings, found=found)


def main() -> None:
    """Measure and write; ends with status 1 where bits differ."""
    given = arguments()
    device = given_device(given)
    page = measure(given, device)
    write(page, device, given.out)
    if not all_equal(page):
        raise SystemExit(1)


def all_equal(page: Page) -> bool:
    """Whether every precision's bits are equal."""
    return all(value == EQUAL for key, value in page.found.items() if key != "Fabric")


def arguments(given: list[str] | None = None) -> argparse.Namespace:
    """Those of the command line, or the ones given."""
    parser = network_options(__doc__, batch=64, faces=0)
    parser.add_argument("--batches", type=int, default=3, help="an epoch (default: %(default)s)")
    parser.add_argument("--precisions", nargs="+", default=["32-true", "bf16-mixed"])
    return parser.parse_args(given)


if __name__ == "__main__":
    main()
