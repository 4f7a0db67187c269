"""Packs of rendered faces, cut out by the landmarks they were drawn with: no detector needed."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from fer_bench.datasets.pack import write_manifest
from fer_bench.datasets.synthetic import SOURCE
from fer_bench.faces.face_points import face_points
from fer_bench.faces.geometry import align_face

OPTIONS = {"identities_train": 1, "identities_test": 2, "images_per_identity": 7, "occluded": 0.0,
           "frontal": 1.0}  # fmt: skip


def rendered(size: int, **changes: float) -> tuple[np.ndarray, pd.DataFrame]:
    """Persons showing seven expressions each, (N, size, size, 3), and their manifest.

    Three, or as `identities_train` and `identities_test` of `changes` to `OPTIONS` say.
    """
    options = OPTIONS | changes
    index = SOURCE.index(Path(), options)
    faces = [
        align_face(
            SOURCE.load(Path(), row, options), np.reshape(row["true_landmarks"], (5, 2)), size
        )
        for row in index.to_dict("records")
    ]
    points = face_points(list(index["true_landmarks"]), size).reshape(len(index), -1)
    manifest = index.assign(
        box=index["true_box"], landmarks=index["true_landmarks"], points=list(points),
        detection=1.0, source_sha256="",
    )  # fmt: skip
    return np.stack(faces), manifest


def write_pack(folder: Path, faces: np.ndarray, manifest: pd.DataFrame) -> None:
    folder.mkdir(parents=True)
    np.save(folder / "faces.npy", faces)
    write_manifest(folder / "manifest.parquet", manifest)
