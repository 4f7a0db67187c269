"""Train one cell from its spec and save what it predicted."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from safetensors.torch import load_file, save_file

from fer_bench import models
from fer_bench.device import chip, here
from fer_bench.errors import FerBenchError
from fer_bench.files import read_json, sha256_file, sha256_json
from fer_bench.reading import load_weights
from fer_bench.records.base import to_json
from fer_bench.records.predictions import FILE, predictions_frame, write_predictions
from fer_bench.records.spec import FILE as SPEC
from fer_bench.records.spec import RowSpec
from fer_bench.records.training import FILE as SUMMARY
from fer_bench.records.training import LabelNoise, Training
from fer_bench.training.batches import Faces
from fer_bench.training.data import (
    Splits,
    data_hash,
    faces_hash,
    folds,
    hold_out,
    open_view,
    splits,
    with_fields,
)
from fer_bench.training.image_targets import with_targets
from fer_bench.training.label_noise import with_noise
from fer_bench.training.loop import fit
from fer_bench.training.recipe import Recipe
from fer_bench.training.setup import results_folder, start
from fer_bench.training.state import Fit
from fer_bench.training.streams import CellStreams
from fer_bench.training.teacher import Teacher, weights_of

RELABELS = "relabels.parquet"


def train_cell(
    spec_path: Path,
    start_path: Path,
    seed: int,
    out: Path,
    packs: Path,
    teacher: Path | None = None,
) -> None:
    """Train one cell; `out` appears only when it is complete.

    A training that was stopped goes on from its last checkpoint, with the same result to the bit.

    A cross-validated dataset is trained once a fold, each time from the same start, and each of its
    faces is predicted once, by the model that has not seen its fold.

    Args:
        spec_path: the cell's spec, `runs/specs/<dataset>/<model>.json`.
        start_path: what its weights start from: `runs/<dataset>/starts/<model>.json`, or the
            safetensors file of another cell (transfer).
        seed: the cell's seed.
        out: `runs/<dataset>/<model>/<seed>/train`.
        packs: `data/aligned`.
        teacher: `train` of the cell that the recipe's `teacher` names, of the same seed.

    Writes `spec.json`, `predictions.parquet`, `history.csv` (the mean over folds), `train.json` and
    `weights/<selection>.safetensors` (`weights/last_fold<k>.safetensors` in cross-validation), and
    `relabels.parquet`, one row a change, where the model changed labels.
    """
    spec = RowSpec.read(spec_path)
    name = CellStreams(spec.dataset, spec.model, seed)
    recipe = Recipe.of(spec.recipe)
    pixels, manifest = open_view(spec.view, packs)
    if pixels.shape[1] != spec.options["size"]:
        raise FerBenchError(
            f"{name}: the pack's faces are {pixels.shape[1]} px but the model was built for "
            f"{spec.options['size']} px; set align.<source>.size and align again"
        )
    with results_folder(out) as folder:
        (folder / "weights").mkdir()
        shutil.copyfile(spec_path, folder / SPEC)
        records, frames, histories, changes = [], [], [], []
        for fold in folds(manifest, name.dataset) if spec.folded else [None]:
            rows = manifest if fold is None else hold_out(manifest, fold)
            cell = CellStreams(name.dataset, name.model, seed, fold)
            parts = splits(pixels, rows, recipe, name.dataset)
            record, result = _run(spec, recipe, cell, parts, start_path, rows, teacher)
            records.append(record)
            changes.append(_changes(parts, result, spec.classes, fold))
            frames += _predictions(parts, result, spec.classes, rows)
            histories.append(pd.DataFrame(result.history).astype("float64"))
            _save_weights(result, folder / "weights", fold)
        write_predictions(folder / FILE, frames)
        history = pd.concat(histories).groupby("epoch", as_index=False).mean()
        history.astype({"epoch": "int64"}).to_csv(
            folder / "history.csv", index=False, float_format="%.6g", lineterminator="\n"
        )
        if any(map(len, changes)):
            pd.concat(changes, ignore_index=True).to_parquet(folder / RELABELS, index=False)
        _summary(spec, seed, records, _facts(spec, start_path)).write(folder / SUMMARY)


def _run(
    spec: RowSpec,
    recipe: Recipe,
    cell: CellStreams,
    parts: Splits,
    start_path: Path,
    rows: pd.DataFrame,
    teacher: Path | None,
) -> tuple[dict[str, Any], Fit]:
    """One training, and what is recorded of it."""
    compute = here(spec.compute)
    fabric = start(compute, cell)
    classes = spec.classes
    model = models.build(spec.base, len(classes), **spec.options)
    _load_start(model, start_path, transfer=spec.init_from is not None)
    parts = parts.map(lambda faces: with_fields(faces, rows, model.fields))
    train = with_noise(parts.train, classes, recipe, cell)
    train = with_targets(train, rows, model.targets, classes)
    found = [data_hash(rows), faces_hash(train, parts.val, parts.test)]
    given = [to_json(spec) | {"compute": compute}, sha256_file(start_path), *found]
    teaching = None
    if teacher:
        given.append(sha256_file(weights_of(teacher, cell.fold)))
        teaching = Teacher(teacher, train, rows, recipe, fabric.device, cell.fold, classes)
    result = fit(
        fabric, compute, model, train, parts.val, parts.test, recipe, cell, len(classes),
        key=sha256_json(given), teacher=teaching,
    )  # fmt: skip
    record = {
        "train": len(train),
        "val": len(parts.val) if parts.val else 0,
        "test": len(parts.test),
        "changed": int((train.labels != parts.train.labels).sum()),
        "parameters": sum(p.numel() for p in model.parameters()),
        "best_epoch": {s: c.epoch for s, c in sorted(result.chosen.items()) if s != "last"},
    }
    return record, result


def _changes(parts: Splits, result: Fit, classes: Sequence[str], fold: int | None) -> pd.DataFrame:
    """The labels that the model changed, of a cross-validated dataset with the fold held out."""
    changes = result.targets.record(parts.train.sample_ids, classes)
    if fold is not None:
        changes.insert(0, "fold", fold)
    return changes


def _predictions(
    parts: Splits, result: Fit, classes: Sequence[str], rows: pd.DataFrame
) -> list[pd.DataFrame]:
    """Test faces by every selection, validation faces by the last epoch (which chose nothing)."""
    numbers = rows.set_index("sample_id")["face"]

    def frame(faces: Faces, logits: np.ndarray, selection: str, split: str) -> pd.DataFrame:
        return predictions_frame(
            numbers.loc[faces.sample_ids].to_numpy(), faces.labels, logits, classes,
            selection=selection, split=split, folds=faces.folds,
        )  # fmt: skip

    frames = [
        frame(parts.test, chosen.logits, selection, "test")
        for selection, chosen in sorted(result.chosen.items())
        if chosen.logits is not None
    ]
    last = result.chosen["last"]
    if parts.val is not None and last.val_logits is not None:
        frames.append(frame(parts.val, last.val_logits, "last", "val"))
    return frames


def _save_weights(result: Fit, folder: Path, fold: int | None) -> None:
    if fold is not None:  # ten ResNet-50s a cell are enough
        save_file(result.chosen["last"].weights, folder / f"last_fold{fold}.safetensors")
        return
    for selection, chosen in result.chosen.items():
        save_file(chosen.weights, folder / f"{selection}.safetensors")


def _facts(spec: RowSpec, start_path: Path) -> dict[str, Any] | None:
    """What is known of the weights a cell starts from."""
    facts = None if spec.init_from else read_json(start_path).get("start_facts")
    return dict(facts) if facts else None


def _load_start(model: models.FERModel, start_path: Path, transfer: bool) -> None:
    """Load what the spec says the cell starts from."""
    if transfer:
        load_weights(model, start_path)
        return
    begin = read_json(start_path)
    if begin["pretrained"] is None:
        return
    found = sha256_file(begin["file"])
    if found != begin["sha256"]:
        raise FerBenchError(
            f"{begin['file']} has sha256 {found[:12]}..., expected {begin['sha256'][:12]}...: "
            "the weights changed after `starts` ran; run `fer-bench sweep` again"
        )
    models.load_pretrained(model, load_file(begin["file"]))


def _summary(
    spec: RowSpec, seed: int, records: list[dict[str, Any]], facts: dict[str, Any] | None
) -> Training:
    """What a score says about the training; nothing in it may vary between equal runs."""
    epochs = [r["best_epoch"] for r in records]
    recipe, options, compute = spec.recipe, spec.options, here(spec.compute)
    noise = LabelNoise(
        recipe["noise_kind"],
        recipe["label_noise"],
        changed=sum(r["changed"] for r in records),
        of=sum(r["train"] for r in records),
    )
    kept = ("dataset", "model", "method", "base", "source", "style", "pretrained", "init_from",
            "alignment", "tuning")  # fmt: skip
    return Training(
        **{key: getattr(spec, key) for key in kept},
        seed=seed,
        classes=spec.classes,
        protocol=spec.view.protocol,
        start=facts,
        train_on=recipe["train_on"],
        label_noise=noise if recipe["label_noise"] else None,
        n={
            "train": round(float(np.mean([r["train"] for r in records]))),
            "val": round(float(np.mean([r["val"] for r in records]))),
            "test": sum(r["test"] for r in records),
        },
        parameters=records[0]["parameters"],
        backbone=options["backbone"],
        size=options["size"],
        options=options,
        epochs=recipe["epochs"],
        recipe=recipe,
        best_epoch={s: [e[s] for e in epochs] for s in epochs[0]} if spec.folded else epochs[0],
        environment={
            **spec.versions,
            **compute,
            "processor": chip(compute["device"]),
        },
        spec_sha256=spec.sha256,
    )
