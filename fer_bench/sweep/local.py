"""Places on this machine: processes side by side in this checkout."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Protocol

import psutil

from fer_bench.cores import cores
from fer_bench.errors import FerBenchError
from fer_bench.sweep.forked import Forked, start_server
from fer_bench.sweep.worker import Look, Work
from fer_bench.training.checkpoint_files import forget

HERE = "here"
GIB = 2**30
LEAST = 1.0  # GiB that must be free for a further job, before any has shown what it takes
PACE = 30.0  # seconds between two times that DVC's lock files are written
EVERY = 1.0  # seconds between two looks at the memory that jobs take
MARGIN = 1.25  # times what the largest has taken so far


class Places(Protocol):
    """Where jobs run; the sweep asks about them a few times a second."""

    def nodes(self) -> Mapping[str, str]:
        """The node of every place there is now; a place without a job may appear or vanish."""

    def start(self, place: str, work: Work) -> None:
        """Begin a job in a free place."""

    def look(self) -> Mapping[str, Look]:
        """How the jobs that were started go; one that has ended is told of once."""

    def close(self) -> None:
        """End what runs; checkpoints stay."""


class Records(Protocol):
    """What brings stages up to date without running them, and records those that ran."""

    def left(self, targets: Sequence[str]) -> list[str]:
        """Those that must run."""

    def missing(self, targets: Sequence[str]) -> list[str]:
        """What they should have made and did not."""

    def record(self, targets: Sequence[str]) -> None:
        """Write down that they ran."""


class LocalPlaces:
    """Jobs in this checkout, recorded soon after they are done.

    Args:
        records: DVC's lock files and cache.
        jobs: how many at a time.
        logs: where each job's log goes.
        checkpoints: the folder of all checkpoints.
        gpus: how many GPUs each gets for itself as long as there are enough; 0: all of them.
    """

    def __init__(
        self, records: Records, jobs: int, logs: Path, checkpoints: Path, gpus: int = 0
    ) -> None:
        devices = visible_gpus() if gpus else []
        if gpus > len(devices):
            raise FerBenchError(
                f"--gpus {gpus}, but torch sees {len(devices)} GPUs on this machine; for the GPUs "
                "of others sweep with --ray ADDRESS"
            )
        self._records, self._logs, self._checkpoints = records, logs, checkpoints
        self._env = {str(i): gpu_environment(i, gpus, devices) for i in range(jobs)}
        self._running: dict[str, tuple[Work, Forked | None, tuple[str, ...]]] = {}
        self._largest = self._weighed = self._recorded = 0.0
        self._done: list[tuple[Work, tuple[str, ...]]] = []
        self._context = start_server()

    def nodes(self) -> Mapping[str, str]:
        """Every place, as far as memory goes; the only node is this machine."""
        there = self._running if self._running and not self._has_room() else self._env
        return dict.fromkeys(there, HERE)

    def start(self, place: str, work: Work) -> None:
        """Begin a job in a free place: what DVC's cache does not hold."""
        left = tuple(self._records.left(work.targets))
        commands = work.commands[len(work.commands) - len(left) :]
        job = None
        if left:
            job = Forked(
                self._context, commands, self._logs / work.log, work.watch, self._checkpoints,
                self._env[place],
            )  # fmt: skip
        self._running[place] = work, job, left

    def look(self) -> Mapping[str, Look]:
        """How the jobs go; what is done is recorded within half a minute."""
        found = {}
        for place, (work, job, left) in list(self._running.items()):
            look = job.look() if job else Look("done")
            if look.state == "done":
                look = self._ended(work, left)
            elif job and look.state == "running":
                self._weigh(job)
            if look.state != "running":
                del self._running[place]
            found[place] = look
        if self._done and (not self._running or time.monotonic() - self._recorded > PACE):
            self._record()
        return found

    def close(self) -> None:
        """End what runs, and record what is done."""
        for _, job, _ in self._running.values():
            if job:
                job.stop()
        self._record()

    def _ended(self, work: Work, ran: tuple[str, ...]) -> Look:
        if missing := self._records.missing(ran):
            return Look("failed", words=f"it ended well, but did not write {', '.join(missing)}")
        self._done.append((work, ran))
        return Look("done", ran=ran)

    def _record(self) -> None:
        """Several at once, because DVC writes a lock file anew each time; then checkpoints go."""
        done, self._done, self._recorded = self._done, [], time.monotonic()
        if done:  # one that is interrupted at once has no specs yet to compare
            self._records.record([target for _, ran in done for target in ran])
        for folder in (
            f for work, _ in done for p in work.watch for f in self._checkpoints.glob(p)
        ):
            forget(folder)

    def _weigh(self, job: Forked) -> None:
        now = time.monotonic()
        if now - self._weighed > EVERY:
            self._weighed, self._largest = now, max(self._largest, memory(job.pid))

    def _has_room(self) -> bool:
        return free_memory() >= max(LEAST, MARGIN * self._largest)


def how_many(jobs: int | None, threads: int) -> tuple[int, str]:
    """How many jobs run at a time, and why.

    Args:
        jobs: as asked for; None: as many as there are cores for.
        threads: of each.
    """
    count = jobs or max(1, cores() // threads)
    each = "1 thread" if threads == 1 else f"{threads} threads"
    why = f"{cores()} cores, {each} a cell, {free_memory():.1f} GiB of memory free"
    return count, f"{count} at a time ({why})"


def free_memory() -> float:
    """GiB that new processes may take."""
    return float(psutil.virtual_memory().available) / GIB


def memory(pid: int) -> float:
    """GiB that a process and its children hold for themselves alone."""
    try:
        leader = psutil.Process(pid)
        group = [leader, *leader.children(recursive=True)]
        return sum(_own(process) for process in group) / GIB
    except psutil.Error:
        return 0.0  # it has ended


def _own(process: psutil.Process) -> float:
    info = process.memory_info()
    return float(info.rss - getattr(info, "shared", 0))


def visible_gpus() -> list[str]:
    """What CUDA_VISIBLE_DEVICES would say of this machine."""
    named = os.environ.get("CUDA_VISIBLE_DEVICES")
    if named is not None:
        return [device.strip() for device in named.split(",") if device.strip()]
    import torch

    return [str(i) for i in range(torch.cuda.device_count())]


def gpu_environment(place: int, gpus: int, devices: list[str]) -> dict[str, str]:
    """The GPUs of one place: neighbours get different ones, and share when there are too few."""
    if not gpus:
        return {}
    groups = len(devices) // gpus
    first = place % groups * gpus
    return {"CUDA_VISIBLE_DEVICES": ",".join(devices[first : first + gpus])}
