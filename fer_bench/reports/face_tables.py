"""Who is on the faces that a score is about, from `results/faces`."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from fer_bench.labels import Expression
from fer_bench.records.faces import SLICE, SUBSET, FaceTable, faces_hash
from fer_bench.records.score import Part, Score
from fer_bench.statistics.units import Units


class FaceTables:
    """The sets' tables of faces, each read when it is first asked for.

    A table is used only where the score names its hash and the faces that the score's answers are
    about are found in it, in their order: otherwise nobody knows who is on them.
    """

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder
        self._tables: dict[str, FaceTable | None] = {}
        self._found: dict[tuple[str, str, str], Units | None] = {}

    def units(self, score: Score, set_: str, part: str) -> Units | None:
        """The people on a part's faces, in the order of its answers; None where not known."""
        table = self.of(score, set_)
        said = score.sets.get(set_, {}).get("last", {}).get(part)
        if table is None or said is None or not said.get("faces_sha256"):
            return None
        key = set_, part, said["faces_sha256"]
        if key not in self._found:
            self._found[key] = _units(table.rows, part, said)
        return self._found[key]

    def of_slice(self, score: Score, set_: str, column: str, value: str) -> np.ndarray | None:
        """(n,) bool: which of the set's faces belong to a group; None where not known."""
        table, units = self.of(score, set_), self.units(score, set_, "all")
        if table is None or units is None or units.faces is None:
            return None
        if SLICE + column not in table.rows:
            return None
        values = table.rows[SLICE + column].loc[units.faces.tolist()].astype(str)
        return np.asarray(values == value)

    def train_sizes(self, score: Score) -> list[int]:
        """How many train faces each class of the score's dataset has; none where not known."""
        table = self.of(score, score.training.dataset)
        rows = table.rows if table else pd.DataFrame({"split": [], "label": []})
        return rows.loc[rows["split"] == "train", "label"].value_counts().tolist()

    def table(self, set_: str) -> FaceTable | None:
        """A set's table; None where it is not there."""
        if set_ not in self._tables:
            file = self._folder / f"{set_}.parquet" if self._folder else None
            self._tables[set_] = FaceTable.read(file) if file and file.is_file() else None
        return self._tables[set_]

    def of(self, score: Score, set_: str) -> FaceTable | None:
        """The table that a score was made with; None where it is not there, or another one."""
        if set_ not in score.faces_sha256:
            return None
        table = self.table(set_)
        return table if table and table.sha256 == score.faces_sha256[set_] else None


def _units(rows: pd.DataFrame, part: str, said: Part) -> Units | None:
    """Of the faces whose hash the part holds: test faces, or in cross-validation all of them."""
    codes = [int(Expression[name]) for name, n in said["n_per_class"].items() if n]
    picked = rows["label"].isin(codes) & _of_part(rows, part)
    for some in (picked & (rows["split"] == "test"), picked):
        found = rows[some].reset_index(drop=True).sort_values(["label", "face"])
        faces = found["face"].to_numpy()
        if faces_hash(faces.tolist()) == said["faces_sha256"]:
            known = found["person_known"].to_numpy(dtype=bool)
            return Units.of(found["person"].to_numpy(), known, faces)
    return None


def _of_part(rows: pd.DataFrame, part: str) -> pd.Series:
    """Which faces a part may hold; parts of fewer classes hold all faces of these."""
    if SUBSET + part in rows:
        return rows[SUBSET + part].astype(bool)
    if part == "without_duplicates":
        return ~rows["duplicated"].astype(bool)
    return pd.Series(True, index=rows.index)
