"""A thousand score files as large as real ones, from invented logits, for the speed of reports.

Written by the real `score_cell`, so that the format is always today's; only reading predictions is
replaced by inventing them. Nothing here says anything about a model.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from functools import cache
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from fer_bench.datasets import datasets, get_dataset
from fer_bench.datasets.base import Dataset
from fer_bench.evaluation import score
from fer_bench.evaluation.corruptions import CORRUPTIONS, PERTURBATIONS
from fer_bench.evaluation.parts import Predicted
from fer_bench.files import sha256_file, write_json
from fer_bench.labels import Expression
from fer_bench.records.faces import LISTED, SLICE, STAMP, SUBSET, VOTES, FaceTable

FACES = 3000
SEEDS = (0, 1, 2, 3, 4)
EVALUATED = {
    "synthetic": ("synthetic_masked", "synthetic_masked_mixed", "facial_expressions", "rafdb"),
    "synthetic_masked": ("synthetic", "synthetic_masked_mixed", "rafdb_masked", "rafdb"),
    "facial_expressions": ("facial_expressions_masked", "rafdb", "affectnet7", "fedro"),
    "rafdb": ("rafdb_masked", "ferplus", "affectnet7", "fedro"),
    "rafdb_masked": ("rafdb", "rafdb_masked_mixed", "ferplus_masked", "fedro"),
    "ferplus": ("ferplus_masked", "rafdb", "affectnet8", "fedro"),
    "affectnet7": ("rafdb", "ferplus", "fedro", "jaffe"),
    "affectnet8": ("rafdb", "ferplus", "fedro", "jaffe"),
    "affectnet7_rafdb": ("rafdb", "ferplus", "fedro", "jaffe"),
    "sfew": ("rafdb", "ferplus", "fedro", "jaffe"),
}
"""Ten datasets, each tested on five sets, its own included."""

MODELS = (
    "baseline1", "baseline2", "baseline3", "baseline_identity", "scan_cci", "scan_cci_shared",
    "scan_cci_released", "scan_cci_imagenet", "scan_cci_sa", "scan_cci_spa",
    "scan_cci_eca_attention", "scan_cci_lpa", "scan_cci_ga", "scan_cci_no_scan", "scan_cci_no_cci",
    "scan_cci_no_eca", "scan_cci_m16", "scan_cci_lambda05", "scan_cci_noise10", "scan_cci_noise20",
)  # fmt: skip
RULES = {"version": 1, "sha256": "ab" * 32}
ROBUST = ("baseline1", "baseline_identity", "scan_cci", "scan_cci_shared")


def enabled(few: bool = False) -> dict[str, dict[str, list[Any]]]:
    """params.yaml's `enabled` that goes with the files; `few` for a trial: 4 cells."""
    names = list(EVALUATED)[: 1 if few else None]
    lists: dict[str, list[Any]] = {"init_from": [], "transfer_models": []}
    every = {name: {**lists, "models": [], "seeds": [], "evaluate_on": []} for name in datasets()}
    filled = {
        name: {
            **lists,
            "models": list(MODELS[2:4] if few else MODELS),
            "seeds": list(SEEDS[: 2 if few else None]),
            "evaluate_on": list(EVALUATED[name]),
            "robustness": list(ROBUST),
        }
        for name in names
    }
    return every | filled


def cells(lists: dict[str, dict[str, list[Any]]]) -> Iterator[tuple[str, str, int]]:
    """Dataset, model and seed of every file."""
    for dataset, one in lists.items():
        for model in one["models"]:
            for seed in one["seeds"]:
                yield dataset, model, seed


def write_scores(root: Path, few: bool = False) -> int:
    """Write `<root>/scores` and `<root>/robustness`; returns the number of score files."""
    wanted = list(cells(enabled(few)))
    for dataset in dict.fromkeys(place[0] for place in wanted):
        write_tables(root, dataset)
    with ProcessPoolExecutor(mp_context=get_context("spawn")) as pool:
        list(pool.map(_write, [root] * len(wanted), wanted, chunksize=10))
    return len(wanted)


