"""Independent parts of a report on every core, from scores that were read once.

Processes are forked, so that they share the scores in memory: sending a thousand score files to
fresh ones would take longer than the work. Where forking is not to be had or not safe (Windows,
macOS) or there is one core, the parts are made one after the other; what they write is the same.
"""

from __future__ import annotations

import multiprocessing
import sys
import warnings
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from typing import Any, TypeVar

from fer_bench.cores import cores

T = TypeVar("T")
_parts: Sequence[Callable[[], Any]] = ()  # found by forked processes; a closure cannot be sent


def in_parallel(parts: Sequence[Callable[[], T]]) -> list[T]:
    """The results of `parts`, in their order; the longest should come first.

    Args:
        parts: functions that depend on nothing another one does; results must be picklable.

    Raises:
        Exception: what the first failing part raised.
    """
    global _parts
    processes = min(cores(), len(parts))
    if processes < 2 or not sys.platform.startswith("linux") or _parts:
        return [part() for part in parts]
    _parts = parts
    try:
        with warnings.catch_warnings(), _forked(processes) as pool:
            # Python 3.12 warns of threads; those of the linear algebra sleep, and survive a fork.
            warnings.simplefilter("ignore", DeprecationWarning)
            return list(pool.map(_result, range(len(parts))))
    finally:
        _parts = ()


def _forked(processes: int) -> ProcessPoolExecutor:
    context = multiprocessing.get_context("fork")
    return ProcessPoolExecutor(processes, mp_context=context, initializer=_one_thread)


def _one_thread() -> None:
    from threadpoolctl import threadpool_limits

    threadpool_limits(1)


def _result(number: int) -> Any:
    return _parts[number]()
