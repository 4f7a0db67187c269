"""How far a row's accuracy on these people may lie from that on all people like them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from fer_bench.reports.compare.same_faces import row_intervals, row_key, sampling_error
from fer_bench.reports.leaderboard.ranking import accuracy
from fer_bench.reports.parallel import in_parallel
from fer_bench.reports.row import Row
from fer_bench.reports.scores import Scores
from fer_bench.statistics.intervals import effective, wilson
from fer_bench.statistics.row_intervals import METRICS

Place = tuple[str, str, str]
"""Dataset trained on, set and part."""


@dataclass(frozen=True)
class Interval:
    """A 95 % interval over people or faces, as fractions, and how it was found."""

    low: float
    high: float
    method: str


class Intervals:
    """95 % intervals over people, or over faces where nobody knows them, by the bootstrap.

    It needs each face's answer, which score files hold for `last` only and older files not at all.
    Without answers the interval is Wilson's, for as many independent faces as the row's interval of
    `last` over people is worth.
    """

    def __init__(self, scores: Scores, cache: Path | None) -> None:
        self._scores, self._cache = scores, cache
        self._found: dict[Place, dict[str, Any]] = {}

    def find(self, places: Iterable[Place]) -> None:
        """Work out the intervals of many (dataset, set, part) at once, on every core."""
        new = [place for place in dict.fromkeys(places) if place not in self._found]
        found = in_parallel([partial(self._resample, *place) for place in new])
        self._found |= zip(new, found, strict=True)

    def of(self, row: Row, set_: str, selection: str = "last", part: str = "all") -> Interval:
        """The interval of a row's mean accuracy over a part of a set."""
        found = self._bootstrap(row, set_, part).get("accuracy")
        if found and selection == "last":
            return Interval(found["low"], found["high"], found["method"])
        summary = row.summary("accuracy", set_, part, selection)
        assert summary is not None, "only a row with scores has an interval"
        n: float = row.sizes(set_, part)[0]
        if found and found["people"]:
            n = min(n, effective(found["mean"], found["low"], found["high"]))
        return Interval(*wilson(summary.mean, n), "wilson")

    def sampling_error(self, rows: Sequence[Row], set_: str) -> str:
        """How sure one accuracy on this set is, in words."""
        return sampling_error(rows, set_, self._cache)

    def of_metric(self, row: Row, metric: str) -> Interval | None:
        """The bootstrap's interval of another metric on the row's own test faces, if there is one.

        Args:
            row: the row.
            metric: `balanced_accuracy` or `macro_f1`.
        """
        found = self._bootstrap(row, row.dataset, "all").get(metric)
        if not found or found["low"] is None:
            return None
        return Interval(found["low"], found["high"], found["method"])

    def _bootstrap(self, row: Row, set_: str, part: str) -> Mapping[str, Any]:
        place = row.dataset, set_, part
        self.find([place])
        found: Mapping[str, Any] = self._found[place].get(row_key(row), {})
        return found

    def _resample(self, dataset: str, set_: str, part: str) -> dict[str, Any]:
        # Elsewhere only accuracy's interval is shown, and the others take most of the time.
        metrics = METRICS if (set_, part) == (dataset, "all") else ("accuracy",)
        rows = self._scores.of(dataset)
        return dict(row_intervals(rows, set_, part, cache=self._cache, metrics=metrics))


def alone(row: Row, set_: str) -> Interval:
    """The interval of a row that stands for itself, such as predictions made elsewhere."""
    found = row_intervals([row], set_, metrics=("accuracy",)).get(row_key(row))
    if found:
        return Interval(*(found["accuracy"][key] for key in ("low", "high", "method")))
    return Interval(*wilson(accuracy(row, set_).mean, row.sizes(set_)[0]), "wilson")
