"""A command in a fresh process: its time, and the peak memory of all it starts."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from dataclasses import dataclass

EVERY = 0.05
"""Seconds between two looks at the memory."""


@dataclass(frozen=True)
class Watched:
    """What a command took.

    Attributes:
        seconds: from start to end, imports included.
        peak: largest sum of the memory of it and its children, in MiB; what they share counts once
            (PSS; where the system does not say, resident memory, shared counted for each). None
            without psutil.
        said: the last line it printed.
    """

    seconds: float
    peak: float | None
    said: str


def watch(command: list[str]) -> Watched:
    """Run `command` with this Python, on the cores that this process may use.

    Raises:
        RuntimeError: it failed; holds the end of what it said.
    """
    env = os.environ | {"GOMP_SPINCOUNT": "100000"}  # as the command line sets it
    started = time.perf_counter()
    with subprocess.Popen(
        [sys.executable, *command], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        env=env,
    ) as process:  # fmt: skip
        peaks: list[float | None] = []
        while process.poll() is None:
            peaks.append(_memory(process.pid))
            time.sleep(EVERY)
        seconds = time.perf_counter() - started
        assert process.stdout is not None
        lines = process.stdout.read().strip().splitlines()
    if process.returncode:
        raise RuntimeError(f"{' '.join(command)} failed:\n" + "\n".join(lines[-20:]))
    peak = max((found for found in peaks if found is not None), default=None)
    return Watched(seconds, peak, lines[-1] if lines else "")


def _memory(pid: int) -> float | None:
    try:
        import psutil
    except ImportError:
        return None
    total = 0
    try:
        process = psutil.Process(pid)
        for one in [process, *process.children(recursive=True)]:
            found = one.memory_full_info()
            total += getattr(found, "pss", found.rss)
    except psutil.Error:
        pass  # it ended between two looks
    return total / 2**20
