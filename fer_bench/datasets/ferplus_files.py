"""The three kinds of file FERPlus is made of: `fer2013.csv`, `fer2013new.csv` and `label.csv`."""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from fer_bench.datasets.ferplus_votes import COLUMNS
from fer_bench.datasets.photograph import read_rgb
from fer_bench.datasets.tree import Tree
from fer_bench.errors import FerBenchError

USAGES = {"Training": "train", "PublicTest": "val", "PrivateTest": "test"}
"""FER2013's split names -> ours."""

FER2013_LABELS = ("anger", "disgust", "fear", "happiness", "sadness", "surprise", "neutral")
"""The expressions of the codes 0 to 6 in `fer2013.csv`, FER2013's own single labels."""

TABLE = "fer2013.csv"
_FORMS = (r"fer2013\.csv", r"icml_face_data\.csv")
"""Of the table, by pattern; the first that is there is read."""
SIDE = 48
HEADER = ("Usage", "Image name", *COLUMNS)

_NAME = re.compile(r"(fer\d{7})\.png")
_LONGEST_LINE = 1 << 16  # 48 * 48 numbers of three digits take 9,216 bytes


@dataclass(frozen=True)
class Fer2013Row:
    """Where a row of `fer2013.csv` begins (byte offset), and what it says besides pixels."""

    offset: int
    usage: str
    label: str


@dataclass(frozen=True)
class VotedRow:
    """One row of `fer2013new.csv`; `name` is None in the rows that name no image."""

    usage: str
    name: str | None
    votes: tuple[int, ...]


def read_fer2013(path: Path) -> list[Fer2013Row]:
    """Every row without its pixels, reading the 300 MB line by line.

    Raises:
        FerBenchError: wrong header, or the first line that cannot be understood.
    """
    rows: list[Fer2013Row] = []
    with open(path, "rb") as stream:
        order = _columns_of(stream.readline(_LONGEST_LINE))
        offset = stream.tell()
        while line := stream.readline(_LONGEST_LINE):
            if line.strip():
                rows.append(_fer2013_row(line, len(rows) + 2, offset, order))
            offset += len(line)
    return rows


def read_pixels(path: Path, offset: int, row: int) -> np.ndarray:
    """The image of one row: (48, 48) uint8.

    Args:
        path: `fer2013.csv`.
        offset: where the row begins, `Fer2013Row.offset`.
        row: its number from 0, for messages.
    """
    with open(path, "rb") as stream:
        order = _columns_of(stream.readline(_LONGEST_LINE))
        stream.seek(offset)
        fields = stream.readline(_LONGEST_LINE).split(b",")
    where = f"fer2013.csv line {row + 2}"
    text = fields[order["pixels"]].strip(b' "\r\n') if len(fields) == len(order) else b""
    try:
        values = np.array([int(word) for word in text.split()])
    except ValueError as error:
        raise FerBenchError(f"{where}: pixels that are no numbers. Get the file again.") from error
    if values.size != SIDE * SIDE:
        raise FerBenchError(
            f"{where}: {values.size} pixels instead of {SIDE * SIDE}; the file may be cut off. "
            "Get it again."
        )
    if values.min() < 0 or values.max() > 255:
        raise FerBenchError(f"{where}: a pixel outside 0 to 255. Get the file again.")
    return values.astype(np.uint8).reshape(SIDE, SIDE)


def pixel_table(tree: Tree) -> Path | None:
    """The table of pixels among what was given, None without; a second one is left out.

    Raises:
        FerBenchError: there are several.
    """
    first, second = ([file for _, file in tree.matching(form)] for form in _FORMS)
    for file in second if first else ():
        tree.leave_out(file, "second table of pixels (icml_face_data.csv)")
    return tree.one(_FORMS[0 if first else 1], TABLE) if first or second else None


def load_face(root: Path, row: Mapping[str, Any]) -> np.ndarray:
    """The image of an index row, of the table or a file: (48, 48, 3) uint8, grey in three."""
    if row["path"] != TABLE:
        return square(read_rgb(root / row["path"]), row["path"])
    grey = read_pixels(root / TABLE, int(row["offset"]), int(row["fer2013_row"]))
    return np.stack([grey] * 3, axis=-1)


def square(image: np.ndarray, name: str) -> np.ndarray:
    """`image` if it is of FER2013's size, 48 x 48; raises FerBenchError else."""
    height, width = image.shape[:2]
    if (height, width) != (SIDE, SIDE):
        raise FerBenchError(
            f"{name} is {width} x {height} pixels, not FER2013's {SIDE} x {SIDE}: a resized copy. "
            "Get the set as published."
        )
    return image


def read_fer2013new(path: Path) -> list[VotedRow]:
    """Every row, in order; raises FerBenchError naming the line that cannot be understood."""
    rows = _records(path)
    _, header = next(rows, (1, []))
    if tuple(field.strip() for field in header) != HEADER:
        raise FerBenchError(
            f"{path.name} has the wrong columns.\n  expected: {', '.join(HEADER)}\n"
            f"  found:    {', '.join(header) or 'an empty file'}\nGet the file again."
        )
    return [_voted_row(path, line, fields) for line, fields in rows]


