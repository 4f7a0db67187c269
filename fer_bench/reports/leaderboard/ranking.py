"""Ranks: equal means share one, and only what was measured here or committed is ranked."""

from __future__ import annotations

from collections.abc import Sequence

from fer_bench.reports.row import Row
from fer_bench.statistics.summary import Summary


def ranked(
    rows: Sequence[Row], set_: str | None = None, selection: str = "last"
) -> list[tuple[int, Row]]:
    """Rows by falling mean accuracy, with 1, 2, 2, 4 for equal means; ties stand by name.

    Args:
        rows: rows that have scores on the set under the selection.
        set_: the test faces; each row's own dataset if None.
        selection: which epoch's predictions.
    """
    means = {row.model: round(accuracy(row, set_, selection).mean, 12) for row in rows}
    order = sorted(rows, key=lambda row: (-means[row.model], row.model))
    better = {m: sum(other > means[m] for other in means.values()) for m in means}
    return [(better[row.model] + 1, row) for row in order]


def accuracy(row: Row, set_: str | None = None, selection: str = "last") -> Summary:
    """The accuracy that ranks a row: over all faces of the set."""
    summary = row.summary("accuracy", set_ or row.dataset, selection=selection)
    assert summary is not None, "rows without scores are not ranked"
    return summary
