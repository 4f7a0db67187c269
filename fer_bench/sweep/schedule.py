"""What runs where, and what becomes of failures: decisions alone, no processes and no clock."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import Enum

BACK_OFF, LONGEST = 5.0, 300.0  # seconds before the first retry, doubled for each further one


class JobState(Enum):
    """Where a job stands."""

    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    SKIPPED = "skipped"


@dataclass(frozen=True)
class Job:
    """What one worker runs at a time: a cell with what is derived from it, or what cells share.

    Args:
        name: `<dataset>/<row>/<seed>` of a cell.
        targets: the DVC stages to bring up to date, in the order in which they need each other.
        commands: what each of them runs.
        needs: names of the jobs that must be done before.
        watch: globs of its trainings' folders below the checkpoints' folder.
        cell: False for what several cells share (alignment, ...) and for reports.
        files: how many it makes; figures and pages make many, and take longer than a table.
    """

    name: str
    targets: tuple[str, ...]
    commands: tuple[str, ...] = ()
    needs: frozenset[str] = frozenset()
    watch: tuple[str, ...] = ()
    cell: bool = True
    files: int = 1


@dataclass
class JobRecord:
    """A job and what has happened to it."""

    job: Job
    state: JobState = JobState.QUEUED
    tries: int = 0
    place: str | None = None
    node: str | None = None
    not_before: float = 0.0
    avoid: set[str] = field(default_factory=set)
    why: str = ""

    @property
    def waits(self) -> bool:
        """Queued again after a failure."""
        return self.state is JobState.QUEUED and self.tries > 0


class Schedule:
    """The jobs of a sweep.

    Args:
        jobs: in the order they should start. Those that cells need come before them anyway, and of
            others those with the longest way to the end: begun last, it keeps one core busy alone.
        retries: how often a job that failed is tried again.
        first: jobs that start before all others, after what they need.
    """

    def __init__(
        self, jobs: Iterable[Job] = (), retries: int = 2, first: Iterable[str] = ()
    ) -> None:
        self.retries = retries
        self.take(jobs, first)

    def take(self, jobs: Iterable[Job], first: Iterable[str] = ()) -> None:
        """Other jobs in the place of all there were."""
        self.entries = {job.name: JobRecord(job) for job in jobs}
        self._needed_by = {
            name: {e.job.name for e in self.entries.values() if name in e.job.needs}
            for name in self.entries
        }
        ahead = set(first)
        ahead |= {need for name in ahead for need in self._needs(name)}
        self._order = sorted(
            self.entries,
            key=lambda name: (name not in ahead, -self._cells_after(name), -self._way(name)),
        )

    def assign(
        self, free: Iterable[str], places: Mapping[str, str], now: float
    ) -> list[tuple[Job, str]]:
        """Start what can start: which job in which place.

        A job that failed waits, twice as long each time, and goes to a node where it has not failed
        as long as there is one.

        Args:
            free: the places that do nothing.
            places: the node of every place there is.
            now: seconds.
        """
        started, left = [], list(free)
        for name in self._order:
            entry = self.entries[name]
            if not left:
                break
            if not self._ready(entry, now):
                continue
            nodes_left = set(places.values()) - entry.avoid
            fitting = [p for p in left if places[p] in nodes_left or not nodes_left]
            if not fitting:
                continue
            place = fitting[0]
            left.remove(place)
            entry.state, entry.place, entry.node = JobState.RUNNING, place, places[place]
            started.append((entry.job, place))
        return started

    def done(self, name: str) -> None:
        """A job has ended well."""
        entry = self.entries[name]
        entry.state, entry.place, entry.why = JobState.DONE, None, ""

    def failed(self, name: str, why: str, now: float) -> JobState:
        """A job has failed, or its node was lost; returns its new state."""
        entry = self.entries[name]
        entry.tries, entry.place, entry.why = entry.tries + 1, None, why
        entry.avoid |= {entry.node} if entry.node else set()
        if entry.tries <= self.retries:
            entry.state = JobState.QUEUED
            entry.not_before = now + min(BACK_OFF * 2 ** (entry.tries - 1), LONGEST)
            return entry.state
        entry.state = JobState.FAILED
        for other in self._dependents(name):
            self.entries[other].state = JobState.SKIPPED
            self.entries[other].why = f"needs {name}, which failed"
        return entry.state

    def running(self) -> dict[str, JobRecord]:
        """The running jobs by their place."""
        return {e.place: e for e in self.entries.values() if e.place is not None}

    def over(self) -> bool:
        """Whether nothing runs and nothing will."""
        return not any(
            e.state in (JobState.QUEUED, JobState.RUNNING) for e in self.entries.values()
        )

    def of(self, *states: JobState) -> list[JobRecord]:
        """The jobs in one of `states`."""
        return [e for e in self.entries.values() if e.state in states]

    def _ready(self, entry: JobRecord, now: float) -> bool:
        return (
            entry.state is JobState.QUEUED
            and now >= entry.not_before
            and all(self.entries[need].state is JobState.DONE for need in entry.job.needs)
        )

    def _cells_after(self, name: str) -> int:
        return sum(self.entries[other].job.cell for other in self._dependents(name))

    def _way(self, name: str) -> int:
        """Files until the end, along the longest chain of jobs that need each other."""
        after = max(map(self._way, self._needed_by[name]), default=0)
        return self.entries[name].job.files + after

    def _dependents(self, name: str) -> set[str]:
        return _reached(name, self._needed_by)

    def _needs(self, name: str) -> set[str]:
        return _reached(name, {n: set(e.job.needs) for n, e in self.entries.items()})


def _reached(name: str, edges: Mapping[str, set[str]]) -> set[str]:
    found: set[str] = set()
    waiting = [name]
    while waiting:
        new = edges[waiting.pop()] - found
        found |= new
        waiting.extend(new)
    return found
