"""How long a sweep still takes, from what its jobs took so far."""

from __future__ import annotations

import time
from collections.abc import Callable
from statistics import mean

from fer_bench.sweep.schedule import Job, JobState, Schedule


class Pace:
    """The time left over all jobs.

    A cell that is still to come is taken to last as long as those of its dataset did so far, or
    else as all cells; other stages likewise.

    Args:
        schedule: the jobs.
        places: how many run at a time.
        clock: seconds; replaced in tests.
    """

    def __init__(
        self, schedule: Schedule, places: int, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._schedule, self._places, self._clock = schedule, places, clock
        self._began: dict[str, float] = {}
        self._took: dict[tuple[bool, str], list[float]] = {}

    def started(self, name: str) -> None:
        """A job has begun."""
        self._began[name] = self._clock()

    def done(self, name: str, restored: bool) -> None:
        """A job has ended well; one that was restored says nothing about the others."""
        began = self._began.pop(name)
        if not restored:
            kind = _kind(self._schedule.entries[name].job)
            self._took.setdefault(kind, []).append(self._clock() - began)

    def left(self) -> float | None:
        """Seconds until the last job ends; None until a cell has ended, where there are cells."""
        to_come = self._schedule.of(JobState.QUEUED, JobState.RUNNING)
        total = 0.0
        for entry in to_come:
            expected = self._expected(entry.job)
            if expected is None:
                return None
            begun = self._began.get(entry.job.name) if entry.state is JobState.RUNNING else None
            total += max(0.0, expected - (self._clock() - begun if begun is not None else 0.0))
        return total / max(1, min(self._places, len(to_come)))

    def _expected(self, job: Job) -> float | None:
        alike = self._took.get(_kind(job))
        if not alike:
            alike = [s for (cell, _), took in self._took.items() if cell == job.cell for s in took]
        if not alike:
            return None if job.cell else 0.0
        return mean(alike)


def _kind(job: Job) -> tuple[bool, str]:
    return job.cell, job.name.split("/")[0] if job.cell else ""
