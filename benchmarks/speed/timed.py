"""Timing in turns: every round visits every version once, so that drift hits all alike."""

from __future__ import annotations

import math
import random
import signal
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib.util import find_spec
from statistics import median
from typing import Any, cast

import torch
from tqdm import tqdm

from fer_bench.evaluation.timing import spread

WARM_UP = 3
NO_GPU = "timed on a CUDA device only"


@dataclass
class Version:
    """One way of doing the work.

    Attributes:
        name: as the table shows it.
        items: images, or what else is counted, one call works on.
        call: does the work once; None where it cannot run here, or is timed as part of another.
        reference: the name of the version its ratio is taken to; itself for a reference.
        floor: seconds that operations or bytes need at the device's measured peaks; None without.
        bound: which of the two the floor is, `operations` or `bytes`.
        skipped: why it does not run here.
        calls: of a visit, where it needs more of them than others to show its pace.
        clocked: its call works in processes of its own, warms them up, and returns the seconds by
            version: its own and those of its parts.
        peak: largest memory of all its processes in MiB; None where it is not measured.
        seconds: of one call, one entry a round.
    """

    name: str
    items: int
    call: Callable[[], object] | None
    reference: str
    floor: float | None = None
    bound: str = ""
    skipped: str = ""
    calls: int = 1
    clocked: bool = False
    peak: float | None = None
    seconds: list[float] = field(default_factory=list)


def skipped(name: str, reference: str, why: str) -> Version:
    """A version that cannot run here; its row stays empty and says why."""
    return Version(name, 0, None, reference, skipped=why)


def lacking(*packages: str) -> str:
    """Which of the packages are not installed, as a reason to skip; empty where all are."""
    absent = [name for name in packages if not _installed(name)]
    return f"needs {', '.join(absent)}" if absent else ""


def _installed(name: str) -> bool:
    try:
        return find_spec(name) is not None
    except ImportError:
        return False


class OutOfTime(BaseException):
    """What was begun took too long; no Exception, which others would wrap or swallow."""


@contextmanager
def at_most(seconds: float) -> Iterator[None]:
    """Stop what runs in the main thread once `seconds` are over (not on Windows); may be nested.

    Raises:
        OutOfTime: they are over.
    """
    if math.isinf(seconds):
        yield
        return

    def stop(*_: object) -> None:
        raise OutOfTime

    started = time.monotonic()
    outer, _ = signal.getitimer(signal.ITIMER_REAL)
    handler = signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, max(0.001, min(seconds, outer or seconds)))
    try:
        yield
    finally:
        left = max(0.001, outer - (time.monotonic() - started)) if outer else 0
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, handler)
        signal.setitimer(signal.ITIMER_REAL, left)


def time_versions(
    versions: list[Version], rounds: int, calls: int, device: torch.device,
    seconds: float | None = None,
) -> None:  # fmt: skip
    """Time every version that runs here, warm; `calls` calls a visit, their mean is one entry.

    A version that fails, for want of memory or of a compiler, is skipped with what it said, unless
    it is clocked. Clocked versions are called once untimed, and then once a round.

    Args:
        versions: timed in turns, every round in an order of its own.
        rounds: visits to each.
        calls: of a visit.
        device: that they run on.
        seconds: after the first, no round is begun that would not end within them; a version that
            needs more than half of what is left of them to start is skipped.
    """
    until = time.perf_counter() + (seconds or math.inf)
    by_name = {v.name: v for v in versions}
    running = [v for v in versions if v.call]
    for version in tqdm(running, desc="warm up"):
        if version.clocked:
            _clocked(version)
            continue
        begun = time.perf_counter()
        patience = (until - begun) / 2
        try:
            with at_most(patience):
                for _ in range(WARM_UP):
                    _seconds(version, 1, device)
        except OutOfTime:
            if time.perf_counter() - begun < patience:
                raise  # the time of the whole is over
            version.call, version.skipped = None, f"was not ready after {patience:.0f} s"
        except (RuntimeError, ImportError, OSError) as error:
            version.call, version.skipped = None, str(error).strip().splitlines()[0][:120]
    running = [v for v in versions if v.call]
    for number in tqdm(range(rounds), desc="rounds"):
        begun = time.perf_counter()
        for version in random.Random(number).sample(running, len(running)):
            if version.clocked:
                for name, seconds in _clocked(version).items():
                    by_name[name].seconds.append(seconds)
            else:
                _seconds(version, 1, device)  # untimed: another version's data are in the caches
                version.seconds.append(_seconds(version, max(calls, version.calls), device))
        tqdm.write(_so_far(running), sys.stderr)  # something is known where a device is taken away
        if 2 * time.perf_counter() - begun > until:
            break


def _so_far(versions: list[Version]) -> str:
    return ", ".join(f"{v.name} {1e3 * median(v.seconds):.4g} ms" for v in versions if v.seconds)


def rows(versions: list[Version], items: str = "images") -> list[dict[str, Any]]:
    """One JSON row a version; a ratio is the median over rounds of reference over version.

    Args:
        versions: timed or skipped.
        items: what a version's `items` are.
    """
    by_name: Mapping[str, Version] = {v.name: v for v in versions}
    found = []
    for version in versions:
        row: dict[str, Any] = {"version": version.name, "reference": version.reference}
        if version.skipped:
            found.append(row | {"skipped": version.skipped})
            continue
        reference = by_name[version.reference]
        row["ms"] = spread([1e3 * s for s in version.seconds])
        row[rate_key(items)] = spread([version.items / s for s in version.seconds])
        if reference.seconds:
            pairs = zip(reference.seconds, version.seconds, strict=True)
            scale = version.items / reference.items
            row["ratio"] = spread([scale * r / s for r, s in pairs])
        if version.floor:
            row["floor_ms"], row["bound"] = float(f"{1e3 * version.floor:.4g}"), version.bound
            row["times_floor"] = float(f"{row['ms']['median'] / row['floor_ms']:.3g}")
        if version.peak is not None:
            row["peak_mib"] = round(version.peak)
        found.append(row)
    return found


def rate_key(items: str) -> str:
    """A row's key for how many of them are done a second."""
    return f"{items.replace(' ', '_')}_per_second"


def _clocked(version: Version) -> Mapping[str, float]:
    assert version.call is not None
    return cast(Mapping[str, float], version.call())


def _seconds(version: Version, calls: int, device: torch.device) -> float:
    assert version.call is not None
    return seconds_of(version.call, calls, device) / calls


def seconds_of(call: Callable[[], object], calls: int, device: torch.device) -> float:
    """Of several calls in a row, until the device is done."""
    wait(device)
    started = time.perf_counter()
    for _ in range(calls):
        call()
    wait(device)
    return time.perf_counter() - started


def wait(device: torch.device) -> None:
    """Until the device has done what it was given."""
    if device.type == "cuda":
        torch.cuda.synchronize()
