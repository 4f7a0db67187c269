"""CK+48 in miniature: the last three frames of CK+'s miniature sequences, in class folders."""

from collections import Counter
from pathlib import Path

from miniatures import ckplus
from miniatures.drawing import face, save, zip_of

from fer_bench.datasets.ckplus import CODES

ARCHIVE = "CK+48.zip"
FOLDERS = ("neutral", "anger", "contempt", "disgust", "fear", "happy", "sadness", "surprise")
"""By CK+'s codes."""

_counts = Counter(CODES[code].name for code in ckplus.SEQUENCES.values())
EXPECTED = {"test": {name: 3 * n for name, n in _counts.items()}}


def files() -> dict[str, bytes]:
    """Every frame by its path in the archive."""
    found = {}
    for (person, sequence), code in ckplus.SEQUENCES.items():
        last = ckplus.length(person, sequence)
        for number in (last - 2, last - 1, last):
            picture = face(CODES[code], int(person[1:]), number % 2, 48, zoom=1.4).convert("L")
            path = f"CK+48/{FOLDERS[code]}/{ckplus.stem(person, sequence, number)}.png"
            found[path] = save(picture, "PNG")
    return found


def write(folder: Path) -> list[Path]:
    """The archive."""
    return [zip_of(folder / ARCHIVE, files())]
