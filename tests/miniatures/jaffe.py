"""JAFFE in miniature: four people, seven expressions, one picture more of each person."""

from collections import Counter
from pathlib import Path

from miniatures.drawing import face, save, zip_of

from fer_bench.datasets.jaffe import CODES

ARCHIVE = "jaffe.zip"

PEOPLE = ("KA", "KL", "MK", "YM")

PICTURES = {  # name -> (person's number, code, shot)
    f"{person}.{code}{shot + 1}.{39 + 60 * i + 3 * k + shot}": (i, code, shot)
    for i, person in enumerate(PEOPLE)
    for k, code in enumerate(CODES)
    for shot in range(1 + (k == i))
}

EXPECTED = {"test": dict(Counter(CODES[code].name for _, code, _ in PICTURES.values()))}


def write(folder: Path) -> list[Path]:
    """One archive: grey TIFF files and what comes with them."""
    files = {"jaffe/README": b"semantic ratings ...\n", "jaffe/.DS_Store": b"x"}
    for number, (name, (subject, code, shot)) in enumerate(PICTURES.items()):
        suffix = "TIFF" if number % 5 == 4 else "tiff"
        picture = face(CODES[code], 300 + subject, shot).convert("L")
        files[f"jaffe/{name}.{suffix}"] = save(picture, "TIFF")
    return [zip_of(folder / ARCHIVE, files)]


FORMATS = {".tiff": "TIFF", ".tiff.bmp": "BMP", ".jpg": "JPEG", ".png": "PNG"}
"""How the names of copies end -> what they are."""


def files(ending: str = ".tiff", in_classes: bool = False) -> dict[str, bytes]:
    """Every picture by path, in one format, with or without class folders."""
    found = {}
    for name, (subject, code, shot) in PICTURES.items():
        picture = face(CODES[code], 300 + subject, shot).convert("L")
        folder = f"{CODES[code].name}/" if in_classes else ""
        found[f"jaffe/{folder}{name}{ending}"] = save(picture, FORMATS[ending])
    return found
