"""Whether two rows come from different machines: then part of a difference may be theirs."""

from __future__ import annotations

from collections.abc import Iterator

from fer_bench.reports.row import Row

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


def _said(row: Row, key: str) -> Iterator[str]:
    for cell in row.cells:
        if (value := cell.training.environment.get(key)) is not None:
            yield str(value)
