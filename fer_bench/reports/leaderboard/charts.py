"""Inline SVG of the pages: interval bars and robustness curves. Colours come from style.css."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from fer_bench.reports.formatting import rounded
from fer_bench.reports.robustness_results import Curve


@dataclass(frozen=True)
class Axis:
    """A scale shared by the bars of one table, in percent (or points)."""

    low: float
    high: float
    step: float

    @property
    def ticks(self) -> list[float]:
        """Where labels stand: both ends and the multiples of the step between."""
        n = round((self.high - self.low) / self.step)
        return [self.low + i * self.step for i in range(n + 1)]

    @property
    def gap(self) -> str:
        """The distance of two ticks, in percent of the width."""
        return f"{rounded(100 * self.step / (self.high - self.low), 3)}%"

    def x(self, value: float) -> str:
        """The place of a value, in percent of the width."""
        share = (value - self.low) / (self.high - self.low)
        return f"{rounded(100 * min(1.0, max(0.0, share)), 1)}%"


def axis(values: Iterable[float], floor: float = 0.0, ceiling: float = 100.0) -> Axis:
    """The shortest scale of at most six steps of 1, 2, 5, 10, 20 or 50 that holds all values."""
    values = list(values)
    low, high = min(values), max(values)
    for step in (1, 2, 5, 10, 20, 50):
        start = max(floor, math.floor(low / step) * step)
        end = min(ceiling, math.ceil(high / step) * step)
        if end == start:
            end = start + step
        if (end - start) / step <= 6:
            return Axis(start, end, step)
    return Axis(floor, ceiling, 50)


def bar(
    scale: Axis,
    low: float,
    high: float,
    centre: float,
    seeds: Sequence[float] = (),
) -> Markup:
    """An interval as a line, its centre as a dot, each seed as a small tick; percent.

    What lies below the scale ends in an arrow at its edge.

    Hidden from screen readers: the same numbers stand beside it as text. Grid lines are the
    background, at every `gap` of the scale.
    """
    x = scale.x
    marks = "".join(
        f'<line class="seed" x1="{x(v)}" x2="{x(v)}" y1="68%" y2="92%"/>'
        for v in seeds
        if v >= scale.low
    )
    marks += "".join(
        f'<line class="cap" x1="{x(v)}" x2="{x(v)}" y1="30%" y2="70%"/>'
        for v in (low, high)
        if v >= scale.low
    )
    marks += f'<line class="range" x1="{x(low)}" x2="{x(high)}" y1="50%" y2="50%"/>'
    if centre >= scale.low:
        marks += f'<circle class="dot" cx="{x(centre)}" cy="50%" r="3.5"/>'
    if low < scale.low:
        marks += '<text class="off" x="0" y="50%" dy="4.5">◂</text>'
    return Markup(f'<svg class="bar" aria-hidden="true" focusable="false">{marks}</svg>')


WIDTH, HEIGHT, LEFT, TOP, BOTTOM, RIGHT = 200, 132, 28, 8, 22, 8


def curve(shown: Curve) -> Markup:
    """Accuracy against severity, 0 being the clean face: the mean, ± standard deviation over seeds.

    Where severities are kinds, dots stand without a line. Hidden from screen readers: the same
    numbers stand in a table beside it.
    """
    every = [shown.clean, *(point.accuracy for point in shown.points)]
    means = [summary.mean for summary in every]

    def x(i: int) -> str:
        return rounded(LEFT + i * (WIDTH - LEFT - RIGHT) / max(1, len(every) - 1), 1)

    def y(share: float) -> str:
        inside = min(1.0, max(0.0, share))
        return rounded(TOP + (1 - inside) * (HEIGHT - TOP - BOTTOM), 1)

    right, clean = WIDTH - RIGHT, y(shown.clean.mean)
    marks = [_level(LEFT, right, y(t / 100), str(t)) for t in (0, 25, 50, 75, 100)]
    marks += [
        f'<text class="tick" x="{x(i)}" y="{HEIGHT - 8}" text-anchor="middle">{i}</text>'
        for i in range(len(every))
    ]
    marks.append(f'<line class="clean" x1="{LEFT}" x2="{right}" y1="{clean}" y2="{clean}"/>')
    for i, summary in enumerate(every):
        if summary.std:
            low, high = y(summary.mean - summary.std), y(summary.mean + summary.std)
            marks.append(f'<line class="spread" x1="{x(i)}" x2="{x(i)}" y1="{low}" y2="{high}"/>')
    if shown.ordered:
        points = " ".join(f"{x(i)},{y(v)}" for i, v in enumerate(means))
        marks.append(f'<polyline class="mean" points="{points}"/>')
    marks += [f'<circle class="dot" cx="{x(i)}" cy="{y(v)}" r="2.6"/>' for i, v in enumerate(means)]
    return Markup(
        f'<svg class="curve" viewBox="0 0 {WIDTH} {HEIGHT}" aria-hidden="true" focusable="false">'
        f"{''.join(marks)}</svg>"
    )


def _level(left: float, right: float, y: str, label: str) -> str:
    return (
        f'<line class="grid" x1="{left}" x2="{right}" y1="{y}" y2="{y}"/>'
        f'<text class="tick" x="{left - 5}" y="{y}" dy="3.5" text-anchor="end">{label}</text>'
    )
