"""Score one cell: its saved predictions on every set, joined with the manifests' subsets.

The file written is all that reports read. Imports stay light (no torch, no scikit-learn): there
is one process a cell.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from fer_bench.datasets import get_dataset
from fer_bench.datasets.base import Dataset
from fer_bench.errors import FerBenchError
from fer_bench.evaluation.metrics import measure
from fer_bench.files import read_json, sha256_file, write_text
from fer_bench.labels import Expression

SELECTIONS = ("last", "best_on_val", "best_on_test")


def score_cell(
    cell_dir: Path,
    dataset: str,
    model: str,
    seed: int,
    out: Path,
    *,
    sets: Sequence[str] = (),
    packs_root: Path = Path("data/aligned"),
    partial: bool = False,
) -> None:
    """Write `results/scores/<dataset>/<model>/<seed>.json`.

    Args:
        cell_dir: `runs/<dataset>/<model>/<seed>`, with `train/` and an `on_<set>/` for each set.
        dataset: the dataset the cell was trained on; its test split is scored under this name.
        model: the row's name.
        seed: the cell's seed.
        out: the JSON to write.
        sets: further sets whose predictions are scored: those params name, whatever else lies in
            `cell_dir`.
        packs_root: where the aligned packs' manifests are.
        partial: whether the source's receipt says that images are missing.

    Raises:
        FerBenchError: a file is missing, or predictions and manifest disagree about samples,
            classes or labels.
    """
    training = read_json(_existing(cell_dir / "train" / "train.json"))
    _check_identity(training, cell_dir, dataset=dataset, model=model, seed=seed)
    classes = tuple(training["classes"])
    files = {dataset: cell_dir / "train" / "predictions.parquet"}
    files |= {s: cell_dir / f"on_{s}" / "predictions.parquet" for s in sets if s != dataset}
    scores, hashes = {}, {}
    for name, file in files.items():
        scores[name] = score_set(_existing(file), get_dataset(name), classes, packs_root)
        hashes["test" if name == dataset else f"on_{name}"] = sha256_file(file)
    stated = ("dataset", "model", "seed", "classes", "spec_sha256", "environment")
    _write(
        out,
        {
            "dataset": dataset,
            "model": model,
            "seed": seed,
            "classes": list(classes),
            "training": {k: v for k, v in training.items() if k not in stated},
            "spec_sha256": training["spec_sha256"],
            "predictions_sha256": hashes,
            "sets": scores,
            "history": _history(_existing(cell_dir / "train" / "history.csv")),
            "environment": training.get("environment", {}),
            "partial": partial,
        },
    )


def score_set(
    file: Path, dataset: Dataset, classes: Sequence[str], packs_root: Path
) -> dict[str, dict[str, Any]]:
    """Metrics of one prediction file by selection and subset (`all` and the dataset's own).

    Args:
        file: a `predictions.parquet`.
        dataset: the set it was predicted on.
        classes: the predicting model's classes, in the order of its logits.
        packs_root: where the aligned packs' manifests are.
    """
    predictions = pd.read_parquet(file)
    _check_columns(predictions, classes, file)
    manifest = _manifest(dataset, packs_root)
    expected = _expected(manifest, predictions, dataset, classes)
    result: dict[str, dict[str, Any]] = {}
    for selection in SELECTIONS:
        rows = predictions[predictions["selection"] == selection]
        if selection != "last" and rows.empty:
            continue
        _check_samples(rows["sample_id"], expected, f"{file} ({selection})")
        faces = manifest.loc[rows["sample_id"]]
        labels = rows["label"].to_numpy()
        _check_labels(labels, faces["label"].to_numpy(), classes, file)
        logits = rows[[f"logit_{c}" for c in classes]].to_numpy()
        try:
            parts = {"all": measure(labels, logits, classes)}
            for subset, mask in _masks(dataset, faces):
                parts[subset] = measure(labels[mask], logits[mask], classes)
        except FerBenchError as error:
            raise FerBenchError(f"{file} ({selection}): {error}") from error
        result[selection] = parts
    return result


def _manifest(dataset: Dataset, packs_root: Path) -> pd.DataFrame:
    """The manifests of all the dataset's packs, indexed by sample id."""
    files = [_existing(packs_root / pack / "manifest.parquet") for pack in dataset.packs]
    frame = pd.concat([pd.read_parquet(f) for f in files], ignore_index=True)
    twice = int(frame["sample_id"].duplicated().sum())
    if twice:
        raise FerBenchError(
            f"{', '.join(map(str, files))}: {twice} sample ids occur more than once; "
            "align these packs again"
        )
    return frame.set_index("sample_id", drop=False)


def _expected(
    manifest: pd.DataFrame, predictions: pd.DataFrame, dataset: Dataset, classes: Sequence[str]
) -> set[str]:
    """The samples a complete prediction file holds: test faces of a class that both sides know.

    In cross-validation every face is a test face of one fold.
    """
    known = [int(Expression[c]) for c in classes if c in dataset.classes]
    folded = len(predictions) > 0 and bool(predictions["fold"].notna().all())
    tested = manifest["fold"].notna() if folded else manifest["split"] == "test"
    return set(manifest.index[tested & manifest["label"].isin(known)])


def _masks(dataset: Dataset, faces: pd.DataFrame) -> Iterable[tuple[str, np.ndarray]]:
    faces = faces.reset_index(drop=True)
    for name, subset in dataset.subsets.items():
        mask = np.asarray(subset(faces))
        if mask.dtype != bool or mask.shape != (len(faces),):
            raise FerBenchError(
                f"subset {name!r} of dataset {dataset.name!r} gave {mask.dtype} values of shape "
                f"{mask.shape} for {len(faces)} faces; it must give one bool a face"
            )
        yield name, mask


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
    unknown = sorted(set(predictions["selection"]) - set(SELECTIONS))
    if unknown:
        raise FerBenchError(f"{file} has unknown selections: {', '.join(unknown)}")


def _check_samples(samples: pd.Series, expected: set[str], where: str) -> None:
    twice = int(samples.duplicated().sum())
    missing = len(expected - set(samples))
    strange = len(set(samples) - expected)
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


def _existing(path: Path) -> Path:
    if not path.is_file():
        raise FerBenchError(f"{path} is missing: run `dvc repro` to make it, then score again")
    return path


def _write(out: Path, value: dict[str, Any]) -> None:
    """Indented JSON with each list of numbers on one line: small, and differences read well."""
    text = json.dumps(value, indent=1, sort_keys=True, allow_nan=False)
    flat = re.sub(
        r'\[[^\[\]{}"]+\]', lambda match: "[" + " ".join(match[0][1:-1].split()) + "]", text
    )
    write_text(out, flat + "\n")
