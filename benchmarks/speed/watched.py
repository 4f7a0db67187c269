"""A command in a fresh process on some cores: its time, and the peak memory of all it starts."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from dataclasses import dataclass

import psutil

EVERY = 0.05
"""Seconds between two looks at the memory."""


@dataclass(frozen=True)
class Watched:
    """What a command took.

    Attributes:
        seconds: from start to end, imports included.
        peak: largest sum of the memory of it and its children, in MiB; what they share counts once
            (PSS; where the system does not say, resident memory, shared counted for each).
        said: the last line it printed.
    """

    seconds: float
    peak: float
    said: str


def watch(command: list[str], cores: int) -> Watched:
    """Run `command` with this Python on at most `cores` cores.

    Raises:
        RuntimeError: it failed; holds the end of what it said.
    """
    allowed = sorted(os.sched_getaffinity(0))[:cores]
    env = os.environ | {"GOMP_SPINCOUNT": "100000"}  # as the command line sets it
    started = time.perf_counter()
    with subprocess.Popen(
        [sys.executable, *command], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        env=env, preexec_fn=lambda: os.sched_setaffinity(0, allowed),
    ) as process:  # fmt: skip
        peak = 0.0
        while process.poll() is None:
            peak = max(peak, _memory(process.pid))
            time.sleep(EVERY)
        seconds = time.perf_counter() - started
        assert process.stdout is not None
        lines = process.stdout.read().strip().splitlines()
    if process.returncode:
        raise RuntimeError(f"{' '.join(command)} failed:\n" + "\n".join(lines[-20:]))
    return Watched(seconds, peak, lines[-1] if lines else "")


def _memory(pid: int) -> float:
    total = 0
    try:
        process = psutil.Process(pid)
        for one in [process, *process.children(recursive=True)]:
            found = one.memory_full_info()
            total += getattr(found, "pss", found.rss)
    except psutil.Error:
        pass  # it ended between two looks
    return total / 2**20
