"""How far a row's accuracy on these faces may lie from that on all faces like them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from fer_bench.reports.compare.same_faces import row_intervals, row_key
from fer_bench.reports.leaderboard.ranking import accuracy
from fer_bench.reports.parallel import in_parallel
from fer_bench.reports.row import Row
from fer_bench.reports.scores import Scores
from fer_bench.statistics.intervals import wilson
from fer_bench.statistics.row_intervals import METRICS


@dataclass(frozen=True)
class Interval:
    """A 95 % interval over faces, as fractions, and how it was found."""

    low: float
    high: float
    method: str


class Intervals:
    """95 % intervals over faces: the bootstrap of `reports.compared`, else Wilson's.

    The bootstrap needs each face's answer, which score files hold for `last` only and older files
    not at all.
    """

    def __init__(self, scores: Scores, cache: Path | None) -> None:
        self._scores, self._cache = scores, cache
        self._found: dict[tuple[str, str], dict[str, Any]] = {}

    def find(self, places: Iterable[tuple[str, str]]) -> None:
        """Work out the intervals of many (dataset, set) at once, on every core."""
        new = [place for place in dict.fromkeys(places) if place not in self._found]
        found = in_parallel([partial(self._resample, *place) for place in new])
        self._found |= zip(new, found, strict=True)

    def of(self, row: Row, set_: str, selection: str = "last") -> Interval:
        """The interval of a row's mean accuracy over all faces of a set."""
        if selection == "last":
            found = self._bootstrap(row, set_).get("accuracy")
            if found and found["low"] is not None:
                return Interval(found["low"], found["high"], found["method"])
        mean = accuracy(row, set_, selection).mean
        return Interval(*wilson(mean, row.sizes(set_)[0]), "wilson")

    def of_metric(self, row: Row, metric: str) -> Interval | None:
        """The bootstrap's interval of another metric on the row's own test faces, if there is one.

        Args:
            row: the row.
            metric: `balanced_accuracy` or `macro_f1`.
        """
        found = self._bootstrap(row, row.dataset).get(metric)
        if not found or found["low"] is None:
            return None
        return Interval(found["low"], found["high"], found["method"])

    def _bootstrap(self, row: Row, set_: str) -> Mapping[str, Any]:
        place = row.dataset, set_
        self.find([place])
        found: Mapping[str, Any] = self._found[place].get(row_key(row), {})
        return found

    def _resample(self, dataset: str, set_: str) -> dict[str, Any]:
        # Elsewhere only accuracy's interval is shown, and the others take most of the time.
        metrics = METRICS if set_ == dataset else ("accuracy",)
        rows = self._scores.of(dataset)
        return dict(row_intervals(rows, set_, cache=self._cache, metrics=metrics))
