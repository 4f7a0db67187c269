"""FERPlus in miniature: Kaggle's tar of the pixels, the repository's zip of the votes."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from miniatures.drawing import face, tar_of, zip_of

from fer_bench.datasets.ferplus_files import FER2013_LABELS, HEADER
from fer_bench.labels import Expression

PIXELS, VOTES = "fer2013.tar.gz", "FERPlus.zip"
USAGES = {"train": "Training", "val": "PublicTest", "test": "PrivateTest"}
FOLDERS = {"train": "FER2013Train", "val": "FER2013Valid", "test": "FER2013Test"}
FIRST = {"train": 0, "val": 28638, "test": 32220}
NOBODY = (0, 0, 0, 0, 0, 0, 0, 0, 0, 10)
UNDECIDED = (4, 0, 0, 3, 2, 0, 0, 0, 1, 0)


@dataclass(frozen=True)
class Row:
    """One row of both tables: `votes` in `label.csv`, `new` in `fer2013new.csv`."""

    split: str
    name: str
    face: Expression
    votes: tuple[int, ...]
    new: tuple[int, ...] = ()


def counts(per_class: int = 2) -> dict[str, int]:
    """Faces a class in each split."""
    return {"train": 2 * per_class, "val": per_class, "test": per_class}


EXPECTED = {split: {label.name: n for label in Expression} for split, n in counts().items()}


def votes_for(label: Expression, k: int) -> tuple[int, ...]:
    """Ten votes of which seven, eight or nine are for `label`."""
    votes = [0] * 10
    votes[label] = 9 - k % 3
    votes[(label + 1 + k) % 8] += 1
    votes[8] = 10 - sum(votes)
    return tuple(votes)


def rows(per_class: int = 2) -> list[Row]:
    """Every row in order: per split the faces, and in Training the faults of the real tables.

    Row 2 has no name, row 5 the name of a later row, row 7 no majority, and row 9's votes differ
    between the two sources.
    """
    found = []
    for split, n in counts(per_class).items():
        number = FIRST[split]
        faces = [(label, k) for k in range(n) for label in Expression]
        for label, k in faces:
            if split == "train" and len(found) == 2:
                found.append(Row(split, "", Expression.neutral, NOBODY))
            if split == "train" and len(found) == 5:
                found.append(Row(split, "fer0000012", Expression.fear, votes_for(label, k)))
            if split == "train" and len(found) == 7:
                found.append(Row(split, f"fer{number:07d}", Expression.sadness, UNDECIDED))
                number += 1
            other = votes_for(Expression.contempt, 0) if len(found) == 9 else ()
            found.append(Row(split, f"fer{number:07d}", label, votes_for(label, k), other))
            number += 1
    return found


def names(split: str, code: int, per_class: int = 2) -> list[str]:
    """The names of a split's labelled faces of one expression, 0 to 7."""
    found = [row for row in rows(per_class) if row.split == split and row.name]
    return [row.name for row in found if row.face == code and row.votes[code] >= 7]


def pixels_of(row: Row, number: int) -> str:
    """A row's 48 x 48 grey values, as the table writes them."""
    grey = face(row.face, 2000 + number, 0, 48, zoom=1.4).convert("L")
    return " ".join(map(str, np.asarray(grey).ravel()))


def fer2013_csv(table: list[Row]) -> bytes:
    """The table of pixels; FER2013 knows no contempt."""
    lines = ["emotion,pixels,Usage"]
    for number, row in enumerate(table):
        known = row.face.name if row.face.name in FER2013_LABELS else "neutral"
        code = FER2013_LABELS.index(known)
        lines.append(f"{code},{pixels_of(row, number)},{USAGES[row.split]}")
    return ("\n".join(lines) + "\n").encode()


def fer2013new_csv(table: list[Row]) -> bytes:
    """The table of names and votes, row by row as the pixels."""
    lines = [",".join(HEADER)]
    for row in table:
        name = f"{row.name}.png" if row.name else ""
        lines.append(",".join([USAGES[row.split], name, *map(str, row.new or row.votes)]))
    return ("\r\n".join(lines) + "\r\n").encode()


def label_csv(table: list[Row], split: str) -> bytes:
    """A split's label file: no header, a quoted box, each name once."""
    own = {row.name: row for row in table if row.split == split and row.name}
    lines = [
        f'{name}.png,"(0, 0, 48, 48)",{",".join(map(str, own[name].votes))}' for name in sorted(own)
    ]
    return ("\n".join(lines) + "\n").encode()


def write(folder: Path, per_class: int = 2) -> list[Path]:
    """Both archives."""
    table = rows(per_class)
    tar = {"fer2013/fer2013.csv": fer2013_csv(table), "fer2013/README": b"about the contest\n"}
    repository = {
        "FERPlus-master/README.md": b"# FER+\n",
        "FERPlus-master/LICENSE.md": b"MIT\n",
        "FERPlus-master/fer2013new.csv": fer2013new_csv(table),
    } | {
        f"FERPlus-master/data/{name}/label.csv": label_csv(table, split)
        for split, name in FOLDERS.items()
    }
    return [tar_of(folder / PIXELS, tar), zip_of(folder / VOTES, repository)]
