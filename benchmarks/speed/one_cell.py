"""The predictions of one cell on five sets of 3,000 faces, as files, and the time to score them."""

from __future__ import annotations

import json
import time
from pathlib import Path

import numpy as np
import pandas as pd
from invented_scores import EVALUATED, FACES, PROTOCOL, _audit, _training, faces_of, logits_of

from fer_bench.datasets import get_dataset
from fer_bench.evaluation import score
from fer_bench.files import write_json
from fer_bench.labels import EIGHT

DATASET, MODEL, SEED = "rafdb", "scan_cci", 0
TRAIN = 12_000
"""Further rows of each pack's manifest, about as many as RAF-DB has."""


def write_cell(root: Path) -> None:
    """Packs' manifests, predictions of three selections and the training record."""
    classes = get_dataset(DATASET).classes
    cell = root / "runs" / DATASET / MODEL / str(SEED)
    _training(cell, DATASET, MODEL, SEED, classes)
    for set_ in (DATASET, *EVALUATED[DATASET]):
        faces = _pack(root / "aligned", set_, classes)
        folder = cell / ("train" if set_ == DATASET else f"on_{set_}")
        folder.mkdir(parents=True, exist_ok=True)
        write_json(folder / "audit.json", _audit(set_, classes))
        _predictions(faces, classes, set_).to_parquet(folder / "predictions.parquet", index=False)


def time_scoring(root: Path, times: int = 5) -> list[float]:
    """Seconds of each run of `score_cell`, the first in a process that has only imported it."""
    cell = root / "runs" / DATASET / MODEL / str(SEED)
    found = []
    for _ in range(times):
        started = time.perf_counter()
        score.score_cell(
            cell, DATASET, MODEL, SEED, root / "score.json", audit=cell / "train/audit.json",
            protocol=PROTOCOL, sets=EVALUATED[DATASET], packs_root=root / "aligned",
        )  # fmt: skip
        found.append(time.perf_counter() - started)
    return found


def _pack(packs: Path, set_: str, classes: tuple[str, ...]) -> pd.DataFrame:
    """Write the manifest with the columns of a real one; returns the test faces."""
    test = faces_of(set_, classes).assign(split="test")
    train = test.sample(TRAIN, replace=True, random_state=0).assign(
        split="train", sample_id=[f"train_{i:05d}" for i in range(TRAIN)]
    )
    every = pd.concat([test, train], ignore_index=True)
    draw = np.random.default_rng(0)
    n = len(every)
    manifest = every.assign(
        subject=every["sample_id"], fold=pd.array([None] * n, dtype="Int64"),
        box=list(draw.random((n, 4))), landmarks=list(draw.random((n, 10))),
        detection=draw.random(n), faces_found=1, source_sha256=[f"{i:064x}" for i in range(n)],
    )  # fmt: skip
    for pack in get_dataset(set_).packs:
        (packs / pack).mkdir(parents=True, exist_ok=True)
        manifest.to_parquet(packs / pack / "manifest.parquet", index=False)
    return test


def _predictions(faces: pd.DataFrame, classes: tuple[str, ...], set_: str) -> pd.DataFrame:
    names = [EIGHT[label] for label in faces["label"]]
    labels = np.array([classes.index(name) for name in names])
    frames = []
    for selection in score.SELECTIONS:
        logits = logits_of(labels, len(classes), MODEL, SEED, set_, selection)
        columns = {f"logit_{name}": logits[:, i] for i, name in enumerate(classes)}
        fold = pd.array([None] * FACES, dtype="Int64")
        frames.append(
            pd.DataFrame(
                {"sample_id": faces["sample_id"], "fold": fold, "selection": selection,
                 "label": labels, **columns}
            )
        )  # fmt: skip
    return pd.concat(frames, ignore_index=True)


if __name__ == "__main__":
    import sys

    print(json.dumps(time_scoring(Path(sys.argv[1]))))
