"""CK+48: the last three frames of CK+'s labelled sequences, cropped to 48x48 grey by somebody.

Origin: a copy of CK+ (Lucey et al., 2010; see `ckplus`) that is spread on Kaggle and GitHub as
`CK+48`; who cropped it, and how, is not stated.
Licence: that of CK+: by agreement, research only, no redistribution (recalled).
Obtain: sign the agreement of CK+'s authors; then the copy, and `fer-bench data add ckplus48 PATH`.
Layout: `CK+48/{anger,contempt,disgust,fear,happy,sadness,surprise}/S010_004_00000017.png`: person,
sequence and frame.
Classes: seven, with contempt and without neutral: anger 135, contempt 54, disgust 177, fear 75,
happiness 207, sadness 84, surprise 249.
Size: 981 frames of 327 sequences of 118 people.
Splits: none published, so every row is a test face of one of ten subject-disjoint folds, those of
`ckplus`. Results on random splits of this copy have one person's near-equal frames on both sides.
Datasets: `ckplus48` (981, seven classes, ten folds). Its classes and pixels are not those of
`ckplus7` and `ckplus8`: scores are not comparable.
Columns: `frame` (third_last, second_last, last; null in a sequence without exactly three),
`emotion_of_sequence`.
Known faults: the frames of a sequence are near copies of each other; how the faces were cut out is
not known.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from fer_bench.datasets.base import Dataset, PackSpec, Part
from fer_bench.datasets.ckplus import CODES, CROPPED, FRAMES, ckplus_copy, fold_of
from fer_bench.datasets.receivable import Collected, Inventory, ReceivableSource, put
from fer_bench.datasets.spelling import expression_of
from fer_bench.datasets.tree import Tree
from fer_bench.errors import FerBenchError
from fer_bench.labels import EIGHT

LABELS = CODES[1:]
"""All but neutral."""

_FRAME = re.compile(r"(S\d{3})_(\d{3})_\d{8}")


class CKPlus48(ReceivableSource):
    """The source; see the datasheet above."""

    name = "ckplus48"
    title = "CK+48"
    licence = "that of CK+: research only, no redistribution"
    homepage = "http://www.jeffcohn.net/Resources/"
    how_to_get = "sign the agreement of CK+'s authors"
    archives = ("CK+48.zip",)
    pixels = ("resize", "mtcnn")
    expected = {  # noqa: RUF012
        "test": {
            "anger": 135,
            "contempt": 54,
            "disgust": 177,
            "fear": 75,
            "happiness": 207,
            "sadness": 84,
            "surprise": 249,
        }
    }
    max_files = 20_000
    max_bytes = 2 * 2**30

    def collect(self, tree: Tree) -> Collected:
        """Every frame in a folder of its class."""
        collected: Collected = {}
        unknown = set()
        for match, file in tree.matching(CROPPED):
            folder, person, sequence, frame, suffix = match.groups()
            label = expression_of(folder, LABELS)
            if label is None:
                unknown.add(folder)
                continue
            stem = f"{person.upper()}_{sequence}_{frame}"
            put(collected, f"{label.name}/{stem}.{suffix.lower()}", file)
        if collected and unknown:
            raise FerBenchError(
                f"{', '.join(sorted(unknown))} is no class of CK+48 but holds frames named like "
                "its own, and they would be lost.\n"
                f"  expected: {', '.join(e.name for e in LABELS)}\n"
                f"  found:    {tree.outline()}"
            )
        if not collected:
            raise FerBenchError(_nothing(tree, unknown))
        return collected

    def index(self, root: Path, options: Mapping[str, Any]) -> pd.DataFrame:
        """One row per frame, by name; no options."""
        self.check(options)
        rows = [
            {
                "sample_id": path.stem,
                "label": int(label),
                "split": "test",
                "subject": (subject := _person(path)),
                "fold": fold_of(subject),
                "path": path.relative_to(root).as_posix(),
                "emotion_of_sequence": label.name,
            }
            for label in LABELS
            for path in (root / label.name).glob("S*.*")
        ]
        if not rows:
            raise FerBenchError(
                f"{root} does not hold CK+48: run `fer-bench data add {self.name} PATH`."
            )
        frame = pd.DataFrame(rows).sort_values("sample_id", ignore_index=True)
        frame["frame"] = _places(frame)
        return frame.astype({"label": "int64", "fold": "Int64"})

    def inventory(self, root: Path) -> Inventory:
        """Count the frames; the folders are the labels, so as many are listed as are there."""
        index = self.index(root, {})
        odd = len({stem[: stem.rindex("_")] for stem in index["sample_id"][index["frame"].isna()]})
        note = f"{odd} sequence{'s'[: odd != 1]} without exactly three frames"
        return Inventory(len(index), len(index), (note,) if odd else ())


def _person(path: Path) -> str:
    """Whom a frame shows; raises FerBenchError when the file is not named like a frame."""
    match = _FRAME.fullmatch(path.stem)
    if match is None:
        raise FerBenchError(
            f"{path} is not named like a frame of CK+48 (S010_004_00000017.png): take it out."
        )
    return match[1]


def _places(index: pd.DataFrame) -> list[str | None]:
    """Which of its sequence's frames each is.

    Raises:
        FerBenchError: a frame occurs twice, or a sequence in two classes.
    """
    sequences: dict[str, list[str]] = defaultdict(list)
    emotions: dict[str, set[str]] = defaultdict(set)
    for stem, emotion in zip(index["sample_id"], index["emotion_of_sequence"], strict=True):
        sequence = stem.rpartition("_")[0]
        sequences[sequence].append(stem)
        emotions[sequence].add(emotion)
    for sequence, stems in sequences.items():
        if len(emotions[sequence]) > 1 or len(set(stems)) < len(stems):
            raise FerBenchError(
                f"sequence {sequence} lies in more than one class ({', '.join(emotions[sequence])})"
                " or has a frame twice: keep the right ones, then add the set again."
            )
    places = {
        stem: frame
        for stems in sequences.values()
        if len(stems) == len(FRAMES[1:])
        for stem, frame in zip(sorted(stems), FRAMES[1:], strict=True)
    }
    return [places.get(stem) for stem in index["sample_id"]]


def _nothing(tree: Tree, folders: set[str]) -> str:
    if folders and all(folder.isdigit() for folder in folders):
        return (
            "this is CK+ itself, with whole sequences: `fer-bench data add ckplus PATH...`, with "
            "its labels."
        )
    return ckplus_copy(tree) or (
        "this is not CK+48.\n  expected: CK+48/anger/S010_004_00000017.png and 980 more\n"
        f"  found:    {tree.outline()}"
    )


SOURCE = CKPlus48()

PACKS = (PackSpec("ckplus48", "ckplus48"),)

DATASETS = (
    Dataset(
        "ckplus48",
        (Part("ckplus48"),),
        classes=EIGHT[1:],
        protocol="folds",
        sizes={"folds": 981},
        title="CK+48, 7 classes with contempt, without neutral",
    ),
)
