"""The first table: a few rows that are trained before all others, shown at once."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from pathlib import Path
from statistics import mean

from tabulate import tabulate

from fer_bench.files import read_json
from fer_bench.stages import paths
from fer_bench.sweep.schedule import Job, JobState, Schedule


def first_jobs(jobs: Iterable[Job], rows: Collection[str]) -> list[str]:
    """The cells of `rows` on the first dataset that has any, by name."""
    cells = [job.name.split("/") for job in jobs if job.cell]
    wanted = sorted(cell for cell in cells if cell[1] in rows)
    return ["/".join(cell) for cell in wanted if cell[0] == wanted[0][0]]


class FirstTable:
    """Says once what the first cells reached.

    Args:
        jobs: the names of their jobs.
        schedule: that they are in.
    """

    def __init__(self, jobs: Iterable[str], schedule: Schedule) -> None:
        self._jobs, self._schedule = sorted(jobs), schedule

    def due(self) -> str | None:
        """The table when its last cell has just been scored; None before and afterwards."""
        entries = [self._schedule.entries[name] for name in self._jobs]
        if not entries or any(entry.state is not JobState.DONE for entry in entries):
            return None
        names, self._jobs = self._jobs, []
        return first_table(names)


def first_table(names: Iterable[str]) -> str:
    """Accuracy of cells `<dataset>/<row>/<seed>`, a line a row, from their scores."""
    found: dict[tuple[str, str], list[float]] = {}
    for name in names:
        dataset, row, seed = name.split("/")
        score = read_json(Path(paths.score(dataset, row, seed)))
        accuracy = score["sets"][dataset]["last"]["all"]["accuracy"]
        found.setdefault((dataset, row), []).append(100 * accuracy)
    lines = [
        (dataset, row, len(values), ", ".join(f"{v:.1f}" for v in values), f"{mean(values):.1f}")
        for (dataset, row), values in found.items()
    ]
    head = ("dataset", "row", "seeds", "accuracy (%)", "mean")
    table = tabulate(lines, head, tablefmt="github", disable_numparse=True)
    return f"First table: {len(lines)} rows after their last epoch\n\n{table}\n"
