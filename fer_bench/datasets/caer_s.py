"""CAER-S: frames of television series, seven expressions in whole scenes.

Origin: Lee et al., ICCV 2019, "Context-Aware Emotion Recognition Networks"; stills of CAER's clips.
Licence: not stated where we looked; frames of television series: local research only, pass no image
on.
Obtain: the link on the homepage, and for the boxes the files of
github.com/larrylu0426/CAERS-Annotation, then `fer-bench data add caer_s CAER-S.zip
CAERS-Annotation`.
Layout: `{train,test}/{Anger,Disgust,Fear,Happy,Neutral,Sad,Surprise}/<number>.png`, kept alike.
The list of boxes: `train.txt` and `test.txt` (or one file a class, `train/Happy.txt`), lines
`train/Happy/0001.png,3,278,110,363,195`: image, code in the order of the folders above, left, top,
right and bottom; kept as `boxes/`.
Size: about 70,000 images [its list's readme]; no count of the images by class is verified, papers
print other sizes (44,996 and 20,987 [recalled]), so without the list the set is taken as it is. The
list leaves out what its author judged invalid: 47,966 train (Anger 6856, Disgust 6890, Fear 6873,
Happy 6814, Neutral 6799, Sad 6910, Surprise 6824) and 20,868 test (2988, 2980, 2972, 2990, 2985,
2983, 2970).
Splits: the owner's train and test. Which frames show one person or one clip is not published, so
stills of one clip may stand on both sides of the validation split that is carved from train.
Pixels: with the list, the square about a face's box, wider by a quarter of the box on each side, in
which the face is then looked for (`mtcnn`) or which is taken as it is (`resize`); without it, the
largest face of the whole scene.
Known faults: labels are those of clips, so single frames need not show the expression; scenes hold
several people, and without boxes the largest face need not be the labelled one.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from fer_bench.datasets.base import Dataset, PackSpec, Part
from fer_bench.datasets.caer_s_boxes import (
    FOLDERS,
    IMAGE,
    SPELLED,
    SPLITS,
    find_lists,
    kept_boxes,
)
from fer_bench.datasets.face_box import cut_box
from fer_bench.datasets.photograph import read_rgb
from fer_bench.datasets.receivable import Collected, Inventory, ReceivableSource, put
from fer_bench.datasets.tree import Tree
from fer_bench.errors import FerBenchError

LISTED = {
    split: {label.name: n for label, n in zip(FOLDERS.values(), counts, strict=True)}
    for split, counts in {
        "train": (6856, 6890, 6873, 6814, 6799, 6910, 6824),
        "test": (2988, 2980, 2972, 2990, 2985, 2983, 2970),
    }.items()
}
"""Faces that the list of boxes names."""


class CaerS(ReceivableSource):
    """The source; see the datasheet above."""

    name = "caer_s"
    title = "CAER-S"
    licence = "not stated; frames of television series: local research only, pass no image on"
    homepage = "https://caer-dataset.github.io"
    how_to_get = (
        "Download it by the link on the homepage, and github.com/larrylu0426/CAERS-Annotation, "
        "then `fer-bench data add caer_s CAER-S.zip CAERS-Annotation`"
    )
    archives = ("CAER-S.zip", "train.txt and test.txt of CAERS-Annotation")
    max_files = 300_000
    max_bytes = 60 * 2**30

    def edition(self, root: Path) -> CaerS:
        """With the list of boxes, the set that it names; without it no counts are verified."""
        edition = copy.copy(self)
        edition.expected = LISTED if (root / "boxes").is_dir() else {}
        return edition

    def collect(self, tree: Tree) -> Collected:
        """Every image in a folder of a class, and the list of boxes where it is given."""
        collected: Collected = {}
        for match, file in tree.matching(IMAGE):
            split, folder = match[1].lower(), SPELLED[match[2].lower()]
            put(collected, f"{split}/{folder}/{match[3]}{file.suffix.lower()}", file)
        for split in SPLITS:
            if not any(target.parts[0] == split for target in collected):
                raise FerBenchError(
                    f"CAER-S's {split} images are missing.\n"
                    f"  expected: {split}/{{{','.join(FOLDERS)}}}/<number>.png\n"
                    f"  found:    {tree.outline()}"
                )
        for target, file in find_lists(tree):
            put(collected, target, file)
        return collected

    def index(self, root: Path, options: Mapping[str, Any]) -> pd.DataFrame:
        """One row per image, of those with a box where there is a list; no options.

        Column `published_box`: left, top, right, bottom; None without the list.
        """
        self.check(options)
        listed = kept_boxes(root)
        rows = [
            {
                "sample_id": f"caer_s_{key.replace('/', '_').lower()}",
                "label": int(FOLDERS[key.split("/")[1]]),
                "split": key.split("/")[0],
                "subject": None,
                "fold": None,
                "path": path,
                "published_box": list(listed.boxes[key]) if listed else None,
            }
            for key, path in _images(root)
            if listed is None or key in listed.boxes
        ]
        if not rows:
            raise FerBenchError(f"{root} does not hold caer_s. {self.how_to_get}.")
        return pd.DataFrame(rows).astype({"label": "int64", "fold": "Int64"})

    def load(self, root: Path, row: Mapping[str, Any], options: Mapping[str, Any]) -> np.ndarray:
        """The part of the frame about the face, or without a box all of it: (H, W, 3) uint8 RGB."""
        image = read_rgb(root / row["path"])
        box = row.get("published_box")
        return image if box is None else cut_box(image, box, row["path"])

    def inventory(self, root: Path) -> Inventory:
        """Count listed and present images, and those that the list does not name."""
        keys = [key for key, _ in _images(root)]
        listed = kept_boxes(root)
        if listed is None:
            note = (
                "no list of boxes was given: the largest face of each scene is taken, and no "
                "published count is known to compare with"
            )
            return Inventory(len(keys), len(keys), (note,))
        present = len(listed.boxes.keys() & keys)
        if not present:
            raise FerBenchError(
                f"none of the {len(listed.boxes):,} images in the list of boxes is there: give the "
                "list that belongs to these images, or none."
            )
        without = len(keys) - present
        left_out = f"{without:,} image{'s'[: without != 1]} without a box in the list: left out"
        notes = (*listed.notes, left_out) if without else listed.notes
        return Inventory(len(listed.boxes), present, notes)


def _images(root: Path) -> list[tuple[str, str]]:
    """(`<split>/<Class>/<number>`, path) of every image, ordered by split, class and number."""
    found = [
        (f"{split}/{folder}/{path.stem}", path.relative_to(root).as_posix())
        for split in SPLITS
        for folder in FOLDERS
        for path in sorted((root / split / folder).glob("*"))
    ]
    stems = [key for key, _ in found]
    if len(set(stems)) < len(stems):
        raise FerBenchError(f"{root}: CAER-S has one number twice in a class. Keep one of them.")
    return found


SOURCE = CaerS()

PACKS = (PackSpec("caer_s", "caer_s"),)

DATASETS = (
    Dataset(
        "caer_s",
        (Part("caer_s"),),
        sizes={split: sum(counts.values()) for split, counts in LISTED.items()},
        title=SOURCE.title,
    ),
)
