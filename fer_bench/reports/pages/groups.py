"""One group of test faces, and what may be said of the gap between groups."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from fer_bench.reports.formatting import percent
from fer_bench.statistics.intervals import Interval, of_intervals, wilson
from fer_bench.statistics.summary import Summary
from fer_bench.statistics.wording import FEWEST_UNITS, points

SMALL = 30
"""Fewer faces than this are not ranked: the Wilson interval is then over 20 points wide wherever
the accuracy lies between 10 and 90 %."""

UNKNOWN = frozenset({"", "-1", "<na>", "nan", "none", "unknown", "unsure", "not sure"})


@dataclass(frozen=True)
class Group:
    """Faces with one value of a column.

    Attributes:
        name: the value.
        n: how many faces.
        accuracy: over seeds.
        balanced: balanced accuracy over seeds.
        people: how many people they are of; None where nobody knows.
        ends: the 95 % interval over these people; None where nobody knows.
    """

    name: str
    n: int
    accuracy: Summary
    balanced: Summary
    people: int | None = None
    ends: Interval | None = None

    @property
    def interval(self) -> Interval:
        """95 %, over people; where nobody knows them Wilson's, of n faces."""
        return self.ends or wilson(self.accuracy.mean, self.n)

    @property
    def small(self) -> bool:
        """Whether it has too few faces or people to be called best or worst."""
        return self.n < SMALL or (self.people is not None and self.people < FEWEST_UNITS)

    @property
    def ranked(self) -> bool:
        """Whether it may be called best or worst."""
        return not self.small and not is_unknown(self.name)

    @property
    def size(self) -> str:
        """`n = 12 of 3 people`."""
        return f"n = {self.n:,}" + (f" of {self.people} people" if self.people else "")


def is_unknown(name: str) -> bool:
    """Whether the value says that nobody knows the group."""
    return name.strip().lower() in UNKNOWN


def sentences(groups: Sequence[Group]) -> str:
    """Worst, best, the gap with its interval, and which groups are not ranked and why."""
    ranked = sorted((g for g in groups if g.ranked), key=lambda g: g.accuracy.mean)
    said = [_gap(ranked[0], ranked[-1], len(ranked))] if len(ranked) > 1 else []
    if not said:
        said.append("fewer than two groups are large enough to compare.")
    if small := [g for g in groups if not g.ranked and not is_unknown(g.name)]:
        names = ", ".join(f"{g.name} ({g.size})" for g in small)
        said.append(
            f"Too few to say (under {SMALL} faces or {FEWEST_UNITS} people), not ranked: {names}."
        )
    if unknown := [g for g in groups if is_unknown(g.name)]:
        names = ", ".join(f"{g.name} ({g.size})" for g in unknown)
        said.append(f"Without a group, not ranked: {names}.")
    return " ".join(said)


def _gap(worst: Group, best: Group, of: int) -> str:
    gap = best.accuracy.mean - worst.accuracy.mean
    low, high = of_intervals(best.accuracy.mean, best.interval, worst.accuracy.mean, worst.interval)
    text = (
        f"of {of} groups compared, worst is {worst.name} ({percent(worst.accuracy.mean)}), best "
        f"{best.name} ({percent(best.accuracy.mean)}); gap {points(gap)} points, 95 % interval "
        f"{points(low)} to {points(high)}"
    )
    return text + (", which contains 0: these faces do not tell them apart." if low <= 0 else ".")
