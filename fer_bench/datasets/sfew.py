"""SFEW 2.0: 1,322 aligned faces from frames of feature films, seven expressions.

Origin: Dhall et al., 2011 and 2015 (EmotiW), "Static Facial Expressions in the Wild", frames chosen
from the film clips of AFEW.
Licence: a form to the organisers of EmotiW/AFEW; research only, no redistribution [recalled].
Obtain: with the signed form from the organisers, `Train_Aligned_Faces.zip` and
`Val_Aligned_Faces_new.zip`, then `fer-bench data add sfew Train_Aligned_Faces.zip
Val_Aligned_Faces_new.zip`.
Layout: `{Train/Train_Aligned_Faces, Val/Val_Aligned_Faces(_new)(/Val_Aligned_Faces)}/<Class>/
<Movie>_<time>_<frame>.png`, 143x181; kept here as `{train,val}/<Class>/`. Copies with the same
faces in `{Train,Val}/<Class>/` are taken; beside the aligned faces that folder holds whole frames,
which are counted and left out, as the Test folder is.
Classes: Surprise, Fear, Disgust, Happy, Sad, Angry, Neutral; train 94 78 52 184 161 178 144, val
56 46 23 72 73 77 84.
Splits: `train` is the Train folder (891) and `test` the Val folder (431), because the labels of the
Test folder (372) were never published and the field scores on Val. There is no validation split;
training carves one, by movie.
Subject: the movie, as a pseudonym. That is by movie, not by person: it keeps all frames of a movie
on one side, and an actor who plays in two films may still be on both.
Sample ids: pseudonyms, because the file names are titles of films.
Pixels: `official` (default). `mtcnn` and `resize` start from the same aligned faces.
Known faults: of 958 and 436 frames only 891 and 431 were aligned by the owner; some aligned faces
show no whole face [recalled].
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from fer_bench.datasets.base import Dataset, PackSpec, Part
from fer_bench.datasets.identity_split import pseudonym
from fer_bench.datasets.receivable import Collected, Inventory, ReceivableSource, put
from fer_bench.datasets.spelling import expression_of
from fer_bench.datasets.tree import Tree
from fer_bench.errors import FerBenchError, nearest
from fer_bench.labels import Expression

FOLDERS = {
    "Surprise": Expression.surprise,
    "Fear": Expression.fear,
    "Disgust": Expression.disgust,
    "Happy": Expression.happiness,
    "Sad": Expression.sadness,
    "Angry": Expression.anger,
    "Neutral": Expression.neutral,
}
_FOLDER_OF = {label: folder for folder, label in FOLDERS.items()}
SPLITS = {"train": "train", "val": "test"}
"""The owner's folder -> our split."""

WIDTH, HEIGHT = 143, 181

_ALIGNED = r"((train|val)_aligned_faces(?:_new)?)/([^/]+)/([^/]+)\.png"
_PLAIN = r"((train|val)(?:id|idation)?)/([^/]+)/([^/]+)\.png"
_TEST = r"(?:test|test_aligned_faces[^/]*)/(?:[^/]+/)*[^/]+\.png"
_OTHER = r"(?:train|val)(?:id|idation|_aligned_faces(?:_new)?)?/[^/]+/[^/]+\.(?:jpe?g|bmp|tiff?)"
_FRAME = re.compile(r"(.+)_\d+_\d+")


