"""All scores as one tidy frame, for people who make tables and figures of their own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd

from fer_bench.errors import FerBenchError
from fer_bench.records.score import Score

COLUMNS = {
    "dataset": "where the cell was trained",
    "model": "the row's name",
    "method": "its model or variant; the same where it starts from another dataset's cell",
    "init_from": "the dataset whose cell it starts from; None for most",
    "pretrained": "what its weights start from, in words; None for chance",
    "seed": "of the cell",
    "set": "the set that was predicted",
    "subset": "`all`, or a part of its test faces (`occluded`, `without_duplicates`, ...)",
    "selection": "`last`, `best_on_val` or `best_on_test`",
    "metric": "one of METRICS, or `recall_<class>`",
    "value": "a fraction of 1, or nats (`nll`)",
    "n": "faces it is over",
    "processor": "what it was trained on; None from before that was recorded",
    "external": "whether it was trained elsewhere and only its answers came here",
}
METRICS = ("accuracy", "balanced_accuracy", "macro_f1", "nll", "brier", "ece")


def results(*folders: str | Path) -> pd.DataFrame:
    """Every number of the score files below `folders`, one a line; the columns are `COLUMNS`.

    Args:
        folders: hold `<dataset>/<model>/<seed>.json`; without any, `results/scores` and
            `results/external` of the current folder.

    Raises:
        FerBenchError: there are no score files, or one is none.
    """
    places = [Path(folder) for folder in folders or ("results/scores", "results/external")]
    files = [file for place in places for file in sorted(place.glob("*/*/*.json"))]
    if not files:
        where = ", ".join(map(str, places))
        raise FerBenchError(f"no score files below {where}: go to the project's folder")
    lines = [line for file in files for line in _lines(Score.read(file))]
    return pd.DataFrame(lines, columns=list(COLUMNS))


def _lines(score: Score) -> Iterator[tuple[Any, ...]]:
    cell = score.training
    about = (cell.dataset, cell.model, cell.method, cell.init_from, cell.pretrained, cell.seed)
    behind = (cell.environment.get("processor"), score.external)
    for set_, selections in score.sets.items():
        for selection, parts in selections.items():
            for subset, part in parts.items():
                place = (*about, set_, subset, selection)
                values = {name: part.get(name) for name in METRICS}
                values |= {f"recall_{k}": v for k, v in part.get("recall", {}).items()}
                for metric, value in values.items():
                    if value is not None:
                        yield (*place, metric, value, part["n"], *behind)
