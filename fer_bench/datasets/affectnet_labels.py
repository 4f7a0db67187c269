"""AffectNet's labels: the two lists of the first release, the many small files of 2021's.

Every reader, AffectNet+'s too, gives the same first columns, so that nothing above them knows which
release it has.
"""

from __future__ import annotations

import io
import os
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from fer_bench.datasets.skipped import Skipped
from fer_bench.errors import FerBenchError
from fer_bench.labels import Expression

CODES: tuple[Expression, ...] = (
    Expression.neutral,
    Expression.happiness,
    Expression.sadness,
    Expression.surprise,
    Expression.fear,
    Expression.disgust,
    Expression.anger,
    Expression.contempt,
)
"""AffectNet's expression codes 0 to 7."""

LAST_CODE = 10
"""8 is none, 9 uncertain, 10 no face: listed, but nothing to learn or to score."""

WITHOUT_EXPRESSION = "labelled none, uncertain or no face: left out"

LISTS = {"train": "training.csv", "test": "validation.csv"}
FOLDERS = {"train": "train_set", "test": "val_set"}
"""Of the releases of 2021 and 2025, as kept here; AffectNet+ calls the second `validation_set`."""

COLUMNS = (
    "subDirectory_filePath", "face_x", "face_y", "face_width", "face_height",
    "facial_landmarks", "expression", "valence", "arousal",
)  # fmt: skip

_FILE = re.compile(r"[\w-]+/[\w-]+\.\w+")
_CODES = {str(code) for code in range(LAST_CODE + 1)}
_ANNOTATION = re.compile(r"(\d+)_(exp|val|aro)\.npy")


@dataclass(frozen=True)
class Labels:
    """What a release says about its images.

    Attributes:
        rows: one row per image with one of the eight expressions, train first, in the release's
            order: `sample_id`, `label` (`Expression`), `split`, `path` (below the source's folder),
            `valence` and `arousal` (-1..1; -2 or NaN where there is none).
        notes: what was left out, one sentence each.
        annotated: images with any annotation by split, those without an expression included.
    """

    rows: pd.DataFrame
    notes: tuple[str, ...]
    annotated: Mapping[str, int] = field(default_factory=dict)


def old_release(lists: Mapping[str, Path]) -> Labels:
    """Read `training.csv` and `validation.csv`.

    An image listed twice is taken once; one that is listed with different labels is left out; one
    that is in both lists stays in the validation list only. Single bad lines are left out and
    noted.

    Args:
        lists: the file of each split.

    Raises:
        FerBenchError: a list cannot be understood; the message names the line.
    """
    frames = {split: read_list(lists[split], name) for split, name in LISTS.items()}
    rows = pd.concat([f.assign(split=s) for s, (f, _) in frames.items()], ignore_index=True)
    key = ["split", "file"]
    again = rows[rows.duplicated(key, keep=False)]
    kinds = again.groupby(key)["expression"].nunique()
    conflict = pd.MultiIndex.from_frame(again[key]).isin(kinds.index[kinds > 1])
    rows = rows.drop(index=again.index[conflict]).drop_duplicates(key)
    train = rows["split"] == "train"
    leaked = train & rows["file"].isin(set(rows.loc[~train, "file"]))
    rows = rows[~leaked]
    other = rows["expression"] >= len(CODES)
    rows = with_labels(rows[~other].reset_index(drop=True))
    file = rows["file"].str.extract(r"(.*)/(.*)\.(.*)")
    # The name is a hash, so it may in principle name two files in different folders.
    twice = file[1].duplicated()
    rows["sample_id"] = file[1].where(~twice, file[1] + "_" + file[0] + "_" + file[2])
    rows["path"] = "images/" + rows["file"]
    notes = counted_notes(
        (int(other.sum()), WITHOUT_EXPRESSION),
        (int((kinds == 1).sum()), "listed more than once with the same label: taken once"),
        (int((kinds > 1).sum()), "listed with different labels: left out"),
        (int(leaked.sum()), "of the training list also in the validation list: left out of train"),
    )
    bad = [note for _, notes in frames.values() for note in notes]
    return Labels(_ordered(rows), (*bad, *notes))


def new_release(root: Path) -> Labels:
    """Read `{train_set,val_set}/annotations/<number>_{exp,val,aro}.npy`, in order of number.

    Single images with a file that cannot be understood are left out and noted.

    Args:
        root: the folder that holds `train_set` and `val_set`.

    Raises:
        FerBenchError: a folder is missing, or more than single files cannot be understood.
    """
    rows = []
    notes: list[str] = []
    for split, folder in FOLDERS.items():
        place = root / folder / "annotations"
        if not place.is_dir():
            raise FerBenchError(
                f"{folder}/annotations is missing: AffectNet's new release is train_set and "
                "val_set, each with images/ and annotations/. Give both."
            )
        found: dict[str, set[str]] = {"exp": set(), "val": set(), "aro": set()}
        for entry in os.scandir(place):
            if match := _ANNOTATION.fullmatch(entry.name):
                found[match[2]].add(match[1])
        skipped = Skipped(f"{folder}/annotations", "image")
        # Neither names nor dates keep the old order; the numbers are the only one there is.
        for number in sorted(found["exp"], key=int):
            try:
                row = _annotated(place, number, {k for k in found if number in found[k]})
            except ValueError as error:
                skipped.add(str(error))
                continue
            row["sample_id"] = f"{folder.removesuffix('_set')}_{number}"
            row["split"], row["path"] = split, f"{folder}/images/{number}.jpg"
            rows.append(row)
        notes += skipped.notes(len(found["exp"]))
    if not rows:
        raise FerBenchError("there is no <number>_exp.npy in train_set or val_set/annotations.")
    frame = pd.DataFrame(rows)
    other = frame["expression"] >= len(CODES)
    notes += counted_notes((int(other.sum()), WITHOUT_EXPRESSION))
    return Labels(_ordered(with_labels(frame[~other].reset_index(drop=True))), tuple(notes))


