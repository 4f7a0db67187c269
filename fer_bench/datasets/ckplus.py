"""CK+ (Extended Cohn-Kanade): sequences from a neutral face to the peak of an expression.

Origin: Lucey, Cohn, Kanade, Saragih, Ambadar and Matthews, "The Extended Cohn-Kanade Dataset
(CK+)", CVPR Workshops 2010.
Licence: by agreement, research only, no redistribution (recalled).
Obtain: sign the agreement of its authors, then `fer-bench data add ckplus
extended-cohn-kanade-images.zip Emotion_labels.zip`.
Layout: `cohn-kanade-images/S005/001/S005_001_00000011.png` and, for labelled sequences only,
`Emotion/S005/001/S005_001_00000011_emotion.txt`, named after the sequence's last frame and holding
a number written as a float (`   3.0000000e+00`).
Classes: 0 neutral, 1 anger, 2 contempt, 3 disgust, 4 fear, 5 happy, 6 sadness, 7 surprise.
Size: 593 sequences of 123 people; 327 of 118 people are labelled: anger 45, contempt 18,
disgust 59, fear 25, happiness 69, sadness 28, surprise 83. As the field does, a labelled
sequence's last three frames are taken with its label and its first frame as neutral: 1,308 images.
Splits: none published, so every row is a test face of one of ten subject-disjoint folds: those of
the public lists of FMPN-FER (MIT; github.com/donydchen/FMPN-FER at a25bd71,
datasets/CKPlus/test_ids_0.csv to test_ids_9.csv), which are ranges of the subjects' numbers and
hold 78, 72, 114, 90, 90, 93, 111, 108, 114 and 111 peak frames.
Datasets: `ckplus8` (1,308), `ckplus7` (1,254: without contempt's 54 peak frames, with those
sequences' neutral ones), `ckplus7_first_last` (636: one peak and one neutral frame a sequence of
the seven classes, and contempt's neutral ones), only tested on.
Columns: `frame` (first, third_last, second_last, last), `first_frame`, `last_frame`,
`emotion_of_sequence`.
Known faults: the frames of a sequence are near copies of each other, so N is far below 1,308.
Copies of the labels exist in which unlabelled sequences carry a 0: these are left out, because
their peaks were found to show no clear expression, which is not the same as neutral.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from fer_bench.datasets.base import Dataset, PackSpec, Part
from fer_bench.datasets.receivable import Collected, Inventory, ReceivableSource, put
from fer_bench.datasets.spelling import expression_of
from fer_bench.datasets.tree import Tree
from fer_bench.errors import FerBenchError
from fer_bench.labels import EIGHT, SEVEN, Expression

CODES: tuple[Expression, ...] = (
    Expression.neutral,
    Expression.anger,
    Expression.contempt,
    Expression.disgust,
    Expression.fear,
    Expression.happiness,
    Expression.sadness,
    Expression.surprise,
)
"""CK+'s emotion codes 0 to 7."""

FRAMES = ("first", "third_last", "second_last", "last")

IMAGES, LABELS = "cohn-kanade-images", "Emotion"

_LAST_SUBJECT = (37, 57, 68, 80, 92, 106, 119, 133, 155, 999)
"""The highest subject number in fold 9, 8, ... 0."""

_IMAGE = r"(s\d{3})/(\d{3})/(\1_\2_\d{8})\.png"
_LABEL = r"(s\d{3})/(\d{3})/(\1_\2_\d{8})_emotion\.txt"
CROPPED = r"([^/]+)/(s\d{3})_(\d{3})_(\d{8})\.(png|jpe?g|bmp)"
"""A frame of CK+48: its class is a folder's name."""

_TABLE = r"(?:ck|ck\+|ckplus)_?extended\.csv"
_LAST = re.compile(r"S\d{3}_\d{3}_\d{8}")


@dataclass(frozen=True)
class _Sequences:
    """Labelled sequences: last frame's stem -> emotion."""

    emotions: dict[str, Expression]
    unclear: int
    """How many were labelled 0."""


