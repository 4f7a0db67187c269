"""FER2013: 48x48 grey faces from the web with seven labels, the set that FERPlus labels again.

Origin: Goodfellow et al., 2013, Kaggle "Challenges in Representation Learning"; found by web search
for words of emotion, one label a face.
Licence: Kaggle's competition terms, with no licence for the images [recalled]: pass no image on.
Obtain: Kaggle's competition zip or the `fer2013.tar.gz` in it (an account is needed); who has added
FERPlus from a table gives `data/raw/ferplus`.
Layout kept: `fer2013.csv` (or `icml_face_data.csv`, the same table with its columns in another
order); else folders of pictures as Kaggle's msambare/fer2013 has them, `{Usage}/{class}/
{Usage}_<n>.jpg`, whose names tell the split.
Classes: 0 angry, 1 disgust, 2 fear, 3 happy, 4 sad, 5 surprise, 6 neutral; train 3995 436 4097 7215
4830 3171 4965.
Size: 28,709 / 3,589 / 3,589.
Splits: its own: Training, PublicTest (our val), PrivateTest (our test). No person is identified.
Sample ids: the row of the table, else class, Usage and number of the file name; the two do not lead
to each other, so that scores on the two kinds are not paired face by face.
Columns: `pixels_from` (csv, or the kind of picture file), `fer2013_row` and `offset` (byte of the
row), both null for picture files.
Known faults: one label in three differs from the majority of FERPlus's ten raters (measured on
22,259 faces matched by their pixels: 68 / 66 / 67 % agree in train, val, test, in no block of 1,000
less than 64 %); some
pictures show no face; 1,516 groups of equal files with 3,369 images, 557 groups across splits
(counted in JPEG copies: 314 of the test faces have a copy in another split), 57 groups with
different labels: the audit counts them. JPEG copies are not the exact pixels, and at least one that
is public was histogram-equalised before (71 % of its pictures are within 8 grey levels of the
equalised original): the receipt says so.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from fer_bench.datasets.base import Dataset, PackSpec, Part
from fer_bench.datasets.ferplus_files import (
    FER2013_LABELS,
    TABLE,
    USAGES,
    load_face,
    pixel_table,
    read_fer2013,
)
from fer_bench.datasets.receivable import Collected, Inventory, ReceivableSource, put
from fer_bench.datasets.spelling import expression_of
from fer_bench.datasets.tree import Tree
from fer_bench.errors import FerBenchError
from fer_bench.labels import Expression

CODES = tuple(Expression[name] for name in FER2013_LABELS)
"""The expressions of the codes 0 to 6."""

FOLDERS = ("angry", "disgust", "fear", "happy", "sad", "surprise", "neutral")
"""The classes' folders by code, in the layout kept."""

SUFFIXES = ("jpg", "jpeg", "png")

SAMPLED, EQUALISED = 500, 20.0
"""Pictures whose mean grey level is looked at, and the standard deviation of it below which they
were equalised: 33 in FER2013's own pixels, 9 in a public JPEG copy."""

_USAGE = "|".join(USAGES)
_IMAGE = rf"([^/]+)/({_USAGE})_(\d+)\.({'|'.join(SUFFIXES)})"
_ADDED = rf"(?:{_USAGE})_\d+\.(?:{'|'.join(SUFFIXES)})\d+\.(?:{'|'.join(SUFFIXES)})"
_OTHER = rf"(?:{'|'.join(FOLDERS)})/(?!(?:{_USAGE})_\d+\.)[^/]+\.(?:jpe?g|png|bmp)"


class Fer2013(ReceivableSource):
    """The source; see the datasheet above."""

    name = "fer2013"
    title = "FER2013"
    licence = "Kaggle's competition terms: pass no image on"
    homepage = (
        "https://www.kaggle.com/c/challenges-in-representation-learning-facial-expression-"
        "recognition-challenge"
    )
    how_to_get = (
        "fer2013.tar.gz from the Kaggle competition, then `fer-bench data add fer2013 "
        "fer2013.tar.gz`"
    )
    archives = ("fer2013.tar.gz",)
    pixels = ("resize", "mtcnn")
    expected = {  # noqa: RUF012
        split: {label.name: n for label, n in zip(CODES, counts, strict=True)}
        for split, counts in {
            "train": (3995, 436, 4097, 7215, 4830, 3171, 4965),
            "val": (467, 56, 496, 895, 653, 415, 607),
            "test": (491, 55, 528, 879, 594, 416, 626),
        }.items()
    }
    max_files = 200_000
    max_bytes = 4 * 2**30

    def collect(self, tree: Tree) -> Collected:
        """The table, or where there is none the pictures in class folders."""
        collected: Collected = {}
        table, pictures = pixel_table(tree), list(tree.matching(_IMAGE))
        for _, file in tree.matching(_ADDED):
            tree.leave_out(file, "added pictures (*.jpg0.jpg and so on), made of others")
        if table:
            put(collected, TABLE, table)
            for _, file in pictures:
                tree.leave_out(file, "pictures in class folders beside the table of pixels")
            return collected
        if not pictures:
            raise FerBenchError(_nothing(tree))
        for match, file in pictures:
            put(collected, _place(match, tree), file)
        for _, file in tree.matching(_OTHER):
            tree.leave_out(file, "pictures in class folders, without Usage in the name")
        return collected

    def index(self, root: Path, options: Mapping[str, Any]) -> pd.DataFrame:
        """One row per face, as the table has them, else by split, class and name; no options."""
        self.check(options)
        rows = _of_table(root) if (root / TABLE).is_file() else _of_folders(root)
        if not rows:
            raise FerBenchError(f"{root} does not hold fer2013. To get it: {self.how_to_get}.")
        frame = pd.DataFrame(rows).assign(subject=None, fold=None)
        whole = dict.fromkeys(("fold", "fer2013_row", "offset"), "Int64")
        return frame.astype({"label": "int64", **whole})

    def load(self, root: Path, row: Mapping[str, Any], options: Mapping[str, Any]) -> np.ndarray:
        """The image of one index row: (48, 48, 3) uint8, grey in three channels."""
        return load_face(root, row)

    def inventory(self, root: Path) -> Inventory:
        """Count the faces, and say when they are no exact pixels."""
        index = self.index(root, {})
        kinds = Counter(index["pixels_from"])
        notes = tuple(
            f"{n:,} pictures are {kind.upper()} copies: "
            + ("not the exact pixels" if kind == "jpeg" else "not compared with fer2013.csv")
            for kind, n in kinds.items()
            if kind != "csv"
        )
        return Inventory(len(index), len(index), (*notes, *_changed_contrast(self, root, index)))

    def faults(self, root: Path) -> list[str]:
        """A table rebuilt without labels, which says one emotion in every row."""
        index = self.index(root, {})
        labels = set(index["label"])
        if len(index) > 1 and len(labels) == 1:
            name = FOLDERS[CODES.index(Expression(labels.pop()))]
            return [f"every face has one label, {name}: a copy rebuilt without the labels"]
        return []


