"""From packs to the train, validation and test faces of one dataset."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from fer_bench.datasets.pack import Pack
from fer_bench.datasets.validation import carve_validation
from fer_bench.errors import FerBenchError
from fer_bench.labels import EIGHT
from fer_bench.training.batches import Faces
from fer_bench.training.recipe import Recipe


def open_view(view: dict[str, Any], folder: Path) -> tuple[np.ndarray, pd.DataFrame]:
    """The pixels and manifest rows of a dataset view.

    Args:
        view: `packs` (names) and `classes` (expression names, in logit order).
        folder: where the packs lie (`data/aligned`).

    Returns:
        The pack's (N, H, W, 3) uint8 array and the rows whose label is one of `classes`, with the
        columns `row` (index into the array) and `target` (index into `classes`) added.
    """
    opened = [Pack.open(folder / name) for name in view["packs"]]
    pixels = opened[0].faces
    if len(opened) > 1:
        pixels = np.concatenate([pack.faces for pack in opened])
    manifest = pd.concat([pack.manifest for pack in opened], ignore_index=True)
    classes = {EIGHT.index(name): i for i, name in enumerate(view["classes"])}
    manifest["row"] = np.arange(len(manifest))
    kept = manifest[manifest["label"].isin(list(classes))].copy()
    kept["target"] = kept["label"].map(classes).astype("int64")
    return pixels, kept.reset_index(drop=True)


def splits(
    pixels: np.ndarray, manifest: pd.DataFrame, recipe: Recipe, dataset: str
) -> tuple[Faces, Faces | None, Faces]:
    """Train, validation and test faces; validation is carved from train where none exists.

    The carving depends on the dataset alone, so every model and seed has the same one.
    """
    split = manifest["split"].to_numpy().copy()
    if not (split == "val").any():
        train_rows = np.flatnonzero(split == "train")
        carved = carve_validation(manifest.iloc[train_rows], recipe.validation, seed=0)
        split[train_rows[np.asarray(carved)]] = "val"
    held_out = recipe.train_on == "train_minus_val"
    train = split == "train" if held_out else np.isin(split, ("train", "val"))
    parts = {"train": train, "val": split == "val", "test": split == "test"}
    for name, mask in parts.items():
        if not mask.any():
            raise FerBenchError(f"{dataset}: no faces in its {name} split; align it again")
    faces = {name: select(pixels, manifest[mask]) for name, mask in parts.items()}
    return faces["train"], faces["val"] if held_out else None, faces["test"]


def select(pixels: np.ndarray, rows: pd.DataFrame) -> Faces:
    """The faces of some manifest rows."""
    return Faces(
        pixels,
        rows["row"].to_numpy(),
        rows["target"].to_numpy(),
        rows["sample_id"].to_numpy(),
        rows["fold"].to_numpy(),
    )
