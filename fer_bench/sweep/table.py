"""What a person sees of a sweep: a live table in a terminal, plain lines elsewhere."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

from rich.console import Console, Group
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table

from fer_bench.sweep.first import FirstTable
from fer_bench.sweep.pace import Pace
from fer_bench.sweep.schedule import JobRecord, JobState, Schedule

EVERY = 60.0  # seconds between two plain lines about what runs
ORDER = (JobState.RUNNING, JobState.FAILED, JobState.SKIPPED, JobState.QUEUED, JobState.DONE)
COLOUR = {
    JobState.RUNNING: "cyan", JobState.FAILED: "red", JobState.SKIPPED: "red",
    JobState.QUEUED: "dim", JobState.DONE: "green",
}  # fmt: skip


class Progress:
    """How far one job's training is, and when it may end."""

    def __init__(self) -> None:
        self._first: tuple[float, float] | None = None
        self._told: dict[str, Any] = {}

    def take(self, told: Mapping[str, Any]) -> None:
        """Note a `progress.json`."""
        if self._told.get("cell") != told["cell"]:  # another fold begins
            self._first = None
        self._told = dict(told)
        if self._first is None:
            self._first = (float(told["updated"]), self._share())

    def epoch(self) -> str:
        """`3/10`, with the fold where there are folds."""
        if not self._told:
            return ""
        of = int(self._told["epochs"])
        at = min(int(self._told["epoch"]) + bool(self._told["steps"]), of)
        fold = str(self._told["cell"]).rpartition("/fold")[2]
        return f"{at}/{of}" + (f", fold {fold}" if fold.isdigit() else "")

    def eta(self, now: float) -> float | None:
        """Seconds until the training (of this fold) ends, from its pace between two notes.

        The pace is not taken from the start, which a resumed training had long before.

        Args:
            now: seconds since the epoch, as in `updated`.
        """
        if not self._told or self._first is None:
            return None
        then, before = self._first
        since, share = float(self._told["updated"]), self._share()
        if share <= before:
            return None
        pace = (since - then) / (share - before)
        return max(0.0, pace * (1 - share) - (now - since))

    def _share(self) -> float:
        steps = self._told["steps"]
        within = self._told["step"] / steps if steps else 0.0
        return float((self._told["epoch"] + within) / self._told["epochs"])


