"""A small pack whose labels are easy to learn."""

from pathlib import Path

import numpy as np
import pandas as pd

from fer_bench.datasets.base import Part
from fer_bench.datasets.pack import write_manifest
from fer_bench.labels import SEVEN

SIZE = 80
TOY_VIEW = {
    "name": "toy",
    "parts": [Part("toy").to_json()],
    "classes": list(SEVEN),
    "protocol": "split",
}


def make_pack(folder: Path, people: int = 12, seed: int = 0, folds: int = 0) -> None:
    """Faces whose brightness pattern tells the label; the last third of the people are test.

    With `folds`, all faces are test faces and each person has a fold.
    """
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
                    "split": "test" if folds or person >= people * 2 / 3 else "train",
                    "subject": f"p{person}",
                    "fold": person % folds if folds else None,
                    "box": [0.0, 0.0, 80.0, 80.0],
                    "landmarks": [0.0] * 10,
                    "detection": 1.0,
                    "source_sha256": "",
                }
            )
    folder.mkdir(parents=True)
    np.save(folder / "faces.npy", np.stack(faces))
    write_manifest(folder / "manifest.parquet", pd.DataFrame(rows))
