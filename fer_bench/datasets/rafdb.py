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
Copies: most people hold another arrangement of the same files. A face is known by its name, in any
folder; its label by any list, CSV file or class folder, which have to agree (docs/layouts.md).
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
much happiness as fear in train). Of a public copy in `train/` and `valid/` it is reported that its
test images are not the official ones; such copies and images of another size than 100x100 are
marked "official images not shown".
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from fer_bench.datasets import rafdb_files as files
from fer_bench.datasets.base import UNKNOWN, Dataset, PackSpec, Part
from fer_bench.datasets.rafdb_labels import CODES, STEM, number_of, settle
from fer_bench.datasets.rafdb_words import RafdbFolder, about_images, about_labels, what_is_missing
from fer_bench.datasets.receivable import Collected, Inventory, ReceivableSource, put
from fer_bench.datasets.tree import Tree
from fer_bench.errors import FerBenchError

ATTRIBUTES = {
    "gender": ("male", "female", "unsure"),
    "race": ("caucasian", "african_american", "asian"),
    "age": ("0-3", "4-19", "20-39", "40-69", "70+"),
}
_MANUAL = f"{files.MANUAL}/{{}}_manu_attri.txt"


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
        """Every label file, the aligned faces and, where given, originals and attributes."""
        aligned, originals = files.find_pictures(tree)
        lists = files.find_lists(tree)
        folders = files.class_folders(aligned.values())
        forms = [said for said, _ in lists.values()] + ([folders] if folders else [])
        if not any(not form.only_checks for form in forms) or not aligned:
            raise FerBenchError(what_is_missing(tree, aligned, originals, forms))
        labels = settle(forms, self.expected)
        collected: Collected = {}
        for target, (_, file) in lists.items():
            put(collected, target, file)
        above = files.ALIGNED
        if files.has_valid(aligned.values()):
            above += f"/{files.TRAIN_VALID}"
        if folders and folders.from_zero:
            above += f"/{files.FROM_ZERO}"
        codes = {label: code for code, label in CODES.items()}
        for stem, picture in aligned.items():
            code = f"/{codes[labels[stem]]}" if folders and stem in folders.keys else ""
            suffix = picture.file.suffix.lower()
            put(collected, f"{above}{code}/{stem}_aligned{suffix}", picture.file)
        for stem, picture in originals.items():
            put(collected, f"{files.ORIGINAL}/{stem}{picture.file.suffix.lower()}", picture.file)
        for match, file in files.basic(tree, rf"manual/({STEM})_manu_attri\.txt"):
            put(collected, _MANUAL.format(match[1].lower()), file)
        return collected

    def index(self, root: Path, options: Mapping[str, Any]) -> pd.DataFrame:
        """One row per listed image whose file is there, in the order of the official list.

        Args:
            root: the folder.
            options: `pixels`, which images `path` names.
        """
        self.check({key: value for key, value in options.items() if key != "pixels"})
        kind = options.get("pixels", self.pixels[0])
        kept = self._kept(root)
        paths = kept.aligned if kind == "official" else kept.originals
        rows = [
            {
                "sample_id": stem,
                "label": int(label),
                "split": stem.split("_")[0],
                "subject": None,
                "fold": None,
                "path": paths[stem],
                **(_attributes(root, stem) or dict.fromkeys(ATTRIBUTES, UNKNOWN)),
            }
            for stem, label in kept.labels.items()
            if stem in paths
        ]
        if not rows:
            folder = files.ALIGNED if kind == "official" else files.ORIGINAL
            raise FerBenchError(
                f"{root}: none of the listed images is in {folder}/, which "
                f"`align.rafdb.pixels: {kind}` needs. Add RAF-DB again with that folder."
            )
        return pd.DataFrame(rows).astype({"label": "int64", "fold": "Int64"})

    def inventory(self, root: Path) -> Inventory:
        """Count listed and present aligned faces, and say what is missing, superfluous or odd."""
        kept = self._kept(root)
        stems = kept.labels
        present = len(kept.aligned.keys() & stems.keys())
        if not present:
            raise FerBenchError(f"none of the {len(stems)} images that have a label is there.")
        originals = len(kept.originals.keys() & stems.keys())
        described = sum((root / _MANUAL.format(stem)).is_file() for stem in stems)
        understood = sum(_attributes(root, stem) is not None for stem in stems)
        repeated = sum(form.repeated for form in kept.forms)
        notes = [
            (repeated, "listed more than once with the same label: taken once"),
            (len(kept.aligned.keys() - stems.keys()), "without a label: left out"),
            (len(stems) - originals, "without its original photograph (only `mtcnn` needs it)"),
            (len(stems) - described, "without manual attributes: unknown"),
            (described - understood, "with attributes that are not understood: unknown"),
        ]
        return Inventory(
            listed=len(stems),
            present=present,
            notes=(
                *(f"{n} image{'s'[: n != 1]} {what}" for n, what in notes if n),
                *about_labels(kept),
                *about_images(root, kept),
            ),
        )

    def _kept(self, root: Path) -> RafdbFolder:
        aligned = files.kept_aligned(root)
        forms = files.kept_forms(root, aligned)
        if not forms:
            raise FerBenchError(f"{root} does not hold rafdb ({files.LIST}). {self.how_to_get}.")
        labels = settle(forms, self.expected)
        if not (root / files.LIST).is_file():
            labels = {stem: labels[stem] for stem in sorted(labels, key=number_of)}
        return RafdbFolder(forms, labels, aligned, files.kept_originals(root))


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