def read_list(path: Path, name: str) -> tuple[pd.DataFrame, tuple[str, ...]]:
    """One list of the first release, with or without a heading line.

    Returns:
        One row a line: `file` (`<folder>/<name>` in lower case), `expression` (0 to 10), `valence`
        and `arousal`; and what was left out of it, a sentence or none.

    Raises:
        FerBenchError: it is not such a list; the message names the line.
    """
    rows: list[tuple[str, int, float, float]] = []
    skipped = Skipped(name)
    try:
        with open(path, encoding="utf-8-sig") as stream:
            for number, line in enumerate(stream, start=1):
                fields = line.strip().split(",")
                if fields == [""] or (not rows and _is_heading(fields, name)):
                    continue
                try:
                    rows.append(_row(fields))
                except ValueError as error:
                    skipped.add(f"line {number}: {error}")
    except UnicodeDecodeError as error:
        raise FerBenchError(f"{name} is not UTF-8 text: get it again.") from error
    notes = skipped.notes(len(rows) + len(skipped.said))
    if not rows:
        raise FerBenchError(f"{name} lists no image: get it again.")
    return pd.DataFrame(rows, columns=["file", "expression", "valence", "arousal"]), notes


def _row(fields: list[str]) -> tuple[str, int, float, float]:
    """File, expression, valence and arousal of one line; raises ValueError, naming no file."""
    if len(fields) != len(COLUMNS):
        raise ValueError(f"{len(fields)} fields instead of {len(COLUMNS)}")
    file = fields[0].strip().lower()
    if not _FILE.fullmatch(file):
        raise ValueError("its first field is no <folder>/<image file>")
    code = fields[6].strip()
    if code not in _CODES:
        raise ValueError(f"expression {code[:20]!r} is no number from 0 to {LAST_CODE}")
    try:
        return file, int(code), float(fields[7]), float(fields[8])
    except ValueError as error:
        raise ValueError("no valence and arousal") from error


def _annotated(place: Path, number: str, kinds: Collection[str]) -> dict[str, Any]:
    """Expression, valence and arousal of one image; raises ValueError, naming no file."""
    said = {}
    for kind in sorted(kinds):
        try:
            said[kind] = read_number(f"{place}/{number}_{kind}.npy")
        except ValueError as error:
            raise ValueError(f"a file _{kind}.npy does not hold one number: {error}") from error
    if said["exp"] not in range(LAST_CODE + 1):
        raise ValueError(f"expression {said['exp']:g} is no code from 0 to {LAST_CODE}")
    return {
        "expression": int(said["exp"]),
        "valence": said.get("val", np.nan),
        "arousal": said.get("aro", np.nan),
    }


def read_number(path: str) -> float:
    """The number in a .npy file: a number, or text that is one, in any shape of one element.

    Raises:
        ValueError: it holds something else; the message names no file.
    """
    with open(path, "rb") as stream:
        content = stream.read()
    try:
        return _number(content)
    except (TypeError, OverflowError, EOFError, SyntaxError) as error:
        raise ValueError(str(error)) from error


@lru_cache(2**17)
def _number(content: bytes) -> float:
    array = np.load(io.BytesIO(content), allow_pickle=False)
    value = array.reshape(-1)[0] if array.size == 1 else None
    if value is None:
        raise ValueError(f"an array of shape {array.shape}")
    number = float(value.decode("ascii") if isinstance(value, bytes) else value)
    if not np.isfinite(number):
        raise ValueError(f"{number}")
    return number


def _is_heading(fields: list[str], name: str) -> bool:
    """Whether a first line names the columns; copies of both lists exist with and without."""
    named = fields[0].lower() == COLUMNS[0].lower()
    if not named and (len(fields) < 7 or "/" in fields[0] or fields[6][:1].isdigit()):
        return False  # a face, or something that reading the line will complain about
    if [field.strip().lower() for field in fields[6:]] != [*COLUMNS[6:]]:
        raise FerBenchError(
            f"{name} has the wrong columns.\n  expected: {', '.join(COLUMNS)}\n"
            f"  found:    {', '.join(fields)}"
        )
    return True


def with_labels(rows: pd.DataFrame) -> pd.DataFrame:
    """The rows with `label`, the `Expression` of their code 0 to 7 in `expression`."""
    return rows.assign(label=np.array(CODES, dtype=np.int64)[rows["expression"].to_numpy()])


def _ordered(rows: pd.DataFrame) -> pd.DataFrame:
    return rows[["sample_id", "label", "split", "path", "valence", "arousal"]]


def counted_notes(*counted: tuple[int, str]) -> tuple[str, ...]:
    """A sentence for each number of images that is not 0."""
    return tuple(f"{n:,} image{'s'[: n != 1]} {what}" for n, what in counted if n)
