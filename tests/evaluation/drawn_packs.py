"""Rendered faces and their masked twins as packs, cut out by the true landmarks."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from fer_bench.datasets.pack import write_manifest
from fer_bench.datasets.synthetic import SOURCE
from fer_bench.faces.geometry import cut_out
from fer_bench.faces.wear_mask import wear_mask

SIZE = 80
OPTIONS: dict[str, Any] = {"identities_train": 1, "identities_test": 12, "occluded": 0.6, "seed": 3}


def make_packs(root: Path, faces: int) -> None:
    """Write both packs: one train face and the first test faces."""
    index = SOURCE.index(root, OPTIONS)
    by_split = [index[index["split"] == "train"][:1], index[index["split"] == "test"][:faces]]
    index = pd.concat(by_split, ignore_index=True)
    plain, masked = [], []
    for row in index.to_dict("records"):
        picture = SOURCE.load(root, {str(k): v for k, v in row.items()}, OPTIONS)
        landmarks = np.array(row["true_landmarks"]).reshape(5, 2)
        box = tuple(row["true_box"])
        worn = wear_mask(picture, landmarks, box, row["sample_id"], "blue").image  # type: ignore[arg-type]
        plain.append(cut_out(picture, landmarks, box, SIZE))
        masked.append(cut_out(worn, landmarks, box, SIZE))
    manifest = index.assign(
        box=index["true_box"], landmarks=index["true_landmarks"], detection=1.0, source_sha256=""
    )
    for name, pictures, extra in (
        ("synthetic", plain, {}),
        ("synthetic_masked", masked, {"mask_kind": "surgical_blue"}),
    ):
        (root / name).mkdir()
        np.save(root / name / "faces.npy", np.stack(pictures))
        write_manifest(root / name / "manifest.parquet", manifest.assign(**extra))
