"""How many processes or threads there are for us; light enough for every import."""

from __future__ import annotations

import os


def cores() -> int:
    """CPU cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def one_thread() -> None:
    """Let libraries that are not imported yet compute with one thread, and child processes too.

    torch's threads are those of `compute.threads` wherever they decide results. What NumPy
    multiplies must not depend on the machine's cores either, and threads that wait for each other
    on a busy machine burn many times the work.
    """
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ.setdefault(name, "1")
