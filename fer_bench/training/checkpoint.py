"""Files a training goes on from after it was stopped: whole, of the same cell, never half-written.

They lie in `runs/.checkpoints`, outside every DVC out, or where FER_BENCH_CHECKPOINTS says, one
folder a cell with its newest and its previous checkpoint. One is written when a minute has passed
since the last (FER_BENCH_CHECKPOINT_SECONDS; 0: after every step), so that short cells write none.
"""

from __future__ import annotations

import hashlib
import io
import logging
import os
import pickle
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import torch

from fer_bench.errors import FerBenchError
from fer_bench.files import replacing, write_json
from fer_bench.training.checkpoint_files import FOLDER, root

log = logging.getLogger(__name__)
SECONDS = 60.0
PROGRESS_SECONDS = 30.0
EVERY = "FER_BENCH_CHECKPOINT_SECONDS"
_DIGEST = hashlib.sha256().digest_size


class Checkpoints:
    """The checkpoints of one training.

    Args:
        name: the cell's, `<dataset>/<model>/<seed>[/fold<k>]`; its folder below `root()`.
        key: hash of code, params and data: a checkpoint of another one is not taken.
        writes: whether this process writes; of several that train one cell only the first does.
    """

    def __init__(self, name: str, key: str, writes: bool = True) -> None:
        self.folder = root() / name
        self._name, self._key, self._writes = name, key, writes
        self._every = _every()
        self._began = self._saved = self._told = time.monotonic()

    def load(self) -> dict[str, Any] | None:
        """The newest whole state of this key; the one before where the newest is damaged.

        Raises:
            FerBenchError: a checkpoint is there but may not be read.
        """
        for file in (self.folder / "newest.pt", self.folder / "previous.pt"):
            try:
                content = _read(file)
            except FileNotFoundError:
                continue
            except OSError as error:
                raise FerBenchError(
                    f"the checkpoint {file} cannot be read ({error.strerror or error}): make it "
                    "readable, or remove it to train from the start"
                ) from error
            except (ValueError, RuntimeError, EOFError, KeyError, pickle.PickleError) as error:
                log.warning("%s is damaged (%s): trying the one before it", file, error)
                if self._writes:  # out of the way, or the next one saved would push a good one out
                    os.replace(file, self.folder / "damaged.pt")
                continue
            if content["key"] == self._key:
                return dict(content["state"])
            log.info("%s is of other code, params or data: not used", file)
        return None

    def due(self) -> bool:
        """Whether it is time to save."""
        return self._writes and time.monotonic() - self._saved >= self._every

    def save(self, state: dict[str, Any]) -> None:
        """Write a state; the newest one becomes the previous one.

        Args:
            state: tensors, numbers, texts, lists and dicts.

        Raises:
            FerBenchError: the disk is full or the folder cannot be written.
        """
        if not self._writes:
            return
        newest = self.folder / "newest.pt"
        try:
            with replacing(newest) as temporary:  # a name of this process: another may train it too
                _write(temporary, {"key": self._key, "state": state})
                with suppress(FileNotFoundError):
                    os.replace(newest, self.folder / "previous.pt")
            _sync(self.folder)
        except OSError as error:
            raise FerBenchError(
                f"the checkpoint {newest} cannot be written ({error.strerror or error}): free "
                f"space, make the folder writable, or set {FOLDER} to another folder; then run "
                "again, and training goes on from the last whole checkpoint"
            ) from error
        self._saved = time.monotonic()

    def tell(self, epoch: int, epochs: int, step: int, steps: int, now: bool = False) -> None:
        """Write `progress.json` for those who watch, at most twice a minute unless `now`."""
        clock = time.monotonic()
        due = now or clock - self._told >= min(self._every, PROGRESS_SECONDS)
        if not (self._writes and due):
            return
        self._told = clock
        progress = {
            "cell": self._name, "epoch": epoch, "epochs": epochs, "step": step, "steps": steps,
            "seconds": round(clock - self._began, 1), "updated": round(time.time(), 1),
        }  # fmt: skip
        try:
            write_json(self.folder / "progress.json", progress)
        except OSError as error:
            log.warning("%s cannot be written: %s", self.folder / "progress.json", error)


def _every() -> float:
    given = os.environ.get(EVERY, str(SECONDS))
    try:
        seconds = float(given)
    except ValueError:
        seconds = -1
    if not seconds >= 0:
        raise FerBenchError(f"{EVERY} must be a number of seconds, 0 or more, not {given!r}")
    return seconds


def _write(file: Path, content: dict[str, Any]) -> None:
    buffer = io.BytesIO()
    torch.save(content, buffer)
    data = buffer.getbuffer()
    with open(file, "wb") as stream:
        stream.write(hashlib.sha256(data).digest())
        stream.write(data)
        stream.flush()
        os.fsync(stream.fileno())


def _read(file: Path) -> dict[str, Any]:
    data = memoryview(file.read_bytes())
    if hashlib.sha256(data[_DIGEST:]).digest() != bytes(data[:_DIGEST]):
        raise ValueError("its bytes do not fit its checksum")
    content: dict[str, Any] = torch.load(
        io.BytesIO(data[_DIGEST:]), map_location="cpu", weights_only=True
    )
    return content


def _sync(folder: Path) -> None:
    """Make the renaming itself survive a power cut, where folders can be synced."""
    try:
        handle = os.open(folder, os.O_RDONLY)
    except OSError:
        return  # Windows
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
