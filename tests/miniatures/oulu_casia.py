"""Oulu-CASIA in miniature: ten people, one in each fold, two sequences each."""

from collections import Counter
from pathlib import Path

from miniatures.drawing import face, save, zip_of

from fer_bench.datasets.oulu_casia import FOLDERS
from fer_bench.labels import Expression

ARCHIVE = "B_OriginalImg.zip"
INSIDE = "B_OriginalImg/OriginalImg"

PEOPLE = tuple(f"P{8 * fold + 1 + fold % 3:03d}" for fold in range(10))

_NAMES = tuple(FOLDERS)
SEQUENCES = {  # (person, folder) -> number of frames
    (person, _NAMES[(2 * i + n) % 6]): 5 + (i + n) % 2
    for i, person in enumerate(PEOPLE)
    for n in (0, 1)
}

_counts = Counter(FOLDERS[name].name for _, name in SEQUENCES)
EXPECTED = {"test": {"neutral": len(SEQUENCES), **{k: 3 * n for k, n in _counts.items()}}}


def picture(expression: Expression, person: str, frame: int) -> bytes:
    return save(face(expression, int(person[1:]), frame % 2))


def sequence(person: str, name: str, count: int) -> dict[str, bytes]:
    return {
        f"{INSIDE}/VL/Strong/{person}/{name}/{frame:03d}.jpeg": picture(
            FOLDERS[name] if frame >= count - 3 else Expression.neutral, person, frame
        )
        for frame in range(count)
    }


def cropped() -> dict[str, bytes]:
    """The copy whose faces its owners cut out."""
    return {
        f"PreProcess_Img/VL_Acropped/Strong/{person}/{name}/{frame:03d}.jpeg": picture(
            FOLDERS[name], person, frame
        )
        for (person, name), count in SEQUENCES.items()
        for frame in range(count)
    }


def write(folder: Path) -> list[Path]:
    """One archive, with a little of the other light and of the cropped images beside."""
    files = {}
    for (person, name), count in SEQUENCES.items():
        files |= sequence(person, name, count)
    other = picture(Expression.fear, PEOPLE[0], 0)
    for place in ("VL/Weak", "VL/Dark", "NI/Strong"):
        files[f"{INSIDE}/{place}/{PEOPLE[0]}/Fear/000.jpeg"] = other
    files[f"B_OriginalImg/PreProcess Img/VL/Strong/{PEOPLE[0]}/Anger/000.jpeg"] = other
    files[f"{INSIDE}/VL/Strong/Thumbs.db"] = b"x"
    return [zip_of(folder / ARCHIVE, files)]
