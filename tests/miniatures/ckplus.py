"""CK+ in miniature: ten people, one in each fold, two labelled sequences each."""

from collections import Counter
from pathlib import Path

from miniatures.drawing import face, save, zip_of
from PIL import Image

from fer_bench.datasets.ckplus import CODES
from fer_bench.labels import Expression

ARCHIVES = ("extended-cohn-kanade-images.zip", "Emotion_labels.zip")

PEOPLE = ("S005", "S042", "S061", "S071", "S084", "S100", "S110", "S125", "S137", "S503")
"""One of each fold, 9 to 0."""

SEQUENCES = {  # (person, sequence) -> code; seven codes in turn, so neighbours in fold differ
    (person, f"{n:03d}"): 1 + (2 * i + n - 1) % 7 for i, person in enumerate(PEOPLE) for n in (1, 2)
}

UNLABELLED = ("S005", "003")

_counts = Counter(CODES[code].name for code in SEQUENCES.values())
EXPECTED = {"test": {"neutral": len(SEQUENCES), **{k: 3 * n for k, n in _counts.items()}}}


def length(person: str, sequence: str) -> int:
    """Frames of a sequence: five to seven."""
    return 5 + (int(person[1:]) + int(sequence)) % 3


def stem(person: str, sequence: str, frame: int) -> str:
    return f"{person}_{sequence}_{frame:08d}"


def picture(expression: Expression, subject: int, frame: int) -> bytes:
    """A grey video frame, wider than high, with the face in its middle."""
    canvas = Image.new("L", (130, 100), 90)
    canvas.paste(face(expression, subject, frame % 2).convert("L"), (15, 0))
    return save(canvas, "PNG")


def frames(person: str, sequence: str, code: int) -> dict[str, bytes]:
    count = length(person, sequence)
    inside = f"cohn-kanade-images/{person}/{sequence}"
    return {
        f"{inside}/{stem(person, sequence, frame)}.png": picture(
            CODES[code] if frame > count - 3 else Expression.neutral, int(person[1:]), frame
        )
        for frame in range(1, count + 1)
    }


def label(person: str, sequence: str, text: str) -> dict[str, bytes]:
    last = stem(person, sequence, length(person, sequence))
    return {f"Emotion/{person}/{sequence}/{last}_emotion.txt": text.encode()}


def write(folder: Path, zeros: bool = False) -> list[Path]:
    """The images and the labels, as two archives.

    Args:
        folder: where to.
        zeros: whether the unlabelled sequence has a 0 (some copies); else its folder is empty.
    """
    images = {"cohn-kanade-images/.DS_Store": b"x", **frames(*UNLABELLED, 5)}
    labels = {"Emotion/.DS_Store": b"x", f"Emotion/{'/'.join(UNLABELLED)}/": b""}
    for (person, sequence), code in SEQUENCES.items():
        images |= frames(person, sequence, code)
        labels |= label(person, sequence, f"   {code:.7e}\n")
    if zeros:
        labels |= label(*UNLABELLED, "   0.0000000e+00\n")
    return [zip_of(folder / ARCHIVES[0], images), zip_of(folder / ARCHIVES[1], labels)]
