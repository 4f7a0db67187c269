"""CAER-S in miniature: scenes with two people, and the public list of one box each."""

from pathlib import Path

from miniatures.drawing import face, save, zip_of
from PIL import Image

from fer_bench.datasets.caer_s_boxes import FOLDERS
from fer_bench.labels import Expression

PER_CLASS = {"train": 4, "test": 2}
SIDE = 60
"""Of a box; the labelled face stands at the left, and a larger one of another class beside it."""

EXPECTED = {split: {label.name: n for label in FOLDERS.values()} for split, n in PER_CLASS.items()}
UNLISTED = "train/Sad/0009.png"


def box(number: int) -> tuple[int, int, int, int]:
    """Left, top, right and bottom; the first one reaches over the upper edge."""
    top = -5 if number == 1 else 10 + number
    return 12, top, 12 + SIDE, top + SIDE


def scene(label: Expression, who: int, number: int) -> bytes:
    """200 x 120 pixels."""
    image = Image.new("RGB", (200, 120), (90, 100, 110))
    other = Expression.happiness if label != Expression.happiness else Expression.sadness
    image.paste(face(other, who + 500, 0, 96), (96, 12))
    left, top, *_ = box(number)
    image.paste(face(label, who, 0, SIDE), (left, top))
    return save(image, "PNG")


def listed() -> list[tuple[str, str, int]]:
    """(split, folder, number) of every listed image."""
    return [
        (split, folder, number)
        for split, n in PER_CLASS.items()
        for folder in FOLDERS
        for number in range(1, n + 1)
    ]


def files() -> dict[str, bytes]:
    """Every scene, one of them in no list."""
    found = {}
    for who, (split, folder, number) in enumerate(listed()):
        path = f"{split}/{folder}/{number:04d}.png"
        found[path] = scene(FOLDERS[folder], who % 9, number)
    found[UNLISTED] = scene(Expression.sadness, 3, 2)
    return found


def lines(split: str) -> list[str]:
    """The list of one split, in an order of its own, as the real one."""
    codes = list(FOLDERS)
    rows = [(folder, number) for own, folder, number in listed() if own == split]
    return [
        f"{split}/{folder}/{number:04d}.png,{codes.index(folder)},{','.join(map(str, box(number)))}"
        for folder, number in rows[::-1]
    ]


def lists() -> dict[str, bytes]:
    """The whole list of each split, and the same again by class."""
    found = {f"{split}.txt": "\n".join(lines(split)).encode() for split in PER_CLASS}
    for split in PER_CLASS:
        for folder in FOLDERS:
            own = [line for line in lines(split) if f"/{folder}/" in line]
            found[f"{split}/{folder}.txt"] = "\n".join(own).encode()
    return found


def write(folder: Path) -> list[Path]:
    """The set and the repository with its list, as archives."""
    return [
        zip_of(folder / "CAER-S.zip", {f"CAER-S/{name}": data for name, data in files().items()}),
        zip_of(
            folder / "CAERS-Annotation-main.zip",
            {f"CAERS-Annotation-main/{name}": data for name, data in lists().items()},
        ),
    ]
