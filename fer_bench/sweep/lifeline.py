"""Processes that end when the one that started them all is gone, however it went.

A worker gives its processes a pipe as standard input, writes nothing to it, and sets `LIFELINE`.
All that descend from them inherit both; when the worker dies, even by kill -9, the pipe closes.
"""

from __future__ import annotations

import os
import signal
import stat
import threading

LIFELINE = "FER_BENCH_LIFELINE"


def hold() -> None:
    """End this process and its group when the pipe closes; nothing where there is none."""
    if LIFELINE in os.environ and stat.S_ISFIFO(os.fstat(0).st_mode):
        threading.Thread(target=_wait, daemon=True).start()


def _wait() -> None:
    os.read(0, 1)
    os.killpg(0, signal.SIGKILL)