class CKPlus(ReceivableSource):
    """The source; see the datasheet above."""

    name = "ckplus"
    title = "CK+"
    licence = "by agreement with its authors: research only, no redistribution"
    homepage = "http://www.jeffcohn.net/Resources/"
    how_to_get = "sign the agreement of CK+'s authors"
    archives = ("extended-cohn-kanade-images.zip", "Emotion_labels.zip")
    expected = {  # noqa: RUF012
        "test": {
            "neutral": 327,
            "anger": 3 * 45,
            "contempt": 3 * 18,
            "disgust": 3 * 59,
            "fear": 3 * 25,
            "happiness": 3 * 69,
            "sadness": 3 * 28,
            "surprise": 3 * 83,
        }
    }
    max_files = 100_000
    max_bytes = 20 * 2**30

    def collect(self, tree: Tree) -> Collected:
        """The labels, and the frames of the labelled sequences."""
        collected: Collected = {}
        labelled = set()
        for match, file in tree.matching(_LABEL):
            subject, number, stem = (part.upper() for part in match.groups())
            labelled.add((subject, number))
            put(collected, f"{LABELS}/{subject}/{number}/{stem}_emotion.txt", file)
        labels = len(collected)
        for match, file in tree.matching(_IMAGE):
            subject, number, stem = (part.upper() for part in match.groups())
            if (subject, number) in labelled:
                put(collected, f"{IMAGES}/{subject}/{number}/{stem}.png", file)
            else:
                tree.leave_out(file, "frames of sequences without a label")
        if not collected and (copy := ckplus_copy(tree)):
            raise FerBenchError(copy)
        if not labels or len(collected) == labels:
            raise FerBenchError(
                f"{'the frames' if labels else 'the labels'} of CK+ are missing.\n"
                f"  expected: {IMAGES}/S005/001/S005_001_00000011.png and "
                f"{LABELS}/S005/001/S005_001_00000011_emotion.txt\n  found:    {tree.outline()}"
            )
        return collected

    def inventory(self, root: Path) -> Inventory:
        """Count the frames that the labels ask for, and those that are there."""
        sequences = _sequences(root)
        rows = [row for last, emotion in sequences.emotions.items() for row in _rows(last, emotion)]
        there = [(root / row["path"]).is_file() for row in rows]
        present = sum(there)
        if not present:
            raise FerBenchError(
                f"not one frame of the {len(sequences.emotions)} labelled sequences is in {IMAGES}."
            )
        empty = sum(not any(there[i : i + 4]) for i in range(0, len(there), 4))
        notes = [
            (sequences.unclear, "labelled 0 (no clear expression): left out"),
            (empty, "labelled but without frames: left out"),
        ]
        return Inventory(
            len(rows),
            present,
            tuple(f"{n} sequence{'s'[: n != 1]} {what}" for n, what in notes if n),
        )

    def index(self, root: Path, options: Mapping[str, Any]) -> pd.DataFrame:
        """Four rows per labelled sequence, as far as they are there, by name; no options."""
        rows = [
            row
            for last, emotion in sorted(_sequences(root).emotions.items())
            for row in _rows(last, emotion)
            if (root / row["path"]).is_file()
        ]
        if not rows:
            raise FerBenchError(
                f"{root}: not one frame of the labelled sequences is there. Remove it "
                f"(`fer-bench data remove {self.name}`) and add it again."
            )
        return pd.DataFrame(rows).astype({"label": "int64", "fold": "Int64"})


def ckplus_copy(tree: Tree) -> str | None:
    """Which well-known copy of CK+ that is not CK+ itself this is, and what to do; None if none."""
    if next(tree.matching(_TABLE), None):
        return (
            "ckextended.csv does not say whom a face shows, so folds of whole people cannot be "
            "made of it, and near-equal frames of one person would be trained and tested on. Give "
            "CK+ itself, or CK+48, whose file names hold the person."
        )
    classes = {m[1] for m, _ in tree.matching(CROPPED) if expression_of(m[1], CODES[1:])}
    if len(classes) < 2:
        return None
    return (
        "this is CK+48 (class folders of cropped 48 x 48 frames, without neutral ones), a set of "
        "its own here: `fer-bench data add ckplus48 PATH`."
    )


