"""The paper's own tables, every printed place with ours beside it."""

from __future__ import annotations

from collections.abc import Sequence

from tabulate import tabulate

from fer_bench.reports.formatting import NOTHING, maximum, mean_std
from fer_bench.reports.paper import Printed
from fer_bench.reports.scores import Scores

INTRODUCTION = (
    "Each place is *printed / ours*: the number as the paper prints it, then ours for the same "
    "dataset and model, also with the epoch chosen on the test set (`best_on_test`), as the "
    "paper's numbers are. Rows that the paper itself only reports have one number."
)


def as_printed(scores: Scores, printed: Sequence[Printed]) -> list[str]:
    """The paper's table, each place as `printed / ours` with the same statistic, and its notes."""
    columns = list(dict.fromkeys(p.column for p in printed))
    labels = list(dict.fromkeys(p.row for p in printed))
    places = {(p.row, p.column): p.printed + _ours(scores, p) for p in printed}
    body = [[label, *(places.get((label, c), NOTHING) for c in columns)] for label in labels]
    align = ["left", *("right" for _ in columns)]
    grid = tabulate(body, ["", *columns], tablefmt="github", colalign=align, disable_numparse=True)
    parts = ["## The paper's table", INTRODUCTION, grid]
    if notes := _notes(printed):
        parts.append("\n".join(f"- {note}" for note in notes))
    return parts


def _notes(printed: Sequence[Printed]) -> list[str]:
    """What is odd about printed places, each once with the places it is about."""
    places: dict[str, dict[str, list[str]]] = {}
    for p in printed:
        if p.note:
            places.setdefault(p.note, {}).setdefault(p.row, []).append(p.column)
    return [
        "; ".join(f"{row} ({', '.join(columns)})" for row, columns in rows.items()) + f": {note}."
        for note, rows in places.items()
    ]


def _ours(scores: Scores, place: Printed) -> str:
    if not place.model:
        return ""
    row = scores.get(place.dataset, place.model)
    if row is None:
        summary = None
    elif row.folded and (place.set, place.subset) == (row.dataset, "all"):
        summary = row.fold_mean(place.selection)
    else:
        summary = row.summary("accuracy", place.set, place.subset, place.selection)
    return " / " + (mean_std(summary) if place.statistic == "mean_std" else maximum(summary))
