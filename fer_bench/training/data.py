"""From packs to the train, validation and test faces of one dataset."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd

from fer_bench.datasets.pack import Pack, Pixels, join
from fer_bench.datasets.validation import carve_validation
from fer_bench.datasets.view_rows import view_rows
from fer_bench.errors import FerBenchError
from fer_bench.labels import Expression
from fer_bench.records.spec import View
from fer_bench.training import fields
from fer_bench.training.batches import Faces
from fer_bench.training.recipe import Recipe


@dataclass(frozen=True)
class Splits:
    """What one training uses; `val` is None when the recipe trains on those faces too."""

    train: Faces
    val: Faces | None
    test: Faces

    def map(self, change: Callable[[Faces], Faces]) -> Splits:
        """The splits with every one's faces changed."""
        val = None if self.val is None else change(self.val)
        return Splits(change(self.train), val, change(self.test))


def open_view(
    view: View, folder: Path, classes: Sequence[str] | None = None
) -> tuple[Pixels, pd.DataFrame]:
    """The pixels and manifest rows of a dataset view.

    Args:
        view: the dataset's.
        folder: where the packs lie (`data/aligned`).
        classes: a model's classes in the order of its logits, where they are not the view's own;
            faces of classes that either side does not know are left out.

    Returns:
        The packs' (N, H, W, 3) uint8 faces and the view's manifest rows, with the columns `row`
        (index into the faces) and `target` (index into the classes) added.
    """
    order = list(view.classes if classes is None else classes)
    shared = [name for name in order if name in view.classes]
    packs = {
        name: Pack.open(folder / name) for name in dict.fromkeys(p["pack"] for p in view.parts)
    }
    manifests = {name: pack.manifest for name, pack in packs.items()}
    rows = view_rows(view.parts, view.classes, manifests)
    rows = rows[rows["label"].isin([Expression[name] for name in shared])].reset_index(drop=True)
    pixels, first = join({name: pack.faces for name, pack in packs.items()})
    rows["row"] += rows["pack"].map(first)
    rows["target"] = rows["label"].map({Expression[name]: order.index(name) for name in shared})
    return pixels, rows.astype({"row": "int64", "target": "int64"})


def splits(pixels: Pixels, manifest: pd.DataFrame, recipe: Recipe, dataset: str) -> Splits:
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
    return Splits(faces["train"], faces["val"] if held_out else None, faces["test"])


def folds(manifest: pd.DataFrame, dataset: str) -> list[int]:
    """The folds of a cross-validated dataset, in order.

    Raises:
        FerBenchError: a face has no fold, or there are fewer than two.
    """
    if manifest["fold"].isna().any() or manifest["fold"].nunique() < 2:
        raise FerBenchError(
            f"{dataset} is cross-validated, but its manifest does not give every face one of at "
            "least two folds; align it again"
        )
    return sorted(int(fold) for fold in manifest["fold"].unique())


def hold_out(manifest: pd.DataFrame, fold: int) -> pd.DataFrame:
    """The manifest with one fold as its test split and all others as its train split."""
    held = (manifest["fold"] == fold).to_numpy(dtype=bool)
    return manifest.assign(split=np.where(held, "test", "train"))


def select(pixels: Pixels, rows: pd.DataFrame) -> Faces:
    """The faces of some manifest rows."""
    return Faces(
        pixels,
        rows["row"].to_numpy(),
        rows["target"].to_numpy(),
        rows["sample_id"].to_numpy(),
        rows["fold"].to_numpy(),
    )


def with_fields(faces: Faces, manifest: pd.DataFrame, wanted: Sequence[str]) -> Faces:
    """The faces with what a model wants of each besides its pixels.

    Args:
        faces: of rows of the manifest.
        manifest: as `open_view` gives it.
        wanted: the model's `fields`; without any, the faces are returned as they are.
    """
    if not wanted:
        return faces
    rows = manifest.set_index("row").loc[faces.rows]
    return replace(faces, fields=fields.read(wanted, rows))


def data_hash(manifest: pd.DataFrame) -> str:
    """SHA-256 of where every face comes from: its source image's hash, box and landmarks.

    With the pack's spec, which a cell's spec holds by its code, these decide the pixels.
    """
    origin = manifest[["sample_id", "source_sha256", "box", "landmarks"]]
    text = origin.to_json(orient="values", double_precision=15)
    return hashlib.sha256(text.encode()).hexdigest()


def faces_hash(*parts: Faces | None) -> str:
    """SHA-256 of the ids and labels of faces, in order, and of the pixels of up to 64 of each part.

    All pixels of a large set would take longer to read than a checkpoint is worth: a pack aligned
    in another way differs in nearly every face, and `data_hash` sees single ones.
    """
    digest = hashlib.sha256()
    for faces in parts:
        digest.update(b"part")
        if faces is None or not len(faces):
            continue
        digest.update("\n".join(map(str, faces.sample_ids)).encode())
        digest.update(np.ascontiguousarray(faces.labels, dtype="int64").tobytes())
        some = np.unique(np.linspace(0, len(faces) - 1, 64).astype(int))
        digest.update(np.ascontiguousarray(faces.pixels[faces.rows[some]]).tobytes())
    return digest.hexdigest()
