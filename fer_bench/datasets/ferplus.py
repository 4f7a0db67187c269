"""FERPlus: 48x48 grey faces of FER2013, labelled again by ten raters each.

Origin: FER2013 (Goodfellow et al., 2013, Kaggle "Challenges in Representation Learning"), images
found by web search; FERPlus labels: Barsoum et al., 2016, github.com/microsoft/FERPlus at commit
ae2128a.
Licence: the labels are MIT; FER2013 comes under Kaggle's competition terms, with no licence for the
images [recalled]: pass no image on.
Obtain: `fer2013.tar.gz` from the Kaggle competition (an account is needed), the FERPlus repository
as zip, and `fer-bench data add ferplus fer2013.tar.gz FERPlus.zip`. If Kaggle gives one zip of
everything, unpack it and give the `fer2013.tar.gz` inside.
Layout kept: `fer2013.csv`, `fer2013new.csv`, `label_train.csv`, `label_valid.csv`,
`label_test.csv` (the repository's `data/FER2013{Train,Valid,Test}/label.csv`).
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
the wrong pixels); 173 rows have no name (no face); votes differ between the two label sources for
1,601 faces, the official label for 377; one face got nine votes; about 1,500 groups of identical
images, 557 of them across splits.
Options (`data.ferplus`): `voting`, a rule of `ferplus_votes` (default majority; counts of each in
its docstring); `votes`, `label_csv` (default) or `fer2013new`.
Columns: `votes` (ten counts, neutral to contempt, unknown, no face; kept by every rule),
`fer2013_label` (the one label FER2013 gave), `fer2013_row` (from 0), `offset` (byte of the row).
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from fer_bench.datasets.base import Dataset, PackSpec, Part
from fer_bench.datasets.ferplus_files import USAGES, read_pixels
from fer_bench.datasets.ferplus_join import VOTES, Joined, join
from fer_bench.datasets.ferplus_votes import RULES, UNLABELLED
from fer_bench.datasets.receivable import Collected, Inventory, ReceivableSource, put
from fer_bench.datasets.tree import Tree
from fer_bench.errors import FerBenchError, nearest
from fer_bench.labels import EIGHT

_WANTED = {
    "fer2013.csv": (r"fer2013\.csv", "fer2013.csv (in Kaggle's fer2013.tar.gz: unpack that)"),
    "fer2013new.csv": (r"fer2013new\.csv", "fer2013new.csv (of the FERPlus repository)"),
    **{
        f"label_{part}.csv": (
            rf"(?:FER2013{part}/label|label_{part})\.csv",
            f"data/FER2013{part.title()}/label.csv (of the FERPlus repository)",
        )
        for part in ("train", "valid", "test")
    },
}


class FerPlus(ReceivableSource):
    """The source; see the datasheet above."""

    name = "ferplus"
    title = "FERPlus"
    licence = "labels MIT; images under Kaggle's competition terms: pass no image on"
    homepage = "https://github.com/microsoft/FERPlus"
    how_to_get = (
        "fer2013.tar.gz from Kaggle (challenges-in-representation-learning-facial-expression-"
        "recognition-challenge) and the FERPlus repository as zip, then "
        "`fer-bench data add ferplus fer2013.tar.gz FERPlus.zip`"
    )
    archives = ("fer2013.tar.gz", "FERPlus.zip")
    pixels = ("resize", "mtcnn")
    expected = {  # noqa: RUF012
        "train": dict(zip(EIGHT, (8733, 7284, 3136, 3022, 2098, 116, 536, 120), strict=True)),
        "val": dict(zip(EIGHT, (1180, 862, 411, 348, 289, 25, 60, 16), strict=True)),
        "test": dict(zip(EIGHT, (1083, 892, 394, 382, 269, 16, 86, 15), strict=True)),
    }
    max_files = 200_000  # the repository may hold the images that its script wrote
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
        """The five files, wherever they lie."""
        collected: Collected = {}
        for target, (pattern, what) in _WANTED.items():
            put(collected, target, tree.one(pattern, what))
        return collected

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
                "sample_id": joined.names[i],
                "label": int(labels[i]),
                "split": USAGES[joined.usages[i]],
                "subject": None,
                "fold": None,
                "path": "fer2013.csv",
                "votes": joined.votes[i].tolist(),
                "fer2013_label": joined.pixels[row].label,
                "fer2013_row": row,
                "offset": joined.pixels[row].offset,
            }
            for i, row in enumerate(joined.rows)
            if labels[i] != UNLABELLED and row < len(joined.pixels)
        ]
        if not rows:
            raise FerBenchError(f"{root}: not one face of fer2013.csv has a label. Add it again.")
        return pd.DataFrame(rows).astype({"label": "int64", "fold": "Int64"})

    def load(self, root: Path, row: Mapping[str, Any], options: Mapping[str, Any]) -> np.ndarray:
        """The image of one index row: (48, 48, 3) uint8, grey in three channels."""
        grey = read_pixels(root / "fer2013.csv", int(row["offset"]), int(row["fer2013_row"]))
        return np.stack([grey] * 3, axis=-1)

    def inventory(self, root: Path) -> Inventory:
        """Count faces with a label by the default rule, and say which rows were left out."""
        joined = self._join(root, {})
        keep = RULES["majority"](joined.votes) != UNLABELLED
        here = np.array(joined.rows) < len(joined.pixels)
        if not (here & keep).any():
            raise FerBenchError("not one row of fer2013.csv has a label in the label files.")
        notes = [
            (joined.cut_off, "missing at the end of fer2013.csv"),
            (joined.unnamed, "without a name: left out"),
            (joined.misnamed, "with another row's name: left out"),
            (joined.unlisted, "whose name is in no label file: left out"),
            (int((~keep).sum()), "without a majority: left out"),
        ]
        return Inventory(
            listed=int(keep.sum()),
            present=int((here & keep).sum()),
            notes=tuple(f"{n} row{'s'[: n != 1]} {what}" for n, what in notes if n),
        )

    def _join(self, root: Path, options: Mapping[str, Any]) -> Joined:
        if not (root / "fer2013new.csv").is_file():
            raise FerBenchError(f"{root} does not hold ferplus. To get it: {self.how_to_get}.")
        return join(root, options.get("votes", VOTES[0]))


SOURCE = FerPlus()

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
