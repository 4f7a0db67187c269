"""AffectNet: faces found on the web, labelled by hand with eight expressions.

Origin: Mollahosseini, Hasani and Mahoor, "AffectNet: A Database for Facial Expression, Valence, and
Arousal Computing in the Wild", IEEE Transactions on Affective Computing 2019.
Licence: by agreement, research only, no redistribution (recalled).
Obtain: the head of a laboratory asks its authors with their licence form (recalled). Then
`fer-bench data add affectnet PATH...` with all that was received.
Layout: three releases, told apart by their labels; two at once are refused.
    `csv`, the first: `Manually_Annotated_Images/<folder>/<hash>.<ext>` with mixed extensions, and
        `training.csv`, `validation.csv` (subDirectory_filePath, face_x, face_y, face_width,
        face_height, facial_landmarks, expression, valence, arousal). Copies of either list exist
        with and without the heading line. Kept here: the two lists and the images they name with
        one of the eight expressions, as `images/<folder>/<name>` in lower case.
    `npy`, of March 2021: `train_set/` and `val_set/`, each with `images/<number>.jpg` and
        `annotations/<number>_{exp,val,aro,lnd}.npy` (val, aro and lnd recalled; lnd is not used).
    `json`, AffectNet+ (2025): `human_annotated/{train_set,validation_set}/`, each with
        `images/<number>.jpg` and `annotations/<number>.json`; kept as `train_set/` and `val_set/`.
        `no_human_annotated/`, labelled by a network, is not used.
Classes: 0 neutral, 1 happy, 2 sad, 3 surprise, 4 fear, 5 disgust, 6 anger, 7 contempt; 8 none,
9 uncertain and 10 no face are left out.
Size: train 287,651 = 74,874 / 134,415 / 25,459 / 14,090 / 6,378 / 3,803 / 24,882 / 3,750 in that
order; validation 500 of each, in `npy` 499 of contempt [counted in a public copy of its list].
AffectNet+: 414,799 and 5,500 images, which seems to be the whole manual list with codes 8 to 10
[inferred]; its counts by class were not found, so only these totals are compared.
Splits: the test set was never published, so as in the whole field `validation` is the test split
here. Validation for selecting is carved from train. No person is named, so it is carved by image.
Datasets: `affectnet7` and `affectnet8` take the first 20,000 train faces a class in file order, as
the paper's released code does (104,271 and 108,021). The order of the later releases is that of
their numbers, which need not be the first one's. `affectnet7_rafdb` and `affectnet8_rafdb`, for
pre-training, take AffectNet's first 5,000 a class and RAF-DB's train split (46,074 and 49,824);
their test faces are AffectNet's validation faces and RAF-DB's test faces of those classes.
Columns: `valence`, `arousal` (-1..1; -2 where there is none, missing where not published), and the
groups `difficulty`, `gender`, `race`, `age` and `pose`, which AffectNet+ alone knows (`unknown`
elsewhere); it also gives `soft_label` and `head_pose` (affectnet_plus.py). Gender, race, age and
pose were estimated by machines, not said by people of themselves.
Known faults: labels of one rater; web photographs repeat, so near copies cross the splits; the
later releases have lost the hashes, so the challenge lists (occlusion, pose) cannot be joined to
them; a public note says that one line of `training.csv` has no expression: such lines are left out,
counted and shown.
"""

from __future__ import annotations

import copy
import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from fer_bench.datasets import affectnet_releases as releases
from fer_bench.datasets.affectnet_labels import FOLDERS, Labels, counted_notes
from fer_bench.datasets.affectnet_plus import GROUPS
from fer_bench.datasets.base import UNKNOWN, Dataset, PackSpec, Part
from fer_bench.datasets.receivable import Collected, Inventory, ReceivableSource
from fer_bench.datasets.tree import Tree
from fer_bench.errors import FerBenchError
from fer_bench.labels import EIGHT, SEVEN

_NUMBER = re.compile(r"(\d+)[._]")


