"""Score files made the true way, `score_cell` over saved predictions, from invented logits."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from made_faces import stamp, write_table

from fer_bench.datasets.base import Dataset, Part
from fer_bench.evaluation import score
from fer_bench.files import write_json
from fer_bench.labels import SEVEN
from fer_bench.records.predictions import predictions_frame, write_predictions

SUBSETS = {
    "occluded": lambda m: (m["occluder"] != "none").to_numpy(),
    "pose_gt_30": lambda m: (m["yaw"].abs() > 30).to_numpy(),
    "pose_gt_45": lambda m: (m["yaw"].abs() > 45).to_numpy(),
}
DATASETS = {
    name: Dataset(name, (Part(name),), SEVEN, SUBSETS)
    for name in ("synthetic", "synthetic_masked", "synthetic_masked_mixed", "facial_expressions")
}
SKILL = {
    "baseline1": 0.6, "baseline_identity": 1.2, "scan_cci": 2.2, "scan_cci_shared": 2.1,
    "scan_cci_sa": 1.9, "scan_cci_spa": 2.0, "scan_cci_lpa": 2.05, "scan_cci_ga": 2.0,
    "scan_cci_eca_attention": 2.1, "scan_cci_no_scan": 1.8, "scan_cci_no_cci": 0.8,
    "scan_cci_no_eca": 1.95, "scan_cci_from_synthetic": 1.6,
}  # fmt: skip
ENABLED: dict[str, dict[str, list[Any]]] = {
    "synthetic": {
        "models": [m for m in SKILL if "_from_" not in m],
        "seeds": [0, 1],
        "evaluate_on": ["synthetic_masked", "synthetic_masked_mixed"],
        "init_from": [],
        "transfer_models": [],
    },
    "synthetic_masked": {
        "models": ["scan_cci"],
        "seeds": [0],
        "evaluate_on": [],
        "init_from": ["synthetic"],
        "transfer_models": ["scan_cci"],
    },
    "facial_expressions": {
        "models": [], "seeds": [], "evaluate_on": [], "init_from": [], "transfer_models": [],
    },
}  # fmt: skip


def make_pack(packs: Path, name: str, n: int = 210) -> pd.DataFrame:
    """A manifest without faces; a third of its rows is the test split."""
    draw = np.random.default_rng(len(name))
    manifest = pd.DataFrame(
        {
            "sample_id": [f"s{i:05d}" for i in range(n)],
            "label": np.arange(n) % 7,
            "split": np.where(np.arange(n) // 7 % 3 == 0, "test", "train"),
            "fold": pd.array([None] * n, dtype="Int64"),
            "yaw": draw.uniform(-60, 60, n),
            "occluder": draw.choice(["none", "hand", "scarf"], n, p=[0.6, 0.2, 0.2]),
        }
    )
    (packs / name).mkdir(parents=True)
    manifest.to_parquet(packs / name / "manifest.parquet", index=False)
    return manifest


def make_predictions(
    file: Path, rows: pd.DataFrame, skill: float, seed: int, classes: tuple[str, ...] = SEVEN
) -> pd.DataFrame:
    """Logits whose right class is raised by `skill`, for three selections."""
    test = rows[(rows["split"] == "test") & (rows["label"] < len(classes))]
    labels = test["label"].to_numpy()
    frames = []
    for i, selection in enumerate(("best_on_test", "best_on_val", "last")):
        draw = np.random.default_rng([seed, i, round(100 * skill) + 500])
        logits = draw.normal(size=(len(test), len(classes)))
        bonus = skill + (0.2 if selection == "best_on_test" else 0)
        logits[np.arange(len(test)), labels] += bonus
        frames.append(
            predictions_frame(
                test["face"].to_numpy(), labels, logits, classes,
                selection=selection, split="test", folds=test["fold"].to_numpy(),
            )
        )  # fmt: skip
    file.parent.mkdir(parents=True, exist_ok=True)
    write_predictions(file, frames)
    return pd.concat(frames, ignore_index=True)


def make_training(
    cell: Path, dataset: str, model: str, seed: int, epochs: int = 6, **changes: Any
) -> None:
    """`train.json` and `history.csv` of a cell; `changes` to what `train.json` says."""
    method, _, source = model.partition("_from_")
    pretrained = None if model == "baseline1" else f"identity({dataset})"
    write_json(
        cell / "train" / "train.json",
        {
            "dataset": dataset, "model": model, "method": method, "base": method, "seed": seed,
            "protocol": "split", "init_from": source or None, "format": 2,
            "pretrained": pretrained, "train_on": "train_minus_val",
            "n": {"train": 126, "val": 14, "test": 70}, "classes": list(SEVEN),
            "parameters": 1_000_000 + 1000 * len(model), "spec_sha256": "ab" * 32,
            "epochs": epochs, "best_epoch": {"best_on_val": 4, "best_on_test": 5},
            "backbone": "resnet18_slim", "size": 80,
            "environment": {"torch": "2.14.1", "device": "cpu", "precision": "32-true"},
            **changes,
        },
    )  # fmt: skip
    draw = np.random.default_rng([seed, len(model)])
    rise = 1 - np.exp(-np.arange(1, epochs + 1) * 0.3 * SKILL.get(model, 1.0))
    pd.DataFrame(
        {
            "epoch": np.arange(1, epochs + 1),
            "train_loss": 2 - rise,
            "train_accuracy": rise,
            "val_accuracy": 0.8 * rise + draw.normal(0, 0.02, epochs),
            "test_accuracy": 0.75 * rise + draw.normal(0, 0.02, epochs),
            "lr_backbone": 1e-4,
            "lr_heads": 1e-2,
        }
    ).to_csv(cell / "train" / "history.csv", index=False)


def make_scores(root: Path) -> Path:
    """Packs, runs and scores of a small grid with a dataset measured elsewhere."""
    packs = root / "data" / "aligned"
    for name in DATASETS:
        make_pack(packs, name)
    faces = {n: write_table(root / "faces", d, packs) for n, d in DATASETS.items()}
    grid = [("synthetic", m, s, ("synthetic_masked", "synthetic_masked_mixed"))
            for m in ENABLED["synthetic"]["models"] for s in (0, 1)]  # fmt: skip
    grid += [("synthetic_masked", m, 0, ()) for m in ("scan_cci", "scan_cci_from_synthetic")]
    grid += [
        ("facial_expressions", m, s, ())
        for s in (0, 1, 2)
        for m in ("baseline1", "baseline_identity", "scan_cci", "scan_cci_no_cci")
    ]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(score, "get_dataset", DATASETS.__getitem__)
        for dataset, model, seed, sets in grid:
            cell = root / "runs" / dataset / model / str(seed)
            make_training(cell, dataset, model, seed)
            for set_ in (dataset, *sets):
                folder = cell / ("train" if set_ == dataset else f"on_{set_}")
                skill = SKILL[model] - (0.9 if "masked" in set_ else 0)
                make_predictions(folder / "predictions.parquet", faces[set_], skill, seed)
                stamp(folder, root / "faces", set_)
            out = root / "scores" / dataset / model / f"{seed}.json"
            score.score_cell(
                cell, (dataset, model, seed), out, sets=sets, faces=root / "faces",
                lists=root / "lists", rules={"version": 1, "sha256": "ab" * 32},
                partial=["facial_expressions"],
            )  # fmt: skip
    return root / "scores"
