"""RAF-DB, basic set: 15,339 faces from the web, seven expressions.

Origin: Li, Deng & Du, CVPR 2017, "Reliable Crowdsourcing and Deep Locality-Preserving Learning for
Expression Recognition in the Wild"; images from Flickr [recalled].
Licence: by agreement with the authors, non-commercial research only; no copying, publishing or
distributing [seen in the agreement of the sibling set RAF-CE].
Obtain: write to the authors (homepage below) from an institution's address; they send links and the
archives' password [recalled]. `fer-bench data add rafdb basic.zip`, with `--password` if it has
one; archives inside it (`Image/aligned.zip`) are unpacked too.
Layout (`basic/`): `EmoLabel/list_patition_label.txt` (sic), lines `train_00001.jpg 5`;
`Image/aligned/<stem>_aligned.jpg`, 100x100; `Image/original/<stem>.jpg` (optional here);
`Annotation/manual/<stem>_manu_attri.txt` (optional here). Files of the compound set are passed by.
Classes: 1 surprise, 2 fear, 3 disgust, 4 happiness, 5 sadness, 6 anger, 7 neutral.
Size and split: 12,271 train, 3,068 test, the owner's; no validation split (training carves one).
Per class, in the order of the codes [recalled; sums verified]: train 1290 281 717 4772 1982 705
2524; test 329 74 160 1185 478 162 680. No person is identified, so a carved validation split may
share persons with train.
Pixels: `official` (default; the owner's aligned faces, as the paper's released loaders read);
`mtcnn` and `resize` take the original photographs. In those a face is often small or off the
middle, so `resize` is there for completeness only.
Attributes [format recalled]: five landmark lines, then gender (0 male, 1 female, 2 unsure), race (0
Caucasian, 1 African-American, 2 Asian) and age (0: 0-3, 1: 4-19, 2: 20-39, 3: 40-69, 4: 70+), one
a line; here the columns `gender`, `race` and `age`, `unknown` where the file is missing or says
something else. They are what raters saw, not what people said of themselves.
Labels: about forty raters an image [recalled]; only the winning expression is published here.
Known faults: nothing keeps a person out of train who is in test; classes are uneven (17 times as
much happiness as fear in train).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from fer_bench.datasets.base import Dataset, PackSpec, Part
from fer_bench.datasets.photograph import read_rgb
from fer_bench.datasets.receivable import Collected, Inventory, ReceivableSource, put
from fer_bench.datasets.tree import Tree
from fer_bench.errors import FerBenchError
from fer_bench.labels import Expression

LIST = "EmoLabel/list_patition_label.txt"

CODES = {
    1: Expression.surprise,
    2: Expression.fear,
    3: Expression.disgust,
    4: Expression.happiness,
    5: Expression.sadness,
    6: Expression.anger,
    7: Expression.neutral,
}

ATTRIBUTES = {
    "gender": ("male", "female", "unsure"),
    "race": ("caucasian", "african_american", "asian"),
    "age": ("0-3", "4-19", "20-39", "40-69", "70+"),
}
UNKNOWN = "unknown"

_STEM = r"(?:train|test)_\d+"
_KINDS = {
    "Image/aligned/{}_aligned.jpg": rf"aligned/({_STEM})_aligned\.jpg",
    "Image/original/{}.jpg": rf"original/({_STEM})\.jpg",
    "Annotation/manual/{}_manu_attri.txt": rf"manual/({_STEM})_manu_attri\.txt",
}
_ALIGNED, _ORIGINAL, _MANUAL = _KINDS


@dataclass(frozen=True)
class _List:
    labels: dict[str, Expression]
    repeated: int


class RafDb(ReceivableSource):
    """The source; see the datasheet above."""

    name = "rafdb"
    title = "RAF-DB"
    licence = "agreement with the authors: non-commercial research, no redistribution"
    homepage = "http://www.whdeng.cn/raf/model1.html"
    how_to_get = (
        "Ask the authors (see the homepage), then "
        "`fer-bench data add rafdb basic.zip` (`--password` if it has one)"
    )
    archives = ("basic.zip (EmoLabel, Image/aligned, Image/original, Annotation)",)
    pixels = ("official", "mtcnn", "resize")
    expected = {  # noqa: RUF012
        split: {CODES[code].name: n for code, n in enumerate(counts, start=1)}
        for split, counts in {
            "train": (1290, 281, 717, 4772, 1982, 705, 2524),
            "test": (329, 74, 160, 1185, 478, 162, 680),
        }.items()
    }
    max_files = 200_000
    max_bytes = 20 * 2**30

    def collect(self, tree: Tree) -> Collected:
        """The label list, the aligned faces and, where given, originals and attributes."""
        collected: Collected = {}
        lists = [file for _, file in _basic(tree, r"(?:EmoLabel/)?list_patition_label\.txt")]
        if len(lists) != 1:
            raise FerBenchError(
                f"this is not RAF-DB's basic set.\n  expected: one basic/{LIST}\n"
                f"  found:    {len(lists) or 'none'} among {tree.outline()}"
            )
        put(collected, LIST, lists[0])
        for target, pattern in _KINDS.items():
            for match, file in _basic(tree, pattern):
                put(collected, target.format(match[1].lower()), file)
        if not any(str(target).startswith("Image/aligned/") for target in collected):
            raise FerBenchError(
                f"RAF-DB's aligned faces are missing.\n  expected: Image/aligned/*_aligned.jpg\n"
                f"  found:    {tree.outline()}\nUnpack Image/aligned.zip and give its folder too."
            )
        return collected

    def index(self, root: Path, options: Mapping[str, Any]) -> pd.DataFrame:
        """One row per listed image whose file is there, in the order of the list.

        Args:
            root: the folder.
            options: `pixels`, which images `path` names.
        """
        self.check({key: value for key, value in options.items() if key != "pixels"})
        kind = options.get("pixels", self.pixels[0])
        pattern = _ALIGNED if kind == "official" else _ORIGINAL
        rows = [
            {
                "sample_id": stem,
                "label": int(label),
                "split": stem.split("_")[0],
                "subject": None,
                "fold": None,
                "path": pattern.format(stem),
                **(_attributes(root, stem) or dict.fromkeys(ATTRIBUTES, UNKNOWN)),
            }
            for stem, label in self._list(root).labels.items()
            if (root / pattern.format(stem)).is_file()
        ]
        if not rows:
            raise FerBenchError(
                f"{root}: none of the listed images is in {Path(pattern).parent}/, which "
                f"`align.rafdb.pixels: {kind}` needs. Add RAF-DB again with that folder."
            )
        return pd.DataFrame(rows).astype({"label": "int64", "fold": "Int64"})

    def load(self, root: Path, row: Mapping[str, Any], options: Mapping[str, Any]) -> np.ndarray:
        """The image of one index row: (H, W, 3) uint8 RGB."""
        return read_rgb(root / row["path"])

    def inventory(self, root: Path) -> Inventory:
        """Count listed and present aligned faces, and what is missing or superfluous."""
        listed = self._list(root)
        stems = listed.labels
        found = {p.stem.removesuffix("_aligned") for p in (root / _ALIGNED).parent.glob("*.jpg")}
        present = len(found & stems.keys())
        if not present:
            raise FerBenchError(f"none of the {len(stems)} images listed in {LIST} is there.")
        originals = sum((root / _ORIGINAL.format(stem)).is_file() for stem in stems)
        described = sum((root / _MANUAL.format(stem)).is_file() for stem in stems)
        understood = sum(_attributes(root, stem) is not None for stem in stems)
        notes = [
            (listed.repeated, "listed more than once with the same label: taken once"),
            (len(found - stems.keys()), "without a label: left out"),
            (len(stems) - originals, "without its original photograph (only `mtcnn` needs it)"),
            (len(stems) - described, "without manual attributes: unknown"),
            (described - understood, "with attributes that are not understood: unknown"),
        ]
        return Inventory(
            listed=len(stems),
            present=present,
            notes=tuple(f"{n} image{'s'[: n != 1]} {what}" for n, what in notes if n),
        )

    def _list(self, root: Path) -> _List:
        if not (root / LIST).is_file():
            raise FerBenchError(f"{root} does not hold rafdb ({LIST}). {self.how_to_get}.")
        return read_list((root / LIST).read_text(encoding="utf-8-sig", errors="replace"))


def read_list(text: str) -> _List:
    """Read `list_patition_label.txt`; raises FerBenchError with the line that is wrong."""
    labels: dict[str, Expression] = {}
    repeated = 0
    for number, line in enumerate(text.splitlines(), start=1):
        words = line.split()
        if not words:
            continue
        where = f"{LIST} line {number}"
        if len(words) != 2 or not (match := re.fullmatch(rf"({_STEM})\.jpg", words[0])):
            raise FerBenchError(
                f"{where}: {line.strip()[:60]!r} is not `<train_00001.jpg|test_0001.jpg> <1..7>`."
            )
        if words[1] not in {str(code) for code in CODES}:
            raise FerBenchError(f"{where}: label {words[1]!r} is none of 1 to 7.")
        label = CODES[int(words[1])]
        if labels.setdefault(match[1], label) != label:
            raise FerBenchError(f"{where}: {words[0]} was listed with another label before.")
        repeated += 1
    return _List(labels, repeated - len(labels))


def _attributes(root: Path, stem: str) -> dict[str, str] | None:
    """The manual attributes as words; None when the file is missing or not as recalled."""
    path = root / _MANUAL.format(stem)
    if not path.is_file():
        return None
    lines = [line.strip() for line in path.read_text(errors="replace").splitlines()]
    codes = [line for line in lines if line][5:]
    if len(codes) != len(ATTRIBUTES) or not all(code.isdecimal() for code in codes):
        return None
    named = {}
    for (attribute, values), code in zip(ATTRIBUTES.items(), codes, strict=True):
        if int(code) >= len(values):
            return None
        named[attribute] = values[int(code)]
    return named


def _basic(tree: Tree, pattern: str) -> Iterator[tuple[re.Match[str], Path]]:
    """Files that match and are not of the compound set, whose folders bear the same names."""
    for match, file in tree.matching(pattern):
        if "compound" not in match.string.lower().split("/"):
            yield match, file


SOURCE = RafDb()

_MASKS = {"rafdb": None, "rafdb_masked": "blue", "rafdb_masked_mixed": "mixed"}

PACKS = tuple(PackSpec(name, "rafdb", mask_style=style) for name, style in _MASKS.items())

DATASETS = tuple(
    Dataset(
        name,
        (Part(name),),
        challenge=None if style else "rafdb",
        slices=tuple(ATTRIBUTES),
        sizes={"train": 12_271, "test": 3_068},
        printed={"train": 12_271, "test": 3_068},
        title=f"{SOURCE.title}, {style} masks" if style else SOURCE.title,
    )
    for name, style in _MASKS.items()
)
