"""CAER-S's folders and the public list of its faces' boxes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from fer_bench.datasets.skipped import Skipped
from fer_bench.datasets.tree import Tree
from fer_bench.errors import FerBenchError
from fer_bench.labels import Expression

FOLDERS = {
    "Anger": Expression.anger,
    "Disgust": Expression.disgust,
    "Fear": Expression.fear,
    "Happy": Expression.happiness,
    "Neutral": Expression.neutral,
    "Sad": Expression.sadness,
    "Surprise": Expression.surprise,
}
SPLITS = ("train", "test")

SPELLED = {**{name.lower(): name for name in FOLDERS}, "angry": "Anger"}
CLASS = "|".join(SPELLED)
IMAGE = rf"(train|test)/({CLASS})/(\d+)\.(png|jpe?g)"
_LINE = re.compile(
    rf"(?:\./)?(train|test)/({CLASS})/(\d+)\.\w+\s*,\s*([0-6])" + r"\s*,\s*(-?\d+)" * 4,
    re.IGNORECASE | re.ASCII,
)

Box = tuple[int, int, int, int]
"""Left, top, right and bottom."""


@dataclass(frozen=True)
class Boxes:
    """The list: `<split>/<Class>/<number>` -> box, and what was left out of it."""

    boxes: dict[str, Box]
    notes: tuple[str, ...]


def read_boxes(text: str, name: str) -> Boxes:
    """Read one file of the list.

    Raises:
        FerBenchError: more than single lines cannot be understood, or a line contradicts itself or
            another one; the message names it.
    """
    boxes: dict[str, Box] = {}
    skipped = Skipped(name)
    total = 0
    codes = list(FOLDERS)
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip():
            continue
        total += 1
        if not (match := _LINE.fullmatch(line.strip())):
            skipped.add(f"line {number} is not like `train/Happy/0001.png,3,278,110,363,195`")
            continue
        folder = SPELLED[match[2].lower()]
        if codes[int(match[4])] != folder:
            raise FerBenchError(
                f"{name} line {number}: code {match[4]} is {codes[int(match[4])]}, but the image "
                f"lies in {folder}: get the list again."
            )
        box = (int(match[5]), int(match[6]), int(match[7]), int(match[8]))
        key = f"{match[1].lower()}/{folder}/{match[3]}"
        if boxes.setdefault(key, box) != box:
            raise FerBenchError(f"{name} line {number}: {key} has another box before.")
    return Boxes(boxes, skipped.notes(total))


def find_lists(tree: Tree) -> Iterator[tuple[str, Path]]:
    """Where each file of the list is kept, and the file: one a split, else one a class."""
    for split in SPLITS:
        whole = list(tree.matching(rf"{split}\.txt"))
        for _, file in whole:
            yield f"boxes/{split}.txt", file
        if not whole:
            for match, file in tree.matching(rf"{split}/({CLASS})\.txt"):
                yield f"boxes/{split}_{SPELLED[match[1].lower()]}.txt", file


def kept_boxes(root: Path) -> Boxes | None:
    """The list below the source's folder `root`, or None where it was not given."""
    folder = root / "boxes"
    if not folder.is_dir():
        return None
    read = [
        read_boxes(path.read_text(encoding="utf-8-sig", errors="replace"), f"boxes/{path.name}")
        for path in sorted(folder.glob("*.txt"))
    ]
    boxes = {key: box for one in read for key, box in one.boxes.items()}
    return Boxes(boxes, tuple(note for one in read for note in one.notes))
