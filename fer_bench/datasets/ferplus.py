"""FERPlus: 48x48 grey faces of FER2013, labelled again by ten raters each.

Origin: FER2013 (Goodfellow et al., 2013, Kaggle "Challenges in Representation Learning"), images
found by web search; FERPlus labels: Barsoum et al., 2016, github.com/microsoft/FERPlus at commit
ae2128a.
Licence: the labels are MIT; FER2013 comes under Kaggle's competition terms, with no licence for the
images [recalled]: pass no image on.
Obtain: Kaggle's competition zip, or the `fer2013.tar.gz` in it (an account is needed), the FERPlus
repository as zip, and `fer-bench data add ferplus fer2013.tar.gz FERPlus.zip`. Who holds the PNG
that the repository's script wrote gives that folder instead; docs/layouts.md lists every form.
Layout kept: `fer2013.csv` (or `icml_face_data.csv`, the same table with other columns first), else
`FER2013{Train,Valid,Test}/fer0000000.png`; `fer2013new.csv`; `label_train.csv`, `label_valid.csv`,
`label_test.csv` (the repository's `data/FER2013{Train,Valid,Test}/label.csv`). Where table and PNG
are both given the table is read and every PNG compared with it.
Size: 35,887 rows, 35,714 of them named. With the official majority vote on `label.csv` 31,373
faces: train 25,045, val 3,191, test 3,137 (25,045 + 3,191 = 28,236 is what the field trains on; the
challenge lists name these faces). The paper prints 28558/3589/3589: the lines of the training label
file and the sizes of FER2013's test sets, which no voting rule gives.
Classes: eight; test, neutral to contempt: 1083 892 394 382 269 16 86 15.
Splits: its own three (Usage Training, PublicTest, PrivateTest). No person is identified.
Join: row k of `fer2013.csv` is row k of `fer2013new.csv`; its name leads to the votes in
`label_*.csv`. Names are not row numbers (shifts up to 85).
Known faults: four names occur twice (rows 5274, 5348, 15835 and 34334, counted from 0, carry
another row's name and are dropped; the official script lets the last row win and so gives two faces
the wrong pixels, flagged when these PNG are read); 173 rows have no name (no face); one face got
nine votes; 3,353 named faces stand in 1,513 groups of identical images, 556 groups across splits.
Two files of votes, not two versions of one: they differ for 1,601 faces (the official label for
377), and every one of these is such a duplicate. `label.csv` holds the votes as cast, each copy
rated anew: of 415 train-test pairs 45 have equal votes and 336 the same largest count, within train
176 and 1,242 of 1,484. `fer2013new.csv` gives all copies of a face the votes of the first (equal in
415 of 415 and 1,484 of 1,484). Agreement among duplicates is made there, and in `label.csv` it is
the set's only test-retest reliability: results/tables/label_reliability.md.
Options (`data.ferplus`): `voting`, a rule of `ferplus_votes` (default majority; counts of each in
its docstring); `votes`, `label_csv` (default where these files are) or `fer2013new`.
Columns: `votes` (ten counts, neutral to contempt, unknown, no face; kept by every rule),
`fer2013_label` (the one label FER2013 gave; null for PNG, which do not say), `fer2013_row` (from 0;
null where no table tells), `offset` (byte of the row; null for PNG), `other_pixels` (the picture is
another row's).
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from fer_bench.datasets.base import Dataset, PackSpec, Part
from fer_bench.datasets.ferplus_checks import pictures_apart, rows_apart
from fer_bench.datasets.ferplus_files import load_face
from fer_bench.datasets.ferplus_join import (
    FOLDERS,
    LABEL_FILES,
    NAMES,
    PIXELS,
    VOTES,
    Joined,
    join,
)
from fer_bench.datasets.ferplus_layouts import collect
from fer_bench.datasets.ferplus_votes import RULES, UNLABELLED
from fer_bench.datasets.receivable import Collected, Inventory, ReceivableSource
from fer_bench.datasets.tree import Tree
from fer_bench.errors import FerBenchError, nearest
from fer_bench.labels import EIGHT


class FerPlus(ReceivableSource):
    """The source; see the datasheet above."""

    name = "ferplus"
    title = "FERPlus"
    licence = "labels MIT; images under Kaggle's competition terms: pass no image on"
    homepage = "https://github.com/microsoft/FERPlus"
    how_to_get = (
        "fer2013.tar.gz from Kaggle (challenges-in-representation-learning-facial-expression-"
        "recognition-challenge) and the FERPlus repository as zip, then "
        "`fer-bench data add ferplus fer2013.tar.gz FERPlus.zip`, or the folder of PNG that its "
        "script wrote"
    )
    archives = ("fer2013.tar.gz", "FERPlus.zip")
    pixels = ("resize", "mtcnn")
    expected = {  # noqa: RUF012
        "train": dict(zip(EIGHT, (8733, 7284, 3136, 3022, 2098, 116, 536, 120), strict=True)),
        "val": dict(zip(EIGHT, (1180, 862, 411, 348, 289, 25, 60, 16), strict=True)),
        "test": dict(zip(EIGHT, (1083, 892, 394, 382, 269, 16, 86, 15), strict=True)),
    }
    max_files = 200_000
    max_bytes = 4 * 2**30

    def check(self, options: Mapping[str, Any]) -> None:
        """Raise FerBenchError when `voting` or `votes` is none of the known ones."""
        known = {"voting": tuple(RULES), "votes": VOTES}
        for key, value in options.items():
            if key not in known:
                raise FerBenchError(
                    f"data.ferplus.{key}: unknown option; {nearest(key, known)} "
                    "Correct it in params.yaml."
                )
            if value not in known[key]:
                raise FerBenchError(
                    f"data.ferplus.{key}: {value!r}; {nearest(str(value), known[key])} "
                    "Correct it in params.yaml."
                )

    def collect(self, tree: Tree) -> Collected:
        """The table or the PNG, and the votes, wherever they lie."""
        return collect(tree)

    def index(self, root: Path, options: Mapping[str, Any]) -> pd.DataFrame:
        """One row per labelled face whose pixels are there, in the order of `fer2013.csv`.

        Args:
            root: the folder.
            options: `voting` and `votes`; see the datasheet.
        """
        self.check(options)
        joined = self._join(root, options)
        labels = RULES[options.get("voting", "majority")](joined.votes)
        rows = [
            {
                "sample_id": face.name,
                "label": int(label),
                "split": face.split,
                "subject": None,
                "fold": None,
                "path": face.path,
                "votes": list(face.votes),
                "fer2013_label": face.fer2013_label,
                "fer2013_row": face.row,
                "offset": face.offset,
                "other_pixels": face.overwritten,
            }
            for face, label in zip(joined.faces, labels, strict=True)
            if label != UNLABELLED and face.path
        ]
        if not rows:
            raise FerBenchError(f"{root}: not one face has a label. Add it again.")
        whole = dict.fromkeys(("fold", "fer2013_row", "offset"), "Int64")
        return pd.DataFrame(rows).astype({"label": "int64", **whole})

    def load(self, root: Path, row: Mapping[str, Any], options: Mapping[str, Any]) -> np.ndarray:
        """The image of one index row: (48, 48, 3) uint8, grey in three channels."""
        return load_face(root, row)

    def inventory(self, root: Path) -> Inventory:
        """Count faces with a label by the default rule, and say which were left out."""
        joined = self._join(root, {})
        keep = RULES["majority"](joined.votes) != UNLABELLED
        here = np.array([face.path is not None for face in joined.faces], dtype=bool)
        if not (here & keep).any():
            raise FerBenchError(
                "not one face of fer2013.csv or of the PNG folders has a label: give "
                "fer2013new.csv or label.csv of the same set."
            )
        item = joined.item
        found = [*joined.notes, (int((~keep).sum()), "without a majority: left out")]
        notes = [f"{n:,} {item}{'s'[: n != 1]} {what}" for n, what in found if n]
        beside = sum(1 for f in FOLDERS.values() for _ in (root / f).glob("*.png"))
        if item == "row" and beside:
            notes.append(f"{beside:,} PNG beside fer2013.csv: compared with it, not read")
        if _by_names(root):
            notes.append(
                "label.csv was not given: votes are fer2013new.csv's, whose label differs from the "
                "one the field uses for 377 faces"
            )
        return Inventory(int(keep.sum()), int((here & keep).sum()), tuple(notes))

    def edition(self, root: Path) -> FerPlus:
        """With the counts of the votes that are there: those of `fer2013new.csv` differ."""
        return BY_NAMES if _by_names(root) else self

    def faults(self, root: Path) -> list[str]:
        """Rows in another order than their names, and PNG that show other pixels than the table."""
        joined = self._join(root, {})
        labels = RULES["majority"](joined.votes)
        return [*rows_apart(joined.faces, labels), *pictures_apart(root, joined.faces)]

    def _join(self, root: Path, options: Mapping[str, Any]) -> Joined:
        if not any((root / name).exists() for name in (PIXELS, NAMES, *FOLDERS.values())):
            raise FerBenchError(f"{root} does not hold ferplus. To get it: {self.how_to_get}.")
        return join(root, options.get("votes"))


class _ByNames(FerPlus):
    """With the votes of `fer2013new.csv`, the four misnamed rows left out."""

    expected = {  # noqa: RUF012
        "train": dict(zip(EIGHT, (8739, 7287, 3149, 3013, 2099, 119, 532, 119), strict=True)),
        "val": dict(zip(EIGHT, (1182, 865, 415, 351, 287, 24, 62, 13), strict=True)),
        "test": dict(zip(EIGHT, (1090, 893, 396, 384, 273, 18, 83, 16), strict=True)),
    }


def _by_names(root: Path) -> bool:
    return not (root / LABEL_FILES["train"]).is_file()


SOURCE = FerPlus()
BY_NAMES = _ByNames()

PACKS = (
    PackSpec("ferplus", "ferplus"),
    PackSpec("ferplus_masked", "ferplus", mask_style="blue"),
    PackSpec("ferplus_masked_mixed", "ferplus", mask_style="mixed"),
)

_SIZES = {"train": 25_045, "val": 3_191, "test": 3_137}
_PRINTED = {"train": 28_558, "val": 3_589, "test": 3_589}

DATASETS = (
    Dataset(
        "ferplus",
        (Part("ferplus"),),
        classes=EIGHT,
        challenge="ferplus",
        sizes=_SIZES,
        printed=_PRINTED,
        title=SOURCE.title,
    ),
    *(
        Dataset(
            name, (Part(name),), classes=EIGHT, sizes=_SIZES, printed=_PRINTED,
            title=f"{SOURCE.title}, {masks} masks",
        )
        for name, masks in (("ferplus_masked", "blue"), ("ferplus_masked_mixed", "mixed"))
    ),
)  # fmt: skip
