"""An invented grid of the protocols that photographs bring, scored the true way by `score_cell`.

Challenge lists that repeat a face, duplicates, groups, eight classes on a set of seven and the
other way round, cross-validation, models started from a union of datasets, replaced train labels.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from demo_scores import make_predictions, make_training
from made_faces import NOTHING, stamp, write_table

from fer_bench.datasets.base import Dataset, Part
from fer_bench.evaluation import score
from fer_bench.labels import EIGHT, SEVEN

SIX = {"without_neutral": SEVEN[1:]}
DATASETS = {
    d.name: d
    for d in (
        Dataset("rafdb", (Part("rafdb"),), challenge="rafdb", slices=("gender", "age")),
        Dataset("affectnet7", (Part("affectnet"),), restrictions=SIX),
        Dataset("affectnet8", (Part("affectnet"),), EIGHT),
        Dataset("affectnet7_rafdb", (Part("affectnet", cap=5), Part("rafdb"))),
        Dataset("sfew", (Part("sfew"),)),
        Dataset("fedro", (Part("fedro"),), protocol="test"),
        Dataset("ckplus7", (Part("ckplus"),), restrictions=SIX, protocol="folds"),
        Dataset("jaffe", (Part("jaffe"),), protocol="test"),
    )
}
PACKS = ("rafdb", "affectnet", "sfew", "fedro", "ckplus", "jaffe")
UNION = "scan_cci_from_affectnet7_rafdb"
CELLS: tuple[tuple[str, str, float, tuple[str, ...]], ...] = (
    ("rafdb", "baseline1", 0.8, ()),
    ("rafdb", "scan_cci", 2.2, ("affectnet8", "jaffe")),
    ("rafdb", "scan_cci_noise20", 1.7, ()),
    ("rafdb", "scan_cci_noise40", 1.1, ()),
    ("affectnet7", "scan_cci", 1.8, ("rafdb", "ckplus7", "jaffe")),
    ("affectnet8", "scan_cci", 1.6, ("rafdb", "fedro")),
    ("affectnet7_rafdb", "scan_cci", 2.0, ("fedro", "rafdb")),
    ("sfew", "baseline1", 0.4, ()),
    ("sfew", UNION, 1.4, ()),
    ("ckplus7", "baseline1", 2.0, ()),
    ("ckplus7", UNION, 2.6, ()),
)
"""Dataset, row, skill, further sets; each with seeds 0 and 1."""

AUDIT: dict[str, dict[str, Any]] = {
    "rafdb": {
        "duplicated_test": [f"rafdb_{i:04d}" for i in (0, 1, 9)],
        "challenge": {
            "occluded": [f"rafdb_{i:04d}" for i in (0, 2, 4, 6, 6)],
            "pose_gt_30": [f"rafdb_{i:04d}" for i in range(1, 60)],
            "pose_gt_45": [f"rafdb_{i:04d}" for i in range(1, 30)],
        },
    }
}
ENABLED: dict[str, dict[str, list[Any]]] = {
    name: {"models": [], "seeds": [0, 1], "evaluate_on": [], "init_from": [], "transfer_models": []}
    for name in ("rafdb", "affectnet7", "affectnet8", "affectnet7_rafdb", "sfew", "ckplus7")
}
for _dataset, _row, _, _sets in CELLS:
    _lists = ENABLED[_dataset]
    _lists["evaluate_on"] += _sets
    if _row == UNION:
        _lists |= {"init_from": ["affectnet7_rafdb"], "transfer_models": ["scan_cci"]}
    else:
        _lists["models"].append(_row)


def make_pack(packs: Path, name: str) -> pd.DataFrame:
    """A manifest: eight classes in affectnet, folds in ckplus, groups in rafdb, votes in sfew."""
    draw = np.random.default_rng(len(name))
    n = 400 if name == "rafdb" else 160
    classes = 8 if name == "affectnet" else 7
    folded = name == "ckplus"
    # Test faces first, so that a list can name them by their numbers.
    split = np.where(np.arange(n) < n // 2, "test", "train")
    manifest = pd.DataFrame(
        {
            "sample_id": [f"{name}_{i:04d}" for i in range(n)],
            "label": np.arange(n) % classes,
            "split": "test" if name in ("ckplus", "fedro", "jaffe") else split,
            "fold": pd.array(np.arange(n) // 16 if folded else [None] * n, dtype="Int64"),
            "gender": draw.choice(["woman", "man", "unsure"], n, p=[0.5, 0.4, 0.1]),
            "age": draw.choice(["0-3", "4-19", "20-39", "70+"], n, p=[0.1, 0.3, 0.55, 0.05]),
        }
    )
    if name == "sfew":
        labels = manifest["label"].to_numpy()
        votes = draw.multinomial(4, np.full(8, 1 / 8), n) + 6 * np.eye(8, dtype=int)[labels]
        manifest["votes"] = votes.tolist()
    (packs / name).mkdir(parents=True)
    manifest.to_parquet(packs / name / "manifest.parquet", index=False)
    return manifest


def make_photographs(root: Path) -> Path:
    """Packs, runs and scores; the images of sfew and jaffe are said to be incomplete."""
    packs = root / "data" / "aligned"
    for name in PACKS:
        make_pack(packs, name)
    faces = {
        n: write_table(root / "faces", d, packs, AUDIT.get(n, NOTHING)) for n, d in DATASETS.items()
    }
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(score, "get_dataset", DATASETS.__getitem__)
        for dataset, row, skill, sets in CELLS:
            for seed in (0, 1):
                cell = root / "runs" / dataset / row / str(seed)
                make_training(cell, dataset, row, seed, **_said(dataset, row))
                for set_ in (dataset, *sets):
                    folder = cell / ("train" if set_ == dataset else f"on_{set_}")
                    loss = 0 if set_ == dataset else 0.7
                    make_predictions(
                        folder / "predictions.parquet", faces[set_], skill - loss, seed,
                        DATASETS[dataset].classes,
                    )  # fmt: skip
                    stamp(folder, root / "faces", set_)
                score.score_cell(
                    cell, (dataset, row, seed), root / f"scores/{dataset}/{row}/{seed}.json",
                    sets=sets, faces=root / "faces", lists=root / "lists",
                    rules={"version": 1, "sha256": "ab" * 32}, partial=["sfew", "jaffe"],
                )  # fmt: skip
    return root / "scores"


def _said(dataset: str, row: str) -> dict[str, Any]:
    rate = int(row[-2:]) / 100 if "noise" in row else 0
    noise = {"kind": "symmetric", "rate": rate, "changed": round(180 * rate) + 1, "of": 180}
    return {
        "base": "baseline1" if row == "baseline1" else "scan_cci",
        "classes": list(DATASETS[dataset].classes),
        "protocol": DATASETS[dataset].protocol,
        "init_from": "affectnet7_rafdb" if row == UNION else None,
        "label_noise": noise if rate else None,
    }
