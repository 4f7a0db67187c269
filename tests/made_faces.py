"""Tables of faces from invented manifests, as the audit writes them from real ones."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from fer_bench.datasets.base import Dataset
from fer_bench.datasets.view_rows import view_rows
from fer_bench.files import sha256_file, write_json
from fer_bench.records.faces import STAMP, write_faces, write_lists

NOTHING: dict[str, Any] = {"duplicated_test": [], "challenge": {}}


def rows_of(dataset: Dataset, packs: Path) -> pd.DataFrame:
    """A dataset's rows; columns that an invented manifest leaves out say nothing."""
    manifests = {n: pd.read_parquet(packs / n / "manifest.parquet") for n in dataset.packs}
    rows = view_rows([p.to_json() for p in dataset.parts], dataset.classes, manifests)
    for column, value in (("subject", None), ("source_sha256", "")):
        if column not in rows:
            rows[column] = value
    return rows


def write_table(
    folder: Path, dataset: Dataset, packs: Path, audited: Mapping[str, Any] = NOTHING
) -> pd.DataFrame:
    """Write `folder/<set>.parquet`; returns the rows behind it.

    Args:
        folder: as `results/faces`.
        dataset: the set.
        packs: the folder of packs with their manifests.
        audited: sample ids: `duplicated_test`, and by list `challenge`.
    """
    rows = rows_of(dataset, packs)
    duplicated = rows["sample_id"].isin(audited["duplicated_test"]).to_numpy()
    test = set(rows.loc[(rows["split"] == "test") | (dataset.protocol == "folds"), "sample_id"])
    listed = {n: [s for s in ids if s in test] for n, ids in audited["challenge"].items()}
    write_faces(folder / f"{dataset.name}.parquet", rows, dataset, np.asarray(duplicated))
    write_lists(folder.parent / f"lists/{dataset.name}.parquet", rows, listed)
    return rows


def stamp(folder: Path, faces: Path, set_: str) -> None:
    """Beside predictions on another set, what `evaluate` says of its table."""
    write_json(folder / STAMP, {"set": set_, "sha256": sha256_file(faces / f"{set_}.parquet")})