class LiveTable:
    """Shows a schedule; a context manager.

    Args:
        schedule: what is shown.
        console: where; a table when it is a terminal, otherwise a line for each event.
        places: how many jobs run at a time, for the time left.
        quiet: only what fails is said.
        first: a table to show as soon as it is there.
    """

    def __init__(
        self,
        schedule: Schedule,
        console: Console,
        places: int = 1,
        quiet: bool = False,
        first: FirstTable | None = None,
    ) -> None:
        self._schedule, self._console = schedule, console
        self._pace, self._quiet, self._first = Pace(schedule, places), quiet, first
        self._progress: dict[str, Progress] = {}
        self._live = Live(console=console, auto_refresh=False, transient=True)
        self._restored: set[str] = set()
        self._spoke = time.monotonic()

    def __enter__(self) -> LiveTable:
        if self._console.is_terminal and not self._quiet:
            self._live.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._live.is_started:
            self._live.stop()

    def started(self, name: str) -> None:
        """A job has begun."""
        self._progress[name] = Progress()
        self._pace.started(name)
        entry = self._schedule.entries[name]
        again = f" (try {entry.tries + 1})" if entry.tries else ""
        self._say(f"started {name} on {_short(entry.node)}{again}")

    def told(self, name: str, progress: Mapping[str, Any]) -> None:
        """A training says how far it is."""
        self._progress[name].take(progress)

    def done(self, name: str, restored: bool) -> None:
        """A job has ended well."""
        self._pace.done(name, restored)
        if restored:
            self._restored.add(name)
        self._say(f"done {name}" + (" (restored from the cache)" if restored else ""))
        if self._first and (table := self._first.due()):
            self._console.print(f"\n{table}", markup=False, highlight=False, soft_wrap=True)

    def failed(self, name: str, wait: float) -> None:
        """A job has failed; `wait` seconds until it is tried again."""
        entry = self._schedule.entries[name]
        then = f"again in {wait:.0f} s" if entry.state is JobState.QUEUED else "given up"
        line = f"failed {name} on {_short(entry.node)}, {then}; log: {entry.why}"
        self._say(line, even_if_quiet=True)

    def refresh(self, now: float) -> None:
        """Draw the table anew; without a terminal, a line a minute."""
        if self._live.is_started:
            self._live.update(self.draw(now), refresh=True)
        elif time.monotonic() - self._spoke > EVERY:
            running = self._schedule.of(JobState.RUNNING)
            self._say("; ".join([self._summary(now), *(self._line(e, now) for e in running)]))

    def draw(self, now: float) -> Group:
        """The table: what runs and what failed first, as many rows as the terminal has room for."""
        table = Table(box=None, pad_edge=False)
        for column in ("cell", "state", "epoch", "left", "node", "try"):
            table.add_column(column, no_wrap=True, justify="right" if column == "left" else "left")
        entries = self._schedule.of(*JobState)
        entries.sort(key=lambda e: ORDER.index(e.state))
        room = max(3, self._console.height - 4)
        for entry in entries[:room]:
            progress = self._progress.get(entry.job.name, Progress())
            runs = entry.state is JobState.RUNNING
            table.add_row(
                entry.job.name,
                f"[{COLOUR[entry.state]}]{self._state(entry)}",
                progress.epoch() if runs else "",
                _duration(progress.eta(now)) if runs else "",
                _short(entry.node),
                str(entry.tries + 1) if entry.tries else "",
            )
        more = len(entries) - room
        above = Table.grid(padding=(0, 1))
        above.add_row(self._summary(now), self._bar())
        return Group(above, table, f"... and {more} more" if more > 0 else "")

    def _bar(self) -> ProgressBar:
        done = len(self._schedule.of(JobState.DONE))
        return ProgressBar(total=len(self._schedule.entries), completed=done, width=30)

    def _summary(self, now: float) -> str:
        running = {e.job.name for e in self._schedule.of(JobState.RUNNING) if e.job.cell}
        own = {n: p.eta(now) for n, p in self._progress.items() if n in running}
        left = _duration(self._pace.left({n: s for n, s in own.items() if s is not None}))
        return self._counts() + (f"; about {left} left" if left else "")

    def _state(self, entry: JobRecord) -> str:
        if entry.waits:
            return "waits to be tried again"
        if entry.job.name in self._restored:
            return "restored"
        return entry.state.value

    def _line(self, entry: JobRecord, now: float) -> str:
        progress = self._progress[entry.job.name]
        epoch, left = progress.epoch(), _duration(progress.eta(now))
        said = [f"epoch {epoch}" if epoch else "", f"{left} left" if left else ""]
        return " ".join([entry.job.name, *filter(None, said)])

    def _counts(self) -> str:
        count = {state: len(self._schedule.of(state)) for state in ORDER}
        return ", ".join(f"{n} {state.value}" for state, n in count.items() if n)

    def _say(self, line: str, even_if_quiet: bool = False) -> None:
        if not self._live.is_started and (even_if_quiet or not self._quiet):
            self._console.print(line, markup=False, highlight=False, soft_wrap=True)
            self._spoke = time.monotonic()


def _short(node: str | None) -> str:
    """The start of Ray's long names; places are named after it, too."""
    return (node or "")[:8]


def _duration(seconds: float | None) -> str:
    """`45 s`, `12 min` or `3 h 05 min`."""
    if seconds is None:
        return ""
    if seconds < 60:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 60 else f"{minutes // 60} h {minutes % 60:02d} min"
