"""Which face of FER2013 has which name and votes, whether its pixels are a row or a PNG file.

`fer2013.csv`: row k of it is row k of `fer2013new.csv`, whose name leads to the votes in
`label_*.csv`. The PNG files that the official script writes bear the names themselves.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from fer_bench.datasets.ferplus_files import (
    TABLE,
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

PIXELS, NAMES = TABLE, "fer2013new.csv"
LABEL_FILES = {"train": "label_train.csv", "val": "label_valid.csv", "test": "label_test.csv"}
FOLDERS = {"train": "FER2013Train", "val": "FER2013Valid", "test": "FER2013Test"}
VOTES = ("label_csv", "fer2013new")
"""Where votes are taken from; they differ for 1,601 faces, every one a copy of another."""

OVERWRITTEN = ("fer0008403", "fer0033120")
"""Names whose PNG show rows 15835 and 34334 instead of their own: these rows carry their names too,
and come later, so that the official script overwrites the right picture."""

Votes = tuple[int, ...]


@dataclass(frozen=True)
class FerplusFace:
    """A face that may have a label.

    Attributes:
        name: `fer0000000`.
        split: ours.
        votes: ten counts in the order of `ferplus_votes.COLUMNS`.
        path: `fer2013.csv` or its PNG, below the source's folder; None when neither is there.
        row: its row in `fer2013.csv` and `fer2013new.csv`, from 0; None when no table tells.
        offset: the byte at which the row begins; None for a PNG.
        fer2013_label: FER2013's own label; None for a PNG.
        overwritten: whether its PNG shows another row's pixels.
    """

    name: str
    split: str
    votes: Votes
    path: str | None
    row: int | None = None
    offset: int | None = None
    fer2013_label: str | None = None
    overwritten: bool = False


@dataclass(frozen=True)
class Joined:
    """Faces by name, each once, in the order of `fer2013.csv`, and what else was found.

    Attributes:
        faces: the faces.
        item: what `notes` count, `row` or `face`.
        notes: how many of something were found, and what, for a reader; some are 0.
    """

    faces: list[FerplusFace]
    item: str
    notes: list[tuple[int, str]]

    @property
    def votes(self) -> np.ndarray:
        """(N, 10) counts."""
        votes = [face.votes for face in self.faces]
        return np.array(votes, dtype=np.int64).reshape(-1, len(COLUMNS))


@dataclass(frozen=True)
class Named:
    """`fer2013new.csv` read: which row has which name.

    Attributes:
        rows: every row.
        of: row of each name, ascending; rows that carry another row's name are not among them.
        misnamed: those rows.
    """

    rows: list[VotedRow]
    of: dict[str, int]
    misnamed: list[int]

    @property
    def overwritten(self) -> set[str]:
        """Names that a later row carries too."""
        names = {str(self.rows[k].name): k for k in self.misnamed}
        return {name for name, k in names.items() if k > self.of.get(name, k)}


def join(root: Path, votes: str | None = None) -> Joined:
    """Join the files of `root`.

    Args:
        root: the source's folder.
        votes: one of `VOTES`; None takes `label_csv` where those files are there.

    Raises:
        FerBenchError: a file is missing, cannot be understood or contradicts another one.
    """
    named = read_names(root) if (root / NAMES).is_file() else None
    labelled = any((root / file).is_file() for file in LABEL_FILES.values())
    if votes == "label_csv" or (votes is None and labelled):
        listed = read_votes(root)
    elif named is None:
        raise FerBenchError(f"{root / NAMES} is missing: add ferplus again.")
    else:
        listed = {
            n: (USAGES[named.rows[k].usage], named.rows[k].votes) for n, k in named.of.items()
        }
    if (root / PIXELS).is_file():
        if named is None:
            raise FerBenchError(f"{root / NAMES} is missing: add ferplus again.")
        return _from_table(root, named, listed)
    if not any((root / folder).is_dir() for folder in FOLDERS.values()):
        raise FerBenchError(
            f"{root} holds neither {PIXELS} nor {', '.join(FOLDERS.values())}: add ferplus again."
        )
    return _from_images(root, named, listed)


def read_names(root: Path) -> Named:
    """Read `fer2013new.csv`; raises FerBenchError when it cannot be understood."""
    rows = read_fer2013new(root / NAMES)
    misnamed = misnamed_rows([row.name for row in rows])
    wrong = set(misnamed)
    named = [k for k, row in enumerate(rows) if row.name is not None and k not in wrong]
    of = {str(rows[k].name): k for k in named}
    if len(of) != len(named):
        raise FerBenchError(f"{NAMES} names an image twice in sequence: get it again.")
    return Named(rows, of, misnamed)


def read_votes(root: Path) -> dict[str, tuple[str, Votes]]:
    """Name -> (split, votes) of the three label files; raises FerBenchError when one is missing."""
    listed: dict[str, tuple[str, Votes]] = {}
    for split, file in LABEL_FILES.items():
        if not (root / file).is_file():
            raise FerBenchError(f"{root / file} is missing: add ferplus again.")
        for name, votes in read_label_file(root / file).items():
            if name in listed:
                raise FerBenchError(f"{file} lists {name}, which another label file lists too.")
            listed[name] = (split, votes)
    return listed


def _from_table(root: Path, named: Named, listed: Mapping[str, tuple[str, Votes]]) -> Joined:
    pixels = _in_order(root, named)
    # A rebuilt table may say the same label in every row.
    constant = len(pixels) > 1 and len({row.label for row in pixels}) == 1
    faces = []
    for name, k in named.of.items():
        if name not in listed:
            continue
        split, votes = listed[name]
        _check_split(name, split, USAGES[named.rows[k].usage], NAMES)
        row = pixels[k] if k < len(pixels) else None
        faces.append(
            FerplusFace(
                name, split, votes, PIXELS if row else None, k, row.offset if row else None,
                row.label if row and not constant else None,
            )
        )  # fmt: skip
    unnamed = len(named.rows) - len(named.of) - len(named.misnamed)
    notes = [
        (len(named.rows) - len(pixels), "missing at the end of fer2013.csv"),
        (unnamed, "without a name: left out"),
        (len(named.misnamed), "with another row's name: left out"),
        (len(named.of) - len(faces), "whose name is in no label file: left out"),
        (len(pixels) if constant else 0, "of fer2013.csv all with one emotion: a rebuilt table; "
         "FER2013's own labels are not known"),
    ]  # fmt: skip
    return Joined(faces, "row", notes)


def _from_images(
    root: Path, named: Named | None, listed: Mapping[str, tuple[str, Votes]]
) -> Joined:
    found = images(root)
    rows = named.of if named else {}
    overwritten = named.overwritten if named else set(OVERWRITTEN)
    for name, (split, _) in listed.items():
        if name in found:
            _check_split(name, split, found[name][0], FOLDERS[found[name][0]])
        if name in rows and named:
            _check_split(name, split, USAGES[named.rows[rows[name]].usage], NAMES)
    faces = [
        FerplusFace(
            name, split, votes, found[name][1] if name in found else None, rows.get(name),
            overwritten=name in overwritten and name in found,
        )
        for name, (split, votes) in sorted(listed.items())
    ]  # fmt: skip
    notes = [
        (sum(face.path is None for face in faces), "listed without a picture"),
        (len(found.keys() - listed.keys()), "with a picture that no list names: left out"),
        (sum(face.overwritten for face in faces),
         "whose PNG shows another row's pixels, a fault of the official script: kept, flagged in "
         "the column other_pixels"),
    ]  # fmt: skip
    return Joined(faces, "face", notes)


def images(root: Path) -> dict[str, tuple[str, str]]:
    """Name -> (split, path below `root`) of every PNG.

    Raises:
        FerBenchError: one lies in two folders.
    """
    found: dict[str, tuple[str, str]] = {}
    for split, folder in FOLDERS.items():
        for path in sorted((root / folder).glob("fer*.png")):
            if path.stem in found:
                raise FerBenchError(
                    f"{path.name} lies in {folder} and in {FOLDERS[found[path.stem][0]]}: keep the "
                    "right one, then add ferplus again."
                )
            found[path.stem] = split, f"{folder}/{path.name}"
    return found


def _check_split(name: str, split: str, other: str, where: str) -> None:
    if split != other:
        raise FerBenchError(
            f"{name} is listed in {LABEL_FILES[split]} but is a {other} face by {where}: the label "
            "files, or the folders, are in each other's place."
        )


def _in_order(root: Path, named: Named) -> list[Fer2013Row]:
    """The rows of `fer2013.csv`, once it is sure that they are in the order of `named`."""
    pixels, new = read_fer2013(root / PIXELS), named.rows
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