class Sfew(ReceivableSource):
    """The source; see the datasheet above."""

    name = "sfew"
    title = "SFEW 2.0"
    licence = "form to the organisers: research only, no redistribution"
    homepage = "https://users.cecs.anu.edu.au/~few_group/AFEW.html"
    how_to_get = (
        "Ask the organisers (see the homepage), then "
        "`fer-bench data add sfew Train_Aligned_Faces.zip Val_Aligned_Faces_new.zip`"
    )
    archives = ("Train_Aligned_Faces.zip", "Val_Aligned_Faces_new.zip")
    pixels = ("official", "mtcnn", "resize")
    expected = {  # noqa: RUF012
        split: {label.name: n for label, n in zip(FOLDERS.values(), counts, strict=True)}
        for split, counts in {
            "train": (94, 78, 52, 184, 161, 178, 144),
            "test": (56, 46, 23, 72, 73, 77, 84),
        }.items()
    }
    max_files = 20_000
    max_bytes = 4 * 2**30

    def collect(self, tree: Tree) -> Collected:
        """The aligned faces of Train and Val."""
        collected: Collected = {}
        aligned, plain = ([*tree.matching(pattern)] for pattern in (_ALIGNED, _PLAIN))
        whole = {match[2].lower() for match, _ in aligned}
        for match, file in [*aligned, *plain]:
            folder, split, name, stem = match.groups()
            if "aligned" not in folder.lower() and split.lower() in whole:
                tree.leave_out(file, "whole frames in class folders beside the aligned faces")
                continue
            label = expression_of(name, FOLDERS.values())
            if label is None:
                raise FerBenchError(
                    f"{folder}/{name} is no class of SFEW; {nearest(name, FOLDERS)}"
                )
            put(collected, f"{split.lower()}/{_FOLDER_OF[label]}/{stem}.png", file)
        for _, file in tree.matching(_TEST):
            tree.leave_out(file, "faces of the Test folder, whose labels were never published")
        for _, file in tree.matching(_OTHER):
            tree.leave_out(file, "pictures in class folders that are not PNG, as SFEW's faces are")
        for split in SPLITS:
            if not any(target.parts[0] == split for target in collected):
                raise FerBenchError(
                    f"SFEW's {split} faces are missing.\n"
                    f"  expected: {split.title()}_Aligned_Faces/<Class>/*.png, or the same faces "
                    f"as {split.title()}/<Class>/*.png\n"
                    f"  found:    {tree.outline()}\n"
                    "Give both archives, Train_Aligned_Faces and Val_Aligned_Faces_new."
                )
        return collected

    def index(self, root: Path, options: Mapping[str, Any]) -> pd.DataFrame:
        """One row per image, ordered by split and `sample_id`.

        Args:
            root: the folder.
            options: `pixels`; every kind reads the same images.
        """
        self.check({key: value for key, value in options.items() if key != "pixels"})
        rows = [
            {
                "sample_id": pseudonym("sfew", path.stem),
                "label": int(label),
                "split": split,
                "subject": _movie(path.stem),
                "fold": None,
                "path": path.relative_to(root).as_posix(),
            }
            for folder, split in SPLITS.items()
            for name, label in FOLDERS.items()
            for path in (root / folder / name).glob("*.png")
        ]
        if not rows:
            raise FerBenchError(f"{root} does not hold sfew. {self.how_to_get}.")
        frame = pd.DataFrame(rows)
        twice = int(frame["sample_id"].duplicated().sum())
        if twice:
            raise FerBenchError(
                f"{root}: {twice} frames of SFEW lie in more than one class or split. Delete the "
                "wrong copies, then add it again."
            )
        order = frame["split"].map(["train", "test"].index)
        frame = frame.assign(order=order).sort_values(["order", "sample_id"], ignore_index=True)
        return frame.drop(columns="order").astype({"label": "int64", "fold": "Int64"})

    def faults(self, root: Path) -> list[str]:
        """Pictures that are no aligned faces: whole frames lie in folders named alike."""
        other, total = _other_size(root)
        if 2 * other <= total:
            return []
        return [
            f"{other:,} of {total:,} pictures are not {WIDTH} x {HEIGHT} pixels: whole frames or a "
            "resized copy, not the aligned faces"
        ]

    def inventory(self, root: Path) -> Inventory:
        """Count the faces; the folders are the labels, so every one is listed."""
        index = self.index(root, {})
        nameless = int(index["subject"].isna().sum())
        notes = (
            (f"{nameless} images not named after a movie: without a subject",) if nameless else ()
        )
        return Inventory(len(index), len(index), notes)


def _other_size(root: Path) -> tuple[int, int]:
    """How many pictures are not of the aligned faces' size, and how many there are."""
    from PIL import Image

    found = total = 0
    for path in root.glob("*/*/*.png"):
        total += 1
        try:
            with Image.open(path) as image:
                found += image.size != (WIDTH, HEIGHT)
        except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
            continue  # said when every image is decoded
    return found, total


def _movie(stem: str) -> str | None:
    match = _FRAME.fullmatch(stem)
    return pseudonym("sfew", f"movie {match[1]}") if match else None


SOURCE = Sfew()

PACKS = (PackSpec("sfew", "sfew"),)

DATASETS = (
    Dataset(
        "sfew",
        (Part("sfew"),),
        sizes={"train": 891, "test": 431},
        printed={"train": 891, "test": 431},
        title=SOURCE.title,
    ),
)
