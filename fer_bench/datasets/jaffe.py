"""JAFFE: seven expressions posed by ten Japanese women.

Origin: Lyons, Akamatsu, Kamachi and Gyoba, "Coding Facial Expressions with Gabor Wavelets", IEEE
FG 1998.
Licence: non-commercial research, no redistribution.
Obtain: ask on Zenodo (3451524, later 14974867; restricted access), then `fer-bench data add jaffe
PATH`.
Layout: one folder of 256x256 8-bit grey pictures `KA.AN1.39.tiff`: the person (KA KL KM KR MK NA NM
TM UY YM), the expression (AN DI FE HA NE SA SU) with the number of the picture, a serial number.
Copies in another format (`KA.AN1.39.tiff.bmp`, .jpg, .png), in class folders or not, are taken;
JPEG are not the exact pixels.
Size: 213. By class (recalled; the sum is right): anger 30, disgust 29, fear 32, happiness 31,
neutral 30, sadness 31, surprise 30.
Splits: none published and too small for one: it is only tested on, in full.
Datasets: `jaffe`.
Columns: `serial`.
Known faults: ten people of one group, so it says little about others; labels are what was asked
for, and the authors' own ratings disagree with some of them. Published results exist on other parts
of it (one picture a person and class, 70).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from fer_bench.datasets.base import Dataset, PackSpec, Part
from fer_bench.datasets.receivable import Collected, Inventory, ReceivableSource, put
from fer_bench.datasets.tree import Tree
from fer_bench.errors import FerBenchError
from fer_bench.labels import Expression

CODES: dict[str, Expression] = {
    "AN": Expression.anger,
    "DI": Expression.disgust,
    "FE": Expression.fear,
    "HA": Expression.happiness,
    "NE": Expression.neutral,
    "SA": Expression.sadness,
    "SU": Expression.surprise,
}

PEOPLE = ("KA", "KL", "KM", "KR", "MK", "NA", "NM", "TM", "UY", "YM")

SUFFIXES = {"tiff": "tiff", "tif": "tiff", "bmp": "bmp", "png": "png", "jpg": "jpg", "jpeg": "jpg"}
"""How a picture's name may end -> how it ends on this disk."""

_ENDS = "|".join(SUFFIXES)
_IMAGE = rf"([^/.]+\.[^/.]+\.\d+)(?:\.(?:{_ENDS}))*\.({_ENDS})"
_OTHER = rf"(?![^/.]+\.[^/.]+\.\d+\.)[^/]+\.(?:{_ENDS})"
_NAME = re.compile(r"([A-Z]{2})\.([A-Z]{2})(\d)\.(\d+)")


class Jaffe(ReceivableSource):
    """The source; see the datasheet above."""

    name = "jaffe"
    title = "JAFFE"
    licence = "non-commercial research, no redistribution"
    homepage = "https://zenodo.org/records/14974867"
    how_to_get = "ask for access on Zenodo (record 14974867)"
    archives = ("jaffe.zip",)
    expected = {  # noqa: RUF012
        "test": {
            "neutral": 30,
            "happiness": 31,
            "surprise": 30,
            "sadness": 31,
            "anger": 30,
            "disgust": 29,
            "fear": 32,
        }
    }
    max_files = 2_000
    max_bytes = 2 * 2**30

    def collect(self, tree: Tree) -> Collected:
        """The pictures; whatever else comes with them is ignored."""
        collected: Collected = {}
        formats: dict[str, str] = {}
        for match, file in tree.matching(_IMAGE):
            stem, suffix = match[1].upper(), SUFFIXES[match[2].lower()]
            label_of(stem)
            if formats.setdefault(stem, suffix) != suffix:
                raise FerBenchError(
                    f"a picture was found as .{formats[stem]} and as .{suffix}: give one copy of "
                    "JAFFE, in one format."
                )
            put(collected, f"{stem}.{suffix}", file)
        for _, file in tree.matching(_OTHER):
            tree.leave_out(file, "pictures not named as JAFFE's are")
        if not collected:
            raise FerBenchError(
                "this holds no pictures of JAFFE.\n  expected: KA.AN1.39.tiff and 212 more\n"
                f"  found:    {tree.outline()}"
            )
        return collected

    def inventory(self, root: Path) -> Inventory:
        """Count the pictures; the names are the labels, so as many are listed as are there."""
        files, repeated = _files(root)
        jpeg = sum(path.suffix == ".jpg" for path in files)
        notes = (
            (repeated, "of one person, expression and serial number as another one: left out"),
            (jpeg, "JPEG copies: not the exact pixels"),
        )
        said = tuple(f"{n} {what}" for n, what in notes if n)
        return Inventory(len(files), len(files), said)

    def index(self, root: Path, options: Mapping[str, Any]) -> pd.DataFrame:
        """One row per picture, by name; no options."""
        rows = [
            {
                "sample_id": path.stem,
                "label": int(label_of(path.stem)),
                "split": "test",
                "subject": path.stem[:2],
                "fold": None,
                "path": path.name,
                "serial": int(path.stem.rpartition(".")[2]),
            }
            for path in _files(root)[0]
        ]
        return pd.DataFrame(rows).astype({"label": "int64", "fold": "Int64"})


def label_of(stem: str) -> Expression:
    """The expression in a name.

    >>> label_of("KA.AN1.39").name
    'anger'

    Raises:
        FerBenchError: it is not a name of JAFFE.
    """
    match = _NAME.fullmatch(stem)
    if match is None or match[1] not in PEOPLE or match[2] not in CODES:
        raise FerBenchError(
            f"{stem!r} is no picture of JAFFE: expected a person ({', '.join(PEOPLE)}), an "
            f"expression ({', '.join(CODES)}) with a digit and a number, as in KA.AN1.39."
        )
    return CODES[match[2]]


def _files(root: Path) -> tuple[list[Path], int]:
    """The pictures in order of name, and how many repeat another one."""
    kinds = set(SUFFIXES.values())
    files = sorted(path for path in root.glob("*.*.*.*") if path.suffix[1:] in kinds)
    if not files:
        raise FerBenchError(
            f"{root} does not hold JAFFE (KA.AN1.39.tiff and so on): "
            "run `fer-bench data add jaffe PATH`."
        )
    first: dict[tuple[str, Expression, str], Path] = {}
    for path in files:
        stem = path.stem
        first.setdefault((stem[:2], label_of(stem), stem.rpartition(".")[2]), path)
    return list(first.values()), len(files) - len(first)


SOURCE = Jaffe()

PACKS = (PackSpec("jaffe", "jaffe"),)

DATASETS = (
    Dataset("jaffe", (Part("jaffe"),), protocol="test", sizes={"test": 213}, title=SOURCE.title),
)
