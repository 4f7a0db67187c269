"""Which row of `fer2013.csv` has which name and votes: by row, then by name."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from fer_bench.datasets.ferplus_files import (
    USAGES,
    Fer2013Row,
    VotedRow,
    misnamed_rows,
    read_fer2013,
    read_fer2013new,
    read_label_file,
)
from fer_bench.datasets.ferplus_votes import COLUMNS
from fer_bench.errors import FerBenchError

LABEL_FILES = {"train": "label_train.csv", "val": "label_valid.csv", "test": "label_test.csv"}
VOTES = ("label_csv", "fer2013new")
"""Where votes are taken from; they differ for 1,601 faces."""


@dataclass(frozen=True)
class Joined:
    """Faces that may have a label, and the rows that cannot.

    Attributes:
        rows: their rows in both `fer2013.csv` and `fer2013new.csv`, ascending, counted from 0.
        names: `fer0000000`, each once.
        usages: Training, PublicTest or PrivateTest.
        votes: (N, 10) in the order of `ferplus_votes.COLUMNS`.
        pixels: every row of `fer2013.csv`, which may end before `rows` do.
        cut_off: rows that `fer2013.csv` lacks at its end.
        unnamed: rows without a name.
        misnamed: rows that carry another row's name.
        unlisted: rows whose name no label file has.
    """

    rows: list[int]
    names: list[str]
    usages: list[str]
    votes: np.ndarray
    pixels: list[Fer2013Row]
    cut_off: int
    unnamed: int
    misnamed: int
    unlisted: int


def join(root: Path, votes: str) -> Joined:
    """Join the files of `root`, with votes from `votes`, one of `VOTES`.

    Raises:
        FerBenchError: a file is missing, cannot be understood or contradicts another one.
    """
    new = read_fer2013new(root / "fer2013new.csv")
    pixels = _pixels_in_order(root, new)
    misnamed = misnamed_rows([row.name for row in new])
    named = [k for k, row in enumerate(new) if row.name is not None and k not in set(misnamed)]
    if len({new[k].name for k in named}) != len(named):
        raise FerBenchError("fer2013new.csv names an image twice in sequence: get it again.")
    found = (
        {k: new[k].votes for k in named} if votes == "fer2013new" else _by_name(root, new, named)
    )
    return Joined(
        rows=list(found),
        names=[str(new[k].name) for k in found],
        usages=[new[k].usage for k in found],
        votes=np.array(list(found.values()), dtype=np.int64).reshape(-1, len(COLUMNS)),
        pixels=pixels,
        cut_off=len(new) - len(pixels),
        unnamed=len(new) - len(named) - len(misnamed),
        misnamed=len(misnamed),
        unlisted=len(named) - len(found),
    )


def _by_name(root: Path, new: list[VotedRow], named: list[int]) -> dict[int, tuple[int, ...]]:
    """Row -> votes, of the rows whose name a label file has."""
    listed: dict[str, tuple[str, tuple[int, ...]]] = {}
    for split, file in LABEL_FILES.items():
        if not (root / file).is_file():
            raise FerBenchError(f"{root / file} is missing: add ferplus again.")
        for name, votes in read_label_file(root / file).items():
            if name in listed:
                raise FerBenchError(f"{file} lists {name}, which another label file lists too.")
            listed[name] = (split, votes)
    found = {}
    for k in named:
        if entry := listed.get(str(new[k].name)):
            split, found[k] = entry
            if USAGES[new[k].usage] != split:
                raise FerBenchError(
                    f"{new[k].name} is {new[k].usage} in fer2013new.csv but listed in "
                    f"{LABEL_FILES[split]}: the label files are in each other's place."
                )
    return found


def _pixels_in_order(root: Path, new: list[VotedRow]) -> list[Fer2013Row]:
    """The rows of `fer2013.csv`, once it is sure that they are in the order of `new`."""
    if not (root / "fer2013.csv").is_file():
        raise FerBenchError(f"{root / 'fer2013.csv'} is missing: add ferplus again.")
    pixels = read_fer2013(root / "fer2013.csv")
    if len(pixels) > len(new):
        raise FerBenchError(
            f"fer2013.csv has {len(pixels)} rows, fer2013new.csv only {len(new)}: they do not "
            "belong together."
        )
    for k, (mine, theirs) in enumerate(zip(pixels, new, strict=False)):
        if mine.usage != theirs.usage:
            raise FerBenchError(
                f"rows of fer2013.csv are in another order than those of fer2013new.csv: line "
                f"{k + 2} is {mine.usage} in the first and {theirs.usage} in the second. The join "
                "is by row: get the file as Kaggle gives it."
            )
    return pixels
