"""A small pack and the spec of a cell on it."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from fer_bench import models
from fer_bench.datasets.pack import write_manifest
from fer_bench.files import write_json
from fer_bench.labels import SEVEN
from fer_bench.training.recipe import Recipe

SIZE = 80


def make_pack(folder: Path, people: int = 12, seed: int = 0) -> None:
    """Faces whose brightness pattern tells the label; the last third of the people are test."""
    rng = np.random.default_rng(seed)
    rows, faces = [], []
    for person in range(people):
        for label in range(7):
            face = rng.integers(0, 90, (SIZE, SIZE, 3), dtype=np.uint8)
            face[10 * label : 10 * label + 10] += 150
            faces.append(face)
            rows.append(
                {
                    "sample_id": f"s{person:02d}_{label}",
                    "label": label,
                    "split": "test" if person >= people * 2 / 3 else "train",
                    "subject": f"p{person}",
                    "fold": None,
                    "box": [0.0, 0.0, 80.0, 80.0],
                    "landmarks": [0.0] * 10,
                    "detection": 1.0,
                    "source_sha256": "",
                }
            )
    folder.mkdir(parents=True)
    np.save(folder / "faces.npy", np.stack(faces))
    write_manifest(folder / "manifest.parquet", pd.DataFrame(rows))


@pytest.fixture
def aligned(tmp_path):
    make_pack(tmp_path / "aligned" / "toy")
    return tmp_path / "aligned"


@pytest.fixture
def make_spec(tmp_path):
    """Write a spec and a start that says "random weights"; returns their paths."""

    def make(model: str = "baseline1", recipe: dict | None = None, **options):
        chosen = {**models.preset(model).defaults, "backbone": "resnet18_slim", "size": SIZE}
        merged = {"epochs": 3, "batch_size": 16, "backbone_lr": 0.02, "heads_lr": 0.02}
        spec = {
            "dataset": "toy",
            "model": model,
            "base": model,
            "options": chosen | options,
            "recipe": Recipe().with_(merged | (recipe or {})).to_json(),
            "pretrained": None,
            "init_from": None,
            "start": None,
            "view": {"name": "toy", "packs": ["toy"], "classes": list(SEVEN)},
            "alignment": "mtcnn",
            "compute": {"device": "cpu", "precision": "32-true", "threads": 2},
            "versions": {"torch": "test"},
            "code": "test",
        }
        write_json(tmp_path / f"{model}.json", spec)
        write_json(tmp_path / "start.json", {"pretrained": None})
        return tmp_path / f"{model}.json", tmp_path / "start.json"

    return make
