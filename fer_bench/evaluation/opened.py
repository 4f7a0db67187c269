"""A trained cell and a set's test faces, opened for predicting, corrupting or explaining."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any

import pandas as pd
import torch

from fer_bench import models
from fer_bench.datasets.pack import Pixels
from fer_bench.device import here
from fer_bench.errors import FerBenchError
from fer_bench.faces.face_points import MEAN, NETWORK
from fer_bench.models import FERModel
from fer_bench.reading import load_weights
from fer_bench.records.spec import RowSpec, View
from fer_bench.training.batches import Faces
from fer_bench.training.data import open_view, select, with_fields
from fer_bench.training.setup import allow_tf32


def prepare(spec: RowSpec) -> torch.device:
    """Set torch's threads and determinism as a cell's spec says; returns its device."""
    torch.set_num_threads(int(spec.compute["threads"]))
    # Enough for a forward pass; use_deterministic_algorithms would import torch's compiler.
    torch.backends.cudnn.deterministic = True
    allow_tf32(spec.compute)
    return torch.device(here(spec.compute)["device"])


def autocast(spec: RowSpec, device: torch.device) -> AbstractContextManager[Any]:
    """The precision a cell was trained and its own test faces were predicted with."""
    precision = spec.compute["precision"]
    dtype = {"bf16-mixed": torch.bfloat16, "16-mixed": torch.float16}.get(precision)
    return torch.autocast(device.type, dtype) if dtype else nullcontext()


def test_faces(spec: RowSpec, view: View, packs: Path, remedy: str) -> tuple[Pixels, pd.DataFrame]:
    """The pixels of a set's packs and the manifest rows of its test faces.

    Args:
        spec: the cell's spec: its classes, and the size its model takes.
        view: the set's view, `runs/views/<set>.json`.
        packs: `data/aligned`.
        remedy: what to do in params.yaml where there is no such face.

    Raises:
        FerBenchError: no test faces of the model's classes, or faces of another size.
    """
    classes, size = spec.classes, spec.options["size"]
    pixels, manifest = open_view(view, packs, classes)
    rows = manifest[manifest["split"] == "test"].reset_index(drop=True)
    if rows.empty:
        raise FerBenchError(
            f"{view.name} has no test faces of the classes {', '.join(classes)}; {remedy}"
        )
    if pixels.shape[1] != size:
        raise FerBenchError(
            f"{view.name} is aligned to {pixels.shape[1]} px, the model "
            f"{spec.dataset}/{spec.model} takes {size} px; set both align.<source>.size alike"
        )
    return pixels, rows


def known_faces(spec: RowSpec, model: FERModel, pixels: Pixels, rows: pd.DataFrame) -> Faces:
    """The faces of `test_faces` with what the model takes of each besides its pixels.

    Raises:
        FerBenchError: their points were found in another way than those it learned from.
    """
    if "points" in model.fields:
        learned = NETWORK if spec.align.get("points") == NETWORK else MEAN
        by_network = rows.reindex(columns=["points_from"])["points_from"].notna()
        if (by_network != (learned == NETWORK)).any():
            raise FerBenchError(
                f"{spec.dataset}/{spec.model} learned from points of the {learned} and these faces "
                "have others; set align.<source>.points alike and align again"
            )
    return with_fields(select(pixels, rows), rows, model.fields)


def network(spec: RowSpec, device: torch.device) -> FERModel:
    """The spec's network on `device`, with random weights, in memory as it is trained."""
    model = models.build(spec.base, len(spec.classes), **spec.options)
    return model.to(device).to(memory_format=torch.channels_last)


def last_network(spec: RowSpec, weights: Path, device: torch.device, stage: str) -> FERModel:
    """The spec's network with the weights of the `last` epoch.

    Args:
        spec: the cell's spec.
        weights: the cell's `train/weights` folder.
        device: where it goes.
        stage: the key of `enabled.<dataset>` that asked for it.

    Raises:
        FerBenchError: there are no such weights.
    """
    file = weights / "last.safetensors"
    if not file.is_file():
        raise FerBenchError(
            f"{file} is missing: the cell is not trained, or cross-validated, which leaves no "
            f"single network; run `fer-bench sweep`, or remove {spec.model} from "
            f"enabled.{spec.dataset}.{stage}"
        )
    model = network(spec, device)
    load_weights(model, file)
    return model
