"""What `audit-checkpoint` is given: a file of weights or predictions, and labelled faces."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from PIL import Image

from fer_bench import datasets, models
from fer_bench.errors import FerBenchError, nearest
from fer_bench.inference.checkpoint_audit import Audit, Held, audit_answers, audit_network
from fer_bench.labels import EIGHT
from fer_bench.models import FERModel, outside
from fer_bench.models.weight_files import read_tensors
from fer_bench.reading import reading
from fer_bench.training.data import open_view, splits
from fer_bench.training.recipe import Recipe

SIZE = 224
"""Side of the faces of a folder, in pixels, where the first picture is not smaller."""


def audit_file(
    file: Path,
    faces: str,
    model: str | None,
    code: Path | None,
    backbone: str | None,
    classes: Sequence[str] | None,
) -> Audit:
    """Audit a file; the arguments are those of the command.

    Raises:
        FerBenchError: a file cannot be read, or does not belong to the network or the faces.
    """
    pixels, val, test, known = _faces(faces, classes)
    if model is None:
        return _of_csv(file, val, test, known)
    if code is not None:
        outside.register_file(code)
    network = _network(model, backbone, len(known), int(pixels.shape[1]))
    _load(network, file, model)
    held = [_held(half, test, pixels) for half in (val, test)]
    return audit_network(network, held[0], held[1], known)


def _faces(
    faces: str, classes: Sequence[str] | None
) -> tuple[Any, pd.DataFrame, pd.DataFrame, Sequence[str]]:
    """All pixels, rows of both halves (`row`, `target`, `subject`, `seen`), and the classes."""
    if faces in datasets.datasets():
        return _of_dataset(faces, classes)
    folder = Path(faces)
    if not folder.is_dir():
        raise FerBenchError(
            f"{faces} is neither a folder nor a dataset: {nearest(faces, datasets.datasets())}"
        )
    files = [(p, c) for c in EIGHT for p in sorted((folder / c).glob("*")) if p.is_file()]
    there = [name for name in EIGHT if any(c == name for _, c in files)]
    known = list(classes or there)
    if len(files) < 20 or len(there) < 2 or set(there) - set(known):
        raise FerBenchError(
            f"{folder} must hold cut faces in a folder a class ({', '.join(EIGHT)}), 20 in all at "
            f"least, of the checkpoint's classes alone; found {len(files)} of {', '.join(there)}"
        )
    pixels = []
    side = 0
    for path, _ in files:
        with reading(path, "remove it, or save it anew"), Image.open(path) as image:
            side = side or min(SIZE, *image.size)
            pixels.append(np.asarray(image.convert("RGB").resize((side, side))))
    rows = pd.DataFrame({"row": range(len(files)), "sample_id": [p.stem for p, _ in files]})
    rows["target"], rows["seen"] = [known.index(c) for _, c in files], False
    rows["subject"] = rows["sample_id"]
    return np.stack(pixels), rows[0::2], rows[1::2], known


def _of_dataset(
    name: str, classes: Sequence[str] | None
) -> tuple[Any, pd.DataFrame, pd.DataFrame, Sequence[str]]:
    from fer_bench.specs.options import view

    known = datasets.get_dataset(name)
    order = list(classes or known.classes)
    pixels, rows = open_view(view(known), Path("data/aligned"), order)
    parts = splits(pixels, rows, Recipe(), name)
    assert parts.val is not None
    trained = set(rows["source_sha256"][rows["split"] == "train"]) - {""}
    rows["seen"] = rows["source_sha256"].isin(trained)
    by_row = rows.set_index("row", drop=False)
    return pixels, by_row.loc[parts.val.rows], by_row.loc[parts.test.rows], order


def _held(rows: pd.DataFrame, test: pd.DataFrame, pixels: Any = None) -> Held:
    people = rows["subject"].astype("string").fillna(rows["sample_id"].astype("string"))
    return Held(
        rows["target"].to_numpy(),
        people.to_numpy(str),
        rows["seen"].to_numpy(bool) if rows is test else np.zeros(len(rows), bool),
        None if pixels is None else pixels[rows["row"].to_numpy()],
    )


def _of_csv(file: Path, val: pd.DataFrame, test: pd.DataFrame, classes: Sequence[str]) -> Audit:
    """Predictions of both halves, or of test faces alone, of which every second person is kept."""
    with reading(file, "give a CSV with sample_id and a column a class"):
        said = pd.read_csv(file, comment="#", dtype={"sample_id": str}).set_index("sample_id")
        if said.shape[1] != len(classes):
            raise ValueError(f"{said.shape[1]} columns besides sample_id, not {len(classes)}")
        said = said.astype(float)
    named = [c.removeprefix("logit_").removeprefix("probability_") for c in said.columns]
    if set(named) == set(classes):
        said = said.iloc[:, [named.index(name) for name in classes]]
    both = [half[half["sample_id"].astype(str).isin(said.index)] for half in (val, test)]
    if not any(map(len, both)):
        raise FerBenchError(f"{file} predicts none of these faces: it is of another set")
    if not len(both[0]):
        person = pd.factorize(_held(both[1], test).people)[0] % 2 == 0
        both = [both[1][person], both[1][~person]]
    if not all(map(len, both)):
        raise FerBenchError(
            f"{file} predicts {sum(map(len, both))} of these faces, of one person or no test face: "
            "causes are looked for on one half of the faces, their cost on the other"
        )
    logits = [said.loc[half["sample_id"].astype(str).tolist()].to_numpy() for half in both]
    return audit_answers(logits, _held(both[0], both[1]), _held(both[1], both[1]), classes)


def _network(name: str, backbone: str | None, classes: int, size: int) -> FERModel:
    options: dict[str, Any] = {"size": size}
    if backbone is not None:
        options["backbone"] = backbone
    return models.build(name, classes, **options)


def _load(network: FERModel, file: Path, name: str) -> None:
    state: Mapping[str, Any] = read_tensors(file)
    state = {key.removeprefix("module."): value for key, value in state.items()}
    wanted = network.state_dict()
    lost = [k for k in wanted if k not in state]
    other = [k for k in state if k not in wanted]
    shapes = [k for k, v in state.items() if k in wanted and v.shape != wanted[k].shape]
    if lost or other or shapes:
        said = {"lacks": lost, "has besides": other, "has in another shape": shapes}
        found = "; it ".join(
            f"{what} {len(keys)} ({', '.join(keys[:3])})" for what, keys in said.items() if keys
        )
        raise FerBenchError(
            f"{file} is not of {name} with its classes and backbone: it {found}. Another --model, "
            "--backbone or --classes, or your own file with --code"
        )
    network.load_state_dict(state)
