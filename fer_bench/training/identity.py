"""Pre-train a backbone to tell the people of a dataset's train split apart.

Where VGGFace2 cannot be had, this makes "pre-trained on faces" real. Only faces of the train split
are used, without the validation faces, and only people with at least two of them. How well the
features tell people apart that they have not seen is measured on the others (`verification`).
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import torch
from safetensors.torch import save_file

from fer_bench import models
from fer_bench.device import here
from fer_bench.errors import FerBenchError
from fer_bench.files import read_json, sha256_json, write_json
from fer_bench.records.base import from_json
from fer_bench.records.spec import View
from fer_bench.training.batches import Faces
from fer_bench.training.data import data_hash, faces_hash, open_view, splits
from fer_bench.training.loop import fit
from fer_bench.training.recipe import Recipe
from fer_bench.training.setup import results_folder, start
from fer_bench.training.streams import CellStreams
from fer_bench.training.verification import verify


def people(manifest: pd.DataFrame, train: Faces, held_out: list[Faces]) -> Faces:
    """The train faces of people with at least two, labelled by person.

    Raises:
        FerBenchError: a person of the train split also stands in a held-out split, or too few
            people have two faces.
    """
    subject = manifest.set_index("sample_id")["subject"]
    train_subjects = subject.loc[train.sample_ids]
    for faces in held_out:
        shared = set(train_subjects.dropna()) & set(subject.loc[faces.sample_ids].dropna())
        if shared:
            raise FerBenchError(
                f"{len(shared)} people stand both in the train split and in a held-out split, "
                "so identity pre-training would leak them; the source's splits need repair"
            )
    counts = train_subjects.value_counts()
    usable = counts[counts >= 2].index
    if len(usable) < 2:
        raise FerBenchError(
            "identity pre-training needs at least two people with two faces each in the train "
            f"split, found {len(usable)}; choose another `pretrained` for these models"
        )
    person = {name: i for i, name in enumerate(sorted(usable))}
    keep = train_subjects.isin(usable).to_numpy()
    labels = train_subjects[keep].map(person).to_numpy().astype("int64")
    return Faces(train.pixels, train.rows[keep], labels, train.sample_ids[keep], train.folds[keep])


def train_identity(spec_path: Path, out: Path, packs: Path) -> None:
    """Write one `<backbone>.safetensors` a backbone the spec asks for, and `identity.json`.

    The JSON says of each backbone how many `people` and `faces` it was trained on, its
    `train_accuracy`, and how it tells held-out people apart: `verification_accuracy`, `auc`,
    `pairs` and the rest of `Verification`. With no backbone asked for (no enabled model starts from
    identity weights) only the JSON is written, so that the stage can stand in every pipeline.
    """
    spec = read_json(spec_path)
    report: dict[str, Any] = {}
    with results_folder(out) as folder:
        for backbone in spec["backbones"]:
            state, report[backbone] = _train(spec, backbone, packs)
            save_file(state, folder / f"{backbone}.safetensors")
        write_json(folder / "identity.json", {"dataset": spec["dataset"], "backbones": report})


def _cell(spec: dict[str, Any], backbone: str) -> CellStreams:
    return CellStreams(spec["dataset"], f"identity_{backbone}", 0)


def _train(
    spec: dict[str, Any], backbone: str, packs: Path
) -> tuple[dict[str, torch.Tensor], dict[str, Any]]:
    cell = _cell(spec, backbone)
    recipe = Recipe.of(spec["recipe"])
    compute = here(spec["compute"])
    fabric = start(compute, cell)
    pixels, manifest = open_view(from_json(View, spec["view"], "the spec's view"), packs)
    parts = splits(pixels, manifest, recipe, cell.dataset)
    held_out = [parts.test] if parts.val is None else [parts.val, parts.test]
    faces = people(manifest, parts.train, held_out)
    persons = int(faces.labels.max()) + 1
    model = models.build(
        "baseline1", persons, backbone=backbone, size=spec["size"], input=spec["input"]
    )
    result = fit(
        fabric, compute, model, faces, None, None, recipe, cell, persons,
        key=sha256_json([spec | {"compute": compute}, data_hash(manifest), faces_hash(faces)]),
    )  # fmt: skip
    accuracy = result.history[-1]["train_accuracy"]
    found = {"people": persons, "faces": len(faces), "train_accuracy": round(accuracy, 6)}
    subject = manifest.set_index("sample_id")["subject"]
    shown = [(f, subject.loc[f.sample_ids].to_numpy()) for f in held_out]
    return models.backbone_state(model), found | verify(model, shown, fabric.device).to_json()
