"""Our number for a place that the paper prints, and how far apart the two are."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from fer_bench.reports.formatting import maximum, mean_std, percent
from fer_bench.reports.paper import Printed
from fer_bench.reports.row import Row
from fer_bench.reports.scores import Scores
from fer_bench.statistics.summary import Summary

FAR = 2
"""Differences over this many of our standard deviations are marked."""
ABOVE, BELOW = "↑", "↓"


@dataclass(frozen=True)
class Difference:
    """Ours minus the paper's.

    Attributes:
        points: of the two numbers as printed, so that a reader gets the same.
        far: whether it is more than `FAR` standard deviations over seeds; None for a single seed,
            whose spread is unknown.
    """

    points: Decimal
    far: bool | None

    @property
    def text(self) -> str:
        """`+0.02`, or with a mark `−1.30 ↓`."""
        sign = "+" if self.points > 0 else "−" if self.points < 0 else "±"
        mark = (f" {ABOVE}" if self.points > 0 else f" {BELOW}") if self.far else ""
        return f"{sign}{abs(self.points)}{mark}"


def over_seeds(row: Row, set_: str, subset: str, selection: str) -> Summary | None:
    """A row's accuracy as the paper means it: of a cross-validated set, the mean over folds."""
    if row.folded and (set_, subset) == (row.dataset, "all"):
        return row.fold_mean(selection)
    return row.summary("accuracy", set_, subset, selection)


def ours(scores: Scores, place: Printed) -> Summary | None:
    """What fills a printed place; None where it is not measured."""
    row = scores.get(place.dataset, place.model) if place.model else None
    return over_seeds(row, place.set, place.subset, place.selection) if row else None


def shown(summary: Summary | None, statistic: str) -> str:
    """Ours with the paper's statistic, as text."""
    return mean_std(summary) if statistic == "mean_std" else maximum(summary)


def difference(summary: Summary | None, printed: str, statistic: str) -> Difference | None:
    """Ours minus a printed number; None where either is missing."""
    number = value(printed)
    if summary is None or number is None:
        return None
    mine = summary.mean if statistic == "mean_std" else summary.max
    points = Decimal(percent(mine)) - number
    far = None
    if summary.std is not None:
        far = abs(100 * mine - float(number)) > FAR * 100 * summary.std + 1e-9
    return Difference(points, far)


def value(printed: str) -> Decimal | None:
    """A printed accuracy without its deviation and footnote mark; None for an empty place."""
    text = printed.split("±")[0].strip(" *∗")
    return Decimal(text) if text.replace(".", "", 1).isdigit() else None
