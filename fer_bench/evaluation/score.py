"""Score one cell: its saved predictions on every set, joined with the sets' tables of faces.

The file written is all that reports read. Imports stay light (no torch, no scikit-learn): there
is one process a cell.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from fer_bench.datasets import get_dataset
from fer_bench.datasets.base import Dataset
from fer_bench.errors import FerBenchError
from fer_bench.evaluation.parts import Predicted, by_fold, parts, slices
from fer_bench.evaluation.temperature import scaled
from fer_bench.files import read_json, sha256_file
from fer_bench.labels import Expression
from fer_bench.reading import read_table, reading
from fer_bench.records.faces import STAMP, FaceTable
from fer_bench.records.predictions import FILE
from fer_bench.records.score import Score
from fer_bench.records.training import FILE as TRAINING
from fer_bench.records.training import Training
from fer_bench.rules import Protocol

SELECTIONS = ("last", "best_on_val", "best_on_test")


def score_cell(
    cell_dir: Path,
    cell: tuple[str, str, int],
    out: Path,
    *,
    rules: Mapping[str, Any],
    card: Mapping[str, Any] | None = None,
    sets: Sequence[str] = (),
    partial: Collection[str] = (),
    faces: Path = Path("results/faces"),
    lists: Path = Path("runs/lists"),
) -> None:
    """Write `results/scores/<dataset>/<row>/<seed>.json`.

    Args:
        cell_dir: `runs/<dataset>/<row>/<seed>`, with `train/` and an `on_<set>/` for each set, or
            the same without weights, as it is kept in `results/predictions`.
        cell: dataset, row and seed, as `cell_dir` should say too.
        out: the JSON to write.
        rules: `version` and `sha256` of the rules it is scored by (docs/protocol.md).
        card: what the model says of itself, where its code is not part of this package.
        sets: further sets whose predictions are scored: those params name, whatever else lies in
            `cell_dir`. A cell that starts from another dataset's is scored on its own alone.
        partial: those of the sets of whose sources images are missing, by their receipts.
        faces: where the sets' tables of faces are.
        lists: where it stands which of them the challenge lists name.

    Raises:
        FerBenchError: a file is missing, or predictions and table disagree about faces, classes or
            labels.
    """
    training = Training.read(existing(cell_dir / "train" / TRAINING))
    dataset = _check_identity(training, cell_dir, cell)
    others = () if training.init_from else [name for name in sets if name != dataset]
    folders = {dataset: cell_dir / "train"} | {name: cell_dir / f"on_{name}" for name in others}
    scored, hashes, groups, tables = {}, {}, {}, {}
    folded: dict[str, Any] | None = None
    for name, folder in folders.items():
        own, known = name == dataset, get_dataset(name)
        table = FaceTable.read(faces / f"{name}.parquet", lists / f"{name}.parquet")
        file = existing(folder / FILE)
        if not own:
            _check_table(folder / STAMP, table, name)
        saved = read_table(file)
        predicted = checked_predictions(saved, file, known, training.classes, table)
        scored[name] = {
            s: _located(parts, f"{file} ({s})", p, known, with_answers=s == "last")
            for s, (p, _) in predicted.items()
        }
        groups[name] = slices(predicted["last"][0])
        if own:
            last = predicted["last"][0]
            scored[name]["last"]["all"] |= scaled(saved, last.labels, last.logits, training)
            untrained = table.untrained(known, training.classes)
            if known.protocol == "folds":
                folded = {s: by_fold(p, fold) for s, (p, fold) in predicted.items()}
        hashes["test" if own else f"on_{name}"] = sha256_file(file)
        tables[name] = table.sha256
    Score(
        training=training,
        rules=Protocol(**rules),
        sets=scored,
        slices=groups,
        folds=folded,
        history=_history(existing(cell_dir / "train" / "history.csv")),
        faces_sha256=tables,
        predictions_sha256=hashes,
        untrained_classes=tuple(untrained),
        partial=dataset in partial,
        partial_sets=tuple(sorted(name for name in folders if name in partial)),
        card=dict(card) if card else None,
    ).write(out)


def checked_predictions(
    predictions: pd.DataFrame,
    file: Path,
    dataset: Dataset,
    classes: tuple[str, ...],
    table: FaceTable,
) -> dict[str, tuple[Predicted, np.ndarray]]:
    """The test predictions of each selection and their folds, checked against the set's faces.

    Args:
        predictions: the rows of a `predictions.parquet`.
        file: where they were read.
        dataset: the set it was predicted on.
        classes: the predicting model's classes, in the order of its logits.
        table: the set's faces.
    """
    _check_columns(predictions, classes, file)
    predictions = predictions[predictions["split"] == "test"]
    tested = table.tested(dataset, classes)
    expected = set(tested.index.tolist())
    found = {}
    for selection in SELECTIONS:
        rows = predictions[predictions["selection"] == selection]
        if selection != "last" and rows.empty:
            continue
        _check_faces(rows["face"], expected, f"{file} ({selection})")
        faces = tested.loc[rows["face"]]
        labels = rows["label"].to_numpy("int64")
        _check_labels(labels, faces["label"].to_numpy(), classes, file)
        logits = rows[[f"logit_{c}" for c in classes]].to_numpy("float32")
        fold = rows["fold"].to_numpy()
        found[selection] = Predicted(faces, labels, logits, classes), fold
    return found


def _located(function: Any, where: str, *arguments: Any, **options: Any) -> Any:
    try:
        return function(*arguments, **options)
    except FerBenchError as error:
        raise FerBenchError(f"{where}: {error}") from error


def _check_identity(training: Training, cell_dir: Path, cell: tuple[str, str, int]) -> str:
    """The dataset of a cell that is the one asked for."""
    stated = (training.dataset, training.model, training.seed)
    if stated != cell:
        raise FerBenchError(
            f"{cell_dir}/train/{TRAINING} is of {stated!r}, asked to score {cell!r}: the folder "
            "belongs to another cell; train this one again"
        )
    return training.dataset


def _check_table(stamp: Path, table: FaceTable, name: str) -> None:
    found = read_json(existing(stamp))["sha256"]
    if found != table.sha256:
        raise FerBenchError(
            f"{stamp.parent} was predicted when the faces of {name} were others (table "
            f"{found[:12]}..., now {table.sha256[:12]}...): `fer-bench sweep` predicts them again"
        )


def _check_columns(predictions: pd.DataFrame, classes: Sequence[str], file: Path) -> None:
    missing = {"face", "fold", "selection", "split", "label"} - set(predictions.columns)
    if missing:
        raise FerBenchError(f"{file} lacks the columns {', '.join(sorted(missing))}")
    logits = [c.removeprefix("logit_") for c in predictions.columns if c.startswith("logit_")]
    if logits != list(classes):
        raise FerBenchError(
            f"{file} has logits of {', '.join(logits) or 'no class'}; the cell's classes are "
            f"{', '.join(classes)}. Predict again with the cell's own weights."
        )
    unknown = sorted(set(predictions["selection"].unique()) - set(SELECTIONS))
    if unknown:
        raise FerBenchError(f"{file} has unknown selections: {', '.join(unknown)}")


def _check_faces(faces: pd.Series, expected: set[int], where: str) -> None:
    names = faces.tolist()
    predicted = set(names)
    twice = len(names) - len(predicted)
    missing, strange = len(expected - predicted), len(predicted - expected)
    if twice or missing or strange:
        raise FerBenchError(
            f"{where}: of {len(expected)} test faces in the table {missing} have no "
            f"prediction; {twice} are predicted twice and {strange} predicted ones are no test "
            "face of it. The predictions belong to other faces: run this cell again."
        )


def _check_labels(
    labels: np.ndarray, expressions: np.ndarray, classes: Sequence[str], file: Path
) -> None:
    codes = np.array([int(Expression[c]) for c in classes])
    inside = (labels >= 0) & (labels < len(codes))
    wrong = int((~inside).sum() + (codes[labels[inside]] != expressions[inside]).sum())
    if wrong:
        raise FerBenchError(
            f"{file}: {wrong} of {len(labels)} labels are not those of the table; the faces were "
            "aligned again since: run this cell again"
        )


def _history(file: Path) -> dict[str, list[float | None]]:
    with reading(file):
        frame = pd.read_csv(file).apply(pd.to_numeric)
    return {
        str(name): [None if math.isnan(v) else v for v in column.tolist()]
        for name, column in frame.items()
    }


def existing(path: Path) -> Path:
    """`path`; raises FerBenchError when nothing is there."""
    if not path.is_file():
        raise FerBenchError(f"{path} is missing: `fer-bench sweep` makes it; then score again")
    return path
