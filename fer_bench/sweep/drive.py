"""The loop that runs a schedule in places."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from pathlib import Path

from fer_bench.errors import FerBenchError
from fer_bench.files import write_text
from fer_bench.sweep.local import Places
from fer_bench.sweep.schedule import Job, Schedule
from fer_bench.sweep.table import LiveTable
from fer_bench.sweep.worker import Look, Work

PAUSE = 0.2  # seconds between two looks at the places
STRANDED = 300.0  # seconds without any place before the sweep gives up


def drive(
    schedule: Schedule,
    places: Places,
    view: LiveTable,
    logs: Path,
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
) -> None:
    """Run a schedule in places until nothing is left to run.

    Args:
        schedule: what to run.
        places: where; closed at the end, however it comes.
        view: told of every event.
        logs: where the end of a failed job's log is kept if the log is not there yet.
        clock: seconds; with `sleep`, replaced in tests.
        sleep: waits.

    Raises:
        FerBenchError: there was no place to run in for a long time.
    """
    seen = clock()
    try:
        while not schedule.over():
            nodes = places.nodes()
            seen = clock() if nodes else seen
            if clock() - seen > STRANDED:
                raise FerBenchError(
                    f"no node has been there for {STRANDED:.0f} s; start nodes and sweep again: "
                    "what was finished is kept"
                )
            free = [place for place in nodes if place not in schedule.running()]
            for job, place in schedule.assign(free, nodes, clock()):
                log = log_name(job.name, schedule.entries[job.name].tries)
                places.start(place, Work(job.targets, job.commands, job.watch, log))
                view.started(job.name)
            running = schedule.running()
            for place, look in places.look().items():
                _take(schedule, running[place].job, look, view, logs, clock())
            view.refresh(time.time())
            sleep(PAUSE)
    finally:
        places.close()


def log_name(name: str, tries: int) -> str:
    """The log file of one try of a job."""
    return re.sub(r"[^\w.-]+", "_", name) + (f".{tries + 1}" if tries else "") + ".log"


def _take(
    schedule: Schedule, job: Job, look: Look, view: LiveTable, logs: Path, now: float
) -> None:
    """What one look means."""
    if look.state == "running":
        if look.progress:
            view.told(job.name, look.progress)
    elif look.state == "done":
        schedule.done(job.name)
        view.done(job.name, restored=not set(look.ran) & set(job.targets))
    else:
        log = logs / log_name(job.name, schedule.entries[job.name].tries)
        before = log.read_text(encoding="utf-8", errors="replace") if log.is_file() else ""
        if look.words not in before:
            write_text(log, f"{before}\n{look.words}\n".lstrip())
        schedule.failed(job.name, str(log), now)
        view.failed(job.name, schedule.entries[job.name].not_before - now)
