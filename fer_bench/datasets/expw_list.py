"""ExpW's list of faces, `label.lst`."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from fer_bench.datasets.skipped import Skipped
from fer_bench.errors import FerBenchError
from fer_bench.labels import Expression

CODES = (
    Expression.anger,
    Expression.disgust,
    Expression.fear,
    Expression.happiness,
    Expression.sadness,
    Expression.surprise,
    Expression.neutral,
)
"""ExpW's codes 0 to 6."""

LIST = "label.lst"

_FILE = re.compile(r"[^/\\\s]+\.(?:jpe?g|png)", re.IGNORECASE)


@dataclass(frozen=True)
class ExpwFace:
    """One line: the image's name, the face's number in it, its box (left, top, right, bottom)."""

    image: str
    number: int
    box: tuple[int, int, int, int]
    confidence: float
    label: Expression


@dataclass(frozen=True)
class Listed:
    """The list: its faces, each once, how many lines each class has, and what was left out."""

    faces: tuple[ExpwFace, ...]
    lines: Mapping[Expression, int]
    notes: tuple[str, ...]


def read_list(path: Path) -> Listed:
    """Read `label.lst`.

    A face listed again in the same way is taken once; one with two labels is left out.

    Raises:
        FerBenchError: more than single lines cannot be understood; the first is named.
    """
    faces: dict[tuple[str, int], ExpwFace] = {}
    lines: Counter[Expression] = Counter()
    again, conflicting = 0, set()
    skipped = Skipped(LIST)
    with open(path, encoding="utf-8-sig", errors="replace") as stream:
        for number, line in enumerate(stream, start=1):
            if not line.strip():
                continue
            try:
                face = _face(line.split())
            except ValueError as error:
                skipped.add(f"line {number}: {error}")
                continue
            lines[face.label] += 1
            key = face.image, face.number
            if (other := faces.setdefault(key, face)) is not face:
                again += 1
                if other.label != face.label:
                    conflicting.add(key)
    notes = skipped.notes(lines.total() + len(skipped.said))
    if not faces:
        raise FerBenchError(f"{LIST} lists no face: get it again.")
    counted = (
        (again - len(conflicting), "listed more than once with the same label: taken once"),
        (len(conflicting), "listed with different labels: left out"),
    )
    return Listed(
        tuple(face for key, face in faces.items() if key not in conflicting),
        lines,
        (*notes, *(f"{n:,} face{'s'[: n != 1]} {what}" for n, what in counted if n)),
    )


def _face(fields: list[str]) -> ExpwFace:
    """One line; raises ValueError, naming no file."""
    if len(fields) != 8:
        raise ValueError(f"{len(fields)} fields instead of 8")
    if not _FILE.fullmatch(fields[0]):
        raise ValueError("its first field is no name of an image")
    if fields[7] not in {str(code) for code in range(len(CODES))}:
        raise ValueError(f"label {fields[7][:20]!r} is none of 0 to {len(CODES) - 1}")
    try:
        number, top, left, right, bottom = (int(field) for field in fields[1:6])
        confidence = float(fields[6])
    except ValueError as error:
        raise ValueError("a box that is no five whole numbers and a confidence") from error
    if not (right > left and bottom > top):
        raise ValueError("an empty box")
    return ExpwFace(
        fields[0], number, (left, top, right, bottom), confidence, CODES[int(fields[7])]
    )
