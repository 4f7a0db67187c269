"""Apply a cell's saved weights to another dataset's test split: a new set never retrains."""

from __future__ import annotations

from pathlib import Path

from fer_bench.evaluation.opened import autocast, known_faces, network, prepare, test_faces
from fer_bench.files import replacing_folder, sha256_file, write_json
from fer_bench.reading import load_weights
from fer_bench.records.faces import STAMP
from fer_bench.records.predictions import FILE, predictions_frame, write_predictions
from fer_bench.records.spec import RowSpec, View
from fer_bench.training.step import predict


def evaluate_cell(
    spec_path: Path, view_path: Path, table: Path, weights: Path, out: Path, packs: Path
) -> None:
    """Predict the test faces of another set with every selection's weights.

    Args:
        spec_path: the cell's spec, which says how to build the model.
        view_path: the set's view, `runs/views/<set>.json`.
        table: the set's faces, `results/faces/<set>.parquet`, whose hash is kept beside the
            predictions as `faces.json`: they are scored with no other.
        weights: the cell's `train/weights` folder.
        out: `runs/<dataset>/<model>/<seed>/on_<set>`; gets `predictions.parquet`.
        packs: `data/aligned`.
    """
    spec, evaluated = RowSpec.read(spec_path), View.read(view_path)
    device = prepare(spec)
    remedy = f"remove it from enabled.{spec.dataset}.evaluate_on"
    pixels, rows = test_faces(spec, evaluated, packs, remedy)
    model = network(spec, device)
    faces = known_faces(spec, model, pixels, rows)
    frames = []
    for file in sorted(weights.glob("*.safetensors")):
        load_weights(model, file)
        with autocast(spec, device):
            logits = predict(model, faces, device)
        frames.append(
            predictions_frame(
                rows["face"].to_numpy(), faces.labels, logits, spec.classes,
                selection=file.stem, split="test", folds=faces.folds,
            )
        )  # fmt: skip
    with replacing_folder(out) as folder:
        write_predictions(folder / FILE, frames)
        write_json(folder / STAMP, {"set": evaluated.name, "sha256": sha256_file(table)})
