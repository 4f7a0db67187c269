"""How long a sweep still takes, from what its jobs took so far."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable, Mapping
from statistics import mean
from types import MappingProxyType

from fer_bench.sweep.schedule import Job, JobState, Schedule

NOTHING: Mapping[str, float] = MappingProxyType({})


class Pace:
    """The time left over all jobs.

    A cell that is still to come is taken to last as long as those of its row did so far, or will by
    what the running ones say, or else as those of its dataset, or as all cells; other stages as all
    other stages.

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
        self._took: dict[Job, float] = {}

    def started(self, name: str) -> None:
        """A job has begun."""
        self._began[name] = self._clock()

    def done(self, name: str, restored: bool) -> None:
        """A job has ended well; one that was restored says nothing about the others."""
        began = self._began.pop(name)
        if not restored:
            self._took[self._schedule.entries[name].job] = self._clock() - began

    def left(self, ahead: Mapping[str, float] = NOTHING) -> float | None:
        """Seconds until the last job ends; None until a cell has ended or says what it needs.

        Args:
            ahead: the seconds that a running cell still needs by its own pace, where it says so.
        """
        to_come = self._schedule.of(JobState.QUEUED, JobState.RUNNING)
        entries = self._schedule.entries
        took = self._took | {entries[n].job: self._for(n) + left for n, left in ahead.items()}
        alike: defaultdict[tuple[bool, str], list[float]] = defaultdict(list)
        for job, seconds in took.items():
            for group in _groups(job):
                alike[group].append(seconds)
        means = {group: mean(seconds) for group, seconds in alike.items()}
        total = 0.0
        for entry in to_come:
            name = entry.job.name
            known = [means[group] for group in _groups(entry.job) if group in means]
            expected = next(iter(known), None if entry.job.cell else 0.0)
            if expected is None:
                return None
            begun = self._for(name) if entry.state is JobState.RUNNING else 0.0
            total += max(ahead.get(name, 0.0), expected - begun)  # a fold, or scoring, may follow
        return total / max(1, min(self._places, len(to_come)))

    def _for(self, name: str) -> float:
        """Seconds since it began; 0 if it has not."""
        return self._clock() - self._began.get(name, self._clock())


def _groups(job: Job) -> list[tuple[bool, str]]:
    """What it is likely to last as long as, the closest first."""
    row, dataset = job.name.rpartition("/")[0], job.name.partition("/")[0]
    return [(True, f"{row}/"), (True, dataset), (True, "")] if job.cell else [(False, "")]
