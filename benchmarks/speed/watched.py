"""A command in a fresh process: its time, its CPU seconds, and the peak memory of all it starts."""

from __future__ import annotations

import os
import select
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

EVERY = 0.05
"""Seconds between two looks at the memory."""
PATIENCE = 10
"""Seconds that a command has to end when it is asked to."""


@dataclass(frozen=True)
class Watched:
    """What a command took.

    Attributes:
        seconds: from start to end, imports included.
        cpu: seconds of processor time of it and of all its children that it waited for.
        peak: largest sum of the memory of it and its children, in MiB; what they share counts once
            (PSS; where the system does not say, resident memory, shared counted for each). None
            without psutil, or where it was not asked for.
        said: the last line it printed.
        failed: its exit status was not 0.
    """

    seconds: float
    cpu: float
    peak: float | None
    said: str
    failed: bool = False


def watch(
    command: list[str],
    folder: Path | None = None,
    env: Mapping[str, str] | None = None,
    log: Path | None = None,
    memory: bool = True,
    look: Callable[[float], None] | None = None,
    may_fail: bool = False,
) -> Watched:
    """Run `command` on the cores that this process may use, in a session of its own.

    Where this process is interrupted, the command and its children end, too.

    Args:
        command: program and arguments.
        folder: where it runs.
        env: its environment; by default this process's.
        log: keeps what it prints.
        memory: whether to look at its memory, which itself costs time.
        look: called every 0.05 seconds with the seconds since the start.
        may_fail: return what failed, too.

    Raises:
        RuntimeError: it failed; holds the end of what it said.
    """
    env = env or os.environ | {"GOMP_SPINCOUNT": "100000"}  # as the command line sets it
    with open(log, "w+b") if log else tempfile.TemporaryFile() as output:
        started = time.perf_counter()
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT, cwd=folder,
            env=env, start_new_session=True,
        )  # fmt: skip
        try:
            peak = _until_the_end(process.pid, started, memory, look)
            seconds = time.perf_counter() - started
            _, status, used = os.wait4(process.pid, 0)
        except BaseException:
            _end(process)
            raise
        process.returncode = os.waitstatus_to_exitcode(status)
        output.seek(0)
        lines = output.read().decode(errors="replace").strip().splitlines()
    if process.returncode and not may_fail:
        raise RuntimeError(f"{' '.join(command)} failed:\n" + "\n".join(lines[-20:]))
    said = lines[-1] if lines else ""
    return Watched(seconds, used.ru_utime + used.ru_stime, peak, said, process.returncode != 0)


def _until_the_end(
    pid: int, started: float, memory: bool, look: Callable[[float], None] | None
) -> float | None:
    """Wait; the peak memory in MiB."""
    peaks: list[float] = []
    handle = os.pidfd_open(pid)
    try:
        ended = False
        while not ended:
            if memory and (found := tree_memory(pid)) is not None:
                peaks.append(found)
            ended = bool(select.select([handle], [], [], EVERY if memory or look else None)[0])
            if look:
                look(time.perf_counter() - started)
        return max(peaks, default=None)
    finally:
        os.close(handle)


def _end(process: subprocess.Popen[bytes]) -> None:
    for kind in (signal.SIGTERM, signal.SIGKILL):
        try:
            os.killpg(process.pid, kind)
            process.wait(PATIENCE)
        except ProcessLookupError:
            return
        except subprocess.TimeoutExpired:
            continue


def tree_memory(pid: int) -> float | None:
    """MiB of a process and its children now, what they share counted once; None without psutil."""
    try:
        import psutil
    except ImportError:
        return None
    total = 0
    try:
        process = psutil.Process(pid)
        for one in [process, *process.children(recursive=True)]:
            try:
                found = one.memory_full_info()
            except psutil.Error:
                continue  # it ended between two looks
            total += getattr(found, "pss", found.rss)
    except psutil.Error:
        pass
    return total / 2**20
