"""Apply a cell's saved weights to another dataset's test split: a new set never retrains."""

from __future__ import annotations

import shutil
from pathlib import Path

import pandas as pd
from safetensors.torch import load_file

from fer_bench.evaluation.opened import autocast, network, prepare, test_faces
from fer_bench.files import read_json, replacing_folder
from fer_bench.training.data import select, with_fields
from fer_bench.training.predictions import predictions_frame
from fer_bench.training.step import predict


def evaluate_cell(
    spec_path: Path, view_path: Path, audit: Path, weights: Path, out: Path, packs: Path
) -> None:
    """Predict the test faces of another set with every selection's weights.

    Args:
        spec_path: the cell's spec, which says how to build the model.
        view_path: the set's view, `runs/views/<set>.json`.
        audit: the set's audit record, `runs/audit/<set>.json`, kept beside the predictions as
            `audit.json` for scoring.
        weights: the cell's `train/weights` folder.
        out: `runs/<dataset>/<model>/<seed>/on_<set>`; gets `predictions.parquet`.
        packs: `data/aligned`.
    """
    spec, evaluated = read_json(spec_path), read_json(view_path)
    classes = spec["view"]["classes"]
    device = prepare(spec)
    remedy = f"remove it from enabled.{spec['dataset']}.evaluate_on"
    pixels, rows = test_faces(spec, evaluated, packs, remedy)
    model = network(spec, device)
    faces = with_fields(select(pixels, rows), rows, model.fields)
    frames = []
    for file in sorted(weights.glob("*.safetensors")):
        model.load_state_dict(load_file(file))
        with autocast(spec, device):
            logits = predict(model, faces, device)
        frames.append(predictions_frame(faces, logits, classes, file.stem))
    with replacing_folder(out) as folder:
        pd.concat(frames, ignore_index=True).to_parquet(folder / "predictions.parquet", index=False)
        shutil.copyfile(audit, folder / "audit.json")
