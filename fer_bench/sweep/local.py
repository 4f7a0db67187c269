"""Places on this machine: each a worker with a clone of its own."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Protocol

from fer_bench.errors import FerBenchError
from fer_bench.sweep.worker import Home, Look, Work, Worker

HERE = "here"


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


class LocalPlaces:
    """Workers on this machine.

    Args:
        home: what they share.
        jobs: how many.
        gpus: how many GPUs each gets for itself as long as there are enough; 0: all of them.
    """

    def __init__(self, home: Home, jobs: int, gpus: int = 0) -> None:
        devices = visible_gpus() if gpus else []
        if gpus > len(devices):
            raise FerBenchError(
                f"--gpus {gpus}, but torch sees {len(devices)} GPUs on this machine; for the GPUs "
                "of others sweep with --ray ADDRESS"
            )
        self._workers = {
            str(i): Worker(home, str(i), gpu_environment(i, gpus, devices)) for i in range(jobs)
        }
        self._busy: set[str] = set()

    def nodes(self) -> Mapping[str, str]:
        """Every place; the only node is this machine."""
        return dict.fromkeys(self._workers, HERE)

    def start(self, place: str, work: Work) -> None:
        """Begin a job in a free place."""
        self._workers[place].start(work)
        self._busy.add(place)

    def look(self) -> Mapping[str, Look]:
        """How the jobs go."""
        found = {place: self._workers[place].look() for place in sorted(self._busy)}
        self._busy -= {place for place, look in found.items() if look.state != "running"}
        return found

    def close(self) -> None:
        """End what runs."""
        for worker in self._workers.values():
            worker.stop()


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