def _write(root: Path, cell: tuple[str, str, int]) -> None:
    dataset, model, seed = cell
    folder = root / "runs" / dataset / model / str(seed)
    classes = get_dataset(dataset).classes
    _training(folder, dataset, model, seed, classes)
    for set_ in (dataset, *EVALUATED[dataset]):
        place = folder / ("train" if set_ == dataset else f"on_{set_}")
        place.mkdir(parents=True, exist_ok=True)
        told = {"split": [f"{dataset} {model} {seed} {set_}"], "selection": ["none"]}
        pd.DataFrame(told).to_parquet(place / "predictions.parquet")  # no validation faces
        stamp(root, dataset, set_, place)
    score.checked_predictions = _invented(model, seed)
    out = root / "scores" / dataset / model / f"{seed}.json"
    score.score_cell(
        folder, cell, out, rules=RULES, sets=EVALUATED[dataset], faces=root / "faces" / dataset
    )
    if model in ROBUST:
        write_json(root / "robustness" / dataset / model / f"{seed}.json", _robust(*cell, classes))


def _draw(*key: object) -> np.random.Generator:
    return np.random.default_rng(zlib.crc32(repr(key).encode()))


@cache
def faces_of(set_: str, classes: tuple[str, ...]) -> pd.DataFrame:
    """A set's test faces as scoring sees them, for a model of these classes."""
    dataset, draw = get_dataset(set_), _draw(set_)
    known = [int(Expression[name]) for name in classes if name in dataset.classes]
    shares = draw.dirichlet(np.full(len(known), 6.0))
    groups = {SLICE + name: draw.choice(["1", "2", "3"], FACES) for name in dataset.slices}
    subsets = {SUBSET + name: draw.random(FACES) < 0.3 for name in dataset.subsets}
    rated = {VOTES: list(draw.multinomial(10, np.full(10, 0.1), FACES))}
    listed = {}
    if dataset.challenge:
        for name, n in (("occluded", 600), ("pose_gt_30", 1100), ("pose_gt_45", 600)):
            listed[LISTED + name] = np.zeros(FACES, int)
            listed[LISTED + name][draw.choice(FACES, n, replace=False)] = 1
    return pd.DataFrame(
        {
            "face": np.arange(FACES),
            "label": draw.choice(known, FACES, p=shares),
            "split": "test",
            "fold": pd.array([None] * FACES, dtype="Int16"),
            "person": np.arange(FACES),
            "person_known": False,
            "duplicated": False,
            **subsets,
            **listed,
            **groups,
            **(rated if set_.startswith("ferplus") else {}),
        }
    )


def write_tables(root: Path, dataset: str, further: int = 0) -> None:
    """The tables of a dataset's sets, with further train faces."""
    classes = get_dataset(dataset).classes
    for set_ in (dataset, *EVALUATED[dataset]):
        file = root / "faces" / dataset / f"{set_}.parquet"
        file.parent.mkdir(parents=True, exist_ok=True)
        test = faces_of(set_, classes)
        train = test.sample(further, replace=True, random_state=0).assign(
            split="train", face=np.arange(FACES, FACES + further)
        )
        pd.concat([test, train]).to_parquet(file, index=False)


def stamp(root: Path, dataset: str, set_: str, place: Path) -> None:
    """Beside predictions on a set, which table they go with."""
    table = root / "faces" / dataset / f"{set_}.parquet"
    write_json(place / STAMP, {"set": set_, "sha256": sha256_file(table)})


