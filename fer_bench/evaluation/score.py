"""Score one cell: its saved predictions on every set, joined with the manifests' subsets.

The file written is all that reports read. Imports stay light (no torch, no scikit-learn): there
is one process a cell.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow.parquet as pq

from fer_bench.datasets import get_dataset
from fer_bench.datasets.base import Dataset
from fer_bench.datasets.views import view_rows
from fer_bench.errors import FerBenchError
from fer_bench.evaluation.parts import Predicted, by_fold, parts, slices
from fer_bench.files import read_json, sha256_file, write_text
from fer_bench.labels import Expression

SELECTIONS = ("last", "best_on_val", "best_on_test")
_OF_ALIGNMENT = ("box", "landmarks", "detection", "source_sha256", "true_box", "true_landmarks")


def score_cell(
    cell_dir: Path,
    dataset: str,
    model: str,
    seed: int,
    out: Path,
    *,
    audit: Path,
    protocol: Mapping[str, Any],
    card: Mapping[str, Any] | None = None,
    sets: Sequence[str] = (),
    packs_root: Path = Path("data/aligned"),
    partial: Collection[str] = (),
) -> None:
    """Write `results/scores/<dataset>/<model>/<seed>.json`.

    Args:
        cell_dir: `runs/<dataset>/<model>/<seed>`, with `train/` and an `on_<set>/` for each set.
        dataset: the dataset the cell was trained on; its test split is scored under this name.
        model: the row's name.
        seed: the cell's seed.
        out: the JSON to write.
        audit: the dataset's own audit record, `runs/audit/<dataset>.json`.
        protocol: `version` and `sha256` of the rules it is scored by (docs/protocol.md).
        card: what the model says of itself, where its code is not part of this package.
        sets: further sets whose predictions are scored: those params name, whatever else lies in
            `cell_dir`.
        packs_root: where the aligned packs' manifests are.
        partial: those of the sets of whose sources images are missing, by their receipts.

    Raises:
        FerBenchError: a file is missing, or predictions and manifest disagree about samples,
            classes or labels.
    """
    training = read_json(existing(cell_dir / "train" / "train.json"))
    _check_identity(training, cell_dir, dataset=dataset, model=model, seed=seed)
    classes = tuple(training["classes"])
    folders = {dataset: cell_dir / "train"}
    folders |= {name: cell_dir / f"on_{name}" for name in sets if name != dataset}
    scored, hashes, groups = {}, {}, {}
    folded: dict[str, Any] | None = None
    for name, folder in folders.items():
        own = name == dataset
        record = read_json(existing(audit if own else folder / "audit.json"))
        file = existing(folder / "predictions.parquet")
        known = get_dataset(name)
        predicted = read_predictions(file, known, classes, packs_root)
        scored[name] = {
            s: _located(parts, f"{file} ({s})", p, known, record, with_answers=s == "last")
            for s, (p, _) in predicted.items()
        }
        groups[name] = slices(predicted["last"][0], known)
        if own and known.protocol == "folds":
            folded = {s: by_fold(p, fold) for s, (p, fold) in predicted.items()}
        hashes["test" if own else f"on_{name}"] = sha256_file(file)
    stated = ("dataset", "model", "seed", "classes", "spec_sha256", "environment")
    write_score(
        out,
        {
            "dataset": dataset,
            "model": model,
            "seed": seed,
            "classes": list(classes),
            "protocol": dict(protocol),
            "card": dict(card) if card else None,
            "training": {k: v for k, v in training.items() if k not in stated},
            "spec_sha256": training["spec_sha256"],
            "predictions_sha256": hashes,
            "sets": scored,
            "slices": groups,
            "folds": folded,
            "history": _history(existing(cell_dir / "train" / "history.csv")),
            "environment": training.get("environment", {}),
            "untrained_classes": untrained(get_dataset(dataset), classes, packs_root),
            "partial": dataset in partial,
            "partial_sets": sorted(name for name in folders if name in partial),
        },
    )


def read_predictions(
    file: Path, dataset: Dataset, classes: tuple[str, ...], packs_root: Path
) -> dict[str, tuple[Predicted, np.ndarray]]:
    """The predictions of each selection and their folds, checked against the set's manifests.

    Args:
        file: a `predictions.parquet`.
        dataset: the set it was predicted on.
        classes: the predicting model's classes, in the order of its logits.
        packs_root: where the aligned packs' manifests are.
    """
    predictions = pd.read_parquet(file)
    _check_columns(predictions, classes, file)
    tested = tested_faces(dataset, classes, packs_root)
    expected = set(tested.index.tolist())
    found = {}
    for selection in SELECTIONS:
        rows = predictions[predictions["selection"] == selection]
        if selection != "last" and rows.empty:
            continue
        _check_samples(rows["sample_id"], expected, f"{file} ({selection})")
        faces = tested.loc[rows["sample_id"]]
        labels = rows["label"].to_numpy()
        _check_labels(labels, faces["label"].to_numpy(), classes, file)
        logits = rows[[f"logit_{c}" for c in classes]].to_numpy()
        fold = rows["fold"].to_numpy()
        found[selection] = Predicted(faces, labels, logits, classes), fold
    return found


def tested_faces(dataset: Dataset, classes: Sequence[str], packs_root: Path) -> pd.DataFrame:
    """The faces a complete prediction file holds: test faces of a class that both sides know.

    In cross-validation every face is a test face of one fold.
    """
    files = {pack: existing(packs_root / pack / "manifest.parquet") for pack in dataset.packs}
    manifests = {pack: _manifest(file) for pack, file in files.items()}
    known = [name for name in classes if name in dataset.classes]
    rows = view_rows([part.to_json() for part in dataset.parts], known, manifests)
    if dataset.protocol != "folds":
        rows = rows[rows["split"] == "test"]
    return rows.set_index("sample_id", drop=False)


def untrained(dataset: Dataset, classes: Sequence[str], packs_root: Path) -> list[str]:
    """The classes of which a dataset with a train split has no face in it."""
    if dataset.protocol != "split":
        return []
    manifests = {p: _manifest(packs_root / p / "manifest.parquet") for p in dataset.packs}
    rows = view_rows([part.to_json() for part in dataset.parts], classes, manifests)
    there = {Expression(label).name for label in rows.loc[rows["split"] == "train", "label"]}
    return [name for name in classes if name not in there]


def _manifest(file: Path) -> pd.DataFrame:
    """The columns that scoring may need; those of alignment take most of the time to read."""
    names = pq.read_schema(file).names
    return pd.read_parquet(file, columns=[name for name in names if name not in _OF_ALIGNMENT])


def _located(function: Any, where: str, *arguments: Any, **options: Any) -> Any:
    try:
        return function(*arguments, **options)
    except FerBenchError as error:
        raise FerBenchError(f"{where}: {error}") from error


def _check_identity(training: dict[str, Any], cell_dir: Path, **expected: str | int) -> None:
    for key, value in expected.items():
        if training[key] != value:
            raise FerBenchError(
                f"{cell_dir}/train/train.json says {key} {training[key]!r}, asked to score "
                f"{value!r}: the folder belongs to another cell; train this one again"
            )


def _check_columns(predictions: pd.DataFrame, classes: Sequence[str], file: Path) -> None:
    missing = {"sample_id", "fold", "selection", "label"} - set(predictions.columns)
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


def _check_samples(samples: pd.Series, expected: set[str], where: str) -> None:
    names = samples.tolist()
    predicted = set(names)
    twice = len(names) - len(predicted)
    missing, strange = len(expected - predicted), len(predicted - expected)
    if twice or missing or strange:
        raise FerBenchError(
            f"{where}: of {len(expected)} test samples in the manifest {missing} have no "
            f"prediction; {twice} are predicted twice and {strange} predicted ones are no test "
            "sample of it. The predictions belong to another pack: run this cell again."
        )


def _check_labels(
    labels: np.ndarray, expressions: np.ndarray, classes: Sequence[str], file: Path
) -> None:
    codes = np.array([int(Expression[c]) for c in classes])
    inside = (labels >= 0) & (labels < len(codes))
    wrong = int((~inside).sum() + (codes[labels[inside]] != expressions[inside]).sum())
    if wrong:
        raise FerBenchError(
            f"{file}: {wrong} of {len(labels)} labels are not those of the manifest; the pack was "
            "aligned again since: run this cell again"
        )


def _history(file: Path) -> dict[str, list[float | None]]:
    frame = pd.read_csv(file)
    return {
        str(name): [None if math.isnan(v) else v for v in column.tolist()]
        for name, column in frame.items()
    }


def existing(path: Path) -> Path:
    """`path`; raises FerBenchError when nothing is there."""
    if not path.is_file():
        raise FerBenchError(f"{path} is missing: run `dvc repro` to make it, then score again")
    return path


def write_score(out: Path, value: dict[str, Any]) -> None:
    """Indented JSON with each list of numbers on one line: small, and differences read well."""
    text = json.dumps(value, indent=1, sort_keys=True, allow_nan=False)
    flat = re.sub(
        r'\[[^\[\]{}"]+\]', lambda match: "[" + " ".join(match[0][1:-1].split()) + "]", text
    )
    write_text(out, flat + "\n")