def emotion_of(text: str) -> int:
    """The code in a label file.

    >>> emotion_of("   3.0000000e+00")
    3

    Raises:
        ValueError: it is not one whole number from 0 to 7.
    """
    value = float(text)
    if value not in range(len(CODES)):
        raise ValueError(f"{value:g} is no code from 0 to {len(CODES) - 1}")
    return int(value)


def fold_of(subject: str) -> int:
    """The fold (0 to 9) whose test faces a subject (`S005`) belongs to."""
    number = int(subject[1:])
    return 9 - bisect_left(_LAST_SUBJECT, number)


def _sequences(root: Path) -> _Sequences:
    """Read every label; raises FerBenchError naming the file that cannot be understood."""
    if not (root / LABELS).is_dir():
        raise FerBenchError(
            f"{root} does not hold CK+ ({LABELS}/ and {IMAGES}/): "
            "run `fer-bench data add ckplus PATH`."
        )
    emotions: dict[str, Expression] = {}
    seen: set[str] = set()
    unclear = 0
    for path in sorted((root / LABELS).glob("*/*/*_emotion.txt")):
        last = path.name.removesuffix("_emotion.txt")
        if not _LAST.fullmatch(last):
            raise FerBenchError(
                f"{path.name} does not name a frame of CK+ (S005_001_00000011): get it again."
            )
        sequence, _, frame = last.rpartition("_")
        if sequence in seen:
            raise FerBenchError(f"sequence {sequence} has more than one label: get it again.")
        seen.add(sequence)
        emotion = CODES[_code(path)]
        if int(frame) < len(FRAMES):
            raise FerBenchError(
                f"{path.name} says that its sequence ends at frame {int(frame)}: it needs at least "
                "four, a neutral one and three of the peak."
            )
        if emotion is Expression.neutral:
            unclear += 1
        else:
            emotions[last] = emotion
    if not emotions:
        raise FerBenchError(f"{root / LABELS} holds no label of a sequence: add CK+ again.")
    return _Sequences(emotions, unclear)


def _code(path: Path) -> int:
    try:
        return emotion_of(path.read_text(encoding="ascii"))
    except ValueError as error:
        raise FerBenchError(
            f"{path.name} does not hold an emotion ({error}); expected text such as "
            "'   3.0000000e+00'. Get it again."
        ) from error


def _rows(last: str, emotion: Expression) -> list[dict[str, Any]]:
    """The four rows of the sequence whose last frame is `last`."""
    subject, sequence, peak = last.split("_")
    numbers = (1, *range(int(peak) - 2, int(peak) + 1))
    return [
        {
            "sample_id": (stem := f"{subject}_{sequence}_{number:08d}"),
            "label": int(Expression.neutral if frame == "first" else emotion),
            "split": "test",
            "subject": subject,
            "fold": fold_of(subject),
            "path": f"{IMAGES}/{subject}/{sequence}/{stem}.png",
            "frame": frame,
            "first_frame": frame == "first",
            "last_frame": frame == "last",
            "emotion_of_sequence": emotion.name,
        }
        for frame, number in zip(FRAMES, numbers, strict=True)
    ]


SOURCE = CKPlus()

PACKS = (PackSpec("ckplus", "ckplus"),)

DATASETS = (
    Dataset(
        "ckplus7",
        (Part("ckplus"),),
        restrictions={"without_neutral": SEVEN[1:]},
        protocol="folds",
        sizes={"folds": 1_254},
        title="CK+, 7 classes",
    ),
    Dataset(
        "ckplus8",
        (Part("ckplus"),),
        classes=EIGHT,
        restrictions={"without_neutral": EIGHT[1:]},
        protocol="folds",
        sizes={"folds": 1_308},
        title="CK+, 8 classes",
    ),
    Dataset(
        "ckplus7_first_last",
        (Part("ckplus", where={"frame": ("first", "last")}),),
        protocol="test",
        sizes={"test": 636},
        title="CK+, 7 classes, first and last frames",
    ),
)
