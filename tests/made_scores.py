"""Rows of invented scores: only what a test is about has to be said."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from fer_bench.records.score import Score
from fer_bench.records.training import Training
from fer_bench.reports.row import Row

TRAINING = ("seed", "classes", "spec_sha256", "environment")
"""Keys of a cell that its training says."""


def made_score(dataset: str, model: str, cell: Mapping[str, Any]) -> Score:
    """A seed: fields of `Score`, some of `Training`, and further ones of it as `training`."""
    method, _, source = model.partition("_from_")
    given = {"seed": 0, "classes": (), "protocol": "split", "base": method}
    given |= {k: v for k, v in cell.items() if k in TRAINING} | dict(cell.get("training", {}))
    training = Training(dataset, model, method=method, **{"init_from": source or None} | given)
    said = {k: v for k, v in cell.items() if k not in {*TRAINING, "training"}}
    return Score(training, **{"rules": None, "sets": {}} | said)


def made_row(
    dataset: str,
    model: str,
    cells: Sequence[Mapping[str, Any]],
    sets: frozenset[str] | None = None,
    elsewhere: bool = False,
) -> Row:
    """A row of such seeds, on the sets they were scored on if no others are given."""
    scores = tuple(made_score(dataset, model, cell) for cell in cells)
    sets = frozenset(name for score in scores for name in score.sets) if sets is None else sets
    said = scores[0].training
    return Row(dataset, model, said.method, said.init_from, elsewhere, len(scores), scores, sets)
