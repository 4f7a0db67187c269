"""FED-RO: 400 faces from the web with real occlusions, to test on.

Origin: Li et al., 2018, "Occlusion Aware Facial Expression Recognition Using CNN With Attention
Mechanism"; faces behind sunglasses, masks, hands, hair.
Licence: none stated; the images were collected from the web: local research only, pass no image on.
Obtain: the links (OneDrive, Baidu) in the README of github.com/mysee1989/PG-CNN, then
`fer-bench data add fedro FOLDER_OR_ARCHIVE`.
Layout: `{neural,disgust,fear,anger,happy,surprise,sad}/occ_img_<n>.jpg` (`neural` sic); kept here
under the same names. Folders spelt otherwise (Happiness, Sad, 3_angry) are taken; one whose class
cannot be told is refused with its name, because its class would be lost. The archive's own name
differs from mirror to mirror.
Size: 400 images; counts per class are not verified and not checked. The set's first users reported
that only 381 of 400 could be downloaded; the numbers missing in the file names are noted when it is
added. The paper's 73.5 and 72.75 are 294 and 291 of 400.
Classes: seven.
Split: test only. It is scored by a model trained on AffectNet and RAF-DB.
Pixels: `mtcnn` (default) or `resize`.
Known faults: images of very different sizes; labels by three people [recalled].
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from itertools import pairwise
from pathlib import Path
from typing import Any

import pandas as pd

from fer_bench.datasets.base import Dataset, PackSpec, Part
from fer_bench.datasets.receivable import Collected, Inventory, ReceivableSource, put
from fer_bench.datasets.spelling import expression_of
from fer_bench.datasets.tree import Tree
from fer_bench.errors import FerBenchError
from fer_bench.labels import Expression

FOLDERS = {
    "neural": Expression.neutral,
    "disgust": Expression.disgust,
    "fear": Expression.fear,
    "anger": Expression.anger,
    "happy": Expression.happiness,
    "surprise": Expression.surprise,
    "sad": Expression.sadness,
}
_FOLDER_OF = {label: folder for folder, label in FOLDERS.items()}
SIZE = 400

_IMAGE = r"([^/]+)/occ_img_(\d+)\.(?:jpe?g|png)"
_OTHER = r"([^/]+)/(?!occ_img_\d+\.(?:jpe?g|png)$)[^/]+\.(?:jpe?g|png|bmp|tiff?|webp|gif)"
_NUMBER = re.compile(r"occ_img_(\d+)")


class FedRo(ReceivableSource):
    """The source; see the datasheet above."""

    name = "fedro"
    title = "FED-RO"
    licence = "none stated; images from the web: local research only, pass no image on"
    homepage = "https://github.com/mysee1989/PG-CNN"
    how_to_get = (
        "Download it by the links in the homepage's README, then "
        "`fer-bench data add fedro FOLDER_OR_ARCHIVE`"
    )
    archives = ("FED-RO.zip",)
    expected = {"test": {"all": SIZE}}  # noqa: RUF012
    max_files = 10_000
    max_bytes = 2 * 2**30

    def collect(self, tree: Tree) -> Collected:
        """Every image in a folder of one of the seven classes."""
        collected: Collected = {}
        unknown: Counter[str] = Counter()
        for match, file in tree.matching(_IMAGE):
            label = expression_of(match[1], FOLDERS.values())
            if label is None:
                unknown[match[1]] += 1
            else:
                name = f"occ_img_{match[2]}{file.suffix.lower()}"
                put(collected, f"{_FOLDER_OF[label]}/{name}", file)
        if unknown:
            raise FerBenchError(_unknown(unknown))
        for match, file in tree.matching(_OTHER):
            if expression_of(match[1], FOLDERS.values()) is not None:
                tree.leave_out(file, "pictures in class folders, not named occ_img_<n>")
        if not collected:
            raise FerBenchError(
                "this is not FED-RO.\n"
                f"  expected: {{{','.join(FOLDERS)}}}/occ_img_<n>.jpg\n"
                f"  found:    {tree.outline()}"
            )
        return collected

    def index(self, root: Path, options: Mapping[str, Any]) -> pd.DataFrame:
        """One row per image, class by class, ascending in number; no options."""
        self.check(options)
        rows = [
            {
                "sample_id": f"fedro_{label.name}_{number}",
                "label": int(label),
                "split": "test",
                "subject": None,
                "fold": None,
                "path": path.relative_to(root).as_posix(),
            }
            for folder, label in FOLDERS.items()
            for number, path in sorted(_numbered(root / folder))
        ]
        if not rows:
            raise FerBenchError(f"{root} does not hold fedro. {self.how_to_get}.")
        frame = pd.DataFrame(rows).astype({"label": "int64", "fold": "Int64"})
        if frame["sample_id"].duplicated().any():
            raise FerBenchError(
                f"{root}: FED-RO has one number twice in a class (occ_img_7 and occ_img_007, or "
                "two file types). Keep one of them, then add it again."
            )
        return frame

    def inventory(self, root: Path) -> Inventory:
        """Count the images and list the numbers that are missing."""
        found = {name: [n for n, _ in _numbered(root / name)] for name in FOLDERS}
        total = sum(map(len, found.values()))
        if not total:
            raise FerBenchError("not one FED-RO image (occ_img_<n>.jpg) is there.")
        empty = [FOLDERS[name].name for name, numbers in found.items() if not numbers]
        notes = [f"not one face of {', '.join(empty)}"] if empty else []
        return Inventory(total, total, (*notes, *_gaps(found)))


def _unknown(folders: Counter[str]) -> str:
    said = ", ".join(f"{name}/ ({n})" for name, n in sorted(folders.items()))
    return (
        "a folder that is no class of FED-RO holds pictures named like its own, and they would be "
        f"lost.\n  expected: {', '.join(FOLDERS)}, or the same words spelt otherwise\n"
        f"  found:    {said}\nName each after its class, or take it out if it is none of the set. "
        "A number says nothing, because copies count in different orders."
    )


def _numbered(folder: Path) -> list[tuple[int, Path]]:
    found = ((_NUMBER.fullmatch(path.stem), path) for path in folder.glob("occ_img_*"))
    return [(int(match[1]), path) for match, path in found if match]


def _gaps(found: Mapping[str, list[int]]) -> list[str]:
    """A sentence for each run of numbering that has gaps.

    Whether the numbers run through all classes or start anew in each is read from the numbers: when
    none occurs in two classes they run through all, to 400.
    """
    everything = [n for numbers in found.values() for n in numbers]
    if len(set(everything)) == len(everything):
        end = SIZE + min(1, *everything)  # whether they begin with 0 or with 1
        missing = missing_numbers(everything, end)
        return [f"numbers missing in the file names: {missing}"] if missing else []
    return [
        f"numbers missing in {folder}: {missing}"
        for folder, numbers in found.items()
        if numbers and (missing := missing_numbers(numbers, max(numbers) + 1))
    ]


def missing_numbers(numbers: Iterable[int], end: int) -> str:
    """The numbers from 1 to before `end` that are not there, as ranges.

    >>> missing_numbers([1, 2, 5, 7], 10)
    '3-4, 6, 8-9'
    """
    there = sorted({0, *numbers, end})
    ranges = [(low + 1, high - 1) for low, high in pairwise(there) if high > low + 1]
    return ", ".join(str(a) if a == b else f"{a}-{b}" for a, b in ranges)


SOURCE = FedRo()

PACKS = (PackSpec("fedro", "fedro"),)

DATASETS = (
    Dataset(
        "fedro",
        (Part("fedro"),),
        protocol="test",
        sizes={"test": SIZE},
        printed={"test": SIZE},
        title=SOURCE.title,
    ),
)
