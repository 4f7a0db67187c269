"""Which faces a view takes of its packs: the same rows for training, evaluation and score."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from fer_bench.datasets.base import Dataset
from fer_bench.datasets.pack import Pack
from fer_bench.errors import FerBenchError
from fer_bench.labels import EIGHT


def view_rows(
    parts: Sequence[Mapping[str, Any]],
    classes: Sequence[str],
    manifests: Mapping[str, pd.DataFrame],
) -> pd.DataFrame:
    """The manifest rows of a view, part after part, each in its pack's order.

    Args:
        parts: as `Part.to_json` gives them.
        classes: the view's expressions; faces of others are left out.
        manifests: each pack's manifest.

    Returns:
        The rows, with the columns `pack`, `row` (position in the pack's manifest) and `face` (the
        place of its sample id in sorted order: its running number, in records without names) added.

    Raises:
        FerBenchError: a column to filter by is missing, or a sample id occurs twice.
    """
    frames = [_rows_of(part, classes, manifests[part["pack"]]) for part in parts]
    rows = pd.concat(frames, ignore_index=True)
    twice = int(rows["sample_id"].duplicated().sum())
    if twice:
        packs = ", ".join(dict.fromkeys(part["pack"] for part in parts))
        raise FerBenchError(
            f"{twice} sample ids occur more than once among the packs {packs}: a view may take a "
            "face once only. Align these packs again, or correct the view's parts."
        )
    face = np.empty(len(rows), "int64")
    face[np.argsort(rows["sample_id"].to_numpy(dtype=str))] = np.arange(len(rows))
    return rows.assign(face=face)


def dataset_rows(dataset: Dataset, packs: Path) -> pd.DataFrame:
    """The manifest rows of a dataset: its view of the packs below `packs` (`data/aligned`)."""
    manifests = {name: Pack.open(packs / name).manifest for name in dataset.packs}
    return view_rows([part.to_json() for part in dataset.parts], dataset.classes, manifests)


def _rows_of(
    part: Mapping[str, Any], classes: Sequence[str], manifest: pd.DataFrame
) -> pd.DataFrame:
    kept = manifest["label"].isin([EIGHT.index(name) for name in classes])
    kept &= manifest["split"].isin(part["splits"])
    for column, values in part["where"].items():
        if column not in manifest.columns:
            raise FerBenchError(
                f"pack {part['pack']} has no column {column!r}, which a view of it filters by: "
                "align it again."
            )
        kept &= manifest[column].isin(values)
    rows = manifest[kept]
    rows = rows.assign(pack=part["pack"], row=np.flatnonzero(kept))
    if part["cap"] is not None:
        train = rows["split"] == "train"
        rank = rows[train].groupby("label").cumcount()
        rows = rows.drop(index=rank.index[rank >= part["cap"]])
    return rows