class AffectNet(ReceivableSource):
    """The source; see the datasheet above."""

    name = "affectnet"
    title = "AffectNet"
    licence = "by agreement with its authors: research only, no redistribution"
    homepage = "http://mohammadmahoor.com/affectnet/"
    how_to_get = "a laboratory's head asks AffectNet's authors, with their licence form"
    archives = releases.RELEASES["csv"].archives
    expected = releases.RELEASES["csv"].expected
    totals: Mapping[str, int] = {}
    """Annotated images by split, where the counts by class are not known."""

    @property
    def published(self) -> int:
        """Labelled images in the published set."""
        return sum(self.totals.values()) or super().published

    def edition(self, root: Path) -> AffectNet:
        """AffectNet with the counts and archives of the release that lies in `root`."""
        release = releases.RELEASES[releases.kept_release(root)]
        edition = copy.copy(self)
        edition.expected, edition.archives = release.expected, release.archives
        edition.totals = release.totals
        return edition

    def collect(self, tree: Tree) -> Collected:
        """The lists and the images they name, or both folders of a later release."""
        return releases.collect(tree)

    def inventory(self, root: Path) -> Inventory:
        """Count the listed images, those that are there, and what the labels leave out."""
        labels = releases.labels(root)
        present = int(labels.rows["path"].isin(_image_paths(root)).sum())
        if not present:
            raise FerBenchError(f"none of the {len(labels.rows):,} labelled images is there.")
        images, annotated = _numbers(root, "images"), _numbers(root, "annotations")
        alone = sum(len(images[folder] - annotated[folder]) for folder in images)
        left_out = counted_notes((alone, "without an annotation: left out"))
        return Inventory(len(labels.rows), present, labels.notes + left_out)

    def faults(self, root: Path) -> list[str]:
        """Of AffectNet+: other totals than published, and annotated images that are missing."""
        if releases.kept_release(root) != "json":
            return []
        annotated, images = _numbers(root, "annotations"), _numbers(root, "images")
        lines = []
        for split, folder in FOLDERS.items():
            found, total = annotated[folder], releases.RELEASES["json"].totals[split]
            if len(found) != total:
                lines.append(f"{folder}: {total:,} annotated images published, {len(found):,} here")
            if missing := len(found - images[folder]):
                lines.append(f"{folder}: {missing:,} annotated images are missing")
        return lines

    def index(self, root: Path, options: Mapping[str, Any]) -> pd.DataFrame:
        """One row per labelled image that is there, train first, in file order; no options."""
        rows = _present(releases.labels(root), root)
        if rows.empty:
            raise FerBenchError(
                f"{root}: none of the labelled images is there. Remove it "
                f"(`fer-bench data remove {self.name}`) and add it again."
            )
        rows = rows.assign(subject=None, fold=pd.array([pd.NA] * len(rows), dtype="Int64"))
        for column in GROUPS:
            if column not in rows:
                rows[column] = UNKNOWN
        first = ["sample_id", "label", "split", "subject", "fold", "path"]
        return rows[[*first, *(column for column in rows if column not in first)]]


def _present(labels: Labels, root: Path) -> pd.DataFrame:
    return labels.rows[labels.rows["path"].isin(_image_paths(root))].reset_index(drop=True)


def _image_paths(root: Path) -> set[str]:
    """Every image below `root`, in one walk: asking for 290,000 files one by one takes minutes."""
    folders = ("images", *(f"{folder}/images" for folder in FOLDERS.values()))
    found: set[str] = set()
    for folder in folders:
        for place, _, names in os.walk(root / folder):
            inside = Path(place).relative_to(root).as_posix()
            found.update(f"{inside}/{name}" for name in names)
    return found


def _numbers(root: Path, kind: str) -> dict[str, set[str]]:
    """The numbers in the file names of `<folder>/<kind>/` by folder, of the later releases."""
    found: dict[str, set[str]] = {}
    for folder in FOLDERS.values():
        place = root / folder / kind
        names = os.listdir(place) if place.is_dir() else []
        found[folder] = {match[1] for name in names if (match := _NUMBER.match(name))}
    return found


SOURCE = AffectNet()

PACKS = (PackSpec("affectnet", "affectnet"),)

DATASETS = (
    Dataset(
        "affectnet7",
        (Part("affectnet", cap=20_000),),
        challenge="affectnet",
        restrictions={"without_neutral": SEVEN[1:]},
        slices=GROUPS,
        sizes={"train": 104_271, "test": 3_500},
        title="AffectNet, 7 classes",
    ),
    Dataset(
        "affectnet8",
        (Part("affectnet", cap=20_000),),
        classes=EIGHT,
        challenge="affectnet",
        slices=GROUPS,
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
