"""Whether two rows come from different machines or recipes: part of a difference may be theirs."""

from __future__ import annotations

from collections.abc import Iterator

from fer_bench.reports.row import Row
from fer_bench.training.recipe import whole

COUNT = (
    "processor",
    "device",
    "torch",
    "torchvision",
    "numpy",
    "precision",
    "tf32",
    "deterministic",
)
"""What of `Training.environment` can change a result; how many threads or machines worked is fixed
by the rules to change none."""


def differences(one: Row, other: Row) -> list[str]:
    """What was not alike where two rows were trained, as `torch 2.9 and 2.14`; empty for alike.

    What one of them does not say counts as alike, since older scores say less.
    """
    return [
        f"{key} {' or '.join(sorted(mine))} and {' or '.join(sorted(theirs))}"
        for key in COUNT
        for mine, theirs in [(set(_said(one, key)), set(_said(other, key)))]
        if mine and theirs and mine != theirs
    ]


def unlike_recipes(one: Row, other: Row) -> list[str]:
    """Keys of the recipe that two rows were trained by, where not alike, as `epochs 10 and 60`.

    Nothing of a row whose scores do not say, such as an external one.
    """
    mine, theirs = (row.cells[-1].training.recipe or {} for row in (one, other))
    if not (mine and theirs):
        return []
    mine, theirs = whole(mine), whole(theirs)
    return [
        f"{key} {mine[key]} and {theirs[key]}"
        for key in mine
        if key in theirs and mine[key] != theirs[key]
    ]


def _said(row: Row, key: str) -> Iterator[str]:
    for cell in row.cells:
        if (value := cell.training.environment.get(key)) is not None:
            yield str(value)
