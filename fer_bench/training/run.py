"""Train one cell from its spec and save what it predicted."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
from safetensors.torch import load_file, save_file

from fer_bench import models
from fer_bench.errors import FerBenchError
from fer_bench.files import read_json, replacing_folder, sha256_file, sha256_json, write_json
from fer_bench.training.data import open_view, splits
from fer_bench.training.loop import Fit, fit
from fer_bench.training.predictions import predictions_frame
from fer_bench.training.recipe import Recipe
from fer_bench.training.setup import start
from fer_bench.training.streams import Cell


def train_cell(spec_path: Path, start_path: Path, seed: int, out: Path, packs: Path) -> None:
    """Train one cell; `out` appears only when it is complete.

    Args:
        spec_path: the cell's spec, `runs/specs/<dataset>/<model>.json`.
        start_path: what its weights start from: `runs/<dataset>/starts/<model>.json`, or the
            safetensors file of another cell (transfer).
        seed: the cell's seed.
        out: `runs/<dataset>/<model>/<seed>/train`.
        packs: `data/aligned`.

    Writes `predictions.parquet`, `history.csv`, `train.json` and `weights/<selection>.safetensors`.
    """
    spec = read_json(spec_path)
    cell = Cell(spec["dataset"], spec["model"], seed)
    recipe = Recipe().with_(spec["recipe"])
    fabric = start(spec["compute"], cell)
    classes = spec["view"]["classes"]
    model = models.build(spec["base"], len(classes), **spec["options"])
    _load_start(model, start_path, transfer=spec["init_from"] is not None)
    pixels, manifest = open_view(spec["view"], packs)
    if pixels.shape[1] != spec["options"]["size"]:
        raise FerBenchError(
            f"{cell}: the pack's faces are {pixels.shape[1]} px but the model was built for "
            f"{spec['options']['size']} px; set align.<source>.size and align again"
        )
    train, val, test = splits(pixels, manifest, recipe, cell.dataset)
    result = fit(fabric, model, train, val, test, recipe, cell, len(classes))
    with replacing_folder(out) as folder:
        frames = [
            predictions_frame(test, chosen.logits, classes, selection)
            for selection, chosen in sorted(result.chosen.items())
            if chosen.logits is not None
        ]
        pd.concat(frames, ignore_index=True).to_parquet(folder / "predictions.parquet", index=False)
        pd.DataFrame(result.history).to_csv(
            folder / "history.csv", index=False, float_format="%.6g", lineterminator="\n"
        )
        (folder / "weights").mkdir()
        for selection, chosen in result.chosen.items():
            save_file(chosen.weights, folder / "weights" / f"{selection}.safetensors")
        sizes = {"train": len(train), "val": len(val) if val else 0, "test": len(test)}
        write_json(folder / "train.json", _summary(spec, seed, model, result, sizes))


def _load_start(model: models.FERModel, start_path: Path, transfer: bool) -> None:
    """Load what the spec says the cell starts from."""
    if transfer:
        model.load_state_dict(load_file(start_path))
        return
    begin = read_json(start_path)
    if begin["pretrained"] is None:
        return
    found = sha256_file(begin["file"])
    if found != begin["sha256"]:
        raise FerBenchError(
            f"{begin['file']} has sha256 {found[:12]}..., expected {begin['sha256'][:12]}...: "
            "the weights changed after `starts` ran; run `dvc repro` again"
        )
    models.load_pretrained(model, load_file(begin["file"]))


def _summary(
    spec: dict[str, Any], seed: int, model: models.FERModel, result: Fit, sizes: dict[str, int]
) -> dict[str, Any]:
    """What a score says about the training; nothing in it may vary between equal runs."""
    return {
        "dataset": spec["dataset"],
        "model": spec["model"],
        "base": spec["base"],
        "seed": seed,
        "pretrained": spec["pretrained"],
        "init_from": spec["init_from"],
        "train_on": spec["recipe"]["train_on"],
        "n": sizes,
        "classes": spec["view"]["classes"],
        "parameters": sum(p.numel() for p in model.parameters()),
        "backbone": spec["options"]["backbone"],
        "size": spec["options"]["size"],
        "epochs": spec["recipe"]["epochs"],
        "best_epoch": {s: c.epoch for s, c in sorted(result.chosen.items()) if s != "last"},
        "alignment": spec["alignment"],
        "environment": {**spec["versions"], **spec["compute"]},
        "spec_sha256": sha256_json(spec),
    }
