"""The forms in which FERPlus is held, and what of them is read."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

from fer_bench.datasets.ferplus_files import TABLE, pixel_table
from fer_bench.datasets.ferplus_join import NAMES
from fer_bench.datasets.receivable import Collected, put
from fer_bench.datasets.tree import Tree
from fer_bench.errors import FerBenchError

PARTS = ("train", "valid", "test")

_PNG = r"FER2013(train|valid|test)/(fer\d{7})\.png"
_OTHER = r"FER2013(?:train|valid|test)/(?!fer\d{7}\.png$)[^/]+\.(?:png|jpe?g|bmp)"
_CLASS_FOLDERS = r"(train|valid|validation|val|test)/[^/]+/[^/]+\.(?:png|jpe?g|bmp)"

_ADDED = "pictures in the folders of PNG that the official script does not write (added or changed)"
_NAMES = re.escape(NAMES)
_REPOSITORY = "of the repository github.com/microsoft/FERPlus"


def collect(tree: Tree) -> Collected:
    """The pixels (a table, PNG files, or both) and the votes, in the layout kept.

    Args:
        tree: what was given; what is passed by is counted in it.

    Raises:
        FerBenchError: no pixels, or votes that do not suffice; the message says what this is.
    """
    collected: Collected = {}
    for match, file in tree.matching(_PNG):
        put(collected, f"FER2013{match[1].title()}/{match[2].lower()}.png", file)
    table = pixel_table(tree)
    if table:
        put(collected, TABLE, table)
    if not collected:
        raise FerBenchError(_no_pixels(tree))
    labels = {part: rf"(?:FER2013{part}/label|label_{part})\.csv" for part in PARTS}
    labelled = any(_found(tree, pattern) for pattern in labels.values())
    if table or not labelled or _found(tree, _NAMES):
        put(collected, NAMES, tree.one(_NAMES, f"{NAMES} ({_REPOSITORY})"))
    if labelled:
        for part, pattern in labels.items():
            what = f"data/FER2013{part.title()}/label.csv ({_REPOSITORY})"
            put(collected, f"label_{part}.csv", tree.one(pattern, what))
    for file in _found(tree, _OTHER):
        tree.leave_out(file, _ADDED)
    return collected


def _found(tree: Tree, pattern: str) -> list[Path]:
    return [file for _, file in tree.matching(pattern)]


def _no_pixels(tree: Tree) -> str:
    classes = Counter(match[1].lower() for match, _ in tree.matching(_CLASS_FOLDERS))
    expected = (
        "fer2013.csv (in Kaggle's fer2013.tar.gz, or as icml_face_data.csv), or the folders "
        "FER2013Train, FER2013Valid and FER2013Test of PNG that the official script writes"
    )
    if not classes:
        return f"the pixels are missing.\n  expected: {expected}\n  found:    {tree.outline()}"
    said = ", ".join(f"{split} {n:,}" for split, n in classes.items())
    return (
        "this is a copy in class folders, which is not FERPlus as published.\n"
        f"  expected: {expected}\n  found:    pictures in class folders: {said}\n"
        "The ten votes of each face are gone, so its label cannot be checked, and the copy that is "
        "spread most (Kaggle, arnabkumarroy02/ferplus: 66,379 / 8,341 / 3,579) is augmented: more "
        "than half of its training and validation pictures are changed copies of others. For "
        " FER2013's own seven labels in such folders: `fer-bench data add fer2013`."
    )
