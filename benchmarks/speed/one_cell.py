"""The predictions of one cell on five sets of 3,000 faces, as files, and the time to score them."""

from __future__ import annotations

import json
import time
from pathlib import Path

import numpy as np
import pandas as pd
from invented_scores import (
    EVALUATED,
    RULES,
    _training,
    faces_of,
    logits_of,
    stamp,
    write_tables,
)  # fmt: skip

from fer_bench.datasets import get_dataset
from fer_bench.evaluation import score
from fer_bench.labels import EIGHT
from fer_bench.records.predictions import predictions_frame, write_predictions

DATASET, MODEL, SEED = "rafdb", "scan_cci", 0
TRAIN = 12_000
"""Further faces of each set, about as many as RAF-DB has."""


def write_cell(root: Path) -> None:
    """Tables of faces, predictions of three selections and the training record."""
    classes = get_dataset(DATASET).classes
    cell = root / "runs" / DATASET / MODEL / str(SEED)
    _training(cell, DATASET, MODEL, SEED, classes)
    write_tables(root, DATASET, further=TRAIN)
    for set_ in (DATASET, *EVALUATED[DATASET]):
        folder = cell / ("train" if set_ == DATASET else f"on_{set_}")
        folder.mkdir(parents=True, exist_ok=True)
        stamp(root, DATASET, set_, folder)
        write_predictions(folder / "predictions.parquet", _predictions(set_, classes))


def time_scoring(root: Path, times: int = 5) -> list[float]:
    """Seconds of each run of `score_cell`, the first in a process that has only imported it."""
    cell = root / "runs" / DATASET / MODEL / str(SEED)
    found = []
    for _ in range(times):
        started = time.perf_counter()
        score.score_cell(
            cell, (DATASET, MODEL, SEED), root / "score.json", rules=RULES,
            sets=EVALUATED[DATASET], faces=root / "faces" / DATASET,
        )  # fmt: skip
        found.append(time.perf_counter() - started)
    return found


def _predictions(set_: str, classes: tuple[str, ...]) -> list[pd.DataFrame]:
    faces = faces_of(set_, classes)
    labels = np.array([classes.index(EIGHT[label]) for label in faces["label"]])
    return [
        predictions_frame(
            faces["face"].to_numpy(), labels,
            logits_of(labels, len(classes), MODEL, SEED, set_, selection), classes,
            selection=selection, split="test",
        )
        for selection in score.SELECTIONS
    ]  # fmt: skip


if __name__ == "__main__":
    import sys

    print(json.dumps(time_scoring(Path(sys.argv[1]))))
