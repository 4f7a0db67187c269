"""AffectNet: faces found on the web, labelled by hand with eight expressions.

Origin: Mollahosseini, Hasani and Mahoor, "AffectNet: A Database for Facial Expression, Valence, and
Arousal Computing in the Wild", IEEE Transactions on Affective Computing 2019.
Licence: by agreement, research only, no redistribution (recalled).
Obtain: the head of a laboratory asks its authors with their licence form (recalled). Then
`fer-bench data add affectnet PATH...` with all that was received. The old release comes as
`Manually_Annotated.part*.rar`, which have to be unpacked with other software first.
Layout: two releases, told apart by what is there; both at once are refused.
    Old: `Manually_Annotated_Images/<folder>/<hash>.<ext>` with mixed extensions, and
        `training.csv`, `validation.csv` (subDirectory_filePath, face_x, face_y, face_width,
        face_height, facial_landmarks, expression, valence, arousal). Copies of either list exist
        with and without the heading line. Kept here: the two lists and the images they name with
        one of the eight expressions, as `images/<folder>/<name>` in lower case.
    New: `train_set/` and `val_set/`, each with `images/<number>.jpg` and
        `annotations/<number>_{exp,val,aro,lnd}.npy` (val, aro and lnd recalled; lnd is not used).
Classes: 0 neutral, 1 happy, 2 sad, 3 surprise, 4 fear, 5 disgust, 6 anger, 7 contempt; 8 none,
9 uncertain and 10 no face are left out.
Size: train 287,651 = 74,874 / 134,415 / 25,459 / 14,090 / 6,378 / 3,803 / 24,882 / 3,750 in that
order; validation 500 of each. The new release is said to lack one contempt face of validation
(3,999; recalled): if so, it is admitted with --allow-partial.
Splits: the test set was never published, so as in the whole field `validation` is the test split
here. Validation for selecting is carved from train. No person is named, so it is carved by image.
Datasets: `affectnet7` and `affectnet8` take the first 20,000 train faces a class in file order, as
the paper's released code does (104,271 and 108,021). The order of the new release is that of its
numbers, which need not be the old one. `affectnet7_rafdb` and `affectnet8_rafdb`, for pre-training,
take AffectNet's first 5,000 a class and RAF-DB's train split (46,074 and 49,824); their test faces
are AffectNet's validation faces and RAF-DB's test faces of those classes.
Columns: `valence`, `arousal` (-1..1; -2 where there is none, missing where not published).
Known faults: labels of one rater; web photographs repeat, so near copies cross the splits; the new
release has lost the hashes, so the challenge lists (occlusion, pose) cannot be joined to it.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from fer_bench.datasets.affectnet_labels import (
    CODES,
    FOLDERS,
    LISTS,
    Labels,
    new_release,
    old_release,
)
from fer_bench.datasets.base import Dataset, PackSpec, Part
from fer_bench.datasets.photograph import read_rgb
from fer_bench.datasets.receivable import Collected, Inventory, ReceivableSource, put
from fer_bench.datasets.tree import Tree
from fer_bench.errors import FerBenchError
from fer_bench.labels import EIGHT, SEVEN

_TRAIN = (74_874, 134_415, 25_459, 14_090, 6_378, 3_803, 24_882, 3_750)

_NEW = rf"({'|'.join(FOLDERS.values())})/(images/\d+\.jpg|annotations/\d+_(?:exp|val|aro)\.npy)"
_OLD = r"(?:training|validation)\.csv|Manually_Annotated_Images/.*"


class AffectNet(ReceivableSource):
    """The source; see the datasheet above."""

    name = "affectnet"
    title = "AffectNet"
    licence = "by agreement with its authors: research only, no redistribution"
    homepage = "http://mohammadmahoor.com/affectnet/"
    how_to_get = "a laboratory's head asks AffectNet's authors, with their licence form"
    archives = ("Manually_Annotated.part*.rar (unpacked)", "Manually_Annotated_file_lists.zip")
    expected = {  # noqa: RUF012
        "train": {code.name: n for code, n in zip(CODES, _TRAIN, strict=True)},
        "test": {code.name: 500 for code in CODES},
    }

    def collect(self, tree: Tree) -> Collected:
        """The lists and the images they name, or both folders of the new release."""
        old, new = (next(tree.matching(p), None) is not None for p in (_OLD, _NEW))
        if old and new:
            raise FerBenchError(
                "these are both releases of AffectNet (training.csv and train_set): give one."
            )
        if new:
            return _collect_new(tree)
        if old:
            return _collect_old(tree)
        packed = next(tree.matching(r"Manually_Annotated_(?:file_lists\.zip|.*\.rar)"), None)
        raise FerBenchError(
            "this is not AffectNet.\n  expected: training.csv, validation.csv and "
            "Manually_Annotated_Images/ (old release), or train_set/ and val_set/ (new release)\n"
            f"  found:    {tree.outline()}"
            + ("\nArchives inside a folder have to be unpacked first." if packed else "")
        )

    def inventory(self, root: Path) -> Inventory:
        """Count the listed images, those that are there, and what the labels leave out."""
        labels = _labels(root)
        present = int(labels.rows["path"].isin(_image_paths(root)).sum())
        if not present:
            raise FerBenchError(f"none of the {len(labels.rows):,} labelled images is there.")
        return Inventory(len(labels.rows), present, labels.notes)

    def index(self, root: Path, options: Mapping[str, Any]) -> pd.DataFrame:
        """One row per labelled image that is there, train first, in file order; no options."""
        rows = _labels(root).rows
        rows = rows[rows["path"].isin(_image_paths(root))].reset_index(drop=True)
        if rows.empty:
            raise FerBenchError(
                f"{root}: none of the labelled images is there. Remove it "
                f"(`fer-bench data remove {self.name}`) and add it again."
            )
        unknown = rows.assign(subject=None, fold=pd.array([pd.NA] * len(rows), dtype="Int64"))
        first = ["sample_id", "label", "split", "subject", "fold", "path"]
        return unknown[[*first, "valence", "arousal"]]

    def load(self, root: Path, row: Mapping[str, Any], options: Mapping[str, Any]) -> np.ndarray:
        """The photograph of one index row: (H, W, 3) uint8 RGB; no options."""
        return read_rgb(root / row["path"])


def _collect_old(tree: Tree) -> Collected:
    collected: Collected = {}
    lists = {split: tree.one(name.replace(".", r"\."), name) for split, name in LISTS.items()}
    listed = set(old_release(lists).rows["path"])
    for match, file in tree.matching(r"([\w-]+/[\w-]+\.\w+)"):
        path = f"images/{match[1].lower()}"
        # The other half of AffectNet, labelled by a network, has folders of the same names.
        if path in listed and "automatically_annotated" not in match.string.lower():
            put(collected, path, file)
    if not collected:
        raise FerBenchError(
            f"none of the {len(listed):,} images that training.csv and validation.csv list is "
            f"there.\n  expected: Manually_Annotated_Images/<folder>/<name>\n"
            f"  found:    {tree.outline()}"
        )
    for split, name in LISTS.items():
        put(collected, name, lists[split])
    return collected


def _collect_new(tree: Tree) -> Collected:
    collected: Collected = {}
    for match, file in tree.matching(_NEW):
        put(collected, f"{match[1]}/{match[2]}".lower(), file)
    for folder in FOLDERS.values():
        for kind in ("images", "annotations"):
            if next(tree.matching(rf"{folder}/{kind}/[^/]+"), None) is None:
                raise FerBenchError(
                    f"{folder}/{kind} is missing.\n  expected: train_set and val_set, each with "
                    f"images/ and annotations/\n  found:    {tree.outline()}"
                )
    return collected


def _labels(root: Path) -> Labels:
    """The labels of whichever release lies in `root`."""
    lists = {split: root / name for split, name in LISTS.items()}
    old = [path.is_file() for path in lists.values()]
    new = [(root / folder).is_dir() for folder in FOLDERS.values()]
    if any(old) and any(new):
        raise FerBenchError(f"{root} holds both releases of AffectNet: remove it, add one of them.")
    if any(new):
        return new_release(root)
    if not all(old):
        raise FerBenchError(
            f"{root} does not hold AffectNet ({' and '.join(LISTS.values())}, or train_set and "
            "val_set): run `fer-bench data add affectnet PATH`."
        )
    return old_release(lists)


def _image_paths(root: Path) -> set[str]:
    """Every image below `root`, in one walk: asking for 290,000 files one by one takes minutes."""
    folders = ("images", *(f"{folder}/images" for folder in FOLDERS.values()))
    found: set[str] = set()
    for folder in folders:
        for place, _, names in os.walk(root / folder):
            inside = Path(place).relative_to(root).as_posix()
            found.update(f"{inside}/{name}" for name in names)
    return found


SOURCE = AffectNet()

PACKS = (PackSpec("affectnet", "affectnet"),)

DATASETS = (
    Dataset(
        "affectnet7",
        (Part("affectnet", cap=20_000),),
        challenge="affectnet",
        restrictions={"without_neutral": SEVEN[1:]},
        sizes={"train": 104_271, "test": 3_500},
        title="AffectNet, 7 classes",
    ),
    Dataset(
        "affectnet8",
        (Part("affectnet", cap=20_000),),
        classes=EIGHT,
        challenge="affectnet",
        sizes={"train": 108_021, "test": 4_000},
        title="AffectNet, 8 classes",
    ),
    Dataset(
        "affectnet7_rafdb",
        (Part("affectnet", cap=5_000), Part("rafdb")),
        sizes={"train": 46_074, "test": 6_568},
        title="AffectNet and RAF-DB, 7 classes (pre-training)",
    ),
    Dataset(
        "affectnet8_rafdb",
        (Part("affectnet", cap=5_000), Part("rafdb")),
        classes=EIGHT,
        sizes={"train": 49_824, "test": 7_068},
        title="AffectNet and RAF-DB, 8 classes (pre-training)",
    ),
)
