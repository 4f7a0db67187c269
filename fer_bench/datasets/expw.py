"""ExpW (Expression in-the-Wild): 91,793 faces of photographs from the web, seven expressions.

Origin: Zhang, Luo, Loy and Tang, "From Facial Expression Recognition to Interpersonal Relation
Prediction", IJCV 2018 (arXiv 1609.06426); images found by web search for emotions and people.
Licence: not stated where we looked; images from the web: local research only, pass no image on.
Obtain: the links on the homepage. The images come as a 7z archive in several parts, to be unpacked
with `7z x` where this program cannot; then `fer-bench data add expw FOLDER`.
Layout: `image/origin/<name>.jpg` and `label/label.lst`, eight fields a line: image, number of the
face in it, top, left, right and bottom of its box, confidence of the box, label. Kept as
`origin/<name>` and `label.lst`.
Classes: 0 angry, 1 disgust, 2 fear, 3 happy, 4 sad, 5 surprise, 6 neutral (FER2013's codes).
Size: 91,793 lines; by code 3671 3995 1088 30537 10559 7060 34883 [counted by a reader of a public
page; the sum agrees]. Lines are compared with that, because some may be repeated.
Split: none published. Ours: 70/10/20 by a hash of the image's name, so that all faces of one
photograph are in one split and none moves when others are added or lost. Numbers on it compare with
no other paper's.
Sample ids: pseudonyms, because file names are what was searched for.
Pixels: the square about a face's box, wider by a quarter of the box on each side, in which the face
is then looked for (`mtcnn`) or which is taken as it is (`resize`).
Known faults: persons are unknown, so one may stand in train and in test; web photographs repeat;
boxes come from a detector.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from fer_bench.datasets.base import Dataset, PackSpec, Part
from fer_bench.datasets.expw_list import CODES, LIST, Listed, read_list
from fer_bench.datasets.face_box import cut_box
from fer_bench.datasets.identity_split import pseudonym, split_of
from fer_bench.datasets.photograph import read_rgb
from fer_bench.datasets.receivable import Collected, Inventory, ReceivableSource, put
from fer_bench.datasets.tree import Tree
from fer_bench.errors import FerBenchError

LINES = dict(zip(CODES, (3671, 3995, 1088, 30_537, 10_559, 7060, 34_883), strict=True))
"""Lines of `label.lst` by class."""

SALT = "expw/0"


class ExpW(ReceivableSource):
    """The source; see the datasheet above."""

    name = "expw"
    title = "ExpW"
    licence = "not stated; images from the web: local research only, pass no image on"
    homepage = "http://mmlab.ie.cuhk.edu.hk/projects/socialrelation/index.html"
    how_to_get = (
        "Download it by the links on the homepage, unpack the images with `7z x`, then "
        "`fer-bench data add expw FOLDER`"
    )
    archives = ("image/origin (7z in parts, unpacked)", "label/label.lst")
    max_files = 300_000
    max_bytes = 40 * 2**30

    @property
    def published(self) -> int:
        """Lines of the published list."""
        return sum(LINES.values())

    def collect(self, tree: Tree) -> Collected:
        """The list, and the images that it names."""
        list_ = tree.one(r"label\.lst", LIST)
        named = {face.image for face in read_list(list_).faces}
        collected: Collected = {}
        image = r"([^/]+\.(?:jpe?g|png))"
        # Beside the photographs may lie faces cut out of them, under the same names.
        for match, file in list(tree.matching(f"origin/{image}")) or tree.matching(image):
            if match[1] in named:
                put(collected, f"origin/{match[1]}", file)
        if not collected:
            packed = next(tree.matching(r"[^/]+\.(?:7z|7z\.\d+|rar|zip\.\d+)"), None)
            raise FerBenchError(
                f"none of the {len(named):,} images that {LIST} names is there.\n"
                f"  expected: image/origin/<name>.jpg\n  found:    {tree.outline()}"
                + ("\nUnpack the images first: `7z x` with the first part." if packed else "")
            )
        put(collected, LIST, list_)
        return collected

    def index(self, root: Path, options: Mapping[str, Any]) -> pd.DataFrame:
        """One row per listed face whose image is there, in the order of the list; no options.

        Columns: `published_box` (left, top, right, bottom) and `published_confidence`.
        """
        self.check(options)
        present = _present(root)
        rows = [
            {
                "sample_id": pseudonym("expw", f"{face.image} {face.number}"),
                "label": int(face.label),
                "split": split_of(face.image, SALT),
                "subject": None,
                "fold": None,
                "path": f"origin/{face.image}",
                "published_box": list(face.box),
                "published_confidence": face.confidence,
            }
            for face in self._listed(root).faces
            if face.image in present
        ]
        if not rows:
            raise FerBenchError(f"{root}: none of the images in {LIST} is there. Add it again.")
        return pd.DataFrame(rows).astype({"label": "int64", "fold": "Int64"})

    def load(self, root: Path, row: Mapping[str, Any], options: Mapping[str, Any]) -> np.ndarray:
        """The part of the photograph about the face: (H, W, 3) uint8 RGB."""
        return cut_box(read_rgb(root / row["path"]), row["published_box"], row["path"])

    def inventory(self, root: Path) -> Inventory:
        """Count listed faces and those whose image is there."""
        listed, there = self._listed(root), _present(root)
        present = sum(face.image in there for face in listed.faces)
        if not present:
            raise FerBenchError(
                f"none of the {len(listed.faces):,} listed faces is there: give the images that "
                f"{LIST} names, undamaged."
            )
        return Inventory(
            len(listed.faces),
            present,
            (*listed.notes, "no split is published: ours is by a hash of the image's name"),
        )

    def faults(self, root: Path) -> list[str]:
        """Classes with other numbers of lines than published, and faces without their image."""
        listed, there = self._listed(root), _present(root)
        lines = [
            f"{label.name}: {n:,} lines of {LIST} published, {listed.lines.get(label, 0):,} here"
            for label, n in LINES.items()
            if listed.lines.get(label, 0) != n
        ]
        if missing := sum(face.image not in there for face in listed.faces):
            lines.append(f"{missing:,} listed faces without their image")
        return lines

    def _listed(self, root: Path) -> Listed:
        if not (root / LIST).is_file():
            raise FerBenchError(f"{root} does not hold expw ({LIST}). {self.how_to_get}.")
        return read_list(root / LIST)


def _present(root: Path) -> set[str]:
    folder = root / "origin"
    return {path.name for path in folder.iterdir()} if folder.is_dir() else set()


SOURCE = ExpW()

PACKS = (PackSpec("expw", "expw"),)

DATASETS = (Dataset("expw", (Part("expw"),), title=SOURCE.title),)