def _changed_contrast(source: Fer2013, root: Path, index: pd.DataFrame) -> list[str]:
    """A sentence when pictures are as bright as each other, which equalised copies are."""
    some = index[index["pixels_from"] != "csv"]
    some = some.iloc[:: max(1, len(some) // SAMPLED)]
    if len(some) < SAMPLED:
        return []
    means = []
    for row in some.to_dict("records"):
        try:
            means.append(source.load(root, row, {}).mean())  # type: ignore[arg-type]
        except FerBenchError:
            continue  # said when every image is decoded
    if 2 * len(means) < SAMPLED:  # a resized copy, say
        return []
    spread = float(np.std(means))
    if spread > EQUALISED:
        return []
    return [
        f"their contrast was changed by somebody (histogram equalisation): mean grey levels differ "
        f"by {spread:.0f} from picture to picture, those of FER2013 by 33"
    ]


def _place(match: re.Match[str], tree: Tree) -> str:
    """Where a picture goes; raises FerBenchError when its folder is no class."""
    label = expression_of(match[1], CODES)
    if label is None:
        raise FerBenchError(
            f"{match[1]}/ is no class of FER2013 but holds pictures named like its own.\n"
            f"  expected: {', '.join(FOLDERS)}\n  found:    {tree.outline()}\n"
            "Name the folder after its class; a number says nothing, because copies count in "
            "different orders."
        )
    folder = FOLDERS[CODES.index(label)]
    usage = next(name for name in USAGES if name.lower() == match[2].lower())
    return f"{usage}/{folder}/{usage}_{match[3]}.{match[4].lower()}"


def _of_table(root: Path) -> list[dict[str, Any]]:
    return [
        {
            "sample_id": f"fer2013_{number:05d}",
            "label": int(Expression[row.label]),
            "split": USAGES[row.usage],
            "path": TABLE,
            "pixels_from": "csv",
            "fer2013_row": number,
            "offset": row.offset,
        }
        for number, row in enumerate(read_fer2013(root / TABLE))
    ]


def _of_folders(root: Path) -> list[dict[str, Any]]:
    return [
        {
            "sample_id": f"fer2013_{folder}_{path.stem}",
            "label": int(CODES[code]),
            "split": split,
            "path": path.relative_to(root).as_posix(),
            "pixels_from": "jpeg" if path.suffix in (".jpg", ".jpeg") else path.suffix[1:],
            "fer2013_row": None,
            "offset": None,
        }
        for usage, split in USAGES.items()
        for code, folder in enumerate(FOLDERS)
        for path in sorted((root / usage / folder).glob(f"{usage}_*.*"))
    ]


def _nothing(tree: Tree) -> str:
    expected = (
        "fer2013.csv, icml_face_data.csv, or <class>/{Training,PublicTest,PrivateTest}_<n>.jpg"
    )
    text = f"this is not FER2013.\n  expected: {expected}\n  found:    {tree.outline()}"
    if next(tree.matching(r"FER2013(?:train|valid|test)/fer\d{7}\.png"), None):
        return (
            f"{text}\nThese are the PNG that FERPlus's script writes, which do not say FER2013's "
            "own labels: `fer-bench data add ferplus`, or get the table."
        )
    n = sum(1 for _ in tree.matching(_OTHER))
    if not n:
        return text
    return (
        f"{text}\nIt holds {n:,} pictures in folders of FER2013's classes whose names do not say "
        "Training, PublicTest or PrivateTest, so that the two tests cannot be told apart: get a "
        "copy whose names do, or the table."
    )


SOURCE = Fer2013()

PACKS = (PackSpec("fer2013", "fer2013"),)

DATASETS = (
    Dataset(
        "fer2013",
        (Part("fer2013"),),
        sizes={"train": 28_709, "val": 3_589, "test": 3_589},
        title=SOURCE.title,
    ),
)
