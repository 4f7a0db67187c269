"""The faces of a set as one table without names: all that scoring needs beside predictions.

`results/faces/<set>.parquet` has one row a face of the set's view. The audit writes it, because it
knows everything that goes in. With it, committed predictions can be scored by somebody who does not
hold the pictures.

Which faces a challenge list names is not in it but in `runs/lists/<set>.parquet`, which git does
not hold: the lists carry no licence.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from fer_bench.datasets.base import Dataset
from fer_bench.errors import FerBenchError
from fer_bench.files import replacing, sha256_file
from fer_bench.labels import Expression
from fer_bench.reading import read_table

COLUMNS = ("face", "label", "split", "fold", "person", "person_known", "duplicated")
VOTES = "votes"
"""Column of raters' votes: counts, the first eight in `Expression`'s order."""
SUBSET, LISTED, SLICE = "subset_", "listed_", "slice_"
"""What the names of columns begin with that hold the set's subsets (bool), how often a challenge
list names a face, and its group (text)."""
FOUND = "landmarks_found"
"""The subset of faces on which landmarks were found, where points or masks were to lie on them."""
STAMP = "faces.json"
"""Beside predictions on another set: the hash of the table they are scored with."""


@dataclass(frozen=True)
class FaceTable:
    """A set's faces.

    Attributes:
        rows: one a face, by its running number `face`, the place of its sample id in sorted order.
            `label` is an `Expression`; `split`; `fold`; `person` a running number of the person,
            or where nobody says who it is (`person_known` is false) of the group of faces with the
            same pixels; `duplicated`: a test face that `without_duplicates` leaves out. Further
            columns begin with one of `SUBSET`, `LISTED` and `SLICE`, or are `VOTES`.
        sha256: of the file.
    """

    rows: pd.DataFrame
    sha256: str

    @staticmethod
    def read(file: Path, lists: Path | None = None) -> FaceTable:
        """Read a table; raises FerBenchError when it is missing or none.

        Args:
            file: `results/faces/<set>.parquet`.
            lists: `runs/lists/<set>.parquet`; where it is missing, or None, no list is known.
        """
        if not file.is_file():
            raise FerBenchError(
                f"{file} is missing: `fer-bench sweep` makes it (or only this: `fer-bench audit "
                f"{file.stem}`)"
            )
        again = f"`git checkout` it, or run `fer-bench audit {file.stem}`"
        rows = read_table(file, COLUMNS, again).set_index("face", drop=False)
        if lists is not None and lists.is_file():
            rows = rows.join(read_table(lists, ("face",)).set_index("face"))
        return FaceTable(rows, sha256_file(file))

    def tested(self, dataset: Dataset, classes: Sequence[str]) -> pd.DataFrame:
        """The faces a complete prediction holds: test faces of a class that both sides know.

        In cross-validation every face is a test face of one fold.
        """
        codes = [int(Expression[name]) for name in classes if name in dataset.classes]
        kept = self.rows["label"].isin(codes)
        if dataset.protocol != "folds":
            kept &= self.rows["split"] == "test"
        return self.rows[kept]

    def untrained(self, dataset: Dataset, classes: Sequence[str]) -> list[str]:
        """The classes of which a set with a train split has no face in it."""
        if dataset.protocol != "split":
            return []
        there = set(self.rows.loc[self.rows["split"] == "train", "label"])
        return [name for name in classes if int(Expression[name]) not in there]


def faces_hash(numbers: Iterable[int]) -> str:
    """Which faces of a set, and in which order: 16 hex digits, as scores keep with answers."""
    listed = "\n".join(map(str, numbers))
    return hashlib.sha256(listed.encode()).hexdigest()[:16]


def write_faces(
    file: Path,
    rows: pd.DataFrame,
    dataset: Dataset,
    duplicated: np.ndarray,
) -> None:
    """Write the table of a set.

    Args:
        file: `results/faces/<set>.parquet`.
        rows: the N faces as `view_rows` gives them.
        dataset: the set.
        duplicated: (N,) bool.

    Raises:
        FerBenchError: a subset is no mask of the faces, or a column of groups is missing.
    """
    table = pd.DataFrame({"face": rows["face"].to_numpy("int32")})
    table["label"] = rows["label"].to_numpy("int8")
    table["split"] = rows["split"].to_numpy()
    table["fold"] = rows["fold"].astype("Int16").array
    table["person"], table["person_known"] = people(rows)
    table["duplicated"] = np.asarray(duplicated, bool)
    for name, subset in dataset.subsets.items():
        mask = np.asarray(subset(rows))
        if mask.dtype != bool or mask.shape != (len(rows),):
            raise FerBenchError(
                f"subset {name!r} of dataset {dataset.name!r} gave {mask.dtype} values of shape "
                f"{mask.shape} for {len(rows)} faces; it must give one bool a face"
            )
        table[SUBSET + name] = mask
    if (found := landmarks_found(rows)) is not None and not found.all():
        table[SUBSET + FOUND] = found
    for column in dataset.slices:
        if column not in rows.columns:
            raise FerBenchError(
                f"{dataset.name}: its faces have no column {column!r} to be grouped by; align its "
                "source again"
            )
        table[SLICE + column] = rows[column].astype(str).to_numpy()
    if VOTES in rows.columns:
        table[VOTES] = rows[VOTES].to_numpy()
    _write(file, table)


def landmarks_found(rows: pd.DataFrame) -> np.ndarray | None:
    """(N,) bool: on which faces landmarks were found; None where nothing lies on such ones.

    Args:
        rows: of manifests: `faces.align` says it in a column of this name where it looked for
            landmarks to lay points on, `faces.mask` in `mask_status`. Faces of a pack that says
            neither count as found: nothing was put on them.
    """
    said = [c for c in (FOUND, "mask_status") if c in rows.columns]
    if not said:
        return None
    found = pd.Series(True, index=rows.index)
    if FOUND in said:
        found &= rows[FOUND].fillna(True).astype(bool)
    if "mask_status" in said:
        found &= rows["mask_status"] != "centre_fallback"
    return found.to_numpy(dtype=bool)


def write_lists(file: Path, rows: pd.DataFrame, listed: Mapping[str, Sequence[str]]) -> None:
    """Write how often each challenge list names each face of a set.

    Args:
        file: `runs/lists/<set>.parquet`.
        rows: the N faces as `view_rows` gives them.
        listed: sample ids by list, repeats kept; none where the lists were not added.
    """
    table = pd.DataFrame({"face": rows["face"].to_numpy("int32")})
    for name, samples in listed.items():
        times = pd.Series(samples, dtype=object).value_counts()
        table[LISTED + name] = rows["sample_id"].map(times).fillna(0).to_numpy("int16")
    _write(file, table)


def _write(file: Path, table: pd.DataFrame) -> None:
    with replacing(file) as temporary:
        table.sort_values("face").to_parquet(temporary, index=False, compression="zstd")


def people(rows: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    """(N,) running numbers by first face, and whether they number people."""
    known = rows["subject"].notna().to_numpy(dtype=bool)
    pixels = rows["source_sha256"].fillna("").astype(str)
    alone = "face " + rows["face"].astype(str)
    copies = ("pixels " + pixels).where(pixels != "", alone)
    who = ("person " + rows["subject"].astype(str)).where(known, copies)
    order = np.argsort(rows["face"].to_numpy())
    numbers = np.empty(len(rows), "int32")
    numbers[order] = pd.factorize(who.to_numpy()[order])[0]
    return numbers, known