def read_label_file(path: Path) -> dict[str, tuple[int, ...]]:
    """The votes of a `label.csv` by image name (`fer0000000`); the box column is not used.

    Raises:
        FerBenchError: names the line that cannot be understood, or the name that occurs twice.
    """
    found: dict[str, tuple[int, ...]] = {}
    for line, fields in _records(path):
        if len(fields) != 2 + len(COLUMNS):
            raise _wrong_count(path, line, fields, 2 + len(COLUMNS))
        name = _name(path, line, fields[0])
        if name in found:
            raise FerBenchError(
                f"{path.name} line {line}: {name} is listed a second time. Get the file again."
            )
        found[name] = _votes(path, line, fields[2:])
    return found


def misnamed_rows(names: Sequence[str | None]) -> list[int]:
    """Rows that carry another row's name: those of a repeated name that are out of sequence.

    Names ascend from row to row; a row whose number does not lie between those of the named rows
    before and after it took its name from elsewhere.
    """
    repeated = {name for name, n in Counter(names).items() if name is not None and n > 1}
    named = [row for row, name in enumerate(names) if name is not None]
    wrong = []
    for i, row in enumerate(named):
        before = names[named[i - 1]] if i > 0 else None
        after = names[named[i + 1]] if i + 1 < len(named) else None
        name = str(names[row])
        in_sequence = (before is None or before < name) and (after is None or name < after)
        if name in repeated and not in_sequence:
            wrong.append(row)
    return wrong


def _columns_of(header: bytes) -> dict[str, int]:
    names = [
        field.strip(' "\r\n').lower() for field in header.decode("utf-8-sig", "replace").split(",")
    ]
    if sorted(names) != ["emotion", "pixels", "usage"]:
        shown = header[:60].decode("utf-8", "replace").strip() or "an empty file"
        raise FerBenchError(
            "fer2013.csv has the wrong columns.\n  expected: emotion,pixels,Usage\n"
            f"  found:    {shown}\nGet the file again."
        )
    return {name: names.index(name) for name in names}


def _fer2013_row(line: bytes, number: int, offset: int, order: dict[str, int]) -> Fer2013Row:
    where = f"fer2013.csv line {number}"
    fields = [field.strip(b' "\r\n') for field in line.split(b",")]
    if len(fields) != len(order) or len(line) == _LONGEST_LINE:
        raise FerBenchError(
            f"{where}: {len(fields)} fields instead of {len(order)} ({', '.join(order)}) in one "
            "line; the file may be cut off. Get it again."
        )
    code, usage = fields[order["emotion"]].decode("ascii", "replace"), fields[order["usage"]]
    if code not in {str(i) for i in range(len(FER2013_LABELS))}:
        raise FerBenchError(f"{where}: emotion {code!r} is none of 0 to 6. Get the file again.")
    return Fer2013Row(
        offset, _usage(where, usage.decode("ascii", "replace")), FER2013_LABELS[int(code)]
    )


def _voted_row(path: Path, line: int, fields: list[str]) -> VotedRow:
    if len(fields) != len(HEADER):
        raise _wrong_count(path, line, fields, len(HEADER))
    name = _name(path, line, fields[1]) if fields[1].strip() else None
    usage = _usage(f"{path.name} line {line}", fields[0].strip())
    return VotedRow(usage, name, _votes(path, line, fields[2:]))


def _records(path: Path) -> Iterator[tuple[int, list[str]]]:
    """Line number and fields of every line that is not blank."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise FerBenchError(f"{path.name} is not UTF-8 text: get it again.") from error
    reader = csv.reader(text.splitlines())
    try:
        for fields in reader:
            if any(field.strip() for field in fields):
                yield reader.line_num, fields
    except csv.Error as error:
        raise FerBenchError(
            f"{path.name} line {reader.line_num}: {error}. Get it again."
        ) from error


def _usage(where: str, text: str) -> str:
    if text not in USAGES:
        raise FerBenchError(
            f"{where}: Usage {text!r} is none of {', '.join(USAGES)}. Get the file again."
        )
    return text


def _name(path: Path, line: int, text: str) -> str:
    match = _NAME.fullmatch(text.strip())
    if match is None:
        raise FerBenchError(
            f"{path.name} line {line}: {text!r} is not a name like fer0000000.png. Get the file "
            "again."
        )
    return match[1]


def _votes(path: Path, line: int, fields: list[str]) -> tuple[int, ...]:
    words = [field.strip() for field in fields]
    if not all(word.isascii() and word.isdigit() and int(word) <= 10 for word in words):
        raise FerBenchError(
            f"{path.name} line {line}: votes {','.join(words)} are not whole numbers from 0 to "
            "10. Get the file again."
        )
    return tuple(int(word) for word in words)


def _wrong_count(path: Path, line: int, fields: list[str], wanted: int) -> FerBenchError:
    return FerBenchError(
        f"{path.name} line {line}: {len(fields)} columns instead of {wanted}; the file may be cut "
        "off. Get it again."
    )
