"""Oulu-CASIA (visible light, strong illumination): six expressions posed by 80 people.

Origin: Zhao, Huang, Taini, Li and Pietikäinen, "Facial expression recognition from near-infrared
videos", Image and Vision Computing 2011.
Licence: by its owners' licence form, research only, no redistribution (recalled).
Obtain: from the University of Oulu with that form, then `fer-bench data add oulu_casia PATH...`.
Layout: `B_OriginalImg(/B_OriginalImg)/OriginalImg/{VL,NI}/{Strong,Weak,Dark}/P001 ... P080/
{Anger,Disgust,Fear,Happiness,Sadness,Surprise}/000.jpeg`. Only VL/Strong is kept. The spelling of
the expressions' folders and of the frames' names is recalled, so Angry, Happy and Sad are accepted
too, in any case, and any number with .jpeg, .jpg, .png or .bmp is a frame. The other lights and the
images that its owners cropped (`PreProcess_Img/VL_Acropped/Strong`) are counted and left out.
Classes: the six, and neutral from the first frames.
Size: 480 sequences; the last three frames with the sequence's expression and the first one as
neutral: 1,920 images.
Splits: none published, so every row is a test face of one of ten folds of eight people each: fold 0
is P001 to P008, fold 9 P073 to P080.
Datasets: `oulu_casia` (1,920, seven classes, ten folds); `without_neutral` scores it among the six.
Columns: `frame` (first, third_last, second_last, last), `emotion_of_sequence`.
Known faults: expressions are posed; the frames of a sequence are near copies of each other. No file
says how long a sequence is: that its last frames are missing cannot be seen, only gaps can.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from fer_bench.datasets.base import Dataset, PackSpec, Part
from fer_bench.datasets.ckplus import FRAMES
from fer_bench.datasets.receivable import Collected, Inventory, ReceivableSource, put
from fer_bench.datasets.tree import Tree
from fer_bench.errors import FerBenchError, nearest
from fer_bench.labels import SEVEN, Expression

FOLDERS: dict[str, Expression] = {
    "Anger": Expression.anger,
    "Disgust": Expression.disgust,
    "Fear": Expression.fear,
    "Happiness": Expression.happiness,
    "Sadness": Expression.sadness,
    "Surprise": Expression.surprise,
}
"""The expressions' folders, as this disk's layout spells them."""

SPELT = {
    **{name.lower(): name for name in FOLDERS},
    "angry": "Anger", "happy": "Happiness", "sad": "Sadness", "surprised": "Surprise",
}  # fmt: skip

PLACE = "VL/Strong"
CROPPED = "its owners' cropped copy (PreProcess_Img)"
PEOPLE, PEOPLE_IN_A_FOLD = 80, 8

_FRAME = r"VL/Strong/P(\d{3})/([^/]+)/(\d+)\.(jpe?g|png|bmp)"
_ANY_FRAME = r"(?:Strong|Weak|Dark)/P\d{3}/[^/]+/\d+\.(?:jpe?g|png|bmp)"
_LIGHT = re.compile(r"((?:(?:VL|NI)/)?(?:Strong|Weak|Dark))/P\d{3}/", re.IGNORECASE)
_CROPPED = re.compile(r"pre[ _-]?process|_Acropped/", re.IGNORECASE)


class OuluCasia(ReceivableSource):
    """The source; see the datasheet above."""

    name = "oulu_casia"
    title = "Oulu-CASIA"
    licence = "by its owners' licence form: research only, no redistribution"
    homepage = "https://www.oulu.fi"
    how_to_get = "ask the University of Oulu with its licence form"
    archives = ("B_OriginalImg.zip",)
    expected = {  # noqa: RUF012
        "test": {"neutral": 480, **{emotion.name: 3 * 80 for emotion in FOLDERS.values()}}
    }
    max_files = 1_000_000
    max_bytes = 100 * 2**30

    def collect(self, tree: Tree) -> Collected:
        """The frames of visible light and strong illumination."""
        collected: Collected = {}
        for match, file in tree.matching(_FRAME):
            if _CROPPED.search(match.string):
                continue
            number, folder, frame, suffix = match.groups()
            person, emotion = _person(f"P{number}"), _emotion(folder)
            put(collected, f"{PLACE}/{person}/{emotion}/{frame}.{suffix.lower()}", file)
        others = list(_others(tree))
        if not collected:
            raise FerBenchError(_nothing(tree, {kind for kind, _ in others}))
        for kind, file in others:
            tree.leave_out(file, f"frames of {kind}")
        return collected

    def inventory(self, root: Path) -> Inventory:
        """Count four frames a sequence, and the sequences that cannot be used."""
        sequences = _sequences(root)
        gaps = sum(not _whole(frames) for frames in sequences.values())
        present = len(FRAMES) * (len(sequences) - gaps)
        if not present:
            raise FerBenchError(f"not one sequence in {PLACE} has four frames or more, gapless.")
        notes = f"{gaps} sequence{'s'[: gaps != 1]} with fewer than four frames or with gaps: left"
        return Inventory(len(FRAMES) * len(sequences), present, (f"{notes} out",) if gaps else ())

    def index(self, root: Path, options: Mapping[str, Any]) -> pd.DataFrame:
        """Four rows per sequence without gaps, by person, expression and frame; no options."""
        rows = [
            row
            for (person, emotion), frames in sorted(_sequences(root).items())
            if _whole(frames)
            for row in _rows(person, emotion, frames)
        ]
        if not rows:
            raise FerBenchError(
                f"{root}: not one whole sequence is there. Remove it "
                f"(`fer-bench data remove {self.name}`) and add it again."
            )
        return pd.DataFrame(rows).astype({"label": "int64", "fold": "Int64"})


def _others(tree: Tree) -> Iterator[tuple[str, Path]]:
    """Frames of other kinds than ours, and their kind."""
    for match, file in tree.matching(_ANY_FRAME):
        light = _LIGHT.search(match.string)
        if _CROPPED.search(match.string):
            yield CROPPED, file
        elif light and light[1].lower() != PLACE.lower():
            yield light[1], file


def _nothing(tree: Tree, others: set[str]) -> str:
    """Why there is no frame of ours, as far as it can be told."""
    text = (
        "this holds no frames of Oulu-CASIA in visible light and strong illumination.\n"
        "  expected: OriginalImg/VL/Strong/P001/Anger/000.jpeg\n"
        f"  found:    {tree.outline()}"
    )
    if CROPPED in others:
        text += (
            "\nThese are the faces as its owners cropped them. Faces are cut out and aligned here "
            "from the original frames, alike for every set: give B_OriginalImg.zip."
        )
    if "strong" in map(str.lower, others):
        text += (
            "\nA folder Strong alone does not tell visible light from near infrared, which has one "
            "too: give the folder above it, VL."
        )
    return text


def fold_of(person: str) -> int:
    """The fold (0 to 9) whose test faces a person (`P001`) belongs to."""
    return (int(person[1:]) - 1) // PEOPLE_IN_A_FOLD


def _person(name: str) -> str:
    if not 1 <= int(name[1:]) <= PEOPLE:
        raise FerBenchError(f"{PLACE}/{name} is unknown: Oulu-CASIA has P001 to P{PEOPLE:03d}.")
    return name


def _emotion(folder: str) -> str:
    if folder.lower() not in SPELT:
        raise FerBenchError(
            f"{PLACE} holds the unknown expression folder {folder!r}: {nearest(folder, FOLDERS)}"
        )
    return SPELT[folder.lower()]


def _sequences(root: Path) -> dict[tuple[str, str], dict[int, Path]]:
    """(person, expression folder) -> frame number -> file, of every sequence there is."""
    if not (root / PLACE).is_dir():
        raise FerBenchError(
            f"{root} does not hold Oulu-CASIA ({PLACE}/): run `fer-bench data add oulu_casia PATH`."
        )
    sequences: dict[tuple[str, str], dict[int, Path]] = {}
    for file in sorted((root / PLACE).glob("P*/*/*")):
        path = file.relative_to(root)
        if match := re.fullmatch(_FRAME, path.as_posix()):
            frames = sequences.setdefault((_person(f"P{match[1]}"), _emotion(match[2])), {})
            if frames.setdefault(int(match[3]), path) != path:
                raise FerBenchError(
                    f"{path.parent} holds frame {int(match[3])} more than once: add the set again, "
                    "from one copy of it."
                )
    return sequences


def _whole(frames: Mapping[int, Path]) -> bool:
    return len(frames) >= len(FRAMES) and max(frames) - min(frames) == len(frames) - 1


def _rows(person: str, emotion: str, frames: Mapping[int, Path]) -> list[dict[str, Any]]:
    numbers = sorted(frames)
    return [
        {
            "sample_id": f"{person}_{emotion}_{frames[number].stem}",
            "label": int(Expression.neutral if frame == "first" else FOLDERS[emotion]),
            "split": "test",
            "subject": person,
            "fold": fold_of(person),
            "path": frames[number].as_posix(),
            "frame": frame,
            "emotion_of_sequence": FOLDERS[emotion].name,
        }
        for frame, number in zip(FRAMES, [numbers[0], *numbers[-3:]], strict=True)
    ]


SOURCE = OuluCasia()

PACKS = (PackSpec("oulu_casia", "oulu_casia"),)

DATASETS = (
    Dataset(
        "oulu_casia",
        (Part("oulu_casia"),),
        restrictions={"without_neutral": SEVEN[1:]},
        protocol="folds",
        sizes={"folds": 1_920},
        title="Oulu-CASIA, visible light, strong illumination",
    ),
)
