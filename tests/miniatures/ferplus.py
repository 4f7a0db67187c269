"""FERPlus in miniature: Kaggle's tar of the pixels, the repository's zip of the votes."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from miniatures.drawing import face, save, tar_of, zip_of
from PIL import Image

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
    """One row of both tables: `votes` in `label.csv`, `new` in `fer2013new.csv`.

    A misnamed one carries another row's name, and `label.csv` has only the other.
    """

    split: str
    name: str
    face: Expression
    votes: tuple[int, ...]
    new: tuple[int, ...] = ()
    misnamed: bool = False


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
                votes = votes_for(label, k)
                found.append(Row(split, "fer0000012", Expression.fear, votes, misnamed=True))
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


def overwritten(per_class: int = 2) -> list[Row]:
    """`rows` and one more at the end, which carries the first test face's name."""
    table = rows(per_class)
    first = next(row for row in table if row.split == "test")
    late = Row("test", first.name, Expression.anger, votes_for(Expression.anger, 1), misnamed=True)
    return [*table, late]


def grey_of(row: Row, number: int) -> np.ndarray:
    """A row's 48 x 48 grey values."""
    return np.asarray(face(row.face, 2000 + number, 0, 48, zoom=1.4).convert("L"))


def pixels_of(row: Row, number: int) -> str:
    """A row's grey values as the table writes them."""
    return " ".join(map(str, grey_of(row, number).ravel()))


def code_of(row: Row) -> int:
    """FER2013's own code; it knows no contempt."""
    known = row.face.name if row.face.name in FER2013_LABELS else "neutral"
    return FER2013_LABELS.index(known)


def fer2013_csv(table: list[Row]) -> bytes:
    """The table of pixels."""
    lines = ["emotion,pixels,Usage"]
    for number, row in enumerate(table):
        lines.append(f"{code_of(row)},{pixels_of(row, number)},{USAGES[row.split]}")
    return ("\n".join(lines) + "\n").encode()


def icml_csv(table: list[Row]) -> bytes:
    """The same table as Kaggle's `icml_face_data.csv`: another order of columns, and spaces."""
    lines = ["emotion, Usage, pixels"]
    for number, row in enumerate(table):
        lines.append(f"{code_of(row)},{USAGES[row.split]},{pixels_of(row, number)}")
    return ("\n".join(lines) + "\n").encode()


def png_files(table: list[Row], top: str = "FERPlus-master/data/") -> dict[str, bytes]:
    """What the official script writes: a PNG a named row, the last row of a name winning."""
    return {
        f"{top}{FOLDERS[row.split]}/{row.name}.png": save(
            Image.fromarray(grey_of(row, number)), "PNG"
        )
        for number, row in enumerate(table)
        if row.name
    }


def vote_files(table: list[Row], top: str = "FERPlus-master/") -> dict[str, bytes]:
    """The repository's two kinds of vote file."""
    return {f"{top}fer2013new.csv": fer2013new_csv(table)} | {
        f"{top}data/{name}/label.csv": label_csv(table, split) for split, name in FOLDERS.items()
    }


def competition(folder: Path, table: list[Row]) -> Path:
    """Kaggle's whole competition as one zip."""
    tar = tar_of(folder / PIXELS, {"fer2013/fer2013.csv": fer2013_csv(table)})
    files = {
        "fer2013.tar.gz": tar.read_bytes(),
        "icml_face_data.csv": icml_csv(table),
        "train.csv": b"emotion,pixels\n0,1 2 3\n",
        "test.csv": b"pixels\n1 2 3\n",
        "example_submission.csv": b"id,emotion\n",
    }
    tar.unlink()
    return zip_of(folder / "challenges-in-representation-learning.zip", files)


def augmented() -> dict[str, bytes]:
    """A copy in class folders with changed pictures added, as Kaggle's arnabkumarroy02/ferplus."""
    files = {}
    for split, n in {"train": 3, "validation": 2, "test": 1}.items():
        for name in ("angry", "contempt", "suprise"):
            for k in range(n):
                files[f"ferplus/{split}/{name}/picture_{k}.png"] = save(
                    face(Expression.anger, 900 + k, 0, 48), "PNG"
                )
    return files


def fer2013new_csv(table: list[Row]) -> bytes:
    """The table of names and votes, row by row as the pixels."""
    lines = [",".join(HEADER)]
    for row in table:
        name = f"{row.name}.png" if row.name else ""
        lines.append(",".join([USAGES[row.split], name, *map(str, row.new or row.votes)]))
    return ("\r\n".join(lines) + "\r\n").encode()


def label_csv(table: list[Row], split: str) -> bytes:
    """A split's label file: no header, a quoted box, each name once."""
    named = [row for row in table if row.split == split and row.name and not row.misnamed]
    own = {row.name: row for row in named}
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
    } | vote_files(table)
    return [tar_of(folder / PIXELS, tar), zip_of(folder / VOTES, repository)]
