"""The paper's own tables, every printed place with ours beside it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from fer_bench.reports.formatting import NOTHING
from fer_bench.reports.grid import Grid, grid
from fer_bench.reports.paper import Printed
from fer_bench.reports.scores import Scores
from fer_bench.reports.tables import beside_paper

PARTIAL = "†"
FILLED = (
    "*printed / ours (ours − printed)*, ours with the paper's statistic and its selection "
    "`best_on_test`; ↑ or ↓ where they are more than two of our standard deviations apart (never "
    "for a single seed)."
)
EMPTY = "*printed / ours*; none of ours has been measured."
ON_PARTIAL = f"{PARTIAL} Ours on a dataset of which images are missing."


def as_printed(scores: Scores, printed: Sequence[Printed]) -> Grid:
    """The paper's table, each place with ours behind it; rows without a model have one number."""
    columns = list(dict.fromkeys(p.column for p in printed))
    labels = list(dict.fromkeys(p.row for p in printed))
    places = {(p.row, p.column): p.printed + _ours(scores, p) for p in printed}
    body = [[label, *(places.get((label, c), NOTHING) for c in columns)] for label in labels]
    return grid(["", *columns], body, [""])


def introduction(scores: Scores, printed: Sequence[Printed]) -> str:
    """How to read a place, and whose methods have no model here."""
    said = FILLED if any(beside_paper.ours(scores, place) for place in printed) else EMPTY
    without = dict.fromkeys(p.row for p in printed if not p.model)
    return f"{said} No model here: {', '.join(without)}." if without else said


def notes(scores: Scores, printed: Sequence[Printed]) -> list[str]:
    """What is odd about printed places, each once with the places it is about."""
    places: dict[str, dict[str, list[str]]] = {}
    for p in printed:
        if p.note:
            places.setdefault(p.note, {}).setdefault(p.row, []).append(p.column)
    found = [f"{_where(rows, printed)}: {note}." for note, rows in places.items()]
    if any(_partial(scores, p) for p in printed):
        found.append(ON_PARTIAL)
    return found


def _where(rows: Mapping[str, Sequence[str]], printed: Sequence[Printed]) -> str:
    """Rows with the columns that are meant, where these are not all that the row has."""
    by_columns: dict[tuple[str, ...], list[str]] = {}
    for row, columns in rows.items():
        every = [p.column for p in printed if p.row == row and p.printed != NOTHING]
        by_columns.setdefault(() if columns == every else tuple(columns), []).append(row)
    return "; ".join(
        ", ".join(names) + (f" ({', '.join(columns)})" if columns else "")
        for columns, names in by_columns.items()
    )


def _ours(scores: Scores, place: Printed) -> str:
    if not place.model:
        return ""
    summary = beside_paper.ours(scores, place)
    if summary is None and place.printed == NOTHING:
        return ""
    text = f" / {beside_paper.shown(summary, place.statistic)}"
    if summary is not None and _partial(scores, place):
        text += PARTIAL
    if found := beside_paper.difference(summary, place.printed, place.statistic):
        text += f" ({found.text})"
    return text


def _partial(scores: Scores, place: Printed) -> bool:
    row = scores.get(place.dataset, place.model) if place.model else None
    return row is not None and row.has(place.set, place.subset) and row.partial(place.set)