def logits_of(
    labels: np.ndarray, classes: int, model: str, seed: int, set_: str, selection: str
) -> np.ndarray:
    """(N, K) normal noise with the right class raised by the model's skill, alike over seeds."""
    skill = _draw(model, set_).uniform(0.8, 2.8)
    draw = _draw(model, set_, selection, seed)
    logits = draw.normal(size=(len(labels), classes))
    logits[np.arange(len(labels)), labels] += skill + 0.1 * draw.normal()
    return logits.astype(np.float32)


def _invented(model: str, seed: int) -> Any:
    def read(
        saved: object, file: Path, dataset: Dataset, classes: tuple[str, ...], table: FaceTable
    ) -> Any:
        faces = faces_of(dataset.name, classes)
        place = {int(Expression[name]): i for i, name in enumerate(classes)}
        labels = faces["label"].map(place).to_numpy(dtype=np.int64)
        folds = np.arange(len(labels)) % 10
        return {
            selection: (
                Predicted(
                    faces, labels,
                    logits_of(labels, len(classes), model, seed, dataset.name, selection), classes,
                ),
                folds,
            )
            for selection in score.SELECTIONS
        }  # fmt: skip

    return read


def _training(folder: Path, dataset: str, model: str, seed: int, classes: tuple[str, ...]) -> None:
    epochs = 40
    rise = 1 - np.exp(-np.arange(1, epochs + 1) * 0.2)
    write_json(
        folder / "train" / "train.json",
        {
            "dataset": dataset, "model": model, "method": model, "base": "scan_cci", "seed": seed,
            "format": 2,
            "pretrained": None if model == "baseline1" else f"identity({dataset})",
            "init_from": None, "train_on": "train_minus_val", "label_noise": None,
            "n": {"train": 11044, "val": 1227, "test": FACES}, "classes": list(classes),
            "parameters": 70_000_000 + 1000 * len(model), "spec_sha256": "ab" * 32,
            "epochs": epochs, "best_epoch": {"best_on_val": 30, "best_on_test": 35},
            "alignment": "mtcnn", "protocol": "split", "backbone": "resnet50", "size": 224,
            "environment": {"torch": "2.14.1", "numpy": "2.4.6", "device": "cpu", "threads": 2,
                            "precision": "32-true"},
        },
    )  # fmt: skip
    draw = _draw(dataset, model, seed)
    curves = {name: rise * top + draw.normal(0, 0.01, epochs) for name, top in (
        ("train_accuracy", 0.95), ("val_accuracy", 0.85), ("test_accuracy", 0.8),
    )}  # fmt: skip
    pd.DataFrame(
        {"epoch": np.arange(epochs), "train_loss": 2 - rise, **curves, "lr_backbone": 1e-4,
         "lr_heads": 1e-2}
    ).to_csv(folder / "train" / "history.csv", index=False)  # fmt: skip


def _robust(dataset: str, model: str, seed: int, classes: tuple[str, ...]) -> dict[str, Any]:
    """A robustness file of every corruption there is."""
    draw = _draw("robust", dataset, model, seed)
    corruptions = {}
    for one in CORRUPTIONS.values():
        severities = [
            {
                "level": level, "value": value, "flip_rate": 0.05 * level,
                "accuracy": 0.8 - 0.08 * level + 0.02 * draw.random(),
                "balanced_accuracy": 0.78 - 0.08 * level,
            }
            for level, value in enumerate(one.values_at(224), start=1)
        ]  # fmt: skip
        corruptions[one.name] = {"group": one.group, "unit": one.unit, "severities": severities}
    small = {one.name: {"value": one.value, "flip_rate": 0.03} for one in PERTURBATIONS}
    return {
        "dataset": dataset, "model": model, "seed": seed, "n": FACES, "classes": list(classes),
        "clean": {"accuracy": 0.82, "balanced_accuracy": 0.8}, "corruptions": corruptions,
        "mean_corruption_accuracy": 0.56, "perturbations": small, "flip_rate": 0.03,
        "worn": {"by_landmarks": FACES, "by_mean_face": 0, "left_out": None},
    }  # fmt: skip
