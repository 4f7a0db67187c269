"""Processes that end when the one that started them all is gone, however it went.

A worker gives its processes a pipe as standard input, writes nothing to it, and sets `LIFELINE`.
All that descend from them inherit both; when the worker dies, even by kill -9, the pipe closes. A
stage that plain `dvc repro` started ends with DVC.
"""

from __future__ import annotations

import os
import signal
import stat
import threading
from contextlib import suppress

LIFELINE = "FER_BENCH_LIFELINE"
OF_DVC = "DVC_STAGE"  # in the environment of every command that DVC starts


def hold() -> None:
    """End this process and its children with what started it; nothing where that is a person."""
    if LIFELINE in os.environ and stat.S_ISFIFO(os.fstat(0).st_mode):
        threading.Thread(target=_wait_for_pipe, daemon=True).start()
    elif OF_DVC in os.environ:
        threading.Thread(target=_wait_for_parent, args=(os.getppid(),), daemon=True).start()


def _wait_for_pipe() -> None:
    os.read(0, 1)
    os.killpg(0, signal.SIGKILL)


def _wait_for_parent(parent: int) -> None:
    import psutil

    with suppress(psutil.NoSuchProcess):
        psutil.Process(parent).wait()
    me = psutil.Process()  # not its whole group, which is the person's shell job
    for process in [*me.children(recursive=True), me]:
        process.kill()
