"""ExpW in miniature: photographs with one or two faces, and the list of their boxes."""

from pathlib import Path

from miniatures.drawing import face, lay_out, save
from PIL import Image

from fer_bench.datasets.expw_list import CODES

SIDE = 60
PHOTOGRAPHS = 21
LABELS = {f"mood_person_{i}.jpg": (i % 7, (i + 3) % 7)[: 1 + i % 2] for i in range(PHOTOGRAPHS)}
"""Photograph -> codes of its faces; every second one has two."""


def box(number: int) -> tuple[int, int, int, int]:
    """Left, top, right and bottom of a photograph's face."""
    left, top = 10 + 90 * number, 20 + 10 * number
    return left, top, left + SIDE, top + SIDE


def photograph(name: str) -> bytes:
    image = Image.new("RGB", (200, 120), (90, 100, 110))
    for number, code in enumerate(LABELS[name]):
        left, top, *_ = box(number)
        who = int(name.split("_")[2].split(".")[0])
        image.paste(face(CODES[code], who % 9, number, SIDE), (left, top))
    return save(image)


def line(name: str, number: int, code: int) -> str:
    left, top, right, bottom = box(number)
    return f"{name} {number} {top} {left} {right} {bottom} {20 + number}.5 {code}"


def lines() -> list[str]:
    """One face a line; the first line stands there twice."""
    rows = [
        line(name, number, code)
        for name, codes in LABELS.items()
        for number, code in enumerate(codes)
    ]
    return [rows[0], *rows]


def files() -> dict[str, bytes]:
    """The published folders, with faces cut out by somebody beside the photographs."""
    found = {f"ExpW/data/image/origin/{name}": photograph(name) for name in LABELS}
    found["ExpW/data/image/origin/nobody_0.jpg"] = save(Image.new("RGB", (50, 50)))
    found["ExpW/data/image/cut/mood_person_0.jpg"] = save(Image.new("RGB", (50, 50)))
    found["ExpW/data/label/label.lst"] = ("\n".join(lines()) + "\n").encode()
    return found


def write(folder: Path) -> list[Path]:
    """The folder."""
    return [lay_out(folder / "given", files())]
